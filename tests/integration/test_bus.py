# SPDX-License-Identifier: LGPL-2.1-or-later
"""The contract of dbus/org.lpad.Lpad1.xml, kept on the bus: every member, options, paths, changes, texts."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from gi.repository import GLib

from client import EUICC, MANAGER, NOTIFICATION, OPERATION, PROFILE, ROOT, Client, Operation, Refused, variant_dict
from invariants import assert_invariants
from scenes import (
    NO_OPTIONS, Signals, contract, find_member, members, notification_path, place, profile_path,
    put_notification, put_profile, reload,
)
from testbed import pki
from testbed.bus import LPAD_NAME
from testbed.smdp.faults import Fail
from testbed.smdp.subscriber import encode_iccid
from testbed.stack import Stack
from testbed.veuicc.profiles import PROVISIONING

ICON = bytes.fromhex("89504E470D0A1A0A") + bytes(100)
ESCAPE = "\x1b"


@pytest.fixture
def client(shared) -> Client:
    with Client(shared) as client:
        yield client


def euicc_call(stack: Stack, client: Client, method: str, *arguments: GLib.Variant) -> tuple:
    return client.call(client.euicc(stack.chip.eid), f"{EUICC}.{method}", GLib.Variant.new_tuple(*arguments))


# Every method does what it says ---------------------------------------------------


def rescan(stack: Stack, client: Client) -> None:
    client.call(ROOT, f"{MANAGER}.Rescan", NO_OPTIONS)
    assert client.euicc(stack.chip.eid)


def download(stack: Stack, client: Client) -> None:
    order = place(stack)
    assert client.download(stack.chip.eid, order.activation_code, consent=True).result()["iccid"] == order.record.iccid
    assert order.state == "installed"


def send_notifications(stack: Stack, client: Client) -> None:
    number = put_notification(stack, put_profile(stack))
    stack.smdp.faults.clear()
    operation = client.start(client.euicc(stack.chip.eid), f"{EUICC}.SendNotifications")
    assert "error" not in operation.result()
    # lpad's own try may be under way when the server begins to take them: it gives way, and may have been heard.
    assert {n.seq for n in stack.smdp.notifications} == {number} and not stack.chip.notifications.pending


def set_default_address(stack: Stack, client: Client) -> None:
    for address, kept in (("Rsp.Example.com", "rsp.example.com"), ("", "")):
        euicc_call(stack, client, "SetDefaultSmdpAddress", GLib.Variant("s", address), variant_dict({}))
        assert stack.chip.default_dp == kept
        assert client.objects(EUICC)[client.euicc(stack.chip.eid)]["DefaultSmdpAddress"] == kept


def reload_chip(stack: Stack, client: Client) -> None:
    iccid = put_profile(stack)
    stack.chip.profiles.set_nickname(encode_iccid(iccid), b"Behind the back")
    euicc_call(stack, client, "Reload", variant_dict({}))
    assert client.objects(PROFILE)[profile_path(client, iccid)]["Nickname"] == "Behind the back"


def enable_and_disable(stack: Stack, client: Client) -> None:
    iccid = put_profile(stack)
    path = profile_path(client, iccid)
    for method, enabled in (("Enable", True), ("Disable", False)):
        result = client.start(path, f"{PROFILE}.{method}").result()
        assert (result["iccid"], result["profile"]) == (iccid, path)
        assert (stack.chip.profiles.enabled is not None) == enabled


def delete(stack: Stack, client: Client) -> None:
    iccid = put_profile(stack)
    result = client.start(profile_path(client, iccid), f"{PROFILE}.Delete").result()
    assert result["iccid"] == iccid and "profile" not in result
    assert len(stack.chip.profiles) == 0 and client.objects(PROFILE) == {}


def set_nickname(stack: Stack, client: Client) -> None:
    path = profile_path(client, put_profile(stack))
    for nickname in ("Ferien", ""):
        parameters = GLib.Variant.new_tuple(GLib.Variant("s", nickname), variant_dict({}))
        client.call(path, f"{PROFILE}.SetNickname", parameters)
        assert client.objects(PROFILE)[path]["Nickname"] == nickname


def get_icon(stack: Stack, client: Client) -> None:
    for fields, wanted in (({"icon": ICON, "icon_type": 1}, ("image/png", ICON)), ({}, ("", b""))):
        kind, icon = client.call(profile_path(client, put_profile(stack, **fields)), f"{PROFILE}.GetIcon")
        assert (kind, bytes(icon)) == wanted


def acknowledge_interruptions(stack: Stack, client: Client) -> None:
    operation = client.download(stack.chip.eid, place(stack).activation_code)
    operation.wait_for_prompt()
    stack.kill_lpad()
    stack.bus.wait_for_no_owner(LPAD_NAME)
    euicc = client.euicc(stack.chip.eid)
    (news,) = client.chips()[euicc]["Interruptions"]
    assert (news["kind"], news["state"], news["order"], news["done"]) == ("download", "absent", "usable", False)
    client.call(euicc, f"{EUICC}.AcknowledgeInterruptions", NO_OPTIONS)
    assert client.chips()[euicc]["Interruptions"] == []


def send_notification(stack: Stack, client: Client) -> None:
    iccid = put_profile(stack)
    first, second = put_notification(stack, iccid), put_notification(stack, iccid)
    path = notification_path(client, first)
    stack.smdp.faults.clear()
    result = client.start(path, f"{NOTIFICATION}.Send").result()
    assert "error" not in result, result
    assert first in [n.seq for n in stack.smdp.notifications]
    assert first not in [n.seq for n in stack.chip.notifications] and second


def remove_notification(stack: Stack, client: Client) -> None:
    path = notification_path(client, put_notification(stack, put_profile(stack)))
    for options in ({}, {"force": False}):
        with pytest.raises(Refused, match="force") as refused:
            client.call(path, f"{NOTIFICATION}.Remove", GLib.Variant.new_tuple(variant_dict(options)))
        assert refused.value.name == "InvalidArguments"
    assert len(stack.chip.notifications) == 1
    client.call(path, f"{NOTIFICATION}.Remove", GLib.Variant.new_tuple(variant_dict({"force": True})))
    assert len(stack.chip.notifications) == 0 and client.objects(NOTIFICATION) == {}
    stack.chip.notifications.given.clear()  # nobody lost it: it was thrown away


def answer(method: str, history: str, state: str) -> Callable[[Stack, Client], None]:
    """Answer the prompt of a download; what the order becomes, and the server's word for it."""
    def run(stack: Stack, client: Client) -> None:
        order = place(stack)
        operation = client.download(stack.chip.eid, order.activation_code)
        assert operation.wait_for_prompt()["needs"] == ["consent"]
        operation.call(method)
        assert ("error" in operation.result()) == (method != "Confirm")
        assert order.state == state
        assert history in [entry.event for entry in order.history]
    return run


