"""Every catalogued mistake that can be made on a goal in a network, with its value."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
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
from bptt_lab.symbolic import worlds
from bptt_lab.symbolic.values import Scene

TRIED = 3
CLOSE = 1e-9
DEPTHS = (1, 2, 3, None)  # how many uses of the chain rule carry the slip; None: all of them
OF_THE_SUM = ("A6", "D7")  # they need a loss that is a sum over the steps

Indices = Mapping[str, int]
Value = Callable[[Scene, Derivative, Indices], "np.ndarray | float"]
Numbers = tuple[list, np.ndarray]
Spans = tuple[tuple[str, tuple[int, ...]], ...]


class Mutant(NamedTuple):
    """One mistake on one goal: its id, the slots of its words, its value; `also` holds ids of the same value.

    `value(scene, goal, indices)` is a number or a 2-D array as the goal's own value is; the scene is one of floats.
    """

    mistake: str
    detail: Detail
    value: Value
    also: tuple[str, ...] = ()


def mutants(graph: Graph, goal: Derivative, spans: Mapping[str, Sequence[int]] | None = None) -> list[Mutant]:
    """Return every catalogued mistake that can be made on a goal, the most frequent first; equal values are one.

    `spans` says over which whole numbers each free index of the goal runs: where nothing is said, a time from 1 to T,
    an entry over all there are. None of them has the right value. An immediate derivative has no path to go wrong on.
    """
    if goal.kind == "immediate":
        return []
    names = sorted(free_variables(goal) - {"T"})
    return list(
        _mutants(graph, goal, tuple((name, tuple((spans or {}).get(name, _span(graph, goal, name)))) for name in names))
    )


def _span(graph: Graph, goal: Derivative, name: str) -> range:
    """Return the whole numbers over which a free index of a goal runs."""
    for letter in (goal.below, goal.above):
        for index, size in zip(letter.entry, graph.network.shapes[letter.name], strict=False):
            if index == Variable(name):
                return range(1, size + 1)
    return range(1, graph.T + 1)


@lru_cache(maxsize=256)
def _mutants(graph: Graph, goal: Derivative, spans: Spans) -> tuple[Mutant, ...]:
    scenes = [scene_of(world) for world in worlds.float_worlds(graph)[:TRIED]]
    names, choices = [name for name, _ in spans], itertools.product(*(span for _, span in spans))
    indices = [
        one for one in (dict(zip(names, choice, strict=True)) for choice in choices) if _exists(graph, goal, one)
    ]
    true = _numbers(partial(_on, right), scenes, goal, indices)
    found: list[tuple[Mutant, Numbers]] = []
    for mutant in sorted(_candidates(graph, goal), key=partial(_rank, goal)) if true else ():
        numbers = _numbers(mutant.value, scenes, goal, indices)
        if numbers is None or _same(numbers, true):
            continue
        twin = next((k for k, (_, other) in enumerate(found) if _same(numbers, other)), None)
        if twin is None:
            found.append((mutant, numbers))
        else:
            found[twin] = _joined(found[twin][0], mutant), found[twin][1]
    return tuple(mutant for mutant, _ in found)


def _joined(first: Mutant, other: Mutant) -> Mutant:
    known = (first.mistake, *first.also)
    return first if other.mistake in known else first._replace(also=(*first.also, other.mistake))


_RANK = {key: k for k, key in enumerate(CATALOGUE)}


def _rank(goal: Derivative, mutant: Mutant) -> int:
    # where the derivative is not of the total loss, a path left out is first of all an immediate derivative
    return -1 if mutant.mistake == "A2" and goal.below.time is not None else _RANK[mutant.mistake]


def _candidates(graph: Graph, goal: Derivative) -> Iterator[Mutant]:
    """Yield every edit that may be made on a goal, at every depth."""
    for edit in edits_for(graph, goal.above.name):
        if goal.below.time is None or edit.mistake not in OF_THE_SUM:
            for depth in DEPTHS:
                yield Mutant(edit.mistake, edit.detail, partial(_on, partial(_edited, edit, depth)))
    for mistake, detail, result in results_of(graph, goal):
        yield Mutant(mistake, detail, partial(_on, result))


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


def _on(result: Result, scene: Scene, goal: Derivative, indices: Indices) -> np.ndarray | float:
    with np.errstate(all="ignore"):  # a wrong slope may divide by zero: then it is no answer anyone gives
        return result(tables_of(scene), _asked(scene.graph, goal, indices))


def _edited(edit: Edit, depth: int | None, tables: Tables, asked: Asked) -> np.ndarray | float:
    below = asked.below[:2]
    one = tables.keep((edit, below), lambda: Pass(tables, below, edit.change, edit.into))
    return shaped(tables, asked, one.adjoint(Place(*asked.above[:2]), Left(depth, edit.steps)))


def _numbers(value: Value, scenes: list[Scene], goal: Derivative, indices: list[Indices]) -> Numbers | None:
    """Return a mutant's shapes and numbers in every scene, for every index; None where it has no value somewhere."""
    try:
        found = [np.asarray(value(scene, goal, one), dtype=float) for scene in scenes for one in indices]
    except (LookupError, ArithmeticError, ValueError, FormulaError):
        return None
    numbers = np.concatenate([one.reshape(-1) for one in found] or [np.array([np.nan])])
    return ([one.shape for one in found], numbers) if np.isfinite(numbers).all() else None


def _same(one: Numbers, other: Numbers) -> bool:
    return one[0] == other[0] and bool(np.linalg.norm(one[1] - other[1]) <= CLOSE * np.linalg.norm(other[1]))


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


def clipping_mutants() -> list[ArrayMutant]:
    """Return what goes wrong in clipping by the norm: `value(gradients, limit)` from gradients by name.

    The right value scales all of them by limit / norm where the norm of all together exceeds the limit.
    """
    return [
        ArrayMutant("E8", {}, lambda gradients, limit: {k: np.clip(g, -limit, limit) for k, g in gradients.items()}),
        ArrayMutant("E8", {}, lambda gradients, limit: {k: _shortened(g, limit, g) for k, g in gradients.items()}),
        ArrayMutant("E9", {}, lambda gradients, limit: dict(gradients)),
        ArrayMutant("E9", {}, _always_scaled),
    ]


def _shortened(gradient: np.ndarray, limit: float, *measured: np.ndarray) -> np.ndarray:
    norm = np.sqrt(sum(np.sum(one**2) for one in measured))
    return gradient * min(1, limit / norm)


def _always_scaled(gradients: Mapping[str, np.ndarray], limit: float) -> dict[str, np.ndarray]:
    norm = np.sqrt(sum(np.sum(one**2) for one in gradients.values()))
    return {name: gradient * limit / norm for name, gradient in gradients.items()}
