"""`%%derive 07.5` at the top of a notebook's cell: the lines below it are a derivation."""

from __future__ import annotations

import sys


def derive(line: str, cell: str):
    """Check the derivation in a cell against the exercise named in its first line."""
    from bptt_lab.exercises.front import ex

    return ex(line.strip()).check(cell)


def register() -> bool:
    """Make the magic known to the running notebook, if there is one; return whether there is."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is None:
        return False
    shell.register_magic_function(derive, magic_kind="cell", magic_name="derive")
    return True
