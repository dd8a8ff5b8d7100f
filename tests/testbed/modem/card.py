# SPDX-License-Identifier: LGPL-2.1-or-later
"""The firmware's side of a card slot: what a baseband does with the chip by itself.

It powers the card, announces what it can do (TERMINAL CAPABILITY, TERMINAL PROFILE), reads the USIM on the basic
channel, opens logical channels for others and fetches proactive commands.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from testbed import tlv
from testbed.smdp.subscriber import decode_iccid
from testbed.veuicc import Euicc

#: Extended logical channels, and LPA in the device (SGP.22 v2.5, 5.7; TS 102 221, 11.1.19).
TERMINAL_CAPABILITY = bytes.fromhex("80AA00000AA9088100820101830107")
TERMINAL_PROFILE = bytes.fromhex("801000000A") + b"\xff" * 4 + bytes.fromhex("7F1F00DFD703")
SUCCESS, NO_CHANNEL, NO_ANSWER = 0x9000, 0x6A81, 0
USIM_NAME = bytes.fromhex("A0000000871002")
EF_ICCID, EF_IMSI, EF_AD = bytes.fromhex("3F002FE2"), bytes.fromhex("3F007FFF6F07"), bytes.fromhex("3F007FFF6FAD")
AUTHENTICATE = bytes.fromhex("0088008122")


class CardError(Exception):
    """The card ended a command of the firmware's with this status word; 0 is no answer at all."""

    def __init__(self, sw: int):
        super().__init__(f"{sw:04X}")
        self.sw = sw


def status_of(answer: bytes | None) -> int:
    return int.from_bytes(answer[-2:], "big") if answer else NO_ANSWER


def succeeded(sw: int) -> bool:
    return sw == SUCCESS or sw >> 8 == 0x91


@dataclass
class Seen:
    """What the firmware has read of the card; it stays until it reads again."""

    iccid: bytes = b""
    imsi: str = ""
    mnc_length: int = 2
    usim_aid: bytes = b""

    @property
    def iccid_digits(self) -> str:
        return decode_iccid(self.iccid)


