# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the device says of itself (DeviceInfo, SGP.22 v2.5, 4.2): where it comes from, the octets on the way to
the chip, what the server makes of them, and what is kept from chips that could not take it."""

from __future__ import annotations

import pytest
from gi.repository import GLib

from client import Client
from invariants import assert_invariants
from server_side import ORDER, USAGE, assert_cancelled, download, place
from testbed import tlv
from testbed.veuicc.names import name_of

#: The examples of TS 23.003: a TAC, a serial number and a check digit.
IMEI, IMEI_OCTETS = "490154203237518", "941045022373158f"
OTHER, OTHER_TAC = "350608098765437", "53608090"
#: What a device tells that has nothing to tell: the field is mandatory.
NO_TAC = "35290611"


def told(shared) -> tlv.Tlv:
    """DeviceInfo as it arrived at the chip with the last AuthenticateServer."""
    request, found = b"", None
    for exchange in shared.chip.transcript:
        command = exchange.command
        if command[1] != 0xE2:
            continue
        request = (b"" if command[3] == 0 else request) + command[5:5 + command[4]]
        if command[2] == 0x91 and name_of(request[:2]) == "AuthenticateServer":
            found = tlv.parse_single(request).get(0xA0).get(0xA1)
    assert found is not None, "no AuthenticateServer"
    return found


def fields(info: tlv.Tlv) -> tuple[str, str | None, dict[int, int]]:
    """TAC and IMEI in hexadecimal digits, and releases by tag."""
    imei = info.find(0x82)
    releases = {child.tag: child.value[0] for child in info.get(0xA1).children()}
    assert all(len(child.value) == 3 and child.value[1:] == b"\0\0" for child in info.get(0xA1).children())
    return info.get(0x80).value.hex(), None if imei is None else imei.value.hex(), releases


def note(order) -> str:
    """What the server has understood."""
    return next(entry.detail for entry in order.history if entry.event == "authenticated")


# Who says what


CALLERS = {
    "nothing": ([], (NO_TAC, None, {}), "TAC 53926011, no IMEI"),
    "IMEI": (["-i", IMEI], (IMEI_OCTETS[:8], IMEI_OCTETS, {}), f"IMEI {IMEI}"),
    "IMEI without its check digit": (["-i", IMEI[:14]], (IMEI_OCTETS[:8], IMEI_OCTETS, {}), f"IMEI {IMEI}"),
    "IMEISV": (["-i", f"{IMEI[:14]}42"], (IMEI_OCTETS[:8], IMEI_OCTETS, {}), f"IMEI {IMEI}"),
    "type": (["--tac", OTHER[:8]], (OTHER_TAC, None, {}), f"TAC {OTHER[:8]}, no IMEI"),
    "releases": (
        ["--release", "gsm:5", "--release=eutran-epc:15", "--release", "rsp-crl:2"],
        (NO_TAC, None, {0x80: 5, 0x85: 15, 0x87: 2}),
        "gsm 5, eutran-epc 15, rsp-crl 2",
    ),
}


@pytest.mark.parametrize("arguments, expected, understood", CALLERS.values(), ids=CALLERS)
def test_caller_says_what_the_device_is(shared, arguments, expected, understood):
    order = place(shared)
    assert not download(shared, order, *arguments).error
    assert fields(told(shared)) == expected
    assert understood in note(order) and understood in shared.smdp.report()


def test_configuration_and_a_caller_that_knows_better(make_stack):
    """The configuration counts where the caller says nothing; an empty IMEI says that none is told."""
    stack = make_stack(config={"Device": {"Imei": IMEI, "Releases": "utran:8;nr-5gc:16"}})
    for arguments, expected in (
        ([], (IMEI_OCTETS[:8], IMEI_OCTETS, {0x81: 8, 0x89: 16})),
        (["-i", OTHER], (OTHER_TAC, "536080907856347f", {0x81: 8, 0x89: 16})),
        (["-i", "", "--release", "gsm:4"], (NO_TAC, None, {0x80: 4})),
        (["-t", OTHER[:8]], (OTHER_TAC, None, {0x81: 8, 0x89: 16})),
    ):
        assert not download(stack, place(stack), *arguments).error
        assert fields(told(stack)) == expected


def test_type_in_the_configuration_of_a_device_without_a_name(make_stack):
    stack = make_stack(config={"Device": {"Tac": OTHER[:8]}})
    order = place(stack)
    assert not download(stack, order).error
    assert fields(told(stack)) == (OTHER_TAC, None, {})
    assert note(order) == f"attempt 1; TAC {OTHER[:8]}, no IMEI"


WRONG = {
    "check digit": (["-i", f"{IMEI[:14]}9"], "does not fit the others"),
    "too short": (["-i", IMEI[:13]], "14 to 16 digits"),
    "too long": (["-i", f"{IMEI}00"], "14 to 16 digits"),
    "blank": (["-i", f"{IMEI[:7]} {IMEI[7:]}"], "14 to 16 digits"),
    "short TAC": (["-t", "4901542"], "first eight digits"),
    "no TAC": (["-t", ""], "first eight digits"),
    "technology": (["--release", "6g:1"], "no radio technology"),
    "no release": (["--release", "gsm"], "NAME:RELEASE"),
    "release 0": (["--release", "gsm:0"], "NAME:RELEASE"),
    "release 256": (["--release", "gsm:256"], "NAME:RELEASE"),
}


@pytest.mark.parametrize("arguments, words", WRONG.values(), ids=WRONG)
def test_nonsense_is_refused_before_anybody_is_asked(shared, arguments, words):
    done = download(shared, "LPA:1$smdp.example.com$A", *arguments)
    assert (done.status, done.error) == (USAGE, "InvalidArguments") and words in done.message
    assert shared.smdp.counters.tcp_connections == 0


def test_releases_on_the_bus(shared):
    """a{sy}, so that nobody has to build strings."""
    order = place(shared)
    with Client(shared) as client:
        releases = GLib.Variant("a{sy}", {"nr-5gc": 17})
        result = client.download(
            shared.chip.eid, order.activation_code, consent=True, imei=IMEI, releases=releases).result()
        assert result["iccid"] == order.record.iccid
        assert fields(told(shared)) == (IMEI_OCTETS[:8], IMEI_OCTETS, {0x89: 17})
        for wrong, words in (
            (GLib.Variant("a{sy}", {"nr-5gc": 0}), "releases"), (GLib.Variant("a{sy}", {"": 5}), "releases"),
            (GLib.Variant("a{si}", {"gsm": 5}), "a{sy}"),
        ):
            with pytest.raises(Exception, match=words):
                client.download(shared.chip.eid, order.activation_code, releases=wrong)


# What a chip can take


BASIC = ["gsm", "utran", "cdma2000-1x", "cdma2000-hrpd", "cdma2000-ehrpd", "eutran-epc", "contactless", "rsp-crl"]
EXTENDED = ["nr-epc", "nr-5gc", "eutran-5gc"]


@pytest.mark.parametrize("extensible", [True, False])
def test_what_is_newer_goes_only_to_chips_that_say_that_they_take_it(shared, extensible):
    """deviceInfoExtensibilitySupport, bit 4 of rspCapability.  This chip refuses what it does not know (6A80)."""
    if not extensible:
        shared.chip.config.rsp_capability = (0, 3)
    order = place(shared)
    with Client(shared) as client:
        client.call(client.euicc(shared.chip.eid), "org.lpad.Lpad1.Euicc.Reload", GLib.Variant("(a{sv})", ({},)))
    arguments = [word for number, name in enumerate(BASIC + EXTENDED) for word in ("--release", f"{name}:{number + 1}")]
    assert not download(shared, order, *arguments).error
    every = {0x80 + number: number + 1 for number in range(11 if extensible else 8)}
    assert fields(told(shared)) == (NO_TAC, None, every)
    assert_invariants(shared)


# What the server makes of it


def test_profile_for_other_devices_is_refused_with_a_reason(shared):
    """8.2.5/4.3: the order stays for a device that has what the profile needs."""
    order = place(shared, needs={"nr-5gc": 15})
    for arguments in ([], ["--release", "nr-5gc:14"], ["--release", "eutran-epc:17"]):
        done = download(shared, order, *arguments)
        assert (done.status, done.error, done.details["subject"], done.details["reason"]) == (
            ORDER, "NoEligibleProfile", "8.2.5", "4.3",
        )
    assert_cancelled(shared)
    assert order.open
    assert not download(shared, order, "--release", "nr-5gc:15").error
    assert_invariants(shared, order, usable=False)
