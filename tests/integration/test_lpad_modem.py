# SPDX-License-Identifier: LGPL-2.1-or-later
"""lpad-modem on a private bus, with a virtual modem behind Debian's qmi-proxy and ModemManager beside it."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from gi.repository import Gio

from modem_side import (
    ABSENT_AID, GET_EID, OTHER_AID, REMOVABLE_AID, BusChannel, Caller, chip_of, error_of, hears, start,
)
from testbed.mobile import LPAD_MODEM
from testbed.modem import Firmware, firmware
from testbed.modem.qmux import Error
from testbed.process import wait_until
from testbed.stack import default_build
from testbed.sysfs import PCIE_DEVICE
from testbed.tests.mini_lpa import ISD_R
from testbed.tests.modem_peers import FIRST, SECOND
from testbed.tests.veuicc_peers import switch
from testbed.veuicc import faults

LPAD = "org.lpad.Lpad1"
#: Calls from a foreign user's process, which the bus has to refuse.
AS_NOBODY = """
import gi
gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib
import sys
flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
bus = Gio.DBusConnection.new_for_address_sync(sys.argv[1], flags, None, None)
try:
    bus.call_sync("org.lpad.Modem1", "/org/lpad/Modem1", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects",
                  None, None, 0, 10000, None)
    print("answered")
except GLib.Error as error:
    print(Gio.DBusError.get_remote_error(error))
"""


def test_channels(mobile, caller):
    """What a slot shows; a channel leads to the chip, is its owner's alone and ends with it."""
    chip = chip_of(mobile)
    slot = caller.slot
    assert (slot["Device"], slot["Slot"], slot["Active"]) == ("/dev/cdc-wdm0", 1, True)
    assert (slot["CardState"], slot["IsEuicc"]) == ("present", True)
    assert (slot["Eid"], slot["Iccid"]) == (chip.eid, FIRST.iccid)
    assert slot["PhysicalDevice"] == "/sys/devices/pci0000:00/0000:00:14.0/usb1/1-1"
    assert (slot["Transport"], slot["Imei"]) == ("qmi", mobile.modem.firmware.imei)
    assert slot["Technologies"] == ["lte"]

    channel, response = caller.open()
    assert response == chip.fci()
    assert caller.transmit(channel, GET_EID).hex() == f"bf3e125a10{chip.eid}9000"
    other = Caller(mobile)
    assert error_of(other.transmit, channel, GET_EID) == "NoSuchChannel"
    assert error_of(other.close_channel, channel) == "NoSuchChannel"
    other.open()
    assert chip.open_channels == 2
    other.close()
    wait_until(lambda: chip.open_channels == 1, 60, "the channel of the client that has left to be closed")
    caller.close_channel(channel)
    assert chip.open_channels == 0
    assert error_of(caller.close_channel, channel) == "NoSuchChannel"
    assert caller.open()[0] != channel


def is_es10(command: bytes) -> bool:
    """What may pass, said once more: STORE DATA, GET RESPONSE, TERMINAL CAPABILITY in plain, short forms."""
    if len(command) < 5 or len(command) > 261:
        return False
    cla, ins, p1, p2, lc = command[:5]
    plain = cla & 0x30 == 0 if cla & 0x40 else cla & 0x3C == 0
    data = len(command) > 5
    if not plain or data and (lc == 0 or len(command) not in (5 + lc, 6 + lc)):
        return False
    return (
        ins == 0xE2 and cla >= 0x80 and data and p1 in (0x11, 0x91)
        or ins == 0xAA and cla >= 0x80 and data and (p1, p2) == (0, 0)
        or ins == 0xC0 and not data and (p1, p2) == (0, 0)
    )


def hostile_commands(dice: random.Random) -> list[bytes]:
    """Noise, and commands that are right but for an octet or two."""
    noise = [dice.randbytes(dice.randrange(0, 40)) for _ in range(95_000)]
    near = []
    while len(near) < 5_000:
        command = bytearray(dice.choice((GET_EID, b"\x80\xAA\x00\x00\x02\xA9\x00", b"\x80\xC0\x00\x00\x00")))
        for _ in range(dice.choice((1, 2))):
            command[dice.randrange(5)] = dice.randrange(256)
        near.append(bytes(command))
    return noise + near


