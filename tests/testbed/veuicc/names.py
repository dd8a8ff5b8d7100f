# SPDX-License-Identifier: LGPL-2.1-or-later
"""ES10 functions: name -> (tag of request and answer, tag of an error code in the answer).

SGP.22 v2.5, 5.7.  An error tag of 0xA1 is a container with transaction ID and code.
"""

LOAD_PACKAGE = "LoadBoundProfilePackage"

FUNCTIONS: dict[str, tuple[int, int]] = {
    "GetEuiccConfiguredAddresses": (0xBF3C, 0x80),
    "SetDefaultDpAddress": (0xBF3F, 0x80),
    "PrepareDownload": (0xBF21, 0xA1),
    LOAD_PACKAGE: (0xBF36, 0x80),
    "GetEuiccChallenge": (0xBF2E, 0x80),
    "GetEuiccInfo1": (0xBF20, 0x80),
    "GetEuiccInfo2": (0xBF22, 0x80),
    "ListNotification": (0xBF28, 0x81),
    "RetrieveNotificationsList": (0xBF2B, 0x81),
    "RemoveNotificationFromList": (0xBF30, 0x80),
    "LoadCRL": (0xBF35, 0x81),
    "AuthenticateServer": (0xBF38, 0xA1),
    "CancelSession": (0xBF41, 0x81),
    "GetRAT": (0xBF43, 0x80),
    "GetProfilesInfo": (0xBF2D, 0x81),
    "EnableProfile": (0xBF31, 0x80),
    "DisableProfile": (0xBF32, 0x80),
    "DeleteProfile": (0xBF33, 0x80),
    "MemoryReset": (0xBF34, 0x80),
    "GetEID": (0xBF3E, 0x80),
    "SetNickname": (0xBF29, 0x80),
}

NAME_BY_TAG = {tag: name for name, (tag, _) in FUNCTIONS.items()}

#: Objects that come alone as a segment of a package after its first one.
SEGMENT_TAGS = (0xA0, 0xA1, 0xA2, 0xA3, 0x86, 0x87, 0x88)


def name_of(data: bytes) -> str:
    """Name of the function whose request begins with these octets; "" for none."""
    tag = int.from_bytes(data[:2], "big")
    if tag in NAME_BY_TAG:
        return NAME_BY_TAG[tag]
    return LOAD_PACKAGE if data[:1] and data[0] in SEGMENT_TAGS else ""
