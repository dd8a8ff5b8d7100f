# SPDX-License-Identifier: LGPL-2.1-or-later
"""The RSP session: challenge, mutual authentication, preparation, cancellation.

SGP.22 v2.5, 5.7.5 PrepareDownload, 5.7.7 GetEUICCChallenge, 5.7.13
AuthenticateServer, 5.7.14 CancelSession.  A session lives in volatile memory.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from testbed import certificates, crypto, pki, tlv
from testbed.pki import ChipCredentials, ChipIdentity
from testbed.veuicc.config import Config
from testbed.veuicc.profiles import Refused

UNDEFINED = 127
CANCEL_REASONS = {0, 1, 2, 3, 4, 5, UNDEFINED}
#: postponed and timeout: the order stays usable, and so does the one-time key.
KEEPS_ORDER = {1, 2}
MAX_KEPT_KEYS = 4
IMEI_SIZES = {8}
#: Fields of DeviceInfo and DeviceCapabilities that every chip knows.
DEVICE_FIELDS = {0x80, 0xA1, 0x82}
CAPABILITIES = set(range(0x80, 0x88))
#: Bit of rspCapability: deviceInfoExtensibilitySupport.
EXTENSIBLE = 4


class AuthError:
    """AuthenticateErrorCode."""

    CERTIFICATE = 1
    SIGNATURE = 2
    CURVE = 3
    NO_SESSION = 4
    OID = 5
    CHALLENGE = 6
    CI_UNKNOWN = 7


class DownloadError:
    """DownloadErrorCode."""

    CERTIFICATE = 1
    SIGNATURE = 2
    CURVE = 3
    NO_SESSION = 4
    TRANSACTION_ID = 5


class Stage(Enum):
    CHALLENGED = auto()
    AUTHENTICATED = auto()
    PREPARED = auto()


@dataclass
class Session:
    """What is agreed so far."""

    challenge: bytes
    stage: Stage = Stage.CHALLENGED
    transaction_id: bytes = b""
    server_address: bytes = b""
    server_cert: x509.Certificate | None = None
    identity: ChipIdentity | None = None
    #: euiccSignature1 as TLV: smdpSignature2 covers it.
    signature1: bytes = b""
    binding_cert: x509.Certificate | None = None
    one_time_key: ec.EllipticCurvePrivateKey | None = None

    @property
    def server_oid(self) -> str:
        return certificates.registered_oid(self.server_cert) or ""


@dataclass
class KeptKey:
    """A one-time key that a cancelled session left unused."""

    oid: str
    key: ec.EllipticCurvePrivateKey

    def to_json(self) -> dict:
        number = self.key.private_numbers().private_value
        return {"oid": self.oid, "curve": self.key.curve.name, "private": f"{number:064x}"}

    @classmethod
    def from_json(cls, state: dict) -> KeptKey:
        curve = next(c for c in crypto.CURVES.values() if c.name == state["curve"])
        return cls(state["oid"], ec.derive_private_key(int(state["private"], 16), curve))


@dataclass
class Sessions:
    """The one session that may be open, and the keys that outlive it."""

    credentials: ChipCredentials
    current: Session | None = None
    kept: list[KeptKey] = field(default_factory=list)
    #: Whether a list that was loaded revokes a server's certificate.
    revoked: Callable[[x509.Certificate], bool] = lambda _cert: False

    # 5.7.7

    def challenge(self) -> bytes:
        """A new session; what was not finished is forgotten."""
        self.current = Session(os.urandom(16))
        return tlv.encode(0xBF2E, tlv.encode(0x80, self.current.challenge))

    # 5.7.13

    def authenticate_server(self, request: tlv.Tlv, info2: bytes, config: Config) -> bytes:
        signed, signature, pkid, cert_tlv, context = _members(
            request, 0x30, 0x5F37, 0x04, 0x30, 0xA0
        )
        transaction_id = _transaction_id(signed)
        _check_context(context, EXTENSIBLE in config.rsp_capability)
        try:
            session = self._fresh_session()
            cert = self._check_server(session, signed, signature, cert_tlv, config.curves)
            identity = self._identity(pkid.value)
        except Refused as refused:
            return _refusal(0xBF38, transaction_id, refused.code)
        echo = [signed.get(tag).raw for tag in (0x80, 0x83, 0x84)]
        euicc_signed = tlv.encode(0x30, [*echo, info2, context.raw])
        session.signature1 = tlv.encode(0x5F37, crypto.sign(identity.key, euicc_signed))
        session.transaction_id = transaction_id
        session.server_address = signed.get(0x83).value
        session.server_cert, session.identity = cert, identity
        session.stage = Stage.AUTHENTICATED
        ok = [euicc_signed, session.signature1, *chain_of(identity)]
        return tlv.encode(0xBF38, tlv.encode(0xA0, ok))

    def _fresh_session(self) -> Session:
        if self.current is None or self.current.stage is not Stage.CHALLENGED:
            raise Refused(AuthError.NO_SESSION)
        return self.current

    def _check_server(self, session, signed, signature, cert_tlv, curves) -> x509.Certificate:
        cert = _load_certificate(cert_tlv, AuthError.CERTIFICATE)
        issuer = self._issuer_of(cert)
        if issuer is None or not certificates.is_issued_by(cert, issuer) or not certificates.may_sign_data(cert):
            raise Refused(AuthError.CERTIFICATE)
        if self.revoked(cert):
            raise Refused(AuthError.CERTIFICATE)
        if not certificates.has_role(cert, "dp-auth", "ds-auth") or not certificates.registered_oid(cert):
            raise Refused(AuthError.OID)
        if _curve(cert) not in curves:
            raise Refused(AuthError.CURVE)
        if not crypto.verify(cert, signed.raw, signature.value):
            raise Refused(AuthError.SIGNATURE)
        if signed.get(0x81).value != session.challenge:
            raise Refused(AuthError.CHALLENGE)
        return cert

    def _issuer_of(self, cert: x509.Certificate) -> x509.Certificate | None:
        """The trusted issuer with the certificate's authority key identifier."""
        wanted = certificates.authority_key_id(cert)
        return next((ci for ci in self.credentials.ci_certs if certificates.key_id(ci) == wanted), None)

    def _identity(self, pkid: bytes) -> ChipIdentity:
        """The chip's own chain below the issuer that the server chose."""
        for identity in self.credentials.identities:
            if identity.pkid == pkid:
                return identity
        raise Refused(AuthError.CI_UNKNOWN)

    # 5.7.5

    def prepare_download(self, request: tlv.Tlv, curves: tuple[str, ...]) -> bytes:
        members = request.children()
        hash_cc = members[2] if len(members) > 2 and members[2].tag == 0x04 else None
        tags = (0x30, 0x5F37, 0x04, 0x30) if hash_cc else (0x30, 0x5F37, 0x30)
        signed, signature, *_, cert_tlv = _members(request, *tags)
        transaction_id = _transaction_id(signed)
        tlv.read_boolean(signed.get(0x01).value)
        if hash_cc and len(hash_cc.value) != 32:
            raise tlv.TlvError("hashCc has 32 octets")
        try:
            session = self._authenticated_session(transaction_id)
            cert = self._check_binding(session, signed, signature, cert_tlv, curves)
        except Refused as refused:
            return _refusal(0xBF21, transaction_id, refused.code)
        session.binding_cert = cert
        session.one_time_key = self._one_time_key(session, signed.find(0x5F49))
        session.stage = Stage.PREPARED
        parts = [
            signed.get(0x80).raw,
            tlv.encode(0x5F49, crypto.public_point(session.one_time_key)),
            *([hash_cc.raw] if hash_cc else []),
        ]
        euicc_signed = tlv.encode(0x30, parts)
        own = crypto.sign(session.identity.key, euicc_signed + signature.raw)
        return tlv.encode(0xBF21, tlv.encode(0xA0, [euicc_signed, tlv.encode(0x5F37, own)]))

    def _authenticated_session(self, transaction_id: bytes) -> Session:
        if self.current is None or self.current.stage is not Stage.AUTHENTICATED:
            raise Refused(DownloadError.NO_SESSION)
        if self.current.transaction_id != transaction_id:
            raise Refused(DownloadError.TRANSACTION_ID)
        return self.current

    def _check_binding(self, session, signed, signature, cert_tlv, curves) -> x509.Certificate:
        """DPpb: same issuer and same SM-DP+ as the DPauth of this session."""
        cert = _load_certificate(cert_tlv, DownloadError.CERTIFICATE)
        issuer = self._issuer_of(cert)
        same_issuer = certificates.authority_key_id(cert) == certificates.authority_key_id(session.server_cert)
        same_server = certificates.registered_oid(cert) == session.server_oid
        by_operator = certificates.has_role(session.server_cert, "dp-auth") and certificates.has_role(cert, "dp-pb")
        if not (same_issuer and same_server and by_operator and certificates.may_sign_data(cert)):
            raise Refused(DownloadError.CERTIFICATE)
        if issuer is None or not certificates.is_issued_by(cert, issuer) or self.revoked(cert):
            raise Refused(DownloadError.CERTIFICATE)
        if _curve(cert) not in curves:
            raise Refused(DownloadError.CURVE)
        if not crypto.verify(cert, signed.raw + session.signature1, signature.value):
            raise Refused(DownloadError.SIGNATURE)
        return cert

    def _one_time_key(self, session: Session, wanted: tlv.Tlv | None) -> ec.EllipticCurvePrivateKey:
        """The kept key that the server asks for, or a new one on its curve."""
        curve = session.binding_cert.public_key().curve
        for kept in self.kept:
            if wanted and crypto.public_point(kept.key) == wanted.value and kept.oid == session.server_oid:
                return kept.key
        return crypto.generate_key(curve)

    # 5.7.14

    def cancel(self, request: tlv.Tlv) -> bytes:
        transaction_id, reason = request.get(0x80), request.get(0x81)
        session = self.current
        if session is None or session.transaction_id != transaction_id.value or not transaction_id.value:
            return tlv.encode(0xBF41, tlv.encode(0x81, tlv.integer(5)))
        if tlv.read_integer(reason.value) not in CANCEL_REASONS:
            return tlv.encode(0xBF41, tlv.encode(0x81, tlv.integer(UNDEFINED)))
        signed = tlv.encode(0x30, [
            transaction_id.raw,
            tlv.encode(0x81, tlv.oid(session.server_oid)),
            tlv.encode(0x82, reason.value),
        ])
        signature = tlv.encode(0x5F37, crypto.sign(session.identity.key, signed))
        self._end_cancelled(session, tlv.read_integer(reason.value))
        return tlv.encode(0xBF41, tlv.encode(0xA0, [signed, signature]))

    def _end_cancelled(self, session: Session, reason: int) -> None:
        key = session.one_time_key
        if key is not None:
            self.forget_key(key)
            if reason in KEEPS_ORDER:
                self.kept.append(KeptKey(session.server_oid, key))
                del self.kept[:-MAX_KEPT_KEYS]
        self.current = None

    def forget_key(self, key: ec.EllipticCurvePrivateKey) -> None:
        """A one-time key is used once (5.7.6)."""
        point = crypto.public_point(key)
        self.kept = [kept for kept in self.kept if crypto.public_point(kept.key) != point]


