# SPDX-License-Identifier: LGPL-2.1-or-later
"""What meson installs works: programs, unit, bus and polkit files, configuration; and a build without polkit."""

from __future__ import annotations

import configparser
import json
import os
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from gi.repository import Gio, GLib

from conftest import close
from invariants import assert_invariants, lui_json
from scenes import members, place
from testbed.bus import CONFIG, LPAD_NAME, TOP, Bus
from testbed.process import Run, wait_until
from testbed.stack import PROGRAMS, Stack, default_build

NOT_AUTHORISED = 3
#: What lpad-nm has to do with NetworkManager and lpad; test_network_manager.py sees that it asks for no more.
LPAD_NM_ACTIONS = {
    "org.lpad.lpad1.read", "org.freedesktop.NetworkManager.settings.modify.system",
    "org.freedesktop.NetworkManager.network-control",
}
NOBODY = "65534"


@pytest.fixture(scope="module")
def tree(tmp_path_factory) -> Path:
    """The DESTDIR of meson install."""
    folder = tmp_path_factory.mktemp("destdir")
    command = ["meson", "install", "-C", str(default_build()), "--no-rebuild", "--quiet", "--destdir", str(folder)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return folder


def only(tree: Path, pattern: str) -> Path:
    """The one installed file with this name."""
    (found,) = tree.glob(f"**/{pattern}")
    return found


def in_tree(tree: Path, path: str) -> Path:
    return tree / path.lstrip("/")


def as_build(tree: Path, folder: Path) -> Path:
    """A folder in which the stack finds the installed programs as it finds those of a build."""
    lpad = in_tree(tree, unit(tree)["Service"]["ExecStart"])
    for name, program in {"lpad": lpad, "lui-cli": only(tree, "bin/lui-cli")}.items():
        link = folder / PROGRAMS[name]
        link.parent.mkdir(parents=True)
        link.symlink_to(program)
    return folder


def unit(tree: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str
    parser.read(only(tree, "lpad.service"))
    return parser


@pytest.mark.smoke
def test_the_installed_programs_download_a_profile(tree, tmp_path):
    stack = Stack(build=as_build(tree, tmp_path)).__enter__()
    order = place(stack, size=12000)
    assert lui_json(stack, "download", "--yes", order.activation_code)["iccid"] == order.record.iccid
    assert os.readlink(f"/proc/{stack.lpad_pid()}/exe") == str(in_tree(tree, unit(tree)["Service"]["ExecStart"]))
    assert_invariants(stack)
    stack.stop_lpad()
    refused = [line for line in (stack.folder / "bus.log").read_text().splitlines() if "Rejected" in line]
    assert not refused, "the system bus lets lpad say all that it has to say"
    close(stack)


def test_the_installed_configuration_is_accepted(tree, tmp_path):
    """As it is, with its defaults written out, and below the testbed's own."""
    text = only(tree, "etc/lpad/lpad.conf").read_text()
    spelled_out = re.sub(r"^#(\[Reader|\[Server|[A-Z]\w+=)", r"\1", text, flags=re.M)
    assert spelled_out.count("\n#") < text.count("\n#")
    stack = Stack().__enter__()
    stack.config_file.write_text(spelled_out + stack.config_file.read_text())
    assert lui_json(stack, "download", "--yes", place(stack).activation_code)["ok"]
    assert "lpad.conf:" not in stack.log, stack.log
    close(stack)


def test_folders_for_issuers_and_configuration_are_there(tree):
    for folder in ("etc/lpad/lpad.conf.d", *(f"{top}/issuers/{kind}" for top in ("etc/lpad", "usr/share/lpad")
                                            for kind in ("production", "test"))):
        assert (tree / folder).is_dir(), folder
    assert not [path for path in tree.rglob("*") if path.suffix in (".pem", ".der", ".crt", ".key")]


def test_systemd_takes_the_unit(tree, tmp_path):
    text = only(tree, "lpad.service").read_text()
    program = unit(tree)["Service"]["ExecStart"]
    assert in_tree(tree, program).is_file()
    (tmp_path / "lpad.service").write_text(text.replace(program, str(in_tree(tree, program))))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / "lpad.service")], capture_output=True, text=True,
    )
    assert done.returncode == 0 and "lpad.service" not in done.stderr, done.stderr
    service = unit(tree)["Service"]
    assert (service["Type"], service["BusName"], service["User"]) == ("dbus", LPAD_NAME, "lpad")
    assert service["NoNewPrivileges"] == "yes" and service["CapabilityBoundingSet"] == ""
    assert (service["PrivateDevices"], service["DevicePolicy"]) == ("yes", "closed"), "modems are lpad-modem's"


