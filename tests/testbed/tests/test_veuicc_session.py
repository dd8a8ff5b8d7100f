# SPDX-License-Identifier: LGPL-2.1-or-later
"""ES10b.GetEUICCChallenge, AuthenticateServer, PrepareDownload and CancelSession."""

import pytest

from testbed import crypto, pki, tlv
from testbed.tests.veuicc_peers import CONTEXT, HOST, Session, Terminal
from testbed.veuicc import Euicc


def error(answer):
    """Error code in A1, with the transaction ID beside it."""
    members = answer.get(0xA1)
    assert members.get(0x80).value
    return tlv.read_integer(members.get(0x02).value)


def cancel(session, reason, transaction_id=None):
    request = [tlv.encode(0x80, transaction_id or session.operator.transaction_id),
               tlv.encode(0x81, tlv.integer(reason))]
    return session.terminal.es10(tlv.encode(0xBF41, request))


def refused(session, reason=0):
    return cancel(session, reason).raw.hex()


NO_SUCH_TRANSACTION = "bf4103810105"


# AuthenticateServer (SGP.22 v2.5, 5.7.13)


def test_authentication(session, made):
    request = session.operator.authenticate(session.challenge())
    ok = session.terminal.es10(request).get(0xA0)
    signed, signature, euicc, eum = ok.children()
    assert [c.tag for c in signed.children()] == [0x80, 0x83, 0x84, 0xBF22, 0xA0]
    assert signed.get(0x80).value == session.operator.transaction_id
    server_signed = tlv.parse_single(request).get(0x30)
    assert signed.get(0x83).raw == server_signed.get(0x83).raw
    assert signed.get(0x84).raw == server_signed.get(0x84).raw
    assert signed.get(0xA0).raw == CONTEXT
    assert signed.get(0xBF22).raw == session.terminal.es10("BF2200").raw
    assert crypto.verify(made.chip.euicc, signed.raw, signature.value)
    assert (pki.load_cert(euicc.raw), pki.load_cert(eum.raw)) == (made.chip.euicc, made.chip.eum)


@pytest.mark.parametrize("size", [1, 8, 16])
def test_transaction_id_sizes(session, size):
    session.operator.transaction_id = bytes(range(1, size + 1))
    assert session.authenticate().find(0xA0)


def test_ds_may_authenticate(session, made):
    ds = made.ci.make_dp("ds-auth", "2.999.20")
    assert session.authenticate(cert=ds.der, key=ds.key).find(0xA0)


def test_1_unknown_issuer(session):
    stranger = pki.make_ci("Testbed CI").make_dp_auth()
    assert error(session.authenticate(cert=stranger.der, key=stranger.key)) == 1


def test_1_certificate_is_not_signed_by_the_issuer(session, made):
    """Right key identifier, wrong signature."""
    der = bytearray(made.server.dp_auth.der)
    der[-1] ^= 1
    assert error(session.authenticate(cert=bytes(der))) == 1


def test_1_key_usage(session, made):
    wrong = made.ci.make_eum()
    assert error(session.authenticate(cert=wrong.der, key=wrong.key)) == 1


def test_1_not_a_certificate(session):
    assert error(session.authenticate(cert=tlv.encode(0x30, b"\x01\x01\x00"))) == 1


def test_2_signature(session):
    assert error(session.authenticate(key=crypto.generate_key())) == 2


def test_3_curve(session, chip):
    chip.config.curves = ("brainpoolP256r1",)
    assert error(session.authenticate()) == 3


def test_4_no_challenge(session):
    assert error(session.terminal.es10(session.operator.authenticate(bytes(16)))) == 4


def test_4_challenge_is_used_once(session):
    request = session.operator.authenticate(session.challenge())
    assert session.terminal.es10(request).find(0xA0)
    assert error(session.terminal.es10(request)) == 4


def test_4_after_a_reset(session, chip):
    challenge = session.challenge()
    chip.reset()
    session.terminal.open()
    assert error(session.terminal.es10(session.operator.authenticate(challenge))) == 4


@pytest.mark.parametrize("role", ["dp-pb", "dp-tls", "euicc"])
def test_5_role(session, made, role):
    wrong = made.ci.make_dp(role, pki.DEFAULT_DP_OID)
    assert error(session.authenticate(cert=wrong.der, key=wrong.key)) == 5


