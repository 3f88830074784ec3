"""Equal forms of a formula: small rules drawn at random, and a judge of their truth that owes nothing to the checker's.

A rule takes a spot of a tree and returns what may stand there instead, or None. `equal_forms` applies a few at random
places. Whether two trees have one value is settled by numbers of 80 digits in networks that the checker never draws:
a rule that changes a value is caught before its form is used.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from functools import lru_cache

import mpmath
import numpy as np

from bptt_lab.exercises.causes.corrections import spelled
from bptt_lab.exercises.judges.cases import is_for_every_T
from bptt_lab.exercises.question import Question
from bptt_lab.exercises.questions import course_questions
from bptt_lab.exercises.scenes import flat, shapes, values
from bptt_lab.formulas import FormulaError, write
from bptt_lab.formulas.times import NOW, index_of
from bptt_lab.formulas.tree import (
    Binary,
    Call,
    Derivative,
    Letter,
    Negative,
    Number,
    Over,
    Power,
    Transpose,
    Tree,
    Variable,
    walk,
)
from bptt_lab.network import Graph, Place
from bptt_lab.network.scalars import Arithmetic
from bptt_lab.symbolic import worlds
from bptt_lab.symbolic.values import Scene

ONE, TWO = Number(Fraction(1)), Number(Fraction(2))
DIGITS, EQUAL, DIFFERENT = 80, 1e-60, 1e-45
LONGEST = 1_900  # characters; the reader takes 2,000
INDICES = ("i", "j", "k", "m", "n", "q", "r", "s", "w", "z")

Ranges = Mapping[str, range]


class WrongRule(AssertionError):
    """A rule that changed a value."""


@dataclass(frozen=True)
class Spot:
    """A part of a formula where a rule may act: the question, the part, its indices with their ranges, the dice."""

    question: Question
    tree: Tree
    ranges: Ranges
    chance: random.Random

    @property
    def graph(self) -> Graph:
        """The influence graph of the question."""
        return self.question.graph

    def shape(self, tree: Tree) -> tuple[int, ...] | None:
        """Return the shape of a part of this spot: () for a number; None where it has no value."""
        indices = {name: (numbers[0] if numbers else 1) for name, numbers in self.ranges.items()}
        try:
            return np.shape(precise_scenes(self.graph)[0].value(tree, **indices))
        except (FormulaError, ArithmeticError, ValueError):
            return None

    def fresh(self) -> str:
        """Return the name of an index that nothing here uses."""
        used = {part.name for part in walk(self.tree) if isinstance(part, Variable)}
        used |= {part.variable for part in walk(self.tree) if isinstance(part, Over)}
        free = [name for name in INDICES if name not in used | set(self.ranges) | set(self.question.language.letters)]
        return self.chance.choice(free)


# Truth: networks in numbers of 80 digits, drawn from seeds of their own


@lru_cache(maxsize=1)
def precise() -> Arithmetic:
    """Return arithmetic of 80 digits, with the functions of the grammar."""
    context = mpmath.MPContext()
    context.dps = DIGITS
    leak = context.mpf(1) / 100
    functions = {
        "tanh": context.tanh,
        "sigmoid": lambda u: 1 / (1 + context.exp(-u)),
        "exp": context.exp,
        "log": lambda u: context.log(u) if u > 0 else _no_logarithm(),
        "relu": lambda u: u if u > 0 else 0 * u,
        "leaky_relu": lambda u: u if u > 0 else leak * u,
        "step": lambda u: context.mpf(u > 0),
        "leaky_step": lambda u: context.mpf(1) if u > 0 else leak,
        "softmax": lambda *us, entry: context.exp(us[entry - 1]) / sum(context.exp(u) for u in us),
    }
    return Arithmetic(lambda value: context.mpf(value.numerator) / value.denominator, functions)


def _no_logarithm():
    raise ValueError("a logarithm of what is not positive")


_PRECISE: dict[int, tuple[Graph, tuple[Scene, ...]]] = {}


def precise_scenes(graph: Graph) -> tuple[Scene, ...]:
    """Return two networks of 80 digits, made once for a graph."""
    if id(graph) not in _PRECISE:
        drawn = (worlds.random_world(graph, f"rewriting {k}", precise(), decimals=3) for k in range(2))
        _PRECISE[id(graph)] = graph, tuple(map(Scene, drawn))
    return _PRECISE[id(graph)][1]


def relation(question: Question, one: Tree, other: Tree) -> str:
    """Return 'equal' or 'different', or '' where a side has no value, the shapes differ, or 80 digits do not tell."""
    outcomes = {_relation_in(question, one, other, scene) for scene in precise_scenes(question.graph)}
    if "" in outcomes:
        return ""
    return "different" if "different" in outcomes else "equal"


def _relation_in(question: Question, one: Tree, other: Tree, scene: Scene) -> str:
    try:
        a, b = (values(tree, scene, question.spans) for tree in (one, other))
    except (FormulaError, ArithmeticError, ValueError, TypeError):
        return ""
    if shapes(a) != shapes(b):
        return ""
    gap = max(float(abs(x - y) / (1 + abs(y))) for x, y in zip(flat(a), flat(b), strict=True))
    return "equal" if gap < EQUAL else "different" if gap > DIFFERENT else ""


# Where a rule may act


def value_parts(tree: Tree) -> Iterator[tuple[str, int | None, Tree]]:
    """Yield the parts of a tree that stand for values: no time, entry, exponent or range."""
    names = {Negative: ("inner",), Transpose: ("inner",), Power: ("base",), Over: ("body",), Binary: ("left", "right")}
    yield from ((name, None, getattr(tree, name)) for name in names.get(type(tree), ()))
    if isinstance(tree, Call) and tree.function not in ("same", "rows", "columns", "ones"):
        yield from (("arguments", k, part) for k, part in enumerate(tree.arguments))


def spots(question: Question, tree: Tree, ranges: Ranges, chance: random.Random) -> list[tuple[tuple, Spot]]:
    """Return every spot of a tree, each with the way to it."""
    found = [((), Spot(question, tree, ranges, chance))]
    inside = ranges
    if isinstance(tree, Over):
        low, high = spread(tree.low, ranges, question), spread(tree.high, ranges, question)
        inside = {**ranges, tree.variable: range(min(low), max(high) + 1) if low and high else range(0)}
    for name, k, part in value_parts(tree):
        found += [(((name, k), *way), spot) for way, spot in spots(question, part, inside, chance)]
    return found


def put(tree: Tree, way: tuple, new: Tree) -> Tree:
    """Return a tree with another part at the end of a way."""
    if not way:
        return new
    (name, k), *rest = way
    value = getattr(tree, name)
    if k is None:
        return replace(tree, **{name: put(value, tuple(rest), new)})
    changed = (*value[:k], put(value[k], tuple(rest), new), *value[k + 1 :])
    return replace(tree, **{name: changed})


def whole(tree: Tree, indices: Mapping[str, int]) -> int:
    """Return the value of an index formula."""
    match tree:
        case Number(value):
            return int(value)
        case Variable(name):
            return indices[name]
        case Negative(inner):
            return -whole(inner, indices)
        case Binary("+", left, right):
            return whole(left, indices) + whole(right, indices)
        case Binary("-", left, right):
            return whole(left, indices) - whole(right, indices)
    return whole(tree.left, indices) * whole(tree.right, indices)


def spread(tree: Tree, ranges: Ranges, question: Question) -> list[int]:
    """Return every whole number that an index formula takes."""
    names = sorted({part.name for part in walk(tree) if isinstance(part, Variable)} - {"T"})
    choices = itertools.product(*(ranges[name] for name in names))
    return sorted({whole(tree, {"T": question.graph.T, **dict(zip(names, choice, strict=True))}) for choice in choices})


def exchanged(tree: Tree, name: str, new: Tree) -> Tree:
    """Return a tree with an index replaced wherever it is free."""
    if tree == Variable(name):
        return new
    if isinstance(tree, Over) and tree.variable == name:
        return replace(tree, low=exchanged(tree.low, name, new), high=exchanged(tree.high, name, new))
    changes = {}
    for one in fields(tree):
        value = getattr(tree, one.name)
        if isinstance(value, Tree):
            changes[one.name] = exchanged(value, name, new)
        elif isinstance(value, tuple):
            changes[one.name] = tuple(exchanged(part, name, new) for part in value)
    return replace(tree, **changes) if changes else tree


def number(value: int) -> Tree:
    """Return a whole number as a tree."""
    return Number(Fraction(value)) if value >= 0 else Negative(Number(Fraction(-value)))


# Rules

Rule = Callable[[Spot], Tree | None]
RULES: list[Rule] = []


def rule(made: Rule) -> Rule:
    """Put a function on the list of rules."""
    RULES.append(made)
    return made


@rule
def commute(spot: Spot) -> Tree | None:
    """a + b = b + a, and so with entry-by-entry products."""
    match spot.tree:
        case Binary("+" | "*" as sign, left, right):
            return Binary(sign, right, left)


@rule
def associate(spot: Spot) -> Tree | None:
    """(a . b) . c = a . (b . c), either way."""
    match spot.tree:
        case Binary("+" | "*" | "@" as sign, Binary(inner, a, b), c) if inner == sign:
            return Binary(sign, a, Binary(sign, b, c))
        case Binary("+" | "*" | "@" as sign, a, Binary(inner, b, c)) if inner == sign:
            return Binary(sign, Binary(sign, a, b), c)


@rule
def expand(spot: Spot) -> Tree | None:
    """(a + b) . c = a . c + b . c, and from the left."""
    match spot.tree:
        case Binary("*" | "/" | "@" as sign, Binary("+" | "-" as inner, a, b), c) if _alike(spot, sign, a, b):
            return Binary(inner, Binary(sign, a, c), Binary(sign, b, c))
        case Binary("*" | "@" as sign, c, Binary("+" | "-" as inner, a, b)) if _alike(spot, sign, a, b):
            return Binary(inner, Binary(sign, c, a), Binary(sign, c, b))


def _alike(spot: Spot, sign: str, a: Tree, b: Tree) -> bool:
    # a number beside a matrix is added to each entry: it cannot stand alone beside an @
    return sign != "@" or spot.shape(a) == spot.shape(b)


@rule
def factor(spot: Spot) -> Tree | None:
    """a . c + b . c = (a + b) . c, and from the left."""
    match spot.tree:
        case Binary("+" | "-" as sign, Binary("*" | "@" as one, a, b), Binary(other, c, d)) if one == other:
            if b == d and _alike(spot, "@", a, c):
                return Binary(one, Binary(sign, a, c), b)
            if a == c and _alike(spot, "@", b, d):
                return Binary(one, a, Binary(sign, b, d))


@rule
def turn_signs(spot: Spot) -> Tree | None:
    """a - b = a + (-b) = -(b - a)."""
    match spot.tree:
        case Binary("-", a, b):
            return spot.chance.choice([Binary("+", a, Negative(b)), Negative(Binary("-", b, a))])
        case Binary("+", a, b):
            return Binary("-", a, Negative(b))
        case Negative(inner):
            return Binary("*", Negative(ONE), inner)


@rule
def cancel(spot: Spot) -> Tree | None:
    """x = x + y - y, where y is some multiple of x."""
    y = Binary("*", Number(Fraction(spot.chance.randint(2, 9))), spot.tree)
    return Binary("-", Binary("+", spot.tree, y), y)


@rule
def cancel_a_letter(spot: Spot) -> Tree | None:
    """x = x + y - y, where y is a parameter of the shape of x."""
    network = spot.graph.network
    alike = [name for name in network.parameters if spot.shape(Letter(name)) == spot.shape(spot.tree)]
    if alike:
        y = Letter(spot.chance.choice(alike))
        return Binary("-", Binary("+", spot.tree, y), y)


@rule
def cancel_a_fraction(spot: Spot) -> Tree | None:
    """x = (3/7) x (7/3)."""
    p, q = (Number(Fraction(spot.chance.randint(2, 13))) for _ in range(2))
    return Binary("*", Binary("*", Binary("/", p, q), spot.tree), Binary("/", q, p))


@rule
def half(spot: Spot) -> Tree | None:
    """x / 2 = 0.5 x, 0.5 = 1/2, and x = 0.5 (x + x)."""
    match spot.tree:
        case Binary("/", a, Number(value)) if value == 2:
            return Binary("*", Number(Fraction(1, 2)), a)
        case Number(value) if value.denominator != 1:
            return Binary("/", number(value.numerator), number(value.denominator))
        case Number():
            return None
    return Binary("*", Number(Fraction(1, 2)), Binary("+", spot.tree, spot.tree))


@rule
def power(spot: Spot) -> Tree | None:
    """x**2 = x x, x**3 = x**2 x."""
    match spot.tree:
        case Power(base, Number(value)) if value == 2:
            return Binary("*", base, base)
        case Power(base, Number(value)) if value > 2:
            return Binary("*", Power(base, Number(value - 1)), base)
        case Binary("*", a, b) if a == b:
            return Power(a, TWO)
        case Binary("/", a, b):
            return Binary("*", a, Power(b, Negative(ONE)))


def definition(spot: Spot, letter: Tree) -> tuple[str, Letter] | None:
    """Return the activation and the argument of a letter's own equation, at the letter's time and entry."""
    if not isinstance(letter, Letter) or letter.name not in spot.graph.network.equations:
        return None
    equation = spot.graph.network.equations[letter.name].expression
    if not isinstance(equation, Call) or len(equation.arguments) != 1 or not isinstance(equation.arguments[0], Letter):
        return None
    argument, times = equation.arguments[0], [None]
    if argument.entry or index_of(argument.time) not in (None, NOW):
        return None
    if letter.time is not None:
        times = spread(letter.time, spot.ranges, spot.question)
    if not all(Place(letter.name, time) in spot.graph.parents for time in times):
        return None  # before the first step and after the last it is no value of the function
    return equation.function, Letter(argument.name, letter.time, letter.entry)


@rule
def write_out(spot: Spot) -> Tree | None:
    """h = tanh(a), where a is the argument in h's own equation, and so with every activation."""
    found = definition(spot, spot.tree)
    if found and not (found[0] == "softmax" and found[1].entry):
        return Call(found[0], (found[1],))


