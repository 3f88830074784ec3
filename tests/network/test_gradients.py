"""The derived derivatives at numbers, against an independent autodiff library, for unknown networks."""

import numpy as np
import pytest

import networks
import witnesses
from bptt_lab import Network


def worst_difference(found, expected):
    assert set(found) == set(expected)
    return max(np.max(np.abs(found[k] - expected[k])) / max(1.0, np.max(np.abs(expected[k]))) for k in expected)


@pytest.mark.parametrize("T", [1, 3, 4])
@pytest.mark.parametrize("name", networks.TEXTS)
def test_gradients_agree_with_autograd(name, T):
    graph = networks.graph(name, T)
    values = networks.random_values(graph, seed=T)
    assert worst_difference(graph.gradients(values), witnesses.gradients(name, values, T)) < 1e-12


@pytest.mark.parametrize("name", networks.TEXTS)
def test_forward_loss_agrees_with_the_hand_written_pass(name):
    graph = networks.graph(name, 4)
    values = networks.random_values(graph, seed=9)
    assert graph.forward(values)[graph.network.loss] == pytest.approx(witnesses.FORWARD[name](values, 4), rel=1e-13)


@pytest.mark.parametrize("seed", range(30))
def test_one_hidden_layer_agrees_with_autograd_at_random_sizes(seed):
    rng = np.random.default_rng(seed)
    D, M, K = (int(n) for n in rng.permutation([1, 2, 3, 4, 5, 6])[:3])
    T = int(rng.integers(3, 7))
    graph = Network(networks.ONE_HIDDEN, sizes=dict(x=D, h1=M, h2=K)).unroll(T)
    values = networks.random_values(graph, seed)
    expected = witnesses.gradients("one hidden layer", values, T)
    assert worst_difference(graph.gradients(values), expected) < 1e-12


def test_boundary_states_are_zero_where_not_given():
    graph = networks.graph("two steps back", 4)
    values = networks.random_values(graph, seed=2)
    without = {key: value for key, value in values.items() if "[" not in key}
    zeros = {key: np.zeros_like(values[key]) for key in graph.boundaries}
    found, expected = graph.gradients(without), graph.gradients({**without, **zeros})
    assert set(graph.boundaries) == {"h[0]", "h[-1]", "s[0]"}
    assert set(found) == set(expected)
    for key in expected:
        np.testing.assert_array_equal(found[key], expected[key])


def test_each_gradient_has_the_shape_of_its_value():
    for name in networks.TEXTS:
        graph = networks.graph(name, 4)
        values = networks.random_values(graph, seed=1)
        shapes = {key: np.shape(gradient) for key, gradient in graph.gradients(values).items()}
        assert shapes == {key: np.shape(value) for key, value in values.items()}


def test_an_input_used_at_one_time_may_be_given_as_one_row():
    graph = networks.graph("many to one", 4)
    values = networks.random_values(graph, seed=1)
    row = {**values, "y": values["y"][-1]}
    assert graph.forward(row)["L"] == graph.forward(values)["L"]
    np.testing.assert_array_equal(graph.gradients(row)["y"], graph.gradients(values)["y"][-1])


def test_forward_gives_every_computed_quantity_by_name_and_the_total_loss():
    graph = networks.graph("one hidden layer", 4)
    found = graph.forward(networks.random_values(graph, seed=1))
    assert {key: np.shape(value) for key, value in found.items()} == {
        "a1": (4, 5),
        "h1": (4, 5),
        "a2": (4, 3),
        "h2": (4, 3),
        "L": (),
        "L[t]": (4,),
    }
    assert found["L"] == pytest.approx(found["L[t]"].sum())
    np.testing.assert_allclose(found["h2"].sum(axis=1), 1)


def test_the_values_given_are_not_changed():
    graph = networks.graph("LSTM", 3)
    values = networks.random_values(graph, seed=1)
    before = {key: value.copy() for key, value in values.items()}
    graph.gradients(values)
    for key in before:
        np.testing.assert_array_equal(values[key], before[key])


@pytest.mark.parametrize("mutant", ["drop the path through time", "wrong slope of tanh", "transposed weight"])
def test_a_wrong_gradient_would_be_seen(mutant):
    """The comparison above refuses a gradient of a network that differs in one derivative."""
    changed = {
        "drop the path through time": networks.ONE_HIDDEN.replace("W11 @ h1[t-1]", "0 * (W11 @ h1[t-1])"),
        "wrong slope of tanh": networks.ONE_HIDDEN.replace("tanh(a1[t])", "a1[t]"),
        "transposed weight": networks.ONE_HIDDEN,
    }[mutant]
    graph = Network(changed, sizes=dict(x=4, h1=5, h2=3)).unroll(4)
    values = networks.random_values(graph, seed=3)
    given = {**values, "W11": values["W11"].T} if mutant == "transposed weight" else values
    expected = witnesses.gradients("one hidden layer", values, 4)
    assert worst_difference(graph.gradients(given), expected) > 1e-3


def test_one_entry_may_be_given_as_a_plain_number_and_one_column_without_its_axis():
    text = "a[t] = W * x[t] + V * h[t-1]\nh[t] = tanh(a[t])\nL[t] = mse(h[t], y[t])"
    graph = Network(text, sizes=dict(x=1)).unroll(3)
    plain = {"W": 0.5, "V": -0.3, "x": [0.1, 0.7, -0.2], "y": [0.4, 0.2, 0.9], "h[0]": 0.6}
    full = {key: np.reshape(value, (-1, 1) if key in "xy" else (1,)) for key, value in plain.items()}
    found, expected = graph.gradients(plain), graph.gradients(full)
    assert {key: np.shape(value) for key, value in found.items()} == {k: np.shape(v) for k, v in plain.items()}
    for key in plain:
        np.testing.assert_array_equal(np.ravel(found[key]), np.ravel(expected[key]))


def test_total_derivatives_of_computed_quantities_are_seen_through_a_bias():
    """A delta is the gradient by something added to its pre-activation: here b0 of a single step."""
    graph = networks.graph("one hidden layer", 4)
    values = networks.random_values(graph, seed=6)
    totals, gradients = graph.totals(values), graph.gradients(values)
    assert {name: array.shape for name, array in totals.items()} == {
        "a1": (4, 5), "h1": (4, 5), "a2": (4, 3), "h2": (4, 3), "L": (4,),
    }  # fmt: skip
    np.testing.assert_allclose(totals["a1"].sum(axis=0), gradients["b0"])
    np.testing.assert_allclose(totals["a1"] @ values["W0"], gradients["x"])
    np.testing.assert_allclose(totals["L"], 1)


def test_an_entry_that_the_loss_does_not_read_hides_no_other():
    graph = Network("h = tanh(W @ x)\nL = mse(h[2:3], y)", sizes=dict(x=2, h=4)).unroll(1)
    values = {"W": np.arange(8.0).reshape(4, 2) / 10, "x": np.array([0.3, -0.7]), "y": np.array([0.1, 0.2])}
    h = np.tanh(values["W"] @ values["x"])
    delta = np.array([0, h[1] - 0.1, h[2] - 0.2, 0]) * (1 - h**2)
    np.testing.assert_allclose(graph.gradients(values)["W"], np.outer(delta, values["x"]), rtol=1e-12)
