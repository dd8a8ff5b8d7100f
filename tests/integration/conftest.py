# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fixtures: the whole platform around the lpad of LPAD_BUILD, and what must hold after every test."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from invariants import renew
from modem_side import ABSENT_AID, Caller, start
from testbed import pki
from testbed.device import Device
from testbed.mobile import Mobile
from testbed.network import Network
from testbed.platform import Platform
from testbed.stack import Stack
from testbed.tests.mini_lpa import ISD_R
from testbed.tests.modem_peers import FIRST, SECOND, chip_with_two_profiles, profile_of
from testbed.veuicc import Euicc

#: Lines of logs that are shown when a test fails.
SHOWN_LINES = 80


def close(stack: Stack) -> None:
    """End lpad in order, so that it can show leaks, and see whether a sanitizer or GLib had something to say."""
    try:
        stack.stop_programs()
        findings = stack.findings()
    finally:
        stack.close()
    assert not findings, "\n".join(findings)


def close_all(stacks: list[Stack]) -> None:
    problems = []
    for stack in stacks:
        try:
            close(stack)
        except Exception as problem:  # the others have to be closed too
            problems.append(problem)
    if problems:
        raise problems[0]


def make_many(request, kind: type[Stack]) -> Iterator[Callable[..., Stack]]:
    """A function that makes and starts one with its arguments; all of them end with the test."""
    made: list[Stack] = []
    request.node.stacks = made

    def make(**options) -> Stack:
        made.append(kind(**options).__enter__())
        return made[-1]

    yield make
    close_all(made)


@pytest.fixture
def make_stack(request):
    """Stack(**options), started; any number of them in a test."""
    yield from make_many(request, Stack)


@pytest.fixture
def make_device(request):
    """Device(**options), started; any number of them in a test."""
    yield from make_many(request, Device)


@pytest.fixture
def make_platform(request):
    """Platform(**options), started; any number of them in a test."""
    yield from make_many(request, Platform)


@pytest.fixture
def stack(make_stack) -> Stack:
    """The platform with one chip, as a device would have it; lpad has not been asked for yet."""
    return make_stack()


#: Of the platform that tests share: whoever stops answering is given up soon, and nobody who is slow on a loaded machine.
SHARED_CONFIG = {
    "General": {"IdleTimeout": "600"},
    "Card": {"ApduTimeout": "3", "RefreshTimeout": "3"},
    "Network": {"ConnectTimeout": "4", "StallTimeout": "4", "RequestTimeout": "15"},
}


@pytest.fixture(scope="session")
def platform():
    """One platform for all tests of this process that leave it running; they ask for shared instead."""
    stack = Stack(config=SHARED_CONFIG).__enter__()
    yield stack
    close(stack)


@pytest.fixture
def shared(platform, request) -> Stack:
    """A platform with one chip that is as good as new, though others have used it.

    A test may change anything that invariants.renew() puts right again.
    """
    request.node.stacks = [platform]
    renew(platform)
    return platform


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


# lpad-modem alone, without lpad


@pytest.fixture(scope="session")
def chip_credentials():
    return pki.make_testbed_pki(pki.make_eid(serial=4321), ["smdp.example.com"]).chip


@pytest.fixture(scope="session")
def other_credentials():
    return pki.make_testbed_pki(pki.make_eid(serial=8765), ["smdp.example.com"]).chip


@pytest.fixture
def other_chip(other_credentials):
    """SECOND is enabled."""
    chip = Euicc(other_credentials)
    chip.add_profile(profile_of(SECOND, enabled=True))
    return chip


@pytest.fixture
def make_mobile(chip_credentials):
    """A modem with one chip, and lpad-modem; what the sanitizers found is looked at in the end."""
    made: list[Mobile] = []

    def make(*, options=(), others=(), **settings) -> Mobile:
        chips = [chip_with_two_profiles(chip_credentials), *others]
        mobile = Mobile(chips, network=Network([FIRST, SECOND]), **settings)
        made.append(mobile)
        mobile.start()
        start(mobile, *options)
        return mobile

    yield make
    problems = []
    for mobile in made:
        if hasattr(mobile, "lpad_modem"):
            mobile.lpad_modem.stop(20)
            problems += [path.read_text() for path in mobile.run.folder.glob("sanitizer.*")]
            problems += [line for line in mobile.lpad_modem.output().splitlines() if "CRITICAL" in line]
        mobile.close()
    assert not problems, "\n".join(problems)


@pytest.fixture
def allow_absent(tmp_path) -> str:
    """Option with which an application may be selected that no card has."""
    config = tmp_path / "lpad.conf"
    config.write_text(f"[Card]\nIsdrAids={ISD_R.hex()};{ABSENT_AID.hex()}\n")
    return f"--config={config}"


@pytest.fixture
def mobile(make_mobile) -> Mobile:
    return make_mobile()


@pytest.fixture
def caller(mobile):
    caller = Caller(mobile)
    yield caller
    caller.close()