def reset(stack: Stack, client: Client) -> None:
    stays = put_profile(stack, profile_class=PROVISIONING)
    goes = put_profile(stack, enabled=True)
    (path,) = euicc_call(stack, client, "Reset", GLib.Variant("as", ["operational-profiles"]), variant_dict({}))
    result = Operation(client, path).result()
    assert (result["deleted"], result["remaining"]) == ([goes], [stays])
    assert [p.iccid for p in stack.chip.profiles] == [encode_iccid(stays)]


def discover(stack: Stack, client: Client) -> None:
    """The server that the chip names is asked, and nobody is there; what one says is in test_discovery.py."""
    result = client.start(client.euicc(stack.chip.eid), f"{EUICC}.Discover").result()
    assert result["error"] == "ServerUnreachable" and result["offers"] == []
    assert [failure["address"] for failure in result["failures"]] == [stack.chip.config.root_ds]


def issuer_methods(stack: Stack, client: Client) -> None:
    certificate = GLib.Variant("ay", pki.make_ci("Other CI").cert.public_bytes(Encoding.DER))
    before = len(client.properties(ROOT, MANAGER)["Issuers"])
    (issuer,) = client.call(ROOT, f"{MANAGER}.InspectIssuer", GLib.Variant.new_tuple(certificate))
    assert issuer["installed"] is False
    client.call(ROOT, f"{MANAGER}.AddIssuer", GLib.Variant.new_tuple(certificate, variant_dict({})))
    assert len(client.properties(ROOT, MANAGER)["Issuers"]) == before + 1
    fingerprint = GLib.Variant("s", issuer["fingerprint"])
    client.call(ROOT, f"{MANAGER}.RemoveIssuer", GLib.Variant.new_tuple(fingerprint, variant_dict({})))
    assert len(client.properties(ROOT, MANAGER)["Issuers"]) == before


