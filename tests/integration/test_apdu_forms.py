# SPDX-License-Identifier: LGPL-2.1-or-later
"""What cards and readers make of the same commands: every form goes through Debian's pcscd, with T=0 and T=1."""

from __future__ import annotations

import pytest

from test_pcsc import CARD_ERROR, DEADLINE, ISDR, TIMEOUT, Bench
from testbed import tlv
from testbed.process import Run
from testbed.smdp import SubscriberRecord
from testbed.veuicc import Config, faults
from testbed.veuicc.config import ATR_T0, ATR_T1
from testbed.veuicc.profiles import Profile

#: A request of several blocks whatever the size, and one with an answer of several pieces.
SET_ADDRESS = tlv.encode(0xBF3F, tlv.encode(0x80, b"s" * 120 + b".example.com"))
GET_ICON = bytes.fromhex("bf2d055c035a9394")
GET_EID = bytes.fromhex("bf3e035c015a")

#: What makes the card different, and what the segment size must be in the end.
FORMS: dict[str, tuple[dict, int]] = {
    "plain": ({}, 255),
    "channel 4": ({"first_channel": 4}, 255),
    "channel 19": ({"first_channel": 19}, 255),
    "one channel": ({"channels": 1}, 255),
    "no FCI": ({"without_fci": True}, 255),
    "61xx always": ({"always_get_response": True}, 255),
    "pieces of 1": ({"chunk": 1}, 255),
    "pieces of 7": ({"chunk": 7}, 255),
    "pieces of 128": ({"chunk": 128}, 255),
    "pieces of 255": ({"chunk": 255}, 255),
    "pieces of 256": ({"chunk": 256, "always_get_response": True}, 255),
    "6Cxx": ({"exact_le": True}, 255),
    "6Cxx and pieces of 100": ({"exact_le": True, "chunk": 100, "always_get_response": True}, 255),
    "9210": ({"done_sw": 0x9210}, 255),
    "910B": ({"done_sw": 0x910B}, 255),
    "with Le only": ({"store_data_le": True}, 255),
    "without Le only": ({"store_data_le": False}, 255),
    "6700 above 100": ({"largest_segment": 100}, None),
    "6601 above 63": ({"largest_segment": 63, "segment_limit_sw": 0x6601}, None),
    "6700 above 16": ({"largest_segment": 16}, None),
    "6601 above 16, pieces of 16": ({"largest_segment": 16, "segment_limit_sw": 0x6601, "chunk": 16}, None),
    "6700 above 30, without Le only": ({"largest_segment": 30, "store_data_le": False}, None),
    "6700 above 30, with Le only": ({"largest_segment": 30, "store_data_le": True}, None),
    "hidden ISD-R": ({"terminal_capability": "hide"}, 255),
    "ES10 refused": ({"terminal_capability": "refuse"}, 255),
    **{
        f"TERMINAL CAPABILITY {sw:04X}": ({"terminal_capability_sw": sw}, 255)
        for sw in (0x6D00, 0x6E00, 0x6A80, 0x6A81, 0x6A86)
    },
}


@pytest.fixture(scope="module", params=[ATR_T0, ATR_T1], ids=["T=0", "T=1"])
def bench(request):
    run = Run()
    try:
        bench = Bench(run, Config(atr=request.param))
        bench.chip.add_profile(Profile(
            SubscriberRecord.make(1).iccid_octets, name=b"Plan", icon_type=1, icon=bytes(range(256)) * 4,
        ))
        bench.connect()
        yield bench
        bench.close()
    finally:
        run.close()


def begin(bench: Bench, **config) -> None:
    """The card is as said, was reset, and the probe has forgotten what it knew of it."""
    vars(bench.chip.config).update({**vars(Config()), "atr": bench.chip.config.atr, **config})
    bench.chip.default_dp = ""
    bench.chip.faults.clear()
    bench.probe.ok("forget")
    bench.probe.ok("reset")
    bench.chip.transcript.clear()


def store(bench: Bench, request: bytes) -> bytes:
    return bytes.fromhex(bench.probe.ok(f"store {request.hex()}"))


