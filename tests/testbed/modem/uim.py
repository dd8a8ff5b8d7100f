# SPDX-License-Identifier: LGPL-2.1-or-later
"""UIM: cards, slots, files, logical channels and APDUs."""

from __future__ import annotations

from testbed import tlv
from testbed.modem.card import CardError, CardSlot, succeeded, with_channel
from testbed.modem.qmux import (
    Error, Message, QmiError, Service, array, long_octets, short_octets, u8, u16, u32,
)
from testbed.modem.service import Client, QmiService, Tlvs, handles

#: Events of Register Events.
CARD_STATUS, SLOT_STATUS = 1 << 0, 1 << 4
EVENT_NAMES = {CARD_STATUS: "card status", SLOT_STATUS: "slot status"}
REFRESH = "refresh"

STAGE_START, STAGE_END = 1, 2
MODE_RESET = 0
PRIMARY_SESSION = 0
NO_INDEX = 0xFFFF
#: State of a card: absent, present.
ABSENT, PRESENT = 0, 1
APPLICATION_USIM, APPLICATION_DETECTED, APPLICATION_READY = 2, 1, 7
PERSONALIZATION_READY = 2
PIN_DISABLED, PIN_ENABLED_NOT_VERIFIED = 3, 1
#: Physical slots: state of the card and whether a logical slot uses it.
SLOT_CARD_ABSENT, SLOT_CARD_PRESENT = 1, 2
INACTIVE, ACTIVE = 0, 1
PROTOCOL_UICC = 2
#: Value of Procedure Bytes with which the firmware sends GET RESPONSE itself.
WITHOUT_PROCEDURE_BYTES = 0


