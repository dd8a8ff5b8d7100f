# SPDX-License-Identifier: LGPL-2.1-or-later
"""Certificates of the platform, made at run time or read from a folder.

The shape of each certificate is that of SGP.22 v2.5, 4.5.2: one issuer (CI)
whose subject key identifier is the PKID, below it the EUM with the eUICCs, and
the certificates of the SM-DP+.  Chains are followed by key identifier, never by
name, because different issuers share names.

Folders (certificates and keys as PEM or DER, any of the suffixes .pem .der .crt
.cer .key; the suffix of a file is not looked at, only its stem):

    chip:    ci-1 [ci-2 …]              issuers whose servers are accepted, best first
             eum euicc euicc-key        the chip's own chain and key
             [eum-2 euicc-2 euicc-key-2 …]  the same below further issuers
    server:  ci-1 [ci-2 …]              issuers whose chips are accepted
             dp-auth dp-auth-key  dp-pb dp-pb-key  dp-tls dp-tls-key
    smds:    ci-1 [ci-2 …]              likewise
             ds-auth ds-auth-key  ds-tls ds-tls-key
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from testbed import certificates, crypto
from testbed.certificates import PkiError

DEFAULT_DP_OID = "2.999.10"
DEFAULT_DS_OID = "2.999.20"
DEFAULT_EIN = "89049032"
EUM_NAME = "Testbed EUM"

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


# EID ------------------------------------------------------------------------


def make_eid(prefix: str = DEFAULT_EIN, serial: int = 1) -> str:
    """An EID of 32 digits that starts with prefix and has right check digits."""
    if not prefix.isdigit() or len(prefix) > 29:
        raise ValueError("prefix has at most 29 digits")
    body = prefix + str(serial).zfill(30 - len(prefix))
    if len(body) != 30:
        raise ValueError("serial is too long")
    return f"{body}{98 - int(body) * 100 % 97:02d}"


def check_eid(eid: str) -> str:
    """The EID itself when it is one: 32 digits, 1 modulo 97."""
    if not re.fullmatch(r"[0-9]{32}", eid) or int(eid) % 97 != 1:
        raise ValueError(f"{eid} is not an EID")
    return eid


# Making certificates ----------------------------------------------------------


def _name(common_name: str, organization: str = "", serial: str = "") -> x509.Name:
    parts = [(NameOID.COUNTRY_NAME, "DE")] if organization else []
    parts.append((NameOID.ORGANIZATION_NAME, organization or "Testbed"))
    if serial:
        parts.append((NameOID.SERIAL_NUMBER, serial))
    parts.append((NameOID.COMMON_NAME, common_name))
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts])


def _key_usage(*names: str) -> x509.KeyUsage:
    every = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
        "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )
    return x509.KeyUsage(**{name: name in names for name in every})


def _policies(oid: x509.ObjectIdentifier) -> x509.CertificatePolicies:
    return x509.CertificatePolicies([x509.PolicyInformation(oid, None)])


def _padding(octets: int) -> list[tuple[x509.ExtensionType, bool]]:
    """A private extension that makes a certificate so much larger; none for 0."""
    if not octets:
        return []
    return [(x509.UnrecognizedExtension(x509.ObjectIdentifier("2.999.99"), bytes(octets)), False)]


def _period(days: int, *, expired: bool = False, not_yet_valid: bool = False):
    """(first, last) instant of a validity of so many days, with a day of slack."""
    day, now = datetime.timedelta(days=1), datetime.datetime.utcnow()
    if expired:
        return now - 30 * day, now - day
    if not_yet_valid:
        return now + day, now + 30 * day
    return now - day, now + days * day


@dataclass
class Credential:
    """A certificate with its private key."""

    cert: x509.Certificate
    key: Key

    @property
    def der(self) -> bytes:
        return self.cert.public_bytes(Encoding.DER)

    @property
    def cert_pem(self) -> bytes:
        return self.cert.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def with_chain(self, *chain: x509.Certificate) -> Credential:
        """The same with further certificates, which a server sends along."""
        return _Chained(self.cert, self.key, chain)

    def save(self, folder: Path, stem: str, key_stem: str) -> None:
        save_cert(folder, stem, self.cert)
        path = folder / f"{key_stem}.pem"
        path.touch(mode=0o600)
        path.write_bytes(self.key_pem)


@dataclass
class _Chained(Credential):
    chain: tuple[x509.Certificate, ...] = ()

    @property
    def cert_pem(self) -> bytes:
        return b"".join(cert.public_bytes(Encoding.PEM) for cert in (self.cert, *self.chain))


def _issue(
    subject: x509.Name,
    public,
    issuer: Credential | None,
    signer: Key,
    period: tuple[datetime.datetime, datetime.datetime],
    extensions: Iterable[tuple[x509.ExtensionType, bool]],
    key_identifier: bytes = b"",
) -> x509.Certificate:
    """Build and sign; without an issuer it is self-signed."""
    identifier = x509.SubjectKeyIdentifier.from_public_key(public)
    if key_identifier:
        identifier = x509.SubjectKeyIdentifier(key_identifier)
    authority = certificates.key_id(issuer.cert) if issuer else identifier.digest
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.cert.subject if issuer else subject)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(period[0])
        .not_valid_after(period[1])
        .add_extension(x509.AuthorityKeyIdentifier(authority, None, None), critical=False)
        .add_extension(identifier, critical=False)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return certificates.decoded(builder.sign(signer, hashes.SHA256()))


@dataclass
class Eum(Credential):
    """An eUICC manufacturer's sub-issuer."""

    def make_euicc(self, eid: str, *, role: str = "euicc", padding: int = 0) -> Credential:
        """An eUICC's certificate and key."""
        key = crypto.generate_key(self.key.curve)
        subject = _name("Testbed eUICC", EUM_NAME, eid)
        extensions = [
            (_key_usage("digital_signature"), True),
            (_policies(certificates.role_oid(role)), True),
            *_padding(padding),
        ]
        cert = _issue(subject, key.public_key(), self, self.key, _period(36500), extensions)
        return Credential(cert, key)


