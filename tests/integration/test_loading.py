# SPDX-License-Identifier: LGPL-2.1-or-later
"""ES10b.LoadBoundProfilePackage (SGP.22 v2.5, 2.5.5, 2.5.6, 3.1.3.3, 5.7.6): results, lost answers, sizes."""

from __future__ import annotations

import pytest

from card_side import (
    CARD, LAST_BLOCK, SERVER, STATE, STORE_DATA, add_profile, check, download, is_last_of_segment, is_package,
    last_event, place, reload, run_verb, segments_sent,
)
from client import Client
from invariants import assert_invariants, lui_json, renew
from testbed import tlv
from testbed.smdp import SubscriberRecord
from testbed.smdp import faults as server_faults
from testbed.smdp.orders import Order
from testbed.stack import Stack
from testbed.veuicc import faults
from testbed.veuicc.config import ATR_T1
from testbed.veuicc.names import FUNCTIONS, LOAD_PACKAGE


@pytest.fixture
def dry_run(shared):
    """Number of segments of a package, and the numbers that their last commands have in a download."""
    reload(shared)
    shared.chip.transcript.clear()
    download(shared, place(shared), status=0)
    commands = [number for number, e in enumerate(shared.chip.transcript, 1) if is_last_of_segment(e)]
    renew(shared)
    reload(shared)
    shared.chip.transcript.clear()
    return len(commands), commands


# Results --------------------------------------------------------------------------

#: errorReason: error, exit status, a piece of the sentence.
REASONS = {
    1: ("InstallationFailed", CARD, "a value in it is wrong"),
    2: ("InstallationFailed", CARD, "signature on it is wrong"),
    3: ("InstallationFailed", CARD, "another session"),
    4: ("InstallationFailed", CARD, "in which it is protected"),
    5: ("InstallationFailed", CARD, "something other than an installation"),
    6: ("InstallationFailed", CARD, "profiles of this class"),
    7: ("InstallationFailed", CARD, "malformed"),
    8: ("InstallationFailed", CARD, "was altered"),
    9: ("ProfileExists", STATE, "same ICCID"),
    10: ("InsufficientMemory", STATE, "no room"),
    11: ("InstallationFailed", CARD, "interrupted"),
    12: ("InstallationFailed", CARD, "this chip cannot do"),
    13: ("InstallationFailed", CARD, "not the one that it announces"),
    14: ("InstallationFailed", CARD, "known test keys"),
    15: ("PolicyViolation", STATE, "does not permit"),
    31: ("InstallationFailed", CARD, "weaker"),
    32: ("PolicyViolation", STATE, "only from certain servers"),
    127: ("InstallationFailed", CARD, "does not say why"),
    99: ("InstallationFailed", CARD, "reason 99"),
}
#: The server can try these again with the same order.
TEMPORARY = {10, 11}
#: bppCommandId: segment of a package with new keys at which it fails, reasons that it can have.
COMMANDS = {
    0: (1, [1, 2, 3, 4, 5, 11, 127, 99]),
    1: (2, [1, 7, 8, 10, 11, 127]),
    2: (4, [1, 6, 7, 8, 9, 10, 11, 15, 31, 32, 127]),
    4: (5, [1, 7, 8, 11, 127]),
    5: (7, [1, 7, 8, 10, 11, 12, 13, 14, 127]),
}


@pytest.mark.parametrize("command, reason", [(c, r) for c, (_, reasons) in COMMANDS.items() for r in reasons])
def test_installation_error(shared, command, reason):
    """It is told, delivered and removed; no segment follows it, and no cancellation."""
    name, exit_status, sentence = REASONS[reason]
    segment = COMMANDS[command][0]
    order = place(shared, protection="ppk")
    shared.chip.faults.at_segment(segment, faults.early_result(command, reason))
    failure = download(shared, order, status=exit_status)
    check(failure, name, sentence)
    details = failure["error"]["details"]
    assert (details["result"], details["bpp_command"]) == (reason, command)
    verdict = "usable" if reason in TEMPORARY else "ended"
    assert failure["error"]["order"] == ("unknown" if reason == 99 else verdict)
    assert segments_sent(shared) == segment
    assert shared.chip.counters.functions["CancelSession"] == 0
    (result,) = shared.smdp.notifications
    assert (result.success, result.error) == (False, (command, reason))
    assert not len(shared.chip.notifications) and not len(shared.chip.profiles)
    assert_invariants(shared, order, usable=reason in TEMPORARY)


