"""Which exercises are assigned: their solutions are closed until they are handed back.

A list beside the notebooks says so, or the release that is open. It keeps nobody from what the installed package
holds: whoever assigns a question of the course is told that it can be looked up there.
"""

from __future__ import annotations

import os
from pathlib import Path

FILE_NAME = "assigned.txt"
OF_THE_COURSE = "BPTT_LAB_COURSE"  # names the course file, on the machine where answers are judged
CLOSED = "{} is assigned: its solution is closed until it is handed back."
_open_release: set[str] = set()


def close(names: set[str]) -> None:
    """Close the solutions of the exercises of the release that is open."""
    _open_release.update(names)


def is_closed(name: str) -> bool:
    """Return whether an exercise's solution is closed here; never where answers are judged."""
    if OF_THE_COURSE in os.environ:
        return False
    return name in _open_release or name in _listed()


def _listed() -> set[str]:
    """Return the ids in the list beside the notebook; errors: none, a list that cannot be read closes nothing."""
    try:
        lines = (Path.cwd() / FILE_NAME).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return set()
    return {line.strip() for line in lines if line.strip() and not line.startswith("#")}
