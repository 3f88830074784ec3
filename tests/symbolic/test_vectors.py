"""Rules of matrix calculus, one an operation: the row form and the gradient, worked out by hand and proved.

In what is expected, G stands for the row of the loss's derivative by h[t], and g for the gradient.
"""

import re
from dataclasses import replace

import pytest

from bptt_lab import Network, NetworkError, symbolic
from bptt_lab.formulas import Language, read, write
from bptt_lab.formulas.times import Index, letter, number
from bptt_lab.formulas.tree import walk
from bptt_lab.symbolic import vectors
from bptt_lab.symbolic.derivations import derive_vector

COLUMN = "h[t] = {}\nL[t] = mse(h[t], y[t])"
MATRIX = "h[t] = {} @ x[t]\nL[t] = sum(h[t])"
STATE = "h[t] = tanh(W @ h[t-1] + x[t])\n"
SIZES = dict(x=3, c=3, k=2, u=())


def network_of(text, **sizes):
    """Return a network whose sizes are those asked for, or the usual ones of the letters that stand in it."""
    usual = {name: size for name, size in SIZES.items() if re.search(rf"\b{name}\b", text)}
    return Network(text, sizes={**usual, **sizes})


def forms(network, name, T=3):
    """Return the row form and the gradient as texts, both proved."""
    lines = derive_vector(network.unroll(T), name, "gradient").lines
    row, column = lines[1].form.tree.inner, lines[2].form.tree
    assert row == vectors.local_form(network, name)
    return write(row), write(column)


def spelled(text):
    return re.sub(r"\bg\b", "grad(L, h(t))", re.sub(r"\bG\b", "D(L, h(t))", text))


def check(network, name, row, column):
    assert forms(network, name) == (spelled(row), spelled(column))


@pytest.mark.parametrize(
    ("right", "row", "column"),
    [
        ("x[t]", "G", "g"),
        ("-x[t]", "-G", "-g"),
        ("-(-x[t])", "G", "g"),
        ("x[t] + c", "G", "g"),
        ("c - x[t]", "-G", "-g"),
        ("x[t] - c", "G", "g"),
        ("c - (c - x[t])", "G", "g"),
        ("x[t] - x[t]*c", "G - G @ diag(c)", "g - c*g"),
        ("c * x[t]", "G @ diag(c)", "c*g"),
        ("x[t] * x[t]", "G @ diag(x(t)) + G @ diag(x(t))", "x(t)*g + x(t)*g"),
        ("x[t] / c", "G @ diag(1/c)", "1/c*g"),
        ("c / x[t]", "-(G @ diag(c/x(t)**2))", "-(c/x(t)**2*g)"),
        ("x[t] / 2", "1/2*G", "1/2*g"),
        ("2 / x[t]", "-(G @ diag(2/x(t)**2))", "-(2/x(t)**2*g)"),
        ("x[t]**2", "G @ diag(2*x(t))", "2*x(t)*g"),
        ("x[t]**3", "G @ diag(3*x(t)**2)", "3*x(t)**2*g"),
        ("x[t]**-1", "G @ diag((-1)*x(t)**(-2))", "(-1)*x(t)**(-2)*g"),
        ("tanh(x[t])", "G @ diag(1 - h(t)**2)", "(1 - h(t)**2)*g"),
        ("tanh(2*x[t])", "2*(G @ diag(1 - h(t)**2))", "2*((1 - h(t)**2)*g)"),
        ("tanh(x[t]) + c", "G @ diag(1 - tanh(x(t))**2)", "(1 - tanh(x(t))**2)*g"),
        ("relu(x[t])", "G @ diag(step(x(t)))", "step(x(t))*g"),
        ("sin(c*x[t])", "G @ diag(cos(c*x(t))) @ diag(c)", "c*(cos(c*x(t))*g)"),
        ("identity(x[t])", "G", "g"),
        ("softmax(x[t])", "G @ (diag(h(t)) - h(t) @ h(t).T)", "(diag(h(t)) - h(t) @ h(t).T) @ g"),
        (
            "c*softmax(x[t])",
            "G @ diag(c) @ (diag(softmax(x(t))) - softmax(x(t)) @ softmax(x(t)).T)",
            "(diag(softmax(x(t))) - softmax(x(t)) @ softmax(x(t)).T) @ (c*g)",
        ),
    ],
)
def test_what_acts_entry_by_entry_is_a_diagonal_matrix(right, row, column):
    check(network_of(COLUMN.format(right)), "x", row, column)


