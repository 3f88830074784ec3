"""The equations of a network as they were written: formulas, of vectors and matrices, not yet of their entries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from bptt_lab.formulas.times import NOW, index_of, letter
from bptt_lab.formulas.tree import Entry, Letter, Power, Relation, Slice, Tree, parts
from bptt_lab.network.errors import Position


@dataclass(frozen=True)
class Name:
    """A quantity where it stands in an equation, with its time index where it has one."""

    name: str
    index: Any  # Index | None: one where the quantity has a time
    column: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return self.name if self.index is None else f"{self.name}[{self.index}]"


@dataclass(frozen=True)
class Equation:
    """One line of the text: `name[t] = expression`, `name = expression`, or at one step only, as in `name[T] = …`."""

    name: str
    index: Any  # Index | None: there is one where `timed`
    expression: Tree
    position: Position
    source: str

    @property
    def timed(self) -> bool:
        """Whether the quantity carries a time."""
        return self.index is not None

    @property
    def is_general(self) -> bool:
        """Whether the equation holds at every step, or has no time."""
        return self.index in (None, NOW)

    @property
    def is_inside(self) -> bool:
        """Whether an equation at one step is about a step from 1 to T, in sequences that are long enough."""
        return self.index.shift <= 0 if self.index.start else self.index.shift >= 1

    def times(self, T: int) -> tuple[int | None, ...]:
        """Return the times at which the equation holds in T steps."""
        if self.index == NOW:
            return tuple(range(1, T + 1))
        return (None if self.index is None else self.index.at(None, T),)

    @property
    def relation(self) -> Relation:
        """Both sides as one formula."""
        return Relation("=", letter(self.name, self.index), self.expression)

    def at(self, column: int) -> Position:
        """Return the position of a part of the equation."""
        return self.position._replace(column=column + 1)


def children(expression: Tree) -> tuple[Tree, ...]:
    """Return the direct parts of an expression that are no times, no exponents and no entries."""
    match expression:
        case Letter():
            return ()
        case Power(inner, _) | Slice(inner) | Entry(inner):
            return (inner,)
    return tuple(parts(expression))


def unread(equations: Iterable[Equation]) -> list[str]:
    """Return the names that equations define and none of them reads, in the order written."""
    equations = list(equations)
    read = {name.name for equation in equations for name in names(equation.expression)}
    return [name for name in dict.fromkeys(equation.name for equation in equations) if name not in read]


def names(expression: Tree) -> list[Name]:
    """Return every occurrence of a name in an expression, from left to right."""
    if isinstance(expression, Letter):
        return [Name(expression.name, index_of(expression.time), expression.column)]
    return [name for part in children(expression) for name in names(part)]
