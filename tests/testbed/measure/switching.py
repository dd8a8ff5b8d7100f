# SPDX-License-Identifier: LGPL-2.1-or-later
"""How long a switch in a modem takes, by what its firmware makes of a REFRESH."""

from __future__ import annotations

import time

from testbed.device import Device
from testbed.measure.figures import Figures
from testbed.modem.firmware import BEHAVIOURS
from testbed.smdp import SubscriberRecord

RECORDS = [SubscriberRecord.make(number) for number in (1, 2)]
#: Each takes seconds, and they differ little.
RUNS_MAX = 3
#: What their figures are called.
TRANSPORTS = {"qmi": "switch_seconds", "mbim": "switch_seconds.mbim"}


def _measure(figures: Figures, runs: int, transport: str, prefix: str) -> None:
    with Device(records=RECORDS, transport=transport, config={"General": {"IdleTimeout": "600"}}) as device:
        device.mobile.start_modem_manager()
        device.mobile.wait_for_modem(lambda modem: modem.iccid == RECORDS[0].iccid)
        device.lui("list")  # lpad runs from now on
        current = 0
        for behaviour in BEHAVIOURS:
            device.modem.firmware.behaviour = behaviour
            for _ in range(min(runs, RUNS_MAX)):
                current = 1 - current
                begin = time.monotonic()
                done = device.lui("enable", RECORDS[current].iccid)
                if done.returncode != 0:
                    raise SystemExit(f"{behaviour}: the switch has failed: {done.stderr}")
                device.mobile.wait_for_modem(lambda modem: modem.iccid == RECORDS[current].iccid)
                figures.add(f"{prefix}.{behaviour}", time.monotonic() - begin)


def measure(figures: Figures, runs: int, log) -> None:
    """From the start of lui-cli until ModemManager shows the new ICCID."""
    for transport, prefix in TRANSPORTS.items():
        log(f"switches behind a modem, over {transport}")
        _measure(figures, runs, transport, prefix)
