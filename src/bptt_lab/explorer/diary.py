"""The kernel's side of a derivation made by oneself: what the page tells goes to the diary beside the notebook."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from bptt_lab import waiting
from bptt_lab.exercises import progress

LISTENER = "bptt-lab-diary"  # the comm's target; the module's `diary.js` opens it


def listen() -> str:
    """Listen for moves in the running kernel and return the id by which its server knows it.

    '' where there is no kernel, none of a server, or no diary: a page that gets no id sends nothing. Errors: none.
    """
    if progress.is_off():
        return ""
    with contextlib.suppress(Exception):  # whatever front end this is: an explorer is shown all the same
        if kernel := waiting.kernel():
            from comm import get_comm_manager

            get_comm_manager().register_target(LISTENER, received)
            return kernel
    return ""


def received(comm: Any, message: Mapping[str, Any]) -> None:
    """Write what a page has told into the diary; errors: none, and nothing is written where it is no move or score."""
    with contextlib.suppress(Exception):
        progress.record_played(None, message["content"]["data"])
