# SPDX-License-Identifier: LGPL-2.1-or-later
"""Builds in several ways, runs all tests against them and counts every case.  Run by tests/check.

The first build gets the whole machine.  The others are made while the Python tests, which wait for readers and
servers for a part of their time, run against the first, at the lowest priority: a test does not notice them.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
JOBS = max(2, os.cpu_count() or 2)
#: Tests of the whole platform wait for readers and servers for a part of their time.
PYTEST_JOBS = JOBS + 2
STEP_SECONDS = 3000
TAP_LINE = re.compile(r"^(not ok|ok)\b\s*(\d*)\s*-?\s*([^#\n]*)(#\s*SKIP\b)?", re.I)


@dataclass(frozen=True)
class Build:
    """One way to build; pytest is what of tests/integration runs against it (a marker, "" is the rest)."""

    name: str
    compiler: str
    options: tuple[str, ...] = ()
    pytest: str | None = None

    @property
    def folder(self) -> Path:
        return TOP / "build" / f"check-{self.name}"


WITHOUT_POLKIT = "without_polkit"
SANITIZED = ("-Db_lundef=false", "-Doptimization=1")
#: That of clang is the one without what can be left out.
BUILDS = [
    Build("asan", "gcc", ("-Db_sanitize=address,undefined", *SANITIZED), pytest=""),
    Build("gcc", "gcc", ("-Ddebug=false",), pytest="smoke"),
    Build("clang", "clang", ("-Ddebug=false", "-Dpolkit=disabled", "-Dqr=disabled"), pytest=WITHOUT_POLKIT),
    Build("tsan", "gcc", ("-Db_sanitize=thread", *SANITIZED), pytest="tsan"),
]
QUICK = {"asan"}
#: Behind whatever else wants to run
LOWEST_PRIORITY = 19


@dataclass
class Tally:
    """Cases so far; problems has a line for each that failed or was skipped."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    problems: list[str] = field(default_factory=list)

    def fail(self, what: str) -> None:
        self.failed += 1
        self.problems.append(f"FAILED  {what}")

    def add(self, other: Tally) -> None:
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.problems += other.problems

    def skip(self, what: str) -> None:
        self.skipped += 1
        self.problems.append(f"SKIPPED {what}")

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


# Reading results ----------------------------------------------------------------


def count_tap(tally: Tally, program: str, result: str, output: str) -> None:
    """Count the cases of a test program; result is meson's word for the whole.

    A program that fails without a case that failed (it crashed, or a sanitizer spoke at its end) is one
    failed case more, so that nothing gets lost.
    """
    failed_before, cases = tally.failed, 0
    for line in output.splitlines():
        match = TAP_LINE.match(line)
        if not match:
            continue
        cases += 1
        name = f"{program}: {match[3].strip() or match[2]}"
        if match[4]:
            tally.skip(name)
        elif match[1].lower() == "ok":
            tally.passed += 1
        else:
            tally.fail(name)
    if result == "SKIP" and not cases:
        tally.skip(program)
    elif result != "OK" and result != "SKIP" and tally.failed == failed_before:
        tally.fail(f"{program}: {result}")
    elif not cases:
        tally.fail(f"{program}: no cases")


def count_meson(tally: Tally, build: str, log: Iterable[str]) -> list[str]:
    """Count a testlog.json; the output of the programs that failed."""
    shown = []
    for line in log:
        test = json.loads(line)
        failed_before = tally.failed
        count_tap(tally, f"{build}: {test['name']}", test["result"], test.get("stdout", ""))
        if tally.failed > failed_before:
            shown.append(f"--- {test['name']}\n{test.get('stdout', '')}\n{test.get('stderr', '')}")
    return shown


def count_junit(tally: Tally, suite: str, text: str) -> None:
    """Count pytest's report."""
    for case in ElementTree.fromstring(text).iter("testcase"):
        name = f"{suite}: {case.get('classname', '')}.{case.get('name', '')}"
        if case.find("failure") is not None or case.find("error") is not None:
            tally.fail(name)
        elif case.find("skipped") is not None:
            tally.skip(name)
        else:
            tally.passed += 1


# Steps --------------------------------------------------------------------------


def say_now(text: str) -> None:
    print(text, flush=True)


