"""What is the LSTM's own: its equations, the engine, published numbers, PyTorch, and wrong code that is refused."""

import numpy as np
import pytest

from architectures import accepted, assert_close, engine_gradients, mutant
from bptt_lab.numeric import lstm
from gated import make

TEXT = """
    i[t] = sigmoid(Wi @ x[t] + Ri @ h[t-1] + bi)
    f[t] = sigmoid(Wf @ x[t] + Rf @ h[t-1] + bf)
    g[t] = tanh(Wg @ x[t] + Rg @ h[t-1] + bg)
    o[t] = sigmoid(Wo @ x[t] + Ro @ h[t-1] + bo)
    c[t] = f[t] * c[t-1] + i[t] * g[t]
    h[t] = o[t] * tanh(c[t])
    a2[t] = W1 @ h[t] + b1
    L[t] = mse(a2[t], y[t])
"""


@pytest.fixture
def instance():
    return make("lstm", D=4, M=5, K=3, T=6, B=2)


def test_forward_follows_the_equations_step_by_step(instance):
    p, h, c, trace = instance.params, *instance.starts.values(), instance.forward()
    for t, x in enumerate(instance.x):
        a = x @ p["W0"].T + h @ p["W11"].T + p["b0"]
        i, f, o = (1 / (1 + np.exp(-a[:, rows])) for rows in (slice(0, 5), slice(5, 10), slice(15, 20)))
        g = np.tanh(a[:, 10:15])
        c = f * c + i * g
        h = o * np.tanh(c)
        for name, gate in dict(i=i, f=f, g=g, o=o).items():
            np.testing.assert_allclose(trace.gates[name][t], gate, rtol=1e-13)
        np.testing.assert_allclose(trace.c[t + 1], c, rtol=1e-13)
        np.testing.assert_allclose(trace.h1[t], h, rtol=1e-13)
        np.testing.assert_allclose(trace.a2[t], h @ p["W1"].T + p["b1"], rtol=1e-12)
    np.testing.assert_array_equal(trace.c[0], instance.starts["c_start"])
    np.testing.assert_array_equal(trace.c_start, instance.starts["c_start"])


@pytest.mark.parametrize("seed, sizes", [(0, (2, 3, 4, 3, 2)), (1, (3, 2, 1, 4, 2)), (2, (1, 4, 2, 3, 3))])
def test_gradients_equal_the_engine(seed, sizes):
    D, M, K, T, B = sizes
    instance = make("lstm", seed, D=D, M=M, K=K, T=T, B=B)
    p, names = instance.params, dict(W0="W", W11="R", b0="b")
    given = {letter + gate: part for name, letter in names.items() for gate, part in lstm.gates(p[name]).items()}
    own = {key: array.swapaxes(0, 1) for key, array in dict(x=instance.x, y=instance.y).items()}
    own |= {"h[0]": instance.starts["h_start"], "c[0]": instance.starts["c_start"]}
    found = engine_gradients(TEXT, dict(x=D, h=M, y=K), T, given | dict(W1=p["W1"], b1=p["b1"]), own)
    expected = {name: lstm.stacked(**{k: found[letter + k] for k in lstm.GATES}) for name, letter in names.items()}
    expected |= dict(W1=found["W1"], b1=found["b1"], x=found["x"].swapaxes(0, 1))
    assert_close(instance.gradients(), expected | dict(h_start=found["h[0]"], c_start=found["c[0]"]))


# Numbers printed in the third assignment of Stanford's course CS231n (from 2016, LSTM_Captioning.ipynb). Its gates are
# in the order i, f, o, g, its weights are transposed, and its sequences come before time.


def published(N, D, H):
    """The assignment's Wx, Wh and b by shape, as functions of their ends, in our order and form."""

    def reordered(start, stop, *rows):
        i, f, o, g = np.split(np.linspace(start, stop, num=4 * H * int(np.prod(rows))).reshape(*rows, 4 * H).T, 4)
        return lstm.stacked(i, f, g, o)

    output = dict(W1=np.ones((1, H)), b1=np.zeros(1))
    return lambda Wx, Wh, b: output | dict(W0=reordered(*Wx, D), W11=reordered(*Wh, H), b0=reordered(*b))


