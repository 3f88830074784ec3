"""Gradients of a batch: summed for what the examples share, stacked for what each has of its own."""

import numpy as np
import pytest

from bptt_lab import course
from bptt_lab.network import NetworkError
from bptt_lab.numeric import feed_forward, gradient_check, losses


def test_without_time_they_are_those_of_the_code_and_of_the_complex_step():
    rng, sizes = np.random.default_rng(3), (3, 2, 5, 4)
    params, x, y = feed_forward.initialise(rng, sizes), rng.standard_normal((6, 3)), rng.standard_normal((6, 4))
    found = course.batch_gradients(course.feed_forward(*sizes, f="tanh").unroll(1), params, {"x": x, "y": y})
    trace = feed_forward.forward(params, x, activation="tanh", output="tanh")
    coded = feed_forward.backward(params, trace, losses.mse(trace.post[-1], y)[1])

    def loss(given):
        weights = {name: given[name] for name in params}
        return losses.mse(feed_forward.forward(weights, given["x"], output="tanh").post[-1], y)[0]

    stepped = gradient_check.complex_step(loss, params | {"x": x})
    for name in stepped:
        np.testing.assert_allclose(found[name], coded[name], rtol=1e-11, atol=1e-13)
        np.testing.assert_allclose(found[name], stepped[name], rtol=1e-11, atol=1e-13)


def test_with_time_the_example_is_the_second_axis_of_an_input_and_the_first_of_a_state():
    case = course.random_case(D=3, M=4, K=2, T=5, B=3, seed=2)
    params, x, h_start = course.split(case.arrays)
    each = {"x": x, "y": np.eye(2)[case.labels], "h1[0]": h_start}
    found, coded = course.batch_gradients(case.graph, params, each), case.by_numpy()
    for name in (*params, "x"):
        np.testing.assert_allclose(found[name], coded[name], rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(found["h1[0]"], coded["h_start"], rtol=1e-11, atol=1e-13)


def test_an_array_of_another_shape_is_refused():
    graph = course.feed_forward(3, 2).unroll(1)
    params = feed_forward.initialise(np.random.default_rng(1), (3, 2))
    with pytest.raises(NetworkError, match="x"):
        course.batch_gradients(graph, params, {"x": np.ones((4, 2)), "y": np.ones((4, 2))})


def test_layers_are_written_as_text():
    assert course.feed_forward(3, 2, 4).text.splitlines() == [
        "a1 = W0 @ x + b0", "h1 = sigmoid(a1)", "a2 = W1 @ h1 + b1", "h2 = sigmoid(a2)", "L = mse(h2, y)",
    ]  # fmt: skip
    assert course.feed_forward(3, 2, 4).shapes["W1"] == (4, 2)
    assert "W0 * x" in course.feed_forward(1, 1).text and "relu(a1)" in course.feed_forward(2, 3, f="relu").text
    with pytest.raises(ValueError, match="1 was given"):
        course.feed_forward(3)
