"""A bidirectional recurrent network: forward, and backpropagation through time in both directions.

    af(t) = W0f x(t) + W11f hf(t-1) + b0f      hf(t) = f(af(t))        hf(0) = h_start      (BI1, BI2)
    ab(t) = W0b x(t) + W11b hb(t+1) + b0b      hb(t) = f(ab(t))        hb(T+1) = h_end      (BI3, BI4)
    a2(t) = W1f hf(t) + W1b hb(t) + b1                                                      (BI5)

f is tanh, or another of ACTIVATIONS. D inputs, Mf and Mb hidden units of the forward and of the
backward layer, K outputs, T steps, B sequences. Arrays put time first, x is (T, B, D), and weights
are stored as the mathematics writes them, so code says h @ W.T. The backward layer is a forward
layer on reversed time: reversed before and after, and no other difference. With `lengths` (B,) each
sequence has its own T, which is where hb begins; see `lengths`.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .arrays import Arrays, as_floats, check, check_axes, check_form, check_names, check_size
from .layers import (
    ACTIVATIONS,
    check_choice,
    check_trace,
    check_two_sizes,
    draw,
    outer_sum,
    row_sum,
    run,
    run_back,
    sweep,
    sweep_back,
    times,
    transposed_times,
)
from .lengths import check_lengths, check_silent, last_steps

__all__ = ["ACTIVATIONS", "Trace", "backward", "forward", "initialise"]

PARAMETERS = ("W0f", "W11f", "b0f", "W0b", "W11b", "b0b", "W1f", "W1b", "b1")


class Trace(NamedTuple):
    """What a forward pass leaves for the backward pass.

    Shapes: x (T, B, D), states_f (T+1, B, Mf) = hf(0) … hf(T), states_b (T+1, B, Mb) =
    hb(1) … hb(T+1), scores (T, B, K) = a2; hf (T, B, Mf) and hb (T, B, Mb) are views of the states
    without h_start and h_end; `activation` is the name of f, lengths (B,) or None. x is the caller's
    own array, not a copy.
    """

    x: np.ndarray
    states_f: np.ndarray
    states_b: np.ndarray
    scores: np.ndarray
    activation: str = "tanh"
    lengths: np.ndarray | None = None

    @property
    def hf(self) -> np.ndarray:
        """Return the forward layer's states hf(1) … hf(T).

        Shapes: (T, B, Mf), a view. Errors: none.
        """
        return self.states_f[1:]

    @property
    def hb(self) -> np.ndarray:
        """Return the backward layer's states hb(1) … hb(T).

        Shapes: (T, B, Mb), a view. Errors: none.
        """
        return self.states_b[:-1]


def initialise(rng: np.random.Generator, D: int, M: Sequence[int], K: int, dtype: npt.DTypeLike = np.float64) -> Arrays:
    """Draw parameters: weights of variance 1 / fan-in, biases small but not zero.

    Shapes: M (Mf, Mb); in a dict W0f (Mf, D), W11f (Mf, Mf), b0f (Mf,), W0b (Mb, D), W11b (Mb, Mb),
    b0b (Mb,), W1f (K, Mf), W1b (K, Mb), b1 (K,).
    Errors: TypeError for an unsupported dtype, ValueError for sizes below 1 or M not a pair.
    """
    check_two_sizes("M", M, "(Mf, Mb)")
    check_size("D", D)
    check_size("K", K)
    Mf, Mb = M
    shapes = dict(W0f=(Mf, D), W11f=(Mf, Mf), b0f=(Mf,), W0b=(Mb, D), W11b=(Mb, Mb), b0b=(Mb,))
    return draw(rng, shapes | dict(W1f=(K, Mf), W1b=(K, Mb), b1=(K,)), dtype)


def forward(
    params: Arrays,
    x: np.ndarray,
    h_start: np.ndarray,
    h_end: np.ndarray,
    *,
    activation: str = "tanh",
    lengths: np.ndarray | None = None,
) -> Trace:
    """Run the network over all sequences and return the trace that `backward` needs.

    Shapes: x (T, B, D), h_start (B, Mf), h_end (B, Mb), params as in `initialise`; trace.scores
    (T, B, K). `activation` is a name in ACTIVATIONS; `lengths` (B,) the number of steps of each
    sequence, T of all unless given. Errors: TypeError, ValueError naming the array.
    Equations: BI1 to BI5.
    """
    check_choice("activation", activation, ACTIVATIONS)
    lengths = _check_forward(params, x, h_start, h_end, lengths)
    W0f, W11f, b0f, W0b, W11b, b0b, W1f, W1b, b1 = [params[name] for name in PARAMETERS]
    states_f = run(times(x, W0f) + b0f, W11f, h_start, activation)  # BI1, BI2
    states_b = run_back(times(x, W0b) + b0b, W11b, h_end, activation, lengths)  # BI3, BI4
    scores = times(states_f[1:], W1f) + times(states_b[:-1], W1b) + b1  # BI5
    return Trace(x, states_f, states_b, as_floats("scores", scores), activation, lengths)


def backward(params: Arrays, trace: Trace, d_scores: np.ndarray) -> Arrays:
    """Return the gradients of a loss by all parameters, x, h_start and h_end, given those by a2.

    Shapes: d_scores (T, B, K), 0 past the end of each sequence; each gradient has the shape of the
    array it belongs to. Errors: TypeError, ValueError. Equations, with delta2(t) = dL/da2(t), deltaf(t) = dL/daf(t),
    deltab(t) = dL/dab(t), deltaf(T+1) = 0 and deltab(0) = 0:

        deltaf(t) = f'(af(t)) * (W1f^T delta2(t) + W11f^T deltaf(t+1))          (BI6)
        deltab(t) = f'(ab(t)) * (W1b^T delta2(t) + W11b^T deltab(t-1))          (BI7)
        d_W1f = sum_t delta2(t) hf(t)^T        d_W1b = sum_t delta2(t) hb(t)^T  (BI8)
        d_W11f = sum_t deltaf(t) hf(t-1)^T     d_W11b = sum_t deltab(t) hb(t+1)^T (BI9)
        d_W0f = sum_t deltaf(t) x(t)^T         d_W0b = sum_t deltab(t) x(t)^T   (BI10)
        d_b1, d_b0f, d_b0b = the sums of delta2(t), deltaf(t), deltab(t)        (BI11)
        d_x(t) = W0f^T deltaf(t) + W0b^T deltab(t)                              (BI12)
        d_h_start = W11f^T deltaf(1)           d_h_end = W11b^T deltab(T)       (BI13)
    """
    _check_backward(params, trace, d_scores)
    W0f, W11f, _, W0b, W11b, _, W1f, W1b, _ = [params[name] for name in PARAMETERS]
    x, states_f, states_b, _, activation, lengths = trace
    deltaf = sweep(transposed_times(d_scores, W1f), W11f, states_f, activation)  # BI6
    deltab = sweep_back(transposed_times(d_scores, W1b), W11b, states_b, activation, lengths)  # BI7
    return {
        "W0f": outer_sum(deltaf, x),  # BI10
        "W11f": outer_sum(deltaf, states_f[:-1]),  # BI9: states_f[:-1] is hf(t-1)
        "b0f": row_sum(deltaf),  # BI11
        "W0b": outer_sum(deltab, x),  # BI10
        "W11b": outer_sum(deltab, states_b[1:]),  # BI9: states_b[1:] is hb(t+1)
        "b0b": row_sum(deltab),  # BI11
        "W1f": outer_sum(d_scores, states_f[1:]),  # BI8
        "W1b": outer_sum(d_scores, states_b[:-1]),  # BI8
        "b1": row_sum(d_scores),  # BI11
        "x": transposed_times(deltaf, W0f) + transposed_times(deltab, W0b),  # BI12
        "h_start": transposed_times(deltaf[0], W11f),  # BI13
        "h_end": transposed_times(last_steps(deltab, lengths), W11b),  # BI13
    }


@np.errstate(over="ignore", invalid="ignore")
def _check_forward(
    params: Arrays, x: np.ndarray, h_start: np.ndarray, h_end: np.ndarray, lengths: np.ndarray | None
) -> np.ndarray | None:
    check_names("params", params, PARAMETERS)
    T, B, D = check_axes("x", x, "T, B, D")
    check("x", x, x.shape, x.dtype)
    K, _ = check_axes("W1f", params["W1f"], "K, Mf")
    for f, name, state in (("f", "h_start", h_start), ("b", "h_end", h_end)):
        M, _ = check_axes(f"W11{f}", params[f"W11{f}"], f"M{f}, M{f}")
        check(f"W0{f}", params[f"W0{f}"], (M, D), x.dtype, f"M{f}, D")
        check(f"W11{f}", params[f"W11{f}"], (M, M), x.dtype, f"M{f}, M{f}")
        check(f"b0{f}", params[f"b0{f}"], (M,), x.dtype, f"M{f}")
        check(f"W1{f}", params[f"W1{f}"], (K, M), x.dtype, f"K, M{f}")
        check(name, state, (B, M), x.dtype, f"B, M{f}")
    check("b1", params["b1"], (K,), x.dtype, "K")
    return None if lengths is None else check_lengths(lengths, T, B)


@np.errstate(over="ignore", invalid="ignore")
def _check_backward(params: Arrays, trace: Trace, d_scores: np.ndarray) -> None:
    check_trace(trace, Trace, "bidirectional.forward(params, x, h_start, h_end)")
    check_names("params", params, PARAMETERS)
    D, K, dtype = trace.x.shape[2], trace.scores.shape[2], trace.x.dtype
    check("d_scores", d_scores, trace.scores.shape, dtype, "T, B, K")
    check_silent("d_scores", d_scores, trace.lengths)
    for f, states in (("f", trace.states_f), ("b", trace.states_b)):
        M = states.shape[2]
        check_form(f"W0{f}", params[f"W0{f}"], (M, D), dtype, f"M{f}, D")
        check_form(f"W11{f}", params[f"W11{f}"], (M, M), dtype, f"M{f}, M{f}")
        check_form(f"W1{f}", params[f"W1{f}"], (K, M), dtype, f"K, M{f}")
