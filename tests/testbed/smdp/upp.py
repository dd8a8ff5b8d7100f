# SPDX-License-Identifier: LGPL-2.1-or-later
"""The unprotected profile package (UPP) made from a subscriber record.

It follows the TCA "eUICC Profile Package: Interoperable Format" 2.1 as far as a test eUICC looks:
a header first, PE-MF with EF_ICCID, codes, PE-USIM with EF_IMSI, PE-AKA-Parameter with Milenage keys,
DF.TELECOM with EF_MSISDN, and PE-End last. What is missing for a real network is the MNO security domain.
Filler files bring the package to the exact size that an order asks for.
"""

from __future__ import annotations

import hashlib

from ..tlv import encode
from .subscriber import SubscriberRecord, encode_imsi, encode_msisdn

VERSION = b"\x02\x01"
"""Of the package format, in the header: the lowest that has all elements used here."""

TEMPLATE_MF = bytes.fromhex("67810F010201")
TEMPLATE_TELECOM = bytes.fromhex("67810F010203")
TEMPLATE_USIM = bytes.fromhex("67810F010204")
USIM_AID = bytes.fromhex("A0000000871002FF33FFFF8901010100")

FILLER_FILE = 16384
"""Octets of a filler file at most: real packages consist of many files, not of one."""

FIRST_FILLER_FID = 0x6F80


def _content(octets: bytes) -> bytes:
    return encode(0x83, octets)


class _Elements:
    """Collects profile elements and numbers them."""

    def __init__(self) -> None:
        self.octets = bytearray()
        self._number = 0

    def add(self, tag: int, children: list[bytes], *, mandated: bool = True) -> None:
        self._number += 1
        number = self._number.to_bytes(1 if self._number < 0x80 else 2, "big")
        header = encode(0xA0, ([encode(0x80, b"")] if mandated else []) + [encode(0x81, number)])
        self.octets += encode(tag, [header] + children)


def _header(record: SubscriberRecord, profile_type: str) -> bytes:
    services = [encode(0x81, b""), encode(0x84, b"")]   # usim, milenage
    templates = [encode(0x06, oid) for oid in (TEMPLATE_MF, TEMPLATE_TELECOM, TEMPLATE_USIM)]
    return encode(0xA0, [
        encode(0x80, VERSION[:1]), encode(0x81, VERSION[1:]), encode(0x82, profile_type.encode()),
        encode(0x83, record.iccid_octets), encode(0xA5, services), encode(0xA6, templates)])


def _codes(elements: _Elements, record: SubscriberRecord) -> None:
    puk = encode(0x30, [encode(0x80, b"\x01"), encode(0x81, record.puk.encode()), encode(0x82, b"\xAA")])
    elements.add(0xA3, [encode(0xA1, [puk])])
    pin = encode(0x30, [
        encode(0x80, b"\x01"), encode(0x81, record.pin.encode().ljust(8, b"\xff")),
        encode(0x82, b"\x01"), encode(0x83, b"\x06"), encode(0x84, b"\x33")])
    elements.add(0xA2, [encode(0xA1, [encode(0xA0, [pin])])])


def _aka(elements: _Elements, record: SubscriberRecord) -> None:
    algorithm = encode(0xA1, [
        encode(0x80, b"\x01"), encode(0x81, b"\x01"), encode(0x82, record.k), encode(0x83, record.opc)])
    elements.add(0xA4, [encode(0xA1, [algorithm]), encode(0x82, b"\x02")])


def _usim(elements: _Elements, record: SubscriberRecord) -> None:
    elements.add(0xB3, [
        encode(0x81, TEMPLATE_USIM),
        encode(0xA2, [encode(0xA1, [encode(0x84, USIM_AID), encode(0xC6, b"\x01\x01")])]),
        encode(0xA3, [_content(encode_imsi(record.imsi))]),
        encode(0xAD, [_content(_encode_spn(record.service_provider))]),
        encode(0xB5, [_content(bytes([0, 0, 0, record.mnc_length]))])])


def _encode_spn(name: str) -> bytes:
    """EF_SPN: display condition, then the name in ASCII, as much as there is room for (TS 31.102, 4.2.12)."""
    return b"\x00" + name.encode("ascii", "replace")[:16].ljust(16, b"\xff")


def _create_file(fid: int, fcp: list[bytes], content: bytes) -> bytes:
    """One FileManagement of a PE-GenericFileManagement: path, FCP, content."""
    identifier = encode(0x83, fid.to_bytes(2, "big"))
    return encode(0x30, [
        encode(0x80, bytes.fromhex("7F10")),
        encode(0x62, fcp[:1] + [identifier] + fcp[1:]), encode(0x81, content)])


def _msisdn(elements: _Elements, record: SubscriberRecord) -> None:
    content = encode_msisdn(record.msisdn)
    fcp = [encode(0x82, bytes([0x42, 0x21, 0x00, len(content), 0x01])), encode(0x8B, bytes.fromhex("6F0604"))]
    elements.add(0xA1, [encode(0xA1, [_create_file(0x6F40, fcp, content)])])


def _filler(elements: _Elements, seed: bytes, length: int) -> None:
    """Transparent files with ``length`` octets of repeatable, incompressible content in all."""
    fid = FIRST_FILLER_FID
    while length:
        count = min(length, FILLER_FILE)
        content = hashlib.shake_128(seed + fid.to_bytes(2, "big")).digest(count)
        fcp = [encode(0x82, b"\x41\x21"), encode(0x80, count.to_bytes(2, "big"))]
        elements.add(0xA1, [encode(0xA1, [_create_file(fid, fcp, content)])], mandated=False)
        fid, length = fid + 1, length - count


def _assemble(record: SubscriberRecord, filler: int, profile_type: str) -> bytes:
    elements = _Elements()
    elements.add(0xB0, [
        encode(0x81, TEMPLATE_MF), encode(0xA2, [encode(0xA1, [encode(0xC6, b"\x01\x01")])]),
        encode(0xA4, [_content(record.iccid_octets)])])
    _codes(elements, record)
    elements.add(0xB2, [
        encode(0x81, TEMPLATE_TELECOM), encode(0xA2, [encode(0xA1, [encode(0xC6, b"\x01\x01")])])])
    _usim(elements, record)
    _aka(elements, record)
    _msisdn(elements, record)
    _filler(elements, record.iccid_octets, filler)
    elements.add(0xAA, [])
    return _header(record, profile_type) + bytes(elements.octets)


def build_upp(record: SubscriberRecord, size: int | None = None) -> bytes:
    """The profile elements of ``record``, exactly ``size`` octets long (default: as small as they get).

    A length field that grows makes some sizes unreachable with filler octets alone; the free text of
    the header's profileType takes up the difference.
    """
    smallest = _assemble(record, 0, "Testbed")
    if size is None or size == len(smallest):
        return smallest
    if size < len(smallest):
        raise ValueError(f"a profile package of this record has at least {len(smallest)} octets")
    filler = size - len(smallest)
    missing = size - len(_assemble(record, filler, "Testbed"))
    while missing < 0:
        filler = max(filler + missing, 0)
        missing = size - len(_assemble(record, filler, "Testbed"))
    return _assemble(record, filler, "Testbed" + " " * missing)
