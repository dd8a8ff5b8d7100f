# SPDX-License-Identifier: LGPL-2.1-or-later
"""Profiles that wait for a chip: an SM-DS tells of them, one command installs one, and lpad asks by itself when it may."""

from __future__ import annotations

import pytest
from gi.repository import GLib

from card_side import segments_sent
from client import EUICC, OPERATION, Client, Refused
from conftest import SHARED_CONFIG, close
from invariants import assert_invariants, lui_json, renew
from scenes import place, reload
from test_device import IMEI, IMEI_OCTETS, OTHER, OTHER_TAC, fields, told
from test_restart import UNAVAILABLE, assassin, revive
from testbed.process import wait_until
from testbed.smdp import faults, named
from testbed.smds import SmdsServer
from testbed.stack import Stack
from testbed.veuicc import faults as chip_faults

ROOT_DS, ALTERNATIVE, FURTHER = "smds.example.com", "alternative.example.com", "further.example.com"
USAGE, NOT_FOUND, DECLINED, SERVER, STATE = 2, 4, 5, 6, 9


@pytest.fixture(scope="module")
def running():
    """One platform with three SM-DSs for all tests of this module: the chip's, one that it leads to, a configured one."""
    config = {**SHARED_CONFIG, "Discovery": {"Servers": FURTHER}}
    stack = Stack(config=config, smds=[ROOT_DS, ALTERNATIVE, FURTHER]).__enter__()
    yield stack
    close(stack)


@pytest.fixture
def stack(running, request) -> Stack:
    request.node.stacks = [running]
    renew(running)
    for server in running.smds:
        server.faults.clear()
        server.es11.empty_list = False
        for event in server.book.events:
            event.delete()
    running.chip.config.root_ds = ROOT_DS
    reload(running)
    if offers(running):
        lui_json(running, "discover")
    for server in running.smds:
        server.counters.reset()
    return running


def offers(stack: Stack) -> list[dict]:
    with Client(stack) as client:
        return underlined(client.properties(client.euicc(stack.chip.eid), EUICC)["Offers"])


def underlined(entries: list[dict]) -> list[dict]:
    """Keys as lui-cli writes them."""
    return [{key.replace("-", "_"): value for key, value in entry.items()} for entry in entries]


def announced(stack: Stack, at: SmdsServer, root: SmdsServer | None = None, **options):
    """An order for the chip that an SM-DS knows of."""
    return stack.smdp.announce(place(stack, eid=stack.chip.eid, **options), at, root)


def lui(stack: Stack, *arguments: str, status: int = 0) -> str:
    done = stack.lui(*arguments)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def no_session(stack: Stack) -> bool:
    """The chip has no session that could be cancelled: of one without an AuthenticateServer it keeps a challenge."""
    current = stack.chip.sessions.current
    return current is None or not current.transaction_id


# What the device says --------------------------------------------------------------


def test_the_device_is_named_as_the_caller_says(stack):
    """An SM-DS learns what a server learns with a download."""
    lui(stack, "discover", "--server", ROOT_DS, "--imei", IMEI)
    assert fields(told(stack))[1] == IMEI_OCTETS
    lui(stack, "discover", "--server", ROOT_DS, "--tac", OTHER[:8])
    assert fields(told(stack)) == (OTHER_TAC, None, {})
    with Client(stack) as client:
        releases = GLib.Variant("a{sy}", {"gsm": 5})
        client.start(client.euicc(stack.chip.eid), f"{EUICC}.Discover", smds_address=ROOT_DS, releases=releases).result()
    assert 0x80 in fields(told(stack))[2]
    lui(stack, "discover", "--server", ROOT_DS, "--release", "gsm:5", "--release=eutran-epc:15")
    assert fields(told(stack))[2] == {0x80: 5, 0x85: 15}
    assert "IMEI" in lui(stack, "discover", "--imei", "12", status=USAGE)
    assert "not NAME:RELEASE" in lui(stack, "discover", "--release", "gsm", status=USAGE)
    assert "no radio technology of that name, but gsm, utran," in lui(stack, "discover", "--release", "sms:5", status=USAGE)


