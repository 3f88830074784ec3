"""The arithmetics in which two sides are compared: intervals that hold the true value, residues that are exact.

An answer can know none of them beforehand: the primes, and with them what stands for a function, are drawn anew in
every process. `patience` limits the processor time of all of them.

Where a class is graded, the same answer must be told the same whichever process judges it, and when. There the variable
BPTT_LAB_REPEATABLE holds a text that students do not know: all is drawn from it, and `patience` counts calls.
"""

from __future__ import annotations

import hashlib
import itertools
import math
import os
import random
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from fractions import Fraction
from functools import cached_property, lru_cache, partial
from typing import Any, NamedTuple

import sympy
from mpmath.ctx_iv import MPIntervalContext
from mpmath.libmp import from_man_exp, fzero, mpf_neg
from sympy.ntheory import sqrt_mod

from bptt_lab.formulas.functions import NUMBERS, ROWS
from bptt_lab.network import scalars
from bptt_lab.network.scalars import Arithmetic, Pieces, completed

REPEATABLE = os.environ.get("BPTT_LAB_REPEATABLE", "")
SECRET = REPEATABLE or secrets.token_hex(16)  # of this process: no answer can be made to fit what is drawn from it
DIGITS = 60
SMALLEST_PRIME = 2**60
ADIC_DIGITS = (32, 64, 128, 256)  # of a p-adic number, in base p: half of them are compared
LARGEST_EXPONENT = 10**30  # exp of more needs its argument to more digits than there are; nothing is learnt from it


class Unsettled(Exception):
    """Something that cannot be computed: a logarithm of a negative number, a kink inside an interval, out of time."""


LOOKS = 64  # one look at the clock in so many calls
# where calls are counted: what a second of patience is worth, and how many times it a clock then allows
CALLS_A_SECOND, SLACK = 40_000, 6.0
_CALLS = itertools.count()
_LATEST: ContextVar[float] = ContextVar("processor time at which patience ends", default=math.inf)
_LAST: ContextVar[float] = ContextVar("number of the call at which patience ends", default=math.inf)


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Limit what is computed inside to so many seconds of processor time; `check_patience` raises past them."""
    latest = time.thread_time() + seconds * (SLACK if REPEATABLE else 1)
    last = next(_CALLS) + seconds * CALLS_A_SECOND if REPEATABLE else math.inf
    tokens = _LATEST.set(min(_LATEST.get(), latest)), _LAST.set(min(_LAST.get(), last))
    try:
        yield
    finally:
        _LATEST.reset(tokens[0])
        _LAST.reset(tokens[1])


@contextmanager
def no_hurry() -> Iterator[None]:
    """Lift the limit of `patience` for what is made inside, and let the time it takes not count."""
    latest, last, start, first = _LATEST.get(), _LAST.get(), time.thread_time(), next(_CALLS)
    tokens = _LATEST.set(math.inf), _LAST.set(math.inf)
    try:
        yield
    finally:
        _LATEST.reset(tokens[0])
        _LAST.reset(tokens[1])
        _LATEST.set(latest + time.thread_time() - start)
        _LAST.set(last + next(_CALLS) - first)


def is_late() -> bool:
    """Return whether the time that `patience` allows is used up."""
    return time.thread_time() > _LATEST.get() or next(_CALLS) > _LAST.get()


def check_patience() -> None:
    """Raise Unsettled where the time that `patience` allows is used up; the clock is slow, and read now and then."""
    call = next(_CALLS)
    if call % LOOKS == 0 or call > _LAST.get():
        check_clock()


def check_clock() -> None:
    """Raise Unsettled where the time that `patience` allows is used up: for what is slow itself."""
    if is_late():
        raise Unsettled("it takes too long to compute")


def drawn_below(most: int, what: str) -> int:
    """Return a whole number from 0 to most - 1, drawn anew, or for a purpose where results must be repeatable."""
    return random.Random(f"{SECRET} {what}").randrange(most) if REPEATABLE else secrets.randbelow(most)


# Intervals


@lru_cache(maxsize=8)
def intervals(digits: int) -> Arithmetic:
    """Return interval arithmetic of so many digits, with the functions of the grammar."""
    context = MPIntervalContext()
    context.dps = digits

    known = {"exp": _exponential(context)}
    known |= {name: _looked_at(_of_positive(getattr(context, name), context)) for name in ("log", "sqrt")}
    known |= {name: _looked_at(getattr(context, name)) for name in ("sin", "cos")}
    made = completed(_leaf(context), known, _by_pieces(context))
    return made._replace(dot=_sum_of_products(context))


def _leaf(context: MPIntervalContext) -> type:
    """Return the intervals around a number: most are only factors in sums of products, and need no floating point."""
    point = 2 * context.prec

    class Leaf(context.mpf):
        def __new__(cls, value: Fraction) -> Leaf:
            made = object.__new__(cls)
            made.value = value
            start, rest = divmod(value.numerator << point, value.denominator)
            width, is_small = int(bool(rest)), start.bit_length() < point + context.prec
            made._whole = (start, width, abs(start), abs(start) + width) if is_small else None
            return made

        @cached_property
        def _mpi_(self) -> tuple:
            return _between(context, self.value)._mpi_

    return Leaf


def _between(context: MPIntervalContext, value: Fraction) -> Any:
    """Return the smallest interval around a number."""
    point = context.prec + value.denominator.bit_length()
    start, rest = divmod(value.numerator << point, value.denominator)
    return _interval(context, start, start + bool(rest), point)


def _interval(context: MPIntervalContext, start: int, end: int, point: int) -> Any:
    """Return the smallest interval around one whose ends are multiples of 2^-point."""
    ends = ((start, "f"), (end, "c"))
    return context.make_mpf(tuple(from_man_exp(one, -point, context.prec, way) for one, way in ends))


def _sum_of_products(context: MPIntervalContext) -> Callable:
    """Return a sum of products of intervals that rounds once: in whole numbers, at a fixed point far to the right.

    Intervals too large for a fixed point, and those that reach to infinity, are left to interval arithmetic.
    """
    point = 2 * context.prec

    def whole(number: Any) -> tuple[int, int, int, int] | None:
        """Return an interval's lower end, width, magnitude of the end and of both, times 2^point, rounded outwards."""
        if isinstance(number, int):
            start = number << point
            return start, 0, abs(start), abs(start)
        number._whole = None
        low, high = number._mpi_
        if has_few_digits(low, context.prec) and has_few_digits(high, context.prec):
            start, end = _rounded_down(low, point), -_rounded_down(mpf_neg(high), point)
            number._whole = start, end - start, abs(start), abs(start) + end - start
        return number._whole

    def dot(pairs: Sequence[tuple[Any, Any]]) -> Any:
        total = slack = 0
        for one, other in pairs:
            try:
                (x, dx, size, _), (y, dy, _, most) = one._whole, other._whole
            except (AttributeError, TypeError):  # not looked at yet, a whole number, or too large
                left, right = whole(one), whole(other)
                if left is None or right is None:
                    return scalars.dot(pairs)
                (x, dx, size, _), (y, dy, _, most) = left, right
            total += x * y
            slack += size * dy + most * dx
        return _interval(context, total - slack, total + slack, 2 * point)

    return dot


