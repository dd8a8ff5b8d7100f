# SPDX-License-Identifier: LGPL-2.1-or-later
"""One profile from an operator's order to its end, with the commands that a person would type.

Run by tests/demo.  The demo types, lui-cli and everything behind it is real; the answers that a person would
give at the terminal are given through one.
"""

from __future__ import annotations

import argparse
import shlex
import signal
import sys
from collections.abc import Iterable
from pathlib import Path

from testbed.process import StackError
from testbed.shell import run_shell
from testbed.smdp import SubscriberRecord
from testbed.stack import Stack
from testbed.terminal import Unexpected

PACKAGE_OCTETS = 60_000
#: Of each command of the chip, as of a quick real one: enough to see the progress bar move.
LATENCY_SECONDS = 0.008
BOLD, PLAIN = "\x1b[1m", "\x1b[0m"


class DemoError(Exception):
    """A step has failed."""


class Demo:
    """Types commands in a stack and shows them with what they print."""

    def __init__(self, stack: Stack):
        self._stack = stack
        self._colour = sys.stdout.isatty()

    def say(self, text: str) -> None:
        print(f"\n# {text}", flush=True)

    def type(self, *arguments: str, answers: Iterable[tuple[str, str]] = ()) -> str:
        """A lui-cli command at a terminal; answers: (question that it asks, what is typed)."""
        line = f"$ lui-cli {_as_typed(arguments)}"
        print(f"{BOLD}{line}{PLAIN}" if self._colour else line, flush=True)
        with self._stack.terminal(*arguments, listener=_show) as terminal:
            try:
                for question, answer in answers:
                    terminal.expect(question)
                    terminal.send(f"{answer}\n")
                status = terminal.wait(60)
            except Unexpected as error:
                raise DemoError(f"“{line}” went another way: {error}") from error
        if status != 0:
            raise DemoError(f"“{line}” ended with {status}")
        return terminal.text


def _show(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _as_typed(arguments: Iterable[str]) -> str:
    return " ".join(shlex.quote(argument) for argument in arguments)


def one_profile(stack: Stack) -> None:
    """The whole life of a profile."""
    record = SubscriberRecord.make(1, service_provider="Testbed Mobile", profile_name="Travel")
    order = stack.smdp.place_order(record, size=PACKAGE_OCTETS)
    demo = Demo(stack)
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


def _check(stack: Stack, order) -> None:
    """The demo is no show: what it claims is looked up at the server and in the chip."""
    events = [(notification.event, notification.verified) for notification in stack.smdp.notifications]
    wanted = [(event, True) for event in ("install", "enable", "disable", "delete")]
    if order.state != "installed" or events != wanted:
        raise DemoError(f"the SM-DP+ has the order as {order.state} and the notifications {events}")
    if stack.findings():
        raise DemoError("\n".join(stack.findings()))


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="tests/demo",
        description="Download a profile into a virtual eUICC, use it and delete it, with everything between"
        " the terminal and the chip as it is on a device. Nothing is left behind.",
    )
    parser.add_argument("--shell", action="store_true",
                        help="a shell in which all of it runs, instead of the demonstration")
    parser.add_argument("--build", type=Path, metavar="FOLDER", help="a build to use (build/demo)")
    return parser.parse_args(arguments)


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
        with Stack(build=options.build, latency=LATENCY_SECONDS) as stack:
            return run_shell(stack) if options.shell else one_profile(stack) or 0
    except (StackError, DemoError) as error:
        print(f"tests/demo: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
