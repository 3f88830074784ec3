"""What reaches what: random numbers for a network, and the paths from its inputs to its outputs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from bptt_lab.network import Graph, Place


def random_values(graph: Graph, seed: int = 0) -> dict[str, np.ndarray]:
    """Return numbers of one decimal for all that a graph is given, initial states too: `values` for `graph.forward`."""
    rng, inputs = np.random.default_rng(seed), graph.network.inputs
    shapes = {
        graph.key(place): (graph.T, *shape) if place.name in inputs else shape for place, shape in graph.leaves.items()
    }
    return {key: rng.integers(-9, 10, shape) / 10 for key, shape in shapes.items()}


class Paths(NamedTuple):
    """How many paths lead from each given vector to each output, and to the loss: `counts[output, start]`."""

    starts: tuple[Place, ...]
    outputs: tuple[Place, ...]
    counts: np.ndarray
    to_loss: tuple[int, ...]

    @property
    def _rows(self) -> list[tuple[str, ...]]:
        rows = [(str(end), *(str(n or "–") for n in row)) for end, row in zip(self.outputs, self.counts, strict=True)]
        return [("paths to", *map("from {}".format, self.starts)), *rows, ("the loss", *map(str, self.to_loss))]

    def _repr_markdown_(self) -> str:
        first, *rows = [f"| {' | '.join(row)} |" for row in self._rows]
        return "\n".join([first, "|:--" + "|--:" * len(self.starts) + "|", *rows])

    def __repr__(self) -> str:
        widths = [max(map(len, column)) for column in zip(*self._rows, strict=True)]
        return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in self._rows)


def paths_to(graph: Graph, output: str, *starts: str) -> Paths:
    """Return how many paths lead from inputs and initial states to each step of an output, and to the loss.

    `starts`: names of inputs; x where none is named. Errors: NetworkError for names that the graph does not have.
    """
    named = starts or ("x",)
    for name in (output, *named):
        graph.network.check_name(name)
    given = [place for place in graph.leaves if place.name in named or graph.key(place) in graph.boundaries]
    given.sort(key=lambda place: (place.name in named, place.name, place.time or 0))
    ends = sorted((place for place in graph.order if place.name == output), key=lambda place: place.time or 0)
    found = [_ways(graph, start) for start in given]
    counts = np.array([[ways.get(end, 0) for ways in found] for end in ends])
    losses = [place for place in graph.order if place.name == graph.network.loss]
    return Paths(tuple(given), tuple(ends), counts, tuple(sum(ways.get(end, 0) for end in losses) for ways in found))


def _ways(graph: Graph, start: Place) -> dict[Place, int]:
    """Return the number of paths from a place to every other that it reaches: the sum over what stands before it."""
    ways = {start: 1}
    for place in graph.order:
        if place != start:
            ways[place] = sum(ways.get(parent, 0) for parent in graph.parents[place])
    return ways
