"""The deep bidirectional network's forward and backward pass against independent witnesses."""

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
from bptt_lab.numeric import bidirectional, deep_bidirectional, gradient_check, layers, losses

BY_HAND = dict(
    tanh=anp.tanh,
    sigmoid=lambda a: 1 / (1 + anp.exp(-a)),
    relu=lambda a: anp.maximum(a, 0),
    leaky_relu=lambda a: anp.where(a > 0, a, 0.01 * a),
    identity=lambda a: a,
)


class Instance(NamedTuple):
    params: dict
    x: np.ndarray
    h_start: tuple
    h_end: tuple
    y: np.ndarray
    activation: str = "tanh"

    @property
    def L(self):
        return len(self.h_start)

    @property
    def arrays(self):
        return dict(self.params, x=self.x) | self.flat(self.h_start, self.h_end)

    def flat(self, h_start, h_end):
        """The states of the layers by the engine's names."""
        found = {f"h{l}f[0]": state for l, state in enumerate(h_start, start=1)}
        return found | {f"h{l}b[T+1]": state for l, state in enumerate(h_end, start=1)}

    def forward(self, arrays, code=deep_bidirectional):
        states = [arrays[name] for name in self.flat(self.h_start, self.h_end)]
        params = {name: arrays[name] for name in self.params}
        return code.forward(
            params, arrays["x"], tuple(states[: self.L]), tuple(states[self.L :]), activation=self.activation
        )

    def loss(self, arrays):
        return losses.mse(self.forward(arrays).scores, self.y.astype(arrays["x"].dtype))[0]

    def gradients(self, code=deep_bidirectional):
        trace = self.forward(self.arrays, code)
        found = code.backward(self.params, trace, losses.mse(trace.scores, self.y)[1])
        states = self.flat(found.pop("h_start"), found.pop("h_end"))
        return found | states

    @property
    def text(self):
        """The equations, written out a direction at a time."""
        lines = []
        for l in range(1, self.L + 1):
            for to, before in (("f", "t-1"), ("b", "t+1")):
                below = [f"W{l - 1}{s}{to} @ h{l - 1}{s}[t]" for s in "fb"] if l > 1 else [f"W0{to} @ x[t]"]
                inside = " + ".join([*below, f"W{l}{l}{to} @ h{l}{to}[{before}]", f"b{l - 1}{to}"])
                lines.append(f"h{l}{to}[t] = {self.activation}({inside})")
        L = self.L
        return "\n".join([*lines, f"s[t] = W{L}f @ h{L}f[t] + W{L}b @ h{L}b[t] + b{L}", "L[t] = mse(s[t], y[t])"])

    def by_engine(self):
        own = dict(x=self.x.swapaxes(0, 1), y=self.y.swapaxes(0, 1)) | self.flat(self.h_start, self.h_end)
        sizes = {key.split("[")[0]: state.shape[1] for key, state in self.flat(self.h_start, self.h_end).items()}
        sizes |= dict(x=self.x.shape[2], s=self.y.shape[2])
        found = engine_gradients(self.text, sizes, len(self.x), self.params, own)
        del found["y"]
        return found | {"x": found["x"].swapaxes(0, 1)}

    def by_autograd(self):
        f, T = BY_HAND[self.activation], len(self.x)

        def loss(p):
            below = [p["x"][t] for t in range(T)]
            for l in range(1, self.L + 1):
                hf, hb = {-1: p[f"h{l}f[0]"]}, {T: p[f"h{l}b[T+1]"]}
                # both matrices to one direction side by side, and both directions below on top of each other
                Wf, Wb = (
                    anp.concatenate([p[f"W{l - 1}{s}{to}"] for s in ("fb" if l > 1 else [""])], axis=1) for to in "fb"
                )
                for t in range(T):
                    hf[t] = f(below[t] @ Wf.T + hf[t - 1] @ p[f"W{l}{l}f"].T + p[f"b{l - 1}f"])
                for t in reversed(range(T)):
                    hb[t] = f(below[t] @ Wb.T + hb[t + 1] @ p[f"W{l}{l}b"].T + p[f"b{l - 1}b"])
                below = [anp.concatenate([hf[t], hb[t]], axis=1) for t in range(T)]
            W = anp.concatenate([p[f"W{self.L}f"], p[f"W{self.L}b"]], axis=1)
            return sum(0.5 * anp.sum((below[t] @ W.T + p[f"b{self.L}"] - self.y[t]) ** 2) for t in range(T))

        return autograd.grad(loss)(self.arrays)


