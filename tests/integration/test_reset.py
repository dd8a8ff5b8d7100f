# SPDX-License-Identifier: LGPL-2.1-or-later
"""Resetting the memory of a chip (SGP.22 v2.5, 3.2.5 and 5.7.19): each option alone and all together, who is asked,
what is gone and what stays, and cards that say something else than what they do."""

from __future__ import annotations

import pytest
from gi.repository import GLib

from card_side import CARD, DECLINED, STATE, check
from client import EUICC, Client, Operation, Refused, variant_dict
from invariants import assert_invariants, lui_json
from scenes import put_profile, reload
from testbed import tlv
from testbed.stack import Stack
from testbed.veuicc import faults
from testbed.veuicc.profiles import DELETE, OPERATIONAL, PROVISIONING, TEST

USAGE = 2
EVERYTHING = ["--operational", "--test", "--default-smdp"]


class Full:
    """A chip with a profile of each kind and a default server; the operational one in use has every rule."""

    def __init__(self, stack: Stack):
        self.stack, self.chip = stack, stack.chip
        rules = tlv.bit_string([1, 2])
        self.iccids = {
            "used": put_profile(stack, name=b"In use", enabled=True, rules=rules),
            "other": put_profile(stack, name=b"Other", nickname=b"Holiday"),
            "field test": put_profile(stack, name=b"Loaded test", profile_class=TEST),
            "maker's test": put_profile(stack, name=b"Maker's test", profile_class=TEST, field_loaded=False),
            "provisioning": put_profile(stack, name=b"Bootstrap", profile_class=PROVISIONING),
        }
        self.chip.default_dp = "rsp.example.com"
        reload(stack)
        self.chip.transcript.clear()

    @property
    def digits(self) -> str:
        return self.chip.eid[-4:]

    def there(self) -> set[str]:
        """Which of the profiles are on the chip."""
        held = {tlv.encode(0x5A, p.iccid)[2:] for p in self.chip.profiles}
        return {name for name, iccid in self.iccids.items() if _octets(iccid) in held}

    def named(self, *names: str) -> set[str]:
        return {self.iccids[name] for name in names}


def _octets(iccid: str) -> bytes:
    padded = iccid.ljust(20, "F")
    return bytes.fromhex("".join(padded[i + 1] + padded[i] for i in range(0, 20, 2)))


@pytest.fixture
def full(shared) -> Full:
    return Full(shared)


@pytest.mark.parametrize("options, gone, bits", [
    (["--operational"], {"used", "other"}, {0}),
    (["--test"], {"field test"}, {1}),
    (["--default-smdp"], set(), {2}),
    (EVERYTHING, {"used", "other", "field test"}, {0, 1, 2}),
])
def test_each_option_alone_and_together(shared, full, options, gone, bits):
    everything = full.there()
    done = lui_json(shared, "reset", *options, "--eid-digits", full.digits)
    assert full.there() == everything - gone
    assert set(done["deleted"]) == full.named(*gone)
    assert set(done["remaining"]) == full.named(*everything - gone)
    assert done["notifications_pending"] == 0
    assert full.chip.default_dp == ("" if 2 in bits else "rsp.example.com")
    (request,) = [e.command[5:] for e in full.chip.transcript if e.name == "MemoryReset" and e.command[1] == 0xE2]
    assert tlv.read_bit_string(tlv.parse_single(request[:request[2] + 3], 0xBF34).get(0x82).value) == bits
    told = [n.event for n in shared.smdp.notifications]
    assert told == ["delete"] * len(gone & {"used", "other"}), "test profiles have no operator to tell"
    assert_invariants(shared)


def test_profile_in_use_is_gone_for_everybody(shared, full):
    """The card wants a REFRESH and gets its reset; a client hears of the switch."""
    with Client(shared) as client:
        path = client.euicc(shared.chip.eid)
        assert len(client.properties(path, EUICC)["EnabledProfiles"]) == 1
        assert "error" not in reset(client, path, ["operational-profiles"]).result()
        now = client.properties(path, EUICC)
        assert (now["EnabledProfiles"], now["State"], now["DefaultSmdpAddress"]) == ([], "ready", "rsp.example.com")
    assert full.chip.profiles.pending is None
    assert [p["iccid"] for p in lui_json(shared, "list", "--all")["profiles"]] == [
        full.iccids[name] for name in ("field test", "maker's test", "provisioning")
    ]


