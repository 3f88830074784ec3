"""Every catalogued mistake that can be made on a goal in a network, with its value."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from typing import NamedTuple

import numpy as np

from bptt_lab.exercises.mistakes.backward_pass import Asked, Detail, Left, Pass, Tables, shaped, tables_of
from bptt_lab.exercises.mistakes.catalogue import CATALOGUE
from bptt_lab.exercises.mistakes.pass_edits import Edit, edits_for
from bptt_lab.exercises.mistakes.result_edits import Result, results_of, right
from bptt_lab.exercises.places import place_of
from bptt_lab.exercises.scenes import scene_of
from bptt_lab.formulas import FormulaError
from bptt_lab.formulas.tree import Derivative, Variable, free_variables
from bptt_lab.network import Graph, Place
from bptt_lab.network.keeping import kept
from bptt_lab.symbolic import worlds
from bptt_lab.symbolic.values import Scene

TRIED = 3
CLOSE = 1e-9
DEPTHS = (1, 2, 3, None)  # how many uses of the chain rule carry the slip; None: all of them
OF_THE_SUM = ("A6", "D7")  # they need a loss that is a sum over the steps

Indices = Mapping[str, int]
Spans = tuple[tuple[str, tuple[int, ...]], ...]


class Mutant(NamedTuple):
    """One mistake on one goal: its id, the slots of its words, its value; `also` holds ids of the same value."""

    mistake: str
    detail: Detail
    result: Result
    also: tuple[str, ...] = ()

    def values(self, scenes: tuple[Scene, ...], goal: Derivative, indices: Indices) -> np.ndarray:
        """Return its values in some scenes of floats, stacked: numbers, or 2-D arrays as the goal's own value is."""
        graph = scenes[0].graph
        with np.errstate(all="ignore"):  # a wrong slope may divide by zero: then it is no answer anyone gives
            return self.result(tables_of(graph, scenes), _asked(graph, goal, indices))

    def value(self, scene: Scene, goal: Derivative, indices: Indices) -> np.ndarray | float:
        """Return its value in one scene of floats."""
        return self.values((scene,), goal, indices)[0]

    def in_scenes(self, scenes: Iterable[Scene], goal: Derivative) -> Callable[..., np.ndarray | float]:
        """Return its value as a function of one of some scenes and of the indices: all are computed at once."""
        different = tuple(dict.fromkeys(scenes))

        @cache
        def stacked(indices: tuple) -> dict[Scene, np.ndarray | float]:
            return dict(zip(different, self.values(different, goal, dict(indices)), strict=True))

        return lambda scene, **at: stacked(tuple(at.items()))[scene]

    def numbers(self, scenes: tuple[Scene, ...], goal: Derivative, indices: Sequence[Indices]) -> Numbers | None:
        """Return its numbers in some scenes for every choice of the indices; None where it has no value somewhere."""
        try:
            found = [self.values(scenes, goal, one) for one in indices]
        except (LookupError, ArithmeticError, ValueError, FormulaError):
            return None
        rows = [one.reshape(len(scenes), -1) for one in found]
        return Numbers([one.shape[1:] for one in found], np.concatenate(rows, axis=1)) if rows else None


class Numbers(NamedTuple):
    """The numbers of a value, one row a scene, and the shapes it has for each choice of the indices."""

    shapes: list[tuple[int, ...]]
    rows: np.ndarray


def mutants(
    graph: Graph,
    goal: Derivative,
    spans: Mapping[str, Sequence[int]] | None = None,
    only: frozenset[str] = frozenset(CATALOGUE),
) -> list[Mutant]:
    """Return every catalogued mistake that can be made on a goal, the most frequent first; equal values are one.

    `spans` says over which whole numbers each free index of the goal runs: where nothing is said, a time from 1 to T,
    an entry over all there are. None of them has the right value. An immediate derivative has no path to go wrong on;
    where an equation holds at one step only, nobody knows what is usual.
    `only` names the mistakes that are wanted.
    """
    if goal.kind == "immediate" or not graph.network.is_general:
        return []
    names = sorted(free_variables(goal) - {"T"})
    ranges = tuple((name, tuple((spans or {}).get(name, _span(graph, goal, name)))) for name in names)
    return list(_mutants(graph, goal, ranges, only))


def _span(graph: Graph, goal: Derivative, name: str) -> range:
    """Return the whole numbers over which a free index of a goal runs."""
    for letter in (goal.below, goal.above):
        for index, size in zip(letter.entry, graph.network.shapes[letter.name], strict=False):
            if index == Variable(name):
                return range(1, size + 1)
    return range(1, graph.T + 1)


