# SPDX-License-Identifier: LGPL-2.1-or-later
"""Readers and cards that come, go, keep silent or are used by others, while lpad works and while it does not."""

from __future__ import annotations

import subprocess
import threading

import pytest

from card_side import CARD, NOT_FOUND, PREFIX, add_profile, check, download, place, profile, run_verb, segments_sent
from client import DEADLINE, EUICC, MANAGER, PROFILE, ROOT, Client
from invariants import assert_invariants, lui_json, wait_until_idle
from test_pcsc import Probe
from testbed import pki
from testbed.process import wait_until
from testbed.smdp import SubscriberRecord
from testbed.smdp import faults as server_faults
from testbed.stack import Stack
from testbed.veuicc import Config, Euicc, VpcdCard, faults


def reinsert(stack: Stack) -> None:
    """Put the card back in, and wait until lpad has its chip and nothing more to do with it."""
    stack.card.insert()
    with Client(stack) as client:
        client.euicc(stack.chip.eid)
    wait_until_idle(stack)


def wait_for_delivery(stack: Stack) -> None:
    """Until lpad has by itself delivered what was pending."""
    wait_until(lambda: not len(stack.chip.notifications), DEADLINE, "the delivery of what was pending")
    wait_until_idle(stack)


def wait_until_gone(stack: Stack) -> None:
    """Until pcscd and lpad know that the first chip is not there any more."""
    with Client(stack) as client:
        def gone() -> bool:
            return stack.chip.eid not in [chip["Eid"] for chip in client.objects(EUICC).values()]
        wait_until(gone, DEADLINE, "the chip to leave the bus")


def pull(stack: Stack) -> None:
    stack.card.remove()
    wait_until_gone(stack)


# Pulled ---------------------------------------------------------------------------

#: Phase of a download: event at which the card is pulled.
PULLED = {
    "select": ("apdu", 4), "info": ("GetEuiccInfo1", 1), "challenge": ("GetEuiccChallenge", 1),
    "authenticate": ("AuthenticateServer", 1), "profiles": ("GetProfilesInfo", 1),
    "prepare": ("PrepareDownload", 1), "segment-1": ("LoadBoundProfilePackage", 1),
    "segment-2": ("LoadBoundProfilePackage", 2), "segment-4": ("LoadBoundProfilePackage", 4),
    "segment-6": ("LoadBoundProfilePackage", 6),
}


def arm(stack: Stack, event: tuple[str, int], fault: faults.Fault) -> None:
    name, n = event
    if name == "apdu":
        stack.start_lpad()  # reads the chip, and that is not to be disturbed
        stack.chip.faults.at_apdu(n, fault)
    else:
        stack.chip.faults.at_call(name, fault, n=n)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("phase", PULLED)
def test_card_pulled_in_a_download(shared, phase, after):
    """Told as what it is; back in the reader, the chip has the truth, and the order is usable."""
    order = place(shared)
    arm(shared, PULLED[phase], faults.remove(after=after))
    failure = download(shared, order, status=CARD)
    assert failure["error"]["name"] == PREFIX + "CardRemoved"
    assert failure["error"]["order"] == ("unknown" if phase.startswith("segment") else "usable")
    wait_until_gone(shared)
    assert lui_json(shared, "list")["profiles"] == []
    reinsert(shared)
    wait_for_delivery(shared)
    assert_invariants(shared, order, usable=True)


def test_card_pulled_after_the_last_segment(shared):
    """The profile is installed: the list says so when the card is back, and so does the server's."""
    order = place(shared)
    download_with_segments = count_segments(shared)
    shared.chip.faults.at_segment(download_with_segments, faults.remove(after=True))
    failure = download(shared, order, status=CARD)
    assert failure["error"]["name"] == PREFIX + "CardRemoved"
    assert failure["error"]["order"] == "unknown", "nobody can know yet"
    reinsert(shared)
    wait_for_delivery(shared)
    assert order.state == "installed"
    assert_invariants(shared, order, usable=False)


