# SPDX-License-Identifier: LGPL-2.1-or-later
"""The two sides a chip talks to, as small as its tests need them.

Terminal sends ES10 commands.  Operator signs what an SM-DP+ signs and builds
packages; each of its methods can be told what to get wrong.
"""

from __future__ import annotations

import os

from testbed import crypto, pki, tlv
from testbed.bsp import MAX_ENCRYPTED, MAX_MAC_ONLY, Bsp
from testbed.veuicc import Euicc

ISDR = "A0000005591010FFFFFFFF8900000100"
HOST = b"smdp.example.com"
ICCID = bytes.fromhex("98001032547698103214")
CONTEXT = bytes.fromhex("A02C8007544F4B454E2D31A121800453608090A10F80030500008103080000"
                        "85030B00008208536080907856345F")
PPK = tuple(bytes([first, *range(1, 16)]) for first in (0, 1, 2))


class Terminal:
    """A channel to the ISD-R."""

    def __init__(self, chip: Euicc, size: int = 255):
        self.chip, self.size = chip, size
        self.open()

    def open(self) -> None:
        opened = self.apdu("0070000001")
        assert opened[-2:].hex() == "9000"
        self.channel = opened[0]
        assert self.apdu(f"{self.channel:02X}A4040010{ISDR}00")[-2:].hex() == "9000"

    def apdu(self, command: str | bytes) -> bytes:
        command = bytes.fromhex(command) if isinstance(command, str) else command
        return self.chip.process(command)

    def send(self, request: bytes) -> tuple[bytes, int]:
        """(body, status word) of a request in blocks of size octets."""
        blocks = [request[i:i + self.size] for i in range(0, len(request), self.size)]
        for number, block in enumerate(blocks):
            last = number == len(blocks) - 1
            head = bytes([0x80 | self.channel, 0xE2, 0x91 if last else 0x11, number, len(block)])
            answer = self.apdu(head + block + (b"\x00" if last else b""))
            if not last and answer != b"\x90\x00":
                return b"", int.from_bytes(answer[-2:], "big")
        body = answer[:-2]
        while answer[-2] == 0x61:
            answer = self.apdu(bytes([self.channel, 0xC0, 0, 0, answer[-1]]))
            body += answer[:-2]
        return body, int.from_bytes(answer[-2:], "big")

    def es10(self, request: bytes | str) -> tlv.Tlv:
        """The answer of a function that must come with 9000 or 91xx."""
        request = bytes.fromhex(request) if isinstance(request, str) else request
        body, sw = self.send(request)
        assert sw == 0x9000 or sw >> 8 == 0x91, f"{sw:04X}"
        return tlv.parse_single(body)

    def code(self, request: bytes | str) -> int:
        """The INTEGER in 80 of the answer."""
        return tlv.read_integer(self.es10(request).get(0x80).value)

    def sequence_numbers(self) -> list[int]:
        listed = self.es10("BF2800").get(0xA0).children()
        return [tlv.read_integer(entry.get(0x80).value) for entry in listed]


def profile_id(iccid: bytes = ICCID) -> bytes:
    return tlv.encode(0x5A, iccid)


def switch(tag: int, iccid: bytes = ICCID, refresh: bool = True) -> bytes:
    return tlv.encode(tag, [tlv.encode(0xA0, profile_id(iccid)), tlv.encode(0x81, tlv.boolean(refresh))])


def metadata(iccid: bytes = ICCID, **changes: bytes) -> bytes:
    """StoreMetadata; a change names a tag (t95=…), None leaves it out."""
    everything = {"t5A": iccid, "t91": b"GSMA_TEST", "t92": b"GSMA_TEST_PROFILE", "t95": b"\x02"}
    entry = [tlv.encode(0x80, tlv.bit_string(range(4))), tlv.encode(0x81, HOST)]
    everything["tB6"] = tlv.encode(0x30, entry)
    everything.update(changes)
    parts = [
        tlv.encode(int(name[1:], 16), value)
        for name, value in everything.items() if value is not None
    ]
    return tlv.encode(0xBF25, parts)


