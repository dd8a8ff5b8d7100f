# SPDX-License-Identifier: LGPL-2.1-or-later
"""The SM-DP+ over real TLS: what it serves, and how orders live."""

from __future__ import annotations

import ssl
from concurrent.futures import ThreadPoolExecutor

import pytest

from testbed import pki, tlv
from testbed.smdp import SmdpServer, SubscriberRecord
from testbed.smdp.subscriber import luhn_ok
from testbed.smdp.upp import build_upp

from .mini_lpa import Es9Client, LpaError, MiniLpa, succeeded, token_of
from .soft_chip import SoftChip

HOST = "smdp.example.test"
RECORD = SubscriberRecord.make(7, service_provider="Operator", profile_name="Plan")


@pytest.fixture(name="keys", scope="module")
def fixture_keys():
    return pki.make_testbed_pki(pki.make_eid(), [HOST])


@pytest.fixture(name="server")
def fixture_server(keys):
    with SmdpServer(keys.server, HOST) as server:
        yield server


@pytest.fixture(name="lpa")
def fixture_lpa(keys, server):
    client = Es9Client(HOST, server.port, keys.ci.cert)
    yield MiniLpa(SoftChip(keys.chip), client)
    client.close()


def test_upp_has_exactly_the_size_asked_for():
    smallest = len(build_upp(RECORD))
    sizes = [*range(smallest, smallest + 600), 12000, 60000, 100000, 65535, 65536]
    assert all(len(build_upp(RECORD, size)) == size for size in sizes)
    with pytest.raises(ValueError):
        build_upp(RECORD, smallest - 1)


def test_upp_is_header_elements_end_with_the_subscribers_data():
    elements = tlv.parse(build_upp(RECORD, 12000))
    assert [element.tag for element in elements[:4]] == [0xA0, 0xB0, 0xA3, 0xA2] and elements[-1].tag == 0xAA
    assert elements[0].get(0x83).value == RECORD.iccid_octets
    assert elements[1].get(0xA4).get(0x83).value == RECORD.iccid_octets
    aka = next(element for element in elements if element.tag == 0xA4).get(0xA1).get(0xA1)
    assert (aka.get(0x82).value, aka.get(0x83).value) == (RECORD.k, RECORD.opc)
    numbers = [element.get(0xA0).get(0x81).value for element in elements[1:]]
    assert numbers == [bytes([number]) for number in range(1, len(elements))]


def test_subscriber_record_is_valid():
    assert luhn_ok(RECORD.iccid) and len(RECORD.iccid) == 20 and RECORD.plmn == bytes.fromhex("99F907")
    with pytest.raises(ValueError):
        SubscriberRecord.make(1, k=b"short")


@pytest.mark.parametrize("protection", ["session", "ppk"])
@pytest.mark.parametrize("size", [None, 12000, 100000])
def test_download(server, lpa, protection, size):
    order = server.place_order(RECORD, size=size, protection=protection)
    result = lpa.download(order.matching_id)
    assert succeeded(result) and lpa.chip.plaintext[0x86] == build_upp(RECORD, size)
    assert lpa.chip.plaintext[0x88] == lpa.metadata.raw == order.metadata()
    assert max(lpa.chip.segment_sizes) <= 1020
    tags = [child.tag for child in tlv.parse_single(lpa.package).children()]
    assert (0xA2 in tags) == (protection == "ppk")
    assert order.state == "installed"
    counters = server.counters
    assert (counters.tcp_connections, counters.tls_handshakes, counters.http_requests) == (1, 1, 4)
    assert [entry.verified for entry in server.notifications] == [True]


def test_oversize_segments(server, lpa):
    order = server.place_order(RECORD, oversize=True)
    assert succeeded(lpa.download(order.matching_id))
    assert max(lpa.chip.segment_sizes) == 1036


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_both_tls_versions(keys, lpa, server, version):
    server.use_tls(keys.server.dp_tls, version, version)
    assert succeeded(lpa.download(server.place_order(RECORD).matching_id))


