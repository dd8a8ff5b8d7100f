# SPDX-License-Identifier: LGPL-2.1-or-later
"""The commands: a chip in a reader, credentials in folders."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from testbed import certificates, pki
from testbed.tests.test_veuicc_vpcd import DEADLINE, OPEN_CHANNEL, Reader

TESTS = Path(__file__).resolve().parents[2]
EID = pki.make_eid(serial=77)


def command(*arguments):
    return [sys.executable, "-m", "testbed", *map(str, arguments)]


def run(*arguments):
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    return subprocess.run(
        command(*arguments), env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_pki_makes_both_folders(tmp_path):
    done = run("pki", tmp_path, "--eid", EID, "--host", "a.example.com", "--curve", "brainpoolP256r1")
    assert done.returncode == 0, done.stderr
    issuer = pki.load_cert((tmp_path / "ci.pem").read_bytes())
    assert done.stdout.startswith(f"issuer {certificates.key_id(issuer).hex().upper()}")
    chip = pki.ChipCredentials.load(tmp_path / "chip")
    server = pki.ServerCredentials.load(tmp_path / "server")
    assert chip.eid == EID and chip.ci_certs == server.ci_certs == [issuer]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_chip_in_a_reader(tmp_path, number):
    run("pki", tmp_path, "--eid", EID)
    reader = Reader()
    arguments = command(
        "veuicc", "--vpcd", f"127.0.0.1:{reader.port}", "--credentials", tmp_path / "chip",
        "--state", tmp_path / "state", "--transcript", tmp_path / "transcript",
        "--first-sequence-number", "0", "--default-dp", "smdp.example.com", "--t1",
    )
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    with subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            reader.accept()
            assert process.stdout.readline().startswith(f"EID {EID} in the reader")
            assert reader.command(b"\x04").hex().startswith("3b9f96811f")
            reader.send(b"\x01")
            assert reader.command(OPEN_CHANNEL).hex() == "019000"
            process.send_signal(number)
            assert process.wait(DEADLINE) == 0
        finally:
            process.kill()
            reader.close()
    assert "> 0070000001\n< 019000\n" in (tmp_path / "transcript").read_text()
    state = json.loads((tmp_path / "state").read_text())
    assert state["eid"] == EID and state["notifications"]["next_seq"] == 0


@pytest.mark.parametrize("arguments", [
    ["veuicc", "--credentials", "/nonexistent"], ["veuicc", "--eid", "123"], ["veuicc", "--vpcd", "here"],
    ["pki"], ["pki", "/nonexistent", "--eid", "1"], ["nothing"], [],
])
def test_wrong_use(arguments):
    done = run(*arguments)
    assert done.returncode == 2 and "usage" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["veuicc", "--help"], ["pki", "--help"]])
def test_help(arguments):
    done = run(*arguments)
    assert done.returncode == 0 and "usage" in done.stdout
