"""An explorer as a piece of HTML: alive wherever scripts run, a picture with its words where they do not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure

from bptt_lab.explorer.diary import listen
from bptt_lab.explorer.scene import scene
from bptt_lab.figures import unrolled_network
from bptt_lab.figures.canvas import html
from bptt_lab.network import Graph, Network, NetworkError
from bptt_lab.network.scalars import entries
from bptt_lab.symbolic import letters
from bptt_lab.symbolic.javascript import JavaScript, javascript
from bptt_lab.symbolic.worlds import draw_leaves
from bptt_lab.waiting import line

if TYPE_CHECKING:
    from bptt_lab.network import Place

MOST_ENTRIES = 200  # values in the longest unrolled network: more cannot be read, and each has its proof
MOST_STEPS = 8
MODULE = ("parts", "numbers", "picture", "diary", "explorer", "game", "walk", "curves", "start")
ALIVE = "Where a page may run scripts, this picture answers."


class Explorer:
    """Something to explore, a network or a derivation: a notebook shows it as it is, `html()` returns it for a page."""

    def __init__(self, data: Mapping[str, Any], programs: Mapping[int, JavaScript], twin: tuple[Figure, str]) -> None:
        self.data, self.programs, self.words, self.twin = data, programs, twin[1], html(*twin, ALIVE, density=1)

    def html(self) -> str:
        """Return the explorer as HTML that loads nothing: a picture, and the module that puts life into it."""
        return self._page("")

    def _page(self, attributes: str) -> str:
        data = json.dumps(self.data, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")
        programs = ",\n".join(f"{T}: {program.text}" for T, program in self.programs.items())
        name = "explorer-" + hashlib.sha256((data + programs).encode()).hexdigest()[:12]
        roots = f"document.querySelectorAll('[data-explorer=\"{name}\"]:not([data-alive])')"
        start = f"{roots}.forEach((root) => mount(root, {data}, {{{programs}}}));"
        return (
            f'<div class="bptt-explorer" data-explorer="{name}"{attributes}>{self.twin}</div>\n'
            f'<style>\n{_source("explorer.css")}</style>\n<script type="module">\n{module()}\n{start}\n</script>'
        )

    def _repr_html_(self) -> str:
        kernel = listen() if self.data.get("plays") else ""
        return self._page(f' data-kernel="{kernel}"' if kernel else "")

    def __repr__(self) -> str:
        return f"To explore: {self.words}"


def module() -> str:
    """Return the module of JavaScript that puts life into an explorer, one text of the files in `module`."""
    return "\n".join(_source(f"{name}.js") for name in MODULE)


def _source(name: str) -> str:
    """Return a file of `module` without comments and indentation, which every stored notebook would repeat."""
    lines = (resources.files(__package__) / "module" / name).read_text(encoding="utf-8").splitlines()
    return "\n".join(text for line in lines if (text := line.strip()) and not text.startswith("//"))


def explore(
    network: Network, T: int = 3, values: Mapping[str, Any] | None = None, start: str = "", steps: Sequence[int] = ()
) -> Explorer:
    """Return an explorer of a network unrolled over T steps.

    `values`: numbers to begin with, by name as in `graph.forward`; readable ones are chosen for what is missing.
    `start`: the quantity that is chosen first, as h1(2); `steps`: the values that T can take, from 1 to T without it.
    Errors: NetworkError for a network too large to be read, ValueError for values that fit nothing.
    """
    every = sorted({*(steps or range(network.fewest_steps, T + 1)), T})
    graphs = {T: _checked(network.unroll(T)) for T in every}
    programs = {T: javascript(graph) for T, graph in graphs.items()}
    pool: dict[str, int] = {}
    keep = lambda text: pool.setdefault(text, len(pool))
    scenes = {T: scene(graph, programs[T], keep) for T, graph in _told(graphs)}
    numbers = _numbers(graphs[every[-1]], values or {})
    data = {"T": T, "start": _start(graphs[T], start), "graphs": scenes, "pool": list(pool), "values": numbers}
    return Explorer(data | {"plays": _plays(scenes[T])}, programs, unrolled_network(graphs[T]))


def _told(graphs: Mapping[int, Graph]) -> Iterator[tuple[int, Graph]]:
    """Yield the graphs by their steps, and say meanwhile which one is derived."""
    for T, graph in graphs.items():
        line.say(f"deriving every chain rule at T = {T}")
        yield T, graph
    line.say("")


def _checked(graph: Graph) -> Graph:
    shapes = graph.network.shapes
    count = sum(len(entries(shapes[place.name])) for place in (*graph.leaves, *graph.order))
    if count > MOST_ENTRIES or graph.T > MOST_STEPS:
        raise NetworkError(
            f"Unrolled over {graph.T} steps the network has {count} numbers; {MOST_ENTRIES} numbers and {MOST_STEPS} "
            "steps can be explored.",
            "Give smaller sizes or a smaller T.",
        )
    return graph


def _start(graph: Graph, start: str) -> str:
    """Return the quantity that is chosen first: a computed one in the middle, if none is named."""
    named = {str(place): place for place in (*graph.leaves, *graph.order)}
    if start and start not in named:
        raise ValueError(f"start is {start!r}, no quantity of this network. Write one as {next(iter(named))!r}.")
    return start or str(graph.order[len(graph.order) // 2])


def _numbers(graph: Graph, values: Mapping[str, Any]) -> dict[str, float]:
    """Return a number for every given entry, by its key: as in `values`, or a readable one."""
    drawn, found = draw_leaves(graph, "explorer"), {}
    for place in drawn:
        array = values.get(graph.key(place._replace(entry=())), values.get(place.name))
        found[str(letters.short(place, graph.network))] = float(_one(graph, place, array, drawn[place]))
    return found


def _one(graph: Graph, place: Place, array: Any, otherwise: Fraction) -> Any:
    if array is None:
        return otherwise
    array = np.asarray(array, float)
    if place.time is not None and place.name in graph.network.inputs and 1 <= place.time <= graph.T:
        if place.time > len(array):
            return otherwise
        array = array[place.time - 1]
    return array.reshape(graph.network.shapes[place.name])[tuple(k - 1 for k in place.entry)]


def _plays(shown: Mapping[str, Any]) -> list[str]:
    """Return the quantities that can be derived by hand: those whose chain rule has choices at every arrow."""
    rules, places = shown["rules"], shown["places"]
    single = [place for place in places if len(place["entries"]) == 1 and place["kind"] != "loss"]
    playable = {
        p["say"] for p in single if (terms := rules[p["entries"][0]]["terms"]) and all("choices" in t for t in terms)
    }
    return sorted(playable)
