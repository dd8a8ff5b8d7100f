# SPDX-License-Identifier: LGPL-2.1-or-later
"""lpad is killed at every step that it takes at the card: what the next lpad says is true, always.

A step is a call of one of the chip's functions, with its first and its last command when it has many.  With
LPAD_KILLS=all in the environment it is every single command of every change; that takes minutes.  Requests to the
server: test_interruption.
"""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Callable

import pytest

from card_side import add_profile, place, profile
from client import EUICC, PROFILE, Client, Operation, Refused
from conftest import close
from invariants import renew, wait_until_idle
from scenes import profile_path
from test_restart import assassin
from testbed.process import wait_until
from testbed.stack import Stack
from testbed.veuicc import faults

#: Seconds: a machine may be busy with other things.
PATIENCE = 60
ALL = os.environ.get("LPAD_KILLS") == "all"
#: Commands that are no functions of the chip; the first one belongs to the command before.
CONTINUATION, OTHERS = "GET RESPONSE", {"SELECT", "TERMINAL CAPABILITY", "MANAGE CHANNEL"}
#: A function with more commands than this has a first and a last one.
MANY = 10
PREPARE = {"enable": False, "disable": True, "delete": False}


@pytest.fixture(scope="module")
def running():
    """One platform for all tests of this module; cards may take their time."""
    stack = Stack(config={"General": {"IdleTimeout": "600"}}).__enter__()
    yield stack
    close(stack)


@pytest.fixture
def stack(running, request) -> Stack:
    """As good as new."""
    request.node.stacks = [running]
    renew(running)
    return running


def steps(stack: Stack) -> list[int]:
    """Numbers of the commands of what the chip has just been asked for at which lpad is to be killed."""
    names = [exchange.name for exchange in stack.chip.transcript]
    if ALL:
        return list(range(1, len(names) + 1))
    for number in range(1, len(names)):
        if names[number] == CONTINUATION:
            names[number] = names[number - 1]
    found = set()
    for name, group in itertools.groupby(enumerate(names, 1), lambda numbered: numbered[1]):
        numbers = [number for number, _name in group]
        if name not in OTHERS:
            found |= {numbers[0], numbers[-1]} if len(numbers) > MANY else {numbers[-1]}
    return sorted(found)


def has_finished(operation: Operation | None) -> bool:
    """The operation has come to its end before lpad was to be killed."""
    try:
        return operation is not None and operation.properties["State"] == "finished"
    except Refused:  # killed meanwhile
        return False


class Found:
    """What the lpad says that the bus has started after the kill, once it has delivered what was pending."""

    def __init__(self, stack: Stack, client: Client):
        path = client.euicc(stack.chip.eid)
        wait_until(lambda: not len(stack.chip.notifications), PATIENCE, "the delivery of what was pending")
        wait_until_idle(stack)
        self.news = client.properties(path, EUICC)["Interruptions"]
        self.profiles = {entry["Iccid"]: entry["State"] for entry in client.objects(PROFILE).values()}

    def assert_true(self, stack: Stack, iccid: str) -> str:
        """The state of the profile: lpad says of it what the chip says."""
        now = profile(stack, iccid)
        state = "absent" if now is None else "enabled" if now.enabled else "disabled"
        assert self.profiles.get(iccid, "absent") == state
        assert len(self.news) <= 1
        for entry in self.news:
            assert entry["message"].endswith(".")
            assert entry["state"] == state and entry.get("iccid") == (None if now is None else iccid)
        return state


def kill_at(stack: Stack, number: int, begin: Callable[[Client], Operation]) -> Client:
    """Kill lpad at a command of what is begun; the caller is still there.  An operation may have fewer commands than
    the last time: then it ends as it should."""
    strike, struck = assassin(stack), threading.Event()

    def kill(answer):
        strike(answer)
        struck.set()
        return answer

    stack.chip.faults.at_apdu(number, faults.mutate(kill))
    client, operation = Client(stack), None
    try:
        operation = begin(client)
    except Refused:  # killed before it could answer
        pass
    wait_until(lambda: struck.is_set() or has_finished(operation), PATIENCE, f"the kill at command {number}")
    stack.chip.faults.clear()
    return client


def download(stack: Stack, client: Client, order):
    return client.download(stack.chip.eid, order.activation_code, consent=True, enable=True)


def test_killed_at_each_step_of_a_download(stack):
    """What is on the chip, what the server has been told, and whether the code is good: all three agree."""
    stack.start_lpad()
    renew(stack)
    with Client(stack) as client:
        assert "error" not in download(stack, client, place(stack)).result()
    wait_until_idle(stack)
    numbers = steps(stack)
    assert len(numbers) > 15
    renew(stack)
    for number in numbers:
        order = place(stack)
        with kill_at(stack, number, lambda client: download(stack, client, order)) as client:
            found = Found(stack, client)
            state = found.assert_true(stack, order.record.iccid)
            where = f"killed at {number}: {found.news}, {order.history}"
            assert (state == "absent") == order.open == (order.state != "installed"), where
            assert [entry["order"] for entry in found.news] in ([], ["usable" if order.open else "ended"]), where
            assert [entry["done"] for entry in found.news] in ([], [state == "enabled"]), where
            assert found.news or state != "disabled", where
            if order.open:
                assert "error" not in download(stack, client, order).result(), where
        renew(stack)


def change(stack: Stack, client: Client, verb: str, iccid: str):
    return client.start(profile_path(client, iccid), f"{PROFILE}.{verb.capitalize()}")


def test_killed_at_each_step_of_a_change(stack):
    """It is done or it is not, and lpad says which; the server is told of what is done, and of nothing else."""
    for verb, enabled in PREPARE.items():
        iccid = add_profile(stack, enabled=enabled)
        stack.chip.transcript.clear()
        with Client(stack) as client:
            assert "error" not in change(stack, client, verb, iccid).result()
        wait_until_idle(stack)
        numbers = steps(stack)
        renew(stack)
        for number in numbers if ALL or verb == "enable" else numbers[:1]:
            iccid = add_profile(stack, enabled=enabled)
            with kill_at(stack, number, lambda client: change(stack, client, verb, iccid)) as client:
                found = Found(stack, client)
                state = found.assert_true(stack, iccid)
            done = state == {"enable": "enabled", "disable": "disabled", "delete": "absent"}[verb]
            where = f"{verb} killed at {number}: {found.news}, {stack.smdp.notifications}"
            assert [(entry["kind"], entry["done"]) for entry in found.news] in ([], [(verb, done)]), where
            assert {note.event for note in stack.smdp.notifications} == ({verb} if done else set()), where
            renew(stack)
