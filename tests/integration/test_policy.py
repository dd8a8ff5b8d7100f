# SPDX-License-Identifier: LGPL-2.1-or-later
"""Policy rules, classes, owners and icons (SGP.22 v2.5, 2.4.5, 2.9, 5.7.16 to 5.7.22): what the user reads and
decides, what chip and server are told of it, and what the chip answers in the end."""

from __future__ import annotations

import copy
import itertools
import re
import subprocess

import pytest

from client import EUICC, PROFILE, Client
from invariants import assert_invariants, lui_json
from scenes import Signals, profile_path, put_profile, reload
from server_side import (
    DECLINED, NOT_FOUND, POSTPONED, PPR, REJECTED, STATE, USAGE, assert_cancelled, download, outcome, place,
)
from testbed import pki, tlv
from testbed.smdp.subscriber import encode_iccid
from testbed.veuicc import faults
from testbed.veuicc.profiles import OPERATIONAL, PPR1, PPR2, PROVISIONING, TEST, Refused

CLASS_NAMES = {TEST: "test", PROVISIONING: "provisioning", OPERATIONAL: "operational"}
PNG = b"\x89PNG\r\n\x1a\n" + bytes(50)
JPEG = b"\xff\xd8\xff\xe0" + bytes(50)


def rules(*bits: int) -> bytes:
    return tlv.bit_string(bits)


def row(bits: tuple[int, ...], *operators: bytes, consent: bool) -> bytes:
    """A row of the rules authorisation table."""
    return tlv.encode(0x30, [
        tlv.encode(0x80, tlv.bit_string(bits)),
        tlv.encode(0xA1, [tlv.encode(0x30, operator) for operator in operators]),
        tlv.encode(0x82, tlv.bit_string([0] if consent else [])),
    ])


def operator(plmn: str, gid1: bytes | None = None) -> bytes:
    """An OperatorId."""
    return tlv.encode(0x80, bytes.fromhex(plmn)) + (b"" if gid1 is None else tlv.encode(0x81, gid1))


#: The test network's operator, 999-70.
OWNER = "99f907"
GID2 = tlv.encode(0x82, b"\x01")


# What the LPA lets through: the rules authorisation table


ALLOWED = {
    "consent": ([row((1, 2), operator("eeeeee"), consent=True)], {}, True),
    "no consent": ([row((1, 2), operator("eeeeee"), consent=False)], {}, False),
    "its operator": ([row((2,), operator(OWNER), consent=False)], {}, False),
    "its country": ([row((2,), operator("99e9ee"), consent=False)], {}, False),
    "first row that fits": (
        [row((2,), operator("00f010"), consent=False), row((1,), operator("eeeeee"), consent=False),
         row((2,), operator("00f010"), operator(OWNER), consent=True), row((2,), operator("eeeeee"), consent=False)],
        {}, True,
    ),
    "its group": (
        [row((2,), operator("eeeeee", b"\xaa"), consent=False)], {"owner": operator(OWNER, b"\xaa")}, False,
    ),
    "any group": (
        [row((2,), operator("eeeeee", b""), consent=False)], {"owner": operator(OWNER, b"\xaa")}, False,
    ),
}


@pytest.mark.parametrize("table, options, consent", ALLOWED.values(), ids=ALLOWED)
def test_rule_that_the_chip_grants(shared, table, options, consent):
    """What lpad lets through the chip takes, too; consent is asked for where the table wants it."""
    shared.chip.config.rat = table
    order = place(shared, pprs=(PPR2,), **options)
    with Client(shared) as client:
        operation = client.download(shared.chip.eid, order.activation_code)
        prompt = operation.wait_for_prompt()
        assert ("policy-rules" in prompt["needs"]) == consent
        assert prompt["profile"]["policy-rules"] == ["ppr2"]
        operation.call("Confirm", **({"accept_policy_rules": True} if consent else {}))
        assert operation.result()["iccid"] == order.record.iccid
    assert_cancelled(shared)
    assert order.state == "installed"


