# SPDX-License-Identifier: LGPL-2.1-or-later
"""Faults by name: for the command line, and for tests that walk through all of them.

Names in FUNCTION and TOLERATED and pairs of codes take an ES9+ function after a colon, for example
``http-503:getBoundProfilePackage`` or ``8.2.6/3.8:authenticateClient``; the others know their place.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from .. import tlv
from ..tlv import encode
from . import faults as f
from .faults import Faults

OVERSIZE = 10 * 1024 * 1024
NESTING = 1000


def flip(octets: bytes) -> bytes:
    """The same octets with the last bit wrong."""
    return octets[:-1] + bytes([octets[-1] ^ 1])


def other_field(tag: int, content: bytes) -> Callable[[bytes], bytes]:
    """A change of one field in a BF25; the field is added when it is not there."""
    def change(metadata: bytes) -> bytes:
        children = [child.raw for child in tlv.parse_single(metadata).children() if child.tag != tag]
        return encode(0xBF25, sorted(children + [encode(tag, content)], key=_order))
    return change


def _order(raw: bytes) -> tuple[bool, int]:
    """Position in StoreMetadataRequest: 5A first, then ascending tags."""
    tag = tlv.read_header(raw)[0]
    return tag != 0x5A, tag & 0x1F


def _other_iccid(profile: bytes, tag: int) -> bytes:
    """Another ICCID in one profile element."""
    elements = [element.raw for element in tlv.parse(profile)]
    return b"".join(raw.replace(b"\x83\x0a\x98", b"\x83\x0a\x89", 1) if raw[0] == tag else raw
                    for raw in elements)


def wrap_lines(text: str) -> str:
    """base64 in lines of 64 characters, as some servers send it."""
    return "\n".join(text[start:start + 64] for start in range(0, len(text), 64))


def in_members(change: Callable[[str], str]) -> f.Json:
    """A change of every base64 member of an answer."""
    def make(answer: dict) -> dict:
        return {name: change(value) if isinstance(value, str) and name != "transactionId" else value
                for name, value in answer.items()}
    return f.Json(make)


def _duplicate_key(body: bytes) -> bytes:
    return b'{"transactionId": "00", ' + body[1:]


def _oversize(body: bytes) -> bytes:
    return body[:-1] + b', "filler": "' + b"A" * OVERSIZE + b'"}'


def _nested(_: bytes) -> bytes:
    return b'{"header": ' + b"[" * NESTING + b"]" * NESTING + b"}"


def _unknown_members(answer: dict) -> dict:
    return answer | {"vendorExtension": {"a": [1, 2, None]}, "zz": "text"}


FUNCTION: dict[str, f.Action] = {
    "reset-before": f.Break("reset", executed=False),
    "close-before": f.Break("close", executed=False),
    "silence-before": f.Break("hang", executed=False),
    "reset-answer": f.Break("reset"),
    "close-answer": f.Break("close"),
    "silence-answer": f.Break("hang"),
    "reset-in-headers": f.Break("reset", head_octets=30),
    "close-in-headers": f.Break("close", head_octets=30),
    "stall-in-headers": f.Break("hang", head_octets=30),
    "reset-in-body": f.Break("reset", after_octets=20),
    "stall-in-body": f.Break("hang", after_octets=20),
    "truncate": f.Truncate(),
    "slow": f.Slow(10.0),
    "http-302": f.Status(302, (("Location", "https://elsewhere.example.test/"),)),
    "http-401": f.Status(401),
    "http-404": f.Status(404),
    "http-500": f.Status(500),
    "http-503": f.Status(503, (("Retry-After", "120"),)),
    "http-500-answer": f.Status(500, executed=True),
    "http-200-empty": f.Status(200, executed=True),
    "http-204": f.Status(204, executed=True),
    "not-json": f.Body(lambda body: body[:-10]),
    "html": f.Body(lambda _: b"<!DOCTYPE html><title>Log in to the network</title>", "text/html"),
    "empty-body": f.Body(lambda _: b""),
    "not-utf8": f.Body(lambda body: body.replace(b'"header"', b'"h\xff\xfe": 1, "header"')),
    "oversize": f.Body(_oversize),
    "nested": f.Body(_nested),
    "duplicate-key": f.Body(_duplicate_key),
    "gzip": f.Gzip(),
    "large-headers": f.Headers((("X-Filler", "A" * 65536),)),
    "wrong-json-transaction-id": f.Json(lambda answer: answer | {"transactionId": "00" * 16}),
    "no-header": f.Json(lambda answer: {k: v for k, v in answer.items() if k != "header"}),
    "missing-member": f.Json(
        lambda answer: {k: v for k, v in answer.items() if k in ("header", "transactionId")}),
    "bad-base64": in_members(lambda text: "*" + text[1:]),
    "bad-tlv": in_members(lambda _: "MIL/"),
}
"""Faults of any function."""

TOLERATED: dict[str, f.Action] = {
    "lines": in_members(wrap_lines),
    "unpadded": in_members(lambda text: text.rstrip("=")),
    "unknown-members": f.Json(_unknown_members),
    "lower-case-id": f.Json(lambda answer: answer | {"transactionId": answer["transactionId"].lower()}),
    "warning": f.Json(lambda answer: answer | {"header": {"functionExecutionStatus": {
        "status": "Executed-WithWarning", "statusCodeData": {
            "subjectCode": "8.8", "reasonCode": "4.2", "message": "only a warning"}}}}),
}
"""Deviations that are in the field and that an LPA copes with."""

POINT: dict[str, tuple[str, object]] = {
    "wrong-transaction-id-server-signed1": ("serverSigned1.transactionId", flip),
    "wrong-challenge": ("serverSigned1.euiccChallenge", flip),
    "wrong-server-address": ("serverSigned1.serverAddress", "other.example.test"),
    "wrong-server-signature1": ("serverSignature1", flip),
    "wrong-pkid": ("euiccCiPKIdToBeUsed", flip),
    "wrong-server-certificate": ("serverCertificate", flip),
    "changed-server-signed1": ("json.serverSigned1", flip),
    "wrong-transaction-id-smdp-signed2": ("smdpSigned2.transactionId", flip),
    "wrong-smdp-signature2": ("smdpSignature2", flip),
    "wrong-smdp-certificate": ("smdpCertificate", flip),
    "changed-smdp-signed2": ("json.smdpSigned2", flip),
    "unannounced-confirmation-code": ("smdpSigned2.ccRequiredFlag", True),
    "wrong-transaction-id-bf23": ("bpp.transactionId", flip),
    "wrong-remote-operation": ("bpp.remoteOpId", 2),
    "wrong-control-reference": (
        "bpp.controlReference", lambda item: item.replace(b"\x80\x01\x88", b"\x80\x01\x89")),
    "wrong-smdp-sign": ("bpp.smdpSign", flip),
    "wrong-configure-isdp": ("bpp.configureIsdp", encode(0xBF24, encode(0xB8, encode(0x80, bytes(140))))),
    "other-iccid": ("bpp.metadata", other_field(0x5A, bytes.fromhex("98001032547698103214"))),
    "other-service-provider": ("bpp.metadata", other_field(0x91, b"Somebody else")),
    "other-name": ("bpp.metadata", other_field(0x92, b"Another plan")),
    "other-icon-type": ("bpp.metadata", other_field(0x93, b"\x00")),
    "other-icon": ("bpp.metadata", other_field(0x94, b"icon")),
    "other-class": ("bpp.metadata", other_field(0x95, b"\x01")),
    "other-notifications": ("bpp.metadata", other_field(0xB6, encode(0x30, encode(0x80, b"\x04\xf0") + encode(
        0x81, b"other.example.test")))),
    "other-owner": ("bpp.metadata", other_field(0xB7, encode(0x80, b"\x62\xf2\x10"))),
    "other-policy-rules": ("bpp.metadata", other_field(0x99, b"\x06\x40")),
    "wrong-mac": ("bpp.segments", lambda segments: [flip(segments[0]), *segments[1:]]),
    "wrong-last-mac": ("bpp.segments", lambda segments: [*segments[:-1], flip(segments[-1])]),
    "swapped-segments": ("bpp.segments", lambda segments: [segments[1], segments[0], *segments[2:]]),
    "no-end-element": ("bpp.profile", lambda profile: profile[:-9]),
    "wrong-iccid-in-header": ("bpp.profile", lambda profile: _other_iccid(profile, 0xA0)),
    "wrong-iccid-in-file": ("bpp.profile", lambda profile: _other_iccid(profile, 0xB0)),
    "empty-a3": ("bpp.segments", []),
    "extra-tlv": ("bpp.children", lambda children: [*children, encode(0xA4, b"")]),
    "missing-a1": ("bpp.children", lambda children: [child for child in children if child[0] != 0xA1]),
    "foreign-child": (
        "bpp.children", lambda children: [*children[:-1], encode(0xA3, encode(0x85, bytes(24)))]),
    "not-a-package": ("json.boundProfilePackage", encode(0xBF37, b"")),
    "cut-package": ("json.boundProfilePackage", lambda package: package[:-5]),
    "not-metadata": ("json.profileMetadata", encode(0x30, b"")),
    "hostile-names": ("json.profileMetadata", other_field(0x92, b"\x1b[31m\x00\xff\xfe \xe2\x80\xae plan")),
}
"""Faults of protocol elements: (point, value)."""


def plant(faults: Faults, name: str, n: int = 1, times: int | None = 1) -> None:
    """Plant the fault ``name`` or ``name:function``; ValueError for an unknown one.

    A pair such as ``8.2.6/3.8`` is a name too: the function fails with that subject and reason.
    """
    name, _, function = name.partition(":")
    pair = re.fullmatch(r"([0-9.]+)/([0-9.]+)", name)
    actions = FUNCTION | TOLERATED | ({name: f.Fail(*pair.groups())} if pair else {})
    if name in POINT and not function:
        faults.change(*POINT[name], n=n, times=times)
    elif name in f.CONNECTION_ACTIONS and not function:
        faults.at_connection(name, n, times)
    elif name in actions and function:
        faults.at_function(function, actions[name], n, times)
    elif name in actions:
        faults.at_request(actions[name], n, times)
    else:
        raise ValueError(f"unknown fault {name}")


def names() -> list[str]:
    """All names, for --help."""
    return sorted([*POINT, *f.CONNECTION_ACTIONS, *FUNCTION, *TOLERATED])
