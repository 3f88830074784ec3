"""Several recurrent layers in the notebooks: three witnesses of their gradients, and learners."""

import numpy as np
import pytest

from bptt_lab import course
from bptt_lab.course import layered
from bptt_lab.numeric import gradient_check

CASES = {
    "two layers": lambda: course.deep_case((5, 2), D=4, K=3, T=3, B=2, seed=1),
    "one layer": lambda: course.deep_case((3,), D=2, K=4, T=3, B=1, seed=2),
    "three layers, one step": lambda: course.deep_case((2, 4, 3), D=3, K=2, T=1, B=2, seed=3),
    "both directions": lambda: course.bidirectional_case((3, 2), D=4, K=5, T=3, B=2, seed=4),
    "both directions, one step": lambda: course.bidirectional_case((2, 3), D=1, K=2, T=1, B=1, seed=5),
}


@pytest.mark.parametrize("make", CASES.values(), ids=CASES)
def test_three_witnesses_agree_on_every_array(make):
    case = make()
    coded, derived, stepped = case.by_numpy(), case.by_sympy(), case.by_complex_step()
    assert set(coded) == set(derived) == set(stepped) == set(case.arrays)
    for name, array in case.arrays.items():
        assert coded[name].shape == derived[name].shape == array.shape
        assert gradient_check.relative_difference(coded[name], derived[name]) < 1e-11
        assert gradient_check.relative_difference(coded[name], stepped[name]) < 1e-11
    assert case.check(**coded).count("agree") == len(case.arrays)


@pytest.mark.parametrize("make", CASES.values(), ids=CASES)
def test_a_gradient_that_is_off_is_refused_by_its_name(make):
    case = make()
    name, array = max(case.by_numpy().items(), key=lambda item: item[1].size)
    with pytest.raises(AssertionError, match=f"{name}: SymPy and NumPy differ"):
        case.check(**{name: array + 1e-6})


def test_nothing_can_hide_in_a_case():
    for case in (course.deep_case(), course.bidirectional_case()):
        given = case.split(case.arrays)[2]
        assert all(np.abs(state).min() > 0 for state in given)
        assert len({state.shape[1] for state in given}) == len(given) == 2


def test_a_stack_of_one_layer_is_the_network_of_the_course():
    one, other = course.stacked(4, 5, 3), course.network("one hidden layer", x=4, h1=5, h2=3)
    assert one.shapes == other.shapes and one.parameters == other.parameters
    assert [str(equation.source) for equation in one.written.values()] == [
        equation.source for equation in other.written.values()
    ]


def test_learners_give_the_gradient_of_the_loss_they_report():
    rng = np.random.default_rng(6)
    x, labels = rng.standard_normal((4, 3, 2)), np.array([[0, 1, -1], [2, -1, 0], [1, 1, 2], [0, 2, 1]])
    for learner in (
        course.deep_learner((3, 4), D=2, K=3),
        course.both_ways_learner((3, 4), (2, 5), D=2, K=3),
    ):
        params = learner.start(rng)
        stepped = gradient_check.complex_step(
            lambda p, run=learner.run: run(p, x.astype(complex), labels)[0],
            params,
        )
        gradients = learner.run(params, x, labels)[1]
        for name in params:
            assert gradient_check.relative_difference(gradients[name], stepped[name]) < 1e-11


def test_a_silent_layer_says_nothing():
    learner, rng = course.both_ways_learner((3, 4), silent=["W1b"]), np.random.default_rng(7)
    params, x = learner.start(rng), rng.standard_normal((5, 2, 1))
    later = x.copy()
    later[3:] += 1
    scores, others = (learner.run(params, array, np.zeros((5, 2), int))[2] for array in (x, later))
    np.testing.assert_array_equal(scores[:3], others[:3])
    assert np.abs(scores[3:] - others[3:]).max() > 1e-3
    both = course.both_ways_learner((3, 4)).run
    assert np.abs(both(params, x, np.zeros((5, 2), int))[2] - scores).max() > 1e-3


def same_symbol(rng, T=4, B=16):
    bits = rng.integers(2, size=(T, B))
    return bits[..., None].astype(float), np.where(np.arange(T)[:, None] == 0, -1, bits)


def test_shares_are_those_of_the_labels_that_count():
    learner = course.deep_learner((4,))
    learned = course.shares_right(learner, same_symbol, same_symbol, seeds=(1, 2), steps=60, rate=0.1)
    np.testing.assert_array_equal(learned, [1, 1])
    # the test's labels are all wrong where they count: no share may come from those that do not
    opposite = lambda rng: (lambda x, labels: (x, np.where(labels < 0, -1, 1 - labels)))(*same_symbol(rng))
    assert course.shares_right(learner, same_symbol, opposite, seeds=(1,), steps=60, rate=0.1) == 0


def test_the_size_of_a_learner_counts_its_weights_and_biases():
    assert course.deep_learner((12,)).size == 12 + 144 + 12 + 24 + 2
    assert course.both_ways_learner((7, 7)).size == 2 * (7 + 49 + 7) + 2 * 14 + 2


def test_a_wrong_backward_pass_is_noticed(monkeypatch):
    def swapped(params, trace, d_scores):
        return right(params | {"W11": params["W22"]}, trace, d_scores)

    right = layered.deep.backward
    monkeypatch.setattr(layered.deep, "backward", swapped)
    case = course.deep_case((4, 4), T=3)
    with pytest.raises(AssertionError, match="W11: SymPy and NumPy differ"):
        case.check(W11=case.by_numpy()["W11"])
    assert "agree" in case.check(W22=case.by_numpy()["W22"])
