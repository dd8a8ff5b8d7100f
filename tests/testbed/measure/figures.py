# SPDX-License-Identifier: LGPL-2.1-or-later
"""Collects figures of several runs; prints a table, writes one flat JSON object."""

from __future__ import annotations

import json
import statistics
from pathlib import Path


class Figures:
    """key -> values of all runs; what counts is the median."""

    def __init__(self) -> None:
        self._values: dict[str, list[float]] = {}

    def add(self, key: str, value: float) -> None:
        self._values.setdefault(key, []).append(value)

    def median(self, key: str) -> float:
        value = statistics.median(self._values[key])
        return int(value) if float(value).is_integer() else round(value, 3)

    def table(self) -> str:
        """One line a key: median, minimum, maximum, number of runs."""
        head = f"{'figure':<50} {'median':>12} {'min':>12} {'max':>12} {'runs':>5}"
        rows = [head, "-" * len(head)]
        for key, values in self._values.items():
            rows.append(
                f"{key:<50} {_text(self.median(key)):>12} {_text(min(values)):>12} {_text(max(values)):>12}"
                f" {len(values):>5}"
            )
        return "\n".join(rows)

    def write_json(self, path: Path) -> None:
        flat = {key: self.median(key) for key in self._values}
        path.write_text(json.dumps(flat, indent=2) + "\n")


def _text(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else f"{value:.3f}"
