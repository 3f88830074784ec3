"""Values of formulas: the same in every arithmetic, refused where shapes do not fit, zero beyond the last step."""

import numpy as np
import pytest

from bptt_lab import Network, course
from bptt_lab.formulas import FormulaError, Language, read
from bptt_lab.formulas.tree import order
from bptt_lab.network.scalars import FLOATS
from bptt_lab.symbolic import worlds
from bptt_lab.symbolic.values import Scene

GRAPH = course.network("one hidden layer").unroll(6)
LANGUAGE = Language(GRAPH.network, ("t", "s", "i", "j", "k"))
SCENE = Scene(worlds.float_worlds(GRAPH, 1)[0])


def value(text, scene=SCENE, **indices):
    return scene.value(read(text, LANGUAGE), **indices)


def number(text, **indices):
    return np.asarray(value(text, **indices), dtype=float)


SAME = [
    ("grad(L, h1(t))", "W1.T @ d_a2[t] + W11.T @ d_a1[t+1]"),
    ("D(L, h1(t))", "d2(t) @ W1 + d1(t+1) @ W11"),
    ("d_a1[t]", "(1 - h1(t)**2) * d_h1[t]"),
    ("d_a1[t]", "diag(1 - h1(t)**2) @ d_h1[t]"),
    ("d_W11", "sum(s, 1, T, d_a1[s] @ h1[s-1].T)"),
    ("D(L, W11)", "sum(s, 1, T, h1[s-1] @ D(L, a1[s]))"),
    ("D(L, W0[2,3])", "sum(s, 1, 6, d1(s)[2]*x(s)[3])"),
    ("d(a1(t+1)[i], h1(t)[j])", "W11[i,j]"),
    ("d(a1(t+1), h1(t))", "W11"),
    ("d(h2(t)[k], a2(t)[j])", "h2(t)[k]*(same(k,j) - h2(t)[j])"),
    ("d(h2(t), a2(t))", "diag(h2(t)) - outer(h2(t), h2(t))"),
    ("D(L(5), h1(4))", "D(L(5), a1(5)) @ W11"),
    ("D(a1(5), h1(2))", "W11 @ D(h1(4), h1(2))"),
    ("D(h1(4), h1(2))", "prod(s, 1, 2, diag(1 - h1(5-s)**2) @ W11)"),
    ("h1(t)", "tanh(a1(t))"),
    ("1 - h1(t)**2", "sech(a1(t))**2"),
    ("sinh(a1(t))/cosh(a1(t))", "h1(t)"),
    ("L", "sum(s, 1, T, nll(h2(s), y(s)))"),
    ("h2(t)", "softmax(W1 @ h1(t) + b1)"),
    ("W0", "matrix(i, 1, 5, j, 1, 4, W0[i,j])"),
    ("x(t)", "column(j, 1, 4, x(t)[j])"),
    ("x(t).T", "row(j, 1, 4, x(t)[j])"),
    ("rows(W0) + columns(W0)/10", "5.4"),
    ("ones(h1(t)).T @ h1(t)", "row(i, 1, 1, sum(i, 1, 5, h1(t)[i]))"),
]


@pytest.mark.parametrize(("left", "right"), SAME)
def test_both_sides_of_a_true_line_have_one_value(left, right):
    indices = dict(t=3, i=2, j=1, k=3)
    one, two = number(left, **indices), number(right, **indices)
    assert one.shape == two.shape and np.allclose(one, two, rtol=1e-12) and np.abs(one).max() > 1e-6


@pytest.mark.parametrize(("left", "right"), SAME)
def test_intervals_and_residues_give_the_same_lines(left, right):
    indices = dict(t=3, i=2, j=1, k=3)
    certain = Scene(worlds.interval_world(GRAPH, 0))
    gap = np.ravel(np.asarray(value(left, certain, **indices) - value(right, certain, **indices), dtype=object))
    assert all(g.a <= 0 <= g.b and float(g.delta) < 1e-40 for g in gap)
    if not {"sech", "sinh", "5.4"} & set(left.replace("(", " ").split() + right.replace("(", " ").split()):
        exact = Scene(worlds.modular_worlds(GRAPH)[0])
        sides = [np.ravel(np.asarray(value(side, exact, **indices), dtype=object)) for side in (left, right)]
        assert all(x == y for x, y in zip(*sides, strict=True))


