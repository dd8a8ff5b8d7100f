# SPDX-License-Identifier: LGPL-2.1-or-later
"""The file system of the enabled profile, read as a modem reads it."""

import pytest

from testbed import tlv
from testbed.milenage import Milenage
from testbed.smdp import SubscriberRecord
from testbed.smdp.subscriber import encode_imsi, encode_msisdn
from testbed.smdp.upp import build_upp
from testbed.tests.veuicc_peers import switch
from testbed.veuicc import Profile

USIM = "00A4040007A000000087100200"
RECORD = SubscriberRecord.make(7, service_provider="Example Mobile", mnc_length=3)


def profile_of(record: SubscriberRecord, **fields) -> Profile:
    return Profile(record.iccid_octets, package=build_upp(record, 6000), **fields)


@pytest.fixture(name="card")
def fixture_card(chip):
    """Commands in hexadecimal to a chip with RECORD's profile enabled."""
    chip.add_profile(profile_of(RECORD, enabled=True))
    return lambda command: chip.process(bytes.fromhex(command))


def read(card, path: str, length: int = 0) -> bytes:
    answer = card(f"00A40804{len(path) // 2:02X}{path}00")
    assert answer[-2:].hex() == "9000" or answer[-2] == 0x91, answer.hex()
    answer = card(f"00B00000{length:02X}")
    assert answer[-2:].hex() == "9000" or answer[-2] == 0x91, answer.hex()
    return answer[:-2]


def test_files_have_what_the_operator_knows(card):
    assert read(card, "2FE2") == RECORD.iccid_octets
    assert tlv.parse_single(card(USIM)[:-2], 0x62).get(0x84).value.hex().startswith("a0000000871002")
    assert read(card, "7FFF6F07", 9) == encode_imsi(RECORD.imsi)
    assert read(card, "7FFF6FAD") == bytes([0, 0, 0, 3])
    assert read(card, "7FFF6F46")[1:15] == b"Example Mobile"


def test_records(card):
    card(USIM)
    fcp = tlv.parse_single(card("00A40804047FFF6F4000")[:-2], 0x62)
    assert fcp.get(0x82).value.hex() == "4221001e01"
    assert card("00B2010400")[:-2] == encode_msisdn(RECORD.msisdn)
    assert card("00B2020400").hex() == "6a83"
    assert card("00B0000000").hex() == "6981"


@pytest.mark.parametrize(("commands", "sw"), [
    (["00A40804047FFF6F0700"], "6a82"),                       # no USIM selected yet
    ([USIM, "00A40004026F9900"], "6a82"),
    ([USIM, "00A40804016F00"], "6a80"),
    ([USIM, "00A40804062FE26F0700"], "6700"),
    ([USIM, "00A40804042FE26F0700"], "6a82"),
    ([USIM, "00B0000000"], "6986"),
    (["00A40804022FE200", "00B0000B00"], "6b00"),
    (["00A40804022FE200", "00B2010400"], "6981"),
    (["00A4040005A00000008700"], "6a82"),                     # an RID alone
    (["008800812210" + "00" * 16 + "10" + "00" * 16 + "00"], "6985"),
    ([USIM, "008800812210" + "00" * 16 + "10" + "00" * 16 + "00"], "9862"),
    ([USIM, "008800802210" + "00" * 16 + "10" + "00" * 16 + "00"], "6a86"),
])
def test_refusals(card, commands, sw):
    assert [card(command) for command in commands][-1].hex() == sw


def test_authentication_and_resynchronisation(card):
    card(USIM)
    network = Milenage(RECORD.k, RECORD.opc)

    def challenge(sqn: int) -> tuple:
        vector = network.vector(bytes(range(16)), sqn, b"\x80\x00")
        return vector, card("0088008122" + "10" + vector.rand.hex() + "10" + vector.autn.hex() + "00")

    vector, answer = challenge(32)
    keys = b"".join(bytes([len(key)]) + key for key in (vector.res, vector.ck, vector.ik))
    assert answer == b"\xDB" + keys + b"\x90\x00"
    vector, answer = challenge(32)
    assert answer[:2].hex() == "dc0e"
    assert network.resynchronise(vector.rand, answer[2:16]) == 32
    assert challenge(33)[1][0] == 0xDB


def test_another_profile_is_another_file_system(chip, card, terminal):
    other = SubscriberRecord.make(8)
    chip.add_profile(profile_of(other))
    assert terminal.code(switch(0xBF31, other.iccid_octets)) == 0
    assert read(card, "2FE2") == RECORD.iccid_octets
    chip.reset()
    assert read(card, "2FE2") == other.iccid_octets
    card(USIM)
    assert read(card, "7FFF6F07") == encode_imsi(other.imsi)


def test_a_chip_without_enabled_profile_has_no_usim(chip):
    assert chip.process(bytes.fromhex("00A40004023F0000"))[-2:].hex() == "9000"
    assert chip.process(bytes.fromhex("00A40804022FE200")).hex() == "6a82"
    assert chip.process(bytes.fromhex(USIM)).hex() == "6a82"
    assert chip.process(bytes.fromhex("80F2000000"))[-2:].hex() == "9000"
