"""Every edit of the backward pass that a network allows: what may go wrong on each of its edges."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bptt_lab.exercises.mistakes.backward_pass import Change, Detail, Into, Left, Pass, Reading, Tables, plain
from bptt_lab.exercises.mistakes.edge_changes import (
    RULES,
    Where,
    borrowed,
    carried,
    is_recurrent,
    mirrored,
    moved,
    of,
    read,
    replaced,
    ruled,
    scaled,
    sloped,
    truncated,
    turned,
    without,
    wrapped,
)
from bptt_lab.exercises.mistakes.gate_slips import gate_slips
from bptt_lab.exercises.mistakes.joined_slips import joined_slips
from bptt_lab.exercises.mistakes.product_slips import is_product, product_slips
from bptt_lab.exercises.mistakes.result_edits import MOST_STEPS
from bptt_lab.exercises.mistakes.rewriting import Slip, read_in, way
from bptt_lab.exercises.mistakes.uses import Edge, Use, Uses, edges_into, influenced, uses_of
from bptt_lab.exercises.places import said, said_now
from bptt_lab.formulas.functions import LOSSES
from bptt_lab.formulas.times import Index, index_of
from bptt_lab.formulas.tree import Call, Letter, Tree
from bptt_lab.network import Graph, Place
from bptt_lab.network.expressions import children
from bptt_lab.network.keeping import kept
from bptt_lab.network.scalars import letters


@dataclass(frozen=True, eq=False)
class Edit:
    """One edit of the backward pass: see `Pass`.

    `touches` holds the uses it can change; `steps` limits how many steps in time a path may cross. `is_local`: it is
    made at the first use that it can change or at all of them, not at some.
    """

    mistake: str
    detail: Detail
    touches: tuple[Use, ...]
    change: Change
    into: Into | None = None
    steps: int | None = None
    is_local: bool = False

    @cached_property
    def touched(self) -> frozenset[str]:
        """The names by which the uses that it can change are uses."""
        return frozenset(use.letter.name for use in self.touches)


@kept
def edits_of(graph: Graph) -> tuple[Edit, ...]:
    """Return every edit of the backward pass of a network."""
    uses = tuple(use for name in graph.network.equations for use in uses_of(graph.network)[name])
    makers = (_paths, _through_time, _steps, _activations, _readings, _layout, _losses, _biases, _products)
    return tuple(edit for maker in makers for edit in maker(graph, uses))


def edits_for(graph: Graph, above: str) -> Iterator[tuple[Edit, int]]:
    """Yield the edits that can touch a derivative by a quantity, and how many uses of the chain rule lie before."""
    reached = influenced(graph.network, above)
    for edit in edits_of(graph):
        before = [reached[name] for name in edit.touched if name in reached]
        if before:
            yield edit, min(before)


def _recurrent(graph: Graph, uses: Uses) -> Uses:
    return tuple(use for use in uses if is_recurrent(graph, use))


def _paths(graph: Graph, uses: Uses) -> Iterator[Edit]:
    """Yield what is left out or counted twice where a quantity has several users."""
    recurrent = _recurrent(graph, uses)
    for use in uses:
        if use in recurrent or sum(one.letter.name == use.letter.name for one in uses) > 1:
            yield Edit("A1", way(graph.network, use), (use,), scaled(of(use), 0))
            yield Edit("A7", way(graph.network, use), (use,), scaled(of(use), 2))
    if recurrent:
        detail = {**way(graph.network, recurrent[0]), "path": "the other steps"}
        yield Edit("A1", detail, recurrent, scaled(of(*recurrent), 0))
        yield Edit("A2", {}, recurrent, scaled(of(*recurrent), 0))


def _through_time(graph: Graph, uses: Uses) -> Iterator[Edit]:
    """Yield the edits of what is carried from step to step."""
    recurrent = _recurrent(graph, uses)
    for use in recurrent:
        detail, own = way(graph.network, use), (use,)
        yield Edit("B2", detail, own, carried(of(use)))
        if use.size[0] == use.size[1]:
            yield Edit("A3", detail, own, sloped(of(use), _diagonal))
            if _has_parameter(graph, use):
                weight = "the matrix" if use.size[0] > 1 else "the weight"
                yield Edit("E2", {**detail, "weight": weight}, own, sloped(of(use), _identity))
            yield Edit("B9", detail, own, carried(of(use), swapped=True))
    for sign in sorted({1 if use.shift > 0 else -1 for use in recurrent}):
        yield Edit("A10", {}, recurrent, plain, mirrored(sign))
    for count in range(1, min(graph.T, MOST_STEPS)) if recurrent else ():
        detail = {"count": str(count)}
        yield Edit("A9" if count == 1 else "E4", detail, recurrent, truncated, None, count)
        for first in {0, graph.T % count} if count > 1 else ():
            yield Edit("E3", detail, recurrent, scaled(_crosses(recurrent, count, first), 0))


def _has_parameter(graph: Graph, use: Use) -> bool:
    return any(place.name in graph.network.parameters for place in read_in(use))


def _identity(tables: Tables, edge: Edge) -> np.ndarray:
    return np.eye(edge.use.size[0])


def _diagonal(tables: Tables, edge: Edge) -> np.ndarray:
    slope = tables.slope(edge)
    if edge.use.size[0] != edge.use.size[1]:
        raise LookupError("only a square matrix has a diagonal")
    return slope * np.eye(edge.use.size[0])


def _crosses(recurrent: Uses, count: int, first: int) -> Where:
    """Return whether an edge leads from one chunk of steps to another; the first chunk may be shorter."""

    def chunk(place: Place) -> int:
        return (place.time - 1 - first) // count

    return lambda edge: edge.use in recurrent and chunk(edge.lower) != chunk(edge.upper)


def _steps(graph: Graph, uses: Uses) -> Iterator[Edit]:
    """Yield the edits of the sum over time in the derivative by a parameter."""
    for name in graph.network.parameters:
        own = tuple(use for use in uses if use.letter.name == name and graph.network.is_timed(use.lower))
        if not own or graph.T == 1:
            continue
        for mistake, part, counted in _sums(graph, name):
            yield Edit(mistake, {"parameter": name, **part}, own, scaled(_dropped(own, counted), 0))
        users = " and ".join(dict.fromkeys(use.lower for use in own))
        for step in (1, graph.T):
            place = {"place": f"{users} at step {step}"}
            yield Edit("C11", place, own, borrowed(of(*own), lambda graph, step=step: step))  # type: ignore[misc]


def _sums(graph: Graph, name: str) -> Iterator[tuple[str, Detail, Callable[[int], bool]]]:
    """Yield the wrong sums over time for a parameter: id, slots, and which steps are counted."""
    T = graph.T
    if len(graph.network.shapes[name]) == 1:
        yield "D9", {"part": f"step {T}"}, lambda t: t == T
    yield "A4", {"step": str(T)}, lambda t: t == T
    yield "A2", {}, lambda t: t == T
    yield "A5", {}, lambda t: t == 1
    for step in (1, T):
        yield "C3", {"step": str(step)}, lambda t, step=step: t != step  # type: ignore[misc]
    for count in range(1, min(T, MOST_STEPS)):
        yield "E6", {"count": str(count)}, lambda t, count=count: t > T - count  # type: ignore[misc]


def _dropped(own: Uses, kept: Callable[[int], bool]) -> Where:
    return lambda edge: edge.use in own and not kept(edge.lower.time)


def _activations(graph: Graph, uses: Uses) -> Iterator[Edit]:
    """Yield the wrong slopes of activations, equation by equation and everywhere at once."""
    active = tuple(use for use in uses if use.parts)
    names = dict.fromkeys(use.lower for use in active)
    groups = [(said_now(graph.network, name), tuple(use for use in active if use.lower == name)) for name in names]
    for (words, group), (mistake, rule) in itertools.product([*groups, ("every layer", active)], RULES):
        yield Edit(mistake, {"equation": words}, group, ruled(of(*group), rule))


def _readings(graph: Graph, uses: Uses) -> Iterator[Edit]:
    """Yield the letters of slopes read at another step."""
    for use in uses:
        is_parameter = use.letter.name in graph.network.parameters
        moves = {1: "C1", 2: "C2", -1: "C4"} if is_parameter else {1: "B6", -1: "B6"}
        for name, index in _timed_letters(use, is_parameter):
            if index.shift < 0 and name in graph.network.equations:
                yield Edit("C9", {"state": name}, (use,), read(of(use), wrapped(name, index, 0)))
            for by, mistake in moves.items():
                wrong = said(Place(name, Index(index.start, index.shift + by)))
                detail = {"wrong": wrong, "equation": said_now(graph.network, use.lower)}
                for reading in _shifted(name, index, by):
                    yield Edit(mistake, detail, (use,), read(of(use), reading))


def _shifted(name: str, index: Index, by: int) -> list[Reading]:
    """Return the readings of a letter so many steps later, which differ where there is no such step."""
    outside = wrapped(name, index, by) if by < 0 else moved(name, index, by, may_leave=True)
    return [moved(name, index, by, may_leave=False), outside]


def _timed_letters(use: Use, is_parameter: bool) -> list[tuple[str, Index]]:
    """Return the letters with a time that stand in a slope: around the activations, and for states inside them too."""
    trees = [slope for *_, slope in use.base] + [slope for part in use.parts for _, slope in part.columns]
    trees += [] if is_parameter else [part.read for part in use.parts]
    found = dict.fromkeys(letter.place[:2] for tree in dict.fromkeys(trees) for letter in letters(tree))
    return [(name, index) for name, index in found if isinstance(index, Index) and index.start == "t"]


def _layout(graph: Graph, uses: Uses) -> Iterator[Edit]:
    """Yield square matrices the wrong way round."""
    for name in graph.network.parameters:
        shape = graph.network.shapes[name]
        for mistake, recurrent in (("C5", True), ("C7", False)) if len(shape) == 2 and shape[0] == shape[1] else ():
            own = tuple(use for use in uses if is_recurrent(graph, use) == recurrent and use.letter.name != name)
            yield Edit(mistake, {"matrix": name}, own, read(of(*own), turned(name)))


def _biases(graph: Graph, uses: Uses) -> Iterator[Edit]:
    for name in graph.network.parameters:
        own = tuple(use for use in uses if use.letter.name == name)
        if len(graph.network.shapes[name]) == 1:
            yield Edit("D10", {"parameter": name}, own, scaled(of(*own), 2))


def _products(graph: Graph, uses: Uses) -> Iterator[Edit]:
    """Yield the wrong slopes of products of computed quantities, of gates, and of joined vectors."""
    network = graph.network
    for name in network.equations:
        if is_product(network, name):
            own = tuple(use for use in uses if use.lower == name)
            found = itertools.chain(*(product_slips(network, use) for use in own), gate_slips(network, own))
            yield from (_replacing(slip) for slip in found)
    yield from (_replacing(slip) for slip in joined_slips(network, uses))


def _replacing(slip: Slip) -> Edit:
    return Edit(slip.mistake, slip.detail, tuple(slip.instead), replaced(slip.instead), is_local=True)


def _calls(expression: Tree, functions: Collection[str]) -> list[Call]:
    found = [call for part in children(expression) for call in _calls(part, functions)]
    return [expression, *found] if isinstance(expression, Call) and expression.function in functions else found


def _losses(graph: Graph, uses: Uses) -> Iterator[Edit]:
    """Yield the edits of the loss and of the output layer's error."""
    network = graph.network
    for name, equation in network.equations.items():
        own = tuple(use for use in uses if use.lower == name and not is_recurrent(graph, use))
        if isinstance(equation.expression, Call) and equation.expression.function == "softmax":
            yield Edit("D3", {"equation": said_now(graph.network, name)}, own, sloped(of(*own), _diagonal))
        for call in _calls(equation.expression, LOSSES):
            yield from _errors(graph, name, call, own)
            if equation.timed and graph.T > 1:
                yield Edit("D7", {}, own, scaled(of(*own), 1 / graph.T))
                yield Edit("A6", {}, own, scaled(_dropped(own, lambda t: t == graph.T), 0))


