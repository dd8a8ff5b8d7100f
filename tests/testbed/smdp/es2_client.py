# SPDX-License-Identifier: LGPL-2.1-or-later
"""A caller of ES2+ functions (SGP.22 v2.5, 5.3 and 6.5.2): the operator's customer system, or an SM-DP+ that calls
it back."""

from __future__ import annotations

import http.client
import itertools
import json
import os
import secrets
import socket
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from .. import certificates, pki

PROTOCOL = "gsma/rsp/v2.5.0"
TIMEOUT_SECONDS = 30.0
DEFAULT_OPERATOR_OID = "2.999.30"


class Es2Error(Exception):
    """The other side refused: subject and reason are empty when it did so with an HTTP status."""

    def __init__(self, text: str, subject: str = "", reason: str = ""):
        super().__init__(text)
        self.subject, self.reason = subject, reason

    @property
    def code(self) -> str:
        return f"{self.subject}/{self.reason}"


class Es2Client:
    """Calls the functions at an address, which need not be that of the host's name.

    credential is what the caller is known by; its OID is the functionRequesterIdentifier.  issuer: of the server.
    """

    def __init__(self, host: str, address: tuple[str, int], credential: pki.Credential, issuer: x509.Certificate):
        self._host, self._address = host, address
        self.requester = certificates.registered_oid(credential.cert) or ""
        self._run = secrets.token_hex(4)
        self._numbers = itertools.count(1)
        self._tls = ssl.create_default_context(cadata=issuer.public_bytes(Encoding.PEM).decode())
        with os.fdopen(os.memfd_create("tls", os.MFD_CLOEXEC), "wb") as file:
            file.write(credential.cert_pem + credential.key_pem)
            file.flush()
            self._tls.load_cert_chain(f"/proc/self/fd/{file.fileno()}")

    def call(self, function: str, **members: object) -> dict:
        """What the function answers; Es2Error when it is refused."""
        header = {"functionRequesterIdentifier": self.requester,
                  "functionCallIdentifier": f"{self._run}-{next(self._numbers)}"}
        given = {name: value for name, value in members.items() if value is not None}
        status, body = self._post(function, json.dumps({"header": header, **given}).encode())
        if status == 204:
            return {}
        if status != 200:
            raise Es2Error(f"HTTP status {status}: {body.decode(errors='replace')}")
        answer = json.loads(body)
        outcome = answer["header"]["functionExecutionStatus"]
        if outcome["status"] != "Executed-Success":
            data = outcome["statusCodeData"]
            raise Es2Error(data.get("message", ""), data["subjectCode"], data["reasonCode"])
        return answer

    def _post(self, function: str, body: bytes) -> tuple[int, bytes]:
        connection = http.client.HTTPSConnection(self._host, self._address[1], timeout=TIMEOUT_SECONDS)
        stream = socket.create_connection(self._address, TIMEOUT_SECONDS)
        try:
            connection.sock = self._tls.wrap_socket(stream, server_hostname=self._host)
            connection.request("POST", f"/gsma/rsp2/es2plus/{function}", body, {
                "Content-Type": "application/json", "X-Admin-Protocol": PROTOCOL, "User-Agent": "testbed-operator"})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()
            stream.close()

    # The functions of an SM-DP+

    def download_order(self, *, iccid: str | None = None, kind: str | None = None, eid: str | None = None) -> str:
        """The ICCID of the profile that is reserved."""
        return self.call("downloadOrder", iccid=iccid, profileType=kind, eid=eid)["iccid"].rstrip("F")

    def confirm_order(
        self, iccid: str, *, release: bool = False, eid: str | None = None, matching_id: str | None = None,
        confirmation_code: str | None = None, smds: str | None = None,
    ) -> str:
        """The activation code that goes to the customer."""
        answer = self.call("confirmOrder", iccid=iccid, releaseFlag=release, eid=eid, matchingId=matching_id,
                           confirmationCode=confirmation_code, smdsAddress=smds)
        code = f"LPA:1${answer['smdpAddress']}${answer['matchingId']}"
        return f"{code}$$1" if confirmation_code else code

    def cancel_order(self, iccid: str, *, available: bool = True) -> None:
        """available: the profile can be ordered again."""
        self.call("cancelOrder", iccid=iccid, finalProfileStatusIndicator="Available" if available else "Unavailable")

    def release_profile(self, iccid: str) -> None:
        self.call("releaseProfile", iccid=iccid)


def make_operator(ci: pki.Ci, host: str = "operator.example.com", oid: str = DEFAULT_OPERATOR_OID) -> pki.Credential:
    """A certificate of an operator's customer system, as client and as server."""
    return ci.make_dp_tls([host], oid, policy=None)


def save_operator(folder: Path, credential: pki.Credential, issuer: x509.Certificate) -> None:
    """For load_operator()."""
    credential.save(folder, "operator", "operator-key")
    pki.save_cert(folder, "ci-1", issuer)


def load_operator(folder: Path) -> tuple[pki.Credential, x509.Certificate]:
    """A customer system's certificate, and the issuer of the SM-DP+'s."""
    certs = [pki.load_cert((folder / name).read_bytes()) for name in ("operator.pem", "ci-1.pem")]
    return pki.Credential(certs[0], pki.load_key((folder / "operator-key.pem").read_bytes())), certs[1]
