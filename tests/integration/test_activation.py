# SPDX-License-Identifier: LGPL-2.1-or-later
"""lpad is there when it is asked for and not otherwise; its configuration and its log; life without it."""

from __future__ import annotations

import os
import re
import signal
import subprocess

import pytest

from client import Client, Operation, Refused
from invariants import assert_invariants, lui_json
from scenes import NO_OPTIONS, place, put_profile, profile_path
from testbed.bus import LPAD_NAME
from testbed.process import terminate, wait_for_exit, wait_until
from testbed.smdp.faults import Break, Status
from testbed.stack import Stack

UNAVAILABLE = 10
SHORT = {"General": {"IdleTimeout": "1"}}


# Idle exit and activation ---------------------------------------------------------


def test_nothing_runs_until_it_is_asked_for_and_after_it_was(make_stack):
    stack = make_stack(config=SHORT)
    assert not stack.bus.has_owner(LPAD_NAME) and stack.lpad_pid() is None
    assert lui_json(stack, "list") == {"profiles": []}
    pid = stack.lpad_pid()
    assert pid and wait_for_exit(pid, 30)
    assert not stack.bus.has_owner(LPAD_NAME) and stack.lpad_pid() is None
    assert stack.chip.open_channels == 0


def test_idle_timeout_0_stays(make_stack):
    stack = make_stack(config={"General": {"IdleTimeout": "0"}})
    pid = stack.start_lpad()
    assert not wait_for_exit(pid, 2)


def test_a_call_at_the_moment_of_the_exit_is_answered(make_stack):
    """Whoever calls while lpad goes gets an answer, of the next one: the old one has given up its name before."""
    stack = make_stack(config=SHORT)
    with Client(stack) as client:
        for _ in range(3):
            pid = stack.start_lpad()
            wait_until(lambda: not stack.bus.has_owner(LPAD_NAME), 30, "the name to be free", interval=0.0005)
            client.call("/org/lpad/Lpad1", f"{LPAD_NAME}.Manager.Rescan", NO_OPTIONS)
            assert stack.lpad_pid() not in (pid, None)
    assert lui_json(stack, "info")["eid"] == stack.chip.eid
    assert_invariants(stack)


def test_lpad_stays_for_an_operation_and_a_prompt(make_stack):
    stack = make_stack(config=SHORT)
    order = place(stack)
    with Client(stack) as client:
        operation = client.download(stack.chip.eid, order.activation_code)
        operation.wait_for_prompt()
        pid = stack.lpad_pid()
        assert not wait_for_exit(pid, 2.5), "somebody is being asked"
        operation.call("Confirm")
        assert "error" not in operation.result()
    assert stack.lpad_pid() == pid
    assert order.state == "installed"


def test_lpad_stays_while_the_network_is_slow(make_stack):
    stack = make_stack(config=SHORT)
    stack.smdp.faults.at_function("authenticateClient", Break("hang", executed=False))
    with Client(stack) as client:
        operation = client.download(stack.chip.eid, place(stack).activation_code, consent=True)
        stack.smdp.record.wait_for(lambda: stack.smdp.counters.functions["authenticateClient"] == 1)
        pid = stack.lpad_pid()
        assert not wait_for_exit(pid, 2.5)
        operation.call("Cancel")
        assert operation.result()["error"] == "Cancelled"


def test_the_result_outlives_the_idle_time(make_stack):
    """An operation object stays for a minute, and lpad with it."""
    stack = make_stack(config=SHORT)
    with Client(stack) as client:
        path = client.download(stack.chip.eid, place(stack).activation_code, consent=True).path
        Operation(client, path).result()
    assert not wait_for_exit(stack.lpad_pid(), 2.5)
    with Client(stack) as late:
        assert Operation(late, path).result()["iccid"]


@pytest.mark.tsan
def test_sigterm_ends_lpad_in_order(make_stack):
    stack = make_stack()
    order = place(stack)
    with Client(stack) as client:
        operation = client.download(stack.chip.eid, order.activation_code)
        operation.wait_for_prompt()
        os.kill(stack.lpad_pid(), signal.SIGTERM)
        stack.bus.wait_for_no_owner(LPAD_NAME)
    assert order.history[-1].event == "session postponed" and stack.chip.open_channels == 0
    assert_invariants(stack, order, usable=True)


