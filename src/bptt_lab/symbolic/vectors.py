"""Vector forms: trees of derivatives, parameters and values in matrix algebra, with the rules that pull a row back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from bptt_lab.network import Network, NetworkError
from bptt_lab.network.expressions import NOW, Binary, Call, Expression, Index, Name, Number, Power, names
from bptt_lab.network.functions import LOSSES, ROWS
from bptt_lab.network.parse import rule
from bptt_lab.network.shapes import entrywise_shape


@dataclass(frozen=True)
class Derivative:
    """The total derivative of the loss by a quantity, numerator layout: a row, or (columns × rows) for a matrix."""

    of: Name


@dataclass(frozen=True)
class Gradient:
    """The transpose of the derivative: the shape of the quantity itself."""

    of: Name


@dataclass(frozen=True)
class Jacobian:
    """The immediate derivative of one quantity by another, everything else held fixed."""

    below: Name
    above: Name


@dataclass(frozen=True)
class Transpose:
    """A transposed matrix."""

    inner: Tree


@dataclass(frozen=True)
class Diagonal:
    """The diagonal matrix with the entries of a vector."""

    inner: Tree


@dataclass(frozen=True)
class Part:
    """The columns of a matrix from one to another, counted from 1, both included; or its rows."""

    inner: Tree
    first: int
    last: int
    of_rows: bool = False


@dataclass(frozen=True)
class OverTime:
    """A sum over t from 1 to T."""

    term: Tree


@dataclass(frozen=True)
class Where:
    """A term that exists only at some t: `index` is the one with which the quantity at t is used."""

    term: Tree
    index: Index
    missing_when: str


Tree = Derivative | Gradient | Jacobian | Transpose | Diagonal | Part | OverTime | Where | Expression
ONE = Number(Fraction(1))
MINUS_ONE = Number(Fraction(-1))


def total(*terms: Tree) -> Tree:
    """Return the sum of terms."""
    sum_ = terms[0]
    for term in terms[1:]:
        sum_ = Binary("+", sum_, term)
    return sum_


def product(left: Tree, right: Tree) -> Tree:
    """Return a matrix product; the number one, the derivative of the loss by itself, is dropped."""
    if left == ONE:
        return right
    return right if right == ONE else Binary("@", left, right)


class Use(NamedTuple):
    """One use of a quantity by an equation: the user's place relative to t, and when it is missing."""

    user: Name
    index: Index | None
    missing_when: str
    summed: bool


def uses(network: Network, name: str) -> list[Use]:
    """Return the uses of a quantity, in the order of `network.influences`."""
    pairs = sorted(network.uses[name], key=lambda use: -use[1].shift if use[1] else 0)
    found = []
    for place, (user, index) in zip(network.influences(name), pairs, strict=True):
        timed = network.is_timed(user)
        relative = index is not None and index.start == "t"
        summed = timed and not relative
        found.append(Use(Name(user, place.time if timed else None), index, place.missing_when, summed))
    return found


def itself(network: Network, name: str) -> Name:
    """Return a quantity at the general time t, or without time."""
    return Name(name, NOW if network.is_timed(name) else None)


def derivative_of(network: Network, user: Name) -> Tree:
    """Return the total derivative by a place; by a loss that nothing else uses it is one."""
    return ONE if user.name == network.loss and not network.uses[user.name] else Derivative(user)


def chain(network: Network, name: str, link: Callable[[Tree, Use], Tree]) -> Tree:
    """Return the multivariate chain rule: one term for each use, made by `link` from the derivative by the user."""
    found = []
    for use in uses(network, name):
        term = link(derivative_of(network, use.user), use)
        term = OverTime(term) if use.summed else term
        found.append(Where(term, use.index, use.missing_when) if use.missing_when else term)
    if name == network.loss:
        found.append(ONE)
    if not found:
        raise NetworkError(f"{name} does not reach the loss.", "Ask for a quantity that does.")
    return total(*found)


