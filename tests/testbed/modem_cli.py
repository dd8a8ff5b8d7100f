# SPDX-License-Identifier: LGPL-2.1-or-later
"""``python3 -m testbed modem``: a virtual modem with ModemManager and lpad, and a shell on the device."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from pathlib import Path

from testbed.device import Device
from testbed.modem import BEHAVIOURS, Firmware
from testbed.process import StackError
from testbed.smdp import SubscriberRecord

HINT = """
A device with {chips} behind a virtual modem ({transport}), whose firmware takes a REFRESH like this: {behaviour}. Everything ends
with this shell, which is on the device.

    mmcli -m any                    # what ModemManager shows
    mmcli -i any
    lui-cli status
    lui-cli list
    lui-cli download "$CODE"        # {code}
    lui-cli enable Second
    busctl --address="$DBUS_SYSTEM_BUS_ADDRESS" tree org.lpad.Modem1
{cli}
"""
CLI = {
    "qmi": "    qmicli -d /dev/cdc-wdm0 --device-open-proxy --device-open-qmi --uim-get-slot-status",
    "mbim": "    mbimcli -d /dev/cdc-wdm0 -p --query-subscriber-ready-status",
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="testbed modem",
        description="A virtual modem with eUICCs in its slots, a network, Debian's ModemManager, lpad-modem and lpad from"
        " a build, and an SM-DP+, in namespaces of their own, with a shell in them. Needs root.",
    )
    parser.add_argument("--build", type=Path, metavar="FOLDER",
                        help="where lpad is built (LPAD_BUILD, or build/ in the tree)")
    parser.add_argument("--transport", choices=("qmi", "mbim"), default="qmi", help="what its port speaks (qmi)")
    parser.add_argument("--behaviour", choices=BEHAVIOURS, default="refresh",
                        help="what the firmware does and tells when the card asks for a REFRESH (refresh)")
    parser.add_argument("--slots", type=int, default=1, metavar="N", help="slots, each with an eUICC (1)")
    parser.add_argument("--channels", type=int, default=3, metavar="N", help="logical channels that it gives out (3)")
    parser.add_argument("--debian-proxy", action="store_true", help="Debian's qmi-proxy instead of one of the modem's own")
    parser.add_argument("--command", metavar="COMMAND", help="run this instead of a shell")
    return parser


def _device(options: argparse.Namespace) -> Device:
    names = ("First", "Second")
    return Device(
        records=[SubscriberRecord.make(number, profile_name=name) for number, name in enumerate(names, 1)],
        firmware=Firmware(behaviour=options.behaviour, channels=options.channels), transport=options.transport,
        proxy="debian" if options.debian_proxy else "own", build=options.build, chips=options.slots,
    )


def _shell(device: Device, options: argparse.Namespace) -> int:
    device.mobile.start_modem_manager()
    order = device.smdp.place_order(SubscriberRecord.make(3, profile_name="Travel"))
    startup = device.folder / "bashrc"
    startup.write_text("PS1='(modem) \\w\\$ '\nunset PROMPT_COMMAND HISTFILE\n")
    print(HINT.format(
        chips="an eUICC" if options.slots == 1 else f"{options.slots} eUICCs", transport=options.transport,
        behaviour=options.behaviour, code=order.activation_code, cli=CLI[options.transport],
    ), flush=True)
    shell = ["--noprofile", "--rcfile", str(startup), "-i"] if options.command is None else ["-c", options.command]
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        done = subprocess.run(
            device.mobile.namespace.command("/bin/bash", *shell),
            env={**device.marked_env, "CODE": order.activation_code, "TERM": os.environ.get("TERM", "dumb")},
        )
    finally:
        signal.signal(signal.SIGINT, before)
    print(f"\nThe modem answered {device.modem.counters.requests} requests; it knows the ICCID {device.modem.iccid or '(none)'}.")
    return 0 if options.command is None else done.returncode


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    try:
        with _device(options) as device:
            return _shell(device, options)
    except (StackError, OSError, ValueError) as error:
        print(f"testbed modem: {error}", file=sys.stderr)
        return 1
