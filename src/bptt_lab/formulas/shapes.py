"""The shape of a formula from the shapes of its letters, without a value."""

from __future__ import annotations

from collections.abc import Mapping

from bptt_lab.formulas.functions import MAKING_ONE_NUMBER
from bptt_lab.formulas.tree import (
    Binary,
    Call,
    Derivative,
    Letter,
    Negative,
    Number,
    Over,
    Power,
    Slice,
    Transpose,
    Tree,
    Unless,
    walk,
)

NUMBERS_OF = MAKING_ONE_NUMBER | {"same", "rows", "columns"}
Shapes = Mapping[str, tuple[int, ...]]


def shape_of(tree: Tree, shapes: Shapes) -> tuple[int, ...]:
    """Return rows and columns of a formula; () for a number. A size that varies counts as none."""
    match tree:
        case Letter(name, _, entry):
            return () if entry or not shapes[name] else (*shapes[name], 1)[:2]
        case Derivative(below, above, kind):
            found = _derivative(shape_of(below, shapes), shape_of(above, shapes))
            return found[::-1] if kind == "gradient" else found
        case Transpose(inner):
            return shape_of(inner, shapes)[::-1]
        case Negative(inner) | Power(inner) | Unless(_, inner):
            return shape_of(inner, shapes)
        case Binary(operator, left, right):
            one, two = shape_of(left, shapes), shape_of(right, shapes)
            return (one[0], two[1]) if operator == "@" and one and two else one or two
        case Slice(inner, first, last, of_columns):
            rows, columns = shape_of(inner, shapes) or (1, 1)
            return (rows, _count(first, last)) if of_columns else (_count(first, last), columns)
        case Over(kind, _, low, high, body):
            return _joined(kind, _count(low, high), shape_of(body, shapes))
        case Call(function, arguments) if function not in NUMBERS_OF:
            return _called(function, [shape_of(argument, shapes) for argument in arguments])
    return ()


def is_fit(tree: Tree, shapes: Shapes) -> bool:
    """Return whether the shapes of all parts of a formula fit, as far as they are known."""
    return all(_is_fit(part, shapes) for part in walk(tree))


def _is_fit(part: Tree, shapes: Shapes) -> bool:
    """Return whether the two sides of an operator have shapes that it takes; of dot, whether both are columns alike."""
    match part:
        case Binary(operator, left, right) | Call("dot" as operator, (left, right)):
            one, two = shape_of(left, shapes), shape_of(right, shapes)
            if 0 in (*one, *two) or not one or not two:
                return True
            return one[1] == two[0] if operator == "@" else one == two and (operator != "dot" or one[1] == 1)
    return True


def _derivative(below: tuple[int, ...], above: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of a derivative, numerator layout: a column by each of its rows, of a number the transpose."""
    if below in ((), (1, 1)):
        return above[::-1] or below
    return (below[0], above[0] if above else 1)


def _count(first: Tree, last: Tree) -> int:
    return int(last.value - first.value) + 1 if isinstance(first, Number) and isinstance(last, Number) else 0


def _joined(kind: str, count: int, body: tuple[int, ...]) -> tuple[int, ...]:
    if kind in ("sum", "prod"):
        return body
    rows, columns = body or (1, 1)
    return (count * rows, columns) if kind == "column" else (rows, count * columns)


def _called(function: str, found: list[tuple[int, ...]]) -> tuple[int, ...]:
    sizes = [shape[0] if shape else 1 for shape in found]
    if function == "concat":
        return (sum(sizes), 1)
    return (sizes[0], sizes[-1]) if function in ("diag", "outer") else found[0]
