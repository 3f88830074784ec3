"""What a student's function returned, read as the arrays that were asked for; or why it cannot be."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from bptt_lab.exercises.judges.instances import Table
from bptt_lab.exercises.question import Question
from bptt_lab.exercises.sandbox.functions import needed_names, positional_names

WHAT = {"c": "complex", "b": "made of truth values", "U": "made of texts", "O": "no array of numbers a float can hold"}


class Misfit(ValueError):
    """A result that is not what was asked for."""


def named(question: Question, result: Any, true: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return a result as float arrays by name; `true` holds what they should be (errors: Misfit).

    A dict, a tuple or list in the order asked for, or the one array, which may stand in a tuple or list of its own.
    Where the task does not state a shape, a vector may be a column or a row, and a number have axes of length one.
    """
    values = _values(list(question.returns), result, true)
    arrays = {name: _numbers(name, value) for name, value in values.items()}
    return {
        name: array if states_shape(question, name) else _as_a_vector(array, true[name])
        for name, array in arrays.items()
    }


def _values(wanted: list[str], result: Any, true: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Return what stands for each result (errors: Misfit)."""
    if isinstance(result, dict):
        if set(wanted) <= set(result):
            return {name: result[name] for name in wanted}
        missing = ", ".join(name for name in wanted if name not in result)
        raise Misfit(f"It returns a dict without {missing}; expected {_expected(wanted)}.")
    if result is None:
        raise Misfit(f"It returns nothing; expected {_expected(wanted)}.")
    if len(wanted) == 1:
        return {wanted[0]: _only(result, true[wanted[0]].shape)}
    if isinstance(result, tuple | list) and len(result) == len(wanted):
        return dict(zip(wanted, result, strict=True))
    raise Misfit(f"It returns {_kind(result)}; expected {_expected(wanted)}.")


def _only(result: Any, shape: tuple[int, ...]) -> Any:
    """Return the one result that was asked for, taken out of a tuple or list that holds nothing else."""
    if not isinstance(result, tuple | list) or _shape(result) == shape:
        return result
    if len(result) == 1 and (isinstance(result, tuple) or _shape(result[0]) == shape):
        return result[0]
    if isinstance(result, tuple):
        raise Misfit(f"It returns {_kind(result)}; expected one array.")
    return result


def _shape(value: Any) -> tuple[int, ...] | None:
    try:
        return np.shape(value)
    except ValueError:  # lists of different lengths
        return None


def _numbers(name: str, value: Any) -> np.ndarray:
    """Return a value as a float array (errors: Misfit for what is not made of real numbers, such as complex ones)."""
    if isinstance(value, np.ma.MaskedArray):
        raise Misfit(f"{name} is a masked array; expected a plain array of numbers, every entry with a value.")
    try:
        array = np.asarray(value)
    except (TypeError, ValueError, OverflowError):
        raise Misfit(f"{name} is {_kind(value)}; expected an array of numbers.") from None
    if array.dtype.kind in "iuf":
        return array.astype(float)
    what = WHAT.get(array.dtype.kind) if isinstance(value, np.ndarray | np.generic | complex | int | list) else None
    raise Misfit(f"{name} is {what or _kind(value)}; expected an array of numbers, all of them real.")


def states_shape(question: Question, name: str) -> bool:
    """Return whether a task says the shape of an array in letters or numbers, as in `d_a1` (T, B, M)."""
    is_number = re.search(rf"`{re.escape(name)}`, one number", question.task) is not None
    return is_number or name in stated_shapes(question.task)


def stated_shapes(task: str) -> dict[str, tuple[str, ...]]:
    """Return the shapes that a task states, by name of the array."""
    found = re.findall(
        r"`(\w+)`[^`(]{0,60}(?:\([a-z]\)[^`(]{0,60})*\(((?:[A-Z]\w*|\d+)(?:, ?(?:[A-Z]\w*|\d+))*),?\)", task
    )
    return {name: tuple(re.split(", ?", letters)) for name, letters in found}


def _as_a_vector(array: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Return a column or a row as the vector, or axes of length one as the number, that was meant."""
    if true.ndim == 1 and array.shape in ((true.size, 1), (1, true.size)):
        return array.reshape(true.shape)
    return array.reshape(()) if true.ndim == 0 and array.shape in ((1,), (1, 1)) else array


def _expected(wanted: list[str]) -> str:
    return wanted[0] if len(wanted) == 1 else f"a tuple or a dict of {', '.join(wanted)}"


def _kind(value: Any) -> str:
    if isinstance(value, tuple | list | dict):
        return f"a {type(value).__name__} of {len(value)}"
    return "nothing" if value is None else f"a {type(value).__name__}"


def read_results(
    question: Question, found: Sequence[Table], results: Sequence
) -> tuple[list[dict[str, np.ndarray]], str]:
    """Return results as arrays by name, up to the first that is not what was asked for, and what is wrong with it."""
    given: list[dict[str, np.ndarray]] = []
    for table, result in zip(found, results, strict=False):
        try:
            given.append(named(question, result, table.results))
        except Misfit as error:
            return given, str(error)
    return given, ""


def argument_order(function: Callable, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the arguments in the order in which the function takes them, where it names them all first."""
    try:
        own = next((own for own in (needed_names(function), positional_names(function)[: len(names)]) if own), ())
    except (Exception, SystemExit, GeneratorExit):  # no function: whoever runs it says so
        return names
    return own if sorted(own) == sorted(names) else names
