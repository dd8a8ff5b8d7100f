# SPDX-License-Identifier: LGPL-2.1-or-later
"""A profile on trial in a reader, where nobody can tell whether it works: somebody confirms it, or lpad goes back."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress

import pytest

from client import DEADLINE, EUICC, OPERATION, PROFILE, Client, Operation, Refused
from invariants import lui_json, wait_until_idle
from scenes import Signals, place, profile_path, put_profile
from test_restart import UNAVAILABLE, Strike, assassin
from testbed import tlv
from testbed.bus import LPAD_NAME
from testbed.process import wait_until
from testbed.smdp.subscriber import decode_iccid
from testbed.veuicc import faults
from testbed.veuicc.profiles import PPR1

ROLLED_BACK, DECLINED, INTERRUPTED = 11, 5, 130
#: The shortest there is.
SHORT = 5
LONG = 60


@pytest.fixture(name="two")
def fixture_two(shared) -> tuple[str, str]:
    """ICCIDs of a profile in use and of another one."""
    return put_profile(shared, enabled=True, name=b"Old"), put_profile(shared, name=b"New")


def enabled(stack) -> list[str]:
    return [decode_iccid(profile.iccid) for profile in stack.chip.profiles if profile.enabled]


def enable(client: Client, iccid: str, **options) -> Operation:
    return client.start(profile_path(client, iccid), f"{PROFILE}.Enable", **options)


def on_trial(client: Client, iccid: str, timeout: int = LONG) -> Operation:
    """The operation that waits for the decision about the profile."""
    operation = enable(client, iccid, rollback_timeout=timeout)
    operation.wait(lambda now: now["State"] == "waiting", "the trial")
    return operation


def trial_on_bus(client: Client) -> Operation:
    """The trial that lpad goes on with, whoever began it."""
    def find() -> str | None:
        return next((path for path, operation in client.objects(OPERATION).items()
                     if operation["State"] == "waiting"), None)
    return Operation(client, wait_until(find, 60, "a trial on the bus"))


def test_confirmed(shared, two):
    old, new = two
    with Client(shared) as client:
        operation = on_trial(client, new)
        prompt = operation.properties["Prompt"]
        assert (prompt["needs"], prompt["waits-for"]) == (["confirm-switch"], "confirmation")
        assert (prompt["new-iccid"], prompt["old-iccid"]) == (new, old)
        assert enabled(shared) == [new]
        operation.call("Confirm")
        result = operation.result()
    assert "error" not in result and result["iccid"] == new
    assert enabled(shared) == [new]
    assert not list((shared.state_folder / "interrupted").glob("*.record"))


def test_rejected(shared, two):
    """Back at once; both switches are told, and both operators."""
    old, new = two
    with Client(shared) as client:
        signals = Signals(client)
        operation = on_trial(client, new)
        operation.call("Reject")
        result = operation.result()
        assert result["error"] == "RolledBack"
        assert result["rollback"] == {"reason": "rejected", "old-iccid": old, "new-iccid": new}
        signals.wait(lambda seen: seen.name == f"{EUICC}.ProfileSwitched" and seen.values[1] == old, "the way back")
        switched = [seen.values[:2] for seen in signals.seen if seen.name == f"{EUICC}.ProfileSwitched"]
        signals.close()
    assert switched == [(old, new), (new, old)]
    assert enabled(shared) == [old]


def test_deadline(shared, two):
    old, new = two
    failure = lui_json(shared, "enable", new, f"--rollback-timeout={SHORT}", status=ROLLED_BACK)["error"]
    assert failure["name"] == "org.lpad.Lpad1.Error.RolledBack"
    assert failure["rollback"] == {"reason": "not-confirmed", "old_iccid": old, "new_iccid": new}
    assert enabled(shared) == [old]


def test_none_before(shared):
    """To go back is to use none."""
    new = put_profile(shared)
    with Client(shared) as client:
        operation = on_trial(client, new)
        assert operation.properties["Prompt"]["old-iccid"] == ""
        operation.call("Reject")
        assert operation.result()["error"] == "RolledBack"
    assert enabled(shared) == []


def test_cannot_be_put_off(shared, two):
    _, new = two
    with Client(shared) as client:
        operation = on_trial(client, new)
        for method in ("Postpone", "Cancel"):
            with pytest.raises(Refused) as refused:
                operation.call(method)
            assert refused.value.name == "WrongState"
        operation.call("Confirm")
        assert "error" not in operation.result()


@pytest.mark.parametrize("again", ["new", "old"])
def test_another_switch_decides(shared, two, again):
    """Whoever enables a profile has decided: the trial does not hold it up."""
    wanted = dict(zip(("old", "new"), two))[again]
    with Client(shared) as client:
        trial = on_trial(client, two[1])
        assert "error" not in enable(client, wanted).result()
        assert trial.result()["error"] == "Cancelled"
    assert enabled(shared) == [wanted]


def test_before_is_gone(shared, two):
    """The profile of before is deleted meanwhile: the new one stays, and lpad says why."""
    old, new = two
    with Client(shared) as client:
        trial = on_trial(client, new)
        with shared.chip.lock:
            shared.chip.profiles.profiles.remove(
                next(profile for profile in shared.chip.profiles if decode_iccid(profile.iccid) == old)
            )
        trial.call("Reject")
        result = trial.result()
    assert result["error"] == "RollbackFailed" and "could not go back" in result["message"]
    assert enabled(shared) == [new]


def test_the_rules_forbid_to_go_back(shared):
    new = put_profile(shared, rules=tlv.bit_string([PPR1]))
    failure = lui_json(shared, "enable", new, f"--rollback-timeout={LONG}", status=None)["error"]
    assert failure["name"].endswith("PolicyViolation")
    assert enabled(shared) == []


def test_killed(shared, two):
    """The next lpad goes on with the trial: anybody with the right can keep the profile, and it is told."""
    old, new = two
    with Client(shared) as client:
        on_trial(client, new)
        shared.kill_lpad()
    status = lui_json(shared, "status")["rollbacks"]
    assert [(entry["new_iccid"], entry["old_iccid"], entry["waits_for"]) for entry in status] == [
        (new, old, "confirmation")
    ]
    records = "".join(path.read_text() for path in (shared.state_folder / "interrupted").glob("*.record"))
    assert records and old not in records and new not in records
    with Client(shared) as client:
        trial_on_bus(client).call("Confirm")
    wait_until_idle(shared)
    assert enabled(shared) == [new]
    told = lui_json(shared, "status", "--seen")["euiccs"][0]["interruptions"]
    assert [entry["message"] for entry in told] == ["A profile on trial stays in use."]


def test_killed_until_the_deadline(shared, two):
    """lpad does not live to see it: the next one goes back."""
    old, new = two
    with Client(shared) as client:
        on_trial(client, new, SHORT)
        shared.kill_lpad()
    assert lui_json(shared, "status")["euiccs"]
    wait_until(lambda: enabled(shared) == [old], 30, "the way back")
    wait_until_idle(shared)
    told = lui_json(shared, "status", "--seen")["euiccs"][0]["interruptions"]
    assert ["gone back to the one before" in entry["message"] for entry in told] == [True]


#: The last thing that lpad sees of a switch: the chip's answer to the command, to the question what is true now, and
#: the server's to the notification of it.
MOMENTS = ("EnableProfile", "GetProfilesInfo", "handleNotification")


def kill_at(stack, moment: str) -> None:
    """lpad does not live on after that moment of the next switch."""
    strike, chip = assassin(stack), stack.chip
    if moment == "handleNotification":
        stack.smdp.faults.at_function(moment, Strike(strike))
        return
    if moment == "GetProfilesInfo":
        asked = faults.mutate(strike)
        strike = lambda body: chip.faults.at_call(moment, asked) or body  # noqa: E731
    chip.faults.at_call("EnableProfile", faults.mutate(strike))


def assert_gone_back(stack, old: str) -> None:
    wait_until(lambda: enabled(stack) == [old], DEADLINE, "the way back")
    wait_until_idle(stack)
    told = lui_json(stack, "status", "--seen")["euiccs"][0]["interruptions"]
    assert ["gone back to the one before" in entry["message"] for entry in told] == [True]
    assert not list((stack.state_folder / "interrupted").glob("*.record"))


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_on_the_way_there(shared, two, moment):
    """The profile is in use, and has not been on trial yet: it is with the next lpad."""
    old, new = two
    kill_at(shared, moment)
    assert shared.lui("enable", new, f"--rollback-timeout={LONG}").returncode == UNAVAILABLE
    shared.bus.wait_for_no_owner(LPAD_NAME)
    with Client(shared) as client:
        client.euicc(shared.chip.eid)
        assert enabled(shared) == [new]
        trial_on_bus(client).call("Reject")
    assert_gone_back(shared, old)


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_on_the_way_back(shared, two, moment):
    """It was decided to go back: the next lpad does not begin the trial anew."""
    old, new = two
    with Client(shared) as client:
        trial = on_trial(client, new)
        kill_at(shared, moment)
        with suppress(Refused):  # lpad may have died before it has answered
            trial.call("Reject")
        shared.bus.wait_for_no_owner(LPAD_NAME)
    lui_json(shared, "status")
    assert_gone_back(shared, old)


def test_card_removed(shared, two):
    """The trial goes on when the card is back."""
    old, new = two
    with Client(shared) as client:
        operation = on_trial(client, new)
        shared.cards[0].remove()
        assert operation.result()["error"] == "CardRemoved"
        shared.wait_for_cards()
        shared.cards[0].insert()
        shared.wait_for_cards()
        client.euicc(shared.chip.eid)
        trial_on_bus(client).call("Reject")
    wait_until(lambda: enabled(shared) == [old], 60, "the way back")
    wait_until_idle(shared)
    shared.lui("status", "--seen")


def test_person(shared, two):
    """A person at a terminal is asked."""
    _, new = two
    with shared.terminal("enable", new, f"--rollback-timeout={LONG}") as terminal:
        terminal.expect("Keep it?")
        terminal.send("y\n")
        terminal.expect("is in use")
        assert terminal.wait() == 0
    assert enabled(shared) == [new]


def test_person_who_says_no(shared, two):
    old, new = two
    with shared.terminal("enable", new, f"--rollback-timeout={LONG}") as terminal:
        terminal.expect("Keep it?")
        terminal.send("n\n")
        terminal.expect("in use again")
        assert terminal.wait() == ROLLED_BACK
    assert enabled(shared) == [old]


def test_person_who_leaves(shared, two):
    """Ctrl-C leaves the decision to the deadline, and says so."""
    old, new = two
    with shared.terminal("enable", new, f"--rollback-timeout={SHORT}") as terminal:
        terminal.expect("Keep it?")
        terminal.send("\x03")
        terminal.expect("lpad goes back at")
        assert terminal.wait() == INTERRUPTED
    wait_until(lambda: enabled(shared) == [old], 60, "the way back")
    wait_until_idle(shared)
    told = lui_json(shared, "status", "--seen")["euiccs"][0]["interruptions"]
    assert len(told) == 1


def test_download(shared):
    """A profile that is enabled with its download can be on trial, too."""
    old = put_profile(shared, enabled=True)
    order = place(shared)
    failure = lui_json(shared, "download", order.activation_code, "--yes", "--enable", f"--rollback-timeout={SHORT}",
                       status=ROLLED_BACK)["error"]
    assert failure["order"] == "ended" and failure["message"].startswith("The profile is installed")
    assert enabled(shared) == [old]
    assert order.state == "installed"


@pytest.mark.parametrize("seconds", ["4", "86401", "-7", "-1", "soon"])
def test_not_a_time(shared, two, seconds):
    assert shared.lui("enable", two[1], f"--rollback-timeout={seconds}").returncode == 2
    order = place(shared)
    assert shared.lui("download", "--yes", "--enable", f"--rollback-timeout={seconds}", order.activation_code).returncode == 2
    assert order.open


def test_due(shared, two):
    """lpad-wake starts lpad for a trial."""
    _, new = two
    with Client(shared) as client:
        trial = on_trial(client, new)
        program = shared.build / "lpad" / "daemon" / "lpad"
        command = [str(program), "--due", f"--state-dir={shared.state_folder}"]
        assert subprocess.run(command, check=False).returncode == 0
        trial.call("Confirm")
        trial.result()


def test_stopped(shared, two):
    """SIGTERM: the operation ends with what is true, and the next lpad goes on."""
    old, new = two
    with Client(shared) as client:
        operation = on_trial(client, new)
        signals = Signals(client)
        os.kill(shared.lpad_pid(), signal.SIGTERM)
        end = signals.wait(lambda seen: seen.name == f"{OPERATION}.Finished" and seen.path == operation.path, "the end")
        assert "on trial" in end.values[2]
        signals.close()
    shared.bus.wait_for_no_owner("org.lpad.Lpad1")
    with Client(shared) as client:
        client.euicc(shared.chip.eid)
        trial_on_bus(client).call("Reject")
    wait_until(lambda: enabled(shared) == [old], 60, "the way back")
    wait_until_idle(shared)
    shared.lui("status", "--seen")
