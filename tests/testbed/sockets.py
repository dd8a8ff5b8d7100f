# SPDX-License-Identifier: LGPL-2.1-or-later
"""Ways to end a TCP connection, for a socket that may be gone already."""

from __future__ import annotations

import socket
import struct


def shut(sock: socket.socket, how: int = socket.SHUT_RDWR) -> None:
    """shutdown(): wakes up whoever waits on the socket in another thread."""
    try:
        sock.shutdown(how)
    except OSError:
        pass


def abort_on_close(sock: socket.socket) -> None:
    """Let the next close() send a RST instead of a FIN."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    except OSError:
        pass
