# SPDX-License-Identifier: LGPL-2.1-or-later
"""Download orders and their life (SGP.22 v2.5, 3.1.1 and 3.1.3).

    allocated -> released -> downloaded -> installed
                        \\________\\_______-> error

A session that is cancelled as postponed or timed out leaves its order where it is, each other reason ends
it. A downloaded order can be fetched again, as long as the same eUICC asks.
"""

from __future__ import annotations

import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .. import tlv
from ..crypto import sha256
from ..tlv import encode
from .record import LogEntry, Record
from .subscriber import SubscriberRecord
from .upp import build_upp

if TYPE_CHECKING:
    from ..smds import Event, SmdsServer

EVENTS = {"install": 0, "enable": 1, "disable": 2, "delete": 3}
CLASSES = {"test": 0, "provisioning": 1, "operational": 2}
KEEPS_ORDER = {1, 2}
"""CancelSession reasons postponed and timeout (SGP.22 v2.5, 5.7.14)."""

TEMPORARY_ERRORS = {10, 11}
"""errorReasons after which the same order can be tried again: memory, interruption (2.5.6)."""


class Refusal(Exception):
    """A function fails with a subject and a reason code (SGP.22 v2.5, 5.2.6)."""

    def __init__(self, subject: str, reason: str, message: str) -> None:
        super().__init__(message)
        self.subject, self.reason, self.message = subject, reason, message

    def __str__(self) -> str:
        return f"{self.subject}/{self.reason} {self.message}"


@dataclass(frozen=True)
class Binding:
    """A package bound to an eUICC's one-time key: it can be sent again while the chip keeps that key."""

    eid: str
    ci: bytes
    euicc_otpk: bytes
    smdp_otpk: bytes
    host_id: bytes
    sequences: bytes


@dataclass
class Order:
    """One download order. Made by :meth:`OrderBook.place`."""

    record: SubscriberRecord
    host: str
    matching_id: str
    size: int | None = 12000
    confirmation_code: str | None = None
    cc_retries: int = 3
    eid: str | None = None
    protection: str = "session"
    expires: float | None = None
    max_attempts: int | None = None
    profile_class: str = "operational"
    pprs: tuple[int, ...] = ()
    owner: bytes | None = None
    icon: bytes = b""
    icon_type: str = "png"
    notification_addresses: tuple[str, ...] = ()
    notification_events: tuple[str, ...] = ("enable", "disable", "delete")
    oid: str | None = None
    rebinding: bool = True
    oversize: bool = False
    announce_confirmation_code: bool = True
    explicit_class: bool = False
    #: Releases that the device must say it has, such as {"nr-5gc": 15}.
    needs: dict[str, int] = field(default_factory=dict)
    state: str = "released"
    attempts: int = 0
    wrong_codes: int = 0
    binding: Binding | None = None
    bound_eid: str | None = None
    history: list[LogEntry] = field(default_factory=list)
    recorder: Record | None = None
    event: Event | None = None
    """What was registered at an SM-DS for this order, to be deleted with its end (ES12)."""

    @property
    def activation_code(self) -> str:
        """What the operator gives to the user (SGP.22 v2.5, 4.1)."""
        code = f"LPA:1${self.host}${self.matching_id}"
        needs_code = self.confirmation_code is not None and self.announce_confirmation_code
        if self.oid or needs_code:
            code += f"${self.oid or ''}"
        return code + ("$1" if needs_code else "")

    @property
    def code_hash(self) -> bytes | None:
        """SHA-256 of the confirmation code: all that a server needs to keep."""
        return sha256(self.confirmation_code.encode()) if self.confirmation_code is not None else None

    @property
    def open(self) -> bool:
        """Whether the profile can still be downloaded."""
        return self.state in ("allocated", "released", "downloaded")

    def move(self, state: str, event: str, detail: str = "") -> None:
        """Enter a state and write it down."""
        self.state = state
        entry = LogEntry(self.matching_id, state, event, detail)
        self.history.append(entry)
        if self.recorder:
            self.recorder.append(entry)
        if self.event and not self.open:
            self.event.delete()

    def note(self, event: str, detail: str = "") -> None:
        """Write down something that does not change the state."""
        self.move(self.state, event, detail)

    def release(self) -> None:
        """The operator's ReleaseProfile (ES2+): the order may be downloaded from now on."""
        if self.state == "allocated":
            self.move("released", "released")

    def metadata(self) -> bytes:
        """StoreMetadataRequest, BF25 (SGP.22 v2.5, 5.5.3)."""
        parts = [encode(0x5A, self.record.iccid_octets), encode(0x91, self.record.service_provider.encode()),
                 encode(0x92, self.record.profile_name.encode())]
        if self.icon:
            parts += [encode(0x93, b"\x00" if self.icon_type == "jpg" else b"\x01"), encode(0x94, self.icon)]
        if self.profile_class != "operational" or self.explicit_class:
            parts.append(encode(0x95, bytes([CLASSES[self.profile_class]])))
        parts += self._notification_configuration()
        owner = encode(0x80, self.record.plmn) if self.owner is None else self.owner
        if owner:
            parts.append(encode(0xB7, owner))
        if self.pprs:
            parts.append(encode(0x99, tlv.bit_string(self.pprs)))
        return encode(0xBF25, parts)

    def _notification_configuration(self) -> list[bytes]:
        events = [EVENTS[name] for name in self.notification_events]
        if not events:
            return []
        entries = [encode(0x30, [encode(0x80, tlv.bit_string(events)), encode(0x81, address.encode())])
                   for address in self.notification_addresses or (self.host,)]
        return [encode(0xB6, entries)]

    def check_open(self, now: float) -> None:
        """Refuse what cannot be downloaded any more, or not yet (SGP.22 v2.5, 5.6.3)."""
        if self.state == "allocated":
            raise Refusal("8.2", "1.2", "the profile is not released yet")
        if not self.open:
            raise Refusal("8.2.6", "3.8", f"the order is {self.state}")
        if self.expires is not None and now >= self.expires:
            raise Refusal("8.8.5", "4.10", "the order expired")

    def check_attempts(self) -> None:
        """Count this attempt; the one after the last allowed ends the order."""
        if self.max_attempts is not None and self.attempts >= self.max_attempts:
            self.move("error", "too many attempts")
            raise Refusal("8.8.5", "6.4", "too many download attempts")
        self.attempts += 1

    def check_confirmation_code(self, hash_cc: bytes | None, transaction_id: bytes) -> None:
        """Compare hashCc; ``cc_retries`` wrong codes are taken, the last of them ends the order."""
        if self.code_hash is None:
            return
        if hash_cc is None:
            raise Refusal("8.2.7", "2.2", "a confirmation code is required")
        if secrets.compare_digest(hash_cc, sha256(self.code_hash + transaction_id)):
            return
        self.wrong_codes += 1
        if self.wrong_codes >= self.cc_retries:
            self.move("error", "confirmation code retries exceeded")
            raise Refusal("8.2.7", "6.4", "too many wrong confirmation codes")
        self.note("wrong confirmation code", f"{self.cc_retries - self.wrong_codes} left")
        raise Refusal("8.2.7", "3.8", "wrong confirmation code")

    def cancelled(self, reason: int) -> None:
        """The eUICC's signed word that the session was cancelled."""
        if not self.open:
            self.note("session cancelled", f"reason {reason}")
        elif reason in KEEPS_ORDER:
            self.note("session postponed" if reason == 1 else "session timed out")
        else:
            self.move("error", "session cancelled", f"reason {reason}")

    def installed(self, error: tuple[int, int] | None) -> None:
        """A verified ProfileInstallationResult; ``error`` is (command, reason)."""
        if error is None:
            self.move("installed", "installation reported")
        elif self.open and error[1] in TEMPORARY_ERRORS:
            self.note("installation failed for now", f"command {error[0]} reason {error[1]}")
        else:
            self.move("error", "installation failed", f"command {error[0]} reason {error[1]}")


