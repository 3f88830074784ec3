"""The tree of a formula as it was written: letters with time and entry, sums over an index, matrices, derivatives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from fractions import Fraction
from typing import Any


def _column() -> int:
    return field(default=0, compare=False, repr=False)


@dataclass(frozen=True)
class Number:
    """A constant, kept exactly."""

    value: Fraction
    column: int = _column()


@dataclass(frozen=True)
class Variable:
    """A whole number with a name: a time such as t or T, or the index of an entry."""

    name: str
    column: int = _column()


@dataclass(frozen=True)
class Letter:
    """A quantity, at a time where it has one, whole or one entry of it."""

    name: str
    time: Tree | None = None
    entry: tuple[Tree, ...] = ()
    column: int = _column()


@dataclass(frozen=True)
class Negative:
    """Minus a part."""

    inner: Tree
    column: int = _column()


@dataclass(frozen=True)
class Binary:
    """Two operands of + - * / @."""

    operator: str
    left: Tree
    right: Tree
    column: int = _column()


@dataclass(frozen=True)
class Power:
    """A whole-number power, entry by entry."""

    base: Tree
    exponent: Tree
    column: int = _column()


@dataclass(frozen=True)
class Call:
    """A function of the list, applied to its arguments."""

    function: str
    arguments: tuple[Tree, ...]
    column: int = _column()


@dataclass(frozen=True)
class Over:
    """A sum or a product over a variable from a lowest to a highest value, both included ('sum', 'prod')."""

    kind: str
    variable: str
    low: Tree
    high: Tree
    body: Tree
    column: int = _column()


@dataclass(frozen=True)
class Transpose:
    """A transposed matrix."""

    inner: Tree
    column: int = _column()


@dataclass(frozen=True)
class Slice:
    """Some rows of a column or a matrix, or some columns of a matrix, counted from 1, both ends included."""

    inner: Tree
    first: Tree
    last: Tree
    of_columns: bool = False
    column: int = _column()


@dataclass(frozen=True)
class Entry:
    """One entry of a column, a row or a matrix that is no letter, counted from 1."""

    inner: Tree
    indices: tuple[Tree, ...]
    column: int = _column()


@dataclass(frozen=True)
class Unless:
    """A term that does not exist where a relation of indices holds, and counts as zero there."""

    missing: Relation
    term: Tree
    column: int = _column()


@dataclass(frozen=True)
class Derivative:
    """The derivative of one letter by another, numerator layout: `kind` is 'total', 'immediate' or 'gradient'.

    A gradient is the transpose of the total derivative: it has the shape of the letter by which one differentiates.
    """

    below: Letter
    above: Letter
    kind: str
    column: int = _column()


@dataclass(frozen=True)
class Relation:
    """Two sides and what is said of them: '=', '!=', '<=', '<' or '>'."""

    operator: str
    left: Tree
    right: Tree
    column: int = _column()


Tree = (
    Number
    | Variable
    | Letter
    | Negative
    | Binary
    | Power
    | Call
    | Over
    | Transpose
    | Slice
    | Entry
    | Unless
    | Derivative
    | Relation
)
ONE = Number(Fraction(1))
PLAIN = ("int", "str", "bool", "Fraction")  # what is no tree
KINDS: tuple[type, ...] = Tree.__args__
PARTS = {kind: tuple(one.name for one in fields(kind) if one.type not in PLAIN) for kind in KINDS}


def parts(tree: Tree) -> Iterator[Tree]:
    """Yield the direct parts of a tree, times and entries of letters included."""
    for name in PARTS[type(tree)]:
        value = getattr(tree, name)
        if isinstance(value, tuple):
            yield from value
        elif value is not None:
            yield value


def mapped(tree: Tree, change: Callable[[Tree], Tree | None]) -> Tree:
    """Return a tree with every part for which `change` gives something replaced by it, from the top down.

    A part in which nothing changes stays the same object.
    """
    changed = change(tree)
    if changed is not None:
        return changed
    new: dict[str, Any] = {}
    for name in PARTS[type(tree)]:
        value = getattr(tree, name)
        if isinstance(value, tuple):
            parts = tuple([mapped(part, change) for part in value])
            if any(part is not old for part, old in zip(parts, value, strict=True)):
                new[name] = parts
        elif value is not None and (part := mapped(value, change)) is not value:
            new[name] = part
    return replace(tree, **new) if new else tree


def walk(tree: Tree) -> Iterator[Tree]:
    """Yield a tree and every part of it, in the order written."""
    yield tree
    for part in parts(tree):
        yield from walk(part)


def free_variables(tree: Tree) -> set[str]:
    """Return the variables of a tree that no sum or product binds."""
    if isinstance(tree, Variable):
        return {tree.name}
    if isinstance(tree, Over):
        return free_variables(tree.low) | free_variables(tree.high) | (free_variables(tree.body) - {tree.variable})
    return {name for part in parts(tree) for name in free_variables(part)}


MOST_STEPS = 16  # of an exponent or a range that varies with time


def order(tree: Tree) -> int:
    """Return how many factors, functions counted as one each, the terms of a formula have together.

    A sum of products of exponentials and powers that vanishes at a point to a higher order than that vanishes
    everywhere. A factor that is an exponential itself does not vanish, and counts as a term of a sum only. Exponents
    and products of variable length count as long as they may be.
    """
    match tree:
        case Binary("*" | "/" | "@", left, right):
            return sum(0 if _is_exponential(factor) else order(factor) for factor in (left, right))
        case Number() | Variable():
            return 0
        case Letter() | Derivative():
            return 1
        case Power(base, exponent):
            return order(base) * _largest(exponent)
        case Over("prod", _, low, high, body):
            return order(body) * max(1, _largest(Binary("-", high, low)) + 1)
        case Call(_, arguments):
            return 1 + sum(map(order, arguments))
    return sum(map(order, parts(tree)))


def _is_exponential(tree: Tree) -> bool:
    return isinstance(tree, Call) and tree.function == "exp"


def _largest(tree: Tree) -> int:
    """Return the size of a whole number, or how large one may be that varies."""
    match tree:
        case Number(value):
            return abs(int(value))
        case Negative(inner):
            return _largest(inner)
        case Binary("-", Number(one), Number(other)):
            return abs(int(one - other))
        case Binary("*", left, right):
            return _largest(left) * _largest(right)
        case Binary(_, left, right):
            return _largest(left) + _largest(right)
    return MOST_STEPS
