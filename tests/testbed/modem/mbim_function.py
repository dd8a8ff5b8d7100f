# SPDX-License-Identifier: LGPL-2.1-or-later
"""The modem as an MBIM function: what MS UICC Low Level Access needs, and what proxies and tools ask before it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING

from testbed.modem import mbim
from testbed.modem.card import CardError, with_channel
from testbed.modem.mbim_basic import (
    HOME_PROVIDER, PACKET_SERVICE, PIN, RADIO_STATE, REGISTER_STATE, SIGNAL_STATE, MbimBasic,
)
from testbed.modem.mbim import Command, MbimError, Ref, Status, information, text
from testbed.modem.service import Connection

if TYPE_CHECKING:
    from testbed.modem.modem import Modem

READY_NOT_INITIALIZED, READY_INITIALIZED, READY_NOT_INSERTED = 0, 1, 2
DEVICE_CAPS, SUBSCRIBER_READY, DEVICE_SERVICES, SUBSCRIBE_LIST = 1, 2, 16, 19
SYSTEM_CAPS, SLOT_MAPPINGS, SLOT_INFO, DEVICE_RESET = 5, 7, 8, 10
#: States of a slot.
SLOT_OFF_EMPTY, SLOT_NOT_READY, SLOT_ESIM, SLOT_ESIM_NO_PROFILE = 1, 4, 7, 8
ATR, OPEN_CHANNEL, CLOSE_CHANNEL, APDU, TERMINAL_CAPABILITY, RESET = 1, 2, 3, 4, 5, 6
SERVICES = {
    mbim.BASIC_CONNECT: (
        DEVICE_CAPS, SUBSCRIBER_READY, RADIO_STATE, PIN, HOME_PROVIDER, REGISTER_STATE, PACKET_SERVICE, SIGNAL_STATE,
        DEVICE_SERVICES, SUBSCRIBE_LIST,
    ),
    mbim.BASIC_CONNECT_EXTENSIONS: (SYSTEM_CAPS, SLOT_MAPPINGS, SLOT_INFO, DEVICE_RESET),
    mbim.UICC_LOW_LEVEL: (ATR, OPEN_CHANNEL, CLOSE_CHANNEL, APDU, TERMINAL_CAPABILITY, RESET),
}
DEVICE_REMOVABLE, CELLULAR_GSM = 2, 1
DATA_CLASSES = {
    "gsm": 3, "umts": 1 << 2, "hsdpa": 1 << 3, "hsupa": 1 << 4, "lte": 1 << 5, "5g-nsa": 1 << 6, "5g-sa": 1 << 7,
}
EXTENDED_CLASS = 1
PASS_THROUGH_OFF, PASS_THROUGH_ON = 0, 1

Handler = Callable[["MbimFunction", Command], bytes]


class MbimFunction:
    """One open function on one connection."""

    def __init__(self, modem: Modem, connection: Connection):
        self._modem, self._connection = modem, connection
        self._open = False
        #: Channels with the group that they were opened for; they outlive close and open.
        self._groups: dict[int, int] = {}
        self._pass_through = PASS_THROUGH_OFF
        self._basic = MbimBasic(modem)
        self._capabilities: list[bytes] = []

    def received(self, message: bytes) -> None:
        kind, _, transaction = mbim.header(message)
        if kind in (mbim.OPEN, mbim.CLOSE):
            self._open = kind == mbim.OPEN
            self._connection.send(mbim.done(kind, transaction, Status.NONE))
            return
        command = mbim.parse_command(message) if kind == mbim.COMMAND else None
        if command and self._open:
            self._answer(command)

    def _answer(self, command: Command) -> None:
        name = name_of(command)
        self._modem.counters.add("requests")
        self._modem.counters.called(name)
        fault = self._modem.faults.hit(name)
        if fault and fault.kind == "vanish":
            self._modem.unplug()
        if fault and fault.kind in ("vanish", "silence"):
            return
        status, body = (fault.code, b"") if fault and fault.kind == "error" else self._process(command)
        if fault and fault.kind == "then":
            fault.function()
        answer = mbim.command_done(command, status, body)
        if fault and fault.kind == "late":
            self._modem.later(fault.seconds, lambda: self._connection.send(answer))
        elif not fault or fault.kind != "lost-answer":
            self._connection.send(answer)

    def _process(self, command: Command) -> tuple[int, bytes]:
        handler = HANDLERS.get((command.service, command.number))
        if command.service == mbim.BASIC_CONNECT and command.number in self._basic.handlers:
            handler = MbimFunction._basic_connect
        try:
            if handler is None:
                raise MbimError(Status.NO_DEVICE_SUPPORT)
            return Status.NONE, handler(self, command)
        except MbimError as error:
            return error.status, error.information

    def card_changed(self) -> None:
        """Tell the subscriber's state without being asked."""
        if self._open:
            self._connection.send(
                mbim.indication(mbim.BASIC_CONNECT, SUBSCRIBER_READY, self._subscriber_ready_information())
            )
        if self._open and self._modem.firmware.slot_status:
            for number in range(len(self._modem.slots)):
                self._connection.send(
                    mbim.indication(mbim.BASIC_CONNECT_EXTENSIONS, SLOT_INFO, self._slot_information(number))
                )

    def registration_changed(self) -> None:
        if self._open:
            for number, told in self._basic.told().items():
                self._connection.send(mbim.indication(mbim.BASIC_CONNECT, number, told))

    # Basic Connect

    def _basic_connect(self, command: Command) -> bytes:
        return self._basic.handlers[command.number](command)

    def _device_caps(self, _command: Command) -> bytes:
        firmware = self._modem.firmware
        classes = sum(DATA_CLASSES[name] for name in firmware.technologies)
        return information(
            1, CELLULAR_GSM, 0, DEVICE_REMOVABLE, classes, 0, 1, 1, text(""), text(firmware.imei),
            text(firmware.revision), text(firmware.model),
        )

    def _subscriber_ready(self, _command: Command) -> bytes:
        return self._subscriber_ready_information()

    def _subscriber_ready_information(self) -> bytes:
        slot = self._modem.slot
        if not slot.present:
            return information(READY_NOT_INSERTED, text(""), text(""), 0, 0)
        state = READY_INITIALIZED if slot.seen.imsi else READY_NOT_INITIALIZED
        return information(state, text(slot.seen.imsi), text(slot.seen.iccid_digits), 0, 0)

    def _device_services(self, _command: Command) -> bytes:
        elements = [
            Ref(service.bytes + information(0, 0, len(numbers), *numbers)) for service, numbers in SERVICES.items()
        ]
        return information(len(elements), 0, *elements)

    def _subscribe_list(self, command: Command) -> bytes:
        return command.information

    # MS Basic Connect Extensions: slots are counted from 0

    def _system_caps(self, _command: Command) -> bytes:
        self._need_slots()
        return information(1, len(self._modem.slots), 1, 0, 0)

    def _slot_mappings(self, command: Command) -> bytes:
        """A set switches to another slot."""
        self._need_slots()
        active = self._modem.active_slot - 1
        if command.kind == mbim.SET:
            count, offset = command.u32(0), command.u32(1)
            wanted = command.u32(offset // 4)
            if count != 1 or not 0 <= wanted < len(self._modem.slots):
                raise MbimError(Status.INVALID_PARAMETERS)
            if wanted != active:
                self._modem.after_answer(lambda: self._modem.switch_slot(wanted + 1))
            active = wanted
        return information(1, Ref(information(active)))

    def _slot_info(self, command: Command) -> bytes:
        self._need_slots()
        number = command.u32(0)
        if number >= len(self._modem.slots):
            raise MbimError(Status.INVALID_PARAMETERS)
        return self._slot_information(number)

    def _slot_information(self, number: int) -> bytes:
        slot = self._modem.slots[number]
        if slot.chip is None:
            state = SLOT_OFF_EMPTY
        elif number != self._modem.active_slot - 1 or not self._modem.card_ready:
            state = SLOT_NOT_READY
        else:
            state = SLOT_ESIM if slot.seen.iccid else SLOT_ESIM_NO_PROFILE
        return information(number, state)

    def _device_reset(self, _command: Command) -> bytes:
        self._modem.after_answer(self._modem.restart)
        return b""

    def _need_slots(self) -> None:
        if not self._modem.firmware.slot_status:
            raise MbimError(Status.NO_DEVICE_SUPPORT)

    # MS UICC Low Level Access

    def _atr(self, _command: Command) -> bytes:
        return information(Ref(self._chip().config.atr, size_first=True))

    def _open_channel(self, command: Command) -> bytes:
        aid, p2, group = command.octets(0, 1), command.u32(2), command.u32(3)
        self._chip()
        firmware = self._modem.firmware
        if p2 not in firmware.takes_p2:
            raise MbimError(Status.INVALID_PARAMETERS)
        if firmware.isdr_error is not None and aid == firmware.isdr_aid:
            raise MbimError(Status.OPERATION_NOT_ALLOWED)
        try:
            channel, answer, sw = self._modem.slot.open_channel(aid, firmware.channels, p2)
        except CardError as error:
            raise MbimError(Status.NO_LOGICAL_CHANNELS, _channel(error.sw, 0, b"")) from error
        if sw != 0x9000 and sw >> 8 != 0x91:
            self._modem.slot.close_channel(channel)
            raise MbimError(Status.SELECT_FAILED, _channel(sw, 0, b""))
        self._groups[channel] = group
        return _channel(sw, channel, answer)

    def _close_channel(self, command: Command) -> bytes:
        channel, group = command.u32(0), command.u32(1)
        self._chip()
        open_now = self._modem.slot.channels & self._groups.keys()
        wanted = [number for number in open_now if number == channel or not channel and self._groups[number] == group]
        if not wanted:
            raise MbimError(Status.INVALID_LOGICAL_CHANNEL)
        for number in wanted:
            sw = self._modem.slot.close_channel(number)
            del self._groups[number]
        return information(_status_word(sw))

    def _apdu(self, command: Command) -> bytes:
        channel, secure, class_type = command.u32(0), command.u32(1), command.u32(2)
        apdu = command.octets(3, 4)
        self._chip()
        if secure or class_type > EXTENDED_CLASS or len(apdu) < 4:
            raise MbimError(Status.INVALID_PARAMETERS)
        if channel not in self._modem.slot.channels & self._groups.keys():
            raise MbimError(Status.INVALID_LOGICAL_CHANNEL)
        answer = self._modem.slot.transmit(with_channel(apdu, channel))
        if answer is None:
            raise MbimError(Status.FAILURE)
        if answer[-2] == 0x91:
            self._modem.after_answer(self._modem.card_has_command)
        return information(_status_word(int.from_bytes(answer[-2:], "big")), Ref(answer[:-2], size_first=True))

    def _terminal_capability(self, command: Command) -> bytes:
        """Kept for the next reset; the modem tells the card its own at power-on."""
        if command.kind == mbim.SET:
            count = command.u32(0)
            if count > 8:
                raise MbimError(Status.INVALID_PARAMETERS)
            self._capabilities = [command.octets(2 * number + 1, 2 * number + 2) for number in range(count)]
        return information(len(self._capabilities), *(Ref(c, size_first=True) for c in self._capabilities))

    def _reset(self, command: Command) -> bytes:
        """A set resets the card, and with pass-through no profile is used until it is taken back."""
        if command.kind == mbim.SET:
            action = command.u32(0)
            if action not in (PASS_THROUGH_OFF, PASS_THROUGH_ON):
                raise MbimError(Status.INVALID_PARAMETERS)
            self._pass_through = action
            self._modem.power_off_card()
            self._modem.after_answer(self._modem.power_on_card)
        return information(self._pass_through)

    def _chip(self):
        """The card; MbimError when nobody can talk to it now."""
        slot = self._modem.slot
        if slot.chip is None:
            raise MbimError(Status.SIM_NOT_INSERTED)
        if not self._modem.card_ready:
            raise MbimError(Status.NOT_INITIALIZED)
        return slot.chip


HANDLERS: dict[tuple[uuid.UUID, int], Handler] = {
    (mbim.BASIC_CONNECT, DEVICE_CAPS): MbimFunction._device_caps,
    (mbim.BASIC_CONNECT, SUBSCRIBER_READY): MbimFunction._subscriber_ready,
    (mbim.BASIC_CONNECT, DEVICE_SERVICES): MbimFunction._device_services,
    (mbim.BASIC_CONNECT, SUBSCRIBE_LIST): MbimFunction._subscribe_list,
    (mbim.BASIC_CONNECT_EXTENSIONS, SYSTEM_CAPS): MbimFunction._system_caps,
    (mbim.BASIC_CONNECT_EXTENSIONS, SLOT_MAPPINGS): MbimFunction._slot_mappings,
    (mbim.BASIC_CONNECT_EXTENSIONS, SLOT_INFO): MbimFunction._slot_info,
    (mbim.BASIC_CONNECT_EXTENSIONS, DEVICE_RESET): MbimFunction._device_reset,
    (mbim.UICC_LOW_LEVEL, ATR): MbimFunction._atr,
    (mbim.UICC_LOW_LEVEL, OPEN_CHANNEL): MbimFunction._open_channel,
    (mbim.UICC_LOW_LEVEL, CLOSE_CHANNEL): MbimFunction._close_channel,
    (mbim.UICC_LOW_LEVEL, APDU): MbimFunction._apdu,
    (mbim.UICC_LOW_LEVEL, TERMINAL_CAPABILITY): MbimFunction._terminal_capability,
    (mbim.UICC_LOW_LEVEL, RESET): MbimFunction._reset,
}
NAMES = {
    (mbim.UICC_LOW_LEVEL, OPEN_CHANNEL): "MBIM Open Channel", (mbim.UICC_LOW_LEVEL, CLOSE_CHANNEL): "MBIM Close Channel",
    (mbim.UICC_LOW_LEVEL, APDU): "MBIM APDU", (mbim.UICC_LOW_LEVEL, RESET): "MBIM Reset",
    (mbim.BASIC_CONNECT_EXTENSIONS, DEVICE_RESET): "MBIM Device Reset",
}


def name_of(command: Command) -> str:
    """As faults call it."""
    return NAMES.get((command.service, command.number), f"MBIM {command.service} {command.number}")


def _status_word(sw: int) -> int:
    """SW1 is the low octet."""
    return sw >> 8 | (sw & 0xFF) << 8


def _channel(sw: int, channel: int, answer: bytes) -> bytes:
    return information(_status_word(sw), channel, Ref(answer, size_first=True))
