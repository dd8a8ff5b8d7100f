# SPDX-License-Identifier: LGPL-2.1-or-later
"""ES2+: an operator's customer system orders profiles, over TLS with a certificate of its own."""

from __future__ import annotations

import http.client
import json
import os
import signal
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from testbed import pki
from testbed.smdp import SmdpServer, SubscriberRecord
from testbed.smdp.es2_client import Es2Client, Es2Error, make_operator
from testbed.smdp.es2_server import Es2Server, ProgressServer
from testbed.smds import SmdsServer

from .mini_lpa import Es9Client, LpaError, MiniLpa, succeeded, token_of
from .soft_chip import SoftChip

HOST, OPERATOR_HOST, SMDS = "smdp.example.com", "operator.example.com", "smds.example.com"
OPERATOR, RIVAL = "2.999.30", "2.999.31"
TESTS = Path(__file__).resolve().parents[2]


class Platform:
    """An SM-DP+ with two profiles in stock for OPERATOR, and the operator."""

    def __init__(self, made: pki.Pki):
        self.made = made
        self.smdp = SmdpServer(made.server, HOST).start()
        for number in (1, 2):
            self.smdp.book.stock(SubscriberRecord.make(number), "Travel", OPERATOR, size=6000)
        self.door = Es2Server(self.smdp, made.server.tls, made.ci.cert)
        self.door.start()
        credential = make_operator(made.ci)
        self.office = ProgressServer(OPERATOR_HOST, credential, made.ci.cert)
        self.office.start()
        self.door.progress[OPERATOR] = Es2Client(
            OPERATOR_HOST, ("127.0.0.1", self.office.port), made.server.tls, made.ci.cert)
        self.operator = self.client(credential)
        self.chip = SoftChip(made.chip)

    def client(self, credential: pki.Credential) -> Es2Client:
        return Es2Client(HOST, ("127.0.0.1", self.door.port), credential, self.made.ci.cert)

    def download(self, code: str, confirmation_code: str = "") -> bool:
        client = Es9Client(HOST, self.smdp.port, self.made.ci.cert)
        try:
            lpa = MiniLpa(self.chip, client)
            return succeeded(lpa.download(token_of(code), *([confirmation_code] if confirmation_code else [])))
        finally:
            client.close()

    def reports(self, number: int) -> list[tuple[int, str, str]]:
        """(point, ICCID, status or code) of so many reports, for which is waited."""
        self.office.record.wait_for(lambda: len(self.office.reports) >= number)
        return [(report["notificationPointId"], report["iccid"], _outcome(report)) for report in self.office.reports]

    def close(self) -> None:
        for server in (self.smdp, self.door, self.office):
            server.stop()


def _outcome(report: dict) -> str:
    data = report["notificationPointStatus"].get("statusCodeData")
    return f"{data['subjectCode']}/{data['reasonCode']}" if data else report["notificationPointStatus"]["status"]


@pytest.fixture(name="platform")
def fixture_platform(made):
    platform = Platform(made)
    yield platform
    platform.close()


def refused(call, *arguments, **options) -> str:
    with pytest.raises(Es2Error) as error:
        call(*arguments, **options)
    return error.value.code


def test_from_the_order_to_the_installation(platform):
    """Ordered, confirmed, released, downloaded; and the operator is told of each step."""
    operator = platform.operator
    iccid = operator.download_order(kind="Travel")
    assert iccid == SubscriberRecord.make(1).iccid
    order = platform.smdp.book.of_profile(iccid, OPERATOR)
    assert order.state == "allocated"
    code = operator.confirm_order(iccid)
    assert order.state == "confirmed" and code == order.activation_code
    with pytest.raises(LpaError):
        platform.download(code)
    operator.release_profile(iccid)
    assert platform.download(code)
    assert platform.reports(3) == [(point, iccid, "Executed-Success") for point in (1, 3, 4)]
    last = platform.office.reports[-1]
    assert last["eid"] == platform.made.chip.eid and last["profileType"] == "Travel" and last["resultData"]
    assert order.state == "installed" and not platform.door.undelivered
    assert [call.function for call in platform.door.es2.calls] == ["downloadOrder", "confirmOrder", "releaseProfile"]
    assert len({call.identifier for call in platform.door.es2.calls}) == 3


