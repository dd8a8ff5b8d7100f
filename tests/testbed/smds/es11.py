# SPDX-License-Identifier: LGPL-2.1-or-later
"""The functions of ES11 (SGP.22 v2.5, 5.8), without HTTP."""

from __future__ import annotations

from collections.abc import Iterable

from .. import pki
from ..smdp.faults import Faults
from ..smdp.mutual import MutualAuthentication, ok
from ..smdp.orders import Refusal
from ..smdp.record import Record
from .events import EventBook


class Es11(MutualAuthentication):
    """The SM-DS behind the HTTP server.

    ``empty_list``: a device for which nothing waits gets an empty list instead of an error; both are in the
    field.
    """

    def __init__(self, host: str, credentials: Iterable[pki.SmdsCredentials], events: EventBook, record: Record,
                 faults: Faults) -> None:
        super().__init__(host, credentials, record, faults, subject="8.9")
        self.events = events
        self.empty_list = False
        self.functions["authenticateClient"] = self.authenticate_client

    def authenticate_client(self, body: dict) -> dict:
        """Verify the eUICC and tell what waits for it. That ends the session (5.8.2)."""
        session = self.authenticate(body)
        wanted = session.device.matching_id
        found = self.events.of(session.euicc.eid, wanted)
        if not found and (wanted or not self.empty_list):
            raise Refusal("8.9.5", "3.9", "no such event" if wanted else "nothing waits for this eUICC")
        entries = [{"eventId": event.event_id, "rspServerAddress": event.address} for event in found]
        return ok(
            transactionId=self.faults.value("json.transactionId", session.transaction_id.hex().upper()),
            eventEntries=self.faults.value("json.eventEntries", entries))
