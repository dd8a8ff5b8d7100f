# SPDX-License-Identifier: LGPL-2.1-or-later
"""Figures of the process lpad: memory, processor time, wake-ups, start."""

from __future__ import annotations

import os
import time
from pathlib import Path

from testbed.measure.download import SIZES, clean, download
from testbed.measure.figures import Figures
from testbed.stack import Stack

IDLE_SECONDS = 60


def field(pid: int, name: str, key: str) -> int:
    """The number behind a key of a file in /proc."""
    for line in Path(f"/proc/{pid}/{name}").read_text().splitlines():
        if line.startswith(key + ":"):
            return int(line.split()[1])
    raise KeyError(key)


def _cpu_ms(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def _waits(pid: int) -> dict[str, int]:
    """How often each of its threads gave up the processor to wait, and so was woken."""
    return {
        task.name: field(pid, f"task/{task.name}/status", "voluntary_ctxt_switches")
        for task in Path(f"/proc/{pid}/task").iterdir()
    }


def _measure_start(stack: Stack, figures: Figures, runs: int) -> None:
    for _ in range(runs):
        stack.stop_lpad()
        begin = time.monotonic()
        stack.start_lpad()
        figures.add("start_to_bus_name_ms", (time.monotonic() - begin) * 1000)


def _measure_download(stack: Stack, figures: Figures, runs: int) -> None:
    pid = stack.lpad_pid()
    for _ in range(runs):
        before = _cpu_ms(pid)
        for _ in range(5):
            download(stack, SIZES["12k"])
        figures.add("cpu_ms.12k", (_cpu_ms(pid) - before) / 5)
        clean(stack)
    for _ in range(3):
        stack.restart_lpad()
        stack.lui("list")
        download(stack, SIZES["100k"])
        figures.add("peak_rss_kb.100k", field(stack.lpad_pid(), "status", "VmHWM"))
        clean(stack)


def _measure_idle(stack: Stack, figures: Figures) -> None:
    stack.restart_lpad()
    stack.lui("list")
    pid = stack.lpad_pid()
    time.sleep(2)  # what the list woke up has gone to sleep again: this is a measurement, not a test
    before = _waits(pid)
    time.sleep(IDLE_SECONDS)
    after = _waits(pid)
    figures.add("idle_wakeups_60s", sum(waits - before.get(thread, 0) for thread, waits in after.items()))
    figures.add("idle_pss_kb", field(pid, "smaps_rollup", "Pss"))
    figures.add("idle_private_dirty_kb", field(pid, "smaps_rollup", "Private_Dirty"))


def measure(figures: Figures, runs: int, log) -> None:
    with Stack(config={"General": {"IdleTimeout": "0"}}) as stack:
        log("start of lpad until its name is on the bus")
        _measure_start(stack, figures, runs)
        log("processor time and memory of downloads")
        _measure_download(stack, figures, runs)
        log(f"idle for {IDLE_SECONDS} seconds")
        _measure_idle(stack, figures)
