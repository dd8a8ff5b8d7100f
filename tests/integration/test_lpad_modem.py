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
from gi.repository import Gio, GLib

from testbed import pki
from testbed.mobile import LPAD_MODEM, Mobile
from testbed.modem import Firmware, firmware
from testbed.modem.qmux import Error
from testbed.network import Network
from testbed.process import wait_until
from testbed.stack import SANITIZERS, default_build
from testbed.sysfs import PCIE_DEVICE
from testbed.tests.mini_lpa import ISD_R, CardChannel
from testbed.tests.modem_peers import FIRST, SECOND, chip_with_two_profiles, profile_of
from testbed.tests.veuicc_peers import switch
from testbed.veuicc import Euicc, faults

LPAD = "org.lpad.Lpad1"
ROOT, SLOT = "/org/lpad/Modem1", "org.lpad.Modem1.Slot"
GET_EID = bytes.fromhex("80E2910006BF3E035C015A00")
#: The ISD-R of cards that one can buy.
REMOVABLE_AID = bytes.fromhex("A0000005591010FFFFFFFF8900050500")
OTHER_AID = bytes.fromhex("A0000000871002")
ABSENT_AID = bytes.fromhex("A000000559101000000001")
NO_REPLY = "org.freedesktop.DBus.Error.NoReply"
ENDED = (NO_REPLY, "org.freedesktop.DBus.Error.ServiceUnknown", "org.freedesktop.DBus.Error.NameHasNoOwner")
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


@pytest.fixture(scope="session")
def chip_credentials():
    return pki.make_testbed_pki(pki.make_eid(serial=4321), ["smdp.example.com"]).chip


@pytest.fixture(scope="session")
def other_credentials():
    return pki.make_testbed_pki(pki.make_eid(serial=8765), ["smdp.example.com"]).chip


@pytest.fixture
def other_chip(other_credentials):
    """SECOND is enabled."""
    chip = Euicc(other_credentials)
    chip.add_profile(profile_of(SECOND, enabled=True))
    return chip


@pytest.fixture
def make_mobile(chip_credentials):
    """A modem with one chip, and lpad-modem; what the sanitizers found is looked at in the end."""
    made: list[Mobile] = []

    def make(*, options=(), others=(), **settings) -> Mobile:
        chips = [chip_with_two_profiles(chip_credentials), *others]
        mobile = Mobile(chips, network=Network([FIRST, SECOND]), **settings)
        made.append(mobile)
        mobile.start()
        start(mobile, *options)
        return mobile

    yield make
    problems = []
    for mobile in made:
        if hasattr(mobile, "lpad_modem"):
            mobile.lpad_modem.stop(20)
            problems += [path.read_text() for path in mobile.run.folder.glob("sanitizer.*")]
            problems += [line for line in mobile.lpad_modem.output().splitlines() if "CRITICAL" in line]
        mobile.close()
    assert not problems, "\n".join(problems)


@pytest.fixture
def allow_absent(tmp_path) -> str:
    """Option with which an application may be selected that no card has."""
    config = tmp_path / "lpad.conf"
    config.write_text(f"[Card]\nIsdrAids={ISD_R.hex()};{ABSENT_AID.hex()}\n")
    return f"--config={config}"


def start(mobile: Mobile, *options: str, settled: bool = True) -> None:
    program = default_build() / "lpad-modem" / "lpad-modem"
    logs = {key: f"{value}:log_path={mobile.run.folder}/sanitizer" for key, value in SANITIZERS.items()}
    env = {**logs, "G_DEBUG": "fatal-criticals", "RUNTIME_DIRECTORY": str(mobile.run.folder)}
    if settled:
        mobile.lpad_modem = mobile.start_lpad_modem(program, *options, env=env)
    else:
        mobile.lpad_modem = mobile.namespace.spawn("lpad-modem", [str(program), *options], {**mobile.env, **env})


@pytest.fixture
def mobile(make_mobile) -> Mobile:
    return make_mobile()


@pytest.fixture
def caller(mobile):
    caller = Caller(mobile)
    yield caller
    caller.close()


