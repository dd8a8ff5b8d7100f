# SPDX-License-Identifier: LGPL-2.1-or-later
"""A TCP relay that makes loopback behave like a long link: round-trip time, rate, slow start.

How a link is modelled, for each connection and each direction:

* Set-up: the kernel answers a SYN on loopback at once. The relay makes up for it by holding what the client
  sends until one round trip after the connection was accepted, which is when a real client's first segment
  could leave. A connection that is opened ahead of its use therefore costs nothing later.
* Propagation: each octet arrives half a round trip after it left. Data in flight does not wait for earlier
  data to be answered, so pipelined requests overlap as they do on a real link.
* Rate: octets leave one after the other at ``rate`` octets a second; None is no limit.
* Slow start (RFC 5681, RFC 6928): ten segments of 1460 octets may be unacknowledged at first. Acknowledged
  octets widen the window by as many, so it doubles each round trip, while at least half of it is in use. It
  is back at ten segments after the sender was idle for a round trip and 200 ms (RFC 2861).

Not modelled: loss, reordering, headers, delayed acknowledgements, a receiver that reads slowly. The
arithmetic is all in :class:`Link`; threads only wait for the instants that it names.
"""

from __future__ import annotations

import argparse
import queue
import socket
import threading
import time
from collections import deque
from collections.abc import Callable

from .sockets import abort_on_close, shut

SEGMENT = 1460
INITIAL_WINDOW = 10 * SEGMENT
IDLE_MARGIN = 0.2
QUEUE_LIMIT = 4096
"""Segments that wait in one direction before the sender is held up."""


class Link:
    """One direction of one connection, in virtual time (seconds on any clock)."""

    def __init__(self, rtt: float, rate: float | None = None, *, ready: float = 0.0, slow_start: bool = True):
        self._rtt, self._rate, self._slow_start = rtt, rate, slow_start
        self._ready = ready
        self._line_free = 0.0
        self._window = INITIAL_WINDOW
        self._in_flight = 0
        self._most_in_flight = 0
        self._acknowledgements: deque[tuple[float, int]] = deque()

    def schedule(self, now: float, octets: int) -> float:
        """When a segment of so many octets, handed over at ``now``, arrives at the other end."""
        leaves = max(now, self._ready, self._line_free)
        if self._slow_start:
            leaves = self._wait_for_window(leaves, octets)
        self._line_free = leaves + (octets / self._rate if self._rate else 0.0)
        arrives = self._line_free + self._rtt / 2
        self._acknowledgements.append((arrives + self._rtt / 2, octets))
        self._in_flight += octets
        self._most_in_flight = max(self._most_in_flight, self._in_flight)
        return arrives

    def end(self, now: float) -> float:
        """When a FIN handed over at ``now`` arrives."""
        return max(now, self._ready, self._line_free) + self._rtt / 2

    def _wait_for_window(self, leaves: float, octets: int) -> float:
        while self._acknowledgements and self._acknowledgements[0][0] <= leaves:
            self._acknowledge()
        if leaves > self._line_free + self._rtt + IDLE_MARGIN:
            self._window, self._most_in_flight = INITIAL_WINDOW, 0
        while self._acknowledgements and self._in_flight + octets > self._window:
            leaves = max(leaves, self._acknowledge())
        return leaves

    def _acknowledge(self) -> float:
        when, octets = self._acknowledgements.popleft()
        self._in_flight -= octets
        if self._window < 2 * self._most_in_flight:
            self._window += octets
        return when


class _Direction:
    """Copies from one socket to another through a Link: one thread reads, one writes when it is time."""

    def __init__(self, source: socket.socket, sink: socket.socket, link: Link, stopping: threading.Event,
                 way: Callable[[], bool]):
        self._way = way
        self._source, self._sink, self._link, self._stopping = source, sink, link, stopping
        self._queue: queue.Queue[tuple[float, bytes | None]] = queue.Queue(QUEUE_LIMIT)
        self.threads = [threading.Thread(target=work, daemon=True) for work in (self._read, self._write)]
        self.broken = False

    def _read(self) -> None:
        data = b"?"
        while data:
            try:
                data = self._source.recv(65536)
            except OSError:
                self.broken = True
                data = b""
            if not self._way():
                self.broken = True
                data = b""
            now = time.monotonic()
            for start in range(0, len(data), SEGMENT):
                piece = data[start:start + SEGMENT]
                self._queue.put((self._link.schedule(now, len(piece)), piece))
        self._queue.put((self._link.end(time.monotonic()), None))

    def _write(self) -> None:
        working = True
        while True:
            due, piece = self._queue.get()
            if working:
                self._stopping.wait(max(0.0, due - time.monotonic()))
            if piece is None:
                self._finish()
                return
            try:
                if working:
                    self._sink.sendall(piece)
            except OSError:
                working = False
                shut(self._source, socket.SHUT_RD)

    def _finish(self) -> None:
        """Pass on the end: a FIN as a FIN, a RST as a RST."""
        if self.broken:
            abort_on_close(self._sink)
            shut(self._sink, socket.SHUT_RD)
        else:
            shut(self._sink, socket.SHUT_WR)


