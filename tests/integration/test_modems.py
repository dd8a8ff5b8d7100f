# SPDX-License-Identifier: LGPL-2.1-or-later
"""lpad at work through a modem: lpad-modem, the virtual modem, and ModemManager at the same port."""

from __future__ import annotations

from client import EUICC, MANAGER, ROOT, Client
from invariants import lui_json
from testbed.mobile import USB_DEVICE
from testbed.smdp import SubscriberRecord

OLD, NEW = SubscriberRecord.make(101), SubscriberRecord.make(102)


def profiles(device) -> dict[str, str]:
    """State of each profile by its ICCID, as lui-cli lists them."""
    return {profile["iccid"]: profile["state"] for profile in lui_json(device, "list")["profiles"]}


def test_download(make_device):
    """A profile is downloaded and used; the chip says where it is."""
    device = make_device(records=[OLD])
    order = device.smdp.place_order(NEW)
    done = device.lui("download", "--yes", order.activation_code)
    assert done.returncode == 0, done.stderr
    assert profiles(device) == {OLD.iccid: "enabled", NEW.iccid: "disabled"}
    assert [notification.event for notification in device.smdp.notifications] == ["install"]
    with Client(device) as client:
        chip = client.properties(client.euicc(device.chip.eid), EUICC)
        place = {key: chip[key] for key in ("Transport", "Device", "PhysicalDevice", "Slot", "Removable")}
        reader = client.properties(ROOT, MANAGER)["Readers"][0]
    assert place == {
        "Transport": "qmi", "Device": "/dev/cdc-wdm0", "PhysicalDevice": f"/sys/{USB_DEVICE}", "Slot": 1,
        "Removable": False,
    }
    assert (reader["name"], reader["state"]) == ("/dev/cdc-wdm0 slot 1", "euicc")
    assert device.chip.open_channels == 0