def has_few_digits(end: tuple, bits: int) -> bool:
    """Return whether an end of an interval is a number of few bits before the point: infinity has no mantissa."""
    _, man, exponent, length = end
    return bool(man) and exponent + length < bits or end == fzero


def _rounded_down(end: tuple, point: int) -> int:
    """Return a number as a multiple of 2^-point, rounded down."""
    sign, man, exponent, _ = end
    man, exponent = (-man if sign else man), exponent + point
    return man << exponent if exponent >= 0 else man >> -exponent


def _exponential(context: MPIntervalContext) -> Callable:
    def exp(u: Any) -> Any:
        check_patience()
        u = context.mpf(u)
        if not (-LARGEST_EXPONENT < u.a and u.b < LARGEST_EXPONENT):
            raise Unsettled("an exponential of what is too large")
        return context.exp(u)

    return exp


def _of_positive(function: Callable, context: MPIntervalContext) -> Callable:
    """Return a function that refuses an interval that reaches to zero or below."""

    def computed(u: Any) -> Any:
        if not context.mpf(u).a > 0:
            raise Unsettled("a logarithm or a root of what may be negative")
        return function(u)

    return computed


def _looked_at(function: Callable) -> Callable:
    """Return a function that looks at the clock before it computes."""

    def computed(u: Any) -> Any:
        check_patience()
        return function(u)

    return computed


def _by_pieces(context: MPIntervalContext) -> Callable:
    """Return what makes a function with kinks: it refuses an interval that holds one."""

    def made(name: str, pieces: Pieces) -> Callable:
        def choose(u: Any) -> Any:
            u = context.mpf(u)
            for bound, rule in pieces:
                if u.b < bound:
                    return context.mpf(rule(u))
                if u.a <= bound:
                    break
            raise Unsettled("a kink lies inside an interval")

        return choose

    return made


