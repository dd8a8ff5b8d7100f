# SPDX-License-Identifier: LGPL-2.1-or-later
"""As much of /sys as describes one modem: a USB device of one interface, or a PCIe device of the kernel's WWAN framework."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

DATA_PORT = "wwan0"
USB_DRIVERS = {"qmi": "qmi_wwan", "mbim": "cdc_mbim"}
USB_DEVICE = "devices/pci0000:00/0000:00:14.0/usb1/1-1"
PCIE_DEVICE = "devices/pci0000:00/0000:00:1c.0/0000:02:00.0"
PCIE_DRIVER, PCIE_DATA_DRIVER = "mhi-pci-generic", "mhi_net"


@dataclass(frozen=True)
class Hardware:
    """A modem as the kernel shows it; folders are relative to /sys."""

    #: Its USB or PCI device.
    device: str
    #: Of the control port: its subsystem, its name in it, its folder.
    subsystem: str
    control_port: str
    port: str
    #: Texts of files, and where links lead, by their paths.
    files: dict[str, str]
    links: dict[str, str]

    def make(self, top: Path) -> None:
        """In the folder top."""
        for name in self.links.values():
            if name.startswith(("bus/", "class/")):
                (top / name).mkdir(parents=True, exist_ok=True)
        for name, text in self.files.items():
            (top / name).parent.mkdir(parents=True, exist_ok=True)
            (top / name).write_text(f"{text}\n")
        for name, target in self.links.items():
            (top / name).parent.mkdir(parents=True, exist_ok=True)
            (top / name).symlink_to(os.path.relpath(top / target, (top / name).parent))


def _in_class(folder: str, subsystem: str, name: str, device: str) -> dict[str, str]:
    """Links of what is in a class, and has a device."""
    return {f"{folder}/subsystem": f"class/{subsystem}", f"{folder}/device": device, f"class/{subsystem}/{name}": folder}


def usb(transport: str) -> Hardware:
    name, interface = "cdc-wdm0", f"{USB_DEVICE}/1-1:1.0"
    port, data = f"{interface}/usbmisc/{name}", f"{interface}/net/{DATA_PORT}"
    files = {
        f"{USB_DEVICE}/idVendor": "05c6", f"{USB_DEVICE}/idProduct": "9025", f"{USB_DEVICE}/manufacturer": "Testbed",
        f"{USB_DEVICE}/product": "Virtual modem", f"{interface}/bInterfaceClass": "ff",
        f"{interface}/bInterfaceSubClass": "ff", f"{interface}/bInterfaceProtocol": "ff",
        f"{interface}/bInterfaceNumber": "00", f"{port}/uevent": f"MAJOR=180\nMINOR=0\nDEVNAME={name}",
        f"{data}/qmi/raw_ip": "Y", f"{data}/uevent": "",
    }
    links = {
        f"{USB_DEVICE}/subsystem": "bus/usb", f"{USB_DEVICE}/driver": "bus/usb/drivers/usb",
        f"{interface}/subsystem": "bus/usb", f"{interface}/driver": f"bus/usb/drivers/{USB_DRIVERS[transport]}",
        **_in_class(port, "usbmisc", name, interface), **_in_class(data, "net", DATA_PORT, interface),
    }
    return Hardware(USB_DEVICE, "usbmisc", name, port, files, links)


def pcie(transport: str) -> Hardware:
    """Its ports belong to a WWAN device, which is no port; there is one for AT commands beside the control port."""
    name, wwan, network = f"wwan0{transport}0", f"{PCIE_DEVICE}/mhi0/wwan/wwan0", f"{PCIE_DEVICE}/mhi0/mhi0_IP_HW0"
    port, other, data = f"{wwan}/{name}", f"{wwan}/wwan0at0", f"{network}/net/{DATA_PORT}"
    files = {
        f"{PCIE_DEVICE}/vendor": "0x17cb", f"{PCIE_DEVICE}/device": "0x0306",
        f"{PCIE_DEVICE}/subsystem_vendor": "0x17cb", f"{PCIE_DEVICE}/subsystem_device": "0x0306",
        f"{wwan}/uevent": "DEVTYPE=wwan_dev",
        f"{port}/type": transport.upper(), f"{port}/uevent": f"MAJOR=240\nMINOR=0\nDEVNAME={name}\nDEVTYPE=wwan_port",
        f"{other}/type": "AT", f"{other}/uevent": "MAJOR=240\nMINOR=1\nDEVNAME=wwan0at0\nDEVTYPE=wwan_port",
        f"{data}/uevent": "",
    }
    links = {
        f"{PCIE_DEVICE}/subsystem": "bus/pci", f"{PCIE_DEVICE}/driver": f"bus/pci/drivers/{PCIE_DRIVER}",
        f"{PCIE_DEVICE}/mhi0/subsystem": "bus/mhi",
        f"{network}/subsystem": "bus/mhi", f"{network}/driver": f"bus/mhi/drivers/{PCIE_DATA_DRIVER}",
        **_in_class(wwan, "wwan", "wwan0", f"{PCIE_DEVICE}/mhi0"),
        **_in_class(port, "wwan", name, wwan), **_in_class(other, "wwan", "wwan0at0", wwan),
        **_in_class(data, "net", DATA_PORT, network),
    }
    return Hardware(PCIE_DEVICE, "wwan", name, port, files, links)


#: By the bus that the modem is attached to.
HARDWARE = {"usb": usb, "pcie": pcie}