METHODS: dict[str, Callable[[Stack, Client], None]] = {
    f"{MANAGER}.Rescan": rescan,
    f"{MANAGER}.InspectIssuer": issuer_methods,
    f"{MANAGER}.AddIssuer": issuer_methods,
    f"{MANAGER}.RemoveIssuer": issuer_methods,
    f"{EUICC}.Download": download,
    f"{EUICC}.Discover": discover,
    f"{EUICC}.Reset": reset,
    f"{EUICC}.SendNotifications": send_notifications,
    f"{EUICC}.SetDefaultSmdpAddress": set_default_address,
    f"{EUICC}.Reload": reload_chip,
    f"{EUICC}.AcknowledgeInterruptions": acknowledge_interruptions,
    f"{PROFILE}.Enable": enable_and_disable,
    f"{PROFILE}.Disable": enable_and_disable,
    f"{PROFILE}.Delete": delete,
    f"{PROFILE}.SetNickname": set_nickname,
    f"{PROFILE}.GetIcon": get_icon,
    f"{NOTIFICATION}.Send": send_notification,
    f"{NOTIFICATION}.Remove": remove_notification,
    f"{OPERATION}.Confirm": answer("Confirm", "installation reported", "installed"),
    f"{OPERATION}.Reject": answer("Reject", "session cancelled", "error"),
    f"{OPERATION}.Postpone": answer("Postpone", "session postponed", "released"),
    f"{OPERATION}.Cancel": answer("Cancel", "session postponed", "released"),
}


@pytest.mark.parametrize("method", members("method"))
def test_method_does_what_it_says(shared, client, method):
    METHODS[method](shared, client)
    assert_invariants(shared)


# Every property is there, with its type and the truth -----------------------------


def typed_properties(client: Client, path: str, interface: str) -> dict[str, GLib.Variant]:
    parameters = GLib.Variant("(s)", (interface,))
    reply = client.connection.call_sync(
        LPAD_NAME, path, "org.freedesktop.DBus.Properties", "GetAll", parameters, None, 0, 60000, None
    )
    values = reply.get_child_value(0)
    entries = [values.get_child_value(i) for i in range(values.n_children())]
    return {entry.get_child_value(0).unpack(): entry.get_child_value(1).get_variant() for entry in entries}


def scene_with_everything(stack: Stack, client: Client) -> dict[str, str]:
    """Path of an object of each interface."""
    iccid = put_profile(stack, icon=ICON, icon_type=1)
    number = put_notification(stack, iccid)
    operation = client.start(profile_path(client, iccid), f"{PROFILE}.Enable")
    operation.result()
    return {
        MANAGER: ROOT, EUICC: client.euicc(stack.chip.eid), PROFILE: profile_path(client, iccid),
        NOTIFICATION: notification_path(client, number), OPERATION: operation.path,
    }


