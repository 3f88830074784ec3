"""The isolation in which functions run here, found by trying: what a function is kept from, and by what.

Each deed is tried in the child as an answer would: first with the kernel's guards alone, because Python's own hook can
be got around by who is determined, then with all guards.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from bptt_lab.exercises.sandbox.guards import GUARDS
from bptt_lab.exercises.sandbox.running import Outcome, run_function
from bptt_lab.exercises.sandbox.written import written

KERNEL = "process, kept by the kernel"
HOOK = "process, kept by Python only"
NONE = "none"
ORDER = (NONE, HOOK, KERNEL)
# `warnings` may be imported, and holds `sys`: so the module `os` is reached as a cunning answer would
REACH = "import warnings\nmodules = warnings.sys.modules\n"
DEEDS = {
    "read a file": "def deed(x):\n    return len(modules['os'].read(modules['os'].open(modules['os'].__file__, 0), 9))",
    "open a socket": "def deed(x):\n    made = modules['ctypes'].CDLL(None).socket(2, 1, 0)\n"
    "    if made < 0:\n        raise PermissionError('socket')\n    return made",
    "start a process": "def deed(x):\n    one = modules['os'].fork()\n    return one or modules['os']._exit(0)",
    "take 4 GB of memory": "def deed(x):\n    return len(bytearray(4 * 2**30))",
    "run without end": "def deed(x):\n    while True:\n        x = x + 1",
}
REFUSALS = ("PermissionError", "MemoryError", "memory")  # another error shows nothing
SECONDS, MEGABYTES = 1.0, 256


class Found(NamedTuple):
    """The level found, and for each deed what kept a function from it, '' where it could be done."""

    level: str
    kept: dict[str, str]

    def __str__(self) -> str:
        done = [deed for deed, by in self.kept.items() if not by]
        stopped = ", ".join(deed for deed, by in self.kept.items() if by)
        text = f"Isolation of functions: {self.level}. Tried and stopped: {stopped or 'nothing'}."
        return f"{text} NOT stopped: {', '.join(done)}." if done else text


@cache
def found() -> Found:
    """Return the isolation of functions on this machine, as five tries in the child show it."""
    return tried(run_function)


def tried(run: Callable[..., Outcome]) -> Found:
    """Return the isolation that a way to run functions gives."""
    kept = {deed: _kept_by(deed, run) for deed in DEEDS}
    level = NONE if not all(kept.values()) else HOOK if "Python" in kept.values() else KERNEL
    return Found(level, kept)


def _kept_by(deed: str, run: Callable[..., Outcome]) -> str:
    """Return what keeps a function from a deed: the kernel, or Python's hook, or nothing."""
    answer = written(REACH + DEEDS[deed], "deed")
    alone = [guard for guard in GUARDS if guard != "hook"]
    for by, guards in (("the kernel", alone), ("Python", GUARDS)):
        outcome = run(answer, [(1.0,)], seconds=SECONDS, megabytes=MEGABYTES, guards=guards)
        is_refused = outcome.kind == "crashed" and any(word in outcome.message for word in REFUSALS)
        if outcome.kind in ("timed out", "refused") or is_refused:
            return by
    return ""


def runs_functions(level: str, trust: bool = False) -> bool:
    """Return whether functions of students are run at a level: below that of the kernel only on trust."""
    return trust or level == KERNEL