def test_a_second_lpad_on_the_same_bus_leaves(make_stack):
    stack = make_stack()
    pid = stack.start_lpad()
    done = subprocess.run(stack.lpad_command(), env=stack.marked_env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "another lpad" in done.stderr.lower()
    assert stack.lpad_pid() == pid


def test_notifications_that_wait_are_sent_after_a_start(make_stack):
    stack = make_stack()
    iccid = put_profile(stack)
    stack.smdp.faults.at_function("handleNotification", Status(503), times=None)
    lui_json(stack, "enable", iccid)
    assert len(stack.chip.notifications) == 1
    stack.stop_lpad()
    stack.smdp.faults.clear()
    for path in stack.state_folder.rglob("*"):
        if path.is_file():
            path.unlink()
    stack.start_lpad()
    stack.smdp.record.wait_for(lambda: len(stack.smdp.notifications) == 1)
    wait_until(lambda: not len(stack.chip.notifications), 30, "the removal")
    assert_invariants(stack)


# No bus, no lpad ------------------------------------------------------------------


def test_without_a_bus_there_is_a_clear_word(shared):
    env = {"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={shared.folder}/no-such-bus"}
    done = shared.lui("list", env=env)
    assert done.returncode == UNAVAILABLE
    assert "The system bus (D-Bus), over which lpad is reached, cannot be reached: " in done.stderr
    done = shared.lui("list", "--json", env=env)
    assert done.returncode == UNAVAILABLE and '"exit_status":10' in done.stdout.replace(" ", "")


def test_without_an_activation_file_there_is_a_clear_word(make_stack):
    stack = make_stack()
    (stack.folder / "services" / f"{LPAD_NAME}.service").unlink()
    stack.bus.call_bus("ReloadConfig", None)
    done = stack.lui("list")
    assert done.returncode == UNAVAILABLE
    assert "lpad is not installed" in done.stderr and "systemctl status lpad" in done.stderr


@pytest.mark.parametrize("program", ["/bin/false", "/no/such/program"])
def test_an_lpad_that_cannot_start_is_told(make_stack, program):
    stack = make_stack()
    stack.launcher.write_text(f"#!/bin/sh\nexec {program}\n")
    done = stack.lui("status")
    assert done.returncode == UNAVAILABLE
    assert "could not be started" in done.stderr and "journalctl -u lpad" in done.stderr


def test_lpad_that_dies_during_an_operation_is_told(make_stack):
    stack = make_stack()
    stack.smdp.faults.at_function("authenticateClient", Break("hang", executed=False))
    order = place(stack)
    with stack.terminal("download", "--yes", order.activation_code) as terminal:
        stack.smdp.record.wait_for(lambda: stack.smdp.counters.functions["authenticateClient"] == 1)
        stack.kill_lpad()
        assert terminal.wait() == UNAVAILABLE
        assert "lpad has ended" in terminal.text
    stack.smdp.faults.clear()
    assert_invariants(stack, order, usable=True)


def test_lpad_without_a_bus_ends_with_a_reason(make_stack):
    stack = make_stack()
    env = {**stack.marked_env, "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={stack.folder}/no-such-bus"}
    done = subprocess.run(stack.lpad_command(), env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "system bus cannot be reached" in done.stderr


@pytest.mark.tsan
def test_lpad_ends_with_its_bus_in_order():
    """Somebody was being asked: the order stays usable, and no channel stays open."""
    with Stack() as stack, Client(stack) as client:
        order = place(stack)
        client.download(stack.chip.eid, order.activation_code).wait_for_prompt()
        pid = stack.lpad_pid()
        terminate(stack.bus.pid_of("org.freedesktop.DBus"), signal.SIGKILL)
        assert wait_for_exit(pid, 30)
        assert "bus broke" in stack.log and not stack.findings()
        assert order.history[-1].event == "session postponed" and stack.chip.open_channels == 0


# Configuration --------------------------------------------------------------------


def warnings(stack: Stack) -> list[tuple[str, int, str]]:
    """(file, line, text) of each complaint about the configuration."""
    found = re.findall(r"(\S+\.conf):(\d+): (.*)", stack.log)
    return [(path.rpartition("/")[2], int(line), text) for path, line, text in found]


BAD_LINES = {
    "unknown key": ("[General]", "Colour=red", "[General] Colour"),
    "unknown section": ("[Kitchen]", "Sink=true", "[Kitchen]"),
    "no boolean": ("[General]", "TestMode=perhaps", "true or false"),
    "no number": ("[Card]", "SegmentSize=big", "16 to 255"),
    "number too large": ("[Card]", "SegmentSize=256", "16 to 255"),
    "negative": ("[Network]", "StallTimeout=-1", "number"),
    "no AID": ("[Card]", "IsdrAids=hello", "application identifier"),
    "no IMEI": ("[Device]", "Imei=12", "IMEI"),
    "no release": ("[Device]", "Releases=warp:9", "NAME:RELEASE"),
    "no TAC": ("[Device]", "Tac=12", "eight digits"),
    "no server": ("[Network]", "AllowedServers=-", "[Network] AllowedServers"),
}


@pytest.mark.parametrize("section, line, word", BAD_LINES.values(), ids=BAD_LINES)
def test_a_bad_line_has_no_effect_and_a_warning_with_file_and_line(stack, section, line, word):
    folder = stack.config_file.with_name("lpad.conf.d")
    folder.mkdir()
    (folder / "50-mine.conf").write_text(f"# mine\n\n{section}\n# next is wrong\n{line}\n")
    if "AllowedServers" in line:
        assert stack.lui("list").returncode == 0
    else:
        assert lui_json(stack, "download", "--yes", place(stack).activation_code)["ok"] is True
    found = [w for w in warnings(stack) if w[0] == "50-mine.conf"]
    assert found[0][1] == 5 and word in found[0][2], found


def test_drop_ins_are_read_in_order_and_override_by_key(stack):
    folder = stack.config_file.with_name("lpad.conf.d")
    folder.mkdir()
    (folder / "10-a.conf").write_text("[General]\nTestMode=true\n")
    (folder / "20-b.conf").write_text("[General]\nTestMode=false\n")
    (folder / "30-c.conf.bak").write_text("[General]\nTestMode=true\n")
    assert lui_json(stack, "status")["test_mode"] is False
    (folder / "40-d.conf").write_text("[General]\nTestMode=true\n")
    stack.restart_lpad()
    assert lui_json(stack, "status")["test_mode"] is True
    assert warnings(stack) == []


def test_a_file_that_cannot_be_parsed_keeps_lpad_from_starting(stack):
    stack.config_file.write_text("this is no key file\n")
    done = stack.lui("status")
    assert done.returncode == UNAVAILABLE
    assert "lpad.conf" in stack.log


def test_only_allowed_servers_are_used(make_stack):
    stack = make_stack(config={"Network": {"AllowedServers": "rsp.example.net"}})
    failure = lui_json(stack, "download", "--yes", place(stack).activation_code, status=None)["error"]
    assert "smdp.example.com" in failure["message"]
    assert stack.smdp.counters.tcp_connections == 0


def test_a_device_without_a_configuration_file_works(make_stack):
    stack = make_stack()
    stack.config_file.unlink()
    assert lui_json(stack, "status")["euiccs"][0]["eid"] == stack.chip.eid
    assert lui_json(stack, "status")["test_mode"] is False


# The log --------------------------------------------------------------------------


def test_the_debug_log_holds_no_identifier_and_no_secret(make_stack):
    """Also when things go wrong: EID, ICCID, IMEI, matching ID, confirmation code, names of the user."""
    stack = make_stack(config={"Device": {"Imei": "490154203237518"}})
    stack.launcher.write_text(stack.launcher.read_text().replace("exec ", "export G_MESSAGES_DEBUG=all\nexec "))
    order = place(stack, confirmation_code="S3cret-4711")
    lost = place(stack)
    code = stack.folder / "code"
    code.write_text("S3cret-4711\n")
    arguments = ("download", "--yes", "-C", str(code), "--nickname", "Geheimnis", order.activation_code)
    lui_json(stack, *arguments)
    lui_json(stack, "enable", order.record.iccid)
    lui_json(stack, "rename", order.record.iccid, "Verborgen")
    stack.smdp.faults.at_function("handleNotification", Status(500), times=None)
    lui_json(stack, "disable", order.record.iccid)
    lui_json(stack, "download", "--yes", "LPA:1$smdp.example.com$NOT-AN-ORDER", status=8)
    stack.smdp.faults.at_function("getBoundProfilePackage", Break("reset"))
    lui_json(stack, "download", "--yes", lost.activation_code, status=6)
    lui_json(stack, "delete", "--yes", order.record.iccid)
    log = stack.log
    assert "POST" in log, "it is the debug log"
    secrets = [
        stack.chip.eid, order.record.iccid, lost.record.iccid, "490154203237518", order.matching_id, lost.matching_id,
        "NOT-AN-ORDER", "S3cret-4711", "Geheimnis", "Verborgen", stack.chip.eid_octets.hex(),
        order.record.iccid_octets.hex(),
    ]
    leaked = [secret for secret in secrets if secret.lower() in log.lower()]
    assert not leaked, [line for line in log.splitlines() for secret in leaked if secret.lower() in line.lower()]


def test_the_stored_state_holds_no_identifier(make_stack):
    stack = make_stack()
    order = place(stack)
    stack.smdp.faults.at_function("handleNotification", Status(500), times=None)
    lui_json(stack, "download", "--yes", order.activation_code)
    lui_json(stack, "enable", order.record.iccid)
    stack.stop_lpad()
    files = [path for path in stack.state_folder.rglob("*") if path.is_file()]
    assert files and all(path.stat().st_mode & 0o077 == 0 for path in files)
    text = b"".join(path.read_bytes() for path in files).lower()
    for secret in (stack.chip.eid, order.record.iccid, order.matching_id):
        assert secret.lower().encode() not in text
    for path in files:
        path.unlink()
    assert lui_json(stack, "list")["profiles"][0]["iccid"] == order.record.iccid, "safe to delete"


def test_a_profile_path_of_an_earlier_lpad_is_not_found(make_stack):
    """A client that kept a path over a restart gets an error, not another profile's answer."""
    stack = make_stack()
    first, second = put_profile(stack), put_profile(stack)
    with Client(stack) as client:
        path = profile_path(client, second)
        client.start(profile_path(client, first), f"{LPAD_NAME}.Profile.Delete").result()
        stack.kill_lpad()
        stack.start_lpad()
        now = {p: values["Iccid"] for p, values in client.objects(f"{LPAD_NAME}.Profile").items()}
        assert list(now.values()) == [second]
        if path not in now:
            with pytest.raises(Refused):
                client.start(path, f"{LPAD_NAME}.Profile.Delete")
    assert len(stack.chip.profiles) == 1
