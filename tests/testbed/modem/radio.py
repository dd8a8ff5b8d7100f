# SPDX-License-Identifier: LGPL-2.1-or-later
"""The modem's registration with the network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from testbed.modem.card import CardError
from testbed.modem.dms import ONLINE
from testbed.network import Refused

if TYPE_CHECKING:
    from testbed.modem.modem import Modem

NOT_REGISTERED, REGISTERED, SEARCHING, DENIED = 0, 1, 2, 3


class Radio:
    """Registers whenever it is on, the card is ready and it is not registered."""

    def __init__(self, modem: Modem):
        self._modem = modem
        self.state = NOT_REGISTERED
        self.roaming = False
        #: Cause of the last refusal.
        self.cause: int | None = None
        self._attempt = 0
        #: Who is registered; empty when nobody is.
        self._imsi = ""

    @property
    def registered(self) -> bool:
        return self.state == REGISTERED

    def lost(self) -> None:
        """The card or the power is gone."""
        self._attempt += 1
        if self._imsi:
            self._modem.network.detach(self._imsi)
            self._imsi = ""
        self._become(NOT_REGISTERED)
        self._modem.wds.drop_all()

    def restart(self) -> None:
        """Look for the network anew, if the radio is on and there is a USIM."""
        self.lost()
        if self._modem.dms.mode != ONLINE or not self._modem.card_ready or not self._modem.slot.seen.imsi:
            return
        self._become(SEARCHING)
        attempt = self._attempt
        self._modem.later(self._modem.firmware.attach_seconds, lambda: self._attach(attempt))

    def _attach(self, attempt: int) -> None:
        if attempt != self._attempt:
            return
        imsi = self._modem.slot.seen.imsi
        try:
            self.roaming = self._modem.network.attach(imsi, self._authenticate)
            self._imsi, self.cause = imsi, None
            self._become(REGISTERED)
        except Refused as refused:
            self.cause = refused.cause
            self._become(DENIED)

    def _authenticate(self, rand: bytes, autn: bytes) -> bytes | None:
        try:
            return self._modem.slot.authenticate(rand, autn)
        except CardError:
            return None

    def _become(self, state: int) -> None:
        changed, self.state = state != self.state, state
        if changed:
            self._modem.nas.tell_registration()
            for listener in self._modem.radio_listeners:
                listener()
