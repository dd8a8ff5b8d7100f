# SPDX-License-Identifier: LGPL-2.1-or-later
"""ES10b.LoadCRL (SGP.22 v2.5, 5.7.12): which server certificates an issuer has revoked.

The chip has no clock: it cannot tell whether a list is out of date, only which
of two is the newer one.  It keeps one list for each issuer, in parts when it
came in parts, and what deltas have added to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from testbed import certificates, crl, tlv
from testbed.veuicc.profiles import Refused

#: Octets that a revoked serial number takes, and the list with all else.
ENTRY_SIZE, LIST_SIZE = 24, 128
#: Extensions that a list may mark as critical: those that the chip looks at.
KNOWN = (
    x509.CRLNumber.oid, x509.DeltaCRLIndicator.oid, x509.AuthorityKeyIdentifier.oid,
    x509.IssuingDistributionPoint.oid, crl.TOTAL_PARTS, crl.PART,
)


class CrlError:
    """LoadCRLResponseError."""

    SIGNATURE = 1
    FORMAT = 2
    MEMORY = 3
    KEY_UNKNOWN = 4
    FRESHER = 5
    BASE_MISSING = 6


@dataclass
class Revocations:
    """What is known of one issuer's list."""

    number: int
    total: int
    #: Serial numbers by part; those of deltas are added to part 0.
    parts: dict[int, list[int]] = field(default_factory=dict)
    delta: int = 0

    @property
    def missing(self) -> list[int]:
        """Parts that have not been loaded."""
        return [part for part in range(1, self.total + 1) if part not in self.parts]

    @property
    def size(self) -> int:
        return LIST_SIZE + sum(ENTRY_SIZE * len(serials) for serials in self.parts.values())

    def revokes(self, serial: int) -> bool:
        return any(serial in serials for serials in self.parts.values())


@dataclass
class _Loaded:
    """A list as it came."""

    issuer: bytes
    number: int
    base: int | None
    part: int
    total: int
    serials: list[int]


class CrlStore:
    """The lists in non-volatile memory."""

    def __init__(self, free_memory: Callable[[], int]):
        self._free_memory = free_memory
        self._lists: dict[bytes, Revocations] = {}

    @property
    def used_memory(self) -> int:
        return sum(revocations.size for revocations in self._lists.values())

    def revoked(self, cert: x509.Certificate) -> bool:
        revocations = self._lists.get(certificates.authority_key_id(cert))
        return revocations is not None and revocations.revokes(cert.serial_number)

    def load(self, der: bytes, issuers: Iterable[x509.Certificate]) -> list[int]:
        """The parts that are still missing; Refused with a LoadCRLResponseError."""
        loaded = _read(_verified(der, issuers))
        new = self._merged(loaded)
        old = self._lists.get(loaded.issuer)
        if new.size - (old.size if old else 0) > self._free_memory():
            raise Refused(CrlError.MEMORY)
        self._lists[loaded.issuer] = new
        return new.missing

    def _merged(self, loaded: _Loaded) -> Revocations:
        """What is known after the list, which may be a part or a delta of what is known now."""
        known = self._lists.get(loaded.issuer)
        if loaded.base is not None:
            return self._with_delta(known, loaded)
        if known and loaded.number < known.number:
            raise Refused(CrlError.FRESHER)
        parts = dict(known.parts) if known and known.number == loaded.number else {}
        delta = known.delta if parts else 0
        return Revocations(loaded.number, loaded.total, parts | {loaded.part: loaded.serials}, delta)

    @staticmethod
    def _with_delta(known: Revocations | None, loaded: _Loaded) -> Revocations:
        if known is None or known.number < loaded.base or known.missing:
            raise Refused(CrlError.BASE_MISSING)
        if loaded.number < max(known.number, known.delta):
            raise Refused(CrlError.FRESHER)
        serials = sorted({*known.parts.get(0, []), *loaded.serials})
        return Revocations(known.number, known.total, known.parts | {0: serials}, loaded.number)

    def to_json(self) -> dict:
        return {issuer.hex(): asdict(revocations) for issuer, revocations in self._lists.items()}

    def from_json(self, state: dict) -> None:
        self._lists = {}
        for issuer, known in state.items():
            parts = {int(part): serials for part, serials in known["parts"].items()}
            self._lists[bytes.fromhex(issuer)] = Revocations(**{**known, "parts": parts})


def _verified(der: bytes, issuers: Iterable[x509.Certificate]) -> x509.CertificateRevocationList:
    """The list, whose signature is that of an issuer whose servers the chip accepts."""
    try:
        listed = x509.load_der_x509_crl(der)
        authority = listed.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
        strong = isinstance(listed.signature_hash_algorithm, hashes.SHA256)
    except Exception as error:  # the library has many unrelated ones for what is damaged
        raise Refused(CrlError.FORMAT) from error
    issuer = next((ci for ci in issuers if certificates.key_id(ci) == authority.key_identifier), None)
    if issuer is None:
        raise Refused(CrlError.KEY_UNKNOWN)
    try:
        valid = strong and listed.is_signature_valid(issuer.public_key())
    except Exception:  # an algorithm that does not fit the key
        valid = False
    if not valid:
        raise Refused(CrlError.SIGNATURE)
    return listed


def _read(listed: x509.CertificateRevocationList) -> _Loaded:
    try:
        extensions = {extension.oid: extension for extension in listed.extensions}
        if any(extension.critical and oid not in KNOWN for oid, extension in extensions.items()):
            raise Refused(CrlError.FORMAT)
        base = extensions.get(x509.DeltaCRLIndicator.oid)
        total, part = (_integer(extensions.get(oid)) for oid in (crl.TOTAL_PARTS, crl.PART))
        loaded = _Loaded(
            issuer=extensions[x509.AuthorityKeyIdentifier.oid].value.key_identifier,
            number=extensions[x509.CRLNumber.oid].value.crl_number,
            base=base.value.crl_number if base else None,
            part=1 if part is None else part,
            total=1 if total is None else total,
            serials=sorted(entry.serial_number for entry in listed),
        )
    except Refused:
        raise
    except Exception as error:  # KeyError for what is missing, others for what is damaged
        raise Refused(CrlError.FORMAT) from error
    if (total is None) != (part is None) or not 1 <= loaded.part <= loaded.total:
        raise Refused(CrlError.FORMAT)
    return loaded


def _integer(extension: x509.Extension | None) -> int | None:
    if extension is None:
        return None
    return tlv.read_integer(tlv.parse_single(extension.value.value, 0x02).value)
