# SPDX-License-Identifier: LGPL-2.1-or-later
"""``python3 -m testbed veuicc``: a chip in a vpcd reader until it is interrupted."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from testbed import pki
from testbed.veuicc import Config, Euicc, VpcdCard
from testbed.veuicc.config import ATR_T0, ATR_T1
from testbed.veuicc.vpcd import DEFAULT_PORT


def _address(text: str) -> tuple[str, int]:
    host, separator, port = text.rpartition(":")
    if not separator or not port.isdigit():
        raise argparse.ArgumentTypeError(f"{text} is not HOST:PORT")
    return host, int(port)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="testbed veuicc",
        description="A virtual eUICC in a vpcd reader.  What it stores outlives the command when"
        " --state names a file; pull the card with an interrupt (Ctrl-C).",
    )
    parser.add_argument(
        "--credentials", type=Path, metavar="FOLDER",
        help="ci-1, eum, euicc and euicc-key as PEM or DER; otherwise they are made for this run",
    )
    parser.add_argument("--eid", help="EID of a chip whose credentials are made for this run")
    parser.add_argument(
        "--save-credentials", type=Path, metavar="FOLDER",
        help="keep what was made for this run: FOLDER/chip, FOLDER/server and FOLDER/ci.pem",
    )
    parser.add_argument(
        "--vpcd", type=_address, default=("127.0.0.1", DEFAULT_PORT), metavar="HOST:PORT",
        help=f"the reader (127.0.0.1:{DEFAULT_PORT})",
    )
    parser.add_argument("--state", type=Path, metavar="FILE", help="non-volatile memory")
    parser.add_argument("--latency", type=float, default=0, metavar="MS", help="of each command")
    parser.add_argument("--memory", type=int, default=Config.memory, metavar="OCTETS")
    parser.add_argument("--largest-segment", type=int, default=255, metavar="OCTETS",
                        help="largest STORE DATA that is accepted (%(default)s)")
    parser.add_argument("--first-sequence-number", type=int, default=1, metavar="N",
                        help="of the notifications of a new chip (%(default)s)")
    parser.add_argument("--sequence-number-step", type=int, default=1, metavar="N",
                        help="from one notification's number to the next (%(default)s)")
    parser.add_argument("--notification-slots", type=int, default=Config.notification_slots, metavar="N",
                        help="notifications that are kept; then the oldest is dropped (%(default)s)")
    parser.add_argument("--default-dp", default="", metavar="FQDN", help="default SM-DP+ address")
    parser.add_argument("--atr", type=bytes.fromhex, metavar="HEX", help="answer to reset")
    parser.add_argument("--t1", action="store_true", help="an answer to reset with T=1")
    parser.add_argument("--transcript", type=Path, metavar="FILE", help="write all exchanges there")
    return parser


def _credentials(options: argparse.Namespace) -> pki.ChipCredentials:
    if options.credentials:
        return pki.ChipCredentials.load(options.credentials)
    made = pki.make_testbed_pki(options.eid or pki.make_eid(), ["smdp.example.com"])
    if options.save_credentials:
        made.chip.save(options.save_credentials / "chip")
        made.server.save(options.save_credentials / "server")
        pki.save_cert(options.save_credentials, "ci", made.ci.cert)
    return made.chip


def _chip(options: argparse.Namespace) -> Euicc:
    config = Config(
        memory=options.memory,
        largest_segment=options.largest_segment,
        first_sequence_number=options.first_sequence_number,
        sequence_number_step=options.sequence_number_step,
        notification_slots=options.notification_slots,
        atr=options.atr or (ATR_T1 if options.t1 else ATR_T0),
    )
    chip = Euicc(_credentials(options), config, options.state)
    chip.default_dp = options.default_dp or chip.default_dp
    return chip


def main(arguments: list[str] | None = None) -> int:
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.credentials and (options.eid or options.save_credentials):
        parser.error("--credentials come with their own EID and are already saved")
    try:
        chip = _chip(options)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    card = VpcdCard(chip, *options.vpcd, latency=options.latency / 1000)
    stop_signals = {signal.SIGINT, signal.SIGTERM}
    for number in stop_signals:
        signal.signal(number, lambda *_: None)  # a shell's background job ignores some of them
    signal.pthread_sigmask(signal.SIG_BLOCK, stop_signals)
    try:
        card.insert()
        print(f"EID {chip.eid} in the reader at {options.vpcd[0]}:{options.vpcd[1]}", flush=True)
        signal.sigwait(stop_signals)
    except TimeoutError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        card.stop()
        if options.transcript:
            chip.transcript.save(options.transcript)
    return 0
