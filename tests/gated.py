"""What the tests of LSTM and GRU share: their instances, and each network written once more for autograd."""

from typing import NamedTuple

import autograd
import autograd.numpy as anp
import numpy as np

from architectures import sizes_all_different
from bptt_lab.numeric import gru, gru_plain, losses, lstm, lstm_plain


def sigmoid(a):
    return 1 / (1 + anp.exp(-a))


def inside(p, x, h, k):
    """What is inside the gate in place k, from its own rows."""
    M = h.shape[1]
    rows = slice(k * M, (k + 1) * M)
    return x @ p["W0"][rows].T + p["b0"][rows], h @ p["W11"][rows].T


def lstm_step(p, x, h, c):
    i, f, g, o = (sum(inside(p, x, h, k)) for k in range(4))
    c = sigmoid(f) * c + sigmoid(i) * anp.tanh(g)
    return sigmoid(o) * anp.tanh(c), c


def gru_before_step(p, x, h):
    r, z = (sigmoid(sum(inside(p, x, h, k))) for k in range(2))
    return ((1 - z) * anp.tanh(sum(inside(p, x, r * h, 2))) + z * h,)


def gru_after_step(p, x, h):
    r, z = (sigmoid(sum(inside(p, x, h, k))) for k in range(2))
    from_x, from_h = inside(p, x, h, 2)
    return ((1 - z) * anp.tanh(from_x + r * (from_h + p["b11"])) + z * h,)


class Variant(NamedTuple):
    """One network: its fast and its plain code, the names of its initial states, its options, its step for autograd."""

    code: object
    plain: object
    starts: tuple
    options: dict
    step: object


VARIANTS = {
    "lstm": Variant(lstm, lstm_plain, ("h_start", "c_start"), {}, lstm_step),
    "gru before": Variant(gru, gru_plain, ("h_start",), {"reset": "before"}, gru_before_step),
    "gru after": Variant(gru, gru_plain, ("h_start",), {"reset": "after"}, gru_after_step),
}


class Instance(NamedTuple):
    """A network with parameters, inputs, initial states and targets of a squared error."""

    variant: Variant
    params: dict
    x: np.ndarray
    starts: dict
    y: np.ndarray

    @property
    def arrays(self):
        """Everything the loss can be differentiated by, in one dict."""
        return dict(self.params, x=self.x, **self.starts)

    def forward(self, arrays=None, code=None, **more):
        arrays, code = arrays or self.arrays, code or self.variant.code
        params = {name: arrays[name] for name in self.params}
        starts = [arrays[name] for name in self.variant.starts]
        return code.forward(params, arrays["x"], *starts, **self.variant.options, **more)

    def loss(self, arrays):
        return losses.mse(self.forward(arrays).a2, self.y.astype(arrays["x"].dtype))[0]

    def gradients(self, code=None, **more):
        trace = self.forward(code=code, **more)
        return (code or self.variant.code).backward(self.params, trace, trace.a2 - self.y, **more)

    def by_autograd(self):
        def loss(p):
            states, total = [p[name] for name in self.variant.starts], 0.0
            for x, y in zip(p["x"], self.y, strict=True):
                states = self.variant.step(p, x, *states)
                total = total + 0.5 * anp.sum((states[0] @ p["W1"].T + p["b1"] - y) ** 2)
            return total

        return autograd.grad(loss)(self.arrays)


def make(name, seed=0, dtype=np.float64, scale=1.0, **sizes):
    """Return an instance with sizes all different unless given, and no state zero; scale multiplies the weights."""
    names = ("D", "M", "K", "T", "B")
    D, M, K, T, B = (dict(zip(names, sizes_all_different(seed, 5, least=2), strict=True)) | sizes).values()
    T = T + (T == 2 and "T" not in sizes) * 5
    variant, rng = VARIANTS[name], np.random.default_rng(seed)
    params = variant.code.initialise(rng, D, M, K, dtype, **variant.options)
    params = {name: array * array.dtype.type(scale) for name, array in params.items()}
    x, y = rng.standard_normal((T, B, D)).astype(dtype), rng.standard_normal((T, B, K)).astype(dtype)
    starts = {name: rng.uniform(-0.9, 0.9, (B, M)).astype(dtype) for name in variant.starts}
    return Instance(variant, params, x, starts, y)
