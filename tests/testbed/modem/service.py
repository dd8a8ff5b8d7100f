# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the services of the modem have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from testbed.modem.qmux import Message

if TYPE_CHECKING:
    from testbed.modem.modem import Modem

Tlvs = Mapping[int, bytes]


class Connection(Protocol):
    """Where a client's messages come from and go to."""

    def send(self, frame: bytes) -> None: ...


@dataclass
class Client:
    """A client of one service: what it has asked to be told, and the like."""

    service: int
    number: int
    connection: Connection
    #: Indications that it wants, in the service's own terms.
    wants: set[str] = field(default_factory=set)
    #: Other things that the service remembers for it.
    memory: dict[str, int] = field(default_factory=dict)


Handler = Callable[["QmiService", Client, Message], Tlvs]


def handles(number: int, name: str) -> Callable[[Callable], Callable]:
    """Mark a method as the handler of a message."""
    def mark(method: Callable) -> Callable:
        method.qmi_message = (number, name)
        return method
    return mark


class QmiService:
    """Handlers are methods marked with handles(); they answer with the TLVs beside the result, or raise QmiError."""

    number: int
    name: str
    version = (1, 0)

    def __init__(self, modem: Modem):
        self.modem = modem
        self.handlers: dict[int, tuple[str, Callable[[Client, Message], Tlvs]]] = {}
        for attribute in dir(type(self)):
            marked = getattr(getattr(type(self), attribute), "qmi_message", None)
            if marked:
                self.handlers[marked[0]] = (marked[1], getattr(self, attribute))

    def name_of(self, message: int) -> str:
        """As faults and transcripts call it."""
        known = self.handlers.get(message)
        return f"{self.name} {known[0] if known else f'{message:04X}'}"

    def tell(self, wanted: str, message: int, tlvs: Tlvs) -> None:
        """An indication to each client that wants it."""
        self.modem.indicate(self.number, message, tlvs, wanted)
