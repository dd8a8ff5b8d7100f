# SPDX-License-Identifier: LGPL-2.1-or-later
"""The SM-DP+ as a server on the network."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .. import pki
from . import report
from .es9 import Es9
from .faults import Faults
from .orders import Order, OrderBook
from .record import LogEntry, Notification, Record
from .rsp_server import RspServer
from .store import Store
from .subscriber import SubscriberRecord

if TYPE_CHECKING:
    from ..smds import SmdsServer

PATH = "/gsma/rsp2/es9plus/"


def default_host(credentials: pki.ServerCredentials | pki.SmdsCredentials) -> str:
    """The name that the TLS certificate is for."""
    names = credentials.tls.cert.extensions.get_extension_for_class(pki.x509.SubjectAlternativeName)
    return names.value.get_values_for_type(pki.x509.DNSName)[0]


class SmdpServer(RspServer):
    """An SM-DP+ on a TCP port.

    ``credentials``: one ServerCredentials, or several for servers below several CIs (the first one's TLS
    certificate is used). ``host``: the SM-DP+ address that clients must name. ``tls_credential`` replaces
    the TLS certificate by another, for instance a wrong one. ``keep_alive_requests``: the connection is
    closed without a word after so many requests. ``store``: where orders are kept beyond the life of the server,
    by default in memory.
    """

    def __init__(self, credentials: pki.ServerCredentials | Sequence[pki.ServerCredentials],
                 host: str | None = None, listen: tuple[str, int] = ("127.0.0.1", 0), *,
                 tls_min: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2,
                 tls_max: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
                 tls_credential: pki.Credential | None = None,
                 transaction_id_length: int = 16, keep_alive_requests: int | None = None,
                 store: Store | None = None) -> None:
        every = [credentials] if isinstance(credentials, pki.ServerCredentials) else list(credentials)
        host = host or default_host(every[0])
        record, faults = Record(), Faults()
        self.book = OrderBook(host, record, every[0].oid, store)
        self.es9 = Es9(host, every, self.book, record, faults, id_length=transaction_id_length)
        super().__init__(self.es9, tls_credential or every[0].tls, listen, paths=(PATH,), tls_min=tls_min,
                         tls_max=tls_max, keep_alive_requests=keep_alive_requests)

    def place_order(self, record: SubscriberRecord, **options: object) -> Order:
        """See :meth:`OrderBook.place`."""
        return self.book.place(record, **options)

    def announce(self, order: Order, smds: SmdsServer, root: SmdsServer | None = None) -> Order:
        """See :meth:`OrderBook.announce`."""
        return self.book.announce(order, smds, root)

    @property
    def notifications(self) -> list[Notification]:
        """All notifications received, in order of arrival."""
        return self.record.notifications

    @property
    def order_log(self) -> list[LogEntry]:
        """All that happened to all orders."""
        return self.record.order_log

    def report(self) -> str:
        """What the SM-DP+ has on record, for a person."""
        return report.text(self.host, self.book.orders, self.record)
