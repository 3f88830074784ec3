"""Instances that hide nothing: sizes all different, h_start not zero, W11 not symmetric."""

from typing import NamedTuple

import numpy as np
import pytest

from bptt_lab.numeric import losses, rnn


class Instance(NamedTuple):
    params: dict
    x: np.ndarray
    h_start: np.ndarray
    labels: np.ndarray

    @property
    def arrays(self):
        """Everything the loss can be differentiated by, in one dict."""
        return dict(self.params, x=self.x, h_start=self.h_start)

    def loss(self, arrays):
        params = {name: arrays[name] for name in self.params}
        trace = rnn.forward(params, arrays["x"], arrays["h_start"])
        return losses.softmax_nll(trace.a2, self.labels)[0]

    def gradients(self, workspace=None):
        trace = rnn.forward(self.params, self.x, self.h_start, workspace=workspace)
        d_a2 = losses.softmax_nll(trace.a2, self.labels, workspace=workspace)[1]
        return rnn.backward(self.params, trace, d_a2, workspace)


def _make(D=4, M=5, K=3, T=4, B=2, seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    params = rnn.initialise(rng, D, M, K, dtype)
    x = rng.standard_normal((T, B, D)).astype(dtype)
    h_start = rng.uniform(-0.9, 0.9, (B, M)).astype(dtype)
    return Instance(params, x, h_start, rng.integers(0, K, (T, B)))


@pytest.fixture
def make_instance():
    return _make


@pytest.fixture
def instance():
    return _make()
