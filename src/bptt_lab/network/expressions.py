"""The equations of a network as they were written: formulas, of vectors and matrices, not yet of their entries."""

from __future__ import annotations

from dataclasses import dataclass, field

from bptt_lab.formulas.times import NOW, Index, index_of, letter
from bptt_lab.formulas.tree import Entry, Letter, Power, Relation, Slice, Tree, parts
from bptt_lab.network.errors import Position


@dataclass(frozen=True)
class Name:
    """A quantity where it stands in an equation, with its time index where it has one."""

    name: str
    index: Index | None
    column: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return self.name if self.index is None else f"{self.name}[{self.index}]"


@dataclass(frozen=True)
class Equation:
    """One line of the text: `name[t] = expression` (timed) or `name = expression`."""

    name: str
    timed: bool
    expression: Tree
    position: Position
    source: str

    @property
    def relation(self) -> Relation:
        """Both sides as one formula."""
        return Relation("=", letter(self.name, NOW if self.timed else None), self.expression)

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


def names(expression: Tree) -> list[Name]:
    """Return every occurrence of a name in an expression, from left to right."""
    if isinstance(expression, Letter):
        return [Name(expression.name, index_of(expression.time), expression.column)]
    return [name for part in children(expression) for name in names(part)]
