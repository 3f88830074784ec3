"""Claims: formulas as somebody typed them, each held against what the network says."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from bptt_lab.formulas import FormulaError
from bptt_lab.formulas.shapes import shape_of
from bptt_lab.network import Graph
from bptt_lab.symbolic.derivations import TypedForm, typed
from bptt_lab.symbolic.verdicts import OTHER_SHAPES, Verdict, decide
from bptt_lab.symbolic.worlds import float_worlds


class Claim(NamedTuple):
    """One claim: what it is called, the formula, and the verdict on it."""

    name: str
    form: TypedForm
    verdict: Verdict

    @property
    def holds(self) -> bool:
        """Whether the formula was shown to be the same as the goal."""
        return self.verdict.outcome == "same"

    @property
    def words(self) -> str:
        """The verdict in words; where a difference can be shown, with the two numbers."""
        verdict = self.verdict
        if verdict.outcome != "different":
            return f"{'✓ ' if self.holds else ''}{verdict.strength.partition(',')[0]}"
        if verdict.world is None or verdict.strength == OTHER_SHAPES:
            return f"✗ refused: {verdict.strength.rstrip('.')}"
        return f"✗ refused: {verdict.left:.4g} where {verdict.right:.4g} is right"


class Claims(tuple[Claim, ...]):
    """Several claims about one goal, shown as a table."""

    goal: TypedForm

    def _repr_markdown_(self) -> str:
        rows = [f"| {one.name} | ${one.form.latex()}$ | {one.words} |" for one in self]
        return "\n".join([f"| ${self.goal.goal_latex()} =$ | the claim | verdict |", "|---|---|---|", *rows])

    def __repr__(self) -> str:
        name, form = (
            max(map(len, column)) for column in zip(*((one.name, str(one.form)) for one in self), strict=True)
        )
        rows = [f"{one.name:<{name}}  {str(one.form):<{form}}  {one.words}" for one in self]
        return "\n".join([f"{self.goal} =", *rows])


def claims(graph: Graph, goal: str, formulas: Mapping[str, str]) -> Claims:
    """Return what becomes of claims that a goal, as D(L, h1(2)), is a formula; each by the name it is called.

    Where t stands free, a claim speaks of every step. Errors: FormulaError for what cannot be read or has no value.
    """
    wanted = typed(graph, goal)
    forms = {name: typed(graph, text) for name, text in formulas.items()}
    found = Claims(Claim(name, form, _judged(graph, form, wanted)) for name, form in forms.items())
    found.goal = wanted
    return found


def _judged(graph: Graph, claimed: TypedForm, wanted: TypedForm) -> Verdict:
    world, *_ = float_worlds(graph, 1)
    try:
        found = [(shape_of(form.tree, graph.network.shapes), len(form.values(world))) for form in (claimed, wanted)]
    except FormulaError as error:
        return Verdict("different", error.what)
    except ArithmeticError:
        return Verdict("different", "it has no value, by a division by zero or the like")
    (one, count), (other, expected) = ((shape if math.prod(shape) > 1 else (), size) for shape, size in found)
    if (one, count) != (other, expected):
        return Verdict("different", OTHER_SHAPES)
    return decide(claimed.values, wanted.values, graph)
