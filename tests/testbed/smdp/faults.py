# SPDX-License-Identifier: LGPL-2.1-or-later
"""Faults of SM-DP+ and SM-DS: what goes wrong, and when.

Three levels, each with its own trigger:

* ``at_connection(action, n)`` — the n-th TCP connection from now on: :data:`CONNECTION_ACTIONS`.
* ``at_request(action, n)`` and ``at_function(name, action, n)`` — the n-th HTTP request, or the n-th call
  of one ES9+ function: an :class:`Action` such as ``Status(503)`` or ``Break(executed=False)``, or a
  :class:`Draw` of several.
* ``change(point, value, n)`` — the n-th time that a protocol element is made, see :data:`POINTS`: an object
  with a correct signature over the wrong content, or a wrong signature, certificate, order of objects.

``n`` counts from the moment the fault is planted; ``times`` says how often it happens (None: for ever).
"""

from __future__ import annotations

import gzip
import json
import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .http import Response

FUNCTIONS = ("initiateAuthentication", "authenticateClient", "getBoundProfilePackage", "cancelSession",
             "handleNotification")
"""The functions of ES9+ (SGP.22 v2.5, 5.6)."""

CONNECTION_ACTIONS = {
    "reset": "RST right after the connection was accepted",
    "close": "FIN right after the connection was accepted",
    "black-hole": "accepted, never answered",
    "alert": "TLS handshake refused with a fatal alert",
    "hang-after-tls": "TLS is set up, requests are never answered",
}

POINTS = {
    "json.transactionId": "text in an answer",
    "json.serverSigned1": "octets of serverSigned1 after it was signed",
    "json.smdpSigned2": "octets of smdpSigned2 after it was signed",
    "json.boundProfilePackage": "octets of the whole BF36",
    "json.profileMetadata": "octets of the BF25 shown to the user",
    "json.eventEntries": "list of what waits at an SM-DS",
    "serverSigned1.transactionId": "octets, signed",
    "serverSigned1.euiccChallenge": "octets, signed",
    "serverSigned1.serverAddress": "text, signed",
    "serverSignature1": "64 octets",
    "euiccCiPKIdToBeUsed": "octets of the key identifier",
    "serverCertificate": "octets of the DPauth certificate",
    "serverCredential": "certificate and key (pki.Credential) that sign serverSigned1",
    "smdpSigned2.transactionId": "octets, signed",
    "smdpSigned2.ccRequiredFlag": "boolean, signed",
    "smdpSignature2": "64 octets",
    "smdpCertificate": "octets of the DPpb certificate",
    "smdpCredential": "certificate and key (pki.Credential) that sign smdpSigned2 and the package",
    "bpp.transactionId": "octets in BF23, signed",
    "bpp.remoteOpId": "integer in BF23, signed",
    "bpp.controlReference": "octets inside A6 of BF23, signed",
    "bpp.smdpSign": "64 octets",
    "bpp.configureIsdp": "octets of BF24",
    "bpp.metadata": "octets of the BF25 inside the package",
    "bpp.profile": "octets of the unprotected profile package",
    "bpp.segments": "list of all 86 objects",
    "bpp.children": "list of the children of BF36",
}


class Action:
    """Something that goes wrong with a request. Subclasses replace one or both methods."""

    def before(self) -> Response | None:
        """An answer given without doing what was asked, or None to do it."""
        return None

    def after(self, response: Response) -> Response:
        """The answer that is sent instead of ``response``."""
        return response


@dataclass(frozen=True)
class Break(Action):
    """The connection ends. ``executed``: what was asked is done and the answer is lost, else it is not done.

    ``ending``: "reset", "close" or "hang" (silence). ``after_octets``: octets of the answer's body that
    still arrive, -1 for none of it; then still ``head_octets`` of status line and headers.
    """

    ending: str = "reset"
    executed: bool = True
    after_octets: int = -1
    head_octets: int = 0

    def before(self) -> Response | None:
        return None if self.executed else Response(stop_after=-1, ending=self.ending)

    def after(self, response: Response) -> Response:
        return replace(response, stop_after=self.after_octets, head_octets=self.head_octets, ending=self.ending)


@dataclass(frozen=True)
class Truncate(Action):
    """The body has fewer octets than Content-Length says, then FIN. ``keep``: fraction that arrives."""

    keep: float = 0.5

    def after(self, response: Response) -> Response:
        return replace(response, stop_after=int(len(response.body) * self.keep), ending="close")


@dataclass(frozen=True)
class Slow(Action):
    """One octet of the body every ``seconds``."""

    seconds: float = 10.0

    def after(self, response: Response) -> Response:
        return replace(response, pace=self.seconds)