@dataclass
class Ci(Credential):
    """A certificate issuer, the root of trust of chips and servers."""

    curve: str = "P-256"

    @property
    def pkid(self) -> bytes:
        return certificates.key_id(self.cert)

    def make_eum(self, ein: str = DEFAULT_EIN, *, padding: int = 0) -> Eum:
        key = crypto.generate_key(self.curve)
        permitted = x509.Name([
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, EUM_NAME),
            x509.NameAttribute(NameOID.SERIAL_NUMBER, ein),
        ])
        extensions = [
            (_key_usage("key_cert_sign"), True),
            (_policies(certificates.role_oid("eum")), True),
            (_alternative_names(oid="2.999.5"), False),
            (x509.BasicConstraints(ca=True, path_length=0), True),
            (x509.NameConstraints([x509.DirectoryName(permitted)], None), True),
            *_padding(padding),
        ]
        subject = _name("Testbed EUM", EUM_NAME)
        return Eum(_issue(subject, key.public_key(), self, self.key, _period(36500), extensions), key)

    def make_sub_ci(self, name: str = "Testbed sub-CI") -> Ci:
        """An issuer below this one."""
        key = crypto.generate_key(self.curve)
        cert = _issue(_name(name), key.public_key(), self, self.key, _period(3650), _ci_extensions())
        return Ci(cert, key, self.curve)

    def make_client(self, name: str = "Testbed LPA", *, usage: x509.ObjectIdentifier = ExtendedKeyUsageOID.CLIENT_AUTH,
                    key_type: str | None = None, **period) -> Credential:
        """A certificate by which a server knows an LPA."""
        key = _tls_key(key_type or self.curve)
        extensions = [(_key_usage("digital_signature"), True), (x509.ExtendedKeyUsage([usage]), False)]
        cert = _issue(_name(name), key.public_key(), self, self.key, _period(397, **period), extensions)
        return Credential(cert, key)

    def make_dp(self, role: str, oid: str, *, curve: str | None = None, **period) -> Credential:
        """A certificate for signing with a role of ROLES (dp-auth, dp-pb, ds-auth)."""
        key = crypto.generate_key(curve or self.curve)
        extensions = [
            (_key_usage("digital_signature"), True),
            (_policies(certificates.role_oid(role)), True),
            (_alternative_names(oid=oid), False),
        ]
        subject = _name(f"Testbed {role}", "Testbed operator")
        cert = _issue(subject, key.public_key(), self, self.key, _period(1095, **period), extensions)
        return Credential(cert, key)

    def make_dp_auth(self, oid: str = DEFAULT_DP_OID, **options) -> Credential:
        return self.make_dp("dp-auth", oid, **options)

    def make_dp_pb(self, oid: str = DEFAULT_DP_OID, **options) -> Credential:
        return self.make_dp("dp-pb", oid, **options)

    def make_ds_auth(self, oid: str = DEFAULT_DS_OID, **options) -> Credential:
        return self.make_dp("ds-auth", oid, **options)

    def make_ds_tls(self, hosts: Iterable[str], oid: str = DEFAULT_DS_OID, **options) -> Credential:
        """The same for an SM-DS."""
        return self.make_dp_tls(hosts, oid, role="ds-tls", **options)

    def make_dp_tls(
        self,
        hosts: Iterable[str],
        oid: str = DEFAULT_DP_OID,
        *,
        role: str = "dp-tls",
        policy: str | None = "",
        expired: bool = False,
        not_yet_valid: bool = False,
        self_signed: bool = False,
        common_name_only: bool = False,
        usage: Iterable[x509.ObjectIdentifier] | None = (
            ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH,
        ),
        key_usage: Iterable[str] | None = ("digital_signature",),
        key_type: str | None = None,
    ) -> Credential:
        """A TLS server certificate, or one that is wrong in the way asked for.

        role chooses the policy; policy is any other OID, or None for no policies.
        common_name_only puts the host in the common name and nowhere else.
        usage and key_usage of None leave the extension out.
        key_type is "rsa" or the name of a curve; by default the issuer's curve.
        """
        hosts = list(hosts)
        key = _tls_key(key_type or self.curve)
        extensions = [(_alternative_names([] if common_name_only else hosts, oid), False)]
        if policy is not None:
            chosen = x509.ObjectIdentifier(policy) if policy else certificates.role_oid(role)
            extensions.append((_policies(chosen), False))
        if key_usage is not None:
            extensions.append((_key_usage(*key_usage), True))
        if usage is not None:
            extensions.append((x509.ExtendedKeyUsage(list(usage)), True))
        issuer, signer = (None, key) if self_signed else (self, self.key)
        period = _period(397, expired=expired, not_yet_valid=not_yet_valid)
        subject = _name(hosts[0], "Testbed operator")
        return Credential(_issue(subject, key.public_key(), issuer, signer, period, extensions), key)