class Uim(QmiService):
    number, name, version = Service.UIM, "UIM", (1, 69)

    # Events

    @handles(0x002E, "Register Events")
    def _register(self, client: Client, message: Message) -> Tlvs:
        mask = message.get(0x01).u32()
        accepted = mask & (CARD_STATUS | (SLOT_STATUS if self.modem.firmware.slot_status else 0))
        for bit, name in EVENT_NAMES.items():
            client.wants.add(name) if accepted & bit else client.wants.discard(name)
        return {0x10: u32(accepted)}

    @handles(0x0044, "Refresh Register All")
    def _register_refresh(self, client: Client, message: Message) -> Tlvs:
        client.wants.add(REFRESH) if message.get(0x02).u8() else client.wants.discard(REFRESH)
        return {}

    @handles(0x002A, "Refresh Register")
    def _register_refresh_of_files(self, client: Client, message: Message) -> Tlvs:
        return self._register_refresh(client, message)

    @handles(0x002C, "Refresh Complete")
    def _refresh_complete(self, _client: Client, _message: Message) -> Tlvs:
        return {}

    def tell_card_status(self) -> None:
        self.tell(EVENT_NAMES[CARD_STATUS], 0x0032, {0x10: self._card_status_value()})

    def tell_slot_status(self) -> None:
        self.tell(EVENT_NAMES[SLOT_STATUS], 0x0048, self._slot_status_values())

    def tell_refresh(self, stage: int) -> None:
        event = u8(stage) + u8(MODE_RESET) + u8(PRIMARY_SESSION) + short_octets(b"") + u16(0)
        self.tell(REFRESH, 0x0033, {0x10: event})

    # Cards and slots

    @handles(0x002F, "Get Card Status")
    def _card_status(self, _client: Client, _message: Message) -> Tlvs:
        return {0x10: self._card_status_value()}

    def _card_status_value(self) -> bytes:
        """That of the one logical slot."""
        slot = self.modem.slot
        ready = self.modem.card_ready and bool(slot.seen.usim_aid)
        primary = 0 if ready else NO_INDEX
        state = PRESENT if slot.present else ABSENT
        applications = [self._application(slot)] if ready else []
        card = u8(state) + u8(0) + u8(0) + u8(0) + u8(0) + array(applications)
        return u16(primary) + u16(NO_INDEX) * 3 + array([card])

    @staticmethod
    def _application(slot: CardSlot) -> bytes:
        head = bytes([APPLICATION_USIM, APPLICATION_READY, PERSONALIZATION_READY, 0, 0, 0])
        pins = bytes([0, PIN_DISABLED, 3, 10, PIN_ENABLED_NOT_VERIFIED, 3, 10])
        return head + short_octets(slot.seen.usim_aid) + pins

    @handles(0x0047, "Get Slot Status")
    def _slot_status(self, _client: Client, _message: Message) -> Tlvs:
        self._need_slots()
        return self._slot_status_values()

    def _slot_status_values(self) -> Tlvs:
        slots, infos, eids = [], [], []
        for number, slot in enumerate(self.modem.slots, 1):
            active = number == self.modem.active_slot
            there = slot.chip is not None and (slot.powered or not active)
            iccid = slot.seen.iccid if there else b""
            slots.append(
                u32(SLOT_CARD_PRESENT if there else SLOT_CARD_ABSENT) + u32(ACTIVE if active else INACTIVE)
                + u8(1 if active else 0) + short_octets(iccid)
            )
            atr = slot.chip.config.atr if there else b""
            usims = 1 if there and slot.seen.usim_aid else 0
            infos.append(u32(PROTOCOL_UICC if there else 0) + u8(usims) + short_octets(atr) + u8(there))
            eids.append(short_octets(slot.chip.eid_octets if there else b""))
        return {0x10: array(slots), 0x11: array(infos), 0x12: array(eids)}

    @handles(0x0046, "Switch Slot")
    def _switch_slot(self, _client: Client, message: Message) -> Tlvs:
        self._need_slots()
        logical, physical = message.get(0x01).u8(), message.get(0x02).u32()
        if logical != 1 or not 1 <= physical <= len(self.modem.slots):
            raise QmiError(Error.INVALID_ARGUMENT)
        if physical == self.modem.active_slot:
            raise QmiError(Error.NO_EFFECT)
        self.modem.after_answer(lambda: self.modem.switch_slot(physical))
        return {}

    def _need_slots(self) -> None:
        if not self.modem.firmware.slot_status:
            raise QmiError(Error.NOT_SUPPORTED)

    @handles(0x0030, "Power Off SIM")
    def _power_off(self, _client: Client, message: Message) -> Tlvs:
        self._slot(message)
        if not self.modem.slot.powered:
            raise QmiError(Error.NO_EFFECT)
        self.modem.power_off_card()
        return {}

    @handles(0x0031, "Power On SIM")
    def _power_on(self, _client: Client, message: Message) -> Tlvs:
        self._slot(message)
        if self.modem.slot.powered:
            raise QmiError(Error.NO_EFFECT)
        self.modem.after_answer(self.modem.power_on_card)
        return {}

    # Channels and APDUs

    @handles(0x0042, "Open Logical Channel")
    def _open(self, _client: Client, message: Message) -> Tlvs:
        slot = self._card(message)
        aid = message.get(0x10).short_octets() if 0x10 in message.tlvs else b""
        return self._open_channel(slot, aid)

    def _open_channel(self, slot: CardSlot, aid: bytes) -> Tlvs:
        firmware = self.modem.firmware
        if firmware.isdr_error is not None and aid == firmware.isdr_aid:
            raise QmiError(firmware.isdr_error)
        try:
            channel, answer, sw = slot.open_channel(aid, firmware.channels)
        except CardError as error:
            raise QmiError(Error.INSUFFICIENT_RESOURCES, _card_result(error.sw)) from error
        if not succeeded(sw):
            raise QmiError(Error.INTERNAL, _card_result(sw))
        return {0x10: u8(channel), **_card_result(sw), 0x12: short_octets(answer[:255])}

    @handles(0x003F, "Logical Channel")
    def _logical_channel(self, _client: Client, message: Message) -> Tlvs:
        slot = self._card(message)
        if 0x11 not in message.tlvs:
            return self._open_channel(slot, message.get(0x10).short_octets())
        channel = message.get(0x11).u8()
        if channel not in slot.channels:
            raise QmiError(Error.INVALID_ARGUMENT)
        sw = slot.close_channel(channel)
        if not succeeded(sw):
            raise QmiError(Error.INTERNAL, _card_result(sw))
        return _card_result(sw)

    @handles(0x003B, "Send APDU")
    def _send(self, _client: Client, message: Message) -> Tlvs:
        slot = self._card(message)
        apdu = message.get(0x02).long_octets()
        if not 4 <= len(apdu) <= self.modem.firmware.longest_apdu:
            raise QmiError(Error.INVALID_ARGUMENT)
        if 0x10 in message.tlvs:
            apdu = with_channel(apdu, message.get(0x10).u8())
        procedure = message.get(0x11).u8() if 0x11 in message.tlvs else None
        if procedure == WITHOUT_PROCEDURE_BYTES:
            body, sw = slot.exchange(apdu)
            answer = body + u16(sw)[::-1] if sw else None
        else:
            answer = slot.transmit(apdu)
        if answer is None:
            raise QmiError(Error.INTERNAL)
        if answer[-2] == 0x91:
            self.modem.after_answer(self.modem.card_has_command)
        return self._apdu_answer(answer)

    def _apdu_answer(self, answer: bytes) -> Tlvs:
        """One that is too long comes in indications of its own kind, which libqmi does not know."""
        longest = self.modem.firmware.longest_apdu
        if len(answer) <= longest:
            return {0x10: long_octets(answer)}
        token = self.modem.new_token()
        pieces = [answer[start:start + longest] for start in range(0, len(answer), longest)]
        def tell() -> None:
            for number, piece in enumerate(pieces):
                head = u32(token) + u16(len(answer)) + u16(number * longest)
                self.tell(REFRESH, 0x003B, {0x01: head + long_octets(piece)})
        self.modem.after_answer(tell)
        raise QmiError(Error.INSUFFICIENT_RESOURCES, {0x11: u16(len(answer)) + u32(token)})

    # Files

    @handles(0x0020, "Read Transparent")
    def _read_transparent(self, _client: Client, message: Message) -> Tlvs:
        slot, path = self._session(message), _path(message)
        wanted = message.get(0x03)
        return self._read(lambda: slot.read_binary(path, wanted.u16(), wanted.u16()))

    @handles(0x0021, "Read Record")
    def _read_record(self, _client: Client, message: Message) -> Tlvs:
        slot, path = self._session(message), _path(message)
        return self._read(lambda: slot.read_record(path, message.get(0x03).u16()))

    @staticmethod
    def _read(read) -> Tlvs:
        try:
            return {**_file_result(0x9000), 0x11: long_octets(read())}
        except CardError as error:
            raise QmiError(Error.INTERNAL, _file_result(error.sw)) from error

    @handles(0x0024, "Get File Attributes")
    def _attributes(self, _client: Client, message: Message) -> Tlvs:
        slot, path = self._session(message), _path(message)
        try:
            fcp = slot.select(path)
        except CardError as error:
            raise QmiError(Error.INTERNAL, _file_result(error.sw)) from error
        return {**_file_result(0x9000), 0x11: _attributes_of(fcp)}

    @handles(0x0034, "Authenticate")
    def _authenticate(self, _client: Client, message: Message) -> Tlvs:
        slot = self._session(message)
        request = message.get(0x02)
        request.u8()
        data = request.long_octets()
        rand, rest = data[1:1 + data[0]], data[1 + data[0]:]
        return self._read(lambda: slot.authenticate(rand, rest[1:]))

    # What a request is about

    def _slot(self, message: Message) -> CardSlot:
        """The slot that TLV 01 names: there is one logical slot."""
        if message.get(0x01).u8() != 1:
            raise QmiError(Error.INVALID_ARGUMENT)
        return self.modem.slot

    def _card(self, message: Message) -> CardSlot:
        """The same, with a card that can answer."""
        slot = self._slot(message)
        self._need_card()
        return slot

    def _session(self, message: Message) -> CardSlot:
        message.get(0x01).u8()
        self._need_card()
        return self.modem.slot

    def _need_card(self) -> None:
        if not self.modem.card_ready:
            raise QmiError(Error.DEVICE_NOT_READY)


