"""Judge an answer given as text: a line or a matrix formula, right, right in another form, or wrong and why."""

from __future__ import annotations

import itertools

import numpy as np

from bptt_lab.exercises.diagnosis import Cause, diagnose, trial_scenes
from bptt_lab.exercises.feedback import CANNOT_READ, CORRECT, OTHER_FORM, UNDECIDED, WRONG, Feedback
from bptt_lab.exercises.question import Question
from bptt_lab.exercises.scenes import bindings, scene_of, shapes, side, values
from bptt_lab.formulas import FormulaError, Language, ShapeError, read
from bptt_lab.formulas.tree import Derivative, Tree, free_variables, walk
from bptt_lab.symbolic.verdicts import Verdict, decide
from bptt_lab.symbolic.worlds import World

NO_VALUE = "This has no value: look for a division by zero or the logarithm of what is not positive."


def judge_formula(question: Question, text: str) -> Feedback:
    """Return the feedback on a line or a matrix formula."""
    try:
        tree = read(text, question.language)
        _check_free(tree, question)
        given = values(tree, trial_scenes(question)[0], question.spans)
    except FormulaError as error:
        outcome = WRONG if isinstance(error, ShapeError) else CANNOT_READ
        return Feedback(question.id, outcome, cause=str(error.in_text(text)), section=question.section)
    except (ArithmeticError, ValueError):
        return Feedback(question.id, CANNOT_READ, cause=NO_VALUE)
    expected = values(question.goal_tree, trial_scenes(question)[0], question.spans)
    if shapes(given) != shapes(expected):
        return _wrong(question, tree, None)
    verdict = decide(side(question.goal_tree, question.spans), side(tree, question.spans), question.graph)
    if verdict.outcome == "same":
        return _right(question, text, tree, verdict)
    if verdict.outcome == "undecided":
        return Feedback(question.id, UNDECIDED, cause=verdict.strength + ". Try a plainer form.")
    return _wrong(question, tree, verdict)


def _check_free(tree: Tree, question: Question) -> None:
    for name in sorted(free_variables(tree) - set(question.spans) - {"T"}):
        raise FormulaError(f"The index {name} is not bound.", "Say what it runs over, as in sum(i, 1, 5, …).")


def _right(question: Question, text: str, tree: Tree, verdict: Verdict) -> Feedback:
    """Return the feedback on an answer whose value is right: its form may not be the one wanted."""
    goal = question.goal_tree
    if any(part == goal for part in walk(tree)) or _goal_in_disguise(tree, goal):
        asks = "Write it with what it reaches directly."
        return Feedback(question.id, OTHER_FORM, cause="That is the question itself.", asks=asks)
    if question.letters:
        try:
            read(text, Language(question.graph.network, question.language.variables, question.letters))
        except FormulaError as error:
            return Feedback(question.id, OTHER_FORM, verdict.strength, "The value is right.", str(error))
    return Feedback(question.id, CORRECT, verdict.strength)


def _goal_in_disguise(tree: Tree, goal: Tree) -> bool:
    """Return whether the goal stands in an answer in its other layout: the gradient for the derivative."""
    if not isinstance(goal, Derivative):
        return False
    places = (part for part in walk(tree) if isinstance(part, Derivative) and part.kind != "immediate")
    return goal.kind != "immediate" and any((p.below, p.above) == (goal.below, goal.above) for p in places)


def _wrong(question: Question, tree: Tree, verdict: Verdict | None) -> Feedback:
    cause: Cause = diagnose(question, lambda scene: values(tree, scene, question.spans))
    example = counterexample(question, tree, verdict.world) if verdict and verdict.world else ""
    return Feedback(
        question.id,
        WRONG,
        verdict.strength if verdict else "shapes differ",
        cause.right,
        cause.says,
        example,
        question.section,
        cause.asks or "Which line of the derivation would you check first?",
        cause.mistake,
    )


def counterexample(question: Question, tree: Tree, world: World) -> str:
    """Return a place where an answer differs from the goal, with the two numbers, in words."""
    scene = scene_of(world)
    for indices in bindings(question.spans):
        given, true = (np.asarray(scene.value(one, **indices), dtype=object) for one in (tree, question.goal_tree))
        for entry in itertools.product(*map(range, true.shape)):
            one, other = float(_middle(given[entry])), float(_middle(true[entry]))
            if abs(one - other) > 1e-12 * (1 + abs(other)):
                return f"{_where(question, world, indices, entry)} your answer gives {_pair(one, other)}."
    return ""


def _middle(number):
    return number.mid if hasattr(number, "mid") else number


def _pair(one: float, other: float) -> str:
    """Return two different numbers with as many digits as are needed to see that they differ."""
    for digits in (4, 8, 12, 16):
        if f"{one:.{digits}g}" != f"{other:.{digits}g}":
            return f"{one + 0.0:.{digits}g} where {other + 0.0:.{digits}g} is right"
    return f"a number that differs from {other:.4g}, the right one, beyond the 16th digit"


def _where(question: Question, world: World, indices: dict[str, int], entry: tuple[int, ...]) -> str:
    leaves = {str(place): value for place, value in world.leaves.items()}
    values_ = ""
    if len(leaves) <= 14:
        numbers = ", ".join(f"{name} = {float(value):g}" for name, value in _short_leaves(question, world))
        values_ = f"With {numbers}:"
    places = [f"{name} = {number}" for name, number in indices.items()]
    if entry and question.graph.network.shapes:
        places.append(f"entry {','.join(str(i + 1) for i in entry)}")
    at = f"at {', '.join(places)} " if places else ""
    return f"{values_ or 'In one network of random numbers'} {at}".strip()


def _short_leaves(question: Question, world: World) -> list[tuple[str, float]]:
    found = []
    for place, value in world.leaves.items():
        plain = place._replace(entry=()) if all(s == 1 for s in question.graph.network.shapes[place.name]) else place
        name = plain.name if plain.time is None else f"{plain.name}({plain.time})"
        name += f"[{','.join(map(str, plain.entry))}]" if plain.entry else ""
        found.append((name, value))
    return found
