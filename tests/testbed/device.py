# SPDX-License-Identifier: LGPL-2.1-or-later
"""A device with a modem, and lpad on it: what stack.py is for a reader, for the chips behind a virtual modem.

    with Device(records=[old]) as device:
        device.mobile.start_modem_manager()
        order = device.smdp.place_order(SubscriberRecord.make())
        done = device.lui("download", "--yes", order.activation_code)
        assert done.returncode == 0, done.stderr

lpad, lpad-modem and ModemManager run in the namespaces of mobile.py, in which the SM-DP+ listens, too.  lpad and
lpad-modem are activated by the bus, as on a device.  There is no pcscd, unless a reader is asked for.
"""

from __future__ import annotations

import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

from testbed import pki
from testbed.bus import LPAD_NAME
from testbed.mobile import LPAD_MODEM, Mobile
from testbed.modem import Firmware
from testbed.network import Network
from testbed.pcscd import Pcscd
from testbed.process import terminate
from testbed.smdp import SubscriberRecord
from testbed.smdp.upp import build_upp
from testbed.stack import Stack
from testbed.veuicc import Config, Euicc, Profile

#: Serial number of the chip that is in a reader.
READER_CHIP = 500


class Device(Stack):
    """See the module; further options are those of Stack.

    records     subscribers whose profiles are on the first chip, the first one enabled; the network knows them
    chips       each in a slot of the modem, which uses the first one
    firmware, proxy, transport
                of the modem, see mobile.py
    reader      with one, and in_reader, a chip of its own, in it
    quirks      what lpad-modem is told of the modem, a section of a file of quirks
    """

    def __init__(
        self, *, records: Sequence[SubscriberRecord] = (), firmware: Firmware | None = None, proxy: str = "own",
        transport: str = "qmi", network: Network | None = None, quirks: Mapping[str, object] | None = None,
        reader: bool = False, **options,
    ):
        super().__init__(**options)
        credentials = pki.make_chip(self.ci, pki.make_eid(serial=READER_CHIP))
        self.in_reader = Euicc(credentials, Config()) if reader else None
        self.pcscd: Pcscd | None = None
        self.records = list(records)
        self.network = network or Network(records)
        self._quirks = dict(quirks or {})
        self._modem = {"firmware": firmware, "proxy": proxy, "transport": transport}
        for number, record in enumerate(records):
            self.chip.add_profile(Profile(
                record.iccid_octets, package=build_upp(record), enabled=number == 0,
                name=record.profile_name.encode(), service_provider=record.service_provider.encode(),
            ))

    def start(self) -> None:
        """Start all parts but ModemManager, and lpad and lpad-modem, which the bus activates."""
        self.mobile = self._begin(self._make_mobile())
        self.mobile.start()
        self.run, self.bus, self.polkit = self.mobile.run, self.mobile.bus, self.mobile.polkit
        self.folder = self.run.folder
        self.cards = []
        if self.in_reader:
            self.pcscd = Pcscd(self.run)
        self.env = self._environment()
        self._write_issuers()
        self._write_launcher()
        self._start_servers()
        self.write_config()
        self._write_modem_launcher()
        self.bus.add_service(LPAD_NAME, str(self.launcher))
        if self.in_reader:
            self.pcscd.start(self.env)
            self._insert_chips([self.in_reader])

    def _make_mobile(self) -> Mobile:
        return Mobile(self.chips, network=self.network, **self._modem)

    def _start_servers(self) -> None:
        self.mobile.namespace.inside(self.smdp.start)
        self._begin(self.smdp)

    def stop_programs(self) -> None:
        self.stop_lpad()
        self.stop_lpad_modem()

    def _card_environment(self) -> dict[str, str]:
        return self.pcscd.env if self.pcscd else {"PCSCLITE_CSOCK_NAME": str(self.folder / "no-pcscd")}

    def lpad_command(self) -> list[str]:
        return self.mobile.namespace.command(*super().lpad_command())

    # lpad-modem

    def _write_modem_launcher(self) -> None:
        program = self.build / "lpad-modem" / "lpad-modem"
        channels = self.folder / "lpad-modem"
        channels.mkdir()
        command = self.mobile.namespace.command(
            "env", f"RUNTIME_DIRECTORY={channels}", str(program), "--config", str(self.config_file),
            "--quirks", str(self._write_quirks()),
        )
        script = self.folder / "start-lpad-modem"
        self.write_script(script, command, self.folder / "lpad-modem.log")
        self.bus.add_service(LPAD_MODEM, str(script))

    def _write_quirks(self) -> Path:
        path = self.folder / "modem-quirks.conf"
        path.write_text("[virtual modem]\nDriver=*\n" + "".join(f"{key}={value}\n" for key, value in self._quirks.items()))
        return path

    @property
    def modem(self):
        """The virtual modem, see testbed/modem."""
        return self.mobile.modem

    def lpad_modem_pid(self) -> int | None:
        return self.bus.pid_of(LPAD_MODEM)

    def stop_lpad_modem(self, timeout: float = 30.0) -> None:
        """End it as a service manager does, and wait until it has ended."""
        pid = self.lpad_modem_pid()
        if pid:
            terminate(pid, signal.SIGTERM, timeout)

    def kill_lpad_modem(self) -> None:
        """End it as a crash does."""
        pid = self.lpad_modem_pid()
        if pid:
            terminate(pid, signal.SIGKILL)

    def forbid_lpad_modem(self) -> None:
        """As on a device on which it is not installed."""
        self.bus.remove_service(LPAD_MODEM)

    def allow_lpad_modem(self) -> None:
        """It has been installed."""
        self.bus.add_service(LPAD_MODEM, str(self.folder / "start-lpad-modem"))

    @property
    def lpad_modem_log(self) -> str:
        path = Path(self.folder) / "lpad-modem.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def findings(self) -> list[str]:
        criticals = [line for line in self.lpad_modem_log.splitlines() if "-CRITICAL **" in line]
        return super().findings() + criticals
