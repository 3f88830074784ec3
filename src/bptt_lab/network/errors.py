"""The one error of this package: what it is, what was expected, how to mend it, and where."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Position(NamedTuple):
    """Where something stands in the text of a network: line number and column, both from 1, and the line."""

    line: int
    column: int
    source: str


class NetworkError(ValueError):
    """A network, or a value given to it, that cannot be used; the message shows line, caret and mend."""

    def __init__(self, what: str, mend: str = "", position: Position | None = None):
        self.what, self.mend, self.position = what, mend, position
        super().__init__(_message(what, mend, position))


def _message(what: str, mend: str, position: Position | None) -> str:
    parts = []
    if position is not None:
        source, column = window(position.source, position.column)
        parts.append(f"line {position.line}: {what}\n    {source}\n    {' ' * (column - 1)}^")
    else:
        parts.append(what)
    if mend:
        parts.append(mend if position is None else f"  {mend}")
    return "\n".join(parts)


def window(source: str, column: int, width: int = 72) -> tuple[str, int]:
    """Return the part of a long line around the caret, and the caret's column in it."""
    if len(source) <= width:
        return source, column
    start = max(0, min(column - width // 2, len(source) - width))
    return source[start : start + width], column - start


def nearest(word: str, known: Iterable[str]) -> str:
    """Return ' Did you mean …?' for the known name closest to a word, or nothing."""
    import difflib  # only an error needs it

    match = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.5)
    return f" Did you mean {match[0]!r}?" if match else ""