@pytest.mark.parametrize("interface", contract())
def test_properties_are_those_of_the_contract(shared, client, interface):
    path = scene_with_everything(shared, client)[interface]
    wanted = {p.get("name"): p.get("type") for p in contract()[interface].findall("property")}
    found = {name: value.get_type_string() for name, value in typed_properties(client, path, interface).items()}
    assert found == wanted
    for name, kind in wanted.items():
        parameters = GLib.Variant("(ss)", (interface, name))
        assert client.call(path, "org.freedesktop.DBus.Properties.Get", parameters) is not None
        parameters = GLib.Variant("(ssv)", (interface, name, GLib.Variant("s", "x")))
        with pytest.raises(Refused):
            client.call(path, "org.freedesktop.DBus.Properties.Set", parameters)


def test_properties_tell_the_truth(shared, client):
    paths = scene_with_everything(shared, client)
    chip, profile = shared.chip, shared.chip.profiles.profiles[0]
    manager = client.properties(ROOT, MANAGER)
    assert manager["TestMode"] is True and re.fullmatch(r"\d+\.\d+\.\d+", manager["Version"])
    assert [(issuer["test"], len(issuer["fingerprint"])) for issuer in manager["Issuers"]] == [(True, 64)]
    assert [(r["name"], r["state"], r["euiccs"]) for r in manager["Readers"] if r["state"] != "empty"] == [
        (shared.readers[0], "euicc", [paths[EUICC]]),
    ]
    euicc = client.properties(paths[EUICC], EUICC)
    assert (euicc["Eid"], euicc["Transport"], euicc["Device"], euicc["State"], euicc["Error"]) == (
        chip.eid, "pcsc", shared.readers[0], "ready", ("", ""),
    )
    assert bytes(euicc["IsdrAid"]) == chip.config.isdr_aid
    assert euicc["EnabledProfiles"] == [paths[PROFILE]]
    assert euicc["FreeMemory"] == chip.free_memory
    assert euicc["PendingNotifications"] == len(chip.notifications) == len(client.objects(NOTIFICATION))
    assert euicc["TrustedIssuers"] == [manager["Issuers"][0]["key-identifier"]]
    shown = client.properties(paths[PROFILE], PROFILE)
    assert (shown["Euicc"], shown["State"], shown["Class"], shown["IconType"]) == (
        paths[EUICC], "enabled", "operational", "image/png",
    )
    assert bytes(shown["IsdpAid"]) == profile.aid
    assert shown["Owner"]["mcc-mnc"] == "999-70"
    assert (shown["CanDisable"], shown["CanDelete"], shown["PolicyRules"]) == (True, False, [])
    notification = client.properties(paths[NOTIFICATION], NOTIFICATION)
    assert (notification["Event"], notification["Address"]) == ("enable", shared.host)
    assert notification["Iccid"] == shown["Iccid"]
    assert notification["Attempts"] >= 1 and notification["NextAttempt"] > 0 and notification["LastError"]
    operation = client.properties(paths[OPERATION], OPERATION)
    assert (operation["Kind"], operation["Euicc"], operation["State"]) == ("enable", paths[EUICC], "finished")
    assert (operation["Progress"], operation["Cancellable"]) == (1.0, False)
    assert operation["Prompt"] == {} and operation["Result"]["notifications-pending"] == 2


def comparable(interface: ElementTree.Element) -> list[tuple]:
    """Members, arguments and annotations without comments and order of lines."""
    found = []
    for member in interface:
        arguments = [
            (arg.get("name"), arg.get("type"), arg.get("direction") or ("out" if member.tag == "signal" else "in"))
            for arg in member.findall("arg")
        ]
        if member.tag == "signal":
            arguments = [argument[:2] for argument in arguments]
        annotations = sorted(
            (a.get("name"), a.get("value")) for a in member.findall("annotation")
            if a.get("name").startswith("org.lpad")
        )
        found.append((member.tag, member.get("name"), member.get("type"), member.get("access"), arguments, annotations))
    return sorted(found, key=str)


