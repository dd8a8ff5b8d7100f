# SPDX-License-Identifier: LGPL-2.1-or-later
"""The first boot without a user: the firmware's configuration names what to download, and lpad does it once."""

from __future__ import annotations

import subprocess

import pytest

from card_side import profile
from client import DEADLINE, EUICC, Client
from conftest import SHARED_CONFIG
from invariants import assert_invariants, lui_json, renew
from scenes import place
from test_notification_service import no_network
from test_provisioning import DEATHS
from test_restart import assassin
from testbed.process import wait_until
from testbed.smdp import faults as smdp_faults
from testbed.veuicc import faults
from way import add_old, add_provisioning, enabled, wait_until_enabled, wireless

ROOT_DS = "smds.example.com"
POLICY = {
    "Smdp": "smdp.example.com", "Smds": None, "Consent": "true", "Enable": "true", "UseProvisioning": "true",
    "AcceptPolicyRules": None, "RetryAfter": "1",
}


@pytest.fixture(scope="module")
def running():
    with wireless(config={**SHARED_CONFIG, "Provisioning": {"WaitTime": "3"}}, smds=[ROOT_DS]) as stack:
        yield stack
        stack.stop_lpad()
        assert not stack.findings()


@pytest.fixture
def stack(running, request):
    """A device as it leaves the factory: a provisioning profile, and lpad that has never run."""
    request.node.stacks = [running]
    running.stop_lpad()
    running.bus.wait_for_no_owner("org.lpad.Lpad1")
    running.write_config({"FirstBoot": dict.fromkeys(POLICY)})
    running.way.clear()
    for event in running.smds[0].book.events:
        event.delete()
    renew(running)
    running.chip.config.root_ds = ROOT_DS
    for path in running.state_folder.glob("*.ini"):
        path.unlink()
    running.provisioning = add_provisioning(running)
    running.stop_lpad()
    running.bus.wait_for_no_owner("org.lpad.Lpad1")
    return running


def power_on(stack, **keys: str | None) -> None:
    """Firmware with this policy starts lpad."""
    stack.write_config({"FirstBoot": {**POLICY, **keys}})
    stack.start_lpad()


def ordered(stack, **options):
    """The operator has an order for the EID, and its network takes the new subscriber."""
    order = place(stack, eid=stack.chip.eid, matching_id="", **options)
    stack.way.served.add(order.record.iccid)
    return order


def first_boot(stack) -> dict:
    with Client(stack) as client:
        return client.properties(client.euicc(stack.chip.eid), EUICC)["FirstBoot"]


def wait_for(stack, state: str, failures: int = 0) -> dict:
    def look() -> dict | None:
        now = first_boot(stack)
        return now if now["state"] == state and now["failures"] >= failures else None
    return wait_until(look, DEADLINE, f"the first boot to be {state}")


def is_due(stack) -> bool:
    done = subprocess.run([*stack.lpad_command(), "--due"], env=stack.env, capture_output=True, timeout=60)
    return done.returncode == 0


def test_from_the_named_server(stack):
    """Nobody does anything: the device ends with its operational profile in use, and lpad never does it again."""
    order = ordered(stack)
    power_on(stack)
    wait_until_enabled(stack, order.record.iccid)
    assert wait_for(stack, "done")["failures"] == 0
    assert order.state == "installed"
    assert_invariants(stack)
    with stack.chip.lock:
        stack.chip.profiles.profiles.clear()
    stack.restart_lpad()
    assert first_boot(stack)["state"] == "done" and not len(stack.chip.profiles)


def test_the_network_returns_during_an_attempt_that_fails(make_stack):
    """The route comes while lpad waits for an answer that does not come: the next attempt is not ten minutes away."""
    stack = make_stack(config={"FirstBoot": {**POLICY, "UseProvisioning": None, "RetryAfter": "600"}})
    order = place(stack, eid=stack.chip.eid, matching_id="")
    with no_network(stack) as network:
        network.ip("link", "set", "lo", "up")
        network.open()
        network.server.first = lambda: network.ip("route", "add", "default", "dev", "lo")
        lpad = stack.run_lpad(network.enter)
        wait_until_enabled(stack, order.record.iccid, 60)
        assert network.server.first is None
        lpad.stop()


def test_from_the_default_server_of_the_chip(stack):
    order = ordered(stack)
    stack.chip.default_dp = "smdp.example.com"
    power_on(stack, Smdp="default")
    wait_until_enabled(stack, order.record.iccid)


def test_from_a_discovery_server(stack):
    """It can be reached over the provisioning profile only, like the server to which it leads."""
    order = stack.smdp.announce(place(stack, eid=stack.chip.eid), stack.smds[0])
    stack.way.served.add(order.record.iccid)
    power_on(stack, Smdp=None, Smds="true")
    wait_until_enabled(stack, order.record.iccid)
    wait_for(stack, "done")
    assert_invariants(stack)


