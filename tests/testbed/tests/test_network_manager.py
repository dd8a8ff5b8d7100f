# SPDX-License-Identifier: LGPL-2.1-or-later
"""Debian's NetworkManager with the virtual modem."""

from testbed.internet import WEBSITE, WEBSITE_PORT, Internet
from testbed.mobile import Mobile
from testbed.network import Network
from testbed.network_manager import NetworkManager
from testbed.process import wait_until
from testbed.tests.modem_peers import FIRST, SECOND, chip_with_two_profiles


def test_a_connection_carries_data(made):
    chip = chip_with_two_profiles(made.chip)
    with Mobile([chip], network=Network([FIRST, SECOND]), internet=Internet()) as mobile:
        manager = NetworkManager(mobile)
        manager.start()
        mobile.start_modem_manager()
        website = mobile.internet.address_of(WEBSITE)
        assert mobile.reach(website, WEBSITE_PORT) != ""
        first = manager.add("First", "gsm.apn", "first.example", "gsm.sim-id", FIRST.iccid)
        manager.use(first)
        assert mobile.network.asked == [(FIRST.imsi, "first.example")]
        assert mobile.wait_for_modem(lambda modem: modem.state == "connected").iccid == FIRST.iccid
        wait_until(lambda: mobile.reach(website, WEBSITE_PORT) == "", 60, "the website to be reached", interval=0.1)
