"""The feed-forward network's forward and backward pass against independent witnesses."""

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
from bptt_lab.numeric import feed_forward, gradient_check, losses, rnn

PAIRS = [(activation, output) for activation in feed_forward.ACTIVATIONS for output in feed_forward.OUTPUTS]
BY_HAND = {
    "tanh": anp.tanh,
    "sigmoid": lambda a: 1 / (1 + anp.exp(-a)),
    "relu": lambda a: anp.maximum(a, 0),
    "leaky_relu": lambda a: anp.where(a > 0, a, 0.01 * a),
    "identity": lambda a: a,
    "softmax": lambda a: anp.exp(a) / anp.sum(anp.exp(a), axis=1, keepdims=True),
}


class Instance(NamedTuple):
    params: dict
    x: np.ndarray
    y: np.ndarray
    activation: str
    output: str

    @property
    def L(self):
        return len(self.params) // 2

    @property
    def arrays(self):
        return dict(self.params, x=self.x)

    def forward(self, arrays, code=feed_forward):
        return code.forward(
            {name: arrays[name] for name in self.params}, arrays["x"], activation=self.activation, output=self.output
        )

    def loss(self, arrays):
        return losses.mse(self.forward(arrays).post[-1], self.y.astype(arrays["x"].dtype))[0]

    def gradients(self, code=feed_forward):
        trace = self.forward(self.arrays, code)
        return code.backward(self.params, trace, losses.mse(trace.post[-1], self.y)[1])

    def by_engine(self):
        lines = []
        for l in range(1, self.L + 1):
            before, f = (f"h{l - 1}" if l > 1 else "x"), (self.activation if l < self.L else self.output)
            lines += [f"a{l} = W{l - 1} @ {before} + b{l - 1}", f"h{l} = {f}(a{l})"]
        text = "\n".join([*lines, f"C = mse(h{self.L}, y)"])
        sizes = {f"h{l + 1}": len(self.params[f"b{l}"]) for l in range(self.L)} | {"x": self.x.shape[1]}
        found = engine_gradients(text, sizes, 1, self.params, dict(x=self.x, y=self.y))
        del found["y"]
        return found

    def by_autograd(self):
        def loss(arrays):
            h = arrays["x"]
            for l in range(self.L):
                a = h @ arrays[f"W{l}"].T + arrays[f"b{l}"]
                h = BY_HAND[self.activation if l < self.L - 1 else self.output](a)
            return 0.5 * anp.sum((h - self.y) ** 2)

        return autograd.grad(loss)(self.arrays)