def chain_of(identity: ChipIdentity) -> list[bytes]:
    """eUICC and EUM certificate, as they go into answers."""
    return [cert.public_bytes(pki.Encoding.DER) for cert in (identity.euicc.cert, identity.eum)]


def _members(request: tlv.Tlv, *tags: int) -> list[tlv.Tlv]:
    """The mandatory members in their order; members of later versions may follow."""
    children = request.children()
    if [child.tag for child in children[:len(tags)]] != list(tags):
        raise tlv.TlvError("members are missing or in a wrong order")
    return children[:len(tags)]


def _transaction_id(signed: tlv.Tlv) -> bytes:
    value = signed.get(0x80).value
    if not 1 <= len(value) <= 16:
        raise tlv.TlvError("a transaction ID has 1 to 16 octets")
    return value


def _check_context(context: tlv.Tlv, extensible: bool) -> None:
    """CtxParamsForCommonAuthentication with its DeviceInfo (4.2).

    What is newer than DEVICE_FIELDS and CAPABILITIES is for chips with deviceInfoExtensibilitySupport.
    """
    device = context.get(0xA1)
    told = {field.tag for field in device.children()}, {field.tag for field in device.get(0xA1).children()}
    if not extensible and (told[0] - DEVICE_FIELDS or told[1] - CAPABILITIES):
        raise tlv.TlvError("DeviceInfo is extended, and this chip does not know of that")
    imei = device.find(0x82)
    if len(device.get(0x80).value) != 4 or (imei and len(imei.value) not in IMEI_SIZES):
        raise tlv.TlvError("TAC has 4 octets, IMEI 8")


def _load_certificate(cert_tlv: tlv.Tlv, code: int) -> x509.Certificate:
    try:
        return certificates.decode_untrusted(cert_tlv.raw)
    except pki.PkiError:
        raise Refused(code) from None


def _curve(cert: x509.Certificate) -> str:
    key = cert.public_key()
    return key.curve.name if isinstance(key, ec.EllipticCurvePublicKey) else ""


def _refusal(tag: int, transaction_id: bytes, code: int) -> bytes:
    parts = [tlv.encode(0x80, transaction_id), tlv.encode(0x02, tlv.integer(code))]
    return tlv.encode(tag, tlv.encode(0xA1, parts))
