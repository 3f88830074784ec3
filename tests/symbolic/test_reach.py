"""What the language reaches: networks beyond the course's own, each quantity with vector forms in both layouts."""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest

from bptt_lab import Network, NetworkError, symbolic
from bptt_lab.formulas import Language, read

NETWORKS = {
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
}


def graph_of(name, T=3):
    text, sizes = NETWORKS[name]
    return Network(text, sizes=sizes).unroll(T)


@pytest.mark.parametrize("layout", ["derivative", "gradient"])
@pytest.mark.parametrize("name", NETWORKS)
def test_every_quantity_has_a_vector_form_that_is_read_back(name, layout):
    graph = graph_of(name)
    language = Language(graph.network)
    for quantity in graph.network.shapes:
        derivation = symbolic.derive_vector(graph, quantity, layout)
        assert len(derivation.lines) >= 2
        for line in derivation.lines:
            assert read(str(line.form), language) == line.form.tree


def values_of(graph, seed=5):
    chance = np.random.default_rng(seed)
    shapes = {}
    for place, shape in graph.leaves.items():
        key = graph.key(place)
        shapes[key] = (graph.T, *shape) if key in graph.network.inputs else shape
    return {key: chance.normal(size=shape) for key, shape in shapes.items()}


def layer_norm(v):
    h, total = v["h[0]"], 0.0
    for t in range(3):
        a = anp.dot(v["W"], v["x"][t]) + anp.dot(v["R"], h)
        d = a - anp.mean(a)
        h = anp.tanh(v["g"] * d / anp.sqrt(anp.sum(d * d) / 3 + 0.01) + v["b"])
        total = total + anp.sum((h - v["y"][t]) ** 2) / 2
    return total


def attention(v):
    n, z, total = v["n[0]"], v["z[0]"], 0.0
    for t in range(3):
        k, q = anp.dot(v["K"], v["x"][t]), anp.dot(v["Q"], v["x"][t])
        s = anp.exp(anp.dot(q, k) / 2)
        n, z = n + s * k, z + s
        total = total + anp.sum((anp.dot(v["V"], n / z) - v["y"][t]) ** 2) / 2
    return total


def tied(v):
    h, total = v["h[0]"], 0.0
    for t in range(3):
        h = anp.log(1 + anp.exp(anp.dot(v["W"], v["x"][t]) + anp.dot(v["A"], anp.dot(v["B"], h))))
        o = anp.dot(v["W"].T, h) + anp.sin(anp.dot(v["C"], h)) - anp.cos(anp.dot(v["W"].T, h))
        e = anp.abs(o - v["y"][t])
        total = total + anp.sum(anp.where(e > 1, e - 0.5, e**2 / 2)) + anp.sum(h) / 7
    return total


@pytest.mark.parametrize(
    ("name", "loss"),
    [("layer norm", layer_norm), ("attention by running sums", attention), ("tied weights and a bottleneck", tied)],
)
def test_the_gradients_are_those_of_autograd(name, loss):
    graph = graph_of(name)
    values = values_of(graph)
    found = graph.gradients(values)
    for key in values:
        expected = autograd.grad(lambda array, key=key: loss({**values, key: array}))(values[key])
        np.testing.assert_allclose(found[key], expected, rtol=1e-9, atol=1e-12, err_msg=key)


def test_a_scalar_derivation_and_a_compiled_program_reach_as_far():
    for name in ("layer norm", "attention by running sums", "tied weights and a bottleneck"):
        graph = graph_of(name)
        place = next(place for place in graph.order if place.time == 2)
        entry = tuple(1 for _ in graph.network.shapes[place.name]) or None
        assert len(symbolic.derive(graph, place.name, 2, entry).lines) >= 2
        values = values_of(graph)
        compiled, exact = symbolic.gradients(graph).compiled()(values), graph.gradients(values)
        assert all(np.allclose(compiled[key], exact[key], rtol=1e-12) for key in values)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("h[t] = x[t].T @ W", "Only a matrix is transposed"),
        ("h[t] = dot(x[t], z)\nz = W @ W @ c", "Compare the sizes given"),
        ("h[t] = W.S @ x[t]", "A dot after a name"),
        ("h[t] = W @ x[t] ** 0.7", "whole number"),
    ],
)
def test_what_is_not_in_the_language_is_told(text, words):
    with pytest.raises(NetworkError, match=words):
        Network(f"{text}\nL[t] = mse(h[t], y[t])", sizes=dict(x=2))
