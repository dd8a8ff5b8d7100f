# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the SM-DP+ has on record: counters, notifications, the log of its orders, a transcript.

Connection threads write and test threads read, so everything goes through one lock; a test waits for an
event with :meth:`Record.wait_for` instead of sleeping.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..counters import Counters


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
    """One request and what was answered. ``result`` is "subject/reason", "ok" or the HTTP status.

    ``whole``: the answer was sent to its end; else it broke off, or nothing of it was sent.
    """

    function: str
    status: int
    result: str
    request: bytes
    response: bytes
    whole: bool = True


class Record:
    """Everything that is remembered, behind one lock."""

    MAX_TRANSCRIPT = 10000

    def __init__(self) -> None:
        self.changed = threading.Condition()
        #: Octets are HTTP octets, inside TLS; ``functions`` are those of ES9+.
        self.counters = Counters(
            "tcp_connections", "tls_handshakes", "tls_failures", "tls_clients", "http_requests", "octets_in", "octets_out")
        self.notifications: list[Notification] = []
        self.order_log: list[LogEntry] = []
        self.transcript: list[Exchange] = []

    def count(self, **figures: int) -> None:
        """Add to counters by name."""
        with self.changed:
            for name, amount in figures.items():
                self.counters.add(name, amount)
            self.changed.notify_all()

    def count_function(self, name: str) -> None:
        """One more request for this ES9+ function."""
        with self.changed:
            self.counters.add("http_requests")
            self.counters.called(name)
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
        """All exchanges, one JSON object a line. The file holds EIDs and tokens: mind who reads it."""
        with self.changed, open(path, "w", encoding="utf-8") as file:
            for entry in self.transcript:
                texts = {"request": entry.request.decode("utf-8", "backslashreplace"),
                         "response": entry.response.decode("utf-8", "backslashreplace")}
                file.write(json.dumps(vars(entry) | texts) + "\n")

    def seen_before(self, raw: bytes) -> bool:
        """Whether these octets were delivered already: deliveries are idempotent (SGP.22 v2.5, 3.5)."""
        with self.changed:
            return any(entry.raw == raw for entry in self.notifications)
