# SPDX-License-Identifier: LGPL-2.1-or-later
"""The demonstrations run as they are shown to people."""

from __future__ import annotations

import os
import subprocess
import sys

from testbed.bus import TOP
from testbed.smdp import SubscriberRecord
from testbed.stack import default_build


def test_behind_a_modem():
    """ModemManager shows the ICCID of the profile that is in use, each time."""
    done = subprocess.run(
        [sys.executable, "-m", "testbed.demo", "--modem", "--build", str(default_build())],
        env={**os.environ, "PYTHONPATH": str(TOP / "tests")}, capture_output=True, text=True, timeout=180,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    shown = [line.split()[-1] for line in done.stdout.splitlines() if " iccid: " in line]
    home, travel = SubscriberRecord.make(1).iccid, SubscriberRecord.make(2).iccid
    assert shown == [home, travel, home]
