"""Judge a NumPy function: run on several instances in a child process, its arrays compared with the engine's."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from bptt_lab.exercises.causes.clipping import Pair, clipped
from bptt_lab.exercises.causes.diagnosis import LARGEST, Cause, factor_cause, named_cause, paths_cause, renamed, same
from bptt_lab.exercises.causes.paths import account
from bptt_lab.exercises.feedback import (
    CANNOT_READ,
    CORRECT,
    CRASHED,
    OTHER_FORM,
    TIMED_OUT,
    WRONG,
    Feedback,
    told_apart,
)
from bptt_lab.exercises.judges import elsewhere
from bptt_lab.exercises.judges.instances import (
    FIRST,
    Instance,
    Table,
    flat,
    forms,
    is_summed,
    one_size_each,
    tables,
)
from bptt_lab.exercises.judges.returned import Misfit, named
from bptt_lab.exercises.mistakes import mutants
from bptt_lab.exercises.mistakes.catalogue import CATALOGUE
from bptt_lab.exercises.question import Question
from bptt_lab.exercises.sandbox.functions import needed_names, places, positional_names
from bptt_lab.exercises.sandbox.running import Outcome, run_function
from bptt_lab.formulas import FormulaError
from bptt_lab.formulas.tree import Derivative, Tree, free_variables, walk

SECONDS, SECONDS_OF_ONE = 10.0, 5.0  # by the clock, for all calls and for a single one
SINGLE = 1e-6
QUICK = 0.3  # seconds a call may take if more instances are to be tried
OUTCOME_OF = {"refused": CANNOT_READ, "timed out": TIMED_OUT, "crashed": CRASHED, "unsteady": WRONG}
IN_PLACE = "E10"


def judge_function(question: Question, function: Callable) -> Feedback:
    """Return the feedback on a student's function."""
    found = tables(question)
    names = _order(function, tuple(question.arguments))
    calls = [tuple(table.arguments[name] for name in names) for table in found]
    limits = dict(seconds=SECONDS, most_of_one=min(SECONDS, SECONDS_OF_ONE), argument_names=names)
    try:
        outcome = run_function(function, calls, **limits, partners=_partners(found), fewer=_enough(found))
    except (Exception, SystemExit, GeneratorExit):  # an object that raises when it is looked at
        return Feedback(question.id, CANNOT_READ, cause=NO_FUNCTION)
    changed = sorted({name for names in outcome.changed for name in names})
    if changed and outcome.kind != "refused":
        written = outcome.message if outcome.kind == "changed" else "The caller's arrays must stay as they are."
        does = "writes into" if outcome.is_guess else "changes"
        cause = f"It {does} {', '.join(changed)}{'' if outcome.is_guess else ' in place'}. {written}"
        asks = "Which line writes into an argument, and where could a copy be made?"
        return Feedback(question.id, WRONG, cause=cause, section=question.section, asks=asks, mistake=IN_PLACE)
    return _judged(question, function, outcome, found)


def _judged(question: Question, function: Callable, outcome: Outcome, found: tuple[Table, ...]) -> Feedback:
    """Return the feedback on what came of a function's calls."""
    ran = outcome.ran or tuple(range(len(found)))
    made = [found[k] for k in ran[: len(outcome.results)]]
    given, misfit = _read(question, made, outcome.results)
    in_order = sorted(range(len(given)), key=lambda i: ran[i])  # slow calls are made in another order
    results, run = [given[i] for i in in_order], [found[ran[i]] for i in in_order]
    if outcome.kind not in OUTCOME_OF and not misfit:
        judged = _compared(question, run, results, function, outcome)
        stale = judged.outcome != WRONG and _is_stale(question, found, outcome.again)
        if stale:
            return Feedback(question.id, WRONG, cause=STALE, section=question.section, asks=ASKS_STEADY)
        return _told_of_time(judged, outcome, len(found))
    if given and outcome.kind != "refused":
        earlier = _compared(question, run, results, function, outcome)
        if earlier.outcome == WRONG:
            return earlier
    failed = [found[k] for k in ran[len(given) : len(given) + 1]]
    is_told = given and failed and outcome.kind != "timed out"
    here = elsewhere.where(question, found[0], failed) if is_told else ""
    if misfit:
        says = f"{here} There: {misfit}" if here else misfit
        return Feedback(question.id, WRONG, cause=says, section=question.section, asks=ASKS_RETURNS)
    says = f"{here} There: {outcome.message}" if here else outcome.message
    asks = ASKS_STEADY if outcome.kind == "unsteady" else ""
    return Feedback(question.id, OUTCOME_OF[outcome.kind], cause=says, section=question.section, asks=asks)


