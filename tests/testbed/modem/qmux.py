# SPDX-License-Identifier: LGPL-2.1-or-later
"""QMUX frames, the messages in them and their TLVs.

A frame is 01, a length of two octets that does not count the 01, flags, service and client, then the message.
The control service (CTL) has transactions of one octet, the others of two.  All numbers are little-endian.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

MARKER = 0x01
FROM_HOST, FROM_MODEM = 0x00, 0x80
#: Client of indications that are for all.
BROADCAST = 0xFF
RESULT_TLV = 0x02
#: A frame's length field counts at most this; libqmi's own limit is lower.
LONGEST = 0xFFFF


class Service:
    CTL, WDS, DMS, NAS, UIM, WDA = 0x00, 0x01, 0x02, 0x03, 0x0B, 0x1A


class Error:
    """Protocol errors that this modem uses, with the numbers that libqmi calls them by."""

    NONE = 0
    MALFORMED = 1
    INTERNAL = 3
    CLIENT_IDS_EXHAUSTED = 5
    INVALID_CLIENT_ID = 7
    INVALID_HANDLE = 9
    NO_NETWORK = 13
    CALL_FAILED = 14
    NOT_PROVISIONED = 16
    MISSING_ARGUMENT = 17
    NO_EFFECT = 26
    INVALID_ARGUMENT = 48
    DEVICE_NOT_READY = 52
    INSUFFICIENT_RESOURCES = 68
    INVALID_OPERATION = 70
    ACCESS_DENIED = 82
    INCOMPATIBLE_STATE = 90
    NOT_SUPPORTED = 94


class Kind:
    """What a message is; the control service codes it differently."""

    REQUEST, RESPONSE, INDICATION = "request", "response", "indication"


_FLAGS = {Kind.REQUEST: 0x00, Kind.RESPONSE: 0x02, Kind.INDICATION: 0x04}
_CTL_FLAGS = {Kind.REQUEST: 0x00, Kind.RESPONSE: 0x01, Kind.INDICATION: 0x02}


class QmiError(Exception):
    """The request fails with this protocol error; tlvs go along with the result."""

    def __init__(self, code: int, tlvs: Mapping[int, bytes] | None = None):
        super().__init__(f"QMI error {code}")
        self.code = code
        self.tlvs = dict(tlvs or {})


class FrameError(ValueError):
    """The octets are no frame."""


@dataclass
class Message:
    """One request, response or indication."""

    service: int
    client: int
    kind: str
    transaction: int
    number: int
    tlvs: dict[int, bytes] = field(default_factory=dict)

    def get(self, tag: int) -> Reader:
        """The TLV, which must be there."""
        if tag not in self.tlvs:
            raise QmiError(Error.MISSING_ARGUMENT)
        return Reader(self.tlvs[tag])

    def response(self, error: int = Error.NONE, tlvs: Mapping[int, bytes] | None = None) -> Message:
        result = {RESULT_TLV: struct.pack("<HH", error != Error.NONE, error)}
        return Message(
            self.service, self.client, Kind.RESPONSE, self.transaction, self.number, {**result, **(tlvs or {})}
        )

    @property
    def error(self) -> int:
        """The protocol error that a response tells of; 0 is success."""
        result, error = struct.unpack("<HH", self.tlvs[RESULT_TLV][:4])
        return error if result else Error.NONE

    def encode(self) -> bytes:
        body = b"".join(struct.pack("<BH", tag, len(value)) + value for tag, value in self.tlvs.items())
        if self.service == Service.CTL:
            head = struct.pack("<BBHH", _CTL_FLAGS[self.kind], self.transaction, self.number, len(body))
        else:
            head = struct.pack("<BHHH", _FLAGS[self.kind], self.transaction, self.number, len(body))
        flags = FROM_HOST if self.kind == Kind.REQUEST else FROM_MODEM
        length = 5 + len(head) + len(body)
        return struct.pack("<BHBBB", MARKER, length, flags, self.service, self.client) + head + body


def decode(frame: bytes) -> Message:
    """The message of a whole frame; FrameError when it is none."""
    try:
        marker, length, _, service, client = struct.unpack_from("<BHBBB", frame)
        if marker != MARKER or length != len(frame) - 1:
            raise FrameError("marker or length is wrong")
        if service == Service.CTL:
            flags, transaction, number, size = struct.unpack_from("<BBHH", frame, 6)
            body, names = frame[12:], _CTL_FLAGS
        else:
            flags, transaction, number, size = struct.unpack_from("<BHHH", frame, 6)
            body, names = frame[13:], _FLAGS
    except struct.error as error:
        raise FrameError("too short") from error
    kind = next((name for name, value in names.items() if value == flags), None)
    if kind is None or size != len(body):
        raise FrameError("flags or size of the message are wrong")
    return Message(service, client, kind, transaction, number, _tlvs(body))


def _tlvs(body: bytes) -> dict[int, bytes]:
    tlvs: dict[int, bytes] = {}
    position = 0
    while position < len(body):
        if position + 3 > len(body):
            raise FrameError("a TLV is cut off")
        tag, length = struct.unpack_from("<BH", body, position)
        position += 3
        if position + length > len(body):
            raise FrameError("a TLV is longer than its message")
        tlvs[tag] = bytes(body[position:position + length])
        position += length
    return tlvs


class Splitter:
    """Frames out of a stream of octets."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, octets: bytes) -> Iterable[bytes]:
        """The frames that are whole now; FrameError when the stream is out of step."""
        self._buffer += octets
        frames = []
        while len(self._buffer) >= 3:
            if self._buffer[0] != MARKER:
                raise FrameError("no frame begins here")
            length = 1 + int.from_bytes(self._buffer[1:3], "little")
            if len(self._buffer) < length:
                break
            frames.append(bytes(self._buffer[:length]))
            del self._buffer[:length]
        return frames


class Reader:
    """Takes a TLV's value apart; a value that is too short is a malformed message."""

    def __init__(self, value: bytes):
        self._value = value
        self._position = 0

    def octets(self, count: int) -> bytes:
        piece = self._value[self._position:self._position + count]
        if len(piece) < count:
            raise QmiError(Error.MALFORMED)
        self._position += count
        return piece

    def u8(self) -> int:
        return self.octets(1)[0]

    def u16(self) -> int:
        return int.from_bytes(self.octets(2), "little")

    def u32(self) -> int:
        return int.from_bytes(self.octets(4), "little")

    def short_octets(self) -> bytes:
        """With a length of one octet before them."""
        return self.octets(self.u8())

    def long_octets(self) -> bytes:
        """With a length of two octets before them."""
        return self.octets(self.u16())

    def rest(self) -> bytes:
        return self.octets(len(self._value) - self._position)


def u8(number: int) -> bytes:
    return struct.pack("<B", number)


def u16(number: int) -> bytes:
    return struct.pack("<H", number)


def u32(number: int) -> bytes:
    return struct.pack("<I", number)


def short_octets(octets: bytes) -> bytes:
    """With a length of one octet before them."""
    return u8(len(octets)) + octets


def long_octets(octets: bytes) -> bytes:
    """With a length of two octets before them."""
    return u16(len(octets)) + octets


def array(items: Iterable[bytes]) -> bytes:
    """With their number in one octet before them."""
    listed = list(items)
    return u8(len(listed)) + b"".join(listed)
