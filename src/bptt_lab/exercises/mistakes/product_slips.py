"""Wrong slopes of entrywise products of computed quantities: a factor, a term or a sign lost, or on the wrong side."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from bptt_lab.exercises.mistakes.rewriting import (
    At,
    Rewrite,
    Slip,
    own_letter,
    read_in,
    said_by,
    slip,
    slopes,
    way,
)
from bptt_lab.exercises.mistakes.uses import Use
from bptt_lab.exercises.places import listed
from bptt_lab.formulas.functions import LOSSES
from bptt_lab.formulas.tree import Binary, Call, Tree, walk
from bptt_lab.formulas.tree import Letter as Quantity
from bptt_lab.network import Network, Place
from bptt_lab.network.scalars import (
    ONE,
    Constant,
    Letter,
    Product,
    Raised,
    Scalar,
    Sum,
    add,
    letters,
    multiply,
    negative,
    replace,
)

MOST_TERMS = 3


def is_product(network: Network, name: str) -> bool:
    """Return whether an equation multiplies computed quantities entry by entry; a loss or softmax does not count."""
    parts = list(walk(network.equations[name].expression))
    if any(isinstance(part, Call) and part.function in (*LOSSES, "softmax") for part in parts):
        return False
    products = [part for part in parts if isinstance(part, Binary) and part.operator == "*"]
    return any(all(_holds_computed(network, side) for side in (one.left, one.right)) for one in products)


def _holds_computed(network: Network, tree: Tree) -> bool:
    return any(isinstance(part, Quantity) and part.name in network.equations for part in walk(tree))


def product_slips(network: Network, use: Use) -> Iterator[Slip]:
    """Yield the wrong slopes of one use in such a product."""
    if use.letter.name in network.equations:
        yield from _factors(network, use)
        yield from _terms(network, use)
    else:
        yield from _factors_of_parameter(network, use)
    yield from _sides(network, use)


# One factor


def _factors(network: Network, use: Use) -> Iterator[Slip]:
    """Yield the derivative by one factor without the other factors (G1), and with itself in their place (G2)."""

    def is_computed(letter: Letter) -> bool:  # a part of an equation goes by the equation's name in brackets
        return letter.place.name in network.equations or letter.place in use.veils

    named = [said_by(use, place) for place in read_in(use) if place.name in network.equations]
    detail = {**way(network, use), "other": listed(named or [use.lower])}
    is_diagonal = all(at.row == at.column for at, _ in slopes(network, use))

    def without(at: At, tree: Scalar) -> Scalar:
        return _exchanged(tree, ONE, is_computed, is_diagonal)

    def squared(at: At, tree: Scalar) -> Scalar:
        read = [one.place for one in letters(tree) if is_computed(one)]
        is_own_entry = {place.entry for place in read} == {at.column} and not any(place in use.veils for place in read)
        return _exchanged(tree, own_letter(use, at), is_computed, is_diagonal) if is_diagonal or is_own_entry else tree

    def by_value(at: At, tree: Scalar) -> Scalar:
        return _exchanged(tree, at.value, is_computed, True) if is_diagonal and at.value else tree

    for mistake, change in (("G1", without), ("G2", squared), ("G2", by_value)):
        for is_wanted in _sides_of_activations(use):
            yield from slip(mistake, detail, network, {use: _where(is_wanted, change)})


def _factors_of_parameter(network: Network, use: Use) -> Iterator[Slip]:
    """Yield the derivative by a parameter without one computed factor: beside what a matrix meets, or beside a bias."""
    is_matrix = len(network.shapes[use.letter.name]) == 2
    for place in read_in(use):
        if place.name not in network.equations:
            continue

        def change(at: At, tree: Scalar, place: Place = place) -> Scalar:
            factors = _factors_of(tree)
            own = [one for one in factors if isinstance(one, Letter) and one.place._replace(entry=()) == place]
            rest = [one for one in factors if one not in own]
            return multiply(*rest) if own and (rest or not is_matrix) else tree

        yield from slip("G1", {**way(network, use), "other": said_by(use, place)}, network, {use: change})


def _sides_of_activations(use: Use) -> list[Callable[[At], bool]]:
    """Return where a slip can be made: outside of activations and inside of them, each where there is such a slope."""
    return [lambda at: at.value is None] * bool(use.base) + [lambda at: at.value is not None] * bool(use.parts)


def _where(is_wanted: Callable[[At], bool], change: Rewrite) -> Rewrite:
    return lambda at, tree: change(at, tree) if is_wanted(at) else tree


def _exchanged(tree: Scalar, by: Scalar, is_computed: Callable[[Letter], bool], is_diagonal: bool) -> Scalar:
    """Return a slope with `by` for its computed factors.

    A sum is such a factor where the slope has no matrix, and everywhere where it is one minus something.
    """

    def is_factor(part: Scalar) -> bool:
        if isinstance(part, Raised) or not any(map(is_computed, letters(part))):
            return False
        return is_diagonal or not isinstance(part, Sum) or any(isinstance(term, Constant) for term in part.terms)

    factors = _factors_of(tree)
    rest = [part for part in factors if not is_factor(part)]
    return multiply(by, *rest) if len(rest) < len(factors) else tree


def _factors_of(tree: Scalar) -> tuple[Scalar, ...]:
    return tree.factors if isinstance(tree, Product) else (tree,)


# One term


def _terms(network: Network, use: Use) -> Iterator[Slip]:
    """Yield the slope without one term (G3), and with the sign of one that has a minus, or of all, turned (G4)."""
    detail = way(network, use)
    terms = [one for at, tree in slopes(network, use) for one in _parted(at, tree)]
    kinds = list(dict.fromkeys(kind for kind, _ in terms))
    for kind in kinds if 2 <= len(kinds) <= MOST_TERMS else ():
        yield from slip("G3", detail, network, {use: _dropped(kind)})
    minus = list(dict.fromkeys(kind for kind, term in terms if _has_minus(term)))
    for turned in [*([kind] for kind in minus), kinds] if minus else ():
        yield from slip("G4", detail, network, {use: _turned(turned)})


def _parted(at: At, tree: Scalar) -> Iterator[tuple[tuple, Scalar]]:
    """Yield the terms of a slope, each with its kind: the names of its factors, and the activation it is inside of."""
    for term in tree.terms if isinstance(tree, Sum) else (tree,):
        factors = [one for one in _factors_of(term) if not isinstance(one, Constant)]
        yield (at.activation, *(one.place.name if isinstance(one, Letter) else "" for one in factors)), term


def _has_minus(term: Scalar) -> bool:
    first = _factors_of(term)[0]
    return isinstance(first, Constant) and first.value < 0


def _dropped(dropped: tuple) -> Rewrite:
    return lambda at, tree: add(*(term for kind, term in _parted(at, tree) if kind != dropped))


def _turned(turned: Collection[tuple]) -> Rewrite:
    return lambda at, tree: add(*(negative(term) if kind in turned else term for kind, term in _parted(at, tree)))


# A factor and a matrix


def _sides(network: Network, use: Use) -> Iterator[Slip]:
    """Yield a factor on the wrong side of a matrix product: entry by entry before it instead of after it (G7)."""
    if not _has_square_matrix(network, use):
        return
    for place in read_in(use):
        if place.name in network.equations:
            detail = {**way(network, use), "other": said_by(use, place)}
            yield from slip("G7", detail, network, {use: _crossed(place)})


def _has_square_matrix(network: Network, use: Use) -> bool:
    """Return whether a use by a matrix, or through one, has as many rows as columns."""
    shape = network.shapes[use.letter.name]
    if len(shape) == 1:
        shapes = [network.shapes[place.name] for place in read_in(use) if place.name in network.parameters]
        return use.size[0] == use.size[1] and any(len(one) == 2 for one in shapes)
    return len(shape) == 2 and shape == (use.size[0], use.size[0]) and use.letter.name in network.parameters


def _crossed(place: Place) -> Rewrite:
    """Return the change that reads a factor at the other end of the matrix entry that stands beside it."""

    def change(at: At, tree: Scalar) -> Scalar:
        ends = at.row, at.column[-1:]
        own = [one for one in _factors_of(tree) if isinstance(one, Letter)]
        factor = [one for one in own if one.place._replace(entry=()) == place and one.place.entry in ends]
        if len(own) < 2 or len(factor) != 1 or ends[0] == ends[1]:
            return tree
        (one,) = factor
        return replace(tree, {one: Letter(one.place._replace(entry=ends[one.place.entry == ends[0]]))})

    return change