def test_release_with_the_confirmation(platform):
    iccid = platform.operator.download_order(iccid=SubscriberRecord.make(2).iccid)
    code = platform.operator.confirm_order(iccid, release=True, matching_id="SUMMER-24")
    assert code == f"LPA:1${HOST}$SUMMER-24" and platform.download(code)


def test_wrong_confirmation_code_is_reported(platform):
    iccid = platform.operator.download_order(kind="Travel")
    code = platform.operator.confirm_order(iccid, release=True, confirmation_code="1234")
    assert code.endswith("$$1")
    with pytest.raises(LpaError):
        platform.download(code, "1111")
    assert platform.reports(2) == [(1, iccid, "Executed-Success"), (2, iccid, "8.2.7/3.8")]


def test_event_at_an_smds(platform, made):
    with SmdsServer(pki.make_smds(made.ci, [SMDS]), SMDS) as smds:
        platform.door.es2.smds[SMDS] = smds
        iccid = platform.operator.download_order(kind="Travel")
        assert refused(platform.operator.confirm_order, iccid, smds=SMDS) == "8.1.1/2.2"
        assert refused(platform.operator.confirm_order, iccid, eid=made.chip.eid, smds="other.example") == "8.9/5.1"
        platform.operator.confirm_order(iccid, eid=made.chip.eid, smds=SMDS, release=True)
        assert [event.eid for event in smds.book.events] == [made.chip.eid]
        platform.operator.cancel_order(iccid)
        assert not smds.book.events


@pytest.mark.parametrize("available", [True, False])
def test_cancelled(platform, available):
    """The code is worth nothing any more; the profile can be ordered again, or not."""
    operator = platform.operator
    iccid = operator.download_order(kind="Travel")
    code = operator.confirm_order(iccid, release=True)
    operator.cancel_order(iccid, available=available)
    with pytest.raises(LpaError):
        platform.download(code)
    assert refused(operator.release_profile, iccid) == "8.2.1/3.5"
    assert refused(operator.cancel_order, iccid) == "8.2.1/3.3"
    if available:
        assert operator.download_order(iccid=iccid) == iccid
        assert platform.download(operator.confirm_order(iccid, release=True))
        assert refused(operator.cancel_order, iccid) == "8.2.1/3.3"
    else:
        assert refused(operator.download_order, iccid=iccid) == "8.2.1/3.3"


def test_what_is_refused(platform):
    operator, eid = platform.operator, pki.make_eid(serial=1)
    assert refused(operator.download_order) == "1.6/2.3"
    assert refused(operator.download_order, kind="Unlimited") == "8.2.5/3.9"
    assert refused(operator.download_order, iccid="8" * 19) == "8.2.1/3.9"
    assert refused(operator.download_order, iccid=SubscriberRecord.make(1).iccid, kind="Unlimited") == "8.2.5/3.8"
    assert refused(operator.confirm_order, SubscriberRecord.make(1).iccid) == "8.2.1/3.9"
    first, second = operator.download_order(kind="Travel", eid=eid), operator.download_order(kind="Travel")
    assert refused(operator.download_order, kind="Travel") == "8.2.5/3.7"
    assert refused(operator.release_profile, first) == "8.2.1/3.5"
    assert refused(operator.confirm_order, first, eid=pki.make_eid(serial=2)) == "8.1.1/3.10"
    assert refused(operator.confirm_order, second, matching_id="") == "8.1.1/2.2"
    assert refused(operator.call, "cancelOrder", iccid=first, eid=pki.make_eid(serial=2),
                   finalProfileStatusIndicator="Available") == "8.2.1/3.10"
    operator.confirm_order(first, matching_id="ONE")
    assert refused(operator.call, "cancelOrder", iccid=first, matchingId="TWO",
                   finalProfileStatusIndicator="Available") == "8.2.6/3.10"
    assert refused(operator.confirm_order, first) == "8.2.1/3.5"
    assert refused(operator.confirm_order, second, matching_id="ONE") == "8.2.6/3.3"


def test_another_operator_sees_nothing_of_it(platform, made):
    rival = platform.client(make_operator(made.ci, oid=RIVAL))
    assert refused(rival.download_order, kind="Travel") == "8.2.5/3.9"
    iccid = platform.operator.download_order(kind="Travel")
    for call in (rival.confirm_order, rival.cancel_order, rival.release_profile):
        assert refused(call, iccid) == "8.2.1/3.9"
    rival.requester = OPERATOR
    assert refused(rival.cancel_order, iccid) == "1.1/1.2"


