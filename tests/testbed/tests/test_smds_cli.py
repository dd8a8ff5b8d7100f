# SPDX-License-Identifier: LGPL-2.1-or-later
"""``python3 -m testbed smds`` as a person uses it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from testbed import pki
from testbed.smds import cli
from testbed.veuicc import Euicc

from .mini_lpa import CardChannel, Es9Client, MiniLpa
from .test_smdp_cli import line_with

TESTS = Path(__file__).resolve().parents[2]
EID = pki.make_eid()


@pytest.fixture(name="start")
def fixture_start():
    """Starts the command with arguments and ends what is still running."""
    started = []

    def start(*arguments: str) -> subprocess.Popen:
        started.append(subprocess.Popen(
            [sys.executable, "-m", "testbed", "smds", *arguments], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": str(TESTS)}))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_an_event_waits_at_the_command(start, tmp_path):
    process = start("--save-credentials", str(tmp_path), "--transcript", str(tmp_path / "log"),
                    "--event", f"eid={EID},address=smdp.example.com,id=EVENT-1")
    port = int(line_with(process, "SM-DS").rpartition(":")[2])
    chip = Euicc(pki.ChipCredentials.load(tmp_path / "chip"))
    client = Es9Client("smds.example.com", port, pki.load_cert((tmp_path / "ci.pem").read_bytes()))
    assert MiniLpa(CardChannel(chip.process), client).discover() == [("EVENT-1", "smdp.example.com")]
    client.close()
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert "asked 1 times" in output and process.returncode == 0 and errors == ""
    exchanges = [json.loads(line) for line in (tmp_path / "log").read_text(encoding="utf-8").splitlines()]
    assert [entry["function"] for entry in exchanges] == ["initiateAuthentication", "authenticateClient"]


@pytest.mark.parametrize("arguments, complaint", [
    (["--event", "nonsense"], "eid="), (["--event", "address=a.example"], "eid="),
    (["--event", "eid=12,address=a.example"], "EID"), (["--fault", "nothing"], "nothing"),
    (["--credentials", "/nonexistent"], "nonexistent")])
def test_mistakes_are_explained(start, arguments, complaint):
    process = start(*arguments)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 2 and complaint in errors and "Traceback" not in errors


def test_event_keys():
    assert cli.parse_event(f"eid={EID},address=a.example") == {"eid": EID, "address": "a.example"}


def test_keys_made_beforehand(tmp_path):
    made = pki.make_smds(pki.make_ci(), ["smds.example.com"])
    made.save(tmp_path)
    again = pki.SmdsCredentials.load(tmp_path)
    assert again.auth.der == made.auth.der and again.tls.der == made.tls.der
