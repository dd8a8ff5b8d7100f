# SPDX-License-Identifier: LGPL-2.1-or-later
"""Logical channels, SELECT, and STORE DATA with its answers.

ETSI TS 102 221, 11.1 for channels and files, SGP.22 v2.5, 5.7.2 for STORE DATA.
All state here is volatile: a reset begins with a new Transport.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from testbed import tlv
from testbed.veuicc.apdu import Command, Ins, StatusError, Sw, parse, status
from testbed.veuicc.config import Config
from testbed.veuicc.usim import COMMANDS as FILE_COMMANDS
from testbed.veuicc.usim import FileSystem, Selection

MORE_BLOCKS, LAST_BLOCK = 0x11, 0x91
#: Terminals without extended channels have 1 to 3.
BASIC_CHANNELS = 3

MAY_HAVE_ANY_CLASS = {Ins.GET_RESPONSE}
PROPRIETARY = {
    Ins.STORE_DATA, Ins.TERMINAL_CAPABILITY, Ins.TERMINAL_PROFILE, Ins.FETCH, Ins.TERMINAL_RESPONSE,
    Ins.STATUS,
}


class Silence(Exception):
    """The card gives no answer."""


class Application(Protocol):
    """What the transport needs of an ISD-R, and of the enabled profile."""

    config: Config

    def fci(self) -> bytes: ...

    def files(self) -> FileSystem: ...

    def block_arrived(self, request: bytes) -> None: ...

    def execute(self, request: bytes, channel: int) -> bytes: ...

    def channel_left(self, channel: int) -> None: ...


@dataclass
class Channel:
    """What the card remembers for one logical channel."""

    application: Application | None = None
    blocks: bytearray = field(default_factory=bytearray)
    next_block: int = 0
    #: Octets of the last answer that have not been fetched.
    answer: bytes = b""
    #: A command that was answered 6Cxx, without its Le.
    repeatable: bytes = b""
    #: In the file system of the profile that was enabled then.
    selection: Selection | None = None

    def forget_blocks(self) -> None:
        self.blocks.clear()
        self.next_block = 0


class Transport:
    """The card's side of the interface, from reset to reset; config is the card's, each ISD-R has its AIDs."""

    def __init__(self, config: Config, *applications: Application):
        self._config = config
        self._applications = applications
        self._channels = {0: Channel()}
        self._extended = False
        self._capable = False
        #: Proactive command that waits for FETCH.
        self._proactive = b""
        self._get_response_once = False

    @property
    def open_channels(self) -> int:
        """Open logical channels besides the basic one."""
        return len(self._channels) - 1

    def addressed(self, raw: bytes) -> Application | None:
        """The ISD-R that a command is for: the one that it selects, or the one on its channel."""
        try:
            command = parse(raw)
        except StatusError:
            return None
        if command.ins == Ins.SELECT and command.p1 == 0x04:
            return self._named(command.data)
        channel = self._channels.get(command.channel)
        return channel.application if channel else None

    def _named(self, aid: bytes) -> Application | None:
        return next((a for a in self._applications if aid in (a.config.isdr_aid, *a.config.other_aids)), None)

    def announce(self, proactive: bytes) -> None:
        self._proactive = proactive

    def force_get_response(self) -> None:
        """The next answer with data is 61xx, whatever the command's Le."""
        self._get_response_once = True

    def process(self, command: Command) -> bytes:
        """Body and status word, or StatusError."""
        channel = self._channels.get(command.channel)
        if channel is None:
            raise StatusError(Sw.CHANNEL)
        handler = self._handlers().get(command.ins)
        if handler is None:
            raise StatusError(Sw.INSTRUCTION)
        if command.ins not in MAY_HAVE_ANY_CLASS:
            if command.proprietary != (command.ins in PROPRIETARY):
                raise StatusError(Sw.CLASS)
        if command.ins != Ins.GET_RESPONSE and not self._is_repeated(command, channel):
            channel.answer = channel.repeatable = b""
        return handler(command, channel)

    def _handlers(self):
        return {
            Ins.MANAGE_CHANNEL: self._manage_channel,
            Ins.SELECT: self._select,
            Ins.TERMINAL_CAPABILITY: self._terminal_capability,
            Ins.TERMINAL_PROFILE: self._terminal_profile,
            Ins.STORE_DATA: self._store_data,
            Ins.GET_RESPONSE: self._get_response,
            Ins.FETCH: self._fetch,
            Ins.TERMINAL_RESPONSE: self._terminal_response,
            **dict.fromkeys(FILE_COMMANDS, self._file_command),
        }

    # MANAGE CHANNEL (ETSI TS 102 221, 11.1.17)

    def _manage_channel(self, command: Command, _channel: Channel) -> bytes:
        if command.data:
            raise StatusError(Sw.WRONG_LENGTH)
        if command.p1 == 0x00:
            return self._open_channel(command)
        if command.p1 != 0x80 or command.p2 == 0:
            raise StatusError(Sw.WRONG_P1P2)
        if command.p2 not in self._channels:
            raise StatusError(Sw.CHANNEL)
        closed = self._channels.pop(command.p2)
        if closed.application:
            closed.application.channel_left(command.p2)
        return status(Sw.OK)

    def _open_channel(self, command: Command) -> bytes:
        if not self._config.channels:
            raise StatusError(self._config.no_channel_sw)
        highest = self._config.channels if self._extended else min(BASIC_CHANNELS, self._config.channels)
        if command.p2:
            if command.p2 > highest or command.p2 in self._channels:
                raise StatusError(Sw.CHANNEL)
            self._channels[command.p2] = Channel()
            return status(Sw.OK)
        if command.le is None:
            raise StatusError(0x6C01)
        for number in range(self._config.first_channel, highest + 1):
            if number not in self._channels:
                self._channels[number] = Channel()
                return bytes([number]) + status(Sw.OK)
        raise StatusError(self._config.no_channel_sw)

    # SELECT (ETSI TS 102 221, 11.1.1)

    def _select(self, command: Command, channel: Channel) -> bytes:
        if command.p1 == 0x04:
            body = self._select_application(command, channel)
        elif command.p1 in (0x00, 0x08):
            body = self._selection(channel).select(command)
            self._leave_application(command, channel)
        else:
            raise StatusError(Sw.WRONG_P1P2)
        if command.p2 not in (0x00, 0x04, 0x0C):
            raise StatusError(Sw.WRONG_P1P2)
        return self._reply(command, channel, b"" if command.p2 == 0x0C else body)

    def _select_application(self, command: Command, channel: Channel) -> bytes:
        fcp = self._selection(channel).select_usim(command.data)
        if fcp is not None:
            self._leave_application(command, channel)
            return fcp
        hidden = self._config.terminal_capability == "hide" and not self._capable
        application = self._named(command.data)
        if application is None or hidden:
            raise StatusError(Sw.NOT_FOUND)
        self._leave_application(command, channel)
        channel.application = application
        return b"" if self._config.without_fci else application.fci()

    def _leave_application(self, command: Command, channel: Channel) -> None:
        if channel.application:
            channel.application.channel_left(command.channel)
        channel.application = None
        channel.forget_blocks()

    # Files (ETSI TS 102 221, 11.1.3, 11.1.5)

    def _selection(self, channel: Channel) -> Selection:
        """The channel's own in the present file system; another profile begins with the MF."""
        files = self._applications[0].files()
        if channel.selection is None or channel.selection.files is not files:
            channel.selection = Selection(files)
        return channel.selection

    def _file_command(self, command: Command, channel: Channel) -> bytes:
        return self._reply(command, channel, self._selection(channel).execute(command))

    # Terminal (ETSI TS 102 221, 11.1.19; 11.2)

    def _terminal_capability(self, command: Command, _channel: Channel) -> bytes:
        if command.parameters != (0, 0):
            raise StatusError(Sw.WRONG_P1P2)
        try:
            template = tlv.parse_single(command.data, 0xA9)
            children = {child.tag: child.value for child in template.children()}
        except tlv.TlvError as error:
            raise StatusError(Sw.WRONG_DATA) from error
        if self._config.terminal_capability_sw != Sw.OK:
            raise StatusError(self._config.terminal_capability_sw)
        self._extended = 0x81 in children
        self._capable = bool(children.get(0x83, b"\x00")[:1].strip(b"\x00"))
        return status(Sw.OK)

    def _terminal_profile(self, _command: Command, _channel: Channel) -> bytes:
        return status(Sw.OK)

    def _fetch(self, command: Command, _channel: Channel) -> bytes:
        if command.channel != 0 or not self._proactive:
            raise StatusError(Sw.CONDITIONS)
        if command.le != len(self._proactive):
            raise StatusError(0x6C00 | len(self._proactive))
        proactive, self._proactive = self._proactive, b""
        return proactive + status(Sw.OK)

    def _terminal_response(self, command: Command, _channel: Channel) -> bytes:
        if not command.data:
            raise StatusError(Sw.WRONG_LENGTH)
        return status(Sw.OK)

    # STORE DATA (SGP.22 v2.5, 5.7.2)

    def _store_data(self, command: Command, channel: Channel) -> bytes:
        if self._is_repeated(command, channel):
            return self._reply(command, channel, channel.answer)
        if channel.application is None:
            raise StatusError(Sw.INSTRUCTION)
        if self._config.terminal_capability == "refuse" and not self._capable:
            raise StatusError(Sw.CONDITIONS)
        wanted_le = self._config.store_data_le
        if command.p1 == LAST_BLOCK and wanted_le is not None and wanted_le != (command.le is not None):
            raise StatusError(Sw.WRONG_LENGTH)
        self._add_block(command, channel)
        if command.p1 == MORE_BLOCKS:
            return status(Sw.OK)
        request = bytes(channel.blocks)
        channel.forget_blocks()
        return self._reply(command, channel, channel.application.execute(request, command.channel))

    def _add_block(self, command: Command, channel: Channel) -> None:
        """Append to the request, which a block number of zero begins anew."""
        if command.p2 == 0:
            channel.forget_blocks()
        expected = channel.next_block
        if command.p1 not in (MORE_BLOCKS, LAST_BLOCK) or command.p2 != expected:
            channel.forget_blocks()
            raise StatusError(Sw.WRONG_P1P2)
        if not command.data:
            raise StatusError(Sw.WRONG_LENGTH)
        channel.application.block_arrived((bytes(channel.blocks) + command.data)[:2])
        if len(command.data) > self._config.largest_segment:
            channel.forget_blocks()
            if not self._config.segment_limit_sw:
                raise Silence
            raise StatusError(self._config.segment_limit_sw)
        channel.blocks += command.data
        channel.next_block += 1

    # Answers

    def _reply(self, command: Command, channel: Channel, body: bytes) -> bytes:
        """Data with the answer if there is an Le, or 61xx for GET RESPONSE."""
        channel.repeatable = b""
        channel.answer = body
        if not body:
            return self._final()
        if self._config.exact_le and command.le not in (None, min(len(body), 256)):
            channel.repeatable = _without_le(command)
            return status(0x6C00 | min(len(body), 256) & 0xFF)
        forced, self._get_response_once = self._get_response_once, False
        if command.le is None or self._config.always_get_response or forced:
            return self._more(channel)
        return self._piece(channel, command.le)

    def _get_response(self, command: Command, channel: Channel) -> bytes:
        """Both class codings are in use: interindustry and that of STORE DATA."""
        if not channel.answer:
            raise StatusError(Sw.CONDITIONS)
        if command.parameters != (0, 0) or command.data or command.le is None:
            raise StatusError(Sw.WRONG_P1P2)
        available = min(len(channel.answer), self._config.chunk)
        if command.le > available and (self._config.exact_le or command.le != 256):
            raise StatusError(0x6C00 | available & 0xFF)
        return self._piece(channel, command.le)

    def _piece(self, channel: Channel, wanted: int) -> bytes:
        size = min(wanted, self._config.chunk)
        piece, channel.answer = channel.answer[:size], channel.answer[size:]
        return piece + (self._more(channel) if channel.answer else self._final())

    def _more(self, channel: Channel) -> bytes:
        return status(0x6100 | min(len(channel.answer), self._config.chunk) & 0xFF)

    def _final(self) -> bytes:
        return status(0x9100 | len(self._proactive)) if self._proactive else status(self._config.done_sw)

    @staticmethod
    def _is_repeated(command: Command, channel: Channel) -> bool:
        return bool(channel.repeatable) and channel.repeatable == _without_le(command)


def _without_le(command: Command) -> bytes:
    return bytes([command.cla, command.ins, command.p1, command.p2]) + command.data
