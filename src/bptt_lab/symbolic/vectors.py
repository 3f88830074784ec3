"""Vector forms: formulas of derivatives, parameters and values as matrices, with the rules that pull a row back."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from bptt_lab.formulas.functions import ROWS
from bptt_lab.formulas.shapes import Shapes, shape_of
from bptt_lab.formulas.times import LAST, NOW, TIME, Index, index_of, letter, number, time_of
from bptt_lab.formulas.tree import (
    ONE,
    Binary,
    Call,
    Derivative,
    Entry,
    Letter,
    Negative,
    Number,
    Over,
    Power,
    Relation,
    Slice,
    Transpose,
    Tree,
    Unless,
    Variable,
    mapped,
    walk,
)
from bptt_lab.network import Network, NetworkError
from bptt_lab.network.parse import rule


def total(*terms: Tree) -> Tree:
    """Return the sum of terms."""
    sum_ = terms[0]
    for term in terms[1:]:
        sum_ = Binary("-", sum_, term.inner) if isinstance(term, Negative) else Binary("+", sum_, term)
    return sum_


def derivative(network: Network, of: Letter, kind: str = "total") -> Derivative:
    """Return the derivative of the loss by a letter: a row, or (columns × rows) for a matrix; or its gradient."""
    return Derivative(Letter(network.loss), of, kind)


def over_time(term: Tree) -> Tree:
    """Return a sum over all steps."""
    return Over("sum", "t", ONE, LAST, term)


class Use(NamedTuple):
    """One use of a quantity by an equation: the user's place relative to t, and when it is missing."""

    user: Letter
    key: str
    index: Index | None  # type: ignore[assignment]
    missing_when: str
    summed: bool

    @property
    def missing(self) -> Relation:
        """The relation of indices under which the term of this use does not exist."""
        word = next(word for word in (" is not ", " = ", " > ", " < ") if word in self.missing_when)
        left, right = self.missing_when.split(word)
        return Relation({" is not ": "!="}.get(word, word.strip()), _index_formula(left), _index_formula(right))


def _index_formula(text: str) -> Tree:
    """Return 't', 'T', 'T-2', 't+1' or '3' as a formula."""
    start = text.rstrip("+-0123456789")
    shift = int(text[len(start) :] or 0)
    return time_of(Index(start, shift))  # type: ignore[return-value]


def uses(network: Network, name: str) -> list[Use]:
    """Return the uses of a quantity, in the order of `network.influences`."""
    found = []
    for place, (key, index) in zip(network.influences(name), network.ordered_uses(name), strict=True):
        is_relative = index is not None and index.start == "t"
        summed = network.equation(key).index == NOW and not is_relative
        is_there = itself(network, name).time == time_of(index)  # computed at one step, and read at that step
        missing_when = "" if is_there else place.missing_when
        found.append(Use(letter(place.name, place.time), key, index, missing_when, summed))
    return found


def itself(network: Network, name: str) -> Letter:
    """Return a quantity at the general time t, or without time."""
    match [one.index for one in network.written.values() if one.name == name]:
        case [index]:
            return letter(name, index)
    return letter(name, NOW if network.is_timed(name) else None)


def derivative_of(network: Network, user: Letter) -> Tree:
    """Return the total derivative by a place; by a loss that nothing else uses it is one."""
    is_end = user.name == network.loss and not network.uses[user.name]
    return ONE if is_end else derivative(network, user)


def chain(network: Network, name: str, link: Callable[[Tree, Use], Tree]) -> Tree:
    """Return the multivariate chain rule: one term for each use, made by `link` from the derivative by the user."""
    found = []
    for use in uses(network, name):
        term = link(derivative_of(network, use.user), use)
        term = over_time(term) if use.summed else term
        found.append(Unless(use.missing, term) if use.missing_when else term)
    if name == network.loss:
        found.append(ONE)
    if not found:
        raise NetworkError(f"{name} does not reach the loss.", "Ask for a quantity that does.")
    return total(*found)


