# SPDX-License-Identifier: LGPL-2.1-or-later
"""lpad at work through a modem: lpad-modem, the virtual modem, and ModemManager at the same port."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from client import DEADLINE, EUICC, MANAGER, ROOT, Client
from conftest import close
from invariants import lui_json, wait_until_idle
from scenes import place
from testbed.device import Device
from testbed.mobile import LPAD_MODEM
from testbed.modem import firmware
from testbed.modem.qmux import Error
from testbed.process import wait_until
from testbed.sysfs import USB_DEVICE
from testbed.smdp import SubscriberRecord
from testbed.veuicc import Config, faults

OLD = SubscriberRecord.make(101)
PORT, SLOT = "/dev/cdc-wdm0", "/dev/cdc-wdm0 slot 1"
#: Exit statuses of lui-cli
CHIP_FAILED = 7


@pytest.fixture(scope="module")
def lasting() -> Iterator[Device]:
    with Device(records=[OLD], config={"General": {"IdleTimeout": "600"}}) as device:
        yield device
        close(device)


@pytest.fixture
def device(lasting, request) -> Device:
    """A device that other tests have used, and that is as good as new."""
    request.node.stacks = [lasting]
    lasting.chip.faults.clear()
    lasting.modem.faults.clear()
    lasting.smdp.faults.clear()
    yield lasting
    wait_until_idle(lasting)


def profiles(device: Device) -> dict[str, str]:
    """State of each profile by its ICCID, as lui-cli lists them."""
    return {profile["iccid"]: profile["state"] for profile in lui_json(device, "list")["profiles"]}


def download(device: Device, order, *options: str) -> subprocess.CompletedProcess[str]:
    return device.lui("download", "--yes", *options, order.activation_code)


def chip_properties(device: Device) -> dict:
    with Client(device) as client:
        return client.properties(client.euicc(device.chip.eid), EUICC)


def wait_for_chip(device: Device) -> None:
    wait_until(lambda: lui_json(device, "status")["euiccs"], DEADLINE, "the chip")


@contextmanager
def started(device: Device, *command: str) -> Iterator[subprocess.Popen]:
    """lui-cli at work while something else happens."""
    program = subprocess.Popen(
        [device.program("lui-cli"), *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, env=device.marked_env, cwd=device.folder,
    )
    try:
        yield program
    finally:
        program.kill()
        program.communicate()


def test_where_the_chip_is(device):
    chip = chip_properties(device)
    place = {key: chip[key] for key in ("Transport", "Device", "PhysicalDevice", "Slot", "Removable")}
    assert place == {
        "Transport": "qmi", "Device": PORT, "PhysicalDevice": f"/sys/{USB_DEVICE}", "Slot": 1, "Removable": False,
    }
    with Client(device) as client:
        (reader,) = client.properties(ROOT, MANAGER)["Readers"]
    assert (reader["name"], reader["transport"], reader["state"]) == (SLOT, "qmi", "euicc")
    for verb in ("status", "list"):
        assert f"eUICC 0: modem {PORT}, slot 1\n" in device.lui(verb).stdout
    for name in ("cdc-wdm0", "slot 1", PORT, "0", device.chip.eid[-5:]):
        assert device.lui("info", "--euicc", name).returncode == 0
    assert device.lui("info", "--euicc", "slot 2").returncode != 0


@pytest.fixture(scope="module")
def mbim() -> Iterator[Device]:
    with Device(records=[OLD], transport="mbim", config={"General": {"IdleTimeout": "600"}}) as device:
        yield device
        close(device)


@pytest.mark.parametrize("transport", ["qmi", "mbim"])
def test_a_profile_from_download_to_deletion(request, transport):
    """Each command for a profile, and the operator hears of each."""
    device = request.getfixturevalue("device" if transport == "qmi" else "mbim")
    request.node.stacks = [device]
    assert chip_properties(device)["Transport"] == transport
    order = place(device)
    iccid = order.record.iccid
    assert download(device, order).returncode == 0
    assert profiles(device) == {OLD.iccid: "enabled", iccid: "disabled"}
    assert [note.event for note in device.smdp.notifications if note.iccid == iccid] == ["install"]
    for arguments, state in (
        (("rename", iccid, "travel"), "disabled"), (("enable", "travel"), "enabled"),
        (("disable", "travel"), "disabled"), (("delete", "--yes", "travel"), None), (("enable", OLD.iccid), None),
    ):
        done = device.lui(*arguments)
        assert done.returncode == 0, done.stderr
        assert profiles(device).get(iccid) == state
    assert profiles(device) == {OLD.iccid: "enabled"}
    events = [note.event for note in device.smdp.notifications if note.iccid == iccid]
    assert events == ["install", "enable", "disable", "delete"]
    wait_until_idle(device)


def test_lpad_itself_touches_no_modem(device):
    """It has no device open while it works: that is lpad-modem's."""
    opened: set[str] = set()

    def look(body: bytes) -> bytes:
        folder = Path(f"/proc/{device.lpad_pid()}/fd")
        opened.update(os.readlink(path) for path in folder.iterdir())
        return body

    order = place(device)
    device.chip.faults.at_segment(3, faults.mutate(look))
    assert download(device, order).returncode == 0
    assert opened and {path for path in opened if path.startswith("/dev/")} <= {"/dev/null", "/dev/urandom"}


