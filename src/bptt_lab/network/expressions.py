"""The tree of an equation as it was written: vectors and matrices, not yet their entries."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from bptt_lab.network.errors import Position


class Index(NamedTuple):
    """A time index: `start` is 't', 'T' or '' (a plain number), `shift` is added to it."""

    start: str
    shift: int

    def at(self, t: int | None, T: int) -> int:
        """Return the time this index names at step t of T."""
        return self.shift + {"t": t, "T": T, "": 0}[self.start]

    def __str__(self) -> str:
        if not self.start:
            return str(self.shift)
        return self.start + (f"{self.shift:+d}" if self.shift else "")


NOW = Index("t", 0)


def _position() -> Position | None:
    return field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Number:
    """A constant, kept exactly."""

    value: Fraction
    position: Position | None = _position()


@dataclass(frozen=True)
class Name:
    """A quantity, with its time index where it has one."""

    name: str
    index: Index | None = None
    position: Position | None = _position()

    def __str__(self) -> str:
        return self.name if self.index is None else f"{self.name}[{self.index}]"


@dataclass(frozen=True)
class Binary:
    """Two operands of + - * / @."""

    operator: str
    left: Expression
    right: Expression
    position: Position | None = _position()


@dataclass(frozen=True)
class Power:
    """A whole-number power, entry by entry."""

    base: Expression
    exponent: int
    position: Position | None = _position()


@dataclass(frozen=True)
class Call:
    """A function of the grammar's list, applied to its arguments."""

    function: str
    arguments: tuple[Expression, ...]
    position: Position | None = _position()


@dataclass(frozen=True)
class Transposed:
    """A matrix, transposed."""

    inner: Expression
    position: Position | None = _position()


Expression = Number | Name | Binary | Power | Call | Transposed


@dataclass(frozen=True)
class Equation:
    """One line of the text: `name[t] = expression` (timed) or `name = expression`."""

    name: str
    timed: bool
    expression: Expression
    position: Position
    source: str


def children(expression: Expression) -> tuple[Expression, ...]:
    """Return the direct parts of an expression."""
    match expression:
        case Binary(_, left, right):
            return left, right
        case Power(base, _) | Transposed(base):
            return (base,)
        case Call(_, arguments):
            return arguments
    return ()


def names(expression: Expression) -> list[Name]:
    """Return every occurrence of a name in an expression, from left to right."""
    if isinstance(expression, Name):
        return [expression]
    return [name for part in children(expression) for name in names(part)]
