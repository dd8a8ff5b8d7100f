# SPDX-License-Identifier: LGPL-2.1-or-later
"""lpad-nm between real NetworkManager, real ModemManager and lpad, on a device with a virtual modem."""

from __future__ import annotations

import random
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from gi.repository import GLib

from conftest import close
from invariants import lui_json
from test_install import LPAD_NM_ACTIONS
from testbed.bus import LPAD_NAME, TOP
from testbed.device import Device
from testbed.lpad_nm import MARK, LpadNm
from testbed.mobile import UNPRIVILEGED
from testbed.network_manager import NetworkManager
from testbed.process import wait_until
from testbed.smdp import SubscriberRecord

FIRST, SECOND, THIRD = (SubscriberRecord.make(number) for number in (201, 202, 203))
#: Behaviours of firmware in the race, see testbed/modem/firmware.py, and the order in which they come.
RACED, SEED = ["refresh", "slot-event", "refresh-without-end", "silent"], 1
APNS = {FIRST.iccid: "first.example", SECOND.iccid: "second.example"}
#: Another user's process, which the bus has to refuse; it also listens, until it is told to stop.
AS_ANOTHER = """
import gi, sys
gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib
flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
bus = Gio.DBusConnection.new_for_address_sync(sys.argv[1], flags, None, None)
loop = GLib.MainLoop()
bus.signal_subscribe("org.lpad.Nm1", None, None, None, None, 0, lambda *signal: print("heard", signal[4]))
bus.signal_subscribe(None, "org.example.Test", "Stop", None, None, 0, lambda *signal: loop.quit())
for interface, method, arguments in (
    ("org.freedesktop.DBus.Properties", "Get", GLib.Variant("(ss)", ("org.lpad.Nm1", "Connections"))),
    ("org.lpad.Nm1", "EndSwitch", GLib.Variant("(oss)", ("/", "", ""))),
):
    try:
        bus.call_sync("org.lpad.Nm1", "/org/lpad/Nm1", interface, method, arguments, None,
                      Gio.DBusCallFlags.NO_AUTO_START, 10000, None)
        print("answered")
    except GLib.Error as error:
        print(Gio.DBusError.get_remote_error(error), flush=True)
loop.run()
"""


class Platform:
    """The device with all its programs, and what a test asks of them."""

    def __init__(self) -> None:
        self.device = Device(records=[FIRST, SECOND]).__enter__()
        self.mobile, self.network = self.device.mobile, self.device.network
        self.manager = NetworkManager(self.mobile, polkit=True)
        self.agent = LpadNm(self.mobile, self.device.build / "lpad-nm" / "lpad-nm")
        self.manager.start()
        self.mobile.start_modem_manager()
        self.agent.start()
        self.device.start_lpad()

    def close(self) -> None:
        self.agent.stop()
        self.manager.stop()
        close(self.device)

    @property
    def enabled(self) -> str:
        return self.mobile.modem.iccid

    @property
    def other(self) -> str:
        return SECOND.iccid if self.enabled == FIRST.iccid else FIRST.iccid

    def enable(self, iccid: str) -> None:
        """As a user does it."""
        done = self.device.lui("enable", iccid)
        assert done.returncode == 0, done.stderr

    def connections_of_both(self, *settings: str) -> dict[str, str]:
        """One connection for each profile; UUID by ICCID."""
        return {
            iccid: self.manager.add(apn, "gsm.apn", apn, "gsm.sim-id", iccid, *settings) for iccid, apn in APNS.items()
        }

    def wait_for_quiet(self) -> None:
        """Until lpad-nm has put everything back."""
        wait_until(lambda: self.agent.journal == "", 60, "lpad-nm to put everything back")

    def attaches(self, since: int = 0) -> set[str]:
        """APNs that the network was asked for; on a slow machine one may be asked for twice."""
        return {apn for _, apn in self.network.asked[since:]}


@pytest.fixture(scope="module")
def started() -> Iterator[Platform]:
    platform = Platform()
    yield platform
    platform.close()


