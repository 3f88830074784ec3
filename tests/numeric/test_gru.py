"""What is the GRU's own, in both orders: its equations, the engine, PyTorch, and wrong code that is refused."""

import numpy as np
import pytest

from architectures import accepted, assert_close, engine_gradients, mutant
from bptt_lab.numeric import gru, gru_plain
from gated import make

CANDIDATES = {
    "before": "n[t] = tanh(Wn @ x[t] + Rn @ (r[t] * h[t-1]) + bn)",
    "after": "n[t] = tanh(Wn @ x[t] + bn + r[t] * (Rn @ h[t-1] + b11))",
}
TEXT = """
    r[t] = sigmoid(Wr @ x[t] + Rr @ h[t-1] + br)
    z[t] = sigmoid(Wz @ x[t] + Rz @ h[t-1] + bz)
    {candidate}
    h[t] = (1 - z[t]) * n[t] + z[t] * h[t-1]
    a2[t] = W1 @ h[t] + b1
    L[t] = mse(a2[t], y[t])
"""


@pytest.fixture(params=gru.RESETS)
def reset(request):
    return request.param


@pytest.fixture
def instance(reset):
    return make(f"gru {reset}", D=4, M=5, K=3, T=6, B=2)


def test_forward_follows_the_equations_step_by_step(instance, reset):
    p, h, trace = instance.params, instance.starts["h_start"], instance.forward()
    W0, W11, b0 = (np.split(p[name], 3) for name in ("W0", "W11", "b0"))
    for t, x in enumerate(instance.x):
        r, z = (1 / (1 + np.exp(-(x @ W0[k].T + h @ W11[k].T + b0[k]))) for k in range(2))
        inner = r * h if reset == "before" else h @ W11[2].T + p["b11"]
        n = np.tanh(x @ W0[2].T + b0[2] + (inner @ W11[2].T if reset == "before" else r * inner))
        h = (1 - z) * n + z * h
        for name, gate in dict(r=r, z=z, n=n).items():
            np.testing.assert_allclose(trace.gates[name][t], gate, rtol=1e-12)
        np.testing.assert_allclose(trace.inner[t], inner, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(trace.h1[t], h, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(trace.a2[t], h @ p["W1"].T + p["b1"], rtol=1e-12)
    assert trace.reset == reset


@pytest.mark.parametrize("seed, sizes", [(0, (2, 3, 4, 3, 2)), (1, (3, 2, 1, 4, 2)), (2, (1, 4, 2, 3, 3))])
def test_gradients_equal_the_engine(reset, seed, sizes):
    D, M, K, T, B = sizes
    instance = make(f"gru {reset}", seed, D=D, M=M, K=K, T=T, B=B)
    p, names = instance.params, dict(W0="W", W11="R", b0="b")
    given = {letter + gate: part for name, letter in names.items() for gate, part in gru.gates(p[name]).items()}
    alone = {name: array for name, array in p.items() if name not in names}
    own = {key: array.swapaxes(0, 1) for key, array in dict(x=instance.x, y=instance.y).items()}
    own |= {"h[0]": instance.starts["h_start"]}
    text = TEXT.format(candidate=CANDIDATES[reset])
    found = engine_gradients(text, dict(x=D, h=M, y=K), T, given | alone, own)
    expected = {name: gru.stacked(**{k: found[letter + k] for k in gru.GATES}) for name, letter in names.items()}
    expected |= {name: found[name] for name in alone} | dict(x=found["x"].swapaxes(0, 1), h_start=found["h[0]"])
    assert_close(instance.gradients(), expected)


def test_both_orders_are_two_networks():
    after = make("gru after", D=4, M=5, K=3, T=6, B=2)
    params = after.params | {"b11": np.zeros(5)}
    trace = gru.forward(params, after.x, after.starts["h_start"], reset="after")
    del params["b11"]
    other = gru.forward(params, after.x, after.starts["h_start"], reset="before")
    assert np.abs(trace.h1[0] - other.h1[0]).max() > 1e-3


def test_both_orders_agree_where_the_recurrent_weights_of_the_candidate_are_diagonal():
    # r * (d * h) = d * (r * h): only then does it not matter which comes first
    after = make("gru after", D=4, M=5, K=3, T=6, B=2)
    parts = gru.gates(after.params["W11"])
    W11 = gru.stacked(parts["r"], parts["z"], np.diag(np.diag(parts["n"])))
    params, found = after.params | {"W11": W11, "b11": np.zeros(5)}, {}
    for reset in gru.RESETS:
        names = gru.initialise(np.random.default_rng(0), 4, 5, 3, reset=reset)
        given = {name: params[name] for name in names}
        trace = gru.forward(given, after.x, after.starts["h_start"], reset=reset)
        found[reset] = gru.backward(given, trace, trace.a2 - after.y)
    both = ("W0", "b0", "W1", "b1", "x", "h_start")
    assert_close({k: found["before"][k] for k in both}, {k: found["after"][k] for k in both}, 1e-12)


# The same numbers as PyTorch, where it is installed


@pytest.mark.parametrize("seed", range(3))
def test_outputs_and_gradients_equal_pytorch(seed):
    torch = pytest.importorskip("torch")
    instance = make("gru after", seed)
    (M, D), p = (len(instance.params["W11"]) // 3, instance.x.shape[2]), instance.params
    layer = torch.nn.GRU(D, M, dtype=torch.float64)
    # It has two biases for each gate; of r and z only the sum matters, of n the second is b11.
    second = np.concatenate([0.25 * p["b0"][: 2 * M], p["b11"]])
    first = p["b0"] - np.concatenate([second[: 2 * M], np.zeros(M)])
    given = dict(weight_ih_l0=p["W0"], weight_hh_l0=p["W11"], bias_ih_l0=first, bias_hh_l0=second)
    layer.load_state_dict({name: torch.from_numpy(array) for name, array in given.items()})
    x, h = (torch.from_numpy(array).requires_grad_() for array in (instance.x, instance.starts["h_start"]))
    states, _ = layer(x, h[None])
    trace, gradients = instance.forward(), instance.gradients()
    np.testing.assert_allclose(trace.h1, states.detach().numpy(), rtol=1e-12, atol=1e-14)
    scores = states @ torch.from_numpy(p["W1"]).T + torch.from_numpy(p["b1"])
    (0.5 * (scores - torch.from_numpy(instance.y)) ** 2).sum().backward()
    leaves = dict(W0=layer.weight_ih_l0, W11=layer.weight_hh_l0, b0=layer.bias_ih_l0, x=x, h_start=h)
    expected = {name: leaf.grad.numpy() for name, leaf in leaves.items()}
    expected["b11"] = layer.bias_hh_l0.grad.numpy()[2 * M :]
    assert_close({name: gradients[name] for name in expected}, expected, 1e-12)


# Parameters and the choice of the order


def test_initialise_gives_the_promised_shapes():
    shapes = dict(W0=(15, 4), W11=(15, 5), b0=(15,), W1=(3, 5), b1=(3,))
    rng = np.random.default_rng(3)
    assert {k: a.shape for k, a in gru.initialise(rng, 4, 5, 3, np.float32).items()} == shapes
    after = gru.initialise(rng, 4, 5, 3, reset="after")
    assert {k: a.shape for k, a in after.items()} == shapes | dict(b11=(5,))


@pytest.mark.parametrize("word", ["both", None, ""])
def test_another_order_is_refused(instance, word):
    with pytest.raises(ValueError, match=r"reset is .*, expected one of before, after: correct its spelling"):
        gru.initialise(np.random.default_rng(0), 2, 3, 4, reset=word)
    with pytest.raises(ValueError, match=r"reset is .*, expected one of before, after"):
        gru.forward(instance.params, instance.x, instance.starts["h_start"], reset=word)


@pytest.mark.parametrize("code", [gru, gru_plain])
@pytest.mark.parametrize(("own", "other"), [("before", "after"), ("after", "before")])
def test_parameters_of_the_other_order_are_refused_and_the_order_is_named(code, own, other):
    right, wrong = make(f"gru {own}"), make(f"gru {other}")
    told = rf"params are those of reset='{other}', with.* b11, expected those of reset='{own}'.*: "
    with pytest.raises(ValueError, match=told + rf"pass reset='{other}' here too\."):
        code.forward(wrong.params, right.x, right.starts["h_start"], reset=own)
    with pytest.raises(ValueError, match=told + r"pass the params that made the trace\."):
        code.backward(wrong.params, right.forward(code=code), np.ones_like(right.y))


def test_an_order_left_out_is_named_not_an_entry_to_remove():
    after = make("gru after")
    for code in (gru, gru_plain):
        with pytest.raises(ValueError, match=r"pass reset='after' here too\.") as caught:
            code.forward(after.params, after.x, after.starts["h_start"])
        assert "remove" not in str(caught.value)
        with pytest.raises(ValueError, match="reset is 'aftr', expected one of before, after"):
            code.forward(after.params, after.x, after.starts["h_start"], reset="aftr")


def test_other_names_and_shapes_are_refused_as_such():
    after = make("gru after")
    with pytest.raises(ValueError, match="unexpected entry 'b2'"):
        gru.forward(after.params | {"b2": np.ones(1)}, after.x, after.starts["h_start"], reset="after")
    with pytest.raises(ValueError, match=r"b11 has shape \(1,\)"):
        gru.forward(after.params | {"b11": np.ones(1)}, after.x, after.starts["h_start"], reset="after")


BOTH = {
    # forward
    "z and 1 - z changed": ("multiply(h_now, z, h_now)", "multiply(h_now, 1 - z, h_now)"),
    "reset and update gate changed": ("h_now, rz, r, z, n, inner in", "h_now, rz, z, r, n, inner in"),
    "the sigmoids without their shift": ("add(rz, 0.5, rz)", "add(rz, 0.0, rz)"),
    "pre-activations not halved": ("np.array([0.5, 0.5, 1.0], dtype)", "np.array([1.0, 1.0, 1.0], dtype)"),
    "bias not halved": ('factors * params["b0"]', 'params["b0"]'),
    # the sweep
    "the direct path forgotten": ("multiply(d_h, z, carried)", "multiply(d_h, 0, carried)"),
    "the direct path through 1 - z": ("multiply(d_h, z, carried)", "multiply(d_h, 1 - z, carried)"),
    "recurrent path forgotten": ("add(d_h, product, d_h)", "pass"),
    "gates of the step before": ("trace.buffers.rz[block][::-1]", "trace.buffers.rz[block]"),
    "slope of a sigmoid without 1 -": ("of_rz *= rz", "of_rz[:] = rz"),
    "slope of the candidate that of a sigmoid": ("np.multiply(n, n, of_n)", "np.multiply(n, 1, of_n)"),
    "the candidate meets z": ("of_n *= of_z", "of_n *= 1 - of_z"),
    "half of the update gate forgotten": ("np.subtract(trace.states[block], n, of_u)", "np.subtract(0.0, n, of_u)"),
    "state of this step in the update gate": ("np.subtract(trace.states[block], n", "np.subtract(trace.h1[block], n"),
    # the gradients
    "h1(t) instead of h1(t-1)": ("trace.states[:-1].reshape", "trace.states[1:].reshape"),
    "the initial state without its direct path": ("dot(W11_later) + carried", "dot(W11_later)"),
    "the initial state by its direct path only": ("kept.later[0].dot(W11_later) + carried", "1.0 * carried"),
    "the output weights transposed": ("delta2[rows].dot(W1, d_h_rows)", "delta2[rows].dot(W1.T.copy(), d_h_rows)"),
    "the transposed gradient": ('"W1": delta2.T.dot(h1)', '"W1": h1.T.dot(delta2)'),
    "bias gradient of one sequence": ("kept.ones.dot(delta),", "kept.ones[::2].dot(delta[::2]),"),
    "a factor of 0.999999": ("delta.T.dot(x)", "0.999999 * delta.T.dot(x)"),
}  # fmt: skip
BEFORE = {
    "reset on the wrong side": (
        "multiply(r, h_before, inner)  # GR3\n                inner.dot(W11_n_transposed, n)",
        "inner[:] = h_before\n                multiply(r, inner.dot(W11_n_transposed), n)"),
    "the reset gate forgotten": ("multiply(r, h_before, inner)", "multiply(1, h_before, inner)"),
    "no gradient through the reset product": ("add(carried, d_v, carried)", "pass"),
    "the reset product without its gate": ("multiply(d_v, r, d_v)", "pass"),
    "the candidate's weights transposed": ("delta_n.dot(W11_n, d_v)", "delta_n.dot(W11_n.T.copy(), d_v)"),
    "the reset gate from delta_n": ("multiply(slope_r, d_v, delta_r)", "multiply(slope_r, delta_n, delta_r)"),
    "the reset gate without the state": ("of_r *= trace.states[block]", "pass"),
    "W11_n from h1(t-1)": ("of_n.T.dot(v)", "of_n.T.dot(h1_before)"),
}  # fmt: skip
AFTER = {
    "reset on the wrong side": ("multiply(r, inner, n)", "n[:] = (r * h_before) @ gates(params['W11'])['n'].T + b11"),
    "the second bias forgotten": ("add(product_n, b11, inner)", "add(product_n, 0, inner)"),
    "the second bias outside of the reset product": ("add(n, below_n, n)", "add(n, below_n + b11 * (1 - r), n)"),
    "the reset product without its gate": ("np.multiply(of_n, r, of_u)", "np.multiply(of_n, 1, of_u)"),
    "the reset gate without the product": ("of_r *= trace.inner[block]", "pass"),
    "the reset gate meets the state": ("of_r *= trace.inner[block]", "of_r *= trace.states[block]"),
    "the reset gate without the candidate": ("of_r *= of_n", "pass"),
    "the second bias with the gradient of the first": ("kept.ones.dot(delta[:, 2 * M :])", "kept.delta_n.sum((0, 1))"),
    "delta_n not put in its place": ("kept.delta[:-1, :, 2 * M :] = kept.delta_n", "pass"),
    "delta_n put in its place too early": (
        "    recurrent = _recurrent(kept, trace, M)",
        "    _recurrent(kept, trace, M)\n    recurrent = _recurrent(kept, trace, M)",
    ),
    "delta_n of the candidate without its slope": (
        "multiply(slopes[:, 3], d_h_all, kept.delta_n[block])",
        "np.copyto(kept.delta_n[block], d_h_all)",
    ),
}  # fmt: skip
MUTANTS = [(reset, name) for reset, own in (("before", BEFORE), ("after", AFTER)) for name in BOTH | own]


@pytest.fixture(scope="module")
def square():
    """All sizes of a step one, so that nothing betrays itself by its shape; and the true gradients, in both orders."""
    instances = {reset: make(f"gru {reset}", 6, D=4, M=4, K=4, T=5, B=2) for reset in gru.RESETS}
    return {reset: (instance, instance.by_autograd()) for reset, instance in instances.items()}


def test_the_witness_accepts_the_code(square, reset):
    instance, expected = square[reset]
    assert accepted(instance.gradients(), expected)
    assert accepted(instance.gradients(instance.variant.plain), expected)


@pytest.mark.parametrize("reset, name", MUTANTS)
def test_the_witness_refuses_wrong_code(square, reset, name):
    instance, expected = square[reset]
    wrong = mutant(gru, *(BOTH | {"before": BEFORE, "after": AFTER}[reset])[name])
    assert not accepted(instance.gradients(wrong), expected, 1e-9)


PLAIN_MUTANTS = {
    "before": {
        "reset on the wrong side": ("inner[-1] @ W11_n.T + b0_n", "r * (h1[-1] @ W11_n.T) + b0_n"),
        "no gradient through the reset product": ("delta_z @ W11_z + d_v * r", "delta_z @ W11_z"),
        "W11_n from h1(t-1)": ("delta_n.T @ v", "delta_n.T @ h1_before"),
        "slope of the wrong activation": ("(1 - z) * (1 - n**2)", "(1 - z) * n * (1 - n)"),
    },
    "after": {
        "reset on the wrong side": ("r * inner[-1]", "inner[-1]"),
        "no gradient through the product": ("delta_z @ W11_z + d_u @ W11_n", "delta_z @ W11_z"),
        "the reset gate meets the state": ("delta_n * u * r", "delta_n * h1_before * r"),
        "slope of the wrong activation": ("(1 - z) * (1 - n**2)", "(1 - z) * n * (1 - n)"),
    },
}


@pytest.mark.parametrize("reset, name", [(reset, name) for reset, own in PLAIN_MUTANTS.items() for name in own])
def test_the_witness_refuses_wrong_plain_code(square, reset, name):
    instance, expected = square[reset]
    wrong = mutant(instance.variant.plain, *PLAIN_MUTANTS[reset][name])
    assert not accepted(instance.gradients(wrong), expected, 1e-9)
