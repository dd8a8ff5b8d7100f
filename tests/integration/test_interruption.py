# SPDX-License-Identifier: LGPL-2.1-or-later
"""After an interruption at any point lpad tells what is true, and what the activation code is worth.

lpad is killed, or the card is pulled, at each phase of its work, at commands and at requests; what the next lpad
says is held against the chip and against what the SM-DP+ has on record.
"""

from __future__ import annotations

import pytest
from gi.repository import GLib

from card_side import (
    CARD, STATE, add_profile, check, download, profile, run_verb,
    segments_sent,
)
from client import DEADLINE, EUICC, Client, variant_dict
from invariants import assert_invariants, lui_json, wait_until_idle
from scenes import place
from test_restart import PHASES, UNAVAILABLE, Strike, assassin, revive
from testbed.process import wait_until
from testbed.smdp.faults import Action
from testbed.smdp.http import Response
from testbed.smdp.orders import Order
from testbed.stack import Stack
from testbed.veuicc import faults


class Before(Action):
    """lpad does not live to see the request executed: it was sent, and the server has not looked at it."""

    def __init__(self, strike):
        self._strike = strike

    def before(self) -> Response:
        self._strike(None)
        return Response(503)


def interruptions(stack: Stack) -> list[dict]:
    """What lui-cli status tells of the one chip."""
    return lui_json(stack, "status")["euiccs"][0]["interruptions"]


def records(stack: Stack) -> list:
    return list((stack.state_folder / "interrupted").glob("*.record"))


def wait_for_no_record(stack: Stack) -> None:
    wait_until(lambda: not records(stack), DEADLINE, "the end of the records")


def told(stack: Stack, order: Order | None = None) -> dict:
    """The one interruption that the next lpad tells of, held against the chip and the server."""
    revive(stack)
    return told_by_this_lpad(stack, order)


def told_by_this_lpad(stack: Stack, order: Order | None) -> dict:
    (news,) = interruptions(stack)
    assert news["message"].endswith(".") and "interrupted" in news["message"]
    if order is None:
        return news
    now = profile(stack, order.record.iccid)
    assert news["kind"] == "download"
    assert news["state"] == ("absent" if now is None else "enabled" if now.enabled else "disabled")
    assert news.get("iccid") == (None if now is None else order.record.iccid)
    assert news["done"] <= (now is not None)
    if news["order"] != "unknown":
        assert order.open == (news["order"] == "usable"), f"{news} but {order.history}"
    return news


def test_what_has_ended_is_not_told(shared):
    """A record lives as long as the operation."""
    order = place(shared)
    seen = []
    shared.chip.faults.at_call("GetEuiccChallenge", faults.mutate(lambda body: seen.append(records(shared)) or body))
    download(shared, order, "--enable", status=0)
    run_verb(shared, "disable", order.record.iccid)
    run_verb(shared, "delete", order.record.iccid)
    wait_for_no_record(shared)
    assert [len(paths) for paths in seen] == [1], "the record is there before the server hears of the download"
    assert interruptions(shared) == []


def test_a_failure_that_was_told_is_not_told_again(shared):
    order = place(shared)
    shared.chip.faults.at_segment(5, faults.early_result(5, 10))
    assert download(shared, order)["error"]["order"] == "usable"
    wait_for_no_record(shared)
    assert interruptions(shared) == []


@pytest.mark.parametrize("phase", ["authenticate", "segment-1", "segment-4"])
def test_killed_in_a_download(shared, phase):
    """Nothing is installed, and the code is good: lui-cli says both, and the prompt for the same code says it again."""
    order = place(shared)
    function, n = PHASES[phase]
    shared.chip.faults.at_call(function, faults.mutate(assassin(shared)), n=n)
    download(shared, order, status=UNAVAILABLE)
    news = told(shared, order)
    assert (news["state"], news["order"], news["done"]) == ("absent", "usable", False)
    text = shared.lui("status").stdout
    assert "A download was interrupted: the profile is not installed." in text
    assert "the activation code is still good" in text
    with Client(shared) as client:
        operation = client.download(shared.chip.eid, order.activation_code)
        assert "not installed" in operation.wait_for_prompt()["interrupted"]
        assert interruptions(shared) == [], "the same is done anew"
        operation.call("Postpone")
        operation.result()
    assert_invariants(shared, order, usable=True)


