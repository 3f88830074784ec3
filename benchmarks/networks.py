"""The networks that compare.py times: ours, written once more for autograd and JAX, and as layers of PyTorch.

`scores` computes a2 with a kit `k` of a library: its tanh, sigmoid, split and flip, and k.scan(step, states, inputs),
which runs step(states, input) over time and returns the first state of every step. Whatever does not depend on the step
before stays outside of it.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from bptt_lab.numeric import bidirectional, deep, gru, gru_plain, lstm, lstm_plain, rnn


class Network(NamedTuple):
    """One architecture.

    `draw(rng, D, M, K, dtype)` returns params, `count` is the number of initial states (B, M). `layer` is PyTorch's,
    with its options, and `leaves` says which of its arrays ours are.
    """

    code: object
    draw: Callable
    count: int
    scores: Callable
    layer: str
    layer_options: dict
    leaves: dict
    plain: object = None
    options: dict = {}
    keeps: bool = False  # takes a workspace


def rnn_layer(k, a, W, h):
    """Return the states of tanh(a(t) + W h(t-1))."""
    return k.scan(lambda states, now: (k.tanh(now + states[0] @ W.T),), (h,), a)


def rnn_scores(k, p, x, h):
    return rnn_layer(k, x @ p["W0"].T + p["b0"], p["W11"], h) @ p["W1"].T + p["b1"]


def deep_scores(k, p, x, first, second):
    h = rnn_layer(k, x @ p["W0"].T + p["b0"], p["W11"], first)
    return rnn_layer(k, h @ p["W1"].T + p["b1"], p["W22"], second) @ p["W2"].T + p["b2"]


def bidirectional_scores(k, p, x, start, end):
    hf = rnn_layer(k, x @ p["W0f"].T + p["b0f"], p["W11f"], start)
    hb = rnn_layer(k, k.flip(x @ p["W0b"].T + p["b0b"]), p["W11b"], end)
    return hf @ p["W1f"].T + k.flip(hb) @ p["W1b"].T + p["b1"]


def lstm_scores(k, p, x, h, c):
    def step(states, now):
        h, c = states
        i, f, g, o = k.split(now + h @ p["W11"].T, 4, -1)
        c = k.sigmoid(f) * c + k.sigmoid(i) * k.tanh(g)
        return k.sigmoid(o) * k.tanh(c), c

    return k.scan(step, (h, c), x @ p["W0"].T + p["b0"]) @ p["W1"].T + p["b1"]


def gru_scores(k, p, x, h):
    def step(states, now):
        (h,), (r, z, n) = states, k.split(now, 3, -1)
        of_r, of_z, of_n = k.split(h @ p["W11"].T, 3, -1)
        r, z = k.sigmoid(r + of_r), k.sigmoid(z + of_z)
        n = k.tanh(n + r * (of_n + p["b11"]))
        return ((1 - z) * n + z * h,)

    return k.scan(step, (h,), x @ p["W0"].T + p["b0"]) @ p["W1"].T + p["b1"]


def leaves(ours, end="l0"):
    """Return which arrays of PyTorch's layer are ours, for the names of W0, W11, b0."""
    theirs = "weight_ih", "weight_hh", "bias_ih"
    return {name: f"{kind}_{end}" for name, kind in zip(ours, theirs, strict=True)}


ONE = leaves(("W0", "W11", "b0"))
NETWORKS = {
    "rnn": Network(rnn, rnn.initialise, 1, rnn_scores, "RNN", {}, ONE, keeps=True),
    "deep": Network(
        deep,
        lambda rng, D, M, K, dtype: deep.initialise(rng, D, (M, M), K, dtype),
        2,
        deep_scores,
        "RNN",
        dict(num_layers=2),
        ONE | leaves(("W1", "W22", "b1"), "l1"),
    ),
    "bidirectional": Network(
        bidirectional,
        lambda rng, D, M, K, dtype: bidirectional.initialise(rng, D, (M, M), K, dtype),
        2,
        bidirectional_scores,
        "RNN",
        dict(bidirectional=True),
        leaves(("W0f", "W11f", "b0f")) | leaves(("W0b", "W11b", "b0b"), "l0_reverse"),
    ),
    "lstm": Network(lstm, lstm.initialise, 2, lstm_scores, "LSTM", {}, ONE, lstm_plain, keeps=True),
    "gru": Network(
        gru,
        lambda rng, D, M, K, dtype: gru.initialise(rng, D, M, K, dtype, reset="after"),
        1,
        gru_scores,
        "GRU",
        {},
        ONE | dict(b11="bias_hh_l0"),
        gru_plain,
        dict(reset="after"),
        True,
    ),
}


def torch_pass(torch, network, params, x, starts, labels):
    """Return a function that does forward, loss and gradients once by PyTorch's layer."""
    torch.set_num_threads(1)
    dtype, (B, M) = getattr(torch, x.dtype.name), starts[0].shape
    layer = getattr(torch.nn, network.layer)(x.shape[2], M, dtype=dtype, **network.layer_options)
    last = [name for name in params if name not in network.leaves]  # output weights, one or two side by side, and bias
    weights = np.concatenate([params[name] for name in last[:-1]], axis=1)
    output = torch.nn.Linear(weights.shape[1], len(weights), dtype=dtype)
    found = {name: getattr(layer, theirs) for name, theirs in network.leaves.items()}
    with torch.no_grad():
        for name, bias in layer.named_parameters():
            if name.startswith("bias_hh"):
                bias.zero_()
        for name, leaf in found.items():  # b11 is the last third of its bias
            leaf[-len(params[name]) :].copy_(torch.from_numpy(params[name]))
        output.weight.copy_(torch.from_numpy(weights))
        output.bias.copy_(torch.from_numpy(params[last[-1]]))
    as_one = starts if network.layer == "LSTM" else [np.concatenate([start[None] for start in starts])]
    begins = [torch.from_numpy(start.reshape(-1, B, M)).requires_grad_() for start in as_one]
    inputs, targets = torch.from_numpy(x).requires_grad_(), torch.from_numpy(labels.reshape(-1))
    everything = (*found.values(), output.weight, output.bias, inputs, *begins)

    def call():
        states, _ = layer(inputs, tuple(begins) if len(begins) > 1 else begins[0])
        loss = torch.nn.functional.cross_entropy(
            output(states).reshape(-1, output.out_features), targets, reduction="sum"
        )
        gradients = iter(torch.autograd.grad(loss, everything))
        named = {name: next(gradients)[-len(params[name]) :] for name in found}
        named |= zip(last, (*next(gradients).split(M, dim=1), next(gradients)), strict=True)
        return loss, (*(named[name] for name in params), next(gradients), *(one for many in gradients for one in many))

    return call