def make(L=2, seed=0, dtype=np.float64, sizes=None, activation="tanh"):
    rng = np.random.default_rng(seed)
    D, K, T, B, *hidden = sizes or sizes_all_different(seed, 2 * L + 4)
    M = tuple(zip(hidden[::2], hidden[1::2], strict=True))
    params = deep_bidirectional.initialise(rng, D, M, K, dtype)
    x = rng.standard_normal((T + 1, B, D)).astype(dtype)
    h_start, h_end = (tuple(rng.uniform(-0.9, 0.9, (B, pair[i])).astype(dtype) for pair in M) for i in (0, 1))
    return Instance(params, x, h_start, h_end, rng.standard_normal((T + 1, B, K)).astype(dtype), activation)


@pytest.fixture
def instance():
    return make()


def test_trace_and_gradients_have_the_promised_shapes(instance):
    trace, T = instance.forward(instance.arrays), len(instance.x)
    for states, start in zip(trace.states_f, instance.h_start, strict=True):
        assert states.shape == (T + 1, *start.shape)
        np.testing.assert_array_equal(states[0], start)
    for states, end in zip(trace.states_b, instance.h_end, strict=True):
        assert states.shape == (T + 1, *end.shape)
        np.testing.assert_array_equal(states[T], end)
    assert trace.scores.shape == instance.y.shape and trace.x is instance.x
    gradients = deep_bidirectional.backward(instance.params, trace, np.ones_like(instance.y))
    assert tuple(gradients) == (*instance.params, "x", "h_start", "h_end")
    assert isinstance(gradients["h_start"], tuple) and isinstance(gradients["h_end"], tuple)
    found = instance.gradients()
    for name, array in instance.arrays.items():
        assert found[name].shape == array.shape and found[name].dtype == array.dtype


@pytest.mark.parametrize("L", range(1, 4))
@pytest.mark.parametrize("number", range(2))
def test_gradients_equal_the_engine(L, number):
    small = sizes_all_different(10 * number + L, 2 * L + 2)
    instance = make(L, seed=number, sizes=[*small[:2], 2 + number, 2, *small[2:]])
    assert_close(instance.gradients(), instance.by_engine())


@pytest.mark.parametrize("activation", layers.ACTIVATIONS)
def test_gradients_equal_the_engine_for_all_activations(activation):
    instance = make(sizes=[2, 3, 2, 2, 4, 5, 3, 2], activation=activation)
    assert_close(instance.gradients(), instance.by_engine())


@pytest.mark.parametrize("L", range(1, 4))
@pytest.mark.parametrize("number", range(6))
def test_gradients_equal_autograd(L, number):
    activation = layers.ACTIVATIONS[number % len(layers.ACTIVATIONS)]
    instance = make(L, seed=10 * number + L, activation=activation)
    assert not np.allclose(instance.params["W11b"], instance.params["W11b"].T)
    assert_close(instance.gradients(), instance.by_autograd())


@pytest.mark.parametrize("place", range(8))
def test_gradients_equal_autograd_when_one_size_is_one(place):
    sizes = [4, 3, 5, 2, 6, 7, 8, 9]
    sizes[place] = 0 if place == 2 else 1
    instance = make(sizes=sizes)
    assert_close(instance.gradients(), instance.by_autograd())


def test_gradients_equal_autograd_for_one_step_of_one_sequence():
    instance = make(sizes=[4, 3, 0, 1, 6, 7, 5, 2])
    assert instance.x.shape[:2] == (1, 1)
    assert_close(instance.gradients(), instance.by_autograd())