# What waits ---------------------------------------------------------------------------


def test_nothing_waits(stack):
    assert lui(stack, "discover").endswith("Nothing waits for this device.\n")
    for server in stack.smds:
        server.es11.empty_list = True
    assert lui_json(stack, "discover") == {"ok": True, "offers": [], "failures": []}
    assert [s.counters.functions["authenticateClient"] for s in stack.smds] == [2, 0, 2]
    assert no_session(stack)


def test_one_profile_waits_and_the_output_is_the_command_to_install_it(stack):
    order = announced(stack, stack.smds[0])
    text = lui(stack, "discover")
    assert text.startswith("Asking which profiles wait ...\n")
    assert stack.host in text and ROOT_DS in text
    assert text.endswith("A profile waits for this device: lui-cli download --event 1\n")
    assert order.matching_id not in text and no_session(stack)
    assert order.record.iccid in lui(stack, "download", "--event", "1", "--yes")
    assert order.state == "installed" and offers(stack) == [] and stack.smds[0].book.events == []
    assert_invariants(stack, order)


def test_a_root_leads_to_an_alternative_sm_ds(stack):
    order = announced(stack, stack.smds[1], stack.smds[0])
    answer = lui_json(stack, "discover")
    assert [(o["smdp_address"], o["smds_address"]) for o in answer["offers"]] == [(stack.host, ROOT_DS)]
    assert answer["failures"] == []
    assert order.record.iccid in lui(stack, "download", "--event", answer["offers"][0]["id"], "--yes")
    assert order.state == "installed" and all(server.book.events == [] for server in stack.smds)


def test_configured_servers_are_asked_after_the_chips_own(stack):
    orders = [announced(stack, stack.smds[2]), announced(stack, stack.smds[0])]
    answer = lui_json(stack, "discover")
    assert [o["smds_address"] for o in answer["offers"]] == [ROOT_DS, FURTHER]
    assert "2 profiles wait for this device: lui-cli download --event NUMBER (1 to 2)" in lui(stack, "discover")
    assert orders[0].record.iccid in lui(stack, "download", "--event", "2", "--yes")
    assert [o["smds_address"] for o in offers(stack)] == [ROOT_DS]


def test_one_server_alone_can_be_asked_and_the_rest_stays_known(stack):
    announced(stack, stack.smds[0])
    lui(stack, "discover")
    announced(stack, stack.smds[2])
    asked = stack.smds[0].counters.http_requests
    lui(stack, "discover", "--server", FURTHER)
    assert stack.smds[0].counters.http_requests == asked
    assert {o["smds_address"] for o in offers(stack)} == {ROOT_DS, FURTHER}


def test_several_events_of_one_server_need_one_look_at_it(stack):
    for _ in range(3):
        announced(stack, stack.smds[0])
    before = stack.smdp.counters.functions["initiateAuthentication"]
    assert len(lui_json(stack, "discover")["offers"]) == 3
    assert stack.smdp.counters.functions["initiateAuthentication"] == before + 1
    assert stack.smdp.counters.functions["authenticateClient"] == 0, "an SM-DP+ does not learn the EID"


def test_there_is_no_server_to_ask(make_stack):
    stack = make_stack()
    stack.chip.config.root_ds = ""
    text = lui(stack, "discover", status=STATE)
    assert "no discovery server" in text and "[Discovery] Servers" in text


# What does not work -------------------------------------------------------------------


def test_a_dead_server_does_not_hide_what_others_say(stack):
    order = announced(stack, stack.smds[2])
    stack.smds[0].stop()
    try:
        text = lui(stack, "discover")
        answer = lui_json(stack, "discover")
    finally:
        stack.smds[0].start()
    assert f"Not all is known: {ROOT_DS}:" in text and "lui-cli download --event 1" in text
    assert [o["smds_address"] for o in answer["offers"]] == [FURTHER]
    assert [f["address"] for f in answer["failures"]] == [ROOT_DS]
    assert answer["failures"][0]["error"].endswith("ServerUnreachable")
    assert order.record.iccid in lui(stack, "download", "--event", "1", "--yes")


