# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the SM-DP+ has on record, as text for a person."""

from __future__ import annotations

from collections.abc import Iterable

from .orders import Order
from .record import Notification, Record


def _orders(orders: Iterable[Order]) -> list[str]:
    lines = []
    for order in orders:
        name = f"{order.record.service_provider}, {order.record.profile_name}"
        token = order.matching_id or "(by EID)"
        lines.append(f"  {token}  {order.state:10}  ICCID {order.record.iccid}  {name}")
        lines += [f"      {entry.event}" + (f" ({entry.detail})" if entry.detail else "")
                  for entry in order.history]
    return lines or ["  none"]


def _notification(entry: Notification) -> str:
    if entry.success is None:
        what = entry.event
    elif entry.success:
        what = "install: success"
    else:
        what = f"install: error {entry.error[1]} in command {entry.error[0]}"
    verdict = "signature verified" if entry.verified else f"NOT VERIFIED: {entry.problem}"
    again = ", delivered before" if entry.duplicate else ""
    return f"  {entry.seq:4}  {what:18}  ICCID {entry.iccid or '-':20}  {verdict}{again}"


def text(host: str, orders: Iterable[Order], record: Record) -> str:
    """Orders with their history, notifications, and the figures of the network."""
    with record.changed:
        notifications = [_notification(entry) for entry in record.notifications] or ["  none"]
        figures = record.counters.snapshot()
        lines = [f"SM-DP+ {host}", "Orders", *_orders(orders), "Notifications", *notifications]
    lines.append(f"Network: TCP connections {figures['tcp_connections']}, TLS handshakes"
                 f" {figures['tls_handshakes']}, requests {figures['http_requests']}")
    return "\n".join(lines)
