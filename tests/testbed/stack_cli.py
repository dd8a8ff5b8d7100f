# SPDX-License-Identifier: LGPL-2.1-or-later
"""``python3 -m testbed stack``: the whole platform with a shell in it."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from testbed import pki
from testbed.process import StackError
from testbed.shell import run_shell
from testbed.smdp.server import default_host
from testbed.stack import HOST, Stack


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="testbed stack",
        description="A private bus, polkit that allows everything, pcscd with virtual eUICCs, an SM-DP+, and"
        " lpad from a build, with a shell in which all of it is there. It ends with the shell.",
    )
    parser.add_argument("--build", type=Path, metavar="FOLDER",
                        help="where lpad is built (LPAD_BUILD, or build/ in the tree)")
    parser.add_argument("--chips", type=int, default=1, metavar="N", help="readers, each with an eUICC (1)")
    parser.add_argument("--rtt", type=float, default=0, metavar="MS", help="round trip to the SM-DP+")
    parser.add_argument("--latency", type=float, default=0, metavar="MS", help="of each command of a chip")
    parser.add_argument("--state", type=Path, metavar="FOLDER",
                        help="memory of the chips, kept from one run to the next; needs --chip-credentials")
    parser.add_argument("--chip-credentials", type=Path, metavar="FOLDER",
                        help="instead of those made for the run, see README.md")
    parser.add_argument("--server-credentials", type=Path, metavar="FOLDER", help="likewise")
    parser.add_argument("--smds", action="append", default=[], metavar="NAME",
                        help="an SM-DS with this host name beside the SM-DP+; may be repeated: the first one is"
                        " the chips' root SM-DS, where an event is registered for each chip, by way of the"
                        " second one if there is one")
    parser.add_argument("--command", metavar="COMMAND", help="run this instead of a shell")
    return parser


def _stack(options: argparse.Namespace) -> Stack:
    chip = server = None
    host, states = HOST, ()
    if options.chip_credentials:
        chip = pki.ChipCredentials.load(options.chip_credentials)
    if options.server_credentials:
        server = pki.ServerCredentials.load(options.server_credentials)
        host = default_host(server)
    if options.state:
        options.state.mkdir(parents=True, exist_ok=True)
        states = [options.state / f"chip-{number}.json" for number in range(1, options.chips + 1)]
    return Stack(
        chips=options.chips, build=options.build, host=host, chip_credentials=chip,
        server_credentials=server, chip_states=states, latency=options.latency / 1000,
        relay={"rtt": options.rtt / 1000} if options.rtt else None, smds=options.smds,
    )


def main(arguments: list[str] | None = None) -> int:
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.chip_credentials and options.chips != 1:
        parser.error("--chip-credentials are those of one chip")
    if options.state and not options.chip_credentials:
        parser.error("--state is the memory of the chip of --chip-credentials")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    try:
        with _stack(options) as stack:
            return run_shell(stack, command=options.command)
    except (StackError, OSError, ValueError) as error:
        print(f"testbed stack: {error}", file=sys.stderr)
        return 1
