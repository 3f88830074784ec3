"""The equations of a network as formulas: the same words on screen, in a derivation and in an answer."""

from __future__ import annotations

from fractions import Fraction

from bptt_lab.formulas.tree import (
    Binary,
    Call,
    Letter,
    Negative,
    Number,
    Power,
    Relation,
    Transpose,
    Tree,
    Variable,
)
from bptt_lab.network import Network, expressions
from bptt_lab.network.expressions import Expression, Index

TIME, LAST = Variable("t"), Variable("T")


def number(value: Fraction | int) -> Tree:
    """Return a number, with a minus in front where it is negative."""
    return Number(Fraction(value)) if value >= 0 else Negative(Number(-Fraction(value)))


def time_of(index: Index | None) -> Tree | None:
    """Return a time index as a formula."""
    if index is None or not index.start:
        return None if index is None else number(index.shift)
    start = TIME if index.start == "t" else LAST
    return start if not index.shift else Binary("+" if index.shift > 0 else "-", start, number(abs(index.shift)))


def index_of(time: Tree | None) -> Index | None:
    """Return a time as an index: t, T or a number, and what is added to it; None where there is none."""
    match time:
        case Variable(start):
            return Index(start, 0)
        case Number(value):
            return Index("", int(value))
        case Negative(Number(value)):
            return Index("", -int(value))
        case Binary("+" | "-" as sign, Variable(start), Number(value)):
            return Index(start, int(value) if sign == "+" else -int(value))
    return None


def letter(name: str, index: Index | None = None) -> Letter:
    """Return a quantity at a time index."""
    return Letter(name, time_of(index))


def formula(expression: Expression) -> Tree:
    """Return the right side of an equation as a formula."""
    match expression:
        case expressions.Number(value):
            return number(value)
        case expressions.Name(name, index):
            return letter(name, index)
        case expressions.Binary("*", expressions.Number(value), right) if value == -1:
            return Negative(formula(right))
        case expressions.Binary(operator, left, right):
            return Binary(operator, formula(left), formula(right))
        case expressions.Power(base, exponent):
            return Power(formula(base), number(exponent))
        case expressions.Transposed(inner):
            return Transpose(formula(inner))
        case expressions.Call(function, arguments):
            return Call(function, tuple(map(formula, arguments)))
    raise AssertionError(expression)


def equations(network: Network) -> list[Relation]:
    """Return the equations of a network as formulas, in the order written."""
    found = []
    for equation in network.equations.values():
        left = letter(equation.name, Index("t", 0) if equation.timed else None)
        found.append(Relation("=", left, formula(equation.expression)))
    return found
