"""Vector forms of any network spelled out: as a formula that can be read back, entry by entry, and as NumPy code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from bptt_lab.exercises.places import said
from bptt_lab.formulas import Language, write
from bptt_lab.formulas.functions import ROWS
from bptt_lab.formulas.language import FUNCTIONS
from bptt_lab.formulas.shapes import shape_of
from bptt_lab.formulas.times import NOW, Index, index_of, number
from bptt_lab.formulas.tree import (
    ONE,
    Binary,
    Call,
    Derivative,
    Letter,
    Negative,
    Number,
    Over,
    Power,
    Slice,
    Transpose,
    Tree,
    Unless,
    Variable,
    mapped,
    walk,
)
from bptt_lab.network import Network, Place
from bptt_lab.symbolic import vectors

INDICES = ("i", "j", "k", "l", "m", "n")
ENTRYWISE = tuple(name for name, row in ROWS.items() if row.kind == "entry")


class Unspeakable(ValueError):
    """A form that the language asked for has no words for."""


def gradient_form(network: Network, name: str) -> Tree:
    """Return the gradient by a quantity at general t in matrix algebra (errors: NetworkError)."""
    return vectors.transposed(vectors.local_form(network, name), network.shapes)


def _later(index: Tree, by: int) -> Tree:
    """Return the index so many entries further on."""
    if isinstance(index, Number):
        return Number(index.value + by)
    return Binary("+", index, number(by)) if by else index


@dataclass
class _Formula:
    """What formulas of a vector form and of its entries share; `plain`: every quantity is one number."""

    network: Network

    def __post_init__(self) -> None:
        self.plain = all(size == 1 for shape in self.network.shapes.values() for size in shape)
        self.letters = Language(self.network).letters

    def letter(self, name: str, time: Tree | None, entry: tuple = ()) -> Letter:
        if name not in self.letters:
            raise Unspeakable(name)
        return Letter(name, time, () if self.plain else entry)

    def gradient(self, of: Letter, entry: tuple = ()) -> Letter:
        return self.letter(f"d_{of.name}", of.time, entry)

    def where(self, tree: Unless, term: Tree) -> Tree:
        """Return a term with the factor that makes it zero where it does not exist.

        A derivative by what lies beyond the last step is zero already, so a term that holds one needs no factor; any
        other would have to read an input that does not exist.
        """
        if tree.missing.operator == "!=":
            same = Call("same", (tree.missing.left, tree.missing.right))
            return same if term == ONE else Binary("*", same, term)
        if any(isinstance(part, Letter) and part.name.startswith("d_") for part in walk(term)):
            return term
        raise Unspeakable(write(tree.missing))

    def is_number(self, tree: Tree) -> bool:
        return shape_of(tree, self.network.shapes) == ()


class _Whole(_Formula):
    """A vector form as a formula of columns and matrices."""

    def of(self, tree: Tree) -> Tree:
        return mapped(tree, self.spoken)

    def spoken(self, tree: Tree) -> Tree | None:
        """Return how a part is written by a student, where this is not how it stands."""
        match tree:
            case Letter(name, time):
                return self.letter(name, time)
            case Derivative(_, of, kind):
                found = self.gradient(of)
                return found if kind == "gradient" or self.plain else Transpose(found)
            case Transpose(inner) | Call("diag", (inner,)) if self.plain:
                return self.of(inner)
            case Binary("@", left, right) if self.plain:
                return Binary("*", self.of(left), self.of(right))
            case Unless(_, term):
                return self.where(tree, self.of(term))
            case Call(function, _) if function not in FUNCTIONS:
                raise Unspeakable(function)
        return None


class _Entries(_Formula):
    """One entry of a vector form as a formula of numbers, with a sum for each matrix product."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.free: Iterator[str] = (name for name in INDICES if name not in self.letters)

    def of(self, tree: Tree, i: Tree) -> Tree:
        match tree:
            case Number():
                return tree
            case Letter(name, time):
                return self.letter(name, time, (i,) if self.network.shapes[name] else ())
            case Derivative(_, of, "gradient"):
                return self.gradient(of, (i,) if self.network.shapes[of.name] else ())
            case Slice(inner, Number(first), _, False):
                return self.of(inner, _later(i, int(first) - 1))
            case Over("sum", _, _, _, term):
                return replace(tree, body=self.of(term, i))
            case Unless(_, term):
                return self.where(tree, self.of(term, i))
            case Negative(inner):
                return Negative(self.of(inner, i))
            case Power(base):
                return replace(tree, base=self.of(base, i))
            case Binary("@", left, right):
                return self.product(left, right, i)
            case Binary(operator, left, right):
                return Binary(operator, self.of(left, i), self.of(right, i))
            case Call(function, (inner,)) if function in ENTRYWISE:
                return Call(function, (self.of(inner, i),))
        raise Unspeakable(write(tree))

    def product(self, left: Tree, right: Tree, i: Tree) -> Tree:
        """Return an entry of a matrix times a column: a sum over the entries of the column."""
        size = shape_of(left, self.network.shapes)[1]
        if self.plain or size == 1:
            entry = self.of(left, i) if not isinstance(left, Transpose) else self.matrix(left, i, ONE)
            return Binary("*", entry, self.of(right, ONE))
        k = next(self.free, None)
        if k is None:
            raise Unspeakable("too many sums")
        term = Binary("*", self.matrix(left, i, Variable(k)), self.of(right, Variable(k)))
        return Over("sum", k, ONE, number(size), term)

    def matrix(self, tree: Tree, i: Tree, j: Tree) -> Tree:
        """Return the entry in row i and column j of a matrix."""
        match tree:
            case Letter(name) if len(self.network.shapes[name]) == 2:
                return self.letter(name, None, (i, j))
            case Letter():
                return self.of(tree, i)
            case Transpose(inner):
                return self.matrix(inner, j, i)
            case Call("diag", (inner,)):
                return Binary("*", Call("same", (i, j)), self.of(inner, i))
            case Binary("@", left, Transpose(right)):
                return Binary("*", self.of(left, i), self.of(right, j))
            case Binary("+" | "-" as sign, left, right):
                return Binary(sign, self.matrix(left, i, j), self.matrix(right, i, j))
        raise Unspeakable(write(tree))