# What servers are told of the device


def told(order) -> str:
    """What the server has understood of the device."""
    return next(entry.detail for entry in order.history if entry.event == "authenticated")


@pytest.mark.parametrize("transport", ["qmi", "mbim"])
def test_the_modem_says_which_device_it_is(request, transport):
    """Its IMEI, and of each radio technology the first release; a caller that knows more counts before it."""
    device = request.getfixturevalue("device" if transport == "qmi" else "mbim")
    request.node.stacks = [device]
    imei = device.modem.firmware.imei[:14]  # the virtual modem has no check digit, but a 7
    wait_for_chip(device)
    order = place(device)
    assert download(device, order).returncode == 0
    assert f"IMEI {imei}" in told(order) and told(order).endswith(", eutran-epc 8")
    assert f"IMEI {imei} (modem)" in device.lui("info").stdout
    order = place(device)
    assert download(device, order, "--imei", "490154203237518", "--release", "gsm:9").returncode == 0
    assert "IMEI 490154203237518" in told(order) and told(order).endswith(", gsm 9")
    wait_until_idle(device)


def test_configuration_comes_before_the_modem(make_device):
    """Of a card that can be taken out only the type of the device is told, unless somebody wants it otherwise.  The
    card of this device has an ISD-R that only the configuration names."""
    own = bytes.fromhex("F0010203040506")
    device = make_device(
        records=[OLD], chip_config=Config(isdr_aid=own),
        config={f"Reader:{PORT}*": {"Removable": "true"}, "Card": {"IsdrAids": own.hex()}},
    )
    wait_for_chip(device)
    order = place(device)
    assert download(device, order).returncode == 0
    tac = device.modem.firmware.imei[:8]
    assert f"TAC {tac}, no IMEI" in told(order) and told(order).endswith("eutran-epc 8")
    assert f"type {tac} (modem)" in device.lui("info").stdout
    assert chip_properties(device)["Removable"]
    device.write_config({"Device": {"Imei": "490154203237518", "Releases": "utran:8"}})
    device.restart_lpad()
    wait_for_chip(device)
    order = place(device)
    assert download(device, order).returncode == 0
    assert "IMEI 490154203237518" in told(order) and told(order).endswith("utran 8")
    assert chip_properties(device)["DeviceInformation"] == {"imei": "490154203237518", "source": "configuration"}


# Comes and goes


@pytest.mark.tsan
def test_unplugged_in_mid_download(device):
    """The error and the record tell the truth; when the modem is back, everything works again."""
    order = place(device)
    device.chip.faults.at_segment(3, faults.mutate(lambda body: device.modem.faults.at_message(
        "UIM Send APDU", firmware.vanish()) or body))
    done = device.lui("download", "--yes", "--json", order.activation_code)
    assert '"org.lpad.Lpad1.Error.CardRemoved"' in done.stdout, done
    wait_until(lambda: not lui_json(device, "status")["readers"], DEADLINE, "the slot to go")
    device.modem.appear()
    wait_for_chip(device)
    (news,) = lui_json(device, "status")["euiccs"][0]["interruptions"]
    assert (news["state"], news["order"]) == ("absent", "usable")
    assert download(device, order).returncode == 0
    assert profiles(device)[order.record.iccid] == "disabled"


@pytest.mark.tsan
def test_lpad_modem_dies_in_mid_download(device):
    """A new one is started, closes the channel that is left over, and the same code works."""
    order = place(device)
    device.chip.faults.at_segment(3, faults.mutate(lambda body: device.kill_lpad_modem() or body))
    assert download(device, order).returncode == CHIP_FAILED
    wait_until(device.lpad_modem_pid, DEADLINE, "a new lpad-modem")
    wait_for_chip(device)
    wait_until_idle(device)
    assert download(device, order).returncode == 0
    assert profiles(device)[order.record.iccid] == "disabled"


