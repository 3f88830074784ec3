"""Real-time recurrent learning: the gradient carried forwards in time beside the state, nothing kept from the past.

With theta all entries of W0, W11 and b0, and of the initial state too, the derivative of the state obeys

    dh1(t)/dtheta = diag(1 - h1(t)^2) (W11 dh1(t-1)/dtheta + d+a1(t)/dtheta)          (FM1)
    dL/dtheta = sum_t delta2(t)^T W1 dh1(t)/dtheta                                    (FM2)

where d+ is immediate: row i of d+a1(t) holds x(t), h1(t-1) and 1 where theta is row i of W0, W11 and b0 (Williams and
Zipser, "A Learning Algorithm for Continually Running Fully Recurrent Neural Networks"). The gradient of all losses so
far is known at every step. Its price is the size of dh1/dtheta, M rows for each entry of theta, in each sequence.
"""

import numpy as np

from .arrays import Arrays
from .stepwise import DOutput, Tally, begin, go_forward, go_out

__all__ = ["Tally", "gradients"]


def gradients(
    params: Arrays, x: np.ndarray, h_start: np.ndarray, d_output: DOutput, tally: Tally | None = None
) -> Arrays:
    """Return the full gradients by all parameters and by h_start, without a backward pass.

    Shapes: x (T, B, D), h_start (B, M), gradients like what they belong to; there is none by x, which would take
    M more columns for each entry. Errors: TypeError, ValueError. Equations: FM1, FM2; R1, R2, R3, R5, R6 of `rnn`.
    """
    tally, found = begin(params, x, h_start, tally)
    del found["x"]
    B, M = h_start.shape
    columns = _columns(M, x.shape[2])
    carried = np.zeros((B, M, columns["h_start"].stop), x.dtype)
    carried[:, :, columns["h_start"]] = np.eye(M)  # dh1(0)/dh1(0)
    tally.keep("dh1", "now", carried)
    for t in range(1, len(x) + 1):
        h1 = go_forward(params, x, t, tally)
        h1_before, carried = tally.take("h1", t - 1), tally.take("dh1", "now")  # type: ignore[assignment]  # both are kept
        carried = tally.dot(params["W11"], carried) + _immediate(x[t - 1], h1_before)  # type: ignore[arg-type]
        carried *= (1 - h1 * h1)[:, :, None]  # FM1
        d_h1 = tally.dot(go_out(params, h1, t, d_output, found, tally), params["W1"])
        share = tally.dot(d_h1[:, None], carried)[:, 0]  # FM2
        for name in ("W0", "W11", "b0"):
            found[name] += share[:, columns[name]].sum(axis=0).reshape(found[name].shape)
        found["h_start"] += share[:, columns["h_start"]]
        tally.keep("h1", t, h1)
        tally.keep("dh1", "now", carried)
    return found


def _columns(M: int, D: int) -> dict[str, slice]:
    """Return where the entries of each array stand among the columns of dh1/dtheta, row after row."""
    ends = np.cumsum([0, M * D, M * M, M, M])
    return {name: slice(*ends[n : n + 2]) for n, name in enumerate(("W0", "W11", "b0", "h_start"))}


def _immediate(x: np.ndarray, h1_before: np.ndarray) -> np.ndarray:
    """Return d+a1(t)/dtheta, (B, M, columns): row i depends on row i of the weights and on entry i of the bias."""
    B, M = h1_before.shape
    own_row = np.eye(M, dtype=x.dtype)[:, :, None]
    met = (x, h1_before, np.ones_like(x[:, :1]))  # by W0, W11, b0
    parts = [(own_row * values[:, None, None]).reshape(B, M, -1) for values in met]
    return np.concatenate([*parts, np.zeros((B, M, M), x.dtype)], axis=2)  # the initial state meets no later step
