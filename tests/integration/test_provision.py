# SPDX-License-Identifier: LGPL-2.1-or-later
"""lui-cli provision: many chips from one plan, side by side, and on from where it stopped."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import threading
from pathlib import Path

import pytest

from client import DEADLINE
from conftest import SHARED_CONFIG, close
from invariants import assert_invariants, renew
from scenes import place
from testbed.bus import LPAD_NAME
from testbed.process import wait_until
from testbed.smdp.faults import Action, Status
from testbed.smdp.orders import Order
from testbed.stack import Stack
from testbed.veuicc import faults

FAILED, USAGE, NOT_AUTHORISED, NOT_FOUND, UNAVAILABLE, INTERRUPTED = 1, 2, 3, 4, 10, 130


@pytest.fixture(scope="module")
def three_chips():
    stack = Stack(chips=3, config=SHARED_CONFIG).__enter__()
    yield stack
    close(stack)


@pytest.fixture
def station(three_chips, request) -> Stack:
    """A platform with three chips that is as good as new."""
    request.node.stacks = [three_chips]
    renew(three_chips)
    for path in three_chips.folder.glob("report.*"):
        path.unlink()
    return three_chips


def write_plan(stack: Stack, rows: list[dict], name: str = "plan.csv") -> Path:
    path = stack.folder / name
    if name.endswith(".json"):
        path.write_text(json.dumps(rows))
        return path
    text = io.StringIO()
    columns = list(dict.fromkeys(key for row in rows for key in row))
    writer = csv.DictWriter(text, columns, restval="")
    writer.writeheader()
    writer.writerows(rows)
    path.write_text("\ufeff" + text.getvalue())
    return path


def row(eid: str, order: Order, **fields: object) -> dict:
    return {"eid": eid, "activation_code": order.activation_code, **fields}


def provision(stack: Stack, plan: Path, *options: str, status: int = 0) -> dict:
    done = stack.lui("provision", str(plan), *options, "--json")
    assert done.returncode == status, f"{done.returncode}: {done.stdout}{done.stderr}"
    return json.loads(done.stdout)


def report(stack: Stack, name: str = "report.csv") -> list[dict]:
    text = (stack.folder / name).read_text()
    return json.loads(text) if name.endswith(".json") else list(csv.DictReader(io.StringIO(text, newline="")))


def plan_for_all(stack: Stack, **fields: object) -> tuple[Path, list[Order]]:
    orders = [place(stack) for _ in stack.chips]
    return write_plan(stack, [row(c.eid, o, **fields) for c, o in zip(stack.chips, orders)]), orders


@pytest.mark.parametrize("form", ["csv", "json"])
def test_chips_are_filled_side_by_side(station, form):
    """Every chip is in the middle of its package while the others are, too; each gets what is its own."""
    orders = [place(station, confirmation_code="1234"), place(station), place(station)]
    rows = [row(c.eid, o, enable="yes" if form == "csv" else True) for c, o in zip(station.chips, orders)]
    rows[0] |= {"confirmation_code": "1234", "nickname": 'Till "3", left'}
    plan = write_plan(station, rows, f"plan.{form}")
    together = threading.Barrier(len(orders))
    for chip in station.chips:
        chip.faults.at_segment(3, faults.mutate(lambda body: together.wait(DEADLINE) >= 0 and body))
    done = provision(station, plan, "--report", f"report.{form}")
    assert (done["ok"], done["done"], done["failed"], done["waiting"]) == (True, 3, 0, 0)
    assert not together.broken
    for chip, order, line in zip(station.chips, orders, report(station, f"report.{form}")):
        (profile,) = chip.profiles
        assert (line["status"], line["eid"], line["iccid"]) == ("done", chip.eid, order.record.iccid)
        assert line["started"] and line["finished"] and int(line["attempts"]) == 1
        assert profile.iccid == order.record.iccid_octets and profile.enabled
    assert next(iter(station.chips[0].profiles)).nickname == b'Till "3", left'
    text = (station.folder / f"report.{form}").read_text()
    assert "1234" not in text and all(order.matching_id not in text for order in orders)
    assert_invariants(station)


def test_one_failure_stops_nobody(station):
    """The failed row says why, and whether its code is good; a second run does only what is left."""
    plan, orders = plan_for_all(station)
    station.chips[0].faults.at_segment(4, faults.early_result(5, 10))  # passes
    station.chips[1].faults.at_segment(4, faults.early_result(5, 8))  # for good
    done = provision(station, plan, "--report", "report.csv", status=FAILED)
    assert (done["ok"], done["done"], done["failed"]) == (False, 1, 2)
    full, broken, good = report(station)
    assert (full["error"].rpartition(".")[2], full["order"]) == ("InsufficientMemory", "usable")
    assert (broken["error"].rpartition(".")[2], broken["order"]) == ("InstallationFailed", "ended")
    assert (good["status"], good["error"], good["message"]) == ("done", "", "")
    requests = len(orders[2].history), len(orders[1].history)
    again = provision(station, plan, "--report", "report.csv", status=FAILED)
    assert (again["done"], again["failed"]) == (2, 1)
    assert (len(orders[2].history), len(orders[1].history)) == requests, "what is done or has ended is left alone"
    assert [int(line["attempts"]) for line in report(station)] == [2, 1, 1]
    assert [len(chip.profiles) for chip in station.chips] == [1, 0, 1]
    assert_invariants(station)


def test_a_plan_with_mistakes_begins_nothing(station):
    """All mistakes at once, each with its line; no code is shown."""
    order = place(station)
    eid = station.chips[0].eid
    plan = write_plan(station, [row(eid, order), row(eid, order), row("8904", order), {"eid": eid}])
    done = station.lui("provision", str(plan))
    assert done.returncode == USAGE
    for sentence in ("Line 3: the same EID is in line 2.", "Line 4: the EID is not one", "Line 5: exactly one of"):
        assert sentence in done.stderr
    assert "nothing was begun" in done.stderr and order.matching_id not in done.stderr
    failure = provision(station, plan, status=USAGE)
    assert "Line 3" in failure["error"]["message"]
    assert not station.smdp.counters.functions
    assert not any(len(chip.profiles) for chip in station.chips)


def test_dry_run_says_what_is_left(station):
    plan, _orders = plan_for_all(station)
    done = station.lui("provision", str(plan), "--dry-run")
    assert done.returncode == 0 and "The plan is good: 3 rows." in done.stdout
    assert not any(len(chip.profiles) for chip in station.chips)


def test_no_permission_is_explained(station):
    plan, orders = plan_for_all(station)
    station.polkit.deny("org.lpad.lpad1.unattended")
    done = station.lui("provision", str(plan), "--report", "report.csv")
    assert done.returncode == NOT_AUTHORISED
    assert "org.lpad.lpad1.unattended" in done.stderr and "Unattended=true" in done.stderr
    assert [line["status"] for line in report(station)] == ["waiting"] * 3
    station.polkit.allow("org.lpad.lpad1.unattended")
    assert provision(station, plan, "--report", "report.csv")["done"] == 3
    assert all(order.state == "installed" for order in orders)


def test_chips_by_reader(station):
    """Whoever does not know the EIDs names readers: exactly, or any that fits; no chip gets two."""
    orders = [place(station) for _ in station.chips]
    readers = [reader["name"] for reader in json.loads(station.lui("status", "--json").stdout)["readers"]
               if reader["state"] == "euicc"]
    sources = [{"activation_code": order.activation_code} for order in orders]
    plan = write_plan(station, [{"reader": readers[1], **sources[0]}, {"reader": "Test*", **sources[1]},
                                {"reader": "Test*", **sources[2]}])
    done = provision(station, plan, "--report", "report.csv")
    assert done["done"] == 3
    assert done["rows"][0]["reader"] == readers[1]
    assert [len(chip.profiles) for chip in station.chips] == [1, 1, 1]
    assert provision(station, plan, "--report", "report.csv")["done"] == 3
    assert [len(chip.profiles) for chip in station.chips] == [1, 1, 1]
    assert_invariants(station)


def test_jobs_are_limited(station):
    plan, _orders = plan_for_all(station)
    loading, most = set(), []

    def note(chip, present):
        def change(body):
            (loading.add if present else loading.discard)(chip.eid)
            most.append(len(loading))
            return body
        return change

    for chip in station.chips:
        chip.faults.at_call("GetEuiccChallenge", faults.mutate(note(chip, True)))
        chip.faults.at_call("RemoveNotificationFromList", faults.mutate(note(chip, False)))
    assert provision(station, plan, "--jobs", "1")["done"] == 3
    assert max(most) == 1


def test_cards_come_and_go(station):
    """With --wait the station goes on until the last chip of the plan has come."""
    plan, orders = plan_for_all(station)
    late = station.cards[2]
    late.remove()
    station.wait_for_cards()
    with station.terminal("provision", str(plan), "--report", "report.csv", "--wait") as terminal:
        wait_until(lambda: [line["status"] for line in report_or_none(station)] == ["done", "done", "waiting"],
                   DEADLINE, "the chips that are there")
        terminal.expect("2 done, 0 failed, 0 running, 1 waiting")
        late.insert()
        assert terminal.wait() == 0
        assert orders[2].record.iccid in terminal.text and "3 done" in terminal.text
    assert [order.state for order in orders] == ["installed"] * 3
    assert_invariants(station)


def report_or_none(stack: Stack) -> list[dict]:
    return report(stack) if (stack.folder / "report.csv").exists() else []


def test_a_chip_that_is_missing_is_told(station):
    plan, _orders = plan_for_all(station)
    station.cards[1].remove()
    station.wait_for_cards()
    done = provision(station, plan, "--report", "report.csv", status=NOT_FOUND)
    assert (done["done"], done["waiting"]) == (2, 1)
    station.cards[1].insert()
    station.wait_for_cards()
    assert provision(station, plan, "--report", "report.csv")["done"] == 3


class Call(Action):
    """Something happens when the server has done what was asked."""

    def __init__(self, what):
        self._what = what

    def after(self, response):
        self._what()
        return response


def start(stack: Stack, plan: Path) -> subprocess.Popen:
    return subprocess.Popen(
        [stack.program("lui-cli"), "provision", str(plan), "--report", "report.csv"], env=stack.marked_env,
        cwd=stack.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )


def test_interrupted_by_the_user(station):
    """What goes into a chip ends, the rest is cancelled; the report is right, and the next run does the rest."""
    plan, orders = plan_for_all(station)
    chips = station.chips
    reached = threading.Barrier(len(chips) + 1)
    go = threading.Event()

    def hold(body):
        reached.wait(DEADLINE)
        go.wait(DEADLINE)
        return body

    chips[0].faults.at_segment(3, faults.mutate(hold))
    chips[1].faults.at_segment(3, faults.mutate(hold))
    chips[2].faults.at_call("GetEuiccChallenge", faults.mutate(hold))
    process = start(station, plan)
    reached.wait(DEADLINE)
    process.send_signal(signal.SIGINT)
    assert "Nothing new begins" in process.stderr.readline()
    go.set()
    process.communicate(timeout=DEADLINE)
    assert process.returncode == INTERRUPTED
    lines = report(station)
    assert [line["status"] for line in lines] == ["done", "done", "failed"]
    assert (lines[2]["error"].rpartition(".")[2], lines[2]["order"]) == ("Cancelled", "usable")
    assert provision(station, plan, "--report", "report.csv")["done"] == 3
    assert [len(chip.profiles) for chip in chips] == [1, 1, 1]
    for chip in chips:  # a cancellation that comes late keeps results from being delivered at once
        station.lui("notifications", "send", "--euicc", chip.eid)
    assert [order.state for order in orders] == ["installed"] * 3
    assert_invariants(station)


@pytest.mark.parametrize("victim", ["lui-cli", "lpad", "both"])
def test_killed_and_started_again(station, victim):
    """Nothing is downloaded twice, whoever was killed, and whatever was installed by then."""
    plan, orders = plan_for_all(station, enable="yes")
    pid = station.start_lpad()
    process: list[subprocess.Popen] = []

    def kill():
        if victim != "lpad":
            process[0].kill()
        if victim != "lui-cli":
            os.kill(pid, signal.SIGKILL)

    station.smdp.faults.at_function("handleNotification", Call(kill), n=2)
    process.append(start(station, plan))
    process[0].communicate(timeout=2 * DEADLINE)
    assert process[0].returncode == (UNAVAILABLE if victim == "lpad" else -signal.SIGKILL)
    if victim != "lui-cli":
        station.bus.wait_for_no_owner(LPAD_NAME)
    done = provision(station, plan, "--report", "report.csv")
    assert done["done"] == 3
    for chip, order, line in zip(station.chips, orders, done["rows"]):
        (profile,) = chip.profiles
        assert (line["iccid"], profile.iccid) == (order.record.iccid, order.record.iccid_octets)
        assert profile.enabled and order.state == "installed"
        assert [entry.event for entry in order.history].count("installation reported") == 1
    assert_invariants(station)


def test_killed_before_anything_was_installed(station):
    """The order is good: the next run uses it."""
    plan, orders = plan_for_all(station)
    pid = station.start_lpad()
    station.chips[0].faults.at_call("PrepareDownload", faults.mutate(lambda body: os.kill(pid, signal.SIGKILL) or body))
    provision(station, plan, "--report", "report.csv", status=UNAVAILABLE)
    station.bus.wait_for_no_owner(LPAD_NAME)
    assert provision(station, plan, "--report", "report.csv")["done"] == 3
    assert [order.state for order in orders] == ["installed"] * 3
    assert [len(chip.profiles) for chip in station.chips] == [1, 1, 1]
    assert_invariants(station)


def test_a_server_that_is_down_is_tried_again(station):
    plan, orders = plan_for_all(station)
    station.smdp.faults.at_function("initiateAuthentication", Status(503), times=None)
    done = provision(station, plan, "--report", "report.csv", status=FAILED)
    assert done["failed"] == 3 and {line["order"] for line in done["rows"]} == {"usable"}
    station.smdp.faults.clear()
    assert provision(station, plan, "--report", "report.csv")["done"] == 3
    assert all(order.state == "installed" for order in orders)


@pytest.mark.parametrize("name, status, words", [
    ("nothing.csv", NOT_FOUND, "There is no file “"), (".", NOT_FOUND, "is a folder"),
    ("/dev/zero", USAGE, "too large to be a plan"), ("plan.csv/x", NOT_FOUND, "is no folder"),
])
def test_a_plan_that_cannot_be_read(station, name, status, words):
    plan_for_all(station)
    done = station.lui("provision", str(station.folder / name))
    assert done.returncode == status and words in done.stderr, done.stderr


def test_a_report_that_cannot_be_written(station):
    plan, orders = plan_for_all(station)
    done = station.lui("provision", str(plan), "--report", "none/report.csv")
    assert done.returncode == FAILED and "there is no such folder" in done.stderr
    assert all(order.open and order.state == "released" for order in orders), "nothing was begun"


def test_another_file_is_not_overwritten(station):
    plan, _orders = plan_for_all(station)
    notes = station.folder / "report.csv"
    notes.write_text("my notes\n")
    failure = provision(station, plan, "--report", "report.csv", status=USAGE)
    assert "is no report" in failure["error"]["message"]
    assert notes.read_text() == "my notes\n"


def test_lines_for_people(station):
    """Without a terminal each row has a line at its beginning and one at its end."""
    plan, orders = plan_for_all(station)
    text = station.lui("provision", str(plan)).stdout
    for chip, order in zip(station.chips, orders):
        assert f"EID {chip.eid}: begun" in text
        assert f"EID {chip.eid}: profile {order.record.iccid} is installed." in text
    assert text.endswith("3 done, 0 failed, 0 running, 0 waiting.\n")
