"""Path accounting: a derivative of the loss is a sum over paths; which of them does an answer hold, and how often?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from bptt_lab.exercises.places import place_of, said
from bptt_lab.exercises.scenes import bindings
from bptt_lab.formulas.tree import Derivative, Letter, Tree
from bptt_lab.network import Graph, NetworkError, Place
from bptt_lab.network.scalars import entries
from bptt_lab.symbolic.values import Scene

MOST_PATHS = 12
CLOSE = 1e-8

Path = tuple[Place, ...]


class Account(NamedTuple):
    """How often each path stands in an answer: its words and its factor; the true answer has 1 everywhere.

    `routes` holds for the words of each path where it runs in the network as given, at the first of its steps.
    """

    factors: Mapping[str, Fraction]
    routes: Mapping[str, Path]
    is_loss: bool = True  # the paths lead to the total loss
    direct: str = ""  # the words of the path that reads the goal's quantity in the equation of its only end

    @property
    def wrong(self) -> tuple[Path, ...]:
        """The routes that are missing, or not there just once."""
        return tuple(self.routes[path] for path in self.with_factor(lambda factor: factor != 1))

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
        routes = _all_routes(goal, graph, scenes[0], spans, is_whole)
        is_few = 2 <= len(routes) <= MOST_PATHS  # their shares are many numbers
        columns = _columns(goal, graph, scenes, spans, is_whole, is_summed) if is_few else None
        factors = columns and _fit(columns, answer)
        if factors:
            is_loss = (goal.below.name, goal.below.time) == (graph.network.loss, None)
            return Account(factors, routes, is_loss, _direct(goal.below, graph, scenes[0], spans, routes))
    return None


def _direct(below: Letter, graph: Graph, scene: Scene, spans: Mapping[str, range], routes: Mapping[str, Path]) -> str:
    """Return the words of the path that goes straight to what is differentiated, or nothing."""
    found = {place for indices in bindings(spans) for place in _ends(below, graph, scene, {"T": graph.T, **indices})[0]}
    end = {Place(*place[:2]) for place in found}
    return next((words for words, route in routes.items() if len(route) == 2 and {route[-1]} == end), "")


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
    return {path: sum(np.split(share.ravel(), count)) for path, share in found.items()}  # type: ignore[misc]


def _shares(
    goal: Derivative, graph: Graph, scene: Scene, indices: Mapping[str, int], is_whole: bool
) -> dict[str, list[Any]]:
    indices = {"T": graph.T, **indices}
    ends, reached = _ends(goal.below, graph, scene, indices)
    reached = dict.fromkeys(ends, 1) if is_whole else reached  # a loss that goes on into the next: a path of its own
    entry, is_turned = place_of(goal.above, indices)[2], goal.kind == "total"
    routes = _routes(goal, graph, scene, indices, is_whole)
    return {path: _along(scene, route, reached, entry, is_turned) for path, route in routes.items()}


def _all_routes(
    goal: Derivative, graph: Graph, scene: Scene, spans: Mapping[str, range], is_whole: bool
) -> dict[str, Path]:
    """Return the routes of all paths by their words, each at the first step at which it runs; {} for too many."""
    found: dict[str, Path] = {}
    try:
        for indices in bindings(spans):
            found = _routes(goal, graph, scene, {"T": graph.T, **indices}, is_whole) | found
    except NetworkError:
        return {}
    return found


def _routes(
    goal: Derivative, graph: Graph, scene: Scene, indices: Mapping[str, int], is_whole: bool
) -> dict[str, Path]:
    """Return the routes from the goal's place for one choice of the indices, whole or up to where they part."""
    name, time, _ = place_of(goal.above, indices)
    if not graph.has(name, time):
        return {}  # past the last step: from there nothing is reached
    ends, reached = _ends(goal.below, graph, scene, indices)
    if is_whole:
        last = {Place(*end[:2]) for end in ends}
        routes = [route for route in graph.paths(name, time) if route[-1] in last]
    else:
        leading = {Place(*place[:2]) for place, total in reached.items() if total != 0}
        routes = [route for route in _first_steps(graph, Place(name, time)) if route[-1] in leading]
    t = _general_time(goal.above, indices)
    return {_words(route, t, is_whole): route for route in routes}


def _ends(below: Letter, graph: Graph, scene: Scene, indices: Mapping[str, int]) -> tuple[list[Place], Mapping]:
    """Return the entries whose sum is differentiated, and its total derivatives by every entry."""
    name, time, entry = place_of(below, indices)
    if (name, time) == (graph.network.loss, None):
        return graph.loss_entries, scene.world.totals
    end = Place(name, time, entry or (1,) * len(graph.network.shapes[name]))
    return [end], scene.totals(end)


def _first_steps(graph: Graph, start: Place) -> list[Path]:
    """Return the routes from a place to where the ways part, none if they never do: a single user is passed through."""
    route = (start,)
    while len(graph.network.uses[route[-1].name]) == 1 and len(graph.users[route[-1]]) == 1:
        route = (*route, *graph.users[route[-1]])  # type: ignore[assignment]
    return [(*route, user) for user in graph.users[route[-1]]]


def _along(
    scene: Scene, route: Path, reached: Mapping[Place, Any], entry: tuple[int, ...], is_turned: bool
) -> list[Any]:
    """Return what reaches the start of a route from its end, by every entry of the start, along this route only."""
    current = reached
    for place in reversed(route[1:]):
        before: dict[Place, Any] = {}
        for (below, above), slope in scene.immediates(place).items():
            if below in current:
                before[above] = before.get(above, 0) + current[below] * slope
        current = before
    start = route[0]
    wanted = [entry] if entry else entries(scene.graph.network.shapes[start.name])
    if is_turned:
        wanted = sorted(wanted, key=lambda e: e[1:])  # numerator layout: the derivative by a matrix is transposed
    return [current.get(Place(start.name, start.time, e), 0.0) for e in wanted]


def _general_time(letter: Letter, indices: Mapping[str, int]) -> int | None:
    """Return t where a letter's time is t plus a constant: its paths are told relative to t, all others by step."""
    if letter.time is None or "t" not in indices:
        return None
    now, next_ = (place_of(letter, indices | {"t": t})[1] for t in (indices["t"], indices["t"] + 1))  # type: ignore[operator]
    return indices["t"] if next_ - now == 1 else None  # type: ignore[operator]


def _words(route: Path, time: int | None, is_whole: bool) -> str:
    """Return a route in letters, relative to t where that is given."""
    steps = route[1:] or route  # a loss that is itself what one differentiates by is its own path
    return " → ".join(said(place, time) for place in (steps if is_whole else steps[-1:]))


def _fit(columns: Mapping[str, np.ndarray], answer: np.ndarray) -> dict[str, Fraction] | None:
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
    return dict(zip(columns, plain, strict=True))
