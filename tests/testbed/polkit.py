# SPDX-License-Identifier: LGPL-2.1-or-later
"""A stand-in for polkitd on a private bus: answers as it is told and remembers what it was asked.

Everything is allowed unless deny() says otherwise.  hang() keeps the answer back, as a password dialog that
nobody looks at does, until release().  It knows which agents would ask for passwords, and asks none.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

from gi.repository import Gio, GLib

NAME = "org.freedesktop.PolicyKit1"
PATH = "/org/freedesktop/PolicyKit1/Authority"
ALLOW_INTERACTION = 1

INTERFACE = """<node><interface name="org.freedesktop.PolicyKit1.Authority">
  <method name="CheckAuthorization">
    <arg type="(sa{sv})" name="subject" direction="in"/>
    <arg type="s" name="action_id" direction="in"/>
    <arg type="a{ss}" name="details" direction="in"/>
    <arg type="u" name="flags" direction="in"/>
    <arg type="s" name="cancellation_id" direction="in"/>
    <arg type="(bba{ss})" name="result" direction="out"/>
  </method>
  <method name="CancelCheckAuthorization">
    <arg type="s" name="cancellation_id" direction="in"/>
  </method>
  <method name="RegisterAuthenticationAgentWithOptions">
    <arg type="(sa{sv})" name="subject" direction="in"/>
    <arg type="s" name="locale" direction="in"/>
    <arg type="s" name="object_path" direction="in"/>
    <arg type="a{sv}" name="options" direction="in"/>
  </method>
  <method name="UnregisterAuthenticationAgent">
    <arg type="(sa{sv})" name="subject" direction="in"/>
    <arg type="s" name="object_path" direction="in"/>
  </method>
  <property name="BackendName" type="s" access="read"/>
  <property name="BackendVersion" type="s" access="read"/>
  <property name="BackendFeatures" type="u" access="read"/>
  <signal name="Changed"/>
</interface></node>"""

PROPERTIES = {
    "BackendName": GLib.Variant("s", "testbed"),
    "BackendVersion": GLib.Variant("s", "1"),
    "BackendFeatures": GLib.Variant("u", 1),
}


@dataclass(frozen=True)
class Check:
    """One question: may the subject do it, and may it be asked for a password?"""

    action: str
    subject_kind: str
    subject: dict
    interactive: bool


class Polkit:
    """Owns polkit's name on the bus that connection belongs to; works in a thread of its own."""

    def __init__(self, connection: Gio.DBusConnection):
        self._connection = connection
        self._lock = threading.Lock()
        self._denied: set[str] = set()
        self._hanging: set[str] = set()
        self._kept: list[tuple[str, str, Gio.DBusMethodInvocation]] = []
        self._checks: list[Check] = []
        self.cancelled: list[str] = []
        #: Processes for which an agent has registered, ever.
        self.agents_for: list[int] = []
        self._context = GLib.MainContext.new()
        self._loop = GLib.MainLoop.new(self._context, False)
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="polkit", daemon=True)
        self._thread.start()
        self._ready.wait()
        self._own_name()

    # What a test says

    def allow(self, *actions: str) -> None:
        with self._lock:
            self._denied.difference_update(actions)

    def deny(self, *actions: str) -> None:
        with self._lock:
            self._denied.update(actions)

    def hang(self, *actions: str) -> None:
        """Keep back the answers to the actions until release()."""
        with self._lock:
            self._hanging.update(actions)

    def release(self) -> None:
        """Answer what was kept back, as allow() and deny() say by now, and hang no longer."""
        with self._lock:
            kept, self._kept = self._kept, []
            self._hanging.clear()
        for _, action, invocation in kept:
            self._answer(invocation, action)

    @property
    def waiting(self) -> list[str]:
        """Actions whose answers are kept back now."""
        with self._lock:
            return [action for _, action, _ in self._kept]

    @property
    def checks(self) -> list[Check]:
        """What was asked so far."""
        with self._lock:
            return list(self._checks)

    def stop(self) -> None:
        self._loop.quit()
        self._thread.join(10)

    # Thread

    def _own_name(self) -> None:
        reply = self._connection.call_sync(
            "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "RequestName",
            GLib.Variant("(su)", (NAME, 4)), None, Gio.DBusCallFlags.NONE, 10_000, None,
        )
        assert reply.unpack() == (1,), "another polkit is on the private bus"

    def _serve(self) -> None:
        self._context.push_thread_default()
        interface = Gio.DBusNodeInfo.new_for_xml(INTERFACE).interfaces[0]
        registration = self._connection.register_object(
            PATH, interface, self._on_call, lambda *args: PROPERTIES[args[4]], None
        )
        self._ready.set()
        self._loop.run()
        self._connection.unregister_object(registration)
        self._context.pop_thread_default()

    def _on_call(self, _connection, _sender, _path, _interface, method, parameters, invocation) -> None:
        arguments = parameters.unpack()
        if method != "CheckAuthorization":
            if method == "CancelCheckAuthorization":
                self._cancel(arguments[0])
            elif method == "RegisterAuthenticationAgentWithOptions":
                self.agents_for.append(arguments[0][1]["pid"])
            invocation.return_value(None)
            return
        (kind, subject), action, _details, flags, cancellation = arguments
        with self._lock:
            self._checks.append(Check(action, kind, subject, bool(flags & ALLOW_INTERACTION)))
            if action in self._hanging:
                self._kept.append((cancellation, action, invocation))
                return
        self._answer(invocation, action)

    def _answer(self, invocation: Gio.DBusMethodInvocation, action: str) -> None:
        with self._lock:
            allowed = action not in self._denied
        invocation.return_value(GLib.Variant("((bba{ss}))", ((allowed, False, {}),)))

    def _cancel(self, cancellation: str) -> None:
        with self._lock:
            self.cancelled.append(cancellation)
            found = [kept for kept in self._kept if kept[0] == cancellation]
            self._kept = [kept for kept in self._kept if kept[0] != cancellation]
        for _, _, invocation in found:
            invocation.return_dbus_error(f"{NAME}.Error.Cancelled", "cancelled")
