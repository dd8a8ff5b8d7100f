# SPDX-License-Identifier: LGPL-2.1-or-later
"""BER-TLV: what is accepted, what is refused, and that raw octets survive."""

import pytest

from testbed import tlv


@pytest.mark.parametrize(
    ("tag", "value", "expected"),
    [
        (0x5A, b"", "5a00"),
        (0xBF21, b"\x01", "bf210101"),
        (0x9F70, b"\x01", "9f700101"),
        (0x04, bytes(127), "047f" + "00" * 127),
        (0x04, bytes(128), "048180" + "00" * 128),
        (0x86, bytes(1016), "868203f8" + "00" * 1016),
        (0xA0, [b"\x80\x00", b"\x81\x00"], "a00480008100"),
    ],
)
def test_encode(tag, value, expected):
    encoded = tlv.encode(tag, value)
    assert encoded.hex() == expected
    decoded = tlv.parse_single(encoded, tag)
    assert decoded.raw == encoded == decoded.header + decoded.value


def test_received_octets_are_kept():
    data = bytes.fromhex("30820003800101")
    decoded = tlv.parse_single(data)
    assert decoded.raw == data
    assert decoded.header.hex() == "30820003"
    assert decoded.get(0x80).value == b"\x01"


@pytest.mark.parametrize(
    "data",
    ["30", "3080", "300201", "9f", "bf21", "9fff7001", "3084000000", "30820", "3003800101ff"],
)
def test_refused(data):
    with pytest.raises(ValueError):
        tlv.parse(bytes.fromhex(data))


def test_find():
    decoded = tlv.parse_single(bytes.fromhex("a0098001018001025a0101"))
    assert [child.value for child in decoded.find_all(0x80)] == [b"\x01", b"\x02"]
    assert decoded.find(0x81) is None
    with pytest.raises(tlv.TlvError):
        decoded.get(0x81)


@pytest.mark.parametrize(
    ("number", "octets"),
    [(0, "00"), (1, "01"), (127, "7f"), (128, "0080"), (255, "00ff"), (256, "0100"),
     (70000, "011170"), (-1, "ff"), (-128, "80"), (-129, "ff7f")],
)
def test_integer(number, octets):
    assert tlv.integer(number).hex() == octets
    assert tlv.read_integer(bytes.fromhex(octets)) == number


def test_integer_sizes():
    assert tlv.read_integer(bytes(7) + b"\x05") == 5
    for wrong in (b"", bytes(9)):
        with pytest.raises(tlv.TlvError):
            tlv.read_integer(wrong)


@pytest.mark.parametrize(
    ("bits", "octets"),
    [([0], "0780"), ([1], "0640"), ([2], "0520"), ([3], "0410"), ([0, 1, 2, 3], "04f0"),
     ([], "00"), ([0, 1, 2], "05e0"), ([8], "070080")],
)
def test_named_bits(bits, octets):
    assert tlv.bit_string(bits).hex() == octets
    assert tlv.read_bit_string(bytes.fromhex(octets)) == set(bits)


def test_named_bits_of_others():
    assert tlv.read_bit_string(b"\x00\x80") == {0}
    for wrong in (b"", b"\x08\x80"):
        with pytest.raises(tlv.TlvError):
            tlv.read_bit_string(wrong)


@pytest.mark.parametrize(
    ("dotted", "octets"), [("2.999.10", "88370a"), ("2.23.146.1.2.1.4", "67811201020104")]
)
def test_oid(dotted, octets):
    assert tlv.oid(dotted).hex() == octets
    assert tlv.read_oid(bytes.fromhex(octets)) == dotted


def test_boolean():
    assert tlv.read_boolean(tlv.boolean(True)) and not tlv.read_boolean(tlv.boolean(False))
    assert tlv.read_boolean(b"\x01")
    with pytest.raises(tlv.TlvError):
        tlv.read_boolean(b"")
