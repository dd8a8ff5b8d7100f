# SPDX-License-Identifier: LGPL-2.1-or-later
"""lpad is killed, or asked to end, at each phase of its work: what it says when the bus starts it again."""

from __future__ import annotations

import os
import signal

import pytest

from card_side import DECLINED, add_profile, download, last_event, place, profile, run_verb, segments_sent
from client import DEADLINE, NOTIFICATION, Client
from invariants import assert_invariants, lui_json, wait_until_idle
from testbed.bus import LPAD_NAME
from testbed.process import wait_for_exit, wait_until
from testbed.smdp import SubscriberRecord
from testbed.smdp.faults import Action, Status
from testbed.smdp.http import Response
from testbed.stack import Stack
from testbed.veuicc import faults

UNAVAILABLE = 10


def assassin(stack: Stack, number: signal.Signals = signal.SIGKILL):
    """To be called by chip or server: sends lpad a signal and, if it is a deadly one, waits for the end."""
    pid = stack.start_lpad()

    def strike(answer):
        os.kill(pid, number)
        if number == signal.SIGKILL:
            assert wait_for_exit(pid, DEADLINE)
        return answer

    return strike


class Strike(Action):
    """The request is executed, and lpad does not live to see the answer."""

    def __init__(self, strike):
        self._strike = strike

    def after(self, response: Response) -> Response:
        return self._strike(response)


def revive(stack: Stack) -> None:
    """Let the bus start lpad again, and wait until it has found and delivered everything."""
    stack.bus.wait_for_no_owner(LPAD_NAME)
    assert stack.chip.eid in [euicc["eid"] for euicc in lui_json(stack, "status")["euiccs"]]
    wait_until(lambda: not len(stack.chip.notifications), DEADLINE, "the delivery of what was pending")
    wait_until_idle(stack)


#: Function of the chip, its call that is the last thing lpad sees of it.
PHASES = {
    "info": ("GetEuiccInfo1", 1), "challenge": ("GetEuiccChallenge", 1), "authenticate": ("AuthenticateServer", 1),
    "profiles": ("GetProfilesInfo", 1), "prepare": ("PrepareDownload", 1),
    "segment-1": ("LoadBoundProfilePackage", 1), "segment-2": ("LoadBoundProfilePackage", 2),
    "segment-4": ("LoadBoundProfilePackage", 4), "segment-6": ("LoadBoundProfilePackage", 6),
}


@pytest.mark.parametrize("phase", PHASES)
def test_killed_in_a_download(shared, phase):
    """lui-cli says that lpad is gone; what lpad says when it is back is the truth, and the order is usable."""
    order = place(shared)
    function, n = PHASES[phase]
    strike = assassin(shared)
    shared.chip.faults.at_call(function, faults.mutate(strike), n=n)
    failure = download(shared, order, status=UNAVAILABLE)
    assert "lpad" in failure["error"]["message"]
    revive(shared)
    assert shared.chip.open_channels == 0
    assert not len(shared.chip.profiles)
    assert_invariants(shared, order, usable=True)


@pytest.mark.parametrize("function", ["initiateAuthentication", "authenticateClient", "getBoundProfilePackage"])
def test_killed_while_the_server_answers(shared, function):
    order = place(shared)
    shared.smdp.faults.at_function(function, Strike(assassin(shared)))
    download(shared, order, status=UNAVAILABLE)
    revive(shared)
    assert_invariants(shared, order, usable=True)


def test_killed_while_the_user_is_asked(shared):
    order = place(shared)
    with Client(shared) as client:
        client.download(shared.chip.eid, order.activation_code).wait_for_prompt()
        shared.kill_lpad()
    revive(shared)
    assert_invariants(shared, order, usable=True)


def test_killed_at_the_last_segment(shared):
    """The profile is installed: the list has it, and the result is delivered by the next lpad."""
    trial = place(shared)
    download(shared, trial, status=0)
    last = segments_sent(shared)
    order = shared.smdp.place_order(SubscriberRecord.make(2), size=2000)
    shared.chip.faults.at_segment(last, faults.mutate(assassin(shared)))
    download(shared, order, status=UNAVAILABLE)
    assert order.state == "downloaded"
    revive(shared)
    assert order.state == "installed"
    assert order.record.iccid in [p["iccid"] for p in lui_json(shared, "list")["profiles"]]
    assert_invariants(shared, order, usable=False)


@pytest.mark.parametrize("executed", [True, False], ids=["taken", "not-taken"])
def test_killed_around_the_delivery(shared, executed):
    """Between the server's 2xx and the removal, or before: delivered again, and then removed."""
    order = place(shared)
    strike = assassin(shared)
    if executed:
        shared.smdp.faults.at_function("handleNotification", Strike(strike))
    else:
        shared.chip.faults.at_call("RemoveNotificationFromList", faults.mutate(strike))
    download(shared, order, status=UNAVAILABLE)
    revive(shared)
    assert order.state == "installed"
    assert [n.duplicate for n in shared.smdp.notifications] == ([False, True] if executed else [False])
    assert_invariants(shared, order, usable=False)


