# SPDX-License-Identifier: LGPL-2.1-or-later
"""How a session that leads to no profile ends: what the user did, what chip and server are told
(CancelSession, SGP.22 v2.5, 5.6.5 and 5.7.14), and what the order is worth afterwards."""

from __future__ import annotations

import pytest

from client import Client, Refused
from invariants import assert_downloads, assert_invariants, lui_json
from server_side import (
    CANCEL, CLIENT, DECLINED, INITIATE, MISMATCH, NOTIFY, ORDER, PACKAGE, POSTPONED, PPR, REJECTED, STATE, TIMED_OUT,
    UNDEFINED, assert_cancelled, download, place, requests,
)
from testbed import pki
from testbed.smdp import faults, named
from testbed.smdp.named import other_field
from testbed.terminal import CTRL_C

CODE, WRONG = "2468", "1357"
ANSWERS = {REJECTED: "Reject", POSTPONED: "Postpone"}


# The user's word


@pytest.mark.parametrize("reason", ANSWERS)
def test_answer_on_the_bus(shared, reason):
    order = place(shared)
    with Client(shared) as client:
        operation = client.download(shared.chip.eid, order.activation_code)
        operation.wait_for_prompt()
        operation.call(ANSWERS[reason])
        result = operation.result()
    usable = reason != REJECTED
    assert (result["error"], result["order"]) == ("Cancelled", "usable" if usable else "ended")
    assert_cancelled(shared, reason)
    assert PACKAGE not in requests(shared)
    assert_invariants(shared, order, usable=usable)


@pytest.mark.parametrize("typed, reason", [("n\n", POSTPONED), ("\n", POSTPONED), ("r\n", REJECTED)])
def test_answer_at_a_terminal(shared, typed, reason):
    order = place(shared)
    with shared.terminal("download", order.activation_code) as terminal:
        terminal.expect(r"Install it\?")
        terminal.send(typed)
        assert terminal.wait() == DECLINED
        assert ("cannot be used again" in terminal.text) == (reason == REJECTED)
    assert_cancelled(shared, reason)
    assert_invariants(shared, order, usable=reason != REJECTED)


def test_ctrl_c_at_the_question_postpones(shared):
    order = place(shared)
    with shared.terminal("download", order.activation_code) as terminal:
        terminal.expect(r"Install it\?")
        terminal.send(CTRL_C)
        assert terminal.wait() != 0
    assert_invariants(shared, order, usable=True)
    assert_cancelled(shared, POSTPONED)


@pytest.mark.tsan
def test_caller_that_leaves_while_it_is_asked_postpones(shared):
    order = place(shared)
    with Client(shared) as client:
        client.download(shared.chip.eid, order.activation_code).wait_for_prompt()
    shared.smdp.record.wait_for(lambda: CANCEL in [e.function for e in shared.smdp.record.transcript])
    assert_cancelled(shared, POSTPONED)
    assert_invariants(shared, order, usable=True)


def test_nobody_at_the_terminal_postpones(shared):
    order = place(shared)
    done = shared.lui("download", order.activation_code)
    assert done.returncode == DECLINED
    assert "nobody was there to ask" in done.stderr and "can still be used" in done.stderr
    assert_cancelled(shared, POSTPONED)
    assert_invariants(shared, order, usable=True)


def test_no_answer_in_time_is_a_timeout(make_stack):
    stack = make_stack(config={"Policy": {"PromptTimeout": "1"}})
    order = place(stack)
    with Client(stack) as client:
        result = client.download(stack.chip.eid, order.activation_code).result()
    assert (result["error"], result["order"]) == ("Timeout", "usable")
    assert_cancelled(stack, TIMED_OUT)
    assert_invariants(stack, order, usable=True)


# Cancel


@pytest.mark.tsan
@pytest.mark.parametrize("function, reasons", [(INITIATE, []), (CLIENT, [POSTPONED]), (PACKAGE, [POSTPONED])])
def test_cancel_while_the_server_is_silent(shared, function, reasons):
    order = place(shared)
    named.plant(shared.smdp.faults, f"silence-answer:{function}")
    with Client(shared) as client:
        operation = client.download(shared.chip.eid, order.activation_code, consent=True)
        shared.smdp.record.wait_for(lambda: shared.smdp.counters.functions[function])
        assert lui_json(shared, "list") == {"profiles": []}, "lpad answers in the meantime"
        operation.call("Cancel")
        result = operation.result()
    assert (result["error"], result["order"]) == ("Cancelled", "usable")
    assert_cancelled(shared, *reasons)
    assert_invariants(shared, order, usable=True)


def test_cancel_while_the_user_is_asked(shared):
    order = place(shared)
    with Client(shared) as client:
        operation = client.download(shared.chip.eid, order.activation_code)
        operation.wait_for_prompt()
        operation.call("Cancel")
        assert operation.result()["error"] == "Cancelled"
    assert_cancelled(shared, POSTPONED)
    assert_invariants(shared, order, usable=True)


