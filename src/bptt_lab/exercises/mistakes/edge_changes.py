"""Changes of one edge's share in the backward pass: left out, scaled, another slope, letters read elsewhere."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping

import numpy as np

from bptt_lab.exercises.mistakes.backward_pass import (
    Change,
    Into,
    Left,
    Pass,
    Reading,
    Rule,
    Tables,
    plain,
    right_rule,
    through,
    times,
)
from bptt_lab.exercises.mistakes.uses import Edge, Use, edges_into
from bptt_lab.formulas.times import Index
from bptt_lab.network import Graph, Place
from bptt_lab.network.keeping import kept
from bptt_lab.network.scalars import FLOATS

Where = Callable[[Edge], bool]


def of(*uses: Use) -> Where:
    """Return whether an edge is one of these uses, at any step."""
    return lambda edge: edge.use in uses


def is_recurrent(graph: Graph, use: Use) -> bool:
    """Return whether a use leads from one step to another."""
    return use.shift != 0 and use.letter.name in graph.network.equations


def scaled(where: Where, factor: float) -> Change:
    """Return the change that multiplies the share of some edges; zero drops them."""

    def change(one: Pass, edge: Edge, left: Left) -> np.ndarray | None:
        if not where(edge):
            return plain(one, edge, left)
        share = plain(one, edge, left) if factor else None
        return None if share is None else factor * share

    return change


def sloped(where: Where, slope: Callable[[Tables, Edge], np.ndarray | None]) -> Change:
    """Return the change that puts another slope on some edges."""

    def change(one: Pass, edge: Edge, left: Left) -> np.ndarray | None:
        return through(one, edge, left, slope(one.tables, edge)) if where(edge) else plain(one, edge, left)

    return change


def ruled(where: Where, rule: Rule) -> Change:
    """Return the change that takes the slopes of activations by another rule."""
    return sloped(where, lambda tables, edge: tables.slope(edge, rule))


def read(where: Where, reading: Reading) -> Change:
    """Return the change that reads letters of slopes elsewhere."""
    return sloped(where, lambda tables, edge: tables.slope(edge, right_rule, reading))


def replaced(instead: Mapping[Use, Use]) -> Change:
    """Return the change that takes the slopes of some uses as they stand in others."""

    def change(one: Pass, edge: Edge, left: Left) -> np.ndarray | None:
        new = instead.get(edge.use)
        return plain(one, edge, left) if new is None else through(one, edge, left, _of_new(one.tables, edge, new))

    return change


@kept
def _of_new(tables: Tables, edge: Edge, new: Use) -> np.ndarray | None:
    return tables.slope(Edge(new, edge.lower, edge.upper))


def carried(where: Where, swapped: bool = False) -> Change:
    """Return the change that carries through some edges without the slope of the activation (B2).

    With `swapped` that slope is multiplied in after the matrix instead of before it (B9).
    """

    def change(one: Pass, edge: Edge, left: Left) -> np.ndarray | None:
        if not where(edge):
            return plain(one, edge, left)
        tables, bare = one.tables, one.seed(edge.lower)
        for user in edges_into(tables.graph).get(edge.lower, ()) if not edge.use.parts else ():
            above = one.adjoint(user.lower, left.after().after())
            if above is not None:
                share = above @ tables.slope(user, no_slope)
                bare = share if bare is None else bare + share
        if edge.use.parts:
            bare = one.adjoint(edge.lower, left.after())
        slopes = _own_slopes(tables, edge) if swapped else 1
        if bare is None or slopes is None:
            return plain(one, edge, left)
        return bare @ tables.slope(edge, no_slope) * slopes

    return change


def _own_slopes(tables: Tables, edge: Edge) -> np.ndarray | None:
    """Return the slopes of the activation between a place and its argument, where it is the only thing between them."""
    users = [edge] if edge.use.parts else edges_into(tables.graph).get(edge.lower, ())
    if len(users) != 1 or len(users[0].use.parts) != edge.use.size[0] or users[0].use.base:
        return None
    return tables.slopes(users[0], right_rule)[:, None]


def borrowed(where: Where, time_of: Callable[[Graph], int]) -> Change:
    """Return the change that takes the adjoint of one step for every step."""

    def change(one: Pass, edge: Edge, left: Left) -> np.ndarray | None:
        if not where(edge):
            return plain(one, edge, left)
        lower = Place(edge.lower.name, time_of(one.tables.graph))
        return times(one.adjoint(lower, left.after()), one.tables.slope(edge))

    return change


def truncated(one: Pass, edge: Edge, left: Left) -> np.ndarray | None:
    """Return the share of an edge where paths may cross only so many steps."""
    steps = abs(edge.use.shift) if is_recurrent(one.tables.graph, edge.use) else 0
    return None if steps > left.steps else times(one.adjoint(edge.lower, left.after(steps)), one.tables.slope(edge))  # type: ignore[operator]


def mirrored(sign: int) -> Into:
    """Return the edges into a place where what is carried comes from the neighbour on the wrong side."""

    @kept
    def into(tables: Tables, place: Place) -> tuple[Edge, ...]:
        graph, found = tables.graph, []
        for edge in itertools.chain.from_iterable(edges_into(graph).values()):
            if edge.upper.name == place.name:
                turned = is_recurrent(graph, edge.use) and edge.use.shift * sign > 0
                if place.time == (edge.lower.time - edge.use.shift if turned else edge.upper.time):
                    found.append(edge)
        return tuple(found)

    return into


def no_slope(function: str, argument: float, value: float) -> float:
    """Return the slope of an activation that is passed unchanged (B1)."""
    return 1.0


def _of_another(function: str, argument: float, value: float) -> float:
    return 1 - value**2 if function == "sigmoid" else value * (1 - value)


def _tanh_for_relu(function: str, argument: float, value: float) -> float:
    return 1 - value**2 if function == "relu" else right_rule(function, argument, value)


def _squashing(rule: Rule) -> Rule:
    """Return a rule for tanh and sigmoid, whose slopes are written with their values; the others stay right."""
    return lambda function, u, y: (rule if function in ("tanh", "sigmoid") else right_rule)(function, u, y)


# the slope of an activation from its name, argument u and value y, as people write it
RULES: tuple[tuple[str, Rule], ...] = (
    ("B1", no_slope),
    ("B3", lambda function, u, y: right_rule(function, y, FLOATS.functions[function](y))),
    ("B4", _squashing(lambda function, u, y: 1 - y)),
    ("B5", _of_another),
    ("B5", _tanh_for_relu),
    ("B7", lambda function, u, y: right_rule(function, u, y) ** 2),
    ("B8", _squashing(lambda function, u, y: 1 - right_rule(function, u, y))),
    ("B8", _squashing(lambda function, u, y: y * (1 + y) if function == "sigmoid" else 1 + y**2)),
    ("B8", lambda function, u, y: -right_rule(function, u, y)),
    ("B10", lambda function, u, y: y),
)


def moved(name: str, index: Index, by: int, may_leave: bool) -> Reading:
    """Return the reading of one letter some steps later; past the last step it has some value only if it may leave."""

    def reading(place: Place, t: int | None, graph: Graph) -> Place:
        found = graph.resolve(place, t)
        if place[:2] != (name, index):
            return found
        found = found._replace(time=found.time + by)
        if not may_leave and not graph.has(name, found.time):
            raise LookupError(f"{name} at {found.time}")
        return found

    return reading


def wrapped(name: str, index: Index, by: int) -> Reading:
    """Return the reading of one letter as Python's negative index does: before the first step stands the last."""

    def reading(place: Place, t: int | None, graph: Graph) -> Place:
        found = graph.resolve(place, t)
        if place[:2] != (name, index):
            return found
        time = found.time + by
        return found._replace(time=time + graph.T if time < 1 else time)

    return reading


def turned(name: str) -> Reading:
    """Return the reading of one matrix with rows and columns exchanged."""

    def reading(place: Place, t: int | None, graph: Graph) -> Place:
        found = graph.resolve(place, t)
        return found._replace(entry=found.entry[::-1]) if found.name == name else found

    return reading


def without(target: str) -> Reading:
    """Return the reading of one quantity as zero."""
    return lambda place, t, graph: None if place.name == target else graph.resolve(place, t)
