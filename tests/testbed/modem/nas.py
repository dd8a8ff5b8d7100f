# SPDX-License-Identifier: LGPL-2.1-or-later
"""NAS: registration with the network, and the signal."""

from __future__ import annotations

import struct

from testbed.modem.dms import LTE, LTE_BANDS_1_AND_3
from testbed.modem.qmux import Error, Message, QmiError, Service, array, short_octets, u8, u16
from testbed.modem.service import Client, QmiService, Tlvs, handles

SERVING_SYSTEM, SYSTEM_INFO = "serving system", "system info"
#: TLVs of Register Indications.
REGISTRATIONS = {0x13: SERVING_SYSTEM, 0x18: SYSTEM_INFO}
MODE_LTE = 1 << 4
#: Roaming indicator of Serving System, which counts the other way round.
ROAMING_ON, ROAMING_OFF = 0, 1
NO_SERVICE, SERVICE = 0, 2
DOMAIN_CS_PS = 3
ATTACHED, DETACHED = 1, 2
NETWORK_3GPP = 2


class Nas(QmiService):
    number, name, version = Service.NAS, "NAS", (1, 25)

    @handles(0x0002, "Set Event Report")
    def _events(self, _client: Client, _message: Message) -> Tlvs:
        return {}

    @handles(0x0003, "Register Indications")
    def _register(self, client: Client, message: Message) -> Tlvs:
        for tag, name in REGISTRATIONS.items():
            if tag in message.tlvs:
                client.wants.add(name) if message.get(tag).u8() else client.wants.discard(name)
        return {}

    @handles(0x0022, "Initiate Network Register")
    def _initiate(self, _client: Client, _message: Message) -> Tlvs:
        if not self.modem.radio.registered:
            self.modem.after_answer(self.modem.radio.restart)
        return {}

    # Where it is registered

    @handles(0x0024, "Get Serving System")
    def _serving_system(self, _client: Client, _message: Message) -> Tlvs:
        return self._serving_system_values()

    def _serving_system_values(self) -> Tlvs:
        radio = self.modem.radio
        attach = ATTACHED if radio.registered else DETACHED
        state = bytes([radio.state, attach, attach, NETWORK_3GPP])
        tlvs = {0x01: state + array([u8(LTE)] if radio.registered else [])}
        if radio.registered:
            network = self.modem.network
            tlvs[0x10] = u8(ROAMING_ON if radio.roaming else ROAMING_OFF)
            tlvs[0x12] = u16(int(network.mcc)) + u16(int(network.mnc)) + short_octets(network.name.encode())
        return tlvs

    @handles(0x004D, "Get System Info")
    def _system_info(self, _client: Client, _message: Message) -> Tlvs:
        return self._system_info_values()

    def _system_info_values(self) -> Tlvs:
        radio = self.modem.radio
        service = SERVICE if radio.registered else NO_SERVICE
        tlvs = {0x14: u8(service) + u8(service) + u8(1)}
        if not radio.registered:
            return tlvs
        network = self.modem.network
        domain = struct.pack("<6B", 1, DOMAIN_CS_PS, 1, DOMAIN_CS_PS, 1, radio.roaming)
        place = struct.pack("<BBBHBI", 1, 0, 0, 0, 1, 0x1234501)
        names = network.mcc.encode() + network.mnc.encode().ljust(3, b"\xff")
        tlvs[0x19] = domain + place + bytes(3) + u8(1) + names + u8(1) + u16(0x0101)
        return tlvs

    def tell_registration(self) -> None:
        self.tell(SERVING_SYSTEM, 0x0024, self._serving_system_values())
        self.tell(SYSTEM_INFO, 0x004E, self._system_info_values())

    @handles(0x0025, "Get Home Network")
    def _home_network(self, _client: Client, _message: Message) -> Tlvs:
        imsi, mnc_length = self.modem.slot.seen.imsi, self.modem.slot.seen.mnc_length
        if not imsi:
            raise QmiError(Error.NOT_PROVISIONED)
        return {0x01: u16(int(imsi[:3])) + u16(int(imsi[3:3 + mnc_length])) + short_octets(b"")}

    @handles(0x0034, "Get System Selection Preference")
    def _selection(self, _client: Client, _message: Message) -> Tlvs:
        return {
            0x10: u8(0), 0x11: u16(MODE_LTE), 0x12: struct.pack("<Q", 0), 0x14: u16(0xFF),
            0x15: struct.pack("<Q", LTE_BANDS_1_AND_3), 0x16: u8(0),
        }

    @handles(0x0033, "Set System Selection Preference")
    def _set_selection(self, _client: Client, _message: Message) -> Tlvs:
        return {}

    # Signal

    @handles(0x004F, "Get Signal Info")
    def _signal(self, _client: Client, _message: Message) -> Tlvs:
        return {0x14: struct.pack("<bbhh", -60, -10, -90, 150)} if self.modem.radio.registered else {}

    @handles(0x0050, "Config Signal Info")
    def _config_signal(self, _client: Client, _message: Message) -> Tlvs:
        return {}
