"""What makes all results of a function wrong at once: changes of its own text, or slips known by their numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from bptt_lab.exercises.causes.code_edits import CodeEdit
from bptt_lab.exercises.causes.told import is_one_slip, undo_each_other
from bptt_lab.exercises.judges.author_slips import (
    FORGOTTEN,
    WRITTEN,
    Known,
    Results,
    Slip,
    author_pairs,
    author_slips,
    is_alike,
    mark,
    results_with,
)
from bptt_lab.exercises.judges.instances import Table
from bptt_lab.exercises.judges.mended import Search
from bptt_lab.exercises.judges.returned import argument_order, read_results
from bptt_lab.exercises.question import Question
from bptt_lab.exercises.sandbox.running import run_function
from bptt_lab.symbolic.arithmetics import REPEATABLE

NEAR = 1e-6  # how far the marks of equal arrays may be apart, as a share
SECONDS = 24.0 if REPEATABLE else 4.0  # for all changes of a function that are tried at once


class Slips(NamedTuple):
    """How many slips make all results wrong, and what is said of them."""

    slips: int
    says: str


def slips_of_all(question: Question, function: Any, given: Sequence[Results], found: Sequence[Table]) -> Slips | None:
    """Return the slip, or two, that make results wrong, known by a change of the text or by numbers; None if unknown.

    `function`: the student's, None if its changes are not to be tried; `given`: what it returns on each instance that
    was found, or nothing where it returns nothing that can be compared.
    """
    search = _search(question, function, found) if function is not None else None
    if says := search.one_change() if search else "":
        return Slips(1, says)
    if slip := _known_slip(question, author_slips(question), given, found):
        return _said(slip)
    if says := _of_the_one_wrong(question, given, found):
        return Slips(1, f"Its numbers are those of a function in which {says}.")
    if says := search.change_to_known(partial(_known_results, question, found)) if search else "":
        return Slips(2, f"Two slips: {says}")
    if slip := _known_slip(question, author_pairs(question), given, found):
        return _said(slip)
    says = _each_by_its_own(question, given, found) or (search.two_changes() if search else "")
    return Slips(2, f"Two slips: {says}") if says else None


def written_slip(question: Question, given: Sequence[Results], found: Sequence[Table]) -> Slips | None:
    """Return the slip that the author wrote down by whose numbers results are known; None if there is none."""
    by_author = [known for known in author_slips(question) if known.slip.rank == WRITTEN]
    slip = _known_slip(question, by_author, given, found)
    return _said(slip) if slip else None


def _said(slip: Slip) -> Slips:
    """Return what is said of a slip, or of two, by whose numbers results are known."""
    if len(slip.says) == 1:
        return Slips(1, f"Its {_numbers(slip)}")
    return Slips(2, f"Two slips: its {_numbers(slip)}")


def _numbers(slip: Slip) -> str:
    return f"numbers are those of a function in which {'; and '.join(slip.says)}."


def _search(question: Question, function: Any, found: Sequence[Table]) -> Search:
    """Return the search for changes of a student's function."""
    names = argument_order(function, tuple(question.arguments))
    calls = [tuple(table.arguments[name] for name in names) for table in found]

    def run(changed: Any, calls: Sequence[tuple]) -> Sequence[Any]:
        return run_function(changed, calls, seconds=SECONDS, argument_names=names).results

    def share(k: int, result: Any) -> float:
        given, _ = read_results(question, found[k : k + 1], [result])
        with np.errstate(all="ignore"):
            return float(np.mean(_right_parts(given[0], found[k]))) if given else -1.0

    def misses(k: int, result: Any) -> float:
        given, _ = read_results(question, found[k : k + 1], [result])
        return _how_far(given[0], found[k]) if given else np.inf

    return Search(function, calls, run, share, misses)


def _how_far(given: Mapping[str, np.ndarray], table: Table) -> float:
    """Return by how much the worst of some results misses the right one, as a share of that."""
    with np.errstate(all="ignore"):
        return max(
            float(np.linalg.norm(given[name] - true) / np.linalg.norm(true))
            if given[name].shape == true.shape
            else np.inf
            for name, true in table.results.items()
        )


