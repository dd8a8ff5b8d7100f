# SPDX-License-Identifier: LGPL-2.1-or-later
"""A private bus that works like the system bus, with lpad activatable on it."""

from __future__ import annotations

import getpass
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import gi

gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib  # noqa: E402

from testbed.process import Program, Run, StackError, wait_until  # noqa: E402

TOP = Path(__file__).resolve().parents[2]
POLICY = TOP / "data" / "org.lpad.Lpad1.conf"
LPAD_NAME = "org.lpad.Lpad1"

#: Like Debian's system.conf: nobody owns a name or calls a method that no policy allows.
CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path={folder}/bus</listen>
  <auth>EXTERNAL</auth>
  <servicedir>{folder}/services</servicedir>
  <policy context="default">
    <allow user="*"/>
    <deny own="*"/>
    <deny send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus"/>
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus.Introspectable"/>
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus.Properties"/>
    <allow own="org.freedesktop.PolicyKit1"/>
    <allow send_destination="org.freedesktop.PolicyKit1"/>
  </policy>
  <include>{folder}/policy.conf</include>
</busconfig>
"""


def adapted_policy(text: str, user: str) -> str:
    """lpad's own bus policy, for a bus on which lpad does not run as user lpad."""
    return re.sub(r'user="lpad"', f'user="{user}"', text)


class Bus:
    """The dbus-daemon of a run.  ``connect()`` gives a connection of its own to it."""

    def __init__(self, run: Run):
        self._run = run
        self.address = f"unix:path={run.folder}/bus"
        self._program: Program | None = None
        self._connection: Gio.DBusConnection | None = None

    def start(
        self, env: Mapping[str, str], activation: Mapping[str, str], policies: Sequence[Path] = ()
    ) -> None:
        """Start it.  activation: bus name to the command that is executed for it; policies: of other services."""
        folder = self._run.folder
        (folder / "services").mkdir()
        for name, command in activation.items():
            self._write_service(name, command)
        (folder / "policy.conf").write_text(adapted_policy(POLICY.read_text(), str(os.getuid())))
        includes = "".join(f"  <include ignore_missing=\"yes\">{path}</include>\n" for path in policies)
        (folder / "bus.conf").write_text(CONFIG.format(folder=folder).replace("</busconfig>", f"{includes}</busconfig>"))
        command = ["dbus-daemon", f"--config-file={folder}/bus.conf", "--nofork", "--nopidfile", "--nosyslog"]
        self._program = self._run.spawn("bus", command, env)
        self._connection = wait_until(self._try, 60, "the bus")

    def _write_service(self, name: str, command: str) -> None:
        text = f"[D-BUS Service]\nName={name}\nExec={command}\nUser={getpass.getuser()}\n"
        (self._run.folder / "services" / f"{name}.service").write_text(text)

    def add_service(self, name: str, command: str) -> None:
        """The name can be activated from now on: the command is executed for it."""
        self._write_service(name, command)
        self.reload()

    def remove_service(self, name: str) -> None:
        """It cannot be activated any more."""
        (self._run.folder / "services" / f"{name}.service").unlink()
        self.reload()

    def reload(self) -> None:
        """Let it read its configuration again."""
        self.call_bus("ReloadConfig", GLib.Variant("()", ()))

    def _try(self) -> Gio.DBusConnection | None:
        """A connection; the socket is there a moment before somebody listens at it."""
        if not self._program.running:
            raise StackError(f"dbus-daemon ended: {self._program.output()}")
        try:
            return self.connect()
        except GLib.Error:
            return None

    @property
    def connection(self) -> Gio.DBusConnection:
        """The testbed's own connection."""
        return self._connection

    def connect(self) -> Gio.DBusConnection:
        flags = (Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
                 | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION)
        return Gio.DBusConnection.new_for_address_sync(self.address, flags, None, None)

    def call_bus(self, method: str, parameters: GLib.Variant, timeout: float = 60.0) -> tuple:
        """A method of the bus itself."""
        reply = self._connection.call_sync(
            "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", method, parameters,
            None, Gio.DBusCallFlags.NONE, int(timeout * 1000), None,
        )
        return reply.unpack()

    def has_owner(self, name: str) -> bool:
        return self.call_bus("NameHasOwner", GLib.Variant("(s)", (name,)))[0]

    def names(self) -> list[str]:
        """Of everybody who is on it."""
        return self.call_bus("ListNames", GLib.Variant("()", ()))[0]

    def pid_of(self, name: str) -> int | None:
        """The process that owns the name; None when nobody does.  Starts nothing."""
        try:
            return self.call_bus("GetConnectionUnixProcessID", GLib.Variant("(s)", (name,)))[0]
        except GLib.Error as error:
            if Gio.DBusError.get_remote_error(error) == "org.freedesktop.DBus.Error.NameHasNoOwner":
                return None
            raise

    def activate(self, name: str, timeout: float = 60.0) -> None:
        """Let the bus start the name's owner and wait until it is there."""
        self.call_bus("StartServiceByName", GLib.Variant("(su)", (name, 0)), timeout)

    def wait_for_owner(self, name: str, timeout: float = 60.0) -> None:
        wait_until(lambda: self.has_owner(name), timeout, f"{name} on the bus")

    def wait_for_no_owner(self, name: str, timeout: float = 60.0) -> None:
        wait_until(lambda: not self.has_owner(name), timeout, f"{name} to leave the bus")

    def close(self) -> None:
        """Drop the testbed's connection; the daemon itself ends with the run."""
        if self._connection and not self._connection.is_closed():
            self._connection.set_exit_on_close(False)
            self._connection.close_sync(None)