def test_only_es10_passes(mobile, caller):
    """Neither applications nor commands of others reach the card, however many are tried."""
    chip = chip_of(mobile)
    assert error_of(caller.open, OTHER_AID) == "NotAllowed"
    assert error_of(caller.open, b"") == "NotAllowed"
    assert error_of(caller.transmit, 1, bytes.fromhex("0070000001")) == "NotAllowed"
    channel, _ = caller.open()
    before, tried = len(chip.transcript), hostile_commands(random.Random(4))
    caller.flood(channel, tried)
    sent = [exchange.command for exchange in chip.transcript][before:-1]
    passed = [command for command in tried if is_es10(command)]
    assert sent and all(is_es10(command) and command[0] & 0x43 for command in sent)
    assert [command[1:] for command in sent] == [command[1:] for command in passed]
    assert caller.slot["Refused"] == len(tried) - len(passed) + 3


def test_foreign_users_are_refused_by_the_bus(mobile):
    os.chmod(mobile.run.folder, 0o711)
    address = mobile.bus.address
    done = subprocess.run(
        ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", sys.executable, "-c", AS_NOBODY, address],
        capture_output=True, text=True, timeout=60,
    )
    assert done.stdout.strip() == "org.freedesktop.DBus.Error.AccessDenied", done


def test_what_modem_and_card_refuse(mobile, caller):
    modem, chip = mobile.modem, chip_of(mobile)
    modem.firmware.isdr_error = Error.ACCESS_DENIED
    assert error_of(caller.open) == "ModemRefuses"
    modem.firmware.isdr_error = None
    channels = [caller.open()[0] for _ in range(3)]
    assert error_of(caller.open) == "NoFreeChannel"
    chip.faults.at_apdu(1, faults.silence())
    assert error_of(caller.transmit, channels[0], GET_EID) == "Failed"
    modem.faults.at_message("UIM Send APDU", firmware.late(0.2))
    assert caller.transmit(channels[0], GET_EID)[-2:].hex() == "9000"
    for channel in channels:
        caller.close_channel(channel)
    chip.config.isdr_aid = REMOVABLE_AID
    assert error_of(caller.open) == "NotFound"
    caller.close_channel(caller.open(REMOVABLE_AID)[0])


@pytest.mark.parametrize("behaviour", ["refresh", "slot-event", "silent-until-power-cycle"])
def test_switches(mobile, caller, behaviour):
    """After a refresh, told or enforced, old channels are gone and the new profile shows."""
    mobile.modem.firmware.behaviour = behaviour
    heard, channel = caller.listen(), BusChannel(caller)
    assert channel.es10(switch(0xBF31, SECOND.iccid_octets)).hex() == "bf3103800100"
    if behaviour == "silent-until-power-cycle":
        caller.power_cycle()
    wait_until(lambda: caller.slot["Iccid"] == SECOND.iccid, 60, "the new ICCID")
    wait_until(lambda: hears(heard, "Refreshed"), 60, "the signal")
    assert error_of(caller.transmit, channel.number, GET_EID) == "NoSuchChannel"
    assert BusChannel(caller).es10(bytes.fromhex("BF3E035C015A")).hex().endswith(chip_of(mobile).eid)