@pytest.mark.parametrize("interface", contract())
def test_introspection_is_the_contract(shared, client, interface):
    path = scene_with_everything(shared, client)[interface]
    (text,) = client.call(path, "org.freedesktop.DBus.Introspectable.Introspect")
    found = {i.get("name"): i for i in ElementTree.fromstring(text).findall("interface")}
    assert comparable(found[interface]) == comparable(contract()[interface])
    assert [name for name in found if name.startswith(LPAD_NAME)] == [interface]


# Options --------------------------------------------------------------------------

CODE = "LPA:1$smdp.example.com$NOBODY"
TEXT, NUMBER, TRUE = GLib.Variant("s", "x"), GLib.Variant("u", 1), GLib.Variant("b", True)

#: Options of Download, and the one that the message names.
BAD_DOWNLOADS = {
    "unknown": ({"activation_code": CODE, "colour": TEXT}, "colour"),
    "control character in the name": ({"activation_code": CODE, "evil\x1b[2J": TEXT}, "evil"),
    "code is no text": ({"activation_code": TRUE}, "activation-code"),
    "consent is no boolean": ({"activation_code": CODE, "consent": TEXT}, "consent"),
    "enable is no boolean": ({"activation_code": CODE, "enable": NUMBER}, "enable"),
    "nickname is no text": ({"activation_code": CODE, "nickname": NUMBER}, "nickname"),
    "confirmation code is no text": ({"activation_code": CODE, "confirmation_code": NUMBER}, "confirmation-code"),
    "IMEI is no text": ({"activation_code": CODE, "imei": NUMBER}, "imei"),
    "IMEI is too short": ({"activation_code": CODE, "imei": GLib.Variant("s", "123")}, "IMEI"),
    "IMEI is no number": ({"activation_code": CODE, "imei": GLib.Variant("s", "1234567890123x")}, "IMEI"),
    "nickname is too long": ({"activation_code": CODE, "nickname": GLib.Variant("s", "ü" * 33)}, "nickname"),
    "text is too long": ({"activation_code": GLib.Variant("s", "A" * 2000)}, "activation-code"),
    "no source": ({}, "activation-code"),
    "two sources": ({"activation_code": CODE, "smdp_address": "smdp.example.com"}, "smdp-address"),
    "code and default": ({"activation_code": CODE, "use_default": True}, "use-default"),
    "matching ID without address": ({"activation_code": CODE, "matching_id": "A"}, "matching-id"),
    "rules without consent": ({"activation_code": CODE, "accept_policy_rules": True}, "consent"),
}


@pytest.mark.parametrize("options, named", BAD_DOWNLOADS.values(), ids=BAD_DOWNLOADS)
def test_bad_options_of_a_download_are_refused_by_name(shared, client, options, named):
    before = set(client.objects(OPERATION))
    with pytest.raises(Refused) as refused:
        client.start(client.euicc(shared.chip.eid), f"{EUICC}.Download", **options)
    assert refused.value.name == "InvalidArguments"
    assert named in str(refused.value) and ESCAPE not in str(refused.value)
    assert shared.smdp.counters.tcp_connections == 0 and set(client.objects(OPERATION)) <= before
    download(shared, client)


def bad_arguments(method: str) -> list[tuple[dict, str]]:
    """Options that no method, or not this one, knows."""
    wrong = [({"no_such_option": TEXT}, "no-such-option")]
    if method.rpartition(".")[2] in ("Enable", "Disable"):
        wrong.append(({"refresh": TEXT}, "refresh"))
    return wrong


