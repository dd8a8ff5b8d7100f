# SPDX-License-Identifier: LGPL-2.1-or-later
"""Cards with two ISD-Rs, with one under two names, with one under a name that the standard does not know."""

from __future__ import annotations

import re

import pytest
from gi.repository import GLib

from client import DEADLINE, EUICC, MANAGER, ROOT, Client, variant_dict
from invariants import assert_invariants, lui_json, wait_until_idle
from scenes import place
from testbed.bus import TOP
from testbed.process import wait_until
from testbed.stack import Stack
from testbed.veuicc import Config, faults

FIRST = bytes.fromhex("A06573746B6D65FFFF4953442D522030")
SECOND = bytes.fromhex("A06573746B6D65FFFF4953442D522031")
SELECT = 0xA4


def known_aids() -> list[bytes]:
    """Those of lpad.conf, which tells the defaults."""
    found = re.search(r"^#IsdrAids=(.*)$", (TOP / "data" / "lpad.conf").read_text(), re.MULTILINE)
    return [bytes.fromhex(aid) for aid in found[1].split(";")]


def selected(stack: Stack) -> list[bytes]:
    """Names of applications that were selected on the first card so far; in order where it has one chip."""
    seen = [e.command for chip in stack.chip.on_card for e in chip.transcript]
    return [command[5:5 + command[4]] for command in seen if command[1:3] == bytes([SELECT, 0x04])]


def forget(stack: Stack) -> None:
    for chip in stack.chip.on_card:
        chip.transcript.clear()


@pytest.fixture
def dual(make_stack) -> Stack:
    """A card like those with two secure elements: the second chip is stack.chip.on_card[1]."""
    stack = make_stack(chip_config=Config(isdr_aid=FIRST), config={"Card": {"ApduTimeout": "2"}})
    stack.add_isdr(Config(isdr_aid=SECOND))
    return stack


def test_two_isdrs_are_two_chips(dual):
    """Two objects with one reader and two EIDs; lui-cli tells them apart, and asks which one is meant."""
    first, second = dual.chip.on_card
    with Client(dual) as client:
        chips = client.chips()
        assert [(c["Eid"], bytes(c["IsdrAid"]), c["Device"]) for c in chips.values()] == [
            (chip.eid, chip.config.isdr_aid, dual.readers[0]) for chip in (first, second)
        ]
        readers = client.properties(ROOT, MANAGER)["Readers"]
        assert [r["euiccs"] for r in readers if r["state"] == "euicc"] == [list(chips)]
    text = dual.lui("status").stdout
    for chip in (first, second):
        assert f"EID {chip.eid}\n  ISD-R {chip.config.isdr_aid.hex()}, one of several on this card" in text
    order = place(dual)
    failure = lui_json(dual, "download", "--yes", "--euicc", dual.readers[0], order.activation_code, status=2)
    assert first.eid in failure["error"]["message"] and second.eid in failure["error"]["message"]
    lui_json(dual, "download", "--yes", "--euicc", second.eid[-6:], order.activation_code)
    assert [p.iccid for p in second.profiles] == [order.record.iccid_octets] and not len(first.profiles)
    assert order.state == "installed"
    assert_invariants(dual)


@pytest.mark.tsan
def test_operations_on_two_isdrs_wait_for_each_other(dual):
    """Started together they all succeed, one after the other, though a switch resets the card of both."""
    orders = [place(dual) for _ in dual.chip.on_card]
    none = GLib.Variant.new_tuple(variant_dict({}))
    with Client(dual) as client:
        asked, queued = [
            client.download(chip.eid, order.activation_code, enable=True)
            for chip, order in zip(dual.chip.on_card, orders)
        ]
        assert asked.wait_for_prompt()
        assert queued.properties["State"] == "queued"
        states = {chip["Eid"]: chip["State"] for chip in client.chips().values()}
        assert list(states.values()) == ["busy", "ready"]
        # a short call does not wait for a person who thinks
        client.call(client.euicc(dual.chip.on_card[1].eid), f"{EUICC}.Reload", none)
        asked.call("Confirm")
        assert queued.wait_for_prompt()
        assert asked.properties["State"] == "finished"
        queued.call("Confirm")
        for operation, order in zip((asked, queued), orders):
            assert operation.result().get("iccid") == order.record.iccid, operation.properties["Result"]
    for chip, order in zip(dual.chip.on_card, orders):
        assert [(p.iccid, p.enabled) for p in chip.profiles] == [(order.record.iccid_octets, True)]
        assert order.state == "installed"
    assert_invariants(dual)


