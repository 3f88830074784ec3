"""A place as a student reads and writes it: h1(t-1), W11, and the delta d2(3) of a pre-activation."""

from __future__ import annotations

import operator
import re
from collections.abc import Mapping, Sequence

from bptt_lab.formulas.times import NOW, Index
from bptt_lab.formulas.tree import Derivative, Letter, Negative, Number, Tree, Variable
from bptt_lab.network import Network, Place

WHOLE = {"+": operator.add, "-": operator.sub, "*": operator.mul}  # what an index may be made of
GENERAL_TIME = re.compile(r"\(t([+-]\d+)?\)")


def place_of(letter: Letter, indices: Mapping[str, int]) -> tuple[str, int | None, tuple[int, ...]]:
    """Return the name, time and entry of a letter with its indices bound."""

    def whole(tree: Tree) -> int:
        match tree:
            case Number(value):
                return int(value)
            case Variable(name):
                return indices[name]
            case Negative(inner):
                return -whole(inner)
        return WHOLE[tree.operator](whole(tree.left), whole(tree.right))  # type: ignore[union-attr]

    time = None if letter.time is None else whole(letter.time)
    return letter.name, time, tuple(whole(index) for index in letter.entry)


def said(place: Place, now: int | None = None) -> str:
    """Return a place in words: L, h1(2), h1(t-1); its step relative to t where `now` says which step that is."""
    if place.time is None:
        return place.name
    return f"{place.name}({place.time if now is None else Index('t', place.time - now)})"


def said_now(network: Network, name: str) -> str:
    """Return a quantity at t in words, or one without time: h1(t), W11."""
    return said(Place(name, NOW if network.is_timed(name) else None))


def said_of(derivative: Derivative, name: str) -> str:
    """Return a delta or a gradient by a quantity in words: d2 for a row by a2, d_a2 for a column."""
    is_delta = derivative.kind == "total" and name.startswith("a") and len(name) > 1
    return f"d{name[1:]}" if is_delta else f"d_{name}"


def listed(words: Sequence[str]) -> str:
    """Return some words as one list: a, b and c."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def at_step(words: str, step: int) -> str:
    """Return words about places at t, said of one step."""
    return GENERAL_TIME.sub(lambda at: f"({step + int(at[1] or 0)})", words)


def without_time(words: str) -> str:
    """Return words about places at t, said of no step at all."""
    return GENERAL_TIME.sub("", words)
