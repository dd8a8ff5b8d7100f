# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who may do what: polkit is asked for every method and identifying property, and what it denies does not happen."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from gi.repository import GLib

from client import EUICC, MANAGER, NOTIFICATION, OPERATION, PROFILE, ROOT, Client, Refused, variant_dict
from invariants import assert_invariants, lui_json
from scenes import (
    NO_OPTIONS, Signals, annotation, contract, find_member, members, notification_path, place, profile_path,
    put_notification, put_profile,
)
from testbed import pki
from testbed.bus import LPAD_NAME
from testbed.lpad_nm import AS_NOBODY
from testbed.process import StackError, wait_until
from testbed.stack import HOST, Stack

READ, DOWNLOAD, UNATTENDED = (f"org.lpad.lpad1.{name}" for name in ("read", "download", "unattended"))
CONFIGURE = "org.lpad.lpad1.configure"
NOT_AUTHORISED = 3

#: Arguments with which a method would succeed, besides its options.
ARGUMENTS = {"SetDefaultSmdpAddress": ["rsp.example.com"], "SetNickname": ["Name"]}
#: The same for arguments that are not known before the test.
MADE = {
    "Reset": lambda scene: GLib.Variant("as", ["operational-profiles"]),
    "InspectIssuer": lambda scene: GLib.Variant("ay", scene.issuer),
    "AddIssuer": lambda scene: GLib.Variant("ay", scene.issuer),
    "RemoveIssuer": lambda scene: GLib.Variant("s", scene.installed),
}
OPTIONS = {"Discover": {"smds_address": HOST}, "Remove": {"force": True}}
GET_ALL, GET = "org.freedesktop.DBus.Properties.GetAll", "org.freedesktop.DBus.Properties.Get"
GET_OBJECTS = "org.freedesktop.DBus.ObjectManager.GetManagedObjects"


class Scene:
    """An object of each interface; a download that somebody has started waits for an answer."""

    def __init__(self, stack: Stack, owner: Client):
        self.stack = stack
        self.iccid = put_profile(stack)
        number = put_notification(stack, self.iccid)
        self.order = place(stack)
        self.issuer = pki.make_ci("Other CI").cert.public_bytes(Encoding.DER)
        self.installed = self._install(owner)
        self.operation = owner.download(stack.chip.eid, self.order.activation_code)
        self.operation.wait_for_prompt()
        self.paths = {
            MANAGER: ROOT, EUICC: owner.euicc(stack.chip.eid), PROFILE: profile_path(owner, self.iccid),
            NOTIFICATION: notification_path(owner, number), OPERATION: self.operation.path,
        }

    def _install(self, owner: Client) -> str:
        """An issuer that can be removed; its fingerprint."""
        octets = GLib.Variant("ay", pki.make_ci("Installed CI").cert.public_bytes(Encoding.DER))
        owner.call(ROOT, f"{MANAGER}.AddIssuer", GLib.Variant.new_tuple(octets, variant_dict({})))
        (issuer,) = owner.call(ROOT, f"{MANAGER}.InspectIssuer", GLib.Variant.new_tuple(octets))
        return issuer["fingerprint"]

    def call(self, client: Client, method: str, **how: object) -> tuple:
        """Call the method as it should be called."""
        interface, _, name = method.rpartition(".")
        arguments = [GLib.Variant("s", text) for text in ARGUMENTS.get(name, [])]
        if name in MADE:
            arguments.append(MADE[name](self))
        if find_member("method", method).find("arg[@type='a{sv}'][@direction='in']") is not None:
            options = {"activation_code": self.order.activation_code} if name == "Download" else OPTIONS.get(name, {})
            arguments.append(variant_dict(options))
        return client.call(self.paths[interface], method, GLib.Variant.new_tuple(*arguments), **how)

    def picture(self, owner: Client) -> tuple:
        """All that a method could change."""
        chip, server = self.stack.chip, self.stack.smdp
        return (
            chip.counters.snapshot(), server.counters.snapshot(), list(self.order.history), chip.default_dp,
            [(p.iccid, p.enabled, p.nickname) for p in chip.profiles], [n.seq for n in chip.notifications],
            {path: values["State"] for path, values in owner.objects(OPERATION).items()},
            sorted(path.name for path in (self.stack.state_folder / "issuers").rglob("*.pem")),
        )


