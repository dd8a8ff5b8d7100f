# SPDX-License-Identifier: LGPL-2.1-or-later
"""Servers that admit only LPAs whose certificate they know: from files, from a PKCS#11 token, and what goes wrong."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from invariants import assert_invariants
from server_side import SERVER, download, place, requests
from testbed import pki
from testbed.softhsm import MODULE, SoftHsm
from testbed.stack import HOST, Stack

TLS1_2, TLS1_3 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
FAILED = 1
SHOWN = "ended the connection when this device had shown its certificate"
NONE_CONFIGURED = f"the server {HOST} asks for a certificate of this device, and none is configured for it"


class Device:
    """A platform whose server asks for certificates of LPAs, and the device's credential."""

    def __init__(self, stack: Stack):
        self.stack = stack
        self.issuer = pki.make_ci("Testbed LPA CI")
        self.credential = self.issuer.make_client()
        self.ask()

    def ask(self, version: ssl.TLSVersion | None = None, **how: object) -> None:
        """From now on the server does."""
        versions = (version, version) if version else (TLS1_2, TLS1_3)
        self.stack.smdp.use_tls(self.stack.server_credentials.dp_tls, *versions,
                                **{"clients": self.issuer.cert, **how})

    def save(self, credential: pki.Credential) -> dict[str, str]:
        """In files; the keys of lpad.conf that name them."""
        credential.save(self.stack.folder, "lpa", "lpa-key")
        return {key: str(self.stack.folder / f"{name}.pem")
                for key, name in {"ClientCertificate": "lpa", "ClientKey": "lpa-key"}.items()}

    def configure(self, keys: dict[str, str], host: str = HOST) -> None:
        self.stack.write_config({f"Server:{host}": keys})
        if self.stack.lpad_pid():
            self.stack.restart_lpad()


@pytest.fixture
def device(make_stack) -> Device:
    return Device(make_stack())


def expect(device: Device, order, status: int, error: str, *words: str) -> None:
    """Of the order the server has heard nothing."""
    done = download(device.stack, order)
    assert (done.status, done.error, done.order) == (status, error, "usable"), done
    assert any(word in done.message for word in words), done
    assert requests(device.stack) == []
    assert device.stack.smdp.counters.tls_clients == 0


def test_certificate_in_files(device):
    """The server asks in both versions of TLS; without a certificate it serves nobody, and one that is configured
    for another server is none."""
    order = place(device.stack)
    device.configure(device.save(device.credential), "other.example.com")
    for version in (TLS1_2, TLS1_3):
        device.ask(version)
        expect(device, order, SERVER, "ServerRefused", NONE_CONFIGURED)
    device.configure(device.save(device.credential))
    for version in (TLS1_2, TLS1_3):
        device.ask(version)
        assert not download(device.stack, place(device.stack)).error
    assert device.stack.smdp.counters.tls_clients == device.stack.smdp.counters.tls_handshakes == 2
    assert device.stack.smdp.counters.tls_failures == 2
    device.ask(required=False)
    assert not download(device.stack, order).error
    assert device.stack.smdp.counters.tls_clients == 3
    assert_invariants(device.stack)


def test_server_that_does_not_accept_the_certificate(device):
    order = place(device.stack)
    device.configure(device.save(pki.make_ci("Other CI").make_client()))
    expect(device, order, SERVER, "ServerRefused", "does not accept the certificate of this device (unknown CA)", SHOWN)
    device.configure(device.save(device.issuer.make_client(usage=ExtendedKeyUsageOID.SERVER_AUTH)))
    expect(device, order, SERVER, "ServerRefused", "does not accept the certificate of this device", SHOWN)
    device.ask(known=[device.issuer.make_client().cert])
    device.configure(device.save(device.credential))
    expect(device, order, SERVER, "ServerRefused", SHOWN)
    device.ask(known=[device.credential.cert])
    assert not download(device.stack, order).error


def test_files_that_cannot_be_used(device):
    order = place(device.stack)
    expired = device.save(device.issuer.make_client(expired=True))
    device.configure(expired)
    expect(device, order, FAILED, "Failed", "lpa.pem: the certificate expired on")
    keys = device.save(device.credential)
    Path(keys["ClientKey"]).write_bytes(device.issuer.make_client().key_pem)
    device.configure(keys)
    expect(device, order, FAILED, "Failed", "lpa-key.pem: the key does not belong to the certificate")
    Path(keys["ClientKey"]).unlink()
    done = download(device.stack, order)
    assert done.error == "Failed" and f"{keys['ClientKey']}: No such file or directory" in done.message
    assert "lpad.conf" in done.advice
    assert device.stack.smdp.counters.tcp_connections == 0


def test_certificate_in_a_token(make_stack):
    """PKCS#11: certificate and key never leave the token, and the PIN is in no message and no log."""
    device = Device(make_stack())
    stack, order = device.stack, place(device.stack)
    hsm = SoftHsm(stack.folder / "hsm", device.credential)
    stack.write_config({"Trust": {"Pkcs11Module": MODULE}, f"Server:{HOST}": {"ClientCertificate": hsm.uri()}})
    lpad = stack.run_lpad(env=hsm.env)
    for version in (TLS1_2, TLS1_3):
        device.ask(version)
        assert not download(stack, place(stack)).error
    assert stack.smdp.counters.tls_clients == 2
    lpad.stop()

    for uri, words in {
        hsm.uri(label="none"): "object not found", hsm.uri(pin=False): "it wants a PIN",
    }.items():
        stack.write_config({f"Server:{HOST}": {"ClientCertificate": uri}})
        lpad = stack.run_lpad(env=hsm.env)
        done = download(stack, order)
        assert (done.error, done.order) == ("Failed", "usable") and f"the PKCS#11 token: {words}" in done.message
        assert uri not in done.message
        lpad.stop()

    hsm.write_pin("314159")
    stack.write_config({f"Server:{HOST}": {"ClientCertificate": hsm.uri()}})
    lpad = stack.run_lpad(env=hsm.env)
    assert "PIN incorrect" in download(stack, order).message
    assert "it is not tried again" in download(stack, order).message  # three wrong ones lock many tokens
    lpad.stop()
    written = lpad.output() + stack.log
    for secret in ("314159", "271828"):
        assert secret not in written