@pytest.mark.parametrize("method", [
    method for method in members("method")
    if find_member("method", method).find("arg[@type='a{sv}'][@direction='in']") is not None
])
def test_unknown_options_are_refused_by_name(shared, client, method):
    order = place(shared)
    iccid = put_profile(shared)
    number = put_notification(shared, iccid)
    waiting = client.download(shared.chip.eid, order.activation_code)
    waiting.wait_for_prompt()
    paths = {
        MANAGER: ROOT, EUICC: client.euicc(shared.chip.eid), PROFILE: profile_path(client, iccid),
        NOTIFICATION: notification_path(client, number), OPERATION: waiting.path,
    }
    first = {
        "SetDefaultSmdpAddress": [GLib.Variant("s", "")], "SetNickname": [GLib.Variant("s", "x")],
        "AddIssuer": [GLib.Variant("ay", b"0")], "RemoveIssuer": [GLib.Variant("s", "00")],
        "Reset": [GLib.Variant("as", ["test-profiles"])],
    }
    interface, _, name = method.rpartition(".")
    for options, named in bad_arguments(method):
        with pytest.raises(Refused) as refused:
            client.call(paths[interface], method, GLib.Variant.new_tuple(*first.get(name, []), variant_dict(options)))
        assert (refused.value.name, named in str(refused.value)) == ("InvalidArguments", True), refused.value
    assert waiting.properties["State"] == "waiting", "a bad answer is no answer"
    waiting.call("Postpone")
    waiting.result()
    shared.smdp.faults.clear()
    assert_invariants(shared, order, usable=True)


def test_an_answer_without_what_the_prompt_needs_leaves_the_prompt(shared, client):
    order = place(shared, confirmation_code="4711")
    operation = client.download(shared.chip.eid, order.activation_code)
    assert operation.wait_for_prompt()["needs"] == ["consent", "confirmation-code"]
    for options in ({}, {"confirmation_code": TRUE}, {"confirmation_code": "4711", "nickname": "x" * 65}):
        with pytest.raises(Refused) as refused:
            operation.call("Confirm", **options)
        assert refused.value.name == "InvalidArguments"
    assert operation.properties["State"] == "waiting"
    operation.call("Confirm", confirmation_code="4711", nickname="Neu", enable=True)
    result = operation.result()
    assert "error" not in result, result
    (profile,) = shared.chip.profiles
    assert profile.nickname == b"Neu" and profile.enabled


@pytest.mark.parametrize("address", [
    "-", "localhost", "127.0.0.1", "a b.example.com", "https://", "x" * 300 + ".com", "é.example.com",
])
def test_a_bad_default_address_is_refused(shared, client, address):
    with pytest.raises(Refused) as refused:
        euicc_call(shared, client, "SetDefaultSmdpAddress", GLib.Variant("s", address), variant_dict({}))
    assert refused.value.name == "InvalidArguments"
    assert shared.chip.default_dp == ""


# Paths, changes, signals ----------------------------------------------------------


def test_paths_stay_and_hold_no_identifier(shared, client):
    order = place(shared)
    client.download(shared.chip.eid, order.activation_code, consent=True).result()
    iccid = put_profile(shared)
    put_notification(shared, iccid)
    before = {kind: set(client.objects(kind)) for kind in (EUICC, PROFILE, NOTIFICATION, OPERATION)}
    for _ in range(3):
        reload(shared)
    assert {kind: set(client.objects(kind)) for kind in before} == before
    paths = set().union(*before.values())
    secrets = [shared.chip.eid, order.record.iccid, iccid, order.matching_id]
    assert not [path for path in paths for secret in secrets if secret[-6:] in path]
    form = re.compile(r"/org/lpad/Lpad1/(euicc/\d+(/(profile|notification)/\d+)?|operation/\d+)")
    assert all(form.fullmatch(path) for path in paths)


