"""The deep recurrent network's forward and backward pass against independent witnesses."""

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
    sizes_all_different,
)
from bptt_lab.numeric import deep, gradient_check, losses, rnn


class Instance(NamedTuple):
    params: dict
    x: np.ndarray
    h_start: tuple
    y: np.ndarray

    @property
    def L(self):
        return len(self.h_start)

    @property
    def arrays(self):
        return dict(self.params, x=self.x) | self.flat(self.h_start)

    def flat(self, states):
        """The states of the layers under names of their own, as gradient_check wants them."""
        return {f"h{l}[0]": state for l, state in enumerate(states, start=1)}

    def forward(self, arrays, code=deep):
        h_start = tuple(arrays[name] for name in self.flat(self.h_start))
        return code.forward({name: arrays[name] for name in self.params}, arrays["x"], h_start)

    def loss(self, arrays):
        return losses.mse(self.forward(arrays).scores, self.y.astype(arrays["x"].dtype))[0]

    def gradients(self, code=deep):
        trace = self.forward(self.arrays, code)
        found = code.backward(self.params, trace, losses.mse(trace.scores, self.y)[1])
        states = self.flat(found.pop("h_start"))
        return found | states

    def by_engine(self):
        lines = []
        for l in range(1, self.L + 1):
            before = f"h{l - 1}[t]" if l > 1 else "x[t]"
            lines.append(f"a{l}[t] = W{l - 1} @ {before} + W{l}{l} @ h{l}[t-1] + b{l - 1}")
            lines.append(f"h{l}[t] = tanh(a{l}[t])")
        L, K = self.L, self.y.shape[2]
        text = "\n".join([*lines, f"a{L + 1}[t] = W{L} @ h{L}[t] + b{L}", f"L[t] = mse(a{L + 1}[t], y[t])"])
        sizes = {f"h{l + 1}": state.shape[1] for l, state in enumerate(self.h_start)}
        own = dict(x=self.x.swapaxes(0, 1), y=self.y.swapaxes(0, 1)) | self.flat(self.h_start)
        sizes |= {"x": self.x.shape[2], f"a{L + 1}": K}
        found = engine_gradients(text, sizes, len(self.x), self.params, own)
        del found["y"]
        return found | {"x": found["x"].swapaxes(0, 1)}

    def by_autograd(self):
        def loss(p):
            h, total = [p[name] for name in self.flat(self.h_start)], 0.0
            for t in range(len(self.x)):
                below = p["x"][t]
                for l in range(self.L):
                    a = below @ p[f"W{l}"].T + h[l] @ p[f"W{l + 1}{l + 1}"].T + p[f"b{l}"]
                    below = h[l] = anp.tanh(a)
                total = total + 0.5 * anp.sum((below @ p[f"W{self.L}"].T + p[f"b{self.L}"] - self.y[t]) ** 2)
            return total

        return autograd.grad(loss)(self.arrays)


def make(L=2, seed=0, dtype=np.float64, sizes=None):
    rng = np.random.default_rng(seed)
    D, K, T, B, *hidden = sizes or sizes_all_different(seed, L + 4)
    params = deep.initialise(rng, D, hidden, K, dtype)
    x = rng.standard_normal((T + 1, B, D)).astype(dtype)
    h_start = tuple(rng.uniform(-0.9, 0.9, (B, M)).astype(dtype) for M in hidden)
    return Instance(params, x, h_start, rng.standard_normal((T + 1, B, K)).astype(dtype))


@pytest.fixture
def instance():
    return make()


def test_forward_follows_the_equations_step_by_step():
    instance = make(L=3)
    p, h, trace = instance.params, list(instance.h_start), instance.forward(instance.arrays)
    for t in range(len(instance.x)):
        below = instance.x[t]
        for l in range(3):
            np.testing.assert_array_equal(trace.states[l][0], instance.h_start[l])
            below = h[l] = np.tanh(below @ p[f"W{l}"].T + h[l] @ p[f"W{l + 1}{l + 1}"].T + p[f"b{l}"])
            np.testing.assert_allclose(trace.states[l][t + 1], h[l], rtol=1e-13)
        np.testing.assert_allclose(trace.scores[t], below @ p["W3"].T + p["b3"], rtol=1e-12)


def test_trace_and_gradients_have_the_promised_shapes(instance):
    trace = instance.forward(instance.arrays)
    (T, B, _), sizes = instance.x.shape, [state.shape[1] for state in instance.h_start]
    assert [states.shape for states in trace.states] == [(T + 1, B, M) for M in sizes]
    assert trace.scores.shape == instance.y.shape and trace.x is instance.x
    gradients = deep.backward(instance.params, trace, np.ones_like(instance.y))
    assert tuple(gradients) == ("W0", "W11", "b0", "W1", "W22", "b1", "W2", "b2", "x", "h_start")
    assert isinstance(gradients["h_start"], tuple)
    for name, array in instance.arrays.items():
        found = instance.gradients()[name]
        assert found.shape == array.shape and found.dtype == array.dtype


