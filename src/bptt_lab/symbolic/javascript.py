"""A graph as a program in JavaScript: every line is a scalar form, printed by SymPy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import sympy
from sympy.printing.jscode import JavascriptCodePrinter

from bptt_lab.network import Graph, Place
from bptt_lab.network.scalars import entries
from bptt_lab.symbolic import letters, scalar_forms

Edge = tuple[Place, Place]


class JavaScript(NamedTuple):
    """The text of a program, the entries whose values are `v` and whose totals are `d`, the edges whose slopes are `m`.

    The program is an object of functions: `forward(v)` fills the computed values, `slopes(v, m)` the immediate
    derivatives (below, above), `backward(m, d)` the total derivatives, and `loss(v)` returns the loss.
    """

    text: str
    entries: tuple[Place, ...]
    edges: tuple[Edge, ...]


def javascript(graph: Graph) -> JavaScript:
    """Return a graph as a program, forward and backward, for numbers that are not batched."""
    places = (*graph.leaves, *graph.order)
    found = tuple(
        place._replace(entry=entry) for place in places for entry in entries(graph.network.shapes[place.name])
    )
    edges = tuple((below, above) for above in found for below in scalar_forms.influenced_entries(graph, above))
    printer = _Printer(graph, found, edges)
    functions = {
        "forward(v)": _assignments("v", printer.forward()),
        "slopes(v, m)": _assignments("m", printer.slopes()),
        "backward(m, d)": _assignments("d", printer.backward()),
        "loss(v)": [f"return {' + '.join(f'v[{printer.number[entry]}]' for entry in graph.loss_entries)};"],
    }
    parts = [f"{head} {{\n{chr(10).join(lines)}\n}}" for head, lines in functions.items()]
    return JavaScript("{\n" + ",\n".join(parts) + "\n}", found, edges)


def _assignments(array: str, codes: Mapping[int, str]) -> list[str]:
    return [f"{array}[{k}] = {code};" for k, code in codes.items()]


class _Printer(JavascriptCodePrinter):
    """Prints scalar forms with letters as entries of arrays: values `v`, totals `d`, immediate derivatives `m`."""

    def __init__(self, graph: Graph, found: tuple[Place, ...], edges: tuple[Edge, ...]) -> None:
        super().__init__()
        self.graph = graph
        self.number = {place: k for k, place in enumerate(found)}
        self.edge = {edge: k for k, edge in enumerate(edges)}

    def forward(self) -> dict[int, str]:
        """Return the code of every computed entry, in an order in which they can be computed."""
        return {k: self.doprint(form) for k, form in self._computed()}

    def _computed(self) -> Iterator[tuple[int, sympy.Expr]]:
        network = self.graph.network
        for place, k in self.number.items():
            if (key := self.graph.keys.get(Place(*place[:2]))) is not None:
                definition = network.definition(key, place.entry)
                yield k, scalar_forms.in_full(self.graph, definition, place.time)

    def slopes(self) -> dict[int, str]:
        """Return the code of every immediate derivative."""
        return {k: self.doprint(scalar_forms.slope_in_full(self.graph, *edge)) for edge, k in self.edge.items()}

    def backward(self) -> dict[int, str]:
        """Return the code of every total derivative, the latest first."""
        return {k: self.doprint(self._chain_rule(place)) for place, k in reversed(self.number.items())}

    def _chain_rule(self, place: Place) -> sympy.Expr:
        return scalar_forms.chain_rule(self.graph, place.name, place.time, place.entry)

    def _print_Value(self, letter: letters.Value) -> str:
        return f"v[{self.number[self._full(letter.place)]}]"

    def _print_Total(self, letter: letters.Total) -> str:
        return f"d[{self.number[self._full(letter.place)]}]"

    def _print_Immediate(self, letter: letters.Immediate) -> str:
        return f"m[{self.edge[self._full(letter.below), self._full(letter.above)]}]"

    def _full(self, place: Place) -> Place:
        return letters.full(place, self.graph.network)
