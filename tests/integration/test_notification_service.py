# SPDX-License-Identifier: LGPL-2.1-or-later
"""Notifications that wait (SGP.22 v2.5, 3.5): when they are tried again, what a user sees of them and can do."""

from __future__ import annotations

import os
import shutil
import socket
import socketserver
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from gi.repository import GLib

from client import DEADLINE, EUICC, NOTIFICATION, Client, variant_dict
from invariants import assert_invariants, lui_json, wait_until_idle
from scenes import notification_path, put_notification, put_profile
from testbed.process import StackError, wait_until
from testbed.stack import Stack

USAGE, NOT_FOUND = 2, 4
#: What a user reads of the cost, by the event that the operator would not hear of.
COSTS = {
    "install": "may refuse to let it be used", "enable": "may not serve it", "disable": "may go on billing",
    "delete": "refuse another download",
}


def says(stack: Stack, *arguments: str) -> str:
    """What a verb that succeeds prints."""
    done = stack.lui(*arguments)
    assert done.returncode == 0, done
    return done.stdout


# What a user sees


def test_what_waits_is_shown_with_its_time_and_its_reason(shared):
    iccid = put_profile(shared, nickname=b"Trip")
    number = put_notification(shared, iccid)
    assert shared.lui("notifications", "send").returncode != 0
    (found,) = lui_json(shared, "notifications")["notifications"]
    assert found["sequence_number"] == number and found["attempts"] >= 1
    assert found["next_attempt"] > time.time() and "HTTP status 500" in found["last_error"]
    row = next(line for line in says(shared, "notifications").splitlines() if shared.host in line)
    assert "Trip" in row and "enable" in row and " in " in row and "HTTP status 500" in row
    assert_invariants(shared)


def test_time_and_reason_outlive_lpad(shared):
    put_notification(shared, put_profile(shared))
    shared.lui("notifications", "send")
    (before,) = lui_json(shared, "notifications")["notifications"]
    shared.restart_lpad()
    (after,) = lui_json(shared, "notifications")["notifications"]
    assert after["attempts"] >= before["attempts"] and after["last_error"] == before["last_error"]
    assert after["next_attempt"] >= before["next_attempt"]
    assert_invariants(shared)


@pytest.mark.parametrize("event", sorted(COSTS))
def test_removal_by_hand_needs_force_and_says_what_it_can_cost(shared, event):
    iccid = put_profile(shared)
    number = put_notification(shared, iccid, event)
    refused = shared.lui("notifications", "remove", str(number))
    assert refused.returncode == USAGE
    assert COSTS[event] in refused.stderr and "--force" in refused.stderr
    assert [n.seq for n in shared.chip.notifications] == [number]
    assert "will not hear" in says(shared, "notifications", "remove", str(number), "--force")
    assert not list(shared.chip.notifications) and not shared.smdp.notifications
    gone = shared.lui("notifications", "remove", str(number), "--force")
    assert gone.returncode == NOT_FOUND


@pytest.mark.parametrize("arguments", [
    ("remove",), ("list", "3"), ("list", "--force"), ("send", "--force"), ("forget", "1"), ("remove", "1x", "--force"),
])
def test_other_words_are_refused(shared, arguments):
    assert shared.lui("notifications", *arguments).returncode == USAGE


# When


def test_the_oldest_of_a_recipient_go_first_when_one_is_sent(shared):
    iccid = put_profile(shared)
    numbers = [put_notification(shared, iccid) for _ in range(3)]
    shared.smdp.faults.clear()
    assert "have been told" in says(shared, "notifications", "send", str(numbers[1]))
    assert [n.seq for n in shared.smdp.notifications][:2] == numbers[:2]
    assert_invariants(shared)


def test_a_silent_recipient_does_not_hold_up_a_user(make_stack):
    """Its server takes connections and says nothing: a user's operations do not wait for it."""
    stack = make_stack(config={"Network": {"StallTimeout": "30", "RequestTimeout": "30", "ConnectTimeout": "30"}})
    iccid = put_profile(stack)
    put_notification(stack, iccid)
    stack.smdp.faults.clear()
    stack.smdp.faults.at_connection("black-hole", times=None)
    stack.restart_lpad()                     # lpad tries it now, by itself
    with Client(stack) as client:
        path = client.euicc(stack.chip.eid)
        wait_until(lambda: stack.smdp.counters.tcp_connections > 0, DEADLINE, "the try")
        assert client.properties(path, EUICC)["State"] == "busy"
        assert stack.lui("rename", iccid, "Trip", timeout=20).returncode == 0
        assert stack.lui("enable", iccid, timeout=20).returncode == 0
    assert len(stack.chip.notifications) >= 1
    stack.smdp.faults.clear()


def test_lpad_stays_while_a_try_is_due_soon(make_stack):
    stack = make_stack(config={"General": {"IdleTimeout": "1"}})
    number = put_notification(stack, put_profile(stack))
    stack.restart_lpad()
    wait_until(lambda: stack.smdp.counters.functions["handleNotification"] >= 1, DEADLINE, "the try at the start")
    pid = stack.lpad_pid()
    with pytest.raises(StackError, match="the end of lpad"):
        wait_until(lambda: stack.lpad_pid() != pid, 3, "the end of lpad")
    with Client(stack) as client:
        path = notification_path(client, number)
        client.call(path, f"{NOTIFICATION}.Remove", GLib.Variant.new_tuple(variant_dict({"force": True})))
    wait_until(lambda: stack.lpad_pid() is None, DEADLINE, "the end of lpad")