@pytest.mark.parametrize(
    ("right", "row", "column"),
    [
        ("x[t] * sum(c)", "sum(c)*G", "sum(c)*g"),
        ("x[t] / sum(c)", "1/sum(c)*G", "1/sum(c)*g"),
        ("sum(x[t]) * c", "G @ c @ ones(x(t)).T", "ones(x(t)) @ (c.T @ g)"),
        ("mean(x[t]) + c", "G @ ones(c)/3 @ ones(x(t)).T", "ones(x(t)) @ (ones(c).T @ g/3)"),
        ("c - sum(x[t])", "-(G @ ones(c) @ ones(x(t)).T)", "-(ones(x(t)) @ (ones(c).T @ g))"),
        ("dot(x[t], c) * k", "G @ k @ c.T", "c @ (k.T @ g)"),
        ("dot(c, x[t]) * k", "G @ k @ c.T", "c @ (k.T @ g)"),
        ("dot(x[t], x[t]) * k", "G @ k @ x(t).T + G @ k @ x(t).T", "x(t) @ (k.T @ g) + x(t) @ (k.T @ g)"),
        ("c / dot(c, x[t])", "-(G @ (c/dot(c, x(t))**2) @ c.T)", "-(c @ ((c/dot(c, x(t))**2).T @ g))"),
        ("x[t][2] * c", "G @ c @ diag(ones(x(t)))[2:2]", "diag(ones(x(t)))[:, 2:2] @ (c.T @ g)"),
    ],
)
def test_a_number_reaches_every_entry_by_a_column(right, row, column):
    check(network_of(COLUMN.format(right)), "x", row, column)


@pytest.mark.parametrize(
    ("right", "row", "column"),
    [
        ("concat(x[t], c)", "G[:, 1:3]", "g[1:3]"),
        ("concat(c, x[t])", "G[:, 4:6]", "g[4:6]"),
        ("concat(k, sum(c), x[t])", "G[:, 4:6]", "g[4:6]"),
        ("concat(x[t], k, 2*x[t])", "G[:, 1:3] + 2*G[:, 6:8]", "g[1:3] + 2*g[6:8]"),
        ("x[t][2:3]", "G @ diag(ones(x(t)))[2:3]", "diag(ones(x(t)))[:, 2:3] @ g"),
        (
            "tanh(x[t])[2:3]",
            "G @ diag(ones(tanh(x(t))))[2:3] @ diag(1 - tanh(x(t))**2)",
            "(1 - tanh(x(t))**2)*(diag(ones(tanh(x(t))))[:, 2:3] @ g)",
        ),
        (
            "tanh(x[t])[2] * c",
            "G @ c @ diag(ones(tanh(x(t))))[2:2] @ diag(1 - tanh(x(t))**2)",
            "(1 - tanh(x(t))**2)*(diag(ones(tanh(x(t))))[:, 2:2] @ (c.T @ g))",
        ),
    ],
)
def test_some_entries_are_a_product_with_rows_of_the_unit_matrix(right, row, column):
    check(network_of(COLUMN.format(right)), "x", row, column)


