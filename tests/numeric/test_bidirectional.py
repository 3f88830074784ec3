"""The bidirectional network's forward and backward pass against independent witnesses."""

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
from bptt_lab.numeric import bidirectional, gradient_check, losses, rnn

TEXT = """
    af[t] = W0f @ x[t] + W11f @ hf[t-1] + b0f
    hf[t] = tanh(af[t])
    ab[t] = W0b @ x[t] + W11b @ hb[t+1] + b0b
    hb[t] = tanh(ab[t])
    a2[t] = W1f @ hf[t] + W1b @ hb[t] + b1
    L[t] = mse(a2[t], y[t])
"""


class Instance(NamedTuple):
    params: dict
    x: np.ndarray
    h_start: np.ndarray
    h_end: np.ndarray
    y: np.ndarray

    @property
    def arrays(self):
        return dict(self.params, x=self.x, h_start=self.h_start, h_end=self.h_end)

    def forward(self, arrays, code=bidirectional):
        params = {name: arrays[name] for name in self.params}
        return code.forward(params, arrays["x"], arrays["h_start"], arrays["h_end"])

    def loss(self, arrays):
        return losses.mse(self.forward(arrays).scores, self.y.astype(arrays["x"].dtype))[0]

    def gradients(self, code=bidirectional):
        trace = self.forward(self.arrays, code)
        return code.backward(self.params, trace, losses.mse(trace.scores, self.y)[1])

    def by_engine(self):
        (T, _, D), K = self.x.shape, self.y.shape[2]
        sizes = dict(x=D, hf=self.h_start.shape[1], hb=self.h_end.shape[1], a2=K)
        own = {"x": self.x.swapaxes(0, 1), "y": self.y.swapaxes(0, 1), "hf[0]": self.h_start, "hb[T+1]": self.h_end}
        found = engine_gradients(TEXT, sizes, T, self.params, own)
        del found["y"]
        x, h_start, h_end = found.pop("x").swapaxes(0, 1), found.pop("hf[0]"), found.pop("hb[T+1]")
        return found | dict(x=x, h_start=h_start, h_end=h_end)

    def by_autograd(self):
        def loss(p):
            times, hf, hb = range(1, len(self.x) + 1), {0: p["h_start"]}, {len(self.x) + 1: p["h_end"]}
            for t in times:
                hf[t] = anp.tanh(p["x"][t - 1] @ p["W0f"].T + hf[t - 1] @ p["W11f"].T + p["b0f"])
            for t in reversed(times):
                hb[t] = anp.tanh(p["x"][t - 1] @ p["W0b"].T + hb[t + 1] @ p["W11b"].T + p["b0b"])
            scores = [hf[t] @ p["W1f"].T + hb[t] @ p["W1b"].T + p["b1"] for t in times]
            return sum(0.5 * anp.sum((scores[t - 1] - self.y[t - 1]) ** 2) for t in times)

        return autograd.grad(loss)(self.arrays)


def make(seed=0, dtype=np.float64, sizes=None):
    rng = np.random.default_rng(seed)
    D, Mf, Mb, K, T, B = sizes or sizes_all_different(seed, 6)
    params = bidirectional.initialise(rng, D, (Mf, Mb), K, dtype)
    x = rng.standard_normal((T + 1, B, D)).astype(dtype)
    h_start, h_end = (rng.uniform(-0.9, 0.9, (B, M)).astype(dtype) for M in (Mf, Mb))
    return Instance(params, x, h_start, h_end, rng.standard_normal((T + 1, B, K)).astype(dtype))


@pytest.fixture
def instance():
    return make()


def test_forward_follows_the_equations_step_by_step(instance):
    p, x, T, trace = instance.params, instance.x, len(instance.x), instance.forward(instance.arrays)
    hf, hb = instance.h_start, instance.h_end
    for t in range(T):
        hf = np.tanh(x[t] @ p["W0f"].T + hf @ p["W11f"].T + p["b0f"])
        np.testing.assert_allclose(trace.hf[t], hf, rtol=1e-13)
    for t in reversed(range(T)):
        hb = np.tanh(x[t] @ p["W0b"].T + hb @ p["W11b"].T + p["b0b"])
        np.testing.assert_allclose(trace.hb[t], hb, rtol=1e-13)
        scores = trace.hf[t] @ p["W1f"].T + hb @ p["W1b"].T + p["b1"]
        np.testing.assert_allclose(trace.scores[t], scores, rtol=1e-12, atol=1e-13)