def test_nobody_comes_in_without_a_certificate(platform, made):
    stranger = platform.client(make_operator(pki.make_ci("Other CI")))
    with pytest.raises(OSError):
        stranger.download_order(kind="Travel")
    context = ssl.create_default_context(cadata=made.ci.cert.public_bytes(pki.Encoding.PEM).decode())
    context.check_hostname = False
    connection = http.client.HTTPSConnection("127.0.0.1", platform.door.port, context=context, timeout=20)
    with pytest.raises(OSError):
        connection.request("POST", "/gsma/rsp2/es2plus/downloadOrder", b"{}")
        connection.getresponse().read()
    connection.close()
    assert not platform.door.es2.calls


@pytest.mark.parametrize("members", [
    {"iccid": 5}, {"iccid": "89"}, {"eid": "1" * 31, "iccid": "8" * 19}, {"profileType": []},
])
def test_malformed_calls(platform, members):
    with pytest.raises(Es2Error, match="HTTP status 400"):
        platform.operator.call("downloadOrder", **members)
    with pytest.raises(Es2Error, match="HTTP status 404"):
        platform.operator.call("deleteEverything")


# The commands


@pytest.fixture(name="start")
def fixture_start():
    """Starts a command of the testbed and ends what is still running."""
    started = []

    def start(*arguments: str) -> subprocess.Popen:
        started.append(subprocess.Popen(
            [sys.executable, "-m", "testbed", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=os.environ | {"PYTHONPATH": str(TESTS)}))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def line_with(process: subprocess.Popen, text: str) -> str:
    for line in process.stdout:
        if text in line:
            return line.strip()
    raise AssertionError(f"no line with {text!r}: {process.stderr.read()}")


def test_an_operator_at_the_command_line(start, tmp_path):
    """Server and operator as commands; after a restart the server knows its orders."""
    assert start("pki", str(tmp_path)).wait(60) == 0
    listening = start("operator", "--credentials", f"{tmp_path}/operator", "listen")
    office = line_with(listening, OPERATOR_HOST).rpartition(" ")[2]
    command = ["smdp", "--credentials", f"{tmp_path}/server", "--store", f"{tmp_path}/orders.db",
               "--es2", "127.0.0.1:0", "--stock", "Travel:name=Trip,size=6000", "--progress", f"{OPERATOR_HOST}={office}"]

    def operate(*arguments: str) -> str:
        process = start("operator", "--smdp", door, "--credentials", f"{tmp_path}/operator", *arguments)
        output, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
        return output.strip()

    server = start(*command)
    line_with(server, "SM-DP+")
    door = line_with(server, "ES2+").rpartition(" ")[2]
    iccid = operate("order", "--type", "Travel")
    code = operate("confirm", iccid)
    server.send_signal(signal.SIGTERM)
    assert "confirmed" in server.communicate(timeout=60)[0]
    server = start(*command)
    port = int(line_with(server, "SM-DP+").rpartition(":")[2])
    door = line_with(server, "ES2+").rpartition(" ")[2]
    assert operate("release", iccid) == ""
    client = Es9Client(HOST, port, pki.load_cert((tmp_path / "ci.pem").read_bytes()))
    chip = SoftChip(pki.ChipCredentials.load(tmp_path / "chip"))
    assert succeeded(MiniLpa(chip, client).download(token_of(code)))
    client.close()
    for point in ("eligibility", "download", "installation"):
        line_with(listening, f"{iccid}  {point}: success")
    refusal = start("operator", "--smdp", door, "--credentials", f"{tmp_path}/operator", "cancel", iccid)
    _, errors = refusal.communicate(timeout=60)
    assert refusal.returncode == 1 and "(8.2.1/3.3)" in errors
    listening.send_signal(signal.SIGTERM)
    assert listening.wait(20) == 0


def test_what_is_on_the_wire(platform):
    """Names of members as in SGP.22 v2.5, 6.5."""
    platform.operator.download_order(kind="Travel")
    exchange = platform.door.record.transcript[-1]
    sent, answered = json.loads(exchange.request), json.loads(exchange.response)
    assert set(sent["header"]) == {"functionRequesterIdentifier", "functionCallIdentifier"}
    assert sent["header"]["functionRequesterIdentifier"] == OPERATOR and sent["profileType"] == "Travel"
    assert answered == {
        "header": {"functionExecutionStatus": {"status": "Executed-Success"}}, "iccid": SubscriberRecord.make(1).iccid,
    }
