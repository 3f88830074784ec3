"""What the words of a formula mean: the letters of a network, its deltas and gradients, indices, functions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, NamedTuple, Protocol

from bptt_lab.formulas.elsewhere import fitting_operator
from bptt_lab.formulas.errors import FormulaError, nearest
from bptt_lab.formulas.functions import ROWS, Function
from bptt_lab.formulas.shapes import shape_of
from bptt_lab.formulas.tokens import Token
from bptt_lab.formulas.tree import Derivative, Letter, Number, Tree, Variable


def use(name: str, row: Function) -> tuple[int | tuple[int, int], str]:
    """Return how many arguments a function takes, at least and at most where these differ, and how it is written."""
    fewest, most = row.arguments
    return fewest if fewest == most else row.arguments, f"{name}(…)" if most == 1 else row.example


FUNCTIONS = {name: use(name, row) for name, row in ROWS.items()}
FUNCTIONS |= {name: (1, f"{name}(…)") for name in ("sinh", "cosh", "sech", "diag", "ones", "rows", "columns")}
FUNCTIONS |= {
    "outer": (2, "outer(column, column)"),
    "same": (2, "same(i, j)"),
    "column": (4, "column(i, 1, 5, …)"),
    "row": (4, "row(i, 1, 5, …)"),
    "matrix": (7, "matrix(i, 1, 5, j, 1, 4, …)"),
    "sum": (4, "sum(t, 1, 3, …): the index, from, to, the term"),
    "prod": (4, "prod(t, 1, 3, …): the index, from, to, the factor"),
}
OTHER_NAMES = {"ln": "log", "Sum": "sum", "Prod": "prod", "product": "prod"}
DERIVATIVES = {"D": "total", "d": "immediate", "grad": "gradient", "total": "total", "immediate": "immediate"}


LIKE = 0.7  # of a letter that the question does not name, to be offered


class Quantities(Protocol):
    """What a formula is about, such as a network: its quantities with their shapes, and which of them is the loss."""

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """The shape of each quantity."""

    @property
    def loss(self) -> str:
        """The name of the loss."""

    @property
    def written(self) -> Mapping[str, Any]:
        """The equations as they are written."""

    def is_timed(self, name: str) -> bool:
        """Return whether a quantity carries a time."""


class Meaning(NamedTuple):
    """What a letter stands for: a quantity itself ('value'), or the loss differentiated by it."""

    kind: str
    name: str


class Language:
    """The words a formula about a network may use.

    `variables` are index names that may stand free, such as t; T may where anything has a time; `allowed` limits the
    letters, None allows all; `offered` are those that a message names, and `is_limited` says that an answer holds no
    others, but for derivatives that they stand for; `asked` are the indices the question leaves free, None says all.
    """

    has_ranges = True

    def __init__(
        self,
        network: Quantities,
        variables: tuple[str, ...] = ("t",),
        allowed: tuple[str, ...] | None = None,
        offered: tuple[str, ...] = (),
        is_limited: bool = False,
        asked: tuple[str, ...] | None = None,
    ) -> None:
        self.network, self.allowed, self.offered, self.is_limited = network, allowed, offered, is_limited
        self.asked = tuple(variables) if asked is None else asked
        steps = ("T",) if any(map(network.is_timed, network.shapes)) else ()
        self.variables = tuple(name for name in dict.fromkeys((*variables, *steps)) if name not in network.shapes)

    @cached_property
    def letters(self) -> dict[str, Meaning]:
        """Every letter: the network's quantities, d_X for a gradient, d1 for the delta of a pre-activation a1."""
        found = {name: Meaning("value", name) for name in self.network.shapes}
        for name in self.network.shapes:
            found.setdefault(f"d_{name}", Meaning("gradient", name))
            if re.fullmatch(r"a(\d+|\d*_\w+)", name):  # a alone would take the word d
                found.setdefault("d" + name[1:], Meaning("total", name))
        return found

    @cached_property
    def has_matrices(self) -> bool:
        """Whether any quantity has more than one entry; where none has, v**T is a power and no transpose."""
        return any(size > 1 for shape in self.network.shapes.values() for size in shape)

    def is_timed(self, letter: str) -> bool:
        """Return whether a letter carries a time."""
        return self.network.is_timed(self.letters[letter].name)

    def rank(self, letter: str) -> int:
        """Return how many indices an entry of a letter has."""
        return len(self.network.shapes[self.letters[letter].name])

    def is_number(self, letter: str) -> bool:
        """Return whether a letter has one entry only."""
        return all(size == 1 for size in self.network.shapes[self.letters[letter].name])

    def function(self, name: str) -> str | None:
        """Return the function a name stands for, or None."""
        name = OTHER_NAMES.get(name, name)
        return name if name in FUNCTIONS and name not in self.letters else None

    def use(self, function: str) -> tuple[int | tuple[int, int], str]:
        """Return how many arguments a function takes, and how it is written."""
        return FUNCTIONS[function]

    def place(self, token: Token, groups: list[tuple[Token, list[Tree]]]) -> tuple[Tree | None, tuple[Tree, ...]]:
        """Return what the brackets after a letter mean, a time and an entry: h1(2)[3], h1[2][3] and h1[2,3] are one."""
        rank, timed = self.rank(token.text), self.is_timed(token.text)
        rounds = [items for opening, items in groups if opening.text == "("]
        squares = [item for opening, items in groups if opening.text == "[" for item in items]
        time = None
        if timed and rounds:
            time, squares = rounds[0][0], [*rounds[0][1:], *squares]
        elif timed and squares:
            time, squares = squares[0], squares[1:]
        if rounds and not timed:
            mend = f"Write  {token.text}*(…), or {token.text}[1,2] for an entry."
            if all(isinstance(item, Number | Variable) for items in rounds for item in items):
                mend = f"Write  {token.text}"  # what stands in the brackets is a time
            error = FormulaError(f"{token.text} has no time; a product needs *.", mend, "", groups[0][0].column)
            error.sign = "*" if self.is_number(token.text) else ""
            raise error
        if len(rounds) > 1 or len(squares) not in (0, rank):
            indices = "no index of its own" if rank == 0 else f"{rank} {'index' if rank == 1 else 'indices'} an entry"
            what = f"{token.text} has {'a time and ' if timed else ''}{indices}."
            sign, column = self._sign_before(token, groups)
            error = FormulaError(what, "", "", column if sign else groups[-1][0].column)
            error.sign = sign
            raise error
        if timed and time is None and token.text != self.network.loss:
            mend = f"Write  {token.text}(t)  or  {token.text}(2)"
            raise FormulaError(f"{token.text} needs a time.", mend, "", token.column)
        return time, tuple(squares)

    def _sign_before(self, token: Token, groups: list[tuple[Token, list[Tree]]]) -> tuple[str, int]:
        """Return the operator that is missing before the second round bracket after a letter, a factor, and where."""
        brackets = "".join(opening.text for opening, _ in groups)
        if not re.fullmatch(r"\(\[?\(+", brackets) or any(len(items) > 1 for _, items in groups):
            return "", 0
        at = brackets.index("(", 1)
        time, *entry, factor = (items[0] for _, items in groups[: at + 1])
        try:
            sign = self.operator(Letter(self.letters[token.text].name, time, tuple(entry)), factor) or ""
        except FormulaError:
            return "", 0
        return sign, groups[at][0].column

    def letter(self, token: Token, time: Tree | None, entry: tuple[Tree, ...]) -> Tree:
        """Return a letter as a tree: a quantity, or the derivative of the loss that it stands for."""
        meaning = self.letters[token.text]
        plain = Letter(meaning.name, time, entry, token.column)
        if meaning.kind == "value":
            return plain
        return Derivative(Letter(self.network.loss), plain, meaning.kind, token.column)

    def operator(self, left: Tree, right: Tree) -> str | None:
        """Return the operator of a product of two parts, by their shapes; None where none fits."""
        return fitting_operator(*(shape_of(part, self.network.shapes) for part in (left, right)))

    def check(self, name: str, column: int) -> None:
        """Raise a FormulaError where a name is not a letter that may be used here."""
        if name not in self.letters:
            raise FormulaError(self._unknown(name), self._offer(), "", column)
        is_loss = name == self.network.loss  # it stands in every D(L, …): the other letter decides
        if self.allowed is not None and name not in self.allowed and not is_loss:
            raise FormulaError(f"{name} is not available in this exercise.", self._offer(), "", column)

    def is_offered(self, letter: str) -> bool:
        """Return whether a letter is offered where no others are: itself or by another name, as d_a1 for d1."""
        if letter == self.network.loss:
            return True
        meaning, known = self.letters[letter], [self.letters.get(name) for name in self.offered]
        return any(
            one and one.name == meaning.name and (one.kind == "value") == (meaning.kind == "value") for one in known
        )

    def deltas(self, number: str = "") -> list[str]:
        """Return the letters of deltas, offered ones first: total derivatives by pre-activations, or of one layer."""
        if number:
            return [name for name in (f"d{number}", f"d_a{number}") if name in self.letters][:1]
        for letters in (self._offered(), self.letters):
            known = {name: self.letters[name] for name in letters if name in self.letters}
            found = [name for name, one in known.items() if one.kind != "value" and re.match(r"a(\d|_|$)", one.name)]
            totals = [name for name in found if known[name].kind == "total"]
            if totals or found:
                return totals or found
        return []

    def _unknown(self, name: str) -> str:
        """Return what is wrong with a name: a slip of typing where one is seen, else the nearest letter."""
        loss = self.network.loss
        if name.startswith(f"d{loss}") and len(name) > len(loss):
            return (
                f"{name!r} is not a letter. A derivative of the loss is written D({loss}, …), total, or d({loss}, …)."
            )
        if name.endswith("T") and name[:-1] in self.letters:
            return f"{name!r} is not a letter. A transpose is written {name[:-1]}.T"
        if (match := re.fullmatch(r"(\w+?)_(\d|t|T)", name)) and match[1] in self.letters:
            return f"{name!r} is not a letter. {self._subscript(match[1], match[2])}"
        for letters in (self._offered(), self.letters):
            if meant := _all_but_for_case(name, letters) or _with_a_number(name, letters):
                return f"{name!r} is not a letter. Did you mean {' or '.join(map(repr, meant[:3]))}?"
        for cut in range(1, len(name)):
            if name[:cut] in self.letters and name[cut:] in self.letters:
                return f"{name!r} is not a letter. A * is missing between {name[:cut]} and {name[cut:]}."
        if name in ("I", "eye", "identity") and self.has_matrices:
            return f"There is no letter for the unit matrix {name}. Multiply out: A @ (I + B) is A + A @ B."
        if name in ("i", "j", "k", "l", "m", "n", "s"):
            return f"{name!r} is not a letter. An index exists only inside a sum, as in sum({name}, 1, 3, …)."
        match = re.fullmatch(r"delta_?(\d*)", name)
        if match and (known := self.deltas(match[1])):
            return f"{name!r} is not a letter. A delta is written {' or '.join(known[:3])}."
        stem = name.rstrip("0123456789")
        if stem != name and stem in self.letters:
            return f"{name!r} is not a letter of this network. Did you mean {stem!r}?"
        return f"{name!r} is not a letter of this network." + (
            nearest(name, self._offered()) or nearest(name, self.letters, LIKE)
        )

    def _subscript(self, letter: str, index: str) -> str:
        """Return how a letter with a subscript is written: it is a time, or the index of an entry."""
        if not self.is_timed(letter):
            return f"An entry stands in square brackets, as in {letter}[…]." if not self.is_number(letter) else ""
        if self.is_number(letter) or index in "tT":
            return f"Times stand in brackets: {letter}({index})"
        time, entry = f"{letter}({index})", f"{letter}(t)[{index}]"
        return f"A time stands in round brackets, {time}, an entry after it in square ones, {entry}"

    def _offered(self) -> tuple[str, ...]:
        return self.offered or (tuple(self.letters) if self.allowed is None else self.allowed)

    def _offer(self) -> str:
        return f"Letters: {', '.join(self._offered())}."


def _bare(name: str) -> str:
    """Return a name without capitals and underscores."""
    return name.lower().replace("_", "")


def _all_but_for_case(name: str, letters: Iterable[str]) -> list[str]:
    """Return the letters that are a name but for capitals and underscores."""
    return [letter for letter in letters if _bare(letter) == _bare(name)]


def _with_a_number(name: str, letters: Iterable[str]) -> list[str]:
    """Return the letters that are a name but for the number at their end."""
    return [letter for letter in letters if letter.rstrip("0123456789") == name]
