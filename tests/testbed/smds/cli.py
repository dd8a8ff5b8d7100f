# SPDX-License-Identifier: LGPL-2.1-or-later
"""``python3 -m testbed smds``: an SM-DS that runs until it is interrupted."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from .. import pki
from ..smdp.cli import ENDING_SIGNALS, address_argument, plant_fault
from ..smdp.server import default_host
from .server import SmdsServer

FUNCTIONS = ("initiateAuthentication", "authenticateClient")
EVENT_HELP = """\
an event that waits; may be repeated. KEY=VALUE pairs separated by commas: eid (of the chip it waits for),
address (the SM-DP+, or another SM-DS), id (by default one is made)"""


def parse_event(text: str) -> dict[str, str]:
    """``KEY=VALUE,…`` as arguments of SmdsServer.register. ValueError names what is wrong."""
    names = {"eid": "eid", "address": "address", "id": "event_id"}
    found: dict[str, str] = {}
    for pair in filter(None, text.split(",")):
        key, equals, value = pair.partition("=")
        if not equals or key not in names:
            raise ValueError(f"{pair} is not eid=…, address=… or id=…")
        found[names[key]] = value
    if not {"eid", "address"} <= set(found):
        raise ValueError("an event needs eid=… and address=…")
    pki.check_eid(found["eid"])
    return found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="testbed smds", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="A discovery server, SM-DS (ES11 over HTTPS). It prints the events that wait, runs until it\n"
        "is interrupted, and then says what it has on record.",
        epilog="faults:\n  those of testbed smdp --help that are of HTTP or of mutual authentication\n\n"
        "Functions:\n  " + "\n  ".join(FUNCTIONS))
    parser.add_argument("--credentials", type=Path, metavar="FOLDER",
                        help="ci-1, ds-auth, ds-tls and their -key as PEM or DER; otherwise they are made for"
                        " this run, with those of a chip")
    parser.add_argument("--save-credentials", type=Path, metavar="FOLDER",
                        help="keep what was made for this run: FOLDER/chip, FOLDER/smds and FOLDER/ci.pem")
    parser.add_argument("--host", metavar="NAME",
                        help="SM-DS address; by default the name in the TLS certificate")
    parser.add_argument("--listen", type=address_argument, default=("127.0.0.1", 0), metavar="HOST:PORT",
                        help="where to listen (127.0.0.1, any free port)")
    parser.add_argument("--event", action="append", default=[], metavar="KEY=VALUE,…", help=EVENT_HELP)
    parser.add_argument("--empty-list", action="store_true",
                        help="say with an empty list that nothing waits, and not with 8.9.5/3.9")
    parser.add_argument("--fault", action="append", default=[], metavar="NAME[@N]",
                        help="let something go wrong, at the N-th occasion (1)")
    parser.add_argument("--transcript", type=Path, metavar="FILE",
                        help="write all exchanges there, one JSON a line")
    return parser


def _credentials(options: argparse.Namespace) -> pki.SmdsCredentials:
    if options.credentials:
        return pki.SmdsCredentials.load(options.credentials)
    ci = pki.make_ci()
    made = pki.make_smds(ci, [options.host or "smds.example.com"])
    if options.save_credentials:
        pki.make_chip(ci, pki.make_eid()).save(options.save_credentials / "chip")
        made.save(options.save_credentials / "smds")
        pki.save_cert(options.save_credentials, "ci", ci.cert)
    return made


def _server(options: argparse.Namespace) -> SmdsServer:
    credentials = _credentials(options)
    server = SmdsServer(credentials, options.host or default_host(credentials), options.listen)
    server.es11.empty_list = options.empty_list
    for text in options.event:
        server.register(**parse_event(text))
    for text in options.fault:
        plant_fault(server, text)
    return server


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        server = _server(options)
    except (ValueError, OSError) as error:
        parser.error(str(error))
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING_SIGNALS)   # threads inherit it: only sigwait() sees them
    with server:
        print(f"SM-DS {server.host} on {options.listen[0]}:{server.port}")
        for event in server.book.events:
            print(f"event {event.event_id} for {event.eid} at {event.address}")
        sys.stdout.flush()
        signal.sigwait(ENDING_SIGNALS)
    if options.transcript:
        server.record.write_transcript(options.transcript)
    print(server.report())
    return 0
