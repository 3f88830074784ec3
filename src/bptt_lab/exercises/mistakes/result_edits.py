"""Edits of a derivative as a whole: turned, taken at another step, by another quantity, summed in chunks."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from bptt_lab.exercises.mistakes.backward_pass import Asked, Detail, Tables, right_pass, shaped, transposed
from bptt_lab.exercises.mistakes.uses import edges_into
from bptt_lab.exercises.places import said
from bptt_lab.formulas.times import NOW
from bptt_lab.formulas.tree import Call, Derivative
from bptt_lab.network import Graph, Network, Place
from bptt_lab.network.keeping import kept
from bptt_lab.network.scalars import FLOATS, entries
from bptt_lab.symbolic import worlds
from bptt_lab.symbolic.values import Scene, is_beyond

MOST_STEPS = 9  # chunks and truncations up to this length are tried

Result = Callable[[Tables, Asked], np.ndarray]  # (scenes, …)
Found = tuple[str, Detail, Result]


def right(tables: Tables, asked: Asked) -> np.ndarray:
    """Return the right value of a goal."""
    return shaped(tables, asked, right_pass(tables, asked.below[:2]).adjoint(Place(*asked.above[:2])))


def results_of(graph: Graph, goal: Derivative) -> Iterator[Found]:
    """Yield every edit of the result that can be made on a goal: id, slots of its words, value."""
    yield from _layout(graph, goal)
    if goal.above.time is not None and graph.T > 1:
        yield from _other_times(graph, goal)
    if goal.above.name in graph.network.equations:
        yield "E1", {"state": said(Place(goal.above.name, 0))}, _without_start
        yield from _joined(graph, goal.above.name)
    if goal.above.name in graph.network.parameters:
        yield from _of_parameter(graph, goal)


def _layout(graph: Graph, goal: Derivative) -> Iterator[Found]:
    shape, below = graph.network.shapes[goal.above.name], graph.network.shapes[goal.below.name]
    if len(goal.above.entry) == 2:
        yield "C6", {}, lambda tables, asked: _moved(tables, asked, entry=asked.above[2][::-1])
    elif shape and not goal.above.entry:
        is_row = len(shape) == 1 and (goal.below.entry or below in ((), (1,)))
        yield "C8" if is_row else "C6", {}, lambda tables, asked: transposed(right(tables, asked))


def _moved(tables: Tables, asked: Asked, which: str = "above", **parts: Any) -> np.ndarray:
    """Return the right value with another name, time or entry; zero just past the last step, as in `Scene`.

    Errors: LookupError where there is no such place.
    """
    name, time, entry = (
        parts.get(key, old) for key, old in zip(("name", "time", "entry"), getattr(asked, which), strict=True)
    )
    if is_beyond(tables.graph, name, time):
        return shaped(tables, asked, None)
    if not tables.graph.has(name, time):
        raise LookupError(f"{name} at {time}")
    return right(tables, asked._replace(**{which: (name, time, entry)}))  # type: ignore[arg-type]


def _other_times(graph: Graph, goal: Derivative) -> Iterator[Found]:
    yield "E11", {}, lambda tables, asked: sum(_moved(tables, asked, time=t) for t in range(1, graph.T + 1))  # type: ignore[misc, return-value]
    for step in (1, graph.T):
        place = f"{goal.above.name} at step {step}"
        yield "C11", {"place": place}, lambda tables, asked, step=step: _moved(tables, asked, time=step)  # type: ignore[misc]
    if goal.below.time is not None:
        for which, by in itertools.product(("below", "above"), (1, -1)):
            yield "A8", {}, partial(_neighbour, which, by)


def _neighbour(which: str, by: int, tables: Tables, asked: Asked) -> np.ndarray:
    return _moved(tables, asked, which, time=getattr(asked, which)[1] + by)


def _without_start(tables: Tables, asked: Asked) -> np.ndarray:
    """Return zero for a state before the first step, or after the last where time runs backwards."""
    found = right(tables, asked)
    return found if Place(*asked.above[:2]) in tables.graph.parents else 0 * found


def _joined(graph: Graph, name: str) -> Iterator[Found]:
    """Yield the uncut derivative by a joined vector, where it is the only way a quantity takes."""
    for user in dict.fromkeys(user for user, _ in graph.network.uses[name]):
        expression = graph.network.equation(user).expression
        if isinstance(expression, Call) and expression.function == "concat":
            yield "C10", {"joined": said(Place(user, NOW)), "quantity": said(Place(name, NOW))}, partial(_uncut, user)


def _uncut(user: str, tables: Tables, asked: Asked) -> np.ndarray:
    users = [edge.lower for edge in edges_into(tables.graph).get(Place(*asked.above[:2]), ())]
    if asked.above[2] or [place.name for place in users] != [user]:
        return right(tables, asked)
    return _moved(tables, asked, name=user, time=users[0].time)


def _of_parameter(graph: Graph, goal: Derivative) -> Iterator[Found]:
    name, network = goal.above.name, graph.network
    for other in network.parameters:
        if other != name and network.shapes[other] == network.shapes[name] and len(network.shapes[name]) == 1:
            detail = {"parameter": name, "other": other}
            yield "D11", detail, lambda tables, asked, other=other: _moved(tables, asked, name=other)  # type: ignore[misc]
    if _runs_forward(graph) and goal.below.time is None:
        for count in range(1, min(graph.T, MOST_STEPS)):
            yield "E7", {"count": str(count)}, partial(_restarted, count)


def _runs_forward(graph: Graph) -> bool:
    """Return whether each step needs earlier states only, and has its own loss: then it can be cut into chunks."""
    network = graph.network
    uses = [index for uses in network.uses.values() for _, index in uses if index]
    is_local = all(index.start == "t" and index.shift <= 0 for index in uses)
    return network.is_timed(network.loss) and is_local and any(index.shift < 0 for index in uses)


def _restarted(count: int, tables: Tables, asked: Asked) -> np.ndarray:
    """Return the sum over chunks of the derivative by a parameter, every chunk but the first started from zero."""
    starts = range(0, tables.graph.T, count)
    chunks = [_chunk(tables, count, start) for start in starts]
    return sum(right(chunk, asked) for chunk in chunks)  # type: ignore[return-value]


@kept
def _unrolled(network: Network, T: int) -> Graph:
    return network.unroll(T)


@kept
def _chunk(tables: Tables, count: int, start: int) -> Tables:
    """Return the tables of one chunk of steps, with forward and backward pass of its own."""
    graph = _unrolled(tables.graph.network, min(count, tables.graph.T - start))
    leaves = [Place(*leaf[:2], entry) for leaf, shape in graph.leaves.items() for entry in entries(shape)]  # type: ignore[call-arg]

    def ran(scene: Scene) -> Scene:
        values = {}
        for place in leaves:
            is_start = start and place.time is not None and place.time < 1
            moved = place if place.time is None else place._replace(time=place.time + start)
            values[place] = 0.0 if is_start else scene.world.values[moved]
        return Scene(worlds.World(graph, {}, FLOATS, graph.run(values), {}))

    return Tables(graph, tuple(map(ran, tables.scenes)))
