"""Read the text of a network, one equation a line, with the reader of formulas; nothing in it is ever executed."""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection, Mapping
from fractions import Fraction
from functools import cache

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
)
from bptt_lab.network.errors import NetworkError, Position
from bptt_lab.network.expressions import Equation, children

LONGEST_TEXT, LONGEST_LINE, LARGEST_POWER, LARGEST_SHIFT, MOST_DIGITS = 20_000, 1_000, 20, 100, 15
MANY = 1_000  # steps: T - k lies among them, for every k that may be written
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
    "logistic": "The logistic function is written  sigmoid(u).",
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
            key = _key(equation)
            if key in equations:
                what = f"{key} is defined twice, first in line {equations[key].position.line}."
                raise NetworkError(what, "Give one of them another name.", equation.position)
            equations[key] = equation
    if not equations:
        raise NetworkError("The text holds no equation.", FORM)
    return equations


def _key(equation: Equation) -> str:
    """Return the key of an equation: its name, or 'h[0]' where it gives a state outside of the steps 1 to T."""
    name, index = equation.name, equation.index
    if equation.is_general or 1 <= index.at(None, MANY) <= MANY:
        return name
    return f"{name}[{index}]"


@cache
def rule(text: str) -> Tree:
    """Return the tree of a rule in a row of `functions`, in u and y or p and y; every function may stand in it."""
    return read(text, Words(ROWS))


def _equation(line: Position) -> Equation:
    """Return the equation that a line states (errors: NetworkError with a caret)."""
    if len(line.source) > LONGEST_LINE:
        what = f"This line has {len(line.source)} characters; at most {LONGEST_LINE} are read."
        raise NetworkError(what, "Name its parts in lines of their own.", line)
    try:
        tree = read(line.source, Words(FUNCTIONS), relation=True)
        if not isinstance(tree, Relation) or tree.operator != "=":
            raise FormulaError("This is not an equation.", FORM)
        left = _left_side(tree.left)
        _check(tree.right)
    except FormulaError as error:
        raise NetworkError(error.what, error.mend, line._replace(column=error.column + 1)) from None
    return Equation(left.name, index_of(left.time), tree.right, line, line.source)


def _left_side(tree: Tree) -> Letter:
    """Return the quantity that an equation defines."""
    if isinstance(tree, Variable) or isinstance(tree, Entry) and isinstance(tree.inner, Variable):
        tree = getattr(tree, "inner", tree)
        raise FormulaError(f"{tree.name} is the time and cannot be defined.", "Rename it.", "", tree.column)
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


def _check_entries(indices: tuple[Tree, ...], column: int) -> None:
    if any((whole_number(index) or 0) < 1 for index in indices):
        mend = "Write some entries as v[2:4], one as v[t][2]."
        raise FormulaError("Entries are whole numbers from 1.", mend, "", column)


class Words:
    """What the words of an equation mean: any name is a quantity, before any is known."""

    variables, has_matrices, has_ranges = ("t", "T"), True, False

    def __init__(self, functions: Mapping[str, Function]):
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

    def check(self, name: str, column: int) -> None:
        """Raise a FormulaError where a word cannot be the name of a quantity."""
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
        index = index_of(items[0]) if len(items) == 1 else None
        if index is None and opening.text == "(":
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
        near = nearest(name, self._functions) or " A product is written with *."
        return FormulaError(f"The function {name!r} is not known.{near}", known, "", token.column)

    def letter(self, token: Token, time: Tree | None, entry: tuple[Tree, ...]) -> Tree:
        """Return a quantity as a tree."""
        return Letter(token.text, time, entry, token.column)


class _AllBut(Collection):
    """All words but some."""

    def __init__(self, words: Collection[str]):
        self._words = words

    def __contains__(self, word: object) -> bool:
        return word not in self._words

    def __iter__(self):
        raise TypeError("all words but some cannot be counted")

    __len__ = __iter__
