"""Habits in how letters are written: their indices, times and labels, and derivatives by them.

Each rule yields its edits, which end what they are about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bptt_lab.formulas.language import Language
from bptt_lab.formulas.rewriting.pieces import NAME, Edit, indices_of, is_known, operand_before
from bptt_lab.formulas.scripts import RUN, has_scripts, spelled

PLACE = r"(?:\([^()]*\))?(?:\[[^\[\]]*\])?"
FRACTION = re.compile(rf"(?<![\w\\])[d∂]([A-Za-z]\w*)({PLACE})\s*/\s*[d∂]([A-Za-z]\w*)({PLACE})")
WITH_PLUS = re.compile(
    rf"(?:\\partial|∂)\s*(?:\^(?:\+|\{{\+\}})|⁺)\s*([A-Za-z]\w*)({PLACE})\s*/\s*(?:\\partial|∂)\s*([A-Za-z]\w*)({PLACE})"
)
SUBSCRIPT = re.compile(
    r"(?<![\w\\}])([A-Za-z][A-Za-z0-9_]*?)_(?:\{([^{}=]*)\}|([0-9]+|[A-Za-z]))(?![\w{])(\([^()]*\))?(?=([\[(^])?)"
)
NUMBER = r"(?:\{(\d+)\}|(\d+)(?![\d.]))"
NUMBERED = "A number that is part of a name stands right behind the letter."
TIMELESS = "For all steps there is one"


def scripts(text: str, language: Language) -> Iterator[Edit]:
    """W⁰ is W0, where there is no W; beside other small characters than powers, all are scripts: xₜ is x_{t}."""
    what = "Small raised and lowered characters are written in the line."
    for match in RUN.finditer(text):
        mark, inner = spelled(match[0])
        name = re.search(NAME + "$", text[: match.start()])
        number = _number_of(name[0], inner, language) if name else ""
        if number:
            power = f"**{inner[len(number) :]}" if number != inner else ""
            is_glued = text[match.end() : match.end() + 1].isalpha()
            yield Edit(match.start(), match.end(), f"{number}{power}{' ' * is_glued}", what)
        elif has_scripts(text):
            yield Edit(match.start(), match.end(), f"{mark}{{{inner}}}", what)


def _number_of(base: str, digits: str, language: Language) -> str:
    """Return how much of the small digits at a letter is the number of its layer: in h¹², where h1 is known, the 1."""
    if base in language.letters or not digits.isdigit():
        return ""
    known = [digits[:cut] for cut in range(len(digits), 0, -1) if base + digits[:cut] in language.letters]
    return next((number for number in known if digits[len(number) :] in ("", "2", "3")), "")


def fractions(text: str, language: Language) -> Iterator[Edit]:
    """dL/dh2 is D(L, h2), total; of a quantity by its function's argument, or with a plus, d(…, …), immediate."""
    for match in FRACTION.finditer(text):
        if edit := fraction(match, language):
            yield edit
    for match in WITH_PLUS.finditer(text):
        below, one, above, other = match.groups()
        if all(name in language.letters and language.letters[name].kind == "value" for name in (below, above)):
            what = "An immediate derivative is written d(…, …): what is differentiated, and by what."
            yield Edit(match.start(), match.end(), f"d({below}{one}, {above}{other})", what)


def fraction(match: re.Match, language: Language) -> Edit | None:
    below, one, above, other = match.groups()
    names = below, above
    if any(name not in language.letters or language.letters[name].kind != "value" for name in names):
        return None
    if any(f"d{name}" in language.letters for name in names):
        return None
    is_all = applied(language, below)[1:] == (above,) and one == other
    word = "d" if is_all and below != language.network.loss else "D"
    loss = language.network.loss
    what = f"A derivative is written {word}(…, …): what is differentiated, and by what."
    if below == loss:
        what = f"A derivative of the loss is written D({loss}, …), total, or d({loss}, …), immediate."
    return Edit(match.start(), match.end(), f"{word}({below}{one}, {above}{other})", what)


