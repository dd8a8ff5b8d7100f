# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/conformance held against the tests that there are: each requirement is shown from both sides."""

from __future__ import annotations

import configparser
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
FOLDER = TOP / "tests" / "conformance"
PYTHON_TESTS = ("tests/integration", "tests/testbed/tests")

#: What each area must have at least one requirement of: functions, or subjects where there are none.
AREAS: dict[str, tuple[str, ...]] = {
    "ES10a": ("GetEuiccConfiguredAddresses", "SetDefaultDpAddress"),
    "ES10b": (
        "PrepareDownload", "LoadBoundProfilePackage", "GetEUICCChallenge", "GetEUICCInfo", "ListNotification",
        "RetrieveNotificationsList", "NotificationSent", "LoadCRL", "AuthenticateServer", "CancelSession", "GetRAT",
        "Transport",
    ),
    "ES10c": (
        "GetProfilesInfo", "EnableProfile", "DisableProfile", "DeleteProfile", "eUICCMemoryReset", "GetEID",
        "SetNickname",
    ),
    "ES9+": (
        "InitiateAuthentication", "AuthenticateClient", "GetBoundProfilePackage", "CancelSession", "HandleNotification",
        "Status",
    ),
    "ES11": ("InitiateAuthentication", "AuthenticateClient"),
    "HTTPS": ("TLS", "Request", "Answer", "Address"),
    "Procedures": (
        "Authentication", "Download", "Discovery", "Policy", "Class", "Switch", "Reset", "Notifications", "Interruption",
        "Device", "Chips",
    ),
    "LUI": (
        "ActivationCode", "Start", "Consent", "Profiles", "Errors", "Progress", "Authorisation", "Notifications",
        "Issuers", "Reset",
    ),
}
FIELDS = {"id": str, "clause": str, "lpa": str, "positive": list, "negative": list}
ID = re.compile(r"(?P<area>[A-Za-z0-9+]+)\.(?P<subject>[A-Za-z]+)\.(?P<number>[0-9]+)")


# Reading ------------------------------------------------------------------------


def read_requirements(folder: Path = FOLDER) -> list[dict]:
    """All rows of all files, in order."""
    rows = []
    for path in sorted(folder.glob("*.toml")):
        with path.open("rb") as file:
            rows += tomllib.load(file).get("requirement", [])
    return rows


def read_codes(folder: Path = FOLDER) -> set[str]:
    """The C cases that results.ini makes."""
    parser = configparser.ConfigParser(interpolation=None, delimiters=("=",), strict=True)
    parser.optionxform = str
    parser.read(folder / "results.ini")
    return {f"test-conformance-results /conformance/{group}/{key}" for group in parser for key in parser[group]}


def c_cases(build: Path) -> set[str]:
    """PROGRAM PATH of every case of the C tests of a build."""
    programs = [p for p in sorted((build / "tests" / "unit").glob("test-*")) if p.is_file() and os.access(p, os.X_OK)]
    cases = set()
    for program in programs:
        listed = subprocess.run([program, "-l"], capture_output=True, text=True, check=True)
        cases |= {f"{program.name} {line}" for line in listed.stdout.splitlines() if line.startswith("/")}
    return cases


def python_cases() -> set[str]:
    """FILE::NAME of every Python test, with and without the parameters of its cases."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--collect-only"]
    listed = subprocess.run([*command, *PYTHON_TESTS], cwd=TOP, capture_output=True, text=True)
    cases = set()
    for line in listed.stdout.splitlines():
        if "::" not in line:
            continue
        name, bracket, parameters = line.partition("[")
        name = name.rpartition("/")[2]
        cases |= {name, name + bracket + parameters}
    return cases


# Checks -------------------------------------------------------------------------


def check_form(rows: Iterable[dict]) -> Iterator[str]:
    """Each row has all fields, an identifier that says where it belongs, and tests on both sides."""
    seen: set[str] = set()
    for row in rows:
        name = str(row.get("id", "a requirement without id"))
        if {key: type(value) for key, value in row.items()} != FIELDS or not all(row.values()):
            lacking = [key for key in FIELDS if not row.get(key)]
            yield f"{name} has no {', '.join(lacking)}" if lacking else f"{name} has fields that nobody knows"
            continue
        match = ID.fullmatch(name)
        if not match or match["subject"] not in AREAS.get(match["area"], ()):
            yield f"{name} belongs to no area and subject"
        if name in seen:
            yield f"{name} is there twice"
        seen.add(name)


def check_areas(rows: Iterable[dict]) -> Iterator[str]:
    """Each function or subject of each area has a requirement."""
    covered = {row["id"].rpartition(".")[0] for row in rows}
    for area, subjects in AREAS.items():
        for subject in subjects:
            if f"{area}.{subject}" not in covered:
                yield f"{area}.{subject} has no requirement"


def check_tests(rows: Iterable[dict], cases: set[str]) -> Iterator[str]:
    """Each test that a row names is there."""
    for row in rows:
        for side in ("positive", "negative"):
            for test in row[side]:
                if test not in cases:
                    yield f"{row['id']}: there is no {side} test {test}"


def check_codes(codes: set[str], cases: set[str]) -> Iterator[str]:
    """Each code of results.ini is a case of the C test, and the other way round."""
    run = {case for case in cases if case.startswith("test-conformance-results ")}
    for case in sorted(codes ^ run):
        yield f"{case} is {'no case of the C test' if case in codes else 'not in results.ini'}"
