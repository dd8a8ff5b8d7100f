# SPDX-License-Identifier: LGPL-2.1-or-later
"""The whole platform in one temporary folder: bus, polkit, pcscd, chips, an SM-DP+, and lpad on top.

    with Stack() as stack:
        order = stack.smdp.place_order(SubscriberRecord.make())
        done = stack.lui("download", "--yes", order.activation_code)
        assert done.returncode == 0, done.stderr

Real: dbus-daemon with lpad's own bus policy and D-Bus activation, pcscd, TLS, lpad, lui-cli.  In this process:
the chips (stack.chips), the SM-DP+ (stack.smdp), polkit's answers (stack.polkit).  Two stacks can run side by
side.  Leaving the block, or the end of this process for whatever reason, ends and removes all of it.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from gi.repository import GLib

from testbed import pki
from testbed.bus import LPAD_NAME, TOP, Bus
from testbed.pcscd import Pcscd
from testbed.polkit import Polkit
from testbed.process import Program, Run, StackError, need_programs, terminate, wait_until
from testbed.relay import Relay
from testbed.smdp import SmdpServer
from testbed.smds import SmdsServer
from testbed.terminal import Terminal
from testbed.veuicc import Config, Euicc, VpcdCard

HOST = "smdp.example.com"
#: Where a build has its programs.
PROGRAMS = {"lpad": "lpad/daemon/lpad", "lui-cli": "lui-cli/lui-cli"}
#: A finding of a sanitizer goes to a file of its own, wherever the program's output goes.
SANITIZERS = {
    "ASAN_OPTIONS": "abort_on_error=0:detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    "TSAN_OPTIONS": "ignore_noninstrumented_modules=1:second_deadlock_stack=1",
}


def default_build() -> Path:
    """The build to test: LPAD_BUILD, or build/ in the tree."""
    return Path(os.environ.get("LPAD_BUILD", TOP / "build")).resolve()


class Stack:
    """See the module.  All parts may be used and changed while it runs.

    chips       number of readers, each with a chip that is already in it
    config      sections of lpad.conf over the testbed's own, e.g. {"General": {"IdleTimeout": "0"}};
                a value of None leaves the key out
    chip_config settings of the chips (a new Config for each by default)
    relay       arguments of a Relay between lpad and the SM-DP+, e.g. {"rtt": 0.15}
    latency     seconds that each command of a chip takes
    chip_credentials, server_credentials
                instead of those made for the run; issuers are then the server's
    chip_states files for the memory of the chips, one each
    smds        host names of SM-DSs to run beside; the first one is the root SM-DS of the chips
    """

    def __init__(
        self,
        *,
        chips: int = 1,
        build: Path | str | None = None,
        host: str = HOST,
        config: Mapping[str, Mapping[str, str | None]] | None = None,
        chip_config: Config | None = None,
        relay: Mapping[str, float] | None = None,
        latency: float = 0.0,
        chip_credentials: pki.ChipCredentials | None = None,
        server_credentials: pki.ServerCredentials | None = None,
        chip_states: Sequence[Path] = (),
        smds: Sequence[str] = (),
    ):
        self.build = Path(build).resolve() if build else default_build()
        self.host = host
        self.ci = pki.make_ci("Testbed CI")
        server = server_credentials or pki.make_server(self.ci, [host])
        self.server_credentials = server
        self.issuers = [*server.ci_certs]
        self.smdp = SmdpServer(server, host)
        self.relay: Relay | None = None
        self._link = relay
        self.chips = self._make_chips(chips, chip_config, chip_credentials, chip_states)
        self.config = _merge(self._default_config(), config or {})
        #: Further servers: host name to port on loopback.  write_config() tells lpad.
        self.servers: dict[str, int] = {}
        self.smds = [SmdsServer(pki.make_smds(self.ci, [name]), name) for name in smds]
        for chip in self.chips:
            chip.config.root_ds = smds[0] if smds else chip.config.root_ds
        self._latency = latency
        self._held: list[VpcdCard] = []
        self._started: list = []

    def _make_chips(self, number, config, credentials, states) -> list[Euicc]:
        made = [credentials] if credentials else [
            pki.make_chip(self.ci, pki.make_eid(serial=serial)) for serial in range(1, number + 1)
        ]
        files = [*states, *[None] * len(made)]
        return [Euicc(chip, config or Config(), file) for chip, file in zip(made, files)]

    # Life

    def __enter__(self) -> Stack:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start all parts but lpad, which the bus activates when somebody asks for it."""
        need_programs("dbus-daemon", "setpriv", "unshare", "pcscd")
        self.run = self._begin(Run())
        self.folder = self.run.folder
        self.bus = Bus(self.run)
        self.pcscd = Pcscd(self.run, len(self.chips))
        self.env = self._environment()
        self._write_issuers()
        self._write_launcher()
        self.pcscd.start(self.env)
        self.bus.start(self.env, {LPAD_NAME: str(self.launcher)})
        self._begin(self.bus)
        self.polkit = Polkit(self.bus.connect())
        self._begin(self.polkit)
        self.smdp.start()
        self._begin(self.smdp)
        for server in self.smds:
            self._begin(server.start())
            self.servers[server.host] = server.port
        if self._link is not None:
            self.relay = self._begin(Relay(("127.0.0.1", self.smdp.port), **self._link))
            self.relay.start()
        self.write_config()
        self._insert_chips(self.chips)

    def _begin(self, part):
        self._started.append(part)
        return part

    def close(self) -> None:
        """End everything, in the reverse order."""
        try:
            if hasattr(self, "polkit"):
                self.stop_programs()
        except GLib.Error:
            pass  # no bus any more; the keeper ends lpad
        finally:
            while self._started:
                part = self._started.pop()
                part.close() if hasattr(part, "close") else part.stop()

    def _insert_chips(self, chips: Sequence[Euicc]) -> None:
        """One into each reader."""
        self.pcscd.wait_ready()
        self.cards = [
            self._begin(VpcdCard(chip, port=reader.port, latency=self._latency))
            for chip, reader in zip(chips, self.pcscd.readers)
        ]
        for card in self.cards:
            card.insert()
        self.wait_for_cards()

    def add_isdr(self, config: Config) -> Euicc:
        """A second chip on the first card, before lpad looks at it; it has an EID and an AID of its own."""
        eid = pki.make_eid(serial=1000 + len(self.chip.on_card))
        added = Euicc(pki.make_chip(self.ci, eid), config)
        self.chip.share_card(added)
        return added

    # The parts in one word, for the many tests with one chip

    @property
    def chip(self) -> Euicc:
        return self.chips[0]

    @property
    def card(self) -> VpcdCard:
        """The first chip's place in its reader: insert() and remove()."""
        return self.cards[0]

    @property
    def readers(self) -> list[str]:
        """Names of the readers that chips are for, as PC/SC knows them."""
        return [reader.name for reader in self.pcscd.readers]

    def wait_for_cards(self, timeout: float = 60.0) -> None:
        """Until PC/SC says of each reader what is true of it."""
        wanted = {name: card.inserted for name, card in zip(self.readers, self.cards)}
        self.pcscd.look(wanted, timeout)

    # Environment and configuration

    def _environment(self) -> dict[str, str]:
        """Of lpad, lui-cli and the shell: nothing of the caller's that could change what they do."""
        kept = {key: os.environ[key] for key in ("HOME", "TERM", "LANG", "USER", "LOGNAME") if key in os.environ}
        logs = {
            key: f"{value}:log_path={self.folder}/sanitizer" for key, value in SANITIZERS.items()
        }
        programs = [str((self.build / path).parent) for path in PROGRAMS.values()]
        return {
            **kept, **logs, **self._card_environment(),
            "PATH": ":".join([*programs, "/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"]),
            "LC_ALL": "C.UTF-8",
            "G_DEBUG": "fatal-criticals",
            "DBUS_SYSTEM_BUS_ADDRESS": self.bus.address,
        }

    def _card_environment(self) -> dict[str, str]:
        """What leads lpad to the cards."""
        return self.pcscd.env

    def program(self, name: str) -> Path:
        """One of the programs under test."""
        path = self.build / PROGRAMS[name]
        if not os.access(path, os.X_OK):
            raise StackError(f"{path} is not built")
        return path

    @property
    def launcher(self) -> Path:
        """The script that the bus executes to start lpad."""
        return self.folder / "start-lpad"

    @property
    def config_file(self) -> Path:
        return self.folder / "lpad.conf"

    @property
    def state_folder(self) -> Path:
        return self.folder / "state"

    @property
    def issuer_folder(self) -> Path:
        """Has production/ and test/, as /etc/lpad/issuers has."""
        return self.folder / "issuers"

    @property
    def log(self) -> str:
        """What lpad has written so far."""
        path = self.folder / "lpad.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def _default_config(self) -> dict[str, dict[str, str | None]]:
        return {
            "General": {"TestMode": "true", "IdleTimeout": "30"},
            "Network": {"AllowPrivateAddresses": "true"},
            "Trust": {},
        }

    def write_config(self, changes: Mapping[str, Mapping[str, str | None]] | None = None) -> None:
        """Write lpad.conf with these changes; lpad reads it when it starts the next time."""
        self.config = _merge(self.config, changes or {})
        ports = {self.host: self.relay.port if self.relay else self.smdp.port, **self.servers}
        connect_to = ";".join(f"{host}:443=127.0.0.1:{port}" for host, port in ports.items())
        ours = {"Network": {"ConnectTo": connect_to}, "Trust": {"IssuerFolders": str(self.issuer_folder)}}
        text = ""
        for section, keys in _merge(ours, self.config).items():
            lines = [f"{key}={value}\n" for key, value in keys.items() if value is not None]
            text += f"[{section}]\n{''.join(lines)}\n"
        self.config_file.write_text(text)

    def _write_issuers(self) -> None:
        (self.issuer_folder / "production").mkdir(parents=True)
        for number, issuer in enumerate(self.issuers, 1):
            pki.save_cert(self.issuer_folder / "test", f"testbed-{number}", issuer)

    def lpad_command(self) -> list[str]:
        return [
            str(self.build / PROGRAMS["lpad"]), "--config", str(self.config_file),
            "--state-dir", str(self.state_folder),
        ]

    def _write_launcher(self) -> None:
        """The bus does not keep what its children print, and its own environment is not lpad's."""
        self.state_folder.mkdir(mode=0o700)
        self.write_script(self.launcher, self.lpad_command(), self.folder / "lpad.log")

    def write_script(self, path: Path, command: Sequence[str], log: Path) -> None:
        """A script for the bus that executes the command in lpad's environment."""
        variables = "".join(f"export {key}={shlex.quote(value)}\n" for key, value in self.marked_env.items())
        path.write_text(f"#!/bin/sh\n{variables}exec {shlex.join(command)} >>{log} 2>&1\n")
        path.chmod(0o700)

    # lpad

    def start_lpad(self, timeout: float = 60.0) -> int:
        """Let the bus activate lpad; its process."""
        self.program("lpad")
        self.bus.activate(LPAD_NAME, timeout)
        return self.lpad_pid()

    def run_lpad(self, before: Sequence[str] = (), *, env: Mapping[str, str] | None = None) -> Program:
        """Start lpad by hand, e.g. behind a tracer, and wait until it is on the bus."""
        command = [*before, *self.lpad_command()]
        program = self.run.spawn("lpad", command, {**self.env, **(env or {})})
        def there() -> bool:
            if not program.running:
                raise StackError(f"lpad ended: {self.log}")
            return self.bus.has_owner(LPAD_NAME)
        wait_until(there, 60, "lpad on the bus")
        return program

    def lpad_pid(self) -> int | None:
        """The process of lpad; None when it does not run."""
        return self.bus.pid_of(LPAD_NAME)

    def stop_lpad(self, timeout: float = 60.0) -> None:
        """End lpad as a service manager does, and wait until it has ended."""
        pid = self.lpad_pid()
        if pid:
            terminate(pid, signal.SIGTERM, timeout)

    def stop_programs(self) -> None:
        """End lpad, and what else of it runs here, in order."""
        self.stop_lpad()

    def kill_lpad(self) -> None:
        """End lpad as a crash does."""
        pid = self.lpad_pid()
        if pid:
            terminate(pid, signal.SIGKILL)
            self.bus.wait_for_no_owner(LPAD_NAME)

    def restart_lpad(self) -> int:
        """End it and let the bus activate it again; it reads lpad.conf anew."""
        self.stop_lpad()
        self.bus.wait_for_no_owner(LPAD_NAME)
        return self.start_lpad()

    def lui(
        self, *arguments: str, input: str | None = "", timeout: float = 60.0,
        env: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run lui-cli without a terminal; input is what it reads."""
        return subprocess.run(
            [self.program("lui-cli"), *arguments], input=input, timeout=timeout, text=True,
            capture_output=True, env={**self.marked_env, **(env or {})}, cwd=self.folder,
        )

    def terminal(self, *arguments: str, **options) -> Terminal:
        """Run lui-cli at a terminal, with somebody who answers: see terminal.py."""
        return Terminal([self.program("lui-cli"), *arguments], self.marked_env, cwd=self.folder, **options)

    def shell_terminal(self, *command: str, **options) -> Terminal:
        """Run any command at a terminal; lui-cli is on its path."""
        return Terminal(command, self.marked_env, cwd=self.folder, **options)

    @property
    def marked_env(self) -> dict[str, str]:
        """env for a child that is to end with the run."""
        return {**self.env, **self.run.mark}

    # pcscd

    def stop_pcscd(self, *, crash: bool = False) -> None:
        self._held = [card for card in self.cards if card.inserted]
        self.pcscd.stop(crash=crash)

    def start_pcscd(self) -> None:
        """Start it again; the chips that were in a reader are in it again."""
        self.pcscd.start(self.env)
        self.pcscd.wait_ready()
        for card in self._held:
            card.insert()
        self.wait_for_cards()

    def restart_pcscd(self, *, crash: bool = False) -> None:
        self.stop_pcscd(crash=crash)
        self.start_pcscd()

    # Health

    def findings(self) -> list[str]:
        """Reports of sanitizers, and critical messages of GLib, since the start."""
        reports = [path.read_text(errors="replace") for path in sorted(self.folder.glob("sanitizer.*"))]
        criticals = [line for line in self.log.splitlines() if "-CRITICAL **" in line or "runtime error:" in line]
        return reports + criticals


def _merge(
    below: Mapping[str, Mapping[str, str | None]], above: Mapping[str, Mapping[str, str | None]]
) -> dict[str, dict[str, str | None]]:
    """Sections and keys of both; those of above win."""
    sections = [*below, *(section for section in above if section not in below)]
    return {section: {**below.get(section, {}), **above.get(section, {})} for section in sections}
