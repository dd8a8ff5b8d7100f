# SPDX-License-Identifier: LGPL-2.1-or-later
"""A server that says no: what a user reads for each pair of subject and reason code (SGP.22 v2.5, 5.6).

In the first test the server refuses because it is told to; further down it has a reason.
"""

from __future__ import annotations

import pytest

from invariants import assert_downloads, assert_invariants
from server_side import (
    CANCEL, CLIENT, INITIATE, ORDER, PACKAGE, SERVER, STATE, assert_cancelled, download, place, requests,
)
from testbed import pki
from testbed.smdp import SubscriberRecord, faults
from testbed.stack import HOST
from testbed.veuicc import Config

FAILED = 1

#: (function, subject/reason): error, exit status, verdict on the order, retry, piece of the sentence, of the advice.
PAIRS = {
    (INITIATE, "8.8.1/3.8"): (
        "ServerRefused", SERVER, "usable", "useless", "not the one that the activation code names",
        "Check the server address"),
    (INITIATE, "8.8.2/3.1"): (
        "ServerRefused", SERVER, "usable", "useless", "no certificate issuer in common", "fits this device"),
    (INITIATE, "8.8.3/3.1"): (
        "NotSupported", FAILED, "usable", "useless", "version of the specification", "fits this device"),
    (INITIATE, "8.8.4/3.7"): (
        "ServerRefused", SERVER, "usable", "useless", "no certificate issuer in common", "fits this device"),
    (CLIENT, "8.1.2/6.1"): (
        "ServerRefused", SERVER, "usable", "useless", "certificate of its maker is invalid", "Ask the operator"),
    (CLIENT, "8.1.2/6.3"): (
        "ServerRefused", SERVER, "usable", "useless", "certificate of its maker has expired", "Ask the operator"),
    (CLIENT, "8.1.3/6.1"): (
        "ServerRefused", SERVER, "usable", "useless", "its certificate is invalid", "Ask the operator"),
    (CLIENT, "8.1.3/6.3"): (
        "ServerRefused", SERVER, "usable", "useless", "its certificate has expired", "Ask the operator"),
    (CLIENT, "8.1/6.1"): (
        "ProtocolError", SERVER, "usable", "now", "could not verify the signature of the chip", "Try again"),
    (CLIENT, "8.1/4.8"): (
        "InsufficientMemory", STATE, "usable", "later", "no room for the profile", "Delete a profile"),
    (CLIENT, "8.11.1/3.9"): (
        "ServerRefused", SERVER, "usable", "useless", "no certificate issuer in common", "fits this device"),
    (CLIENT, "8.2/1.2"): (
        "NotReleased", ORDER, "usable", "later", "has not released the profile yet", "Try again later"),
    (CLIENT, "8.10.1/3.9"): (
        "ServerRefused", SERVER, "usable", "now", "does not know the session any more", "Try again"),
    (CLIENT, "8.2.6/3.8"): (
        "CodeRefused", ORDER, "ended", "useless", "does not know the activation code", "Check the activation code"),
    (CLIENT, "8.1.1/3.8"): (
        "EidMismatch", ORDER, "usable", "useless", "meant for another chip", "the EID of this one"),
    (CLIENT, "8.2.5/4.3"): (
        "NoEligibleProfile", ORDER, "usable", "useless", "no profile that fits", "Ask the operator"),
    (CLIENT, "8.8.5/4.10"): (
        "OrderExpired", ORDER, "ended", "useless", "could be downloaded is over", "new activation code"),
    (CLIENT, "8.8.5/6.4"): (
        "OrderExhausted", ORDER, "ended", "useless", "downloaded too often", "new activation code"),
    (PACKAGE, "8.1/6.1"): (
        "ProtocolError", SERVER, "usable", "now", "could not verify the signature of the chip", "Try again"),
    (PACKAGE, "8.2/3.7"): (
        "ServerRefused", SERVER, "ended", "useless", "cannot prepare the profile for this chip again",
        "new activation code"),
    (PACKAGE, "8.10.1/3.9"): (
        "ServerRefused", SERVER, "usable", "now", "does not know the session any more", "Try again"),
    (PACKAGE, "8.2.7/2.2"): (
        "ConfirmationCodeRequired", ORDER, "usable", "now", "demands a confirmation code",
        "Enter the confirmation code"),
    (PACKAGE, "8.2.7/3.8"): (
        "ConfirmationCodeRefused", ORDER, "usable", "now", "confirmation code is wrong", "Enter it again"),
    (PACKAGE, "8.2.7/6.4"): (
        "ConfirmationCodeExhausted", ORDER, "ended", "useless", "too many wrong confirmation codes",
        "new activation code"),
    (PACKAGE, "8.8.5/4.10"): (
        "OrderExpired", ORDER, "ended", "useless", "could be downloaded is over", "new activation code"),
    # In no table of the specification, but in the field.
    (CLIENT, "8.8.5/1.6"): ("ServerRefused", SERVER, "usable", "useless", "8.8.5, 1.6", "Ask the operator"),
    (CLIENT, "8.8.5/2.1"): ("ServerRefused", SERVER, "usable", "useless", "8.8.5, 2.1", "Ask the operator"),
    (CLIENT, "8.1.1/2.1"): ("ServerRefused", SERVER, "usable", "useless", "8.1.1, 2.1", "Ask the operator"),
    (CLIENT, "8.8/4.2"): ("ServerRefused", SERVER, "usable", "later", "8.8, 4.2", "Try again later"),
    # Nowhere: the codes are all that can be said.  3.1 is another reason than 3.10.
    (INITIATE, "8.8.2/3.10"): (
        "ServerRefused", SERVER, "usable", "unknown", "does not know (subject 8.8.2, reason 3.10)",
        "Ask the operator"),
    (CLIENT, "8.2.6/3.80"): (
        "ServerRefused", SERVER, "usable", "unknown", "subject 8.2.6, reason 3.80", "Ask the operator"),
    (PACKAGE, "9.9.9/9.9"): (
        "ServerRefused", SERVER, "usable", "unknown", "subject 9.9.9, reason 9.9", "Ask the operator"),
}


