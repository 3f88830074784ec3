"""Numbers at the edge of what a float holds: saturated units, probabilities of zero, and errors with their place."""

import cmath
import math

import mpmath
import numpy as np
import pytest

from bptt_lab import Network, NetworkError
from bptt_lab.network import Place
from bptt_lab.network.scalars import FLOATS

STEP = 1e-20
SATURATED = [-700.0, -40.0, -30.0, -1.0, -1e-9, 0.0, 1e-9, 1.0, 30.0, 40.0, 700.0]
SOFTMAX = "p[t] = softmax(a[t])\nL[t] = nll(p[t], y[t])"
SIGMOID = "p[t] = sigmoid(a[t])\nL[t] = bce(p[t], y[t])"


def sigmoid(u):
    return FLOATS.functions["sigmoid"](u)


def exact_sigmoid(u):
    with mpmath.workdps(400):
        return 1 / (1 + mpmath.exp(-mpmath.mpf(u)))


@pytest.mark.parametrize("u", SATURATED)
def test_the_sigmoid_holds_all_digits_also_where_it_is_saturated(u):
    exact = exact_sigmoid(u)
    assert abs(sigmoid(u) - exact) <= 1e-15 * exact
    assert sigmoid(complex(u)) == sigmoid(u)


@pytest.mark.parametrize("u", [u for u in SATURATED if abs(u) < 600])
def test_a_complex_step_through_the_sigmoid_holds_all_digits(u):
    with mpmath.workdps(400):
        slope = exact_sigmoid(u) * (1 - exact_sigmoid(u))
    assert sigmoid(u + STEP * 1j).imag / STEP == pytest.approx(float(slope), rel=1e-14, abs=0)


@pytest.mark.parametrize("u", [-1e4, 1e4, -math.inf, math.inf])
def test_the_sigmoid_never_overflows(u):
    assert sigmoid(u) == (u > 0)


def test_the_sigmoid_of_a_whole_number_and_of_a_complex_number_are_right():
    assert sigmoid(-2) == pytest.approx(1 / (1 + math.exp(2)), rel=1e-15, abs=0)
    z = 0.3 - 2.5j
    assert sigmoid(z) == pytest.approx(1 / (1 + cmath.exp(-z)), rel=1e-15, abs=0)


def test_a_target_of_exactly_zero_takes_no_part_in_a_cross_entropy():
    graph = Network(SOFTMAX, sizes=dict(a=2)).unroll(1)
    values = dict(a=[[750.0, 0.0]], y=[[1.0, 0.0]])
    assert graph.forward(values)["L"] == 0
    np.testing.assert_array_equal(graph.gradients(values)["a"], [[0, 0]])


@pytest.mark.parametrize(("a", "y"), [(40.0, 1.0), (800.0, 1.0), (-800.0, 0.0)])
def test_a_binary_cross_entropy_that_is_right_beyond_doubt_is_zero(a, y):
    for text in (SIGMOID, "L[t] = bce(sigmoid(a[t]), y[t])"):
        graph = Network(text, sizes=dict(a=1)).unroll(1)
        values = dict(a=[[a]], y=[[y]])
        assert graph.forward(values)["L"] == 0
        np.testing.assert_array_equal(graph.gradients(values)["a"], [[0]])


def test_by_a_target_whose_probability_is_zero_the_derivative_is_infinite():
    graph = Network(SOFTMAX, sizes=dict(a=2)).unroll(1)
    found = graph.gradients(dict(a=[[750.0, 0.0]], y=[[1.0, 0.0]]))["y"]
    np.testing.assert_array_equal(found, [[0, math.inf]])


def test_a_probability_of_zero_where_the_target_is_not_zero_names_its_place():
    graph = Network(SOFTMAX, sizes=dict(a=2)).unroll(2)
    values = dict(a=[[0.0, 1.0], [750.0, 0.0]], y=[[1.0, 0.0], [0.5, 0.5]])
    with pytest.raises(NetworkError) as caught:
        graph.forward(values)
    words = str(caught.value)
    assert words.startswith("line 2: L at t = 2: a logarithm or a root of what is not positive.")
    assert "a probability away from 0 and 1" in words


