# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the SM-DP+ refuses, with the subject and reason codes of SGP.22 v2.5, 5.6."""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random

import pytest

from testbed import crypto, pki, tlv
from testbed.smdp import SmdpServer, SubscriberRecord
from testbed.tlv import encode

from .mini_lpa import DEVICE_INFO, Es9Client, LpaError, MiniLpa, b64, succeeded, unb64
from .soft_chip import SoftChip

HOST = "smdp.example.test"
RECORD = SubscriberRecord.make(3)


def flip(octets: bytes) -> bytes:
    return octets[:-1] + bytes([octets[-1] ^ 1])


@pytest.fixture(name="keys", scope="module")
def fixture_keys():
    return pki.make_testbed_pki(pki.make_eid(), [HOST])


@pytest.fixture(name="server")
def fixture_server(keys):
    with SmdpServer(keys.server, HOST) as server:
        yield server


@pytest.fixture(name="client")
def fixture_client(keys, server):
    client = Es9Client(HOST, server.port, keys.ci.cert)
    yield client
    client.close()


def refusal(lpa: MiniLpa, token: str, code: str | None = None) -> str:
    """The pair with which a download ends."""
    with pytest.raises(LpaError) as failure:
        lpa.download(token, code)
    return failure.value.pair or failure.value.detail.split(" ")[1]


@pytest.mark.parametrize("lies, pair", [
    ({"svn": b"\x01\x00\x00"}, "8.8.3/3.1"), ({"svn": b"\x03\x00\x00"}, "8.8.3/3.1"),
    ({"pkid": bytes(20)}, "8.8.2/3.1"), ({"signing": encode(0x04, bytes(20))}, "8.8.2/3.1"),
    ({"signing": b""}, "8.8.2/3.1")])
def test_initiate_authentication(server, client, keys, lies, pair):
    lpa = MiniLpa(SoftChip(keys.chip, **lies), client)
    assert refusal(lpa, server.place_order(RECORD).matching_id) == pair


@pytest.mark.parametrize("address", [
    HOST.upper(), "other.example.test", f"{HOST}:443", "", f"https://{HOST}"])
def test_initiate_authentication_with_another_address(client, keys, address):
    chip = SoftChip(keys.chip)
    with pytest.raises(LpaError) as failure:
        client.call("initiateAuthentication", euiccChallenge=b64(b"C" * 16), smdpAddress=address,
                    euiccInfo1=b64(chip.es10(encode(0xBF20))))
    assert failure.value.pair == "8.8.1/3.8"


def test_certificates_under_a_ci_of_which_the_server_has_none(keys):
    second = pki.make_ci("Second CI")
    keys2 = pki.ServerCredentials([keys.ci.cert, second.cert], keys.server.dp_auth, keys.server.dp_pb,
                                  keys.server.dp_tls)
    with SmdpServer(keys2, HOST) as server:
        client = Es9Client(HOST, server.port, keys.ci.cert)
        lpa = MiniLpa(SoftChip(pki.make_chip(second, keys.chip.eid)), client)
        assert refusal(lpa, server.place_order(RECORD).matching_id) == "8.8.4/3.7"
        client.close()


@pytest.mark.parametrize("lies, pair", [
    ({"signature1": flip}, "8.1/6.1"), ({"signature1": bytes(64)}, "8.1/6.1"),
    ({"signature1": bytes(63)}, "8.1/6.1"), ({"signed1.transactionId": flip}, "8.1/6.1"),
    ({"signed1.serverAddress": b"other.example.test"}, "8.1/6.1"),
    ({"signed1.serverChallenge": flip}, "8.1/6.1"),
    ({"profileVersion": b"\x01\x00\x00"}, "8.2.5/4.3"),
    ({"capability": encode(0x85, b"\x06\x40")}, "8.2.5/4.3"), ({"memory": b"\x10"}, "8.1/4.8"),
    ({"euiccCert": flip}, "8.1.3/6.1"), ({"eumCert": flip}, "8.1.2/6.1"),
    ({"euiccCert": b"\x30\x00"}, "8.1.3/6.1"),
    ({"context": encode(0xA0, DEVICE_INFO[:2])}, "400"),
    ({"context": encode(0xA0, encode(0xA1, b""))}, "8.8/4.2")])
