# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each fault does what it says, seen from the client's end of the wire."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
import ssl

import pytest

from testbed import crypto, pki, tlv
from testbed.smdp import SmdpServer, SubscriberRecord, faults, named
from testbed.tlv import encode

from .mini_lpa import Es9Client, LpaError, MiniLpa, b64, segments, succeeded, unb64
from .soft_chip import SoftChip

HOST = "smdp.example.test"
TCP_CLOSE = 7
"""State after a RST; after a FIN of the peer it would be CLOSE-WAIT."""

RECORD = SubscriberRecord.make(3)


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


@pytest.fixture(name="lpa")
def fixture_lpa(keys, client):
    return MiniLpa(SoftChip(keys.chip), client)


def post(client: Es9Client, chip: SoftChip) -> tuple[int, bytes, dict[str, str]]:
    """An initiateAuthentication that is right."""
    body = {"euiccChallenge": b64(b"C" * 16), "smdpAddress": HOST,
            "euiccInfo1": b64(chip.es10(encode(0xBF20)))}
    return client.post("initiateAuthentication", json.dumps(body).encode())


def raw_exchange(client: Es9Client, timeout: float = 0.3) -> tuple[bytes, str]:
    """Send a bare request; what came, and how it ended: "fin", "rst" or "silence"."""
    sock = client._connect().sock
    sock.sendall(f"POST /gsma/rsp2/es9plus/cancelSession HTTP/1.1\r\nHost: {HOST}\r\n"
                 "User-Agent: gsma-rsp-lpad\r\nX-Admin-Protocol: gsma/rsp/v2.5.0\r\n"
                 "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}".encode())
    sock.settimeout(timeout)
    received = b""
    while True:
        try:
            data = sock.recv(65536)
        except TimeoutError:
            return received, "silence"
        except OSError:
            data = b""
        if not data:
            return received, "rst" if tcp_state(sock) == TCP_CLOSE else "fin"
        received += data


def tcp_state(sock: socket.socket) -> int:
    """The kernel's word, because Python's ssl reads a RST as an end."""
    return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 8)[0]


@pytest.mark.parametrize("name, count, ending", [
    ("reset-before", 0, "rst"), ("close-before", 0, "fin"), ("silence-before", 0, "silence"),
    ("reset-answer", 0, "rst"), ("close-answer", 0, "fin"), ("silence-answer", 0, "silence"),
    ("reset-in-body", 20, "rst"), ("stall-in-body", 20, "silence")])
def test_broken_connections(server, client, name, count, ending):
    named.plant(server.faults, name)
    received, how = raw_exchange(client)
    assert len(received.partition(b"\r\n\r\n")[2]) == count and how == ending
    assert bool(received) == bool(count)


@pytest.mark.parametrize("name, state", [("reset-before", "released"), ("reset-answer", "downloaded")])
def test_before_is_not_executed_and_answer_is(server, lpa, name, state):
    order = server.place_order(RECORD)
    named.plant(server.faults, f"{name}:getBoundProfilePackage")
    with pytest.raises((OSError, http.client.HTTPException)):
        lpa.download(order.matching_id)
    assert order.state == state
    assert succeeded(lpa.download(order.matching_id)), "the order survives"


@pytest.mark.parametrize("action", ["reset", "close", "black-hole", "alert", "hang-after-tls"])
def test_connections(server, client, lpa, action):
    server.faults.at_connection(action)
    if action == "hang-after-tls":
        assert raw_exchange(client) == (b"", "silence") and server.counters.tls_handshakes == 1
    elif action == "black-hole":
        with socket.create_connection(("127.0.0.1", server.port), timeout=0.3) as sock:
            sock.sendall(b"hello")
            with pytest.raises(TimeoutError):
                sock.recv(1)
    else:
        with pytest.raises(OSError) as failure:
            client._connect()
        assert (action == "alert") == ("HANDSHAKE_FAILURE" in str(failure.value).upper().replace(" ", "_"))
    client.close()
    assert succeeded(lpa.download(server.place_order(RECORD).matching_id))


def test_stopped_server_refuses_connections(server, client):
    server.stop()
    with pytest.raises(ConnectionRefusedError):
        client._connect()


