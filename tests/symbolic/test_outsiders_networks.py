"""What an outsider found in the language of networks: steps that coincide, roots, sines, matrices, slips in texts."""

import re

import numpy as np
import pytest

from bptt_lab import Network, NetworkError, figures, symbolic


def graph_of(text, sizes, T=3):
    return Network(text, sizes=sizes).unroll(T)


# Two steps that are one


@pytest.mark.parametrize(
    ("text", "name", "sizes", "T"),
    [
        ("L = dot(x[T], x[1])", "x", dict(x=2), 1),
        ("h[t] = tanh(U @ h[t-1])\nL = dot(h[1], h[T])", "h", dict(h=2), 1),
        ("h[t] = tanh(U @ h[t-1])\nL = dot(h[2], h[T])", "h", dict(h=2), 2),
        ("h[t] = tanh(U @ h[t-1])\nL = dot(h[1], h[T-1])", "h", dict(h=2), 2),
        ("h[t] = tanh(x[T] + x[1])\nL = mse(h[T], y)", "x", dict(x=2), 1),
        ("h[t] = tanh(x[T] + x[1] + x[t])\nL = mse(h[T], y)", "x", dict(x=2), 1),
        ("h[t] = tanh(x[T] + x[1] + x[t])\nL = mse(h[T], y)", "x", dict(x=2), 3),
    ],
)
def test_what_is_read_at_two_steps_that_are_one_is_counted_once(text, name, sizes, T):
    for layout in ("derivative", "gradient"):
        assert symbolic.derive_vector(graph_of(text, sizes, T), name, layout)


@pytest.mark.parametrize(
    "text",
    [
        "h[t] = tanh(W @ h[t-1] + x[t])\nL[1] = mse(h[1], y[1])\nL[2] = mse(h[2], y[2])\nL[T] = 2 * mse(h[T], y[T])",
        "h[t] = tanh(W @ h[t-1] + x[t])\ns[1] = tanh(V @ h[T])\ns[2] = tanh(V @ s[1])\nL = mse(s[2], y)",
        "h[t] = tanh(W @ h[t-1] + x[t])\nh[0] = tanh(c)\nh[-1] = c\nq[t] = h[t-2]\nL[t] = mse(q[t], y[t])",
        "e[t] = concat(dot(h[t], c), b[2], x[t], W[1,2])\nh[t] = tanh(W @ h[t-1] + x[t]) * b[1] + b\n"
        "L[t] = mse(softmax(e[t]), y[t]) * W[2,1]",
        "a = tanh(W @ c)\nh[t] = x[t] * a[2]\nL[t] = mse(h[t], y[t])",
    ],
)
def test_several_steps_of_one_name_entries_without_time_and_numbers_in_concat_are_derived(text):
    graph = graph_of(text, dict(x=2, W=(2, 2)), 4)
    chance, values = np.random.default_rng(0), {}
    for place, shape in graph.leaves.items():
        key = graph.key(place)
        values[key] = chance.normal(size=(4, *shape) if key in graph.network.inputs else shape)
    found = graph.gradients(values)
    for key, array in values.items():
        for index in np.ndindex(array.shape):
            step = np.zeros(array.shape)
            step[index] = 1e-6
            losses = [graph.forward({**values, key: array + sign * step})["L"] for sign in (1, -1)]
            assert np.isclose((losses[0] - losses[1]) / 2e-6, found[key][index], atol=1e-6)
    compiled = symbolic.gradients(graph).compiled()(values)
    assert all(np.allclose(compiled[key], found[key]) for key in values)
    for name in graph.network.shapes:
        for layout in ("derivative", "gradient"):
            assert symbolic.derive_vector(graph, name, layout)


# Roots, sines, powers of functions, matrices entry by entry


@pytest.mark.parametrize(
    "text",
    ["sigmoid(x)**2", "1/softplus(x)", "1/sqrt(x)", "leaky_relu(x)**3", "cos(-x)*sin(x)", "cos(x - 1)*sin(1 - x)",
     "sqrt(x**2)", "sqrt(1/x)", "(x**2)**0.5", "sin(x)**2", "sqrt(x**2*exp(x))", "sqrt(x)**3"],
)  # fmt: skip
def test_scalar_derivations_hold_and_are_shown(text):
    derivation = symbolic.derive(graph_of(f"L = {text}", dict(x=()), 1), "x")
    assert derivation.latex() and "proved" in derivation.verdict()


