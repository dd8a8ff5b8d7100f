# SPDX-License-Identifier: LGPL-2.1-or-later
"""lpad's PC/SC card and its monitor of readers against Debian's pcscd, with a chip that misbehaves."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import threading
from pathlib import Path

import pytest

from testbed import pki, tlv
from testbed.pcscd import Pcscd
from testbed.process import Run, wait_until
from testbed.stack import default_build
from testbed.veuicc import Config, Euicc, VpcdCard, faults
from testbed.veuicc.config import ATR_T1

ISDR = "a0000005591010ffffffff8900000100"
GET_EID = "bf3e035c015a"
CARD_REMOVED, CARD_ERROR, TIMEOUT, NOT_FOUND, CARD_BUSY = 8, 9, 7, 4, 10
DEADLINE = 60.0


class Probe:
    """tests/unit/pcsc-probe, a line at a time."""

    def __init__(self, env: dict[str, str]):
        program = default_build() / "tests/unit/pcsc-probe"
        self.process = subprocess.Popen(
            [program], env={**os.environ, **env}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.answers: queue.Queue[str] = queue.Queue()
        self.readers: queue.Queue[dict[str, bool]] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.process.stdout:
            kind, *rest = line.rstrip("\n").split(";")
            if kind == "readers":
                pairs = (entry.rpartition("=") for entry in rest)
                self.readers.put({name: present == "1" for name, _, present in pairs})
            else:
                self.answers.put(line.strip())

    def send(self, command: str) -> None:
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def ask(self, command: str) -> list[str]:
        self.send(command)
        return self.answers.get(timeout=DEADLINE).split(" ", 4)

    def ok(self, command: str) -> str:
        kind, *rest = self.ask(command)
        assert kind == "ok", rest
        return rest[0] if rest else ""

    def error(self, command: str) -> tuple[int, str, str]:
        """Code, retry and message of the error that the command ends with."""
        kind, code, _status, retry, message = self.ask(command)
        assert kind == "error"
        return int(code), retry, message

    def wait_for_readers(self, wanted: dict[str, bool]) -> None:
        """Until the monitor reports that the readers are so."""
        seen = None
        while seen != wanted:
            seen = self.readers.get(timeout=DEADLINE)

    def close(self) -> int:
        self.process.stdin.close()
        return self.process.wait(DEADLINE)


class Bench:
    """A pcscd with one chip in its reader, and a probe."""

    def __init__(self, run: Run, config: Config):
        self.chip = Euicc(pki.make_chip(pki.make_ci("Testbed CI"), pki.make_eid(serial=1)), config)
        self.pcscd = Pcscd(run)
        self.pcscd.start(dict(os.environ))
        self.pcscd.wait_ready()
        self.reader = self.pcscd.readers[0]
        self.card = VpcdCard(self.chip, port=self.reader.port)
        self.card.insert()
        self.wait_for_card(True)
        self.probe = Probe(self.pcscd.env)

    def wait_for_card(self, present: bool) -> None:
        self.pcscd.look({self.reader.name: present})

    def connect(self, timeout_ms: int = 10000) -> str:
        return self.probe.ok(f"connect {timeout_ms} {self.reader.name}")

    def close(self) -> None:
        self.card.stop()
        assert self.probe.close() == 0


@pytest.fixture
def config() -> Config:
    return Config()


@pytest.fixture
def bench(config):
    run = Run()
    try:
        bench = Bench(run, config)
        yield bench
        bench.close()
    finally:
        run.close()


def eid_of(bench: Bench) -> str:
    answer = bytes.fromhex(bench.probe.ok(f"store {GET_EID}"))
    return tlv.parse_single(answer, 0xBF3E).find(0x5A).value.hex()


def test_reads_the_eid_with_t0(bench):
    assert bench.connect() == "0"
    bench.probe.ok(f"open {ISDR}")
    assert eid_of(bench) == bench.chip.eid
    bench.probe.ok("close")
    assert bench.chip.open_channels == 0


class TestT1:
    @pytest.fixture
    def config(self) -> Config:
        return Config(atr=ATR_T1)

    def test_reads_the_eid(self, bench):
        assert bench.connect() == "1"
        bench.probe.ok(f"open {ISDR}")
        assert eid_of(bench) == bench.chip.eid


class TestHiddenIsdr:
    @pytest.fixture
    def config(self) -> Config:
        return Config(terminal_capability="hide", first_channel=4)

    def test_is_shown_to_a_terminal_that_presents_itself(self, bench):
        bench.connect()
        bench.probe.ok(f"open {ISDR}")
        assert eid_of(bench) == bench.chip.eid

    def test_is_shown_again_after_a_reset(self, bench):
        bench.connect()
        bench.probe.ok("reset")
        bench.probe.ok(f"open {ISDR}")
        assert eid_of(bench) == bench.chip.eid


class TestSmallSegments:
    @pytest.fixture
    def config(self) -> Config:
        return Config(largest_segment=100)

    def test_are_found_and_remembered(self, bench):
        bench.connect()
        bench.probe.ok(f"open {ISDR}")
        set_address = tlv.encode(0xBF3F, tlv.encode(0x80, b"s" * 126))
        assert bench.probe.ok(f"store {set_address.hex()}") == "bf3f03800100"
        assert bench.probe.ok("size") == str(len(set_address) // 2)


def test_reset_closes_channels(bench):
    bench.connect()
    bench.probe.ok(f"open {ISDR}")
    bench.probe.ok("reset")
    assert bench.chip.open_channels == 0
    assert bench.probe.ask(f"store {GET_EID}")[2] == "6881"


def test_not_the_application(bench):
    bench.connect()
    assert bench.probe.error("open a0000000030000")[0] == NOT_FOUND
    assert bench.chip.open_channels == 0


def test_no_such_reader(bench):
    assert bench.probe.error("connect 10000 Nobody 00 00")[0] == NOT_FOUND


def test_reader_without_card(bench):
    assert bench.probe.error(f"connect 10000 {bench.reader.empty_name}")[0] == CARD_REMOVED


def test_card_pulled_between_commands(bench):
    bench.connect()
    bench.probe.ok(f"open {ISDR}")
    bench.card.remove()
    bench.wait_for_card(False)
    assert bench.probe.error(f"store {GET_EID}")[0] == CARD_REMOVED
    bench.probe.ok("close")


def test_card_pulled_in_mid_transmit(bench):
    bench.connect()
    bench.probe.ok(f"open {ISDR}")
    bench.chip.faults.at_call("GetEID", faults.remove())
    assert bench.probe.error(f"store {GET_EID}")[0] == CARD_REMOVED


def test_card_inserted_again(bench):
    bench.connect()
    bench.card.remove()
    bench.wait_for_card(False)
    bench.card.insert()
    bench.wait_for_card(True)
    assert bench.probe.error(f"open {ISDR}")[0] == CARD_REMOVED
    bench.connect()
    bench.probe.ok(f"open {ISDR}")
    assert eid_of(bench) == bench.chip.eid


def test_silent_card_meets_the_deadline(bench):
    bench.connect(timeout_ms=300)
    bench.probe.ok(f"open {ISDR}")
    bench.chip.faults.at_call("GetEID", faults.silence())
    assert bench.probe.error(f"store {GET_EID}")[0] == TIMEOUT
    assert bench.probe.error(f"store {GET_EID}")[0] == TIMEOUT
    bench.probe.ok("close")
    bench.probe.ok("disconnect")


def test_silent_card_serves_again_after_it_was_pulled(bench):
    bench.connect(timeout_ms=300)
    bench.probe.ok(f"open {ISDR}")
    bench.chip.faults.at_call("GetEID", faults.silence())
    assert bench.probe.error(f"store {GET_EID}")[0] == TIMEOUT
    bench.probe.ok("close")
    bench.probe.ok("disconnect")
    bench.card.remove()
    bench.wait_for_card(False)
    bench.card.insert()
    bench.wait_for_card(True)
    bench.connect()
    bench.probe.ok(f"open {ISDR}")
    assert eid_of(bench) == bench.chip.eid


@pytest.mark.parametrize("crash", [False, True])
def test_pcscd_goes_and_comes_back(bench, crash):
    bench.connect()
    bench.probe.ok(f"open {ISDR}")
    bench.pcscd.stop(crash=crash)
    assert bench.probe.error(f"store {GET_EID}")[0] == CARD_REMOVED
    bench.probe.ok("close")
    assert bench.probe.error(f"connect 10000 {bench.reader.name}")[0] == CARD_REMOVED
    bench.pcscd.start(dict(os.environ))
    bench.pcscd.wait_ready()
    bench.card.insert()
    bench.wait_for_card(True)
    bench.connect()
    bench.probe.ok(f"open {ISDR}")
    assert eid_of(bench) == bench.chip.eid


def is_stopped(pid: int) -> bool:
    """Whether no thread of the process runs any more."""
    states = [path.read_text().rpartition(")")[2].split()[0] for path in Path(f"/proc/{pid}/task").glob("*/stat")]
    return set(states) == {"T"}


def test_hanging_pcscd_meets_the_deadline(bench):
    bench.connect(timeout_ms=300)
    os.kill(bench.pcscd.pid, signal.SIGSTOP)
    try:
        wait_until(lambda: is_stopped(bench.pcscd.pid), DEADLINE, "pcscd to stop")
        assert bench.probe.error("apdu 00a4000c023f00")[0] == TIMEOUT
        assert bench.probe.error(f"connect 300 {bench.reader.name}")[0] == TIMEOUT
    finally:
        os.kill(bench.pcscd.pid, signal.SIGCONT)
    bench.connect()
    bench.probe.ok(f"open {ISDR}")
    assert eid_of(bench) == bench.chip.eid


@pytest.fixture
def other(bench):
    """A second program at the same card."""
    other = Probe(bench.pcscd.env)
    other.ok(f"connect 10000 {bench.reader.name}")
    yield other
    assert other.close() == 0


def test_reset_by_another_program_between_operations(bench, other):
    bench.connect()
    other.ok("reset")
    bench.probe.ok(f"open {ISDR}")
    assert eid_of(bench) == bench.chip.eid
    bench.probe.ok("close")
    other.ok("reset")
    code, retry, message = bench.probe.error("apdu 00a4000c023f00")
    assert (code, retry) == (CARD_ERROR, "later")
    assert "reset" in message
    bench.probe.ok(f"open {ISDR}")
    assert eid_of(bench) == bench.chip.eid


def test_reset_by_another_program_waits_for_an_operation(bench, other):
    bench.connect()
    bench.probe.ok(f"open {ISDR}")
    other.send("reset")
    assert eid_of(bench) == bench.chip.eid
    assert other.answers.empty()
    bench.probe.ok("close")
    assert other.answers.get(timeout=DEADLINE) == "ok"


def test_programs_use_the_card_in_turn(bench, other):
    bench.connect()
    bench.probe.ok(f"open {ISDR}")
    other.send(f"open {ISDR}")
    assert eid_of(bench) == bench.chip.eid
    assert other.answers.empty()
    bench.probe.ok("close")
    assert other.answers.get(timeout=DEADLINE) == "ok"
    other.ok(f"store {GET_EID}")
    other.ok("close")


def test_program_that_keeps_the_card(bench, other):
    bench.connect(timeout_ms=300)
    other.ok(f"open {ISDR}")
    assert bench.probe.error(f"open {ISDR}")[0] == CARD_BUSY
    other.ok("close")
    bench.connect()
    bench.probe.ok(f"open {ISDR}")
    assert eid_of(bench) == bench.chip.eid


def test_killed_program_leaves_no_channel(bench):
    bench.connect()
    bench.probe.ok(f"open {ISDR}")
    other = Probe(bench.pcscd.env)
    bench.probe.process.kill()
    bench.probe.process.wait()
    bench.probe = other
    bench.connect()
    bench.probe.ok(f"open {ISDR}")
    assert bench.chip.open_channels == 1


def test_monitor_sees_cards_and_pcscd_come_and_go(bench):
    with_card = {bench.reader.name: True, bench.reader.empty_name: False}
    bench.probe.ok("watch")
    bench.probe.wait_for_readers(with_card)
    bench.card.remove()
    bench.probe.wait_for_readers({**with_card, bench.reader.name: False})
    bench.card.insert()
    bench.probe.wait_for_readers(with_card)
    bench.pcscd.stop()
    bench.probe.wait_for_readers({})
    bench.pcscd.start(dict(os.environ))
    bench.probe.wait_for_readers(with_card)
    bench.probe.ok("unwatch")


def test_monitor_is_cancelled_at_any_time(bench):
    """Before its thread runs, while it connects, and while it waits."""
    for _ in range(30):
        bench.probe.ok("watch")
        bench.probe.ok("unwatch")
    bench.probe.ok("watch")
    bench.probe.wait_for_readers({bench.reader.name: True, bench.reader.empty_name: False})
    bench.probe.ok("unwatch")


def test_monitor_without_pcscd():
    probe = Probe({"PCSCLITE_CSOCK_NAME": str(Path("/nonexistent/pcscd.comm"))})
    probe.ok("watch")
    probe.wait_for_readers({})
    probe.ok("unwatch")
    assert probe.close() == 0
