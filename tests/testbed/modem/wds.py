# SPDX-License-Identifier: LGPL-2.1-or-later
"""WDS: data connections; and WDA: how the data port frames them."""

from __future__ import annotations

import ipaddress
import struct

from testbed.modem.qmux import Error, Message, QmiError, Service, array, short_octets, u8, u16, u32
from testbed.modem.service import Client, QmiService, Tlvs, handles
from testbed.network import Refused, Session

DISCONNECTED, CONNECTED = 1, 2
PACKET_STATUS = "packet service status"
FAMILY_IPV4, FAMILY_IPV6 = 4, 6
PROFILE_3GPP, PROFILE_NUMBER = 0, 1
PDP_IPV4 = 0
REASON_UNSPECIFIED, TYPE_3GPP, TYPE_INTERNAL = 1, 6, 2
NO_IPV6 = 208
LINK_RAW_IP = 2


class Wds(QmiService):
    number, name, version = Service.WDS, "WDS", (1, 67)

    def __init__(self, modem):
        super().__init__(modem)
        #: Connections by their handle.
        self.sessions: dict[int, Session] = {}

    @handles(0x0001, "Set Event Report")
    def _events(self, _client: Client, _message: Message) -> Tlvs:
        return {}

    @handles(0x004D, "Set IP Family")
    def _family(self, client: Client, message: Message) -> Tlvs:
        client.memory["family"] = message.get(0x01).u8()
        return {}

    @handles(0x0020, "Start Network")
    def _start(self, client: Client, message: Message) -> Tlvs:
        family = message.get(0x19).u8() if 0x19 in message.tlvs else client.memory.get("family", FAMILY_IPV4)
        if family == FAMILY_IPV6:
            raise _call_failed(TYPE_INTERNAL, NO_IPV6)
        if not self.modem.radio.registered:
            raise QmiError(Error.NO_NETWORK)
        apn = message.get(0x14).rest().decode(errors="replace") if 0x14 in message.tlvs else ""
        try:
            session = self.modem.network.connect(self.modem.slot.seen.imsi, apn)
        except Refused as refused:
            raise _call_failed(TYPE_3GPP, refused.cause) from refused
        handle = self.modem.new_token()
        self.sessions[handle] = session
        client.memory["handle"] = handle
        client.wants.add(PACKET_STATUS)
        return {0x01: u32(handle)}

    @handles(0x0021, "Stop Network")
    def _stop(self, client: Client, message: Message) -> Tlvs:
        handle = message.get(0x01).u32()
        if handle not in self.sessions:
            # ModemManager takes the one well, and falls over the other when the SIM has just been changed.
            ended = handle == client.memory.get("handle")
            raise QmiError(Error.NO_EFFECT if ended else Error.INVALID_HANDLE)
        self.modem.network.disconnect(self.sessions.pop(handle))
        client.memory.pop("handle", None)
        client.wants.discard(PACKET_STATUS)
        return {}

    def drop_all(self) -> None:
        """The network is lost, and each connection with it."""
        if self.sessions:
            self.sessions.clear()
            self.tell(PACKET_STATUS, 0x0022, {0x01: u8(DISCONNECTED) + u8(0), 0x10: u16(REASON_UNSPECIFIED)})

    @handles(0x0022, "Get Packet Service Status")
    def _status(self, client: Client, _message: Message) -> Tlvs:
        return {0x01: u8(CONNECTED if client.memory.get("handle") in self.sessions else DISCONNECTED)}

    @handles(0x0024, "Get Packet Statistics")
    def _statistics(self, _client: Client, _message: Message) -> Tlvs:
        return {tag: u32(0) for tag in range(0x10, 0x16)} | {0x19: struct.pack("<Q", 0), 0x1A: struct.pack("<Q", 0)}

    @handles(0x002D, "Get Current Settings")
    def _settings(self, client: Client, _message: Message) -> Tlvs:
        session = self.sessions.get(client.memory.get("handle", 0))
        if session is None:
            raise QmiError(Error.INVALID_OPERATION)
        network = ipaddress.ip_network(f"{session.address}/{session.prefix}", strict=False)
        return {
            0x11: u8(PDP_IPV4), 0x14: session.apn.encode(), 0x15: _address(session.dns), 0x1E: _address(session.address),
            0x20: _address(session.gateway), 0x21: _address(str(network.netmask)), 0x29: u32(session.mtu),
            0x2B: u8(FAMILY_IPV4),
        }

    # Profiles of the modem

    @handles(0x002A, "Get Profile List")
    def _profiles(self, _client: Client, _message: Message) -> Tlvs:
        return {0x01: array([u8(PROFILE_3GPP) + u8(PROFILE_NUMBER) + short_octets(b"default")])}

    @handles(0x002B, "Get Profile Settings")
    def _profile(self, _client: Client, message: Message) -> Tlvs:
        wanted = message.get(0x01)
        if (wanted.u8(), wanted.u8()) != (PROFILE_3GPP, PROFILE_NUMBER):
            raise QmiError(Error.INVALID_ARGUMENT)
        return {0x10: b"default", 0x11: u8(PDP_IPV4), 0x14: b""}


class Wda(QmiService):
    number, name, version = Service.WDA, "WDA", (1, 16)

    @handles(0x0020, "Set Data Format")
    def _set_format(self, _client: Client, _message: Message) -> Tlvs:
        return _FORMAT

    @handles(0x0021, "Get Data Format")
    def _format(self, _client: Client, _message: Message) -> Tlvs:
        return _FORMAT


_FORMAT = {0x10: u8(0), 0x11: u32(LINK_RAW_IP), 0x12: u32(0), 0x13: u32(0)}


def _address(text: str) -> bytes:
    """The first part is in the highest octet of the number."""
    return u32(int(ipaddress.IPv4Address(text)))


def _call_failed(kind: int, reason: int) -> QmiError:
    return QmiError(Error.CALL_FAILED, {0x10: u16(REASON_UNSPECIFIED), 0x11: u16(kind) + u16(reason)})
