# SPDX-License-Identifier: LGPL-2.1-or-later
"""The chip's side of the interface: classes, channels, SELECT, STORE DATA, answers."""

import pytest

from testbed import tlv
from testbed.tests.veuicc_peers import ISDR, Terminal, switch
from testbed.veuicc import Euicc, Profile

EID = "BF3E035C015A"


def sw(chip, command):
    return chip.process(bytes.fromhex(command))[-2:].hex()


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("", "6700"), ("0070", "6700"), ("00A4040010A000", "6700"), ("00A404000000FF", "6700"),
        ("0084000008", "6d00"), ("80A4040010" + ISDR, "6e00"), ("00E29100020102", "6e00"),
        ("0C70000001", "6e00"), ("6070000001", "6882"), ("1070000001", "6884"), ("5070000001", "6884"),
        ("0170000001", "6881"), ("4070000001", "6881"), ("00708005", "6881"), ("00708000", "6a86"),
        ("007000", "6700"), ("00700000", "6c01"), ("0070010001", "6a86"),
    ],
)
def test_wrong_forms_and_classes(chip, command, expected):
    assert sw(chip, command) == expected


def test_channels_1_to_3_without_terminal_capability(chip):
    assert [chip.process(bytes.fromhex("0070000001"))[0] for _ in range(3)] == [1, 2, 3]
    assert sw(chip, "0070000001") == "6a81"
    assert chip.counters.open_channels == 3
    assert sw(chip, "00708002") == "9000"
    assert chip.process(bytes.fromhex("0070000001")).hex() == "029000"


def test_channels_1_to_19_with_terminal_capability(chip):
    assert sw(chip, "80AA00000AA9088100820101830107") == "9000"
    assert [chip.process(bytes.fromhex("0070000001"))[0] for _ in range(19)] == list(range(1, 20))
    assert sw(chip, "0070000001") == "6a81"


@pytest.mark.parametrize(("number", "select", "store"), [
    (1, "01", "81"), (3, "03", "83"), (4, "40", "C0"), (10, "46", "C6"), (19, "4F", "CF"),
])
def test_class_of_each_kind_of_channel(chip, number, select, store):
    chip.config.first_channel = number
    sw(chip, "80AA000004A9028100")
    assert chip.process(bytes.fromhex("0070000001"))[0] == number
    assert sw(chip, f"{select}A4040010{ISDR}00") == "9000"
    assert sw(chip, f"{store}E2910006{EID}00") == "9000"
    if number >= 4:  # what is right for channels 0 to 3 only
        assert sw(chip, f"{0x80 | number:02X}E2910006{EID}00") in ("6e00", "6881")


def test_explicit_channel_number(chip):
    assert sw(chip, "00700002") == "9000"
    assert sw(chip, "00700002") == "6881"
    assert sw(chip, "00700009") == "6881"


def test_reset_closes_channels(terminal, chip):
    chip.reset()
    assert chip.counters.open_channels == 0
    assert sw(chip, f"81E2910006{EID}00") == "6881"


def test_powered_off(chip):
    chip.power_off()
    assert chip.process(bytes.fromhex("0070000001")) is None
    assert chip.power_on() == chip.config.atr
    assert sw(chip, "0070000001") == "9000"


def test_select(chip):
    fci = f"6f1f8410{ISDR.lower()}a5049f6501ffe0058203020500"
    assert chip.process(bytes.fromhex(f"00A4040010{ISDR}00")).hex() == fci + "9000"
    assert sw(chip, f"00A4040010{ISDR}") == "6121"
    assert chip.process(bytes.fromhex("00C0000021")).hex() == fci + "9000"
    assert chip.process(bytes.fromhex(f"00A4040C10{ISDR}")).hex() == "9000"
    assert sw(chip, f"00A4040010{ISDR[:-2]}0100") == "6a82"
    assert sw(chip, f"00A4040010{ISDR[:-2]}01") == "6a82"
    assert sw(chip, "00A4020002200000") == "6a86"
    assert sw(chip, "00A40004022FE200") == "6a82"
    master = tlv.parse_single(chip.process(bytes.fromhex("00A40004023F0000"))[:-2], 0x62)
    assert master.get(0xA5).get(0x87).value == b"\x01"
    assert sw(chip, f"80E2910006{EID}00") == "6d00"
    chip.config.without_fci = True
    assert chip.process(bytes.fromhex(f"00A4040010{ISDR}00")).hex() == "9000"


@pytest.mark.parametrize(("need", "select", "store"), [("hide", "6a82", None), ("refuse", "9000", "6985")])
def test_terminal_capability_is_needed(chip, need, select, store):
    chip.config.terminal_capability = need
    assert sw(chip, f"00A4040010{ISDR}00") == select
    if store:
        assert sw(chip, f"80E2910006{EID}00") == store
    assert sw(chip, "80AA000005A903830107") == "9000"
    assert sw(chip, f"00A4040010{ISDR}00") == "9000"
    assert sw(chip, f"80E2910006{EID}00") == "9000"


def test_terminal_capability_forms(chip):
    assert sw(chip, "80AA010005A903830107") == "6a86"
    assert sw(chip, "80AA000005A904830107") == "6a80"
    assert sw(chip, "00AA000005A903830107") == "6e00"


def test_isdr_must_be_selected(chip):
    assert sw(chip, f"80E2910006{EID}00") == "6d00"


def test_answers_with_and_without_le(terminal, chip):
    expected = bytes.fromhex("BF3E125A10") + chip.eid_octets
    assert terminal.apdu(f"81E2910006{EID}00") == expected + b"\x90\x00"
    for response_class in ("01", "81"):
        assert terminal.apdu(f"81E2910006{EID}").hex() == "6115"
        assert terminal.apdu(f"{response_class}C0000015") == expected + b"\x90\x00"
    assert terminal.apdu("01C0000015").hex() == "6985"
    assert terminal.apdu(f"81E2910006{EID}").hex() == "6115"
    assert terminal.apdu("01C0000005") == expected[:5] + b"\x61\x10"
    assert terminal.apdu("01C0000000") == expected[5:] + b"\x90\x00"


