# SPDX-License-Identifier: LGPL-2.1-or-later
"""Downloads over a provisioning profile: there, and back to what was in use before, whatever goes wrong."""

from __future__ import annotations

import pytest

from card_side import CARD, NOT_FOUND, SERVER, STATE, check, download, place, profile, reload
from client import DEADLINE, Client, Refused
from conftest import SHARED_CONFIG
from invariants import assert_invariants, lui_json, renew
from test_interruption import interruptions, records, wait_for_no_record
from test_restart import UNAVAILABLE, assassin
from testbed.process import wait_until
from testbed.smdp import faults as smdp_faults
from testbed.smdp.subscriber import encode_iccid
from testbed.veuicc import faults
from way import add_old, add_provisioning, enabled, wait_until_enabled, wireless

USE = "--use-provisioning"
SWITCH = "org.lpad.lpad1.switch"


@pytest.fixture(scope="module")
def running():
    config = {**SHARED_CONFIG, "Provisioning": {"WaitTime": "3"}}
    with wireless(config=config) as stack:
        yield stack
        stack.stop_lpad()
        assert not stack.findings()


@pytest.fixture
def stack(running, request):
    request.node.stacks = [running]
    running.way.clear()
    renew(running)
    return running


def in_use(stack, what: str) -> str | None:
    """What is in use before: nothing, or an operational profile without a network."""
    return add_old(stack) if what == "old" else None


@pytest.fixture(params=["nothing", "old"])
def before(stack, request) -> str | None:
    return in_use(stack, request.param)


@pytest.fixture
def old(stack) -> str:
    return add_old(stack)


def test_there_and_back(stack, before):
    """The new profile is installed, and what was in use is in use again; the operator has heard all there is to hear."""
    provisioning = add_provisioning(stack)
    order = place(stack)
    done = download(stack, order, USE, status=0)
    assert done["provisioning"] == "returned"
    assert enabled(stack) == before
    assert profile(stack, order.record.iccid) is not None
    assert ("install", order.record.iccid) in [(n.event, n.iccid) for n in stack.smdp.notifications]
    assert ("enable", provisioning) in [(n.event, n.iccid) for n in stack.smdp.notifications]
    wait_for_no_record(stack)


def test_on_to_the_new_profile(stack, old):
    add_provisioning(stack)
    order = place(stack)
    stack.way.served.add(order.record.iccid)
    done = download(stack, order, USE, "--enable", status=0)
    assert done["provisioning"] == "left"
    assert enabled(stack) == order.record.iccid
    wait_for_no_record(stack)
    assert_invariants(stack)


def test_the_provisioning_profile_is_in_use_already(stack):
    """Power on with nothing else: after a failure it is in use again, after a download the new one."""
    provisioning = add_provisioning(stack, enabled=True)
    order = place(stack)
    stack.smdp.faults.at_function("authenticateClient", smdp_faults.Fail("8.2.6", "3.8"))
    failure = download(stack, order, USE, "--enable")
    assert failure["error"]["provisioning"] == "returned"
    assert enabled(stack) == provisioning
    again = place(stack)
    stack.way.served.add(again.record.iccid)
    assert download(stack, again, USE, "--enable", status=0)["provisioning"] == "left"
    assert enabled(stack) == again.record.iccid
    assert_invariants(stack)


def test_what_the_user_sees(stack):
    """Each stage in words, the question as ever, and the end."""
    add_provisioning(stack)
    order = place(stack)
    stack.way.barred = True
    with stack.terminal("download", USE, order.activation_code) as terminal:
        terminal.expect("Waiting until the server can be reached")
        stack.way.barred = False
        terminal.expect("Install it?")
        terminal.send("y\n")
        terminal.expect("is installed")
        terminal.expect("What was in use before the download is in use now.")
    assert enabled(stack) is None


# What goes wrong ------------------------------------------------------------------

#: The fault: name of the error, where the order stands then, exit status.
FAULTS = {
    "not-enabled": (
        lambda stack: stack.chip.faults.at_call("EnableProfile", faults.result_code("EnableProfile", 3)),
        "PolicyViolation", True, STATE,
    ),
    "no-way": (lambda stack: setattr(stack.way, "barred", True), "ServerUnreachable", True, SERVER),
    "refused": (
        lambda stack: stack.smdp.faults.at_function("authenticateClient", smdp_faults.Fail("8.2.6", "3.8")),
        "CodeRefused", None, None,
    ),
    "package-lost": (
        lambda stack: stack.smdp.faults.at_function("getBoundProfilePackage", smdp_faults.Break("reset"), times=None),
        "ServerUnreachable", True, SERVER,
    ),
    "not-installed": (
        lambda stack: stack.chip.faults.at_segment(5, faults.early_result(5, 8)), "InstallationFailed", False, CARD,
    ),
}


