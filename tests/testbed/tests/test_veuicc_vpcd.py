# SPDX-License-Identifier: LGPL-2.1-or-later
"""The protocol between card and vpcd reader, with a socket in the reader's place."""

import socket
import threading

import pytest

from testbed.tests.veuicc_peers import ISDR
from testbed.veuicc import VpcdCard
from testbed.veuicc.faults import remove, silence, status

OPEN_CHANNEL = bytes.fromhex("0070000001")
DEADLINE = 60


class Reader:
    """A listening reader."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(DEADLINE)
        self.port = self.listener.getsockname()[1]

    def accept(self):
        self.card, _ = self.listener.accept()
        self.card.settimeout(DEADLINE)

    def send(self, message: bytes):
        self.card.sendall(len(message).to_bytes(2, "big") + message)

    def receive(self) -> bytes:
        stream = self.card.makefile("rb")
        return stream.read(int.from_bytes(stream.read(2), "big"))

    def command(self, message: bytes) -> bytes:
        self.send(message)
        return self.receive()

    def close(self):
        self.card.close()
        self.listener.close()


@pytest.fixture
def reader():
    reader = Reader()
    yield reader
    reader.close()


@pytest.fixture
def card(chip, reader):
    card = VpcdCard(chip, port=reader.port)
    card.insert()
    reader.accept()
    yield card
    card.stop()


def test_controls_and_commands(card, chip, reader):
    assert reader.command(b"\x04") == chip.config.atr
    reader.send(b"\x01")
    assert reader.command(OPEN_CHANNEL).hex() == "019000"
    reader.send(b"\x02")
    assert reader.command(OPEN_CHANNEL).hex() == "019000"
    reader.send(b"\x00")
    reader.send(b"\x01")
    assert reader.command(bytes.fromhex(f"00A4040C10{ISDR}")).hex() == "9000"


def test_message_in_pieces(card, reader):
    for octet in b"\x00\x05" + OPEN_CHANNEL:
        reader.card.sendall(bytes([octet]))
    assert reader.receive().hex() == "019000"


def test_removal_is_seen_at_once(card, reader):
    card.remove()
    assert reader.card.recv(1) == b"" and not card.inserted
    card.insert()
    reader.accept()
    reader.send(OPEN_CHANNEL)  # not powered on yet: a mute card
    reader.send(b"\x01")
    assert reader.command(OPEN_CHANNEL).hex() == "019000"


def test_removed_by_a_fault(card, chip, reader):
    chip.faults.at_apdu(1, remove())
    reader.send(OPEN_CHANNEL)
    assert reader.card.recv(1) == b""


def test_silence_is_ended_by_removal(card, chip, reader):
    chip.faults.at_apdu(1, silence())
    reader.send(OPEN_CHANNEL)
    chip.faults.at_apdu(1, status(0x6F00))
    assert reader.command(OPEN_CHANNEL).hex() == "6f00"  # nothing came in between


def test_reader_goes_and_comes_back(card, chip, reader):
    reader.command(OPEN_CHANNEL)
    reader.card.close()
    reader.accept()
    assert reader.command(b"\x04") == chip.config.atr


def test_no_reader(chip):
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    card = VpcdCard(chip, port=port)
    with pytest.raises(TimeoutError):
        card.insert(timeout=0.2)
    card.stop()


def test_stop_ends_the_thread(card, reader):
    card.stop()
    assert not [t for t in threading.enumerate() if t.name == "vpcd card"]


def test_mistake_in_the_model_is_6f00(card, chip, reader, capsys):
    chip.fci = None
    assert reader.command(bytes.fromhex(f"00A4040010{ISDR}00")).hex() == "6f00"
    assert "TypeError" in capsys.readouterr().err


def test_inspection_while_it_runs(card, chip, reader):
    reader.command(OPEN_CHANNEL)
    with chip.lock:
        assert chip.counters.open_channels == 1
    assert len(chip.transcript) == 1