@pytest.mark.parametrize("place", ["W11[2,4]", "W1[3,2]", "b0[1]", "x(1)[2]", "h1(0)[5]"])
def test_a_total_derivative_is_that_of_a_complex_step_of_the_forward_pass(place):
    letter = read(place, LANGUAGE)
    name, time = letter.name, None if letter.time is None else int(letter.time.value)
    entry = tuple(int(i.value) for i in letter.entry)
    leaves = {p: float(v) for p, v in SCENE.world.leaves.items()}
    key = next(p for p in leaves if p[:3] == (name, time, entry))
    moved = GRAPH.run({**leaves, key: leaves[key] + 1e-30j}, FLOATS)
    slope = sum(complex(moved[p]).imag for p in GRAPH.loss_entries) / 1e-30
    assert np.isclose(number(f"D(L, {place})"), slope, rtol=1e-12)


def test_past_the_last_step_a_derivative_at_a_general_time_is_zero():
    assert not number("d_a1[t+1]", t=6).any() and number("d_a1[t+1]", t=6).shape == (5, 1)
    assert not number("d(a1(t+1), h1(t))", t=6).any()


def test_past_the_last_step_nothing_right_depends_on_a_value():
    line = "W11.T @ diag(1 - h1(t+1)**2) @ d_h1[t+1] + W1.T @ d_a2[t]"
    assert np.allclose(number(line, t=6), number("d_h1[t]", t=6))
    assert not np.allclose(number(line + " + 0.01*h1(t+1)", t=6), number("d_h1[t]", t=6))


@pytest.mark.parametrize(
    "text", ["h1(7)", "a1(0)", "d_a1[0]", "d_a1[7]", "d1(7)", "d(a1(7), h1(6))", "h1(t+2)", "h1(t-8)"]
)
def test_where_there_is_nothing_a_time_is_refused(text):
    with pytest.raises(FormulaError, match=r"[ah]1 does not occur at time -?\d"):
        value(text, t=6)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("d_a1[t] @ h1[t-1]", "a column of 5 and a column of 5; 1 column does not meet 5 rows"),
        ("W0 * W11", "5×4 and 5×5"),
        ("h1(t) + h1(t).T", "a column of 5 and a row of 5"),
        ("2 @ h1(t)", "use * for a product with a number".capitalize()),
        ("diag(W11)", "takes a vector, not 5×5"),
        ("h1(t)[6]", "no entry 6"),
        ("W11[0,1]", "no entry 0,1"),
        ("x(7)[1]", "Its times are 1 to 6"),
        ("sum(i, 1, 300, 1)", "range is too long"),
        ("sum(i, 1, 150, sum(j, 1, 150, sum(k, 1, 150, 1)))", "takes too long"),
        ("h1(x(1)[1])", "An index must be a whole number"),
        ("h1(s)", "index s is not bound"),
    ],
)
def test_what_has_no_value_says_why(text, words):
    with pytest.raises(FormulaError) as caught:
        value(text, t=3)
    assert words in str(caught.value)


def test_a_vector_by_a_matrix_has_three_indices_which_an_answer_may_not():
    world, tree = worlds.float_worlds(GRAPH, 1)[0], read("d(a1(1), W11)", LANGUAGE)
    with pytest.raises(FormulaError, match="three indices"):
        Scene(world, is_lenient=True).value(tree)
    by_matrix = Scene(world).value(read("D(L, a1(1)) @ d(a1(1), W11)", LANGUAGE))
    written_out = Scene(world).value(read("h1(0) @ D(L, a1(1))", LANGUAGE))
    np.testing.assert_allclose(by_matrix.astype(float), written_out.astype(float), rtol=1e-12)


def test_an_initial_state_depends_on_nothing():
    assert not number("d(h1(t-1), b0)", t=1).any() and number("d(a1(t), b0)", t=1).any()


def test_rows_never_meet_columns_by_broadcasting():
    """NumPy would make a 5×5 matrix of it, silently."""
    with pytest.raises(FormulaError, match="do not fit"):
        value("h1(t) * d1(t)", t=2)


