"""A learned initial state, one for all sequences, in every architecture."""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest

from architectures import accepted, assert_close, mutant
from bptt_lab.numeric import bidirectional, deep, deep_bidirectional, gradient_check, layers, losses, rnn, training
from bptt_lab.numeric import rnn_plain as plain

T, B, D, K = 4, 3, 6, 2

# each: the code, its parameters, the states it starts from as its forward pass takes them
CASES = {
    "rnn": (rnn, lambda rng: rnn.initialise(rng, D, 5, K), (5,)),
    "rnn_plain": (plain, lambda rng: rnn.initialise(rng, D, 5, K), (5,)),
    "deep": (deep, lambda rng: deep.initialise(rng, D, (5, 7), K), ((5, 7),)),
    "bidirectional": (bidirectional, lambda rng: bidirectional.initialise(rng, D, (5, 7), K), (5, 7)),
    "deep_bidirectional": (
        deep_bidirectional,
        lambda rng: deep_bidirectional.initialise(rng, D, ((5, 7), (8, 9)), K),
        ((5, 8), (7, 9)),
    ),
}


def drawn(rng, sizes):
    return tuple(drawn(rng, one) for one in sizes) if isinstance(sizes, tuple) else rng.uniform(-0.9, 0.9, sizes)


def named(states, name=""):
    """Nested tuples of arrays as a dict."""
    if not isinstance(states, tuple):
        return {name: states}
    return {key: array for i, one in enumerate(states) for key, array in named(one, f"{name}h{i}").items()}


def like(states, found):
    """The arrays of a dict as nested tuples: `named` turned round."""
    return tuple(like(one, found) for one in states) if isinstance(states, tuple) else next(found)


def case(name, B=B):
    code, draw, sizes = CASES[name]
    rng = np.random.default_rng(3)
    return code, draw(rng), rng.standard_normal((T, B, D)), drawn(rng, sizes), rng.standard_normal((T, B, K))


def scores(trace):
    return trace.a2 if hasattr(trace, "a2") else trace.scores


def gradient(code, params, x, states, y):
    """The gradients by what all sequences share, in the order of the forward pass's states."""
    trace = code.forward(params, x, *(layers.shared_state(one, x.shape[1]) for one in states))
    found = code.backward(params, trace, losses.mse(scores(trace), y)[1])
    return tuple(layers.shared_state_gradient(found[name]) for name in ("h_start", "h_end") if name in found)


@pytest.mark.parametrize("B", [1, 3])
@pytest.mark.parametrize("name", CASES)
def test_gradients_by_a_shared_initial_state_equal_the_complex_step(name, B):
    code, params, x, states, y = case(name, B)
    found = named(gradient(code, params, x, states, y))

    def loss(arrays):
        given = like(states, iter([arrays[key] for key in named(states)]))
        starts = (layers.shared_state(one, B) for one in given)
        trace = code.forward({key: arrays[key] for key in params}, arrays["x"], *starts)
        return losses.mse(scores(trace), y.astype(complex))[0]

    expected = gradient_check.complex_step(loss, params | {"x": x} | named(states))
    assert all(found[key].shape == array.shape for key, array in named(states).items())
    assert_close(found, {key: expected[key] for key in found}, 1e-13)


def by_autograd(params, x, h, y):
    def loss(h):
        states, total = anp.outer(anp.ones(x.shape[1]), h), 0.0
        for t in range(T):
            states = anp.tanh(x[t] @ params["W0"].T + states @ params["W11"].T + params["b0"])
            total = total + 0.5 * anp.sum((states @ params["W1"].T + params["b1"] - y[t]) ** 2)
        return total

    return autograd.grad(loss)(h)


MUTANTS = {
    "the mean": ("return row_sum(d_h_start)", "return d_h_start.mean(axis=0)"),
    "the first sequence alone": ("return row_sum(d_h_start)", "return d_h_start[0]"),
    "the sum over units": ("return row_sum(d_h_start)", "return d_h_start.sum(axis=1)"),
}


def test_the_gradient_equals_autograd_and_wrong_sums_are_told_apart():
    code, params, x, (h,), y = case("rnn", B=5)  # as many sequences as units: no shape betrays the wrong axis
    found, expected = gradient(code, params, x, (h,), y), by_autograd(params, x, h, y)
    assert_close({"h": found[0]}, {"h": expected})
    trace = rnn.forward(params, x, layers.shared_state(h, 5))
    d_h_start = rnn.backward(params, trace, losses.mse(trace.a2, y)[1])["h_start"]
    for before, after in MUTANTS.values():
        wrong = mutant(layers, before, after).shared_state_gradient(d_h_start)
        assert not accepted({"h": wrong}, {"h": expected}, 1e-6)


def test_a_shared_state_is_the_same_for_all_and_shares_no_memory():
    h = np.array([1.0, -2.0, 0.5], np.float32)
    h.setflags(write=False)
    found = layers.shared_state(h, 4)
    assert found.shape == (4, 3) and found.dtype == np.float32 and found.flags.writeable
    np.testing.assert_array_equal(found, [h] * 4)
    assert not np.shares_memory(found, h) and not np.shares_memory(layers.shared_state(h, 1), h)
    assert layers.shared_state_gradient(found).dtype == np.float32
    assert [one.shape for one in layers.shared_state([h, h[:2]], 4)] == [(4, 3), (4, 2)]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: layers.shared_state(np.ones((2, 3)), 4), ValueError, r"h has shape \(2, 3\), expected 1 axes \(M\)"),
        (lambda: layers.shared_state(np.array([np.nan]), 4), ValueError, r"h contains nan at h\[0\]"),
        (lambda: layers.shared_state(np.ones(3, int), 4), TypeError, "h has dtype int64"),
        (lambda: layers.shared_state(np.ones(3), 0), ValueError, "B is 0, expected an integer of at least 1"),
        (lambda: layers.shared_state_gradient(np.ones(3)), ValueError, r"d_h_start has shape \(3,\), .* \(B, M\)"),
        (lambda: layers.shared_state_gradient(None), TypeError, "d_h_start is of type NoneType"),
    ],
)
def test_impossible_states_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_an_initial_state_is_learned():
    """The targets are those of the same network from a secret state: training finds it."""
    rng = np.random.default_rng(0)
    params = rnn.initialise(rng, D, 5, K) | {"h_start": np.zeros(5)}
    fixed = ("W0", "W11", "b0", "W1", "b1")

    def loss_and_gradients(params, x, y):
        network = {name: params[name] for name in fixed}
        trace = rnn.forward(network, x, layers.shared_state(params["h_start"], x.shape[1]))
        loss, d_a2 = losses.mse(trace.a2, y, mean=True)
        found = rnn.backward(network, trace, d_a2)
        frozen = {name: np.zeros_like(array) for name, array in network.items()}
        return loss, frozen | {"h_start": layers.shared_state_gradient(found["h_start"])}

    secret = layers.shared_state(np.array([0.6, -0.7, 0.4, 0.8, -0.3]), 8)

    def draw(rng):
        x = rng.standard_normal((T, 8, D))
        return x, rnn.forward({name: params[name] for name in fixed}, x, secret).a2

    found = training.train(params, draw, loss_and_gradients, rng, steps=600, rate=training.falling(0.05))
    np.testing.assert_allclose(found.params["h_start"], secret[0], atol=0.1)
    assert all((found.params[name] == params[name]).all() for name in fixed)
    assert found.losses[-1] < 1e-3 * found.losses[0]
