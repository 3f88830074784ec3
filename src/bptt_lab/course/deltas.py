"""The deltas of the hidden layer: what notebook 06 derives, for the notebooks that go on from there."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from bptt_lab.numeric import rnn


def deltas(params: Mapping[str, np.ndarray], trace: rnn.Trace, d_a2: np.ndarray) -> np.ndarray:
    """Return the gradients of the loss by the pre-activations a1 at every step, from those by a2 (T, B, K): (T, B, M).

    delta1(t) = (1 - h1(t)^2) * (W1^T delta2(t) + W11^T delta1(t+1)), where delta1(T+1) = 0.
    """
    d_a1, carry = np.empty_like(trace.h1), 0.0  # nothing comes back from beyond T
    for t in reversed(range(len(d_a1))):
        d_a1[t] = (1 - trace.h1[t] ** 2) * (d_a2[t] @ params["W1"] + carry)
        carry = d_a1[t] @ params["W11"]
    return d_a1
