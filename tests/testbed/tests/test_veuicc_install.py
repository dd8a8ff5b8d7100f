# SPDX-License-Identifier: LGPL-2.1-or-later
"""Loading of packages: success, each errorReason, segment borders, interruption."""

import pytest

from testbed import crypto, pki, tlv
from testbed.tests.veuicc_peers import (
    HOST,
    ICCID,
    Session,
    elements,
    metadata,
    outcome,
    segments,
    switch,
)
from testbed.veuicc import Euicc, Profile

OWNER = tlv.encode(0x80, bytes.fromhex("00F110"))
GID_AABB = bytes.fromhex("8102AABB")
PPR1 = tlv.bit_string([1])


def check_result(result, session, made):
    """Signature, transaction and address of a ProfileInstallationResult."""
    data, signature = result.children()
    assert crypto.verify(made.chip.euicc, data.raw, signature.value)
    assert data.get(0x80).value == session.operator.transaction_id
    about = data.get(0xBF2F)
    assert about.get(0x81).value.hex() == "0780" and about.get(0x0C).value == HOST
    assert tlv.read_oid(data.get(0x06).value) == pki.DEFAULT_DP_OID
    return about


# Success


@pytest.mark.parametrize("ppk", [False, True])
@pytest.mark.parametrize("size", [0, 5000])
@pytest.mark.parametrize("block", [60, 255])
def test_installation(session, chip, made, ppk, size, block):
    session.terminal.size = block
    icon = bytes(range(256)) * 4
    about = metadata(t93=b"\x01", t94=icon, tB7=OWNER, t99=PPR1)
    plain = elements(size=size)
    free = chip.free_memory
    result = session.install(about, plain, ppk=ppk)
    profile = chip.profiles.by_iccid(ICCID)
    assert outcome(result) == profile.aid
    assert check_result(result, session, made).get(0x5A).value == ICCID
    assert (profile.enabled, profile.icon, profile.owner, profile.rules) == (False, icon, OWNER, PPR1)
    assert (profile.service_provider, profile.package) == (b"GSMA_TEST", plain)
    assert free - chip.free_memory == len(plain) + len(icon)
    # The result and the notification that the metadata asks for wait for delivery.
    result_note, other_note = chip.notifications
    assert result_note.raw == result.raw and other_note.raw[0] == 0x30
    assert (result_note.seq, other_note.seq) == (1, 2)


@pytest.mark.parametrize("curve", list(crypto.CURVES))
def test_curves(curve):
    made = pki.make_testbed_pki(pki.make_eid(), ["smdp.example.com"], curve)
    session = Session(Euicc(made.chip), made)
    assert outcome(session.install()) == session.chip.profiles.by_iccid(ICCID).aid


def test_test_profile(session, chip):
    session.install(metadata(t95=b"\x00"))
    assert chip.profiles.by_iccid(ICCID).profile_class == 0
    assert len(chip.notifications) == 1


def test_dp_proprietary_data(session, chip):
    data = tlv.encode(0xB8, tlv.encode(0x80, tlv.oid("2.999.10")))
    session.install(configuration=tlv.encode(0xBF24, data))
    assert chip.profiles.by_iccid(ICCID).dp_proprietary == data[2:]


def test_1036_octet_segments(session, chip):
    assert isinstance(outcome(session.install(plain=elements(size=3000), step=1008)), bytes)


def test_1036_octet_segments_in_strict_mode(session, chip):
    chip.config.strict_segments = True
    assert outcome(session.install(plain=elements(size=3000), step=1008)) == (5, 7)


