"""The one error of this package: what it is, what was expected, how to mend it, and where."""

from __future__ import annotations

from typing import NamedTuple

from bptt_lab.formulas.errors import window


class Position(NamedTuple):
    """Where something stands in the text of a network: line number and column, both from 1, and the line."""

    line: int
    column: int
    source: str


class NetworkError(ValueError):
    """A network, or a value given to it, that cannot be used; the message shows line, caret and mend."""

    def __init__(self, what: str, mend: str = "", position: Position | None = None) -> None:
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
