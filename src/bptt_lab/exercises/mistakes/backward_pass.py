"""The chain rule over the influence graph in arrays, with one edit: an edge dropped, a slope replaced, …"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from bptt_lab.exercises.mistakes.uses import ARGUMENT, NONE, VALUE, Edge, edges_into, influencing, slope_tree
from bptt_lab.formulas.tree import Tree
from bptt_lab.network import Graph, Place
from bptt_lab.network.keeping import kept
from bptt_lab.network.scalars import FLOATS, STEPS, Scalar, entries, evaluate, scalar
from bptt_lab.network.shapes import entrywise_shape
from bptt_lab.symbolic.values import Scene, is_beyond

Detail = Mapping[str, str]  # the slots of a mistake's words
# where a slope reads one of its letters: (the letter as written, step t, the graph) to a place; None reads zero
Reading = Callable[[Place, "int | None", Graph], "Place | None"]


class Local(NamedTuple):
    """The slope of one edge in numbers, before the slopes of the activations are put in, one row a part."""

    base: np.ndarray
    rows: np.ndarray
    columns: np.ndarray
    functions: tuple[str, ...]
    arguments: tuple[tuple[float, ...], ...]
    values: tuple[tuple[float, ...], ...]


Rule = Callable[[str, float, float], float]  # an activation's slope from its name, argument and value


def right_rule(function: str, argument: float, value: float) -> float:
    """Return the true slope of an activation."""
    return evaluate(slope_tree(function), {ARGUMENT.place: argument, VALUE.place: value}.__getitem__, FLOATS)


class Tables:
    """The slopes of every edge in some scenes of a graph in float64, (scenes, …), computed once and kept."""

    def __init__(self, graph: Graph, scenes: tuple[Scene, ...]) -> None:
        self.graph, self.scenes, self.plain = graph, scenes, scenes[0].plain
        self.kept: dict[tuple, object] = {}

    @kept
    def slope(self, edge: Edge, rule: Rule = right_rule, reading: Reading | None = None) -> np.ndarray | None:
        """Return the immediate derivative of lower by upper, (scenes, lower, upper); None where a value is missing."""
        local = self.local(edge, reading)
        if local is None or not len(local.rows):
            return local and local.base
        found, slopes = local.base.copy(), self.slopes(edge, rule, reading)
        np.add.at(found, (slice(None), local.rows), slopes[..., None] * local.columns)  # type: ignore[arg-type]
        return found

    def slopes(self, edge: Edge, rule: Rule, reading: Reading | None = None) -> np.ndarray:
        """Return the slope of every activation in an edge by a rule, (scenes, activations)."""
        local = self.local(edge, reading)
        pairs = zip(local.arguments, local.values, strict=True)
        return np.array([list(map(rule, local.functions, *pair)) for pair in pairs])

    @kept
    def local(self, edge: Edge, reading: Reading | None = None) -> Local | None:
        """Return the slope of an edge before the slopes of its activations; None where a letter has no value."""
        parts = edge.use.parts
        try:
            found = [self._in_scene(scene, edge, reading) for scene in self.scenes]
        except LookupError:
            return None
        base, columns, arguments, values = zip(*found, strict=True)
        rows = np.array([part.row for part in parts], dtype=int)
        functions = tuple(part.function for part in parts)
        return Local(np.stack(base), rows, np.stack(columns), functions, arguments, values)

    def _in_scene(self, scene: Scene, edge: Edge, reading: Reading | None) -> tuple:
        """Return, in one scene, the slope outside the activations, what multiplies theirs, arguments and values."""
        use, (rows, columns) = edge.use, edge.use.size
        base, parts = np.zeros((rows, columns)), np.zeros((len(use.parts), columns))
        value_of = self._look_up(scene, edge.lower.time, reading, use.veils)
        for i, j, tree in use.base:
            base[i, j] = evaluate(tree, value_of, FLOATS)
        for k, part in enumerate(use.parts):
            for j, tree in part.columns:
                parts[k, j] = evaluate(tree, value_of, FLOATS)
        arguments = tuple(evaluate(part.argument, value_of, FLOATS) for part in use.parts)
        return base, parts, arguments, tuple(evaluate(part.value, value_of, FLOATS) for part in use.parts)

    def _look_up(self, scene: Scene, t: int | None, reading: Reading | None = None, veils: Mapping = NONE) -> Callable:
        """Return the function that gives the value of each letter of an equation at step t."""
        values = scene.world.values

        def value_of(place: Place) -> float:
            if place == STEPS:
                return float(self.graph.T)
            if place in veils:
                return self._behind(scene, t, veils[place])
            found = reading(place, t, self.graph) if reading else self.graph.resolve(place, t)
            if found is None:
                return 0.0
            if found not in values and is_beyond(self.graph, *found[:2]):
                return scene.beyond(found.name, found.time, found.entry)
            return values[found]

        return value_of

    @kept
    def _behind(self, scene: Scene, t: int | None, veiled: Scalar) -> float:
        """Return the value of a part of an equation at step t, as it was computed on the way forward."""
        return evaluate(veiled, self._look_up(scene, t), FLOATS)

    def row(self, expression: Tree, t: int | None) -> np.ndarray:
        """Return the values of an expression of the network at step t, as one row in each scene."""

        def shape_of(inner: Tree) -> tuple[int, ...]:
            return entrywise_shape(inner, self.graph.network.shapes)

        trees = [scalar(expression, entry, shape_of) for entry in entries(shape_of(expression))]
        look_ups = [self._look_up(scene, t) for scene in self.scenes]
        return np.array([[[evaluate(tree, value_of, FLOATS) for tree in trees]] for value_of in look_ups])


@kept
def tables_of(graph: Graph, scenes: tuple[Scene, ...]) -> Tables:
    """Return the tables of some scenes of a graph, made once."""
    return Tables(graph, scenes)


class Left(NamedTuple):
    """What is left of an edit on the way down: uses of the chain rule still edited, steps in time still counted."""

    uses: int | None = None
    steps: int | None = None

    def after(self, steps: int = 0) -> Left:
        """Return what is left after one use of the chain rule that crosses so many steps."""
        return Left(
            None if self.uses is None else self.uses - 1, None if self.steps is None else max(0, self.steps - steps)
        )


ALL = Left()
_PENDING = np.zeros((0, 0))  # stands where a derivative is being summed


class Pass:
    """One backward pass from `below`, (name, time), with an edit: the chain rule, place by place, on demand.

    `change(pass, edge, left)` gives an edge's share, (scenes, entries of below, entries of upper), None for nothing;
    `into(tables, place)` gives the edges that lead into a place. `touched` names the quantities whose uses the change
    concerns: what influences none of them has its right derivative.
    """

    def __init__(
        self,
        tables: Tables,
        below: tuple,
        change: Change | None = None,
        into: Into | None = None,
        touched: frozenset[str] | None = None,
    ) -> None:
        self.changed = None if touched is None else influencing(tables.graph.network, touched)
        self.tables, self.below, self.change = tables, below, change or plain
        self.into = into or (lambda tables, place: edges_into(tables.graph).get(place, ()))
        # with other edges what is carried comes from earlier steps
        self.order = tables.graph.order if into else tables.graph.order[::-1]
        self.kept: dict[tuple[Place, Left], np.ndarray | None] = {}
        self.prepared: set[Left] = set()

    def adjoint(self, place: Place, left: Left = ALL) -> np.ndarray | None:
        """Return the total derivative of below by a place, (scenes, entries of below, entries of place); None: zero."""
        is_right = self.changed is not None and place.name not in self.changed
        if is_right or left.uses is not None and left.uses <= 0:
            return right_pass(self.tables, self.below).adjoint(place)
        if (place, left) not in self.kept:
            self._prepare(left)
        if (place, left) not in self.kept:
            self.kept[place, left] = _PENDING
            try:
                self.kept[place, left] = self._summed(place, left)
            except KeyboardInterrupt:  # it is no circle: nothing half done is kept
                del self.kept[place, left]
                raise
        found = self.kept[place, left]
        if found is _PENDING:
            raise LookupError(f"the edited backward pass goes in a circle at {place}")
        return found

    def _prepare(self, left: Left) -> None:
        """Sum every computed place after those it needs, so that many steps do not become a deep recursion."""
        if left.uses is None and left not in self.prepared:
            self.prepared.add(left)
            for place in self.order:
                self.adjoint(place, left)

    def _summed(self, place: Place, left: Left) -> np.ndarray | None:
        total = self.seed(place)
        for edge in self.into(self.tables, place):
            share = self.change(self, edge, left)
            if share is not None:
                total = share if total is None else total + share
        return total

    def seed(self, place: Place) -> np.ndarray | None:
        """Return the derivative of below by itself."""
        network = self.tables.graph.network
        name, time = self.below
        is_loss = name == network.loss and time is None
        if place.name != name or not (is_loss or place.time == time):
            return None
        return np.eye(len(entries(network.shapes[name])))


Change = Callable[[Pass, Edge, Left], "np.ndarray | None"]
Into = Callable[[Tables, Place], "tuple[Edge, ...]"]


def plain(one: Pass, edge: Edge, left: Left) -> np.ndarray | None:
    """Return the right share of an edge: the adjoint below it times its slope."""
    return through(one, edge, left, one.tables.slope(edge))


def through(one: Pass, edge: Edge, left: Left, slope: np.ndarray | None) -> np.ndarray | None:
    """Return the share of an edge with a given slope."""
    return None if slope is None else times(one.adjoint(edge.lower, left.after()), slope)


def times(adjoint: np.ndarray | None, slope: np.ndarray) -> np.ndarray | None:
    """Return an adjoint times a slope; None, which is zero, stays."""
    return None if adjoint is None else adjoint @ slope


@kept
def right_pass(tables: Tables, below: tuple) -> Pass:
    """Return the backward pass without an edit."""
    return Pass(tables, below)


class Asked(NamedTuple):
    """A goal at fixed times: which derivative of what by what, each (name, time, entry)."""

    below: tuple
    above: tuple
    kind: str


def shaped(tables: Tables, asked: Asked, found: np.ndarray | None) -> np.ndarray:
    """Return an adjoint, (scenes, entries of below, entries of place), in the layout that the goal asks for."""
    shapes, count = tables.graph.network.shapes, len(tables.scenes)
    (below, _, row), (above, _, column) = asked.below, asked.above
    rows, columns = entries(shapes[below]), entries(shapes[above])
    found = np.zeros((len(rows), len(columns))) if found is None else found
    found = np.broadcast_to(found, (count, *found.shape)) if found.ndim == 2 else found
    found = found[:, [rows.index(row)]] if row else found
    found = found[:, :, [columns.index(column)]] if column else found
    if tables.plain or found.shape[1] == 1 and (column or not shapes[above]):
        return found.reshape(count, -1)[:, 0]
    if found.shape[1] == 1 and len(shapes[above]) == 2 and not column:
        found = transposed(found.reshape(count, *shapes[above]))
    return transposed(found) if asked.kind == "gradient" else found


def transposed(found: np.ndarray) -> np.ndarray:
    """Return stacked matrices transposed; stacked numbers stay."""
    return found.swapaxes(1, 2) if found.ndim == 3 else found
