"""Read a shape, a number or a choice in any usual spelling; nothing of what a student wrote is run, whatever it is.

No method of an answer's own class is called: its type decides, and the plain type's own methods read it.
"""

from __future__ import annotations

import operator
import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
import sympy

from bptt_lab.exercises.judges.counts import SIGNS, plain_signs, with_counts
from bptt_lab.formulas import FormulaError, Language, read
from bptt_lab.formulas.tree import Binary, Negative, Number, Power, Tree
from bptt_lab.network import Network

LONGEST, LONGEST_SHOWN = 200, 40
MOST_BITS, LARGEST_EXPONENT = 2000, 64
NUMBER_OF_WORDS = frozenset(["", "scalar", "a scalar", "number", "a number", "one number", "a single number"])


class Unread(ValueError):
    """An answer that cannot be read; the message says why, where more can be said than that."""


def shown(answer: Any) -> str:
    """Return an answer in a few words: a text as it stands, of anything else its type."""
    if issubclass(type(answer), str):
        text = " ".join(str.__str__(answer)[: 4 * LONGEST_SHOWN].split())
        seen = "".join(one if one.isprintable() else f"\\u{ord(one):04x}" for one in text[:LONGEST_SHOWN])
        return f"'{seen}{'…' if len(text) > LONGEST_SHOWN else ''}'"
    if answer is None or type(answer) is bool:
        return str(answer)
    if type(answer) in (int, float, complex) and not _is_long(answer):
        return repr(answer)
    if type(answer) is tuple and len(answer) <= 4 and not any(type(item) is tuple for item in answer):
        return f"({', '.join(map(shown, answer))})"
    if type(answer) is int:
        return "A whole number of more than 30 digits"
    name = type.__dict__["__name__"].__get__(type(answer))
    return f"An answer of type {name[:LONGEST_SHOWN]}"


def _is_long(number: complex) -> bool:
    return type(number) is int and number.bit_length() > 100


def _items(answer: Any) -> list | None:
    """Return the items of a list, a tuple or an array of one axis; None for anything else."""
    kind = type(answer)
    if issubclass(kind, (list, tuple)):
        base = list if issubclass(kind, list) else tuple
        return list(base.__iter__(answer)) if base.__len__(answer) <= LONGEST else None
    if issubclass(kind, np.ndarray):
        array = np.ndarray.view(answer, np.ndarray)
        return list(array) if array.ndim == 1 and array.size <= LONGEST and array.dtype.kind in "iufU" else None
    return None


def _text(answer: Any) -> str | None:
    """Return a text without a remark, without characters that nobody sees, and with wide letters as plain ones."""
    if not issubclass(type(answer), str):
        return None
    if str.__len__(answer) > LONGEST:
        return " " * (LONGEST + 1)  # what is too long is not read, whatever it says
    seen = (one for one in str.__str__(answer) if unicodedata.category(one) != "Cf")
    return "".join(seen).translate(WIDE).partition("#")[0]


WIDE = {number + 0xFEE0: chr(number) for number in range(0x21, 0x7F)}


# Shapes


def read_shape(answer: Any) -> tuple[int | str, ...]:
    """Return a shape as whole numbers and capital letters (errors: Unread)."""
    text, items = _text(answer), _items(answer)
    if text is not None:
        return tuple(_size(part) for part in _sizes_in(text))
    return tuple(_size(item) for item in ([answer] if items is None else items))


def _sizes_in(text: str) -> list[str]:
    """Return the sizes that stand in a text: '(7, 2)', '7 by 2', '7x2', 'shape = [M, K]', 'a number'."""
    if len(text) > LONGEST:
        raise Unread
    plain = re.sub(r"\\times|\\cdot|[×✕·*;]|[- ]by[- ]", ",", text.strip().rstrip(".").lower())
    plain = re.sub(r"^(the )?shape( is)?\s*[:=]?|^=", "", plain.strip())
    plain = re.sub(r"[()\[\]{}\"'`$]", " ", plain)
    plain = re.sub(r"(?<=[a-z0-9])\s*x\s*(?=[a-z0-9])", ",", plain).strip().removesuffix(",").strip()
    return [] if plain in NUMBER_OF_WORDS else re.split(r"\s*,\s*|\s+", plain)


def _size(part: object) -> int | str:
    """Return one size: a whole number, or a letter as a capital (errors: Unread)."""
    text = _text(part)
    if text is not None and re.fullmatch(r"[A-Za-z][0-9]?", text.strip()):
        return text.strip().upper()
    number = read_number(part)
    if number.denominator != 1 or number < 0 or number >= 10**15:
        raise Unread
    return int(number)


# Numbers


def read_number(answer: Any) -> Fraction:
    """Return a number exactly (errors: Unread)."""
    text, items = _text(answer), _items(answer)
    if text is not None:
        return _number_in(text)
    if items is not None and len(items) == 1 and _items(items[0]) is None:  # a list may hold itself
        return read_number(items[0])
    try:
        return _exactly(answer)
    except Unread:
        raise
    except (ValueError, OverflowError, TypeError):
        raise Unread from None


def _exactly(answer: Any) -> Fraction:
    """Return the value of a number of any usual type (errors: Unread, ValueError, OverflowError)."""
    kind = type(answer)
    if kind is bool or issubclass(kind, np.bool_):
        raise Unread("True and False are no numbers here: write 1 or 0.")
    if issubclass(kind, int) and int.bit_length(answer) <= MOST_BITS:
        return Fraction(int.__int__(answer))
    if issubclass(kind, float):
        return Fraction(float.__float__(answer))
    if issubclass(kind, (np.integer, np.floating)):
        return Fraction(float(np.generic.item(answer)) if issubclass(kind, np.floating) else np.generic.item(answer))
    if issubclass(kind, np.ndarray):
        array = np.ndarray.view(answer, np.ndarray)
        if array.size == 1 and array.dtype.kind in "iuf":
            return Fraction(array.reshape(-1)[0].item())
    if kind is Fraction or kind is Decimal and -99 < answer.adjusted() < 99:
        return Fraction(answer)
    if issubclass(kind, sympy.Rational) and kind.__module__.startswith("sympy."):
        return Fraction(int(answer.p), int(answer.q))
    raise Unread


