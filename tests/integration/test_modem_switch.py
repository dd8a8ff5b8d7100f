# SPDX-License-Identifier: LGPL-2.1-or-later
"""Switches behind a modem with ModemManager beside it: what every firmware makes of them, and what lpad does then."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from client import EUICC, OPERATION, Client, Operation
from conftest import close
from invariants import lui_json
from scenes import Signals
from testbed.device import Device
from testbed.modem import firmware
from testbed.modem.firmware import BEHAVIOURS
from testbed.modem.mbim import Status
from testbed.modem.qmux import Error, Service
from testbed.network import Cause
from testbed.process import StackError, wait_until
from testbed.smdp import SubscriberRecord
from testbed.smdp.faults import Action
from testbed.veuicc import faults

FIRST, SECOND, THIRD = (SubscriberRecord.make(number) for number in (201, 202, 203))
RECORDS = {record.iccid: record for record in (FIRST, SECOND)}
ROLLED_BACK = 11
#: Seconds that nothing takes, however busy the machine is.
LONGEST = 60


#: In seconds, for a modem that is as quick as the virtual one.
QUICK = {"RefreshWait": 1, "SettleWait": 3}
TRANSPORTS = ("qmi", "mbim")


def started(transport: str) -> Iterator[Device]:
    """With ModemManager, which shows FIRST or SECOND, whichever was enabled last."""
    with Device(
        records=[FIRST, SECOND], transport=transport, quirks=QUICK,
        config={"General": {"IdleTimeout": "600"}, "Card": {"RefreshTimeout": "5"}},
    ) as device:
        device.mobile.start_modem_manager()
        device.mobile.wait_for_modem(lambda modem: modem.iccid == FIRST.iccid)
        yield device
        close(device)


@pytest.fixture(scope="module")
def qmi() -> Iterator[Device]:
    yield from started("qmi")


@pytest.fixture(scope="module")
def mbim() -> Iterator[Device]:
    yield from started("mbim")


@pytest.fixture(name="device")
def fixture_device(request) -> Iterator[Device]:
    """One that behaves well, and has nothing to tell; over QMI unless a test says otherwise."""
    platform = request.getfixturevalue(getattr(request, "param", "qmi"))
    request.node.stacks = [platform]
    platform.modem.firmware.behaviour = "refresh"
    platform.modem.faults.clear()
    platform.chip.faults.clear()
    platform.network.refused.clear()
    yield platform
    platform.lui("status", "--seen")


def enabled(device) -> list[str]:
    return [profile["iccid"] for profile in lui_json(device, "list")["profiles"] if profile["state"] == "enabled"]


def other(device) -> SubscriberRecord:
    """The one that is not in use."""
    return next(record for iccid, record in RECORDS.items() if [iccid] != enabled(device))


ENABLED = ("enabled", "searching", "registered")


@contextmanager
def somebody_who_enables_the_modem(device) -> Iterator[None]:
    """As NetworkManager does whenever ModemManager has found one.  It is enabled at the begin."""
    done = threading.Event()

    def work() -> None:
        while not done.wait(0.2):
            modem = device.mobile.seen_modem()
            if modem and modem.state == "disabled":
                device.mobile.mmcli(f"--modem={modem.path}", "--enable")

    thread = threading.Thread(target=work)
    thread.start()
    try:
        device.mobile.wait_for_modem(lambda modem: modem.state in ENABLED)
        yield
    finally:
        done.set()
        thread.join()


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
@pytest.mark.parametrize("device", TRANSPORTS, indirect=True)
def test_switch(device, behaviour):
    """However the firmware takes it, ModemManager shows the new ICCID when lui-cli says that it is done."""
    device.modem.firmware.behaviour = behaviour
    target = other(device).iccid
    done = device.lui("enable", target)
    assert done.returncode == 0, done.stderr
    assert device.mobile.seen_modem().iccid == target
    assert enabled(device) == [target]
    assert device.chip.open_channels == 0


def reset_over_qmi(device) -> None:
    with device.mobile.qmi_client() as qmi:
        qmi.request(Service.DMS, qmi.allocate(Service.DMS), 0x002E, {0x01: b"\x04"})


def restart(device) -> None:
    device.modem.call(device.modem.restart)


@pytest.mark.parametrize(("device", "reset", "failure", "by_hand"), [
    ("qmi", "DMS Set Operating Mode", Error.INTERNAL, reset_over_qmi),
    ("mbim", "MBIM Device Reset", Status.FAILURE, restart),
], indirect=["device"])
def test_nothing_helps(device, reset, failure, by_hand):
    """RefreshFailed: what the chip says (nothing, until it is reset), what ModemManager says, and what was tried.  A
    restart of the modem, as advised, puts it right."""
    device.modem.firmware.behaviour = "silent-until-reset"
    device.modem.faults.at_message(reset, firmware.error(failure), times=None)
    before, target = device.mobile.seen_modem().iccid, other(device).iccid
    with Client(device) as client:
        signals = Signals(client)
        operation = client.start(profile(client, target), "org.lpad.Lpad1.Profile.Enable")
        end = signals.wait(lambda seen: seen.name == f"{OPERATION}.Finished", "the end", timeout=120)
        result = operation.result()
        assert not [seen for seen in signals.seen if seen.name == f"{EUICC}.ProfileSwitched"]
        signals.close()
    assert end.values[0] is False and result["error"] == "RefreshFailed"
    assert result["modem-iccid"] == before == device.mobile.seen_modem().iccid
    assert result["recovery-steps"] == ["power-cycle", "inhibit", "reset"]
    assert "chip-iccid" not in result and "cannot be read" in result["message"]
    device.modem.faults.clear()
    by_hand(device)
    device.mobile.wait_for_modem(lambda modem: modem.iccid == target)
    wait_until(lambda: enabled(device) == [target], 30, "lpad to see the chip again")


def profile(client: Client, iccid: str) -> str:
    found = client.objects("org.lpad.Lpad1.Profile").items()
    return next(path for path, properties in found if properties["Iccid"] == iccid)


def test_disabled(device):
    """Nothing in use is done when ModemManager shows no SIM profile; and back again."""
    current = enabled(device)[0]
    done = device.lui("disable", current)
    assert done.returncode == 0, done.stderr
    assert enabled(device) == []
    seen = device.mobile.seen_modem()
    assert seen is None or seen.iccid in ("", "--")
    assert device.lui("enable", current).returncode == 0
    assert device.mobile.seen_modem().iccid == current


def test_modem_manager_restarts(device):
    """In mid-switch: the new one shows the new profile when lpad says that it is done."""
    stopped = threading.Event()

    def strike(answer):
        device.mobile.stop_modem_manager()
        stopped.set()
        return answer

    def restart() -> None:
        assert stopped.wait(30)
        device.mobile.start_modem_manager()

    device.chip.faults.at_call("EnableProfile", faults.mutate(strike))
    thread = threading.Thread(target=restart)
    thread.start()
    target = other(device).iccid
    done = device.lui("enable", target)
    thread.join()
    assert done.returncode == 0, done.stderr
    device.mobile.wait_for_modem(lambda modem: modem.iccid == target)


def test_modem_manager_ends(device):
    """In mid-switch, and it stays away: the modem's own word counts, and the user is told who is missing."""
    def strike(answer):
        device.mobile.stop_modem_manager()
        return answer

    device.chip.faults.at_call("EnableProfile", faults.mutate(strike))
    target = other(device).iccid
    done = device.lui("enable", target)
    assert done.returncode == 0, done.stderr
    assert "ModemManager has ended" in done.stdout and device.modem.iccid == target
    device.mobile.start_modem_manager()
    device.mobile.wait_for_modem(lambda modem: modem.iccid == target)


