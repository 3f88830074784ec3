"""Rows of the ledger as a table: each one checked anew when the table is made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bptt_lab.lectures.checks import check, is_confirmed
from bptt_lab.lectures.rows import VERDICTS, Row


NO_BREAK = "\u2011"  # a hyphen at which a narrow column is not broken


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


def table(rows: Sequence[Row]) -> Table:
    """Return rows with their formula, what the check found, and the correction with its reason.

    Errors: AssertionError where a check does not find what the row says.
    """
    return Table(("", "as printed", "verdict", "corrected, and why"), tuple(_line(row) for row in rows))


def _line(row: Row) -> tuple[str, ...]:
    finding = check(row)
    if not is_confirmed(row, finding):
        raise AssertionError(f"{row.id} is said to be {VERDICTS[row.verdict]}, but it {finding}.")
    formula = f"${_one_line(row.states)}$" if row.states else row.entry.words
    corrected = f"${_one_line(row.corrected)}$ " if row.corrected else ""
    return row.id.replace("-", NO_BREAK), formula, row.verdict, (corrected + row.why).strip()


def _one_line(latex: str) -> str:
    return latex.replace("|", r"\vert ")


def counts_table(counts: dict[str, dict[str, int]]) -> Table:
    """Return the counts of the ledger as a table: a line a lecture, a column a verdict, and the totals."""
    lines = [(lecture, *map(str, found.values()), str(sum(found.values()))) for lecture, found in counts.items()]
    totals = [sum(found[verdict] for found in counts.values()) for verdict in VERDICTS]
    lines.append(("all", *map(str, totals), str(sum(totals))))
    return Table(("lecture", *VERDICTS, "rows"), tuple(lines))
