# SPDX-License-Identifier: LGPL-2.1-or-later
"""A test SM-DP+: ES9+ over HTTPS, orders, profile packages, faults (see README.md one folder up)."""

from . import faults
from .orders import Order, Refusal
from .record import Notification
from .server import SmdpServer
from .subscriber import SubscriberRecord

__all__ = ["Notification", "Order", "Refusal", "SmdpServer", "SubscriberRecord", "faults"]
