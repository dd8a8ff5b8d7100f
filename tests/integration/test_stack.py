# SPDX-License-Identifier: LGPL-2.1-or-later
"""lpad on its stage: it is there when asked for, finds what is in the readers, and does one profile's work."""

from __future__ import annotations

import json
import subprocess

import pytest

from testbed.bus import LPAD_NAME
from testbed.process import wait_for_exit
from testbed.smdp import SubscriberRecord
from testbed.stack import Stack

NOT_AUTHORIZED, DECLINED = 3, 5


def lui_json(stack: Stack, *arguments: str, status: int = 0) -> dict:
    done = stack.lui(*arguments, "--json")
    assert done.returncode == status, f"{done.returncode}: {done.stdout}{done.stderr}"
    return json.loads(done.stdout)


def profiles(stack: Stack) -> list[tuple[str, str, str]]:
    """(ICCID, nickname, state) of each."""
    return [(p["iccid"], p["nickname"], p["state"]) for p in lui_json(stack, "list")["profiles"]]


@pytest.mark.smoke
@pytest.mark.tsan
def test_lpad_is_activated_and_knows_the_chip(stack):
    assert stack.lpad_pid() is None
    status = lui_json(stack, "status")
    assert stack.lpad_pid()
    assert status["test_mode"] is True
    assert [(e["eid"], e["device"], e["state"]) for e in status["euiccs"]] == [
        (stack.chip.eid, stack.readers[0], "ready"),
    ]


@pytest.mark.smoke
def test_lpad_leaves_when_there_is_nothing_to_do(make_stack):
    stack = make_stack(config={"General": {"IdleTimeout": "1"}})
    pid = stack.start_lpad()
    assert wait_for_exit(pid, 30)
    assert lui_json(stack, "status")["euiccs"], "activated again"


@pytest.mark.parametrize("option, word", [("--version", "lpad"), ("--help", "--config")])
def test_lpad_says_what_it_is(stack, option, word):
    done = subprocess.run([stack.program("lpad"), option], env=stack.env, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0 and word in done.stdout


@pytest.mark.smoke
@pytest.mark.tsan
def test_one_profile_end_to_end(stack):
    order = stack.smdp.place_order(SubscriberRecord.make(profile_name="Travel"), size=12000)
    iccid = order.record.iccid
    assert lui_json(stack, "download", "--yes", order.activation_code)["iccid"] == iccid
    assert order.state == "installed"
    assert profiles(stack) == [(iccid, "", "disabled")]
    lui_json(stack, "enable", iccid)
    lui_json(stack, "rename", iccid, "Summer")
    assert profiles(stack) == [(iccid, "Summer", "enabled")]
    lui_json(stack, "disable", "Summer")
    lui_json(stack, "delete", "--yes", "Summer")
    assert profiles(stack) == []
    assert lui_json(stack, "notifications")["notifications"] == []
    assert [(n.event, n.verified) for n in stack.smdp.notifications] == [
        ("install", True), ("enable", True), ("disable", True), ("delete", True),
    ]


def test_a_person_is_asked_and_answers(stack):
    order = stack.smdp.place_order(SubscriberRecord.make(profile_name="Travel"), size=12000)
    with stack.terminal("download", order.activation_code) as terminal:
        terminal.expect("Travel")
        terminal.expect("Install it")
        terminal.send("yes\n")
        assert terminal.wait(60) == 0
    assert order.state == "installed"


def test_nobody_is_there_to_ask(stack):
    order = stack.smdp.place_order(SubscriberRecord.make(), size=12000)
    done = stack.lui("download", order.activation_code)
    assert done.returncode == DECLINED
    assert order.state == "released"
    assert profiles(stack) == []


@pytest.mark.tsan
def test_several_readers_at_once(make_stack):
    stack = make_stack(chips=3)
    found = {e["eid"]: e["device"] for e in lui_json(stack, "status")["euiccs"]}
    assert found == {chip.eid: reader for chip, reader in zip(stack.chips, stack.readers)}


def test_polkit_decides(stack):
    stack.polkit.deny("org.lpad.lpad1.download", "org.lpad.lpad1.unattended")
    order = stack.smdp.place_order(SubscriberRecord.make(), size=12000)
    failure = lui_json(stack, "download", "--yes", order.activation_code, status=NOT_AUTHORIZED)
    assert failure["error"]["name"] == f"{LPAD_NAME}.Error.NotAuthorized"
    assert stack.smdp.counters.tcp_connections == 0


@pytest.mark.tsan
def test_lpad_survives_pcscd(stack):
    """pcscd crashes and comes back while lpad runs: the chip is there again without a restart."""
    pid = stack.start_lpad()
    stack.restart_pcscd(crash=True)
    with stack.terminal("monitor") as monitor:
        monitor.expect(stack.chip.eid[-8:], timeout=30)
    assert stack.lpad_pid() == pid


def test_two_platforms_side_by_side(make_stack):
    for stack in (make_stack(), make_stack()):
        assert lui_json(stack, "status")["euiccs"][0]["eid"] == stack.chip.eid
