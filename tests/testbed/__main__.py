# SPDX-License-Identifier: LGPL-2.1-or-later
"""``python3 -m testbed``: each part of the testbed is a command."""

from __future__ import annotations

import importlib
import sys

#: Command: (module with a main(arguments), what it does).
COMMANDS = {
    "veuicc": ("testbed.veuicc.cli", "run a virtual eUICC in a vpcd reader"),
    "smdp": ("testbed.smdp.cli", "run an SM-DP+"),
    "smds": ("testbed.smds.cli", "run an SM-DS"),
    "operator": ("testbed.smdp.operator_cli", "order profiles at an SM-DP+, as an operator does"),
    "pki": ("testbed.pki_cli", "make certificates and keys"),
    "modem": ("testbed.modem_cli", "run a virtual modem with ModemManager and lpad"),
    "stack": ("testbed.stack_cli", "run everything together"),
}


def usage() -> str:
    lines = ["usage: python3 -m testbed COMMAND [--help] …", ""]
    return "\n".join(lines + [f"  {name:8} {about}" for name, (_, about) in COMMANDS.items()])


def main() -> int:
    if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
        wants_help = sys.argv[1:] in (["-h"], ["--help"])
        print(usage(), file=sys.stdout if wants_help else sys.stderr)
        return 0 if wants_help else 2
    module, _ = COMMANDS[sys.argv[1]]
    return importlib.import_module(module).main(sys.argv[2:]) or 0


if __name__ == "__main__":
    sys.exit(main())
