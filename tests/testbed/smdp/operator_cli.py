# SPDX-License-Identifier: LGPL-2.1-or-later
"""``python3 -m testbed operator``: the customer system of an operator, which orders profiles over ES2+."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path

from .cli import ENDING_SIGNALS, address_argument, qr_code
from .es2_client import Es2Client, Es2Error, load_operator
from .es2_server import ProgressServer

POINTS = {1: "eligibility", 2: "confirmation code", 3: "download", 4: "installation"}


def _order(client: Es2Client, options: argparse.Namespace) -> None:
    print(client.download_order(iccid=options.iccid, kind=options.type, eid=options.eid))


def _confirm(client: Es2Client, options: argparse.Namespace) -> None:
    code = client.confirm_order(
        options.iccid, release=options.release, eid=options.eid, matching_id=options.matching_id,
        confirmation_code=options.code, smds=options.smds)
    print(code)
    if options.qr:
        print(qr_code(code))


def _release(client: Es2Client, options: argparse.Namespace) -> None:
    client.release_profile(options.iccid)


def _cancel(client: Es2Client, options: argparse.Namespace) -> None:
    client.cancel_order(options.iccid, available=not options.unavailable)


def _listen(options: argparse.Namespace) -> None:
    """Print each report of the SM-DP+ until interrupted."""
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING_SIGNALS)
    credential, issuer = load_operator(options.credentials)
    server = ProgressServer(options.name, credential, issuer, options.listen)
    with server:
        print(f"{options.name} on {options.listen[0]}:{server.port}", flush=True)
        ended = threading.Event()
        printer = threading.Thread(target=_print_reports, args=(server, ended))
        printer.start()
        signal.sigwait(ENDING_SIGNALS)
        ended.set()
        with server.record.changed:
            server.record.changed.notify_all()
        printer.join()


def _print_reports(server: ProgressServer, ended: threading.Event) -> None:
    shown = 0
    while not ended.is_set():
        with server.record.changed:
            server.record.changed.wait_for(lambda: ended.is_set() or len(server.reports) > shown)
            new = server.reports[shown:]
        for report in new:
            print(describe(report), flush=True)
        shown += len(new)


def describe(report: dict) -> str:
    """A line for a person."""
    point, status = report["notificationPointId"], report["notificationPointStatus"]
    data = status.get("statusCodeData")
    outcome = f"{data['subjectCode']}/{data['reasonCode']} {data.get('message', '')}" if data else "success"
    return f"{report['timestamp']}  ICCID {report['iccid']}  {POINTS.get(point, point)}: {outcome}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="testbed operator",
        description="Order profiles at an SM-DP+ over ES2+ (SGP.22, 5.3), as an operator's customer system does:"
        " order one, confirm the order, which makes the activation code, and release it.")
    parser.add_argument("--smdp", type=address_argument, metavar="HOST:PORT", help="where the SM-DP+ has ES2+")
    parser.add_argument("--host", default="smdp.example.com", metavar="NAME", help="its name (%(default)s)")
    parser.add_argument("--credentials", type=Path, required=True, metavar="FOLDER",
                        help="ci-1, operator and operator-key, as “testbed pki” makes them")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    order = verbs.add_parser("order", help="reserve a profile (DownloadOrder); prints its ICCID")
    order.add_argument("--iccid", help="this profile")
    order.add_argument("--type", metavar="NAME", help="one of this type")
    order.add_argument("--eid", help="for this eUICC")
    order.set_defaults(run=_order)
    confirm = verbs.add_parser("confirm", help="confirm an order (ConfirmOrder); prints the activation code")
    confirm.add_argument("iccid", metavar="ICCID")
    confirm.add_argument("--release", action="store_true", help="and release it")
    confirm.add_argument("--eid", help="for this eUICC")
    confirm.add_argument("--matching-id", metavar="ID", help="instead of one that the SM-DP+ makes; empty: found by EID")
    confirm.add_argument("--code", help="confirmation code that the customer has to know")
    confirm.add_argument("--smds", metavar="HOST", help="let it wait at this SM-DS")
    confirm.add_argument("--qr", action="store_true", help="the activation code as a QR code, too")
    confirm.set_defaults(run=_confirm)
    release = verbs.add_parser("release", help="let a confirmed order be downloaded (ReleaseProfile)")
    release.add_argument("iccid", metavar="ICCID")
    release.set_defaults(run=_release)
    cancel = verbs.add_parser("cancel", help="cancel an order (CancelOrder)")
    cancel.add_argument("iccid", metavar="ICCID")
    cancel.add_argument("--unavailable", action="store_true", help="the profile cannot be ordered again")
    cancel.set_defaults(run=_cancel)
    listen = verbs.add_parser("listen", help="show what the SM-DP+ tells of downloads (HandleDownloadProgressInfo)")
    listen.add_argument("--listen", type=address_argument, default=("127.0.0.1", 0), metavar="HOST:PORT",
                        help="where (127.0.0.1, any free port)")
    listen.add_argument("--name", default="operator.example.com", help="name in the certificate (%(default)s)")
    listen.set_defaults(run=None)
    return parser


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        if options.run is None:
            _listen(options)
            return 0
        if options.smdp is None:
            parser.error("--smdp says where the SM-DP+ is")
        credential, issuer = load_operator(options.credentials)
        options.run(Es2Client(options.host, options.smdp, credential, issuer), options)
    except Es2Error as error:
        print(f"testbed operator: {error}" + (f" ({error.code})" if error.subject else ""), file=sys.stderr)
        return 1
    except (OSError, ValueError) as error:
        parser.error(str(error))
    return 0
