# SPDX-License-Identifier: LGPL-2.1-or-later
"""Properties of the chip model; all may be changed while the chip runs."""

from __future__ import annotations

from dataclasses import dataclass, field

from testbed import tlv

ISDR_AID = bytes.fromhex("A0000005591010FFFFFFFF8900000100")
#: T=0 only.
ATR_T0 = bytes.fromhex("3B9F96801F878031E073FE211B674A4C753034054BA9")
#: The same historical octets, T=1 offered first.
ATR_T1 = bytes.fromhex("3B9F96811F878031E073FE211B674A4C753034054BA8")

ANY_OPERATOR = tlv.encode(0x80, b"\xee\xee\xee")
#: Any operator, with or without group identifiers, may set PPR1 and PPR2 if the user consents.
RAT_ANY_OPERATOR = tlv.encode(0x30, [
    tlv.encode(0x80, tlv.bit_string([1, 2])),
    tlv.encode(0xA1, [
        tlv.encode(0x30, ANY_OPERATOR),
        tlv.encode(0x30, [ANY_OPERATOR, tlv.encode(0x81), tlv.encode(0x82)]),
    ]),
    tlv.encode(0x82, tlv.bit_string([0])),
])


@dataclass
class Config:
    """Defaults are those of a well-behaved removable eUICC."""

    atr: bytes = ATR_T0
    isdr_aid: bytes = ISDR_AID
    #: Further names of the same ISD-R.
    other_aids: tuple[bytes, ...] = ()

    # Transport (SGP.22 v2.5, 5.7.2; ETSI TS 102 221, 11.1.17)
    #: Highest logical channel; above 3 only for terminals that announced it.  0: there are none.
    channels: int = 19
    #: What MANAGE CHANNEL is answered with when there is none.
    no_channel_sw: int = 0x6A81
    #: Lowest channel that is given out: 4 exercises the other class coding.
    first_channel: int = 1
    #: Largest STORE DATA body, and what a larger one is answered with; 0: with nothing at all.
    largest_segment: int = 255
    segment_limit_sw: int = 0x6700
    #: Le on STORE DATA: None, or True: 6700 without it, or False: 6700 with it.
    store_data_le: bool | None = None
    #: A command that has been processed without data is answered with this, e.g. 9000 or 9210.
    done_sw: int = 0x9000
    #: True: never data with the answer, always 61xx.  Without Le it is so anyway.
    always_get_response: bool = False
    #: Largest piece of an answer.
    chunk: int = 256
    #: Answer 6Cxx to an Le that is not exact.
    exact_le: bool = False
    #: "" no need of TERMINAL CAPABILITY, "hide" ISD-R or "refuse" ES10 without it.
    terminal_capability: str = ""
    #: What TERMINAL CAPABILITY is answered with, and whether it counts all the same.
    terminal_capability_sw: int = 0x9000
    #: SELECT answers without FCI.
    without_fci: bool = False
    #: A proactive REFRESH (91xx) is announced after a switch with the refresh flag.
    proactive_refresh: bool = True

    # What EUICCInfo tells (SGP.22 v2.5, 5.7.8)
    svn: tuple[int, int, int] = (2, 5, 0)
    profile_version: tuple[int, int, int] = (2, 3, 1)
    firmware_version: tuple[int, int, int] = (1, 0, 0)
    uicc_capability: tuple[int, ...] = (0, 1, 2, 4, 6, 14, 16, 19, 22)
    #: additionalProfile, testProfileSupport, deviceInfoExtensibilitySupport
    rsp_capability: tuple[int, ...] = (0, 3, 4)
    category: int = 2
    forbidden_rules: tuple[int, ...] = ()
    pp_version: tuple[int, int, int] = (1, 0, 0)
    accreditation: str = "TB-EU-UP-0000"
    #: What is optional and absent unless it is set here.
    platform_label: str = ""
    discovery_url: str = ""
    tre_properties: tuple[int, ...] = ()
    tre_product: str = ""
    more_profile_versions: tuple[tuple[int, int, int], ...] = ()
    curves: tuple[str, ...] = ("secp256r1", "brainpoolP256r1")

    # Storage
    memory: int = 500_000
    ram: int = 16_384
    #: Kept notifications; the oldest is dropped when there are more.
    notification_slots: int = 40
    first_sequence_number: int = 1
    #: From one notification's number to the next; above 1 there are gaps, as on chips that count failures, too.
    sequence_number_step: int = 1
    root_ds: str | None = "testrootsmds.example.com"
    #: Entries of the rules authorisation table, each a 30 (SGP.22 v2.5, 2.9.2).
    rat: list[bytes] = field(default_factory=lambda: [RAT_ANY_OPERATOR])

    # Profiles and packages
    #: eUICC-Mandatory-services that a package must not ask for: CSIM, CAVE, MULTOS, several CSIMs.
    unsupported_services: tuple[int, ...] = (0x83, 0x86, 0x8C, 0x8F)
    #: Refuse segments above 1020 octets, which some servers make.
    strict_segments: bool = False
    #: GetProfilesInfo refuses a tag list with a tag that it does not know.
    strict_tag_list: bool = False
    #: Write a result with installFailedDueToInterruption after a power cut while loading.
    interruption_result: bool = True
    #: A proactive session is open and is not ended for a switch.
    cat_busy: bool = False

    # Quirks of cards in the field: with EnableProfile, DisableProfile, DeleteProfile and eUICCMemoryReset
    #: Identifiers that are known, 5A (ICCID) and 4F (AID); any other is answered with iccidOrAidNotFound.
    identifiers: tuple[int, ...] = (0x5A, 0x4F)
    #: Values of refreshFlag that are taken; the other is answered with undefinedError.
    refresh_flags: tuple[bool, ...] = (False, True)
    #: A result code with which a command that has worked is answered.
    false_error: int | None = None
    #: A command is answered with ok and nothing is done.
    false_ok: bool = False
