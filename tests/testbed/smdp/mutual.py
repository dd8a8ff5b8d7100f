# SPDX-License-Identifier: LGPL-2.1-or-later
"""Common mutual authentication (SGP.22 v2.5, 3.0.1), which SM-DP+ and SM-DS do alike; and reading what a
peer sends in JSON.

Each function gets the decoded JSON object and returns one; Refusal becomes a "Failed" status, Malformed an
HTTP 400. Signatures are checked over the octets received.
"""

from __future__ import annotations

import base64
import binascii
import re
import threading
from collections.abc import Callable, Iterable

from cryptography import x509

from .. import certificates, crypto, pki, tlv
from ..tlv import Tlv, TlvError, encode
from .chain import find_ci, verify_euicc
from .faults import Faults
from .notify import Malformed
from .orders import Refusal
from .record import Record
from .session import Session, SessionTable, read_context


def b64(octets: bytes) -> str:
    """Octets for a JSON member."""
    return base64.b64encode(octets).decode()


def text_of(body: dict, name: str) -> str:
    """A member that is a string."""
    value = body.get(name)
    if not isinstance(value, str):
        raise Malformed(f"{name} is missing or not a string")
    return value


def octets_of(body: dict, name: str) -> bytes:
    """A member in base64."""
    try:
        return base64.b64decode(text_of(body, name), validate=True)
    except binascii.Error as error:
        raise Malformed(f"{name} is not base64: {error}") from error


def object_of(body: dict, name: str, *tags: int) -> Tlv:
    """One complete TLV with one of the tags."""
    try:
        item = tlv.parse_single(octets_of(body, name))
    except TlvError as error:
        raise Malformed(f"{name} is not a TLV: {error}") from error
    if item.tag not in tags:
        raise Malformed(f"{name} has tag {item.tag:X}")
    return item


def transaction_id_of(body: dict) -> bytes:
    """The member transactionId, as octets."""
    text = text_of(body, "transactionId")
    if not re.fullmatch(r"([0-9A-Fa-f]{2}){1,16}", text):
        raise Malformed("transactionId is not 2 to 32 hexadecimal digits")
    return bytes.fromhex(text)


def members_of(item: Tlv, *tags: int) -> list[Tlv]:
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


def ok(**members: str) -> dict:
    """The answer of a function that was executed."""
    return {"header": {"functionExecutionStatus": {"status": "Executed-Success"}}, **members}