def applied(language: Language, name: str) -> tuple[str, ...]:
    """Return the function and its argument of a quantity that is one function of one other at its own step."""
    equation = getattr(language.network, "written", {}).get(name)
    match = re.fullmatch(r"[^=]*=\s*(\w+)\((\w+)(?:\[t\])?\)\s*", getattr(equation, "source", ""))
    return (match[1], match[2]) if match else ()


def deltas(text: str, language: Language) -> Iterator[Edit]:
    """delta(k,i) is same(k, i); delta(t) is the one delta that there is."""
    if "delta" in language.letters:
        return
    for match in re.finditer(r"(?<![\w\\])(?:delta|δ)\(\s*(\w+)\s*,\s*(\w+)\s*\)", text):
        what = "A delta of two indices, one where they are the same, is written same(…, …)."
        yield Edit(match.start(), match.end(), f"same({match[1]}, {match[2]})", what)
    for match in re.finditer(r"(?<![\w\\])(?:\\?delta|δ)(?:[_^]?(?:\{(\d+)\}|(\d+)))?(?=[(\[])", text):
        known = language.deltas(match[1] or match[2] or "")
        if len(known) == 1:
            yield Edit(match.start(), match.end(), known[0], f"The delta is written {known[0]} here.")


def subscripts(text: str, language: Language) -> Iterator[Edit]:
    """x_T is x(T); p_2(3) is p(3)[2]; W_{2,4} is W[2,4]."""
    for match in SUBSCRIPT.finditer(text):
        base, braced, bare, time, next_mark = match.groups()
        index = (braced or bare or "").strip()
        if base not in language.letters or f"{base}_{index}" in language.letters or not index:
            continue
        edit = _placed(base, index, time, next_mark, language)
        if (
            edit
            and (later := re.match(r"[+-]\d(?![\d.])", text[match.end() :]))
            and language.is_timed(base)
            and not time
        ):
            # x_t+1*W is x(t+1)*W, but x_t+1 alone may be x(t) + 1
            if re.match(r"\s*[*@]", text[match.end() + later.end() :]) and index in ("t", "T"):
                yield Edit(match.start(), match.end() + later.end(), f"{base}({index}{later[0]})", edit[1])
        elif edit:
            yield Edit(match.start(), match.end(), *edit)


def _placed(
    base: str, index: str, time: str | None, next_mark: str | None, language: Language
) -> tuple[str, str] | None:
    """Return a letter with a subscript as it is written here, and what to say; None where it may be two things."""
    rank, parts = indices_of(language, base), index.split(",")
    if rank == 2 and re.fullmatch(r"\d\d|[a-z]{2}", index):
        parts = list(index)
    entry = f"[{','.join(part.strip() for part in parts)}]"
    if language.is_timed(base):
        if time and len(parts) == rank and next_mark is None:
            return f"{base}{time}{entry}", "The time stands in round brackets, and then the entry in square ones."
        is_time = rank == 0 or re.search(r"(?<!\w)[tT](?!\w)", index)
        if time or next_mark in ("(", "^") or len(parts) > 1 or not is_time:
            return None
        return f"{base}({index})", f"Times stand in brackets: {base}({index})"
    return (
        None if time or len(parts) != rank or next_mark else (f"{base}{entry}", "An entry stands in square brackets.")
    )


def entries(text: str, language: Language) -> Iterator[Edit]:
    """p(3)_2 is p(3)[2]."""
    for match in re.finditer(r"(?<=\))_(?:\{([\w,+\- ]+)\}|(\w)(?!\w))", text):
        start = operand_before(text, match.start())
        name = re.match(NAME, text[start:])[0] if start >= 0 and re.match(NAME, text[start:]) else ""  # type: ignore[index]
        if name in language.letters and language.is_timed(name) and indices_of(language, name):
            yield Edit(match.start(), match.end(), f"[{match[1] or match[2]}]", "An entry stands in square brackets.")


