# SPDX-License-Identifier: LGPL-2.1-or-later
"""lui-cli, verb by verb: sentences, JSON, selection, arguments, exit statuses; download has a file of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess

import pytest

from client import ERROR, Client
from invariants import assert_invariants, lui_json
from scenes import place, put_notification, put_profile
from testbed.bus import LPAD_NAME
from testbed.process import wait_until
from testbed.smdp.subscriber import encode_iccid
from testbed.stack import Stack
from testbed.veuicc.profiles import PPR1, PPR2, TEST
from testbed import tlv

FAILED, USAGE, NOT_AUTHORISED, NOT_FOUND, DECLINED, SERVER, CARD, ORDER, STATE, UNAVAILABLE = range(1, 11)
ICON = bytes.fromhex("89504E470D0A1A0A") + bytes(50)

#: The objects of lui-cli(1), JSON: member to type.
READER = {"name": str, "transport": str, "state": str, "message": str}
ISSUER = {"name": str, "key_identifier": str, "fingerprint": str, "test": bool, "not_after": int,
          "not_before": int, "trusted": bool, "file": str, "removable": bool}
EUICC = {
    **dict.fromkeys((
        "eid", "transport", "device", "physical_device", "state", "spec_version", "firmware_version",
        "profile_version", "default_smdp_address", "root_smds_address", "isdr_aid",
    ), str),
    **dict.fromkeys(("number", "slot", "free_memory", "pending_notifications"), int),
    **dict.fromkeys(("capabilities", "trusted_issuers", "forbidden_policy_rules"), list),
    "removable": bool, "device_information": dict, "error": (dict, type(None)),
}
PROFILE_SHAPE = {
    **dict.fromkeys(("iccid", "isdp_aid", "state", "class", "nickname", "service_provider", "name", "icon_type"), str),
    "euicc": int, "owner": dict, "policy_rules": list, "can_disable": bool, "can_delete": bool,
    "connection": dict,
}
NOTIFICATION = {
    **dict.fromkeys(("event", "address", "iccid", "last_error"), str),
    **dict.fromkeys(("euicc", "sequence_number", "attempts", "next_attempt"), int),
}
FAILURE = {**dict.fromkeys(("name", "message", "advice", "retry", "order"), str), "exit_status": int}


def assert_shape(value: dict, shape: dict) -> None:
    """All members of the shape are there with their types; more may be."""
    for name, kind in shape.items():
        assert name in value, f"{name} is missing in {value}"
        assert isinstance(value[name], kind), f"{name} is {value[name]!r}"


def says(stack: Stack, *arguments: str, status: int = 0, **options) -> str:
    """Standard output and standard error of a lui-cli that ends with the status."""
    done = stack.lui(*arguments, **options)
    assert done.returncode == status, done
    assert (done.stderr == "") == (status == 0 or "--json" in arguments[:1]), done
    return done.stdout + done.stderr


# Each verb ------------------------------------------------------------------------


def test_status(shared):
    iccid = put_profile(shared, enabled=True, nickname=b"Reise")
    text = says(shared, "status")
    for word in (shared.readers[0], shared.chip.eid, "In use: Reise", "ready", "1 profile", "Test mode"):
        assert word in text, text
    status = lui_json(shared, "status")
    assert status["test_mode"] is True and iccid
    for name, shape in (("readers", READER), ("issuers", ISSUER), ("euiccs", EUICC)):
        for value in status[name]:
            assert_shape(value, shape)
    numbers = [euicc["number"] for euicc in status["euiccs"]]
    assert [r["euiccs"] for r in status["readers"]] == [numbers if r["state"] == "euicc" else [] for r in status["readers"]]
    assert "ISD-R" not in text, "only where a card has several"


def test_status_says_why_a_card_cannot_be_used(shared):
    shared.card.remove()
    shared.start_lpad()
    with Client(shared) as client:
        wait_until(lambda: not client.objects(f"{LPAD_NAME}.Euicc"), 30, "the chip to leave")
    text = says(shared, "status")
    assert shared.readers[0] in text and "eUICC 0" not in text
    assert "no eUICC" in says(shared, "info", status=NOT_FOUND)
    assert lui_json(shared, "list") == {"profiles": []}


def test_list(shared):
    assert "no profiles" in says(shared, "list")
    first = put_profile(shared, name=b"Plan A", enabled=True)
    second = put_profile(shared, name=b"Plan B", nickname="Büro".encode(), profile_class=TEST)
    lines = says(shared, "list").splitlines()
    assert lines[1].split() == ["ICCID", "STATE", "CLASS", "PROVIDER", "NAME", "NICKNAME"]
    assert lines[2].split() == [first, "enabled", "operational", "Testbed", "Mobile", "Plan", "A"]
    assert lines[3].split() == [second, "disabled", "test", "Testbed", "Mobile", "Plan", "B", "Büro"]
    profiles = lui_json(shared, "list")["profiles"]
    for profile in profiles:
        assert_shape(profile, PROFILE_SHAPE)
    assert [(p["iccid"], p["name"], p["can_disable"], p["can_delete"]) for p in profiles] == [
        (first, "Plan A", True, False), (second, "Plan B", False, True),
    ]


def test_info_of_the_chip_and_of_a_profile(shared):
    iccid = put_profile(shared, rules=tlv.bit_string([PPR1, PPR2]), enabled=True)
    text = says(shared, "info")
    assert shared.chip.eid in text and "Free memory" in text
    assert_shape(lui_json(shared, "info"), EUICC)
    text = says(shared, "info", iccid)
    assert re.search(r"Can be disabled\s+no", text) and re.search(r"Network\s+999-70", text)
    profile = lui_json(shared, "info", iccid)
    assert_shape(profile, PROFILE_SHAPE)
    assert profile["policy_rules"] == ["ppr1", "ppr2"] and profile["owner"]["mcc_mnc"] == "999-70"


def test_info_saves_an_icon(shared):
    iccid = put_profile(shared, icon=ICON, icon_type=1)
    path = shared.folder / "icon.png"
    says(shared, "info", "--icon", str(path), iccid)
    assert path.read_bytes() == ICON
    without = put_profile(shared)
    assert "no icon" in says(shared, "info", "--icon", str(path), without, status=NOT_FOUND)
    assert "which profile" in says(shared, "info", "--icon", str(path), status=USAGE)
    assert says(shared, "info", "--icon", "/no/such/folder/icon", iccid, status=FAILED)


def test_enable_disable_rename_delete_in_words(shared):
    iccid = put_profile(shared, name=b"Plan")
    assert "“Plan” is now called “Ferien”." in says(shared, "rename", iccid, "Ferien")
    assert "Ferien" in says(shared, "enable", "Ferien")
    assert shared.chip.profiles.enabled is not None
    assert "Ferien" in says(shared, "disable", "Ferien")
    assert shared.chip.profiles.enabled is None
    assert "“Ferien” has no nickname any more." in says(shared, "rename", "Ferien", "")
    assert "“Plan” is deleted." in says(shared, "delete", "--yes", "Plan")
    assert len(shared.chip.profiles) == 0
    assert [n.event for n in shared.smdp.notifications] == ["enable", "disable", "delete"]
    assert_invariants(shared)


def test_enable_disable_rename_delete_in_json(shared):
    iccid = put_profile(shared)
    for arguments in (["enable", iccid], ["disable", iccid], ["delete", "--yes", iccid]):
        assert lui_json(shared, *arguments) == {"ok": True, "iccid": iccid, "notifications_pending": 0}
    other = put_profile(shared)
    assert lui_json(shared, "rename", other, "Name") == {"ok": True}


def test_what_the_state_forbids_is_said_and_nothing_happens(shared):
    free, bound = put_profile(shared), put_profile(shared, enabled=True, rules=tlv.bit_string([PPR1]))
    for arguments, word in (
        (["delete", "--yes", bound], "enabled"), (["disable", bound], "forbid"), (["enable", free], "disabled"),
    ):
        text = says(shared, *arguments, status=STATE)
        assert "Error: " in text and word in text.lower(), text
        failure = lui_json(shared, *arguments, status=STATE)
        assert failure["ok"] is False
        assert_shape(failure["error"], FAILURE)
        assert failure["error"]["exit_status"] == STATE
        assert failure["error"]["name"] in (f"{ERROR}WrongState", f"{ERROR}PolicyViolation")
    assert_invariants(shared)


def test_what_is_so_already_is_done(shared):
    """Scripts may say what they want without looking first."""
    free, used = put_profile(shared), put_profile(shared, enabled=True)
    assert lui_json(shared, "disable", free)["ok"] and lui_json(shared, "enable", used)["ok"]
    assert_invariants(shared)


def test_notifications_list_and_send(shared):
    assert "every operator has been told" in says(shared, "notifications")
    number = put_notification(shared, put_profile(shared))
    for arguments in (["notifications"], ["notifications", "list"]):
        text = says(shared, *arguments)
        assert "1 pending" in text and shared.host in text
        (found,) = lui_json(shared, *arguments)["notifications"]
        assert_shape(found, NOTIFICATION)
        assert (found["sequence_number"], found["event"]) == (number, "enable")
    failure = lui_json(shared, "notifications", "send", status=SERVER)["error"]
    assert "could not be delivered" in failure["message"]
    text = says(shared, "status")
    assert "1 notification is not delivered yet, next try in" in text and "The last try failed: " in text
    shared.smdp.faults.clear()
    assert "have been told" in says(shared, "notifications", "send", str(number))
    assert len(shared.chip.notifications) == 0 and len(shared.smdp.notifications) == 1
    assert lui_json(shared, "notifications", "send") == {"ok": True, "notifications_pending": 0}
    assert_invariants(shared)


@pytest.mark.parametrize("number, status", [
    ("1x", USAGE), ("-1", USAGE), ("+1", USAGE), (" 1", USAGE), ("0x1", USAGE), ("", USAGE),
    ("99999999999999999999999", USAGE), ("4711", NOT_FOUND), ("18446744073709551615", NOT_FOUND),
])
def test_numbers_are_strict(shared, number, status):
    put_notification(shared, put_profile(shared))
    done = shared.lui("notifications", "send", "--", number)
    assert done.returncode == status, done
    assert len(shared.chip.notifications) == 1


def test_monitor_shows_what_is_there_and_what_changes(shared):
    iccid = put_profile(shared)
    with shared.terminal("monitor") as monitor:
        monitor.expect("present Manager")
        monitor.expect("present Euicc")
        lui_json(shared, "enable", iccid)
        monitor.expect("added Operation")
        assert re.search(f"present Euicc .*{shared.chip.eid}", monitor.text)
        assert re.search(f"present Profile .*{iccid}", monitor.text)
        monitor.expect("changed Profile .*enabled")
        monitor.expect("ProfileSwitched")
        monitor.expect("Finished")
        monitor.send("\x03")
        assert monitor.wait() == 0


def test_monitor_writes_one_object_a_line(shared):
    iccid = put_profile(shared)
    command = [shared.program("lui-cli"), "monitor", "--json"]
    with subprocess.Popen(command, env=shared.marked_env, stdout=subprocess.PIPE, text=True) as monitor:
        lines = [json.loads(monitor.stdout.readline()) for _ in range(3)]
        assert {line["event"] for line in lines} == {"present"}
        lui_json(shared, "rename", iccid, "Neu")
        while lines[-1]["event"] != "changed" or lines[-1]["values"].get("Nickname") != "Neu":
            lines.append(json.loads(monitor.stdout.readline()))
        assert lines[-1]["kind"] == "Profile" and lines[-1]["path"].startswith("/org/lpad/Lpad1/euicc/")
        monitor.send_signal(signal.SIGTERM)
        assert monitor.wait(30) == 0


def test_monitor_outlives_lpad(make_stack):
    stack = make_stack()
    stack.start_lpad()
    with stack.terminal("monitor") as monitor:
        monitor.expect("present Euicc")
        stack.kill_lpad()
        monitor.expect("stopped")
        stack.start_lpad()
        monitor.expect("started")
        monitor.send("\x03")
        assert monitor.wait() == 0


# Selection ------------------------------------------------------------------------


def test_a_profile_is_named_in_several_ways(shared):
    iccid = put_profile(shared, nickname=b"Work", name=b"Plan X")
    for text in (iccid, iccid[-4:], iccid[-10:], "Work", "Plan X"):
        assert lui_json(shared, "info", text)["iccid"] == iccid
    for text in (iccid[-3:], iccid[:10], "work", "Wor", "", "-", "*", "/", "\xff"):
        failure = json.loads(says(shared, "--json", "info", "--", text, status=NOT_FOUND))["error"]
        assert failure["name"] == f"{ERROR}NotFound" and "lui-cli list" in failure["message"]


def test_an_ambiguous_name_lists_the_candidates(shared):
    iccids = [put_profile(shared, name=b"Plan", nickname=nickname) for nickname in (b"One", None)]
    put_profile(shared, name=b"Other")
    for verb in (["enable"], ["disable"], ["delete", "--yes"], ["info"]):
        text = says(shared, *verb, "Plan", status=USAGE)
        assert all(iccid in text for iccid in iccids) and "One" in text and "Other" not in text
    assert len(shared.chip.profiles) == 3 and shared.chip.profiles.enabled is None
    assert says(shared, "enable", "One")


def test_a_nickname_goes_before_a_name(shared):
    """Somebody who calls a profile as another one's operator does means the nickname."""
    put_profile(shared, name=b"Plan")
    mine = put_profile(shared, name=b"Y", nickname=b"Plan")
    assert lui_json(shared, "info", "Plan")["iccid"] == mine


