# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fixtures for tests of the chip."""

import pytest

from testbed import pki
from testbed.tests.veuicc_peers import Session, Terminal
from testbed.veuicc import Euicc


@pytest.fixture(scope="session")
def made():
    """One issuer with a chip and a server for all tests."""
    return pki.make_testbed_pki(pki.make_eid(serial=1234), ["smdp.example.com"])


@pytest.fixture
def chip(made):
    return Euicc(made.chip)


@pytest.fixture
def terminal(chip):
    return Terminal(chip)


@pytest.fixture
def session(chip, made):
    return Session(chip, made)
