# SPDX-License-Identifier: LGPL-2.1-or-later
"""The files of the tree, as Git knows them."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]


@cache
def files() -> tuple[Path, ...]:
    """Tracked files that are there, relative to the top."""
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z"], cwd=TOP, capture_output=True, text=True, check=True
    )
    return tuple(Path(name) for name in listed.stdout.split("\0") if name and (TOP / name).is_file())


def text_of(path: Path) -> str | None:
    """A file's text; None for what is no text."""
    try:
        return (TOP / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None