# Who is asked ------------------------------------------------------------------------


def test_it_names_what_goes_and_what_stays_and_asks_for_the_eid(shared, full):
    with shared.terminal("reset", "--operational") as terminal:
        terminal.expect("last four digits of the EID")
        going, staying = terminal.text.split("This stays:")
        for name, title in (("used", "In use"), ("other", "Holiday")):
            assert full.iccids[name] in going and f"“{title}”" in going
        for name in ("field test", "maker's test", "provisioning"):
            assert full.iccids[name] in staying
        assert full.chip.eid in going and "rsp.example.com" in staying
        assert len(full.there()) == 5
        terminal.send(full.digits + "\n")
        assert terminal.wait() == 0
        assert "2 profiles are deleted, 3 are left." in terminal.text
    assert full.there() == {"field test", "maker's test", "provisioning"}
    assert_invariants(shared)


@pytest.mark.parametrize("answer", ["", "y", "yes", "0000", "eid"])
def test_any_other_answer_deletes_nothing(shared, full, answer):
    answer = full.chip.eid if answer == "eid" else answer
    with shared.terminal("reset", *EVERYTHING) as terminal:
        terminal.expect("last four digits of the EID")
        terminal.send(answer + "\n")
        assert terminal.wait() == DECLINED
        assert "Nothing is deleted" in terminal.text
    assert len(full.there()) == 5 and full.chip.default_dp
    assert full.chip.counters.functions["MemoryReset"] == 0


@pytest.mark.parametrize("options, name, status", [
    ([], "ConsentRequired", DECLINED),
    (["--eid-digits", "0000"], "Cancelled", DECLINED),
    (["--eid-digits", ""], "Cancelled", DECLINED),
    (["--eid-digits", "5"], "Cancelled", DECLINED),
])
def test_scripts_need_the_right_digits(shared, full, options, name, status):
    failure = lui_json(shared, "reset", *EVERYTHING, *options, status=status)
    check(failure, name, "Nothing is deleted")
    assert len(full.there()) == 5
    assert full.chip.counters.functions["MemoryReset"] == 0


def test_without_an_option_it_explains_itself(shared):
    done = shared.lui("reset")
    assert done.returncode == USAGE
    assert all(option in done.stderr for option in EVERYTHING)


def test_another_user_may_not(shared, full):
    shared.polkit.deny("org.lpad.lpad1.reset")
    failure = lui_json(shared, "reset", "--operational", "--eid-digits", full.digits, status=3)
    check(failure, "NotAuthorized", "")
    assert len(full.there()) == 5


# Nothing to delete --------------------------------------------------------------------


def test_chip_that_holds_nothing_of_it_is_not_asked(shared):
    put_profile(shared, profile_class=PROVISIONING)
    done = shared.lui("reset", *EVERYTHING)
    assert done.returncode == 0 and "nothing is to be deleted" in done.stdout
    assert lui_json(shared, "reset", *EVERYTHING)["deleted"] == []
    assert shared.chip.counters.functions["MemoryReset"] == 0


def test_nothing_to_delete_is_a_success_on_the_bus(shared):
    """5.7.19, nothingToDelete: the maker's test profile stays, and the list says so, too."""
    iccid = put_profile(shared, profile_class=TEST, field_loaded=False)
    with Client(shared) as client:
        result = reset(client, client.euicc(shared.chip.eid), ["operational-profiles", "test-profiles"]).result()
    assert "error" not in result
    assert (result["deleted"], result["remaining"]) == ([], [iccid])
    assert shared.chip.counters.functions["MemoryReset"] == 1
    assert_invariants(shared)


# What cards do ------------------------------------------------------------------------


def reset(client: Client, path: str, what: list[str], **options) -> Operation:
    parameters = GLib.Variant.new_tuple(GLib.Variant("as", what), variant_dict(options))
    return Operation(client, client.call(path, f"{EUICC}.Reset", parameters)[0])