class MutualAuthentication:
    """The part of a server that proves who it is and finds out who the eUICC is.

    ``subject`` is the server itself in subject codes: "8.8" an SM-DP+, "8.9" an SM-DS; what stands below it
    (address, security configuration, version, certificate) is numbered alike (SGP.22 v2.5, 5.2.6.1).
    Functions are called from several threads, one at a time.
    """

    def __init__(self, host: str, credentials: Iterable[pki.ServerCredentials | pki.SmdsCredentials],
                 record: Record, faults: Faults, *, subject: str, id_length: int = 16) -> None:
        self.host = host
        self.record, self.faults = record, faults
        self.sessions = SessionTable(id_length)
        self.subject = subject
        self.credentials = list(credentials)
        self._lock = threading.RLock()
        self.functions: dict[str, Callable[[dict], dict | None]] = {
            "initiateAuthentication": self.initiate_authentication}

    @property
    def ci_certificates(self) -> list[x509.Certificate]:
        """All issuers whose eUICCs are accepted."""
        return [ci for credentials in self.credentials for ci in credentials.ci_certs]

    def call(self, name: str, body: dict) -> dict | None:
        """Run a function. TLV errors in what the peer sent count as malformed."""
        with self._lock:
            try:
                return self.functions[name](body)
            except (TlvError, UnicodeDecodeError) as error:
                raise Malformed(str(error)) from error

    # initiateAuthentication, 5.6.1 and 5.8.1

    def initiate_authentication(self, body: dict) -> dict:
        """Choose certificates for the eUICC and prove who this server is."""
        challenge = octets_of(body, "euiccChallenge")
        if len(challenge) != 16:
            raise Malformed("euiccChallenge has not 16 octets")
        info1 = object_of(body, "euiccInfo1", 0xBF20)
        if text_of(body, "smdpAddress") != self.host:
            raise Refusal(f"{self.subject}.1", "3.8", "not the address of this server")
        version = info1.find(0x82)
        if version is None or len(version.value) != 3:
            raise Malformed("euiccInfo1 has no version")
        if version.value[0] != 2:
            raise Refusal(f"{self.subject}.3", "3.1", "only version 2 of the specification is spoken here")
        credentials, ci = self._choose_certificates(info1)
        credential = self.faults.value("serverCredential", credentials.auth)
        session = self.sessions.open(challenge, credential, ci)
        self.opened(session, credentials)
        return self._server_signed(session)

    def opened(self, session: Session, credentials: pki.ServerCredentials | pki.SmdsCredentials) -> None:
        """A session has begun below one of the issuers: a kind of server notes what it needs later."""

    def _choose_certificates(self, info1: Tlv) -> tuple[
            pki.ServerCredentials | pki.SmdsCredentials, x509.Certificate]:
        """A certificate the eUICC can verify, and the CI under which it shall sign itself."""
        verification, signing = _key_list(info1, 0xA9), _key_list(info1, 0xAA)
        chosen = next((credentials for wanted in verification for credentials in self.credentials
                       if certificates.authority_key_id(credentials.auth.cert) == wanted), None)
        signing_ci = next((ci for wanted in signing if (ci := find_ci(self.ci_certificates, wanted))), None)
        if chosen and signing_ci:
            return chosen, signing_ci
        if not any(find_ci(self.ci_certificates, wanted) for wanted in verification) or not signing_ci:
            raise Refusal(f"{self.subject}.2", "3.1", "no CI in common with the eUICC")
        raise Refusal(f"{self.subject}.4", "3.7", "no certificate of this server under a CI of the eUICC")

    def _server_signed(self, session: Session) -> dict:
        value = self.faults.value
        signed = encode(0x30, [
            encode(0x80, value("serverSigned1.transactionId", session.transaction_id)),
            encode(0x81, value("serverSigned1.euiccChallenge", session.euicc_challenge)),
            encode(0x83, value("serverSigned1.serverAddress", self.host).encode()),
            encode(0x84, session.server_challenge)])
        signature = value("serverSignature1", crypto.sign(session.credential.key, signed))
        return ok(
            transactionId=value("json.transactionId", session.transaction_id.hex().upper()),
            serverSigned1=b64(value("json.serverSigned1", signed)),
            serverSignature1=b64(encode(0x5F37, signature)),
            euiccCiPKIdToBeUsed=b64(encode(0x04, value("euiccCiPKIdToBeUsed", certificates.key_id(session.ci)))),
            serverCertificate=b64(value("serverCertificate", session.credential.der)))

    # authenticateClient, 5.6.3 and 5.8.2

    def authenticate(self, body: dict) -> Session:
        """Verify the eUICC. A refusal ends the session, and whoever goes on says what the next state is."""
        answer = object_of(body, "authenticateServerResponse", 0xBF38)
        session = self.sessions.find(transaction_id_of(body), "initiated")
        session.state = "closed"
        session.device = read_context(self._authenticate_euicc(session, answer))
        return session

    def _authenticate_euicc(self, session: Session, answer: Tlv) -> Tlv | None:
        """Check AuthenticateServerResponse; returns ctxParams1."""
        choice = answer.children()
        if len(choice) == 1 and choice[0].tag == 0xA1:
            raise Refusal("8.1", "4.2", "the eUICC refused serverSigned1")
        if len(choice) != 1 or choice[0].tag != 0xA0:
            raise Malformed("authenticateServerResponse is neither success nor error")
        signed, signature, euicc, eum = members_of(choice[0], 0x30, 0x5F37, 0x30, 0x30)
        identity = verify_euicc(euicc.raw, eum.raw, self.ci_certificates)
        if certificates.key_id(identity.ci) != certificates.key_id(session.ci):
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
