# SPDX-License-Identifier: LGPL-2.1-or-later
"""Many notifications, with any numbers, for servers that mostly fail: none is lost, none removed before its 2xx,
none overtakes another one for the same server (SGP.22 v2.5, 3.5; 5.7.9 to 5.7.11)."""

from __future__ import annotations

import pytest

from client import DEADLINE
from invariants import assert_invariants, lui_json
from scenes import put_notification, put_profile
from testbed import pki
from testbed.measure import notifications as many
from testbed.process import wait_until
from testbed.smdp import SmdpServer
from testbed.stack import Stack
from testbed.veuicc import Config
from testbed.veuicc.profiles import ENABLE

SECOND = "second.example.com"
#: With the end of each coding of INTEGER between the first and the last one.
NUMBERS = [0, 1, 127, 128, 255, 256, 70_000, 2**31 - 1, 2**31, 2**32 - 1]


def numbers(stack: Stack) -> list[int]:
    """Of what the server has got, in order."""
    return [notification.seq for notification in stack.smdp.notifications]


def put_numbered(stack: Stack, iccid: str, wanted: list[int]) -> None:
    """A notification that waits, for each number; the server refuses them until its faults are cleared."""
    for number in wanted:
        stack.chip.notifications.next_seq = number
        assert put_notification(stack, iccid) == number


def test_every_number_of_32_bits_with_gaps(shared):
    put_numbered(shared, put_profile(shared), NUMBERS)
    shown = lui_json(shared, "notifications")["notifications"]
    assert [entry["sequence_number"] for entry in shown] == NUMBERS
    shared.smdp.faults.clear()
    assert lui_json(shared, "notifications", "send")["ok"]
    assert numbers(shared) == NUMBERS
    assert_invariants(shared)


@pytest.mark.parametrize("number", [0, 2**32 - 1])
def test_numbers_that_look_like_none_can_be_sent_alone(shared, number):
    put_numbered(shared, put_profile(shared), [number])
    shared.smdp.faults.clear()
    assert lui_json(shared, "notifications", "send", str(number))["ok"]
    assert numbers(shared) == [number]
    assert_invariants(shared)


def test_order_is_that_of_numbers_not_of_the_list(shared):
    """A chip may list them in any order."""
    iccid = put_profile(shared)
    put_numbered(shared, iccid, [5, 6, 300])
    shared.chip.notifications.pending.reverse()
    shared.smdp.faults.clear()
    assert lui_json(shared, "notifications", "send")["ok"]
    assert numbers(shared) == [5, 6, 300]


def test_chip_that_drops_the_oldest_when_its_slots_are_full(shared):
    """What is gone from the chip is gone from lpad, and no mistake of the rest."""
    shared.chip.config.notification_slots = 3
    put_numbered(shared, put_profile(shared), [1, 2, 3, 4, 5])
    assert [entry["sequence_number"] for entry in lui_json(shared, "notifications")["notifications"]] == [3, 4, 5]
    shared.chip.notifications.given[:2] = []  # lost by the chip
    shared.smdp.faults.clear()
    assert lui_json(shared, "notifications", "send")["ok"]
    assert numbers(shared) == [3, 4, 5]
    assert_invariants(shared)


def test_notification_without_iccid(shared):
    """It is optional (5.7.9)."""
    iccid = put_profile(shared)
    put_notification(shared, iccid)
    shared.chip.notify_without_iccid(ENABLE, shared.host.encode())
    shared.smdp.faults.clear()
    assert lui_json(shared, "notifications", "send")["ok"]
    assert [n.iccid for n in shared.smdp.notifications] == [iccid, ""]
    assert_invariants(shared)


def test_servers_that_mostly_fail_get_everything_once_and_in_order(make_stack):
    """The small version of tests/measure's notifications_1000_lost, with a kill and a restart of lpad in it."""
    ci = pki.make_ci("Testbed CI")
    stack = make_stack(
        config={"General": {"IdleTimeout": "0"}},
        chip_config=Config(notification_slots=100, first_sequence_number=2**32 - 200, sequence_number_step=3),
        chip_credentials=pki.make_chip(ci, pki.make_eid(), padding=300),
        server_credentials=pki.make_server(ci, ["smdp.example.com"]),
    )
    with SmdpServer(pki.make_server(ci, [SECOND]), SECOND) as second:
        stack.servers[SECOND] = second.port
        stack.write_config()
        servers = [stack.smdp, second]
        many.fill(stack, [stack.host, SECOND], 40)
        many.be_unreliable(servers, share=0.7)
        watch = many.run(stack, servers, 10, print)
        wait_until(lambda: not stack.chip.notifications.pending, DEADLINE, "everything to be delivered")
    assert (watch.lost, watch.removed_early, watch.out_of_order) == (0, 0, 0)
    assert len(watch.acknowledged()) == 40
    assert any(n.duplicate for server in servers for n in server.notifications), "some answers were lost"
