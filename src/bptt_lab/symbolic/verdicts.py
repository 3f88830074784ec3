"""Same or different: the root of all trust. A verdict states its strength, and is never guessed.

*Same* stands on two independent tiers that confirm and none that contradicts: residues and intervals. Residues modulo
two primes prove; where they do not, because a law of exp, tanh or softmax is needed, a tower of primes in which exp
keeps its laws stands in for them. For laws of log these are p-adic numbers, and more digits are asked of the intervals.
*Different* is an interval that excludes zero. All samples and primes are drawn anew in every process; the words of a
verdict are the same in all.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from bptt_lab.network import Graph
from bptt_lab.symbolic import worlds
from bptt_lab.symbolic.arithmetics import ADIC_DIGITS, DIGITS, Unsettled, intervals, patience
from bptt_lab.symbolic.worlds import World

PROVED = "proved as an identity, modulo two random primes and in intervals"
AGREES = "agrees to 40 digits in six random networks, and modulo random primes with the laws of exp and log"
CERTIFIED = "the values differ, and not by rounding"
OTHER_SHAPES = "the two sides have different shapes"
UNSETTLED = "neither equality nor a difference could be shown"
STRONGEST_LAST = (AGREES, PROVED)
BESIDE, ALONE = 2, 6  # interval worlds beside a proof, and without one
READABLE, FEW = 16, 2  # worlds in float64 in which a difference is looked for
NARROW_BESIDE, NARROW_ALONE = 1e-40, 1e-200  # no wider interval for the difference says "the same"
MORE_DIGITS = (4 * DIGITS, 16 * DIGITS)
ORDER = 15  # factors of a term: the forms that the machine makes itself have fewer
SUSPICIOUS = 1e-7  # a relative difference in float64 that is worth certifying
NO_VALUE = (Unsettled, ArithmeticError, ValueError, RecursionError, MemoryError)

Side = Callable[[World], list]


class Verdict(NamedTuple):
    """`outcome` is 'same', 'different' or 'undecided'; `strength` says how it is known; `world` shows a difference."""

    outcome: str
    strength: str
    world: World | None = None
    left: float | None = None
    right: float | None = None

    def __bool__(self) -> bool:
        raise TypeError("a verdict is no truth value: compare its outcome, as in verdict.outcome == 'same'")

    def __str__(self) -> str:
        text = f"{self.outcome}: {self.strength}"
        if self.strength == CERTIFIED:
            text += f"; in one random network the left side is {self.left:.6g} and the right side {self.right:.6g}"
        return text


def decide(
    left: Side, right: Side, graph: Graph, seconds: float = math.inf, alone: int = ALONE, order: int = ORDER
) -> Verdict:
    """Return whether two sides agree in every world; a side maps a world to a list of numbers.

    Units: seconds of processor time, the time to make the network's worlds apart. `alone`: in how many networks digits
    must agree where nothing is proved; `order`: how many factors the terms of both sides have together, at the most,
    for p-adic numbers; 0 where these confirm them in other networks and need not here.
    Never wrong: what two tiers do not settle in that time is 'undecided'.
    """
    with patience(seconds):
        found = _by_residues(left, right, graph)
        if found is None:
            found = _plain_difference(left, right, graph, READABLE if alone == ALONE else FEW)
        if found is None:
            found = _by_laws_of_exp(left, right, graph, alone)
        if found is None:
            found = _by_digits(left, right, graph, alone, order)
    return Verdict("undecided", UNSETTLED) if found is None else found


def weakest(strengths: Iterable[str]) -> str:
    """Return the weakest of several strengths of 'same'; of none, the strongest there is."""
    return min(strengths, default=PROVED, key=STRONGEST_LAST.index)


def _by_residues(left: Side, right: Side, graph: Graph) -> Verdict | None:
    """Return the proof that two sides agree, modulo both primes and in the intervals beside; a difference; or None."""
    if _agree(left, right, worlds.modular_worlds(graph)):
        found = _confirmed(left, right, graph, BESIDE)
        return found._replace(strength=PROVED) if found.outcome == "same" else found
    return None


def _by_laws_of_exp(left: Side, right: Side, graph: Graph, alone: int) -> Verdict | None:
    """Return that two sides agree in a tower of primes and in intervals; a difference; or None."""
    agree = _agree(left, right, map(worlds.tower_world, [graph]))
    return _confirmed(left, right, graph, alone) if agree else None


def _confirmed(left: Side, right: Side, graph: Graph, count: int) -> Verdict:
    """Return what intervals in so many networks say of two sides that agree exactly, with more digits if need be."""
    for digits in (DIGITS, *MORE_DIGITS):
        found = _in_intervals(left, right, graph, digits, count, NARROW_BESIDE)
        if found is not None:
            return found
    return Verdict("undecided", UNSETTLED)


def _agree(left: Side, right: Side, exact: Iterable[World]) -> bool:
    """Return whether two sides are the same numbers in exact worlds; without a number there is nothing to compare."""
    try:
        pairs = [(left(world), right(world)) for world in exact]
    except NO_VALUE:
        return False
    return all(a and a == b for a, b in pairs)


def _plain_difference(left: Side, right: Side, graph: Graph, count: int = READABLE) -> Verdict | None:
    """Return a difference seen in float64 and certified by intervals on the same leaves, or None."""
    for world in worlds.readable_worlds(graph, count):
        try:
            a, b = left(world), right(world)
            if len(a) != len(b):
                return Verdict("different", OTHER_SHAPES, world, float(len(a)), float(len(b)))
            if any(map(_is_suspicious, a, b)):
                found = _certified(left, right, world)
                if found is not None:
                    return found
        except NO_VALUE:
            continue
    return None


def _is_suspicious(one: float, other: float) -> bool:
    return abs(one - other) > SUSPICIOUS * (1 + abs(one) + abs(other))


def _certified(left: Side, right: Side, world: World) -> Verdict | None:
    """Return the difference in a world, certified by intervals on the same leaves; None where they settle nothing."""
    try:
        sure = worlds.make_world(world.graph, world.leaves, intervals(DIGITS), world.seed)
        return _difference(left(sure), right(sure), world)
    except NO_VALUE:
        return None


def _by_digits(left: Side, right: Side, graph: Graph, alone: int, order: int = ORDER) -> Verdict | None:
    """Return a difference in some digit, or agreement in many where p-adic numbers confirm it, or None."""
    found = _in_enough_digits(left, right, graph, alone)
    if found is None or found.outcome == "different":
        return found
    if order == 0 or _agree_p_adically(left, right, graph, order):
        return found
    last = _in_intervals(left, right, graph, MORE_DIGITS[-1], 1, NARROW_ALONE)
    return last if last is not None and last.outcome == "different" else None


def _in_enough_digits(left: Side, right: Side, graph: Graph, alone: int) -> Verdict | None:
    """Return a certified difference, or agreement in the fewest digits that show it, or None.

    log(1 - tanh(a)) loses as many digits as exp(2a) has: in a saturated network only the most digits tell.
    """
    found = _in_intervals(left, right, graph, DIGITS, BESIDE, NARROW_ALONE)
    if found is not None and found.outcome == "different":
        return found
    tries = (_in_intervals(left, right, graph, digits, alone, NARROW_ALONE) for digits in MORE_DIGITS)
    return next((found for found in tries if found is not None), None)


def _agree_p_adically(left: Side, right: Side, graph: Graph, order: int = ORDER) -> bool:
    """Return whether two sides agree in a p-adic world with digits enough for terms of so many factors."""
    try:
        needed = order * worlds.adic_depth(graph)
        digits = next((digits for digits in ADIC_DIGITS if digits > 2 * needed), None)
        return digits is not None and _agree(left, right, [worlds.adic_world(graph, digits)])
    except NO_VALUE:
        return False


def _in_intervals(left: Side, right: Side, graph: Graph, digits: int, count: int, narrow: float) -> Verdict | None:
    """Return a certified difference, or agreement where all intervals of the difference are narrow, or None."""
    is_narrow = True
    try:
        for k in range(count):
            world = worlds.interval_world(graph, k, digits)
            a, b = left(world), right(world)
            if not a and not b:
                return None
            found = _difference(a, b, world)
            if found is not None:
                return found
            is_narrow = is_narrow and all(_is_exact(gap) or gap.delta <= narrow for gap in map(operator.sub, a, b))
    except NO_VALUE:
        return None
    return Verdict("same", AGREES) if is_narrow else None


def _difference(left: list, right: list, world: World) -> Verdict | None:
    """Return a certified difference: an interval that does not hold zero, or two whole numbers that differ."""
    if len(left) != len(right):
        return Verdict("different", OTHER_SHAPES, world, float(len(left)), float(len(right)))
    for x, y in zip(left, right, strict=True):
        gap = x - y
        if gap != 0 if _is_exact(gap) else not gap.a <= 0 <= gap.b:
            return Verdict("different", CERTIFIED, world, _middle(x), _middle(y))
    return None


def _is_exact(value: Any) -> bool:
    return isinstance(value, int)


def _middle(value: Any) -> float:
    """Return the middle of an interval as a float, infinite where it is too large for one."""
    try:
        return float(value) if _is_exact(value) else float(value.mid)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def readable_world(world: World) -> dict[str, list[float]]:
    """Return the leaves of a world by key, as one list of numbers each, to show as a counterexample."""
    found: dict[str, list[float]] = {}
    for place, value in world.leaves.items():
        found.setdefault(world.graph.key(place), []).append(float(value))
    return found
