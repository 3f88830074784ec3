"""Worlds at the edges: zeros, saturated units, large and small gradients, with references in as many digits as needed.

A draw is a mapping from each entry of a graph's leaves to an exact number; all sequences share their parameters.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
from mpmath import MPContext

from bptt_lab.formulas.functions import FUNCTIONS, LOSSES
from bptt_lab.formulas.tree import Binary, Call, Letter, Tree
from bptt_lab.network import Graph, Network, Place
from bptt_lab.network.expressions import children, names
from bptt_lab.network.scalars import FLOATS, ONE, Arithmetic, completed
from bptt_lab.symbolic import worlds
from bptt_lab.symbolic.values import Scene

Draw = Mapping[Place, Fraction]
LARGE, SMALL = Fraction(2**16), Fraction(1, 2**30)  # powers of two: scaling is exact
MANY = 400  # sequences, so that sums of bounded terms pass 100
STEPS = 120  # and steps, where there are no sequences
MODERATE, LOGGED, SATURATED, EXTREME = 4, 30, 40, 1000  # arguments of the functions of a network
WEIGHTY, WIDE = 16, 64  # times ordinary weights, and inputs
DIGITS, MOST_DIGITS, EXPLODED = 40, 3000, 1e6
STARTS, TRIALS, STEEP, TOO_STEEP = 100, 200, 1e3, 1e9
FACTORS = (Fraction(1, 16), Fraction(4, 5), Fraction(-1), Fraction(5, 4), Fraction(4), Fraction(16))
NOTHING = 1e-320  # of a probability: it is about to be 0 in floats
EXPONENTIALS = ("exp", "softmax", "sigmoid", "tanh")


def drawn(graph: Graph, B: int, seed: str, decimals: int = 1) -> list[Draw]:
    """Return random leaves for B sequences."""
    first = worlds.draw_leaves(graph, f"{seed} 0", decimals)
    parameters = {place: value for place, value in first.items() if place.name in graph.network.parameters}
    return [{**worlds.draw_leaves(graph, f"{seed} {b}", decimals), **parameters} for b in range(B)]


def scenes(graph: Graph, draws: Iterable[Draw]) -> tuple[Scene, ...]:
    """Return the scenes of draws, in floats where they are accurate (errors: Unsettled)."""
    return tuple(Scene(worlds.make_world(graph, draw, _arithmetic(graph, draw))) for draw in draws)


def _arithmetic(graph: Graph, draw: Draw) -> Arithmetic:
    """Return floats for moderate numbers; else so many digits that 1 - p is not lost, by which bce divides."""
    met = reached(graph, draw)
    if not met.get("exp", 0.0) <= EXPLODED:  # its exponential has more digits than there is memory
        raise worlds.Unsettled("numbers explode on the way")
    largest = max(met.get("sigmoid", 0.0), met.get("softmax", 0.0))
    if not largest <= MOST_DIGITS:
        raise worlds.Unsettled(f"this needs {largest:.3g} digits")
    return FLOATS if max(met.values(), default=0.0) <= MODERATE else decimals(DIGITS + math.ceil(largest))


@lru_cache(maxsize=32)
def decimals(digits: int) -> Arithmetic:
    """Return floating-point arithmetic of so many digits and any exponent, with the functions of the grammar."""
    context = MPContext()
    context.dps = digits
    known = {name: getattr(context, name) for name in ("tanh", "exp", "sqrt", "sin", "cos")} | {"log": context.ln}
    by_pieces = lambda name, pieces: lambda u: context.mpf(next(rule for bound, rule in pieces if u <= bound)(u))
    return completed(lambda value: context.mpf(value.numerator) / value.denominator, known, by_pieces)


def reached(graph: Graph, draw: Draw) -> dict[str, float]:
    """Return the largest argument that each function of a network meets; what would overflow stays finite."""
    found: dict[str, float] = {}
    forward(graph, draw, found)
    return found


def forward(graph: Graph, draw: Draw, found: dict[str, float]) -> Mapping[Place, float]:
    """Return the values of all entries in floats, and note in `found` the largest argument of each function."""

    def noting(name: str, function: Callable) -> Callable:
        def of(*arguments: Any, **entry: int) -> Any:
            found[name] = max(found.get(name, 0.0), *map(abs, arguments))
            return function(*arguments, **entry)

        return of

    bounded = {"exp": lambda u: math.exp(min(u, 300.0)), "log": lambda u: math.log(max(u, 1e-300))}
    functions = {name: noting(name, function) for name, function in {**FLOATS.functions, **bounded}.items()}
    functions["log"] = bounded["log"]  # of a probability: its size says nothing of the digits needed
    return graph.run({place: float(value) for place, value in draw.items()}, Arithmetic(float, functions))


# What a network reads where


def read_by_the_loss(network: Network) -> set[str]:
    """Return the names that the equation of the loss reads directly."""
    return _read_by(network, {network.loss})


def _read_by(network: Network, computed: Set[str]) -> set[str]:
    """Return the names that the equations of some quantities read directly."""
    every = [one.expression for one in network.written.values() if one.name in computed]
    return {name.name for expression in every for name in names(expression)}


def _scaled_names(network: Network) -> set[str]:
    """Return the leaves that may take any value: all but targets."""
    free = {*network.parameters, *network.inputs, *network.equations}
    return free - set(network.targets) - (read_by_the_loss(network) - set(network.equations))


def arguments_of_exponentials(network: Network) -> set[str]:
    """Return the names to which an equation applies a function with an exponential in it, and nothing else before."""
    calls = [call for equation in network.written.values() for call in _calls(equation.expression)]
    return {name.name for call in calls if call.function in EXPONENTIALS for name in names(call)}


def _calls(expression: Tree) -> list[Call]:
    found = [call for part in children(expression) for call in _calls(part)]
    return [expression, *found] if isinstance(expression, Call) else found


def biases(network: Network) -> set[str]:
    """Return the parameters that are only added."""
    users = {name: [user for user, _ in network.uses[name]] for name in network.parameters}
    return {name for name, found in users.items() if all(_is_added(network, name, user) for user in found)}


def _is_added(network: Network, name: str, user: str) -> bool:
    first = (1,) * len(network.shapes[user])
    slopes = [slope for place, slope in network.local_derivatives(user, first).items() if place.name == name]
    return all(slope == ONE for slope in slopes)


# Scenes from scenes: the loss multiplied


def scaled(scene: Scene, factor: Fraction) -> Scene:
    """Return a scene with a multiple of the loss: all its derivatives are multiplied."""
    by = scene.world.arithmetic.number(factor)
    totals = {place: total * by for place, total in scene.world.totals.items()}
    return Scene(scene.world._replace(totals=totals))


def masked(scene: Scene, b: int) -> Scene:
    """Return a scene whose losses have weights: some steps left out, all of them, or each taken negative."""
    count = len(scene.graph.loss_entries)
    return weighted(scene, ([1 - t % 2 for t in range(count)], [0] * count, [-3] * count)[b % 3])


def weighted(scene: Scene, weights: Iterable[Fraction | int]) -> Scene:
    """Return a scene whose losses have weights, one for each entry of the loss."""
    totals = dict.fromkeys(scene.world.values, 0)
    for weight, entry in zip(weights, scene.graph.loss_entries, strict=True):
        by = scene.world.arithmetic.number(Fraction(weight))
        for place, total in scene.totals(entry).items() if weight else ():
            totals[place] = totals[place] + by * total
    return Scene(scene.world._replace(totals=totals))


def fading(scene: Scene, b: int) -> Scene:
    """Return a scene whose losses have weights of very different sizes, in another order for each sequence."""
    return weighted(scene, [Fraction(1, 2 ** (12 * ((t + b) % 3))) for t in range(len(scene.graph.loss_entries))])


# Draws from draws


def mirrored(graph: Graph, draw: Draw) -> Draw:
    """Return a draw whose parameters have the other sign."""
    return {place: -value if place.name in graph.network.parameters else value for place, value in draw.items()}


def with_zeros(graph: Graph, draws: Sequence[Draw]) -> list[Draw]:
    """Return draws with exact zeros: targets of one class, no bias, states before the last step or after the first."""
    network = graph.network
    has_kink = any(FUNCTIONS[c.function].pieces for e in network.written.values() for c in _calls(e.expression))
    quiet = set() if has_kink else biases(network)

    def changed(draw: Draw, b: int, place: Place) -> Fraction:
        if place.name in network.targets:
            return _one_class(graph, draw, place)
        is_moving = place.time is not None and place.name not in network.parameters
        is_quiet = is_moving and (b == 0 and place.time < graph.T or b == 1 and place.time > 1)
        return Fraction(0) if is_quiet or place.name in quiet else draw[place]

    return [{place: changed(draw, b, place) for place in draw} for b, draw in enumerate(draws)]


def faint(graph: Graph, draws: Sequence[Draw]) -> list[Draw]:
    """Return draws with small and uneven numbers: inputs and states of 0.06 to 10^-9, rows of weights alike."""
    free, added = _scaled_names(graph.network), biases(graph.network)

    def power(b: int, place: Place) -> int:
        if place.name not in free:
            return 0
        if place.name in added:
            return 40
        if place.time is not None and place.name not in graph.network.parameters:
            return 4 + 8 * ((place.time + b) % 4)
        return 9 * ((place.entry[0] - 1) % 4) if len(place.entry) == 2 else 0

    return [{place: value / 2 ** power(b, place) for place, value in draw.items()} for b, draw in enumerate(draws)]


def close(graph: Graph, draws: Sequence[Draw]) -> list[Draw]:
    """Return draws whose targets lie near what the loss compares them with: in the first all of them, else unevenly.

    Errors: ValueError where a loss compares no two quantities by name.
    """
    found = [dict(draw) for draw in draws]
    for b, draw in enumerate(draws):
        values = forward(graph, draw, {})
        for place in (place for place in draw if place.name in graph.network.targets):
            output = _compared_with(graph.network, place.name)
            k = sum(place.entry) + (place.time or 0)
            share = Fraction((-1) ** k, 2 ** (14 + k % 4 if b == 0 else 5 + (5 * k) % 15))
            value = Fraction(values[place._replace(name=output)])
            found[b][place] = value * (1 + share)
    return [_summing_to_one(graph.network, draw) for draw in found]


def nearer(graph: Graph, draw: Draw, share: Fraction) -> Draw:
    """Return a draw whose targets lie a share as far from what the loss compares them with (errors: ValueError)."""
    values, found = forward(graph, draw, {}), dict(draw)
    for place in (place for place in draw if place.name in graph.network.targets):
        output = Fraction(values[place._replace(name=_compared_with(graph.network, place.name))])
        found[place] = output + share * (draw[place] - output)
    return _summing_to_one(graph.network, found)


def _compared_with(network: Network, target: str) -> str:
    """Return the quantity that a loss compares a target with (errors: ValueError)."""
    users = [user for user, _ in network.uses[target]]
    calls = [call for user in users for call in _calls(network.equation(user).expression)]
    pairs = [c.arguments for c in calls if c.function in LOSSES and target in map(str, names(c))]
    pairs = pairs or [c.arguments for c in calls if c.function in LOSSES]
    if len(users) != 1 or len(pairs) != 1 or not all(isinstance(part, Letter) for part in pairs[0]):
        raise ValueError(f"{target} is not compared with one quantity")
    first, second = pairs[0]
    if first.time != second.time or second.name != target:  # type: ignore[union-attr]
        raise ValueError(f"{target} is compared with another time")
    return first.name  # type: ignore[union-attr]


def _summing_to_one(network: Network, draw: Draw) -> Draw:
    """Return a draw in which the last entry of each target of a softmax is what is left to one."""
    found = dict(draw)
    for place in draw:
        if network.targets.get(place.name) == "distribution":
            entries = [other for other in draw if other[:2] == place[:2]]
            if place == max(entries):
                found[place] = 1 - sum(draw[other] for other in entries if other != place)  # type: ignore[assignment]
    return found


def _one_class(graph: Graph, draw: Draw, place: Place) -> Fraction:
    """Return a target that is 0 or 1: for a softmax, 1 at the class that was likeliest."""
    if graph.network.targets[place.name] == "probability":
        return Fraction(round(draw[place]))
    classes = [other for other in draw if other[:2] == place[:2]]
    return Fraction(place == max(classes, key=lambda other: (draw[other], other)))


def saturated(graph: Graph, draws: Sequence[Draw]) -> list[Draw]:
    """Return draws with larger parameters, and inputs in every other one, so that functions saturate somewhere.

    What the loss takes the logarithm of stays between 0 and 1 in floats: else the loss itself is infinite.
    """
    free, logged = _scaled_names(graph.network), _functions_logged(graph.network)
    found = list(draws)
    for factor in (2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256):
        larger = [_multiplied(graph, draw, factor, free, with_inputs=b % 2 == 0) for b, draw in enumerate(draws)]
        met = [reached(graph, draw) for draw in larger]
        largest = {name: max(one[name] for one in met) for name in met[0]}
        if any(size > LOGGED for name, size in largest.items() if name in logged):
            break
        found = larger
        if min((size for name, size in largest.items() if name not in logged), default=math.inf) >= SATURATED:
            break
    return found


def _functions_logged(network: Network) -> set[str]:
    """Return the functions whose values a cross-entropy takes."""
    whole = [one.expression for one in network.written.values() if one.name in logged(network)]
    return {call.function for expression in whole for call in _calls(expression)}


def logged(network: Network) -> set[str]:
    """Return the quantities whose logarithm a cross-entropy takes."""
    calls = [call for equation in network.written.values() for call in _calls(equation.expression)]
    given = {name.name for call in calls if FUNCTIONS[call.function].targets for name in names(call.arguments[0])}
    return given & {*network.equations}


def certain(graph: Graph, draws: Sequence[Draw]) -> list[Draw]:
    """Return draws with so large weights below the outputs that many of these are exactly 0 or 1 in floats."""
    network = graph.network
    read = _read_by(network, logged(network))
    read |= _read_by(network, read)
    moved = read & set(network.parameters)
    sign = lambda place, turned: (-1) ** place.entry[0] if turned and place.entry else 1
    times = lambda draw, factor, turned: {
        p: value * factor * sign(p, turned) if p.name in moved else value for p, value in draw.items()
    }
    for k, turned in itertools.product(range(4, 12), (False, True)):
        found = [times(draw, 2**k, turned) for draw in draws]
        values = [(p, v) for draw in found for p, v in forward(graph, draw, {}).items() if p not in draw]
        outputs = [value for place, value in values if place.name in logged(network)]
        if max(outputs) == 1 and min(outputs) < NOTHING:
            break
    return found  # type: ignore[return-value]


def heavy(graph: Graph, draws: Sequence[Draw]) -> list[Draw]:
    """Return draws with large weights, and so small inputs and states that few functions saturate."""
    weights = set(graph.network.parameters) - biases(graph.network)
    free = _scaled_names(graph.network)
    by = lambda name: WEIGHTY if name in weights else Fraction(1, WEIGHTY**3) if name in free else 1
    return [{place: value * by(place.name) for place, value in draw.items()} for draw in draws]


def wide(graph: Graph, draws: Sequence[Draw]) -> list[Draw]:
    """Return draws with large inputs, and with weights beside them that are as many times smaller."""
    network = graph.network
    pairs = [pair for equation in network.written.values() for pair in _products(equation.expression)]
    inputs = _scaled_names(network) & set(network.inputs)
    beside = {one for one, other in pairs if one in network.parameters and other in inputs}
    by = lambda name: WIDE if name in inputs else Fraction(1, WIDE) if name in beside else 1
    return [{place: value * by(place.name) for place, value in draw.items()} for draw in draws]


def _products(expression: Tree) -> list[tuple[str, str]]:
    """Return the pairs of names that are multiplied with each other, in both orders."""
    found = [pair for part in children(expression) for pair in _products(part)]
    if isinstance(expression, Binary) and isinstance(expression.left, Letter) and isinstance(expression.right, Letter):
        pair = (expression.left.name, expression.right.name)
        found += [pair, pair[::-1]] if expression.operator in "*@" else []
    return found


def apart(graph: Graph, draws: Sequence[Draw], fed: set[str]) -> list[Draw]:
    """Return draws in which the values named in `fed` are large and of opposite sign: by sequence, and by step."""
    free, added = _scaled_names(graph.network), biases(graph.network)

    def changed(b: int, place: Place, value: Fraction, factor: int) -> Fraction:
        if place.name not in free:
            return value
        if place.name in added:
            return Fraction(0)
        if place.time is None or place.name in graph.network.parameters:
            return abs(value) * factor
        return (-1) ** (place.time + b) * abs(value) * factor**2  # the step's own input outweighs the state

    for k in range(1, 15):
        found = [{p: changed(b, p, value, 2**k) for p, value in draw.items()} for b, draw in enumerate(draws)]
        numbers = [v for draw in found for p, v in forward(graph, draw, {}).items() if p.name in fed]
        if max(numbers) >= EXTREME and min(numbers) <= -EXTREME:
            break
    return found  # type: ignore[return-value]


def extreme(graph: Graph, draws: Sequence[Draw], fed: set[str]) -> list[Draw]:
    """Return draws with larger leaves, so that the values named in `fed` reach EXTREME."""
    free = _scaled_names(graph.network)
    for k in range(1, 15):
        larger = [_multiplied(graph, draw, 2**k, free, with_inputs=True) for draw in draws]
        values = [forward(graph, draw, {}) for draw in larger]
        if max(abs(number) for one in values for place, number in one.items() if place.name in fed) >= EXTREME:
            break
    return larger


def _multiplied(graph: Graph, draw: Draw, factor: int, free: set[str], with_inputs: bool) -> Draw:
    moved = free if with_inputs else free & set(graph.network.parameters)
    return {place: value * factor if place.name in moved else value for place, value in draw.items()}


# Large gradients where the loss cannot be multiplied


def steepest(graph: Graph, arrays: Callable[[Graph, Scene], Mapping[str, np.ndarray]]) -> tuple[Graph, Draw]:
    """Return a draw with large results, found by a walk that keeps what makes them larger."""
    chance = random.Random("steepest")
    best = max((_uneven(graph, chance) for _ in range(STARTS)), key=lambda draw: _steepness(graph, arrays, draw))
    highest = _steepness(graph, arrays, best)
    for _ in range(TRIALS):
        draw = _stepped(graph, best, chance)
        steepness = _steepness(graph, arrays, draw)
        if steepness >= highest:
            best, highest = draw, steepness
    return graph, best


def _uneven(graph: Graph, chance: random.Random) -> Draw:
    """Return a draw in which each name has numbers of another size."""
    factors = {name: Fraction(2) ** chance.randint(-8, 8) for name in sorted(_scaled_names(graph.network))}
    (draw,) = drawn(graph, 1, f"steepest {chance.random()}")
    return {place: value * factors.get(place.name, 1) for place, value in draw.items()}


def _stepped(graph: Graph, draw: Draw, chance: random.Random) -> Draw:
    """Return a draw in which one name has other numbers: all or one of them multiplied."""
    name = chance.choice(sorted(_scaled_names(graph.network) & {place.name for place in draw}))
    places = [place for place in draw if place.name == name]
    factor = chance.choice(FACTORS)
    if chance.random() < 0.5:
        return {**draw, **{place: draw[place] * factor for place in places}}
    place = chance.choice(places)
    return {**draw, place: draw[place] * factor}


def _steepness(graph: Graph, arrays: Callable[[Graph, Scene], Mapping[str, np.ndarray]], draw: Draw) -> float:
    try:
        found = arrays(graph, Scene(worlds.make_world(graph, draw, FLOATS))).values()
    except (worlds.Unsettled, ArithmeticError, ValueError):
        return -math.inf
    if not all(float(np.abs(array).max()) < TOO_STEEP for array in found):
        return -math.inf
    sizes = [np.log10(np.clip(np.abs(array), 1e-6, STEEP)) for array in found]
    return sum(float(size.max() + size.mean() / 5) for size in sizes)  # the mean leads on where the largest is fixed


def repeated(graph: Graph, draw: Draw) -> tuple[Graph, Draw]:
    """Return many steps that repeat those of a draw, where no step reads another one."""
    network = graph.network
    indices = [index for uses in network.uses.values() for _, index in uses if index]
    if not indices or any((index.start, index.shift) != ("t", 0) for index in indices):
        return graph, draw
    longer = network.unroll(STEPS)
    places = {place: place._replace(time=place.time and (place.time - 1) % graph.T + 1) for place in _entries(longer)}
    return longer, {place: draw[source] for place, source in places.items()}


def _entries(graph: Graph) -> list[Place]:
    return list(worlds.draw_leaves(graph, "places"))
