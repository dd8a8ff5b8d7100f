# SPDX-License-Identifier: LGPL-2.1-or-later
"""RSP sessions and what a device says about itself in them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from cryptography import x509

from .. import tlv
from ..pki import Credential
from .chain import EuiccIdentity
from .orders import Order, Refusal
from .upp import VERSION


RELEASES = {
    0x80: "gsm", 0x81: "utran", 0x82: "cdma2000-1x", 0x83: "cdma2000-hrpd", 0x84: "cdma2000-ehrpd", 0x85: "eutran-epc",
    0x86: "contactless", 0x87: "rsp-crl", 0x88: "nr-epc", 0x89: "nr-5gc", 0x8A: "eutran-5gc",
}
"""DeviceCapabilities (SGP.22 v2.5, 4.2) by tag."""


@dataclass
class Session:
    """One RSP session. ``state``: initiated, authenticated, bound or closed.

    A session stays on record when it is closed: the installation result comes after the end.
    """

    transaction_id: bytes
    euicc_challenge: bytes
    server_challenge: bytes
    credential: Credential
    ci: x509.Certificate
    state: str = "initiated"
    euicc: EuiccIdentity | None = None
    order: Order | None = None
    device: "Device | None" = None
    euicc_info2: tlv.Tlv | None = None
    pb_credential: Credential | None = None
    smdp_signature2: bytes = b""


@dataclass(frozen=True)
class Device:
    """DeviceInfo of CtxParams1 (SGP.22 v2.5, 4.2)."""

    matching_id: str
    tac: bytes
    imei: str
    capabilities: dict[int, bytes] = field(default_factory=dict)

    def __str__(self) -> str:
        """What was told, for a person."""
        tac = decode_tac(self.tac)
        releases = [f"{name} {self.capabilities[tag][0]}" for tag, name in RELEASES.items() if tag in self.capabilities]
        return ", ".join([f"IMEI {self.imei}" if self.imei else f"TAC {tac}, no IMEI", *releases])

    def supports(self, name: str, release: int) -> bool:
        """Whether the device said that it has the technology, in this release or a later one."""
        tag = next(tag for tag, known in RELEASES.items() if known == name)
        return tag in self.capabilities and self.capabilities[tag][0] >= release


def decode_tac(octets: bytes) -> str:
    """The digits of a TAC."""
    return "".join(f"{octet & 15:x}{octet >> 4:x}" for octet in octets)


def read_imei(octets: bytes) -> str:
    """The 15 digits. The filler of the last octet may be in either half: both are in the field.

    The check digit is not verified: devices may send 0 in its place (TS 23.003, 6.2.1)."""
    digits = "".join(f"{o & 15:x}{o >> 4:x}" for o in octets[:7])
    last = f"{octets[7]:02x}" if len(octets) == 8 else ""
    check = last.replace("f", "", 1)
    imei = digits + check
    if len(check) != 1 or not imei.isdigit():
        raise Refusal("8.8", "4.2", "IMEI is malformed")
    return imei


def _read_capabilities(item: tlv.Tlv | None) -> dict[int, bytes]:
    if item is None:
        raise Refusal("8.8", "4.2", "deviceInfo has no deviceCapabilities")
    found: dict[int, bytes] = {}
    for child in item.children():
        if child.tag in range(0x80, 0x8C) and len(child.value) != 3:
            raise Refusal("8.8", "4.2", "a device capability is not three octets")
        found[child.tag] = child.value
    return found


def read_context(item: tlv.Tlv | None) -> Device:
    """CtxParamsForCommonAuthentication, strictly."""
    if item is None or item.tag != 0xA0:
        raise Refusal("8.8", "4.2", "euiccSigned1 has no ctxParams1")
    info = item.find(0xA1)
    tac = info.find(0x80) if info else None
    if info is None or tac is None or len(tac.value) != 4:
        raise Refusal("8.8", "4.2", "deviceInfo has no TAC of four octets")
    capabilities = _read_capabilities(info.find(0xA1))
    imei_tlv = info.find(0x82)
    imei = read_imei(imei_tlv.value) if imei_tlv else ""
    if imei and imei_tlv.value[:4] != tac.value:
        raise Refusal("8.8", "4.2", "TAC and IMEI belong to different devices")
    matching_id = item.find(0x80)
    try:
        text = matching_id.value.decode("utf-8") if matching_id else ""
    except UnicodeDecodeError as error:
        raise Refusal("8.2.6", "3.8", "the MatchingID is not UTF-8") from error
    return Device(text, tac.value, imei, capabilities)


def _free_memory(info2: tlv.Tlv) -> int | None:
    """Free non-volatile memory out of extCardResource (EUICCInfo2, 4.3)."""
    resource = info2.find(0x84)
    if resource is None:
        raise Refusal("8.8", "4.2", "EUICCInfo2 has no extCardResource")
    free = next((child for child in tlv.parse(resource.value) if child.tag == 0x82), None)
    return int.from_bytes(free.value, "big") if free else None


def check_device(order: Order, device: Device) -> None:
    """Whether this device can use this profile (SGP.22 v2.5, 5.6.3 with Annex F)."""
    for name, release in order.needs.items():
        if not device.supports(name, release):
            raise Refusal("8.2.5", "4.3", f"the profile needs a device with {name} {release}")


def check_eligibility(order: Order, info2: tlv.Tlv, *, memory: bool = True) -> None:
    """Whether this eUICC can take this profile (SGP.22 v2.5, 5.6.3 with Annex F)."""
    for tag in (0x81, 0x82, 0x83):
        item = info2.find(tag)
        if item is None or len(item.value) != 3:
            raise Refusal("8.8", "4.2", f"EUICCInfo2 has no proper {tag:02X}")
    if info2.find(0x81).value < VERSION:
        raise Refusal("8.2.5", "4.3", "the eUICC's profile package version is too old")
    capabilities = info2.find(0x85)
    if capabilities is None or not {1, 4} <= tlv.read_bit_string(capabilities.value):
        raise Refusal("8.2.5", "4.3", "the eUICC has no USIM with Milenage")
    rsp = info2.find(0x88)
    if rsp is None:
        raise Refusal("8.8", "4.2", "EUICCInfo2 has no rspCapability")
    if order.profile_class == "test" and 3 not in tlv.read_bit_string(rsp.value):
        raise Refusal("8.2.5", "4.3", "the eUICC takes no test profiles")
    forbidden = info2.find(0x99)
    if forbidden and set(order.pprs) & tlv.read_bit_string(forbidden.value):
        raise Refusal("8.2.5", "4.3", "the eUICC forbids a policy rule of the profile")
    free = _free_memory(info2)
    if memory and free is not None and order.size is not None and free < order.size:
        raise Refusal("8.1", "4.8", "not enough memory on the eUICC")


class SessionTable:
    """All sessions by transaction identifier."""

    def __init__(self, id_length: int) -> None:
        if not 1 <= id_length <= 16:
            raise ValueError("a transaction identifier has 1 to 16 octets")
        self._id_length = id_length
        self._sessions: dict[bytes, Session] = {}

    def open(self, euicc_challenge: bytes, credential: Credential, ci: x509.Certificate) -> Session:
        """A new session under a transaction identifier never used before."""
        transaction_id = secrets.token_bytes(self._id_length)
        while transaction_id in self._sessions:
            transaction_id = secrets.token_bytes(self._id_length)
        session = Session(transaction_id, euicc_challenge, secrets.token_bytes(16), credential, ci)
        self._sessions[transaction_id] = session
        return session

    def find(self, transaction_id: bytes, *states: str) -> Session:
        """The session, which must be in one of ``states``."""
        session = self._sessions.get(transaction_id)
        if session is None or session.state not in states:
            raise Refusal("8.10.1", "3.9", "unknown transaction")
        return session

    def lookup(self, transaction_id: bytes) -> Session | None:
        """The session whatever its state."""
        return self._sessions.get(transaction_id)

    def expire(self) -> None:
        """Forget every session that is under way, as a server does after its time-out."""
        for session in self._sessions.values():
            if session.state != "bound":
                session.state = "closed"
