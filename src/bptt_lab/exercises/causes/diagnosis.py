"""Why a wrong answer is wrong: a constant factor, its account of paths, the catalogue, a slip of the pen."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from bptt_lab.exercises.causes.paths import Account, account
from bptt_lab.exercises.causes.slips import ASKS, SAYS, other_letters, slips
from bptt_lab.exercises.mistakes import mutants
from bptt_lab.exercises.mistakes.catalogue import CATALOGUE
from bptt_lab.exercises.places import at_step, listed, without_time
from bptt_lab.exercises.question import Question
from bptt_lab.exercises.scenes import bindings, flat, scene_of, values
from bptt_lab.formulas import FormulaError, write
from bptt_lab.formulas.tree import Derivative, Number, Tree
from bptt_lab.network.keeping import kept
from bptt_lab.symbolic import worlds
from bptt_lab.symbolic.arithmetics import Unsettled, patience
from bptt_lab.symbolic.values import Scene, shape_text

TRIED, TRIED_SMALL, SMALL = 3, 10, 8  # a goal of few numbers is tried at more points: paths must be told apart
CLOSE = 1e-8
SECONDS = 2.0  # of processor time for the values of an answer
SMALLEST, LARGEST_FACTOR = 1e-200, 10**6  # less is nothing, more is no factor that somebody wrote
EQUAL = 1e-13
LARGEST = 1e100  # past it squares of numbers are infinite, and nothing can be fitted
TOO_LARGE = "Your answer is a number of more than a hundred digits at a point tried."
ZERO = "Your answer is zero at every point tried."


Catalogued = tuple[tuple[mutants.Mutant, np.ndarray], ...]


class Cause(NamedTuple):
    """One cause: what is right, what is wrong, a question that leads on, and the slip's id in the catalogue."""

    right: str = ""
    says: str = ""
    asks: str = ""
    mistake: str = ""


def diagnose(question: Question, answer: Callable[[Scene], list]) -> Cause:
    """Return the cause of a wrong answer, given as a function from a scene to its values over the free indices."""
    with np.errstate(all="ignore"):  # huge numbers compare as they may; a warning would read source files
        return _cause(question, answer)


def _cause(question: Question, answer: Callable[[Scene], list]) -> Cause:
    scenes = trial_scenes(question)
    try:
        with patience(SECONDS):
            given = [answer(scene) for scene in scenes]
    except (FormulaError, ArithmeticError, ValueError, Unsettled):
        return Cause()
    true = _goal_values(question)
    if [np.shape(v) for found in given for v in found] != [np.shape(v) for found in true for v in found]:
        return _by_shape(question, given, true)
    a, g = (np.array(flat([v for found in side for v in found]), dtype=float) for side in (given, true))
    if not (np.abs(a) < LARGEST).all():
        return Cause("", TOO_LARGE, "Which factor grows so, and does the loss depend on it so strongly?")
    if np.linalg.norm(a - g) <= EQUAL * np.linalg.norm(g):
        asks = "Which part of it is zero, or one, for small numbers only, or for these steps only?"
        return Cause("It is right at many points.", "It is not right everywhere.", asks)
    if same(a, g):
        return Cause("It agrees to about eight digits.", "A constant is slightly off.", "Which number did you round?")
    if _is_printed(question, scenes, a):
        asks = "Where does it fail: at which step or entry?"
        return Cause("", "That is the printed line: find the slip in it.", asks)
    return _first(
        _by_factor(question, a, g),
        _by_paths(question, scenes, a),
        _by_catalogue(question, a),
        _by_other_letter(question, scenes, a),
        _by_slip(question, a),
        Cause(_partly_right(question, given, true)),
    )