def chip_of(mobile: Mobile):
    return mobile.modem.slots[0].chip


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
    wait_until(lambda: chip.open_channels == 1, 10, "the channel of the client that has left to be closed")
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
    wait_until(lambda: caller.slot["Iccid"] == SECOND.iccid, 10, "the new ICCID")
    wait_until(lambda: hears(heard, "Refreshed"), 10, "the signal")
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
            wait_until(lambda iccid=after.iccid: mobile.modem.iccid == iccid, 10, "the card to be back")
        caller.recover(step)
        mobile.wait_for_modem(lambda modem, iccid=after.iccid: modem.iccid == iccid, what=f"{step} to help")
        wait_until(lambda iccid=after.iccid: caller.iccids() == [iccid], 20, f"the new ICCID after {step}")
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
    wait_until(lambda: caller.iccids() == [SECOND.iccid], 20, "the new ICCID")
    if behaviour != "silent-until-reset":
        wait_until(lambda: hears(heard, "Refreshed"), 10, "the signal")
    assert error_of(caller.transmit, channel.number, GET_EID) == "NoSuchChannel"
    again = BusChannel(caller)
    assert again.es10(bytes.fromhex("BF3E035C015A")).hex().endswith(chip.eid)
    caller.close_channel(again.number)
    assert chip.open_channels == 0
    caller.close()


def test_beside_modem_manager_and_debians_proxy(make_mobile):
    """The same port at the same time, behind the real proxy; the modem is shown by ModemManager meanwhile."""
    mobile = make_mobile(proxy="debian")
    mobile.start_modem_manager()
    caller = Caller(mobile)
    channel = BusChannel(caller)
    while mobile.seen_modem() is None:
        assert chip_of(mobile).eid in channel.es10(bytes.fromhex("BF3E035C015A")).hex()
    assert channel.es10(switch(0xBF31, SECOND.iccid_octets)).hex() == "bf3103800100"
    mobile.wait_for_modem(lambda modem: modem.iccid == SECOND.iccid)
    assert caller.slot["Iccid"] == SECOND.iccid
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
    wait_until(lambda: shown("Active") == [False, True, False], 10, "the other slot to be active")
    wait_until(lambda: hears(heard, "Refreshed"), 10, "the signal")
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


def test_unplugged_and_plugged_in_again(mobile, caller):
    caller.open()
    mobile.modem.vanish()
    wait_until(lambda: not caller.slots(), 10, "the slot to go")
    mobile.modem.appear()
    wait_until(caller.slots, 20, "the slot to come back")
    caller.open()


def test_a_crash_leaks_no_channel(mobile, caller):
    caller.open()
    channel, _ = caller.open()
    mobile.lpad_modem.kill()
    mobile.bus.wait_for_no_owner(LPAD_MODEM)
    assert chip_of(mobile).open_channels == 2
    start(mobile)
    wait_until(lambda: chip_of(mobile).open_channels == 0, 10, "old channels to be closed")
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
            wait_until(lambda: not mobile.lpad_modem.running, 20, "lpad-modem to be killed again")
            mobile.bus.wait_for_no_owner(LPAD_MODEM)
        faults_.clear()
        start(mobile, allow_absent)
        wait_until(lambda: chip.open_channels == 1, 20, f"what was lost at {name} {n} to be closed")
        assert chip.process(bytes([others, 0xA4, 0x00, 0x04, 0x02, 0x3F, 0x00]))[-2:] != b"\x68\x81"


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
    wait_until(lambda: not caller.slots(), 10, "the slot to go")
    mobile.modem.appear()
    wait_until(caller.slots, 20, "the slot to come back")
    assert error_of(caller.transmit, channel, GET_EID) == "NoSuchChannel"
    caller.open()


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
    wait_until(caller.slots, 20, "the slot of the modem that has come")
    assert caller.slot["Iccid"] == FIRST.iccid
    assert not hears(heard, "Refreshed")
    mobile.tell_udev("remove")
    wait_until(lambda: not caller.slots(), 10, "the slot of the modem that has gone to go")
    mobile.tell_udev("add")
    wait_until(caller.slots, 10, "the slot of the modem that has come back")


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
    wait_until(lambda: not caller.slots(), 10, "the slot to go")
    wait_until(lambda: "No qmi-proxy is running." in mobile.lpad_modem.output(), 10, "the reason")
    children = Path(f"/proc/{mobile.lpad_modem.pid}/task/{mobile.lpad_modem.pid}/children").read_text()
    assert not children.strip() and mobile.lpad_modem.output().count("No qmi-proxy") == 1
    mobile.start_proxy()
    wait_until(caller.slots, 20, "the slot to come back")
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


def test_the_end_closes_channels(mobile, caller):
    caller.open()
    os.kill(mobile.lpad_modem.pid, signal.SIGTERM)
    mobile.lpad_modem.process.wait(20)
    assert mobile.lpad_modem.process.returncode == 0
    assert chip_of(mobile).open_channels == 0
    assert mobile.modem.clients == 0