@pytest.mark.parametrize(
    ("right", "row", "column"),
    [
        ("W @ x[t]", "G @ W", "W.T @ g"),
        ("W.T @ x[t]", "G @ W.T", "W @ g"),
        ("-W @ x[t]", "G @ (-W)", "(-W.T) @ g"),
        ("V @ W @ x[t]", "G @ V @ W", "W.T @ (V.T @ g)"),
        ("W @ (x[t] + c)", "G @ W", "W.T @ g"),
        ("W @ tanh(x[t])", "G @ W @ diag(1 - tanh(x(t))**2)", "(1 - tanh(x(t))**2)*(W.T @ g)"),
        ("(W @ x[t])**2 * c", "G @ diag(c) @ diag(2*(W @ x(t))) @ W", "W.T @ (2*(W @ x(t))*(c*g))"),
    ],
)
def test_a_vector_behind_a_matrix_is_pulled_back_by_it(right, row, column):
    sizes = {name: (3, 3) for name in "WV" if name in right}
    check(network_of(COLUMN.format(right), **sizes), "x", row, column)


@pytest.mark.parametrize(
    ("left", "sizes", "row", "column"),
    [
        ("W", (2, 3), "x(t) @ G", "g @ x(t).T"),
        ("(-W)", (2, 3), "-(x(t) @ G)", "-(g @ x(t).T)"),
        ("W.T", (3, 2), "(x(t) @ G).T", "x(t) @ G"),
        ("(2*W)", (2, 3), "2*(x(t) @ G)", "2*(g @ x(t).T)"),
        ("(W/2)", (2, 3), "1/2*(x(t) @ G)", "1/2*(g @ x(t).T)"),
        ("(W - V)", (2, 3), "x(t) @ G", "g @ x(t).T"),
        ("(V - W)", (2, 3), "-(x(t) @ G)", "-(g @ x(t).T)"),
        ("(W.T + V)", (3, 2), "(x(t) @ G).T", "x(t) @ G"),
        ("(W*V)", (2, 3), "x(t) @ G*V.T", "(x(t) @ G*V.T).T"),
        ("(W/V)", (2, 3), "x(t) @ G*(1/V).T", "(x(t) @ G*(1/V).T).T"),
        ("(V/W)", (2, 3), "(-(x(t) @ G))*(V/W**2).T", "((-(x(t) @ G))*(V/W**2).T).T"),
        ("(W**2)", (2, 3), "x(t) @ G*(2*W).T", "(x(t) @ G*(2*W).T).T"),
        ("tanh(W)", (2, 3), "x(t) @ G*(1 - tanh(W)**2).T", "(x(t) @ G*(1 - tanh(W)**2).T).T"),
        ("(V @ W)", (4, 3), "x(t) @ (G @ V)", "V.T @ g @ x(t).T"),
        ("(W @ V)", (2, 4), "V @ x(t) @ G", "g @ (x(t).T @ V.T)"),
        (
            "(W @ W.T)",
            (3, 4),
            "W.T @ x(t) @ G + (x(t) @ (G @ W)).T",
            "g @ (x(t).T @ W) + x(t) @ (G @ W)",
        ),
        (
            "W[2:3]",
            (4, 3),
            "x(t) @ G @ diag(column(i, 1, 4, 1))[2:3]",
            "diag(column(i, 1, 4, 1))[:, 2:3] @ (g @ x(t).T)",
        ),
        (
            "W[:, 2:4]",
            (2, 5),
            "diag(column(i, 1, 5, 1))[2:4].T @ (x(t) @ G)",
            "g @ x(t).T @ diag(column(i, 1, 5, 1))[2:4]",
        ),
        (
            "W.T[2:3]",
            (3, 4),
            "(x(t) @ G @ diag(column(i, 1, 4, 1))[2:3]).T",
            "x(t) @ G @ diag(column(i, 1, 4, 1))[2:3]",
        ),
    ],
)
def test_a_matrix_has_an_outer_product_of_its_own_shape(left, sizes, row, column):
    other = {"(V @ W)": (2, 4), "(W @ V)": (4, 3)}.get(left, (2, 3))
    given = dict(W=sizes) | ({"V": other} if "V" in left else {})
    summed = lambda form: f"sum(t, 1, T, {form})"
    check(network_of(MATRIX.format(left), **given), "W", summed(row), summed(column))