def test_authenticate_client(server, client, keys, lies, pair):
    lpa = MiniLpa(SoftChip(keys.chip, **lies), client)
    order = server.place_order(RECORD)
    assert refusal(lpa, order.matching_id) == pair
    assert order.state == "released", "a faulty device does not end an order"
    assert succeeded(MiniLpa(SoftChip(keys.chip), client).download(order.matching_id))


@pytest.mark.parametrize("function, member, tag", [
    ("authenticateClient", "authenticateServerResponse", 0xBF38),
    ("getBoundProfilePackage", "prepareDownloadResponse", 0xBF21)])
def test_error_of_the_chip_passed_on(server, client, keys, function, member, tag):
    lpa = MiniLpa(SoftChip(keys.chip), client)
    order = server.place_order(RECORD)
    if tag == 0xBF21:
        lpa.authenticate(order.matching_id)
    else:
        lpa.transaction_id = open_session(client, lpa.chip)
    error = encode(tag, encode(0xA1, [encode(0x80, lpa.transaction_id), encode(0x02, b"\x02")]))
    with pytest.raises(LpaError) as failure:
        client.call(function, transactionId=lpa.transaction_id.hex(), **{member: b64(error)})
    assert failure.value.pair == "8.1/4.2" and order.state == "released"


def open_session(client: Es9Client, chip: SoftChip) -> bytes:
    """A transaction identifier from initiateAuthentication."""
    answer = client.call("initiateAuthentication", euiccChallenge=b64(b"C" * 16), smdpAddress=HOST,
                         euiccInfo1=b64(chip.es10(encode(0xBF20))))
    return bytes.fromhex(answer["transactionId"])


def test_memory_check_can_be_left_to_the_chip(server, client, keys):
    server.es9.check_memory = False
    lpa = MiniLpa(SoftChip(keys.chip, memory=b"\x10"), client)
    assert succeeded(lpa.download(server.place_order(RECORD).matching_id))


def other_chip(keys: pki.Pki, kind: str) -> pki.ChipCredentials:
    """A chip whose chain is wrong in one way."""
    eid, ci = keys.chip.eid, keys.ci
    if kind == "foreign CI":
        return pki.make_chip(pki.make_ci(), eid)
    eum = ci.make_eum("11111111" if kind == "EID outside the constraint" else eid[:8])
    if kind == "EUM without its role":
        eum = pki.Eum(ci.make_dp_auth().cert, eum.key)
        eum.key = keys.server.dp_auth.key
    role = "dp-auth" if kind == "eUICC without its role" else "euicc"
    euicc = eum.make_euicc("1" * 32 if kind == "no EID" else eid, role=role)
    chip = pki.ChipCredentials([ci.cert], [pki.ChipIdentity(eum.cert, euicc)])
    if kind == "key of another chip":
        chip.identities[0].euicc.key = crypto.generate_key()
    return chip


@pytest.mark.parametrize("kind, pair", [
    ("foreign CI", "8.11.1/3.9"), ("EUM without its role", "8.1.2/6.1"), ("no EID", "8.1.3/6.1"),
    ("EID outside the constraint", "8.1.3/6.1"), ("eUICC without its role", "8.1.3/6.1"),
    ("key of another chip", "8.1/6.1")])
def test_euicc_chain(server, client, keys, kind, pair):
    chip = SoftChip(other_chip(keys, kind), pkid=keys.ci.pkid)
    assert refusal(MiniLpa(chip, client), server.place_order(RECORD).matching_id) == pair


@pytest.mark.parametrize("last", ["5F", "F5"])
def test_both_forms_of_the_imei_are_accepted(server, client, keys, last):
    info = DEVICE_INFO.replace(bytes.fromhex("785634 5F"), bytes.fromhex("785634" + last))
    lpa = MiniLpa(SoftChip(keys.chip, context=encode(0xA0, [
        encode(0x80, (order := server.place_order(RECORD)).matching_id.encode()), info])), client)
    lpa.download(order.matching_id)
    assert server.es9.sessions.lookup(lpa.transaction_id).device.imei == "350608098765435"


