# SPDX-License-Identifier: LGPL-2.1-or-later
"""Commands and status words (ISO 7816-4; class coding of ETSI TS 102 221, 10.1.1)."""

from __future__ import annotations

from dataclasses import dataclass


class Sw:
    """Status words that this card uses."""

    OK = 0x9000
    WRONG_LENGTH = 0x6700
    CHANNEL = 0x6881
    SECURE_MESSAGING = 0x6882
    CHAINING = 0x6884
    CONDITIONS = 0x6985
    WRONG_DATA = 0x6A80
    FUNCTION = 0x6A81
    NOT_FOUND = 0x6A82
    WRONG_P1P2 = 0x6A86
    REFERENCE = 0x6A88
    INSTRUCTION = 0x6D00
    CLASS = 0x6E00
    NO_DIAGNOSIS = 0x6F00


class Ins:
    TERMINAL_PROFILE = 0x10
    FETCH = 0x12
    TERMINAL_RESPONSE = 0x14
    MANAGE_CHANNEL = 0x70
    AUTHENTICATE = 0x88
    SELECT = 0xA4
    TERMINAL_CAPABILITY = 0xAA
    READ_BINARY = 0xB0
    READ_RECORD = 0xB2
    GET_RESPONSE = 0xC0
    STORE_DATA = 0xE2
    STATUS = 0xF2


class StatusError(Exception):
    """The command ends with this status word and no data."""

    def __init__(self, sw: int):
        super().__init__(f"{sw:04X}")
        self.sw = sw


@dataclass(frozen=True)
class Command:
    """A decoded command with a short length field."""

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes
    #: Expected length 1 to 256, or None when there is no Le field.
    le: int | None
    channel: int
    proprietary: bool

    @property
    def parameters(self) -> tuple[int, int]:
        return self.p1, self.p2


def parse(raw: bytes) -> Command:
    """Decode; StatusError 6700 for a wrong form, 6E00 or 688x for a wrong class."""
    if len(raw) < 4:
        raise StatusError(Sw.WRONG_LENGTH)
    channel, proprietary = parse_class(raw[0])
    data, le = _body(raw)
    return Command(raw[0], raw[1], raw[2], raw[3], data, le, channel, proprietary)


def parse_class(cla: int) -> tuple[int, bool]:
    """(channel, whether proprietary) of a class octet.

    Channels 0 to 3 are 0X and 8X, channels 4 to 19 are 4X and CX; a channel of
    four or more in 8X is what a terminal sends that forgets the second form.
    """
    proprietary = bool(cla & 0x80)
    if cla & 0x40:
        if cla & 0x20:
            raise StatusError(Sw.SECURE_MESSAGING)
        if cla & 0x10:
            raise StatusError(Sw.CHAINING)
        return 4 + (cla & 0x0F), proprietary
    if cla & 0x70 == 0x10 and not proprietary:
        raise StatusError(Sw.CHAINING)
    if cla & 0x7C:
        raise StatusError(Sw.CLASS)
    return cla & 0x03, proprietary


def _body(raw: bytes) -> tuple[bytes, int | None]:
    """(data, Le) of the cases 1 to 4 of ISO 7816-3, 12.1."""
    if len(raw) == 4:
        return b"", None
    if len(raw) == 5:
        return b"", raw[4] or 256
    length = raw[4]
    if length == 0 or len(raw) not in (5 + length, 6 + length):
        raise StatusError(Sw.WRONG_LENGTH)
    le = raw[5 + length] or 256 if len(raw) == 6 + length else None
    return bytes(raw[5:5 + length]), le


def status(sw: int) -> bytes:
    return sw.to_bytes(2, "big")
