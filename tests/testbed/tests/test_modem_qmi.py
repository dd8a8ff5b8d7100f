# SPDX-License-Identifier: LGPL-2.1-or-later
"""The virtual modem as a QMI client sees it, without Debian's programs in between."""

import itertools
import os

import pytest

from testbed import pki
from testbed.modem import BEHAVIOURS, Modem, ProxyPort, firmware, listen_abstract
from testbed.modem.client import SLOT, QmiClient, connect_abstract, file_of
from testbed.modem.qmux import Error, QmiError, Service, long_octets, short_octets, u8
from testbed.network import Cause, Network
from testbed.process import wait_until
from testbed.smdp import SmdpServer, SubscriberRecord
from testbed.smdp.subscriber import encode_imsi
from testbed.tests.mini_lpa import ISD_R, Es9Client, MiniLpa, succeeded
from testbed.tests.modem_peers import (
    CARD_EVENTS, FIRST, SECOND, SLOT_EVENTS, QmiChannel, chip_with_two_profiles, profile_of,
)
from testbed.veuicc import Euicc, faults

EF_ICCID, EF_IMSI = bytes.fromhex("3F002FE2"), bytes.fromhex("3F007FFF6F07")
GET_EID = bytes.fromhex("80E2910006BF3E035C015A00")
UNKNOWN_AID = bytes.fromhex("A0000005591010FFFFFFFF8900000900")
NUMBERS = itertools.count()


class Device:
    """A modem, and clients of it."""

    def __init__(self, chips, network=None):
        self.name = f"lpad-testbed-qmi-{os.getpid()}-{next(NUMBERS)}"
        self._listener = listen_abstract(self.name)
        self.modem = Modem(chips, [ProxyPort(self._listener)], network=network or Network([FIRST, SECOND]))
        self._clients = []

    def client(self) -> QmiClient:
        client = QmiClient(connect_abstract(self.name), "/dev/cdc-wdm0")
        self._clients.append(client)
        return client

    def registered(self) -> bool:
        return wait_until(lambda: self.modem.radio.registered, 60, "registration")

    def close(self) -> None:
        for client in self._clients:
            client.close()
        self.modem.stop()
        self._listener.close()


@pytest.fixture(name="make_device")
def fixture_make_device():
    made = []

    def make(*chips, network=None) -> Device:
        made.append(Device(chips, network))
        made[-1].modem.start()
        return made[-1]

    yield make
    for device in made:
        device.close()


@pytest.fixture(name="chip")
def fixture_chip(made):
    return chip_with_two_profiles(made.chip)


@pytest.fixture(name="device")
def fixture_device(make_device, chip):
    return make_device(chip)


@pytest.fixture(name="uim")
def fixture_uim(device):
    return device.client().uim()


def error_of(function, *arguments) -> int:
    with pytest.raises(QmiError) as raised:
        function(*arguments)
    return raised.value.code


# Clients


def test_clients_come_and_go(device):
    client = device.client()
    first, second = client.allocate(Service.UIM), client.allocate(Service.UIM)
    assert first != second and device.modem.clients == 2
    client.release(Service.UIM, first)
    assert error_of(client.release, Service.UIM, first) == Error.INVALID_CLIENT_ID
    assert error_of(client.request, Service.UIM, first, 0x002F) == Error.INVALID_CLIENT_ID
    client.close()
    wait_until(lambda: device.modem.clients == 0, 60, "the clients of the closed connection to go")


def test_wrong_requests(device):
    client = device.client()
    number = client.allocate(Service.UIM)
    assert error_of(client.allocate, 0x55) == Error.NOT_SUPPORTED
    assert error_of(client.request, Service.UIM, number, 0x7777) == Error.NOT_SUPPORTED
    assert error_of(client.request, Service.UIM, number, 0x003B, {0x01: SLOT}) == Error.MISSING_ARGUMENT
    assert error_of(client.request, Service.UIM, number, 0x003B, {0x01: SLOT, 0x02: b"\x09"}) == Error.MALFORMED
    with pytest.raises(QmiError):
        QmiClient(connect_abstract(device.name), "/dev/cdc-wdm1")


def test_the_number_of_clients_is_limited(device):
    client = device.client()
    with pytest.raises(QmiError) as raised:
        for _ in range(100):
            client.allocate(Service.UIM)
    assert raised.value.code == Error.CLIENT_IDS_EXHAUSTED


# Channels and APDUs


def test_a_channel_leads_to_the_chip(chip, uim):
    channel, fci = uim.open_channel(ISD_R)
    assert fci == chip.fci() and chip.open_channels == 1
    assert uim.apdu(channel, GET_EID).hex() == f"bf3e125a10{chip.eid}9000"
    uim.close_channel(channel)
    assert chip.open_channels == 0
    assert error_of(uim.close_channel, channel) == Error.INVALID_ARGUMENT
    assert uim.apdu(channel, GET_EID).hex() == "6881"


