# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whatever comes, the chip answers with a status word and stays a chip."""

import random

import pytest

from testbed import tlv
from testbed.tests.veuicc_peers import Session, Terminal, elements, metadata, profile_id, switch
from testbed.veuicc import Euicc, Profile

ROUNDS = 60
SIMPLE = [
    *(bytes.fromhex(request) for request in (
        "BF3C00", "BF3F028000", "BF2000", "BF2200", "BF2804810204F0", "BF2B05A003800105", "BF300480020080",
        "BF4300", "BF2D105C0E5A4F9F70909192939495B6B7B899", "BF2D0EA00C5A0A98001032547698103214",
        "BF3404820205E0", "BF3E035C015A", "BF29125A0A98001032547698103214900454726970",
    )),
    switch(0xBF31), switch(0xBF32), tlv.encode(0xBF33, profile_id()),
]


def spoiled(generator, data):
    """data with an octet changed, removed, added or with its end cut off."""
    octets = bytearray(data)
    for _ in range(generator.randint(1, 3)):
        at = generator.randrange(len(octets)) if octets else 0
        kind = generator.randrange(4)
        if kind == 0 and octets:
            octets[at] = generator.choice([0x00, 0x7F, 0x80, 0xFF, generator.randrange(256)])
        elif kind == 1 and octets:
            del octets[at]
        elif kind == 2:
            octets.insert(at, generator.randrange(256))
        else:
            del octets[at:]
    return bytes(octets)


def fresh(made):
    chip = Euicc(made.chip)
    chip.add_profile(Profile(bytes.fromhex("98001032547698103214"), b"", name=b"\xff"))
    return chip


def check(terminal, chip, request):
    body, sw = terminal.send(request)
    assert not body or sw >> 8 in (0x90, 0x91)
    if chip.profiles.pending is not None:
        chip.reset()
        terminal.open()


@pytest.mark.parametrize("request_", SIMPLE, ids=lambda request: request[:2].hex())
def test_functions(made, request_):
    generator = random.Random(request_)
    chip = fresh(made)
    terminal = Terminal(chip)
    for _ in range(ROUNDS):
        damaged = spoiled(generator, request_)
        if damaged:
            check(terminal, chip, damaged)
    assert terminal.es10("BF3E035C015A").get(0x5A).value == chip.eid_octets


@pytest.mark.parametrize("step", ["AuthenticateServer", "PrepareDownload", "LoadBoundProfilePackage"])
def test_session(made, step):
    generator = random.Random(step)
    session = Session(fresh(made), made)
    for _ in range(ROUNDS):
        if step == "AuthenticateServer":
            request = session.operator.authenticate(session.challenge())
        else:
            session.authenticate()
            request = session.operator.prepare(session.signature1)
        if step == "LoadBoundProfilePackage":
            session.prepare()
            plain = elements(bytes(10), size=1500)
            pieces = session.operator.package(session.secure_channel(), metadata(bytes(10)), plain)
            at = generator.randrange(len(pieces))
            pieces[at] = spoiled(generator, pieces[at]) or b"\x00"
            session.load(pieces)
        else:
            check(session.terminal, session.chip, spoiled(generator, request) or b"\x00")
    assert session.terminal.es10("BF3E035C015A").get(0x5A).value == session.chip.eid_octets


def test_plain_packages(made):
    """Wrong content behind right protection, which only an operator can send."""
    generator = random.Random("plain")
    session = Session(fresh(made), made)
    for _ in range(ROUNDS):
        about, plain = metadata(bytes(10), t93=b"\x01", t94=b"icon"), elements(bytes(10))
        if generator.random() < 0.5:
            about = spoiled(generator, about) or b"\x00"
        else:
            plain = spoiled(generator, plain) or b"\x00"
        session.install(about, plain)
        check(session.terminal, session.chip, bytes.fromhex("BF2D105C0E5A4F9F70909192939495B6B7B899"))
        request = tlv.encode(0xBF33, profile_id(bytes(10)))
        check(session.terminal, session.chip, request)


def test_apdus(made):
    generator = random.Random("apdus")
    chip = fresh(made)
    commands = [bytes.fromhex(command) for command in (
        "0070000001", "00708001", "01A4040010A0000005591010FFFFFFFF890000010000", "01C0000000",
        "81E2910006BF3E035C015A00", "80AA00000AA9088100820101830107", "801200000B", "00A40004023F00",
    )]
    for _ in range(2000):
        command = generator.choice(commands)
        answer = chip.process(spoiled(generator, command) if generator.random() < 0.6 else command)
        assert len(answer) >= 2 and answer[-2] & 0xF0 in (0x60, 0x90)