@pytest.mark.parametrize("executed", [True, False], ids=["executed", "not-executed"])
@pytest.mark.parametrize("function", ["initiateAuthentication", "authenticateClient", "getBoundProfilePackage"])
def test_killed_at_a_request(shared, function, executed):
    order = place(shared)
    strike = assassin(shared)
    shared.smdp.faults.at_function(function, Strike(strike) if executed else Before(strike))
    download(shared, order, status=UNAVAILABLE)
    news = told(shared, order)
    assert (news["state"], news["order"]) == ("absent", "usable")
    assert_invariants(shared, order, usable=True)


def killed_at_the_last_segment(stack: Stack, *options: str) -> Order:
    trial = place(stack)
    download(stack, trial, status=0)
    last = segments_sent(stack)
    order = place(stack)
    stack.chip.faults.at_segment(last, faults.mutate(assassin(stack)))
    download(stack, order, *options, status=UNAVAILABLE)
    return order


def test_killed_when_the_profile_is_installed(shared):
    """The same code again: the profile is named, and the server is not asked for it."""
    order = killed_at_the_last_segment(shared)
    news = told(shared, order)
    assert (news["state"], news["order"], news["done"]) == ("disabled", "ended", True)
    assert order.state == "installed"
    requests = shared.smdp.counters.snapshot()
    again = download(shared, order, status=STATE)
    check(again, "ProfileExists", "installed already")
    assert shared.smdp.counters.snapshot() == requests
    text = shared.lui("status").stdout
    assert order.record.iccid in text and "the profile is installed" in text
    assert_invariants(shared, order, usable=False)


def use_default(stack: Stack) -> None:
    with Client(stack) as client:
        arguments = GLib.Variant.new_tuple(GLib.Variant("s", stack.host), variant_dict({}))
        client.call(client.euicc(stack.chip.eid), f"{EUICC}.SetDefaultSmdpAddress", arguments)


def test_killed_in_a_download_from_the_default_server(shared):
    """There is no code to tell orders apart, but the same start is known again, and nobody is told of a code."""
    use_default(shared)
    order = place(shared, eid=shared.chip.eid, matching_id="")
    shared.chip.faults.at_call("PrepareDownload", faults.mutate(assassin(shared)))
    lui_json(shared, "download", "--yes", "--default", status=UNAVAILABLE)
    news = told(shared, order)
    assert (news["state"], news["order"]) == ("absent", "usable")
    assert "activation code" not in news["advice"] and "still waits" in news["advice"]
    with Client(shared) as client:
        operation = client.start(client.euicc(shared.chip.eid), f"{EUICC}.Download", use_default=True)
        assert "not installed" in operation.wait_for_prompt()["interrupted"]
        assert interruptions(shared) == [], "the same is done anew"
        operation.call("Postpone")
        operation.result()
    assert order.record.iccid == lui_json(shared, "download", "--yes", "--default")["iccid"]
    assert_invariants(shared, order, usable=False)


def test_killed_when_the_default_server_has_nothing_more(shared):
    """The server is asked, since it may have another profile; that it has none is no failure of what is installed."""
    use_default(shared)
    download(shared, place(shared), status=0)
    last = segments_sent(shared)
    order = place(shared, eid=shared.chip.eid, matching_id="")
    shared.chip.faults.at_segment(last, faults.mutate(assassin(shared)))
    lui_json(shared, "download", "--yes", "--default", status=UNAVAILABLE)
    news = told(shared, order)
    assert (news["state"], news["order"], news["done"]) == ("disabled", "ended", True)
    check(lui_json(shared, "download", "--yes", "--default", status=STATE), "ProfileExists", "no other profile")
    assert "code" not in shared.lui("download", "--yes", "--default").stderr
    another = place(shared, eid=shared.chip.eid, matching_id="")
    assert lui_json(shared, "download", "--yes", "--default")["iccid"] == another.record.iccid
    assert interruptions(shared)[0]["iccid"] == order.record.iccid, "still true of the first one"
    assert_invariants(shared, another, usable=False)


