# SPDX-License-Identifier: LGPL-2.1-or-later
"""Download orders and their life (SGP.22 v2.5, 3.1.1 and 3.1.3).

    allocated or linked -> confirmed -> released -> downloaded -> installed
                \\____________\\___________\\-> cancelled   \\_______-> error

An order that the operator places over ES2+ begins as allocated, or as linked when it is for one eUICC; one that
is placed here may be released from the beginning.

A session that is cancelled as postponed or timed out leaves its order where it is, each other reason ends
it. A downloaded order can be fetched again, as long as the same eUICC asks.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING

from .. import tlv
from ..crypto import sha256
from ..tlv import encode
from .record import LogEntry, Record
from .store import AVAILABLE, ORDERED, UNAVAILABLE, Store, StoredOrder, StoredProfile
from .subscriber import SubscriberRecord
from .upp import build_upp

if TYPE_CHECKING:
    from ..smds import Event, SmdsServer

EVENTS = {"install": 0, "enable": 1, "disable": 2, "delete": 3}
CLASSES = {"test": 0, "provisioning": 1, "operational": 2}
KEEPS_ORDER = {1, 2}
"""CancelSession reasons postponed and timeout (SGP.22 v2.5, 5.7.14)."""

UNRELEASED = ("allocated", "linked", "confirmed")

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
    store: Store | None = None
    number: int = 0
    profile: StoredProfile | None = None

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
        return self.state in (*UNRELEASED, "released", "downloaded")

    def move(self, state: str, event: str, detail: str = "") -> None:
        """Enter a state and write it down."""
        self.state = state
        entry = LogEntry(self.matching_id, state, event, detail)
        self.history.append(entry)
        if self.recorder:
            self.recorder.append(entry)
        if self.event and not self.open:
            self.event.delete()
        if self.store:
            self.store.save_order(self.number, self.matching_id, self.eid, state, self._details())

    def _details(self) -> dict:
        """What the store keeps beside its columns."""
        kept = {entry.name: getattr(self, entry.name) for entry in fields(self) if entry.name not in NOT_DETAILS}
        return kept | {
            "binding": asdict(self.binding) if self.binding else None, "history": [asdict(entry) for entry in self.history],
        }

    def package(self) -> bytes:
        """The profile's unprotected package, out of the store."""
        if self.store and self.profile:
            return self.store.package(self.profile.number)
        return build_upp(self.record, self.size)

    def note(self, event: str, detail: str = "") -> None:
        """Write down something that does not change the state."""
        self.move(self.state, event, detail)

    def release(self) -> None:
        """The operator's ReleaseProfile (ES2+): the order may be downloaded from now on."""
        if self.state in UNRELEASED:
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
        if self.state in UNRELEASED:
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


NOT_DETAILS = {"record", "matching_id", "eid", "state", "binding", "history", "recorder", "event", "store", "number", "profile"}
"""Fields of an order that have a place of their own in the store, or none."""


STOCK_OPTIONS = {
    "size", "protection", "profile_class", "pprs", "owner", "icon", "icon_type", "notification_addresses",
    "notification_events", "max_attempts", "cc_retries", "needs", "confirmation_code"}
"""Fields of an order that can be said of a profile before it is ordered."""


