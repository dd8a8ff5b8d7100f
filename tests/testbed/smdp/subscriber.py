# SPDX-License-Identifier: LGPL-2.1-or-later
"""What an operator knows about a subscription, and its binary codings.

A :class:`SubscriberRecord` is the input of everything else: the metadata shown to the user and the
files and keys inside the profile package are both made from it, so the two cannot disagree by accident.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


def luhn_digit(digits: str) -> str:
    """The check digit that makes ``digits`` + itself pass the Luhn test (ITU-T E.118 for ICCIDs)."""
    total = 0
    for index, char in enumerate(reversed(digits)):
        value = int(char)
        if index % 2 == 0:
            value = value * 2 - (9 if value > 4 else 0)
        total += value
    return str(-total % 10)


def luhn_ok(digits: str) -> bool:
    """Whether the last digit of ``digits`` is the Luhn check digit of the others."""
    return digits[-1:] == luhn_digit(digits[:-1])


def swap_nibbles(text: str) -> bytes:
    """Digits (and filler nibbles) as swapped-nibble BCD, two a octet."""
    if len(text) % 2:
        text += "F"
    return bytes(int(text[i + 1] + text[i], 16) for i in range(0, len(text), 2))


def encode_iccid(iccid: str) -> bytes:
    """EF_ICCID coding: always 10 octets, short numbers filled with F (TS 102 221, 13.2)."""
    if not 18 <= len(iccid) <= 20 or not iccid.isdigit():
        raise ValueError("an ICCID has 18 to 20 decimal digits")
    return swap_nibbles(iccid.ljust(20, "F"))


def decode_iccid(octets: bytes) -> str:
    """The digits of an EF_ICCID, without the filler."""
    return "".join(f"{octet & 0x0F:x}{octet >> 4:x}" for octet in octets).rstrip("f")


def encode_imsi(imsi: str) -> bytes:
    """EF_IMSI: length octet, then the digits behind the odd/even nibble (TS 31.102, 4.2.2)."""
    if not 6 <= len(imsi) <= 15 or not imsi.isdigit():
        raise ValueError("an IMSI has 6 to 15 decimal digits")
    body = swap_nibbles(("9" if len(imsi) % 2 else "1") + imsi)
    return (bytes([len(body)]) + body).ljust(9, b"\xff")


def encode_plmn(mcc: str, mnc: str) -> bytes:
    """MCC and MNC as in TS 24.008, 10.5.1.13: MCC2 MCC1, MNC3 MCC3, MNC2 MNC1."""
    if len(mcc) != 3 or len(mnc) not in (2, 3) or not (mcc + mnc).isalnum():
        raise ValueError("MCC has three digits, MNC two or three")
    third = mnc[2] if len(mnc) == 3 else "F"
    return bytes(int(pair, 16) for pair in (mcc[1] + mcc[0], third + mcc[2], mnc[1] + mnc[0]))


def encode_msisdn(msisdn: str, alpha_length: int = 16) -> bytes:
    """One record of EF_MSISDN without a name (TS 31.102, 4.2.26)."""
    international = msisdn.startswith("+")
    digits = swap_nibbles(msisdn.lstrip("+"))
    if len(digits) > 10:
        raise ValueError("an MSISDN fits in 20 digits")
    number = bytes([1 + len(digits), 0x91 if international else 0x81]) + digits.ljust(10, b"\xff")
    return b"\xff" * alpha_length + number + b"\xff\xff"


@dataclass(frozen=True)
class SubscriberRecord:
    """One subscription. Numbers are digit strings, keys are octets.

    ``mnc_length`` says how the IMSI splits, which the digits alone do not tell.
    """

    iccid: str
    imsi: str
    k: bytes
    opc: bytes
    msisdn: str
    service_provider: str
    profile_name: str
    mnc_length: int = 2
    pin: str = "0000"
    puk: str = "12345678"

    def __post_init__(self) -> None:
        encode_iccid(self.iccid)
        encode_imsi(self.imsi)
        encode_msisdn(self.msisdn)
        if len(self.k) != 16 or len(self.opc) != 16:
            raise ValueError("K and OPc have 16 octets each (Milenage)")
        if len(self.service_provider.encode()) > 32 or len(self.profile_name.encode()) > 64:
            raise ValueError("names are limited to 32 and 64 octets (SGP.22 v2.5, 5.5.3)")

    @property
    def mcc(self) -> str:
        """Mobile country code, the first three digits of the IMSI."""
        return self.imsi[:3]

    @property
    def mnc(self) -> str:
        """Mobile network code, the two or three digits after the MCC."""
        return self.imsi[3:3 + self.mnc_length]

    @property
    def iccid_octets(self) -> bytes:
        """The ICCID as it stands in EF_ICCID and in tag 5A."""
        return encode_iccid(self.iccid)

    @property
    def plmn(self) -> bytes:
        """The home network's three octets."""
        return encode_plmn(self.mcc, self.mnc)

    @classmethod
    def make(cls, number: int = 1, *, service_provider: str = "Testbed Mobile",
             profile_name: str | None = None, **fields: object) -> "SubscriberRecord":
        """A valid record of the test network 999-70, different for every ``number``.

        Keys are derived from the number: they protect nothing and make runs repeatable.
        """
        body = f"8999970{number:012d}"
        seed = hashlib.sha512(f"lpad testbed subscriber {number}".encode()).digest()
        values: dict = dict(
            iccid=body + luhn_digit(body), imsi=f"99970{number:010d}", k=seed[:16], opc=seed[16:32],
            msisdn=f"+8835100{number:08d}", service_provider=service_provider,
            profile_name=profile_name if profile_name is not None else f"Plan {number}")
        values.update(fields)
        return cls(**values)
