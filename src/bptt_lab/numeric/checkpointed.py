"""The full gradient with fewer states kept: some are kept, and the steps between them are computed a second time.

On the way forward only every n-th state is kept, h1(0), h1(n), h1(2n), …; then, from the last of these segments to the
first, its states are computed again, gone back through, and let go. With n = ceil(sqrt(T)) about 2 sqrt(T) states are
kept and less than 2 T steps are computed (Chen, Xu, Zhang and Guestrin, "Training Deep Nets with Sublinear Memory
Cost"). Nothing is dropped, so the gradient is the full one.
"""

import math
from typing import Any

import numpy as np

from .arrays import Arrays, check_size
from .stepwise import DOutput, Tally, arrive, begin, go_forward, step, sweep

__all__ = ["Tally", "gradients"]


def gradients(
    params: Arrays,
    x: np.ndarray,
    h_start: np.ndarray,
    d_output: DOutput,
    every: int | None = None,
    tally: Tally | None = None,
) -> Arrays:
    """Return the full gradients by all parameters, by x and by h_start; every ceil(sqrt(T)) steps a state is kept.

    Shapes: x (T, B, D), h_start (B, M), gradients like what they belong to. Errors: TypeError, ValueError.
    Equations: R1 to R11 of `rnn`.
    """
    tally, found = begin(params, x, h_start, tally)
    T = len(x)
    every = checked_every(T, every)
    starts = range(0, T, every)
    for t in range(1, starts[-1] + 1):
        h1 = go_forward(params, x, t, tally)
        if t - 1 not in starts:
            tally.take("h1", t - 1)
        tally.keep("h1", t, h1)
    delta1: Any = None  # until the last segment has come back
    for start in reversed(starts):
        last = min(start + every, T)
        for t in range(start + 1, last + 1):
            step(params, x, t, d_output, found, tally)
        delta1 = sweep(params, x, start + 1, last, found, tally, delta1)
        for t in range(start, last + 1):
            tally.take("h1", t)
    arrive(params, delta1, found, tally)
    return found


def checked_every(T: int, every: int | None) -> int:
    """Return after how many steps a state is kept, ceil(sqrt(T)) where that is None.

    Errors: ValueError for sizes below 1.
    """
    check_size("T", T)
    every = math.isqrt(T - 1) + 1 if every is None else every
    check_size("every", every)
    return every
