# SPDX-License-Identifier: LGPL-2.1-or-later
"""Protection of the segments of a bound profile package (SGP.22 v2.5, 2.5.3; SCP03t).

One object is one direction of one session: MAC chaining value and counter go on
over the 87, 88 and 86 objects in the order of the package, and only there.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC
from cryptography.hazmat.primitives.constant_time import bytes_eq

from testbed import tlv

BLOCK = 16
MAC_SIZE = 8
#: Most octets of plaintext in an 86 or 87, so that the object has at most 1020.
MAX_ENCRYPTED = 1007
#: Most octets of payload in an 88.
MAX_MAC_ONLY = 1008
#: Largest object that the specification allows.
MAX_SEGMENT = 1020


class BspSecurityError(Exception):
    """A MAC or a padding is wrong."""


class Bsp:
    """Session keys with their state: chaining value and counter."""

    def __init__(self, mcv: bytes, s_enc: bytes, s_mac: bytes):
        self.replace_keys(mcv, s_enc, s_mac)

    def replace_keys(self, mcv: bytes, enc: bytes, mac: bytes) -> None:
        """What ReplaceSessionKeys does: other keys, and the counter starts again."""
        if not len(mcv) == len(enc) == len(mac) == BLOCK:
            raise ValueError("chaining value and keys have 16 octets")
        self._mcv, self._enc, self._mac = mcv, enc, mac
        self._counter = 1

    def encrypt_and_mac(self, tag: int, plaintext: bytes, *, oversize: bool = False) -> bytes:
        """An 86 or 87.  oversize allows the 1036-octet objects some servers make."""
        if len(plaintext) > MAX_ENCRYPTED and not oversize:
            raise ValueError(f"{len(plaintext)} octets, {MAX_ENCRYPTED} fit")
        padded = plaintext + b"\x80"
        padded += bytes(-len(padded) % BLOCK)
        encryptor = self._cipher().encryptor()
        return self._seal(tag, encryptor.update(padded) + encryptor.finalize())

    def mac_only(self, tag: int, data: bytes) -> bytes:
        """An 88."""
        if len(data) > MAX_MAC_ONLY:
            raise ValueError(f"{len(data)} octets, {MAX_MAC_ONLY} fit")
        return self._seal(tag, data)

    def decrypt(self, segment: bytes) -> bytes:
        """Plaintext of an 86 or 87; the state stays as it was when it is refused."""
        body = self._check(segment)
        if not body or len(body) % BLOCK:
            raise BspSecurityError("ciphertext is not whole blocks")
        decryptor = self._cipher().decryptor()
        padded = decryptor.update(body) + decryptor.finalize()
        plaintext = padded.rstrip(b"\x00")
        if plaintext[-1:] != b"\x80" or len(padded) - len(plaintext) >= BLOCK:
            raise BspSecurityError("padding")
        self._advance(segment)
        return plaintext[:-1]

    def verify_only(self, segment: bytes) -> bytes:
        """Payload of an 88."""
        body = self._check(segment)
        self._advance(segment)
        return body

    def _cipher(self) -> Cipher:
        """AES-CBC whose ICV is the encrypted counter."""
        encryptor = Cipher(algorithms.AES(self._enc), modes.ECB()).encryptor()
        icv = encryptor.update(self._counter.to_bytes(BLOCK, "big")) + encryptor.finalize()
        return Cipher(algorithms.AES(self._enc), modes.CBC(icv))

    def _full_mac(self, data: bytes) -> bytes:
        cmac = CMAC(algorithms.AES(self._mac))
        cmac.update(self._mcv + data)
        return cmac.finalize()

    def _seal(self, tag: int, body: bytes) -> bytes:
        head = tlv.encode_tag(tag) + tlv.encode_length(len(body) + MAC_SIZE)
        mac = self._full_mac(head + body)
        self._mcv = mac
        self._counter += 1
        return head + body + mac[:MAC_SIZE]

    def _check(self, segment: bytes) -> bytes:
        decoded = tlv.parse_single(segment)
        if len(decoded.value) < MAC_SIZE:
            raise BspSecurityError("shorter than a MAC")
        mac = self._full_mac(segment[:-MAC_SIZE])
        if not bytes_eq(mac[:MAC_SIZE], segment[-MAC_SIZE:]):
            raise BspSecurityError("MAC")
        return decoded.value[:-MAC_SIZE]

    def _advance(self, segment: bytes) -> None:
        self._mcv = self._full_mac(segment[:-MAC_SIZE])
        self._counter += 1