def test_both_leave_with_the_card(dual):
    """Pulled while one works and the other waits its turn: both operations end, and both chips come back."""
    dual.chip.faults.at_call("PrepareDownload", faults.remove())
    orders = [place(dual) for _ in dual.chip.on_card]
    with Client(dual) as client:
        operations = [
            client.download(chip.eid, order.activation_code, consent=True)
            for chip, order in zip(dual.chip.on_card, orders)
        ]
        for operation in operations:
            result = operation.result()
            assert (result["error"], result["order"]) == ("CardRemoved", "usable")
        wait_until(lambda: not client.objects(EUICC), DEADLINE, "both chips to leave")
        dual.card.insert()
        for chip, order in zip(dual.chip.on_card, orders):
            assert "error" not in client.download(chip.eid, order.activation_code, consent=True).result()
    assert_invariants(dual)


def test_what_was_found_is_remembered(dual):
    """All names are tried once on a card; after that only those that are there, also by the next lpad."""
    dual.start_lpad()
    wait_until_idle(dual)
    searched = selected(dual)
    assert set(searched) == set(known_aids())
    assert all(searched.count(aid) == 1 for aid in known_aids() if aid not in (FIRST, SECOND)), searched
    dual.restart_lpad()
    forget(dual)
    lui_json(dual, "list")
    dual.restart_lpad()
    wait_until_idle(dual)
    again = selected(dual)
    assert again.count(SECOND) == 1
    assert len(again) == known_aids().index(FIRST) + 2, "up to the first that is there, and the other one"


def test_one_chip_under_two_names(make_stack):
    """Two applications with one EID are one chip."""
    stack = make_stack(chip_config=Config(other_aids=(FIRST,)))
    with Client(stack) as client:
        chip, = client.chips().values()
        assert (chip["Eid"], bytes(chip["IsdrAid"])) == (stack.chip.eid, stack.chip.config.isdr_aid)
    assert_invariants(stack, place(stack), usable=True)


def test_each_known_application_is_found(shared):
    """Removable chips that deviate from the standard's identifier."""
    shared.start_lpad()
    with Client(shared) as client:
        for aid in known_aids()[1:]:
            shared.card.remove()
            wait_until(lambda: not client.objects(EUICC), DEADLINE, "the chip to leave")
            shared.chip.config.isdr_aid = aid
            shared.card.insert()
            assert bytes(client.properties(client.euicc(shared.chip.eid), EUICC)["IsdrAid"]) == aid


def test_configured_application(make_stack):
    """A list of one's own replaces the one that is built in; one more than is there costs one SELECT."""
    own = bytes.fromhex("A000000559FFFFFFFF01")
    stack = make_stack(
        chip_config=Config(isdr_aid=own), config={"Card": {"IsdrAids": f"{FIRST.hex()};{own.hex()}"}},
    )
    with Client(stack) as client:
        assert bytes(client.properties(client.euicc(stack.chip.eid), EUICC)["IsdrAid"]) == own
    wait_until_idle(stack)
    assert selected(stack).count(FIRST) == 1, "looked for once"
    assert_invariants(stack, place(stack), usable=True)


def test_second_isdr_that_does_not_answer(dual):
    """The first one can be used all the same, and status says that something is wrong."""
    dual.chip.on_card[1].faults.at_call("GetProfilesInfo", faults.status(0x6F00), times=None)
    with Client(dual) as client:
        assert [chip["Eid"] for chip in client.chips().values()] == [dual.chip.eid]
        readers = client.properties(ROOT, MANAGER)["Readers"]
    assert ["6F00" in r["message"] for r in readers if r["state"] == "euicc"] == [True]
    assert "6F00" in dual.lui("status").stdout
    order = place(dual)
    lui_json(dual, "download", "--yes", order.activation_code)
    assert order.state == "installed"


def test_card_without_isdr_is_asked_once(shared):
    """An ordinary SIM: each name once, on one channel, and never again while it stays."""
    shared.start_lpad()
    with Client(shared) as client:
        shared.card.remove()
        wait_until(lambda: not client.objects(EUICC), DEADLINE, "the chip to leave")
        shared.chip.config.isdr_aid = bytes.fromhex("A0000000871002")
        shared.chip.counters.reset()
        shared.chip.transcript.clear()
        shared.card.insert()
        def seen() -> bool:
            return "not-euicc" in [r["state"] for r in client.properties(ROOT, MANAGER)["Readers"]]
        wait_until(seen, DEADLINE, "the card to be looked at")
        lui_json(shared, "status")
        assert selected(shared) == known_aids()
        # SELECT MF, TERMINAL CAPABILITY, and MANAGE CHANNEL to open and to close
        assert shared.chip.counters.apdus == len(known_aids()) + 4