@pytest.mark.parametrize("imei", [
    "536080907856345A", "5360809078563455", "53608090785634", "536080907856F45F"])
def test_malformed_imei(server, client, keys, imei):
    token = server.place_order(RECORD).matching_id
    info = encode(0xA1, tlv.parse_single(DEVICE_INFO).value[:6] + encode(0xA1, b"") + encode(
        0x82, bytes.fromhex(imei)))
    lpa = MiniLpa(SoftChip(keys.chip, context=encode(0xA0, [encode(0x80, token.encode()), info])), client)
    assert refusal(lpa, token) == "8.8/4.2"


@pytest.mark.parametrize("options, pair", [
    ({"eid": pki.make_eid(serial=99)}, "8.1.1/3.8"), ({"expires": -1.0}, "8.8.5/4.10"),
    ({"released": False}, "8.2/1.2"), ({"max_attempts": 0}, "8.8.5/6.4"),
    ({"profile_class": "test"}, "8.2.5/4.3")])
def test_orders(server, client, keys, options, pair):
    order = server.place_order(RECORD, **options)
    assert refusal(MiniLpa(SoftChip(keys.chip), client), order.matching_id) == pair


def test_forbidden_policy_rule(server, client, keys):
    order = server.place_order(RECORD, pprs=(1,))
    lpa = MiniLpa(SoftChip(keys.chip, forbidden=b"\x06\x40"), client)
    assert refusal(lpa, order.matching_id) == "8.2.5/4.3"


@pytest.mark.parametrize("needs, fits", [
    ({"eutran-epc": 15}, True), ({"eutran-epc": 16}, False), ({"gsm": 5, "eutran-epc": 8}, True),
    ({"gsm": 5, "utran": 1}, False)])
def test_releases_that_the_profile_needs(server, client, keys, needs, fits):
    order = server.place_order(RECORD, needs=needs)
    lpa = MiniLpa(SoftChip(keys.chip, context=encode(0xA0, [
        encode(0x80, order.matching_id.encode()), DEVICE_INFO])), client)
    if fits:
        lpa.download(order.matching_id)
        told = next(entry.detail for entry in order.history if entry.event == "authenticated")
        assert told == "attempt 1; IMEI 350608098765435, gsm 15, eutran-epc 15"
    else:
        assert refusal(lpa, order.matching_id) == "8.2.5/4.3"


def test_unknown_and_used_tokens(server, client, keys):
    lpa = MiniLpa(SoftChip(keys.chip), client)
    order = server.place_order(RECORD)
    tokens = ("NOT-THERE", "", order.matching_id.lower())
    assert {refusal(lpa, token) for token in tokens} == {"8.2.6/3.8"}
    lpa.download(order.matching_id)
    assert refusal(lpa, order.matching_id) == "8.2.6/3.8"


def test_second_chip_does_not_get_a_downloaded_profile(server, client, keys):
    order = server.place_order(RECORD)
    first = MiniLpa(SoftChip(keys.chip), client)
    first.authenticate(order.matching_id)
    first.fetch()
    other = pki.make_chip(keys.ci, pki.make_eid(serial=5))
    assert refusal(MiniLpa(SoftChip(other), client), order.matching_id) == "8.1.1/3.8"


@pytest.mark.parametrize("lies, pair", [
    ({"signature2": flip}, "8.1/6.1"), ({"signed2.transactionId": flip}, "8.1/6.1"),
    ({"otpk": b"\x04" + bytes(64)}, "8.1/6.1"), ({"otpk": bytes(64)}, "400"),
    ({"hashCc": [encode(0x04, bytes(31))]}, "400")])
def test_get_bound_profile_package(server, client, keys, lies, pair):
    order = server.place_order(RECORD)
    assert refusal(MiniLpa(SoftChip(keys.chip, **lies), client), order.matching_id) == pair
    assert order.state == "released"


