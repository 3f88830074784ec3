"""Habits in how operations are written: sums, powers, slopes, products, calls.

Each rule yields its edits, which end what they are about.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from bptt_lab.formulas.errors import FormulaError
from bptt_lab.formulas.functions import ROWS
from bptt_lab.formulas.language import Language
from bptt_lab.formulas.rewriting.letters import applied
from bptt_lab.formulas.rewriting.pieces import (
    CLOSING,
    NAME,
    OPENING,
    Edit,
    arguments_of,
    closed_at,
    inside,
    is_column,
    opened_at,
    operand_after,
    operand_before,
    shape_of_text,
)
from bptt_lab.formulas.tree import Letter, walk

SUM = re.compile(
    r"(?<![A-Za-z0-9_])(\\?)(sum|prod|Σ|∑|∏)_(?:\{\s*(\w+)\s*(?:=\s*([^{}]+))?\}|(\w)(?!\w))(?:\^(?:\{([^{}]+)\}|(\w)))?"
)
OFFERED = {name for name, row in ROWS.items() if row.is_offered}
INNER = "A product of two columns is written dot(…, …)."
SIGNS = {"Σ": "sum", "∑": "sum", "∏": "prod"}


def brackets(text: str, language: Language) -> Iterator[Edit]:
    """[a + b]*c is (a + b)*c, and (a)[b] is (a)*(b), where the bracket is no entry, no index and no exponent."""
    for match in re.finditer(r"[\[{]", text):
        before, end = text[: match.start()].rstrip(), closed_at(text, match.start())
        inner = text[match.start() + 1 : end - 1]
        is_operand = not before or before[-1] in "([{,=+-−*/@·" or match[0] == "[" and before[-1] == "^"
        is_value = re.search(r"\w$", before[: opened_at(before, len(before))] if before.endswith(")") else before)
        is_factor = not is_operand and match[0] == "[" and ("(" in inner or before.endswith(")") and not is_value)
        if end > 0 and text[end - 1] == {"[": "]", "{": "}"}[match[0]] and (is_operand or is_factor):
            what = "A bracket around a part of a formula is round; a square one takes an entry."
            yield Edit(match.start(), end, f"{'*' if is_factor else ''}({inner})", what)


def sums(text: str, language: Language) -> Iterator[Edit]:
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


def bare_sums(text: str, language: Language) -> Iterator[Edit]:
    """Σ d1(t) h1(t-1) is sum(t, 1, T, d1(t) h1(t-1)), where the question is not about a general t."""
    if "t" in language.asked or "t" not in language.variables:
        return
    for match in re.finditer(r"(?<![\w\\])(?:(?:Σ|∑)\s*|sum[ ]+)(?=[A-Za-z(])", text):
        end = _end_of_product(text, match.end())
        body, is_unsure = text[match.end() : end].strip(), re.search(r"(?<!\w)t(?!\w)", text[end:])
        if _range("t", body, language) == ("1", "T") and not is_unsure and not re.search(r"\bfor\b|,", body):
            what = "A sum names its index, its first and its last value."
            yield Edit(match.start(), end, f"sum(t, 1, T, {body})", what)


def sums_over_time(text: str, language: Language) -> Iterator[Edit]:
    """np.sum(d1(t)*h1(t-1)) is sum(t, 1, T, d1(t)*h1(t-1)), where the question is not about a general t."""
    if "t" in language.asked or "t" not in language.variables:
        return
    for match in re.finditer(r"(?<![\w.\\])(?:np\.)?sum(?=\()", text):
        end = closed_at(text, match.end())
        inner = text[match.end() + 1 : end - 1]
        if (
            end > 0
            and len(arguments_of(inner)) == 1
            and " for " not in inner
            and _range("t", inner := _at_each_step(inner, language), language) == ("1", "T")
        ):
            what = "A sum names its index, its first and its last value."
            yield Edit(match.start(), end, f"sum(t, 1, T, {inner})", what)


def _at_each_step(inner: str, language: Language) -> str:
    """Return a product of series with their time t, where each that has times stands bare and begins at step 1."""
    names = [match for match in re.finditer(NAME, inner) if match[0] in language.letters]
    timed = [match for match in names if language.is_timed(match[0])]
    numbers = all(math.prod(language.network.shapes[language.letters[match[0]].name]) == 1 for match in names)
    is_bare = all(re.match(r"\s*([-+*/^),]|$)", inner[match.end() :]) for match in timed)
    equations = " ".join(getattr(one, "source", "") for one in language.network.written.values())
    is_late = any(re.search(rf"\b{match[0]}\[t[-+]", equations) for match in timed)
    if not timed or not numbers or not is_bare or is_late:
        return inner
    return re.sub(NAME, lambda match: match[0] + "(t)" * any(match[0] == one[0] for one in timed), inner)


def bounds(text: str, language: Language) -> Iterator[Edit]:
    """sum(k, A) is sum(k, 1, 3, A), and sum(t=1..T, A) is sum(t, 1, T, A)."""
    for match in re.finditer(r"(?<![\w.\\])(?:np\.)?(sum|prod)(?=\()", text):
        end = closed_at(text, match.end())
        parts = arguments_of(text[match.end() + 1 : end - 1]) if end > 0 else []
        parts = _term_last(parts)
        if len(parts) == 4 and language.function(match[1]) and parts[0] not in language.letters:
            what = "A sum names its index, its first and its last value, and then the term."
            yield Edit(match.start(), end, f"{match[1]}({', '.join(parts)})", what)
            continue
        ends = re.fullmatch(r"(\w+)\s*(?:=\s*(\w+)\s*\.\.+\s*(\w+))?", parts[0]) if len(parts) == 2 else None
        if not ends or ends[1] in language.letters or language.function(match[1]) is None:
            continue
        found = (ends[2], ends[3]) if ends[2] else _range(ends[1], parts[1], language)
        if found:
            what = "A sum names its index, its first and its last value."
            yield Edit(match.start(), end, f"{match[1]}({ends[1]}, {found[0]}, {found[1]}, {parts[1]})", what)


def _term_last(parts: list[str]) -> list[str]:
    """Return what stands in a sum with its term last: of A, t, 1, T and A, (t, 1, T), as in SymPy, t, 1, T, A."""
    if len(parts) == 2 and re.fullmatch(r"\(.*\)", parts[1]):
        parts = [parts[0], *arguments_of(parts[1][1:-1])]
    if len(parts) == 2 and (ends := re.fullmatch(r"(\w+)\s*=\s*(\w+)\s*\.\.+\s*(\w+)", parts[1])):
        parts = [parts[0], *ends.groups()]
    if len(parts) == 3 and (start := re.fullmatch(r"([a-z]\w*)\s*=\s*(\w+)", parts[0])):
        return [*start.groups(), *parts[1:]]
    is_index = len(parts) == 4 and re.fullmatch(r"[a-z]\w*", parts[1]) and not re.fullmatch(r"[a-z]\w*", parts[0])
    return [*parts[1:], parts[0]] if is_index else parts if len(parts) < 4 else []


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
        if language.is_timed(base) and re.match(rf"(?:\^\{{\d*)?[(\[]\s*{index}(?!\w)", rest):
            return "1", "T"
        entry = re.match(r"(?:\([^()]*\)|\^\{[^{}]*\})?(?:\[([^\[\]]*)\]|_\{([^{}]*)\}|_(\w)(?!\w))", rest)
        parts = [part.strip() for part in (entry[1] or entry[2] or entry[3]).split(",")] if entry else []
        shape = language.network.shapes[language.letters[base].name]
        if language.is_timed(base) and index in parts and (math.prod(shape) == 1 or index == "t"):
            return "1", "T"
        sizes |= {shape[parts.index(index)]} if index in parts and len(parts) == len(shape) else set()
    return ("1", str(sizes.pop())) if len(sizes) == 1 else None


def powers_of_functions(text: str, language: Language) -> Iterator[Edit]:
    """tanh^2(x) is tanh(x)**2."""
    for match in re.finditer(r"(?<![\w\\.])([A-Za-z]+)\s*(?:\^|\*\*)\s*(\d)\s*(?=\()", text):
        end = closed_at(text, match.end())
        if end > 0 and language.function(match[1]) and match[1] not in language.letters:
            argument = text[match.end() : end]
            yield Edit(match.start(), end, f"{match[1]}{argument}**{match[2]}", "A power stands after the argument.")


def exponentials(text: str, language: Language) -> Iterator[Edit]:
    """e^x is exp(x); a power with a letter in its exponent is exp(y*log(h))."""
    for match in re.finditer(r"\s*(?:\*\*|\^)\s*(-?)", text):
        start, end = operand_before(text, match.start()), operand_after(text, match.end())
        if start < 0 or end < 0:
            continue
        base, exponent = text[start : match.start()], match[1] + text[match.end() : end]
        if base == "e" and "e" not in language.letters:
            what = "The exponential function is written exp(…)."
            yield Edit(start, end, f"exp({inside(exponent)})", what)
        elif _has_letter(exponent, language) and base != "e":
            what = "A power must be a whole number; with a letter in it, it is written with exp and log."
            yield Edit(start, end, f"exp({exponent}*log({inside(base)}))", what, match.end() - start)


def _has_letter(text: str, language: Language) -> bool:
    from bptt_lab.formulas.reader import read

    try:
        return any(isinstance(part, Letter) for part in walk(read(text, language)))
    except FormulaError:
        return False


def primes(text: str, language: Language) -> Iterator[Edit]:
    """A' is A.T; tanh'(a(t)) and, of numbers, h(t)' and h'(t) are 1 - h(t)**2, where h is tanh(a)."""
    for match in re.finditer(r"['′’]", text):
        at = match.start()
        name = re.search(NAME + "$", text[:at])
        if not language.has_matrices and (edit := _slope_of_value(text, at, language)):
            yield edit
        elif name and text[at + 1 : at + 2] == "(" and language.function(name[0]):
            yield from _slope(text, name, at, language)
        elif (
            language.has_matrices
            and (start := operand_before(text, at)) >= 0
            and text[at + 1 : at + 2] not in ("'", "_")
        ):
            shape = shape_of_text(text[start:at], language)
            if shape and max(shape) > 1:
                yield Edit(at, at + 1, ".T", "A transpose is written .T.")


def _slope(text: str, name: re.Match, at: int, language: Language) -> Iterator[Edit]:
    """Return the derivative of a function at its argument: by the quantity that it makes, where there is one."""
    end, function = closed_at(text, at + 1), language.function(name[0])
    if end < 0 or not function:
        return
    argument = text[at + 2 : end - 1].strip()
    letter = re.fullmatch(rf"({NAME})(\([^()]*\))?", argument)
    made = [one for one in language.network.shapes if letter and applied(language, one) == (function, letter[1])]
    value = f"{made[0]}{letter[2] or ''}" if letter and len(made) == 1 else ""
    found = slope_of(function, argument, value or f"{function}({argument})")
    what = f"A slope is written by the value of the function: there is no sign for the derivative of {function}."
    if found:
        yield Edit(name.start(), end, f"({found})", what)
    elif value:
        yield Edit(name.start(), end, f"d({value}, {argument})", what)


def _slope_of_value(text: str, at: int, language: Language) -> Edit | None:
    """Return the slope of the quantity before or around a prime, by its own value: of h(t)' or h'(t), 1 - h(t)**2."""
    before = re.search(rf"({NAME})(\([^()]*\))?$", text[:at])
    after = re.match(r"['′’](\([^()]*\))?", text[at:])
    if not before or not after or before[2] and after[1] or before[1] not in language.letters:
        return None
    name, now = before[1], "(t)" if language.is_timed(before[1]) and "t" in language.asked else ""
    place = before[2] or after[1] or now
    function, argument = applied(language, name) or ("", "")
    found = slope_of(function, f"{argument}{place}", f"{name}{place}") if function else ""
    what = f"A slope has no sign of its own: that of {name} is written by its value."
    return Edit(before.start(), at + after.end(), f"({found})", what) if found else None


def slope_of(function: str, argument: str, value: str) -> str:
    """Return the slope of a function at an argument, by its row; '' where no one word of an answer says it."""
    row = ROWS[function]
    if row.kind != "entry" or any(name not in OFFERED for name in re.findall(r"\w+(?=\()", row.slopes[0])):
        return ""
    bare = argument if operand_after(argument, 0) == len(argument) else f"({argument})"
    parts = {"(u)": f"({argument})", "u": bare, "y": value}
    return re.sub(r"\(u\)|\b[uy]\b", lambda match: parts[match[0]], row.slopes[0])


def transposes(text: str, language: Language) -> Iterator[Edit]:
    """x^T, x.transpose() and transpose(x) are x.T, where x is no number."""
    for match in re.finditer(r"\.transpose\(\s*\)", text):
        if language.has_matrices:
            yield Edit(match.start(), match.end(), ".T", "A transpose is written .T.")
    for match in re.finditer(r"(?<![\w.])(?:np\.)?transpose(?=\()", text):
        end = closed_at(text, match.end())
        inner = text[match.end() + 1 : end - 1].strip()
        if language.has_matrices and end > 0 and "transpose" not in language.letters:
            part = inner if operand_after(inner, 0) == len(inner) else f"({inner})"
            yield Edit(match.start(), end, f"{part}.T", "A transpose is written .T.")
    for match in re.finditer(r"(?:\*\*|\^)(?:T\b|[⊤ᵀ])", text):
        start = operand_before(text, match.start())
        shape = shape_of_text(text[start : match.start()], language) if start >= 0 and language.has_matrices else None
        if shape and max(shape) > 1:
            yield Edit(match.start(), match.end(), ".T", "A transpose is written .T here, as in NumPy.")


def products(text: str, language: Language) -> Iterator[Edit]:
    """A.T.dot(v) is A.T @ v; x⊗y is outer(x, y)."""
    for match in re.finditer(r"\.(?:dot|matmul|mm|mv)\(", text):
        start, end = operand_before(text, match.start()), closed_at(text, match.end() - 1)
        if start < 0 or end < 0:
            continue
        left, right = text[start : match.start()], text[match.end() - 1 : end]
        one, two = shape_of_text(left, language), shape_of_text(right, language)
        if one and two and one[1] == two[0]:
            right = inside(right) if re.fullmatch(r"[\w.]+(\([^()]*\))?(\.T)?", inside(right)) else right
            product = f"{left} @ {right}"
            is_tight = re.search(r"[*/@]\s*$", text[:start]) or re.match(r"\.|\[|\^|\*\*", text[end:])
            yield Edit(start, end, f"({product})" if is_tight else product, "A product of matrices is written @.")
        elif is_column(one) and one == two:
            yield Edit(start, end, f"dot({left}, {inside(right)})", INNER)
    for match in re.finditer(r"(?<![\w.])(?:np\.)?(?:dot|matmul)(?=\()", text):
        end = closed_at(text, match.end())
        parts = arguments_of(text[match.end() + 1 : end - 1]) if end > 0 else []
        one, two = (shape_of_text(part, language) for part in parts) if len(parts) == 2 else (None, None)
        if one and two and one[1] == two[0] and max(one) > 1:
            left, right = (part if operand_after(part, 0) == len(part) else f"({part})" for part in parts)
            is_tight = re.search(r"[*/@]\s*$", text[: match.start()]) or re.match(r"\s*(\.|\[|\^|\*|@)", text[end:])
            product = f"({left} @ {right})" if is_tight else f"{left} @ {right}"
            yield Edit(match.start(), end, product, "A product of matrices is written @.")
    for match in re.finditer(r"\s*(?:⊗|\\otimes(?![A-Za-z]))\s*", text):
        start, end = operand_before(text, match.start()), operand_after(text, match.end())
        if start >= 0 and end >= 0:
            left, right = text[start : match.start()], text[match.end() : end]
            if is_column(shape_of_text(left, language)) and is_column(shape_of_text(right, language)):
                what = "The outer product of two columns is written outer(…, …)."
                yield Edit(start, end, f"outer({inside(left)}, {inside(right)})", what)


def arguments(text: str, language: Language) -> Iterator[Edit]:
    """Ln h2 is log(h2), where no product follows that it could cover."""
    for match in re.finditer(rf"({NAME})[ ]+(?=[A-Za-z0-9])", text):
        function, end = language.function(match[1]), operand_after(text, match.end())
        if function and language.use(function)[0] == 1 and end > 0 and re.match(r"\s*([-+),=]|$)", text[end:]):
            what = f"The argument of {match[1]} stands in brackets."
            yield Edit(match.start(), end, f"{function}({text[match.end() : end]})", what)


def hadamards(text: str, language: Language) -> Iterator[Edit]:
    """hadamard(a, b) is a*b, in brackets beside another product."""
    for match in re.finditer(r"(?<![\w.])hadamard(?=\()", text):
        end = closed_at(text, match.end())
        parts = arguments_of(text[match.end() + 1 : end - 1])
        if end < 0 or len(parts) != 2 or "hadamard" in language.letters:
            continue
        one, two = parts
        product = "*".join(f"({part})" if re.search(r"[-+*/@]", part) else part for part in (one, two))
        is_tight = re.search(r"[*/@]\s*$", text[: match.start()]) or re.match(r"\s*[*/@.\[^]", text[end:])
        what = "A product entry by entry is written *."
        yield Edit(match.start(), end, f"({product})" if is_tight else product, what)


def inner_products(text: str, language: Language) -> Iterator[Edit]:
    """y @ a is dot(y, a), as NumPy reads it, where both are columns."""
    for match in re.finditer(r"\s*@\s*", text):
        start, end = operand_before(text, match.start()), operand_after(text, match.end())
        if start < 0 or end < 0 or re.search(r"[*/@]\s*$", text[:start]) or re.match(r"\s*(\*\*|\^)", text[end:]):
            continue
        left, right = text[start : match.start()], text[match.end() : end]
        one, two = shape_of_text(left, language), shape_of_text(right, language)
        if is_column(one) and one == two:
            yield Edit(start, end, f"dot({inside(left)}, {inside(right)})", INNER, match.start() - start)


def identities(text: str, language: Language) -> Iterator[Edit]:
    """(I - diag(x)) and (eye(M) - diag(x)) are diag(1 - x)."""
    unit = r"(?:I|(?:np\.)?(?:eye|identity)\(\w+\))"
    for match in re.finditer(rf"(?:(?<=^)|(?<=[(,]))\s*{unit}\s*([-+])\s*diag\(", text):
        end = closed_at(text, match.end() - 1)
        if "I" not in language.letters and end > 0 and re.match(r"\s*([),]|$)", text[end:]):
            inner = text[match.end() : end - 1]
            inner = f"({inner})" if match[1] == "-" and re.search(r"[-+]", inner) else inner
            what = "There is no letter for the unit matrix: it is joined with the diagonal matrix."
            yield Edit(match.start(), end, f"diag(1 {match[1]} {inner})", what)
