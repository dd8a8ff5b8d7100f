# SPDX-License-Identifier: LGPL-2.1-or-later
"""The same system with a chip in a modem: Debian's ModemManager and NetworkManager as they are installed.

The modem is a terminal, which Debian's qmi-proxy or mbim-proxy opens in lpad's unit. The kernel has no such modem: the units that look for
it see a /sys in which there is one, and ModemManager is told of it. Nothing else of any unit is changed.
"""

from __future__ import annotations

from testbed.boot.installation import USER, Installation
from testbed.boot.machine import SEAT, Machine
from testbed.modem import Modem, PtyPort
from testbed.network import Network
from testbed.pki import make_chip, make_eid
from testbed.process import wait_until
from testbed.smdp import SubscriberRecord
from testbed.smdp.upp import build_upp
from testbed.sysfs import DATA_PORT, usb
from testbed.veuicc import Config, Euicc, Profile

HOME, AWAY = (
    SubscriberRecord.make(number, service_provider="Testbed Mobile", profile_name=name)
    for number, name in ((301, "Home"), (302, "Away"))
)
FOLDER = "srv/modem"
SEES_MODEM = f"[Service]\nBindReadOnlyPaths=/{FOLDER}/sys:/sys\nEnvironment=SYSTEMD_DEVICE_VERIFY_SYSFS=0\n"
MODEM_MANAGER = f"""[Unit]
ConditionVirtualization=
[Service]
ExecStart=
ExecStart=/usr/sbin/ModemManager --test-no-udev --no-auto-scan --initial-kernel-events=/{FOLDER}/events
"""
NETWORK_MANAGER = """[main]
no-auto-default=*
dns=none
rc-manager=unmanaged

[connectivity]
enabled=false

[keyfile]
unmanaged-devices=interface-name:air0
"""


def port_of(transport: str) -> PtyPort:
    """The device of a modem."""
    return PtyPort(mbim=transport == "mbim")


