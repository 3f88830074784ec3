"""A recurrent network with one hidden layer: forward, and backpropagation through time.

    a1(t) = W0 x(t) + W11 h1(t-1) + b0        (R1)
    h1(t) = f(a1(t))                          (R2)
    a2(t) = W1 h1(t) + b1                     (R3)

f is tanh, or another of ACTIVATIONS. D inputs, M hidden units, K outputs, T steps, B sequences.
Arrays put time first, x is (T, B, D), and weights are stored as the mathematics writes them, so
code says h.dot(W.T). "Rows" are all T·B pairs of step and sequence together: whatever does not
depend on the step before is one matrix product over them. `a.dot(b, out)` is `out[:] = a @ b`
without a temporary array. To read the equations first, with tanh and without what makes them fast:
`rnn_plain`.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .arrays import Arrays, Workspace, buffers, check, check_axes, check_form, check_names, check_size, empty
from .layers import (
    ACTIVATIONS,
    applied,
    check_apart,
    check_choice,
    check_latest,
    check_trace,
    draw,
    slopes,
    transposed,
)

__all__ = ["ACTIVATIONS", "Trace", "Workspace", "backward", "forward", "initialise"]

PARAMETERS = ("W0", "W11", "b0", "W1", "b1")
BLOCK = 2**14  # numbers in a block of slopes: small for a processor's second-level cache


class Trace(NamedTuple):
    """What a forward pass leaves for the backward pass.

    Shapes: x (T, B, D), h_start (B, M), h1 (T, B, M), a2 (T, B, K), states (T+1, B, M) with
    states[0] = h_start and states[1:] = h1. `buffers` and `stamp` tell a trace whose workspace has
    been used again, `activation` is the name of f. x is the caller's own array, not a copy.
    """

    x: np.ndarray
    h_start: np.ndarray
    h1: np.ndarray
    a2: np.ndarray
    states: np.ndarray
    buffers: Any
    stamp: int
    activation: str = "tanh"


def initialise(rng: np.random.Generator, D: int, M: int, K: int, dtype: npt.DTypeLike = np.float64) -> Arrays:
    """Draw parameters: weights of variance 1 / fan-in, biases small but not zero.

    Shapes: W0 (M, D), W11 (M, M), b0 (M,), W1 (K, M), b1 (K,) in a dict.
    Errors: TypeError for an unsupported dtype, ValueError for sizes below 1.
    """
    for name, size in dict(D=D, M=M, K=K).items():
        check_size(name, size)
    return draw(rng, dict(W0=(M, D), W11=(M, M), b0=(M,), W1=(K, M), b1=(K,)), dtype)


def forward(
    params: Arrays, x: np.ndarray, h_start: np.ndarray, *, workspace: Workspace | None = None, activation: str = "tanh"
) -> Trace:
    """Run the network over all sequences and return the trace that `backward` needs.

    Shapes: x (T, B, D), h_start (B, M), params as in `initialise`; trace.h1 (T, B, M), trace.a2
    (T, B, K). With a workspace h1 and a2 lie in it and the next call overwrites them.
    h_start may be h1[-1] of the call before. `activation` is a name in ACTIVATIONS. Errors:
    TypeError, ValueError naming the array, also for an x that lies in the workspace where the
    result belongs. Equations: R1, R2, R3.
    """
    check_choice("activation", activation, ACTIVATIONS)
    T, B, D, M, K = check_forward(params, x, h_start)
    W0, W11, b0, W1, b1 = [params[name] for name in PARAMETERS]
    kept = buffers(workspace, _ForwardBuffers, T, B, M, K, x.dtype)
    check_apart(x, kept.states, kept.a2_classes)
    kept.stamp += 1

    kept.states[0] = h_start  # first, because h_start may be the last state of the call before
    x.reshape(T * B, D).dot(transposed(W0), kept.h1_rows)  # R1 without W11 h1(t-1), all rows
    kept.product[:] = b0  # as wide as a step, because adding short rows is slow
    kept.h1 += kept.product
    W11_transposed, product, f = transposed(W11), kept.product, applied(activation)
    for h_before, h_now in kept.steps:  # h_now holds W0 x + b0 and becomes h1(t)
        h_before.dot(W11_transposed, product)
        h_now += product  # R1
        f(h_now, h_now)  # R2
    W1.dot(kept.h1_rows.T, kept.a2_classes)  # R3, all rows
    kept.a2_classes += b1[:, None]
    return Trace(x, kept.states[0], kept.h1, kept.a2, kept.states, kept, kept.stamp, activation)


def backward(params: Arrays, trace: Trace, d_a2: np.ndarray, workspace: Workspace | None = None) -> Arrays:
    """Return the gradients of a loss by all parameters, by x and by h_start, given those by a2.

    Shapes: d_a2 (T, B, K); each gradient has the shape of the array it belongs to. All gradients
    are fresh arrays, but with a workspace the one by x lies in it and the next call overwrites it.
    Errors: TypeError, ValueError, also for a trace whose workspace has been used again since.

    Equations, with delta2(t) = dL/da2(t) and delta1(t) = dL/da1(t), delta1(T+1) = 0:

        delta1(t) = f'(a1(t)) * (W1^T delta2(t) + W11^T delta1(t+1))          (R4)
        d_W1  = sum_t delta2(t) h1(t)^T        d_b1 = sum_t delta2(t)         (R5, R6)
        d_W11 = sum_t delta1(t) h1(t-1)^T      d_b0 = sum_t delta1(t)         (R7, R8)
        d_W0  = sum_t delta1(t) x(t)^T                                        (R9)
        d_x(t) = W0^T delta1(t)                d_h_start = W11^T delta1(1)    (R10, R11)

    The slope f' is computed from h1: of tanh it is 1 - h1(t)^2, of the others as in `layers.slopes`.
    """
    T, B, D, M, K = _check_backward(params, trace, d_a2)
    W0, W11, W1 = params["W0"], params["W11"], params["W1"]
    kept = buffers(workspace, _BackwardBuffers, T, B, D, M, d_a2.dtype)
    x, h1 = trace.x.reshape(T * B, D), trace.h1.reshape(T * B, M)
    h1_before = trace.states[:-1].reshape(T * B, M)
    delta2, delta1 = d_a2.reshape(T * B, K), kept.delta1_rows

    delta2.dot(W1, delta1)  # W1^T delta2(t), all rows
    _sweep(kept, W11, trace.h1, trace.activation)  # R4
    return {
        "W0": delta1.T.dot(x),  # R9
        "W11": delta1.T.dot(h1_before),  # R7
        "b0": kept.ones.dot(delta1),  # R8; a product with ones is the fastest sum over rows
        "W1": delta2.T.dot(h1),  # R5
        "b1": kept.ones.dot(delta2),  # R6
        "x": delta1.dot(W0, kept.d_x_rows).reshape(T, B, D),  # R10
        "h_start": kept.delta1[0].dot(W11),  # R11
    }


def _sweep(kept: "_BackwardBuffers", W11: np.ndarray, h1: np.ndarray, activation: str) -> None:
    """Turn W1^T delta2(t) into delta1(t) for all t, in place and backwards in time: R4."""
    product = kept.product
    for block, slope, steps in kept.blocks:  # the slopes of a few steps at once stay in the cache
        slopes(h1[block], activation, slope)
        for delta1_now, delta1_later, slope_now in steps:
            delta1_later.dot(W11, product)
            delta1_now += product
            delta1_now *= slope_now


class _ForwardBuffers:
    def __init__(self, T: int, B: int, M: int, K: int, dtype: npt.DTypeLike) -> None:
        self.states = empty((T + 1, B, M), dtype)
        self.h1 = self.states[1:]
        self.h1_rows = self.h1.reshape(T * B, M)
        self.product = empty((B, M), dtype)
        # Views of single steps cost more to make than small steps cost to compute.
        self.steps = list(zip(self.states[:-1], self.states[1:], strict=True))
        # Class-major, because the softmax runs over classes; a2 is the same memory, time first.
        self.a2_classes = empty((K, T * B), dtype)
        self.a2 = self.a2_classes.T.reshape(T, B, K)
        self.stamp = 0


class _BackwardBuffers:
    def __init__(self, T: int, B: int, D: int, M: int, dtype: npt.DTypeLike) -> None:
        self.delta1 = empty((T + 1, B, M), dtype)
        self.delta1[T] = 0  # nothing comes back from beyond the last step
        self.delta1_rows = self.delta1[:-1].reshape(T * B, M)
        self.product = empty((B, M), dtype)
        self.ones = np.ones(T * B, dtype)
        self.d_x_rows = empty((T * B, D), dtype)
        length = min(T, max(1, BLOCK // (B * M)))
        slopes = empty((length, B, M), dtype)
        self.blocks = [self._block(t, min(t + length, T), slopes) for t in range(0, T, length)]
        self.blocks.reverse()

    def _block(
        self, start: int, stop: int, slopes: np.ndarray
    ) -> tuple[slice, np.ndarray, list[tuple[np.ndarray, np.ndarray, np.ndarray]]]:
        slope, delta1 = slopes[: stop - start], self.delta1[start : stop + 1]
        steps = list(zip(delta1[:-1], delta1[1:], slope, strict=True))
        return slice(start, stop), slope, steps[::-1]


@np.errstate(over="ignore", invalid="ignore")
def check_forward(params: Arrays, x: np.ndarray, h_start: np.ndarray) -> tuple[int, int, int, int, int]:
    """Refuse what a forward pass cannot take, and return T, B, D, M, K.

    Shapes: as in `forward`. Errors: TypeError, ValueError naming the array.
    """
    check_names("params", params, PARAMETERS)
    T, B, D = check_axes("x", x, "T, B, D")
    M, _ = check_axes("W11", params["W11"], "M, M")
    K, _ = check_axes("W1", params["W1"], "K, M")
    check("x", x, x.shape, x.dtype)
    check("W0", params["W0"], (M, D), x.dtype, "M, D")
    check("W11", params["W11"], (M, M), x.dtype, "M, M")
    check("b0", params["b0"], (M,), x.dtype, "M")
    check("W1", params["W1"], (K, M), x.dtype, "K, M")
    check("b1", params["b1"], (K,), x.dtype, "K")
    check("h_start", h_start, (B, M), x.dtype, "B, M")
    return T, B, D, M, K


@np.errstate(over="ignore", invalid="ignore")
def _check_backward(params: Arrays, trace: Trace, d_a2: np.ndarray) -> tuple[int, int, int, int, int]:
    check_names("params", params, PARAMETERS)
    check_trace(trace, Trace, "rnn.forward(params, x, h_start)")
    check_latest(trace)
    (T, B, D), M, K, dtype = trace.x.shape, trace.h1.shape[2], trace.a2.shape[2], trace.x.dtype
    check("d_a2", d_a2, (T, B, K), dtype, "T, B, K")
    check_form("W0", params["W0"], (M, D), dtype, "M, D")
    check_form("W11", params["W11"], (M, M), dtype, "M, M")
    check_form("W1", params["W1"], (K, M), dtype, "K, M")
    return T, B, D, M, K
