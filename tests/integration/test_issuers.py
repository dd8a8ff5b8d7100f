# SPDX-License-Identifier: LGPL-2.1-or-later
"""Issuers of servers: seen, installed and removed while lpad runs, and what that does to downloads."""

from __future__ import annotations

import datetime

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from gi.repository import GLib

from client import MANAGER, ROOT, Client, Refused, variant_dict
from invariants import assert_invariants, lui_json
from scenes import Signals
from server_side import DECLINED, NOT_FOUND, SERVER, STATE, USAGE, download, place, requests
from testbed import crl, pki
from testbed.stack import HOST, Stack

GSMA = "81370f5125d0b1d408d4c3b232e6d25e795bebfb"
#: Key identifier of a public test issuer.
SGP26 = "34eecf13156518d48d30bdf06853404d115f955d"


@pytest.fixture
def own(shared) -> Stack:
    """The shared platform, from which what a test has installed is removed again."""
    yield shared
    for issuer in lui_json(shared, "issuer")["issuers"]:
        if issuer["removable"]:
            lui_json(shared, "issuer", "remove", issuer["fingerprint"], "--yes")


def save(stack: Stack, ci: pki.Ci, name: str = "issuer") -> str:
    pki.save_cert(stack.folder, name, ci.cert)
    return f"{name}.pem"


def issuers(stack: Stack) -> dict[str, dict]:
    """What is installed, by key identifier."""
    return {issuer["key_identifier"]: issuer for issuer in lui_json(stack, "issuer", "list")["issuers"]}


def failure(stack: Stack, *arguments: str, status: int) -> str:
    return lui_json(stack, "issuer", *arguments, status=status)["error"]["message"]


# lui-cli ------------------------------------------------------------------------------


def test_list_says_what_is_installed_and_which_chips_trust_it(own):
    text = own.lui("issuer").stdout
    head, line, *rest = text.splitlines()
    assert head.split() == ["ISSUER", "KEY", "IDENTIFIER", "UNTIL", "KIND", "EUICCS"]
    assert line.split()[:5] == ["CN=Testbed", "CI,O=Testbed", own.ci.pkid.hex(), f"{own.ci.cert.not_valid_after:%F}", "test"]
    assert line.split()[-1].isdigit() and not rest
    (issuer,) = issuers(own).values()
    assert (issuer["test"], issuer["trusted"], issuer["removable"]) == (True, True, False)
    assert issuer["file"] == str(own.issuer_folder / "test" / "testbed-1.pem")


def test_list_names_what_chips_want_and_is_not_installed(make_stack):
    other = pki.make_ci("Other CI")
    gsma = pki.make_ci("GSMA", key_identifier=bytes.fromhex(GSMA))
    stack = make_stack()
    stack.chip.credentials.ci_certs += [other.cert, gsma.cert]
    missing = lui_json(stack, "issuer", "list")["missing"]
    assert [(m["key_identifier"], m["name"]) for m in missing] == [
        (other.pkid.hex(), ""), (GSMA, "GSM Association – RSP2 Root CI1"),
    ]
    assert [len(m["euiccs"]) for m in missing] == [1, 1]
    text = stack.lui("issuer").stdout
    assert "Trusted by chips, but not installed (lui-cli issuer add FILE):" in text
    assert "GSM Association – RSP2 Root CI1" in text and "(unknown)" in text


def test_add_and_remove(own):
    other = pki.make_ci("Other CI")
    (own.folder / "other").write_bytes(other.cert.public_bytes(Encoding.DER))
    added = lui_json(own, "issuer", "add", "other", "--yes")
    assert added["ok"] and added["issuer"]["key_identifier"] == other.pkid.hex()
    installed = issuers(own)[other.pkid.hex()]
    assert (installed["test"], installed["trusted"], installed["removable"]) == (False, True, True)
    assert installed["file"].startswith(str(own.state_folder / "issuers" / "production"))
    assert lui_json(own, "issuer", "add", "other", "--yes")["ok"]  # once more changes nothing
    assert len(issuers(own)) == 2
    assert lui_json(own, "issuer", "remove", "other ci", "--yes") == {"ok": True}
    assert other.pkid.hex() not in issuers(own)
    assert not [path for path in (own.state_folder / "issuers").rglob("*") if path.is_file()]


