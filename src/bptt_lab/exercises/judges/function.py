"""Judge a NumPy function: run on several instances in a child process, its arrays compared with the engine's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from bptt_lab.exercises.causes.cause import Cause
from bptt_lab.exercises.causes.named import MISSING_SLOPE
from bptt_lab.exercises.feedback import Feedback, told_apart
from bptt_lab.exercises.judges import elsewhere, steps, whole
from bptt_lab.exercises.judges.arrays import (
    AXES,
    SINGLE,
    WHOLE,
    catalogued_arrays,
    clipped_cause,
    diagnose_array,
    everywhere_cause,
    unfilled,
)
from bptt_lab.exercises.judges.author_slips import not_wrong, reference
from bptt_lab.exercises.judges.counted import axes_asked, cause_said, said
from bptt_lab.exercises.judges.factors import constant_says, factor_says, is_one_factor, size_factor
from bptt_lab.exercises.judges.instances import FIRST, Table, forms, one_size_each, tables
from bptt_lab.exercises.judges.returned import argument_order, read_results
from bptt_lab.exercises.outcomes import CANNOT_READ, CORRECT, CRASHED, OTHER_FORM, TIMED_OUT, WRONG
from bptt_lab.exercises.question import Question
from bptt_lab.exercises.sandbox.functions import places
from bptt_lab.exercises.sandbox.running import Outcome, run_function
from bptt_lab.formulas.tree import Derivative, Tree, walk
from bptt_lab.symbolic.arithmetics import REPEATABLE

# By the clock, for all calls and for a single one; where a class is graded nobody waits, and a machine that has much to
# do shall not let an instance out.
SECONDS, SECONDS_OF_ONE = 60.0 if REPEATABLE else 10.0, 5.0
QUICK = 0.3  # seconds a call may take if more instances are to be tried
OUTCOME_OF = {"refused": CANNOT_READ, "timed out": TIMED_OUT, "crashed": CRASHED, "unsteady": WRONG}
MENDABLE = ("crashed", "unsteady")  # ends for which a change of the function is looked for too
OF_A_CHANGE = "Which equation does this line say?"
OF_NUMBERS = "In which of your lines is that, and which equation does it say?"
LONGEST_BESIDE = 200  # letters of a cause that is told beside another one
IN_PLACE = "E10"


def judge_function(question: Question, function: Callable) -> Feedback:
    """Return the feedback on a student's function."""
    found = tables(question)
    names = argument_order(function, tuple(question.arguments))
    calls = [tuple(table.arguments[name] for name in names) for table in found]
    limits = dict(seconds=SECONDS, most_of_one=min(SECONDS, SECONDS_OF_ONE), argument_names=names)
    try:
        outcome = run_function(function, calls, **limits, partners=_partners(found), fewer=_enough(found))  # type: ignore[arg-type]
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
    given, misfit = read_results(question, made, outcome.results)
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
    here = said(question, elsewhere.where(question, found[0], failed)) if is_told else ""
    is_mendable = misfit or outcome.kind in MENDABLE
    own = _as_a_whole(question, function, [], found, outcome) if is_mendable else None
    if misfit:
        says = _joined(here and f"{here} There:", misfit, own)
        return Feedback(question.id, WRONG, cause=says, section=question.section, asks=ASKS_RETURNS)
    says = _joined(here and f"{here} There:", outcome.message, own)
    asks = ASKS_STEADY if outcome.kind == "unsteady" else ""
    return Feedback(question.id, OUTCOME_OF[outcome.kind], cause=says, section=question.section, asks=asks)


def _joined(where: str, says: str, own: whole.Slips | None) -> str:
    """Return what went wrong, where, and the one change that mends it if there is one."""
    whole = says if not own or says.endswith((".", "?", "!")) else f"{says}."
    return " ".join(filter(None, [where, whole, own.says if own else ""]))


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
        given, _ = read_results(question, (found[after],), [result])
        if not given or not all(_agrees(given[0], found[after], name, SINGLE) for name in given[0]):
            return True
    return False


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
    function: Callable | None = None,
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
        cause: Any = "Right to six digits: somewhere the numbers are in single precision."
        return Feedback(question.id, OTHER_FORM, cause=cause, asks="Where is float32 asked for?")
    name = min(wrong, key=lambda name: wrong[name][0])
    which = wrong[name][0]
    cause = cause_said(question, _why(question, name, given, found, wrong[name], function, outcome))
    beside, cause = _of_the_others(question, given, found, wrong, name, cause, function, outcome)
    right_at = steps.right_steps(question, name, given[which][name], found[which])
    cause = _with_steps(cause, right_at, which > 0, steps.goes_back(question, name))
    if cause.right.startswith("Everything is right up to"):
        more = elsewhere.not_finite(question, found, [one[name] for one in given])
        cause = cause._replace(says=f"{cause.says} {more}".strip())
    others = [other for other in question.returns if other not in wrong]
    right = f"Right: {', '.join(others)}." if others else ""
    says = " ".join(filter(None, [f"{name} is wrong.", cause.right, cause.says, beside]))
    example = _first_difference(question, name, given[which][name], found[which])
    asks = cause.asks or f"Which line computes {name}, and which equation does it say?"
    return Feedback(question.id, WRONG, "", right, says, example, question.section, asks, cause.mistake)


