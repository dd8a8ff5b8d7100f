# SPDX-License-Identifier: LGPL-2.1-or-later
"""Cards in the field that take commands in one form only, or say something other than what they have done."""

import pytest

from testbed import tlv
from testbed.tests.test_veuicc_functions import put, states
from testbed.tests.veuicc_peers import ICCID, profile_id, switch

ENABLE, DISABLE, DELETE, RESET = 0xBF31, 0xBF32, 0xBF33, 0xBF34
RESET_ALL = tlv.encode(RESET, tlv.encode(0x82, tlv.bit_string([0])))


def by_aid(tag, aid, refresh=False):
    identifier = tlv.encode(0x4F, aid)
    if tag == DELETE:
        return tlv.encode(tag, identifier)
    return tlv.encode(tag, [tlv.encode(0xA0, identifier), tlv.encode(0x81, tlv.boolean(refresh))])


def by_iccid(tag, refresh=False):
    return tlv.encode(tag, profile_id()) if tag == DELETE else switch(tag, ICCID, refresh)


@pytest.mark.parametrize("tag", [ENABLE, DISABLE, DELETE])
@pytest.mark.parametrize("known", [0x5A, 0x4F])
def test_one_identifier_only(terminal, chip, tag, known):
    profile = put(chip, enabled=tag == DISABLE)
    chip.config.identifiers = (known,)
    ways = {0x5A: by_iccid(tag), 0x4F: by_aid(tag, profile.aid)}
    assert terminal.code(ways[0x5A if known == 0x4F else 0x4F]) == 1
    assert states(terminal) == {ICCID: int(tag == DISABLE)}
    assert terminal.code(ways[known]) == 0
    assert states(terminal) == ({} if tag == DELETE else {ICCID: int(tag == ENABLE)})


@pytest.mark.parametrize("tag", [ENABLE, DISABLE])
@pytest.mark.parametrize("taken", [False, True])
def test_one_refresh_flag_only(terminal, chip, tag, taken):
    put(chip, enabled=tag == DISABLE)
    chip.config.refresh_flags = (taken,)
    assert terminal.code(switch(tag, ICCID, not taken)) == 127
    assert chip.profiles.pending is None
    assert terminal.code(switch(tag, ICCID, taken)) == 0
    chip.reset()
    terminal.open()
    assert states(terminal) == {ICCID: int(tag == ENABLE)}


@pytest.mark.parametrize("tag, request_octets", [
    (ENABLE, by_iccid(ENABLE)), (DISABLE, by_iccid(DISABLE)), (DELETE, by_iccid(DELETE)), (RESET, RESET_ALL),
])
def test_error_though_it_worked(terminal, chip, tag, request_octets):
    put(chip, enabled=tag == DISABLE)
    chip.config.false_error = 127
    assert terminal.code(request_octets) == 127
    chip.config.false_error = None
    assert states(terminal) == ({} if tag in (DELETE, RESET) else {ICCID: int(tag == ENABLE)})


@pytest.mark.parametrize("tag, request_octets", [
    (ENABLE, by_iccid(ENABLE)), (DISABLE, by_iccid(DISABLE)), (DELETE, by_iccid(DELETE)), (RESET, RESET_ALL),
])
def test_ok_though_nothing_was_done(terminal, chip, tag, request_octets):
    put(chip, enabled=tag == DISABLE)
    chip.config.false_ok = True
    assert terminal.code(request_octets) == 0
    assert states(terminal) == {ICCID: int(tag == DISABLE)}
    assert not len(chip.notifications)


@pytest.mark.parametrize("request_octets", [
    "BF3100", "BF310EA00C5A0A98001032547698103214", "BF3117A00C5A0A980010325476981032148101FF8201008301FF",
    "BF33005A00", "BF34820207", "BF3406820207808300", "BF3F0580008100", "BF300680010181010100",
    "BF3E065C015A5D0100", "BF2911900058005A0A98001032547698103214",
])
def test_request_with_other_members(terminal, request_octets):
    """What SGP.22 v2.5 has no place for, a chip of that version refuses."""
    assert terminal.send(bytes.fromhex(request_octets)) == (b"", 0x6A80)
