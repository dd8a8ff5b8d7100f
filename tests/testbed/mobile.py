# SPDX-License-Identifier: LGPL-2.1-or-later
"""A device with a virtual modem and Debian's real ModemManager, without systemd, udev or hardware.

    with Mobile([chip], network=Network([record])) as mobile:
        mobile.start_modem_manager()
        modem = mobile.wait_for_modem(lambda modem: modem.iccid == record.iccid)
        modem.enable()

All programs run in namespaces of their own, with a /sys and a /dev in which there is one modem, a USB or a PCIe device, with
its control port (cdc-wdm0, wwan0qmi0) and its data port (wwan0), which is one end of a cable; the other end is air0, and leads
nowhere, or to an Internet.  The modem answers as a qmi-proxy (proxy "own"), or as the device of Debian's qmi-proxy
(proxy "debian"); or it is an MBIM device behind Debian's mbim-proxy (transport "mbim").
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from testbed import udev
from testbed.bus import TOP, Bus, adapted_policy
from testbed.internet import CABLE_END, Internet
from testbed.modem import Firmware, Modem, ProxyPort, PtyPort, listen_abstract
from testbed.modem.client import QmiClient, connect_abstract
from testbed.modem_manager import SeenModem, seen_modem
from testbed.namespace import Namespace
from testbed.network import Network
from testbed.polkit import Polkit
from testbed.process import Program, Run, StackError, need_programs, wait_until
from testbed.sysfs import DATA_PORT, HARDWARE
from testbed.veuicc import Euicc

PROXY_NAME = "qmi-proxy"
#: By transport.
PROXIES = {"qmi": PROXY_NAME, "mbim": "mbim-proxy"}
LPAD_MODEM = "org.lpad.Modem1"
LPAD_NM = "org.lpad.Nm1"
#: lpad-nm runs as this user: nobody.
UNPRIVILEGED = 65534
MODEM_MANAGER = "org.freedesktop.ModemManager1"
#: Who may do what on the bus is what the packages say.
POLICIES = [
    Path("/etc/dbus-1/system.d/org.freedesktop.ModemManager1.conf"),
    Path("/usr/share/dbus-1/system.d/org.freedesktop.NetworkManager.conf"),
]
#: libudev takes a /sys that is none.
UDEV_ENV = {"SYSTEMD_DEVICE_VERIFY_SYSFS": "0"}

#: Folders that programs write to are empty and end with the namespace.
SETUP = """
for folder in /run /var/lib/NetworkManager /etc/NetworkManager; do
  [ ! -d "$folder" ] || mount -t tmpfs testbed "$folder"
done
for name in null zero full random urandom tty; do
  touch "$FAKE_DEV/$name"
  mount --bind "/dev/$name" "$FAKE_DEV/$name"
done
mkdir "$FAKE_DEV/pts" "$FAKE_DEV/shm"
mount --rbind /dev/pts "$FAKE_DEV/pts"
mkdir /run/udev
touch /run/udev/control
mount --rbind "$FAKE_DEV" /dev
if [ -n "$PTY" ]; then
  touch "/dev/$CONTROL_PORT"
  mount --bind "$PTY" "/dev/$CONTROL_PORT"
else
  mkfifo "/dev/$CONTROL_PORT"
fi
mount --bind "$FAKE_SYS" /sys
if [ -n "$RESOLV_CONF" ]; then
  target=$(readlink -m /etc/resolv.conf)
  mkdir -p "$(dirname "$target")"
  [ -e "$target" ] || touch "$target"
  mount --bind "$RESOLV_CONF" "$target"
fi
ip link set lo up
ip link add "$DATA_PORT" type veth peer name "$CABLE_END"
[ -n "$RESOLV_CONF" ] || ip address add 10.45.0.1/24 dev "$CABLE_END"
ip link set "$CABLE_END" up
"""

#: What a program on the device does to reach a server.
REACH = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), float(sys.argv[3])).close()
except OSError as error:
    print(error)
"""


