# SPDX-License-Identifier: LGPL-2.1-or-later
"""ES2+ on the network: the SM-DP+'s side, which tells the operator how downloads get on, and the operator's."""

from __future__ import annotations

import datetime
import queue
import threading
from typing import Self

from cryptography import x509

from .. import pki
from .es2 import Es2, read_header, required
from .es2_client import Es2Client, Es2Error
from .faults import Faults
from .mutual import b64
from .notify import Malformed
from .orders import Order, Refusal
from .record import Record
from .rsp_server import RspServer
from .server import SmdpServer

PATH = "/gsma/rsp2/es2plus/"


class _Es2PlusServer(RspServer):
    """Clients show certificates below the issuer; they need not be LPAs."""

    USER_AGENT = ""

    def __init__(self, functions: Es2 | Progress, credential: pki.Credential, issuer: x509.Certificate,
                 listen: tuple[str, int]) -> None:
        super().__init__(functions, credential, listen, paths=(PATH,))
        self.use_tls(credential, clients=issuer)


class Es2Server(_Es2PlusServer):
    """The door of an SM-DP+ for operators.

    ``issuer`` is that of their certificates.  ``progress``: the operators' own doors, by their OID, which are told
    how downloads get on (HandleDownloadProgressInfo, SGP.22 v2.5, 5.3.5).
    """

    def __init__(self, smdp: SmdpServer, credential: pki.Credential, issuer: x509.Certificate,
                 listen: tuple[str, int] = ("127.0.0.1", 0)) -> None:
        self.es2 = Es2(smdp.host, smdp.book, Record())
        super().__init__(self.es2, credential, issuer, listen)
        self.es2.client = lambda: self.client
        self.progress: dict[str, Es2Client] = {}
        #: What could not be delivered, and why.
        self.undelivered: list[tuple[dict, str]] = []
        self._reports: queue.Queue[tuple[Es2Client, dict] | None] = queue.Queue()
        self._sender = threading.Thread(target=self._send, name="es2+", daemon=True)
        smdp.book.progress = self._tell

    def start(self, listen: tuple[str, int] | None = None) -> Self:
        self._sender.start()
        return super().start(listen)

    def stop(self) -> None:
        super().stop()
        if self._sender.is_alive():
            self._reports.put(None)
            self._sender.join()

    def _tell(self, order: Order, point: int, refusal: Refusal | None, result: bytes) -> None:
        """The download goes on while the operator is told."""
        client = self.progress.get(order.profile.operator) if order.profile else None
        if client is None:
            return
        report = {
            "iccid": order.record.iccid, "profileType": order.profile.kind, "notificationPointId": point,
            "timestamp": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "notificationPointStatus": _status(refusal),
        }
        report |= {"eid": order.bound_eid} if order.bound_eid else {}
        report |= {"resultData": b64(result)} if result else {}
        self._reports.put((client, report))

    def _send(self) -> None:
        while (job := self._reports.get()) is not None:
            client, report = job
            try:
                client.call("handleDownloadProgressInfo", **report)
            except (Es2Error, OSError) as error:
                self.undelivered.append((report, str(error)))


def _status(refusal: Refusal | None) -> dict:
    if refusal is None:
        return {"status": "Executed-Success"}
    data = {"subjectCode": refusal.subject, "reasonCode": refusal.reason, "message": refusal.message}
    return {"status": "Failed", "statusCodeData": data}


class Progress:
    """The one function of ES2+ that an operator offers."""

    def __init__(self, host: str) -> None:
        self.host, self.record, self.faults = host, Record(), Faults()
        #: What was told, in order, as it was sent.
        self.reports: list[dict] = []
        self.functions = {"handleDownloadProgressInfo": self.take}

    def call(self, name: str, body: dict) -> None:
        read_header(body)
        self.functions[name](body)

    def take(self, body: dict) -> None:
        for name in ("iccid", "profileType", "timestamp"):
            required(body, name)
        if not isinstance(body.get("notificationPointId"), int) or not isinstance(body.get("notificationPointStatus"), dict):
            raise Malformed("notificationPointId or notificationPointStatus is missing")
        with self.record.changed:
            self.reports.append(body)
            self.record.changed.notify_all()


class ProgressServer(_Es2PlusServer):
    """The operator's door: takes HandleDownloadProgressInfo from an SM-DP+ with a certificate below the issuer."""

    def __init__(self, host: str, credential: pki.Credential, issuer: x509.Certificate,
                 listen: tuple[str, int] = ("127.0.0.1", 0)) -> None:
        self.functions_of_operator = Progress(host)
        super().__init__(self.functions_of_operator, credential, issuer, listen)

    @property
    def reports(self) -> list[dict]:
        return self.functions_of_operator.reports
