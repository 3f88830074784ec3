"""Activation functions and their derivatives."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bptt_lab.numeric import activations

# The same examples every time, however slow or busy the machine.
steady = settings(deadline=None, derandomize=True)

ANY_SIZE = arrays(np.float64, (2, 4), elements=st.floats(-1e300, 1e300))
MODERATE = arrays(np.float64, (2, 4), elements=st.floats(-20, 20))

# Each derivative, and whether it takes the output or the pre-activation.
ELEMENTWISE = {
    "tanh": "output",
    "sigmoid": "output",
    "relu": "pre-activation",
    "leaky_relu": "pre-activation",
    "identity": "pre-activation",
    "softplus": "pre-activation",
}
ACROSS_CLASSES = ("softmax", "log_softmax")
ALL = (*ELEMENTWISE, *ACROSS_CLASSES)


def derivative(name, a):
    function = getattr(activations, name)
    takes = function(a) if ELEMENTWISE.get(name, "output") == "output" else a
    return getattr(activations, f"{name}_derivative")(takes)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_each_derivative_agrees_with_the_complex_step(name):
    a = np.array([[-3.0, -0.7, 0.2], [1.1, 2.5, 30.0]])
    stepped = getattr(activations, name)(a + 1e-30j).imag / 1e-30
    np.testing.assert_allclose(derivative(name, a), stepped, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("name", ACROSS_CLASSES)
def test_each_jacobian_agrees_with_the_complex_step(name):
    a = np.array([[-3.0, -0.7, 0.2], [1.1, 2.5, 1.0]])
    jacobian = derivative(name, a)
    for j in range(3):
        stepped = getattr(activations, name)(a + 1e-30j * np.eye(3)[j]).imag / 1e-30
        np.testing.assert_allclose(jacobian[:, :, j], stepped, rtol=1e-12, atol=1e-15)


def test_relu_mask_comes_from_the_pre_activation():
    a = np.array([-1.0, 0.0, 2.0])
    np.testing.assert_array_equal(activations.relu_derivative(a), [0, 0, 1])
    np.testing.assert_array_equal(activations.leaky_relu_derivative(a, slope=0.2), [0.2, 0.2, 1])


@steady
@given(ANY_SIZE)
def test_softmax_is_a_distribution_for_scores_of_any_size(a):
    p = activations.softmax(a)
    assert (p >= 0).all()
    np.testing.assert_allclose(p.sum(axis=-1), 1)


@steady
@given(MODERATE, st.floats(-100, 100))
def test_softmax_does_not_change_under_a_common_shift(a, shift):
    np.testing.assert_allclose(activations.softmax(a + shift), activations.softmax(a), atol=1e-13)


@steady
@given(MODERATE)
def test_log_softmax_is_the_logarithm_of_softmax(a):
    np.testing.assert_allclose(activations.log_softmax(a), np.log(activations.softmax(a)), atol=1e-12)


@steady
@given(ANY_SIZE)
def test_sigmoid_stays_in_range_and_is_symmetric(a):
    p = activations.sigmoid(a)
    assert ((p >= 0) & (p <= 1)).all()
    np.testing.assert_allclose(p + activations.sigmoid(-a), 1)


@steady
@given(MODERATE)
def test_sigmoid_is_a_tanh_in_disguise(a):
    np.testing.assert_allclose(activations.sigmoid(a), (1 + np.tanh(a / 2)) / 2, atol=1e-15)


@pytest.mark.parametrize("name", ALL)
def test_dtype_is_kept_and_inputs_are_not_changed(name):
    for dtype in (np.float32, np.float64):
        a = np.array([[-1.0, 0.5, 2.0]], dtype)
        a.setflags(write=False)
        result = getattr(activations, name)(a)
        assert result.dtype == dtype and derivative(name, a).dtype == dtype
        assert not np.shares_memory(result, a)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_a_python_float_is_a_number_like_any_other(name):
    array = np.array([0.5])
    assert getattr(activations, name)(0.5) == getattr(activations, name)(array)[0]


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(
    "bad, error, message",
    [
        (np.array([1, 2]), TypeError, "has dtype int64, expected float32 or float64"),
        ([1.0, 2.0], TypeError, "is of type list, expected a NumPy array"),
        (np.array([1.0, np.nan]), ValueError, r"contains nan at \w+\[1\]"),
        (np.array([np.inf, 0.0]), ValueError, r"contains inf at \w+\[0\]"),
        (np.empty(0), ValueError, "is empty"),
    ],
)
def test_bad_input_is_refused(name, bad, error, message):
    for function in (name, f"{name}_derivative"):
        with pytest.raises(error, match=message):
            getattr(activations, function)(bad)


@pytest.mark.parametrize("name", ["softmax", "softmax_derivative", "log_softmax"])
def test_a_single_number_has_no_classes(name):
    with pytest.raises(ValueError, match="is a single number, expected an array"):
        getattr(activations, name)(0.5)
