# SPDX-License-Identifier: LGPL-2.1-or-later
"""CTL: versions, clients, and what a proxy answers itself."""

from __future__ import annotations

from testbed.modem.qmux import Error, Message, QmiError, Service, array, u8, u16
from testbed.modem.service import Client, QmiService, Tlvs, handles

RAW_IP = 2


class Ctl(QmiService):
    number, name = Service.CTL, "CTL"

    @handles(0x0021, "Get Version Info")
    def _versions(self, _client: Client, _message: Message) -> Tlvs:
        services = self.modem.services.values()
        return {0x01: array(u8(s.number) + u16(s.version[0]) + u16(s.version[1]) for s in services)}

    @handles(0x0022, "Allocate CID")
    def _allocate(self, client: Client, message: Message) -> Tlvs:
        service = message.get(0x01).u8()
        return {0x01: u8(service) + u8(self.modem.allocate(service, client.connection))}

    @handles(0x0023, "Release CID")
    def _release(self, _client: Client, message: Message) -> Tlvs:
        wanted = message.get(0x01)
        service, number = wanted.u8(), wanted.u8()
        self.modem.release(service, number)
        return {0x01: u8(service) + u8(number)}

    @handles(0x0026, "Set Data Format")
    def _data_format(self, _client: Client, _message: Message) -> Tlvs:
        return {0x10: u16(RAW_IP)}

    @handles(0x0027, "Sync")
    def _sync(self, client: Client, _message: Message) -> Tlvs:
        """All clients of a device are forgotten; through a proxy that would be those of other programs, too."""
        self.modem.forget_clients(client.connection)
        return {}

    @handles(0xFF00, "Internal Proxy Open")
    def _proxy_open(self, _client: Client, message: Message) -> Tlvs:
        path = message.get(0x01).rest().rstrip(b"\x00").decode(errors="replace")
        if not self.modem.serves(path):
            raise QmiError(Error.INVALID_ARGUMENT)
        return {}
