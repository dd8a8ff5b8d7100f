# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fixtures: the whole platform around the lpad of LPAD_BUILD, and what must hold after every test."""

from __future__ import annotations

import pytest

from testbed.stack import Stack

#: Lines of logs that are shown when a test fails.
SHOWN_LINES = 80


def close(stack: Stack) -> None:
    """End lpad in order, so that it can show leaks, and see whether a sanitizer or GLib had something to say."""
    try:
        stack.stop_lpad()
        findings = stack.findings()
    finally:
        stack.close()
    assert not findings, "\n".join(findings)


@pytest.fixture
def make_stack(request):
    """Stack(**options), started; any number of them in a test."""
    stacks: list[Stack] = []
    request.node.stacks = stacks

    def make(**options) -> Stack:
        stack = Stack(**options)
        stacks.append(stack.__enter__())
        return stack

    yield make
    problems = []
    for stack in stacks:
        try:
            close(stack)
        except Exception as problem:  # the others have to be closed too
            problems.append(problem)
    if problems:
        raise problems[0]


@pytest.fixture
def stack(make_stack) -> Stack:
    """The platform with one chip, as a device would have it; lpad has not been asked for yet."""
    return make_stack()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failure shows what lpad wrote and what went over the wire."""
    outcome = yield
    report = outcome.get_result()
    if call.when != "call" or not report.failed:
        return
    for number, stack in enumerate(getattr(item, "stacks", []), 1):
        report.sections.append((f"lpad.log of stack {number}", _end(stack.log)))
        report.sections.append((f"SM-DP+ of stack {number}", _end(stack.smdp.report())))
        report.sections.append((f"chip of stack {number}", _end(stack.chip.transcript.text())))


def _end(text: str) -> str:
    return "\n".join(text.splitlines()[-SHOWN_LINES:])
