"""A formula in other notation, rewritten in the language: only where the rewrite can be read and means the same."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from bptt_lab.formulas.errors import FormulaError
from bptt_lab.formulas.language import DERIVATIVES, Language
from bptt_lab.formulas.shapes import shape_of
from bptt_lab.formulas.tree import Letter, Tree, walk

LONGEST, MOST = 500, 40  # characters of a text that is rewritten, and changes made in it
OPENING, CLOSING = "([{", ")]}"
NAME = r"(?<![\w\\])[A-Za-z][A-Za-z0-9_]*"
PLACE = r"(?:\([^()]*\))?(?:\[[^\[\]]*\])?"
FRACTION = re.compile(rf"(?<![\w\\])d([A-Za-z]\w*)({PLACE})\s*/\s*d([A-Za-z]\w*)({PLACE})")
SUBSCRIPT = re.compile(
    r"(?<![\w\\}])([A-Za-z][A-Za-z0-9_]*?)_(?:\{([^{}=]*)\}|([0-9]+|[A-Za-z]))(?![\w{])(\([^()]*\))?(?=([\[(^])?)"
)
SUM = re.compile(
    r"(?<![A-Za-z0-9_])(\\?)(sum|prod|Σ|∑|∏)_(?:\{\s*(\w+)\s*(?:=\s*([^{}]+))?\}|(\w)(?!\w))(?:\^(?:\{([^{}]+)\}|(\w)))?"
)
ALONE, TIMELESS = "A function stands alone", "For all steps there is one"
SIGNS = {"Σ": "sum", "∑": "sum", "∏": "prod"}
SLOPES = {"tanh": "1 - {0}**2", "sigmoid": "{0}*(1 - {0})"}
WORDS = {"for", "in", "range", "unless", "T", "np", "numpy", "math", "torch", "dot", "delta"}


class Edit(NamedTuple):
    """A piece of a text, what it becomes, what is to be said of it, and how far in it the mark stands."""

    start: int
    end: int
    text: str
    what: str
    inside: int = 0


Rule = Callable[[str, Language], Iterator[Edit]]


def rewritten(
    text: str, language: Language, error: FormulaError, attempt: Callable[[str], Tree]
) -> FormulaError | None:
    """Return the error of a text in other notation with the whole text rewritten, or with the piece that was refused.

    `error` is why the text was refused; `attempt` reads a text, and its errors say at which operator is missing.
    """
    if len(text) > LONGEST or "#" in text:
        return None
    first = next(_edits(text, language), None)
    changed: Any
    changed, count = _changed(text, language)
    changed, more = _with_operators(changed, attempt)
    is_whole = first is not None and first.what.startswith((ALONE, TIMELESS))  # the piece alone would lose the rest
    is_exact = error.mend.startswith("Write  ") and not is_whole and not re.search(r"…|  or  |\(t\)", error.mend)
    if changed is not None and count + more > int(is_exact):
        what, column = (first.what, first.start + first.inside) if first else (error.what, error.column)
        return FormulaError(what, f"Write  {changed.strip()}", text, column)
    here = next((edit for edit in _edits(text, language) if edit.start <= error.column < edit.end), None)
    if changed is None and here and not is_exact:
        return FormulaError(here.what, f"Write  {here.text}", text, here.start + here.inside)
    return None


def left_side(text: str, language: Language) -> str:
    """Return the left side of an answer with a derivative written as a fraction, dL/dx, as D(L, x)."""
    match = FRACTION.fullmatch(text.strip())
    edit = match and _fraction(match, language)
    return edit.text if edit else text


def _changed(text: str, language: Language) -> tuple[str, int]:
    """Return a text with one rule after another applied, and how often."""
    for count in range(MOST):
        edit = next(_edits(text, language), None)
        if edit is None:
            return text, count
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text, 0


def _with_operators(text: str, attempt: Callable[[str], Tree]) -> tuple[str | None, int]:
    """Return a text with the operators put in that shapes tell, and how many; None where it cannot be read."""
    for count in range(MOST):
        try:
            attempt(text)
            return text, count
        except FormulaError as error:
            if not error.sign:
                return None, count
            before, after = text[: error.column].rstrip(), text[error.column :]
            text = before + error.sign + after
    return None, 0


def _edits(text: str, language: Language) -> Iterator[Edit]:
    for rule in RULES:
        yield from rule(text, language)


# operands in a text


def _closing(text: str, start: int) -> int:
    """Return where the bracket that opens at a place has been closed, or -1."""
    depth = 0
    for at in range(start, len(text)):
        depth += (text[at] in OPENING) - (text[at] in CLOSING)
        if depth == 0:
            return at + 1
    return -1


def _opening(text: str, end: int) -> int:
    """Return where the bracket opens that is closed just before a place, or -1."""
    depth = 0
    for at in range(end - 1, -1, -1):
        depth += (text[at] in CLOSING) - (text[at] in OPENING)
        if depth == 0:
            return at
    return -1


def _after(text: str, start: int) -> int:
    """Return where the operand ends that begins at a place, with its brackets and transposes; -1 where none does."""
    match = re.compile(r"[A-Za-z]\w*|\d+(?:\.\d+)?").match(text, start)
    at = match.end() if match else _closing(text, start) if text[start : start + 1] == "(" else -1
    while 0 < at < len(text):
        if text.startswith(".T", at):
            at += 2
        elif text[at] in "([" and not (match and match[0][0].isdigit()):
            at = _closing(text, at)
        else:
            break
    return at


def _before(text: str, end: int) -> int:
    """Return where the operand begins that ends at a place; -1 where none does."""
    at = end
    while at > 0:
        if text.endswith(".T", 0, at):
            at -= 2
        elif text[at - 1] in ")]":
            opening = _opening(text, at)
            if opening < 0:
                return -1
            at = opening
            if text[at] == "(" and not re.search(r"[\w\])T]$", text[:at]):
                return at
        else:
            match = re.search(r"(?<![\w\\])[A-Za-z]\w*$|(?<![\w.])\d+$", text[:at])
            return match.start() if match else at if at < end and text[at] == "(" else -1
    return at if at < end else -1


def _inner(text: str) -> str:
    """Return an operand without the brackets around all of it."""
    return text[1:-1] if text.startswith("(") and _closing(text, 0) == len(text) else text


def _shape(text: str, language: Language) -> tuple[int, ...] | None:
    from bptt_lab.formulas.reader import read

    try:
        return shape_of(read(text, language), language.network.shapes)
    except FormulaError:
        return None


def _is_column(shape: tuple[int, ...] | None) -> bool:
    return bool(shape) and shape[0] > 1 and shape[1] == 1  # type: ignore[index]


def _rank(language: Language, name: str) -> int:
    """Return how many indices an entry of a letter is told by; none where it has one entry only."""
    shape = language.network.shapes[language.letters[name].name]
    return len(shape) if math.prod(shape) > 1 else 0


def _is_known(name: str, language: Language) -> bool:
    words = name in DERIVATIVES or name in WORDS or name in language.variables
    return name in language.letters or words or bool(language.function(name))


# rules: each yields its edits, which end what they are about


def _fractions(text: str, language: Language) -> Iterator[Edit]:
    """dL/dh2 is D(L, h2), total; of a quantity by the argument of its function, the immediate derivative is all."""
    for match in FRACTION.finditer(text):
        if edit := _fraction(match, language):
            yield edit


def _fraction(match: re.Match, language: Language) -> Edit | None:
    below, one, above, other = match.groups()
    names = below, above
    if any(name not in language.letters or language.letters[name].kind != "value" for name in names):
        return None
    if any(f"d{name}" in language.letters for name in names):
        return None
    is_all = _applied(language, below)[1:] == (above,) and one == other
    word = "d" if is_all and below != language.network.loss else "D"
    loss = language.network.loss
    what = f"A derivative is written {word}(…, …): what is differentiated, and by what."
    if below == loss:
        what = f"A derivative of the loss is written D({loss}, …), total, or d({loss}, …), immediate."
    return Edit(match.start(), match.end(), f"{word}({below}{one}, {above}{other})", what)


def _applied(language: Language, name: str) -> tuple[str, ...]:
    """Return the function and its argument of a quantity that is one function of one other at its own step."""
    equation = getattr(language.network, "written", {}).get(name)
    match = re.fullmatch(r"[^=]*=\s*(\w+)\((\w+)(?:\[t\])?\)\s*", getattr(equation, "source", ""))
    return (match[1], match[2]) if match else ()


def _deltas(text: str, language: Language) -> Iterator[Edit]:
    """delta(k,i) is same(k, i); delta(t) is the one delta that there is."""
    if "delta" in language.letters:
        return
    for match in re.finditer(r"(?<![\w\\])(?:delta|δ)\(\s*(\w+)\s*,\s*(\w+)\s*\)", text):
        what = "A delta of two indices, one where they are the same, is written same(…, …)."
        yield Edit(match.start(), match.end(), f"same({match[1]}, {match[2]})", what)
    for match in re.finditer(r"(?<![\w\\])(?:\\?delta|δ)(?:_?\{?(\d+)\}?)?(?=[(\[])", text):
        known = language.deltas(match[1] or "")
        if len(known) == 1:
            yield Edit(match.start(), match.end(), known[0], f"The delta is written {known[0]} here.")


def _sums(text: str, language: Language) -> Iterator[Edit]:
    """sum_{t=1}^{4} A is sum(t, 1, 4, A): its body is the product that follows, as in LaTeX."""
    for match in SUM.finditer(text):
        is_latex, word, braced, low, bare, braced_high, bare_high = match.groups()
        index, high = braced or bare, braced_high or bare_high
        end = _end_of_product(text, match.end())
        body = text[match.end() : end].strip()
        if not body or is_latex and low and high or index in language.letters:
            continue
        if not (low and high):
            found = _range(index, body, language)
            if low or high or found is None:
                continue
            low, high = found
        if re.search(rf"(?<!\w){index}(?!\w)", text[end:]) and text[end : end + 1] in tuple("+-"):
            continue  # which terms it covers is for the student to say
        what, word = "A sum names its index, its first and its last value.", SIGNS.get(word, word)
        if is_latex:
            yield Edit(match.start(), match.end(), rf"\{word}_{{{index}={low}}}^{{{high}}}", what)
        else:
            yield Edit(match.start(), end, f"{word}({index}, {low}, {high}, {body})", what)


def _sums_over_time(text: str, language: Language) -> Iterator[Edit]:
    """np.sum(d1(t)*h1(t-1)) is sum(t, 1, T, d1(t)*h1(t-1)), where the question is not about a general t."""
    if "t" in language.asked or "t" not in language.variables:
        return
    for match in re.finditer(r"(?<![\w.\\])(?:np\.)?sum(?=\()", text):
        end = _closing(text, match.end())
        inner = text[match.end() + 1 : end - 1]
        if (
            end > 0
            and len(_arguments_of(inner)) == 1
            and " for " not in inner
            and _range("t", inner, language) == ("1", "T")
        ):
            what = "A sum names its index, its first and its last value."
            yield Edit(match.start(), end, f"sum(t, 1, T, {inner})", what)


def _bounds(text: str, language: Language) -> Iterator[Edit]:
    """sum(k, A) is sum(k, 1, 3, A), and sum(t=1..T, A) is sum(t, 1, T, A)."""
    for match in re.finditer(r"(?<![\w.\\])(?:np\.)?(sum|prod)(?=\()", text):
        end = _closing(text, match.end())
        parts = _arguments_of(text[match.end() + 1 : end - 1]) if end > 0 else []
        ends = re.fullmatch(r"(\w+)\s*(?:=\s*(\w+)\s*\.\.+\s*(\w+))?", parts[0]) if len(parts) == 2 else None
        if not ends or ends[1] in language.letters or language.function(match[1]) is None:
            continue
        found = (ends[2], ends[3]) if ends[2] else _range(ends[1], parts[1], language)
        if found:
            what = "A sum names its index, its first and its last value."
            yield Edit(match.start(), end, f"{match[1]}({ends[1]}, {found[0]}, {found[1]}, {parts[1]})", what)


def _powers_of_functions(text: str, language: Language) -> Iterator[Edit]:
    """tanh^2(x) is tanh(x)**2."""
    for match in re.finditer(r"(?<![\w\\.])([A-Za-z]+)\s*(?:\^|\*\*)\s*(\d)\s*(?=\()", text):
        end = _closing(text, match.end())
        if end > 0 and language.function(match[1]) and match[1] not in language.letters:
            argument = text[match.end() : end]
            yield Edit(match.start(), end, f"{match[1]}{argument}**{match[2]}", "A power stands after the argument.")


def _end_of_product(text: str, start: int) -> int:
    """Return where the product that begins at a place ends: before a sign, a comma or a bracket that closes."""
    depth = 0
    for at in range(start, len(text)):
        depth += (text[at] in OPENING) - (text[at] in CLOSING)
        is_sign = text[at] in "+-−=,;" and not re.search(r"[*/@^]\s*$|^\s*$", text[start:at])
        if depth < 0 or depth == 0 and is_sign:
            return len(text[:at].rstrip()) if text[at] in CLOSING else at
    return len(text)


def _range(index: str, body: str, language: Language) -> tuple[str, str] | None:
    """Return from where to where an index runs: over the steps as a time, over a size as the index of an entry."""
    sizes = set()
    for match in re.finditer(NAME, body):
        base = next((match[0][:cut] for cut in range(len(match[0]), 0, -1) if match[0][:cut] in language.letters), "")
        rest = body[match.start() + len(base) :]
        if not base:
            continue
        if language.is_timed(base) and re.match(rf"[(\[]\s*{index}(?!\w)", rest):
            return "1", "T"
        entry = re.match(r"(?:\([^()]*\)|\^\{[^{}]*\})?(?:\[([^\[\]]*)\]|_\{([^{}]*)\}|_(\w)(?!\w))", rest)
        parts = [part.strip() for part in (entry[1] or entry[2] or entry[3]).split(",")] if entry else []
        shape = language.network.shapes[language.letters[base].name]
        if language.is_timed(base) and index in parts and (math.prod(shape) == 1 or index == "t"):
            return "1", "T"
        sizes |= {shape[parts.index(index)]} if index in parts and len(parts) == len(shape) else set()
    return ("1", str(sizes.pop())) if len(sizes) == 1 else None


def _subscripts(text: str, language: Language) -> Iterator[Edit]:
    """x_T is x(T); p_2(3) is p(3)[2]; W_{2,4} is W[2,4]."""
    for match in SUBSCRIPT.finditer(text):
        base, braced, bare, time, next_mark = match.groups()
        index = (braced or bare or "").strip()
        if base not in language.letters or f"{base}_{index}" in language.letters or not index:
            continue
        edit = _placed(base, index, time, next_mark, language)
        if edit:
            yield Edit(match.start(), match.end(), *edit)


def _placed(
    base: str, index: str, time: str | None, next_mark: str | None, language: Language
) -> tuple[str, str] | None:
    """Return a letter with a subscript as it is written here, and what to say; None where it may be two things."""
    rank, parts = _rank(language, base), index.split(",")
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


def _entries(text: str, language: Language) -> Iterator[Edit]:
    """p(3)_2 is p(3)[2]."""
    for match in re.finditer(r"(?<=\))_(?:\{([\w,+\- ]+)\}|(\w)(?!\w))", text):
        start = _before(text, match.start())
        name = re.match(NAME, text[start:])[0] if start >= 0 and re.match(NAME, text[start:]) else ""  # type: ignore[index]
        if name in language.letters and language.is_timed(name) and _rank(language, name):
            yield Edit(match.start(), match.end(), f"[{match[1] or match[2]}]", "An entry stands in square brackets.")


def _numbered(text: str, language: Language) -> Iterator[Edit]:
    """h^3 and h_3 are h3, where there is no h; W^11_r is W11_r; x4 is x(4), where x is a number and there is no x4."""
    for match in re.finditer(r"(?<![\w\\])([A-Za-z]+|d_[A-Za-z]+)[_^]\{?(\d+)\}?(?![\d.])", text):
        base, number = match.groups()
        if base not in language.letters and base + number in language.letters:
            yield Edit(match.start(), match.end(), base + number, "The number of a layer is part of the name.")
    for match in re.finditer(r"(?<![\w\\])([A-Za-z]+)(?:\^\{?(\d+)\}?_(\w+)|_([A-Za-z]+)\^\{?(\d+)\}?)", text):
        base, number, label, first, second = match.groups()
        name = f"{base}{number or second}_{label or first}"
        if name in language.letters and match[0] not in language.letters:
            yield Edit(match.start(), match.end(), name, "The number of a layer and the label are part of the name.")
    for match in re.finditer(r"(?<![\w\\])([A-Za-z_]+)(\d+)(?![\w(\[{^_])", text):
        base, number = match.groups()
        if not _is_known(match[0], language) and base in language.letters:
            if language.is_timed(base) and _rank(language, base) == 0 and not language.letters.get(base + "0"):
                yield Edit(
                    match.start(), match.end(), f"{base}({number})", f"Times stand in brackets: {base}({number})"
                )


def _exponentials(text: str, language: Language) -> Iterator[Edit]:
    """e^x is exp(x); a power with a letter in its exponent is exp(y*log(h))."""
    for match in re.finditer(r"\s*(?:\*\*|\^)\s*(-?)", text):
        start, end = _before(text, match.start()), _after(text, match.end())
        if start < 0 or end < 0:
            continue
        base, exponent = text[start : match.start()], match[1] + text[match.end() : end]
        if base == "e" and "e" not in language.letters:
            what = "The exponential function is written exp(…)."
            yield Edit(start, end, f"exp({_inner(exponent)})", what)
        elif _has_letter(exponent, language) and base != "e":
            what = "A power must be a whole number; with a letter in it, it is written with exp and log."
            yield Edit(start, end, f"exp({exponent}*log({_inner(base)}))", what, match.end() - start)


def _has_letter(text: str, language: Language) -> bool:
    from bptt_lab.formulas.reader import read

    try:
        return any(isinstance(part, Letter) for part in walk(read(text, language)))
    except FormulaError:
        return False


def _primes(text: str, language: Language) -> Iterator[Edit]:
    """A' is A.T; tanh'(a(t)) is 1 - h(t)**2, where h is tanh(a)."""
    for match in re.finditer(r"['′’]", text):
        at = match.start()
        name = re.search(NAME + "$", text[:at])
        if name and text[at + 1 : at + 2] == "(" and language.function(name[0]):
            yield from _slope(text, name, at, language)
        elif language.has_matrices and (start := _before(text, at)) >= 0 and text[at + 1 : at + 2] not in ("'", "_"):
            shape = _shape(text[start:at], language)
            if shape and max(shape) > 1:
                yield Edit(at, at + 1, ".T", "A transpose is written .T.")


def _slope(text: str, name: re.Match, at: int, language: Language) -> Iterator[Edit]:
    """Return the derivative of a function at its argument: by the quantity that it makes, where there is one."""
    end, function = _closing(text, at + 1), language.function(name[0])
    if end < 0:
        return
    argument = text[at + 2 : end - 1].strip()
    letter = re.fullmatch(rf"({NAME})(\([^()]*\))?", argument)
    made = [one for one in language.network.shapes if letter and _applied(language, one) == (function, letter[1])]
    value = f"{made[0]}{letter[2] or ''}" if len(made) == 1 else ""  # type: ignore[index]
    what = f"A slope is written by the value of the function: there is no sign for the derivative of {function}."
    if function in SLOPES:
        yield Edit(name.start(), end, f"({SLOPES[function].format(value or f'{function}({argument})')})", what)
    elif value:
        yield Edit(name.start(), end, f"d({value}, {argument})", what)


def _products(text: str, language: Language) -> Iterator[Edit]:
    """A.T.dot(v) is A.T @ v; x⊗y is outer(x, y)."""
    for match in re.finditer(r"\.dot\(", text):
        start, end = _before(text, match.start()), _closing(text, match.end() - 1)
        if start < 0 or end < 0:
            continue
        left, right = text[start : match.start()], text[match.end() - 1 : end]
        one, two = _shape(left, language), _shape(right, language)
        if one and two and one[1] == two[0]:
            right = _inner(right) if re.fullmatch(r"[\w.]+(\([^()]*\))?(\.T)?", _inner(right)) else right
            product = f"{left} @ {right}"
            is_tight = re.search(r"[*/@]\s*$", text[:start]) or re.match(r"\.|\[|\^|\*\*", text[end:])
            yield Edit(start, end, f"({product})" if is_tight else product, "A product of matrices is written @.")
        elif _is_column(one) and one == two:
            yield Edit(start, end, f"dot({left}, {_inner(right)})", "A product of two columns is written dot(…, …).")
    for match in re.finditer(r"(?<![\w.])(?:np\.)?(?:dot|matmul)(?=\()", text):
        end = _closing(text, match.end())
        parts = _arguments_of(text[match.end() + 1 : end - 1]) if end > 0 else []
        one, two = (_shape(part, language) for part in parts) if len(parts) == 2 else (None, None)
        if one and two and one[1] == two[0] and max(one) > 1:
            left, right = (part if _after(part, 0) == len(part) else f"({part})" for part in parts)
            is_tight = re.search(r"[*/@]\s*$", text[: match.start()]) or re.match(r"\s*(\.|\[|\^|\*|@)", text[end:])
            product = f"({left} @ {right})" if is_tight else f"{left} @ {right}"
            yield Edit(match.start(), end, product, "A product of matrices is written @.")
    for match in re.finditer(r"\s*⊗\s*", text):
        start, end = _before(text, match.start()), _after(text, match.end())
        if start >= 0 and end >= 0:
            left, right = text[start : match.start()], text[match.end() : end]
            if _is_column(_shape(left, language)) and _is_column(_shape(right, language)):
                what = "The outer product of two columns is written outer(…, …)."
                yield Edit(start, end, f"outer({_inner(left)}, {_inner(right)})", what)


def _glued(text: str, language: Language) -> Iterator[Edit]:
    """Uvx is u*v*x, where every letter is known and is one number."""
    numbers = {name for name in language.letters if not language.is_timed(name) and not _rank(language, name)}
    for match in re.finditer(NAME, text):
        if _is_known(match[0], language) or "\\" in text or re.match(r"\s*[(_]", text[match.end() :]):
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


def _arguments(text: str, language: Language) -> Iterator[Edit]:
    """Ln h2 is log(h2), where no product follows that it could cover."""
    for match in re.finditer(rf"({NAME})[ ]+(?=[A-Za-z0-9])", text):
        function, end = language.function(match[1]), _after(text, match.end())
        if function and language.use(function)[0] == 1 and end > 0 and re.match(r"\s*([-+),=]|$)", text[end:]):
            what = f"The argument of {match[1]} stands in brackets."
            yield Edit(match.start(), end, f"{function}({text[match.end() : end]})", what)


def _hadamards(text: str, language: Language) -> Iterator[Edit]:
    """hadamard(a, b) is a*b, in brackets beside another product."""
    for match in re.finditer(r"(?<![\w.])hadamard(?=\()", text):
        end = _closing(text, match.end())
        parts = _arguments_of(text[match.end() + 1 : end - 1])
        if end < 0 or len(parts) != 2 or "hadamard" in language.letters:
            continue
        one, two = parts
        product = "*".join(f"({part})" if re.search(r"[-+*/@]", part) else part for part in (one, two))
        is_tight = re.search(r"[*/@]\s*$", text[: match.start()]) or re.match(r"\s*[*/@.\[^]", text[end:])
        what = "A product entry by entry is written *."
        yield Edit(match.start(), end, f"({product})" if is_tight else product, what)


def _arguments_of(text: str) -> list[str]:
    """Return what the commas of a text that stand in no bracket part."""
    commas = [at for at, sign in enumerate(text) if sign == "," and _depth(text[:at]) == 0]
    return [text[one + 1 : other].strip() for one, other in zip([-1, *commas], [*commas, len(text)], strict=True)]


def _depth(text: str) -> int:
    return sum((sign in OPENING) - (sign in CLOSING) for sign in text)


def _modules(text: str, language: Language) -> Iterator[Edit]:
    """np.outer(x, y) is outer(x, y)."""
    for match in re.finditer(r"(?<![\w.])(?:np|numpy|math|torch)\.(?=(\w+)\()", text):
        if language.function(match[1]):
            yield Edit(match.start(), match.end(), "", f"{ALONE}: {match[1]}(…).")


def _identities(text: str, language: Language) -> Iterator[Edit]:
    """(I - diag(x)) and (eye(M) - diag(x)) are diag(1 - x)."""
    unit = r"(?:I|(?:np\.)?(?:eye|identity)\(\w+\))"
    for match in re.finditer(rf"(?:(?<=^)|(?<=[(,]))\s*{unit}\s*([-+])\s*diag\(", text):
        end = _closing(text, match.end() - 1)
        if "I" not in language.letters and end > 0 and re.match(r"\s*([),]|$)", text[end:]):
            inner = text[match.end() : end - 1]
            inner = f"({inner})" if match[1] == "-" and re.search(r"[-+]", inner) else inner
            what = "There is no letter for the unit matrix: it is joined with the diagonal matrix."
            yield Edit(match.start(), end, f"diag(1 {match[1]} {inner})", what)


def _times(text: str, language: Language) -> Iterator[Edit]:
    """h(tau) is h(t), where the question is about a general t and tau is no index of a sum."""
    if "t" not in language.asked or re.search(r"(?<!\w)t(?!\w)", text) or re.search(r"(sum|prod)\W+(tau|τ)", text):
        return
    found = list(re.finditer(r"(?<=[(\[])\s*(tau|τ)(?=\s*[-+\d\s]*[)\]])", text))
    if found and not _is_known("tau", language):
        start, end = found[0].start(1), found[-1].end(1)
        yield Edit(start, end, re.sub(r"(?<!\w)(tau|τ)(?!\w)", "t", text[start:end]), "The time of the question is t.")


def _timeless(text: str, language: Language) -> Iterator[Edit]:
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


def _transposes(text: str, language: Language) -> Iterator[Edit]:
    """x^T, x.transpose() and transpose(x) are x.T, where x is no number."""
    for match in re.finditer(r"\.transpose\(\s*\)", text):
        if language.has_matrices:
            yield Edit(match.start(), match.end(), ".T", "A transpose is written .T.")
    for match in re.finditer(r"(?<![\w.])(?:np\.)?transpose(?=\()", text):
        end = _closing(text, match.end())
        inner = text[match.end() + 1 : end - 1].strip()
        if language.has_matrices and end > 0 and "transpose" not in language.letters:
            part = inner if _after(inner, 0) == len(inner) else f"({inner})"
            yield Edit(match.start(), end, f"{part}.T", "A transpose is written .T.")
    for match in re.finditer(r"(?:\*\*|\^)T\b", text):
        start = _before(text, match.start())
        shape = _shape(text[start : match.start()], language) if start >= 0 and language.has_matrices else None
        if shape and max(shape) > 1:
            yield Edit(match.start(), match.end(), ".T", "A transpose is written .T here, as in NumPy.")


RULES: tuple[Rule, ...] = (
    _sums,
    _sums_over_time,
    _timeless,
    _bounds,
    _powers_of_functions,
    _fractions,
    _deltas,
    _subscripts,
    _entries,
    _numbered,
    _primes,
    _transposes,
    _times,
    _glued,
    _arguments,
    _hadamards,
    _modules,
    _identities,
    _exponentials,
    _products,
)