@pytest.mark.parametrize("L", [1, 2])
def test_gradients_equal_the_complex_step(L):
    instance = make(L, seed=L, sizes=[2, 3, 3, 2, 4, 5, 3, 2][: 2 * L + 4])
    assert_close(instance.gradients(), gradient_check.complex_step(instance.loss, instance.arrays), 1e-13)


def test_gradients_can_be_differentiated_again_by_the_complex_step(instance):
    def of_w1bf(entry):
        moved = complexly(instance.arrays)
        moved["W1bf"][entry] += 1e-30j
        trace = instance.forward(moved)
        params = {name: moved[name] for name in instance.params}
        d_scores = losses.mse(trace.scores, instance.y.astype(complex))[1]
        return deep_bidirectional.backward(params, trace, d_scores)["W1bf"].imag / 1e-30

    np.testing.assert_allclose(of_w1bf((0, 1))[1, 0], of_w1bf((1, 0))[0, 1], rtol=1e-11)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("lengths", [False, True])
def test_one_layer_is_bidirectional(seed, lengths):
    instance = make(1, seed=seed)
    T, B, _ = instance.x.shape
    n = np.random.default_rng(seed).integers(1, T + 1, B) if lengths else None
    params, x, h_start, h_end = instance[:4]
    found = deep_bidirectional.forward(params, x, h_start, h_end, lengths=n)
    trace = bidirectional.forward(params, x, h_start[0], h_end[0], lengths=n)
    np.testing.assert_allclose(found.scores, trace.scores, rtol=1e-12, atol=1e-13)
    d_scores = instance.y if n is None else instance.y * (np.arange(T)[:, None] < n)[..., None]
    gradients = deep_bidirectional.backward(params, found, d_scores)
    expected = bidirectional.backward(params, trace, d_scores)
    (gradients["h_start"],), (gradients["h_end"],) = gradients["h_start"], gradients["h_end"]
    assert tuple(gradients) == tuple(expected)
    assert_close(gradients, expected, 1e-13)


def test_one_layer_is_drawn_as_bidirectional_draws_it():
    found = deep_bidirectional.initialise(np.random.default_rng(5), 4, ((5, 6),), 3)
    expected = bidirectional.initialise(np.random.default_rng(5), 4, (5, 6), 3)
    assert tuple(found) == tuple(expected)
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array)


def test_the_network_with_its_directions_exchanged_flips_its_output_in_time(instance):
    exchange = str.maketrans("fb", "bf")
    renamed = lambda name: name if name[0] == "b" and name[1:].isdigit() else name[0] + name[1:].translate(exchange)
    other = Instance(
        {renamed(name): array for name, array in instance.params.items()},
        instance.x[::-1],
        instance.h_end,
        instance.h_start,
        instance.y[::-1],
    )
    assert other.params["W1bf"] is instance.params["W1fb"] and other.params["b2"] is instance.params["b2"]
    found, expected = other.gradients(), instance.gradients()
    np.testing.assert_allclose(found["x"], expected["x"][::-1], rtol=1e-10, atol=1e-12)
    for name in instance.params:
        np.testing.assert_allclose(found[renamed(name)], expected[name], rtol=1e-10, atol=1e-12)


def test_inputs_are_never_changed(instance):
    kept, trace = copies(instance.arrays), instance.forward(instance.arrays)
    found = {"scores": trace.scores, "d_scores": np.ones_like(instance.y)} | instance.flat(*trace[1:3])
    also_kept = copies(found)
    gradients = deep_bidirectional.backward(instance.params, trace, found["d_scores"])
    assert_unchanged(instance.arrays, kept)
    assert_unchanged(found, also_kept)
    ends = (*gradients.pop("h_start"), *gradients.pop("h_end"))
    given = (*instance.arrays.values(), *found.values())
    assert not any(np.shares_memory(one, array) for one in (*gradients.values(), *ends) for array in given)