@pytest.mark.parametrize("name, status", [("http-302", 302), ("http-401", 401), ("http-404", 404),
                                          ("http-500", 500), ("http-503", 503), ("http-204", 204),
                                          ("http-500-answer", 500), ("http-200-empty", 200)])
def test_statuses(server, client, lpa, name, status):
    named.plant(server.faults, name)
    got, _, headers = post(client, lpa.chip)
    assert got == status
    assert ("Location" in headers, "Retry-After" in headers) == (status == 302, status == 503)
    assert post(client, lpa.chip)[0] == 200, "once is once"


def test_bodies(server, client, lpa):
    def body(name: str) -> bytes:
        named.plant(server.faults, name)
        return post(client, lpa.chip)[1]

    assert len(body("oversize")) > named.OVERSIZE
    assert body("nested").count(b"[") == named.NESTING
    assert body("duplicate-key").count(b'"transactionId"') == 2
    assert b"<title>" in body("html") and body("empty-body") == b""
    assert "serverSigned1" in json.loads(gzip.decompress(body("gzip")))
    for name in ("not-json", "not-utf8"):
        with pytest.raises(ValueError):
            json.loads(body(name))
    assert "header" not in json.loads(body("no-header"))
    assert "serverSigned1" not in json.loads(body("missing-member"))
    assert json.loads(body("wrong-json-transaction-id"))["transactionId"] == "00" * 16
    assert json.loads(body("bad-base64"))["serverSigned1"].startswith("*")
    assert body("bad-tlv")


def test_tolerated_forms(server, client, lpa):
    def answer(name: str) -> dict:
        named.plant(server.faults, name)
        return json.loads(post(client, lpa.chip)[1])

    assert "\n" in answer("lines")["serverSigned1"] and "=" not in answer("unpadded")["euiccCiPKIdToBeUsed"]
    assert "vendorExtension" in answer("unknown-members")
    assert answer("lower-case-id")["transactionId"].islower()
    assert answer("warning")["header"]["functionExecutionStatus"]["status"] == "Executed-WithWarning"


@pytest.mark.parametrize("name", ["http-500-answer", "http-200-empty", "reset-answer"])
def test_notification_is_on_record_though_the_answer_was_wrong(server, lpa, name):
    order = server.place_order(RECORD)
    lpa.authenticate(order.matching_id)
    result = lpa.load(lpa.fetch())
    named.plant(server.faults, f"{name}:handleNotification")
    with pytest.raises((LpaError, OSError, http.client.HTTPException, ValueError)):
        lpa.deliver(result)
    lpa.deliver(result)
    assert [entry.duplicate for entry in server.notifications] == [False, True] and order.state == "installed"


def test_truncated_body(server, client):
    named.plant(server.faults, "truncate")
    received, how = raw_exchange(client)
    head, _, body = received.partition(b"\r\n\r\n")
    declared = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    assert how == "fin" and len(body) == declared // 2


def test_large_headers_break_the_client(server, client, lpa):
    named.plant(server.faults, "large-headers")
    with pytest.raises(http.client.HTTPException):
        post(client, lpa.chip)


def test_slow_body_starts_and_goes_on(server, client):
    server.faults.at_request(faults.Slow(3600.0))
    received, how = raw_exchange(client)
    assert how == "silence" and len(received.partition(b"\r\n\r\n")[2]) == 1
    server.stop()


@pytest.mark.parametrize("pair", [("8.2.6", "3.8"), ("8.1.1", "3.8"), ("8.8.5", "6.4"), ("9.9", "9.10")])
def test_any_pair(server, lpa, pair):
    order = server.place_order(RECORD)
    named.plant(server.faults, f"{pair[0]}/{pair[1]}:authenticateClient")
    with pytest.raises(LpaError) as failure:
        lpa.download(order.matching_id)
    assert failure.value.pair == "/".join(pair) and order.state == "released"