def test_brainpool_and_short_transaction_ids():
    keys = pki.make_testbed_pki(pki.make_eid(), [HOST], curve="brainpoolP256r1")
    tls_ci = pki.make_ci()
    keys.server.dp_tls = tls_ci.make_dp_tls([HOST])
    with SmdpServer(keys.server, HOST, transaction_id_length=8) as server:
        lpa = MiniLpa(SoftChip(keys.chip), Es9Client(HOST, server.port, tls_ci.cert))
        lpa.chip.one_time_key = pki.crypto.generate_key("brainpoolP256r1")
        assert succeeded(lpa.download(server.place_order(RECORD).matching_id))
        assert len(lpa.transaction_id) == 8
        lpa.server.close()


def test_activation_codes(server):
    plain = server.place_order(RECORD, matching_id="TOKEN-1")
    assert plain.activation_code == f"LPA:1${HOST}$TOKEN-1"
    assert server.place_order(RECORD, matching_id="T2", confirmation_code="1").activation_code == \
        f"LPA:1${HOST}$T2$$1"
    assert server.place_order(RECORD, matching_id="T3", with_oid=True).activation_code == \
        f"LPA:1${HOST}$T3${pki.DEFAULT_DP_OID}"
    assert token_of(plain.activation_code) == "TOKEN-1"


def test_metadata_has_what_was_ordered(server):
    order = server.place_order(
        RECORD, icon=b"\x89PNG" + bytes(1020), pprs=(1, 2), profile_class="provisioning",
        notification_addresses=("a.example", "b.example"), notification_events=("install", "delete"))
    metadata = tlv.parse_single(order.metadata(), 0xBF25)
    tags = [child.tag for child in metadata.children()]
    assert tags == [0x5A, 0x91, 0x92, 0x93, 0x94, 0x95, 0xB6, 0xB7, 0x99]
    entries = metadata.get(0xB6).children()
    assert [entry.get(0x81).value for entry in entries] == [b"a.example", b"b.example"]
    assert entries[0].get(0x80).value == bytes.fromhex("0490")
    assert metadata.get(0x99).value == bytes.fromhex("0560")


def test_icon_is_split_over_two_segments(server, lpa):
    order = server.place_order(RECORD, icon=bytes(1024))
    assert succeeded(lpa.download(order.matching_id))
    assert lpa.chip.plaintext[0x88] == order.metadata() and len(order.metadata()) > 1008


def test_confirmation_code(server, lpa):
    order = server.place_order(RECORD, confirmation_code="1234")
    lpa.authenticate(order.matching_id)
    assert lpa.cc_required
    with pytest.raises(LpaError) as missing:
        lpa.fetch()
    with pytest.raises(LpaError) as wrong:
        lpa.download(order.matching_id, "4321")
    assert (missing.value.pair, wrong.value.pair) == ("8.2.7/2.2", "8.2.7/3.8")
    assert succeeded(lpa.download(order.matching_id, "1234"))


def test_confirmation_code_retries_are_exhausted(server, lpa):
    order = server.place_order(RECORD, confirmation_code="1234", cc_retries=2)
    pairs = []
    for _ in range(3):
        with pytest.raises(LpaError) as failure:
            lpa.download(order.matching_id, "0")
        pairs.append(failure.value.pair)
    assert pairs == ["8.2.7/3.8", "8.2.7/6.4", "8.2.6/3.8"] and order.state == "error"


@pytest.mark.parametrize("reason", [0, 1, 2, 3, 4, 5, 127])
def test_cancel_reasons_decide_about_the_order(server, lpa, reason):
    order = server.place_order(RECORD)
    lpa.authenticate(order.matching_id)
    lpa.cancel(reason)
    assert order.state == ("released" if reason in (1, 2) else "error")
    with pytest.raises(LpaError) as closed:
        lpa.fetch()
    assert closed.value.pair == "8.10.1/3.9"


