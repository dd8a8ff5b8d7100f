# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a device reaches with which subscription: real packets, through ModemManager's connection."""

import pytest

from testbed.internet import WEBSITE, WEBSITE_PORT, Internet
from testbed.mobile import Mobile
from testbed.network import Network
from testbed.process import wait_until
from testbed.smdp import SmdpServer
from testbed.tests.modem_peers import FIRST, SECOND, QmiChannel, profile_of
from testbed.veuicc import Euicc
from testbed.veuicc.profiles import PROVISIONING

SM = "smdp.example.com"
#: FIRST is the one that the device was made with.
MAKER, OWNER = FIRST, SECOND


@pytest.fixture(name="mobile")
def fixture_mobile(made):
    chip = Euicc(made.chip)
    chip.add_profile(profile_of(MAKER, enabled=True, profile_class=PROVISIONING))
    chip.add_profile(profile_of(OWNER))
    internet = Internet()
    with Mobile([chip], network=Network([OWNER], provisioning=[MAKER]), internet=internet) as mobile:
        server = internet.add_server(SM, lambda address: SmdpServer(made.server, SM, (address, 443)).start(), sm=True)
        try:
            mobile.start_modem_manager()
            yield mobile
        finally:
            server.stop()


def connect(mobile: Mobile, apn: str) -> None:
    """As a user would with mmcli, and the data port with it."""
    assert mobile.mmcli("--modem=any", "--enable").returncode == 0
    mobile.wait_for_modem(lambda modem: modem.state == "registered")
    done = mobile.mmcli("--modem=any", f"--simple-connect=apn={apn}")
    assert done.returncode == 0, done.stderr
    mobile.use_bearer()


def take_address_of_another(mobile: Mobile) -> None:
    """A device that calls itself what an operational subscriber would be called."""
    done = mobile.execute("/bin/sh", "-ec", """
        ip address add 10.45.0.2/24 dev wwan0
        ip route replace default via 10.45.0.1 dev wwan0 src 10.45.0.2""")
    assert done.returncode == 0, done.stderr


def test_from_the_first_to_the_second_subscription(mobile):
    """Nothing before the connection; then the SM and nothing else; after the switch nothing, and then everything."""
    website = mobile.internet.address_of(WEBSITE)
    mobile.wait_for_modem(lambda modem: modem.iccid == MAKER.iccid)
    assert "name resolution" in mobile.reach(SM, 443)
    assert "unreachable" in mobile.reach(mobile.internet.address_of(SM), 443)

    connect(mobile, "internet")
    assert mobile.network.attached == [MAKER.imsi]
    assert [(request.apn, request.session.apn) for request in mobile.network.requests] == [("internet", "sm")]
    assert mobile.reach(SM, 443) == ""
    assert "name resolution" in mobile.reach(WEBSITE, WEBSITE_PORT)
    assert "No route to host" in mobile.reach(website, WEBSITE_PORT)
    take_address_of_another(mobile)
    for name in (SM, WEBSITE):
        assert mobile.reach(mobile.internet.address_of(name), 443, timeout=1) != ""

    with mobile.qmi_client() as client:
        QmiChannel(client.uim()).enable(OWNER)
    wait_until(lambda: mobile.network.attached == [MAKER.imsi, OWNER.imsi], 60, "the second subscription")
    assert mobile.network.sessions == []
    assert mobile.reach(mobile.internet.address_of(SM), 443, timeout=1) != ""

    mobile.wait_for_modem(lambda modem: modem.iccid == OWNER.iccid)
    connect(mobile, "internet")
    assert [session.apn for session in mobile.network.sessions] == ["internet"]
    assert mobile.reach(SM, 443) == mobile.reach(WEBSITE, WEBSITE_PORT) == mobile.reach(website, WEBSITE_PORT) == ""
    assert mobile.mmcli("--modem=any", "--simple-disconnect").returncode == 0
    assert mobile.network.sessions == []
    assert mobile.reach(website, WEBSITE_PORT, timeout=1) != ""