def _alternative_names(hosts: Iterable[str] = (), oid: str = "") -> x509.SubjectAlternativeName:
    names: list[x509.GeneralName] = [x509.DNSName(host) for host in hosts]
    if oid:
        names.append(x509.RegisteredID(x509.ObjectIdentifier(oid)))
    return x509.SubjectAlternativeName(names)


def _tls_key(key_type: str) -> Key:
    if key_type == "rsa":
        return rsa.generate_private_key(65537, 2048)
    return crypto.generate_key(key_type)


def _ci_extensions() -> list[tuple[x509.ExtensionType, bool]]:
    return [
        (_key_usage("key_cert_sign", "crl_sign"), True),
        (_policies(certificates.role_oid("ci")), True),
        (_alternative_names(oid="2.999.1"), False),
        (x509.BasicConstraints(ca=True, path_length=None), True),
    ]


def make_ci(name: str = "Testbed CI", curve: str = "P-256", *, key_identifier: bytes = b"",
            first: datetime.timedelta | None = None, last: datetime.timedelta | None = None) -> Ci:
    """A new issuer.  Two issuers of the same name are still different issuers.

    key_identifier: one that is not the key's.  first, last: its validity, counted from now.
    """
    key = crypto.generate_key(curve)
    begin, end = _period(12775)
    now = datetime.datetime.utcnow()
    period = (now + first if first is not None else begin, now + last if last is not None else end)
    return Ci(_issue(_name(name), key.public_key(), None, key, period, _ci_extensions(), key_identifier), key, curve)


