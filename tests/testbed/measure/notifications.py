# SPDX-License-Identifier: LGPL-2.1-or-later
"""What becomes of a thousand notifications while servers fail 99 of 100 requests.

Each try goes as far as the first failure for each server, for what is behind it must not overtake.  Between the
tries lpad is ended in order, or killed, too.  In the end the servers work again, and everything has to arrive.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable

from testbed import pki, tlv
from testbed.measure.figures import Figures
from testbed.smdp import SmdpServer, SubscriberRecord
from testbed.smdp.faults import Break, Draw, Status
from testbed.stack import Stack
from testbed.veuicc import Config, Profile
from testbed.veuicc.profiles import DISABLE, ENABLE

NOTIFICATIONS = 1000
SERVERS = 20
TRIES = 30
FUNCTION = "handleNotification"
#: What can go wrong at once: nothing done, all done and not said, said wrongly.
FAILURES = [
    Status(500), Status(503), Status(404), Status(302), Status(500, executed=True), Break("reset", executed=False),
    Break("reset"), Break("close", head_octets=30),
]


class Watch:
    """Looks at every removal from the chip: had a server acknowledged that very notification?

    The chip and the servers are new.
    """

    def __init__(self, stack: Stack, servers: list[SmdpServer]):
        self._chip, self._servers = stack.chip, servers
        self._looked_at = dict.fromkeys(servers, 0)
        self._acknowledged: set[bytes] = set()
        self.removed_early = 0
        self._remove = stack.chip.notifications.remove
        stack.chip.notifications.remove = self._watched_remove

    def _watched_remove(self, seq: int) -> bool:
        found = self._chip.notifications.by_seq(seq)
        if found and found.raw not in self.acknowledged():
            self.removed_early += 1
        return self._remove(seq)

    def acknowledged(self) -> set[bytes]:
        """Notifications that were answered 2xx, to the end of the answer."""
        for server in self._servers:
            with server.record.changed:
                news = server.record.transcript[self._looked_at[server]:]
            self._looked_at[server] += len(news)
            self._acknowledged.update(
                base64.b64decode(json.loads(exchange.request)["pendingNotification"])
                for exchange in news if exchange.function == FUNCTION and exchange.whole and 200 <= exchange.status < 300
            )
        return self._acknowledged

    @property
    def lost(self) -> int:
        """Neither on the chip nor acknowledged."""
        kept = {notification.seq for notification in self._chip.notifications}
        return len(set(self._chip.notifications.given) - kept - set(map(_sequence_number, self.acknowledged())))

    @property
    def out_of_order(self) -> int:
        """Notifications that a server heard of for the first time after one with a higher number."""
        count = 0
        for server in self._servers:
            first_times = [n.seq for n in server.notifications if not n.duplicate]
            count += sum(seq < max(first_times[:index]) for index, seq in enumerate(first_times) if index)
        return count

    @property
    def requests(self) -> int:
        return sum(server.counters.functions[FUNCTION] for server in self._servers)


def _sequence_number(raw: bytes) -> int:
    """Of an OtherSignedNotification."""
    return tlv.read_integer(tlv.parse_single(raw).get(0xBF2F).get(0x80).value)


def fill(stack: Stack, hosts: list[str], number: int) -> None:
    """Put so many notifications on the chip: of profiles that were enabled and disabled, in turn for each host."""
    profiles = []
    for serial, host in enumerate(hosts, 1):
        told = tlv.encode(0x30, [
            tlv.encode(0x80, tlv.bit_string([ENABLE, DISABLE])), tlv.encode(0x81, host.encode()),
        ])
        record = SubscriberRecord.make(serial)
        profiles.append(stack.chip.add_profile(Profile(record.iccid_octets, notification_configuration=told)))
    with stack.chip.lock:
        for index in range(number):
            stack.chip.notify([(ENABLE if index // len(hosts) % 2 == 0 else DISABLE, profiles[index % len(hosts)])])


def be_unreliable(servers: list[SmdpServer], share: float = 0.99) -> None:
    for seed, server in enumerate(servers, 1):
        server.faults.at_function(FUNCTION, Draw(FAILURES, share, seed), times=None)


def run(stack: Stack, servers: list[SmdpServer], tries: int, log: Callable[[str], None]) -> Watch:
    """See the module.  The chip has its notifications, the servers fail; lpad does not run yet."""
    watch = Watch(stack, servers)
    for number in range(tries):
        if number % 10 == 5:
            stack.kill_lpad()
        elif number % 10 == 9:
            stack.restart_lpad()
        stack.lui("notifications", "send", timeout=300)
    log(f"{watch.requests} requests, {len(stack.chip.notifications)} notifications wait; now the servers work")
    for server in servers:
        server.faults.clear()
    stack.lui("notifications", "send", timeout=600)
    return watch


def measure(figures: Figures, log: Callable[[str], None]) -> None:
    hosts = [f"smdp{number}.example.com" for number in range(1, SERVERS + 1)]
    config = Config(notification_slots=2 * NOTIFICATIONS, first_sequence_number=2**32 - 3 * NOTIFICATIONS,
                    sequence_number_step=3)
    log(f"{NOTIFICATIONS} notifications for {SERVERS} servers that fail 99 of 100 requests")
    ci = pki.make_ci("Testbed CI")
    chip = pki.make_chip(ci, pki.make_eid(), padding=300)
    with Stack(config={"General": {"IdleTimeout": "0"}}, chip_config=config, chip_credentials=chip,
               server_credentials=pki.make_server(ci, hosts[:1]), host=hosts[0]) as stack:
        servers = [stack.smdp]
        for host in hosts[1:]:
            servers.append(SmdpServer(pki.make_server(ci, [host]), host))
            stack.servers[host] = servers[-1].start().port
        stack.write_config()
        try:
            fill(stack, hosts, NOTIFICATIONS)
            be_unreliable(servers)
            begin = time.monotonic()
            watch = run(stack, servers, TRIES, log)
            figures.add("notifications_1000_lost", watch.lost)
            figures.add("notifications_1000_undelivered", len(stack.chip.notifications))
            figures.add("notifications_1000_removed_early", watch.removed_early)
            figures.add("notifications_1000_out_of_order", watch.out_of_order)
            figures.add("notifications_1000_requests", watch.requests)
            figures.add("notifications_1000_seconds", time.monotonic() - begin)
        finally:
            for server in servers[1:]:
                server.stop()