REFUSED = {
    "empty table": ([], {}, "never be deleted"),
    "other operator": ([row((2,), operator("00f010"), consent=True)], {}, "never be deleted"),
    "other rule": ([row((1,), operator("eeeeee"), consent=True)], {}, "never be deleted"),
    "other group": (
        [row((2,), operator("eeeeee", b"\xaa"), consent=True)], {"owner": operator(OWNER, b"\xab")}, "never be deleted",
    ),
    "no owner": (None, {"owner": b""}, "which operator"),
    "wildcard for an owner": (None, {"owner": operator("99f9ee")}, "which operator"),
    "unknown rule": (None, {"pprs": (3,)}, "does not know"),
    "unknown rule beside a known one": (None, {"pprs": (2, 7)}, "does not know"),
}


@pytest.mark.parametrize("table, options, words", REFUSED.values(), ids=REFUSED)
def test_rule_that_the_chip_does_not_grant(shared, table, options, words):
    if table is not None:
        shared.chip.config.rat = table
    order = place(shared, **{"pprs": (PPR2,), **options})
    done = download(shared, order, "--accept-policy-rules")
    assert (done.status, done.error, done.order) == (STATE, "PolicyViolation", "ended")
    assert words in done.message
    assert_cancelled(shared, PPR)
    assert_invariants(shared, order, usable=False)


def test_row_of_which_there_are_two_readings(shared):
    """An empty GID against an owner without one: the user is asked whatever the row says, and the chip, which
    may know better, has the last word (errorReason 15)."""
    shared.chip.config.rat = [row((2,), operator("eeeeee", b""), consent=False)]
    order = place(shared, pprs=(PPR2,))
    assert download(shared, order).error == "ConsentRequired"
    done = download(shared, order, "--accept-policy-rules")
    assert (done.error, done.order, done.details["result"]) == ("PolicyViolation", "ended", 15)
    assert_cancelled(shared, POSTPONED)
    assert_invariants(shared, order, usable=False)


def test_bit_for_updates_is_no_rule(shared):
    """PPR update control: nothing to grant, nothing to agree to (2.9.1.2)."""
    shared.chip.config.rat = []
    order = place(shared, pprs=(0,))
    assert not download(shared, order).error
    assert_cancelled(shared)


def test_chip_without_the_table_grants_nothing(shared):
    shared.chip.faults.at_call("GetRAT", faults.status(0x6A88), times=None)
    order = place(shared, pprs=(PPR1,))
    done = download(shared, order, "--accept-policy-rules")
    assert (done.error, done.order) == ("PolicyViolation", "ended")
    assert_cancelled(shared, PPR)
    assert not download(shared, place(shared)).error, "a profile without rules needs no table"


def test_rule_that_the_chip_forbids(shared):
    """A server should not offer it (8.2.5/4.3); if it does, nobody is asked."""
    shared.chip.config.forbidden_rules = (PPR1,)
    reload(shared)
    assert lui_json(shared, "info")["forbidden_policy_rules"] == ["ppr1"]
    refused = download(shared, place(shared, pprs=(PPR1,)), "--accept-policy-rules")
    assert (refused.error, refused.details["subject"], refused.details["reason"]) == (
        "NoEligibleProfile", "8.2.5", "4.3",
    )
    assert_cancelled(shared)

    order = place(shared)
    shared.smdp.faults.change("json.profileMetadata", lambda octets: tlv.encode(
        0xBF25, tlv.parse_single(octets).value + tlv.encode(0x99, rules(PPR1))))
    done = download(shared, order, "--accept-policy-rules")
    assert (done.error, done.order) == ("PolicyViolation", "ended")
    assert "takes no such profile" in done.message
    assert_cancelled(shared, PPR)
    assert_invariants(shared, order, usable=False)


def test_download_that_shall_be_enabled_beside_one_that_must_stay(shared):
    """It is installed all the same, and the user reads why it is not in use."""
    put_profile(shared, enabled=True, rules=rules(PPR1))
    order = place(shared)
    done = shared.lui("download", "--yes", "--enable", order.activation_code)
    assert done.returncode == STATE and "is installed, but not all is well" in done.stdout
    assert "could not be enabled: The profile in use must not be disabled" in done.stderr
    assert order.state == "installed"
    assert_invariants(shared)