@pytest.mark.parametrize("fault, what", [*((fault, "old") for fault in FAULTS), ("not-enabled", "nothing"), ("refused", "nothing")])
def test_back_after_a_failure(stack, fault, what):
    """Each step may fail: the error is that of the step, and what was in use before is in use again."""
    before = in_use(stack, what)
    add_provisioning(stack)
    order = place(stack)
    inflict, name, usable, status = FAULTS[fault]
    inflict(stack)
    failure = download(stack, order, USE, "--enable", status=status)
    check(failure, name, "")
    assert failure["error"]["provisioning"] == "returned"
    assert enabled(stack) == before
    if fault == "no-way":
        assert "within 3 seconds" in failure["error"]["message"]
    stack.way.clear()
    stack.way.served.update(filter(None, [before]))
    stack.chip.faults.clear()
    stack.smdp.faults.clear()
    wait_for_no_record(stack)
    assert interruptions(stack) == []
    if usable is not None:
        lui_json(stack, "notifications", "send", status=None)
        wait_until(lambda: order.open == usable, DEADLINE, "what the server makes of it")


def test_back_when_the_new_profile_cannot_be_enabled(stack, old):
    """It is installed, and both are told: that, and that the old one is in use again."""
    add_provisioning(stack)
    order = place(stack)
    stack.chip.faults.at_call("EnableProfile", faults.result_code("EnableProfile", 3), n=2)
    failure = download(stack, order, USE, "--enable", status=STATE)
    check(failure, "PolicyViolation", "The profile is installed, but could not be enabled")
    assert failure["error"]["provisioning"] == "returned"
    assert enabled(stack) == old
    assert not profile(stack, order.record.iccid).enabled


@pytest.mark.parametrize("answer, what", [("Reject", "old"), ("Postpone", "nothing")])
def test_back_after_a_no(stack, answer, what):
    before = in_use(stack, what)
    add_provisioning(stack)
    order = place(stack)
    with Client(stack) as client:
        operation = client.download(stack.chip.eid, order.activation_code, use_provisioning=True)
        operation.wait_for_prompt()
        operation.call(answer)
        result = operation.result()
    assert (result["error"], result["provisioning"]) == ("Cancelled", "returned")
    assert enabled(stack) == before
    assert order.open == (answer == "Postpone")


def test_cancelled_while_the_server_is_waited_for(stack, old):
    add_provisioning(stack)
    stack.way.barred = True
    with Client(stack) as client:
        operation = client.download(stack.chip.eid, place(stack).activation_code, use_provisioning=True)
        operation.wait(lambda now: now["Stage"] == "waiting-for-server" and now["Cancellable"], "the waiting")
        operation.call("Cancel")
        result = operation.result()
    assert (result["error"], result["order"], result["provisioning"]) == ("Cancelled", "usable", "returned")
    assert enabled(stack) == old


def test_stopped_while_the_server_is_waited_for(stack, old):
    """lpad ends in order: not before the chip is back."""
    add_provisioning(stack)
    stack.way.barred = True
    with Client(stack) as client:
        operation = client.download(stack.chip.eid, place(stack).activation_code, use_provisioning=True)
        operation.wait(lambda now: now["Stage"] == "waiting-for-server", "the waiting")
        stack.stop_lpad()
    assert enabled(stack) == old
    assert records(stack) == []


def test_the_chip_does_not_go_back_at_once(stack):
    """The failure says so, and lpad does not leave it at that."""
    add_provisioning(stack)
    stack.chip.faults.at_call("DisableProfile", faults.result_code("DisableProfile", 3))
    failure = download(stack, place(stack), USE, status=STATE)
    check(failure, "PolicyViolation", "what was in use before could not be put into use again")
    assert failure["error"]["provisioning"] == "stuck"
    wait_until_enabled(stack, None)
    (news,) = wait_until(lambda: [n for n in interruptions(stack) if n["done"] or "again" in n["message"]], DEADLINE, "it")
    assert news["kind"] == "provisioning"
    assert "what was in use before is in use again" in news["message"]


def test_the_card_is_pulled_while_the_server_is_waited_for(stack, old):
    add_provisioning(stack)
    stack.way.barred = True
    with Client(stack) as client:
        operation = client.download(stack.chip.eid, place(stack).activation_code, use_provisioning=True)
        operation.wait(lambda now: now["Stage"] == "waiting-for-server", "the waiting")
        stack.card.remove()
        assert operation.result()["error"] == "CardRemoved"
    stack.wait_for_cards()
    stack.card.insert()
    wait_until_enabled(stack, old)
    assert_invariants(stack)


def test_without_a_provisioning_profile(stack, old):
    requests = stack.smdp.counters.snapshot()
    failure = download(stack, place(stack), USE, status=NOT_FOUND)
    check(failure, "NotFound", "The chip has no provisioning profile.")
    assert failure["error"]["order"] == "usable"
    assert stack.smdp.counters.snapshot() == requests
    assert enabled(stack) == old


# lpad is killed -------------------------------------------------------------------

#: Where it dies: function of the chip and which call of it.
DEATHS = {
    "enabling": ("EnableProfile", 1), "authenticating": ("AuthenticateServer", 1), "segment": ("LoadBoundProfilePackage", 4),
    "returning": (None, 1),
}


