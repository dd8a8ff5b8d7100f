# SPDX-License-Identifier: LGPL-2.1-or-later
"""Notifications (SGP.22 v2.5, 3.5): operators hear of everything, once the network allows it, in order; and a
profile that names strange recipients reaches nobody else."""

from __future__ import annotations

import pytest

from client import DEADLINE, Client
from invariants import assert_invariants, lui_json, wait_until_idle
from server_side import CLIENT, INITIATE, NOTIFY, PACKAGE, SERVER, download, place, requests
from testbed import pki
from testbed.process import wait_until
from testbed.smdp import SmdpServer, faults, named
from testbed.smdp.orders import Order
from testbed.stack import Stack
from testbed.veuicc import faults as chip_faults

SECOND = "second.example.com"

#: Nothing but 2xx is an answer to a notification.
FAILURES = [
    "reset-before", "reset-answer", "close-in-headers", "http-302", "http-404", "http-500", "http-500-answer",
    "http-503",
]

#: What profiles may name as the place for their notifications.
STRANGE_ADDRESSES = [
    "", " ", "127.0.0.1", "10.0.0.1", "[::1]", "2130706433", "0x7f.1", "localhost", "user@smdp.example.com",
    "smdp.example.com/path", "http://smdp.example.com", "smdp.example.com:0", "smdp_example.com", "-a.example.com",
    "a..example.com", "smdp.example.com\x00.evil.test", "smdp.example.com\r\nX: y", "\x1b[31mred.example.com",
    "bücher.example.com", "a" * 64 + ".example.com", "file:///etc/passwd",
]


def install(stack: Stack, **options) -> Order:
    """An installed profile; nothing is pending."""
    order = place(stack, **options)
    done = download(stack, order)
    assert not done.error, done
    return order


def pending(stack: Stack) -> list[int]:
    return [notification.seq for notification in stack.chip.notifications]


def received(stack: Stack) -> list[tuple[str, bool]]:
    """(event, whether it came before) of what the server has got, in order."""
    return [(notification.event, notification.duplicate) for notification in stack.smdp.notifications]


def expect_delivered(stack: Stack) -> None:
    wait_until(lambda: not pending(stack), DEADLINE, "the chip to have nothing pending")
    assert_invariants(stack)


# One connection


def test_result_is_delivered_on_the_connection_of_the_download(shared):
    install(shared, size=12_000)
    counters = shared.smdp.counters
    assert (counters.tcp_connections, counters.tls_handshakes, counters.http_requests) == (1, 1, 4)
    assert requests(shared) == [INITIATE, CLIENT, PACKAGE, NOTIFY]
    (result,) = shared.smdp.notifications
    assert result.kind == "install-result" and result.success and result.verified
    assert_invariants(shared)


def test_what_was_pending_goes_along_on_the_same_connection_and_before(shared):
    named.plant(shared.smdp.faults, f"http-500:{NOTIFY}")
    first = install(shared)
    assert pending(shared) == [1]
    shared.smdp.counters.reset()
    second = install(shared)
    assert shared.smdp.counters.tcp_connections == 1
    assert [n.iccid for n in shared.smdp.notifications] == [first.record.iccid, second.record.iccid]
    assert_invariants(shared)


# Only 2xx counts


@pytest.mark.parametrize("status", [200, 201, 204])
def test_each_2xx_is_an_acknowledgement(shared, status):
    shared.smdp.faults.at_function(NOTIFY, faults.Status(status, executed=True))
    install(shared)
    assert pending(shared) == []
    assert_invariants(shared)


@pytest.mark.parametrize("fault", FAILURES)
def test_without_2xx_the_result_stays_on_the_chip_and_the_profile_is_installed(shared, fault):
    order = place(shared)
    named.plant(shared.smdp.faults, f"{fault}:{NOTIFY}", times=None)
    done = shared.lui("download", "--yes", order.activation_code)
    assert done.returncode == 0, done
    assert "is installed" in done.stdout
    assert "The operator has not been told yet (1 pending)" in done.stdout
    assert pending(shared) == [1]
    shown = lui_json(shared, "notifications")["notifications"]
    assert [(n["event"], n["address"], n["attempts"]) for n in shown] == [("install", shared.host, 1)]
    assert_invariants(shared)

    shared.smdp.faults.clear()
    taken = fault in ("reset-answer", "close-in-headers", "http-500-answer")
    shared.smdp.counters.reset()
    assert lui_json(shared, "notifications", "send")["ok"]
    assert pending(shared) == []
    assert received(shared)[-1] == ("install", taken), "the server can tell that it is the same"
    assert order.state == "installed"
    assert_invariants(shared)


