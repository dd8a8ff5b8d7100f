# SPDX-License-Identifier: LGPL-2.1-or-later
"""``python3 -m testbed modem``."""

import subprocess
import sys

import pytest

from testbed.bus import TOP
from testbed.stack import default_build


def run(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "testbed", "modem", *options], cwd=TOP / "tests", capture_output=True, text=True, timeout=120,
    )


@pytest.mark.parametrize(("options", "command", "shown"), [
    (["--slots=2"], "until mmcli -m any; do :; done; lui-cli status; lui-cli list", ("Virtual QMI modem", "First")),
    (["--transport=mbim"], "lui-cli list", ("First", "Second")),
])
def test_a_command_on_the_device(options, command, shown):
    done = run(f"--build={default_build()}", *options, "--command", command)
    assert done.returncode == 0, done.stderr
    assert all(text in done.stdout for text in shown), done.stdout
    assert "The modem answered" in done.stdout


def test_help():
    assert "--behaviour" in run("--help").stdout
