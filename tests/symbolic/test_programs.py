"""Compiled gradients at the edge of what a float holds, and of what an equation leaves unnamed."""

import math

import numpy as np
import pytest

import networks
from bptt_lab import Network, NetworkError, symbolic
from bptt_lab.network.scalars import FLOATS
from bptt_lab.symbolic import programs

SOFTMAX = "p[t] = softmax(a[t])\nL[t] = nll(p[t], y[t])"
UNNAMED = "L[t] = nll(softmax(a[t]), y[t])"
STATE = "a[t] = U @ x[t] + W @ h[t-1] + b\nh[t] = tanh(a[t])\n"


def compiled(text, T=1, **sizes):
    return symbolic.gradients(Network(text, sizes=sizes).unroll(T)).compiled()


@pytest.mark.parametrize("text", [SOFTMAX, UNNAMED])
def test_logits_too_large_for_exp_have_the_gradients_of_a_shifted_softmax(text):
    found = compiled(text, a=2)(dict(a=[[750.0, 749.0]], y=[[0.25, 0.75]]))["a"]
    p = 1 / (1 + math.exp(-1))
    np.testing.assert_allclose(found, [[p - 0.25, 1 - p - 0.75]], rtol=1e-15)


@pytest.mark.parametrize("text", [SOFTMAX, UNNAMED])
def test_logits_too_small_for_exp_keep_all_their_digits(text):
    found = compiled(text, a=2)(dict(a=[[-744.0, -743.0]], y=[[0.25, 0.75]]))["a"]
    p = 1 / (1 + math.exp(1))
    np.testing.assert_allclose(found, [[p - 0.25, 1 - p - 0.75]], rtol=1e-14)


@pytest.mark.parametrize("text", [SOFTMAX, UNNAMED])
def test_a_target_of_zero_takes_no_part_where_the_probability_is_zero(text):
    values = dict(a=[[800.0, 0.0]], y=[[1.0, 0.0]])
    np.testing.assert_array_equal(compiled(text, a=2)(values)["a"], [[0, 0]])


def test_the_slope_of_a_saturated_sigmoid_holds_all_digits():
    for text in ("h[t] = sigmoid(a[t])\nL[t] = mse(h[t], y[t])", "L[t] = mse(sigmoid(a[t]), y[t])"):
        found = compiled(text, a=1)(dict(a=[[-40.0]], y=[[-1.0]]))["a"]
        small = math.exp(-40) / (1 + math.exp(-40))
        np.testing.assert_allclose(found, [[(small + 1) * small * (1 - small)]], rtol=1e-15)


def test_what_has_no_number_names_equation_entry_and_step():
    run = compiled(SOFTMAX, T=2, a=2)
    with pytest.raises(NetworkError, match=r"line 2: L at t = 2.*a logarithm or a root"):
        run(dict(a=[[0.0, 0.0], [800.0, 0.0]], y=[[0.5, 0.5], [0.5, 0.5]]))


def test_an_unstable_softmax_would_be_seen(monkeypatch):
    plain = lambda entry, *u: math.exp(u[entry - 1]) / sum(map(math.exp, u))
    monkeypatch.setitem(programs.FUNCTIONS, "softmax_picked", plain)
    found = compiled(SOFTMAX, a=2)(dict(a=[[-744.0, -743.0]], y=[[0.25, 0.75]]))["a"]
    assert abs(found[0, 0] - (1 / (1 + math.e) - 0.25)) > 1e-3


@pytest.mark.parametrize(
    "text",
    [
        STATE + "p[t] = softmax(V @ h[t] + d)\nL[t] = nll(p[t], y[t])",
        STATE + "L[t] = nll(softmax(V @ h[t] + d), y[t])",
        STATE + "L[t] = mse((V @ tanh(h[t])) * (Q @ h[t] + d), y[t])",
        STATE + "L[t] = mse(d + softmax(V @ h[t]), y[t])",
        STATE + "L[t] = mse((V @ h[t]) ** 3 / (2 + tanh(Q @ (h[t] * h[t-1]))), y[t])",
    ],
)
def test_what_is_unnamed_has_the_same_gradients_as_by_complex_steps(text):
    graph = Network(text, sizes=dict(x=2, h=3, y=4)).unroll(3)
    values = networks.random_values(graph, seed=2)
    exact, program = graph.gradients(values), symbolic.gradients(graph).compiled()(values)
    for key, array in values.items():
        for index in np.ndindex(array.shape):
            moved = array.astype(complex)
            moved[index] += 1e-30j
            slope = graph.forward(values | {key: moved})[graph.network.loss].imag / 1e-30
            assert exact[key][index] == pytest.approx(slope, rel=1e-11, abs=1e-13)
            assert program[key][index] == pytest.approx(slope, rel=1e-11, abs=1e-13)


def test_the_functions_of_a_program_are_those_of_the_graph():
    assert FLOATS.functions.items() <= programs.FUNCTIONS.items()


@pytest.mark.parametrize("function", ["sum", "mean"])
def test_the_sum_and_the_mean_of_a_number_are_the_number(function):
    network = Network(f"s[t] = w*s[t-1] + x[t]\nL = {function}(s[T])", sizes=dict(s=(), w=(), x=()))
    found = symbolic.numpy_program(network).gradients(
        {"w": 2.0, "x": np.array([[1.0], [5.0], [3.0]]), "s[0]": np.array([7.0])}
    )
    assert (found["w"], *found["s[0]"], *found["x"].ravel()) == (3 * 4 * 7 + 2 * 2 * 1 + 5, 8, 4, 2, 1)
