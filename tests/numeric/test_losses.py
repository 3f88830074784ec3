"""Losses against autograd, against each other, and at the ends of the number range."""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from architectures import mutant
from bptt_lab.numeric import activations, gradient_check, losses, rnn

# The same examples every time, however slow or busy the machine.
steady = settings(deadline=None, derandomize=True)

SHAPES = st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(1, 5))
MODERATE = st.floats(-30, 30)
PROBABLE = st.floats(0.01, 0.99)


def pairs(first, second):
    """Two arrays of one shape (T, B, K)."""
    return SHAPES.flatmap(
        lambda shape: st.tuples(arrays(np.float64, shape, elements=first), arrays(np.float64, shape, elements=second))
    )


def scores_and_labels(elements):
    """Scores (T, B, K) and labels (T, B) that fit them."""
    return SHAPES.flatmap(
        lambda shape: st.tuples(
            arrays(np.float64, shape, elements=elements),
            arrays(np.int64, shape[:2], elements=st.integers(0, shape[2] - 1)),
        )
    )


def one_hot(labels, classes):
    return np.eye(classes)[labels]


def plain_softmax_nll(a2, targets):
    shifted = a2 - anp.max(a2, axis=-1, keepdims=True)
    logs = shifted - anp.log(anp.sum(anp.exp(shifted), axis=-1, keepdims=True))
    return -anp.sum(targets * logs)


def assert_agrees(loss_and_gradient, function, at, tolerance=1e-9):
    loss, gradient = loss_and_gradient
    assert loss == pytest.approx(function(at), rel=1e-12, abs=1e-12)
    expected = autograd.grad(function)(at)
    np.testing.assert_allclose(gradient, expected, rtol=tolerance, atol=1e-12)
    assert gradient.shape == at.shape


@steady
@given(pairs(MODERATE, MODERATE))
def test_huber_equals_autograd_and_is_mse_near_the_target(pair):
    h, y = pair

    def piecewise(h):
        error = anp.abs(h - y)
        return anp.sum(anp.where(error > 1, error - 0.5, error**2 / 2))

    assert_agrees(losses.huber(h, y), piecewise, h)
    near = y + np.tanh(h - y)
    assert losses.huber(near, y)[0] == pytest.approx(losses.mse(near, y)[0], rel=1e-9, abs=1e-12)
    assert losses.huber(h, y, mean=True)[0] == pytest.approx(losses.huber(h, y)[0] / h.size)


@steady
@given(pairs(MODERATE, MODERATE))
def test_mse_equals_autograd(pair):
    h, y = pair
    assert_agrees(losses.mse(h, y), lambda h: 0.5 * anp.sum((h - y) ** 2), h)


@steady
@given(pairs(PROBABLE, st.floats(0, 1)))
def test_bce_equals_autograd(pair):
    p, y = pair
    plain = lambda p: -anp.sum(y * anp.log(p) + (1 - y) * anp.log(1 - p))
    assert_agrees(losses.bce(p, y), plain, p)


@steady
@given(pairs(MODERATE, st.floats(0, 1)))
def test_sigmoid_bce_equals_autograd(pair):
    scores, y = pair
    plain = lambda s: anp.sum(anp.logaddexp(0, s) - y * s)
    assert_agrees(losses.sigmoid_bce(scores, y), plain, scores)


@steady
@given(pairs(PROBABLE, st.floats(0, 1)))
def test_nll_equals_autograd(pair):
    p, y = pair
    assert_agrees(losses.nll(p, y), lambda p: -anp.sum(y * anp.log(p)), p)


@steady
@given(scores_and_labels(MODERATE))
def test_softmax_nll_equals_autograd(pair):
    a2, labels = pair
    targets = one_hot(labels, a2.shape[-1])
    assert_agrees(losses.softmax_nll(a2, labels), lambda a: plain_softmax_nll(a, targets), a2)


@steady
@given(scores_and_labels(MODERATE))
def test_softmax_nll_is_nll_of_softmax(pair):
    a2, labels = pair
    targets = one_hot(labels, a2.shape[-1])
    loss, d_p = losses.nll(activations.softmax(a2), targets)
    fused, d_a2 = losses.softmax_nll(a2, labels)
    assert fused == pytest.approx(loss, rel=1e-9, abs=1e-9)
    through = np.einsum("tbi,tbij->tbj", d_p, activations.softmax_derivative(activations.softmax(a2)))
    np.testing.assert_allclose(d_a2, through, atol=1e-9)