def test_the_class_octet_is_the_modems_business(chip, uim):
    chip.config.first_channel = 5
    channel, _ = uim.open_channel(ISD_R)
    assert channel == 5
    assert uim.apdu(channel, GET_EID)[-2:].hex() == "9000"


def test_channels_are_few_and_leak_until_the_card_is_reset(chip, uim):
    for _ in range(2):
        with pytest.raises(QmiError) as raised:
            uim.open_channel(UNKNOWN_AID)
        assert (raised.value.code, raised.value.tlvs[0x11].hex()) == (Error.INTERNAL, "6a82")
    uim.open_channel(ISD_R)
    with pytest.raises(QmiError) as raised:
        uim.open_channel(ISD_R)
    assert (raised.value.code, raised.value.tlvs[0x11].hex()) == (Error.INSUFFICIENT_RESOURCES, "6a81")
    assert chip.open_channels == 3
    uim.power_cycle()
    wait_until(lambda: chip.open_channels == 0, 60, "the reset")
    uim.open_channel(ISD_R)


@pytest.mark.parametrize("code", [Error.ACCESS_DENIED, Error.INTERNAL])
def test_firmware_can_keep_the_isdr_for_itself(device, uim, code):
    device.modem.firmware.isdr_error = code
    assert error_of(uim.open_channel, ISD_R) == code
    assert error_of(uim.open_channel, UNKNOWN_AID) == Error.INTERNAL


def test_get_response_is_the_clients_business_unless_it_is_told_otherwise(chip, uim):
    chip.config.always_get_response = True
    channel, _ = uim.open_channel(ISD_R)
    assert uim.apdu(channel, GET_EID).hex() == "6115"
    assert uim.apdu(channel, bytes.fromhex("00C0000015"))[-2:].hex() == "9000"
    assert uim.apdu(channel, GET_EID, procedure=0).hex() == f"bf3e125a10{chip.eid}9000"


def test_long_answers_come_in_indications(device, uim):
    device.modem.firmware.longest_apdu = 16
    channel, _ = uim.open_channel(ISD_R)
    with pytest.raises(QmiError) as raised:
        uim.apdu(channel, GET_EID)
    assert raised.value.tlvs[0x11][:2] == (23).to_bytes(2, "little")
    assert error_of(uim.apdu, channel, bytes(17)) == Error.INVALID_ARGUMENT
    assert error_of(uim.apdu, channel, bytes(3)) == Error.INVALID_ARGUMENT


def test_a_silent_chip_is_an_internal_error(chip, uim):
    channel, _ = uim.open_channel(ISD_R)
    chip.faults.at_apdu(1, faults.silence())
    assert error_of(uim.apdu, channel, GET_EID) == Error.INTERNAL


# Files


def test_files_of_the_enabled_profile(device, uim):
    assert uim.read(EF_ICCID) == FIRST.iccid_octets
    assert uim.read(EF_IMSI) == encode_imsi(FIRST.imsi)
    assert error_of(uim.read, bytes.fromhex("3F006F99")) == Error.INTERNAL
    session = {0x01: u8(0) + short_octets(b"")}
    attributes = uim.request(0x0024, {**session, 0x02: file_of(EF_IMSI)}).get(0x11)
    assert (attributes.u16(), attributes.u16(), attributes.u8()) == (9, 0x6F07, 0)
    msisdn = uim.request(0x0021, {**session, 0x02: file_of(bytes.fromhex("3F007FFF6F40")), 0x03: b"\x01\0\0\0"})
    assert len(msisdn.get(0x11).long_octets()) == 30
    challenge = long_octets(u8(16) + bytes(16) + u8(16) + bytes(16))
    with pytest.raises(QmiError) as raised:
        uim.request(0x0034, {**session, 0x02: u8(1) + challenge})
    assert raised.value.tlvs[0x10].hex() == "9862"


# Power and slots


def test_power_off_and_on(device, uim):
    uim.register(CARD_EVENTS | SLOT_EVENTS)
    uim.request(0x0030, {0x01: SLOT})
    assert uim.slots_told() == [(False, True, b"")]
    assert error_of(uim.open_channel, ISD_R) == Error.DEVICE_NOT_READY
    assert error_of(uim.request, 0x0030, {0x01: SLOT}) == Error.NO_EFFECT
    uim.request(0x0031, {0x01: SLOT})
    assert uim.slots_told() == [(True, True, FIRST.iccid_octets)]
    uim.open_channel(ISD_R)