class ModemStory:
    """Each check is a method, in this order; what one leaves the next one finds. port: see port_of()."""

    def __init__(self, machine: Machine, installation: Installation, transport: str, port: PtyPort):
        self.machine, self.lui = machine, installation.lui
        self.hardware = usb(transport)
        self.proxy, self.proxy_unit = f"{transport}-proxy", f"lpad-{transport}-proxy"
        self.chip = Euicc(make_chip(installation.ci, make_eid(serial=2)), Config())
        for record in (HOME, AWAY):
            self.chip.add_profile(Profile(
                record.iccid_octets, package=build_upp(record), enabled=record is HOME,
                name=record.profile_name.encode(), service_provider=record.service_provider.encode(),
            ))
        self.modem = Modem([self.chip], [port], network=Network([HOME, AWAY]))

    # Helpers

    def drop_in(self, unit: str, text: str) -> None:
        self.machine.write(f"etc/systemd/system/{unit}.service.d/testbed.conf", text)

    def modem_manager_shows(self, iccid: str) -> bool:
        done = self.machine.run("mmcli", "--sim=any", "--output-keyvalue")
        return any(line.startswith("sim.properties.iccid") and line.endswith(iccid) for line in done.stdout.splitlines())

    def command_of(self, process: str) -> str:
        return self.machine.shell(f"cat /proc/{process}/comm").strip()

    # Checks

    def check_lpad_finds_a_modem_from_within_its_sandbox(self) -> None:
        """lpad-modem by way of udev and a proxy that it shares with ModemManager."""
        self.hardware.make(self.machine.root / FOLDER / "sys")
        self.machine.shell(f"mkdir -p /{FOLDER}/sys/fs/cgroup")
        for unit in ("lpad-modem", self.proxy_unit):
            self.drop_in(unit, SEES_MODEM)
        self.machine.shell(f"systemctl daemon-reload; systemctl stop lpad lpad-modem {self.proxy_unit}")
        self.modem.start()
        wait_until(lambda: "Home" in self.lui("list"), 120, "lpad to show the chip in the modem", interval=0.5)
        for unit in ("lpad-modem", self.proxy_unit):
            assert self.machine.unit(f"{unit}.service", "ActiveState") == "active"

    def check_modem_manager_uses_the_modem_beside_it(self) -> None:
        self.machine.shell(f"ip link add {DATA_PORT} type veth peer name air0; ip link set air0 up")
        self.machine.write("etc/NetworkManager/conf.d/testbed.conf", NETWORK_MANAGER)
        ports = ((self.hardware.subsystem, self.hardware.control_port), ("net", DATA_PORT))
        self.machine.write(f"{FOLDER}/events", "".join(f"action=add,subsystem={kind},name={name}\n" for kind, name in ports))
        self.drop_in("ModemManager", MODEM_MANAGER + SEES_MODEM.removeprefix("[Service]\n"))
        self.machine.shell("systemctl daemon-reload; systemctl restart NetworkManager; systemctl restart ModemManager")
        wait_until(lambda: self.modem_manager_shows(HOME.iccid), 120, "ModemManager to show the SIM", interval=0.5)

    def check_a_crash_of_the_helper_is_mended(self) -> None:
        self.lui("list")
        before = self.machine.unit("lpad-modem.service", "MainPID")
        self.machine.shell("systemctl kill --signal=KILL lpad-modem")

        def again() -> bool:
            return self.machine.unit("lpad-modem.service", "MainPID") not in (before, "0")
        wait_until(again, 60, "systemd to start lpad-modem again", interval=0.2)
        wait_until(lambda: "Home" in self.lui("list"), 120, "the chip to be there again", interval=0.5)

    def check_a_proxy_of_modem_managers_is_used_and_outlived(self) -> None:
        """Ours is gone, ModemManager starts one of its own; ours waits without a word, and is there when that one ends."""
        self.machine.shell(f"systemctl stop lpad lpad-modem {self.proxy_unit}; systemctl restart ModemManager")
        wait_until(lambda: self.modem_manager_shows(HOME.iccid), 120, "ModemManager to show the SIM", interval=0.5)
        wait_until(lambda: "Home" in self.lui("list"), 120, "lpad to show the chip in the modem", interval=0.5)
        own = self.machine.unit(f"{self.proxy_unit}.service", "MainPID")
        assert self.command_of(own) == "sh", "it waits"
        assert self.machine.unit(f"{self.proxy_unit}.service", "NRestarts") == "0"
        self.machine.shell("systemctl stop ModemManager")
        wait_until(lambda: self.command_of(own) == self.proxy, 180, "ours to take its place", interval=1)
        wait_until(lambda: "Home" in self.lui("list"), 120, "lpad to show the chip in the modem", interval=0.5)

    def check_nobody_learns_who_the_subscriber_is_from_the_journal(self) -> None:
        log = self.machine.log("--unit=lpad*")
        found = [secret for secret in (self.chip.eid, HOME.iccid, AWAY.iccid, self.modem.firmware.imei) if secret in log]
        assert not found, found

    def close(self) -> None:
        self.modem.stop()


class ConnectionStory(ModemStory):
    """Goes on with a modem that has data connections."""

    def connection_in_use(self) -> str:
        """Of NetworkManager, on the modem; empty: none."""
        lines = self.machine.shell("nmcli --terse --fields NAME,TYPE,STATE connection show --active").splitlines()
        used = [name for name, kind, state in (line.rsplit(":", 2) for line in lines) if (kind, state) == ("gsm", "activated")]
        return used[0] if used else ""

    def check_network_manager_connects(self) -> None:
        self.machine.shell("systemctl start ModemManager")
        self.machine.shell(f"nmcli connection add type gsm con-name Home gsm.apn home.example gsm.sim-id {HOME.iccid}")
        wait_until(lambda: self.connection_in_use() == "Home", 120, "the connection to be in use", interval=0.5)

    def check_a_switch_takes_the_connection_along(self) -> None:
        """By somebody at the screen; lpad-nm makes a connection for the new profile, as polkit's rules let it."""
        self.lui("enable", "Away", user=USER, seat=SEAT)
        wait_until(lambda: self.modem_manager_shows(AWAY.iccid), 120, "ModemManager to show the new SIM", interval=0.5)
        wait_until(lambda: self.connection_in_use() not in ("", "Home"), 120, "the new connection", interval=0.5)
        self.lui("enable", "Home")
        wait_until(lambda: self.connection_in_use() == "Home", 120, "the old connection", interval=0.5)
