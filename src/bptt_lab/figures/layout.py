"""Where the boxes of a network go: one column a time step, one row a depth, inputs below, the loss on top."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from bptt_lab.formulas.functions import LOSSES
from bptt_lab.formulas.tree import Binary, Call, Letter, Negative, Tree
from bptt_lab.network import Graph, Network, Place
from bptt_lab.network.expressions import children

ROW, GUTTER, GAP, BOX_HEIGHT = 0.72, 0.3, 0.15, 0.36
MOST_BOXES = 240
Point = tuple[float, float]


class Layout(NamedTuple):
    """Boxes by place, their centres in inches; the arrows between them; what the rows and columns are."""

    boxes: dict[Place, Point]
    kinds: dict[Place, str]
    edges: tuple[tuple[Place, Place], ...]
    columns: dict[int | None, float]
    rows: dict[float, tuple[str, ...]]
    half: Point
    horizontal: bool


def data_names(network: Network) -> set[str]:
    """Return the given quantities that are data, not parameters: what weights multiply, and targets; no matrix."""
    found = set(network.inputs)
    right, left = _factors(network)
    given = [name for name in network.parameters if len(network.shapes[name]) < 2]
    return found | {name for name in given if name in right and name not in left}


def _factors(network: Network) -> tuple[set[str], set[str]]:
    """Return the names that a given factor multiplies or a loss compares, and the names left of a product."""
    right, left = set(), set()
    for part in (part for equation in network.written.values() for part in parts(equation.expression)):
        if isinstance(part, Binary) and part.operator in "@*":
            is_weighed = part.operator == "@" or _is_given(network, part.left)
            right |= {part.right.name} if isinstance(part.right, Letter) and is_weighed else set()
            left |= {part.left.name} if isinstance(part.left, Letter) else set()
        if isinstance(part, Call) and part.function in LOSSES:
            right |= {argument.name for argument in part.arguments if isinstance(argument, Letter)}
    return right, left


def _is_given(network: Network, tree: Tree) -> bool:
    """Return whether a factor is a parameter, with a minus or without."""
    inner = tree.inner if isinstance(tree, Negative) else tree
    return isinstance(inner, Letter) and inner.name in network.parameters


def parts(tree: Tree) -> Iterable[Tree]:
    """Yield a formula and all its parts."""
    waiting = [tree]
    while waiting:
        part = waiting.pop()
        waiting.extend(children(part))
        yield part


def depths(graph: Graph) -> dict[str, int]:
    """Return the depth of every quantity: how many steps of computing lie below it at the same time."""
    network, depth = graph.network, {}
    for place in graph.order:
        below = [depth[p] for p in graph.parents[place] if p in depth and _together(p, place)]
        depth[place] = 1 + max(below, default=0)
    found: dict[str, int] = {}
    for place, d in depth.items():
        found[place.name] = max(found.get(place.name, 0), d)
    data = data_names(network)
    for name in network.shapes:
        if name not in found:
            found[name] = _leaf_depth(graph, name, found) if name in data else -1
    return found


def _together(parent: Place, place: Place) -> bool:
    return parent.time == place.time or place.time is None or parent.time is None


def _leaf_depth(graph: Graph, name: str, found: dict[str, int]) -> int:
    """Return the row just below the first quantity that uses a given one."""
    used = [(leaf, user) for leaf in graph.leaves if leaf.name == name for user in graph.users[leaf]]
    near = [user for leaf, user in used if _together(leaf, user)] or [user for _, user in used]
    return min((found[user.name] for user in near), default=1) - 1


def kind(graph: Graph, place: Place) -> str:
    """Return what a place is: computed, loss, data, boundary or parameter."""
    network = graph.network
    if place.name in network.equations:
        if place not in graph.parents:
            return "boundary"
        return "loss" if place.name == network.loss else "computed"
    return "data" if place.name in data_names(network) else "parameter"


def drawn_places(graph: Graph) -> list[Place]:
    """Return the places that get a box: all but the parameters."""
    return [p for p in [*graph.leaves, *graph.order] if kind(graph, p) != "parameter"]


def arrange(
    graph: Graph,
    places: Collection[Place],
    scale: float = 1.0,
    spread: float = 1.0,
    extra: int = 0,
    gap: float = GAP,
) -> Layout:
    """Return where the boxes of some places of a graph go, and the arrows between them.

    `scale` shrinks everything; `spread` puts rows and columns further apart; `extra` makes room for characters; `gap`
    is the room between boxes side by side, in inches.
    Errors: ValueError for too many boxes.
    """
    if len(places) > MOST_BOXES:
        raise ValueError(
            f"The drawing would have {len(places)} boxes; {MOST_BOXES} are the most. "
            f"Unroll over fewer steps than {graph.T}."
        )
    half = box_size(places, scale, extra)
    boxes, columns = _positions(graph, places, (2 * half[0], scale, spread, gap))
    kinds = {p: kind(graph, p) for p in places}
    edges = tuple((a, b) for b in places for a in graph.parents.get(b, ()) if a in boxes)
    return Layout(boxes, kinds, edges, columns, _row_names(graph, boxes, not columns), half, not columns)


def box_size(places: Collection[Place], scale: float, extra: int) -> Point:
    """Return half the width and half the height of the boxes, wide enough for the longest name."""
    longest = extra + max(len(str(place)) for place in places)
    return scale * max(0.46, 0.15 + 0.074 * longest) / 2, BOX_HEIGHT * scale / 2


def _positions(
    graph: Graph, places: Collection[Place], sizes: tuple[float, float, float, float]
) -> tuple[dict[Place, Point], dict[int | None, float]]:
    """Return the centre of each box and, for a network with time, the middle of each column."""
    width, scale, spread, gap = sizes
    high = ROW * scale * spread
    rows, slots = _rows_and_slots(graph, places)
    if all(place.time is None for place in places):
        across = width + 0.32 * scale
        return {p: (rows[p.name] * across, -slots[p] * high) for p in places}, {}
    pitch = width + gap * scale
    columns = _columns(places, slots, pitch, GUTTER * scale * (2 * spread - 1))
    boxes = {p: (columns[p.time] + slots[p] * pitch, rows[p.name] * high) for p in places}
    boxes = _parameters_centred(graph, boxes)
    return boxes, {time: _middle(graph, boxes, time, x) for time, x in columns.items()}


def _middle(graph: Graph, boxes: dict[Place, Point], time: int | None, x: float) -> float:
    """Return where a column is labelled: in its middle, or at its boxes where none is computed."""
    here = [place for place in boxes if place.time == time]
    if any(place in graph.parents for place in here):
        return x
    return sum(boxes[place][0] for place in here) / len(here)


def _rows_and_slots(graph: Graph, places: Collection[Place]) -> tuple[dict[str, int], dict[Place, float]]:
    """Return each name's row from 0, and each place's slot beside the others of its row and column."""
    depth = depths(graph)
    used = sorted({depth[place.name] for place in places})
    rows = {place.name: used.index(depth[place.name]) for place in places}
    order = {name: i for i, name in enumerate([*graph.network.equations, *graph.network.shapes])}
    slots: dict[Place, float] = {}
    for row, untimed in {(rows[p.name], p.time is None) for p in places}:
        here = [p for p in places if rows[p.name] == row and (p.time is None) == untimed]
        names = sorted({p.name for p in here}, key=order.get)  # type: ignore[arg-type]  # each has an order
        computed = [name for name in names if name in graph.network.equations] or names
        for p in here:
            slots[p] = _slot(p.name, computed, names)
    return rows, slots


def _slot(name: str, computed: list[str], names: list[str]) -> float:
    """Return the slot of a name: the computed ones in the middle, what is given to their right."""
    ordered = computed + [other for other in names if other not in computed]
    return ordered.index(name) - (len(computed) - 1) / 2


def _columns(
    places: Collection[Place], slots: dict[Place, float], pitch: float, gutter: float
) -> dict[int | None, float]:
    """Return the centre of each column: times in order, then what has no time."""
    times = sorted({p.time for p in places}, key=lambda t: (t is None, t))
    found, edge = {}, 0.0
    for time in times:
        here = [slots[p] * pitch for p in places if p.time == time]
        found[time] = edge - min(here)
        edge = found[time] + max(here) + pitch + gutter
    return found


def _parameters_centred(graph: Graph, boxes: dict[Place, Point]) -> dict[Place, Point]:
    """Return the boxes with each parameter below the middle of its users, and not below what it does not influence."""
    found = dict(boxes)
    for place, (_, y) in boxes.items():
        users = [user for user in graph.users.get(place, ()) if user in boxes]
        if kind(graph, place) == "parameter" and users:
            others = [x for p, (x, _) in boxes.items() if p not in users and p != place and p in graph.leaves]
            found[place] = (_free_middle(sorted({boxes[user][0] for user in users}), others), y)
    return found


def _free_middle(users: list[float], others: list[float]) -> float:
    """Return the middle of the users, or the middle between two of them where something else is in the way."""
    middle, half = sum(users) / len(users), len(users) // 2
    if all(abs(x - middle) > 0.1 for x in others):
        return middle
    return (users[half - 1] + users[half]) / 2 if half else middle + 0.5


def _row_names(graph: Graph, boxes: dict[Place, Point], horizontal: bool) -> dict[float, tuple[str, ...]]:
    """Return the computed names of each row, or of each column of a network without time."""
    found: dict[float, dict[str, None]] = {}
    for place, (x, y) in boxes.items():
        if place in graph.parents:
            found.setdefault(x if horizontal else y, {})[place.name] = None
    return {where: tuple(names) for where, names in found.items()}
