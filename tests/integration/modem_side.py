# SPDX-License-Identifier: LGPL-2.1-or-later
"""What tests of lpad-modem have in common: a caller on the bus, and ES10 by way of it."""

from __future__ import annotations

import pytest
from gi.repository import Gio, GLib

from testbed.mobile import LPAD_MODEM, Mobile
from testbed.stack import SANITIZERS, default_build
from testbed.tests.mini_lpa import ISD_R, CardChannel

ROOT, SLOT = "/org/lpad/Modem1", "org.lpad.Modem1.Slot"
GET_EID = bytes.fromhex("80E2910006BF3E035C015A00")
#: The ISD-R of cards that one can buy.
REMOVABLE_AID = bytes.fromhex("A0000005591010FFFFFFFF8900050500")
OTHER_AID = bytes.fromhex("A0000000871002")
ABSENT_AID = bytes.fromhex("A000000559101000000001")
NO_REPLY = "org.freedesktop.DBus.Error.NoReply"
ENDED = (NO_REPLY, "org.freedesktop.DBus.Error.ServiceUnknown", "org.freedesktop.DBus.Error.NameHasNoOwner")


class Caller:
    """A client of the bus: the object of the modem's first slot."""

    def __init__(self, mobile: Mobile):
        self._bus = mobile.bus.connect()

    def close(self) -> None:
        self._bus.close_sync(None)

    def call(self, path: str, interface: str, method: str, parameters: GLib.Variant | None = None, timeout: int = 60) -> tuple:
        flags = Gio.DBusCallFlags.NO_AUTO_START
        reply = self._bus.call_sync(
            LPAD_MODEM, path, interface, method, parameters, None, flags, timeout * 1000, None,
        )
        return reply.unpack()

    def slots(self) -> dict[str, dict]:
        """Properties of each slot by its path."""
        objects = self.call(ROOT, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")[0]
        return {path: interfaces[SLOT] for path, interfaces in sorted(objects.items())}

    def iccids(self) -> list[str]:
        return [properties["Iccid"] for properties in self.slots().values()]

    @property
    def path(self) -> str:
        return next(iter(self.slots()))

    @property
    def slot(self) -> dict:
        return self.slots()[self.path]

    def open(self, aid: bytes = ISD_R, path: str | None = None) -> tuple[int, bytes]:
        channel, response = self.call(path or self.path, SLOT, "OpenChannel", GLib.Variant("(ay)", (aid,)))
        return channel, bytes(response)

    def transmit(self, channel: int, command: bytes, path: str | None = None) -> bytes:
        parameters = GLib.Variant("(uay)", (channel, command))
        return bytes(self.call(path or self.path, SLOT, "Transmit", parameters)[0])

    def close_channel(self, channel: int) -> None:
        self.call(self.path, SLOT, "CloseChannel", GLib.Variant("(u)", (channel,)))

    def flood(self, channel: int, commands: list[bytes]) -> None:
        """All commands, without waiting for an answer but the last."""
        path = self.path
        for command in commands:
            message = Gio.DBusMessage.new_method_call(LPAD_MODEM, path, SLOT, "Transmit")
            message.set_body(GLib.Variant.new_tuple(
                GLib.Variant.new_uint32(channel),
                GLib.Variant.new_from_bytes(GLib.VariantType("ay"), GLib.Bytes.new(command), True),
            ))
            message.set_flags(Gio.DBusMessageFlags.NO_REPLY_EXPECTED)
            self._bus.send_message(message, Gio.DBusSendMessageFlags.NONE)
        self.call(path, SLOT, "Transmit", GLib.Variant("(uay)", (channel, GET_EID)), timeout=300)

    def power_cycle(self) -> None:
        self.call(self.path, SLOT, "PowerCycle")

    def recover(self, step: str) -> None:
        self.call(self.path, SLOT, "Recover", GLib.Variant("(s)", (step,)))

    def listen(self) -> list[str]:
        """Names of the signals of lpad-modem from now on, for hears()."""
        heard: list[str] = []
        self._bus.signal_subscribe(
            LPAD_MODEM, SLOT, None, None, None, Gio.DBusSignalFlags.NONE,
            lambda *arguments: heard.append(arguments[4]),
        )
        return heard


def hears(heard: list[str], name: str) -> bool:
    """Whether a signal of this name has come."""
    while GLib.MainContext.default().iteration(False):
        pass
    return name in heard


class BusChannel(CardChannel):
    """ES10 by way of lpad-modem."""

    def __init__(self, caller: Caller):
        self._size = 255
        self.number, _ = caller.open()
        self.channel = 0
        path = caller.path
        self._process = lambda apdu: caller.transmit(self.number, apdu, path)


def error_of(function, *arguments) -> str:
    with pytest.raises(GLib.Error) as raised:
        function(*arguments)
    return Gio.DBusError.get_remote_error(raised.value).removeprefix("org.lpad.Modem1.Error.")


def start(mobile: Mobile, *options: str, settled: bool = True) -> None:
    program = default_build() / "lpad-modem" / "lpad-modem"
    logs = {key: f"{value}:log_path={mobile.run.folder}/sanitizer" for key, value in SANITIZERS.items()}
    env = {**logs, "G_DEBUG": "fatal-criticals", "RUNTIME_DIRECTORY": str(mobile.run.folder)}
    if settled:
        mobile.lpad_modem = mobile.start_lpad_modem(program, *options, env=env)
    else:
        mobile.lpad_modem = mobile.namespace.spawn("lpad-modem", [str(program), *options], {**mobile.env, **env})


def chip_of(mobile: Mobile):
    return mobile.modem.slots[0].chip
