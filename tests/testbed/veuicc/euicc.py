# SPDX-License-Identifier: LGPL-2.1-or-later
"""The virtual eUICC: what a reader sees of it, and its life from power-on to power-off."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from testbed import crypto, tlv
from testbed.counters import Counters, Transcript
from testbed.pki import ChipCredentials, ChipIdentity
from testbed.veuicc import info
from testbed.veuicc.apdu import Ins, StatusError, Sw, parse, status
from testbed.veuicc.config import Config
from testbed.veuicc.crl import CrlStore
from testbed.veuicc.faults import AFTER, BEFORE, Fault, Faults
from testbed.veuicc.functions import Functions
from testbed.veuicc.loading import PACKAGE_TAG, Loading
from testbed.veuicc.names import LOAD_PACKAGE, name_of
from testbed.veuicc.notifications import NotificationStore
from testbed.veuicc.profiles import Event, Profile, ProfileTable
from testbed.veuicc.session import KeptKey, Sessions, chain_of
from testbed.veuicc.store import Store
from testbed.veuicc.transport import Silence, Transport
from testbed.veuicc.usim import FileSystem

#: REFRESH with qualifier 04, UICC reset (ETSI TS 102 223, 6.4.7).
REFRESH = bytes.fromhex("D0098103010104" "82028182")

#: Functions after which there is nothing new to store.
READ_ONLY = {
    "GetEuiccConfiguredAddresses", "GetEuiccInfo1", "GetEuiccInfo2", "GetEuiccChallenge", "GetRAT",
    "GetProfilesInfo", "GetEID", "ListNotification", "RetrieveNotificationsList",
    "AuthenticateServer", "PrepareDownload",
}

INSTRUCTION_NAMES = {
    value: name.replace("_", " ") for name, value in vars(Ins).items() if not name.startswith("_")
}


class _Stopped(Exception):
    """A fault ends the command; the answer is what it says."""

    def __init__(self, answer: bytes | None):
        super().__init__()
        self.answer = answer


class Euicc:
    """A chip in a reader.  Thread-safe: one lock around each command.

    Attributes for tests: config, credentials, profiles, notifications, sessions,
    faults, counters (apdus, octets_out, octets_in, bpp_apdus, open_channels,
    functions) and transcript.  Change them with ``with chip.lock:`` while a reader thread runs.
    """

    def __init__(
        self,
        credentials: ChipCredentials,
        config: Config | None = None,
        state_file: Path | str | None = None,
    ):
        self.lock = threading.RLock()
        self.credentials = credentials
        self.config = config or Config()
        self.faults = Faults()
        self.counters = Counters(
            "apdus", "octets_out", "octets_in", "bpp_apdus",
            open_channels=lambda: self.open_channels,
        )
        self.transcript = Transcript()
        self.profiles = ProfileTable()
        self.notifications = NotificationStore(
            lambda: self.config.notification_slots, lambda: self.config.sequence_number_step
        )
        self.crls = CrlStore(lambda: self.free_memory)
        self.default_dp = ""
        self._files: tuple[Profile | None, FileSystem] | None = None
        #: Called without arguments when a fault pulls the card.
        self.on_removal: Callable[[], None] = lambda: None
        #: Chips on the same card; this one is among them.
        self.on_card: list[Euicc] = [self]
        self.loading = Loading(self)
        self._functions = Functions(self)
        self._store = Store(state_file)
        self._load()
        self._begin()

    def share_card(self, other: Euicc) -> None:
        """Put another ISD-R on this card, which is the one to insert: one power supply, one set of channels, two
        EIDs.  What belongs to the card (answer to reset, channels, form of commands) is in this chip's config."""
        self.on_card.append(other)
        other.on_card = self.on_card
        other.lock = self.lock
        other.on_removal = lambda: self.on_removal()
        self._begin()

    # Identity

    @property
    def eid(self) -> str:
        return self.credentials.eid

    @property
    def eid_octets(self) -> bytes:
        return bytes.fromhex(self.eid)

    @property
    def free_memory(self) -> int:
        return max(0, self.config.memory - self.profiles.used_memory - self.crls.used_memory)

    @property
    def open_channels(self) -> int:
        """Open logical channels besides the basic one."""
        with self.lock:
            return self._transport.open_channels

    def info2(self) -> bytes:
        return info.info2(self.config, self.credentials, len(self.profiles), self.free_memory)

    # Life

    def power_on(self) -> bytes:
        """The answer to reset."""
        with self.lock:
            if not self._powered:
                self._begin()
            return self.config.atr

    def power_off(self) -> None:
        with self.lock:
            self._lose_power()

    def reset(self) -> bytes:
        """The answer to reset; what a refresh waited for is done."""
        with self.lock:
            self._begin()
            return self.config.atr

    def _lose_power(self) -> None:
        for chip in self.on_card:
            chip._powered = False

    def _begin(self) -> None:
        """The whole card is reset."""
        transport = Transport(self.on_card[0].config, *self.on_card)
        for chip in self.on_card:
            chip._begin_with(transport)

    def _begin_with(self, transport: Transport) -> None:
        """Volatile memory is new, and unfinished business is finished."""
        self._powered = True
        self._transport = transport
        self.sessions = Sessions(self.credentials, kept=self.sessions.kept, revoked=self.crls.revoked)
        self._call_fault: Fault | None = None
        self._name = ""
        self._removed = False
        self.loading.power_cut()
        self.notify(self.profiles.apply_pending())
        self.save()

    # Commands

    def process(self, command: bytes) -> bytes | None:
        """The complete answer, status word last; None when there is none.

        On a card with several chips, that of the one that the command is for; this one does the rest.
        """
        command = bytes(command)
        with self.lock:
            addressed = self._transport.addressed(command) or self
        return addressed._process(command)

    def _process(self, command: bytes) -> bytes | None:
        with self.lock:
            if not self._powered:
                return None
            self.counters.add("apdus")
            self.counters.add("octets_out", len(command))
            self._name = ""
            answer = self._with_faults(command)
            self.counters.add("octets_in", len(answer or b""))
            self.transcript.add(self._name or _instruction(command), command, answer)
            removed = self._removed
        if removed:
            self.on_removal()
        return answer

    def _with_faults(self, command: bytes) -> bytes | None:
        self._removed = False
        fault = self.faults.hit("apdu")
        self._call_fault = None
        try:
            if fault and fault.phase == BEFORE:
                self._happen(fault)
            answer = self._answer(command)
            for late in (self._call_fault, fault):
                if late and late.phase == AFTER:
                    answer = self._change_answer(late, answer, at_apdu=late is fault)
        except _Stopped as stopped:
            return stopped.answer
        return answer

    def _answer(self, command: bytes) -> bytes:
        try:
            return self._transport.process(parse(command))
        except StatusError as error:
            return status(error.sw)
        except Silence:
            raise _Stopped(None) from None

    # Faults

    def _happen(self, fault: Fault) -> None:
        """Those that need no processing; all of them end the command."""
        if fault.kind == "remove":
            self._removed = True
            self._lose_power()
        if fault.kind == "reset":
            self._begin()
        if fault.kind in ("status", "reset"):
            raise _Stopped(status(fault.sw))
        if fault.kind == "result":
            raise _Stopped(fault.body + status(Sw.OK))
        raise _Stopped(None)

    def _change_answer(self, fault: Fault, answer: bytes, *, at_apdu: bool) -> bytes:
        if fault.kind == "wrong-length":
            if answer[-2] == 0x61:
                answer = answer[:-1] + bytes([(answer[-1] + fault.delta) & 0xFF])
            return answer
        if fault.kind == "mutate":
            return fault.change(answer) if at_apdu else answer
        self._happen(fault)
        return answer

    # What the transport asks of its application

    def fci(self) -> bytes:
        return info.fci(self.config)

    def files(self) -> FileSystem:
        """That of the enabled profile; the same object as long as it is enabled."""
        profile = self.profiles.enabled
        if self._files is None or self._files[0] is not profile:
            self._files = (profile, FileSystem(profile))
        return self._files[1]

    def block_arrived(self, request: bytes) -> None:
        """A STORE DATA block has come; request are the first two octets of the whole request."""
        self._name = self._name_of(request)
        if self._name == LOAD_PACKAGE and (self.loading.goes_on or request == PACKAGE_TAG):
            self.counters.add("bpp_apdus")
        fault = self.faults.hit("block", self._name)
        if fault and fault.phase == BEFORE:
            self._happen(fault)
        self._call_fault = fault

    def execute(self, request: bytes, channel: int) -> bytes:
        """A complete ES10 request or segment of a package."""
        self._name = self._name_of(request)
        if self._name and (self._name != LOAD_PACKAGE or request[:2] == PACKAGE_TAG):
            self.counters.called(self._name)
        fault = self.faults.hit("call", self._name) if self._name else None
        self._call_fault = fault or self._call_fault
        if fault and fault.kind == "result":
            return fault.body
        if fault and fault.phase == BEFORE and fault.kind != "early-result":
            self._happen(fault)
        before = self.loading.interrupted
        body = self._execute(request, channel, fault)
        if self._name == LOAD_PACKAGE:
            changed = bool(body) or before != self.loading.interrupted
        else:
            changed = self._name not in READ_ONLY
        if changed:
            self.save()
        if fault and fault.kind == "mutate":
            body = fault.change(body)
        if fault and fault.kind == "wrong-length":
            self._transport.force_get_response()
        return body

    def _name_of(self, request: bytes) -> str:
        """While a package is loading, what is no function is taken for a part of it."""
        return name_of(request) or (LOAD_PACKAGE if self.loading.goes_on else "")

    def channel_left(self, channel: int) -> None:
        """Closed, or another application selected: a package cannot go on."""
        self.loading.channel_left(channel)

    def _execute(self, request: bytes, channel: int, fault: Fault | None) -> bytes:
        if self.profiles.pending is not None:
            raise StatusError(Sw.CONDITIONS)
        if self._name == LOAD_PACKAGE:
            return self.loading.segment(request, channel, fault)
        try:
            return self._functions.call(tlv.parse_single(request))
        except tlv.TlvError as error:
            raise StatusError(Sw.WRONG_DATA) from error

    # Profiles

    def profiles_switched(self, events: Iterable[Event]) -> None:
        """A switch was accepted; with the refresh flag it waits for the reset."""
        self.notify(events)
        if self.profiles.pending is not None and self.config.proactive_refresh:
            self._transport.announce(REFRESH)
        self.sessions.current = None
        self.loading.abandon()

    def notify(self, events: Iterable[Event]) -> None:
        self.notifications.add_events(events, self._sign)

    def notify_without_iccid(self, event: int, address: bytes) -> None:
        """A notification that does not say which profile it is about."""
        self.notifications.add_event(event, address, None, lambda octets: self._sign(b"", octets))

    def add_profile(self, profile: Profile) -> Profile:
        """Put a profile there as the manufacturer would, without notifications."""
        with self.lock:
            profile.aid = profile.aid or self.profiles.new_aid()
            self.profiles.add(profile)
            self.save()
            return profile

    def identity(self, pkid: bytes) -> ChipIdentity:
        """The chain below the issuer, or the first one."""
        identities = self.credentials.identities
        return next((i for i in identities if i.pkid == pkid), identities[0])

    def _sign(self, pkid: bytes, octets: bytes) -> tuple[bytes, list[bytes]]:
        identity = self.identity(pkid)
        return crypto.sign(identity.key, octets), chain_of(identity)

    # Storage

    def save(self) -> None:
        """Everything that outlives a power cut."""
        self._store.save({
            "eid": self.eid,
            "default_dp": self.default_dp,
            "table": self.profiles.to_json(),
            "notifications": self.notifications.to_json(),
            "kept_keys": [kept.to_json() for kept in self.sessions.kept],
            "interrupted": self.loading.interrupted,
            "crls": self.crls.to_json(),
        })

    def _load(self) -> None:
        state = self._store.load()
        if state and state["eid"] != self.eid:
            raise ValueError("the state file belongs to another chip")
        self.default_dp = state.get("default_dp", "")
        self.profiles.load(state.get("table", {}))
        self.notifications.load(state.get("notifications", {}), self.config.first_sequence_number)
        kept = [KeptKey.from_json(key) for key in state.get("kept_keys", [])]
        self.sessions = Sessions(self.credentials, kept=kept)
        self.loading.interrupted = state.get("interrupted")
        self.crls.from_json(state.get("crls", {}))


def _instruction(command: bytes) -> str:
    return INSTRUCTION_NAMES.get(command[1], "unknown") if len(command) > 1 else "unknown"