def test_a_person_compares_the_fingerprint(own):
    other = pki.make_ci("Other CI")
    name = save(own, other)
    with own.terminal("issuer", "add", name) as terminal:
        terminal.expect("SHA-256: +([0-9a-f]{4} ){15}[0-9a-f]{4}")
        terminal.expect("does not know this certificate")
        terminal.expect(r"Trust the servers of this issuer\? \[y/N\]")
        terminal.send("\n")
        assert terminal.wait() == DECLINED
    assert other.pkid.hex() not in issuers(own)
    with own.terminal("issuer", "add", name) as terminal:
        terminal.expect("y/N")
        terminal.send("y\n")
        assert terminal.wait() == 0
    assert other.pkid.hex() in issuers(own)
    with own.terminal("issuer", "remove", other.pkid.hex()[:8]) as terminal:
        terminal.expect(r"Remove “CN=Other CI,O=Testbed”\?.*y/N")
        terminal.send("y\n")
        assert terminal.wait() == 0
    assert other.pkid.hex() not in issuers(own)


def test_nobody_is_there_to_confirm(own):
    name = save(own, pki.make_ci("Other CI"))
    assert "nobody was there" in failure(own, "add", name, status=DECLINED)
    lui_json(own, "issuer", "add", name, "--yes")
    assert "nobody was there" in failure(own, "remove", "Other", status=DECLINED)


def test_a_certificate_that_poses_as_a_known_issuer_is_shown_up(own):
    name = save(own, pki.make_ci("GSM Association - RSP2 Root CI1", key_identifier=bytes.fromhex(GSMA)))
    with own.terminal("issuer", "add", name) as terminal:
        terminal.expect("Careful: it names the key of “GSM Association – RSP2 Root CI1”, but it is not")
        terminal.send("n\n")
        assert terminal.wait() == DECLINED


def test_a_public_test_issuer_is_for_tests_only(own):
    name = save(own, pki.make_ci("SGP.26", key_identifier=bytes.fromhex(SGP26)))
    message = failure(own, "add", name, "--yes", status=USAGE)
    assert "public test issuer" in message and "--test" in message
    lui_json(own, "issuer", "add", name, "--yes", "--test")
    installed = issuers(own)[SGP26]
    assert (installed["test"], installed["removable"]) == (True, True)
    assert installed["file"].startswith(str(own.state_folder / "issuers" / "test"))


def test_what_is_no_issuer_is_refused(own):
    credential = own.server_credentials.dp_tls
    day = datetime.timedelta(days=1)
    (own.folder / "server.pem").write_bytes(credential.cert_pem)
    save(own, pki.make_ci("Old CI", first=-30 * day, last=-day), "old")
    for name, words in {
        "server.pem": "no CA certificate", "old.pem": "“CN=Old CI,O=Testbed” expired on",
    }.items():
        assert words in failure(own, "add", name, "--yes", status=USAGE)
    assert "There is no file" in failure(own, "add", "nothing", "--yes", status=NOT_FOUND)
    assert "No issuer fits" in failure(own, "remove", "nothing", "--yes", status=NOT_FOUND)
    assert len(issuers(own)) == 1


def test_what_others_have_installed_is_theirs(own):
    message = failure(own, "remove", "Testbed", "--yes", status=STATE)
    assert str(own.issuer_folder / "test" / "testbed-1.pem") in message and "belongs to the administrator" in message
    assert own.ci.pkid.hex() in issuers(own)


def test_a_name_that_fits_several_is_not_guessed(own):
    lui_json(own, "issuer", "add", save(own, pki.make_ci("Testbed CI")), "--yes")
    assert "2 issuers fit “testbed”" in failure(own, "remove", "testbed", "--yes", status=USAGE)


# The bus ------------------------------------------------------------------------------


