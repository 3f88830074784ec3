"""Truncated backpropagation through time: long paths are dropped; or at random, so that the mean is right.

The gradient is a sum over paths: a parameter is used at a step, and its effect runs on to the loss of a later step.
TBPTT(k1, k2) stops after every k1 steps and goes back through the last k2: the losses since the last stop go back,
and what would go on to earlier steps is dropped. States are carried forward all the same. (Williams and Peng call it
BPTT(h; h'), "An Efficient Gradient-Based Algorithm for On-Line Training of Recurrent Network Trajectories".) The path
from a use at step t to the loss of step s is kept where t > e(s) - k2, with e(s) = min(k1 ceil(s / k1), T) the stop
that sends s back  (TR1).

Randomised truncation (Tallec and Ollivier, "Unbiasing Truncated Backpropagation Through Time") cuts between any two
steps with probability c and multiplies what crosses where there is no cut by 1 / (1 - c): a path that crosses n times
is kept with probability (1 - c)^n and counts (1 - c)^-n times, so the mean over all cuts is the full gradient  (TR2).

Both take what `rnn.forward` takes and return what `rnn.backward` returns; for `d_output` see `stepwise`.
"""

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

import numpy as np

from .arrays import Arrays, check_size
from .rnn import PARAMETERS
from .stepwise import DOutput, Tally, arrive, begin, step, sweep

__all__ = ["Bias", "Tally", "bias", "cut_patterns", "draw_cuts", "gradients", "gradients_with_cuts", "is_kept", "stops"]


class Bias(NamedTuple):
    """How far a gradient is from the full one: the angle in degrees, and |g - full| / |full|."""

    angle: float
    difference: float


def gradients(
    params: Arrays,
    x: np.ndarray,
    h_start: np.ndarray,
    d_output: DOutput,
    k1: int | None = None,
    k2: int | None = None,
    tally: Tally | None = None,
) -> Arrays:
    """Return the gradients of TBPTT(k1, k2) by all parameters, by x and by h_start.

    k1 and k2 are T unless given, which is the full gradient; so is any k1 with k2 >= T. Losses are reached by paths
    of up to k2 - k1 crossings wherever they begin, and by none of k2 or more; h_start by windows that reach step 1.
    Shapes: x (T, B, D), h_start (B, M), gradients like what they belong to. Errors: TypeError, ValueError, also for
    k2 below k1, where some losses would never go back. Equations: R1 to R11 of `rnn` over the steps that TR1 keeps.
    """
    tally, found = begin(params, x, h_start, tally)
    T = len(x)
    k1, k2 = checked_window(T, k1, k2)
    for t in range(1, T + 1):
        tally.take("h1", t - k2 - 1)  # no stop goes back so far any more
        step(params, x, t, d_output, found, tally)
        if t % k1 == 0 or t == T:
            first = max(1, t - k2 + 1)
            delta1 = sweep(params, x, first, t, found, tally)
            if first == 1:
                arrive(params, delta1, found, tally)
    return found


def gradients_with_cuts(
    params: Arrays,
    x: np.ndarray,
    h_start: np.ndarray,
    d_output: DOutput,
    cuts: np.ndarray,
    c: float,
    tally: Tally | None = None,
) -> Arrays:
    """Return the gradients with the paths between steps cut where `cuts` says, the others made up for by 1 / (1 - c).

    Shapes: cuts (T-1,) of bool, cuts[t-1] between steps t and t+1; else as in `gradients`. With cuts drawn by
    `draw_cuts` with the same c the mean is the full gradient. Errors: TypeError, ValueError. Equation: TR2.
    """
    tally, found = begin(params, x, h_start, tally)
    T = len(x)
    cuts = checked_cuts(cuts, T)
    factor = 1 / (1 - _checked_share(c))
    first = 1
    for t in range(1, T + 1):
        step(params, x, t, d_output, found, tally)
        if t == T or cuts[t - 1]:
            delta1 = sweep(params, x, first, t, found, tally, factor=factor)
            if first == 1:
                arrive(params, delta1, found, tally)
            for s in range(first - 1, t):
                tally.take("h1", s)
            first = t + 1
    return found


def draw_cuts(rng: np.random.Generator, T: int, c: float) -> np.ndarray:
    """Draw where to cut: between any two steps, with probability c.

    Shapes: returned (T-1,) of bool. Errors: ValueError for T below 1 or c outside [0, 1).
    """
    check_size("T", T)
    return rng.random(T - 1) < _checked_share(c)


