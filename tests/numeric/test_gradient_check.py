"""The checks themselves: they say yes to the right gradient and no to everything else."""

import numpy as np
import pytest

from bptt_lab.numeric import gradient_check

CHECKS = [gradient_check.complex_step, gradient_check.central_difference]


@pytest.fixture
def arrays():
    rng = np.random.default_rng(0)
    return dict(A=rng.standard_normal((2, 3)), b=rng.standard_normal(3))


def loss(arrays):
    return np.sum(np.sin(arrays["A"]) * np.exp(arrays["b"]))


def gradients_of(arrays):
    return dict(
        A=np.cos(arrays["A"]) * np.exp(arrays["b"]),
        b=np.sum(np.sin(arrays["A"]), axis=0) * np.exp(arrays["b"]),
    )


@pytest.mark.parametrize("check, tolerance", [(CHECKS[0], 1e-15), (CHECKS[1], 1e-9)])
def test_each_witness_finds_the_gradient(arrays, check, tolerance):
    found = check(loss, arrays)
    for name, difference in gradient_check.relative_differences(found, gradients_of(arrays)).items():
        assert difference <= tolerance, name


@pytest.mark.parametrize("check", CHECKS)
def test_witnesses_do_not_change_the_arrays(arrays, check):
    kept = {name: array.copy() for name, array in arrays.items()}
    check(loss, arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, kept[name])


@pytest.mark.parametrize("check", CHECKS)
def test_a_loss_function_that_changes_its_inputs_does_not_spoil_the_rest(arrays, check):
    def careless(moved):
        value = loss(moved)
        for array in moved.values():
            array *= 0
        return value

    expected = gradients_of(arrays)
    for name, difference in gradient_check.relative_differences(check(careless, arrays), expected).items():
        assert difference < 1e-9, name


def test_float32_is_refused_by_differences_and_welcome_to_the_complex_step(arrays):
    short = {name: array.astype(np.float32) for name, array in arrays.items()}
    with pytest.raises(TypeError, match="A has dtype float32, expected float64"):
        gradient_check.central_difference(loss, short)
    gradient_check.complex_step(loss, short)


@pytest.mark.parametrize("lossy", [lambda d: np.abs(d["A"]).sum(), lambda d: d["A"].real.sum()], ids=["abs", "real"])
def test_a_loss_that_drops_the_imaginary_part_is_refused(arrays, lossy):
    with pytest.raises(TypeError, match="loss is real for complex arrays"):
        gradient_check.complex_step(lossy, arrays)


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("value", [np.nan, np.inf, np.ones(2)], ids=["nan", "inf", "array"])
def test_a_loss_that_is_not_one_finite_number_is_refused(arrays, check, value):
    with pytest.raises(ValueError, match="expected one finite number"):
        check(lambda d: value, arrays)


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize(
    "bad, error, message",
    [
        (dict(w=np.arange(3)), TypeError, "w has dtype int64"),
        (dict(w=np.array([np.nan])), ValueError, "w contains nan"),
        (dict(), TypeError, "expected a dict of at least one array"),
        (np.ones(3), TypeError, "expected a dict of at least one array"),
    ],
)
def test_bad_arrays_are_refused(check, bad, error, message):
    with pytest.raises(error, match=message):
        check(loss, bad)


def test_a_step_must_be_positive(arrays):
    for check in CHECKS:
        with pytest.raises(ValueError, match="step is 0"):
            check(loss, arrays, step=0)


def test_random_directions_accept_the_gradient(arrays):
    rng = np.random.default_rng(1)
    worst = gradient_check.along_directions(loss, arrays, gradients_of(arrays), rng)
    assert worst < 1e-9


@pytest.mark.parametrize("name", ["A", "b"])
@pytest.mark.parametrize("factor", [0, -1, 2, 1.0001])
def test_random_directions_refuse_a_wrong_factor(arrays, name, factor):
    wrong = gradients_of(arrays)
    wrong[name] = factor * wrong[name]
    rng = np.random.default_rng(1)
    assert gradient_check.along_directions(loss, arrays, wrong, rng) > 1e-6