@rule
def write_out_softmax(spot: Spot) -> Tree | None:
    """p[i] = exp(a[i]) / sum of exp(a[k])."""
    found = definition(spot, spot.tree)
    if found and found[0] == "softmax" and found[1].entry:
        k, argument = spot.fresh(), found[1]
        size = number(spot.graph.network.shapes[argument.name][0])
        below = Over("sum", k, ONE, size, Call("exp", (replace(argument, entry=(Variable(k),)),)))
        return Binary("/", Call("exp", (argument,)), below)


@rule
def complement(spot: Spot) -> Tree | None:
    """p[K] = 1 - the other outputs of a softmax."""
    found = definition(spot, spot.tree)
    if found and found[0] == "softmax" and spot.tree.entry:
        k, (size,) = spot.fresh(), spot.graph.network.shapes[spot.tree.name]
        one = replace(spot.tree, entry=(Variable(k),))
        return Binary("+", Binary("-", ONE, Over("sum", k, ONE, number(size), one)), spot.tree)


@rule
def slope(spot: Spot) -> Tree | None:
    """1 - h**2 = sech(a)**2 = 1 / cosh(a)**2 = (1 - h)(1 + h), where h = tanh(a)."""
    match spot.tree:
        case Binary("-", Number(value), Power(h, Number(exponent))) if value == 1 and exponent == 2:
            product = Binary("*", Binary("-", ONE, h), Binary("+", ONE, h))
            found = definition(spot, h)
            if not found or found[0] != "tanh":
                return product
            sech, cosh = (Power(Call(name, (found[1],)), TWO) for name in ("sech", "cosh"))
            return spot.chance.choice([product, sech, Binary("/", ONE, cosh)])


