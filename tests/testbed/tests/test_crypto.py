# SPDX-License-Identifier: LGPL-2.1-or-later
"""Known answers for key derivation and segment protection."""

import pytest

from testbed import crypto, tlv
from testbed.bsp import MAX_ENCRYPTED, MAX_MAC_ONLY, MAX_SEGMENT, Bsp, BspSecurityError

SHARED = bytes.fromhex("c9a993dd4879a8f7161f2085410edd4f9652f1df37be097ba96ba2ca6be528fe")
KEYS = tuple(
    bytes.fromhex(key)
    for key in (
        "406d507b448a699e7a36a38494debbde",
        "472f5bfadd97f21d34f3ce9b51b92751",
        "9ec07f5b36a13e12a991d66e294e6242",
    )
)
METADATA = bytes.fromhex(
    "bf252d5a0a98001032547698103214910947534d415f54455354"
    "921147534d415f544553545f50524f46494c45950100"
)
REPLACE_KEYS = bytes.fromhex(
    "bf2636"
    "8010000102030405060708090a0b0c0d0e0f"
    "811001010203040506070809 0a0b0c0d0e0f"
    "821002010203040506070809 0a0b0c0d0e0f"
)
PROTECTED = [
    bytes.fromhex("8718f6fe031e4b9cfe87c8e1e62f3fde85c49412d7722a6a2d89"),
    bytes.fromhex("8838") + METADATA + bytes.fromhex("8a62cc9adbb5ccbc"),
    bytes.fromhex(
        "8748a14c800a001992351cd46ad2945654674369701d82b7b46567652bc8fbed234939fc57fba748"
        "015525fd6c651e9d3d1330652d42a0cfad950e912122af4ec5362d3c0bc535729c40"
    ),
]


def test_derived_keys():
    eid = bytes.fromhex("89049032123451234512345678901235")
    assert crypto.derive_keys(SHARED, bytes.fromhex("80" * 8), eid) == KEYS


def test_protect_known_package():
    bsp = Bsp(*KEYS)
    assert bsp.encrypt_and_mac(0x87, bytes.fromhex("bf2400")) == PROTECTED[0]
    assert bsp.mac_only(0x88, METADATA) == PROTECTED[1]
    assert bsp.encrypt_and_mac(0x87, REPLACE_KEYS) == PROTECTED[2]


def test_read_known_package():
    bsp = Bsp(*KEYS)
    assert bsp.decrypt(PROTECTED[0]) == bytes.fromhex("bf2400")
    assert bsp.verify_only(PROTECTED[1]) == METADATA
    assert bsp.decrypt(PROTECTED[2]) == REPLACE_KEYS


def test_replaced_keys_and_largest_segment():
    """The counter starts again at 1 with the new keys and chaining value."""
    mcv, enc, mac = (bytes([first, *range(1, 16)]) for first in (0, 1, 2))
    server, chip = Bsp(*KEYS), Bsp(*KEYS)
    chip.decrypt(server.encrypt_and_mac(0x87, REPLACE_KEYS))
    server.replace_keys(mcv, enc, mac)
    chip.replace_keys(mcv, enc, mac)
    plaintext = bytes(range(256)) * 3 + bytes(MAX_ENCRYPTED - 768)
    segment = server.encrypt_and_mac(0x86, plaintext)
    assert segment == Bsp(mcv, enc, mac).encrypt_and_mac(0x86, plaintext)
    assert len(segment) == MAX_SEGMENT and segment.hex().startswith("868203f8")
    assert chip.decrypt(segment) == plaintext
    assert len(server.mac_only(0x88, bytes(MAX_MAC_ONLY))) == MAX_SEGMENT


def test_limits():
    bsp = Bsp(*KEYS)
    with pytest.raises(ValueError):
        bsp.encrypt_and_mac(0x86, bytes(MAX_ENCRYPTED + 1))
    with pytest.raises(ValueError):
        bsp.mac_only(0x88, bytes(MAX_MAC_ONLY + 1))
    assert len(bsp.encrypt_and_mac(0x86, bytes(1008), oversize=True)) == 1036


@pytest.mark.parametrize("index", [0, 2, 10, -1])
def test_each_octet_counts(index):
    segment = bytearray(PROTECTED[0])
    segment[index] ^= 0x01
    with pytest.raises((BspSecurityError, tlv.TlvError)):
        Bsp(*KEYS).decrypt(bytes(segment))


def test_order_counts():
    bsp = Bsp(*KEYS)
    with pytest.raises(BspSecurityError):
        bsp.verify_only(PROTECTED[1])


def test_padding_is_checked():
    """A right MAC does not make up for a missing 80."""
    bsp = Bsp(*KEYS)
    encryptor = bsp._cipher().encryptor()
    ciphertext = encryptor.update(bytes(16)) + encryptor.finalize()
    with pytest.raises(BspSecurityError):
        Bsp(*KEYS).decrypt(bsp._seal(0x87, ciphertext))


@pytest.mark.parametrize("curve", list(crypto.CURVES))
def test_agreement_and_signature(curve):
    ours, theirs = crypto.generate_key(curve), crypto.generate_key(curve)
    arguments = (b"host", bytes(16))
    assert crypto.ecdh_keys(ours, crypto.public_point(theirs), *arguments) == crypto.ecdh_keys(
        theirs, crypto.public_point(ours), *arguments
    )
    signature = crypto.sign(ours, b"data")
    assert len(signature) == 64
    assert crypto.verify(ours.public_key(), b"data", signature)
    assert not crypto.verify(ours.public_key(), b"Data", signature)
    assert not crypto.verify(theirs.public_key(), b"data", signature)
    assert not crypto.verify(ours.public_key(), b"data", signature[:-1])


def test_point_must_be_on_the_curve():
    with pytest.raises(ValueError):
        crypto.ecdh_keys(crypto.generate_key(), b"\x04" + bytes(64), b"host", bytes(16))


def test_confirmation_code():
    expected = "e62ed88864ccf99ebcc7c57c5a37641a99315c87f6151c3f4b77c920332e1177"
    assert crypto.hash_cc("1234", bytes(range(16))).hex() == expected
