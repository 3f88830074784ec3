"""Same or different: the root of all trust. A verdict states its strength, and is never guessed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from bptt_lab.network import Graph
from bptt_lab.symbolic import worlds
from bptt_lab.symbolic.worlds import Unsettled, World

PROVED = "proved as an identity, modulo a 61-bit prime"
AGREES = "agrees to 40 digits in six random networks"
CERTIFIED = "certified different"
WIDEST = 1e-40

Side = Callable[[World], list]


class Verdict(NamedTuple):
    """`outcome` is 'same', 'different' or 'undecided'; `strength` says how it is known; `world` shows a difference."""

    outcome: str
    strength: str
    world: World | None = None
    left: float | None = None
    right: float | None = None

    def __str__(self) -> str:
        text = f"{self.outcome}: {self.strength}"
        if self.outcome == "different":
            text += f"; in one random network the left side is {self.left:.6g} and the right side {self.right:.6g}"
        return text


def decide(left: Side, right: Side, graph: Graph) -> Verdict:
    """Return whether two sides agree in every world; a side maps a world to a list of numbers.

    Exact first (modulo a prime, functions as free generators: equality there is a proof, error below 2^-50), then
    float64 at 16 worlds for a readable difference, then intervals of 60 and 240 digits in six worlds. Never wrong:
    where nothing settles it, the outcome is 'undecided'.
    """
    if _equal_modulo_prime(left, right, graph):
        return Verdict("same", PROVED)
    found = _plain_difference(left, right, graph)
    for digits in (worlds.DIGITS, 4 * worlds.DIGITS):
        found = _by_intervals(left, right, graph, digits) if found is None else found
    undecided = Verdict("undecided", "neither equality nor a difference could be shown")
    return undecided if found is None else found


def _equal_modulo_prime(left: Side, right: Side, graph: Graph) -> bool:
    try:
        pairs = [(left(world), right(world)) for world in worlds.modular_worlds(graph)]
    except (Unsettled, ArithmeticError, ValueError):
        return False
    # two sides without a single number have nothing to compare: that proves nothing
    return all(a and len(a) == len(b) and all(x == y for x, y in zip(a, b, strict=True)) for a, b in pairs)


def _plain_difference(left: Side, right: Side, graph: Graph) -> Verdict | None:
    """Return a difference seen in float64 and certified by intervals on the same leaves, or None."""
    try:
        pairs = [(world, left(world), right(world)) for world in worlds.float_worlds(graph)]
    except (Unsettled, ArithmeticError, ValueError):
        return None
    for world, a, b in pairs:
        if len(a) != len(b):
            return Verdict("different", "the two sides have different shapes", world, float(len(a)), float(len(b)))
        if any(abs(x - y) > 1e-7 * (1 + abs(x) + abs(y)) for x, y in zip(a, b, strict=True)):
            return _certified(left, right, world)
    return None


def _certified(left: Side, right: Side, world: World) -> Verdict | None:
    """Return the difference in a world, certified by intervals on the same leaves; None where they settle nothing."""
    try:
        sure = worlds.make_world(world.graph, world.leaves, worlds.intervals(worlds.DIGITS))
        return _difference(left(sure), right(sure), world)
    except (Unsettled, ArithmeticError, ValueError):
        return None


def _by_intervals(left: Side, right: Side, graph: Graph, digits: int) -> Verdict | None:
    narrow = True
    try:
        for world in worlds.interval_worlds(graph, digits=digits):
            a, b = left(world), right(world)
            if not a:
                return None
            found = _difference(a, b, world)
            if found is not None:
                return found
            narrow = narrow and all(_width(x - y) < WIDEST for x, y in zip(a, b, strict=True))
    except (Unsettled, ArithmeticError, ValueError):
        return None
    return Verdict("same", AGREES) if narrow else None


def _difference(left: list, right: list, world: World) -> Verdict | None:
    """Return a certified difference: an interval that does not hold zero, or two whole numbers that differ."""
    for x, y in zip(left, right, strict=True):
        gap = x - y
        if gap != 0 if isinstance(gap, int) else not gap.a <= 0 <= gap.b:
            return Verdict("different", CERTIFIED, world, _middle(x), _middle(y))
    return None


def _width(gap: Any) -> float:
    return 0.0 if isinstance(gap, int) else float(gap.delta)


def _middle(value: Any) -> float:
    return float(value) if isinstance(value, int) else float(value.mid)


def readable_world(world: World) -> dict[str, list[float]]:
    """Return the leaves of a world by key, as one list of numbers each, to show as a counterexample."""
    found: dict[str, list[float]] = {}
    for place, value in world.leaves.items():
        found.setdefault(world.graph.key(place), []).append(float(value))
    return found
