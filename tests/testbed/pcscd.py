# SPDX-License-Identifier: LGPL-2.1-or-later
"""Debian's pcscd with vpcd readers, private to a run and without a trace on the machine.

pcscd's folder /run/pcscd is compiled in, so it gets a mount namespace with a /run of its own: as root, or in a
user namespace.  Where neither is allowed (some containers) it is used in place if that folder can be written.
Its socket is ours in any case: pcscd takes the listening socket of its parent as it takes systemd's
(sd_listen_fds(3)); clients find it with PCSCLITE_CSOCK_NAME.

Each reader is an entry of reader.conf with a copy of the driver of its own, because entries that share the file
break each other.  An entry has two slots: the chip goes into the first, the second is a reader without a card.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from testbed.process import Program, Run, StackError, wait_until
from testbed.veuicc.vpcd import copy_reader_driver

#: Below the kernel's range for outgoing connections, so that nobody gets a port by accident.
PORTS = range(20000, 32000, 2)
MAX_READERS = 8
SOCKET = "pcscd.comm"

START = """set -e
[ -z "$PRIVATE_RUN" ] || mount -t tmpfs testbed /run
export LISTEN_FDS=1 LISTEN_PID=$$
exec 3<&"$LISTEN_FD"
exec setpriv --pdeathsig KILL -- /usr/sbin/pcscd --foreground --config "$CONFIG"
"""
NAMESPACES = (["unshare", "--mount"], ["unshare", "--map-root-user", "--mount"])


@dataclass
class Reader:
    """A reader of two slots; name is that of the slot with the chip."""

    name: str
    empty_name: str
    port: int
    #: Holds the port's number against other runs as long as it lives.
    claim: socket.socket


def claim_port() -> tuple[int, socket.socket]:
    """Two ports in a row that are free, and the claim on them.

    pcscd binds them much later, and a card that connects to another run's reader would be a riddle: so each
    run first takes a name in the abstract socket namespace, which vanishes with the process.
    """
    start = os.getpid() * 8 % len(PORTS)
    for port in [*PORTS[start:], *PORTS[:start]]:
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0lpad-testbed-port-{port}")
            for number in (port, port + 1):
                with socket.socket() as probe:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    probe.bind(("", number))
            return port, claim
        except OSError:
            claim.close()
    raise StackError("no free ports for a reader")


@cache
def _namespace() -> Sequence[str]:
    """The command before pcscd's that gives it a private /run; none when that is not possible."""
    for command in NAMESPACES:
        trial = subprocess.run([*command, "mount", "-t", "tmpfs", "testbed", "/run"], capture_output=True)
        if trial.returncode == 0:
            return command
    if not os.access("/run/pcscd", os.W_OK) and not os.access("/run", os.W_OK):
        raise StackError("pcscd needs /run/pcscd: neither a mount namespace nor writing to /run is allowed here")
    return ()


class Pcscd:
    """The smart card daemon of a run and its readers."""

    def __init__(self, run: Run, readers: int = 1):
        if not 1 <= readers <= MAX_READERS:
            raise StackError(f"between 1 and {MAX_READERS} readers, not {readers}")
        self._run = run
        self._folder = run.folder / "readers"
        self._folder.mkdir()
        self._namespace = _namespace()
        self._program: Program | None = None
        self.socket = run.folder / SOCKET
        self.readers = [self._add_reader(number) for number in range(1, readers + 1)]

    def _add_reader(self, number: int) -> Reader:
        port, claim = claim_port()
        driver = copy_reader_driver(self._run.folder / f"reader{number}.so")
        name = f"Testbed {number}"
        (self._folder / str(number)).write_text(
            f'FRIENDLYNAME "{name}"\nDEVICENAME /dev/null:{port:#x}\nLIBPATH {driver}\nCHANNELID {port:#x}\n'
        )
        return Reader(f"{name} 00 00", f"{name} 00 01", port, claim)

    def plug_in(self) -> Reader:
        """One more reader, from the next start on."""
        reader = self._add_reader(len(self.readers) + 1)
        self.readers.append(reader)
        return reader

    def unplug(self, reader: Reader) -> None:
        """One less, from the next start on."""
        self.readers.remove(reader)
        (self._folder / reader.name.split()[1]).unlink()

    @property
    def env(self) -> dict[str, str]:
        """What a client of this pcscd needs."""
        return {"PCSCLITE_CSOCK_NAME": str(self.socket)}

    @property
    def pid(self) -> int | None:
        return self._program.pid if self._program and self._program.running else None

    def start(self, env: Mapping[str, str]) -> None:
        """Start it; clients may connect from now on and wait until it is ready."""
        self.socket.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(self.socket))
            listener.listen(16)
            settings = {
                "PRIVATE_RUN": "yes" if self._namespace else "",
                "CONFIG": str(self._folder), "LISTEN_FD": str(listener.fileno()),
            }
            self._program = self._run.spawn(
                "pcscd", [*self._namespace, "/bin/bash", "-c", START], {**env, **settings},
                pass_fds=[listener.fileno()],
            )

    def stop(self, *, crash: bool = False) -> None:
        """End it, or let it crash; either way its socket is gone for clients."""
        if self._program:
            self._program.kill() if crash else self._program.stop()
        self.socket.unlink(missing_ok=True)

    def check(self) -> None:
        """StackError with its own words when it has ended."""
        if self.pid is None:
            raise StackError(f"pcscd ended: {self._program.output() if self._program else 'never started'}")

    def look(self, wanted: Mapping[str, bool] | None = None, timeout: float = 60.0) -> dict[str, bool]:
        """Which readers there are and whether they hold a card, as a PC/SC client sees it.

        With wanted it waits until the readers in it are so.  The client is a process of its own, because
        libpcsclite reads the name of the socket once in a process.
        """
        names = [f"{name}={int(card)}" for name, card in (wanted or {}).items()]
        client = subprocess.run(
            [sys.executable, "-I", "-S", str(Path(__file__).with_name("pcsc_look.py")), str(timeout), *names],
            env={**os.environ, **self.env}, capture_output=True, text=True, timeout=timeout + 10,
        )
        if client.returncode != 0:
            self.check()
            raise StackError(f"readers: {client.stderr.strip()}")
        lines = [line.rpartition("=") for line in client.stdout.splitlines()]
        return {name: card == "1" for name, _, card in lines}

    def wait_ready(self, timeout: float = 60.0) -> None:
        """Until the readers are there for the cards."""
        def listening() -> bool:
            self.check()
            return all(_listens(reader.port) for reader in self.readers)
        wait_until(listening, timeout, "pcscd's readers")


def _listens(port: int) -> bool:
    """Whether somebody listens on the TCP port, without connecting to it."""
    wanted = f":{port:04X} 00000000:0000 0A"
    return wanted in Path("/proc/net/tcp").read_text()
