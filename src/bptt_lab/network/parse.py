"""Read the text of a network, one equation a line, with the reader of formulas; nothing in it is ever executed."""

from __future__ import annotations

import dataclasses
import keyword
import re
from collections.abc import Collection, Mapping
from fractions import Fraction
from functools import cache
from typing import Any

from bptt_lab.formulas.errors import FormulaError, nearest
from bptt_lab.formulas.functions import FUNCTIONS, ROWS, Function
from bptt_lab.formulas.language import OTHER_NAMES, use
from bptt_lab.formulas.reader import read
from bptt_lab.formulas.times import index_of, whole_number
from bptt_lab.formulas.tokens import Token
from bptt_lab.formulas.tree import (
    Binary,
    Call,
    Derivative,
    Entry,
    Letter,
    Negative,
    Number,
    Power,
    Relation,
    Slice,
    Transpose,
    Tree,
    Variable,
    mapped,
)
from bptt_lab.network.errors import NetworkError, Position
from bptt_lab.network.expressions import Equation, children, names

LONGEST_TEXT, LONGEST_LINE, LARGEST_POWER, LARGEST_SHIFT, MOST_DIGITS = 20_000, 1_000, 20, 100, 15
LARGEST_CONSTANT = 10**60  # numerator or denominator of what is made of numbers alone
LIKE = 0.7  # of a function's letters, to be offered
FORM = "Write one equation a line, such as  h1[t] = tanh(a1[t])."
TIMES = f"Use t, t+k, t-k, T or a whole number, with k up to {LARGEST_SHIFT}."
NAME = r"[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*"
# what people write for it elsewhere, and what it is here
ELSEWHERE = {
    "max": "relu(u) is the larger of u and 0.",
    "maximum": "relu(u) is the larger of u and 0.",
    "matmul": "A product of matrices is written  W @ v.",
    "transpose": "A transpose is written  W.T.",
    "inner": "The inner product of two vectors is written  dot(a, b).",
    "outer": "An outer product is no part of a network; it appears in derivatives.",
    "norm": "The length of a vector is written  sqrt(dot(v, v)).",
    "square": "A square is written  v**2.",
    "pow": "A power is written  v**2.",
    "abs": "The size of a number is written  relu(u) + relu(-u).",
    "cross_entropy": "Cross-entropy is written  nll(probabilities, targets), or bce for two classes.",
    "silu": "It is written  u * sigmoid(u).",
    "swish": "It is written  u * sigmoid(u).",
    "mish": "It is written  u * tanh(softplus(u)).",
    "elu": "It is written  relu(u) + exp(-relu(-u)) - 1.",
    "gelu": "It is close to  u * sigmoid(1.702 * u).",
    "log_sigmoid": "It is written  -softplus(-u).",
    "logsigmoid": "It is written  -softplus(-u).",
    "hardtanh": "It is written  relu(u + 1) - relu(u - 1) - 1.",
    "clip": "Between -1 and 1 a number is kept by  relu(u + 1) - relu(u - 1) - 1.",
    "sinh": "It is written  (exp(u) - exp(-u)) / 2.",
    "cosh": "It is written  (exp(u) + exp(-u)) / 2.",
    "logistic": "The logistic function is written  sigmoid(u).",
    "zeros": "A state before the first step that nothing gives is zero: leave the line out.",
    "zeros_like": "A state before the first step that nothing gives is zero: leave the line out.",
    "ones": "A vector of ones is not needed: a number goes with every entry.",
    "chunk": "Some entries are written  v[1:4], both ends included.",
    "split": "Some entries are written  v[1:4], both ends included.",
    "range": "Every equation holds at every step: leave the loop out.",
    "cat": "Vectors on top of each other are written  concat(h[t-1], x[t]).",
    "concatenate": "Vectors on top of each other are written  concat(h[t-1], x[t]).",
}


def parse(text: str) -> dict[str, Equation]:
    """Return the equations of a text by the name they define, in the order written (errors: NetworkError).

    What is defined before the first step or after the last goes by name and time, as in 'h[0]'.
    """
    if not isinstance(text, str):
        raise NetworkError(f"The equations must be one string, not {type(text).__name__}.", FORM)
    if len(text) > LONGEST_TEXT:
        raise NetworkError(
            f"The text has {len(text)} characters; at most {LONGEST_TEXT} are read.", "Split the network."
        )
    equations: dict[str, Equation] = {}
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
        source = line.split("#", 1)[0].strip()
        if source:
            equation = _equation(Position(number, 1, source))
            key = _key(equation, equations)
            if key in equations:
                what = f"{key} is defined twice, first in line {equations[key].position.line}."
                raise NetworkError(what, "Give one of them another name.", equation.position)
            equations[key] = equation
    if not equations:
        raise NetworkError("The text holds no equation.", FORM)
    return _with_entries(equations)


