# SPDX-License-Identifier: LGPL-2.1-or-later
"""``python3 -m testbed pki``: make the folders of certificates for chip and server."""

from __future__ import annotations

import argparse
from pathlib import Path

from testbed import crypto, pki
from testbed.smdp.es2_client import make_operator, save_operator


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="testbed pki",
        description="Make an issuer and below it the certificates and keys of a chip, of an SM-DP+, of an"
        " SM-DS and of an operator's customer system, in FOLDER/chip, FOLDER/server, FOLDER/smds and FOLDER/operator;"
        " FOLDER/ci.pem is the issuer to install in the LPA as a test issuer.",
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--eid", default=pki.make_eid(), help="EID of the chip (%(default)s)")
    parser.add_argument(
        "--host", action="append", metavar="NAME", dest="hosts",
        help="name of the SM-DP+ in its TLS certificate (smdp.example.com); may be repeated",
    )
    parser.add_argument(
        "--smds-host", default="smds.example.com", metavar="NAME",
        help="name of the SM-DS in its TLS certificate (%(default)s)",
    )
    parser.add_argument("--oid", default=pki.DEFAULT_DP_OID, help="OID of the SM-DP+ (%(default)s)")
    parser.add_argument("--curve", choices=list(crypto.CURVES), default="P-256")
    options = parser.parse_args(arguments)
    try:
        hosts = options.hosts or ["smdp.example.com"]
        made = pki.make_testbed_pki(options.eid, hosts, options.curve, options.oid)
    except ValueError as error:
        parser.error(str(error))
    made.chip.save(options.folder / "chip")
    made.server.save(options.folder / "server")
    pki.make_smds(made.ci, [options.smds_host]).save(options.folder / "smds")
    save_operator(options.folder / "operator", make_operator(made.ci), made.ci.cert)
    pki.save_cert(options.folder, "ci", made.ci.cert)
    print(f"issuer {made.ci.pkid.hex().upper()}: {options.folder / 'ci.pem'}")
    return 0
