# SPDX-License-Identifier: LGPL-2.1-or-later
"""What tests of the chip's side have in common: orders, profiles that are there, verbs and their outcome."""

from __future__ import annotations

from gi.repository import GLib

from client import EUICC, Client, variant_dict
from invariants import assert_invariants, lui_json
from testbed import tlv
from testbed.smdp import SubscriberRecord
from testbed.smdp.orders import Order
from testbed.smdp.subscriber import encode_iccid
from testbed.stack import Stack
from testbed.veuicc.names import LOAD_PACKAGE
from testbed.veuicc.profiles import Profile

#: Exit statuses of lui-cli.
FAILED, NOT_FOUND, DECLINED, SERVER, CARD, STATE = 1, 4, 5, 6, 7, 9
PREFIX = "org.lpad.Lpad1.Error."

LAST_BLOCK = 0x91
STORE_DATA = 0xE2

#: What the history of an order says at its end.
NO_CANCEL = ("order placed", "")
TIMED_OUT = ("session timed out", "")
POSTPONED = ("session postponed", "")


def place(stack: Stack, **options) -> Order:
    return stack.smdp.place_order(SubscriberRecord.make(), **{"size": 2000, **options})


def download(stack: Stack, order: Order, *options: str, status: int | None = None) -> dict:
    return lui_json(stack, "download", "--yes", *options, order.activation_code, status=status)


def add_profile(stack: Stack, number: int = 7, **fields) -> str:
    """A profile that was on the chip before; lpad knows of it.  Returns its ICCID."""
    record = SubscriberRecord.make(number)
    configuration = tlv.encode(0x30, [
        tlv.encode(0x80, tlv.bit_string([1, 2, 3])), tlv.encode(0x81, stack.host.encode()),
    ])
    stack.chip.add_profile(Profile(record.iccid_octets, **{
        "name": record.profile_name.encode(), "service_provider": b"Testbed Mobile",
        "notification_configuration": configuration, **fields,
    }))
    reload(stack)
    return record.iccid


def reload(stack: Stack) -> None:
    with Client(stack) as client:
        client.call(client.euicc(stack.chip.eid), f"{EUICC}.Reload", GLib.Variant.new_tuple(variant_dict({})))


def profile(stack: Stack, iccid: str) -> Profile | None:
    return stack.chip.profiles.by_iccid(encode_iccid(iccid))


def check(failure: dict, name: str, sentence: str) -> None:
    """A failure in JSON."""
    assert failure["ok"] is False
    assert failure["error"]["name"] == PREFIX + name
    assert sentence in failure["error"]["message"]


def last_event(order: Order) -> tuple[str, str]:
    return order.history[-1].event, order.history[-1].detail


#: Verb: function, arguments, whether the profile is enabled before and after.
VERBS = {
    "enable": ("EnableProfile", [], False, True),
    "disable": ("DisableProfile", [], True, False),
    "delete": ("DeleteProfile", ["--yes"], False, None),
    "rename": ("SetNickname", ["Summer"], False, False),
}


def run_verb(stack: Stack, verb: str, iccid: str, status: int | None = 0) -> dict:
    options = VERBS[verb][1]
    arguments = [*options, iccid] if verb == "delete" else [iccid, *options]
    return lui_json(stack, verb, *arguments, status=status)


def assert_done(stack: Stack, verb: str, iccid: str) -> None:
    now, after = profile(stack, iccid), VERBS[verb][3]
    assert (now is None) if after is None else now.enabled == after
    if verb == "rename":
        assert now.nickname == b"Summer"
    assert not len(stack.chip.notifications)
    expected = {"enable": ["enable"], "disable": ["disable"], "delete": ["delete"], "rename": []}[verb]
    assert [n.event for n in stack.smdp.notifications] == expected
    assert_invariants(stack)


def is_package(exchange) -> bool:
    return exchange.name == LOAD_PACKAGE and exchange.command[1] == STORE_DATA


def is_last_of_segment(exchange) -> bool:
    return is_package(exchange) and exchange.command[2] == LAST_BLOCK


def segments_sent(stack: Stack) -> int:
    """Segments of packages that reached the chip completely."""
    return sum(map(is_last_of_segment, stack.chip.transcript))