def _told_of_time(judged: Feedback, outcome: Outcome, wanted: int) -> Feedback:
    """Return a right verdict that says how many instances there was time for."""
    if judged.outcome != CORRECT or len(outcome.results) == wanted:
        return judged
    return judged._replace(strength=f"{judged.strength} of {wanted}, since one call took {outcome.seconds:.2g} s")


def _partners(found: tuple[Table, ...]) -> list[int]:
    """Return for each table another one to be called after it: of the same shapes if there is one, else the next."""
    shapes = [{name: array.shape for name, array in table.arguments.items()} for table in found]
    partners = []
    for k in range(len(found)):
        others = [*range(k + 1, len(found)), *range(k)]
        alike = [j for j in others if shapes[j] == shapes[k] and _differ(found[j], found[k])]
        partners.append((alike or others or [k])[0])
    return partners


def _differ(one: Table, other: Table) -> bool:
    """Return whether all arguments of two tables of the same shapes differ, and are of the same type."""
    pairs = [(one.arguments[name], other.arguments[name]) for name in one.arguments]
    return all(a.dtype == b.dtype and (a != b).any() for a, b in pairs)


def _enough(found: tuple[Table, ...]) -> list[int]:
    kinds = [table.case.kind for table in found]
    return [kinds.index(kind) for kind in FIRST if kind in kinds]


def _is_stale(question: Question, found: tuple[Table, ...], again: Sequence[tuple[int, int, Any]]) -> bool:
    """Return whether a call was wrong only since another one had been made before it in the same process."""
    for _, after, result in again:
        given, _ = _read(question, (found[after],), [result])
        if not given or not all(_agrees(given[0], found[after], name, SINGLE) for name in given[0]):
            return True
    return False


def _read(question: Question, found: Sequence[Table], results: Sequence) -> tuple[list[dict[str, np.ndarray]], str]:
    """Return results as arrays by name, up to the first that is not what was asked for, and what is wrong with it."""
    given: list[dict[str, np.ndarray]] = []
    for table, result in zip(found, results, strict=False):
        try:
            given.append(named(question, result, table.results))
        except Misfit as error:
            return given, str(error)
    return given, ""


