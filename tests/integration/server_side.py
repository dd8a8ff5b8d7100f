# SPDX-License-Identifier: LGPL-2.1-or-later
"""Downloads as a user sees them, and what server and chip have of them."""

from __future__ import annotations

import base64
import itertools
import json
from dataclasses import dataclass, field

from client import ERROR
from testbed import tlv
from testbed.smdp import SubscriberRecord
from testbed.smdp.orders import Order
from testbed.stack import Stack
from testbed.veuicc.elements import TEST_KEY

#: Exit statuses of lui-cli (lui-cli(1)).
OK, USAGE, NOT_FOUND, DECLINED, SERVER, CARD, ORDER, STATE = 0, 2, 4, 5, 6, 7, 8, 9

#: Reasons of CancelSession (SGP.22 v2.5, 5.7.14).
REJECTED, POSTPONED, TIMED_OUT, PPR, MISMATCH, LOAD_ERROR, UNDEFINED = 0, 1, 2, 3, 4, 5, 127

#: The functions of a download, in order.
INITIATE, CLIENT, PACKAGE, NOTIFY, CANCEL = (
    "initiateAuthentication", "authenticateClient", "getBoundProfilePackage", "handleNotification",
    "cancelSession",
)

_numbers = itertools.count(1)


def place(stack: Stack, **options) -> Order:
    """An order of a profile that no other order of this process has; a small one.

    test_key: with the one key that a test profile may have.
    """
    options.setdefault("size", 2000)
    fields = {"k": TEST_KEY} if options.pop("test_key", False) else {}
    return stack.smdp.place_order(SubscriberRecord.make(next(_numbers), **fields), **options)


@dataclass(frozen=True)
class Outcome:
    """What lui-cli --json says in the end; error is the name without lpad's prefix, "" for success."""

    status: int
    error: str = ""
    message: str = ""
    advice: str = ""
    retry: str = ""
    order: str = ""
    details: dict = field(default_factory=dict)
    rest: dict = field(default_factory=dict)


def download(stack: Stack, order: Order | str, *arguments: str, **options) -> Outcome:
    """Download without asking anybody."""
    code = order if isinstance(order, str) else order.activation_code
    done = stack.lui("download", "--yes", "--json", *arguments, code, **options)
    return outcome(done)


def outcome(done) -> Outcome:
    """Of a finished lui-cli --json."""
    said = json.loads(done.stdout)
    failure = said.get("error")
    if not failure:
        assert done.returncode == OK, done
        return Outcome(OK, rest=said)
    assert failure["exit_status"] == done.returncode, done
    return Outcome(
        done.returncode, failure["name"].removeprefix(ERROR), failure["message"], failure.get("advice") or "",
        failure["retry"], failure["order"], failure.get("details", {}), said,
    )


def requests(stack: Stack) -> list[str]:
    """The functions that the server was asked for."""
    with stack.smdp.record.changed:
        return [exchange.function for exchange in stack.smdp.record.transcript]


def reasons_at_server(stack: Stack) -> list[int]:
    """Reasons of the CancelSessions that the server has received, signed by the chip."""
    with stack.smdp.record.changed:
        bodies = [json.loads(e.request) for e in stack.smdp.record.transcript if e.function == CANCEL]
    reasons = []
    for body in bodies:
        response = tlv.parse_single(base64.b64decode(body["cancelSessionResponse"]))
        signed = response.get(0xA0).get(0x30)
        reasons.append(tlv.read_integer(signed.get(0x82).value))
    return reasons


def reasons_at_chip(stack: Stack) -> list[int]:
    """Reasons of the CancelSessions that the chip was told."""
    reasons = []
    for exchange in stack.chip.transcript:
        if exchange.name != "CancelSession" or exchange.command[1] != 0xE2:
            continue
        request = tlv.parse_single(exchange.command[5:5 + exchange.command[4]])
        reasons.append(tlv.read_integer(request.get(0x81).value))
    return reasons


def assert_cancelled(stack: Stack, *reasons: int) -> None:
    """Chip and server were told these reasons and no others."""
    assert reasons_at_chip(stack) == list(reasons)
    assert reasons_at_server(stack) == list(reasons)
