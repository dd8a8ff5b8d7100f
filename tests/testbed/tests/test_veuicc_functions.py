# SPDX-License-Identifier: LGPL-2.1-or-later
"""ES10 functions besides the download: information, profiles and their states, notifications."""

from dataclasses import replace

import pytest

from testbed import crypto, pki, tlv
from testbed.tests.veuicc_peers import HOST, ICCID, Terminal, profile_id, switch
from testbed.veuicc import Euicc, Profile

ICCID2 = bytes.fromhex("98001032547698103224")
OWNER = tlv.encode(0x80, bytes.fromhex("00F110"))
EVERY_EVENT = tlv.encode(0x30, [tlv.encode(0x80, tlv.bit_string(range(4))), tlv.encode(0x81, HOST)])


def put(chip, iccid=ICCID, **fields):
    fields.setdefault("notification_configuration", EVERY_EVENT)
    return chip.add_profile(Profile(iccid, b"", **fields))


def rules(*bits):
    return tlv.bit_string(bits)


def states(terminal):
    listed = terminal.es10("BF2D055C035A9F70")
    return {e.get(0x5A).value: e.get(0x9F70).value[0] for e in listed.get(0xA0).children()}


def events(chip):
    return [(n.event, n.metadata[-10:]) for n in chip.notifications]


# Information


def test_addresses(terminal):
    assert terminal.es10("BF3C00").get(0x81).value == b"testrootsmds.example.com"
    assert terminal.es10("BF3C00").find(0x80) is None
    assert terminal.code("BF3F128010736D64702E6578616D706C652E636F6D") == 0
    assert terminal.es10("BF3C00").get(0x80).value == HOST
    assert terminal.code("BF3F028000") == 0
    assert terminal.es10("BF3C00").find(0x80) is None
    assert terminal.code(tlv.encode(0xBF3F, tlv.encode(0x80, b"a" * 256))) == 127
    assert terminal.code(tlv.encode(0xBF3F, tlv.encode(0x80, b"\xc3\xa4"))) == 127


def test_no_root_ds(terminal, chip):
    chip.config.root_ds = None
    assert terminal.es10("BF3C00").raw.hex() == "bf3c028100"


def test_info(terminal, chip, made):
    first, second = terminal.es10("BF2000"), terminal.es10("BF2200")
    for listed in (0xA9, 0xAA):
        pkid = tlv.encode(0x04, made.ci.pkid)
        assert first.get(listed).value == second.get(listed).value == pkid
    assert first.get(0x82).value == second.get(0x82).value == bytes([2, 5, 0])
    for mandatory in (0x81, 0x83, 0x84, 0x85, 0x88, 0x04, 0x0C):
        second.get(mandatory)
    chip.config.forbidden_rules = (1,)
    assert terminal.es10("BF2200").get(0x99).value == rules(1)


def test_free_memory(terminal, chip):
    def free():
        resource = tlv.parse(terminal.es10("BF2200").get(0x84).value)
        return int.from_bytes(tlv.find(resource, 0x82).value, "big")

    before = free()
    put(chip, package=bytes(1000))
    assert before - free() == 1000
    assert terminal.code(tlv.encode(0xBF33, profile_id())) == 0
    assert free() == before


def test_rat(terminal, chip):
    (entry,) = terminal.es10("BF4300").get(0xA0).children()
    assert tlv.read_bit_string(entry.get(0x80).value) == {1, 2}
    chip.config.rat = []
    assert terminal.es10("BF4300").raw.hex() == "bf4302a000"


# GetProfilesInfo


def test_empty_list(terminal):
    assert terminal.es10("BF2D00").raw.hex() == "bf2d02a000"


def test_default_and_chosen_tags(terminal, chip):
    put(chip, name=b"Name", service_provider=b"SP", icon_type=1, icon=b"icon", owner=OWNER,
        rules=rules(1), dp_proprietary=tlv.encode(0x80, b"\x88"))
    (entry,) = terminal.es10("BF2D00").get(0xA0).children()
    assert [c.tag for c in entry.children()] == [0x5A, 0x4F, 0x9F70, 0x91, 0x92, 0x93, 0x94, 0x95]
    (entry,) = terminal.es10("BF2D105C0E5A4F9F70909192939495B6B7B899").get(0xA0).children()
    assert [c.tag for c in entry.children()][-4:] == [0xB6, 0xB7, 0xB8, 0x99]
    (entry,) = terminal.es10("BF2D055C035A9F70").get(0xA0).children()
    assert [c.tag for c in entry.children()] == [0x5A, 0x9F70]


def test_missing_names_are_left_out(terminal, chip):
    put(chip, notification_configuration=None)
    (entry,) = terminal.es10("BF2D00").get(0xA0).children()
    assert [c.tag for c in entry.children()] == [0x5A, 0x4F, 0x9F70, 0x95]


