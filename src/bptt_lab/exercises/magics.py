"""`%%derive 07.5` at the top of a notebook's cell: the lines below it are a derivation."""

from __future__ import annotations

import re
import sys
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bptt_lab.exercises.feedback import Feedback


def derive(line: str, cell: str) -> Feedback:
    """Check the derivation in a cell against the exercise named in its first line."""
    from bptt_lab.exercises.front import ex

    return ex(line.strip()).check(cell)


UNQUOTED = re.compile(r"\.check\(\s*[^\s\"')]")


def without_quotes(
    shell: Any,
    kind: type[BaseException],
    error: BaseException,
    traceback: TracebackType | None,
    tb_offset: int | None = None,
) -> None:
    """Show one message in place of a traceback where an answer stands without quotes; any other error as always."""
    cell = str(shell.user_ns.get("In", [""])[-1])
    if not UNQUOTED.search(cell):
        return shell.showtraceback((kind, error, traceback), tb_offset=tb_offset)
    words = f'{error}. An answer that is a formula or a letter stands in quotes: .check("…").'
    return shell._showtraceback(kind, error, [words])


def register() -> bool:
    """Make the magic known to the running notebook, if there is one; return whether there is."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is None:
        return False
    shell.register_magic_function(derive, magic_kind="cell", magic_name="derive")
    shell.set_custom_exc((NameError,), without_quotes)
    return True
