"""Vector forms of any network spelled out: as a formula that can be read back, entry by entry, and as NumPy code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from bptt_lab.exercises.paths import place_text
from bptt_lab.formulas import Language, write
from bptt_lab.formulas import tree as formulas
from bptt_lab.formulas.language import FUNCTIONS
from bptt_lab.network import Network, Place
from bptt_lab.network.expressions import NOW, Binary, Call, Index, Name, Number, Power
from bptt_lab.network.functions import ROWS
from bptt_lab.network.shapes import Shape, entrywise_shape
from bptt_lab.symbolic import vectors
from bptt_lab.symbolic.vectors import Derivative, Diagonal, Gradient, OverTime, Part, Transpose, Tree, Where

TIME, LAST = formulas.Variable("t"), formulas.Variable("T")
INDICES = ("i", "j", "k", "l", "m", "n")
ENTRYWISE = tuple(name for name, row in ROWS.items() if row.kind == "entry")


class Unspeakable(ValueError):
    """A form that the language asked for has no words for."""


def gradient_form(network: Network, name: str) -> Tree:
    """Return the gradient by a quantity at general t in matrix algebra (errors: NetworkError)."""
    return vectors.transposed(vectors.local_form(network, name))


def shape_of(tree: Tree, network: Network) -> Shape:
    """Return the rows and columns of a vector form; () for a number."""
    match tree:
        case Gradient(of) | Derivative(of):
            found = shape_of(of, network)
            return found[::-1] if isinstance(tree, Derivative) else found
        case Name(name):
            return (*network.shapes[name], 1)[:2] if network.shapes[name] else ()
        case Transpose(inner):
            return shape_of(inner, network)[::-1]
        case Diagonal(inner):
            return shape_of(inner, network)[:1] * 2
        case Part(inner, first, last, of_rows):
            rows, columns = shape_of(inner, network)
            return (last - first + 1, columns) if of_rows else (rows, last - first + 1)
        case OverTime(term) | Where(term):
            return shape_of(term, network)
        case Binary(operator, left, right):
            one, two = shape_of(left, network), shape_of(right, network)
            return (one[0], two[1]) if operator == "@" and one and two else one or two
        case Power(base):
            return shape_of(base, network)
    found = () if isinstance(tree, Number) else entrywise_shape(tree, network.shapes)
    return (*found, 1) if found else ()


def time_of(index: Index | None) -> formulas.Tree | None:
    """Return a time index as a formula."""
    if index is None:
        return None
    start = {"t": TIME, "T": LAST, "": None}[index.start]
    shift = formulas.Number(Fraction(abs(index.shift)))
    if start is None:
        return shift if index.shift >= 0 else formulas.Negative(shift)
    return start if not index.shift else formulas.Binary("+" if index.shift > 0 else "-", start, shift)


def _product(left: formulas.Tree, right: formulas.Tree) -> formulas.Tree:
    """Return a product; a factor of minus one becomes a sign, a factor of one is dropped."""
    one = formulas.Number(Fraction(1))
    if left == one or right == one:
        return right if left == one else left
    return formulas.Negative(right) if left == formulas.Negative(one) else formulas.Binary("*", left, right)


def _later(index: formulas.Tree, by: int) -> formulas.Tree:
    """Return the index so many entries further on."""
    if isinstance(index, formulas.Number):
        return formulas.Number(index.value + by)
    return formulas.Binary("+", index, formulas.Number(Fraction(by))) if by else index


def _number(value: Fraction) -> formulas.Tree:
    return formulas.Number(value) if value >= 0 else formulas.Negative(formulas.Number(-value))


@dataclass
class _Formula:
    """What formulas of a vector form and of its entries share; `plain`: every quantity is one number."""

    network: Network

    def __post_init__(self) -> None:
        self.plain = all(size == 1 for shape in self.network.shapes.values() for size in shape)
        self.letters = Language(self.network).letters

    def letter(self, name: str, index: Index | None, entry: tuple = ()) -> formulas.Letter:
        if name not in self.letters:
            raise Unspeakable(name)
        return formulas.Letter(name, time_of(index), () if self.plain else entry)

    def gradient(self, of: Name, entry: tuple = ()) -> formulas.Letter:
        return self.letter(f"d_{of.name}", of.index, entry)

    def where(self, tree: Where, term: formulas.Tree) -> formulas.Tree:
        """Return a term with the factor that makes it zero where it does not exist.

        A derivative by what lies beyond the last step is zero already, so a term that holds one needs no factor; any
        other would have to read an input that does not exist.
        """
        if tree.index.start != "t":
            return _product(formulas.Call("same", (TIME, time_of(tree.index))), term)
        if any(isinstance(part, formulas.Letter) and part.name.startswith("d_") for part in formulas.walk(term)):
            return term
        raise Unspeakable(tree.missing_when)

    def over_time(self, term: formulas.Tree) -> formulas.Tree:
        return formulas.Over("sum", "t", formulas.Number(Fraction(1)), LAST, term)

    def is_number(self, tree: Tree) -> bool:
        return shape_of(tree, self.network) == ()


class _Whole(_Formula):
    """A vector form as a formula of columns and matrices."""

    def of(self, tree: Tree) -> formulas.Tree:
        match tree:
            case Number(value):
                return _number(value)
            case Name(name, index):
                return self.letter(name, index)
            case Gradient(of):
                return self.gradient(of)
            case Derivative(of):
                return formulas.Transpose(self.gradient(of)) if not self.plain else self.gradient(of)
            case Transpose(inner):
                return self.of(inner) if self.plain else formulas.Transpose(self.of(inner))
            case Diagonal(inner):
                return self.of(inner) if self.plain else formulas.Call("diag", (self.of(inner),))
            case Part():
                return self.part(tree)
            case OverTime(term):
                return self.over_time(self.of(term))
            case Where(term):
                return self.where(tree, self.of(term))
            case Power(base, exponent):
                return formulas.Power(self.of(base), _number(Fraction(exponent)))
            case Binary("*", left, right):
                return _product(self.of(left), self.of(right))
            case Binary(operator, left, right):
                is_entrywise = operator == "@" and (self.plain or self.is_number(left) or self.is_number(right))
                sides = self.of(left), self.of(right)
                return _product(*sides) if is_entrywise else formulas.Binary(operator, *sides)
            case Call(function, arguments) if function in FUNCTIONS:
                return formulas.Call(function, tuple(self.of(argument) for argument in arguments))
        raise Unspeakable(str(tree))

    def part(self, tree: Part) -> formulas.Tree:
        """Return some rows of a form: of a gradient by its entries, of a product by the rows of its left factor."""
        inner = tree.inner
        if not tree.of_rows:
            return formulas.Transpose(self.part(Part(vectors.transposed(inner), tree.first, tree.last, True)))
        if isinstance(inner, Binary) and inner.operator == "@" and not self.is_number(inner.left):
            return formulas.Binary("@", self.of(Part(inner.left, tree.first, tree.last, True)), self.of(inner.right))
        first, last = (formulas.Number(Fraction(end)) for end in (tree.first, tree.last))
        columns = shape_of(inner, self.network)[1]
        entries = _Entries(self.network)
        i = next(entries.free)
        if columns == 1:
            return formulas.Over("column", i, first, last, entries.of(inner, formulas.Variable(i)))
        j = next(entries.free)
        entry = entries.matrix(inner, formulas.Variable(i), formulas.Variable(j))
        row = formulas.Over("row", j, formulas.Number(Fraction(1)), formulas.Number(Fraction(columns)), entry)
        return formulas.Over("column", i, first, last, row)


class _Entries(_Formula):
    """One entry of a vector form as a formula of numbers, with a sum for each matrix product."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.free: Iterator[str] = (name for name in INDICES if name not in self.letters)

    def of(self, tree: Tree, i: formulas.Tree) -> formulas.Tree:
        match tree:
            case Number(value):
                return _number(value)
            case Name(name, index):
                return self.letter(name, index, (i,) if self.network.shapes[name] else ())
            case Gradient(of):
                return self.gradient(of, (i,) if self.network.shapes[of.name] else ())
            case Part(inner, first, _, True):
                return self.of(inner, _later(i, first - 1))
            case OverTime(term):
                return self.over_time(self.of(term, i))
            case Where(term):
                return self.where(tree, self.of(term, i))
            case Power(base, exponent):
                return formulas.Power(self.of(base, i), _number(Fraction(exponent)))
            case Binary("@", left, right) if not (self.is_number(left) or self.is_number(right)):
                return self.product(left, right, i)
            case Binary("*" | "@", left, right):
                return _product(self.of(left, i), self.of(right, i))
            case Binary(operator, left, right):
                return formulas.Binary(operator, self.of(left, i), self.of(right, i))
            case Call(function, (inner,)) if function in ENTRYWISE:
                return formulas.Call(function, (self.of(inner, i),))
        raise Unspeakable(str(tree))

    def product(self, left: Tree, right: Tree, i: formulas.Tree) -> formulas.Tree:
        """Return an entry of a matrix times a column: a sum over the entries of the column."""
        size, one = shape_of(left, self.network)[1], formulas.Number(Fraction(1))
        if self.plain or size == 1:
            entry = self.of(left, i) if not isinstance(left, Transpose) else self.matrix(left, i, one)
            return _product(entry, self.of(right, one))
        k = next(self.free, None)
        if k is None:
            raise Unspeakable("too many sums")
        term = _product(self.matrix(left, i, formulas.Variable(k)), self.of(right, formulas.Variable(k)))
        return formulas.Over("sum", k, one, formulas.Number(Fraction(size)), term)

    def matrix(self, tree: Tree, i: formulas.Tree, j: formulas.Tree) -> formulas.Tree:
        """Return the entry in row i and column j of a matrix."""
        match tree:
            case Name(name) if len(self.network.shapes[name]) == 2:
                return self.letter(name, None, (i, j))
            case Name():
                return self.of(tree, i)
            case Transpose(inner):
                return self.matrix(inner, j, i)
            case Diagonal(inner):
                return _product(formulas.Call("same", (i, j)), self.of(inner, i))
            case Binary("@", left, Transpose(right)):
                return _product(self.of(left, i), self.of(right, j))
            case Binary("+" | "-" as sign, left, right):
                return formulas.Binary(sign, self.matrix(left, i, j), self.matrix(right, i, j))
        raise Unspeakable(str(tree))