def test_one_step_gives_the_published_numbers():
    N, D, H = 3, 4, 5
    params = published(N, D, H)((-2.1, 1.3), (-0.7, 2.2), (0.3, 0.7))
    x = np.linspace(-0.4, 1.2, num=N * D).reshape(1, N, D)
    h, c = (np.linspace(*ends, num=N * H).reshape(N, H) for ends in ((-0.3, 0.7), (-0.4, 0.9)))
    trace = lstm.forward(params, x, h, c)
    next_h = [
        [0.24635157, 0.28610883, 0.32240467, 0.35525807, 0.38474904],
        [0.49223563, 0.55611431, 0.61507696, 0.66844003, 0.7159181],
        [0.56735664, 0.66310127, 0.74419266, 0.80889665, 0.858299],
    ]
    next_c = [
        [0.32986176, 0.39145139, 0.451556, 0.51014116, 0.56717407],
        [0.66382255, 0.76674007, 0.87195994, 0.97902709, 1.08751345],
        [0.74192008, 0.90592151, 1.07717006, 1.25120233, 1.42395676],
    ]
    np.testing.assert_array_equal(trace.h1[0].round(8), next_h)
    np.testing.assert_array_equal(trace.c[1].round(8), next_c)


def test_three_steps_give_the_published_numbers():
    N, D, H, T = 2, 5, 4, 3
    params = published(N, D, H)((-0.2, 0.9), (-0.3, 0.6), (0.2, 0.7))
    x = np.linspace(-0.4, 0.6, num=N * T * D).reshape(N, T, D).swapaxes(0, 1)
    h = np.linspace(-0.4, 0.8, num=N * H).reshape(N, H)
    expected = [
        [
            [0.01764008, 0.01823233, 0.01882671, 0.0194232],
            [0.11287491, 0.12146228, 0.13018446, 0.13902939],
            [0.31358768, 0.33338627, 0.35304453, 0.37250975],
        ],
        [
            [0.45767879, 0.4761092, 0.4936887, 0.51041945],
            [0.6704845, 0.69350089, 0.71486014, 0.7346449],
            [0.81733511, 0.83677871, 0.85403753, 0.86935314],
        ],
    ]
    found = lstm.forward(params, x, h, np.zeros((N, H))).h1
    np.testing.assert_array_equal(found.swapaxes(0, 1).round(8), expected)


# The same numbers as PyTorch, where it is installed