@rule
def slope_of_sigmoid(spot: Spot) -> Tree | None:
    """h (1 - h) = h - h**2, and 1 - sigmoid(a) = sigmoid(-a)."""
    match spot.tree:
        case Binary("*", h, Binary("-", Number(value), other)) if value == 1 and h == other:
            return Binary("-", h, Power(h, TWO))
        case Binary("-", Number(value), h) if value == 1 and (found := definition(spot, h)) and found[0] == "sigmoid":
            return Call("sigmoid", (Negative(found[1]),))


@rule
def other_function(spot: Spot) -> Tree | None:
    """tanh(u) = (exp(2u) - 1)/(exp(2u) + 1) = sinh(u)/cosh(u), and its like."""
    match spot.tree:
        case Call("tanh", (u,)):
            e = Call("exp", (Binary("*", TWO, u),))
            ratio = Binary("/", Call("sinh", (u,)), Call("cosh", (u,)))
            return spot.chance.choice([Binary("/", Binary("-", e, ONE), Binary("+", e, ONE)), ratio])
        case Call("sigmoid", (u,)):
            half_angle = Call("tanh", (Binary("/", u, TWO),))
            inverse = Binary("/", ONE, Binary("+", ONE, Call("exp", (Negative(u),))))
            return spot.chance.choice([inverse, Binary("/", Binary("+", ONE, half_angle), TWO)])
        case Call("sech", (u,)):
            return Binary("/", ONE, Call("cosh", (u,)))
        case Call("exp", (u,)):
            return Binary("+", Call("cosh", (u,)), Call("sinh", (u,)))
        case Call("log", (u,)):
            return Negative(Call("log", (Binary("/", ONE, u),)))
        case Call("softmax", (u,)):
            return Call("softmax", (Binary("+", u, Number(Fraction(3, 4))),))


