# SPDX-License-Identifier: LGPL-2.1-or-later
"""The tree keeps the rules of source.py, and the rules find what breaks them."""

from pathlib import Path

import pytest
import source
import tree

LICENCE = "/* SPDX-License-Identifier: LGPL-2.1-or-later */\n"
HEADERS = {"tlv.h": "codec", "download.h": "proc", "https.h": "net", "lpad-bus.h": "bus", "store.h": "daemon/store",
           "trial.h": "daemon/switch"}


def test_tree_keeps_the_rules():
    headers = source.headers_by_name(tree.files())
    found = [
        finding for path in tree.files() if (text := tree.text_of(path)) is not None
        for finding in source.findings(path, text, headers)
    ]
    assert not found, "\n".join(found)


def test_headers_have_names_of_their_own():
    """Includes give no folder, so a name that occurs twice would be ambiguous."""
    names = [path.name for path in tree.files() if source.HEADERS.search(path.as_posix())]
    assert sorted(set(names)) == sorted(names)


def c_function(lines: int) -> str:
    return "static void\nlong_one (void)\n{\n" + "  work ();\n" * (lines - 2) + "}\n"


@pytest.mark.parametrize("path, text, rule", [
    ("lpad/base/a.c", "int x;\n", "licence"),
    ("tests/a.py", "x = 1\n", "licence"),
    ("lpad/codec/a.c", LICENCE + '#include "download.h"\n', "includes"),
    ("lpad/card/a.c", LICENCE + '#include "https.h"\n', "includes"),
    ("lpad/proc/a.c", LICENCE + '#include "lpad-bus.h"\n', "includes"),
    ("lui-cli/a.c", LICENCE + '#include "tlv.h"\n', "includes"),
    ("lpad/daemon/euicc/a.c", LICENCE + '#include "trial.h"\n', "includes"),
    ("lpad/proc/a.c", LICENCE + '#include "store.h"\n', "includes"),
    ("lpad/proc/a.c", LICENCE + "GMainLoop *loop;\n", "no_bus_below_daemon"),
    ("lpad/net/a.c", LICENCE + "  g_task_new (a, b, c, d);\n", "no_bus_below_daemon"),
    ("lpad/base/a.c", LICENCE + "x\n" * 701, "file_size"),
    ("lpad/base/a.c", LICENCE + c_function(101), "c_function_size"),
    ("tests/a.py", "# SPDX-License-Identifier: LGPL-2.1-or-later\ndef f():\n" + "    x = 1\n" * 100,
     "python_function_size"),
    *[("lpad/base/a.c", LICENCE + f"  {call} (a, b);\n", "banned_calls")
      for call in ("strcpy", "strcat", "sprintf", "strtok", "atoi", "system", "popen", "gets", "alloca", "sleep",
                   "usleep", "g_usleep")],
    ("lpad/base/a.c", LICENCE + "  goto out;\n", "banned_calls"),
    ("lpad/base/a.h", LICENCE + "#pragma once\n\nint lpad_thing (void);\n", "documented"),
    ("README.md", "FIX" "ME later\n", "left_open"),
    ("tests/unit/test-a.c", LICENCE + "  g_test_" "skip (\"no\");\n", "skips"),
    ("tests/testbed/tests/test_a.py", "@pytest.mark.sk" "ip\ndef f(): pass\n", "skips"),
    ("README.md", "see /home" "/me/lpad\n", "machine_paths"),
    ("tests/integration/test_a.py", "time.sl" "eep (1)\n", "sleeps"),
])
def test_rule_finds(path, text, rule):
    found = source.findings(Path(path), text, HEADERS)
    assert any(f"[{rule}]" in finding for finding in found), found


@pytest.mark.parametrize("path, text", [
    ("lpad/proc/a.c", LICENCE + '#include "tlv.h"\n#include "https.h"\n#include <string.h>\n'),
    ("lpad/daemon/a.c", LICENCE + '#include "lpad-bus.h"\n  g_task_new (a, b, c, d);\n'),
    ("lpad/daemon/switch/a.c", LICENCE + '#include "store.h"\n#include "lpad-bus.h"\nGMainLoop *loop;\n'),
    ("lpad/daemon/a.c", LICENCE + '#include "store.h"\n#include "trial.h"\n'),
    ("lpad/base/a.c", LICENCE + '/* system (x) and goto */ const char *s = "popen (x)";\n'),
    ("lpad/base/a.c", LICENCE + "  my_system (x);\n" + c_function(100)),
    ("lpad/base/a.h", LICENCE + "/** lpad_thing: what it does. */\nint lpad_thing (void);\n"
     "void lpad_thing_free (LpadThing *thing);\n"),
])
def test_rule_lets_pass(path, text):
    assert source.findings(Path(path), text, HEADERS) == []
