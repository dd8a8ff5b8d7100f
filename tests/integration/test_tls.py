# SPDX-License-Identifier: LGPL-2.1-or-later
"""TLS: which servers lpad talks to, and what it says of the others (SGP.22 v2.5, 2.6.6 and 4.5.2)."""

from __future__ import annotations

import ssl
from collections.abc import Callable

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from invariants import assert_invariants
from server_side import SERVER, download, place, requests
from testbed import pki
from testbed.stack import HOST, Stack

TLS1_1, TLS1_2, TLS1_3 = ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3

Make = Callable[[pki.Ci], pki.Credential]

#: A certificate, the error that it leads to, and what the user has to read.
REFUSED: dict[str, tuple[Make, str, tuple[str, ...]]] = {
    "unknown-issuer": (
        lambda ci: pki.make_ci("Unknown CI").make_dp_tls([HOST]), "IssuerMissing",
        ("“CN=Unknown CI,O=Testbed”", "key identifier", "not installed and not trusted by the chip either"),
    ),
    "issuer-of-the-same-name": (
        lambda ci: pki.make_ci("Testbed CI").make_dp_tls([HOST]), "IssuerMissing", ("Testbed CI",),
    ),
    "self-signed": (
        lambda ci: ci.make_dp_tls([HOST], self_signed=True), "ServerNotTrusted", ("signed by itself",),
    ),
    "expired": (
        lambda ci: ci.make_dp_tls([HOST], expired=True), "ServerNotTrusted", ("certificate of the server expired on",),
    ),
    "not-yet-valid": (
        lambda ci: ci.make_dp_tls([HOST], not_yet_valid=True), "ClockInvalid",
        ("is not valid before", "the clock of this device says"),
    ),
    "other-host": (
        lambda ci: ci.make_dp_tls(["other.example.com"]), "ServerNotTrusted", (HOST, "other.example.com"),
    ),
    "parent-wildcard": (
        lambda ci: ci.make_dp_tls(["*.com"]), "ServerNotTrusted", (f"not for {HOST}",),
    ),
    "common-name-only": (
        lambda ci: ci.make_dp_tls([HOST], common_name_only=True), "ServerNotTrusted", (f"not for {HOST}",),
    ),
    "role-of-dp-auth": (
        lambda ci: ci.make_dp_tls([HOST], role="dp-auth"), "ServerNotTrusted", ("wrong role", "policies"),
    ),
    "role-of-euicc": (
        lambda ci: ci.make_dp_tls([HOST], role="euicc"), "ServerNotTrusted", ("wrong role",),
    ),
    "foreign-policy": (
        lambda ci: ci.make_dp_tls([HOST], policy="2.999.1"), "ServerNotTrusted", ("wrong role", "policies"),
    ),
    "client-usage-only": (
        lambda ci: ci.make_dp_tls([HOST], usage=[ExtendedKeyUsageOID.CLIENT_AUTH]), "ServerNotTrusted",
        ("not for a TLS server",),
    ),
    "key-usage-without-signature": (
        lambda ci: ci.make_dp_tls([HOST], key_usage=("key_agreement",)), "ServerNotTrusted",
        ("wrong role", "digital signature"),
    ),
}

#: Certificates that are good though not the usual ones.
ACCEPTED: dict[str, Make] = {
    "role-of-ds-tls": lambda ci: ci.make_dp_tls([HOST], role="ds-tls"),
    "no-policies": lambda ci: ci.make_dp_tls([HOST], policy=None),
    "no-extended-key-usage": lambda ci: ci.make_dp_tls([HOST], usage=None),
    "no-key-usage": lambda ci: ci.make_dp_tls([HOST], key_usage=None),
    "several-hosts": lambda ci: ci.make_dp_tls(["other.example.com", HOST.upper()]),
    "wildcard": lambda ci: ci.make_dp_tls(["*.example.com"]),
    "rsa-key": lambda ci: ci.make_dp_tls([HOST], key_type="rsa"),
    "brainpool-key": lambda ci: ci.make_dp_tls([HOST], key_type="brainpoolP256r1"),
}


