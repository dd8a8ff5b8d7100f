# SPDX-License-Identifier: LGPL-2.1-or-later
"""MBIM Basic Connect as far as ModemManager needs it to show the SIM and the registration: no data connections."""

from __future__ import annotations

from typing import TYPE_CHECKING

from testbed.modem import mbim
from testbed.modem.dms import LOW_POWER, ONLINE
from testbed.modem.mbim import Command, MbimError, Status, information, text
from testbed.modem.radio import DENIED, REGISTERED, SEARCHING

if TYPE_CHECKING:
    from testbed.modem.modem import Modem

RADIO_STATE, PIN, HOME_PROVIDER, REGISTER_STATE, PACKET_SERVICE, SIGNAL_STATE = 3, 4, 6, 9, 10, 11
RADIO_OFF, RADIO_ON = 0, 1
PIN_1, PIN_UNLOCKED, PIN_ATTEMPTS = 2, 0, 3
CELLULAR_GSM, DATA_NONE, DATA_LTE = 1, 0, 1 << 5
#: States of registration: deregistered, searching, home, roaming, denied.
DEREGISTERED, LOOKING, HOME, ROAMING, REFUSED = 1, 2, 3, 4, 6
AUTOMATIC = 1
ATTACHED, DETACHED = 2, 4
HOME_STATE = 1
SIGNAL, NO_ERROR_RATE, SIGNAL_INTERVAL = 20, 99, 30


class MbimBasic:
    """What the modem answers; each query's answer is what is told by itself, too."""

    def __init__(self, modem: Modem):
        self._modem = modem
        self.handlers = {
            RADIO_STATE: self._radio_state, PIN: self._pin, HOME_PROVIDER: self._home_provider,
            REGISTER_STATE: self._register_state, PACKET_SERVICE: self._packet_service,
            SIGNAL_STATE: lambda _command: information(SIGNAL, NO_ERROR_RATE, SIGNAL_INTERVAL, 0, 0),
        }

    def told(self) -> dict[int, bytes]:
        """Indications when the registration has changed."""
        return {REGISTER_STATE: self._registration(), PACKET_SERVICE: self._attachment()}

    def _radio_state(self, command: Command) -> bytes:
        dms = self._modem.dms
        mode = dms.mode
        if command.kind == mbim.SET:
            if command.u32(0) not in (RADIO_OFF, RADIO_ON):
                raise MbimError(Status.INVALID_PARAMETERS)
            mode = ONLINE if command.u32(0) == RADIO_ON else LOW_POWER
            self._modem.after_answer(lambda: dms.enter(mode))
        return information(RADIO_ON, RADIO_ON if mode == ONLINE else RADIO_OFF)

    def _pin(self, command: Command) -> bytes:
        """No profile of the testbed asks for one."""
        if command.kind == mbim.SET:
            raise MbimError(Status.OPERATION_NOT_ALLOWED)
        if not self._modem.slot.present:
            raise MbimError(Status.SIM_NOT_INSERTED)
        return information(PIN_1, PIN_UNLOCKED, PIN_ATTEMPTS)

    def _home_provider(self, _command: Command) -> bytes:
        network = self._modem.network
        return information(text(network.mcc + network.mnc), HOME_STATE, text(network.name), CELLULAR_GSM, SIGNAL, NO_ERROR_RATE)

    def _register_state(self, command: Command) -> bytes:
        if command.kind == mbim.SET and not self._modem.radio.registered:
            self._modem.after_answer(self._modem.radio.restart)
        return self._registration()

    def _registration(self) -> bytes:
        radio, network = self._modem.radio, self._modem.network
        states = {REGISTERED: ROAMING if radio.roaming else HOME, SEARCHING: LOOKING, DENIED: REFUSED}
        there = radio.registered
        return information(
            radio.cause or 0, states.get(radio.state, DEREGISTERED), AUTOMATIC, DATA_LTE if there else DATA_NONE,
            CELLULAR_GSM, text(network.mcc + network.mnc if there else ""), text(network.name if there else ""), text(""), 0,
        )

    def _packet_service(self, _command: Command) -> bytes:
        return self._attachment()

    def _attachment(self) -> bytes:
        """Attached as long as registered; speeds are numbers of 64 bits."""
        there = self._modem.radio.registered
        return information(0, ATTACHED if there else DETACHED, DATA_LTE if there else DATA_NONE, 0, 0, 0, 0)