def _with_tuples(options: dict) -> dict:
    """Fields of an order as they were before they went through JSON."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in options.items()}


def _restored(stored: StoredOrder, store: Store, recorder: Record) -> Order:
    details = _with_tuples(stored.details)
    binding = details.pop("binding")
    history = [LogEntry(**entry) for entry in details.pop("history")]
    return Order(
        record=stored.profile.record, matching_id=stored.matching_id, eid=stored.eid, state=stored.state,
        binding=Binding(**binding) if binding else None, history=history, recorder=recorder, store=store,
        number=stored.number, profile=stored.profile, **details)


class OrderBook:
    """All orders of one SM-DP+, and the profiles that it has in stock."""

    ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"

    def __init__(self, host: str, recorder: Record, oid: str, store: Store | None = None) -> None:
        self._host, self._recorder, self._oid = host, recorder, oid
        self._lock = threading.Lock()
        self.store = store or Store()
        self.orders = [_restored(stored, self.store, recorder) for stored in self.store.orders()]
        #: Who is told how a download gets on: order, notification point, what it failed with, and the chip's result.
        self.progress: Callable[[Order, int, Refusal | None, bytes], None] | None = None

    def place(self, record: SubscriberRecord, *, matching_id: str | None = None, released: bool = True,
              expires: float | None = None, with_oid: bool = False, **options: object) -> Order:
        """A new order. ``expires`` is in seconds from now and may be negative; ``matching_id`` "" waits
        for the EID it is bound to (default SM-DP+ address). ``with_oid`` puts the server's OID in the
        activation code. The other options are fields of :class:`Order`."""
        if matching_id == "" and not options.get("eid"):
            raise ValueError("an order without a MatchingID needs an EID")
        if matching_id is None:
            matching_id = self.new_matching_id()
        if self.in_use(matching_id):
            raise ValueError("this MatchingID is in use")
        order = Order(record=record, host=self._host, matching_id=matching_id, recorder=self._recorder,
                      expires=None if expires is None else time.time() + expires,
                      oid=self._oid if with_oid else None, **options)
        number = self.store.add_profile(record, _checked_package(order))
        profile = StoredProfile(number, record, "", ORDERED, "", {})
        return self._enter(order, profile, "released" if released else "allocated")

    def _enter(self, order: Order, profile: StoredProfile, state: str) -> Order:
        order.store, order.profile, order.number = self.store, profile, self.store.add_order(profile.number)
        order.move(state, "order placed")
        with self._lock:
            self.orders.append(order)
        return order

    def new_matching_id(self) -> str:
        """One that nobody guesses."""
        return "-".join("".join(secrets.choice(self.ALPHABET) for _ in range(5)) for _ in range(4))

    def in_use(self, matching_id: str) -> bool:
        """Whether an order that is open has it; the empty one is never in use."""
        return any(order.matching_id == matching_id != "" and order.open for order in self.orders)

    # Stock, from which ES2+ orders

    def stock(self, record: SubscriberRecord, kind: str, operator: str, **options: object) -> StoredProfile:
        """Make a profile of a kind (profileType) for an operator, by the OID of its certificate. The options, fields
        of :class:`Order`, are those of its orders."""
        wrong = set(options) - STOCK_OPTIONS
        if wrong:
            raise ValueError(f"only the order itself says {', '.join(sorted(wrong))}")
        if self.store.profiles(operator, iccid=record.iccid):
            raise ValueError("this ICCID is in stock")
        package = _checked_package(Order(record=record, host=self._host, matching_id="", **options))
        number = self.store.add_profile(record, package, kind, status=AVAILABLE, operator=operator, options=options)
        return StoredProfile(number, record, kind, AVAILABLE, operator, options)

    def order_from_stock(self, profile: StoredProfile, eid: str | None) -> Order:
        """The operator's DownloadOrder (ES2+)."""
        self.store.set_status(profile.number, ORDERED)
        order = Order(record=profile.record, host=self._host, matching_id="", eid=eid, recorder=self._recorder,
                      **_with_tuples(profile.options))
        return self._enter(order, profile, "linked" if eid else "allocated")

    def cancel(self, order: Order, *, available: bool) -> None:
        """The operator's CancelOrder (ES2+); available: the profile can be ordered again."""
        order.move("cancelled", "order cancelled")
        self.store.set_status(order.profile.number, AVAILABLE if available else UNAVAILABLE)

    def of_profile(self, iccid: str, operator: str) -> Order | None:
        """The newest order of an operator for a profile."""
        with self._lock:
            found = [order for order in self.orders
                     if order.record.iccid == iccid and order.profile and order.profile.operator == operator]
        return found[-1] if found else None

    def tell(self, order: Order, point: int, refusal: Refusal | None = None, result: bytes = b"") -> None:
        """Let the operator know how a download gets on."""
        if self.progress:
            self.progress(order, point, refusal, result)

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


def _checked_package(order: Order) -> bytes:
    """The package of an order whose options are right; ValueError now rather than when it is asked for."""
    if order.protection not in ("session", "ppk"):
        raise ValueError("protection is session or ppk")
    if order.profile_class not in CLASSES:
        raise ValueError(f"profile class is one of {', '.join(CLASSES)}")
    unknown = set(order.notification_events) - set(EVENTS)
    if unknown:
        raise ValueError(f"unknown notification events: {', '.join(sorted(unknown))}")
    if len(order.icon) > 1024:
        raise ValueError("an icon has at most 1024 octets (SGP.22 v2.5, 5.5.3)")
    return build_upp(order.record, order.size)
