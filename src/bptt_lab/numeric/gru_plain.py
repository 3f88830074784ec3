"""The network of `gru` to read: its equations GR1 to GR26, a line each, step by step, and nothing to make them fast.

`gru` computes the same numbers many times faster, and checks what it is given; here all is trusted but `reset`. Sizes
and shapes are those of `gru`: x (T, B, D), h_start (B, M), d_a2 (T, B, K). A row of an array is a vector, so that W h
is written h @ W.T, and a sum over sequences of delta h^T is delta.T @ h. Stacked parts are in the order r, z, n.
"""

from typing import NamedTuple

import numpy as np

from .activations import sigmoid
from .gru import check_reset

__all__ = ["Trace", "backward", "forward"]


class Trace(NamedTuple):
    """What the backward pass needs: x (T, B, D), h1 (T+1, B, M) with the initial state first, a2 (T, B, K).

    gates is a dict of (T, B, M) by name; inner (T, B, M) is v or u, as reset says.
    """

    x: np.ndarray
    h1: np.ndarray
    gates: dict
    inner: np.ndarray
    a2: np.ndarray
    reset: str


def forward(params: dict[str, np.ndarray], x: np.ndarray, h_start: np.ndarray, *, reset: str = "before") -> Trace:
    """Return the trace of all sequences: states, gates and outputs of every step.

    Shapes: as in `gru.forward`. Errors: ValueError for params of the other order. Equations: GR1 to GR8 of `gru`.
    """
    check_reset(params, reset)
    W0_r, W0_z, W0_n = np.split(params["W0"], 3)
    W11_r, W11_z, W11_n = np.split(params["W11"], 3)
    b0_r, b0_z, b0_n = np.split(params["b0"], 3)
    h1, inner, a2, gates = [h_start], [], [], []
    for x_t in x:
        r = sigmoid(x_t @ W0_r.T + h1[-1] @ W11_r.T + b0_r)  # GR1
        z = sigmoid(x_t @ W0_z.T + h1[-1] @ W11_z.T + b0_z)  # GR2
        if reset == "before":
            inner.append(r * h1[-1])  # GR3
            n = np.tanh(x_t @ W0_n.T + inner[-1] @ W11_n.T + b0_n)  # GR4
        else:
            inner.append(h1[-1] @ W11_n.T + params["b11"])  # GR5
            n = np.tanh(x_t @ W0_n.T + r * inner[-1] + b0_n)  # GR6
        h1.append((1 - z) * n + z * h1[-1])  # GR7
        a2.append(h1[-1] @ params["W1"].T + params["b1"])  # GR8
        gates.append((r, z, n))
    by_name = dict(zip("rzn", np.array(gates).swapaxes(0, 1), strict=True))
    return Trace(x, np.array(h1), by_name, np.array(inner), np.array(a2), reset)


def backward(params: dict[str, np.ndarray], trace: Trace, d_a2: np.ndarray) -> dict[str, np.ndarray]:
    """Return the gradients of a loss by all parameters, by x and by h_start, given those by a2.

    Shapes: as in `gru.backward`. Errors: ValueError for params of the other order. Equations: GR9 to GR26 of `gru`.
    """
    check_reset(params, trace.reset, "pass the params that made the trace")
    W11_r, W11_z, W11_n = np.split(params["W11"], 3)
    gradients = {name: np.zeros_like(array) for name, array in params.items()} | {"x": np.zeros_like(trace.x)}
    d_W11_r, d_W11_z, d_W11_n = np.split(gradients["W11"], 3)  # views
    d_h1_later = np.zeros_like(trace.h1[0])  # nothing comes back from beyond the last step
    for t in range(len(trace.x), 0, -1):
        x, h1, h1_before, delta2 = trace.x[t - 1], trace.h1[t], trace.h1[t - 1], d_a2[t - 1]
        r, z, n = (trace.gates[name][t - 1] for name in "rzn")
        d_h1 = delta2 @ params["W1"] + d_h1_later
        delta_z = d_h1 * (h1_before - n) * z * (1 - z)  # GR11
        delta_n = d_h1 * (1 - z) * (1 - n**2)  # GR12
        if trace.reset == "before":
            v = trace.inner[t - 1]
            d_v = delta_n @ W11_n  # GR13
            delta_r = d_v * h1_before * r * (1 - r)  # GR14
            d_W11_n += delta_n.T @ v  # GR22
            d_h1_later = d_h1 * z + delta_r @ W11_r + delta_z @ W11_z + d_v * r  # GR9, but for W1^T delta2
        else:
            u = trace.inner[t - 1]
            d_u = delta_n * r  # GR15
            delta_r = delta_n * u * r * (1 - r)  # GR16
            d_W11_n += d_u.T @ h1_before  # GR23
            gradients["b11"] += d_u.sum(axis=0)  # GR24
            d_h1_later = d_h1 * z + delta_r @ W11_r + delta_z @ W11_z + d_u @ W11_n  # GR10, but for W1^T delta2
        delta = np.concatenate([delta_r, delta_z, delta_n], axis=1)
        gradients["W1"] += delta2.T @ h1  # GR17
        gradients["b1"] += delta2.sum(axis=0)  # GR18
        gradients["W0"] += delta.T @ x  # GR19
        gradients["b0"] += delta.sum(axis=0)  # GR20
        d_W11_r += delta_r.T @ h1_before  # GR21
        d_W11_z += delta_z.T @ h1_before  # GR21
        gradients["x"][t - 1] = delta @ params["W0"]  # GR25
    return gradients | {"h_start": d_h1_later}  # GR26
