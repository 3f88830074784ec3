"""Programs written from equations: equal to the graph for any T and any number of sequences, readable, NumPy alone."""

import ast
import keyword
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import networks
from bptt_lab import Network, NetworkError
from bptt_lab.formulas.times import NOW
from bptt_lab.numeric import losses, rnn
from bptt_lab.symbolic import derive_vector
from bptt_lab.symbolic import numpy_writer as module
from bptt_lab.symbolic.numpy_writer import numpy_program, numpy_source

TEXTS = {**networks.TEXTS, **networks.BEYOND}


def made(name):
    text, sizes = TEXTS[name]
    network = Network(text, sizes=sizes)
    return network, numpy_program(network)


def sequences(network, T, batch):
    """Return values apiece and together, drawn where logarithms exist, but for the parameters."""
    graph, chance = network.unroll(T), np.random.default_rng([T, batch])
    shapes = {}
    for place, shape in graph.leaves.items():
        key = graph.key(place)
        shapes[key] = (T, *shape) if key in network.inputs else shape
    shared = {key: chance.normal(size=shapes[key]) / 2 for key in shapes if key in network.parameters}
    if not network.inputs:
        shared = {key: chance.uniform(0.1, 0.9, size=shapes[key]) for key in shapes}
    own = [key for key in shapes if key not in shared]
    apiece = [shared | {key: chance.uniform(0.1, 0.9, size=shapes[key]) for key in own} for _ in range(batch)]
    together = {key: np.stack([one[key] for one in apiece], axis=1 if key in network.inputs else 0) for key in own}
    return graph, apiece, shared | together


def first_of(network, key, array):
    """Return the first sequence's values of a quantity; what depends on no input has no sequences."""
    shape = network.shapes[network.written[key].name]
    if network.written[key].index == NOW:
        return array[:, 0]
    return array[0] if array.ndim > len(shape) else array


@pytest.mark.parametrize("name", TEXTS)
def test_values_and_gradients_are_those_of_the_graph_for_any_steps_and_sequences(name):
    network, written = made(name)
    for T, batch in [(3, 2), (7, 1), (4, 3)]:
        graph, apiece, together = sequences(network, T, batch if network.inputs else 1)
        found, forward = written.gradients(together), written.forward(together)
        exact, values = [graph.gradients(one) for one in apiece], [graph.forward(one) for one in apiece]
        assert np.isclose(forward[network.loss], sum(one[network.loss] for one in values), rtol=1e-12)
        for key in together:
            axis = 1 if key in network.inputs else 0
            gradients = [one[key] for one in exact]
            expected = sum(gradients) if key in network.parameters else np.stack(gradients, axis=axis)
            np.testing.assert_allclose(found[key], expected, rtol=1e-9, atol=1e-11, err_msg=key)
        for key in set(network.equations) - {network.loss}:
            general = network.equations[key].index is not None and network.equations[key].is_general
            array = (
                forward[key][:, 0]
                if general
                else forward[key][0]
                if forward[key].ndim > len(network.shapes[key])
                else forward[key]
            )
            np.testing.assert_allclose(array, values[0][key], rtol=1e-9, atol=1e-12, err_msg=key)


def test_one_step_alone_is_enough():
    network, written = made("LSTM")
    graph, (one,), together = sequences(network, 1, 1)
    found, exact = written.gradients(together), graph.gradients(one)
    for key in network.parameters:
        np.testing.assert_allclose(found[key], exact[key], rtol=1e-9, atol=1e-12)


def test_states_that_are_not_given_are_zero():
    network, written = made("one hidden layer")
    _, _, together = sequences(network, 4, 2)
    zero = together | {"h1[0]": np.zeros_like(together["h1[0]"])}
    without = {key: array for key, array in together.items() if key != "h1[0]"}
    assert written.forward(without)["L"] == written.forward(zero)["L"]
    np.testing.assert_array_equal(written.gradients(without)["h1[0]"], written.gradients(zero)["h1[0]"])


def test_the_course_network_is_the_hand_written_one():
    text = (
        "a1[t] = W0 @ x[t] + W11 @ h1[t-1] + b0\nh1[t] = tanh(a1[t])\na2[t] = W1 @ h1[t] + b1\nL[t] = mse(a2[t], y[t])"
    )
    written = numpy_program(Network(text, sizes=dict(x=4, h1=5, a2=3)))
    rng = np.random.default_rng(0)
    params, x, h_start = rnn.initialise(rng, 4, 5, 3), rng.normal(size=(6, 2, 4)), rng.normal(size=(2, 5))
    y = rng.normal(size=(6, 2, 3))
    trace = rnn.forward(params, x, h_start)
    loss, d_a2 = losses.mse(trace.a2, y)
    by_hand = rnn.backward(params, trace, d_a2)
    v = params | {"x": x, "y": y, "h1[0]": h_start}
    found = written.gradients(v)
    assert np.isclose(written.forward(v)["L"], loss, rtol=1e-12)
    for key, gradient in by_hand.items():
        np.testing.assert_allclose(found["h1[0]" if key == "h_start" else key], gradient, rtol=1e-11, atol=1e-13)


