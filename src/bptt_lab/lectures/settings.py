"""The networks of the lectures, each in its own letters, and the points at which its formulas are tried."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

from bptt_lab import formulas
from bptt_lab.network import Graph, Network
from bptt_lab.network.scalars import FLOATS
from bptt_lab.network.values import unpack
from bptt_lab.symbolic import worlds
from bptt_lab.symbolic.values import Scene

POINTS = 2


@dataclass(frozen=True)
class Setting:
    """A network in a lecture's own letters, at sizes that are all different, unrolled over T steps.

    `leaves` gives values by key where random ones would not do; `one_hot` is the class that is active in the targets
    of a negative log-likelihood (0: targets are random probabilities). `ranges` says over which whole numbers, both
    ends included, a free index runs; `constants` gives names to numbers such as tau, the last step.
    """

    text: str
    sizes: Mapping[str, int | tuple[int, ...]]
    T: int
    ranges: Mapping[str, tuple[int, int]]
    constants: Mapping[str, int] = field(default_factory=dict)
    leaves: Mapping[str, object] = field(default_factory=dict)
    one_hot: int = 0

    @cached_property
    def graph(self) -> Graph:
        """The influence graph."""
        return Network(self.text, sizes=self.sizes).unroll(self.T)

    @cached_property
    def language(self) -> formulas.Language:
        """The words a formula of this lecture may use."""
        return formulas.Language(self.graph.network, (*self.ranges, *self.constants, "T"))

    @cached_property
    def scenes(self) -> tuple[Scene, ...]:
        """The points at which formulas are tried, in float64: random ones, or the one given by `leaves`."""
        if self.leaves:
            draws = [unpack(self.graph, self.leaves)]
        else:
            draws = [self._one_hot(worlds.draw_leaves(self.graph, f"ledger {k}")) for k in range(POINTS)]
        return tuple(Scene(worlds.make_world(self.graph, leaves, FLOATS)) for leaves in draws)

    def _one_hot(self, leaves: dict) -> dict:
        """Return leaves with the targets of the negative log-likelihood set to one class, where there is one."""
        if not self.one_hot:
            return leaves
        targets = self.graph.network.targets
        return {
            place: Fraction(int(place.entry == (self.one_hot,))) if targets.get(place.name) == "distribution" else value
            for place, value in leaves.items()
        }