@pytest.mark.parametrize(
    ("left", "row"),
    [
        ("(W*V)", "x(t) @ G*V.T"),
        ("tanh(W)", "x(t) @ G*(1 - tanh(W)**2).T"),
        ("W[2:3]", "x(t) @ G @ diag(column(i, 1, 3, 1))[2:3]"),
        ("W[:, 1:2]", "diag(column(i, 1, 2, 1))[1:2].T @ (x(t) @ G)"),
    ],
)
def test_two_columns_are_a_matrix(left, row):
    network = network_of(MATRIX.format(left), x=2, W=(3, 2))
    assert forms(network, "W")[0] == spelled(f"sum(t, 1, T, {row})")


@pytest.mark.parametrize(("left", "inner"), [("(W + u)", "sum(x(t) @ G)"), ("(u*W)", "sum(x(t) @ G*W.T)")])
def test_a_number_beside_a_matrix_gathers_all_its_entries(left, inner):
    form = spelled(f"sum(t, 1, T, {inner})")
    assert forms(network_of(MATRIX.format(left), W=(2, 3)), "u") == (form, form)


@pytest.mark.parametrize(
    ("text", "row", "column"),
    [
        (
            "L = W[2,3]*u",
            "u*(diag(column(i, 1, 3, 1))[3:3].T @ diag(column(i, 1, 2, 1))[2:2])",
            "u*(diag(column(i, 1, 2, 1))[:, 2:2] @ diag(column(i, 1, 3, 1))[3:3])",
        ),
        (
            "L = sum(W[2,3]*x)",
            "diag(column(i, 1, 3, 1))[3:3].T @ (ones(W[2,3]*x).T @ x @ diag(column(i, 1, 2, 1))[2:2])",
            "diag(column(i, 1, 2, 1))[:, 2:2] @ (x.T @ ones(W[2,3]*x)) @ diag(column(i, 1, 3, 1))[3:3]",
        ),
        (
            "L = W.T[1,2]",
            "(diag(column(i, 1, 2, 1))[2:2].T @ diag(column(i, 1, 3, 1))[1:1]).T",
            "diag(column(i, 1, 2, 1))[2:2].T @ diag(column(i, 1, 3, 1))[1:1]",
        ),
        (
            "L = W[:,2:3][2,1]**2",
            "diag(column(i, 1, 3, 1))[2:3].T @ (2*W[:, 2:3][2,1]*"
            "(diag(column(i, 1, 2, 1))[1:1].T @ diag(column(i, 1, 2, 1))[2:2]))",
            "2*W[:, 2:3][2,1]*(diag(column(i, 1, 2, 1))[:, 2:2] @ diag(column(i, 1, 2, 1))[1:1])"
            " @ diag(column(i, 1, 3, 1))[2:3]",
        ),
        ("L = sum(W.T)", "ones(W.T).T.T", "ones(W.T).T"),
        ("L = mean(W.T)", "(1/6*ones(W.T).T).T", "1/6*ones(W.T).T"),
    ],
)
def test_an_entry_of_a_matrix_stands_in_its_place_of_the_transpose(text, row, column):
    check(network_of(text, W=(2, 3)), "W", row, column)


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("L = u", "1"),
        ("L = -u", "-1"),
        ("L = u**2", "2*u"),
        ("L = tanh(u)*u", "(1 - tanh(u)**2)*u + tanh(u)"),
        ("L = sum(x)*u", "sum(x)"),
        ("L = sum(x)/u", "-(sum(x)/u**2)"),
        ("L = u/sum(x)", "1/sum(x)"),
        ("L = mse(u, sum(x))", "u - sum(x)"),
        ("L = mse(sum(x), u)", "u - sum(x)"),
        ("L = huber(sum(x), u)", "-(sum(x) - u - relu(sum(x) - u - 1) + relu(-(sum(x) - u) - 1))"),
    ],
)
def test_a_number_needs_no_transpose(text, row):
    check(network_of(text), "u", row, row)


