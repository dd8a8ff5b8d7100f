# SPDX-License-Identifier: LGPL-2.1-or-later
"""Answers of the testbed's resolver, octet by octet."""

import struct

import pytest

from testbed.dns import HEADER, Refusal, answer

ADDRESSES = {"smdp.example.com": "198.51.100.10"}


def query(name: str, kind: int = 1, flags: int = 0x0100) -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return HEADER.pack(0x1234, flags, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">2H", kind, 1)


def test_an_address():
    asked = query("SMDP.example.com")
    told = answer(asked, ADDRESSES.get)
    assert told[:2] == asked[:2] and told[2:12].hex() == "85800001000100000000"
    assert told[12:].hex() == asked[12:].hex() + "c00c00010001000000010004c633640a"


def test_there_is_no_other_kind_of_record():
    told = answer(query("smdp.example.com", kind=28), ADDRESSES.get)
    assert told[2:8].hex() == "858000010000"


def test_no_such_name():
    assert answer(query("other.example.com"), ADDRESSES.get)[3] & 0x0F == 3


def test_a_client_that_is_not_told():
    def refuse(_name: str) -> None:
        raise Refusal
    assert answer(query("smdp.example.com"), refuse)[3] & 0x0F == 5


@pytest.mark.parametrize("broken", [
    query("smdp.example.com")[:12], query("smdp.example.com")[:-1], query("smdp.example.com")[:20],
    HEADER.pack(1, 0, 1, 0, 0, 0) + b"\xc0\x0c\0\1\0\1", HEADER.pack(1, 0, 0, 0, 0, 0),
    query("a.b")[:-2] + b"\0\3",
])
def test_what_is_no_query(broken):
    told = answer(broken, ADDRESSES.get)
    assert told[3] & 0x0F == 1 and told[4:12] == bytes(8)
