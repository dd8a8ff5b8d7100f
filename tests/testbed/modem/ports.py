# SPDX-License-Identifier: LGPL-2.1-or-later
"""How programs reach the modem: the socket of a qmi-proxy, or a terminal that a real proxy opens as its device."""

from __future__ import annotations

import asyncio
import os
import pty
import socket
import tty

from testbed.modem.modem import Modem
from testbed.modem.mbim import MbimSplitter
from testbed.modem.mbim_function import MbimFunction
from testbed.modem.qmux import Splitter

CHUNK = 65536


class _Link:
    """A file descriptor with QMUX frames on it."""

    def __init__(self, modem: Modem, loop: asyncio.AbstractEventLoop, descriptor: int):
        self._modem, self._loop, self._descriptor = modem, loop, descriptor
        self._splitter: Splitter | MbimSplitter = self._new_splitter()
        os.set_blocking(descriptor, False)
        loop.add_reader(descriptor, self._read)

    def _new_splitter(self) -> Splitter | MbimSplitter:
        return Splitter()

    def _received(self, frame: bytes) -> None:
        self._modem.received(self, frame)

    def send(self, frame: bytes) -> None:
        """What nobody takes is lost, as on a device."""
        try:
            os.write(self._descriptor, frame)
        except OSError:
            pass

    def close(self) -> None:
        self._loop.remove_reader(self._descriptor)
        self._modem.forget_clients(self)

    def _read(self) -> None:
        try:
            octets = os.read(self._descriptor, CHUNK)
            frames = self._splitter.feed(octets)
        except BlockingIOError:
            return
        except (OSError, ValueError):
            octets, frames = b"", []
        if not octets:
            self.ended()
            return
        for frame in frames:
            self._received(frame)

    def ended(self) -> None:
        """Nothing more comes."""
        self.close()


class _MbimLink(_Link):
    """The same with MBIM messages."""

    def __init__(self, modem: Modem, loop: asyncio.AbstractEventLoop, descriptor: int):
        super().__init__(modem, loop, descriptor)
        self._function = MbimFunction(modem, self)
        modem.card_listeners.append(self._function.card_changed)
        modem.radio_listeners.append(self._function.registration_changed)

    def _new_splitter(self) -> MbimSplitter:
        return MbimSplitter()

    def _received(self, frame: bytes) -> None:
        self._function.received(frame)

    def close(self) -> None:
        super().close()
        self._modem.card_listeners.remove(self._function.card_changed)
        self._modem.radio_listeners.remove(self._function.registration_changed)


class _SocketLink(_Link):
    def __init__(self, modem: Modem, loop: asyncio.AbstractEventLoop, connection: socket.socket, links: set[_SocketLink]):
        super().__init__(modem, loop, connection.fileno())
        self._connection, self._links = connection, links
        links.add(self)

    def close(self) -> None:
        super().close()
        self._links.discard(self)
        self._connection.close()


def listen_abstract(name: str) -> socket.socket:
    """A listening socket in the abstract namespace of this thread's network namespace."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"\0{name}")
    listener.listen(16)
    return listener


class ProxyPort:
    """Looks to programs like a qmi-proxy whose device the modem is.

    listener is a listening socket, so that it can be of another network namespace; the port keeps it open while
    the modem is away, and connects nobody then.
    """

    def __init__(self, listener: socket.socket):
        self._listener = listener
        self._links: set[_SocketLink] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        listener.setblocking(False)

    def open(self, modem: Modem, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        loop.add_reader(self._listener.fileno(), lambda: self._accept(modem, loop))

    def _accept(self, modem: Modem, loop: asyncio.AbstractEventLoop) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return
        _SocketLink(modem, loop, connection, self._links)

    def close(self) -> None:
        if self._loop:
            self._loop.remove_reader(self._listener.fileno())
        for link in [*self._links]:
            link.close()


class PtyPort:
    """A terminal in raw mode, which a real qmi-proxy or, with mbim, mbim-proxy opens.

    path is its name. When the modem vanishes the terminal hangs up; it is another one, with another name, when the
    modem is back: the harness gives them the name of a device node.
    """

    def __init__(self, *, mbim: bool = False) -> None:
        self._kind = _MbimLink if mbim else _Link
        self._terminal = (-1, -1)
        self._link: _Link | None = None
        self._make()

    def _make(self) -> None:
        # The slave's descriptor keeps the terminal alive while nobody has it open.
        self._terminal = pty.openpty()
        slave = self._terminal[1]
        tty.setraw(slave)
        self.path = os.ttyname(slave)

    def open(self, modem: Modem, loop: asyncio.AbstractEventLoop) -> None:
        if self._terminal[0] < 0:
            self._make()
        self._link = self._kind(modem, loop, self._terminal[0])

    def close(self) -> None:
        if self._link:
            self._link.close()
            self._link = None
            self.dispose()

    def dispose(self) -> None:
        """Hang up."""
        if self._terminal[0] < 0:
            return
        for descriptor in self._terminal:
            os.close(descriptor)
        self._terminal = (-1, -1)