@pytest.mark.parametrize(
    ("text", "row", "column"),
    [
        ("L = sum(x*u)", "ones(x*u).T @ x", "x.T @ ones(x*u)"),
        ("L = sum(x/u)", "-(ones(x/u).T @ (x/u**2))", "-((x/u**2).T @ ones(x/u))"),
        ("L = sum(u/x)", "ones(u/x).T @ (1/x)", "(1/x).T @ ones(u/x)"),
        ("L = sum(x - u)", "-(ones(x - u).T @ ones(x))", "-(ones(x).T @ ones(x - u))"),
        ("L = sum(u + x)", "ones(u + x).T @ ones(x)", "ones(x).T @ ones(u + x)"),
    ],
)
def test_a_number_gathers_what_all_entries_send_back(text, row, column):
    check(network_of(text), "u", row, column)


@pytest.mark.parametrize(
    ("text", "name", "column"),
    [
        ("L = sum(x)", "x", "ones(x)"),
        ("L = mean(x)", "x", "1/3*ones(x)"),
        ("L = dot(x, y)", "x", "y"),
        ("L = dot(x, y)", "y", "x"),
        ("L = nll(softmax(x), y)", "y", "-log(softmax(x))"),
        ("p = softmax(x)\nL = nll(p, y)", "p", "-(y/p)"),
        ("p = sigmoid(x)\nL = bce(p, y)", "p", "(p - y)/(p*(1 - p))"),
        ("p = sigmoid(x)\nL = bce(p, y)", "y", "log(1 - p) - log(p)"),
        ("L = mse(x, y)", "x", "x - y"),
        ("L = mse(x, y)", "y", "y - x"),
        ("L = huber(x, y)", "x", "x - y - relu(x - y - 1) + relu(-(x - y) - 1)"),
        ("L = huber(x, y)", "y", "-(x - y - relu(x - y - 1) + relu(-(x - y) - 1))"),
    ],
)
def test_a_loss_has_the_slopes_of_its_row(text, name, column):
    row = f"({column}).T" if re.search("[ -]", column) else f"{column}.T"
    check(network_of(text), name, row, column)


@pytest.mark.parametrize(
    ("text", "name", "row"),
    [
        ("L = mse(mse(x, y), u)", "x", "(mse(x, y) - u)*(x - y).T"),
        ("L = tanh(sum(x))", "x", "(1 - L**2)*ones(x).T"),
        ("q = tanh(sum(x))\nL = q**3", "x", "(1 - q**2)*D(L, q)*ones(x).T"),
        ("L = log(sum(exp(x)))", "x", "1/sum(exp(x))*ones(exp(x)).T @ diag(exp(x))"),
        ("p = softmax(x)\nL = nll(p, y)", "x", "D(L, p) @ (diag(p) - p @ p.T)"),
    ],
)
def test_what_an_equation_has_just_computed_goes_by_its_letter(text, name, row):
    assert forms(network_of(text), name)[0] == row


# Uses at several times, and when one is missing

LATER = "unless(t = T, D(L, h(t + 1)) @ d(h(t + 1), h(t)))"
LATER_ROW = "unless(t = T, D(L, h(t + 1)) @ diag(1 - h(t + 1)**2) @ W)"