CELL = "h[t] = tanh(W @ h[t-1] + U @ x[t])\n"


@pytest.mark.parametrize(
    "rest",
    [
        "k = sum(c*c)\nL = mse(h[T], y) + k",
        "L[t] = mse(h[t], y[t]) + relu(s)*k",
        "k = s*c\nL = sum(k) + mse(h[T], y)",
        "g = s*k\nL[t] = mse(h[t], y[t]) * g",
        "g = s*k\nL[t] = mse(h[t], y[t]*g) + sum(g)*2 - sum(h[T]*g)",
        "m = V*h[T]\nL[t] = mse(h[t], m) - m[1]",
        "m = V*h[T]\nq = sum(m)\nL[t] = mse(h[t], y[t]) + q",
        "L[2] = mse(h[2], y[2])\nL[T] = mse(h[T], y[T])",
        "p[t] = V*h[t]\nL[1] = mse(p[1], z[1])\nL[T] = mse(p[T], y[T])",
        "h[0] = M @ c\nm = h[T]\nq = sum(m*m)",
        "k = sum(c*c)\nh[0] = k*r\nm = sum(h[T]*h[T])",
        "L = mse(h[5], y)",
        "L[6] = mse(h[6], y)\nL[T-3] = mse(h[T-3], y)",
        "L = mse(h[T], y) + sum(h[T-4])",
        "m = h[T]\ne[t] = concat(m, h[t], b, 2)\nL[t] = mse(e[t], y[t])",
        "m = h[T]\ne = concat(m, 2*c)\nL = mse(e, y)",
        "g[t] = tanh(R @ concat(g[t-1], 2*c) + h[t])\nL = mse(concat(c, dot(g[T], h[1])), y)",
    ],
)
def test_what_is_computed_once_and_read_anywhere_has_the_gradients_of_the_graph(rest):
    words = re.findall(r"\w+", rest)
    sizes = {name: size for name, size in dict(b=2, c=4).items() if name in words}
    network = Network(CELL + rest, sizes=dict(x=2, h=3) | sizes)
    written = numpy_program(network)
    for T, batch in [(13, 2), (12, 1)]:
        graph, apiece, together = sequences(network, T, batch)
        found, exact = written.gradients(together), [graph.gradients(one) for one in apiece]
        values = [graph.forward(one) for one in apiece]
        assert np.isclose(written.forward(together)[network.loss], sum(one[network.loss] for one in values))
        for key in together:
            axis = 1 if key in network.inputs else 0
            parts = [one[key] for one in exact]
            expected = sum(parts) if key in network.parameters else np.stack(parts, axis=axis)
            assert found[key].shape == together[key].shape, key
            np.testing.assert_allclose(found[key], expected, rtol=1e-9, atol=1e-12, err_msg=key)


@pytest.mark.parametrize(
    ("rest", "fewest"), [("L = mse(h[5], y)", 5), ("L = mse(h[T-4], y)", 5), ("L = mse(h[T], y)", 1)]
)
def test_fewer_steps_than_the_equations_read_are_told_not_computed(rest, fewest):
    network = Network(CELL + rest, sizes=dict(x=2, h=3))
    written = numpy_program(network)
    values = {"W": np.eye(3), "U": np.ones((3, 2)), "y": np.ones((2, 3)), "h[0]": np.zeros((2, 3))}
    assert np.isfinite(written.forward(values | {"x": np.ones((fewest, 2, 2))})["L"])
    for T in range(1, fewest):
        with pytest.raises(ValueError, match=f"needs {fewest} steps or more"):
            written.gradients(values | {"x": np.ones((T, 2, 2))})


