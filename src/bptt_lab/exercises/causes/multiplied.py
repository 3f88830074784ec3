"""A wrong answer with its brackets multiplied out: the one term that is not as it belongs, or the terms too many."""

from __future__ import annotations

from copy import deepcopy
from typing import NamedTuple

from bptt_lab.exercises.causes.alignment import explanation
from bptt_lab.exercises.causes.corrections import LONGEST, Own, corrections, right_forms, spelled
from bptt_lab.exercises.causes.edits import terms
from bptt_lab.exercises.causes.forms import forms_of, multiplied_out
from bptt_lab.exercises.causes.layout import Layout, summed
from bptt_lab.exercises.question import Question
from bptt_lab.formulas import write
from bptt_lab.formulas.tree import Tree, walk
from bptt_lab.symbolic.values import Scene

MOST = 16  # terms of an answer
LONGEST_TOLD = 120  # characters: a longer line is read by nobody
Term = tuple[Tree, bool]


class Opened(NamedTuple):
    """What is said of an answer that is multiplied out, and of which kind the slip is."""

    kind: str
    says: str


def opened(question: Question, own: Own, scenes: list[Scene]) -> Opened | None:
    """Return the slip of an answer that shows in one term, or in terms too many, once its products are multiplied out.

    What the answer becomes without the slip is certified by the judge.
    """
    several = multiplied_out(own.tree) if len(write(own.tree)) <= LONGEST else []
    if not len(terms(own.tree)) < len(several) <= MOST:
        return None
    return (
        _one_term(question, own, scenes, several)
        or _too_many(question, own, several)
        or _beside_a_right_form(question, own, scenes, several)
    )


def _beside_a_right_form(question: Question, own: Own, scenes: list[Scene], several: list[Term]) -> Opened | None:
    """Return the one slip of a multiplied answer that is laid beside a right form, where letters differ in shape."""
    found = explanation(question, Own(summed(several), own.is_right), scenes)
    whole = spelled(summed(several), question)
    if found is None or not found.is_all or len(found.slips) != 1 or len(whole) > LONGEST_TOLD:
        return None
    slip = found.slips[0]
    is_one = slip.kind in ("letter", "time", "transpose") and slip.places == 1
    terms_of = [term for term, _ in several if any(part == slip.about[0] for part in walk(term))] if is_one else []
    old = f"In {spelled(terms_of[0], question)}" if len(terms_of) == 1 else "In one of its terms"
    says = slip.said(lambda part: spelled(part, question))
    return Opened(slip.kind, f"Multiplied out, your answer is  {whole}.  {old} {says}") if is_one else None


def _one_term(question: Question, own: Own, scenes: list[Scene], several: list[Term]) -> Opened | None:
    """Return the slip where one letter, step or power of one term makes the answer right."""
    tree = summed([(deepcopy(term), is_plus) for term, is_plus in several])  # a change is made in one term, by its id
    found = corrections(question, Own(tree, own.is_right), scenes)
    after = terms(found[0].tree) if len(found) == 1 else []
    changed = [pair for pair in zip(terms(tree), after, strict=False) if pair[0] != pair[1]]
    whole = spelled(tree, question)
    if len(after) != len(terms(tree)) or len(changed) != 1 or len(whole) > LONGEST_TOLD:
        return None
    (old, was_plus), (new, is_plus) = changed[0]
    if was_plus != is_plus:
        return None
    says = f"Multiplied out, your answer is  {whole}:  {spelled(old, question)} stands where"
    return Opened(found[0].kind, f"{says} {spelled(new, question)} belongs.")


def _too_many(question: Question, own: Own, several: list[Term]) -> Opened | None:
    """Return the slip where all terms of a right form are there, and others besides: a product of sums for a sum."""
    layout = Layout(question)
    ours = [(layout.read(term).key, is_plus) for term, is_plus in several]
    for form in right_forms(question):
        for one in forms_of(form, question.graph.T):
            left = [(layout.read(term).key, is_plus) for term, is_plus in multiplied_out(one)]
            kept, others = [], []
            for term, key in zip(several, ours, strict=True):
                (kept if key in left else others).append(term)
                left = [*left[: left.index(key)], *left[left.index(key) + 1 :]] if key in left else left
            if others and not left and own.is_right(summed(kept)):
                return Opened("surplus", _said(spelled(others[0][0], question), len(others) - 1))
    return None


def _said(first: str, more: int) -> str:
    if not more:
        return f"Multiplied out, your answer holds the term {first}, which is too much."
    others = f"{more} others" if more > 1 else "another one"
    return f"Multiplied out, your answer holds terms that are too much: {first} and {others}."
