"""Activations besides tanh in all recurrent architectures: against the engine, autograd and complex steps."""

from types import SimpleNamespace

import autograd
import autograd.numpy as anp
import numpy as np
import pytest

from architectures import accepted, assert_close, engine_gradients, mutant
from bptt_lab.numeric import bidirectional, deep, gradient_check, layers, losses, rnn

BY_HAND = dict(
    tanh=anp.tanh,
    sigmoid=lambda a: 1 / (1 + anp.exp(-a)),
    relu=lambda a: anp.maximum(a, 0),
    leaky_relu=lambda a: anp.where(a > 0, a, 0.01 * a),
    identity=lambda a: a,
)

# each architecture: how it is drawn, how the engine calls its initial states
CASES = {
    rnn: (lambda rng, D, K: rnn.initialise(rng, D, 5, K), ["h1[0]"]),
    deep: (lambda rng, D, K: deep.initialise(rng, D, (5, 3), K), ["h1[0]", "h2[0]"]),
    bidirectional: (lambda rng, D, K: bidirectional.initialise(rng, D, (5, 3), K), ["hf[0]", "hb[T+1]"]),
}
TEXTS = {
    rnn: """
        h1[t] = f(W0 @ x[t] + W11 @ h1[t-1] + b0)
        s[t] = W1 @ h1[t] + b1
        L[t] = mse(s[t], y[t])
    """,
    deep: """
        h1[t] = f(W0 @ x[t] + W11 @ h1[t-1] + b0)
        h2[t] = f(W1 @ h1[t] + W22 @ h2[t-1] + b1)
        s[t] = W2 @ h2[t] + b2
        L[t] = mse(s[t], y[t])
    """,
    bidirectional: """
        hf[t] = f(W0f @ x[t] + W11f @ hf[t-1] + b0f)
        hb[t] = f(W0b @ x[t] + W11b @ hb[t+1] + b0b)
        s[t] = W1f @ hf[t] + W1b @ hb[t] + b1
        L[t] = mse(s[t], y[t])
    """,
}
ALL = pytest.mark.parametrize("code", CASES, ids=lambda code: code.__name__.rsplit(".")[-1])
EACH = pytest.mark.parametrize("activation", layers.ACTIVATIONS)


class Instance(SimpleNamespace):
    """An architecture with its data; `states` are the initial states by the engine's names."""

    @property
    def arrays(self):
        return self.params | {"x": self.x} | self.states

    def given(self, states):
        parts = tuple(states.values())
        return parts if self.code is bidirectional else [parts if self.code is deep else parts[0]]

    def forward(self, arrays, code=None, **options):
        params, states = ({name: arrays[name] for name in part} for part in (self.params, self.states))
        options = {"activation": self.activation, **options}
        return (code or self.code).forward(params, arrays["x"], *self.given(states), **options)

    def loss(self, arrays):
        return losses.mse(scores(self.forward(arrays)), self.y.astype(arrays["x"].dtype))[0]

    def gradients(self, code=None):
        code = code or self.code
        trace = self.forward(self.arrays, code)
        found = code.backward(self.params, trace, losses.mse(scores(trace), self.y)[1])
        ends = [found.pop(name) for name in ("h_start", "h_end") if name in found]
        return found | dict(zip(self.states, ends[0] if self.code is deep else ends, strict=True))

    def by_engine(self):
        own = {"x": self.x.swapaxes(0, 1), "y": self.y.swapaxes(0, 1), **self.states}
        sizes = {name.split("[")[0]: state.shape[1] for name, state in self.states.items()}
        sizes |= {"x": self.x.shape[2], "s": self.y.shape[2]}
        text = TEXTS[self.code].replace("f(", f"{self.activation}(")
        found = engine_gradients(text, sizes, len(self.x), self.params, own)
        return {name: found[name].swapaxes(0, 1) if name == "x" else found[name] for name in self.arrays}

    def by_autograd(self):
        f, T = BY_HAND[self.activation], len(self.x)

        def layer(p, x, name, h, W0, W, b, times):
            found = {}
            for t in times:
                h = found[t] = f(x[t] @ p[W0].T + h @ p[W].T + p[b])
            return [found[t] for t in range(T)]

        def loss(p):
            if self.code is bidirectional:
                hf = layer(p, p["x"], "f", p["hf[0]"], "W0f", "W11f", "b0f", range(T))
                hb = layer(p, p["x"], "b", p["hb[T+1]"], "W0b", "W11b", "b0b", reversed(range(T)))
                found = [hf[t] @ p["W1f"].T + hb[t] @ p["W1b"].T + p["b1"] for t in range(T)]
            else:
                h = p["x"]
                for l in range(len(self.states)):
                    h = layer(p, h, l, p[f"h{l + 1}[0]"], f"W{l}", f"W{l + 1}{l + 1}", f"b{l}", range(T))
                found = [h[t] @ p[f"W{len(self.states)}"].T + p[f"b{len(self.states)}"] for t in range(T)]
            return sum(0.5 * anp.sum((found[t] - self.y[t]) ** 2) for t in range(T))

        return autograd.grad(loss)(self.arrays)


