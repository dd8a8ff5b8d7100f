# SPDX-License-Identifier: LGPL-2.1-or-later
"""The relay's arithmetic in virtual time, and that octets come through it whole and in order."""

from __future__ import annotations

import os
import socket
import threading

import pytest

from testbed import pki
from testbed.relay import INITIAL_WINDOW, SEGMENT, Link, Relay
from testbed.smdp import SmdpServer, SubscriberRecord

from .mini_lpa import Es9Client, MiniLpa, succeeded
from .soft_chip import SoftChip


def arrivals(link: Link, now: float, octets: int) -> list[float]:
    """Arrival of each segment of a block handed over at once."""
    return [link.schedule(now, min(SEGMENT, octets - start)) for start in range(0, octets, SEGMENT)]


def test_half_a_round_trip_each_way():
    link = Link(0.2)
    assert link.schedule(1.0, 100) == pytest.approx(1.1)
    assert link.schedule(1.01, 100) == pytest.approx(1.11), "later data does not wait for earlier data"


def test_set_up_costs_one_round_trip_and_only_if_used_at_once():
    assert Link(0.2, ready=5.2).schedule(5.0, 100) == pytest.approx(5.3)
    assert Link(0.2, ready=5.2).schedule(6.0, 100) == pytest.approx(6.1)


def test_rate_serialises():
    link = Link(0.0, rate=1460.0)
    assert arrivals(link, 0.0, 3 * SEGMENT) == pytest.approx([1.0, 2.0, 3.0])


def test_slow_start_doubles_the_window_each_round_trip():
    times = arrivals(Link(1.0), 0.0, 70 * SEGMENT)
    rounds = [sum(1 for time in times if time == pytest.approx(start + 0.5)) for start in range(4)]
    assert rounds == [10, 20, 40, 0]


def test_window_closes_again_after_idling():
    link = Link(1.0)
    arrivals(link, 0.0, 30 * SEGMENT)
    busy = arrivals(link, 2.0, 20 * SEGMENT)
    idle = arrivals(link, 60.0, INITIAL_WINDOW + SEGMENT)
    assert busy[-1] == pytest.approx(2.5) and idle[-2:] == pytest.approx([60.5, 61.5])


def test_small_exchanges_do_not_open_the_window():
    link = Link(1.0)
    for moment in range(20):
        link.schedule(float(moment), 500)
    assert arrivals(link, 20.0, INITIAL_WINDOW + SEGMENT)[-1] > 20.6


def test_without_slow_start_all_leaves_at_once():
    assert set(arrivals(Link(1.0, slow_start=False), 0.0, 70 * SEGMENT)) == {0.5}


def connect(relay: Relay) -> socket.socket:
    """A connection that fails rather than blocks for ever."""
    return socket.create_connection(("127.0.0.1", relay.port), timeout=20)


@pytest.fixture(name="echo")
def fixture_echo():
    """A server that reads to the end and then sends everything back."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        sock, _ = listener.accept()
        with sock:
            data = b""
            while piece := sock.recv(65536):
                data += piece
            sock.sendall(data)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()
    listener.close()
    thread.join(10)


def test_octets_and_ends_come_through(echo):
    data = os.urandom(300000)
    with Relay(echo, rtt=0.01) as relay, connect(relay) as sock:
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        received = b""
        while piece := sock.recv(65536):
            received += piece
    assert received == data and relay.connections == 1


def test_unreachable_target_is_a_reset():
    unused = socket.create_server(("127.0.0.1", 0))
    target = unused.getsockname()
    unused.close()
    with Relay(target, rtt=0.0) as relay, pytest.raises(ConnectionResetError):
        with connect(relay) as sock:  # the reset may be there before this returns
            sock.recv(1)


def test_stop_ends_connections():
    listener = socket.create_server(("127.0.0.1", 0))
    relay = Relay(listener.getsockname(), rtt=3600.0).start()
    with connect(relay) as sock:
        sock.sendall(b"never arrives in time")
        peer, _ = listener.accept()
        relay.stop()
        assert sock.recv(1) == b""
        peer.close()
    listener.close()


def test_download_through_the_relay():
    keys = pki.make_testbed_pki(pki.make_eid(), ["smdp.example.test"])
    with SmdpServer(keys.server) as server, Relay(("127.0.0.1", server.port), rtt=0.02) as relay:
        client = Es9Client(server.host, relay.port, keys.ci.cert)
        order = server.place_order(SubscriberRecord.make(1), size=100000)
        assert succeeded(MiniLpa(SoftChip(keys.chip), client).download(order.matching_id))
        client.close()
        assert relay.connections == server.counters.tcp_connections == 1
