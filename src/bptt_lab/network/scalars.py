"""Scalar trees: one entry of an equation written out in numbers, its derivative, and its value in any arithmetic."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, cached_property
from typing import Any, NamedTuple

from bptt_lab.formulas import tree as formulas
from bptt_lab.formulas.functions import LOSSES, NUMBERS, ROWS, softmax_entry
from bptt_lab.formulas.times import index_of, whole_number
from bptt_lab.formulas.tree import Binary, Call, Entry, Negative, Number, Power, Slice, Transpose, Tree, Variable
from bptt_lab.network.parse import rule
from bptt_lab.network.places import Place
from bptt_lab.network.shapes import Shape


def _kept_hash(tree: Scalar) -> int:
    """Return the hash of a tree, computed once: a tree is asked for it wherever it is shared."""
    try:
        return tree._hash  # type: ignore[union-attr]  # kept below
    except AttributeError:
        found = hash((type(tree).__name__, *(getattr(tree, field) for field in tree.__match_args__)))
        object.__setattr__(tree, "_hash", found)
        return found


class _Tree:
    """What all trees keep once it has been asked for."""

    @cached_property
    def letters(self) -> tuple[Letter, ...]:
        """The letters of a tree, each once, in the order they appear."""
        found = dict.fromkeys(letter for part in self.parts for letter in part.letters)
        return tuple(found)

    @property
    def parts(self) -> tuple[Scalar, ...]:
        """The direct parts of a tree."""
        return ()


@dataclass(frozen=True)
class Constant(_Tree):
    """An exact number."""

    value: Fraction

    __hash__ = _kept_hash

    def valued(self, value_of: Callable[[Place], Any], arithmetic: Arithmetic) -> Any:
        """Return the number in an arithmetic."""
        return arithmetic.number(self.value) if self.whole is None else self.whole

    @cached_property
    def whole(self) -> int | None:
        """The number, where it is a whole one."""
        return self.value.numerator if self.value.denominator == 1 else None


@dataclass(frozen=True)
class Letter(_Tree):
    """One entry of a quantity, at an index relative to the equation it stands in or at a fixed time."""

    place: Place

    __hash__ = _kept_hash

    def valued(self, value_of: Callable[[Place], Any], arithmetic: Arithmetic) -> Any:
        """Return the value of the entry."""
        return value_of(self.place)

    @property
    def letters(self) -> tuple[Letter, ...]:
        """The letter itself."""
        return (self,)


STEPS = Place("T")  # the number of steps, as a letter that no quantity can have


@dataclass(frozen=True)
class Steps(_Tree):
    """The number of steps: a number that is known once a network is unrolled."""

    __hash__ = _kept_hash

    def valued(self, value_of: Callable[[Place], Any], arithmetic: Arithmetic) -> Any:
        """Return the number of steps."""
        return value_of(STEPS)


@dataclass(frozen=True)
class Sum(_Tree):
    """A sum of two terms or more."""

    terms: tuple[Scalar, ...]

    __hash__ = _kept_hash

    @property
    def parts(self) -> tuple[Scalar, ...]:
        """The terms."""
        return self.terms

    def valued(self, value_of: Callable[[Place], Any], arithmetic: Arithmetic) -> Any:
        """Return the sum of the values."""
        left, right, others = self.pairs
        numbers = [term.valued(value_of, arithmetic) for term in others]
        if left:
            numbers.append(arithmetic.dot(list(zip(map(value_of, left), map(value_of, right), strict=True))))
        return numbers[0] if len(numbers) == 1 else sum(numbers[1:], start=numbers[0])

    @cached_property
    def pairs(self) -> tuple[list[Place], list[Place], list[Scalar]]:
        """The products of two letters each among the terms, their left and right factors, and the other terms."""
        left, right, others = [], [], []
        for term in self.terms:
            match term:
                case Product((Letter(one), Letter(other))):
                    left.append(one)
                    right.append(other)
                case _:
                    others.append(term)
        return left, right, others


@dataclass(frozen=True)
class Product(_Tree):
    """A product of two factors or more."""

    factors: tuple[Scalar, ...]

    __hash__ = _kept_hash

    @property
    def parts(self) -> tuple[Scalar, ...]:
        """The factors."""
        return self.factors

    def valued(self, value_of: Callable[[Place], Any], arithmetic: Arithmetic) -> Any:
        """Return the product of the values; a factor of zero may wipe out a pole."""
        factors = iter(self.factors)
        try:
            product = next(factors).valued(value_of, arithmetic)
            for factor in factors:
                product = product * factor.valued(value_of, arithmetic)
            return product
        except (ValueError, ZeroDivisionError):
            # a target of exactly zero takes no part in a cross-entropy, also where the probability is zero
            others = [factor for factor in self.factors if not _is_pole(factor, value_of, arithmetic)]
            if len(others) < len(self.factors) and any(evaluate(other, value_of, arithmetic) == 0 for other in others):
                return 0.0
            raise


@dataclass(frozen=True)
class Raised(_Tree):
    """A whole-number power; -1 stands for division."""

    base: Scalar
    exponent: int

    __hash__ = _kept_hash

    @property
    def parts(self) -> tuple[Scalar, ...]:
        """The base."""
        return (self.base,)

    def valued(self, value_of: Callable[[Place], Any], arithmetic: Arithmetic) -> Any:
        """Return the power of the value."""
        inner, exponent = self.base.valued(value_of, arithmetic), self.exponent
        return inner**exponent if exponent > 0 else _inverse_power(inner, -exponent)


@dataclass(frozen=True)
class Applied(_Tree):
    """A function of numbers; `entry` says which entry of softmax."""

    function: str
    arguments: tuple[Scalar, ...]
    entry: int = 0

    __hash__ = _kept_hash

    @property
    def parts(self) -> tuple[Scalar, ...]:
        """The arguments."""
        return self.arguments

    def valued(self, value_of: Callable[[Place], Any], arithmetic: Arithmetic) -> Any:
        """Return the function of the values."""
        values = [argument.valued(value_of, arithmetic) for argument in self.arguments]
        return arithmetic.functions[self.function](*values, **({"entry": self.entry} if self.entry else {}))


Scalar = Constant | Letter | Steps | Sum | Product | Raised | Applied
ZERO, ONE = Constant(Fraction(0)), Constant(Fraction(1))


def constant(value: int | Fraction) -> Constant:
    """Return an exact number as a tree."""
    return Constant(Fraction(value))


def add(*terms: Scalar) -> Scalar:
    """Return the sum of terms, flattened, with the constants gathered in front."""
    flat = [part for term in terms for part in (term.terms if isinstance(term, Sum) else (term,))]
    number = sum((part.value for part in flat if isinstance(part, Constant)), Fraction(0))
    rest = tuple(part for part in flat if not isinstance(part, Constant))
    parts = ((Constant(number),) if number else ()) + rest
    return _one_or_all(parts, ZERO, Sum)


def _one_or_all(parts: tuple[Scalar, ...], none: Scalar, whole: Callable[[tuple[Scalar, ...]], Scalar]) -> Scalar:
    match parts:
        case ():
            return none
        case (only,):
            return only
    return whole(parts)


def multiply(*factors: Scalar) -> Scalar:
    """Return the product of factors, flattened, with the constants gathered in front."""
    flat = [part for factor in factors for part in (factor.factors if isinstance(factor, Product) else (factor,))]
    number = math.prod(part.value for part in flat if isinstance(part, Constant))
    if not number:
        return ZERO
    parts = ((Constant(number),) if number != 1 else ()) + tuple(p for p in flat if not isinstance(p, Constant))
    return _one_or_all(parts, ONE, Product)


def power(base: Scalar, exponent: int) -> Scalar:
    """Return a whole-number power."""
    if exponent in (0, 1):
        return base if exponent else ONE
    if isinstance(base, Constant) and base.value:
        return Constant(base.value**exponent)
    return Raised(base, exponent)


def negative(tree: Scalar) -> Scalar:
    """Return minus a tree."""
    return multiply(constant(-1), tree)


def entries(shape: Shape) -> list[tuple[int, ...]]:
    """Return the entries of a shape, counted from 1: [()] for a number."""
    lists: list[tuple[int, ...]] = [()]
    for size in shape:
        lists = [(*entry, i) for entry in lists for i in range(1, size + 1)]
    return lists


Entries = Callable[[Tree, tuple[int, ...]], "Scalar"]


def scalar(
    expression: Tree,
    entry: tuple[int, ...],
    shape_of: Callable[[Tree], Shape],
    named: Callable[[Tree, tuple[int, ...], bool], Scalar | None] = lambda *_: None,
) -> Scalar:
    """Return one entry of an expression as a scalar tree (errors: none, shapes were checked before).

    `named` may give a letter for an entry of an operand, which then stands for it; it is told whether all entries of
    the result share the operand.
    """

    def whole(inner: Tree, e: tuple[int, ...]) -> Scalar:
        is_softmax = isinstance(inner, Call) and inner.function == "softmax"
        return is_softmax and named(inner, e, True) or scalar(inner, e, shape_of, named)

    def operand(inner: Tree, e: tuple[int, ...], shared: bool = False) -> Scalar:
        match inner:
            case formulas.Letter():
                return _letter(inner, e)
            case Entry(inside, indices):
                return operand(inside, tuple(map(whole_number, indices)), shared)
            case Slice(inside):
                return operand(inside, _outside(inner, e), shared)
            case Call("concat", arguments, _):
                return _concatenated(arguments, e, shape_of, lambda one, own: operand(one, own, shared))
            case Call("identity", (inside,), _):
                return operand(inside, e, shared)
            case Transpose(inside, _):
                return operand(inside, e[::-1], shared)
        return named(inner, e, shared) or scalar(inner, e, shape_of, named)

    def part(inner: Tree) -> Scalar:
        return whole(inner, entry if shape_of(inner) else ())

    def factor(inner: Tree) -> Scalar:
        return operand(inner, entry if shape_of(inner) else ())

    match expression:
        case Number(value, _):
            return Constant(value)
        case Variable("T"):
            return Steps()
        case formulas.Letter():
            return _letter(expression, entry)
        case Negative(inner):
            return negative(part(inner))
        case Power(base, exponent, _):
            return power(part(base) if has_pole(base) else factor(base), whole_number(exponent))
        case Binary("@", left, right, _):
            (_, size), (row, *column) = shape_of(left), entry
            pairs = ((operand(left, (row, k), True), operand(right, (k, *column), True)) for k in range(1, size + 1))
            return add(*(multiply(one, two) for one, two in pairs))
        case Binary("+" | "-" as sign, left, right, _):
            return add(part(left), part(right) if sign == "+" else negative(part(right)))
        case Binary(operator, left, right, _):
            is_plain = isinstance(left, Number) or isinstance(right, Number)
            one, two = (part(side) if is_plain or has_pole(side) else factor(side) for side in (left, right))
            return multiply(one, two if operator == "*" else power(two, -1))
        case Transpose() | Slice() | Entry():
            return operand(expression, entry)
        case Call("concat", arguments, _):
            return _concatenated(arguments, entry, shape_of, whole)
        case Call("sum" | "mean" as function, (inner,), _):
            terms = [operand(inner, e) for e in entries(shape_of(inner))]
            return multiply(constant(Fraction(1, len(terms) if function == "mean" else 1)), add(*terms))
        case Call("dot", (first, second), _):
            pairs = ((operand(first, e), operand(second, e)) for e in entries(shape_of(first)))
            return add(*(multiply(one, two) for one, two in pairs))
        case Call("softmax", (inner,), _):
            (position,) = entry
            return Applied("softmax", tuple(operand(inner, e, True) for e in entries(shape_of(inner))), position)
        case Call(function, (first, second), _):
            pairs = [(operand(first, e), operand(second, e)) for e in entries(shape_of(first))]  # type: ignore[assignment]
            return add(*(definition(function, prediction, target) for prediction, target in pairs))
        case Call("identity", (inner,), _):
            return part(inner)
        case Call(function, (inner,), _):
            return Applied(function, (factor(inner),))
    raise AssertionError(expression)


def _letter(letter: formulas.Letter, entry: tuple[int, ...]) -> Letter:
    """Return one entry of a quantity; of one that is an entry already, itself."""
    return Letter(Place(letter.name, index_of(letter.time), tuple(map(whole_number, letter.entry)) or entry))


def _outside(part: Slice, entry: tuple[int, ...]) -> tuple[int, ...]:
    """Return which entry of the whole an entry of some of its rows or columns is."""
    before = whole_number(part.first) - 1
    row, *others = entry
    if part.of_columns:
        (column,) = others
        return row, column + before
    return row + before, *others


def has_pole(expression: Tree) -> bool:
    """Return whether an expression has a logarithm or a division that a factor of zero may wipe out."""
    match expression:
        case Binary("/", _, _, _) | Call("log", _, _):
            return True
        case Call(function, _, _) if ROWS[function].targets:
            return True
        case Power(_, exponent) if whole_number(exponent) < 0:
            return True
        case Binary(_, left, right, _):
            return has_pole(left) or has_pole(right)
        case Power(inner) | Negative(inner) | Call("identity", (inner,)):
            return has_pole(inner)
    return False


def _concatenated(arguments: tuple[Tree, ...], entry: tuple[int, ...], shape_of: Callable, part: Entries) -> Any:
    (position,) = entry
    for argument in arguments:
        size = (*shape_of(argument), 1)[0]
        if position <= size:
            return part(argument, (position,) if shape_of(argument) else ())
        position -= size
    raise AssertionError(entry)


ARGUMENT, VALUE, PREDICTION = (Letter(Place(name)) for name in ("u", "y", "p"))


@cache
def _rule(text: str) -> Scalar:
    return scalar(rule(text), (), lambda expression: ())


def definition(function: str, *arguments: Scalar) -> Scalar:
    """Return a function by its definition: of u, or a loss of p and y."""
    if ROWS[function].pieces:
        prediction, target = arguments
        return Applied(function, (add(prediction, negative(target)),))
    names = (PREDICTION, VALUE) if function in LOSSES else (ARGUMENT,)
    return replace(_rule(ROWS[function].definition), dict(zip(names, arguments, strict=True)))


def slope(function: str, argument: Scalar, value: Scalar) -> Scalar:
    """Return the derivative of a function by its argument, in the argument and the value."""
    (text,) = ROWS[function].slopes
    return replace(_rule(text), {ARGUMENT: argument, VALUE: value})


def derivative(tree: Scalar, letter: Letter) -> Scalar:
    """Return the derivative of a tree by one letter, everything else held fixed."""
    if tree == letter:
        return ONE
    match tree:
        case Sum(terms):
            return add(*(derivative(term, letter) for term in terms))
        case Product(factors):
            slopes = [derivative(factor, letter) for factor in factors]
            return add(
                *(multiply(*factors[:i], slope, *factors[i + 1 :]) for i, slope in enumerate(slopes) if slope != ZERO)
            )
        case Raised(base, exponent):
            inner = derivative(base, letter)
            return ZERO if inner == ZERO else multiply(constant(exponent), power(base, exponent - 1), inner)
        case Applied("softmax", arguments, _):
            return add(*(_softmax_term(tree, j, derivative(u, letter)) for j, u in enumerate(arguments, start=1)))
        case Applied(function, (argument,), _):
            inner = derivative(argument, letter)
            return ZERO if inner == ZERO else multiply(slope(function, argument, tree), inner)
    return ZERO


def derivatives(tree: Scalar) -> dict[Letter, Scalar]:
    """Return the derivative of a tree by each of its letters, in the order they appear: what `derivative` gives.

    A sum of n terms costs n, not n for each of its letters.
    """
    match tree:
        case Sum(terms):
            found: dict[Letter, list[Scalar]] = {}
            for term in terms:
                for letter, share in derivatives(term).items():
                    found.setdefault(letter, []).append(share)
            return {letter: add(*slopes) if len(slopes) > 1 else slopes[0] for letter, slopes in found.items()}
        case Product((Letter() as one, Letter() as other)) if one != other:
            return {one: other, other: one}
        case Product((Constant() as number, inner)):
            return {letter: multiply(number, slope) for letter, slope in derivatives(inner).items()}
        case Applied(function, (argument,), _) if function != "softmax":
            outer = slope(function, argument, tree)
            return {letter: multiply(outer, share) for letter, share in derivatives(argument).items()}
    return {letter: derivative(tree, letter) for letter in letters(tree)}


def _softmax_term(tree: Applied, j: int, slope: Scalar) -> Scalar:
    """Return y_k (1 if j = k else 0, minus y_j) times the slope of argument j."""
    if slope == ZERO:
        return ZERO
    same = ONE if j == tree.entry else ZERO
    return multiply(tree, add(same, negative(Applied("softmax", tree.arguments, j))), slope)


def replace(tree: Scalar, known: Mapping[Any, Any]) -> Scalar:
    """Return a tree with known parts replaced, the largest parts first."""
    if not known:
        return tree
    if tree in known:
        return known[tree]
    match tree:
        case Sum(terms):
            return add(*(replace(term, known) for term in terms))
        case Product(factors):
            return multiply(*(replace(factor, known) for factor in factors))
        case Raised(base, exponent):
            return power(replace(base, known), exponent)
        case Applied(function, arguments, entry):
            return Applied(function, tuple(replace(argument, known) for argument in arguments), entry)
    return tree


def letters(tree: Scalar) -> list[Letter]:
    """Return the letters of a tree, each once, in the order they appear."""
    return list(tree.letters)


def dot(pairs: Sequence[tuple[Any, Any]]) -> Any:
    """Return the sum of the products of pairs, one pair or more, in any arithmetic."""
    factors = iter(pairs)
    one, other = next(factors)
    total = one * other
    for one, other in factors:
        total = total + one * other
    return total


class Arithmetic(NamedTuple):
    """What a number system needs beyond + - * / **: exact constants, the functions of the grammar, a sum of products.

    `poles` names what a factor of exactly zero wipes out: 'log' (0 log 0 = 0) and 'power' (0 / 0 = 0).
    """

    number: Callable[[Fraction], Any]
    functions: Mapping[str, Callable]
    poles: frozenset[str] = frozenset()
    dot: Callable[[Sequence[tuple[Any, Any]]], Any] = dot


def evaluate(tree: Scalar, value_of: Callable[[Place], Any], arithmetic: Arithmetic) -> Any:
    """Return the value of a tree in an arithmetic, with `value_of` giving the value of each letter."""
    return tree.valued(value_of, arithmetic)


def _inverse_power(base: Any, exponent: int) -> Any:
    try:
        return 1 / base**exponent
    except OverflowError:  # of floats only: the power is too large, its inverse is not
        return (1 / base) ** exponent


def _is_pole(factor: Scalar, value_of: Callable[[Place], Any], arithmetic: Arithmetic) -> bool:
    """Return whether a factor is the logarithm or a negative power of exactly zero, and such poles are wiped out."""
    match factor:
        case Applied("log", (inner,), _) if "log" in arithmetic.poles:
            return evaluate(inner, value_of, arithmetic) == 0
        case Raised(inner, exponent) if exponent < 0 and "power" in arithmetic.poles:
            return evaluate(inner, value_of, arithmetic) == 0
    return False


def written_out_softmax(exp: Callable) -> Callable:
    """Return softmax from an exponential of any arithmetic."""

    def softmax(*arguments: Any, entry: int) -> Any:
        powers = [exp(u) for u in arguments]
        return powers[entry - 1] / sum(powers[1:], start=powers[0])

    return softmax


Pieces = tuple[tuple[float, Callable], ...]


def completed(
    number: Callable, known: Mapping[str, Callable], by_pieces: Callable[[str, Pieces], Callable]
) -> Arithmetic:
    """Return an arithmetic with every function of the table: those known, and the others by their rows.

    `by_pieces` makes a function with kinks from its name and its rules.
    """
    functions = {"softmax": written_out_softmax(known["exp"]), **known}
    arithmetic = Arithmetic(number, functions)

    def by(text: str) -> Callable:
        return lambda u: evaluate(_rule(text), lambda place: u, arithmetic)

    for name, row in ROWS.items():
        if name in NUMBERS and name not in functions:
            rules = tuple((bound, by(text)) for bound, text in row.pieces)
            functions[name] = by(row.definition) if row.definition else by_pieces(name, rules)
    return arithmetic


def _float_pieces(name: str, pieces: Pieces) -> Callable:
    """Return a function that takes the first of its rules whose bound its argument, or the real part, does not pass."""

    def choose(u: complex) -> complex:
        value = next(rule for bound, rule in pieces if complex(u).real <= bound)(u)
        return float(value) if isinstance(value, int) else value

    return choose


def _log_or_limit(u: complex) -> complex:
    return FLOATS.functions["log"](u) if u else -math.inf


_FLOATS = {name: row.floats for name, row in ROWS.items() if row.floats} | {"softmax": softmax_entry}
FLOATS = completed(float, _FLOATS, _float_pieces)._replace(poles=frozenset({"log"}))
# A derivative has a pole only where its equation has none: beside a factor of zero. By a target itself, the
# cross-entropy rises without limit where the probability is zero.
FLOATS_IN_SLOPES = FLOATS._replace(poles=frozenset({"log", "power"}))
FLOATS_BY_TARGETS = FLOATS_IN_SLOPES._replace(functions={**FLOATS.functions, "log": _log_or_limit})