def test_killed_before_the_new_profile_is_enabled(shared):
    order = killed_at_the_last_segment(shared, "--enable")
    news = told(shared, order)
    assert (news["state"], news["order"], news["done"]) == ("disabled", "ended", False)
    assert "not in use" in news["message"]
    run_verb(shared, "enable", order.record.iccid)
    assert interruptions(shared) == [], "what was missing has been done"
    assert_invariants(shared, order, usable=False)


def test_killed_while_the_new_profile_is_enabled(shared):
    order = place(shared)
    shared.chip.faults.at_call("EnableProfile", faults.mutate(assassin(shared)))
    download(shared, order, "--enable", status=UNAVAILABLE)
    news = told(shared, order)
    assert (news["state"], news["done"]) == ("enabled", True)
    assert_invariants(shared, order, usable=False)


def test_killed_when_the_chip_has_refused(shared):
    """The result has been delivered and removed: only the record knows why nothing is there."""
    order = place(shared)
    shared.chip.faults.at_segment(5, faults.early_result(5, 8))
    shared.chip.faults.at_call("RemoveNotificationFromList", faults.mutate(assassin(shared)))
    download(shared, order, status=UNAVAILABLE)
    news = told(shared, order)
    assert (news["state"], news["order"], news["done"]) == ("absent", "ended", False)
    assert news["error"].endswith("InstallationFailed")
    assert_invariants(shared, order, usable=False)


@pytest.mark.parametrize("code", ["1234", "9999"], ids=["right", "wrong"])
def test_killed_while_the_confirmation_code_is_checked(shared, code):
    """The server has counted it: lpad does not promise what it cannot know."""
    order = place(shared, confirmation_code="1234")
    shared.smdp.faults.at_function("getBoundProfilePackage", Strike(assassin(shared)))
    download(shared, order, "--confirmation-code", code, status=UNAVAILABLE)
    news = told(shared, order)
    assert (news["state"], news["order"]) == ("absent", "unknown")
    assert "confirmation code" in news["message"]
    assert_invariants(shared, order, usable=True)


@pytest.mark.parametrize("executed", [True, False], ids=["executed", "not-executed"])
def test_killed_while_the_order_is_being_ended(shared, executed):
    order = place(shared)
    strike = assassin(shared)
    with Client(shared) as client:
        operation = client.download(shared.chip.eid, order.activation_code)
        operation.wait_for_prompt()
        shared.smdp.faults.at_function("cancelSession", Strike(strike) if executed else Before(strike))
        operation.call("Reject")
        shared.bus.wait_for_no_owner("org.lpad.Lpad1")
    news = told(shared, order)
    assert (news["state"], news["order"]) == ("absent", "unknown")
    assert order.open != executed
    assert_invariants(shared)


def test_killed_while_the_user_is_asked(shared):
    order = place(shared)
    with Client(shared) as client:
        client.download(shared.chip.eid, order.activation_code).wait_for_prompt()
        shared.kill_lpad()
    assert told(shared, order)["order"] == "usable"
    assert_invariants(shared, order, usable=True)


@pytest.mark.parametrize("executed", [True, False], ids=["executed", "not-executed"])
@pytest.mark.parametrize("verb, function, before, state", [
    ("enable", "EnableProfile", False, "enabled"), ("delete", "DeleteProfile", False, "absent"),
])
def test_killed_at_a_change(shared, verb, function, before, state, executed):
    iccid = add_profile(shared, enabled=before)
    strike = assassin(shared)
    if executed:
        shared.chip.faults.at_call(function, faults.mutate(strike))
    else:
        shared.chip.faults.at_apdu(1, faults.mutate(strike))
    run_verb(shared, verb, iccid, UNAVAILABLE)
    news = told(shared)
    assert news["kind"] == verb
    assert news["done"] == executed
    assert news["state"] == (state if executed else "enabled" if before else "disabled")
    assert_invariants(shared)


