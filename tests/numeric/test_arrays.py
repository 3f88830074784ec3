"""Bad input is refused at the door, in one sentence: which array, what it is, what to do."""

import numpy as np
import pytest

from bptt_lab.numeric import arrays as checks
from bptt_lab.numeric import losses, rnn


def with_param(name, change):
    def edit(instance):
        return instance._replace(params=dict(instance.params, **{name: change(instance.params[name])}))

    return edit


def with_field(name, change):
    return lambda instance: instance._replace(**{name: change(getattr(instance, name))})


def without(name):
    return with_field("params", lambda p: {key: p[key] for key in p if key != name})


def spoiled(value):
    def change(array):
        array = array.copy()
        array.flat[-1] = value
        return array

    return change


FORWARD = {
    "x of one sequence": (with_field("x", lambda x: x[:, 0]), ValueError, r"x\[:, None\]"),
    "x with batch last": (
        with_field("x", lambda x: x.transpose(0, 2, 1)),
        ValueError,
        r"W0 has shape \(5, 4\), expected \(M, D\) = \(5, 2\)",
    ),
    "x of integers": (with_field("x", lambda x: x.astype(int)), TypeError, "x has dtype int64"),
    "x as a list": (with_field("x", lambda x: x.tolist()), TypeError, "x is of type list"),
    "x of Python objects": (with_field("x", lambda x: x.astype(object)), TypeError, "dtype object"),
    "x of half precision": (with_field("x", lambda x: x.astype("f2")), TypeError, "dtype float16"),
    "x of another byte order": (with_field("x", lambda x: x.astype(">f8")), TypeError, "dtype >f8"),
    "x masked": (with_field("x", np.ma.masked_array), TypeError, "x is of type MaskedArray"),
    "x with NaN": (with_field("x", spoiled(np.nan)), ValueError, r"x contains nan at x\[3, 1, 3\]"),
    "x with infinity": (with_field("x", spoiled(np.inf)), ValueError, "x contains inf"),
    "no steps": (
        with_field("x", lambda x: x[:0]),
        ValueError,
        r"shape \(0, 2, 4\), which is empty",
    ),
    "no sequences": (with_field("x", lambda x: x[:, :0]), ValueError, "which is empty"),
    "x float32": (
        with_field("x", lambda x: x.astype("f4")),
        TypeError,
        r"W0 has dtype float64, expected float32 like the other arrays: convert it with W0.astype",
    ),
    "h_start of one sequence": (
        with_field("h_start", lambda h: h[0]),
        ValueError,
        r"h_start has shape \(5,\), expected \(B, M\) = \(2, 5\)",
    ),
    "h_start with infinity": (with_field("h_start", spoiled(-np.inf)), ValueError, "contains -inf"),
    "h_start transposed": (with_field("h_start", lambda h: h.T), ValueError, r"pass h_start\.T"),
    "h_start float32": (
        with_field("h_start", lambda h: h.astype("f4")),
        TypeError,
        "h_start has dtype",
    ),
    "no W11": (without("W11"), ValueError, r"params has no W11, .* add params\['W11'\]"),
    "an extra parameter": (
        with_field("params", lambda p: dict(p, w0=p["W0"])),
        ValueError,
        "unexpected entry 'w0'",
    ),
    "params as a tuple": (
        with_field("params", lambda p: tuple(p.values())),
        TypeError,
        "type tuple",
    ),
    "W0 transposed": (with_param("W0", lambda w: w.T), ValueError, r"pass W0\.T"),
    "W11 not square": (
        with_param("W11", lambda w: w[:, :4]),
        ValueError,
        r"W11 has shape \(5, 4\), expected \(M, M\) = \(5, 5\)",
    ),
    "W11 as a vector": (with_param("W11", lambda w: w[0]), ValueError, r"2 axes \(M, M\)"),
    "W11 with NaN": (with_param("W11", spoiled(np.nan)), ValueError, r"NaN|nan at W11\[4, 4\]"),
    "W1 transposed": (with_param("W1", lambda w: w.T), ValueError, r"expected \(K, M\)"),
    "W1 as a list": (with_param("W1", lambda w: w.tolist()), TypeError, "W1 is of type list"),
    "b0 as a column": (
        with_param("b0", lambda b: b[:, None]),
        ValueError,
        r"b0 has shape \(5, 1\), expected \(M\) = \(5,\): reshape it",
    ),
    "b1 too short": (with_param("b1", lambda b: b[:2]), ValueError, "b1 has shape"),
    "b1 complex": (with_param("b1", lambda b: b * 1j), TypeError, "b1 has dtype complex128"),
}


@pytest.mark.parametrize("name", FORWARD)
def test_forward_refuses(instance, name):
    edit, error, message = FORWARD[name]
    bad = edit(instance)
    with pytest.raises(error, match=message) as caught:
        rnn.forward(bad.params, bad.x, bad.h_start)
    assert_one_sentence(caught)


def assert_one_sentence(caught):
    text = str(caught.value)
    assert "\n" not in text and text.endswith(".") and ", expected " in text and ": " in text


LABELS = {
    "too large": (lambda y: y + 3, ValueError, "expected classes 0 to 2 because there are K = 3"),
    "negative": (lambda y: y - 3, ValueError, "labels contains -"),
    "floats": (lambda y: y * 1.0, TypeError, "labels is of type float64, expected"),
    "booleans": (lambda y: y > 0, TypeError, "labels is of type bool"),
    "a list": (lambda y: y.tolist(), TypeError, "labels is of type list"),
    "one-hot": (lambda y: np.eye(3, dtype=int)[y], ValueError, r"labels has shape \(4, 2, 3\)"),
    "transposed": (lambda y: y.T, ValueError, r"pass labels\.T"),
    "too few steps": (lambda y: y[:-1], ValueError, r"expected \(T, B\) = \(4, 2\)"),
}