def test_random_directions_refuse_one_wrong_entry(arrays):
    wrong = gradients_of(arrays)
    wrong["A"][1, 2] += 1e-4
    rng = np.random.default_rng(1)
    assert gradient_check.along_directions(loss, arrays, wrong, rng) > 1e-6


def test_random_directions_refuse_a_gradient_of_another_shape(arrays):
    wrong = dict(gradients_of(arrays), A=gradients_of(arrays)["A"].T)
    with pytest.raises(ValueError, match=r"gradients\['A'\] has shape \(3, 2\)"):
        gradient_check.along_directions(loss, arrays, wrong, np.random.default_rng(1))


def test_random_directions_refuse_missing_and_extra_names(arrays):
    rng, right = np.random.default_rng(1), gradients_of(arrays)
    with pytest.raises(ValueError, match="gradients has no b"):
        gradient_check.along_directions(loss, arrays, dict(A=right["A"]), rng)
    with pytest.raises(ValueError, match="unexpected entry 'c'"):
        gradient_check.along_directions(loss, arrays, dict(right, c=right["b"]), rng)


def test_random_directions_refuse_nan(arrays):
    wrong = gradients_of(arrays)
    wrong["b"][0] = np.nan
    with pytest.raises(ValueError, match="contains nan"):
        gradient_check.along_directions(loss, arrays, wrong, np.random.default_rng(1))


def test_the_valley_has_the_shape_the_theory_says(arrays):
    valley = gradient_check.step_size_valley(loss, arrays, gradients_of(arrays), np.random.default_rng(4))
    assert all(field.shape == valley.steps.shape for field in valley)
    # One-sided: bottom near 1e-8. Central: near 1e-5, and lower. Complex step: no way back up.
    assert 1e-10 < valley.steps[valley.one_sided.argmin()] < 1e-6
    assert 1e-7 < valley.steps[valley.central.argmin()] < 1e-3
    assert valley.central.min() < valley.one_sided.min()
    assert valley.complex_step[-1] < 1e-14
    assert valley.one_sided[-1] > 1e-4 and valley.central[-1] > 1e-4


def test_the_valley_follows_a_given_direction_and_given_steps(arrays):
    direction = dict(A=np.zeros((2, 3)), b=np.array([1.0, 0.0, 0.0]))
    valley = gradient_check.step_size_valley(loss, arrays, gradients_of(arrays), direction, steps=[1e-3, 1e-5])
    np.testing.assert_array_equal(valley.steps, [1e-3, 1e-5])
    assert valley.central[0] == pytest.approx(1e-6 / 6, rel=1e-3)


def test_random_direction_has_length_one(arrays):
    direction = gradient_check.random_direction(arrays, np.random.default_rng(0))
    assert sum(np.sum(part**2) for part in direction.values()) == pytest.approx(1)


@pytest.mark.parametrize(
    "a, b, expected",
    [
        (np.zeros(3), np.zeros(3), 0.0),
        (np.array([1.0, 2.0]), np.array([1.0, 2.0]), 0.0),
        (np.array([0.0, 2.0]), np.array([1.0, 2.0]), 0.5),
        (np.zeros(2), np.ones(2), 1.0),
        (3.0, 4.0, 0.25),
        (np.array([1, 2]), np.array([1, 4]), 0.5),
        (np.array([1e-200]), np.array([2e-200]), 0.5),
    ],
)
def test_relative_difference_by_example(a, b, expected):
    assert gradient_check.relative_difference(a, b) == pytest.approx(expected)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_relative_difference_is_never_silent_about_nan_or_infinity(bad):
    for a, b in [(bad, 1.0), (1.0, bad), (bad, bad)]:
        with pytest.raises(ValueError, match="expected finite numbers"):
            gradient_check.relative_difference(np.array([a]), np.array([b]))


def test_relative_difference_does_not_broadcast():
    with pytest.raises(ValueError, match="expected the same"):
        gradient_check.relative_difference(np.ones((2, 1)), np.ones((2, 2)))


def test_relative_differences_name_the_array():
    with pytest.raises(ValueError, match=r"gradients\['w'\].*shape"):
        gradient_check.relative_differences(dict(w=np.ones(2)), dict(w=np.ones(3)))
