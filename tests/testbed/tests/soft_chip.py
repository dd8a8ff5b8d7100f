# SPDX-License-Identifier: LGPL-2.1-or-later
"""An eUICC that lies on request: a counterpart for the SM-DP+'s own tests.

It signs whatever it is told to and checks nothing, which a virtual eUICC as strict as a real one cannot do.
It does decrypt packages, with keys derived on its own side.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from testbed import certificates, crypto, pki, tlv
from testbed.bsp import Bsp
from testbed.pki import ChipCredentials
from testbed.tlv import Tlv, encode

CAPABILITY = encode(0x85, tlv.bit_string([1, 4, 14, 16]))


class SoftChip:
    """``lies`` maps a point (names at each use below) to a value or to a function of the right one."""

    def __init__(self, credentials: ChipCredentials, **lies: Any) -> None:
        self.credentials, self.lies = credentials, dict(lies)
        self.challenge = b"C" * 16
        self.one_time_key = crypto.generate_key("P-256")
        self.plaintext: dict[int, bytes] = {0x86: b"", 0x87: b"", 0x88: b""}
        self.seq = 0
        self.segment_sizes: list[int] = []
        self._server_signed: Tlv | None = None
        self._bsp: Bsp | None = None

    def _say(self, point: str, value: Any) -> Any:
        lie = self.lies.get(point, value)
        return lie(value) if callable(lie) else lie

    def _sign(self, point: str, data: bytes) -> bytes:
        return encode(0x5F37, self._say(point, crypto.sign(self.credentials.key, data)))

    def es10(self, request: bytes) -> bytes:
        """Answer one ES10b request, or one segment of a package."""
        head = tlv.read_header(request)[0]
        functions: dict[int, Callable[[bytes], bytes]] = {
            0xBF20: self._info1, 0xBF2E: self._new_challenge, 0xBF38: self._authenticate,
            0xBF21: self._prepare, 0xBF41: self._cancel, 0xBF36: self._load_first,
            0xBF30: lambda _: encode(0xBF30, encode(0x80, b"\x00"))}
        return functions.get(head, self._load)(request)

    def _info1(self, _: bytes) -> bytes:
        listed = encode(0x04, self._say("pkid", certificates.key_id(self.credentials.ci_certs[0])))
        return encode(0xBF20, [encode(0x82, self._say("svn", b"\x02\x05\x00")), encode(0xA9, listed),
                               encode(0xAA, self._say("signing", listed))])

    def _new_challenge(self, _: bytes) -> bytes:
        return encode(0xBF2E, encode(0x80, self.challenge))

    def info2(self) -> bytes:
        """EUICCInfo2 with as much as a server looks at."""
        memory = encode(0x81, b"\x00") + encode(0x82, self._say("memory", b"\x00\x0A\x00\x00"))
        parts = [encode(0x81, self._say("profileVersion", b"\x02\x03\x00")), encode(0x82, b"\x02\x05\x00"),
                 encode(0x83, b"\x01\x00\x00"), encode(0x84, memory), self._say("capability", CAPABILITY),
                 encode(0x88, tlv.bit_string(self._say("rspCapability", [0, 4])))]
        forbidden = self._say("forbidden", b"")
        return encode(0xBF22, parts + ([encode(0x99, forbidden)] if forbidden else []))

    def _authenticate(self, request: bytes) -> bytes:
        outer = tlv.parse_single(request)
        self._server_signed = outer.children()[0]
        context = outer.get(0xA0)
        signed = encode(0x30, [
            encode(0x80, self._say("signed1.transactionId", self._server_signed.get(0x80).value)),
            encode(0x83, self._say("signed1.serverAddress", self._server_signed.get(0x83).value)),
            encode(0x84, self._say("signed1.serverChallenge", self._server_signed.get(0x84).value)),
            self.info2(), self._say("context", context.raw)])
        signature = self._sign("signature1", signed)
        chain = [self._say("euiccCert", self.credentials.identities[0].euicc.der),
                 self._say("eumCert", self.credentials.eum.public_bytes(pki.Encoding.DER))]
        return encode(0xBF38, encode(0xA0, [signed, signature, *chain]))

    def _prepare(self, request: bytes) -> bytes:
        children = tlv.parse_single(request).children()
        code = [child.raw for child in children if child.tag == 0x04]
        signed = encode(0x30, [
            encode(0x80, self._say("signed2.transactionId", children[0].get(0x80).value)),
            encode(0x5F49, self._say("otpk", crypto.public_point(self.one_time_key))),
            *self._say("hashCc", code)])
        signature = self._sign("signature2", signed + children[1].raw)
        return encode(0xBF21, encode(0xA0, [signed, signature]))

    def _cancel(self, request: bytes) -> bytes:
        children = tlv.parse_single(request).children()
        signed = encode(0x30, [
            encode(0x80, self._say("cancel.transactionId", children[0].value)),
            encode(0x81, self._say("cancel.oid", tlv.oid(pki.DEFAULT_DP_OID))),
            encode(0x82, children[1].value)])
        return encode(0xBF41, encode(0xA0, [signed, self._sign("cancel.signature", signed)]))

    def _load_first(self, request: bytes) -> bytes:
        length = tlv.read_header(request)[2]
        secure = tlv.parse_one(request[length:])
        host = secure.get(0xA6).get(0x84).value
        eid = bytes.fromhex(self.credentials.eid)
        self._transaction_id = secure.get(0x80).value
        self._bsp = Bsp(*crypto.ecdh_keys(self.one_time_key, secure.get(0x5F49).value, host, eid))
        self._remaining = tlv.read_header(request)[1] - len(secure.raw)
        return b""

    def _load(self, segment: bytes) -> bytes:
        self._remaining -= len(segment)
        head = segment[0]
        if head in (0xA0, 0xA2):
            self._open(tlv.parse_single(segment).value)
        elif head in (0x86, 0x87, 0x88):
            self._open(segment)
        return b"" if self._remaining else self.result()

    def _open(self, segment: bytes) -> None:
        self.segment_sizes.append(len(segment))
        tag = segment[0]
        opened = self._bsp.verify_only(segment) if tag == 0x88 else self._bsp.decrypt(segment)
        self.plaintext[tag] += opened
        if tag == 0x87 and opened.startswith(b"\xbf\x26"):
            self._bsp.replace_keys(*(child.value for child in tlv.parse_single(opened).children()))

    def result(self) -> bytes:
        """A ProfileInstallationResult; "error" in the lies is (command, reason)."""
        error = self.lies.get("error")
        if error:
            final = encode(0xA1, [encode(0x80, tlv.integer(error[0])), encode(0x81, tlv.integer(error[1]))])
        else:
            final = encode(0xA0, [encode(0x4F, bytes.fromhex("A0000005591010FFFFFFFF8900001100")),
                                  encode(0x04, bytes.fromhex("3007A0053003800100"))])
        iccid = tlv.parse_single(self.plaintext[0x88]).get(0x5A).raw if self.plaintext[0x88] else b""
        data = encode(0xBF27, [
            encode(0x80, self._transaction_id), self._metadata(0, iccid),
            encode(0x06, self._say("result.oid", tlv.oid(pki.DEFAULT_DP_OID))), encode(0xA2, final)])
        return encode(0xBF37, [data, self._sign("result.signature", data)])

    def _metadata(self, event: int, iccid: bytes) -> bytes:
        self.seq += 1
        address = self._say("result.address", self._server_signed.get(0x83).value)
        return encode(0xBF2F, [encode(0x80, tlv.integer(self.seq)), encode(0x81, tlv.bit_string([event])),
                               encode(0x0C, address), iccid])

    def other_notification(self, event: int, iccid: bytes) -> bytes:
        """An OtherSignedNotification with its certificates."""
        signed = self._metadata(event, encode(0x5A, iccid))
        return encode(0x30, [signed, self._sign("other.signature", signed),
                             self._say("euiccCert", self.credentials.identities[0].euicc.der),
                             self._say("eumCert", self.credentials.eum.public_bytes(pki.Encoding.DER))])
