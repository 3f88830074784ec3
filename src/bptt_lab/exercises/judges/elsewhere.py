"""What is said of an answer that is right on the tame instance and wrong on another one: on which, and what to ask."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bptt_lab.exercises.causes.cause import Cause
from bptt_lab.exercises.judges.instances import RESPECTS, SHARES, Table, forms
from bptt_lab.exercises.judges.returned import stated_shapes
from bptt_lab.exercises.question import Question
from bptt_lab.formulas.tree import Derivative, walk

OF_SIZES = {"sizes", "ones", "equal"}
MOST_TOLD = 3


def cause(question: Question, tame: Table, wrong: Sequence[Table], given: np.ndarray, true: np.ndarray) -> Cause:
    """Return the cause of an array that is wrong on some tables, given its value on the first of them."""
    asks = RESPECTS[wrong[0].case.kind].asks
    return Cause("", f"{where(question, tame, wrong)} {_what(given, true)}".strip(), asks)


def not_finite(question: Question, found: Sequence[Table], given: Sequence[np.ndarray]) -> str:
    """Return what is said of an array that holds numbers that are not finite on some instances, but the first."""
    tables = [table for array, table in zip(given, found, strict=False) if not np.isfinite(array).all()]
    if not tables or tables[0] is found[0]:
        return ""
    return f"Besides, it holds numbers that are not finite for {_alone(question, found[0], tables[0])}."


def where(question: Question, tame: Table, wrong: Sequence[Table]) -> str:
    """Return for which instance an answer is right and for which it is not."""
    right, other = _words(question, tame, wrong[0])
    told = f"It is right for {right}, but not for {other}."
    if wrong[0].case.kind in OF_SIZES:
        return told
    seen = {table.case.kind for table in wrong}
    own = [t for t in wrong[1:] if not SHARES.get(t.case.kind, set()) & seen and t.case.kind not in OF_SIZES]
    also = [t for t in own if RESPECTS[t.case.kind].asks != RESPECTS[wrong[0].case.kind].asks][: MOST_TOLD - 1]
    more = [_alone(question, tame, table) for table in also]
    return f"{told} Nor is it for {' and for '.join(more)}." if more else told


def _alone(question: Question, tame: Table, table: Table) -> str:
    """Return in words what is different in an instance, where nothing is said of other ones."""
    what = "gradients" if _gives_gradients(question) else "numbers"
    return RESPECTS[table.case.kind].alone.format(what=what) or _words(question, tame, table)[1]


def _gives_gradients(question: Question) -> bool:
    """Return whether a derivative is among what a function is given."""
    given = forms(question, question.arguments).values()
    return any(isinstance(part, Derivative) for tree in given for part in walk(tree))


def _words(question: Question, tame: Table, table: Table) -> tuple[str, str]:
    """Return in words what an instance differs in: how it is in the tame one, and how in this one."""
    kind = RESPECTS[table.case.kind]
    before, after = _sizes(question, tame), _sizes(question, table)
    names = [name for name in after if after[name] != before.get(name) and name not in ("T", "B")]
    slots = {
        "T0": tame.case.graph.T,
        "T": table.case.graph.T,
        "B0": len(tame.case.scenes),
        "B": len(table.case.scenes),
        "sizes0": _listed(before, names) or "the sizes of the task",
        "sizes": _listed(after, names) or "other sizes",
        "what": "gradients" if _gives_gradients(question) else "numbers",
        "and_sizes": "".join(f", {one}" for one in [_listed(after, names)] if one),
    }
    return kind.right.format_map(slots), kind.wrong.format_map(slots)


def _listed(sizes: dict[str, int], names: list[str]) -> str:
    return ", ".join(f"{name} = {sizes[name]}" for name in names if name in sizes)


def _sizes(question: Question, table: Table) -> dict[str, int]:
    """Return the sizes of an instance by the letters that the task uses for them."""
    found: dict[str, set[int]] = {}
    for name, letters in stated_shapes(question.task).items():
        array = {**table.results, **table.arguments}.get(name)
        if array is not None and array.ndim == len(letters):
            for letter, size in zip(letters, array.shape, strict=True):
                found.setdefault(letter, set()).add(size)
    return {letter: sizes.pop() for letter, sizes in found.items() if len(sizes) == 1 and not letter.isdigit()}


def _what(given: np.ndarray, true: np.ndarray) -> str:
    if given.shape != true.shape:
        return f"There its shape is {given.shape}; expected {true.shape}."
    return "" if np.isfinite(given).all() else "There it holds numbers that are not finite."
