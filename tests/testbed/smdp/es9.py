# SPDX-License-Identifier: LGPL-2.1-or-later
"""The functions of ES9+ (SGP.22 v2.5, 5.6), without HTTP.

Each function gets the decoded JSON object and returns one; Refusal becomes a "Failed" status, Malformed an
HTTP 400. Signatures are checked over the octets received.
"""

from __future__ import annotations

import base64
import binascii
import re
import threading
import time
from collections.abc import Callable, Iterable

from cryptography import x509

from .. import crypto, pki, tlv
from ..tlv import Tlv, TlvError, encode
from . import notify, package
from .chain import find_ci, verify_euicc
from .faults import Faults
from .notify import Malformed
from .orders import OrderBook, Order, Refusal
from .record import Record
from .session import Session, SessionTable, check_eligibility, read_context

KNOWN_REASONS = {0, 1, 2, 3, 4, 5, 127}
"""CancelSessionReason of version 2 (SGP.22 v2.5, 5.7.14)."""


def _b64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def _text(body: dict, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str):
        raise Malformed(f"{name} is missing or not a string")
    return value


def _octets(body: dict, name: str) -> bytes:
    try:
        return base64.b64decode(_text(body, name), validate=True)
    except binascii.Error as error:
        raise Malformed(f"{name} is not base64: {error}") from error


def _object(body: dict, name: str, *tags: int) -> Tlv:
    """One complete TLV with one of the tags."""
    try:
        item = tlv.parse_single(_octets(body, name))
    except TlvError as error:
        raise Malformed(f"{name} is not a TLV: {error}") from error
    if item.tag not in tags:
        raise Malformed(f"{name} has tag {item.tag:X}")
    return item


def _transaction_id(body: dict) -> bytes:
    text = _text(body, "transactionId")
    if not re.fullmatch(r"([0-9A-Fa-f]{2}){1,16}", text):
        raise Malformed("transactionId is not 2 to 32 hexadecimal digits")
    return bytes.fromhex(text)


def _members(item: Tlv, *tags: int) -> list[Tlv]:
    """The children, which must have just these tags in this order."""
    children = item.children()
    if [child.tag for child in children] != list(tags):
        raise Malformed(f"{item.tag:X} has other members than it should")
    return children


def _key_list(info: Tlv, tag: int) -> list[bytes]:
    listed = info.find(tag)
    if listed is None:
        raise Malformed(f"euiccInfo1 has no {tag:X}")
    return [child.value for child in listed.children() if child.tag == 0x04]


def _ok(**members: str) -> dict:
    return {"header": {"functionExecutionStatus": {"status": "Executed-Success"}}, **members}