@pytest.mark.parametrize("segment", range(1, 9))
def test_early_result_stops_the_loop_at_each_segment(shared, segment):
    order = place(shared, protection="ppk")
    shared.chip.faults.at_segment(segment, faults.early_result(5, 12))
    check(download(shared, order, status=CARD), "InstallationFailed", "this chip cannot do")
    assert segments_sent(shared) == segment
    assert_invariants(shared, order, usable=False)


def test_result_of_an_installation_is_told_to_people(shared):
    order = place(shared)
    shared.chip.faults.at_segment(4, faults.early_result(2, 10))
    done = shared.lui("download", "--yes", order.activation_code)
    assert done.returncode == STATE
    assert done.stderr == (
        "Error: The chip has no room for the profile.\n"
        "Delete a profile that is no longer needed and try again with the same activation code.\n"
        "The activation code can still be used.\n"
    )
    assert_invariants(shared, order, usable=True)


def test_early_success_is_no_success_without_the_profile(shared):
    """A result that says success, and a list that does not show the profile."""
    order = place(shared)
    shared.chip.faults.at_call("GetProfilesInfo", faults.result(bytes.fromhex("BF2D02A000")), n=2)
    failure = download(shared, order, status=CARD)
    check(failure, "InstallationFailed", "its list does not show it")
    reload(shared)
    assert_invariants(shared, order, usable=False)


# Unexpected answers ---------------------------------------------------------------


@pytest.mark.parametrize("body", [
    "BF2000", "30", "BF3700", "BF3703800101", "00", "BF37820100" + "00" * 20,
], ids=["other", "cut", "empty", "no-result", "zero", "too-short"])
@pytest.mark.parametrize("segment", [1, 4, 6])
def test_unexpected_body_ends_the_loading(shared, segment, body):
    order = place(shared)
    shared.chip.faults.at_segment(segment, faults.result(bytes.fromhex(body)))
    failure = download(shared, order, status=SERVER)
    assert failure["error"]["name"].endswith("ProtocolError")
    assert segments_sent(shared) == segment
    assert last_event(order) == ("session cancelled", "reason 5")
    assert_invariants(shared, order, usable=False)


def test_result_of_another_download_is_not_taken(shared):
    first, second = place(shared), place(shared)
    download(shared, first, status=0)
    foreign = shared.smdp.notifications[0].raw
    run_verb(shared, "delete", first.record.iccid)
    shared.chip.faults.at_segment(4, faults.result(foreign))
    check(download(shared, second, status=SERVER), "ProtocolError", "result of another download")
    assert last_event(second) == ("session cancelled", "reason 5")
    assert_invariants(shared, second, usable=False)


def test_package_that_ends_without_a_result(shared, dry_run):
    """All segments taken, and not a word: the chip has no result either."""
    segments, _ = dry_run
    order = place(shared)
    shared.chip.faults.at_segment(segments, faults.result(b""))
    failure = download(shared, order, status=SERVER)
    check(failure, "ProtocolError", "did not say whether it is installed")
    assert last_event(order) == ("session cancelled", "reason 5")
    assert_invariants(shared, order, usable=False)


# Lost answers ---------------------------------------------------------------------

#: What pcscd makes an error of the line of.
BROKEN = faults.mutate(lambda answer: b"\x00")


