# SPDX-License-Identifier: LGPL-2.1-or-later
"""Numbers and a transcript that every part of the testbed keeps of its traffic."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


class Counters:
    """Named numbers, read as attributes; may be read while another thread counts.

    >>> numbers = Counters("apdus")
    >>> numbers.add("apdus"); numbers.apdus
    1
    """

    def __init__(self, *names: str, **gauges: Callable[[], int]):
        """names begin at zero; gauges are asked for their present value."""
        self._lock = threading.Lock()
        self._numbers = dict.fromkeys(names, 0)
        self._gauges = gauges
        self._functions: Counter[str] = Counter()

    def __getattr__(self, name: str) -> int:
        if name in self.__dict__.get("_gauges", {}):
            return self._gauges[name]()
        try:
            return self.__dict__["_numbers"][name]
        except KeyError:
            raise AttributeError(name) from None

    def add(self, name: str, amount: int = 1) -> None:
        with self._lock:
            self._numbers[name] += amount

    def called(self, function: str) -> None:
        with self._lock:
            self._functions[function] += 1

    @property
    def functions(self) -> Counter[str]:
        """Calls of each function of the protocol, by its name in SGP.22."""
        with self._lock:
            return Counter(self._functions)

    def snapshot(self) -> dict:
        gauges = {name: read() for name, read in self._gauges.items()}
        with self._lock:
            return {**self._numbers, **gauges, "functions": dict(self._functions)}

    def reset(self) -> None:
        with self._lock:
            self._numbers = dict.fromkeys(self._numbers, 0)
            self._functions.clear()


@dataclass(frozen=True)
class Exchange:
    """One command and its answer; an answer of None was never sent."""

    name: str
    command: bytes
    answer: bytes | None


class Transcript:
    """All exchanges in order."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._exchanges: list[Exchange] = []

    def add(self, name: str, command: bytes, answer: bytes | None) -> None:
        with self._lock:
            self._exchanges.append(Exchange(name, command, answer))

    def __iter__(self):
        with self._lock:
            return iter(list(self._exchanges))

    def __len__(self) -> int:
        return len(self._exchanges)

    def clear(self) -> None:
        with self._lock:
            self._exchanges.clear()

    def text(self) -> str:
        """A block for each exchange: name, ``>`` command, ``<`` answer, in hexadecimal."""
        lines = []
        for exchange in self:
            answer = "(none)" if exchange.answer is None else exchange.answer.hex().upper()
            lines += [f"# {exchange.name}", f"> {exchange.command.hex().upper()}", f"< {answer}"]
        return "\n".join(lines) + "\n" if lines else ""

    def save(self, path: Path | str) -> None:
        Path(path).write_text(self.text(), encoding="ascii")
