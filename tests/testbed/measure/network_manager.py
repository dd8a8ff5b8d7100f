# SPDX-License-Identifier: LGPL-2.1-or-later
"""The race at a switch: on whose connection NetworkManager comes up, with lpad-nm and without.

Profiles with connections of their own are enabled with lui-cli in random order, under each behaviour of a modem's firmware.
A switch counts as right when the connection of the new profile comes up, and an attach as wrong when the network is asked
for another profile's APN on the way there.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from testbed.device import Device
from testbed.lpad_nm import LpadNm
from testbed.measure.figures import Figures
from testbed.modem.firmware import BEHAVIOURS
from testbed.network_manager import NetworkManager
from testbed.process import StackError, wait_until
from testbed.smdp import SubscriberRecord
from testbed.smdp.subscriber import decode_iccid

#: Of each behaviour.
SWITCHES = 50
#: Devices at the same time: they wait most of the time.
AT_ONCE = 4
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

    @property
    def enabled(self) -> str:
        """ICCID of the profile that is."""
        return decode_iccid(self._device.chip.profiles.enabled.iccid)

    def switch(self, iccid: str) -> None:
        """One that fails is not right, and makes no attach."""
        before = len(self._device.network.asked)
        done = self._device.lui("enable", iccid, timeout=300)
        if done.returncode != 0:
            print(f"not right: switch to {APNS[iccid]}: {done.stdout}{done.stderr}", file=sys.stderr)
            return
        try:
            self._device.mobile.wait_for_modem(lambda modem: modem.iccid == iccid, PATIENCE)
            wait_until(self._come_up if self._agent is None else lambda: self._manager.activated() == [self._own[iccid]],
                       PATIENCE, "a connection to come up", interval=0.2)
        except StackError:
            pass  # what is up by now counts
        right = self._manager.activated() == [self._own[iccid]]
        asked = [apn for _, apn in self._device.network.asked[before:]]
        wrong = sum(apn != APNS[iccid] for apn in asked)
        self.right, self.wrong = self.right + right, self.wrong + wrong
        if self._agent and (wrong or not right):
            print(f"not right: switch to {APNS[iccid]}, asked for {asked}, in use {self._manager.active()}", file=sys.stderr)
        if self._agent:
            wait_until(lambda: self._agent.journal == "", 2 * PATIENCE, "lpad-nm to put everything back")

    def _come_up(self) -> bool:
        """Nobody helps: what comes up is what counts."""
        if not self._manager.activated():
            return False
        seen = self._device.mobile.seen_modem()
        return seen is not None and seen.state == "connected"


def run(behaviour: str, switches: int, *, help_it: bool, seed: int = 0) -> tuple[int, int]:
    """How many of the switches came up right, and how many attaches were wrong."""
    random_order = random.Random(f"{behaviour} {seed}")
    race = Race(behaviour, help_it=help_it)
    try:
        made = 0
        while made < switches:
            chosen = random_order.choice(RECORDS).iccid
            if chosen != race.enabled:
                race.switch(chosen)
                made += 1
    finally:
        race.close()
    return race.right, race.wrong


def measure(figures: Figures, log: Callable[[str], None], switches: int = SWITCHES) -> None:
    """nm_right_connection and nm_wrong_attach of each behaviour; and the same, "unaided", without lpad-nm."""
    log(f"{switches} switches under each of {len(BEHAVIOURS)} behaviours of firmware, with lpad-nm and without")
    races = [(behaviour, help_it) for help_it in (True, False) for behaviour in BEHAVIOURS]

    def finish(race: tuple[str, bool]) -> tuple[int, int]:
        behaviour, help_it = race
        right, wrong = run(behaviour, switches, help_it=help_it)
        log(f"{behaviour}, {'with' if help_it else 'without'} lpad-nm: {right} of {switches} right, {wrong} wrong attaches")
        return right, wrong
    with ThreadPoolExecutor(AT_ONCE) as pool:
        begun = {race: pool.submit(finish, race) for race in sorted(races, key=_longest_first)}
    outcomes = {race: future.result() for race, future in begun.items()}
    for help_it, suffix in ((True, ""), (False, "_unaided")):
        for behaviour in BEHAVIOURS:
            right, wrong = outcomes[behaviour, help_it]
            figures.add(f"nm_right_connection{suffix}.{behaviour}", right)
            figures.add(f"nm_wrong_attach{suffix}.{behaviour}", wrong)
        figures.add(f"nm_right_connection{suffix}", min(outcomes[behaviour, help_it][0] for behaviour in BEHAVIOURS))
        figures.add(f"nm_wrong_attach{suffix}", max(outcomes[behaviour, help_it][1] for behaviour in BEHAVIOURS))


def _longest_first(race: tuple[str, bool]) -> int:
    """The later behaviours take longer."""
    return -BEHAVIOURS.index(race[0])