def test_no_server_answers(stack):
    known = announced(stack, stack.smds[0])
    lui(stack, "discover")
    for server in (stack.smds[0], stack.smds[2]):
        server.faults.at_function("initiateAuthentication", faults.Status(503), times=None)
    text = lui(stack, "discover", status=SERVER)
    assert "2 discovery servers" in text
    assert [o["smdp_address"] for o in offers(stack)] == [stack.host], "what was known stays"
    assert known.open


def test_an_event_whose_server_is_dead_is_still_an_offer(stack):
    stack.smds[0].register(stack.chip.eid, "dead.example.com")
    answer = lui_json(stack, "discover")
    assert [o["smdp_address"] for o in answer["offers"]] == ["dead.example.com"]
    assert [f["address"] for f in answer["failures"]] == ["dead.example.com"]


@pytest.mark.parametrize("entries", [
    [{"eventId": "X", "rspServerAddress": "127.0.0.1"}], [{"eventId": "X", "rspServerAddress": "a.example/../x"}],
    [{"eventId": "a\nb", "rspServerAddress": "smdp.example.com"}],
])
def test_an_entry_that_leads_nowhere_is_left_out(stack, entries):
    announced(stack, stack.smds[2])
    stack.smds[0].faults.change("json.eventEntries", entries, times=None)
    announced(stack, stack.smds[0])
    answer = lui_json(stack, "discover")
    assert [o["smds_address"] for o in answer["offers"]] == [FURTHER]
    assert [f["address"] for f in answer["failures"]] == [ROOT_DS]


@pytest.mark.parametrize("entries", [None, {}, [7], [{"eventId": 1}], [{"eventId": "X", "rspServerAddress": "a.b"}] * 65])
def test_an_answer_that_is_no_list_of_events(stack, entries):
    order = announced(stack, stack.smds[2])
    stack.smds[0].faults.change("json.eventEntries", entries, times=None)
    announced(stack, stack.smds[0])
    answer = lui_json(stack, "discover")
    assert [f["error"].rpartition(".")[2] for f in answer["failures"]] == ["ProtocolError"]
    assert len(answer["offers"]) == 1 and order.open and no_session(stack)


def test_servers_that_lead_to_one_another_are_asked_once(stack):
    root, alternative, _ = stack.smds
    root.register(stack.chip.eid, ALTERNATIVE, "E1")
    alternative.register(stack.chip.eid, ROOT_DS, "E1")
    answer = lui_json(stack, "discover")
    assert answer["offers"] == []
    assert root.counters.http_requests + alternative.counters.http_requests <= 8


def test_a_chain_of_servers_without_an_end(stack):
    root, alternative, _ = stack.smds
    count = iter(range(1000))

    def endless(_entries):
        return [{"eventId": f"E{next(count)}", "rspServerAddress": ALTERNATIVE}]
    announced(stack, root)
    alternative.faults.at_function("authenticateClient", faults.Json(
        lambda answer: {"header": {"functionExecutionStatus": {"status": "Executed-Success"}},
                        "transactionId": answer.get("transactionId", "00"), "eventEntries": endless(None)}), times=None)
    root.faults.change("json.eventEntries", endless, times=None)
    answer = lui_json(stack, "discover")
    assert answer["failures"], answer
    assert alternative.counters.http_requests <= 8


@pytest.mark.parametrize("pair", ["8.9.1/3.8:initiateAuthentication", "8.9.2/3.1:initiateAuthentication",
                                  "8.1.3/6.1:authenticateClient", "8.9/4.2:authenticateClient"])
def test_a_refusal_is_told_in_words(stack, pair):
    named.plant(stack.smds[0].faults, pair, times=None)
    failure, = lui_json(stack, "discover")["failures"]
    subject, _, reason = pair.partition(":")[0].partition("/")
    assert (failure["details"]["subject"], failure["details"]["reason"]) == (subject, reason)
    assert "discovery server" in failure["message"] and failure["advice"]
    assert no_session(stack)