# Residues


@lru_cache(maxsize=1)
def primes() -> tuple[int, int]:
    """Return the two primes of this process, between 2^60 and 2^62, drawn when they are first asked for."""
    drawn = (drawn_below(2**62 - 2**61, f"prime {k}") for k in range(2))
    one, other = (int(sympy.nextprime(SMALLEST_PRIME + number)) for number in drawn)
    return (one, other) if one != other else (one, int(sympy.nextprime(other)))


@lru_cache(maxsize=1)
def adic_prime() -> int:
    """Return the base of p-adic numbers in this process, between 2^31 and 2^32: their digits count, not their size."""
    return int(sympy.nextprime(2**31 + drawn_below(2**31 - 2**10, "adic")))


class Ring(NamedTuple):
    """Whole numbers modulo `modulus`; two of them count as equal where they agree modulo `known`, a divisor of it."""

    modulus: int
    known: int


class Residue:
    """A whole number in a ring."""

    __slots__ = ("n", "ring")

    def __init__(self, n: int, ring: Ring) -> None:
        self.n, self.ring = n % ring.modulus, ring

    def __add__(self, other: Residue | int) -> Residue:
        return Residue(self.n + _number(other), self.ring)

    def __sub__(self, other: Residue | int) -> Residue:
        return Residue(self.n - _number(other), self.ring)

    def __rsub__(self, other: Residue | int) -> Residue:
        return Residue(_number(other) - self.n, self.ring)

    def __mul__(self, other: Residue | int) -> Residue:
        return Residue(self.n * _number(other), self.ring)

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self) -> Residue:
        return Residue(-self.n, self.ring)

    def __truediv__(self, other: Residue | int) -> Residue:
        return Residue(self.n * inverse(_number(other), self.ring.modulus), self.ring)

    def __rtruediv__(self, other: Residue | int) -> Residue:
        return Residue(_number(other) * inverse(self.n, self.ring.modulus), self.ring)

    def __pow__(self, exponent: int) -> Residue:
        return Residue(pow(self.n, exponent, self.ring.modulus), self.ring)

    def __eq__(self, other: object) -> bool:
        return (self.n - _number(other)) % self.ring.known == 0  # type: ignore[arg-type]

    __hash__ = None  # type: ignore[assignment]


def _number(value: Residue | int) -> int:
    return value.n if isinstance(value, Residue) else int(value)


def inverse(n: int, modulus: int) -> int:
    """Return the inverse of a whole number (errors: ZeroDivisionError where it has none)."""
    try:
        return pow(n, -1, modulus)
    except ValueError:
        raise ZeroDivisionError("division by zero in a ring of residues") from None


def _fraction_in(ring: Ring) -> Callable[[Fraction], Residue]:
    share = lru_cache(maxsize=1024)(partial(inverse, modulus=ring.modulus))  # leaves have few denominators
    return lambda value: Residue(value.numerator * share(value.denominator), ring)


class FreeFunction:
    """A stand-in for a function: equal arguments give equal residues, and nothing else is assumed of it."""

    def __init__(self, name: str, ring: Ring) -> None:
        self.name, self.ring = name, ring

    def __call__(self, *arguments: Residue) -> Residue:
        text = ",".join([self.name, *(str(_number(u) % self.ring.known) for u in arguments)])
        digest = hashlib.blake2b(text.encode(), digest_size=16, key=SECRET.encode()).digest()
        return Residue(int.from_bytes(digest, "big"), self.ring)


def square_root(value: Residue, prime: int) -> Residue:
    """Return the smaller square root of a number modulo a prime (errors: Unsettled where it has none)."""
    root = sqrt_mod(_number(value) % prime, prime)
    if root is None:
        raise Unsettled("a number without a square root modulo a prime")
    return Residue(root, value.ring)


KINKED = tuple(name for name, row in ROWS.items() if row.pieces)


@lru_cache(maxsize=8)
def modular(prime: int) -> Arithmetic:
    """Return arithmetic modulo a prime, functions as free generators: equality at a random point proves identity."""
    ring = Ring(prime, prime)
    free = {name: FreeFunction(name, ring) for name in NUMBERS} | {"identity": lambda u: u}
    made = completed(_fraction_in(ring), free, lambda name, pieces: FreeFunction(name, ring))
    return made._replace(dot=_dot_in(ring))


def _dot_in(ring: Ring) -> Callable:
    def dot(pairs: Sequence[tuple[Any, Any]]) -> Residue:
        try:
            return Residue(sum([one.n * other.n for one, other in pairs]), ring)
        except AttributeError:  # a whole number is among them
            return Residue(sum(_number(one) * _number(other) for one, other in pairs), ring)

    return dot


