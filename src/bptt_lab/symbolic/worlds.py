"""Worlds: one draw of the leaves, the forward and the backward pass run on it, so that every letter has a value.

Two kinds: a few fixed worlds in float64, for differences that can be read and stay the same from run to run; and
worlds drawn anew in every process, in exact arithmetic, for what is decided. No answer can know the second kind.
"""

from __future__ import annotations

import gc
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

import sympy

from bptt_lab.network import Graph, Place
from bptt_lab.network.graph import Totals
from bptt_lab.network.keeping import kept
from bptt_lab.network.scalars import FLOATS, Arithmetic, entries
from bptt_lab.symbolic import letters
from bptt_lab.symbolic.arithmetics import (
    ADIC_DIGITS,
    DIGITS,
    SECRET,
    Residue,
    Unsettled,
    adic,
    adic_prime,
    divisions,
    has_few_digits,
    intervals,
    is_free,
    modular,
    no_hurry,
    primes,
)
from bptt_lab.symbolic.towers import Nested, Stack, nesting, tower

DECIMALS = 15  # of the leaves in exact worlds: a chance of 1 in 10^15 a degree that a false identity holds there
SCALES = (1, 5, 1, 2, 5, 1)  # the largest leaves of the worlds drawn anew, in turn
TRIALS, FIRST_TRIALS, EXPLODED = 20, 5, 2**40  # so often leaves are drawn, large at first; numbers must not be
EXPLODES = "numbers explode on the way"
MANY = 1000  # so many leaves, and the total derivatives by them are left out where numbers explode
READABLE_SCALES = (1,) * 12 + (5,) * 4


class World(NamedTuple):
    """Values and total derivatives of every entry of a graph, in one arithmetic, with the leaves they came from.

    `seed` says what else is drawn for it: a value where the network has none, past its last step.
    """

    graph: Graph
    leaves: Mapping[Place, Fraction]
    arithmetic: Arithmetic
    values: Mapping[Place, Any]
    totals: Mapping[Place, Any]
    seed: str = ""

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
        found = self.graph.immediates(self.values, self.arithmetic, above, Place(*below[:2]))
        return found.get(below.entry, 0)

    def immediates(self, below: Place) -> dict[tuple[Place, Place], Any]:
        """Return the immediate derivatives of every entry of a place, by pair of entries."""
        user, shapes = Place(*below[:2]), self.graph.network.shapes
        return {
            (user._replace(entry=entry), above._replace(entry=one)): slope
            for above in self.graph.parents[user]
            for one in entries(shapes[above.name])
            for entry, slope in self.graph.immediates(
                self.values, self.arithmetic, above._replace(entry=one), user
            ).items()
        }

    def some_number(self, *what: object) -> Any:
        """Return a number for something that has none here: another one for each thing and each world, never zero."""
        drawn = random.Random(f"{self.seed} {what}").randint(1, 10**DECIMALS)
        return self.arithmetic.number(Fraction(drawn, 10**DECIMALS + 37))


def draw_leaves(graph: Graph, seed: str, decimals: int = 1, scale: int = 1) -> dict[Place, Fraction]:
    """Return random leaves in [-scale, scale] with few decimals, none zero; targets of a cross-entropy in (0, 1)."""
    chance, steps = random.Random(seed), 10**decimals
    found: dict[Place, Fraction] = {}
    for place in graph.leaves:
        places = graph.entries(place)
        kind = graph.network.targets.get(place.name)
        if kind == "distribution":
            weights = [chance.randint(1, 9 if decimals == 1 else steps) for _ in places]
            drawn = [Fraction(weight, sum(weights)) for weight in weights]
        elif kind == "probability":
            drawn = [Fraction(chance.randint(1, steps - 1), steps) for _ in places]
        else:
            drawn = [Fraction(chance.choice((-1, 1)) * chance.randint(1, scale * steps), steps) for _ in places]
        found.update(zip(places, drawn, strict=True))
    return found


def make_world(graph: Graph, leaves: Mapping[Place, Fraction], arithmetic: Arithmetic, seed: str = "") -> World:
    """Return the world that grows from given leaves (errors: Unsettled)."""
    try:
        start = {place: arithmetic.number(value) for place, value in leaves.items()}
        values = graph.run(start, arithmetic)
        is_asked_for_little = is_free(arithmetic) or len(leaves) > MANY and arithmetic is not FLOATS
        totals = graph.totals_on_demand if is_asked_for_little else graph.sweep
        return World(graph, leaves, arithmetic, values, totals(values, arithmetic), seed)  # type: ignore[arg-type]
    except (ArithmeticError, ValueError) as error:
        raise Unsettled(str(error)) from error


def random_world(graph: Graph, seed: str, arithmetic: Arithmetic, decimals: int = 1, scale: int = 1) -> World:
    """Return a random world; unlucky draws are drawn again, the later ones small (errors: Unsettled after the last)."""
    with no_hurry(), no_search():  # a world belongs to its network, and takes none of an answer's time
        return _lucky_world(graph, seed, arithmetic, decimals, scale)


