"""A task with a known lag, and a network that learns it by truncated gradients, for notebook 13."""

from __future__ import annotations

import numpy as np

from bptt_lab.numeric import losses, rnn, tasks, training, truncated

LAG = 4  # the answer is the symbol of so many steps before


def lag_batch(rng: np.random.Generator, T: int = 12, B: int = 16) -> tuple[np.ndarray, np.ndarray]:
    """Draw sequences of two symbols, x (T, B, 2) one-hot, and as labels (T, B) the symbol of four steps before."""
    return tasks.previous_symbol(rng, T, B, symbols=2, delay=LAG)


def lag_gradients(
    params: dict[str, np.ndarray], x: np.ndarray, labels: np.ndarray, k1: int | None = None, k2: int | None = None
) -> tuple[float, dict]:
    """Return the mean loss over a batch, and its gradients by TBPTT(k1, k2), each T unless given."""
    found = []

    def d_output(t: int, a2: np.ndarray) -> np.ndarray:
        loss, gradient = losses.softmax_nll(a2, labels[t - 1])
        found.append(loss / labels.size)
        return gradient / labels.size

    gradients = truncated.gradients(params, x, np.zeros((x.shape[1], len(params["W11"]))), d_output, k1, k2)
    return sum(found), gradients


def lag_learn(seed: int, k1: int | None = None, k2: int | None = None, M: int = 8) -> dict[str, np.ndarray]:
    """Return the parameters after 300 training steps by TBPTT(k1, k2), each T unless given."""
    rng = np.random.default_rng(seed)
    start = rnn.initialise(rng, 2, M, 2)

    def differentiated(params: dict[str, np.ndarray], x: np.ndarray, labels: np.ndarray) -> tuple[float, dict]:
        return lag_gradients(params, x, labels, k1, k2)

    label = f"training, seed {seed}"
    rate = training.falling(0.02)
    return training.train(start, lag_batch, differentiated, rng, steps=300, rate=rate, label=label).params


def lag_right(params: dict[str, np.ndarray]) -> float:
    """Return the share of right answers in 200 sequences of 60 steps, from the first step that has one."""
    x, labels = lag_batch(np.random.default_rng(99), T=60, B=200)
    said = rnn.forward(params, x, np.zeros((200, len(params["W11"])))).a2.argmax(axis=-1)
    return float((said == labels)[LAG:].mean())
