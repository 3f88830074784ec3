"""A gated recurrent unit, GRU, with one hidden layer: forward, and backpropagation through time.

    r(t) = sigma(W0_r x(t) + W11_r h1(t-1) + b0_r)                     the reset gate      (GR1)
    z(t) = sigma(W0_z x(t) + W11_z h1(t-1) + b0_z)                     the update gate     (GR2)
    v(t) = r(t) h1(t-1)                                                                    (GR3, before)
    n(t) = tanh(W0_n x(t) + W11_n v(t) + b0_n)                         the candidate       (GR4, before)
    u(t) = W11_n h1(t-1) + b11                                                             (GR5, after)
    n(t) = tanh(W0_n x(t) + r(t) u(t) + b0_n)                          the candidate       (GR6, after)
    h1(t) = (1 - z(t)) n(t) + z(t) h1(t-1)                                                 (GR7)
    a2(t) = W1 h1(t) + b1                                                                  (GR8)

Products of vectors are entry by entry. Both orders are published, and `reset` says which: "before", the reset gate acts
on the state before it meets the recurrent weights; "after", it acts on their product, which has one more bias b11 (M,)
and needs one matrix product a step, not two. D inputs, M hidden units, K outputs, T steps, B sequences. Arrays put time
first, x is (T, B, D). The rows of the gates lie one below the other in the order r, z, n, which is that of PyTorch
(whose GRU is reset="after"): W0 (3M, D), W11 (3M, M), b0 (3M,). `gates` and `stacked` take them apart and together.
`layers` says how the sigmoid is computed. To read the equations first, without what makes them fast: `gru_plain`.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .arrays import Arrays, Workspace, buffers, empty
from .layers import (
    GatedBackward,
    GatedForward,
    check_apart,
    check_choice,
    check_gated_backward,
    check_gated_forward,
    check_trace,
    draw_gated,
    output_scores,
    split,
    stack,
    transposed,
)

__all__ = ["GATES", "RESETS", "Trace", "Workspace", "backward", "forward", "gates", "initialise", "stacked"]

PARAMETERS = {"before": ("W0", "W11", "b0", "W1", "b1"), "after": ("W0", "W11", "b0", "b11", "W1", "b1")}
RESETS = tuple(PARAMETERS)
GATES = ("r", "z", "n")


class Trace(NamedTuple):
    """What a forward pass leaves for the backward pass.

    Shapes: x (T, B, D), h_start (B, M), h1 (T, B, M), a2 (T, B, K); states (T+1, B, M) with states[0] = h_start and
    states[1:] = h1; gates a dict of (T, B, M) by name; inner (T, B, M) is v or u, as `reset` says. `buffers` and
    `stamp` tell a trace whose workspace has been used again. x is the caller's own array, not a copy.
    """

    x: np.ndarray
    h_start: np.ndarray
    h1: np.ndarray
    a2: np.ndarray
    states: np.ndarray
    gates: Arrays
    inner: np.ndarray
    reset: str
    buffers: Any
    stamp: int


def initialise(
    rng: np.random.Generator, D: int, M: int, K: int, dtype: npt.DTypeLike = np.float64, reset: str = "before"
) -> Arrays:
    """Draw parameters: weights of variance 1 / fan-in, biases small but not zero.

    Shapes: W0 (3M, D), W11 (3M, M), b0 (3M,), W1 (K, M), b1 (K,) in a dict, for reset="after" also b11 (M,).
    Errors: TypeError for an unsupported dtype, ValueError for sizes below 1 or another word for `reset`.
    """
    check_choice("reset", reset, RESETS)
    return draw_gated(rng, PARAMETERS[reset], len(GATES), D, M, K, dtype)


def check_reset(params: Arrays, reset: str, mend: str | None = None) -> None:
    """Refuse what is no order, and parameters of the other order, which would make another function.

    Shapes: any; `mend` says what to do about parameters, instead of passing the other `reset`. Errors: ValueError.
    """
    check_choice("reset", reset, RESETS)
    other = next(word for word in RESETS if word != reset)
    if isinstance(params, dict) and params.keys() == set(PARAMETERS[other]):
        raise ValueError(
            f"params are those of reset={other!r}, {'with' if 'b11' in params else 'without'} b11, expected those of "
            f"reset={reset!r}, which is another function: {mend or f'pass reset={other!r} here too'}."
        )


def gates(array: np.ndarray) -> Arrays:
    """Return the rows of a stacked parameter or gradient as views, in a dict r, z, n.

    Shapes: array (3M, …), each (M, …). Errors: TypeError, ValueError.
    """
    return split(array, GATES)


def stacked(r: np.ndarray, z: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Return the stacked parameter of the rows of each gate; `gates` undoes it.

    Shapes: each (M, …), returned (3M, …). Errors: TypeError, ValueError.
    """
    return stack(dict(r=r, z=z, n=n))


