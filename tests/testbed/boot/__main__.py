# SPDX-License-Identifier: LGPL-2.1-or-later
"""Run by tests/boot."""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from testbed.boot.image import make_image
from testbed.boot.installation import Installation
from testbed.boot.machine import Machine
from testbed.boot.modem_story import ConnectionStory, ModemStory, port_of
from testbed.boot.reader_story import ReaderStory
from testbed.bus import TOP
from testbed.process import StackError
from testbed.sysfs import usb

IMAGE = TOP / "build" / "boot" / "debian"
TRANSPORTS = ("qmi", "mbim")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tests/boot",
        description="Installs lpad on a Debian of its own that boots with systemd, and uses it as its users do: D-Bus"
        " activation, polkit, sandboxes, timers. Needs root. The Debian is made once, with debootstrap, and kept in"
        " build/boot; what the machine writes is in memory.",
    )
    parser.add_argument("--build", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--shell", action="store_true", help="leave a shell on the machine, with lpad installed, at the end")
    return parser


def _checks(story: object) -> list[Callable[[], None]]:
    """In the order in which they are written, those of the base class first."""
    names = [name for kind in reversed(type(story).mro()) for name in vars(kind) if name.startswith("check_")]
    return [getattr(story, name) for name in names]


def _passes(check: Callable[[], None]) -> bool:
    """Run it and say how it went."""
    name = re.sub("^check_", "", check.__name__).replace("_", " ")
    try:
        check()
    except (AssertionError, StackError, OSError, subprocess.SubprocessError, TimeoutError):
        print(f"FAILED  {name}\n{traceback.format_exc()}", flush=True)
        return False
    print(f"ok      {name}", flush=True)
    return True


def _on_a_machine(options: argparse.Namespace, transport: str) -> list[bool]:
    """How the checks went that are made with a modem of this kind; those of the installation with the first kind."""
    port = port_of(transport)
    with Machine(IMAGE, (port.path, usb(transport).control_port)) as machine, contextlib.ExitStack() as ends:
        print(f"A machine with a modem that speaks {transport.upper()}; systemd says: {machine.boot()}", flush=True)
        installation = Installation(machine, options.build)
        ends.callback(installation.close)
        installation.prepare()
        kind = ConnectionStory if transport == TRANSPORTS[0] else ModemStory
        modem_story = kind(machine, installation, transport, port)
        ends.callback(modem_story.close)
        if transport == TRANSPORTS[0]:
            checks = [*_checks(ReaderStory(machine, installation)), *_checks(modem_story)]
        else:
            installation.install_as_in_readme()
            checks = _checks(modem_story)
        results = [_passes(check) for check in checks]
        if not all(results):
            print(machine.log("--lines=300"))
        if options.shell and transport == TRANSPORTS[0]:
            subprocess.run(machine.command("/bin/bash"), check=False)
    return results


def _run(options: argparse.Namespace) -> int:
    print("A Debian that boots ...", flush=True)
    make_image(IMAGE)
    results = [result for transport in TRANSPORTS for result in _on_a_machine(options, transport)]
    print(f"{results.count(True)} passed, {results.count(False)} failed")
    return 0 if all(results) else 1


def main() -> int:
    options = _parser().parse_args()
    if os.geteuid() != 0:
        print("tests/boot: a machine that boots takes root", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        return _run(options)
    except StackError as error:
        print(f"tests/boot: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
