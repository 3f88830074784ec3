"""Networks that the tests derive: as text only, none of them known to the engine."""

from __future__ import annotations

from functools import cache

import numpy as np

from bptt_lab import course
from bptt_lab.network import Graph, Network

ONE_HIDDEN = "\n".join(equation.source for equation in course.network("one hidden layer").written.values())

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

# beyond the course: what the language reaches
BEYOND = {
    "GRU of the paper": (
        """
        z[t] = sigmoid(Wz @ x[t] + Uz @ h[t-1] + bz)
        r[t] = sigmoid(Wr @ x[t] + Ur @ h[t-1] + br)
        c[t] = tanh(W @ x[t] + R @ (r[t] * h[t-1]) + b)
        h[t] = z[t] * h[t-1] + (1 - z[t]) * c[t]
        L[t] = mse(V @ h[t], y[t])
        """,
        dict(x=2, h=3, y=4, z=3, r=3, c=3),
    ),
    "leaky integrator": (
        """
        a[t] = W @ x[t] + R @ s[t-1] + b
        s[t] = s[t-1] + (tanh(a[t]) - s[t-1]) / tau
        L[t] = mse(V @ s[t], y[t])
        """,
        dict(x=2, s=3, y=4, a=3, tau=()),
    ),
    "layer norm": (
        """
        a[t] = W @ x[t] + R @ h[t-1]
        m[t] = mean(a[t])
        d[t] = a[t] - m[t]
        s[t] = sqrt(dot(d[t], d[t]) / 3 + 0.01)
        h[t] = tanh(g * d[t] / s[t] + b)
        L[t] = mse(h[t], y[t])
        """,
        dict(x=2, h=3, a=3),
    ),
    "attention by running sums": (
        """
        k[t] = K @ x[t]
        q[t] = Q @ x[t]
        s[t] = exp(dot(q[t], k[t]) / 4 ** 0.5)
        n[t] = n[t-1] + s[t] * k[t]
        z[t] = z[t-1] + s[t]
        c[t] = n[t] / z[t]
        L[t] = mse(V @ c[t], y[t])
        """,
        dict(x=2, k=4, y=3, s=(), z=()),
    ),
    "tied weights and a bottleneck": (
        """
        h[t] = softplus(W @ x[t] + A @ B @ h[t-1])
        o[t] = W.T @ h[t] + sin(C @ h[t]) - cos(W.T @ h[t])
        L[t] = huber(o[t], y[t]) + sum(h[t]) / 7
        """,
        dict(x=2, h=3, B=(4, 3)),
    ),
    "a loss at the last step": (
        "h[t] = tanh(W @ x[t] + R @ h[t-1])\no[t] = V @ h[t]\nL = mse(o[T], y[T])",
        dict(x=2, h=3, o=4),
    ),
    "losses at two named steps": (
        "h[t] = tanh(W @ x[t] + R @ h[t-1])\no[t] = V @ h[t]\nL = mse(o[T], y[T]) + 3 * mse(o[2], y[2])",
        dict(x=2, h=3, o=4),
    ),
    "a state computed once, an output and a loss at the last step": (
        """
        h[0] = tanh(U @ c) * 2
        h[t] = tanh(W @ h[t-1] + x[t])
        p[T] = softmax(V @ h[T] + U[1:2] @ c)
        L[T] = nll(p[T], y[T])
        """,
        dict(x=3, c=4, p=2),
    ),
    "a loss at the first step, inputs read at two": (
        """
        h[t] = tanh(W @ h[t-1] + x[t] + U @ x[1])
        L[1] = mse(V @ h[T], y[1]) + dot(h[1], h[2])
        """,
        dict(x=3, y=2),
    ),
    "backwards from a state computed once": (
        """
        b[T+1] = tanh(U @ c)
        b[t] = tanh(W @ b[t+1] + x[t])
        q[2] = V @ b[1]
        L = mse(q[2], y)
        """,
        dict(x=3, c=4, y=2),
    ),
    "slices": (
        """
        a[t] = (W @ x[t] + U[2:6] @ h[t-1])[1:5]
        z[t] = a[t][1:3] + a[t][3:5]
        h[t] = concat(tanh(z[t]), W[:, 2:3] @ x[t][1:2])[1:4]
        L[t] = mse(h[t], y[t])
        """,
        dict(x=3, W=(5, 3), U=(7, 4)),
    ),
    "slices of transposes": (
        "h[t] = tanh(W[1:2].T @ h[t-1][1:2] + W[:, 1:2].T[1:2] @ x[t][1:4])\nL[t] = mse(h[t], y[t][2:3])",
        dict(x=5, W=(4, 2), h=2, y=4),
    ),
    "entries": (
        """
        a[t] = W @ x[t] * x[t][2] + b * h[t-1][1]
        h[t] = tanh(a[t]) + (W @ x[t])[3] * dot(a[t], b) + mean(a[t])
        L[t] = mse(h[t], y[t]) + h[t][2] ** 2
        """,
        dict(x=3, h=4),
    ),
    "the number of steps": (
        "h[t] = tanh(W @ h[t-1] + x[t]) / T\nL[t] = mse(h[t], y[t]) * (T - 1) / T",
        dict(x=3),
    ),
    "one matrix twice, and with a minus": (
        "h[t] = tanh(W @ W @ h[t-1] + -W.T @ x[t])\nL[t] = mse(h[t], y[t])",
        dict(x=3),
    ),
}


@cache
def network(name: str) -> Network:
    """Return one of the networks, the same one for all tests."""
    text, sizes = (TEXTS | BEYOND)[name]
    return Network(text, sizes=sizes)


@cache
def graph(name: str, T: int) -> Graph:
    """Return the influence graph of one of the networks, the same one for all tests, with what is kept on it."""
    return network(name).unroll(T)


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