def divisions(value: Residue | int, prime: int) -> int:
    """Return how often a prime divides a residue modulo its power: 0 for zero, of which nothing is known."""
    n, count = _number(value), 0
    while n and n % prime == 0:
        n, count = n // prime, count + 1
    return count


def is_free(arithmetic: Arithmetic) -> bool:
    """Return whether functions are free generators in an arithmetic."""
    return isinstance(arithmetic.functions["exp"], FreeFunction)


@lru_cache(maxsize=8)
def adic(prime: int, digits: int) -> Arithmetic:
    """Return p-adic arithmetic of so many digits, with exp(p u) for exp(u): exact, and exp(u + v) = exp(u) exp(v).

    What holds by the laws of exp, and of tanh, sigmoid, softmax and log that are made from it, holds here to the last
    digit that is compared, half of all: a logarithm costs one. Kinks are free generators.
    """
    ring = Ring(prime**digits, prime ** (digits // 2))
    exp = _adic_exponential(prime, digits, ring)
    known = {"exp": exp, "log": _adic_logarithm(prime, digits, ring)}
    return completed(_fraction_in(ring), known, lambda name, pieces: FreeFunction(name, ring))


def _adic_exponential(prime: int, digits: int, ring: Ring) -> Callable:
    shares = [prime**n * inverse(math.factorial(n), ring.modulus) for n in range(digits)]

    def exp(u: Any) -> Any:
        check_clock()
        total = 0
        for share in reversed(shares):  # of the series of exp(p u), by Horner's rule
            total = (total * _number(u) + share) % ring.modulus
        return Residue(total, ring)

    return exp


def _adic_logarithm(prime: int, digits: int, ring: Ring) -> Callable:
    inverses = [inverse(n, ring.modulus) for n in range(1, digits + 1)]

    def log(u: Any) -> Any:
        check_clock()
        if _number(u) % prime == 0:
            raise Unsettled("a logarithm of what p divides")
        near_one = pow(_number(u), prime - 1, ring.modulus) - 1  # a multiple of p: the series converges
        series, power = 0, 1
        for one_nth in inverses:
            power = -power * near_one % ring.modulus
            series -= power * one_nth
        return Residue(series % ring.modulus // prime * inverse(prime - 1, ring.modulus), ring)

    return log


def evaluate_sympy(expression: sympy.Expr, value_of: Callable[[sympy.Symbol], Any], arithmetic: Arithmetic) -> Any:
    """Return the value of a SymPy expression in any arithmetic (errors: ValueError for what has no meaning here)."""
    if isinstance(expression, sympy.Symbol):
        return value_of(expression)
    if isinstance(expression, sympy.exp) and is_free(arithmetic):
        return _free_exponential(expression.args[0], value_of, arithmetic)
    if expression.is_Rational:
        return arithmetic.number(Fraction(int(expression.p), int(expression.q)))
    values = [evaluate_sympy(part, value_of, arithmetic) for part in expression.args]
    if expression.is_Add:
        return sum(values[1:], start=values[0])
    if expression.is_Mul:
        return math.prod(values[1:], start=values[0])
    if expression.is_Pow and expression.exp.is_Integer:
        exponent = int(expression.exp)
        return values[0] ** exponent if exponent > 0 else 1 / values[0] ** -exponent
    if expression.is_Pow and expression.exp.is_Rational and expression.exp.q == 2:
        root, exponent = arithmetic.functions["sqrt"](values[0]), int(expression.exp.p)
        return root**exponent if exponent > 0 else 1 / root**-exponent
    name = getattr(expression.func, "__name__", "")
    if name in arithmetic.functions:
        return arithmetic.functions[name](*values)
    raise ValueError(f"{expression.func.__name__} has no meaning here")


def _free_exponential(exponent: sympy.Expr, value_of: Callable, arithmetic: Arithmetic) -> Residue:
    """Return exp of a sum as a product, and of a whole multiple as a power: exp is a free generator otherwise."""
    product = arithmetic.number(Fraction(1))
    for term in sympy.Add.make_args(sympy.expand(exponent)):
        count, rest = term.as_coeff_Mul()
        if not count.is_Integer:
            count, rest = sympy.Integer(1), term
        one = arithmetic.functions["exp"](evaluate_sympy(rest, value_of, arithmetic))
        product = product * (one ** int(count) if count > 0 else 1 / one ** -int(count))
    return product