@pytest.mark.parametrize(
    "text",
    [
        "h[t] = x[t][1] * W @ h[t-1]",
        "h[t] = (g * W) @ h[t-1] + U @ x[t]",
        "h[t] = (W / g) @ h[t-1] + U @ x[t]",
        "h[t] = (n[t] * W) @ h[t-1] + U @ x[t]",
        "h[t] = (g + U) @ x[t] + h[t-1]",
        "h[t] = (U * V) @ x[t] + h[t-1]",
        "h[t] = (U / V) @ x[t] + h[t-1]",
        "h[t] = (U * V * V) @ x[t] - h[t-1]",
        "h[t] = tanh(U) @ x[t] + h[t-1]",
        "h[t] = tanh(-(W * V).T @ h[t-1]) + U @ x[t]",
        "h[t] = tanh(U @ x[t] + h[t-1])\nL = mse(h[T], y) + sum(U)",
        "h[t] = tanh(U @ x[t] + h[t-1])\nL[t] = mse(h[t], y[t]) + mean(U**2) * g/3",
    ],
)
def test_matrices_times_numbers_and_matrices_entry_by_entry_have_forms_and_programs(text):
    sizes = {name: () for name in re.findall(r"\b[gn]\b", text)} | dict(x=2, h=3)
    network = Network(text if "L" in text else text + "\nL[t] = mse(h[t], y[t])", sizes=sizes)
    written, graph = numpy_program(network), network.unroll(3)
    for name in (*network.parameters, *network.inputs):
        for layout in ("derivative", "gradient"):
            assert derive_vector(graph, name, layout)
    graph, apiece, together = sequences(network, 4, 2)
    found, exact = written.gradients(together), [graph.gradients(one) for one in apiece]
    for name in network.parameters:
        np.testing.assert_allclose(found[name], sum(one[name] for one in exact), rtol=1e-9, atol=1e-12, err_msg=name)


# How it reads


def test_what_does_not_depend_on_the_step_before_is_one_product():
    text = "h[t] = tanh(W @ x[t] + R @ h[t-1] + b)\no[t] = V @ h[t]\nL[t] = mse(o[t], y[t])"
    source = numpy_source(Network(text, sizes=dict(x=2, h=3, o=4)))
    assert "h_in[1:-1] = product(x, W.T) + b" in source and "o = product(h[1:-1], V.T)" in source
    loops = [line for line in source.splitlines() if line.startswith(" " * 8)]
    assert sum("@" in line for line in loops) == 2  # R @ h(t-1) forward, its transpose backward
    assert "d_h[1:-1] = product(d_o, V)" in source and "d_W = rows(d_h_in[1:-1]).T @ rows(x)" in source
    assert "factor_h_in = 1 - h[1:-1] ** 2" in source and "d_h_in[t] = factor_h_in[t - 1] * d_h[t]" in source


@pytest.mark.parametrize("name", TEXTS)
def test_a_program_holds_numpy_alone_and_its_equations(name):
    network, written = made(name)
    tree = ast.parse(written.source)
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert [alias.name for node in imports for alias in node.names] == ["numpy"]
    calls = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert calls <= {"softmax", "rows", "product", "run", "range", "len", "ValueError"}
    assert all(equation.source in ast.get_docstring(tree) for equation in network.written.values())


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("h[t] = sigmoid(b) * sigmoid(c) * x[t]", "1 / (1 + np.exp(-b)) * (1 / (1 + np.exp(-c))) * x"),
        ("h[t] = tanh(b) / exp(c) * x[t]", "np.tanh(b) / np.exp(c) * x"),
        ("h[t] = tanh(x[t]) / exp(c)", "tanh_x / np.exp(c)"),
        ("h[t] = 2 * identity(x[t] + c)", "2 * (x + c)"),
        ("h[t] = identity(x[t] * c) + 1", "x * c + 1"),
    ],
)
def test_brackets_stand_where_an_operator_would_take_a_part_of_them(text, line):
    source = numpy_source(Network(f"{text}\nL[t] = mse(h[t], y[t])", sizes=dict(x=2)))
    assert f" = {line}  #" in source or f" = {line}\n" in source


RUFF = shutil.which("ruff", path=Path(sys.executable).parent) or shutil.which("ruff")