@pytest.fixture
def platform(started) -> Iterator[Platform]:
    """Without any connection, before and after; at the end nothing is left to be put back."""
    started.manager.remove_all()
    yield started
    started.wait_for_quiet()
    started.manager.remove_all()


def general(platform: Platform, uuid: str) -> tuple[int, bool, bool]:
    """Priority of a connection, whether it connects by itself, and whether that differs from its file."""
    settings = platform.manager.settings()[uuid]["connection"]
    return settings.get("autoconnect-priority", 0), settings.get("autoconnect", True), platform.manager.in_memory(uuid)


UNTOUCHED = (0, True, False)


# The switch ----------------------------------------------------------------------

def test_switches_come_up_on_the_connection_of_the_new_profile(platform):
    """Without an attach with the APN of the old one; also when lpad-nm is told everything twice."""
    made = platform.connections_of_both()
    platform.manager.use(made[platform.enabled])
    before, old, new = len(platform.network.asked), platform.enabled, platform.other
    platform.agent.prepare(old, new)
    platform.enable(new)
    platform.agent.end(new)
    platform.manager.wait_for_activated(made[new])
    assert platform.attaches(before) == {APNS[new]}
    platform.wait_for_quiet()
    assert {general(platform, uuid) for uuid in made.values()} == {UNTOUCHED}


def test_the_race(platform):
    """Whatever the firmware makes of a switch. lpad alone calls lpad-nm: before, so that no attach goes wrong, and after,
    so that all is put back. tests/measure makes fifty switches under each behaviour."""
    made = platform.connections_of_both()
    platform.manager.use(made[platform.enabled])
    firmware = platform.mobile.modem.firmware
    try:
        for behaviour in random.Random(SEED).sample(RACED, len(RACED)):
            before, new = len(platform.network.asked), platform.other
            firmware.behaviour = behaviour
            platform.enable(new)
            platform.manager.wait_for_activated(made[new])
            assert platform.attaches(before) == {APNS[new]}, behaviour
            platform.wait_for_quiet()
            assert {general(platform, uuid) for uuid in made.values()} == {UNTOUCHED}, behaviour
    finally:
        firmware.behaviour = "refresh"


def test_the_end_alone_puts_it_right(platform):
    """lpad's signal is enough; nobody has prepared anything."""
    made = platform.connections_of_both()
    platform.manager.use(made[platform.enabled])
    new = platform.other
    platform.enable(new)
    platform.manager.wait_for_activated(made[new])


def test_what_the_profile_before_left_on_the_interface_is_cleared(platform):
    """NetworkManager, when the modem goes too early, leaves an address and a default route that lead nowhere."""
    made = platform.connections_of_both()
    platform.manager.use(made[platform.enabled])
    left = platform.mobile.execute("/bin/sh", "-ec", """
        ip address add 10.99.0.2/24 dev wwan0
        ip route prepend default via 10.99.0.1 dev wwan0 metric 700""")
    assert left.returncode == 0, left.stderr
    platform.agent.end(platform.enabled)
    routes = ("ip", "-4", "route", "show", "dev", "wwan0")
    wait_until(lambda: "10.99.0" not in platform.mobile.execute(*routes).stdout, 60, "the route to be cleared")
    assert "10.99.0" not in platform.mobile.execute("ip", "-4", "address").stdout
    assert "default via 10.45.0.1" in platform.mobile.execute(*routes).stdout
    assert platform.manager.activated() == [made[platform.enabled]]