def assert_found_by_transaction(stack: Stack, order: Order) -> None:
    assert order.state == "installed"
    (result,) = stack.smdp.notifications
    assert result.success
    assert_invariants(stack, order, usable=False)


@pytest.mark.parametrize("fault", [
    faults.status(0x6F00), faults.mutate(lambda body: b"\x30\x00"), faults.mutate(lambda body: body[:-1]),
    faults.mutate(lambda body: b""), faults.reset(0x6F00, after=True), faults.reset(0x6985, after=True),
    faults.reset(0x6881, after=True), faults.reset(0x9000, after=True),
], ids=["lost", "other-body", "cut-body", "no-body", "reset-6F00", "reset-6985", "reset-6881", "reset-9000"])
def test_lost_last_answer_is_found_again(shared, dry_run, fault):
    """The chip has installed the profile and its answer says something else, or nothing: its list of results
    tells, by the transaction ID."""
    segments, commands = dry_run
    order = place(shared)
    if fault == faults.status(0x6F00):
        shared.chip.faults.at_apdu(commands[-1], BROKEN)
    else:
        shared.chip.faults.at_segment(segments, fault)
    assert download(shared, order, status=0)["iccid"] == order.record.iccid
    assert shared.chip.faults.waiting == 0
    assert_found_by_transaction(shared, order)


def test_lost_last_answer_among_many_results(shared, dry_run):
    """Others are pending, for the same server and for dead ones: the right one is picked."""
    segments, _ = dry_run
    older = place(shared, notification_addresses=("gone.example.com", shared.host), notification_events=("install",))
    download(shared, older, status=0)
    assert len(shared.chip.notifications) == 1
    order = shared.smdp.place_order(SubscriberRecord.make(2), size=2000)
    shared.chip.faults.at_segment(segments, faults.reset(0x6F00, after=True))
    assert download(shared, order, status=0)["iccid"] == order.record.iccid
    assert order.state == "installed"
    assert_invariants(shared)


@pytest.mark.parametrize("result", [True, False], ids=["with-result", "without-result"])
@pytest.mark.parametrize("segment", [1, 2, 4, 6])
def test_reset_in_the_middle_leaves_the_order_usable(shared, segment, result):
    """The power was cut: the chip has written a result of its own, or has not, as chips do."""
    shared.chip.config.interruption_result = result
    order = place(shared)
    shared.chip.faults.at_segment(segment, faults.reset(0x6F00, after=True))
    failure = download(shared, order, status=CARD)
    assert failure["error"]["order"] == "usable"
    if result:
        check(failure, "InstallationFailed", "interrupted")
        assert [n.error[1] for n in shared.smdp.notifications] == [11]
    assert_invariants(shared, order, usable=True)


def test_lost_answer_in_the_middle_leaves_the_order_usable(shared, dry_run):
    """After an answer that got lost nobody knows what the chip has done: it is reset, and says it."""
    _, commands = dry_run
    order = place(shared)
    shared.chip.faults.at_apdu(commands[3], BROKEN)
    failure = download(shared, order, status=CARD)
    check(failure, "InstallationFailed", "interrupted")
    assert failure["error"]["order"] == "usable"
    assert_invariants(shared, order, usable=True)


# Sizes ----------------------------------------------------------------------------


def command_sizes(stack: Stack) -> list[int]:
    return [e.command[4] for e in stack.chip.transcript if e.command[1] == STORE_DATA]


def refusals(stack: Stack, sw: int) -> int:
    return sum(e.answer == sw.to_bytes(2, "big") for e in stack.chip.transcript)