# What the user reads and decides


def test_rules_in_plain_words_and_a_strong_consent(shared):
    order = place(shared, pprs=(0, PPR1, PPR2), owner=operator(OWNER, b"\x0a\xff") + GID2, icon=PNG)
    with shared.terminal("download", order.activation_code) as terminal:
        terminal.expect(r"Network\s+999-70, GID1 0aff, GID2 01")
        terminal.expect(r"Icon\s+image/png")
        terminal.expect(r"Rules\s+The operator can lift its rules later\.")
        terminal.expect("Once it is in use it cannot be disabled: no other profile can be used on this chip")
        terminal.expect("It cannot be deleted, except by a reset of the chip's memory")
        for typed in ("y\n", "yes\n", "ok\n"):
            terminal.expect("Type “agree” to accept them")
            terminal.send(typed)
        terminal.expect("Type “agree” to accept them")
        assert len(shared.chip.profiles) == 0
        terminal.send("agree\n")
        terminal.expect("Install it")
        terminal.send("y\n")
        assert terminal.wait() == 0
    assert tlv.read_bit_string(shared.chip.profiles.profiles[0].rules) == {0, PPR1, PPR2}
    assert order.state == "installed"
    assert_cancelled(shared)


def test_rules_without_consent_are_shown_all_the_same(shared):
    shared.chip.config.rat = [row((2,), operator("eeeeee"), consent=False)]
    order = place(shared, pprs=(PPR2,))
    with shared.terminal("download", order.activation_code) as terminal:
        terminal.expect("cannot be deleted")
        terminal.expect("Install it")
        assert "agree" not in terminal.text
        terminal.send("y\n")
        assert terminal.wait() == 0


@pytest.mark.parametrize("typed, reason, state", [
    ("r\n", REJECTED, "error"), ("n\n", POSTPONED, "released"), ("\n", POSTPONED, "released"),
])
def test_rules_that_are_not_accepted(shared, typed, reason, state):
    order = place(shared, pprs=(PPR1,))
    with shared.terminal("download", order.activation_code) as terminal:
        terminal.expect("to accept them")
        terminal.send(typed)
        assert terminal.wait() == DECLINED
        assert ("cannot be used again" in terminal.text) == (reason == REJECTED)
    assert_cancelled(shared, reason)
    assert order.state == state
    assert_invariants(shared)


def test_rules_accepted_and_the_profile_refused(shared):
    """The two questions are two decisions."""
    order = place(shared, pprs=(PPR2,))
    with shared.terminal("download", order.activation_code) as terminal:
        terminal.expect("to accept them")
        terminal.send("agree\n")
        terminal.expect("Install it")
        terminal.send("r\n")
        assert terminal.wait() == DECLINED
    assert_cancelled(shared, REJECTED)
    assert_invariants(shared, order, usable=False)


def test_program_reads_what_a_person_should_have_been_asked(shared):
    order = place(shared, pprs=(PPR1, PPR2), icon=PNG)
    done = outcome(shared.lui("download", "--json", order.activation_code))
    assert (done.status, done.error, done.order) == (DECLINED, "ConsentRequired", "usable")
    offer = done.rest["error"]["offer"]
    assert offer["needs"] == ["consent", "policy-rules"] and offer["smdp_address"] == shared.host
    assert offer["profile"]["policy_rules"] == ["ppr1", "ppr2"] and offer["profile"]["class"] == "operational"
    assert offer["profile"]["owner"] == {"mcc_mnc": "999-70"} and "icon" not in offer["profile"]
    assert_cancelled(shared, POSTPONED)


@pytest.mark.parametrize("pprs, words", [
    ((PPR1,), "forbids to disable the"), ((PPR2,), "forbids to delete the"), ((PPR1, PPR2), "disable and to delete"),
])
def test_consent_in_advance_does_not_cover_rules(shared, pprs, words):
    order = place(shared, pprs=pprs)
    done = download(shared, order)
    assert (done.error, done.order) == ("ConsentRequired", "usable") and words in done.message
    assert_cancelled(shared, POSTPONED)
    assert not download(shared, order, "--accept-policy-rules").error