@pytest.mark.parametrize("name", LABELS)
def test_softmax_nll_refuses_labels(instance, name):
    change, error, message = LABELS[name]
    with pytest.raises(error, match=message) as caught:
        losses.softmax_nll(np.ones((4, 2, 3)), change(instance.labels))
    assert_one_sentence(caught)


@pytest.mark.parametrize("label", [-1, 3, -(2**63), 2**63 - 1])
def test_a_single_label_just_outside_is_refused(label):
    labels = np.zeros((4, 2), np.int64)
    labels[2, 1] = label
    with pytest.raises(ValueError, match=f"labels contains {label}"):
        losses.softmax_nll(np.ones((4, 2, 3)), labels)


SCORES = {
    "nan": (spoiled(np.nan), ValueError, "a2 contains nan"),
    "infinity": (spoiled(-np.inf), ValueError, "a2 contains -inf"),
    "integers": (lambda a: a.astype(int), TypeError, "a2 has dtype int64"),
    "empty": (lambda a: a[:0], ValueError, "which is empty"),
    "a list": (lambda a: a.tolist(), TypeError, "a2 is of type list"),
}


@pytest.mark.parametrize("name", SCORES)
def test_softmax_nll_refuses_scores(instance, name):
    change, error, message = SCORES[name]
    with pytest.raises(error, match=message) as caught:
        losses.softmax_nll(change(np.ones((4, 2, 3))), instance.labels)
    assert_one_sentence(caught)


BACKWARD = {
    "scores of integers": (lambda d: d.astype(int), TypeError, "d_a2 has dtype int64"),
    "another dtype": (
        lambda d: d.astype("f4"),
        TypeError,
        "d_a2 has dtype float32, expected float64",
    ),
    "too few steps": (lambda d: d[1:], ValueError, r"d_a2 has shape \(3, 2, 3\), expected"),
    "one sequence": (lambda d: d[:, 0], ValueError, r"d_a2 has shape \(4, 3\), expected"),
    "NaN": (spoiled(np.nan), ValueError, "d_a2 contains nan"),
    "nothing": (lambda d: None, TypeError, "d_a2 is of type NoneType"),
}


@pytest.mark.parametrize("name", BACKWARD)
def test_backward_refuses_a_gradient(instance, name):
    change, error, message = BACKWARD[name]
    trace = rnn.forward(instance.params, instance.x, instance.h_start)
    with pytest.raises(error, match=message) as caught:
        rnn.backward(instance.params, trace, change(np.ones((4, 2, 3))))
    assert_one_sentence(caught)


@pytest.mark.parametrize("name", ["W0", "W11", "W1"])
def test_backward_refuses_other_parameters_than_forward_had(instance, name):
    trace = rnn.forward(instance.params, instance.x, instance.h_start)
    wider = np.ones((7, 7))
    with pytest.raises(ValueError, match=rf"{name} has shape \(7, 7\), expected"):
        rnn.backward(dict(instance.params, **{name: wider}), trace, np.ones((4, 2, 3)))


def test_backward_refuses_missing_parameters_and_foreign_traces(instance):
    trace = rnn.forward(instance.params, instance.x, instance.h_start)
    with pytest.raises(ValueError, match="params has no W1"):
        rnn.backward(without("W1")(instance).params, trace, np.ones((4, 2, 3)))
    with pytest.raises(TypeError, match="trace is of type dict"):
        rnn.backward(instance.params, trace._asdict(), np.ones((4, 2, 3)))


def test_a_workspace_must_be_one(instance):
    with pytest.raises(TypeError, match=r"make one with arrays\.Workspace\(\)"):
        rnn.forward(instance.params, instance.x, instance.h_start, workspace={})


@pytest.mark.parametrize("sizes", [dict(D=0), dict(M=-1), dict(K=2.0)])
def test_initialise_refuses_impossible_sizes(sizes):
    with pytest.raises(ValueError, match="expected an integer of at least 1"):
        rnn.initialise(np.random.default_rng(0), **dict(dict(D=4, M=5, K=3), **sizes))


def test_initialise_refuses_integers_as_dtype():
    with pytest.raises(TypeError, match="dtype is int64, expected"):
        rnn.initialise(np.random.default_rng(0), 4, 5, 3, dtype=int)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
@pytest.mark.parametrize("order", ["C", "F"])
@np.errstate(invalid="ignore")
def test_is_finite_finds_one_bad_number_anywhere(dtype, order):
    clean = np.ones((3, 4), dtype, order=order)
    assert checks.is_finite(clean)
    for place in np.ndindex(clean.shape):
        for bad in (np.nan, np.inf, -np.inf):
            array = clean.copy(order)
            array[place] = bad
            assert not checks.is_finite(array)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_largest_numbers_are_finite_and_raise_no_warning(dtype):
    largest = np.full((2, 3), np.finfo(dtype).max, dtype)
    np.testing.assert_array_equal(checks.as_floats("a", largest), largest)


def test_large_but_finite_input_passes_without_a_warning(make_instance):
    instance = make_instance(dtype=np.float32)
    large = instance._replace(x=instance.x * np.float32(1e25))
    assert all(np.isfinite(gradient).all() for gradient in large.gradients().values())