def test_nothing_is_written_by_who_only_looks(tree, tmp_path):
    command = [str(in_tree(tree, unit(tree)["Service"]["ExecStart"])), "--due", f"--state-dir={tmp_path}/state"]
    assert subprocess.run(command, capture_output=True, timeout=60).returncode == 1
    assert not list(tmp_path.iterdir())


def test_systemd_makes_the_user(tree):
    done = subprocess.run(
        ["systemd-sysusers", "--dry-run", f"--root={tree}", str(only(tree, "sysusers.d/lpad.conf"))],
        capture_output=True, text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "Creating user 'lpad'" in done.stdout + done.stderr


def test_a_bus_takes_policy_and_activation_file(tree):
    """dbus-daemon starts with the installed files and knows the name."""
    run = Run()
    try:
        services = only(tree, "system-services")
        (run.folder / "policy.conf").write_text(only(tree, "system.d/org.lpad.Lpad1.conf").read_text())
        config = run.folder / "bus.conf"
        config.write_text(CONFIG.format(folder=run.folder).replace(f"{run.folder}/services", str(services)))
        command = ["dbus-daemon", f"--config-file={config}", "--nofork", "--nopidfile", "--nosyslog"]
        program = run.spawn("bus", command, {"PATH": os.environ["PATH"]})
        bus = Bus(run)

        def names() -> list[str]:
            assert program.running, program.output()
            try:
                return bus.connect().call_sync(
                    "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "ListActivatableNames",
                    None, None, Gio.DBusCallFlags.NONE, 10_000, None,
                ).unpack()[0]
            except GLib.Error:
                return []

        assert LPAD_NAME in wait_until(names, 60, "the bus")
    finally:
        run.close()


def test_activation_file_and_unit_belong_together(tree):
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(only(tree, "system-services/org.lpad.Lpad1.service"))
    service = parser["D-BUS Service"]
    assert service["Name"] == LPAD_NAME and service["User"] == unit(tree)["Service"]["User"]
    assert service["SystemdService"] == "lpad.service" and service["Exec"] == unit(tree)["Service"]["ExecStart"]


def test_polkit_actions_are_complete(tree):
    root = ElementTree.fromstring(only(tree, "actions/org.lpad.lpad1.policy").read_bytes())
    allowed = {"no", "yes", "auth_self", "auth_admin", "auth_self_keep", "auth_admin_keep"}
    actions = {action.get("id"): action for action in root.findall("action")}
    for action in actions.values():
        defaults = action.find("defaults")
        assert {child.tag for child in defaults} == {"allow_any", "allow_inactive", "allow_active"}
        assert {child.text for child in defaults} <= allowed
        assert action.findtext("description") and action.findtext("message")
    assert actions["org.lpad.lpad1.unattended"].findtext("defaults/allow_active") == "auth_admin"
    assert len(actions) == 9 and members("method")


def test_polkit_answers_lpad(tree):
    """polkitd refuses questions about others to everybody but root and the owner of the action."""
    root = ElementTree.fromstring(only(tree, "actions/org.lpad.lpad1.policy").read_bytes())
    owners = {action.findtext("annotate[@key='org.freedesktop.policykit.owner']") for action in root.findall("action")}
    assert owners == {f"unix-user:{unit(tree)['Service']['User']}"}


def test_what_looks_whether_something_is_due_is_lpad_itself(tree):
    """Another user cannot read the state, and root would make what lpad cannot write; only the start takes root."""
    text = only(tree, "lpad-wake.service").read_text()
    assert f"\nUser={unit(tree)['Service']['User']}\n" in text
    assert f"\nExecCondition={unit(tree)['Service']['ExecStart']} --due\n" in text
    assert re.findall(r"^Exec\w+=(\W)", text, re.M) == ["/", "+"]


@pytest.mark.parametrize("protocol", ["qmi", "mbim"])
def test_a_proxy_is_not_kept_from_modems(tree, protocol):
    """With any list of devices the policy of none, which is open, becomes one of that list; ProtectClock= makes one."""
    text = only(tree, f"lpad-{protocol}-proxy.service").read_text()
    assert "\nCapabilityBoundingSet=\n" in text
    assert not re.search(r"^(Device\w+|ProtectClock|PrivateDevices)=", text, re.M)
    (hidden,) = re.findall(r"^InaccessiblePaths=(.*)$", only(tree, "lpad-modem.service").read_text(), re.M)
    (program,) = re.findall(r"exec (\S+) --no-exit", text)
    assert f"-{program}" in hidden.split(), "one that the libraries start in lpad-modem would serve nobody"


@pytest.mark.parametrize("name", ["org.lpad.Lpad1.xml", "org.lpad.Modem1.xml", "org.lpad.Nm1.xml"])
def test_the_installed_interfaces_are_the_contract(tree, name):
    assert only(tree, f"interfaces/{name}").read_bytes() == (TOP / "dbus" / name).read_bytes()


def test_systemd_takes_the_units_of_lpad_modem(tree, tmp_path):
    """The proxies are units of their own, which lpad-modem wants; the bus starts lpad-modem, as root."""
    for name in ("lpad-modem.service", "lpad-qmi-proxy.service", "lpad-mbim-proxy.service"):
        text = only(tree, name).read_text()
        (program,) = re.findall(r"^ExecStart=(\S+)", text, re.M)
        assert in_tree(tree, program).is_file() or Path(program).is_file()
        if in_tree(tree, program).is_file():
            text = text.replace(program, str(in_tree(tree, program)))
        (tmp_path / name).write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, tmp_path.iterdir())], capture_output=True, text=True,
    )
    assert done.returncode == 0 and "lpad-" not in done.stderr, done.stderr
    activation = only(tree, "system-services/org.lpad.Modem1.service").read_text()
    assert "\nUser=root\n" in activation and "\nSystemdService=lpad-modem.service\n" in activation
    assert only(tree, "system.d/org.lpad.Modem1.conf").is_file()


