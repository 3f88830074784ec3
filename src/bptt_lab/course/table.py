"""A table of rows with a head, for numbers that a notebook sets side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Table(NamedTuple):
    """Rows under a head, shown as a table in a notebook and as aligned text elsewhere."""

    head: tuple
    rows: tuple[tuple, ...]

    def _repr_markdown_(self) -> str:
        lines = [self.head, ["---"] * len(self.head), *self.rows]
        return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)

    def __repr__(self) -> str:
        lines = [[str(entry) for entry in line] for line in (self.head, *self.rows)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)


def table(head: Sequence, *rows: Sequence) -> Table:
    """Return a table of rows as wide as its head (errors: ValueError for a row that is not)."""
    for row in rows:
        if len(row) != len(head):
            raise ValueError(
                f"the row {tuple(row)} has {len(row)} entries, expected {len(head)}, one for each of {head}."
            )
    return Table(tuple(head), tuple(map(tuple, rows)))