def test_an_object_of_a_profile_comes_and_goes_with_it(shared, client):
    signals = Signals(client)
    order = place(shared)
    path = client.download(shared.chip.eid, order.activation_code, consent=True).result()["profile"]
    added = signals.wait(lambda s: s.name.endswith(".InterfacesAdded") and s.values[0] == path, "new profile")
    assert added.values[1][PROFILE]["Iccid"] == order.record.iccid
    client.start(path, f"{PROFILE}.Delete").result()
    removed = signals.wait(lambda s: s.name.endswith(".InterfacesRemoved") and s.values[0] == path, "removal")
    assert removed.values[1] == [PROFILE]
    signals.close()


def test_profile_switched_comes_when_the_properties_are_new(shared, client):
    old, new = put_profile(shared, enabled=True), put_profile(shared)
    chip, paths = client.euicc(shared.chip.eid), {iccid: profile_path(client, iccid) for iccid in (old, new)}
    signals = Signals(client)
    client.start(paths[new], f"{PROFILE}.Enable").result()
    switched = signals.wait(lambda s: s.name == f"{EUICC}.ProfileSwitched", "ProfileSwitched")
    assert switched.path == chip and switched.values == (
        old, new, {"device": shared.readers[0], "physical-device": "", "slot": 0},
    )
    earlier = signals.seen[:signals.seen.index(switched)]
    told = {
        (s.path, key): value for s in earlier if s.name.endswith("PropertiesChanged")
        for key, value in s.values[1].items()
    }
    assert (told[paths[new], "State"], told[paths[old], "State"]) == ("enabled", "disabled")
    assert told[chip, "EnabledProfiles"] == [paths[new]]
    signals.close()


def test_changes_come_in_batches(shared, client):
    """All of a profile that a switch changes is one signal, not one for each property."""
    path = profile_path(client, put_profile(shared))
    signals = Signals(client)
    client.start(path, f"{PROFILE}.Enable").result()
    signals.wait(lambda s: s.name == f"{OPERATION}.Finished", "the end")
    assert [set(changed) for _, changed in signals.changes(path)] == [{"State", "CanDisable", "CanDelete"}]
    signals.close()


def test_finished_comes_once_and_last(shared, client):
    order = place(shared)
    signals = Signals(client)
    operation = client.download(shared.chip.eid, order.activation_code, consent=True)
    result = operation.result()
    finished = signals.wait(lambda s: s.name == f"{OPERATION}.Finished", "the end")
    client.properties(ROOT, MANAGER)
    signals.wait(lambda s: s is signals.seen[-1], "anything")
    assert finished.path == operation.path and finished.values == (True, "", "", result)
    of_operation = [s for s in signals.seen if s.path == operation.path]
    assert of_operation[-1] is finished
    assert signals.changes(operation.path)[-1][1]["State"] == "finished"
    signals.close()


def test_finished_tells_why_it_failed(shared, client):
    signals = Signals(client)
    operation = client.download(shared.chip.eid, "LPA:1$smdp.example.com$NO-SUCH-ORDER", consent=True)
    result = operation.result()
    finished = signals.wait(lambda s: s.name == f"{OPERATION}.Finished", "the end")
    assert finished.values[:3] == (False, f"{LPAD_NAME}.Error.{result['error']}", result["message"])
    assert result["error"] == "CodeRefused"
    assert (result["details"]["subject"], result["details"]["reason"]) == ("8.2.6", "3.8")
    signals.close()


# Text of others -------------------------------------------------------------------

#: What a chip says, and what may be seen of it: nothing that could steer a terminal or a reader's eye.
NASTY = {
    "escape": (b"Evil\x1b[2J\x1b]0;title\x07Plan", "Evil"),
    "line ends": (b"One\r\nTwo\tThree", "One"),
    "bad UTF-8": (b"Caf\xff\xc3 Mobile", "Caf"),
    "overlong UTF-8": (b"Slash\xc0\xaf", "Slash"),
    "right to left": ("Abc\u202egnp.exe\u2066x".encode(), "Abc"),
    "C1 controls": ("Csi\u009b2Jx".encode(), "Csi"),
    "zero": (b"Zero\x00Zero", "Zero"),
    "delete": (b"Del\x7fDel", "Del"),
}
FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u061c\u2028\u2029\u202a-\u202e\u2066-\u2069]")


