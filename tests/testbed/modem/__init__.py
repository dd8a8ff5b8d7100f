# SPDX-License-Identifier: LGPL-2.1-or-later
"""A virtual QMI modem with virtual eUICCs in its slots.

    modem = Modem([chip], [ProxyPort(listen_abstract("qmi-proxy"))], network=Network([record]))
    with modem:
        ...                                     # qmicli --device-open-proxy, ModemManager
        modem.firmware.behaviour = "silent"
        modem.faults.at_message("UIM Send APDU", firmware.late(2))

Modules from the outside in: ports (sockets, terminals), qmux (frames), modem (life, clients), service and one
module for each service (ctl, uim, dms, nas, wds with wda), radio (registration), card (what firmware does with a
card), firmware (behaviours, faults); mbim, mbim_function and mbim_basic for the same modem as an MBIM device.  client is the other side, for tests.
"""

from testbed.modem.firmware import BEHAVIOURS, Firmware
from testbed.modem.modem import Modem
from testbed.modem.ports import ProxyPort, PtyPort, listen_abstract

__all__ = ["BEHAVIOURS", "Firmware", "Modem", "ProxyPort", "PtyPort", "listen_abstract"]
