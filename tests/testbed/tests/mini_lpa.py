# SPDX-License-Identifier: LGPL-2.1-or-later
"""A small local profile assistant, to show the virtual eUICC and the SM-DP+ right.

It does what the specification's sequence says and checks little: it is the testbed's own test driver, not a
model for an LPA. A chip is anything with ``es10(request) -> answer``; :class:`CardChannel` makes one of a
virtual eUICC's ``process(apdu)``.
"""

from __future__ import annotations

import base64
import http.client
import json
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from testbed import crypto, tlv
from testbed.tlv import Tlv, encode

ISD_R = bytes.fromhex("A0000005591010FFFFFFFF8900000100")
DEVICE_INFO = encode(0xA1, [
    encode(0x80, bytes.fromhex("53608090")),
    encode(0xA1, [encode(0x80, b"\x0f\x00\x00"), encode(0x85, b"\x0f\x00\x00")]),
    encode(0x82, bytes.fromhex("536080907856345F"))])


class LpaError(Exception):
    """Something ended the procedure. ``pair`` is the server's subject/reason, if it was the server."""

    def __init__(self, stage: str, detail: str, pair: str = "") -> None:
        super().__init__(f"{stage}: {detail}")
        self.stage, self.detail, self.pair = stage, detail, pair


class Chip(Protocol):
    """Something that answers ES10 requests."""

    def es10(self, request: bytes) -> bytes:
        """The response data to one request, over STORE DATA or not."""


class CardError(Exception):
    """A status word other than 9000 or 91xx, or no answer (status 0)."""

    def __init__(self, status: int) -> None:
        super().__init__(f"status word {status:04X}")
        self.status = status


class CardChannel:
    """A logical channel to ISD-R through ``process(apdu)``, with STORE DATA in pieces of ``size``."""

    def __init__(self, process: Callable[[bytes], bytes | None], size: int = 255) -> None:
        self._process, self._size = process, size
        self.channel = 0
        self.channel = self._send(bytes.fromhex("0070000001"))[0]
        self._send(bytes([self.channel, 0xA4, 0x04, 0x00, len(ISD_R)]) + ISD_R + b"\x00")

    def _class(self, base: int) -> int:
        if self.channel < 4:
            return base | self.channel
        return base | 0x40 | (self.channel - 4)

    def _send(self, apdu: bytes) -> bytes:
        answer = self._process(apdu)
        data = b""
        while answer and answer[-2] == 0x61:
            data += answer[:-2]
            answer = self._process(bytes([self._class(0x00), 0xC0, 0x00, 0x00, answer[-1]]))
        status = int.from_bytes(answer[-2:], "big") if answer else 0
        if status != 0x9000 and status >> 8 != 0x91:
            raise CardError(status)
        return data + answer[:-2]

    def es10(self, request: bytes) -> bytes:
        """One request as a chain of STORE DATA commands; the answer of the last."""
        pieces = [request[start:start + self._size] for start in range(0, len(request), self._size)]
        answer = b""
        for number, piece in enumerate(pieces):
            last = number == len(pieces) - 1
            head = bytes([self._class(0x80), 0xE2, 0x91 if last else 0x11, number, len(piece)])
            answer = self._send(head + piece + (b"\x00" if last else b""))
        return answer

    def close(self) -> None:
        """Give the logical channel back."""
        self._process(bytes([0x00, 0x70, 0x80, self.channel]))


