# SPDX-License-Identifier: LGPL-2.1-or-later
"""Programs that a run starts, and the certainty that they end with it.

Three nets, one below the other:

* stop() asks each program to end and waits;
* each program has a parent-death signal: the kernel ends it when this process is gone, however it went;
* a keeper (keeper.py), in a session of its own, notices the end of this process by the end of a pipe, ends
  whatever still carries the run's mark in its environment (also what D-Bus activation or a user's shell
  started) and removes the run's folder.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

#: Environment variable whose value, the run's folder, marks what belongs to the run.
MARK = "LPAD_TESTBED_RUN"
KEEPER = Path(__file__).with_name("keeper.py")
#: A Unix socket's path has at most 107 octets; names in a run's folder are short.
LONGEST_FOLDER = 60

#: The parent-death signal fires when the *thread* that forked ends, so all programs are forked by one thread
#: that lives as long as the interpreter.
_forker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="forker")
T = TypeVar("T")
#: Before wait_until() looks again: this part of the time that it has waited, between so many seconds.
WAITED_SHARE = 0.05
SHORTEST_INTERVAL, LONGEST_INTERVAL = 0.01, 0.05


class StackError(Exception):
    """The run cannot be set up or has lost one of its parts."""


def wait_until(condition: Callable[[], T], timeout: float, what: str, interval: float | None = None) -> T:
    """The first true value of condition(); StackError when there is none in time.

    Without an interval it looks less often the longer it takes: whoever is waited for needs the processor.
    """
    started = time.monotonic()
    while True:
        value = condition()
        if value:
            return value
        waited = time.monotonic() - started
        if waited > timeout:
            raise StackError(f"waited {timeout:g} s for {what}")
        time.sleep(interval or min(max(SHORTEST_INTERVAL, waited * WAITED_SHARE), LONGEST_INTERVAL))


def wait_for_exit(pid: int, timeout: float) -> bool:
    """Whether the process, which need not be a child, has ended within the time."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], timeout)[0])
    finally:
        os.close(descriptor)


class Program:
    """A running program whose output goes to a file."""

    def __init__(self, name: str, process: subprocess.Popen, log: Path):
        self.name, self.process, self.log = name, process, log

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self.process.kill()
        self.process.wait()

    def stop(self, timeout: float = 5.0) -> None:
        """Ask it to end; after the timeout make it."""
        self.process.terminate()
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()


class Run:
    """A temporary folder, the programs that live in it, and the keeper that ends both."""

    def __init__(self, prefix: str = "lpad-testbed-"):
        self.folder = _make_folder(prefix)
        self._programs: list[Program] = []
        self._keeper = subprocess.Popen(
            [sys.executable, "-I", "-S", str(KEEPER), MARK, str(self.folder)],
            stdin=subprocess.PIPE, start_new_session=True, cwd="/",
            env={key: value for key, value in os.environ.items() if key != MARK},
        )

    @property
    def mark(self) -> dict[str, str]:
        """Environment of what is to end with the run."""
        return {MARK: str(self.folder)}

    def spawn(
        self, name: str, command: Sequence[str], env: Mapping[str, str], *, pass_fds: Sequence[int] = ()
    ) -> Program:
        """Start a program; its output goes to NAME.log in the folder.

        It has a session of its own: Ctrl-C at the terminal is for this process, which ends it in its turn.
        """
        log = self.folder / f"{name}.log"
        with log.open("ab") as output:
            process = _forker.submit(
                subprocess.Popen, ["setpriv", "--pdeathsig", "KILL", "--", *command],
                env={**env, **self.mark}, stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT, pass_fds=pass_fds, cwd=self.folder, start_new_session=True,
            ).result()
        program = Program(name, process, log)
        self._programs.append(program)
        return program

    def close(self) -> None:
        """End every program, newest first, and remove the folder."""
        for program in reversed(self._programs):
            program.stop()
        if self._keeper.stdin:
            self._keeper.stdin.close()
        self._keeper.wait(30)


def _make_folder(prefix: str) -> Path:
    """In TMPDIR, unless paths there get too long for a socket or /run hides it (see pcscd.py)."""
    usual = tempfile.gettempdir()
    parent = usual if len(usual) + len(prefix) < LONGEST_FOLDER and not usual.startswith("/run") else "/tmp"
    return Path(tempfile.mkdtemp(prefix=prefix, dir=parent))


def need_programs(*names: str) -> None:
    """StackError that names the programs that are not installed."""
    path = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
    missing = [name for name in names if shutil.which(name, path=path) is None]
    if missing:
        raise StackError(f"not installed: {', '.join(missing)} (run tests/install-deps)")


def terminate(pid: int, signal_number: int = signal.SIGTERM, timeout: float = 60.0) -> None:
    """Send a signal to a process that is not a child and wait for its end."""
    try:
        os.kill(pid, signal_number)
    except ProcessLookupError:
        return
    if not wait_for_exit(pid, timeout):
        raise StackError(f"process {pid} does not end on signal {signal_number}")
