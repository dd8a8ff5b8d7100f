# SPDX-License-Identifier: LGPL-2.1-or-later
"""The virtual modem: its life, its clients, and what happens when the card asks for a reset."""

from __future__ import annotations

import asyncio
import threading
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol, TypeVar

from testbed.counters import Counters
from testbed.modem.card import CardSlot
from testbed.modem.ctl import Ctl
from testbed.modem.dms import ONLINE, Dms
from testbed.modem.firmware import Firmware, ModemFault, ModemFaults
from testbed.modem.nas import Nas
from testbed.modem.qmux import BROADCAST, Error, FrameError, Kind, Message, QmiError, Service, decode
from testbed.modem.radio import Radio
from testbed.modem.service import Client, Connection, QmiService, Tlvs
from testbed.modem.uim import STAGE_END, STAGE_START, Uim
from testbed.modem.wds import Wda, Wds
from testbed.network import Network
from testbed.veuicc import Euicc

T = TypeVar("T")
REFRESH_COMMAND = 0x01
MAX_CLIENTS = 32


class Port(Protocol):
    """How programs reach the modem; see ports.py.  Used in the modem's thread only."""

    def open(self, modem: Modem, loop: asyncio.AbstractEventLoop) -> None: ...

    def close(self) -> None: ...


@dataclass(frozen=True)
class Exchange:
    """A line of the transcript."""

    name: str
    request: Tlvs
    #: QMI error of the answer; None when none was sent.
    error: int | None