def test_nothing_waits_yet(stack):
    """The operator is late: lpad tries again, and tells so meanwhile."""
    power_on(stack, Smdp=None, Smds="true", RetryAfter="3")
    waiting = wait_for(stack, "waiting", failures=1)
    assert waiting["error"].endswith("NotFound") and "No profile waits" in waiting["message"]
    wait_until_enabled(stack, None)  # back from the provisioning profile
    assert "First boot: the first profile is downloaded at the next attempt" in stack.lui("status").stdout
    order = stack.smdp.announce(place(stack, eid=stack.chip.eid), stack.smds[0])
    stack.way.served.add(order.record.iccid)
    wait_until_enabled(stack, order.record.iccid)


def test_without_consent(stack):
    """Nobody has agreed: nothing is asked, nothing is installed, and it is said why."""
    requests = stack.smdp.counters.snapshot()
    ordered(stack)
    power_on(stack, Consent=None)
    blocked = wait_for(stack, "blocked")
    assert "Consent is not set" in blocked["message"]
    assert "Nobody has consented" in stack.lui("status").stdout
    assert lui_json(stack, "status")["euiccs"][0]["first_boot"]["state"] == "blocked"
    assert stack.smdp.counters.snapshot() == requests and enabled(stack) is None
    assert not is_due(stack)


def test_rules_that_nobody_has_accepted(stack):
    order = ordered(stack, pprs=[1])
    power_on(stack)
    assert wait_for(stack, "waiting", failures=1)["error"].endswith(("ConsentRequired", "PolicyViolation"))
    assert profile(stack, order.record.iccid) is None and order.open


def test_a_chip_that_has_a_profile_is_left_alone(stack):
    old = add_old(stack, enabled=False)
    stack.stop_lpad()
    stack.bus.wait_for_no_owner("org.lpad.Lpad1")
    ordered(stack)
    power_on(stack)
    wait_for(stack, "done")
    assert enabled(stack) is None and len(stack.chip.profiles) == 2
    assert profile(stack, old) is not None


def test_fails_and_works_across_a_restart(stack):
    """No way at first: the attempt is written down, lpad is restarted, and it works when the network is there."""
    order = ordered(stack)
    stack.way.barred = True
    assert is_due_with_policy(stack)
    wait_for(stack, "waiting", failures=1)
    stack.stop_lpad()
    stack.bus.wait_for_no_owner("org.lpad.Lpad1")
    assert enabled(stack) is None
    text = (stack.state_folder / "chips.ini").read_text()
    assert "FirstBoot=" in text and stack.host not in text
    wait_until(lambda: is_due(stack), DEADLINE, "the next attempt to be due")
    stack.way.barred = False
    stack.start_lpad()
    wait_until_enabled(stack, order.record.iccid)
    wait_for(stack, "done")
    assert not is_due(stack)


def is_due_with_policy(stack) -> bool:
    """lpad-wake.timer starts lpad on a device on which nobody has asked for it yet."""
    stack.write_config({"FirstBoot": POLICY})
    due = is_due(stack)
    stack.start_lpad()
    return due


def test_installed_but_not_enabled(stack):
    """It is not downloaded twice: what is left is to enable it."""
    order = ordered(stack)
    stack.chip.faults.at_call("EnableProfile", faults.result_code("EnableProfile", 3), n=2)
    power_on(stack)
    wait_until_enabled(stack, order.record.iccid)
    wait_for(stack, "done", failures=1)
    assert len(stack.chip.profiles) == 2


@pytest.mark.parametrize("death", ["enabling", "segment"])
def test_killed(stack, death):
    """The next lpad goes back, and begins again."""
    order = ordered(stack)
    function, n = DEATHS[death]
    stack.write_config({"FirstBoot": POLICY})
    stack.chip.faults.at_call("EnableProfile", faults.status(0x6A88), times=None)  # until the assassin stands ready
    strike = assassin(stack)
    stack.chip.faults.clear()
    stack.chip.faults.at_call(function, faults.mutate(strike), n=n)
    stack.bus.wait_for_no_owner("org.lpad.Lpad1")
    stack.start_lpad()
    wait_until_enabled(stack, order.record.iccid)
    wait_for(stack, "done")
    assert_invariants(stack)


def test_makes_way_for_a_user(stack):
    """Somebody downloads by hand meanwhile: that one is installed, and the first boot is over."""
    waits = ordered(stack)
    by_hand = place(stack)
    stack.way.barred = True
    power_on(stack, UseProvisioning="true")
    with Client(stack) as client:
        client.euicc(stack.chip.eid)
        wait_until_enabled(stack, stack.provisioning)
        operation = client.download(
            stack.chip.eid, by_hand.activation_code, consent=True, use_provisioning=True, enable=True)
        operation.wait(lambda now: now["Stage"] == "waiting-for-server", "the user's turn")
        stack.way.served.add(by_hand.record.iccid)
        stack.way.barred = False
        assert "error" not in operation.result()
    wait_for(stack, "done")
    assert enabled(stack) == by_hand.record.iccid
    assert waits.open and profile(stack, waits.record.iccid) is None