def _number_in(text: str) -> Fraction:
    """Return the number that stands in a text: a decimal, a fraction, or plain arithmetic (errors: Unread)."""
    if len(text) > LONGEST:
        raise Unread
    plain = re.sub(r"^\s*([A-Za-z]\w*\s*)?=", "", with_counts(plain_signs(text)))
    plain = plain.strip().strip("$`[]'\" ").removesuffix(".")
    if not re.search(r"\b0[xX]", plain):
        plain = re.sub(r"(?<=[0-9)])\s*x\s*(?=[0-9(])", "*", plain)
    if re.fullmatch(r"[-+]?[0-9]+(,[0-9]+)+", plain):
        raise Unread("Write a decimal point, as in 0.5, and no comma between thousands.")
    if plain.endswith("%"):
        raise Unread("Write a share as a number: 0.25, not 25 %.")
    if re.fullmatch(r"[-+]?[0-9]{1,40}(\.[0-9]{0,40})?([eE][-+]?[0-9]{1,2})?", plain):
        return Fraction(plain)
    try:
        return _arithmetic(read(plain, _no_letters()))
    except (FormulaError, ValueError, ArithmeticError, RecursionError, MemoryError):
        raise Unread from None


@lru_cache(maxsize=1)
def _no_letters() -> Language:
    """Return the language of formulas; of a network that no number speaks of."""
    return Language(Network("n = x\nL = mse(n, y)", sizes={"x": 1}), ())


OPERATORS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}


def _arithmetic(tree: Tree) -> Fraction:
    """Return the value of + - * / and small powers of numbers, exactly (errors: Unread, ZeroDivisionError)."""
    match tree:
        case Number(value):
            found = value
        case Negative(inner):
            found = -_arithmetic(inner)
        case Power(base, exponent):
            power = _arithmetic(exponent)
            if power.denominator != 1 or abs(power) > LARGEST_EXPONENT:
                raise Unread
            found = _arithmetic(base) ** int(power)
        case Binary(sign, left, right) if sign in OPERATORS:
            found = OPERATORS[sign](_arithmetic(left), _arithmetic(right))
        case _:
            raise Unread
    if max(found.numerator.bit_length(), found.denominator.bit_length()) > MOST_BITS:
        raise Unread
    return found


# Choices

CALLED = r"(?:my\s+)?(?:the\s+)?(?:answer|option|choice)?(?:\s+is)?\s*[:=]?\s*"


def read_choice(choices: Mapping[str, str], answer: Any) -> str:
    """Return the key of the choice that an answer names: by its letter, its text, or both (errors: Unread)."""
    items = _items(answer)
    if items is not None and len(items) == 1 and _items(items[0]) is None:
        return read_choice(choices, items[0])
    text = str(answer) if type(answer) in (int, float) and not _is_long(answer) else _text(answer)
    if text is None or len(text) > LONGEST:
        raise Unread
    return _by_text(choices, text) or _by_value(choices, text) or _by_letter(choices, text)


def _by_value(choices: Mapping[str, str], text: str) -> str | None:
    """Return the only choice that holds the numbers of a text, in their order; None for none."""
    given = _values(text)
    same = [key for key, words in choices.items() if given and _values(words) == given]
    return same[0] if len(same) == 1 else None


def _values(text: str) -> list[Fraction] | None:
    """Return the numbers that a text lists, or None where it holds anything else."""
    plain = text.replace("\\cdot", "*").replace("\\times", "*").replace("$", " ").translate(BRACES)
    items = re.split(r"\s*[,;]\s*|\s+(?:and|und|&)\s+", plain.strip().rstrip("."))
    try:
        return [_value(item.strip()) for item in items if item.strip()]
    except (Unread, ArithmeticError):
        return None


def _value(item: str) -> Fraction:
    """Return a number written in digits or, up to ten, as a word (errors: Unread)."""
    return Fraction(WORDS.index(item.lower())) if item.lower() in WORDS else _number_in(item)


WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
BRACES = str.maketrans("{}", "()")


def _by_letter(choices: Mapping[str, str], text: str) -> str:
    letters = "|".join(re.escape(key) for key in choices)
    found = re.fullmatch(
        rf"{CALLED}[(\[{{\"'*`$]*({letters})([)\]}}\"'*.:`$]*)(\s*.*)", text.strip(), re.IGNORECASE | re.DOTALL
    )
    if not found:
        raise Unread
    key, closed, rest = found[1].lower(), found[2], found[3].strip()
    same = _by_text(choices, rest)
    if same == key or not rest:
        return key
    if (
        same
        or not closed
        or re.match(r"(or|and|oder|und|[,/&+])(\W|$)|.*[(\[]\s*(" + letters + r")\s*[)\]]", rest.lower())
    ):
        raise Unread("Name one choice only, by its letter.")
    return key


def _by_text(choices: Mapping[str, str], text: str) -> str | None:
    """Return the only choice whose words are a text, apart from case, spaces and dollar signs; None for none."""
    same = [key for key, words in choices.items() if _bare(words) == _bare(text) != ""]
    return same[0] if len(same) == 1 else None


def _bare(text: str) -> str:
    return re.sub(r"[\s$.\"'`]|\\,", "", text.translate(SIGNS)).lower()
