# SPDX-License-Identifier: LGPL-2.1-or-later
"""lui-cli download: where codes come from, what is wrong with them, and the person at the terminal."""

from __future__ import annotations

import re
import struct
import subprocess
import zlib
from pathlib import Path

import pytest
import qrcode

from client import ERROR, Client
from invariants import assert_invariants, lui_json
from scenes import place, reload
from testbed import tlv
from testbed.smdp.faults import Break, Status
from testbed.stack import Stack
from testbed.terminal import CTRL_C, CTRL_D
from testbed.veuicc import faults

FAILED, USAGE, NOT_AUTHORISED, NOT_FOUND, DECLINED, SERVER, CARD, ORDER, STATE, UNAVAILABLE = range(1, 11)
INTERRUPTED = 130
HOST = "smdp.example.com"


def download(stack: Stack, *arguments: str, status: int = 0, **options) -> str:
    """What lui-cli says of an unattended download."""
    done = stack.lui("download", "--yes", *arguments, **options)
    assert done.returncode == status, done
    return done.stdout + done.stderr


# Activation codes of every wrong shape ----------------------------------------------

#: What somebody gives as an activation code, and what tells him what is wrong with it.
WRONG_CODES = {
    "nothing": ("", "empty"),
    "blanks": ("  \t ", "empty"),
    "prefix alone": ("LPA:", "follows"),
    "format 2": (f"2${HOST}$TOKEN", "format 2"),
    "format 10": (f"LPA:10${HOST}$TOKEN", "format 10"),
    "no format": (f"${HOST}$TOKEN", "begins with"),
    "no server": ("LPA:1$$TOKEN", "names no server"),
    "no matching ID": (f"LPA:1${HOST}", "ends after the server"),
    "format alone": ("1$", "names no server"),
    "words": ("LPA:hello", "no activation code"),
    "server alone": ("smdp.example.net", "server address"),
    "link": ("https://example.com/esim", "link"),
    "percent": (f"LPA:1%24{HOST}%24TOKEN", "%24"),
    "shell ate all": ("LPA:1.example.com", "single quotes"),
    "shell ate and left": ("LPA:1-eu.example.com", "single quotes"),
    "shell ate the token": ("1.example.com", "single quotes"),
    "IPv4 address": ("LPA:1$127.0.0.1$TOKEN", "server address"),
    "IPv6 address": ("LPA:1$[::1]$TOKEN", "server address"),
    "one label": ("LPA:1$localhost$TOKEN", "server address"),
    "user information": (f"LPA:1$me@{HOST}$TOKEN", "server address"),
    "path": (f"LPA:1${HOST}/x$TOKEN", "server address"),
    "hyphen first": ("LPA:1$-a.example.com$TOKEN", "server address"),
    "empty label": ("LPA:1$a..example.com$TOKEN", "server address"),
    "underscore": ("LPA:1$a_b.example.com$TOKEN", "server address"),
    "bad port": (f"LPA:1${HOST}:99999$TOKEN", "server address"),
    "bad OID": (f"LPA:1${HOST}$TOKEN$1.2.x", "object identifier"),
    "bad flag": (f"LPA:1${HOST}$TOKEN$$2", "neither 0 nor 1"),
    "confirmation code for the flag": (f"LPA:1${HOST}$TOKEN$$4711", "confirmation code itself"),
    "blank inside": (f"LPA:1${HOST}$TO KEN", "space"),
    "line end inside": (f"LPA:1${HOST}$TO\nKEN", "line break"),
    "control character": (f"LPA:1${HOST}$TO\x01KEN", "control character"),
    "dash for a hyphen": (f"LPA:1${HOST}$TO–KEN", "hyphen by a dash"),
    "umlaut": ("LPA:1$smdp.exämple.com$TOKEN", "ASCII"),
    "too long": (f"LPA:1${HOST}$" + "A" * 300, "more than 255"),
}


@pytest.mark.parametrize("code, words", WRONG_CODES.values(), ids=WRONG_CODES)
def test_a_wrong_activation_code_is_told_in_a_sentence(shared, code, words):
    text = download(shared, "--", code, status=ORDER)
    assert words in text and text.startswith("Error: "), text
    failure = lui_json(shared, "download", "--yes", "--nickname=x", code, status=ORDER)["error"]
    assert failure["name"] == f"{ERROR}InvalidActivationCode" and words in failure["message"]
    assert shared.smdp.counters.tcp_connections == 0 and shared.chip.open_channels == 0


