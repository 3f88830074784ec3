"""What may be chosen for an immediate derivative: the right one, and slips of the catalogue beside it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import NamedTuple

import sympy

from bptt_lab.exercises.mistakes.catalogue import CATALOGUE
from bptt_lab.exercises.mistakes.edge_changes import RULES
from bptt_lab.figures.names import words
from bptt_lab.formulas.functions import ROWS
from bptt_lab.formulas.tree import Call
from bptt_lab.formulas.tree import Letter as Named
from bptt_lab.network import Graph, Place
from bptt_lab.symbolic import letters, scalar_forms

MOST_WRONG = 3


class Choice(NamedTuple):
    """An expression to choose, what is said of it, and its slip's id or name; the right one has neither."""

    expression: sympy.Expr
    says: str = ""
    slip: str = ""


def choices(graph: Graph, below: Place, above: Place) -> list[Choice]:
    """Return the immediate derivative of one entry by another among slips, in an order that is always the same."""
    right = scalar_forms.local_derivative(graph, below, above)
    found = {sympy.expand(right): Choice(right)}
    for slip in _slips(graph, below, above, right):
        if len(found) <= MOST_WRONG:
            found.setdefault(sympy.expand(slip.expression), slip)
    shown = list(found.values())
    random.Random(f"{below} {above}").shuffle(shown)
    return shown


def _slips(graph: Graph, below: Place, above: Place, right: sympy.Expr) -> Iterator[Choice]:
    yield from _of_the_loss(graph, below, right)
    yield from _of_the_activation(graph, below, above)
    yield from _at_another_step(graph, below, above, right)
    yield from _of_another_letter(graph, below, above)
    says = f"The sign is wrong. Which sign has {words(above)} in the equation of {words(below)}?"
    yield Choice(-right, says, "wrong sign")


def _catalogued(mistake: str, expression: sympy.Expr, **slots: str) -> Choice:
    row = CATALOGUE[mistake]
    return Choice(expression, f"{row.says.format(**slots)} {row.asks.format(**slots)}", mistake)


def _of_the_loss(graph: Graph, below: Place, right: sympy.Expr) -> Iterator[Choice]:
    if below.name != graph.network.loss:
        return
    targets = [s for s in right.free_symbols if isinstance(s, letters.Value) and s.place.name in graph.network.inputs]
    yield _catalogued("D2", -right)
    for target in targets:
        yield _catalogued("D1", right.xreplace({target: sympy.Integer(0)}), target=words(target.place))
    yield _catalogued("D6", 2 * right)


def _of_the_activation(graph: Graph, below: Place, above: Place) -> Iterator[Choice]:
    """Yield wrong slopes of an activation, where the equation is one of its argument alone."""
    formula = graph.equation(Place(*below[:2])).expression
    if not isinstance(formula, Call) or ROWS[formula.function].kind != "entry":
        return
    if not isinstance(formula.arguments[0], Named):
        return
    argument, value = (letters.value(place, graph.network) for place in (above, below))
    for mistake, rule in RULES:
        try:
            slip = sympy.nsimplify(rule(formula.function, argument, value))
        except TypeError:  # a rule that needs a number
            continue
        yield _catalogued(mistake, slip, equation=words(below))


def _at_another_step(graph: Graph, below: Place, above: Place, right: sympy.Expr) -> Iterator[Choice]:
    """Yield what stands there where each letter is read a step later or earlier."""
    for letter in sorted((s for s in right.free_symbols if isinstance(s, letters.Value)), key=str):
        for shift in (1, -1):
            place = letter.place
            if place.time is not None and graph.has(place.name, place.time + shift):
                other = letters.value(place._replace(time=place.time + shift), graph.network)
                says = f"{words(other.place)} does not stand in the equation of {words(below)}."
                says += f" Which value does {words(above)} meet there?"
                yield Choice(right.xreplace({letter: other}), says, "another step")


def _of_another_letter(graph: Graph, below: Place, above: Place) -> Iterator[Choice]:
    """Yield the immediate derivatives by the other letters of the same equation."""
    for parent in graph.parents[Place(*below[:2])]:
        other = letters.full(parent, graph.network)
        if other != above:
            slope = scalar_forms.local_derivative(graph, below, other)
            says = f"That is the immediate derivative of {words(below)} by {words(other)}."
            yield Choice(slope, says, "another letter")