def forward(
    params: Arrays, x: np.ndarray, h_start: np.ndarray, *, workspace: Workspace | None = None, reset: str = "before"
) -> Trace:
    """Run the network over all sequences and return the trace that `backward` needs.

    Shapes: x (T, B, D), h_start (B, M), params as in `initialise` with the same `reset`; trace.h1 (T, B, M), trace.a2
    (T, B, K). With a workspace all of the trace but x lies in it and the next call overwrites it. h_start may be h1[-1]
    of the call before. Errors: TypeError, ValueError naming the array, also for an x that lies in the workspace where
    the result belongs. Equations: GR1 to GR8.
    """
    check_reset(params, reset)
    T, B, _, M, K = check_gated_forward(params, PARAMETERS[reset], len(GATES), x, dict(h_start=h_start))
    kept = buffers(workspace, _ForwardBuffers, T, B, M, K, reset, x.dtype)
    check_apart(x, kept.states, kept.gates, kept.inner, kept.a2_classes)
    kept.stamp += 1

    kept.states[0] = h_start  # first, because h_start may be the last state of the call before
    _run(kept, params, x, reset)
    output_scores(params["W1"], kept.h1_rows, params["b1"], kept.a2_classes)  # GR8, all rows
    return Trace(
        x, kept.states[0], kept.h1, kept.a2, kept.states, kept.by_name, kept.inner, reset, kept, kept.stamp
    )  # fmt: skip


def _run(kept: "_ForwardBuffers", params: Arrays, x: np.ndarray, reset: str) -> None:
    """Fill states, gates and what stands inside the candidate of all steps: GR1 to GR7."""
    x, factors, is_before = x.reshape(-1, x.shape[2]), kept.factors, reset == "before"
    product, product_rz, product_n, bias, b11 = kept.product, kept.product_rz, kept.product_n, kept.bias, kept.b11
    width, tanh, multiply, add, subtract = product.shape[1], np.tanh, np.multiply, np.add, np.subtract
    W0_transposed = transposed(params["W0"], factors)
    W11_transposed = transposed(params["W11"][:width], factors[:width])  # "before", the candidate waits for r
    W11_n_transposed = transposed(gates(params["W11"])["n"]) if is_before else None
    bias[:] = factors * params["b0"]  # as wide as a step, because adding short rows is slow
    b11[:] = 0 if is_before else params["b11"]
    for rows, below_rows, below, steps in kept.blocks:
        x[rows].dot(W0_transposed, below_rows)  # what the gates get from x, the rows of many steps
        below += bias
        for below_rz, below_n, h_before, h_now, rz, r, z, n, inner in steps:
            h_before.dot(W11_transposed, product)
            add(product_rz, below_rz, rz)
            tanh(rz, rz)
            multiply(rz, 0.5, rz)
            add(rz, 0.5, rz)  # GR1, GR2
            if is_before:
                multiply(r, h_before, inner)  # GR3
                inner.dot(W11_n_transposed, n)
            else:
                add(product_n, b11, inner)  # GR5
                multiply(r, inner, n)
            add(n, below_n, n)
            tanh(n, n)  # GR4, GR6
            subtract(h_before, n, h_now)
            multiply(h_now, z, h_now)
            add(h_now, n, h_now)  # GR7, as n + z (h1(t-1) - n)