class OrderBook:
    """All orders of one SM-DP+."""

    ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"

    def __init__(self, host: str, recorder: Record, oid: str) -> None:
        self._host, self._recorder, self._oid = host, recorder, oid
        self._lock = threading.Lock()
        self.orders: list[Order] = []

    def place(self, record: SubscriberRecord, *, matching_id: str | None = None, released: bool = True,
              expires: float | None = None, with_oid: bool = False, **options: object) -> Order:
        """A new order. ``expires`` is in seconds from now and may be negative; ``matching_id`` "" waits
        for the EID it is bound to (default SM-DP+ address). ``with_oid`` puts the server's OID in the
        activation code. The other options are fields of :class:`Order`."""
        if matching_id == "" and not options.get("eid"):
            raise ValueError("an order without a MatchingID needs an EID")
        if matching_id is None:
            groups = ("".join(secrets.choice(self.ALPHABET) for _ in range(5)) for _ in range(4))
            matching_id = "-".join(groups)
        if any(order.matching_id == matching_id != "" and order.open for order in self.orders):
            raise ValueError("this MatchingID is in use")
        order = Order(record=record, host=self._host, matching_id=matching_id, recorder=self._recorder,
                      expires=None if expires is None else time.time() + expires,
                      oid=self._oid if with_oid else None, **options)
        _check_options(order)
        order.move("released" if released else "allocated", "order placed")
        with self._lock:
            self.orders.append(order)
        return order

    def announce(self, order: Order, smds: SmdsServer, root: SmdsServer | None = None) -> Order:
        """Register an event for the order's eUICC at an SM-DS, which a root SM-DS may lead to (SGP.22 v2.5,
        3.6.1). The event identifier is the MatchingID; it is deleted when the order has ended."""
        if not order.eid or not order.matching_id:
            raise ValueError("an event needs the EID that it is for, and a MatchingID")
        order.event = smds.register(order.eid, self._host, order.matching_id, root)
        return order

    def find(self, matching_id: str, eid: str) -> Order:
        """The order a device asks for; without a MatchingID one that waits for this EID (5.6.3)."""
        with self._lock:
            if matching_id:
                found = [order for order in self.orders if order.matching_id == matching_id]
            else:
                found = [order for order in self.orders if order.eid == eid and not order.matching_id]
            found.sort(key=lambda order: order.open, reverse=True)
        if not found:
            raise Refusal("8.2.6", "3.8", "no order for this MatchingID" if matching_id else
                          "nothing waits for this EID")
        return found[0]


def _check_options(order: Order) -> None:
    if order.protection not in ("session", "ppk"):
        raise ValueError("protection is session or ppk")
    if order.profile_class not in CLASSES:
        raise ValueError(f"profile class is one of {', '.join(CLASSES)}")
    build_upp(order.record, order.size)   # ValueError now rather than when the package is asked for
    unknown = set(order.notification_events) - set(EVENTS)
    if unknown:
        raise ValueError(f"unknown notification events: {', '.join(sorted(unknown))}")
    if len(order.icon) > 1024:
        raise ValueError("an icon has at most 1024 octets (SGP.22 v2.5, 5.5.3)")