def test_float32_stays_float32_and_close_to_float64():
    short = make(dtype=np.float32)
    wide = Instance(
        {name: array.astype(np.float64) for name, array in short.params.items()},
        short.x.astype(np.float64),
        *(tuple(state.astype(np.float64) for state in states) for states in (short.h_start, short.h_end)),
        short.y.astype(np.float64),
    )
    trace, gradients = short.forward(short.arrays), short.gradients()
    assert all(a.dtype == np.float32 for a in (*trace.states_f, *trace.states_b, trace.scores, *gradients.values()))
    assert_close(gradients, wide.gradients(), 1e-4)


def test_read_only_and_non_contiguous_inputs_are_accepted(instance):
    expected = instance.gradients()
    other = Instance(
        {name: np.asfortranarray(array) for name, array in instance.params.items()},
        np.repeat(instance.x, 2, axis=2)[:, :, ::2],
        *([np.asfortranarray(state) for state in states] for states in (instance.h_start, instance.h_end)),
        np.asfortranarray(instance.y),
    )
    for array in (*other.arrays.values(), other.y):
        array.setflags(write=False)
    assert_close(other.gradients(), expected, 1e-13)


@pytest.mark.filterwarnings("error")
def test_saturated_units_raise_nothing(instance):
    found = instance._replace(x=1e6 * instance.x).gradients()
    assert not found["x"].any() and not found["W0f"].any() and found["W2b"].all()


def test_initialise_gives_the_promised_shapes_and_leaves_nothing_zero():
    params = deep_bidirectional.initialise(np.random.default_rng(0), 2, ((3, 4), (5, 6)), 7, np.float32)
    assert {name: array.shape for name, array in params.items()} == dict(
        **dict(W0f=(3, 2), W11f=(3, 3), b0f=(3,), W0b=(4, 2), W11b=(4, 4), b0b=(4,)),
        **dict(W1ff=(5, 3), W1bf=(5, 4), W22f=(5, 5), b1f=(5,), W1fb=(6, 3), W1bb=(6, 4), W22b=(6, 6), b1b=(6,)),
        **dict(W2f=(7, 5), W2b=(7, 6), b2=(7,)),
    )
    assert all(array.dtype == np.float32 and (array != 0).all() for array in params.values())


def test_ten_layers_run_and_eleven_are_refused():
    instance = make(sizes=[2, 3, 2, 2, *[2, 3] * 10])
    assert "W1010f" in instance.params and instance.L == 10 and len(instance.params) == 6 + 9 * 8 + 3
    assert_close(instance.gradients(), instance.by_autograd())
    with pytest.raises(ValueError, match="M has 11 layers, expected at most 10"):
        deep_bidirectional.initialise(np.random.default_rng(0), 2, ((2, 2),) * 11, 3)


BAD_SIZES = [
    ((2, 3, 4), TypeError, r"M is 3, expected a tuple of sizes such as \(\(M1f, M1b\), …\)"),
    ((2, (), 4), ValueError, r"M is \[\], expected at least 1"),
    ((2, (3, 4), 4), TypeError, r"M\[0\] is 3, expected a tuple of sizes such as \(M1f, M1b\)"),
    ((2, ((3, 4), (5,)), 4), ValueError, r"M\[1\] is \(5,\), expected at least 2"),
    ((2, ((3, 4, 5),), 4), ValueError, r"M\[0\] is \(3, 4, 5\), expected two sizes, \(M1f, M1b\)"),
    ((2, ((3, 4), (0, 1)), 4), ValueError, r"M\[1\]\[0\] is 0"),
    ((0, ((3, 4),), 4), ValueError, r"D is 0"),
    ((2, ((3, 4),), "4"), ValueError, r"K is '4'"),
]


@pytest.mark.parametrize("sizes, error, message", BAD_SIZES)
def test_initialise_refuses_bad_sizes(sizes, error, message):
    with pytest.raises(error, match=message):
        deep_bidirectional.initialise(np.random.default_rng(0), *sizes)


