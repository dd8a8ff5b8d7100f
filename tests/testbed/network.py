# SPDX-License-Identifier: LGPL-2.1-or-later
"""The mobile network that a virtual modem registers with: subscribers, their keys, and which APNs there are.

A subscriber is an operational one, who gets the APN asked for and reaches everything, or one whom a profile of
class provisioning makes: whatever the device asks for, its connections end at the APN of the SM, from where
nothing but the SM can be reached (internet.py has the wires).
"""

from __future__ import annotations

import ipaddress
import itertools
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from testbed.milenage import Milenage
from testbed.smdp.subscriber import SubscriberRecord

#: Separation bit set: a vector for the packet network (3GPP TS 33.401, 6.1.1).
AMF = b"\x80\x00"
#: A subscriber's sequence numbers go up in these steps (3GPP TS 33.102, C.1.1.1: the index has five bits).
SQN_STEP = 32


class Cause:
    """Causes of 3GPP TS 24.301, 9.9.3.9 and 9.9.4.4."""

    UNKNOWN_SUBSCRIBER = 2
    ILLEGAL_DEVICE = 3
    IMPLICITLY_DETACHED = 10
    PLMN_NOT_ALLOWED = 11
    UNKNOWN_APN = 27


class Refused(Exception):
    """The network does not do it, for this cause."""

    def __init__(self, cause: int):
        super().__init__(f"cause {cause}")
        self.cause = cause


@dataclass(frozen=True)
class Pool:
    """Addresses of one kind of subscriber, and the network's own address among them."""

    subnet: ipaddress.IPv4Network

    @property
    def gateway(self) -> str:
        return str(self.subnet[1])

    def free(self, taken: Iterable[str]) -> str:
        """The first address that nobody has."""
        used = {self.gateway, *taken}
        return next(str(address) for address in self.subnet.hosts() if str(address) not in used)


OPERATIONAL = Pool(ipaddress.IPv4Network("10.45.0.0/24"))
PROVISIONING = Pool(ipaddress.IPv4Network("10.46.0.0/24"))
#: Where the network's resolver is, for everybody.
RESOLVER = "10.47.0.53"


@dataclass(frozen=True)
class Session:
    """A data connection as the network grants it.  asked is the APN of the device, apn the one that it got."""

    imsi: str
    asked: str
    apn: str
    address: str
    pool: Pool = OPERATIONAL
    dns: str = RESOLVER
    mtu: int = 1500

    @property
    def restricted(self) -> bool:
        """Whether it leads to the SM and nowhere else."""
        return self.pool is PROVISIONING

    @property
    def gateway(self) -> str:
        return self.pool.gateway

    @property
    def prefix(self) -> int:
        return self.pool.subnet.prefixlen


@dataclass(frozen=True)
class Request:
    """A connection that a device has asked for, as it was on the wire: granted, or refused for this cause."""

    imsi: str
    apn: str
    session: Session | None = None
    cause: int | None = None


class Wires(Protocol):
    """What carries the packets of connections; see internet.py.  Used in the modem's thread."""

    def connect(self, session: Session) -> None: ...

    def disconnect(self, session: Session) -> None: ...


@dataclass
class _Subscriber:
    record: SubscriberRecord
    provisioning: bool
    sqn: int = SQN_STEP