@steady
@given(scores_and_labels(st.floats(-1e300, 1e300)))
def test_softmax_nll_is_finite_for_scores_of_any_size(pair):
    a2, labels = pair
    loss, d_a2 = losses.softmax_nll(a2, labels)
    assert np.isfinite(loss) and loss >= 0
    assert np.isfinite(d_a2).all() and (np.abs(d_a2) <= 1).all()
    np.testing.assert_allclose(d_a2.sum(axis=-1), 0, atol=1e-12)


@steady
@given(scores_and_labels(MODERATE), st.floats(-100, 100))
def test_softmax_nll_does_not_change_under_a_common_shift(pair, shift):
    a2, labels = pair
    loss, d_a2 = losses.softmax_nll(a2, labels)
    shifted, d_shifted = losses.softmax_nll(a2 + shift, labels)
    assert shifted == pytest.approx(loss, abs=1e-10)
    np.testing.assert_allclose(d_shifted, d_a2, atol=1e-12)


@steady
@given(arrays(np.float64, (3, 2), elements=st.floats(-1e300, 1e300)))
def test_sigmoid_bce_is_finite_for_scores_of_any_size(scores):
    loss, gradient = losses.sigmoid_bce(scores / 8, (scores > 0).astype(float))
    assert np.isfinite(loss) and np.isfinite(gradient).all()


def test_sigmoid_bce_is_bce_of_sigmoid():
    scores, y = np.array([[-2.0, 0.0, 3.0]]), np.array([[1.0, 0.5, 0.0]])
    p = activations.sigmoid(scores)
    loss, d_p = losses.bce(p, y)
    fused, d_scores = losses.sigmoid_bce(scores, y)
    assert fused == pytest.approx(loss, rel=1e-14)
    np.testing.assert_allclose(d_scores, d_p * activations.sigmoid_derivative(p), rtol=1e-13)


@pytest.mark.parametrize("loss", [losses.mse, losses.bce, losses.sigmoid_bce, losses.nll])
@pytest.mark.parametrize("mean", [False, True])
def test_each_loss_agrees_with_its_complex_step(loss, mean):
    rng = np.random.default_rng(2)
    first, y = rng.uniform(0.1, 0.9, (3, 2, 4)), rng.uniform(0.1, 0.9, (3, 2, 4))
    gradient = loss(first, y, mean=mean)[1]
    expected = gradient_check.complex_step(lambda d: loss(d["a"], y, mean=mean)[0], {"a": first})
    assert gradient_check.relative_difference(gradient, expected["a"]) < 1e-14


def test_softmax_nll_agrees_with_its_complex_step():
    rng = np.random.default_rng(2)
    a2, labels = rng.standard_normal((3, 2, 4)), rng.integers(0, 4, (3, 2))
    expected = gradient_check.complex_step(lambda d: losses.softmax_nll(d["a2"], labels)[0], {"a2": a2})
    d_a2 = losses.softmax_nll(a2, labels)[1]
    assert gradient_check.relative_difference(d_a2, expected["a2"]) < 1e-14


def test_mean_divides_by_elements_or_by_rows():
    p, y = np.full((3, 2, 4), 0.25), one_hot(np.zeros((3, 2), int), 4)
    for loss, terms in [
        (losses.mse, 24),
        (losses.bce, 24),
        (losses.sigmoid_bce, 24),
        (losses.nll, 6),
    ]:
        whole, gradient = loss(p, y)
        mean, d_mean = loss(p, y, mean=True)
        assert mean == pytest.approx(whole / terms)
        np.testing.assert_allclose(d_mean, gradient / terms)
    labels = np.zeros((3, 2), int)
    whole, mean = losses.softmax_nll(p, labels)[0], losses.softmax_nll(p, labels, mean=True)[0]
    assert mean == pytest.approx(whole / 6)


