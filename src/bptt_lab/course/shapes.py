"""Derivatives with shapes: matrices of symbols, and whether a derivative predicts how its output changes."""

from __future__ import annotations

from typing import NamedTuple

import sympy


def symbols(name: str, rows: int, columns: int = 1) -> sympy.Matrix:
    """Return a matrix of symbols, counted from 1: x_2 in a column, W_12 in a matrix, w alone."""
    if rows == columns == 1:
        return sympy.Matrix([sympy.Symbol(name)])
    index = "{0}" if columns == 1 else "{0}{1}"
    return sympy.Matrix(rows, columns, lambda i, j: sympy.Symbol(f"{name}_" + index.format(i + 1, j + 1)))


class Prediction(NamedTuple):
    """A derivative that somebody claims, the shapes of output, input and derivative, and why it fails, if it does."""

    derivative: sympy.Matrix
    shapes: tuple[str, str, str]
    reason: str = ""

    @property
    def words(self) -> str:
        """The shapes, and the verdict."""
        output, moved, claimed = self.shapes
        found = (
            f"✗ refused: {self.reason}" if self.reason else "✓ times any small change it is the change of the output"
        )
        return f"{output} by {moved}, laid out as {claimed}: {found}"

    def _repr_markdown_(self) -> str:
        return f"$\\displaystyle {sympy.latex(self.derivative)}$\n\n{self.words}"

    def __repr__(self) -> str:
        return f"{self.derivative}\n{self.words}"


def predicts_change(derivative: sympy.Matrix, y: sympy.Matrix, x: sympy.Matrix) -> Prediction:
    """Return whether a derivative times any small change of x is, to first order, the change of y.

    A number is a 1×1 matrix; for a number by a matrix the change is the trace of the product. The small change is
    made of symbols, so that the verdict holds in every direction. Errors: ValueError where neither y nor x is a
    number and one of them is a matrix, which has no layout of two indices.
    """
    shapes = tuple("×".join(map(str, part.shape)) for part in (y, x, derivative))
    if derivative.shape != _layout(y.shape, x.shape):
        return Prediction(derivative, shapes, f"{shapes[2]} times a change of {shapes[1]} is no change of {shapes[0]}")  # type: ignore[arg-type]  # three shapes
    s, dx = sympy.Symbol("s"), symbols("dx", *x.shape)
    moved = y.subs(dict(zip(x, x + s * dx, strict=True)), simultaneous=True)
    product = derivative * (dx[0] if x.shape == (1, 1) else dx)
    predicted = sympy.Matrix([product.trace()]) if y.shape == (1, 1) else product
    same = sympy.expand(moved.diff(s).subs(s, 0) - predicted).is_zero_matrix
    return Prediction(derivative, shapes, "" if same else "times a small change it is not the change of the output")  # type: ignore[arg-type]  # three shapes


def _layout(output: tuple[int, int], moved: tuple[int, int]) -> tuple[int, int]:
    """Return the shape of a derivative in numerator layout: the output as it is, the input transposed."""
    if moved == (1, 1):
        return output
    if output == (1, 1):
        return moved[::-1]
    if output[1] == moved[1] == 1:
        return output[0], moved[0]
    raise ValueError(f"The derivative of {output} by {moved} has more than two indices.")
