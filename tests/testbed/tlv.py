# SPDX-License-Identifier: LGPL-2.1-or-later
"""BER-TLV with definite lengths, as ES10 and the DER objects in it use it.

Tags are integers that read like the specification: 0x5A, 0x9F70, 0xBF21.
Decoded objects keep the octets they came from, because each signature of
SGP.22 is over received octets and never over a new encoding of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

MAX_LENGTH_OCTETS = 3


class TlvError(ValueError):
    """The octets are not a sequence of complete definite-length TLVs."""


@dataclass(frozen=True)
class Tlv:
    """One decoded object."""

    tag: int
    value: bytes
    #: The complete object as it was received.
    raw: bytes
    #: Tag and length as they were received; ``raw == header + value``.
    header: bytes

    @property
    def constructed(self) -> bool:
        return bool(self.header[0] & 0x20)

    def children(self) -> list[Tlv]:
        return parse(self.value)

    def find(self, tag: int) -> Tlv | None:
        """The first child with this tag."""
        return find(self.children(), tag)

    def find_all(self, tag: int) -> list[Tlv]:
        return [child for child in self.children() if child.tag == tag]

    def get(self, tag: int) -> Tlv:
        """The first child with this tag, which must be there."""
        child = self.find(tag)
        if child is None:
            raise TlvError(f"{self.tag:X} has no {tag:X}")
        return child


def find(objects: Iterable[Tlv], tag: int) -> Tlv | None:
    return next((tlv for tlv in objects if tlv.tag == tag), None)


def encode_tag(tag: int) -> bytes:
    return tag.to_bytes(max(1, (tag.bit_length() + 7) // 8), "big")


def encode_length(length: int) -> bytes:
    """The shortest form."""
    if length < 0x80:
        return bytes([length])
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(octets)]) + octets


def encode(tag: int, value: bytes | Iterable[bytes] = b"") -> bytes:
    """A TLV; a list is the concatenation of its (already encoded) members."""
    if not isinstance(value, (bytes, bytearray, memoryview)):
        value = b"".join(value)
    value = bytes(value)
    return encode_tag(tag) + encode_length(len(value)) + value


def read_header(data: bytes, offset: int = 0) -> tuple[int, int, int]:
    """(tag, length of the value, offset of the value) of the object there."""
    tag, offset = _read_tag(data, offset)
    length, offset = _read_length(data, offset)
    return tag, length, offset


def _read_tag(data: bytes, offset: int) -> tuple[int, int]:
    if offset >= len(data):
        raise TlvError("no tag")
    first = data[offset]
    if first & 0x1F != 0x1F:
        return first, offset + 1
    if offset + 2 > len(data):
        raise TlvError("tag is cut off")
    if data[offset + 1] & 0x80:
        raise TlvError("tags have at most two octets")
    return first << 8 | data[offset + 1], offset + 2


def _read_length(data: bytes, offset: int) -> tuple[int, int]:
    if offset >= len(data):
        raise TlvError("no length")
    first = data[offset]
    if first < 0x80:
        return first, offset + 1
    count = first & 0x7F
    if count == 0:
        raise TlvError("indefinite length")
    if count > MAX_LENGTH_OCTETS:
        raise TlvError("length is too large")
    end = offset + 1 + count
    if end > len(data):
        raise TlvError("length is cut off")
    return int.from_bytes(data[offset + 1:end], "big"), end


def parse_one(data: bytes, offset: int = 0) -> Tlv:
    """The object that starts at offset; what follows it is not looked at."""
    tag, length, start = read_header(data, offset)
    end = start + length
    if end > len(data):
        raise TlvError(f"{tag:X} is cut off")
    return Tlv(tag, bytes(data[start:end]), bytes(data[offset:end]), bytes(data[offset:start]))


def parse(data: bytes) -> list[Tlv]:
    """All objects of data, which must end where the last object ends."""
    objects, offset = [], 0
    while offset < len(data):
        tlv = parse_one(data, offset)
        objects.append(tlv)
        offset += len(tlv.raw)
    return objects


def parse_single(data: bytes, tag: int | None = None) -> Tlv:
    """The only object of data, optionally with the expected tag."""
    tlv = parse_one(data)
    if len(tlv.raw) != len(data):
        raise TlvError("octets after the object")
    if tag is not None and tlv.tag != tag:
        raise TlvError(f"{tlv.tag:X} where {tag:X} was expected")
    return tlv


def integer(number: int) -> bytes:
    """Content octets of an INTEGER: the shortest two's complement."""
    bits = (number if number >= 0 else ~number).bit_length()
    return number.to_bytes(bits // 8 + 1, "big", signed=True)


def read_integer(value: bytes) -> int:
    if not 1 <= len(value) <= 8:
        raise TlvError("INTEGER of no or too many octets")
    return int.from_bytes(value, "big", signed=True)


def boolean(value: bool) -> bytes:
    return b"\xff" if value else b"\x00"


def read_boolean(value: bytes) -> bool:
    if len(value) != 1:
        raise TlvError("BOOLEAN is not one octet")
    return value != b"\x00"


def bit_string(bits: Iterable[int]) -> bytes:
    """Content octets of a named BIT STRING in DER: no trailing zero bits."""
    numbers = set(bits)
    if not numbers:
        return b"\x00"
    count = max(numbers) + 1
    octets = bytearray((count + 7) // 8)
    for number in numbers:
        octets[number // 8] |= 0x80 >> number % 8
    return bytes([-count % 8]) + bytes(octets)


def read_bit_string(value: bytes) -> set[int]:
    """Numbers of the bits that are one; a wrong count of unused bits is let pass."""
    if not value or value[0] > 7:
        raise TlvError("BIT STRING without a count of unused bits")
    return {
        index * 8 + bit
        for index, octet in enumerate(value[1:])
        for bit in range(8)
        if octet & 0x80 >> bit
    }


def oid(dotted: str) -> bytes:
    """Content octets of an OBJECT IDENTIFIER."""
    arcs = [int(arc) for arc in dotted.split(".")]
    octets = bytearray()
    for arc in [arcs[0] * 40 + arcs[1], *arcs[2:]]:
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(arc & 0x7F | 0x80)
        octets += bytes(reversed(groups))
    return bytes(octets)


def read_oid(value: bytes) -> str:
    if not value or value[-1] & 0x80:
        raise TlvError("OBJECT IDENTIFIER is cut off")
    arcs, arc = [], 0
    for octet in value:
        arc = arc << 7 | octet & 0x7F
        if not octet & 0x80:
            arcs.append(arc)
            arc = 0
    top = min(arcs[0] // 40, 2)
    return ".".join(str(number) for number in [top, arcs[0] - 40 * top, *arcs[1:]])