def test_download_whose_result_is_being_delivered_is_not_undone_by_cancel(shared):
    """The profile is installed; the operator hears of it the next time."""
    order = place(shared)
    named.plant(shared.smdp.faults, f"silence-before:{NOTIFY}")
    with Client(shared) as client:
        operation = client.download(shared.chip.eid, order.activation_code, consent=True)
        shared.smdp.record.wait_for(lambda: shared.smdp.counters.functions[NOTIFY])
        try:
            operation.call("Cancel")
        except Refused as refused:
            assert refused.name == "WrongState"
        result = operation.result()
    assert result["iccid"] == order.record.iccid
    assert_cancelled(shared)
    assert len(list(shared.chip.profiles)) == 1
    assert_invariants(shared)


# What the LPA finds


def test_profile_that_is_there_already_is_not_fetched_again(shared):
    first = place(shared)
    assert not download(shared, first).error
    second = shared.smdp.place_order(first.record, size=2000)
    done = download(shared, second)
    assert (done.status, done.error) == (STATE, "ProfileExists")
    assert "lui-cli list" in done.advice
    assert requests(shared).count(PACKAGE) == 1
    assert_cancelled(shared, UNDEFINED)
    assert_invariants(shared, second, usable=False)


def test_policy_rules_that_the_chip_does_not_allow(shared):
    shared.chip.config.rat = []
    order = place(shared, pprs=(1,))
    done = download(shared, order, "--accept-policy-rules")
    assert (done.status, done.error, done.order) == (STATE, "PolicyViolation", "ended")
    assert_cancelled(shared, PPR)
    assert_invariants(shared, order, usable=False)


def test_policy_rules_that_nobody_agreed_to(shared):
    order = place(shared, pprs=(2,))
    done = download(shared, order)
    assert (done.status, done.error, done.order) == (DECLINED, "ConsentRequired", "usable")
    assert_cancelled(shared, POSTPONED)
    assert_invariants(shared)
    assert not download(shared, order, "--accept-policy-rules").error


def test_policy_rules_that_the_user_refuses_for_good(shared):
    order = place(shared, pprs=(2,))
    with shared.terminal("download", order.activation_code) as terminal:
        terminal.expect("cannot be deleted")
        terminal.expect("to accept them")
        terminal.send("r\n")
        assert terminal.wait() == DECLINED
    assert_cancelled(shared, REJECTED)
    assert_invariants(shared, order, usable=False)


def test_test_profile_outside_test_mode(make_stack):
    stack = make_stack(config={"General": {"TestMode": "false"}})
    pki.save_cert(stack.issuer_folder / "production", "operator", stack.ci.cert)
    order = place(stack, profile_class="test")
    done = download(stack, order)
    assert (done.status, done.error, done.order) == (STATE, "PolicyViolation", "ended")
    assert "test profile" in done.message
    assert_cancelled(stack, UNDEFINED)
    assert_invariants(stack, order, usable=False)


def test_cancel_session_that_the_server_refuses_does_not_hide_the_first_error(shared):
    order = place(shared)
    shared.smdp.faults.change("bpp.transactionId", lambda octets: octets[::-1])
    shared.smdp.faults.at_function(CANCEL, faults.Fail("8.10.1", "3.9"))
    done = download(shared, order)
    assert done.error == "ProtocolError" and "package of another download" in done.message
    assert (done.order, order.open) == ("usable", True), "the server has not ended it"
    assert_invariants(shared)


# Confirmation codes (5.7.5, hashCc)


@pytest.mark.parametrize("announced", [True, False])
@pytest.mark.parametrize("how", ["option", "file", "input"])
def test_confirmation_code_given_beforehand(shared, how, announced):
    order = place(shared, confirmation_code=CODE, announce_confirmation_code=announced)
    path = shared.folder / "confirmation-code"
    path.write_text(f"{CODE}\n")
    arguments = {"option": ["-c", CODE], "file": ["-C", str(path)], "input": ["-C", "-"]}[how]
    done = download(shared, order, *arguments, input=f"{CODE}\n" if how == "input" else "")
    assert not done.error, done
    assert order.state == "installed"
    assert_cancelled(shared)
    assert_invariants(shared)


@pytest.mark.parametrize("announced", [True, False])
def test_missing_confirmation_code_costs_nothing(shared, announced):
    """Asked for when the server asks, whatever the activation code says."""
    order = place(shared, confirmation_code=CODE, announce_confirmation_code=announced)
    done = download(shared, order)
    assert (done.status, done.error, done.order) == (ORDER, "ConfirmationCodeRequired", "usable")
    assert done.advice
    assert PACKAGE not in requests(shared)
    assert_cancelled(shared, POSTPONED)
    assert_invariants(shared, order, usable=None)
    assert_downloads(shared, order)