def make(L=3, activation="tanh", output="identity", seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    B, *sizes = sizes_all_different(seed, L + 2, least=3)
    params = feed_forward.initialise(rng, sizes, dtype)
    x = rng.standard_normal((B, sizes[0])).astype(dtype)
    y = rng.uniform(0.1, 0.9, (B, sizes[-1])).astype(dtype)
    return Instance(params, x, y, activation, output)


@pytest.fixture
def instance():
    return make()


def test_forward_follows_the_equations_layer_by_layer():
    instance = make(L=3, activation="sigmoid", output="softmax")
    trace, h = instance.forward(instance.arrays), instance.x
    for l in range(3):
        a = h @ instance.params[f"W{l}"].T + instance.params[f"b{l}"]
        h = BY_HAND["sigmoid" if l < 2 else "softmax"](a)
        np.testing.assert_allclose(trace.pre[l], a, rtol=1e-13)
        np.testing.assert_allclose(trace.post[l], h, rtol=1e-13)
    np.testing.assert_allclose(trace.post[-1].sum(axis=1), 1)


def test_trace_and_gradients_have_the_promised_shapes(instance):
    trace = instance.forward(instance.arrays)
    sizes = [len(instance.params[f"b{l}"]) for l in range(3)]
    assert [a.shape[1] for a in trace.pre] == [h.shape[1] for h in trace.post] == sizes
    assert trace.x is instance.x and (trace.activation, trace.output) == ("tanh", "identity")
    gradients = instance.gradients()
    assert tuple(gradients) == ("W0", "b0", "W1", "b1", "W2", "b2", "x")
    for name, array in instance.arrays.items():
        assert gradients[name].shape == array.shape and gradients[name].dtype == array.dtype


@pytest.mark.parametrize("L", range(1, 6))
@pytest.mark.parametrize("number", range(5))
def test_gradients_equal_the_engine(L, number):
    instance = make(L, *PAIRS[(7 * number + L) % len(PAIRS)], seed=10 * number + L)
    assert_close(instance.gradients(), instance.by_engine())


@pytest.mark.parametrize("activation, output", PAIRS)
def test_gradients_equal_the_engine_for_all_activations(activation, output):
    instance = make(2, activation, output, seed=5)
    assert_close(instance.gradients(), instance.by_engine())


@pytest.mark.parametrize("activation, output", PAIRS)
@pytest.mark.parametrize("L", range(1, 6))
def test_gradients_equal_autograd(L, activation, output):
    instance = make(L, activation, output, seed=17 + L)
    gradients = instance.gradients()
    assert all(gradients[f"W{l}"].any() for l in range(L)) and gradients["x"].any()
    assert_close(gradients, instance.by_autograd())


@pytest.mark.parametrize("activation, output", PAIRS)
def test_gradients_equal_the_complex_step(activation, output):
    instance = make(2, activation, output, seed=3)
    assert_close(instance.gradients(), gradient_check.complex_step(instance.loss, instance.arrays), 1e-13)


def test_gradients_can_be_differentiated_again_by_the_complex_step(instance):
    def of_w1(entry):
        moved = complexly(instance.arrays)
        moved["W1"][entry] += 1e-30j
        trace = instance.forward(moved)
        d_output = losses.mse(trace.post[-1], instance.y.astype(complex))[1]
        params = {name: moved[name] for name in instance.params}
        return feed_forward.backward(params, trace, d_output)["W1"].imag / 1e-30

    np.testing.assert_allclose(of_w1((0, 2))[2, 1], of_w1((2, 1))[0, 2], rtol=1e-12)


def test_softmax_with_the_negative_log_likelihood_is_the_stable_loss_on_scores():
    scores, probabilities = make(output="identity"), make(output="softmax")
    labels = np.arange(len(scores.x)) % scores.y.shape[1]
    trace = scores.forward(scores.arrays)
    expected = feed_forward.backward(scores.params, trace, losses.softmax_nll(trace.post[-1], labels)[1])
    trace = probabilities.forward(probabilities.arrays)
    d_output = losses.nll(trace.post[-1], np.eye(scores.y.shape[1])[labels])[1]
    assert_close(feed_forward.backward(probabilities.params, trace, d_output), expected)


def test_large_scores_make_finite_probabilities():
    instance = make(L=1, output="softmax")
    trace = feed_forward.forward(instance.params, 1e5 * instance.x, output="softmax")
    np.testing.assert_allclose(trace.post[-1].sum(axis=1), 1)


@pytest.mark.parametrize("activation, output", PAIRS)
def test_float32_stays_float32_and_close_to_float64(activation, output):
    short = make(3, activation, output, dtype=np.float32)
    wide = short._replace(
        params={name: array.astype(np.float64) for name, array in short.params.items()},
        x=short.x.astype(np.float64),
        y=short.y.astype(np.float64),
    )
    trace, gradients = short.forward(short.arrays), short.gradients()
    assert all(array.dtype == np.float32 for array in (*trace.pre, *trace.post, *gradients.values()))
    assert_close(gradients, wide.gradients(), 1e-4)


@pytest.mark.parametrize("activation, output", PAIRS)
def test_inputs_are_never_changed(activation, output):
    instance = make(3, activation, output)
    kept, trace = copies(instance.arrays), instance.forward(instance.arrays)
    found = {f"{kind}{l}": array for kind in ("pre", "post") for l, array in enumerate(getattr(trace, kind))}
    found["d_output"] = np.ones_like(instance.y)
    also_kept = copies(found)
    gradients = feed_forward.backward(instance.params, trace, found["d_output"])
    assert_unchanged(instance.arrays, kept)
    assert_unchanged(found, also_kept)
    given = (*instance.arrays.values(), *found.values())
    assert not any(np.shares_memory(gradient, array) for gradient in gradients.values() for array in given)
    assert not any(np.shares_memory(h, instance.x) for h in trace.post)


def test_read_only_and_non_contiguous_inputs_are_accepted(instance):
    expected = instance.gradients()
    params = {name: np.asfortranarray(array) for name, array in instance.params.items()}
    other = instance._replace(params=params, x=np.repeat(instance.x, 2, axis=1)[:, ::2])
    for array in (*other.arrays.values(), other.y):
        array.setflags(write=False)
    assert_close(other.gradients(), expected, 1e-14)


def test_initialise_leaves_nothing_zero_and_follows_the_generator():
    first, again = (feed_forward.initialise(np.random.default_rng(3), (4, 5, 3), np.float32) for _ in range(2))
    assert {name: array.shape for name, array in first.items()} == dict(W0=(5, 4), b0=(5,), W1=(3, 5), b1=(3,))
    for name, array in first.items():
        assert array.dtype == np.float32 and (array != 0).all()
        np.testing.assert_array_equal(array, again[name])


BAD_SIZES = [
    (5, TypeError, r"sizes is 5, expected a tuple of sizes such as \(D, M1, …, K\)"),
    ((5,), ValueError, r"sizes is \(5,\), expected at least 2"),
    ((5, 0), ValueError, r"sizes\[1\] is 0, expected an integer of at least 1"),
    ((5, 2.5), ValueError, r"sizes\[1\] is 2\.5"),
]


@pytest.mark.parametrize("sizes, error, message", BAD_SIZES)
def test_initialise_refuses_bad_sizes(sizes, error, message):
    with pytest.raises(error, match=message):
        feed_forward.initialise(np.random.default_rng(0), sizes)


def test_initialise_refuses_integers():
    with pytest.raises(TypeError, match="dtype is int64, expected np.float32 or np.float64"):
        feed_forward.initialise(np.random.default_rng(0), (2, 3), np.int64)


BAD_ARRAYS = [
    ("W1", None, ValueError, r"params has no W1, expected the names W0, b0, W1, b1, W2, b2"),
    ("b2", None, ValueError, r"params has no b2"),
    ("V", np.ones(2), ValueError, r"unexpected entry 'V'"),
    ("W11", np.ones((2, 2)), ValueError, r"unexpected entry 'W11'"),
    ("x", np.ones(6), ValueError, r"x has shape \(6,\), expected 2 axes \(B, D\)"),
    ("x", np.ones((3, 9)), ValueError, r"W0 has shape \(7, 4\), expected \(M1, D\) = \(7, 9\)"),
    ("x", np.ones((0, 4)), ValueError, r"x has shape \(0, 4\), which is empty"),
    ("x", np.full((3, 4), np.nan), ValueError, r"x contains nan at x\[0, 0\]"),
    ("x", np.ones((3, 4), int), TypeError, r"x has dtype int64, expected float32 or float64"),
    ("x", [[1.0]], TypeError, r"x is of type list, expected a NumPy array"),
    ("x", np.ones((3, 4), np.float32), TypeError, r"W0 has dtype float64, expected float32"),
    ("W1", np.ones((3, 2)), ValueError, r"W1 has shape \(3, 2\), expected \(M2, M1\) = \(3, 7\)"),
    ("W2", np.ones(3), ValueError, r"W2 has shape \(3,\), expected 2 axes \(K, M2\)"),
    ("b1", np.ones(2), ValueError, r"b1 has shape \(2,\), expected \(M2\)"),
    ("b2", np.full(5, np.inf), ValueError, r"b2 contains inf at b2\[0\]"),
]


@pytest.mark.parametrize("name, value, error, message", BAD_ARRAYS)
def test_forward_refuses_bad_arrays(name, value, error, message):
    rng = np.random.default_rng(0)
    arrays = feed_forward.initialise(rng, (4, 7, 3, 5)) | {"x": rng.standard_normal((6, 4)), name: value}
    if value is None:
        del arrays[name]
    x = arrays.pop("x")
    with pytest.raises(error, match=message):
        feed_forward.forward(arrays, x)


def test_forward_refuses_what_is_no_dict_and_unknown_functions(instance):
    with pytest.raises(TypeError, match="params is of type list, expected a dict"):
        feed_forward.forward([], instance.x)
    with pytest.raises(ValueError, match="params has no W0, expected the names W0, b0"):
        feed_forward.forward({}, instance.x)
    with pytest.raises(ValueError, match="activation is 'softmax', expected one of tanh, sigmoid"):
        feed_forward.forward(instance.params, instance.x, activation="softmax")
    with pytest.raises(ValueError, match="output is 'linear', expected one of .*, softmax"):
        feed_forward.forward(instance.params, instance.x, output="linear")


@pytest.mark.filterwarnings("error")
def test_an_overflow_is_refused_and_named():
    instance = make(L=3, activation="relu")
    params = {name: 1e200 * np.abs(array) for name, array in instance.params.items()}
    with pytest.raises(ValueError, match=r"a2 contains inf at a2\[0, 0\]"):
        feed_forward.forward(params, np.abs(instance.x), activation="relu")


def test_backward_refuses_bad_input(instance):
    trace, d_output = instance.forward(instance.arrays), np.ones_like(instance.y)
    with pytest.raises(TypeError, match="trace is of type dict, expected what forward returned"):
        feed_forward.backward(instance.params, {}, d_output)
    other = rnn.Trace(*[None] * 7)
    with pytest.raises(TypeError, match=r"trace is of type bptt_lab\.numeric\.rnn\.Trace"):
        feed_forward.backward(instance.params, other, d_output)
    with pytest.raises(ValueError, match=r"d_output has shape .*, expected \(B, K\) = .*: pass d_output\.T"):
        feed_forward.backward(instance.params, trace, d_output.T)
    with pytest.raises(ValueError, match="d_output contains nan"):
        feed_forward.backward(instance.params, trace, np.nan * d_output)
    with pytest.raises(ValueError, match="W1 has shape"):
        feed_forward.backward(instance.params | {"W1": instance.params["W1"].T}, trace, d_output)
    with pytest.raises(ValueError, match="unexpected entry 'W3'"):
        feed_forward.backward(instance.params | {"W3": np.ones((2, 2))}, trace, d_output)


SQUARE = 'transposed_times(delta, params[f"W{l - 1}"])'
MUTANTS = {
    "weights not transposed": (SQUARE, 'times(delta, params[f"W{l - 1}"])'),
    "gradient transposed": ("outer_sum(delta, inputs[l - 1])", "outer_sum(delta, inputs[l - 1]).T"),
    "the layer's own output instead of its input": (
        "outer_sum(delta, inputs[l - 1])",
        "outer_sum(delta, trace.post[l - 1])",
    ),
    "pre-activations instead of outputs": ("*trace.post[:-1]]", "*trace.pre[:-1]]"),
    "output's function used in every layer": ("f = trace.activation if l < L else trace.output", "f = trace.output"),
    "the slope forgotten": ('getattr(activations, f"{f}_derivative")(h) * d_h', "d_h"),
    "the slope from the pre-activation": ('f"{f}_derivative")(h)', 'f"{f}_derivative")(a)'),
    "softmax Jacobian taken as diagonal": ("(h * d_h).sum(axis=-1, keepdims=True)", "h * d_h"),
    "softmax summed over examples": ("(h * d_h).sum(axis=-1, keepdims=True)", "(h * d_h).sum(axis=0, keepdims=True)"),
    "bias from one example": ("row_sum(delta)  # FF7", "delta[0]"),
    "mean instead of sum over examples": ("row_sum(delta)  # FF7", "delta.mean(axis=0)"),
    "d_x stops at the first delta": ('return gradients | {"x": d_h}', 'return gradients | {"x": delta}'),
    "a factor of 0.999999": ("outer_sum(delta, inputs[l - 1])", "0.999999 * outer_sum(delta, inputs[l - 1])"),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_the_witness_refuses_wrong_code(name):
    # All sizes equal, so that nothing betrays itself by its shape.
    rng = np.random.default_rng(4)
    params, x, y = feed_forward.initialise(rng, (4, 4, 4, 4)), rng.standard_normal((4, 4)), rng.uniform(size=(4, 4))
    square = Instance(params, x, y, "tanh", "softmax")
    assert accepted(square.gradients(), square.by_autograd(), 1e-9)
    assert not accepted(square.gradients(mutant(feed_forward, *MUTANTS[name])), square.by_autograd(), 1e-9)
