# SPDX-License-Identifier: LGPL-2.1-or-later
"""The stack itself: its parts are there, are those of the run, and are gone afterwards.

lpad's place is taken by a program that only owns its name: what is shown here is the stage, not the play.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from gi.repository import GLib

from testbed.bus import TOP, adapted_policy
from testbed.process import StackError, wait_for_exit, wait_until
from testbed.stack import PROGRAMS, Stack
from testbed.terminal import Terminal, Unexpected

DAEMON = """#!/usr/bin/python3
import signal, sys
from gi.repository import Gio, GLib
print("arguments:", sys.argv[1:], flush=True)
loop = GLib.MainLoop()
bus = Gio.bus_get_sync(Gio.BusType.SYSTEM)
Gio.bus_own_name_on_connection(bus, "org.lpad.Lpad1", 0, None, lambda *_: loop.quit())
GLib.unix_signal_add(0, signal.SIGTERM, loop.quit)
loop.run()
"""
TOOL = '#!/bin/sh\nread line\necho "$* $line $DBUS_SYSTEM_BUS_ADDRESS"\n'

CRASHES = """
import os, signal, sys
from testbed.stack import Stack
stack = Stack(build=sys.argv[1])
stack.start()
print(stack.folder, stack.start_lpad(), stack.pcscd.pid, flush=True)
os.kill(os.getpid(), int(sys.argv[2]))
signal.pause()
"""


@pytest.fixture(scope="module")
def build(tmp_path_factory) -> Path:
    """A build whose programs are placeholders."""
    folder = tmp_path_factory.mktemp("build")
    for name, text in (("lpad", DAEMON), ("lui-cli", TOOL)):
        path = folder / PROGRAMS[name]
        path.parent.mkdir(parents=True)
        path.write_text(text)
        path.chmod(0o755)
    return folder


@pytest.fixture
def stack(build):
    with Stack(build=build) as stack:
        yield stack


def ask_polkit(stack: Stack, action: str, timeout: int = 5000) -> bool:
    subject = ("system-bus-name", {"name": GLib.Variant("s", ":1.1")})
    reply = stack.bus.connection.call_sync(
        "org.freedesktop.PolicyKit1", "/org/freedesktop/PolicyKit1/Authority",
        "org.freedesktop.PolicyKit1.Authority", "CheckAuthorization",
        GLib.Variant("((sa{sv})sa{ss}us)", (subject, action, {}, 1, "")), None, 0, timeout, None,
    )
    return reply.unpack()[0][0]


def test_bus_activates_lpad_and_only_when_asked(stack):
    assert stack.lpad_pid() is None
    pid = stack.start_lpad()
    assert pid == stack.lpad_pid()
    assert f"'--config', '{stack.config_file}', '--state-dir', '{stack.state_folder}'" in stack.log


def test_lpad_is_killed_and_started_again(stack):
    first = stack.start_lpad()
    stack.kill_lpad()
    assert stack.lpad_pid() is None
    second = stack.start_lpad()
    assert stack.restart_lpad() not in (first, second)
    stack.stop_lpad()
    assert wait_for_exit(second, 0)


def test_lui_runs_in_the_environment(stack):
    done = stack.lui("status", "--json", input="typed\n")
    assert done.stdout == f"status --json typed {stack.bus.address}\n"


def test_nobody_else_may_own_a_name(stack):
    """The bus is as strict as the system bus."""
    with pytest.raises(GLib.Error, match="not allowed to own"):
        stack.bus.call_bus("RequestName", GLib.Variant("(su)", ("org.example.Other", 0)))


def test_own_bus_policy_is_used():
    text = (TOP / "data" / "org.lpad.Lpad1.conf").read_text()
    assert '<policy user="4711">' in adapted_policy(text, "4711")


def test_readers_and_cards(build):
    with Stack(build=build, chips=2) as stack:
        first, second = stack.readers
        assert stack.pcscd.look() == {
            first: True, "Testbed 1 00 01": False, second: True, "Testbed 2 00 01": False,
        }
        stack.card.remove()
        stack.wait_for_cards()
        assert stack.pcscd.look({first: False})[second]
        stack.card.insert()
        stack.wait_for_cards()


@pytest.mark.parametrize("crash", [False, True])
def test_pcscd_goes_and_comes_back(stack, crash):
    before = stack.pcscd.pid
    stack.stop_pcscd(crash=crash)
    with pytest.raises(StackError):
        stack.pcscd.look(timeout=1)
    stack.start_pcscd()
    assert stack.pcscd.pid != before
    assert stack.pcscd.look()[stack.readers[0]]


def test_polkit_answers_as_told(stack):
    assert ask_polkit(stack, "org.lpad.lpad1.read")
    stack.polkit.deny("org.lpad.lpad1.read")
    assert not ask_polkit(stack, "org.lpad.lpad1.read")
    assert ask_polkit(stack, "org.lpad.lpad1.delete")
    stack.polkit.allow("org.lpad.lpad1.read")
    assert ask_polkit(stack, "org.lpad.lpad1.read")
    assert [check.action.rpartition(".")[2] for check in stack.polkit.checks] == ["read", "read", "delete", "read"]
    assert stack.polkit.checks[0].subject == {"name": ":1.1"}
    assert stack.polkit.checks[0].interactive


def test_polkit_hangs_until_released(stack):
    stack.polkit.hang("org.lpad.lpad1.read")
    with pytest.raises(GLib.Error, match="[Tt]imeout"):
        ask_polkit(stack, "org.lpad.lpad1.read", timeout=50)
    assert stack.polkit.waiting == ["org.lpad.lpad1.read"]
    assert ask_polkit(stack, "org.lpad.lpad1.delete")
    stack.polkit.release()
    assert stack.polkit.waiting == []
    assert ask_polkit(stack, "org.lpad.lpad1.read")


def test_configuration_tells_lpad_where_everything_is(build):
    config = {"General": {"IdleTimeout": "0", "TestMode": None}, "Policy": {"Unattended": "true"}}
    with Stack(build=build, config=config, relay={"rtt": 0.05}) as stack:
        text = stack.config_file.read_text()
        assert f"ConnectTo=smdp.example.com:443=127.0.0.1:{stack.relay.port}\n" in text
        assert "IdleTimeout=0\n" in text and "Unattended=true\n" in text and "TestMode" not in text
        issuer = (stack.issuer_folder / "test" / "testbed-1.pem").read_text()
        assert issuer.startswith("-----BEGIN CERTIFICATE-----")
        stack.servers["other.example.com"] = 4711
        stack.write_config({"General": {"IdleTimeout": "5"}})
        text = stack.config_file.read_text()
        assert "other.example.com:443=127.0.0.1:4711" in text and "IdleTimeout=5\n" in text


def test_two_stacks_side_by_side(build):
    with Stack(build=build) as one, Stack(build=build) as other:
        assert one.bus.address != other.bus.address
        assert one.start_lpad() != other.start_lpad()
        one.card.remove()
        one.wait_for_cards()
        assert other.pcscd.look()[other.readers[0]]
        one.close()
        assert other.lpad_pid()
        assert not one.folder.exists() and other.folder.exists()


def test_nothing_is_left(build):
    with Stack(build=build) as stack:
        pids = [stack.start_lpad(), stack.pcscd.pid]
        folder = stack.folder
    assert all(wait_for_exit(pid, 0) for pid in pids)
    assert not folder.exists()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_nothing_is_left_after_a_signal(build, number):
    """Also what D-Bus activation started, which is no child of the process that was killed."""
    done = subprocess.run(
        [sys.executable, "-c", CRASHES, str(build), str(int(number))], capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(TOP / "tests")}, timeout=60,
    )
    folder, *pids = done.stdout.split()
    assert done.returncode in (-number, 1, 130), done.stderr
    assert all(wait_for_exit(int(pid), 10) for pid in pids)
    wait_until(lambda: not Path(folder).exists(), 60, "the folder to be removed")


def test_what_a_user_started_in_it_ends_with_it(build):
    with Stack(build=build) as stack:
        child = subprocess.Popen(["sleep", "1000"], env=stack.marked_env, start_new_session=True)
    assert child.wait(10) == -signal.SIGKILL


def test_failure_to_start_leaves_nothing(build, monkeypatch):
    stack = Stack(build=build)
    monkeypatch.setattr(stack, "_insert_chips", lambda _chips: 1 / 0)
    with pytest.raises(ZeroDivisionError), stack:
        raise AssertionError("not reached")
    assert not stack.folder.exists()


def test_what_is_not_built_is_named(tmp_path):
    with Stack(build=tmp_path) as stack:
        with pytest.raises(StackError, match="lui-cli is not built"):
            stack.lui("status")


def test_findings_of_sanitizers_are_seen(stack):
    assert stack.findings() == []
    (stack.folder / "sanitizer.123").write_text("heap-use-after-free")
    assert stack.findings() == ["heap-use-after-free"]


def test_terminal_is_a_terminal():
    script = 'test -t 0 && test -t 1 && read -p "Sure? " answer && echo "you said $answer" && exit 3'
    with Terminal(["bash", "-c", script], {"PATH": os.defpath}) as terminal:
        terminal.expect("Sure\\?")
        terminal.send("maybe\n")
        assert terminal.wait() == 3
        assert terminal.text.endswith("you said maybe\n")


def test_terminal_passes_ctrl_c():
    with Terminal(["sh", "-c", "trap 'echo caught; exit 4' INT; echo ready; read x"], {"PATH": os.defpath}) as terminal:
        terminal.expect("ready")
        terminal.send("\x03")
        assert terminal.wait() == 4
        assert "caught" in terminal.text


def test_terminal_says_what_came_instead():
    with Terminal(["echo", "something else"], {"PATH": os.defpath}) as terminal:
        with pytest.raises(Unexpected, match="something else"):
            terminal.expect("Sure")
