"""All gradients of a graph as one straight line of SymPy assignments, and compiled to NumPy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import sympy
from sympy.printing.numpy import NumPyPrinter
from sympy.printing.precedence import PRECEDENCE

from bptt_lab.network import Graph, Place
from bptt_lab.network.scalars import FLOATS, entries
from bptt_lab.network.values import pack, unpack
from bptt_lab.symbolic import letters
from bptt_lab.symbolic.scalar_forms import at_time, part_derivatives, part_template, product

Assignment = tuple[sympy.Symbol, sympy.Expr]
FUNCTIONS = {**FLOATS.functions, "softmax_picked": lambda entry, *u: FLOATS.functions["softmax"](*u, entry=entry)}


class Program(NamedTuple):
    """The forward pass and the chain rule of a graph, one assignment a letter, each using only letters above it."""

    graph: Graph
    forward: tuple[Assignment, ...]
    backward: tuple[Assignment, ...]

    def compiled(self) -> Callable[[Mapping[str, Any]], dict[str, np.ndarray]]:
        """Return a function `values -> gradients`, as `graph.gradients`, made by SymPy's lambdify.

        Where a number leaves the floats, such as the logarithm of a zero that a target of zero wipes out, the graph
        itself computes the gradients, or says which equation, entry and step has none (errors: NetworkError).
        """
        graph, network = self.graph, self.graph.network
        places = [Place(p.name, p.time, e) for p, shape in graph.leaves.items() for e in entries(shape)]
        printer = _Identifiers()
        arguments = [sympy.Symbol(printer.doprint(letters.value(place, network))) for place in places]
        totals = [letters.total(place, network) for place in places]
        lines = [*self.forward, *self.backward]
        function = sympy.lambdify(
            arguments,
            totals,
            [FUNCTIONS, "numpy"],
            printer=printer,
            cse=lambda _: (lines, totals),
            docstring_limit=0,
        )

        def gradients(values: Mapping[str, Any]) -> dict[str, np.ndarray]:
            leaves = unpack(graph, values)
            try:
                found = function(*(leaves[place] for place in places))
            except (ArithmeticError, ValueError):
                return graph.gradients(values)
            if not np.isfinite(found).all():
                return graph.gradients(values)
            return pack(graph, dict(zip(places, found, strict=True)), values)

        return gradients


class _Identifiers(NumPyPrinter):
    """NumPy code in which every letter of the course is a short identifier."""

    def __init__(self) -> None:
        super().__init__({"fully_qualified_modules": False, "allow_unknown_functions": True})
        self.names: dict[str, str] = {}

    def _print_Symbol(self, symbol: sympy.Symbol) -> str:
        return self.names.setdefault(symbol.name, f"v{len(self.names)}")

    def _print_Mul(self, product: sympy.Mul) -> str:
        # every factor in its place: the general printer's search for fractions takes most of the time
        return "*".join(self._part(factor, PRECEDENCE["Mul"]) for factor in product.args)

    def _print_Add(self, total: sympy.Add) -> str:
        # a negative product needs no brackets after a plus
        return " + ".join(
            self._print(term) if term.is_Mul else self._part(term, PRECEDENCE["Add"]) for term in total.args
        )

    def _part(self, part: sympy.Expr, precedence: int) -> str:
        return self._print_Symbol(part) if part.is_Symbol else self.parenthesize(part, precedence)

    def doprint(self, expression: sympy.Expr) -> str:
        # the lines are expressions and nothing else: no search for what SymPy left unevaluated
        return self._print(sympy.sympify(expression))


def gradients(graph: Graph) -> Program:
    """Return the program of all gradients of a graph; its cost grows linearly with the edges of the graph.

    What an equation leaves unnamed has lines of its own.
    """
    forward, terms = [], {}
    for place in graph.order:
        key = graph.keys[place]
        for part, entry in graph.parts(place).entries:
            right = at_time(graph, part_template(graph.network, key, part, entry), place.time)
            forward.append((letters.value(Place(part, place.time, entry), graph.network), right))
    backward = []
    for place in reversed(graph.order):
        for part in reversed(graph.parts(place).trees):
            one = Place(part, place.time)
            backward += _totals_of(graph, one, terms)
            _add_terms(graph, graph.keys[place], one, terms)
    for leaf in graph.leaves:
        backward += _totals_of(graph, leaf, terms)
    return Program(graph, tuple(forward), tuple(backward))


def _totals_of(graph: Graph, place: Place, terms: dict[Place, list[sympy.Expr]]) -> list[Assignment]:
    """Return the total derivative of each entry of a place: the sum of what its users have sent back."""
    own = [sympy.Integer(1)] if place.name == graph.network.loss else []
    places = [Place(place.name, place.time, entry) for entry in entries(graph.network.shape(place.name))]
    return [(letters.total(one, graph.network), sympy.Add(*terms.get(one, []), *own)) for one in places]


def _add_terms(graph: Graph, key: str, place: Place, terms: dict[Place, list[sympy.Expr]]) -> None:
    """Send the total derivative of each entry back along its edges."""
    for entry in entries(graph.network.shape(place.name)):
        total = letters.total(Place(place.name, place.time, entry), graph.network)
        for letter, slope in part_derivatives(graph.network, key, place.name, entry).items():
            above = graph.resolve(letter, place.time)
            terms.setdefault(above, []).append(product(total, at_time(graph, slope, place.time)))
