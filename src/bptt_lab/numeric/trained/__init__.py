"""Networks that learned to add and to tell parity: the recipe, and the weights it found, stored beside it.

`python -m bptt_lab.numeric.trained` trains them again and stores them in weights.npz. Rounding
differs between machines, and training makes small differences large, so the stored numbers are
those of one machine; what they are right about is tested on every machine.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from .. import losses, rnn, tasks, training
from ..arrays import Arrays

__all__ = ["HIDDEN", "SEEDS", "TASKS", "count_right", "learn", "load", "loss_and_gradients", "noisy_batch"]

Batch = tuple[np.ndarray, np.ndarray]
TASKS = {"addition": tasks.addition, "parity": tasks.parity}
SEEDS = (1, 2, 3)
HIDDEN = 8
SHORTEST, LONGEST = 2, 8  # steps of the sequences in training
NOISE = 0.1  # what a bit is off by: it teaches the network to keep its states apart
WEIGHTS = Path(__file__).with_name("weights.npz")


def noisy_batch(
    task: Callable[[np.random.Generator, int, int], Batch], B: int = 32
) -> Callable[[np.random.Generator], Batch]:
    """Return a function that draws B sequences of 2 to 8 steps of a task, the inputs a little off.

    Shapes: it takes a random generator and returns x (T, B, D) and y (T, B, 1). Errors: none.
    """

    def draw(rng: np.random.Generator) -> Batch:
        x, y = task(rng, int(rng.integers(SHORTEST, LONGEST + 1)), B)
        return x + NOISE * rng.standard_normal(x.shape), y

    return draw


def loss_and_gradients(params: Arrays, x: np.ndarray, y: np.ndarray) -> tuple[float, Arrays]:
    """Return the mean binary cross-entropy of a network with one hidden layer, and all its gradients.

    Shapes: x (T, B, D), y (T, B, 1), h_start zero; gradients as of rnn.backward. Errors: theirs.
    """
    trace = rnn.forward(params, x, np.zeros((x.shape[1], len(params["W11"]))))
    loss, d_a2 = losses.sigmoid_bce(trace.a2, y, mean=True)
    return loss, rnn.backward(params, trace, d_a2)


def learn(name: str, seed: int, steps: int = 3000, label: str = "") -> training.Run:
    """Train a network on a task from a seed and return the Run.

    Shapes: params as of rnn.initialise, D the task's, M = 8, K = 1. Errors: KeyError for an unknown
    task, ValueError for less than one step.
    """
    rng, draw = np.random.default_rng(seed), noisy_batch(TASKS[name])
    inputs = draw(np.random.default_rng(0))[0].shape[2]
    start = rnn.initialise(rng, inputs, HIDDEN, 1)
    return training.train(start, draw, loss_and_gradients, rng, steps, training.falling(0.05), label=label)


def load(name: str, seed: int) -> Arrays:
    """Return the stored parameters of a task and a seed.

    Shapes: as of rnn.initialise. Errors: KeyError where none are stored.
    """
    with np.load(WEIGHTS) as stored:
        return {key: stored[f"{name}_{seed}_{key}"] for key in rnn.PARAMETERS}


def count_right(params: Arrays, x: np.ndarray, y: np.ndarray, h_start: np.ndarray | None = None) -> int:
    """Return how many sequences have every bit right.

    Shapes: x (T, B, D), y (T, B, 1), h_start (B, M), zero unless given. Errors: those of rnn.forward.
    """
    start = np.zeros((x.shape[1], len(params["W11"]))) if h_start is None else h_start
    said = rnn.forward(params, x, start).a2 > 0
    return int((said == (y > 0.5)).all(axis=(0, 2)).sum())
