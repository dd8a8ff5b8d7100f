# SPDX-License-Identifier: LGPL-2.1-or-later
"""Status words: what the user reads, what server and chip are left with (ISO/IEC 7816-4; ETSI TS 102 221, 10.2.1).

Each case is one fault at one function, in a download or in the management of a profile.  A fault that happens
once must leave nothing behind.
"""

from __future__ import annotations

import pytest

from card_side import (
    CARD, FAILED, NO_CANCEL, NOT_FOUND, POSTPONED, TIMED_OUT, VERBS, add_profile, assert_done, check, download,
    last_event, place, profile, reload, run_verb,
)
from invariants import assert_invariants, lui_json
from testbed.smdp.orders import Order
from testbed.stack import Stack
from testbed.veuicc import faults

#: Status word: error, exit status, a piece of the sentence.
STATUS_WORDS = {
    0x6985: ("CardError", CARD, "waits for a reset"),
    0x6A82: ("NotSupported", FAILED, "no eUICC"),
    0x6881: ("CardError", CARD, "closed the logical channel"),
    0x6F00: ("CardError", CARD, "without saying why"),
}
verbs = pytest.mark.parametrize("verb", VERBS)
status_words = pytest.mark.parametrize("sw", STATUS_WORDS, ids=[f"{sw:04X}" for sw in STATUS_WORDS])


#: Function: its place among the calls of a download, what the order's history ends with.
BEFORE_LOADING = {
    "GetEuiccInfo1": (1, NO_CANCEL),
    "GetEuiccChallenge": (1, NO_CANCEL),
    "AuthenticateServer": (1, NO_CANCEL),
    "GetProfilesInfo": (1, TIMED_OUT),
    "GetRAT": (1, TIMED_OUT),
    "PrepareDownload": (1, POSTPONED),
}


@status_words
@pytest.mark.parametrize("function", BEFORE_LOADING)
def test_status_word_before_loading_keeps_the_order(shared, function, sw):
    n, cancelled = BEFORE_LOADING[function]
    name, exit_status, sentence = STATUS_WORDS[sw]
    order = place(shared, pprs=(2,))
    shared.chip.faults.at_call(function, faults.status(sw), n=n)
    failure = download(shared, order, "--accept-policy-rules", status=exit_status)
    check(failure, name, sentence)
    assert failure["error"]["order"] == "usable"
    assert function.lower() in failure["error"]["details"]["function"].lower()
    assert last_event(order) == cancelled
    assert_invariants(shared)
    assert not len(shared.chip.profiles)
    assert order.open
    download(shared, order, "--accept-policy-rules", status=0)
    assert order.state == "installed"


@status_words
@pytest.mark.parametrize("segment", [1, 2, 3, 4, 5, 6])
def test_status_word_while_loading_ends_the_session_with_its_reason(shared, segment, sw):
    """SGP.22 v2.5, 3.1.3.3: an error of the loading that made no result is loadBppExecutionError."""
    name, exit_status, sentence = STATUS_WORDS[sw]
    order = place(shared)
    shared.chip.faults.at_segment(segment, faults.status(sw))
    failure = download(shared, order, status=exit_status)
    check(failure, name, sentence)
    assert failure["error"]["order"] == "ended"
    assert last_event(order) == ("session cancelled", "reason 5")
    assert_invariants(shared, order, usable=False)
    assert not len(shared.chip.profiles)
    again = place(shared)
    download(shared, again, status=0)


@status_words
@pytest.mark.parametrize("function, n", [
    ("GetEuiccInfo2", 1), ("GetProfilesInfo", 2), ("ListNotification", 1),
])
def test_status_word_after_loading_does_not_make_a_failure_of_a_success(shared, function, n, sw):
    order = place(shared)
    shared.chip.faults.at_call(function, faults.status(sw), n=n)
    assert download(shared, order, status=0)["iccid"] == order.record.iccid
    assert shared.chip.faults.waiting == 0
    assert order.state == "installed"
    assert_invariants(shared, order, usable=False)


@status_words
def test_status_word_at_the_removal_of_a_delivered_result(shared, sw):
    """The result stays on the chip; the next delivery is a duplicate for the server, and then it is gone."""
    order = place(shared)
    shared.chip.faults.at_call("RemoveNotificationFromList", faults.status(sw))
    assert download(shared, order, status=0)["notifications_pending"] == 1
    assert_invariants(shared, order, usable=False)
    lui_json(shared, "notifications", "send")
    assert [(n.kind, n.duplicate) for n in shared.smdp.notifications] == [
        ("install-result", False), ("install-result", True),
    ]
    assert not len(shared.chip.notifications)
    assert_invariants(shared)


