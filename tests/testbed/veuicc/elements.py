# SPDX-License-Identifier: LGPL-2.1-or-later
"""The unprotected package: a sequence of profile elements (SIMalliance/TCA
Interoperable Profile format, "SAIP"), checked as its octets arrive."""

from __future__ import annotations

from collections.abc import Callable

from testbed import tlv
from testbed.veuicc.config import Config

HEADER, MASTER_FILE, AKA, END = 0xA0, 0xB0, 0xA4, 0xAA
KNOWN = {*range(0xA0, 0xAB), *range(0xB0, 0xBE)}
#: Tag and length of an element fit into this many octets.
MAX_HEADER = 6
#: The one key that a test profile may have (GSMA TS.48).
TEST_KEY = bytes(range(16))

SIMA_OK = bytes.fromhex("3007A0053003800100")


class Reason:
    """errorReason of a ProfileInstallationResult."""

    INPUT = 1
    SIGNATURE = 2
    TRANSACTION_ID = 3
    CRT = 4
    REMOTE_OPERATION = 5
    CLASS = 6
    STRUCTURE = 7
    SECURITY = 8
    ICCID_EXISTS = 9
    MEMORY = 10
    INTERRUPTION = 11
    ELEMENT = 12
    MISMATCH = 13
    TEST_KEY = 14
    RULES = 15


class PeStatus:
    """Status of one element in an EUICCResponse."""

    NOT_SUPPORTED = 1
    BAD_VALUES = 3
    FEATURE = 10
    VERSION = 31


class Failure(Exception):
    """The installation ends with this errorReason."""

    def __init__(self, reason: int, pe_status: int | None = None):
        super().__init__(str(reason))
        self.reason = reason
        self.sima = None if pe_status is None else _sima(pe_status)


def _sima(pe_status: int) -> bytes:
    """EUICCResponse with one element's status."""
    status = tlv.encode(0x30, tlv.encode(0x80, tlv.integer(pe_status)))
    return tlv.encode(0x30, tlv.encode(0xA0, status))


class Elements:
    """Reads elements from a stream of octets with arbitrary borders."""

    def __init__(self, iccid: bytes, is_test: bool, config: Config):
        self._iccid, self._is_test, self._config = iccid, is_test, config
        self._buffer = bytearray()
        self._first = True
        #: The end element has been processed.
        self.complete = False

    def feed(self, octets: bytes) -> None:
        """Raises Failure for the first element that is wrong."""
        self._buffer += octets
        while self._buffer and not self.complete:
            element = self._next()
            if element is None:
                return
            self._process(element)
        if self._buffer:
            raise Failure(Reason.ELEMENT)  # octets after the end

    def _next(self) -> tlv.Tlv | None:
        """The next whole element, if it is here."""
        try:
            _, length, start = tlv.read_header(self._buffer)
        except tlv.TlvError:
            if len(self._buffer) < MAX_HEADER:
                return None
            raise Failure(Reason.ELEMENT) from None
        if len(self._buffer) < start + length:
            return None
        element = tlv.parse_one(bytes(self._buffer))
        del self._buffer[:len(element.raw)]
        return element

    def _process(self, element: tlv.Tlv) -> None:
        if self._first != (element.tag == HEADER):
            raise Failure(Reason.ELEMENT, PeStatus.BAD_VALUES)
        self._first = False
        if element.tag not in KNOWN:
            raise Failure(Reason.ELEMENT, PeStatus.NOT_SUPPORTED)
        checks: dict[int, Callable[[tlv.Tlv], None]] = {
            HEADER: self._header, MASTER_FILE: self._master_file, AKA: self._aka, END: self._end,
        }
        try:
            element.children()
            checks.get(element.tag, lambda _: None)(element)
        except tlv.TlvError:
            raise Failure(Reason.ELEMENT, PeStatus.BAD_VALUES) from None

    def _header(self, element: tlv.Tlv) -> None:
        version = tuple(tlv.read_integer(element.get(tag).value) for tag in (0x80, 0x81))
        if version > self._config.profile_version[:2]:
            raise Failure(Reason.ELEMENT, PeStatus.VERSION)
        services = element.find(0xA5)
        wanted = {service.tag for service in services.children()} if services else set()
        if wanted & set(self._config.unsupported_services):
            raise Failure(Reason.ELEMENT, PeStatus.FEATURE)
        if element.get(0x83).value != self._iccid:
            raise Failure(Reason.MISMATCH)

    def _master_file(self, element: tlv.Tlv) -> None:
        """EF_ICCID is member A4 of the element, its octets are in members 83 of the file."""
        file = element.find(0xA4)
        content = b"".join(part.value for part in file.find_all(0x83)) if file else b""
        if content and content != self._iccid:
            raise Failure(Reason.MISMATCH)

    def _aka(self, element: tlv.Tlv) -> None:
        """A test profile must not carry an operator's key."""
        choice = element.find(0xA1)
        parameters = choice.find(0xA1) if choice else None
        key = parameters.find(0x82) if parameters else None
        if self._is_test and key and key.value != TEST_KEY:
            raise Failure(Reason.TEST_KEY)

    def _end(self, element: tlv.Tlv) -> None:
        element.get(0xA0)
        self.complete = True
