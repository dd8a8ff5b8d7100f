# SPDX-License-Identifier: LGPL-2.1-or-later
"""Operations: their order, their limits, their end; cancelling, answering and leaving at each stage."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from client import EUICC, OPERATION, PROFILE, ROOT, Client, Operation, Refused
from conftest import close
from invariants import assert_invariants, renew
from scenes import Signals, place, profile_path, put_profile
from testbed.process import wait_until
from testbed.smdp.faults import Break
from testbed.stack import Stack

#: How many operations one caller, and all together, may have queued.
OF_ONE_CALLER, OF_ALL = 8, 64
CONSENT = {"consent": True}


@pytest.fixture(scope="module")
def patient_platform():
    """Its lpad waits long: here tests end what hangs, and not a deadline."""
    stack = Stack(config={"General": {"IdleTimeout": "600"}}).__enter__()
    yield stack
    close(stack)


@pytest.fixture
def patient(patient_platform, request) -> Stack:
    request.node.stacks = [patient_platform]
    patient_platform.card.latency = 0
    renew(patient_platform)
    return patient_platform


@pytest.fixture
def client(patient) -> Client:
    with Client(patient) as client:
        yield client


def at_stage(operation: Operation, stage: str) -> dict:
    """The properties as soon as the operation has come to the stage."""
    return operation.wait(lambda now: now["Stage"] == stage or now["State"] == "finished", f"stage {stage}")


HANGS_IN = {"authenticating": "authenticateClient", "downloading": "getBoundProfilePackage"}


def hold(stack: Stack, stage: str) -> None:
    """A download comes to the stage and stays there."""
    if stage == "connecting":
        stack.smdp.faults.at_connection("black-hole")
    else:
        stack.smdp.faults.at_function(HANGS_IN[stage], Break("hang", executed=False))


def held(stack: Stack, operation: Operation, stage: str) -> dict:
    """The properties as soon as it stays there."""
    counters = stack.smdp.counters
    if stage == "connecting":
        stack.smdp.record.wait_for(lambda: counters.tcp_connections > 0)
    else:
        stack.smdp.record.wait_for(lambda: counters.functions[HANGS_IN[stage]] > 0)
    return at_stage(operation, stage)


# Cancel ---------------------------------------------------------------------------


@pytest.mark.tsan
@pytest.mark.parametrize("stage", ["connecting", "authenticating", "downloading"])
def test_cancel_ends_a_download_at_any_stage_before_the_installation(patient, client, stage):
    hold(patient, stage)
    order = place(patient)
    operation = client.download(patient.chip.eid, order.activation_code, **CONSENT)
    assert held(patient, operation, stage)["Cancellable"] is True
    operation.call("Cancel")
    result = operation.result()
    assert (result["error"], result["order"]) == ("Cancelled", "usable")
    assert_invariants(patient, order, usable=True)


def test_cancel_while_the_user_is_asked_postpones(patient, client):
    order = place(patient)
    operation = client.download(patient.chip.eid, order.activation_code)
    operation.wait_for_prompt()
    assert operation.properties["Cancellable"] is True
    operation.call("Cancel")
    result = operation.result()
    assert (result["error"], result["order"]) == ("Cancelled", "usable")
    assert order.history[-1].event == "session postponed"
    assert_invariants(patient, order, usable=True)


def test_the_card_is_free_while_the_user_is_asked(patient, client):
    """Other programs have their turn meanwhile; the session on the chip goes on after the answer."""
    order = place(patient)
    operation = client.download(patient.chip.eid, order.activation_code)
    operation.wait_for_prompt()
    assert patient.chip.open_channels == 0
    sessions = patient.chip.counters.functions["AuthenticateServer"]
    operation.call("Confirm")
    assert "error" not in operation.result()
    assert order.state == "installed"
    assert patient.chip.counters.functions["AuthenticateServer"] == sessions


@pytest.mark.tsan
def test_cancel_takes_an_operation_out_of_the_queue(patient, client):
    first, second = place(patient), place(patient)
    running = client.download(patient.chip.eid, first.activation_code)
    running.wait_for_prompt()
    queued = client.download(patient.chip.eid, second.activation_code, **CONSENT)
    assert queued.properties["State"] == "queued" and queued.properties["Cancellable"] is True
    queued.call("Cancel")
    result = queued.result()
    assert (result["error"], result["order"]) == ("Cancelled", "usable")
    assert second.history[-1].event == "order placed"
    running.call("Confirm")
    assert "error" not in running.result()
    assert_invariants(patient, second, usable=True)


def test_cancel_is_refused_while_the_profile_goes_into_the_chip(patient, client):
    patient.card.latency = 0.02
    order = place(patient, size=6000)
    operation = client.download(patient.chip.eid, order.activation_code, **CONSENT)
    assert at_stage(operation, "installing")["Cancellable"] is False
    with pytest.raises(Refused) as refused:
        operation.call("Cancel")
    assert refused.value.name == "WrongState"
    result = operation.result()
    assert result["iccid"] == order.record.iccid and order.state == "installed"
    assert_invariants(patient)


@pytest.mark.parametrize("method", ["Cancel", "Confirm", "Reject", "Postpone"])
def test_what_has_finished_takes_no_answer(patient, client, method):
    operation = client.download(patient.chip.eid, place(patient).activation_code, **CONSENT)
    operation.result()
    with pytest.raises(Refused) as refused:
        operation.call(method)
    assert refused.value.name == "WrongState"


@pytest.mark.parametrize("method", ["Confirm", "Reject", "Postpone"])
def test_who_is_not_asked_takes_no_answer(patient, client, method):
    hold(patient, "authenticating")
    operation = client.download(patient.chip.eid, place(patient).activation_code)
    held(patient, operation, "authenticating")
    with pytest.raises(Refused) as refused:
        operation.call(method)
    assert refused.value.name == "WrongState"
    operation.call("Cancel")
    assert operation.result()["error"] == "Cancelled"
    assert_invariants(patient)


# Somebody else, and nobody --------------------------------------------------------


@pytest.mark.parametrize("method", ["Confirm", "Reject", "Postpone", "Cancel"])
def test_a_stranger_cannot_answer(patient, client, method):
    order = place(patient)
    operation = client.download(patient.chip.eid, order.activation_code)
    operation.wait_for_prompt()
    patient.polkit.deny("org.lpad.lpad1.configure")
    with Client(patient) as stranger, pytest.raises(Refused) as refused:
        Operation(stranger, operation.path).call(method)
    assert refused.value.name == "NotAuthorized"
    assert operation.properties["State"] == "waiting" and order.state == "released"
    operation.call("Confirm")
    assert "error" not in operation.result()
    assert_invariants(patient)


@pytest.mark.tsan
def test_a_caller_that_vanishes_while_it_is_asked_postpones(patient, client):
    order = place(patient)
    caller = Client(patient)
    path = caller.download(patient.chip.eid, order.activation_code).path
    Operation(caller, path).wait_for_prompt()
    following = client.download(patient.chip.eid, place(patient).activation_code, **CONSENT)
    caller.leave()
    result = Operation(client, path).result()
    assert (result["error"], result["order"]) == ("Cancelled", "usable")
    assert order.history[-1].event == "session postponed"
    assert "error" not in following.result(), "the next operation runs"
    assert_invariants(patient, order, usable=True)


def test_a_caller_that_vanished_before_it_is_asked_postpones(patient, client):
    patient.card.latency = 0.05
    order = place(patient)
    caller = Client(patient)
    path = caller.download(patient.chip.eid, order.activation_code).path
    caller.leave()
    result = Operation(client, path).result()
    assert (result["error"], result["order"]) == ("Cancelled", "usable")
    assert "has left" in result["message"] and order.history[-1].event == "session postponed"
    patient.card.latency = 0
    assert_invariants(patient, order, usable=True)


def test_a_caller_that_vanishes_during_the_installation_gets_its_profile(patient, client):
    patient.card.latency = 0.02
    order = place(patient, size=6000)
    caller = Client(patient)
    operation = caller.download(patient.chip.eid, order.activation_code, **CONSENT)
    at_stage(operation, "installing")
    caller.leave()
    assert Operation(client, operation.path).result()["iccid"] == order.record.iccid
    assert order.state == "installed"
    assert_invariants(patient)


def test_a_prompt_has_a_deadline(make_stack):
    stack = make_stack(config={"Policy": {"PromptTimeout": "1"}})
    order = place(stack)
    with Client(stack) as client:
        operation = client.download(stack.chip.eid, order.activation_code)
        assert operation.wait_for_prompt()["deadline"] >= int(time.time())
        result = operation.result()
    assert (result["error"], result["order"], result["retry"]) == ("Timeout", "usable", "now")
    assert order.history[-1].event == "session timed out"
    assert_invariants(stack, order, usable=True)


# The queue ------------------------------------------------------------------------


@pytest.mark.tsan
def test_two_callers_at_once_queue_in_order(patient):
    orders = [place(patient) for _ in range(4)]

    def run(order) -> dict:
        with Client(patient) as client:
            return client.download(patient.chip.eid, order.activation_code, **CONSENT).result()

    with ThreadPoolExecutor(len(orders)) as pool:
        results = list(pool.map(run, orders))
    assert [result["iccid"] for result in results] == [order.record.iccid for order in orders]
    assert patient.smdp.counters.functions["getBoundProfilePackage"] == len(orders)
    assert_invariants(patient)


def test_operations_run_in_the_order_of_their_calls(patient, client):
    first = client.download(patient.chip.eid, place(patient).activation_code)
    first.wait_for_prompt()
    with Client(patient) as other:
        signals = Signals(client)
        rest = [
            who.download(patient.chip.eid, place(patient).activation_code, **CONSENT).path
            for who in (client, other, other, client)
        ]
        assert {client.properties(path, OPERATION)["State"] for path in rest} == {"queued"}
        first.call("Postpone")
        for path in rest:
            assert "error" not in Operation(client, path).result()
    signals.wait(lambda s: s.name == f"{OPERATION}.Finished" and s.path == rest[-1], "the end")
    ended = [s.path for s in signals.seen if s.name == f"{OPERATION}.Finished"]
    assert ended == [first.path, *rest]
    assert_invariants(patient)


def test_one_caller_cannot_fill_the_queue(patient, client):
    running = client.download(patient.chip.eid, place(patient).activation_code)
    running.wait_for_prompt()
    code = place(patient).activation_code
    queued = [client.download(patient.chip.eid, code, **CONSENT) for _ in range(OF_ONE_CALLER - 1)]
    with pytest.raises(Refused) as refused:
        client.download(patient.chip.eid, code, **CONSENT)
    assert refused.value.name == "Busy"
    with Client(patient) as other:
        theirs = other.download(patient.chip.eid, place(patient).activation_code, **CONSENT)
        for operation in queued:
            operation.call("Cancel")
        running.call("Postpone")
        assert "error" not in theirs.result(), "others are not held up"
    assert "error" not in client.download(patient.chip.eid, code, **CONSENT).result()
    assert_invariants(patient)


def test_all_together_cannot_fill_lpad(patient, client):
    running = client.download(patient.chip.eid, place(patient).activation_code)
    running.wait_for_prompt()
    code = place(patient).activation_code
    crowd = [Client(patient) for _ in range(OF_ALL // OF_ONE_CALLER)]
    accepted, refused = 1, set()
    for other in crowd:
        for _ in range(OF_ONE_CALLER):
            try:
                other.download(patient.chip.eid, code)
                accepted += 1
            except Refused as error:
                refused.add(error.name)
    assert (accepted, refused) == (OF_ALL, {"Busy"})
    for other in crowd:
        other.leave()
    running.call("Postpone")
    running.result()
    assert_invariants(patient)


@pytest.mark.parametrize("options", [
    {"activation_code": "no code"}, {"activation_code": "LPA:1$smdp.example.com$UNKNOWN", "consent": True},
    {"smdp_address": "smdp.example.com"}, {},
], ids=["malformed", "unknown order", "nothing for this chip", "no options"])
def test_a_bad_call_does_not_block_a_later_one(patient, client, options):
    path = client.euicc(patient.chip.eid)
    try:
        assert "error" in client.start(path, f"{EUICC}.Download", **options).result()
    except Refused as refused:
        assert refused.name in ("InvalidActivationCode", "InvalidArguments")
    assert "error" not in client.download(patient.chip.eid, place(patient).activation_code, **CONSENT).result()
    assert_invariants(patient)


@pytest.mark.tsan
def test_the_bus_answers_while_an_operation_hangs(patient, client):
    hold(patient, "authenticating")
    operation = client.download(patient.chip.eid, place(patient).activation_code, **CONSENT)
    held(patient, operation, "authenticating")
    assert client.properties(client.euicc(patient.chip.eid), EUICC)["State"] == "busy"
    with pytest.raises(Refused) as refused:
        client.download(patient.chip.eid, "rubbish")
    assert refused.value.name == "InvalidActivationCode"
    operation.call("Cancel")
    operation.result()
    assert client.properties(client.euicc(patient.chip.eid), EUICC)["State"] == "ready"


# What an operation shows ----------------------------------------------------------


def test_a_result_can_be_read_late_and_by_others(patient, client):
    order = place(patient)
    with Client(patient) as caller:
        path = caller.download(patient.chip.eid, order.activation_code, **CONSENT).path
        Operation(caller, path).result()
    late = Operation(client, path).result()
    assert late["iccid"] == order.record.iccid and late["profile"] in client.objects(PROFILE)
    assert path in client.objects(OPERATION)


def test_progress_moves_with_octets_and_not_too_often(patient, client):
    patient.card.latency = 0.01
    signals = Signals(client)
    order = place(patient, size=30000)
    started = time.monotonic()
    operation = client.download(patient.chip.eid, order.activation_code, **CONSENT)
    assert "error" not in operation.result()
    signals.wait(lambda s: s.name == f"{OPERATION}.Finished", "the end")
    changes = [changed for _, changed in signals.changes(operation.path)]
    moving = [changed for changed in changes if "Progress" in changed or "BytesDone" in changed]
    assert len(moving) <= 4 * (time.monotonic() - started) + 3
    parts = [changed["Progress"] for changed in changes if "Progress" in changed]
    assert parts == sorted(parts) and parts[-1] == 1.0
    assert len(moving) >= 4, "somebody could see it move"
    by_stage = done_by_stage(changes)
    assert by_stage["installing"] == sorted(by_stage["installing"]) and len(by_stage["installing"]) >= 2
    last = operation.properties
    assert last["State"] == "finished" and last["BytesDone"] == last["BytesTotal"]
    signals.close()


def done_by_stage(changes: list[dict]) -> dict[str, list[int]]:
    """The octets done that were shown in each stage, in order."""
    stage, shown = "", {}
    for changed in changes:
        stage = changed.get("Stage", stage)
        if "BytesDone" in changed:
            shown.setdefault(stage, []).append(changed["BytesDone"])
    return shown


def test_the_octets_of_the_installation_are_all_shown(patient, client):
    """The last that is seen of "installing" is that all octets are in the chip."""
    patient.card.latency = 0.02
    operation = client.download(patient.chip.eid, place(patient, size=6000).activation_code, **CONSENT)
    total = at_stage(operation, "installing")["BytesTotal"]
    assert total > 6000
    seen = [0]

    def full() -> bool:
        now = operation.properties
        if now["Stage"] == "installing":
            assert seen[-1] <= now["BytesDone"] <= now["BytesTotal"] == total
            seen.append(now["BytesDone"])
        return now["State"] == "finished"

    wait_until(full, 60, "the end")
    assert len(set(seen)) > 2


@pytest.mark.parametrize("kind, path_of", [("enable", "Enable"), ("delete", "Delete")])
def test_a_switch_cannot_be_cancelled_in_the_middle(patient, client, kind, path_of):
    path = profile_path(client, put_profile(patient))
    patient.card.latency = 0.05
    operation = client.start(path, f"{PROFILE}.{path_of}")
    now = operation.wait(lambda now: now["State"] != "queued", "the start")
    assert (now["Kind"], now["Cancellable"]) == (kind, False) or now["State"] == "finished"
    assert "error" not in operation.result()
    assert_invariants(patient)


def test_a_profile_that_has_gone_is_not_found(patient, client):
    """Two callers delete the same profile: the second is told so."""
    path = profile_path(client, put_profile(patient))
    patient.card.latency = 0.02
    first, second = (client.start(path, f"{PROFILE}.Delete") for _ in range(2))
    assert "error" not in first.result()
    assert second.result()["error"] == "NotFound"
    assert_invariants(patient)


def test_the_root_is_there_without_operations(patient, client):
    assert client.properties(ROOT, "org.lpad.Lpad1.Manager")["TestMode"] is True
    assert all(o["State"] == "finished" for o in client.objects(OPERATION).values())