@pytest.mark.parametrize("executed", [True, False], ids=["executed", "not-executed"])
def test_killed_at_a_reset(shared, executed):
    add_profile(shared, enabled=False)
    strike = assassin(shared)
    if executed:
        shared.chip.faults.at_call("MemoryReset", faults.mutate(strike))
    else:
        shared.chip.faults.at_apdu(1, faults.mutate(strike))
    done = shared.lui("reset", "--operational", "--eid-digits", shared.chip.eid[-4:])
    assert done.returncode == UNAVAILABLE, done
    news = told(shared)
    assert news["kind"] == "reset" and "reset of the chip was interrupted" in news["message"]
    assert len(lui_json(shared, "list")["profiles"]) == (0 if executed else 1)
    assert_invariants(shared)


def test_told_until_somebody_has_read_it(shared):
    """It survives restarts; whoever reads it says so, and then it is gone for good."""
    order = place(shared)
    shared.chip.faults.at_call("PrepareDownload", faults.mutate(assassin(shared)))
    download(shared, order, status=UNAVAILABLE)
    first = told(shared, order)
    shared.restart_lpad()
    assert interruptions(shared) == [first]
    assert lui_json(shared, "status", "--seen")["euiccs"][0]["interruptions"] == [first]
    assert interruptions(shared) == []
    assert records(shared) == []
    shared.restart_lpad()
    assert interruptions(shared) == []
    assert_invariants(shared, order, usable=True)


def test_killed_again_before_anything_was_delivered(shared):
    """The truth is on disk before the notification that proves it leaves the chip."""
    order = place(shared)
    strike, chip = assassin(shared), shared.chip
    chip.faults.at_segment(5, faults.early_result(5, 8))
    chip.faults.at_apdu(1, faults.mutate(lambda answer: strike(answer) if len(chip.notifications) else answer), times=None)
    download(shared, order, status=UNAVAILABLE)
    chip.faults.clear()
    assert len(chip.notifications) == 1, "lpad has not seen the result"
    shared.bus.wait_for_no_owner("org.lpad.Lpad1")
    shared.smdp.faults.at_function("handleNotification", Strike(lambda answer: assassin(shared)(answer)))
    lui_json(shared, "status", status=None)
    news = told(shared, order)
    assert (news["order"], news["error"].rpartition(".")[2]) == ("ended", "InstallationFailed")
    assert_invariants(shared, order, usable=False)


def test_monitor_says_it_in_a_sentence(shared):
    order = place(shared)
    shared.chip.faults.at_call("PrepareDownload", faults.mutate(assassin(shared)))
    download(shared, order, status=UNAVAILABLE)
    revive(shared)
    with shared.terminal("monitor") as terminal:
        terminal.expect("A download was interrupted: the profile is not installed.")


# Without a kill -------------------------------------------------------------------


def test_the_caller_leaves_while_the_package_is_loaded(shared):
    """The installation goes on; the next who looks is told how it ended."""
    order = place(shared)
    with Client(shared) as client:
        shared.chip.faults.at_segment(3, faults.mutate(lambda body: client.leave() or body))
        client.download(shared.chip.eid, order.activation_code, consent=True)
        wait_until(lambda: order.state == "installed", DEADLINE, "the installation")
    wait_until_idle(shared)
    (news,) = wait_until(lambda: interruptions(shared), DEADLINE, "the news")
    assert (news["iccid"], news["state"], news["order"]) == (order.record.iccid, "disabled", "ended")
    check(download(shared, order, status=STATE), "ProfileExists", "installed already")
    assert_invariants(shared, order, usable=False)


def insert(stack: Stack) -> None:
    stack.wait_for_cards()
    for card in stack.cards:
        card.insert()
    stack.wait_for_cards()