def test_answer_is_forgotten_by_the_next_command(terminal):
    assert terminal.apdu(f"81E2910006{EID}").hex() == "6115"
    terminal.apdu("00A40004023F0000")
    assert len(terminal.apdu("01C0000015")) == 23  # a command on another channel does not
    assert terminal.apdu(f"81E2910006{EID}").hex() == "6115"
    terminal.apdu(f"01A4040010{ISDR}")
    assert terminal.apdu("01C0000021").hex().startswith("6f1f")


def test_get_response_asks_for_too_much(terminal):
    terminal.apdu(f"81E2910006{EID}")
    assert terminal.apdu("01C0000030").hex() == "6c15"
    assert len(terminal.apdu("01C0000015")) == 23


def test_exact_le(terminal, chip):
    chip.config.exact_le = True
    assert terminal.apdu(f"81E2910006{EID}00").hex() == "6c15"
    assert terminal.apdu(f"81E2910006{EID}15")[-2:].hex() == "9000"
    assert terminal.apdu(f"81E2910006{EID}00").hex() == "6c15"
    assert terminal.apdu("81E2910003BF2E0012")[-2:].hex() == "6c15"


@pytest.mark.parametrize("chunk", [1, 60, 255, 256])
@pytest.mark.parametrize("always", [False, True])
def test_long_answers(chip, chunk, always):
    chip.add_profile(Profile(bytes(10), b"", icon_type=1, icon=bytes(range(256)) * 4))
    terminal = Terminal(chip)
    chip.config.chunk, chip.config.always_get_response = chunk, always
    profile = terminal.es10("BF2D00").get(0xA0).get(0xE3)
    assert profile.get(0x94).value == bytes(range(256)) * 4


@pytest.mark.parametrize("size", [1, 60, 255])
def test_blocks_are_joined(chip, size):
    terminal = Terminal(chip, size=size)
    assert terminal.es10(EID).get(0x5A).value == chip.eid_octets


@pytest.mark.parametrize(
    ("commands", "expected"),
    [
        (["81E2910106BF3E035C015A"], "6a86"),
        (["81E2110002BF3E", "81E2910203035C01"], "6a86"),
        (["81E2110002BF3E", "81E2910104035C015A"], "6115"),
        (["81E2110002BF3E", "81E2910006BF3E035C015A"], "6115"),
        (["81E2110002BF3E", f"01A4040C10{ISDR}", "81E2910104035C015A"], "6a86"),
        (["81E2800006BF3E035C015A"], "6a86"),
        (["81E2910000"], "6700"),
        (["81E2910006BF3E035C015B"], "6a80"),
        (["81E2910006BF3E045C015A"], "6a80"),
        (["81E2910007BF3E035C015A00"], "6a80"),
        (["81E2910003BF5500"], "6a88"),
        (["81E2910003BF3500"], "6a88"),
        (["81E2910003BF4200"], "6a88"),
    ],
)
def test_block_numbers_and_requests(terminal, commands, expected):
    for command in commands:
        answer = terminal.apdu(command)
    assert answer.hex() == expected


@pytest.mark.parametrize("refusal", [0x6700, 0x6601])
def test_largest_segment(terminal, chip, refusal):
    chip.config.largest_segment, chip.config.segment_limit_sw = 4, refusal
    assert terminal.send(bytes.fromhex(EID)) == (b"", refusal)
    terminal.size = 4
    assert terminal.es10(EID).get(0x5A).value == chip.eid_octets


def test_refresh_is_fetched(terminal, chip):
    iccid = bytes.fromhex("98001032547698103214")
    chip.add_profile(Profile(iccid, b""))
    request = switch(0xBF31)
    assert terminal.apdu(bytes([0x81, 0xE2, 0x91, 0, len(request)]) + request).hex() == "6106"
    assert terminal.apdu("01C0000006").hex() == "bf3103800100910b"
    assert terminal.apdu("8012000005").hex() == "6c0b"
    assert terminal.apdu("801200000B").hex() == "d009810301010482028182" + "9000"
    assert terminal.apdu("801400000C810301010482028281830100").hex() == "9000"
    assert terminal.apdu("801200000B").hex() == "6985"
    assert terminal.send(bytes.fromhex(EID))[1] == 0x6985
    chip.reset()
    assert chip.profiles.enabled.iccid == iccid


def test_channels_are_independent(chip):
    first, second = Terminal(chip), Terminal(chip)
    first.apdu("81E2110002BF3E")
    assert second.es10(EID).tag == 0xBF3E
    assert first.apdu("81E2910104035C015A").hex() == "6115"
    chip.process(bytes.fromhex("00708002"))
    assert second.send(bytes.fromhex(EID))[1] == 0x6881


def test_counters_and_transcript(made, tmp_path):
    chip = Euicc(made.chip)
    terminal = Terminal(chip)
    chip.counters.reset()
    terminal.es10(EID)
    numbers = chip.counters.snapshot()
    assert numbers["apdus"] == 1 and numbers["functions"] == {"GetEID": 1}
    assert (numbers["octets_out"], numbers["octets_in"]) == (12, 23)
    assert [exchange.name for exchange in chip.transcript] == ["MANAGE CHANNEL", "SELECT", "GetEID"]
    chip.transcript.save(tmp_path / "transcript")
    assert f"> 81E2910006{EID}00\n" in (tmp_path / "transcript").read_text()
