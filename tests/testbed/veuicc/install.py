# SPDX-License-Identifier: LGPL-2.1-or-later
"""Loading of a bound profile package (SGP.22 v2.5, 2.5.4, 5.5 and 5.7.6).

The package arrives in segments of fixed borders (2.5.5): BF36's header with
BF23; A0 whole or with its first member; A1's header alone; each 88 alone; A2 like
A0; A3's header alone; each 86 alone.  What breaks these borders is no package
(6A80); what is wrong inside ends the session with a ProfileInstallationResult.
"""

from __future__ import annotations

from dataclasses import dataclass

from testbed import crypto, tlv
from testbed.bsp import MAX_SEGMENT, Bsp, BspSecurityError
from testbed.veuicc import rules
from testbed.veuicc.apdu import StatusError, Sw
from testbed.veuicc.config import Config
from testbed.veuicc.elements import Elements, Failure, Reason
from testbed.veuicc.profiles import OPERATIONAL, PROVISIONING, TEST, Profile, ProfileTable
from testbed.veuicc.session import Session, Sessions

PACKAGE, SECURE_CHANNEL = 0xBF36, 0xBF23
ORDER = (0xA0, 0xA1, 0xA2, 0xA3)
MEMBER_TAG = {0xA0: 0x87, 0xA1: 0x88, 0xA2: 0x87, 0xA3: 0x86}
#: Containers whose header is a segment of its own.
HEADER_ALONE = {0xA1, 0xA3}
#: bppCommandId of a failure in each part.
COMMAND_ID = {SECURE_CHANNEL: 0, 0xA0: 1, 0xA1: 2, 0xA2: 4, 0xA3: 5}

INSTALL_OPERATION = 1
#: keyType AES, keyLen 16.
CONTROL_REFERENCE = {0x80: b"\x88", 0x81: b"\x10"}
#: What servers make that fill 1008 octets before padding.
LENIENT_SEGMENT = 1036
MAX_TEXT = {0x91: 32, 0x92: 64}
MAX_ICON = 1024
#: None, jpg, png.
ICON_TYPES = (None, b"\x00", b"\x01")
MAX_DP_DATA = 128
TEST_SUPPORT = 3


@dataclass(frozen=True)
class Installed:
    """The last segment was the last one, and all was well."""

    profile: Profile