@pytest.mark.parametrize("name", ["org.lpad.Modem1", "org.lpad.Nm1"])
def test_what_names_subscribers_is_told_to_lpad_alone(tree, name):
    """The bus itself keeps calls and signals from others."""
    policy = ElementTree.fromstring(only(tree, f"system.d/{name}.conf").read_bytes())
    allowed = {(entry.get("user"), rule) for entry in policy for allow in entry.findall("allow") for rule in allow.attrib}
    assert {("lpad", "send_destination"), ("lpad", "receive_sender")} <= allowed
    assert {user for user, rule in allowed if rule != "own"} <= {"lpad", "root"}
    denied = [rule.attrib for entry in policy if entry.get("context") == "default" for rule in entry.findall("deny")]
    assert denied == [{"send_destination": name}, {"receive_sender": name, "receive_type": "signal"}]


def test_systemd_takes_the_unit_of_lpad_nm(tree, tmp_path):
    """It has a user of its own, who alone may have its name, and whom polkit lets do three things."""
    text = only(tree, "lpad-nm.service").read_text()
    (program,) = re.findall(r"^ExecStart=(\S+)", text, re.M)
    (tmp_path / "lpad-nm.service").write_text(text.replace(program, str(in_tree(tree, program))))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / "lpad-nm.service")], capture_output=True, text=True,
    )
    assert done.returncode == 0 and "lpad-" not in done.stderr, done.stderr
    (user,) = re.findall(r"^User=(\S+)", text, re.M)
    assert f"\nu {user} - " in only(tree, "sysusers.d/lpad.conf").read_text()
    policy = ElementTree.fromstring(only(tree, "system.d/org.lpad.Nm1.conf").read_bytes())
    assert [entry.get("user") for entry in policy if entry.find("allow[@own]") is not None] == [user]
    rules = only(tree, "rules.d/50-lpad-nm.rules").read_text()
    assert f'subject.user == "{user}"' in rules and set(re.findall(r'action.id == "([^"]+)"', rules)) == LPAD_NM_ACTIONS


