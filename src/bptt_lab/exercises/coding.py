"""Judge a NumPy function: run on several instances in a child process, its arrays compared with the engine's."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from bptt_lab.exercises import edits
from bptt_lab.exercises.diagnosis import Cause, factor_cause, named_cause, paths_cause, renamed, same
from bptt_lab.exercises.feedback import CANNOT_READ, CORRECT, CRASHED, OTHER_FORM, TIMED_OUT, WRONG, Feedback
from bptt_lab.exercises.functions import positional_names
from bptt_lab.exercises.instances import Instance, flat as _flat, forms, instances, is_summed
from bptt_lab.exercises.paths import account
from bptt_lab.exercises.question import Question
from bptt_lab.exercises.running import run_function
from bptt_lab.formulas import FormulaError, Scene
from bptt_lab.formulas.tree import Derivative, Letter, Tree, free_variables, walk
from bptt_lab.network import Graph
from bptt_lab.network.scalars import FLOATS
from bptt_lab.symbolic import worlds

SECONDS = 5.0
TOLERANCE, SINGLE = 1e-9, 1e-6
KINDS = {"refused": CANNOT_READ, "timed out": TIMED_OUT, "crashed": CRASHED}
IN_PLACE = "E10"


def judge_function(question: Question, function: Callable) -> Feedback:
    """Return the feedback on a student's function."""
    cases = instances(question)
    arguments = forms(question, question.arguments)
    names = _order(function, tuple(question.arguments))
    calls = [tuple(case.arrays(arguments)[name] for name in names) for case in cases]
    outcome = run_function(function, calls, seconds=SECONDS, argument_names=names)
    if outcome.kind in KINDS:
        return Feedback(question.id, KINDS[outcome.kind], cause=outcome.message)
    changed = sorted({name for names in outcome.changed for name in names})
    if changed:
        cause = f"It changes {', '.join(changed)} in place; the caller's arrays must stay as they are."
        asks = "Which line writes into an argument, and where could a copy be made?"
        return Feedback(question.id, WRONG, cause=cause, section=question.section, asks=asks, mistake=IN_PLACE)
    try:
        given = [_named(question, result) for result in outcome.results]
    except Misfit as error:
        return Feedback(question.id, WRONG, cause=str(error), section=question.section, asks=ASKS_RETURNS)
    return _compared(question, cases, given)