@contextmanager
def no_search() -> Iterator[None]:
    """Let nothing be searched for garbage: what is derived is a hundred thousand numbers and trees, and is kept."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _lucky_world(graph: Graph, seed: str, arithmetic: Arithmetic, decimals: int, scale: int) -> World:
    exploded = None
    for trial in range(TRIALS):
        is_first = trial < FIRST_TRIALS
        try:
            leaves = draw_leaves(graph, f"{seed}/{trial}", decimals, scale if is_first else 1)
            if is_first and scale > 1 and _explodes_in_floats(graph, leaves, arithmetic):
                reason = EXPLODES
                continue
            world = make_world(graph, leaves, arithmetic, f"{seed}/{trial}")
            if not _explodes(world):
                return world
            exploded = exploded if is_first else world
            reason = EXPLODES
        except Unsettled as error:
            reason = error  # type: ignore[assignment]
    if exploded is None:
        raise Unsettled(f"no world was found in {TRIALS} draws: {reason}")
    return exploded


def _explodes_in_floats(graph: Graph, leaves: Mapping[Place, Fraction], arithmetic: Arithmetic) -> bool:
    """Return whether floats say that numbers explode: quickly, where a world of intervals takes long to make."""
    if arithmetic is FLOATS or len(leaves) <= MANY:
        return False
    try:
        values = graph.run({place: FLOATS.number(value) for place, value in leaves.items()})
        totals = graph.totals_on_demand(values, FLOATS)  # type: ignore[arg-type]
        return not all(map(_is_moderate, (*values.values(), *totals.computed.values())))
    except (ArithmeticError, ValueError):  # intervals have more digits, and may do better
        return False


def _explodes(world: World) -> bool:
    """Return whether a number computed so far is too large to be compared to many digits; a residue has no size."""
    totals = world.totals.computed if isinstance(world.totals, Totals) else world.totals
    computed = (value for place, value in world.values.items() if place not in world.leaves)
    return not all(map(_is_moderate, (*computed, *totals.values())))


def _is_moderate(number: Any) -> bool:
    if isinstance(number, Residue | Stack):
        return True
    if hasattr(number, "_mpi_"):  # an interval compares slowly
        return all(has_few_digits(end, EXPLODED.bit_length()) for end in number._mpi_)
    return -EXPLODED < number < EXPLODED


@kept
def float_world(graph: Graph, k: int) -> World:
    """Return world number k in float64, quick and readable, the same in every process: every leaf has one decimal."""
    return random_world(graph, f"float {k}", FLOATS, scale=READABLE_SCALES[k])


def readable_worlds(graph: Graph, count: int = len(READABLE_SCALES)) -> Iterator[World]:
    """Yield worlds in float64, each made when it is asked for."""
    return (float_world(graph, k) for k in range(count))


@kept
def float_worlds(graph: Graph, count: int = len(READABLE_SCALES)) -> tuple[World, ...]:
    """Return the first worlds in float64."""
    return tuple(readable_worlds(graph, count))


@lru_cache(maxsize=2048)
def interval_world(graph: Graph, k: int, digits: int = DIGITS) -> World:
    """Return world number k in interval arithmetic of so many digits: what it says of a difference is certain."""
    return random_world(graph, f"{SECRET} {k}", intervals(digits), DECIMALS, SCALES[k % len(SCALES)])


@lru_cache(maxsize=512)
def modular_worlds(graph: Graph) -> tuple[World, ...]:
    """Return a world modulo each prime, functions as free generators: equality there proves identity."""
    return tuple(random_world(graph, f"{SECRET} {prime}", modular(prime), DECIMALS) for prime in primes())


@lru_cache(maxsize=256)
def tower_world(graph: Graph) -> World:
    """Return a world where exp keeps its laws, in a tower as high as the network needs (errors: Unsettled)."""
    with no_hurry():  # as in random_world
        nested = make_world(graph, float_world(graph, 0).leaves, nesting())
        depth = max(n.depth for n in (*nested.values.values(), *nested.totals.values()) if isinstance(n, Nested))
    return random_world(graph, f"{SECRET} tower", tower(depth), DECIMALS)


@lru_cache(maxsize=256)
def adic_world(graph: Graph, digits: int = ADIC_DIGITS[0]) -> World:
    """Return a p-adic world: identities of exp, tanh, sigmoid, softmax and log hold there too, to half its digits."""
    return random_world(graph, f"{SECRET} adic", adic(adic_prime(), digits), DECIMALS)


@lru_cache(maxsize=256)
def adic_depth(graph: Graph) -> int:
    """Return how often the prime divides a number of the p-adic world, at the most, and once at least.

    tanh(0) = 0, and so tanh of anything is divisible by the prime here: a product of such numbers is nearly zero.
    """
    world, prime = adic_world(graph), adic_prime()
    return max(1, *(divisions(value, prime) for value in (*world.values.values(), *world.totals.values())))


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
