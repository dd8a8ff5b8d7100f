# SPDX-License-Identifier: LGPL-2.1-or-later
"""A network and a server that fail: each fault has its own words, and none of them costs the order."""

from __future__ import annotations

import os

import pytest

from client import DEADLINE
from invariants import assert_invariants, wait_until_idle
from server_side import (
    CANCEL, CLIENT, INITIATE, NOTIFY, PACKAGE, SERVER, TIMED_OUT, UNDEFINED, assert_cancelled, download, place,
    requests,
)
from testbed.process import wait_until
from testbed.smdp import faults, named
from testbed.veuicc import faults as chip_faults

SESSION = (INITIATE, CLIENT, PACKAGE)

#: Name of a fault (testbed/smdp/named.py): name of the error, a piece of its sentence.
HTTP_FAULTS = {
    "reset-before": ("ServerUnreachable", "broke before an answer came"),
    "close-before": ("ServerUnreachable", "broke before an answer came"),
    "reset-answer": ("ServerUnreachable", "broke before an answer came"),
    "close-answer": ("ServerUnreachable", "broke before an answer came"),
    "reset-in-headers": ("ServerUnreachable", "cut off"),
    "close-in-headers": ("ServerUnreachable", "cut off"),
    "reset-in-body": ("ServerUnreachable", "cut off"),
    "truncate": ("ServerUnreachable", "cut off"),
    "http-302": ("ProtocolError", "redirects elsewhere (HTTP status 302)"),
    "http-401": ("ServerRefused", "HTTP status 401"),
    "http-404": ("ServerRefused", "HTTP status 404"),
    "http-500": ("ServerUnreachable", "out of order at the moment (HTTP status 500)"),
    "http-500-answer": ("ServerUnreachable", "HTTP status 500"),
    "http-503": ("ServerUnreachable", "out of order at the moment (HTTP status 503)"),
    "http-204": ("ProtocolError", "HTTP status 204 where 200 is due"),
    "http-200-empty": ("ProtocolError", "not JSON"),
    "empty-body": ("ProtocolError", "not JSON"),
    "not-json": ("ProtocolError", "not JSON"),
    "not-utf8": ("ProtocolError", "not JSON"),
    "html": ("ProtocolError", "not JSON"),
    "gzip": ("ProtocolError", "not JSON"),
    "nested": ("ProtocolError", "nested too deeply"),
    "duplicate-key": ("ProtocolError", "a member twice"),
    "oversize": ("ProtocolError", "larger than"),
    "large-headers": ("ProtocolError", "larger than"),
    "no-header": ("ProtocolError", "does not say whether the request succeeded"),
}

#: JSON that is right but for the objects in it.
WRONG_MEMBERS = {
    "missing-member": "has no text",
    "bad-base64": "not base64",
    "bad-tlv": "has a wrong",
}

CONNECTION_FAULTS = {
    "reset": "broke off the TLS handshake",
    "close": "broke off the TLS handshake",
    "alert": "no TLS method in common",
}


def expect_fault(stack, order, error: str, *words: str) -> None:
    """The user is told, in one of the words; nothing is on the chip."""
    done = download(stack, order)
    assert (done.status, done.error) == (SERVER, error), done
    assert any(some in done.message for some in words), done
    assert done.order == "usable"
    assert done.retry in ("now", "later")
    assert done.advice
    assert not list(stack.chip.profiles)
    stack.smdp.faults.clear()


def expect_order_survives(stack, order, function: str) -> None:
    """No session had begun, or both sides were told that it timed out; the code works at once."""
    assert_cancelled(stack, *([] if function == INITIATE else [TIMED_OUT]))
    assert_invariants(stack, order, usable=True)


@pytest.mark.parametrize("function", SESSION)
@pytest.mark.parametrize("fault", HTTP_FAULTS)
def test_http_fault_is_told_and_the_order_survives(shared, fault, function):
    order = place(shared)
    named.plant(shared.smdp.faults, f"{fault}:{function}", times=None)
    expect_fault(shared, order, *HTTP_FAULTS[fault])
    expect_order_survives(shared, order, function)


@pytest.mark.parametrize("fault, function", [
    ("silence-before", CLIENT), ("silence-answer", PACKAGE), ("stall-in-headers", PACKAGE), ("stall-in-body", PACKAGE),
])
def test_server_that_falls_silent_is_given_up(shared, fault, function):
    order = place(shared)
    named.plant(shared.smdp.faults, f"{fault}:{function}")
    expect_fault(shared, order, "ServerUnreachable", "stalled")
    expect_order_survives(shared, order, function)


def test_answer_that_trickles_in_is_not_waited_for_longer_than_its_deadline(make_stack):
    stack = make_stack(config={"Network": {"RequestTimeout": "1", "StallTimeout": "30"}})
    order = place(stack)
    stack.smdp.faults.at_function(INITIATE, faults.Slow(0.05))
    expect_fault(stack, order, "ServerUnreachable", "did not finish its answer within the time allowed")
    expect_order_survives(stack, order, INITIATE)


@pytest.mark.parametrize("fault", WRONG_MEMBERS)
def test_wrong_members_of_the_first_answer_begin_no_session(shared, fault):
    order = place(shared)
    named.plant(shared.smdp.faults, f"{fault}:{INITIATE}")
    expect_fault(shared, order, "ProtocolError", WRONG_MEMBERS[fault])
    expect_order_survives(shared, order, INITIATE)