def _of_the_others(
    question: Question,
    given: list[dict],
    found: Sequence[Table],
    wrong: dict[str, list[int]],
    name: str,
    cause: Cause,
    function: Callable | None,
    outcome: Outcome | None,
) -> tuple[str, Cause]:
    """Return what is told of other results that are wrong, and the cause, another one where two slips explain all."""
    others = [other for other in wrong if other != name]
    if not others or _exchanged(given, found):
        return "", cause
    if cause.asks in (OF_A_CHANGE, OF_NUMBERS):  # told of all results at once
        words = "Also" if cause.says.startswith("Two slips") else "By the same slip"
        return f"{words} wrong: {', '.join(others)}.", cause
    own = {
        other: cause_said(question, _why(question, other, given, found, wrong[other], None, None))
        for other in others
        if not wrong[other][0]
    }
    alike = [other for other in others if cause.says and other in own and own[other].says == cause.says]
    if cause.says and len(alike) < len(others):
        all_wrong = _as_a_whole(question, function, given, found, outcome)
        if all_wrong and all_wrong.slips == 2:
            fits = given[0][name].shape == found[0].results[name].shape
            of_all = _said_of_all(all_wrong)
            return f"Also wrong: {', '.join(others)}.", of_all._replace(right=ELSEWISE.right if fits else "")
        alike = others if all_wrong else alike
    own |= {
        other: _by_its_numbers(question, other, given, found)
        for other in others
        if not (other in own and own[other].says)
    }
    return _beside(others, own, alike), cause


def _by_its_numbers(question: Question, name: str, given: list[dict], found: Sequence[Table]) -> Cause:
    """Return the cause of one result by the author's function with one slip."""
    says = whole.slip_of(question, name, given, found)
    return Cause("", f"Its numbers are those of a function in which {says}.") if says else Cause()


def _beside(others: Sequence[str], own: Mapping[str, Cause], alike: Sequence[str]) -> str:
    """Return what is told of other results that are wrong: by the same slip, by one of their own, or just that."""
    told = {other: own[other].says for other in others if other not in alike and other in own}
    told = {other: says for other, says in told.items() if 0 < len(says) < LONGEST_BESIDE}
    rest = [other for other in others if other not in alike and other not in told]
    same = [f"By the same slip wrong: {', '.join(alike)}."] if alike else []
    also = [f"Also wrong: {', '.join(rest)}."] if rest else []
    return " ".join([*same, *(f"{other} is wrong too: {says}" for other, says in told.items()), *also])


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
    function: Callable | None,
    outcome: Outcome | None,
) -> Cause:
    """Return the cause of an array that is wrong on the instances `at`."""
    first, true = at[0], found[0].results
    wrong, mine = [found[k] for k in at], [one[name] for one in given]
    cut = clipped_cause(mine, found, name)
    if cut:
        told = elsewhere.where(question, found[0], wrong) if first else ""
        return cut._replace(says=f"{told} {cut.says}".strip())
    if first:
        if wrong[0].case.kind == "sizes" and function and not (outcome and outcome.seconds > QUICK):
            wrong = _size_alone(question, name, function) or wrong
        cause = elsewhere.cause(question, found[0], wrong, given[first][name], found[first].results[name])
        own = _as_a_whole(question, function, [], found, outcome)
        return cause._replace(says=f"{cause.says} {own.says}") if own else cause
    exchanged = _exchanged(given, found)
    if name in exchanged:
        asks = "In which order are the results asked for?" if len(exchanged) > 1 else ""
        return Cause("", f"What stands in its place is {exchanged[name]}.", asks)
    everywhere = everywhere_cause(mine, [table.results[name] for table in found], found)
    if everywhere:
        return everywhere
    arguments = forms(question, question.arguments).values()
    has_deltas = any(isinstance(part, Derivative) for tree in arguments for part in walk(tree))
    goal = question.tree(question.returns[name])
    cause = diagnose_array(found[0].case, goal, given[0][name], true[name], has_deltas)
    if not _is_named_with_more_steps(cause, goal, mine, found, has_deltas):
        cause = ELSEWISE
    if cause.mistake == MISSING_SLOPE and (own := _of_a_slope(question, function, given, found, outcome)):
        return _said_of_all(own)
    cause = unfilled(cause, goal, mine, found, name)
    if cause.asks == AXES:
        return cause._replace(asks=axes_asked(question))
    if cause.says and is_one_factor(cause, mine, found, name):
        is_constant = len(found) > 1 and cause.right.startswith("Everything is")  # on one instance a size is constant
        cause = constant_says(cause, given[0][name], true[name]) if is_constant else cause
        right = [other for other in true if other != name and _agrees(given[0], found[0], other)]
        return _without_loss(cause) if _denies_the_loss(question, cause, found[0], right) else cause
    factor = size_factor(question, mine, found, name)
    if factor:
        return factor_says(question, factor)
    if cause != ELSEWISE and is_one_factor(cause, mine, found, name):
        return cause
    fits = given[0][name].shape == true[name].shape
    all_wrong = _as_a_whole(question, function, given, found, outcome)
    return _said_of_all(all_wrong)._replace(right=ELSEWISE.right if fits else "") if all_wrong else ELSEWISE


