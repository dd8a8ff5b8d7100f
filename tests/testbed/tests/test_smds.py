# SPDX-License-Identifier: LGPL-2.1-or-later
"""The SM-DS over real TLS: what waits for whom, what it refuses, how events live."""

from __future__ import annotations

import json

import pytest

from testbed import certificates, pki
from testbed.smdp import SmdpServer, SubscriberRecord, faults, named
from testbed.smds import SmdsServer
from testbed.smds.server import PATHS
from testbed.tlv import encode
from testbed.veuicc import Euicc

from .mini_lpa import CardChannel, Es9Client, LpaError, MiniLpa, b64, succeeded
from .soft_chip import SoftChip

HOST, ALTERNATIVE, SMDP = "smds.example.test", "alternative.example.test", "smdp.example.test"


class Keys:
    """One issuer with a chip, an SM-DP+ and two SM-DSs."""

    def __init__(self) -> None:
        made = pki.make_testbed_pki(pki.make_eid(), [SMDP])
        self.ci, self.chip, self.server = made.ci, made.chip, made.server
        self.smds = {host: pki.make_smds(made.ci, [host]) for host in (HOST, ALTERNATIVE)}


@pytest.fixture(name="keys", scope="module")
def fixture_keys():
    return Keys()


@pytest.fixture(name="eid")
def fixture_eid(keys):
    return keys.chip.eid


@pytest.fixture(name="root")
def fixture_root(keys):
    with SmdsServer(keys.smds[HOST]) as server:
        yield server


@pytest.fixture(name="alternative")
def fixture_alternative(keys):
    with SmdsServer(keys.smds[ALTERNATIVE]) as server:
        yield server


@pytest.fixture(name="lpa")
def fixture_lpa(keys):
    """Makes an LPA with a chip (one that checks nothing by default) at a server."""
    clients = []

    def make(server, chip=None, path="es9plus", **lies) -> MiniLpa:
        clients.append(Es9Client(server.host, server.port, keys.ci.cert, path))
        return MiniLpa(chip or SoftChip(keys.chip, **lies), clients[-1])

    yield make
    for client in clients:
        client.close()


def refused(lpa: MiniLpa, event_id: str = "") -> str:
    with pytest.raises(LpaError) as error:
        lpa.discover(event_id)
    return error.value.pair


@pytest.mark.parametrize("path", ["es9plus", "es11"])
def test_events_of_a_chip_are_told_under_both_paths(lpa, root, eid, path):
    root.register(eid, SMDP, "EVENT-1")
    root.register(eid, ALTERNATIVE, "EVENT-2")
    root.register(pki.make_eid(serial=2), SMDP, "EVENT-3")
    assert lpa(root, path=path).discover() == [("EVENT-1", SMDP), ("EVENT-2", ALTERNATIVE)]
    assert len(PATHS) == 2


def test_a_real_chip_accepts_the_certificate_of_an_sm_ds(lpa, root, keys, eid):
    root.register(eid, SMDP, "EVENT-1")
    chip = Euicc(keys.chip)
    assert lpa(root, chip=CardChannel(chip.process)).discover() == [("EVENT-1", SMDP)]


def test_the_certificates_have_the_roles_of_an_sm_ds(keys):
    credentials = keys.smds[HOST]
    assert certificates.has_role(credentials.ds_auth.cert, "ds-auth")
    assert certificates.has_role(credentials.ds_tls.cert, "ds-tls")
    assert certificates.registered_oid(credentials.ds_auth.cert) == pki.DEFAULT_DS_OID


def test_nothing_waits_is_an_error_or_an_empty_list(lpa, root):
    assert refused(lpa(root)) == "8.9.5/3.9"
    root.es11.empty_list = True
    assert lpa(root).discover() == []


def test_an_unknown_event_is_refused(lpa, root, eid):
    root.register(eid, SMDP, "EVENT-1")
    root.es11.empty_list = True
    assert refused(lpa(root), "EVENT-2") == "8.9.5/3.9"


def test_a_root_leads_to_an_alternative_sm_ds(lpa, root, alternative, eid):
    event = alternative.register(eid, SMDP, "EVENT-1", root)
    alternative.register(eid, SMDP, "OTHER")
    assert event.announced_as != "EVENT-1"
    assert lpa(root).discover() == [(event.announced_as, ALTERNATIVE)]
    assert lpa(alternative).discover(event.announced_as) == [("EVENT-1", SMDP)]
    event.delete()
    assert root.book.events == [] and [e.event_id for e in alternative.book.events] == ["OTHER"]