def test_chips_are_selected(make_stack):
    stack = make_stack(chips=2)
    eids = [chip.eid for chip in stack.chips]
    numbers = {e["eid"]: str(e["number"]) for e in lui_json(stack, "status")["euiccs"]}
    assert "2 eUICCs" in says(stack, "info", status=USAGE)
    assert "--euicc" in says(stack, "download", "--yes", place(stack).activation_code, status=USAGE)
    for eid, reader in zip(eids, stack.readers):
        for text in (eid, numbers[eid], reader):
            assert lui_json(stack, "-e", text, "info")["eid"] == eid
            assert lui_json(stack, "info", f"--euicc={text}")["eid"] == eid
    common = os.path.commonprefix(stack.readers).strip() or "Virtual"
    text = says(stack, "info", "-e", common, status=USAGE)
    assert all(eid in text for eid in eids)
    assert says(stack, "info", "-e", "4711", status=NOT_FOUND)
    assert stack.smdp.counters.tcp_connections == 0


# Arguments ------------------------------------------------------------------------

WRONG = {
    "unknown verb": (["frobnicate"], "frobnicate"),
    "verb in capitals": (["LIST"], "LIST"),
    "begin of a verb": (["stat"], "stat"),
    "unknown option": (["list", "--colour"], "--colour"),
    "unknown letter": (["list", "-x"], "-x"),
    "option of another verb": (["list", "--yes"], "--yes"),
    "unknown option first": (["--colour", "list"], "--colour"),
    "missing profile": (["enable"], "missing"),
    "missing nickname": (["rename", "X"], "missing"),
    "too many": (["enable", "a", "b"], "Too many"),
    "list takes nothing": (["list", "a"], "Too many"),
    "empty verb": ([""], ""),
    "what to do with notifications": (["notifications", "burn"], "send"),
    "value is missing": (["list", "-e"], "-e"),
}


