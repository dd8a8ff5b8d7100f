# SPDX-License-Identifier: LGPL-2.1-or-later
"""ES10b.LoadBoundProfilePackage as a course of events (SGP.22 v2.5, 5.7.6, 2.5.6, 3.1.3.3).

Segments go to a Loader; this module decides whether one may come now, and makes
the ProfileInstallationResult of whatever ends the package.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from testbed import crypto, tlv
from testbed.veuicc.apdu import StatusError, Sw
from testbed.veuicc.elements import SIMA_OK, Failure, Reason
from testbed.veuicc.faults import Fault
from testbed.veuicc.install import PACKAGE, Installed, Loader
from testbed.veuicc.notifications import Notification
from testbed.veuicc.profiles import INSTALL
from testbed.veuicc.session import Stage

if TYPE_CHECKING:
    from testbed.veuicc.euicc import Euicc

PACKAGE_TAG = tlv.encode_tag(PACKAGE)


class Loading:
    """At most one package, from its first segment to its result."""

    def __init__(self, chip: Euicc):
        self._chip = chip
        #: None between packages, and when the present one cannot go on.
        self._loader: Loader | None = None
        #: Channel of the present package; None between packages.
        self._channel: int | None = None
        #: Non-volatile: what the result of an interrupted package is made of.
        self.interrupted: dict | None = None

    @property
    def goes_on(self) -> bool:
        """Whether further segments of a package are expected."""
        return self._loader is not None

    def segment(self, segment: bytes, channel: int, fault: Fault | None = None) -> bytes:
        """One segment; the answer is empty or the ProfileInstallationResult."""
        is_first = segment[:2] == PACKAGE_TAG
        loader = self._new_loader(channel) if is_first else self._present_loader(channel)
        try:
            if fault and fault.kind == "early-result":
                return self._end(_error(fault.result[0], Failure(fault.result[1])))
            installed = loader.begin(segment) if is_first else loader.add(segment)
        except Failure as failure:
            return self._end(_error(loader.command_id, failure))
        except StatusError:
            self._loader = None
            raise
        self.interrupted = self._marker()
        return self._install(installed) if installed else b""

    def channel_left(self, channel: int) -> None:
        """Closed, or another application selected: a package stays on its channel."""
        if channel == self._channel:
            self._loader = None

    def abandon(self) -> None:
        """What has been loaded is discarded, without a result."""
        self._loader = self._channel = self.interrupted = None

    def power_cut(self) -> None:
        """At power-on: the result of a package that the power was cut in."""
        marker = self.interrupted
        self.abandon()
        if marker and self._chip.config.interruption_result:
            self._result(marker, _error(marker["command"], Failure(Reason.INTERRUPTION)))

    def _new_loader(self, channel: int) -> Loader:
        session = self._chip.sessions.current
        if self._channel is not None or session is None or session.stage is not Stage.PREPARED:
            raise StatusError(Sw.CONDITIONS)
        chip = self._chip
        self._loader = Loader(chip.sessions, chip.profiles, chip.config, chip.eid_octets)
        self._channel = channel
        return self._loader

    def _present_loader(self, channel: int) -> Loader:
        if self._channel is None:
            raise StatusError(Sw.REFERENCE)
        if self._loader is None or channel != self._channel:
            raise StatusError(Sw.CONDITIONS)
        return self._loader

    def _install(self, installed: Installed) -> bytes:
        profile = installed.profile
        events = self._chip.profiles.add(profile)
        success = [tlv.encode(0x4F, profile.aid), tlv.encode(0x04, SIMA_OK)]
        result = self._end(tlv.encode(0xA0, success))
        self._chip.notify(events)
        return result

    def _end(self, final_result: bytes) -> bytes:
        """The session is over with the result."""
        result = self._result(self._marker(), final_result)
        self._chip.sessions.current = None
        self.abandon()
        return result

    def _marker(self) -> dict:
        """What a result needs to be made, also after a power cut."""
        session, iccid = self._loader.session, self._loader.iccid
        return {
            "transaction_id": session.transaction_id.hex(),
            "address": session.server_address.hex(),
            "oid": session.server_oid,
            "pkid": session.identity.pkid.hex(),
            "iccid": iccid.hex() if iccid else None,
            "command": self._loader.command_id,
        }

    def _result(self, marker: dict, final_result: bytes) -> bytes:
        """ProfileInstallationResult, which is stored before it is answered."""
        iccid = bytes.fromhex(marker["iccid"]) if marker["iccid"] else None
        address = bytes.fromhex(marker["address"])
        seq, metadata = self._chip.notifications.metadata(INSTALL, address, iccid)
        data = tlv.encode(0xBF27, [
            tlv.encode(0x80, bytes.fromhex(marker["transaction_id"])),
            metadata,
            tlv.encode(0x06, tlv.oid(marker["oid"])),
            tlv.encode(0xA2, final_result),
        ])
        key = self._chip.identity(bytes.fromhex(marker["pkid"])).key
        result = tlv.encode(0xBF37, [data, tlv.encode(0x5F37, crypto.sign(key, data))])
        self._chip.notifications.add(Notification(seq, INSTALL, metadata, result))
        return result


def _error(command: int, failure: Failure) -> bytes:
    """errorResult with bppCommandId and errorReason."""
    parts = [tlv.encode(0x80, tlv.integer(command)), tlv.encode(0x81, tlv.integer(failure.reason))]
    if failure.sima:
        parts.append(tlv.encode(0x82, failure.sima))
    return tlv.encode(0xA1, parts)