@pytest.mark.parametrize("norm", ["sqrt(dot(x[t], x[t]))", "(dot(x[t], x[t]) + 1)**0.5"])
def test_a_vector_made_as_long_as_one_is_derived_entry_by_entry(norm):
    graph = graph_of(f"L[t] = mse(x[t]/{norm}, y[t])", dict(x=2), 2)
    assert len(symbolic.derive(graph, "x", 1, 1).lines) >= 2


@pytest.mark.parametrize("penalty", ["sum(W**2)", "mean(W**2)", "sum(W)", "mean(tanh(W))"])
def test_a_penalty_on_a_matrix_has_a_vector_form(penalty):
    graph = graph_of(f"h[t] = tanh(W @ x[t])\nL = mse(h[T], y) + {penalty}", dict(x=2, h=3), 2)
    for layout in ("derivative", "gradient"):
        assert symbolic.derive_vector(graph, "W", layout)


@pytest.mark.parametrize(
    "text",
    [
        "L = sum(W.T**2)",
        "L = sum(W[:, 2:3]**2)",
        "h[t] = W @ x[t]\nL[t] = sum(h[t]**2) + sum(W[2:3]**2)",
        "L = W.T[1,2] * W[4,3]",
        "L = W[2:3][1,2] * W[4,3]",
        "h[t] = (W * V) @ x[t]\nL[t] = mse(h[t], y[t])",
        "h[t] = tanh((W.T + V.T).T @ x[t])\nL[t] = mse(h[t], y[t])",
        "h[t] = tanh((W @ W.T) @ x[t])\nL[t] = mse(h[t], y[t])",
        "h[t] = tanh(exp(-W) @ x[t])\nL[t] = mse(h[t], y[t])",
        "h[t] = W.T[2:3] @ x[t]\nL[t] = sum(h[t]**2)",
        "h[t] = W[1:1] @ x[t]\nL[t] = sum(h[t]**2)",
        "h[t] = W[1:1] @ x[t]\nL[t] = h[t]**2",
    ],
)
def test_a_matrix_inside_another_has_vector_forms(text):
    graph = graph_of(text, dict(W=(4, 3)))
    for layout in ("derivative", "gradient"):
        assert symbolic.derive_vector(graph, "W", layout)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("h[t] = tanh(U @ h[t-1])\nL[T] = mse(h[T], y)", "h"),
        ("h[t] = tanh(U @ h[t-1])\np[T] = h[T]\nL = mse(p[T], y)", "h"),
        ("h[t] = tanh(U @ h[t-1])\nL[1] = mse(h[T], y)", "h"),
        ("h[0] = tanh(x[1])\nh[t] = tanh(U @ h[t-1] + x[t])\nL = mse(h[T], y)", "x"),
        ("h[t] = tanh(C @ h[t-1])\ns[0] = tanh(C @ h[T])\ns[t] = tanh(s[t-1])\nL = mse(s[T], y)", "h"),
    ],
)
def test_a_diagram_is_drawn_of_what_is_read_at_one_step(text, name):
    figure, words = figures.influence_diagram(graph_of(text, dict(h=3)), name)
    assert figure is not None and "influences" in words


