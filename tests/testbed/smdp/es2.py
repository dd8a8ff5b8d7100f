# SPDX-License-Identifier: LGPL-2.1-or-later
"""The functions of ES2+ (SGP.22 v2.5, 5.3), by which an operator's customer system orders profiles, without HTTP.

An operator is known by the OID in its TLS certificate, which its calls have to name as their requester.  It sees
the profiles that are in stock for it and no others.

Subject and reason codes of refusals are those that 5.3.1 to 5.3.4 list, as public tables for SM-DP+ errors quote them, but
for one that they do not have: the confirmation of an order that is confirmed already.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .. import certificates
from .faults import Faults
from .mutual import ok, text_of
from .notify import Malformed
from .orders import UNRELEASED, Order, OrderBook, Refusal
from .record import Record
from .store import AVAILABLE, StoredProfile

if TYPE_CHECKING:
    from ..smds import SmdsServer

ICCID, EID, MATCHING_ID = r"[0-9]{19}[0-9Ff]?", r"[0-9]{32}", r"[0-9A-Z-]{0,255}"
FINAL_STATUS = {"Available": True, "Unavailable": False}
CANCELLABLE = (*UNRELEASED, "released")


@dataclass(frozen=True)
class Call:
    """One call that was made, for tests: who made it, by which identifier, and what."""

    requester: str
    identifier: str
    function: str


def optional(body: dict, name: str, pattern: str = ".*") -> str | None:
    """A member that may be missing, and has this form."""
    if name not in body:
        return None
    text = text_of(body, name)
    if not re.fullmatch(pattern, text):
        raise Malformed(f"{name} has another form")
    return text


def required(body: dict, name: str, pattern: str = ".*") -> str:
    """A member that has to be there, and has this form."""
    text_of(body, name)
    return optional(body, name, pattern)


def read_header(body: dict) -> tuple[str, str]:
    """functionRequesterIdentifier and functionCallIdentifier (6.5.1.3)."""
    header = body.get("header")
    if not isinstance(header, dict):
        raise Malformed("header is missing or not an object")
    return text_of(header, "functionRequesterIdentifier"), text_of(header, "functionCallIdentifier")


class Es2:
    """The SM-DP+ as an operator's customer system sees it.

    ``client`` tells whose certificate the present call comes with.
    """

    def __init__(self, host: str, orders: OrderBook, record: Record) -> None:
        self.host, self.orders, self.record, self.faults = host, orders, record, Faults()
        self.client: Callable[[], bytes | None] = lambda: None
        #: SM-DSs at which events can be registered, by their address.
        self.smds: dict[str, SmdsServer] = {}
        self.calls: list[Call] = []
        self._lock = threading.RLock()
        self.functions: dict[str, Callable[[str, dict], dict]] = {
            "downloadOrder": self.download_order, "confirmOrder": self.confirm_order,
            "cancelOrder": self.cancel_order, "releaseProfile": self.release_profile,
        }

    def call(self, name: str, body: dict) -> dict:
        """Run a function for the operator that the certificate and the header name."""
        requester, identifier = read_header(body)
        certificate = self.client()
        named = certificates.registered_oid(certificates.decode_untrusted(certificate)) if certificate else None
        if named is None or named != requester:
            raise Refusal("1.1", "1.2", "the requester is not the one of the certificate")
        with self._lock:
            self.calls.append(Call(requester, identifier, name))
            return self.functions[name](requester, body)

    # DownloadOrder, 5.3.1

    def download_order(self, operator: str, body: dict) -> dict:
        """Take a profile out of the stock, by its ICCID or as one of a kind."""
        eid, iccid, kind = optional(body, "eid", EID), optional(body, "iccid", ICCID), optional(body, "profileType")
        if iccid is None and not kind:
            raise Refusal("1.6", "2.3", "neither an ICCID nor a profile type")
        profile = self._from_stock(operator, iccid) if iccid else self._one_of_a_kind(operator, kind)
        if kind and profile.kind != kind:
            raise Refusal("8.2.5", "3.8", "the profile with this ICCID is of another type")
        order = self.orders.order_from_stock(profile, eid)
        return ok(iccid=_padded(order.record.iccid))

    def _from_stock(self, operator: str, iccid: str) -> StoredProfile:
        found = self.orders.store.profiles(operator, iccid=_digits(iccid))
        if not found:
            raise Refusal("8.2.1", "3.9", "no such profile")
        if found[-1].status != AVAILABLE:
            raise Refusal("8.2.1", "3.3", "the profile is not available")
        return found[-1]

    def _one_of_a_kind(self, operator: str, kind: str) -> StoredProfile:
        every = self.orders.store.profiles(operator, kind=kind)
        if not every:
            raise Refusal("8.2.5", "3.9", "no such profile type")
        found = next((profile for profile in every if profile.status == AVAILABLE), None)
        if found is None:
            raise Refusal("8.2.5", "3.7", "no more profiles of this type")
        return found

    # ConfirmOrder, 5.3.2

    def confirm_order(self, operator: str, body: dict) -> dict:
        """Say how the order will be asked for: MatchingID, EID, confirmation code, SM-DS."""
        order = self._order(operator, body)
        eid, matching_id = optional(body, "eid", EID), optional(body, "matchingId", MATCHING_ID)
        release = body.get("releaseFlag")
        if not isinstance(release, bool):
            raise Malformed("releaseFlag is missing or not a boolean")
        if order.state not in ("allocated", "linked"):
            raise Refusal("8.2.1", "3.5", f"the order is {order.state}")
        if eid and order.eid not in (None, eid):
            raise Refusal("8.1.1", "3.10", "the order is for another EID")
        eid = eid or order.eid
        smds = self._smds(body, eid)
        if matching_id == "" and not eid:
            raise Refusal("8.1.1", "2.2", "an order without MatchingID needs an EID")
        if matching_id and self.orders.in_use(matching_id):
            raise Refusal("8.2.6", "3.3", "the MatchingID is in use")
        order.eid = eid
        order.matching_id = self.orders.new_matching_id() if matching_id is None else matching_id
        order.confirmation_code = optional(body, "confirmationCode") or order.confirmation_code
        order.move("confirmed", "order confirmed")
        if smds:
            self.orders.announce(order, smds)
        if release:
            order.release()
        answer = ok(matchingId=order.matching_id, smdpAddress=self.host)
        return answer | ({"eid": eid} if eid else {})

    def _smds(self, body: dict, eid: str | None) -> SmdsServer | None:
        address = optional(body, "smdsAddress")
        if not address:
            return None
        if not eid:
            raise Refusal("8.1.1", "2.2", "an event at an SM-DS needs an EID")
        if address not in self.smds:
            raise Refusal("8.9", "5.1", "this SM-DS cannot be reached")
        return self.smds[address]

    # CancelOrder, 5.3.3, and ReleaseProfile, 5.3.4

    def cancel_order(self, operator: str, body: dict) -> dict:
        """Undo an order that was not downloaded."""
        order = self._order(operator, body)
        final = required(body, "finalProfileStatusIndicator")
        if final not in FINAL_STATUS:
            raise Malformed("finalProfileStatusIndicator is neither Available nor Unavailable")
        if optional(body, "eid", EID) not in (None, order.eid):
            raise Refusal("8.2.1", "3.10", "the order is for another EID")
        if optional(body, "matchingId", MATCHING_ID) not in (None, order.matching_id):
            raise Refusal("8.2.6", "3.10", "the order has another MatchingID")
        if order.state not in CANCELLABLE:
            raise Refusal("8.2.1", "3.3", f"the order is {order.state}")
        self.orders.cancel(order, available=FINAL_STATUS[final])
        return ok()

    def release_profile(self, operator: str, body: dict) -> dict:
        """Let a confirmed order be downloaded."""
        order = self._order(operator, body)
        if order.state != "confirmed":
            raise Refusal("8.2.1", "3.5", f"the order is {order.state}")
        order.release()
        return ok()

    def _order(self, operator: str, body: dict) -> Order:
        """The order for the profile that the call names."""
        iccid = _digits(required(body, "iccid", ICCID))
        order = self.orders.of_profile(iccid, operator)
        if order is None:
            raise Refusal("8.2.1", "3.9", "no order for this profile")
        return order


def _digits(iccid: str) -> str:
    return iccid.rstrip("Ff")


def _padded(iccid: str) -> str:
    """19 digits get the filler that versions before 2.2 want."""
    return iccid.ljust(20, "F")