def test_a_chip_that_answers_errors_until_it_is_reset(device):
    """ModemManager shows the new profile, and the chip cannot be read: lpad cycles its power."""
    def strike(answer):
        device.chip.faults.at_call("GetProfilesInfo", faults.status(0x6985), times=None)
        return answer

    device.chip.faults.at_call("EnableProfile", faults.mutate(strike))
    device.modem.faults.at_message("UIM Power Off SIM", firmware.then(device.chip.faults.clear))
    target = other(device).iccid
    done = device.lui("enable", target, timeout=120)
    assert done.returncode == 0, done.stderr
    assert device.mobile.seen_modem().iccid == target and enabled(device) == [target]


def test_registers_in_time(device):
    """A profile on trial stays as soon as it has registered."""
    target = other(device).iccid
    with somebody_who_enables_the_modem(device):
        done = device.lui("enable", "--rollback-timeout=60", target)
    assert done.returncode == 0, done.stderr
    assert "Waiting for the network" in done.stdout
    assert device.mobile.seen_modem().iccid == target


def test_the_network_refuses(device):
    """The new subscription is refused: the old one is served again, and both are told."""
    old, new = enabled(device)[0], other(device)
    device.network.refused[new.imsi] = Cause.PLMN_NOT_ALLOWED
    with somebody_who_enables_the_modem(device):
        failure = lui_json(device, "enable", "--rollback-timeout=8", new.iccid, status=ROLLED_BACK)["error"]
    assert failure["rollback"] == {"reason": "not-registered", "old_iccid": old, "new_iccid": new.iccid}
    assert device.mobile.seen_modem().iccid == old
    assert enabled(device) == [old]


def on_trial(client: Client, iccid: str, seconds: int) -> Operation:
    """It waits for its decision."""
    operation = client.start(profile(client, iccid), "org.lpad.Lpad1.Profile.Enable", rollback_timeout=seconds)
    wait_until(lambda: operation.properties["State"] == "waiting", 60, "the trial")
    return operation