def _card_result(sw: int) -> Tlvs:
    return {0x11: u16(sw)[::-1]}


def _file_result(sw: int) -> Tlvs:
    return {0x10: u16(sw)[::-1]}


def _path(message: Message) -> bytes:
    """File identifiers from the MF; QMI has each with its low octet first."""
    file = message.get(0x02)
    fid, directories = file.octets(2)[::-1], file.short_octets()
    if len(directories) % 2:
        raise QmiError(Error.MALFORMED)
    above = b"".join(directories[i:i + 2][::-1] for i in range(0, len(directories), 2))
    return above + fid


def _attributes_of(fcp: bytes) -> bytes:
    """Size, identifier, type, records, five access conditions (always), and the FCP itself."""
    template = tlv.parse_single(fcp, 0x62)
    shape = template.get(0x82).value
    size = template.find(0x80)
    linear = shape[0] & 0x07 == 0x02
    kind = 0 if shape[0] & 0x38 != 0x38 and not linear else 2 if linear else 4
    record_size, count = (int.from_bytes(shape[2:4], "big"), shape[4]) if linear else (0, 0)
    length = int.from_bytes(size.value, "big") if size else 0
    head = u16(length) + template.get(0x83).value[::-1] + u8(kind) + u16(record_size) + u16(count)
    return head + (u8(0) + u16(0)) * 5 + long_octets(fcp)
