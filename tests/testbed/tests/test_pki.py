# SPDX-License-Identifier: LGPL-2.1-or-later
"""Certificates: shapes of SGP.22 v2.5 4.5.2, wrong ones on demand, folders."""

import stat

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtensionOID, NameOID

from testbed import certificates, pki

EID = pki.make_eid(serial=7)
HOSTS = ["smdp.example.com"]


@pytest.fixture(scope="module", params=["P-256", "brainpoolP256r1"])
def made(request):
    return pki.make_testbed_pki(EID, HOSTS, request.param)


def critical(cert, oid):
    return cert.extensions.get_extension_for_oid(oid).critical


@pytest.mark.parametrize("serial", [0, 1, 96, 97, 12345678901234567890])
def test_eid(serial):
    eid = pki.make_eid("89049032", serial)
    assert len(eid) == 32 and int(eid) % 97 == 1 and pki.check_eid(eid) == eid


@pytest.mark.parametrize("eid", ["", "8" * 31, EID[:-1] + "x", EID[:-1] + str((int(EID) + 1) % 10)])
def test_not_an_eid(eid):
    with pytest.raises(ValueError):
        pki.check_eid(eid)


def test_chains_and_roles(made):
    ci = made.ci.cert
    assert certificates.has_role(ci, "ci") and certificates.may_sign_certificates(ci)
    assert certificates.is_issued_by(ci, ci)
    for credential, role in (
        (made.server.dp_auth, "dp-auth"), (made.server.dp_pb, "dp-pb"), (made.server.dp_tls, "dp-tls"),
    ):
        assert certificates.is_issued_by(credential.cert, ci)
        assert certificates.has_role(credential.cert, role) and not certificates.has_role(credential.cert, "ds-auth")
        assert certificates.may_sign_data(credential.cert)
        assert certificates.registered_oid(credential.cert) == pki.DEFAULT_DP_OID
        assert certificates.is_valid_now(credential.cert)
    assert certificates.is_issued_by(made.chip.eum, ci)
    assert certificates.is_issued_by(made.chip.euicc, made.chip.eum)
    assert not certificates.is_issued_by(made.chip.euicc, ci)
    assert critical(made.chip.eum, ExtensionOID.NAME_CONSTRAINTS)
    assert critical(made.chip.euicc, ExtensionOID.CERTIFICATE_POLICIES)
    assert not critical(made.server.dp_tls.cert, ExtensionOID.CERTIFICATE_POLICIES)


def test_eid_is_bound_by_the_eum(made):
    assert made.chip.eid == EID
    assert certificates.eum_permits(made.chip.eum, made.chip.euicc)
    stranger = made.ci.make_eum("89049099").make_euicc(EID)
    assert not certificates.eum_permits(made.ci.make_eum("89049099").cert, stranger.cert)


def test_same_name_is_not_the_same_issuer(made):
    other = pki.make_ci("Testbed CI", made.ci.curve)
    assert other.cert.subject == made.ci.cert.subject
    assert not certificates.is_issued_by(made.server.dp_auth.cert, other.cert)


def test_wrong_tls_certificates():
    ci = pki.make_ci()
    assert not certificates.is_valid_now(ci.make_dp_tls(HOSTS, expired=True).cert)
    assert not certificates.is_valid_now(ci.make_dp_tls(HOSTS, not_yet_valid=True).cert)
    alone = ci.make_dp_tls(HOSTS, self_signed=True).cert
    assert not certificates.is_issued_by(alone, ci.cert) and certificates.is_issued_by(alone, alone)
    assert certificates.has_role(ci.make_dp_tls(HOSTS, role="dp-auth").cert, "dp-auth")
    bare = ci.make_dp_tls(HOSTS, policy=None, usage=None, key_usage=None, common_name_only=True).cert
    kinds = {extension.oid for extension in bare.extensions}
    assert not kinds & {
        ExtensionOID.CERTIFICATE_POLICIES, ExtensionOID.EXTENDED_KEY_USAGE, ExtensionOID.KEY_USAGE,
    }
    names = bare.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == []
    assert bare.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == HOSTS[0]
    assert ci.make_dp_tls(HOSTS, key_type="rsa").key.key_size == 2048


def test_folders(made, tmp_path):
    made.chip.save(tmp_path / "chip")
    made.server.save(tmp_path / "server")
    chip = pki.ChipCredentials.load(tmp_path / "chip")
    server = pki.ServerCredentials.load(tmp_path / "server")
    assert (chip.eid, chip.ci_certs, chip.eum) == (EID, made.chip.ci_certs, made.chip.eum)
    assert chip.key.private_numbers() == made.chip.key.private_numbers()
    assert (server.ci, server.oid) == (made.ci.cert, pki.DEFAULT_DP_OID)
    assert server.dp_tls.key_pem == made.server.dp_tls.key_pem
    for key in tmp_path.glob("*/*-key.pem"):
        assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_der_and_sec1_are_read(made, tmp_path):
    made.chip.save(tmp_path)
    (tmp_path / "euicc.pem").unlink()
    (tmp_path / "euicc.der").write_bytes(made.chip.euicc.public_bytes(Encoding.DER))
    sec1 = made.chip.key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    parameters = b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
    (tmp_path / "euicc-key.pem").write_bytes(parameters + sec1)
    assert pki.ChipCredentials.load(tmp_path).eid == EID


def test_several_issuers(tmp_path):
    first, second = pki.make_ci("A"), pki.make_ci("B", "brainpoolP256r1")
    pki.make_chip(first, EID, second).save(tmp_path)
    chip = pki.ChipCredentials.load(tmp_path)
    assert [identity.pkid for identity in chip.identities] == [first.pkid, second.pkid]
    assert [certificates.key_id(cert) for cert in chip.ci_certs] == [first.pkid, second.pkid]


def test_untrusted_certificates(made):
    der = made.server.dp_auth.der
    assert certificates.decode_untrusted(der) == made.server.dp_auth.cert
    version = der.index(bytes.fromhex("A003020102")) + 4
    for wrong in (b"", der[:-1], der[:version] + b"\x7f" + der[version + 1:]):
        with pytest.raises(pki.PkiError):
            certificates.decode_untrusted(wrong)


def test_bad_folders(made, tmp_path):
    with pytest.raises(pki.PkiError):
        pki.ServerCredentials.load(tmp_path)
    made.server.save(tmp_path)
    (tmp_path / "dp-pb-key.pem").write_bytes(made.server.dp_auth.key_pem)
    with pytest.raises(pki.PkiError, match="do not belong together"):
        pki.ServerCredentials.load(tmp_path)
    (tmp_path / "dp-pb.pem").write_bytes(b"nothing")
    with pytest.raises(pki.PkiError, match="dp-pb"):
        pki.ServerCredentials.load(tmp_path)
