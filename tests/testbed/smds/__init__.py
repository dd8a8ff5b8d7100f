# SPDX-License-Identifier: LGPL-2.1-or-later
"""A test SM-DS: ES11 over HTTPS, events that SM-DP+s register, alternative SM-DSs (see README.md one folder up)."""

from .events import Event
from .server import SmdsServer

__all__ = ["Event", "SmdsServer"]
