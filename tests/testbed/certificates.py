# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a certificate of the platform says: its role, identifiers and rights (SGP.22 v2.5, 4.5.2)."""

from __future__ import annotations

import datetime
import functools

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

#: Certificate roles: the last arc of the policy OID 2.23.146.1.2.1.x.
ROLES = {
    "ci": 0, "euicc": 1, "eum": 2, "dp-tls": 3,
    "dp-auth": 4, "dp-pb": 5, "ds-tls": 6, "ds-auth": 7,
}


class PkiError(ValueError):
    """A certificate or a folder of them is not what it should be."""


def decode_untrusted(der: bytes) -> x509.Certificate:
    """A peer's certificate, all of which can be read; PkiError for anything else.

    The library decodes extensions and key late and has a dozen unrelated
    exceptions for what it meets there.
    """
    try:
        cert = x509.load_der_x509_certificate(der)
        for part in ("extensions", "signature_hash_algorithm", "subject", "issuer"):
            getattr(cert, part)
        cert.public_key()
    except Exception as error:
        raise PkiError(f"not a certificate: {error}") from error
    return cert


def role_oid(role: str) -> x509.ObjectIdentifier:
    return x509.ObjectIdentifier(f"2.23.146.1.2.1.{ROLES[role]}")


@functools.lru_cache(maxsize=1024)
def _extensions(cert: x509.Certificate) -> x509.Extensions:
    """Chips and servers share certificates between their threads.  Asked for the extensions while another
    thread asks for anything else, the library raises "Already borrowed": so it is asked once, see decoded()."""
    return cert.extensions


def decoded(cert: x509.Certificate) -> x509.Certificate:
    """The certificate, whose extensions are kept before any thread sees it."""
    try:
        _extensions(cert)
    except Exception:
        pass  # a damaged one, which whoever looks at it will find so
    return cert


def _extension(cert: x509.Certificate, kind: type) -> x509.ExtensionType | None:
    try:
        return _extensions(cert).get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
    except Exception as error:  # the library raises KeyError and others for damaged certificates
        raise PkiError(f"extensions cannot be read: {error}") from error


def key_id(cert: x509.Certificate) -> bytes:
    """Subject key identifier; of a CI it is the PKID."""
    value = _extension(cert, x509.SubjectKeyIdentifier)
    return value.digest if value else b""


def authority_key_id(cert: x509.Certificate) -> bytes:
    value = _extension(cert, x509.AuthorityKeyIdentifier)
    return value.key_identifier or b"" if value else b""


def has_role(cert: x509.Certificate, *roles: str) -> bool:
    """Whether a certificate policy names one of the roles."""
    policies = _extension(cert, x509.CertificatePolicies) or []
    wanted = {role_oid(role) for role in roles}
    return any(policy.policy_identifier in wanted for policy in policies)


def registered_oid(cert: x509.Certificate) -> str | None:
    """The SM-DP+ OID: registeredID in the subject's alternative names."""
    names = _extension(cert, x509.SubjectAlternativeName)
    oids = names.get_values_for_type(x509.RegisteredID) if names else []
    return oids[0].dotted_string if oids else None


def may_sign_data(cert: x509.Certificate) -> bool:
    usage = _extension(cert, x509.KeyUsage)
    return bool(usage and usage.digital_signature)


def may_sign_certificates(cert: x509.Certificate) -> bool:
    usage = _extension(cert, x509.KeyUsage)
    constraints = _extension(cert, x509.BasicConstraints)
    return bool(usage and usage.key_cert_sign and constraints and constraints.ca)


def is_issued_by(cert: x509.Certificate, issuer: x509.Certificate) -> bool:
    """One link of a chain: key identifiers and signature (ECDSA with SHA-256)."""
    public = issuer.public_key()
    if authority_key_id(cert) != key_id(issuer) or not isinstance(public, ec.EllipticCurvePublicKey):
        return False
    try:
        if not isinstance(cert.signature_hash_algorithm, hashes.SHA256):
            return False
        public.verify(cert.signature, cert.tbs_certificate_bytes, ec.ECDSA(hashes.SHA256()))
    except Exception:  # InvalidSignature, an unknown algorithm, or a signature that is not DER
        return False
    return True


def is_valid_now(cert: x509.Certificate, now: datetime.datetime | None = None) -> bool:
    now = now or datetime.datetime.utcnow()
    return cert.not_valid_before <= now <= cert.not_valid_after


def eid_of(cert: x509.Certificate) -> str:
    """The EID in an eUICC certificate (SGP.22 v2.5, 4.5.2.1.0.2)."""
    numbers = cert.subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)
    return numbers[0].value if numbers else ""


def eum_permits(eum: x509.Certificate, euicc: x509.Certificate) -> bool:
    """The EUM's name constraint: same organisation, and its EIN begins the EID.

    This is a prefix rule of SGP.22, which generic path validation gets wrong.
    """
    constraints = _extension(eum, x509.NameConstraints)
    if constraints is None or not constraints.permitted_subtrees:
        return False
    wanted = euicc.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    for subtree in constraints.permitted_subtrees:
        if not isinstance(subtree, x509.DirectoryName):
            continue
        names = subtree.value.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
        eins = subtree.value.get_attributes_for_oid(NameOID.SERIAL_NUMBER)
        same = [name.value for name in names] == [name.value for name in wanted]
        if same and eins and eins[0].value and eid_of(euicc).startswith(eins[0].value):
            return True
    return False
