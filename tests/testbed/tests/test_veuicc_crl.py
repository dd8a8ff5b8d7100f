# SPDX-License-Identifier: LGPL-2.1-or-later
"""ES10b.LoadCRL (SGP.22 v2.5, 5.7.12), and what a list does to a session."""

import pytest
from cryptography import x509

from testbed import pki, tlv
from testbed.crl import make_crl
from testbed.tests.veuicc_peers import Session, Terminal
from testbed.veuicc import Config, Euicc


@pytest.fixture
def chip(made):
    return Euicc(made.chip, Config(rsp_capability=(0, 1)))


def load(terminal, der):
    """Error code, or the numbers of the parts that are missing."""
    request = tlv.encode(0xBF35, tlv.encode(0xA0, tlv.parse_single(der).value))
    answer = terminal.es10(request)
    if error := answer.find(0x81):
        return tlv.read_integer(error.value)
    missing = answer.get(0xA0).find(0xA0)
    return [tlv.read_integer(number.value) for number in missing.children()] if missing else []


def code_of(answer):
    return tlv.read_integer(answer.get(0xA1).get(0x02).value)


def test_only_where_the_chip_says_so(made):
    chip = Euicc(made.chip)
    assert 1 not in chip.config.rsp_capability
    request = tlv.encode(0xBF35, tlv.encode(0xA0, tlv.parse_single(make_crl(made.ci)).value))
    assert Terminal(chip).send(request) == (b"", 0x6A88)


def test_revoked_server_is_refused(session, made):
    terminal, auth = session.terminal, made.server.dp_auth
    assert load(terminal, make_crl(made.ci, [made.server.dp_tls.cert])) == []
    assert session.authenticate().find(0xA0)
    assert load(terminal, make_crl(made.ci, [auth.cert], number=2)) == []
    assert code_of(session.authenticate()) == 1
    assert load(terminal, make_crl(made.ci, number=3)) == []
    assert session.authenticate().find(0xA0)


def test_revoked_binding_certificate(session, made):
    assert load(session.terminal, make_crl(made.ci, [made.server.dp_pb.cert])) == []
    session.authenticate()
    assert code_of(session.prepare()) == 1


def test_another_issuer_s_list_says_nothing_of_this_one_s(made):
    other = pki.make_ci()
    chip = Euicc(pki.make_chip(made.ci, made.chip.eid, other), Config(rsp_capability=(0, 1)))
    session = Session(chip, made)
    assert load(session.terminal, make_crl(other, [made.server.dp_auth.cert])) == []
    assert session.authenticate().find(0xA0)


def test_1_wrong_signature(terminal, made):
    other = pki.make_ci()
    assert load(terminal, make_crl(other, authority=made.ci.pkid)) == 1
    damaged = bytearray(make_crl(made.ci))
    damaged[-1] ^= 1
    assert load(terminal, bytes(damaged)) == 1


@pytest.mark.parametrize("make", [
    lambda ci: make_crl(ci, number=None),
    lambda ci: make_crl(ci, part=3, total=2),
    lambda ci: make_crl(ci, part=0, total=2),
    lambda ci: make_crl(ci, extensions=[
        (x509.UnrecognizedExtension(x509.ObjectIdentifier("2.999.1"), b"\x05\x00"), True)]),
    lambda ci: tlv.encode(0x30, b"\x02\x01\x01"),
    lambda ci: tlv.encode(0x30),
])
def test_2_no_list(terminal, made, make):
    assert load(terminal, make(made.ci)) == 2


def test_3_no_memory(terminal, chip, made):
    chip.config.memory = 100
    assert load(terminal, make_crl(made.ci)) == 3
    chip.config.memory = 1000
    assert load(terminal, make_crl(made.ci)) == []
    assert chip.free_memory < 1000


def test_4_issuer_unknown(terminal):
    assert load(terminal, make_crl(pki.make_ci())) == 4


def test_5_a_fresher_one_is_there(session, made):
    assert load(session.terminal, make_crl(made.ci, [made.server.dp_auth.cert], number=7)) == []
    assert load(session.terminal, make_crl(made.ci, number=6)) == 5
    assert code_of(session.authenticate()) == 1


def test_6_delta_without_its_base(session, made):
    terminal, auth = session.terminal, made.server.dp_auth.cert
    assert load(terminal, make_crl(made.ci, [auth], number=8, base=7)) == 6
    assert load(terminal, make_crl(made.ci, number=7)) == []
    assert load(terminal, make_crl(made.ci, [auth], number=8, base=7)) == []
    assert code_of(session.authenticate()) == 1
    assert load(terminal, make_crl(made.ci, number=7, base=7)) == 5


def test_parts(session, made):
    terminal = session.terminal
    assert load(terminal, make_crl(made.ci, number=4, part=2, total=3)) == [1, 3]
    assert load(terminal, make_crl(made.ci, [made.server.dp_auth.cert], number=4, part=3, total=3)) == [1]
    assert load(terminal, make_crl(made.ci, number=5, base=4)) == 6
    assert load(terminal, make_crl(made.ci, number=4, part=1, total=3)) == []
    assert code_of(session.authenticate()) == 1


def test_it_outlives_a_power_cut(tmp_path, made):
    config = Config(rsp_capability=(0, 1))
    chip = Euicc(made.chip, config, tmp_path / "chip.json")
    assert load(Terminal(chip), make_crl(made.ci, [made.server.dp_auth.cert], part=1, total=2)) == [2]
    again = Session(Euicc(made.chip, config, tmp_path / "chip.json"), made)
    assert code_of(again.authenticate()) == 1
    assert load(again.terminal, make_crl(made.ci, part=2, total=2)) == []


@pytest.mark.parametrize("request_octets", ["BF3500", "BF35023000", "BF3504A000A000"])
def test_no_request(terminal, request_octets):
    assert terminal.send(bytes.fromhex(request_octets)) == (b"", 0x6A80)
