"""The recurrent network of scalars without activation: forward, backward, and closed forms.

    a(t) = v a(t-1) + u x(t) + b_a      a(0) = a_start                     (SL1)
    s(t) = w_y a(t) + b_y                                                  (SL2)
    y(t) = s(t), or sigmoid s(t)                                           (SL3)

The letters are those of lecture 002, T steps, one sequence: x is (T,), everything else a number.
Numbers are arrays without axes; a Python float will do.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from . import activations
from .arrays import Arrays, Floats, as_floats, check, check_axes, check_names
from .layers import check_choice, check_trace

__all__ = ["Trace", "backward", "closed_form_derivatives", "forward"]

PARAMETERS = ("v", "u", "b_a", "w_y", "b_y")
OUTPUTS = ("identity", "sigmoid")


class Trace(NamedTuple):
    """What a forward pass leaves for the backward pass.

    Shapes: x (T,), states (T+1,) = a(0) … a(T), scores (T,) = s, y (T,); a (T,) is a view of the
    states without a_start. x is the caller's own array, not a copy.
    """

    x: np.ndarray
    states: np.ndarray
    scores: np.ndarray
    y: np.ndarray
    output: str

    @property
    def a(self) -> np.ndarray:
        """Return the states a(1) … a(T).

        Shapes: (T,), a view. Errors: none.
        """
        return self.states[1:]


def forward(params: dict[str, Any], x: np.ndarray, a_start: Floats, *, output: str = "identity") -> Trace:
    """Run the network over the sequence and return the trace that `backward` needs.

    Shapes: params a dict of numbers v, u, b_a, w_y, b_y, x (T,), a_start a number; trace.y (T,).
    `output` is "identity" or "sigmoid". Errors: TypeError, ValueError, also when a(t) overflows.
    Equations: SL1, SL2, SL3.
    """
    v, u, b_a, w_y, b_y, a_start = _check_forward(params, x, a_start, output)
    with np.errstate(over="ignore", invalid="ignore"):
        states = np.concatenate([a_start[None], u * x + b_a])
        for t in range(1, len(states)):
            states[t] += v * states[t - 1]  # SL1
        scores = w_y * as_floats("a", states)[1:] + b_y  # SL2
    y = getattr(activations, output)(as_floats("s", scores))  # SL3
    return Trace(x, states, scores, y, output)


def backward(params: dict[str, Any], trace: Trace, d_output: np.ndarray) -> Arrays:
    """Return the gradients of a loss by all parameters, x and a_start, given those by y.

    Shapes: d_output (T,); each gradient has the shape of what it belongs to, () for a number.
    Errors: TypeError, ValueError. Equations, with delta_s(t) = dL/ds(t), delta(t) = dL/da(t) and
    delta(T+1) = 0, where the slope is 1 for the identity and y(t) (1 - y(t)) for the sigmoid:

        delta_s(t) = slope(t) d_output(t)                                       (SL4)
        delta(t) = w_y delta_s(t) + v delta(t+1)                                (SL5)
        d_w_y = sum_t delta_s(t) a(t)            d_b_y = sum_t delta_s(t)       (SL6)
        d_v = sum_t delta(t) a(t-1)              d_u = sum_t delta(t) x(t)      (SL7)
        d_b_a = sum_t delta(t)                                                  (SL8)
        d_x(t) = u delta(t)                      d_a_start = v delta(1)         (SL9)
    """
    v, u, _, w_y, _ = _check_backward(params, trace, d_output)
    delta_s = _slope(trace) * d_output  # SL4
    delta = w_y * delta_s
    with np.errstate(over="ignore", invalid="ignore"):
        for t in range(len(delta) - 2, -1, -1):
            delta[t] += v * delta[t + 1]  # SL5
    as_floats("delta", delta)  # it explodes when |v| > 1 and T is large
    return {
        "v": np.asarray(delta.dot(trace.states[:-1])),  # SL7
        "u": np.asarray(delta.dot(trace.x)),  # SL7
        "b_a": np.asarray(delta.sum()),  # SL8
        "w_y": np.asarray(delta_s.dot(trace.a)),  # SL6
        "b_y": np.asarray(delta_s.sum()),  # SL6
        "x": u * delta,  # SL9
        "a_start": np.asarray(v * delta[0]),  # SL9
    }


def closed_form_derivatives(
    params: dict[str, Any], x: np.ndarray, a_start: Floats, *, output: str = "identity"
) -> Arrays:
    """Return the derivatives of every y(t) by every number of the network, in powers of v.

    Shapes: one entry a step, (T,), for v, u, b_a, w_y, b_y and a_start; (T, T) for x, entry [t, s]
    is dy(t)/dx(s). A gradient is d_output @ such an array. Errors: as `forward`. Equations, each
    times the slope y(t) (1 - y(t)) if the output is a sigmoid:

        dy(t)/dv = w_y sum_{k=0}^{t-1} v^k a(t-1-k)         (SL10)
        dy(t)/du = w_y sum_{k=0}^{t-1} v^k x(t-k)           (SL11)
        dy(t)/db_a = w_y sum_{k=0}^{t-1} v^k                (SL12)
        dy(t)/dw_y = a(t)              dy(t)/db_y = 1       (SL13)
        dy(t)/dx(s) = w_y u v^{t-s}    for s <= t, else 0   (SL14)
        dy(t)/da_start = w_y v^t                            (SL15)
    """
    trace = forward(params, x, a_start, output=output)
    v, u, _, w_y, _ = _numbers(params, x.dtype)
    powers = _powers(v, len(x) + 1)
    t, s = np.indices((len(x), len(x)))
    reach = np.tril(powers[abs(t - s)])  # v^(t-s), what is left at step t of a step that enters at s
    by_score = {
        "v": w_y * reach.dot(trace.states[:-1]),  # SL10
        "u": w_y * reach.dot(x),  # SL11
        "b_a": w_y * reach.sum(axis=1),  # SL12
        "w_y": trace.a,  # SL13
        "b_y": np.ones_like(x),  # SL13
        "x": w_y * u * reach,  # SL14
        "a_start": w_y * powers[1:],  # SL15
    }
    return {name: (_slope(trace) * array.T).T for name, array in by_score.items()}


def _powers(v: np.ndarray, count: int) -> np.ndarray:
    # A running product, because v ** k loses a complex step to rounding when k is large.
    with np.errstate(over="ignore", invalid="ignore"):
        return as_floats("powers of v", np.cumprod(np.concatenate([np.ones(1, v.dtype), np.full(count - 1, v)])))


def _slope(trace: Trace) -> np.ndarray:
    if trace.output == "sigmoid":
        return activations.sigmoid_derivative(trace.y)
    return activations.identity_derivative(trace.y)


def _numbers(params: dict[str, Any], dtype: npt.DTypeLike) -> list[np.ndarray]:
    check_names("params", params, PARAMETERS)
    return [_number(name, params[name], dtype) for name in PARAMETERS]


def _number(name: str, value: Floats, dtype: npt.DTypeLike) -> np.ndarray:
    if isinstance(value, (float, np.floating)):  # a plain number takes the precision of x
        value = np.asarray(value, dtype)
    value = as_floats(name, value)
    check(name, value, (), dtype)
    return value


def _check_forward(params: dict[str, Any], x: np.ndarray, a_start: Floats, output: str) -> tuple[np.ndarray, ...]:
    check_choice("output", output, OUTPUTS)
    check_axes("x", x, "T")
    check("x", x, x.shape, x.dtype)
    return *_numbers(params, x.dtype), _number("a_start", a_start, x.dtype)


def _check_backward(params: dict[str, Any], trace: Trace, d_output: np.ndarray) -> list[np.ndarray]:
    check_trace(trace, Trace, "scalar_linear.forward(params, x, a_start)")
    check("d_output", d_output, trace.x.shape, trace.x.dtype, "T")
    return _numbers(params, trace.x.dtype)
