# SPDX-License-Identifier: LGPL-2.1-or-later
"""DMS: what the device is, and its operating mode."""

from __future__ import annotations

import struct

from testbed.modem.qmux import Error, Message, QmiError, Service, array, u8, u16, u32
from testbed.modem.service import Client, QmiService, Tlvs, handles

ONLINE, LOW_POWER, OFFLINE, RESET = 0, 1, 3, 4
OPERATING_MODE = "operating mode"
LTE = 8
RADIO_INTERFACES = {"gsm": 4, "umts": 5, "lte": LTE, "5gnr": 10}
SIMULTANEOUS_CS_AND_PS, SIM_SUPPORTED = 3, 2
MAX_RATE = 100_000_000
LTE_BANDS_1_AND_3 = 0b101


class Dms(QmiService):
    number, name, version = Service.DMS, "DMS", (1, 14)

    def __init__(self, modem):
        super().__init__(modem)
        self.mode = ONLINE

    @handles(0x0001, "Set Event Report")
    def _events(self, client: Client, message: Message) -> Tlvs:
        if 0x14 in message.tlvs:
            wanted = message.get(0x14).u8()
            client.wants.add(OPERATING_MODE) if wanted else client.wants.discard(OPERATING_MODE)
        return {}

    @handles(0x0020, "Get Capabilities")
    def _capabilities(self, _client: Client, _message: Message) -> Tlvs:
        rates = u32(MAX_RATE) * 2
        radios = [u8(RADIO_INTERFACES[name]) for name in self.modem.firmware.technologies]
        return {0x01: rates + u8(SIMULTANEOUS_CS_AND_PS) + u8(SIM_SUPPORTED) + array(radios)}

    @handles(0x0021, "Get Manufacturer")
    def _manufacturer(self, _client: Client, _message: Message) -> Tlvs:
        return {0x01: self.modem.firmware.manufacturer.encode()}

    @handles(0x0022, "Get Model")
    def _model(self, _client: Client, _message: Message) -> Tlvs:
        return {0x01: self.modem.firmware.model.encode()}

    @handles(0x0023, "Get Revision")
    def _revision(self, _client: Client, _message: Message) -> Tlvs:
        return {0x01: self.modem.firmware.revision.encode()}

    @handles(0x0024, "Get MSISDN")
    def _msisdn(self, _client: Client, _message: Message) -> Tlvs:
        raise QmiError(Error.NOT_PROVISIONED)

    @handles(0x0025, "Get IDs")
    def _ids(self, _client: Client, _message: Message) -> Tlvs:
        return {0x10: b"0", 0x11: self.modem.firmware.imei.encode()}

    @handles(0x002C, "Get Hardware Revision")
    def _hardware_revision(self, _client: Client, _message: Message) -> Tlvs:
        return {0x01: b"10000"}

    @handles(0x002D, "Get Operating Mode")
    def _operating_mode(self, _client: Client, _message: Message) -> Tlvs:
        return {0x01: u8(self.mode)}

    @handles(0x002E, "Set Operating Mode")
    def _set_operating_mode(self, _client: Client, message: Message) -> Tlvs:
        mode = message.get(0x01).u8()
        if mode not in (ONLINE, LOW_POWER, OFFLINE, RESET):
            raise QmiError(Error.INVALID_ARGUMENT)
        if mode == RESET:
            self.modem.after_answer(self.modem.restart)
        else:
            self.modem.after_answer(lambda: self.enter(mode))
        return {}

    def enter(self, mode: int) -> None:
        """Be in that mode, and tell it."""
        changed, self.mode = mode != self.mode, mode
        self.tell(OPERATING_MODE, 0x0001, {0x14: u8(mode)})
        if changed:
            self.modem.radio.restart()

    @handles(0x0045, "Get Band Capabilities")
    def _bands(self, _client: Client, _message: Message) -> Tlvs:
        return {0x01: struct.pack("<Q", 0), 0x10: struct.pack("<Q", LTE_BANDS_1_AND_3), 0x12: u16(2) + u16(1) + u16(3)}
