"""Every sum and every parity against Python's integers, and the two ways of learning them."""

import numpy as np
import pytest

from bptt_lab import course
from bptt_lab.numeric import rnn, tasks, trained


@pytest.mark.parametrize("T", [1, 3])
def test_every_addition_is_there_once_and_right(T):
    x, y = course.every_addition(T)
    pairs = [(tasks.number(x[:, b, 0]), tasks.number(x[:, b, 1])) for b in range(4**T)]
    assert x.shape == (T, 4**T, 2) and len(set(pairs)) == 4**T
    assert [tasks.number(y[:, b, 0]) for b in range(4**T)] == [(one + other) % 2**T for one, other in pairs]


@pytest.mark.parametrize("T", [1, 4])
def test_every_parity_is_there_once_and_right(T):
    x, y = course.every_parity(T)
    assert x.shape == y.shape == (T, 2**T, 1) and len({tuple(row) for row in x[..., 0].T}) == 2**T
    assert all(y[t, b, 0] == sum(x[: t + 1, b, 0]) % 2 for t in range(T) for b in range(2**T))


def test_sums_at_once_keep_their_last_carry():
    x, y = course.sums_at_once(3)
    assert x.shape == (64, 6) and y.shape == (64, 4) and len({tuple(row) for row in x}) == 64
    assert all(tasks.number(a[:3]) + tasks.number(a[3:]) == tasks.number(b) for a, b in zip(x, y, strict=True))


def test_a_perceptron_learns_what_it_sees_and_keeps_the_weights_of_what_it_never_sees():
    x, y = course.sums_at_once(2)
    seen = x[:, 3] == 0
    right = (course.learn_at_once(x[seen], y[seen])(x) == y).all(axis=1)
    assert right[seen].all() and not right[~seen].all()


def test_learning_goes_by_the_backward_pass_that_is_given():
    def none(params, trace, d_a2):
        return {name: 0 * array for name, array in rnn.backward(params, trace, d_a2).items()}

    run, still = course.learn(tasks.parity, steps=3, keep=1), course.learn(tasks.parity, backward=none, steps=3)
    assert set(run.kept) == {0, 1, 2, 3} and run.params["W0"].shape == (trained.HIDDEN, 1)
    assert all((still.params[name] == still.kept[0][name]).all() for name in still.params)
    assert all((run.params[name] != run.kept[0][name]).any() for name in run.params)
    np.testing.assert_array_equal(run.params["W11"], trained.learn("parity", 1, steps=3).params["W11"])
