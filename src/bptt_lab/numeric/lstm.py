"""A long short-term memory, LSTM, with one hidden layer: forward, and backpropagation through time.

    a_k(t) = W0_k x(t) + W11_k h1(t-1) + b0_k    for each gate k = i, f, g, o      (LS1)
    i(t), f(t), o(t) = sigma(a_i), sigma(a_f), sigma(a_o)                          (LS2)
    g(t) = tanh(a_g)                                                               (LS3)
    c(t) = f(t) c(t-1) + i(t) g(t)                                                 (LS4)
    h1(t) = o(t) tanh c(t)                                                         (LS5)
    a2(t) = W1 h1(t) + b1                                                          (LS6)

Products of vectors are entry by entry: i is the input gate, f the forget gate, g the candidate, o the output gate and
c the cell. D inputs, M hidden units, K outputs, T steps, B sequences. Arrays put time first, x is (T, B, D). The rows
of the four gates lie one below the other in the order i, f, g, o, which is that of PyTorch: W0 (4M, D), W11 (4M, M),
b0 (4M,). `gates` and `stacked` take them apart and together. `layers` says how the sigmoid is computed. To read the
equations first, without what makes them fast: `lstm_plain`.
"""

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .arrays import Arrays, Workspace, buffers, empty
from .layers import (
    GatedBackward,
    GatedForward,
    check_apart,
    check_gated_backward,
    check_gated_forward,
    check_trace,
    draw_gated,
    output_scores,
    split,
    stack,
    transposed,
)

__all__ = ["GATES", "Trace", "Workspace", "backward", "forward", "gates", "initialise", "stacked"]

PARAMETERS = ("W0", "W11", "b0", "W1", "b1")
GATES = ("i", "f", "g", "o")
IS_SIGMOID = np.array([1, 1, 0, 1])  # the candidate is a tanh


class Trace(NamedTuple):
    """What a forward pass leaves for the backward pass.

    Shapes: x (T, B, D), h_start and c_start (B, M), h1 (T, B, M), a2 (T, B, K); states and c (T+1, B, M) with the
    initial ones first, so that states[1:] = h1; gates a dict of (T, B, M) by name. `buffers` and `stamp` tell a trace
    whose workspace has been used again. x is the caller's own array, not a copy.
    """

    x: np.ndarray
    h_start: np.ndarray
    c_start: np.ndarray
    h1: np.ndarray
    a2: np.ndarray
    states: np.ndarray
    c: np.ndarray
    gates: Arrays
    buffers: Any
    stamp: int


def initialise(
    rng: np.random.Generator, D: int, M: int, K: int, dtype: npt.DTypeLike = np.float64, forget_bias: float = 1.0
) -> Arrays:
    """Draw parameters: weights of variance 1 / fan-in, biases small, those of the forget gate around `forget_bias`.

    Shapes: W0 (4M, D), W11 (4M, M), b0 (4M,), W1 (K, M), b1 (K,) in a dict.
    Errors: TypeError for an unsupported dtype, ValueError for sizes below 1 or a forget_bias that is no finite number.
    """
    if not isinstance(forget_bias, (int, float, np.integer, np.floating)) or not math.isfinite(forget_bias):
        raise ValueError(f"forget_bias is {forget_bias!r}, expected a finite number such as 1.0: correct it.")
    params = draw_gated(rng, PARAMETERS, len(GATES), D, M, K, dtype)
    gates(params["b0"])["f"][:] += forget_bias
    return params


def gates(array: np.ndarray) -> Arrays:
    """Return the rows of a stacked parameter or gradient as views, in a dict i, f, g, o.

    Shapes: array (4M, …), each (M, …). Errors: TypeError, ValueError.
    """
    return split(array, GATES)


def stacked(i: np.ndarray, f: np.ndarray, g: np.ndarray, o: np.ndarray) -> np.ndarray:
    """Return the stacked parameter of the rows of each gate; `gates` undoes it.

    Shapes: each (M, …), returned (4M, …). Errors: TypeError, ValueError.
    """
    return stack(dict(i=i, f=f, g=g, o=o))


