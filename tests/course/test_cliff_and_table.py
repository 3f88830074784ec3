"""The cliff against the network's own code and complex steps; a table's rows."""

import numpy as np
import pytest

from bptt_lab import course
from bptt_lab.numeric import losses, rnn


@pytest.mark.parametrize("at", [(1.6, -0.36), (0.3, 0.2), (5.0, 3.0)])
def test_the_cliff_is_one_unit_of_the_network(at):
    w, b = at
    params = dict(W0=np.zeros((1, 1)), W11=np.array([[w]]), b0=np.array([b]), W1=np.ones((1, 1)), b1=np.zeros(1))
    trace = rnn.forward(params, np.zeros((10, 1, 1)), np.array([[0.9]]))
    d_a2 = np.zeros_like(trace.a2)
    loss, d_a2[-1] = losses.mse(trace.a2[-1], np.array([[0.5]]))
    gradients = rnn.backward(params, trace, d_a2)
    found, gradient = course.cliff(w, b)
    assert found == pytest.approx(loss, rel=1e-12)
    np.testing.assert_allclose(gradient, [gradients["W11"].item(), gradients["b0"].item()], rtol=1e-10, atol=1e-300)


def test_the_cliff_takes_a_whole_map_and_complex_steps():
    w, b = np.linspace(0.5, 2, 4), np.linspace(-0.5, 0.5, 3)[:, None]
    values, gradient = course.cliff(w + 0 * b, b + 0 * w)
    assert values.shape == (3, 4) and gradient.shape == (2, 3, 4)
    np.testing.assert_allclose(course.cliff(w + 1e-30j, b)[0].imag / 1e-30, gradient[0], rtol=1e-10)
    np.testing.assert_allclose(course.cliff(w, b + 1e-30j)[0].imag / 1e-30, gradient[1], rtol=1e-10)


def test_a_table_is_read_in_columns():
    found = course.table(("n", "square"), (3, 9), (12, 144))
    assert found._repr_markdown_() == "| n | square |\n| --- | --- |\n| 3 | 9 |\n| 12 | 144 |"
    assert repr(found) == "n   square\n3   9\n12  144"
    with pytest.raises(ValueError, match="has 1 entries, expected 2"):
        course.table(("n", "square"), (3,))
