# SPDX-License-Identifier: LGPL-2.1-or-later
"""Debian's real NetworkManager on a device with a virtual modem.

    manager = NetworkManager(mobile)
    manager.start()
    first = manager.add("First", "gsm.apn", "first.example", "gsm.sim-id", FIRST.iccid)
    manager.wait_for_activated(first)

It manages nothing but the modem, and keeps connections in folders that end with the device's namespace.
"""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gi.repository import Gio, GLib

from testbed.internet import CABLE_END
from testbed.mobile import Mobile
from testbed.process import Program, StackError, need_programs, wait_until

NAME = "org.freedesktop.NetworkManager"
SETTINGS = f"{NAME}.Settings.Connection"
ACTIVE = f"{NAME}.Connection.Active"
DEVICE = f"{NAME}.Device"
#: Of an active connection.
STATES = {0: "unknown", 1: "activating", 2: "activated", 3: "deactivating", 4: "deactivated"}
MODEM_DEVICE = 8
#: Of a device: it can be used.
DISCONNECTED = 30
CONFIG = """[main]
auth-polkit={polkit}
dns=none
rc-manager=unmanaged
systemd-resolved=false
no-auto-default=*
plugins=keyfile

[connectivity]
enabled=false

[keyfile]
unmanaged-devices=interface-name:{cable};interface-name:lo
"""


def _is_gone(error: GLib.Error) -> bool:
    """Whether the object that was called is there no more."""
    return error.matches(Gio.dbus_error_quark(), Gio.DBusError.UNKNOWN_METHOD)


@dataclass(frozen=True)
class Active:
    """A connection that is in use or about to be."""

    uuid: str
    id: str
    state: str
    devices: tuple[str, ...]


