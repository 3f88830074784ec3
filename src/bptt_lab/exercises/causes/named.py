"""What the catalogue of mistakes says of an answer's numbers: every mistake made on a question, and its words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

import numpy as np

from bptt_lab.exercises.causes.cause import Cause
from bptt_lab.exercises.mistakes import mutants
from bptt_lab.exercises.mistakes.catalogue import CATALOGUE
from bptt_lab.exercises.places import at_step, without_time
from bptt_lab.exercises.question import Question
from bptt_lab.exercises.scenes import bindings, flat, scene_of, values
from bptt_lab.formulas.tree import Derivative, Number
from bptt_lab.network.keeping import kept
from bptt_lab.symbolic import worlds
from bptt_lab.symbolic.values import Scene

TRIED, TRIED_SMALL, SMALL = 3, 10, 8  # a goal of few numbers is tried at more points: paths must be told apart
MISSING_SLOPE, SLOPE_TWICE = "B1", "B7"  # rows of the catalogue
SLOPE_TOO_MUCH = "The slope of the activation in {equation} is a factor too much."
ASKS_OF_CANCELLING = "Does it stand in the rest already, or does it cancel against another factor?"
Catalogued = tuple[tuple[mutants.Mutant, np.ndarray], ...]


@kept
def trial_scenes(question: Question) -> list[Scene]:
    """Return the scenes at which causes are looked for."""
    first = scene_of(worlds.float_world(question.graph, 0))
    is_small = len(flat(values(question.goal_tree, first, question.spans))) < SMALL
    return [scene_of(world) for world in islice(_different_worlds(question), TRIED_SMALL if is_small else TRIED)]


def _different_worlds(question: Question) -> Iterator[worlds.World]:
    known: list[Mapping] = []
    for world in worlds.readable_worlds(question.graph):
        if world.leaves not in known:
            known.append(world.leaves)
            yield world


def slope_too_much(cause: Cause) -> Cause:
    """Return a cause that does not say how often a slope stands: there may be one, where none belongs."""
    if cause.mistake != SLOPE_TWICE:
        return cause
    equation = cause.says.removeprefix(CATALOGUE[SLOPE_TWICE].says.split("{")[0]).split(" has ")[0]
    return cause._replace(says=SLOPE_TOO_MUCH.format(equation=equation), asks=ASKS_OF_CANCELLING)


def named_cause(mutant: mutants.Mutant | mutants.ArrayMutant, goal: Derivative) -> Cause:
    """Return the cause that the catalogue gives for a mistake; a path is told at the goal's own time."""
    mistake, detail = CATALOGUE[mutant.mistake], dict(mutant.detail)
    if goal.above.time is not None:
        # the edge may lie anywhere on the way: only a path from the goal itself can be told at its time
        detail |= {slot: without_time(text) for slot, text in detail.items() if slot in ("equation", "wrong")}
    if isinstance(goal.above.time, Number) and detail.get("quantity", "").startswith(f"{goal.above.name}("):
        for slot in ("path", "quantity"):
            detail[slot] = at_step(detail[slot], int(goal.above.time.value))
    return Cause("", mistake.says.format_map(detail), mistake.asks.format_map(detail), mistake.id)


OF_CODE = frozenset({"C9", "E10", "E11"})  # told in words of code, which mean nothing to a formula
OF_THE_LOSS = frozenset({"A7", "B8", "D1", "D2", "D3", "D4", "D5", "D6"})
OF_MANY_TIMES = frozenset({"C11"})  # told of all steps, which means nothing where the goal stands at one


def _fits(mistake: str, goal: Derivative, is_code: bool, gives_deltas: bool) -> bool:
    """Return whether what the catalogue says of a mistake can be said of an answer to this goal."""
    if gives_deltas and mistake in OF_THE_LOSS:
        return False  # the loss is differentiated already in what the student was given
    if mistake == "C6" and goal.above.entry:
        return False  # one entry has no rows and columns: its indices are exchanged, a slip of the pen
    if mistake in OF_MANY_TIMES and isinstance(goal.above.time, Number):
        return False
    return is_code or mistake not in OF_CODE


def renamed(mutant: mutants.Mutant, goal: Derivative, is_code: bool, gives_deltas: bool) -> mutants.Mutant | None:
    """Return a mutant under the first of its names that fits the goal, or None."""
    names, said = (mutant.mistake, *mutant.also), (goal, is_code, gives_deltas)
    if _fits(names[0], *said):
        return mutant
    fitting = [name for name in names[1:] if _fits(name, *said) and set(_slots(name)) <= set(mutant.detail)]
    return mutant._replace(mistake=fitting[0]) if fitting else None


def gives_deltas(names: Iterable[str], question: Question) -> bool:
    """Return whether a question hands out derivatives of the loss: deltas or gradients among its letters."""
    meanings = [question.language.letters.get(name) for name in names]
    return any(meaning is not None and meaning.kind != "value" for meaning in meanings)


def _slots(mistake: str) -> list[str]:
    return re.findall(r"{(\w+)}", CATALOGUE[mistake].says + CATALOGUE[mistake].asks)


@kept
def catalogued(question: Question, only: frozenset[str] = frozenset(CATALOGUE)) -> Catalogued:
    """Return every catalogued mistake that can be made on a question, with its numbers at the points tried.

    `only` names the mistakes that are wanted.
    """
    goal = question.goal_tree
    if not isinstance(goal, Derivative) or goal.kind == "immediate":
        return ()
    scenes, indices, found = tuple(trial_scenes(question)), list(bindings(question.spans)), []
    for mutant in mutants.mutants(question.graph, goal, question.spans, only):
        mutant = renamed(mutant, goal, is_code=False, gives_deltas=gives_deltas(question.letters, question))  # type: ignore[assignment]
        numbers = mutant and mutant.numbers(scenes, goal, indices)
        if numbers:
            found.append((mutant, numbers.rows.ravel()))
    return tuple(found)