def test_nth_call_and_times(server, client, lpa):
    server.faults.at_function("initiateAuthentication", faults.Status(500), n=2, times=2)
    statuses = [post(client, lpa.chip)[0] for _ in range(4)]
    server.faults.at_request(faults.Status(503), times=None)
    assert statuses == [200, 500, 500, 200] and {post(client, lpa.chip)[0] for _ in range(3)} == {503}
    server.faults.clear()
    assert post(client, lpa.chip)[0] == 200


def test_idle_connection_is_closed_after_so_many_requests(server, client, lpa):
    server.keep_alive_requests = 1
    assert post(client, lpa.chip)[0] == 200
    with pytest.raises((OSError, http.client.HTTPException)):
        post(client, lpa.chip)
    assert post(client, lpa.chip)[0] == 200 and server.counters.tcp_connections == 2


def signed1(client: Es9Client, chip: SoftChip) -> tuple[dict, tlv.Tlv, bool]:
    """initiateAuthentication: the answer, serverSigned1, and whether its signature is right."""
    answer = json.loads(post(client, chip)[1])
    signed = tlv.parse_single(unb64(answer["serverSigned1"]))
    certificate = pki.load_cert(unb64(answer["serverCertificate"]))
    signature = tlv.parse_single(unb64(answer["serverSignature1"]), 0x5F37).value
    return answer, signed, crypto.verify(certificate, signed.raw, signature)


@pytest.mark.parametrize("name, tag", [
    ("wrong-transaction-id-server-signed1", 0x80), ("wrong-challenge", 0x81), ("wrong-server-address", 0x83)])
def test_wrong_content_is_still_signed(server, client, lpa, name, tag):
    right = {0x80: None, 0x81: b"C" * 16, 0x83: HOST.encode()}[tag]
    named.plant(server.faults, name)
    answer, signed, valid = signed1(client, lpa.chip)
    assert valid and signed.get(tag).value != (right or bytes.fromhex(answer["transactionId"]))


@pytest.mark.parametrize("name", ["wrong-server-signature1", "changed-server-signed1"])
def test_wrong_signature(server, client, lpa, name):
    named.plant(server.faults, name)
    assert not signed1(client, lpa.chip)[2]
    assert signed1(client, lpa.chip)[2]


@pytest.mark.parametrize("point, role", [("serverCredential", "dp-auth"), ("smdpCredential", "dp-pb")])
def test_certificates_with_another_oid(server, lpa, keys, point, role):
    other = keys.ci.make_dp(role, "2.999.77")
    server.faults.change(point, other)
    lpa.authenticate(server.place_order(RECORD).matching_id)
    session = server.es9.sessions.lookup(lpa.transaction_id)
    assert (session.credential if role == "dp-auth" else session.pb_credential) is other


PACKAGE_FAULTS = [name for name, (point, _) in named.POINT.items() if point.startswith("bpp.")]


@pytest.mark.parametrize("name", PACKAGE_FAULTS)
def test_package_faults_change_the_package(server, lpa, name):
    order = server.place_order(RECORD)
    named.plant(server.faults, name)
    lpa.authenticate(order.matching_id)
    package = lpa.fetch()
    children = [child.tag for child in tlv.parse_single(package).children()]
    secure = tlv.parse_single(package).children()[0]
    if name == "wrong-transaction-id-bf23":
        assert secure.get(0x80).value != lpa.transaction_id
    elif name == "wrong-remote-operation":
        assert secure.get(0x82).value == b"\x02"
    elif name == "extra-tlv":
        assert children == [0xBF23, 0xA0, 0xA1, 0xA3, 0xA4]
    elif name == "missing-a1":
        assert children == [0xBF23, 0xA0, 0xA3]
    elif name == "empty-a3":
        assert package.endswith(b"\xa3\x00")
    elif name.startswith("other-"):
        lpa.load(package)
        shown, inside = lpa.metadata, tlv.parse_single(lpa.chip.plaintext[0x88])
        assert inside.raw != shown.raw and len(inside.children()) - len(shown.children()) in (0, 1)
    else:
        assert len(segments(package)) >= 6


def test_hostile_names_and_cut_packages(server, lpa):
    named.plant(server.faults, "hostile-names")
    named.plant(server.faults, "cut-package")
    lpa.authenticate(server.place_order(RECORD).matching_id)
    assert b"\x1b[31m" in lpa.metadata.get(0x92).value
    with pytest.raises(tlv.TlvError):
        tlv.parse_single(lpa.fetch())


