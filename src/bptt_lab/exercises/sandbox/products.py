"""Which shapes met in a matrix product that failed, found from the line of code and the shapes of its names."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

Shape = tuple[int, ...]
OF_MATMUL = re.compile(r"^matmul: Input operand 1 has a mismatch .*\(size (\d+) is different from (\d+)\)$")
ENTRYWISE = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow)
LIKE_ITS_ARGUMENT = {"tanh", "exp", "log", "sqrt", "abs", "sign", "square", "zeros_like", "ones_like", "empty_like"}


def said(text: str, line: str, shapes: Mapping[str, Shape]) -> str:
    """Return what is told of a matrix product that failed beside NumPy's own words; nothing if none did."""
    sizes = OF_MATMUL.match(text)
    if not sizes:
        return ""
    second, first = int(sizes[1]), int(sizes[2])
    met = _met(line, shapes, (first, second))
    if met:
        start = f"In `{met[0]}` the shapes {met[1]} and {met[2]} meet"
        return f" {start}: rows of {first} cannot meet columns of {second}. {CHECK}"
    start = "Two shapes meet in a matrix product that do not fit"
    return f" {start}: the left one has rows of {first} numbers, the right one columns of {second}. {CHECK}"


CHECK = "Check the order of the two, and whether one needs a .T."


def _met(line: str, shapes: Mapping[str, Shape], sizes: tuple[int, int]) -> tuple[str, Shape, Shape] | None:
    """Return the one product of a line that cannot be formed for these two sizes, if the shapes of all are known."""
    try:
        tree = ast.parse(f"{line} pass" if line.endswith(":") else line)
    except (SyntaxError, ValueError, RecursionError):
        return None
    products = [part for part in ast.walk(tree) if isinstance(part, ast.BinOp) and isinstance(part.op, ast.MatMult)]
    sides = [(part, shape_of(part.left, shapes), shape_of(part.right, shapes)) for part in products]
    clash = [(part, a, b) for part, a, b in sides if a and b and (a[-1], b[-2:][0]) == sizes]
    unsure = [part for part, a, b in sides if a is None or b is None]
    if len(clash) != 1 or any(not _holds(part, clash[0][0]) for part in unsure):
        return None
    return ast.unparse(clash[0][0]), clash[0][1], clash[0][2]


def _holds(outer: ast.AST, inner: ast.AST) -> bool:
    return any(part is inner for part in ast.walk(outer))


def shape_of(tree: ast.AST, shapes: Mapping[str, Shape]) -> Shape | None:
    """Return the shape of an expression whose names have these shapes; None where it is not plain to see."""
    match tree:
        case ast.Name(id=name):
            return shapes.get(name)
        case ast.Constant(value=int() | float()):
            return ()
        case ast.UnaryOp(operand=inner):
            return shape_of(inner, shapes)
        case ast.Attribute(value=inner, attr="T"):
            found = shape_of(inner, shapes)
            return None if found is None else found[::-1]
        case ast.Subscript(value=inner, slice=index):
            return _part(shape_of(inner, shapes), index, shapes)
        case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr=name), args=[inner], keywords=[]):
            return shape_of(inner, shapes) if name in LIKE_ITS_ARGUMENT else None
        case ast.BinOp(left=left, op=op, right=right):
            return _joined(shape_of(left, shapes), op, shape_of(right, shapes))
        case ast.Compare(left=left, comparators=[right]):
            return _joined(shape_of(left, shapes), ast.Add(), shape_of(right, shapes))
    return None


def _part(whole: Shape | None, index: ast.AST, shapes: Mapping[str, Shape]) -> Shape | None:
    """Return the shape of `array[index]` for one number as the index: the first axis is gone."""
    return whole[1:] if whole and shape_of(index, shapes) == () else None


def _joined(left: Shape | None, op: ast.AST, right: Shape | None) -> Shape | None:
    if left is None or right is None:
        return None
    if isinstance(op, ENTRYWISE):
        return _broadcast(left, right)
    if not isinstance(op, ast.MatMult) or not left or not right or left[-1] != right[-2:][0]:
        return None
    if max(len(left), len(right)) > 2 and min(len(left), len(right)) > 1 and len(right) != 2:
        return None  # stacks of matrices
    return (*left[:-1], *(right[-1:] if len(right) > 1 else ())) if len(right) <= 2 else None


def _broadcast(left: Shape, right: Shape) -> Shape | None:
    long, short = sorted((left, right), key=len, reverse=True)
    padded = (1,) * (len(long) - len(short)) + short
    fits = all(a == b or 1 in (a, b) for a, b in zip(long, padded, strict=True))
    return tuple(b if a == 1 else a for a, b in zip(long, padded, strict=True)) if fits else None


def read(found: object) -> Iterator[tuple[str, Shape]]:
    """Yield the names and shapes in what a child says of them; what has another form is left out."""
    for row in found if isinstance(found, list) else ():
        if isinstance(row, list) and len(row) == 2 and isinstance(row[0], str) and isinstance(row[1], list):
            if all(type(size) is int and size >= 0 for size in row[1]):
                yield row[0], tuple(row[1])
