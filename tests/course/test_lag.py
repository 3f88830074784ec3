"""The task with a lag: its symbols, its truncated gradients against differences, and its score."""

import numpy as np
import pytest

from bptt_lab import course
from bptt_lab.numeric import gradient_check, rnn


def start(M=3):
    return rnn.initialise(np.random.default_rng(4), 2, M, 2)


def test_the_answer_is_the_symbol_of_four_steps_before():
    x, labels = course.lag_batch(np.random.default_rng(1), T=9, B=5)
    np.testing.assert_array_equal(labels[course.LAG :], x.argmax(axis=-1)[: -course.LAG])


def test_the_full_gradient_is_that_of_the_mean_loss():
    x, labels = course.lag_batch(np.random.default_rng(2), T=6, B=2)
    params = start()
    stepped = gradient_check.central_difference(lambda moved: course.lag_gradients(moved, x, labels)[0], params)
    found = course.lag_gradients(params, x, labels)[1]
    for name, array in params.items():
        np.testing.assert_allclose(found[name], stepped[name].reshape(array.shape), rtol=1e-6, atol=1e-9)
    cut = course.lag_gradients(params, x, labels, 1, 2)[1]
    assert np.abs(cut["W11"] - found["W11"]).max() > 1e-6
    np.testing.assert_allclose(cut["W1"], found["W1"], rtol=1e-12)  # its paths cross no step


@pytest.mark.parametrize("said", [0, 1])
def test_the_score_counts_answers_after_the_lag(said):
    params = {name: 0 * array for name, array in start().items()}
    params["b1"][said] = 1.0
    assert course.lag_right(params) == pytest.approx(0.5, abs=0.03)


def test_learning_depends_on_the_window():
    full, cut = course.lag_learn(1, M=2), course.lag_learn(1, 1, 1, M=2)
    assert full["W11"].shape == (2, 2) and (full["W11"] != cut["W11"]).any()
