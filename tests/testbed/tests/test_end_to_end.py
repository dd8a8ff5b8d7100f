# SPDX-License-Identifier: LGPL-2.1-or-later
"""The virtual eUICC and the SM-DP+ against each other, with a pure Python LPA between them.

Both halves are shown right here before any other program takes part: every signature, every encrypted octet
and every order is real.
"""

from __future__ import annotations

import pytest

from testbed import pki, tlv
from testbed.smdp import SmdpServer, SubscriberRecord, named
from testbed.tlv import encode
from testbed.veuicc import Euicc

from .mini_lpa import CardChannel, Es9Client, LpaError, MiniLpa, succeeded

HOST = "smdp.example.test"


@pytest.fixture(name="keys", scope="module", params=["P-256", "brainpoolP256r1"])
def fixture_keys(request):
    keys = pki.make_testbed_pki(pki.make_eid(), [HOST], curve=request.param)
    keys.tls_ci = pki.make_ci("TLS CI")
    keys.server.dp_tls = keys.tls_ci.make_dp_tls([HOST])
    return keys


@pytest.fixture(name="server")
def fixture_server(keys):
    with SmdpServer(keys.server, HOST) as server:
        yield server


@pytest.fixture(name="chip")
def fixture_chip(keys, tmp_path):
    return Euicc(keys.chip, state_file=tmp_path / "chip.json")


@pytest.fixture(name="lpa")
def fixture_lpa(keys, server, chip):
    client = Es9Client(HOST, server.port, keys.tls_ci.cert)
    yield MiniLpa(CardChannel(chip.process), client)
    client.close()


def profiles(lpa: MiniLpa) -> list[tuple[str, int]]:
    """ICCID and state of each profile, as the chip tells."""
    listed = lpa.es10(encode(0xBF2D), 0xBF2D).get(0xA0).children()
    return [(entry.get(0x5A).value.hex(), tlv.read_integer(entry.get(0x9F70).value)) for entry in listed]


def outcome(result: tlv.Tlv) -> tuple[int, int]:
    """(bppCommandId, errorReason) of a failed installation."""
    error = result.get(0xBF27).get(0xA2).get(0xA1)
    return tlv.read_integer(error.get(0x80).value), tlv.read_integer(error.get(0x81).value)


@pytest.mark.parametrize("size", [None, 12000, 100000])
@pytest.mark.parametrize("protection", ["session", "ppk"])
def test_install(server, chip, lpa, size, protection):
    record = SubscriberRecord.make(1)
    order = server.place_order(record, size=size, protection=protection, icon=bytes(1024))
    memory = chip.free_memory
    assert succeeded(lpa.download(order.matching_id))
    assert profiles(lpa) == [(record.iccid_octets.hex(), 0)] and chip.free_memory < memory
    assert order.state == "installed" and lpa.deliver_all() == []
    assert [(entry.kind, entry.verified, entry.success) for entry in server.notifications] == [
        ("install-result", True, True)]