class Es9Client:
    """ES9+ (or ES11, with its ``path``) over one TLS connection that verifies the server."""

    def __init__(self, host: str, port: int, ci: x509.Certificate, path: str = "es9plus") -> None:
        self.host, self._port, self._path = host, port, path
        self._context = ssl.create_default_context(cadata=ci.public_bytes(Encoding.PEM).decode())
        self._connection: http.client.HTTPConnection | None = None

    def _connect(self) -> http.client.HTTPConnection:
        if self._connection is None:
            sock = socket.create_connection(("127.0.0.1", self._port), timeout=30)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = http.client.HTTPConnection(self.host)
            connection.sock = self._context.wrap_socket(sock, server_hostname=self.host)
            self._connection = connection
        return self._connection

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._connection:
            self._connection.close()
            self._connection = None

    def post(self, function: str, body: bytes, **headers: str) -> tuple[int, bytes, dict[str, str]]:
        """One request as it is; headers with _ for - replace the right ones."""
        right = {"User-Agent": "gsma-rsp-lpad", "X-Admin-Protocol": "gsma/rsp/v2.5.0",
                 "Content-Type": "application/json"}
        right |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection = self._connect()
        try:
            connection.request("POST", f"/gsma/rsp2/{self._path}/{function}", body, right)
            response = connection.getresponse()
            return response.status, response.read(), dict(response.getheaders())
        except (OSError, http.client.HTTPException):
            self.close()
            raise

    def call(self, function: str, **members: str) -> dict:
        """A function; LpaError when it fails."""
        status, body, _ = self.post(function, json.dumps(members).encode())
        if status == 204:
            return {}
        if status != 200:
            raise LpaError(function, f"HTTP {status} {body[:200]!r}")
        answer = json.loads(body)
        execution = answer["header"]["functionExecutionStatus"]
        if execution["status"] != "Executed-Success":
            data = execution["statusCodeData"]
            pair = f"{data['subjectCode']}/{data['reasonCode']}"
            raise LpaError(function, f"{pair} {data.get('message', '')}", pair)
        return answer


def b64(octets: bytes) -> str:
    """Octets for a JSON member."""
    return base64.b64encode(octets).decode()


def unb64(text: str) -> bytes:
    """Octets of a JSON member."""
    return base64.b64decode(text, validate=True)


def segments(package: bytes) -> list[bytes]:
    """A bound profile package in the pieces of ES10b.LoadBoundProfilePackage (SGP.22 v2.5, 2.5.5)."""
    whole = tlv.parse_single(package, 0xBF36)
    first, *sequences = whole.children()
    pieces = [whole.header + first.raw]
    for sequence in sequences:
        if sequence.tag in (0xA0, 0xA2):
            pieces.append(sequence.raw)
        else:
            pieces.append(sequence.header)
            pieces += [child.raw for child in sequence.children()]
    return pieces


