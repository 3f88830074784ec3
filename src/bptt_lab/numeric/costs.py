"""What five ways to a gradient cost, as formulas: multiply-adds of matrix products, and numbers kept at one time.

Sizes: T steps, B sequences, D inputs, M hidden units, K outputs. One state costs B (M D + M^2) multiply-adds, one
output with its gradients 3 B K M, one step back B (2 M D + M^2), and each crossing to the step before B M^2. What is
counted and what is not says `stepwise.Tally`, by which tests compare these formulas with what the code does.
"""

from typing import NamedTuple

import numpy as np

from .checkpointed import checked_every
from .truncated import checked_cuts, checked_window, stops

__all__ = ["Cost", "checkpointed", "forward_mode", "full", "truncated", "with_cuts"]


class Cost(NamedTuple):
    """Multiply-adds, the largest count of numbers kept, and how many steps were computed and gone back through."""

    multiply_adds: int
    numbers: int
    steps_forward: int
    steps_backward: int


def full(T: int, B: int, D: int, M: int, K: int) -> Cost:
    """Return the cost of full BPTT: three times that of the forward pass, and all states kept.

    Errors: none. Equation: 3 T B (M D + M^2 + K M) multiply-adds, (T + 1) B M + T B K numbers.
    """
    return Cost(3 * T * B * (M * D + M * M + K * M), (T + 1) * B * M + T * B * K, T, T)


def truncated(T: int, B: int, D: int, M: int, K: int, k1: int | None = None, k2: int | None = None) -> Cost:
    """Return the cost of TBPTT(k1, k2), each T unless given.

    Errors: ValueError for windows that `truncated.gradients` refuses. Equation: with a step back for each of the last
    k2 before each stop, S = sum of min(stop, k2) in all, and one crossing less for each stop that does not reach
    step 1.
    """
    k1, k2 = checked_window(T, k1, k2)
    ends = stops(T, k1)
    back = sum(min(end, k2) for end in ends)
    crossings = back - sum(end > k2 for end in ends)
    numbers = [(min(t, k2) + 1) * M + (t - before) * K for before, t in zip([0, *ends], ends, strict=False)]
    return Cost(_operations(B, D, M, K, T, T, back, crossings), B * max(numbers), T, back)


def checkpointed(T: int, B: int, D: int, M: int, K: int, every: int | None = None) -> Cost:
    """Return the cost of full BPTT that keeps a state every so many steps and computes those between again.

    `every` is ceil(sqrt(T)) unless given. Errors: ValueError for T or `every` below 1. Equation: all segments but the
    last are computed twice; at one time at most the initial state of each segment not done, and the states and deltas
    of one segment, are kept.
    """
    every = checked_every(T, every)
    segments = -(-T // every)
    again = (segments - 1) * every
    lengths = [every] * (segments - 1) + [T - again]
    numbers = [n * M + length * (M + K) for n, length in enumerate(lengths, start=1)]
    return Cost(_operations(B, D, M, K, T + again, T, T, T), B * max(numbers), T + again, T)


def forward_mode(T: int, B: int, D: int, M: int, K: int) -> Cost:
    """Return the cost of real-time recurrent learning, whose memory does not depend on T.

    Errors: none. Equation: with Q = M (M + D + 2) columns of dh1/dtheta, W11 times them is B M^2 Q multiply-adds at
    each step, a row times them B M Q; kept are B M Q numbers and a state.
    """
    columns = M * (M + D + 2)
    carried = T * B * M * columns * (M + 1)
    return Cost(_operations(B, D, M, K, T, T, 0, 0) + carried, B * M * (columns + 1), T, 0)


def with_cuts(T: int, B: int, D: int, M: int, K: int, cuts: np.ndarray) -> Cost:
    """Return the cost of a pass that is cut between some steps: a crossing less for each, and the longest piece kept.

    Shapes: cuts (T-1,) of bool. Errors: ValueError for anything else.
    """
    cuts = checked_cuts(cuts, T)
    ends = [0, *(t for t, cut in enumerate(cuts, start=1) if cut), T]
    longest = max(end - before for before, end in zip(ends[:-1], ends[1:], strict=True))
    crossings = T - sum(map(bool, cuts))
    return Cost(_operations(B, D, M, K, T, T, T, crossings), B * ((longest + 1) * M + longest * K), T, T)


def _operations(B: int, D: int, M: int, K: int, states: int, outputs: int, back: int, crossings: int) -> int:
    """Return the multiply-adds of so many states, outputs, steps back and crossings."""
    return B * (states * (M * D + M * M) + outputs * 3 * K * M + back * (2 * M * D + M * M) + crossings * M * M)
