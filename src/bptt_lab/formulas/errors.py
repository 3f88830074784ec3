"""The one error of formulas: what is wrong, where, and how to mend it."""

from __future__ import annotations

from bptt_lab.network.errors import window


class FormulaError(ValueError):
    """A formula that cannot be read or has no value; the message shows the text, a caret and the mend."""

    def __init__(self, what: str, mend: str = "", text: str = "", column: int = 0):
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