@dataclass
class MiniLpa:
    """One download after another between a chip and a server."""

    chip: Chip
    server: Es9Client
    metadata: Tlv | None = None
    transaction_id: bytes = b""
    cc_required: bool = False
    package: bytes = b""
    _offer: dict = field(default_factory=dict)

    def es10(self, request: bytes, tag: int) -> Tlv:
        """One ES10 function, whose answer must have the tag."""
        return tlv.parse_single(self.chip.es10(request), tag)

    def _authenticate(self, matching_id: str, device_info: bytes) -> dict:
        """Common mutual authentication (SGP.22 v2.5, 3.0.1); what authenticateClient answers."""
        info1 = self.chip.es10(encode(0xBF20))
        challenge = self.es10(encode(0xBF2E), 0xBF2E).get(0x80).value
        answer = self.server.call("initiateAuthentication", euiccChallenge=b64(challenge),
                                  euiccInfo1=b64(info1), smdpAddress=self.server.host)
        self.transaction_id = bytes.fromhex(answer["transactionId"])
        matching = encode(0x80, matching_id.encode()) if matching_id else b""
        names = ("serverSigned1", "serverSignature1", "euiccCiPKIdToBeUsed", "serverCertificate")
        request = encode(0xBF38, [unb64(answer[name]) for name in names]
                         + [encode(0xA0, [matching, device_info])])
        response = self.es10(request, 0xBF38)
        self._refused(response, "AuthenticateServer")
        return self.server.call("authenticateClient", transactionId=answer["transactionId"],
                                authenticateServerResponse=b64(response.raw))

    def discover(self, event_id: str = "") -> list[tuple[str, str]]:
        """Identifier and address of each event at an SM-DS (3.6.2)."""
        answer = self._authenticate(event_id, DEVICE_INFO)
        return [(entry["eventId"], entry["rspServerAddress"]) for entry in answer["eventEntries"]]

    def authenticate(self, matching_id: str, device_info: bytes = DEVICE_INFO) -> None:
        """The beginning of a download (3.1.3), up to the offer."""
        self._offer = self._authenticate(matching_id, device_info)
        self.metadata = tlv.parse_single(unb64(self._offer["profileMetadata"]), 0xBF25)
        signed = tlv.parse_single(unb64(self._offer["smdpSigned2"]))
        self.cc_required = tlv.read_boolean(signed.get(0x01).value)

    @staticmethod
    def _refused(response: Tlv, function: str) -> None:
        if response.children()[0].tag == 0xA1:
            code = tlv.read_integer(response.get(0xA1).get(0x02).value)
            raise LpaError(function, f"error {code}")

    def fetch(self, code: str | None = None) -> bytes:
        """PrepareDownload and GetBoundProfilePackage (3.1.3)."""
        hashed = [encode(0x04, crypto.hash_cc(code, self.transaction_id))] if code is not None else []
        request = encode(0xBF21, [unb64(self._offer["smdpSigned2"]), unb64(self._offer["smdpSignature2"]),
                                  *hashed, unb64(self._offer["smdpCertificate"])])
        response = self.es10(request, 0xBF21)
        self._refused(response, "PrepareDownload")
        answer = self.server.call("getBoundProfilePackage", transactionId=self.transaction_id.hex().upper(),
                                  prepareDownloadResponse=b64(response.raw))
        self.package = unb64(answer["boundProfilePackage"])
        return self.package

    def load(self, package: bytes) -> Tlv:
        """Segments to the chip until it gives a ProfileInstallationResult (2.5.6)."""
        for segment in segments(package):
            answer = self.chip.es10(segment)
            if answer:
                return tlv.parse_single(answer, 0xBF37)
        raise LpaError("LoadBoundProfilePackage", "no result")

    def cancel(self, reason: int) -> None:
        """CancelSession on both sides (3.1.3.2)."""
        request = encode(0xBF41, [encode(0x80, self.transaction_id), encode(0x81, tlv.integer(reason))])
        self.server.call("cancelSession", transactionId=self.transaction_id.hex(),
                         cancelSessionResponse=b64(self.chip.es10(request)))

    def deliver(self, notification: Tlv) -> None:
        """HandleNotification, and away with it."""
        self.server.call("handleNotification", pendingNotification=b64(notification.raw))
        metadata = notification.find(0xBF2F) or notification.get(0xBF27).get(0xBF2F)
        removed = self.es10(encode(0xBF30, [metadata.get(0x80).raw]), 0xBF30)
        if removed.get(0x80).value != b"\x00":
            raise LpaError("NotificationSent", removed.raw.hex())

    def deliver_all(self) -> list[Tlv]:
        """Everything that is pending on the chip, in order of the sequence numbers."""
        listed = self.es10(encode(0xBF28), 0xBF28).get(0xA0).children()
        numbers = sorted((item.get(0x80).value for item in listed), key=tlv.read_integer)
        delivered = []
        for number in numbers:
            request = encode(0xBF2B, [encode(0xA0, [encode(0x80, number)])])
            delivered += self.es10(request, 0xBF2B).get(0xA0).children()
            self.deliver(delivered[-1])
        return delivered

    def download(self, matching_id: str, code: str | None = None) -> Tlv:
        """All of it; the ProfileInstallationResult, delivered."""
        self.authenticate(matching_id)
        result = self.load(self.fetch(code))
        self.deliver(result)
        return result


def succeeded(result: Tlv) -> bool:
    """Whether a ProfileInstallationResult says that the profile is installed."""
    return result.get(0xBF27).get(0xA2).children()[0].tag == 0xA0


def token_of(activation_code: str) -> str:
    """The MatchingID of an activation code."""
    return activation_code.split("$")[2]
