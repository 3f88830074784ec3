"""Why an array that a function returned is wrong, given how it should be on every instance."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from bptt_lab.exercises.causes.cause import Cause, factor_cause, paths_cause
from bptt_lab.exercises.causes.clipping import Pair, clipped
from bptt_lab.exercises.causes.diagnosis import LARGEST, OF_INNER_SIGNS, same
from bptt_lab.exercises.causes.named import named_cause, renamed, slope_too_much
from bptt_lab.exercises.causes.paths import account
from bptt_lab.exercises.judges.instances import Instance, Table, flat, is_summed
from bptt_lab.exercises.mistakes import mutants
from bptt_lab.exercises.mistakes.catalogue import CATALOGUE
from bptt_lab.formulas import FormulaError
from bptt_lab.formulas.tree import Derivative, Tree, free_variables

SINGLE = 1e-6
AXES = "Which axis is time, which are the sequences, which the entries?"
OF_RESETS = frozenset({"E3", "E4"})  # told of a carry that is cut; an entry that no loop fills has the same zeros
UNFILLED = "It is right but for index 0, which holds zeros: nothing was written there, or nothing reached it."


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
    known_slips = catalogued_arrays(case, goal, gives_deltas)
    match = next((c for c in known_slips if same(given.ravel(), c[1].ravel())), None)
    known = slope_too_much(named_cause(match[0], goal)) if match else None  # type: ignore[arg-type]
    is_inner = known is not None and known.mistake in OF_INNER_SIGNS  # what is negative as a whole has no inner sign
    factor = factor_cause(given.ravel(), true.ravel(), None if is_inner else known)
    if factor:
        return factor
    found = _account(case, goal, given)
    if found:
        return paths_cause(found, goal, known)  # type: ignore[arg-type]
    return known or Cause("Its shape is right.", "", "")


def unfilled(cause: Cause, goal: Tree, given: Sequence[np.ndarray], found: Sequence[Table], name: str) -> Cause:
    """Return the cause of an array that is right but for its first step, zero on every instance; else the one given."""
    if cause.mistake not in OF_RESETS or not free_variables(goal) - {"T"}:
        return cause
    pairs = [(one, table) for one, table in zip(given, found, strict=True) if len(one) > 1]
    if not all(_is_short(one, table.results[name], table.case) for one, table in pairs):
        return cause
    return cause._replace(says=UNFILLED, asks="At which index does the loop end, and what stands there before it?")


def _is_short(given: np.ndarray, true: np.ndarray, case: Instance) -> bool:
    return bool(given.shape == true.shape and not given[0].any() and case.agrees(given, true)[1:].all())


def _account(case: Instance, goal: Tree, given: np.ndarray) -> Any:
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
    return Cause("", says, AXES)


Slip = tuple[mutants.Mutant | mutants.ArrayMutant, np.ndarray]


def catalogued_arrays(
    case: Instance, goal: Tree, gives_deltas: bool
) -> list[tuple[mutants.Mutant | mutants.ArrayMutant, np.ndarray]]:
    """Return every catalogued mistake that can be made on a goal, with its array on a case."""
    if not isinstance(goal, Derivative) or goal.kind == "immediate":
        return []
    found = []
    for mutant in mutants.mutants(case.graph, goal):
        mutant = renamed(mutant, goal, is_code=True, gives_deltas=gives_deltas)  # type: ignore[assignment]
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


def clipped_cause(given: Sequence[np.ndarray], found: Sequence[Table], name: str) -> Cause | None:
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


NOTHING = 1e-200


def everywhere_cause(given: list[np.ndarray], true: list[np.ndarray], found: Sequence[Table]) -> Cause | None:
    """Return a cause that is seen on all instances together, and that the first alone would hide or feign."""
    pairs = zip(given, true, found, strict=True)
    kept = [(one, other, table) for one, other, table in pairs if one.shape == other.shape and np.isfinite(one).all()]
    if not kept or kept[0][2] is not found[0]:
        return None
    given, true, found = ([part[k] for part in kept] for k in range(3))  # type: ignore[assignment]
    if found[0].case.agrees(given[0], true[0], SINGLE).all():
        asks = "Which constant is added, or rounded?"
        return Cause("It agrees to about six digits.", "It does not to nine: something small is off.", asks)
    if not (np.abs(given[0]) > NOTHING).any():
        if all((np.abs(one) <= NOTHING).all() for one in given):
            return Cause("", "It is zero, or almost, on every instance.", "Does the loss depend on this quantity?")
        if _are_whole(given):
            return WHOLE
        return Cause(
            "",
            "It is zero in the first of the tried cases, though not in all of them.",
            "What is cut off, or left out?",
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