def _order(function: Callable, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the arguments in the order in which the function takes them, where it names them all."""
    own = positional_names(function) if isinstance(function, types.FunctionType) else ()
    return own if sorted(own) == sorted(names) else names


ASKS_RETURNS = "What does the task ask to be returned, and in which order?"


class Misfit(ValueError):
    """A result that is not what was asked for."""


def _named(question: Question, result: Any) -> dict[str, np.ndarray]:
    """Return a result as arrays by name: a dict, a tuple in the order asked for, or the one array (errors: Misfit)."""
    wanted = list(question.returns)
    if isinstance(result, dict) and set(result) >= set(wanted):
        found = [result[name] for name in wanted]
    elif isinstance(result, tuple | list) and len(wanted) > 1 and len(result) == len(wanted):
        found = list(result)
    elif len(wanted) == 1 and not isinstance(result, dict | tuple | None):
        found = [result]
    elif result is None:
        raise Misfit(f"It returns nothing; expected {_expected(wanted)}.")
    else:
        raise Misfit(f"It returns {_kind(result)}; expected {_expected(wanted)}.")
    arrays = {}
    for name, value in zip(wanted, found, strict=True):
        try:
            arrays[name] = np.asarray(value, dtype=float)
        except (TypeError, ValueError):
            raise Misfit(f"{name} is {_kind(value)}; expected an array of numbers.") from None
    return arrays


def _expected(wanted: list[str]) -> str:
    return wanted[0] if len(wanted) == 1 else f"a tuple or a dict of {', '.join(wanted)}"


def _kind(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, tuple | list | dict):
        return f"a {type(value).__name__} of {len(value)}"
    return f"a {type(value).__name__}"


def _compared(question: Question, cases: tuple[Instance, ...], given: list[dict[str, np.ndarray]]) -> Feedback:
    """Return the feedback on arrays: the first that is wrong is named and diagnosed."""
    goals = forms(question, question.returns)
    true = [case.arrays(goals) for case in cases]
    wrong = [name for name in goals if not all(_agrees(g[name], t[name]) for g, t in zip(given, true, strict=True))]
    if not wrong:
        return Feedback(question.id, CORRECT, "agrees to nine digits on two instances of different sizes")
    if all(_agrees(g[n], t[n], SINGLE) for n in wrong for g, t in zip(given, true, strict=True)):
        cause = "Right to six digits: somewhere the numbers are in single precision."
        return Feedback(question.id, OTHER_FORM, cause=cause, asks="Where is float32 asked for?")
    name, others = wrong[0], [other for other in goals if other not in wrong]
    cause, which = _why(question, cases, name, given, true)
    right = f"Right: {', '.join(others)}." if others else ""
    says = " ".join(filter(None, [f"{name} is wrong.", cause.right, cause.says]))
    example = _first_difference(name, given[which][name], true[which][name], ("first", "second")[which])
    asks = cause.asks or f"Which line computes {name}, and which equation does it say?"
    return Feedback(question.id, WRONG, "", right, says, example, question.section, asks, cause.mistake)


def _why(
    question: Question, cases: tuple[Instance, ...], name: str, given: list[dict], true: list[dict]
) -> tuple[Cause, int]:
    """Return the cause of a wrong array, and the instance that shows it: 0 or 1."""
    if _agrees(given[0][name], true[0][name]):
        says = f"It is right for T = {cases[0].graph.T}, but not for T = {cases[1].graph.T}."
        return Cause("", says, "Is a size or a number of steps written into the code?"), 1
    other = next((o for o in true[0] if o != name and _agrees(given[0][name], true[0][o])), None)
    if other:
        return Cause("", f"What stands in its place is {other}.", "In which order are the results asked for?"), 0
    arguments = forms(question, question.arguments).values()
    has_deltas = any(isinstance(part, Derivative) for tree in arguments for part in walk(tree))
    goal = question.tree(question.returns[name])
    return diagnose_array(cases[0], goal, given[0][name], true[0][name], has_deltas), 0


def _agrees(given: np.ndarray, true: np.ndarray, tolerance: float = TOLERANCE) -> bool:
    true = np.asarray(true, dtype=float)
    if given.shape != true.shape:
        return False
    return bool(np.abs(given - true).max(initial=0.0) <= tolerance * (1 + np.abs(true).max(initial=0.0)))


def _first_difference(name: str, given: np.ndarray, true: np.ndarray, instance: str) -> str:
    true = np.asarray(true, dtype=float)
    if given.shape != true.shape:
        return ""
    entry = np.unravel_index(np.argmax(~(np.abs(given - true) <= TOLERANCE * (1 + np.abs(true)))), true.shape)
    at = f"[{', '.join(map(str, entry))}]" if true.ndim else ""
    return f"In the {instance} instance {name}{at} is {given[entry] + 0.0:.6g}; it should be {true[entry] + 0.0:.6g}."


def diagnose_array(
    case: Instance, goal: Tree, given: np.ndarray, true: np.ndarray, gives_deltas: bool = False
) -> Cause:
    """Return the cause of a wrong array: its shape, a constant factor, its account of paths, the catalogue."""
    with np.errstate(all="ignore"):
        return _array_cause(case, goal, given, np.asarray(true, dtype=float), gives_deltas)


def _array_cause(case: Instance, goal: Tree, given: np.ndarray, true: np.ndarray, gives_deltas: bool) -> Cause:
    if given.shape != true.shape:
        return _shape_cause(given, true)
    if not np.isfinite(given).all():
        return Cause(
            "Its shape is right.", "It holds numbers that are not finite.", "Where is something divided by zero?"
        )
    known_slips = _catalogued(case, goal, gives_deltas)
    named = next((c for c in known_slips if same(given.ravel(), c[1].ravel())), None)
    known = named_cause(named[0], goal) if named else None
    factor = factor_cause(given.ravel(), true.ravel(), known)
    if factor:
        return factor
    found = _account(case, goal, given)
    if found:
        return paths_cause(found, goal.above.name, known)
    return known or Cause("Its shape is right.", "", "")


def _account(case: Instance, goal: Tree, given: np.ndarray):
    if not isinstance(goal, Derivative):
        return None
    free = free_variables(goal) - {"T"}
    spans = {"t": range(1, case.graph.T + 1)} if free else {}
    summed = is_summed(goal, case.graph)
    by_scene = given if summed or not case.is_batch else np.moveaxis(given, 1 if free else 0, 0)
    return account(goal, case.graph, list(case.scenes), spans, by_scene.ravel(), summed)


def _shape_cause(given: np.ndarray, true: np.ndarray) -> Cause:
    says = f"Its shape is {given.shape}; expected {true.shape}."
    if given.ndim == 2 and given.T.shape == true.shape and same(given.T.ravel(), true.ravel()):
        says = "It is transposed. " + says
        return Cause("Every entry is right.", says, "Does the gradient have the shape of the parameter?", "C6", "01")
    return Cause("", says, "Which axis is time, which are the sequences, which the entries?")


Slip = tuple[edits.Mutant | edits.ArrayMutant, np.ndarray]


def _catalogued(
    case: Instance, goal: Tree, gives_deltas: bool
) -> list[tuple[edits.Mutant | edits.ArrayMutant, np.ndarray]]:
    """Return every catalogued mistake that can be made on a goal, with its array on a case."""
    if not isinstance(goal, Derivative) or goal.kind == "immediate":
        return []
    found = []
    for mutant in edits.mutants(case.graph, goal):
        mutant = renamed(mutant, goal, is_code=True, gives_deltas=gives_deltas)
        if mutant is None:
            continue
        try:
            array = case.gathered(goal, lambda scene, mutant=mutant, **at: mutant.value(scene, goal, at))
        except (FormulaError, ArithmeticError, LookupError, ValueError):
            continue
        found.append((mutant, np.asarray(array, dtype=float)))
    return [*found, *_of_the_batch(case, goal)]


def _of_the_batch(case: Instance, goal: Derivative) -> list[Slip]:
    """Return the mistakes that only several sequences show: a mean for a sum, one sequence for all."""
    if not (case.is_batch and is_summed(goal, case.graph)):
        return []
    one_each = np.stack([_flat(scene.value(goal)) for scene in case.scenes])
    return [(mutant, mutant.value(one_each)) for mutant in edits.batch_mutants(goal.above.name)]


def reference(question: Question) -> Callable:
    """Return the author's own function, built from its code without running the text around it."""
    module = compile(question.answer, question.id, "exec")
    codes = [part for part in module.co_consts if isinstance(part, types.CodeType)]
    namespace: dict[str, Any] = {"np": np, "__builtins__": __builtins__}
    for code in codes:
        namespace[code.co_name] = types.FunctionType(code, namespace)
    return namespace[codes[-1].co_name]


def prove_function(question: Question) -> list[str]:
    """Return what is wrong with a question for a function: its own answer must be judged right."""
    try:
        function = reference(question)
    except (SyntaxError, ValueError, IndexError) as error:
        return [f"the answer is not one function: {error}"]
    judged = judge_function(question, function)
    return [] if judged.is_correct else [f"its own answer is judged: {judged}"]


def goals_of(question: Question) -> list[Question]:
    """Return a question for each derivative that a function returns, as a matrix formula."""
    return [
        replace(question, kind="matrix", goal=text, answer=text, returns={}, arguments={})
        for text in question.returns.values()
        if isinstance(question.tree(text), Derivative)
    ]
