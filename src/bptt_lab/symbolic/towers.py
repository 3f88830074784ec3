"""Exact arithmetic in which exp keeps its laws: residues modulo a tower of primes, drawn anew in every process.

Each prime p of the tower divides q - 1, where q is the next one: u ↦ g^u from the residues modulo p to those modulo q,
with g of order p, turns sums into products. So exp takes a number known modulo some primes to one known modulo those
above the lowest of them. What follows from the laws of exp holds here, of whatever order; what does not follow fails
but for a chance of its degree in 10^14, modulo each of two primes at least. Logarithms and kinks are free generators.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache

import sympy

from bptt_lab.network.scalars import Arithmetic
from bptt_lab.symbolic.arithmetics import KINKED, SECRET, Unsettled, check_patience, inverse, made_from_exp

SMALLEST = 2**48  # of the primes
COMPARED = 2  # two numbers are compared modulo so many primes at least
SPARE = 6  # exponentials that an answer may put one into the other, beyond those of its network
REMEMBERED = 1 << 12  # values of exp and its quotients: a network asks for each of them many times
FREE = ("log", *KINKED)


class Stack:
    """A number by its residues modulo the uppermost primes of a tower, as many as it is known to."""

    __slots__ = ("primes", "residues")

    def __init__(self, residues: tuple[int, ...], primes: tuple[int, ...]):
        self.residues, self.primes = residues, primes

    def _common(self, other: Stack | int) -> tuple[tuple, tuple, tuple]:
        """Return the residues of both modulo the primes that both are known to, and these."""
        if not isinstance(other, Stack):
            return self.residues, (int(other),) * len(self.primes), self.primes
        count = min(len(self.primes), len(other.primes))
        return self.residues[-count:], other.residues[-count:], self.primes[-count:]

    def __add__(self, other):
        a, b, primes = self._common(other)
        return Stack(tuple([(x + y) % p for x, y, p in zip(a, b, primes, strict=True)]), primes)

    def __sub__(self, other):
        a, b, primes = self._common(other)
        return Stack(tuple([(x - y) % p for x, y, p in zip(a, b, primes, strict=True)]), primes)

    def __mul__(self, other):
        a, b, primes = self._common(other)
        return Stack(tuple([x * y % p for x, y, p in zip(a, b, primes, strict=True)]), primes)

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self):
        return Stack(tuple([-x % p for x, p in zip(self.residues, self.primes, strict=True)]), self.primes)

    def __rsub__(self, other):
        return -self + other

    def __truediv__(self, other):
        a, b, primes = self._common(other)
        return Stack(tuple([x * inverse(y, p) % p for x, y, p in zip(a, b, primes, strict=True)]), primes)

    def __rtruediv__(self, other):
        return self**-1 * other

    def __pow__(self, exponent: int):
        pairs = zip(self.residues, self.primes, strict=True)
        if exponent < 0:
            pairs = [(inverse(x, p), p) for x, p in pairs]
        return Stack(tuple([pow(x, abs(exponent), p) for x, p in pairs]), self.primes)

    def __eq__(self, other):
        a, b, primes = self._common(other)
        return all((x - y) % p == 0 for x, y, p in zip(a, b, primes, strict=True))

    __hash__ = None


@lru_cache(maxsize=64)
def tower(nested: int) -> Arithmetic:
    """Return the arithmetic of a tower high enough for exponentials in exponentials, so many and `SPARE` more."""
    primes, generators = _primes_and_generators(nested + SPARE + COMPARED)
    exp = _exponential(dict(zip(primes, generators, strict=True)))
    made = made_from_exp(_remembering(exp))
    quick = {name: _remembering(made[name]) for name in ("tanh", "sigmoid")}
    free = {name: _free_function(name, primes) for name in FREE}
    return Arithmetic(lambda value: _number(value, primes), made | quick | free)


def _remembering(function: Callable) -> Callable:
    """Return a function of one number that remembers its latest values."""
    by_residues = lru_cache(REMEMBERED)(lambda residues, primes: function(Stack(residues, primes)))
    return lambda u: by_residues(u.residues, u.primes)


def _primes_and_generators(height: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return primes, each a divisor of the next one less 1, and for each a residue whose order is the one below."""
    lowest = int(sympy.nextprime(SMALLEST + secrets.randbelow(SMALLEST)))
    primes, generators = [lowest], [1]
    while len(primes) < height:
        factor = next(k for k in range(2, lowest, 2) if sympy.isprime(k * primes[-1] + 1))
        prime = factor * primes[-1] + 1
        powers = (pow(2 + secrets.randbelow(prime - 3), factor, prime) for _ in iter(int, 1))
        generators.append(next(power for power in powers if power != 1))
        primes.append(prime)
    return tuple(primes), tuple(generators)


def _exponential(generator_of: dict[int, int]) -> Callable:
    def exp(u: Stack) -> Stack:
        check_patience()
        above = u.primes[1:]
        if len(above) < COMPARED:
            raise Unsettled("exponentials stand in exponentials more often than the tower has primes")
        return Stack(tuple([pow(generator_of[q], x, q) for x, q in zip(u.residues, above, strict=False)]), above)

    return exp


def _free_function(name: str, primes: tuple[int, ...]) -> Callable:
    """Return a function of which nothing is assumed, but that equal numbers have equal values."""

    def free(u: Stack) -> Stack:
        text = f"{name} {u.residues[-1]}"
        digest = hashlib.blake2b(text.encode(), key=SECRET.encode()).digest()
        return _number(Fraction(int.from_bytes(digest, "big")), primes)

    return free


def nesting() -> Arithmetic:
    """Return the arithmetic in which a number says how many exponentials stand in one another in it."""
    exp = lambda u: Nested(u.depth + 1)
    return Arithmetic(lambda value: Nested(0), made_from_exp(exp) | {name: lambda u: Nested(0) for name in FREE})


class Nested:
    """A number of which only is known how many exponentials stand in one another in it."""

    __slots__ = ("depth",)

    def __init__(self, depth: int):
        self.depth = depth

    def _with(self, other: Nested | int) -> Nested:
        return self if isinstance(other, int) or other.depth <= self.depth else other

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __pow__ = _with

    def __neg__(self):
        return self


def _number(value: Fraction, primes: tuple[int, ...]) -> Stack:
    return Stack(tuple([value.numerator * inverse(value.denominator, p) % p for p in primes]), primes)
