"""Derivations that carry their proof: every line is checked against the line before and against the first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import sympy

from bptt_lab.formulas import Language, latex, read, write
from bptt_lab.formulas.printing import style_of
from bptt_lab.formulas.tree import Letter, Transpose, Tree, free_variables
from bptt_lab.network import Graph, Network, NetworkError
from bptt_lab.symbolic import letters, notation, scalar_forms, vectors
from bptt_lab.symbolic.arithmetics import evaluate_sympy
from bptt_lab.symbolic.scalar_printing import scalar_latex, scalar_text
from bptt_lab.symbolic.values import Scene
from bptt_lab.symbolic.verdicts import Verdict, decide, weakest
from bptt_lab.symbolic.worlds import World, letter_value, no_search


class ScalarForm(NamedTuple):
    """A SymPy expression in the letters of a network."""

    expression: sympy.Expr

    def values(self, world: World) -> list[Any]:
        """Return the expression's value in a world."""
        return [evaluate_sympy(self.expression, lambda symbol: letter_value(world, symbol), world.arithmetic)]

    def latex(self) -> str:
        """Return the form as LaTeX."""
        return scalar_latex(self.expression)

    def goal_latex(self) -> str:
        """Return the form as the goal of a derivation: a total derivative is written out, not as a delta."""
        if isinstance(self.expression, letters.Total):
            return notation.total_latex(self.expression.place, self.expression.loss)
        return self.latex()

    def __str__(self) -> str:
        return scalar_text(self.expression)


class VectorForm(NamedTuple):
    """A vector form of a quantity at general t, or without time; `size` is how many entries it has."""

    tree: Tree
    network: Network
    target: Letter
    size: int

    def values(self, world: World) -> list[Any]:
        """Return the form's entries in a world, at every t at which the quantity occurs."""
        found, scene = [], Scene(world)
        for t in range(1, world.graph.T + 1) if self.target.time else [None]:
            if world.graph.has(self.target.name, t):
                value = np.ravel(scene.value(self.tree, **({"t": t} if t else {})))
                found += [0] * self.size if _is_nothing(value) else list(value)
        return found

    def latex(self) -> str:
        """Return the form as LaTeX."""
        return latex(self.tree, style_of(self.network, has_deltas=False))

    goal_latex = latex  # type: ignore[misc]

    def __str__(self) -> str:
        return write(self.tree)


class TypedForm(NamedTuple):
    """A formula as somebody typed it, in the language of answers; with t in it, it speaks of every step."""

    tree: Tree
    network: Network

    def values(self, world: World) -> list[Any]:
        """Return the formula's entries in a world, at every t where one is free (errors: FormulaError)."""
        scene = Scene(world)
        at = [dict(t=t) for t in range(1, world.graph.T + 1)] if "t" in free_variables(self.tree) else [{}]
        return [entry for indices in at for entry in np.ravel(scene.value(self.tree, **indices))]

    def latex(self) -> str:
        """Return the formula as LaTeX."""
        return latex(self.tree, style_of(self.network))

    def goal_latex(self) -> str:
        """Return the formula as the goal of a derivation: a total derivative is written out, not as a delta."""
        return latex(self.tree, style_of(self.network, has_deltas=False))

    def __str__(self) -> str:
        return write(self.tree)


def typed(graph: Graph, text: str) -> TypedForm:
    """Return a formula from its text, as h1(2)*D(L,a1(3)) (errors: FormulaError, with what to write instead)."""
    return TypedForm(read(text, Language(graph.network)), graph.network)


def _is_nothing(value: np.ndarray) -> bool:
    """Return whether every term is missing, by its `unless`: what is left is a zero of any shape."""
    return len(value) == 1 and value[0] == 0


NAMED = r"(\\mathbf\{\w+\}|\w+)"
LABEL_BELOW = re.compile(NAMED + r"_\{\\mathrm\{(\w+)\}\}\^\{(\d*)(\([^()]*\))?\}")
LABEL_AFTER = re.compile(NAMED + r"\^\{(\d*)(\([^()]*\))?\}_\{\\mathrm\{(\w+)\}(?:,([\d,]+))?\}")


def _with_label(found: re.Match) -> str:
    """Return a letter as it is typed, a1_b(1)[2], of one printed with its label after the time."""
    name, layer, time, label, entry = found.groups()
    return f"{name}{layer}_{label}{time or ''}" + (f"[{entry}]" if entry else "")


class Line(NamedTuple):
    """One line of a derivation: a form and the reason that leads to it from the line before."""

    form: ScalarForm | VectorForm | TypedForm
    reason: str

    @property
    def words(self) -> str:
        """The reason without its signs of LaTeX: $h^{1(2)}$ is h1(2), and with a label b, before or after, h1_b(2)."""
        plain = LABEL_AFTER.sub(_with_label, LABEL_BELOW.sub(r"\1\3_\2\4", self.reason))
        plain = plain.replace(r"\ldots", "...").replace(r"\mathbf", "").replace(r"\mathrm", "")
        return plain.translate(str.maketrans("", "", "${}^\\"))


class DerivationError(ValueError):
    """A line that does not follow; `line` is its number from 1, `verdict` holds the instance that shows it."""

    def __init__(self, line: int, form: Any, against: str, verdict: Verdict) -> None:
        self.line, self.verdict = line, verdict
        super().__init__(f"Line {line}, {form}, is not the same as {against}. {str(verdict).capitalize()}.")


