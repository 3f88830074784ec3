"""The formulas that a notebook has obtained, and how the course writes: both made by the machine that proved them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bptt_lab.course.networks import network
from bptt_lab.formulas import Language, latex, read
from bptt_lab.formulas.printing import style_of
from bptt_lab.network import Graph
from bptt_lab.symbolic import Derivation, derive_vector
from bptt_lab.symbolic.verdicts import weakest

LAYOUTS = ("derivative", "gradient")


class Obtained(NamedTuple):
    """Derivations of which only the first and the last line are shown: what is sought, and what it is."""

    derivations: tuple[Derivation, ...]

    @property
    def strength(self) -> str:
        """How the weakest of them is known."""
        return weakest(one.strength for one in self.derivations)

    def _repr_markdown_(self) -> str:
        rows = [f"{one.lines[0].form.goal_latex()} &= {one.lines[-1].form.latex()}" for one in self.derivations]
        return "$$\n\\begin{aligned}\n" + " \\\\[4pt]\n".join(rows) + "\n\\end{aligned}\n$$\n\n" + self.mark

    def __repr__(self) -> str:
        return "\n".join([*(f"{one.lines[0].form} = {one.lines[-1].form}" for one in self.derivations), self.mark])

    @property
    def mark(self) -> str:
        """The verdict on all of them in a few words."""
        return f"✓ {self.strength.partition(',')[0]}"


def obtained(graph: Graph, *names: str, layouts: Sequence[str] = ("gradient",)) -> Obtained:
    """Return what the loss's derivatives by some quantities are, proved in a graph and at general t.

    `layouts`: 'derivative' for rows, 'gradient' for their transposes, or both. Errors: NetworkError for unknown names.
    """
    return Obtained(tuple(derive_vector(graph, name, layout) for name in names for layout in layouts))


LETTERS = {
    "x(t)": "the input at step $t$, a column",
    "h1(t)": "the hidden state of layer 1",
    "h1(t)[2]": "its entry 2; entries are counted from 1",
    "a1(t)": "the pre-activation below it",
    "W11[1,2]": "row 1, column 2 of the recurrent weights",
    "y(t)": "the target",
    "L(t)": "the loss of step $t$; $L$ is their sum",
    "d(h1(t), a1(t))": "immediate derivative: everything else held fixed",
    "D(L, h1(t))": "total derivative: through every path; a row",
    "d1(t)": "delta: short for $D(L, a1(t))$",
    "grad(L, W11)": "the gradient, in the shape of the weights; short: d_W11",
    "W11 @ h1(t)": "matrix product",
    "a1(t) * h1(t)": "product entry by entry",
    "h1(t)**2": "square, entry by entry",
    "W11.T": "transpose",
    "diag(h1(t))": "square matrix with the entries on its diagonal",
    "outer(h1(t), x(t))": "outer product, column times row: `h1(t) @ x(t).T`",
    "matrix(i, 1, 5, j, 1, 4, W0[i,j])": "matrix entry by entry: rows i from 1 to 5, columns j from 1 to 4",
    "sum(t, 1, T, d1(t))": "sum over steps",
}


class Notation(NamedTuple):
    """How the course writes: on paper, and as an answer is typed."""

    rows: tuple[tuple[str, str, str], ...]

    def _repr_markdown_(self) -> str:
        lines = [f"| ${paper}$ | `{typed}` | {words} |" for paper, typed, words in self.rows]
        return "\n".join(["| on paper | in an answer | what it is |", "|---|---|---|", *lines])

    def __repr__(self) -> str:
        width = max(len(typed) for _, typed, _ in self.rows)
        return "\n".join(f"{typed:<{width}}  {words.replace('$', '')}" for _, typed, words in self.rows)


def notation() -> Notation:
    """Return the table of notation; what stands on paper is printed from what an answer would be."""
    layer = network("one hidden layer")
    language, style = Language(layer), style_of(layer)
    return Notation(tuple((latex(read(typed, language), style), typed, words) for typed, words in LETTERS.items()))