@pytest.mark.parametrize("limit, sw, expected", [
    (254, 0x6700, 127), (127, 0x6601, 127), (100, 0x6700, 63), (16, 0x6601, 15 + 1),
])
def test_smaller_segments_are_found_and_remembered(make_stack, limit, sw, expected):
    """6700, 6601: half the size, the command again; also in the next operation, and after a restart."""
    stack = make_stack(chips=2)
    stack.chip.config.largest_segment, stack.chip.config.segment_limit_sw = limit, sw
    order = place(stack, size=3000)
    this = ("--euicc", stack.chip.eid)
    download(stack, order, *this, status=0)
    assert refusals(stack, sw)
    assert max(command_sizes(stack)[-20:]) <= expected
    assert_invariants(stack, order, usable=False)
    stack.chip.transcript.clear()
    run_verb(stack, "enable", order.record.iccid)
    stack.restart_lpad()
    again = stack.smdp.place_order(SubscriberRecord.make(2), size=3000)
    download(stack, again, *this, status=0)
    assert not refusals(stack, sw)
    assert max(command_sizes(stack)) == expected
    assert_invariants(stack, again, usable=False)
    other = stack.smdp.place_order(SubscriberRecord.make(3), size=3000)
    with Client(stack) as client:
        assert "error" not in client.download(stack.chips[1].eid, other.activation_code, consent=True).result()
    assert max(e.command[4] for e in stack.chips[1].transcript if e.command[1] == STORE_DATA) == 255


def test_configured_segment_size(make_stack):
    stack = make_stack(config={"Card": {"SegmentSize": "120"}})
    order = place(stack)
    download(stack, order, status=0)
    assert max(command_sizes(stack)) == 120
    assert_invariants(stack, order, usable=False)


def test_disturbed_line_halves_the_segments(make_stack):
    """A transport fault at a block that others follow: the command is sent again, in smaller blocks."""
    stack = make_stack()
    reload(stack)
    stack.chip.transcript.clear()
    order = place(stack)
    download(stack, order, status=0)
    exchanges = enumerate(stack.chip.transcript, 1)
    number = next(n for n, e in exchanges if is_package(e) and not is_last_of_segment(e))
    again = stack.smdp.place_order(SubscriberRecord.make(2), size=2000)
    stack.chip.faults.at_apdu(number, BROKEN)
    stack.chip.transcript.clear()
    download(stack, again, status=0)
    assert stack.chip.faults.waiting == 0
    assert max(command_sizes(stack)[-10:]) <= 127
    assert_invariants(stack, again, usable=False)


# A full chip, a profile that is there ---------------------------------------------


@pytest.mark.parametrize("look", [True, False], ids=["server-looks", "chip-runs-full"])
def test_full_chip(shared, look):
    """Whether the server sees it or the chip runs full while it loads: a profile less, and the order fits."""
    iccid = add_profile(shared, package=bytes(5000))
    order = place(shared, size=4000)
    shared.chip.config.memory = 8000
    shared.smdp.es9.check_memory = look
    failure = download(shared, order, status=STATE)
    check(failure, "InsufficientMemory", "no room")
    assert "Delete a profile" in failure["error"]["advice"]
    assert failure["error"]["order"] == "usable"
    assert_invariants(shared)
    assert order.open
    run_verb(shared, "delete", iccid)
    assert_invariants(shared, order, usable=True)


def test_profile_that_is_there_already_is_not_fetched(shared):
    record = SubscriberRecord.make(7)
    assert add_profile(shared, 7) == record.iccid
    order = shared.smdp.place_order(record, size=2000)
    check(download(shared, order, status=STATE), "ProfileExists", "on the chip already")
    assert "getBoundProfilePackage" not in shared.smdp.counters.functions
    assert shared.chip.counters.functions["PrepareDownload"] == 0
    assert last_event(order) == ("session cancelled", "reason 127")
    assert_invariants(shared, order, usable=False)


# Chips with peculiarities -----------------------------------------------------------


def live(stack: Stack) -> None:
    """A whole life of a profile, and what the server has been told of it."""
    order = place(stack, icon=bytes(900))
    iccid = order.record.iccid
    download(stack, order, status=0)
    for verb in ("enable", "rename", "disable", "delete"):
        run_verb(stack, verb, iccid)
    assert [n.event for n in stack.smdp.notifications] == ["install", "enable", "disable", "delete"]
    assert not len(stack.chip.notifications) and not len(stack.chip.profiles)
    assert_invariants(stack)