def test_answer_on_the_bus_without_the_rules_is_none(shared):
    order = place(shared, pprs=(PPR2,))
    with Client(shared) as client:
        operation = client.download(shared.chip.eid, order.activation_code)
        operation.wait_for_prompt()
        with pytest.raises(Exception, match="accept-policy-rules"):
            operation.call("Confirm")
        assert operation.properties["State"] == "waiting"
        operation.call("Reject")
        assert operation.result()["order"] == "ended"
    assert_cancelled(shared, REJECTED)
    assert_invariants(shared, order, usable=False)


# What can be done with a profile


def allowed_by_chip(shared, iccid: str, change: str) -> bool:
    """What the chip would answer to the command, without doing it."""
    table = copy.deepcopy(shared.chip.profiles)
    identifier = tlv.parse_single(tlv.encode(0x5A, encode_iccid(iccid)))
    try:
        table.delete(identifier) if change == "delete" else getattr(table, change)(identifier, False, False)
    except Refused:
        return False
    return True


def test_can_disable_and_can_delete_are_what_the_chip_answers(shared):
    """Every state, class and combination of rules."""
    iccid = put_profile(shared)
    (profile,) = shared.chip.profiles
    combinations = [(), (0,), (PPR1,), (PPR2,), (PPR1, PPR2)]
    with Client(shared) as client:
        path = profile_path(client, iccid)
        for enabled, profile_class, bits in itertools.product((False, True), CLASS_NAMES, combinations):
            with shared.chip.lock:
                profile.enabled, profile.profile_class = enabled, profile_class
                profile.rules = rules(*bits) if bits else None
            reload(shared)
            seen = client.properties(path, PROFILE)
            assert seen["Class"] == CLASS_NAMES[profile_class]
            assert (seen["CanDisable"], seen["CanDelete"]) == (
                allowed_by_chip(shared, iccid, "disable"), allowed_by_chip(shared, iccid, "delete"),
            ), (enabled, profile_class, bits)
    with shared.chip.lock:
        profile.enabled, profile.profile_class, profile.rules = False, OPERATIONAL, None
    reload(shared)


@pytest.mark.parametrize("verb, fields, words", [
    ("disable", {"enabled": True, "rules": rules(PPR1)}, "must not be disabled"),
    ("delete", {"rules": rules(PPR2)}, "must not be deleted"),
])
def test_rule_is_enforced_and_explained(shared, verb, fields, words):
    iccid = put_profile(shared, **fields)
    failure = lui_json(shared, verb, *(["--yes"] if verb == "delete" else []), iccid, status=STATE)["error"]
    assert failure["name"].endswith("PolicyViolation") and words in failure["message"] and "Ask" in failure["advice"]
    assert_invariants(shared)


def test_no_other_profile_beside_one_that_must_not_be_disabled(shared):
    """Said before the chip is asked."""
    put_profile(shared, enabled=True, rules=rules(PPR1))
    other = put_profile(shared)
    done = shared.lui("enable", other)
    assert done.returncode == STATE
    assert "The profile in use must not be disabled" in done.stderr and "Ask the operator" in done.stderr
    assert shared.chip.counters.functions["EnableProfile"] == 0
    assert_invariants(shared)


def test_rule_that_the_operator_has_lifted_over_the_air(shared):
    """lpad looks at the chip before it refuses."""
    put_profile(shared, enabled=True, rules=rules(PPR1))
    other = put_profile(shared)
    with shared.chip.lock:
        shared.chip.profiles.enabled.rules = None
    assert lui_json(shared, "enable", other)["ok"]
    assert_invariants(shared)


# Classes