def test_what_is_due_is_told_from_the_stored_state_alone(shared):
    """What lpad-wake.service asks; the chip is not touched."""
    put_notification(shared, put_profile(shared))
    shared.lui("notifications", "send")
    shared.stop_lpad()
    apdus = shared.chip.counters.apdus
    command = [str(shared.program("lpad")), "--due", "--state-dir", str(shared.state_folder)]
    assert subprocess.run(command, env=shared.env).returncode == 1, "in a minute"
    path = shared.state_folder / "notifications.ini"
    text = path.read_text()
    path.write_text("\n".join(_earlier(line) for line in text.splitlines()))
    assert subprocess.run(command, env=shared.env).returncode == 0
    path.unlink()
    assert subprocess.run(command, env=shared.env).returncode == 1
    assert shared.chip.counters.apdus == apdus and shared.lpad_pid() is None


def _earlier(line: str) -> str:
    """The line of a notification with a time that has passed."""
    number, equals, values = line.partition("=")
    parts = values.split(";")
    return f"{number}={parts[0]};1;{';'.join(parts[2:])}" if number.isdigit() else line


# A network that returns

#: Inside the namespace: listens on a port and passes each connection on to a UNIX socket.
GATE = """
import socket, socketserver, sys, threading
def pump(a, b):
    try:
        while data := a.recv(65536):
            b.sendall(data)
    except OSError:
        pass
    finally:
        for s in (a, b):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        with socket.socket(socket.AF_UNIX) as out:
            out.connect(sys.argv[2])
            thread = threading.Thread(target=pump, args=(out, self.request))
            thread.start()
            pump(self.request, out)
            thread.join()
class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
print("ready", flush=True)
sys.stdin.readline()
with Server(("127.0.0.1", int(sys.argv[1])), Handler) as server:
    print("listening", flush=True)
    server.serve_forever()
"""


class _Passage(socketserver.BaseRequestHandler):
    """Outside the namespace: from the UNIX socket to the SM-DP+."""

    def handle(self) -> None:
        if self.server.first:
            first, self.server.first = self.server.first, None
            first()
            return
        with socket.create_connection(("127.0.0.1", self.server.port)) as out:
            thread = threading.Thread(target=_pump, args=(out, self.request), daemon=True)
            thread.start()
            _pump(self.request, out)
            thread.join()


def _pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    finally:
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class _PassageServer(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    #: Called instead of passing the next connection on, which ends with it.
    first: Callable[[], None] | None = None


class NoNetwork:
    """A network namespace without any network, but with a way to the SM-DP+ for when there is one."""

    def __init__(self, enter: list[str], gate: subprocess.Popen, server: _PassageServer):
        #: What to put before a command that shall run in it.
        self.enter = enter
        self._gate, self.server = gate, server

    def ip(self, *arguments: str) -> None:
        subprocess.run([*self.enter, "ip", *arguments], check=True)

    def open(self) -> None:
        """The way to the SM-DP+; it leads over the loopback."""
        self._gate.stdin.write("go\n")
        self._gate.stdin.flush()
        assert self._gate.stdout.readline() == "listening\n"


@contextmanager
def no_network(stack: Stack) -> Iterator[NoNetwork]:
    assert shutil.which("ip"), "iproute2 is needed"
    path = stack.folder / "passage"
    path.unlink(missing_ok=True)
    server = _PassageServer(str(path), _Passage)
    server.port = stack.smdp.port
    threading.Thread(target=server.serve_forever, daemon=True).start()
    maps = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    gate = subprocess.Popen(
        ["unshare", *maps, "--net", "/usr/bin/python3", "-u", "-c", GATE, str(stack.smdp.port), str(path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )
    try:
        assert gate.stdout.readline() == "ready\n", "a network namespace is needed"
        enter = ["nsenter", f"--target={gate.pid}", "--net"]
        yield NoNetwork(enter if not maps else [*enter, "--user", "--preserve-credentials"], gate, server)
    finally:
        gate.kill()
        gate.wait()
        server.shutdown()
        server.server_close()


def make_undelivered(stack: Stack) -> int:
    """A notification that the server would take now; lpad does not run."""
    number = put_notification(stack, put_profile(stack))
    stack.stop_lpad()
    stack.smdp.faults.clear()
    stack.smdp.record.notifications.clear()
    return number


def test_what_could_not_be_reached_is_tried_when_the_network_returns(make_stack):
    """Real routes of the kernel: the loopback of a namespace goes up and becomes the default route."""
    stack = make_stack()
    number = make_undelivered(stack)
    with no_network(stack) as network:
        lpad = stack.run_lpad(network.enter)
        wait_until_idle(stack)
        (found,) = lui_json(stack, "notifications")["notifications"]
        assert found["sequence_number"] == number and found["attempts"] >= 1
        assert found["next_attempt"] > time.time() + 20, "its time comes later"
        network.ip("link", "set", "lo", "up")
        network.open()
        network.ip("route", "add", "default", "dev", "lo")
        wait_until(lambda: not list(stack.chip.notifications), DEADLINE, "the delivery")
        assert [n.seq for n in stack.smdp.notifications] == [number]
        lpad.stop()


def test_the_network_returns_during_a_try_that_fails(shared):
    """The route comes while lpad waits for an answer that does not come: the next try is not a minute away."""
    number = make_undelivered(shared)
    with no_network(shared) as network:
        network.ip("link", "set", "lo", "up")
        network.open()
        network.server.first = lambda: network.ip("route", "add", "default", "dev", "lo")
        lpad = shared.run_lpad(network.enter)
        wait_until(lambda: not list(shared.chip.notifications), 45, "the delivery, before the minute is over")
        assert network.server.first is None
        assert [n.seq for n in shared.smdp.notifications] == [number]
        lpad.stop()
