# SPDX-License-Identifier: LGPL-2.1-or-later
"""python3 -m testbed.measure: prints all figures, and writes them for machines."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from testbed.measure import daemon, download, listing, modem, network_manager, notifications, parallel, switching
from testbed.measure.figures import Figures

#: What is measured, in this order.
PARTS = {
    "download": lambda figures, arguments, log: download.measure(figures, arguments.runs, log),
    "parallel": lambda figures, arguments, log: parallel.measure(figures, arguments.runs, log),
    "listing": lambda figures, arguments, log: listing.measure(figures, arguments.runs, log),
    "daemon": lambda figures, arguments, log: daemon.measure(figures, arguments.runs, log),
    "modem": lambda figures, arguments, log: modem.measure(figures, arguments.runs, log),
    "notifications": lambda figures, arguments, log: notifications.measure(figures, log),
    "switching": lambda figures, arguments, log: switching.measure(figures, arguments.runs, log),
    "nm": lambda figures, arguments, log: network_manager.measure(figures, log, arguments.switches),
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests/measure", description=__doc__)
    parser.add_argument("--json", metavar="FILE", type=Path, help="also write key -> median as one flat object")
    parser.add_argument("--runs", metavar="N", type=int, default=7, help="repetitions (default: 7)")
    parser.add_argument("--switches", metavar="N", type=int, default=network_manager.SWITCHES,
                        help="switches under each behaviour of a modem's firmware, 0: none (default: %(default)s)")
    parser.add_argument("--only", metavar="PART", choices=PARTS, action="append",
                        help=f"nothing but this part, may be given again: {', '.join(PARTS)}")
    arguments = parser.parse_args()
    if arguments.runs < 1:
        parser.error("--runs needs at least 1")
    parts = arguments.only or [name for name in PARTS if name != "nm" or arguments.switches > 0]

    def log(what: str) -> None:
        print(f"measuring: {what}", file=sys.stderr, flush=True)

    figures = Figures()
    for name in parts:
        PARTS[name](figures, arguments, log)
    print(figures.table())
    if arguments.json:
        figures.write_json(arguments.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