class Relay:
    """Relays every connection to ``target``. ``rtt`` in seconds and ``rate`` in octets a second can be set at
    any time and hold for the connections that come after."""

    def __init__(self, target: tuple[str, int], listen: tuple[str, int] = ("127.0.0.1", 0),
                 rtt: float = 0.150, rate: float | None = None, *, slow_start: bool = True) -> None:
        self.rtt, self.rate, self.slow_start = rtt, rate, slow_start
        self.connections = 0
        #: Whether there is a way to the target now; where it ends, connections are reset.
        self.way: Callable[[], bool] = lambda: True
        self._target, self._listen = target, listen
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._open: dict[threading.Thread, tuple[socket.socket, socket.socket]] = {}
        self._listener: socket.socket | None = None
        self._acceptor: threading.Thread | None = None

    def start(self) -> "Relay":
        """Listen; :attr:`port` is known when this returns."""
        self._stopping.clear()
        self._listener = socket.create_server(self._listen, backlog=64)
        self._listen = self._listener.getsockname()
        self._acceptor = threading.Thread(target=self._accept, args=(self._listener,), daemon=True)
        self._acceptor.start()
        return self

    def stop(self) -> None:
        """End every connection at once and wait for the threads."""
        self._stopping.set()
        if self._listener:
            shut(self._listener)
            self._acceptor.join()
            self._listener.close()
            self._listener = None
        with self._lock:
            connections = dict(self._open)
        for pair in connections.values():
            for sock in pair:
                shut(sock)
        for thread in connections:
            thread.join()

    def __enter__(self) -> "Relay":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def port(self) -> int:
        """The TCP port to connect to."""
        return self._listen[1]

    def _accept(self, listener: socket.socket) -> None:
        while not self._stopping.is_set():
            try:
                client, _ = listener.accept()
            except OSError:
                return
            self.connections += 1
            now = time.monotonic()
            if not self.way():
                abort_on_close(client)
                client.close()
                continue
            try:
                server = socket.create_connection(self._target, timeout=10)
            except OSError:
                abort_on_close(client)
                client.close()
                continue
            server.settimeout(None)
            thread = threading.Thread(target=self._carry, args=(client, server, now), daemon=True)
            with self._lock:
                self._open[thread] = (client, server)
            thread.start()

    def _carry(self, client: socket.socket, server: socket.socket, accepted: float) -> None:
        for sock in (client, server):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        there = Link(self.rtt, self.rate, ready=accepted + self.rtt, slow_start=self.slow_start)
        back = Link(self.rtt, self.rate, slow_start=self.slow_start)
        directions = (_Direction(client, server, there, self._stopping, self.way),
                      _Direction(server, client, back, self._stopping, self.way))
        threads = [thread for direction in directions for thread in direction.threads]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        client.close()
        server.close()
        with self._lock:
            del self._open[threading.current_thread()]


def main(arguments: list[str] | None = None) -> int:
    """``python3 -m testbed.relay``: relay until interrupted."""
    parser = argparse.ArgumentParser(prog="python3 -m testbed.relay",
                                     description="Relay TCP over a slow link.")
    parser.add_argument("target", help="host:port to relay to")
    parser.add_argument("--listen", default="127.0.0.1:0", metavar="HOST:PORT",
                        help="where to listen (%(default)s)")
    parser.add_argument("--rtt", type=float, default=150, metavar="MS",
                        help="round-trip time (%(default)s ms)")
    parser.add_argument("--rate", type=float, metavar="OCTETS", help="octets a second, each way")
    options = parser.parse_args(arguments)
    target, listen = (text.rpartition(":") for text in (options.target, options.listen))
    relay = Relay((target[0], int(target[2])), (listen[0], int(listen[2])), options.rtt / 1000, options.rate)
    with relay:
        print(f"{listen[0]}:{relay.port} -> {options.target}", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            pass
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
