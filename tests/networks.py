"""Networks that the tests derive: as text only, none of them known to the engine."""

from __future__ import annotations

import numpy as np

from bptt_lab.course import ONE_HIDDEN_LAYER
from bptt_lab.network import Graph, Network

ONE_HIDDEN = ONE_HIDDEN_LAYER

TEXTS: dict[str, tuple[str, dict[str, int]]] = {
    "one hidden layer": (ONE_HIDDEN, dict(x=4, h1=5, h2=3)),
    "feed-forward, three hidden layers": (
        """
        a1 = W0 @ x + b0
        h1 = relu(a1)
        a2 = W1 @ h1 + b1
        h2 = sigmoid(a2)
        a3 = W2 @ h2 + b2
        h3 = leaky_relu(a3)
        a4 = W3 @ h3 + b3
        h4 = softmax(a4)
        C = nll(h4, y)
        """,
        dict(x=3, h1=4, h2=5, h3=2, h4=6),
    ),
    "two recurrent layers": (
        """
        a1[t] = W0 @ x[t] + W11 @ h1[t-1] + b0
        h1[t] = tanh(a1[t])
        a2[t] = W1 @ h1[t] + W22 @ h2[t-1] + b1
        h2[t] = tanh(a2[t])
        a3[t] = W2 @ h2[t] + b2
        h3[t] = softmax(a3[t])
        L[t] = nll(h3[t], y[t])
        """,
        dict(x=2, h1=3, h2=4, h3=5),
    ),
    "bidirectional": (
        """
        af[t] = U @ x[t] + V @ hf[t-1] + bf
        hf[t] = tanh(af[t])
        ab[t] = P @ x[t] + Q @ hb[t+1] + bb
        hb[t] = tanh(ab[t])
        o[t] = W @ concat(hf[t], hb[t]) + c
        L[t] = mse(sigmoid(o[t]), y[t])
        """,
        dict(x=3, hf=4, hb=5, y=2),
    ),
    "LSTM": (
        """
        z[t] = concat(h[t-1], x[t])
        f[t] = sigmoid(Wf @ z[t] + bf)
        i[t] = sigmoid(Wi @ z[t] + bi)
        g[t] = tanh(Wg @ z[t] + bg)
        q[t] = sigmoid(Wq @ z[t] + bq)
        c[t] = f[t] * c[t-1] + i[t] * g[t]
        h[t] = q[t] * tanh(c[t])
        p[t] = softmax(V @ h[t] + d)
        L[t] = nll(p[t], y[t])
        """,
        dict(x=3, h=4, y=2),
    ),
    "GRU": (
        """
        r[t] = sigmoid(Wr @ x[t] + Ur @ h[t-1] + br)
        z[t] = sigmoid(Wz @ x[t] + Uz @ h[t-1] + bz)
        n[t] = tanh(Wn @ x[t] + bn + r[t] * (Un @ h[t-1] + cn))
        h[t] = (1 - z[t]) * n[t] + z[t] * h[t-1]
        L[t] = bce(sigmoid(h[t]), y[t])
        """,
        dict(x=3, h=4),
    ),
    "two steps back": (
        """
        a[t] = U @ x[t] + W @ h[t-1] + V @ h[t-2] + b
        h[t] = tanh(a[t])
        s[t] = s[t-1] + mse(P @ h[t], y[t])
        L = log(1 + s[T] ** 2) / 3
        """,
        dict(x=3, h=4, y=2),
    ),
    "one to many": (
        """
        a[t] = U @ x[1] + W @ h[t-1]
        h[t] = tanh(a[t])
        L[t] = mse(h[t], y[t])
        """,
        dict(x=2, h=3),
    ),
    "many to one": (
        """
        a[t] = U @ x[t] + W @ h[t-1]
        h[t] = exp(a[t] / 4) - identity(a[t])
        L = mse(V @ h[T], y[T])
        """,
        dict(x=2, h=3, y=4),
    ),
}


def network(name: str) -> Network:
    """Return one of the networks."""
    text, sizes = TEXTS[name]
    return Network(text, sizes=sizes)


def random_values(graph: Graph, seed: int) -> dict[str, np.ndarray]:
    """Return random values for every leaf of a graph, states included, none zero; targets are probabilities."""
    rng = np.random.default_rng(seed)
    values: dict[str, np.ndarray] = {}
    for place, shape in graph.leaves.items():
        key = graph.key(place)
        full = (graph.T, *shape) if key in graph.network.inputs else shape
        kind = graph.network.targets.get(key)
        values[key] = rng.uniform(0.2, 0.9, full) * (1 if kind else rng.choice([-1, 1], full))
        if kind == "distribution":
            values[key] /= values[key].sum(axis=-1, keepdims=True)
    return values