class NetworkManager:
    """polkit: whether it asks polkit who may do what; otherwise everybody on the bus may do everything."""

    def __init__(self, mobile: Mobile, *, polkit: bool = False):
        need_programs("NetworkManager", "nmcli")
        self._mobile, self._polkit = mobile, polkit
        self._program: Program | None = None
        self._bus = mobile.bus.connection

    # Life

    def start(self) -> None:
        """And wait until it is on the bus."""
        folder = self._mobile.run.folder / "network-manager"
        folder.mkdir(exist_ok=True)
        config = folder / "NetworkManager.conf"
        config.write_text(CONFIG.format(polkit=str(self._polkit).lower(), cable=CABLE_END))
        self._program = self._mobile.namespace.spawn("NetworkManager", [
            "/usr/sbin/NetworkManager", "--debug", "--log-level=DEBUG", f"--config={config}",
            f"--config-dir={folder}/conf.d", f"--system-config-dir={folder}/system.d",
            f"--intern-config={folder}/intern.conf",
        ], self._mobile.env)
        wait_until(self._is_there, 30, "NetworkManager on the bus")

    def _is_there(self) -> bool:
        if not self._program.running:
            raise StackError(f"NetworkManager ended: {self.log[-2000:]}")
        return self._mobile.bus.has_owner(NAME)

    def stop(self) -> None:
        if self._program:
            self._program.stop(20)
            self._program = None
            self._mobile.bus.wait_for_no_owner(NAME)

    @property
    def log(self) -> str:
        return self._program.output() if self._program else ""

    # What a user does

    def nmcli(self, *arguments: str, timeout: float = 60.0) -> str:
        """What it prints; StackError with what it says when it fails."""
        done = self._mobile.execute("nmcli", *arguments, timeout=timeout)
        if done.returncode != 0:
            raise StackError(f"nmcli {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    def add(self, name: str, *settings: str) -> str:
        """A connection for the modem, with settings as nmcli(1) knows them; its UUID."""
        made = str(uuid.uuid4())
        self.nmcli("connection", "add", "save", "yes", "type", "gsm", "con-name", name, "connection.uuid", made, *settings)
        return made

    def modify(self, made: str, *settings: str) -> None:
        self.nmcli("connection", "modify", made, *settings)

    def use(self, made: str) -> None:
        """Activate the connection by hand, once the modem can be used, and wait until it is in use."""
        wait_until(self._is_at_rest, 60, "NetworkManager to have the modem, and no activation under way")
        if self.activated() != [made]:
            wait_until(lambda: self._activate(made), 60, "NetworkManager to activate the connection", interval=0.1)
        self.wait_for_activated(made)

    def _activate(self, made: str) -> bool:
        """Whether it has begun to; a modem that has just gone comes back."""
        try:
            self._call("/org/freedesktop/NetworkManager", NAME, "ActivateConnection",
                       GLib.Variant("(ooo)", (self._path_of(made), self._modem()[0] or "/", "/")))
        except GLib.Error as error:
            if Gio.DBusError.get_remote_error(error) != f"{NAME}.UnknownDevice":
                raise
            return False
        return True

    def _is_at_rest(self) -> bool:
        moving = [active for active in self.active() if active.state in ("activating", "deactivating")]
        return not moving and (self.modem_state() or 0) >= DISCONNECTED

    def remove_all(self) -> None:
        """Every connection; lpad-nm may have removed one of its own meanwhile."""
        for path in self._connections():
            try:
                self._call(path, SETTINGS, "Delete")
            except GLib.Error as error:
                if not _is_gone(error):
                    raise

    # What it shows

    def settings(self) -> dict[str, dict[str, dict]]:
        """The settings of every connection, by UUID, as the bus has them."""
        return {settings["connection"]["uuid"]: settings for _, settings in self._all_settings()}

    def _all_settings(self) -> Iterator[tuple[str, dict[str, dict]]]:
        """Path and settings of every connection; one that goes while they are read is left out."""
        for path in self._connections():
            try:
                (settings,) = self._call(path, SETTINGS, "GetSettings")
            except GLib.Error as error:
                if not _is_gone(error):
                    raise
            else:
                yield path, settings

    def in_memory(self, made: str) -> bool:
        """Whether what is known of the connection is other than what is on disk."""
        return dict(self.objects())[self._path_of(made)][SETTINGS]["Unsaved"]

    def _path_of(self, made: str) -> str:
        for path, settings in self._all_settings():
            if settings["connection"]["uuid"] == made:
                return path
        raise StackError(f"no connection {made}")

    def active(self) -> list[Active]:
        return [
            Active(shown["Uuid"], shown["Id"], STATES[shown["State"]], tuple(shown["Devices"]))
            for _, interfaces in self.objects() for name, shown in interfaces.items()
            if name == ACTIVE and shown["Type"] == "gsm"
        ]

    def _modem(self) -> tuple[str, Mapping]:
        """Path and properties of the modem; an empty path while there is none."""
        for path, interfaces in self.objects():
            if DEVICE in interfaces and interfaces[DEVICE]["DeviceType"] == MODEM_DEVICE:
                return path, interfaces[DEVICE]
        return "", {}

    def modem_state(self) -> int | None:
        """NMDeviceState of the modem; None while there is none."""
        return self._modem()[1].get("State")

    def activated(self) -> list[str]:
        """UUIDs of what is in use on the modem."""
        return [active.uuid for active in self.active() if active.state == "activated"]

    def wait_for_activated(self, made: str, timeout: float = 60.0) -> None:
        wait_until(lambda: self.activated() == [made], timeout, f"connection {made} to be in use", interval=0.05)

    def objects(self) -> Iterator[tuple[str, Mapping[str, Mapping]]]:
        yield from self._call("/org/freedesktop", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")[0].items()

    def _connections(self) -> list[str]:
        return [path for path, interfaces in self.objects() if SETTINGS in interfaces]

    def _call(self, path: str, interface: str, method: str, parameters: GLib.Variant | None = None) -> tuple:
        return self._bus.call_sync(
            NAME, path, interface, method, parameters, None, Gio.DBusCallFlags.NONE, 30_000, None,
        ).unpack()
