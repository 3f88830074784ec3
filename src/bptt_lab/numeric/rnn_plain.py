"""The network of `rnn` to read: its equations R1 to R11, a line each, step by step, and nothing to make them fast.

`rnn` computes the same numbers many times faster, and checks what it is given; here everything is trusted. Sizes and
shapes are those of `rnn`: x (T, B, D), h_start (B, M), d_a2 (T, B, K). A row of an array is a vector, so that W h is
written h @ W.T, and a sum over sequences of delta h^T is delta.T @ h.
"""

from typing import NamedTuple

import numpy as np

__all__ = ["Trace", "backward", "forward"]


class Trace(NamedTuple):
    """What the backward pass needs: x (T, B, D), h1 (T+1, B, M) with the initial state first, a2 (T, B, K)."""

    x: np.ndarray
    h1: np.ndarray
    a2: np.ndarray


def forward(params: dict[str, np.ndarray], x: np.ndarray, h_start: np.ndarray) -> Trace:
    """Return the trace of all sequences: states and outputs of every step.

    Shapes: as in `rnn.forward`. Errors: none of its own. Equations: R1, R2, R3 of `rnn`.
    """
    W0, W11, b0, W1, b1 = (params[name] for name in ("W0", "W11", "b0", "W1", "b1"))
    h1, a2 = [h_start], []
    for x_t in x:
        a1_t = x_t @ W0.T + h1[-1] @ W11.T + b0  # R1
        h1.append(np.tanh(a1_t))  # R2
        a2.append(h1[-1] @ W1.T + b1)  # R3
    return Trace(x, np.array(h1), np.array(a2))


def backward(params: dict[str, np.ndarray], trace: Trace, d_a2: np.ndarray) -> dict[str, np.ndarray]:
    """Return the gradients of a loss by all parameters, by x and by h_start, given those by a2.

    Shapes: as in `rnn.backward`. Errors: none of its own. Equations: R4 to R11 of `rnn`.
    """
    gradients = {name: np.zeros_like(array) for name, array in params.items()} | {"x": np.zeros_like(trace.x)}
    delta1_later = np.zeros_like(trace.h1[0])  # nothing comes back from beyond the last step
    for t in range(len(trace.x), 0, -1):
        x, h1, h1_before, delta2 = trace.x[t - 1], trace.h1[t], trace.h1[t - 1], d_a2[t - 1]
        delta1 = (1 - h1**2) * (delta2 @ params["W1"] + delta1_later @ params["W11"])  # R4
        gradients["W1"] += delta2.T @ h1  # R5
        gradients["b1"] += delta2.sum(axis=0)  # R6
        gradients["W11"] += delta1.T @ h1_before  # R7
        gradients["b0"] += delta1.sum(axis=0)  # R8
        gradients["W0"] += delta1.T @ x  # R9
        gradients["x"][t - 1] = delta1 @ params["W0"]  # R10
        delta1_later = delta1
    return gradients | {"h_start": delta1_later @ params["W11"]}  # R11