def _with_entries(equations: dict[str, Equation]) -> dict[str, Equation]:
    """Return equations in which a[2] is an entry, where a stands elsewhere without a time."""
    used = [name for equation in equations.values() for name in names(equation.expression)]
    bare = {name.name for name in used if name.index is None} | {e.name for e in equations.values() if not e.timed}
    timed = {name.name for name in used if name.index is not None and name.index.start}

    def entry(part: Tree) -> Tree | None:
        is_entry = isinstance(part, Letter) and part.name in bare - timed and isinstance(part.time, Number)
        return dataclasses.replace(part, time=None, entry=(part.time, *part.entry)) if is_entry else None  # type: ignore[arg-type, union-attr]  # a Letter

    return {key: dataclasses.replace(e, expression=mapped(e.expression, entry)) for key, e in equations.items()}


def _key(equation: Equation, known: Mapping[str, Equation]) -> str:
    """Return the key of an equation: its name; 'h[0]' for a state outside of the steps, 'L[2]' for a second step."""
    name, first = equation.name, known.get(equation.name)
    if equation.is_general or equation.is_inside and (first is None or first.is_general or first == equation):
        return name
    return f"{name}[{equation.index}]"


@cache
def rule(text: str) -> Tree:
    """Return the tree of a rule in a row of `functions`, in u and y or p and y; every function may stand in it."""
    return read(text, Words(ROWS))  # type: ignore[arg-type]  # what a reader asks of a Language


def _equation(line: Position) -> Equation:
    """Return the equation that a line states (errors: NetworkError with a caret)."""
    if len(line.source) > LONGEST_LINE:
        what = f"This line has {len(line.source)} characters; at most {LONGEST_LINE} are read."
        raise NetworkError(what, "Name its parts in lines of their own.", line)
    try:
        tree = read(line.source, Words(FUNCTIONS), relation=True)  # type: ignore[arg-type]  # what a reader asks of a Language
        if not isinstance(tree, Relation) or tree.operator != "=":
            raise FormulaError("This is not an equation.", FORM)
        if "==" in line.source:
            raise FormulaError("An equation has one = sign.", FORM, "", line.source.index("=="))
        left = _left_side(tree.left)
        _check(tree.right)
    except FormulaError as error:
        raise NetworkError(error.what, error.mend, line._replace(column=error.column + 1)) from None
    return Equation(left.name, index_of(left.time), tree.right, line, line.source)


def _left_side(tree: Tree) -> Letter:
    """Return the quantity that an equation defines."""
    if isinstance(tree, Variable) or isinstance(tree, Entry) and isinstance(tree.inner, Variable):
        tree = getattr(tree, "inner", tree)
        raise FormulaError(f"{tree.name} is the time and cannot be defined.", "Rename it.", "", tree.column)  # type: ignore[union-attr]  # t or T
    if not isinstance(tree, Letter) or tree.entry:
        raise FormulaError("A name was expected on the left.", FORM, "", tree.column)
    index = index_of(tree.time)
    if index is not None and index.start == "t" and index.shift:
        what = f"An equation defines {tree.name}[t], not {tree.name}[{index}]."
        raise FormulaError(what, "Write the index t on the left and shift the indices on the right.", "", tree.column)
    return tree


def _check(tree: Tree) -> None:
    """Raise a FormulaError for a part that no equation of a network may hold."""
    match tree:
        case Number(value, column) if value and not Fraction(1, 10**MOST_DIGITS) <= value <= 10**MOST_DIGITS:
            raise FormulaError("This number is too large or too small.", "Rescale it.", "", column)
        case Power(_, exponent, column):
            whole = whole_number(exponent)
            if whole is None or abs(whole) > LARGEST_POWER:
                what = f"A power must be a whole number between -{LARGEST_POWER} and {LARGEST_POWER}."
                raise FormulaError(what, "For other powers use exp and log.", "", column)
        case Variable("t", column):
            raise FormulaError("t can only stand in an index.", "The number of steps, T, is a number.", "", column)
        case Slice(_, first, last):
            _check_entries((first, last), tree.column)
        case Entry(_, indices) | Letter(_, _, indices):
            _check_entries(indices, tree.column)
        case Number() | Variable() | Negative() | Binary() | Call() | Transpose():
            pass
        case _:
            word = "A derivative" if isinstance(tree, Derivative) else "This"
            offer = f"Allowed: names, numbers, + - * / @ **, and {', '.join(FUNCTIONS)}."
            raise FormulaError(f"{word} is not part of the language of equations.", offer, "", tree.column)
    for part in children(tree):
        _check(part)
    _constant(tree)


