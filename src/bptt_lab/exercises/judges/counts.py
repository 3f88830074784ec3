"""Binomial coefficients, factorials, fractions and powers in the text of a number, as plain arithmetic."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator

from bptt_lab.formulas.scripts import RAISED

LARGEST, MOST, CHUNK = 100, 20, 12  # what is counted with, how often, and digits of a number that is read
SIGNS = str.maketrans({"−": "-", "–": "-", "×": "*", "·": "*", "⋅": "*", "÷": "/", "⁄": "/", "^": "**"})
SMALL_SIGNS = "".join(RAISED)
LATEX = {r"\cdot": "*", r"\times": "*", r"\left": "", r"\right": "", r"\,": "", r"\!": ""}
FRACTION = re.compile(r"\\[dt]?frac\s*(?:\{([^{}]*)\}\s*\{([^{}]*)\}|(\d)(\d))")
PART = r"([\d+\- ]{1,20})"
MODULE = r"(?<![\w.])(?:(?:math|np|numpy|sp|sympy|scipy|special)\.)*"
BINOMIALS = (
    re.compile(rf"{MODULE}(?:C|nCr|ncr|binom|binomial|comb|choose)\s*\({PART},{PART}\)"),
    re.compile(rf"\\[dt]?binom\s*\{{{PART}\}}\s*\{{{PART}\}}"),
    re.compile(rf"\{{{PART}\\choose{PART}\}}"),
    re.compile(r"(?<![\w.])(\d{1,3})\s*(?:nCr|C|choose)\s*(\d{1,3})(?![\w.])"),
)
FACTORIALS = (
    re.compile(rf"{MODULE}factorial\s*\({PART}\)"),
    re.compile(r"(?<![\w.])(\d{1,3})\s*!(?![!=])"),
    re.compile(rf"(?<!\w)\({PART}\)\s*!(?![!=])"),
)


def plain_signs(text: str) -> str:
    """Return a number's text with the signs of plain arithmetic: 2³ is 2**3, ½ is (1/2)."""
    for sign, plain in LATEX.items():
        text = text.replace(sign, plain)
    text = re.sub(f"(?<=[0-9)])[{SMALL_SIGNS}]+", lambda run: f"**({''.join(RAISED[one] for one in run[0])})", text)
    text = "".join(_fraction(sign) for sign in text)
    text = FRACTION.sub(lambda found: f"(({found[1] or found[3]})/({found[2] or found[4]}))", text)
    return re.sub(r"\^\{([^{}]*)\}", r"**(\1)", text).translate(SIGNS)


def _fraction(sign: str) -> str:
    """Return one character that is a fraction, such as ½, as a quotient in brackets; any other as it is."""
    plain = unicodedata.normalize("NFKC", sign) if unicodedata.category(sign) == "No" else ""
    return f"({plain})" if "⁄" in plain else sign


def with_counts(text: str) -> str:
    """Return a text with binomial coefficients and factorials, C(5, 2) and 5!, as the whole numbers that they are.

    Brackets side by side, as are left of 3!2!, are multiplied.
    """
    for _ in range(MOST):
        found = next(_counts(text), None)
        if found is None:
            return re.sub(r"\)\s*(?=\()", ")*", text)
        (start, end), value = found
        text = f"{text[:start]}({_digits(value)}){text[end:]}"
    return text


def _counts(text: str) -> Iterator[tuple[tuple[int, int], int]]:
    """Yield where a binomial coefficient or a factorial of whole numbers stands, and its value."""
    for pattern in BINOMIALS:
        for match in pattern.finditer(text):
            n, k = _whole(match[1]), _whole(match[2])
            if 0 <= k <= n <= LARGEST:
                yield match.span(), math.comb(n, k)
    for pattern in FACTORIALS:
        for match in pattern.finditer(text):
            if 0 <= (n := _whole(match[1])) <= LARGEST:
                yield match.span(), math.factorial(n)


def _whole(text: str) -> int:
    """Return the value of a sum of whole numbers; -1 where a text is none."""
    plain = text.replace(" ", "")
    return sum(map(int, re.findall(r"[-+]?\d+", plain))) if re.fullmatch(r"-?\d{1,4}([-+]\d{1,4})*", plain) else -1


def _digits(value: int) -> str:
    """Return a whole number in pieces that are short enough to be read."""
    high, low = divmod(value, 10**CHUNK)
    return f"({_digits(high)})*10**{CHUNK}+{low}" if high else str(low)