@pytest.mark.parametrize("transport", ["qmi", "mbim"])
def test_recovery(make_mobile, transport):
    """A switch that the firmware keeps for itself is seen by ModemManager after the step that helps."""
    mobile = make_mobile(transport=transport)
    mobile.start_modem_manager()
    caller = Caller(mobile)
    profiles = [FIRST, SECOND]
    steps = {"silent": "inhibit", "silent-until-power-cycle": "power-cycle", "silent-until-reset": "reset"}
    for behaviour, step in steps.items():
        before, after = profiles
        mobile.wait_for_modem(lambda modem, iccid=before.iccid: modem.iccid == iccid)
        mobile.modem.firmware.behaviour = behaviour
        channel = BusChannel(caller)
        assert channel.es10(switch(0xBF31, after.iccid_octets)).hex() == "bf3103800100"
        if behaviour == "silent":
            wait_until(lambda iccid=after.iccid: mobile.modem.iccid == iccid, 60, "the card to be back")
        caller.recover(step)
        mobile.wait_for_modem(lambda modem, iccid=after.iccid: modem.iccid == iccid, what=f"{step} to help")
        wait_until(lambda iccid=after.iccid: caller.iccids() == [iccid], 60, f"the new ICCID after {step}")
        assert error_of(caller.transmit, channel.number, GET_EID) == "NoSuchChannel"
        profiles.reverse()
    caller.close()


def test_recovery_that_is_not_to_be_had(mobile, caller):
    """Without ModemManager, with firmware that does not reset, and with a word that means nothing."""
    assert error_of(caller.recover, "inhibit") == "NotSupported"
    mobile.modem.faults.at_message("DMS Set Operating Mode", firmware.error(Error.NOT_SUPPORTED), times=2)
    assert error_of(caller.recover, "reset") == "Failed"
    assert error_of(caller.recover, "pray") == "org.freedesktop.DBus.Error.InvalidArgs"


def test_a_modem_without_an_imei(make_mobile):
    mobile = make_mobile(firmware=Firmware(imei="no number", technologies=("gsm", "umts", "lte", "5gnr")))
    caller = Caller(mobile)
    assert (caller.slot["Imei"], caller.slot["Technologies"]) == ("", ["gsm", "umts", "lte", "5gnr"])
    caller.close()


@pytest.mark.parametrize("behaviour", ["refresh", "slot-event", "silent-until-power-cycle", "silent-until-reset"])
def test_mbim(make_mobile, behaviour):
    """Behind Debian's mbim-proxy: the same slot, channel and switches."""
    mobile = make_mobile(transport="mbim")
    caller, chip = Caller(mobile), chip_of(mobile)
    slot = caller.slot
    assert (slot["Transport"], slot["Imei"], slot["Iccid"]) == ("mbim", mobile.modem.firmware.imei, FIRST.iccid)
    assert (slot["CardState"], slot["Slot"], slot["Active"], slot["IsEuicc"]) == ("present", 1, True, True)
    mobile.modem.firmware.behaviour = behaviour
    heard, channel = caller.listen(), BusChannel(caller)
    assert caller.transmit(channel.number, GET_EID).hex() == f"bf3e125a10{chip.eid}9000"
    assert channel.es10(switch(0xBF31, SECOND.iccid_octets)).hex() == "bf3103800100"
    if behaviour == "silent-until-power-cycle":
        caller.recover("power-cycle")
    elif behaviour == "silent-until-reset":
        caller.recover("reset")
    wait_until(lambda: caller.iccids() == [SECOND.iccid], 60, "the new ICCID")
    if behaviour != "silent-until-reset":
        wait_until(lambda: hears(heard, "Refreshed"), 60, "the signal")
    assert error_of(caller.transmit, channel.number, GET_EID) == "NoSuchChannel"
    again = BusChannel(caller)
    assert again.es10(bytes.fromhex("BF3E035C015A")).hex().endswith(chip.eid)
    caller.close_channel(again.number)
    assert chip.open_channels == 0
    caller.close()


