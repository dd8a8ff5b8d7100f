# SPDX-License-Identifier: LGPL-2.1-or-later
"""Cleans up behind a run of the testbed, whatever became of it: keeper.py MARK FOLDER.

Standard input is a pipe that only the run holds open.  At its end each process whose environment has
MARK=FOLDER is killed and the folder removed.  The keeper is in a session of its own and ignores the signals
that end the run.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time

#: Processes that end can leave children that nobody has seen yet: look again until there are none.
DEADLINE_SECONDS = 10.0


def marked(wanted: bytes) -> list[int]:
    """Processes, other than this one and zombies, with the entry in their environment."""
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == os.getpid():
            continue
        try:
            with open(f"/proc/{name}/environ", "rb") as file:
                if wanted in file.read().split(b"\0"):
                    found.append(int(name))
        except OSError:
            continue  # gone, or another user's
    return found


def kill_all(wanted: bytes) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        pids = marked(wanted)
        if not pids:
            return
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass  # gone meanwhile
        time.sleep(0.02)


def main() -> None:
    mark, folder = sys.argv[1:]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.buffer.read()
    kill_all(f"{mark}={folder}".encode())
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