def test_a_connection_is_made_and_goes_with_its_profile(platform):
    """With the profile's name and ICCID, no APN, and nothing that lets NetworkManager guess one."""
    device, manager = platform.device, platform.manager
    order = device.smdp.place_order(THIRD)
    platform.network.add(THIRD)
    assert lui_json(device, "download", "--yes", "--nickname", "Trip", order.activation_code)["ok"]
    old = platform.enabled
    own = manager.add("Own", "gsm.apn", "own.example", "gsm.sim-id", old)
    manager.use(own)
    before = len(platform.network.asked)
    platform.agent.prepare(old, THIRD.iccid)
    platform.enable(THIRD.iccid)
    platform.agent.end(THIRD.iccid)
    wait_until(lambda: manager.activated() not in ([], [own]), 60, "the new connection to be in use")
    (made,) = manager.activated()
    platform.wait_for_quiet()
    settings = manager.settings()[made]
    assert platform.attaches(before) == {""}
    assert settings["connection"]["id"] == "Trip" and settings["gsm"] == {"sim-id": THIRD.iccid}
    assert device.chip.eid not in settings["user"]["data"][MARK]
    assert general(platform, made) == UNTOUCHED and general(platform, own) == UNTOUCHED

    platform.enable(old)
    manager.wait_for_activated(own)
    assert device.lui("delete", "--yes", THIRD.iccid).returncode == 0
    wait_until(lambda: set(manager.settings()) == {own}, 60, "the connection to go with its profile")


def test_one_for_any_sim_is_left_alone(platform):
    """A user's own connection without a sim-id serves every profile, and nothing is made beside it."""
    own = platform.manager.add("Own", "gsm.apn", "own.example")
    platform.manager.use(own)
    before, old, new = platform.manager.settings()[own], platform.enabled, platform.other
    platform.agent.prepare(old, new)
    platform.enable(new)
    platform.agent.end(new)
    platform.manager.wait_for_activated(own)
    wait_until(lambda: {"iccid": new, "id": "Own", "uuid": own, "state": "activated"} in platform.agent.connections,
               10, "lpad-nm to show it")
    after = platform.manager.settings()
    assert set(after) == {own} and general(platform, own) == UNTOUCHED
    before["connection"].pop("timestamp", None), after[own]["connection"].pop("timestamp", None)
    assert after[own] == before


# What goes wrong -----------------------------------------------------------------

def test_network_manager_restarts_in_mid_switch(platform):
    made = platform.connections_of_both()
    platform.manager.use(made[platform.enabled])
    old, new = platform.enabled, platform.other
    platform.agent.prepare(old, new)
    platform.manager.stop()
    platform.enable(new)
    platform.agent.end(new)
    platform.manager.start()
    platform.manager.wait_for_activated(made[new])
    platform.wait_for_quiet()
    assert {general(platform, uuid) for uuid in made.values()} == {UNTOUCHED}


def test_modem_manager_restarts_in_mid_switch(platform):
    made = platform.connections_of_both()
    platform.manager.use(made[platform.enabled])
    old, new = platform.enabled, platform.other
    platform.agent.prepare(old, new)
    platform.mobile.stop_modem_manager()
    platform.enable(new)
    platform.agent.end(new)
    platform.mobile.start_modem_manager()
    platform.manager.wait_for_activated(made[new])


def test_without_both_it_waits(platform):
    """A switch on a device whose network is managed by nobody; later somebody does."""
    made = platform.connections_of_both()
    new = platform.other
    platform.mobile.stop_modem_manager()
    platform.manager.stop()
    wait_until(lambda: platform.agent.connections == [], 60, "lpad-nm to show no connection")
    platform.agent.prepare(platform.enabled, new)
    platform.enable(new)
    platform.agent.end(new)
    platform.manager.start()
    platform.mobile.start_modem_manager()
    platform.manager.wait_for_activated(made[new])


def test_a_switch_that_fails(platform):
    """What was raised is as it was, what was made is gone."""
    old, new = platform.enabled, platform.other
    made = platform.connections_of_both()
    platform.manager.use(made[old])
    platform.agent.prepare(old, new)
    assert general(platform, made[old]) == (0, False, True) and general(platform, made[new]) == UNTOUCHED
    platform.agent.end(old)
    platform.wait_for_quiet()
    assert {general(platform, uuid) for uuid in made.values()} == {UNTOUCHED}
    assert platform.manager.activated() == [made[old]]

    platform.manager.nmcli("connection", "delete", made[new])
    platform.agent.prepare(old, new)
    assert len(platform.manager.settings()) == 2
    platform.agent.end(old)
    platform.wait_for_quiet()
    assert set(platform.manager.settings()) == {made[old]}


