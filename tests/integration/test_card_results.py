# SPDX-License-Identifier: LGPL-2.1-or-later
"""Results of ES10 functions (SGP.22 v2.5, 5.7), and the states and rules of profiles that make chips refuse.

Each row of the tables is one answer to one function: error, sentence, exit status, and the order's fate.
"""

from __future__ import annotations

import pytest
from gi.repository import GLib

from card_side import (
    CARD, NOT_FOUND, POSTPONED, PREFIX, SERVER, STATE, TIMED_OUT, VERBS, add_profile, assert_done, check,
    download, last_event, place, profile, reload, run_verb,
)
from client import EUICC, PROFILE, Client, Refused
from invariants import assert_invariants, lui_json
from testbed import tlv
from testbed.smdp import faults as server_faults
from testbed.stack import Stack
from testbed.veuicc import faults
from testbed.veuicc.profiles import ENABLE, OPERATIONAL, PROVISIONING, TEST

#: SGP.22 v2.5, 5.7.13, and 8 to 14 of version 3: error, exit status, retry, a piece of the sentence.
AUTHENTICATE_SERVER = {
    1: ("ServerNotTrusted", SERVER, "useless", "does not trust the certificate"),
    2: ("ProtocolError", SERVER, "useless", "wrong signature"),
    3: ("ProtocolError", SERVER, "useless", "kind of key"),
    4: ("CardError", CARD, "now", "lost the session"),
    5: ("ServerNotTrusted", SERVER, "useless", "not one for this purpose"),
    6: ("ProtocolError", SERVER, "now", "another challenge"),
    7: ("ProtocolError", SERVER, "useless", "issuer that the chip has none from"),
    8: ("ProtocolError", SERVER, "now", "mixed up two sessions"),
    9: ("ServerNotTrusted", SERVER, "useless", "no list of revoked certificates"),
    10: ("ServerNotTrusted", SERVER, "useless", "signature on a list of revoked"),
    11: ("ServerNotTrusted", SERVER, "useless", "has been revoked"),
    12: ("ServerNotTrusted", SERVER, "useless", "out of date"),
    13: ("ServerNotTrusted", SERVER, "useless", "do not fit together"),
    14: ("ProtocolError", SERVER, "useless", "no profile with the ICCID"),
    127: ("CardError", CARD, "later", "without saying why"),
    99: ("CardError", CARD, "unknown", "result 99"),
}


@pytest.mark.parametrize("code", AUTHENTICATE_SERVER)
def test_authenticate_server_error(shared, code):
    """The server has not seen the matching ID: the order is as it was, and nothing is to be cancelled."""
    name, exit_status, retry, sentence = AUTHENTICATE_SERVER[code]
    order = place(shared)
    shared.chip.faults.at_call("AuthenticateServer", faults.result_code("AuthenticateServer", code))
    failure = download(shared, order, status=exit_status)
    check(failure, name, sentence)
    assert (failure["error"]["retry"], failure["error"]["details"]["result"]) == (retry, code)
    assert failure["error"]["order"] in ("usable", "unknown" if code == 99 else "usable")
    assert shared.chip.counters.functions["CancelSession"] == 0
    assert "cancelSession" not in shared.smdp.counters.functions
    assert_invariants(shared, order, usable=True)


def test_authenticate_server_error_with_the_tag_of_other_functions(shared):
    """Some chips have 81 where the ASN.1 says 02."""
    order = place(shared)
    body = tlv.encode(0xBF38, tlv.encode(0xA1, [tlv.encode(0x80, bytes(16)), tlv.encode(0x81, b"\x06")]))
    shared.chip.faults.at_call("AuthenticateServer", faults.result(body))
    check(download(shared, order, status=SERVER), "ProtocolError", "another challenge")
    assert_invariants(shared, order, usable=True)


#: 5.7.5: error, exit status, retry, CancelSession reason (as the order's history has it), sentence.
PREPARE_DOWNLOAD = {
    1: ("ProtocolError", SERVER, "useless", 127, "refuses the certificate"),
    2: ("ProtocolError", SERVER, "useless", 127, "wrong signature"),
    3: ("ProtocolError", SERVER, "useless", 127, "kind of key"),
    4: ("CardError", CARD, "now", 1, "lost the session"),
    5: ("CardError", CARD, "now", 1, "another session"),
    127: ("CardError", CARD, "later", 1, "without saying why"),
    99: ("CardError", CARD, "unknown", 1, "result 99"),
}