def backward(params: Arrays, trace: Trace, d_a2: np.ndarray, workspace: Workspace | None = None) -> Arrays:
    """Return the gradients of a loss by all parameters, by x and by h_start, given those by a2.

    Shapes: d_a2 (T, B, K); each gradient has the shape of the array it belongs to. All gradients are fresh arrays, but
    with a workspace the one by x lies in it and the next call overwrites it.
    Errors: TypeError, ValueError, also for a trace whose workspace has been used again since.

    Equations, with delta2(t) = dL/da2(t), delta_k(t) the gradient by what is inside gate k = r, z, n, delta(t) all
    three, and zeros at T+1:

        d_h1(t) = W1^T delta2(t) + z(t+1) d_h1(t+1) + W11_r^T delta_r(t+1) + W11_z^T delta_z(t+1)
                  + r(t+1) d_v(t+1)                                                    (GR9, before)
                  + W11_n^T d_u(t+1)                                                   (GR10, after)
        delta_z(t) = d_h1(t) (h1(t-1) - n(t)) z(t) (1 - z(t))                          (GR11)
        delta_n(t) = d_h1(t) (1 - z(t)) (1 - n(t)^2)                                   (GR12)
        d_v(t) = W11_n^T delta_n(t)                                                    (GR13, before)
        delta_r(t) = d_v(t) h1(t-1) r(t) (1 - r(t))                                    (GR14, before)
        d_u(t) = delta_n(t) r(t)                                                       (GR15, after)
        delta_r(t) = delta_n(t) u(t) r(t) (1 - r(t))                                   (GR16, after)
        d_W1  = sum_t delta2(t) h1(t)^T        d_b1 = sum_t delta2(t)                  (GR17, GR18)
        d_W0  = sum_t delta(t) x(t)^T          d_b0 = sum_t delta(t)                   (GR19, GR20)
        d_W11_k = sum_t delta_k(t) h1(t-1)^T   for k = r, z                            (GR21)
        d_W11_n = sum_t delta_n(t) v(t)^T                                              (GR22, before)
        d_W11_n = sum_t d_u(t) h1(t-1)^T       d_b11 = sum_t d_u(t)                    (GR23, GR24, after)
        d_x(t) = W0^T delta(t)                 d_h_start = d_h1(0) without delta2(0)   (GR25, GR26)
    """
    check_trace(trace, Trace, "gru.forward(params, x, h_start)")
    check_reset(params, trace.reset, "pass the params that made the trace")
    T, B, D, M, K = check_gated_backward(params, PARAMETERS[trace.reset], len(GATES), trace, d_a2)
    kept = buffers(workspace, _BackwardBuffers, T, B, D, M, trace.reset, d_a2.dtype)
    x, h1, delta2 = trace.x.reshape(T * B, D), trace.h1.reshape(T * B, M), d_a2.reshape(T * B, K)
    delta = kept.delta_rows

    d_h_start = _sweep(kept, params, trace, delta2)  # GR26
    recurrent = _recurrent(kept, trace, M)
    return {
        "W0": delta.T.dot(x),  # GR19
        "W11": recurrent.pop("W11"),
        "b0": kept.ones.dot(delta),  # GR20; a product with ones is the fastest sum over rows
        **recurrent,
        "W1": delta2.T.dot(h1),  # GR17
        "b1": kept.ones.dot(delta2),  # GR18
        "x": delta.dot(params["W0"], kept.d_x_rows).reshape(T, B, D),  # GR25
        "h_start": d_h_start,
    }


def _sweep(kept: "_BackwardBuffers", params: Arrays, trace: Trace, delta2: np.ndarray) -> np.ndarray:
    """Fill delta of all steps and gates, backwards in time, and return d_h_start: GR9 to GR16, GR26."""
    is_before, W1, d_v, product, carried = trace.reset == "before", params["W1"], kept.d_v, kept.product, kept.carried
    multiply, add, W11_n = np.multiply, np.add, gates(params["W11"])["n"]
    W11_later = params["W11"][: -len(W11_n)] if is_before else params["W11"]
    carried[:] = 0  # nothing comes back from beyond the last step
    for rows, block, d_h_rows, d_h_all, slopes, steps in kept.blocks:
        delta2[rows].dot(W1, d_h_rows)  # W1^T delta2(t), the rows of many steps
        _slopes(slopes, trace, block)
        for (r, z), step in zip(trace.buffers.rz[block][::-1], steps, strict=True):
            delta_later, d_h, slopes_now, delta_now, slope_r, delta_r, delta_n = step
            delta_later.dot(W11_later, product)
            add(d_h, carried, d_h)
            add(d_h, product, d_h)  # GR9, GR10
            multiply(slopes_now, d_h, delta_now)  # GR11; before: GR12; after: GR15, GR16
            multiply(d_h, z, carried)
            if is_before:
                delta_n.dot(W11_n, d_v)  # GR13
                multiply(slope_r, d_v, delta_r)  # GR14
                multiply(d_v, r, d_v)
                add(carried, d_v, carried)
        if not is_before:
            multiply(slopes[:, 3], d_h_all, kept.delta_n[block])  # type: ignore[index]  # "after"  # GR12
    return kept.later[0].dot(W11_later) + carried


