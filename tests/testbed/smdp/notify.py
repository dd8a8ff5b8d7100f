# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reading notifications (SGP.22 v2.5, 5.6.4): who signed what, and what it means for an order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cryptography import x509

from .. import certificates, crypto, tlv
from .chain import verify_euicc
from .orders import EVENTS, Refusal
from .record import Notification
from .session import Session, SessionTable
from .subscriber import decode_iccid


class Malformed(Exception):
    """Not a notification; the request is answered with 400."""


@dataclass(frozen=True)
class _Metadata:
    seq: int
    event: str
    address: str
    iccid: str


def _child(item: tlv.Tlv, tag: int) -> tlv.Tlv:
    child = item.find(tag)
    if child is None:
        raise Malformed(f"{item.tag:X} has no {tag:X}")
    return child


def _read_metadata(item: tlv.Tlv) -> _Metadata:
    events = tlv.read_bit_string(_child(item, 0x81).value)
    names = [name for name, bit in EVENTS.items() if bit in events]
    if len(events) != 1 or not names:
        raise Malformed("notification metadata has not exactly one known event")
    iccid = item.find(0x5A)
    if iccid and len(iccid.value) != 10:
        raise Malformed("ICCID is not 10 octets")
    return _Metadata(tlv.read_integer(_child(item, 0x80).value), names[0],
                     _child(item, 0x0C).value.decode("utf-8"), decode_iccid(iccid.value) if iccid else "")


def _read_result(data: tlv.Tlv) -> tuple[int, int] | None:
    """finalResult: None for success, else (bppCommandId, errorReason)."""
    final = _child(data, 0xA2).children()
    if len(final) != 1 or final[0].tag not in (0xA0, 0xA1):
        raise Malformed("finalResult is neither success nor error")
    if final[0].tag == 0xA0:
        _child(final[0], 0x4F), _child(final[0], 0x04)
        return None
    return (tlv.read_integer(_child(final[0], 0x80).value), tlv.read_integer(_child(final[0], 0x81).value))


def _problem_with_result(session: Session | None, data: tlv.Tlv, signature: bytes, host: str,
                         metadata: _Metadata) -> str:
    if session is None or session.euicc is None:
        return "unknown transaction"
    if not crypto.verify(session.euicc.certificate, data.raw, signature):
        return "signature is wrong"
    if _child(data, 0x06).value != tlv.oid(certificates.registered_oid(session.credential.cert) or "0.0"):
        return "OID of another SM-DP+"
    if metadata.address != host:
        return "address of another SM-DP+"
    if session.state != "bound" or session.order is None:
        return "no package was sent in this session"
    if metadata.iccid not in ("", session.order.record.iccid):
        return "ICCID of another profile"
    return ""


def read_install_result(item: tlv.Tlv, sessions: SessionTable,
                        host: str) -> tuple[Notification, Session | None]:
    """A ProfileInstallationResult, BF37, and the session it belongs to."""
    data, signature = _child(item, 0xBF27), _child(item, 0x5F37)
    transaction_id = _child(data, 0x80).value
    metadata = _read_metadata(_child(data, 0xBF2F))
    if metadata.event != "install":
        raise Malformed("an installation result of another event")
    error = _read_result(data)
    session = sessions.lookup(transaction_id)
    problem = _problem_with_result(session, data, signature.value, host, metadata)
    eid = session.euicc.eid if session and session.euicc else ""
    return Notification(
        "install-result", metadata.event, metadata.seq, metadata.iccid, eid, metadata.address, not problem,
        problem, success=error is None, error=error, transaction_id=transaction_id, raw=item.raw), session


def read_other(item: tlv.Tlv, ci_certificates: Iterable[x509.Certificate]) -> Notification:
    """An OtherSignedNotification: it brings its certificates along."""
    children = item.children()
    if [child.tag for child in children] != [0xBF2F, 0x5F37, 0x30, 0x30]:
        raise Malformed("not the four members of an OtherSignedNotification")
    signed, signature, euicc, eum = children
    metadata = _read_metadata(signed)
    eid, problem = "", ""
    try:
        identity = verify_euicc(euicc.raw, eum.raw, ci_certificates)
        eid = identity.eid
        if not crypto.verify(identity.certificate, signed.raw, signature.value):
            problem = "signature is wrong"
    except Refusal as refusal:
        problem = str(refusal)
    return Notification("other", metadata.event, metadata.seq, metadata.iccid, eid, metadata.address,
                        not problem, problem, raw=item.raw)