@pytest.fixture
def owner(shared) -> Client:
    with Client(shared) as client:
        yield client


@pytest.fixture
def stranger(shared) -> Client:
    with Client(shared) as client:
        yield client


def action_of(kind: str, member: str) -> str:
    return annotation(find_member(kind, member), "PolkitAction")


@pytest.mark.parametrize("method", members("method"))
def test_a_denied_method_does_nothing(shared, owner, stranger, method):
    scene = Scene(shared, owner)
    action = action_of("method", method)
    before = scene.picture(owner)
    shared.polkit.deny(action)
    asked = len(shared.polkit.checks)
    with pytest.raises(Refused) as refused:
        scene.call(stranger, method)
    assert refused.value.name == "NotAuthorized"
    assert scene.picture(owner) == before
    (check,) = shared.polkit.checks[asked:]
    assert (check.action, check.subject_kind) == (action, "system-bus-name")
    assert check.subject == {"name": stranger.connection.get_unique_name()}
    shared.polkit.allow(action)
    scene.call(stranger, method)


@pytest.mark.parametrize("interactive", [True, False], ids=["may-ask", "must-not-ask"])
@pytest.mark.parametrize("method", members("method"))
def test_the_user_is_asked_only_when_the_message_allows_it(shared, owner, stranger, method, interactive):
    scene = Scene(shared, owner)
    shared.polkit.deny(action_of("method", method))
    asked = len(shared.polkit.checks)
    with pytest.raises(Refused):
        scene.call(stranger, method, interactive=interactive)
    assert [check.interactive for check in shared.polkit.checks[asked:]] == [interactive]


@pytest.mark.parametrize("method", [m for m in members("method") if annotation(find_member("method", m), "OwnerMay")])
def test_who_started_an_operation_needs_no_authorisation_to_answer(shared, owner, method):
    scene = Scene(shared, owner)
    shared.polkit.deny(action_of("method", method))
    asked = len(shared.polkit.checks)
    scene.call(owner, method)
    scene.operation.result()
    assert len(shared.polkit.checks) == asked


def test_an_administrator_may_answer_for_others(shared, owner, stranger):
    scene = Scene(shared, owner)
    scene.call(stranger, f"{OPERATION}.Postpone")
    assert scene.operation.result()["error"] == "Cancelled"
    shared.smdp.faults.clear()
    assert_invariants(shared, scene.order, usable=True)


# Reading --------------------------------------------------------------------------

IDENTIFYING = [name for name in members("property") if action_of("property", name)]
OPEN = [name for name in members("property") if not action_of("property", name)]


def read(client: Client, scene: Scene, member: str) -> tuple:
    interface, _, name = member.rpartition(".")
    return client.call(scene.paths[interface], GET, GLib.Variant("(ss)", (interface, name)))


@pytest.mark.parametrize("member", IDENTIFYING)
def test_an_identifying_property_needs_read(shared, owner, stranger, member):
    scene = Scene(shared, owner)
    shared.polkit.deny(READ)
    with pytest.raises(Refused) as refused:
        read(stranger, scene, member)
    assert refused.value.name == "NotAuthorized"
    shared.polkit.allow(READ)
    assert read(stranger, scene, member)


@pytest.mark.parametrize("interface", [name for name in contract() if name != MANAGER])
def test_all_properties_at_once_need_read(shared, owner, stranger, interface):
    scene = Scene(shared, owner)
    shared.polkit.deny(READ)
    with pytest.raises(Refused) as refused:
        stranger.call(scene.paths[interface], GET_ALL, GLib.Variant("(s)", (interface,)))
    assert refused.value.name == "NotAuthorized"


def test_other_properties_are_for_everyone(shared, owner, stranger):
    scene = Scene(shared, owner)
    shared.polkit.deny(READ)
    for member in OPEN:
        read(stranger, scene, member)


