# SPDX-License-Identifier: LGPL-2.1-or-later
"""The bound profile package: protection and binding (SGP.22 v2.5, 2.5.3, 2.5.4 and 5.5).

Protected segments are made once for a pair of one-time keys. What names the session, BF23, is made and
signed again each time, so that a package whose download broke off can be sent again in another session.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from .. import crypto, tlv
from ..bsp import MAX_ENCRYPTED, MAX_MAC_ONLY, Bsp
from ..pki import Credential
from ..tlv import encode
from .faults import Faults
from .orders import Binding, Order

OVERSIZE = 1008
"""Plaintext octets for each 86 that make an object of 1036 octets, as some servers in the field do."""


@dataclass(frozen=True)
class Target:
    """Whom a package is bound to."""

    eid: str
    euicc_otpk: bytes


def host_id(host: str) -> bytes:
    """The host identifier of the key derivation: 1 to 16 octets of the server's choice."""
    return host.encode()[:16]


def _pieces(octets: bytes, size: int) -> list[bytes]:
    return [octets[start:start + size] for start in range(0, len(octets), size)]


def _protected_profile(bsp: Bsp, order: Order, faults: Faults) -> list[bytes]:
    profile = faults.value("bpp.profile", order.package())
    if order.oversize:
        return [bsp.encrypt_and_mac(0x86, piece, oversize=True) for piece in _pieces(profile, OVERSIZE)]
    return [bsp.encrypt_and_mac(0x86, piece) for piece in _pieces(profile, MAX_ENCRYPTED)]


def _replace_session_keys(bsp: Bsp) -> tuple[bytes, Bsp]:
    """The 87 with ReplaceSessionKeys and the protection that follows it (5.5.4)."""
    mcv, enc, mac = (os.urandom(16) for _ in range(3))
    request = encode(0xBF26, [encode(0x80, mcv), encode(0x81, enc), encode(0x82, mac)])
    return bsp.encrypt_and_mac(0x87, request), Bsp(mcv, enc, mac)


def _sequences(bsp: Bsp, order: Order, oid: str, faults: Faults) -> bytes:
    """A0, A1, A2 when keys are replaced, A3 - in this order, with one MAC chain."""
    configure = encode(0xBF24, [encode(0xB8, [encode(0x80, tlv.oid(oid))])])
    configure = faults.value("bpp.configureIsdp", configure)
    sequences = [encode(0xA0, bsp.encrypt_and_mac(0x87, configure))]
    metadata = faults.value("bpp.metadata", order.metadata())
    sequences.append(encode(0xA1, [bsp.mac_only(0x88, piece) for piece in _pieces(metadata, MAX_MAC_ONLY)]))
    if order.protection == "ppk":
        replacement, bsp = _replace_session_keys(bsp)
        sequences.append(encode(0xA2, replacement))
    segments = faults.value("bpp.segments", _protected_profile(bsp, order, faults))
    sequences.append(encode(0xA3, segments))
    return b"".join(sequences)


def bind(order: Order, target: Target, credential: Credential, oid: str, faults: Faults) -> Binding:
    """Key agreement and protection for one eUICC. ValueError for a one-time key that is no point."""
    one_time_key = crypto.generate_key(credential.key.curve)
    host = host_id(order.host)
    keys = crypto.ecdh_keys(one_time_key, target.euicc_otpk, host, bytes.fromhex(target.eid))
    return Binding(
        eid=target.eid, ci=credential.der, euicc_otpk=target.euicc_otpk,
        smdp_otpk=crypto.public_point(one_time_key), host_id=host,
        sequences=_sequences(Bsp(*keys), order, oid, faults))


def _initialise_secure_channel(binding: Binding, transaction_id: bytes, credential: Credential,
                               faults: Faults) -> bytes:
    """BF23, signed with DPpb over its own content and the eUICC's one-time key (5.5.1)."""
    control = encode(0x80, bytes([crypto.KEY_TYPE_AES])) + encode(0x81, bytes([crypto.KEY_LENGTH]))
    control += encode(0x84, binding.host_id)
    signed = b"".join([
        encode(0x82, tlv.integer(faults.value("bpp.remoteOpId", 1))),
        encode(0x80, faults.value("bpp.transactionId", transaction_id)),
        encode(0xA6, faults.value("bpp.controlReference", control)), encode(0x5F49, binding.smdp_otpk)])
    signature = crypto.sign(credential.key, signed + encode(0x5F49, binding.euicc_otpk))
    return encode(0xBF23, signed + encode(0x5F37, faults.value("bpp.smdpSign", signature)))


def bound_profile_package(binding: Binding, transaction_id: bytes, credential: Credential,
                          faults: Faults) -> bytes:
    """The whole BF36 for this session."""
    first = _initialise_secure_channel(binding, transaction_id, credential, faults)
    children = [first] + [child.raw for child in tlv.parse(binding.sequences)]
    return encode(0xBF36, faults.value("bpp.children", children))
