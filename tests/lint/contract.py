# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is said twice must be said alike: bus interface and polkit, programs and manual pages, configuration and its page.

Each check takes texts and returns sentences that tell what does not fit; an empty list is good. Run as a program it checks the
tree that it lies in.
"""

from __future__ import annotations

import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ACTION = "org.lpad.Lpad1.PolkitAction"
# What tells who or where somebody is: reading it needs an action of its own.
IDENTIFYING = {"Eid", "Iccid", "IsdpAid", "Owner", "Address", "Prompt", "Result", "Interruptions", "Offers",
               "DeviceInformation"}


def read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def actions_of_policy(policy: str) -> set[str]:
    """The polkit actions that a policy file defines."""
    return {action.attrib["id"] for action in ET.fromstring(policy).iter("action")}


def annotation(element: ET.Element, name: str) -> str | None:
    for child in element.findall("annotation"):
        if child.attrib["name"] == name:
            return child.attrib["value"]
    return None


def check_actions(interface: str, policy: str) -> list[str]:
    """Every method and identifying property names an action that exists, and every action is used."""
    known = actions_of_policy(policy)
    # The consent in advance is an option of Download, not a member of the interface.
    used = {"org.lpad.lpad1.unattended"}
    faults = []
    for iface in ET.fromstring(interface).findall("interface"):
        for member in iface:
            needs = member.tag == "method" or (member.tag == "property" and member.attrib["name"] in IDENTIFYING)
            name = f'{iface.attrib["name"]}.{member.attrib.get("name")}'
            action = annotation(member, ACTION)
            if action is None:
                if needs:
                    faults.append(f"{name} has no polkit action")
            elif action not in known:
                faults.append(f"{name} needs {action}, which no policy defines")
            else:
                used.add(action)
    return faults + [f"{action} is used by nothing" for action in sorted(known - used)]


def check_names(names: str, policy: str) -> list[str]:
    """The constants of the C code are the actions of the policy."""
    constants = set(re.findall(r'"(org\.lpad\.lpad1\.[a-z]+)"', names))
    known = actions_of_policy(policy)
    return [f"{action} is either in names.h or in the policy only" for action in sorted(constants ^ known)]


def check_documented(interface: str) -> list[str]:
    """Every interface, method, signal, property and argument has a comment for gdbus-codegen."""
    faults = []
    previous = ""
    for comment, tag, attributes in re.findall(r"<!--(.*?)-->|<(interface|method|signal|property|arg)\b([^>]*)>", interface, re.S):
        if comment:
            previous = comment
            continue
        name = re.search(r'\bname="([^"]+)"', attributes).group(1)
        if tag == "arg":
            if not re.search(rf"^\s*@{name}: \S", previous, re.M):
                faults.append(f"argument {name} has no comment (after: {previous.split(':')[0].strip()})")
        elif not re.match(rf"\s*{re.escape(name)}:\s", previous):
            faults.append(f"{tag} {name} has no comment")
    return faults


def verbs_of(main_c: str) -> list[str]:
    return re.findall(r'^\s*\{ "([a-z]+)", "[^"]*", "[^"]*",\s*lui_cmd_', main_c, re.M)


def options_of(source: str) -> list[tuple[str, str]]:
    """Long and short names ("" for none) in the GOptionEntry tables of a source file."""
    found = re.findall(r'\{\s*"([a-z][a-z-]*)",\s*(?:0|\'(.)\'),\s*0,\s*G_OPTION_ARG_', source)
    return [(long, short) for long, short in found]


def man_has_option(page: str, long: str, short: str) -> bool:
    lines = [line for line in page.splitlines() if re.match(r"\.It Fl ", line)]
    heads = [line for line in lines if re.search(rf"Fl Fl {re.escape(long)}( |$)", line)]
    return any(short == "" or re.search(rf"^\.It Fl {re.escape(short)} ,", line) for line in heads)


def check_cli(main_c: str, sources: list[str], page: str, completion: str) -> list[str]:
    """Every verb and option is in the manual page and in the completion."""
    faults = []
    verbs = verbs_of(main_c)
    if not verbs:
        faults.append("no verb was found in main.c")
    for verb in verbs:
        if not re.search(rf"^\.It Cm {verb}( |$)", page, re.M):
            faults.append(f"verb {verb} is not in the manual page")
        if not re.search(rf"\b{verb}\b", completion):
            faults.append(f"verb {verb} is not in the completion")
    for long, short in sorted({entry for source in [main_c, *sources] for entry in options_of(source)}):
        if not man_has_option(page, long, short):
            faults.append(f"option --{long} (-{short}) is not in the manual page")
        for word in [f"--{long}"] + ([f"-{short}"] if short else []):
            if not re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", completion):
                faults.append(f"option {word} is not in the completion")
    return faults


def check_daemon_options(main_c: str, page: str, name: str = "lpad") -> list[str]:
    """Every option of the program is in its manual page."""
    options = options_of(main_c)
    faults = [] if options else [f"no option was found in {name}'s main.c"]
    return faults + [f"option --{long} is not in {name}(8)" for long, short in options if not man_has_option(page, long, short)]


def check_modem_errors(error_c: str, interface: str) -> list[str]:
    """The interface of lpad-modem tells of each error that it has."""
    names = re.findall(r'"org\.lpad\.Modem1\.Error\.(\w+)"', error_c)
    faults = [] if names else ["no error of lpad-modem was found"]
    return faults + [f"error {name} is not in org.lpad.Modem1.xml" for name in names if not re.search(rf"^\s+{name}\s", interface, re.M)]


def check_errors(header: str, page: str, failure_c: str) -> list[str]:
    """Every error is in lpad(8) and has an exit status in lui-cli."""
    faults = []
    for constant, name in re.findall(r"^\s*(LPAD_ERROR_\w+), /\*< nick=org\.lpad\.Lpad1\.Error\.(\w+)", header, re.M):
        if not re.search(rf"^\.It Ql {name}$", page, re.M):
            faults.append(f"error {name} is not in lpad(8)")
        if not re.search(rf"\{{ {constant},", failure_c):
            faults.append(f"error {name} has no exit status in lui-cli")
    return faults


def check_error_texts(header: str, page: str) -> list[str]:
    """lpad(8) says of an error what the comment above it says."""
    comment = r"/\* ((?:(?!\*/).)*?) \*/\s*LPAD_ERROR_\w+, /\*< nick=org\.lpad\.Lpad1\.Error\.(\w+)"
    faults = []
    for text, name in re.findall(comment, header, re.S):
        told = re.search(rf"^\.It Ql {name}\n(.*?)^\.(?:It|El)", page, re.M | re.S)
        if told and told.group(1).split() != text.split():
            faults.append(f"error {name} is told differently in lpad(8)")
    return faults


def check_exit_status(header: str, page: str) -> list[str]:
    statuses = re.findall(r"^\s*LUI_EXIT_\w+ = (\d+)", header, re.M)
    return [f"exit status {n} is not in lui-cli(1)" for n in statuses if not re.search(rf"^\.It {n}$", page, re.M)]


def keys_of_daemon(config_c: str) -> set[tuple[str, str]]:
    """Section and key in the table of lpad/daemon/config/config-keys.c; a section "Reader:NAME" is called Reader."""
    return set(re.findall(r'\{ "([A-Z]\w*):?",\s+"([A-Z]\w*)",\s+\w+_read_\w+,', config_c))


def keys_of_file(conf: str) -> set[tuple[str, str]]:
    """Section and key in lpad.conf, commented or not."""
    keys = set()
    section = ""
    for line in conf.splitlines():
        if match := re.match(r"#?\[(\w+)[^]]*\]$", line):
            section = match.group(1)
        elif match := re.match(r"#?([A-Z]\w+)=", line):
            keys.add((section, match.group(1)))
    return keys


def keys_of_page(page: str) -> set[tuple[str, str]]:
    """Section and key in lpad.conf(5)."""
    keys = set()
    section = ""
    for line in page.splitlines():
        if match := re.match(r"\.Ss \[(\w+)", line):
            section = match.group(1)
        elif section and (match := re.match(r"\.It Cm (.*)", line)):
            words = match.group(1).split(" Ns ")[0]
            keys |= {(section, key) for key in re.split(r" , ", words)}
    return keys


def check_configuration(config_c: str, conf: str, page: str) -> list[str]:
    daemon = keys_of_daemon(config_c)
    faults = [] if daemon else ["no key was found in config-keys.c"]
    for name, keys in [("lpad.conf", keys_of_file(conf)), ("lpad.conf(5)", keys_of_page(page))]:
        faults += [f"[{s}] {k} is not in {name}" for s, k in sorted(daemon - keys)]
        faults += [f"[{s}] {k} is in {name}, but lpad does not know it" for s, k in sorted(keys - daemon)]
    return faults


def check_tree() -> list[str]:
    interface = read("dbus/org.lpad.Lpad1.xml")
    policy = read("data/org.lpad.lpad1.policy")
    header = read("dbus/lpad-error.h")
    lui_page = read("man/lui-cli.1")
    sources = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "lui-cli").glob("cmd*.c"))]
    return [
        *check_actions(interface, policy),
        *check_names(read("dbus/names.h"), policy),
        *check_documented(interface),
        *check_cli(read("lui-cli/main.c"), sources, lui_page, read("data/lui-cli.bash")),
        *check_daemon_options(read("lpad/daemon/main.c"), read("man/lpad.8")),
        *check_daemon_options(read("lpad-modem/main.c"), read("man/lpad-modem.8"), "lpad-modem"),
        *check_documented(read("dbus/org.lpad.Modem1.xml")),
        *check_documented(read("dbus/org.lpad.Nm1.xml")),
        *check_modem_errors(read("lpad-modem/modem-error.c"), read("dbus/org.lpad.Modem1.xml")),
        *check_errors(header, read("man/lpad.8"), read("lui-cli/lui-failure.c")),
        *check_error_texts(header, read("man/lpad.8")),
        *check_exit_status(read("lui-cli/lui-failure.h"), lui_page),
        *check_configuration(read("lpad/daemon/config/config-keys.c"), read("data/lpad.conf"), read("man/lpad.conf.5")),
    ]


if __name__ == "__main__":
    complaints = check_tree()
    print("\n".join(complaints))
    sys.exit(1 if complaints else 0)
