# SPDX-License-Identifier: LGPL-2.1-or-later
"""A shell in which the platform runs, to play with."""

from __future__ import annotations

import os
import signal
import subprocess

from testbed.bus import TOP
from testbed.smdp import SubscriberRecord
from testbed.stack import Stack

HINT = """
The platform is running: {chips} with the SM-DP+ {host}. Everything ends with this shell.

    lui-cli status
    lui-cli download "$CODE"        # {code}
    lui-cli download "$CODE2"       # asks for a confirmation code, which is {confirmation}
    lui-cli list
    lui-cli --help

$CODE3 … $CODE{last} are further orders. lpad writes to $LPAD_LOG and reads $LPAD_CONF when it starts; `pkill -x lpad`
ends it, and the next command starts it again.
"""


def run_shell(stack: Stack, orders: int = 6, command: str | None = None) -> int:
    """Place some orders, leave the terminal to a shell, then show what the SM-DP+ has on record."""
    confirmation = "1234"
    names = ["Travel", "Work", "Home", "Watch", "Tablet", "Spare"]
    placed = [
        stack.smdp.place_order(
            SubscriberRecord.make(number, profile_name=names[(number - 1) % len(names)]),
            confirmation_code=confirmation if number == 2 else None,
        )
        for number in range(1, orders + 1)
    ]
    if stack.smds:
        _announce(stack, orders)
    codes = {f"CODE{number if number > 1 else ''}": order.activation_code
             for number, order in enumerate(placed, 1)}
    startup = stack.folder / "bashrc"
    startup.write_text("PS1='(lpad) \\w\\$ '\nunset PROMPT_COMMAND HISTFILE\n" + _completion(stack))
    number = len(stack.chips)
    print(HINT.format(
        chips="one eUICC" if number == 1 else f"{number} eUICCs", host=stack.host, last=orders,
        code=placed[0].activation_code, confirmation=confirmation,
    ))
    interactive = ["--noprofile", "--rcfile", str(startup), "-i"]
    status = _wait_for_shell(
        ["/bin/bash", *(interactive if command is None else ["-c", command])],
        {**stack.marked_env, **codes, "TERM": os.environ.get("TERM", "dumb"),
         "LPAD_LOG": str(stack.folder / "lpad.log"), "LPAD_CONF": str(stack.config_file)},
    )
    print("\n" + "\n".join(server.report() for server in [stack.smdp, *stack.smds]))
    return 0 if command is None else status


def _announce(stack: Stack, placed: int) -> None:
    """A profile waits for each chip at the root SM-DS, or at the second one, to which the root leads."""
    last, root = stack.smds[-1], stack.smds[0] if len(stack.smds) > 1 else None
    for number, chip in enumerate(stack.chips, 1):
        order = stack.smdp.place_order(SubscriberRecord.make(placed + number, profile_name="Gift"), eid=chip.eid)
        stack.smdp.announce(order, last, root)
    print("A profile waits for each chip: lui-cli discover")


def _completion(stack: Stack) -> str:
    found = sorted((TOP / "data").rglob("*completion*/**/lui-cli"))
    return "".join(f". {path}\n" for path in found)


def _wait_for_shell(command: list[str], env: dict[str, str]) -> int:
    """Ctrl-C is the shell's while it runs.  A handler, unlike SIG_IGN, is not inherited by it."""
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        return subprocess.run(command, env=env).returncode
    finally:
        signal.signal(signal.SIGINT, before)