def _is_named_with_more_steps(
    cause: Cause, goal: Tree, mine: Sequence[np.ndarray], found: Sequence[Table], has_deltas: bool
) -> bool:
    """Return whether a catalogued mistake has the numbers with more steps too: few steps make some of them alike."""
    longer = [(array, table) for array, table in zip(mine, found, strict=False) if table.case.kind == "longer"]
    if not cause.mistake or not longer or cause.right.startswith("Everything is right up to"):
        return True
    ((array, table),) = longer[:1]
    slips = catalogued_arrays(table.case, goal, has_deltas)
    return any(
        one.mistake == cause.mistake and other.shape == array.shape and bool(table.case.agrees(array, other).all())
        for one, other in slips
    )


def _as_a_whole(
    question: Question,
    function: Any,
    given: Sequence[Mapping[str, np.ndarray]],
    found: Sequence[Table],
    outcome: Outcome | None,
) -> whole.Slips | None:
    """Return the slips by which all results are wrong at once: by the function's own text, or by its numbers."""
    if outcome is None:
        return None
    is_quick = outcome.seconds <= QUICK or REPEATABLE
    return whole.slips_of_all(question, function if is_quick else None, given, found)


def _of_a_slope(
    question: Question,
    function: Any,
    given: Sequence[Mapping[str, np.ndarray]],
    found: Sequence[Table],
    outcome: Outcome | None,
) -> whole.Slips | None:
    """Return the slip by which a slope that stands there does nothing, or not everywhere; None if it is missing."""
    if by_author := whole.written_slip(question, given, found):
        return by_author
    own = _as_a_whole(question, function, given, found, outcome)
    return own if own and own.says.startswith("In `") and "is missing" not in own.says else None


def _said_of_all(slips: whole.Slips) -> Cause:
    """Return the cause of what is told of all results: of a line that is quoted, or of numbers alone."""
    return Cause(ELSEWISE.right, slips.says, OF_A_CHANGE if "n `" in slips.says else OF_NUMBERS)


def _exchanged(given: Sequence[Mapping[str, np.ndarray]], found: Sequence[Table]) -> dict[str, str]:
    """Return for each wrong result which other one stands there on all instances; {} where that is not all of it.

    That is all of it where only one is wrong, or where the wrong ones are all there, each in another's place.
    """
    agree = lambda name, other: all(
        _agrees({other: _like(one[name], table.results[other])}, table, other)
        for one, table in zip(given, found, strict=True)
    )
    wrong = [name for name in found[0].results if not agree(name, name)]
    stands = {name: next((o for o in found[0].results if o != name and agree(name, o)), "") for name in wrong}
    return stands if len(wrong) == 1 and all(stands.values()) or set(stands.values()) == set(wrong) else {}


