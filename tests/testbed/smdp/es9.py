# SPDX-License-Identifier: LGPL-2.1-or-later
"""The functions of ES9+ (SGP.22 v2.5, 5.6), without HTTP.

Each function gets the decoded JSON object and returns one; Refusal becomes a "Failed" status, Malformed an
HTTP 400. Signatures are checked over the octets received.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator

from .. import certificates, crypto, pki, tlv
from ..tlv import Tlv, encode
from . import notify, package
from .faults import Faults
from .mutual import MutualAuthentication, b64, members_of, object_of, ok, transaction_id_of
from .notify import Malformed
from .orders import Order, OrderBook, Refusal
from .record import Record
from .session import Session, check_device, check_eligibility

ELIGIBILITY, CONFIRMATION, DOWNLOAD, INSTALLATION = 1, 2, 3, 4
"""Notification points of a download (SGP.22 v2.5, 5.3.5)."""

KNOWN_REASONS = {0, 1, 2, 3, 4, 5, 127}
"""CancelSessionReason of version 2 (SGP.22 v2.5, 5.7.14)."""


class Es9(MutualAuthentication):
    """The SM-DP+ behind the HTTP server."""

    def __init__(self, host: str, credentials: Iterable[pki.ServerCredentials], orders: OrderBook,
                 record: Record, faults: Faults, *, id_length: int = 16) -> None:
        super().__init__(host, credentials, record, faults, subject="8.8", id_length=id_length)
        self.orders = orders
        self.check_memory = True
        self.clock: Callable[[], float] = time.time
        self.functions |= {
            "authenticateClient": self.authenticate_client,
            "getBoundProfilePackage": self.get_bound_profile_package,
            "cancelSession": self.cancel_session,
            "handleNotification": self.handle_notification,
        }

    def opened(self, session: Session, credentials: pki.ServerCredentials) -> None:
        session.pb_credential = credentials.dp_pb

    # authenticateClient, 5.6.3

    def authenticate_client(self, body: dict) -> dict:
        """Verify the eUICC, find its order, show what is offered. A refusal ends the session."""
        session = self.authenticate(body)
        order = self._order_for(session)
        order.note("authenticated", f"attempt {order.attempts}; {session.device}")
        session.order, session.state = order, "authenticated"
        return self._offer(session)

    def _order_for(self, session: Session) -> Order:
        """Every check on the order, in the order of the clause."""
        eid = session.euicc.eid
        order = self.orders.find(session.device.matching_id, eid)
        if order.eid is not None and order.eid != eid:
            raise Refusal("8.1.1", "3.8", "the order is for another eUICC")
        if order.open and order.bound_eid not in (None, eid):
            raise Refusal("8.1.1", "3.8", "the profile was downloaded by another eUICC")
        order.check_open(self.clock())
        if session.euicc_info2 is None:
            raise Malformed("euiccSigned1 has no euiccInfo2")
        with self._telling(order, ELIGIBILITY, always=True):
            check_eligibility(order, session.euicc_info2, memory=self.check_memory)
            check_device(order, session.device)
            order.check_attempts()
        return order

    @contextlib.contextmanager
    def _telling(self, order: Order, point: int, *, always: bool = False) -> Iterator[None]:
        """Tell the operator what this part of a download is refused with; always: also that it went well."""
        try:
            yield
        except Refusal as refusal:
            self.orders.tell(order, point, refusal)
            raise
        if always:
            self.orders.tell(order, point)

    def _offer(self, session: Session) -> dict:
        value, order = self.faults.value, session.order
        credential = session.pb_credential = value("smdpCredential", session.pb_credential)
        required = value("smdpSigned2.ccRequiredFlag", order.confirmation_code is not None)
        parts = [encode(0x80, value("smdpSigned2.transactionId", session.transaction_id)),
                 encode(0x01, tlv.boolean(required))]
        if order.binding and order.binding.eid == session.euicc.eid and order.binding.ci == credential.der:
            parts.append(encode(0x5F49, order.binding.euicc_otpk))
        signed = encode(0x30, parts)
        signature = crypto.sign(credential.key, signed + session.smdp_signature2)
        session.smdp_signature2 = encode(0x5F37, value("smdpSignature2", signature))
        return ok(
            transactionId=value("json.transactionId", session.transaction_id.hex().upper()),
            profileMetadata=b64(value("json.profileMetadata", order.metadata())),
            smdpSigned2=b64(value("json.smdpSigned2", signed)),
            smdpSignature2=b64(session.smdp_signature2),
            smdpCertificate=b64(value("smdpCertificate", credential.der)))

    # getBoundProfilePackage, 5.6.2

    def get_bound_profile_package(self, body: dict) -> dict:
        """Verify what PrepareDownload answered, bind the package. A refusal ends the session."""
        answer = object_of(body, "prepareDownloadResponse", 0xBF21)
        session = self.sessions.find(transaction_id_of(body), "authenticated")
        session.state = "closed"
        otpk, hash_cc = self._read_prepare_download(session, answer)
        order = session.order
        order.check_open(self.clock())
        with self._telling(order, CONFIRMATION):
            order.check_confirmation_code(hash_cc, session.transaction_id)
        with self._telling(order, DOWNLOAD, always=True):
            binding = self._binding(session, order, otpk)
        bound = package.bound_profile_package(
            binding, session.transaction_id, session.pb_credential, self.faults)
        session.state = "bound"
        order.bound_eid = session.euicc.eid
        order.move("downloaded", "package sent", f"{len(bound)} octets")
        return ok(
            transactionId=self.faults.value("json.transactionId", session.transaction_id.hex().upper()),
            boundProfilePackage=b64(self.faults.value("json.boundProfilePackage", bound)))

    def _read_prepare_download(self, session: Session, answer: Tlv) -> tuple[bytes, bytes | None]:
        """Check PrepareDownloadResponse; returns the eUICC's one-time key and hashCc."""
        choice = answer.children()
        if len(choice) == 1 and choice[0].tag == 0xA1:
            raise Refusal("8.1", "4.2", "the eUICC refused smdpSigned2")
        if len(choice) != 1 or choice[0].tag != 0xA0:
            raise Malformed("prepareDownloadResponse is neither success nor error")
        signed, signature = members_of(choice[0], 0x30, 0x5F37)
        data = signed.raw + session.smdp_signature2
        if not crypto.verify(session.euicc.certificate, data, signature.value):
            raise Refusal("8.1", "6.1", "euiccSignature2 is wrong")
        transaction_id, otpk, code = signed.find(0x80), signed.find(0x5F49), signed.find(0x04)
        if transaction_id is None or transaction_id.value != session.transaction_id:
            raise Refusal("8.1", "6.1", "euiccSigned2 is of another transaction")
        if otpk is None or len(otpk.value) != 65:
            raise Malformed("euiccSigned2 has no one-time key of 65 octets")
        if code is not None and len(code.value) != 32:
            raise Malformed("hashCc has not 32 octets")
        return otpk.value, code.value if code else None

    def _binding(self, session: Session, order: Order, otpk: bytes) -> package.Binding:
        """The binding on record when the eUICC still has its key, else a new one."""
        eid, credential = session.euicc.eid, session.pb_credential
        known = order.binding
        if known and (known.eid, known.ci, known.euicc_otpk) == (eid, credential.der, otpk):
            order.note("package sent again")
            return known
        if known and not order.rebinding:
            raise Refusal("8.2", "3.7", "the package cannot be bound again")
        target = package.Target(eid, otpk)
        oid = certificates.registered_oid(session.credential.cert) or "2.999"
        try:
            order.binding = package.bind(order, target, credential, oid, self.faults)
        except ValueError as error:
            raise Refusal("8.1", "6.1", f"one-time key of the eUICC: {error}") from error
        return order.binding

    # cancelSession, 5.6.5

    def cancel_session(self, body: dict) -> dict:
        """The eUICC's signed word that the session ends, and what that means for the order."""
        answer = object_of(body, "cancelSessionResponse", 0xBF41)
        session = self.sessions.find(transaction_id_of(body), "initiated", "authenticated", "bound")
        choice = answer.children()
        if len(choice) != 1 or choice[0].tag != 0xA0:
            raise Refusal("8.1", "6.1", "the eUICC did not cancel")
        signed, signature = members_of(choice[0], 0x30, 0x5F37)
        transaction_id, oid, reason = members_of(signed, 0x80, 0x81, 0x82)
        if transaction_id.value != session.transaction_id:
            raise Refusal("8.10.1", "3.9", "cancelled another transaction")
        if session.euicc is None or not crypto.verify(session.euicc.certificate, signed.raw, signature.value):
            raise Refusal("8.1", "6.1", "signature of the eUICC is wrong")
        if tlv.read_oid(oid.value) != certificates.registered_oid(session.credential.cert):
            raise Refusal("8.8", "3.10", "OID of another SM-DP+")
        number = tlv.read_integer(reason.value)
        if number not in KNOWN_REASONS:
            raise Malformed(f"unknown reason {number}")
        session.state = "closed"
        session.order.cancelled(number)
        return ok()

    # handleNotification, 5.6.4

    def handle_notification(self, body: dict) -> None:
        """Take any well-formed notification, also one that proves nothing: it must leave the eUICC."""
        item = object_of(body, "pendingNotification", 0xBF37, 0x30)
        duplicate = self.record.seen_before(item.raw)
        session = None
        if item.tag == 0xBF37:
            received, session = notify.read_install_result(item, self.sessions, self.host)
        else:
            received = notify.read_other(item, self.ci_certificates)
        if duplicate:
            received = notify.Notification(**{**vars(received), "duplicate": True})
        if received.verified and session and not duplicate:
            session.order.installed(received.error)
            self._tell_result(session.order, received)
        self.record.append(received)
        return None

    def _tell_result(self, order: Order, received: notify.Notification) -> None:
        refusal = None
        if received.error:
            refusal = Refusal("8.1", "4.2", f"command {received.error[0]}, reason {received.error[1]}")
        self.orders.tell(order, INSTALLATION, refusal, received.raw)
