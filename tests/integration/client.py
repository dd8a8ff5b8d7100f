# SPDX-License-Identifier: LGPL-2.1-or-later
"""A program on the bus that uses lpad: calls, operations and what is there to be seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gi.repository import Gio, GLib

from testbed.bus import LPAD_NAME
from testbed.process import wait_until
from testbed.stack import Stack

ROOT = "/org/lpad/Lpad1"
MANAGER, EUICC, PROFILE, NOTIFICATION, OPERATION = (
    f"{LPAD_NAME}.{name}" for name in ("Manager", "Euicc", "Profile", "Notification", "Operation")
)
ERROR = f"{LPAD_NAME}.Error."
UNKNOWN_METHOD = "org.freedesktop.DBus.Error.UnknownMethod"
#: Longer than anything may take on a loaded machine.
DEADLINE = 60.0


class Refused(Exception):
    """A call was answered with an error; name without the prefix of lpad's own errors."""

    def __init__(self, error: GLib.Error):
        remote = Gio.DBusError.get_remote_error(error) or ""
        super().__init__(remote, error.message)
        self.name = remote.removeprefix(ERROR)


class Client:
    """A connection of its own: what it started is its own, and ends when it leaves."""

    def __init__(self, stack: Stack):
        self._connection = stack.bus.connect()
        self._connection.set_exit_on_close(False)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    def leave(self) -> None:
        """Vanish from the bus."""
        if not self._connection.is_closed():
            self._connection.close_sync(None)

    @property
    def connection(self) -> Gio.DBusConnection:
        return self._connection

    def _call(self, path: str, method: str, parameters: GLib.Variant | None = None, *,
              timeout: float = DEADLINE, interactive: bool = False) -> GLib.Variant:
        interface, _, name = method.rpartition(".")
        flags = Gio.DBusCallFlags.ALLOW_INTERACTIVE_AUTHORIZATION if interactive else Gio.DBusCallFlags.NONE
        try:
            return self._connection.call_sync(
                LPAD_NAME, path, interface, name, parameters, None, flags, int(timeout * 1000), None,
            )
        except GLib.Error as error:
            raise Refused(error) from None

    def call(self, path: str, method: str, parameters: GLib.Variant | None = None, *,
             timeout: float = DEADLINE, interactive: bool = False) -> tuple:
        """method is INTERFACE.NAME.  interactive: polkit may ask the user."""
        return self._call(path, method, parameters, timeout=timeout, interactive=interactive).unpack()

    def objects(self, interface: str) -> dict[str, dict[str, Any]]:
        """Path and properties of every object with the interface.

        Operations linger for a minute after their end, so there can be hundreds: only what is asked for is
        taken apart.
        """
        method = "org.freedesktop.DBus.ObjectManager.GetManagedObjects"
        every = self._call(ROOT, method).get_child_value(0)
        found = {}
        for number in range(every.n_children()):
            entry = every.get_child_value(number)
            properties = entry.get_child_value(1).lookup_value(interface, None)
            if properties is not None:
                found[entry.get_child_value(0).get_string()] = properties.unpack()
        return found

    def properties(self, path: str, interface: str) -> dict[str, Any]:
        parameters = GLib.Variant("(s)", (interface,))
        return self.call(path, "org.freedesktop.DBus.Properties.GetAll", parameters)[0]

    def chips(self) -> dict[str, dict[str, Any]]:
        """Path and properties of every chip.  Operations linger on the bus for a minute, and objects() reads
        them all: this does not.  One that goes while they are read is left out."""
        readers = self.properties(ROOT, MANAGER)["Readers"]
        found = {}
        for path in [path for reader in readers for path in reader["euiccs"]]:
            try:
                found[path] = self.properties(path, EUICC)
            except Refused as refused:
                if refused.name != UNKNOWN_METHOD:
                    raise
        return found

    def euicc(self, eid: str) -> str:
        """Path of the chip; waits until lpad has it."""
        def find() -> str | None:
            return next((path for path, chip in self.chips().items() if chip["Eid"] == eid), None)
        return wait_until(find, DEADLINE, "the chip on the bus")

    def start(self, path: str, method: str, **options: object) -> Operation:
        """Call a method that returns an operation.  Words in names of options are joined by _."""
        parameters = GLib.Variant.new_tuple(variant_dict(options))
        return Operation(self, self.call(path, method, parameters)[0])

    def download(self, eid: str, code: str, **options: object) -> Operation:
        return self.start(self.euicc(eid), f"{EUICC}.Download", activation_code=code, **options)


class Operation:
    """One operation, whoever started it."""

    def __init__(self, client: Client, path: str):
        self._client, self.path = client, path

    @property
    def properties(self) -> dict[str, Any]:
        return self._client.properties(self.path, OPERATION)

    def wait(self, condition: Callable[[dict[str, Any]], object], what: str) -> dict[str, Any]:
        """The properties as soon as the condition is true of them."""
        def look() -> dict[str, Any] | None:
            now = self.properties
            return now if condition(now) else None
        return wait_until(look, DEADLINE, what)

    def wait_for_prompt(self) -> dict[str, Any]:
        """The offer, as soon as the operation waits for an answer to it."""
        return self.wait(lambda now: now["State"] in ("waiting", "finished"), "a prompt")["Prompt"]

    def result(self) -> dict[str, Any]:
        """Result, as soon as the operation has finished; error without the prefix."""
        result = self.wait(lambda now: now["State"] == "finished", "the end")["Result"]
        if "error" in result:
            result["error"] = result["error"].removeprefix(ERROR)
        return result

    def call(self, method: str, **options: object) -> None:
        """Confirm, Reject, Postpone or Cancel."""
        parameters = GLib.Variant.new_tuple(variant_dict(options))
        self._client.call(self.path, f"{OPERATION}.{method}", parameters)


def variant_dict(options: dict[str, object]) -> GLib.Variant:
    """a{sv} of booleans and texts."""
    kinds = {bool: "b", str: "s", int: "u"}
    return GLib.Variant("a{sv}", {
        name.replace("_", "-"): value if isinstance(value, GLib.Variant) else GLib.Variant(kinds[type(value)], value)
        for name, value in options.items()
    })
