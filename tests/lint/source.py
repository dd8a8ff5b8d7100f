# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rules of the house that a program can check.  Each rule takes a path and a text and returns findings.

A finding is (line, what is wrong).  RULES says which rule looks at which files.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
MAX_FILE_LINES = 700
MAX_FUNCTION_LINES = 100

#: Folders of lpad/daemon, each of which may include those before it.  Files of daemon/ itself may include all of them.
DAEMON = ("config", "store", "modem", "bus", "worker", "euicc", "slots", "switch", "operations", "unattended")
BELOW_DAEMON = {"proc", "es10", "card", "net", "codec", "base", "dbus"}

#: Layer: the layers whose headers it may include besides its own.  The header of errors stands below all.
LAYERS = {
    "dbus": set(),
    "base": {"dbus"},
    "codec": {"base", "dbus"},
    "card": {"codec", "base", "dbus"},
    "es10": {"card", "codec", "base", "dbus"},
    "net": {"codec", "base", "dbus"},
    "proc": {"es10", "card", "net", "codec", "base", "dbus"},
    **{f"daemon/{name}": BELOW_DAEMON | {f"daemon/{other}" for other in DAEMON[:place]}
       for place, name in enumerate(DAEMON)},
    "daemon": BELOW_DAEMON | {f"daemon/{name}" for name in DAEMON},
    "lui-cli": {"base", "dbus"},
    "lpad-modem": {"dbus"},
}
#: Programs, which have a main loop and the bus.
PROGRAMS = ("daemon", "lui-cli", "lpad-modem")
#: What only they know.
BUS_AND_LOOP = re.compile(
    r"\b(GMainLoop|GMainContext|g_main_loop_\w+|g_main_context_\w+|GTask|g_task_\w+|g_dbus_\w+|GDBus\w+|g_bus_\w+"
    r"|g_timeout_add\w*|g_idle_add\w*|lpad_bus_\w+)\b"
)
BANNED_CALLS = re.compile(
    r"\b(strcpy|strcat|sprintf|vsprintf|strtok|atoi|atol|atoll|atof|gets|system|popen|alloca|g_alloca|g_newa"
    r"|sleep|usleep|nanosleep|g_usleep)\s*\("
)
GOTO = re.compile(r"\bgoto\b")
#: Spelled so that this file does not find itself.
LEFT_OPEN = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
SKIPS = re.compile(
    r"g_test_" r"skip|g_test_inc" r"omplete|pytest\.sk" r"ip|mark\.sk" r"ip|mark\.xf" r"ail|assert Tr" r"ue\b"
)
MACHINE_PATHS = re.compile(r"/(work|home|root|Users)/[A-Za-z]")
SLEEPS = re.compile(r"\btime\.sl" r"eep\s*\(")

Finding = tuple[int, str]
Rule = Callable[[Path, str], Iterable[Finding]]


# Text ---------------------------------------------------------------------------

COMMENT_OR_STRING = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.S)


def c_code(text: str) -> str:
    """C without comments and literals; lines keep their numbers."""
    return COMMENT_OR_STRING.sub(lambda match: "\n" * match[0].count("\n"), text)


def matches(pattern: re.Pattern[str], text: str, what: str) -> Iterator[Finding]:
    for number, line in enumerate(text.splitlines(), 1):
        for match in pattern.finditer(line):
            yield number, f"{what}: {match[0]}"


# Rules --------------------------------------------------------------------------


def licence(path: Path, text: str) -> Iterator[Finding]:
    """The licence stands in the first line, in scripts and XML in one of the first three."""
    lines = text.splitlines()[: 1 if path.suffix in (".c", ".h") else 3]
    if not any("SPDX-License-Identifier: LGPL-2.1-or-later" in line for line in lines):
        yield 1, "no SPDX-License-Identifier: LGPL-2.1-or-later"


def file_size(path: Path, text: str) -> Iterator[Finding]:
    count = text.count("\n")
    if count > MAX_FILE_LINES:
        yield count, f"{count} lines: this has become two files"


def c_functions(text: str) -> Iterator[tuple[int, int]]:
    """(first, last) line of each function body: braces in the first column."""
    start = None
    for number, line in enumerate(text.splitlines(), 1):
        if line == "{":
            start = number
        elif line.startswith("}") and start:
            if line == "}":
                yield start, number
            start = None


def c_function_size(path: Path, text: str) -> Iterator[Finding]:
    for first, last in c_functions(text):
        if last - first + 1 > MAX_FUNCTION_LINES:
            yield first, f"a function of {last - first + 1} lines"


def python_function_size(path: Path, text: str) -> Iterator[Finding]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            lines = node.end_lineno - node.lineno + 1
            if lines > MAX_FUNCTION_LINES:
                yield node.lineno, f"{node.name}() has {lines} lines"