@rule
def times_one(spot: Spot) -> Tree | None:
    """x = x (cosh(w)**2 - sinh(w)**2) = x exp(w) exp(-w) for some number w."""
    network = spot.graph.network
    name = spot.chance.choice(sorted(network.parameters)) if network.parameters else None
    if name is None:
        return None
    w = Letter(name, None, () if spot.shape(Letter(name)) == () else (ONE,) * len(network.shapes[name]))
    squares = Binary("-", *(Power(Call(f, (w,)), TWO) for f in ("cosh", "sinh")))
    powers = Binary("*", Call("exp", (w,)), Call("exp", (Negative(w),)))
    return Binary("*", spot.tree, spot.chance.choice([squares, powers]))


def _sum_of(spot: Spot) -> tuple[Over, list[int]] | None:
    """Return a sum at this spot with the numbers its index takes, where its bounds are fixed and it has terms."""
    if not isinstance(spot.tree, Over) or spot.tree.kind != "sum" or _is_any_number(spot):
        return None
    low, high = (spread(bound, spot.ranges, spot.question) for bound in (spot.tree.low, spot.tree.high))
    if len(low) != 1 or len(high) != 1 or low > high:
        return None
    return spot.tree, list(range(low[0], high[0] + 1))


def _is_any_number(spot: Spot) -> bool:
    """Return whether a part speaks of T where a question is for every T: a number would change its meaning."""
    return is_for_every_T(spot.question) and Variable("T") in walk(spot.tree)


