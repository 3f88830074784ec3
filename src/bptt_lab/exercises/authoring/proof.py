"""Prove a question before it is asked: its answer is right, equal forms pass, its instance tells mistakes apart."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from bptt_lab.exercises.causes.diagnosis import catalogued, same, trial_scenes
from bptt_lab.exercises.kinds import KINDS, Kind
from bptt_lab.exercises.mistakes.catalogue import CATALOGUE
from bptt_lab.exercises.places import place_of
from bptt_lab.exercises.question import Question, QuestionError
from bptt_lab.exercises.questions import read_questions
from bptt_lab.exercises.scenes import bindings
from bptt_lab.formulas.tree import Derivative
from bptt_lab.network import Place
from bptt_lab.network.scalars import entries

STEP = 1e-30
MORE_STEPS = 2  # a longer instance may tell mistakes apart that this one confuses
CLOSE = 1e-7  # numbers whose norms differ by more are not the same


def add(text: str, kinds: Mapping[str, Kind] = KINDS) -> dict[str, Question]:
    """Return the questions of a TOML text, each proven (errors: QuestionError with everything that is wrong)."""
    found = read_questions(text, kinds)
    troubles = [f"{name}: {trouble}" for name, question in found.items() for trouble in prove(question, kinds)]
    if troubles:
        raise QuestionError("\n".join(troubles))
    return found


def prove(question: Question, kinds: Mapping[str, Kind] = KINDS) -> list[str]:
    """Return what is wrong with a question; nothing for a sound one."""
    try:
        return _troubles(question, kinds[question.kind])
    except QuestionError as error:
        return [str(error)]


def _troubles(question: Question, kind: Kind) -> list[str]:
    about = [trouble for goal in kind.goals(question) for trouble in (*_complex_step(goal), *_tells_apart(goal))]
    return [*_words(question), *kind.prove(question), *about]


def _words(question: Question) -> list[str]:
    found = []
    if any(question.answer and question.answer in hint for hint in question.hints):
        found.append("a hint holds the answer")
    if question.section[:2] != question.id[:2]:
        found.append(f"section {question.section!r} is not of notebook {question.id[:2]}")
    return found


def _complex_step(question: Question) -> list[str]:
    """Return where the goal differs from a complex step of the forward pass."""
    goal = question.goal_tree
    if not isinstance(goal, Derivative) or goal.kind == "immediate":
        return []
    scene = trial_scenes(question)[0]
    for indices in bindings(question.spans):
        below, above = (place_of(one, {"T": question.graph.T, **indices}) for one in (goal.below, goal.above))
        if not question.graph.has(*above[:2]) or not (_is_loss(question, below) or question.graph.has(*below[:2])):
            continue  # past the last step there is nothing, and its derivative is zero
        expected = np.asarray(scene.value(goal, **indices), dtype=float)
        rows = np.array([_slopes(question, below, e, above) for e in _entries(question, below)])
        by_above = rows.T if len(rows) > 1 else rows  # as the gradient stands
        turned = expected if goal.kind == "gradient" else expected.T
        if not np.allclose(by_above.reshape(turned.shape), turned, rtol=1e-9, atol=1e-12):
            return [f"the goal differs from a complex step of the forward pass at {indices}"]
    return []


def _is_loss(question: Question, place: tuple) -> bool:
    return place[0] == question.graph.network.loss and place[1] is None


def _entries(question: Question, place: tuple) -> list[tuple[int, ...]]:
    name, _, entry = place
    return [entry] if entry else entries(question.graph.network.shapes[name])


def _slopes(question: Question, below: tuple, entry: tuple[int, ...], above: tuple) -> list[float]:
    """Return the derivative of one entry (or of the total loss) by every entry of a quantity, by complex steps."""
    graph, leaves = question.graph, {p: float(v) for p, v in trial_scenes(question)[0].world.leaves.items()}
    watched = graph.loss_entries if _is_loss(question, below) else [Place(*below[:2], entry)]
    found = []
    for e in _entries(question, above):
        values = graph.run(leaves, moved={Place(*above[:2], e): STEP * 1j})
        found.append(sum(complex(values[place]).imag for place in watched) / STEP)
    return found


def _tells_apart(question: Question) -> list[str]:
    """Return pairs of catalogued mistakes that this instance confuses, though two steps more would tell them apart."""
    known = catalogued(question)
    sized = [(mutant.mistake, numbers, float(np.linalg.norm(numbers))) for mutant, numbers in known]
    found = [
        f"the instance cannot tell {one} from {other}"
        for (one, a, size), (other, b, norm) in itertools.combinations(sized, 2)
        if one != other and abs(size - norm) <= CLOSE * (1 + norm) and same(a, b)
    ]
    merged = _merged(known)
    if merged and not question.ranges:
        longer = catalogued(replace(question, T=question.graph.T + MORE_STEPS), frozenset(itertools.chain(*merged)))
        found += [_confused(*pair, question.graph.T) for pair in sorted(merged - _merged(longer))]
    return found


def _confused(one: str, other: str, T: int) -> str:
    """Return the words for two mistakes that only a longer instance tells apart."""
    named = f"({CATALOGUE[one].name} for {CATALOGUE[other].name})"
    return f"the instance takes {one} for {other} {named}: with T = {T + MORE_STEPS} it does not"


# cut at a number of steps, or read past the last one, these coincide with something else in every short sequence
BY_LENGTH = {"A9", "B6", "C2", "E3", "E4", "E6", "E7"}


def _merged(known: tuple) -> set[tuple[str, str]]:
    """Return the pairs of mistakes that give the same numbers on an instance."""
    pairs = {(mutant.mistake, also) for mutant, _ in known for also in mutant.also if also != mutant.mistake}
    return {tuple(sorted(pair)) for pair in pairs if not BY_LENGTH & set(pair)}
