"""What a page about a network holds, whatever it is written in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from bptt_lab.network import Graph, Network, NetworkError
from bptt_lab.network.graph import MOST_PATHS
from bptt_lab.symbolic import Derivation, DerivationError, derive_vector, numpy_source
from bptt_lab.symbolic.verdicts import PROVED, weakest


@dataclass(frozen=True)
class Page:
    """The parts of a page.

    `influences` says for each quantity what it reaches and by how many paths the loss; `derivations` holds the
    derivation of each gradient, or why there is none; `program` a module's text, unless `no_program` says why not.
    """

    graph: Graph
    influences: Mapping[str, str]
    derivations: Mapping[str, Derivation | str]
    program: str
    no_program: str

    @property
    def network(self) -> Network:
        """The network the page is about."""
        return self.graph.network

    @cached_property
    def drawing(self) -> tuple[bytes, str] | str:
        """The drawing of the network, the bytes of a PNG file and its description in words; or why there is none."""
        from bptt_lab import figures  # Matplotlib takes half a second: not for a page without it

        try:
            figure, description = figures.unrolled_network(self.graph)
        except ValueError as error:
            return str(error)
        return figures.png(figure), description

    def checks(self) -> Iterator[str]:
        """Yield what was checked, a sentence each."""
        found = [one for one in self.derivations.values() if isinstance(one, Derivation)]
        lines, T = sum(len(one.lines) for one in found), self.graph.T
        yield f"{len(found)} of {len(self.derivations)} derivations, {lines} lines, each checked in {T} steps."
        if found:
            least = weakest(one.strength for one in found)
            yield "Every one is proved, none on samples alone." if least == PROVED else f"The weakest of them: {least}."
        if self.program:
            yield "The program was run with small sizes; values and gradients are those of the graph."


def made(network: Network, T: int = 4) -> Page:
    """Return the page of a network: derivations are checked in T steps, in matrix algebra, gradient layout.

    Errors: NetworkError for fewer than one step.
    """
    graph = network.unroll(T)
    derivations = {name: _derivation(graph, name) for name in network.shapes}
    influences = {name: _influences(graph, name) for name in network.shapes}
    return Page(graph, influences, derivations, *_program(network))


def _influences(graph: Graph, name: str) -> str:
    places = ", ".join(f"`{place}`" for place in graph.network.influences(name))
    return (places or "nothing; it is the end") + _paths(graph, name)


def _paths(graph: Graph, name: str) -> str:
    """Return the number of paths from the first step at which a quantity stands, where they can be counted."""
    times = [place.time for place in (*graph.leaves, *graph.order) if place.name == name]
    try:
        count = len(graph.paths(name, min(times) if None not in times else None))
    except NetworkError:
        return f"; more than {MOST_PATHS} paths lead to the loss"
    return f"; {count} path{'s' * (count != 1)} to the loss" if count and name != graph.network.loss else ""


def _derivation(graph: Graph, name: str) -> Derivation | str:
    try:
        return derive_vector(graph, name, layout="gradient")
    except NetworkError as error:
        return error.what
    except DerivationError as error:
        return str(error)


def _program(network: Network) -> tuple[str, str]:
    try:
        return numpy_source(network), ""
    except NetworkError as error:
        return "", error.what
