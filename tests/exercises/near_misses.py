"""Answers that are almost right: a right form, rewritten, with one thing changed that changes its value.

That it does change the value is known from numbers of 80 digits, in networks that the checker never draws: in the
network as given, or, for an answer right there only, with other steps or sizes.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from rewriting import LONGEST, Spot, put, relation, rewritten, spelled, spots

from bptt_lab.exercises.causes.slips import slips
from bptt_lab.exercises.judges.cases import cases, is_for_every_T, of_other_sizes
from bptt_lab.exercises.question import Question
from bptt_lab.formulas.tree import Binary, Call, Letter, Number, Power, Tree, Variable
from bptt_lab.symbolic.worlds import float_worlds

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


def _with_a_known_multiple(question: Question, tree: Tree, chance: random.Random) -> Tree:
    """Return a formula times 1 plus a multiple of a large prime that everybody knows."""
    power = chance.choice([Power(Power(TWO, _number(20)), _number(3)), Power(TWO, _number(19))])
    prime = Binary("-", Binary("*", TWO, power), ONE) if power.base != TWO else Binary("-", power, ONE)
    return Binary("*", tree, Binary("+", ONE, Binary("*", prime, _number(chance.randint(1, 9)))))


def _with_a_crumb(question: Question, tree: Tree, chance: random.Random) -> Tree:
    """Return a formula times 1 plus a number of 30 to 40 zeros behind the point."""
    small = Power(Number(Fraction(1, 10**10)), _number(chance.randint(3, 4)))
    return Binary("*", tree, Binary(chance.choice("+-"), ONE, chance.choice([small, _exp(-chance.randint(70, 100))])))


def _with_what_has_no_value(question: Question, tree: Tree, chance: random.Random) -> Tree | None:
    """Return a formula times 1 plus a value past the last step."""
    network = question.graph.network
    names = [name for name in network.equations if network.is_timed(name) and network.shapes[name] in ((), (1,))]
    if not names or "t" not in question.spans:
        return None
    past = Binary("+", Variable("T"), ONE)
    return Binary("*", tree, Binary("+", ONE, Letter(chance.choice(names), past)))


def _zero_at_the_readable_worlds(question: Question, tree: Tree, chance: random.Random) -> Tree | None:
    """Return a formula times 1 plus a product that is zero wherever a fixed network was drawn."""
    place, entry = _first_parameter(question)
    if place is None:
        return None
    letter = Letter(place.name, None, tuple(map(_number, entry)))
    values = {world.leaves[place._replace(entry=entry)] for world in float_worlds(question.graph)}
    product = ONE
    for value in sorted(values):
        product = Binary("*", product, Binary("-", letter, Number(value)))
    return Binary("*", tree, Binary("+", ONE, product))


def _first_parameter(question: Question):
    network = question.graph.network
    for place in question.graph.leaves:
        if place.name in network.parameters:
            return place, tuple(1 for _ in network.shapes[place.name])
    return None, ()


def _right_for_the_given_T(question: Question, tree: Tree, chance: random.Random) -> Tree | None:
    """Return a formula times a factor that is one at the number of steps given, where the question is for every T."""
    if not is_for_every_T(question):
        return None
    gap = Binary("-", Variable("T"), _number(question.graph.T))
    return Binary("*", tree, Binary("+", ONE, Binary("*", gap, _number(chance.randint(1, 9)))))


def _right_for_the_given_sizes(question: Question, tree: Tree, chance: random.Random) -> Tree | None:
    """Return a formula times a factor that is one at the sizes given, where the question is for any sizes."""
    shapes = question.graph.network.shapes
    names = [name for name in question.graph.network.parameters if len(shapes[name]) == 2 and min(shapes[name]) > 1]
    if not names or not of_other_sizes(question):
        return None
    name, which = chance.choice(sorted(names)), chance.choice([0, 1])
    size = Call(("rows", "columns")[which], (Letter(name),))
    return Binary("*", tree, Binary("+", ONE, Binary("-", size, _number(shapes[name][which]))))


def _number(value: int) -> Number:
    return Number(Fraction(value))


def _exp(value: int) -> Call:
    return Call("exp", (Number(Fraction(value)),))


ONE, TWO = _number(1), _number(2)
ELSEWHERE = ("right for the given T only", "right for the given sizes only")
MISSES: dict[str, Miss] = {
    "one term times 1 + 1e-12": _somewhere(_scaled),
    "1e-12 times a letter added": _somewhere(_with_a_tiny_letter),
    "a tiny constant added": _somewhere(_with_a_tiny_constant),
    "a constant slightly off": _somewhere(_with_another_constant),
    "a letter or an entry exchanged": _slip(SLIPS_OF_LETTERS),
    "a wrong time or range": _slip(SLIPS_OF_TIMES),
    "a step further off": _somewhere(_other_step),
    "any slip of the pen": _slip(None),
    "a multiple of a known prime": _with_a_known_multiple,
    "thirty to forty digits off": _with_a_crumb,
    "a value past the last step": _with_what_has_no_value,
    "right where a fixed network was drawn": _zero_at_the_readable_worlds,
    "right for the given T only": _right_for_the_given_T,
    "right for the given sizes only": _right_for_the_given_sizes,
}
TRIALS = 40


def near_miss(question: Question, kind: str, chance: random.Random) -> str | None:
    """Return the text of an answer that is almost right and not right; None where this kind finds none here."""
    goal = question.goal_tree
    for _ in range(TRIALS):
        start = question.tree(chance.choice([question.answer, *question.same]))
        tree, _ = rewritten(question, start, chance, chance.randint(0, 6))
        missed = MISSES[kind](question, tree, chance)
        if missed is None or not _differs(question, kind, missed, goal):
            continue
        text = spelled(missed, question)
        if len(text) <= LONGEST:
            return text
    return None


def _differs(question: Question, kind: str, missed: Tree, goal: Tree) -> bool:
    """Return whether a near miss has another value than the goal: in the given network, or where it is meant to."""
    tried = cases(question) if kind in ELSEWHERE else [question]
    return any(relation(case, missed, goal) == "different" for case in tried)
