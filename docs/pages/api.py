"""The public names of the package, a page a room, from their docstrings."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path

from pages.kept import write

ROOMS = {
    "network": "equations that make a network; the influence graph; gradients",
    "symbolic": "derivations, claims and verdicts; a program for a network",
    "formulas": "the one language: read, written as text, shown as LaTeX",
    "numeric": "forward and backward passes in NumPy, losses, optimisers, gradient checks",
    "figures": "every drawing, with its description",
    "explorer": "what answers on a page without a kernel",
    "exercises": "questions, and what is said of an answer",
    "lectures": "the ledger and the notation dictionary",
    "report": "a network's page, and the sheet of all gradients",
    "course": "what the notebooks share",
    "teaching": "the instructor's side: assignments, submissions judged, pages and exports; and a student's `hand_in`",
}
HEAD = """# The library

What `from bptt_lab import …` offers, room by room: for each public name what it does, in what shapes, with which
errors, and the equation it implements. Arrays have time first: x is (T, B, D). A gradient has the shape of its
parameter.

`bptt_lab` itself offers `Network`, `NetworkError`, `ex`, `explore`, `explore_flows`, `walk` and `hand_in`, from the
rooms below.

"""


def write_all(source: Path) -> list[str]:
    """Write a page for each room and return the name of the page that leads to them."""
    for room, what in ROOMS.items():
        write(source / "api" / f"{room}.md", _room(room, what))
    rows = "\n".join(f"- [`bptt_lab.{room}`]({room}.md): {what}" for room, what in ROOMS.items())
    tree = "\n```{toctree}\n:hidden:\n:titlesonly:\n\n" + "\n".join(ROOMS) + "\n```\n"
    write(source / "api" / "index.md", f"{HEAD}{rows}\n{tree}")
    return ["api/index"]


def _room(room: str, what: str) -> str:
    module = importlib.import_module(f"bptt_lab.{room}")
    inner = [name for name in module.__all__ if inspect.ismodule(getattr(module, name))]
    head = f"# bptt_lab.{room}\n\n{what[0].upper()}{what[1:]}.\n\n"
    seen: set[int] = set()
    own = _documented(module, [name for name in module.__all__ if name not in inner], seen)
    parts = [(f"bptt_lab.{room}.{name}", getattr(module, name)) for name in inner]
    return head + own + "".join(f"\n## {name}\n\n{_documented(one, _public(one), seen)}" for name, one in parts)


def _public(module) -> list[str]:
    """Return the names a module offers: those it lists, or what it defines."""
    own = [name for name, one in vars(module).items() if getattr(one, "__module__", "") == module.__name__]
    return getattr(module, "__all__", [name for name in own if not name.startswith("_")])


def _documented(module, names: list[str], seen: set[int]) -> str:
    """Return a directive for the names of a module that stand nowhere else on the page."""
    things = {name: getattr(module, name) for name in names}
    doors = {name: type(one) for name, one in things.items() if callable(one) and not hasattr(one, "__name__")}
    shown = [name for name, one in things.items() if name not in doors and callable(one) and id(one) not in seen]
    seen.update(map(id, things.values()))
    members = f"   :members: {', '.join(shown)}\n" if shown else ""
    return f"```{{eval-rst}}\n.. automodule:: {module.__name__}\n{members}```\n" + "".join(map(_door, doors.items()))


def _door(pair: tuple[str, type]) -> str:
    """Return a directive for an object that is called by its name, and documented by its class."""
    name, kind = pair
    where = f"{kind.__module__}.{kind.__qualname__}"
    return f"\n## {name}\n\n```{{eval-rst}}\n.. autoclass:: {where}\n   :members:\n   :special-members: __call__\n```\n"
