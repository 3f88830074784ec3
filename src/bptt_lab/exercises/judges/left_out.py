"""What an answer may not hold where its task asks for a form without it: a sum sign, or a division."""

from __future__ import annotations

from typing import NamedTuple

from bptt_lab.exercises.question import Question
from bptt_lab.formulas.tree import Binary, Call, Letter, Negative, Over, Power, Tree, walk


class Unwanted(NamedTuple):
    """What stands in an answer though it should not, in words, and a question that leads on."""

    words: str
    asks: str


UNWANTED = {
    "sum": Unwanted("a sum", "Which of its terms are left, and what do they add up to?"),
    "/": Unwanted("a division", "What cancels?"),
}


def unwanted(question: Question, tree: Tree) -> Unwanted | None:
    """Return the first of a question's `left_out` that a formula holds; None where it holds none."""
    return next((UNWANTED[sign] for sign in question.left_out if any(_is(sign, part) for part in walk(tree))), None)


def _is(sign: str, part: Tree) -> bool:
    """Return whether a part is a sum, or divides by what holds a letter: a fraction of numbers is a number."""
    match part:
        case Over() | Call("sum" | "dot"):
            return sign == "sum"
        case Binary("/", _, below) | Power(below, Negative()):
            return sign == "/" and any(isinstance(one, Letter) for one in walk(below))
    return False