@pytest.mark.parametrize("code", PREPARE_DOWNLOAD)
def test_prepare_download_error(shared, code):
    name, exit_status, retry, reason, sentence = PREPARE_DOWNLOAD[code]
    order = place(shared)
    shared.chip.faults.at_call("PrepareDownload", faults.result_code("PrepareDownload", code))
    failure = download(shared, order, status=exit_status)
    check(failure, name, sentence)
    assert (failure["error"]["retry"], failure["error"]["details"]["result"]) == (retry, code)
    kept = reason == 1
    assert failure["error"]["order"] == ("usable" if kept else "ended")
    assert last_event(order) == (POSTPONED if kept else ("session cancelled", f"reason {reason}"))
    assert_invariants(shared, order, usable=kept)


#: 5.7.16 to 5.7.18 and 5.7.21, and codes of version 3: verb, code, error, exit status, sentence.
PROFILE_RESULTS = [
    ("enable", 1, "NotFound", NOT_FOUND, "no such profile"),
    ("enable", 2, "WrongState", STATE, "enabled already"),
    ("enable", 3, "PolicyViolation", STATE, "must not be disabled"),
    ("enable", 4, "WrongState", STATE, "test profile is in use"),
    ("enable", 6, "PolicyViolation", STATE, "rule of the company"),
    ("enable", 7, "CardError", CARD, "fault with the command"),
    ("enable", 9, "PolicyViolation", STATE, "remote management"),
    ("enable", 10, "WrongState", STATE, "at a time"),
    ("enable", 127, "CardError", CARD, "without saying why"),
    ("disable", 1, "NotFound", NOT_FOUND, "no such profile"),
    ("disable", 2, "WrongState", STATE, "disabled already"),
    ("disable", 3, "PolicyViolation", STATE, "must not be disabled"),
    ("disable", 6, "PolicyViolation", STATE, "rule of the company"),
    ("disable", 7, "CardError", CARD, "fault with the command"),
    ("disable", 127, "CardError", CARD, "without saying why"),
    ("delete", 1, "NotFound", NOT_FOUND, "no such profile"),
    ("delete", 2, "WrongState", STATE, "is enabled"),
    ("delete", 3, "PolicyViolation", STATE, "must not be deleted"),
    ("delete", 7, "CardError", CARD, "fault with the command"),
    ("delete", 127, "CardError", CARD, "without saying why"),
    ("rename", 1, "NotFound", NOT_FOUND, "no such profile"),
    ("rename", 7, "CardError", CARD, "fault with the command"),
    ("rename", 127, "CardError", CARD, "without saying why"),
]


@pytest.mark.parametrize("verb, code, name, exit_status, sentence", PROFILE_RESULTS)
def test_result_of_a_change(shared, verb, code, name, exit_status, sentence):
    function, _, before, _ = VERBS[verb]
    iccid = add_profile(shared, enabled=before)
    shared.chip.faults.at_call(function, faults.result_code(function, code), times=None)
    failure = run_verb(shared, verb, iccid, exit_status)
    shared.chip.faults.clear()
    check(failure, name, sentence)
    if verb != "rename":  # a plain call on the bus: an error has a name and a message
        assert failure["error"]["details"]["result"] == code
    assert profile(shared, iccid).enabled == before
    assert_invariants(shared)
    run_verb(shared, verb, iccid)
    assert_done(shared, verb, iccid)


@pytest.mark.parametrize("verb", ["enable", "disable"])
def test_cat_busy_that_passes_is_not_told(shared, verb):
    """5.7.16, catBusy: a proactive session that is open ends by itself."""
    function, _, before, _ = VERBS[verb]
    iccid = add_profile(shared, enabled=before)
    shared.chip.faults.at_call(function, faults.result_code(function, 5))
    run_verb(shared, verb, iccid)
    assert shared.chip.counters.functions[function] == 2
    assert_done(shared, verb, iccid)


def refresh_flags(stack: Stack, tag: int) -> list[int]:
    """refreshFlag of each call of EnableProfile (BF31) or DisableProfile (BF32)."""
    requests = [e.command[5:] for e in stack.chip.transcript if e.command[1] == 0xE2]
    return [tlv.parse_single(r[:r[2] + 3], tag).get(0x81).value[0] for r in requests
            if r[:2] == tag.to_bytes(2, "big")]


