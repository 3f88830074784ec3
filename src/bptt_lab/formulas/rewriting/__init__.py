"""A formula in other notation, rewritten in the language: only where the rewrite can be read and means the same.

`pieces` finds brackets and operands in a text; `letters`, `operations` and `programs` hold the habits, a rule each.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from bptt_lab.formulas.errors import FormulaError
from bptt_lab.formulas.language import Language
from bptt_lab.formulas.rewriting import letters, operations, programs
from bptt_lab.formulas.rewriting.pieces import Edit, put_in
from bptt_lab.formulas.shapes import is_fit
from bptt_lab.formulas.tree import Tree

LONGEST, MOST = 500, 40  # characters of a text that is rewritten, and changes made in it

Rule = Callable[[str, Language], Iterator[Edit]]
RULES: tuple[Rule, ...] = (
    letters.scripts,
    programs.ends,
    programs.names,
    programs.new_axes,
    programs.methods,
    programs.dotted,
    programs.angles,
    programs.series,
    operations.brackets,
    operations.sums,
    operations.bare_sums,
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
    operations.identities,
    operations.exponentials,
    operations.products,
    operations.inner_products,
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
    changed, count = _changed(text, language)
    whole, more = _mended(changed, language, attempt)
    has_time = first is not None and first.what.startswith(letters.TIMELESS)
    is_exact = error.mend.startswith("Write  ") and not has_time and not re.search(r"…|  or  |\(t\)", error.mend)
    if whole and count + more:
        what, column = (
            (error.what, error.column) if first is None or is_exact else (first.what, first.start + first.inside)
        )
        return FormulaError(what, f"Write  {whole.strip()}", text, column)
    here = next((edit for edit in _edits(text, language) if edit.start <= error.column < edit.end), None)
    is_all = here is not None and here.end - here.start == len(text)  # which has just been refused
    if here and not is_exact and not is_all and not here.text.startswith("*"):
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


def _mended(text: str, language: Language, attempt: Callable[[str], Tree]) -> tuple[str, int]:
    """Return a text with all put in that its errors tell, and how often; '' where it cannot be read or does not fit."""
    for count in range(MOST):
        try:
            return text if is_fit(attempt(text), language.network.shapes) else "", count
        except FormulaError as error:
            if error.piece:
                text = put_in(text, *error.piece)
            elif error.sign:
                text = text[: error.column].rstrip() + error.sign + text[error.column :]
            else:
                return "", count
    return "", 0


def _edits(text: str, language: Language) -> Iterator[Edit]:
    for rule in RULES:
        yield from rule(text, language)
