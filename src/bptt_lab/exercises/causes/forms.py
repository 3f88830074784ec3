"""The right forms of a question written in other ways: sums over steps term by term, products multiplied out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bptt_lab.exercises.causes.edits import spots
from bptt_lab.exercises.causes.layout import summed
from bptt_lab.formulas.tree import (
    ONE,
    Binary,
    Derivative,
    Letter,
    Negative,
    Number,
    Over,
    Power,
    Tree,
    Variable,
    mapped,
    walk,
)

MOST_TERMS = 8
OF_A_SUM = ("low", "high", "body")


def forms_of(tree: Tree, T: int) -> list[Tree]:
    """Return a right form, its sums written out where they have a number of terms, and its products multiplied out.

    The terms of one sum over steps stand in sums of their own, and in one sum.
    """
    found = [tree, unrolled(tree, T)]
    found += [summed(several) for one in found if 1 < len(several := multiplied_out(one)) <= MOST_TERMS]
    if isinstance(tree, Over) and 1 < len(several := multiplied_out(tree.body)) <= MOST_TERMS:
        found.append(replace(tree, body=summed(several)))
    return list(dict.fromkeys(found))


def multiplied_out(tree: Tree) -> list[tuple[Tree, bool]]:
    """Return the terms of a formula, products of sums multiplied out; a sum with one letter, a slope, stays whole."""
    match tree:
        case Binary("+" | "-", left, right) if not _has_one_letter(tree):
            others = [(term, is_plus == (tree.operator == "+")) for term, is_plus in multiplied_out(right)]
            return [*multiplied_out(left), *others]
        case Negative(inner):
            return [(term, not is_plus) for term, is_plus in multiplied_out(inner)]
        case Binary("*" | "@" as sign, left, right):
            return [
                (Binary(sign, one, other), plus == also)
                for one, plus in multiplied_out(left)
                for other, also in multiplied_out(right)
            ]
        case Over("sum", _, _, _, body):
            return [(replace(tree, body=term), is_plus) for term, is_plus in multiplied_out(body)]
    return [(tree, True)]


def _has_one_letter(tree: Tree) -> bool:
    return len({spot.part for spot in spots(tree) if isinstance(spot.part, Letter | Derivative)}) < 2


def unrolled(tree: Tree, T: int) -> Tree:
    """Return a formula with every sum over steps that has a few terms written out."""

    def change(part: Tree) -> Tree | None:
        if not (isinstance(part, Over) and part.kind == "sum"):
            return None
        low, high = (_constant(end, {"T": T}) for end in (part.low, part.high))
        if low is None or high is None or not 0 < high - low < MOST_TERMS:
            return None
        return summed([(_at(part.body, part.variable, n), True) for n in range(low, high + 1)])

    return mapped(tree, change)


def _at(body: Tree, variable: str, number: int) -> Tree:
    """Return the body of a sum with a number for its index."""

    def change(part: Tree) -> Tree | None:
        if isinstance(part, Letter):
            time, entry = part.time and put(part.time), tuple(map(put, part.entry))
            return replace(part, time=time, entry=entry)
        if isinstance(part, Power):
            base, exponent = mapped(part.base, change), put(part.exponent)
            return _raised(base, exponent)
        return put(part) if isinstance(part, Variable) else None

    def put(index: Tree) -> Tree:
        found = _constant(index, {variable: number})
        return index if found is None else Number(ONE.value * found)

    return mapped(body, change)


def _raised(base: Tree, exponent: Tree) -> Tree:
    """Return a power, as it is written: v for v**1, and 1 for v**0."""
    if isinstance(exponent, Number) and exponent.value in (0, 1):
        return base if exponent.value else ONE
    return Power(base, exponent)


def _constant(tree: Tree, numbers: Mapping[str, int]) -> int | None:
    match tree:
        case Number(value):
            return int(value)
        case Variable(name):
            return numbers.get(name)
        case Binary("+" | "-" as sign, left, right):
            one, two = _constant(left, numbers), _constant(right, numbers)
            return None if one is None or two is None else one + (two if sign == "+" else -two)
    return None


def with_index_of(tree: Tree, form: Tree) -> Tree:
    """Return a right form with one sum over the index that an answer uses in its own one sum."""
    ours, theirs = ({part.variable for part in walk(one) if isinstance(part, Over)} for one in (tree, form))
    if len(ours) != 1 or len(theirs) != 1 or ours == theirs:
        return form
    (new,), (old,) = ours, theirs

    def change(part: Tree) -> Tree | None:
        if isinstance(part, Over):
            return replace(part, variable=new, **{name: mapped(getattr(part, name), change) for name in OF_A_SUM})  # type: ignore[arg-type]
        return Variable(new) if part == Variable(old) else None

    return mapped(form, change)