# Folders ----------------------------------------------------------------------


def save_cert(folder: Path, stem: str, cert: x509.Certificate) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{stem}.pem").write_bytes(cert.public_bytes(Encoding.PEM))


def _find(folder: Path, stem: str) -> Path | None:
    return next((path for path in sorted(folder.iterdir()) if path.stem == stem), None)


def _read(folder: Path, stem: str, decode: Callable[[bytes], object]):
    path = _find(folder, stem)
    if path is None:
        raise PkiError(f"{folder} has no {stem}.pem or {stem}.der")
    try:
        return decode(path.read_bytes())
    except (ValueError, TypeError) as error:
        raise PkiError(f"{path}: {error}") from error


def load_cert(data: bytes) -> x509.Certificate:
    if b"-----BEGIN" in data:
        return certificates.decoded(x509.load_pem_x509_certificate(data))
    return certificates.decoded(x509.load_der_x509_certificate(data))


def load_key(data: bytes) -> Key:
    """PKCS#8 or SEC1; OpenSSL's EC PARAMETERS in front of the key are skipped."""
    block = re.search(rb"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.*?-----END \1-----", data, re.S)
    return load_pem_private_key(block[0] + b"\n", None) if block else load_der_private_key(data, None)


def _load_issuers(folder: Path) -> list[x509.Certificate]:
    issuers = []
    while _find(folder, f"ci-{len(issuers) + 1}"):
        issuers.append(_read(folder, f"ci-{len(issuers) + 1}", load_cert))
    if not issuers:
        raise PkiError(f"{folder} has no ci-1.pem")
    return issuers


def _load_credential(folder: Path, stem: str, key_stem: str) -> Credential:
    credential = Credential(_read(folder, stem, load_cert), _read(folder, key_stem, load_key))
    if credential.cert.public_key().public_numbers() != credential.key.public_key().public_numbers():
        raise PkiError(f"{folder}: {stem} and {key_stem} do not belong together")
    return credential


@dataclass
class ChipIdentity:
    """A chip's chain below one issuer."""

    eum: x509.Certificate
    euicc: Credential

    @property
    def pkid(self) -> bytes:
        """Identifier of the issuer at the top of the chain."""
        return certificates.authority_key_id(self.eum)

    @property
    def key(self) -> ec.EllipticCurvePrivateKey:
        return self.euicc.key


@dataclass
class ChipCredentials:
    """What an eUICC is made with: issuers to trust (best first) and its own chains."""

    ci_certs: list[x509.Certificate]
    identities: list[ChipIdentity]

    @property
    def eid(self) -> str:
        return certificates.eid_of(self.identities[0].euicc.cert)

    @property
    def eum(self) -> x509.Certificate:
        return self.identities[0].eum

    @property
    def euicc(self) -> x509.Certificate:
        return self.identities[0].euicc.cert

    @property
    def key(self) -> ec.EllipticCurvePrivateKey:
        return self.identities[0].key

    def save(self, folder: Path | str) -> None:
        folder = Path(folder)
        for number, cert in enumerate(self.ci_certs, 1):
            save_cert(folder, f"ci-{number}", cert)
        for number, identity in enumerate(self.identities, 1):
            suffix = f"-{number}" if number > 1 else ""
            save_cert(folder, f"eum{suffix}", identity.eum)
            identity.euicc.save(folder, f"euicc{suffix}", f"euicc-key{suffix}")

    @classmethod
    def load(cls, folder: Path | str) -> ChipCredentials:
        folder = Path(folder)
        identities, suffix = [], ""
        while not suffix or _find(folder, f"eum{suffix}"):
            euicc = _load_credential(folder, f"euicc{suffix}", f"euicc-key{suffix}")
            identities.append(ChipIdentity(_read(folder, f"eum{suffix}", load_cert), euicc))
            suffix = f"-{len(identities) + 1}"
        return cls(_load_issuers(folder), identities)