def forward(
    params: Arrays, x: np.ndarray, h_start: np.ndarray, c_start: np.ndarray, *, workspace: Workspace | None = None
) -> Trace:
    """Run the network over all sequences and return the trace that `backward` needs.

    Shapes: x (T, B, D), h_start and c_start (B, M), params as in `initialise`; trace.h1 (T, B, M), trace.a2 (T, B, K).
    With a workspace all of the trace but x lies in it and the next call overwrites it. h_start and c_start may be
    h1[-1] and c[-1] of the call before. Errors: TypeError, ValueError naming the array, also for an x that lies in the
    workspace where the result belongs. Equations: LS1 to LS6.
    """
    starts = dict(h_start=h_start, c_start=c_start)
    T, B, _, M, K = check_gated_forward(params, PARAMETERS, len(GATES), x, starts)
    kept = buffers(workspace, _ForwardBuffers, T, B, M, K, x.dtype)
    check_apart(x, kept.states, kept.c, kept.gates, kept.a2_classes)
    kept.stamp += 1

    c_start = c_start.copy()  # it may be a state of the call before, which the next line overwrites
    kept.states[0] = h_start
    kept.c[0] = c_start
    _run(kept, params, x)
    output_scores(params["W1"], kept.h1_rows, params["b1"], kept.a2_classes)  # LS6, all rows
    return Trace(
        x, kept.states[0], kept.c[0], kept.h1, kept.a2, kept.states, kept.c, kept.by_name, kept, kept.stamp
    )  # fmt: skip


def _run(kept: "_ForwardBuffers", params: Arrays, x: np.ndarray) -> None:
    """Fill states, cells and gates of all steps: LS1 to LS5."""
    x, factors = x.reshape(-1, x.shape[2]), kept.factors
    W0_transposed, W11_transposed = transposed(params["W0"], factors), transposed(params["W11"], factors)
    bias, product, by_gate, i_g = kept.bias, kept.product, kept.product_by_gate, kept.i_g
    scale, shift, tanh, multiply, add = kept.scale, kept.shift, np.tanh, np.multiply, np.add
    bias[:] = factors * params["b0"]  # as wide as a step, because adding short rows is slow
    for rows, below_rows, below, steps in kept.blocks:
        x[rows].dot(W0_transposed, below_rows)  # LS1 without W11 h1(t-1), the rows of many steps
        below += bias
        for below_now, h_before, h_now, all_gates, i, f, g, o, c_before, c_now, tanh_c in steps:
            h_before.dot(W11_transposed, product)
            add(product, below_now, product)  # LS1, halved for the sigmoids
            tanh(by_gate, all_gates)  # LS3
            multiply(all_gates, scale, all_gates)
            add(all_gates, shift, all_gates)  # LS2
            multiply(i, g, i_g)
            multiply(f, c_before, c_now)
            add(c_now, i_g, c_now)  # LS4
            tanh(c_now, tanh_c)
            multiply(o, tanh_c, h_now)  # LS5


def backward(params: Arrays, trace: Trace, d_a2: np.ndarray, workspace: Workspace | None = None) -> Arrays:
    """Return the gradients of a loss by all parameters, x, h_start and c_start, given those by a2.

    Shapes: d_a2 (T, B, K); each gradient has the shape of the array it belongs to. All gradients are fresh arrays, but
    with a workspace the one by x lies in it and the next call overwrites it.
    Errors: TypeError, ValueError, also for a trace whose workspace has been used again since.

    Equations, with delta2(t) = dL/da2(t) and delta_k(t) = dL/da_k(t), delta(t) all four, delta(T+1) = 0, d_c(T+1) = 0:

        d_h1(t) = W1^T delta2(t) + W11^T delta(t+1)                                    (LS7)
        d_c(t) = d_h1(t) o(t) (1 - tanh(c(t))^2) + d_c(t+1) f(t+1)                     (LS8)
        delta_i(t) = d_c(t) g(t) i(t) (1 - i(t))                                       (LS9)
        delta_f(t) = d_c(t) c(t-1) f(t) (1 - f(t))                                     (LS10)
        delta_g(t) = d_c(t) i(t) (1 - g(t)^2)                                          (LS11)
        delta_o(t) = d_h1(t) tanh(c(t)) o(t) (1 - o(t))                                (LS12)
        d_W1  = sum_t delta2(t) h1(t)^T        d_b1 = sum_t delta2(t)                  (LS13, LS14)
        d_W11 = sum_t delta(t) h1(t-1)^T       d_b0 = sum_t delta(t)                   (LS15, LS16)
        d_W0  = sum_t delta(t) x(t)^T          d_x(t) = W0^T delta(t)                  (LS17, LS18)
        d_h_start = W11^T delta(1)             d_c_start = d_c(1) f(1)                 (LS19, LS20)
    """
    check_trace(trace, Trace, "lstm.forward(params, x, h_start, c_start)")
    T, B, D, M, K = check_gated_backward(params, PARAMETERS, len(GATES), trace, d_a2)
    kept = buffers(workspace, _BackwardBuffers, T, B, D, M, d_a2.dtype)
    x, h1, delta2 = trace.x.reshape(T * B, D), trace.h1.reshape(T * B, M), d_a2.reshape(T * B, K)
    h1_before, delta = trace.states[:-1].reshape(T * B, M), kept.delta_rows

    _sweep(kept, params, trace.buffers, delta2)
    return {
        "W0": delta.T.dot(x),  # LS17
        "W11": delta.T.dot(h1_before),  # LS15
        "b0": kept.ones.dot(delta),  # LS16; a product with ones is the fastest sum over rows
        "W1": delta2.T.dot(h1),  # LS13
        "b1": kept.ones.dot(delta2),  # LS14
        "x": delta.dot(params["W0"], kept.d_x_rows).reshape(T, B, D),  # LS18
        "h_start": kept.delta[0].dot(params["W11"]),  # LS19
        "c_start": kept.d_c.copy(),  # LS20, which the last step of the sweep leaves
    }


