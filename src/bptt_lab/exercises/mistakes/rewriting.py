"""A use of a quantity with another slope than its own: what is written for it, entry by entry."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from bptt_lab.exercises.mistakes.uses import Use
from bptt_lab.exercises.places import said
from bptt_lab.formulas.times import NOW, Index
from bptt_lab.network import Network, Place
from bptt_lab.network.scalars import Letter, Scalar, entries, letters


class Slip(NamedTuple):
    """One mistake: its id, the slots of its words, and for each use that it changes the one written instead."""

    mistake: str
    detail: Mapping[str, str]
    instead: Mapping[Use, Use]


class At(NamedTuple):
    """Where a slope stands: which entries, from 1, of what is differentiated and of what one differentiates by.

    Inside an activation: its place among those of the entry, and its value; outside of all: -1 and None.
    """

    row: tuple[int, ...]
    column: tuple[int, ...]
    activation: int = -1
    value: Scalar | None = None


Rewrite = Callable[[At, Scalar], Scalar]


def slopes(network: Network, use: Use) -> Iterator[tuple[At, Scalar]]:
    """Yield every slope of a use with where it stands: those outside of activations first, as `Use` holds them."""
    rows, columns = entries(network.shapes[use.lower]), entries(network.shapes[use.letter.name])
    for i, j, tree in use.base:
        yield At(rows[i], columns[j]), tree
    seen: Counter[int] = Counter()
    for part in use.parts:
        for j, tree in part.columns:
            yield At(rows[part.row], columns[j], seen[part.row], part.value), tree
        seen[part.row] += 1


def rewritten(network: Network, use: Use, change: Rewrite) -> Use:
    """Return a use with every slope changed."""
    left = iter([change(at, tree) for at, tree in slopes(network, use)])
    base = tuple((i, j, next(left)) for i, j, _ in use.base)
    parts = tuple(part._replace(columns=tuple((j, next(left)) for j, _ in part.columns)) for part in use.parts)
    return replace(use, base=base, parts=parts)


def slip(mistake: str, detail: Mapping[str, str], network: Network, changes: Mapping[Use, Rewrite]) -> Iterator[Slip]:
    """Yield the slip that changes the slopes of some uses, if it changes anything."""
    return written(mistake, detail, {use: rewritten(network, use, change) for use, change in changes.items()})


def written(mistake: str, detail: Mapping[str, str], instead: Mapping[Use, Use]) -> Iterator[Slip]:
    """Yield the slip that writes other uses instead of some, of which it holds those that are not the same."""
    changed = {use: new for use, new in instead.items() if _held(new) != _held(use)}
    if changed:
        yield Slip(mistake, detail, changed)


def _held(use: Use) -> tuple[Counter, Counter]:
    """Return the slopes that a use holds, in whatever order."""
    within = ((part._replace(columns=()), column) for part in use.parts for column in part.columns)
    return Counter(use.base), Counter(within)


def read_in(use: Use) -> list[Place]:
    """Return the quantities that the slopes of a use read around its activations, each once and without an entry."""
    trees = [tree for *_, tree in use.base] + [tree for part in use.parts for _, tree in part.columns]
    found = itertools.chain.from_iterable(map(letters, dict.fromkeys(trees)))
    named = itertools.chain.from_iterable(letters(use.veils.get(one.place, one)) for one in found)
    return list(dict.fromkeys(one.place._replace(entry=()) for one in named))


def said_by(use: Use, place: Place) -> str:
    """Return a place of an equation in words, as what is used there at t sees it: f(t+1) for the factor of c(t)."""
    index = place.time
    is_relative = isinstance(index, Index) and index.start == "t"
    return said(place._replace(time=Index("t", index.shift - use.shift) if is_relative else index))


def way(network: Network, use: Use) -> dict[str, str]:
    """Return the quantity of a use in words, and what it leads to as that quantity at t sees it: a1(t+1)."""
    index = use.letter.time
    is_relative = isinstance(index, Index) and index.start == "t"
    after = Index("t", -use.shift) if network.is_timed(use.lower) else None
    quantity = Place(use.letter.name, NOW if is_relative else index)
    return {"path": said(Place(use.lower, after)), "quantity": said(quantity)}


def own_letter(use: Use, at: At) -> Letter:
    """Return the letter for the entry that one differentiates by."""
    return Letter(Place(*use.letter[:2], at.column))
