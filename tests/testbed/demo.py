# SPDX-License-Identifier: LGPL-2.1-or-later
"""One profile from an operator's order to its end, with the commands that a person would type.

Run by tests/demo, in a reader or behind a modem (--modem); or, with --platform, the whole of remote SIM provisioning (story.py).
"""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from testbed.device import Device
from testbed.platform import Platform
from testbed.process import StackError
from testbed.shell import run_shell
from testbed.smdp import SubscriberRecord
from testbed.stack import Stack
from testbed.story import Story
from testbed.teller import DemoError, Teller

PACKAGE_OCTETS = 60_000
#: Of each command of the chip, as of a quick real one: enough to see the progress bar move.
LATENCY_SECONDS = 0.008


def one_profile(stack: Stack) -> None:
    """The whole life of a profile."""
    record = SubscriberRecord.make(1, service_provider="Testbed Mobile", profile_name="Travel")
    order = stack.smdp.place_order(record, size=PACKAGE_OCTETS)
    demo = Teller(stack)
    demo.say("A device with an empty eUICC in a smart card reader.")
    demo.type("status")
    demo.say("The operator has sold a profile and sent this activation code.")
    demo.type("download", order.activation_code, answers=[("Install it", "yes")])
    demo.type("list")
    demo.say("The profile is put into use and gets a name of one's own.")
    demo.type("enable", "Travel")
    demo.type("rename", "Travel", "Summer trip")
    demo.type("list")
    demo.say("It is taken out of use and deleted.")
    demo.type("disable", "Summer trip")
    demo.type("delete", "Summer trip", answers=[("for good", "y")])
    demo.type("list")
    demo.say("Has the operator been told of each step?")
    demo.type("notifications")
    demo.say("What the operator's SM-DP+ has on record:")
    print(stack.smdp.report(), flush=True)
    _check(stack, order)


def behind_a_modem(device: Device) -> None:
    """A device that is online with one profile gets a second one and uses it, while ModemManager looks on."""
    (home,) = device.records
    record = SubscriberRecord.make(2, service_provider="Testbed Mobile", profile_name="Travel")
    device.network.add(record)
    order = device.smdp.place_order(record, size=PACKAGE_OCTETS)
    demo = Teller(device)
    demo.say("A device with an eUICC behind a modem, which ModemManager serves. One profile is in use.")
    device.mobile.start_modem_manager()
    _show_sim(demo, device, home)
    demo.type("status")
    demo.say("The operator has sold a second one. It is downloaded through the modem; ModemManager keeps the modem.")
    demo.type("download", order.activation_code, answers=[("Install it", "yes")])
    demo.type("list")
    demo.say("It is put into use: done is said when the modem serves the new subscription.")
    demo.type("enable", "Travel")
    _show_sim(demo, device, record)
    demo.say("And back again.")
    demo.type("enable", "Home")
    _show_sim(demo, device, home)
    demo.type("delete", "Travel", answers=[("for good", "y")])
    demo.type("list")
    demo.say("Has the operator been told of each step?")
    demo.type("notifications")
    demo.say("What the operator's SM-DP+ has on record:")
    print(device.smdp.report(), flush=True)
    _check(device, order)


def _show_sim(demo: Teller, device: Device, record: SubscriberRecord) -> None:
    """What ModemManager says of the SIM, which must be that of the record."""
    device.mobile.wait_for_modem(lambda modem: modem.iccid == record.iccid)
    if record.iccid not in demo.execute("mmcli", "--sim=any"):
        raise DemoError(f"ModemManager does not show {record.iccid}")


def whole_platform(build: Path | None) -> int:
    """From the operator's order to a device that is connected with a subscription of its own."""
    with Platform(build=build) as platform:
        Story(platform).tell()
        platform.stop_programs()
        _complain(platform)
    return 0


def _check(stack: Stack, order) -> None:
    """The demo is no show: what it claims is looked up at the server and in the chip."""
    events = [
        (notification.event, notification.verified) for notification in stack.smdp.notifications
        if notification.iccid == order.record.iccid
    ]
    wanted = [(event, True) for event in ("install", "enable", "disable", "delete")]
    if order.state != "installed" or events != wanted:
        raise DemoError(f"the SM-DP+ has the order as {order.state} and the notifications {events}")
    _complain(stack)


def _complain(stack: Stack) -> None:
    if stack.findings():
        raise DemoError("\n".join(stack.findings()))


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="tests/demo",
        description="Download a profile into a virtual eUICC, use it and delete it, with everything between"
        " the terminal and the chip as it is on a device. Nothing is left behind.",
    )
    parser.add_argument("--modem", action="store_true",
                        help="the same for a chip behind a virtual modem, with the real ModemManager running (as root)")
    parser.add_argument("--shell", action="store_true",
                        help="a shell in which all of it runs, instead of the demonstration")
    parser.add_argument("--platform", action="store_true",
                        help="the whole of remote SIM provisioning instead: a modem with a provisioning profile, the"
                        " network, the operator and the real ModemManager and NetworkManager (as root)")
    parser.add_argument("--build", type=Path, metavar="FOLDER", help="a build to use (build/demo)")
    return parser.parse_args(arguments)


def _stack(options: argparse.Namespace) -> Stack:
    if options.modem:
        home = SubscriberRecord.make(1, service_provider="Testbed Mobile", profile_name="Home")
        return Device(build=options.build, records=[home])
    return Stack(build=options.build, latency=LATENCY_SECONDS)


def _end(number: int, _frame: object) -> None:
    """Ctrl-C and friends: leave the block of the stack, which cleans up; a second one changes nothing."""
    for other in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(other, signal.SIG_IGN)
    raise SystemExit(128 + number)


def main(arguments: list[str] | None = None) -> int:
    options = _parse(arguments)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)
    try:
        if options.platform:
            return whole_platform(options.build)
        with _stack(options) as stack:
            if options.shell:
                return run_shell(stack)
            behind_a_modem(stack) if options.modem else one_profile(stack)
            return 0
    except (StackError, DemoError) as error:
        print(f"tests/demo: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
