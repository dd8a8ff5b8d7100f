# SPDX-License-Identifier: LGPL-2.1-or-later
"""Switches behind a modem with ModemManager beside it: what every firmware makes of them, and what lpad does then."""

from __future__ import annotations

import pytest

from invariants import lui_json
from testbed.device import Device
from testbed.modem.firmware import BEHAVIOURS
from testbed.network import Network
from testbed.process import wait_until
from testbed.smdp import SubscriberRecord

FIRST, SECOND = SubscriberRecord.make(201), SubscriberRecord.make(202)
RECORDS = {record.iccid: record for record in (FIRST, SECOND)}


@pytest.fixture(name="device", scope="module")
def fixture_device():
    """With ModemManager, which shows FIRST or SECOND, whichever was enabled last."""
    with Device(records=[FIRST, SECOND], config={"General": {"IdleTimeout": "600"}}) as device:
        device.mobile.start_modem_manager()
        device.mobile.wait_for_modem(lambda modem: modem.iccid == FIRST.iccid)
        yield device


def enabled(device) -> list[str]:
    return [profile["iccid"] for profile in lui_json(device, "list")["profiles"] if profile["state"] == "enabled"]


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_switch(device, behaviour):
    """However the firmware takes it, ModemManager shows the new ICCID when lui-cli says that it is done."""
    device.modem.firmware.behaviour = behaviour
    target = next(iccid for iccid in RECORDS if [iccid] != enabled(device))
    done = device.lui("enable", target)
    assert done.returncode == 0, done.stderr
    assert device.mobile.seen_modem().iccid == target
    assert enabled(device) == [target]
    assert device.chip.open_channels == 0
