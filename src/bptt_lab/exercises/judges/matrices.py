"""Habits from elsewhere that a language of columns and entries takes otherwise: 1 as unit matrix, vectors as rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bptt_lab.exercises.causes.cause import Cause
from bptt_lab.exercises.question import Question
from bptt_lab.formulas import write
from bptt_lab.formulas.shapes import shape_of
from bptt_lab.formulas.tree import ONE, Binary, Call, Letter, Transpose, Tree, mapped, walk

IsRight = Callable[[Tree], bool]


def unit_matrix(tree: Tree, question: Question, is_right: IsRight) -> Cause | None:
    """Return the cause where 1 is added to a matrix, and a unit matrix in its place makes the answer right."""
    shapes, found = question.graph.network.shapes, []
    columns = {
        shape_of(one, shapes)[0]: one for one in walk(tree) if isinstance(one, Letter) and _is_column(one, shapes)
    }

    def with_unit(part: Tree) -> Tree | None:
        if not isinstance(part, Binary) or part.operator not in "+-":
            return None
        for one, other, side in ((part.left, part.right, "left"), (part.right, part.left, "right")):
            rows, across = shape_of(other, shapes) or (1, 1)
            if one == ONE and rows == across > 1 and rows in columns:
                found.append(part)
                unit = Call("diag", (Call("ones", (columns[rows],)),))
                return replace(part, **{side: unit})  # type: ignore[arg-type]
        return None

    new = mapped(tree, with_unit)
    while found and (again := mapped(new, with_unit)) != new:
        new = again
    if not found or not is_right(new):
        return None
    says = "1 beside a matrix is added to, or taken from, each of its entries: it is no unit matrix."
    says += " A unit matrix has no letter. Multiply out: A @ (I + B) is A + A @ B; and I - diag(v) is diag(1 - v)."
    return Cause("", says, "Which entries has a unit matrix, beside the ones on its diagonal?")


def _is_column(letter: Letter, shapes: dict) -> bool:
    return shape_of(letter, shapes)[1:] == (1,)


def dot_of_columns(tree: Tree, question: Question, is_right: IsRight) -> Cause | None:
    """Return the cause where @ stands between two columns, as in NumPy, and dot in its place makes the answer right."""
    shapes = question.graph.network.shapes

    def with_dot(part: Tree) -> Tree | None:
        match part:
            case Binary("@", left, right) if shape_of(left, shapes) == shape_of(right, shapes) and (
                shape_of(left, shapes)[1:] == (1,)
            ):
                return Call("dot", (mapped(left, with_dot), mapped(right, with_dot)), part.column)
        return None

    new = mapped(tree, with_dot)
    if new == tree or not is_right(new):
        return None
    says = f"Two columns have no product @: their dot product is written dot(…, …). Write  {write(new)}"
    return Cause("", says, "Which shape has each factor?")


def rows_of_numpy(tree: Tree, question: Question, is_right: IsRight) -> Cause | None:
    """Return the cause where columns stand as rows, x @ W.T, and W @ x in their place makes the answer right."""
    shapes, found = question.graph.network.shapes, []

    def turned(part: Tree) -> Tree | None:
        match part:
            case Binary("@", left, right) if shape_of(left, shapes)[1:] == (1,) and shape_of(right, shapes)[1:] != (1,):
                matrix = right.inner if isinstance(right, Transpose) else Transpose(right)
                found.append((part, new := Binary("@", matrix, left, part.column)))
                return new
        return None

    new = mapped(tree, turned)
    if not found or not is_right(new):
        return None
    before, after = map(write, found[0])
    says = "Vectors are columns in formulas, and no rows as in an array of a batch: the matrix stands first."
    return Cause("", f"{says} Write  {after}  for  {before}", "Which shape has each factor?")