def test_every_name_can_be_planted_and_others_cannot(server):
    for name in named.names():
        named.plant(server.faults, name)
    for wrong in ("no-such-fault", "wrong-mac:cancelSession", ""):
        with pytest.raises(ValueError):
            named.plant(server.faults, wrong)
    with pytest.raises(ValueError):
        server.faults.change("no.such.point", 1)
    with pytest.raises(ValueError):
        server.faults.at_connection("no-such-fault")


@pytest.mark.parametrize("kind", ["unknown issuer", "expired", "not yet valid", "self-signed", "other host"])
def test_wrong_tls_certificates(server, client, keys, kind):
    wrong = {
        "unknown issuer": lambda: pki.make_ci().make_dp_tls([HOST]),
        "expired": lambda: keys.ci.make_dp_tls([HOST], expired=True),
        "not yet valid": lambda: keys.ci.make_dp_tls([HOST], not_yet_valid=True),
        "self-signed": lambda: keys.ci.make_dp_tls([HOST], self_signed=True),
        "other host": lambda: keys.ci.make_dp_tls(["other.example.test"])}[kind]()
    server.use_tls(wrong)
    with pytest.raises(ssl.SSLCertVerificationError):
        client._connect()


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_tls_1_1_only(server, keys, client):
    server.use_tls(keys.server.dp_tls, ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_1)
    with pytest.raises(ssl.SSLError):
        client._connect()
    context = ssl.create_default_context(cadata=keys.ci.cert_pem.decode())
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1_1
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as sock:
        with context.wrap_socket(sock, server_hostname=HOST) as stream:
            assert stream.version() == "TLSv1.1", "it is the version that a client refuses, nothing else"


def test_headers_may_come_long_before_the_body(server, client, lpa):
    """A client may open its first request while it still waits for the chip."""
    sock = client._connect().sock
    body = json.dumps({"euiccChallenge": b64(b"C" * 16), "smdpAddress": HOST,
                       "euiccInfo1": b64(lpa.chip.es10(encode(0xBF20)))}).encode()
    sock.sendall(f"POST /gsma/rsp2/es9plus/initiateAuthentication HTTP/1.1\r\nHost: {HOST}\r\n"
                 "User-Agent: gsma-rsp-lpad\r\nX-Admin-Protocol: gsma/rsp/v2.5.0\r\n"
                 f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode())
    server.record.wait_for(lambda: server.counters.tls_handshakes == 1)
    sock.sendall(body[:10])
    sock.sendall(body[10:])
    assert sock.recv(100).startswith(b"HTTP/1.1 200 OK")


def test_draw_is_the_same_for_the_same_seed(server, client, keys):
    chip = SoftChip(keys.chip)

    def statuses(seed: int) -> list[int]:
        server.faults.clear()
        actions = [faults.Status(500), faults.Status(404)]
        server.faults.at_function("initiateAuthentication", faults.Draw(actions, 0.8, seed), times=None)
        return [post(client, chip)[0] for _ in range(40)]

    first = statuses(1)
    assert set(first) == {200, 404, 500} and first.count(200) < 20
    assert statuses(1) == first != statuses(2)


@pytest.mark.parametrize(("actions", "share"), [([], 0.5), ([faults.Status(500)], 1.1), ([faults.Status(500)], -1)])
def test_draw_of_nothing(actions, share):
    with pytest.raises(ValueError, match="share"):
        faults.Draw(actions, share)


@pytest.mark.parametrize(("fault", "whole"), [
    (faults.Status(500), True), (faults.Break("close"), False), (faults.Truncate(), False),
])
def test_record_says_whether_an_answer_went_out_whole(server, client, keys, fault, whole):
    server.faults.at_function("initiateAuthentication", fault)
    try:
        post(client, SoftChip(keys.chip))
    except (OSError, http.client.HTTPException):
        assert not whole
    server.record.wait_for(lambda: server.record.transcript)
    assert server.record.transcript[-1].whole == whole