def test_bus_says_what_changes(own):
    other = pki.make_ci("Other CI")
    with Client(own) as client:
        signals = Signals(client)
        octets = GLib.Variant("ay", other.cert.public_bytes(Encoding.DER))
        (inspected,) = client.call(ROOT, f"{MANAGER}.InspectIssuer", GLib.Variant.new_tuple(octets))
        assert (inspected["name"], inspected["installed"]) == ("CN=Other CI,O=Testbed", False)
        (key,) = client.call(ROOT, f"{MANAGER}.AddIssuer", GLib.Variant.new_tuple(octets, variant_dict({})))
        assert key == other.pkid.hex()
        signals.wait(lambda signal: signal.path == ROOT and key in str(signal.values), "the issuer")
        signals.close()
        (inspected,) = client.call(ROOT, f"{MANAGER}.InspectIssuer", GLib.Variant.new_tuple(octets))
        assert inspected["installed"]
        with pytest.raises(Refused) as refused:
            client.call(ROOT, f"{MANAGER}.RemoveIssuer", GLib.Variant("(sa{sv})", ("00" * 32, {})))
        assert refused.value.name == "NotFound"


def test_octets_that_are_no_certificate(own):
    with Client(own) as client:
        for octets in (b"", b"\x30\x82", b"-----BEGIN CERTIFICATE-----\n", bytes(100_000)):
            for method, more in {"InspectIssuer": (), "AddIssuer": (variant_dict({}),)}.items():
                with pytest.raises(Refused) as refused:
                    client.call(ROOT, f"{MANAGER}.{method}", GLib.Variant.new_tuple(GLib.Variant("ay", octets), *more))
                assert refused.value.name == "InvalidArguments"


# Downloads ----------------------------------------------------------------------------


def test_an_issuer_counts_from_the_moment_on_which_it_is_installed(make_stack):
    """And no longer when it is removed; lpad keeps running."""
    stack = make_stack()
    other = pki.make_ci("Other CI")
    stack.chip.credentials.ci_certs.append(other.cert)
    stack.smdp.use_tls(other.make_dp_tls([HOST]))
    order = place(stack)
    done = download(stack, order)
    assert (done.status, done.error, done.order) == (SERVER, "IssuerMissing", "usable")
    assert "“CN=Other CI,O=Testbed”" in done.message and other.pkid.hex() in done.message
    assert "which the chip trusts, but which is not installed" in done.message
    assert "lui-cli issuer add FILE" in done.advice
    pid = stack.lpad_pid()
    lui_json(stack, "issuer", "add", save(stack, other), "--yes")
    assert not download(stack, order).error
    lui_json(stack, "issuer", "remove", other.pkid.hex(), "--yes")
    assert download(stack, place(stack)).error == "IssuerMissing"
    lui_json(stack, "issuer", "add", "issuer.pem", "--yes")
    assert stack.lpad_pid() == pid
    stack.restart_lpad()
    assert other.pkid.hex() in issuers(stack)
    assert_invariants(stack)


def test_installed_for_tests_does_not_count_without_test_mode(make_stack):
    stack = make_stack(config={"General": {"TestMode": "false"}})
    assert stack.lui("issuer").stdout.splitlines()[1].split()[-3:-1] == ["test", "(off)"]
    done = download(stack, place(stack))
    assert done.error == "IssuerMissing" and "installed for tests only" in done.message
    assert "TestMode=true" in done.advice
    text = stack.lui("issuer", "add", "--test", "--yes", save(stack, pki.make_ci("Other CI"))).stdout
    assert "does not count before TestMode=true" in text
    lui_json(stack, "issuer", "add", save(stack, stack.ci, "ours"), "--yes")
    assert not download(stack, place(stack)).error


# Revocation lists ---------------------------------------------------------------------


def test_servers_are_checked_against_the_list_of_their_issuer(make_stack):
    """A revoked one is not trusted, another is; by a list that has expired nobody is."""
    stack = make_stack()
    folder = stack.folder / "crls"
    folder.mkdir()
    (folder / "ci.crl").write_bytes(crl.make_crl(stack.ci, [stack.server_credentials.dp_tls.cert]))
    stack.write_config({"Trust": {"CrlFolders": str(folder)}})
    order = place(stack)
    done = download(stack, order)
    assert (done.status, done.error, done.order) == (SERVER, "ServerNotTrusted", "usable")
    assert "the certificate of the server has been revoked by its issuer" in done.message
    assert requests(stack) == []
    stack.smdp.use_tls(stack.ci.make_dp_tls([HOST]))
    assert not download(stack, order).error
    assert_invariants(stack)

    (folder / "ci.crl").write_bytes(crl.make_crl(stack.ci, expired=True))
    stack.restart_lpad()
    before = len(requests(stack))
    done = download(stack, place(stack))
    assert (done.error, done.order) == ("ServerNotTrusted", "usable")
    assert "revocation list of the issuer “CN=Testbed CI,O=Testbed” expired on" in done.message
    assert "CrlFolders" in done.advice
    assert len(requests(stack)) == before


