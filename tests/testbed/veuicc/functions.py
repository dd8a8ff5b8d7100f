# SPDX-License-Identifier: LGPL-2.1-or-later
"""The ES10 functions (SGP.22 v2.5, 5.7.3 to 5.7.22), one method each.

A method takes the decoded request and returns the encoded answer.  TlvError
means that the request is no request (6A80).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from testbed import tlv
from testbed.veuicc import info
from testbed.veuicc.apdu import StatusError, Sw
from testbed.veuicc.names import FUNCTIONS
from testbed.veuicc.profiles import ALL_TAGS, DEFAULT_TAGS, Refused

if TYPE_CHECKING:
    from testbed.veuicc.euicc import Euicc

UNDEFINED = 127
NO_RESULT = 1
INCORRECT_INPUT = 1
NOTHING_TO_DELETE = 1
ICCID_OR_AID_NOT_FOUND = 1
CAT_BUSY = 5
#: Bits of eUICCMemoryReset's options.
DELETE_OPERATIONAL, DELETE_TEST, RESET_DEFAULT_DP = 0, 1, 2
MAX_ADDRESS = 255
#: rspCapability: LoadCRL is known.
CRL_SUPPORT = 1


def answer(tag: int, code: int = 0, error_tag: int = 0x80) -> bytes:
    return tlv.encode(tag, tlv.encode(error_tag, tlv.integer(code)))


class Functions:
    """Dispatches by tag.  Loading of a package is the chip's own business."""

    def __init__(self, chip: Euicc):
        self._chip = chip
        methods: dict[str, Callable[[tlv.Tlv], bytes]] = {
            "GetEuiccConfiguredAddresses": self._get_addresses,
            "SetDefaultDpAddress": self._set_default_dp,
            "PrepareDownload": self._prepare_download,
            "GetEuiccChallenge": self._get_challenge,
            "GetEuiccInfo1": self._get_info1,
            "GetEuiccInfo2": self._get_info2,
            "ListNotification": self._list_notification,
            "RetrieveNotificationsList": self._retrieve_notifications,
            "RemoveNotificationFromList": self._remove_notification,
            "LoadCRL": self._load_crl,
            "AuthenticateServer": self._authenticate_server,
            "CancelSession": self._cancel_session,
            "GetRAT": self._get_rat,
            "GetProfilesInfo": self._get_profiles,
            "EnableProfile": self._enable,
            "DisableProfile": self._disable,
            "DeleteProfile": self._delete,
            "MemoryReset": self._memory_reset,
            "GetEID": self._get_eid,
            "SetNickname": self._set_nickname,
        }
        self._by_tag = {FUNCTIONS[name][0]: method for name, method in methods.items()}

    def call(self, request: tlv.Tlv) -> bytes:
        method = self._by_tag.get(request.tag)
        if method is None:
            raise StatusError(Sw.REFERENCE)
        return method(request)

    # Addresses: 5.7.3, 5.7.4

    def _get_addresses(self, request: tlv.Tlv) -> bytes:
        parts = []
        if self._chip.default_dp:
            parts.append(tlv.encode(0x80, self._chip.default_dp.encode()))
        parts.append(tlv.encode(0x81, (self._chip.config.root_ds or "").encode()))
        return tlv.encode(request.tag, parts)

    def _set_default_dp(self, request: tlv.Tlv) -> bytes:
        (address,) = (member.value for member in _members(request, 0x80))
        if len(address) > MAX_ADDRESS or not address.isascii():
            return answer(request.tag, UNDEFINED)
        self._chip.default_dp = address.decode()
        return answer(request.tag)

    # Session: 5.7.5, 5.7.7, 5.7.13, 5.7.14

    def _get_challenge(self, _request: tlv.Tlv) -> bytes:
        self._chip.loading.abandon()
        return self._chip.sessions.challenge()

    def _authenticate_server(self, request: tlv.Tlv) -> bytes:
        chip = self._chip
        return chip.sessions.authenticate_server(request, chip.info2(), chip.config)

    def _prepare_download(self, request: tlv.Tlv) -> bytes:
        return self._chip.sessions.prepare_download(request, self._chip.config.curves)

    def _cancel_session(self, request: tlv.Tlv) -> bytes:
        reply = self._chip.sessions.cancel(request)
        if self._chip.sessions.current is None:
            self._chip.loading.abandon()
        return reply

    # The chip itself: 5.7.8, 5.7.20, 5.7.22

    def _get_info1(self, _request: tlv.Tlv) -> bytes:
        return info.info1(self._chip.config, self._chip.credentials)

    def _get_info2(self, _request: tlv.Tlv) -> bytes:
        return self._chip.info2()

    def _get_eid(self, request: tlv.Tlv) -> bytes:
        (wanted,) = _members(request, 0x5C)
        if wanted.value != b"\x5a":
            raise tlv.TlvError("only the EID can be asked for")
        return tlv.encode(request.tag, tlv.encode(0x5A, self._chip.eid_octets))

    def _get_rat(self, request: tlv.Tlv) -> bytes:
        return tlv.encode(request.tag, tlv.encode(0xA0, self._chip.config.rat))

    # Notifications: 5.7.9 to 5.7.11

    def _list_notification(self, request: tlv.Tlv) -> bytes:
        events = request.find(0x81)
        wanted = tlv.read_bit_string(events.value) if events else None
        found = self._chip.notifications.matching(wanted)
        return tlv.encode(request.tag, tlv.encode(0xA0, [n.metadata for n in found]))

    def _retrieve_notifications(self, request: tlv.Tlv) -> bytes:
        store = self._chip.notifications
        criteria = request.find(0xA0)
        if criteria is None and request.value:
            return answer(request.tag, UNDEFINED, 0x81)
        wanted = criteria.children() if criteria else []
        if len(wanted) > 1 or (criteria and not wanted) or (wanted and wanted[0].tag not in (0x80, 0x81)):
            return answer(request.tag, UNDEFINED, 0x81)
        if not wanted:
            found = store.matching(None)
        elif wanted[0].tag == 0x80:
            one = store.by_seq(tlv.read_integer(wanted[0].value))
            found = [one] if one else []
        else:
            found = store.matching(tlv.read_bit_string(wanted[0].value))
        if not found:
            return answer(request.tag, NO_RESULT, 0x81)
        return tlv.encode(request.tag, tlv.encode(0xA0, [n.raw for n in found]))

    def _remove_notification(self, request: tlv.Tlv) -> bytes:
        (number,) = _members(request, 0x80)
        removed = self._chip.notifications.remove(tlv.read_integer(number.value))
        return answer(request.tag, 0 if removed else NOTHING_TO_DELETE)

    # Revocation: 5.7.12

    def _load_crl(self, request: tlv.Tlv) -> bytes:
        """The list comes with the tag A0 in the place of its SEQUENCE's."""
        chip = self._chip
        if CRL_SUPPORT not in chip.config.rsp_capability:
            raise StatusError(Sw.REFERENCE)
        (listed,) = _exactly(request.children(), 1)
        if listed.tag != 0xA0:
            raise tlv.TlvError("a list of revoked certificates is expected")
        try:
            missing = chip.crls.load(tlv.encode(0x30, listed.value), chip.credentials.ci_certs)
        except Refused as refused:
            return answer(request.tag, refused.code, 0x81)
        numbers = [tlv.encode(0x02, tlv.integer(part)) for part in missing]
        parts = [tlv.encode(0xA0, numbers)] if numbers else []
        return tlv.encode(request.tag, tlv.encode(0xA0, parts))

    # Profiles: 5.7.15 to 5.7.19, 5.7.21

    def _get_profiles(self, request: tlv.Tlv) -> bytes:
        criteria, tag_list = request.find(0xA0), request.find(0x5C)
        try:
            tags = _read_tag_list(tag_list.value) if tag_list else list(DEFAULT_TAGS)
            wanted = criteria.children() if criteria else []
            if len(wanted) > 1 or (criteria and not wanted):
                raise tlv.TlvError("one criterion")
            if self._chip.config.strict_tag_list and set(tags) - set(ALL_TAGS):
                raise tlv.TlvError("unknown tag")
            found = self._chip.profiles.select(wanted[0] if wanted else None)
        except tlv.TlvError:
            return answer(request.tag, INCORRECT_INPUT, 0x81)
        entries = [
            tlv.encode(0xE3, [profile.field(tag) or b"" for tag in ALL_TAGS if tag in tags])
            for profile in found
        ]
        return tlv.encode(request.tag, tlv.encode(0xA0, entries))

    def _enable(self, request: tlv.Tlv) -> bytes:
        return self._switch(request, self._chip.profiles.enable)

    def _disable(self, request: tlv.Tlv) -> bytes:
        return self._switch(request, self._chip.profiles.disable)

    def _switch(self, request: tlv.Tlv, change) -> bytes:
        """EnableProfile and DisableProfile have the identifier wrapped in A0."""
        wrapped, flag = _members(request, 0xA0, 0x81)
        (identifier,) = _exactly(wrapped.children(), 1)
        refresh = tlv.read_boolean(flag.value)
        try:
            self._check_form(identifier, refresh)
            if not self._chip.config.false_ok:
                self._chip.profiles_switched(change(identifier, refresh, self._chip.config.cat_busy))
        except Refused as refused:
            return answer(request.tag, refused.code)
        return self._done(request)

    def _check_form(self, identifier: tlv.Tlv, refresh: bool | None = None) -> None:
        """What cards in the field do not take, though the specification says that they do."""
        if identifier.tag not in (0x5A, 0x4F):
            raise tlv.TlvError("neither ICCID nor AID")
        if identifier.tag not in self._chip.config.identifiers:
            raise Refused(ICCID_OR_AID_NOT_FOUND)
        if refresh is not None and refresh not in self._chip.config.refresh_flags:
            raise Refused(UNDEFINED)

    def _done(self, request: tlv.Tlv) -> bytes:
        return answer(request.tag, self._chip.config.false_error or 0)

    def _delete(self, request: tlv.Tlv) -> bytes:
        """DeleteProfile has the identifier without a wrapper."""
        (identifier,) = _exactly(request.children(), 1)
        try:
            self._check_form(identifier)
            if not self._chip.config.false_ok:
                self._chip.notify(self._chip.profiles.delete(identifier))
        except Refused as refused:
            return answer(request.tag, refused.code)
        return self._done(request)

    def _memory_reset(self, request: tlv.Tlv) -> bytes:
        chip = self._chip
        (named,) = _members(request, 0x82)
        options = tlv.read_bit_string(named.value)
        doomed = chip.profiles.doomed(DELETE_OPERATIONAL in options, DELETE_TEST in options)
        if not options or options - {DELETE_OPERATIONAL, DELETE_TEST, RESET_DEFAULT_DP}:
            return answer(request.tag, UNDEFINED)
        if not doomed and RESET_DEFAULT_DP not in options:
            return answer(request.tag, NOTHING_TO_DELETE)
        if chip.config.cat_busy and any(profile.enabled for profile in doomed):
            return answer(request.tag, CAT_BUSY)
        if not chip.config.false_ok:
            if RESET_DEFAULT_DP in options:
                chip.default_dp = ""
            chip.profiles_switched(chip.profiles.remove(doomed))
        return self._done(request)

    def _set_nickname(self, request: tlv.Tlv) -> bytes:
        iccid, nickname = (member.value for member in _members(request, 0x5A, 0x90))
        try:
            self._chip.profiles.set_nickname(iccid, nickname)
        except Refused as refused:
            return answer(request.tag, refused.code)
        return answer(request.tag)


def _members(request: tlv.Tlv, *tags: int) -> list[tlv.Tlv]:
    """The members of a request, all of them and in their order; a chip of v2.5 knows no others."""
    members = _exactly(request.children(), len(tags))
    if [member.tag for member in members] != list(tags):
        raise tlv.TlvError("members are missing, unknown or in a wrong order")
    return members


def _exactly(members: list[tlv.Tlv], count: int) -> list[tlv.Tlv]:
    if len(members) != count:
        raise tlv.TlvError(f"{len(members)} members where {count} were expected")
    return members


def _read_tag_list(data: bytes) -> list[int]:
    """Concatenated tags, as 5C has them."""
    tags, offset = [], 0
    while offset < len(data):
        size = 2 if data[offset] & 0x1F == 0x1F else 1
        if offset + size > len(data):
            raise tlv.TlvError("tag list is cut off")
        tags.append(int.from_bytes(data[offset:offset + size], "big"))
        offset += size
    return tags
