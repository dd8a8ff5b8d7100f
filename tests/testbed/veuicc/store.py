# SPDX-License-Identifier: LGPL-2.1-or-later
"""The non-volatile memory: a JSON file, or nothing but a dictionary.

It is written before a command is answered, so that a power cut between the two
shows what it shows on a real chip.
"""

from __future__ import annotations

import json
import os
from pathlib import Path


class Store:
    """Loads once; saves atomically."""

    def __init__(self, path: Path | str | None = None):
        self._path = Path(path) if path else None
        self._written = ""

    def load(self) -> dict:
        if self._path is None or not self._path.exists():
            return {}
        return json.loads(self._path.read_text(encoding="utf-8"))

    def save(self, state: dict) -> None:
        if self._path is None:
            return
        text = json.dumps(state, indent=1)
        if text == self._written:
            return
        temporary = self._path.with_name(self._path.name + ".new")
        temporary.write_text(text, encoding="utf-8")
        os.replace(temporary, self._path)
        self._written = text