def test_objects_and_changes_are_only_for_who_may_read(shared, owner, stranger):
    """Neither GetManagedObjects nor a signal tells an outsider of a profile."""
    shared.polkit.deny(READ)
    with pytest.raises(Refused) as refused:
        stranger.objects(EUICC)
    assert refused.value.name == "NotAuthorized"
    shared.polkit.allow(READ)
    eid = shared.chip.eid
    owner.euicc(eid)
    shared.polkit.deny(READ)
    outside, inside = Signals(stranger), Signals(owner)
    order = place(shared)
    path = owner.download(eid, order.activation_code, consent=True).result()["profile"]
    owner.start(path, f"{PROFILE}.Enable").result()
    inside.wait(lambda s: s.name == f"{EUICC}.ProfileSwitched", "ProfileSwitched")
    stranger.call(ROOT, GET_ALL, GLib.Variant("(s)", (MANAGER,)))
    with pytest.raises(StackError):
        outside.wait(lambda s: s.path != ROOT or s.name.endswith(".InterfacesAdded"), "secret", timeout=0.2)
    text = str(outside.seen)
    assert order.record.iccid not in text and eid not in text


def test_lui_cli_says_that_reading_is_not_allowed(shared):
    shared.start_lpad()
    shared.polkit.deny(READ)
    done = shared.lui("list")
    assert done.returncode == NOT_AUTHORISED and done.stdout == ""
    assert "not allowed" in done.stderr and "administrator" in done.stderr
    failure = lui_json(shared, "list", status=NOT_AUTHORISED)["error"]
    assert failure["name"] == f"{LPAD_NAME}.Error.NotAuthorized"


def test_lui_cli_lets_polkit_ask_a_person_but_never_for_a_program(shared):
    iccid = put_profile(shared)
    for arguments, interactive in ((["enable", iccid], True), (["--json", "disable", iccid], False)):
        asked = len(shared.polkit.checks)
        assert shared.lui(*arguments).returncode == 0
        switches = [check for check in shared.polkit.checks[asked:] if check.action.endswith(".switch")]
        assert [check.interactive for check in switches] == [interactive]


def agents_of(pid: int) -> list[str]:
    """Processes that would ask for passwords on behalf of another."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:  # ended meanwhile
            continue
        if words[0].endswith(b"pkttyagent") and str(pid).encode() in words:
            found.append(path.parent.name)
    return found


def test_lui_cli_brings_somebody_who_asks_on_the_terminal(shared):
    """Over ssh there is no dialog of a desktop: polkit's own agent asks, from before the question until the end."""
    shared.polkit.hang("org.lpad.lpad1.switch")
    lui = [shared.program("lui-cli"), "enable", put_profile(shared)]
    with shared.shell_terminal(*(AS_NOBODY if os.geteuid() == 0 else []), *lui) as terminal:
        wait_until(lambda: shared.polkit.waiting, 60, "polkit to be asked")
        assert shared.polkit.agents_for[-1:] == [terminal.pid]
        assert len(agents_of(terminal.pid)) == 1
        shared.polkit.release()
        terminal.expect("is in use", 60)
        assert terminal.wait(60) == 0
    assert agents_of(terminal.pid) == []
    known = list(shared.polkit.agents_for)
    assert shared.lui("list").returncode == 0
    assert shared.polkit.agents_for == known, "without a terminal nobody is asked"
    assert_invariants(shared)


# Consent in advance ---------------------------------------------------------------


def test_consent_in_advance_needs_its_own_action(shared, owner):
    order = place(shared)
    shared.polkit.deny(UNATTENDED)
    with pytest.raises(Refused) as refused:
        owner.download(shared.chip.eid, order.activation_code, consent=True)
    assert refused.value.name == "NotAuthorized" and UNATTENDED in str(refused.value)
    assert shared.smdp.counters.tcp_connections == 0
    operation = owner.download(shared.chip.eid, order.activation_code)
    assert operation.wait_for_prompt()["needs"] == ["consent"], "with a person it needs no more than download"
    operation.call("Postpone")
    operation.result()
    shared.polkit.allow(UNATTENDED)
    assert_invariants(shared, order, usable=True)