def test_a_code_whose_dollars_the_shell_ate(shared):
    """As it happens: no quotes in a shell."""
    script = f"lui-cli download --yes LPA:1${HOST}$TOKEN-1"
    done = subprocess.run(["sh", "-c", script], env=shared.marked_env, capture_output=True, text=True, timeout=60)
    assert done.returncode == ORDER
    assert "single quotes" in done.stderr and "LPA:1$" in done.stderr


def test_a_bad_code_does_not_start_anything_and_a_good_one_works_after_it(shared):
    order = place(shared)
    download(shared, "rubbish", status=ORDER)
    assert order.record.iccid in download(shared, order.activation_code)
    assert_invariants(shared)


RIGHT_CODES = {
    "as it is": "{code}",
    "without prefix": "{bare}",
    "small prefix": "lpa:{bare}",
    "server in capitals": "LPA:1$SMDP.EXAMPLE.COM${token}",
    "blanks around": "  {code}\n",
    "zero width around": "\ufeff{code}\u200b",
    "two empty fields": "{code}$$",
    "one empty field": "{code}$",
    "no confirmation code": "{code}$$0",
    "fields of version 3": "{code}$$0$00ff$1",
}


@pytest.mark.parametrize("form", RIGHT_CODES.values(), ids=RIGHT_CODES)
def test_an_unusual_but_right_activation_code_works(shared, form):
    order = place(shared)
    code = order.activation_code
    text = form.format(code=code, bare=code.removeprefix("LPA:"), token=order.matching_id)
    assert order.record.iccid in download(shared, text)
    assert order.state == "installed"


def test_a_matching_id_is_kept_as_it_is(shared):
    order = place(shared, matching_id="low-Er_case.99")
    assert order.record.iccid in download(shared, order.activation_code)


@pytest.mark.parametrize("arguments", [
    ["--server", HOST], ["-s", HOST, "-m", ""], [f"1${HOST}$"], [f"LPA:1${HOST}$$$0"],
])
def test_an_order_that_waits_for_the_chip_needs_no_matching_id(shared, arguments):
    order = place(shared, matching_id="", eid=shared.chip.eid)
    assert order.record.iccid in download(shared, *arguments)


def test_the_default_server_of_the_chip(shared):
    order = place(shared, matching_id="", eid=shared.chip.eid)
    assert "No default server" in download(shared, "--default", status=STATE)
    shared.chip.default_dp = HOST
    reload(shared)
    assert order.record.iccid in download(shared, "-d")


def test_a_server_and_a_matching_id(shared):
    order = place(shared)
    assert order.record.iccid in download(shared, "-s", HOST, "--matching-id", order.matching_id)


# Where the code comes from ----------------------------------------------------------


def png(text: str) -> bytes:
    """A picture of the text's QR code, eight pixels a module, grey."""
    code = qrcode.QRCode(border=4)
    code.add_data(text)
    rows = [b"\x00" + b"".join(b"\x00" * 8 if dark else b"\xff" * 8 for dark in row) for row in code.get_matrix()]
    lines = b"".join(row * 8 for row in rows)
    size = len(rows) * 8

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", size, size, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


def test_a_code_from_standard_input(shared):
    order = place(shared)
    assert order.record.iccid in download(shared, "-", input=f"  {order.activation_code}\r\n")


def test_a_code_from_a_file(shared):
    order = place(shared)
    path = shared.folder / "code.txt"
    path.write_text(order.activation_code + "\n")
    assert order.record.iccid in download(shared, str(path))
    assert order.state == "installed"


def test_a_code_from_a_picture(shared):
    order = place(shared)
    path = shared.folder / "code.png"
    path.write_bytes(png(order.activation_code))
    assert order.record.iccid in download(shared, str(path))
    assert order.state == "installed"


WRONG_FILES = {
    "empty": (b"", "empty"),
    "binary": (bytes(range(256)), "one line of text"),
    "zero octet": (b"LPA:1$smdp.example.com$A\x00B", "one line of text"),
    "bad UTF-8": (b"LPA:1$smdp.example.com$\xff", "one line of text"),
    "large": (b"A" * 100_000, "one line of text"),
    "broken picture": (b"\x89PNG\r\n\x1a\n" + b"rubbish", "picture"),
    "picture of something else": (png("https://example.com"), "No QR code with an activation code"),
}


@pytest.mark.parametrize("octets, words", WRONG_FILES.values(), ids=WRONG_FILES)
def test_a_file_without_a_code_is_told(shared, octets, words):
    path = shared.folder / "wrong"
    path.write_bytes(octets)
    assert words in download(shared, str(path), status=ORDER)
    assert shared.smdp.counters.tcp_connections == 0