@pytest.mark.parametrize("fault", WRONG_MEMBERS)
def test_wrong_members_of_an_offer_end_the_session_as_undefined(shared, fault):
    order = place(shared)
    named.plant(shared.smdp.faults, f"{fault}:{CLIENT}")
    done = download(shared, order)
    assert (done.status, done.error, done.order) == (SERVER, "ProtocolError", "ended")
    assert WRONG_MEMBERS[fault] in done.message
    assert_cancelled(shared, UNDEFINED)
    assert_invariants(shared, order, usable=False)


@pytest.mark.parametrize("fault", WRONG_MEMBERS)
def test_package_that_cannot_be_decoded_is_sent_again_next_time(shared, fault):
    order = place(shared)
    named.plant(shared.smdp.faults, f"{fault}:{PACKAGE}")
    expect_fault(shared, order, "ProtocolError", WRONG_MEMBERS[fault])
    expect_order_survives(shared, order, PACKAGE)


@pytest.mark.parametrize("fault", CONNECTION_FAULTS)
def test_connection_that_fails_begins_nothing(shared, fault):
    order = place(shared)
    shared.smdp.faults.at_connection(fault, times=None)
    done = download(shared, order)
    assert done.status == SERVER and CONNECTION_FAULTS[fault] in done.message, done
    assert done.order == "usable"
    shared.smdp.faults.clear()
    assert requests(shared) == []
    assert_invariants(shared, order, usable=True)


@pytest.mark.parametrize("fault, words", [
    ("black-hole", "within the time allowed"), ("hang-after-tls", "stalled"),
])
def test_connection_that_says_nothing_is_given_up(shared, fault, words):
    order = place(shared)
    shared.smdp.faults.at_connection(fault)
    expect_fault(shared, order, "ServerUnreachable", words)
    assert_invariants(shared, order, usable=True)


def test_server_that_is_down_refuses_connections(shared):
    order = place(shared)
    shared.smdp.stop()
    try:
        expect_fault(shared, order, "ServerUnreachable", "refuses connections")
    finally:
        shared.smdp.start()
    assert_invariants(shared, order, usable=True)


def test_server_that_goes_down_in_the_middle_leaves_the_order(shared):
    """Not even the CancelSession can be delivered then.  The reset comes before or after the TLS handshake began."""
    order = place(shared)
    shared.smdp.faults.at_function(PACKAGE, faults.Break("reset", executed=False))
    shared.smdp.faults.at_connection("reset", n=2, times=None)
    expect_fault(shared, order, "ServerUnreachable", "broke", "reset by peer")
    assert CANCEL not in requests(shared)
    assert_invariants(shared, order, usable=True)


def test_name_that_cannot_be_resolved(shared):
    order = place(shared)
    done = download(shared, order.activation_code.replace(shared.host, "nowhere.invalid"))
    assert (done.status, done.error, done.order) == (SERVER, "ServerUnreachable", "usable")
    assert "nowhere.invalid" in done.message and "cannot be resolved" in done.message
    assert "connection to the Internet" in done.advice
    assert_invariants(shared, order, usable=True)


@pytest.mark.parametrize("function", SESSION)
@pytest.mark.parametrize("deviation", [name for name in named.TOLERATED])
def test_deviation_of_servers_in_the_field_is_tolerated(shared, deviation, function):
    order = place(shared)
    named.plant(shared.smdp.faults, f"{deviation}:{function}")
    done = download(shared, order)
    assert not done.error, done
    assert order.state == "installed"
    assert_cancelled(shared)
    assert_invariants(shared)


def test_default_values_that_are_sent_explicitly_are_tolerated(shared):
    order = place(shared, explicit_class=True)
    assert not download(shared, order).error
    assert_invariants(shared)


def wait_in_chip_until_server_has_closed(stack) -> None:
    """Whatever the chip does in a download takes until the server has closed its connection."""
    def wait(body: bytes) -> bytes:
        wait_until(lambda: stack.smdp.open_connections == 0, DEADLINE, "the server to close the connection")
        return body
    for function in ("AuthenticateServer", "PrepareDownload", "LoadBoundProfilePackage"):
        stack.chip.faults.at_call(function, chip_faults.mutate(wait), times=None)


def test_connection_closed_between_two_requests_is_opened_again(shared):
    """A server may close a kept connection at any time; the next request goes over another one."""
    order = place(shared)
    shared.smdp.keep_alive_requests = 1
    wait_in_chip_until_server_has_closed(shared)
    done = download(shared, order)
    assert not done.error, done
    assert order.state == "installed"
    assert requests(shared) == [*SESSION, NOTIFY]
    assert shared.smdp.counters.tcp_connections == 4
    assert_invariants(shared)


def test_faults_leave_no_file_descriptor_open(shared):
    def descriptors_after_faults() -> int:
        for fault in ("reset-answer", "truncate", "http-500", "oversize"):
            named.plant(shared.smdp.faults, f"{fault}:{PACKAGE}")
            assert download(shared, order).order == "usable"
        shared.smdp.faults.at_connection("alert")
        assert download(shared, order).order == "usable"
        wait_until_idle(shared)
        return len(os.listdir(f"/proc/{shared.lpad_pid()}/fd"))

    order = place(shared)
    before = descriptors_after_faults()
    assert descriptors_after_faults() == before
    assert_invariants(shared, order, usable=True)