def pull_at(stack: Stack, order: Order, fault) -> dict:
    """Pull the card in a download; what lpad says when it is back."""
    fault()
    failure = download(stack, order, status=CARD)
    assert failure["error"]["name"].endswith("CardRemoved")
    insert(stack)
    with Client(stack) as client:
        client.euicc(stack.chip.eid)
    return failure


def test_the_card_is_pulled_while_it_loads(shared):
    order = place(shared)
    failure = pull_at(shared, order, lambda: shared.chip.faults.at_segment(4, faults.remove()))
    assert failure["error"]["order"] == "unknown"
    news = told_by_this_lpad(shared, order)
    assert (news["state"], news["order"]) == ("absent", "usable")
    assert_invariants(shared, order, usable=True)


def test_the_card_is_pulled_before_it_loads(shared):
    """The failure has said everything: there is nothing to add."""
    order = place(shared)
    pull_at(shared, order, lambda: shared.chip.faults.at_call("PrepareDownload", faults.remove()))
    wait_for_no_record(shared)
    assert interruptions(shared) == []
    assert_invariants(shared, order, usable=True)


def test_the_card_is_pulled_at_the_end_of_its_work(shared):
    trial = place(shared)
    download(shared, trial, status=0)
    last = segments_sent(shared)
    order = place(shared)
    pull_at(shared, order, lambda: shared.chip.faults.at_segment(last, faults.remove(after=True)))
    news = told_by_this_lpad(shared, order)
    assert (news["state"], news["order"], news["done"]) == ("disabled", "ended", True)
    assert_invariants(shared, order, usable=False)


def test_the_chip_falls_silent(shared):
    """Nothing is claimed while it cannot be asked; the truth comes with the card."""
    order = place(shared)
    shared.chip.faults.at_segment(4, faults.lost_answer())
    failure = download(shared, order, status=CARD)
    assert failure["error"]["order"] == "unknown"
    (news,) = interruptions(shared)
    assert (news["state"], news["order"], news["done"]) == ("unknown", "unknown", False)
    text = shared.lui("status").stdout
    assert "could not tell yet" in text
    for card in shared.cards:
        card.remove()
    insert(shared)
    wait_until(lambda: interruptions(shared)[0]["state"] != "unknown", DEADLINE, "the truth")
    news = told_by_this_lpad(shared, order)
    assert (news["state"], news["order"]) == ("absent", "usable")
    assert_invariants(shared, order, usable=True)


def test_nothing_can_be_written(make_stack):
    """Downloads go on; the log says once what would be missing after an interruption."""
    stack = make_stack()
    (stack.state_folder / "interrupted").write_text("a file where the folder should be")
    for _ in range(2):
        order = place(stack)
        download(stack, order, status=0)
        assert order.state == "installed"
    assert stack.log.count("lpad cannot tell what became of it") == 1
    assert interruptions(stack) == []
    assert_invariants(stack)


@pytest.mark.parametrize("text", ["", "[Operation", "\0\xff", "a" * 70000], ids=["empty", "torn", "binary", "large"])
def test_damaged_records_are_no_obstacle(shared, text):
    lui_json(shared, "status")
    shared.stop_lpad(DEADLINE)
    (shared.state_folder / "interrupted" / "0011223344556677.record").write_text(text, encoding="latin-1")
    assert interruptions(shared) == []
    assert records(shared) == []
    assert_invariants(shared, place(shared), usable=True)


def test_another_chip_is_not_blamed(make_stack):
    """The record belongs to the chip and not to its reader."""
    stack = make_stack(chips=2)
    first, second = stack.chips
    order = place(stack)
    first.faults.at_call("PrepareDownload", faults.mutate(assassin(stack)))
    lui_json(stack, "download", "--yes", "--euicc", first.eid, order.activation_code, status=UNAVAILABLE)
    stack.bus.wait_for_no_owner("org.lpad.Lpad1")
    told_of = {chip["eid"]: len(chip["interruptions"]) for chip in lui_json(stack, "status")["euiccs"]}
    assert told_of == {first.eid: 1, second.eid: 0}
    assert_invariants(stack)