def test_a_folder_or_a_file_that_cannot_be_read_is_told(shared):
    assert "is a folder, and not a file" in download(shared, str(shared.folder), status=NOT_FOUND)
    for name in ("nothing\x1b[31m.png", "codes/first"):
        refused = download(shared, name, status=NOT_FOUND)
        assert "There is no file" in refused and "\x1b" not in refused


CONTRADICTIONS = {
    "nothing": ([], "what to download"),
    "two sources": (["-d", "LPA:1$smdp.example.com$A"], "exclude"),
    "server and code": (["-s", HOST, "LPA:1$smdp.example.com$A"], "exclude"),
    "matching ID alone": (["-m", "A"], "--server"),
    "two confirmation codes": (["-c", "1", "-C", "/dev/null", "LPA:1$smdp.example.com$A"], "exclude"),
    "two codes from standard input": (["-C", "-", "-"], "standard input"),
    "two positions": (["a", "b"], "Too many"),
    "short IMEI": (["-i", "12", "LPA:1$smdp.example.com$A"], "IMEI"),
    "IMEI with letters": (["-i", "49015420323751x", "LPA:1$smdp.example.com$A"], "IMEI"),
    "long nickname": (["-n", "x" * 65, "LPA:1$smdp.example.com$A"], "ickname"),
    "empty file of a confirmation code": (["-C", "/dev/null", "LPA:1$smdp.example.com$A"], "confirmation code"),
}