class Modem:
    """A modem with a slot for each chip; None is an empty slot.  Works in a thread of its own.

    firmware, faults, network, counters (requests, indications, functions) and transcript are for tests.
    on_vanish and on_appear are called without arguments when the device goes and comes (a reset does both).
    """

    def __init__(
        self, chips: Sequence[Euicc | None], ports: Sequence[Port] = (), *, firmware: Firmware | None = None,
        network: Network | None = None, device: str = "cdc-wdm0",
    ):
        self.firmware = firmware or Firmware()
        self.network = network or Network()
        self.faults = ModemFaults()
        self.counters = Counters("requests", "indications")
        self.transcript: list[Exchange] = []
        self.slots = [CardSlot(chip) for chip in chips]
        self.active_slot = 1
        self.device = device
        self.on_vanish: Callable[[], None] = lambda: None
        self.on_appear: Callable[[], None] = lambda: None
        #: Called when programs are to be told of the card; ports of other protocols add themselves.
        self.card_listeners: list[Callable[[], None]] = []
        #: Likewise of the registration.
        self.radio_listeners: list[Callable[[], None]] = []
        self.ports = list(ports)
        self.uim, self.dms, self.nas, self.wds = Uim(self), Dms(self), Nas(self), Wds(self)
        self.services: dict[int, QmiService] = {
            service.number: service for service in (Ctl(self), self.wds, self.dms, self.nas, self.uim, Wda(self))
        }
        self.radio = Radio(self)
        self._clients: dict[tuple[int, int], Client] = {}
        self._refreshing = False
        self._there = False
        self._tokens = 0x1000
        self._life = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="modem", daemon=True)

    # For tests, from any thread

    def start(self) -> Modem:
        self._thread.start()
        self.call(self._appear)
        return self

    def stop(self) -> None:
        if not self._thread.is_alive():
            return
        self.call(self.unplug)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def __enter__(self) -> Modem:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def call(self, function: Callable[[], T], timeout: float = 60.0) -> T:
        """Do something in the modem's thread, between two messages, and wait for it."""
        done: Future[T] = Future()

        def run() -> None:
            try:
                done.set_result(function())
            except BaseException as error:
                done.set_exception(error)

        self._loop.call_soon_threadsafe(run)
        return done.result(timeout)

    def vanish(self) -> None:
        """Unplug it."""
        self.call(self.unplug)

    def appear(self) -> None:
        """Plug it in again."""
        self.call(self._appear)

    @property
    def slot(self) -> CardSlot:
        """The physical slot that the one logical slot uses."""
        return self.slots[self.active_slot - 1]

    @property
    def card_ready(self) -> bool:
        """Whether the card can be talked to now."""
        return self.slot.present and not self._refreshing

    @property
    def iccid(self) -> str:
        """What the firmware has read from the card; empty when it knows none."""
        return self.slot.seen.iccid_digits

    # Time

    def later(self, seconds: float, function: Callable[[], None]) -> None:
        """Do something later in this life: not after a reset."""
        life = self._life

        def due() -> None:
            if life == self._life:
                _reported(function)

        self._loop.call_later(seconds, due)

    def after_answer(self, function: Callable[[], None]) -> None:
        """Do something when the answer to the present request has been sent."""
        self.later(0, function)

    # Life

    def _appear(self) -> None:
        if self._there:
            return
        self._there = True
        self.dms.mode = ONLINE
        self.slot.power_on()
        for port in self.ports:
            port.open(self, self._loop)
        self.radio.restart()
        self.on_appear()

    def unplug(self) -> None:
        """vanish() in the modem's thread."""
        if not self._there:
            return
        self._there = False
        self._life += 1
        self._refreshing = False
        self._clients.clear()
        self.wds.sessions.clear()
        self.radio.lost()
        for port in self.ports:
            port.close()
        for slot in self.slots:
            slot.power_off()
        self.on_vanish()

    def restart(self) -> None:
        """What a reset does: away, and there again."""
        self.unplug()
        self.later(self.firmware.reset_seconds, self._appear)

    # Clients

    def serves(self, path: str) -> bool:
        return path.rpartition("/")[2] == self.device

    def allocate(self, service: int, connection: Connection) -> int:
        """A new client's number."""
        if service not in self.services:
            raise QmiError(Error.NOT_SUPPORTED)
        for number in range(1, MAX_CLIENTS + 1):
            if (service, number) not in self._clients:
                self._clients[service, number] = Client(service, number, connection)
                return number
        raise QmiError(Error.CLIENT_IDS_EXHAUSTED)

    def release(self, service: int, number: int) -> None:
        if self._clients.pop((service, number), None) is None:
            raise QmiError(Error.INVALID_CLIENT_ID)

    def forget_clients(self, connection: Connection) -> None:
        """The connection has ended, or begins anew."""
        self._clients = {key: client for key, client in self._clients.items() if client.connection is not connection}

    @property
    def clients(self) -> int:
        """How many there are of all services but CTL."""
        return len(self._clients)

    def indicate(self, service: int, message: int, tlvs: Tlvs, wanted: str) -> None:
        for client in [*self._clients.values()]:
            if client.service == service and wanted in client.wants:
                self.counters.add("indications")
                number = client.number or BROADCAST
                client.connection.send(Message(service, number, Kind.INDICATION, 0, message, dict(tlvs)).encode())

    def new_token(self) -> int:
        self._tokens += 1
        return self._tokens

    # Requests

    def received(self, connection: Connection, frame: bytes) -> None:
        """A frame has come from a program; what is no request is ignored, as a modem does."""
        try:
            message = decode(frame)
        except FrameError:
            return
        if message.kind != Kind.REQUEST:
            return
        service = self.services.get(message.service)
        name = service.name_of(message.number) if service else f"service {message.service}"
        self.counters.add("requests")
        self.counters.called(name)
        fault = self.faults.hit(name) or ModemFault("")
        self._answer(connection, message, name, fault)

    def _answer(self, connection: Connection, message: Message, name: str, fault: ModemFault) -> None:
        if fault.kind == "vanish":
            self.unplug()
        if fault.kind in ("vanish", "silence"):
            self.transcript.append(Exchange(name, message.tlvs, None))
            return
        if fault.kind == "error":
            response = message.response(fault.code)
        else:
            response = self._process(connection, message)
        if fault.kind == "then":
            fault.function()
        lost = fault.kind == "lost-answer"
        self.transcript.append(Exchange(name, message.tlvs, None if lost else response.error))
        if fault.kind == "late":
            self.later(fault.seconds, lambda: connection.send(response.encode()))
        elif not lost:
            connection.send(response.encode())

    def _process(self, connection: Connection, message: Message) -> Message:
        service = self.services.get(message.service)
        if message.service == Service.CTL:
            client: Client | None = Client(Service.CTL, 0, connection)
        else:
            client = self._clients.get((message.service, message.client))
        if client is None:
            return message.response(Error.INVALID_CLIENT_ID)
        handler = service.handlers.get(message.number)
        if handler is None:
            return message.response(Error.NOT_SUPPORTED)
        try:
            return message.response(tlvs=handler[1](client, message))
        except QmiError as error:
            return message.response(error.code, error.tlvs)

    # The card

    def card_has_command(self) -> None:
        """The card has announced a proactive command; the firmware gets it when it comes to it."""
        if self.firmware.behaviour not in ("silent-until-power-cycle", "silent-until-reset"):
            self.later(self.firmware.refresh_delay, self._fetch)

    def _fetch(self) -> None:
        command = self.slot.fetch() if self.card_ready else b""
        # Command details are first: 81 03, number, type.
        if len(command) > 5 and command[5] == REFRESH_COMMAND:
            self._refresh()

    def _refresh(self) -> None:
        """Reset the card and say as much of it as the behaviour does."""
        behaviour = self.firmware.behaviour
        if behaviour in ("refresh", "refresh-without-end"):
            self.uim.tell_refresh(STAGE_START)
        self._refreshing = True
        self.slot.power_off()
        if behaviour == "slot-event":
            self._tell_card()
        self.radio.lost()
        self.later(self.firmware.refresh_seconds, lambda: self._card_back(behaviour))

    def _card_back(self, behaviour: str) -> None:
        self.slot.power_on()
        self._refreshing = False
        if behaviour == "refresh":
            self.uim.tell_refresh(STAGE_END)
        if behaviour in ("refresh", "slot-event"):
            self._tell_card()
        self.radio.restart()

    def _tell_card(self) -> None:
        self.uim.tell_card_status()
        self.uim.tell_slot_status()
        for listener in self.card_listeners:
            listener()

    def power_off_card(self) -> None:
        """A client's wish; firmware that only a reset helps takes no notice of the card."""
        if self.firmware.behaviour == "silent-until-reset":
            self.slot.powered = False
        else:
            self.slot.power_off()
        self.radio.lost()
        self.after_answer(self._tell_card)

    def power_on_card(self) -> None:
        if self.firmware.behaviour == "silent-until-reset" and self.slot.chip is not None:
            self.slot.powered = True
        else:
            self.slot.power_on()
        self._tell_card()
        self.radio.restart()

    def switch_slot(self, physical: int) -> None:
        self.slot.power_off()
        self.radio.lost()
        self.active_slot = physical
        self.slot.power_on()
        self._tell_card()
        self.radio.restart()


def _reported(function: Callable[[], None]) -> None:
    """What goes wrong in the modem's thread shows in the test's output, and the modem goes on."""
    try:
        function()
    except Exception:
        traceback.print_exc()