STATES = (np.ones((2, 7)), np.ones((2, 3)))
BAD_ARRAYS = [
    ("W22b", None, ValueError, r"params has no W22b, expected the names W0f, W11f, b0f"),
    ("b1f", None, ValueError, r"params has no b1f"),
    ("W1f", np.ones((2, 2)), ValueError, r"unexpected entry 'W1f'"),
    ("x", np.ones((6, 4)), ValueError, r"x has shape \(6, 4\), expected 3 axes \(T, B, D\): .* x\[:, None\]"),
    ("x", np.ones((6, 2, 9)), ValueError, r"W0f has shape \(7, 4\), expected \(M1f, D\) = \(7, 9\)"),
    ("x", np.full((6, 2, 4), np.nan), ValueError, r"x contains nan at x\[0, 0, 0\]"),
    ("x", np.ones((6, 2, 4), np.float32), TypeError, r"W0f has dtype float64, expected float32"),
    ("W1bf", np.ones((3, 7)), ValueError, r"W1bf has shape \(3, 7\), expected \(M2f, M1b\) = \(3, 6\)"),
    ("W2b", np.ones((5, 5)), ValueError, r"W2b has shape \(5, 5\), expected \(K, M2b\) = \(5, 8\)"),
    ("W22f", np.ones(3), ValueError, r"W22f has shape \(3,\), expected 2 axes \(M2f, M2f\)"),
    ("b2", np.ones(3), ValueError, r"b2 has shape \(3,\), expected \(K\)"),
    ("h_start", np.ones((2, 7)), TypeError, r"h_start is of type ndarray, expected a tuple .*: pass \(h_start,\)"),
    ("h_end", (np.ones((2, 6)),), ValueError, r"h_end holds 1 states, expected 2, one \(B, M\) for each"),
    ("h_start", (np.ones((2, 7)), np.ones((3, 2))), ValueError, r"h_start\[1\] .* \(B, M2f\) .* pass h_start\[1\]\.T"),
    ("h_end", (np.ones((2, 6)), np.full((2, 8), np.inf)), ValueError, r"h_end\[1\] contains inf"),
]


@pytest.mark.parametrize("name, value, error, message", BAD_ARRAYS)
def test_forward_refuses_bad_arrays(name, value, error, message):
    given = deep_bidirectional.initialise(np.random.default_rng(0), 4, ((7, 6), (3, 8)), 5)
    given |= {"x": np.ones((6, 2, 4)), "h_start": (np.ones((2, 7)), np.ones((2, 3)))}
    given |= {"h_end": (np.ones((2, 6)), np.ones((2, 8))), name: value}
    if value is None:
        del given[name]
    x, h_start, h_end = (given.pop(key) for key in ("x", "h_start", "h_end"))
    with pytest.raises(error, match=message):
        deep_bidirectional.forward(given, x, h_start, h_end)


def test_forward_refuses_an_unknown_activation_and_what_is_no_dict(instance):
    with pytest.raises(ValueError, match="activation is 'elu', expected one of tanh"):
        instance._replace(activation="elu").forward(instance.arrays)
    with pytest.raises(TypeError, match="params is of type list, expected a dict"):
        deep_bidirectional.forward([], *instance[1:4])


@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid")
def test_an_overflow_is_refused(instance):
    with pytest.raises(ValueError, match="scores contains (nan|-?inf)"):
        params = instance.params | {"W2f": np.full_like(instance.params["W2f"], 1.7e308)}
        deep_bidirectional.forward(params, *instance[1:4])


def test_backward_refuses_bad_input(instance):
    trace, d_scores = instance.forward(instance.arrays), np.ones_like(instance.y)
    with pytest.raises(TypeError, match="trace is of type tuple, expected what forward returned"):
        deep_bidirectional.backward(instance.params, tuple(trace), d_scores)
    with pytest.raises(ValueError, match=r"d_scores has shape .*, expected \(T, B, K\)"):
        deep_bidirectional.backward(instance.params, trace, d_scores[1:])
    with pytest.raises(ValueError, match="d_scores contains nan"):
        deep_bidirectional.backward(instance.params, trace, np.nan * d_scores)
    with pytest.raises(ValueError, match="W1bf has shape"):
        deep_bidirectional.backward(instance.params | {"W1bf": instance.params["W1bf"].T}, trace, d_scores)
    with pytest.raises(ValueError, match="params has no W2f"):
        deep_bidirectional.backward(make(3).params, trace, d_scores)