def test_cat_busy_that_stays_is_told_after_a_try_without_refresh(shared):
    iccid = add_profile(shared)
    shared.chip.config.cat_busy = True
    failure = run_verb(shared, "enable", iccid, CARD)
    check(failure, "CardBusy", "is busy")
    flags = refresh_flags(shared, 0xBF31)
    assert flags == [0xFF] * 3 + [0] * 3
    shared.chip.config.cat_busy = False
    run_verb(shared, "enable", iccid)
    assert_done(shared, "enable", iccid)


def test_cat_busy_only_with_refresh_is_cured_by_a_try_without(shared):
    iccid = add_profile(shared)
    busy = faults.result_code("EnableProfile", 5)
    shared.chip.faults.at_call("EnableProfile", busy, times=3)
    run_verb(shared, "enable", iccid)
    assert refresh_flags(shared, 0xBF31)[-1] == 0
    assert_done(shared, "enable", iccid)


# Notifications --------------------------------------------------------------------


def keep_a_notification(stack: Stack) -> int:
    """One that the server did not take; its sequence number."""
    iccid = add_profile(stack)
    stack.smdp.faults.at_function("handleNotification", server_faults.Status(500))
    assert run_verb(stack, "enable", iccid)["notifications_pending"] == 1
    (notification,) = stack.chip.notifications
    assert notification.event == ENABLE
    return notification.seq


#: 5.7.9 to 5.7.11; 1 of RetrieveNotificationsList: it is not there.
@pytest.mark.parametrize("function, code, name, exit_status", [
    ("ListNotification", 127, "CardError", CARD),
    ("RetrieveNotificationsList", 1, "NotFound", NOT_FOUND),
    ("RetrieveNotificationsList", 127, "CardError", CARD),
    ("RemoveNotificationFromList", 127, "CardError", CARD),
])
def test_result_while_notifications_are_sent(shared, function, code, name, exit_status):
    keep_a_notification(shared)
    shared.chip.faults.at_call(function, faults.result_code(function, code))
    failure = lui_json(shared, "notifications", "send", status=exit_status)
    assert failure["error"]["name"] == PREFIX + name
    assert_invariants(shared)
    assert len(shared.chip.notifications) == 1
    lui_json(shared, "notifications", "send")
    assert not len(shared.chip.notifications)
    assert_invariants(shared)


def test_notification_that_the_chip_has_forgotten_already(shared):
    """5.7.11, nothingToDelete: that is what was wanted."""
    keep_a_notification(shared)
    function = "RemoveNotificationFromList"
    shared.chip.faults.at_call(function, faults.result_code(function, 1))
    lui_json(shared, "notifications", "send")
    assert len(shared.chip.notifications) == 1, "the fault kept it"
    lui_json(shared, "notifications", "send")
    assert not len(shared.chip.notifications)
    assert_invariants(shared)


# CancelSession --------------------------------------------------------------------


@pytest.mark.parametrize("cancel", [
    faults.result_code("CancelSession", 5), faults.result_code("CancelSession", 127),
    faults.status(0x6985), faults.status(0x6881), faults.status(0x6F00), faults.result(bytes.fromhex("BF4100")),
], ids=["5", "127", "6985", "6881", "6F00", "empty"])
def test_failed_cancellation_does_not_hide_the_first_error(shared, cancel):
    order = place(shared)
    shared.chip.faults.at_call("PrepareDownload", faults.result_code("PrepareDownload", 2))
    shared.chip.faults.at_call("CancelSession", cancel)
    failure = download(shared, order, status=SERVER)
    check(failure, "ProtocolError", "wrong signature")
    assert failure["error"]["details"]["function"] == "ES10b.PrepareDownload"
    assert shared.chip.faults.waiting == 0
    assert_invariants(shared, order, usable=True)


@pytest.mark.parametrize("code", [5, 127])
def test_rejection_that_the_chip_does_not_sign(shared, code):
    """The user said no: that is the end, whatever the chip says to it."""
    order = place(shared)
    shared.chip.faults.at_call("CancelSession", faults.result_code("CancelSession", code))
    with Client(shared) as client:
        operation = client.download(shared.chip.eid, order.activation_code)
        operation.wait_for_prompt()
        operation.call("Reject")
        assert operation.result()["error"] == "Cancelled"
    assert_invariants(shared, order, usable=True)