@dataclass(frozen=True)
class Status(Action):
    """Another HTTP status. The function is not executed unless ``executed``."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    executed: bool = False

    def _answer(self) -> Response:
        return Response(self.status, self.body, list(self.headers))

    def before(self) -> Response | None:
        return None if self.executed else self._answer()

    def after(self, response: Response) -> Response:
        return self._answer()


@dataclass(frozen=True)
class Fail(Action):
    """An answer with a subject and a reason code, without doing anything."""

    subject: str
    reason: str
    message: str = "as ordered"

    def before(self) -> Response:
        return json_response(failed(self.subject, self.reason, self.message))


@dataclass(frozen=True)
class Body(Action):
    """Any octets in place of the JSON text."""

    make: Callable[[bytes], bytes]
    content_type: str = "application/json"

    def after(self, response: Response) -> Response:
        headers = [(name, self.content_type if name == "Content-Type" else value)
                   for name, value in response.headers]
        return replace(response, body=self.make(response.body), headers=headers)


@dataclass(frozen=True)
class Json(Action):
    """A changed JSON object: ``make`` gets and returns it."""

    make: Callable[[dict], Any]

    def after(self, response: Response) -> Response:
        value = self.make(json.loads(response.body)) if response.body else {}
        return replace(response, body=json.dumps(value).encode())


@dataclass(frozen=True)
class Headers(Action):
    """More response headers."""

    headers: tuple[tuple[str, str], ...]

    def after(self, response: Response) -> Response:
        return replace(response, headers=response.headers + list(self.headers))


class Gzip(Action):
    """Content-Encoding: gzip, though nobody asked for it."""

    def after(self, response: Response) -> Response:
        return replace(response, body=gzip.compress(response.body),
                       headers=response.headers + [("Content-Encoding", "gzip")])


class Draw:
    """At each occasion one of several actions, or none: an unreliable server.

    ``share``: of the occasions on which something goes wrong, 0.99 is ninety-nine of a hundred. The same
    ``seed`` draws the same actions in the same order.
    """

    def __init__(self, actions: Sequence[Action], share: float, seed: int = 1) -> None:
        if not 0 <= share <= 1 or not actions:
            raise ValueError("a share between 0 and 1 of at least one action")
        self._actions, self._share = list(actions), share
        self._random = random.Random(seed)

    def draw(self) -> list[Action]:
        """For :class:`Faults`, one at a time: the actions of this occasion."""
        wrong = self._random.random() < self._share
        return [self._random.choice(self._actions)] if wrong else []


def failed(subject: str, reason: str, message: str) -> dict:
    """The header object of a function that failed (SGP.22 v2.5, 6.5.1.4)."""
    data = {"subjectCode": subject, "reasonCode": reason, "message": message}
    return {"header": {"functionExecutionStatus": {"status": "Failed", "statusCodeData": data}}}


def json_response(value: dict) -> Response:
    """A 200 with the headers that ES9+ asks for (6.5.1.2)."""
    return Response(200, json.dumps(value).encode(), [
        ("Content-Type", "application/json"), ("X-Admin-Protocol", "gsma/rsp/v2.5.0")])


@dataclass
class _Planted:
    """A fault that waits for its moment."""

    what: Any
    skip: int
    times: int | None
    hits: int = field(default=0)

    def due(self) -> bool:
        """Count one occasion; whether the fault happens on it."""
        if self.skip:
            self.skip -= 1
            return False
        if self.times is not None and self.hits >= self.times:
            return False
        self.hits += 1
        return True


class Faults:
    """All planted faults of a server."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Everything works again."""
        with self._lock:
            self._planted: dict[str, list[_Planted]] = {}

    def _plant(self, key: str, what: Any, n: int, times: int | None) -> None:
        if n < 1:
            raise ValueError("n counts from 1")
        with self._lock:
            self._planted.setdefault(key, []).append(_Planted(what, n - 1, times))

    def _due(self, key: str) -> list[Any]:
        with self._lock:
            return [entry.what for entry in self._planted.get(key, []) if entry.due()]

    def at_connection(self, action: str, n: int = 1, times: int | None = 1) -> None:
        """One of :data:`CONNECTION_ACTIONS` at the n-th connection."""
        if action not in CONNECTION_ACTIONS:
            raise ValueError(f"unknown connection fault {action}")
        self._plant("connection", action, n, times)

    def at_request(self, action: Action | Draw, n: int = 1, times: int | None = 1) -> None:
        """``action`` at the n-th request, whatever it asks for."""
        self._plant("request", action, n, times)

    def at_function(self, name: str, action: Action | Draw, n: int = 1, times: int | None = 1) -> None:
        """``action`` at the n-th call of the ES9+ function ``name``."""
        if name not in FUNCTIONS:
            raise ValueError(f"unknown function {name}")
        self._plant(f"function {name}", action, n, times)

    def change(self, point: str, value: Any, n: int = 1, times: int | None = 1) -> None:
        """Another value for one of :data:`POINTS`; a callable gets the right value and returns another."""
        if point not in POINTS:
            raise ValueError(f"unknown point {point}")
        self._plant(f"point {point}", value, n, times)

    def connection(self) -> str:
        """For the server: the fault of this connection, or ""."""
        due = self._due("connection")
        return due[0] if due else ""

    def request(self, function: str) -> list[Action]:
        """For the server: the faults of this request."""
        due = self._due("request") + self._due(f"function {function}")
        with self._lock:
            return [action for what in due for action in (what.draw() if isinstance(what, Draw) else [what])]

    def value(self, point: str, value: Any) -> Any:
        """For the server: ``value``, or what a fault puts in its place."""
        assert point in POINTS
        for other in self._due(f"point {point}"):
            value = other(value) if callable(other) else other
        return value
