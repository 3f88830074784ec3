"""Times as formulas and as indices: t-1 is a difference to a reader, and a start with a shift to the engine."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

from bptt_lab.formulas.tree import Binary, Letter, Negative, Number, Tree, Variable

TIME, LAST = Variable("t"), Variable("T")


class Index(NamedTuple):
    """A time index: `start` is 't', 'T' or '' (a plain number), `shift` is added to it."""

    start: str
    shift: int

    def at(self, t: Any, T: int) -> int:
        """Return the time this index names at step t of T."""
        return self.shift + (t if self.start == "t" else T if self.start else 0)

    def __str__(self) -> str:
        if not self.start:
            return str(self.shift)
        return self.start + (f"{self.shift:+d}" if self.shift else "")


NOW = Index("t", 0)


def number(value: Fraction | int) -> Tree:
    """Return a number, with a minus in front where it is negative."""
    return Number(Fraction(value)) if value >= 0 else Negative(Number(-Fraction(value)))


def time_of(index: Index | None) -> Tree | None:
    """Return a time index as a formula."""
    if index is None or not index.start:
        return None if index is None else number(index.shift)
    start = TIME if index.start == "t" else LAST
    return start if not index.shift else Binary("+" if index.shift > 0 else "-", start, number(abs(index.shift)))


@lru_cache(maxsize=1024)
def index_of(time: Tree | None) -> Any:
    """Return a time as an index: t, T or a number, and what is added to it; None where there is none."""
    whole = whole_number(time)
    if whole is not None:
        return Index("", whole)
    match time:
        case Variable("t" | "T" as start):
            return Index(start, 0)
        case Binary("+" | "-" as sign, Variable("t" | "T" as start), Number() as shift):
            whole = whole_number(shift)
            return None if whole is None else Index(start, whole if sign == "+" else -whole)
    return None


def whole_number(tree: Tree | None) -> Any:
    """Return the value of a whole number, or None for anything else."""
    match tree:
        case Number(value) if value.denominator == 1:
            return int(value)
        case Negative(Number(value)) if value.denominator == 1:
            return -int(value)
    return None


def letter(name: str, index: Index | None = None) -> Letter:
    """Return a quantity at a time index."""
    return Letter(name, time_of(index))
