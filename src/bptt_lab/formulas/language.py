"""What the words of a formula mean: the letters of a network, its deltas and gradients, indices, functions."""

from __future__ import annotations

import re
from functools import cached_property
from typing import NamedTuple

from bptt_lab.formulas.errors import FormulaError
from bptt_lab.network import Network
from bptt_lab.network.errors import nearest

# how many arguments each function takes, and how it is written
FUNCTIONS = {
    "tanh": (1, "tanh(a1(t))"),
    "sigmoid": (1, "sigmoid(a1(t))"),
    "relu": (1, "relu(a1(t))"),
    "leaky_relu": (1, "leaky_relu(a1(t))"),
    "exp": (1, "exp(a1(t))"),
    "log": (1, "log(h2(t))"),
    "sinh": (1, "sinh(a1(t))"),
    "cosh": (1, "cosh(a1(t))"),
    "sech": (1, "sech(a1(t))"),
    "softmax": (1, "softmax(a2(t))"),
    "diag": (1, "diag(h1(t))"),
    "outer": (2, "outer(d_a1(t), h1(t-1))"),
    "ones": (1, "ones(h1(t))"),
    "identity": (1, "identity(a1(t))"),
    "same": (2, "same(i, j)"),
    "rows": (1, "rows(W11)"),
    "columns": (1, "columns(W11)"),
    "nll": (2, "nll(h2(t), y(t))"),
    "bce": (2, "bce(h2(t), y(t))"),
    "mse": (2, "mse(h2(t), y(t))"),
    "column": (4, "column(i, 1, 5, h1(t)[i])"),
    "row": (4, "row(i, 1, 5, h1(t)[i])"),
    "matrix": (7, "matrix(i, 1, 5, j, 1, 4, W0[i,j])"),
    "sum": (4, "sum(i, 1, 5, W1[1,i]*h1(t)[i])"),
    "prod": (4, "prod(s, 2, t, W11)"),
}
OTHER_NAMES = {"ln": "log", "Sum": "sum", "Prod": "prod", "product": "prod"}
DERIVATIVES = {"D": "total", "d": "immediate", "grad": "gradient", "total": "total", "immediate": "immediate"}


class Meaning(NamedTuple):
    """What a letter stands for: a quantity itself ('value'), or the loss differentiated by it."""

    kind: str
    name: str


class Language:
    """The words a formula about a network may use.

    `variables` are index names that may stand free, such as t, beside T, which always may; `allowed` limits the
    letters, None allows all.
    """

    def __init__(self, network: Network, variables: tuple[str, ...] = ("t",), allowed: tuple[str, ...] | None = None):
        self.network, self.allowed = network, allowed
        self.variables = tuple(name for name in dict.fromkeys((*variables, "T")) if name not in network.shapes)

    @cached_property
    def letters(self) -> dict[str, Meaning]:
        """Every letter: the network's quantities, d_X for a gradient, d1 for the delta of a pre-activation a1."""
        found = {name: Meaning("value", name) for name in self.network.shapes}
        for name in self.network.shapes:
            found.setdefault(f"d_{name}", Meaning("gradient", name))
            if re.fullmatch(r"a(\d+|\d*_\w+)", name):  # a alone would take the word d
                found.setdefault("d" + name[1:], Meaning("total", name))
        return found

    @cached_property
    def has_matrices(self) -> bool:
        """Whether any quantity has more than one entry; where none has, v**T is a power and no transpose."""
        return any(size > 1 for shape in self.network.shapes.values() for size in shape)

    def is_timed(self, letter: str) -> bool:
        """Return whether a letter carries a time."""
        return self.network.is_timed(self.letters[letter].name)

    def rank(self, letter: str) -> int:
        """Return how many indices an entry of a letter has."""
        return len(self.network.shapes[self.letters[letter].name])

    def function(self, name: str) -> str | None:
        """Return the function a name stands for, or None."""
        name = OTHER_NAMES.get(name, name)
        return name if name in FUNCTIONS and name not in self.letters else None

    def check(self, name: str, column: int) -> None:
        """Raise a FormulaError where a name is not a letter that may be used here."""
        if name not in self.letters:
            raise FormulaError(self._unknown(name), self._offer(), "", column)
        is_loss = name == self.network.loss  # it stands in every D(L, …): the other letter decides
        if self.allowed is not None and name not in self.allowed and not is_loss:
            raise FormulaError(f"{name} is not available in this exercise.", self._offer(), "", column)

    def _unknown(self, name: str) -> str:
        loss = self.network.loss
        if name.startswith(f"d{loss}") and len(name) > len(loss):
            return (
                f"{name!r} is not a letter. A derivative of the loss is written D({loss}, …), total, or d({loss}, …)."
            )
        return f"{name!r} is not a letter of this network." + nearest(name, self._offered())

    def _offered(self) -> tuple[str, ...]:
        return tuple(self.letters) if self.allowed is None else self.allowed

    def _offer(self) -> str:
        return f"Letters: {', '.join(self._offered())}."
