"""The chain rule over the influence graph in arrays, with one edit: an edge dropped, a slope replaced, …"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np

from bptt_lab.network import Graph, Network, Place
from bptt_lab.network.expressions import NOW, Expression, Index
from bptt_lab.network.functions import ROWS
from bptt_lab.network.keeping import kept
from bptt_lab.network.scalars import (
    FLOATS,
    Applied,
    Letter,
    Product,
    Raised,
    Scalar,
    Sum,
    derivative,
    entries,
    evaluate,
    letters,
    multiply,
    replace,
    scalar,
    slope,
)
from bptt_lab.network.shapes import entrywise_shape
from bptt_lab.symbolic.values import Scene, is_beyond

ACTIVATIONS = tuple(name for name, row in ROWS.items() if row.kind == "entry" and name not in ("identity", "log"))
ARGUMENT, VALUE = Letter(Place("argument")), Letter(Place("value"))

Detail = Mapping[str, str]  # the slots of a mistake's words
# where a slope reads one of its letters: (the letter as written, step t, the graph) to a place; None reads zero
Reading = Callable[[Place, "int | None", Graph], "Place | None"]


class Part(NamedTuple):
    """One activation in one entry of an equation: its argument and value, and what multiplies its own slope."""

    row: int
    function: str
    argument: Scalar
    value: Scalar
    columns: tuple[tuple[int, Scalar], ...]

    @property
    def read(self) -> Scalar:
        """What its slope is computed from: the value, or the argument where the value does not say."""
        return self.argument if ARGUMENT in letters(_slope_tree(self.function)) else self.value


NONE: Mapping[Place, Scalar] = {}


@dataclass(frozen=True, eq=False)
class Use:
    """One quantity as an equation uses it: `letter` is relative to the step; the slope is `base` plus the parts.

    `veils` tells what letters that the network does not have stand for.
    """

    lower: str
    letter: Place
    size: tuple[int, int]
    base: tuple[tuple[int, int, Scalar], ...]
    parts: tuple[Part, ...]
    veils: Mapping[Place, Scalar]

    @property
    def shift(self) -> int:
        """How many steps lie between the equation and what it uses; 0 where there is no time."""
        index = self.letter.time
        return index.shift if isinstance(index, Index) and index.start == "t" else 0


@dataclass(frozen=True, eq=False)
class Edge:
    """One use at one step: `lower` depends on `upper`; neither names an entry."""

    use: Use
    lower: Place
    upper: Place


@kept
def uses_of(network: Network) -> dict[str, tuple[Use, ...]]:
    """Return, for every equation, what it uses, each with its slope taken apart at the activations.

    An edit knows its uses by identity: they are made once and live as long as the network.
    """
    return {name: tuple(_uses(network, name)) for name in network.equations}


def _uses(network: Network, name: str) -> list[Use]:
    base: dict[Place, list] = {}
    parts: dict[Place, list] = {}
    veils: dict[Scalar, Letter] = {}
    own = _own_letters(network, name)
    for i, tree in enumerate(network.definition(name, entry) for entry in entries(network.shapes[name])):
        activations = dict.fromkeys(_outermost(tree, lambda one: one.function in ACTIVATIONS))
        hidden = {Letter(Place("activation", None, (k,))): one for k, one in enumerate(activations)}
        skeleton = replace(tree, {one: letter for letter, one in hidden.items()})
        for letter in letters(skeleton):
            slope = replace(replace(derivative(skeleton, letter), hidden), own)
            if letter not in hidden:
                base.setdefault(letter.place[:2], []).append((i, letter.place.entry, _veiled(slope, name, veils)))
                continue
            one = hidden[letter]
            told = (i, one.function, _argument(one, name, veils), _veiled(replace(one, own), name, veils))
            for place, columns in _inner(one, _veiled(slope, name, veils)).items():
                parts.setdefault(place, []).append((*told, columns))
    known = {letter.place: tree for tree, letter in veils.items()}
    return [_use(network, name, place, base.get(place, []), parts.get(place, []), known) for place in {**base, **parts}]


def _own_letters(network: Network, name: str) -> dict[Scalar, Letter]:
    """Return the letter for each entry's right side: what an equation has computed goes by its letter in slopes."""
    time = NOW if network.is_timed(name) else None
    trees = {entry: network.definition(name, entry) for entry in entries(network.shapes[name])}
    return {tree: Letter(Place(name, time, entry)) for entry, tree in trees.items() if not isinstance(tree, Letter)}


