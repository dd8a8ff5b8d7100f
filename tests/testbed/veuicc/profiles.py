# SPDX-License-Identifier: LGPL-2.1-or-later
"""Profiles, their states and rules (SGP.22 v2.5, 2.4.5, 2.9 and 5.7.15 to 5.7.21).

The table changes nothing but itself; each change returns the events that a
notification may have to tell of.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields

from testbed import tlv

TEST, PROVISIONING, OPERATIONAL = 0, 1, 2
PPR1, PPR2 = 1, 2
INSTALL, ENABLE, DISABLE, DELETE = 0, 1, 2, 3

DEFAULT_TAGS = (0x5A, 0x4F, 0x9F70, 0x90, 0x91, 0x92, 0x93, 0x94, 0x95)
ALL_TAGS = (*DEFAULT_TAGS, 0xB6, 0xB7, 0xB8, 0x99)

MAX_NICKNAME = 64


class Refused(Exception):
    """A function ends with this result code."""

    def __init__(self, code: int):
        super().__init__(str(code))
        self.code = code


@dataclass
class Profile:
    """One ISD-P.  None is a field that the profile does not have."""

    iccid: bytes
    aid: bytes = b""
    service_provider: bytes | None = None
    name: bytes | None = None
    icon_type: int | None = None
    icon: bytes | None = None
    profile_class: int = OPERATIONAL
    enabled: bool = False
    nickname: bytes | None = None
    #: Contents of B6, B7, B8 and 99 as they were received.
    notification_configuration: bytes | None = None
    owner: bytes | None = None
    dp_proprietary: bytes | None = None
    rules: bytes | None = None
    #: Unprotected package, for the file system of an enabled profile.
    package: bytes = b""
    #: Issuer below which notifications are signed; empty for the chip's first.
    pkid: bytes = b""
    field_loaded: bool = True
    #: Highest sequence number that the USIM has accepted (3GPP TS 33.102, 6.3.3).
    sqn: int = 0

    @property
    def size(self) -> int:
        """Octets of memory that it occupies."""
        return len(self.package) + len(self.icon or b"")

    def has_rule(self, rule: int) -> bool:
        return self.rules is not None and rule in tlv.read_bit_string(self.rules)

    def addresses_for(self, event: int) -> list[bytes]:
        """Recipients of a notification of the event; none for a test profile."""
        if self.profile_class == TEST or not self.notification_configuration:
            return []
        return [
            entry.get(0x81).value
            for entry in tlv.parse(self.notification_configuration)
            if event in tlv.read_bit_string(entry.get(0x80).value)
        ]

    def field(self, tag: int) -> bytes | None:
        """The object of GetProfilesInfo with this tag, or None."""
        contents: dict[int, bytes | None] = {
            0x5A: self.iccid,
            0x4F: self.aid,
            0x9F70: bytes([self.enabled]),
            0x90: self.nickname,
            0x91: self.service_provider,
            0x92: self.name,
            0x93: None if self.icon_type is None else bytes([self.icon_type]),
            0x94: self.icon,
            0x95: bytes([self.profile_class]),
            0xB6: self.notification_configuration,
            0xB7: self.owner,
            0xB8: self.dp_proprietary,
            0x99: self.rules,
        }
        value = contents.get(tag)
        return None if value is None else tlv.encode(tag, value)

    def to_json(self) -> dict:
        return {
            key: {"hex": value.hex()} if isinstance(value, bytes) else value
            for key, value in asdict(self).items()
        }

    @classmethod
    def from_json(cls, state: dict) -> Profile:
        values = {}
        for known in fields(cls):
            value = state.get(known.name, known.default)
            values[known.name] = bytes.fromhex(value["hex"]) if isinstance(value, dict) else value
        return cls(**values)


Event = tuple[int, Profile]


@dataclass
class Pending:
    """A switch that was accepted with the refresh flag and waits for the reset."""

    enable: bytes | None = None
    disable: bytes | None = None


class ProfileTable:
    """All profiles in the order of their installation."""

    def __init__(self) -> None:
        self.profiles: list[Profile] = []
        #: Not None from an accepted switch (or a reset of memory) to the reset of the card.
        self.pending: Pending | None = None
        #: Operational profile that was enabled before a test profile (2.4.5).
        self._before_test: bytes | None = None

    def __iter__(self):
        return iter(list(self.profiles))

    def __len__(self) -> int:
        return len(self.profiles)

    @property
    def enabled(self) -> Profile | None:
        return next((profile for profile in self.profiles if profile.enabled), None)

    @property
    def used_memory(self) -> int:
        return sum(profile.size for profile in self.profiles)

    def by_iccid(self, iccid: bytes) -> Profile | None:
        return next((profile for profile in self.profiles if profile.iccid == iccid), None)

    def by_identifier(self, identifier: tlv.Tlv) -> Profile | None:
        """Profile named by its ICCID (5A) or by its ISD-P's AID (4F)."""
        if identifier.tag == 0x5A:
            return self.by_iccid(identifier.value)
        if identifier.tag == 0x4F:
            return next((p for p in self.profiles if p.aid == identifier.value), None)
        raise tlv.TlvError("neither ICCID nor AID")

    def new_aid(self) -> bytes:
        """The lowest ISD-P AID that is free."""
        used = {profile.aid for profile in self.profiles}
        for number in range(0x10, 0x100):
            aid = bytes.fromhex(f"A0000005591010FFFFFFFF890000{number:02X}00")
            if aid not in used:
                return aid
        raise Refused(127)

    def add(self, profile: Profile) -> list[Event]:
        """A new profile, which begins disabled unless it says otherwise."""
        if self.by_iccid(profile.iccid):
            raise ValueError("ICCID is there already")
        self.profiles.append(profile)
        return [(INSTALL, profile)]

    # Listing (5.7.15)

    def select(self, criterion: tlv.Tlv | None) -> list[Profile]:
        if criterion is None:
            return list(self.profiles)
        if criterion.tag == 0x95:
            wanted = tlv.read_integer(criterion.value)
            return [p for p in self.profiles if p.profile_class == wanted]
        profile = self.by_identifier(criterion)
        return [profile] if profile else []

    # States (5.7.16 to 5.7.18)

    def enable(self, identifier: tlv.Tlv, refresh: bool, cat_busy: bool) -> list[Event]:
        target = self._wanted(identifier)
        if target.enabled:
            raise Refused(2)
        current = self.enabled
        if current and current.profile_class == TEST and target.profile_class != TEST:
            if target.iccid != self._before_test:
                raise Refused(4)
        if current and current.has_rule(PPR1) and target.profile_class != TEST:
            raise Refused(3)
        if cat_busy:
            raise Refused(5)
        return self._switch(Pending(target.iccid, current.iccid if current else None), refresh)

    def disable(self, identifier: tlv.Tlv, refresh: bool, cat_busy: bool) -> list[Event]:
        target = self._wanted(identifier)
        if not target.enabled:
            raise Refused(2)
        if target.has_rule(PPR1):
            raise Refused(3)
        if cat_busy:
            raise Refused(5)
        # After a test profile the operational one it displaced comes back.
        back = self._before_test if target.profile_class == TEST else None
        if back is not None and self.by_iccid(back) is None:
            back = None
        return self._switch(Pending(back, target.iccid), refresh)

    def delete(self, identifier: tlv.Tlv) -> list[Event]:
        target = self._wanted(identifier)
        if target.enabled:
            raise Refused(2)
        if target.has_rule(PPR2):
            raise Refused(3)
        self.profiles.remove(target)
        return [(DELETE, target)]

    def _wanted(self, identifier: tlv.Tlv) -> Profile:
        target = self.by_identifier(identifier)
        if target is None:
            raise Refused(1)
        return target

    def _switch(self, switch: Pending, refresh: bool) -> list[Event]:
        self.pending = switch
        return [] if refresh else self.apply_pending()

    def apply_pending(self) -> list[Event]:
        """What the reset makes effective."""
        switch, self.pending = self.pending, None
        if switch is None:
            return []
        events: list[Event] = []
        old = self.by_iccid(switch.disable) if switch.disable else None
        new = self.by_iccid(switch.enable) if switch.enable else None
        if old:
            old.enabled = False
            events.append((DISABLE, old))
        if new:
            new.enabled = True
            events.append((ENABLE, new))
            self._remember_before_test(old, new)
        elif old and old.profile_class == TEST:
            self._before_test = None
        return events

    def _remember_before_test(self, old: Profile | None, new: Profile) -> None:
        if new.profile_class != TEST:
            self._before_test = None
        elif old and old.profile_class != TEST:
            self._before_test = old.iccid

    # Memory reset (5.7.19)

    def doomed(self, operational: bool, test: bool) -> list[Profile]:
        """Whom the options mean: never a provisioning profile, nor a test profile of the manufacturer."""
        return [
            profile for profile in self.profiles
            if (operational and profile.profile_class == OPERATIONAL)
            or (test and profile.profile_class == TEST and profile.field_loaded)
        ]

    def remove(self, doomed: list[Profile]) -> list[Event]:
        """Delete in spite of states and rules; an enabled one makes a refresh necessary."""
        for profile in doomed:
            self.profiles.remove(profile)
            if profile.enabled:
                self.pending = Pending()
        return [(DELETE, profile) for profile in doomed]

    # Nickname (5.7.21)

    def set_nickname(self, iccid: bytes, nickname: bytes) -> None:
        profile = self.by_iccid(iccid)
        if profile is None:
            raise Refused(1)
        if len(nickname) > MAX_NICKNAME:
            raise Refused(127)
        try:
            nickname.decode()
        except UnicodeDecodeError:
            raise Refused(127) from None
        profile.nickname = nickname or None

    # Storage

    def to_json(self) -> dict:
        return {
            "profiles": [profile.to_json() for profile in self.profiles],
            "before_test": _hex(self._before_test),
            "pending": self.pending and {
                "enable": _hex(self.pending.enable), "disable": _hex(self.pending.disable),
            },
        }

    def load(self, state: dict) -> None:
        self.profiles = [Profile.from_json(profile) for profile in state.get("profiles", [])]
        self._before_test = _octets(state.get("before_test"))
        pending = state.get("pending")
        self.pending = pending and Pending(_octets(pending["enable"]), _octets(pending["disable"]))


def _hex(octets: bytes | None) -> str | None:
    return None if octets is None else octets.hex()


def _octets(text: str | None) -> bytes | None:
    return None if text is None else bytes.fromhex(text)
