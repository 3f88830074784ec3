"""The pass that is read is the pass that runs: `rnn_plain` and `rnn` give the same numbers."""

import inspect
import re

import numpy as np
import pytest

from bptt_lab.numeric import rnn, rnn_plain

SIZES = [(4, 3, 2, 5, 6), (1, 1, 1, 1, 1), (1, 4, 3, 2, 5), (7, 1, 5, 4, 2), (3, 2, 4, 4, 4)]  # T, B, D, M, K


def case(T, B, D, M, K, scale=1.0, dtype=np.float64):
    rng = np.random.default_rng(T + 10 * B + 100 * M)
    params = rnn.initialise(rng, D, M, K, dtype)
    arrays = (scale * rng.standard_normal(shape) for shape in [(T, B, D), (B, M), (T, B, K)])
    return params, *(array.astype(dtype) for array in arrays)


@pytest.mark.parametrize("scale", [1.0, 30.0])
@pytest.mark.parametrize("sizes", SIZES)
def test_both_passes_give_the_same_states_outputs_and_gradients(sizes, scale):
    params, x, h_start, d_a2 = case(*sizes, scale)
    fast, plain = rnn.forward(params, x, h_start), rnn_plain.forward(params, x, h_start)
    np.testing.assert_allclose(plain.h1, fast.states, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(plain.a2, fast.a2, rtol=1e-12, atol=1e-11)
    by_fast, by_plain = rnn.backward(params, fast, d_a2), rnn_plain.backward(params, plain, d_a2)
    assert set(by_fast) == set(by_plain)
    for name, gradient in by_fast.items():
        assert by_plain[name].shape == gradient.shape
        np.testing.assert_allclose(by_plain[name], gradient, rtol=1e-11, atol=1e-11 * scale**2, err_msg=name)


def test_what_is_given_stays_as_it_is():
    params, x, h_start, d_a2 = case(4, 3, 2, 5, 6)
    before = [array.copy() for array in (*params.values(), x, h_start, d_a2)]
    rnn_plain.backward(params, rnn_plain.forward(params, x, h_start), d_a2)
    assert all(map(np.array_equal, before, (*params.values(), x, h_start, d_a2)))


def test_every_equation_has_its_line_in_both():
    tags = [set(re.findall(r"# .*?(R\d+)", inspect.getsource(module))) for module in (rnn, rnn_plain)]
    assert tags[0] == tags[1] == {f"R{n}" for n in range(1, 12)}