@kept
def _mutants(graph: Graph, goal: Derivative, spans: Spans, only: frozenset[str]) -> tuple[Mutant, ...]:
    scenes = tuple(scene_of(world) for world in worlds.float_worlds(graph, TRIED))
    names, choices = [name for name, _ in spans], itertools.product(*(span for _, span in spans))
    indices = [
        one for one in (dict(zip(names, choice, strict=True)) for choice in choices) if _exists(graph, goal, one)
    ]
    true = _sized(Mutant("", {}, right).numbers(scenes, goal, indices))
    found: list[tuple[Mutant, Sized]] = []
    for mutant in sorted(_candidates(graph, goal), key=partial(_rank, goal)) if true else ():
        numbers = _sized(mutant.numbers(scenes, goal, indices)) if mutant.mistake in only else None
        if numbers is None or _same(numbers, true):  # type: ignore[arg-type]
            continue
        twin = next((k for k, (_, other) in enumerate(found) if _same(numbers, other)), None)
        if twin is None:
            found.append((mutant, numbers))
        else:
            found[twin] = _joined(found[twin][0], mutant), found[twin][1]
    return tuple(mutant for mutant, _ in found)


Sized = tuple[Numbers, float]  # with the norm of all numbers


def _sized(numbers: Numbers | None) -> Sized | None:
    """Return numbers with their norm, if there are any and all of them are finite."""
    norm = np.inf if numbers is None else float(np.linalg.norm(numbers.rows))
    return (numbers, norm) if np.isfinite(norm) else None  # type: ignore[return-value]


def _same(one: Sized, other: Sized) -> bool:
    (mine, norm), (theirs, size) = one, other
    if abs(norm - size) > 2 * CLOSE * size or mine.shapes != theirs.shapes:  # the norms alone tell most of them apart
        return False
    return bool(np.linalg.norm(mine.rows - theirs.rows) <= CLOSE * size)


def _joined(first: Mutant, other: Mutant) -> Mutant:
    known = (first.mistake, *first.also)
    return first if other.mistake in known else first._replace(also=(*first.also, other.mistake))


_RANK = {key: k for k, key in enumerate(CATALOGUE)}


def _rank(goal: Derivative, mutant: Mutant) -> int:
    # where the derivative is not of the total loss, a path left out is first of all an immediate derivative
    return -1 if mutant.mistake == "A2" and goal.below.time is not None else _RANK[mutant.mistake]


def _candidates(graph: Graph, goal: Derivative) -> Iterator[Mutant]:
    """Yield every edit that may be made on a goal, at every depth that reaches what it changes."""
    for edit, before in edits_for(graph, goal.above.name):
        if goal.below.time is None or edit.mistake not in OF_THE_SUM:
            for depth in _depths(edit, before):
                yield Mutant(edit.mistake, edit.detail, partial(_edited, edit, depth))
    yield from itertools.starmap(Mutant, results_of(graph, goal))


def _depths(edit: Edit, before: int) -> list[int | None]:
    """Return how many uses of the chain rule may carry an edit, so that it changes something."""
    deep = [one for one in DEPTHS if one is None or one > before]
    return [one for one in deep if one in (before + 1, None)] if edit.is_local else deep


def _asked(graph: Graph, goal: Derivative, indices: Indices) -> Asked:
    indices = {"T": graph.T, **indices}
    return Asked(place_of(goal.below, indices), place_of(goal.above, indices), goal.kind)


def _exists(graph: Graph, goal: Derivative, indices: Indices) -> bool:
    """Return whether a goal has a place in the graph for these indices."""
    asked = _asked(graph, goal, indices)
    sizes = [graph.network.shapes[place[0]] for place in asked[:2]]
    inside = all(
        1 <= i <= n for place, size in zip(asked, sizes, strict=False) for i, n in zip(place[2], size, strict=False)
    )
    below = asked.below[1] is None and asked.below[0] == graph.network.loss
    return inside and graph.has(*asked.above[:2]) and (below or graph.has(*asked.below[:2]))


@kept
def _pass(tables: Tables, below: tuple, edit: Edit) -> Pass:
    return Pass(tables, below, edit.change, edit.into, edit.touched)


def _edited(edit: Edit, depth: int | None, tables: Tables, asked: Asked) -> np.ndarray:
    below = asked.below[:2]
    return shaped(tables, asked, _pass(tables, below, edit).adjoint(Place(*asked.above[:2]), Left(depth, edit.steps)))


class ArrayMutant(NamedTuple):
    """One mistake that arrays show and formulas cannot: its value from the gradients it starts from."""

    mistake: str
    detail: Detail
    value: Callable


def batch_mutants(parameter: str) -> list[ArrayMutant]:
    """Return what goes wrong over a batch: `value(gradients)` from one parameter's gradients a sequence, (B, …).

    The right value is their sum.
    """
    detail = {"parameter": parameter}
    return [
        ArrayMutant("D8", detail, lambda gradients: np.mean(gradients, axis=0)),
        ArrayMutant("D8", detail, lambda gradients: np.sum(gradients, axis=0) * len(gradients)),
        ArrayMutant("D9", {**detail, "part": "the first sequence"}, lambda gradients: gradients[0]),
        ArrayMutant("D9", {**detail, "part": "the last sequence"}, lambda gradients: gradients[-1]),
    ]