@pytest.mark.parametrize("arguments, words", CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_options_that_contradict_each_other_are_refused(shared, arguments, words):
    assert words in download(shared, *arguments, status=USAGE)
    assert shared.smdp.counters.tcp_connections == 0


def test_rules_without_yes_are_refused(shared):
    done = shared.lui("download", "-r", "LPA:1$smdp.example.com$A")
    assert done.returncode == USAGE and "--yes" in done.stderr


# Nobody to ask ----------------------------------------------------------------------


def test_unattended_with_all_options(shared):
    order = place(shared, confirmation_code="4711")
    path = shared.folder / "cc"
    path.write_text("4711\n")
    options = ["--yes", "--enable", "-n", "Auto", "-C", str(path), "-i", "490154203237518"]
    done = lui_json(shared, "download", *options, order.activation_code)
    assert done["iccid"] == order.record.iccid and done["notifications_pending"] == 0
    (profile,) = shared.chip.profiles
    assert profile.enabled and profile.nickname == b"Auto"
    assert_invariants(shared)


@pytest.mark.parametrize("arguments", [["-c", "4711"], ["-C", "-"]])
def test_a_confirmation_code_as_an_option(shared, arguments):
    order = place(shared, confirmation_code="4711")
    assert order.record.iccid in download(shared, *arguments, order.activation_code, input="4711\n")


def test_a_confirmation_code_that_is_missing_or_wrong_is_told(shared):
    order = place(shared, confirmation_code="4711")
    failure = lui_json(shared, "download", "--yes", order.activation_code, status=ORDER)["error"]
    assert (failure["name"], failure["order"]) == (f"{ERROR}ConfirmationCodeRequired", "usable")
    failure = lui_json(shared, "download", "--yes", "-c", "1", order.activation_code, status=ORDER)["error"]
    assert failure["name"] == f"{ERROR}ConfirmationCodeRefused"
    assert_invariants(shared, order, usable=True)


@pytest.mark.parametrize("options, name", [
    ({}, "ConsentRequired"), ({"confirmation_code": "4711"}, "ConsentRequired"),
    ({"pprs": (1,)}, "ConsentRequired"),
])
@pytest.mark.parametrize("arguments", [[], ["--json"]])
def test_without_a_terminal_and_without_yes_nothing_is_installed(shared, options, name, arguments):
    order = place(shared, **options)
    done = shared.lui("download", *arguments, order.activation_code, input="yes\n")
    assert done.returncode == DECLINED and "nobody was there" in (done.stdout + done.stderr)
    assert order.history[-1].event == "session postponed"
    assert_invariants(shared, order, usable=True if "pprs" not in options else None)


def test_rules_are_agreed_to_in_advance(shared):
    order = place(shared, pprs=(2,))
    failure = lui_json(shared, "download", "--yes", order.activation_code, status=DECLINED)["error"]
    assert failure["order"] == "usable" and "forbids to delete" in failure["message"]
    assert lui_json(shared, "download", "--yes", "--accept-policy-rules", order.activation_code)["ok"]
    assert lui_json(shared, "list")["profiles"][0]["can_delete"] is False


# A person at a terminal -------------------------------------------------------------


def test_the_offer_is_shown_and_yes_installs_it(shared):
    order = place(shared, profile_name="Sommer 5 GB", service_provider="Netz & Co")
    with shared.terminal("download", order.activation_code) as terminal:
        terminal.expect("This profile is offered")
        for title, words in {
            "Server": HOST, "Provider": "Netz & Co", "Profile": "Sommer 5 GB", "ICCID": order.record.iccid,
        }.items():
            terminal.expect(rf"{title}\s+{words}")
        terminal.expect(r"Install it\? \[y\]es, \[N\]ot now, \[r\]efuse for good:")
        assert len(shared.chip.profiles) == 0, "nothing before the answer"
        terminal.send("y\n")
        terminal.expect(f"Profile {order.record.iccid} is installed")
        terminal.expect(f"lui-cli enable {order.record.iccid}")
        assert terminal.wait() == 0
    assert order.state == "installed"
    assert_invariants(shared)


@pytest.mark.parametrize("answer", ["n\n", "No\n", "\n", CTRL_D])
def test_not_now_keeps_the_order(shared, answer):
    order = place(shared)
    with shared.terminal("download", order.activation_code) as terminal:
        terminal.expect("Install it")
        terminal.send(answer)
        assert terminal.wait() == DECLINED
        assert "can still be used" in terminal.text
    assert order.history[-1].event == "session postponed"
    assert_invariants(shared, order, usable=True)


def test_refuse_ends_the_order(shared):
    order = place(shared)
    with shared.terminal("download", order.activation_code) as terminal:
        terminal.expect("Install it")
        terminal.send("refuse\n")
        assert terminal.wait() == DECLINED
        assert "cannot be used again" in terminal.text
    assert (order.state, order.history[-1].detail) == ("error", "reason 0")
    assert_invariants(shared, order, usable=False)


def test_an_unclear_answer_is_asked_again(shared):
    order = place(shared)
    with shared.terminal("download", order.activation_code) as terminal:
        for answer in ("maybe\n", "yess\n", "1\n", "y\n"):
            terminal.expect("Install it")
            terminal.send(answer)
        assert terminal.wait() == 0
    assert order.state == "installed"


def test_rules_are_explained_and_take_more_than_a_yes(shared):
    order = place(shared, pprs=(2,))
    with shared.terminal("download", order.activation_code) as terminal:
        terminal.expect("cannot be deleted")
        terminal.expect("Only the operator can lift these rules")
        terminal.send("y\n")
        terminal.expect("Type “agree” to accept them")
        terminal.send("agree\n")
        terminal.expect("Install it")
        terminal.send("y\n")
        assert terminal.wait() == 0
    assert tlv.read_bit_string(shared.chip.profiles.profiles[0].rules) == {2}


def test_a_confirmation_code_is_typed_unseen_and_corrected(shared):
    order = place(shared, confirmation_code="S3cret-4711")
    with shared.terminal("download", order.activation_code) as terminal:
        terminal.expect("Install it")
        terminal.send("y\n")
        terminal.expect("Confirmation code from the operator")
        terminal.send("WRONG-ONE\n")
        terminal.expect("(?i)wrong|refused|not accepted")
        terminal.expect("Confirmation code from the operator")
        terminal.send("S3cret-4711\n")
        terminal.expect("is installed")
        assert terminal.wait() == 0
        assert "S3cret" not in terminal.raw and "WRONG-ONE" not in terminal.raw
        assert terminal.text.count("Install it") == 1, "consent is asked once"
    assert order.wrong_codes == 1 and order.state == "installed"
    assert_invariants(shared)


def test_confirmation_codes_run_out(shared):
    order = place(shared, confirmation_code="4711", cc_retries=2)
    with shared.terminal("download", order.activation_code) as terminal:
        terminal.expect("Install it")
        terminal.send("y\n")
        for _ in range(2):
            terminal.expect("Confirmation code from the operator")
            terminal.send("0000\n")
        assert terminal.wait() == ORDER
        assert "new activation code" in terminal.text
    assert order.state == "error"
    assert_invariants(shared, order, usable=False)


def test_a_confirmation_code_that_is_not_typed_postpones(shared):
    order = place(shared, confirmation_code="4711")
    with shared.terminal("download", order.activation_code) as terminal:
        terminal.expect("Install it")
        terminal.send("y\n")
        terminal.expect("Confirmation code")
        terminal.send("\n")
        assert terminal.wait() == DECLINED
    assert_invariants(shared, order, usable=True)


def test_the_bar_moves_with_octets(shared):
    order = place(shared, size=20000)
    shared.card.latency = 0.01
    try:
        with shared.terminal("download", "--yes", order.activation_code) as terminal:
            assert terminal.wait() == 0
    finally:
        shared.card.latency = 0
    parts = [int(part) for part in re.findall(r"(\d+) %", terminal.text)]
    assert parts == sorted(parts) and parts[-1] == 100 and len(set(parts)) >= 4
    assert re.search(r"Installing .* [\d.]+ kB of [\d.]+ kB", terminal.text)
    assert max(len(line) for line in terminal.text.replace("\r", "\n").splitlines()) < 100


def test_a_narrow_terminal_and_a_pipe_are_not_flooded(shared):
    order, other = place(shared), place(shared)
    with shared.terminal("download", "--yes", order.activation_code, columns=20) as terminal:
        assert terminal.wait() == 0
    assert all(len(piece) < 20 for piece in re.findall(r"\r([^\r\n]*%[^\r\n]*)", terminal.text))
    text = download(shared, other.activation_code)
    assert "\r" not in text and "\x1b" not in text and "%" not in text


def test_a_code_from_standard_input_leaves_the_terminal_for_the_answer(shared):
    order = place(shared)
    path = Path(shared.folder / "piped")
    path.write_text(order.activation_code)
    script = f"exec {shared.program('lui-cli')} download - <{path}"
    with shared.shell_terminal("sh", "-c", script) as terminal:
        terminal.expect("Install it")
        terminal.send("y\n")
        assert terminal.wait() == 0
    assert order.state == "installed"


# Ctrl-C -----------------------------------------------------------------------------


def test_ctrl_c_at_the_question_cancels(shared):
    order = place(shared)
    with shared.terminal("download", order.activation_code) as terminal:
        terminal.expect("Install it")
        terminal.send(CTRL_C)
        terminal.expect("Cancelling")
        assert terminal.wait() == DECLINED
        assert "can still be used" in terminal.text
    assert order.history[-1].event == "session postponed"
    assert_invariants(shared, order, usable=True)


def test_ctrl_c_at_the_confirmation_code_gives_the_echo_back(shared):
    order = place(shared, confirmation_code="4711")
    script = f"trap : INT; lui-cli download '{order.activation_code}'; stty -a"
    with shared.shell_terminal("sh", "-c", script) as terminal:
        terminal.expect("Install it")
        terminal.send("y\n")
        terminal.expect("Confirmation code")
        terminal.send(CTRL_C)
        terminal.wait()
        assert re.search(r"[^-]echo\b", terminal.text), terminal.text
    assert_invariants(shared, order, usable=True)


def test_ctrl_c_while_the_server_is_silent_cancels(make_stack):
    stack = make_stack()
    stack.smdp.faults.at_function("authenticateClient", Break("hang", executed=False))
    order = place(stack)
    with stack.terminal("download", "--yes", order.activation_code) as terminal:
        stack.smdp.record.wait_for(lambda: stack.smdp.counters.functions["authenticateClient"] == 1)
        terminal.expect("Authenticating")
        terminal.send(CTRL_C)
        assert terminal.wait() == DECLINED
    assert_invariants(stack, order, usable=True)


def test_ctrl_c_twice_leaves_at_once_and_lpad_goes_on_safely(shared):
    order = place(shared, size=20000)
    shared.card.latency = 0.02
    try:
        with shared.terminal("download", "--yes", order.activation_code) as terminal:
            terminal.expect("Installing")
            terminal.send(CTRL_C)
            terminal.expect("cannot be cancelled|not cancelled")
            terminal.send(CTRL_C)
            assert terminal.wait() == INTERRUPTED
        with Client(shared) as client:
            shared.smdp.record.wait_for(lambda: order.state == "installed")
            assert client.euicc(shared.chip.eid)
    finally:
        shared.card.latency = 0
    assert_invariants(shared)


# The end ----------------------------------------------------------------------------


def test_an_operator_that_could_not_be_told_is_mentioned(shared):
    order = place(shared)
    shared.smdp.faults.at_function("handleNotification", Status(503), times=None)
    text = download(shared, order.activation_code)
    assert "is installed" in text and "has not been told yet (1 pending)" in text
    shared.smdp.faults.clear()
    assert "have been told" in shared.lui("notifications", "send").stdout
    assert_invariants(shared)


def test_a_profile_that_is_installed_but_not_enabled_is_told(shared):
    order = place(shared)
    shared.chip.faults.at_call("EnableProfile", faults.result_code("EnableProfile", 127), times=None)
    done = shared.lui("download", "--yes", "--enable", order.activation_code)
    assert done.returncode != 0
    assert f"Profile {order.record.iccid} is installed, but not all is well." in done.stdout
    assert "could not be enabled" in done.stderr
    shared.chip.faults.clear()
    assert order.state == "installed"
    assert_invariants(shared)