class Loader:
    """One package, from its first segment to its result."""

    def __init__(self, sessions: Sessions, profiles: ProfileTable, config: Config, eid: bytes):
        self.session: Session = sessions.current
        self._sessions, self._profiles = sessions, profiles
        self._config, self._eid = config, eid
        self._part = SECURE_CHANNEL
        #: Octets of the package, and of the open container, that have not come yet.
        self._package_left = 0
        self._left = 0
        self._plain = bytearray()
        self._bsp: Bsp | None = None
        self._profile: Profile | None = None
        self._dp_proprietary: bytes | None = None
        self._elements: Elements | None = None

    @property
    def command_id(self) -> int:
        return COMMAND_ID[self._part]

    @property
    def iccid(self) -> bytes | None:
        """Known once StoreMetadata has been read."""
        return self._profile.iccid if self._profile else None

    def begin(self, segment: bytes) -> None:
        """Header of BF36 and the complete BF23."""
        try:
            _, self._package_left, start = tlv.read_header(segment)
            channel = tlv.parse_single(segment[start:], SECURE_CHANNEL)
        except tlv.TlvError:
            raise StatusError(Sw.WRONG_DATA) from None
        self._take_from_package(len(channel.raw))
        try:
            self._initialise_secure_channel(channel)
        except tlv.TlvError:
            raise Failure(Reason.INPUT) from None

    def add(self, segment: bytes) -> Installed | None:
        """Any further segment.  Raises Failure, or StatusError for wrong borders."""
        try:
            members = self._open(segment) if self._left == 0 else [tlv.parse_single(segment)]
        except tlv.TlvError:
            raise StatusError(Sw.WRONG_DATA) from None
        for member in members:
            self._left -= len(member.raw)
            if self._left < 0:
                raise StatusError(Sw.WRONG_DATA)
            self._process(member)
        installed = self._installed()
        if self._left == 0 and installed is None:
            self._close()
        return installed

    # Outer structure

    def _take_from_package(self, size: int) -> None:
        self._package_left -= size
        if self._package_left < 0:
            raise StatusError(Sw.WRONG_DATA)

    def _open(self, segment: bytes) -> list[tlv.Tlv]:
        """Header of the next container, with members where they may come with it."""
        tag, length, start = tlv.read_header(segment)
        allowed = ORDER[ORDER.index(self._part) + 1:] if self._part in ORDER else ORDER[:1]
        if self._part == 0xA1:
            allowed = (0xA2, 0xA3)
        elif self._part != SECURE_CHANNEL:
            allowed = allowed[:1]
        if tag not in allowed or (tag in HEADER_ALONE and len(segment) != start):
            raise StatusError(Sw.WRONG_DATA)
        self._take_from_package(start + length)
        if (tag == ORDER[-1]) != (self._package_left == 0):
            raise StatusError(Sw.WRONG_DATA)
        self._part, self._left = tag, length
        if length == 0:
            raise Failure(Reason.STRUCTURE)
        members = tlv.parse(segment[start:])
        if not members and tag not in HEADER_ALONE:
            raise StatusError(Sw.WRONG_DATA)
        return members

    def _process(self, member: tlv.Tlv) -> None:
        """Check the protection of one 86, 87 or 88."""
        limit = MAX_SEGMENT if self._config.strict_segments else LENIENT_SEGMENT
        if member.tag != MEMBER_TAG[self._part] or len(member.raw) > limit:
            raise Failure(Reason.STRUCTURE)
        try:
            if member.tag == 0x88:
                plain = self._bsp.verify_only(member.raw)
            else:
                plain = self._bsp.decrypt(member.raw)
        except BspSecurityError:
            raise Failure(Reason.SECURITY) from None
        if member.tag == 0x86:
            self._load(plain)
        else:
            self._plain += plain

    def _close(self) -> None:
        """All members of a container are here."""
        if self._part == 0xA3:
            raise Failure(Reason.ELEMENT)  # the package ends before the end element
        plain, self._plain = bytes(self._plain), bytearray()
        try:
            if self._part == 0xA0:
                self._configure_isdp(tlv.parse_single(plain, 0xBF24))
            elif self._part == 0xA1:
                self._store_metadata(tlv.parse_single(plain, 0xBF25))
            else:
                self._replace_session_keys(tlv.parse_single(plain, 0xBF26))
        except tlv.TlvError:
            raise Failure(Reason.STRUCTURE) from None

    # ES8+.InitialiseSecureChannel (5.5.1)

    def _initialise_secure_channel(self, channel: tlv.Tlv) -> None:
        members = channel.children()
        if [member.tag for member in members] != [0x82, 0x80, 0xA6, 0x5F49, 0x5F37]:
            raise tlv.TlvError("wrong members")
        operation, transaction_id, reference, point, signature = members
        if transaction_id.value != self.session.transaction_id:
            raise Failure(Reason.TRANSACTION_ID)
        if tlv.read_integer(operation.value) != INSTALL_OPERATION:
            raise Failure(Reason.REMOTE_OPERATION)
        values = {member.tag: member.value for member in reference.children()}
        host_id = values.pop(0x84, b"")
        if values != CONTROL_REFERENCE or not 1 <= len(host_id) <= 16:
            raise Failure(Reason.CRT)
        key = self.session.one_time_key
        own_point = tlv.encode(0x5F49, crypto.public_point(key))
        signed = b"".join(member.raw for member in members[:4]) + own_point
        if not crypto.verify(self.session.binding_cert, signed, signature.value):
            raise Failure(Reason.SIGNATURE)
        try:
            self._bsp = Bsp(*crypto.ecdh_keys(key, point.value, host_id, self._eid))
        except ValueError:  # not a point of the curve
            raise Failure(Reason.INPUT) from None
        self._sessions.forget_key(key)
        self.session.one_time_key = None

    # ES8+.ConfigureISDP (5.5.2)

    def _configure_isdp(self, request: tlv.Tlv) -> None:
        data = request.find(0xB8)
        if data is None:
            return
        if len(data.value) > MAX_DP_DATA:
            raise Failure(Reason.INPUT)
        data.get(0x80)
        self._dp_proprietary = data.value

    # ES8+.StoreMetadata (5.5.3)

    def _store_metadata(self, metadata: tlv.Tlv) -> None:
        values = {member.tag: member.value for member in metadata.children()}
        profile = self._read_profile(values)
        self._profile = profile
        if self._profiles.by_iccid(profile.iccid):
            raise Failure(Reason.ICCID_EXISTS)
        supported = {PROVISIONING, OPERATIONAL}
        if TEST_SUPPORT in self._config.rsp_capability:
            supported.add(TEST)
        if profile.profile_class not in supported:
            raise Failure(Reason.CLASS)
        has_operational = any(other.profile_class == OPERATIONAL for other in self._profiles)
        if profile.rules is not None and not rules.permitted(
            profile.rules, profile.owner, self._config.rat, self._config.forbidden_rules, has_operational
        ):
            raise Failure(Reason.RULES)
        if profile.owner is not None and not rules.owner_is_valid(profile.owner):
            raise Failure(Reason.INPUT)
        self._check_memory()
        is_test = profile.profile_class == TEST
        self._elements = Elements(profile.iccid, is_test, self._config)

    def _read_profile(self, values: dict[int, bytes]) -> Profile:
        """Sizes and presence; texts are taken as they are."""
        icon_type = values.get(0x93)
        wrong = (
            len(values.get(0x5A, b"")) != 10
            or any(tag not in values or len(values[tag]) > size for tag, size in MAX_TEXT.items())
            or len(values.get(0x94, b"")) > MAX_ICON
            or (0x94 in values and icon_type is None)
            or icon_type not in ICON_TYPES
        )
        if wrong:
            raise Failure(Reason.INPUT)
        if 0xB6 in values:
            for entry in tlv.parse(values[0xB6]):
                tlv.read_bit_string(entry.get(0x80).value)
                entry.get(0x81)
        return Profile(
            iccid=values[0x5A],
            aid=self._profiles.new_aid(),
            service_provider=values[0x91],
            name=values[0x92],
            icon_type=icon_type[0] if icon_type else None,
            icon=values.get(0x94),
            profile_class=tlv.read_integer(values.get(0x95, b"\x02")),
            notification_configuration=values.get(0xB6),
            owner=values.get(0xB7),
            rules=values.get(0x99),
            dp_proprietary=self._dp_proprietary,
            pkid=self.session.identity.pkid,
        )

    # ES8+.ReplaceSessionKeys (5.5.4)

    def _replace_session_keys(self, request: tlv.Tlv) -> None:
        keys = [request.get(tag).value for tag in (0x80, 0x81, 0x82)]
        if any(len(key) != 16 for key in keys):
            raise Failure(Reason.INPUT)
        self._bsp.replace_keys(*keys)

    # ES8+.LoadProfileElements (5.5.5)

    def _load(self, plain: bytes) -> None:
        self._profile.package += plain
        self._check_memory()
        self._elements.feed(plain)

    def _check_memory(self) -> None:
        if self._profiles.used_memory + self._profile.size > self._config.memory:
            raise Failure(Reason.MEMORY)

    def _installed(self) -> Installed | None:
        """The end element is here; nothing may follow it."""
        if self._elements is None or not self._elements.complete:
            return None
        if self._left:
            raise Failure(Reason.ELEMENT)
        return Installed(self._profile)