# Texts


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("h[t] = tanh(U @ h[t-1] + x[t])\nL[T] = sum(h[5])", "line 2: h is read at step 5, and there are 3 steps"),
        ("h[t] = x[t]\nL[3] = sum(h[T])\nL[T] = sum(h[T])", "with T = 3 two steps are one"),
        ("q[9] = sum(x[1])\nL = q[9]", "line 1: q is computed at step 9, and there are 3 steps"),
    ],
)
def test_a_step_that_is_not_there_is_told_and_not_taken_as_zero(text, told):
    with pytest.raises(NetworkError, match=told):
        graph_of(text, dict(x=2))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("h[0] = zeros(4)\nh[t] = tanh(W @ h[t-1])\nL = mse(h[T], y)", "line 1: .*leave the line out"),
        ("h[t] = sin(2*pi*x[t])\nL = mse(h[T], y)", "pi is not a number here"),
        ("h[t] == x[t]\nL = mse(h[T], y)", "An equation has one = sign"),
        ("h[t] = ReLU(x[t])\nL = mse(h[T], y)", "Did you mean 'relu'"),
        ("h[t] = x[t][:2]\nL = mse(h[T], y)", "Both ends of a slice are written"),
        ("h[t] = x[t][2:]\nL = mse(h[T], y)", "Both ends of a slice are written"),
        ("h[t] = x[t]'\nL = mse(h[T], y)", "A transpose is written .T"),
        ("h[t] = x[t].sum()\nL = mse(h[T], y)", "Functions stand before their argument"),
        ("h[t] = W[1:4] @ x[t]\nL = mse(h[T], y)", r"sizes=dict\(W=\(3, 2\)\)"),
        ("h_0 = c\nh[t] = tanh(W @ h[t-1] + x[t])\nL = mse(h[T], y)", r"line 1: Nothing reads h_0.*h\[0\] = "),
        ("h0 = c\nh[t] = tanh(W @ h[t-1] + x[t])\nL = mse(h[T], y)", r"line 1: Nothing reads h0.*h\[0\] = "),
        ("h1_0 = c\nh1[t] = tanh(W @ h1[t-1] + x[t])\nL = mse(h1[T], y)", r"line 1: Nothing reads h1_0.*h1\[0\] = "),
        ("e[t] = U @ x[t]\ns0 = e[T]\ns[t] = tanh(s[t-1])\nL = mse(s[T], y)", r"line 2: Nothing reads s0.*s\[0\] = "),
        ("h[t] = tanh(W @ h[t-1] + x[t])\nL = mse(h[-1], y)", r"line 2: h\[-1\] lies before .*h\[T\]"),
        ("L = x*((10**20)**20)**20", "This number is too large"),
        ("L = x/(10**20)**20", "This number is too large"),
        ("h[t] = x[t] @ x[t]\nL = mse(h[T], y)", r"for two vectors write dot\(a, b\)"),
    ],
)
def test_a_slip_is_told_with_its_mend(text, told):
    with pytest.raises(NetworkError, match=f"(?s){told}"):
        Network(text, sizes=dict(x=3))


@pytest.mark.parametrize(
    ("text", "loss"),
    [
        ("E[t] = tanh(w*E[t-1])\nE1 = sum(E[T])", "E1"),
        ("E[t] = tanh(w*E[t-1])\nE0 = sum(E[T])", "E0"),
        ("E[t] = tanh(E[t-1] + V @ x[t])\nz = 2*E[T]\nE0 = mse(z, y)", "E0"),
        ("h[t] = tanh(W @ h[t-1] + x[t])\nh2 = V @ h[T]\nL = mse(h[T], y)", "L"),
        ("h[t] = tanh(W @ h[t-1] + x[t])\nh0 = V @ h[T]\nL = mse(h[T], y)", "L"),
        ("h[t] = tanh(W @ h[t-1] + x[t])\nz = V @ h[T]\nh0 = 2*z\nL = mse(h[T], y)", "L"),
        ("h[0] = c\nh0 = 2*c\nh[t] = tanh(W @ h[t-1] + x[t])\nL = mse(h[T], y)", "L"),
        ("h[t] = tanh(W @ h[t-1] + x[t])\nh10 = c\nL = mse(h[T], y)", "L"),
        ("h[t] = tanh(W @ h[t-1] + x[t])\nL0 = mse(x[T], y)", "L0"),
    ],
)
def test_a_name_with_a_number_is_no_slip_where_it_is_the_loss_or_made_of_the_states(text, loss):
    sizes = dict(x=3, V=(2, 3), h2=2, c=3, w=(), E=2)
    used = {name: size for name, size in sizes.items() if re.search(rf"\b{name}\b", text)}
    assert Network(text, sizes=used).loss == loss


def test_no_false_function_is_offered():
    with pytest.raises(NetworkError) as caught:
        Network("h[t] = b(x[t])\nL = mse(h[T], y)", sizes=dict(x=3))
    assert "Did you mean" not in str(caught.value)


def test_a_state_two_steps_before_the_first_is_there_where_steps_read_so_far_back():
    text = "h[t] = tanh(h[t-1] + V * h[t-2])\nL = mse(h[-1], h[T])"
    assert "h[-1]" in Network(text, sizes=dict(V=2)).unroll(3).boundaries
