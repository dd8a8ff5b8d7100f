# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who gets which connection of the network."""

import pytest

from testbed.milenage import Milenage
from testbed.network import Cause, Network, Refused, Session
from testbed.smdp import SubscriberRecord

OWNER, MAKER = SubscriberRecord.make(1), SubscriberRecord.make(2)


class Cables:
    """Notes what the network does to its wires."""

    def __init__(self):
        self.open_ones: list[Session] = []

    def connect(self, session: Session) -> None:
        self.open_ones.append(session)

    def disconnect(self, session: Session) -> None:
        self.open_ones.remove(session)


def usim(record: SubscriberRecord):
    """Answers each challenge as this subscriber's USIM does."""
    algorithm = Milenage(record.k, record.opc)

    def authenticate(rand: bytes, _autn: bytes) -> bytes:
        res = algorithm.vector(rand, 0, b"\x80\x00").res
        return bytes([0xDB, len(res)]) + res
    return authenticate


@pytest.fixture(name="network")
def fixture_network() -> Network:
    network = Network([OWNER], provisioning=[MAKER], apns=["internet"])
    network.wires = Cables()
    return network


def attached(network: Network, record: SubscriberRecord) -> str:
    network.attach(record.imsi, usim(record))
    return record.imsi


@pytest.mark.parametrize(("asked", "granted"), [("internet", "internet"), ("", "default")])
def test_an_operational_subscriber_gets_the_apn_asked_for(network, asked, granted):
    session = network.connect(attached(network, OWNER), asked)
    assert (session.asked, session.apn, session.restricted) == (asked, granted, False)


@pytest.mark.parametrize("asked", ["internet", "", "sm", "no.such.apn"])
def test_a_provisioning_subscriber_gets_the_sm_whatever_was_asked_for(network, asked):
    session = network.connect(attached(network, MAKER), asked)
    assert (session.asked, session.apn, session.restricted) == (asked, "sm", True)


def test_what_was_asked_for_is_on_record(network):
    session = network.connect(attached(network, OWNER), "internet")
    with pytest.raises(Refused):
        network.connect(OWNER.imsi, "other")
    assert [(request.apn, request.session, request.cause) for request in network.requests] == [
        ("internet", session, None), ("other", None, Cause.UNKNOWN_APN),
    ]


def test_connections_have_addresses_of_their_own(network):
    imsi = attached(network, OWNER)
    first, second = network.connect(imsi, ""), network.connect(imsi, "internet")
    assert (first.address, second.address) == ("10.45.0.2", "10.45.0.3")
    network.disconnect(first)
    assert network.connect(imsi, "").address == first.address
    assert network.connect(attached(network, MAKER), "").address == "10.46.0.2"


def test_connections_end_with_the_registration(network):
    owner, maker = attached(network, OWNER), attached(network, MAKER)
    sessions = [network.connect(owner, ""), network.connect(owner, "internet")]
    other = network.connect(maker, "")
    network.detach(owner)
    assert network.sessions == network.wires.open_ones == [other]
    network.disconnect(sessions[0])
    with pytest.raises(Refused) as refused:
        network.connect(owner, "internet")
    assert refused.value.cause == Cause.IMPLICITLY_DETACHED


def test_nobody_connects_without_having_been_authenticated(network):
    with pytest.raises(Refused):
        network.attach(OWNER.imsi, usim(MAKER))
    with pytest.raises(Refused) as refused:
        network.connect(OWNER.imsi, "internet")
    assert refused.value.cause == Cause.IMPLICITLY_DETACHED
