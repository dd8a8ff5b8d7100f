# SPDX-License-Identifier: LGPL-2.1-or-later
"""lpad on the machine, as README.md says that one installs it, and a chip and an operator in reach of it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from testbed import pki
from testbed.boot.machine import Machine
from testbed.bus import TOP
from testbed.process import StackError
from testbed.smdp import SmdpServer, SubscriberRecord
from testbed.smdp.orders import Order
from testbed.veuicc import Config, Euicc, VpcdCard

HOST = "smdp.example.com"
USER = "alice"
CONFIG = """[General]
TestMode=true
IdleTimeout={idle}
[Network]
AllowPrivateAddresses=true
"""
IDLE_SECONDS = 15
#: Of a command of the chip: a download takes long enough to be disturbed.
LATENCY = 0.02


def steps_of_readme() -> list[str]:
    """What README.md tells to type after meson install."""
    (section,) = re.findall(r"^## Install\n(.*?)^## ", (TOP / "README.md").read_text(), re.M | re.S)
    commands = re.findall(r"^ {4}((?:systemd-sysusers|systemctl)\b[^#\n]*)", section, re.M)
    commands += re.findall(r"`(systemctl enable [^`]*)`", section)
    if len(commands) < 4:
        raise StackError("README.md does not say how lpad is installed, or says it in another form")
    return [command.strip() for command in commands]


def upgrade_of_readme() -> str:
    """What README.md tells to type after meson install over an older lpad."""
    (command,) = re.findall(r"`(systemctl daemon-reload && systemctl try-restart [^`]*)`", (TOP / "README.md").read_text())
    return command


def _replace(source: str, target: str) -> str:
    Path(target).unlink(missing_ok=True)
    return shutil.copy2(source, target)


class Installation:
    """An SM-DP+ on the machine's loopback address, a chip in its reader, and the folder that meson installs from."""

    def __init__(self, machine: Machine, build: Path):
        self.machine, self._build = machine, build
        self.ci = pki.make_ci("Testbed CI")
        self.smdp = SmdpServer(pki.make_server(self.ci, [HOST]), HOST)
        self.chip = Euicc(pki.make_chip(self.ci, pki.make_eid(serial=1)), Config())
        self.card = VpcdCard(self.chip, latency=LATENCY)
        self._orders = 0

    def prepare(self) -> None:
        """What is there before lpad is: a user, the network's names, the operator."""
        self.machine.shell(f"useradd --create-home {USER}; ip link set lo up; echo 127.0.0.1 {HOST} >> /etc/hosts")
        self.machine.write("/etc/lpad/lpad.conf.d/testbed.conf", CONFIG.format(idle=IDLE_SECONDS))
        pki.save_cert(self.machine.root / "srv", "issuer", self.ci.cert)
        self.machine.enter_network()
        self.smdp.start(("127.0.0.1", 443))

    def install(self) -> None:
        """meson install into the running machine."""
        folder = self.machine.run_folder.folder / "destdir"
        shutil.rmtree(folder, ignore_errors=True)
        command = ["meson", "install", "-C", str(self._build), "--no-rebuild", "--quiet", "--destdir", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise StackError(f"meson install: {done.stderr.strip() or done.stdout.strip()}")
        # A program that runs is not written to: the new one takes its name.
        shutil.copytree(folder, self.machine.root, dirs_exist_ok=True, symlinks=True, copy_function=_replace)

    def install_as_in_readme(self) -> None:
        self.install()
        for step in steps_of_readme():
            self.machine.shell(step)

    def insert_card(self) -> None:
        """pcscd, which systemd starts for its first client, then has it."""
        self.card.insert(60)

    def order(self, name: str, size: int = 12_000, **options: object) -> Order:
        self._orders += 1
        record = SubscriberRecord.make(self._orders, service_provider="Testbed Mobile", profile_name=name)
        return self.smdp.place_order(record, size=size, **options)

    def order_for_chip(self, name: str) -> Order:
        """The server knows the chip, and needs no code."""
        return self.order(name, eid=self.chip.eid, matching_id="")

    def lui(self, *arguments: str, user: str = "root", seat: str | None = None, status: int = 0) -> str:
        """What lui-cli says to somebody, who has a session when a seat is given; "": from afar."""
        command = ("lui-cli", *arguments)
        done = self.machine.run(*command, user=user) if seat is None else self.machine.session(user, *command, seat=seat)
        if done.returncode != status:
            raise StackError(f"lui-cli {' '.join(arguments)}: {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def close(self) -> None:
        self.card.stop()
        self.smdp.stop()
