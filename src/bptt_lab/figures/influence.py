"""The influence diagram: a quantity, what it influences directly, and the rest of the way to the loss."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import NamedTuple

from bptt_lab.figures import names
from bptt_lab.figures.canvas import Drawn
from bptt_lab.figures.drawing import LEGEND, Look, network_figure
from bptt_lab.figures.layout import Layout, arrange
from bptt_lab.formulas.times import Index
from bptt_lab.network import Graph, Place

ROOM_FOR_DOTS, NEEDED_BY_DOTS = 0.8, 0.3  # inches between two boxes, for dots from both; beside one


class Influence(NamedTuple):
    """A quantity in a graph, what it influences directly, when that is missing, and the places drawn."""

    graph: Graph
    centre: Place
    direct: tuple[Place, ...]
    missing: dict[Place, str]
    places: tuple[Place, ...]
    general: bool


def influence_diagram(graph: Graph, name: str, t: int | None = None) -> Drawn:
    """Return (figure, description) of a quantity and the ways by which it reaches the loss.

    Without t, a timed quantity is drawn for general t, and a parameter with all its uses.
    Errors: NetworkError, a ValueError, for an unknown name or time; ValueError for what reaches no loss.
    """
    users = graph.influences(name, t)
    if not users:
        raise ValueError(f"{name} influences nothing in this graph. Ask for a quantity before the loss.")
    general = t is None and graph.network.is_timed(name)
    found = _general(graph, name, users) if general else _particular(graph, name, t, users)
    layout = _laid_out(found)
    figure = network_figure(layout, _look(found, layout), _legend(found, layout))
    return figure, _describe(found, layout)


def _particular(graph: Graph, name: str, t: int | None, users: tuple[Place, ...]) -> Influence:
    """Return a quantity at one time, or one without time, and all that comes after it."""
    centre = graph.place(name, t)
    return Influence(graph, centre, users, {}, _after(graph, users), False)


def _general(graph: Graph, name: str, users: tuple[Place, ...]) -> Influence:
    """Return a quantity in the middle of a longer graph, with what comes after it close in time."""
    shifts = [u.time.shift for u in users if u.time is not None and u.time.start == "t"]
    middle = 2 + 2 * max(map(abs, [*shifts, 1]))
    longer = graph.network.unroll(2 * middle)
    direct = [Place(u.name, None if u.time is None else u.time.at(middle, longer.T)) for u in users]
    missing = {place: _when(u.missing_when) for place, u in zip(direct, users, strict=True) if u.missing_when}
    low, high = min([0, *shifts]) + middle, max([0, *shifts]) + middle
    near = [p for p in _after(longer, direct) if p.time is None or low <= p.time <= high or p in direct]
    seen = {p for p in near if p.time is not None or p in direct or set(longer.parents[p]) & set(near)}
    places = tuple(p for p in near if p in seen)
    return Influence(longer, Place(name, middle), tuple(dict.fromkeys(direct)), missing, places, True)


def _when(missing: str) -> str:
    """Return in words when a place does not exist."""
    if " is not " in missing:
        return f"only when {missing.replace(' is not ', ' = ')}"
    return f"not required when {missing}"


def _after(graph: Graph, users: Iterable[Place]) -> tuple[Place, ...]:
    """Return some places and all that they influence, in the order of computing."""
    found, waiting = set(), list(users)
    while waiting:
        place = waiting.pop()
        if place not in found:
            found.add(place)
            waiting.extend(graph.users[place])
    return tuple(place for place in graph.order if place in found)


def _laid_out(found: Influence) -> Layout:
    spread, extra = (1.25 if found.missing else 1.0), (2 if found.general else 0)
    arranged = partial(arrange, found.graph, [found.centre, *found.places], spread=spread, extra=extra)
    layout = arranged()
    layout = arranged(gap=ROOM_FOR_DOTS) if _hides_dots(found, layout) else layout
    direct = {(found.centre, user) for user in found.direct}
    edges = tuple(dict.fromkeys([*sorted(direct), *layout.edges])) if found.general else layout.edges
    return layout._replace(edges=edges)


def _hides_dots(found: Influence, layout: Layout) -> bool:
    """Return whether a neighbour stands where dots say that an influence goes on: it would look like an arrow."""
    wide, high = layout.half
    for place, (sign, _) in _onward(found, layout).items():
        x, y = layout.boxes[place]
        beside = [sign * (other - x) - 2 * wide for other, level in layout.boxes.values() if abs(level - y) < high]
        if any(-wide < gap < NEEDED_BY_DOTS for gap in beside):
            return True
    return False


def _look(found: Influence, layout: Layout) -> Look:
    middle = found.centre.time
    time = (lambda t: f"${Index('t', t - middle)}$") if found.general else (lambda t: f"$t = {t}$")
    return Look(
        thick=frozenset((found.centre, user) for user in found.direct),
        strong=frozenset(found.direct),
        filled=frozenset({found.centre}),
        notes={place: _two_lines(text) for place, text in found.missing.items()},
        onward=_onward(found, layout),
        name=lambda place: names.math(_relative(found, place)),
        time=time,
    )


def _two_lines(text: str) -> str:
    first, last = text.split(" when ")
    return f"{first}\nwhen ${last}$"


def _relative(found: Influence, place: Place) -> Place:
    """Return a place with its time as it is said: relative to t in a general diagram."""
    if not found.general or place.time is None:
        return place
    return Place(place.name, Index("t", place.time - found.centre.time))


def _onward(found: Influence, layout: Layout) -> dict[Place, tuple[int, str]]:
    """Return the places whose influence goes on outside the drawing, with the direction in time."""
    onward = {}
    for place in found.places:
        outside = [u for u in found.graph.users[place] if u not in layout.boxes]
        if outside:
            later = any(u.time is None or u.time > (place.time or 0) for u in outside)
            onward[place] = (1 if later else -1, "…")
    return onward


def _legend(found: Influence, layout: Layout) -> str:
    parts = ["Filled: the quantity.", "Thick, orange: what it influences directly, the immediate derivatives."]
    parts.append("Thin, blue: the rest of the way to the loss.")
    parts += [LEGEND["loss"]] if "loss" in layout.kinds.values() else []
    parts += ["Dots: it goes on to other steps."] if _onward(found, layout) else []
    return " ".join(parts)


def _describe(found: Influence, layout: Layout) -> str:
    """Return the diagram in words."""

    def said(place: Place) -> str:
        return names.words(_relative(found, place))

    direct = [said(p) + (f" ({found.missing[p]})" if p in found.missing else "") for p in found.direct]
    ways = names.counted(len(direct), "quantity", "quantities")
    later = sorted(found.places, key=lambda p: p.time if p.time is not None else found.graph.T + 1)
    arrows = "a thick arrow" if len(direct) == 1 else "thick arrows"
    rest = [said(p) for p in later if p not in found.direct]
    text = f"{said(found.centre)} influences {ways} directly, shown by {arrows}: {names.listed(direct)}."
    if rest:
        text += f" From there thin arrows lead on through {names.listed(rest)}."
    losses = [said(p) for p in later if p.name == found.graph.network.loss]
    if losses:
        text += f" The loss is reached at {names.listed(losses)}."
    if onward := _onward(found, layout):
        text += f" From {names.listed(said(p) for p in later if p in onward)} it goes on to other steps."
    return text
