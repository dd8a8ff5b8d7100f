# SPDX-License-Identifier: LGPL-2.1-or-later
"""The SM-DS as a server on the network."""

from __future__ import annotations

import ssl

from .. import pki
from ..smdp.faults import Faults
from ..smdp.record import Record
from ..smdp.rsp_server import RspServer
from ..smdp.server import default_host
from .es11 import Es11
from .events import Event, EventBook

PATHS = ("/gsma/rsp2/es9plus/", "/gsma/rsp2/es11/")
"""Devices call the functions of ES11 under either."""


class SmdsServer(RspServer):
    """An SM-DS on a TCP port; parameters are those of SmdpServer."""

    def __init__(self, credentials: pki.SmdsCredentials, host: str | None = None,
                 listen: tuple[str, int] = ("127.0.0.1", 0), *,
                 tls_min: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2,
                 tls_max: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
                 tls_credential: pki.Credential | None = None) -> None:
        host = host or default_host(credentials)
        self.book = EventBook(host)
        self.es11 = Es11(host, [credentials], self.book, Record(), Faults())
        super().__init__(self.es11, tls_credential or credentials.tls, listen, paths=PATHS,
                         tls_min=tls_min, tls_max=tls_max)

    def register(self, eid: str, address: str, event_id: str = "", root: SmdsServer | None = None) -> Event:
        """An SM-DP+ registers an event (ES12); see :meth:`EventBook.register`."""
        return self.book.register(eid, address, event_id, root.book if root else None)

    def report(self) -> str:
        """What the SM-DS has on record, for a person."""
        lines = [f"SM-DS {self.host}", "Events"]
        lines += [f"  {event.event_id}  EID {event.eid}  at {event.address}" for event in self.book.events] or ["  none"]
        with self.record.changed:
            figures = self.record.counters.snapshot()
        asked = figures["functions"].get("authenticateClient", 0)
        lines.append(f"Network: TCP connections {figures['tcp_connections']}, requests {figures['http_requests']};"
                     f" asked {asked} times")
        return "\n".join(lines)
