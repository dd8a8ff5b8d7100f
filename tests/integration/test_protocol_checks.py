# SPDX-License-Identifier: LGPL-2.1-or-later
"""A server that breaks the protocol: every check of a download (SGP.22 v2.5, 3.0.1 and 3.1.3), each with the
reason that chip and server have to be told, and with what it means for the order.

What is wrong is signed rightly where the check is the LPA's own; else the chip has to find it.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from invariants import assert_invariants
from server_side import (
    CARD, CLIENT, INITIATE, LOAD_ERROR, MISMATCH, PACKAGE, SERVER, TIMED_OUT, UNDEFINED, assert_cancelled, download, place,
    requests,
)
from testbed import pki, tlv
from testbed.smdp import faults, named
from testbed.smdp.named import flip, other_field
from testbed.tlv import encode
from testbed.veuicc import faults as chip_faults


@dataclass(frozen=True)
class Check:
    """What is wrong (an element of a message and its change), and what comes of it.

    last: the function whose answer is at fault, so nothing but a CancelSession follows it.
    """

    point: str
    change: object
    error: str
    words: str
    last: str
    reason: int | None


def before_session(point: str, change: object, words: str, error: str = "ProtocolError") -> Check:
    """Found in the first answer: there is no session yet that could be cancelled."""
    return Check(point, change, error, words, INITIATE, None)


def in_offer(point: str, change: object, words: str, error: str = "ProtocolError") -> Check:
    return Check(point, change, error, words, CLIENT, UNDEFINED)


def in_package(point: str, change: object, words: str, reason: int) -> Check:
    return Check(point, change, "ProtocolError", words, PACKAGE, reason)


def other_metadata(tag: int, content: bytes, what: str) -> Check:
    """The package carries another field than the one that was shown."""
    return in_package("bpp.metadata", other_field(tag, content), f"the {what} differs", MISMATCH)


OTHER_CI = pki.make_ci("Other CI")
A4 = encode(0xA4, b"\x00")

CHECKS = {
    # In the answer to InitiateAuthentication
    "wrong-transaction-id-in-server-signed1": before_session(
        "serverSigned1.transactionId", flip, "two different transaction IDs"),
    "wrong-challenge": before_session("serverSigned1.euiccChallenge", flip, "another challenge"),
    "wrong-server-address": before_session(
        "serverSigned1.serverAddress", "other.example.test", "another server address"),
    "wrong-server-signature1": before_session("serverSignature1", flip, "wrong signature"),
    "changed-server-signed1": before_session(
        "json.serverSigned1", lambda signed: flip(signed), "wrong signature"),
    "pkid-not-in-the-list-of-the-chip": before_session(
        "euiccCiPKIdToBeUsed", flip, "an issuer that the chip does not have"),
    "server-certificate-of-another-issuer": before_session(
        "serverCredential", OTHER_CI.make_dp_auth(), "does not trust the certificate", "ServerNotTrusted"),
    "damaged-server-certificate": before_session(
        "serverCertificate", flip, "does not trust the certificate", "ServerNotTrusted"),
    # In the answer to AuthenticateClient
    "wrong-transaction-id-in-smdp-signed2": in_offer(
        "smdpSigned2.transactionId", flip, "another transaction ID"),
    "metadata-that-are-none": in_offer("json.profileMetadata", encode(0x30, b""), "profileMetadata"),
    "metadata-without-iccid": in_offer(
        "json.profileMetadata", lambda metadata: encode(0xBF25, [
            child.raw for child in tlv.parse_single(metadata).children() if child.tag != 0x5A]), "5A"),
    "iccid-of-nine-octets": in_offer("json.profileMetadata", other_field(0x5A, bytes(9)), "ICCID"),
    # What the chip finds in PrepareDownload
    "wrong-smdp-signature2": in_offer("smdpSignature2", flip, "wrong signature"),
    "changed-smdp-signed2": in_offer(
        "json.smdpSigned2", lambda signed: encode(0x30, signed[2:] + encode(0x85, b"\x01")), "wrong signature"),
    "profile-binding-certificate-of-another-issuer": in_offer(
        "smdpCredential", OTHER_CI.make_dp_pb(), "refuses the certificate"),
    "damaged-profile-binding-certificate": in_offer(
        "smdpCertificate", flip, "refuses the certificate"),
    # In the package
    "wrong-transaction-id-in-bf23": in_package(
        "bpp.transactionId", flip, "package of another download", UNDEFINED),
    "other-remote-operation": in_package("bpp.remoteOpId", 2, "remote operation", LOAD_ERROR),
    "no-package": in_package("bpp.children", [], "ends where part", LOAD_ERROR),
    "empty-a3": in_package("bpp.segments", [], "is empty", LOAD_ERROR),
    "extra-tlv": in_package("bpp.children", lambda parts: [*parts, A4], "follows the last part", LOAD_ERROR),
    "unknown-tlv-in-front": in_package("bpp.children", lambda parts: [A4, *parts], "data object A4", LOAD_ERROR),
    "missing-bf23": in_package("bpp.children", lambda parts: parts[1:], "part BF23", LOAD_ERROR),
    "missing-a0": in_package("bpp.children", lambda parts: [parts[0], *parts[2:]], "part A0", LOAD_ERROR),
    "missing-a1": in_package("bpp.children", lambda parts: [*parts[:2], *parts[3:]], "part A1", LOAD_ERROR),
    "missing-a3": in_package("bpp.children", lambda parts: parts[:-1], "part A3", LOAD_ERROR),
    "wrong-order": in_package(
        "bpp.children", lambda parts: [parts[0], parts[2], parts[1], parts[3]], "part A0", LOAD_ERROR),
    "a0-of-86": in_package(
        "bpp.children", lambda parts: [parts[0], encode(0xA0, encode(0x86, bytes(24))), *parts[2:]],
        "data object 86", LOAD_ERROR),
    "child-shorter-than-its-mac": in_package(
        "bpp.segments", lambda segments: [encode(0x86, bytes(7)), *segments], "7 octets", LOAD_ERROR),
    # Other metadata in the package than what the user has agreed to
    "other-iccid": other_metadata(0x5A, bytes.fromhex("98001032547698103214"), "ICCID"),
    "other-service-provider": other_metadata(0x91, b"Somebody else", "service provider name"),
    "other-name": other_metadata(0x92, b"Another plan", "profile name"),
    "other-icon-type": other_metadata(0x93, b"\x00", "icon type"),
    "other-icon": other_metadata(0x94, b"icon", "icon"),
    "other-class": other_metadata(0x95, b"\x01", "profile class"),
    "other-notifications": other_metadata(
        0xB6, encode(0x30, encode(0x80, b"\x04\xf0") + encode(0x81, b"other.example.test")),
        "notification configuration"),
    "other-owner": other_metadata(0xB7, encode(0x80, b"\x62\xf2\x10"), "profile owner"),
    "other-policy-rules": other_metadata(0x99, b"\x06\x40", "policy rules"),
}


@pytest.mark.parametrize("name", CHECKS)
def test_breach_of_the_protocol_has_its_own_reason(shared, name):
    check = CHECKS[name]
    order = place(shared)
    shared.smdp.faults.change(check.point, check.change)

    done = download(shared, order)
    assert (done.status, done.error) == (SERVER, check.error), done
    assert check.words in done.message
    assert done.advice
    assert not list(shared.chip.profiles)
    functions = [function for function in (INITIATE, CLIENT, PACKAGE) if function in requests(shared)]
    assert functions[-1] == check.last
    assert shared.chip.counters.functions["LoadBoundProfilePackage"] == 0

    assert_cancelled(shared, *([] if check.reason is None else [check.reason]))
    assert done.order == ("usable" if check.reason is None else "ended")
    assert_invariants(shared, order, usable=check.reason is None)
    assert_next_download_works(shared)


def assert_next_download_works(stack) -> None:
    """Nothing of what went wrong is left."""
    order = place(stack)
    assert not download(stack, order).error
    assert_invariants(stack)


def other_transaction_id(body: bytes) -> bytes:
    """An answer of the chip with another transaction ID of 16 octets in what it has signed."""
    at = body.index(b"\x80\x10") + 2
    return body[:at] + bytes([body[at] ^ 1]) + body[at + 1:]


def other_hash_of_the_code(body: bytes) -> bytes:
    at = body.index(b"\x04\x20") + 2
    return body[:at] + bytes([body[at] ^ 1]) + body[at + 1:]


@pytest.mark.parametrize("function, change", [
    ("AuthenticateServer", other_transaction_id), ("PrepareDownload", other_transaction_id),
    ("PrepareDownload", other_hash_of_the_code),
])
def test_answer_of_the_chip_to_something_else_does_not_reach_the_server(shared, function, change):
    """A fault of the chip: the order stays."""
    order = place(shared, confirmation_code="1234")
    shared.chip.faults.at_call(function, chip_faults.mutate(change))
    done = download(shared, order, "-c", "1234")
    assert done.error and done.order == "usable", done
    assert requests(shared)[-1] != {"AuthenticateServer": CLIENT, "PrepareDownload": PACKAGE}[function]
    assert_invariants(shared, order, usable=True)


@pytest.mark.parametrize("function, reason", [(CLIENT, UNDEFINED), (PACKAGE, UNDEFINED)])
def test_wrong_transaction_id_in_json(shared, function, reason):
    order = place(shared)
    named.plant(shared.smdp.faults, f"wrong-json-transaction-id:{function}")
    done = download(shared, order)
    assert (done.error, done.order) == ("ProtocolError", "ended"), done
    assert "another transaction ID" in done.message
    assert_cancelled(shared, reason)
    assert_invariants(shared, order, usable=False)


def test_wrong_transaction_id_in_the_first_json(shared):
    order = place(shared)
    named.plant(shared.smdp.faults, f"wrong-json-transaction-id:{INITIATE}")
    done = download(shared, order)
    assert (done.error, done.order) == ("ProtocolError", "usable"), done
    assert "two different transaction IDs" in done.message
    assert_cancelled(shared)
    assert_invariants(shared, order, usable=True)


def test_server_address_in_other_case_is_the_same(shared):
    order = place(shared)
    shared.smdp.faults.change("serverSigned1.serverAddress", shared.host.upper())
    download(shared, order)
    assert CLIENT in requests(shared), "the LPA has gone on"


def test_oid_of_the_activation_code_that_is_the_servers(shared):
    order = place(shared, with_oid=True)
    assert f"${pki.DEFAULT_DP_OID}" in order.activation_code
    assert not download(shared, order).error
    assert_invariants(shared)


def test_server_with_another_oid_than_the_activation_code(shared):
    order = place(shared)
    done = download(shared, f"{order.activation_code}$2.999.11")
    assert (done.status, done.error, done.order) == (SERVER, "ServerNotTrusted", "usable")
    assert "2.999.11" in done.message
    assert requests(shared) == [INITIATE]
    assert_cancelled(shared)
    assert_invariants(shared, order, usable=True)


def test_profile_signed_by_another_oid_than_the_activation_code(shared):
    order = place(shared, with_oid=True)
    shared.smdp.faults.change("smdpCredential", shared.ci.make_dp_pb("2.999.11"))
    done = download(shared, order)
    assert (done.status, done.error, done.order) == (SERVER, "ServerNotTrusted", "ended")
    assert "another SM-DP+" in done.message
    assert_cancelled(shared, UNDEFINED)
    assert_invariants(shared, order, usable=False)


def test_server_and_profile_of_two_operators_are_refused_by_the_chip(shared):
    """DPauth and DPpb carry the same OID; without one in the activation code the chip compares."""
    order = place(shared)
    shared.smdp.faults.change("smdpCredential", shared.ci.make_dp_pb("2.999.11"))
    done = download(shared, order)
    assert done.status == SERVER and done.order == "ended", done
    assert_cancelled(shared, UNDEFINED)
    assert_invariants(shared, order, usable=False)


@pytest.mark.parametrize("fault", ["wrong-mac", "wrong-last-mac", "swapped-segments", "wrong-smdp-sign"])
def test_what_only_the_chip_can_see_is_its_installation_result(shared, fault):
    """The session is over with the result, which the server gets; nothing is cancelled (3.1.3.3)."""
    order = place(shared)
    named.plant(shared.smdp.faults, fault)
    done = download(shared, order)
    assert done.status == CARD and done.error == "InstallationFailed", done
    assert done.details["result"] > 0 and "bpp-command" in {key.replace("_", "-") for key in done.details}
    assert_cancelled(shared)
    (result,) = shared.smdp.notifications
    assert result.verified and not result.success and result.error[1] == done.details["result"]
    assert not list(shared.chip.notifications)
    assert_invariants(shared, order, usable=False)
    assert_next_download_works(shared)


def test_package_that_is_cut_off_inside_its_base64_is_sent_again_next_time(shared):
    order = place(shared)
    named.plant(shared.smdp.faults, "cut-package")
    done = download(shared, order)
    assert (done.status, done.error, done.order) == (SERVER, "ProtocolError", "usable"), done
    assert_cancelled(shared, TIMED_OUT)
    assert_invariants(shared, order, usable=True)


def test_order_sent_twice_for_the_same_session_makes_one_profile(shared):
    order = place(shared)
    shared.smdp.faults.at_function(PACKAGE, faults.Break("reset"))
    assert download(shared, order).order == "usable"
    assert order.state == "downloaded"
    assert not download(shared, order).error
    assert [entry.event for entry in order.history].count("package sent") == 2
    assert_invariants(shared)