def chain_rule(network: Network, name: str) -> Tree:
    """Return the chain rule with immediate derivatives left as they are."""

    every = uses(network, name)

    def link(row: Tree, use: Use) -> Tree:
        fixed = _is_fixed(use.index)
        above = letter(name, use.index) if fixed else itself(network, name)
        term = _Puller(network, use.key, above).product(row, Derivative(use.user, above, "immediate"))
        steps = [other.index for other in every if other.key == use.key and _is_fixed(other.index)]
        steps = [step for step in steps[: steps.index(use.index)] if step.start != use.index.start] if fixed else steps  # type: ignore[union-attr]
        for step in steps:  # there the other use's derivative is by both
            term = Unless(Relation("=", time_of(use.index) if fixed else TIME, time_of(step)), term)  # type: ignore[arg-type]
        return term

    return chain(network, name, link)


def _is_fixed(index: Index | None) -> bool:
    """Return whether a quantity is read at one step, whatever step reads it."""
    return index is not None and index.start != "t"


def local_form(network: Network, name: str) -> Tree:
    """Return the chain rule with every immediate derivative replaced by its form in matrix algebra."""
    return chain(network, name, lambda row, use: total(*pulled_through(network, use, name, row)))


def pulled_through(network: Network, use: Use, name: str, row: Tree) -> list[Tree]:
    """Return a row pulled back through the equation of a user, one term for each occurrence of the quantity."""
    equation, target = network.equation(use.key), letter(name, use.index)
    shift = (index_of(use.user.time) or NOW).shift  # an equation of one step holds nothing at t
    found = _Puller(network, use.key, target).pull(row, _entries_apart(equation.expression, target))
    return [at_shift(_entries_joined(term), shift, row) for term in found]


