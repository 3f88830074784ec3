"""The three witnesses of the notebooks: SymPy's scalar forms, the NumPy code, the complex step."""

import numpy as np
import pytest

from bptt_lab import course
from bptt_lab.numeric import rnn

FIVE = ("W1", "b1", "W11", "W0", "b0")


def random_sizes(seed):
    rng = np.random.default_rng(seed)
    D, M, K = (int(n) for n in rng.permutation([1, 2, 3, 4, 5, 6])[:3])
    T, B = (int(n) for n in rng.permutation([3, 4, 5, 6])[:2])
    return dict(D=D, M=M, K=K, T=T, B=B)


def assert_three_witnesses_agree(case):
    derived, coded, stepped = case.by_sympy(), case.by_numpy(), case.by_complex_step()
    assert set(derived) == set(coded) == set(stepped) == {*FIVE, "x", "h_start"}
    for name in coded:
        assert coded[name].shape == case.arrays[name].shape
        np.testing.assert_allclose(derived[name], coded[name], rtol=1e-11, atol=1e-13)
        np.testing.assert_allclose(stepped[name], coded[name], rtol=1e-11, atol=1e-13)


def test_the_five_derivatives_hold_in_three_witnesses_at_the_sizes_of_the_course():
    assert_three_witnesses_agree(course.random_case(D=4, M=5, K=3, T=4, B=2, seed=1))


@pytest.mark.parametrize("seed", range(30))
def test_the_five_derivatives_hold_in_three_witnesses_at_random_sizes(seed):
    assert_three_witnesses_agree(course.random_case(**random_sizes(seed), seed=seed))


def test_nothing_can_hide_in_a_case():
    case = course.random_case(seed=3)
    (T, B, D), (K, M) = case.arrays["x"].shape, case.arrays["W1"].shape
    assert len({T, B, D, M, K}) == 5 and T >= 3 and B >= 2
    assert np.abs(case.arrays["h_start"]).min() > 0
    assert np.abs(case.arrays["W11"] - case.arrays["W11"].T).max() > 0.1


def test_the_verdict_is_in_words():
    a = np.arange(6.0).reshape(2, 3)
    assert course.compare("W", SymPy=a, NumPy=a + 1e-15, complex_step=a) == (
        "W (2×3): SymPy, NumPy and complex step agree."
    )


@pytest.mark.parametrize("name", [*FIVE, "x", "h_start"])
def test_a_wrong_witness_is_refused(name):
    case = course.random_case(seed=2)
    coded = case.by_numpy()[name]
    with pytest.raises(AssertionError, match=f"{name}: NumPy and wrong differ"):
        course.compare(name, NumPy=coded, wrong=coded + 1e-6)
    with pytest.raises(AssertionError, match="has shape"):
        course.compare(name, NumPy=coded, wrong=coded[..., :0])
    with pytest.raises(ValueError, match="two or more"):
        course.compare(name, NumPy=coded)


def test_a_case_is_the_same_each_time():
    one, two = course.random_case(seed=5), course.random_case(seed=5)
    for name in one.arrays:
        np.testing.assert_array_equal(one.arrays[name], two.arrays[name])
    np.testing.assert_array_equal(one.labels, two.labels)


def test_the_sum_over_sequences_is_what_the_batch_gives():
    case = course.random_case(B=3, seed=4)
    one_by_one = [case.graph.gradients(values) for values in case.sequences()]
    for name in rnn.PARAMETERS:
        np.testing.assert_allclose(sum(g[name] for g in one_by_one), case.by_numpy()[name], rtol=1e-11, atol=1e-13)
