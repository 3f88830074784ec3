"""A loss with a cliff: one unit without input, ten steps, for notebook 12."""

from __future__ import annotations

from typing import Any

import numpy as np

STEPS, START, WANTED = 10, 0.9, 0.5


def cliff(w: float | np.ndarray, b: float | np.ndarray) -> tuple:
    """Return L = (h1(10) - 0.5)^2 / 2 with h1(t) = tanh(w h1(t-1) + b) from 0.9 on, and dL/dw, dL/db in one array.

    Shapes: numbers, or arrays of one shape after broadcasting; the gradient has a first axis of 2.
    """
    h: list[Any] = [START]
    for t in range(STEPS):
        h.append(np.tanh(w * h[t] + b))
    d_w: Any
    d_b: Any
    d_h, d_w, d_b = h[-1] - WANTED, 0.0, 0.0
    for t in reversed(range(STEPS)):
        d_a = d_h * (1 - h[t + 1] ** 2)
        d_w, d_b, d_h = d_w + d_a * h[t], d_b + d_a, d_a * w
    return (h[-1] - WANTED) ** 2 / 2, np.array([d_w, d_b])