@pytest.mark.parametrize(
    ("text", "name", "chain_rule", "row"),
    [
        (STATE + "L[t] = mse(h[t], y[t])", "h", f"d(L(t), h(t)) + {LATER}", f"(h(t) - y(t)).T + {LATER_ROW}"),
        (
            STATE + "L[t] = mse(h[t], y[t])",
            "W",
            "sum(t, 1, T, G @ d(h(t), W))",
            "sum(t, 1, T, h(t - 1) @ (G @ diag(1 - h(t)**2)))",
        ),
        (STATE + "L[t] = mse(h[t], y[t])", "L", "1", "1"),
        (STATE + "L[T] = mse(h[T], y)", "L", "1", "1"),
        (
            STATE + "L = mse(h[T], y)",
            "h",
            f"unless(t != T, d(L, h(T))) + {LATER}",
            f"unless(t != T, (h(T) - y).T) + {LATER_ROW}",
        ),
        (
            STATE + "L = mse(h[T-1], y)",
            "h",
            f"{LATER} + unless(t != T - 1, d(L, h(T - 1)))",
            f"{LATER_ROW} + unless(t != T - 1, (h(T - 1) - y).T)",
        ),
        (
            STATE + "L = mse(h[2], y)",
            "h",
            f"unless(t != 2, d(L, h(2))) + {LATER}",
            f"unless(t != 2, (h(2) - y).T) + {LATER_ROW}",
        ),
        (
            STATE + "L[1] = mse(h[T], y)",
            "h",
            f"unless(t != T, d(L(1), h(T))) + {LATER}",
            f"unless(t != T, (h(T) - y).T) + {LATER_ROW}",
        ),
        (
            STATE + "p[T] = V @ h[T]\nL = mse(p[T], y)",
            "h",
            f"unless(t != T, D(L, p(T)) @ d(p(T), h(T))) + {LATER}",
            f"unless(t != T, D(L, p(T)) @ V) + {LATER_ROW}",
        ),
        (STATE + "p[T] = V @ h[T]\nL = mse(p[T], y)", "p", "d(L, p(T))", "(p(T) - y).T"),
        (STATE + "p[T] = V @ h[T]\nL = mse(p[T], y)", "V", "D(L, p(T)) @ d(p(T), V)", "h(T) @ D(L, p(T))"),
        (
            "h[t] = tanh(W @ h[t-2] + x[t+1])\nL[t] = mse(h[t], y[t])",
            "h",
            "d(L(t), h(t)) + unless(t > T - 2, D(L, h(t + 2)) @ d(h(t + 2), h(t)))",
            "(h(t) - y(t)).T + unless(t > T - 2, D(L, h(t + 2)) @ diag(1 - h(t + 2)**2) @ W)",
        ),
        (
            "h[t] = tanh(W @ h[t-2] + x[t+2])\nL[t] = mse(h[t], y[t])",
            "x",
            "unless(t < 3, D(L, h(t - 2)) @ d(h(t - 2), x(t)))",
            "unless(t < 3, D(L, h(t - 2)) @ diag(1 - h(t - 2)**2))",
        ),
        (
            "h[t] = x[t] + x[t-1]/2 + 3*x[t+1]\nL[t] = mse(h[t], y[t])",
            "x",
            "unless(t = 1, D(L, h(t - 1)) @ d(h(t - 1), x(t))) + G @ d(h(t), x(t))"
            " + unless(t = T, D(L, h(t + 1)) @ d(h(t + 1), x(t)))",
            "unless(t = 1, 3*D(L, h(t - 1))) + G + unless(t = T, 1/2*D(L, h(t + 1)))",
        ),
        (
            "h[0] = tanh(c)\n" + STATE + "L[t] = mse(h[t], y[t])",
            "c",
            "D(L, h(0)) @ d(h(0), c)",
            "D(L, h(0)) @ diag(1 - h(0)**2)",
        ),
        (
            "s[t] = s[t-1] + sum(x[t])\nL = s[T]**2",
            "s",
            "unless(t != T, d(L, s(T))) + unless(t = T, d(s(t + 1), s(t))*D(L, s(t + 1)))",
            "unless(t != T, 2*s(T)) + unless(t = T, D(L, s(t + 1)))",
        ),
        (
            "s[t] = s[t-1] - sum(x[t])\nL = -s[T]**2",
            "s",
            "unless(t != T, d(L, s(T))) + unless(t = T, d(s(t + 1), s(t))*D(L, s(t + 1)))",
            "unless(t != T, -(2*s(T))) + unless(t = T, D(L, s(t + 1)))",
        ),
        (
            "L[t] = L[t-1] + sum(x[t])",
            "L",
            "unless(t = T, d(L(t + 1), L(t))*D(L, L(t + 1))) + 1",
            "unless(t = T, D(L, L(t + 1))) + 1",
        ),
        ("L[t] = L[t-1] + sum(x[t])", "x", "D(L, L(t))*d(L(t), x(t))", "D(L, L(t))*ones(x(t)).T"),
        (
            "a = tanh(c)\nh[t] = x[t] + a\nL[t] = mse(h[t], y[t])",
            "a",
            "sum(t, 1, T, G @ d(h(t), a))",
            "sum(t, 1, T, G)",
        ),
        (
            "h[t] = tanh(c)*x[t]\nL = mse(h[T], c)",
            "c",
            "sum(t, 1, T, G @ d(h(t), c)) + d(L, c)",
            "sum(t, 1, T, G @ diag(x(t)) @ diag(1 - tanh(c)**2)) + (c - h(T)).T",
        ),
        (
            "h[t] = h[t-1] * x[T] + x[2]\nL[t] = mse(h[t], y[t])",
            "h",
            f"d(L(t), h(t)) + {LATER}",
            "(h(t) - y(t)).T + unless(t = T, D(L, h(t + 1)) @ diag(x(T)))",
        ),
        (
            "h[t] = tanh(x[t])\nq[t] = 2*h[t]\nL[t] = mse(h[t], y[t])",
            "h",
            "D(L, q(t)) @ d(q(t), h(t)) + d(L(t), h(t))",
            "2*D(L, q(t)) + (h(t) - y(t)).T",
        ),
        (
            "a[t] = x[t][2] * x[t-1]\nL[t] = sum(a[t])",
            "x",
            "D(L, a(t)) @ d(a(t), x(t)) + unless(t = T, D(L, a(t + 1)) @ d(a(t + 1), x(t)))",
            "D(L, a(t)) @ x(t - 1) @ diag(ones(x(t)))[2:2] + unless(t = T, x(t + 1)[2]*D(L, a(t + 1)))",
        ),
    ],
)
def test_each_use_is_one_term_with_when_it_is_missing(text, name, chain_rule, row):
    sizes = {letter: size for letter, size in dict(h=3, V=(2, 3), s=()).items() if re.search(rf"\b{letter}\b", text)}
    network = network_of(text, **sizes, **({"L": ()} if "L[t-1]" in text else {}))
    assert write(vectors.chain_rule(network, name)) == spelled(chain_rule)
    assert write(vectors.local_form(network, name)) == spelled(row)
    lines = derive_vector(network.unroll(4), name).lines  # proved, and shown once where both are the same
    assert [str(line.form) for line in lines[1:]] == list(dict.fromkeys(map(spelled, (chain_rule, row))))