MUTANTS = {
    "recurrent path forgotten": ("delta[t] += slope[t] * delta[t + 1].dot(W)", "pass"),
    "recurrent weights not transposed": ("delta[t + 1].dot(W)", "delta[t + 1].dot(W.T)"),
    "backward direction swept like a forward one": (
        'sweep_back(d_h["b"], W_b, b, trace.activation, trace.lengths)',
        'sweep(d_h["b"], W_b, b, trace.activation)',
    ),
    "directions' gradients exchanged": ('deltaf = sweep(d_h["f"]', 'deltaf = sweep(d_h["b"]'),
    "only one direction comes back to the layer below": (
        'params[f"W{l}{s}{to}"]) for to in delta)',
        'params[f"W{l}{s}{to}"]) for to in [*delta][:1])',
    ),
    "weights between layers exchanged on the way back": (
        'transposed_times(delta[to], params[f"W{l}{s}{to}"])',
        'transposed_times(delta[to], params[f"W{l}{to}{s}" if f"W{l}{to}{s}" in params else f"W{l}{s}{to}"])',
    ),
    "weights between layers not transposed": (
        'transposed_times(delta[to], params[f"W{l}{s}{to}"])',
        'times(delta[to], params[f"W{l}{s}{to}"])',
    ),
    "gradients between layers exchanged": (
        "outer_sum(delta[to], h[s]) for s in h",
        "outer_sum(delta[to], h[[*h][-1]]) for s in h",
    ),
    "hf(t) instead of hf(t-1)": ("outer_sum(deltaf, f[:-1])", "outer_sum(deltaf, f[1:])"),
    "hb(t) instead of hb(t+1)": ("outer_sum(deltab, b[1:])", "outer_sum(deltab, b[:-1])"),
    "hb(t+1) given to the layer above": (
        '"b": trace.states_b[l - 1][:-1]} if l',
        '"b": trace.states_b[l - 1][1:]} if l',
    ),
    "recurrent weights of the other direction": (
        'params[f"W{l}{l}f"], params[f"W{l}{l}b"]\n',
        'params[f"W{l}{l}f"], params[f"W{l}{l}f"]\n',
    ),
    "recurrent weights of the first layer": (
        'params[f"W{l}{l}f"], params[f"W{l}{l}b"]\n',
        'params["W11f"], params["W11b"]\n',
    ),
    "final state from the wrong end": ("last_steps(deltab, trace.lengths)", "deltab[0]"),
    "initial state without the weights": ("transposed_times(deltaf[0], W_f)", "deltaf[0]"),
    "initial states in reverse order": ("d_h_start.insert(0, ", "d_h_start.append("),
    "final states in reverse order": ("d_h_end.insert(0, ", "d_h_end.append("),
    "one bias for both directions": ("row_sum(delta[to]) for to", "row_sum(delta[[*delta][0]]) for to"),
    "slope of the step before": ("slopes(states[1:], activation)", "slopes(states[:-1], activation)"),
    "a factor of 0.999999": ("outer_sum(delta[to], h[s]) for", "0.999999 * outer_sum(delta[to], h[s]) for"),
}


@pytest.fixture(scope="module")
def square():
    """All layers of one size, so that nothing betrays itself by its shape; and its true gradients."""
    instance = make(sizes=[4, 4, 4, 2, 4, 4, 4, 4], seed=6)
    return instance, instance.by_autograd()


def test_the_witness_accepts_the_code(square):
    instance, expected = square
    assert accepted(instance.gradients(), expected, 1e-9)


@pytest.mark.parametrize("name", MUTANTS)
def test_the_witness_refuses_wrong_code(square, name):
    instance, expected = square
    assert not accepted(instance.gradients(mutant(deep_bidirectional, *MUTANTS[name])), expected, 1e-9)
