# SPDX-License-Identifier: LGPL-2.1-or-later
"""What tests of the bus and of lui-cli begin with: orders, profiles and notifications that are there already."""

from __future__ import annotations

import itertools
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gi.repository import Gio, GLib

from client import DEADLINE, EUICC, NOTIFICATION, PROFILE, Client, variant_dict
from testbed import tlv
from testbed.bus import LPAD_NAME, TOP
from testbed.process import wait_until
from testbed.smdp import SubscriberRecord
from testbed.smdp.faults import Status
from testbed.smdp.orders import Order
from testbed.smdp.subscriber import decode_iccid
from testbed.stack import Stack
from testbed.veuicc.profiles import ENABLE, Profile

#: Options of a call that gives none.
NO_OPTIONS = GLib.Variant.new_tuple(variant_dict({}))
#: Events of profiles that servers are told of.
EVENTS = [1, 2, 3]
EVENT_BITS = {"install": 0, "enable": ENABLE, "disable": 2, "delete": 3}

_numbers = itertools.count(1)


def place(stack: Stack, **options) -> Order:
    """An order for a small profile that no other order of this process is for; a name may be given."""
    fields = {key: options.pop(key) for key in ("profile_name", "service_provider") if key in options}
    return stack.smdp.place_order(SubscriberRecord.make(next(_numbers), **fields), **{"size": 2000, **options})


def put_profile(stack: Stack, **fields) -> str:
    """A profile that is on the chip already; lpad knows of it.  Its ICCID."""
    record = SubscriberRecord.make(next(_numbers))
    told = tlv.encode(0x30, [
        tlv.encode(0x80, tlv.bit_string(EVENTS)), tlv.encode(0x81, stack.host.encode()),
    ])
    profile = stack.chip.add_profile(Profile(record.iccid_octets, **{
        "name": record.profile_name.encode(), "service_provider": b"Testbed Mobile",
        "notification_configuration": told, "owner": tlv.encode(0x80, record.plmn), **fields,
    }))
    reload(stack)
    return decode_iccid(profile.iccid)


def put_notification(stack: Stack, iccid: str, event: str = "enable") -> int:
    """A notification that waits on the chip, of something that happened to the profile; its number.

    The server refuses all until its faults are cleared: lpad may try to deliver by itself at any time.
    """
    stack.smdp.faults.at_function("handleNotification", Status(500), times=None)
    chip = stack.chip
    with chip.lock:
        profile = next(p for p in chip.profiles if decode_iccid(p.iccid) == iccid)
        profile.notification_configuration = profile.notification_configuration.replace(
            tlv.bit_string(EVENTS), tlv.bit_string(list(EVENT_BITS.values()))
        )
        chip.notify([(EVENT_BITS[event], profile)])
        number = chip.notifications.pending[-1].seq
    reload(stack)
    return number


def reload(stack: Stack) -> None:
    """lpad reads the chip again."""
    with Client(stack) as client:
        client.call(client.euicc(stack.chip.eid), f"{EUICC}.Reload", NO_OPTIONS)


def profile_path(client: Client, iccid: str) -> str:
    return next(path for path, profile in client.objects(PROFILE).items() if profile["Iccid"] == iccid)


def notification_path(client: Client, number: int) -> str:
    found = client.objects(NOTIFICATION).items()
    return next(path for path, notification in found if notification["SequenceNumber"] == number)


# The contract


def contract() -> dict[str, ElementTree.Element]:
    """The interfaces of the XML, by name."""
    root = ElementTree.parse(TOP / "dbus" / "org.lpad.Lpad1.xml").getroot()
    return {interface.get("name"): interface for interface in root.findall("interface")}


def members(kind: str) -> list[str]:
    """INTERFACE.NAME of all methods, properties or signals."""
    return [
        f"{name}.{member.get('name')}" for name, interface in contract().items() for member in interface.findall(kind)
    ]


def annotation(member: ElementTree.Element, name: str) -> str | None:
    found = member.find(f"annotation[@name='{LPAD_NAME}.{name}']")
    return None if found is None else found.get("value")


def find_member(kind: str, full_name: str) -> ElementTree.Element:
    interface, _, name = full_name.rpartition(".")
    return contract()[interface].find(f"{kind}[@name='{name}']")


# Signals


@dataclass(frozen=True)
class Signal:
    """One signal; name is INTERFACE.NAME, at the monotonic time of its arrival."""

    path: str
    name: str
    values: tuple
    at: float


class Signals:
    """All that lpad says to a client from now on; works while somebody waits."""

    def __init__(self, client: Client):
        self._client = client
        self.seen: list[Signal] = []
        self._context = GLib.MainContext.new()
        self._context.push_thread_default()
        self._subscription = client.connection.signal_subscribe(
            LPAD_NAME, None, None, None, None, Gio.DBusSignalFlags.NONE, self._on_signal
        )
        self._context.pop_thread_default()
        client.properties("/org/lpad/Lpad1", f"{LPAD_NAME}.Manager")  # now the subscription has reached the bus

    def _on_signal(self, _connection, _sender, path, interface, name, parameters) -> None:
        self.seen.append(Signal(path, f"{interface}.{name}", parameters.unpack(), time.monotonic()))

    def wait(self, condition: Callable[[Signal], object], what: str, timeout: float = DEADLINE) -> Signal:
        """The first signal, also of those seen already, of which the condition is true."""
        def look() -> Signal | None:
            while self._context.iteration(False):
                pass
            return next((signal for signal in self.seen if condition(signal)), None)
        return wait_until(look, timeout, f"{what} among {len(self.seen)} signals", interval=0.002)

    def changes(self, path: str) -> list[tuple[float, dict[str, Any]]]:
        """Time and new values of each change of the object's properties."""
        return [
            (signal.at, signal.values[1]) for signal in self.seen
            if signal.path == path and signal.name == "org.freedesktop.DBus.Properties.PropertiesChanged"
        ]

    def close(self) -> None:
        self._client.connection.signal_unsubscribe(self._subscription)
