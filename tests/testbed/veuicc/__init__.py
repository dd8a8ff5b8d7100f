# SPDX-License-Identifier: LGPL-2.1-or-later
"""A virtual eUICC as strict as a chip.

    chip = Euicc(pki.make_testbed_pki(pki.make_eid(), ["smdp.example.com"]).chip)
    chip.process(bytes.fromhex("0070000001"))       # command -> answer with status word
    card = VpcdCard(chip); card.insert()            # the same behind a real pcscd

Modules from the outside in: vpcd (reader), euicc (life, faults), transport
(channels, STORE DATA), functions (ES10), session (authentication), loading,
install and elements (bound profile package), profiles and rules, notifications,
crl (revoked certificates), usim (files and authentication of the enabled
profile).
"""

from testbed.veuicc.config import Config
from testbed.veuicc.euicc import Euicc
from testbed.veuicc.profiles import Profile
from testbed.veuicc.vpcd import VpcdCard

__all__ = ["Config", "Euicc", "Profile", "VpcdCard"]