@pytest.mark.parametrize(
    ("text", "a", "words"),
    [
        ("h = exp(a)\nL = mse(h, y)", [1.0, 2000.0], "line 1: h, entry 2: too large for a float"),
        ("h = a * a\nL = mse(h, y)", [1e200, 2.0], "line 1: h, entry 1: too large for a float"),
        ("h = a ** 3\nL = mse(h, y)", [2.0, 1e200], "line 1: h, entry 2: too large for a float"),
        ("h = 1 / a\nL = mse(h, y)", [0.0, 2.0], "line 1: h, entry 1: a division by zero"),
        ("h = log(a)\nL = mse(h, y)", [1.0, -2.0], "line 1: h, entry 2: a logarithm or a root of what is not"),
        ("h = 0 * a + y / a\nL = mse(h, y)", [1.0, 0.0], "line 1: h, entry 2: a division by zero"),
        ("h = y * log(a)\nL = mse(h, y)", [1.0, 0.0], "line 1: h, entry 2: a logarithm or a root"),
        ("h = z * log(1 / a)\nL = mse(h, y)", [1.0, 0.0], "line 1: h, entry 2: a division by zero"),
        ("h = z * log(a)\nL = mse(h, y)", [1.0, -1.0], "line 1: h, entry 2: a logarithm or a root of what is not"),
        ("h = z * (y / a)\nL = mse(h, y)", [1.0, 0.0], "line 1: h, entry 2: a division by zero"),
    ],
)
def test_an_error_of_arithmetic_names_equation_entry_and_reason(text, a, words):
    values = dict(a=a, y=[1.0, 1.0], z=[0.0, 0.0])
    graph = Network(text, sizes=dict(a=2)).unroll(1)
    given = {key: value for key, value in values.items() if key in graph.network.shapes}
    for ask in (graph.forward, graph.gradients, graph.totals):
        with pytest.raises(NetworkError) as caught:
            ask(given)
        assert str(caught.value).startswith(words)


def test_zero_times_the_logarithm_of_zero_is_zero_in_any_order():
    for text in ("h = z * log(a)\nL = mse(h, y)", "h = log(a) * z\nL = mse(h, y)"):
        graph = Network(text, sizes=dict(a=2)).unroll(1)
        values = dict(a=[1.0, 0.0], y=[1.0, 1.0], z=[0.0, 0.0])
        np.testing.assert_array_equal(graph.forward(values)["h"], [0, 0])
        np.testing.assert_array_equal(graph.gradients(values | dict(a=[1.0, 1.0]))["a"], [0, 0])


def test_a_power_too_large_for_a_float_has_the_inverse_zero():
    graph = Network("h = a ** -2\nL = mse(h, y)", sizes=dict(a=1)).unroll(1)
    assert graph.forward(dict(a=[1e200], y=[3.0])) == {"h": [0], "L": 4.5}


def test_a_derivative_that_overflows_names_both_ends():
    graph = Network("h[t] = a[t] ** 3\ng[t] = 0 * h[t]\nL[t] = mse(g[t], y[t])", sizes=dict(a=2)).unroll(2)
    with pytest.raises(NetworkError, match=r"line 1: h at t = 2, entry 1: too large for a float"):
        graph.gradients(dict(a=[[1, 1], [1e110, 1]], y=np.zeros((2, 2))))
    graph = Network("h[t] = log(a[t])\nL[t] = mse(h[t], y[t])", sizes=dict(a=2)).unroll(2)
    with pytest.raises(NetworkError, match=r"line 1: The derivative of h at t = 2, entry 2 by a at t = 2, entry 2: "):
        graph.gradients(dict(a=[[1, 1], [1, 5e-324]], y=np.zeros((2, 2))))


def test_a_total_derivative_that_overflows_names_its_place():
    graph = Network("h[t] = w * h[t-1]\nL = mse(h[T], y)", sizes=dict(h=1)).unroll(3)
    values = {"w": [1e100], "h[0]": [1e-150], "y": [0.0]}
    assert graph.forward(values)["L"] == pytest.approx(0.5e300)
    with pytest.raises(NetworkError, match=r"The total derivative by h at t = 1: too large for a float\.\nLook at"):
        graph.gradients(values)


def test_a_complex_step_passes_the_edge_of_a_cross_entropy():
    graph = Network(SIGMOID, sizes=dict(a=1)).unroll(1)
    leaves = {Place("a", 1, (1,)): 40 + STEP * 1j, Place("y", 1, (1,)): 1.0}
    loss = graph.run(leaves)[Place("L", 1)]
    assert abs(loss.real) < 1e-70 and loss.imag / STEP == pytest.approx(-math.exp(-40), rel=1e-12, abs=0)