def count_segments(stack: Stack) -> int:
    """Of a package; all is as before."""
    stack.chip.transcript.clear()
    trial = stack.smdp.place_order(SubscriberRecord.make(9), size=2000)
    download(stack, trial, status=0)
    number = segments_sent(stack)
    run_verb(stack, "delete", trial.record.iccid)
    stack.chip.transcript.clear()
    return number


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_card_pulled_at_the_removal_of_the_result(shared, after):
    """The server has the result: the download is done, and what is left follows when the card is back."""
    order = place(shared)
    shared.chip.faults.at_call("RemoveNotificationFromList", faults.remove(after=after))
    failure = download(shared, order, status=None)
    assert order.state == "installed"
    assert failure["error"]["name"] == PREFIX + "CardRemoved"
    assert failure["error"]["order"] == "ended"
    assert "is installed" in failure["error"]["message"]
    reinsert(shared)
    wait_for_delivery(shared)
    assert_invariants(shared, order, usable=False)


def test_card_pulled_while_the_user_is_asked(shared):
    order = place(shared)
    with Client(shared) as client:
        operation = client.download(shared.chip.eid, order.activation_code)
        assert operation.wait_for_prompt()
        shared.card.remove()
        result = operation.result()
        assert (result["error"], result["order"]) == ("CardRemoved", "usable")
    wait_until_gone(shared)
    reinsert(shared)
    assert_invariants(shared, order, usable=True)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("verb, function, before", [
    ("enable", "EnableProfile", False), ("disable", "DisableProfile", True), ("delete", "DeleteProfile", False),
])
def test_card_pulled_at_a_change(shared, verb, function, before, after):
    """What lpad shows afterwards is what the chip has made of it; notifications that it made are delivered."""
    iccid = add_profile(shared, enabled=before)
    shared.chip.faults.at_call(function, faults.remove(after=after))
    failure = run_verb(shared, verb, iccid, CARD)
    assert failure["error"]["name"] == PREFIX + "CardRemoved"
    wait_until_gone(shared)
    reinsert(shared)
    wait_for_delivery(shared)
    now = profile(shared, iccid)
    if verb == "delete":
        assert (now is None) == after
    else:
        assert now.enabled == (before != after), "accepted, and made at the next power-on"
    assert [n.event for n in shared.smdp.notifications] == ([verb] if after else [])
    assert_invariants(shared)
    assert run_verb(shared, verb, iccid, None)["ok"] or after


def test_card_pulled_while_nothing_happens(shared):
    """Objects go and come, and the next operation works."""
    add_profile(shared)
    shared.start_lpad()
    pull(shared)
    with Client(shared) as client:
        assert not client.objects(PROFILE)
    failure = lui_json(shared, "download", "--yes", place(shared).activation_code, status=NOT_FOUND)
    check(failure, "NotFound", "There is no eUICC")
    reinsert(shared)
    order = shared.smdp.place_order(SubscriberRecord.make(2), size=2000)
    assert_invariants(shared, order, usable=True)


def test_card_pulled_while_an_operation_waits_its_turn(shared):
    """Nobody is left hanging."""
    orders = [shared.smdp.place_order(SubscriberRecord.make(n), size=2000) for n in (1, 2)]
    with Client(shared) as client:
        first, second = [client.download(shared.chip.eid, order.activation_code) for order in orders]
        first.wait_for_prompt()
        assert second.properties["State"] == "queued"
        shared.card.remove()
        for operation in (first, second):
            assert operation.result()["error"] == "CardRemoved"
    reinsert(shared)
    for order in orders:
        assert_invariants(shared, order, usable=True)


# Silent ---------------------------------------------------------------------------


@pytest.mark.parametrize("phase", ["challenge", "prepare", "segment-6"])
def test_silent_card_meets_the_deadline(shared, phase):
    """ApduTimeout; the card is pulled and put back, which is what the advice is."""
    order = place(shared)
    arm(shared, PULLED[phase], faults.silence())
    failure = download(shared, order, status=CARD)
    check(failure, "Timeout", "does not answer")
    assert failure["error"]["order"] in ("usable", "unknown")
    lui_json(shared, "status")
    pull(shared)
    reinsert(shared)
    wait_for_delivery(shared)
    assert_invariants(shared, order, usable=True)


