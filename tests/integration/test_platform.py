# SPDX-License-Identifier: LGPL-2.1-or-later
"""The whole platform: a device with a provisioning profile becomes a customer's, between real ModemManager and
NetworkManager, in a network that carries packets by what was granted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from testbed import keeper
from testbed.bus import TOP
from testbed.network import Cause
from testbed.platform import APN, HTTPS, MAKER, SMDS, TRAVELLER, Platform
from testbed.process import MARK, wait_until
from testbed.smdp import SubscriberRecord
from testbed.stack import default_build
from testbed.story import Story

AWAY = SubscriberRecord.make(3, profile_name="Away")
TRIAL_SECONDS, ROLLED_BACK = 5, 11
#: What two switches take at most on a busy machine.
SWITCHES_SECONDS = 60
FIRST_BOOT = {"Smds": "true", "Consent": "true", "Enable": "true", "UseProvisioning": "true"}


def test_from_the_order_to_the_subscription(make_platform):
    """The story that tests/demo --platform tells; it claims after each step what is to be seen."""
    Story(make_platform()).tell()


def test_the_provisioning_profile_is_put_into_use_for_the_download(make_platform):
    """A device that has nothing in use and no network: one command, and it has a subscription of its own."""
    platform = make_platform(enabled=False)
    platform.power_on()
    platform.stock_profile()
    code = platform.order_profile()
    done = platform.lui("download", "--yes", "--use-provisioning", "--enable", code, timeout=180)
    assert done.returncode == 0, done.stderr
    modem = platform.wait_for_connection(TRAVELLER)
    assert modem.imsi == TRAVELLER.imsi and platform.network.attached == [MAKER.imsi, TRAVELLER.imsi]
    granted = [request.session for request in platform.network.requests if request.session]
    assert [(session.imsi, session.apn) for session in granted] == [(MAKER.imsi, "sm"), (TRAVELLER.imsi, APN)]
    assert set(platform.reach().values()) == {""}
    told = platform.smdp.notifications
    platform.smdp.record.wait_for(lambda: [notification.event for notification in told] == ["install", "enable"])


def test_first_boot_without_a_user(make_platform):
    """Nobody types anything: the firmware says where profiles wait, and the device ends up with its subscription."""
    platform = make_platform(enabled=False, config={"FirstBoot": FIRST_BOOT})
    platform.stock_profile()
    platform.order_profile(smds=SMDS)
    platform.power_on()
    platform.start_lpad()
    modem = platform.wait_for_connection(TRAVELLER, timeout=180)
    assert modem.imsi == TRAVELLER.imsi and platform.network.attached == [MAKER.imsi, TRAVELLER.imsi]
    assert set(platform.reach().values()) == {""}
    told = platform.smdp.notifications
    platform.smdp.record.wait_for(lambda: [notification.event for notification in told] == ["install", "enable"])


def test_the_network_of_the_new_profile_refuses(make_platform):
    """Back on the profile of before, connected; and the same when lpad is killed while the new one is on trial."""
    platform = make_platform(stored=(AWAY,))
    platform.power_on()
    platform.wait_for_connection(MAKER)
    platform.network.refused[AWAY.imsi] = Cause.PLMN_NOT_ALLOWED
    command = ("enable", AWAY.iccid, f"--rollback-timeout={TRIAL_SECONDS}")

    began = time.monotonic()
    done = platform.lui(*command, timeout=120)
    assert done.returncode == ROLLED_BACK and "the one before is in use again" in done.stderr
    is_back(platform, began)

    began = time.monotonic()
    with subprocess.Popen([platform.program("lui-cli"), *command], env=platform.marked_env, stderr=subprocess.PIPE):
        wait_until(lambda: platform.modem.iccid == AWAY.iccid, 60, "the switch")
        platform.kill_lpad()
    platform.start_lpad()
    is_back(platform, began)
    wait_until(lambda: "lpad has gone back to the one before" in platform.lui("status").stdout, 30, "lpad to say so")
    assert platform.network.attached == [MAKER.imsi] * 3


def is_back(platform: Platform, began: float) -> None:
    """With the profile of before, as it was, within the timeout and what two switches take."""
    wait_until(lambda: platform.modem.iccid == MAKER.iccid, 120, "the profile of before")
    platform.wait_for_connection(MAKER)
    assert time.monotonic() - began < TRIAL_SECONDS + SWITCHES_SECONDS
    assert platform.mobile.reach(platform.host, HTTPS) == ""


def test_a_crash_leaves_nothing_behind():
    """The process that runs all of it is killed in the middle: its programs, namespaces and folder go with it."""
    command = [sys.executable, "-m", "testbed.demo", "--platform", "--build", str(default_build())]
    with tempfile.TemporaryDirectory() as top:
        env = os.environ | {"PYTHONPATH": str(TOP / "tests"), "TMPDIR": top}
        with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as demo:
            shown = next(line for line in demo.stdout if MAKER.profile_name in line)
            (folder,) = Path(top).glob("lpad-testbed-*")
            running = keeper.marked(f"{MARK}={folder}".encode())
            demo.send_signal(signal.SIGKILL)
        assert shown and len(running) > 8
        wait_until(lambda: not keeper.marked(f"{MARK}={folder}".encode()) and not folder.exists(), 30, "everything to end")
