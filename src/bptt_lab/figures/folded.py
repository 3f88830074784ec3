"""The folded network: one box a quantity, whatever the number of steps; what comes from another step says so."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from bptt_lab.figures import names
from bptt_lab.figures.canvas import Drawn
from bptt_lab.figures.drawing import LEGEND, Look, network_figure
from bptt_lab.figures.layout import ROW, Layout, box_size, data_names, depths
from bptt_lab.figures.routes import Edge, Routes, rounded, routes
from bptt_lab.figures.unrolled import SIDE_LEGEND, parameters_of, side_texts
from bptt_lab.formulas.times import Index
from bptt_lab.network import Network, Place
from bptt_lab.network.expressions import names as names_in

BETWEEN, ASIDE, OUT, APART = 0.85, 0.3, 0.3, 0.14
OTHER_STEP = "Thick dashed arrows: the value of another step, as their labels say."


class Use(NamedTuple):
    """One quantity in the equation of another, with what its arrow says of time."""

    edge: Edge
    label: str


def folded_network(network: Network) -> Drawn:
    """Return (figure, description) of a network folded in time: one box a quantity, one arrow a use.

    An arrow from another step is dashed and labelled, t−1 for what the step before has left.
    """
    uses = uses_of(network)
    layout, found = arranged(network, uses)
    look = Look(marked={use.edge: use.label for use in uses if use.label}, side=side_texts(network, layout))
    return network_figure(layout, look, _legend(network, layout, look), found), _describe(network, layout, uses)


def uses_of(network: Network) -> tuple[Use, ...]:
    """Return the arrows of a folded network, each once; parameters have none."""
    drawn = {*network.equations, *data_names(network)}
    found: dict[Edge, list[str]] = {}
    for name, equation in network.equations.items():
        for use in dict.fromkeys(names_in(equation.expression)):
            if use.name in drawn:
                found.setdefault((Place(use.name), Place(name)), []).append(_when(use.index))
    return tuple(Use(edge, _together(labels)) for edge, labels in found.items())


def _when(index: Index | None) -> str:
    """Return what an arrow says of the time it comes from; nothing for the same step."""
    if index is None or index == Index("t", 0):
        return ""
    return (str(index) if index.start == "t" else f"t = {index}").replace("-", "−")


def _together(labels: list[str]) -> str:
    return ", ".join(label or "t" for label in labels) if any(labels) else ""


def arranged(network: Network, uses: tuple[Use, ...]) -> tuple[Layout, Routes]:
    """Return where the boxes go, and the routes of the arrows."""
    boxes, half = _boxes(network)
    kinds = {place: _kind(network, place.name) for place in boxes}
    rows: dict[float, tuple[str, ...]] = {}
    for place, (_, y) in boxes.items():
        if place.name in network.equations:
            rows[y] = (*rows.get(y, ()), place.name)
    upward = tuple(u.edge for u in uses if boxes[u.edge[0]][1] < boxes[u.edge[1]][1])
    layout = Layout(boxes, kinds, upward, {}, rows, half, False)
    found = dict(routes(layout))
    taken: list[float] = []
    back = [use.edge for use in uses if use.edge not in found]
    for edge in back:
        arrivals = [other for other in back if other[1] == edge[1] and other[0] != other[1]]
        spread = 0.9 * half[1] / max(1, len(arrivals) - 1)
        above = 0.45 * half[1] - spread * arrivals.index(edge) if len(arrivals) > 1 and edge in arrivals else 0.0
        found[edge] = _back(layout, edge, taken, above)
    return layout._replace(edges=tuple(found)), found


def _boxes(network: Network) -> tuple[dict[Place, tuple[float, float]], tuple[float, float]]:
    """Return the centre of each box and half its size: one row a depth, computed ones in the middle."""
    depth = depths(network.unroll(3))
    drawn = [*network.equations, *(n for n in network.shapes if n in data_names(network))]
    half = box_size([Place(name) for name in drawn], 1.0, 0)
    used, boxes = sorted({depth[name] for name in drawn}), {}
    for row, d in enumerate(used):
        here = [name for name in drawn if depth[name] == d]
        middle = (max(1, sum(name in network.equations for name in here)) - 1) / 2
        for i, name in enumerate(here):
            aside = 0 if name in network.equations or d == used[0] else ASIDE  # room for an arrow that leads back
            boxes[Place(name)] = ((i - middle) * (2 * half[0] + BETWEEN) + aside, row * ROW)
    return boxes, half


def _kind(network: Network, name: str) -> str:
    return "loss" if name == network.loss else "computed" if name in network.equations else "data"


def _back(layout: Layout, edge: Edge, taken: list[float], above: float = 0.0) -> np.ndarray:
    """Return the route of an arrow that leads down or to its own box, beside the boxes, from side to side.

    `above`: how far above the middle of its second box it arrives, so that several arrive apart.
    """
    (x1, y1), (x2, y2) = (layout.boxes[place] for place in edge)
    wide, high = layout.half
    middle = [x for x, y in layout.boxes.values() if min(y1, y2) - 0.01 < y < max(y1, y2) + 0.01]
    at, side = _gutter(middle, (x1, x2), wide)
    while any(abs(at - other) < APART for other in taken):
        at += side * APART
    taken.append(at)
    up, down = (0.45 * high, -0.45 * high) if edge[0] == edge[1] else (0.0, above)
    over = 0.75 * high if edge[0] == edge[1] else 0.0
    out, back = x1 + side * (wide + 0.02), x2 + side * (wide + 0.03)
    corners = [(out, y1 + up), (at, y1 + up + over), (at, y2 + down - over), (back, y2 + down)]
    return rounded(np.array(corners))


def _gutter(middle: list[float], ends: tuple[float, float], wide: float) -> tuple[float, int]:
    """Return where an arrow can run down beside the boxes between its ends, and on which side of them."""
    own = [(max(ends) + wide + OUT, 1), (min(ends) - wide - OUT, -1)]
    far = [(max(middle) + wide + OUT, 1), (min(middle) - wide - OUT, -1)]
    free = [(at, side) for at, side in own if all(abs(at - x) > wide + 0.1 for x in middle)]
    return [*free, *far][0]


def _legend(network: Network, layout: Layout, look: Look) -> str:
    seen = set(layout.kinds.values())
    parts = [text for what, text in LEGEND.items() if what in seen]
    side = SIDE_LEGEND if _has_time(network) else SIDE_LEGEND.split(",")[0] + "."
    parts += [side] if look.side else []
    parts += [OTHER_STEP] if look.marked else []
    return " ".join(parts)


def _describe(network: Network, layout: Layout, uses: tuple[Use, ...]) -> str:
    """Return what a folded network looks like, in words."""
    rows: dict[float, list[str]] = {}
    for place, (_, y) in sorted(layout.boxes.items(), key=lambda item: (item[1][1], item[1][0])):
        rows.setdefault(y, []).append(place.name)
    boxes, arrows = names.counted(len(layout.boxes), "box", "boxes"), names.counted(len(uses), "arrow")
    start = "The network folded in time" if _has_time(network) else "A network without time"
    text = f"{start}, one box a quantity; rows from bottom to top: "
    text += f"{', '.join(' with '.join(row) for row in rows.values())}. {boxes} and {arrows}."
    shifted = [_said(use) for use in uses if use.label]
    if shifted:
        text += f" From another step, dashed and labelled: {names.listed(shifted)}."
    used = dict.fromkeys(p for name in network.equations for p in parameters_of(network, name))
    if used:
        text += f" Parameters, written beside the rows that use them: {names.listed(used)}."
    return text


def _has_time(network: Network) -> bool:
    return any(equation.timed for equation in network.equations.values())


def _said(use: Use) -> str:
    start, end = (place.name for place in use.edge)
    return f"{start} to {'itself' if start == end else end} ({use.label})"
