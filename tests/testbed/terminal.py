# SPDX-License-Identifier: LGPL-2.1-or-later
"""A program at a terminal of its own, and somebody who reads it and types."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

CONTROL_SEQUENCE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
CTRL_C, CTRL_D = "\x03", "\x04"


class Unexpected(AssertionError):
    """The program said or did something else; the message has all that it said."""


class Terminal:
    """Use as a context manager: the program does not outlive the block."""

    def __init__(
        self, command: Sequence[str], env: Mapping[str, str], *, cwd: Path | None = None,
        columns: int = 100, listener: Callable[[str], None] | None = None,
    ):
        """listener gets each piece of output as it comes."""
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        self._listener = listener or (lambda text: None)
        self._octets = b""
        self._read_to = 0
        self._process = subprocess.Popen(
            ["setsid", "--ctty", *map(str, command)], stdin=slave, stdout=slave, stderr=slave,
            env={**env, "TERM": "xterm", "COLUMNS": str(columns)}, cwd=cwd,
        )
        os.close(slave)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        os.close(self._master)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def raw(self) -> str:
        """All output, with what moves the cursor."""
        return self._octets.decode(errors="replace")

    @property
    def text(self) -> str:
        """All output as plain lines."""
        return CONTROL_SEQUENCE.sub("", self.raw).replace("\r\n", "\n")

    def expect(self, pattern: str, timeout: float = 60.0) -> re.Match[str]:
        """Read on until the pattern appears in what has come since the last call."""
        deadline = time.monotonic() + timeout
        while True:
            text = self.text
            match = re.compile(pattern).search(text, self._read_to)
            if match:
                self._read_to = match.end()
                return match
            if not self._read(deadline):
                raise Unexpected(f"no “{pattern}” in:\n{text}")

    def send(self, text: str) -> None:
        """Type; a line ends with "\\n"."""
        os.write(self._master, text.encode())

    def wait(self, timeout: float = 60.0) -> int:
        """Read to the end; the exit status, negative for a signal."""
        deadline = time.monotonic() + timeout
        while self._read(deadline):
            pass
        try:
            return self._process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise Unexpected(f"still there after {timeout:g} s:\n{self.text}") from None

    def _read(self, deadline: float) -> bool:
        """Whether there was more before the deadline and the end."""
        left = max(0.0, deadline - time.monotonic())
        if not select.select([self._master], [], [], left)[0]:
            return False
        try:
            piece = os.read(self._master, 65536)
        except OSError:  # EIO: nobody has the other side open any more
            return False
        self._octets += piece
        self._listener(piece.decode(errors="replace"))
        return bool(piece)
