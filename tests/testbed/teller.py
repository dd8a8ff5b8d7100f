# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tells a story on a stack: types the commands that a person would type and shows what they print.

lui-cli and everything behind it is real; the answers that a person would give at the terminal are given through
one.  What is claimed is looked up: claim() and a command that goes another way end the story.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable

from testbed.stack import Stack
from testbed.terminal import Unexpected

BOLD, PLAIN = "\x1b[1m", "\x1b[0m"


class DemoError(Exception):
    """A step has failed."""


class Teller:
    """Types commands in a stack and shows them with what they print."""

    def __init__(self, stack: Stack):
        self._stack = stack
        self._colour = sys.stdout.isatty()

    def say(self, text: str) -> None:
        print(f"\n# {text}", flush=True)

    def show(self, text: str) -> None:
        """What is seen elsewhere than on the device's terminal."""
        print(text, flush=True)

    def claim(self, true: object, text: str) -> None:
        """Show it if it is true; else the story ends."""
        if not true:
            raise DemoError(f"it is not true: {text}")
        print(f"  {text}", flush=True)

    def _prompt(self, line: str) -> None:
        print(f"{BOLD}{line}{PLAIN}" if self._colour else line, flush=True)

    def execute(self, *command: str) -> str:
        """Another command on a device with a modem."""
        line = f"$ {_as_typed(command)}"
        self._prompt(line)
        done = self._stack.mobile.execute(*command)
        print(done.stdout + done.stderr, end="", flush=True)
        if done.returncode != 0:
            raise DemoError(f"“{line}” ended with {done.returncode}")
        return done.stdout

    def type(self, *arguments: str, answers: Iterable[tuple[str, str]] = (), timeout: float = 60.0) -> str:
        """A lui-cli command at a terminal; answers: (question that it asks, what is typed)."""
        line = f"$ lui-cli {_as_typed(arguments)}"
        self._prompt(line)
        with self._stack.terminal(*arguments, listener=_show) as terminal:
            try:
                for question, answer in answers:
                    terminal.expect(question)
                    terminal.send(f"{answer}\n")
                status = terminal.wait(timeout)
            except Unexpected as error:
                raise DemoError(f"“{line}” went another way: {error}") from error
        if status != 0:
            raise DemoError(f"“{line}” ended with {status}")
        return terminal.text


def _show(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _as_typed(arguments: Iterable[str]) -> str:
    return " ".join(shlex.quote(argument) for argument in arguments)
