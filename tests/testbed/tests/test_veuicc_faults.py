# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each fault does what it says, when it says so, and nothing else."""

import pytest

from testbed import tlv
from testbed.tests.veuicc_peers import (
    ICCID,
    Session,
    Terminal,
    elements,
    metadata,
    outcome,
    profile_id,
    switch,
)
from testbed.veuicc import Euicc, Profile
from testbed.veuicc.faults import (
    UNKNOWN,
    Faults,
    early_result,
    lost_answer,
    mutate,
    remove,
    reset,
    result,
    result_code,
    silence,
    status,
    unknown_tags,
    wrong_length,
)
from testbed.veuicc.names import FUNCTIONS, LOAD_PACKAGE

EID = bytes.fromhex("BF3E035C015A")


def pieces_of(session, **options):
    session.start()
    plain = elements(size=2000)
    return session.operator.package(session.secure_channel(), metadata(), plain, **options)


@pytest.mark.parametrize("n", [1, 2, 5])
def test_status_at_the_nth_apdu(terminal, chip, n):
    chip.faults.at_apdu(n, status(0x6F00))
    words = [terminal.send(EID)[1] for _ in range(6)]
    assert words == [0x6F00 if i == n else 0x9000 for i in range(1, 7)]
    assert chip.faults.waiting == 0 and len(chip.faults.fired) == 1


@pytest.mark.parametrize(("times", "expected"), [(2, 2), (None, 5)])
def test_repeated(terminal, chip, times, expected):
    chip.faults.at_call("GetEID", status(0x6985), times=times)
    assert [terminal.send(EID)[1] for _ in range(5)].count(0x6985) == expected
    chip.faults.clear()
    assert terminal.send(EID)[1] == 0x9000


def test_nth_call_counts_only_its_function(terminal, chip):
    chip.faults.at_call("GetEID", status(0x6985), n=2)
    assert terminal.send(EID)[1] == 0x9000
    assert terminal.send(bytes.fromhex("BF2000"))[1] == 0x9000
    assert terminal.send(EID)[1] == 0x6985


@pytest.mark.parametrize("function", sorted(set(FUNCTIONS) - {LOAD_PACKAGE}))
def test_any_result_code_of_any_function(terminal, chip, function):
    tag, error_tag = FUNCTIONS[function]
    chip.faults.at_call(function, result_code(function, 99))
    answer = terminal.es10(tlv.encode(tag))
    member = answer.get(error_tag)
    number = member.get(0x02).value if error_tag == 0xA1 else member.value
    assert (answer.tag, tlv.read_integer(number)) == (tag, 99)


def test_raw_answer_and_change(terminal, chip):
    chip.faults.at_call("GetEID", result(b"\xbf\x3e"))
    assert terminal.send(EID) == (b"\xbf\x3e", 0x9000)
    chip.faults.at_call("GetEID", mutate(lambda body: body[:-1]))
    assert terminal.send(EID)[0] == bytes.fromhex("BF3E125A10") + chip.eid_octets[:-1]
    chip.faults.at_apdu(1, mutate(lambda answer: answer[::-1]))
    assert terminal.apdu(b"\x81\xe2\x91\x00\x06" + EID + b"\x00")[:2] == b"\x00\x90"


def test_processed_or_not(terminal, chip):
    """A lost answer changes the state; silence does not."""
    delete = tlv.encode(0xBF33, profile_id())
    command = bytes([0x81, 0xE2, 0x91, 0, len(delete)]) + delete + b"\x00"
    for fault, left in ((silence(), 1), (lost_answer(), 0)):
        if not chip.profiles.by_iccid(ICCID):
            chip.add_profile(Profile(ICCID, b""))
        chip.faults.at_call("DeleteProfile", fault)
        assert chip.process(command) is None
        assert len(chip.profiles) == left


@pytest.mark.parametrize("after", [False, True])
def test_removal(terminal, chip, after):
    pulled = []
    chip.on_removal = lambda: pulled.append(True)
    chip.add_profile(Profile(ICCID, b""))
    chip.faults.at_call("DeleteProfile", remove(after=after))
    delete = tlv.encode(0xBF33, profile_id())
    assert chip.process(bytes([0x81, 0xE2, 0x91, 0, len(delete)]) + delete) is None
    assert pulled == [True] and len(chip.profiles) == (0 if after else 1)
    assert chip.process(bytes.fromhex("0070000001")) is None
    chip.power_on()
    assert Terminal(chip).es10(EID)