@pytest.mark.parametrize("cascade", [False, True])
def test_an_order_is_announced_until_it_has_ended(lpa, root, alternative, keys, eid, cascade):
    with SmdpServer(keys.server, SMDP) as smdp:
        order = smdp.place_order(SubscriberRecord.make(1), size=2000, eid=eid)
        smdp.announce(order, *([alternative, root] if cascade else [root]))
        chip = CardChannel(Euicc(keys.chip).process)
        (event_id, address), = lpa(root, chip=chip).discover()
        if cascade:
            assert address == ALTERNATIVE
            (event_id, address), = lpa(alternative, chip=chip).discover(event_id)
        assert (event_id, address) == (order.matching_id, SMDP)
        assert succeeded(lpa(smdp, chip=chip).download(event_id))
        smdp.record.wait_for(lambda: order.state == "installed")
    assert root.book.events == [] and alternative.book.events == []


def test_a_refused_order_is_not_announced_any_more(root, keys, eid):
    smdp = SmdpServer(keys.server, SMDP)
    order = smdp.announce(smdp.place_order(SubscriberRecord.make(1), eid=eid), root)
    order.cancelled(1)
    assert len(root.book.events) == 1, "postponed"
    order.cancelled(0)
    assert root.book.events == []


def test_what_cannot_be_announced(root, keys, eid):
    smdp = SmdpServer(keys.server, SMDP)
    with pytest.raises(ValueError):
        smdp.announce(smdp.place_order(SubscriberRecord.make(1)), root)
    root.register(eid, SMDP, "EVENT-1")
    with pytest.raises(ValueError):
        root.register(eid, SMDP, "EVENT-1")


# Refusals (SGP.22 v2.5, 5.8)


@pytest.mark.parametrize("lies, pair", [
    ({"svn": b"\x03\x00\x00"}, "8.9.3/3.1"), ({"pkid": bytes(20)}, "8.9.2/3.1"),
    ({"signature1": lambda raw: named.flip(raw)}, "8.1/6.1"),
    ({"euiccCert": b"\x30\x00"}, "8.1.3/6.1"), ({"eumCert": b"\x30\x00"}, "8.1.2/6.1"),
    ({"signed1.serverAddress": b"other.example.test"}, "8.1/6.1"),
    ({"signed1.serverChallenge": bytes(16)}, "8.1/6.1"),
])
def test_a_chip_that_is_not_believed(lpa, root, eid, lies, pair):
    root.register(eid, SMDP)
    assert refused(lpa(root, **lies)) == pair


def test_another_server_is_meant(lpa, root):
    client = lpa(root)
    info = b64(client.chip.es10(encode(0xBF20)))
    with pytest.raises(LpaError) as error:
        client.server.call("initiateAuthentication", euiccChallenge=b64(bytes(16)), euiccInfo1=info,
                           smdpAddress="other.example.test")
    assert error.value.pair == "8.9.1/3.8"


def test_no_certificate_that_the_chip_can_verify(lpa, keys):
    """Its DSauth is under another issuer than the one that chip and SM-DS have in common."""
    other = pki.make_ci("Other CI")
    credentials = pki.SmdsCredentials([keys.ci.cert], other.make_ds_auth(), keys.smds[HOST].ds_tls)
    with SmdsServer(credentials, HOST) as server:
        assert refused(lpa(server)) == "8.9.4/3.7"


def test_a_session_is_for_one_answer(lpa, root, eid):
    root.register(eid, SMDP)
    client = lpa(root)
    client.discover()
    last = [e for e in root.record.transcript if e.function == "authenticateClient"][-1]
    with pytest.raises(LpaError) as error:
        client.server.call("authenticateClient", **json.loads(last.request))
    assert error.value.pair == "8.10.1/3.9"


@pytest.mark.parametrize("function", ["getBoundProfilePackage", "cancelSession", "handleNotification"])
def test_functions_of_an_sm_dp_are_not_there(lpa, root, function):
    status, _, _ = lpa(root).server.post(function, b"{}")
    assert status == 404


# Faults


@pytest.mark.parametrize("name", ["8.9/4.2", "8.9/5.1", "8.9.5/3.9", "8.11.1/3.9"])
def test_any_pair_can_be_ordered(lpa, root, name):
    named.plant(root.faults, f"{name}:authenticateClient")
    assert refused(lpa(root)) == name


@pytest.mark.parametrize("name", ["http-503", "close-answer", "not-json"])
def test_http_can_go_wrong(lpa, root, name):
    named.plant(root.faults, name)
    with pytest.raises(Exception):
        lpa(root).discover()


def test_the_list_can_be_hostile(lpa, root, eid):
    root.register(eid, SMDP)
    root.faults.change("json.eventEntries", [{"eventId": "X", "rspServerAddress": "169.254.169.254"}])
    assert lpa(root).discover() == [("X", "169.254.169.254")]
    root.faults.at_function("authenticateClient", faults.Json(lambda answer: answer | {"eventEntries": None}))
    with pytest.raises(TypeError):
        lpa(root).discover()


def test_everything_counts(lpa, root, eid):
    root.register(eid, SMDP)
    lpa(root).discover()
    assert root.counters.functions == {"initiateAuthentication": 1, "authenticateClient": 1}
    assert "asked 1 times" in root.report() and SMDP in root.report()