# GetProfilesInfo ------------------------------------------------------------------


def test_tag_list_that_the_chip_does_not_like(shared):
    """5.7.15, incorrectInputValues: asked again without the list."""
    iccid = add_profile(shared)
    shared.chip.faults.at_call("GetProfilesInfo", faults.result_code("GetProfilesInfo", 1))
    shared.chip.transcript.clear()
    reload(shared)
    assert [p["iccid"] for p in lui_json(shared, "list")["profiles"]] == [iccid]
    asked = [e.command[5:] for e in shared.chip.transcript if e.name == "GetProfilesInfo" and e.command[1] == 0xE2]
    assert [bool(tlv.parse_single(a[:a[2] + 3], 0xBF2D).value) for a in asked] == [True, False]
    assert_invariants(shared)


def test_download_on_a_chip_without_tag_lists(shared):
    order = place(shared)
    answer = faults.result_code("GetProfilesInfo", 1)
    for n in (1, 3):  # before the question, and after the installation
        shared.chip.faults.at_call("GetProfilesInfo", answer, n=n)
    download(shared, order, status=0)
    assert shared.chip.faults.waiting == 0
    assert_invariants(shared, order, usable=False)


@pytest.mark.parametrize("code, name, exit_status", [(127, "CardError", CARD), (11, "CardBusy", CARD)])
def test_profiles_that_the_chip_does_not_list(shared, code, name, exit_status):
    """The list is needed before anybody is asked: the order is put off."""
    order = place(shared)
    shared.chip.faults.at_call("GetProfilesInfo", faults.result_code("GetProfilesInfo", code))
    failure = download(shared, order, status=exit_status)
    assert failure["error"]["name"] == PREFIX + name
    assert last_event(order) == TIMED_OUT
    assert_invariants(shared, order, usable=True)


def test_default_server_that_the_chip_does_not_take(shared):
    """5.7.4, undefinedError."""
    shared.chip.faults.at_call("SetDefaultDpAddress", faults.result_code("SetDefaultDpAddress", 127))
    with Client(shared) as client:
        path = client.euicc(shared.chip.eid)
        parameters = GLib.Variant("(sa{sv})", (shared.host, {}))
        with pytest.raises(Refused) as refused:
            client.call(path, f"{EUICC}.SetDefaultSmdpAddress", parameters)
        assert refused.value.name == "CardError"
        assert client.properties(path, EUICC)["DefaultSmdpAddress"] == "" == shared.chip.default_dp
        client.call(path, f"{EUICC}.SetDefaultSmdpAddress", parameters)
        assert client.properties(path, EUICC)["DefaultSmdpAddress"] == shared.host == shared.chip.default_dp
    assert_invariants(shared)


# States and rules -----------------------------------------------------------------


@pytest.mark.parametrize("verb", ["enable", "disable"])
def test_profile_that_is_so_already(shared, verb):
    """Enabling what is enabled: nothing changes, no notification is made."""
    iccid = add_profile(shared, enabled=verb == "enable")
    done = run_verb(shared, verb, iccid, status=None)
    assert profile(shared, iccid).enabled == (verb == "enable")
    assert done["ok"], done
    assert not shared.smdp.notifications
    assert_invariants(shared)


def test_enabled_profile_is_not_deleted(shared):
    iccid = add_profile(shared, enabled=True)
    check(run_verb(shared, "delete", iccid, STATE), "WrongState", "is enabled")
    done = shared.lui("delete", "--yes", iccid)
    assert done.returncode == STATE
    assert done.stderr == (
        "Error: The profile is enabled, and one that is in use cannot be deleted.\nDisable the profile first.\n"
    )
    assert profile(shared, iccid).enabled
    assert_invariants(shared)


def test_rule_against_disabling(shared):
    """PPR1: neither disabled, nor displaced by another one."""
    fixed = add_profile(shared, 1, enabled=True, rules=tlv.bit_string([1]))
    other = add_profile(shared, 2)
    check(run_verb(shared, "disable", fixed, STATE), "PolicyViolation", "must not be disabled")
    check(run_verb(shared, "enable", other, STATE), "PolicyViolation", "must not be disabled")
    assert profile(shared, fixed).enabled and not profile(shared, other).enabled
    listed = {p["iccid"]: p for p in lui_json(shared, "list")["profiles"]}
    assert (listed[fixed]["can_disable"], listed[other]["can_delete"]) == (False, True)
    assert_invariants(shared)


