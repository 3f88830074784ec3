"""A feed-forward network of L layers: forward and backward.

    a^l = W^{l-1} h^{l-1} + b^{l-1}     l = 1 … L, with h^0 = x          (FF1)
    h^l = f(a^l)                        f the activation, in layer L the output function   (FF2)

D inputs, M1, M2, … hidden units, K outputs, B examples. Arrays put the example first, x is (B, D),
and weights are stored as the mathematics writes them, so code says h @ W.T. Layer l counts from 1,
lists from 0: a^l is pre[l-1], h^l is post[l-1], and W^{l-1} and b^{l-1} lead to it.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from . import activations
from .arrays import Arrays, as_floats, check, check_axes, check_form, check_names
from .layers import (
    ACTIVATIONS,
    check_choice,
    check_sizes,
    check_trace,
    depth,
    draw,
    outer_sum,
    row_sum,
    times,
    transposed_times,
)

__all__ = ["ACTIVATIONS", "OUTPUTS", "Trace", "backward", "forward", "initialise"]

OUTPUTS = (*ACTIVATIONS, "softmax")


class Trace(NamedTuple):
    """What a forward pass leaves for the backward pass.

    Shapes: x (B, D), pre a list of a1 … aL and post a list of h1 … hL, each (B, size of its layer);
    post[-1] is the network's output. x is the caller's own array, not a copy.
    """

    x: np.ndarray
    pre: list
    post: list
    activation: str
    output: str


def initialise(rng: np.random.Generator, sizes: Sequence[int], dtype: npt.DTypeLike = np.float64) -> Arrays:
    """Draw parameters: weights of variance 1 / fan-in, biases small but not zero.

    Shapes: sizes (D, M1, …, K); in a dict W0 (M1, D), b0 (M1,), W1 (M2, M1), b1 (M2,), …
    Errors: TypeError for an unsupported dtype, ValueError for sizes below 1 or fewer than two.
    """
    check_sizes("sizes", sizes, "(D, M1, …, K)", least=2)
    shapes: dict[str, tuple[int, ...]] = {}
    for l, (before, after) in enumerate(zip(sizes[:-1], sizes[1:], strict=True)):
        shapes |= {f"W{l}": (after, before), f"b{l}": (after,)}
    return draw(rng, shapes, dtype)


def forward(params: Arrays, x: np.ndarray, *, activation: str = "tanh", output: str = "identity") -> Trace:
    """Run the network over all examples and return the trace that `backward` needs.

    Shapes: x (B, D), params as in `initialise`; trace.post[-1] (B, K). The number of layers is
    that of the parameters. `activation` is a name in ACTIVATIONS, `output` one in OUTPUTS.
    Errors: TypeError, ValueError naming the array. Equations: FF1, FF2.
    """
    L = _check_forward(params, x, activation, output)
    h, pre, post = x, [], []
    for l in range(1, L + 1):
        with np.errstate(over="ignore", invalid="ignore"):
            a = times(h, params[f"W{l - 1}"]) + params[f"b{l - 1}"]  # FF1
        f = getattr(activations, activation if l < L else output)
        h = f(as_floats(f"a{l}", a))  # FF2
        pre.append(a)
        post.append(h)
    return Trace(x, pre, post, activation, output)


def backward(params: Arrays, trace: Trace, d_output: np.ndarray) -> Arrays:
    """Return the gradients of a loss by all parameters and by x, given those by the output h^L.

    Shapes: d_output (B, K); each gradient has the shape of the array it belongs to.
    Errors: TypeError, ValueError. Equations, with delta^l = dL/da^l and d_h^L = d_output:

        delta^l = f'(a^l) * d_h^l                                          (FF3)
        delta^L = p * (d_h^L - sum(p * d_h^L))   if p = h^L is a softmax   (FF4)
        d_h^{l-1} = W^{l-1}^T delta^l            d_h^0 = d_x               (FF5)
        d_W^{l-1} = sum delta^l h^{l-1}^T        the sum runs over examples (FF6)
        d_b^{l-1} = sum delta^l                                            (FF7)
    """
    L = _check_backward(params, trace, d_output)
    gradients, d_h = dict.fromkeys(params), d_output  # in the order of the parameters
    inputs = [trace.x, *trace.post[:-1]]
    for l in range(L, 0, -1):
        f = trace.activation if l < L else trace.output
        delta = _through(f, trace.pre[l - 1], trace.post[l - 1], d_h)  # FF3, FF4
        gradients[f"W{l - 1}"] = outer_sum(delta, inputs[l - 1])  # FF6
        gradients[f"b{l - 1}"] = row_sum(delta)  # FF7
        d_h = transposed_times(delta, params[f"W{l - 1}"])  # FF5
    return gradients | {"x": d_h}


def _through(f: str, a: np.ndarray, h: np.ndarray, d_h: np.ndarray) -> np.ndarray:
    """Return the gradient by a, given that by h = f(a)."""
    if f == "softmax":
        return h * (d_h - (h * d_h).sum(axis=-1, keepdims=True))  # FF4
    if f in ("tanh", "sigmoid"):  # their derivatives are written in the output
        return getattr(activations, f"{f}_derivative")(h) * d_h  # FF3
    return getattr(activations, f"{f}_derivative")(a) * d_h  # FF3


def _names(L: int) -> list[str]:
    return [f"{letter}{l}" for l in range(L) for letter in "Wb"]


@np.errstate(over="ignore", invalid="ignore")
def _check_forward(params: Arrays, x: np.ndarray, activation: str, output: str) -> int:
    check_choice("activation", activation, ACTIVATIONS)
    check_choice("output", output, OUTPUTS)
    L = depth(params, lambda l: (f"W{l - 1}", f"b{l - 1}"), most=math.inf)
    check_names("params", params, _names(L))
    _, before = check_axes("x", x, "B, D")
    check("x", x, x.shape, x.dtype)
    axes = ["D", *(f"M{l}" for l in range(1, L)), "K"]
    for l in range(L):
        letters = f"{axes[l + 1]}, {axes[l]}"
        after, _ = check_axes(f"W{l}", params[f"W{l}"], letters)
        check(f"W{l}", params[f"W{l}"], (after, before), x.dtype, letters)
        check(f"b{l}", params[f"b{l}"], (after,), x.dtype, axes[l + 1])
        before = after
    return L


@np.errstate(over="ignore", invalid="ignore")
def _check_backward(params: Arrays, trace: Trace, d_output: np.ndarray) -> int:
    check_trace(trace, Trace, "feed_forward.forward(params, x)")
    L, widths, dtype = len(trace.post), [h.shape[1] for h in (trace.x, *trace.post)], trace.x.dtype
    check_names("params", params, _names(L))
    check("d_output", d_output, trace.post[-1].shape, dtype, "B, K")
    for l in range(L):
        check_form(f"W{l}", params[f"W{l}"], (widths[l + 1], widths[l]), dtype)
    return L