def spell(tree: Tree, network: Network) -> str:
    """Return a vector form as a formula in the network's own letters (errors: Unspeakable).

    In a network whose quantities all have one entry it is a product of numbers.
    """
    return _close(write(_Whole(network).of(tree)))


def spell_entry(tree: Tree, network: Network, entry: int) -> str:
    """Return one entry of a column, counted from 1, as a formula of entries (errors: Unspeakable)."""
    return _close(write(_Entries(network).of(tree, number(entry))))


def _close(text: str) -> str:
    """Return a formula with its times written as people do, h(t-1)."""
    return re.sub(r"\(([tT]) ([+-]) (\d+)\)", r"(\1\2\3)", text)


@dataclass
class Code:
    """NumPy code for columns that stand as rows in arrays (T, B, n); `arguments` gathers the arrays it reads.

    Each argument's name leads to the formula of what it holds. Where every quantity has one entry the arrays are (T, B)
    and all products go entry by entry. Errors: Unspeakable.
    """

    network: Network
    arguments: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.plain = all(size == 1 for shape in self.network.shapes.values() for size in shape)

    def rows(self, tree: Tree) -> str:
        """Return the code of a column form, all sequences and steps at once."""
        match tree:
            case Number(value):
                return str(value) if value.denominator == 1 else f"({value.numerator} / {value.denominator})"
            case Negative(inner):
                return f"-{_tight(self.rows(inner))}"
            case Letter(name, time):
                return self.array(name, index_of(time))
            case Derivative(_, of, "gradient"):
                return self.array(of.name, index_of(of.time), "d_")
            case Unless(missing, term) if missing.operator != "!=":
                return self.rows(term)
            case Transpose(inner) | Call("diag", (inner,)) if self.plain:
                return self.rows(inner)
            case Slice(inner, Number(first), Number(last), False):
                return f"{_tight(self.rows(inner))}[..., {first - 1}:{last}]"
            case Power(base, exponent):
                written = self.rows(base)
                return f"{written if written.isidentifier() else f'({written})'}**{write(exponent)}"
            case Binary("@", left, right) if self.is_matrix(left):
                return f"{_tight(self.rows(right))} @ {self.turned(left)}"
            case Binary(operator, left, right):
                sides = _tight(self.rows(left)), _tight(self.rows(right))
                return f" {'*' if operator == '@' else operator} ".join(sides)
            case Call("concat", arguments):
                return f"np.concatenate([{', '.join(map(self.rows, arguments))}], axis=-1)"
            case Call(function, (inner,)) if function in ROWS and ROWS[function].numpy:
                return ROWS[function].numpy.format(_tight(self.rows(inner)))
        raise Unspeakable(write(tree))

    def is_matrix(self, tree: Tree) -> bool:
        """Return whether a factor is a parameter's matrix, or one that has no words here."""
        shape = shape_of(tree, self.network.shapes)
        if self.plain or shape == ():
            return False
        inner = tree.inner if isinstance(tree, Transpose) else tree
        return shape[1] != 1 or isinstance(inner, Letter) and len(self.network.shapes[inner.name]) == 2

    def turned(self, tree: Tree) -> str:
        """Return the code of the transpose of a matrix, by which rows are multiplied from the right."""
        match tree:
            case Letter(name) if len(self.network.shapes[name]) == 2:
                return f"{self.array(name, None)}.T"
            case Transpose(Letter(name)) if len(self.network.shapes[name]) == 2:
                return self.array(name, None)
        raise Unspeakable(str(tree))

    def array(self, name: str, index: Index | None, before: str = "") -> str:
        """Return the name of an argument, and note what it holds."""
        argument = before + name + argument_suffix(index)
        formula = before + said(Place(name, index))
        if self.arguments.setdefault(argument, formula) != formula:
            raise Unspeakable(f"two arrays would be called {argument}")
        return f"{argument}[..., None]" if not self.network.shapes[name] and not self.plain else argument


def argument_suffix(index: Index | None) -> str:
    """Return what is added to a letter to name the array of its values at an index: h_before holds h(t-1)."""
    if index is None or index == NOW:
        return ""
    if index.start != "t":
        return f"_{index.start}{abs(index.shift) or ''}" if index.start else f"_{index.shift}"
    word = "before" if index.shift < 0 else "after"
    return f"_{word}" if abs(index.shift) == 1 else f"_{abs(index.shift)}_{word}"


def _tight(code: str) -> str:
    """Return a piece of code in brackets where it is more than one name."""
    return f"({code})" if " " in code or code.startswith("-") else code