def test_counters(session, chip):
    """One command for each 255 octets of a segment."""
    session.start()
    pieces = session.operator.package(session.secure_channel(), metadata(), elements(size=3000))
    chip.counters.reset()
    session.load(pieces)
    assert chip.counters.bpp_apdus == sum(-(-len(piece) // 255) for piece in pieces)
    assert chip.counters.functions == {"LoadBoundProfilePackage": 1}


def test_segment_with_further_members_of_a0_alone(session, chip):
    """The other reading of 2.5.5: A0's header with its first 87, then each 87 alone."""
    session.start()
    bsp_channel = session.secure_channel()
    bsp = session.operator.bsp
    parts = {
        0xA0: [bsp.encrypt_and_mac(0x87, b"\xbf"), bsp.encrypt_and_mac(0x87, b"\x24\x00")],
        0xA1: [bsp.mac_only(0x88, metadata())],
        0xA3: [bsp.encrypt_and_mac(0x86, elements())],
    }
    pieces = segments(bsp_channel, parts)
    second = parts[0xA0][1]
    pieces[1:2] = [pieces[1][:-len(second)], second]
    body, sw, _ = session.load(pieces)
    assert isinstance(outcome(tlv.parse_single(body)), bytes)


# BF23: bppCommandId 0


@pytest.mark.parametrize(("options", "reason"), [
    ({"transaction_id": bytes(16)}, 3),
    ({"operation": 2}, 5),
    ({"key_type": b"\x80"}, 4),
    ({"host_id": b""}, 4),
    ({"host_id": bytes(17)}, 4),
    ({"signer": crypto.generate_key()}, 2),
    ({"point": b"\x04" + bytes(64)}, 1),
])
def test_secure_channel_is_refused(session, chip, made, options, reason):
    session.start()
    first = tlv.encode(0xBF36, [session.secure_channel(**options), bytes(100)])[:-100]
    body, sw, _ = session.load([first])
    result = tlv.parse_single(body, 0xBF37)
    assert outcome(result) == (0, reason) and sw == 0x9000
    assert check_result(result, session, made).find(0x5A) is None
    assert [n.raw for n in chip.notifications] == [body]
    assert session.terminal.send(first)[1] == 0x6985
    assert session.terminal.send(b"\xa1\x05")[1] == 0x6A88


def test_secure_channel_1_members(session):
    session.start()
    channel = tlv.parse_single(session.secure_channel())
    order = [channel.children()[i].raw for i in (1, 0, 2, 3, 4)]
    wrong = tlv.encode(0xBF36, [tlv.encode(0xBF23, order), bytes(100)])[:-100]
    assert outcome(tlv.parse_single(session.load([wrong])[0])) == (0, 1)


def test_one_time_key_is_used_once(session, chip):
    session.start()
    first = session.point
    request = tlv.encode(0xBF41, [tlv.encode(0x80, session.operator.transaction_id),
                                  tlv.encode(0x81, b"\x01")])
    session.terminal.es10(request)
    session.authenticate()
    session.prepare(point=first)
    pieces = session.operator.package(session.secure_channel(), metadata(), elements())
    session.load(pieces)
    assert chip.sessions.kept == []
    session.authenticate()
    session.prepare(point=first)
    assert session.point != first


# Metadata and elements


@pytest.mark.parametrize(("changes", "expected"), [
    ({"t5A": bytes(9)}, (2, 1)),
    ({"t5A": None}, (2, 1)),
    ({"t91": None}, (2, 1)),
    ({"t91": bytes(33)}, (2, 1)),
    ({"t92": bytes(65)}, (2, 1)),
    ({"t94": bytes(5)}, (2, 1)),
    ({"t93": b"\x02"}, (2, 1)),
    ({"t93": b""}, (2, 1)),
    ({"t93": b"\x01", "t94": bytes(1025)}, (2, 1)),
    ({"tB6": tlv.encode(0x30, b"")}, (2, 7)),
    ({"t95": b"\x05"}, (2, 6)),
    ({"t99": PPR1}, (2, 15)),
    ({"t99": tlv.bit_string([4]), "tB7": OWNER}, (2, 15)),
    ({"tB7": tlv.encode(0x80, b"\xee\xf1\x10")}, (2, 1)),
])
def test_metadata_is_refused(session, chip, changes, expected):
    result = session.install(metadata(**changes))
    assert outcome(result) == expected
    assert len(chip.profiles) == 0 and len(chip.notifications) == 1


def test_6_no_test_profiles(session, chip):
    chip.config.rsp_capability = (0,)
    assert outcome(session.install(metadata(t95=b"\x00"))) == (2, 6)


def test_9_iccid_is_there(session, chip):
    chip.add_profile(Profile(ICCID, b""))
    result = session.install()
    assert outcome(result) == (2, 9)
    assert result.get(0xBF27).get(0xBF2F).get(0x5A).value == ICCID
    assert len(chip.profiles) == 1


def test_10_memory(session, chip):
    chip.config.memory = 100
    assert outcome(session.install(plain=elements(size=3000))) == (5, 10)
    chip.config.memory = 10
    assert outcome(session.install(metadata(t93=b"\x01", t94=bytes(11)))) == (2, 10)
    chip.config.memory = 10_000
    assert isinstance(outcome(session.install(plain=elements(size=3000))), bytes)


@pytest.mark.parametrize(("allowed", "owner", "expected"), [
    ("", OWNER, False),
    ("3005800300F110", None, False),
    ("3005800300F110", OWNER, True),
    ("3005800300F120", OWNER, False),
    ("3005800311F1EE", OWNER, False),
    ("3005800300F1EE", OWNER, True),
    ("3005800300F1E0", OWNER, True),
    ("30058003EEEEEE", OWNER, True),
    ("3009800300F1108102AABB", OWNER, False),
    ("3009800300F1108102AABB", OWNER + GID_AABB, True),
    ("3009800300F1108102AABC", OWNER + GID_AABB, False),
    ("3007800300F1108100", OWNER + GID_AABB, True),
    ("3007800300F1108100", OWNER, False),
    ("3005800300F110", OWNER + GID_AABB, False),
    ("3005800300F1203005800300F110", OWNER, True),
])
def test_15_rules_authorisation_table(session, chip, allowed, owner, expected):
    operators = tlv.encode(0xA1, bytes.fromhex(allowed))
    entry = [tlv.encode(0x80, PPR1), operators, tlv.encode(0x82, b"\x00")]
    chip.config.rat = [tlv.encode(0x30, entry)]
    result = outcome(session.install(metadata(t99=PPR1, tB7=owner)))
    assert isinstance(result, bytes) if expected else result == (2, 15)


def test_15_empty_table_and_rule_of_another_entry(session, chip):
    assert outcome(session.install(metadata(t99=tlv.bit_string([2]), tB7=OWNER, t5A=bytes(10)),
                                   elements(bytes(10)))) != (2, 15)
    chip.config.rat = []
    assert outcome(session.install(metadata(t99=PPR1, tB7=OWNER))) == (2, 15)


def test_15_forbidden_rule(session, chip):
    chip.config.forbidden_rules = (1,)
    assert outcome(session.install(metadata(t99=PPR1, tB7=OWNER))) == (2, 15)


def test_15_ppr1_beside_an_operational_profile(session, chip):
    other = chip.add_profile(Profile(bytes(10), profile_class=2))
    assert outcome(session.install(metadata(t99=PPR1, tB7=OWNER))) == (2, 15)
    other.profile_class = 1
    assert isinstance(outcome(session.install(metadata(t99=PPR1, tB7=OWNER))), bytes)


@pytest.mark.parametrize(("options", "expected"), [
    ({"version": (2, 4)}, (5, 12)),
    ({"version": (3, 0)}, (5, 12)),
    ({"services": b"\x83\x00"}, (5, 12)),
    ({"end": False}, (5, 12)),
    ({"ef_iccid": bytes(10)}, (5, 13)),
    ({"iccid": bytes(10)}, (5, 13)),
])
def test_elements_are_refused(session, options, expected):
    assert outcome(session.install(plain=elements(**options))) == expected


@pytest.mark.parametrize("plain", [
    elements()[3:], elements() + b"\x00", elements() + bytes(2000), b"\x9f\xff" * 10,
    elements(end=False) + b"\xaf\x00" + b"\xaa\x02\xa0\x00", elements(end=False) + b"\xaa\x00",
    elements(end=False) + elements(),
])
def test_12_malformed_elements(session, chip, plain):
    assert outcome(session.install(plain=plain)) == (5, 12)
    assert len(chip.profiles) == 0


def test_12_tells_the_elements_status(session):
    result = session.install(plain=elements(version=(9, 0)))
    sima = result.get(0xBF27).get(0xA2).get(0xA1).get(0x82).value
    assert sima.hex() == "3007a005300380011f"


def test_14_test_profile_with_an_operators_key(session):
    assert outcome(session.install(metadata(t95=b"\x00"), elements(key=bytes(16)))) == (5, 14)


# Protection


@pytest.mark.parametrize(("tag", "expected"), [(0xA0, 1), (0xA1, 2), (0xA2, 4), (0xA3, 5)])
def test_8_each_mac_is_checked(session, tag, expected):
    def spoil(parts):
        member = bytearray(parts[tag][0])
        member[-1] ^= 1
        return {**parts, tag: [bytes(member), *parts[tag][1:]]}

    assert outcome(session.install(ppk=True, change=spoil)) == (expected, 8)


def test_8_order_of_segments(session):
    def swap(parts):
        return {**parts, 0xA3: [parts[0xA3][1], parts[0xA3][0], *parts[0xA3][2:]]}

    assert outcome(session.install(plain=elements(size=3000), change=swap)) == (5, 8)


@pytest.mark.parametrize(("tag", "expected"), [(0xA0, 1), (0xA1, 2), (0xA3, 5)])
def test_7_tag_of_a_member(session, tag, expected):
    def other_tag(parts):
        return {**parts, tag: [tlv.encode(0x85, tlv.parse_single(parts[tag][0]).value)]}

    assert outcome(session.install(change=other_tag)) == (expected, 7)


@pytest.mark.parametrize(("options", "expected"), [
    ({"configuration": b"\xbf\x25\x00"}, (1, 7)),
    ({"configuration": b"\xbf\x24"}, (1, 7)),
    ({"configuration": tlv.encode(0xBF24, tlv.encode(0xB8, tlv.encode(0x80, bytes(130))))}, (1, 1)),
    ({"replace": b"\xbf\x26\x00"}, (4, 7)),
    ({"replace": tlv.encode(0xBF26, [b"\x80\x01\x00\x81\x01\x00\x82\x01\x00"])}, (4, 1)),
    ({"about": b"\xbf\x26\x00"}, (2, 7)),
])
def test_content_of_each_container(session, options, expected):
    assert outcome(session.install(**options)) == expected


def test_7_empty_a3(session):
    assert outcome(session.install(change=lambda parts: {**parts, 0xA3: []})) == (5, 7)


# Borders (SGP.22 v2.5, 2.5.5)


def pieces_of(session, **options):
    session.start()
    plain = elements(size=2000)
    return session.operator.package(session.secure_channel(), metadata(), plain, **options)


def merge(pieces, first):
    return pieces[:first] + [pieces[first] + pieces[first + 1]] + pieces[first + 2:]


@pytest.mark.parametrize(("change", "at"), [
    (lambda p: merge(p, 0), 1), (lambda p: merge(p, 1), 2), (lambda p: merge(p, 2), 3),
    (lambda p: merge(p, 4), 5), (lambda p: merge(p, 5), 6),
    (lambda p: [p[0], p[2]], 2), (lambda p: [*p[:2], *p[4:]], 3), (lambda p: [*p[:4], *p[5:]], 5),
    (lambda p: [*p[:3], p[3][:-1]], 4), (lambda p: [*p[:3], p[3] + b"\x00"], 4),
])
def test_wrong_borders_are_no_package(session, chip, change, at):
    body, sw, count = session.load(change(pieces_of(session)))
    assert (body, sw, count) == (b"", 0x6A80, at)
    assert not chip.notifications.pending
    assert session.terminal.send(b"\xa1\x05")[1] == 0x6985
    cancelled = tlv.encode(0xBF41, [tlv.encode(0x80, session.operator.transaction_id),
                                    tlv.encode(0x81, b"\x05")])
    assert session.terminal.es10(cancelled).find(0xA0)


@pytest.mark.parametrize("extra", [-1, 1, 100])
def test_length_of_the_package(session, extra):
    pieces = pieces_of(session)
    length = sum(map(len, pieces)) + extra
    _, _, start = tlv.read_header(pieces[0])
    header = b"\xbf\x36\x82" + (length - start).to_bytes(2, "big")
    body, sw, count = session.load([header + pieces[0][start:], *pieces[1:]])
    assert (body, sw, count) == (b"", 0x6A80, 5)


def test_not_prepared(session):
    session.authenticate()
    first = tlv.encode(0xBF36, tlv.encode(0xBF23, b""))
    assert session.terminal.send(first) == (b"", 0x6985)


@pytest.mark.parametrize("tag", [0x86, 0x87, 0x88, 0xA0, 0xA1, 0xA2, 0xA3])
def test_segments_without_package(session, tag):
    assert session.terminal.send(bytes([tag, 0])) == (b"", 0x6A88)


def test_segments_after_the_result(session):
    pieces = pieces_of(session)
    session.load(pieces)
    assert session.terminal.send(pieces[-1]) == (b"", 0x6A88)


def test_reopened_channel(session, chip):
    pieces = pieces_of(session)
    session.load(pieces[:3])
    chip.process(bytes.fromhex("00708001"))
    session.terminal.open()
    assert session.terminal.send(pieces[3]) == (b"", 0x6985)
    assert session.terminal.send(pieces[0]) == (b"", 0x6985)


def test_another_channel(session):
    pieces = pieces_of(session)
    session.load(pieces[:3])
    session.terminal.open()
    assert session.terminal.send(pieces[3]) == (b"", 0x6985)


# Interruption


@pytest.mark.parametrize(("sent", "expected", "has_iccid"), [
    (1, (0, 11), False), (2, (1, 11), False), (4, (2, 11), True), (6, (5, 11), True),
])
def test_11_power_cut(made, tmp_path, sent, expected, has_iccid):
    path = tmp_path / "chip.json"
    session = Session(Euicc(made.chip, state_file=path), made)
    session.load(pieces_of(session)[:sent])
    chip = Euicc(made.chip, state_file=path)
    (note,) = chip.notifications
    result = tlv.parse_single(note.raw, 0xBF37)
    assert outcome(result) == expected
    assert bool(check_result(result, session, made).find(0x5A)) == has_iccid
    assert len(chip.profiles) == 0
    assert len(Euicc(made.chip, state_file=path).notifications) == 1


def test_power_cut_without_result(session, chip):
    chip.config.interruption_result = False
    session.load(pieces_of(session)[:5])
    chip.reset()
    assert not chip.notifications.pending


def test_power_cut_before_the_answer(made, tmp_path):
    """The result is written before it is answered."""
    path = tmp_path / "chip.json"
    session = Session(Euicc(made.chip, state_file=path), made)
    result = session.install()
    again = Euicc(made.chip, state_file=path)
    assert again.profiles.by_iccid(ICCID) and next(iter(again.notifications)).raw == result.raw


@pytest.mark.parametrize("sent", ["first", "all"])
def test_failure_before_a_power_cut(made, tmp_path, sent):
    path = tmp_path / "chip.json"
    session = Session(Euicc(made.chip, state_file=path), made)
    session.start()
    if sent == "first":
        channel = session.secure_channel(operation=2)
        body, _, _ = session.load([tlv.encode(0xBF36, [channel, bytes(100)])[:-100]])
    else:
        pieces = session.operator.package(session.secure_channel(), metadata(), elements(end=False))
        body, _, _ = session.load(pieces)
    assert [note.raw for note in Euicc(made.chip, state_file=path).notifications] == [body]


def test_switch_ends_the_session(session, chip):
    chip.add_profile(Profile(bytes(10), b""))
    session.start()
    session.terminal.es10(switch(0xBF31, bytes(10), refresh=False))
    assert session.terminal.send(tlv.encode(0xBF36, session.secure_channel()))[1] == 0x6985
