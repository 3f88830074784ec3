"""The unrolled network: every quantity at every step, and who influences whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bptt_lab.figures import names
from bptt_lab.figures.canvas import Drawn
from bptt_lab.figures.drawing import LEGEND, Look, network_figure
from bptt_lab.figures.layout import Layout, arrange, data_names, drawn_places, kind, parts
from bptt_lab.figures.marks import Path, marks_in_words, numbered_edges, read_paths
from bptt_lab.figures.routes import Edge
from bptt_lab.formulas.tree import Binary, Letter
from bptt_lab.network import Graph, Network, Place
from bptt_lab.network.expressions import names as names_in

SIDE_LEGEND = "At the side: the parameters that each row uses, the same at every step."
BELOW_LEGEND = "Below: the parameters that each column uses."
WEIGHT_LEGEND = "On an arrow: its weight."
MOST_WEIGHTS = 16  # more would hide the arrows
MARK_LEGEND = "Thick dashed arrows: the marked paths, numbered, each in its dashes; in ink where paths share them."
ONE_MARK_LEGEND = "Thick dashed arrows: the marked path."


def unrolled_network(graph: Graph, mark: Iterable = ()) -> Drawn:
    """Return (figure, description) of a network unrolled over the steps of its graph.

    `mark`: one path or several, each a tuple of places as `graph.paths` gives them.
    Errors: ValueError for a path that is not in the graph and for a graph too large to draw.
    """
    paths = read_paths(graph, mark)
    layout = laid_out(graph, paths)
    figure = network_figure(layout, marked_look(graph, layout, paths), _legend(graph, layout, paths))
    return figure, describe(graph, layout) + marks_in_words(paths)


def laid_out(graph: Graph, paths: tuple[Path, ...], scale: float = 1.0) -> Layout:
    """Return where the boxes go: everything but the parameters, and of those the marked ones.

    A small drawing leaves out what only the loss uses, the targets, where they are not marked.
    """
    marked = {p: None for path in paths for p in path}
    parameters = [p for p in marked if kind(graph, p) == "parameter"]
    drawn = [p for p in drawn_places(graph) if scale == 1 or p in marked or not is_target(graph, p)]
    return arrange(graph, [*parameters, *drawn], scale)


def is_target(graph: Graph, place: Place) -> bool:
    """Return whether a place is given and only the loss uses it."""
    return place in graph.leaves and all(u.name == graph.network.loss for u in graph.users[place])


def marked_look(graph: Graph, layout: Layout, paths: tuple[Path, ...], scale: float = 1.0) -> Look:
    """Return the labels of an unrolled network: parameters at the side, marked paths numbered."""
    edges, several = numbered_edges(paths), len(paths) > 1
    on = weights_on(graph, layout) if scale == 1 and not layout.horizontal else {}
    return Look(
        marked={edge: names.numbers(found) if several else "" for edge, found in edges.items()},
        hues={edge: found[0] - 1 if len(found) == 1 else None for edge, found in edges.items()} if several else {},
        strong=frozenset(place for path in paths for place in path),
        filled=frozenset(path[0] for path in paths),
        weights={edge: names.math(Place(weight)) for edge, weight in on.items()},
        side={} if scale < 1 else side_texts(graph.network, layout),
        scale=scale,
    )


def parameters_of(network: Network, name: str) -> list[str]:
    """Return the parameters in the equations of a quantity, that of a state before the first step included."""
    data, equations = data_names(network), [one for one in network.written.values() if one.name == name]
    used = dict.fromkeys(use.name for equation in equations for use in names_in(equation.expression))
    return [use for use in used if use in network.parameters and use not in data]


def weights_on(graph: Graph, layout: Layout) -> dict[Edge, str]:
    """Return the name of the weight of each arrow along which a parameter multiplies; none where they are too many."""
    found = {edge: weight for edge in layout.edges for weight in _weights(graph, edge)}
    return found if len(found) <= MOST_WEIGHTS else {}


def _weights(graph: Graph, edge: Edge) -> Iterator[str]:
    """Yield the parameters that multiply the start of an arrow in the equation of its end."""
    network, (start, end) = graph.network, edge
    for part in parts(network.equations[end.name].expression):
        if not isinstance(part, Binary) or part.operator not in "@*":
            continue
        weight, factor = part.left, part.right
        if isinstance(weight, Letter) and isinstance(factor, Letter) and factor.name == start.name:
            (use,) = names_in(factor)
            time = None if use.index is None else use.index.at(end.time, graph.T)
            if time == start.time and weight.name in network.parameters and weight.name not in data_names(network):
                yield weight.name


def side_texts(network: Network, layout: Layout) -> dict[float, tuple[str, ...]]:
    """Return the parameters of each row as mathtext, one line a quantity where a row has several."""
    found = {}
    for where, row in layout.rows.items():
        used = {name: names.math_list(parameters_of(network, name)) for name in row}
        several = len(row) > 1
        lines = [f"{names.math(Place(name))}: {text}" if several else text for name, text in used.items() if text]

        if lines:
            found[where] = tuple(lines)
    return found


def _legend(graph: Graph, layout: Layout, paths: tuple[Path, ...]) -> str:
    filled = {path[0] for path in paths}
    seen = {what for place, what in layout.kinds.items() if what != "parameter" or place not in filled}
    said = [text for what, text in LEGEND.items() if what in seen]
    if side_texts(graph.network, layout):
        said.append(BELOW_LEGEND if layout.horizontal else SIDE_LEGEND)
    if not layout.horizontal and weights_on(graph, layout):
        said.append(WEIGHT_LEGEND)
    if paths:
        said.append("Filled: where a marked path starts.")
    if any(len(path) > 1 for path in paths):
        said.append(MARK_LEGEND if len(paths) > 1 else ONE_MARK_LEGEND)
    return " ".join(said)


def describe(graph: Graph, layout: Layout) -> str:
    """Return what an unrolled network looks like, in words."""
    boxes, arrows = names.counted(len(layout.boxes), "box", "boxes"), names.counted(len(layout.edges), "arrow")
    rows = _rows_in_words(layout)
    if layout.horizontal:
        start = f"A network without time, drawn from left to right: {rows}. {boxes} and {arrows}."
    else:
        steps = names.counted(graph.T, "step")
        start = f"The network unrolled over {steps}, one column a step; rows from bottom to top: {rows}."
        start += f" {boxes} and {arrows}."
    states = [names.words(p) for p, what in layout.kinds.items() if what == "boundary"]
    if states:
        start += f" States given from outside: {names.listed(states)}."
    if graph.network.is_timed(graph.network.loss) and graph.T > 1:
        start += f" The loss is the sum of {graph.network.loss}(1) to {graph.network.loss}({graph.T})."
    used = {p: None for row in layout.rows.values() for name in row for p in parameters_of(graph.network, name)}
    if used:
        start += f" Parameters, written beside the rows that use them: {names.listed(used)}."
    return start + _weights_in_words(graph, layout)


def _weights_in_words(graph: Graph, layout: Layout) -> str:
    """Return which weight stands on which arrows, each pair of names once."""
    on = {} if layout.horizontal else weights_on(graph, layout)
    said = dict.fromkeys(f"{weight} from {start.name} to {end.name}" for (start, end), weight in on.items())
    return f" Weights on the arrows: {names.listed(said)}." if said else ""


def _rows_in_words(layout: Layout) -> str:
    """Return the names of the rows in order, those side by side joined by 'with'."""
    found: dict[float, dict[str, None]] = {}
    flipped = {place: (-y, x) if layout.horizontal else (x, y) for place, (x, y) in layout.boxes.items()}
    for place, (_, y) in sorted(flipped.items(), key=lambda item: item[1]):
        found.setdefault(round(y, 6), {})[place.name] = None
    return ", ".join(" with ".join(found[where]) for where in sorted(found))