@pytest.mark.parametrize("arguments, word", WRONG.values(), ids=WRONG)
def test_wrong_arguments_are_told(shared, arguments, word):
    text = says(shared, *arguments, status=USAGE)
    assert text.startswith("Error: ") and word in text
    for in_json in (["--json", *arguments], [*arguments[:1], "-j", *arguments[1:]]):
        failure = json.loads(shared.lui(*in_json).stdout)
        assert failure["error"]["exit_status"] == USAGE
        assert failure["error"]["name"] == f"{ERROR}InvalidArguments"


def test_no_verb_shows_the_verbs(shared):
    done = shared.lui()
    assert done.returncode == USAGE and "download" in done.stderr and done.stdout == ""


@pytest.mark.parametrize("arguments, word", [
    (["--help"], "download"), (["-h"], "download"), (["download", "--help"], "--confirmation-code-file"),
    (["delete", "-h"], "--yes"), (["--version"], "lui-cli "), (["-V"], "lui-cli "),
])
def test_help_and_version_need_no_bus(shared, arguments, word):
    done = shared.lui(*arguments, env={"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/no/bus"})
    assert done.returncode == 0 and word in done.stdout and done.stderr == ""


def test_options_may_stand_anywhere(shared):
    iccid = put_profile(shared)
    chip = str(lui_json(shared, "info")["number"])
    for arguments in (
        ["--json", "-e", chip, "info", iccid], ["info", "--json", iccid, "-e", chip],
        ["-j", "info", iccid, f"--euicc={chip}"], ["info", iccid, "-je", chip], ["-e", chip, "info", "-j", "--", iccid],
    ):
        done = shared.lui(*arguments)
        assert done.returncode == 0, done
        assert json.loads(done.stdout)["iccid"] == iccid