def _order(function: Callable, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the arguments in the order in which the function takes them, where it names them all first."""
    try:
        own = next((own for own in (needed_names(function), positional_names(function)[: len(names)]) if own), ())
    except (Exception, SystemExit, GeneratorExit):  # no function: whoever runs it says so
        return names
    return own if sorted(own) == sorted(names) else names


NO_FUNCTION = "The answer cannot be looked at; expected a function: write one with `def` and pass its name."
STALE = (
    "Its first call is right. A call with other arguments after it, in the same process, is not: something is kept "
    "from one call to the next."
)
ASKS_STEADY = "What does a default argument, a global or an object of yours hold after the first call?"
ASKS_RETURNS = "What does the task ask to be returned, and in which order?"


def _compared(
    question: Question,
    found: Sequence[Table],
    given: list[dict[str, np.ndarray]],
    function: Callable = None,
    outcome: Outcome | None = None,
) -> Feedback:
    """Return the feedback on arrays, one dict for each of the tables: the first that is wrong is diagnosed."""
    found = found[: len(given)]
    wrong = {name: [k for k, table in enumerate(found) if not _agrees(given[k], table, name)] for name in given[0]}
    wrong = {name: at for name, at in wrong.items() if at}
    if not wrong:
        return Feedback(question.id, CORRECT, f"agrees to nine digits on {len(found)} instances")
    is_near = all(_agrees(given[k], found[k], name, SINGLE) for name, at in wrong.items() for k in at)
    if is_near and outcome and is_in_single_precision(function, _own_results(found, outcome)):
        cause = "Right to six digits: somewhere the numbers are in single precision."
        return Feedback(question.id, OTHER_FORM, cause=cause, asks="Where is float32 asked for?")
    name = min(wrong, key=lambda name: wrong[name][0])
    which = wrong[name][0]
    cause = _why(question, name, given, found, wrong[name], function, outcome)
    others = [other for other in question.returns if other not in wrong]
    right = f"Right: {', '.join(others)}." if others else ""
    says = " ".join(filter(None, [f"{name} is wrong.", cause.right, cause.says]))
    example = _first_difference(name, given[which][name], found[which])
    asks = cause.asks or f"Which line computes {name}, and which equation does it say?"
    return Feedback(question.id, WRONG, "", right, says, example, question.section, asks, cause.mistake)


def is_in_single_precision(function: Any, results: Sequence[Any]) -> bool:
    """Return whether a function returns numbers of fewer bits, or its code speaks of such a type."""
    if any(array.dtype in NARROW for result in results for array in _arrays(result)):
        return True
    codes = set(places(function).values())
    words = {word for code in codes for word in (*code.co_names, *code.co_consts) if isinstance(word, str)}
    letters = {letter for code in codes for letter in code.co_consts if isinstance(letter, str)}
    return bool(words & NARROW_WORDS or letters & NARROW_LETTERS)


NARROW = (np.float32, np.float16)
NARROW_WORDS = {"float32", "single", "float16", "half"}
NARROW_LETTERS = {"f4", "f2", "<f4", "<f2", "f", "e"}


def _own_results(found: Sequence[Table], outcome: Outcome) -> list[Any]:
    """Return what was returned where the arguments are in double precision."""
    narrow = {k for k, table in enumerate(found) if table.case.kind == "float32"}
    by_order = [k for _, k in sorted((k, i) for i, k in enumerate(outcome.ran or range(len(outcome.results))))]
    return [outcome.results[k] for i, k in enumerate(by_order) if i not in narrow and k < len(outcome.results)]


def _arrays(result: Any) -> list[np.ndarray]:
    """Return the arrays and NumPy numbers in a result."""
    if isinstance(result, dict):
        result = list(result.values())
    if isinstance(result, tuple | list):
        return [array for item in result for array in _arrays(item)]
    return [np.asarray(result)] if isinstance(result, np.ndarray | np.generic) else []


def _why(
    question: Question,
    name: str,
    given: list[dict],
    found: Sequence[Table],
    at: list[int],
    function: Callable,
    outcome: Outcome | None,
) -> Cause:
    """Return the cause of an array that is wrong on the instances `at`."""
    first, true = at[0], found[0].results
    wrong, mine = [found[k] for k in at], [one[name] for one in given]
    cut = _clipped(mine, found, name)
    if cut:
        told = elsewhere.where(question, found[0], wrong) if first else ""
        return cut._replace(says=f"{told} {cut.says}".strip())
    if first:
        if wrong[0].case.kind == "sizes" and function and not (outcome and outcome.seconds > QUICK):
            wrong = _size_alone(question, name, function) or wrong
        return elsewhere.cause(question, found[0], wrong, given[first][name], found[first].results[name])
    other = next((o for o in true if o != name and _agrees({o: given[0][name]}, found[0], o)), None)
    if other:
        return Cause("", f"What stands in its place is {other}.", "In which order are the results asked for?")
    everywhere = _everywhere(mine, [table.results[name] for table in found], found)
    if everywhere:
        return everywhere
    arguments = forms(question, question.arguments).values()
    has_deltas = any(isinstance(part, Derivative) for tree in arguments for part in walk(tree))
    goal = question.tree(question.returns[name])
    cause = diagnose_array(found[0].case, goal, given[0][name], true[name], has_deltas)
    return cause if _holds(cause, mine, [table.results[name] for table in found]) else ELSEWISE


def _clipped(given: Sequence[np.ndarray], found: Sequence[Table], name: str) -> Cause | None:
    """Return the cause where arrays are those they should be, but clipped."""
    true = [table.results[name] for table in found]
    if not all(a.shape == b.shape and (np.abs(a) < LARGEST).all() for a, b in zip(given, true, strict=True)):
        return None
    cut = clipped([Pair(a, b, partial(_is_close, t, a)) for a, b, t in zip(given, true, found, strict=True)])
    if cut is None:
        return None
    mistake, limit = CATALOGUE[cut[0]], cut[1]
    return Cause("", f"{mistake.says} The limit is {limit:.4g}.", mistake.asks, mistake.id)


def _is_close(table: Table, given: np.ndarray, true: np.ndarray) -> bool:
    return bool(table.case.agrees(given, true).all())


ELSEWISE = Cause("Its shape is right.", "", "")
NOTHING = 1e-200


def _everywhere(given: list[np.ndarray], true: list[np.ndarray], found: Sequence[Table]) -> Cause | None:
    """Return a cause that is seen on all instances together, and that the first alone would hide or feign."""
    pairs = zip(given, true, found, strict=True)
    kept = [(one, other, table) for one, other, table in pairs if one.shape == other.shape and np.isfinite(one).all()]
    if not kept or kept[0][2] is not found[0]:
        return None
    given, true, found = ([part[k] for part in kept] for k in range(3))
    if found[0].case.agrees(given[0], true[0], SINGLE).all():
        asks = "Which constant is added, or rounded?"
        return Cause("It agrees to about six digits.", "It does not to nine: something small is off.", asks)
    if not (np.abs(given[0]) > NOTHING).any():
        if all((np.abs(one) <= NOTHING).all() for one in given):
            return Cause("", "It is zero, or almost, on every instance.", "Does the loss depend on this quantity?")
        if _are_whole(given):
            return WHOLE
        return Cause(
            "", "It is zero in the first instance, though not in all of them.", "What is cut off, or left out?"
        )
    if _are_whole(given) and not (true[0] == np.trunc(true[0])).all():
        return WHOLE
    right = [table.case.agrees(a, b).all() for table, a, b in zip(found, given, true, strict=True)]
    turned = [table.case.agrees(-a, b).all() for table, a, b in zip(found, given, true, strict=True)]
    if all(r or t for r, t in zip(right, turned, strict=True)) and any(
        r and not t for r, t in zip(right, turned, strict=True)
    ):
        says = f"Up to the sign it is right; the sign is right on {sum(right)} of {len(found)} instances only."
        return Cause("", says, "Which line loses a sign?")
    return None


def _are_whole(given: list[np.ndarray]) -> bool:
    """Return whether all numbers are whole, and more than the one or two values of a constant or a mask."""
    are_whole = all((one == np.trunc(one)).all() and np.abs(one).max(initial=0.0) < 2**53 for one in given)
    return are_whole and any(len(np.unique(one)) > 2 for one in given)


WHOLE = Cause("", "It holds whole numbers only.", "Where do numbers become integers, or are cut to whole ones?")


def _holds(cause: Cause, given: list[np.ndarray], true: list[np.ndarray]) -> bool:
    """Return whether a constant factor, if that is the cause, is the same on all instances."""
    if not cause.right.startswith("Everything is right up to"):
        return True
    size = float(np.vdot(true[0], true[0]))
    factor = float(np.vdot(given[0], true[0])) / size if size else 0.0
    return all(
        one.shape == other.shape
        and np.abs(one - factor * other).max(initial=0.0) <= 1e-3 * np.abs(factor * other).max(initial=0.0) + NOTHING
        for one, other in zip(given, true, strict=True)
        if np.isfinite(one).all()
    )


def _size_alone(question: Question, name: str, function: Callable) -> list[Table]:
    """Return the one table, among those in which a single size is another, on which a function is wrong; or none."""
    found = one_size_each(question)
    names, wrong = _order(function, tuple(question.arguments)), []
    for table in found:
        call = tuple(table.arguments[name] for name in names)
        outcome = run_function(function, [call], seconds=1.0, argument_names=names)
        given, _ = _read(question, (table,), outcome.results)
        if not given or not _agrees(given[0], table, name):
            wrong.append(table)
    return wrong if len(wrong) == 1 else []


def _agrees(given: Mapping[str, np.ndarray], table: Table, name: str, tolerance: float = 0.0) -> bool:
    """Return whether an array is right on an instance, up to a share of its largest entry."""
    array, true = given[name], table.results[name]
    if array.shape != true.shape:
        return False
    return bool(table.case.agrees(array, true, tolerance).all())


def _first_difference(name: str, given: np.ndarray, table: Table) -> str:
    """Return an entry that is wrong, with its two numbers, in words."""
    true, case = table.results[name], table.case
    if given.shape != true.shape:
        return ""
    is_right = case.agrees(given, true)
    if is_right.all():  # where the difference is seen by the size of an entry
        is_right = np.abs(given - true) <= case.tolerance * (case.unit + np.abs(true))
    entry = np.unravel_index(np.argmin(is_right), true.shape)
    at = f"[{', '.join(map(str, entry))}]" if true.ndim else ""
    start = "In the first instance" if case.kind == "tame" else "There"
    texts = told_apart(float(given[entry]), float(true[entry]))
    return f"{start} {name}{at} is {texts[0]}; it should be {texts[1]}." if texts else ""


def diagnose_array(
    case: Instance, goal: Tree, given: np.ndarray, true: np.ndarray, gives_deltas: bool = False
) -> Cause:
    """Return the cause of a wrong array: its shape, a constant factor, its account of paths, the catalogue."""
    with np.errstate(all="ignore"):
        return _array_cause(case, goal, given, np.asarray(true, dtype=float), gives_deltas)


def _array_cause(case: Instance, goal: Tree, given: np.ndarray, true: np.ndarray, gives_deltas: bool) -> Cause:
    if given.shape != true.shape:
        return _shape_cause(given, true)
    if np.isfinite(given).all() and (np.abs(given) > LARGEST).any():
        return Cause("Its shape is right.", "It holds a number of more than a hundred digits.", "What grows so?")
    if not np.isfinite(given).all():
        return Cause(
            "Its shape is right.", "It holds numbers that are not finite.", "Where is something divided by zero?"
        )
    known_slips = _catalogued(case, goal, gives_deltas)
    match = next((c for c in known_slips if same(given.ravel(), c[1].ravel())), None)
    known = named_cause(match[0], goal) if match else None
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
        return Cause("Every entry is right.", says, "Does the gradient have the shape of the parameter?", "C6")
    return Cause("", says, "Which axis is time, which are the sequences, which the entries?")


Slip = tuple[mutants.Mutant | mutants.ArrayMutant, np.ndarray]


def _catalogued(
    case: Instance, goal: Tree, gives_deltas: bool
) -> list[tuple[mutants.Mutant | mutants.ArrayMutant, np.ndarray]]:
    """Return every catalogued mistake that can be made on a goal, with its array on a case."""
    if not isinstance(goal, Derivative) or goal.kind == "immediate":
        return []
    found = []
    for mutant in mutants.mutants(case.graph, goal):
        mutant = renamed(mutant, goal, is_code=True, gives_deltas=gives_deltas)
        if mutant is None:
            continue
        try:
            array = case.gathered(goal, mutant.in_scenes(case.scenes, goal))
        except (FormulaError, ArithmeticError, LookupError, ValueError):
            continue
        found.append((mutant, np.asarray(array, dtype=float)))
    return [*found, *_of_the_batch(case, goal)]


def _of_the_batch(case: Instance, goal: Derivative) -> list[Slip]:
    """Return the mistakes that only several sequences show: a mean for a sum, one sequence for all."""
    if not (case.is_batch and is_summed(goal, case.graph)):
        return []
    one_each = np.stack([flat(scene.value(goal)) for scene in case.scenes])
    return [(mutant, mutant.value(one_each)) for mutant in mutants.batch_mutants(goal.above.name)]


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
