"""A deep bidirectional recurrent network, L layers of two directions: forward, and backpropagation through time.

    af^l(t) = sum_s W^{l-1,s→f} h^{l-1,s}(t) + W^{llf} hf^l(t-1) + bf^{l-1}     hf^l(t) = f(af^l(t))     (DB1)
    ab^l(t) = sum_s W^{l-1,s→b} h^{l-1,s}(t) + W^{llb} hb^l(t+1) + bb^{l-1}     hb^l(t) = f(ab^l(t))     (DB2)
    a^{L+1}(t) = W^{L,f} hf^L(t) + W^{L,b} hb^L(t) + b^L                                                 (DB3)

hf^l(0) = h_start^l and hb^l(T+1) = h_end^l. The sum runs over both directions s of the layer below;
layer 1 has x alone below it, and f is tanh or another of ACTIVATIONS.

A name of a weight says the layer it leaves, the direction it leaves, and the direction it enters;
the input and the output have no direction, so that with L = 1 these are the names of bidirectional:

    W0f W0b                      from x                       b0f b0b
    W11f W11b W22f W22b …        recurrent, in layer 1, 2, …
    W1ff W1fb W1bf W1bb …        from layer 1 to layer 2, fb from forward to backward     b1f b1b …
    WLf WLb                      to the output                bL

D inputs, Mlf and Mlb hidden units, K outputs, T steps, B sequences. Arrays put time first, x is
(T, B, D), and weights are stored as the mathematics writes them, so code says h @ W.T. Layer l
counts from 1, tuples from 0. With `lengths` (B,) each sequence has its own T; see `lengths`.
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
    check_two_sizes,
    depth,
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

DIRECTIONS = ("f", "b")


class Trace(NamedTuple):
    """What a forward pass leaves for the backward pass.

    Shapes: x (T, B, D), states_f a tuple of (T+1, B, Mlf) for each layer, hf^l(0) … hf^l(T),
    states_b a tuple of (T+1, B, Mlb), hb^l(1) … hb^l(T+1), scores (T, B, K) = a^{L+1}; `activation`
    is the name of f, lengths (B,) or None. x is the caller's own array, not a copy.
    """

    x: np.ndarray
    states_f: tuple[np.ndarray, ...]
    states_b: tuple[np.ndarray, ...]
    scores: np.ndarray
    activation: str = "tanh"
    lengths: np.ndarray | None = None


def initialise(
    rng: np.random.Generator, D: int, M: Sequence[Sequence[int]], K: int, dtype: npt.DTypeLike = np.float64
) -> Arrays:
    """Draw parameters: weights of variance 1 / fan-in, biases small but not zero.

    Shapes: M ((M1f, M1b), …, (MLf, MLb)); a dict with the names above, each weight (size of what it
    enters, size of what it leaves), each bias (size of what it enters,).
    Errors: TypeError for an unsupported dtype, ValueError for sizes below 1, M not pairs, or more
    than 10 layers.
    """
    _check_pairs(M)
    check_size("D", D)
    check_size("K", K)
    return draw(rng, _shapes(D, M, K), dtype)


def forward(
    params: Arrays,
    x: np.ndarray,
    h_start: Sequence[np.ndarray],
    h_end: Sequence[np.ndarray],
    *,
    activation: str = "tanh",
    lengths: np.ndarray | None = None,
) -> Trace:
    """Run the network over all sequences and return the trace that `backward` needs.

    Shapes: x (T, B, D), h_start a tuple of (B, Mlf), h_end a tuple of (B, Mlb), params as in
    `initialise`; trace.scores (T, B, K). `activation` is a name in ACTIVATIONS; `lengths` (B,) the
    number of steps of each sequence, T of all unless given. Errors: TypeError, ValueError naming
    the array. Equations: DB1, DB2, DB3.
    """
    check_choice("activation", activation, ACTIVATIONS)
    L, lengths = _check_forward(params, x, h_start, h_end, lengths)
    h, states_f, states_b = {"": x}, [], []
    for l in range(1, L + 1):
        f, b = (_arriving(params, h, l - 1, to) for to in DIRECTIONS)
        states_f.append(run(f, params[f"W{l}{l}f"], h_start[l - 1], activation))  # DB1
        states_b.append(run_back(b, params[f"W{l}{l}b"], h_end[l - 1], activation, lengths))  # DB2
        h = {"f": states_f[-1][1:], "b": states_b[-1][:-1]}
    scores = as_floats("scores", _arriving(params, h, L, ""))  # DB3
    return Trace(x, tuple(states_f), tuple(states_b), scores, activation, lengths)


def backward(params: Arrays, trace: Trace, d_scores: np.ndarray) -> dict[str, Any]:
    """Return the gradients of a loss by all parameters, x, h_start and h_end, given those by the scores.

    Shapes: d_scores (T, B, K), 0 past the end of each sequence; each gradient has the shape of the
    array it belongs to, "h_start" and "h_end" are tuples. Errors: TypeError, ValueError. Equations,
    with deltaf^l(t) = dL/daf^l(t) and deltab^l(t) = dL/dab^l(t), at the output delta^{L+1} = d_scores,
    deltaf^l(T+1) = 0, deltab^l(0) = 0, and s → d from a direction to a direction of the next layer:

        d_h^{l,s}(t) = sum_d W^{l,s→d}^T delta^{l+1,d}(t)                           for l = 0 this is d_x   (DB4)
        deltaf^l(t) = f'(af^l(t)) * (d_h^{l,f}(t) + W^{llf}^T deltaf^l(t+1))                                (DB5)
        deltab^l(t) = f'(ab^l(t)) * (d_h^{l,b}(t) + W^{llb}^T deltab^l(t-1))                                (DB6)
        d_W^{l,s→d} = sum_t delta^{l+1,d}(t) h^{l,s}(t)^T       d_b^{l,d} = sum_t delta^{l+1,d}(t)          (DB7)
        d_W^{llf} = sum_t deltaf^l(t) hf^l(t-1)^T               d_W^{llb} = sum_t deltab^l(t) hb^l(t+1)^T   (DB8)
        d_h_start^l = W^{llf}^T deltaf^l(1)                     d_h_end^l = W^{llb}^T deltab^l(T)           (DB9)
    """
    L = _check_backward(params, trace, d_scores)
    d_h_start: list[np.ndarray] = []
    d_h_end: list[np.ndarray] = []
    gradients, delta = dict.fromkeys(params), {"": d_scores}
    for l in range(L, -1, -1):  # delta is that of layer l + 1
        h = _states(trace, l)
        gradients |= _between(delta, h, l)  # DB7
        d_h = {s: _returning(params, delta, l, s) for s in h}  # DB4
        if l > 0:
            f, b, W_f, W_b = trace.states_f[l - 1], trace.states_b[l - 1], params[f"W{l}{l}f"], params[f"W{l}{l}b"]
            deltaf = sweep(d_h["f"], W_f, f, trace.activation)  # DB5
            deltab = sweep_back(d_h["b"], W_b, b, trace.activation, trace.lengths)  # DB6
            gradients |= {f"W{l}{l}f": outer_sum(deltaf, f[:-1]), f"W{l}{l}b": outer_sum(deltab, b[1:])}  # DB8
            d_h_start.insert(0, transposed_times(deltaf[0], W_f))  # DB9
            d_h_end.insert(0, transposed_times(last_steps(deltab, trace.lengths), W_b))  # DB9
            delta = {"f": deltaf, "b": deltab}
    return gradients | {"x": d_h[""], "h_start": tuple(d_h_start), "h_end": tuple(d_h_end)}


def _arriving(params: Arrays, h: Arrays, l: int, to: str) -> np.ndarray:
    """Return what one direction gets from all of layer l below it, h a dict by direction."""
    return sum(times(h[s], params[f"W{l}{s}{to}"]) for s in h) + params[f"b{l}{to}"]


def _returning(params: Arrays, delta: Arrays, l: int, s: str) -> np.ndarray:
    """Return the gradient by one direction of layer l, delta a dict by direction of the layer above: DB4."""
    return sum(transposed_times(delta[to], params[f"W{l}{s}{to}"]) for to in delta)  # type: ignore[return-value]  # no sum of nothing


def _between(delta: Arrays, h: Arrays, l: int) -> Arrays:
    """Return the gradients by weights and biases between layer l and the one above: DB7."""
    weights = {f"W{l}{s}{to}": outer_sum(delta[to], h[s]) for s in h for to in delta}
    return weights | {f"b{l}{to}": row_sum(delta[to]) for to in delta}


def _states(trace: Trace, l: int) -> Arrays:
    return {"f": trace.states_f[l - 1][1:], "b": trace.states_b[l - 1][:-1]} if l > 0 else {"": trace.x}


def _shapes(D: Any, M: Sequence[Sequence[Any]], K: Any) -> dict[str, tuple[Any, ...]]:
    """Return the shapes of all parameters by name, from sizes or from letters, in the order of bidirectional."""
    shapes: dict[str, tuple[Any, ...]] = {}
    sizes = [{"": D}, *(dict(zip(DIRECTIONS, pair, strict=True)) for pair in M), {"": K}]
    for l, (before, after) in enumerate(zip(sizes[:-1], sizes[1:], strict=True)):
        for to in after:
            shapes |= {f"W{l}{s}{to}": (after[to], before[s]) for s in before}
            shapes |= {f"W{l + 1}{l + 1}{to}": (after[to], after[to])} if to else {}
            shapes |= {f"b{l}{to}": (after[to],)}
    return shapes


def _letters(L: int) -> dict[str, tuple[Any, ...]]:
    return _shapes("D", [(f"M{l}f", f"M{l}b") for l in range(1, L + 1)], "K")


def _check_pairs(M: Sequence[Sequence[int]]) -> None:
    check_sizes("M", [1] * len(M) if isinstance(M, (tuple, list)) else M, "((M1f, M1b), …)", least=1)
    check_layers("M", M)
    for l, pair in enumerate(M):
        check_two_sizes(f"M[{l}]", pair, f"(M{l + 1}f, M{l + 1}b)")


@np.errstate(over="ignore", invalid="ignore")
def _check_forward(
    params: Arrays,
    x: np.ndarray,
    h_start: Sequence[np.ndarray],
    h_end: Sequence[np.ndarray],
    lengths: np.ndarray | None,
) -> tuple[int, np.ndarray | None]:
    L = depth(params, lambda l: (f"b{l - 1}f", f"W{l}{l}f"))
    letters = {name: ", ".join(shape) for name, shape in _letters(L).items()}
    check_names("params", params, letters)
    T, B, D = check_axes("x", x, "T, B, D")
    check("x", x, x.shape, x.dtype)
    check_states("h_start", h_start, L)
    check_states("h_end", h_end, L)
    size = {name: check_axes(name, params[name], letters[name])[0] for name in letters if name[0] == "W"}
    M = [(size[f"W{l}{l}f"], size[f"W{l}{l}b"]) for l in range(1, L + 1)]
    for name, shape in _shapes(D, M, size[f"W{L}f"]).items():
        check(name, params[name], shape, x.dtype, letters[name])
    for l, (f, b) in enumerate(M):
        check(f"h_start[{l}]", h_start[l], (B, f), x.dtype, f"B, M{l + 1}f")
        check(f"h_end[{l}]", h_end[l], (B, b), x.dtype, f"B, M{l + 1}b")
    return L, None if lengths is None else check_lengths(lengths, T, B)


@np.errstate(over="ignore", invalid="ignore")
def _check_backward(params: Arrays, trace: Trace, d_scores: np.ndarray) -> int:
    check_trace(trace, Trace, "deep_bidirectional.forward(params, x, h_start, h_end)")
    L, dtype = len(trace.states_f), trace.x.dtype
    M = [(f.shape[2], b.shape[2]) for f, b in zip(trace.states_f, trace.states_b, strict=True)]
    shapes = _shapes(trace.x.shape[2], M, trace.scores.shape[2])
    check_names("params", params, shapes)
    check("d_scores", d_scores, trace.scores.shape, dtype, "T, B, K")
    check_silent("d_scores", d_scores, trace.lengths)
    for name, shape in shapes.items():
        check_form(name, params[name], shape, dtype)
    return L