def test_a_crash_of_lpad_nm(platform):
    """The next one puts back what it finds, as soon as it knows which profile is enabled."""
    old, new = platform.enabled, platform.other
    made = platform.connections_of_both("connection.autoconnect-priority", "999")
    platform.manager.use(made[old])
    assert lui_json(platform.device, "list")["profiles"]
    platform.agent.prepare(old, new)
    assert general(platform, made[old]) == (999, False, True) and general(platform, made[new]) == (999, True, False)
    assert old not in platform.agent.journal and new not in platform.agent.journal
    platform.agent.kill()
    assert general(platform, made[old]) == (999, False, True)
    platform.agent.start()
    platform.wait_for_quiet()
    assert {general(platform, uuid) for uuid in made.values()} == {(999, True, False)}
    assert platform.manager.activated() == [made[old]]


def test_what_the_user_changes_meanwhile_stays(platform):
    """In the old profile's connection, which is held back, and in the new one's, which goes before one for any SIM."""
    made, old, new = platform.connections_of_both(), platform.enabled, platform.other
    platform.manager.use(made[old])
    platform.manager.add("Any", "connection.autoconnect-priority", "7")
    platform.agent.prepare(old, new)
    assert general(platform, made[old]) == (0, False, True) and general(platform, made[new]) == (8, True, True)
    platform.manager.modify(made[old], "gsm.apn", "users.example", "connection.autoconnect-priority", "17")
    platform.manager.modify(made[new], "connection.autoconnect-priority", "18")
    platform.agent.end(old)
    platform.wait_for_quiet()
    assert platform.manager.settings()[made[old]]["gsm"]["apn"] == "users.example"
    assert general(platform, made[old]) == (17, True, False) and general(platform, made[new]) == (18, True, False)


def test_data_that_the_user_keeps_off_stays_off(platform):
    """Neither the connection that is not to connect by itself comes up, nor another SIM's in its place."""
    made = platform.connections_of_both()
    old, new = platform.enabled, platform.other
    platform.manager.use(made[old])
    platform.manager.modify(made[new], "connection.autoconnect", "no")
    before = len(platform.network.asked)
    platform.agent.prepare(old, new)
    assert general(platform, made[old]) == (0, False, True)
    platform.enable(new)
    platform.agent.end(new)
    platform.wait_for_quiet()
    assert platform.attaches(before) == set() and platform.manager.activated() == []
    assert general(platform, made[old]) == UNTOUCHED and general(platform, made[new]) == (0, False, False)


def test_lpad_crashes_in_mid_switch(platform):
    """Nobody says how the switch ended: the next lpad shows it."""
    made = platform.connections_of_both()
    old, new = platform.enabled, platform.other
    platform.manager.use(made[old])
    assert lui_json(platform.device, "list")["profiles"]
    platform.agent.prepare(old, new)
    platform.device.kill_lpad()
    assert general(platform, made[old]) == (0, False, True)
    platform.device.start_lpad()
    platform.wait_for_quiet()
    assert general(platform, made[old]) == UNTOUCHED and platform.manager.activated() == [made[old]]


def test_lpad_ends_when_idle(platform):
    """lpad-nm looks on, and does not keep lpad there."""
    device = platform.device
    device.stop_lpad()
    device.write_config({"General": {"IdleTimeout": "1"}})
    assert lui_json(device, "list")["profiles"]
    device.bus.wait_for_no_owner(LPAD_NAME)
    device.write_config()


# What it may and what others may -------------------------------------------------

