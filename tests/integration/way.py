# SPDX-License-Identifier: LGPL-2.1-or-later
"""A device whose only way to the servers is the subscription that its chip has enabled."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from card_side import add_profile
from testbed.process import wait_until
from testbed.relay import Relay
from testbed.smdp.subscriber import decode_iccid
from testbed.stack import Stack
from testbed.veuicc.profiles import OPERATIONAL, PROVISIONING, Profile

#: Numbers of subscribers that no order is for.
PROVISIONING_NUMBER, OLD_NUMBER = 9001, 9002


class Way:
    """Which profiles lead to the servers: those for provisioning, and those in served.  barred: none does."""

    def __init__(self, stack: Stack):
        self._stack = stack
        self.served: set[str] = set()
        self.barred = False

    def __call__(self) -> bool:
        enabled = self._stack.chip.profiles.enabled
        if enabled is None or self.barred:
            return False
        return enabled.profile_class == PROVISIONING or decode_iccid(enabled.iccid) in self.served

    def clear(self) -> None:
        self.served.clear()
        self.barred = False


@contextmanager
def wireless(**options: object) -> Iterator[Stack]:
    """A stack in which all servers are behind its way; stack.way is that."""
    with Stack(relay={"rtt": 0.0}, **options) as stack:
        stack.way = Way(stack)
        stack.relay.way = stack.way
        relays = [Relay(("127.0.0.1", server.port), rtt=0.0) for server in stack.smds]
        for server, relay in zip(stack.smds, relays):
            relay.way = stack.way
            stack.servers[server.host] = relay.start().port
        stack.write_config()
        yield stack
        for relay in relays:
            relay.stop()


def add_provisioning(stack: Stack, **fields: object) -> str:
    return add_profile(stack, PROVISIONING_NUMBER, **{"profile_class": PROVISIONING, **fields})


def add_old(stack: Stack, **fields: object) -> str:
    """An operational profile that is enabled, and has no network here."""
    return add_profile(stack, OLD_NUMBER, **{"profile_class": OPERATIONAL, "enabled": True, **fields})


def enabled(stack: Stack) -> str | None:
    """ICCID of the profile that the chip has enabled."""
    found: Profile | None = stack.chip.profiles.enabled
    return decode_iccid(found.iccid) if found else None


def wait_until_enabled(stack: Stack, iccid: str | None, timeout: float = 60.0) -> None:
    wait_until(lambda: enabled(stack) == iccid, timeout, f"{iccid} to be in use")