def test_order_of_functions(server, client, keys):
    lpa = MiniLpa(SoftChip(keys.chip), client)
    order = server.place_order(RECORD)
    lpa.authenticate(order.matching_id)
    lpa.fetch()
    with pytest.raises(LpaError) as again:
        lpa.fetch()
    assert again.value.pair == "8.10.1/3.9"
    lpa.authenticate(order.matching_id)
    server.es9.sessions.expire()
    with pytest.raises(LpaError) as expired:
        lpa.fetch()
    assert expired.value.pair == "8.10.1/3.9"


@pytest.mark.parametrize("lies, pair", [
    ({"cancel.signature": flip}, "8.1/6.1"), ({"cancel.oid": tlv.oid("2.999.11")}, "8.8/3.10"),
    ({"cancel.transactionId": flip}, "8.10.1/3.9")])
def test_cancel_session(server, client, keys, lies, pair):
    order = server.place_order(RECORD)
    lpa = MiniLpa(SoftChip(keys.chip, **lies), client)
    lpa.authenticate(order.matching_id)
    with pytest.raises(LpaError) as failure:
        lpa.cancel(0)
    assert failure.value.pair == pair and order.state == "released"


@pytest.mark.parametrize("lies, problem", [
    ({"result.signature": flip}, "signature is wrong"),
    ({"result.oid": tlv.oid("2.999.11")}, "OID of another SM-DP+"),
    ({"result.address": b"other.example.test"}, "address of another SM-DP+")])
def test_installation_result_that_proves_nothing(server, client, keys, lies, problem):
    order = server.place_order(RECORD)
    MiniLpa(SoftChip(keys.chip, **lies), client).download(order.matching_id)
    received = server.notifications[0]
    assert (received.verified, received.problem, order.state) == (False, problem, "downloaded")


def test_installation_result_of_an_unknown_transaction(server, client, keys):
    lpa = MiniLpa(SoftChip(keys.chip), client)
    order = server.place_order(RECORD)
    lpa.authenticate(order.matching_id)
    lpa.chip.es10(tlv.parse_single(encode(0xBF36, encode(0xBF23, [
        encode(0x80, bytes(16)), encode(0xA6, encode(0x84, b"host")),
        encode(0x5F49, crypto.public_point(crypto.generate_key()))]))).raw)
    status, _, _ = client.post("handleNotification", json.dumps(
        {"pendingNotification": b64(lpa.chip.result())}).encode())
    assert status == 204 and server.notifications[0].problem == "unknown transaction"


@pytest.mark.parametrize("event, name", [(0, "install"), (1, "enable"), (2, "disable"), (3, "delete")])
def test_other_notifications(server, client, keys, event, name):
    chip = SoftChip(keys.chip)
    lpa = MiniLpa(chip, client)
    lpa.download(server.place_order(RECORD).matching_id)
    raw = chip.other_notification(event, RECORD.iccid_octets)
    for _ in range(2):
        client.call("handleNotification", pendingNotification=b64(raw))
    first, second = server.notifications[1:]
    assert (first.kind, first.event, first.seq, first.iccid) == ("other", name, 2, RECORD.iccid)
    assert first.verified and not first.duplicate and second.duplicate and first.eid == keys.chip.eid


@pytest.mark.parametrize("lies", [{"other.signature": flip}, {"euiccCert": flip}, {"eumCert": b"\x30\x00"}])
def test_forged_other_notification_is_taken_and_marked(server, client, keys, lies):
    chip = SoftChip(keys.chip)
    MiniLpa(chip, client).download(server.place_order(RECORD).matching_id)
    chip.lies.update(lies)
    raw = chip.other_notification(1, RECORD.iccid_octets)
    client.call("handleNotification", pendingNotification=b64(raw))
    assert not server.notifications[1].verified and server.notifications[1].problem


@pytest.mark.parametrize("raw", [
    b"", encode(0x30), encode(0xBF37), encode(0xBF2F), b"\xbf\x37\x05\x00",
    encode(0xBF37, encode(0xBF27, b"") + encode(0x5F37, b""))])
