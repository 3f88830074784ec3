"""The checks of the ledger: a printed form evaluated literally beside an independent value, at random points."""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple

import numpy as np

from bptt_lab.formulas import FormulaError
from bptt_lab.formulas.tree import Relation, free_variables
from bptt_lab.lectures.agreement import is_transcribed
from bptt_lab.lectures.rows import Row
from bptt_lab.symbolic.values import Scene

TOLERANCE = 1e-9
FEWEST_DIGITS, MOST_DIGITS = 3, 9


class Result(NamedTuple):
    """Whether a relation holds at every point tried; where not, at which indices, and what stands on either side."""

    holds: bool
    where: str = ""
    independent: float | None = None
    written: float | None = None
    trouble: str = ""

    def __str__(self) -> str:
        if self.holds:
            return "holds at every point tried"
        if self.trouble:
            return f"has no value: {self.trouble}"
        place = f"at {self.where} " if self.where else ""
        written, independent = rounded(self.written, self.independent)  # type: ignore[arg-type]
        if self.independent == self.written:
            return f"fails: {place}both sides are {written}"
        return f"fails: {place}the form gives {written}, the independent value is {independent}"


def rounded(one: float, two: float) -> tuple[str, str]:
    """Return two numbers as text: whole ones without decimals, others with as many as tell them apart."""
    if all(abs(number - round(number)) < 10**-MOST_DIGITS for number in (one, two)):
        return str(round(one)), str(round(two))
    for digits in range(FEWEST_DIGITS, MOST_DIGITS + 1):
        # 0.0 is added for the sake of -0.0
        texts = tuple(f"{round(number, digits) + 0.0:.{digits}f}" for number in (one, two))
        if texts[0] != texts[1]:
            break
    return texts  # type: ignore[return-value]


class Finding(NamedTuple):
    """What was found for a row: its printed form, its corrected one (None where there is none)."""

    printed: Result | None
    corrected: Result | None


def check(row: Row, scale: float = 1.0) -> Finding:
    """Return what the printed and the corrected form of a row do; `scale` multiplies every independent value."""
    printed = evaluate(row, row.printed, scale) if row.entry.printed else None
    corrected = evaluate(row, row.mended, scale) if row.entry.corrected else None
    return Finding(printed, corrected)


def found(row: Row) -> str:
    """Return in words what the check of a row finds now, the form in the source and the corrected one."""
    finding = check(row)
    parts = [f"as {row.standing} it {finding.printed}"] if finding.printed else ["it has nothing to evaluate"]
    parts += [f"as corrected it {finding.corrected}"] if finding.corrected else []
    if not is_transcribed(row):
        parts.append("the printed form is not the one that the source displays")
    return "; ".join(parts) + ("." if is_confirmed(row, finding) else ". THIS IS NOT WHAT THE ROW SAYS.")


def is_confirmed(row: Row, finding: Finding) -> bool:
    """Return whether a finding is what the row's verdict says.

    What holds, holds; what is wrong in print fails there and holds as corrected; a slip of type shows in no value.
    Of what is undecidable, the formula that the ledger may give beside it holds. A claim that is no equation holds
    where the one next to it does not. Right or wrong, the printed form must be the one that the source displays.
    """
    if not refuses_what_is_near(row) or not is_transcribed(row):
        return False
    if finding.printed is None:
        return row.entry.is_typographical or row.verdict == "undecidable"
    if row.verdict in ("holds", "definition", "undecidable") or row.entry.is_typographical:
        return finding.printed.holds and finding.corrected is None
    return not finding.printed.holds and finding.corrected is not None and finding.corrected.holds


def refuses_what_is_near(row: Row) -> bool:
    """Return whether the check refuses, for its value, the claim that a row names beside one that is no equation."""
    if not row.entry.near:
        return True
    found = evaluate(row, row.near)
    return not found.holds and not found.trouble


def evaluate(row: Row, relation: Relation, scale: float = 1.0) -> Result:
    """Return whether a relation holds at every point and for all its free indices."""
    setting = row.setting
    ranges = {**setting.ranges, **row.entry.where}
    free = sorted(free_variables(relation) - {"T"} - set(setting.constants))
    values = [range(ranges[name][0], ranges[name][1] + 1) for name in free]
    for scene in setting.scenes:
        for numbers in itertools.product(*values):
            indices = dict(zip(free, numbers, strict=True))
            found = _compare(scene, relation, {**setting.constants, **indices}, scale)
            if not found.holds:
                place = ", ".join(f"{name} = {number}" for name, number in indices.items())
                return found._replace(where=place)
    return Result(True)


def _compare(scene: Scene, relation: Relation, indices: dict[str, int], scale: float) -> Result:
    try:
        independent = _flat(scene.value(relation.left, **indices))
        written = _flat(scene.value(relation.right, **indices))
    except FormulaError as error:
        return Result(False, trouble=error.what)
    except ZeroDivisionError:
        return Result(False, trouble="it divides by zero")
    if independent.shape != written.shape:
        sides = f"{'×'.join(map(str, independent.shape))} and {'×'.join(map(str, written.shape))}"
        return Result(False, trouble=f"the two sides have the shapes {sides}")
    for one, two in zip((scale * independent).ravel(), written.ravel(), strict=True):
        if not _stands(relation.operator, one, two):
            return Result(False, independent=float(one), written=float(two))
    return Result(True)


def _stands(operator: str, left: float, right: float) -> bool:
    is_equal = abs(left - right) <= TOLERANCE * (1 + abs(left) + abs(right))
    if operator == "=":
        return is_equal
    return not is_equal if operator == "!=" else left <= right + TOLERANCE


def _flat(value: Any) -> np.ndarray:
    array = np.asarray(value, dtype=float)
    return array.reshape(1, 1) if array.ndim == 0 else array