@rule
def unroll(spot: Spot) -> Tree | None:
    """A sum as its terms, in any order."""
    found = _sum_of(spot)
    if found and len(found[1]) <= 6:
        terms = [exchanged(found[0].body, found[0].variable, number(k)) for k in found[1]]
        spot.chance.shuffle(terms)
        total = terms[0]
        for term in terms[1:]:
            total = Binary("+", total, term)
        return total


@rule
def reverse(spot: Spot) -> Tree | None:
    """A sum in the other order: its index runs from the end."""
    found = _sum_of(spot)
    if found:
        one, numbers = found
        name = spot.fresh()
        ends = number(numbers[0] + numbers[-1])
        return replace(one, variable=name, body=exchanged(one.body, one.variable, Binary("-", ends, Variable(name))))


@rule
def rename(spot: Spot) -> Tree | None:
    """A sum over an index of another name."""
    if isinstance(spot.tree, Over):
        name = spot.fresh()
        return replace(spot.tree, variable=name, body=exchanged(spot.tree.body, spot.tree.variable, Variable(name)))


@rule
def shift(spot: Spot) -> Tree | None:
    """A sum whose index starts one lower or higher."""
    if isinstance(spot.tree, Over):
        there, back = spot.chance.choice([("+", "-"), ("-", "+")])
        old = Binary(back, Variable(spot.tree.variable), ONE)
        low, high = (Binary(there, bound, ONE) for bound in (spot.tree.low, spot.tree.high))
        return replace(spot.tree, low=low, high=high, body=exchanged(spot.tree.body, spot.tree.variable, old))