@pytest.mark.parametrize(
    ("right", "chain_rule"),
    [
        ("x[1]", "unless(t != 1, sum(t, 1, T, G @ d(h(t), x(1))))"),
        ("x[T]", "unless(t != T, sum(t, 1, T, G @ d(h(t), x(T))))"),
        (
            "x[1] + 2*x[2]",
            "unless(t != 2, sum(t, 1, T, G @ d(h(t), x(2)))) + unless(t != 1, sum(t, 1, T, G @ d(h(t), x(1))))",
        ),
        (
            "x[T] + 2*x[T-1]",
            "unless(t != T, sum(t, 1, T, G @ d(h(t), x(T)))) + unless(t != T - 1, sum(t, 1, T, G @ d(h(t), x(T - 1))))",
        ),
        (
            "x[t] + 2*x[1] + 3*x[T]",
            "unless(t != 1, sum(t, 1, T, G @ d(h(t), x(1)))) + unless(t = T, unless(t = 1, G @ d(h(t), x(t))))"
            " + unless(t != T, sum(t, 1, T, unless(T = 1, G @ d(h(t), x(T)))))",
        ),
    ],
)
def test_steps_that_may_be_one_are_counted_once(right, chain_rule):
    network = network_of(COLUMN.format(right))
    for T in (2, 4):
        derivation = derive_vector(network.unroll(T), "x")
        assert str(derivation.lines[1].form) == spelled(chain_rule)