@pytest.mark.parametrize("number", [0, 1, 127, 128, 255, 256, 70000, 2**31 - 1, 2**32, 2**63 - 5])
def test_sequence_numbers(shared, number):
    """0 is a number like others, and 128 has two octets."""
    with shared.chip.lock:
        shared.chip.config.first_sequence_number = shared.chip.notifications.next_seq = number
    live(shared)
    assert [n.seq for n in shared.smdp.notifications] == [number + i for i in range(4)]


def test_notification_with_number_0_can_be_sent_alone(shared):
    with shared.chip.lock:
        shared.chip.config.first_sequence_number = shared.chip.notifications.next_seq = 0
    shared.smdp.faults.at_function("handleNotification", server_faults.Status(500))
    order = place(shared)
    assert download(shared, order, status=0)["notifications_pending"] == 1
    assert [n["sequence_number"] for n in lui_json(shared, "notifications")["notifications"]] == [0]
    lui_json(shared, "notifications", "send", "0")
    assert_found_by_transaction(shared, order)


#: Their answers go on to the server, octet by octet, and this one takes only what it knows.
FOR_THE_SERVER = {"AuthenticateServer", "PrepareDownload", "CancelSession"}


def test_unknown_tags_in_each_answer(shared):
    """SGP.22 types can be extended: what lpad does not know is skipped."""
    for function in FUNCTIONS:
        if function not in {LOAD_PACKAGE, *FOR_THE_SERVER}:
            shared.chip.faults.at_call(function, faults.unknown_tags(), times=None)
    live(shared)


@pytest.mark.parametrize("delta", [1, -1, 7, -7])
def test_wrong_length_in_61xx(shared, delta):
    """GET RESPONSE with too many octets is answered 6Cxx, with too few 61xx: neither loses one."""
    for function in FUNCTIONS:
        shared.chip.faults.at_call(function, faults.wrong_length(delta))
    live(shared)


@pytest.mark.parametrize("settings", [
    {"always_get_response": True}, {"chunk": 20}, {"exact_le": True}, {"without_fci": True},
    {"first_channel": 4}, {"first_channel": 19}, {"channels": 1}, {"terminal_capability": "hide"},
    {"terminal_capability": "refuse"}, {"proactive_refresh": False}, {"strict_segments": True},
    {"strict_tag_list": True}, {"root_ds": ""}, {"svn": (2, 2, 0)}, {"notification_slots": 3},
], ids=lambda settings: ",".join(f"{key}={value}" for key, value in settings.items()))
def test_peculiar_chips(shared, settings):
    vars(shared.chip.config).update(settings)
    shared.chip.reset()
    live(shared)


@pytest.mark.parametrize("exact_le", [False, True])
def test_chip_with_t1(make_stack, exact_le):
    stack = make_stack()
    stack.card.remove()
    stack.wait_for_cards()
    stack.chip.config.atr, stack.chip.config.exact_le = ATR_T1, exact_le
    stack.card.insert()
    stack.wait_for_cards()
    live(stack)


@pytest.mark.parametrize("size", [1200, 12000, 60000])
@pytest.mark.parametrize("protection", ["session", "ppk"])
def test_sizes_of_packages(shared, size, protection):
    """No block is wasted: each piece takes the least number of commands, and nothing is refused."""
    order = place(shared, size=size, protection=protection)
    download(shared, order, status=0)
    sent = [e for e in shared.chip.transcript if is_package(e)]
    pieces, piece = [], 0
    for exchange in sent:
        piece += exchange.command[4]
        if exchange.command[2] == LAST_BLOCK:
            pieces.append(piece)
            piece = 0
    assert len(sent) == sum(-(-size // 255) for size in pieces)
    assert_invariants(shared, order, usable=False)