def test_test_profile_may_displace_any_and_gives_way_again(shared):
    """2.4.5.3: over PPR1, too; lpad tells who is in use each time."""
    bound = put_profile(shared, name=b"Bound", enabled=True, rules=rules(PPR1))
    other, test = put_profile(shared), put_profile(shared, name=b"Lab", profile_class=TEST)
    with Client(shared) as client:
        chip = client.euicc(shared.chip.eid)
        signals = Signals(client)
        assert "in use" in shared.lui("enable", test).stdout
        failure = lui_json(shared, "enable", other, status=STATE)["error"]
        assert failure["name"].endswith("WrongState") and "test profile is in use" in failure["message"]
        assert failure["advice"] == "Disable the test profile first."
        done = shared.lui("disable", test)
        assert done.stdout.endswith("“Lab” is no longer in use.\n“Bound” is in use again.\n")
        last = signals.wait(
            lambda s: s.name == f"{EUICC}.ProfileSwitched" and s.values[0] == test, "the switch back")
        switched = [s.values[:2] for s in signals.seen if s.name == f"{EUICC}.ProfileSwitched"]
        assert switched == [(bound, test), (test, bound)] and last.values[1] == bound
        signals.close()
        (enabled,) = client.properties(chip, EUICC)["EnabledProfiles"]
        assert enabled == profile_path(client, bound)
    assert [n.iccid for n in shared.smdp.notifications] == [bound, bound], "test profiles notify nobody"
    assert_invariants(shared)


def test_test_profile_needs_the_test_key(shared):
    """errorReason 14: a test profile with an operator's keys would be a clone of a subscription."""
    order = place(shared, profile_class="test")
    done = download(shared, order)
    assert (done.error, done.order) == ("InstallationFailed", "ended") and "test profile" in done.message
    assert_invariants(shared, order, usable=False)
    lab = place(shared, profile_class="test", test_key=True)
    assert not download(shared, lab).error
    assert lui_json(shared, "list")["profiles"][0]["class"] == "test"
    assert_invariants(shared, lab, usable=False)


def test_chip_that_takes_no_test_profiles(shared):
    shared.chip.config.rsp_capability = (0, 4)
    done = download(shared, place(shared, profile_class="test", test_key=True))
    assert (done.error, done.details["subject"], done.details["reason"]) == ("NoEligibleProfile", "8.2.5", "4.3")
    order = place(shared, profile_class="operational")
    for point in ("json.profileMetadata", "bpp.metadata"):
        shared.smdp.faults.change(point, lambda octets: tlv.encode(
            0xBF25, tlv.parse_single(octets).value + tlv.encode(0x95, b"\x00")))
    done = download(shared, order)
    assert (done.error, done.details["result"]) == ("InstallationFailed", 6)
    assert "profiles of this class" in done.message
    assert_invariants(shared, order, usable=False)


def test_outside_test_mode(make_stack):
    """Test profiles are neither shown nor enabled nor installed; one that is in use can be disabled."""
    stack = make_stack(config={"General": {"TestMode": "false"}})
    pki.save_cert(stack.issuer_folder / "production", "operator", stack.ci.cert)
    plain = put_profile(stack, name=b"Plain")
    test = put_profile(stack, name=b"Lab", profile_class=TEST)
    listed = stack.lui("list").stdout
    assert plain in listed and test not in listed and "1 provisioning or test profile is hidden" in listed
    assert [p["iccid"] for p in lui_json(stack, "list")["profiles"]] == [plain]
    assert test in stack.lui("list", "--all").stdout
    assert lui_json(stack, "enable", "Lab", status=NOT_FOUND)["error"]["message"].count("whole ICCID") == 1
    failure = lui_json(stack, "enable", test, status=STATE)["error"]
    assert failure["name"].endswith("PolicyViolation") and "not in test mode" in failure["message"]
    assert "lpad.conf" in failure["advice"] and stack.chip.counters.functions["EnableProfile"] == 0
    done = download(stack, place(stack, profile_class="test", test_key=True))
    assert done.error == "PolicyViolation" and "not in test mode" in done.message

    with stack.chip.lock:
        stack.chip.profiles.by_iccid(encode_iccid(test)).enabled = True
    reload(stack)
    assert lui_json(stack, "disable", test)["ok"] and lui_json(stack, "delete", "--yes", test)["ok"]
    assert_invariants(stack)


