"""Cut the text of a formula into tokens; what people paste is replaced by what the language has, and nothing else."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from bptt_lab.formulas.errors import FormulaError

LONGEST = 2_000
MOST_DIGITS = 15
PATTERN = re.compile(
    r"(?P<space>[ \t\r\n]+|#[^\r\n]*)"  # a remark too
    r"|(?P<number>(?:\d+(?:\.\d+|\.(?!T\b))?|\.\d+)(?:[eE][-+]?\d+\b)?)"
    r"|(?P<module>(?:np|numpy|math|torch)\.(?=[A-Za-z])(?!T\b))"
    r"|(?P<name>[A-Za-z][A-Za-z0-9_]*)"
    r"|(?P<mark>\*\*|\.T\b|<=|!=|==|[-+*·/@^()\[\],=<>:])"
)
# what is pasted from a page, and what it means here
PASTED = {
    "×": "·",
    "⊙": "*",
    "∘": "*",
    "⋅": "·",
    "∗": "*",
    "−": "-",
    "–": "-",
    "ᵀ": ".T",
    "⊤": ".T",
    "²": "**2",
    "³": "**3",
    "≤": "<=",
    "≠": "!=",
    "δ": "d",
    "∂": "d",
    "Δ": "D",
    "τ": "tau",
    "σ": "sigmoid",
    "Σ": "sum",
    "∑": "sum",
    "∏": "prod",
    "∇": "grad",
    "α": "alpha",
    "β": "beta",
    "γ": "gamma",
    "ε": "epsilon",
    "\u00a0": " ",
    "\u2009": " ",
} | {chr(0x2080 + digit): str(digit) for digit in range(10)}

LATEX = "Times and entries stand in brackets, as in h(t-1); functions have plain names, as in tanh(…)."
MENDS = {
    ".": (
        "A dot after a name is not part of the language, but for .T, a transpose.",
        "Functions stand before their argument and alone: tanh(…) without np, sum(…), dot(…, …).",
    ),
    "'": ("The character ' is not used.", "A transpose is written .T."),
    "√": ("The character √ is not used.", "Write sqrt(…), or ** 0.5."),
    "←": ("The character ← is not used.", "Write = instead."),
    "_": ("A name begins with a letter.", "Times stand in brackets, as in h(t-1)."),
    **dict.fromkeys("\\{}", ("LaTeX is not read here.", LATEX)),
    **dict.fromkeys(";", ("A line holds one formula.", "Put the second one in a line of its own.")),
}


class Token(NamedTuple):
    """A piece of the text: kind ('number', 'name', 'module', 'mark', 'end'), what it says, and its column from 0."""

    kind: str
    text: str
    column: int


def tokens(text: str) -> list[Token]:
    """Return the tokens of a text, an 'end' last (errors: FormulaError for a character the language does not have)."""
    if not isinstance(text, str):
        raise FormulaError(f"A formula is text, not {type(text).__name__}.", "Put it in quotes.")
    if len(text) > LONGEST:
        raise FormulaError(f"The formula has {len(text)} characters; at most {LONGEST} are read.", "Shorten it.")
    plain, columns = _plain(text)
    found, at = [], 0
    while at < len(plain):
        match = PATTERN.match(plain, at)
        if match is None:
            raise _stranger(text, columns[at])
        if match.lastgroup != "space":
            found.append(Token(match.lastgroup, match.group(), columns[at]))  # type: ignore[arg-type]  # each kind is a group
            _check_number(found[-1], text)
        at = match.end()
    return [*found, Token("end", "", len(text))]


def _plain(text: str) -> tuple[str, list[int]]:
    """Return the text with pasted characters replaced, and the column each character came from."""
    pieces = [PASTED.get(character, character) for character in text]
    columns = [column for column, piece in enumerate(pieces) for _ in piece]
    return "".join(pieces), columns


def _stranger(text: str, column: int) -> FormulaError:
    character = text[column]
    if character in MENDS:
        return FormulaError(*MENDS[character], text, column)
    if character.isascii() and character.isprintable():
        return FormulaError(
            f"The character {character} is not used in formulas.",
            "Use letters, digits and  + - * / ** @ ( ) [ ] , .T",
            text,
            column,
        )
    name = unicodedata.name(character, f"U+{ord(character):04X}")
    plain = "".join(c if c.isprintable() else " " for c in text)
    return FormulaError(
        f"The character {name} is not used in formulas.", "Type it with the plain letters of a keyboard.", plain, column
    )


def _check_number(token: Token, text: str) -> None:
    if token.kind == "number" and len(token.text) > MOST_DIGITS:
        raise FormulaError(
            f"A number may have at most {MOST_DIGITS} characters.", "Round it, or write a fraction.", text, token.column
        )
    if token.kind == "number" and re.search(r"[eE][-+]?\d{3}", token.text):
        raise FormulaError("This number is too large or too small.", "Rescale it.", text, token.column)
    if token.kind == "name" and len(token.text) > 30:
        raise FormulaError("A name may have at most 30 characters.", "", text, token.column)
