# SPDX-License-Identifier: LGPL-2.1-or-later
"""The mobile network that a virtual modem registers with: subscribers, their keys, and which APNs there are."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass

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
    PLMN_NOT_ALLOWED = 11
    UNKNOWN_APN = 27


class Refused(Exception):
    """The network does not do it, for this cause."""

    def __init__(self, cause: int):
        super().__init__(f"cause {cause}")
        self.cause = cause


@dataclass(frozen=True)
class Session:
    """A data connection as the network grants it."""

    apn: str
    address: str = "10.45.0.2"
    prefix: int = 30
    gateway: str = "10.45.0.1"
    dns: str = "10.45.0.1"
    mtu: int = 1500


@dataclass
class _Subscriber:
    record: SubscriberRecord
    sqn: int = SQN_STEP


class Network:
    """Knows its subscribers; authenticates with Milenage.

    refused   IMSI to the cause with which its attach ends
    apns      names that there are; None: any.  The empty name is the network's default and always there.
    """

    def __init__(
        self, subscribers: Iterable[SubscriberRecord] = (), *, mcc: str = "999", mnc: str = "70",
        name: str = "Testbed", apns: Iterable[str] | None = None,
    ):
        self.mcc, self.mnc, self.name = mcc, mnc, name
        self.refused: dict[str, int] = {}
        self.apns = None if apns is None else set(apns)
        self._subscribers: dict[str, _Subscriber] = {}
        #: IMSIs that were registered, in order.
        self.attached: list[str] = []
        #: Data connections that were asked for: who, and with which APN, in order; also those that were refused.
        self.asked: list[tuple[str, str]] = []
        for record in subscribers:
            self.add(record)

    def add(self, record: SubscriberRecord) -> None:
        self._subscribers[record.imsi] = _Subscriber(record)

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
        self.attached.append(imsi)
        return (subscriber.record.mcc, subscriber.record.mnc) != (self.mcc, self.mnc)

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

    def connect(self, imsi: str, apn: str) -> Session:
        """A data connection of a registered subscriber."""
        self.asked.append((imsi, apn))
        if imsi in self.refused:
            raise Refused(self.refused[imsi])
        if apn and self.apns is not None and apn not in self.apns:
            raise Refused(Cause.UNKNOWN_APN)
        return Session(apn or "default")