@pytest.fixture
def usual_tls(shared):
    """The shared platform, whose server gets its own certificate back."""
    yield shared
    shared.smdp.use_tls(shared.server_credentials.dp_tls)


def expect_refused(stack: Stack, order, error: str, words: tuple[str, ...]) -> None:
    """Nothing was said to the server: not even which chip wants to know."""
    done = download(stack, order)
    assert (done.status, done.error) == (SERVER, error), done
    for piece in words:
        assert piece in done.message
    assert done.order == "usable"
    assert requests(stack) == []
    assert stack.smdp.counters.octets_in == 0


@pytest.mark.parametrize("kind", REFUSED)
def test_wrong_certificate_is_refused_by_its_name(usual_tls, kind):
    make, error, words = REFUSED[kind]
    order = place(usual_tls)
    usual_tls.smdp.use_tls(make(usual_tls.ci))
    expect_refused(usual_tls, order, error, words)
    usual_tls.smdp.use_tls(usual_tls.server_credentials.dp_tls)
    assert_invariants(usual_tls, order, usable=True)


@pytest.mark.parametrize("kind", ACCEPTED)
def test_unusual_certificate_is_accepted(usual_tls, kind):
    order = place(usual_tls)
    usual_tls.smdp.use_tls(ACCEPTED[kind](usual_tls.ci))
    assert not download(usual_tls, order).error
    assert order.state == "installed"


@pytest.mark.parametrize("version", [TLS1_2, TLS1_3], ids=["1.2", "1.3"])
def test_tls_version_is_spoken(usual_tls, version):
    order = place(usual_tls)
    usual_tls.smdp.use_tls(usual_tls.server_credentials.dp_tls, version, version)
    assert not download(usual_tls, order).error
    assert usual_tls.smdp.counters.tls_handshakes == 1
    assert_invariants(usual_tls)


@pytest.mark.filterwarnings("ignore:.*TLSv1_1")
def test_tls_1_1_is_refused(usual_tls):
    order = place(usual_tls)
    usual_tls.smdp.use_tls(usual_tls.server_credentials.dp_tls, TLS1_1, TLS1_1)
    expect_refused(usual_tls, order, "ServerNotTrusted", ("older than 1.2", "not secure"))
    usual_tls.smdp.use_tls(usual_tls.server_credentials.dp_tls)
    assert_invariants(usual_tls, order, usable=True)


def test_brainpool_issuer(make_stack):
    """The other curve that GSMA's issuers have (SGP.22 v2.5, 2.6.7.2), for TLS and for all signatures."""
    keys = pki.make_testbed_pki(pki.make_eid(), [HOST], "brainpoolP256r1")
    stack = make_stack(chip_credentials=keys.chip, server_credentials=keys.server)
    order = place(stack)
    assert not download(stack, order).error
    assert order.state == "installed"
    assert_invariants(stack)


def test_test_issuers_do_not_count_outside_test_mode(make_stack):
    stack = make_stack(config={"General": {"TestMode": "false"}})
    order = place(stack)
    expect_refused(stack, order, "IssuerMissing", (stack.ci.pkid.hex(), "installed for tests only"))
    assert stack.smdp.counters.tcp_connections == 0
    pki.save_cert(stack.issuer_folder / "production", "operator", stack.ci.cert)
    stack.restart_lpad()
    assert not download(stack, order).error
    assert_invariants(stack)


def test_issuer_that_the_chip_does_not_trust_does_not_count(make_stack):
    """Installed on this device, but not in the chip's list for verification."""
    stack = make_stack()
    other = pki.make_ci("Other CI")
    pki.save_cert(stack.issuer_folder / "test", "other", other.cert)
    stack.smdp.use_tls(other.make_dp_tls([HOST]))
    order = place(stack)
    expect_refused(stack, order, "IssuerMissing", ("Other CI", "not trusted by the chip"))


def test_no_issuer_at_all_names_those_that_the_chip_trusts(make_stack):
    stack = make_stack()
    for path in (stack.issuer_folder / "test").iterdir():
        path.unlink()
    order = place(stack)
    expect_refused(stack, order, "IssuerMissing", ("no issuer that the chip trusts", stack.ci.pkid.hex()))
    assert stack.smdp.counters.tcp_connections == 0