@pytest.mark.parametrize("verb", ["enable", "delete"])
def test_answer_to_a_change_that_never_comes(shared, verb):
    """The chip has done it and says nothing, and is stuck: pulled and put back it shows what it did."""
    iccid = add_profile(shared)
    function = {"enable": "EnableProfile", "delete": "DeleteProfile"}[verb]
    shared.chip.faults.at_call(function, faults.lost_answer())
    check(run_verb(shared, verb, iccid, CARD), "Timeout", "does not answer")
    pull(shared)
    reinsert(shared)
    wait_for_delivery(shared)
    now = profile(shared, iccid)
    assert now is None if verb == "delete" else now.enabled
    assert_invariants(shared)


def test_lpad_answers_while_a_card_is_silent(shared):
    """Calls of others do not wait for the card."""
    order = place(shared)
    shared.chip.faults.at_call("PrepareDownload", faults.silence())
    with Client(shared) as client, Client(shared) as other:
        operation = client.download(shared.chip.eid, order.activation_code, consent=True)
        wait_until(lambda: not shared.chip.faults.waiting, DEADLINE, "the silence")
        assert other.objects(EUICC), "answered meanwhile"
        assert operation.properties["State"] == "running"
        assert operation.result()["error"] == "Timeout"
    pull(shared)
    reinsert(shared)
    assert_invariants(shared, order, usable=True)


# pcscd ----------------------------------------------------------------------------


@pytest.mark.parametrize("crash", [False, True], ids=["stopped", "crashed"])
def test_pcscd_goes_in_a_download_and_comes_back(shared, crash):
    order = place(shared)
    with Client(shared) as client:
        operation = client.download(shared.chip.eid, order.activation_code)
        operation.wait_for_prompt()
        shared.stop_pcscd(crash=crash)
        result = operation.result()
        assert (result["error"], result["order"]) == ("CardRemoved", "usable")
        wait_until_gone(shared)
        shared.start_pcscd()
    reinsert(shared)
    assert_invariants(shared, order, usable=True)


def test_pcscd_crashes_while_a_package_is_loaded(shared):
    order = place(shared)
    crashed = threading.Event()

    def crash(body: bytes) -> bytes:
        shared.stop_pcscd(crash=True)
        crashed.set()
        return body

    shared.chip.faults.at_segment(4, faults.mutate(crash))
    failure = download(shared, order, status=CARD)
    assert crashed.is_set()
    assert failure["error"]["name"] == PREFIX + "CardRemoved"
    assert failure["error"]["order"] == "unknown"
    shared.start_pcscd()
    reinsert(shared)
    wait_for_delivery(shared)
    assert_invariants(shared, order, usable=True)


def test_no_pcscd_at_all(make_stack):
    """lpad is there, says that there is nothing, and finds everything when pcscd comes."""
    stack = make_stack()
    stack.stop_pcscd()
    status = lui_json(stack, "status")
    assert (status["euiccs"], status["readers"]) == ([], [])
    check(download(stack, place(stack), status=NOT_FOUND), "NotFound", "There is no eUICC")
    stack.start_pcscd()
    order = stack.smdp.place_order(SubscriberRecord.make(2), size=2000)
    reinsert(stack)
    assert_invariants(stack, order, usable=True)


# What is in the reader --------------------------------------------------------------


def reader_states(stack: Stack) -> dict[str, str]:
    return {reader["name"]: reader["state"] for reader in lui_json(stack, "status")["readers"]}


def wait_for_reader(stack: Stack, state: str) -> dict:
    """Until the first reader is in the state; what lpad says of it."""
    def look() -> dict | None:
        with Client(stack) as client:
            readers = client.properties(ROOT, MANAGER)["Readers"]
        return next((r for r in readers if r["name"] == stack.readers[0] and r["state"] == state), None)
    return wait_until(look, DEADLINE, f"the reader to be {state}")


def test_reader_without_card(shared):
    shared.start_lpad()
    shared.card.remove()
    wait_for_reader(shared, "empty")
    assert set(reader_states(shared).values()) == {"empty"}
    check(lui_json(shared, "info", status=NOT_FOUND), "NotFound", "There is no eUICC")
    reinsert(shared)
    assert_invariants(shared)


