"""Exact arithmetic in which exp keeps its laws: residues modulo a tower of primes, drawn anew in every process.

Each prime p of the tower divides q - 1, where q is the next one: u ↦ g^u from the residues modulo p to those modulo q,
with g of order p, turns sums into products. So exp takes a number known modulo some primes to one known modulo those
above the lowest of them. What follows from the laws of exp holds here, of whatever order; what does not follow fails
but for a chance of its degree in 10^14, modulo each of two primes at least. Kinks are free generators, and so is the
logarithm of a number that is not seen to be a product with an exponential.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from itertools import count, repeat

import sympy

from bptt_lab.network.scalars import Arithmetic, completed
from bptt_lab.symbolic.arithmetics import SECRET, Unsettled, check_patience, drawn_below, inverse

SMALLEST = 2**48  # of the primes
COMPARED = 2  # two numbers are compared modulo so many primes at least
SPARE = 6  # exponentials that an answer may put one into the other, beyond those of its network
REMEMBERED = 1 << 12  # values of exp and its quotients: a network asks for each of them many times
QUOTIENTS = ("tanh", "sigmoid")  # of exponentials: what networks ask for most


class Stack:
    """A number by its residues modulo the uppermost primes of a tower, as many as it is known to.

    `log` gives its logarithm from those of its factors, where an exponential is one of them.
    """

    __slots__ = ("log", "primes", "residues")

    def __init__(self, residues: tuple[int, ...], primes: tuple[int, ...], log: Callable | None = None) -> None:
        self.residues, self.primes, self.log = residues, primes, log

    def _with(self, other: Stack | int, operation: Callable[[int, int, int], int]) -> Stack:
        """Return what an operation makes of two numbers, modulo the primes that both are known to."""
        if not isinstance(other, Stack):
            other = Stack((int(other),) * len(self.primes), self.primes)
        known = min(len(self.primes), len(other.primes))
        primes = self.primes[-known:]
        return Stack(tuple(map(operation, self.residues[-known:], other.residues[-known:], primes)), primes)

    def __add__(self, other: Stack | int) -> Stack:
        return self._with(other, lambda x, y, p: (x + y) % p)

    def __sub__(self, other: Stack | int) -> Stack:
        return self._with(other, lambda x, y, p: (x - y) % p)

    def __mul__(self, other: Stack | int) -> Stack:
        found = self._with(other, lambda x, y, p: x * y % p)
        if self.log or isinstance(other, Stack) and other.log:
            found.log = lambda log: log(self) + log(other)
        return found

    def __truediv__(self, other: Stack | int) -> Stack:
        found = self._with(other, lambda x, y, p: x * inverse(y, p) % p)
        if self.log or isinstance(other, Stack) and other.log:
            found.log = lambda log: log(self) - log(other)
        return found

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self) -> Stack:
        return self * -1

    def __rsub__(self, other: Stack | int) -> Stack:
        return -self + other

    def __rtruediv__(self, other: Stack | int) -> Stack:
        return self**-1 * other

    def __pow__(self, exponent: int) -> Stack:
        base = self if exponent >= 0 else Stack(tuple(map(inverse, self.residues, self.primes)), self.primes)
        log = (lambda log: exponent * log(self)) if self.log else None
        return Stack(tuple(map(pow, base.residues, repeat(abs(exponent)), self.primes)), self.primes, log)

    def __eq__(self, other: object) -> bool:
        return not any((self - other).residues)  # type: ignore[operator]

    __hash__ = None  # type: ignore[assignment]


@lru_cache(maxsize=64)
def tower(nested: int) -> Arithmetic:
    """Return the arithmetic of a tower high enough for exponentials in exponentials, so many and `SPARE` more."""
    generators = primes_and_generators(nested + SPARE + COMPARED)
    primes = tuple(generators)
    known = {"exp": _remembering(_exponential(generators), primes), "log": _logarithm(primes)}
    found = completed(lambda value: _number(value, primes), known, lambda name, pieces: _free_function(name, primes))
    quick = {name: _remembering(function, primes) for name, function in found.functions.items() if name in QUOTIENTS}
    return found._replace(functions={**found.functions, **quick})


def _remembering(function: Callable, primes: tuple[int, ...]) -> Callable:
    """Return a function of one number that remembers its latest values."""
    by_residues = lru_cache(REMEMBERED)(lambda residues, primes: function(Stack(residues, primes)))

    def remembering(u: Stack | int) -> Stack:
        u = _as_stack(u, primes)
        return by_residues(u.residues, u.primes)

    return remembering


def _as_stack(u: Stack | int, primes: tuple[int, ...]) -> Stack:
    return u if isinstance(u, Stack) else _number(Fraction(u), primes)


def primes_and_generators(height: int) -> dict[int, int]:
    """Return primes, each a divisor of the next one less 1, and for each a residue whose order is the one below."""
    prime = int(sympy.nextprime(SMALLEST + drawn_below(SMALLEST, "tower")))
    found = {prime: 1}
    while len(found) < height:
        factor = next(k for k in count(2, 2) if sympy.isprime(k * prime + 1))
        prime = factor * prime + 1
        powers = (pow(drawn_below(prime, f"generator {k}"), factor, prime) for k in count())
        found[prime] = next(power for power in powers if power > 1)
    return found


def _exponential(generators: dict[int, int]) -> Callable:
    def exp(u: Stack) -> Stack:
        check_patience()
        above = u.primes[1:]
        if len(above) < COMPARED:
            raise Unsettled("exponentials stand in exponentials more often than the tower has primes")
        return Stack(tuple(map(pow, map(generators.get, above), u.residues, above)), above, lambda log: u)  # type: ignore[arg-type]

    return exp


def _logarithm(primes: tuple[int, ...]) -> Callable:
    free = _free_function("log", primes)

    def log(u: Stack | int) -> Stack:
        return u.log(log) if isinstance(u, Stack) and u.log else free(u)

    return log


def _free_function(name: str, primes: tuple[int, ...]) -> Callable:
    """Return a function of which nothing is assumed, but that equal numbers have equal values."""

    def free(u: Stack | int) -> Stack:
        text = f"{name} {_as_stack(u, primes).residues[-1]}"
        digest = hashlib.blake2b(text.encode(), key=SECRET.encode()).digest()
        return _number(Fraction(int.from_bytes(digest, "big")), primes)

    return free


def nesting() -> Arithmetic:
    """Return the arithmetic in which a number says how many exponentials stand in one another in it."""
    known = {"exp": lambda u: Nested(1 + (u.depth if isinstance(u, Nested) else 0)), "log": lambda u: Nested(0)}
    return completed(lambda value: Nested(0), known, lambda name, pieces: known["log"])


class Nested:
    """A number of which only is known how many exponentials stand in one another in it."""

    __slots__ = ("depth",)

    def __init__(self, depth: int) -> None:
        self.depth = depth

    def _with(self, other: Nested | int) -> Nested:
        return self if isinstance(other, int) or other.depth <= self.depth else other

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __pow__ = _with

    def __neg__(self) -> Nested:
        return self


def _number(value: Fraction, primes: tuple[int, ...]) -> Stack:
    return Stack(tuple([value.numerator * inverse(value.denominator, p) % p for p in primes]), primes)
