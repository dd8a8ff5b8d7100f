# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who an eUICC is: its certificate chain, followed link by link (SGP.22 v2.5, 4.5.2).

A general X.509 verifier refuses valid chains, because the EUM's name constraint on the serial number is a
prefix rule of SGP.22; so each link is checked here for itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cryptography import x509

from .. import certificates, pki
from .orders import Refusal

EUM = "8.1.2"
EUICC = "8.1.3"


@dataclass(frozen=True)
class EuiccIdentity:
    """An eUICC whose chain was verified."""

    eid: str
    certificate: x509.Certificate
    ci: x509.Certificate


def _load(der: bytes, subject: str) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(der)
    except Exception as error:   # ValueError, InvalidVersion and others, without a common base
        raise Refusal(subject, "6.1", f"certificate cannot be read: {error}") from error


def find_ci(candidates: Iterable[x509.Certificate], identifier: bytes) -> x509.Certificate | None:
    """The issuer with this subject key identifier (PKID)."""
    return next((ci for ci in candidates if certificates.key_id(ci) == identifier), None)


def _check_eum(eum: x509.Certificate, ci: x509.Certificate) -> None:
    if not certificates.is_issued_by(eum, ci):
        raise Refusal(EUM, "6.1", "EUM certificate: signature of the CI is wrong")
    if not certificates.has_role(eum, "eum") or not certificates.may_sign_certificates(eum):
        raise Refusal(EUM, "6.1", "EUM certificate: not made for this role")
    if not certificates.is_valid_now(eum):
        raise Refusal(EUM, "6.3", "EUM certificate: expired or not valid yet")


def _check_euicc(euicc: x509.Certificate, eum: x509.Certificate) -> None:
    if not certificates.is_issued_by(euicc, eum):
        raise Refusal(EUICC, "6.1", "eUICC certificate: signature of the EUM is wrong")
    if not certificates.has_role(euicc, "euicc") or not certificates.may_sign_data(euicc):
        raise Refusal(EUICC, "6.1", "eUICC certificate: not made for this role")
    if not certificates.is_valid_now(euicc):
        raise Refusal(EUICC, "6.3", "eUICC certificate: expired or not valid yet")
    try:
        pki.check_eid(certificates.eid_of(euicc))
    except ValueError as error:
        raise Refusal(EUICC, "6.1", "eUICC certificate: serialNumber is not an EID") from error
    if not certificates.eum_permits(eum, euicc):
        raise Refusal(EUICC, "6.1", "eUICC certificate: EID or organisation outside the EUM's constraint")


def verify_euicc(euicc_der: bytes, eum_der: bytes,
                 ci_certificates: Iterable[x509.Certificate]) -> EuiccIdentity:
    """The identity that a chain proves. Raises Refusal with the pair that ES9+ reports (5.6.3)."""
    eum = _load(eum_der, EUM)
    euicc = _load(euicc_der, EUICC)
    subject = EUM
    try:
        ci = find_ci(ci_certificates, certificates.authority_key_id(eum))
        if ci is None:
            raise Refusal("8.11.1", "3.9", "the EUM certificate is under an unknown CI")
        _check_eum(eum, ci)
        subject = EUICC
        _check_euicc(euicc, eum)
        euicc.public_key()
    except Refusal:
        raise
    except Exception as error:   # what the library thinks of a damaged certificate, in many classes
        raise Refusal(subject, "6.1", str(error)) from error
    return EuiccIdentity(certificates.eid_of(euicc), euicc, ci)