@pytest.mark.parametrize("page", [
    "man1/lui-cli.1", "man5/lpad.conf.5", "man8/lpad.8", "man8/lpad-modem.8", "man8/lpad-nm.8",
])
def test_manual_pages_can_be_read(tree, page):
    path = only(tree, page)
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    text = subprocess.run(["mandoc", "-T", "ascii", str(path)], capture_output=True, text=True, check=True).stdout
    assert "SPDX" not in text and "typedef" not in text and len(text) > 1000


def test_the_completion_is_a_script(tree):
    subprocess.run(["bash", "-n", str(only(tree, "completions/lui-cli"))], check=True)


# Without polkit -------------------------------------------------------------------


def has_polkit(build: Path) -> bool:
    options = json.loads((build / "meson-info" / "intro-buildoptions.json").read_text())
    return next(option["value"] for option in options if option["name"] == "polkit") != "disabled"


@pytest.fixture
def without_polkit(tmp_path) -> Path:
    """The programs of a build without polkit and QR codes: those under test, if they are that."""
    build = default_build()
    if has_polkit(build):
        build = tmp_path / "other"
        setup = [
            "meson", "setup", str(build), "-Dpolkit=disabled", "-Dqr=disabled", "-Dtests=false", "-Dman=false",
            "-Dwerror=true", "-Dbuildtype=debug",
        ]
        subprocess.run(setup, cwd=TOP, check=True, capture_output=True)
        done = subprocess.run(["ninja", "-C", str(build), *PROGRAMS.values()], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-3000:]
    # a place that another user can be let into
    for path in PROGRAMS.values():
        (tmp_path / "build" / path).parent.mkdir(parents=True)
        shutil.copy(build / path, tmp_path / "build" / path)
    return tmp_path / "build"


@pytest.mark.without_polkit
def test_a_build_without_polkit_allows_root_and_its_group_alone(without_polkit):
    """It does not ask polkit; a user that is neither root nor in the group is refused."""
    lpad = without_polkit / PROGRAMS["lpad"]
    linked = subprocess.run(["ldd", str(lpad)], capture_output=True, text=True, check=True).stdout
    assert "polkit" not in linked
    stack = Stack(build=without_polkit).__enter__()
    order = place(stack)
    assert lui_json(stack, "download", "--yes", order.activation_code)["iccid"] == order.record.iccid
    assert stack.polkit.checks == []
    if os.geteuid() == 0:
        refuse_a_stranger(stack)
    assert "cannot read QR codes" in picture_refused(stack)
    assert_invariants(stack)
    close(stack)


def refuse_a_stranger(stack: Stack) -> None:
    """Another user of the system gets the error of authorisation, and nothing else."""
    stack.folder.chmod(0o711)
    command = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", str(stack.program("lui-cli"))]
    for parent in stack.program("lui-cli").parents:
        if parent.stat().st_uid == 0 and parent != Path("/tmp") and parent != Path("/"):
            parent.chmod(parent.stat().st_mode | 0o011)
    done = subprocess.run(
        [*command, "--json", "list"], env=stack.marked_env, capture_output=True, text=True, timeout=60,
    )
    assert done.returncode == NOT_AUTHORISED, done
    failure = json.loads(done.stdout)["error"]
    assert failure["name"] == f"{LPAD_NAME}.Error.NotAuthorized" and "group" in failure["message"]


def picture_refused(stack: Stack) -> str:
    path = stack.folder / "code.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\nrest")
    return stack.lui("download", "--yes", str(path)).stderr
