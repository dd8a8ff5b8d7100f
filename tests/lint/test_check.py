# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/check counts every case, and nothing that went wrong gets lost in the count."""

import json

import check
import pytest


def tap(result, output):
    tally = check.Tally()
    check.count_tap(tally, "tlv", result, output)
    return tally.passed, tally.failed, tally.skipped


@pytest.mark.parametrize("result, output, counts", [
    ("OK", "TAP version 13\n# random seed: R02S\nok 1 /tlv/a\nok 2 /tlv/b\n1..2\n", (2, 0, 0)),
    ("FAIL", "ok 1 /tlv/a\nnot ok 2 /tlv/b\n1..2\n", (1, 1, 0)),
    ("OK", "ok 1 /tlv/a # SKIP no card\n1..1\n", (0, 0, 1)),
    ("ERROR", "ok 1 /tlv/a\n", (1, 1, 0)),               # crashed in the second
    ("FAIL", "ok 1 /tlv/a\n1..1\n", (1, 1, 0)),          # LeakSanitizer at the end
    ("TIMEOUT", "", (0, 1, 0)),
    ("SKIP", "", (0, 0, 1)),
    ("OK", "", (0, 1, 0)),                               # a test program that tests nothing
    ("OK", "ok 1 /tlv/a\n# not ok is not said in a comment\n1..1\n", (1, 0, 0)),
])
def test_tap(result, output, counts):
    assert tap(result, output) == counts


def test_meson_log():
    tally = check.Tally()
    lines = [
        json.dumps({"name": "unit / tlv", "result": "OK", "stdout": "ok 1 /a\n", "stderr": ""}),
        json.dumps({"name": "unit / hex", "result": "ERROR", "stdout": "ok 1 /b\n", "stderr": "heap overflow"}),
    ]
    shown = check.count_meson(tally, "asan", lines)
    assert str(tally) == "2 passed, 1 failed, 0 skipped"
    assert tally.problems == ["FAILED  asan: unit / hex: ERROR"]
    assert len(shown) == 1 and "heap overflow" in shown[0]


def test_junit():
    tally = check.Tally()
    check.count_junit(tally, "integration", """<testsuites><testsuite name="pytest">
        <testcase classname="test_a" name="good"/>
        <testcase classname="test_a" name="bad"><failure message="no"/></testcase>
        <testcase classname="test_a" name="broken"><error message="no"/></testcase>
        <testcase classname="test_a" name="left"><skipped/></testcase>
        </testsuite></testsuites>""")
    assert str(tally) == "1 passed, 2 failed, 1 skipped"
    assert "FAILED  integration: test_a.bad" in tally.problems


def test_a_build_that_fails_is_a_failed_case(monkeypatch, tmp_path):
    monkeypatch.setattr(check.Build, "folder", tmp_path)
    todo = check.Check()
    monkeypatch.setattr(todo, "_run", lambda what, command, **options: False)
    assert not todo.build(check.BUILDS[0])
    assert todo.tally.failed == 1


def test_builds_made_meanwhile_are_counted(monkeypatch, tmp_path, capsys):
    """One of two fails: the other can be tested, and the output of both comes in one piece."""
    monkeypatch.setattr(check.Build, "folder", tmp_path)
    monkeypatch.setattr(check, "LOWEST_PRIORITY", 1)
    good, bad = check.Build("good", "gcc"), check.Build("bad", "gcc")

    def run(self, what, command, **options):
        self._say(f"== {what}")
        assert command[:3] == ["nice", "-n", "1"]
        return what != "build bad"

    monkeypatch.setattr(check.Check, "_run", run)
    tally = check.Tally(passed=1)
    assert check.Meanwhile([good, bad]).done(tally) == [good]
    assert str(tally) == "1 passed, 1 failed, 0 skipped" and tally.problems == ["FAILED  building bad"]
    assert capsys.readouterr().out.splitlines() == [
        "== configure good", "== build good", "== configure bad", "== build bad",
    ]


def test_marked_tests_are_in_the_files_that_are_read():
    assert check.files_with("without_polkit") == ["tests/integration/test_install.py"]
    assert {"tests/integration/test_install.py", "tests/integration/test_stack.py"} <= set(check.files_with("smoke"))
    assert "tests/integration/test_stack.py" in check.files_with("tsan")


def test_a_test_with_a_build_of_its_own_runs_once():
    markers = [check.marker_of(build, check.BUILDS) for build in check.BUILDS if build.pytest is not None]
    assert sorted(markers) == ["not without_polkit", "smoke", "tsan", "without_polkit"]
    assert check.marker_of(check.BUILDS[0], check.BUILDS[:1]) == "", "there is no other build"


def test_options_of_builds_are_options():
    """A comma that is missing makes letters of them."""
    options = [option for build in check.BUILDS for option in build.options]
    assert options and all(option.startswith("-D") and "=" in option for option in options)
