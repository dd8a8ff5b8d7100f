# SPDX-License-Identifier: LGPL-2.1-or-later
"""What udev tells of devices, in a network namespace in which no udev runs.

A message is a header, by which the kernel sorts out who gets it, and the properties of the device: as in
systemd's sd-device/device-monitor.c.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Mapping

NETLINK_KOBJECT_UEVENT = 15
UDEV_GROUP = 2
MAGIC = 0xFEEDCAFE
HEADER = struct.Struct("=8s4sIII4s4s4s4s")


def murmur_hash(text: bytes) -> int:
    """MurmurHash2 of 32 bits with seed 0."""
    factor, mask = 0x5BD1E995, 0xFFFFFFFF
    value = len(text)
    whole = len(text) - len(text) % 4
    for start in range(0, whole, 4):
        word = int.from_bytes(text[start:start + 4], "little") * factor & mask
        value = (value * factor & mask) ^ ((word ^ word >> 24) * factor & mask)
    if whole < len(text):
        value = (value ^ int.from_bytes(text[whole:], "little")) * factor & mask
    value = (value ^ value >> 13) * factor & mask
    return value ^ value >> 15


def message(properties: Mapping[str, str]) -> bytes:
    """ACTION, DEVPATH, SUBSYSTEM and SEQNUM must be there."""
    body = b"".join(f"{key}={value}".encode() + b"\0" for key, value in properties.items())
    subsystem = murmur_hash(properties["SUBSYSTEM"].encode())
    numbers = [struct.pack(">I", number) for number in (MAGIC, subsystem, 0, 0, 0)]
    return HEADER.pack(b"libudev\0", numbers[0], HEADER.size, HEADER.size, len(body), *numbers[1:]) + body


def tell(properties: Mapping[str, str]) -> None:
    """To all who listen in the network namespace of this thread."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_KOBJECT_UEVENT) as link:
        try:
            link.sendto(message(properties), (0, UDEV_GROUP))
        except ConnectionRefusedError:
            pass  # nobody listens