def scores(trace):
    return trace.a2 if hasattr(trace, "a2") else trace.scores


def make(code, activation, seed=0, T=4, B=2, D=6, K=7):
    rng = np.random.default_rng(seed)
    draw, names = CASES[code]
    params = draw(rng, D, K)
    states = {name: rng.uniform(-0.9, 0.9, (B, M)) for name, M in zip(names, (5, 3), strict=False)}
    x, y = rng.standard_normal((T, B, D)), rng.standard_normal((T, B, K))
    return Instance(code=code, params=params, states=states, x=x, y=y, activation=activation)


@ALL
@EACH
def test_gradients_equal_the_engine(code, activation):
    instance = make(code, activation)
    assert_close(instance.gradients(), instance.by_engine())


@ALL
@EACH
@pytest.mark.parametrize("sizes", [dict(T=9, B=4), dict(T=1), dict(B=1), dict(T=1, B=1), dict(D=1, K=1)], ids=str)
def test_gradients_equal_autograd(code, activation, sizes):
    for seed in range(3):
        instance = make(code, activation, seed, **sizes)
        assert_close(instance.gradients(), instance.by_autograd())


@ALL
@EACH
def test_gradients_equal_the_complex_step(code, activation):
    instance = make(code, activation, T=3, D=2, K=3)
    assert_close(instance.gradients(), gradient_check.complex_step(instance.loss, instance.arrays), 1e-13)


@ALL
@EACH
def test_the_trace_knows_the_activation_and_tanh_is_what_comes_without_one(code, activation):
    instance = make(code, activation)
    assert instance.forward(instance.arrays).activation == activation
    params, x = instance.params, instance.x
    default = code.forward(params, x, *instance.given(instance.states))
    assert default.activation == "tanh"
    same = np.array_equal(scores(default), scores(instance.forward(instance.arrays)))
    assert same == (activation == "tanh")


@ALL
@EACH
def test_float32_stays_float32(code, activation):
    wide = make(code, activation)
    short = make(code, activation)
    short.params = {name: array.astype(np.float32) for name, array in wide.params.items()}
    short.states = {name: array.astype(np.float32) for name, array in wide.states.items()}
    short.x, short.y = wide.x.astype(np.float32), wide.y.astype(np.float32)
    found = short.gradients()
    assert scores(short.forward(short.arrays)).dtype == np.float32
    assert all(array.dtype == np.float32 for array in found.values())
    assert_close(found, wide.gradients(), 1e-4)


@ALL
@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
@pytest.mark.filterwarnings("error")
def test_saturated_units_have_no_slope_and_raise_nothing(code, activation):
    instance = make(code, activation)
    instance.x = 1e6 * instance.x
    found, lowest = instance.gradients(), "W0" if code is not bidirectional else "W0f"
    assert all(np.isfinite(array).all() for array in found.values())
    assert not found["x"].any() and not found[lowest].any()


@ALL
def test_relu_at_exactly_zero_has_slope_zero(code):
    instance = make(code, "relu")
    instance.params = {
        name: np.abs(array) * (name[:2] != "W0" and name[:2] != "b0") for name, array in instance.params.items()
    }
    instance.states = {name: np.zeros_like(array) for name, array in instance.states.items()}
    found = instance.gradients()
    assert not found["x"].any() and not found["W0" if code is not bidirectional else "W0f"].any()
    assert not any(found[name].any() for name in list(instance.states)[:1])