@pytest.mark.parametrize("death, what", [
    ("enabling", "old"), ("authenticating", "nothing"), ("segment", "old"), ("returning", "old"), ("returning", "nothing"),
])
def test_killed(stack, death, what):
    """The next lpad goes back before it does anything else, and says so."""
    before = in_use(stack, what)
    add_provisioning(stack)
    order = place(stack)
    function, n = DEATHS[death]
    if function is None:
        function, n = ("EnableProfile", 2) if before else ("DisableProfile", 1)
    stack.chip.faults.at_call(function, faults.mutate(assassin(stack)), n=n)
    download(stack, order, USE, status=UNAVAILABLE)
    stack.bus.wait_for_no_owner("org.lpad.Lpad1")
    stack.start_lpad()
    wait_until_enabled(stack, before)
    def told() -> list[dict]:
        return [news for news in interruptions(stack) if news["kind"] == "provisioning" and "again" in news["message"]]
    wait_until(told, DEADLINE, "the news")
    assert "what was in use before is in use again" in stack.lui("status").stdout
    lui_json(stack, "status", "--seen")
    assert records(stack) == []
    assert (profile(stack, order.record.iccid) is not None) == (death == "returning")


def test_killed_while_the_server_is_waited_for(stack, before):
    add_provisioning(stack)
    stack.way.barred = True
    with Client(stack) as client:
        operation = client.download(stack.chip.eid, place(stack).activation_code, use_provisioning=True)
        operation.wait(lambda now: now["Stage"] == "waiting-for-server", "the waiting")
        text = "".join(path.read_text() for path in records(stack))
        stack.kill_lpad()
    assert "Kind=provisioning" in text
    assert not [p.iccid.hex() for p in stack.chip.profiles if p.iccid.hex() in text.lower()]
    stack.start_lpad()
    wait_until_enabled(stack, before)


def test_killed_while_the_new_profile_is_enabled(stack, old):
    """The switch was made: the device stays with its new profile."""
    add_provisioning(stack)
    order = place(stack)
    stack.way.served.add(order.record.iccid)
    stack.chip.faults.at_call("EnableProfile", faults.mutate(assassin(stack)), n=2)
    download(stack, order, USE, "--enable", status=UNAVAILABLE)
    stack.bus.wait_for_no_owner("org.lpad.Lpad1")
    stack.start_lpad()
    wait_until_enabled(stack, order.record.iccid)
    assert_invariants(stack)


# Who may, and when ----------------------------------------------------------------


def test_needs_the_right_to_switch(stack):
    add_provisioning(stack)
    order = place(stack)
    calls = stack.chip.counters.snapshot()
    stack.polkit.deny(SWITCH)
    with Client(stack) as client, pytest.raises(Refused) as refused:
        client.download(stack.chip.eid, order.activation_code, use_provisioning=True, consent=True)
    assert refused.value.name == "NotAuthorized"
    assert stack.chip.counters.snapshot() == calls
    stack.polkit.allow(SWITCH)
    assert download(stack, order, USE, status=0)["provisioning"] == "returned"
    assert {"org.lpad.lpad1.download", "org.lpad.lpad1.unattended", SWITCH} <= {c.action for c in stack.polkit.checks}


@pytest.fixture
def by_policy(stack):
    """lpad with another word on provisioning; the old one afterwards."""
    def say(**keys: str) -> None:
        stack.write_config({"Provisioning": keys})
        stack.restart_lpad()
    yield say
    say(Use="ask-caller", Profile=None, WaitTime="3")


def stays_with_what_is_in_use(stack) -> None:
    """A subscription is not taken away without a word."""
    old = add_old(stack)
    failure = download(stack, place(stack), status=SERVER)
    assert "provisioning" not in failure["error"] and enabled(stack) == old
    stack.chip.profiles.by_iccid(encode_iccid(old)).enabled = False
    reload(stack)


def test_by_policy_when_there_is_no_way(stack, by_policy):
    """Without anybody's word, but only when nothing else is in use, and when nobody is against it."""
    by_policy(Use="no-route")
    add_provisioning(stack)
    stack.polkit.deny(SWITCH)
    order = place(stack)
    stays_with_what_is_in_use(stack)
    with Client(stack) as client:
        against = client.download(stack.chip.eid, order.activation_code, consent=True, use_provisioning=False).result()
    assert against["error"] == "ServerUnreachable" and "provisioning" not in against
    assert download(stack, order, status=0)["provisioning"] == "returned"
    assert enabled(stack) is None


def test_never(stack, by_policy):
    by_policy(Use="never")
    add_provisioning(stack)
    check(download(stack, place(stack), USE), "NotSupported", "The configuration of this device does not allow")


def test_the_profile_that_is_named_is_of_another_class(stack, by_policy):
    add_provisioning(stack)
    by_policy(Profile=add_old(stack, enabled=False))
    check(download(stack, place(stack), USE, status=STATE), "WrongState", "not of that class")
    assert enabled(stack) is None
