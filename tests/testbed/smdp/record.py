# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the SM-DP+ has on record: counters, notifications, the log of its orders, a transcript.

Connection threads write and test threads read, so everything goes through one lock; a test waits for an
event with :meth:`Record.wait_for` instead of sleeping.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Counters:
    """Figures since the start or the last reset. Octets are HTTP octets, inside TLS."""

    tcp_connections: int = 0
    tls_handshakes: int = 0
    tls_failures: int = 0
    http_requests: int = 0
    octets_in: int = 0
    octets_out: int = 0
    functions: Counter = field(default_factory=Counter)

    def as_dict(self) -> dict[str, int]:
        """All figures, with one ``requests.<function>`` for each function called."""
        figures = {name: value for name, value in vars(self).items() if name != "functions"}
        return figures | {f"requests.{name}": count for name, count in self.functions.items()}

    def reset(self) -> None:
        """Start again from zero."""
        self.__init__()


@dataclass(frozen=True)
class Notification:
    """One notification as it was delivered.

    ``kind`` is "install-result" (a ProfileInstallationResult) or "other" (OtherSignedNotification);
    ``verified`` says that signature and certificates are right, ``problem`` why not.
    ``success`` and ``error`` (command, reason) belong to an install-result alone.
    """

    kind: str
    event: str
    seq: int
    iccid: str
    eid: str
    address: str
    verified: bool
    problem: str = ""
    duplicate: bool = False
    success: bool | None = None
    error: tuple[int, int] | None = None
    transaction_id: bytes = b""
    raw: bytes = b""


@dataclass(frozen=True)
class LogEntry:
    """One thing that happened to an order."""

    matching_id: str
    state: str
    event: str
    detail: str = ""


@dataclass(frozen=True)
class Exchange:
    """One request and what was answered. ``result`` is "subject/reason", "ok" or the HTTP status."""

    function: str
    status: int
    result: str
    request: bytes
    response: bytes


class Record:
    """Everything that is remembered, behind one lock."""

    MAX_TRANSCRIPT = 10000

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.counters = Counters()
        self.notifications: list[Notification] = []
        self.order_log: list[LogEntry] = []
        self.transcript: list[Exchange] = []

    def count(self, **figures: int) -> None:
        """Add to counters by name."""
        with self.changed:
            for name, value in figures.items():
                setattr(self.counters, name, getattr(self.counters, name) + value)
            self.changed.notify_all()

    def count_function(self, name: str) -> None:
        """One more request for this ES9+ function."""
        with self.changed:
            self.counters.http_requests += 1
            self.counters.functions[name] += 1
            self.changed.notify_all()

    def append(self, entry: Notification | LogEntry | Exchange) -> None:
        """File an entry in the list it belongs to."""
        lists = {Notification: self.notifications, LogEntry: self.order_log, Exchange: self.transcript}
        with self.changed:
            target = lists[type(entry)]
            target.append(entry)
            if target is self.transcript:
                del target[:-self.MAX_TRANSCRIPT]
            self.changed.notify_all()

    def wait_for(self, condition: Callable[[], bool], timeout: float = 30.0) -> None:
        """Block until ``condition()`` holds; TimeoutError after ``timeout`` seconds."""
        with self.changed:
            if not self.changed.wait_for(condition, timeout):
                raise TimeoutError("the SM-DP+ did not see what was expected")

    def write_transcript(self, path: Path) -> None:
        """All exchanges as a file with one JSON object a line. It holds EIDs and tokens: mind who reads it."""
        with self.changed, open(path, "w", encoding="utf-8") as file:
            for entry in self.transcript:
                texts = {"request": entry.request.decode("utf-8", "backslashreplace"),
                         "response": entry.response.decode("utf-8", "backslashreplace")}
                file.write(json.dumps(vars(entry) | texts) + "\n")

    def seen_before(self, raw: bytes) -> bool:
        """Whether these octets were delivered already: deliveries are idempotent (SGP.22 v2.5, 3.5)."""
        with self.changed:
            return any(entry.raw == raw for entry in self.notifications)