def test_6_challenge(session):
    session.challenge()
    assert error(session.terminal.es10(session.operator.authenticate(bytes(16)))) == 6


def test_7_unknown_issuer_of_the_chip(session):
    assert error(session.authenticate(pkid=bytes(20))) == 7


def test_a_refusal_leaves_the_challenge(session):
    challenge = session.challenge()
    operator, terminal = session.operator, session.terminal
    assert error(terminal.es10(operator.authenticate(challenge, pkid=b"\x01"))) == 7
    assert terminal.es10(operator.authenticate(challenge)).find(0xA0)


@pytest.mark.parametrize("context", [
    "A000", "A004A1028000", "A00AA10880043536060982FF", "A00BA109800435360609A10082",
    "A010A10E800435360609A1008204FFFFFFFF", "A00AA1088004353606098200",
])
def test_malformed_context(session, context):
    request = session.operator.authenticate(session.challenge(), context=bytes.fromhex(context))
    assert session.terminal.send(request) == (b"", 0x6A80)


@pytest.mark.parametrize("context", [
    "A00FA10D800435360609A105 88030F0000", "A012A110800435360609A105 85030F0000 A30100",
])
def test_extended_device_info_is_for_chips_that_say_so(session, chip, context):
    context = bytes.fromhex(context)
    assert session.authenticate(context=context).find(0xA0)
    chip.config.rsp_capability = (0, 3)
    request = session.operator.authenticate(session.challenge(), context=context)
    assert session.terminal.send(request) == (b"", 0x6A80)


def test_context_without_options(session):
    context = bytes.fromhex("A00AA108800435360609A100")
    assert session.authenticate(context=context).find(0xA0)


def test_chain_of_the_chosen_issuer():
    first, second = pki.make_ci("A"), pki.make_ci("B", "brainpoolP256r1")
    chip = Euicc(pki.make_chip(first, pki.make_eid(), second))
    made = pki.Pki(second, chip.credentials, pki.make_server(second, [HOST.decode()]))
    session = Session(chip, made)
    session.start()
    signed = chip.sessions.current
    assert signed.identity is chip.credentials.identities[1]
    assert signed.one_time_key.curve.name == "brainpoolP256r1"


# PrepareDownload (SGP.22 v2.5, 5.7.5)


def test_preparation(session, made):
    session.authenticate()
    hash_cc = crypto.hash_cc("1234", session.operator.transaction_id)
    request = session.operator.prepare(session.signature1, hash_cc=hash_cc)
    signed, signature = session.terminal.es10(request).get(0xA0).children()
    assert [c.tag for c in signed.children()] == [0x80, 0x5F49, 0x04]
    assert signed.get(0x04).value == hash_cc
    smdp_signature = tlv.parse_single(request).get(0x5F37).raw
    assert crypto.verify(made.chip.euicc, signed.raw + smdp_signature, signature.value)
    assert len(signed.get(0x5F49).value) == 65


def test_prepare_1_unknown_issuer(session):
    session.authenticate()
    stranger = pki.make_ci().make_dp_pb()
    assert error(session.prepare(cert=stranger.der, key=stranger.key)) == 1


def test_prepare_1_another_trusted_issuer(made):
    """DPpb must have the issuer of this session's DPauth."""
    other = pki.make_ci()
    session = Session(Euicc(pki.make_chip(made.ci, pki.make_eid(), other)), made)
    session.authenticate()
    wrong = other.make_dp_pb()
    assert error(session.prepare(cert=wrong.der, key=wrong.key)) == 1


@pytest.mark.parametrize(("role", "oid"), [
    ("dp-auth", pki.DEFAULT_DP_OID), ("dp-tls", pki.DEFAULT_DP_OID), ("dp-pb", "2.999.11"),
])
def test_prepare_1_role_and_oid(session, made, role, oid):
    session.authenticate()
    wrong = made.ci.make_dp(role, oid)
    assert error(session.prepare(cert=wrong.der, key=wrong.key)) == 1


def test_prepare_1_after_a_ds(session, made):
    ds = made.ci.make_dp("ds-auth", pki.DEFAULT_DP_OID)
    session.authenticate(cert=ds.der, key=ds.key)
    assert error(session.prepare()) == 1


def test_prepare_2_signature(session):
    session.authenticate()
    assert error(session.prepare(key=crypto.generate_key())) == 2


