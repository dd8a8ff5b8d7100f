# SPDX-License-Identifier: LGPL-2.1-or-later
"""Signatures, key agreement and hashes of SGP.22.

Signatures are ECDSA with SHA-256 as r and s of 32 octets each (the content of
a 5F37), keys are on NIST P-256 or brainpoolP256r1, points are uncompressed.
"""

from __future__ import annotations

import hashlib

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CURVES: dict[str, ec.EllipticCurve] = {
    "P-256": ec.SECP256R1(),
    "brainpoolP256r1": ec.BrainpoolP256R1(),
}

SIGNATURE_SIZE = 64
KEY_TYPE_AES = 0x88
KEY_LENGTH = 16


def generate_key(curve: str | ec.EllipticCurve = "P-256") -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(CURVES[curve] if isinstance(curve, str) else curve)


def public_point(key: ec.EllipticCurvePrivateKey | ec.EllipticCurvePublicKey) -> bytes:
    """04 || X || Y"""
    public = key.public_key() if isinstance(key, ec.EllipticCurvePrivateKey) else key
    return public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def sign(key: ec.EllipticCurvePrivateKey, data: bytes) -> bytes:
    r, s = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def verify(
    signer: ec.EllipticCurvePublicKey | ec.EllipticCurvePrivateKey | x509.Certificate,
    data: bytes,
    signature: bytes,
) -> bool:
    """Whether signature (r || s) over data is by the key or the certificate's key."""
    public = signer
    if isinstance(signer, (x509.Certificate, ec.EllipticCurvePrivateKey)):
        public = signer.public_key()
    if not isinstance(public, ec.EllipticCurvePublicKey) or len(signature) != SIGNATURE_SIZE:
        return False
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    try:
        public.verify(encode_dss_signature(r, s), data, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def derive_keys(shared: bytes, host_id: bytes, eid: bytes) -> tuple[bytes, bytes, bytes]:
    """X9.63 KDF of SGP.22 v2.5, Annex G: (initial MAC chaining value, S-ENC, S-MAC).

    shared is the x coordinate of the key agreement, eid its 16 binary octets.
    """
    if not 1 <= len(host_id) <= 16 or len(eid) != 16:
        raise ValueError("host ID has 1 to 16 octets, the EID 16")
    info = bytes([KEY_TYPE_AES, KEY_LENGTH, len(host_id)]) + host_id + bytes([len(eid)]) + eid
    octets = X963KDF(hashes.SHA256(), 3 * KEY_LENGTH, info).derive(shared)
    return octets[:16], octets[16:32], octets[32:]


def ecdh_keys(
    private: ec.EllipticCurvePrivateKey, peer_point: bytes, host_id: bytes, eid: bytes
) -> tuple[bytes, bytes, bytes]:
    """Session keys from one's own one-time key and the peer's point (04 || X || Y).

    Raises ValueError for a point that is not on the curve.
    """
    peer = ec.EllipticCurvePublicKey.from_encoded_point(private.curve, peer_point)
    return derive_keys(private.exchange(ec.ECDH(), peer), host_id, eid)


def hash_cc(code: str, transaction_id: bytes) -> bytes:
    """hashCc of ES10b.PrepareDownload: SHA256(SHA256(code) || transactionId)."""
    return sha256(sha256(code.encode()) + transaction_id)
