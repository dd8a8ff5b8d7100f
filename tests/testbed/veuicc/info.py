# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the chip tells about itself: FCI, EUICCInfo1 and EUICCInfo2 (SGP.22 v2.5, 5.7.8)."""

from __future__ import annotations

from testbed import certificates, tlv
from testbed.pki import ChipCredentials
from testbed.veuicc.config import Config


def fci(config: Config) -> bytes:
    """File control information of the ISD-R, with E0 of SGP.22 v2.5, 5.7.1."""
    return tlv.encode(0x6F, [
        tlv.encode(0x84, config.isdr_aid),
        tlv.encode(0xA5, tlv.encode(0x9F65, b"\xff")),
        tlv.encode(0xE0, tlv.encode(0x82, bytes(config.svn))),
    ])


def _issuers(credentials: ChipCredentials) -> list[bytes]:
    """A9 keys to verify servers with, AA keys below which the chip signs."""
    verify = [tlv.encode(0x04, certificates.key_id(cert)) for cert in credentials.ci_certs]
    sign = [tlv.encode(0x04, identity.pkid) for identity in credentials.identities]
    return [tlv.encode(0xA9, verify), tlv.encode(0xAA, sign)]


def info1(config: Config, credentials: ChipCredentials) -> bytes:
    return tlv.encode(0xBF20, [tlv.encode(0x82, bytes(config.svn)), *_issuers(credentials)])


def info2(config: Config, credentials: ChipCredentials, installed: int, free: int) -> bytes:
    """installed profiles and free octets of memory make up extCardResource."""
    resource = [
        tlv.encode(0x81, installed.to_bytes(1, "big")),
        tlv.encode(0x82, free.to_bytes(4, "big")),
        tlv.encode(0x83, config.ram.to_bytes(4, "big")),
    ]
    parts = [
        tlv.encode(0x81, bytes(config.profile_version)),
        tlv.encode(0x82, bytes(config.svn)),
        tlv.encode(0x83, bytes(config.firmware_version)),
        tlv.encode(0x84, resource),
        tlv.encode(0x85, tlv.bit_string(config.uicc_capability)),
        tlv.encode(0x86, bytes([9, 2, 0])),
        tlv.encode(0x87, bytes([2, 3, 0])),
        tlv.encode(0x88, tlv.bit_string(config.rsp_capability)),
        *_issuers(credentials),
        tlv.encode(0x8B, tlv.integer(config.category)),
    ]
    if config.forbidden_rules:
        parts.append(tlv.encode(0x99, tlv.bit_string(config.forbidden_rules)))
    parts.append(tlv.encode(0x04, bytes(config.pp_version)))
    parts.append(tlv.encode(0x0C, config.accreditation.encode()))
    parts.extend(_optional(config))
    return tlv.encode(0xBF22, parts)


def _optional(config: Config) -> list[bytes]:
    """What a chip may tell beside that."""
    parts = []
    if config.platform_label:
        certified = [
            tlv.encode(0x80, config.platform_label.encode()), tlv.encode(0x81, config.discovery_url.encode()),
        ]
        parts.append(tlv.encode(0xAC, certified))
    if config.tre_properties:
        parts.append(tlv.encode(0x8D, tlv.bit_string(config.tre_properties)))
    if config.tre_product:
        parts.append(tlv.encode(0x8E, config.tre_product.encode()))
    if config.more_profile_versions:
        parts.append(tlv.encode(0xAF, [tlv.encode(0x04, bytes(v)) for v in config.more_profile_versions]))
    return parts