def test_prepare_2_signature_covers_the_chips(session):
    session.authenticate()
    session.signature1 = tlv.encode(0x5F37, bytes(64))
    assert error(session.prepare()) == 2


def test_prepare_3_curve(session, chip):
    session.authenticate()
    chip.config.curves = ()
    assert error(session.prepare()) == 3


def test_prepare_4_no_session(session):
    session.signature1 = b""
    assert error(session.prepare()) == 4
    session.challenge()
    assert error(session.prepare()) == 4


def test_prepare_4_twice(session):
    session.start()
    assert error(session.prepare()) == 4


def test_prepare_5_transaction_id(session):
    session.authenticate()
    assert error(session.prepare(transaction_id=bytes(16))) == 5


@pytest.mark.parametrize("wrong", [b"", bytes(31)])
def test_confirmation_code_hash_has_32_octets(session, wrong):
    session.authenticate()
    request = session.operator.prepare(session.signature1, hash_cc=wrong)
    assert session.terminal.send(request) == (b"", 0x6A80)


# CancelSession (SGP.22 v2.5, 5.7.14)


@pytest.mark.parametrize("reason", [0, 1, 2, 3, 4, 5, 127])
@pytest.mark.parametrize("stage", ["authenticated", "prepared", "loading"])
def test_cancel(session, chip, made, reason, stage):
    session.authenticate()
    if stage != "authenticated":
        session.prepare()
    if stage == "loading":
        session.load([tlv.encode(0xBF36, [session.secure_channel(), bytes(100)])[:-100]])
    signed, signature = cancel(session, reason).get(0xA0).children()
    assert signed.get(0x80).value == session.operator.transaction_id
    assert tlv.read_oid(signed.get(0x81).value) == pki.DEFAULT_DP_OID
    assert tlv.read_integer(signed.get(0x82).value) == reason
    assert crypto.verify(made.chip.euicc, signed.raw, signature.value)
    assert refused(session) == NO_SUCH_TRANSACTION
    # The key may be used again unless it has been used or the order has ended.
    assert len(chip.sessions.kept) == (stage == "prepared" and reason in (1, 2))
    assert not chip.notifications.pending


def test_cancel_5_unknown_transaction(session):
    assert refused(session) == NO_SUCH_TRANSACTION
    session.challenge()
    assert refused(session) == NO_SUCH_TRANSACTION
    session.authenticate()
    assert cancel(session, 0, bytes(16)).raw.hex() == NO_SUCH_TRANSACTION
    assert cancel(session, 0).find(0xA0)


def test_cancel_127_unknown_reason(session):
    session.authenticate()
    assert cancel(session, 6).raw.hex() == "bf410381017f"


def test_reset_and_new_challenge_end_the_session(session, chip):
    session.authenticate()
    session.challenge()
    assert refused(session) == NO_SUCH_TRANSACTION
    session.authenticate()
    chip.reset()
    session.terminal.open()
    assert refused(session) == NO_SUCH_TRANSACTION


# One-time keys


def test_kept_key_is_used_again(made, tmp_path):
    chip = Euicc(made.chip, state_file=tmp_path / "chip.json")
    session = Session(chip, made)
    session.start()
    first = session.point
    cancel(session, 1)
    again = Session(Euicc(made.chip, state_file=tmp_path / "chip.json"), made)
    again.authenticate()
    again.prepare(point=first)
    assert again.point == first


@pytest.mark.parametrize("point", [None, crypto.public_point(crypto.generate_key())], ids=["none", "unknown"])
def test_new_key_otherwise(session, point):
    session.start()
    first = session.point
    cancel(session, 2)
    session.authenticate()
    session.prepare(point=point)
    assert session.point not in (first, point)


def test_kept_key_belongs_to_its_operator(session, made):
    session.start()
    first = session.point
    cancel(session, 1)
    other = made.ci.make_dp_auth("2.999.11"), made.ci.make_dp_pb("2.999.11")
    session.authenticate(cert=other[0].der, key=other[0].key)
    session.prepare(cert=other[1].der, key=other[1].key, point=first)
    assert session.point != first


def test_channel_may_close_between_functions(session, chip):
    session.authenticate()
    chip.process(bytes.fromhex("00708001"))
    session.terminal = Terminal(chip)
    assert session.prepare().find(0xA0)