def test_lui_cli_waits_for_a_card_that_is_being_read(make_stack):
    """It has been put in a moment ago: there is a chip, though it is not known yet."""
    stack = make_stack()
    stack.start_lpad()
    pull(stack)
    go_on = threading.Event()

    def hold(answer: bytes) -> bytes:
        go_on.wait(DEADLINE)
        return answer
    stack.chip.faults.at_call("GetProfilesInfo", faults.mutate(hold))
    stack.card.insert()
    wait_until(lambda: "a card is being read" in stack.lui("status").stdout, DEADLINE, "lpad to read the card")
    clients = len(stack.bus.names())
    with subprocess.Popen([stack.program("lui-cli"), "info"], env=stack.marked_env, stdout=subprocess.PIPE, text=True) as info:
        wait_until(lambda: len(stack.bus.names()) > clients, DEADLINE, "lui-cli on the bus")
        go_on.set()
        shown, _ = info.communicate(timeout=DEADLINE)
    assert info.returncode == 0 and stack.chip.eid in shown


def test_card_that_is_no_euicc(shared):
    """An ordinary SIM: the application is not there."""
    pull(shared)
    shared.chip.config.isdr_aid = bytes.fromhex("A0000000871002")
    shared.card.insert()
    assert "not an eUICC" in wait_for_reader(shared, "not-euicc")["message"]
    status = shared.lui("status")
    assert status.returncode == 0 and "not an eUICC" in status.stdout
    assert shared.chip.open_channels == 0
    shared.card.remove()
    wait_for_reader(shared, "empty")
    shared.chip.config.isdr_aid = Config.isdr_aid
    reinsert(shared)
    assert_invariants(shared)


def test_card_that_answers_nothing_sensible(shared):
    """It is shown with its reader and what is wrong, and taken up when it has recovered."""
    shared.card.remove()
    wait_for_reader(shared, "empty")
    shared.chip.faults.at_call("GetEID", faults.status(0x6F00), times=None)
    shared.card.insert()
    assert "6F00" in wait_for_reader(shared, "error")["message"]
    shared.chip.faults.clear()
    reinsert(shared)
    assert_invariants(shared, place(shared), usable=True)


def test_another_card_in_the_same_reader(shared):
    """Objects belong to a chip and not to a reader: nothing of the first one is left."""
    iccid = add_profile(shared)
    with Client(shared) as client:
        before = client.euicc(shared.chip.eid)
        first, card = shared.chip, shared.card
        other = Euicc(pki.make_chip(shared.ci, pki.make_eid(serial=77)), Config())
        pull(shared)
        card.chip = other
        card.insert()
        try:
            after = client.euicc(other.eid)
            assert after != before
            assert [e["Eid"] for e in client.objects(EUICC).values()] == [other.eid]
            assert iccid not in [p["Iccid"] for p in client.objects(PROFILE).values()]
            order = place(shared)
            assert "error" not in client.download(other.eid, order.activation_code, consent=True).result()
            assert order.bound_eid in (None, other.eid) and order.state == "installed"
            assert not {p.iccid for p in first.profiles} & {p.iccid for p in other.profiles}
        finally:
            card.remove()
            wait_until(lambda: not client.objects(EUICC), DEADLINE, "the other chip to leave")
            card.chip = first
    shared.smdp.notifications.clear()
    reinsert(shared)
    assert_invariants(shared)


# Several readers ------------------------------------------------------------------


@pytest.fixture
def pair(make_stack) -> Stack:
    return make_stack(chips=2, config={"Card": {"ApduTimeout": "2"}})


@pytest.mark.tsan
def test_two_chips_download_at_the_same_time(pair):
    """Neither waits for the other: both are asked about before either is answered."""
    orders = [pair.smdp.place_order(SubscriberRecord.make(n), size=12000) for n in (1, 2)]
    with Client(pair) as client:
        operations = [
            client.download(chip.eid, order.activation_code) for chip, order in zip(pair.chips, orders)
        ]
        for operation in operations:
            assert operation.wait_for_prompt(), operation.properties["Result"]
        for operation in operations:
            operation.call("Confirm")
        for operation, order in zip(operations, orders):
            result = operation.result()
            assert "error" not in result, result
            assert result["iccid"] == order.record.iccid
    for chip, order in zip(pair.chips, orders):
        assert [p.iccid for p in chip.profiles] == [order.record.iccid_octets]
        assert order.state == "installed"
    assert_invariants(pair)


