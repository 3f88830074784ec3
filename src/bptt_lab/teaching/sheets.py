"""A table of a learning platform as its own file has it: cells are changed, and every other byte stays."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

SEPARATORS = (",", ";", "\t")
MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


class SheetError(ValueError):
    """A file that is no table; the message says why and which file is wanted."""


@dataclass(frozen=True)
class Sheet:
    """A table: `rows` of values, and the same `cells` with quotes and spaces as they stand in the file.

    `ends` are the ends of its lines, `encoding` and `mark` how it is stored.
    """

    rows: tuple[tuple[str, ...], ...]
    cells: tuple[tuple[str, ...], ...]
    ends: tuple[str, ...]
    separator: str
    encoding: str
    mark: bytes = b""

    @property
    def head(self) -> tuple[str, ...]:
        """The names of the columns, without spaces around them."""
        return tuple(name.strip() for name in self.rows[0])

    def value(self, row: int, column: int) -> str:
        """Return a value without spaces around it; nothing where the line is too short."""
        return self.rows[row][column].strip() if column < len(self.rows[row]) else ""

    def filled(self, column: int, values: Mapping[int, str]) -> Sheet:
        """Return the table with new values in one column, by line; all other cells are as they were."""
        cells = list(self.cells)
        for row, value in values.items():
            line = [*cells[row], *[""] * (column + 1 - len(cells[row]))]
            line[column] = self._quoted(value)
            cells[row] = tuple(line)
        return replace(self, cells=tuple(cells))

    def _quoted(self, value: str) -> str:
        return f'"{value}"' if self.separator in value else value

    def bytes(self) -> bytes:
        """Return the file."""
        lines = (self.separator.join(line) + end for line, end in zip(self.cells, self.ends, strict=True))
        return self.mark + "".join(lines).encode(self.encoding)


def read(data: bytes) -> Sheet:
    """Return the table that a file holds (errors: SheetError)."""
    mark, encoding = _encoding(data)
    try:
        text = data[len(mark) :].decode(encoding)
    except UnicodeDecodeError:
        raise SheetError("its letters cannot be read: save it as CSV in UTF-8.") from None
    if not text.strip() or "\0" in text:
        raise SheetError("it is no CSV file. Export it from the platform as CSV, not as a spreadsheet.")
    first = next(line for line in text.splitlines() if line.strip())
    separator = max(SEPARATORS, key=first.count)
    cells, ends = _split(text, separator)
    rows = tuple(tuple(map(_plain, line)) for line in cells)
    if [list(row) for row in rows if row != ("",)] != [
        row for row in _by_library(text, separator) if row not in ([], [""])
    ]:
        raise SheetError("its quotes do not fit together: a cell is opened and not closed, or closed twice.")
    return Sheet(rows, cells, ends, separator, encoding, mark)


def _encoding(data: bytes) -> tuple[bytes, str]:
    for mark, encoding in MARKS.items():
        if data.startswith(mark):
            return mark, encoding
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return b"", "cp1252"  # what Excel writes on Windows
    return b"", "utf-8"


def _split(text: str, separator: str) -> tuple[tuple[tuple[str, ...], ...], tuple[str, ...]]:
    """Return the cells of each line as they stand, and the ends of the lines."""
    apart = re.escape(separator)
    cell = re.compile(rf'((?:"(?:[^"]|"")*")?[^{apart}\r\n]*)({apart}|\r\n|\n|\r|\Z)')
    lines, line, ends, at = [], [], [], 0
    while at < len(text) or line:
        found: Any = cell.match(text, at)  # it matches everywhere
        line.append(found[1])
        at = found.end()
        if found[2] != separator:
            lines.append(tuple(line))
            ends.append(found[2])
            line = []
    return tuple(lines), tuple(ends)


def _plain(cell: str) -> str:
    if not cell.startswith('"'):
        return cell
    end = cell.rindex('"')
    return cell[1:end].replace('""', '"') + cell[end + 1 :]


def _by_library(text: str, separator: str) -> list[list[str]]:
    """Return the rows as Python's own reader has them: what was split above must agree with it."""
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error as error:
        raise SheetError(f"it is no CSV file: {error}.") from None


def safe(value: str) -> str:
    """Return a value that no spreadsheet takes for a formula: one that begins like a formula gets a quote before it."""
    return f"'{value}" if value[:1] in ("=", "+", "-", "@", "\t", "\r", "\n") and value else value


def table(rows: Sequence[Sequence[str]]) -> bytes:
    """Return rows as a CSV file in UTF-8, with the mark by which Excel knows it; no cell is a formula."""
    stored = io.StringIO(newline="")
    csv.writer(stored).writerows([[safe(value) for value in row] for row in rows])
    return codecs.BOM_UTF8 + stored.getvalue().encode("utf-8", "backslashreplace")