def test_provisioning_profile_is_hidden_unless_it_is_asked_for(shared):
    plain = put_profile(shared, name=b"Plain")
    boot = put_profile(shared, name=b"Boot", profile_class=PROVISIONING)
    listed = shared.lui("list").stdout
    assert plain in listed and boot not in listed
    assert "  1 provisioning or test profile is hidden: lui-cli list --all\n" in listed
    for arguments, expected in (
        ([], [plain]), (["--all"], [plain, boot]), (["--class=provisioning"], [boot]), (["-c", "test"], []),
        (["-c", "operational"], [plain]),
    ):
        assert [p["iccid"] for p in lui_json(shared, "list", *arguments)["profiles"]] == expected
    assert "hidden" not in shared.lui("list", "--all").stdout
    assert "no profiles" in shared.lui("list", "--class=test").stdout
    wrong = shared.lui("list", "--class=special")
    assert wrong.returncode == USAGE and "There is no class “special”" in wrong.stderr
    for text in ("Boot", boot[-6:]):
        done = shared.lui("info", text)
        assert done.returncode == NOT_FOUND and "whole ICCID" in done.stderr
    assert re.search(r"Class\s+provisioning: serves only to download", shared.lui("info", boot).stdout)
    with Client(shared) as client:
        assert client.properties(profile_path(client, boot), PROFILE)["Class"] == "provisioning"
    assert lui_json(shared, "enable", boot)["ok"]
    assert_invariants(shared)


# Owners and icons


def test_owner_and_rules_of_a_profile_can_be_read(shared):
    iccid = put_profile(shared, rules=rules(PPR2), owner=operator(OWNER, b"\x01\x02") + tlv.encode(0x82, b""))
    text = shared.lui("info", iccid).stdout
    assert re.search(r"Network\s+999-70, GID1 0102, GID2 empty\n", text)
    assert re.search(r"Rules\s+It cannot be deleted, except by a reset", text)
    assert re.search(r"Can be deleted\s+no\n", text)
    shown = lui_json(shared, "info", iccid)
    assert shown["owner"] == {"mcc_mnc": "999-70", "gid1": "0102", "gid2": ""}
    assert (shown["policy_rules"], shown["class"]) == (["ppr2"], "operational")


@pytest.mark.parametrize("octets, icon_type, words", [
    (PNG, 1, "image/png, 58 octets"), (JPEG, 0, "image/jpeg, 54 octets"),
    (JPEG, 1, "image/jpeg, 54 octets (the operator calls it image/png)"),
], ids=["png", "jpeg", "jpeg that is called png"])
def test_icon_is_written_and_named_for_what_it_is(shared, octets, icon_type, words):
    iccid = put_profile(shared, icon=octets, icon_type=icon_type)
    path = shared.folder / "icon"
    done = shared.lui("info", "--icon", str(path), iccid)
    assert path.read_bytes() == octets and words in done.stdout
    assert lui_json(shared, "info", iccid)["icon_type"] == ("image/png" if icon_type else "image/jpeg")


def test_icon_that_is_no_picture_is_not_written(shared):
    iccid = put_profile(shared, icon=b"<svg onload='alert(1)'/>", icon_type=1)
    path = shared.folder / "no-icon"
    done = shared.lui("info", "--icon", str(path), iccid)
    assert done.returncode != 0 and "neither a JPEG nor a PNG" in done.stderr
    assert not path.exists()


def test_icon_goes_into_a_pipe_and_not_onto_a_terminal(shared):
    iccid = put_profile(shared, icon=PNG, icon_type=1)
    path = shared.folder / "piped-icon"
    script = f"lui-cli info --icon=- {iccid} >{path}"
    done = subprocess.run(["sh", "-c", script], env=shared.marked_env, timeout=60, check=False)
    assert done.returncode == 0 and path.read_bytes() == PNG
    with shared.terminal("info", "--icon=-", iccid) as terminal:
        assert terminal.wait() == USAGE
        assert "A terminal cannot show the icon" in terminal.text and "PNG" not in terminal.text
    assert lui_json(shared, "info", "--icon=-", iccid, status=USAGE)["error"]["name"].endswith("InvalidArguments")