@pytest.mark.parametrize("what, options, sentence", [
    ([], {}, "what to delete"),
    (["operational-profiles", "everything"], {}, "everything"),
    (["test-profiles"], {"force": True}, "force"),
])
def test_call_that_is_not_understood(shared, full, what, options, sentence):
    with Client(shared) as client:
        with pytest.raises(Refused) as refused:
            reset(client, client.euicc(shared.chip.eid), what, **options)
    assert refused.value.name == "InvalidArguments" and sentence in str(refused.value)
    assert len(full.there()) == 5


@pytest.mark.parametrize("code, name, status, sentence", [
    (6, "PolicyViolation", STATE, "rule of the company"),
    (7, "CardError", CARD, "fault with the command"),
    (127, "CardError", CARD, "without saying why"),
])
def test_result_of_the_reset(shared, full, code, name, status, sentence):
    """The list is read again: nothing has changed."""
    shared.chip.faults.at_call("MemoryReset", faults.result_code("MemoryReset", code), times=None)
    failure = lui_json(shared, "reset", "--operational", "--eid-digits", full.digits, status=status)
    check(failure, name, sentence)
    assert failure["error"]["details"]["result"] == code
    assert len(full.there()) == 5
    shared.chip.faults.clear()
    lui_json(shared, "reset", "--operational", "--eid-digits", full.digits)
    assert "used" not in full.there()
    assert_invariants(shared)


def test_cat_busy_is_asked_again(shared, full):
    shared.chip.faults.at_call("MemoryReset", faults.result_code("MemoryReset", 5))
    lui_json(shared, "reset", "--operational", "--eid-digits", full.digits)
    assert shared.chip.counters.functions["MemoryReset"] == 2
    assert "used" not in full.there()


def test_cat_busy_that_stays_is_told(shared, full):
    shared.chip.config.cat_busy = True
    failure = lui_json(shared, "reset", "--operational", "--eid-digits", full.digits, status=CARD)
    check(failure, "CardBusy", "is busy")
    assert len(full.there()) == 5


def test_reset_after_which_the_card_fails(shared, full):
    """The chip has done it and lost its state before it answered: the list is read again and decides."""
    shared.chip.faults.at_call("MemoryReset", faults.reset(after=True))
    done = lui_json(shared, "reset", "--operational", "--eid-digits", full.digits)
    assert set(done["deleted"]) == full.named("used", "other")
    assert full.there() == {"field test", "maker's test", "provisioning"}
    assert_invariants(shared)


def test_card_that_is_pulled_in_a_reset_shows_what_it_did(shared, full):
    shared.chip.faults.at_call("MemoryReset", faults.remove(after=True))
    lui_json(shared, "reset", "--operational", "--eid-digits", full.digits, status=CARD)
    shared.wait_for_cards()
    shared.card.insert()
    shared.wait_for_cards()
    with Client(shared) as client:
        client.euicc(shared.chip.eid)
    assert len(lui_json(shared, "list", "--all")["profiles"]) == 3 == len(full.there())


def test_error_answer_of_a_reset_that_has_worked(shared, full):
    shared.chip.config.false_error = 127
    done = lui_json(shared, "reset", "--operational", "--eid-digits", full.digits)
    assert set(done["deleted"]) == full.named("used", "other")


def test_reset_that_is_accepted_and_not_made(shared, full):
    shared.chip.config.false_ok = True
    failure = lui_json(shared, "reset", "--operational", "--eid-digits", full.digits, status=CARD)
    check(failure, "CardError", "still in its list")
    assert failure["error"]["advice"]
    assert len(full.there()) == 5


def test_operators_that_cannot_be_told_at_once_are_told_later(shared, full):
    shared.smdp.stop()
    try:
        done = lui_json(shared, "reset", "--operational", "--eid-digits", full.digits)
        assert done["notifications_pending"] == 2
        assert [n.event for n in shared.chip.notifications] == [DELETE, DELETE]
    finally:
        shared.smdp.start()
    lui_json(shared, "notifications", "send")
    assert [n.event for n in shared.smdp.notifications] == ["delete", "delete"]
    assert_invariants(shared)
    assert OPERATIONAL not in {p.profile_class for p in shared.chip.profiles}
