# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each requirement of SGP.22 has its tests, and each check of conformance.py finds what it is there to find."""

from __future__ import annotations

import conformance
import pytest

from testbed.stack import default_build


@pytest.fixture(scope="module")
def cases() -> set[str]:
    build = default_build()
    assert (build / "tests" / "unit").is_dir(), f"{build} has no C tests: build it first, or set LPAD_BUILD"
    return conformance.c_cases(build) | conformance.python_cases()


def row(**fields) -> dict:
    return {
        "id": "ES10c.GetEID.1", "clause": "5.7.20", "lpa": "reads it", "positive": ["a"], "negative": ["b"], **fields,
    }


def test_every_requirement_has_tests_that_exist(cases):
    rows = conformance.read_requirements()
    problems = [*conformance.check_form(rows), *conformance.check_areas(rows), *conformance.check_tests(rows, cases)]
    assert problems == []


def test_every_code_is_a_case(cases):
    assert list(conformance.check_codes(conformance.read_codes(), cases)) == []


def test_the_tables_are_not_empty():
    """The readers still find what they look for."""
    assert len(conformance.read_requirements()) >= 80
    assert len(conformance.read_codes()) >= 120


@pytest.mark.parametrize("fields, problem", [
    ({"positive": []}, "ES10c.GetEID.1 has no positive"),
    ({"negative": []}, "ES10c.GetEID.1 has no negative"),
    ({"note": "x"}, "ES10c.GetEID.1 has fields that nobody knows"),
    ({"id": "ES10c.Fly.1"}, "ES10c.Fly.1 belongs to no area and subject"),
    ({"id": "ES10c.GetEID"}, "ES10c.GetEID belongs to no area and subject"),
])
def test_a_row_that_is_wrong(fields, problem):
    assert list(conformance.check_form([row(**fields)])) == [problem]


def test_a_row_that_is_there_twice():
    assert list(conformance.check_form([row(), row()])) == ["ES10c.GetEID.1 is there twice"]


def test_a_function_without_requirement():
    problems = list(conformance.check_areas([row()]))
    assert "ES10b.GetRAT has no requirement" in problems
    assert "ES10c.GetEID has no requirement" not in problems


def test_a_test_that_is_not_there():
    assert list(conformance.check_tests([row()], {"a"})) == ["ES10c.GetEID.1: there is no negative test b"]


def test_a_code_without_case_and_a_case_without_code():
    known = {"test-conformance-results /conformance/x/1"}
    assert list(conformance.check_codes(known, set())) == [f"{min(known)} is no case of the C test"]
    assert list(conformance.check_codes(set(), known)) == [f"{min(known)} is not in results.ini"]