def test_cancel_after_the_package_was_sent(server, lpa):
    order = server.place_order(RECORD)
    lpa.authenticate(order.matching_id)
    lpa.fetch()
    lpa.cancel(2)
    assert order.state == "downloaded"
    assert succeeded(lpa.download(order.matching_id)) and order.state == "installed"


def test_package_is_sent_again_while_the_chip_has_the_key(server, lpa):
    order = server.place_order(RECORD)
    packages = []
    for _ in range(2):
        lpa.authenticate(order.matching_id)
        packages.append(tlv.parse_single(lpa.fetch()).children())
    assert packages[0][0].raw != packages[1][0].raw
    assert [part.raw for part in packages[0][1:]] == [part.raw for part in packages[1][1:]]
    assert succeeded(lpa.load(lpa.package))


def test_package_is_bound_again_for_a_new_key(server, lpa):
    order = server.place_order(RECORD)
    lpa.authenticate(order.matching_id)
    first = lpa.fetch()
    lpa.chip.one_time_key = pki.crypto.generate_key()
    lpa.authenticate(order.matching_id)
    assert tlv.parse_single(lpa.fetch()).children()[1].raw != tlv.parse_single(first).children()[1].raw
    assert succeeded(lpa.load(lpa.package))


def test_binding_again_can_be_refused(server, lpa):
    order = server.place_order(RECORD, rebinding=False)
    lpa.authenticate(order.matching_id)
    lpa.fetch()
    lpa.chip.one_time_key = pki.crypto.generate_key()
    with pytest.raises(LpaError) as refusal:
        lpa.download(order.matching_id)
    assert refusal.value.pair == "8.2/3.7"


@pytest.mark.parametrize("error, state", [
    ((5, 10), "downloaded"), ((5, 11), "downloaded"), ((5, 12), "error"), ((2, 9), "error")])
def test_failed_installation(server, lpa, error, state):
    order = server.place_order(RECORD)
    lpa.chip.lies["error"] = error
    assert not succeeded(lpa.download(order.matching_id))
    assert order.state == state and server.notifications[0].error == error


def test_order_waits_for_an_eid(server, lpa, keys):
    order = server.place_order(RECORD, matching_id="", eid=keys.chip.eid)
    assert succeeded(lpa.download(""))
    assert order.state == "installed"


def test_released_later(server, lpa):
    order = server.place_order(RECORD, released=False)
    with pytest.raises(LpaError) as refusal:
        lpa.download(order.matching_id)
    assert refusal.value.pair == "8.2/1.2"
    order.release()
    assert succeeded(lpa.download(order.matching_id))


def test_report_tells_the_story(server, lpa):
    order = server.place_order(RECORD)
    lpa.download(order.matching_id)
    text = server.report()
    for words in (order.matching_id, "installed", RECORD.iccid, "install: success", "signature verified",
                  "TLS handshakes 1, requests 4"):
        assert words in text


def test_several_devices_at_once(server, keys):
    orders = [server.place_order(SubscriberRecord.make(number)) for number in range(6)]

    def download(order):
        client = Es9Client(HOST, server.port, keys.ci.cert)
        result = MiniLpa(SoftChip(keys.chip), client).download(order.matching_id)
        client.close()
        return succeeded(result)

    with ThreadPoolExecutor(len(orders)) as pool:
        assert all(pool.map(download, orders))
    assert {order.state for order in orders} == {"installed"} and server.counters.tcp_connections == 6


def test_orders_survive_a_restart_of_the_server(server, lpa):
    order = server.place_order(RECORD)
    port = server.port
    lpa.authenticate(order.matching_id)
    server.stop()
    with pytest.raises(OSError):
        lpa.fetch()
    server.start()
    assert server.port == port
    assert succeeded(lpa.download(order.matching_id))