def _constant(tree: Tree) -> Fraction | None:
    """Return the value of a part that is made of numbers alone (errors: FormulaError for one that explodes)."""
    match tree:
        case Number(value):
            return value
        case Negative(inner) if (one := _constant(inner)) is not None:
            return -one
        case Binary("+" | "-" | "*" | "/" as sign, left, right):
            one, other = _constant(left), _constant(right)
            if one is None or other is None or sign == "/" and not other:
                return None
            found = {"+": one + other, "-": one - other, "*": one * other, "/": one / (other or 1)}[sign]
        case Power(base, exponent) if (one := _constant(base)) is not None and (one or whole_number(exponent) >= 0):
            found = one ** whole_number(exponent)
        case _:
            return None
    if max(abs(found.numerator), found.denominator) > LARGEST_CONSTANT:
        raise FormulaError("This number is too large or too small.", "Rescale it.", "", tree.column)
    return found


def _check_entries(indices: tuple[Tree, ...], column: int) -> None:
    if any((whole_number(index) or 0) < 1 for index in indices):
        mend = "Write some entries as v[2:4], one as v[t][2]."
        raise FormulaError("Entries are whole numbers from 1.", mend, "", column)


class Words:
    """What the words of an equation mean: any name is a quantity, before any is known."""

    variables, has_matrices, has_ranges, is_limited = ("t", "T"), True, False, False

    def __init__(self, functions: Mapping[str, Function]) -> None:
        self._functions = functions

    @property
    def letters(self) -> Collection[str]:
        """All names but those of functions and times."""
        return _AllBut({*self._functions, *OTHER_NAMES, *self.variables})

    def function(self, name: str) -> str | None:
        """Return the function a name stands for, or None."""
        name = OTHER_NAMES.get(name, name)
        return name if name in self._functions else None

    def use(self, function: str) -> tuple[int | tuple[int, int], str]:
        """Return how many arguments a function takes, and how it is written."""
        return use(function, self._functions[function])[0], self._functions[function].example

    def rank(self, letter: str) -> int:
        """Return how many indices an entry of a quantity has: nobody knows it yet."""
        return -1

    def operator(self, left: Tree, right: Tree) -> None:
        """Return no operator of a product: nobody knows the shapes yet."""

    def check(self, name: str, column: int) -> None:
        """Raise a FormulaError where a word cannot be the name of a quantity."""
        if name in ("pi", "nan", "inf"):
            mend = "Write the number out, as in 3.14159265358979; a quantity needs another name."
            raise FormulaError(f"{name} is not a number here.", mend, "", column)
        if match := re.fullmatch(r"(\w+?)_([tT])", name):
            raise FormulaError("Times stand in brackets.", f"Write  {match[1]}[{match[2]}].", "", column)
        if not re.fullmatch(NAME, name) or len(name) > 30 or keyword.iskeyword(name):
            what = f"{name[:30]!r} is not a name that can be used."
            mend = "Begin with a letter; letters, digits and single underscores follow, 30 at most; no word of Python."
            raise FormulaError(what, mend, "", column)

    def place(self, token: Token, groups: list[tuple[Token, list[Tree]]]) -> tuple[Tree | None, tuple[Tree, ...]]:
        """Return what the brackets after a name mean: its time, and its entry after that."""
        if not groups:
            return None, ()
        (opening, items), *rest = groups
        if opening.text == "[" and len(items) == 2 and not rest and None not in map(whole_number, items):
            return None, tuple(items)
        index = index_of(items[0]) if len(items) == 1 else None
        if opening.text == "(" and (index is None or token.text in ELSEWHERE):
            raise self._unknown_function(token)
        if index is None or abs(index.shift) > LARGEST_SHIFT:
            raise FormulaError("This is not a time index.", TIMES, "", opening.column + 1)
        entry = tuple(item for _, more in rest for item in more)
        if any(bracket.text == "(" for bracket, _ in rest) or len(entry) > 1:
            what = "After the time stands one index of an entry, or none."
            raise FormulaError(what, f"Write  {token.text}[t]  or  {token.text}[t][2].", "", rest[0][0].column)
        return items[0], entry

    def _unknown_function(self, token: Token) -> FormulaError:
        name = token.text[:30]
        known = f"Known: {', '.join(self._functions)}."
        if name in ELSEWHERE:
            return FormulaError(f"The function {name!r} is not known. {ELSEWHERE[name]}", known, "", token.column)
        near = nearest(name.lower(), self._functions, LIKE) or " A product is written with *."
        return FormulaError(f"The function {name!r} is not known.{near}", known, "", token.column)

    def letter(self, token: Token, time: Tree | None, entry: tuple[Tree, ...]) -> Tree:
        """Return a quantity as a tree."""
        return Letter(token.text, time, entry, token.column)


class _AllBut(Collection):
    """All words but some."""

    def __init__(self, words: Collection[str]) -> None:
        self._words = words

    def __contains__(self, word: object) -> bool:
        return word not in self._words

    def __iter__(self) -> Any:
        raise TypeError("all words but some cannot be counted")

    __len__ = __iter__
