"""The scalar linear network's passes and closed forms against independent witnesses."""

from typing import NamedTuple

import autograd
import autograd.numpy as anp
import numpy as np
import pytest

from architectures import (
    accepted,
    assert_close,
    assert_unchanged,
    complexly,
    copies,
    engine_gradients,
    mutant,
)
from bptt_lab.numeric import gradient_check, losses, scalar_linear

SPECIAL = (0.0, 1.0, -1.0, -0.7, 0.5, 1.3, -1.4)  # values of v
PARAMETERS = ("v", "u", "b_a", "w_y", "b_y")


class Instance(NamedTuple):
    params: dict
    x: np.ndarray
    a_start: np.ndarray
    target: np.ndarray
    output: str

    @property
    def arrays(self):
        return dict(self.params, x=self.x, a_start=self.a_start)

    def forward(self, arrays, code=scalar_linear):
        return code.forward(
            {name: arrays[name] for name in PARAMETERS}, arrays["x"], arrays["a_start"], output=self.output
        )

    def loss(self, arrays):
        return losses.mse(self.forward(arrays).y, self.target.astype(arrays["x"].dtype))[0]

    def d_output(self):
        return losses.mse(self.forward(self.arrays).y, self.target)[1]

    def gradients(self, code=scalar_linear):
        return code.backward(self.params, self.forward(self.arrays, code), self.d_output())

    def by_closed_forms(self, code=scalar_linear):
        derivatives = code.closed_form_derivatives(self.params, self.x, self.a_start, output=self.output)
        return {name: np.asarray(self.d_output() @ array) for name, array in derivatives.items()}

    def by_engine(self):
        text = f"""
            a[t] = v * a[t-1] + u * x[t] + b_a
            s[t] = w_y * a[t] + b_y
            z[t] = {self.output}(s[t])
            L[t] = mse(z[t], y[t])
        """
        own = {"x": self.x[None, :, None], "y": self.target[None, :, None], "a[0]": self.a_start[None, None]}
        params = {name: number[None] for name, number in self.params.items()}
        found = engine_gradients(text, dict(x=1, a=1, s=1, z=1), len(self.x), params, own)
        found["a_start"] = found.pop("a[0]")
        del found["y"]
        return {name: gradient.reshape(self.arrays[name].shape) for name, gradient in found.items()}

    def by_autograd(self):
        def loss(p):
            a, total = p["a_start"], 0.0
            for t in range(len(self.x)):
                a = p["v"] * a + p["u"] * p["x"][t] + p["b_a"]
                s = p["w_y"] * a + p["b_y"]
                y = s if self.output == "identity" else 1 / (1 + anp.exp(-s))
                total = total + 0.5 * (y - self.target[t]) ** 2
            return total

        return autograd.grad(loss)(self.arrays)