def _errors(graph: Graph, name: str, call: Call, own: Uses) -> Iterator[Edit]:
    """Yield the wrong errors at the output of one loss."""
    prediction, target = call.arguments
    yield Edit("D2", {}, own, scaled(of(*own), -1))
    if call.function == "mse":
        yield Edit("D6", {}, own, scaled(of(*own), 2))
    head = _head(graph, name, prediction)
    if head:
        yield Edit("D4", {}, head, _times_slope(head, name, prediction))
    if not isinstance(target, Letter):
        return
    detail = {"target": said(Place(target.name, index_of(target.time)))}
    if call.function != "nll":
        yield Edit("D1", detail, own, read(of(*own), without(target.name)))
        return
    if head and _is_softmax(graph, prediction):
        yield Edit("D1", detail, head, _plus_target(head, name, target))
    wrong = LOGARITHM if isinstance(prediction, Letter) else FUSED if _is_softmax(graph, prediction) else ()
    detail = {"equation": said_now(graph.network, name)}
    for mistake, slope in wrong:
        yield Edit(mistake, detail, own, sloped(_into(own, call), _by_values(slope, call)))


def _is_softmax(graph: Graph, prediction: Tree) -> bool:
    """Return whether a prediction is a softmax, there or in the equation of its name."""
    if isinstance(prediction, Letter) and prediction.name in graph.network.equations:
        prediction = graph.network.equations[prediction.name].expression
    return isinstance(prediction, Call) and prediction.function == "softmax"