def test_apdus_of_a_package_reach_the_bound(server, chip, lpa):
    order = server.place_order(SubscriberRecord.make(1), size=12000)
    lpa.authenticate(order.matching_id)
    package = lpa.fetch()
    chip.counters.reset()
    assert succeeded(lpa.load(package))
    whole, *_ = tlv.parse(package)
    first, a0, a1, a3 = whole.children()
    pieces = [len(whole.header) + len(first.raw), len(a0.raw), len(a1.header), len(a3.header)]
    pieces += [len(child.raw) for sequence in (a1, a3) for child in sequence.children()]
    assert chip.counters.bpp_apdus == sum(-(-piece // 255) for piece in pieces)


def test_whole_life_of_a_profile(server, chip, lpa, keys):
    record = SubscriberRecord.make(2)
    order = server.place_order(record, notification_events=("install", "enable", "disable", "delete"))
    lpa.download(order.matching_id)
    by_iccid = encode(0xA0, encode(0x5A, record.iccid_octets))
    for tag in (0xBF31, 0xBF32):
        assert lpa.es10(encode(tag, [by_iccid, encode(0x81, b"\x00")]), tag).get(0x80).value == b"\x00"
    assert lpa.es10(encode(0xBF33, encode(0x5A, record.iccid_octets)), 0xBF33).get(0x80).value == b"\x00"
    lpa.deliver_all()
    received = server.notifications
    assert [entry.event for entry in received] == ["install", "install", "enable", "disable", "delete"]
    assert {(entry.verified, entry.eid, entry.iccid) for entry in received} == {
        (True, keys.chip.eid, record.iccid)}
    numbers = [entry.seq for entry in received]
    assert numbers == sorted(set(numbers)) and profiles(lpa) == []


def test_confirmation_code(server, lpa):
    order = server.place_order(SubscriberRecord.make(1), confirmation_code="2468")
    with pytest.raises(LpaError) as wrong:
        lpa.download(order.matching_id, "1357")
    assert wrong.value.pair == "8.2.7/3.8"
    assert succeeded(lpa.download(order.matching_id, "2468"))


@pytest.mark.parametrize("reason", [0, 1, 2, 3, 4, 5, 127])
@pytest.mark.parametrize("late", [False, True])
def test_cancel(server, lpa, reason, late):
    order = server.place_order(SubscriberRecord.make(1))
    lpa.authenticate(order.matching_id)
    if late:
        lpa.fetch()
    lpa.cancel(reason)
    kept = "downloaded" if late else "released"
    assert order.state == (kept if reason in (1, 2) else "error")
    if reason in (1, 2):
        assert succeeded(lpa.download(order.matching_id))


def test_package_is_sent_again_to_a_chip_that_kept_its_key(server, lpa):
    order = server.place_order(SubscriberRecord.make(1))
    lpa.authenticate(order.matching_id)
    first = tlv.parse_single(lpa.fetch()).children()
    lpa.cancel(1)
    lpa.authenticate(order.matching_id)
    second = tlv.parse_single(lpa.fetch()).children()
    assert [part.raw for part in first[1:]] == [part.raw for part in second[1:]]
    assert succeeded(lpa.load(lpa.package))


def test_same_iccid_twice(server, lpa):
    record = SubscriberRecord.make(1)
    assert succeeded(lpa.download(server.place_order(record).matching_id))
    second = server.place_order(record)
    assert outcome(lpa.download(second.matching_id)) == (2, 9) and second.state == "error"


def test_full_chip(server, chip, lpa):
    with chip.lock:
        chip.config.memory = 8000
    order = server.place_order(SubscriberRecord.make(1))
    with pytest.raises(LpaError) as refused:
        lpa.download(order.matching_id)
    assert refused.value.pair == "8.1/4.8"
    server.es9.check_memory = False
    assert outcome(lpa.download(order.matching_id))[1] == 10 and order.state == "downloaded"
    with chip.lock:
        chip.config.memory = 100000
    assert succeeded(lpa.download(order.matching_id))


def test_power_cut_while_loading(server, chip, lpa, keys):
    order = server.place_order(SubscriberRecord.make(1))
    lpa.authenticate(order.matching_id)
    whole = tlv.parse_single(lpa.fetch())
    lpa.chip.es10(whole.header + whole.children()[0].raw)
    chip.power_off()
    chip.power_on()
    again = MiniLpa(CardChannel(chip.process), lpa.server)
    assert [outcome(item)[1] for item in again.deliver_all()] == [11]
    assert order.state == "downloaded" and server.notifications[0].verified
    assert succeeded(again.download(order.matching_id))


@pytest.mark.parametrize("name, stage", [
    ("wrong-transaction-id-server-signed1", ""), ("wrong-challenge", "AuthenticateServer"),
    ("wrong-server-signature1", "AuthenticateServer"), ("wrong-pkid", "AuthenticateServer"),
    ("changed-server-signed1", "AuthenticateServer"), ("wrong-server-certificate", "AuthenticateServer"),
    ("wrong-transaction-id-smdp-signed2", "PrepareDownload"), ("wrong-smdp-signature2", "PrepareDownload"),
    ("wrong-smdp-certificate", "PrepareDownload"), ("changed-smdp-signed2", "PrepareDownload"),
    ("wrong-server-address", "authenticateClient")])
def test_wrong_objects_are_found(server, lpa, name, stage):
    order = server.place_order(SubscriberRecord.make(1))
    named.plant(server.faults, name)
    with pytest.raises(LpaError) as failure:
        lpa.download(order.matching_id)
    assert failure.value.stage == stage or not stage
    assert order.state == "released" and succeeded(lpa.download(order.matching_id))


@pytest.mark.parametrize("name, result", [
    ("wrong-transaction-id-bf23", (0, 3)), ("wrong-remote-operation", (0, 5)),
    ("wrong-control-reference", (0, 4)),
    ("wrong-smdp-sign", (0, 2)), ("wrong-configure-isdp", (1, 1)), ("wrong-mac", (5, 8)),
    ("wrong-last-mac", (5, 8)), ("swapped-segments", (5, 8)), ("wrong-iccid-in-header", (5, 13)),
    ("wrong-iccid-in-file", (5, 13))])
def test_wrong_packages_are_found(server, chip, lpa, name, result):
    order = server.place_order(SubscriberRecord.make(1))
    memory = chip.free_memory
    named.plant(server.faults, name)
    assert outcome(lpa.download(order.matching_id)) == result
    assert profiles(lpa) == [] and chip.free_memory == memory and order.state == "error"
    assert server.notifications[0].verified and server.notifications[0].error == result


def test_policy_rules_need_permission(server, chip, lpa):
    with chip.lock:
        chip.config.rat = []
    order = server.place_order(SubscriberRecord.make(1), pprs=(1,))
    assert outcome(lpa.download(order.matching_id)) == (2, 15)


@pytest.mark.parametrize("size", [60, 120, 254])
def test_any_segment_size(server, chip, keys, size):
    client = Es9Client(HOST, server.port, keys.tls_ci.cert)
    lpa = MiniLpa(CardChannel(chip.process, size), client)
    assert succeeded(lpa.download(server.place_order(SubscriberRecord.make(1), size=5000).matching_id))
    client.close()


def test_oversize_segments(server, chip, lpa):
    order = server.place_order(SubscriberRecord.make(1), oversize=True)
    assert succeeded(lpa.download(order.matching_id))
    with chip.lock:
        chip.config.strict_segments = True
    strict = server.place_order(SubscriberRecord.make(2), oversize=True)
    assert outcome(lpa.download(strict.matching_id)) == (5, 7)


def test_credentials_from_folders_pair_with_each_other(tmp_path):
    keys = pki.make_testbed_pki(pki.make_eid(), [HOST])
    keys.chip.save(tmp_path / "chip")
    keys.server.save(tmp_path / "server")
    chip = Euicc(pki.ChipCredentials.load(tmp_path / "chip"))
    with SmdpServer(pki.ServerCredentials.load(tmp_path / "server")) as server:
        client = Es9Client(server.host, server.port, keys.ci.cert)
        lpa = MiniLpa(CardChannel(chip.process), client)
        assert succeeded(lpa.download(server.place_order(SubscriberRecord.make(1)).matching_id))
        client.close()