@pytest.mark.skipif(RUFF is None, reason="ruff is not installed")
@pytest.mark.parametrize("command", [["check"], ["format", "--check", "--line-length", "120"]], ids=lambda one: one[0])
def test_programs_pass_ruff_and_are_formatted(command, tmp_path):
    for number, name in enumerate(
        ["one hidden layer", "LSTM", "GRU of the paper", "bidirectional", "leaky integrator"]
    ):
        (tmp_path / f"made{number}.py").write_text(made(name)[1].source, encoding="utf-8")
    done = subprocess.run([RUFF, *command, "--isolated", "--no-cache", tmp_path], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_names_that_the_program_needs_itself_are_given_way_to():
    text = "v[t] = tanh(np @ x[t] + d_v @ v[t-1])\nrows[t] = softmax(batch @ v[t])\nL[t] = nll(rows[t], found[t])"
    network = Network(text, sizes=dict(x=2, v=3, rows=4))
    graph, apiece, together = sequences(network, 4, 2)
    found = numpy_program(network).gradients(together)
    exact = [graph.gradients(one) for one in apiece]
    for key in network.parameters:
        np.testing.assert_allclose(found[key], sum(one[key] for one in exact), rtol=1e-9, atol=1e-12)


def test_no_name_of_a_network_can_be_anything_but_a_name_in_a_program():
    network, written = made("LSTM")
    stored = {node.id for node in ast.walk(ast.parse(written.source)) if isinstance(node, ast.Name)}
    assert all(name.isidentifier() and not keyword.iskeyword(name) for name in stored)


# What is refused


def test_steps_that_no_loop_can_order_are_told():
    text = "a[t] = tanh(W @ b[t-1] + x[t])\nb[t] = a[2] * x[t]\nL[t] = mse(b[t], y[t])"
    with pytest.raises(NetworkError, match="circle|one loop"):
        numpy_source(Network(text, sizes=dict(x=2)))


def test_a_wrong_program_is_not_handed_out(monkeypatch):
    network = Network(*TEXTS["one hidden layer"][:1], sizes=TEXTS["one hidden layer"][1])
    true = module.module_of
    for one, other in [
        ("d_h1[1:-1] = ", "d_h1[1:-1] = 1.01 * "),
        ("@ W11\n", "@ W11.T\n"),
        ("range(T, 0, -1)", "range(T, 1, -1)"),
    ]:
        assert one in true(network)
        monkeypatch.setattr(module, "module_of", lambda given, one=one, other=other: true(given).replace(one, other))
        with pytest.raises(NetworkError, match="kept back: the program's gradient by"):
            numpy_source(network)


@pytest.mark.parametrize(
    ("text", "sizes", "one", "other"),
    [
        ("h[t] = relu(W @ x[t])\nL[t] = mse(h[t], y[t])", dict(x=2, h=3), "np.maximum(h_in, 0)", "h_in.copy()"),
        ("h[t] = leaky_relu(W @ x[t])\nL[t] = mse(h[t], y[t])", dict(x=2, h=3), "> 0, 1, 0.01)", "> 0, 1, 1)"),
        ("h[t] = W @ x[t]\nL[t] = huber(h[t], y[t])", dict(x=2, h=3), "< -1", "< -100"),
    ],
)
def test_both_sides_of_a_kink_are_compared(monkeypatch, text, sizes, one, other):
    network, true = Network(text, sizes=sizes), module.module_of
    assert one in true(network)
    monkeypatch.setattr(module, "module_of", lambda given: true(given).replace(one, other))
    with pytest.raises(NetworkError, match="is not the graph's"):
        numpy_source(network)


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        ("a = W @ x + b\nh = tanh(a)\nL = mse(h, y)", dict(x=2, a=3)),
        ("h = b + c\nL = mse(h, y) + sum(b)", dict(b=3)),
        ("h[t] = tanh(W @ x[t])\nq[t] = V @ h[t]\nL[t] = mse(h[t], y[t])", dict(x=2, h=3, q=2)),
        ("a[t] = tanh(d_a @ x[t] + a_value)\nL[t] = mse(a[t], y[t])", dict(x=2, a=3)),
        ("h[t] = tanh(W @ h[t-1] + x[t])\nL[1] = mse(h[1], y[1])\nL[T] = 2 * mse(h[T], y[T])", dict(x=2)),
        ("h[t] = tanh((W - W.T) @ h[t-1] + x[t])\nL[t] = mse(h[t], y[t])", dict(x=3)),
        ("h[t] = tanh((2 * W) @ h[t-1] + (V + A @ B.T).T @ x[t])\nL[t] = mse(h[t], y[t])", dict(x=3, h=2, A=(3, 4))),
        ("a = 2\nh[t] = a * h[t-1] + x[t]\nL[t] = mse(h[t], y[t])", dict(x=3)),
        ("e[t] = concat(dot(h[t], c), x[t])\nh[t] = W @ h[t-1] * b[1] + b\nL[t] = mse(e[t], y[t])", dict(x=2, h=2)),
    ],
)
def test_what_is_given_stays_as_it_is_and_what_reaches_no_loss_counts_nothing(text, sizes):
    network = Network(text, sizes=sizes)
    written = numpy_program(network)
    graph, (one,), together = sequences(network, 4, 1)
    before = {key: array.copy() for key, array in together.items()}
    found, exact = written.gradients(together), graph.gradients(one)
    assert all(np.array_equal(together[key], before[key]) for key in before)
    for key in network.parameters:
        np.testing.assert_allclose(found[key], exact[key], rtol=1e-9, atol=1e-12, err_msg=key)


def test_steps_that_no_array_counts_are_told():
    with pytest.raises(NetworkError, match="no array tells how many steps"):
        numpy_source(Network("h[t] = tanh(W @ h[t-1])\nL = mse(h[T], y)", sizes=dict(h=2)))
