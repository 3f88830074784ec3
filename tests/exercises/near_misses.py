"""Answers that are almost right: a right form, rewritten, with one thing changed that changes its value.

That it does change the value is known from numbers of 80 digits, in networks that the checker never draws.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from rewriting import LONGEST, Spot, put, relation, rewritten, spelled, spots

from bptt_lab.exercises.question import Question
from bptt_lab.exercises.slips import slips
from bptt_lab.formulas.tree import Binary, Letter, Number, Power, Tree, Variable

TINY = Number(Fraction(1, 10**12))
SLIPS_OF_LETTERS, SLIPS_OF_TIMES = ("letter", "entry", "indices", "transpose"), ("time", "range")

Miss = Callable[[Question, Tree, random.Random], Tree | None]


def _somewhere(change: Callable[[Spot], Tree | None]) -> Miss:
    """Return a miss that changes one part of a formula, wherever it can."""

    def miss(question: Question, tree: Tree, chance: random.Random) -> Tree | None:
        found = [(way, new) for way, spot in spots(question, tree, question.spans, chance) if (new := change(spot))]
        if not found:
            return None
        way, new = chance.choice(found)
        return put(tree, way, new)

    return miss


def _scaled(spot: Spot) -> Tree:
    return Binary("*", Number(1 + Fraction(spot.chance.choice((-1, 1)), 10**12)), spot.tree)


def _with_a_tiny_letter(spot: Spot) -> Tree | None:
    names = [name for name in spot.graph.network.parameters if spot.shape(Letter(name)) == spot.shape(spot.tree)]
    if not names:
        return Binary("+", spot.tree, Binary("*", TINY, Power(spot.tree, Number(Fraction(2)))))
    return Binary("+", spot.tree, Binary("*", TINY, Letter(spot.chance.choice(sorted(names)))))


def _with_a_tiny_constant(spot: Spot) -> Tree:
    return Binary(spot.chance.choice("+-"), spot.tree, Number(Fraction(1, 10 ** spot.chance.randint(6, 14))))


def _with_another_constant(spot: Spot) -> Tree | None:
    match spot.tree:
        case Number(value):
            return Number(value + Fraction(1, 10 ** spot.chance.randint(1, 12)))
        case Binary("*" | "@" as sign, left, right):
            return Binary(sign, Binary("*", Number(Fraction(999_999, 1_000_000)), left), right)


def _slip(kinds: tuple[str, ...] | None) -> Miss:
    """Return a miss that is a slip of the pen, of some kinds or of any."""

    def miss(question: Question, tree: Tree, chance: random.Random) -> Tree | None:
        found = [one.tree for one in slips(tree, question.graph.network) if kinds is None or one.kind in kinds]
        return chance.choice(found) if found else None

    return miss


def _other_step(spot: Spot) -> Tree | None:
    """Return a letter at a time two steps off, or at a fixed one."""
    if not isinstance(spot.tree, Letter) or spot.tree.time is None:
        return None
    moved = Binary(spot.chance.choice("+-"), spot.tree.time, Number(Fraction(2)))
    return replace(spot.tree, time=spot.chance.choice([moved, Variable("T"), Number(Fraction(1))]))


MISSES: dict[str, Miss] = {
    "one term times 1 + 1e-12": _somewhere(_scaled),
    "1e-12 times a letter added": _somewhere(_with_a_tiny_letter),
    "a tiny constant added": _somewhere(_with_a_tiny_constant),
    "a constant slightly off": _somewhere(_with_another_constant),
    "a letter or an entry exchanged": _slip(SLIPS_OF_LETTERS),
    "a wrong time or range": _slip(SLIPS_OF_TIMES),
    "a step further off": _somewhere(_other_step),
    "any slip of the pen": _slip(None),
}
TRIALS = 40


def near_miss(question: Question, kind: str, chance: random.Random) -> str | None:
    """Return the text of an answer that is almost right and not right; None where this kind finds none here."""
    goal = question.goal_tree
    for _ in range(TRIALS):
        start = question.tree(chance.choice([question.answer, *question.same]))
        tree, _ = rewritten(question, start, chance, chance.randint(0, 6))
        missed = MISSES[kind](question, tree, chance)
        if missed is None or relation(question, missed, goal) != "different":
            continue
        text = spelled(missed, question)
        if len(text) <= LONGEST:
            return text
    return None