def test_lpad_dies_in_mid_download(device):
    order = place(device)
    device.chip.faults.at_segment(3, faults.mutate(lambda body: device.kill_lpad() or body))
    assert download(device, order).returncode != 0
    wait_until(lambda: device.chip.open_channels == 0, DEADLINE, "the channel to be closed")
    (news,) = lui_json(device, "status")["euiccs"][0]["interruptions"]
    assert (news["state"], news["order"]) == ("absent", "usable")
    assert download(device, order).returncode == 0


def test_cancelled(device):
    """Whoever gives up leaves no channel behind."""
    order = place(device)
    with Client(device) as client:
        operation = client.download(device.chip.eid, order.activation_code)
        operation.wait_for_prompt()
        operation.call("Cancel")
        assert operation.result()["error"] == "Cancelled"
    wait_until_idle(device)
    assert download(device, order).returncode == 0


def test_another_reset_in_mid_download(device):
    """ModemManager, or a person, has the card reset: what was under way is lost, and it is said so."""
    order = place(device)
    device.chip.faults.at_segment(3, faults.mutate(
        lambda body: device.modem.later(0, device.modem.power_off_card) or device.modem.later(
            0.2, device.modem.power_on_card) or body))
    assert download(device, order).returncode == CHIP_FAILED
    wait_until_idle(device)
    assert download(device, order).returncode == 0


def test_without_lpad_modem(make_device):
    """lpad starts without delay, and takes up the chip when lpad-modem is there."""
    device = make_device(records=[OLD])
    device.forbid_lpad_modem()
    assert "Neither a reader nor a modem was found" in device.lui("status").stdout
    device.allow_lpad_modem()
    device.bus.activate(LPAD_MODEM)
    wait_for_chip(device)


def test_switched_off(make_device):
    device = make_device(records=[OLD], config={"Modem": {"Enabled": "false"}})
    assert lui_json(device, "status")["readers"] == []
    assert device.lpad_modem_pid() is None


def test_a_modem_that_comes_later(make_device):
    device = make_device(records=[OLD])
    device.modem.vanish()
    assert lui_json(device, "status")["euiccs"] == []
    device.modem.appear()
    wait_for_chip(device)
    assert profiles(device) == {OLD.iccid: "enabled"}


def test_two_slots(make_device):
    """The card of the slot that the modem uses is there; of the other one it is said why it is not."""
    device = make_device(chips=2)
    first, second = (chip.eid for chip in device.chips)
    text = device.lui("status").stdout
    assert f"eUICC 0: modem {PORT}, slot 1\n" in text and first in text
    assert f"Modem {PORT} slot 2: The modem does not use this slot now" in text
    device.modem.call(lambda: device.modem.switch_slot(2))

    def seen() -> dict[str, int]:
        return {chip["eid"]: chip["slot"] for chip in lui_json(device, "status")["euiccs"]}
    wait_until(lambda: seen() == {second: 2}, DEADLINE, "the chip of the second slot")
    order = place(device)
    done = device.lui("download", "--yes", "--euicc", "slot 2", order.activation_code)
    assert done.returncode == 0, done.stderr
    assert len(device.chips[1].profiles.profiles) == 1 and not device.chips[0].profiles.profiles


# What modems do with the eUICC


def test_a_modem_that_keeps_the_chip_for_itself(make_device):
    device = make_device(records=[OLD], firmware=firmware.Firmware(isdr_error=Error.ACCESS_DENIED))
    text = device.lui("status").stdout
    assert f"Modem {SLOT}: The modem's firmware keeps the eUICC for itself" in text
    assert lui_json(device, "status")["readers"][0]["state"] == "error"


# Beside ModemManager


def test_beside_modem_manager(make_device):
    """Before it runs, while it probes the modem, and when it is done: neither disturbs the other.  The modem does not say
    which device it is when lpad-modem asks: then it is what ModemManager shows."""
    device = make_device(records=[OLD])
    mobile, orders = device.mobile, [place(device) for _ in range(3)]
    device.modem.faults.at_message("DMS Get IDs", firmware.error(Error.NOT_SUPPORTED))
    wait_for_chip(device)
    assert chip_properties(device)["DeviceInformation"] == {}
    with started(device, "download", "--yes", orders[0].activation_code) as first:
        mobile.start_modem_manager()
        assert first.wait(60) == 0, first.stdout.read()
    assert download(device, orders[1]).returncode == 0
    seen = mobile.wait_for_modem(lambda modem: modem.iccid == OLD.iccid)
    assert download(device, orders[2]).returncode == 0
    assert mobile.seen_modem() == seen, "ModemManager has noticed nothing"
    assert "no IMEI" in told(orders[0]) and f"IMEI {device.modem.firmware.imei[:14]}" in told(orders[2])
    assert chip_properties(device)["DeviceInformation"]["source"] == "modem"
    assert sorted(profiles(device).values()) == ["disabled", "disabled", "disabled", "enabled"]