def cut_patterns(T: int, c: float) -> list[tuple[np.ndarray, float]]:
    """Return all 2^(T-1) patterns of cuts, each with its probability.

    Shapes: a list of pairs of cuts (T-1,) and a number. Errors: ValueError, also for T above 12, which are too many.
    """
    check_size("T", T)
    if T > 12:
        raise ValueError(
            f"T is {T}, expected at most 12, because there are 2^(T-1) patterns: draw some with draw_cuts."
        )
    c = _checked_share(c)
    patterns = [np.array(cuts, dtype=bool) for cuts in product((False, True), repeat=T - 1)]
    return [(cuts, float(np.prod(np.where(cuts, c, 1 - c)))) for cuts in patterns]


def stops(T: int, k1: int) -> list[int]:
    """Return the steps after which TBPTT goes back: every k1 steps, and the last one.

    Shapes: a list of integers. Errors: ValueError for sizes below 1.
    """
    check_size("T", T)
    check_size("k1", k1)
    return sorted({*range(k1, T + 1, k1), T})


def is_kept(use: int, loss: int, T: int, k1: int, k2: int) -> bool:
    """Tell whether TBPTT(k1, k2) keeps the path from a use of a parameter at one step to the loss of another.

    Shapes: steps from 1 to T. Errors: ValueError for other steps, and windows that `gradients` refuses. Equation: TR1;
    no path leads back in time.
    """
    k1, k2 = checked_window(T, k1, k2)
    for name, t in dict(use=use, loss=loss).items():
        check_size(name, t)
        if t > T:
            raise ValueError(f"{name} is {t}, expected a step from 1 to T = {T}: correct it, or raise T.")
    stop = next(stop for stop in stops(T, k1) if stop >= loss)
    return stop - k2 < use <= loss


def bias(found: Arrays, full: Arrays, names: Sequence[str] | None = None) -> Bias:
    """Return how far a gradient is from the full one, all named arrays together as one vector.

    Shapes: dicts of arrays; names those of all parameters unless given. Where the gradient is zero the angle is 90
    degrees. Errors: ValueError for a full gradient that is zero, no names or an unknown one, or shapes that differ.
    """
    g, f = _as_vectors(found, full, PARAMETERS if names is None else tuple(names))
    length = np.linalg.norm(f)
    if length == 0:
        raise ValueError("the full gradient is zero, expected one with a direction: compare at other parameters.")
    along = g @ f / length
    across = np.linalg.norm(g - along * f / length)  # by arctan, because arccos loses small angles
    angle = np.degrees(np.arctan2(across, along)) if g.any() else 90.0
    return Bias(float(angle), float(np.linalg.norm(g - f) / length))


def _as_vectors(found: Arrays, full: Arrays, names: Sequence[str]) -> list[np.ndarray]:
    if not names:
        raise ValueError("names is empty, expected at least one parameter to compare by: name one, or leave it out.")
    for name in names:
        for arrays in (found, full):
            if name not in arrays:
                raise ValueError(f"there is no gradient by {name!r}, expected one of {', '.join(arrays)}: name these.")
        shapes = np.shape(found[name]), np.shape(full[name])
        if shapes[0] != shapes[1]:
            raise ValueError(
                f"the gradients by {name} have shapes {shapes[0]} and {shapes[1]}, expected the same: "
                f"compare gradients by the same parameters."
            )
    return [np.concatenate([np.ravel(arrays[name]) for name in names]) for arrays in (found, full)]


def checked_window(T: int, k1: int | None, k2: int | None) -> tuple[int, int]:
    """Return k1 and k2, T where one is None, refusing windows in which losses would not go back.

    Errors: ValueError for sizes below 1 and for k2 below k1.
    """
    check_size("T", T)
    k1, k2 = T if k1 is None else k1, T if k2 is None else k2
    check_size("k1", k1)
    check_size("k2", k2)
    if k2 < min(k1, T):
        raise ValueError(
            f"k2 is {k2}, expected at least k1 = {k1}, because the losses of {k1 - k2} steps between two stops "
            f"would never go back: lower k1, or raise k2."
        )
    return k1, k2


def checked_cuts(cuts: np.ndarray, T: int) -> np.ndarray:
    """Return where T steps are cut, refusing anything but one answer between any two of them.

    Shapes: cuts (T-1,) of bool. Errors: ValueError.
    """
    check_size("T", T)
    if type(cuts) is not np.ndarray or cuts.dtype != bool or cuts.shape != (T - 1,):
        raise ValueError(
            f"cuts is {cuts!r}, expected an array of bool of shape ({T - 1},), one between any two of {T} steps: "
            f"draw it with draw_cuts(rng, {T}, c)."
        )
    return cuts


def _checked_share(c: float) -> float:
    if not 0 <= c < 1:
        raise ValueError(f"c is {c}, expected a probability from 0 to below 1: correct it.")
    return c
