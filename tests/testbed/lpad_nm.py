# SPDX-License-Identifier: LGPL-2.1-or-later
"""lpad-nm on a device with a virtual modem: started without a privilege, and called as lpad calls it."""

from __future__ import annotations

import os
from pathlib import Path

from gi.repository import Gio, GLib

from testbed.mobile import LPAD_NM, UNPRIVILEGED, Mobile
from testbed.process import Program, StackError, wait_until
from testbed.sysfs import USB_DEVICE

PATH = "/org/lpad/Nm1"
#: In user.data of a connection that it has made.
MARK = "org.lpad.nm.chip"
#: The modem as ModemManager and lpad call it, and a chip in it.
MODEM = f"/sys/{USB_DEVICE}"
EUICC = "/org/lpad/Lpad1/euicc/0"
#: For the bus and for NetworkManager it is nobody; it only gets at the socket of the bus in a folder of its own.
AS_NOBODY = [
    "setpriv", f"--reuid={UNPRIVILEGED}", f"--regid={UNPRIVILEGED}", "--clear-groups",
    "--inh-caps=+dac_override,+dac_read_search", "--ambient-caps=+dac_override,+dac_read_search", "--",
]


class LpadNm:
    """The program at a path, with a folder that it keeps when it is killed."""

    def __init__(self, mobile: Mobile, program: Path):
        self._mobile, self._path = mobile, program
        self._program: Program | None = None
        self._folder = mobile.run.folder / "lpad-nm"
        self._folder.mkdir()
        os.chown(self._folder, UNPRIVILEGED, UNPRIVILEGED)
        #: APNs that the device's maker knows.
        self.apns = mobile.run.folder / "apn.conf"

    def start(self) -> None:
        """And wait until it is on the bus."""
        self._program = self._mobile.namespace.spawn(
            "lpad-nm-program", [*AS_NOBODY, str(self._path), f"--apns={self.apns}"],
            {**self._mobile.env, "RUNTIME_DIRECTORY": str(self._folder)},
        )
        wait_until(self._is_there, 30, "lpad-nm on the bus")

    def _is_there(self) -> bool:
        if not self._program.running:
            raise StackError(f"lpad-nm ended: {self.log}")
        return self._mobile.bus.has_owner(LPAD_NM)

    def stop(self) -> None:
        """And see that it ends well."""
        if self._program:
            self._program.stop(20)
            code, self._program = self._program.process.returncode, None
            if code != 0:
                raise StackError(f"lpad-nm ended with {code}")

    def kill(self) -> None:
        """As a crash would."""
        self._program.kill()
        self._program = None
        self._mobile.bus.wait_for_no_owner(LPAD_NM)

    @property
    def log(self) -> str:
        return self._program.output() if self._program else ""

    # What lpad calls

    def prepare(self, old: str, new: str, *, modem: str = MODEM) -> None:
        self._call("PrepareSwitch", GLib.Variant("(osss)", (EUICC, modem, old, new)))

    def end(self, iccid: str, *, modem: str = MODEM) -> None:
        self._call("EndSwitch", GLib.Variant("(oss)", (EUICC, modem, iccid)))

    def _call(self, method: str, arguments: GLib.Variant) -> None:
        """lpad waits for five seconds."""
        self._mobile.bus.connection.call_sync(
            LPAD_NM, PATH, LPAD_NM, method, arguments, None, Gio.DBusCallFlags.NO_AUTO_START, 5000, None,
        )

    @property
    def connections(self) -> list[dict[str, str]]:
        """Which connections serve which profiles."""
        reply = self._mobile.bus.connection.call_sync(
            LPAD_NM, PATH, "org.freedesktop.DBus.Properties", "Get", GLib.Variant("(ss)", (LPAD_NM, "Connections")),
            None, Gio.DBusCallFlags.NO_AUTO_START, 5000, None,
        )
        return reply.unpack()[0]

    @property
    def journal(self) -> str:
        """What is to be put back."""
        file = self._folder / "switch"
        return file.read_text() if file.exists() else ""
