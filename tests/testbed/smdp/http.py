# SPDX-License-Identifier: LGPL-2.1-or-later
"""HTTP/1.1 as a server of ES9+ needs it (RFC 9112), on a socket that the caller owns.

An own small layer, because faults are to be injected at any octet: a response says not only what is
sent but also where it breaks off and how slowly it goes.
"""

from __future__ import annotations

import socket
import threading
from dataclasses import dataclass, field
from http import HTTPStatus

from ..sockets import abort_on_close

MAX_HEAD = 16 * 1024
MAX_BODY = 256 * 1024
"""A handleNotification with certificates has about 3 KiB: far more than any LPA needs to send."""


class HttpError(Exception):
    """The request cannot be served; the connection is closed after the answer."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class ConnectionLost(Exception):
    """The peer went away, or the server is being stopped."""


@dataclass(frozen=True)
class Request:
    """One request. Header names are in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def keep_alive(self) -> bool:
        return "close" not in self.headers.get("connection", "").lower()


@dataclass
class Response:
    """What is sent, and how.

    ``stop_after``: octets of the *body* after which ``ending`` happens; -1 is before the status line, or
    after the first ``head_octets`` of status line and headers.
    ``ending``: "close" (FIN), "reset" (RST) or "hang" (the connection stays open and silent).
    ``pace``: seconds between two octets of the body, 0 for no delay.
    """

    status: int = 200
    body: bytes = b""
    headers: list[tuple[str, str]] = field(default_factory=list)
    stop_after: int | None = None
    head_octets: int = 0
    ending: str = ""
    pace: float = 0.0
    close: bool = False

    def head(self) -> bytes:
        """Status line and headers, with the empty line."""
        try:
            phrase = HTTPStatus(self.status).phrase
        except ValueError:
            phrase = "Status"
        lines = [f"HTTP/1.1 {self.status} {phrase}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        if self.status != 204:
            lines.append(f"Content-Length: {len(self.body)}")
        if self.close:
            lines.append("Connection: close")
        return "\r\n".join(lines + ["", ""]).encode("latin-1")


class HttpConnection:
    """Requests and responses over one (TLS) socket. ``stopping`` ends every wait."""

    def __init__(self, sock: socket.socket, stopping: threading.Event) -> None:
        self.sock = sock
        self.octets_in = 0
        self.octets_out = 0
        self._stopping = stopping
        self._buffer = b""

    def _receive(self) -> bytes:
        try:
            data = self.sock.recv(65536)
        except (OSError, ValueError) as error:
            raise ConnectionLost(str(error)) from error
        self.octets_in += len(data)
        return data

    def read_request(self) -> Request | None:
        """The next request, or None when the peer closed between two requests.

        Raises HttpError for one that is not served, ConnectionLost when it breaks off.
        """
        while b"\r\n\r\n" not in self._buffer:
            if len(self._buffer) > MAX_HEAD:
                raise HttpError(431, "headers too long")
            data = self._receive()
            if not data:
                if self._buffer:
                    raise ConnectionLost("request broke off")
                return None
            self._buffer += data
        head, self._buffer = self._buffer.split(b"\r\n\r\n", 1)
        method, target, headers = self._parse_head(head)
        length = self._body_length(headers)
        if headers.get("expect", "").lower() == "100-continue":
            self._send(b"HTTP/1.1 100 Continue\r\n\r\n")
        while len(self._buffer) < length:
            data = self._receive()
            if not data:
                raise ConnectionLost("request broke off")
            self._buffer += data
        body, self._buffer = self._buffer[:length], self._buffer[length:]
        return Request(method, target, headers, body)

    @staticmethod
    def _parse_head(head: bytes) -> tuple[str, str, dict[str, str]]:
        lines = head.decode("latin-1").split("\r\n")
        parts = lines[0].split(" ")
        if len(parts) != 3 or parts[2] != "HTTP/1.1":
            raise HttpError(400, "not an HTTP/1.1 request line")
        headers: dict[str, str] = {}
        for line in lines[1:]:
            name, colon, value = line.partition(":")
            if not colon or not name or name != name.strip():
                raise HttpError(400, "malformed header line")
            if name.lower() in headers:
                raise HttpError(400, f"repeated header {name}")
            headers[name.lower()] = value.strip()
        return parts[0], parts[1], headers

    @staticmethod
    def _body_length(headers: dict[str, str]) -> int:
        if "transfer-encoding" in headers:
            raise HttpError(501, "transfer codings are not supported")
        text = headers.get("content-length", "0")
        if not text.isascii() or not text.isdigit():
            raise HttpError(400, "malformed Content-Length")
        if int(text) > MAX_BODY:
            raise HttpError(413, "body too long")
        return int(text)

    def _send(self, data: bytes) -> None:
        try:
            self.sock.sendall(data)
        except (OSError, ValueError) as error:
            raise ConnectionLost(str(error)) from error
        self.octets_out += len(data)

    def _send_paced(self, data: bytes, pace: float) -> None:
        for index in range(len(data)):
            self._send(data[index:index + 1])
            if self._stopping.wait(pace):
                raise ConnectionLost("server stops")

    def send_response(self, response: Response) -> bool:
        """Send it as it says. Returns whether the connection can carry another request."""
        broken = response.stop_after is not None
        if not broken or response.stop_after >= 0:
            body = response.body[:response.stop_after] if broken else response.body
            if response.pace:
                self._send(response.head())
                self._send_paced(body, response.pace)
            else:
                self._send(response.head() + body)
        elif response.head_octets:
            self._send(response.head()[:response.head_octets])
        if broken:
            self.break_off(response.ending)
        return not broken and not response.close

    def break_off(self, ending: str) -> None:
        """End the connection in one of the ways of :class:`Response`."""
        if ending == "reset":
            abort_on_close(self.sock)
            self.sock.close()
        elif ending == "hang":
            self.wait_for_peer_to_leave()

    def wait_for_peer_to_leave(self) -> None:
        """Stay silent until the peer closes or the server stops."""
        while self._receive():
            pass