DP_ROLES = ("dp-auth", "dp-pb", "dp-tls")
DS_ROLES = ("ds-auth", "ds-tls")


@dataclass
class ServerCredentials:
    """What an SM-DP+ is made with."""

    ci_certs: list[x509.Certificate]
    dp_auth: Credential
    dp_pb: Credential
    dp_tls: Credential

    @property
    def ci(self) -> x509.Certificate:
        return self.ci_certs[0]

    @property
    def auth(self) -> Credential:
        """What mutual authentication is done with."""
        return self.dp_auth

    @property
    def tls(self) -> Credential:
        return self.dp_tls

    @property
    def oid(self) -> str:
        return certificates.registered_oid(self.dp_auth.cert) or ""

    def save(self, folder: Path | str) -> None:
        _save_roles(Path(folder), self, self.ci_certs, DP_ROLES)

    @classmethod
    def load(cls, folder: Path | str) -> ServerCredentials:
        return cls(*_load_roles(Path(folder), DP_ROLES))


@dataclass
class SmdsCredentials:
    """What an SM-DS is made with."""

    ci_certs: list[x509.Certificate]
    ds_auth: Credential
    ds_tls: Credential

    @property
    def auth(self) -> Credential:
        """What mutual authentication is done with."""
        return self.ds_auth

    @property
    def tls(self) -> Credential:
        return self.ds_tls

    def save(self, folder: Path | str) -> None:
        _save_roles(Path(folder), self, self.ci_certs, DS_ROLES)

    @classmethod
    def load(cls, folder: Path | str) -> SmdsCredentials:
        return cls(*_load_roles(Path(folder), DS_ROLES))


def _save_roles(folder: Path, credentials: object, issuers: Iterable[x509.Certificate], roles: Iterable[str]) -> None:
    for number, cert in enumerate(issuers, 1):
        save_cert(folder, f"ci-{number}", cert)
    for role in roles:
        getattr(credentials, role.replace("-", "_")).save(folder, role, f"{role}-key")


def _load_roles(folder: Path, roles: Iterable[str]) -> list:
    """The issuers, and a credential for each role."""
    return [_load_issuers(folder), *(_load_credential(folder, role, f"{role}-key") for role in roles)]


@dataclass
class Pki:
    """Both halves of the platform below one issuer."""

    ci: Ci
    chip: ChipCredentials
    server: ServerCredentials


def make_chip(ci: Ci, eid: str, *others: Ci, padding: int = 0) -> ChipCredentials:
    """A chip that trusts and belongs to ci, and to the others as well.

    padding: octets by which its own and its manufacturer's certificates are larger than they need to be
    """
    identities = []
    for issuer in (ci, *others):
        eum = issuer.make_eum(eid[:8], padding=padding)
        identities.append(ChipIdentity(eum.cert, eum.make_euicc(eid, padding=padding)))
    return ChipCredentials([issuer.cert for issuer in (ci, *others)], identities)


def make_server(ci: Ci, hosts: Iterable[str], oid: str = DEFAULT_DP_OID) -> ServerCredentials:
    return ServerCredentials(
        [ci.cert], ci.make_dp_auth(oid), ci.make_dp_pb(oid), ci.make_dp_tls(hosts, oid)
    )


def make_smds(ci: Ci, hosts: Iterable[str], oid: str = DEFAULT_DS_OID) -> SmdsCredentials:
    return SmdsCredentials([ci.cert], ci.make_ds_auth(oid), ci.make_ds_tls(hosts, oid))


def make_testbed_pki(
    eid: str, hosts: Iterable[str], curve: str = "P-256", oid: str = DEFAULT_DP_OID
) -> Pki:
    """An issuer with one chip and one server."""
    ci = make_ci("Testbed CI", curve)
    return Pki(ci, make_chip(ci, check_eid(eid)), make_server(ci, hosts, oid))
