# SPDX-License-Identifier: LGPL-2.1-or-later
"""The virtual modem as an MBIM device, with Debian's mbimcli and mbim-proxy."""

import re
import struct
import subprocess
import uuid

import pytest

from testbed.modem import Modem, PtyPort, firmware, mbim
from testbed.modem.mbim import Status
from testbed.modem.mbim_function import MbimFunction
from testbed.namespace import Namespace
from testbed.network import Network
from testbed.process import Run, need_programs, wait_until
from testbed.tests.mini_lpa import ISD_R
from testbed.tests.modem_peers import FIRST, SECOND, chip_with_two_profiles
from testbed.tests.veuicc_peers import switch

#: Group 1 is ModemManager's.
GROUP = "channel-group=2"
GET_EID = "80E2910006BF3E035C015A00"
ENV = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}


class Cli:
    """mbimcli on the modem, with or without a command before it."""

    def __init__(self, path: str, before: list[str] | None = None, options: tuple[str, ...] = ()):
        self._command = [*(before or []), "mbimcli", f"--device={path}", *options]

    def __call__(self, option: str) -> str:
        done = self.run(option)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def run(self, option: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*self._command, option], capture_output=True, text=True, timeout=60, env=ENV)

    def error(self, option: str) -> str:
        done = self.run(option)
        assert done.returncode != 0, done.stdout
        return done.stderr

    def open(self, aid: bytes = ISD_R, p2: int = 0) -> str:
        """The option for a channel of GROUP."""
        return f"--ms-set-uicc-open-channel=application-id={aid.hex()},selectp2arg={p2},{GROUP}"

    def apdu(self, channel: int, command: str) -> str:
        keys = f"channel={channel},secure-message=none,classbyte-type=extended,command={command}"
        return f"--ms-set-uicc-apdu={keys}"


@pytest.fixture(name="chip")
def fixture_chip(made):
    return chip_with_two_profiles(made.chip)


@pytest.fixture(name="modem")
def fixture_modem(chip):
    need_programs("mbimcli")
    port = PtyPort(mbim=True)
    modem = Modem([chip], [port], network=Network([FIRST, SECOND]))
    modem.path = port.path
    with modem:
        yield modem
    port.dispose()


@pytest.fixture(name="cli")
def fixture_cli(modem):
    return Cli(modem.path)


def octets(text: str) -> str:
    """All that mbimcli prints as octets, without colons and in lower case."""
    return text.replace(":", "").lower()


def test_what_it_is_and_what_is_in_it(cli, chip):
    assert FIRST.iccid in cli("--query-subscriber-ready-status")
    assert "359072060000017" in cli("--query-device-caps")
    assert "ms-uicc-low-level-access" in cli("--query-device-services")
    assert chip.config.atr.hex() in octets(cli("--ms-query-uicc-atr"))
    assert cli.error("--query-pin-list")


def test_apdus_reach_the_chip(cli, chip):
    opened = cli(cli.open(p2=4))
    channel = int(re.search(r"channel: (\d+)", opened)[1])
    assert chip.open_channels == 1 and chip.fci().hex() in octets(opened)
    assert f"bf3e125a10{chip.eid}" in octets(cli(cli.apdu(channel, GET_EID)))
    cli(f"--ms-set-uicc-close-channel=channel={channel},{GROUP}")
    assert chip.open_channels == 0
    assert f"{Status.INVALID_LOGICAL_CHANNEL:#x}" in cli.error(cli.apdu(channel, GET_EID))


def test_channels_are_closed_by_their_group(cli, chip):
    for _ in range(3):
        cli(cli.open())
    assert f"{Status.NO_LOGICAL_CHANNELS:#x}" in cli.error(cli.open())
    cli(f"--ms-set-uicc-close-channel=channel=0,{GROUP}")
    assert chip.open_channels == 0


def test_a_refused_select_leaves_no_channel(cli, chip):
    assert f"{Status.SELECT_FAILED:#x}" in cli.error(cli.open(ISD_R[:-1] + b"\x09"))
    assert chip.open_channels == 0


def test_firmware_can_keep_the_isdr_for_itself(cli, modem):
    modem.firmware.isdr_error = Status.OPERATION_NOT_ALLOWED
    assert cli.error(cli.open())


def test_a_switch_is_told_or_not(cli, modem):
    enable = switch(0xBF31, SECOND.iccid_octets)
    cli(cli.open())
    assert "bf3103800100" in octets(cli(cli.apdu(1, f"80E29100{len(enable):02X}{enable.hex()}00")))
    wait_until(lambda: modem.iccid == SECOND.iccid, 60, "the card to be back")
    assert SECOND.iccid in cli("--query-subscriber-ready-status")