# the derivative of -y log p by p, and of -y log softmax(o) by o, as people write them
LOGARITHM = (
    ("D5", lambda p, y: 1 / p),
    ("D5", lambda p, y: -1 / p),
    ("D5", lambda p, y: -p / y),
    ("D5", lambda p, y: p / y),
)
FUSED = (("D3", lambda p, y: y * p - y),)


def _into(own: Uses, call: Call) -> Where:
    """Return whether an edge leads from a loss to its prediction, or to what stands in its prediction's softmax."""
    inner = call.arguments[0]
    inner = inner.arguments[0] if isinstance(inner, Call) else inner
    return lambda edge: isinstance(inner, Letter) and edge.use in own and edge.use.letter.name == inner.name


def _head(graph: Graph, name: str, prediction: Tree) -> Uses:
    """Return the uses that lead from the prediction to the output before its softmax or activation."""
    network = graph.network
    if isinstance(prediction, Call) and isinstance(prediction.arguments[0], Letter):
        return tuple(use for use in uses_of(network)[name] if use.letter.name == prediction.arguments[0].name)
    if not isinstance(prediction, Letter):
        return ()
    above = network.equations.get(prediction.name)
    if above and isinstance(above.expression, Call) and isinstance(above.expression.arguments[0], Letter):
        return uses_of(network)[prediction.name]
    return tuple(use for use in uses_of(network)[name] if use.letter.name == prediction.name)


