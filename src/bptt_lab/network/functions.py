"""The functions an equation may use: how many arguments, and what kind."""

from __future__ import annotations

import cmath
import math
from typing import NamedTuple


class Function(NamedTuple):
    """A function of the grammar: 'entry' acts entry by entry, 'vector' mixes entries, 'loss' gives one number."""

    kind: str
    arguments: tuple[int, int]
    example: str


FUNCTIONS = {
    "tanh": Function("entry", (1, 1), "tanh(a[t])"),
    "sigmoid": Function("entry", (1, 1), "sigmoid(a[t])"),
    "relu": Function("entry", (1, 1), "relu(a[t])"),
    "leaky_relu": Function("entry", (1, 1), "leaky_relu(a[t])"),
    "identity": Function("entry", (1, 1), "identity(a[t])"),
    "exp": Function("entry", (1, 1), "exp(a[t])"),
    "log": Function("entry", (1, 1), "log(a[t])"),
    "softmax": Function("vector", (1, 1), "softmax(a[t])"),
    "concat": Function("vector", (2, 8), "concat(h[t-1], x[t])"),
    "nll": Function("loss", (2, 2), "nll(probabilities, targets)"),
    "bce": Function("loss", (2, 2), "bce(probabilities, targets)"),
    "mse": Function("loss", (2, 2), "mse(prediction, target)"),
}

LEAK = (1, 100)  # slope of leaky_relu below zero, as a fraction


def softmax_entry(*arguments: complex, entry: int) -> complex:
    """Return one entry (from 1) of softmax: exp(u_k) / sum_j exp(u_j), shifted by the largest real part."""
    exponential = cmath.exp if any(isinstance(u, complex) for u in arguments) else math.exp
    shift = max(complex(u).real for u in arguments)
    powers = [exponential(u - shift) for u in arguments]
    return powers[entry - 1] / sum(powers)