def _by_other_letter(question: Question, scenes: list[Scene], a: np.ndarray) -> Cause | None:
    """Return the cause where an answer is the derivative by another letter, or by the entry with exchanged indices."""
    goal = question.goal_tree
    if not isinstance(goal, Derivative):
        return None
    for other in other_letters(goal.above, question.graph.network):
        numbers = _numbers(replace(goal, above=other), scenes, question)
        if numbers is not None and same(a, numbers):
            says = f"This is the derivative by {write(other)}, not by {write(goal.above)}."
            return Cause("", says, f"Where does {write(goal.above)} stand in the forward equations?")
    return None


def _is_printed(question: Question, scenes: list[Scene], a: np.ndarray) -> bool:
    """Return whether an answer is the wrong line that was to be mended."""
    numbers = _numbers(question.tree(question.printed), scenes, question) if question.printed else None
    return numbers is not None and same(a, numbers)


@kept
def trial_scenes(question: Question) -> list[Scene]:
    """Return the scenes at which causes are looked for."""
    found: list[worlds.World] = []
    for world in worlds.float_worlds(question.graph):
        if all(world.leaves != other.leaves for other in found):
            found.append(world)
    first = scene_of(found[0])
    is_small = len(flat(values(question.goal_tree, first, question.spans))) < SMALL
    return [scene_of(world) for world in found[: TRIED_SMALL if is_small else TRIED]]


@kept
def _goal_values(question: Question) -> list[list]:
    """Return the values of the goal in every scene, over the free indices."""
    return [values(question.goal_tree, scene, question.spans) for scene in trial_scenes(question)]


def _first(*causes: Cause | None) -> Cause:
    return next(cause for cause in causes if cause is not None)


def same(one: np.ndarray, other: np.ndarray) -> bool:
    """Return whether two lists of numbers are the same as far as float64 can tell."""
    return one.shape == other.shape and bool(np.linalg.norm(one - other) <= CLOSE * (np.linalg.norm(other) + 1e-12))


def _by_factor(question: Question, a: np.ndarray, g: np.ndarray) -> Cause | None:
    return factor_cause(a, g, _by_catalogue(question, a))


def factor_cause(a: np.ndarray, g: np.ndarray, named: Cause | None) -> Cause | None:
    """Return the cause where an answer is a constant times the goal; `named` is what the catalogue says of it."""
    if not (np.abs(a) > SMALLEST).any():
        return Cause("", ZERO, "Does the loss depend on this quantity?")
    share = float(a @ g / (g @ g)) if (g @ g) else 0.0
    if not abs(share) <= LARGEST_FACTOR:
        return None
    factor = Fraction(share).limit_denominator(60)
    if not factor or not same(a, float(factor) * g):
        return None
    right = "Everything is right up to the sign." if factor == -1 else "Everything is right up to a constant factor."
    if named and named.mistake != "A7":
        return named._replace(right=right)
    if factor == -1:
        return Cause(right, "The whole has the wrong sign.", "Where did the minus come from?")
    return Cause(right, f"Your answer is {factor} times the right one.", "Where does that factor come from?")


def _by_paths(question: Question, scenes: list[Scene], a: np.ndarray) -> Cause | None:
    found = account(question.goal_tree, question.graph, scenes, question.spans, a)
    return paths_cause(found, question.goal_tree.above.name, _by_catalogue(question, a)) if found else None


def paths_cause(found: Account, goal: str, named: Cause | None) -> Cause:
    """Return the cause where an answer holds each path a number of times; `named` is what the catalogue says of it."""
    right = found.with_factor(lambda factor: factor == 1)
    is_whole = not found.with_factor(lambda factor: factor == 0)
    words = f"Right: {_through(right)}." if right else "Each path is there." if is_whole else ""
    if named:
        return named._replace(right=words)
    return Cause(words, _paths_say(found), f"Through which quantities does {goal} reach the loss, and how often each?")


