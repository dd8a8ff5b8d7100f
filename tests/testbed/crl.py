# SPDX-License-Identifier: LGPL-2.1-or-later
"""Lists of revoked certificates (SGP.22 v2.5, 4.5.2.2), made at run time, right ones and wrong ones."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from testbed import pki, tlv

#: Extensions of SGP.22: a large list comes in parts, each of which says how many there are.
TOTAL_PARTS = x509.ObjectIdentifier("2.23.146.1.2.0.2")
PART = x509.ObjectIdentifier("2.23.146.1.2.0.3")


def _number(oid: x509.ObjectIdentifier, value: int) -> x509.UnrecognizedExtension:
    return x509.UnrecognizedExtension(oid, tlv.encode(0x02, tlv.integer(value)))


def make_crl(
    ci: pki.Ci,
    revoked: Iterable[x509.Certificate] = (),
    *,
    number: int | None = 1,
    part: int | None = None,
    total: int | None = None,
    base: int | None = None,
    authority: bytes | None = None,
    expired: bool = False,
    extensions: Iterable[tuple[x509.ExtensionType, bool]] = (),
) -> bytes:
    """A list signed by the issuer, DER.

    part of total: a partial list.  base: a delta to the list with that number.
    number of None leaves the number out, authority replaces the key identifier.
    """
    day, now = datetime.timedelta(days=1), datetime.datetime.utcnow()
    identifier = ci.pkid if authority is None else authority
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(ci.cert.subject)
        .last_update(now - 3 * day if expired else now - day)
        .next_update(now - day if expired else now + 30 * day)
        .add_extension(x509.AuthorityKeyIdentifier(identifier, None, None), critical=False)
    )
    if number is not None:
        builder = builder.add_extension(x509.CRLNumber(number), critical=False)
    if base is not None:
        builder = builder.add_extension(x509.DeltaCRLIndicator(base), critical=True)
    if total is not None:
        builder = builder.add_extension(_number(TOTAL_PARTS, total), critical=True)
        builder = builder.add_extension(_number(PART, part), critical=True)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    for cert in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(cert.serial_number).revocation_date(now - day)
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(ci.key, hashes.SHA256()).public_bytes(Encoding.DER)