def test_rule_against_deletion(shared):
    """PPR2."""
    iccid = add_profile(shared, rules=tlv.bit_string([2]))
    check(run_verb(shared, "delete", iccid, STATE), "PolicyViolation", "must not be deleted")
    assert profile(shared, iccid)
    assert lui_json(shared, "list")["profiles"][0]["can_delete"] is False
    assert_invariants(shared)


def test_profile_beside_a_test_profile(shared):
    """5.7.16, wrongProfileReenabling."""
    add_profile(shared, 1, enabled=True, profile_class=TEST)
    other = add_profile(shared, 2)
    check(run_verb(shared, "enable", other, STATE), "WrongState", "test profile is in use")
    assert not profile(shared, other).enabled
    assert_invariants(shared)


def test_enabling_one_disables_the_other(shared):
    first, second = add_profile(shared, 1, enabled=True), add_profile(shared, 2)
    run_verb(shared, "enable", second)
    assert profile(shared, second).enabled and not profile(shared, first).enabled
    assert [(n.event, n.iccid) for n in shared.smdp.notifications] == [("disable", first), ("enable", second)]
    assert_invariants(shared)


@pytest.mark.parametrize("verb", ["enable", "disable"])
def test_switch_is_effective_and_told_only_after_the_reset(shared, verb):
    """With the refresh flag the chip switches at the reset, and until then takes no command: lpad makes one."""
    iccid = add_profile(shared, enabled=VERBS[verb][2])
    with Client(shared) as client:
        path = next(iter(client.objects(PROFILE)))
        operation = client.start(path, f"{PROFILE}.{verb.title()}", refresh=True)
        assert "error" not in operation.result()
        assert client.properties(path, PROFILE)["State"] == f"{verb}d"
    assert refresh_flags(shared, 0xBF31 if verb == "enable" else 0xBF32) == [0xFF]
    assert_done(shared, verb, iccid)


def test_switch_without_refresh(shared):
    iccid = add_profile(shared)
    with Client(shared) as client:
        path = next(iter(client.objects(PROFILE)))
        assert "error" not in client.start(path, f"{PROFILE}.Enable", refresh=False).result()
    assert refresh_flags(shared, 0xBF31) == [0]
    assert_done(shared, "enable", iccid)


def test_switch_that_the_chip_accepts_and_does_not_make(shared):
    """RefreshFailed, with advice; the list stays true."""
    iccid = add_profile(shared)
    shared.chip.config.false_ok = True
    failure = run_verb(shared, "enable", iccid, CARD)
    check(failure, "RefreshFailed", "its list does not show the profile enabled")
    assert "insert the card" in failure["error"]["advice"]
    assert_invariants(shared)


def test_rules_that_the_chip_does_not_grant(shared):
    """SGP.22 v2.5, 2.9.2: no row of the table for this operator; both sides are told so."""
    shared.chip.config.rat = []
    order = place(shared, pprs=(2,))
    failure = download(shared, order, "--accept-policy-rules", status=STATE)
    check(failure, "PolicyViolation", "never be deleted")
    assert last_event(order) == ("session cancelled", "reason 3")
    assert shared.chip.counters.functions["PrepareDownload"] == 0
    assert_invariants(shared, order, usable=False)


def test_profile_that_wants_to_be_alone(shared):
    """PPR1 is not for a chip that has an operational profile already."""
    add_profile(shared, profile_class=OPERATIONAL)
    order = place(shared, pprs=(1,))
    failure = download(shared, order, "--accept-policy-rules", status=STATE)
    check(failure, "PolicyViolation", "another profile is installed")
    assert last_event(order) == ("session cancelled", "reason 3")
    assert_invariants(shared, order, usable=False)


def test_provisioning_profile_is_no_hindrance_for_one_that_wants_to_be_alone(shared):
    add_profile(shared, profile_class=PROVISIONING)
    order = place(shared, pprs=(1,))
    download(shared, order, "--accept-policy-rules", status=0)
    assert_invariants(shared, order, usable=False)