class Check:
    """Runs the steps and keeps the tally.  say takes its words; priority is that of what it builds with."""

    def __init__(self, expression: str = "", *, say: Callable[[str], None] = say_now, priority: int = 0):
        self.tally = Tally()
        self._expression = expression
        self._say = say
        self._nice = ["nice", "-n", str(priority)] if priority else []

    def _run(self, what: str, command: Sequence[str], *, show: bool = False, **env: str) -> bool:
        """Run a step; its output is shown when it goes wrong, or always."""
        self._say(f"== {what}")
        started = time.monotonic()
        try:
            done = subprocess.run(
                command, cwd=TOP, env={**os.environ, **env}, text=True, errors="replace", timeout=STEP_SECONDS,
                stdout=None if show else subprocess.PIPE, stderr=None if show else subprocess.STDOUT,
            )
        except subprocess.TimeoutExpired:
            self._say(f"   still running after {STEP_SECONDS} s")
            return False
        if done.returncode != 0 and not show:
            self._say(done.stdout)
        self._say(f"   {time.monotonic() - started:.0f} s")
        return done.returncode == 0

    def build(self, build: Build) -> bool:
        """Configure and compile; a failure is a failed case."""
        if not (build.folder / "build.ninja").exists():
            setup = [*self._nice, "meson", "setup", str(build.folder), "-Dwerror=true", *build.options]
            if not self._run(f"configure {build.name}", setup, CC=build.compiler):
                self.tally.fail(f"configuring {build.name}")
                return False
        if not self._run(f"build {build.name}", [*self._nice, "meson", "compile", "-C", str(build.folder)]):
            self.tally.fail(f"building {build.name}")
            return False
        return True

    def unit_tests(self, build: Build) -> None:
        """The C tests, and the fuzz targets over their corpora."""
        names = self._c_tests(build)
        if not names:
            return
        log = build.folder / "meson-logs" / "testlog.json"
        log.unlink(missing_ok=True)
        command = ["meson", "test", "-C", str(build.folder), "--no-rebuild", "--num-processes", str(JOBS)]
        # Its words about single cases are in the log, which is read below.
        self._say(f"== C tests of {build.name}")
        started = time.monotonic()
        done = subprocess.run([*command, *names], cwd=TOP, capture_output=True, text=True, errors="replace")
        if not log.exists():
            self._say(done.stdout + done.stderr)
            self.tally.fail(f"C tests of {build.name}")
            return
        with log.open() as lines:
            for output in count_meson(self.tally, build.name, lines):
                self._say(output)
        self._say(f"   {time.monotonic() - started:.0f} s")

    def _c_tests(self, build: Build) -> list[str]:
        """Names of the tests to run; all of them have the expression in their name."""
        listed = subprocess.run(
            ["meson", "test", "-C", str(build.folder), "--no-rebuild", "--list"],
            cwd=TOP, capture_output=True, text=True,
        )
        names = [line.rpartition(" / ")[2].strip() for line in listed.stdout.splitlines() if " / " in line]
        return [name for name in names if self._expression in name]

    def pytest(self, what: str, paths: Sequence[str], build: Build, marker: str = "") -> None:
        """Python tests against a build."""
        report = build.folder / f"pytest-{what.replace(' ', '-')}.xml"
        report.unlink(missing_ok=True)
        command = [
            sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", str(PYTEST_JOBS),
            "--junit-xml", str(report), "--basetemp", str(build.folder / "pytest"), *paths,
        ]
        command += ["-m", marker] if marker else []
        command += ["-k", self._expression] if self._expression else []
        self._run(f"{what} ({build.name})", command, show=True, LPAD_BUILD=str(build.folder))
        if report.exists():
            count_junit(self.tally, f"{what} ({build.name})", report.read_text())
        else:
            self.tally.fail(f"{what} ({build.name}): no report")


class Meanwhile:
    """Builds while other steps run; what there is to say of it comes with done()."""

    def __init__(self, builds: Sequence[Build]):
        self._lines: list[str] = []
        self._check = Check(say=self._lines.append, priority=LOWEST_PRIORITY)
        self._pool = ThreadPoolExecutor(max_workers=1)
        self._built: Future = self._pool.submit(lambda: [build for build in builds if self._check.build(build)])

    def done(self, tally: Tally) -> list[Build]:
        """Those that can be tested, as soon as all are made."""
        built = self._built.result()
        self._pool.shutdown()
        for line in self._lines:
            say_now(line)
        tally.add(self._check.tally)
        return built


def marker_of(build: Build, builds: Sequence[Build]) -> str:
    """What of tests/integration runs against the build; a test that has a build of its own runs there alone."""
    elsewhere = any(other.pytest == WITHOUT_POLKIT for other in builds)
    return build.pytest or (f"not {WITHOUT_POLKIT}" if elsewhere else "")


def files_with(marker: str) -> list[str]:
    """Those of tests/integration in which a test has the marker: all of them take seconds to be read."""
    every = sorted((TOP / "tests" / "integration").glob("test_*.py"))
    return [str(path.relative_to(TOP)) for path in every if f"mark.{marker}" in path.read_text()]


def run(options: argparse.Namespace) -> Tally:
    """All steps: whatever can still be tested after a failure is tested."""
    check = Check(options.k)
    first, *others = builds = [build for build in BUILDS if not options.quick or build.name in QUICK]
    built = [first] if check.build(first) else []
    first.folder.mkdir(parents=True, exist_ok=True)
    meanwhile = Meanwhile(others)
    for build in built:
        check.unit_tests(build)
    check.pytest("lints and testbed", ["tests/lint", "tests/testbed/tests"], first)
    for build in built:
        check.pytest("integration", ["tests/integration"], build, marker_of(build, builds))
    for build in meanwhile.done(check.tally):
        check.unit_tests(build)
        if build.pytest:
            check.pytest("integration", files_with(build.pytest), build, build.pytest)
    return check.tally


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests/check", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one build (gcc, ASan and UBSan), no TSan")
    parser.add_argument("-k", default="", metavar="EXPRESSION",
                        help="only tests with this in their name (for Python tests as pytest has it)")
    tally = run(parser.parse_args())
    for problem in tally.problems:
        print(problem)
    print(tally, flush=True)
    skips_count = os.environ.get("CI") == "true"
    return 1 if tally.failed or not tally.passed or (skips_count and tally.skipped) else 0


if __name__ == "__main__":
    sys.exit(main())