def test_it_asks_polkit_for_what_its_rules_name(platform):
    """It runs as nobody here: what NetworkManager asked polkit about it is what the installed rules allow."""
    made = platform.connections_of_both()
    old, new = platform.enabled, platform.other
    platform.manager.use(made[old])
    platform.agent.prepare(old, new)
    platform.agent.end(old)
    platform.wait_for_quiet()
    asked = {check.action for check in platform.device.polkit.checks if check.subject.get("uid") == UNPRIVILEGED}
    assert "org.freedesktop.NetworkManager.settings.modify.system" in asked
    rules = (TOP / "data" / "lpad-nm.rules").read_text()
    assert asked <= set(re.findall(r'action.id == "([^"]+)"', rules)) == LPAD_NM_ACTIONS


def test_polkit_says_no(platform):
    """A device without the rules: the call fails with a reason, nothing is changed, lpad-nm stays."""
    made = platform.connections_of_both()
    platform.manager.use(made[platform.enabled])
    denied = "org.freedesktop.NetworkManager.settings.modify.system"
    platform.device.polkit.deny(denied)
    try:
        with pytest.raises(GLib.Error, match="org.lpad.Nm1.Error.Failed.*NetworkManager cannot be prepared"):
            platform.agent.prepare(platform.enabled, platform.other)
    finally:
        platform.device.polkit.allow(denied)
    platform.agent.end(platform.enabled)
    platform.wait_for_quiet()
    assert {general(platform, uuid) for uuid in made.values()} == {UNTOUCHED}


@pytest.mark.parametrize(("old", "new"), [("../../x", ""), ("", "8988"), ("", "8" * 21)])
def test_arguments_are_checked(platform, old, new):
    with pytest.raises(GLib.Error, match="org.lpad.Nm1.Error.InvalidArguments.*ICCID"):
        platform.agent.prepare(old, new)


def test_nobody_else_may_call_or_hear_it(platform):
    command = ["setpriv", "--reuid=1", "--regid=1", "--clear-groups", "--inh-caps=+dac_override",
               "--ambient-caps=+dac_override", "--", sys.executable, "-c", AS_ANOTHER, platform.mobile.bus.address]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        refused = [process.stdout.readline().strip() for _ in range(2)]
        made = platform.manager.add("Secret", "gsm.sim-id", FIRST.iccid)
        wait_until(lambda: [shown["uuid"] for shown in platform.agent.connections] == [made], 60, "lpad-nm to show it")
        platform.mobile.bus.connection.emit_signal(None, "/", "org.example.Test", "Stop", None)
        heard, _ = process.communicate(timeout=30)
    assert refused == ["org.freedesktop.DBus.Error.AccessDenied"] * 2 and heard == ""


def test_status_shows_the_connection(platform):
    """To those who may see profiles; and nothing when there is no connection, or no lpad-nm."""
    own = platform.manager.add("Holiday", "gsm.apn", APNS[platform.enabled], "gsm.sim-id", platform.enabled)
    platform.manager.use(own)

    def shown(uuid: str, state: str) -> bool:
        profiles = lui_json(platform.device, "list")["profiles"]
        (profile,) = [profile for profile in profiles if profile["iccid"] == platform.enabled]
        return profile["connection"] == ({"id": "Holiday", "uuid": uuid, "state": state} if uuid else {})
    wait_until(lambda: shown(own, "activated"), 60, "lui-cli to show the connection")
    assert "\n  Connection: Holiday (activated)\n" in platform.device.lui("status").stdout
    platform.manager.nmcli("connection", "down", own)
    wait_until(lambda: shown(own, "inactive"), 60, "lui-cli to show that it is not used")
    platform.agent.stop()
    wait_until(lambda: shown("", ""), 60, "lui-cli to show nothing")
    status = platform.device.lui("status")
    assert status.returncode == 0 and "Connection" not in status.stdout
    platform.agent.start()


def test_its_log_names_no_subscriber(platform):
    log = (platform.mobile.run.folder / "lpad-nm-program.log").read_text()
    assert "connection" in log
    assert not [secret for secret in (*APNS, *APNS.values(), platform.device.chip.eid) if secret in log], log
