# SPDX-License-Identifier: LGPL-2.1-or-later
"""``python3 -m testbed smdp``: an SM-DP+ that runs until it is interrupted."""

from __future__ import annotations

import argparse
import contextlib
import signal
import ssl
import sys
from pathlib import Path

from .. import pki
from ..relay import Relay
from . import named
from .es2_client import DEFAULT_OPERATOR_OID, Es2Client
from .es2_server import Es2Server
from .faults import FUNCTIONS
from .orders import Order
from .rsp_server import RspServer
from .server import SmdpServer, default_host
from .session import RELEASES
from .store import Store, make_key
from .subscriber import SubscriberRecord

TLS_VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
ENDING_SIGNALS = {signal.SIGINT, signal.SIGTERM}
ORDER_HELP = """\
place an order; may be repeated. KEY=VALUE pairs separated by commas, all optional: number (of the
subscriber), iccid, imsi, msisdn, provider, name, size (octets), matching-id, code (confirmation code),
retries, eid, protection (session, ppk), class (test, provisioning, operational), pprs (1+2), icon (a PNG or
JPEG file), expires (seconds), attempts, events (install+enable+disable+delete), addresses
(a.example+b.example), oid (yes: the activation code names the server's OID), released (no),
needs (nr-5gc:15+utran:8: releases that the device must have)"""

RECORD_KEYS = {"iccid": "iccid", "imsi": "imsi", "msisdn": "msisdn", "provider": "service_provider",
               "name": "profile_name"}