class Mobile:
    """See the module.  Without run and bus it has its own; polkit allows everything unless told otherwise."""

    def __init__(
        self, chips: Sequence[Euicc | None], *, network: Network | None = None, firmware: Firmware | None = None,
        proxy: str = "own", transport: str = "qmi", internet: Internet | None = None, attached: str = "usb",
    ):
        self._chips, self._firmware, self._transport = chips, firmware, transport
        self._proxy = proxy if transport == "qmi" else "debian"
        self.hardware = HARDWARE[attached](transport)
        self.network = network or Network()
        self.internet = internet
        self._started: list = []
        self._events = 0
        self._manager: Program | None = None
        self._pty: PtyPort | None = None

    # Life

    def __enter__(self) -> Mobile:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Everything but ModemManager."""
        need_programs("dbus-daemon", "ModemManager", "mmcli")
        self.run = self._begin(Run())
        self.bus = Bus(self.run)
        self.env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
                    "DBUS_SYSTEM_BUS_ADDRESS": self.bus.address, **UDEV_ENV}
        self.bus.start(self.env, {}, [
            *POLICIES, self._own_policy(LPAD_MODEM), self._own_policy(LPAD_NM),
        ])
        self._begin(self.bus)
        self.polkit = self._begin(Polkit(self.bus.connect()))
        if self._proxy == "debian":
            self._pty = PtyPort(mbim=self._transport == "mbim")
        if self.internet:
            self._begin(self.internet).start(self.run, self.env)
        self.namespace = self._make_namespace()
        if self.internet:
            self.internet.take_cable(self.namespace)
            self.network.wires = self.internet
        port = self._pty or ProxyPort(self.namespace.inside(lambda: listen_abstract(PROXY_NAME)))
        self.modem = Modem(
            self._chips, [port], network=self.network, firmware=self._firmware, device=self.hardware.control_port,
        )
        self._begin(self.modem.start())
        self.modem.on_vanish, self.modem.on_appear = self._vanished, self._appeared
        if self._pty:
            self.start_proxy()

    def _begin(self, part):
        self._started.append(part)
        return part

    def close(self) -> None:
        """End everything, in the reverse order."""
        if hasattr(self, "modem"):
            self.modem.on_vanish = lambda: None
        self.stop_modem_manager()
        while self._started:
            part = self._started.pop()
            part.close() if hasattr(part, "close") else part.stop()
        if self._pty:
            self._pty.dispose()

    def _own_policy(self, name: str) -> Path:
        """That of a program of this project, for a bus on which there is no user called lpad or lpad-nm."""
        policy = self.run.folder / f"{name}.conf"
        text = (TOP / "data" / f"{name}.conf").read_text().replace('"lpad-nm"', f'"{UNPRIVILEGED}"')
        policy.write_text(adapted_policy(text, str(os.getuid())))
        return policy

    def _make_namespace(self) -> Namespace:
        sysfs, devices = self.run.folder / "sys", self.run.folder / "dev"
        sysfs.mkdir()
        devices.mkdir()
        self.hardware.make(sysfs)
        resolver = self.internet.write_resolv_conf(self.run.folder / "resolv.conf") if self.internet else ""
        return Namespace(self.run, "namespace", SETUP, {
            **self.env, "FAKE_SYS": str(sysfs), "FAKE_DEV": str(devices), "PTY": self._pty.path if self._pty else "",
            "CONTROL_PORT": self.hardware.control_port, "DATA_PORT": DATA_PORT, "CABLE_END": CABLE_END,
            "RESOLV_CONF": str(resolver),
        })

    # Debian's programs

    def start_proxy(self) -> None:
        """Debian's qmi-proxy or mbim-proxy, as the service that it is for lpad."""
        name = PROXIES[self._transport]
        self.proxy = self.namespace.spawn(name, [f"/usr/libexec/{name}", "--no-exit"], self.env)
        wait_until(self._proxy_listens, 20, name)

    def _proxy_listens(self) -> bool:
        sockets = Path(f"/proc/{self.namespace.pid}/net/unix").read_text()
        return any(line.endswith(f" @{PROXIES[self._transport]}") for line in sockets.splitlines())

    def start_modem_manager(self) -> None:
        """And wait until it is on the bus; it then probes the modem."""
        events = self.run.folder / "kernel-events"
        events.write_text("".join(f"{event}\n" for event in self._kernel_events("add")))
        self._manager = self.namespace.spawn("ModemManager", [
            "/usr/sbin/ModemManager", "--debug", "--test-no-udev", "--no-auto-scan", "--test-no-suspend-resume",
            f"--initial-kernel-events={events}",
        ], self.env)
        wait_until(self._manager_is_there, 60, "ModemManager on the bus")

    def _manager_is_there(self) -> bool:
        if not self._manager.running:
            raise StackError(f"ModemManager ended: {self.modem_manager_log[-2000:]}")
        return self.bus.has_owner(MODEM_MANAGER)

    def start_lpad_modem(self, program: Path, *options: str, env: Mapping[str, str] | None = None) -> Program:
        """And wait until it is on the bus."""
        started = self.namespace.spawn("lpad-modem", [str(program), *options], {**self.env, **(env or {})})

        def there() -> bool:
            if not started.running:
                raise StackError(f"lpad-modem ended: {started.output()}")
            return self.bus.has_owner(LPAD_MODEM)
        wait_until(there, 30, "lpad-modem on the bus")
        return started

    def stop_modem_manager(self) -> None:
        if self._manager:
            self._manager.stop()
            self._manager = None

    @property
    def modem_manager_log(self) -> str:
        return self._manager.output() if self._manager else ""

    def _vanished(self) -> None:
        port = self.hardware.control_port
        if self._pty:
            self._in_dev(f"umount {port}; rm {port}")
        self._report("remove")

    def _appeared(self) -> None:
        port = self.hardware.control_port
        if self._pty:
            self._in_dev(f"touch {port}; mount --bind {self._pty.path} {port}")
        self._report("add")

    def _in_dev(self, script: str) -> None:
        done = self.execute("/bin/sh", "-ec", f"cd /dev; {script}")
        if done.returncode != 0:
            raise StackError(f"the device node cannot be changed: {done.stderr.strip()}")

    def _report(self, action: str) -> None:
        """What udev tells ModemManager of ports that come and go."""
        self.tell_udev(action)
        if self._manager is None:
            return
        for event in self._kernel_events(action):
            self.mmcli(f"--report-kernel-event={event}")

    def _kernel_events(self, action: str) -> list[str]:
        ports = ((self.hardware.subsystem, self.hardware.control_port), ("net", DATA_PORT))
        return [f"action={action},subsystem={subsystem},name={name}" for subsystem, name in ports]

    def tell_udev(self, action: str) -> None:
        """What udev tells whoever listens, of the control port: "add" or "remove"."""
        self._events += 1
        properties = {
            "ACTION": action, "DEVPATH": f"/{self.hardware.port}", "SUBSYSTEM": self.hardware.subsystem,
            "DEVNAME": f"/dev/{self.hardware.control_port}", "SEQNUM": str(self._events), "MAJOR": "180", "MINOR": "0",
        }
        self.namespace.inside(lambda: udev.tell(properties))

    def execute(self, *command: str, timeout: float = 60.0) -> subprocess.CompletedProcess[str]:
        """Run a command in the namespaces."""
        return subprocess.run(
            self.namespace.command(*command), env={**self.env, **self.run.mark}, capture_output=True, text=True,
            timeout=timeout,
        )

    def mmcli(self, *arguments: str, timeout: float = 60.0) -> subprocess.CompletedProcess[str]:
        return self.execute("mmcli", *arguments, timeout=timeout)

    def qmicli(self, *arguments: str, timeout: float = 60.0) -> subprocess.CompletedProcess[str]:
        """On the modem's control port, through the proxy."""
        return self.execute("qmicli", "--device", f"/dev/{self.hardware.control_port}", "--device-open-qmi",
                            "--device-open-proxy", *arguments, timeout=timeout)

    def qmi_client(self) -> QmiClient:
        """A client of this process, through the proxy."""
        connection = self.namespace.inside(lambda: connect_abstract(PROXY_NAME))
        return QmiClient(connection, f"/dev/{self.hardware.control_port}")

    # The data port

    def use_bearer(self) -> None:
        """Set the data port up for the connection that ModemManager has, as NetworkManager would."""
        bearer = self._json(f"--bearer={self.seen_modem().bearers[0]}")["bearer"]["ipv4-config"]
        done = self.execute("/bin/sh", "-ec", f"""
            ip address flush dev {DATA_PORT}
            ip address add {bearer['address']}/{bearer['prefix']} dev {DATA_PORT}
            ip link set {DATA_PORT} up
            ip route replace default via {bearer['gateway']} dev {DATA_PORT}""")
        if done.returncode != 0:
            raise StackError(f"the data port cannot be set up: {done.stderr.strip()}")

    def reach(self, host: str, port: int, timeout: float = 5.0) -> str:
        """Empty when the device gets a TCP connection there; else what the system said."""
        done = self.execute("/usr/bin/python3", "-I", "-c", REACH, host, str(port), str(timeout))
        return done.stdout.strip() or done.stderr.strip()

    # What ModemManager shows

    def _json(self, *arguments: str) -> Mapping:
        done = self.mmcli("--output-json", *arguments)
        return json.loads(done.stdout) if done.returncode == 0 and done.stdout else {}

    def seen_modem(self) -> SeenModem | None:
        """The modem as ModemManager shows it; None when it shows none."""
        return seen_modem(self.bus)

    def wait_for_modem(
        self, wanted: Callable[[SeenModem], bool] = lambda modem: True, timeout: float = 60.0, what: str = "",
    ) -> SeenModem:
        """Until ModemManager shows the modem as it is wanted."""
        def look() -> SeenModem | None:
            seen = self.seen_modem()
            return seen if seen and wanted(seen) else None
        return wait_until(look, timeout, what or "ModemManager to show the modem")