@pytest.mark.parametrize("seed", range(3))
def test_outputs_and_gradients_equal_pytorch(seed):
    torch = pytest.importorskip("torch")
    instance = make("lstm", seed)
    (M, D), p = (len(instance.params["W11"]) // 4, instance.x.shape[2]), instance.params
    layer = torch.nn.LSTM(D, M, dtype=torch.float64)
    half = 0.25 * p["b0"]  # it has two biases, of which only the sum matters
    given = dict(weight_ih_l0=p["W0"], weight_hh_l0=p["W11"], bias_ih_l0=p["b0"] - half, bias_hh_l0=half)
    layer.load_state_dict({name: torch.from_numpy(array) for name, array in given.items()})
    x, h, c = (torch.from_numpy(array).requires_grad_() for array in (instance.x, *instance.starts.values()))
    states, (_, last_c) = layer(x, (h[None], c[None]))
    trace, gradients = instance.forward(), instance.gradients()
    np.testing.assert_allclose(trace.h1, states.detach().numpy(), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(trace.c[-1], last_c[0].detach().numpy(), rtol=1e-12, atol=1e-14)
    scores = states @ torch.from_numpy(p["W1"]).T + torch.from_numpy(p["b1"])
    (0.5 * (scores - torch.from_numpy(instance.y)) ** 2).sum().backward()
    found = dict(W0=layer.weight_ih_l0, W11=layer.weight_hh_l0, x=x, h_start=h, c_start=c)
    for bias in (layer.bias_ih_l0, layer.bias_hh_l0):
        expected = {name: leaf.grad.numpy() for name, leaf in (found | dict(b0=bias)).items()}
        assert_close({name: gradients[name] for name in expected}, expected, 1e-12)


# Parameters


def test_initialise_gives_the_promised_shapes_and_a_forget_gate_that_is_open():
    rng = np.random.default_rng
    params = lstm.initialise(rng(3), 4, 5, 3, np.float32)
    shapes = dict(W0=(20, 4), W11=(20, 5), b0=(20,), W1=(3, 5), b1=(3,))
    assert {name: array.shape for name, array in params.items()} == shapes
    closed = lstm.initialise(rng(3), 4, 5, 3, np.float32, forget_bias=-2)
    plain = lstm.initialise(rng(3), 4, 5, 3, np.float32, forget_bias=0)
    for bias, drawn in ((1.0, params), (-2, closed)):
        difference = lstm.gates(drawn["b0"] - plain["b0"])
        np.testing.assert_allclose(difference.pop("f"), bias, rtol=1e-6)
        assert all((others == 0).all() for others in difference.values())
    assert np.abs(plain["b0"]).max() < 0.5 and (plain["b0"] != 0).all()


@pytest.mark.parametrize("bias", [None, "1", float("nan"), float("inf"), 1j, np.ones(5)])
def test_a_forget_bias_that_is_no_number_is_refused(bias):
    with pytest.raises(ValueError, match="forget_bias is .*, expected a finite number such as 1.0: correct it"):
        lstm.initialise(np.random.default_rng(0), 2, 3, 4, forget_bias=bias)


@pytest.mark.parametrize(
    "c_start, error, message",
    [
        (np.ones((5, 2)), ValueError, r"c_start has shape \(5, 2\), expected \(B, M\) = \(2, 5\): pass c_start\.T"),
        (np.ones((2, 5), np.float32), TypeError, "c_start has dtype float32"),
        (np.full((2, 5), np.nan), ValueError, r"c_start contains nan at c_start\[0, 0\]"),
        (None, TypeError, "c_start is of type NoneType"),
    ],
)
def test_forward_refuses_a_bad_cell(instance, c_start, error, message):
    with pytest.raises(error, match=message):
        lstm.forward(instance.params, instance.x, instance.starts["h_start"], c_start)


def test_states_of_the_call_before_may_change_places(instance):
    workspace = lstm.Workspace()
    first = instance.forward(workspace=workspace)
    starts = dict(h_start=first.c[-1].copy(), c_start=first.h_start.copy())
    expected = instance._replace(starts=starts).forward().c
    found = lstm.forward(instance.params, instance.x, first.c[-1], first.h_start, workspace=workspace).c
    np.testing.assert_array_equal(found, expected)


MUTANTS = {
    # forward
    "no cell carried": ("multiply(f, c_before, c_now)", "multiply(f, 0, c_now)"),
    "the forget gate taken as 1 - i": ("multiply(f, c_before, c_now)", "multiply(1 - i, c_before, c_now)"),
    "input and forget gate changed": ("all_gates, i, f, g, o, c_before", "all_gates, f, i, g, o, c_before"),
    "output gate without its tanh": ("multiply(o, tanh_c, h_now)", "multiply(o, c_now, h_now)"),
    "the candidate a sigmoid": ("np.array([1, 1, 0, 1])", "np.array([1, 1, 1, 1])"),
    "the output gate a tanh": ("np.array([1, 1, 0, 1])", "np.array([1, 1, 0, 0])"),
    "gates in the order i, f, o, g": ('GATES = ("i", "f", "g", "o")\nIS_SIGMOID = np.array([1, 1, 0, 1])',
                                      'GATES = ("i", "f", "o", "g")\nIS_SIGMOID = np.array([1, 1, 1, 0])'),
    "bias of the gates not halved": ('factors * params["b0"]', 'params["b0"]'),
    "the initial cell is the initial state": ("kept.c[0] = c_start", "kept.c[0] = h_start"),
    # the sweep
    "cell path forgotten": ("multiply(d_c, f, d_c)", "multiply(d_c, 0, d_c)"),
    "cell path without the forget gate": ("multiply(d_c, f, d_c)  #", "#"),
    "forget gate of the step before": ("past.forget[block][::-1]", "past.forget[block]"),
    "recurrent path forgotten": ("add(d_h, product, d_h)", "pass"),
    "what reaches the cell through the state forgotten": ("add(d_c, product, d_c)", "pass"),
    "slope of a sigmoid without 1 -": ("slopes[:, :4] *= gates", "slopes[:, :4] = gates"),
    "slope of the output gate squared": ("of_o *= tanh_c", "of_o *= of_o * tanh_c"),
    "slope of the candidate that of a sigmoid": ("np.multiply(g, g, of_g)", "np.multiply(g, 1, of_g)"),
    "slope of the cell's tanh from the cell": (
        "np.multiply(tanh_c, tanh_c, of_c)", "np.multiply(tanh_c, 1, of_c)"),
    "no output gate on the way to the cell": ("of_c *= o", "pass"),
    "cell of this step in the forget gate": ("past.c[block]", "past.c[1:][block]"),
    "the forget gate meets the candidate": ("of_f *= c_before", "of_f *= g"),
    "the input gate meets the cell": ("of_i *= g  #", "of_i *= c_before  #"),
    "the candidate meets the forget gate": ("of_g *= i", "of_g *= gates[:, 1]"),
    # the gradients
    "h1(t) instead of h1(t-1)": ("trace.states[:-1].reshape", "trace.states[1:].reshape"),
    "x and h1 changed": ('"W1": delta2.T.dot(h1)', '"W1": delta2.T.dot(h1_before)'),
    "the initial state without the weights": ('kept.delta[0].dot(params["W11"])', 'kept.delta[0, :, : x.shape[1]]'),
    "the initial state from the second step": ('kept.delta[0].dot(params["W11"])', 'kept.delta[1].dot(params["W11"])'),
    "the initial cell forgotten": ("kept.d_c.copy()", "0 * kept.d_c"),
    "bias gradient of one sequence": ("kept.ones.dot(delta),", "kept.ones[::2].dot(delta[::2]),"),
    "the transposed gradient": ('"W1": delta2.T.dot(h1)', '"W1": h1.T.dot(delta2)'),
    "the output weights transposed": ("delta2[rows].dot(W1, d_h_rows)", "delta2[rows].dot(W1.T.copy(), d_h_rows)"),
    "a factor of 0.999999": ("delta.T.dot(x)", "0.999999 * delta.T.dot(x)"),
}  # fmt: skip


@pytest.fixture(scope="module")
def square():
    """All sizes of a step one, so that nothing betrays itself by its shape; and its true gradients."""
    instance = make("lstm", 6, D=4, M=4, K=4, T=5, B=2)
    return instance, instance.by_autograd()


def test_the_witness_accepts_the_code(square):
    instance, expected = square
    assert accepted(instance.gradients(), expected)
    assert accepted(instance.gradients(instance.variant.plain), expected)


@pytest.mark.parametrize("name", MUTANTS)
def test_the_witness_refuses_wrong_code(square, name):
    instance, expected = square
    assert not accepted(instance.gradients(mutant(lstm, *MUTANTS[name])), expected, 1e-9)


PLAIN_MUTANTS = {
    "cell path forgotten": ("d_c_later = d_c * f", "d_c_later = 0 * d_c"),
    "forget gate taken as 1 - i": ("c.append(f * c[-1]", "c.append((1 - i) * c[-1]"),
    "cell of this step in the forget gate": ("d_c * c_before * f", "d_c * c * f"),
    "slope of the wrong activation": ("d_c * i * (1 - g**2)", "d_c * i * g * (1 - g)"),
    "recurrent weights transposed": ('d_h1_later = delta @ params["W11"]', "d_h1_later = delta[:, : c.shape[1]]"),
    "h1(t) instead of h1(t-1)": ("delta.T @ h1_before", "delta.T @ h1"),
}


@pytest.mark.parametrize("name", PLAIN_MUTANTS)
def test_the_witness_refuses_wrong_plain_code(square, name):
    instance, expected = square
    assert not accepted(instance.gradients(mutant(instance.variant.plain, *PLAIN_MUTANTS[name])), expected, 1e-9)
