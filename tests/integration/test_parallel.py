# SPDX-License-Identifier: LGPL-2.1-or-later
"""Many readers, each with a chip, through one lpad: all at the same time."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from client import DEADLINE, EUICC, Client
from invariants import assert_invariants
from scenes import place
from testbed.process import wait_until
from testbed.smdp.orders import Order
from testbed.stack import Stack
from testbed.veuicc import faults

#: Seconds of a command: long enough that a download is waiting, as it is with real cards.
LATENCY = 0.01


def meet(parties: int, arrived: list[int]) -> faults.Fault:
    """A chip that is at this point waits until as many others are; nobody gets on when they come one by one."""
    barrier = threading.Barrier(parties)

    def wait(body: bytes) -> bytes:
        arrived.append(barrier.wait(DEADLINE))
        return body

    return faults.mutate(wait)


def download_together(stack: Stack) -> Sequence[Order]:
    """A profile for each chip.  All are asked about before one is answered, and all are in the middle of their
    packages before one goes on."""
    orders = [place(stack, size=3000) for _ in stack.chips]
    arrived: list[int] = []
    fault = meet(len(stack.chips), arrived)
    for chip in stack.chips:
        chip.faults.at_segment(4, fault)
    with Client(stack) as client:
        wait_until(lambda: len(client.objects(EUICC)) == len(stack.chips), DEADLINE, "all chips")
        operations = [
            client.download(chip.eid, order.activation_code) for chip, order in zip(stack.chips, orders)
        ]
        for operation in operations:
            assert operation.wait_for_prompt(), operation.properties["Result"]
        for operation in operations:
            operation.call("Confirm")
        for operation, order in zip(operations, orders):
            assert operation.result().get("iccid") == order.record.iccid, operation.properties["Result"]
    assert sorted(arrived) == list(range(len(stack.chips)))
    return orders


def assert_installed(stack: Stack, orders: Sequence[Order]) -> None:
    """Each on the chip that it was for, by the same sequence of commands on each chip."""
    for chip, order in zip(stack.chips, orders):
        assert [p.iccid for p in chip.profiles] == [order.record.iccid_octets]
        assert order.state == "installed"
    assert_invariants(stack)


def test_eight_readers_at_the_same_time(make_stack):
    stack = make_stack(chips=8, latency=LATENCY)
    orders = download_together(stack)
    assert_installed(stack, orders)
    assert len({chip.counters.functions["LoadBoundProfilePackage"] for chip in stack.chips}) == 1
    assert_sleeps_between_events(stack)


def assert_sleeps_between_events(stack: Stack) -> None:
    """Eight readers have sixteen slots, as many as pcscd can have: there is no room for one more to watch."""
    before = hotplug_waits(stack.lpad_pid())
    with Client(stack) as client:
        stack.cards[-1].remove()
        wait_until(lambda: len(client.objects(EUICC)) == len(stack.chips) - 1, DEADLINE, "one to leave")
    assert hotplug_waits(stack.lpad_pid()) - before < 40, "it asks again and again"


def hotplug_waits(pid: int) -> int:
    """How often the thread that watches the readers has gone to sleep."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        if (task / "comm").read_text().strip() == "lpad-hotplug":
            status = (task / "status").read_text()
            return int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)$", status, re.MULTILINE)[1])
    raise AssertionError("no thread watches the readers")


@pytest.mark.tsan
def test_three_readers_at_the_same_time(make_stack):
    stack = make_stack(chips=3)
    assert_installed(stack, download_together(stack))