def chain_rule(network: Network, name: str) -> Tree:
    """Return the chain rule with immediate derivatives left as they are."""

    def link(row: Tree, use: Use) -> Tree:
        fixed = use.index is not None and use.index.start != "t"
        return product(row, Jacobian(use.user, Name(name, use.index) if fixed else itself(network, name)))

    return chain(network, name, link)


def local_form(network: Network, name: str) -> Tree:
    """Return the chain rule with every immediate derivative replaced by its form in matrix algebra."""
    return chain(network, name, lambda row, use: total(*pulled_through(network, use, name, row)))


def pulled_through(network: Network, use: Use, name: str, row: Tree) -> list[Tree]:
    """Return a row pulled back through the equation of a user, one term for each occurrence of the quantity."""
    equation = network.equations[use.user.name]
    shift = use.user.index.shift if use.user.index and use.index and use.index.start == "t" else 0
    target = Name(name, use.index)
    found = _Puller(network, equation.name, equation.timed, target).pull(row, equation.expression)
    return [at_shift(term, shift, row) for term in found]


class _Puller(NamedTuple):
    """The rules of matrix calculus, one an operation: a row times the immediate derivative of an expression."""

    network: Network
    name: str
    timed: bool
    target: Name

    def pull(self, row: Tree, expression: Expression) -> list[Tree]:
        """Return row times the derivative of expression by the target, as terms."""
        if expression == self.target:
            return [row]
        if self.target not in names(expression):
            return []
        match expression:
            case Binary("+", left, right):
                return self.pull(row, left) + self.pull(row, right)
            case Binary("-", left, right):
                return self.pull(row, left) + self.pull(_scaled(MINUS_ONE, row), right)
            case Binary("@", left, right):
                return self._product(row, left, right)
            case Binary("*", left, right):
                return self.pull(self._times(row, right, left), left) + self.pull(self._times(row, left, right), right)
            case Binary("/", left, right):
                over = Binary("/", ONE, right)
                falling = Binary("*", MINUS_ONE, Binary("/", left, Power(right, 2)))
                return self.pull(self._times(row, over, left), left) + self.pull(
                    self._times(row, falling, right), right
                )
            case Power(base, exponent):
                slope = Binary("*", Number(Fraction(exponent)), base if exponent == 2 else Power(base, exponent - 1))
                return self.pull(self._times(row, slope, base), base)
            case Call("concat", arguments):
                return self._concatenated(row, arguments)
            case Call("softmax", (inner,)):
                y = self._value(expression)
                return self.pull(product(row, Binary("-", Diagonal(y), Binary("@", y, Transpose(y)))), inner)
            case Call(loss, (prediction, target)) if loss in LOSSES:
                by_prediction, by_target = _slopes_of_loss(loss, prediction, target)
                return self.pull(product(row, Transpose(by_prediction)), prediction) + self.pull(
                    product(row, Transpose(by_target)), target
                )
            case Call(function, (inner,)):
                slope = _slope(function, u=inner, y=self._value(expression))
                return self.pull(row if slope == ONE else self._times(row, slope, inner), inner)
        raise AssertionError(expression)

    def _value(self, expression: Expression) -> Expression:
        """Return the letter of what the equation has just computed, where the expression is its whole right side."""
        if self.network.equations[self.name].expression == expression:
            return Name(self.name, NOW if self.timed else None)
        return expression

    def _product(self, row: Tree, left: Expression, right: Expression) -> list[Tree]:
        if self.target in names(left):
            if left != self.target:
                raise NetworkError(
                    f"There is no vector form for {self.target}, which stands inside a computed matrix.",
                    "Use its scalar form.",
                    left.position,
                )
            return [product(right, row)]
        return self.pull(product(row, left), right)

    def _times(self, row: Tree, factor: Expression, part: Expression) -> Tree:
        """Return the row that reaches `part` of an entry-by-entry product with `factor`."""
        factor_is_number, part_is_number = (not entrywise_shape(side, self.network.shapes) for side in (factor, part))
        if factor_is_number:
            return _scaled(factor, row)
        return product(row, factor if part_is_number else Diagonal(factor))

    def _concatenated(self, row: Tree, arguments: tuple[Expression, ...]) -> list[Tree]:
        found, first = [], 1
        for argument in arguments:
            size = entrywise_shape(argument, self.network.shapes)[0]
            found += self.pull(Part(row, first, first + size - 1), argument)
            first += size
        return found