def address_argument(text: str) -> tuple[str, int]:
    """HOST:PORT."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit():
        raise argparse.ArgumentTypeError(f"{text} is not HOST:PORT")
    return host, int(port)


def _progress_argument(text: str) -> tuple[str, tuple[str, int]]:
    """NAME=HOST:PORT."""
    name, equals, address = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text} is not NAME=HOST:PORT")
    return name, address_argument(address)


def _yes(text: str) -> bool:
    if text not in ("yes", "no"):
        raise ValueError(f"{text} is neither yes nor no")
    return text == "yes"


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in text.split("+") if word)


def _needs(text: str) -> dict[str, int]:
    pairs = [word.rpartition(":") for word in _words(text)]
    unknown = {name for name, _, _ in pairs} - set(RELEASES.values())
    if unknown:
        raise ValueError(f"unknown technologies: {', '.join(sorted(unknown))}")
    return {name: int(release) for name, _, release in pairs}


ORDER_KEYS = {
    "size": ("size", int), "matching-id": ("matching_id", str), "code": ("confirmation_code", str),
    "retries": ("cc_retries", int), "eid": ("eid", str), "protection": ("protection", str),
    "class": ("profile_class", str), "expires": ("expires", float), "attempts": ("max_attempts", int),
    "pprs": ("pprs", lambda text: tuple(int(word) for word in _words(text))),
    "events": ("notification_events", _words), "addresses": ("notification_addresses", _words),
    "oid": ("with_oid", _yes), "needs": ("needs", _needs), "released": ("released", _yes),
}


def parse_order(text: str, number: int) -> tuple[SubscriberRecord, dict[str, object]]:
    """``KEY=VALUE,…`` as a subscriber record and the options of place_order.

    ValueError names what is wrong.
    """
    fields: dict[str, str] = {}
    options: dict[str, object] = {}
    for pair in filter(None, text.split(",")):
        key, equals, value = pair.partition("=")
        if not equals:
            raise ValueError(f"{pair} is not KEY=VALUE")
        if key == "number":
            number = int(value)
        elif key in RECORD_KEYS:
            fields[RECORD_KEYS[key]] = value
        elif key == "icon":
            options["icon"] = Path(value).read_bytes()
            options["icon_type"] = "png" if value.endswith(".png") else "jpg"
        elif key in ORDER_KEYS:
            name, convert = ORDER_KEYS[key]
            options[name] = convert(value)
        else:
            raise ValueError(f"unknown key {key}")
    return SubscriberRecord.make(number, **fields), options


def qr_code(text: str) -> str:
    """A QR code for a terminal, two rows of modules a line."""
    import qrcode   # pylint: disable=import-outside-toplevel  # wanted here only

    code = qrcode.QRCode(border=2)
    code.add_data(text)
    code.make()
    rows = code.get_matrix()
    rows += [[False] * len(rows[0])] * (len(rows) % 2)
    marks = {(True, True): " ", (True, False): "▄", (False, True): "▀", (False, False): "█"}
    return "\n".join("".join(marks[pair] for pair in zip(upper, lower))
                     for upper, lower in zip(rows[::2], rows[1::2]))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="testbed smdp", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="An operator's SM-DP+ (ES9+ over HTTPS). It prints an activation code and its QR\n"
        "code for each order, runs until it is interrupted, and then says what it has on record.",
        epilog="faults:\n  " + "\n  ".join(named.names()) + "\n\nThose of HTTP can be bound to a function: "
        "NAME:FUNCTION[@N]. A subject/reason pair is a name too.\nFunctions:\n  " + "\n  ".join(FUNCTIONS))
    parser.add_argument("--credentials", type=Path, metavar="FOLDER",
                        help="ci-1, dp-auth, dp-pb, dp-tls and their -key as PEM or DER; otherwise they are"
                        " made for this run, with those of a chip")
    parser.add_argument("--save-credentials", type=Path, metavar="FOLDER",
                        help="keep what was made for this run: FOLDER/chip, FOLDER/server and FOLDER/ci.pem")
    parser.add_argument("--host", metavar="NAME",
                        help="SM-DP+ address; by default the name in the TLS certificate")
    parser.add_argument("--listen", type=address_argument, default=("127.0.0.1", 0), metavar="HOST:PORT",
                        help="where to listen (127.0.0.1, any free port)")
    parser.add_argument("--tls", choices=TLS_VERSIONS, help="this version of TLS alone")
    parser.add_argument("--rtt", type=float, default=0, metavar="MS", help="round-trip time of the link")
    parser.add_argument("--rate", type=float, metavar="OCTETS", help="rate of the link, octets a second")
    parser.add_argument("--order", action="append", default=[], metavar="KEY=VALUE,…", help=ORDER_HELP)
    parser.add_argument("--fault", action="append", default=[], metavar="NAME[@N]",
                        help="let something go wrong, at the N-th occasion (1); names are listed below")
    parser.add_argument("--store", type=Path, metavar="FILE",
                        help="keep orders and profiles in this database; its key is in FILE.key and made when missing")
    parser.add_argument("--es2", type=address_argument, metavar="HOST:PORT",
                        help="let an operator's customer system order here (testbed operator)")
    parser.add_argument("--stock", action="append", default=[], metavar="TYPE:KEY=VALUE,…",
                        help="a profile that can be ordered there; keys are those of --order. May be repeated")
    parser.add_argument("--operator", default=DEFAULT_OPERATOR_OID, metavar="OID",
                        help="whose stock that is (%(default)s)")
    parser.add_argument("--progress", type=_progress_argument, metavar="NAME=HOST:PORT",
                        help="tell this operator how downloads get on (testbed operator listen)")
    parser.add_argument("--transcript", type=Path, metavar="FILE",
                        help="write all exchanges there, one JSON a line")
    parser.add_argument("--no-qr", action="store_true", help="no QR codes")
    return parser


def _credentials(options: argparse.Namespace) -> pki.ServerCredentials:
    if options.credentials:
        return pki.ServerCredentials.load(options.credentials)
    made = pki.make_testbed_pki(pki.make_eid(), [options.host or "smdp.example.com"])
    if options.save_credentials:
        made.chip.save(options.save_credentials / "chip")
        made.server.save(options.save_credentials / "server")
        pki.save_cert(options.save_credentials, "ci", made.ci.cert)
    return made.server


def plant_fault(server: RspServer, text: str) -> None:
    """``NAME[@N]``; ValueError for an unknown one."""
    name, at, number = text.partition("@")
    named.plant(server.faults, name, int(number) if at else 1)


def _show(order: Order, *, qr: bool) -> None:
    print(f"{order.record.service_provider}, {order.record.profile_name}, ICCID {order.record.iccid}")
    print(f"activation code: {order.activation_code}")
    if order.confirmation_code is not None:
        print(f"confirmation code: {order.confirmation_code}")
    if qr:
        print(qr_code(order.activation_code))
    sys.stdout.flush()


def _server(options: argparse.Namespace) -> SmdpServer:
    credentials = _credentials(options)
    versions = {}
    if options.tls:
        versions = {"tls_min": TLS_VERSIONS[options.tls], "tls_max": TLS_VERSIONS[options.tls]}
    behind_relay = bool(options.rtt or options.rate)
    listen = ("127.0.0.1", 0) if behind_relay else options.listen
    store = Store(options.store, make_key(Path(f"{options.store}.key"))) if options.store else None
    server = SmdpServer(credentials, options.host or default_host(credentials), listen, store=store, **versions)
    for number, text in enumerate(options.order, 1):
        record, settings = parse_order(text, number)
        server.place_order(record, **settings)
    for number, text in enumerate(options.stock, len(options.order) + 1):
        kind, _, keys = text.partition(":")
        record, settings = parse_order(keys, number)
        if not server.book.store.profiles(options.operator, iccid=record.iccid):
            server.book.stock(record, kind, options.operator, **settings)
    for text in options.fault:
        plant_fault(server, text)
    return server


def _door(server: SmdpServer, options: argparse.Namespace) -> Es2Server | None:
    """ES2+, if that is wanted."""
    if not options.es2:
        return None
    credentials = server.es9.credentials[0]
    door = Es2Server(server, credentials.tls, credentials.ci, options.es2)
    if options.progress:
        name, address = options.progress
        door.progress[options.operator] = Es2Client(name, address, credentials.tls, credentials.ci)
    return door


def _run(server: SmdpServer, options: argparse.Namespace) -> None:
    """Serve until interrupted."""
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING_SIGNALS)   # threads inherit it: only sigwait() sees them
    door = _door(server, options)
    with server, door or contextlib.nullcontext():
        relay = None
        if options.rtt or options.rate:
            target = ("127.0.0.1", server.port)
            relay = Relay(target, options.listen, options.rtt / 1000, options.rate).start()
        port = relay.port if relay else server.port
        print(f"SM-DP+ {server.host} on {options.listen[0]}:{port}", flush=True)
        if door:
            print(f"ES2+ on {options.es2[0]}:{door.port}", flush=True)
        for order in server.book.orders:
            _show(order, qr=not options.no_qr)
        signal.sigwait(ENDING_SIGNALS)
        if relay:
            relay.stop()


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        server = _server(options)
    except (ValueError, OSError) as error:
        parser.error(str(error))
    _run(server, options)
    if options.transcript:
        server.record.write_transcript(options.transcript)
    print(server.report())
    return 0
