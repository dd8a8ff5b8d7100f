# SPDX-License-Identifier: LGPL-2.1-or-later
"""Events that wait at an SM-DS (SGP.22 v2.5, 3.6).

An SM-DP+ registers one for an EID over ES12. At an alternative SM-DS that is made known to the root SM-DS as
well, with an identifier of its own: the device learns of the alternative SM-DS there, and of the event here.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class Event:
    """One entry. ``announced_as``: the identifier under which a root SM-DS knows of it."""

    event_id: str
    eid: str
    address: str
    announced_as: str = ""
    delete: Callable[[], None] = lambda: None
    """Take it back, everywhere (ES12.DeleteEvent)."""


class EventBook:
    """All events of one SM-DS."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._lock = threading.Lock()
        self._events: list[Event] = []

    @property
    def events(self) -> list[Event]:
        """What waits now."""
        with self._lock:
            return list(self._events)

    def register(self, eid: str, address: str, event_id: str = "", root: EventBook | None = None) -> Event:
        """ES12.RegisterEvent: ``address`` is where the device shall ask. ``root``: another SM-DS, which sends
        devices here."""
        event = Event(event_id or secrets.token_hex(16).upper(), eid, address)
        with self._lock:
            if any(other.event_id == event.event_id for other in self._events):
                raise ValueError("this event is registered already")
        announced = None
        if root is not None:
            announced = root.register(eid, self._host)
            event.announced_as = announced.event_id
        event.delete = lambda: self._delete(event, announced)
        with self._lock:
            self._events.append(event)
        return event

    def _delete(self, event: Event, announced: Event | None) -> None:
        with self._lock:
            if event in self._events:
                self._events.remove(event)
        if announced is not None:
            announced.delete()

    def of(self, eid: str, event_id: str) -> list[Event]:
        """What waits for an eUICC: everything, or what a root SM-DS has announced as ``event_id``."""
        return [event for event in self.events
                if event.eid == eid and event_id in ("", event.announced_as, event.event_id)]