def test_a_reset_ends_what_a_silent_switch_began(cli, modem, chip):
    modem.firmware.behaviour = "silent-until-power-cycle"
    enable = switch(0xBF31, SECOND.iccid_octets)
    cli(cli.open())
    cli(cli.apdu(1, f"80E29100{len(enable):02X}{enable.hex()}00"))
    assert FIRST.iccid in cli("--query-subscriber-ready-status")
    cli("--ms-set-uicc-reset=disable")
    wait_until(lambda: modem.iccid == SECOND.iccid, 60, "the card to be back")
    assert SECOND.iccid in cli("--query-subscriber-ready-status")
    assert chip.open_channels == 0


def test_terminal_capability_is_kept(cli):
    cli("--ms-set-uicc-terminal-capability=terminal-capability=810100")
    assert "810100" in octets(cli("--ms-query-uicc-terminal-capability"))


def test_faults(cli, modem, chip):
    modem.faults.at_message("MBIM Open Channel", firmware.error(Status.BUSY))
    assert "Busy" in cli.error(cli.open())
    modem.faults.at_message("MBIM Open Channel", firmware.late(0.2))
    cli(cli.open())
    assert chip.open_channels == 1


def test_behind_debians_proxy(cli, chip, modem):
    """Two programs at the same time, as lpad-modem and ModemManager are."""
    with_proxy = Run()
    try:
        namespace = Namespace(with_proxy, "namespace", "", ENV)
        namespace.spawn("mbim-proxy", ["/usr/libexec/mbim-proxy", "--no-exit"], ENV)
        sockets = f"/proc/{namespace.pid}/net/unix"
        with open(sockets) as file:
            wait_until(lambda: file.seek(0) or "@mbim-proxy" in file.read(), 60, "mbim-proxy")
        cli = Cli(modem.path, namespace.command(), ("--device-open-proxy",))
        cli(cli.open())
        assert f"bf3e125a10{chip.eid}" in octets(cli(cli.apdu(1, GET_EID)))
        assert FIRST.iccid in cli("--query-subscriber-ready-status")
    finally:
        with_proxy.close()


# Messages


class Recorder:
    """A connection that keeps what is sent."""

    def __init__(self):
        self.sent: list[bytes] = []

    def send(self, message: bytes) -> None:
        self.sent.append(message)


def command(number: int, information: bytes, kind: int = mbim.SET, total: int = 1) -> bytes:
    head = struct.pack("<IIIII", mbim.COMMAND, 48 + len(information), 1, total, 0)
    return head + mbim.UICC_LOW_LEVEL.bytes + struct.pack("<III", number, kind, len(information)) + information


@pytest.mark.parametrize("information", [
    b"", mbim.information(16, 1000, 0, 2), mbim.information(2**32 - 1, 16, 0, 2), mbim.information(0, 0, 7, 2),
])
def test_references_outside_the_information_are_refused(modem, information):
    recorder = Recorder()
    function = MbimFunction(modem, recorder)
    function.received(struct.pack("<IIII", mbim.OPEN, 16, 1, 4096))
    modem.call(lambda: function.received(command(2, information)))
    status = int.from_bytes(recorder.sent[-1][40:44], "little")
    assert status == Status.INVALID_PARAMETERS


def test_what_is_no_command_is_not_answered(modem):
    recorder = Recorder()
    function = MbimFunction(modem, recorder)
    modem.call(lambda: function.received(command(1, b"")))               # not open
    function.received(struct.pack("<IIII", mbim.OPEN, 16, 1, 4096))
    for message in (command(1, b"", total=2), command(1, b"")[:-1], struct.pack("<III", mbim.COMMAND, 12, 1)):
        modem.call(lambda: function.received(message))
    assert len(recorder.sent) == 1


def test_a_stream_is_split_into_messages():
    opening = struct.pack("<IIII", mbim.OPEN, 16, 1, 4096)
    splitter = mbim.MbimSplitter()
    assert [message for octet in opening * 2 for message in splitter.feed(bytes([octet]))] == [opening] * 2
    with pytest.raises(ValueError):
        splitter.feed(bytes(12))


def test_information_has_its_data_behind_its_numbers():
    made = mbim.information(7, mbim.Ref(b"abc"), mbim.Ref(b"de", size_first=True), mbim.text(""))
    assert made.hex() == "07000000" "1c00000003000000" "0200000020000000" "0000000000000000" "61626300" "64650000"
    parsed = mbim.Command(1, uuid.UUID(int=0), 1, mbim.SET, made)
    assert (parsed.octets(2, 1), parsed.octets(3, 4), parsed.octets(6, 5)) == (b"abc", b"de", b"")
