# SPDX-License-Identifier: LGPL-2.1-or-later
"""Packages of all kinds arrive whole, and what somebody has signed travels as the octets that were received."""

from __future__ import annotations

import base64
import json

import pytest

from invariants import assert_invariants
from server_side import CLIENT, INITIATE, NOTIFY, PACKAGE, download, place
from testbed import tlv
from testbed.smdp.faults import Json
from testbed.smdp.session import SessionTable
from testbed.smdp.upp import build_upp
from testbed.stack import Stack

SIZES = {"12k": 12_000, "60k": 60_000, "100k": 100_000}


def expect_installed(stack: Stack, order) -> None:
    """The chip has decrypted the very package that the server made."""
    done = download(stack, order)
    assert not done.error, done
    (profile,) = stack.chip.profiles
    assert profile.package == build_upp(order.record, order.size)
    assert order.state == "installed"
    assert_invariants(stack)


@pytest.mark.parametrize("protection", ["session", "ppk"])
@pytest.mark.parametrize("size", SIZES)
def test_package_arrives_whole(shared, size, protection):
    expect_installed(shared, place(shared, size=SIZES[size], protection=protection))


def test_ordinary_download_takes_the_fewest_commands(shared):
    """Each piece of the package (SGP.22 v2.5, 2.5.5) in as few commands of 255 octets as it takes."""
    download(shared, place(shared, size=12_000))
    package = tlv.parse_single(base64.b64decode(answers(shared, PACKAGE)["boundProfilePackage"]))
    pieces = segments(package)
    assert shared.chip.counters.bpp_apdus == sum(-(-len(piece) // 255) for piece in pieces)


@pytest.mark.parametrize("protection", ["session", "ppk"])
def test_segments_of_1036_octets_are_passed_on(shared, protection):
    """Some servers make them though 1020 is the limit; most chips take them."""
    expect_installed(shared, place(shared, size=12_000, oversize=True, protection=protection))
    package = tlv.parse_single(octets(answers(shared, PACKAGE), "boundProfilePackage"))
    assert max(len(piece) for piece in segments(package)) == 1036


def test_largest_icon(shared):
    icon = bytes(range(256)) * 4
    order = place(shared, icon=icon)
    expect_installed(shared, order)
    (profile,) = shared.chip.profiles
    assert profile.icon == icon


@pytest.mark.parametrize("length", [1, 8, 15])
def test_transaction_id_of_other_length(shared, length):
    """1 to 16 octets (SGP.22 v2.5, 5.6.1)."""
    usual = shared.smdp.es9.sessions
    shared.smdp.es9.sessions = SessionTable(length)
    try:
        expect_installed(shared, place(shared))
        assert len(shared.smdp.notifications[0].transaction_id) == length
    finally:
        shared.smdp.es9.sessions = usual


# Octets


def answers(stack: Stack, function: str) -> dict:
    """What the server answered to the first call of the function."""
    return next(json.loads(e.response) for e in stack.smdp.record.transcript if e.function == function)


def asked(stack: Stack, function: str) -> dict:
    return next(json.loads(e.request) for e in stack.smdp.record.transcript if e.function == function)


def octets(message: dict, *names: str) -> bytes:
    return b"".join(base64.b64decode(message[name]) for name in names)


def stored(stack: Stack, function: str) -> bytes:
    """All data that the chip was given for a function."""
    return b"".join(
        e.command[5:5 + e.command[4]] for e in stack.chip.transcript if e.name == function and e.command[1] == 0xE2
    )


def answered(stack: Stack, function: str) -> bytes:
    """All data that came back from the chip for a function, also by GET RESPONSE."""
    data, running = b"", False
    for exchange in stack.chip.transcript:
        if exchange.command[1] == 0xE2:
            running = exchange.name == function
        if running:
            data += exchange.answer[:-2]
    return data


def segments(package: tlv.Tlv) -> list[bytes]:
    """The pieces in which a package goes to the chip (SGP.22 v2.5, 2.5.5)."""
    first, *sequences = package.children()
    header = package.raw[:len(package.raw) - len(package.value)]
    pieces = [header + first.raw]
    for sequence in sequences:
        head = sequence.raw[:len(sequence.raw) - len(sequence.value)]
        children = [child.raw for child in sequence.children()]
        if sequence.tag in (0xA0, 0xA2):
            pieces += [head + children[0], *children[1:]]
        else:
            pieces += [head, *children]
    return pieces


def test_signed_objects_travel_as_received(shared):
    download(shared, place(shared, size=12_000))

    first = answers(shared, INITIATE)
    given = stored(shared, "AuthenticateServer")
    assert octets(
        first, "serverSigned1", "serverSignature1", "euiccCiPKIdToBeUsed", "serverCertificate") in given
    assert octets(asked(shared, CLIENT), "authenticateServerResponse") == answered(shared, "AuthenticateServer")

    offer = answers(shared, CLIENT)
    given = stored(shared, "PrepareDownload")
    assert octets(offer, "smdpSigned2", "smdpSignature2", "smdpCertificate") in given
    assert octets(asked(shared, PACKAGE), "prepareDownloadResponse") == answered(shared, "PrepareDownload")

    package = octets(answers(shared, PACKAGE), "boundProfilePackage")
    assert stored(shared, "LoadBoundProfilePackage") == package
    result = octets(asked(shared, NOTIFY), "pendingNotification")
    assert result.startswith(b"\xbf\x37")
    assert answered(shared, "LoadBoundProfilePackage") == result


def test_first_answer_says_who_asks(shared):
    """The server gets the chip's own challenge and EUICCInfo1, and its name without port or case."""
    order = place(shared)
    download(shared, order.activation_code.replace(shared.host, shared.host.upper()))
    request = asked(shared, INITIATE)
    assert request["smdpAddress"] == shared.host
    assert octets(request, "euiccInfo1") == answered(shared, "GetEuiccInfo1")
    assert octets(request, "euiccChallenge") == tlv.parse_single(
        answered(shared, "GetEuiccChallenge")).get(0x80).value
    assert order.state == "installed"


def test_base64_of_any_shape_is_the_same_octets(shared):
    """Line breaks and missing padding are the server's matter; the chip gets what they stand for."""
    def worn(answer: dict) -> dict:
        return {
            name: "\r\n".join(value.rstrip("=")[i:i + 61] for i in range(0, len(value), 61))
            if isinstance(value, str) and name != "transactionId" else value
            for name, value in answer.items()
        }
    for function in (INITIATE, CLIENT, PACKAGE):
        shared.smdp.faults.at_function(function, Json(worn))
    expect_installed(shared, place(shared, size=12_000))
    assert stored(shared, "LoadBoundProfilePackage")
