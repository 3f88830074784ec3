"""The one error of formulas: what is wrong, where, and how to mend it; and how an error is shown."""

from __future__ import annotations

from collections.abc import Iterable


class FormulaError(ValueError):
    """A formula that cannot be read or has no value; the message shows the text, a caret and the mend."""

    sign = ""  # the operator that is missing at the column, where shapes tell which
    piece: tuple[int, int, str] | None = None  # from where to where the text is to be replaced, and by what

    def __init__(self, what: str, mend: str = "", text: str = "", column: int = 0) -> None:
        self.what, self.mend, self.text, self.column = what, mend, text, column
        lines = [what]
        if text:
            shown, at = window(text, column + 1)
            lines += [f"    {shown}", f"    {' ' * (at - 1)}^"]
        if mend:
            lines.append(mend)
        super().__init__("\n".join(lines))

    def in_text(self, text: str) -> FormulaError:
        """Return the same error with the text it is about, so that the caret can be shown."""
        return self if self.text else type(self)(self.what, self.mend, text, self.column)


class ShapeError(FormulaError):
    """A formula that can be read, but whose shapes do not fit."""


def window(source: str, column: int, width: int = 72) -> tuple[str, int]:
    """Return the part of a long line around the caret, and the caret's column in it."""
    if len(source) <= width:
        return source, column
    start = max(0, min(column - width // 2, len(source) - width))
    return source[start : start + width], column - start


def nearest(word: str, known: Iterable[str], cutoff: float = 0.5) -> str:
    """Return ' Did you mean …?' for the known name closest to a word, or nothing."""
    import difflib  # only an error needs it

    match = difflib.get_close_matches(word, sorted(known), n=1, cutoff=cutoff)
    return f" Did you mean {match[0]!r}?" if match else ""
