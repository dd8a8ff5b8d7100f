# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is at the other end of the modem's cable: the operator's gateway, and the servers behind it.

    internet = Internet()
    with Mobile([chip], network=network, internet=internet) as mobile:
        internet.add_server("smdp.example.com", lambda address: ..., sm=True)

The gateway and the servers have a network namespace each.  The gateway knows a device by the address that its
connection was granted, and has a routing table for each kind of subscriber: from an operational one's address
everything can be reached, from a provisioning one's the SM, and from any other nothing.

    device: wwan0 === air0 :gateway: core0 --- edge0 :servers: lo has their addresses
"""

from __future__ import annotations

import ipaddress
import socket
import subprocess
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TypeVar

from testbed.dns import Refusal, Resolver
from testbed.namespace import Namespace
from testbed.network import OPERATIONAL, PROVISIONING, RESOLVER, Session
from testbed.process import Run, StackError

T = TypeVar("T")
CABLE_END = "air0"
#: Reserved for documentation (RFC 5737): nobody's.
SERVERS = ipaddress.IPv4Network("198.51.100.0/24")
WEBSITE, WEBSITE_PORT, WEBSITE_TEXT = "www.example.net", 80, b"everything else\n"
#: Routing tables of the gateway.
TABLES = {OPERATIONAL: 45, PROVISIONING: 46}
#: Order of its rules: connections, then nothing else from the air, then what any machine does.
RULE_OF_A_SESSION, RULE_OF_THE_AIR, RULE_LOCAL = 100, 200, 300

SETUP_SERVERS = """
ip link set lo up
"""

SETUP_GATEWAY = f"""
ip link set lo up
ip link add core0 type veth peer name edge0
ip link set edge0 netns "$SERVERS_PID"
ip address add 192.0.2.1/30 dev core0
ip link set core0 up
ip address add {RESOLVER}/32 dev lo
echo 1 >/proc/sys/net/ipv4/ip_forward
ip rule add pref {RULE_LOCAL} lookup local
ip rule delete pref 0
"""

SETUP_EDGE = f"""
ip address add 192.0.2.2/30 dev edge0
ip link set edge0 up
ip route add {OPERATIONAL.subnet} via 192.0.2.1
ip route add {PROVISIONING.subnet} via 192.0.2.1
"""


def _setup_cable() -> str:
    """The gateway's side of the air, once the cable's end is there."""
    lines = []
    for pool, table in TABLES.items():
        lines += [
            f"ip address add {pool.gateway}/{pool.subnet.prefixlen} dev {CABLE_END}",
            f"ip route add local {pool.gateway} dev {CABLE_END} table {table}",
            f"ip route add local {RESOLVER} dev lo table {table}",
        ]
    return "\n".join([
        *lines, f"ip rule add pref {RULE_OF_THE_AIR} iif {CABLE_END} blackhole", f"ip link set {CABLE_END} up",
        f"ip route add default via 192.0.2.2 table {TABLES[OPERATIONAL]}",
        f"ip route add prohibit default table {TABLES[PROVISIONING]}",
    ])


class _Page(BaseHTTPRequestHandler):
    """The one page that there is."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(WEBSITE_TEXT)))
        self.end_headers()
        self.wfile.write(WEBSITE_TEXT)

    def log_message(self, *_: object) -> None:
        """Tests look at the client's side."""


class _Website(ThreadingHTTPServer):
    daemon_threads = True


class Internet:
    """See the module.  Is the network's Wires."""

    def __init__(self) -> None:
        self._addresses: dict[str, str] = {}
        self._sm: set[str] = set()
        self._started: list[Callable[[], None]] = []

    # Life

    def start(self, run: Run, env: Mapping[str, str]) -> None:
        """Without a cable yet."""
        self.servers = Namespace(run, "internet", SETUP_SERVERS, env)
        self.gateway = Namespace(run, "gateway", SETUP_GATEWAY, {**env, "SERVERS_PID": str(self.servers.pid)})
        self._shell(self.servers, SETUP_EDGE)
        resolver = self.gateway.inside(self._make_resolver)
        self._started.append(resolver.start().stop)
        self.resolver = resolver
        self.add_server(WEBSITE, self._start_website)

    def take_cable(self, namespace: Namespace) -> None:
        """Plug the end of the device's cable into the gateway."""
        self._shell(namespace, f"ip link set {CABLE_END} netns {self.gateway.pid}")
        self._shell(self.gateway, _setup_cable())

    def stop(self) -> None:
        while self._started:
            self._started.pop()()

    def _make_resolver(self) -> Resolver:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((RESOLVER, 53))
        return Resolver(sock, self._look_up)

    def _look_up(self, client: str, name: str) -> str | None:
        """Those who may reach nothing but the SM need no other names either."""
        if ipaddress.IPv4Address(client) in PROVISIONING.subnet and name not in self._sm:
            raise Refusal
        return self._addresses.get(name)

    def _start_website(self, address: str) -> None:
        website = _Website((address, WEBSITE_PORT), _Page)
        threading.Thread(target=website.serve_forever, name="website", daemon=True).start()
        self._started += [website.server_close, website.shutdown]

    # Servers

    def add_server(self, name: str, start: Callable[[str], T], *, sm: bool = False) -> T:
        """An address of its own for the name, and what start(address) makes there, in the servers' namespace.

        sm: it can be reached over a provisioning profile's connection, too.
        """
        address = str(SERVERS[10 + len(self._addresses)])
        self._shell(self.servers, f"ip address add {address}/32 dev lo")
        self._shell(self.gateway, f"ip route add {address} via 192.0.2.2")
        if sm:
            self._shell(self.gateway, f"ip route add {address} via 192.0.2.2 table {TABLES[PROVISIONING]}")
            self._sm.add(name)
        self._addresses[name] = address
        return self.servers.inside(lambda: start(address))

    def address_of(self, name: str) -> str:
        return self._addresses[name]

    def write_resolv_conf(self, path: Path) -> Path:
        """For the device: its resolver is the network's."""
        path.write_text(f"nameserver {RESOLVER}\noptions timeout:2 attempts:2\n")
        return path

    # Wires

    def connect(self, session: Session) -> None:
        self._shell(self.gateway, f"ip rule add {self._rule(session)}")

    def disconnect(self, session: Session) -> None:
        if self.gateway.running:
            self._shell(self.gateway, f"ip rule delete {self._rule(session)}")

    @staticmethod
    def _rule(session: Session) -> str:
        table = TABLES[session.pool]
        return f"pref {RULE_OF_A_SESSION} from {session.address} iif {CABLE_END} lookup {table}"

    @staticmethod
    def _shell(namespace: Namespace, script: str) -> None:
        done = subprocess.run(namespace.command("/bin/sh", "-ec", script), capture_output=True, text=True, timeout=30)
        if done.returncode != 0:
            raise StackError(f"the network cannot be wired: {done.stderr.strip()}")
