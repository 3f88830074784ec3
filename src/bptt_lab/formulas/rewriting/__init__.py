"""A formula in other notation, rewritten in the language: only where the rewrite can be read and means the same.

`pieces` finds brackets and operands in a text; `letters` and `operations` hold the habits, a rule each.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from bptt_lab.formulas.errors import FormulaError
from bptt_lab.formulas.language import Language
from bptt_lab.formulas.rewriting import letters, operations
from bptt_lab.formulas.rewriting.pieces import Edit
from bptt_lab.formulas.tree import Tree

LONGEST, MOST = 500, 40  # characters of a text that is rewritten, and changes made in it

Rule = Callable[[str, Language], Iterator[Edit]]
RULES: tuple[Rule, ...] = (
    operations.brackets,
    operations.sums,
    operations.sums_over_time,
    letters.timeless,
    operations.bounds,
    operations.powers_of_functions,
    letters.fractions,
    letters.deltas,
    letters.subscripts,
    letters.entries,
    letters.numbered,
    letters.labelled,
    operations.primes,
    operations.transposes,
    letters.times,
    letters.glued,
    operations.arguments,
    operations.hadamards,
    operations.modules,
    operations.identities,
    operations.exponentials,
    operations.products,
)


def rewritten(
    text: str, language: Language, error: FormulaError, attempt: Callable[[str], Tree]
) -> FormulaError | None:
    """Return the error of a text in other notation with the whole text rewritten, or with the piece that was refused.

    `error` is why the text was refused; `attempt` reads a text, and its errors say at which operator is missing.
    """
    if len(text) > LONGEST or "#" in text:
        return None
    first = next(_edits(text, language), None)
    changed: Any
    changed, count = _changed(text, language)
    changed, more = _with_operators(changed, attempt)
    # of these the piece alone would lose the rest
    is_whole = first is not None and first.what.startswith((operations.ALONE, letters.TIMELESS))
    is_exact = error.mend.startswith("Write  ") and not is_whole and not re.search(r"…|  or  |\(t\)", error.mend)
    if changed is not None and count + more > int(is_exact):
        what, column = (first.what, first.start + first.inside) if first else (error.what, error.column)
        return FormulaError(what, f"Write  {changed.strip()}", text, column)
    here = next((edit for edit in _edits(text, language) if edit.start <= error.column < edit.end), None)
    if changed is None and here and not is_exact:
        return FormulaError(here.what, f"Write  {here.text}", text, here.start + here.inside)
    return None


def left_side(text: str, language: Language) -> str:
    """Return the left side of an answer with a derivative written as a fraction, dL/dx, as D(L, x)."""
    match = letters.FRACTION.fullmatch(text.strip())
    edit = match and letters.fraction(match, language)
    return edit.text if edit else text


def _changed(text: str, language: Language) -> tuple[str, int]:
    """Return a text with one rule after another applied, and how often."""
    for count in range(MOST):
        edit = next(_edits(text, language), None)
        if edit is None:
            return text, count
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text, 0


def _with_operators(text: str, attempt: Callable[[str], Tree]) -> tuple[str | None, int]:
    """Return a text with the operators put in that shapes tell, and how many; None where it cannot be read."""
    for count in range(MOST):
        try:
            attempt(text)
            return text, count
        except FormulaError as error:
            if not error.sign:
                return None, count
            before, after = text[: error.column].rstrip(), text[error.column :]
            text = before + error.sign + after
    return None, 0


def _edits(text: str, language: Language) -> Iterator[Edit]:
    for rule in RULES:
        yield from rule(text, language)
