"""An answer that has not the shape asked for: the one change by which shapes fit, so that the rest can be judged."""

from __future__ import annotations

from collections.abc import Iterator

from bptt_lab.exercises.causes.corrections import LONGEST, NO_VALUE, Own
from bptt_lab.exercises.causes.edits import Change, changes, spots
from bptt_lab.exercises.causes.pairs import Slip, alike, applied
from bptt_lab.exercises.question import Question
from bptt_lab.exercises.scenes import shapes, values
from bptt_lab.formulas import FormulaError, write
from bptt_lab.formulas.shapes import shape_of
from bptt_lab.formulas.tree import Binary, Letter, Transpose, Tree
from bptt_lab.symbolic.values import Scene

MOVED = "A row times a column is a number: the .T belongs on the other factor."
TURNED = "Two columns have no product: the second one belongs there as a row, with .T."
OF_SHAPES = ("transpose", "order")


def fitted(question: Question, own: Own, scene: Scene) -> list[tuple[Slip, Tree]]:
    """Return the single slips, transposes and orders, without which an answer has the shape asked for, each once."""
    if len(write(own.tree)) > LONGEST:
        return []
    found = {}
    for slip in _slips(question, own.tree):
        new = applied(own.tree, slip.changes)
        if _fits(new, question, scene):
            found.setdefault(write(new), (slip, new))
    return list(found.values())


def _slips(question: Question, tree: Tree) -> Iterator[Slip]:
    known = [one for one in changes(tree, question.graph.network, (), True) if one.kind in OF_SHAPES]
    yield from (Slip((one,)) for one in known)
    yield from (Slip(tuple(group)) for group in _of_letters(known))
    yield from (Slip(tuple(group)) for group in alike(known) if len(group) > 1)
    for made in (_moved(question, tree), _turned(question, tree)):
        each = list(made)
        yield from (Slip((one,)) for one in each)
        if len(each) > 1:
            yield Slip(tuple(each))


def _of_letters(known: list[Change]) -> Iterator[list[Change]]:
    """Yield the transposes of one letter wherever it stands alike."""
    for first in dict.fromkeys(one.part for one in known if isinstance(one.part, Letter | Transpose)):
        group = [one for one in known if one.kind == "transpose" and one.part == first]
        if len(group) > 1:
            yield group


def _moved(question: Question, tree: Tree) -> Iterator[Change]:
    """Yield a row times a column as the column times the row."""
    for part in (spot.part for spot in spots(tree)):
        if isinstance(part, Binary) and part.operator == "@" and isinstance(part.left, Transpose):
            new = Binary("@", part.left.inner, Transpose(part.right))
            if _is_column(part.left.inner, question) and _is_column(part.right, question):
                yield Change("transpose", MOVED, (part,), part, new)


def _turned(question: Question, tree: Tree) -> Iterator[Change]:
    """Yield a column times a column as the column times the other as a row."""
    for part in (spot.part for spot in spots(tree)):
        if isinstance(part, Binary) and part.operator == "@":
            if _is_column(part.left, question) and _is_column(part.right, question):
                yield Change("transpose", TURNED, (part,), part, Binary("@", part.left, Transpose(part.right)))


def _is_column(part: Tree, question: Question) -> bool:
    try:
        shape = shape_of(part, question.graph.network.shapes)
    except FormulaError:
        return False
    return len(shape) == 2 and shape[1] == 1 < shape[0]


def _fits(tree: Tree, question: Question, scene: Scene) -> bool:
    try:
        given = values(tree, scene, question.spans)
    except NO_VALUE:
        return False
    return shapes(given) == shapes(values(question.goal_tree, scene, question.spans))
