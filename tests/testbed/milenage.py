# SPDX-License-Identifier: LGPL-2.1-or-later
"""Milenage, the example algorithm set of 3GPP TS 35.206, for both sides of an authentication."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 16
#: Authentication management field of the synchronisation failure (TS 33.102, 6.3.3).
RESYNC_AMF = bytes(2)


@dataclass(frozen=True)
class Vector:
    """What the network knows of one challenge (TS 33.102, 6.3.2)."""

    rand: bytes
    autn: bytes
    res: bytes
    ck: bytes
    ik: bytes


def xor(first: bytes, second: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(first, second, strict=True))


class Milenage:
    """The functions f1 to f5* of one subscription."""

    def __init__(self, k: bytes, opc: bytes):
        self._cipher = Cipher(algorithms.AES(k), modes.ECB())
        self._opc = opc

    def _encrypt(self, block: bytes) -> bytes:
        encryptor = self._cipher.encryptor()
        return encryptor.update(block) + encryptor.finalize()

    def _temp(self, rand: bytes) -> bytes:
        return self._encrypt(xor(rand, self._opc))

    def _out(self, rand: bytes, rotation: int, constant: int) -> bytes:
        """OUT2 to OUT5: rotation in octets, constant in the last octet."""
        block = xor(self._temp(rand), self._opc)
        block = block[rotation:] + block[:rotation]
        return xor(self._encrypt(xor(block, constant.to_bytes(BLOCK, "big"))), self._opc)

    def _out1(self, rand: bytes, sqn: bytes, amf: bytes) -> bytes:
        block = xor((sqn + amf) * 2, self._opc)
        return xor(self._encrypt(xor(self._temp(rand), block[8:] + block[:8])), self._opc)

    def f1(self, rand: bytes, sqn: bytes, amf: bytes) -> bytes:
        """MAC-A."""
        return self._out1(rand, sqn, amf)[:8]

    def f1_star(self, rand: bytes, sqn: bytes, amf: bytes = RESYNC_AMF) -> bytes:
        """MAC-S."""
        return self._out1(rand, sqn, amf)[8:]

    def f2(self, rand: bytes) -> bytes:
        """RES."""
        return self._out(rand, 0, 1)[8:]

    def f3(self, rand: bytes) -> bytes:
        """CK."""
        return self._out(rand, 4, 2)

    def f4(self, rand: bytes) -> bytes:
        """IK."""
        return self._out(rand, 8, 4)

    def f5(self, rand: bytes) -> bytes:
        """AK."""
        return self._out(rand, 0, 1)[:6]

    def f5_star(self, rand: bytes) -> bytes:
        """AK of a resynchronisation."""
        return self._out(rand, 12, 8)[:6]

    # Network

    def vector(self, rand: bytes, sqn: int, amf: bytes) -> Vector:
        """The challenge with its answer."""
        number = sqn.to_bytes(6, "big")
        autn = xor(number, self.f5(rand)) + amf + self.f1(rand, number, amf)
        return Vector(rand, autn, self.f2(rand), self.f3(rand), self.f4(rand))

    def resynchronise(self, rand: bytes, auts: bytes) -> int | None:
        """The card's sequence number out of AUTS; None when its MAC is wrong."""
        number = xor(auts[:6], self.f5_star(rand))
        return int.from_bytes(number, "big") if auts[6:] == self.f1_star(rand, number) else None

    # Card

    def sequence_number(self, rand: bytes, autn: bytes) -> int | None:
        """That of a challenge; None when the network does not know the key."""
        number = xor(autn[:6], self.f5(rand))
        if autn[8:] != self.f1(rand, number, autn[6:8]):
            return None
        return int.from_bytes(number, "big")

    def auts(self, rand: bytes, sqn: int) -> bytes:
        """What tells the network the card's sequence number."""
        number = sqn.to_bytes(6, "big")
        return xor(number, self.f5_star(rand)) + self.f1_star(rand, number)