def numbered(text: str, language: Language) -> Iterator[Edit]:
    """h^3 and h_3 are h3, where there is no h; W^11_r is W11_r; x4 is x(4), where x is a number and there is no x4."""
    for match in re.finditer(rf"(?<![\w\\])([A-Za-z]+|d_[A-Za-z]+)[_^]{NUMBER}", text):
        base, number = match[1], match[2] or match[3]
        if base not in language.letters and base + number in language.letters:
            yield Edit(match.start(), match.end(), base + number, NUMBERED)
    for match in re.finditer(rf"(?<![\w\\])([A-Za-z]+)(?:\^{NUMBER}_(\w+)|_([A-Za-z]+)\^{NUMBER})", text):
        base, *numbers, label, first, third, fourth = match.groups()
        name = f"{base}{next(filter(None, (*numbers, third, fourth)))}_{label or first}"
        if name in language.letters and match[0] not in language.letters:
            yield Edit(match.start(), match.end(), name, "The number of a layer and the label are part of the name.")
    for match in re.finditer(r"(?<![\w\\])([A-Za-z_]+)(\d+)(?![\w(\[{^_])", text):
        base, number = match.groups()
        if not is_known(match[0], language) and base in language.letters:
            if language.is_timed(base) and indices_of(language, base) == 0 and not language.letters.get(base + "0"):
                yield Edit(
                    match.start(), match.end(), f"{base}({number})", f"Times stand in brackets: {base}({number})"
                )


def labelled(text: str, language: Language) -> Iterator[Edit]:
    """Wn and d_a_n are W11_n and d_a1_n, where there is one such letter."""
    for match in re.finditer(r"(?<![\w\\.])([A-Za-z]+|d_[A-Za-z]+)_?([a-z])(?!\w)", text):
        base, label = match.groups()
        found = [name for name in language.offered or language.letters if re.fullmatch(rf"{base}\d+_{label}", name)]
        if len(found) == 1 and not is_known(match[0], language):
            yield Edit(match.start(), match.end(), found[0], NUMBERED)


def glued(text: str, language: Language) -> Iterator[Edit]:
    """Uvx is u*v*x, where every letter is known and is one number."""
    numbers = {name for name in language.letters if not language.is_timed(name) and not indices_of(language, name)}
    for match in re.finditer(NAME, text):
        if is_known(match[0], language) or "\\" in text or re.match(r"\s*[(_]", text[match.end() :]):
            continue
        found = _cuts(match[0], numbers)
        if len(found) == 1 and len(found[0]) > 1:
            product = "*".join(found[0])
            is_below = re.search(r"/\s*$", text[: match.start()])
            what = "A * is missing between letters."
            yield Edit(match.start(), match.end(), f"({product})" if is_below else product, what)


def _cuts(name: str, known: set[str]) -> list[list[str]]:
    """Return the ways in which a name is made of known ones, at most a few."""
    if len(name) > 12:
        return []
    if not name:
        return [[]]
    return [
        [name[:cut], *rest]
        for cut in range(1, len(name) + 1)
        if name[:cut] in known
        for rest in _cuts(name[cut:], known)
    ]


def times(text: str, language: Language) -> Iterator[Edit]:
    """h(tau) is h(t), where the question is about a general t and tau is no index of a sum."""
    if "t" not in language.asked or re.search(r"(?<!\w)t(?!\w)", text) or re.search(r"(sum|prod)\W+(tau|τ)", text):
        return
    found = list(re.finditer(r"(?<=[(\[])\s*(tau|τ)(?=\s*[-+\d\s]*[)\]])", text))
    if found and not is_known("tau", language):
        start, end = found[0].start(1), found[-1].end(1)
        yield Edit(start, end, re.sub(r"(?<!\w)(tau|τ)(?!\w)", "t", text[start:end]), "The time of the question is t.")


def timeless(text: str, language: Language) -> Iterator[Edit]:
    """d_a2(4) is d_a2, where there is one output for the whole sequence."""
    for match in re.finditer(r"(?<![\w\\.])([A-Za-z]\w*)\(\s*(?:T|t|t\s*[-+]\s*\d|\d+)\s*\)", text):
        name = match[1]
        is_delta = name in language.letters and language.letters[name].kind != "value"
        if (
            name in language.letters
            and not language.is_timed(name)
            and (is_delta or "t" in match[0].lower()[len(name) :])
        ):
            yield Edit(match.start(), match.end(), name, f"{TIMELESS} {name}: it has no time.")