def _paths_say(found: Account) -> str:
    missing = found.with_factor(lambda factor: factor == 0)
    lost = f"T{_through(missing)[1:]} {'is' if len(missing) == 1 else 'are'} missing." if missing else ""
    words = {2: "counted twice", 3: "counted three times", -1: "taken with the wrong sign"}
    other = next(((path, factor) for path, factor in found.factors.items() if factor not in (0, 1)), None)
    if other is None:
        return lost
    return f"{lost} The path through {other[0]} is {words.get(other[1], f'taken {other[1]} times')}.".strip()


def _through(paths: Sequence[str]) -> str:
    if len(paths) > 2 and any(" → " in path for path in paths):
        return f"{len(paths)} of the paths"  # whole paths are long
    if len(paths) == 1:
        return f"the path through {paths[0]}"
    return f"the paths through {listed(paths)}"


def _by_catalogue(question: Question, a: np.ndarray) -> Cause | None:
    for mutant, numbers in catalogued(question):
        if same(a, numbers):
            return named_cause(mutant, question.goal_tree)
    return None


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
        mutant = renamed(mutant, goal, is_code=False, gives_deltas=gives_deltas(question.letters, question))
        numbers = mutant and mutant.numbers(scenes, goal, indices)
        if numbers:
            found.append((mutant, numbers.rows.ravel()))
    return tuple(found)


def _by_slip(question: Question, a: np.ndarray) -> Cause | None:
    for slip, numbers in pen_slips(question):
        if same(a, numbers):
            return Cause("", SAYS[slip.kind].format(letter=slip.letter), ASKS[slip.kind].format(letter=slip.letter))
    return None


@kept
def pen_slips(question: Question) -> tuple:
    """Return the slips of the pen in the answer, and in the other right forms, with their numbers."""
    scenes, found = trial_scenes(question), []
    right = np.array(flat([v for found in _goal_values(question) for v in found]), dtype=float)
    for text in (question.answer, *question.same):
        for slip in slips(question.tree(text), question.graph.network):
            numbers = _numbers(slip.tree, scenes, question)
            if numbers is not None and numbers.shape == right.shape and not same(numbers, right):
                found.append((slip, numbers))
    return tuple(found)


def _numbers(tree: Tree, scenes: list[Scene], question: Question) -> np.ndarray | None:
    try:
        return np.array(flat([v for scene in scenes for v in values(tree, scene, question.spans)]), dtype=float)
    except (FormulaError, ArithmeticError, ValueError):
        return None


def _by_shape(question: Question, given: list, true: list) -> Cause:
    """Return the cause where the shapes differ: often a transpose of the right thing."""
    one, other = given[0][0], true[0][0]
    got, wanted = (shape_text(value) for value in (one, other))
    says = f"Its shape is {got}; expected {wanted}."
    turned = [v.T if isinstance(v, np.ndarray) else v for found in given for v in found]
    expected = [v for found in true for v in found]
    if [np.shape(v) for v in turned] == [np.shape(v) for v in expected]:
        if same(np.array(flat(turned), dtype=float), np.array(flat(expected), dtype=float)):
            mistake = "C8" if 1 in np.shape(one) else "C6"
            asks = "Is the derivative wanted, or the gradient, and which shape has it?"
            return Cause("Every entry is right.", "The whole is transposed. " + says, asks, mistake)
    return Cause("", says, "Which shape has each factor?")


def _partly_right(question: Question, given: list, true: list) -> str:
    """Return at which steps the answer agrees, or that its shape does."""
    choices = list(bindings(question.spans))
    agrees = [all(_agree(g[i], w[i]) for g, w in zip(given, true, strict=True)) for i in range(len(choices))]
    if len(choices) > 1 and any(agrees):
        places = [", ".join(f"{name} = {number}" for name, number in choice.items()) for choice in choices]
        return f"It is right at {'; '.join(place for place, good in zip(places, agrees, strict=True) if good)}."
    return "Its shape is right." if isinstance(true[0][0], np.ndarray) else ""


def _agree(given: object, true: object) -> bool:
    return same(*(np.ravel(np.asarray(value, dtype=float)) for value in (given, true)))