def elements(iccid: bytes = ICCID, *, version=(2, 3), size: int = 0, ef_iccid: bytes | None = None,
             services: bytes = b"", key: bytes = bytes(range(16)), end: bool = True) -> bytes:
    """Header, MF with EF_ICCID, filler, AKA parameters, end."""
    mandated = tlv.encode(0xA0, [tlv.encode(0x80), tlv.encode(0x81, b"\x01")])
    header = [
        tlv.encode(0x80, tlv.integer(version[0])), tlv.encode(0x81, tlv.integer(version[1])),
        tlv.encode(0x83, iccid), tlv.encode(0xA5, services),
    ]
    file = tlv.encode(0xA4, [tlv.encode(0x83, ef_iccid or iccid)])
    aka = tlv.encode(0xA1, tlv.encode(0xA1, [tlv.encode(0x80, b"\x01"), tlv.encode(0x82, key)]))
    parts = [
        tlv.encode(0xA0, header), tlv.encode(0xB0, [mandated, file]),
        tlv.encode(0xA9, [mandated, tlv.encode(0x81, bytes(size))]), tlv.encode(0xA4, [mandated, aka]),
    ]
    return b"".join(parts) + (tlv.encode(0xAA, mandated) if end else b"")


class Operator:
    """An SM-DP+ with one session."""

    def __init__(self, made: pki.Pki):
        self.ci, self.server = made.ci, made.server
        self.transaction_id = os.urandom(16)

    def authenticate(self, challenge: bytes, *, cert=None, key=None, pkid=None, address=HOST,
                     context: bytes = CONTEXT) -> bytes:
        """AuthenticateServer request."""
        dp_auth = self.server.dp_auth
        signed = tlv.encode(0x30, [
            tlv.encode(0x80, self.transaction_id), tlv.encode(0x81, challenge),
            tlv.encode(0x83, address), tlv.encode(0x84, os.urandom(16)),
        ])
        signature = crypto.sign(key or dp_auth.key, signed)
        return tlv.encode(0xBF38, [
            signed, tlv.encode(0x5F37, signature),
            tlv.encode(0x04, self.ci.pkid if pkid is None else pkid), cert or dp_auth.der, context,
        ])

    def prepare(self, signature1: bytes, *, cert=None, key=None, transaction_id=None,
                hash_cc: bytes | None = None, point: bytes | None = None) -> bytes:
        """PrepareDownload request; signature1 is the chip's 5F37 object."""
        dp_pb = self.server.dp_pb
        signed = tlv.encode(0x30, [
            tlv.encode(0x80, transaction_id or self.transaction_id),
            tlv.encode(0x01, tlv.boolean(hash_cc is not None)),
            *([tlv.encode(0x5F49, point)] if point else []),
        ])
        signature = tlv.encode(0x5F37, crypto.sign(key or dp_pb.key, signed + signature1))
        code = [tlv.encode(0x04, hash_cc)] if hash_cc is not None else []
        return tlv.encode(0xBF21, [signed, signature, *code, cert or dp_pb.der])

    def secure_channel(self, chip_point: bytes, eid: bytes, *, transaction_id=None, operation=1,
                       key_type=b"\x88", signer=None, host_id=b"host", point=None) -> bytes:
        """BF23; the session keys are ready afterwards."""
        own = crypto.generate_key(self.ci.curve)
        parts = [
            tlv.encode(0x82, tlv.integer(operation)),
            tlv.encode(0x80, transaction_id or self.transaction_id),
            tlv.encode(0xA6, [
                tlv.encode(0x80, key_type), tlv.encode(0x81, b"\x10"), tlv.encode(0x84, host_id),
            ]),
            tlv.encode(0x5F49, point or crypto.public_point(own)),
        ]
        data = b"".join(parts) + tlv.encode(0x5F49, chip_point)
        signature = crypto.sign(signer or self.server.dp_pb.key, data)
        if 1 <= len(host_id) <= 16:
            self.bsp = Bsp(*crypto.ecdh_keys(own, chip_point, host_id, eid))
        return tlv.encode(0xBF23, b"".join(parts) + tlv.encode(0x5F37, signature))

    def package(self, secure_channel: bytes, about: bytes, plain: bytes, *, ppk: bool = False,
                configuration: bytes = b"\xbf\x24\x00", replace: bytes | None = None,
                step: int = MAX_ENCRYPTED, change=lambda parts: parts) -> list[bytes]:
        """Segments of a package; change() may alter the dictionary of its parts first."""
        parts = {
            0xA0: [self.bsp.encrypt_and_mac(0x87, configuration)],
            0xA1: [
                self.bsp.mac_only(0x88, about[i:i + MAX_MAC_ONLY])
                for i in range(0, len(about), MAX_MAC_ONLY)
            ],
        }
        if ppk or replace is not None:
            keys = [tlv.encode(tag, key) for tag, key in zip((0x80, 0x81, 0x82), PPK, strict=True)]
            data = replace if replace is not None else tlv.encode(0xBF26, keys)
            parts[0xA2] = [self.bsp.encrypt_and_mac(0x87, data)]
            self.bsp.replace_keys(*PPK)
        parts[0xA3] = [
            self.bsp.encrypt_and_mac(0x86, plain[i:i + step], oversize=step > MAX_ENCRYPTED)
            for i in range(0, len(plain), step)
        ]
        return segments(secure_channel, change(parts))


