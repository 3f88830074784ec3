"""The network of `lstm` to read: its equations LS1 to LS20, a line each, step by step, and nothing to make them fast.

`lstm` computes the same numbers many times faster, and checks what it is given; here everything is trusted. Sizes and
shapes are those of `lstm`: x (T, B, D), h_start and c_start (B, M), d_a2 (T, B, K). A row of an array is a vector, so
that W h is written h @ W.T, and a sum over sequences of delta h^T is delta.T @ h. The four gates lie side by side,
in the order i, f, g, o.
"""

from typing import NamedTuple

import numpy as np

from .activations import sigmoid

__all__ = ["Trace", "backward", "forward"]


class Trace(NamedTuple):
    """What the backward pass needs: x (T, B, D), h1 and c (T+1, B, M) with the initial ones first, a2 (T, B, K).

    gates is a dict of (T, B, M) by name.
    """

    x: np.ndarray
    h1: np.ndarray
    c: np.ndarray
    gates: dict
    a2: np.ndarray


def forward(params: dict[str, np.ndarray], x: np.ndarray, h_start: np.ndarray, c_start: np.ndarray) -> Trace:
    """Return the trace of all sequences: states, cells, gates and outputs of every step.

    Shapes: as in `lstm.forward`. Errors: none of its own. Equations: LS1 to LS6 of `lstm`.
    """
    W0, W11, b0, W1, b1 = (params[name] for name in ("W0", "W11", "b0", "W1", "b1"))
    h1, c, a2, gates = [h_start], [c_start], [], []
    for x_t in x:
        a_i, a_f, a_g, a_o = np.split(x_t @ W0.T + h1[-1] @ W11.T + b0, 4, axis=1)  # LS1
        i, f, o = sigmoid(a_i), sigmoid(a_f), sigmoid(a_o)  # LS2
        g = np.tanh(a_g)  # LS3
        c.append(f * c[-1] + i * g)  # LS4
        h1.append(o * np.tanh(c[-1]))  # LS5
        a2.append(h1[-1] @ W1.T + b1)  # LS6
        gates.append((i, f, g, o))
    by_name = dict(zip("ifgo", np.array(gates).swapaxes(0, 1), strict=True))
    return Trace(x, np.array(h1), np.array(c), by_name, np.array(a2))


def backward(params: dict[str, np.ndarray], trace: Trace, d_a2: np.ndarray) -> dict[str, np.ndarray]:
    """Return the gradients of a loss by all parameters, x, h_start and c_start, given those by a2.

    Shapes: as in `lstm.backward`. Errors: none of its own. Equations: LS7 to LS20 of `lstm`.
    """
    gradients = {name: np.zeros_like(array) for name, array in params.items()} | {"x": np.zeros_like(trace.x)}
    d_h1_later = d_c_later = np.zeros_like(trace.c[0])  # nothing comes back from beyond the last step
    for t in range(len(trace.x), 0, -1):
        x, h1, h1_before, c, c_before = trace.x[t - 1], trace.h1[t], trace.h1[t - 1], trace.c[t], trace.c[t - 1]
        i, f, g, o = (trace.gates[name][t - 1] for name in "ifgo")
        delta2 = d_a2[t - 1]
        d_h1 = delta2 @ params["W1"] + d_h1_later  # LS7
        d_c = d_h1 * o * (1 - np.tanh(c) ** 2) + d_c_later  # LS8
        delta_i = d_c * g * i * (1 - i)  # LS9
        delta_f = d_c * c_before * f * (1 - f)  # LS10
        delta_g = d_c * i * (1 - g**2)  # LS11
        delta_o = d_h1 * np.tanh(c) * o * (1 - o)  # LS12
        delta = np.concatenate([delta_i, delta_f, delta_g, delta_o], axis=1)
        gradients["W1"] += delta2.T @ h1  # LS13
        gradients["b1"] += delta2.sum(axis=0)  # LS14
        gradients["W11"] += delta.T @ h1_before  # LS15
        gradients["b0"] += delta.sum(axis=0)  # LS16
        gradients["W0"] += delta.T @ x  # LS17
        gradients["x"][t - 1] = delta @ params["W0"]  # LS18
        d_h1_later = delta @ params["W11"]  # LS19, and the second half of LS7 of the step before
        d_c_later = d_c * f  # LS20, and the second half of LS8 of the step before
    return gradients | {"h_start": d_h1_later, "c_start": d_c_later}
