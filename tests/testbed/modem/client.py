# SPDX-License-Identifier: LGPL-2.1-or-later
"""A small QMI client for tests: talks to a qmi-proxy, a real one or the modem's own.

    with QmiClient(connect_abstract("qmi-proxy"), "/dev/cdc-wdm0") as client:
        card = client.uim()
        channel = card.open_channel(ISDR)
        answer = card.apdu(channel, command)
"""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping

from testbed.modem.qmux import (
    Kind, Message, QmiError, Reader, Service, Splitter, decode, long_octets, short_octets, u8, u16, u32,
)

SLOT = u8(1)


def connect_abstract(name: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(f"\0{name}")
    return connection


class QmiClient:
    """One connection to a proxy; answers wait for their request, indications for somebody to ask."""

    def __init__(self, connection: socket.socket, device: str, timeout: float = 60.0):
        self._connection, self._timeout = connection, timeout
        self._splitter = Splitter()
        self._transaction = 0
        self._held: list[Message] = []
        self._clients: list[tuple[int, int]] = []
        connection.settimeout(timeout)
        self.request(Service.CTL, 0, 0xFF00, {0x01: device.encode()})

    def __enter__(self) -> QmiClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def allocate(self, service: int) -> int:
        answer = self.request(Service.CTL, 0, 0x0022, {0x01: u8(service)})
        number = answer.get(0x01).octets(2)[1]
        self._clients.append((service, number))
        return number

    def release(self, service: int, number: int) -> None:
        self.request(Service.CTL, 0, 0x0023, {0x01: u8(service) + u8(number)})

    def send(self, service: int, client: int, number: int, tlvs: Mapping[int, bytes] | None = None) -> Message:
        """A request whose answer nobody waits for yet."""
        self._transaction = self._transaction % 0xFF + 1
        sent = Message(service, client, Kind.REQUEST, self._transaction, number, dict(tlvs or {}))
        self._connection.sendall(sent.encode())
        return sent

    def answer(self, sent: Message) -> Message:
        """The response, also a failure; TimeoutError when there is none."""
        return self._wait(lambda message: _answers(message, sent), self._timeout)

    def answered(self, sent: Message) -> bool:
        """Whether the response came before one that has been waited for."""
        return any(_answers(message, sent) for message in self._held)

    def request(self, service: int, client: int, number: int, tlvs: Mapping[int, bytes] | None = None) -> Message:
        """The response; QmiError when it is a failure, TimeoutError when there is none."""
        answer = self.answer(self.send(service, client, number, tlvs))
        if answer.error:
            raise QmiError(answer.error, answer.tlvs)
        return answer

    def indication(self, service: int, number: int, timeout: float = 60.0) -> Message:
        """The next one of this kind, or one that has come before; TimeoutError when there is none."""
        return self._wait(lambda m: (m.kind, m.service, m.number) == (Kind.INDICATION, service, number), timeout)

    def _wait(self, wanted, timeout: float) -> Message:
        deadline = time.monotonic() + timeout
        while True:
            for message in self._held:
                if wanted(message):
                    self._held.remove(message)
                    return message
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("no such message")
            self._connection.settimeout(left)
            octets = self._connection.recv(65536)
            if not octets:
                raise ConnectionError("the proxy has closed the connection")
            self._held += [decode(frame) for frame in self._splitter.feed(octets)]

    def uim(self) -> UimClient:
        return UimClient(self)


def _answers(message: Message, sent: Message) -> bool:
    return message.kind == Kind.RESPONSE and (message.service, message.transaction) == (sent.service, sent.transaction)


class UimClient:
    """The messages about cards."""

    def __init__(self, client: QmiClient):
        self._client = client
        self.number = client.allocate(Service.UIM)

    def request(self, number: int, tlvs: Mapping[int, bytes] | None = None) -> Message:
        return self._client.request(Service.UIM, self.number, number, tlvs)

    def open_channel(self, aid: bytes) -> tuple[int, bytes]:
        """(channel, answer to SELECT)."""
        answer = self.request(0x0042, {0x01: SLOT, 0x10: short_octets(aid)})
        return answer.get(0x10).u8(), answer.get(0x12).short_octets()

    def close_channel(self, channel: int) -> None:
        self.request(0x003F, {0x01: SLOT, 0x11: u8(channel), 0x13: u8(1)})

    def apdu(self, channel: int, command: bytes, procedure: int | None = None) -> bytes:
        """One command; procedure is the value of Procedure Bytes."""
        tlvs = {0x01: SLOT, 0x02: long_octets(command), 0x10: u8(channel)}
        if procedure is not None:
            tlvs[0x11] = u8(procedure)
        return self.request(0x003B, tlvs).get(0x10).long_octets()

    def power_cycle(self) -> None:
        self.request(0x0030, {0x01: SLOT})
        self.request(0x0031, {0x01: SLOT})

    def register(self, events: int) -> int:
        """Ask for card (1) and slot (16) events; those that the modem knows."""
        return self.request(0x002E, {0x01: u32(events)}).get(0x10).u32()

    def register_refresh(self) -> None:
        self.request(0x0044, {0x01: u8(0) + short_octets(b""), 0x02: u8(1)})

    def refresh_stage(self, timeout: float = 60.0) -> int:
        """Of the next refresh indication."""
        return self._client.indication(Service.UIM, 0x0033, timeout).get(0x10).u8()

    def slot_switch(self, physical: int) -> None:
        self.request(0x0046, {0x01: u8(1), 0x02: u32(physical)})

    def slots(self) -> list[tuple[bool, bool, bytes]]:
        """(card present, active, ICCID) of each physical slot."""
        return _slots(self.request(0x0047))

    def slots_told(self, timeout: float = 60.0) -> list[tuple[bool, bool, bytes]]:
        """The same, out of the next indication."""
        return _slots(self._client.indication(Service.UIM, 0x0048, timeout))

    def read(self, path: bytes, length: int = 0) -> bytes:
        """A transparent file by its path from the MF."""
        return self.request(0x0020, {
            0x01: u8(0) + short_octets(b""), 0x02: file_of(path), 0x03: u16(0) + u16(length),
        }).get(0x11).long_octets()


def file_of(path: bytes) -> bytes:
    """The File TLV: identifiers have their low octet first."""
    fids = [path[i:i + 2][::-1] for i in range(0, len(path), 2)]
    return fids[-1] + short_octets(b"".join(fids[:-1]))


def _slots(message: Message) -> list[tuple[bool, bool, bytes]]:
    value: Reader = message.get(0x10)
    found = []
    for _ in range(value.u8()):
        card, state = value.u32(), value.u32()
        value.u8()
        found.append((card == 2, state == 1, value.short_octets()))
    return found