def test_a_chip_that_keeps_lists_is_given_them(make_stack):
    """It is the chip that refuses the server whose certificate for signing has been revoked; others go on."""
    stack = make_stack()
    chip, folder = stack.chip, stack.folder / "crls"
    folder.mkdir()
    revoked = crl.make_crl(stack.ci, [stack.server_credentials.dp_auth.cert], number=7)
    (folder / "ci.crl").write_bytes(revoked)
    (folder / "other.crl").write_bytes(crl.make_crl(pki.make_ci("Other CI"), number=1))
    stack.write_config({"Trust": {"CrlFolders": str(folder)}})
    assert not download(stack, place(stack)).error, "a chip that does not say that it keeps lists is given none"
    chip.config.rsp_capability = (0, 1, 3, 4)
    stack.restart_lpad()
    done = download(stack, place(stack))
    assert (done.error, done.order) == ("ServerNotTrusted", "usable")
    assert [known["number"] for known in chip.crls.to_json().values()] == [7]
    calls = len([exchange for exchange in chip.transcript if exchange.name == "LoadCRL"])
    assert calls > 0
    assert download(stack, place(stack)).error == "ServerNotTrusted"
    assert len([exchange for exchange in chip.transcript if exchange.name == "LoadCRL"]) == calls, "once is enough"

    (folder / "ci.crl").write_bytes(crl.make_crl(stack.ci, number=8))
    stack.restart_lpad()
    assert not download(stack, place(stack)).error
    (folder / "ci.crl").write_bytes(crl.make_crl(stack.ci, number=3))
    stack.restart_lpad()
    assert not download(stack, place(stack)).error, "that the chip has a newer one is no obstacle"
    assert_invariants(stack)


# Chains -------------------------------------------------------------------------------


def test_server_below_a_sub_issuer(shared):
    """A chain of three, sent along by the server; without its middle nobody can follow it."""
    sub = shared.ci.make_sub_ci("Testbed sub-CI")
    order = place(shared)
    try:
        shared.smdp.use_tls(sub.make_dp_tls([HOST]))
        done = download(shared, order)
        assert done.error == "IssuerMissing" and "Testbed sub-CI" in done.message
        shared.smdp.use_tls(sub.make_dp_tls([HOST]).with_chain(sub.cert))
        assert not download(shared, order).error
    finally:
        shared.smdp.use_tls(shared.server_credentials.dp_tls)
    assert_invariants(shared)


def test_issuer_that_does_not_exist_yet_means_that_the_clock_is_wrong(make_stack):
    day = datetime.timedelta(days=1)
    young = pki.make_ci("Young CI", first=30 * day, last=900 * day)
    eid = pki.make_eid()
    stack = make_stack(chip_credentials=pki.make_chip(young, eid), server_credentials=pki.make_server(young, [HOST]))
    done = download(stack, place(stack))
    assert (done.error, done.order) == ("ClockInvalid", "usable")
    assert "is not valid before" in done.message and "the clock of this device says" in done.message
    assert "synchronised" in done.advice
    assert requests(stack) == []


def test_issuers_are_used_while_they_change(make_stack):
    """Chips download while issuers come and go."""
    stack = make_stack(chips=2)
    other = save(stack, pki.make_ci("Other CI"))
    chips = {chip.eid: place(stack) for chip in stack.chips}
    with Client(stack) as client:
        operations = [client.download(eid, order.activation_code, consent=True) for eid, order in chips.items()]
        for _ in range(5):
            lui_json(stack, "issuer", "add", other, "--yes")
            lui_json(stack, "issuer", "remove", "Other", "--yes")
        for operation in operations:
            assert not operation.result().get("error")
    assert_invariants(stack)
