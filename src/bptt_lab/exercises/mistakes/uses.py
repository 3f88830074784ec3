"""What each equation of a network uses, and the slope of each use, taken apart at the activations."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import NamedTuple

from bptt_lab.formulas.functions import LOSSES, ROWS
from bptt_lab.formulas.times import NOW, Index
from bptt_lab.formulas.tree import Call, Tree, walk
from bptt_lab.network import Graph, Network, Place
from bptt_lab.network.keeping import kept
from bptt_lab.network.scalars import (
    PREDICTION,
    Applied,
    Letter,
    Product,
    Raised,
    Scalar,
    Sum,
    definition,
    derivative,
    entries,
    letters,
    multiply,
    replace,
    scalar,
    slope,
)
from bptt_lab.network.scalars import VALUE as TARGET
from bptt_lab.network.shapes import entrywise_shape

ACTIVATIONS = tuple(name for name, row in ROWS.items() if row.kind == "entry" and name not in ("identity", "log"))
ARGUMENT, VALUE = Letter(Place("argument")), Letter(Place("value"))


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
        return self.argument if ARGUMENT in letters(slope_tree(self.function)) else self.value


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


Uses = tuple[Use, ...]


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
    own, of_losses = _own_letters(network, name), _arguments_in_losses(network, name)

    def veiled(slope: Scalar) -> Scalar:
        return _veiled(slope, name, veils, of_losses)

    for i, tree in enumerate(network.definition(name, entry) for entry in entries(network.shapes[name])):
        found = _outermost(tree, lambda one: one.function in ACTIVATIONS and one.arguments not in of_losses)
        activations = dict.fromkeys(found)
        hidden = {Letter(Place("activation", None, (k,))): one for k, one in enumerate(activations)}
        skeleton = replace(tree, {one: letter for letter, one in hidden.items()})
        for letter in letters(skeleton):
            slope = replace(replace(derivative(skeleton, letter), hidden), own)
            if letter not in hidden:
                base.setdefault(letter.place[:2], []).append((i, letter.place.entry, veiled(slope)))  # type: ignore[arg-type]
                continue
            one = hidden[letter]
            told = (i, one.function, _argument(one, name, veils), veiled(replace(one, own)))
            for place, columns in _inner(one, veiled(slope)).items():
                parts.setdefault(place, []).append((*told, columns))  # type: ignore[arg-type]
    known = {letter.place: tree for tree, letter in veils.items()}
    return [_use(network, name, place, base.get(place, []), parts.get(place, []), known) for place in {**base, **parts}]


def _own_letters(network: Network, name: str) -> dict[Scalar, Letter]:
    """Return the letter for each entry's right side: what an equation has computed goes by its letter in slopes."""
    time = NOW if network.is_timed(name) else None
    trees = {entry: network.definition(name, entry) for entry in entries(network.shapes[name])}
    return {tree: Letter(Place(name, time, entry)) for entry, tree in trees.items() if not isinstance(tree, Letter)}


@cache
def _functions_inside(loss: str) -> frozenset[Applied]:
    """Return the functions that the definition of a loss and its slopes hold, of its prediction and its target."""
    tree = definition(loss, PREDICTION, TARGET)
    rules = (tree, derivative(tree, PREDICTION), derivative(tree, TARGET))
    return frozenset(one for rule in rules for one in _activations_in(rule))


def _activations_in(tree: Scalar) -> list[Applied]:
    found = [one for part in tree.parts for one in _activations_in(part)]
    return [tree, *found] if isinstance(tree, Applied) and tree.function in ACTIVATIONS else found


def _arguments_in_losses(network: Network, name: str) -> frozenset[tuple[Scalar, ...]]:
    """Return the arguments of what stands in the definitions of an equation's losses: those are no activations of it.

    Their slopes are the loss's error, and are written from its prediction and its target.
    """

    def entries_of(tree: Tree) -> list[Scalar]:
        return [scalar(tree, entry, shape_of) for entry in entries(shape_of(tree))]

    shape_of = partial(entrywise_shape, shapes=network.shapes)
    parts = walk(network.equations[name].expression)
    found: set[tuple[Scalar, ...]] = set()
    for call in [part for part in parts if isinstance(part, Call) and part.function in LOSSES]:
        inside = _functions_inside(call.function)
        for pair in zip(*map(entries_of, call.arguments), strict=True):
            known = dict(zip((PREDICTION, TARGET), pair, strict=True))
            found |= {tuple(replace(one, known) for one in function.arguments) for function in inside}
    return frozenset(found)


def _veiled(tree: Scalar, name: str, veils: dict[Scalar, Letter], plain: Collection[tuple[Scalar, ...]]) -> Scalar:
    """Return a tree in which a function of more than letters goes by a letter of its own, kept in `veils`.

    Such a value was computed on the way forward: no slip on the way back reaches inside it. The letter is called by the
    equation's name in brackets, as no quantity is. A function of `plain` arguments stays.
    """
    whole = _outermost(
        tree, lambda one: one.arguments not in plain and not all(isinstance(inner, Letter) for inner in one.arguments)
    )
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
        tuple(Part(*part, tuple((column[entry], slope) for entry, slope in columns)) for *part, columns in parts),  # type: ignore[call-arg]
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


@kept
def influenced(network: Network, name: str) -> dict[str, int]:
    """Return the names that a quantity influences, however far away, itself included, and how many uses away."""
    found, waiting = {}, {name}
    while waiting:
        found |= dict.fromkeys(waiting, max(found.values(), default=-1) + 1)
        waiting = {user for name in waiting for user, _ in network.uses[name]} - set(found)
    return found


@kept
def influencing(network: Network, names: frozenset[str]) -> frozenset[str]:
    """Return the names that influence one of some quantities, these included."""
    return frozenset(name for name in network.shapes if any(one in names for one in influenced(network, name)))


@cache
def slope_tree(function: str) -> Scalar:
    """Return the slope of an activation, of its argument and its value."""
    return slope(function, ARGUMENT, VALUE)