def segments(secure_channel: bytes, parts: dict[int, list[bytes]]) -> list[bytes]:
    """The borders of SGP.22 v2.5, 2.5.5."""
    whole = tlv.encode(0xBF36, [secure_channel, *(tlv.encode(t, m) for t, m in parts.items())])
    _, _, start = tlv.read_header(whole)
    result = [whole[:start] + secure_channel]
    for tag, members in parts.items():
        container = tlv.encode(tag, members)
        header = container[:len(container) - sum(map(len, members))]
        result += [container] if tag in (0xA0, 0xA2) else [header, *members]
    return result


class Session:
    """A terminal with an operator, up to any step."""

    def __init__(self, chip: Euicc, made: pki.Pki):
        self.terminal, self.operator, self.chip = Terminal(chip), Operator(made), chip

    def challenge(self) -> bytes:
        return self.terminal.es10("BF2E00").get(0x80).value

    def authenticate(self, **options) -> tlv.Tlv:
        answer = self.terminal.es10(self.operator.authenticate(self.challenge(), **options))
        ok = answer.find(0xA0)
        self.signature1 = ok.get(0x5F37).raw if ok else None
        return answer

    def prepare(self, **options) -> tlv.Tlv:
        answer = self.terminal.es10(self.operator.prepare(self.signature1, **options))
        ok = answer.find(0xA0)
        self.point = ok.get(0x30).get(0x5F49).value if ok else None
        return answer

    def start(self) -> None:
        self.authenticate()
        self.prepare()

    def secure_channel(self, **options) -> bytes:
        return self.operator.secure_channel(self.point, self.chip.eid_octets, **options)

    def load(self, pieces: list[bytes]) -> tuple[bytes, int, int]:
        """(body, status word, number of segments sent) up to the first answer that ends it."""
        for count, piece in enumerate(pieces, 1):
            body, sw = self.terminal.send(piece)
            if body or sw != 0x9000:
                return body, sw, count
        return b"", sw, len(pieces)

    def install(self, about: bytes | None = None, plain: bytes | None = None, **options) -> tlv.Tlv:
        """The ProfileInstallationResult of a whole download."""
        self.start()
        about = metadata() if about is None else about
        plain = elements() if plain is None else plain
        body, sw, _ = self.load(self.operator.package(self.secure_channel(), about, plain, **options))
        assert sw == 0x9000
        return tlv.parse_single(body, 0xBF37)


def outcome(result: tlv.Tlv) -> tuple[int, int] | bytes:
    """(bppCommandId, errorReason), or the AID of the installed profile."""
    final = result.get(0xBF27).get(0xA2).children()[0]
    if final.tag == 0xA0:
        return final.get(0x4F).value
    return tuple(tlv.read_integer(final.get(tag).value) for tag in (0x80, 0x81))