def test_certificates_of_another_role(stack):
    """An SM-DP+ where an SM-DS should be, and the other way round."""
    text = lui(stack, "discover", "--server", stack.host, status=SERVER)
    assert "no discovery server (SM-DS)" in text
    text = lui(stack, "download", "--server", ROOT_DS, "--yes", status=SERVER)
    assert "is a discovery server" in text


def test_tls_of_an_sm_ds_is_verified(stack):
    stack.smds[0].use_tls(stack.ci.make_ds_tls([ROOT_DS], expired=True))
    try:
        failure, = lui_json(stack, "discover")["failures"]
    finally:
        stack.smds[0].use_tls(stack.ci.make_ds_tls([ROOT_DS]))
    assert failure["error"].endswith("ServerNotTrusted")


# Offers -------------------------------------------------------------------------------


def test_an_offer_survives_lpad_but_not_in_clear(stack):
    order = announced(stack, stack.smds[1], stack.smds[0])
    (before,) = lui_json(stack, "discover")["offers"]
    stack.restart_lpad()
    (after,) = lui_json(stack, "status")["euiccs"][0]["offers"]
    assert after == before
    text = (stack.state_folder / "discovery.ini").read_text()
    assert order.matching_id not in text and stack.chip.eid not in text
    assert "A profile waits for this device: lui-cli download --event 1" in lui(stack, "status")
    assert order.record.iccid in lui(stack, "download", "--event", "1", "--yes")
    assert order.state == "installed" and offers(stack) == []


def test_an_offer_that_is_gone_is_forgotten(stack):
    order = announced(stack, stack.smds[0])
    lui(stack, "discover")
    stack.restart_lpad()
    order.event.delete()
    assert "does not wait" in lui(stack, "download", "--event", "1", "--yes", status=NOT_FOUND)
    assert offers(stack) == []


def test_a_refused_offer_disappears_and_a_postponed_one_stays(stack):
    order = announced(stack, stack.smds[0])
    (offer,) = lui_json(stack, "discover")["offers"]
    with Client(stack) as client:
        path = client.euicc(stack.chip.eid)
        for method, left in (("Postpone", 1), ("Reject", 0)):
            operation = client.start(path, f"{EUICC}.Download", event=offer["id"])
            operation.wait_for_prompt()
            operation.call(method)
            assert operation.result()["error"] == "Cancelled"
            assert len(offers(stack)) == left
    assert order.state == "error"


def test_what_cannot_be_asked_for(stack):
    lui(stack, "discover")
    assert "No profile 1" in lui(stack, "download", "--event", "1", status=NOT_FOUND)
    assert "exclude" in lui(stack, "download", "--event", "1", "--default", status=USAGE)
    with Client(stack) as client:
        path = client.euicc(stack.chip.eid)
        wrong = [({"event": "12345678"}, "NotFound"), ({"event": "x", "use_default": True}, "InvalidArguments")]
        for options, name in wrong:
            with pytest.raises(Refused) as refused:
                client.start(path, f"{EUICC}.Download", **options)
            assert refused.value.name == name
        with pytest.raises(Refused) as refused:
            client.start(path, f"{EUICC}.Discover", smds_address="127.0.0.1")
        assert refused.value.name == "InvalidArguments"


def test_a_search_can_be_cancelled(stack):
    stack.smds[0].faults.at_connection("black-hole")
    with Client(stack) as client:
        operation = client.start(client.euicc(stack.chip.eid), f"{EUICC}.Discover")
        operation.wait(lambda now: now["Stage"] == "discovering", "the search")
        operation.call("Cancel")
        assert operation.result()["error"] == "Cancelled"


def test_the_operation_says_what_it_has_found(stack):
    announced(stack, stack.smds[0])
    with Client(stack) as client:
        operation = client.start(client.euicc(stack.chip.eid), f"{EUICC}.Discover")
        result = operation.result()
        assert operation.properties["Kind"] == "discover"
    assert underlined(result["offers"]) == offers(stack) and result["failures"] == []