def test_behind_two_hyphens_there_are_no_options(shared):
    iccid = put_profile(shared)
    assert "--json" in says(shared, "rename", "--", iccid, "--json")
    assert json.loads(says(shared, "--json", "info", "--", "--json"))["iccid"] == iccid
    assert "-" in says(shared, "rename", "--", "--json", "--")
    assert lui_json(shared, "list")["profiles"][0]["nickname"] == "--"


def test_verbose_shows_the_codes(shared):
    text = says(shared, "-v", "download", "--yes", "LPA:1$smdp.example.com$NO-SUCH", status=ORDER)
    for line in ("error: org.lpad.Lpad1.Error.CodeRefused", "subject: 8.2.6", "reason: 3.8"):
        assert line in text
    assert "8.2.6" not in says(shared, "download", "--yes", "LPA:1$smdp.example.com$NO-SUCH", status=ORDER)


@pytest.mark.parametrize("octets", [b"\xff\xfe", b"\x1b[2J", "\u202eabc".encode(), b"x" * 5000])
def test_nonsense_as_an_argument_is_told_cleanly(shared, octets):
    for arguments in ([b"info", octets], [octets], [b"rename", octets, octets], [b"--json", b"info", octets]):
        command = [os.fsencode(shared.program("lui-cli")), *arguments]
        done = subprocess.run(command, env=shared.marked_env, capture_output=True, timeout=60)
        assert done.returncode in (USAGE, NOT_FOUND), done
        text = (done.stdout + done.stderr).decode()
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text), text
        if arguments[0] == b"--json":
            assert json.loads(done.stdout)["ok"] is False


