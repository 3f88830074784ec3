"""Losses; each returns (loss, gradient of the loss by the first argument).

A loss is the sum over everything it is given. With mean=True both loss and gradient are divided by
the number of terms: elements for mse, huber, bce and sigmoid_bce, rows (T·B) for nll and softmax_nll,
of which softmax_nll counts only those it does not ignore.
"""

from cmath import isfinite
from typing import Any

import numpy as np
import numpy.typing as npt

from .activations import sigmoid, softplus
from .arrays import Floats, Workspace, as_floats, buffers, check_classes, check_labels, check_pair, empty


def mse(h: Floats, y: Floats, mean: bool = False) -> tuple[float, np.ndarray]:
    """Return half the squared error and its gradient.

    Shapes: h and y any, both the same; the gradient has the shape of h.
    Errors: TypeError, ValueError. Equation: L = 1/2 sum (h - y)^2, dL/dh = h - y.
    """
    h, y = check_pair("h", h, "y", y)
    error = h - y
    return _scaled(0.5 * (error * error).sum(), error, h.size, mean)


def huber(h: Floats, y: Floats, mean: bool = False) -> tuple[float, np.ndarray]:
    """Return half the squared error where it is at most 1, its tangent beyond, and the gradient.

    Shapes: h and y any, both the same; the gradient has the shape of h.
    Errors: TypeError, ValueError. Equation: with e = h - y and c = e cut off at -1 and 1,
    L = sum c (e - c / 2), dL/dh = c.
    """
    h, y = check_pair("h", h, "y", y)
    error = h - y
    cut = np.where(abs(error.real) > 1, np.sign(error.real), error)
    return _scaled((cut * (error - cut / 2)).sum(), cut, h.size, mean)


def bce(p: Floats, y: Floats, mean: bool = False) -> tuple[float, np.ndarray]:
    """Return the binary cross-entropy of probabilities and its gradient.

    Shapes: p and y any, both the same. Errors: TypeError, ValueError, also when p is outside
    [0, 1], or exactly 0 or 1 where the target says otherwise, because the loss is then infinite.
    Equation: L = -sum y log p + (1 - y) log(1 - p), dL/dp = (p - y) / (p (1 - p)).
    """
    p, y = check_pair("p", p, "y", y)
    _check_range("p", p)
    _check_range("y", y)
    by_one, by_zero = _ratio("p", y, p), _ratio("1 - p", 1 - y, 1 - p)
    loss = -(y * _log(p) + (1 - y) * _log(1 - p)).sum()
    return _scaled(loss, by_zero - by_one, p.size, mean)


def sigmoid_bce(scores: Floats, y: Floats, mean: bool = False) -> tuple[float, np.ndarray]:
    """Return the binary cross-entropy of sigmoid(scores), stable for scores of any size.

    Shapes: scores and y any, both the same. Errors: TypeError, ValueError.
    Equation: L = sum log(1 + exp(s)) - y s, dL/ds = sigmoid(s) - y.
    """
    scores, y = check_pair("scores", scores, "y", y)
    _check_range("y", y)
    return _scaled((softplus(scores) - y * scores).sum(), sigmoid(scores) - y, y.size, mean)


