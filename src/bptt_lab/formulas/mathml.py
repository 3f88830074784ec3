"""Formulas for pages: LaTeX as MathML, which browsers set without a script or a font to load."""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape

from latex2mathml.converter import convert

# what browsers do by themselves
NEEDLESS = (' xmlns="http://www.w3.org/1998/Math/MathML"', ' stretchy="false"', ' display="block"')
BRACKET = re.compile(r' stretchy="true" fence="true" form="(?:pre|post)fix">([()\[\]])<')
ROW_OF_ONE = re.compile(r"<mrow>(<(m[ino])>[^<]*</\2>)</mrow>")


@lru_cache(maxsize=8192)
def mathml(latex: str) -> str:
    """Return LaTeX as MathML for a line of text, fractions and sums at full size."""
    text = convert(latex, display="block")
    for attribute in NEEDLESS:
        text = text.replace(attribute, "")
    text = re.sub(r"&#x([0-9A-F]{3,});", lambda sign: chr(int(sign[1], 16)), text)
    text = ROW_OF_ONE.sub(r"\1", BRACKET.sub(r">\1<", text))
    return text.replace("<math>", '<math displaystyle="true">', 1)


def with_formulas(text: str) -> str:
    """Return words, in which formulas stand between $ signs, as HTML."""
    return "".join(mathml(part) if n % 2 else escape(part) for n, part in enumerate(text.split("$")))
