# SPDX-License-Identifier: LGPL-2.1-or-later
"""A resolver for the names of the testbed: A records over UDP (RFC 1035), as much as getaddrinfo() asks for."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable

from testbed.sockets import shut

HEADER = struct.Struct(">6H")
TYPE_A, CLASS_IN = 1, 1
TTL_SECONDS = 1
NO_ERROR, FORMAT_ERROR, NO_SUCH_NAME, REFUSED = 0, 1, 3, 5
#: This is an answer, of an authority, to a query that may have asked for recursion, which there is.
ANSWERS, RECURSION_DESIRED, RECURSION_AVAILABLE = 0x8400, 0x0100, 0x0080
#: What a datagram of DNS without extensions has at most.
LONGEST = 512


class Refusal(Exception):
    """This client is not told."""


class Malformed(Exception):
    """Not a query with one question."""


def read_question(query: bytes) -> tuple[str, int, bytes]:
    """Name in lower case, type, and the question's octets."""
    if len(query) < HEADER.size or HEADER.unpack_from(query)[2] != 1:
        raise Malformed
    labels, at = [], HEADER.size
    while True:
        length = query[at] if at < len(query) else 64
        at += 1
        if length == 0:
            break
        label = query[at:at + length]
        if length > 63 or len(label) != length:
            raise Malformed
        labels.append(label.decode("latin-1").lower())
        at += length
    if len(query) < at + 4:
        raise Malformed
    kind, family = struct.unpack_from(">2H", query, at)
    if family != CLASS_IN:
        raise Malformed
    return ".".join(labels), kind, query[HEADER.size:at + 4]


def answer(query: bytes, look_up: Callable[[str], str | None]) -> bytes:
    """The answer; look_up() gives the address of a name, or None, or raises Refusal."""
    number, flags = struct.unpack_from(">2H", query)
    question, records, code = b"", b"", NO_ERROR
    try:
        name, kind, question = read_question(query)
        address = look_up(name)
        if address is None:
            code = NO_SUCH_NAME
        elif kind == TYPE_A:
            # The name is that of the question, at octet 12.
            records = struct.pack(">HHHIH", 0xC00C, TYPE_A, CLASS_IN, TTL_SECONDS, 4) + socket.inet_aton(address)
    except Malformed:
        code = FORMAT_ERROR
    except Refusal:
        code = REFUSED
    flags = ANSWERS | flags & RECURSION_DESIRED | RECURSION_AVAILABLE | code
    return HEADER.pack(number, flags, bool(question), bool(records), 0, 0) + question + records


class Resolver:
    """Answers on a UDP socket, which it owns; look_up() gets the client's address and the name."""

    def __init__(self, sock: socket.socket, look_up: Callable[[str, str], str | None]):
        self._socket, self._look_up = sock, look_up
        #: (client, name) of each question.
        self.questions: list[tuple[str, str]] = []
        self._thread = threading.Thread(target=self._serve, name="resolver", daemon=True)
        self._stopping = False

    def start(self) -> Resolver:
        self._thread.start()
        return self

    def stop(self) -> None:
        self._stopping = True
        shut(self._socket)
        self._thread.join(10)
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                query, client = self._socket.recvfrom(LONGEST)
                if self._stopping:
                    return
                if len(query) >= HEADER.size:
                    self._socket.sendto(answer(query, lambda name: self._find(client[0], name)), client)
            except OSError:
                if self._stopping:
                    return

    def _find(self, client: str, name: str) -> str | None:
        self.questions.append((client, name))
        return self._look_up(client, name)