def test_criteria(terminal, chip):
    put(chip)
    other = put(chip, ICCID2, profile_class=1)

    def found(criterion):
        request = tlv.encode(0xBF2D, tlv.encode(0xA0, criterion))
        return [e.get(0x5A).value for e in terminal.es10(request).get(0xA0).children()]

    assert found(profile_id()) == [ICCID]
    assert found(tlv.encode(0x4F, other.aid)) == [ICCID2]
    assert found(tlv.encode(0x95, b"\x01")) == [ICCID2]
    assert found(profile_id(bytes(10))) == []


@pytest.mark.parametrize("request_", ["BF2D05A003800101", "BF2D02A000", "BF2D035C019F"])
def test_incorrect_input(terminal, request_):
    assert terminal.es10(request_).raw.hex() == "bf2d03810101"


def test_unknown_tag_in_the_list(terminal, chip):
    put(chip)
    assert terminal.es10("BF2D065C045A9F7B9F").find(0x81)
    assert terminal.es10("BF2D055C035A9F7B").find(0xA0)
    chip.config.strict_tag_list = True
    assert terminal.es10("BF2D055C035A9F7B").raw.hex() == "bf2d03810101"


# States


def test_examples_of_the_reference(terminal, chip):
    profile = put(chip)
    assert terminal.es10("BF29125A0A98001032547698103214900454726970").raw.hex() == "bf2903800100"
    assert profile.nickname == b"Trip"
    assert terminal.code("BF290E5A0A980010325476981032149000") == 0
    assert profile.nickname is None
    enable = terminal.es10("BF3111A00C5A0A980010325476981032148101FF")
    assert enable.raw.hex() == "bf3103800100"
    chip.reset()
    terminal = Terminal(chip)
    assert terminal.code("BF3211A00C5A0A98001032547698103214810100") == 0
    assert terminal.es10("BF330C5A0A98001032547698103214").raw.hex() == "bf3303800100"
    assert len(chip.profiles) == 0


@pytest.mark.parametrize("by", ["iccid", "aid"])
def test_enable_with_refresh_waits_for_the_reset(terminal, chip, by):
    profile = put(chip)
    request = switch(0xBF31)
    if by == "aid":
        wrapped = tlv.encode(0xA0, tlv.encode(0x4F, profile.aid))
        request = tlv.encode(0xBF31, [wrapped, tlv.encode(0x81, b"\xff")])
    body, sw = terminal.send(request)
    assert body.hex() == "bf3103800100" and sw == 0x910B
    assert not profile.enabled and not chip.notifications.pending
    assert terminal.send(bytes.fromhex("BF2D00"))[1] == 0x6985
    chip.reset()
    assert profile.enabled and events(chip) == [(1, ICCID)]


def test_without_proactive_refresh(terminal, chip):
    chip.config.proactive_refresh = False
    put(chip)
    assert terminal.send(switch(0xBF31))[1] == 0x9000
    assert terminal.send(bytes.fromhex("BF2D00"))[1] == 0x6985


def test_power_cycle_finishes_the_switch(terminal, chip):
    profile = put(chip)
    terminal.es10(switch(0xBF31))
    chip.power_off()
    chip.power_on()
    assert profile.enabled


def test_switch_without_refresh_is_immediate(terminal, chip):
    put(chip)
    put(chip, ICCID2, enabled=True)
    assert terminal.send(switch(0xBF31, refresh=False)) == (bytes.fromhex("BF3103800100"), 0x9000)
    assert states(terminal) == {ICCID: 1, ICCID2: 0}
    assert events(chip) == [(2, ICCID2), (1, ICCID)]
    assert terminal.code(switch(0xBF32, refresh=False)) == 0
    assert states(terminal) == {ICCID: 0, ICCID2: 0}


@pytest.mark.parametrize(("tag", "fields", "expected"), [
    (0xBF31, {"enabled": True}, 2),
    (0xBF32, {}, 2),
    (0xBF32, {"enabled": True, "rules": rules(1)}, 3),
])
def test_refused_switches(terminal, chip, tag, fields, expected):
    profile = put(chip, **fields)
    before = profile.enabled
    assert terminal.code(switch(tag)) == expected
    assert terminal.code(switch(tag, ICCID2)) == 1
    chip.reset()
    assert profile.enabled == before and not chip.notifications.pending


def test_ppr1_of_the_enabled_profile(terminal, chip):
    put(chip, enabled=True, rules=rules(1))
    put(chip, ICCID2)
    assert terminal.code(switch(0xBF31, ICCID2)) == 3
    test = put(chip, bytes(10), profile_class=0)
    assert terminal.code(switch(0xBF31, test.iccid, refresh=False)) == 0