def spell(tree: Tree, network: Network) -> str:
    """Return a vector form as a formula in the network's own letters (errors: Unspeakable).

    In a network whose quantities all have one entry it is a product of numbers.
    """
    return _close(write(_Whole(network).of(tree)))


def spell_entry(tree: Tree, network: Network, entry: int) -> str:
    """Return one entry of a column, counted from 1, as a formula of entries (errors: Unspeakable)."""
    return _close(write(_Entries(network).of(tree, formulas.Number(Fraction(entry)))))


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
            case Name(name, index):
                return self.array(name, index)
            case Gradient(of):
                return self.array(of.name, of.index, "d_")
            case Where(term, index) if index.start == "t":
                return self.rows(term)
            case Transpose(inner) | Diagonal(inner) if self.plain:
                return self.rows(inner)
            case Part(inner, first, last, True):
                return f"{_tight(self.rows(inner))}[..., {first - 1}:{last}]"
            case Power(base, exponent):
                written = self.rows(base)
                return f"{written if written.isidentifier() else f'({written})'}**{exponent}"
            case Binary("@", left, right) if self.is_matrix(left):
                return f"{_tight(self.rows(right))} @ {self.turned(left)}"
            case Binary(operator, left, right):
                sides = _tight(self.rows(left)), _tight(self.rows(right))
                return f" {'*' if operator == '@' else operator} ".join(sides)
            case Call("concat", arguments):
                return f"np.concatenate([{', '.join(map(self.rows, arguments))}], axis=-1)"
            case Call(function, (inner,)) if ROWS[function].numpy:
                return ROWS[function].numpy.format(_tight(self.rows(inner)))
        raise Unspeakable(str(tree))

    def is_matrix(self, tree: Tree) -> bool:
        """Return whether a factor is a parameter's matrix, or one that has no words here."""
        if self.plain or shape_of(tree, self.network) == ():
            return False
        inner = tree.inner if isinstance(tree, Transpose) else tree
        is_column = shape_of(tree, self.network)[1] == 1
        return not is_column or isinstance(inner, Name) and len(self.network.shapes[inner.name]) == 2

    def turned(self, tree: Tree) -> str:
        """Return the code of the transpose of a matrix, by which rows are multiplied from the right."""
        match tree:
            case Name(name) if len(self.network.shapes[name]) == 2:
                return f"{self.array(name, None)}.T"
            case Transpose(Name(name)) if len(self.network.shapes[name]) == 2:
                return self.array(name, None)
        raise Unspeakable(str(tree))

    def array(self, name: str, index: Index | None, before: str = "") -> str:
        """Return the name of an argument, and note what it holds."""
        argument = before + name + argument_suffix(index)
        time = time_of(index)
        formula = before + name + (_close(f"({write(time)})") if time is not None else "")
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


def said(place: Place) -> str:
    """Return a place as a student writes it: h(t-1), h(2), or L."""
    if isinstance(place.time, Index):
        return f"{place.name}({place.time})"
    return place_text(place)
