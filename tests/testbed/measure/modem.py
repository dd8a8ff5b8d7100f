# SPDX-License-Identifier: LGPL-2.1-or-later
"""Figures of chips behind modems: the same download over QMI and MBIM as over PC/SC, and lpad-modem at rest."""

from __future__ import annotations

import time

from testbed.device import Device
from testbed.measure.daemon import field
from testbed.measure.download import SIZES, clean, download
from testbed.measure.figures import Figures
from testbed.stack import Stack

QUIET = {"General": {"IdleTimeout": "0"}}
SIZE = "12k"


def _seconds(stack: Stack) -> float:
    seconds = download(stack, SIZES[SIZE])
    clean(stack)
    return seconds


def _count(device: Device, figures: Figures, transport: str, runs: int) -> None:
    for _ in range(runs):
        download(device, SIZES[SIZE])
        figures.add(f"{transport}_apdus.{SIZE}", device.chip.counters.apdus)
        clean(device)


def _compare(reader: Stack, device: Device, figures: Figures, runs: int) -> None:
    """In turns: whatever else the machine does meets both."""
    for stack in (reader, device):
        stack.start_lpad()
        _seconds(stack)  # the first one loads libraries
    for _ in range(runs):
        figures.add("qmi_to_pcsc_ratio", _seconds(device) / _seconds(reader))


def measure(figures: Figures, runs: int, log) -> None:
    log(f"download of {SIZE} over QMI, MBIM and PC/SC")
    with Device(config=QUIET) as device:
        with Stack(config=QUIET) as reader:
            _compare(reader, device, figures, runs)
        _count(device, figures, "qmi", runs)
        time.sleep(2)  # it has gone to sleep again: this is a measurement, not a test
        figures.add("modem_idle_pss_kb", field(device.lpad_modem_pid(), "smaps_rollup", "Pss"))
    with Device(config=QUIET, transport="mbim") as device:
        _count(device, figures, "mbim", runs)