def make(v=None, T=6, output="identity", seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    params = {name: np.asarray(rng.uniform(0.3, 1.2) * rng.choice([-1, 1]), dtype) for name in PARAMETERS}
    if v is not None:
        params["v"] = np.asarray(v, dtype)
    x, target = rng.standard_normal((2, T)).astype(dtype)
    return Instance(params, x, np.asarray(rng.uniform(0.3, 1), dtype), target, output)


@pytest.fixture
def instance():
    return make()


outputs = pytest.mark.parametrize("output", ["identity", "sigmoid"])


@outputs
def test_forward_follows_the_equations_step_by_step(output):
    instance = make(output=output)
    p, a, trace = instance.params, instance.a_start, instance.forward(instance.arrays)
    for t in range(6):
        a = p["v"] * a + p["u"] * instance.x[t] + p["b_a"]
        s = p["w_y"] * a + p["b_y"]
        y = s if output == "identity" else 1 / (1 + np.exp(-s))
        np.testing.assert_allclose([trace.a[t], trace.scores[t], trace.y[t]], [a, s, y], rtol=1e-13)
    assert trace.states[0] == instance.a_start and trace.states.shape == (7,) and trace.x is instance.x


@outputs
def test_gradients_have_the_promised_names_and_shapes(output):
    instance = make(output=output)
    gradients = instance.gradients()
    assert tuple(gradients) == (*PARAMETERS, "x", "a_start")
    for name, array in instance.arrays.items():
        assert isinstance(gradients[name], np.ndarray) and gradients[name].shape == array.shape


@outputs
def test_closed_forms_have_one_entry_a_step(output):
    instance = make(output=output)
    found = scalar_linear.closed_form_derivatives(instance.params, instance.x, instance.a_start, output=output)
    assert found.keys() == instance.gradients().keys()
    assert {name: array.shape for name, array in found.items()} == {
        name: (6, 6) if name == "x" else (6,) for name in found
    }


@outputs
@pytest.mark.parametrize("seed, v", list(enumerate((*SPECIAL, None, None))))
def test_gradients_and_closed_forms_equal_the_engine(output, seed, v):
    instance = make(v, T=3 + seed % 4, output=output, seed=seed)
    expected = instance.by_engine()
    assert_close(instance.gradients(), expected)
    assert_close(instance.by_closed_forms(), expected)


@outputs
@pytest.mark.parametrize("seed, v", list(enumerate((*SPECIAL, *[None] * 12))))
def test_gradients_and_closed_forms_equal_autograd(output, seed, v):
    instance = make(v, T=1 + seed, output=output, seed=seed)
    expected = instance.by_autograd()
    assert_close(instance.gradients(), expected)
    assert_close(instance.by_closed_forms(), expected)


@outputs
@pytest.mark.parametrize("v", SPECIAL)
def test_gradients_equal_the_complex_step(output, v):
    instance = make(v, output=output)
    assert_close(instance.gradients(), gradient_check.complex_step(instance.loss, instance.arrays), 1e-13)


@outputs
@pytest.mark.parametrize("v", SPECIAL)
@pytest.mark.parametrize("T", [1, 3, 8])
def test_closed_forms_of_each_single_output_equal_backward(output, v, T):
    instance = make(v, T, output, seed=T)
    trace = instance.forward(instance.arrays)
    closed = scalar_linear.closed_form_derivatives(instance.params, instance.x, instance.a_start, output=output)
    for t in range(T):
        expected = scalar_linear.backward(instance.params, trace, np.eye(T)[t])
        assert_close({name: np.asarray(array[t]) for name, array in closed.items()}, expected, 1e-13)


@pytest.mark.parametrize("v", SPECIAL)
def test_closed_forms_are_the_sums_in_powers_of_v(v):
    T, p = 5, {name: float(number) for name, number in make(v).params.items()}
    x, a_start = np.array([0.3, -0.8, 0.5, 0.9, -0.2]), 0.7
    a = scalar_linear.forward(p, x, a_start).states  # a[t] is a(t), x[t-1] is x(t)
    closed = scalar_linear.closed_form_derivatives(p, x, a_start)
    for t in range(1, T + 1):
        expected = dict(
            v=p["w_y"] * sum(v**k * a[t - 1 - k] for k in range(t)),
            u=p["w_y"] * sum(v**k * x[t - k - 1] for k in range(t)),
            b_a=p["w_y"] * (t if v == 1 else (1 - v**t) / (1 - v)),  # the geometric series
            w_y=a[t],
            b_y=1,
            a_start=p["w_y"] * v**t,
        )
        for name, number in expected.items():
            np.testing.assert_allclose(closed[name][t - 1], number, rtol=1e-12, atol=1e-15)
        for s in range(1, T + 1):
            number = p["w_y"] * p["u"] * v ** (t - s) if s <= t else 0
            np.testing.assert_allclose(closed["x"][t - 1, s - 1], number, rtol=1e-12)


def test_the_lectures_forms_as_printed_fail_where_recursion_is_dropped(instance):
    closed = scalar_linear.closed_form_derivatives(instance.params, instance.x, instance.a_start)
    assert closed["b_a"][0] == instance.params["w_y"]  # 002 prints w_y for every t: right at t = 1 only
    assert not np.isclose(closed["b_a"][1:], instance.params["w_y"]).any()


@pytest.mark.parametrize("v", SPECIAL)
def test_closed_forms_pass_a_complex_step_through(v):
    instance = make(v, T=8)
    moved = complexly(instance.arrays)
    moved["v"] += 1e-30j
    x, a_start = moved.pop("x"), moved.pop("a_start")
    second = scalar_linear.closed_form_derivatives(moved, x, a_start)
    # The derivative by v of dy(t)/da_start = w_y v^t is w_y t v^(t-1).
    expected = [float(instance.params["w_y"]) * t * v ** (t - 1) for t in range(1, 9)]
    np.testing.assert_allclose(second["a_start"].imag / 1e-30, expected, rtol=1e-12, atol=1e-14)
    # Second derivatives do not depend on the order of differentiation.
    moved = complexly(instance.arrays)
    moved["u"] += 1e-30j
    x, a_start = moved.pop("x"), moved.pop("a_start")
    other = scalar_linear.closed_form_derivatives(moved, x, a_start)
    np.testing.assert_allclose(second["u"].imag, other["v"].imag, rtol=1e-12, atol=1e-44)


def test_plain_numbers_do_as_well_and_take_the_precision_of_x():
    plain = dict(v=0.5, u=0.25, b_a=-0.5, w_y=2.0, b_y=0.125)
    arrays = {name: np.array(number, np.float32) for name, number in plain.items()}
    x = np.array([0.5, -0.25, 1.0], np.float32)
    first, second = scalar_linear.forward(plain, x, 0.75), scalar_linear.forward(arrays, x, np.float32(0.75))
    assert first.y.dtype == second.y.dtype == np.float32
    np.testing.assert_array_equal(first.y, second.y)
    for name, gradient in scalar_linear.backward(plain, first, x).items():
        np.testing.assert_array_equal(gradient, scalar_linear.backward(arrays, second, x)[name])
        assert gradient.dtype == np.float32
    for array in scalar_linear.closed_form_derivatives(plain, x, 0.75).values():
        assert array.dtype == np.float32


@outputs
def test_float32_is_close_to_float64(output):
    short = make(output=output, dtype=np.float32)
    wide = short._replace(
        params={name: number.astype(np.float64) for name, number in short.params.items()},
        x=short.x.astype(np.float64),
        a_start=short.a_start.astype(np.float64),
        target=short.target.astype(np.float64),
    )
    assert_close(short.gradients(), wide.gradients(), 1e-4)
    assert_close(short.by_closed_forms(), wide.by_closed_forms(), 1e-4)


@outputs
def test_inputs_are_never_changed(output):
    instance = make(output=output)
    for array in (*instance.arrays.values(), instance.target):
        array.setflags(write=False)
    kept, trace = copies(instance.arrays), instance.forward(instance.arrays)
    found = dict(states=trace.states, scores=trace.scores, y=trace.y, d_output=instance.d_output())
    also_kept = copies(found)
    gradients = scalar_linear.backward(instance.params, trace, found["d_output"])
    closed = scalar_linear.closed_form_derivatives(instance.params, instance.x, instance.a_start, output=output)
    assert_unchanged(instance.arrays, kept)
    assert_unchanged(found, also_kept)
    given, results = (*instance.arrays.values(), *found.values()), (*gradients.values(), *closed.values())
    assert not any(np.shares_memory(result, array) for result in results for array in given)
    assert not np.shares_memory(trace.y, trace.scores)


BAD = [
    ("v", None, ValueError, r"params has no v, expected the names v, u, b_a, w_y, b_y"),
    ("w", 1.0, ValueError, r"unexpected entry 'w'"),
    ("v", 1, TypeError, r"v is of type int, expected a NumPy array"),
    ("u", np.ones(1), ValueError, r"u has shape \(1,\), expected \(\)"),
    ("b_a", np.nan, ValueError, r"b_a contains nan"),
    ("w_y", 1j, TypeError, r"w_y has dtype complex128, expected float64"),
    ("b_y", np.array(1.0, np.float32), TypeError, r"b_y has dtype float32, expected float64"),
    ("x", np.ones((3, 1)), ValueError, r"x has shape \(3, 1\), expected 1 axes \(T\)"),
    ("x", np.ones(0), ValueError, r"x has shape \(0,\), which is empty"),
    ("x", np.array([1.0, np.inf]), ValueError, r"x contains inf at x\[1\]"),
    ("x", [1.0, 2.0], TypeError, r"x is of type list"),
    ("a_start", np.ones(3), ValueError, r"a_start has shape \(3,\), expected \(\)"),
    ("output", "tanh", ValueError, r"output is 'tanh', expected one of identity, sigmoid"),
]


@pytest.mark.parametrize("call", [scalar_linear.forward, scalar_linear.closed_form_derivatives])
@pytest.mark.parametrize("name, value, error, message", BAD)
def test_bad_input_is_refused(call, name, value, error, message):
    given = dict(v=0.5, u=1.0, b_a=0.1, w_y=2.0, b_y=0.3, x=np.ones(3), a_start=0.2, output="identity") | {name: value}
    if value is None:
        del given[name]
    x, a_start, output = given.pop("x"), given.pop("a_start"), given.pop("output")
    with pytest.raises(error, match=message):
        call(given, x, a_start, output=output)


def test_backward_refuses_bad_input(instance):
    trace, d_output = instance.forward(instance.arrays), instance.d_output()
    with pytest.raises(TypeError, match="trace is of type NoneType, expected what forward returned"):
        scalar_linear.backward(instance.params, None, d_output)
    with pytest.raises(ValueError, match=r"d_output has shape \(5,\), expected \(T\) = \(6,\)"):
        scalar_linear.backward(instance.params, trace, d_output[1:])
    with pytest.raises(TypeError, match="d_output is of type float"):
        scalar_linear.backward(instance.params, trace, 1.0)
    with pytest.raises(ValueError, match="params has no w_y"):
        scalar_linear.backward({name: instance.params[name] for name in ("v", "u")} | {"b_a": 1.0}, trace, d_output)


@pytest.mark.filterwarnings("error")
def test_an_explosion_beyond_the_largest_number_is_refused_never_nan_in_silence():
    p, x = dict(v=3.0, u=1.0, b_a=0.0, w_y=1.0, b_y=0.0), np.ones(1000)
    with pytest.raises(ValueError, match=r"a contains inf at a\[64\d\]"):
        scalar_linear.forward(p, x, 0.0)
    quiet = scalar_linear.forward(p, 0 * x, 0.0)
    with pytest.raises(ValueError, match=r"delta contains inf"):
        scalar_linear.backward(p, quiet, x)
    with pytest.raises(ValueError, match=r"powers of v contains inf"):
        scalar_linear.closed_form_derivatives(p, 0 * x, 0.0)


BACKWARD_MUTANTS = {
    "recurrent path forgotten": ("delta[t] += v * delta[t + 1]", "pass"),
    "first step left out of the sweep": ("range(len(delta) - 2, -1, -1)", "range(len(delta) - 2, 0, -1)"),
    "slope of the output forgotten": ("_slope(trace) * d_output", "1.0 * d_output"),
    "slope from the score": ("sigmoid_derivative(trace.y)", "sigmoid_derivative(trace.scores)"),
    "a(t) instead of a(t-1)": ("delta.dot(trace.states[:-1])", "delta.dot(trace.a)"),
    "a(t-1) in the output weight": ("delta_s.dot(trace.a)", "delta_s.dot(trace.states[:-1])"),
    "bias as if nothing recurred": ("np.asarray(delta.sum())", "np.asarray(w_y * delta_s.sum())"),
    "initial state without v": ("np.asarray(v * delta[0])", "np.asarray(delta[0])"),
    "a factor of 0.999999": ("u * delta,", "0.999999 * u * delta,"),
}
CLOSED_FORM_MUTANTS = {
    "002: recursion dropped for b_a": ("reach.sum(axis=1)", "np.ones_like(x)"),
    "002: sums begin at v^1": ("reach = np.tril(powers[abs(t - s)])", "reach = np.tril(powers[abs(t - s)], -1)"),
    "002: factor z missing": ("_slope(trace) * array.T", "array.T"),
    "powers one too high": ("np.tril(powers[abs(t - s)])", "np.tril(powers[abs(t - s) + 1])"),
    "the future counts too": ("np.tril(powers[abs(t - s)])", "powers[abs(t - s)]"),
    "a(t) instead of a(t-1)": ("reach.dot(trace.states[:-1])", "reach.dot(trace.a)"),
    "transposed": ("w_y * u * reach", "w_y * u * reach.T"),
    "v^(t-1) instead of v^t": ("w_y * powers[1:]", "w_y * powers[:-1]"),
}


@pytest.mark.parametrize("name", BACKWARD_MUTANTS)
def test_the_witness_refuses_wrong_backward_passes(name):
    instance = make(output="sigmoid")
    wrong = mutant(scalar_linear, *BACKWARD_MUTANTS[name])
    assert accepted(instance.gradients(), instance.by_autograd(), 1e-9)
    assert not accepted(instance.gradients(wrong), instance.by_autograd(), 1e-9)


@pytest.mark.parametrize("name", CLOSED_FORM_MUTANTS)
def test_the_witness_refuses_wrong_closed_forms(name):
    instance = make(T=7, output="sigmoid")
    wrong = mutant(scalar_linear, *CLOSED_FORM_MUTANTS[name])
    assert accepted(instance.by_closed_forms(), instance.by_autograd(), 1e-9)
    assert not accepted(instance.by_closed_forms(wrong), instance.by_autograd(), 1e-9)
