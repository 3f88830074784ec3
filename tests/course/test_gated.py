"""Gated cases: the code of the library, SymPy's forms and complex steps agree, and what is wrong is refused."""

import numpy as np
import pytest

from bptt_lab import Network, NetworkError, course
from bptt_lab.course.gated import LAYERS
from bptt_lab.numeric import gradient_check


@pytest.mark.parametrize("sizes", [dict(D=2, M=3, K=4, T=3, B=2), dict(B=1, T=1)], ids=str)
@pytest.mark.parametrize("name", LAYERS)
def test_code_sympy_and_complex_steps_agree_on_every_array(name, sizes):
    case = course.gated_case(name, **sizes, seed=16)
    gradients = LAYERS[name][0].backward(*case.run())
    assert set(gradients) == set(case.arrays)
    assert case.check(**gradients).count("agree") == len(case.arrays)


@pytest.mark.parametrize("name", LAYERS)
def test_a_transposed_gradient_is_refused(name):
    case = course.gated_case(name, D=2, M=3, K=3, T=3, B=2, seed=16)
    d_W1 = LAYERS[name][0].backward(*case.run())["W1"]
    with pytest.raises(AssertionError, match="differ"):
        case.check(W1=d_W1.T)


def test_the_graph_sees_the_forward_pass_of_the_code():
    case = course.gated_case("LSTM", D=2, M=3, K=4, T=3, B=2, seed=16, forget_bias=2.0)
    states = np.stack([case.graph.forward(values)["c"] for values in case.sequences()], axis=1)
    np.testing.assert_allclose(states, case.run()[1].c[1:], rtol=1e-12)


def test_a_name_that_is_no_gated_network_is_refused():
    with pytest.raises(NetworkError, match="no gated network"):
        course.gated_case("one hidden layer")


def test_sympy_takes_a_batch_of_any_network():
    text = "h[t] = tanh(W @ x[t] + R @ h[t-1])\nL[t] = mse(h[t], y[t])"
    graph, rng = Network(text, sizes=dict(x=2, h=3)).unroll(3), np.random.default_rng(18)
    shapes = dict(W=(3, 2), R=(3, 3), x=(3, 4, 2), h_start=(4, 3))
    arrays, y = {name: rng.uniform(-1, 1, shape) for name, shape in shapes.items()}, rng.uniform(-1, 1, (3, 4, 3))

    def loss(v):
        h, total = v["h_start"], 0
        for x_t, y_t in zip(v["x"], y, strict=True):
            h = np.tanh(x_t @ v["W"].T + h @ v["R"].T)
            total = total + ((h - y_t) ** 2).sum() / 2
        return total

    found, stepped = course.by_sympy(graph, arrays | {"y": y}), gradient_check.complex_step(loss, arrays)
    for name in arrays:
        np.testing.assert_allclose(found[name], stepped[name], rtol=1e-10, atol=1e-13)