def banned_calls(path: Path, text: str) -> Iterator[Finding]:
    code = c_code(text)
    yield from matches(BANNED_CALLS, code, "banned call")
    yield from matches(GOTO, code, "banned")


def layer_of(path: Path) -> str | None:
    """The layer that a file of the tree belongs to."""
    folders = path.parts[:-1]
    name = "/".join(folders[1:]) if folders[:1] == ("lpad",) else "/".join(folders[:1])
    return name if name in LAYERS else None


def is_program(layer: str) -> bool:
    return layer.split("/")[0] in PROGRAMS


def headers_by_name(paths: Iterable[Path]) -> dict[str, str]:
    """Header name: its layer.  Generated headers of the bus belong to dbus."""
    found = {path.name: layer_of(path) for path in paths if path.suffix == ".h" and layer_of(path)}
    return {"lpad-bus.h": "bus", "lpad-modem-bus.h": "bus", "lpad-error-enums.h": "dbus", **found}


def includes(path: Path, text: str, headers: dict[str, str]) -> Iterator[Finding]:
    """Includes follow the arrow of LAYERS; the bus is for daemon and lui-cli alone."""
    layer = layer_of(path)
    if layer is None:
        return
    for number, line in enumerate(text.splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*[<"]([^>"]+)[>"]', line)
        other = headers.get(Path(match[1]).name) if match else None
        if other and other != layer and other not in LAYERS[layer] | _bus(layer):
            yield number, f"{layer}/ includes {match[1]} of {other}/"


def _bus(layer: str) -> set[str]:
    return {"bus"} if is_program(layer) else set()


def no_bus_below_daemon(path: Path, text: str) -> Iterator[Finding]:
    """Below daemon/ all is synchronous: no bus, no main loop, no task."""
    layer = layer_of(path)
    if layer and not is_program(layer):
        yield from matches(BUS_AND_LOOP, c_code(text), "belongs in daemon/")


def documented(path: Path, text: str) -> Iterator[Finding]:
    """Each function of a header is named in a comment, or its paragraph begins with one.

    Functions that only make, free, copy or count references need none.
    """
    comments = " ".join(re.findall(r"/\*.*?\*/", text, re.S))
    for match in re.finditer(r"^[A-Za-z][^\n;{}#]*?\b((?:lpad|lui)_\w+) \(", text, re.M):
        name, paragraph = match[1], text[: match.start()].rpartition("\n\n")[2]
        trivial = re.search(r"_(new|free|ref|unref|clear|copy)$", name)
        if name not in comments and "*/" not in paragraph and "typedef" not in match[0] and not trivial:
            yield text[: match.start()].count("\n") + 1, f"{name}() has no doc comment"


def left_open(path: Path, text: str) -> Iterator[Finding]:
    yield from matches(LEFT_OPEN, text, "left open")


def skips(path: Path, text: str) -> Iterator[Finding]:
    yield from matches(SKIPS, text, "a test that cannot fail")


def machine_paths(path: Path, text: str) -> Iterator[Finding]:
    yield from matches(MACHINE_PATHS, text, "path of one machine")


def sleeps(path: Path, text: str) -> Iterator[Finding]:
    yield from matches(SLEEPS, text, "wait for the event instead")


# Which rule looks at what ---------------------------------------------------------

C_FILES = re.compile(r"\.[ch]$")
C_PROGRAMS = re.compile(r"^(lpad|lpad-modem|lui-cli|dbus)/.*\.[ch]$")
HEADERS = re.compile(r"^(lpad|lpad-modem|lui-cli)/.*\.h$")
PYTHON = re.compile(r"\.py$")
ANY = re.compile(r"")
#: No comments possible or needed there, or they are prose.
UNLICENSED = re.compile(r"\.md$|^COPYING$|/corpus/|^\.(editorconfig|gitignore)$")

RULES: list[tuple[re.Pattern[str], Rule]] = [
    (ANY, machine_paths),
    (ANY, left_open),
    (re.compile(r"\.([ch]|py)$"), file_size),
    (C_FILES, c_function_size),
    (C_FILES, banned_calls),
    (C_PROGRAMS, no_bus_below_daemon),
    (HEADERS, documented),
    (PYTHON, python_function_size),
    (re.compile(r"^tests/.*\.([ch]|py)$"), skips),
    (re.compile(r"^tests/(integration|unit)/.*\.py$"), sleeps),
]


def findings(path: Path, text: str, headers: dict[str, str]) -> list[str]:
    """All that is wrong with a file; path is relative to the top of the tree."""
    name = path.as_posix()
    found = [(rule.__name__, item) for pattern, rule in RULES if pattern.search(name) for item in rule(path, text)]
    found += [("licence", item) for item in licence(path, text) if not UNLICENSED.search(name)]
    if C_PROGRAMS.search(name):
        found += [("includes", item) for item in includes(path, text, headers)]
    return [f"{name}:{line}: {what} [{rule}]" for rule, (line, what) in found]