def _like(array: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return an array in the shape of another one, where they differ in axes of length one only."""
    return array.reshape(other.shape) if np.squeeze(array).shape == np.squeeze(other).shape else array


OF_THE_ERROR = {"D2": "The whole has the wrong sign.", "D6": "It is twice the right one."}  # all results show them


def _denies_the_loss(question: Question, cause: Cause, tame: Table, right: Sequence[str]) -> bool:
    """Return whether a result that is right would be wrong if the loss were differentiated as a cause says."""
    if cause.mistake not in OF_THE_ERROR:
        return False
    goals = [question.tree(question.returns[other]) for other in right]
    return any(slip.mistake == cause.mistake for goal in goals for slip, _ in catalogued_arrays(tame.case, goal, False))


def _without_loss(cause: Cause) -> Cause:
    asks = "Where did the minus come from?" if cause.mistake == "D2" else "Where does that factor come from?"
    return Cause(cause.right, OF_THE_ERROR[cause.mistake], asks)


ELSEWISE = Cause("Its shape is right.", "", "")
OF_THE_WHOLE = ("In which order are the results asked for?", WHOLE.asks)  # what is no matter of steps


def _size_alone(question: Question, name: str, function: Callable) -> list[Table]:
    """Return the one table, among those in which a single size is another, on which a function is wrong; or none."""
    found = one_size_each(question)
    names, wrong = argument_order(function, tuple(question.arguments)), []
    for table in found:
        call = tuple(table.arguments[name] for name in names)
        outcome = run_function(function, [call], seconds=1.0, argument_names=names)
        given, _ = read_results(question, (table,), outcome.results)
        if not given or not _agrees(given[0], table, name):
            wrong.append(table)
    return wrong if len(wrong) == 1 else []


def _agrees(given: Mapping[str, np.ndarray], table: Table, name: str, tolerance: float = 0.0) -> bool:
    """Return whether an array is right on an instance, up to a share of its largest entry."""
    array, true = given[name], table.results[name]
    if array.shape != true.shape:
        return False
    return bool(table.case.agrees(array, true, tolerance).all())


def _with_steps(cause: Cause, is_right: list[bool] | None, is_elsewhere: bool, is_back: bool) -> Cause:
    """Return a cause that also says at which steps a result is right, where nothing more is known of what is."""
    if is_right is None or all(is_right) or cause.right not in ("", ELSEWISE.right) or cause.asks in OF_THE_WHOLE:
        return cause
    told = steps.said(is_right, cause == ELSEWISE, is_back)
    if is_elsewhere:
        return cause._replace(says=f"{cause.says} {told.replace('It is', 'There it is', 1)}".strip())
    return cause._replace(right=f"{cause.right} {told}".strip())


def _first_difference(question: Question, name: str, given: np.ndarray, table: Table) -> str:
    """Return an entry that is wrong, with its two numbers, in words: at the step where a loop back first goes wrong."""
    true, case = table.results[name], table.case
    if given.shape != true.shape:
        return ""
    is_right = case.agrees(given, true)
    if is_right.all():  # where the difference is seen by the size of an entry
        is_right = np.abs(given - true) <= case.tolerance * (case.unit + np.abs(true))
    if steps.right_steps(question, name, given, table) and not is_right.all():
        is_right = is_right.copy()
        is_right[: steps.first_wrong(is_right.reshape(len(true), -1).all(axis=1).tolist())] = True  # type: ignore[arg-type]
    entry = np.unravel_index(np.argmin(is_right), true.shape)
    at = f"[{', '.join(map(str, entry))}]" if true.ndim else ""
    start = "In the first of the tried cases" if case.kind == "tame" else "There"
    texts = told_apart(float(given[entry]), float(true[entry]))
    return f"{start} {name}{at} is {texts[0]}; it should be {texts[1]}." if texts else ""


def prove_function(question: Question) -> list[str]:
    """Return what is wrong with a question for a function: its own answer must be judged right."""
    try:
        function = reference(question)
    except (SyntaxError, ValueError, IndexError) as error:
        return [f"the answer is not one function: {error}"]
    judged = judge_function(question, function)
    found = [] if judged.is_correct else [f"its own answer is judged: {judged}"]
    return found + [f"wrong has a function that is right or cannot be run: {says}" for says in not_wrong(question)]


def goals_of(question: Question) -> list[Question]:
    """Return a question for each derivative that a function returns, as a matrix formula."""
    return [
        replace(question, kind="matrix", goal=text, answer=text, returns={}, arguments={})
        for text in question.returns.values()
        if isinstance(question.tree(text), Derivative)
    ]