def test_what_does_not_reach_the_loss_is_told():
    network = Network("h[t] = tanh(x[t])\nq[t] = 2*h[t]\nL[t] = mse(h[t], y[t])", sizes=dict(x=3))
    with pytest.raises(NetworkError, match="q does not reach the loss.\nAsk for a quantity that does."):
        vectors.chain_rule(network, "q")
    with pytest.raises(NetworkError, match="q does not reach the loss"):
        symbolic.derive_vector(network.unroll(3), "q")


def test_an_entry_of_a_letter_stays_a_letter():
    network = Network("a[t] = x[t][2] * x[t-1]\nL[t] = sum(a[t])", sizes=dict(x=3))
    parts = list(walk(vectors.local_form(network, "x")))
    assert letter("x", Index("t", 1)) not in parts
    assert replace(letter("x", Index("t", 1)), entry=(number(2),)) in parts


# Transposing, and what is told of it

PLAIN = Network("L = mse(W @ x + V @ k, c) + dot(x, z) + u", sizes=dict(W=(3, 4), V=(3, 2), u=()))


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("2", "2"),
        ("u", "u"),
        ("u + 1", "u + 1"),
        ("c", "c.T"),
        ("W", "W.T"),
        ("W.T", "W"),
        ("-W", "-W.T"),
        ("diag(c)", "diag(c)"),
        ("D(L, c)", "grad(L, c)"),
        ("d(L, c)", "d(L, c).T"),
        ("W @ x", "x.T @ W.T"),
        ("D(L, c) @ W", "W.T @ grad(L, c)"),
        ("D(L, c) @ diag(c)", "c*grad(L, c)"),
        ("D(L, c) @ diag(c) @ W", "W.T @ (c*grad(L, c))"),
        ("u*D(L, c)", "u*grad(L, c)"),
        ("u*W", "u*W.T"),
        ("c*c", "(c*c).T"),
        ("D(L, c)/u", "grad(L, c)/u"),
        ("c/u", "(c/u).T"),
        ("W @ x/c", "(W @ x/c).T"),
        ("x - z", "(x - z).T"),
        ("W @ x + V @ k", "x.T @ W.T + k.T @ V.T"),
        ("W @ x - c", "x.T @ W.T - c.T"),
        ("D(L, c) - D(L, c)", "grad(L, c) - grad(L, c)"),
        ("c.T + c.T", "c + c"),
        ("c[1:2] + k", "c.T[:, 1:2] + k.T"),
        ("diag(c) - diag(c)", "diag(c) - diag(c)"),
        ("tanh(c) - c", "(tanh(c) - c).T"),
        ("D(L, c)[:, 1:2]", "grad(L, c)[1:2]"),
        ("W[2:3]", "W.T[:, 2:3]"),
        ("sum(t, 1, 3, D(L, c))", "sum(t, 1, 3, grad(L, c))"),
    ],
)
def test_a_transpose_goes_inside_where_something_is_laid_out_in_rows(form, expected):
    tree = read(form, Language(PLAIN, ("t",)))
    assert write(vectors.transposed(tree, PLAIN.shapes)) == expected


@pytest.mark.parametrize(
    ("form", "expected"),
    [("x", False), ("x + z", False), ("c*c", False), ("W @ x", True), ("tanh(W @ x) - c", True), ("u", False)],
)
def test_a_reason_tells_of_reversed_factors_where_there_is_a_product(form, expected):
    assert vectors.has_product(read(form, Language(PLAIN, ("t",)))) is expected
