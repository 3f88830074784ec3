"""An answer that holds some terms of a right sum over steps, all of them with one and the same slip."""

from __future__ import annotations

from typing import NamedTuple

from bptt_lab.exercises.causes.alignment import Aligner, Misfit, Term
from bptt_lab.exercises.causes.corrections import LONGEST, Own, right_forms
from bptt_lab.exercises.causes.forms import unrolled
from bptt_lab.exercises.causes.layout import Layout, Part, summed
from bptt_lab.exercises.question import Question
from bptt_lab.formulas import write
from bptt_lab.formulas.tree import Tree

SIMPLE = ("time", "more", "sign", "transpose", "power", "operator", "row")  # what is made again in every term
NUMBERS = ("", "One term is", "Two terms are", "Three terms are", "Four terms are", "Five terms are")


class Uniform(NamedTuple):
    """The slips each of which explains all terms alike, the first term of the answer, and how many are missing."""

    slips: tuple[Misfit, ...]
    term: Tree
    terms: int
    missing: int

    @property
    def lost(self) -> str:
        """Return in words how many terms are missing."""
        return f"{NUMBERS[self.missing] if self.missing < len(NUMBERS) else 'Several terms are'} missing."


class Way(NamedTuple):
    """One term laid beside one of the right sum: which one, the slip, and the term without it."""

    place: int
    slip: Misfit
    mended: Tree


def uniform(question: Question, own: Own) -> Uniform | None:
    """Return the one slip in every term of an answer that lacks some terms of a right sum; certified by the judge.

    The terms of the right sum are alike but for their step.
    """
    if len(write(own.tree)) > LONGEST:
        return None
    layout, T = Layout(question), question.graph.T
    ours = _terms(layout.read(unrolled(own.tree, T)))
    for form in right_forms(question):
        theirs = _terms(layout.read(unrolled(form, T)))
        if len({layout.timeless(part.tree) for part, _ in theirs}) == 1 and 0 < len(ours) < len(theirs):
            found = _laid(Aligner(layout, own.tree), own, ours, theirs)
            if found:
                return Uniform(found, summed([(ours[0][0].tree, True)]), len(ours), len(theirs) - len(ours))
    return None


def _terms(part: Part) -> list[Term]:
    return list(zip(part.parts, part.signs, strict=True)) if part.kind == "sum" else [(part, True)]


def _laid(aligner: Aligner, own: Own, ours: list[Term], theirs: list[Term]) -> tuple[Misfit, ...]:
    """Return the slips each of which turns every term into another one of the right sum, and nothing else is wrong."""
    ways = [_ways(aligner, term, theirs) for term in ours]
    common = [key for key in ways[0] if all(key in found for found in ways)]
    told = []
    for key in common:
        places = [found[key].place for found in ways]
        rest = [(part.tree, sign) for k, (part, sign) in enumerate(theirs) if k not in places]
        whole = [(found[key].mended, sign) for found, (_, sign) in zip(ways, ours, strict=True)] + rest
        if len(set(places)) == len(places) and own.is_right(summed(whole)):
            told.append(ways[0][key].slip)
    return tuple(told)


def _ways(aligner: Aligner, term: Term, theirs: list[Term]) -> dict[tuple, Way]:
    """Return the slips by which a term is another one of the right sum, by what they are wherever they are made."""
    (part, is_plus), found = term, {}
    for k, (other, sign) in enumerate(theirs):
        for match in aligner.align(part, other) if sign == is_plus else ():
            if len(match.slips) == 1 and match.slips[0].kind in SIMPLE:
                found[match.slips[0].key] = Way(k, match.slips[0], match.trees[0])
    return found
