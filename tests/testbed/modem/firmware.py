# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a modem's firmware does in its own way, and what it can do wrong.

    modem.firmware.behaviour = "refresh-without-end"
    modem.firmware.isdr_error = Error.ACCESS_DENIED
    modem.faults.at_message("UIM Send APDU", late(0.5), n=3)
    modem.faults.at_message("UIM Open Logical Channel", error(Error.INTERNAL))

Counts start at 1 with the first message after the fault was armed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from testbed.veuicc.config import ISDR_AID

#: What happens after the card has asked for a reset with REFRESH:
#:
#: refresh                   card reset, told with the refresh indications of start and end
#: refresh-without-end       the same, but the end is never told
#: slot-event                card reset, told as a card that goes and comes: slot status and card status
#: silent                    card reset, nobody is told
#: silent-until-power-cycle  nothing, until a client powers the card off and on
#: silent-until-reset        nothing, until the modem is reset
BEHAVIOURS = (
    "refresh", "refresh-without-end", "slot-event", "silent", "silent-until-power-cycle", "silent-until-reset",
)


@dataclass
class Firmware:
    """Defaults are those of a well-behaved modem; all may be changed while it runs."""

    behaviour: str = "refresh"
    #: Logical channels that it gives out.
    channels: int = 3
    #: Name that the firmware keeps for itself, and the QMI error that opening a channel to it gets; None: it does not.
    isdr_aid: bytes = ISDR_AID
    isdr_error: int | None = None
    #: Whether it knows slots at all (Get Slot Status, Switch Slot).
    slot_status: bool = True
    #: What it takes as P2 of SELECT over MBIM.
    takes_p2: tuple[int, ...] = (0x00, 0x04, 0x0C)
    #: Longest APDU and longest answer in one message.
    longest_apdu: int = 1024
    #: Seconds from the answer to the card's REFRESH, for which the card is away, and of a reset of the modem.
    refresh_delay: float = 0.02
    refresh_seconds: float = 0.2
    reset_seconds: float = 0.3
    #: Seconds that registration with the network takes.
    attach_seconds: float = 0.05

    manufacturer: str = "Testbed"
    model: str = "Virtual QMI modem"
    revision: str = "1.0"
    imei: str = "359072060000017"
    #: What its radio can do: "gsm", "umts", "lte", over QMI "5gnr", over MBIM also "hsdpa", "hsupa", "5g-nsa", "5g-sa".
    technologies: tuple[str, ...] = ("lte",)


@dataclass(frozen=True)
class ModemFault:
    """One way to go wrong at a message."""

    kind: str
    code: int = 0
    seconds: float = 0.0
    function: Callable[[], None] = lambda: None


def error(code: int) -> ModemFault:
    """The request is not processed and fails with this QMI error."""
    return ModemFault("error", code=code)


def late(seconds: float) -> ModemFault:
    """The request is processed, its answer comes later; other requests are answered meanwhile."""
    return ModemFault("late", seconds=seconds)


def silence() -> ModemFault:
    """The request is not processed and never answered."""
    return ModemFault("silence")


def lost_answer() -> ModemFault:
    """The request is processed and never answered."""
    return ModemFault("lost-answer")


def then(function: Callable[[], None]) -> ModemFault:
    """The request is processed, the function is called in the modem's thread, and then it is answered."""
    return ModemFault("then", function=function)


def vanish() -> ModemFault:
    """The modem is unplugged instead of processing the request."""
    return ModemFault("vanish")


@dataclass
class _Armed:
    name: str
    countdown: int
    times: int | None
    fault: ModemFault


class ModemFaults:
    """Faults that wait for their message; may be armed from another thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._armed: list[_Armed] = []

    def at_message(self, name: str, fault: ModemFault, *, n: int = 1, times: int | None = 1) -> None:
        """At the n-th request of this name, e.g. "UIM Send APDU"; times in a row, None for ever."""
        with self._lock:
            self._armed.append(_Armed(name, n, times, fault))

    def clear(self) -> None:
        with self._lock:
            self._armed.clear()

    def hit(self, name: str) -> ModemFault | None:
        """Count a request; the fault that is due with it, if any."""
        due = None
        with self._lock:
            for armed in [armed for armed in self._armed if armed.name == name]:
                armed.countdown -= 1
                if armed.countdown <= 0 and due is None:
                    due = self._fire(armed)
        return due

    def _fire(self, armed: _Armed) -> ModemFault:
        if armed.times is not None:
            armed.times -= 1
            if armed.times == 0:
                self._armed.remove(armed)
        return armed.fault