def test_slots(make_device, chip):
    other = Euicc(pki.make_testbed_pki(pki.make_eid(serial=77), ["smdp.example.com"]).chip)
    device = make_device(chip, None, other)
    uim = device.client().uim()
    assert uim.register(CARD_EVENTS | SLOT_EVENTS | 0x100) == CARD_EVENTS | SLOT_EVENTS
    assert [slot[:2] for slot in uim.slots()] == [(True, True), (False, False), (True, False)]
    assert error_of(uim.slot_switch, 1) == Error.NO_EFFECT
    assert error_of(uim.slot_switch, 4) == Error.INVALID_ARGUMENT
    uim.slot_switch(3)
    assert [slot[1] for slot in uim.slots_told()] == [False, False, True]
    channel, _ = uim.open_channel(ISD_R)
    assert other.eid.encode() in uim.apdu(channel, GET_EID).hex().encode()
    assert chip.open_channels == 0
    uim.slot_switch(2)
    uim.slots_told()
    assert error_of(uim.open_channel, ISD_R) == Error.DEVICE_NOT_READY


def test_modems_without_slots(device, uim):
    device.modem.firmware.slot_status = False
    assert error_of(uim.slots) == Error.NOT_SUPPORTED
    assert error_of(uim.slot_switch, 1) == Error.NOT_SUPPORTED
    assert uim.register(CARD_EVENTS | SLOT_EVENTS) == CARD_EVENTS


# REFRESH


def enable(device, uim, behaviour: str) -> None:
    """Ask for everything that can be told, and switch to SECOND."""
    device.registered()
    device.modem.firmware.behaviour = behaviour
    uim.register(SLOT_EVENTS)
    uim.register_refresh()
    QmiChannel(uim).enable(SECOND)


def test_refresh(device, chip, uim):
    enable(device, uim, "refresh")
    assert uim.refresh_stage() == 1
    assert error_of(uim.open_channel, ISD_R) == Error.DEVICE_NOT_READY
    assert uim.refresh_stage() == 2
    assert uim.slots_told() == [(True, True, SECOND.iccid_octets)]
    assert chip.open_channels == 0 and uim.read(EF_ICCID) == SECOND.iccid_octets
    device.registered()
    assert device.modem.network.attached == [FIRST.imsi, SECOND.imsi]


def test_refresh_without_end(device, uim):
    enable(device, uim, "refresh-without-end")
    assert uim.refresh_stage() == 1
    wait_until(lambda: device.modem.iccid == SECOND.iccid, 60, "the card to be back")
    assert uim.read(EF_ICCID) == SECOND.iccid_octets
    assert device.modem.call(lambda: device.modem.counters.indications) == 1


def test_slot_event(device, uim):
    enable(device, uim, "slot-event")
    assert uim.slots_told() == [(False, True, b"")]
    assert uim.slots_told() == [(True, True, SECOND.iccid_octets)]


def test_silent(device, uim):
    enable(device, uim, "silent")
    wait_until(lambda: device.modem.iccid == SECOND.iccid, 60, "the card to be back")
    assert uim.read(EF_ICCID) == SECOND.iccid_octets
    assert device.modem.counters.indications == 0


def test_silent_until_power_cycle(device, uim):
    enable(device, uim, "silent-until-power-cycle")
    assert uim.read(EF_ICCID) == FIRST.iccid_octets
    uim.power_cycle()
    assert uim.slots_told() == [(False, True, b"")]
    assert uim.slots_told() == [(True, True, SECOND.iccid_octets)]


def test_silent_until_reset(device, uim):
    enable(device, uim, "silent-until-reset")
    uim.power_cycle()
    assert uim.slots_told() == [(False, True, b"")]
    assert uim.slots_told() == [(True, True, FIRST.iccid_octets)]
    client = device.client()
    client.request(Service.DMS, client.allocate(Service.DMS), 0x002E, {0x01: u8(4)})
    wait_until(lambda: device.modem.iccid == SECOND.iccid, 60, "the modem to be back")
    assert device.client().uim().read(EF_ICCID) == SECOND.iccid_octets


def test_every_behaviour_is_here():
    shown = {name.removeprefix("test_").replace("_", "-") for name in globals() if name.startswith("test_")}
    assert set(BEHAVIOURS) <= shown


# Faults


def test_a_late_answer_comes_after_others(device):
    device.modem.faults.at_message("UIM Get Card Status", firmware.late(0.5))
    client = device.client()
    number = client.allocate(Service.UIM)
    late = client.send(Service.UIM, number, 0x002F)
    client.request(Service.UIM, number, 0x0047)
    assert not client.answered(late)
    assert client.answer(late).error == Error.NONE