def _right_parts(given: Mapping[str, np.ndarray], table: Table) -> list[bool]:
    """Return for each step of each result, or for the whole of a number, whether it is right."""
    found: list[bool] = []
    for name, true in table.results.items():
        parts = len(true) if true.ndim else 1
        is_right = (
            table.case.agrees(given[name], true) if given[name].shape == true.shape else np.zeros(true.shape, bool)
        )
        found += is_right.reshape(parts, -1).all(axis=1).tolist() if true.size else []  # type: ignore[arg-type]
    return found


def _known_results(question: Question, found: Sequence[Table], results: Sequence[Any], edit: CodeEdit) -> str:
    """Return what the results of the first calls are known by after a change: by one slip in the author's function."""
    given, misfit = read_results(question, found[: len(results)], results)
    is_told = lambda slip: not _undoes(slip, edit)
    slip = None if misfit else _known_slip(question, author_slips(question), given, found[: len(results)], is_told)
    again = " too, the same slip once more" if slip and slip.told and is_one_slip(slip.told, edit.told) else ""
    if slip is None:
        return ""
    whose = f"the numbers of {', '.join(_wrong(given, found))}" if len(question.returns) > 1 else "its numbers"
    return f" With that mended {whose} {_numbers(slip).removeprefix('numbers ').removesuffix('.')}{again}."


def _undoes(slip: Slip, edit: CodeEdit) -> bool:
    """Return whether a slip leaves out what a change takes away or puts in: together they say nothing."""
    leaves_out = slip.zero or slip.told and slip.told.words in FORGOTTEN
    is_turned = slip.rank == WRITTEN and edit.takes_another_end  # where a loop ends depends on its direction
    return bool(is_turned or leaves_out and edit.takes_away or slip.told and undo_each_other(edit.told, slip.told))


def _known_slip(
    question: Question,
    slips: Sequence[Known],
    given: Sequence[Results],
    found: Sequence[Table],
    is_told: Callable[[Slip], bool] = lambda slip: True,
) -> Slip | None:
    """Return the slip, or two, with which the author's function gives what is given on all instances."""
    near = {name: mark(array) for name, array in given[0].items()} if given else {}
    for known in slips if given else ():
        is_near = all(abs(known.marks[name] - near[name]) <= NEAR * (1 + abs(near[name])) for name in near)
        if is_near and is_told(known.slip) and is_alike(given[0], known.results, found[0]):
            if _holds(question, known.slip, given, found):
                return known.slip
    return None


def _holds(
    question: Question, slip: Slip, given: Sequence[Results], found: Sequence[Table], names: Sequence[str] = ()
) -> bool:
    """Return whether what is given, or some of it, is what the author's function gives with slips, on all instances."""
    made = (results_with(question, slip, table) for table in found)
    return all(
        results is not None and is_alike(one, results, table, names)
        for one, results, table in zip(given, made, found, strict=False)
    )


def _wrong(given: Sequence[Results], found: Sequence[Table]) -> list[str]:
    """Return the names of the results that are wrong in the first call."""
    return [name for name in (given[0] if given else ()) if not is_alike(given[0], found[0].results, found[0], [name])]


def _of_the_one_wrong(question: Question, given: Sequence[Results], found: Sequence[Table]) -> str:
    """Return what is said of the slip that explains the one wrong result among several; '' where it is unknown."""
    wrong = _wrong(given, found)
    is_one = len(wrong) == 1 < len(question.returns)
    return slip_of(question, wrong[0], given, found) if is_one else ""


def _each_by_its_own(question: Question, given: Sequence[Results], found: Sequence[Table]) -> str:
    """Return what is said of the two slips that explain one wrong result each; '' unless there are just two."""
    wrong = _wrong(given, found)
    own: dict[str, list[str]] = {}
    for name in wrong:
        own.setdefault(slip_of(question, name, given, found), []).append(name)
    if len(own) != 2 or "" in own:
        return ""
    parts = [f"those of {', '.join(names)} where {says}" for says, names in own.items()]
    return f"its numbers are {'; and '.join(parts)}."


def slip_of(question: Question, name: str, given: Sequence[Results], found: Sequence[Table]) -> str:
    """Return what is said of the slip by which a result is what the author's function gives; '' if none is known."""
    near = (known.slip for known in author_slips(question) if is_alike(given[0], known.results, found[0], [name]))
    return next((slip.says[0] for slip in near if _holds(question, slip, given, found, [name])), "")
