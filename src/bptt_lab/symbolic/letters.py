"""The letters of scalar forms, as SymPy symbols: values, total derivatives (d), immediate derivatives (∂⁺)."""

from __future__ import annotations

import sympy

from bptt_lab.network import Graph, Network, Place
from bptt_lab.symbolic import notation


class Value(sympy.Symbol):
    """One entry of a quantity."""

    place: Place

    def _latex(self, printer) -> str:
        return notation.place_latex(self.place)


class Total(sympy.Symbol):
    """The total derivative of the loss by one entry: through every path."""

    place: Place
    loss: str

    def _latex(self, printer) -> str:
        if notation.is_preactivation(self.place.name):
            return notation.delta_latex(self.place)
        return notation.total_latex(self.place, self.loss)


class Immediate(sympy.Symbol):
    """The immediate derivative of one entry by another: everything else held fixed."""

    below: Place
    above: Place

    def _latex(self, printer) -> str:
        return notation.immediate_latex(self.below, self.above)


def short(place: Place, network: Network) -> Place:
    """Return a place without its entry where the quantity has a single one."""
    single = all(size == 1 for size in network.shapes[place.name])
    return Place(place.name, place.time) if single else Place(*place[:3])


def full(place: Place, network: Network) -> Place:
    """Return a place with its entry, also where the quantity has a single one."""
    return Place(place.name, place.time, place.entry or (1,) * len(network.shapes[place.name]))


def value(place: Place, network: Network) -> Value:
    """Return the symbol of one entry."""
    place = short(place, network)
    symbol = sympy.Symbol.__new__(Value, str(place), real=True)
    symbol.place = place
    return symbol


def total(place: Place, network: Network) -> Total:
    """Return the symbol of the total derivative of the loss by one entry."""
    place = short(place, network)
    symbol = sympy.Symbol.__new__(Total, f"D({network.loss},{place})", real=True)
    symbol.place, symbol.loss = place, network.loss
    return symbol


def immediate(below: Place, above: Place, network: Network) -> Immediate:
    """Return the symbol of the immediate derivative of one entry by another."""
    below, above = short(below, network), short(above, network)
    symbol = sympy.Symbol.__new__(Immediate, f"d({below},{above})", real=True)
    symbol.below, symbol.above = below, above
    return symbol


def entry_place(graph: Graph, name: str, t: int | None, entry: int | tuple[int, ...] | None) -> Place:
    """Return one entry of a quantity as a place; the entry may be left out where there is only one (errors: NetworkError)."""
    place = graph.place(name, t)
    shape = graph.network.shapes[name]
    if entry is None:
        entry = (1,) * len(shape)
    return Place(name, place.time, graph.entry_of(name, entry))
