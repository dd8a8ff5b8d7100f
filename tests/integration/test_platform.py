# SPDX-License-Identifier: LGPL-2.1-or-later
"""The whole platform: a device with a provisioning profile becomes a customer's, between real ModemManager and
NetworkManager, in a network that carries packets by what was granted."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from card_side import profile
from conftest import close
from test_restart import assassin
from testbed import keeper
from testbed.bus import LPAD_NAME, TOP
from testbed.internet import WEBSITE, WEBSITE_PORT
from testbed.network import Cause
from testbed.platform import APN, MAKER, SMDS, TRAVELLER, Platform
from testbed.process import MARK, wait_until
from testbed.smdp import SubscriberRecord
from testbed.smdp.faults import Fail
from testbed.stack import default_build
from testbed.story import Story
from testbed.veuicc import faults

HOME, AWAY = SubscriberRecord.make(3, profile_name="Home"), SubscriberRecord.make(4, profile_name="Away")
#: What the operator has in stock on the platform that tests share, beside TRAVELLER.
STOCK = [SubscriberRecord.make(number, profile_name=f"Travel {number}") for number in (5, 6)]
TRIAL_SECONDS, ROLLED_BACK = 5, 11
REFUSED, UNAVAILABLE = 8, 10
#: What switches take at most on a busy machine.
SWITCHES_SECONDS = 60
RETURNED = "What was in use before the download is in use now."
#: What lui-cli says on the way, and each of it lasts.
WAY_THERE = ["Enabling the provisioning profile", "Waiting until the server can be reached"]
WAY_BACK = ["Going back to what was in use before"]
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
    assert_said(done.stdout, *WAY_THERE, "is installed and in use")
    modem = platform.wait_for_connection(TRAVELLER)
    assert modem.imsi == TRAVELLER.imsi and platform.network.users() == [MAKER.imsi, TRAVELLER.imsi]
    granted = [request.session for request in platform.network.requests if request.session]
    assert {(session.imsi, session.apn) for session in granted} == {(MAKER.imsi, "sm"), (TRAVELLER.imsi, APN)}
    assert set(platform.reach().values()) == {""} and platform.wrong_requests() == []
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
    assert modem.imsi == TRAVELLER.imsi and platform.network.users() == [MAKER.imsi, TRAVELLER.imsi]
    assert set(platform.reach().values()) == {""} and platform.wrong_requests() == []
    told = platform.smdp.notifications
    platform.smdp.record.wait_for(lambda: [notification.event for notification in told] == ["install", "enable"])


# What goes wrong: each test begins and ends with the profile of a user in use, connected ----------------------


@pytest.fixture(scope="module")
def started() -> Iterator[Platform]:
    platform = Platform(stored=(AWAY,), home=HOME).__enter__()
    for record in (TRAVELLER, *STOCK):
        platform.stock_profile(record)
    platform.power_on()
    platform.wait_for_connection(HOME)
    yield platform
    close(platform)


@pytest.fixture
def at_home(started, request) -> Iterator[Platform]:
    request.node.stacks = [started]
    before = len(started.network.asked)
    yield started
    started.smdp.faults.clear()
    started.chip.faults.clear()
    started.network.refused.clear()
    assert started.wrong_requests(before) == []


def test_the_network_of_the_new_profile_refuses(at_home):
    """Back on the profile of before, connected; and the same when lpad is killed while the new one is on trial."""
    platform = at_home
    platform.network.refused[AWAY.imsi] = Cause.PLMN_NOT_ALLOWED
    command = ("enable", AWAY.iccid, f"--rollback-timeout={TRIAL_SECONDS}")
    attached = len(platform.network.attached)

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
    wait_until(lambda: "lpad has gone back to the one before" in platform.lui("status").stdout, 60, "lpad to say so")
    assert platform.network.users(attached) == [HOME.imsi]


def test_the_download_fails_on_the_provisioning_network(at_home):
    """The server refuses what it is asked for: the user is told so, and is connected as before."""
    platform, attached = at_home, len(at_home.network.attached)
    platform.smdp.faults.at_function("authenticateClient", Fail("8.2.6", "3.8"))
    done = download(platform)
    assert done.returncode == REFUSED and RETURNED in done.stderr
    assert_said(done.stdout, *WAY_THERE, *WAY_BACK)
    is_back(platform)
    assert platform.network.users(attached) == [MAKER.imsi, HOME.imsi]
    assert not [record for record in (TRAVELLER, *STOCK) if profile(platform, record.iccid)]


def test_lpad_is_killed_in_the_middle_of_the_package(at_home):
    """On the provisioning network: the next lpad goes back before it does anything else, and says so."""
    platform, attached = at_home, len(at_home.network.attached)
    platform.chip.faults.at_call("LoadBoundProfilePackage", faults.mutate(assassin(platform)), n=4)
    assert download(platform).returncode == UNAVAILABLE
    platform.bus.wait_for_no_owner(LPAD_NAME)
    platform.start_lpad()
    is_back(platform)
    assert platform.network.users(attached) == [MAKER.imsi, HOME.imsi]
    wait_until(lambda: "what was in use before is in use again" in platform.lui("status").stdout, 60, "lpad to say so")


def test_the_network_of_the_downloaded_profile_refuses(at_home):
    """Installed over the provisioning profile, tried in vain: back on what was in use before both, connected."""
    platform, attached = at_home, len(at_home.network.attached)
    platform.network.refused.update({record.imsi: Cause.PLMN_NOT_ALLOWED for record in (TRAVELLER, *STOCK)})
    done = download(platform, f"--rollback-timeout={TRIAL_SECONDS}")
    assert done.returncode == ROLLED_BACK and RETURNED in done.stderr
    assert_said(done.stdout, *WAY_THERE, "Waiting for the network", *WAY_BACK)
    is_back(platform)
    assert platform.network.users(attached) == [MAKER.imsi, HOME.imsi]
    (new,) = [found for record in (TRAVELLER, *STOCK) if (found := profile(platform, record.iccid))]
    assert not new.enabled


def download(platform: Platform, *options: str) -> subprocess.CompletedProcess[str]:
    """Over the provisioning profile, of what the operator has sold now, which is to be enabled."""
    code = platform.order_profile()
    return platform.lui("download", "--yes", "--use-provisioning", "--enable", *options, code, timeout=180)


def assert_said(text: str, *words: str) -> None:
    """One after the other, with anything in between."""
    assert re.search(".*".join(map(re.escape, words)), text, re.DOTALL), text


def is_back(platform: Platform, began: float | None = None) -> None:
    """With the profile of before, connected; in time: within the timeout of the trial and what two switches take."""
    wait_until(lambda: platform.modem.iccid == HOME.iccid, 120, "the profile of before")
    platform.wait_for_connection(HOME)
    assert began is None or time.monotonic() - began < TRIAL_SECONDS + SWITCHES_SECONDS
    assert platform.mobile.reach(WEBSITE, WEBSITE_PORT) == ""


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
