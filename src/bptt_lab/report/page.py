"""What a page about a network holds, whatever it is written in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from bptt_lab.network import Graph, Network, NetworkError, Place
from bptt_lab.network.graph import MOST_PATHS
from bptt_lab.symbolic import Derivation, DerivationError, derive_vector, numpy_source
from bptt_lab.symbolic.verdicts import PROVED, weakest

TITLE = "A network and its derivatives"


class Influence(NamedTuple):
    """The places that a quantity influences directly, and by how many paths the loss: None where they are too many."""

    places: tuple[Place, ...]
    paths: int | None

    def words(self, code: Callable[[str], str]) -> str:
        """Return this in words, each place as `code` writes it."""
        found = ", ".join(code(str(place)) for place in self.places) or "nothing; it is the end"
        if self.paths is None:
            return f"{found}; more than {MOST_PATHS} paths lead to the loss"
        return found + (f"; {self.paths} path{'s' * (self.paths != 1)} to the loss" if self.paths else "")


@dataclass(frozen=True)
class Page:
    """The parts of a page.

    `influences` holds for each quantity what it reaches and by how many paths the loss; `derivations` holds the
    derivation of each gradient, or why there is none; `program` a module's text, unless `no_program` says why not.
    """

    graph: Graph
    influences: Mapping[str, Influence]
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
    influences = {name: _influence(graph, name) for name in network.shapes}
    return Page(graph, influences, derivations, *_program(network))


def _influence(graph: Graph, name: str) -> Influence:
    """Return what a quantity influences; its paths are counted from the first step at which it stands."""
    places = graph.network.influences(name)
    times = [place.time for place in (*graph.leaves, *graph.order) if place.name == name]
    try:
        count = len(graph.paths(name, min(times) if None not in times else None))
    except NetworkError:
        return Influence(places, None)
    return Influence(places, 0 if name == graph.network.loss else count)


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
