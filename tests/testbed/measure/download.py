# SPDX-License-Identifier: LGPL-2.1-or-later
"""Figures of a download: what goes over the card and the network, and how long it takes."""

from __future__ import annotations

import base64
import json
import ssl
import time

from testbed import tlv
from testbed.measure.figures import Figures
from testbed.relay import INITIAL_WINDOW
from testbed.smdp import SubscriberRecord
from testbed.stack import Stack

SIZES = {"12k": 12_000, "60k": 60_000, "100k": 100_000}
TLS = {"tls12": ssl.TLSVersion.TLSv1_2, "tls13": ssl.TLSVersion.TLSv1_3}
#: Round trips before the first request can leave: TCP, and the handshake of TLS.
HANDSHAKE_ROUNDS = {"tls12": 3, "tls13": 2}
BLOCK = 255
RTT, LATENCY = 0.150, 0.020

_numbers = iter(range(1, 1_000_000))


def download(stack: Stack, size: int) -> float:
    """One whole download through lui-cli, the installation result delivered; seconds. Leaves the chip as it was."""
    record = SubscriberRecord.make(next(_numbers))
    order = stack.smdp.place_order(record, size=size)
    stack.chip.counters.reset()
    stack.smdp.counters.reset()
    begin = time.monotonic()
    done = stack.lui("download", "--yes", order.activation_code, timeout=300)
    seconds = time.monotonic() - begin
    if done.returncode != 0 or order.state != "installed":
        raise SystemExit(f"the download failed, order {order.state}: {done.stdout}{done.stderr}")
    return seconds


def clean(stack: Stack) -> None:
    """Delete what was installed, outside the measured time."""
    for profile in json.loads(stack.lui("list", "--json").stdout)["profiles"]:
        done = stack.lui("delete", "--yes", profile["iccid"], timeout=120)
        if done.returncode != 0:
            raise SystemExit(f"the profile could not be deleted: {done.stdout}{done.stderr}")


def bound_profile_package(stack: Stack) -> bytes:
    """The last package that the server sent."""
    answers = [e for e in stack.smdp.record.transcript if e.function == "getBoundProfilePackage"]
    return base64.b64decode(json.loads(answers[-1].response)["boundProfilePackage"])


def pieces(package: bytes) -> list[int]:
    """Sizes of the segments of ES10b.LoadBoundProfilePackage (SGP.22 v2.5, 2.5.5): those of this module, not of lpad."""
    bpp = tlv.parse(package)[0]
    children = bpp.children()
    sizes = [len(bpp.header) + len(children[0].raw)]
    for child in children[1:]:
        if child.tag in (0xA0, 0xA2):
            sizes.append(len(child.raw))
        else:
            sizes.append(len(child.header))
            sizes += [len(part.raw) for part in child.children()]
    return sizes


def slow_start_rounds(octets: int) -> int:
    """Round trips that an answer of so many octets takes beyond the one of its request."""
    rounds, window, sent = 0, INITIAL_WINDOW, INITIAL_WINDOW
    while sent < octets:
        window *= 2
        sent += window
        rounds += 1
    return rounds


def count(stack: Stack, figures: Figures, suffix: str) -> None:
    """What the last download took, in counts."""
    chip, server = stack.chip.counters, stack.smdp.counters
    figures.add(f"apdus.{suffix}", chip.apdus)
    figures.add(f"bpp_apdus.{suffix}", chip.bpp_apdus)
    figures.add(f"bpp_apdus_bound.{suffix}", sum(-(-size // BLOCK) for size in pieces(bound_profile_package(stack))))
    figures.add(f"card_octets_out.{suffix}", chip.octets_out)
    figures.add(f"card_octets_in.{suffix}", chip.octets_in)
    figures.add(f"tcp_connections.{suffix}", server.tcp_connections)
    figures.add(f"tls_handshakes.{suffix}", server.tls_handshakes)
    figures.add(f"http_requests.{suffix}", server.http_requests)


def model_seconds(stack: Stack, tls: str) -> float:
    """Handshakes, requests and slow start in round trips, and the commands of the card, one after the other."""
    answer = len(base64.b64encode(bound_profile_package(stack)))
    server = stack.smdp.counters
    rounds = HANDSHAKE_ROUNDS[tls] * server.tls_handshakes + server.http_requests + slow_start_rounds(answer)
    return rounds * RTT + stack.chip.counters.apdus * LATENCY


def measure(figures: Figures, runs: int, log) -> None:
    """All figures of downloads: first without any delay, then over a long link and a slow card."""
    quiet = {"General": {"IdleTimeout": "0"}}
    with Stack(config=quiet) as stack:
        stack.start_lpad()
        download(stack, 12_000)  # the first one loads libraries
        clean(stack)
        for suffix, size in SIZES.items():
            for tls, version in TLS.items():
                log(f"download of {suffix} over {tls}, no delay")
                stack.smdp.use_tls(stack.server_credentials.dp_tls, version, version)
                for _ in range(runs):
                    figures.add(f"seconds.{suffix}.{tls}", download(stack, size))
                    count(stack, figures, suffix)
                    clean(stack)
    with Stack(config=quiet, relay={"rtt": RTT}, latency=LATENCY) as stack:
        stack.start_lpad()
        for suffix, size in SIZES.items():
            for tls, version in TLS.items():
                log(f"download of {suffix} over {tls}, {RTT * 1000:.0f} ms round trip, {LATENCY * 1000:.0f} ms a command")
                stack.smdp.use_tls(stack.server_credentials.dp_tls, version, version)
                for _ in range(max(3, runs // 2)):
                    figures.add(f"seconds_150ms_20ms.{suffix}.{tls}", download(stack, size))
                    figures.add(f"model_seconds_150ms_20ms.{suffix}.{tls}", model_seconds(stack, tls))
                    clean(stack)
