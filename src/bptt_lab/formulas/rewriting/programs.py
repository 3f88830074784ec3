"""Habits of programs: methods of NumPy and PyTorch, names and brackets of Mathematica and SymPy, dots of MATLAB.

Each rule yields its edits, which end what they are about.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from bptt_lab.formulas.elsewhere import OPERATORS
from bptt_lab.formulas.language import Language
from bptt_lab.formulas.rewriting.pieces import (
    NAME,
    WORDS,
    Edit,
    closed_at,
    inside,
    is_column,
    operand_after,
    operand_before,
    shape_of_text,
)

PREFIX = re.compile(
    r"(?<![\w.])(?:sympy|sp|jnp|F|nn\.functional|torch\.nn\.functional|scipy\.special|special)\.(?=\w+\()"
)
METHOD = re.compile(r"\.([a-z]\w*)\(([^()]*)\)")
CALLED = {"outer_product": "outer", "dot_product": "dot", "inner_product": "dot", "inner": "dot"}
NEW_AXIS = r"(?:None|np\.newaxis)"
DOTTED = {".*": "*", "./": "/", ".^": "**", ".'": ".T"}


def ends(text: str, language: Language) -> Iterator[Edit]:
    """A; is A, where nothing follows."""
    if match := re.search(r"\s*;\s*$", text):
        yield Edit(match.start(), match.end(), "", "No sign stands at the end of a formula.")


def names(text: str, language: Language) -> Iterator[Edit]:
    """Tanh(x), Tanh[x] and F.tanh(x) are tanh(x)."""
    for match in PREFIX.finditer(text):
        if match[0].split(".")[0] not in language.letters:
            yield Edit(match.start(), match.end(), "", "A function stands before its argument and alone.")
    for match in re.finditer(rf"({NAME})([(\[])", text):
        name, end = match[1], closed_at(text, match.start(2))
        small = CALLED.get(name, name.lower())
        is_word = bool(language.function(small)) or small in OPERATORS
        is_other = name != small or match[2] == "["
        if end > 0 and is_word and is_other and name not in language.letters and small not in language.letters:
            argument = text[match.end() : end - 1]
            what = f"A function has a small name here, and its argument stands in round brackets: {small}(…)."
            yield Edit(match.start(), end, f"{small}({argument})", what)


def methods(text: str, language: Language) -> Iterator[Edit]:
    """v.sum() is sum(v), h.pow(2) is h**2, and A.t() is A.T."""
    for match in re.finditer(r"\.mT\b", text):
        yield Edit(match.start(), match.end(), ".T", "A transpose is written .T.")
    for match in METHOD.finditer(text):
        start, name, argument = operand_before(text, match.start()), match[1], match[2].strip()
        before = text[start : match.start()]
        if start < 0 or before in WORDS and before not in language.letters:
            continue  # a function of a module
        if not argument and name == "t":
            yield Edit(match.start(), match.end(), ".T", "A transpose is written .T.")
        elif not argument and (function := language.function(name)) and language.use(function)[1].startswith(function):
            what = f"A function stands before its argument: {function}(…)."
            yield Edit(start, match.end(), f"{function}({inside(before)})", what)
        elif power := argument if name == "pow" else "2" * (name == "square" and not argument):
            yield Edit(match.start(), match.end(), f"**{power}", "A power is written **.")


def dotted(text: str, language: Language) -> Iterator[Edit]:
    """A.' * (u .* v) is A.T @ (u * v), as MATLAB writes it: there * is the product of matrices."""
    found = list(re.finditer(r"(?<=[\w)\]\s])(?<!\b\d)\.[*/^']", text))
    if not found:
        return
    new = re.sub(r"(?<=[\w)\]\s])(?<!\b\d)\.[*/^']", lambda match: DOTTED[match[0]], text)
    while (star := _star(new, language)) is not None:
        new = f"{new[: star.start()].rstrip()} @ {new[star.end() :].lstrip()}"
    what = "No dot stands before an operator: * / ** go entry by entry, a product of matrices is @."
    yield Edit(0, len(text), new, what, found[0].start())


def _star(text: str, language: Language) -> re.Match | None:
    """Return the first * whose sides have shapes for a product of matrices and for none entry by entry."""
    for match in re.finditer(r"(?<!\*)\*(?!\*)", text):
        left, right = text[: match.start()].rstrip(), text[match.end() :].lstrip()
        start, end = operand_before(left, len(left)), operand_after(right, 0)
        if start >= 0 and end >= 0:
            one, two = shape_of_text(left[start:], language), shape_of_text(right[:end], language)
            if one and two and one != two and one[1] == two[0] and 1 not in (max(one), max(two)):
                return match
    return None


def angles(text: str, language: Language) -> Iterator[Edit]:
    """<y, a> is dot(y, a), where both are columns."""
    for match in re.finditer(r"[<⟨]([^<>⟨⟩=]*),([^<>⟨⟩=,]*)[>⟩]", text):
        one, two = (shape_of_text(part.strip(), language) for part in match.groups())
        if is_column(one) and one == two:
            what = "A product of two columns is written dot(…, …)."
            yield Edit(match.start(), match.end(), f"dot({match[1].strip()}, {match[2].strip()})", what)


def new_axes(text: str, language: Language) -> Iterator[Edit]:
    """x[:, None] * y[None, :] is outer(x, y), where both are columns."""
    for match in re.finditer(rf"\[\s*:\s*,\s*{NEW_AXIS}\s*\]\s*\*\s*", text):
        start = operand_before(text, match.start())
        rest = re.match(rf"(.*?)\[\s*{NEW_AXIS}\s*,\s*:\s*\]", text[match.end() :])
        if start < 0 or not rest or operand_after(rest[1], 0) != len(rest[1]):
            continue
        left, right = text[start : match.start()], rest[1]
        if is_column(shape_of_text(left, language)) and is_column(shape_of_text(right, language)):
            what = "The outer product of two columns is written outer(…, …)."
            yield Edit(start, match.end() + rest.end(), f"outer({inside(left)}, {inside(right)})", what)


def series(text: str, language: Language) -> Iterator[Edit]:
    """np.dot(d, x) and d @ x are sum(d*x), where both are numbers with a time of their own."""
    for pattern in (
        rf"(?<![\w.])(?:np\.)?dot\(\s*({NAME})\s*,\s*({NAME})\s*\)",
        rf"({NAME})\s*@\s*({NAME})(?!\s*[\w(\[.])",
    ):
        for match in re.finditer(pattern, text):
            if all(_is_series(name, language) for name in match.groups()):
                what = "A sum names its index, its first and its last value."
                yield Edit(match.start(), match.end(), f"sum({match[1]}*{match[2]})", what)


def _is_series(name: str, language: Language) -> bool:
    """Return whether a letter is one number at each step."""
    if name not in language.letters or not language.is_timed(name):
        return False
    return math.prod(language.network.shapes[language.letters[name].name]) == 1
