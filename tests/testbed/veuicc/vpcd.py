# SPDX-License-Identifier: LGPL-2.1-or-later
"""The chip in a reader of Debian's vsmartcard-vpcd, and so behind a real pcscd.

The reader listens; a card that connects is a card that is inserted.  Messages
have a length of two octets, high octet first.  One octet from the reader is a
control: 0 power off, 1 power on, 2 reset, 4 the answer to reset, which alone is
answered.  Anything longer is a command.
"""

from __future__ import annotations

import socket
import sys
import threading
import time
import traceback
from functools import cache
from pathlib import Path

from testbed.veuicc.euicc import Euicc

POWER_OFF, POWER_ON, RESET, GET_ATR = 0, 1, 2, 4
#: First port of the reader that Debian configures.
DEFAULT_PORT = 0x8C7B
RETRY_SECONDS = 0.05


class VpcdCard:
    """Keeps a chip in a reader from insert() to remove(), also over a restart of pcscd."""

    def __init__(
        self, chip: Euicc, host: str = "127.0.0.1", port: int = DEFAULT_PORT, latency: float = 0.0
    ):
        self.chip = chip
        #: Seconds from the arrival of a command to its answer, at least.
        self.latency = latency
        self._address = (host, port)
        self._wanted = threading.Event()
        self._connected = threading.Event()
        self._stopping = threading.Event()
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        chip.on_removal = self.remove

    @property
    def inserted(self) -> bool:
        """Whether the reader has the card now."""
        return self._connected.is_set()

    def insert(self, timeout: float = 60.0) -> None:
        """Put the card in and wait until the reader has it; TimeoutError if it does not."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="vpcd card", daemon=True)
            self._thread.start()
        self._wanted.set()
        if not self._connected.wait(timeout):
            raise TimeoutError(f"no reader at {self._address[0]}:{self._address[1]}")

    def remove(self) -> None:
        """Pull the card, at once and whatever it is doing."""
        self._wanted.clear()
        self._disconnect()
        self.chip.power_off()

    def stop(self) -> None:
        """Pull the card and end the thread."""
        self._stopping.set()
        self.remove()
        self._wanted.set()
        if self._thread and self._thread is not threading.current_thread():
            self._thread.join(timeout=10)

    # Thread

    def _run(self) -> None:
        while True:
            self._wanted.wait()
            if self._stopping.is_set():
                return
            connection = self._connect()
            if connection is None:
                self._stopping.wait(RETRY_SECONDS)
                continue
            try:
                self._serve(connection)
            except OSError:
                pass  # the reader is gone, or remove() has closed the connection
            finally:
                self._disconnect()
                self.chip.power_off()

    def _connect(self) -> socket.socket | None:
        try:
            connection = socket.create_connection(self._address, timeout=5)
        except OSError:
            return None
        connection.settimeout(None)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            if not self._wanted.is_set() or self._stopping.is_set():
                connection.close()
                return None
            self._socket = connection
            self._connected.set()
        return connection

    def _disconnect(self) -> None:
        with self._lock:
            connection, self._socket = self._socket, None
            self._connected.clear()
        if connection is not None:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # the other side was first
            connection.close()

    def _serve(self, connection: socket.socket) -> None:
        while True:
            length = int.from_bytes(_receive(connection, 2), "big")
            message = _receive(connection, length)
            answer = self._control(message[0]) if length == 1 else self._command(message)
            if answer is not None:
                connection.sendall(len(answer).to_bytes(2, "big") + answer)

    def _control(self, code: int) -> bytes | None:
        if code == POWER_OFF:
            self.chip.power_off()
        elif code == POWER_ON:
            self.chip.power_on()
        elif code == RESET:
            self.chip.reset()
        elif code == GET_ATR:
            return self.chip.config.atr
        return None

    def _command(self, command: bytes) -> bytes | None:
        due = time.monotonic() + self.latency
        try:
            return self.chip.process(command)
        except Exception:
            # A mistake in the model: show it, and be a chip without an explanation.
            traceback.print_exc(file=sys.stderr)
            return bytes.fromhex("6F00")
        finally:
            # The chip's own work is part of the time that a command takes.
            time.sleep(max(0.0, due - time.monotonic()))


def _receive(connection: socket.socket, size: int) -> bytes:
    """Exactly size octets.

    The reader writes length and body apart: without the immediate ACK each
    command would wait some 40 ms for Nagle's algorithm on the other side.
    """
    data = bytearray()
    while len(data) < size:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        piece = connection.recv(size - len(data))
        if not piece:
            raise ConnectionResetError
        data += piece
    return bytes(data)


def copy_reader_driver(target: Path, source: Path | None = None) -> Path:
    """A copy of libifdvpcd.so: entries of reader.conf that share the file break each other."""
    target.write_bytes((source or _reader_driver()).read_bytes())
    return target


@cache
def _reader_driver() -> Path:
    """Debian's; its folder depends on the release, and /usr/lib is large."""
    return next(Path("/usr/lib").glob("**/libifdvpcd.so*"))
