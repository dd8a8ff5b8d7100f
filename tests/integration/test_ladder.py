# SPDX-License-Identifier: LGPL-2.1-or-later
"""Cards that want to be told in another way: by the AID, without a REFRESH, or that say what is not true.

SGP.22 v2.5, 5.7.16 to 5.7.18, as cards in the field have it.  Each form is one command; the list of profiles is
read between two.
"""

from __future__ import annotations

import pytest

from card_side import CARD, STATE, VERBS, add_profile, assert_done, check, profile, reload, run_verb
from client import PROFILE, Client
from conftest import SHARED_CONFIG, close
from invariants import assert_invariants, renew
from testbed import tlv
from testbed.stack import Stack
from testbed.veuicc import faults

TAGS = {"enable": 0xBF31, "disable": 0xBF32, "delete": 0xBF33}


def forms(stack: Stack, verb: str) -> list[str]:
    """How the chip was asked: I or A for ICCID or AID, + or - for the refresh flag, L when its list was read."""
    found = []
    for exchange in stack.chip.transcript:
        request = exchange.command[5:]
        if exchange.command[1] != 0xE2 or request[:1] != b"\xbf":
            continue
        name = exchange.name
        if name == "GetProfilesInfo":
            found.append("L")
        if name == VERBS[verb][0]:
            call = tlv.parse_single(request[:request[2] + 3], TAGS[verb])
            holder = call if verb == "delete" else call.get(0xA0)
            flag = "" if verb == "delete" else "+" if call.get(0x81).value[0] else "-"
            found.append(("I" if holder.children()[0].tag == 0x5A else "A") + flag)
    return found


@pytest.fixture(scope="module")
def odd_platform():
    """A platform apart: lpad remembers of a card what it takes, and other tests have cards that take all."""
    stack = Stack(config=SHARED_CONFIG).__enter__()
    yield stack
    close(stack)


@pytest.fixture
def odd(odd_platform, request) -> Stack:
    """One chip as good as new, of which lpad knows nothing yet."""
    request.node.stacks = [odd_platform]
    renew(odd_platform)
    odd_platform.restart_lpad()
    return odd_platform


def begin(stack: Stack, verb: str) -> str:
    iccid = add_profile(stack, enabled=VERBS[verb][2])
    stack.chip.transcript.clear()
    return iccid


@pytest.mark.parametrize("verb, identifiers, flags, expected", [
    ("enable", (0x4F,), (False, True), ["I+", "L", "A+", "L"]),
    ("enable", (0x5A, 0x4F), (False,), ["I+", "L", "I-", "L"]),
    ("enable", (0x4F,), (False,), ["I+", "L", "A+", "L", "A-", "L"]),
    ("disable", (0x4F,), (False,), ["I+", "L", "A+", "L", "A-", "L"]),
    ("disable", (0x5A,), (True,), ["I+", "L"]),
    ("delete", (0x4F,), (False, True), ["I", "L", "A", "L"]),
])
def test_form_that_the_card_takes_is_found(odd, verb, identifiers, flags, expected):
    iccid = begin(odd, verb)
    odd.chip.config.identifiers, odd.chip.config.refresh_flags = identifiers, flags
    run_verb(odd, verb, iccid)
    assert forms(odd, verb)[:len(expected)] == expected
    assert forms(odd, verb).count("L") >= expected.count("L")
    assert_done(odd, verb, iccid)


def test_form_that_worked_is_remembered_while_the_card_stays(odd):
    iccid = begin(odd, "enable")
    odd.chip.config.identifiers, odd.chip.config.refresh_flags = (0x4F,), (False,)
    run_verb(odd, "enable", iccid)
    run_verb(odd, "disable", iccid)
    odd.chip.transcript.clear()
    run_verb(odd, "enable", iccid)
    assert [form for form in forms(odd, "enable") if form != "L"] == ["A-"]
    assert profile(odd, iccid).enabled
    odd.cards[0].remove()
    odd.wait_for_cards()
    odd.chip.profiles.profiles[0].enabled = False
    odd.cards[0].insert()
    odd.wait_for_cards()
    reload(odd)
    odd.chip.transcript.clear()
    run_verb(odd, "enable", iccid)
    assert [form for form in forms(odd, "enable") if form != "L"] == ["I+", "A+", "A-"]
    assert_invariants(odd)


@pytest.mark.parametrize("verb", TAGS)
@pytest.mark.parametrize("code", [1, 127])
def test_error_answer_of_a_command_that_has_worked(odd, verb, code):
    """The list decides.  Only a deletion of a profile that the chip says it never had stays an error."""
    iccid = begin(odd, verb)
    odd.chip.config.false_error = code
    failed = verb == "delete" and code == 1
    run_verb(odd, verb, iccid, status=4 if failed else 0)
    assert len([form for form in forms(odd, verb) if form != "L"]) == 1
    if not failed:
        assert_done(odd, verb, iccid)


@pytest.mark.parametrize("verb, name, sentence", [
    ("enable", "RefreshFailed", "does not show the profile enabled"),
    ("disable", "RefreshFailed", "does not show the profile disabled"),
    ("delete", "CardError", "still in its list"),
])
def test_accepted_and_not_true(odd, verb, name, sentence):
    iccid = begin(odd, verb)
    odd.chip.config.false_ok = True
    check(run_verb(odd, verb, iccid, CARD), name, sentence)
    asked = [form for form in forms(odd, verb) if form != "L"]
    assert asked == (["I"] if verb == "delete" else ["I+", "I-"])
    assert profile(odd, iccid).enabled == VERBS[verb][2]
    odd.chip.config.false_ok = False
    run_verb(odd, verb, iccid)
    assert_done(odd, verb, iccid)


def test_what_is_forbidden_is_not_tried_in_other_words(odd):
    iccid = begin(odd, "enable")
    odd.chip.faults.at_call("EnableProfile", faults.result_code("EnableProfile", 3), times=None)
    check(run_verb(odd, "enable", iccid, STATE), "PolicyViolation", "must not be disabled")
    assert [form for form in forms(odd, "enable") if form != "L"] == ["I+"]
    assert_invariants(odd)


def test_caller_who_says_refresh_gets_no_other(odd):
    iccid = begin(odd, "enable")
    odd.chip.config.refresh_flags = (True,)
    with Client(odd) as client:
        path = next(iter(client.objects(PROFILE)))
        result = client.start(path, f"{PROFILE}.Enable", refresh=False).result()
    assert result["error"] == "CardError"
    assert [form for form in forms(odd, "enable") if form != "L"] == ["I-", "A-"]
    assert not profile(odd, iccid).enabled
    assert_invariants(odd)


def test_reader_whose_form_is_configured(make_stack):
    stack = make_stack(config={"Reader:*": {"Identifier": "aid", "Refresh": "false"}})
    iccid = add_profile(stack)
    run_verb(stack, "enable", iccid)
    assert [form for form in forms(stack, "enable") if form != "L"] == ["A-"]
    assert_done(stack, "enable", iccid)
