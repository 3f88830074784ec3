"""What the language reaches: networks beyond the course's own, each quantity with vector forms in both layouts."""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest

import networks
from bptt_lab import Network, NetworkError, figures, symbolic
from bptt_lab.formulas import Language, read


def graph_of(name, T=3):
    return networks.graph(name, T)


@pytest.mark.parametrize("layout", ["derivative", "gradient"])
@pytest.mark.parametrize("name", networks.BEYOND)
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
        is_row = key in graph.network.inputs and len(graph.times[key]) > 1
        shapes[key] = (graph.T, *shape) if is_row else shape
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


def ends(v):
    h = 2 * anp.tanh(anp.dot(v["U"], v["c"]))
    for t in range(3):
        h = anp.tanh(anp.dot(v["W"], h) + v["x"][t])
    o = anp.dot(v["V"], h) + anp.dot(v["U"][:2], v["c"])
    return -anp.sum(v["y"] * (o - anp.log(anp.sum(anp.exp(o)))))


def first(v):
    h, found = v["h[0]"], []
    for t in range(3):
        h = anp.tanh(anp.dot(v["W"], h) + v["x"][t] + anp.dot(v["U"], v["x"][0]))
        found.append(h)
    return anp.sum((anp.dot(v["V"], found[2]) - v["y"]) ** 2) / 2 + anp.dot(found[0], found[1])


def backwards(v):
    b = anp.tanh(anp.dot(v["U"], v["c"]))
    for t in (2, 1, 0):
        b = anp.tanh(anp.dot(v["W"], b) + v["x"][t])
    return anp.sum((anp.dot(v["V"], b) - v["y"]) ** 2) / 2


def slices(v):
    h, total = v["h[0]"], 0.0
    for t in range(3):
        a = anp.dot(v["W"], v["x"][t]) + anp.dot(v["U"][1:6], h)
        low = anp.dot(v["W"][:, 1:3], v["x"][t][:2])
        h = anp.concatenate([anp.tanh(a[:3] + a[2:]), low])[:4]
        total = total + anp.sum((h - v["y"][t]) ** 2) / 2
    return total


def transposes(v):
    h, total = v["h[0]"], 0.0
    for t in range(3):
        h = anp.tanh(anp.dot(v["W"][:2].T, h[:2]) + anp.dot(v["W"][:, :2].T[:2], v["x"][t][:4]))
        total = total + anp.sum((h - v["y"][t][1:3]) ** 2) / 2
    return total


def some_entries(v):
    h, total = v["h[0]"], 0.0
    for t in range(3):
        wx = anp.dot(v["W"], v["x"][t])
        a = wx * v["x"][t][1] + v["b"] * h[0]
        h = anp.tanh(a) + wx[2] * anp.dot(a, v["b"]) + anp.mean(a)
        total = total + anp.sum((h - v["y"][t]) ** 2) / 2 + h[1] ** 2
    return total


def steps(v):
    h, total = v["h[0]"], 0.0
    for t in range(3):
        h = anp.tanh(anp.dot(v["W"], h) + v["x"][t]) / 3
        total = total + anp.sum((h - v["y"][t]) ** 2) / 2 * 2 / 3
    return total


def twice(v):
    h, total = v["h[0]"], 0.0
    for t in range(3):
        h = anp.tanh(anp.dot(v["W"], anp.dot(v["W"], h)) - anp.dot(v["W"].T, v["x"][t]))
        total = total + anp.sum((h - v["y"][t]) ** 2) / 2
    return total


WITNESSES = {
    "layer norm": layer_norm,
    "attention by running sums": attention,
    "tied weights and a bottleneck": tied,
    "a state computed once, an output and a loss at the last step": ends,
    "a loss at the first step, inputs read at two": first,
    "backwards from a state computed once": backwards,
    "slices": slices,
    "slices of transposes": transposes,
    "entries": some_entries,
    "the number of steps": steps,
    "one matrix twice, and with a minus": twice,
}


@pytest.mark.parametrize(("name", "loss"), WITNESSES.items())
def test_the_gradients_are_those_of_autograd(name, loss):
    graph = graph_of(name)
    values = values_of(graph)
    found = graph.gradients(values)
    for key in values:
        expected = autograd.grad(lambda array, key=key: loss({**values, key: array}))(values[key])
        np.testing.assert_allclose(found[key], expected, rtol=1e-9, atol=1e-12, err_msg=key)