class Es9:
    """The SM-DP+ behind the HTTP server. Functions are called from several threads, one at a time."""

    def __init__(self, host: str, credentials: Iterable[pki.ServerCredentials], orders: OrderBook,
                 record: Record, faults: Faults, *, id_length: int = 16) -> None:
        self.host = host
        self.orders, self.record, self.faults = orders, record, faults
        self.sessions = SessionTable(id_length)
        self.check_memory = True
        self.clock: Callable[[], float] = time.time
        self._credentials = list(credentials)
        self._lock = threading.RLock()
        self.functions: dict[str, Callable[[dict], dict | None]] = {
            "initiateAuthentication": self.initiate_authentication,
            "authenticateClient": self.authenticate_client,
            "getBoundProfilePackage": self.get_bound_profile_package,
            "cancelSession": self.cancel_session,
            "handleNotification": self.handle_notification,
        }

    @property
    def ci_certificates(self) -> list[x509.Certificate]:
        """All issuers whose eUICCs are accepted."""
        return [ci for credentials in self._credentials for ci in credentials.ci_certs]

    def call(self, name: str, body: dict) -> dict | None:
        """Run a function. TLV errors in what the peer sent count as malformed."""
        with self._lock:
            try:
                return self.functions[name](body)
            except (TlvError, UnicodeDecodeError) as error:
                raise Malformed(str(error)) from error

    # initiateAuthentication, 5.6.1

    def initiate_authentication(self, body: dict) -> dict:
        """Choose certificates for the eUICC and prove who this server is."""
        challenge = _octets(body, "euiccChallenge")
        if len(challenge) != 16:
            raise Malformed("euiccChallenge has not 16 octets")
        info1 = _object(body, "euiccInfo1", 0xBF20)
        if _text(body, "smdpAddress") != self.host:
            raise Refusal("8.8.1", "3.8", "not the address of this SM-DP+")
        version = info1.find(0x82)
        if version is None or len(version.value) != 3:
            raise Malformed("euiccInfo1 has no version")
        if version.value[0] != 2:
            raise Refusal("8.8.3", "3.1", "only version 2 of the specification is spoken here")
        credentials, ci = self._choose_certificates(info1)
        credential = self.faults.value("serverCredential", credentials.dp_auth)
        session = self.sessions.open(challenge, credential, ci)
        session.pb_credential = credentials.dp_pb
        return self._server_signed(session)

    def _choose_certificates(self, info1: Tlv) -> tuple[pki.ServerCredentials, x509.Certificate]:
        """A certificate the eUICC can verify, and the CI under which it shall sign itself."""
        verification, signing = _key_list(info1, 0xA9), _key_list(info1, 0xAA)
        chosen = next((credentials for wanted in verification for credentials in self._credentials
                       if pki.authority_key_id(credentials.dp_auth.cert) == wanted), None)
        signing_ci = next((ci for wanted in signing if (ci := find_ci(self.ci_certificates, wanted))), None)
        if chosen and signing_ci:
            return chosen, signing_ci
        if not any(find_ci(self.ci_certificates, wanted) for wanted in verification) or not signing_ci:
            raise Refusal("8.8.2", "3.1", "no CI in common with the eUICC")
        raise Refusal("8.8.4", "3.7", "no certificate of this SM-DP+ under a CI of the eUICC")

    def _server_signed(self, session: Session) -> dict:
        value = self.faults.value
        signed = encode(0x30, [
            encode(0x80, value("serverSigned1.transactionId", session.transaction_id)),
            encode(0x81, value("serverSigned1.euiccChallenge", session.euicc_challenge)),
            encode(0x83, value("serverSigned1.serverAddress", self.host).encode()),
            encode(0x84, session.server_challenge)])
        signature = value("serverSignature1", crypto.sign(session.credential.key, signed))
        return _ok(
            transactionId=value("json.transactionId", session.transaction_id.hex().upper()),
            serverSigned1=_b64(value("json.serverSigned1", signed)),
            serverSignature1=_b64(encode(0x5F37, signature)),
            euiccCiPKIdToBeUsed=_b64(encode(0x04, value("euiccCiPKIdToBeUsed", pki.key_id(session.ci)))),
            serverCertificate=_b64(value("serverCertificate", session.credential.der)))

    # authenticateClient, 5.6.3

    def authenticate_client(self, body: dict) -> dict:
        """Verify the eUICC, find its order, show what is offered. A refusal ends the session."""
        answer = _object(body, "authenticateServerResponse", 0xBF38)
        session = self.sessions.find(_transaction_id(body), "initiated")
        session.state = "closed"
        context = self._authenticate_euicc(session, answer)
        session.device = read_context(context)
        order = self._order_for(session)
        order.note("authenticated", f"attempt {order.attempts}")
        session.order, session.state = order, "authenticated"
        return self._offer(session)

    def _authenticate_euicc(self, session: Session, answer: Tlv) -> Tlv | None:
        """Check AuthenticateServerResponse; returns ctxParams1."""
        choice = answer.children()
        if len(choice) == 1 and choice[0].tag == 0xA1:
            raise Refusal("8.1", "4.2", "the eUICC refused serverSigned1")
        if len(choice) != 1 or choice[0].tag != 0xA0:
            raise Malformed("authenticateServerResponse is neither success nor error")
        signed, signature, euicc, eum = _members(choice[0], 0x30, 0x5F37, 0x30, 0x30)
        identity = verify_euicc(euicc.raw, eum.raw, self.ci_certificates)
        if pki.key_id(identity.ci) != pki.key_id(session.ci):
            raise Refusal("8.1.2", "6.1", "the eUICC signed under another CI than it was told to")
        if not crypto.verify(identity.certificate, signed.raw, signature.value):
            raise Refusal("8.1", "6.1", "euiccSignature1 is wrong")
        expected = {0x80: session.transaction_id, 0x83: self.host.encode(), 0x84: session.server_challenge}
        for tag, octets in expected.items():
            item = signed.find(tag)
            if item is None or item.value != octets:
                raise Refusal("8.1", "6.1", f"euiccSigned1 does not echo {tag:02X}")
        session.euicc, session.euicc_info2 = identity, signed.find(0xBF22)
        session.smdp_signature2 = signature.raw
        return signed.find(0xA0)

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
        check_eligibility(order, session.euicc_info2, memory=self.check_memory)
        order.check_attempts()
        return order

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
        return _ok(
            transactionId=value("json.transactionId", session.transaction_id.hex().upper()),
            profileMetadata=_b64(value("json.profileMetadata", order.metadata())),
            smdpSigned2=_b64(value("json.smdpSigned2", signed)),
            smdpSignature2=_b64(session.smdp_signature2),
            smdpCertificate=_b64(value("smdpCertificate", credential.der)))

    # getBoundProfilePackage, 5.6.2

    def get_bound_profile_package(self, body: dict) -> dict:
        """Verify what PrepareDownload answered, bind the package. A refusal ends the session."""
        answer = _object(body, "prepareDownloadResponse", 0xBF21)
        session = self.sessions.find(_transaction_id(body), "authenticated")
        session.state = "closed"
        otpk, hash_cc = self._read_prepare_download(session, answer)
        order = session.order
        order.check_open(self.clock())
        order.check_confirmation_code(hash_cc, session.transaction_id)
        binding = self._binding(session, order, otpk)
        bound = package.bound_profile_package(
            binding, session.transaction_id, session.pb_credential, self.faults)
        session.state = "bound"
        order.bound_eid = session.euicc.eid
        order.move("downloaded", "package sent", f"{len(bound)} octets")
        return _ok(
            transactionId=self.faults.value("json.transactionId", session.transaction_id.hex().upper()),
            boundProfilePackage=_b64(self.faults.value("json.boundProfilePackage", bound)))

    def _read_prepare_download(self, session: Session, answer: Tlv) -> tuple[bytes, bytes | None]:
        """Check PrepareDownloadResponse; returns the eUICC's one-time key and hashCc."""
        choice = answer.children()
        if len(choice) == 1 and choice[0].tag == 0xA1:
            raise Refusal("8.1", "4.2", "the eUICC refused smdpSigned2")
        if len(choice) != 1 or choice[0].tag != 0xA0:
            raise Malformed("prepareDownloadResponse is neither success nor error")
        signed, signature = _members(choice[0], 0x30, 0x5F37)
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
        oid = pki.registered_oid(session.credential.cert) or "2.999"
        try:
            order.binding = package.bind(order, target, credential, oid, self.faults)
        except ValueError as error:
            raise Refusal("8.1", "6.1", f"one-time key of the eUICC: {error}") from error
        return order.binding

    # cancelSession, 5.6.5

    def cancel_session(self, body: dict) -> dict:
        """The eUICC's signed word that the session ends, and what that means for the order."""
        answer = _object(body, "cancelSessionResponse", 0xBF41)
        session = self.sessions.find(_transaction_id(body), "initiated", "authenticated", "bound")
        choice = answer.children()
        if len(choice) != 1 or choice[0].tag != 0xA0:
            raise Refusal("8.1", "6.1", "the eUICC did not cancel")
        signed, signature = _members(choice[0], 0x30, 0x5F37)
        transaction_id, oid, reason = _members(signed, 0x80, 0x81, 0x82)
        if transaction_id.value != session.transaction_id:
            raise Refusal("8.10.1", "3.9", "cancelled another transaction")
        if session.euicc is None or not crypto.verify(session.euicc.certificate, signed.raw, signature.value):
            raise Refusal("8.1", "6.1", "signature of the eUICC is wrong")
        if tlv.read_oid(oid.value) != pki.registered_oid(session.credential.cert):
            raise Refusal("8.8", "3.10", "OID of another SM-DP+")
        number = tlv.read_integer(reason.value)
        if number not in KNOWN_REASONS:
            raise Malformed(f"unknown reason {number}")
        session.state = "closed"
        session.order.cancelled(number)
        return _ok()

    # handleNotification, 5.6.4

    def handle_notification(self, body: dict) -> None:
        """Take any well-formed notification, also one that proves nothing: it must leave the eUICC."""
        item = _object(body, "pendingNotification", 0xBF37, 0x30)
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
        self.record.append(received)
        return None