@pytest.mark.parametrize("transport", ["qmi", "mbim"])
def test_beside_modem_manager_and_debians_proxy(make_mobile, transport):
    """The same port before, while and after ModemManager probes it, on one channel, behind the real proxy."""
    mobile = make_mobile(transport=transport, proxy="debian")
    caller = Caller(mobile)
    channel = BusChannel(caller)
    assert chip_of(mobile).eid in channel.es10(bytes.fromhex("BF3E035C015A")).hex()
    mobile.start_modem_manager()
    while mobile.seen_modem() is None:
        assert chip_of(mobile).eid in channel.es10(bytes.fromhex("BF3E035C015A")).hex()
    mobile.wait_for_modem(lambda modem: modem.iccid == FIRST.iccid)
    assert channel.es10(switch(0xBF31, SECOND.iccid_octets)).hex() == "bf3103800100"
    wait_until(lambda: caller.iccids() == [SECOND.iccid], 30, "the new ICCID")
    if transport == "qmi":  # over MBIM ModemManager 1.20 does not notice it by itself: see test_recovery
        mobile.wait_for_modem(lambda modem: modem.iccid == SECOND.iccid)
    caller.close()


@pytest.mark.parametrize("transport", ["qmi", "mbim"])
def test_two_slots(make_mobile, other_chip, transport):
    """The card of the active slot can be reached, and which one that is changes; one slot is empty."""
    mobile = make_mobile(transport=transport, others=[other_chip, None])
    caller, first = Caller(mobile), chip_of(mobile)
    paths = [*caller.slots()]

    def shown(name: str) -> list:
        return [properties[name] for properties in caller.slots().values()]

    assert (shown("Slot"), shown("Active")) == ([1, 2, 3], [True, False, False])
    assert shown("CardState") == ["present", "present", "absent"]
    assert shown("Eid")[:2] == ([first.eid, other_chip.eid] if transport == "qmi" else ["", ""])
    assert shown("Iccid") == [FIRST.iccid, "", ""] and shown("Eid")[2] == ""
    channel, _ = caller.open()
    assert [error_of(caller.open, ISD_R, path) for path in paths[1:]] == ["NotReady"] * 2
    heard = caller.listen()
    mobile.modem.call(lambda: mobile.modem.switch_slot(2))
    wait_until(lambda: shown("Active") == [False, True, False], 60, "the other slot to be active")
    wait_until(lambda: hears(heard, "Refreshed"), 60, "the signal")
    assert shown("Iccid") == ["", SECOND.iccid, ""]
    assert error_of(caller.transmit, channel, GET_EID) == "NoSuchChannel"
    assert error_of(caller.open, ISD_R, paths[0]) == "NotReady"
    channel, _ = caller.open(ISD_R, paths[1])
    assert caller.transmit(channel, GET_EID, paths[1]).hex() == f"bf3e125a10{other_chip.eid}9000"
    assert other_chip.open_channels == 1
    caller.close()


@pytest.mark.parametrize(("transport", "known"), [("qmi", ["unknown", ""]), ("mbim", ["present", FIRST.iccid])])
def test_a_modem_that_knows_no_slots(make_mobile, transport, known):
    """It has one, of whose card little is known, and that can be reached."""
    mobile = make_mobile(firmware=Firmware(slot_status=False), transport=transport)
    caller = Caller(mobile)
    assert len(caller.slots()) == 1
    assert [caller.slot[name] for name in ("Active", "Eid", "CardState", "Iccid")] == [True, "", *known]
    channel, _ = caller.open()
    assert caller.transmit(channel, GET_EID).hex().endswith("9000")
    caller.close()


def test_quirks(make_mobile, tmp_path):
    """Of this modem, by driver, device and firmware; what is wrong is told with file and line. It has a radio, too."""
    quirks = tmp_path / "quirks.conf"
    technologies = ("gsm", "umts", "hsdpa", "lte", "5g-nsa")
    quirks.write_text(
        "[this]\nDriver=cdc_mbim\nUsb=05c6:*\nRevision=1.*\nSegment=120\nRefreshWait=9\nSettleWait=8\nSelectP2=0C\nRecover=reset\n"
        "[another]\nUsb=1199:*\nRefresh=false\nColour=red\n"
    )
    mobile = make_mobile(transport="mbim", firmware=Firmware(technologies=technologies), options=[f"--quirks={quirks}"])
    caller = Caller(mobile)
    assert caller.slot["Technologies"] == [*technologies]
    assert caller.slot["Quirks"] == {"segment": 120, "refresh-wait": 9, "settle-wait": 8, "recover": ["reset"]}
    mobile.modem.firmware.takes_p2 = (0x04,)
    assert caller.open()[1] == chip_of(mobile).fci()
    assert f"{quirks}:13: “Colour” in [another] is not known" in mobile.lpad_modem.output()
    caller.close()