@rule
def split(spot: Spot) -> Tree | None:
    """A sum without its last term, plus that term."""
    found = _sum_of(spot)
    if found and len(found[1]) > 1:
        one, numbers = found
        last = exchanged(one.body, one.variable, number(numbers[-1]))
        return Binary("+", replace(one, high=number(numbers[-2])), last)


@rule
def transpose(spot: Spot) -> Tree | None:
    """A @ B = (B.T @ A.T).T, (A @ B).T = B.T @ A.T, A + B = (A.T + B.T).T, A = A.T.T."""
    match spot.tree:
        case Transpose(Binary("@", a, b)):
            return Binary("@", Transpose(b), Transpose(a))
        case Transpose(Binary("+" | "-" as sign, a, b)):
            return Binary(sign, Transpose(a), Transpose(b))
        case Transpose(Transpose(a)):
            return a
        case Binary("@", a, b):
            return Transpose(Binary("@", Transpose(b), Transpose(a)))
        case Binary("+" | "-" as sign, a, b) if spot.shape(spot.tree):
            return Transpose(Binary(sign, Transpose(a), Transpose(b)))
    return Transpose(Transpose(spot.tree)) if spot.shape(spot.tree) else None


@rule
def layout(spot: Spot) -> Tree | None:
    """A total derivative of the loss is the transposed gradient, and the other way round."""
    match spot.tree:
        case Derivative(below, above, "total" | "gradient" as kind) if below == Letter(spot.graph.network.loss):
            turned = Derivative(below, above, "gradient" if kind == "total" else "total")
            return Transpose(turned) if spot.shape(spot.tree) else turned


@rule
def product_of_columns(spot: Spot) -> Tree | None:
    """outer(a, b) = a @ b.T, diag(v) @ w = v * w, w.T @ diag(v) = (v * w).T, for columns."""
    match spot.tree:
        case Call("outer", (a, b)) if _are_columns(spot, a, b):
            return Binary("@", a, Transpose(b))
        case Binary("@", a, Transpose(b)) if _are_columns(spot, a, b):
            return Call("outer", (a, b))
        case Binary("@", Call("diag", (v,)), w) if _are_columns(spot, v, w):
            return Binary("*", v, w)
        case Binary("@", Transpose(w), Call("diag", (v,))) if _are_columns(spot, v, w):
            return Transpose(Binary("*", v, w))
        case Binary("*", v, w) if _are_columns(spot, v, w):
            return Binary("@", Call("diag", (v,)), w)


def _are_columns(spot: Spot, *trees: Tree) -> bool:
    found = [spot.shape(tree) for tree in trees]
    return all(shape and shape[1] == 1 for shape in found)


