# SPDX-License-Identifier: LGPL-2.1-or-later
"""Network and mount namespaces of their own, in which a run's programs see other networks, devices and /sys."""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from testbed.process import Program, Run, StackError, need_programs, wait_until

T = TypeVar("T")
#: <linux/sched.h>
CLONE_NEWNET = 0x40000000
READY = "testbed: ready"


class Namespace:
    """Lives in a process that does nothing; setup is a script for /bin/sh that furnishes it."""

    def __init__(self, run: Run, name: str, setup: str, env: Mapping[str, str]):
        need_programs("unshare", "nsenter", "mount", "ip")
        self._run = run
        script = f"set -e\n{setup}\necho '{READY}'\nexec sleep infinity\n"
        self._holder = run.spawn(name, ["unshare", "--net", "--mount", "--ipc", "/bin/sh", "-c", script], env)
        wait_until(self._is_ready, 30, "the namespace")

    def _is_ready(self) -> bool:
        if READY in self._holder.output().splitlines():
            return True
        if not self._holder.running:
            raise StackError(
                "network and mount namespaces are needed and not allowed here; run the tests as root, in a container"
                f" with the capability SYS_ADMIN: {self._holder.output().strip()}"
            )
        return False

    @property
    def pid(self) -> int:
        return self._holder.pid

    @property
    def running(self) -> bool:
        return self._holder.running

    def command(self, *words: str) -> list[str]:
        """The command that runs a command in here."""
        return ["nsenter", "--target", str(self.pid), "--net", "--mount", "--ipc", "--", *words]

    def spawn(self, name: str, command: Sequence[str], env: Mapping[str, str]) -> Program:
        """Run.spawn() in here."""
        return self._run.spawn(name, self.command(*command), env)

    def inside(self, function: Callable[[], T]) -> T:
        """Do something in the network of the namespace, e.g. make a socket, which stays in there."""
        done: list[T] = []
        failed: list[BaseException] = []

        def work() -> None:
            try:
                _enter_network(self.pid)
                done.append(function())
            except BaseException as error:
                failed.append(error)

        # Each thread has a network namespace; this one ends with its own.
        thread = threading.Thread(target=work, name="inside")
        thread.start()
        thread.join()
        if failed:
            raise failed[0]
        return done[0]


def _enter_network(pid: int) -> None:
    """setns(2) for this thread; Python 3.11 has no function for it."""
    descriptor = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.setns(descriptor, CLONE_NEWNET) != 0:
            number = ctypes.get_errno()
            raise StackError(f"entering a network namespace is not allowed here: {os.strerror(number)}")
    finally:
        os.close(descriptor)
