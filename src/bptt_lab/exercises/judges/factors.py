"""Whether an array is the right one times a number: the same one everywhere, or a size of each instance."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from bptt_lab.exercises.causes.cause import Cause
from bptt_lab.exercises.judges.counted import things
from bptt_lab.exercises.judges.instances import Table, is_shared, is_summed
from bptt_lab.exercises.places import listed
from bptt_lab.exercises.question import Question
from bptt_lab.formulas.tree import free_variables

UP_TO_SIZE = "Everything is right up to a factor."
TIMES = {Fraction(1): "", Fraction(-1): "minus ", Fraction(2): "twice ", Fraction(1, 2): "half "}
MISTAKES = {"sequences": "D8", "steps": "D7"}


class Size(NamedTuple):
    """A number that every instance has: of what it is the number, in words, and its values in the order of tables."""

    words: tuple[str, ...]
    values: tuple[int, ...]


class Factor(NamedTuple):
    """A number times a size, or over it where `power` is -1."""

    times: Fraction
    size: Size
    power: int

    @property
    def values(self) -> list[float]:
        """The factor on every instance."""
        return [float(self.times) * float(n) ** self.power for n in self.size.values]


def holds(factors: Sequence[float], given: Sequence[np.ndarray], found: Sequence[Table], name: str) -> bool:
    """Return whether arrays are the right ones on every instance once each is divided by its factor."""
    return all(
        one.shape == table.results[name].shape and bool(table.case.agrees(one / factor, table.results[name]).all())
        for one, factor, table in zip(given, factors, found, strict=True)
        if np.isfinite(one).all()
    )


def share(given: np.ndarray, true: np.ndarray) -> float:
    """Return the number by which a right array must be multiplied to come nearest to the one given."""
    size = float(np.vdot(true, true)) if given.shape == true.shape else 0.0
    return float(np.vdot(given, true)) / size if size else 0.0


def is_one_factor(cause: Cause, given: Sequence[np.ndarray], found: Sequence[Table], name: str) -> bool:
    """Return whether a constant factor, if that is the cause, is the same on all instances."""
    if not cause.right.startswith("Everything is right up to"):
        return True
    factor = share(given[0], found[0].results[name])
    return bool(factor) and holds([factor] * len(found), given, found, name)


def size_factor(question: Question, given: Sequence[np.ndarray], found: Sequence[Table], name: str) -> Factor | None:
    """Return the one factor made of a size, such as 1 / B, by which an array is wrong on all instances, or None."""
    first = share(given[0], found[0].results[name])
    tried = [
        Factor(times, size, power) for times in TIMES for size in sizes(question, found, name) for power in (-1, 1)
    ]
    near = [one for one in tried if first and abs(one.values[0] / first - 1) < 1e-6]
    fits = [one for one in near if holds(one.values, given, found, name)]
    plain = [one for one in fits if one.times == 1] or fits
    return plain[0] if len(plain) == 1 else None


def constant_says(cause: Cause, given: np.ndarray, true: np.ndarray) -> Cause:
    """Return the cause of an array that is wrong by a number; where it is no size, no mean is the cause."""
    if cause.mistake not in MISTAKES.values():
        return cause
    number = Fraction(share(given, true)).limit_denominator(60)
    return Cause(cause.right, f"Your answer is {number} times the right one.", "Where does that factor come from?")


def factor_says(question: Question, factor: Factor) -> Cause:
    """Return the cause of an array that is wrong by a factor made of a size."""
    one, many = factor.size.words[0], len(factor.size.words) > 1
    number = " times ".join(f"the number of {word}" for word in factor.size.words)
    start = f"It is {TIMES[factor.times]}the right one {'divided by' if factor.power < 0 else 'times'} {number}"
    start += f" ({factor.size.values[0]} in the first of the tried cases)"
    mistake = "" if many else MISTAKES.get(one, "")
    if factor.power < 0:
        asks = f"Is a sum or a mean over the {listed(factor.size.words)} asked for?"
        return Cause(UP_TO_SIZE, f"{start}, as if a mean over them were taken, not a sum.", asks, mistake)
    asks = f"Is something added up once for each of the {listed(factor.size.words)} that is there only once?"
    return Cause(UP_TO_SIZE, f"{start}, as if all of it were counted once for each of them.", asks, mistake)


def sizes(question: Question, found: Sequence[Table], name: str) -> list[Size]:
    """Return the sizes that differ between instances, and the products of some, each once: the plainest words win."""
    steps = [Size((things(question),), tuple(table.case.graph.T for table in found))]
    sequences = [Size(("sequences",), tuple(len(t.case.scenes) for t in found))] if found[0].case.is_batch else []
    entries = _of_entries(question, found, name)
    leading = [*steps, *sequences, *([_product([*steps, *sequences])] if sequences else [])]
    joined = [*leading[2:], *(_product([some, one]) for some in leading for one in entries)]
    kept: dict[tuple[int, ...], Size] = {}
    for size in (*steps, *sequences, *entries, *joined):
        kept.setdefault(size.values, size)
    return [size for size in kept.values() if len(set(size.values)) > 1]


def _product(parts: Sequence[Size]) -> Size:
    words = tuple(itertools.chain.from_iterable(part.words for part in parts))
    return Size(words, tuple(map(math.prod, zip(*(part.values for part in parts), strict=True))))


def _of_entries(question: Question, found: Sequence[Table], name: str) -> list[Size]:
    """Return the sizes of the vectors that a function returns or is given, that of one result first."""
    formulas = {name: question.returns[name], **question.returns, **question.arguments}
    of_steps, alone = [], []  # what has a vector a step is named before the gradient of a bias
    for one, formula in formulas.items():
        tree, case = question.tree(formula), found[0].case
        has_sequences = case.is_batch and not is_shared(tree, case.graph) and not is_summed(tree, case.graph)
        leading = ("t" in free_variables(tree)) + has_sequences
        arrays = [_all_of(table)[one] for table in found]
        if arrays[0].ndim == leading + 1:
            size = Size((f"entries of {one}",), tuple(array.shape[-1] for array in arrays))
            (of_steps if leading else alone).append(size)
    return [*of_steps, *alone]


def _all_of(table: Table) -> Mapping[str, np.ndarray]:
    return {**table.arguments, **table.results}
