"""Worlds: one draw of the leaves, the forward and the backward pass run on it, so that every letter has a value."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

import sympy
from mpmath.ctx_iv import MPIntervalContext

from bptt_lab.network import Graph, Place
from bptt_lab.network.functions import LEAK
from bptt_lab.network.scalars import FLOATS, Arithmetic, entries, evaluate
from bptt_lab.symbolic import letters

PRIME = 2**61 - 1
DIGITS = 60


class World(NamedTuple):
    """Values and total derivatives of every entry of a graph, in one arithmetic, with the leaves they came from."""

    graph: Graph
    leaves: Mapping[Place, Fraction]
    arithmetic: Arithmetic
    values: Mapping[Place, Any]
    totals: Mapping[Place, Any]

    def value_of(self, place: Place) -> Any:
        """Return the value of an entry (errors: ValueError where this network has no such entry)."""
        if place not in self.values:
            raise ValueError(f"{place} does not occur in this network")
        return self.values[place]

    def total_of(self, place: Place) -> Any:
        """Return the total derivative of the loss by an entry (errors: ValueError where there is no such entry)."""
        if place not in self.totals:
            raise ValueError(f"{place} does not occur in this network")
        return self.totals[place]

    def immediate_of(self, below: Place, above: Place) -> Any:
        """Return the immediate derivative of one entry by another."""
        return self.immediates(below).get((below, above), 0)

    def immediates(self, below: Place) -> dict[tuple[Place, Place], Any]:
        """Return the immediate derivatives of every entry of a place, by pair of entries."""
        edges = self.graph.edges(Place(*below[:2]))

        def value_of(place: Place) -> Any:
            return self.values[self.graph.resolve(place, below.time)]

        return {(start, end): evaluate(slope, value_of, self.arithmetic) for start, end, slope in edges}


class Unsettled(Exception):
    """A world in which something cannot be computed: a logarithm of a negative number, a kink inside an interval."""


def draw_leaves(graph: Graph, seed: str, decimals: int = 1) -> dict[Place, Fraction]:
    """Return random leaves in [-1, 1] with few decimals, none zero; targets of a cross-entropy are probabilities."""
    chance, steps = random.Random(seed), 10**decimals
    found: dict[Place, Fraction] = {}
    for place, shape in graph.leaves.items():
        places = [Place(place.name, place.time, entry) for entry in entries(shape)]
        kind = graph.network.targets.get(place.name)
        if kind == "nll":
            weights = [chance.randint(1, 9) for _ in places]
            drawn = [Fraction(weight, sum(weights)) for weight in weights]
        elif kind == "bce":
            drawn = [Fraction(chance.randint(1, steps - 1), steps) for _ in places]
        else:
            drawn = [Fraction(chance.choice((-1, 1)) * chance.randint(1, steps), steps) for _ in places]
        found.update(zip(places, drawn, strict=True))
    return found


def make_world(graph: Graph, leaves: Mapping[Place, Fraction], arithmetic: Arithmetic) -> World:
    """Return the world that grows from given leaves (errors: Unsettled)."""
    try:
        start = {place: arithmetic.number(value) for place, value in leaves.items()}
        values = graph.run(start, arithmetic)
        return World(graph, leaves, arithmetic, values, graph.sweep(values, arithmetic))
    except (ArithmeticError, ValueError) as error:
        raise Unsettled(str(error)) from error


def random_world(graph: Graph, seed: str, arithmetic: Arithmetic, decimals: int = 1) -> World:
    """Return a random world; unlucky draws are drawn again (errors: Unsettled after twenty)."""
    for trial in range(20):
        try:
            return make_world(graph, draw_leaves(graph, f"{seed}/{trial}", decimals), arithmetic)
        except Unsettled as error:
            reason = error
    raise Unsettled(f"no world was found in twenty draws: {reason}")


@lru_cache(maxsize=256)
def float_worlds(graph: Graph, count: int = 16) -> tuple[World, ...]:
    """Return worlds in float64, quick and readable: every leaf has one decimal."""
    return tuple(random_world(graph, f"float {k}", FLOATS) for k in range(count))


@lru_cache(maxsize=256)
def interval_worlds(graph: Graph, count: int = 6, digits: int = DIGITS) -> tuple[World, ...]:
    """Return worlds in interval arithmetic of so many digits: what they say of a difference is certain."""
    return tuple(random_world(graph, f"interval {k}", intervals(digits), decimals=4) for k in range(count))


@lru_cache(maxsize=256)
def modular_worlds(graph: Graph, count: int = 2) -> tuple[World, ...]:
    """Return worlds modulo the prime 2^61 - 1, functions as free generators: equality there proves identity."""
    return tuple(random_world(graph, f"modular {k}", MODULAR, decimals=15) for k in range(count))


@lru_cache(maxsize=8)
def intervals(digits: int) -> Arithmetic:
    """Return interval arithmetic of so many digits, with the functions of the grammar."""
    context = MPIntervalContext()
    context.dps = digits

    one, zero, leak = context.mpf(1), context.mpf(0), context.mpf(LEAK[0]) / LEAK[1]
    exp = context.exp
    functions = {
        "tanh": lambda u: 1 - 2 / (exp(2 * u) + 1),
        "sigmoid": lambda u: 1 / (1 + exp(-u)),
        "exp": exp,
        "log": _logarithm(context),
        "softmax": _written_out_softmax(exp),
        "relu": _by_sign(context, lambda u: u, lambda u: zero),
        "leaky_relu": _by_sign(context, lambda u: u, lambda u: leak * u),
        "step": _by_sign(context, lambda u: one, lambda u: zero),
        "leaky_step": _by_sign(context, lambda u: one, lambda u: leak),
    }
    return Arithmetic(lambda value: context.mpf(value.numerator) / value.denominator, functions)


def _logarithm(context: MPIntervalContext) -> Callable:
    def log(u):
        if not context.mpf(u).a > 0:
            raise Unsettled("a logarithm of what may be negative")
        return context.log(u)

    return log


def _by_sign(context: MPIntervalContext, above: Callable, below: Callable) -> Callable:
    """Return a function with a kink at zero, which refuses an interval that holds zero."""

    def choose(u):
        u = context.mpf(u)
        if u.a <= 0 <= u.b:
            raise Unsettled("a kink lies inside an interval")
        return above(u) if u.a > 0 else below(u)

    return choose


def _written_out_softmax(exp: Callable) -> Callable:
    """Return softmax from an exponential of any arithmetic."""

    def softmax(*arguments, entry):
        powers = [exp(u) for u in arguments]
        return powers[entry - 1] / sum(powers[1:], start=powers[0])

    return softmax


class Residue:
    """A whole number modulo 2^61 - 1."""

    __slots__ = ("n",)

    def __init__(self, n: int):
        self.n = n % PRIME

    def __add__(self, other):
        return Residue(self.n + _number(other))

    def __sub__(self, other):
        return Residue(self.n - _number(other))

    def __rsub__(self, other):
        return Residue(_number(other) - self.n)

    def __mul__(self, other):
        return Residue(self.n * _number(other))

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self):
        return Residue(-self.n)

    def __truediv__(self, other):
        return Residue(self.n * _inverse(_number(other)))

    def __rtruediv__(self, other):
        return Residue(_number(other) * _inverse(self.n))

    def __pow__(self, exponent: int):
        return Residue(pow(self.n, exponent, PRIME))

    def __eq__(self, other):
        return self.n == _number(other) % PRIME

    __hash__ = None


def _number(value: Residue | int) -> int:
    return value.n if isinstance(value, Residue) else int(value)


def _inverse(n: int) -> int:
    if n % PRIME == 0:
        raise ZeroDivisionError("division by zero modulo the prime")
    return pow(n, -1, PRIME)


def _generator(function: str) -> Callable:
    """Return a stand-in for a function: equal arguments give equal residues, and nothing else is assumed of it."""

    def of(*arguments):
        text = ",".join([function, *(str(_number(u) % PRIME) for u in arguments)])
        return Residue(int.from_bytes(hashlib.blake2b(text.encode(), digest_size=16).digest(), "big"))

    return of


FREE = ("tanh", "sigmoid", "exp", "log", "relu", "leaky_relu", "step", "leaky_step")
MODULAR = Arithmetic(
    lambda value: Residue(value.numerator * pow(value.denominator, -1, PRIME)),
    {**{name: _generator(name) for name in FREE}, "softmax": _written_out_softmax(_generator("exp"))},
)


def evaluate_sympy(expression: sympy.Expr, value_of: Callable[[sympy.Symbol], Any], arithmetic: Arithmetic) -> Any:
    """Return the value of a SymPy expression in any arithmetic (errors: ValueError for what has no meaning here)."""
    if isinstance(expression, sympy.Symbol):
        return value_of(expression)
    if isinstance(expression, sympy.exp) and arithmetic is MODULAR:
        return _modular_exponential(expression.args[0], value_of)
    if expression.is_Rational:
        return arithmetic.number(Fraction(int(expression.p), int(expression.q)))
    values = [evaluate_sympy(part, value_of, arithmetic) for part in expression.args]
    if expression.is_Add:
        return sum(values[1:], start=values[0])
    if expression.is_Mul:
        product = values[0]
        for factor in values[1:]:
            product = product * factor
        return product
    if expression.is_Pow and expression.exp.is_Integer:
        exponent = int(expression.exp)
        return values[0] ** exponent if exponent > 0 else 1 / values[0] ** -exponent
    name = getattr(expression.func, "__name__", "")
    if name in arithmetic.functions:
        return arithmetic.functions[name](*values)
    raise ValueError(f"{expression.func.__name__} has no meaning here")


def letter_value(world: World, symbol: sympy.Symbol) -> Any:
    """Return the value of a letter in a world."""
    network = world.graph.network
    match symbol:
        case letters.Value():
            return world.value_of(letters.full(symbol.place, network))
        case letters.Total():
            return world.total_of(letters.full(symbol.place, network))
        case letters.Immediate():
            return world.immediate_of(letters.full(symbol.below, network), letters.full(symbol.above, network))
    raise ValueError(f"{symbol} is not a letter of this network")


def _modular_exponential(exponent: sympy.Expr, value_of: Callable[[sympy.Symbol], Any]) -> Residue:
    """Return exp of a sum as a product, and of a whole multiple as a power: exp is a free generator otherwise."""
    product = Residue(1)
    for term in sympy.Add.make_args(sympy.expand(exponent)):
        count, rest = term.as_coeff_Mul()
        if not count.is_Integer:
            count, rest = sympy.Integer(1), term
        one = MODULAR.functions["exp"](evaluate_sympy(rest, value_of, MODULAR))
        product = product * (one ** int(count) if count > 0 else 1 / one ** -int(count))
    return product