def test_what_an_mbim_modem_refuses(make_mobile):
    """As over QMI; and an answer that is late, a modem that vanishes instead of an answer, and comes back."""
    mobile = make_mobile(transport="mbim")
    caller, modem, chip = Caller(mobile), mobile.modem, chip_of(mobile)
    modem.firmware.isdr_error = Error.ACCESS_DENIED
    assert error_of(caller.open) == "ModemRefuses"
    modem.firmware.isdr_error = None
    channels = [caller.open()[0] for _ in range(3)]
    assert error_of(caller.open) == "NoFreeChannel"
    chip.faults.at_apdu(1, faults.silence())
    assert error_of(caller.transmit, channels[0], GET_EID) == "Failed"
    modem.faults.at_message("MBIM APDU", firmware.late(0.2))
    assert caller.transmit(channels[0], GET_EID)[-2:].hex() == "9000"
    chip.config.isdr_aid = REMOVABLE_AID
    caller.close_channel(channels.pop())
    assert error_of(caller.open) == "NotFound"
    caller.close_channel(caller.open(REMOVABLE_AID)[0])
    modem.faults.at_message("MBIM APDU", firmware.vanish())
    assert error_of(caller.transmit, channels[0], GET_EID) == "Failed"
    wait_until(lambda: not caller.slots(), 30, "the slot to go")
    modem.appear()
    wait_until(caller.slots, 30, "the slot to come back")
    assert error_of(caller.transmit, channels[0], GET_EID) == "NoSuchChannel"
    caller.open(REMOVABLE_AID)
    caller.close()


def test_a_modem_that_comes_later(mobile, caller):
    """lpad-modem finds the ports itself, now and later."""
    node = mobile.run.folder / "dev" / "cdc-wdm0"
    os.kill(mobile.lpad_modem.pid, signal.SIGTERM)
    mobile.lpad_modem.process.wait(20)
    node.unlink()
    heard = caller.listen()
    start(mobile)
    assert caller.slots() == {}
    os.mkfifo(node)
    mobile.tell_udev("add")
    wait_until(caller.slots, 60, "the slot of the modem that has come")
    assert caller.slot["Iccid"] == FIRST.iccid
    assert not hears(heard, "Refreshed")
    mobile.tell_udev("remove")
    wait_until(lambda: not caller.slots(), 60, "the slot of the modem that has gone to go")
    mobile.tell_udev("add")
    wait_until(caller.slots, 60, "the slot of the modem that has come back")


@pytest.mark.parametrize("transport", ["qmi", "mbim"])
def test_a_pcie_modem(make_mobile, transport):
    """Ports of the WWAN framework are found by what they say they speak; the device is what ModemManager calls it."""
    mobile = make_mobile(transport=transport, attached="pcie")
    mobile.start_modem_manager()
    caller = Caller(mobile)
    assert [slot["Device"] for slot in caller.slots().values()] == [f"/dev/wwan0{transport}0"]
    slot = caller.slot
    assert (slot["Transport"], slot["PhysicalDevice"]) == (transport, f"/sys/{PCIE_DEVICE}")
    channel, _ = caller.open()
    assert caller.transmit(channel, GET_EID).hex() == f"bf3e125a10{chip_of(mobile).eid}9000"
    seen = mobile.wait_for_modem(lambda modem: modem.iccid == FIRST.iccid)
    assert seen.device == slot["PhysicalDevice"]
    mobile.modem.vanish()
    wait_until(lambda: not caller.slots(), 30, "the slot to go")
    mobile.modem.appear()
    wait_until(caller.slots, 30, "the slot to come back")
    caller.close()