def test_notification_that_the_chip_does_not_forget_is_sent_again(shared):
    shared.chip.faults.at_call("RemoveNotificationFromList", chip_faults.status(0x6F00))
    install(shared)
    assert pending(shared) == [1]
    assert lui_json(shared, "notifications", "send")["ok"]
    assert received(shared) == [("install", False), ("install", True)]
    assert_invariants(shared)


# When


def test_undelivered_notification_goes_with_the_next_operation(shared):
    named.plant(shared.smdp.faults, f"http-500:{NOTIFY}")
    order = install(shared)
    assert pending(shared) == [1]
    assert shared.lui("enable", order.record.iccid).returncode == 0
    wait_until_idle(shared)
    assert received(shared) == [("install", False), ("enable", False)]
    assert_invariants(shared)


def test_server_that_was_away_is_tried_right_after_the_next_operation(shared):
    """The operation does not wait for it, and it does not wait for its time, which is a minute away at least."""
    order = install(shared)
    shared.smdp.stop()
    assert shared.lui("enable", order.record.iccid).returncode == 0
    shared.smdp.start()
    (waiting,) = lui_json(shared, "notifications")["notifications"]
    assert waiting["attempts"] == 1 and waiting["last_error"]
    assert shared.lui("disable", order.record.iccid).returncode == 0
    expect_delivered(shared)
    assert received(shared) == [("install", False), ("enable", False), ("disable", False)]


def test_download_from_a_server_that_was_away_takes_along_what_waits_for_it(shared):
    order = install(shared)
    shared.smdp.stop()
    assert shared.lui("enable", order.record.iccid).returncode == 0
    shared.smdp.start()
    shared.smdp.counters.reset()
    install(shared)
    assert shared.smdp.counters.tcp_connections == 1 and not pending(shared)
    assert received(shared) == [("install", False), ("enable", False), ("install", False)]


@pytest.mark.tsan
def test_undelivered_notification_goes_at_the_next_start(shared):
    named.plant(shared.smdp.faults, f"http-500:{NOTIFY}")
    install(shared)
    assert pending(shared) == [1]
    shared.restart_lpad()
    expect_delivered(shared)
    assert received(shared) == [("install", False)]


def test_user_can_send_one_alone(shared):
    order = install(shared)
    named.plant(shared.smdp.faults, f"http-503:{NOTIFY}", times=None)
    shared.lui("enable", order.record.iccid)
    shared.lui("disable", order.record.iccid)
    assert len(pending(shared)) == 2
    failed = shared.lui("notifications", "send")
    assert failed.returncode == SERVER and "could not be delivered" in failed.stderr
    shared.smdp.faults.clear()
    assert shared.lui("notifications", "send", str(pending(shared)[0])).returncode == 0
    assert received(shared)[1:] == [("enable", False)]
    assert_invariants(shared)


# In order, and each recipient for itself


def test_first_that_fails_holds_up_later_ones_of_the_same_recipient(shared):
    order = install(shared)
    named.plant(shared.smdp.faults, f"http-503:{NOTIFY}", times=3)
    shared.lui("enable", order.record.iccid)
    shared.lui("disable", order.record.iccid)
    shared.smdp.counters.reset()
    assert shared.lui("notifications", "send").returncode == SERVER
    assert shared.smdp.counters.functions[NOTIFY] == 1, "the second was not tried"
    assert shared.lui("notifications", "send").returncode == 0
    assert [n.seq for n in shared.smdp.notifications] == sorted(n.seq for n in shared.smdp.notifications)
    assert received(shared) == [("install", False), ("enable", False), ("disable", False)]
    assert_invariants(shared)


def test_dead_recipient_does_not_hold_up_another(shared):
    order = install(shared, notification_addresses=("dead.invalid", shared.host))
    for verb in ("enable", "disable"):
        assert shared.lui(verb, order.record.iccid).returncode == 0
    wait_until_idle(shared)
    assert [event for event, _ in received(shared)] == ["install", "enable", "disable"]
    kept = lui_json(shared, "notifications")["notifications"]
    assert [(n["address"], n["event"]) for n in kept] == [("dead.invalid", "enable"), ("dead.invalid", "disable")]
    assert "resolved" in kept[0]["last_error"]
    assert_invariants(shared)