# Nicknames ------------------------------------------------------------------------


@pytest.mark.parametrize("nickname", ["x" * 64, "ü" * 32, "😀" * 16, "  blank ", "emoji 🏖", "a'b\"c$d", "0"])
def test_good_nicknames_are_kept_as_they_are(shared, nickname):
    iccid = put_profile(shared)
    lui_json(shared, "rename", iccid, nickname)
    assert shared.chip.profiles.by_iccid(encode_iccid(iccid)).nickname == nickname.encode()
    assert lui_json(shared, "list")["profiles"][0]["nickname"] == nickname


@pytest.mark.parametrize("nickname", [
    "x" * 65, "ü" * 33, "a\nb", "\x1b[31m", "tab\t", "\u202egnp", "del\x7f", "\u2066x", b"\xff", b"a\xc3",
])
def test_bad_nicknames_are_refused(shared, nickname):
    iccid = put_profile(shared, nickname=b"Old")
    command = [os.fsencode(shared.program("lui-cli")), b"rename", iccid.encode(), os.fsencode(nickname)]
    done = subprocess.run(command, env=shared.marked_env, capture_output=True, timeout=60)
    assert done.returncode == USAGE and b"ickname" in done.stderr, done
    assert shared.chip.profiles.by_iccid(encode_iccid(iccid)).nickname == b"Old"


# Deleting asks --------------------------------------------------------------------


@pytest.mark.parametrize("answer, status", [
    ("y\n", 0), ("YES\n", 0), ("n\n", DECLINED), ("\n", DECLINED), ("yess\n", DECLINED), ("\x04", DECLINED),
])
def test_delete_asks_at_a_terminal(shared, answer, status):
    iccid = put_profile(shared, name=b"Precious")
    with shared.terminal("delete", iccid) as terminal:
        terminal.expect("Delete “Precious” for good")
        terminal.send(answer)
        assert terminal.wait() == status
        assert ("is not deleted" in terminal.text) == (status != 0)
    assert len(shared.chip.profiles) == (1 if status else 0)
    assert_invariants(shared)


def test_delete_without_a_terminal_needs_yes(shared):
    iccid = put_profile(shared)
    for arguments in (["delete", iccid], ["delete", iccid, "--json"]):
        done = shared.lui(*arguments, input="yes\n")
        assert done.returncode == DECLINED and "nobody was there" in done.stdout + done.stderr
    assert len(shared.chip.profiles) == 1
    assert says(shared, "delete", "-y", iccid)


def test_the_names_of_a_profile_reach_the_terminal_clean(shared):
    put_profile(shared, name=b"Evil\x1b[2J", nickname="Abc\u202egnp".encode())
    with shared.terminal("list") as terminal:
        assert terminal.wait() == 0
        assert "\x1b" not in terminal.raw and "\u202e" not in terminal.raw and "Evil" in terminal.raw