@pytest.mark.parametrize("L", range(1, 5))
@pytest.mark.parametrize("number", range(3))
def test_gradients_equal_the_engine(L, number):
    small = sizes_all_different(10 * number + L, L + 2)
    instance = make(L, seed=number, sizes=[*small[:2], 2 + number, 2, *small[2:]])
    assert_close(instance.gradients(), instance.by_engine())


@pytest.mark.parametrize("L", range(1, 5))
@pytest.mark.parametrize("number", range(8))
def test_gradients_equal_autograd(L, number):
    instance = make(L, seed=10 * number + L)
    assert not np.allclose(instance.params["W11"], instance.params["W11"].T)
    assert_close(instance.gradients(), instance.by_autograd())


@pytest.mark.parametrize("place", range(6))
def test_gradients_equal_autograd_when_one_size_is_one(place):
    sizes = [4, 3, 5, 2, 6, 7]
    sizes[place] = 0 if place == 2 else 1
    instance = make(sizes=sizes)
    assert_close(instance.gradients(), instance.by_autograd())


@pytest.mark.parametrize("L", range(1, 5))
def test_gradients_equal_the_complex_step(L):
    instance = make(L, seed=L, sizes=[2, 3, 3, 2, 4, 5, 3, 2][: L + 4])
    assert_close(instance.gradients(), gradient_check.complex_step(instance.loss, instance.arrays), 1e-13)


