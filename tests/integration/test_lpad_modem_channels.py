# SPDX-License-Identifier: LGPL-2.1-or-later
"""Channels that lpad-modem has opened end, whatever ends: it, the modem, its caller's patience."""

from __future__ import annotations

import os
import signal

import pytest
from gi.repository import Gio, GLib

from modem_side import (
    ABSENT_AID, ENDED, GET_EID, NO_REPLY, BusChannel, Caller, chip_of, error_of, start,
)
from testbed.mobile import LPAD_MODEM, Mobile
from testbed.modem import firmware
from testbed.process import wait_until


def test_unplugged_and_plugged_in_again(mobile, caller):
    caller.open()
    mobile.modem.vanish()
    wait_until(lambda: not caller.slots(), 60, "the slot to go")
    mobile.modem.appear()
    wait_until(caller.slots, 60, "the slot to come back")
    caller.open()


def test_a_crash_leaks_no_channel(mobile, caller):
    caller.open()
    channel, _ = caller.open()
    mobile.lpad_modem.kill()
    mobile.bus.wait_for_no_owner(LPAD_MODEM)
    assert chip_of(mobile).open_channels == 2
    start(mobile)
    wait_until(lambda: chip_of(mobile).open_channels == 0, 60, "old channels to be closed")
    assert error_of(caller.transmit, channel, GET_EID) == "NoSuchChannel"
    caller.open()


#: Where lpad-modem is killed: at the n-th request of this name, when the modem has processed it.
QMI_MOMENTS = [
    ("UIM Send APDU", 1), ("UIM Send APDU", 19), ("UIM Open Logical Channel", 1), ("UIM Send APDU", 30),
    ("UIM Logical Channel", 1), ("UIM Open Logical Channel", 2), ("UIM Open Logical Channel", 3), ("UIM Logical Channel", 2),
]
MBIM_MOMENTS = [("MBIM Open Channel", 1), ("MBIM Open Channel", 2), ("MBIM APDU", 1)]


@pytest.mark.parametrize(("transport", "moments"), [("qmi", QMI_MOMENTS), ("mbim", MBIM_MOMENTS)])
def test_killed_at_any_point_it_leaks_no_channel(make_mobile, allow_absent, transport, moments):
    """Nor does the next one, when it is killed while it looks for what was lost."""
    mobile = make_mobile(transport=transport, options=[allow_absent])
    chip, faults_ = chip_of(mobile), mobile.modem.faults
    others = chip.process(bytes.fromhex("0070000001"))[0]
    for number, (name, n) in enumerate(moments):
        faults_.clear()
        faults_.at_message(name, firmware.then(mobile.lpad_modem.kill), n=n)
        use_channels(mobile)
        mobile.bus.wait_for_no_owner(LPAD_MODEM)
        if number == 2 and transport == "qmi":
            faults_.at_message("UIM Send APDU", firmware.then(lambda: mobile.lpad_modem.kill()), n=3)
            start(mobile, allow_absent, settled=False)
            wait_until(lambda: not mobile.lpad_modem.running, 60, "lpad-modem to be killed again")
            mobile.bus.wait_for_no_owner(LPAD_MODEM)
        faults_.clear()
        start(mobile, allow_absent)
        wait_until(lambda: chip.open_channels == 1, 60, f"what was lost at {name} {n} to be closed")
        assert chip.process(bytes([others, 0xA4, 0x00, 0x04, 0x02, 0x3F, 0x00]))[-2:] != b"\x68\x81"


#: What lpad asks a chip for when it shows what there is: who it is, what it can do, its profiles, its notifications.
LIST = ("BF3E035C015A", "BF2200", "BF3C00", "BF2D00", "BF2800")
#: Requests of the modem, by transport.
OPEN, APDU, CLOSE = range(3)
REQUESTS = {
    "qmi": ("UIM Open Logical Channel", "UIM Send APDU", "UIM Logical Channel"),
    "mbim": ("MBIM Open Channel", "MBIM APDU", "MBIM Close Channel"),
}


def list_all(mobile: Mobile) -> bool:
    """Whether lpad-modem was there until the end."""
    caller = Caller(mobile)
    try:
        channel = BusChannel(caller)
        for request in LIST:
            channel.es10(bytes.fromhex(request))
        caller.close_channel(channel.number)
        return True
    except GLib.Error as error:
        assert Gio.DBusError.get_remote_error(error) in ENDED, error
        return False
    finally:
        caller.close()


@pytest.mark.parametrize("transport", ["qmi", "mbim"])
def test_killed_after_each_command_of_a_list(make_mobile, transport):
    """Whichever it was, the next one closes what was open."""
    mobile = make_mobile(transport=transport)
    chip, modem, names = chip_of(mobile), mobile.modem, REQUESTS[transport]
    before = modem.counters.functions[names[APDU]]
    assert list_all(mobile)
    commands = modem.counters.functions[names[APDU]] - before
    assert commands >= len(LIST)
    for name, n in [(names[OPEN], 1), *((names[APDU], n) for n in range(1, commands + 1)), (names[CLOSE], 1)]:
        modem.faults.at_message(name, firmware.then(mobile.lpad_modem.kill), n=n)
        assert not list_all(mobile), f"{name} {n}"
        mobile.bus.wait_for_no_owner(LPAD_MODEM)
        modem.faults.clear()
        start(mobile)
        wait_until(lambda: chip.open_channels == 0, 30, f"what was lost at {name} {n} to be closed")


def use_channels(mobile: Mobile) -> None:
    """Until lpad-modem is killed: an application that is not there, two that are."""
    caller = Caller(mobile)
    try:
        assert error_of(caller.open, ABSENT_AID) in ("NotFound", NO_REPLY)
        first, _ = caller.open()
        caller.transmit(first, GET_EID)
        caller.open()
        caller.close_channel(first)
    except GLib.Error as error:
        assert Gio.DBusError.get_remote_error(error) in ENDED, error
    finally:
        caller.close()


def test_firmware_that_leaves_channels_open(make_mobile, allow_absent):
    """After an application was refused, or when the answer is lost, no channel stays; those of others do."""
    mobile = make_mobile(options=[allow_absent])
    chip, caller = chip_of(mobile), Caller(mobile)
    chip.process(bytes.fromhex("0070000001"))
    for _ in range(4):
        assert error_of(caller.open, ABSENT_AID) == "NotFound"
        assert chip.open_channels == 1
    channel, _ = caller.open()
    assert error_of(caller.open, ABSENT_AID) == "NotFound"
    assert chip.open_channels == 2
    caller.transmit(channel, GET_EID)
    caller.close()


def test_unplugged_in_the_middle_of_a_command(mobile, caller):
    channel, _ = caller.open()
    mobile.modem.faults.at_message("UIM Send APDU", firmware.vanish())
    assert error_of(caller.transmit, channel, GET_EID) == "Failed"
    wait_until(lambda: not caller.slots(), 60, "the slot to go")
    mobile.modem.appear()
    wait_until(caller.slots, 60, "the slot to come back")
    assert error_of(caller.transmit, channel, GET_EID) == "NoSuchChannel"
    caller.open()


def test_the_end_closes_channels(mobile, caller):
    caller.open()
    os.kill(mobile.lpad_modem.pid, signal.SIGTERM)
    mobile.lpad_modem.process.wait(20)
    assert mobile.lpad_modem.process.returncode == 0
    assert chip_of(mobile).open_channels == 0
    assert mobile.modem.clients == 0
