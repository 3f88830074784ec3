"""Path accounting: a derivative of the loss is a sum over paths; which of them does an answer hold, and how often?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from bptt_lab.exercises.scenes import bindings
from bptt_lab.formulas.tree import Derivative, Letter, Number, Tree, Variable, free_variables
from bptt_lab.network import Graph, NetworkError, Place
from bptt_lab.network.scalars import entries
from bptt_lab.symbolic.values import Scene

MOST_PATHS = 12
CLOSE = 1e-8

Path = tuple[Place, ...]


class Account(NamedTuple):
    """How often each path stands in an answer: its words and its factor; the true answer has 1 everywhere."""

    factors: Mapping[str, Fraction]

    def with_factor(self, wanted: Callable[[Fraction], bool]) -> list[str]:
        """Return the paths whose factor is as wanted."""
        return [path for path, factor in self.factors.items() if wanted(factor)]


def account(
    goal: Tree,
    graph: Graph,
    scenes: list[Scene],
    spans: Mapping[str, range],
    answer: np.ndarray,
    is_summed: bool = False,
) -> Account | None:
    """Return the account of an answer, its numbers in the order of scenes and indices; None where no sum fits it.

    First over the quantities through which the goal reaches the loss directly, then over whole paths. `is_summed`: the
    answer is the sum over the scenes, the sequences of a batch.
    """
    if not isinstance(goal, Derivative) or goal.kind == "immediate" or not _is_number(goal.below, graph):
        return None
    for is_whole in (False, True):
        columns = _columns(goal, graph, scenes, spans, is_whole, is_summed)
        found = columns and _fit(columns, answer)
        if found:
            return found
    return None


def _is_number(below: Letter, graph: Graph) -> bool:
    """Return whether what is differentiated is one number: the loss, or one entry of a quantity."""
    return bool(below.entry) or all(size == 1 for size in graph.network.shapes[below.name])


def _columns(
    goal: Derivative, graph: Graph, scenes: list[Scene], spans: Mapping[str, range], is_whole: bool, is_summed: bool
) -> dict[str, np.ndarray] | None:
    """Return, for each path or first step of one, its share of the goal in every scene and for every index."""
    try:
        pieces = [_shares(goal, graph, scene, indices, is_whole) for scene in scenes for indices in bindings(spans)]
    except NetworkError:
        return None
    words = list(dict.fromkeys(path for piece in pieces for path in piece))
    if not 2 <= len(words) <= MOST_PATHS:
        return None
    size = len(next(share for piece in pieces for share in piece.values()))
    found = {path: np.array([piece.get(path, [0.0] * size) for piece in pieces], dtype=float) for path in words}
    count = len(scenes) if is_summed else 1
    return {path: share.reshape(count, -1).sum(axis=0) for path, share in found.items()}


def _shares(
    goal: Derivative, graph: Graph, scene: Scene, indices: Mapping[str, int], is_whole: bool
) -> dict[str, list[Any]]:
    indices = {"T": graph.T, **indices}
    name, time, entry = place_of(goal.above, indices)
    start, own = Place(name, time), _times_of_goal(goal.above)
    totals, ends = _ends(goal.below, graph, scene, indices)
    if is_whole:
        routes = [route for route in graph.paths(name, time) if route[-1] in ends]
    else:
        routes = _first_steps(graph, start)
    ends = [{p: v for p, v in totals.items() if p[:2] == route[-1][:2]} for route in routes]
    found: dict[str, list[Any]] = {}
    for route, end in zip(routes, ends, strict=True):
        share = _along(scene, route, end, entry, goal.kind == "total")
        words = _words(route, time if own else None, is_whole)
        found[words] = share if words not in found else [a + b for a, b in zip(found[words], share, strict=True)]
    return found


def _ends(below: Letter, graph: Graph, scene: Scene, indices: Mapping[str, int]) -> tuple[Mapping, set[Place]]:
    """Return the total derivatives of what is differentiated by every entry, and the places where paths to it end."""
    name, time, entry = place_of(below, indices)
    if (name, time) == (graph.network.loss, None):
        return scene.world.totals, {Place(*place[:2]) for place in graph.loss_entries}
    entry = entry or (1,) * len(graph.network.shapes[name])
    return scene.totals(Place(name, time, entry)), {Place(name, time)}


def _first_steps(graph: Graph, start: Place) -> list[Path]:
    """Return the routes from a place to where the ways part: a single user is passed through."""
    route = (start,)
    uses = graph.network.uses
    while len(uses[route[-1].name]) == 1 and len(graph.users[route[-1]]) == 1:
        user = graph.users[route[-1]][0]
        if len(uses[user.name]) == 0:
            break
        route = (*route, user)
    return [(*route, user) for user in graph.users[route[-1]]]


def _along(scene: Scene, route: Path, end: Mapping[Place, Any], entry: tuple[int, ...], is_turned: bool) -> list[Any]:
    """Return what reaches the start of a route from its end, by every entry of the start, along this route only."""
    current = dict(end)
    for upper, lower in reversed(list(pairwise(route))):
        before: dict[Place, Any] = {}
        for (below, above), slope in scene.immediates(lower).items():
            if above[:2] == upper[:2] and below in current:
                before[above] = before.get(above, 0) + current[below] * slope
        current = before
    shape = scene.graph.network.shapes[route[0].name]
    wanted = [entry] if entry else entries(shape)
    if is_turned and not entry:
        wanted = sorted(wanted, key=lambda e: e[::-1])  # numerator layout: the derivative by a matrix is transposed
    return [current.get(Place(*route[0][:2], e), 0.0) for e in wanted]


def place_of(letter: Letter, indices: Mapping[str, int]) -> tuple[str, int | None, tuple[int, ...]]:
    """Return the name, time and entry of a letter with its indices bound."""

    def whole(tree: Tree) -> int:
        match tree:
            case Number(value):
                return int(value)
            case Variable(name):
                return indices[name]
        return whole(tree.left) + (1 if tree.operator == "+" else -1) * whole(tree.right)

    time = None if letter.time is None else whole(letter.time)
    return letter.name, time, tuple(whole(index) for index in letter.entry)


def _times_of_goal(letter: Letter) -> bool:
    return letter.time is not None and bool(free_variables(letter.time) - {"T"})


def _words(route: Path, time: int | None, is_whole: bool) -> str:
    """Return a route in letters, relative to t where the goal stands at a general time."""
    return " → ".join(place_text(place, time) for place in route[1:]) if is_whole else place_text(route[-1], time)


def place_text(place: Place, time: int | None = None) -> str:
    """Return a place as a student writes it: h1(2), or h1(t+1) relative to a time t."""
    if place.time is None:
        return place.name
    if time is None:
        return f"{place.name}({place.time})"
    shift = place.time - time
    return f"{place.name}(t{f'{shift:+d}' if shift else ''})"


def _fit(columns: Mapping[str, np.ndarray], answer: np.ndarray) -> Account | None:
    """Return the factors with which the columns add up to the answer, if they are plain fractions."""
    matrix = np.stack(list(columns.values()), axis=1)
    scale = np.linalg.norm(matrix, axis=0)
    if answer.shape != matrix.shape[:1] or not (scale > 1e-9).all():
        return None
    if np.linalg.matrix_rank(matrix / scale, tol=1e-6) < matrix.shape[1]:
        return None
    factors = np.linalg.lstsq(matrix / scale, answer, rcond=None)[0] / scale
    plain = [Fraction(float(factor)).limit_denominator(6) for factor in factors]
    rebuilt = matrix @ np.array([float(factor) for factor in plain])
    if not np.linalg.norm(rebuilt - answer) <= CLOSE * np.linalg.norm(matrix):
        return None
    if not any(plain):
        return None
    return Account(dict(zip(columns, plain, strict=True)))