def _veiled(tree: Scalar, name: str, veils: dict[Scalar, Letter]) -> Scalar:
    """Return a tree in which a function of more than letters goes by a letter of its own, kept in `veils`.

    Such a value was computed on the way forward: no slip on the way back reaches inside it. The letter is called by the
    equation's name in brackets, as no quantity is.
    """
    whole = _outermost(tree, lambda one: not all(isinstance(inner, Letter) for inner in one.arguments))
    return replace(tree, {one: _veil(one, name, veils) for one in whole})


def _veil(tree: Scalar, name: str, veils: dict[Scalar, Letter]) -> Letter:
    return veils.setdefault(tree, Letter(Place(f"({name})", None, (len(veils),))))


def _argument(activation: Applied, name: str, veils: dict[Scalar, Letter]) -> Letter:
    (argument,) = activation.arguments
    return argument if isinstance(argument, Letter) else _veil(argument, name, veils)


def _inner(activation: Applied, outer: Scalar) -> dict[tuple, list]:
    """Return what multiplies an activation's own slope, for each letter inside it."""
    found: dict[tuple, list] = {}
    for letter in letters(activation.arguments[0]):
        slope = multiply(outer, derivative(activation.arguments[0], letter))
        found.setdefault(letter.place[:2], []).append((letter.place.entry, slope))
    return found


def _use(network: Network, name: str, place: tuple, base: list, parts: list, veils: dict[Place, Scalar]) -> Use:
    column = {entry: j for j, entry in enumerate(entries(network.shapes[place[0]]))}
    return Use(
        name,
        Place(*place),
        (len(entries(network.shapes[name])), len(column)),
        tuple((i, column[entry], slope) for i, entry, slope in base),
        tuple(Part(*part, tuple((column[entry], slope) for entry, slope in columns)) for *part, columns in parts),
        veils,
    )


def _outermost(tree: Scalar, wanted: Callable[[Applied], bool]) -> list[Applied]:
    """Return the wanted functions in a tree that stand in no other wanted one."""
    match tree:
        case Applied() if wanted(tree):
            return [tree]
        case Sum(inner) | Product(inner) | Applied(_, inner, _):
            return [one for part in inner for one in _outermost(part, wanted)]
        case Raised(base, _):
            return _outermost(base, wanted)
    return []


@kept
def edges_into(graph: Graph) -> dict[Place, tuple[Edge, ...]]:
    """Return, for every place, the edges from the places that it influences directly."""
    found: dict[Place, list[Edge]] = {}
    for place in graph.order:
        for use in uses_of(graph.network)[place.name]:
            upper = graph.resolve(use.letter, place.time)
            found.setdefault(upper, []).append(Edge(use, place, upper))
    return {place: tuple(edges) for place, edges in found.items()}


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
    return evaluate(_slope_tree(function), {ARGUMENT.place: argument, VALUE.place: value}.__getitem__, FLOATS)


@cache
def _slope_tree(function: str) -> Scalar:
    return slope(function, ARGUMENT, VALUE)