def test_a_scalar_derivation_and_a_compiled_program_reach_as_far():
    for name in WITNESSES:
        graph = graph_of(name)
        place = next(place for place in graph.order if place.time in (0, 2, graph.T + 1))
        entry = tuple(1 for _ in graph.network.shapes[place.name]) or None
        assert len(symbolic.derive(graph, place.name, place.time, entry).lines) >= 2
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


def test_what_is_computed_once_is_not_asked_for_and_is_returned():
    graph = graph_of("a state computed once, an output and a loss at the last step")
    values = values_of(graph)
    assert set(values) == {"U", "c", "W", "x", "V", "y"}
    found = graph.forward(values)
    np.testing.assert_allclose(found["h[0]"], 2 * np.tanh(values["U"] @ values["c"]), rtol=1e-14)
    assert found["p"].shape == (2,) and found["h"].shape == (3, 3) and found["L"].shape == ()


def test_what_is_computed_once_is_drawn_and_shown():
    for name in (
        "a state computed once, an output and a loss at the last step",
        "backwards from a state computed once",
    ):
        graph = graph_of(name)
        figure, words = figures.unrolled_network(graph)
        assert figure is not None and graph.order[0].name in words
        shown = symbolic.equations(graph.network)
        lines = [line.strip() for line in networks.BEYOND[name][0].splitlines() if line.strip()]
        assert repr(shown).splitlines() == lines and shown._repr_latex_().count("&=") == len(lines)


def test_the_number_of_steps_is_a_letter_in_general_and_a_number_when_unrolled():
    graph = graph_of("the number of steps", T=5)
    assert "T" in str(symbolic.derive_vector(graph, "y").lines[-1].form)
    assert str(symbolic.definition(graph, "h", 2, 1)).endswith("/5")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "h[0] = tanh(c)\nh = W @ c\nL = mse(h, y)",
            r"h\[0\] lies outside of the steps 1 to T, and nothing defines h\[t\]",
        ),
        ("h[t] = W @ x[t]\np[T] = h[t]\nL = mse(p[T], y)", "line 2: p is computed at T only, so t means nothing here"),
        ("h[t] = W @ x[t]\np[T] = h[T]\nL[t] = mse(p[t], y[t])", "line 3: p is computed at T only"),
        ("h[t] = W @ x[t]\nh[T] = x[T]\nL = mse(h[T], y)", "line 2: h is defined twice, first in line 1"),
        ("h[0] = c\nh[0] = d\nh[t] = h[t-1]\nL = mse(h[T], y)", r"line 2: h\[0\] is defined twice, first in line 1"),
        ("h[t+1] = x[t]", r"An equation defines h\[t\], not h\[t\+1\]"),
        ("h[t] = x[t] * t\nL = mse(h[T], y)", "t can only stand in an index"),
        ("h[t] = x[t][4] * x[t]\nL = mse(h[T], y)", "line 1: There is no entry 4: the size is 2"),
        ("h[t] = x[t][0]\nL = mse(h[T], y)", "Entries are whole numbers from 1"),
        ("h[t] = x[t][2:3]\nL = mse(h[T], y)", "There is no entry 3: the size is 2"),
        ("h[t] = x[t][2:1]\nL = mse(h[T], y)", "has no such part"),
        ("h[t] = x[t][1:n]\nL = mse(h[T], y)", "Entries are whole numbers from 1"),
        ("h[t] = x[t][1][2]\nL = mse(h[T], y)", "After the time stands one index"),
        ("h[t] = (W @ x[t])[1, 2]\nL = mse(h[T], y)", "has no such entry"),
    ],
)
def test_what_cannot_be_at_one_step_or_one_entry_is_told(text, words):
    with pytest.raises(NetworkError, match=words):
        Network(text, sizes=dict(x=2))


def test_a_step_past_the_last_is_told_when_a_network_is_unrolled():
    network = Network("h[t] = W @ h[t-1]\nL[5] = mse(h[5], y[5])", sizes=dict(h=2))
    assert network.unroll(5)
    with pytest.raises(NetworkError, match="line 2: L is computed at step 5, and there are 4"):
        network.unroll(4)