@pytest.fixture
def two_servers(make_stack):
    """The platform and a second SM-DP+ of the same issuer."""
    stack = make_stack()
    credentials = pki.make_server(stack.ci, [SECOND], "2.999.11")
    with SmdpServer(credentials, SECOND) as second:
        stack.servers[SECOND] = second.port
        stack.write_config()
        yield stack, second


def test_each_recipient_gets_its_own_in_order(two_servers):
    stack, second = two_servers
    order = install(stack, notification_addresses=(SECOND, stack.host))
    second.faults.at_function(NOTIFY, faults.Status(503))
    for verb in ("enable", "disable"):
        assert stack.lui(verb, order.record.iccid).returncode == 0
    wait_until_idle(stack)
    for server in (stack.smdp, second):
        seqs = [notification.seq for notification in server.notifications]
        assert seqs == sorted(seqs) and all(n.verified for n in server.notifications)
    assert [n.event for n in stack.smdp.notifications] == ["install", "enable", "disable"]
    assert [n.event for n in second.notifications] == ["enable", "disable"]
    assert pending(stack) == []


# Strange recipients


def test_address_with_blanks_around_it_is_understood(shared):
    order = install(shared, notification_addresses=(f"  {shared.host.upper()} ",))
    assert shared.lui("enable", order.record.iccid).returncode == 0
    wait_until_idle(shared)
    assert [event for event, _ in received(shared)] == ["install", "enable"]
    assert pending(shared) == []


def test_address_that_is_none_stays_and_harms_nobody(shared):
    order = install(shared, notification_addresses=(*STRANGE_ADDRESSES, shared.host))
    shared.smdp.counters.reset()
    assert shared.lui("enable", order.record.iccid).returncode == 0
    wait_until_idle(shared)
    assert [event for event, _ in received(shared)] == ["install", "enable"]
    assert shared.smdp.counters.tcp_connections == 1
    kept = lui_json(shared, "notifications")["notifications"]
    assert len(kept) == len(STRANGE_ADDRESSES)
    assert all(n["last_error"] for n in kept)
    assert "\x1b" not in shared.lui("notifications").stdout
    assert_invariants(shared)


# Servers that are none of the Internet's


@pytest.mark.parametrize("host", [
    "127.0.0.1", "192.168.1.1", "[::1]", "2130706433", "0x7f000001", "0177.0.0.1", "localhost", "intranet",
    "user@smdp.example.com", "smdp.example.com/path",
])
def test_activation_code_names_a_host_not_an_address(shared, host):
    done = download(shared, f"LPA:1${host}$CODE")
    assert done.error == "InvalidActivationCode", done
    assert shared.smdp.counters.tcp_connections == 0
    assert_invariants(shared)


@pytest.fixture
def closed(make_stack):
    """Private addresses are not allowed: as on a device that nobody has configured."""
    return make_stack(config={"Network": {"AllowPrivateAddresses": None}})


def test_name_that_leads_into_the_local_network_is_not_connected_to(closed):
    order = place(closed)
    done = download(closed, order)
    assert (done.status, done.error, done.order) == (SERVER, "ServerUnreachable", "usable")
    assert "private or local network" in done.message
    assert closed.smdp.counters.tcp_connections == 0
    assert_invariants(closed)


def test_notification_does_not_lead_into_the_local_network(closed):
    """A profile chooses where its notifications go."""
    closed.write_config({"Network": {"AllowPrivateAddresses": "true"}})
    order = install(closed)
    closed.write_config({"Network": {"AllowPrivateAddresses": "false"}})
    closed.restart_lpad()
    closed.smdp.counters.reset()
    assert closed.lui("enable", order.record.iccid).returncode == 0
    wait_until_idle(closed)
    assert closed.smdp.counters.tcp_connections == 0
    (kept,) = lui_json(closed, "notifications")["notifications"]
    assert "private or local network" in kept["last_error"]


def test_server_that_is_not_on_the_list_of_the_device(make_stack):
    stack = make_stack(config={"Network": {"AllowedServers": "rsp.example.net"}})
    order = place(stack)
    done = download(stack, order)
    assert (done.status, done.error) == (SERVER, "ServerNotTrusted")
    assert "does not allow the server" in done.message
    assert stack.smdp.counters.tcp_connections == 0
    with Client(stack) as client:
        assert client.euicc(stack.chip.eid)