class Tables:
    """The slopes of every edge in some scenes of a graph in float64, (scenes, …), computed once and kept."""

    def __init__(self, graph: Graph, scenes: tuple[Scene, ...]):
        self.graph, self.scenes, self.plain = graph, scenes, scenes[0].plain
        self.kept: dict[tuple, object] = {}

    def keep(self, key: tuple, make: Callable[[], object]) -> object:
        """Return what is kept under a key, made on first demand."""
        if key not in self.kept:
            self.kept[key] = make()
        return self.kept[key]

    def slope(self, edge: Edge, rule: Rule = right_rule, reading: Reading | None = None) -> np.ndarray | None:
        """Return the immediate derivative of lower by upper, (scenes, lower, upper); None where a value is missing."""
        return self.keep(("slope", edge, rule, reading), lambda: self._slope(edge, rule, reading))

    def _slope(self, edge: Edge, rule: Rule, reading: Reading | None) -> np.ndarray | None:
        local = self.local(edge, reading)
        if local is None or not len(local.rows):
            return local and local.base
        found, slopes = local.base.copy(), self.slopes(edge, rule, reading)
        np.add.at(found, (slice(None), local.rows), slopes[..., None] * local.columns)
        return found

    def slopes(self, edge: Edge, rule: Rule, reading: Reading | None = None) -> np.ndarray:
        """Return the slope of every activation in an edge by a rule, (scenes, activations)."""
        local = self.local(edge, reading)
        pairs = zip(local.arguments, local.values, strict=True)
        return np.array([list(map(rule, local.functions, *pair)) for pair in pairs])

    def local(self, edge: Edge, reading: Reading | None = None) -> Local | None:
        """Return the slope of an edge before the slopes of its activations; None where a letter has no value."""
        return self.keep(("local", edge, reading), lambda: self._local(edge, reading))

    def _local(self, edge: Edge, reading: Reading | None) -> Local | None:
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
            if place in veils:
                return self.keep(
                    ("veil", scene, place, t), lambda: evaluate(veils[place], self._look_up(scene, t), FLOATS)
                )
            found = reading(place, t, self.graph) if reading else self.graph.resolve(place, t)
            if found is None:
                return 0.0
            if found not in values and is_beyond(self.graph, *found[:2]):
                return scene.beyond(found.name, found.time, found.entry)
            return values[found]

        return value_of

    def row(self, expression: Expression, t: int | None) -> np.ndarray:
        """Return the values of an expression of the network at step t, as one row in each scene."""

        def shape_of(inner: Expression) -> tuple[int, ...]:
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
    `into(tables, place)` gives the edges that lead into a place.
    """

    def __init__(self, tables: Tables, below: tuple, change: Change | None = None, into: Into | None = None):
        self.tables, self.below, self.change = tables, below, change or plain
        self.into = into or (lambda tables, place: edges_into(tables.graph).get(place, ()))
        # with other edges what is carried comes from earlier steps
        self.order = tables.graph.order if into else tables.graph.order[::-1]
        self.kept: dict[tuple[Place, Left], np.ndarray | None] = {}
        self.prepared: set[Left] = set()

    def adjoint(self, place: Place, left: Left = ALL) -> np.ndarray | None:
        """Return the total derivative of below by a place, (scenes, entries of below, entries of place); None: zero."""
        if left.uses is not None and left.uses <= 0:
            return right_pass(self.tables, self.below).adjoint(place)
        if (place, left) not in self.kept:
            self._prepare(left)
        if (place, left) not in self.kept:
            self.kept[place, left] = _PENDING
            self.kept[place, left] = self._summed(place, left)
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
    if slope is None:
        return None
    adjoint = one.adjoint(edge.lower, left.after())
    return None if adjoint is None else adjoint @ slope


def right_pass(tables: Tables, below: tuple) -> Pass:
    """Return the backward pass without an edit."""
    return tables.keep(("right", below), lambda: Pass(tables, below))


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
    found = np.broadcast_to(found, (count, *found.shape[-2:]))
    found = found[:, [rows.index(row)]] if row else found
    found = found[:, :, [columns.index(column)]] if column else found
    if tables.plain or found.shape[1] == 1 and (column or not shapes[above]):
        return found.reshape(count, -1)[:, 0]
    if found.shape[1] == 1 and len(shapes[above]) == 2 and not column:
        found = turned(found.reshape(count, *shapes[above]))
    return turned(found) if asked.kind == "gradient" else found


def turned(found: np.ndarray) -> np.ndarray:
    """Return stacked matrices transposed; stacked numbers stay."""
    return found.swapaxes(1, 2) if found.ndim == 3 else found