def test_chip_that_cannot_be_read_after_an_installation(shared):
    """It is not called a success, and not called a usable order either: the profile is there."""
    order = place(shared)
    shared.chip.faults.at_call("GetProfilesInfo", faults.status(0x6F00), n=2, times=None)
    failure = download(shared, order, status=CARD)
    check(failure, "CardError", "is installed but cannot be read")
    assert failure["error"]["order"] == "ended"
    shared.chip.faults.clear()
    reload(shared)
    assert order.state == "installed"
    assert_invariants(shared, order, usable=False)


@status_words
@pytest.mark.parametrize("apdu", [1, 2], ids=["SELECT-MF", "TERMINAL-CAPABILITY"])
def test_status_word_at_a_courtesy_is_ignored(shared, apdu, sw):
    order = place(shared)
    download_after_fault_at_apdu(shared, order, apdu, faults.status(sw), status=0)
    assert_invariants(shared, order, usable=False)


def download_after_fault_at_apdu(stack: Stack, order: Order, n: int, fault, status: int) -> dict:
    reload(stack)  # so that lpad is there and has no reason of its own to read the card
    stack.chip.faults.at_apdu(n, fault)
    done = download(stack, order, status=status)
    assert stack.chip.faults.waiting == 0
    return done


def test_all_channels_taken_is_cured_by_a_reset(shared):
    """6881 at MANAGE CHANNEL: somebody died and left them open."""
    order = place(shared)
    download_after_fault_at_apdu(shared, order, 3, faults.status(0x6881), status=0)
    assert_invariants(shared, order, usable=False)


@pytest.mark.parametrize("sw", [0x6985, 0x6A82, 0x6F00], ids=["6985", "6A82", "6F00"])
def test_status_word_at_manage_channel(shared, sw):
    name, exit_status, sentence = STATUS_WORDS[sw]
    order = place(shared)
    check(download_after_fault_at_apdu(shared, order, 3, faults.status(sw), exit_status), name, sentence)
    assert_invariants(shared, order, usable=True)


@pytest.mark.parametrize("sw", [0x6985, 0x6F00], ids=["6985", "6F00"])
def test_status_word_at_the_selection_of_isdr(shared, sw):
    name, exit_status, sentence = STATUS_WORDS[sw]
    order = place(shared)
    check(download_after_fault_at_apdu(shared, order, 4, faults.status(sw), exit_status), name, sentence)
    assert_invariants(shared, order, usable=True)


def test_isdr_that_is_not_found(shared):
    order = place(shared)
    failure = download_after_fault_at_apdu(shared, order, 4, faults.status(0x6A82), NOT_FOUND)
    check(failure, "NotFound", "not an eUICC")
    assert_invariants(shared, order, usable=True)


@status_words
@verbs
def test_status_word_in_place_of_the_change(shared, verb, sw):
    """In whatever form it is told: nothing has changed, that is what is said, and the next try does it."""
    function, _, before, _ = VERBS[verb]
    name, exit_status, sentence = STATUS_WORDS[sw]
    iccid = add_profile(shared, enabled=before)
    shared.chip.faults.at_call(function, faults.status(sw), times=None)
    check(run_verb(shared, verb, iccid, exit_status), name, sentence)
    shared.chip.faults.clear()
    assert profile(shared, iccid).enabled == before and profile(shared, iccid).nickname is None
    assert_invariants(shared)
    run_verb(shared, verb, iccid)
    assert_done(shared, verb, iccid)


@verbs
def test_change_that_was_made_in_spite_of_its_status_word(shared, verb):
    """Some chips answer 6F00 when they have done it: the list decides."""
    function, _, before, _ = VERBS[verb]
    iccid = add_profile(shared, enabled=before)
    shared.chip.faults.at_call(function, faults.reset(0x6F00, after=True))
    run_verb(shared, verb, iccid)
    assert_done(shared, verb, iccid)


@status_words
@verbs
@pytest.mark.parametrize("function", ["GetEuiccInfo2", "GetProfilesInfo", "ListNotification"])
def test_status_word_after_the_change(shared, verb, function, sw):
    """What the chip did is done, though it could not be read at once."""
    iccid = add_profile(shared, enabled=VERBS[verb][2])
    shared.chip.faults.at_call(function, faults.status(sw))
    run_verb(shared, verb, iccid)
    assert shared.chip.faults.waiting == 0
    assert_done(shared, verb, iccid)


@status_words
@pytest.mark.parametrize("function", ["RetrieveNotificationsList", "RemoveNotificationFromList"])
def test_status_word_while_notifications_are_sent(shared, function, sw):
    """The switch stands, the notification stays, and the next delivery takes it along."""
    iccid = add_profile(shared)
    shared.chip.faults.at_call(function, faults.status(sw))
    assert run_verb(shared, "enable", iccid)["notifications_pending"] == 1
    assert_invariants(shared)
    lui_json(shared, "notifications", "send")
    assert {n.event for n in shared.smdp.notifications} == {"enable"}
    assert not len(shared.chip.notifications)
    assert_invariants(shared)