@pytest.mark.parametrize("verb, function, before", [
    ("enable", "EnableProfile", False), ("disable", "DisableProfile", True), ("delete", "DeleteProfile", False),
    ("rename", "SetNickname", False),
])
def test_killed_at_a_change(shared, verb, function, before):
    """The chip has made it: that is what the next lpad shows, and what it tells the server."""
    iccid = add_profile(shared, enabled=before)
    shared.chip.faults.at_call(function, faults.mutate(assassin(shared)))
    run_verb(shared, verb, iccid, UNAVAILABLE)
    revive(shared)
    now = profile(shared, iccid)
    if verb == "rename":
        assert now.nickname == b"Summer"
    else:
        assert now is None if verb == "delete" else now.enabled == (verb == "enable")
        assert [n.event for n in shared.smdp.notifications] == [verb]
    assert_invariants(shared)


def test_killed_again_and_again(shared):
    """Each life gets a little further; the last one ends it."""
    order = place(shared)
    for function in ("AuthenticateServer", "PrepareDownload", "LoadBoundProfilePackage"):
        shared.chip.faults.at_call(function, faults.mutate(assassin(shared)))
        download(shared, order, status=UNAVAILABLE)
        shared.bus.wait_for_no_owner(LPAD_NAME)
    revive(shared)
    assert_invariants(shared, order, usable=True)


# SIGTERM --------------------------------------------------------------------------


def test_ends_when_asked(shared):
    """With nothing to do it is gone at once, with status 0; the next call starts it again."""
    pid = shared.start_lpad()
    shared.stop_lpad(DEADLINE)
    assert not shared.bus.has_owner(LPAD_NAME)
    assert shared.start_lpad() != pid
    assert_invariants(shared)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_exit_status_of_a_clean_end(make_stack, number):
    stack = make_stack()
    program = stack.run_lpad()
    assert lui_json(stack, "status")["euiccs"]
    program.process.send_signal(number)
    assert program.process.wait(DEADLINE) == 0
    assert stack.chip.open_channels == 0


def test_asked_to_end_while_the_user_is_asked(shared):
    """The order is put off on both sides, and whoever waits is told."""
    order = place(shared)
    with shared.terminal("download", order.activation_code) as terminal:
        terminal.expect("Install it")
        shared.stop_lpad(DEADLINE)
        assert terminal.wait() == DECLINED
        assert "stopped" in terminal.text
    assert last_event(order) == ("session postponed", "")
    assert shared.chip.open_channels == 0
    assert_invariants(shared, order, usable=True)


@pytest.mark.parametrize("phase", ["challenge", "authenticate", "prepare"])
def test_asked_to_end_before_the_package_is_loaded(shared, phase):
    """It stops at the next step, with the order as it was."""
    order = place(shared)
    function, n = PHASES[phase]
    shared.chip.faults.at_call(function, faults.mutate(assassin(shared, signal.SIGTERM)), n=n)
    done = download(shared, order)
    shared.bus.wait_for_no_owner(LPAD_NAME)
    assert done["ok"] is False
    assert done["error"]["order"] in ("usable", "unknown")
    assert order.open
    assert shared.chip.open_channels == 0
    assert_invariants(shared, order, usable=True)


@pytest.mark.parametrize("phase", ["segment-1", "segment-4", "segment-6"])
def test_asked_to_end_while_a_package_is_loaded(shared, phase):
    """What has begun is brought to its end: the profile is installed, and the server knows."""
    order = place(shared)
    function, n = PHASES[phase]
    shared.chip.faults.at_call(function, faults.mutate(assassin(shared, signal.SIGTERM)), n=n)
    done = download(shared, order)
    shared.bus.wait_for_no_owner(LPAD_NAME)
    assert done["ok"], done
    assert [p.iccid for p in shared.chip.profiles] == [order.record.iccid_octets]
    revive(shared)
    assert order.state == "installed"
    assert_invariants(shared, order, usable=False)


@pytest.mark.parametrize("verb, function", [("enable", "EnableProfile"), ("delete", "DeleteProfile")])
def test_asked_to_end_at_a_change(shared, verb, function):
    iccid = add_profile(shared)
    shared.chip.faults.at_call(function, faults.mutate(assassin(shared, signal.SIGTERM)))
    assert run_verb(shared, verb, iccid, None)["ok"]
    revive(shared)
    now = profile(shared, iccid)
    assert now is None if verb == "delete" else now.enabled
    assert_invariants(shared)


def test_nothing_of_the_chip_is_in_the_stored_state(shared):
    """What lpad keeps between its lives names no EID, ICCID, matching ID or server."""
    order = place(shared)
    shared.smdp.faults.at_function("handleNotification", Status(500))
    download(shared, order, status=0)
    shared.restart_lpad()
    files = [path for path in shared.state_folder.rglob("*") if path.is_file()]
    assert files, "a failed delivery is remembered"
    for path in files:
        text = path.read_text(errors="replace")
        for secret in (shared.chip.eid, order.record.iccid, order.matching_id, shared.host):
            assert secret not in text
        assert path.stat().st_mode & 0o077 == 0
    with Client(shared) as client:
        (notification,) = client.objects(NOTIFICATION).values()
        assert notification["Attempts"] == 1
    lui_json(shared, "notifications", "send")
    assert_invariants(shared, order, usable=False)


@pytest.mark.parametrize("text", ["", "[", "\0\xff", "a" * 70000], ids=["empty", "torn", "binary", "large"])
def test_damaged_state_is_no_obstacle(make_stack, text):
    """It can be deleted or torn at any time."""
    stack = make_stack()
    for name in ("readers.ini", "notifications.ini"):
        (stack.state_folder / name).write_text(text, encoding="latin-1")
    assert_invariants(stack, place(stack), usable=True)