def test_gradients_can_be_differentiated_again_by_the_complex_step(instance):
    def of_w22(entry):
        moved = complexly(instance.arrays)
        moved["W22"][entry] += 1e-30j
        trace = instance.forward(moved)
        params = {name: moved[name] for name in instance.params}
        d_scores = losses.mse(trace.scores, instance.y.astype(complex))[1]
        return deep.backward(params, trace, d_scores)["W22"].imag / 1e-30

    np.testing.assert_allclose(of_w22((0, 1))[1, 1], of_w22((1, 1))[0, 1], rtol=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_one_layer_is_rnn(seed):
    instance = make(1, seed=seed)
    trace = rnn.forward(instance.params, instance.x, instance.h_start[0])
    found = instance.forward(instance.arrays)
    np.testing.assert_allclose(found.scores, trace.a2, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(found.states[0], trace.states, rtol=1e-12)
    expected = rnn.backward(instance.params, trace, trace.a2 - instance.y)
    expected["h1[0]"] = expected.pop("h_start")
    assert_close(instance.gradients(), expected, 1e-13)


def test_one_layer_is_drawn_as_rnn_draws_it():
    found, expected = (f(np.random.default_rng(5), 4, M, 3) for f, M in ((deep.initialise, (5,)), (rnn.initialise, 5)))
    assert tuple(found) == tuple(expected)
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array)


def test_gradients_add_up_over_sequences(instance):
    half = slice(0, 1), slice(1, None)
    parts = [
        instance._replace(x=instance.x[:, i], h_start=tuple(h[i] for h in instance.h_start), y=instance.y[:, i])
        for i in half
    ]
    whole, (first, second) = instance.gradients(), (part.gradients() for part in parts)
    assert_close({name: first[name] + second[name] for name in instance.params}, {n: whole[n] for n in instance.params})


@pytest.mark.parametrize("L", range(1, 5))
def test_float32_stays_float32_and_close_to_float64(L):
    short = make(L, dtype=np.float32)
    wide = Instance(
        {name: array.astype(np.float64) for name, array in short.params.items()},
        short.x.astype(np.float64),
        tuple(state.astype(np.float64) for state in short.h_start),
        short.y.astype(np.float64),
    )
    trace, gradients = short.forward(short.arrays), short.gradients()
    assert all(array.dtype == np.float32 for array in (*trace.states, trace.scores, *gradients.values()))
    assert_close(gradients, wide.gradients(), 1e-4)


def test_inputs_are_never_changed(instance):
    kept, trace = copies(instance.arrays), instance.forward(instance.arrays)
    found = {"scores": trace.scores, "d_scores": np.ones_like(instance.y)} | instance.flat(trace.states)
    also_kept = copies(found)
    gradients = deep.backward(instance.params, trace, found["d_scores"])
    assert_unchanged(instance.arrays, kept)
    assert_unchanged(found, also_kept)
    h_start = gradients.pop("h_start")
    given = (*instance.arrays.values(), *found.values())
    assert not any(np.shares_memory(gradient, array) for gradient in (*gradients.values(), *h_start) for array in given)
    assert not any(np.shares_memory(states, h) for states in trace.states for h in instance.h_start)


def test_read_only_and_non_contiguous_inputs_are_accepted(instance):
    expected = instance.gradients()
    other = Instance(
        {name: np.asfortranarray(array) for name, array in instance.params.items()},
        np.repeat(instance.x, 2, axis=2)[:, :, ::2],
        [np.asfortranarray(state) for state in instance.h_start],
        np.asfortranarray(instance.y),
    )
    for array in (*other.arrays.values(), other.y):
        array.setflags(write=False)
    assert_close(other.gradients(), expected, 1e-13)


def test_initialise_gives_the_promised_shapes_and_leaves_nothing_zero():
    params = deep.initialise(np.random.default_rng(0), 2, (3, 4, 5), 6, np.float32)
    assert {name: array.shape for name, array in params.items()} == dict(
        W0=(3, 2),
        W11=(3, 3),
        b0=(3,),
        W1=(4, 3),
        W22=(4, 4),
        b1=(4,),
        W2=(5, 4),
        W33=(5, 5),
        b2=(5,),
        W3=(6, 5),
        b3=(6,),
    )
    assert all(array.dtype == np.float32 and (array != 0).all() for array in params.values())


def test_ten_layers_run_and_eleven_are_refused():
    instance = make(sizes=[2, 3, 3, 2, *[2, 3] * 5])
    assert "W1010" in instance.params and instance.L == 10
    assert_close(instance.gradients(), instance.by_autograd())
    with pytest.raises(ValueError, match="M has 11 layers, expected at most 10"):
        deep.initialise(np.random.default_rng(0), 2, (2,) * 11, 3)


BAD_SIZES = [
    ((2, 3, 4), TypeError, r"M is 3, expected a tuple of sizes such as \(M1, …, ML\)"),
    ((2, (), 4), ValueError, r"M is \(\), expected at least 1"),
    ((2, (3, 0), 4), ValueError, r"M\[1\] is 0, expected an integer of at least 1"),
    ((0, (3,), 4), ValueError, r"D is 0"),
    ((2, (3,), "4"), ValueError, r"K is '4'"),
]


@pytest.mark.parametrize("sizes, error, message", BAD_SIZES)
def test_initialise_refuses_bad_sizes(sizes, error, message):
    with pytest.raises(error, match=message):
        deep.initialise(np.random.default_rng(0), *sizes)


BAD_ARRAYS = [
    ("W22", None, ValueError, r"params has no W22, expected the names W0, b0, W1, b1, W2, b2, W11, W22"),
    ("b2", None, ValueError, r"params has no b2"),
    ("W44", np.ones((2, 2)), ValueError, r"unexpected entry 'W44'"),
    ("x", np.ones((6, 4)), ValueError, r"x has shape \(6, 4\), expected 3 axes \(T, B, D\): .* x\[:, None\]"),
    ("x", np.ones((6, 2, 9)), ValueError, r"W0 has shape \(7, 4\), expected \(M1, D\) = \(7, 9\)"),
    ("x", np.full((6, 2, 4), np.nan), ValueError, r"x contains nan at x\[0, 0, 0\]"),
    ("x", np.ones((6, 2, 4), np.float32), TypeError, r"W0 has dtype float64, expected float32"),
    ("W1", np.ones((7, 3)), ValueError, r"W1 has shape \(7, 3\), expected \(M2, M1\) = \(7, 7\)"),
    ("W2", np.ones((3, 5)), ValueError, r"W2 has shape \(3, 5\), expected \(K, M2\) = \(3, 3\)"),
    ("W22", np.ones((7, 7)), ValueError, r"W22 has shape \(7, 7\), expected \(M2, M2\) = \(3, 3\)"),
    ("b2", np.ones(3), ValueError, r"b2 has shape \(3,\), expected \(K\)"),
    ("h_start", np.ones((2, 7)), TypeError, r"h_start is of type ndarray, expected a tuple .*: pass \(h_start,\)"),
    ("h_start", (np.ones((2, 7)),), ValueError, r"h_start holds 1 states, expected 2, one \(B, M\) for each"),
    ("h_start", (np.ones((2, 7)), np.ones((3, 2))), ValueError, r"h_start\[1\] .* \(B, M2\) .* pass h_start\[1\]\.T"),
    ("h_start", (np.ones((2, 7)), np.full((2, 3), np.inf)), ValueError, r"h_start\[1\] contains inf"),
]


@pytest.mark.parametrize("name, value, error, message", BAD_ARRAYS)
def test_forward_refuses_bad_arrays(name, value, error, message):
    rng = np.random.default_rng(0)
    given = deep.initialise(rng, 4, (7, 3), 5) | {
        "x": np.ones((6, 2, 4)),
        "h_start": (np.ones((2, 7)), np.ones((2, 3))),
    }
    given[name] = value
    if value is None:
        del given[name]
    x, h_start = given.pop("x"), given.pop("h_start")
    with pytest.raises(error, match=message):
        deep.forward(given, x, h_start)


@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid")
def test_an_overflow_is_refused(instance):
    with pytest.raises(ValueError, match="scores contains (nan|-?inf)"):
        deep.forward(instance.params | {"W2": np.full_like(instance.params["W2"], 1.7e308)}, *instance[1:3])


def test_backward_refuses_bad_input(instance):
    trace, d_scores = instance.forward(instance.arrays), np.ones_like(instance.y)
    with pytest.raises(TypeError, match="trace is of type NoneType, expected what forward returned"):
        deep.backward(instance.params, None, d_scores)
    with pytest.raises(ValueError, match=r"d_scores has shape .* batch axis of length 1, d_scores\[:, None\]"):
        one = instance._replace(x=instance.x[:, :1], h_start=tuple(h[:1] for h in instance.h_start))
        deep.backward(one.params, one.forward(one.arrays), d_scores[:, 0])
    with pytest.raises(ValueError, match="d_scores contains nan"):
        deep.backward(instance.params, trace, np.nan * d_scores)
    with pytest.raises(ValueError, match="W1 has shape"):
        deep.backward(instance.params | {"W1": instance.params["W1"].T}, trace, d_scores)
    with pytest.raises(ValueError, match="unexpected entry"):
        deep.backward(make(3).params, trace, d_scores)


MUTANTS = {
    "recurrent path forgotten": ("delta[t] += slope[t] * delta[t + 1].dot(W)", "pass"),
    "recurrent weights not transposed": ("delta[t + 1].dot(W)", "delta[t + 1].dot(W.T)"),
    "slope missing in what is carried": ("slope[t] * delta[t + 1].dot(W)", "delta[t + 1].dot(W)"),
    "slope of the step before": ("slopes(states[1:], activation)", "slopes(states[:-1], activation)"),
    "first step left out of the sweep": ("range(len(delta) - 2, -1, -1)", "range(len(delta) - 2, 0, -1)"),
    "the sweep runs forward": ("range(len(delta) - 2, -1, -1)", "range(len(delta) - 1)"),
    "h(t) instead of h(t-1)": ("outer_sum(delta, states[:-1])", "outer_sum(delta, states[1:])"),
    "what comes from the layer above is lost": (
        "delta = sweep(d_h, W_ll, states, trace.activation)",
        "delta = sweep(0 * d_h, W_ll, states, trace.activation)",
    ),
    "recurrent weights of the layer below": (
        'trace.states[l - 1], params[f"W{l}{l}"]',
        'trace.states[l - 1], params["W11"]',
    ),
    "initial state without the weights": ("transposed_times(delta[0], W_ll)", "delta[0]"),
    "initial states in reverse order": ("d_h_start.insert(0, ", "d_h_start.append("),
    "input of the layer instead of the states below": ("outer_sum(delta, h[l])", "outer_sum(delta, h[0])"),
    "weights between layers not transposed": (
        'transposed_times(delta, params[f"W{l}"])',
        'times(delta, params[f"W{l}"])',
    ),
    "mean instead of sum over rows": ("_rows(delta).sum(axis=0)", "_rows(delta).mean(axis=0)"),
    "the last step only": ('gradients[f"b{l}"] = row_sum(delta)', 'gradients[f"b{l}"] = row_sum(delta[-1])'),
    "a factor of 0.999999": ("outer_sum(delta, h[l])", "0.999999 * outer_sum(delta, h[l])"),
}


@pytest.fixture(scope="module")
def square():
    """All layers of one size, so that nothing betrays itself by its shape; and its true gradients."""
    instance = make(sizes=[4, 4, 4, 2, 4, 4, 4], seed=6)
    return instance, instance.by_autograd()


def test_the_witness_accepts_the_code(square):
    instance, expected = square
    assert accepted(instance.gradients(), expected, 1e-9)


@pytest.mark.parametrize("name", MUTANTS)
def test_the_witness_refuses_wrong_code(square, name):
    instance, expected = square
    assert not accepted(instance.gradients(mutant(deep, *MUTANTS[name])), expected, 1e-9)