def _loss_below(tables: Tables, edge: Edge, name: str) -> tuple[Place, int] | None:
    """Return the loss's place under an edge of the output layer, and how many uses of the chain rule lie between."""
    if edge.lower.name == name:
        return edge.lower, 1
    found = [user.lower for user in edges_into(tables.graph).get(edge.lower, ()) if user.lower.name == name]
    return (found[0], 2) if found else None


def _at_output(head: Uses, name: str, more: Callable[[Pass, Place, Left, np.ndarray], np.ndarray]) -> Change:
    """Return a change of the error at the output from the loss's place, what is left of the edit there, the share."""

    def change(one: Pass, edge: Edge, left: Left) -> np.ndarray | None:
        share = plain(one, edge, left)
        below = _loss_below(one.tables, edge, name) if edge.use in head else None
        if below is None or share is None:
            return share
        place, uses = below
        return more(one, place, left.after().after() if uses == 2 else left.after(), share)

    return change


def _plus_target(head: Uses, name: str, target: Letter) -> Change:
    """Return the change that leaves the target out of p - y: it adds the target to the error (D1)."""

    def more(one: Pass, place: Place, after: Left, share: np.ndarray) -> np.ndarray:
        adjoint = one.adjoint(place, after)
        return share if adjoint is None else share + adjoint * one.tables.row(target, place.time)

    return _at_output(head, name, more)


def _times_slope(head: Uses, name: str, prediction: Tree) -> Change:
    """Return the change that multiplies the error at the output by p(1 - p) once more (D4)."""

    def more(one: Pass, place: Place, after: Left, share: np.ndarray) -> np.ndarray:
        p = one.tables.row(prediction, place.time)
        return share * p * (1 - p) if p.shape[-1] == share.shape[-1] else share

    return _at_output(head, name, more)


def _by_values(slope: Callable, call: Call) -> Callable[[Tables, Edge], np.ndarray]:
    """Return the slope of a loss from its prediction and its target."""
    return lambda tables, edge: slope(*(tables.row(one, edge.lower.time) for one in call.arguments))