def _sweep(kept: "_BackwardBuffers", params: Arrays, past: Any, delta2: np.ndarray) -> None:
    """Fill delta of all steps and gates, backwards in time: LS7 to LS12."""
    W11, W1, d_c, product, multiply, add = params["W11"], params["W1"], kept.d_c, kept.product, np.multiply, np.add
    d_c[:] = 0  # nothing comes back from beyond the last step
    for rows, block, d_h_rows, _, slopes, steps in kept.blocks:
        delta2[rows].dot(W1, d_h_rows)  # W1^T delta2(t), the rows of many steps
        _slopes(slopes, past.gates[block], past.c[block], past.tanh_c[block])
        for f, step in zip(past.forget[block][::-1], steps, strict=True):
            delta_later, d_h, slopes_ifg, slope_o, cell_now, delta_ifg, delta_o = step
            delta_later.dot(W11, product)
            add(d_h, product, d_h)  # LS7
            multiply(d_h, cell_now, product)
            add(d_c, product, d_c)  # LS8
            multiply(slopes_ifg, d_c, delta_ifg)  # LS9, LS10, LS11
            multiply(slope_o, d_h, delta_o)  # LS12
            multiply(d_c, f, d_c)  # the second half of LS8 of the step before


def _slopes(slopes: np.ndarray, gates: np.ndarray, c_before: np.ndarray, tanh_c: np.ndarray) -> None:
    """Fill the factors of d_c and d_h1 in LS8 to LS12 for a block of steps, which stays in the cache."""
    i, _, g, o = gates.swapaxes(0, 1)
    of_i, of_f, of_g, of_o, of_c = slopes.swapaxes(0, 1)
    np.multiply(tanh_c, tanh_c, of_c)
    np.subtract(1.0, of_c, of_c)
    of_c *= o  # LS8
    np.subtract(1.0, gates, slopes[:, :4])
    slopes[:, :4] *= gates
    of_i *= g  # LS9
    of_f *= c_before  # LS10
    np.multiply(g, g, of_g)
    np.subtract(1.0, of_g, of_g)
    of_g *= i  # LS11
    of_o *= tanh_c  # LS12


class _ForwardBuffers(GatedForward):
    def __init__(self, T: int, B: int, M: int, K: int, dtype: npt.DTypeLike) -> None:
        super().__init__(T, B, M, K, GATES, dtype)
        self.c, self.tanh_c, self.i_g = empty((T + 1, B, M), dtype), empty((T, B, M), dtype), empty((B, M), dtype)
        self.forget = list(self.by_name["f"])
        # BLAS wants the gates of a sequence side by side.
        self.product = empty((B, 4 * M), dtype)
        self.product_by_gate = self.product.reshape(B, 4, M).swapaxes(0, 1)
        # RL5: what halves a pre-activation, and what makes the sigmoid of its tanh
        self.scale = (1 - IS_SIGMOID / 2).astype(dtype)[:, None, None]
        self.shift = (IS_SIGMOID / 2).astype(dtype)[:, None, None]
        self.factors = np.repeat(self.scale, M)
        self.blocks = self.in_blocks(self._steps)

    def _steps(self, block: slice, below: np.ndarray) -> list[tuple[np.ndarray, ...]]:
        # Views of single steps cost more to make than small steps cost to compute.
        after = slice(block.start + 1, block.stop + 1)
        own = below, self.states[block], self.states[after], self.gates[block], *self.gates[block].swapaxes(0, 1)
        return list(zip(*own, self.c[block], self.c[after], self.tanh_c[block], strict=True))


class _BackwardBuffers(GatedBackward):
    def __init__(self, T: int, B: int, D: int, M: int, dtype: npt.DTypeLike) -> None:
        super().__init__(T, B, D, M, 4, dtype)
        self.d_c = empty((B, M), dtype)
        self.blocks = self.in_blocks(5, self._steps)

    def _steps(self, block: slice, d_h: np.ndarray, slopes: np.ndarray, delta: np.ndarray) -> tuple[np.ndarray, ...]:
        later = self.delta[block.start + 1 : block.stop + 1]
        return later, d_h, slopes[:, :3], slopes[:, 3], slopes[:, 4], delta[:, :3], delta[:, 3]