@rule
def entry_by_entry(spot: Spot) -> Tree | None:
    """A vector as the column of its entries, a matrix as the table of its entries."""
    tree = spot.tree
    if not isinstance(tree, Letter) or tree.entry or not spot.shape(tree):
        return None
    shape = spot.graph.network.shapes[tree.name]
    i = spot.fresh()
    if len(shape) == 1:
        return Over("column", i, ONE, number(shape[0]), replace(tree, entry=(Variable(i),)))
    j = next(name for name in INDICES if name != i and name not in {*spot.ranges, *spot.question.language.letters})
    row = Over("row", j, ONE, number(shape[1]), replace(tree, entry=(Variable(i), Variable(j))))
    return Over("column", i, ONE, number(shape[0]), row)


@rule
def product_as_sums(spot: Spot) -> Tree | None:
    """W @ v = the column of sums of W[i,j] v[j], with W transposed or not."""
    match spot.tree:
        case Binary("@", Letter(_, _, ()) as w, Letter(_, _, ()) as v):
            flip = False
        case Binary("@", Transpose(Letter(_, _, ()) as w), Letter(_, _, ()) as v):
            flip = True
        case _:
            return None
    if not _are_columns(spot, v) or len(spot.graph.network.shapes[w.name]) != 2:
        return None
    rows, columns = spot.graph.network.shapes[w.name][:: -1 if flip else 1]
    i = spot.fresh()
    j = next(name for name in INDICES if name != i and name not in {*spot.ranges, *spot.question.language.letters})
    entry = (Variable(j), Variable(i)) if flip else (Variable(i), Variable(j))
    product = Binary("*", replace(w, entry=entry), replace(v, entry=(Variable(j),)))
    return Over("column", i, ONE, number(rows), Over("sum", j, ONE, number(columns), product))


@rule
def write_time_otherwise(spot: Spot) -> Tree | None:
    """t + 1 = 1 + t, t - 1 = -1 + t, and T is its number, where it has one."""
    if not isinstance(spot.tree, Letter) or spot.tree.time is None:
        return None
    match spot.tree.time:
        case Binary("+", a, b):
            return replace(spot.tree, time=Binary("+", b, a))
        case Binary("-", a, b):
            return replace(spot.tree, time=Binary("+", Negative(b), a))
        case Variable("T") if not _is_any_number(spot):
            return replace(spot.tree, time=number(spot.graph.T))
        case Variable() as t:
            return replace(spot.tree, time=Binary("-", Binary("+", t, ONE), ONE))


# Forms


def symbolic_questions() -> list[Question]:
    """Return the questions of the course that are answered by a formula or a derivation."""
    return [one for one in course_questions().values() if one.kind in ("line", "matrix", "derivation")]


def rewritten(
    question: Question, tree: Tree, chance: random.Random, steps: int, rules: list[Rule] | None = None
) -> tuple[Tree, list[str]]:
    """Return an equal form of a tree and the names of the rules that made it.

    Errors: WrongRule where numbers of 80 digits say that a rule changed the value.
    """
    used = []
    for _ in range(steps):
        one = chance.choice(rules or RULES)
        ways = [(way, made) for way, spot in spots(question, tree, question.spans, chance) if (made := one(spot))]
        if not ways:
            continue
        way, made = chance.choice(ways)
        new = put(tree, way, made)
        found = relation(question, new, tree)
        if found == "different":
            raise WrongRule(f"{question.id}: {one.__name__} made {write(new)} of {write(tree)}")
        if found == "equal" and len(spelled(new, question)) <= LONGEST:
            tree, used = new, [*used, one.__name__]
    return tree, used


def equal_form(question: Question, chance: random.Random) -> tuple[Tree, list[str]]:
    """Return an equal form of one of a question's right answers, and the names of the rules that made it."""
    start = question.tree(chance.choice([question.answer, *question.same]))
    return rewritten(question, start, chance, chance.randint(4, 24))