def test_trace_and_gradients_have_the_promised_shapes(instance):
    trace, (T, B, _) = instance.forward(instance.arrays), instance.x.shape
    (_, Mf), (_, Mb) = instance.h_start.shape, instance.h_end.shape
    assert Mf != Mb
    assert trace.states_f.shape == (T + 1, B, Mf) and trace.states_b.shape == (T + 1, B, Mb)
    np.testing.assert_array_equal(trace.states_f[0], instance.h_start)
    np.testing.assert_array_equal(trace.states_b[T], instance.h_end)
    assert trace.hf.shape == (T, B, Mf) and trace.hb.shape == (T, B, Mb) and trace.x is instance.x
    gradients = instance.gradients()
    assert tuple(gradients) == tuple(instance.arrays)
    for name, array in instance.arrays.items():
        assert gradients[name].shape == array.shape and gradients[name].dtype == array.dtype


@pytest.mark.parametrize("seed", range(6))
def test_gradients_equal_the_engine(seed):
    instance = make(seed, sizes=[*sizes_all_different(seed, 4), 2 + seed % 3, 2])
    assert_close(instance.gradients(), instance.by_engine())


@pytest.mark.parametrize("seed", range(30))
def test_gradients_equal_autograd(seed):
    instance = make(seed)
    assert not np.allclose(instance.params["W11b"], instance.params["W11b"].T)
    assert_close(instance.gradients(), instance.by_autograd())


@pytest.mark.parametrize("place", range(6))
def test_gradients_equal_autograd_when_one_size_is_one(place):
    sizes = [4, 3, 5, 2, 6, 7]
    sizes[place] = 0 if place == 4 else 1
    instance = make(sizes=sizes)
    assert_close(instance.gradients(), instance.by_autograd())


def test_gradients_equal_the_complex_step():
    instance = make(sizes=[4, 3, 5, 2, 3, 2])
    assert_close(instance.gradients(), gradient_check.complex_step(instance.loss, instance.arrays), 1e-13)


