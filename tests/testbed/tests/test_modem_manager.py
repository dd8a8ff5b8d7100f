# SPDX-License-Identifier: LGPL-2.1-or-later
"""Debian's ModemManager, qmi-proxy and qmicli with the virtual modem, in namespaces of their own."""

import pytest

from testbed.mobile import Mobile
from testbed.modem.qmux import Service
from testbed.network import Network
from testbed.process import wait_until
from testbed.smdp.subscriber import encode_iccid
from testbed.tests.modem_peers import FIRST, SECOND, QmiChannel, chip_with_two_profiles


@pytest.fixture(name="mobile", scope="module")
def fixture_mobile(made):
    """With ModemManager that shows FIRST or SECOND, whichever was enabled last."""
    chip = chip_with_two_profiles(made.chip)
    with Mobile([chip], network=Network([FIRST, SECOND])) as mobile:
        mobile.start_modem_manager()
        mobile.wait_for_modem(lambda modem: modem.iccid == FIRST.iccid)
        yield mobile


def switch(mobile: Mobile, behaviour: str):
    """Enable the profile that is not enabled, by way of the proxy; its record."""
    target = SECOND if mobile.modem.iccid == FIRST.iccid else FIRST
    wait_until(lambda: mobile.modem.radio.registered, 60, "registration")
    mobile.modem.firmware.behaviour = behaviour
    with mobile.qmi_client() as client:
        QmiChannel(client.uim()).enable(target)
    return target


def shows(mobile: Mobile, record) -> None:
    """Wait until ModemManager shows this subscription, whatever became of the modem object."""
    mobile.wait_for_modem(lambda modem: (modem.iccid, modem.imsi) == (record.iccid, record.imsi))


def test_behind_debians_proxy(made):
    """The modem's SIM is shown, it registers and connects; qmicli works beside ModemManager."""
    chip = chip_with_two_profiles(made.chip)
    with Mobile([chip], network=Network([FIRST], apns=["internet"]), proxy="debian") as mobile:
        mobile.start_modem_manager()
        modem = mobile.wait_for_modem(lambda modem: modem.iccid)
        assert (modem.iccid, modem.imsi, modem.failure) == (FIRST.iccid, FIRST.imsi, "--")
        slots = mobile.qmicli("--uim-get-slot-status").stdout
        assert FIRST.iccid in slots and chip.eid in slots
        with mobile.qmi_client() as client:
            channel = QmiChannel(client.uim())
            assert chip.eid in channel.es10(bytes.fromhex("BF3E035C015A")).hex()
            channel.close()
        assert mobile.mmcli("--modem=any", "--enable").returncode == 0
        mobile.wait_for_modem(lambda modem: (modem.state, modem.registration) == ("registered", "home"))
        refused = mobile.mmcli("--modem=any", "--simple-connect=apn=other")
        assert "unknown-apn" in refused.stderr.lower().replace(" ", "-"), refused.stderr
        assert mobile.mmcli("--modem=any", "--simple-connect=apn=internet").returncode == 0
        connected = mobile.wait_for_modem(lambda modem: modem.state == "connected")
        bearers = "".join(mobile.mmcli(f"--bearer={path}").stdout for path in connected.bearers)
        assert "10.45.0.2" in bearers and "wwan0" in bearers


@pytest.mark.parametrize("behaviour", ["refresh", "refresh-without-end", "slot-event"])
def test_switches_that_are_seen(mobile, behaviour):
    shows(mobile, switch(mobile, behaviour))


@pytest.mark.parametrize("behaviour", ["silent", "silent-until-power-cycle"])
def test_switches_that_only_a_power_cycle_shows(mobile, behaviour):
    before = mobile.seen_modem()
    target = switch(mobile, behaviour)
    if behaviour == "silent":
        wait_until(lambda: mobile.modem.iccid == target.iccid, 60, "the card to be back")
        wait_until(lambda: mobile.modem.radio.registered, 60, "registration")
    after = mobile.seen_modem()
    assert (after.path, after.iccid) == (before.path, before.iccid)
    with mobile.qmi_client() as client:
        client.uim().power_cycle()
    shows(mobile, target)


def test_a_switch_that_only_a_reset_shows(mobile):
    before = mobile.seen_modem()
    target = switch(mobile, "silent-until-reset")
    with mobile.qmi_client() as client:
        client.uim().power_cycle()
        assert client.uim().slots()[0][2] == encode_iccid(before.iccid)
    mobile.wait_for_modem(lambda modem: modem.iccid == before.iccid)
    with mobile.qmi_client() as client:
        client.request(Service.DMS, client.allocate(Service.DMS), 0x002E, {0x01: b"\x04"})
    shows(mobile, target)