@pytest.mark.parametrize("after", [False, True])
def test_reset_in_the_middle(terminal, chip, after):
    profile = chip.add_profile(Profile(ICCID, b""))
    chip.faults.at_call("EnableProfile", reset(0x6F00, after=after))
    assert terminal.send(switch(0xBF31)) == (b"", 0x6F00)
    assert terminal.send(EID)[1] == 0x6881
    assert profile.enabled == after


@pytest.mark.parametrize("delta", [-3, 3])
def test_wrong_length(terminal, chip, delta):
    chip.faults.at_call("GetEID", wrong_length(delta))
    assert terminal.apdu(b"\x81\xe2\x91\x00\x06" + EID + b"\x00") == bytes([0x61, 0x15 + delta])
    answer = terminal.apdu(bytes([0x01, 0xC0, 0, 0, 0x15 + delta]))
    assert answer[-2:].hex() == ("6103" if delta < 0 else "6c15")


@pytest.mark.parametrize("request_", ["BF2D00", "BF2800", "BF2200", "BF2000", "BF3C00", "BF3E035C015A"])
def test_unknown_tags(terminal, chip, request_):
    chip.add_profile(Profile(ICCID, b""))
    before = terminal.es10(request_)
    name = next(n for n, (tag, _) in FUNCTIONS.items() if tag == before.tag)
    chip.faults.at_call(name, unknown_tags())
    after = terminal.es10(request_)
    assert after.find(0xDF7F) and len(after.find_all(0xDF7F)) == 2
    assert [c.tag for c in after.children() if c.tag != 0xDF7F] == [c.tag for c in before.children()]
    if request_ == "BF2D00":
        assert after.get(0xA0).get(0xE3).find(0xDF7F)


def test_unknown_tags_leave_signed_objects_alone(session, chip):
    chip.faults.at_call("AuthenticateServer", unknown_tags())
    answer = session.authenticate()
    assert answer.value.endswith(UNKNOWN) and not answer.get(0xA0).find(0xDF7F)
    assert session.prepare().find(0xA0)


@pytest.mark.parametrize("command", [0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize("reason", [1, 8, 9, 10, 11, 12, 127])
def test_early_result(session, chip, command, reason):
    pieces = pieces_of(session)
    chip.faults.at_segment(4, early_result(command, reason))
    body, sw, count = session.load(pieces)
    assert outcome(tlv.parse_single(body)) == (command, reason) and count == 4
    assert session.terminal.send(pieces[4]) == (b"", 0x6A88)
    assert [n.raw for n in chip.notifications] == [body]


@pytest.mark.parametrize("n", range(1, 8))
def test_status_at_each_segment(session, chip, n):
    pieces = pieces_of(session)
    assert len(pieces) == 8
    chip.faults.at_segment(n, status(0x6985))
    assert session.load(pieces) == (b"", 0x6985, n)


def test_blocks_of_a_package_are_counted_together(session, chip):
    pieces = pieces_of(session)
    blocks = sum(-(-len(piece) // 255) for piece in pieces)
    chip.faults.at_block(LOAD_PACKAGE, blocks, lost_answer())
    with pytest.raises(TypeError):  # the terminal has no answer to look at
        session.load(pieces)
    assert chip.profiles.by_iccid(ICCID)
    assert session.terminal.sequence_numbers() == [1, 2]


def test_pulled_at_a_block(made, tmp_path):
    chip = Euicc(made.chip, state_file=tmp_path / "chip.json")
    session = Session(chip, made)
    pieces = pieces_of(session)
    chip.faults.at_block(LOAD_PACKAGE, 6, remove())
    with pytest.raises(TypeError):
        session.load(pieces)
    chip.power_on()
    (note,) = chip.notifications
    assert outcome(tlv.parse_single(note.raw))[1] == 11


def test_impossible_faults():
    faults = Faults()
    for wrong in (
        lambda: faults.at_apdu(0, silence()),
        lambda: faults.at_call("Nothing", silence()),
        lambda: faults.at_apdu(1, early_result(0, 1)),
        lambda: faults.at_call("GetEID", early_result(0, 1)),
        lambda: faults.at_block("GetEID", 1, mutate(bytes)),
    ):
        with pytest.raises(ValueError):
            wrong()
