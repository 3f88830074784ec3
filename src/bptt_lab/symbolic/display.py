"""Formulas for the screen: what is shown is the object that was derived."""

from __future__ import annotations

from typing import NamedTuple

import sympy

from bptt_lab.formulas.printing import equations_latex
from bptt_lab.network import Graph, Network
from bptt_lab.symbolic import letters, notation, scalar_forms
from bptt_lab.symbolic.scalar_printing import scalar_latex, scalar_text


class Formula(NamedTuple):
    """A left side as LaTeX and text, and the SymPy expression it equals."""

    left_latex: str
    left_text: str
    expression: sympy.Expr

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.left_latex} = {scalar_latex(self.expression)}$"

    def __repr__(self) -> str:
        return f"{self.left_text} = {scalar_text(self.expression)}"


class Equations(NamedTuple):
    """The equations of a network, as a lecture writes them."""

    network: Network

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {equations_latex(self.network)}$"

    def __repr__(self) -> str:
        return "\n".join(equation.source for equation in self.network.written.values())


def equations(network: Network) -> Equations:
    """Return the equations of a network for the screen."""
    return Equations(network)


def definition(graph: Graph, name: str, t: int | None = None, entry: int | tuple[int, ...] | None = None) -> Formula:
    """Return one entry of a quantity and the equation that defines it, in scalars."""
    place = letters.short(letters.entry_place(graph, name, t, entry), graph.network)
    return Formula(notation.place_latex(place), str(place), scalar_forms.right_side(graph, name, t, entry))


def chain_rule(graph: Graph, name: str, t: int | None = None, entry: int | tuple[int, ...] | None = None) -> Formula:
    """Return the total derivative of the loss by one entry and its chain rule: total times immediate, summed."""
    return _total(graph, name, t, entry, scalar_forms.chain_rule(graph, name, t, entry))


def scalar_form(graph: Graph, name: str, t: int | None = None, entry: int | tuple[int, ...] | None = None) -> Formula:
    """Return the total derivative of the loss by one entry in deltas and values: immediate derivatives put in."""
    return _total(graph, name, t, entry, scalar_forms.scalar_form(graph, name, t, entry))


def unrolled(
    graph: Graph, name: str, t: int | None = None, entry: int | tuple[int, ...] | None = None, *, values: bool = False
) -> Formula:
    """Return the total derivative of the loss by one entry with no total derivative left in it."""
    return _total(graph, name, t, entry, scalar_forms.unrolled(graph, name, t, entry, values=values))


def _total(
    graph: Graph, name: str, t: int | None, entry: int | tuple[int, ...] | None, expression: sympy.Expr
) -> Formula:
    place = letters.short(letters.entry_place(graph, name, t, entry), graph.network)
    loss = graph.network.loss
    return Formula(notation.total_latex(place, loss), f"D({loss},{place})", expression)