@ALL
@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid")
def test_relu_that_grows_without_bound_is_told(code):
    instance = make(code, "relu", T=30)
    instance.params = {name: 1e30 * np.abs(array) for name, array in instance.params.items()}
    instance.x = np.abs(instance.x)
    with pytest.raises(ValueError, match="contains (inf|nan) .* look for the division or overflow"):
        instance.forward(instance.arrays)


@ALL
def test_an_unknown_activation_is_refused(code):
    instance = make(code, "softmax")
    with pytest.raises(ValueError, match="activation is 'softmax', expected one of tanh, sigmoid, relu, leaky_relu"):
        instance.forward(instance.arrays)


@EACH
def test_a_workspace_gives_the_same_numbers_with_changing_activations(activation):
    workspace = rnn.Workspace()
    for name in (activation, "tanh", activation):
        instance = make(rnn, name, T=7)
        trace = instance.forward(instance.arrays, workspace=workspace)
        found = rnn.backward(instance.params, trace, losses.mse(trace.a2, instance.y)[1], workspace)
        for key, array in instance.gradients().items():
            np.testing.assert_array_equal(found["h_start" if key == "h1[0]" else key], array)


@EACH
def test_slopes_from_the_output_are_those_from_the_input(activation):
    a = np.array([-30.0, -1.0, -1e-200, -0.0, 0.0, 1e-200, 0.5, 2.0, 30.0])
    a = a[a != 0] if activation == "leaky_relu" else a
    h, out = np.empty_like(a), np.empty_like(a)
    layers.applied(activation)(a, h)
    np.testing.assert_allclose(h, BY_HAND[activation](a), rtol=1e-14)
    expected = autograd.elementwise_grad(BY_HAND[activation])(a)
    expected = np.where(a == 0, 0.0, expected) if activation == "relu" else expected
    found = layers.slopes(h, activation)
    np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-15)
    assert layers.slopes(h, activation, out) is out
    np.testing.assert_array_equal(out, found)


MUTANTS = {
    "rnn: another function": (rnn, "applied(activation)", 'applied("tanh")'),
    "rnn: another slope": (rnn, "slopes(h1[block], activation, slope)", 'slopes(h1[block], "tanh", slope)'),
    "rnn: the slopes in reverse order": (
        rnn,
        "slopes(h1[block], activation, slope)",
        "slopes(h1[::-1][block], activation, slope)",
    ),
    "rnn: the trace forgets": (rnn, "kept.stamp, activation)", "kept.stamp)"),
    "deep: another function": (
        deep,
        "below]), applied(activation)",
        'below]), applied("tanh")',
    ),
    "deep: another slope": (deep, "slopes(states[1:], activation)", 'slopes(states[1:], "tanh")'),
    "deep: the slope of the step before": (deep, "slopes(states[1:], activation)", "slopes(states[:-1], activation)"),
    "deep: the trace forgets": (deep, 'as_floats("scores", scores), activation)', 'as_floats("scores", scores))'),
    "deep: the slope of the pre-activation again": (
        deep,
        'getattr(activations, f"{activation}_derivative")(h)',
        'getattr(activations, f"{activation}_derivative")(getattr(activations, activation)(h) - 0.5)',
    ),
    "bidirectional: the backward layer without": (
        bidirectional,
        "W11b, h_end, activation, lengths)",
        "W11b, h_end, lengths=lengths)",
    ),
    "bidirectional: the forward layer without": (bidirectional, "W11f, h_start, activation)", "W11f, h_start)"),
    "bidirectional: one slope without": (bidirectional, "W11f, states_f, activation)", "W11f, states_f)"),
    "bidirectional: the other slope without": (
        bidirectional,
        "states_b, activation, lengths)",
        "states_b, lengths=lengths)",
    ),
}


@pytest.mark.parametrize("activation", ["sigmoid", "relu"])
@pytest.mark.parametrize("name", MUTANTS)
def test_wrong_code_is_refused(name, activation):
    code, before, after = MUTANTS[name]
    instance = make(code, activation, T=5)
    assert accepted(instance.gradients(), instance.by_autograd(), 1e-9)
    assert not accepted(instance.gradients(mutant(code, before, after)), instance.by_autograd(), 1e-9)