def test_cat_busy(terminal, chip):
    chip.config.cat_busy = True
    put(chip)
    put(chip, ICCID2, enabled=True)
    assert terminal.code(switch(0xBF31)) == 5
    assert terminal.code(switch(0xBF32, ICCID2)) == 5
    assert terminal.code("BF3404820205E0") == 5


def test_test_profile_remembers_the_operational_one(terminal, chip):
    put(chip, enabled=True)
    put(chip, ICCID2)
    test = put(chip, bytes(10), profile_class=0)
    assert terminal.code(switch(0xBF31, test.iccid, refresh=False)) == 0
    assert terminal.code(switch(0xBF31, ICCID2, refresh=False)) == 4
    assert terminal.code(switch(0xBF32, test.iccid, refresh=False)) == 0
    assert chip.profiles.enabled.iccid == ICCID
    assert (1, test.iccid) not in events(chip)


def test_delete(terminal, chip):
    assert terminal.code(tlv.encode(0xBF33, profile_id())) == 1
    profile = put(chip, enabled=True)
    assert terminal.code(tlv.encode(0xBF33, profile_id())) == 2
    profile.enabled, profile.rules = False, rules(2)
    assert terminal.code(tlv.encode(0xBF33, profile_id())) == 3
    profile.rules = None
    assert terminal.code(tlv.encode(0xBF33, tlv.encode(0x4F, profile.aid))) == 0
    assert events(chip) == [(3, ICCID)]


@pytest.mark.parametrize("request_", [
    "BF310C5A0A98001032547698103214", "BF310EA00C5A0A98001032547698103214", "BF3105A000810100",
    "BF330EA00C5A0A98001032547698103214", "BF3300", "BF290C5A0A98001032547698103214",
])
def test_malformed_requests(terminal, chip, request_):
    put(chip)
    assert terminal.send(bytes.fromhex(request_)) == (b"", 0x6A80)
    assert len(chip.profiles) == 1


@pytest.mark.parametrize(("name", "expected"), [
    (b"x" * 64, 0), (b"x" * 65, 127), (b"\xff", 127), ("ß€😀".encode(), 0),
])
def test_nickname(terminal, chip, name, expected):
    profile = put(chip)
    request = [profile_id(), tlv.encode(0x90, name)]
    assert terminal.code(tlv.encode(0xBF29, request)) == expected
    assert profile.nickname == (None if expected else name)


def test_nickname_of_nobody(terminal):
    assert terminal.code("BF290E5A0A980010325476981032149000") == 1


@pytest.mark.parametrize(("options", "left"), [("E0", {1, 3}), ("80", {0, 1, 3}), ("40", {1, 2, 3})])
def test_memory_reset(terminal, chip, options, left):
    put(chip, bytes([0] * 10), profile_class=0)
    put(chip, bytes([1] * 10), profile_class=1)
    put(chip, bytes([2] * 10), profile_class=2, enabled=True, rules=rules(1, 2))
    put(chip, bytes([3] * 10), profile_class=0, field_loaded=False)
    chip.default_dp = "smdp.example.com"
    body, sw = terminal.send(bytes.fromhex(f"BF3404820205{options}"))
    assert body.hex() == "bf3403800100"
    assert {p.iccid[0] for p in chip.profiles} == left
    assert (sw >> 8 == 0x91) == (2 not in left)
    assert events(chip) == ([] if 2 in left else [(3, bytes([2] * 10))])
    assert chip.default_dp == ("" if options == "E0" else "smdp.example.com")


def test_nothing_to_reset(terminal, chip):
    assert terminal.code("BF340482020780") == 1
    assert terminal.code("BF340482020520") == 0


def test_memory_reset_results(terminal, chip):
    reset_operational, reset_nothing, reset_more = "BF340482020780", "BF340482020700", "BF340482020490"
    put(chip)
    assert terminal.code(reset_nothing) == 127
    assert terminal.code(reset_more) == 127
    chip.config.cat_busy = True
    assert terminal.code(reset_operational) == 0, "no toolkit session is touched"
    put(chip, enabled=True)
    assert terminal.code(reset_operational) == 5
    assert len(chip.profiles) == 1


def test_memory_reset_with_refresh(terminal, chip):
    """The profile in use went: nothing else is answered until the card has been reset."""
    put(chip, enabled=True)
    assert terminal.code("BF340482020780") == 0
    assert terminal.send(bytes.fromhex("BF2D00")) == (b"", 0x6985)
    chip.reset()
    terminal.open()
    assert states(terminal) == {}
    assert [event for event, _ in events(chip)] == [3]


# Notifications


