"""How far a long call is, said below the running cell of an open notebook, and gone when it is done.

What is written to stderr stays in a notebook, red; a display that is emptied leaves nothing to see. Where no server has
started the kernel, as in tests and where outputs are stored, nothing is shown at all.
"""

from __future__ import annotations

import contextlib
import re
import sys
import time
from pathlib import Path
from typing import Any

KERNEL = re.compile(r"kernel-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")  # how a server of Jupyter calls the file
PATIENCE, BETWEEN = 0.7, 0.2  # seconds until a call is long, and between two things said


def kernel() -> str:
    """Return the id by which a server of Jupyter knows the kernel that runs this; '' where there is none.

    Errors: none.
    """
    with contextlib.suppress(Exception):  # whatever front end this is
        if getattr(_shell(), "kernel", None) is not None:
            from ipykernel.connect import get_connection_file

            found = KERNEL.fullmatch(Path(get_connection_file()).stem)
            return found[1] if found else ""
    return ""


def _shell() -> Any:
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython else None


class Line:
    """One line below the running cell: what is said replaces what was said before, and '' takes it away."""

    def __init__(self) -> None:
        self._cell: int | None = None
        self._began = self._said = 0.0
        self._shown: Any = None

    def say(self, words: str) -> None:
        """Say how far a call is, if it is long and the notebook is open in a server's front end (errors: none)."""
        if words and not kernel():
            return
        with contextlib.suppress(Exception):  # how far it is must not stop what is on its way
            self._turn_to_cell(time.monotonic())
            if not words and self._shown is not None:
                self._shown.update({}, raw=True)
            elif words and self._is_due(time.monotonic()):
                self._show({"text/plain": words})

    def _turn_to_cell(self, now: float) -> None:
        """Begin anew where another cell runs: all that is said in one cell has one line."""
        cell = getattr(_shell(), "execution_count", None)
        if cell != self._cell:
            self._cell, self._began, self._said, self._shown = cell, now, 0.0, None

    def _is_due(self, now: float) -> bool:
        if now - self._began < PATIENCE or now - self._said < BETWEEN:
            return False
        self._said = now
        return True

    def _show(self, data: dict[str, str]) -> None:
        from IPython.display import display

        if self._shown is None:
            self._shown = display(data, raw=True, display_id=True)
        else:
            self._shown.update(data, raw=True)


line = Line()
