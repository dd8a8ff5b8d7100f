# SPDX-License-Identifier: LGPL-2.1-or-later
"""The file system of the enabled profile, and its USIM (3GPP TS 31.102; ETSI TS 102 221, 8 and 11.1).

Contents come from the profile package: EF_ICCID, EF_IMSI, what PE-USIM and generic files carry, and Milenage's
keys.  What a package leaves out has the value that the format's template gives it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from testbed import tlv
from testbed.milenage import Milenage
from testbed.veuicc.apdu import Command, Ins, StatusError, Sw
from testbed.veuicc.profiles import Profile

MF, ADF, DF_TELECOM = 0x3F00, 0x7FFF, 0x7F10
EF_DIR, EF_PL, EF_ICCID = 0x2F00, 0x2F05, 0x2FE2
EF_IMSI, EF_AD, EF_SPN, EF_MSISDN = 0x6F07, 0x6FAD, 0x6F46, 0x6F40

USIM_AID = bytes.fromhex("A0000000871002FF33FFFF8901010100")
#: A name may be selected by its beginning (TS 102 221, 8.5.1); an RID alone is too little.
SHORTEST_NAME = 7

#: Profile elements, and members of PE-USIM.
PE_FILES, PE_AKA, PE_MF, PE_USIM = 0xA1, 0xA4, 0xB0, 0xB3
USIM_MEMBERS = {0xA3: EF_IMSI, 0xA8: 0x6F38, 0xAD: EF_SPN, 0xB2: 0x6F78, 0xB3: 0x6F7B, 0xB4: 0x6F7E, 0xB5: EF_AD}
#: Members of PE-USIM that are transparent files, with what the template gives them.
USIM_FILES = {
    EF_AD: "00000002", EF_SPN: "00" + "FF" * 16, 0x6F05: "656E", 0x6F08: "07" + "FF" * 32, 0x6F09: "07" + "FF" * 32,
    0x6F31: "05", 0x6F38: "0A2E178CE73204000000000000", 0x6F56: "00", 0x6F5B: "F00000F00000", 0x6F5C: "FFFFFF",
    0x6F73: "FF" * 14, 0x6F78: "0001", 0x6F7B: "FF" * 12, 0x6F7E: "FFFFFFFFFFFFFF0000FF01",
    0x6FB7: "11F2FF", 0x6FE3: "FF" * 15 + "000001",
}

#: First octet of the file descriptor (TS 102 221, 11.1.1.4.3).
LINEAR_FIXED = b"\x42"
AUTHENTICATE_3G = 0x81
NO_FILE_SELECTED = 0x6986
OUT_OF_RANGE = 0x6B00
RECORD_NOT_FOUND = 0x6A83
WRONG_TYPE = 0x6981
WRONG_MAC = 0x9862


@dataclass
class File:
    """An elementary file; one with records has all of the same length."""

    fid: int
    content: bytes = b""
    record_length: int = 0

    @property
    def records(self) -> int:
        return len(self.content) // self.record_length if self.record_length else 0

    def record(self, number: int) -> bytes:
        if not 1 <= number <= self.records:
            raise StatusError(RECORD_NOT_FOUND)
        end = number * self.record_length
        return self.content[end - self.record_length:end]

    def fcp(self) -> bytes:
        shape = bytes.fromhex("4221") + self.record_length.to_bytes(2, "big") + bytes([self.records])
        return tlv.encode(0x62, [
            tlv.encode(0x82, shape if self.record_length else bytes.fromhex("4121")),
            tlv.encode(0x83, self.fid.to_bytes(2, "big")),
            tlv.encode(0x8A, b"\x05"),
            tlv.encode(0x80, len(self.content).to_bytes(2, "big")),
        ])


@dataclass
class Directory:
    """The MF, a DF or an ADF with what is in it."""

    fid: int
    aid: bytes = b""
    entries: dict[int, File | Directory] = field(default_factory=dict)

    def add(self, entry: File | Directory) -> None:
        self.entries[entry.fid] = entry

    def fcp(self) -> bytes:
        """Of the MF, bit 1 of 87 tells that TERMINAL CAPABILITY is known."""
        proprietary = [tlv.encode(0x80, b"\x71"), tlv.encode(0x87, b"\x01")] if self.fid == MF else []
        name = [tlv.encode(0x84, self.aid)] if self.aid else []
        # PIN status: PIN 1, disabled.
        pins = tlv.encode(0xC6, [tlv.encode(0x90, b"\x00"), tlv.encode(0x83, b"\x01")])
        return tlv.encode(0x62, [
            tlv.encode(0x82, bytes.fromhex("7821")), tlv.encode(0x83, self.fid.to_bytes(2, "big")), *name,
            *([tlv.encode(0xA5, proprietary)] if proprietary else []), tlv.encode(0x8A, b"\x05"), pins,
        ])


class FileSystem:
    """What a card reader sees beside the ISD-R; that of a chip without an enabled profile is empty."""

    def __init__(self, profile: Profile | None):
        self._profile = profile
        self.root = Directory(MF)
        self.usim: Directory | None = None
        self._milenage: Milenage | None = None
        if profile:
            self.root.add(File(EF_ICCID, profile.iccid))
            self.root.add(File(EF_PL, b"en"))
            self._add_elements(_elements(profile.package))

    # From the package

    def _add_elements(self, elements: list[tlv.Tlv]) -> None:
        makers: dict[int, Callable[[tlv.Tlv], None]] = {
            PE_USIM: self._add_usim, PE_AKA: self._add_keys, PE_FILES: self._add_files,
        }
        for element in elements:
            makers.get(element.tag, lambda _: None)(element)

    def _add_usim(self, element: tlv.Tlv) -> None:
        self.usim = Directory(ADF, USIM_AID)
        for fid, content in USIM_FILES.items():
            self.usim.add(File(fid, bytes.fromhex(content)))
        for member in element.children():
            if member.tag in USIM_MEMBERS:
                content = b"".join(part.value for part in member.find_all(0x83))
                self.usim.add(File(USIM_MEMBERS[member.tag], content))
        label = tlv.encode(0x61, [tlv.encode(0x4F, USIM_AID), tlv.encode(0x50, b"USIM")])
        self.root.add(File(EF_DIR, label, len(label)))

    def _add_keys(self, element: tlv.Tlv) -> None:
        choice = element.find(0xA1)
        parameters = choice.find(0xA1) if choice else None
        k, opc = (parameters.find(tag) if parameters else None for tag in (0x82, 0x83))
        if k and opc:
            self._milenage = Milenage(k.value, opc.value)

    def _add_files(self, element: tlv.Tlv) -> None:
        """Files of a generic management below DF_TELECOM; EF_MSISDN is in the USIM, too."""
        telecom = self.root.entries.setdefault(DF_TELECOM, Directory(DF_TELECOM))
        for group in element.find_all(0xA1):
            for management in group.children():
                file = _managed_file(management)
                if file:
                    telecom.add(file)
                if file and file.fid == EF_MSISDN and self.usim:
                    self.usim.add(file)

    # Authentication (TS 33.102, 6.3)

    def authenticate(self, rand: bytes, autn: bytes) -> bytes:
        """RES, CK and IK; AUTS when the sequence number is too old; StatusError 9862 for a foreign network."""
        if self._milenage is None or self._profile is None:
            raise StatusError(Sw.CONDITIONS)
        sqn = self._milenage.sequence_number(rand, autn)
        if sqn is None:
            raise StatusError(WRONG_MAC)
        if sqn <= self._profile.sqn:
            auts = self._milenage.auts(rand, self._profile.sqn)
            return b"\xDC" + bytes([len(auts)]) + auts
        self._profile.sqn = sqn
        keys = (self._milenage.f2(rand), self._milenage.f3(rand), self._milenage.f4(rand))
        return b"\xDB" + b"".join(bytes([len(key)]) + key for key in keys)


def _elements(package: bytes) -> list[tlv.Tlv]:
    """None of a profile that was put there without a real package."""
    try:
        return tlv.parse(package)
    except tlv.TlvError:
        return []


def _managed_file(management: tlv.Tlv) -> File | None:
    """The file that a FileManagement creates, with its content; None if it does not."""
    fcp, content = management.find(0x62), management.find(0x81)
    if fcp is None or content is None:
        return None
    shape, fid = fcp.find(0x82), fcp.find(0x83)
    if shape is None or fid is None:
        return None
    length = int.from_bytes(shape.value[2:4], "big") if shape.value[:1] == LINEAR_FIXED else 0
    return File(int.from_bytes(fid.value, "big"), content.value, length)


class Selection:
    """What one logical channel has selected in a file system."""

    def __init__(self, files: FileSystem):
        self.files = files
        self.directory = files.root
        self._in_usim = False
        self.file: File | None = None

    def select_usim(self, name: bytes) -> bytes | None:
        """FCP of the USIM if the name is its own; else nothing changes and there is none."""
        usim = self.files.usim
        if usim is None or len(name) < SHORTEST_NAME or not usim.aid.startswith(name):
            return None
        self.directory, self.file, self._in_usim = usim, None, True
        return usim.fcp()

    def select(self, command: Command) -> bytes:
        """FCP of a file by its identifier (P1 00) or its path from the MF (P1 08)."""
        fids = [int.from_bytes(command.data[i:i + 2], "big") for i in range(0, len(command.data), 2)]
        if not fids or len(command.data) % 2:
            raise StatusError(Sw.WRONG_DATA)
        directory, file = self.files.root if command.p1 == 0x08 else self.directory, None
        for fid in fids:
            if file is not None:
                raise StatusError(Sw.NOT_FOUND)
            found = self._step(directory, fid)
            directory, file = (found, None) if isinstance(found, Directory) else (directory, found)
        self.directory, self.file = directory, file
        return (file or directory).fcp()

    def _step(self, directory: Directory, fid: int) -> File | Directory:
        if fid == MF:
            return self.files.root
        if fid == ADF and self._in_usim and self.files.usim:
            return self.files.usim
        found = directory.entries.get(fid)
        if found is None:
            raise StatusError(Sw.NOT_FOUND)
        return found

    def execute(self, command: Command) -> bytes:
        """The body of one of the commands in COMMANDS."""
        return COMMANDS[command.ins](self, command)

    def _read_binary(self, command: Command) -> bytes:
        file = self._selected()
        if file.record_length:
            raise StatusError(WRONG_TYPE)
        offset = command.p1 << 8 | command.p2
        if command.p1 & 0x80 or offset >= len(file.content):
            raise StatusError(OUT_OF_RANGE)
        return file.content[offset:offset + (command.le or 0)]

    def _read_record(self, command: Command) -> bytes:
        file = self._selected()
        if not file.record_length:
            raise StatusError(WRONG_TYPE)
        if command.p2 != 0x04:
            raise StatusError(Sw.WRONG_P1P2)
        return file.record(command.p1)

    def _status(self, _command: Command) -> bytes:
        return self.directory.fcp()

    def _authenticate(self, command: Command) -> bytes:
        if command.parameters != (0x00, AUTHENTICATE_3G):
            raise StatusError(Sw.WRONG_P1P2)
        if not self._in_usim:
            raise StatusError(Sw.CONDITIONS)
        data = command.data
        if len(data) != 34 or data[0] != 16 or data[17] != 16:
            raise StatusError(Sw.WRONG_LENGTH)
        return self.files.authenticate(data[1:17], data[18:])

    def _selected(self) -> File:
        if self.file is None:
            raise StatusError(NO_FILE_SELECTED)
        return self.file


COMMANDS: dict[int, Callable[[Selection, Command], bytes]] = {
    Ins.READ_BINARY: Selection._read_binary,
    Ins.READ_RECORD: Selection._read_record,
    Ins.STATUS: Selection._status,
    Ins.AUTHENTICATE: Selection._authenticate,
}
