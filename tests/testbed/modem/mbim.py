# SPDX-License-Identifier: LGPL-2.1-or-later
"""MBIM messages (USB-IF MBIM 1.0, 9): open, close, command, and the information in them.

All numbers are little-endian.  Information is a row of numbers and references (offset or size first) into the
data behind them, which begins at a multiple of four.
"""

from __future__ import annotations

import struct
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

OPEN, CLOSE, COMMAND, HOST_ERROR = 0x00000001, 0x00000002, 0x00000003, 0x00000004
DONE, INDICATE = 0x80000000, 0x80000007
QUERY, SET = 0, 1
LONGEST = 4096

BASIC_CONNECT = uuid.UUID("a289cc33-bcbb-8b4f-b6b0-133ec2aae6df")
UICC_LOW_LEVEL = uuid.UUID("c2f6588e-f037-4bc9-8665-f4d44bd09367")
BASIC_CONNECT_EXTENSIONS = uuid.UUID("3d01dcc5-fef5-4d05-0d3a-bef7058e9aaf")


class Status:
    """Status of a command; those with 8743 are of MS UICC Low Level Access."""

    NONE, BUSY, FAILURE, SIM_NOT_INSERTED = 0, 1, 2, 3
    NO_DEVICE_SUPPORT = 9
    NOT_INITIALIZED = 14
    INVALID_PARAMETERS = 21
    OPERATION_NOT_ALLOWED = 28
    NO_LOGICAL_CHANNELS, SELECT_FAILED, INVALID_LOGICAL_CHANNEL = 0x87430001, 0x87430002, 0x87430003


class MbimError(Exception):
    """The command ends with this status, and with what information there is."""

    def __init__(self, status: int, information: bytes = b""):
        super().__init__(f"MBIM status {status:#x}")
        self.status, self.information = status, information


@dataclass(frozen=True)
class Command:
    """A command message of one fragment."""

    transaction: int
    service: uuid.UUID
    number: int
    kind: int
    information: bytes

    def u32(self, index: int) -> int:
        """The index-th number of the information."""
        if len(self.information) < 4 * index + 4:
            raise MbimError(Status.INVALID_PARAMETERS)
        return struct.unpack_from("<I", self.information, 4 * index)[0]

    def octets(self, size_index: int, offset_index: int) -> bytes:
        """What a size and an offset refer to."""
        size, offset = self.u32(size_index), self.u32(offset_index)
        if size and offset + size > len(self.information):
            raise MbimError(Status.INVALID_PARAMETERS)
        return self.information[offset:offset + size] if size else b""


def header(message: bytes) -> tuple[int, int, int]:
    """(type, length, transaction) of a message of twelve octets at least."""
    return struct.unpack_from("<III", message)


def parse_command(message: bytes) -> Command | None:
    """None when the message is not a whole command."""
    if len(message) < 48:
        return None
    _, length, transaction, total, _ = struct.unpack_from("<IIIII", message)
    service = uuid.UUID(bytes=bytes(message[20:36]))
    number, kind, size = struct.unpack_from("<III", message, 36)
    if length != len(message) or total != 1 or size != len(message) - 48:
        return None
    return Command(transaction, service, number, kind, bytes(message[48:]))


def done(message_type: int, transaction: int, status: int) -> bytes:
    """The answer to open and to close."""
    return struct.pack("<IIII", DONE | message_type, 16, transaction, status)


def command_done(command: Command, status: int, information: bytes) -> bytes:
    head = struct.pack("<IIIII", DONE | COMMAND, 48 + len(information), command.transaction, 1, 0)
    body = command.service.bytes + struct.pack("<III", command.number, status, len(information))
    return head + body + information


def indication(service: uuid.UUID, number: int, information: bytes) -> bytes:
    head = struct.pack("<IIIII", INDICATE, 44 + len(information), 0, 1, 0)
    return head + service.bytes + struct.pack("<II", number, len(information)) + information


class Ref:
    """Octets behind the numbers; the reference has its size first, or its offset."""

    def __init__(self, octets: bytes, *, size_first: bool = False):
        self.octets, self.size_first = octets, size_first


def text(value: str) -> Ref:
    return Ref(value.encode("utf-16-le"))


def information(*fields: int | Ref) -> bytes:
    """Numbers and references in a row, then the data."""
    fixed = sum(8 if isinstance(field, Ref) else 4 for field in fields)
    numbers, data = b"", b""
    for field in fields:
        if isinstance(field, Ref):
            offset = fixed + len(data) if field.octets else 0
            pair = (len(field.octets), offset) if field.size_first else (offset, len(field.octets))
            numbers += struct.pack("<II", *pair)
            data += field.octets + bytes(-len(field.octets) % 4)
        else:
            numbers += struct.pack("<I", field)
    return numbers + data


class MbimSplitter:
    """Messages out of a stream of octets."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, octets: bytes) -> Iterable[bytes]:
        """The messages that are whole now; ValueError when the stream is out of step."""
        self._buffer += octets
        messages = []
        while len(self._buffer) >= 12:
            length = header(self._buffer)[1]
            if not 12 <= length <= LONGEST:
                raise ValueError("a message of this length is none")
            if len(self._buffer) < length:
                break
            messages.append(bytes(self._buffer[:length]))
            del self._buffer[:length]
        return messages
