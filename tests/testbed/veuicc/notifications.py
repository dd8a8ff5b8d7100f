# SPDX-License-Identifier: LGPL-2.1-or-later
"""Notifications that wait for delivery (SGP.22 v2.5, 3.5, 5.7.9 to 5.7.11)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from testbed import tlv
from testbed.veuicc.profiles import Event


@dataclass(frozen=True)
class Notification:
    """One pending notification."""

    seq: int
    event: int
    #: NotificationMetadata, BF2F.
    metadata: bytes
    #: PendingNotification: BF37, or 30 with certificates.
    raw: bytes


Signer = Callable[[bytes, bytes], tuple[bytes, list[bytes]]]
"""(PKID, octets) -> (signature, eUICC and EUM certificates) of the chip's chain."""


class NotificationStore:
    """In the order of their sequence numbers, which are never used again."""

    def __init__(self, slots: Callable[[], int], step: Callable[[], int] = lambda: 1):
        self._slots, self._step = slots, step
        self.next_seq = 1
        #: All numbers that were given since the chip was made or read from its file.
        self.given: list[int] = []
        self.pending: list[Notification] = []

    def __iter__(self):
        return iter(list(self.pending))

    def __len__(self) -> int:
        return len(self.pending)

    def metadata(self, event: int, address: bytes, iccid: bytes | None) -> tuple[int, bytes]:
        """A fresh sequence number and the NotificationMetadata with it."""
        seq = self.next_seq
        self.given.append(seq)
        self.next_seq += max(1, self._step())
        parts = [
            tlv.encode(0x80, tlv.integer(seq)),
            tlv.encode(0x81, tlv.bit_string([event])),
            tlv.encode(0x0C, address),
        ]
        if iccid is not None:
            parts.append(tlv.encode(0x5A, iccid))
        return seq, tlv.encode(0xBF2F, parts)

    def add(self, notification: Notification) -> None:
        """Store; the oldest make room when the slots are full."""
        self.pending.append(notification)
        del self.pending[:max(0, len(self.pending) - max(1, self._slots()))]

    def add_events(self, events: Iterable[Event], sign: Signer) -> None:
        """OtherSignedNotification for each event and recipient (3.5)."""
        for event, profile in events:
            for address in profile.addresses_for(event):
                self.add_event(event, address, profile.iccid, lambda octets: sign(profile.pkid, octets))

    def add_event(
        self, event: int, address: bytes, iccid: bytes | None, sign: Callable[[bytes], tuple[bytes, list[bytes]]]
    ) -> None:
        """One OtherSignedNotification; the ICCID is optional (5.7.9)."""
        seq, metadata = self.metadata(event, address, iccid)
        signature, certificates = sign(metadata)
        parts = [metadata, tlv.encode(0x5F37, signature), *certificates]
        self.add(Notification(seq, event, metadata, tlv.encode(0x30, parts)))

    def matching(self, events: set[int] | None) -> list[Notification]:
        return [n for n in self.pending if events is None or n.event in events]

    def by_seq(self, seq: int) -> Notification | None:
        return next((n for n in self.pending if n.seq == seq), None)

    def remove(self, seq: int) -> bool:
        notification = self.by_seq(seq)
        if notification:
            self.pending.remove(notification)
        return notification is not None

    def to_json(self) -> dict:
        pending = [
            {"seq": n.seq, "event": n.event, "metadata": n.metadata.hex(), "raw": n.raw.hex()}
            for n in self.pending
        ]
        return {"next_seq": self.next_seq, "pending": pending}

    def load(self, state: dict, first: int) -> None:
        self.next_seq = state.get("next_seq", first)
        self.pending = [
            Notification(n["seq"], n["event"], bytes.fromhex(n["metadata"]), bytes.fromhex(n["raw"]))
            for n in state.get("pending", [])
        ]