def test_a_network_of_single_numbers_needs_no_entries():
    two = Network("h[t] = tanh(w*h[t-1] + u*x[t])\nL[t] = mse(v*h[t], y[t])", sizes=dict(x=1, h=1))
    scene = Scene(worlds.float_worlds(two.unroll(3), 1)[0])
    language = Language(two)
    one, other = (scene.value(read(s, language)) for s in ("D(L, w)", "sum(t, 1, 3, D(L,h(t))*(1-h(t)**2)*h(t-1))"))
    assert isinstance(one, float) and np.isclose(one, other)


def test_a_power_of_powers_is_harmless():
    for world in (worlds.float_worlds(GRAPH, 1)[0], worlds.interval_world(GRAPH, 0)):
        try:
            Scene(world).value(read("((((2**20)**20)**20)**20)", LANGUAGE))
        except (FormulaError, ArithmeticError):
            pass


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("3", 0),
        ("h1(2)[1]", 1),
        ("D(L, h1(2))", 1),
        ("h1(2)*h1(1) + h1(3)", 3),
        ("h1(2)**20", 20),
        ("(h1(2)**20)**3", 60),
        ("h1(2)**(-2)", 2),
        ("exp(h1(2)*h1(1))", 3),
        ("exp(3)**5", 5),
        ("prod(k, 1, 3, h1(k))", 3),
        ("prod(k, 3, 3, h1(k)*h1(2))", 2),
        ("h1(2)**t", 16),
        ("h1(2)**(5*t)", 80),
        ("prod(k, 1, t, h1(k)[1])", 18),
        ("h1(2)*exp(h1(1))", 1),
        ("h1(2) - exp(h1(1))", 3),
        ("sum(k, 1, 3, h1(k))", 1),
    ],
)
def test_the_order_of_a_formula_is_how_many_factors_its_terms_have_together(text, found):
    assert order(read(text, Language(GRAPH.network, ("t",)))) == found


@pytest.mark.parametrize(
    ("text", "same_as"),
    [
        ("(W1.T @ d_a2(t))[3]", "sum(k, 1, 3, W1[k,3]*d_a2(t)[k])"),
        ("(d_a1(t) @ h1(t-1).T)[2,4]", "d_a1(t)[2]*h1(t-1)[4]"),
        ("softmax(a2(t))[2]", "exp(a2(t)[2])/sum(k, 1, 3, exp(a2(t)[k]))"),
        ("(h1(t))[2]", "h1(t)[2]"),
        ("h1(t).T[2]", "h1(t)[2]"),
        ("h1(t)[2:4][1]", "h1(t)[2]"),
        ("sum(h1(t))", "sum(i, 1, 5, h1(t)[i])"),
        ("mean(h1(t)[2:3])", "(h1(t)[2] + h1(t)[3])/2"),
        ("dot(h1(t), a1(t))", "sum(i, 1, 5, h1(t)[i]*a1(t)[i])"),
        ("(W11 @ W0)[:, 2:3][4,1]", "sum(k, 1, 5, W11[4,k]*W0[k,2])"),
        ("unless(t = T, 1)", "1 - same(t, T)"),
        ("unless(t != 3, 1)", "same(t, 3)"),
        ("concat(h1(t), x(t))[7]", "x(t)[2]"),
    ],
)
def test_entries_slices_and_conditions_have_the_values_of_what_they_say(text, same_as):
    for t in (1, 3, 6):
        assert np.isclose(float(value(text, t=t)), float(value(same_as, t=t)), rtol=1e-13)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("(h1(t) + b0)[6]", "no entry 6"),
        ("(W11 @ W0)[2]", "two indices"),
        ("h1(t)[4:6]", "no rows 4 to 6"),
        ("(h1(t) + b0)[3:2]", "no rows 3 to 2"),
        ("W11[:, 0:2]", "no columns 0 to 2"),
        ("dot(h1(t), x(t))", "one size"),
    ],
)
def test_an_entry_or_a_part_that_is_not_there_is_told(text, words):
    with pytest.raises(FormulaError, match=words):
        value(text, t=2)
