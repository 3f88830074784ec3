"""Sums and parities as notebook 11 needs them: every one there is, and a network that learns from drawn ones."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np

from bptt_lab.numeric import feed_forward, losses, rnn, tasks, trained, training


def every_addition(T: int) -> tuple[np.ndarray, np.ndarray]:
    """Return all pairs of T-bit numbers, x (T, 4^T, 2), and the bits of their sums modulo 2^T, y (T, 4^T, 1)."""
    x = _every_sequence(T, 2)
    before = np.concatenate([np.zeros((1, x.shape[1])), tasks.carries(x)[:-1]])
    return x, ((x.sum(axis=-1) + before) % 2)[..., None]


def every_parity(T: int) -> tuple[np.ndarray, np.ndarray]:
    """Return all sequences of T bits, and after each bit whether the ones so far are odd: both (T, 2^T, 1)."""
    x = _every_sequence(T, 1)
    return x, np.cumsum(x, axis=0) % 2


def sums_at_once(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return all pairs of n-bit numbers, a pair in one row (4^n, 2n), and the bits of their sums (4^n, n+1)."""
    pairs = list(product(range(2**n), repeat=2))
    x = np.array([[*tasks.bits(a, n), *tasks.bits(b, n)] for a, b in pairs])
    return x, np.array([tasks.bits(a + b, n + 1) for a, b in pairs])


def learn_at_once(x: np.ndarray, y: np.ndarray, seed: int = 1) -> Callable[[np.ndarray], np.ndarray]:
    """Return a perceptron with 16 hidden units, trained on all rows of x (N, D): it takes rows and says bits, as y."""
    rng = np.random.default_rng(seed)
    start = feed_forward.initialise(rng, sizes=(x.shape[1], 16, y.shape[1]))

    def loss_and_gradients(
        params: dict[str, np.ndarray], x: np.ndarray, y: np.ndarray
    ) -> tuple[float, dict[str, np.ndarray]]:
        trace = feed_forward.forward(params, x)
        loss, d_output = losses.sigmoid_bce(trace.post[-1], y, mean=True)
        return loss, feed_forward.backward(params, trace, d_output)

    run = training.train(start, lambda rng: (x, y), loss_and_gradients, rng, steps=1500, rate=0.02)
    return lambda rows: feed_forward.forward(run.params, rows).post[-1] > 0


def learn(
    task: Callable, seed: int = 1, backward: Callable = rnn.backward, steps: int = 3000, keep: int = 0
) -> training.Run:
    """Train 8 hidden units on sequences of 2 to 8 noisy steps of a task, by the gradients of a backward pass.

    `task(rng, T, B)` returns x (T, B, D) and y (T, B, 1); `backward(params, trace, d_a2)` is as rnn.backward.
    """
    rng, draw = np.random.default_rng(seed), trained.noisy_batch(task)
    start = rnn.initialise(rng, draw(np.random.default_rng(0))[0].shape[2], trained.HIDDEN, 1)

    def loss_and_gradients(
        params: dict[str, np.ndarray], x: np.ndarray, y: np.ndarray
    ) -> tuple[float, dict[str, np.ndarray]]:
        trace = rnn.forward(params, x, np.zeros((x.shape[1], trained.HIDDEN)))
        loss, d_a2 = losses.sigmoid_bce(trace.a2, y, mean=True)
        return loss, backward(params, trace, d_a2)

    rate = training.falling(0.05)
    return training.train(start, draw, loss_and_gradients, rng, steps, rate, keep=keep, label=f"training, seed {seed}")


def _every_sequence(T: int, D: int) -> np.ndarray:
    return np.array(list(product((0.0, 1.0), repeat=T * D))).reshape(-1, T, D).swapaxes(0, 1)