def talk(bench: Bench) -> None:
    """Short and long, both ways; nothing is open afterwards."""
    bench.probe.ok(f"open {ISDR}")
    assert tlv.parse_single(store(bench, GET_EID), 0xBF3E).find(0x5A).value.hex() == bench.chip.eid
    icon = tlv.parse_single(store(bench, GET_ICON), 0xBF2D).find(0xA0).find(0xE3).find(0x94)
    assert icon.value == bytes(range(256)) * 4
    assert store(bench, SET_ADDRESS) == bytes.fromhex("bf3f03800100")
    assert bench.chip.default_dp == "s" * 120 + ".example.com"
    bench.probe.ok("close")
    assert bench.chip.open_channels == 0


@pytest.mark.parametrize("form", FORMS)
def test_commands_get_through(bench, form):
    config, size = FORMS[form]
    begin(bench, **config)
    talk(bench)
    if size is None:
        limit = config["largest_segment"]
        size = int(bench.probe.ok("size"))
        assert size <= limit, "remembered for the next command"
    assert bench.probe.ok("size") == str(size)
    refused = [e for e in bench.chip.transcript if e.answer[-2:] in (b"\x67\x00", b"\x66\x01")]
    assert len(refused) <= 6, "found out once, not for each command"
    begun = {e.command[0] for e in bench.chip.transcript if e.command[1] == 0xE2}
    channel = config.get("first_channel", 1)
    assert begun == {0x80 | channel if channel < 4 else 0xC0 | channel - 4}


@pytest.mark.parametrize("sw", [0x6A81, 0x6881, 0x6D00, 0x6E00])
def test_basic_channel(bench, sw):
    """A card without logical channels says so in many ways; the basic one serves as well."""
    begin(bench, channels=0, no_channel_sw=sw)
    assert bench.probe.ask(f"open {ISDR}")[2] == f"{sw:04x}"
    bench.probe.ok(f"basic {ISDR}")
    assert tlv.parse_single(store(bench, GET_EID), 0xBF3E).find(0x5A).value.hex() == bench.chip.eid
    bench.probe.ok("close")
    last = list(bench.chip.transcript)[-1]
    assert last.command == bytes.fromhex("00a4000c023f00"), "the application is left"


@pytest.mark.parametrize("block", [1, 2, 5])
@pytest.mark.parametrize("sw", [0x6A80, 0x6F00, 0x6985, 0x6581])
def test_status_word_in_the_middle(bench, block, sw):
    """Told as it is, once; the channel goes on, and the next command is whole."""
    begin(bench, largest_segment=255)
    bench.probe.ok("forget 32")
    bench.probe.ok(f"open {ISDR}")
    bench.chip.faults.at_block("SetDefaultDpAddress", block, faults.status(sw))
    kind, code, status, *_ = bench.probe.ask(f"store {SET_ADDRESS.hex()}")
    assert (kind, status) == ("error", f"{sw:04x}")
    assert store(bench, SET_ADDRESS) == bytes.fromhex("bf3f03800100")
    bench.probe.ok("close")


def test_silence_above_a_size(bench):
    """No answer to a long block, and none to anything after: when the card is back, blocks are shorter."""
    begin(bench, largest_segment=64, segment_limit_sw=0)
    bench.connect(timeout_ms=300)
    bench.probe.ok(f"open {ISDR}")
    # the last block of a request is not repeated, nor held against its size: the chip may have acted on it
    long = tlv.encode(0xBF3F, tlv.encode(0x80, b"s" * 400))
    assert bench.probe.error(f"store {long.hex()}")[0] == TIMEOUT
    bench.probe.ok("close")
    assert int(bench.probe.ok("size")) == 127
    bench.probe.ok("disconnect")
    bench.card.remove()
    bench.wait_for_card(False)
    bench.chip.config.segment_limit_sw = 0x6700
    bench.card.insert()
    bench.wait_for_card(True)
    bench.connect()
    bench.probe.ok(f"open {ISDR}")
    assert store(bench, SET_ADDRESS) == bytes.fromhex("bf3f03800100")
    bench.probe.ok("close")
