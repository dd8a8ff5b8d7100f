# SPDX-License-Identifier: LGPL-2.1-or-later
"""The race at a switch: on whose connection NetworkManager comes up, with lpad-nm and without.

Profiles with connections of their own are enabled with lui-cli in random order, under each behaviour of a modem's firmware.
A switch counts as right when the connection of the new profile comes up, and an attach as wrong when the network is asked
for another profile's APN on the way there.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from testbed.device import Device
from testbed.lpad_nm import LpadNm
from testbed.measure.figures import Figures
from testbed.modem.firmware import BEHAVIOURS
from testbed.network_manager import NetworkManager
from testbed.process import StackError, wait_until
from testbed.smdp import SubscriberRecord

#: Of each behaviour.
SWITCHES = 50
#: Devices at the same time: they wait most of the time.
AT_ONCE = 3
#: Seconds in which a connection has come up.
PATIENCE = 60
RECORDS = [SubscriberRecord.make(number) for number in (301, 302)]
APNS = {record.iccid: f"apn{number}.example" for number, record in enumerate(RECORDS)}


class Race:
    """A device on which switches are made, and what became of them."""

    def __init__(self, behaviour: str, *, help_it: bool):
        self.right = self.wrong = 0
        self._device = Device(records=RECORDS).__enter__()
        mobile = self._device.mobile
        mobile.modem.firmware.behaviour = behaviour
        self._manager = NetworkManager(mobile)
        self._agent = LpadNm(mobile, self._device.build / "lpad-nm" / "lpad-nm") if help_it else None
        self._manager.start()
        mobile.start_modem_manager()
        if self._agent:
            self._agent.start()
        self._own = {
            iccid: self._manager.add(apn, "gsm.apn", apn, "gsm.sim-id", iccid) for iccid, apn in APNS.items()
        }
        self._manager.use(self._own[RECORDS[0].iccid])

    def close(self) -> None:
        if self._agent:
            self._agent.stop()
        self._manager.stop()
        self._device.close()

    def switch(self, iccid: str) -> None:
        before = len(self._device.network.asked)
        done = self._device.lui("enable", iccid, timeout=300)
        if done.returncode != 0:
            raise SystemExit(f"a switch failed: {done.stdout}{done.stderr}")
        try:
            self._device.mobile.wait_for_modem(lambda modem: modem.iccid == iccid, PATIENCE)
            wait_until(self._come_up if self._agent is None else lambda: self._manager.activated() == [self._own[iccid]],
                       PATIENCE, "a connection to come up", interval=0.1)
        except StackError:
            pass  # what is up by now counts
        self.right += self._manager.activated() == [self._own[iccid]]
        self.wrong += sum(apn != APNS[iccid] for _, apn in self._device.network.asked[before:])
        if self._agent:
            wait_until(lambda: self._agent.journal == "", 2 * PATIENCE, "lpad-nm to put everything back")

    def _come_up(self) -> bool:
        """Nobody helps: what comes up is what counts."""
        return bool(self._manager.activated()) and self._device.mobile.seen_modem().state == "connected"


def run(behaviour: str, switches: int, *, help_it: bool, seed: int = 0) -> tuple[int, int]:
    """How many of the switches came up right, and how many attaches were wrong."""
    random_order = random.Random(f"{behaviour} {seed}")
    race = Race(behaviour, help_it=help_it)
    try:
        enabled, made = RECORDS[0].iccid, 0
        while made < switches:
            chosen = random_order.choice(RECORDS).iccid
            if chosen != enabled:
                race.switch(chosen)
                enabled, made = chosen, made + 1
    finally:
        race.close()
    return race.right, race.wrong


def measure(figures: Figures, log: Callable[[str], None], switches: int = SWITCHES) -> None:
    """nm_right_connection and nm_wrong_attach of each behaviour; and the same, "unaided", without lpad-nm."""
    for help_it, suffix in ((True, ""), (False, "_unaided")):
        log(f"{switches} switches under each of {len(BEHAVIOURS)} behaviours, {'with' if help_it else 'without'} lpad-nm")
        with ThreadPoolExecutor(AT_ONCE) as pool:
            outcomes = list(pool.map(lambda behaviour, aided=help_it: run(behaviour, switches, help_it=aided), BEHAVIOURS))
        for behaviour, (right, wrong) in zip(BEHAVIOURS, outcomes):
            figures.add(f"nm_right_connection{suffix}.{behaviour}", right)
            figures.add(f"nm_wrong_attach{suffix}.{behaviour}", wrong)
        figures.add(f"nm_right_connection{suffix}", min(right for right, _ in outcomes))
        figures.add(f"nm_wrong_attach{suffix}", max(wrong for _, wrong in outcomes))