class _Puller(NamedTuple):
    """The rules of matrix calculus, one an operation: a row times the immediate derivative of an expression."""

    network: Network
    key: str
    target: Letter

    def is_number(self, tree: Tree) -> bool:
        return not shape_of(tree, self.network.shapes)

    def product(self, left: Tree, right: Tree) -> Tree:
        """Return a matrix product; one, the derivative of the loss by itself, is dropped; a number goes in front."""
        if isinstance(left, Negative):
            return Negative(self.product(left.inner, right))
        if self.is_number(right):
            return self.product_of_numbers(right, left)
        return self.product_of_numbers(left, right) if self.is_number(left) else Binary("@", left, right)

    def product_of_numbers(self, factor: Tree, row: Tree) -> Tree:
        """Return a number times a row."""
        if factor == ONE or row == ONE:
            return row if factor == ONE else factor
        return negative(factor) if row == Negative(ONE) else Binary("*", factor, row)

    def pull(self, row: Tree, tree: Tree) -> list[Tree]:
        """Return row times the derivative of a formula by the target, as terms."""
        if tree == self.target:
            return [row]
        if self.target not in walk(tree):
            return []
        match tree:
            case Negative(inner):
                return self.pull(negative(row), inner)
            case Binary("+" | "-" as sign, left, right):
                falling = row if sign == "+" else negative(row)
                return self.pull(self._spread(row, left, right), left) + self.pull(
                    self._spread(falling, right, left), right
                )
            case Binary("@", left, right):
                return self._product(row, left, right)
            case Binary("*", left, right):
                return self.pull(self._times(row, right, left), left) + self.pull(self._times(row, left, right), right)
            case Binary("/", left, right):
                by_left = self._times(row, Binary("/", ONE, right), left)
                by_right = self._times(negative(row), Binary("/", left, Power(right, number(2))), right)
                return self.pull(by_left, left) + self.pull(by_right, right)
            case Power(base, exponent):
                return self.pull(self._times(row, _slope_of_power(base, exponent), base), base)
            case Transpose(inner):
                return self.pull(Transpose(row), inner)
            case Slice(inner):
                return self.pull(self._of_slice(row, tree), inner)
            case Entry(inner, (index,)):
                return self.pull(self._of_slice(row, Slice(inner, index, index)), inner)
            case Entry(inner, (i, j)):
                return self._entry_of_matrix(row, inner, (i, j))
            case Call():
                return self._through(row, tree)
        raise AssertionError(tree)

    def _entry_of_matrix(self, row: Tree, inner: Tree, entry: tuple[Tree, Tree]) -> list[Tree]:
        """Return a number pulled back through one entry of a matrix: it stands in that place of the transpose."""
        ones = (Over("column", "i", ONE, number(size), ONE) for size in shape_of(inner, self.network.shapes))
        one, other = (_selection(Slice(inner, i, i), column) for i, column in zip(entry, ones, strict=True))
        if self.is_number(row):
            return self.pull(self.product_of_numbers(row, Binary("@", Transpose(other), one)), inner)
        return self.pull(Binary("@", Transpose(other), Binary("@", row, one)), inner)

    def _of_slice(self, row: Tree, part: Slice) -> Tree:
        """Return the row that reaches the whole, given that by some of its entries, rows or columns."""
        size = number(shape_of(part.inner, self.network.shapes)[part.of_columns])
        is_matrix = shape_of(part.inner, self.network.shapes)[1] > 1
        ones = Over("column", "i", ONE, size, ONE) if is_matrix else Call("ones", (part.inner,))
        chosen = _selection(part, ones)
        return Binary("@", Transpose(chosen), row) if part.of_columns else self.product(row, chosen)

    def _through(self, row: Tree, call: Call) -> list[Tree]:
        """Return a row pulled back through a function."""
        match call:
            case Call("concat", arguments):
                return self._concatenated(row, arguments)
            case Call("sum" | "mean" as function, (inner,)):
                ones, size = Call("ones", (inner,)), math.prod(shape_of(inner, self.network.shapes))
                factor = Binary("/", row, number(size)) if function == "mean" else row
                return self.pull(self.product(factor, Transpose(ones)), inner)
            case Call("dot", (first, second)):
                return self._of_loss(row, second, first) + self._of_loss(row, first, second)
            case Call("softmax", (inner,)):
                y = self._value(call)
                slope = Binary("-", Call("diag", (y,)), Binary("@", y, Transpose(y)))
                return self.pull(self.product(row, slope), inner)
            case Call(loss, (prediction, target)):
                by_prediction, by_target = _slopes_of_loss(loss, prediction, target)
                return self._of_loss(row, by_prediction, prediction) + self._of_loss(row, by_target, target)
            case Call(function, (inner,)):
                (slope,) = _slopes(function, u=inner, y=self._value(call))  # type: ignore[assignment]
                return self.pull(row if slope == ONE else self._times(row, slope, inner), inner)
        raise AssertionError(call)

    def _of_loss(self, row: Tree, slope: Tree, argument: Tree) -> list[Tree]:
        turned = slope if self.is_number(argument) else Transpose(slope)
        return self.pull(self.product(row, turned), argument)

    def _value(self, call: Call) -> Tree:
        """Return the letter of what the equation has just computed, where the formula is its whole right side."""
        equation = self.network.equation(self.key)
        return letter(equation.name, equation.index) if equation.expression == call else call

    def _product(self, row: Tree, left: Tree, right: Tree) -> list[Tree]:
        if isinstance(left, Binary) and left.operator == "@":
            return self.pull(row, Binary("@", left.left, Binary("@", left.right, right)))
        is_left = self.target in walk(left)
        by_left = self.pull(self.product(right, row), left) if is_left else []
        return by_left + self.pull(self.product(row, left), right)

    def _spread(self, row: Tree, part: Tree, other: Tree) -> Tree:
        """Return the row that reaches a part of a sum: a number is added to every entry of a vector."""
        is_spread = self.is_number(part) and not self.is_number(other)
        if is_spread and shape_of(other, self.network.shapes)[1] > 1:
            return Call("sum", (row,))
        return self.product(row, Call("ones", (other,))) if is_spread else row

    def _times(self, row: Tree, factor: Tree, part: Tree) -> Tree:
        """Return the row that reaches `part` of an entry-by-entry product with `factor`."""
        if self.is_number(factor):
            return self.product_of_numbers(factor, row)
        if shape_of(factor, self.network.shapes)[1] > 1:
            both = Binary("*", row, Transpose(factor))
            return Call("sum", (both,)) if self.is_number(part) else both
        return self.product(row, factor if self.is_number(part) else Call("diag", (factor,)))

    def _concatenated(self, row: Tree, arguments: tuple[Tree, ...]) -> list[Tree]:
        found, first = [], 1
        for argument in arguments:
            size = (*shape_of(argument, self.network.shapes), 1)[0]
            found += self.pull(Slice(row, number(first), number(first + size - 1), of_columns=True), argument)
            first += size
        return found


def _entries_apart(tree: Tree, target: Letter) -> Tree:
    """Return a formula in which an entry of the target is read from the whole of it."""
    is_part = lambda part: isinstance(part, Letter) and part.entry and replace(part, entry=()) == target
    return mapped(tree, lambda part: Entry(target, part.entry) if is_part(part) else None)  # type: ignore[union-attr]