def test_nobody_uses_the_modem(device):
    """A modem that nobody has enabled registers with nothing: the caller is asked.  When somebody enables it after all the
    profile stays as soon as it has registered."""
    target = other(device).iccid
    device.mobile.mmcli(f"--modem={device.mobile.wait_for_modem().path}", "--disable")
    device.mobile.wait_for_modem(lambda modem: modem.state == "disabled")
    device.restart_lpad()
    with Client(device) as client:
        operation = on_trial(client, target, 600)
        prompt = operation.properties["Prompt"]
        assert (prompt["waits-for"], prompt["needs"]) == ("confirmation", ["confirm-switch"])
        with somebody_who_enables_the_modem(device):
            wait_until(lambda: operation.properties["State"] == "finished", 60, "the registration")
        assert "error" not in operation.result()
    assert device.mobile.seen_modem().iccid == target


def test_killed_on_trial(device):
    """lpad is killed while it waits for the network, which refuses: the next one goes back."""
    old, new = enabled(device)[0], other(device)
    device.network.refused[new.imsi] = Cause.PLMN_NOT_ALLOWED
    with somebody_who_enables_the_modem(device), Client(device) as client:
        operation = on_trial(client, new.iccid, 8)
        assert operation.properties["Prompt"]["waits-for"] == "registration"
        device.kill_lpad()
    with somebody_who_enables_the_modem(device):
        assert [entry["new_iccid"] for entry in lui_json(device, "status")["rollbacks"]] == [new.iccid]
        device.mobile.wait_for_modem(lambda modem: modem.iccid == old)
    wait_until(lambda: not lui_json(device, "status")["rollbacks"] and enabled(device) == [old], 60, "the end")
    told = lui_json(device, "status", "--seen")["euiccs"][0]["interruptions"]
    assert ["gone back" in entry["message"] for entry in told] == [True]


def test_download(device):
    """A profile is downloaded and put into use: it is served, and the operator hears of both."""
    device.network.add(THIRD)
    order = device.smdp.place_order(THIRD)
    done = device.lui("download", "--yes", "--enable", order.activation_code)
    assert done.returncode == 0, done.stderr
    assert device.mobile.seen_modem().iccid == THIRD.iccid
    events = [notification.event for notification in device.smdp.notifications]
    assert events == ["install", "enable"]


class Hold(Action):
    """The server answers when it is let go."""

    def __init__(self) -> None:
        self.asked, self.let_go = threading.Event(), threading.Event()

    def before(self) -> None:
        self.asked.set()
        assert self.let_go.wait(LONGEST)


def is_connected(device) -> bool:
    modem = device.mobile.seen_modem()
    return modem is not None and modem.state == "connected"


def test_a_download_is_not_cut_off(make_device):
    """Another chip's download may go over the connection of the modem, which needs to be reset to see the switch: the reset
    waits until the download has ended."""
    device = make_device(records=[FIRST, SECOND], quirks={**QUICK, "Recover": "reset"}, reader=True)
    device.mobile.start_modem_manager()
    device.mobile.wait_for_modem(lambda modem: modem.iccid == FIRST.iccid)
    connected = device.mobile.mmcli("--modem=any", "--simple-connect=apn=internet")
    assert connected.returncode == 0, connected.stderr
    device.modem.firmware.behaviour = "silent-until-reset"
    hold = Hold()
    device.smdp.faults.at_function("getBoundProfilePackage", hold)
    with Client(device) as client:
        eid = device.in_reader.eid
        download = client.download(eid, device.smdp.place_order(THIRD).activation_code, consent=True)
        assert hold.asked.wait(LONGEST)
        switch = client.start(profile(client, SECOND.iccid), "org.lpad.Lpad1.Profile.Enable")
        wait_until(lambda: switch.properties["Stage"] == "refreshing", LONGEST, "the switch")
        with pytest.raises(StackError):
            wait_until(lambda: not is_connected(device), 3, "the end of the connection")
        hold.let_go.set()
        wait_until(lambda: download.properties["State"] == "finished", LONGEST, "the end of the download")
        assert "error" not in download.result()
        wait_until(lambda: switch.properties["State"] == "finished", LONGEST, "the end of the switch")
        assert "error" not in switch.result()
    assert device.mobile.seen_modem().iccid == SECOND.iccid


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_without_modem_manager(make_device, transport):
    """The modem's own word counts."""
    device = make_device(records=[FIRST, SECOND], transport=transport, quirks=QUICK)
    for behaviour, target in (("refresh", SECOND), ("silent", FIRST)):
        device.modem.firmware.behaviour = behaviour
        done = device.lui("enable", target.iccid)
        assert done.returncode == 0, done.stderr
        assert device.modem.iccid == target.iccid
        assert enabled(device) == [target.iccid]