@pytest.mark.parametrize("octets, begin", NASTY.values(), ids=NASTY)
def test_names_from_a_chip_are_clean_on_bus_terminal_and_log(shared, client, octets, begin):
    iccid = put_profile(shared, name=octets, service_provider=octets[:32], nickname=octets)
    profile = client.objects(PROFILE)[profile_path(client, iccid)]
    for key in ("Name", "ServiceProvider", "Nickname"):
        assert profile[key].startswith(begin) and not FORBIDDEN.search(profile[key]), (key, profile[key])
    for arguments in (["list"], ["info", iccid], ["list", "--json"], ["rename", iccid, "Good"]):
        done = shared.lui(*arguments)
        assert done.returncode == 0, done
        assert not FORBIDDEN.search(done.stdout.replace("\n", "")), done.stdout
    assert not FORBIDDEN.search(shared.log.replace("\n", ""))


def test_names_of_an_offer_are_clean(shared, client):
    order = place(shared, profile_name="Ev\x1b[31mil\u202e\nPlan", service_provider="Mo\x07bile")
    operation = client.download(shared.chip.eid, order.activation_code)
    offered = operation.wait_for_prompt()["profile"]
    for key, begin in (("name", "Ev"), ("service-provider", "Mo")):
        assert offered[key].startswith(begin) and not FORBIDDEN.search(offered[key])
    operation.call("Confirm")
    assert "error" not in operation.result()
    assert_invariants(shared)


def test_names_are_cut_to_the_size_that_the_specification_gives(shared, client):
    iccid = put_profile(shared, name=b"N" * 200, service_provider=b"P" * 200, nickname="ü".encode() * 64)
    profile = client.objects(PROFILE)[profile_path(client, iccid)]
    sizes = {key: len(profile[key].encode()) for key in ("Name", "ServiceProvider", "Nickname")}
    assert sizes == {"Name": 64, "ServiceProvider": 32, "Nickname": 64}


def test_a_server_message_is_clean(shared, client):
    nasty = "No\x1b[2J\u202ewell\x00" + "x" * 5000
    shared.smdp.faults.at_function("initiateAuthentication", Fail("8.1.1", "3.8", nasty))
    result = client.download(shared.chip.eid, place(shared).activation_code, consent=True).result()
    message = result["details"]["server-message"]
    assert message.startswith("No") and not FORBIDDEN.search(message) and len(message.encode()) <= 1024
    assert not FORBIDDEN.search(result["message"])


# What is not there ----------------------------------------------------------------


@pytest.mark.parametrize("path, interface", [
    (f"{ROOT}/euicc/4711", EUICC), (f"{ROOT}/operation/4711", OPERATION), (f"{ROOT}/euicc/1/profile/4711", PROFILE),
])
def test_what_is_not_there_is_an_error_and_nothing_else(shared, client, path, interface):
    calls = {
        "org.freedesktop.DBus.Properties.GetAll": GLib.Variant("(s)", (interface,)), f"{interface}.NoSuchMethod": None,
    }
    for method, arguments in calls.items():
        with pytest.raises(Refused) as refused:
            client.call(path, method, arguments)
        assert refused.value.name.startswith("org.freedesktop.DBus.Error.Unknown")
    download(shared, client)


def test_arguments_of_a_wrong_type_are_refused(shared, client):
    for method, wrong in ((f"{EUICC}.Download", GLib.Variant("(s)", ("x",))), (f"{EUICC}.Reload", None)):
        with pytest.raises(Refused) as refused:
            client.call(client.euicc(shared.chip.eid), method, wrong)
        assert refused.value.name == "org.freedesktop.DBus.Error.InvalidArgs"
    download(shared, client)
