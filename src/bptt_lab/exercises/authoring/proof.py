"""Prove a question before it is asked: its answer is right, equal forms pass, its instance tells mistakes apart."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np

from bptt_lab.exercises.causes.diagnosis import catalogued, same, trial_scenes
from bptt_lab.exercises.feedback import CORRECT, Feedback
from bptt_lab.exercises.judges.derivation import judge_derivation
from bptt_lab.exercises.judges.formula import judge_formula
from bptt_lab.exercises.judges.function import goals_of, prove_function
from bptt_lab.exercises.places import place_of
from bptt_lab.exercises.question import Question, QuestionError, read_questions
from bptt_lab.exercises.scenes import bindings
from bptt_lab.formulas.tree import Derivative
from bptt_lab.network import Place
from bptt_lab.network.scalars import entries

STEP = 1e-30


def add(text: str) -> dict[str, Question]:
    """Return the questions of a TOML text, each proven (errors: QuestionError with everything that is wrong)."""
    found = read_questions(text)
    troubles = [f"{name}: {trouble}" for name, question in found.items() for trouble in prove(question)]
    if troubles:
        raise QuestionError("\n".join(troubles))
    return found


def prove(question: Question) -> list[str]:
    """Return what is wrong with a question; nothing for a sound one."""
    try:
        return _troubles(question)
    except QuestionError as error:
        return [str(error)]


def _troubles(question: Question) -> list[str]:
    found = [*_words(question)]
    if question.kind in ("line", "matrix", "derivation"):
        found += [*_forms(question), *_complex_step(question), *_tells_apart(question)]
    if question.kind == "function":
        found += prove_function(question)
        found += [trouble for goal in goals_of(question) for trouble in (*_complex_step(goal), *_tells_apart(goal))]
    if question.kind == "choice":
        wrong = set(question.choices) - {question.right}
        if question.right not in question.choices or set(question.reasons) != wrong:
            found.append("right must be one of choices, and reasons must hold one for each of the others")
    return found


def _words(question: Question) -> list[str]:
    found = []
    if any(question.answer and question.answer in hint for hint in question.hints):
        found.append("a hint holds the answer")
    if question.section[:2] != question.id[:2]:
        found.append(f"section {question.section!r} is not of notebook {question.id[:2]}")
    return found


def _forms(question: Question) -> list[str]:
    """Return which of the listed forms are not accepted, and a printed slip that is none."""
    found = []
    for text in (question.answer, *question.same):
        judged = _judged(question, text)
        if judged.outcome != CORRECT:
            found.append(f"the form {text!r} is judged: {judged}")
    if question.printed and _judged(replace(question, letters=(), kind="line"), question.printed).is_correct:
        found.append("the printed line is right: there is no slip to be found")
    return found


def _judged(question: Question, form: str) -> Feedback:
    """Return the feedback on a form, in a derivation as its last line."""
    if question.kind != "derivation":
        return judge_formula(question, form)
    return judge_derivation(question, form, is_end=True)


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
    found = [
        f"the instance cannot tell {one.mistake} from {other.mistake}"
        for (one, a), (other, b) in itertools.combinations(known, 2)
        if one.mistake != other.mistake and a.shape == b.shape and same(a, b)
    ]
    if not question.ranges:
        longer = _merged(catalogued(replace(question, T=question.graph.T + 2)))
        found += [f"the instance takes {' for '.join(pair)}" for pair in sorted(_merged(known) - longer)]
    return found


# cut at a number of steps, or read past the last one, these coincide with something else in every short sequence
BY_LENGTH = {"A9", "B6", "C2", "E3", "E4", "E6", "E7"}


def _merged(known: tuple) -> set[tuple[str, str]]:
    """Return the pairs of mistakes that give the same numbers on an instance."""
    pairs = {(mutant.mistake, also) for mutant, _ in known for also in mutant.also}
    return {tuple(sorted(pair)) for pair in pairs if not BY_LENGTH & set(pair)}
