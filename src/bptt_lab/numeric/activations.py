"""Activation functions, each with its derivative.

A derivative takes what the field's custom makes cheapest: the *output* for tanh, sigmoid, softmax
and log_softmax, the *pre-activation* for relu, leaky_relu, softplus and identity. Each docstring says which.
All accept float32, float64 and complex128 (for a complex step) and return the dtype they are given.
"""

import numpy as np

from .arrays import Floats, as_floats, check_classes


def tanh(a: Floats) -> np.ndarray:
    """Return the hyperbolic tangent of the pre-activation.

    Shapes: any. Errors: TypeError, ValueError (NaN, infinity, empty). Equation: h = tanh(a).
    """
    return np.tanh(as_floats("a", a))


def tanh_derivative(h: Floats) -> np.ndarray:
    """Return the derivative of tanh from its *output* h.

    Shapes: any. Errors: as tanh. Equation: dh/da = 1 - h^2.
    """
    h = as_floats("h", h)
    return 1 - h * h


def sigmoid(a: Floats) -> np.ndarray:
    """Return the logistic function of the pre-activation, without overflow at either end.

    Shapes: any. Errors: TypeError, ValueError. Equation: h = 1 / (1 + exp(-a)).
    """
    a = as_floats("a", a)
    # The exponent never has a positive real part, so exp can underflow but not overflow.
    small = np.exp(np.where(a.real < 0, a, -a))
    return np.where(a.real < 0, small, 1) / (1 + small)


def sigmoid_derivative(h: Floats) -> np.ndarray:
    """Return the derivative of sigmoid from its *output* h.

    Shapes: any. Errors: TypeError, ValueError. Equation: dh/da = h (1 - h).
    """
    h = as_floats("h", h)
    return h * (1 - h)


def relu(a: Floats) -> np.ndarray:
    """Return the pre-activation where it is positive and 0 elsewhere.

    Shapes: any. Errors: TypeError, ValueError. Equation: h = max(a, 0).
    """
    a = as_floats("a", a)
    return a * (a.real > 0)


def relu_derivative(a: Floats) -> np.ndarray:
    """Return the derivative of relu from the *pre-activation* a.

    Shapes: any. Errors: TypeError, ValueError. Equation: dh/da = 1 where a > 0, else 0.
    At the kink a = 0 it is 0, one of the admissible values.
    """
    a = as_floats("a", a)
    return (a.real > 0).astype(a.dtype)


def leaky_relu(a: Floats, slope: float = 0.01) -> np.ndarray:
    """Return the pre-activation where it is positive and `slope` times it elsewhere.

    Shapes: any. Errors: TypeError, ValueError. Equation: h = a where a > 0, else slope * a.
    """
    a = as_floats("a", a)
    return np.where(a.real > 0, a, slope * a)


def leaky_relu_derivative(a: Floats, slope: float = 0.01) -> np.ndarray:
    """Return the derivative of leaky_relu from the *pre-activation* a.

    Shapes: any. Errors: TypeError, ValueError. Equation: dh/da = 1 where a > 0, else slope.
    """
    a = as_floats("a", a)
    return np.where(a.real > 0, 1, slope).astype(a.dtype)


def softplus(a: Floats) -> np.ndarray:
    """Return the logarithm of 1 + exp of the pre-activation, without overflow at either end.

    Shapes: any. Errors: TypeError, ValueError. Equation: h = log(1 + exp(a)).
    """
    a = as_floats("a", a)
    positive = a.real > 0
    # log(1 + exp(a)) = max(a, 0) + log(1 + exp(-|a|)): the exponent is never positive
    return a * positive + np.log1p(np.exp(np.where(positive, -a, a)))


def softplus_derivative(a: Floats) -> np.ndarray:
    """Return the derivative of softplus from the *pre-activation* a.

    Shapes: any. Errors: TypeError, ValueError. Equation: dh/da = 1 / (1 + exp(-a)), the sigmoid.
    """
    return sigmoid(a)


def identity(a: Floats) -> np.ndarray:
    """Return a copy of the pre-activation.

    Shapes: any. Errors: TypeError, ValueError. Equation: h = a.
    """
    return as_floats("a", a).copy()


def identity_derivative(a: Floats) -> np.ndarray:
    """Return the derivative of identity from the *pre-activation* a (or the output, the same).

    Shapes: any. Errors: TypeError, ValueError. Equation: dh/da = 1.
    """
    return np.ones_like(as_floats("a", a))


def softmax(a: Floats) -> np.ndarray:
    """Return class probabilities along the last axis, without overflow.

    Shapes: (..., K). Errors: TypeError, ValueError. Equation: p_i = exp(a_i) / sum_j exp(a_j).
    """
    exponentials = np.exp(_shifted(_floats_of_classes("a", a)))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def softmax_derivative(p: Floats) -> np.ndarray:
    """Return the Jacobian of softmax from its *output* p.

    Shapes: p (..., K), returned (..., K, K), entry [i, j] = dp_i / da_j.
    Errors: TypeError, ValueError. Equation: dp/da = diag(p) - p p^T; it is dense, not diagonal.
    """
    p = _floats_of_classes("p", p)
    return p[..., :, None] * (np.eye(p.shape[-1], dtype=p.dtype) - p[..., None, :])


def log_softmax(a: Floats) -> np.ndarray:
    """Return logarithms of class probabilities along the last axis, without overflow.

    Shapes: (..., K). Errors: TypeError, ValueError.
    Equation: z_i = a_i - log sum_j exp(a_j).
    """
    shifted = _shifted(_floats_of_classes("a", a))
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def log_softmax_derivative(z: Floats) -> np.ndarray:
    """Return the Jacobian of log_softmax from its *output* z.

    Shapes: z (..., K), returned (..., K, K), entry [i, j] = dz_i / da_j.
    Errors: TypeError, ValueError. Equation: dz/da = I - 1 p^T with p = exp(z).
    """
    z = _floats_of_classes("z", z)
    return np.eye(z.shape[-1], dtype=z.dtype) - np.exp(z)[..., None, :]


def _floats_of_classes(name: str, values: Floats) -> np.ndarray:
    array = as_floats(name, values)
    check_classes(name, array)
    return array


def _shifted(a: np.ndarray) -> np.ndarray:
    # Softmax does not change under a common shift. A complex step must not pass through it,
    # hence the largest real part.
    return a - a.real.max(axis=-1, keepdims=True)