def test_what_is_no_notification(server, client, raw):
    status, _, _ = client.post("handleNotification", json.dumps({"pendingNotification": b64(raw)}).encode())
    assert status == 400 and not server.notifications


@pytest.mark.parametrize("headers, status", [
    ({"Content_Type": "text/plain"}, 415), ({"Content_Type": "application/json; charset=utf-8"}, 400),
    ({"X_Admin_Protocol": "gsma/rsp/v3.0.0"}, 400), ({"X_Admin_Protocol": ""}, 400),
    ({"User_Agent": "curl/8"}, 400),
    ({"Host": "other.example.test"}, 421), ({"Transfer_Encoding": "chunked"}, 501)])
def test_headers(client, headers, status):
    assert client.post("initiateAuthentication", b"{}", **headers)[0] == status


def test_expected_texts_name_the_problem(client):
    assert b"euiccChallenge" in client.post("initiateAuthentication", b"{}")[1]
    assert b"X-Admin-Protocol" in client.post("initiateAuthentication", b"{}", X_Admin_Protocol="x")[1]


@pytest.mark.parametrize("body", [
    b"", b"[]", b"{", b"\xff", b'{"transactionId": 5}', b'{"transactionId": "0"}', b'{"transactionId": "zz"}',
    b'{"a": 1, "a": 2}', b'{"a": ' + b"[" * 100000,
    b'{"transactionId": "00", "prepareDownloadResponse": "A"}',
    b'{"transactionId": "00", "prepareDownloadResponse": "vyEA\\n"}'])
@pytest.mark.parametrize("function", ["getBoundProfilePackage", "handleNotification", "cancelSession"])
def test_malformed_bodies(client, function, body):
    assert client.post(function, body)[0] == 400


def test_paths_and_sizes(client):
    assert client.post("unknownFunction", b"{}")[0] == 404
    assert client.post("../x", b"{}")[0] == 404
    assert client.post("cancelSession", b"", Content_Length="300000")[0] == 413


class Recorder(Es9Client):
    """Keeps the last good request of each function."""

    sent: dict[str, dict]

    def call(self, function: str, **members: str) -> dict:
        """The request, remembered."""
        vars(self).setdefault("sent", {})[function] = members
        return super().call(function, **members)


def mutations(octets: bytes, random: Random, count: int) -> Iterator[bytes]:
    """The same object with an octet changed, octets removed or inserted, or cut short."""
    for _ in range(count):
        place, kind = random.randrange(len(octets)), random.randrange(4)
        head, tail = octets[:place], octets[place:]
        yield [head + bytes([tail[0] ^ 1 << random.randrange(8)]) + tail[1:],
               head + tail[random.randrange(1, 9):],
               head + random.randbytes(random.randrange(1, 9)) + tail, head][kind]


@pytest.mark.parametrize("function, member", [
    ("initiateAuthentication", "euiccInfo1"), ("authenticateClient", "authenticateServerResponse"),
    ("getBoundProfilePackage", "prepareDownloadResponse"), ("cancelSession", "cancelSessionResponse"),
    ("handleNotification", "pendingNotification")])
def test_damaged_objects_get_a_clear_answer(server, keys, function, member):
    client = Recorder(HOST, server.port, keys.ci.cert)
    lpa = MiniLpa(SoftChip(keys.chip), client)
    lpa.download(server.place_order(RECORD).matching_id)
    lpa.authenticate(server.place_order(RECORD).matching_id)
    lpa.cancel(1)
    right = client.sent[function]
    for damaged in mutations(unb64(right[member]), Random(1), 400):
        session = server.es9.sessions.lookup(lpa.transaction_id)
        session.state = {"authenticateClient": "initiated"}.get(function, "authenticated")
        body = right | {member: b64(damaged), "transactionId": lpa.transaction_id.hex()}
        status, _, _ = client.post(function, json.dumps(body).encode())
        assert status in (200, 204, 400)
    assert server.counters.tcp_connections == 1, "no connection thread died"
    client.close()
