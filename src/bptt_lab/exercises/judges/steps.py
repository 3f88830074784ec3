"""At which steps an array that is stacked over time goes wrong, in the order of a loop from the last step back."""

from __future__ import annotations

import itertools

import numpy as np

from bptt_lab.exercises.judges.counted import counts_examples
from bptt_lab.exercises.judges.instances import Table
from bptt_lab.exercises.places import listed
from bptt_lab.exercises.question import Question
from bptt_lab.formulas.tree import free_variables

LEAST_OF_A_RUN = 3


def right_steps(question: Question, name: str, given: np.ndarray, table: Table) -> list[bool] | None:
    """Return for each step whether a result is right there; None for one of another shape, or without steps."""
    true = table.results[name]
    has_time = "t" in free_variables(question.tree(question.returns[name])) and not counts_examples(question)
    if not has_time or given.shape != true.shape or table.case.graph.T < 2:
        return None
    return table.case.agrees(given, true).reshape(len(true), -1).all(axis=1).tolist()  # type: ignore[return-value]


def first_wrong(is_right: list[bool]) -> int:
    """Return the index of the step at which a loop from the last step back first goes wrong."""
    return max(index for index, right in enumerate(is_right) if not right)


def said(is_right: list[bool], tells_all: bool) -> str:
    """Return at which steps a result is right, and where it first goes wrong; of none only if it `tells_all`."""
    right = [t for t, good in enumerate(is_right, start=1) if good]
    wrong, last = first_wrong(is_right) + 1, len(is_right)
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