def test_killed_when_an_offer_is_installed(stack):
    """The order is known again by the offer and by its activation code, though only one of them was used."""
    lui(stack, "download", "--yes", place(stack).activation_code)
    last = segments_sent(stack)
    order = announced(stack, stack.smds[0])
    lui(stack, "discover")
    stack.chip.faults.at_segment(last, chip_faults.mutate(assassin(stack)))
    lui(stack, "download", "--event", "1", "--yes", status=UNAVAILABLE)
    revive(stack)
    assert "installed already" in lui(stack, "download", "--yes", order.activation_code, status=STATE)
    assert_invariants(stack, order, usable=False)


def test_addresses_of_the_chip(stack):
    assert ROOT_DS in lui(stack, "address") and "none" in lui(stack, "address")
    assert "lui-cli download --default" in lui(stack, "address", " HTTPS://SMDP.Example.com/ ")
    assert stack.chip.default_dp == stack.host
    order = place(stack, matching_id="", eid=stack.chip.eid)
    assert order.record.iccid in lui(stack, "download", "--default", "--yes")
    refused = lui(stack, "download", "--default", "--yes", status=NOT_FOUND)
    assert "has no profile that waits for this chip" in refused and "code cannot" not in refused
    assert lui_json(stack, "address") == {"default_smdp_address": stack.host, "root_smds_address": ROOT_DS}
    assert "no default server" in lui(stack, "address", "--clear")
    assert stack.chip.default_dp == ""
    assert "IP address" in lui(stack, "address", "10.0.0.1", status=USAGE)
    assert "exclude" in lui(stack, "address", "a.example", "--clear", status=USAGE)


# At power-on --------------------------------------------------------------------------

POWER_ON = {"Discovery": {"AtPowerOn": "true", "RetryAfter": "1"}}


def power_on_stack(make_stack, **config) -> Stack:
    return make_stack(smds=[ROOT_DS], config={**SHARED_CONFIG, "Discovery": {**POWER_ON["Discovery"], **config}})


def test_at_power_on_a_user_is_told_that_a_profile_waits(make_stack):
    stack = power_on_stack(make_stack)
    order = announced(stack, stack.smds[0])
    stack.start_lpad()
    with stack.terminal("monitor") as monitor:
        wait_until(lambda: offers(stack), 60, "the offer")
        monitor.expect("lui-cli download --event 1")
    assert "A profile waits for this device: lui-cli download --event 1" in lui(stack, "status")
    asked = stack.smds[0].counters.http_requests
    stack.restart_lpad()
    assert order.record.iccid in lui(stack, "download", "--event", "1", "--yes")
    # Only to look the event up: the device has not been switched off, so lpad has not asked again by itself.
    assert stack.smds[0].counters.http_requests == asked + 2


def test_the_search_at_power_on_is_repeated_and_makes_way(make_stack):
    """The network is not there yet, then the server is silent; a user who wants the chip does not wait for it."""
    stack = power_on_stack(make_stack)
    smds = stack.smds[0]
    announced(stack, smds)
    order = place(stack)
    smds.stop()
    stack.start_lpad()
    wait_until(lambda: "Looking for profiles that wait" in stack.log, 60, "the first try to fail")
    smds.faults.at_connection("hang-after-tls", times=1)
    smds.start()
    smds.record.wait_for(lambda: smds.counters.tls_handshakes > 0)
    with Client(stack) as client:
        assert "error" not in client.download(stack.chip.eid, order.activation_code, consent=True).result()
    wait_until(lambda: offers(stack), 60, "the offer")


def test_nobody_is_asked_unless_the_configuration_says_so(make_stack):
    stack = power_on_stack(make_stack, AtPowerOn="false")
    lui(stack, "status")
    with Client(stack) as client:
        client.euicc(stack.chip.eid)
        assert client.objects(OPERATION) == {}
    assert stack.smds[0].counters.tcp_connections == 0


def test_a_search_without_end_does_not_keep_lpad(make_stack):
    """It gives up after some tries, and lpad leaves when it is idle."""
    stack = make_stack(smds=[ROOT_DS], config={**SHARED_CONFIG, **POWER_ON, "General": {"IdleTimeout": "1"}})
    stack.smds[0].stop()
    stack.start_lpad()
    wait_until(lambda: stack.lpad_pid() is None, 60, "lpad to leave")
    assert stack.log.count("Looking for profiles that wait") == 3