def _slopes(slopes: np.ndarray, trace: Trace, block: slice) -> None:
    """Fill the factors of d_h1 and d_v in GR11 to GR16 for a block of steps, which stays in the cache."""
    rz, (r, _, n) = trace.buffers.gates[block, :2], trace.buffers.gates[block].swapaxes(0, 1)
    of_rz, (of_r, of_z, of_u, of_n) = slopes[:, :2], slopes.swapaxes(0, 1)
    np.subtract(1.0, rz, of_rz)
    np.multiply(n, n, of_n)
    np.subtract(1.0, of_n, of_n)
    of_n *= of_z  # GR12
    of_rz *= rz
    np.subtract(trace.states[block], n, of_u)
    of_z *= of_u  # GR11
    if trace.reset == "before":
        of_r *= trace.states[block]  # GR14, times d_v
    else:
        of_r *= of_n
        of_r *= trace.inner[block]  # GR16
        np.multiply(of_n, r, of_u)  # GR15


def _recurrent(kept: "_BackwardBuffers", trace: Trace, M: int) -> Arrays:
    """Return the gradients by W11 and b11: GR21 to GR24; "after", delta_n takes the place of d_u in the rows then."""
    delta, h1_before = kept.delta_rows, trace.states[:-1].reshape(-1, M)
    if trace.reset == "before":
        of_rz, of_n, v = delta[:, : 2 * M], delta[:, 2 * M :], trace.inner.reshape(-1, M)
        return dict(W11=np.concatenate([of_rz.T.dot(h1_before), of_n.T.dot(v)]))  # GR21, GR22
    found = dict(W11=delta.T.dot(h1_before), b11=kept.ones.dot(delta[:, 2 * M :]))  # GR21, GR23; GR24
    kept.delta[:-1, :, 2 * M :] = kept.delta_n
    return found


class _ForwardBuffers(GatedForward):
    def __init__(self, T: int, B: int, M: int, K: int, reset: str, dtype: npt.DTypeLike) -> None:
        super().__init__(T, B, M, K, GATES, dtype)
        self.inner, self.b11 = empty((T, B, M), dtype), empty((B, M), dtype)
        self.rz = list(zip(self.by_name["r"], self.by_name["z"], strict=True))
        # BLAS wants the gates of a sequence side by side; "before", the candidate comes later.
        width = 2 if reset == "before" else 3
        self.product = empty((B, width * M), dtype)
        by_gate = self.product.reshape(B, width, M).swapaxes(0, 1)
        self.product_rz, self.product_n = by_gate[:2], by_gate[-1]  # "before" has no product_n, and uses none
        self.factors = np.repeat(np.array([0.5, 0.5, 1.0], dtype), M)  # RL5; the candidate is a tanh
        self.blocks = self.in_blocks(self._steps)

    def _steps(self, block: slice, below: np.ndarray) -> list[tuple[np.ndarray, ...]]:
        # Views of single steps cost more to make than small steps cost to compute.
        by_gate, gates = below.reshape(*below.shape[:2], 3, -1).swapaxes(1, 2), self.gates[block]
        own = by_gate[:, :2], by_gate[:, 2], self.states[block], self.h1[block], gates[:, :2], *gates.swapaxes(0, 1)
        return list(zip(*own, self.inner[block], strict=True))


class _BackwardBuffers(GatedBackward):
    # Side by side lie delta_r, delta_z and what else meets W11 or W0: "before" delta_n, "after" d_u, because all that
    # goes back to the step before is then one piece, and delta_n is kept apart.
    def __init__(self, T: int, B: int, D: int, M: int, reset: str, dtype: npt.DTypeLike) -> None:
        super().__init__(T, B, D, M, 3, dtype)
        self.is_before = reset == "before"
        self.later = self.delta[:, :, : 2 * M] if self.is_before else self.delta
        self.delta_n = None if self.is_before else empty((T, B, M), dtype)
        self.carried, self.d_v = empty((B, M), dtype), empty((B, M), dtype)
        self.blocks = self.in_blocks(4, self._steps)  # slopes of r, z, u, n

    def _steps(self, block: slice, d_h: np.ndarray, slopes: np.ndarray, delta: np.ndarray) -> tuple[np.ndarray, ...]:
        driven = (slopes[:, 1::2], delta[:, 1:]) if self.is_before else (slopes[:, :3], delta)  # by d_h1
        later = self.later[block.start + 1 : block.stop + 1]
        return later, d_h, *driven, slopes[:, 0], delta[:, 0], delta[:, 2]