@pytest.mark.parametrize("integers", [np.int8, np.uint8, np.int32, np.uint64])
def test_labels_of_every_integer_type_are_accepted(integers):
    a2, labels = (
        np.random.default_rng(1).standard_normal((3, 2, 4)),
        np.array([[0, 1], [2, 3], [3, 0]]),
    )
    expected, _ = losses.softmax_nll(a2, labels)
    assert losses.softmax_nll(a2, labels.astype(integers))[0] == expected


def test_softmax_nll_does_not_depend_on_memory_order():
    rng = np.random.default_rng(3)
    a2, labels = rng.standard_normal((3, 2, 4)), rng.integers(0, 4, (3, 2))
    class_major = a2.transpose(2, 0, 1).copy().transpose(1, 2, 0)
    assert losses.softmax_nll(a2, labels)[0] == losses.softmax_nll(class_major, labels)[0]


def test_impossible_classes_that_do_not_occur_cost_nothing():
    p, y = np.array([[1.0, 0.0]]), np.array([[1.0, 0.0]])
    assert losses.nll(p, y)[0] == 0 and losses.bce(p, y)[0] == 0
    np.testing.assert_array_equal(losses.nll(p, y)[1], [[-1.0, 0.0]])


def test_inputs_are_never_changed():
    a2, labels = np.ones((2, 2, 3)), np.zeros((2, 2), int)
    p, y = np.full((2, 2), 0.5), np.ones((2, 2))
    for array in (a2, labels, p, y):
        array.setflags(write=False)
    losses.softmax_nll(a2, labels, mean=True, workspace=rnn.Workspace())
    for loss in (losses.mse, losses.bce, losses.sigmoid_bce, losses.nll):
        gradient = loss(p, y, mean=True)[1]
        assert not np.shares_memory(gradient, p) and not np.shares_memory(gradient, y)


@pytest.mark.parametrize("loss", [losses.mse, losses.bce, losses.sigmoid_bce, losses.nll])
def test_float32_stays_float32(loss):
    p = np.full((2, 2), 0.5, np.float32)
    value, gradient = loss(p, p)
    assert value.dtype == np.float32 and gradient.dtype == np.float32
    value, gradient = losses.softmax_nll(p, np.array([0, 1]))
    assert value.dtype == np.float32 and gradient.dtype == np.float32


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: losses.bce(np.array([1.5]), np.array([1.0])), "p contains numbers outside"),
        (lambda: losses.bce(np.array([0.0]), np.array([1.0])), "p is 0 where the target is not"),
        (lambda: losses.bce(np.array([1.0]), np.array([0.0])), "1 - p is 0 where the target"),
        (lambda: losses.bce(np.array([0.5]), np.array([2.0])), "y contains numbers outside"),
        (lambda: losses.nll(np.array([[0.0, 1]]), np.array([[1.0, 0]])), "loss is infinite"),
        (lambda: losses.nll(np.array([[-0.1, 1]]), np.array([[1.0, 0]])), "negative number"),
        (lambda: losses.sigmoid_bce(np.array([1.0]), np.array([-1.0])), "y contains numbers"),
        (lambda: losses.nll(0.5, 1.0), "p is a single number, expected an array"),
        (lambda: losses.softmax_nll(0.5, np.array(0)), "a2 is a single number, expected an array"),
        (lambda: losses.mse(np.ones((2, 1)), np.ones((1, 2))), r"y has shape \(1, 2\), expected"),
    ],
)
def test_impossible_values_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# An index to ignore


def with_ignored(ignore=-1, seed=3, K=4):
    rng = np.random.default_rng(seed)
    a2, labels, ignored = rng.standard_normal((5, 3, K)), rng.integers(0, K, (5, 3)), rng.random((5, 3)) < 0.4
    assert 0 < ignored.sum() < 14
    return a2, np.where(ignored, ignore, labels), ignored


@pytest.mark.parametrize("mean", [False, True])
@pytest.mark.parametrize("ignore", [-1, -100, 7, 2])
def test_softmax_nll_ignores_an_index_as_autograd_would(ignore, mean):
    a2, labels, _ = with_ignored(ignore)
    counted = labels != ignore  # of a real class, 2, too
    assert counted.sum() < counted.size
    targets = one_hot(np.where(counted, labels, 0), 4) * counted[..., None]
    terms = counted.sum() if mean else 1
    plain = lambda a: plain_softmax_nll(a[counted], targets[counted]) / terms
    loss_and_gradient = losses.softmax_nll(a2, labels, mean=mean, ignore=ignore)
    assert_agrees(loss_and_gradient, plain, a2)
    assert not loss_and_gradient[1][~counted].any()