def _entries_joined(tree: Tree) -> Tree:
    """Return a formula in which an entry of a letter is a letter again, as it is read."""
    is_apart = lambda part: isinstance(part, Entry) and isinstance(part.inner, Letter)
    return mapped(tree, lambda part: replace(part.inner, entry=part.indices) if is_apart(part) else None)  # type: ignore[union-attr]


def _selection(part: Slice, ones: Tree) -> Tree:
    """Return the rows of the unit matrix that pick a part: their product with the whole is the part."""
    return Slice(Call("diag", (ones,)), part.first, part.last)


def negative(tree: Tree) -> Tree:
    """Return minus a formula."""
    return tree.inner if isinstance(tree, Negative) else Negative(tree)


def _slope_of_power(base: Tree, exponent: Tree) -> Tree:
    power = index_of(exponent).shift
    lower = base if power == 2 else Power(base, number(power - 1))
    return Binary("*", number(power), lower)


def _slopes(function: str, **letters: Tree) -> tuple[Tree, ...]:
    """Return the slopes of a function by each of its arguments, with their letters replaced."""
    known = lambda part: letters.get(part.name) if isinstance(part, Letter) else None
    return tuple(mapped(rule(text), known) for text in ROWS[function].slopes)


def _slopes_of_loss(loss: str, prediction: Tree, target: Tree) -> tuple[Tree, Tree]:
    """Return the slopes of a loss by its prediction and by its target."""
    if ROWS[loss].pieces:
        (slope,) = _slopes(loss, u=Binary("-", prediction, target))
        return slope, Negative(slope)
    return _slopes(loss, p=prediction, y=target)  # type: ignore[return-value]


def at_shift(tree: Tree, shift: int, kept: Tree) -> Tree:
    """Return an equation's local form at t + shift; the row `kept` stands at its time already."""

    def change(part: Tree) -> Tree | None:
        if part == kept:
            return part
        if isinstance(part, Letter) and (index := index_of(part.time)) and index.start == "t":
            return replace(part, time=time_of(Index("t", index.shift + shift)))
        return None

    return mapped(tree, change) if shift else tree


def transposed(tree: Tree, shapes: Shapes) -> Tree:
    """Return the transpose of a row form, distributed over its parts: derivatives become gradients."""
    turned = lambda part: transposed(part, shapes)
    match tree:
        case Derivative(below, above, "total"):
            return Derivative(below, above, "gradient")
        case Transpose(inner):
            return inner
        case Call("diag") | Number() | Variable():
            return tree
        case Negative(inner):
            return Negative(turned(inner))
        case Binary("@", left, right):
            return _column_product(turned(right), turned(left))
        case Binary("*", left, right) if not shape_of(left, shapes):
            return Binary("*", left, turned(right))
        case Binary("/", left, right) if not shape_of(right, shapes) and _has_rows(left):
            return Binary("/", turned(left), right)
        case Binary("+" | "-" as operator, left, right) if _has_rows(tree):
            return Binary(operator, turned(left), turned(right))
        case Slice(inner, first, last, of_columns):
            return Slice(turned(inner), first, last, not of_columns)
        case Over() | Unless():
            body = "body" if isinstance(tree, Over) else "term"
            return replace(tree, **{body: turned(getattr(tree, body))})  # type: ignore[arg-type]
    return Transpose(tree) if shape_of(tree, shapes) else tree


def _column_product(left: Tree, right: Tree) -> Tree:
    """Return a product with a column on its right; a diagonal matrix times a column is an entry-by-entry product."""
    match left:
        case Call("diag", (entries,)):
            return Binary("*", entries, right)
    return Binary("@", left, right)


def has_product(tree: Tree) -> bool:
    """Return whether a matrix product stands in a formula."""
    return any(isinstance(part, Binary) and part.operator == "@" for part in walk(tree))


def _has_rows(tree: Tree) -> bool:
    """Return whether a formula is laid out in rows: a derivative or a matrix stands in it."""
    return has_product(tree) or any(
        isinstance(part, Derivative | Transpose | Slice) or isinstance(part, Call) and part.function == "diag"
        for part in walk(tree)
    )
