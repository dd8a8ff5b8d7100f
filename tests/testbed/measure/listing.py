# SPDX-License-Identifier: LGPL-2.1-or-later
"""What it takes to list the profiles of a chip that has ten of them, each with an icon."""

from __future__ import annotations

import json
import time

from testbed.measure.figures import Figures
from testbed.smdp import SubscriberRecord
from testbed.stack import Stack
from testbed.veuicc.profiles import Profile

PROFILES = 10
#: As large as an icon may be.  What is in it is of no importance here.
ICON = b"\x89PNG\r\n\x1a\n" + bytes(1016)


def _fill(stack: Stack) -> None:
    for number in range(1, PROFILES + 1):
        record = SubscriberRecord.make(number)
        stack.chip.add_profile(Profile(
            record.iccid_octets, name=record.profile_name.encode(), service_provider=b"Testbed Mobile",
            icon_type=1, icon=ICON, package=bytes(12_000), enabled=number == 1,
        ))


def measure(figures: Figures, runs: int, log) -> None:
    """From an lpad that does not run to the end of lui-cli: all of the chip is read."""
    log(f"list of {PROFILES} profiles with icons")
    with Stack() as stack:
        _fill(stack)
        stack.lui("list")  # from now on lpad knows what is on the card
        for _ in range(runs):
            stack.stop_lpad()
            stack.chip.counters.reset()
            begin = time.monotonic()
            done = stack.lui("list", "--json")
            figures.add("list_ms", (time.monotonic() - begin) * 1000)
            if len(json.loads(done.stdout)["profiles"]) != PROFILES:
                raise SystemExit(f"the list is not complete: {done.stdout}{done.stderr}")
            figures.add("list_apdus", stack.chip.counters.apdus)
            figures.add("list_card_octets_in", stack.chip.counters.octets_in)