def test_a_device_with_a_name_of_its_own(make_mobile):
    """What udev rules call it is what ModemManager calls it, and so do we."""
    mobile = make_mobile()
    mobile.lpad_modem.stop(20)
    done = mobile.execute("/bin/sh", "-ec", "mkdir -p /run/udev/data; echo E:ID_MM_PHYSDEV_UID=board > /run/udev/data/c180:0")
    assert done.returncode == 0, done
    start(mobile)
    caller = Caller(mobile)
    assert caller.slot["PhysicalDevice"] == "board"
    caller.close()


def test_options(mobile):
    program = default_build() / "lpad-modem" / "lpad-modem"
    for options, status in ((["--version"], 0), (["--idle-timeout=soon"], 2), (["x"], 2)):
        done = subprocess.run([program, *options], capture_output=True, text=True, timeout=30)
        assert done.returncode == status and (done.stdout or "lpad-modem: " in done.stderr)


def test_it_ends_when_lpad_has_ended(make_mobile):
    """It stays as long as lpad is there, or a channel of anybody's is open."""
    mobile = make_mobile(options=["--idle-timeout=1"])
    lpad, caller = mobile.bus.connect(), Caller(mobile)
    channel, _ = caller.open()
    Gio.bus_own_name_on_connection(lpad, LPAD, Gio.BusNameOwnerFlags.NONE, None, None)
    mobile.bus.wait_for_owner(LPAD)
    caller.close_channel(channel)
    until = time.monotonic() + 2.5
    while time.monotonic() < until:
        assert caller.slots()
    channel, _ = caller.open()
    lpad.close_sync(None)
    mobile.bus.wait_for_no_owner(LPAD)
    until = time.monotonic() + 2.5
    while time.monotonic() < until:
        caller.transmit(channel, GET_EID)
    caller.close()
    mobile.bus.wait_for_no_owner(LPAD_MODEM)
    mobile.lpad_modem.process.wait(20)
    assert mobile.lpad_modem.process.returncode == 0


def test_a_proxy_that_comes_later(make_mobile):
    """Without one nothing is asked for, and no child of lpad-modem's is one; it says so once, and waits."""
    mobile = make_mobile(proxy="debian")
    caller = Caller(mobile)
    assert caller.slots()
    mobile.proxy.stop()
    wait_until(lambda: not caller.slots(), 60, "the slot to go")
    wait_until(lambda: "No qmi-proxy is running." in mobile.lpad_modem.output(), 60, "the reason")
    children = Path(f"/proc/{mobile.lpad_modem.pid}/task/{mobile.lpad_modem.pid}/children").read_text()
    assert not children.strip() and mobile.lpad_modem.output().count("No qmi-proxy") == 1
    mobile.start_proxy()
    wait_until(caller.slots, 60, "the slot to come back")
    caller.open()
    caller.close()


def test_isdrs_are_those_of_the_configuration(make_mobile, tmp_path):
    """Of lpad.conf and its drop-ins, whatever stands there at the moment; no others can be selected then."""
    config = tmp_path / "lpad.conf"
    mobile = make_mobile(options=[f"--config={config}", "--device=/dev/cdc-wdm0"])
    caller = Caller(mobile)
    caller.close_channel(caller.open(ISD_R)[0])
    config.write_text(f"[Card]\nIsdrAids=hello;{OTHER_AID.hex()}\n")
    channel, response = caller.open(OTHER_AID)
    assert response and error_of(caller.open, ISD_R) == "NotAllowed"
    assert caller.transmit(channel, GET_EID).hex() == "6d00"
    drop_ins = tmp_path / "lpad.conf.d"
    drop_ins.mkdir()
    (drop_ins / "own.conf").write_text(f"[Card]\nIsdrAids={ISD_R.hex()};{ABSENT_AID.hex()}\n")
    caller.close_channel(caller.open(ISD_R)[0])
    assert error_of(caller.open, OTHER_AID) == "NotAllowed"
    assert error_of(caller.open, ABSENT_AID) == "NotFound"
    caller.close()