def test_a_policy_in_the_configuration_lets_devices_consent(make_stack):
    stack = make_stack(config={"Policy": {"Unattended": "true"}})
    stack.polkit.deny(UNATTENDED)
    order = place(stack)
    assert lui_json(stack, "download", "--yes", order.activation_code)["iccid"] == order.record.iccid
    assert DOWNLOAD in {check.action for check in stack.polkit.checks}
    stack.polkit.deny(DOWNLOAD)
    failure = lui_json(stack, "download", "--yes", place(stack).activation_code, status=NOT_AUTHORISED)
    assert failure["error"]["name"] == f"{LPAD_NAME}.Error.NotAuthorized"


# A polkit that takes its time -----------------------------------------------------


def hang(shared: Stack, client: Client, path: str, method: str, arguments: GLib.Variant, action: str) -> list:
    """A call that polkit does not answer; its outcome is appended to the list when there is one."""
    outcome: list = []

    def on_reply(connection, result) -> None:
        try:
            outcome.append(connection.call_finish(result).unpack())
        except GLib.Error as error:
            outcome.append(Refused(error).name)

    interface, _, name = method.rpartition(".")
    shared.polkit.hang(action)
    client.connection.call(LPAD_NAME, path, interface, name, arguments, None, 0, 60000, None, on_reply)
    wait_until(lambda: action in shared.polkit.waiting, 30, "polkit to be asked")
    return outcome


def iterate_until(condition) -> None:
    def look() -> bool:
        GLib.MainContext.default().iteration(False)
        return condition()
    wait_until(look, 30, "the answer")


def test_a_question_that_nobody_answers_holds_up_nobody_else(shared, owner, stranger):
    iccid = put_profile(shared)
    path = profile_path(owner, iccid)
    parameters = GLib.Variant.new_tuple(GLib.Variant("s", "Late"), variant_dict({}))
    outcome = hang(shared, stranger, path, f"{PROFILE}.SetNickname", parameters, "org.lpad.lpad1.rename")
    order = place(shared)
    assert "error" not in owner.download(shared.chip.eid, order.activation_code, consent=True).result()
    assert "error" not in owner.start(path, f"{PROFILE}.Enable").result()
    assert outcome == [] and owner.objects(PROFILE)[path]["Nickname"] == ""
    shared.polkit.release()
    iterate_until(lambda: outcome)
    assert outcome == [()]
    assert owner.objects(PROFILE)[path]["Nickname"] == "Late"
    assert_invariants(shared)


def test_the_question_is_taken_back_when_the_caller_leaves(shared, owner, stranger):
    path = profile_path(owner, put_profile(shared))
    parameters = GLib.Variant.new_tuple(GLib.Variant("s", "Never"), variant_dict({}))
    hang(shared, stranger, path, f"{PROFILE}.SetNickname", parameters, "org.lpad.lpad1.rename")
    cancelled = len(shared.polkit.cancelled)
    stranger.leave()
    wait_until(lambda: len(shared.polkit.cancelled) > cancelled, 30, "the question to be taken back")
    shared.polkit.release()
    assert owner.objects(PROFILE)[path]["Nickname"] == ""
    assert_invariants(shared)


def test_a_chip_that_left_during_the_question_is_an_error(shared, owner, stranger):
    """The object goes away between the question and the answer."""
    path = profile_path(owner, put_profile(shared))
    outcome = hang(shared, stranger, path, f"{PROFILE}.Enable", NO_OPTIONS, "org.lpad.lpad1.switch")
    shared.card.remove()
    wait_until(lambda: not owner.objects(EUICC), 30, "the chip to leave")
    shared.polkit.release()
    iterate_until(lambda: outcome)
    assert outcome == ["CardRemoved"]
    shared.card.insert()
    owner.euicc(shared.chip.eid)
    assert_invariants(shared)