def test_announced_confirmation_code_that_the_server_does_not_want(shared):
    order = place(shared)
    done = download(shared, f"{order.activation_code}$$1", "-c", CODE)
    assert not done.error, done
    assert_invariants(shared)


def test_wrong_confirmation_code_unattended(shared):
    order = place(shared, confirmation_code=CODE)
    done = download(shared, order, "-c", WRONG)
    assert (done.status, done.error, done.order) == (ORDER, "ConfirmationCodeRefused", "usable")
    assert order.wrong_codes == 1
    assert_cancelled(shared)
    assert_invariants(shared)
    assert_downloads(shared, order)


def test_confirmation_code_is_bound_to_the_session(shared):
    """The same code makes another hash in each session: what was overheard is worth nothing."""
    order = place(shared, confirmation_code=CODE)
    for _ in range(2):
        download(shared, order, "-c", WRONG)
    sent = [e.request for e in shared.smdp.record.transcript if e.function == PACKAGE]
    assert len(sent) == 2 and sent[0] != sent[1]
    assert order.wrong_codes == 2


def test_last_wrong_confirmation_code_ends_the_order(shared):
    order = place(shared, confirmation_code=CODE, cc_retries=1)
    done = download(shared, order, "-c", WRONG)
    assert (done.status, done.error, done.order) == (ORDER, "ConfirmationCodeExhausted", "ended")
    assert "new activation code" in done.advice
    assert_cancelled(shared)
    assert_invariants(shared, order, usable=False)


@pytest.mark.parametrize("announced", [True, False])
def test_confirmation_code_at_a_terminal_wrong_then_right(shared, announced):
    order = place(shared, confirmation_code=CODE, announce_confirmation_code=announced)
    with shared.terminal("download", order.activation_code) as terminal:
        terminal.expect(r"Install it\?")
        terminal.send("y\n")
        terminal.expect("Confirmation code")
        terminal.send(f"{WRONG}\n")
        terminal.expect("confirmation code is wrong")
        terminal.expect("Confirmation code")
        terminal.send(f"{CODE}\n")
        assert terminal.wait() == 0, terminal.text
        assert CODE not in terminal.text and WRONG not in terminal.text
        assert terminal.text.count("Install it") == 1
    assert order.state == "installed"
    assert shared.smdp.counters.tcp_connections == 1
    assert requests(shared) == [INITIATE, CLIENT, PACKAGE, INITIATE, CLIENT, PACKAGE, NOTIFY]
    assert_cancelled(shared)
    assert_invariants(shared)


def test_confirmation_codes_at_a_terminal_until_none_is_left(shared):
    order = place(shared, confirmation_code=CODE, cc_retries=2)
    with shared.terminal("download", order.activation_code) as terminal:
        terminal.expect(r"Install it\?")
        terminal.send("y\n")
        for _ in range(2):
            terminal.expect("Confirmation code")
            terminal.send(f"{WRONG}\n")
        terminal.expect("oo many wrong confirmation codes")
        assert terminal.wait() == ORDER
    assert_cancelled(shared)
    assert_invariants(shared, order, usable=False)


def test_confirmation_code_that_nobody_types_postpones(shared):
    order = place(shared, confirmation_code=CODE)
    with shared.terminal("download", order.activation_code) as terminal:
        terminal.expect(r"Install it\?")
        terminal.send("y\n")
        terminal.expect("Confirmation code")
        terminal.send("\n")
        assert terminal.wait() == DECLINED
    assert_cancelled(shared, POSTPONED)
    assert_invariants(shared)
    assert_downloads(shared, order)


def test_corrected_code_does_not_buy_another_profile(shared):
    """What the server offers in the second session must be what the user has agreed to in the first."""
    order = place(shared, confirmation_code=CODE)
    shared.smdp.faults.change("json.profileMetadata", other_field(0x92, b"Dearer plan"), n=2)
    with shared.terminal("download", order.activation_code) as terminal:
        terminal.expect(r"Install it\?")
        terminal.send("y\n")
        terminal.expect("Confirmation code")
        terminal.send(f"{WRONG}\n")
        terminal.expect("Confirmation code")
        terminal.send(f"{CODE}\n")
        terminal.expect("profile name differs")
        assert terminal.wait() != 0
    assert_cancelled(shared, MISMATCH)
    assert_invariants(shared, order, usable=False)


def test_codes_are_in_no_log(make_stack):
    stack = make_stack()
    lpad = stack.run_lpad(env={"G_MESSAGES_DEBUG": "all"})
    order = place(stack, confirmation_code=CODE * 2)
    assert download(stack, order, "-c", WRONG * 2).error == "ConfirmationCodeRefused"
    assert not download(stack, order, "-c", CODE * 2).error
    for secret in (CODE * 2, WRONG * 2, order.matching_id):
        assert secret not in lpad.output()
    assert "POST" in lpad.output(), "it does write a log"