@pytest.mark.parametrize("function, pair", PAIRS, ids=lambda value: value)
def test_pair_has_its_error_sentence_advice_and_verdict(shared, function, pair):
    error, status, verdict, retry, words, advice = PAIRS[function, pair]
    subject, reason = pair.split("/")
    order = place(shared)
    shared.smdp.faults.at_function(function, _fail(subject, reason))

    done = download(shared, order)
    assert (done.error, done.status, done.order, done.retry) == (error, status, verdict, retry), done
    assert words in done.message
    assert advice in done.advice
    assert (done.details["subject"], done.details["reason"]) == (subject, reason)
    assert done.details["function"].endswith(function[0].upper() + function[1:])
    assert done.details["server_message"].startswith("in the server’s own")
    assert "\x1b" not in done.details["server_message"]
    assert "own words" not in done.message, "what a server says is no text of ours"

    assert CANCEL not in requests(shared), "the server has ended the session itself"
    assert_downloads(shared, order)


def _fail(subject: str, reason: str) -> faults.Fail:
    return faults.Fail(subject, reason, "in the server’s own\x1b[31m words")


def test_text_output_has_sentence_advice_and_verdict_and_with_verbose_the_codes(shared):
    shared.smdp.faults.at_function(CLIENT, _fail("8.1.1", "3.8"), times=2)
    order = place(shared)
    said = shared.lui("download", "--yes", order.activation_code)
    assert said.returncode == ORDER
    assert said.stderr.splitlines() == [
        "Error: The activation code is meant for another chip than this one.",
        "Use it with the device that it was ordered for, or tell the operator the EID of this one.",
        "The activation code can still be used.",
    ]
    verbose = shared.lui("download", "--yes", "--verbose", order.activation_code).stderr
    assert "subject: 8.1.1" in verbose and "reason: 3.8" in verbose and "AuthenticateClient" in verbose
    assert "\x1b" not in verbose


@pytest.mark.parametrize("options, error", [
    ({"released": False}, "NotReleased"),
    ({"expires": -1.0}, "OrderExpired"),
    ({"eid": pki.make_eid(serial=99)}, "EidMismatch"),
    ({"max_attempts": 0}, "OrderExhausted"),
    ({"size": 600_000}, "InsufficientMemory"),
    ({"pprs": (1,)}, ""),
])
def test_real_cause_of_a_refusal(shared, options, error):
    order = place(shared, **options)
    arguments = ["--accept-policy-rules"] if "pprs" in options else []
    assert download(shared, order, *arguments).error == error
    assert CANCEL not in requests(shared)
    assert_invariants(shared)


def test_order_that_was_not_released_yet_can_be_used_afterwards(shared):
    order = place(shared, released=False)
    assert download(shared, order).error == "NotReleased"
    order.release()
    assert_downloads(shared, order)


def test_code_that_was_used_already(shared):
    order = place(shared)
    assert not download(shared, order).error
    done = download(shared, order)
    assert (done.error, done.order) == ("CodeRefused", "ended")
    assert len(list(shared.chip.profiles)) == 1
    assert_invariants(shared)


def test_code_that_the_server_does_not_know(shared):
    done = download(shared, f"LPA:1${shared.host}$NO-SUCH-CODE")
    assert (done.status, done.error) == (ORDER, "CodeRefused")
    assert_invariants(shared)


def test_chip_that_is_too_full_has_room_after_a_profile_was_deleted(shared):
    shared.chip.config = Config(memory=20_000)
    first, second = place(shared, size=12_000), place(shared, size=12_000)
    assert not download(shared, first).error
    done = download(shared, second)
    assert (done.error, done.status, done.order) == ("InsufficientMemory", STATE, "usable")
    assert "Delete a profile" in done.advice
    assert shared.lui("delete", "--yes", first.record.iccid).returncode == 0
    assert_downloads(shared, second)


def test_chip_of_an_issuer_that_the_server_does_not_know(make_stack):
    """The chip trusts the server, but the server knows no issuer under which the chip could sign."""
    server_ci, chip_ci = pki.make_ci("Server CI"), pki.make_ci("Chip CI")
    eum = chip_ci.make_eum()
    chip = pki.ChipCredentials([server_ci.cert], [pki.ChipIdentity(eum.cert, eum.make_euicc(pki.make_eid()))])
    stack = make_stack(chip_credentials=chip, server_credentials=pki.make_server(server_ci, [HOST]))
    done = download(stack, stack.smdp.place_order(SubscriberRecord.make(1), size=2000))
    assert (done.status, done.error, done.order) == (SERVER, "ServerRefused", "usable")
    assert "no certificate issuer in common" in done.message