class Network:
    """Knows its subscribers; authenticates with Milenage.

    refused   IMSI to the cause with which its attach ends
    apns      names that there are; None: any.  The empty name is the network's default and always there.
    sm_apn    where those of provisioning end up
    wires     None: connections are granted and lead nowhere
    """

    def __init__(
        self, subscribers: Iterable[SubscriberRecord] = (), *, mcc: str = "999", mnc: str = "70",
        name: str = "Testbed", apns: Iterable[str] | None = None, provisioning: Iterable[SubscriberRecord] = (),
        sm_apn: str = "sm",
    ):
        self.mcc, self.mnc, self.name, self.sm_apn = mcc, mnc, name, sm_apn
        self.refused: dict[str, int] = {}
        self.apns = None if apns is None else set(apns)
        self.wires: Wires | None = None
        self._subscribers: dict[str, _Subscriber] = {}
        self._registered: set[str] = set()
        #: IMSIs that were registered, in order.
        self.attached: list[str] = []
        #: Connections that were asked for, in order.
        self.requests: list[Request] = []
        #: Connections that there are.
        self.sessions: list[Session] = []
        for record in subscribers:
            self.add(record)
        for record in provisioning:
            self.add(record, provisioning=True)

    def add(self, record: SubscriberRecord, *, provisioning: bool = False) -> None:
        self._subscribers[record.imsi] = _Subscriber(record, provisioning)

    # Registration

    def attach(self, imsi: str, authenticate: Callable[[bytes, bytes], bytes | None]) -> bool:
        """Register; whether that is roaming.

        authenticate() puts RAND and AUTN to the USIM: DB with RES and keys, DC with AUTS, or None when the card
        refuses the network.
        """
        if imsi in self.refused:
            raise Refused(self.refused[imsi])
        subscriber = self._subscribers.get(imsi)
        if subscriber is None:
            raise Refused(Cause.UNKNOWN_SUBSCRIBER)
        if not any(self._challenge(subscriber, authenticate) for _ in range(2)):
            raise Refused(Cause.ILLEGAL_DEVICE)
        self._registered.add(imsi)
        self.attached.append(imsi)
        return (subscriber.record.mcc, subscriber.record.mnc) != (self.mcc, self.mnc)

    def users(self, since: int = 0) -> list[str]:
        """IMSIs that were registered, one after the other: again and again counts once.

        since: how many registrations there had been by the time from which they count
        """
        return [imsi for imsi, _ in itertools.groupby(self.attached[since:])]

    def detach(self, imsi: str) -> None:
        """The device is gone from the network, and each of its connections with it."""
        self._registered.discard(imsi)
        for session in [session for session in self.sessions if session.imsi == imsi]:
            self.disconnect(session)

    @staticmethod
    def _challenge(subscriber: _Subscriber, authenticate: Callable[[bytes, bytes], bytes | None]) -> bool:
        """Whether the USIM has the keys; after a resynchronisation the next one tells."""
        algorithm = Milenage(subscriber.record.k, subscriber.record.opc)
        subscriber.sqn += SQN_STEP
        vector = algorithm.vector(os.urandom(16), subscriber.sqn, AMF)
        answer = authenticate(vector.rand, vector.autn)
        if not answer:
            return False
        value = answer[2:2 + answer[1]]
        if answer[0] == 0xDC:
            newer = algorithm.resynchronise(vector.rand, value)
            subscriber.sqn = newer if newer is not None else subscriber.sqn
            return False
        return answer[0] == 0xDB and value == vector.res

    # Connections

    @property
    def asked(self) -> list[tuple[str, str]]:
        """Who asked for a data connection and with which APN, in order; also those that were refused."""
        return [(request.imsi, request.apn) for request in self.requests]

    def connect(self, imsi: str, apn: str) -> Session:
        """A data connection of a registered subscriber."""
        try:
            session = self._grant(imsi, apn)
        except Refused as refused:
            self.requests.append(Request(imsi, apn, cause=refused.cause))
            raise
        if self.wires:
            self.wires.connect(session)
        self.sessions.append(session)
        self.requests.append(Request(imsi, apn, session))
        return session

    def _grant(self, imsi: str, apn: str) -> Session:
        if imsi in self.refused:
            raise Refused(self.refused[imsi])
        if imsi not in self._registered:
            raise Refused(Cause.IMPLICITLY_DETACHED)
        taken = [session.address for session in self.sessions]
        if self._subscribers[imsi].provisioning:
            return Session(imsi, apn, self.sm_apn, PROVISIONING.free(taken), PROVISIONING)
        if apn and self.apns is not None and apn not in self.apns:
            raise Refused(Cause.UNKNOWN_APN)
        return Session(imsi, apn, apn or "default", OPERATIONAL.free(taken))

    def disconnect(self, session: Session) -> None:
        """One that has ended already is left alone."""
        if session not in self.sessions:
            return
        self.sessions.remove(session)
        if self.wires:
            self.wires.disconnect(session)
