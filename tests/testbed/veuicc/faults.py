# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a chip can do wrong, on demand.

    chip.faults.at_apdu(7, status(0x6F00))
    chip.faults.at_call("EnableProfile", result_code("EnableProfile", 5))
    chip.faults.at_segment(4, early_result(2, 9))
    chip.faults.at_block("LoadBoundProfilePackage", 20, remove())

Every count starts at 1 with the first event after the fault was armed.
Functions have their names of SGP.22 v2.5, 5.7, without the interface.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from testbed import tlv
from testbed.veuicc.names import FUNCTIONS, LOAD_PACKAGE

BEFORE = "before"
AFTER = "after"


@dataclass(frozen=True)
class Fault:
    """One way to go wrong, before or after the command has been processed."""

    kind: str
    phase: str = BEFORE
    #: Answered instead of processing the command; kinds "status" and "reset".
    sw: int | None = None
    #: Body answered with 9000 instead of processing the command; kind "result".
    body: bytes = b""
    #: Applied to the body of the answer; kind "mutate".
    change: Callable[[bytes], bytes] | None = None
    #: Added to the length in 61xx; kind "wrong-length".
    delta: int = 0
    #: (bppCommandId, errorReason); kind "early-result".
    result: tuple[int, int] = (0, 0)


def status(sw: int) -> Fault:
    """The command is not processed and this status word is the answer."""
    return Fault("status", sw=sw)


def result(body: bytes) -> Fault:
    """The command is not processed and body with 9000 is the answer."""
    return Fault("result", body=body)


def result_code(function: str, code: int, transaction_id: bytes = bytes(16)) -> Fault:
    """The error answer of the function with any code, whether it fits or not.

    PrepareDownload and AuthenticateServer have it inside A1 with a transaction
    ID, the lists and CancelSession as 81, all others as 80 (SGP.22 v2.5, 5.7).
    """
    tag, error = FUNCTIONS[function]
    number = tlv.integer(code)
    if error == 0xA1:
        inner = [tlv.encode(0x80, transaction_id), tlv.encode(0x02, number)]
        return result(tlv.encode(tag, tlv.encode(0xA1, inner)))
    return result(tlv.encode(tag, tlv.encode(error, number)))


def mutate(change: Callable[[bytes], bytes]) -> Fault:
    """The command is processed; change(body) is answered.  At an APDU it gets body and SW."""
    return Fault("mutate", AFTER, change=change)


def unknown_tags() -> Fault:
    """The answer has objects of unknown tags wherever its type is extensible and unsigned."""
    return mutate(insert_unknown_tags)


def silence() -> Fault:
    """The command is not processed and nothing is answered."""
    return Fault("silence")


def lost_answer() -> Fault:
    """The command is processed and nothing is answered."""
    return Fault("silence", AFTER)


def remove(*, after: bool = False) -> Fault:
    """The card is pulled, before or after the command has been processed."""
    return Fault("remove", AFTER if after else BEFORE)


def reset(sw: int = 0x6F00, *, after: bool = False) -> Fault:
    """The card loses its volatile state, before or after the command; then it answers sw."""
    return Fault("reset", AFTER if after else BEFORE, sw=sw)


def wrong_length(delta: int) -> Fault:
    """The length in the answer's 61xx is wrong by delta octets."""
    return Fault("wrong-length", AFTER, delta=delta)


def early_result(command: int, reason: int) -> Fault:
    """The segment is refused with a ProfileInstallationResult of this error."""
    return Fault("early-result", result=(command, reason))


UNKNOWN = bytes.fromhex("DF7F03010203")


def insert_unknown_tags(body: bytes) -> bytes:
    """Unknown objects first and last in the answer and in the members of its lists."""
    if not body:
        return body
    outer = tlv.parse_single(body)
    signed = any(child.tag in (0xA1, 0x30, 0xBF27) for child in outer.children())
    if signed or any(c.tag == 0xA0 and c.find(0x30) for c in outer.children()):
        return tlv.encode(outer.tag, outer.value + UNKNOWN)
    return tlv.encode(outer.tag, [UNKNOWN, *map(_extend_members, outer.children()), UNKNOWN])


def _extend_members(child: tlv.Tlv) -> bytes:
    if child.tag != 0xA0:
        return child.raw
    members = [
        tlv.encode(member.tag, UNKNOWN + member.value) if member.tag in (0xE3, 0xBF2F) else member.raw
        for member in child.children()
    ]
    return tlv.encode(child.tag, members)


@dataclass
class _Armed:
    event: tuple[str, str]
    countdown: int
    times: int | None
    fault: Fault


class Faults:
    """Faults that wait for their event.  May be armed from another thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._armed: list[_Armed] = []
        #: Faults that have happened, in order.
        self.fired: list[Fault] = []

    def at_apdu(self, n: int, fault: Fault, *, times: int | None = 1) -> None:
        """At the n-th command; times in a row, None for ever."""
        _refuse(fault, "early-result")
        self._arm(("apdu", ""), n, times, fault)

    def at_call(self, function: str, fault: Fault, *, n: int = 1, times: int | None = 1) -> None:
        """At the n-th call of a function, when its last block has arrived."""
        if function != LOAD_PACKAGE:
            _refuse(fault, "early-result")
        self._arm(("call", self._known(function)), n, times, fault)

    def at_segment(self, n: int, fault: Fault, *, times: int | None = 1) -> None:
        """At the n-th segment of a bound profile package (n runs over all its segments)."""
        self._arm(("call", LOAD_PACKAGE), n, times, fault)

    def at_block(self, function: str, n: int, fault: Fault, *, times: int | None = 1) -> None:
        """At the n-th STORE DATA of a function; those of a package are counted together."""
        _refuse(fault, "early-result", "mutate")
        self._arm(("block", self._known(function)), n, times, fault)

    def clear(self) -> None:
        with self._lock:
            self._armed.clear()

    @property
    def waiting(self) -> int:
        """How many faults have not happened (to the end) yet."""
        with self._lock:
            return len(self._armed)

    def hit(self, kind: str, name: str = "") -> Fault | None:
        """Count an event; the fault that is due with it, if any."""
        due = None
        with self._lock:
            for armed in list(self._armed):
                if armed.event != (kind, name):
                    continue
                armed.countdown -= 1
                if armed.countdown <= 0 and due is None:
                    due = self._fire(armed)
        return due

    def _fire(self, armed: _Armed) -> Fault:
        if armed.times is not None:
            armed.times -= 1
            if armed.times == 0:
                self._armed.remove(armed)
        self.fired.append(replace(armed.fault))
        return armed.fault

    def _arm(self, event: tuple[str, str], n: int, times: int | None, fault: Fault) -> None:
        if n < 1:
            raise ValueError("events are counted from 1")
        with self._lock:
            self._armed.append(_Armed(event, n, times, fault))

    @staticmethod
    def _known(function: str) -> str:
        if function not in FUNCTIONS:
            raise ValueError(f"no ES10 function {function}")
        return function


def _refuse(fault: Fault, *kinds: str) -> None:
    if fault.kind in kinds:
        raise ValueError(f"{fault.kind} cannot happen there")
