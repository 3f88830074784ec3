"""A deep recurrent network, L recurrent layers: forward, and backpropagation through time.

    a^l(t) = W^{l-1} h^{l-1}(t) + W^{ll} h^l(t-1) + b^{l-1}    l = 1 … L, with h^0 = x    (DR1)
    h^l(t) = f(a^l(t))                                                                   (DR2)
    a^{L+1}(t) = W^L h^L(t) + b^L                                                        (DR3)

f is tanh, or another of ACTIVATIONS. D inputs, M1 … ML hidden units, K outputs, T steps, B
sequences. Arrays put time first, x is (T, B, D), and weights are stored as the mathematics writes
them, so code says h @ W.T. Layer l counts from 1, tuples from 0: the states of layer l are
states[l-1]. With L = 1 this is rnn.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .arrays import Arrays, as_floats, check, check_axes, check_form, check_names, check_size
from .layers import (
    ACTIVATIONS,
    check_choice,
    check_layers,
    check_sizes,
    check_states,
    check_trace,
    depth,
    draw,
    outer_sum,
    row_sum,
    run,
    sweep,
    times,
    transposed_times,
)

__all__ = ["ACTIVATIONS", "Trace", "backward", "forward", "initialise"]


class Trace(NamedTuple):
    """What a forward pass leaves for the backward pass.

    Shapes: x (T, B, D), scores (T, B, K) = a^{L+1}, states a tuple of (T+1, B, Ml) for each layer,
    the initial state first, so that states[l-1][t] is h^l(t); `activation` is the name of f. x is
    the caller's own array.
    """

    x: np.ndarray
    states: tuple[np.ndarray, ...]
    scores: np.ndarray
    activation: str = "tanh"


def initialise(rng: np.random.Generator, D: int, M: Sequence[int], K: int, dtype: npt.DTypeLike = np.float64) -> Arrays:
    """Draw parameters: weights of variance 1 / fan-in, biases small but not zero.

    Shapes: M (M1, …, ML); in a dict W0 (M1, D), W1 (M2, M1), …, WL (K, ML) between layers,
    W11 (M1, M1), W22 (M2, M2), … recurrent, b0 (M1,), …, bL (K,).
    Errors: TypeError for an unsupported dtype, ValueError for sizes below 1 or more than 10 layers.
    """
    check_sizes("M", M, "(M1, …, ML)", least=1)
    check_layers("M", M)
    check_size("D", D)
    check_size("K", K)
    shapes: dict[str, tuple[int, ...]] = {}
    sizes = (D, *M, K)
    for l in range(1, len(M) + 1):
        shapes |= {f"W{l - 1}": (sizes[l], sizes[l - 1]), f"W{l}{l}": (sizes[l], sizes[l]), f"b{l - 1}": (sizes[l],)}
    return draw(rng, shapes | {f"W{len(M)}": (K, M[-1]), f"b{len(M)}": (K,)}, dtype)


def forward(params: Arrays, x: np.ndarray, h_start: Sequence[np.ndarray], *, activation: str = "tanh") -> Trace:
    """Run the network over all sequences and return the trace that `backward` needs.

    Shapes: x (T, B, D), h_start a tuple of (B, Ml), params as in `initialise`; trace.scores
    (T, B, K). `activation` is a name in ACTIVATIONS. Errors: TypeError, ValueError naming the array.
    Equations: DR1, DR2, DR3.
    """
    check_choice("activation", activation, ACTIVATIONS)
    L = _check_forward(params, x, h_start)
    h, states = x, []
    for l in range(1, L + 1):  # a layer needs all of the layer below, but of itself only the past
        below = times(h, params[f"W{l - 1}"]) + params[f"b{l - 1}"]
        states.append(run(below, params[f"W{l}{l}"], h_start[l - 1], activation))  # DR1, DR2
        h = states[-1][1:]
    scores = times(h, params[f"W{L}"]) + params[f"b{L}"]  # DR3
    return Trace(x, tuple(states), as_floats("scores", scores), activation)


def backward(params: Arrays, trace: Trace, d_scores: np.ndarray) -> dict[str, Any]:
    """Return the gradients of a loss by all parameters, x and h_start, given those by the scores.

    Shapes: d_scores (T, B, K); each gradient has the shape of the array it belongs to, "h_start" is
    a tuple. Errors: TypeError, ValueError. Equations, with delta^l(t) = dL/da^l(t), so that
    delta^{L+1} = d_scores, and delta^l(T+1) = 0:

        delta^l(t) = f'(a^l(t)) * (W^l^T delta^{l+1}(t) + W^{ll}^T delta^l(t+1))         (DR4)
        d_W^{l-1} = sum_t delta^l(t) h^{l-1}(t)^T       d_b^{l-1} = sum_t delta^l(t)     (DR5, DR6)
        d_W^{ll}  = sum_t delta^l(t) h^l(t-1)^T                                          (DR7)
        d_x(t) = W^0^T delta^1(t)                       d_h^l(0) = W^{ll}^T delta^l(1)   (DR8, DR9)
    """
    L = _check_backward(params, trace, d_scores)
    h = [trace.x, *(states[1:] for states in trace.states)]
    d_h_start: list[np.ndarray] = []
    gradients, delta = dict.fromkeys(params), d_scores
    for l in range(L, -1, -1):  # delta is that of layer l + 1
        gradients[f"W{l}"] = outer_sum(delta, h[l])  # DR5
        gradients[f"b{l}"] = row_sum(delta)  # DR6
        d_h = transposed_times(delta, params[f"W{l}"])  # the first half of DR4; for l = 0 DR8
        if l > 0:
            states, W_ll = trace.states[l - 1], params[f"W{l}{l}"]
            delta = sweep(d_h, W_ll, states, trace.activation)  # DR4, now that of layer l
            gradients[f"W{l}{l}"] = outer_sum(delta, states[:-1])  # DR7
            d_h_start.insert(0, transposed_times(delta[0], W_ll))  # DR9
    return gradients | {"x": d_h, "h_start": tuple(d_h_start)}


def _names(L: int) -> list[str]:
    between = [f"{letter}{l}" for l in range(L + 1) for letter in "Wb"]
    return [*between, *(f"W{l}{l}" for l in range(1, L + 1))]


@np.errstate(over="ignore", invalid="ignore")
def _check_forward(params: Arrays, x: np.ndarray, h_start: Sequence[np.ndarray]) -> int:
    L = depth(params, lambda l: (f"b{l}", f"W{l}{l}"))
    check_names("params", params, _names(L))
    _, B, before = check_axes("x", x, "T, B, D")
    check("x", x, x.shape, x.dtype)
    check_states("h_start", h_start, L)
    axes = ["D", *(f"M{l}" for l in range(1, L + 1)), "K"]
    for l in range(L + 1):
        letters, M = f"{axes[l + 1]}, {axes[l]}", axes[l + 1]
        after, _ = check_axes(f"W{l}", params[f"W{l}"], letters)
        check(f"W{l}", params[f"W{l}"], (after, before), x.dtype, letters)
        check(f"b{l}", params[f"b{l}"], (after,), x.dtype, M)
        if l < L:
            check(f"W{l + 1}{l + 1}", params[f"W{l + 1}{l + 1}"], (after, after), x.dtype, f"{M}, {M}")
            check(f"h_start[{l}]", h_start[l], (B, after), x.dtype, f"B, {M}")
        before = after
    return L


@np.errstate(over="ignore", invalid="ignore")
def _check_backward(params: Arrays, trace: Trace, d_scores: np.ndarray) -> int:
    check_trace(trace, Trace, "deep.forward(params, x, h_start)")
    L, dtype = len(trace.states), trace.x.dtype
    sizes = [array.shape[2] for array in (trace.x, *trace.states, trace.scores)]
    check_names("params", params, _names(L))
    check("d_scores", d_scores, trace.scores.shape, dtype, "T, B, K")
    for l in range(L + 1):
        check_form(f"W{l}", params[f"W{l}"], (sizes[l + 1], sizes[l]), dtype)
        if l > 0:
            check_form(f"W{l}{l}", params[f"W{l}{l}"], (sizes[l], sizes[l]), dtype)
    return L