def nll(p: Floats, y: Floats, mean: bool = False) -> tuple[float, np.ndarray]:
    """Return the negative log-likelihood of probabilities and its gradient.

    Shapes: p and y (..., K), both the same; y holds one-hot rows or distributions.
    Errors: TypeError, ValueError, also when p is 0 where y is not. Rows of p need not sum to 1:
    a gradient check moves one entry at a time. Equation: L = -sum_i y_i log p_i, dL/dp = -y / p.
    """
    p, y = check_pair("p", p, "y", y)
    check_classes("p", p)
    _check_range("y", y)
    if (p.real < 0).any():
        raise ValueError("p contains a negative number, expected probabilities: pass the output of softmax.")
    ratio = _ratio("p", y, p)
    return _scaled(-(y * _log(p)).sum(), -ratio, p.size // p.shape[-1], mean)


def softmax_nll(
    a2: np.ndarray,
    labels: np.ndarray,
    mean: bool = False,
    workspace: Workspace | None = None,
    ignore: int | None = None,
) -> tuple[float, np.ndarray]:
    """Return the negative log-likelihood of softmax(a2) at integer labels, and its gradient.

    Shapes: a2 (T, B, K), labels (T, B) integers; any leading axes will do. With a workspace the
    gradient lies in it and the next call overwrites it. Errors: TypeError, ValueError.
    Equation: L = sum_t log sum_j exp(a2_j(t)) - a2_y(t), dL/da2 = softmax(a2) - onehot(labels).

    Where a label equals `ignore`, such as -1 past the end of a sequence, loss and gradient are 0,
    and the mean does not count the row. Nothing is ignored unless asked for, because a label that
    is no class is a mistake otherwise. With all rows ignored the sum is 0, as of a piece of time in
    which no sequence is left; a mean of nothing does not exist and is refused.
    """
    a2 = as_floats("a2", a2)
    check_classes("a2", a2)
    classes = a2.shape[-1]
    chosen = check_labels(labels, a2.shape[:-1], classes, ignore)
    rows = len(chosen)
    # Class-major, one row per class: maximum and sum over classes then run along memory. The
    # forward pass stores a2 this way, so this is a view; any other array is still correct.
    scores = a2.reshape(rows, classes).T
    kept = buffers(workspace, _LossBuffers, rows, classes, a2.dtype)
    d_a2, flat = kept.d_a2, kept.flat
    np.subtract(scores, np.maximum.reduce(scores.real, 0), d_a2)
    chosen = chosen * rows + kept.positions  # where each label lies in the flat class-major array
    picked = flat.take(chosen)
    np.exp(d_a2, d_a2)
    # A product with ones is the fastest sum, over classes here and over rows in the next line.
    totals = kept.ones[:classes].dot(d_a2)
    terms = np.log(totals) - picked
    d_a2 /= totals
    flat[chosen] -= 1
    counted = rows if ignore is None else _leave_out(labels.reshape(-1) == ignore, terms, d_a2, mean)
    return _scaled(kept.ones[:rows].dot(terms), d_a2.T.reshape(a2.shape), counted, mean)


def _leave_out(ignored: np.ndarray, terms: np.ndarray, d_a2: np.ndarray, mean: bool) -> int:
    """Set the rows ignored to 0, in place, and return the number of the others."""
    terms[ignored] = 0
    d_a2[:, ignored] = 0
    counted = len(ignored) - int(ignored.sum())
    if mean and counted == 0:
        raise ValueError(
            "labels are all to be ignored, expected at least one that counts, because a mean of nothing does "
            "not exist: take the sum, mean=False, or leave this batch out."
        )
    return counted


class _LossBuffers:
    def __init__(self, rows: int, classes: int, dtype: npt.DTypeLike) -> None:
        self.d_a2 = empty((classes, rows), dtype)
        self.flat = self.d_a2.reshape(-1)
        self.positions = np.arange(rows)
        self.ones = np.ones(max(rows, classes), dtype)


def _scaled(loss: Any, gradient: np.ndarray, terms: int, mean: bool) -> tuple[float, np.ndarray]:
    if not isfinite(loss):
        raise ValueError(
            f"the loss is {loss}, expected a finite number: the scores are so large that their "
            f"sum overflows {gradient.dtype}; make them smaller."
        )
    if mean:
        gradient /= terms
        loss = loss / terms
    return loss, gradient


def _check_range(name: str, array: np.ndarray) -> None:
    if (array.real < 0).any() or (array.real > 1).any():
        raise ValueError(
            f"{name} contains numbers outside [0, 1], expected probabilities: "
            f"pass the output of sigmoid or softmax, or use a loss on scores."
        )


def _ratio(name: str, numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    # 0 / 0 counts as 0: a class that cannot occur and does not occur costs nothing.
    if ((denominator == 0) & (numerator != 0)).any():
        raise ValueError(
            f"{name} is 0 where the target is not, so the loss is infinite, expected a positive "
            f"probability: use softmax_nll or sigmoid_bce on the scores."
        )
    return numerator / np.where(denominator == 0, 1, denominator)


def _log(p: np.ndarray) -> np.ndarray:
    return np.log(np.where(p == 0, 1, p))
