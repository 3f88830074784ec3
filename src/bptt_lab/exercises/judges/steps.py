"""At which steps an array that is stacked over time goes wrong, in the order of a loop from the last step back."""

from __future__ import annotations

import itertools

import numpy as np

from bptt_lab.exercises.judges.counted import counts_examples
from bptt_lab.exercises.judges.instances import Table
from bptt_lab.exercises.places import listed
from bptt_lab.exercises.question import Question
from bptt_lab.formulas.tree import Derivative, free_variables, walk
from bptt_lab.network import Graph

LEAST_OF_A_RUN = 3


def right_steps(question: Question, name: str, given: np.ndarray, table: Table) -> list[bool] | None:
    """Return for each step whether a result is right there; None for one of another shape, or without steps."""
    true = table.results[name]
    if not has_steps(question, name) or given.shape != true.shape or table.case.graph.T < 2:
        return None
    return table.case.agrees(given, true).reshape(len(true), -1).all(axis=1).tolist()  # type: ignore[return-value]


def has_steps(question: Question, name: str) -> bool:
    """Return whether a result is stacked over time."""
    return "t" in free_variables(question.tree(question.returns[name])) and not counts_examples(question)


def goes_back(question: Question, name: str) -> bool:
    """Return whether what is returned at a step comes from later ones too, as the derivative by a state does."""
    derivatives = [part for part in walk(question.tree(question.returns[name])) if isinstance(part, Derivative)]
    return not derivatives or any(_reaches_later(part, question.graph) for part in derivatives)


def _reaches_later(derivative: Derivative, graph: Graph) -> bool:
    """Return whether what stands above a derivative reaches a later step on its way."""
    below, above = derivative.below.time, derivative.above.time
    if derivative.kind == "immediate" or below is not None and below == above:
        return False
    waiting = [place for place in graph.users if place.name == derivative.above.name and place.time == 1]
    reached = set(waiting)
    while waiting:
        users = [user for user in graph.users[waiting.pop()] if user not in reached]
        reached.update(users)
        waiting += users
    return any(place.time not in (None, 1) for place in reached)


def first_wrong(is_right: list[bool]) -> int:
    """Return the index of the step at which a loop from the last step back first goes wrong."""
    return max(index for index, right in enumerate(is_right) if not right)


def said(is_right: list[bool], tells_all: bool, is_back: bool = True) -> str:
    """Return at which steps a result is right, and where it goes wrong, `is_back`: in a loop from the last step back.

    Of none it is said only if it `tells_all`.
    """
    right = [t for t, good in enumerate(is_right, start=1) if good]
    wrong, last = first_wrong(is_right) + 1, len(is_right)
    if not is_back:
        wrong_ones = [t for t, good in enumerate(is_right, start=1) if not good]
        return f"It is right at t = {_listed(right)}, and wrong at t = {_listed(wrong_ones)}." if right else ""
    if not right:
        return f"It is wrong at every step, the last one (t = {last}) too." if tells_all else ""
    if wrong == last:
        return f"It is wrong at the last step already, t = {last}, and right at t = {_listed(right)}."
    return f"It is right at t = {_listed(right)}, and first wrong at t = {wrong}, counted back from the last step."


def _listed(steps: list[int]) -> str:
    """Return steps in words, the last one first, each long run as its two ends."""
    words: list[str] = []
    places = enumerate(sorted(steps, reverse=True))  # in a run, place and step add up to the same
    for _, group in itertools.groupby(places, key=sum):
        run = [step for _, step in group]
        words += [f"{run[0]} to {run[-1]}"] if len(run) > LEAST_OF_A_RUN else map(str, run)
    return listed(words)
