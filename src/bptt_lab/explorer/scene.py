"""Everything an explorer shows of a graph, as data: boxes, arrows, chain rules with their proofs, and the program."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import sympy

from bptt_lab.explorer.choices import choices
from bptt_lab.figures.layout import ROW, Layout, Point, arrange, drawn_places, kind
from bptt_lab.figures.names import words
from bptt_lab.figures.routes import route, routes
from bptt_lab.formulas.mathml import mathml
from bptt_lab.network import Graph, Network, Place
from bptt_lab.symbolic import definition, derive, letters, scalar_forms
from bptt_lab.symbolic.javascript import JavaScript
from bptt_lab.symbolic.scalar_printing import scalar_latex, scalar_text

PIXELS = 118  # an inch
EXTRA, SPREAD = 2, 1.3  # room in a box for numbers, and between the rows for arrows
Pool = Callable[[str], int]


def scene(graph: Graph, program: JavaScript, pool: Pool) -> dict[str, Any]:
    """Return the data of one graph; formulas are numbers of the pool, which keeps each of them once."""
    shown, number = drawing(graph, [place for place in graph.leaves if kind(graph, place) == "parameter"])
    for place, box in zip(number, shown["places"], strict=True):
        box["entries"] = [k for k, entry in enumerate(program.entries) if entry[:2] == place[:2]]
    return shown | {
        "entries": [_entry(graph, place, number) for place in program.entries],
        "edges": [[program.entries.index(below), program.entries.index(above)] for below, above in program.edges],
        "order": [number[place] for place in graph.order],
        "rules": [_rule(graph, place, program, pool) for place in program.entries],
    }


def drawing(graph: Graph, parameters: Sequence[Place]) -> tuple[dict[str, Any], dict[Place, int]]:
    """Return where boxes and arrows of a graph go, in pixels, some parameters with it; and the number of each place."""
    layout = laid_out(graph, parameters)
    shown = {
        "T": graph.T,
        "half": [round(side * PIXELS, 1) for side in layout.half],
        "places": [_place(layout, place) for place in layout.boxes],
        "arrows": [_arrow(graph, layout, edge, points) for edge, points in _routes(graph, layout).items()],
    }
    return shown, {place: k for k, place in enumerate(layout.boxes)}


def laid_out(graph: Graph, parameters: Sequence[Place]) -> Layout:
    """Return where the boxes go: as in the figures, and some parameters in a row of their own below."""
    layout = arrange(graph, drawn_places(graph), spread=SPREAD, extra=EXTRA)
    xs, ys = zip(*layout.boxes.values(), strict=True)
    pitch = max(2.4 * layout.half[0], (max(xs) - min(xs)) / max(1, len(parameters)))
    left, below = (min(xs) + max(xs) - pitch * (len(parameters) - 1)) / 2, min(ys) - 1.5 * ROW
    boxes = {place: (left + k * pitch, below) for k, place in enumerate(parameters)}
    kinds = {place: "parameter" for place in parameters}
    return layout._replace(boxes={**layout.boxes, **boxes}, kinds={**layout.kinds, **kinds})


def _routes(graph: Graph, layout: Layout) -> dict[tuple[Place, Place], np.ndarray]:
    """Return the route of every arrow; those of parameters are laid last, alone, for they are seen one by one."""
    quiet = [
        (place, user) for place, what in layout.kinds.items() if what == "parameter" for user in graph.users[place]
    ]
    return {**routes(layout), **{edge: route(layout, edge, []) for edge in quiet}}


def _place(layout: Layout, place: Place) -> dict[str, Any]:
    return {"say": words(place), "kind": layout.kinds[place], "at": _pixels(layout, layout.boxes[place])}


def _pixels(layout: Layout, point: Point) -> list[float]:
    """Return a point of the layout in pixels, from the top."""
    top = max(y for _, y in layout.boxes.values())
    return [round(float(point[0]) * PIXELS, 1), round((top - float(point[1])) * PIXELS, 1)]


def _arrow(graph: Graph, layout: Layout, edge: tuple[Place, Place], points: np.ndarray) -> dict[str, Any]:
    places = list(layout.boxes)
    return {
        "from": places.index(edge[0]),
        "to": places.index(edge[1]),
        "path": [_pixels(layout, point) for point in _thinned(points)],
        "middle": _pixels(layout, points[len(points) // 2]),
        "weight": _weight(graph, *edge),
    }


def _thinned(points: np.ndarray) -> np.ndarray:
    """Return a route with a tenth of its points, the ends included."""
    return points[np.unique(np.linspace(0, len(points) - 1, max(2, len(points) // 10)).round().astype(int))]


def _weight(graph: Graph, above: Place, below: Place) -> str:
    """Return the parameter that an arrow multiplies by, where the immediate derivative is one; nothing elsewhere."""
    network = graph.network
    ones = [letters.full(place, network) for place in (below, above)]
    if kind(graph, above) == "parameter" or network.shapes[above.name] not in ((), (1,)):
        return ""
    slope = scalar_forms.local_derivative(graph, *ones) if network.shapes[below.name] in ((), (1,)) else None
    is_weight = isinstance(slope, letters.Value) and slope.place.time is None
    return words(slope.place) if is_weight else ""  # type: ignore[union-attr]  # a weight has one


def _entry(graph: Graph, place: Place, number: Mapping[Place, int]) -> dict[str, Any]:
    """Return an entry: its box, its name; of what is given also its key, and the ends between which it moves."""
    short = letters.short(place, graph.network)
    found = {"place": number[Place(*place[:2])], "say": str(short)}
    if Place(*place[:2]) in graph.leaves:
        is_share = graph.network.targets.get(place.name) in ("probability", "distribution")
        found |= {"key": str(short), "ends": [0, 1] if is_share else [-2, 2]}
    return found


def _rule(graph: Graph, place: Place, program: JavaScript, pool: Pool) -> dict[str, Any]:
    """Return the chain rule of one entry: the goal, its terms, and the verdict on the derivation."""
    terms = scalar_forms.chain_terms(graph, place)
    equation = {"equation": pool(_equation(graph, place))} if Place(*place[:2]) in graph.keys else {}
    return equation | {
        "goal": pool(_math(letters.total(place, graph.network))),
        "name": pool(_math(letters.value(place, graph.network))),
        "terms": [_term(graph, term, place, program, pool) for term in terms],
        "verdict": pool(derive(graph, place.name, place.time, place.entry).verdict() if terms else ""),
    }


def _equation(graph: Graph, place: Place) -> str:
    found = definition(graph, place.name, place.time, place.entry)
    return mathml(f"{found.left_latex} = {scalar_latex(found.expression)}")


def _term(graph: Graph, term: scalar_forms.Term, place: Place, program: JavaScript, pool: Pool) -> dict[str, Any]:
    slope = scalar_forms.local_derivative(graph, term.user, place)
    found: dict[str, Any] = {
        "entry": program.entries.index(term.user),
        "edge": program.edges.index((term.user, place)),
        "rule": pool(_math(term.total * term.immediate)),
        "form": pool(_math(_product(term.total, slope))),
        "asks": pool(_math(term.immediate)),
    }
    if term.total == 1:
        found["unit"] = True
    if _is_single(graph.network, term.user) and _is_single(graph.network, place):
        found["choices"] = [_choice(choice, pool) for choice in choices(graph, term.user, place)]
    return found


def _product(total: sympy.Expr, slope: sympy.Expr) -> sympy.Expr:
    return sympy.Mul(total, slope, evaluate=False) if total != 1 and slope != 1 else total * slope


def _is_single(network: Network, place: Place) -> bool:
    return all(size == 1 for size in network.shapes[place.name])


def _choice(choice: Any, pool: Pool) -> dict[str, Any]:
    found: dict[str, Any] = {
        "math": pool(_math(choice.expression)),
        "text": re.sub(r"\[(-?\d+)\]", r"(\1)", scalar_text(choice.expression)),
    }
    return found | ({"says": pool(choice.says), "slip": choice.slip} if choice.says else {})


def _math(expression: sympy.Expr) -> str:
    return mathml(scalar_latex(expression))
