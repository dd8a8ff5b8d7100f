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
