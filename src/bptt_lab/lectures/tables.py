"""Rows of the ledger as a table: each one checked anew when the table is made."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from bptt_lab import formulas
from bptt_lab.formulas.tree import Relation
from bptt_lab.lectures.checks import Finding, Result, check, found, is_confirmed, rounded
from bptt_lab.lectures.ledger import LedgerError, ledger, lookup
from bptt_lab.lectures.rows import VERDICTS, Row

NO_BREAK = "\u2011"  # a hyphen at which a narrow column is not broken
MENDED = {"erratum": "mended", "scan": "intended", "reading": "right as"}
LISTED = (*MENDED, "undecidable")
SLIP = "A slip of type, which no value shows."
NO_VALUE = "Nothing to evaluate."
UNDECIDED = "What is checked holds."
HOLDS = "It holds at every point tried."
AS_ABOVE = "As above."  # the reason of the line before
OPENING, CLOSING = ("{", r"\left"), ("}", r"\right")
RELATIONS, SIGNS, FACTOR = (" = ", r" \neq ", r" \leq "), (" + ", " - "), r" \, "
TOKENS = re.compile(r" = | \\neq | \\leq | \+ | - | \\, |\\[A-Za-z]+|.")


class Table(NamedTuple):
    """A table that shows itself in a notebook: a heading and lines of cells, as Markdown."""

    heading: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]

    def _repr_markdown_(self) -> str:
        rule = "|".join([":--"] * len(self.heading))
        lines = [f"| {' | '.join(cells)} |" for cells in (self.heading, *self.lines)]
        return "\n".join([lines[0], f"|{rule}|", *lines[1:]])

    def __repr__(self) -> str:
        return f"<a table of {len(self.lines)} lines: {', '.join(self.heading)}>"

    def said_once(self) -> Table:
        """Return the table with a reason, its last cell, written once where lines below each other share it."""
        before = ("", *(line[-1] for line in self.lines[:-1]))
        pairs = zip(self.lines, before, strict=True) if self.lines else ()
        return self._replace(
            lines=tuple((*line[:-1], AS_ABOVE) if line[-1] == last != "" else line for line, last in pairs)
        )

    def folded(self, summary: str) -> Folded:
        """Return the table behind one line of words that opens it, each reason written once."""
        return Folded(summary, self.said_once())


class Folded(NamedTuple):
    """A table that shows one line of words, which opens it."""

    summary: str
    table: Table

    def _repr_markdown_(self) -> str:
        # without the blank lines a page takes the table for HTML
        return f"<details><summary>{self.summary}</summary>\n\n{self.table._repr_markdown_()}\n\n</details>"

    def __repr__(self) -> str:
        return f"{self.summary}: {self.table!r}"


def printed(*identities: str) -> Table:
    """Return formulas as they stand in their sources, without a verdict (errors: LedgerError for an unknown id)."""
    rows = [lookup(identity) for identity in identities]
    return Table(("", "as it stands"), tuple((_name(row), f"${row.states}$") for row in rows))


def mended(*identities: str) -> Table:
    """Return formulas as they stand and as they should read, where each fails, and why: a few lines a formula.

    Errors: LedgerError for an unknown id; AssertionError where a check does not find what the row says.
    """
    lines = [line for identity in identities for line in _story(lookup(identity))]
    return Table(("", "the formula, and what becomes of it"), tuple(lines))


def _story(row: Row) -> list[tuple[str, str]]:
    _, _, what = _erratum(row)
    formulas_ = [(row.standing, row.states), (MENDED.get(row.verdict, ""), row.corrected)]
    told = [(f"*{word}*", f"${formula}$") for word, formula in formulas_ if formula]
    return [(_name(row), VERDICTS[row.verdict]), *told, ("*found*", what)]


def judge(identity: str, formula: str) -> Result:
    """Return what becomes of another formula in the place of one in the ledger, in the same language.

    Errors: LedgerError for an unknown id; FormulaError for what cannot be read.
    """
    row = lookup(identity)
    return check(replace(row, entry=replace(row.entry, printed=formula))).printed  # type: ignore[return-value]


def table(rows: Sequence[Row]) -> Table:
    """Return rows with their formula, what the check found, and the correction with its reason.

    Errors: AssertionError where a check does not find what the row says.
    """
    return Table(("", "in the source", "verdict", "corrected, and why"), tuple(_line(row) for row in rows))


def errata(lecture: str) -> Table:
    """Return what needs mending in a lecture: each formula as printed and as mended, where it fails, and why.

    What cannot be decided is listed too.

    Formulas are cut where a line may end, so that the table keeps to a narrow page.
    Errors: LedgerError for a lecture that the ledger does not hold; AssertionError as for `table`.
    """
    rows = [row for row in ledger() if row.lecture == lecture]
    if not rows:
        lectures = ", ".join(sorted({row.lecture for row in ledger()}))
        raise LedgerError(f"The ledger has no lecture {str(lecture)[:30]!r}. Its lectures are {lectures}.")
    lines = tuple(_erratum(row) for row in rows if row.verdict in LISTED)
    return Table(("", "the formula", "where it fails, and why"), lines)


def _name(row: Row) -> str:
    return row.id.replace("-", NO_BREAK)


def _line(row: Row) -> tuple[str, ...]:
    _confirmed(row)
    formula = "<br>".join(filter(None, [row.words, _pieces(row, row.printed) if row.entry.printed else ""]))
    corrected = f"{_pieces(row, row.mended)}<br>" if row.entry.corrected else ""
    return _name(row), formula, row.verdict, (corrected + row.why).strip()


def _confirmed(row: Row) -> Finding:
    """Return what the check of a row finds (errors: AssertionError where it is not what the row says)."""
    finding = check(row)
    if not is_confirmed(row, finding):
        raise AssertionError(f"{row.id} is said to be {VERDICTS[row.verdict]}, but {found(row)}")
    return finding


def _erratum(row: Row) -> tuple[str, ...]:
    printed = _confirmed(row).printed
    # the tree holds what is checked, not always the slip
    is_slip = row.entry.is_typographical or row.verdict == "undecidable"
    lines = [row.words] if row.words else []
    lines += [f"*{'checked' if is_slip else row.standing}* {_pieces(row, row.printed)}"] if row.entry.printed else []
    lines += [f"*{MENDED[row.verdict]}* {_pieces(row, row.mended)}"] if row.entry.corrected else []
    where = _where(printed, row.printed.operator) if printed and not is_slip else _nowhere(row, printed)
    return f"{_name(row)}<br>{row.verdict}", "<br>".join(lines), f"{where} {row.why}".strip()


def _nowhere(row: Row, result: Result | None) -> str:
    """Return in words why a line shows no place at which its formula fails."""
    if result is None:
        return NO_VALUE
    return UNDECIDED if row.verdict == "undecidable" else SLIP


def _where(result: Result, operator: str) -> str:
    """Return in words where a relation fails, the sides rounded so that every machine shows the same."""
    if result.holds:
        return HOLDS
    if result.trouble:
        return f"{result.trouble[0].upper()}{result.trouble[1:].rstrip('.')}."
    left, right = rounded(result.independent, result.written)  # type: ignore[arg-type]
    sides = f"both sides are {left}" if operator == "!=" else f"the left side is {left}, the right side {right}"
    return f"At ${result.where}$: {sides}." if result.where else f"{sides.capitalize()}."


def _pieces(row: Row, relation: Relation) -> str:
    """Return a formula in the lecture's hand as pieces of inline LaTeX, between which a line may end."""
    return " ".join(f"${piece}$" for piece in _cut(formulas.latex(relation, row.source.hand)))


def _cut(latex: str) -> list[str]:
    """Return LaTeX cut before the signs and after the factors that stand in no bracket and no group."""
    pieces, depth = [""], 0
    for token in TOKENS.findall(latex):
        depth += (token in OPENING) - (token in CLOSING)
        if depth == 0 and token in RELATIONS + SIGNS:
            pieces.append("{}" + token if token in SIGNS else token)  # a sign in front of a piece is no sign of a sum
        elif depth == 0 and token == FACTOR:
            pieces.append("")
        else:
            pieces[-1] += token
    return [piece.strip() for piece in pieces]


def counts_table(counts: dict[str, dict[str, int]]) -> Table:
    """Return the counts of the ledger as a table: a line a lecture, a column a verdict, and the totals."""
    lines = [(lecture, *map(str, found.values()), str(sum(found.values()))) for lecture, found in counts.items()]
    totals = [sum(found[verdict] for found in counts.values()) for verdict in VERDICTS]
    lines.append(("all", *map(str, totals), str(sum(totals))))
    return Table(("lecture", *VERDICTS, "rows"), tuple(lines))
