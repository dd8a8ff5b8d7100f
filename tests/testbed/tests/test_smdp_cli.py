# SPDX-License-Identifier: LGPL-2.1-or-later
"""``python3 -m testbed smdp`` as a person uses it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from testbed import pki
from testbed.smdp import cli
from testbed.veuicc import Euicc

from .mini_lpa import CardChannel, Es9Client, MiniLpa, succeeded, token_of

TESTS = Path(__file__).resolve().parents[2]


@pytest.fixture(name="start")
def fixture_start():
    """Starts the command with arguments and ends what is still running."""
    started = []

    def start(*arguments: str) -> subprocess.Popen:
        started.append(subprocess.Popen(
            [sys.executable, "-m", "testbed", "smdp", *arguments], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": str(TESTS)}))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def line_with(process: subprocess.Popen, text: str) -> str:
    """The first line of output with this text in it."""
    for line in process.stdout:
        if text in line:
            return line.strip()
    raise AssertionError(f"no line with {text!r}")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_order_is_downloaded_from_the_command(start, tmp_path, number):
    process = start("--save-credentials", str(tmp_path), "--rtt", "2",
                    "--transcript", str(tmp_path / "log"), "--order", "name=Trip,size=5000,code=12")
    port = int(line_with(process, "SM-DP+").rpartition(":")[2])
    token = token_of(line_with(process, "activation code").split(": ")[1])
    chip = Euicc(pki.ChipCredentials.load(tmp_path / "chip"))
    ci = pki.load_cert((tmp_path / "ci.pem").read_bytes())
    client = Es9Client("smdp.example.com", port, ci)
    lpa = MiniLpa(CardChannel(chip.process), client)
    assert succeeded(lpa.download(token, "12")) and lpa.metadata.get(0x92).value == b"Trip"
    client.close()
    process.send_signal(number)
    output, errors = process.communicate(timeout=60)
    assert "install: success" in output and process.returncode == 0 and errors == ""
    exchanges = [json.loads(line) for line in (tmp_path / "log").read_text(encoding="utf-8").splitlines()]
    assert [entry["function"] for entry in exchanges] == [
        "initiateAuthentication", "authenticateClient", "getBoundProfilePackage", "handleNotification"]


@pytest.mark.parametrize("arguments, complaint", [
    (["--order", "nonsense"], "KEY=VALUE"), (["--order", "colour=red"], "colour"),
    (["--order", "size=5"], "octets"),
    (["--fault", "nothing"], "nothing"), (["--credentials", "/nonexistent"], "nonexistent"),
    (["--listen", "here"], "HOST:PORT")])
def test_mistakes_are_explained(start, arguments, complaint):
    process = start(*arguments)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 2 and complaint in errors and "Traceback" not in errors


def test_order_keys(tmp_path):
    icon = tmp_path / "icon.png"
    icon.write_bytes(b"\x89PNG")
    record, options = cli.parse_order(
        "number=5,provider=Op,size=9000,matching-id=T-1,pprs=1+2,events=enable,oid=yes,released=no,"
        "needs=nr-5gc:15+utran:8,"
        f"icon={icon}", 1)
    assert (record.service_provider, record.iccid[:7]) == ("Op", "8999970")
    assert options == {"size": 9000, "matching_id": "T-1", "pprs": (1, 2), "notification_events": ("enable",),
                       "with_oid": True, "released": False, "needs": {"nr-5gc": 15, "utran": 8}, "icon": b"\x89PNG", "icon_type": "png"}


def test_qr_code_is_square_and_framed():
    lines = cli.qr_code("LPA:1$smdp.example.com$TOKEN-1").splitlines()
    assert set(lines[0]) == {"█"} and len({len(line) for line in lines}) == 1
    assert len(lines[0]) in (2 * len(lines), 2 * len(lines) - 1)