@pytest.mark.parametrize("first", [0, 1, 127, 128, 255, 256, 70000])
def test_sequence_numbers(made, first):
    chip = Euicc(made.chip)
    chip.notifications.next_seq = first
    terminal = Terminal(chip)
    for _ in range(2):
        put(chip)
        terminal.code(tlv.encode(0xBF33, profile_id()))
    assert terminal.sequence_numbers() == [first, first + 1]
    number = tlv.encode(0x80, tlv.integer(first))
    (entry,) = terminal.es10(tlv.encode(0xBF2B, tlv.encode(0xA0, number))).get(0xA0).children()
    assert tlv.read_integer(entry.get(0xBF2F).get(0x80).value) == first
    assert terminal.code(tlv.encode(0xBF30, number)) == 0
    assert terminal.code(tlv.encode(0xBF30, number)) == 1
    assert terminal.sequence_numbers() == [first + 1]


def test_signed_notification(terminal, chip, made):
    put(chip)
    terminal.code(tlv.encode(0xBF33, profile_id()))
    (entry,) = terminal.es10("BF2B00").get(0xA0).children()
    metadata, signature, euicc, eum = entry.children()
    assert crypto.verify(made.chip.euicc, metadata.raw, signature.value)
    assert pki.load_cert(euicc.raw) == made.chip.euicc and pki.load_cert(eum.raw) == made.chip.eum
    assert metadata.get(0x81).value.hex() == "0410"
    assert metadata.get(0x0C).value == HOST and metadata.get(0x5A).value == ICCID


def test_each_recipient_has_its_own(terminal, chip):
    other = tlv.encode(0x30, [tlv.encode(0x80, tlv.bit_string([3])), tlv.encode(0x81, b"other")])
    put(chip, notification_configuration=EVERY_EVENT + other)
    terminal.code(tlv.encode(0xBF33, profile_id()))
    listed = terminal.es10("BF2800").get(0xA0).children()
    assert [entry.get(0x0C).value for entry in listed] == [HOST, b"other"]


def test_filters(terminal, chip):
    put(chip)
    terminal.code(switch(0xBF31, refresh=False))
    terminal.code(switch(0xBF32, refresh=False))
    assert len(terminal.es10("BF2804810204F0").get(0xA0).children()) == 2
    assert len(terminal.es10("BF280481020640").get(0xA0).children()) == 1
    assert terminal.es10("BF280481020780").raw.hex() == "bf2802a000"
    assert len(terminal.es10("BF2B06A00481020520").get(0xA0).children()) == 1
    assert terminal.es10("BF2B06A00481020780").raw.hex() == "bf2b03810101"


@pytest.mark.parametrize(("request_", "answer"), [
    ("BF2B00", "bf2b03810101"), ("BF2B05A003800105", "bf2b03810101"), ("BF2B03800105", "bf2b0381017f"),
    ("BF2B02A000", "bf2b0381017f"), ("BF2B05A003820105", "bf2b0381017f"), ("BF2800", "bf2802a000"),
])
def test_without_notifications(terminal, request_, answer):
    assert terminal.es10(request_).raw.hex() == answer


def test_slots(terminal, chip):
    chip.config.notification_slots = 2
    for _ in range(3):
        put(chip)
        terminal.code(tlv.encode(0xBF33, profile_id()))
    assert terminal.sequence_numbers() == [2, 3]


@pytest.mark.parametrize("first", [0, 127, 2**31 - 2, 2**32 - 4])
def test_gaps(terminal, chip, first):
    chip.config.sequence_number_step, chip.notifications.next_seq = 3, first
    for _ in range(2):
        put(chip)
        terminal.code(tlv.encode(0xBF33, profile_id()))
    assert terminal.sequence_numbers() == chip.notifications.given == [first, first + 3]


def test_large_certificates(made):
    chip = Euicc(pki.make_chip(made.ci, pki.make_eid(serial=5), padding=300))
    put(chip)
    chip.notify([(1, chip.profiles.by_iccid(ICCID))])
    (notification,) = chip.notifications
    assert 1500 < len(notification.raw) < 2100


# Storage


def test_state_file(made, tmp_path):
    path = tmp_path / "chip.json"
    chip = Euicc(made.chip, state_file=path)
    terminal = Terminal(chip)
    put(chip, name=b"\xff\x00", package=bytes(10), rules=rules(1), owner=OWNER)
    terminal.code("BF3F128010736D64702E6578616D706C652E636F6D")
    terminal.code(switch(0xBF31))
    again = Euicc(made.chip, state_file=path)
    assert again.profiles.enabled == replace(chip.profiles.by_iccid(ICCID), enabled=True)
    assert again.default_dp == "smdp.example.com" and events(again) == [(1, ICCID)]
    third = Euicc(made.chip, state_file=path)
    assert events(third) == events(again) and third.notifications.next_seq == 2


def test_state_of_another_chip(made, tmp_path):
    Euicc(made.chip, state_file=tmp_path / "chip.json")
    other = pki.make_chip(made.ci, pki.make_eid(serial=99))
    with pytest.raises(ValueError, match="another chip"):
        Euicc(other, state_file=tmp_path / "chip.json")