def test_lost_answers_and_errors(device, chip):
    client = device.client()
    uim = client.uim()
    channel_to_isdr = {0x01: SLOT, 0x10: short_octets(ISD_R)}
    device.modem.faults.at_message("UIM Open Logical Channel", firmware.silence())
    device.modem.faults.at_message("UIM Open Logical Channel", firmware.lost_answer(), n=2)
    for opened in (0, 1):
        sent = client.send(Service.UIM, uim.number, 0x0042, channel_to_isdr)
        uim.slots()
        assert not client.answered(sent) and chip.open_channels == opened
    device.modem.faults.at_message("UIM Open Logical Channel", firmware.error(Error.INTERNAL), n=2, times=2)
    uim.open_channel(ISD_R)
    assert [error_of(uim.open_channel, ISD_R) for _ in range(2)] == [Error.INTERNAL] * 2
    uim.open_channel(ISD_R)


def test_vanishing(device, uim):
    channel, _ = uim.open_channel(ISD_R)
    device.modem.faults.at_message("UIM Send APDU", firmware.vanish())
    with pytest.raises(OSError):
        uim.apdu(channel, GET_EID)
    assert not device.modem.radio.registered
    device.modem.appear()
    again = device.client().uim()
    assert error_of(again.close_channel, channel) == Error.INVALID_ARGUMENT
    again.open_channel(ISD_R)


# The network


def test_registration_needs_a_subscription(make_device, chip):
    device = make_device(chip, network=Network([SECOND]))
    wait_until(lambda: device.modem.radio.cause is not None, 60, "the refusal")
    assert device.modem.radio.cause == Cause.UNKNOWN_SUBSCRIBER and not device.modem.radio.registered


def test_registration_needs_the_right_key(make_device, chip):
    stranger = SubscriberRecord.make(1, k=bytes(16))
    device = make_device(chip, network=Network([stranger]))
    wait_until(lambda: device.modem.radio.cause is not None, 60, "the refusal")
    assert device.modem.radio.cause == Cause.ILLEGAL_DEVICE


def test_a_refused_subscriber(make_device, chip):
    network = Network([FIRST])
    network.refused[FIRST.imsi] = Cause.PLMN_NOT_ALLOWED
    device = make_device(chip, network=network)
    wait_until(lambda: device.modem.radio.cause is not None, 60, "the refusal")
    assert device.modem.radio.cause == Cause.PLMN_NOT_ALLOWED


def test_sequence_numbers_are_resynchronised(make_device, made):
    chip = Euicc(made.chip)
    chip.add_profile(profile_of(FIRST, enabled=True, sqn=1 << 20))
    device = make_device(chip)
    assert device.registered()


def test_roaming(make_device, chip):
    device = make_device(chip, network=Network([FIRST], mcc="001", mnc="01"))
    device.registered()
    assert device.modem.radio.roaming


def test_a_chip_without_enabled_profile_does_not_register(make_device, made):
    device = make_device(Euicc(made.chip))
    uim = device.client().uim()
    assert uim.slots() == [(True, True, b"")]
    uim.open_channel(ISD_R)
    assert not device.modem.radio.registered and device.modem.radio.cause is None


@pytest.mark.parametrize(("apn", "family", "error"), [
    ("internet", 4, None), ("", 4, None), ("other", 4, Cause.UNKNOWN_APN), ("internet", 6, 208),
])
def test_data_connections(make_device, chip, apn, family, error):
    device = make_device(chip, network=Network([FIRST], apns=["internet"]))
    device.registered()
    client = device.client()
    wds = client.allocate(Service.WDS)
    request = {0x14: apn.encode(), 0x19: u8(family)}
    if error is None:
        client.request(Service.WDS, wds, 0x0020, request)
        settings = client.request(Service.WDS, wds, 0x002D)
        assert settings.get(0x1E).octets(4)[::-1] == bytes([10, 45, 0, 2])
        return
    with pytest.raises(QmiError) as raised:
        client.request(Service.WDS, wds, 0x0020, request)
    assert int.from_bytes(raised.value.tlvs[0x11][2:], "little") == error


# All of it


def test_a_profile_is_downloaded_enabled_and_used(make_device, made):
    record = SubscriberRecord.make(5)
    chip = Euicc(made.chip)
    with SmdpServer(made.server) as server:
        device = make_device(chip, network=Network([record]))
        uim = device.client().uim()
        channel = QmiChannel(uim)
        es9 = Es9Client("smdp.example.com", server.port, made.ci.cert)
        result = MiniLpa(channel, es9).download(server.place_order(record, size=12000).matching_id)
        assert succeeded(result)
        uim.register_refresh()
        channel.enable(record)
        assert [uim.refresh_stage(), uim.refresh_stage()] == [1, 2]
        device.registered()
        assert device.modem.network.attached == [record.imsi]
        es9.close()