def test_trouble_with_one_chip_is_not_the_others(pair):
    """One is silent, is pulled and comes back, while the other is used."""
    orders = [pair.smdp.place_order(SubscriberRecord.make(n), size=2000) for n in (1, 2)]
    pair.chip.faults.at_call("PrepareDownload", faults.silence())
    with Client(pair) as client:
        stuck = client.download(pair.chip.eid, orders[0].activation_code, consent=True)
        wait_until(lambda: not pair.chip.faults.waiting, DEADLINE, "the silence")
        other = client.download(pair.chips[1].eid, orders[1].activation_code, consent=True)
        assert other.result()["iccid"] == orders[1].record.iccid
        assert stuck.result()["error"] == "Timeout"
    pull(pair)
    reinsert(pair)
    assert_invariants(pair, orders[0], usable=True)


def test_one_card_comes_and_goes_while_the_other_works(pair):
    with Client(pair) as client:
        paths = [client.euicc(chip.eid) for chip in pair.chips]
        pair.card.remove()
        wait_until(lambda: set(client.objects(EUICC)) == {paths[1]}, DEADLINE, "one chip to leave")
        order = place(pair)
        assert "error" not in client.download(pair.chips[1].eid, order.activation_code, consent=True).result()
        pair.card.insert()
        assert client.euicc(pair.chip.eid) not in paths, "a new object for a new insertion"
        assert paths[1] in client.objects(EUICC)
    assert_invariants(pair)


def test_same_profile_name_on_two_chips(pair):
    """lui-cli needs to know which chip is meant, and says so."""
    failure = lui_json(pair, "download", "--yes", place(pair).activation_code, status=2)
    assert "2 eUICCs" in failure["error"]["message"]
    order = pair.smdp.place_order(SubscriberRecord.make(2), size=2000)
    lui_json(pair, "download", "--yes", "--euicc", pair.readers[1], order.activation_code)
    assert not len(pair.chips[0].profiles) and len(pair.chips[1].profiles) == 1
    assert_invariants(pair)


# Other programs ---------------------------------------------------------------------


@pytest.mark.parametrize("function, n", [
    ("AuthenticateServer", 1), ("GetProfilesInfo", 1), ("PrepareDownload", 1),
])
@pytest.mark.parametrize("sw", [0x6F00, 0x6881], ids=["6F00", "6881"])
def test_reset_in_a_session(shared, function, n, sw):
    """A chip that was reset has forgotten channel and session: the order is as it was."""
    order = place(shared)
    shared.chip.faults.at_call(function, faults.reset(sw, after=True), n=n)
    failure = download(shared, order, status=CARD)
    assert failure["error"]["order"] == "usable"
    assert_invariants(shared, order, usable=True)


def test_reset_while_the_user_is_asked(shared):
    """The session is gone when the answer comes; a new one is made for it, or the order can be used again."""
    order = place(shared)
    with Client(shared) as client:
        operation = client.download(shared.chip.eid, order.activation_code)
        operation.wait_for_prompt()
        shared.chip.reset()
        operation.call("Confirm")
        result = operation.result()
    assert result.get("order", "usable") == "usable"
    assert_invariants(shared, order, usable="error" in result)


def test_channels_that_another_program_left_open(shared):
    """All channels of a card that has few are taken: lpad resets it rather than giving up."""
    shared.start_lpad()
    shared.chip.config.channels = 1
    with shared.chip.lock:
        shared.chip.process(bytes.fromhex("0070000001"))
    assert shared.chip.open_channels == 1
    order = place(shared)
    download(shared, order, status=0)
    assert_invariants(shared, order, usable=False)


def test_pending_results_are_delivered_when_a_card_is_inserted(shared):
    """What another device, or an earlier life, could not deliver."""
    order = place(shared)
    shared.smdp.faults.at_function("handleNotification", server_faults.Status(503), times=None)
    assert download(shared, order, status=0)["notifications_pending"] == 1
    shared.smdp.faults.clear()
    pull(shared)
    restart_without_memory(shared)
    reinsert(shared)
    wait_for_delivery(shared)
    assert order.state == "installed"
    assert_invariants(shared, order, usable=False)


