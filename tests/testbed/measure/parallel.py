# SPDX-License-Identifier: LGPL-2.1-or-later
"""How much longer eight downloads take than one, when each has a reader and a chip of its own."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor

from testbed.bus import TOP
from testbed.measure.download import LATENCY, RTT, SIZES
from testbed.measure.figures import Figures
from testbed.process import Program, wait_until
from testbed.smdp import SubscriberRecord
from testbed.stack import Stack

CHIPS = 8

_numbers = iter(range(1, 1_000_000))


class ChipsApart(Stack):
    """Each chip in a process of its own: eight that share one interpreter would wait for each other, and the
    figure is lpad's."""

    def _insert_chips(self) -> None:
        self.pcscd.wait_ready()
        self.cards = []
        for number, (chip, reader) in enumerate(zip(self.chips, self.pcscd.readers), 1):
            folder = self.folder / f"chip-{number}"
            chip.credentials.save(folder)
            program = self.run.spawn(f"chip-{number}", [
                sys.executable, "-m", "testbed", "veuicc", "--credentials", str(folder),
                "--vpcd", f"127.0.0.1:{reader.port}", "--latency", str(LATENCY * 1000),
            ], {**self.env, "PYTHONPATH": str(TOP / "tests")})
            wait_until(lambda program=program: _inserted(program), 30, "a chip in its reader")
        self.pcscd.look(dict.fromkeys(self.readers, True))


def _inserted(program: Program) -> bool:
    if not program.running:
        raise SystemExit(f"a chip ended: {program.output()}")
    return program.output().startswith("EID ")


def _download(stack: Stack, number: int, code: str) -> None:
    done = stack.lui("download", "--yes", "--euicc", stack.chips[number].eid, code, timeout=300)
    if done.returncode != 0:
        raise SystemExit(f"a download failed: {done.stdout}{done.stderr}")


def _seconds(stack: Stack, chips: int) -> float:
    """Of as many downloads at the same time, through lui-cli, until the server has all results."""
    orders = [
        stack.smdp.place_order(SubscriberRecord.make(next(_numbers)), size=SIZES["12k"]) for _ in range(chips)
    ]
    with ThreadPoolExecutor(chips) as pool:
        begin = time.monotonic()
        for _ in pool.map(lambda n: _download(stack, n, orders[n].activation_code), range(chips)):
            pass
        seconds = time.monotonic() - begin
    if not all(order.state == "installed" for order in orders):
        raise SystemExit("an order was not installed")
    return seconds


def measure(figures: Figures, runs: int, log) -> None:
    quiet = {"General": {"IdleTimeout": "0"}}
    with ChipsApart(chips=CHIPS, config=quiet, relay={"rtt": RTT}) as stack:
        stack.start_lpad()
        _seconds(stack, 1)  # the first one loads libraries
        log(f"{CHIPS} downloads at the same time, and one, {RTT * 1000:.0f} ms round trip, {LATENCY * 1000:.0f} ms a command")
        for _ in range(max(3, runs // 2)):
            one, all_of_them = _seconds(stack, 1), _seconds(stack, CHIPS)
            figures.add("parallel_1_seconds", one)
            figures.add("parallel_8_seconds", all_of_them)
            figures.add("parallel_8_ratio", all_of_them / one)