def test_what_is_ignored_may_hold_any_score():
    a2, labels, ignored = with_ignored()
    loss, gradient = losses.softmax_nll(a2, labels, mean=True, ignore=-1)
    a2[ignored] = 1e300 * np.random.default_rng(0).standard_normal((int(ignored.sum()), 4))
    again, d_again = losses.softmax_nll(a2, labels, mean=True, ignore=-1)
    assert again == loss
    np.testing.assert_array_equal(d_again, gradient)


def test_an_index_that_does_not_occur_changes_nothing():
    a2, labels, _ = with_ignored(ignore=0)
    for mean in (False, True):
        loss, gradient = losses.softmax_nll(a2, labels, mean=mean)
        again, d_again = losses.softmax_nll(a2, labels, mean=mean, ignore=-1, workspace=rnn.Workspace())
        assert again == loss
        np.testing.assert_array_equal(d_again, gradient)


def test_with_everything_ignored_the_sum_is_zero_and_the_mean_is_refused():
    a2, labels = np.ones((3, 2, 4)), np.full((3, 2), -1)
    loss, gradient = losses.softmax_nll(a2, labels, ignore=-1)
    assert loss == 0 and not gradient.any() and gradient.shape == a2.shape
    with pytest.raises(ValueError, match="labels are all to be ignored, expected at least one .*: take the sum"):
        losses.softmax_nll(a2, labels, mean=True, ignore=-1)


@pytest.mark.parametrize("integers", [np.int8, np.uint8, np.uint64])
def test_an_index_is_ignored_in_labels_of_every_integer_type(integers):
    a2, labels, _ = with_ignored(ignore=9)
    expected, _ = losses.softmax_nll(a2, labels, ignore=9)
    labels = labels.astype(integers)
    labels.setflags(write=False)
    assert losses.softmax_nll(a2, labels, ignore=np.int64(9))[0] == expected
    assert losses.softmax_nll(a2.astype(np.float32), labels, ignore=9)[1].dtype == np.float32


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (dict(), ValueError, "labels contains -1, expected classes 0 to 3"),
        (dict(ignore=-2), ValueError, "labels contains -1, expected classes 0 to 3"),
        (dict(ignore=4), ValueError, "labels contains -1"),
        (dict(ignore="pad"), TypeError, "ignore is 'pad', expected an integer"),
        (dict(ignore=True), TypeError, "ignore is True"),
        (dict(ignore=-1.0), TypeError, "ignore is -1.0"),
    ],
)
def test_what_is_not_ignored_must_be_a_class(options, error, message):
    a2, labels, _ = with_ignored()
    with pytest.raises(error, match=message):
        losses.softmax_nll(a2, labels, **options)


IGNORING_MUTANTS = {
    "the loss counts them": ("terms[ignored] = 0", "pass"),
    "the gradient counts them": ("d_a2[:, ignored] = 0", "pass"),
    "the wrong rows": ("reshape(-1) == ignore, terms", "reshape(-1) != ignore, terms"),
    "the mean counts them": ("len(ignored) - int(ignored.sum())", "len(ignored)"),
    "the mean counts only them": ("len(ignored) - int(ignored.sum())", "int(ignored.sum())"),
}


@pytest.mark.parametrize("name", IGNORING_MUTANTS)
def test_wrong_ignoring_is_told_apart(name):
    a2, labels, ignored = with_ignored()
    loss, gradient = mutant(losses, *IGNORING_MUTANTS[name]).softmax_nll(a2, labels, mean=True, ignore=-1)
    right, d_right = losses.softmax_nll(a2[~ignored], labels[~ignored], mean=True)
    assert losses.softmax_nll(a2, labels, mean=True, ignore=-1)[0] == pytest.approx(right)
    assert not (np.allclose(loss, right) and np.allclose(gradient[~ignored], d_right) and not gradient[ignored].any())
