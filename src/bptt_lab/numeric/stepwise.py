"""The network of `rnn` step by step, all counted: what `truncated`, `checkpointed` and `forward_mode` share.

The equations are R1 to R11 of `rnn`, one step at a time, because these ways differ in which steps they go back through
and in what they keep meanwhile. A Tally counts: every matrix product goes through its `dot`, and whatever outlives a
step lies in its store, so that nothing can be used that was not counted.

`d_output(t, a2)` is a function that takes a step, counted from 1, and its scores a2(t), (B, K), and returns the
gradient of the loss by them, (B, K): for example `lambda t, a2: losses.softmax_nll(a2, labels[t - 1])[1]`.
"""

from collections.abc import Callable

import numpy as np

from .arrays import Arrays, check
from .rnn import check_forward

__all__ = ["Tally"]

DOutput = Callable[[int, np.ndarray], np.ndarray]


class Tally:
    """What a pass has done so far, and the store in which it keeps arrays from one step to the next.

    `multiply_adds` are those of its matrix products; `steps_forward` and `steps_backward` how often a state was
    computed and gone back through; `most_numbers` and `most_states` how much was kept at one time. Not counted: work
    entry by entry and sums, the arrays given, and the gradients returned.
    """

    def __init__(self) -> None:
        self.multiply_adds = self.steps_forward = self.steps_backward = 0
        self.most_numbers = self.most_states = 0
        self._kept: dict[tuple[str, int | str], np.ndarray] = {}
        self._numbers, self._states = 0, 0

    def dot(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Return the matrix product, and count it.

        Shapes: (..., n, m) and (..., m, p), returned (..., n, p). Errors: those of NumPy.
        """
        product = left @ right
        self.multiply_adds += product.size * left.shape[-1]
        return product

    def keep(self, name: str, t: int | str, array: np.ndarray) -> None:
        """Keep the array `name` of step t.

        Shapes: any. Errors: none.
        """
        self.take(name, t)
        self._kept[name, t] = array
        self._numbers += array.size
        self._states += name == "h1"
        self.most_numbers = max(self.most_numbers, self._numbers)
        self.most_states = max(self.most_states, self._states)

    def kept(self, name: str, t: int | str) -> np.ndarray:
        """Return the array `name` of step t.

        Shapes: any. Errors: KeyError for what is not kept.
        """
        return self._kept[name, t]

    def take(self, name: str, t: int | str) -> np.ndarray | None:
        """Return the array `name` of step t and keep it no longer; None where there is none.

        Shapes: any. Errors: none.
        """
        array = self._kept.pop((name, t), None)
        if array is not None:
            self._numbers -= array.size
            self._states -= name == "h1"
        return array


def begin(params: Arrays, x: np.ndarray, h_start: np.ndarray, tally: Tally | None) -> tuple[Tally, Arrays]:
    """Check what is given, and return a tally that keeps the initial state, and gradients that are all zero.

    Shapes: as in `rnn.forward`. Errors: TypeError, ValueError, also for a tally that has been used.
    """
    check_forward(params, x, h_start)
    tally = Tally() if tally is None else tally
    if not isinstance(tally, Tally):
        raise TypeError(f"tally is of type {type(tally).__name__}, expected a Tally or None: make one with Tally().")
    if tally.steps_forward:
        raise ValueError("tally has counted another pass, expected one that is new: make one for each pass.")
    tally.keep("h1", 0, h_start)
    return tally, {name: np.zeros_like(array) for name, array in dict(params, x=x, h_start=h_start).items()}


def go_forward(params: Arrays, x: np.ndarray, t: int, tally: Tally) -> np.ndarray:
    """Return the state of step t from the one before, which is kept.

    Shapes: x (T, B, D), returned (B, M). Errors: none of its own. Equations: R1, R2.
    """
    tally.steps_forward += 1
    from_input = tally.dot(x[t - 1], params["W0"].T)
    return np.tanh(from_input + tally.dot(tally.kept("h1", t - 1), params["W11"].T) + params["b0"])


def go_out(params: Arrays, h1: np.ndarray, t: int, d_output: DOutput, gradients: Arrays, tally: Tally) -> np.ndarray:
    """Return delta2(t), and add its share to the gradients of the output's parameters.

    Shapes: h1 (B, M), returned (B, K). Errors: those of `d_output`, and for what it returns. Equations: R3, R5, R6.
    """
    a2 = tally.dot(h1, params["W1"].T) + params["b1"]
    delta2 = d_output(t, a2)
    check(f"d_output({t}, a2)", delta2, a2.shape, a2.dtype, "B, K")
    gradients["W1"] += tally.dot(delta2.T, h1)
    gradients["b1"] += delta2.sum(axis=0)
    return delta2


def step(params: Arrays, x: np.ndarray, t: int, d_output: DOutput, gradients: Arrays, tally: Tally) -> None:
    """Compute step t and its output, and keep what going back through it needs: h1(t) and delta2(t).

    Shapes: as in `rnn.forward`. Errors: those of `go_out`. Equations: R1, R2, R3, R5, R6.
    """
    h1 = go_forward(params, x, t, tally)
    delta2 = go_out(params, h1, t, d_output, gradients, tally)
    tally.keep("h1", t, h1)
    tally.keep("delta2", t, delta2.copy())  # the loss may use this memory again, as one with a workspace does


def sweep(
    params: Arrays,
    x: np.ndarray,
    first: int,
    last: int,
    gradients: Arrays,
    tally: Tally,
    delta1: np.ndarray | None = None,
    factor: float = 1.0,
) -> np.ndarray:
    """Go back from step `last` to step `first`, add their shares to the gradients, and return delta1(first).

    Each delta2 that is kept is used and let go, so no loss goes back twice. delta1 is that of step last + 1, or None
    where nothing comes back from there; what crosses from a step to the one before is multiplied by `factor`.
    Shapes: x (T, B, D), delta1 (B, M). Errors: none of its own. Equations: R4, R7 to R10.
    """
    for t in range(last, first - 1, -1):
        tally.steps_backward += 1
        h1, h1_before, delta2 = tally.kept("h1", t), tally.kept("h1", t - 1), tally.take("delta2", t)
        d_h1 = 0 if delta1 is None else factor * tally.dot(delta1, params["W11"])
        d_h1 = d_h1 if delta2 is None else d_h1 + tally.dot(delta2, params["W1"])
        delta1 = (1 - h1 * h1) * d_h1  # R4
        gradients["W11"] += tally.dot(delta1.T, h1_before)  # R7
        gradients["b0"] += delta1.sum(axis=0)  # R8
        gradients["W0"] += tally.dot(delta1.T, x[t - 1])  # R9
        gradients["x"][t - 1] += tally.dot(delta1, params["W0"])  # R10
    return delta1  # type: ignore[return-value]  # there is at least one step


def arrive(params: Arrays, delta1: np.ndarray, gradients: Arrays, tally: Tally) -> None:
    """Add what comes back from step 1 to the gradient by the initial state.

    Shapes: delta1 (B, M). Errors: none of its own. Equation: R11.
    """
    gradients["h_start"] += tally.dot(delta1, params["W11"])
