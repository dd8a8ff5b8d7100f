# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of the virtual modem have in common: a chip with two subscriptions, and ES10 over QMI."""

from __future__ import annotations

from testbed.modem.client import UimClient
from testbed.pki import ChipCredentials
from testbed.smdp import SubscriberRecord
from testbed.smdp.upp import build_upp
from testbed.tests.mini_lpa import ISD_R, CardChannel
from testbed.tests.veuicc_peers import switch
from testbed.veuicc import Euicc, Profile

FIRST, SECOND = SubscriberRecord.make(1), SubscriberRecord.make(2)
CARD_EVENTS, SLOT_EVENTS = 1, 16


def profile_of(record: SubscriberRecord, **fields) -> Profile:
    return Profile(record.iccid_octets, package=build_upp(record), **fields)


def chip_with_two_profiles(credentials: ChipCredentials) -> Euicc:
    """FIRST is enabled."""
    chip = Euicc(credentials)
    chip.add_profile(profile_of(FIRST, enabled=True))
    chip.add_profile(profile_of(SECOND))
    return chip


class QmiChannel(CardChannel):
    """A channel to ISD-R that the modem opens; the rest is as over any reader."""

    def __init__(self, uim: UimClient, size: int = 255):
        self._uim, self._size = uim, size
        self.channel, _ = uim.open_channel(ISD_R)
        self._process = lambda apdu: uim.apdu(self.channel, apdu)

    def close(self) -> None:
        self._uim.close_channel(self.channel)

    def enable(self, record: SubscriberRecord) -> None:
        """With the refresh flag; the code must be 0."""
        answer = self.es10(switch(0xBF31, record.iccid_octets))
        assert answer.hex() == "bf3103800100", answer.hex()