class Derivation:
    """Lines that are all equal, each with its reason; making one checks it (errors: DerivationError).

    `graph` is the network the lines are checked in; a line may be given as a pair of SymPy expression, or formula as it
    is typed, and reason.
    """

    def __init__(self, graph: Graph, lines: Sequence[Line | tuple[sympy.Expr | str, str]]) -> None:
        self.graph = graph
        made = [Line(_form(graph, form), reason) for form, reason in lines]
        self.lines = tuple(line for n, line in enumerate(made) if not n or line.form != made[n - 1].form)
        verdicts = []
        for number, line in enumerate(self.lines[1:], start=2):
            for against, other in dict.fromkeys(
                [("the line before", self.lines[number - 2]), ("the first line", self.lines[0])]
            ):
                verdict = decide(line.form.values, other.form.values, graph)
                if verdict.outcome != "same":
                    raise DerivationError(number, line.form, against, verdict)
                verdicts.append(verdict)
        self.strength = weakest(verdict.strength for verdict in verdicts)

    @property
    def result(self) -> Any:
        """Return what the last line holds: a SymPy expression or a vector form."""
        form = self.lines[-1].form
        return form.expression if isinstance(form, ScalarForm) else form

    def verdict(self) -> str:
        """Return what was checked, in words."""
        if len(self.lines) == 1:
            return "One line: there is nothing to compare."
        return f"{len(self.lines)} lines, each the same as the line before and as the first: {self.strength}."

    @property
    def mark(self) -> str:
        """The verdict in a few words: how the weakest line is known."""
        return f"✓ {self.strength.partition(',')[0]}" if len(self.lines) > 1 else self.verdict()

    def _repr_markdown_(self) -> str:
        opened = f"<details><summary>{self.mark}</summary>{self.verdict()}</details>"
        return f"$$\n{self.latex()}\n$$\n\n{opened if len(self.lines) > 1 else self.mark}"

    def latex(self) -> str:
        """Return the lines as one aligned block of LaTeX."""
        rows = [rf"{self.lines[0].form.goal_latex()} &&& \text{{{self.lines[0].reason}}}"]
        rows += [rf"&= {line.form.latex()} && \text{{{line.reason}}}" for line in self.lines[1:]]
        return r"\begin{aligned}" + "\n" + " \\\\[6pt]\n".join(rows) + "\n" + r"\end{aligned}"

    def __repr__(self) -> str:
        width = max(len(str(line.form)) for line in self.lines)
        rows = [f"{'=' if n else ' '} {str(line.form):<{width}}   {line.words}" for n, line in enumerate(self.lines)]
        return "\n".join([*rows, self.mark])


def _form(graph: Graph, form: Any) -> Any:
    if isinstance(form, str):
        return typed(graph, form)
    return ScalarForm(form) if isinstance(form, sympy.Expr) else form


@no_search()
def derive(
    graph: Graph, name: str, t: int | None = None, entry: int | tuple[int, ...] | None = None, *, unroll: bool = False
) -> Derivation:
    """Return the derivation of the total derivative of the loss by one entry, scalar by scalar.

    Lines: the goal; the chain rule; the immediate derivatives put in; with `unroll=True` also every delta written out.
    """
    place = letters.entry_place(graph, name, t, entry)
    goal = letters.total(place, graph.network)
    users = scalar_forms.influenced_entries(graph, place)
    forms = [
        (goal, "the goal"),
        (scalar_forms.chain_rule(graph, name, t, entry), _through(users, graph.network)),
        (scalar_forms.scalar_form(graph, name, t, entry), "immediate derivatives"),
    ]
    if unroll:
        forms.append((scalar_forms.unrolled(graph, name, t, entry), "every total derivative written out"))
    return Derivation(graph, forms)


def _through(users: Sequence, network: Network) -> str:
    """Return the reason of the chain rule in words."""
    shown = [f"${notation.place_latex(letters.short(user, network))}$" for user in users[:4]]
    names = ", ".join(shown) + (r", $\ldots$" if len(users) > 4 else "")
    return f"chain rule, through {names}" if users else "nothing comes after it"


def derive_vector(graph: Graph, name: str, layout: str = "derivative") -> Derivation:
    """Return the derivation in matrix algebra, for general t: a row ('derivative') or its transpose ('gradient').

    It is checked in the given graph at every t and every entry. Errors: NetworkError for an unknown name or layout.
    """
    network = graph.network
    network.check_name(name)
    if layout not in ("derivative", "gradient"):
        raise NetworkError(
            f"{layout!r} is not a layout.", "Use 'derivative' (numerator layout) or 'gradient' (its transpose)."
        )
    target, local = vectors.itself(network, name), vectors.local_form(network, name)
    if layout == "derivative":
        trees = [
            (vectors.derivative(network, target), "the goal"),
            (vectors.chain_rule(network, name), _vector_reason(network, name)),
            (local, "immediate derivatives"),
        ]
    else:
        trees = [
            (vectors.derivative(network, target, "gradient"), "the goal"),
            (Transpose(local), "the transpose of the derivative"),
            (
                vectors.transposed(local, network.shapes),
                f"transposed{', factors reversed' if vectors.has_product(local) else ''}",
            ),
        ]
    return vector_derivation(graph, target, trees)


def vector_derivation(graph: Graph, target: Letter, trees: Sequence[tuple[Tree, str]]) -> Derivation:
    """Return a derivation from vector trees and reasons, checked in a graph."""
    size = int(np.prod(graph.network.shapes[target.name]))
    lines = [Line(VectorForm(tree, graph.network, target, size), reason) for tree, reason in trees]  # type: ignore[call-arg]
    return Derivation(graph, lines)


def _vector_reason(network: Network, name: str) -> str:
    """Return the reason of the chain rule in words: through which quantities, and whether at every step."""
    found = vectors.uses(network, name)
    users = ", ".join(f"${latex(use.user, style_of(network))}$" for use in found)
    every = " at every $t$" if any(use.summed for use in found) else ""
    return f"chain rule, through {users}{every}" if users else "the loss by itself"
