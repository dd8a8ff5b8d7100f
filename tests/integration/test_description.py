# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a chip tells of itself in EUICCInfo2 (SGP.22 v2.5, 5.7.8), as a person and a program read it."""

from __future__ import annotations

from invariants import assert_invariants, lui_json
from scenes import reload

LAST_RSP, LAST_UICC = 28, 31


def test_all_that_a_chip_can_say(shared):
    config = shared.chip.config
    config.platform_label, config.discovery_url = "Example platform 7", "https://certified.example.com"
    config.tre_properties, config.tre_product = (0, 2), "EX-1000"
    config.more_profile_versions = ((3, 1, 0), (3, 3, 1))
    config.rsp_capability, config.uicc_capability = (0, 1, LAST_RSP), (1, LAST_UICC)
    reload(shared)
    said = lui_json(shared, "info")
    description = said["description"]
    assert description.pop("free_ram") == config.ram
    assert description.pop("applications", 0) == 0
    assert description == {
        "category": "medium", "accreditation": "TB-EU-UP-0000", "protection_profile_version": "1.0.0",
        "javacard_version": "9.2.0", "globalplatform_version": "2.3.0", "platform_label": "Example platform 7",
        "discovery_url": "https://certified.example.com", "tre_properties": ["discrete", "remote-memory"],
        "tre_product": "EX-1000", "profile_versions": ["3.1.0", "3.3.1"],
    }
    assert said["capabilities"] == [
        "additional-profile", "crl", "test-profile-allow-list", "usim", "iot-minimal",
    ]
    shown = shared.lui("info").stdout
    for words in ("medium", "TB-EU-UP-0000", "Example platform 7", "EX-1000", "3.1.0, 3.3.1", "discrete, remote-memory"):
        assert words in shown
    assert_invariants(shared)


def test_text_of_a_chip_is_clean(shared):
    shared.chip.config.accreditation = "A\x1b[2J\u202eB"
    reload(shared)
    assert not set(lui_json(shared, "info")["description"]["accreditation"]) & {"\x1b", "\u202e"}
