# SPDX-License-Identifier: LGPL-2.1-or-later
"""What ModemManager shows on the bus, in the words of mmcli(1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gi.repository import Gio, GLib

from testbed.bus import Bus

NAME = "org.freedesktop.ModemManager1"
ROOT = "/org/freedesktop/ModemManager1"
MODEM, SIM = f"{NAME}.Modem", f"{NAME}.Sim"
NONE = "--"
#: MMModemState, from -1
STATES = (
    "failed", "unknown", "initializing", "locked", "disabled", "disabling", "enabling", "enabled", "searching",
    "registered", "disconnecting", "connecting", "connected",
)
#: MMModemStateFailedReason
FAILURES = (NONE, "unknown", "sim-missing", "sim-error", "unknown-capabilities", "esim-without-profiles")
#: MMModem3gppRegistrationState
REGISTRATIONS = (
    "idle", "home", "searching", "denied", "unknown", "roaming", "home-sms-only", "roaming-sms-only", "emergency-only",
    "home-csfb-not-preferred", "roaming-csfb-not-preferred", "attached-rlos",
)
TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class SeenModem:
    """What ModemManager shows of a modem and its SIM."""

    path: str
    state: str
    iccid: str
    imsi: str
    registration: str
    bearers: tuple[str, ...]
    failure: str
    device: str


def seen_modem(bus: Bus) -> SeenModem | None:
    """The first modem; None when ModemManager shows none, or is not there, or the modem goes while one looks."""
    try:
        shown = _call(bus, ROOT, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")
        path, interfaces = next(((path, of) for path, of in shown.items() if MODEM in of), ("", {}))
        if not path:
            return None
        modem = interfaces[MODEM]
        sim = _sim(bus, modem["Sim"])
    except GLib.Error:
        return None
    registration = interfaces.get(f"{MODEM}.Modem3gpp", {}).get("RegistrationState")
    return SeenModem(
        path, STATES[modem["State"] + 1], sim.get("SimIdentifier", ""), sim.get("Imsi", ""),
        NONE if registration is None else REGISTRATIONS[registration], tuple(modem["Bearers"]),
        FAILURES[modem["StateFailedReason"]], modem["Device"],
    )


def _sim(bus: Bus, path: str) -> Mapping:
    parameters = GLib.Variant("(s)", (SIM,))
    return _call(bus, path, "org.freedesktop.DBus.Properties", "GetAll", parameters) if path != "/" else {}


def _call(bus: Bus, path: str, interface: str, method: str, parameters: GLib.Variant | None = None) -> Mapping:
    return bus.connection.call_sync(
        NAME, path, interface, method, parameters, None, Gio.DBusCallFlags.NO_AUTO_START, TIMEOUT_SECONDS * 1000, None,
    ).unpack()[0]
