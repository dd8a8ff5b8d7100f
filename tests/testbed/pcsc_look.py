# SPDX-License-Identifier: LGPL-2.1-or-later
"""A PC/SC client: which readers there are, and which hold a card.  pcsc_look.py SECONDS [READER=0|1 …]

Waits until each reader that is named exists and is without (0) or with (1) a card, at most so many seconds;
then prints all readers in the same form.
"""

from __future__ import annotations

import ctypes
import sys
import time

SCOPE_SYSTEM = 2
SUCCESS, NO_READERS, TIMEOUT = 0, 0x8010002E, 0x8010000A
STATE_PRESENT = 0x0020
PNP = "\\\\?PnP?\\Notification"
MAX_ATR = 33
#: PCSCLITE_MAX_READERS_CONTEXTS: as many readers as there can be, and as many states as it takes.
MAX_STATES = 16


class ReaderState(ctypes.Structure):
    """SCARD_READERSTATE of pcsc-lite."""

    _fields_ = [
        ("reader", ctypes.c_char_p), ("user_data", ctypes.c_void_p), ("current", ctypes.c_ulong),
        ("event", ctypes.c_ulong), ("atr_size", ctypes.c_ulong), ("atr", ctypes.c_ubyte * MAX_ATR),
    ]


class PcscError(Exception):
    """A function of PC/SC has failed."""


class Client:
    def __init__(self) -> None:
        self._library = ctypes.CDLL("libpcsclite.so.1")
        self._context = ctypes.c_long()
        self._call("SCardEstablishContext", SCOPE_SYSTEM, None, None, ctypes.byref(self._context))

    def _call(self, name: str, *arguments, also: tuple[int, ...] = ()) -> int:
        result = getattr(self._library, name)(*arguments) & 0xFFFFFFFF
        if result != SUCCESS and result not in also:
            raise PcscError(f"{name}: {result:08X}")
        return result

    def names(self) -> list[bytes]:
        size = ctypes.c_ulong(4096)
        buffer = ctypes.create_string_buffer(size.value)
        self._call("SCardListReaders", self._context, None, buffer, ctypes.byref(size), also=(NO_READERS,))
        return [name for name in buffer.raw[: size.value].split(b"\0") if name]

    def states(self, wait_ms: int, before: dict[bytes, int]) -> dict[bytes, int]:
        """Event states of all readers, after a change from before or after wait_ms."""
        names = [*self.names(), PNP.encode()][:MAX_STATES]
        states = (ReaderState * len(names))(*(
            ReaderState(reader=name, current=before.get(name, 0)) for name in names
        ))
        self._call(
            "SCardGetStatusChange", self._context, ctypes.c_ulong(wait_ms), states,
            ctypes.c_ulong(len(names)), also=(TIMEOUT,),
        )
        return {state.reader: state.event & ~2 for state in states}


def main() -> int:
    deadline = time.monotonic() + float(sys.argv[1])
    wanted = {name: card == "1" for name, _, card in (text.rpartition("=") for text in sys.argv[2:])}
    try:
        client, states = Client(), {}
        while True:
            left = max(0.0, deadline - time.monotonic())
            states = client.states(int(left * 1000) if states else 0, states)
            cards = {
                name.decode(): bool(state & STATE_PRESENT)
                for name, state in states.items() if name != PNP.encode()
            }
            if all(cards.get(name) == card for name, card in wanted.items()):
                break
            if not left:
                raise PcscError(f"not in time: {cards}, wanted {wanted}")
    except PcscError as error:
        print(error, file=sys.stderr)
        return 1
    for name, card in sorted(cards.items()):
        print(f"{name}={int(card)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