def test_gradients_can_be_differentiated_again_by_the_complex_step():
    instance = make(sizes=[4, 3, 5, 2, 3, 2])

    def of_w11b(entry):
        moved = complexly(instance.arrays)
        moved["W11b"][entry] += 1e-30j
        trace = instance.forward(moved)
        params = {name: moved[name] for name in instance.params}
        d_scores = losses.mse(trace.scores, instance.y.astype(complex))[1]
        return bidirectional.backward(params, trace, d_scores)["W11b"].imag / 1e-30

    np.testing.assert_allclose(of_w11b((0, 3))[4, 1], of_w11b((4, 1))[0, 3], rtol=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_the_backward_layer_is_a_forward_layer_on_flipped_time(seed):
    instance = make(seed)
    names = dict(W0="W0b", W11="W11b", b0="b0b", W1="W1b", b1="b1")
    params = {name: instance.params[ours] for name, ours in names.items()}
    flipped = rnn.forward(params, instance.x[::-1].copy(), instance.h_end)
    trace = instance.forward(instance.arrays)
    np.testing.assert_allclose(trace.hb, flipped.h1[::-1], rtol=1e-12)
    expected = rnn.backward(params, flipped, (trace.scores - instance.y)[::-1])
    found = instance.gradients()
    assert_close({name: found[ours] for name, ours in names.items()}, {name: expected[name] for name in names}, 1e-13)
    np.testing.assert_allclose(found["h_end"], expected["h_start"], rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("seed", range(5))
def test_the_network_with_its_layers_exchanged_flips_its_output_in_time(seed):
    instance = make(seed)
    exchange = str.maketrans("fb", "bf")
    other = Instance(
        {name[:2] + name[2:].translate(exchange): array for name, array in instance.params.items()},
        instance.x[::-1],
        instance.h_end,
        instance.h_start,
        instance.y[::-1],
    )
    assert other.params["W0f"] is instance.params["W0b"]
    found, expected = other.gradients(), instance.gradients()
    np.testing.assert_allclose(found["x"], expected["x"][::-1], rtol=1e-10, atol=1e-12)
    for ours, theirs in (("W11f", "W11b"), ("b0b", "b0f"), ("W1b", "W1f"), ("b1", "b1"), ("h_start", "h_end")):
        np.testing.assert_allclose(found[ours], expected[theirs], rtol=1e-10, atol=1e-12)


def test_every_output_depends_on_every_input(instance):
    trace = instance.forward(instance.arrays)
    for t in range(len(instance.x)):
        d_scores = np.zeros_like(instance.y)
        d_scores[t] = 1
        d_x = bidirectional.backward(instance.params, trace, d_scores)["x"]
        assert (np.abs(d_x).sum(axis=2) > 0).all()


def test_float32_stays_float32_and_close_to_float64():
    short = make(dtype=np.float32)
    params = {name: array.astype(np.float64) for name, array in short.params.items()}
    wide = Instance(params, *(array.astype(np.float64) for array in short[1:]))
    trace, gradients = short.forward(short.arrays), short.gradients()
    assert all(array.dtype == np.float32 for array in (*trace[:4], *gradients.values()))
    assert_close(gradients, wide.gradients(), 1e-4)


def test_inputs_are_never_changed(instance):
    kept, trace = copies(instance.arrays), instance.forward(instance.arrays)
    found = dict(zip(trace._fields[:4], trace, strict=False)) | {"d_scores": np.ones_like(instance.y)}
    also_kept = copies(found)
    gradients = bidirectional.backward(instance.params, trace, found["d_scores"])
    assert_unchanged(instance.arrays, kept)
    assert_unchanged(found, also_kept)
    given = (*instance.arrays.values(), *found.values())
    assert not any(np.shares_memory(gradient, array) for gradient in gradients.values() for array in given)
    assert not np.shares_memory(trace.states_f, instance.h_start)
    assert not np.shares_memory(trace.states_b, instance.h_end)


def test_read_only_and_non_contiguous_inputs_are_accepted(instance):
    expected = instance.gradients()
    params = {name: np.asfortranarray(array) for name, array in instance.params.items()}
    x = np.repeat(instance.x, 2, axis=2)[:, :, ::2]
    other = Instance(params, x, *(np.asfortranarray(array) for array in instance[2:]))
    for array in (*other.arrays.values(), other.y):
        array.setflags(write=False)
    assert_close(other.gradients(), expected, 1e-13)


def test_initialise_gives_the_promised_shapes_and_leaves_nothing_zero():
    params = bidirectional.initialise(np.random.default_rng(0), 2, (3, 4), 5, np.float32)
    assert {name: array.shape for name, array in params.items()} == dict(
        W0f=(3, 2), W11f=(3, 3), b0f=(3,), W0b=(4, 2), W11b=(4, 4), b0b=(4,), W1f=(5, 3), W1b=(5, 4), b1=(5,)
    )
    assert all(array.dtype == np.float32 and (array != 0).all() for array in params.values())


BAD_SIZES = [
    ((2, 3, 4), TypeError, r"M is 3, expected a tuple of sizes such as \(Mf, Mb\)"),
    ((2, (3,), 4), ValueError, r"M is \(3,\), expected at least 2"),
    ((2, (3, 4, 5), 4), ValueError, r"M is \(3, 4, 5\), expected two sizes"),
    ((2, (0, 3), 4), ValueError, r"M\[0\] is 0"),
    ((-1, (3, 4), 4), ValueError, r"D is -1"),
    ((2, (3, 4), None), ValueError, r"K is None"),
]


@pytest.mark.parametrize("sizes, error, message", BAD_SIZES)
def test_initialise_refuses_bad_sizes(sizes, error, message):
    with pytest.raises(error, match=message):
        bidirectional.initialise(np.random.default_rng(0), *sizes)


BAD_ARRAYS = [
    ("W11b", None, ValueError, r"params has no W11b, expected the names W0f"),
    ("W1", np.ones((5, 7)), ValueError, r"unexpected entry 'W1'"),
    ("x", np.ones((6, 4)), ValueError, r"x has shape \(6, 4\), expected 3 axes \(T, B, D\): .* x\[:, None\]"),
    ("x", np.ones((0, 2, 4)), ValueError, r"x has shape \(0, 2, 4\), which is empty"),
    ("x", np.full((6, 2, 4), np.inf), ValueError, r"x contains inf at x\[0, 0, 0\]"),
    ("x", np.ones((6, 2, 4), np.float32), TypeError, r"W0f has dtype float64, expected float32"),
    ("W0b", np.ones((4, 3)), ValueError, r"W0b has shape \(4, 3\), expected \(Mb, D\) = \(3, 4\): pass W0b\.T"),
    ("W11f", np.ones((3, 3)), ValueError, r"W0f has shape \(7, 4\), expected \(Mf, D\) = \(3, 4\)"),
    ("W11b", np.ones((3, 2)), ValueError, r"W11b has shape \(3, 2\), expected \(Mb, Mb\) = \(3, 3\)"),
    ("b0f", np.ones(3), ValueError, r"b0f has shape \(3,\), expected \(Mf\)"),
    ("W1b", np.ones((5, 7)), ValueError, r"W1b has shape \(5, 7\), expected \(K, Mb\) = \(5, 3\)"),
    ("b1", np.ones(4), ValueError, r"b1 has shape \(4,\), expected \(K\)"),
    ("h_start", np.ones((2, 3)), ValueError, r"h_start has shape \(2, 3\), expected \(B, Mf\) = \(2, 7\)"),
    ("h_end", np.ones((2, 7)), ValueError, r"h_end has shape \(2, 7\), expected \(B, Mb\) = \(2, 3\)"),
    ("h_end", None, TypeError, r"h_end is of type NoneType, expected a NumPy array"),
]


@pytest.mark.parametrize("name, value, error, message", BAD_ARRAYS)
def test_forward_refuses_bad_arrays(name, value, error, message):
    given = bidirectional.initialise(np.random.default_rng(0), 4, (7, 3), 5)
    given |= {"x": np.ones((6, 2, 4)), "h_start": np.ones((2, 7)), "h_end": np.ones((2, 3)), name: value}
    x, h_start, h_end = given.pop("x"), given.pop("h_start"), given.pop("h_end")
    given = {key: array for key, array in given.items() if array is not None}
    with pytest.raises(error, match=message):
        bidirectional.forward(given, x, h_start, h_end)


@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid")
def test_an_overflow_is_refused(instance):
    with pytest.raises(ValueError, match="scores contains (nan|-?inf)"):
        params = instance.params | {"W1b": np.full_like(instance.params["W1b"], 1.7e308)}
        bidirectional.forward(params, *instance[1:4])


def test_backward_refuses_bad_input(instance):
    trace, d_scores = instance.forward(instance.arrays), np.ones_like(instance.y)
    with pytest.raises(TypeError, match="trace is of type tuple, expected what forward returned"):
        bidirectional.backward(instance.params, tuple(trace), d_scores)
    with pytest.raises(ValueError, match=r"d_scores has shape .*, expected \(T, B, K\)"):
        bidirectional.backward(instance.params, trace, d_scores[1:])
    with pytest.raises(ValueError, match="d_scores contains nan"):
        bidirectional.backward(instance.params, trace, np.nan * d_scores)
    with pytest.raises(ValueError, match="W1b has shape"):
        bidirectional.backward(instance.params | {"W1b": instance.params["W1b"].T}, trace, d_scores)


MUTANTS = {
    "backward layer swept like a forward one": (
        "sweep_back(transposed_times(d_scores, W1b), W11b, states_b, activation, lengths)",
        "sweep(transposed_times(d_scores, W1b), W11b, states_b, activation)",
    ),
    "delta not flipped back": (
        "reversed_by_lengths(sweep(reversed_by_lengths(d_h, lengths), W, ran, activation), lengths)",
        "sweep(reversed_by_lengths(d_h, lengths), W, ran, activation)",
    ),
    "upstream not flipped": ("sweep(reversed_by_lengths(d_h, lengths), W", "sweep(d_h, W"),
    "states not flipped": ("ran = reversed_by_lengths(states, _one_more(lengths))", "ran = states"),
    "hb(t) instead of hb(t+1)": ("outer_sum(deltab, states_b[1:])", "outer_sum(deltab, states_b[:-1])"),
    "hf(t) instead of hf(t-1)": ("outer_sum(deltaf, states_f[:-1])", "outer_sum(deltaf, states_f[1:])"),
    "hb(t+1) in the output weights": ("outer_sum(d_scores, states_b[:-1])", "outer_sum(d_scores, states_b[1:])"),
    "input reached by one layer only": (" + transposed_times(deltab, W0b)", ""),
    "final state from the wrong end": ("last_steps(deltab, lengths)", "deltab[0]"),
    "final state without the weights": ("transposed_times(last_steps(deltab, lengths), W11b)", "deltab[-1]"),
    "the forward layer's recurrent weights twice": ("W1b), W11b, states_b", "W1b), W11f, states_b"),
    "the forward layer's output weights twice": ("transposed_times(d_scores, W1b)", "transposed_times(d_scores, W1f)"),
    "layers' deltas exchanged": ('"b0b": row_sum(deltab)', '"b0b": row_sum(deltaf)'),
    "recurrent path forgotten": ("delta[t] += slope[t] * delta[t + 1].dot(W)", "pass"),
    "recurrent weights not transposed": ("delta[t + 1].dot(W)", "delta[t + 1].dot(W.T)"),
    "a factor of 0.999999": ("outer_sum(deltab, x)", "0.999999 * outer_sum(deltab, x)"),
}


@pytest.fixture(scope="module")
def square():
    """All layers of one size, so that nothing betrays itself by its shape; and its true gradients."""
    instance = make(sizes=[4, 4, 4, 4, 4, 2], seed=6)
    return instance, instance.by_autograd()


def test_the_witness_accepts_the_code(square):
    instance, expected = square
    assert accepted(instance.gradients(), expected, 1e-9)


@pytest.mark.parametrize("name", MUTANTS)
def test_the_witness_refuses_wrong_code(square, name):
    instance, expected = square
    assert not accepted(instance.gradients(mutant(bidirectional, *MUTANTS[name])), expected, 1e-9)
