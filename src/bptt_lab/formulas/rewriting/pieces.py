"""Pieces of a text that is no formula yet: brackets, operands, and what they are in a language."""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from bptt_lab.formulas.errors import FormulaError
from bptt_lab.formulas.language import DERIVATIVES, Language
from bptt_lab.formulas.shapes import shape_of

OPENING, CLOSING = "([{", ")]}"
NAME = r"(?<![\w\\])[A-Za-z][A-Za-z0-9_]*"
WORDS = {"for", "in", "range", "unless", "T", "np", "numpy", "math", "torch", "dot", "delta"}


class Edit(NamedTuple):
    """A piece of a text, what it becomes, what is to be said of it, and how far in it the mark stands."""

    start: int
    end: int
    text: str
    what: str
    inside: int = 0


def closed_at(text: str, start: int) -> int:
    """Return where the bracket that opens at a place has been closed, or -1."""
    depth = 0
    for at in range(start, len(text)):
        depth += (text[at] in OPENING) - (text[at] in CLOSING)
        if depth == 0:
            return at + 1
    return -1


def opened_at(text: str, end: int) -> int:
    """Return where the bracket opens that is closed just before a place, or -1."""
    depth = 0
    for at in range(end - 1, -1, -1):
        depth += (text[at] in CLOSING) - (text[at] in OPENING)
        if depth == 0:
            return at
    return -1


def operand_after(text: str, start: int) -> int:
    """Return where the operand ends that begins at a place, with its brackets and transposes; -1 where none does."""
    match = re.compile(r"[A-Za-z]\w*|\d+(?:\.\d+)?").match(text, start)
    at = match.end() if match else closed_at(text, start) if text[start : start + 1] == "(" else -1
    while 0 < at < len(text):
        if text.startswith(".T", at):
            at += 2
        elif text[at] in "([" and not (match and match[0][0].isdigit()):
            at = closed_at(text, at)
        else:
            break
    return at


def operand_before(text: str, end: int) -> int:
    """Return where the operand begins that ends at a place; -1 where none does."""
    at = end
    while at > 0:
        if text.endswith(".T", 0, at):
            at -= 2
        elif text[at - 1] in ")]":
            opening = opened_at(text, at)
            if opening < 0:
                return -1
            at = opening
            if text[at] == "(" and not re.search(r"[\w\])T]$", text[:at]):
                return at
        else:
            match = re.search(r"(?<![\w\\])[A-Za-z]\w*$|(?<![\w.])\d+$", text[:at])
            return match.start() if match else at if at < end and text[at] == "(" else -1
    return at if at < end else -1


def put_in(text: str, start: int, end: int, new: str) -> str:
    """Return a text with a piece replaced, in brackets where an operator beside it would cut what stands for it."""
    top = re.sub(r"\*\*", "^", new)
    signs = {sign for at, sign in enumerate(top) if sign in "+-*/@^" and depth_of(top[:at]) == 0}
    before, after = text[:start].rstrip()[-1:], text[end:].lstrip()
    is_sum, is_last = bool(signs & set("+-")), not re.match(r"[*/@.\[^]", after)
    is_cut = before in tuple("*/@^") or is_sum and before in tuple("+-") or not is_last
    return text[:start] + (f"({new})" if signs and is_cut else new) + text[end:]


def inside(text: str) -> str:
    """Return an operand without the brackets around all of it."""
    return text[1:-1] if text.startswith("(") and closed_at(text, 0) == len(text) else text


def shape_of_text(text: str, language: Language) -> tuple[int, ...] | None:
    from bptt_lab.formulas.reader import read

    try:
        return shape_of(read(text, language), language.network.shapes)
    except FormulaError:
        return None


def is_column(shape: tuple[int, ...] | None) -> bool:
    return bool(shape) and shape[0] > 1 and shape[1] == 1  # type: ignore[index]


def indices_of(language: Language, name: str) -> int:
    """Return how many indices an entry of a letter is told by; none where it has one entry only."""
    shape = language.network.shapes[language.letters[name].name]
    return len(shape) if math.prod(shape) > 1 else 0


def is_known(name: str, language: Language) -> bool:
    words = name in DERIVATIVES or name in WORDS or name in language.variables
    return name in language.letters or words or bool(language.function(name))


def arguments_of(text: str) -> list[str]:
    """Return what the commas of a text that stand in no bracket part."""
    commas = [at for at, sign in enumerate(text) if sign == "," and depth_of(text[:at]) == 0]
    return [text[one + 1 : other].strip() for one, other in zip([-1, *commas], [*commas, len(text)], strict=True)]


def depth_of(text: str) -> int:
    return sum((sign in OPENING) - (sign in CLOSING) for sign in text)