def restart_without_memory(stack: Stack) -> None:
    """lpad starts again and does not know that a delivery has failed."""
    stack.stop_lpad()
    for path in stack.state_folder.rglob("*"):
        if path.is_file():
            path.unlink()
    stack.start_lpad()


@pytest.fixture
def other(shared):
    """A second program that uses PC/SC."""
    other = Probe(shared.pcscd.env)
    yield other
    assert other.close() == 0


def test_program_that_has_the_card_to_itself(shared, other):
    """Told as what it is; nothing is lost, and no more is needed than that it lets go."""
    order = place(shared)
    shared.start_lpad()
    wait_until_idle(shared)
    other.ok(f"exclusive {shared.readers[0]}")
    failure = download(shared, order, status=CARD)
    check(failure, "CardBusy", "Another program uses the card alone")
    assert failure["error"]["order"] == "usable"
    other.ok("release")
    assert_invariants(shared, order, usable=True)


def test_card_that_is_taken_when_it_is_inserted(shared, other):
    """lpad says why there is no chip, and has it as soon as the other program is done."""
    shared.start_lpad()
    pull(shared)
    shared.stop_lpad()
    shared.card.insert()
    shared.wait_for_cards()
    other.ok(f"exclusive {shared.readers[0]}")
    assert "Another program" in wait_for_reader(shared, "error")["message"]
    other.ok("release")
    with Client(shared) as client:
        client.euicc(shared.chip.eid)
    assert_invariants(shared, place(shared), usable=True)


def test_real_reset_while_the_user_is_asked(shared, other):
    """lpad leaves the card to others meanwhile; the session that a reset ends is not missed."""
    order = place(shared)
    with Client(shared) as client:
        operation = client.download(shared.chip.eid, order.activation_code)
        assert operation.wait_for_prompt()
        other.ok(f"connect 5000 {shared.readers[0]}")
        other.ok("reset")
        operation.call("Confirm")
        result = operation.result()
    assert result.get("order", "usable") == "usable"
    other.ok("disconnect")
    assert_invariants(shared, order, usable="error" in result)


def test_real_reset_waits_for_a_package(shared, other):
    """While a package is loaded nobody else gets at the card."""
    order = place(shared)
    shared.start_lpad()
    wait_until_idle(shared)
    other.ok(f"connect 5000 {shared.readers[0]}")

    def ask(body: bytes) -> bytes:
        other.send("reset")
        return body

    shared.chip.faults.at_segment(3, faults.mutate(ask))
    download(shared, order, status=0)
    assert other.answers.get(timeout=DEADLINE) == "ok"
    other.ok("disconnect")
    assert_invariants(shared, order, usable=False)


def test_readers_come_and_go_while_lpad_runs(make_stack):
    """A reader with a chip is there, used, and gone again; the other one is where it was."""
    stack = make_stack(config={"Card": {"ApduTimeout": "2"}})
    added = Euicc(pki.make_chip(stack.ci, pki.make_eid(serial=2)), Config())
    with Client(stack) as client:
        client.euicc(stack.chip.eid)
        stack.stop_pcscd()
        reader = stack.pcscd.plug_in()
        stack.start_pcscd()
        card = VpcdCard(added, port=reader.port)
        try:
            card.insert()
            order = place(stack)
            result = client.download(added.eid, order.activation_code, consent=True).result()
            assert result["iccid"] == order.record.iccid
            names = [r["name"] for r in client.properties(ROOT, MANAGER)["Readers"]]
            assert {reader.name, stack.readers[0]} <= set(names)
            stack.stop_pcscd()
        finally:
            card.stop()
        stack.pcscd.unplug(reader)
        stack.start_pcscd()
        client.euicc(stack.chip.eid)
        names = [r["name"] for r in client.properties(ROOT, MANAGER)["Readers"]]
        assert reader.name not in names and stack.readers[0] in names
        assert [e["Eid"] for e in client.objects(EUICC).values()] == [stack.chip.eid]
    assert_invariants(stack)