@dataclass
class CardSlot:
    """A physical slot with the chip in it, or without one."""

    chip: Euicc | None
    powered: bool = False
    seen: Seen = field(default_factory=Seen)
    #: Logical channels that were opened for users of the modem.
    channels: set[int] = field(default_factory=set)

    @property
    def present(self) -> bool:
        return self.chip is not None and self.powered

    # Power

    def power_on(self) -> None:
        """Reset the card, tell it about the terminal, read the USIM."""
        if self.chip is None:
            return
        self.chip.power_on()
        self.chip.reset()
        self.powered = True
        self.channels.clear()
        self.exchange(TERMINAL_CAPABILITY)
        self.exchange(TERMINAL_PROFILE)
        self.seen = self._look()

    def power_off(self) -> None:
        if self.chip is not None:
            self.chip.power_off()
        self.powered = False
        self.channels.clear()
        self.seen = Seen()

    def _look(self) -> Seen:
        seen = Seen()
        try:
            seen.iccid = self.read_binary(EF_ICCID)
            fcp, sw = self.exchange(bytes([0x00, 0xA4, 0x04, 0x04, len(USIM_NAME)]) + USIM_NAME + b"\x00")
            if not succeeded(sw):
                return seen
            seen.usim_aid = tlv.parse_single(fcp, 0x62).get(0x84).value
            digits = self.read_binary(EF_IMSI)
            seen.imsi = decode_iccid(digits[1:])[1:]
            seen.mnc_length = self.read_binary(EF_AD)[3]
        except CardError:
            pass  # an eUICC without an enabled profile, or a profile without USIM
        return seen

    # Commands

    def transmit(self, apdu: bytes) -> bytes | None:
        """One command, one answer, as they are."""
        return self.chip.process(apdu) if self.present else None

    def exchange(self, apdu: bytes) -> tuple[bytes, int]:
        """A command of the firmware's own: GET RESPONSE and the right Le are its business."""
        answer = self.transmit(apdu)
        body = b""
        while answer and answer[-2] in (0x61, 0x6C):
            body += answer[:-2]
            if answer[-2] == 0x6C:
                apdu = apdu[:-1] + answer[-1:]
                answer = self.transmit(apdu)
            else:
                answer = self.transmit(bytes([apdu[0] & 0x4F, 0xC0, 0x00, 0x00, answer[-1]]))
        return body + (answer[:-2] if answer else b""), status_of(answer)

    def fetch(self) -> bytes:
        """The proactive command that the card has announced, acknowledged; empty when there is none."""
        # STATUS is what a terminal polls with.
        _, sw = self.exchange(bytes.fromhex("80F2000000"))
        if sw >> 8 != 0x91:
            return b""
        command, sw = self.exchange(bytes([0x80, 0x12, 0x00, 0x00, sw & 0xFF]))
        if not succeeded(sw):
            return b""
        details = tlv.parse_single(command, 0xD0).children()[0]
        response = details.raw + bytes.fromhex("82028281" "030100")
        self.exchange(bytes([0x80, 0x14, 0x00, 0x00, len(response)]) + response)
        return command

    # Logical channels

    def open_channel(self, aid: bytes, most: int, p2: int = 0x00) -> tuple[int, bytes, int]:
        """(channel, answer to SELECT, status word); without an AID nothing is selected.

        A channel whose SELECT is refused stays open, as firmware is known to leave it; most is how many the
        firmware gives out.
        """
        if len(self.channels) >= most:
            raise CardError(NO_CHANNEL)
        opened, sw = self.exchange(bytes.fromhex("0070000001"))
        if not succeeded(sw):
            raise CardError(sw)
        channel = opened[0]
        self.channels.add(channel)
        if not aid:
            return channel, b"", sw
        answer, sw = self.exchange(with_channel(bytes([0x00, 0xA4, 0x04, p2, len(aid)]) + aid + b"\x00", channel))
        return channel, answer, sw

    def close_channel(self, channel: int) -> int:
        """The card's status word."""
        self.channels.discard(channel)
        return self.exchange(bytes([0x00, 0x70, 0x80, channel]))[1]

    # Files

    def select(self, path: bytes) -> bytes:
        """FCP of a file by its path from the MF."""
        below = path.removeprefix(b"\x3f\x00")
        command = bytes([0x00, 0xA4, 0x08, 0x04, len(below)]) + below if below else bytes.fromhex("00A40004023F00")
        return self._checked(command + b"\x00")

    def read_binary(self, path: bytes, offset: int = 0, length: int = 0) -> bytes:
        self.select(path)
        return self._checked(bytes([0x00, 0xB0, offset >> 8, offset & 0xFF, min(length, 255)]))

    def read_record(self, path: bytes, number: int) -> bytes:
        self.select(path)
        return self._checked(bytes([0x00, 0xB2, number, 0x04, 0x00]))

    def authenticate(self, rand: bytes, autn: bytes) -> bytes:
        """DB with RES, CK, IK, or DC with AUTS; CardError when the card refuses the network."""
        return self._checked(AUTHENTICATE + bytes([len(rand)]) + rand + bytes([len(autn)]) + autn + b"\x00")

    def _checked(self, command: bytes) -> bytes:
        body, sw = self.exchange(command)
        if not succeeded(sw):
            raise CardError(sw)
        return body


def with_channel(apdu: bytes, channel: int) -> bytes:
    """The command with the class octet that its channel demands (TS 102 221, 10.1.1)."""
    if channel < 4:
        return bytes([apdu[0] & 0x80 | channel]) + apdu[1:]
    return bytes([apdu[0] & 0x80 | 0x40 | channel - 4]) + apdu[1:]
