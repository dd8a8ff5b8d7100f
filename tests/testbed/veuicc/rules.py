# SPDX-License-Identifier: LGPL-2.1-or-later
"""Policy rules against the rules authorisation table (SGP.22 v2.5, 2.9.2.4)."""

from __future__ import annotations

from collections.abc import Iterable

from testbed import tlv
from testbed.veuicc.profiles import PPR1, PPR2


def permitted(rules: bytes, owner: bytes | None, rat: Iterable[bytes], forbidden: Iterable[int],
              operational_installed: bool = False) -> bool:
    """Whether a profile with these rules (content of 99) and owner (of B7) may be installed."""
    bits = tlv.read_bit_string(rules) - {0}
    if not bits:
        return True
    if owner is None or bits - {PPR1, PPR2} or bits & set(forbidden):
        return False
    if PPR1 in bits and operational_installed:
        return False
    table = [tlv.parse_single(entry) for entry in rat]
    return all(any(_grants(entry, rule, owner) for entry in table) for rule in bits)


def owner_is_valid(owner: bytes) -> bool:
    """An owner names one operator: three octets and no wildcard digit E."""
    operator = tlv.find(tlv.parse(owner), 0x80)
    return operator is not None and len(operator.value) == 3 and "e" not in operator.value.hex()


def _grants(entry: tlv.Tlv, rule: int, owner: bytes) -> bool:
    if rule not in tlv.read_bit_string(entry.get(0x80).value):
        return False
    return any(_matches(allowed, tlv.parse(owner)) for allowed in entry.get(0xA1).children())


def _matches(allowed: tlv.Tlv, owner: list[tlv.Tlv]) -> bool:
    operator = tlv.find(owner, 0x80)
    if operator is None or not _digits_match(allowed.get(0x80).value, operator.value):
        return False
    return all(_group_matches(allowed.find(tag), tlv.find(owner, tag)) for tag in (0x81, 0x82))


def _digits_match(allowed: bytes, operator: bytes) -> bool:
    pairs = zip(allowed.hex(), operator.hex(), strict=False)
    return len(allowed) == len(operator) and all(a in ("e", b) for a, b in pairs)


def _group_matches(allowed: tlv.Tlv | None, owner: tlv.Tlv | None) -> bool:
    """Absent matches absent only; empty matches any value; else octet by octet."""
    if allowed is None or owner is None:
        return allowed is owner
    return bool(owner.value) if not allowed.value else owner.value == allowed.value