def _scaled(number: Expression, row: Tree) -> Tree:
    return Binary("*", number, row) if row != ONE else number


def _slope(function: str, by: int = 0, **letters: Expression) -> Expression:
    """Return the slope of a function by one of its arguments, with its letters replaced."""
    return mapped(
        rule(ROWS[function].slopes[by]), lambda part: letters.get(part.name) if isinstance(part, Name) else None
    )


def _slopes_of_loss(loss: str, prediction: Expression, target: Expression) -> tuple[Expression, Expression]:
    """Return the slopes of a loss by its prediction and by its target."""
    if ROWS[loss].pieces:
        slope = _slope(loss, u=Binary("-", prediction, target))
        return slope, Binary("*", MINUS_ONE, slope)
    return tuple(_slope(loss, by, p=prediction, y=target) for by in (0, 1))


def mapped(tree: Tree, change: Callable[[Tree], Tree | None]) -> Tree:
    """Return a tree with every node for which `change` gives something replaced by it, from the top down."""
    changed = change(tree)
    if changed is not None:
        return changed
    match tree:
        case Binary(operator, left, right):
            return Binary(operator, mapped(left, change), mapped(right, change))
        case Power(base, exponent):
            return Power(mapped(base, change), exponent)
        case Call(function, arguments):
            return Call(function, tuple(mapped(argument, change) for argument in arguments))
        case Transpose(inner) | Diagonal(inner):
            return type(tree)(mapped(inner, change))
        case Part(inner, first, last, of_rows):
            return Part(mapped(inner, change), first, last, of_rows)
        case OverTime(term):
            return OverTime(mapped(term, change))
        case Where(term, index, missing):
            return Where(mapped(term, change), index, missing)
    return tree


def at_shift(tree: Tree, shift: int, kept: Tree) -> Tree:
    """Return an equation's local form at t + shift; the row `kept` stands at its time already."""

    def change(part: Tree) -> Tree | None:
        if part == kept and part != ONE:
            return part
        if isinstance(part, Name) and part.index is not None and part.index.start == "t":
            return Name(part.name, Index("t", part.index.shift + shift))
        return None

    return mapped(tree, change) if shift else tree


def transposed(tree: Tree) -> Tree:
    """Return the transpose of a row form, distributed over its parts: derivatives become gradients."""
    match tree:
        case Derivative(of):
            return Gradient(of)
        case Binary("+" | "-" as operator, left, right):
            return Binary(operator, transposed(left), transposed(right))
        case Binary("@", left, right):
            return _column_product(transposed(right), transposed(left))
        case Binary("*" | "/" as operator, left, right):
            return Binary(operator, left, transposed(right))
        case Transpose(inner):
            return inner
        case Part(inner, first, last, of_rows):
            return Part(transposed(inner), first, last, not of_rows)
        case Diagonal() | Number():
            return tree
        case Name() | Call():
            return Transpose(tree)
        case OverTime(term):
            return OverTime(transposed(term))
        case Where(term, index, missing):
            return Where(transposed(term), index, missing)
    return Transpose(tree)


def _column_product(left: Tree, right: Tree) -> Tree:
    """Return a product with a column on its right; a diagonal matrix times a column is an entry-by-entry product."""
    if isinstance(left, Diagonal):
        return Binary("*", left.inner, right)
    return Binary("@", left, right)


def has_product(tree: Tree) -> bool:
    """Return whether a matrix product stands in a tree."""
    found = []
    mapped(tree, lambda part: found.append(part) if isinstance(part, Binary) and part.operator == "@" else None)
    return bool(found)
