# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is a server on the network in an SM-DP+ and an SM-DS: sockets, TLS, HTTP (SGP.22 v2.5, 6.5.1)."""

from __future__ import annotations

import json
import os
import re
import socket
import ssl
import threading
from collections.abc import Iterable
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from .. import pki
from ..counters import Counters
from ..sockets import abort_on_close, shut
from .faults import Action, Faults, failed, json_response
from .http import ConnectionLost, HttpConnection, HttpError, Request, Response
from .mutual import MutualAuthentication
from .notify import Malformed
from .orders import Refusal
from .record import Exchange, Record

IDLE_TIMEOUT = 120.0
"""Seconds that a connection may stay silent; a server that has been forgotten must not keep threads."""


def tls_context(credential: pki.Credential, tls_min: ssl.TLSVersion,
                tls_max: ssl.TLSVersion) -> ssl.SSLContext:
    """A server context. Versions before 1.2, which SGP.22 forbids, are there to be refused by a client."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if tls_min < ssl.TLSVersion.TLSv1_2:
        context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version, context.maximum_version = tls_min, tls_max
    # OpenSSL wants a file; one in memory is gone with the process, however that ends.
    with os.fdopen(os.memfd_create("tls", os.MFD_CLOEXEC), "wb") as file:
        file.write(credential.cert_pem + credential.key_pem)
        file.flush()
        context.load_cert_chain(f"/proc/self/fd/{file.fileno()}")
    return context


def ask_clients(context: ssl.SSLContext, issuer: x509.Certificate, *, required: bool) -> None:
    """Ask clients for a certificate below the issuer; required: without one there is no connection."""
    context.load_verify_locations(cadata=issuer.public_bytes(Encoding.PEM).decode())
    context.verify_mode = ssl.CERT_REQUIRED if required else ssl.CERT_OPTIONAL


def _no_duplicates(pairs: list[tuple[str, object]]) -> dict:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("repeated member")
    return value


class RspServer:
    """A server of remote SIM provisioning on a TCP port: what there is to be asked stands in ``functions``.

    ``host``: the address that clients must name. ``paths``: what function names follow in URLs.
    ``keep_alive_requests``: the connection is closed without a word after so many requests.
    """

    USER_AGENT = "gsma-rsp-lpad"
    """How the User-Agent of a client begins."""

    def __init__(self, functions: MutualAuthentication, tls: pki.Credential, listen: tuple[str, int], *,
                 paths: tuple[str, ...], tls_min: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2,
                 tls_max: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
                 keep_alive_requests: int | None = None) -> None:
        self.functions, self.host = functions, functions.host
        self.record: Record = functions.record
        self.faults: Faults = functions.faults
        self.keep_alive_requests = keep_alive_requests
        self._paths = paths
        self._tls = tls_context(tls, tls_min, tls_max)
        self._known_clients: frozenset[bytes] = frozenset()
        self._listen = listen
        self._listener: socket.socket | None = None
        self._acceptor: threading.Thread | None = None
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._open: dict[threading.Thread, socket.socket] = {}
        self._peer = threading.local()

    # life

    def start(self, listen: tuple[str, int] | None = None) -> Self:
        """Listen, there if it is said here; :attr:`port` is known when this returns."""
        self._listen = listen or self._listen
        self._stopping.clear()
        self._listener = socket.create_server(self._listen, backlog=64)
        self._listen = self._listener.getsockname()
        self._acceptor = threading.Thread(target=self._accept, args=(self._listener,), daemon=True)
        self._acceptor.start()
        return self

    def stop(self) -> None:
        """End every connection and wait for its thread. What it knows stays."""
        self._stopping.set()
        if self._listener:
            shut(self._listener)
            self._acceptor.join()
            self._listener.close()
            self._listener = None
        with self._lock:
            connections = dict(self._open)
        for sock in connections.values():
            shut(sock)
        for thread in connections:
            thread.join()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def port(self) -> int:
        """The TCP port; it stays the same when the server is stopped and started again."""
        return self._listen[1]

    @property
    def open_connections(self) -> int:
        """Connections that are open now."""
        with self._lock:
            return len(self._open)

    def use_tls(self, credential: pki.Credential, tls_min: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2,
                tls_max: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3, *,
                clients: x509.Certificate | None = None, required: bool = True,
                known: Iterable[x509.Certificate] = ()) -> None:
        """Another TLS certificate, or other versions, for the connections to come.

        clients: the issuer of certificates that LPAs are asked for (None: they are not asked), and required of
        them.  known: then only these LPAs are served.
        """
        context = tls_context(credential, tls_min, tls_max)
        if clients is not None:
            ask_clients(context, clients, required=required)
        self._tls = context
        self._known_clients = frozenset(cert.public_bytes(Encoding.DER) for cert in known)

    @property
    def counters(self) -> Counters:
        """Connections, handshakes, requests, octets."""
        return self.record.counters

    # connections

    def _accept(self, listener: socket.socket) -> None:
        while not self._stopping.is_set():
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(sock,), daemon=True)
            with self._lock:
                self._open[thread] = sock
            self.record.count(tcp_connections=1)
            thread.start()

    def _serve(self, sock: socket.socket) -> None:
        try:
            sock.settimeout(IDLE_TIMEOUT)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            fault = self.faults.connection()
            if fault and fault != "hang-after-tls":
                self._refuse_connection(sock, fault)
            else:
                self._serve_tls(sock, silent=bool(fault))
        except (ConnectionLost, OSError):
            pass
        finally:
            sock.close()
            with self._lock:
                del self._open[threading.current_thread()]

    def _refuse_connection(self, sock: socket.socket, fault: str) -> None:
        if fault == "reset":
            abort_on_close(sock)   # and _serve() closes
        elif fault == "black-hole":
            HttpConnection(sock, self._stopping).wait_for_peer_to_leave()
        elif fault == "alert":
            sock.recv(16384)
            sock.sendall(bytes.fromhex("15 0303 0002 0228"))   # fatal, handshake_failure
            HttpConnection(sock, self._stopping).wait_for_peer_to_leave()

    def _serve_tls(self, sock: socket.socket, silent: bool) -> None:
        stream = self._tls.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        with self._lock:
            self._open[threading.current_thread()] = stream
        try:
            if self._stopping.is_set():
                raise ConnectionLost("server stops")
            self._shake_hands(stream)
            connection = HttpConnection(stream, self._stopping)
            if silent:
                connection.wait_for_peer_to_leave()
            self._serve_requests(connection)
        finally:
            stream.close()

    def _shake_hands(self, stream: ssl.SSLSocket) -> None:
        try:
            stream.do_handshake()
        except OSError:
            self.record.count(tls_failures=1)
            raise
        client = stream.getpeercert(True)
        if self._known_clients and client not in self._known_clients:
            self.record.count(tls_failures=1)
            raise ConnectionLost("an LPA that is not known")
        self._peer.certificate = client
        self.record.count(tls_handshakes=1, tls_clients=1 if client else 0)

    @property
    def client(self) -> bytes | None:
        """For a function: the certificate of the client that calls it, in DER."""
        return self._peer.certificate

    def _serve_requests(self, connection: HttpConnection) -> None:
        served, before = 0, (0, 0)
        while True:
            try:
                request = connection.read_request()
            except HttpError as error:
                connection.send_response(_plain(error.status, str(error), close=True))
                return
            if request is None:
                return
            response = self._answer(request)
            going_on = connection.send_response(response)
            served += 1
            self.record.count(octets_in=connection.octets_in - before[0],
                              octets_out=connection.octets_out - before[1])
            before = connection.octets_in, connection.octets_out
            if not going_on or not request.keep_alive or served == self.keep_alive_requests:
                return

    # requests

    def _function(self, request: Request) -> str:
        """What is asked for, or the whole target when that is nothing of ours."""
        path = next((path for path in self._paths if request.target.startswith(path)), "")
        return request.target.removeprefix(path)

    def _answer(self, request: Request) -> Response:
        name = self._function(request)
        self.record.count_function(name if name in self.functions.functions else "other")
        actions = self.faults.request(name)
        response = _first_answer(actions)
        if response is None:
            response, result = self._execute(name, request)
        else:
            result = "fault"
        for action in actions:
            response = action.after(response)
        self.record.append(Exchange(
            name, response.status, result, request.body, response.body, whole=response.stop_after is None
        ))
        return response

    def _execute(self, name: str, request: Request) -> tuple[Response, str]:
        try:
            self._check_request(name, request)
            body = json.loads(request.body, object_pairs_hook=_no_duplicates)
            if not isinstance(body, dict):
                raise Malformed("not a JSON object")
            value = self.functions.call(name, body)
        except HttpError as error:
            return _plain(error.status, str(error)), str(error)
        except (Malformed, ValueError, RecursionError) as error:
            return _plain(400, f"malformed request: {error}"), str(error)
        except Refusal as refusal:
            return json_response(failed(refusal.subject, refusal.reason, refusal.message)), str(refusal)
        if value is None:
            return Response(204, b"", [("X-Admin-Protocol", "gsma/rsp/v2.5.0")]), "ok"
        return json_response(value), "ok"

    def _check_request(self, name: str, request: Request) -> None:
        """Request line and headers of 6.5.1.1."""
        if name not in self.functions.functions:
            raise HttpError(404, "no such function")
        if request.method != "POST":
            raise HttpError(405, "functions are called with POST")
        headers = request.headers
        if headers.get("host", "").split(":")[0] != self.host:
            raise HttpError(421, "Host is not the name of this server")
        if not re.fullmatch(r"gsma/rsp/v2\.\d+\.\d+", headers.get("x-admin-protocol", "")):
            raise HttpError(400, "X-Admin-Protocol is not gsma/rsp/v2.<y>.<z>")
        if not headers.get("user-agent", "").startswith(self.USER_AGENT):
            raise HttpError(400, f"User-Agent is not {self.USER_AGENT}")
        content_type = headers.get("content-type", "").replace(" ", "").lower()
        if content_type not in ("application/json", "application/json;charset=utf-8"):
            raise HttpError(415, "Content-Type is not application/json")


def _plain(status: int, text: str, *, close: bool = False) -> Response:
    return Response(status, text.encode(), [("Content-Type", "text/plain; charset=utf-8")], close=close)


def _first_answer(actions: list[Action]) -> Response | None:
    answers = (action.before() for action in actions)
    return next((answer for answer in answers if answer is not None), None)
