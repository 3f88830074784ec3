"""Mistakes of gated networks: each is named by its own name, as a formula and as a function; what is right is not."""

from dataclasses import replace
from functools import cache

import measuring
import numpy as np
import pytest

import networks
from bptt_lab import Network
from bptt_lab.exercises.authoring import generate
from bptt_lab.exercises.causes.diagnosis import diagnose, same
from bptt_lab.exercises.causes.named import catalogued
from bptt_lab.exercises.judges import arrays, instances
from bptt_lab.exercises.judges.function import judge_function, reference
from bptt_lab.exercises.mistakes.catalogue import CATALOGUE
from bptt_lab.exercises.mistakes.gate_slips import gate_slips
from bptt_lab.exercises.mistakes.joined_slips import joined_slips
from bptt_lab.exercises.mistakes.product_slips import product_slips
from bptt_lab.exercises.mistakes.rewriting import slopes
from bptt_lab.exercises.mistakes.uses import uses_of
from bptt_lab.exercises.question import Question
from bptt_lab.exercises.scenes import values
from bptt_lab.formulas.times import NOW
from bptt_lab.network import Place
from bptt_lab.network.scalars import letters

LSTM, GRU, PAPER = "LSTM", "GRU", "GRU of the paper"
TEXTS = {**networks.TEXTS, **networks.BEYOND}
T = 4
OF_GATES = {"C12", *(name for name in CATALOGUE if name.startswith("G"))}
FORGET = "(1 - tanh(c(t))**2)*(q(t)*d_h(t)) + f(t+1)*d_c(t+1)"
STATE = (
    "sigmoid(h(t)) - y(t) + z(t+1)*d_h(t+1) + Ur.T @ (r(t+1)*(1 - r(t+1))*d_r(t+1))"
    " + Uz.T @ (z(t+1)*(1 - z(t+1))*d_z(t+1)) + Un.T @ (r(t+1)*((1 - n(t+1)**2)*d_n(t+1)))"
)
OF_PAPER = (
    "V.T @ (V @ h(t) - y(t)) + z(t+1)*d_h(t+1) + Ur.T @ (r(t+1)*(1 - r(t+1))*d_r(t+1))"
    " + Uz.T @ (z(t+1)*(1 - z(t+1))*d_z(t+1)) + r(t+1)*(R.T @ ((1 - c(t+1)**2)*d_c(t+1)))"
)
RIGHT = {
    (LSTM, "grad(L, c(t))"): FORGET,
    (LSTM, "grad(L, f(t))"): "c(t-1)*d_c(t)",
    (LSTM, "grad(L, q(t))"): "tanh(c(t))*d_h(t)",
    (LSTM, "grad(L, Wf)"): "sum(t, 1, T, (f(t)*(1 - f(t))*d_f(t)) @ z(t).T)",
    (LSTM, "grad(L, Wg)"): "sum(t, 1, T, ((1 - g(t)**2)*d_g(t)) @ z(t).T)",
    (LSTM, "grad(L, h(0))"): "column(k, 1, 4, d_z(1)[k])",
    (GRU, "grad(L, n(t))"): "(1 - z(t))*d_h(t)",
    (GRU, "grad(L, z(t))"): "(h(t-1) - n(t))*d_h(t)",
    (GRU, "grad(L, r(t))"): "(Un @ h(t-1) + cn)*((1 - n(t)**2)*d_n(t))",
    (GRU, "grad(L, h(t))"): STATE,
    (GRU, "grad(L, Un)"): "sum(t, 1, T, (r(t)*((1 - n(t)**2)*d_n(t))) @ h(t-1).T)",
    (PAPER, "grad(L, r(t))"): "h(t-1)*(R.T @ ((1 - c(t)**2)*d_c(t)))",
    (PAPER, "grad(L, z(t))"): "(h(t-1) - c(t))*d_h(t)",
    (PAPER, "grad(L, h(t))"): OF_PAPER,
    (PAPER, "grad(L, R)"): "sum(t, 1, T, ((1 - c(t)**2)*d_c(t)) @ (r(t)*h(t-1)).T)",
}
# what is written wrongly: a part of the right answer, what stands for it, and the name of the mistake
WRONG = [
    # the slope of another activation
    ("B5", LSTM, "grad(L, c(t))", "1 - tanh(c(t))**2", "tanh(c(t))*(1 - tanh(c(t)))"),
    ("B5", LSTM, "grad(L, Wf)", "f(t)*(1 - f(t))", "(1 - f(t)**2)"),
    ("B5", LSTM, "grad(L, Wg)", "(1 - g(t)**2)", "g(t)*(1 - g(t))"),
    ("B5", GRU, "grad(L, Un)", "(1 - n(t)**2)", "n(t)*(1 - n(t))"),
    # the path through the cell, and through a gate
    ("A1", LSTM, "grad(L, c(t))", " + f(t+1)*d_c(t+1)", ""),
    ("A1", GRU, "grad(L, h(t))", " + z(t+1)*d_h(t+1)", ""),
    ("A1", GRU, "grad(L, h(t))", " + Uz.T @ (z(t+1)*(1 - z(t+1))*d_z(t+1))", ""),
    ("A1", PAPER, "grad(L, h(t))", " + Ur.T @ (r(t+1)*(1 - r(t+1))*d_r(t+1))", ""),
    # one factor of a product
    ("G1", LSTM, "grad(L, c(t))", "f(t+1)*d_c", "d_c"),
    ("G1", LSTM, "grad(L, c(t))", "q(t)*d_h", "d_h"),
    ("G1", LSTM, "grad(L, f(t))", "c(t-1)*", ""),
    ("G1", LSTM, "grad(L, q(t))", "tanh(c(t))*", ""),
    ("G1", GRU, "grad(L, r(t))", "(Un @ h(t-1) + cn)*", ""),
    ("G1", GRU, "grad(L, n(t))", "(1 - z(t))*", ""),
    ("G1", GRU, "grad(L, h(t))", "(r(t+1)*((1 - n(t+1)**2)*d_n(t+1)))", "((1 - n(t+1)**2)*d_n(t+1))"),
    ("G1", PAPER, "grad(L, h(t))", "r(t+1)*(R.T", "(R.T"),
    ("G1", GRU, "grad(L, Un)", "r(t)*", ""),
    ("G1", PAPER, "grad(L, R)", "r(t)*", ""),
    ("G2", LSTM, "grad(L, c(t))", "f(t+1)*d_c", "c(t)*d_c"),
    ("G2", LSTM, "grad(L, f(t))", "c(t-1)", "f(t)"),
    ("G2", LSTM, "grad(L, c(t))", "q(t)*", "tanh(c(t))*"),
    ("G2", GRU, "grad(L, n(t))", "(1 - z(t))", "n(t)"),
    # the factor of another step
    ("B6", LSTM, "grad(L, c(t))", "f(t+1)", "f(t)"),
    ("B6", LSTM, "grad(L, f(t))", "c(t-1)", "c(t)"),
    ("B6", GRU, "grad(L, z(t))", "h(t-1)", "h(t)"),
    # a factor and a matrix in the wrong order
    ("G7", GRU, "grad(L, h(t))", "Un.T @ (r(t+1)*((1 - n(t+1)**2)*d_n(t+1)))",
     "r(t+1)*(Un.T @ ((1 - n(t+1)**2)*d_n(t+1)))"),
    ("G7", GRU, "grad(L, Un)", "(r(t)*((1 - n(t)**2)*d_n(t))) @ h(t-1).T", "((1 - n(t)**2)*d_n(t)) @ (r(t)*h(t-1)).T"),
    ("G7", PAPER, "grad(L, h(t))", "r(t+1)*(R.T @ ((1 - c(t+1)**2)*d_c(t+1)))",
     "R.T @ (r(t+1)*((1 - c(t+1)**2)*d_c(t+1)))"),
    ("G7", PAPER, "grad(L, r(t))", "h(t-1)*(R.T @ ((1 - c(t)**2)*d_c(t)))", "R.T @ (h(t-1)*((1 - c(t)**2)*d_c(t)))"),
    ("G7", PAPER, "grad(L, R)", "((1 - c(t)**2)*d_c(t)) @ (r(t)*h(t-1)).T", "(r(t)*((1 - c(t)**2)*d_c(t))) @ h(t-1).T"),
    # a gate and one minus it
    ("G3", GRU, "grad(L, z(t))", "(h(t-1) - n(t))", "h(t-1)"),
    ("G3", PAPER, "grad(L, z(t))", "(h(t-1) - c(t))", "-c(t)"),
    ("G3", GRU, "grad(L, r(t))", "(Un @ h(t-1) + cn)", "(Un @ h(t-1))"),
    ("G4", GRU, "grad(L, z(t))", "h(t-1) - n(t)", "h(t-1) + n(t)"),
    ("G5", GRU, "grad(L, n(t))", "(1 - z(t))", "z(t)"),
    ("G5", LSTM, "grad(L, c(t))", "f(t+1)", "(1 - f(t+1))"),
    ("G6", LSTM, "grad(L, c(t))", "f(t+1)", "(1 - i(t+1))"),
    # a joined vector
    ("C12", LSTM, "grad(L, h(0))", "[k]", "[k + 3]"),
]  # fmt: skip


@cache
def question(name, goal):
    text, sizes = TEXTS[name]
    common = dict(id="18.1", section="18 · A section", task="?", hints=("one", "two", "three"))
    letters = ("d_h", "d_c")  # what the loss does is handed out
    answer = RIGHT[name, goal]
    return Question(**common, kind="matrix", network=text, sizes=sizes, T=T, goal=goal, answer=answer, letters=letters)


def cause(asked, text):
    tree = asked.tree(text)
    return diagnose(asked, lambda scene: values(tree, scene, asked.spans))


@pytest.mark.parametrize(("name", "goal"), RIGHT)
def test_the_right_answer_is_no_mistake(name, goal):
    found = cause(question(name, goal), RIGHT[name, goal])
    assert not found.mistake and "right at many points" in found.right


@pytest.mark.parametrize(("mistake", "name", "goal", "right", "wrong"), WRONG)
def test_a_mistake_is_named_by_its_own_name(mistake, name, goal, right, wrong):
    asked = question(name, goal)
    assert right in asked.answer
    assert cause(asked, asked.answer.replace(right, wrong)).mistake == mistake


@pytest.mark.parametrize(
    ("name", "goal", "right", "wrong", "says"),
    [
        (LSTM, "grad(L, c(t))", "f(t+1)*d_c", "d_c", "On the way back from c(t+1) to c(t) the factor with f(t+1) is"),
        (LSTM, "grad(L, f(t))", "c(t-1)", "f(t)", "the value of f(t) stands where the factor with c(t-1) belongs"),
        (GRU, "grad(L, n(t))", "(1 - z(t))", "z(t)", "The gate z(t) stands where one minus it belongs"),
        (PAPER, "grad(L, h(t))", "r(t+1)*(R.T @ (", "(R.T @ (r(t+1)*", "the factor r(t+1) stands on the wrong side"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_at_the_step_of_the_goal(name, goal, right, wrong, says):
    asked = question(name, goal)
    assert says in cause(asked, asked.answer.replace(right, wrong)).says


# As questions are made of any network


def made(name, maker):
    """Return the first question of a kind that would be made of a network; `test_making` proves such questions."""
    text, sizes = TEXTS[name]
    data = next(maker(Network(text, sizes=sizes)))
    return Question(**{**data, "network": text, "sizes": sizes, "T": T, "id": "18.1", "section": "18 · A section"})


@pytest.mark.parametrize("name", [LSTM, GRU, PAPER])
def test_the_mistakes_of_a_made_formula_are_refused_and_named_rightly(name):
    tally = measuring.mutants([made(name, generate._matrix)], every=150)
    assert tally.counts["mutants"] >= 1
    assert not tally.counts["not refused"] and not tally.counts["named wrongly"], tally.troubles
    assert tally.counts["named uniquely and rightly"] == tally.counts["mutants"], tally.troubles


@pytest.mark.parametrize("name", [LSTM, GRU, PAPER])
def test_the_mistakes_of_a_made_function_are_named_rightly(name):
    asked = made(name, generate._function)
    case, goals = instances.instances(asked)[0], instances.forms(asked, asked.returns)
    true, (key, goal) = case.arrays(goals), next(iter(goals.items()))
    known = arrays.catalogued_arrays(case, goal, gives_deltas=True)
    of_gates = [(mutant, array) for mutant, array in known if mutant.mistake in OF_GATES]
    assert len({mutant.mistake for mutant, _ in of_gates}) >= 4
    for mutant, array in of_gates[::20]:
        assert not same(array.ravel(), np.ravel(true[key])), mutant
        assert arrays.diagnose_array(case, goal, array, true[key], True).mistake == mutant.mistake, mutant
    assert not arrays.diagnose_array(case, goal, true[key], true[key], True).mistake


@pytest.mark.parametrize(
    ("name", "right", "wrong", "mistake"),
    [
        (LSTM, "f * (1 - f)", "(1 - f ** 2)", "B5"),
        (GRU, "rows(r * ((1 - n**2) * d_n)).T @ rows(h", "rows((1 - n**2) * d_n).T @ rows(r * h", "G7"),
    ],
)
def test_a_wrong_function_is_named_by_its_own_name(name, right, wrong, mistake):
    asked = made(name, generate._function)
    assert right in asked.answer, asked.answer
    found = judge_function(asked, reference(replace(asked, answer=asked.answer.replace(right, wrong))))
    assert found.mistake == mistake, found


def test_slips_of_products_are_for_products_only():
    text, sizes = networks.TEXTS["one hidden layer"]
    asked = Question(
        id="18.1", section="18 · A section", kind="matrix", task="?", hints=("one", "two", "three"), network=text,
        sizes=sizes, T=3, goal="grad(L, h1(t))", answer="W1.T @ d_a2(t) + W11.T @ d_a1(t+1)",
    )  # fmt: skip
    assert not {mutant.mistake for mutant, _ in catalogued(asked)} & OF_GATES


UNNAMED = """
    a[t] = W @ x[t]
    b[t] = V @ x[t]
    g[t] = tanh(U @ x[t])
    z[t] = sigmoid(R @ x[t])
    h[t] = sigmoid(a[t] + b[t])*g[t] + z[t]*h[t-1]
    L[t] = mse(h[t], y[t])
"""


@pytest.mark.parametrize(
    ("z", "size", "units"), [("z[t]", 3, (1, 2, 3)), ("z[t][2:4]", 4, (1, 2, 3)), ("z[t]", (), ())]
)
def test_a_gate_taken_for_one_without_a_name_is_read_at_the_same_unit(z, size, units):
    text = UNNAMED.replace("z[t]*h", f"{z}*h").replace("R @ x[t]", "R @ x[t]" if size else "dot(r, x[t])")
    network = Network(text, sizes=dict(x=2, h=3, z=size))
    found = list(gate_slips(network, uses_of(network)["h"]))
    of_g = [new for one in found if one.mistake == "G6" for use, new in one.instead.items() if use.letter.name == "g"]
    read = [(at.row, letter.place) for new in of_g for at, tree in slopes(network, new) for letter in letters(tree)]
    assert read == [((i,), Place("z", NOW, (i,))) for i in units]


def test_the_slip_with_a_gate_without_a_name_is_named():
    answer, wrong = "sigmoid(a(t) + b(t))*d_h(t)", "(1 - z(t))*d_h(t)"
    common = dict(id="18.1", section="18 · A section", task="?", hints=("one", "two", "three"), kind="matrix", T=T)
    asked = Question(**common, network=UNNAMED, sizes=dict(x=2, h=3), goal="grad(L, g(t))", answer=answer)
    assert not cause(asked, answer).mistake
    assert cause(asked, wrong).mistake == "G6"


JOINED = "h[t] = tanh(W @ concat(h[t-1], x[t])) * sigmoid(V @ concat(h[t-1], x[t]) + b)\nL[t] = mse(h[t], y[t])"


def test_every_matrix_that_meets_a_joined_vector_has_its_parts_in_the_wrong_order():
    network = Network(JOINED, sizes=dict(x=2, h=3))
    (found,) = joined_slips(network, uses_of(network)["h"])
    names = {use.letter.name: use for use in found.instead}
    assert set(names) == {"W", "V", "h", "x"}  # b meets no joined vector
    places = {1: 3, 2: 4, 3: 5, 4: 1, 5: 2}  # of the entries of h and x, where x stands first
    for matrix in "WV":
        old, new = (list(slopes(network, one)) for one in (names[matrix], found.instead[names[matrix]]))
        for (before, slope), (after, slope_after) in zip(old, new, strict=True):
            assert after.column == (before.column[0], places[before.column[1]])
            assert slope_after == slope
    for name, columns in (("h", {3, 4, 5}), ("x", {1, 2})):
        trees = [tree for _, tree in slopes(network, found.instead[names[name]])]
        read = {one.place for tree in trees for one in letters(tree) if one.place.name in names}
        assert {(place.name, place.entry[1]) for place in read} == {(matrix, j) for matrix in "WV" for j in columns}


def held(use):
    inside = [(part._replace(columns=()), column) for part in use.parts for column in part.columns]
    return sorted(map(repr, use.base)), sorted(map(repr, inside))


@pytest.mark.parametrize("name", [LSTM, GRU, PAPER, "two matrices"])
def test_a_slip_holds_only_uses_that_change(name):
    text, sizes = TEXTS.get(name, (JOINED, dict(x=2, h=3)))
    network = Network(text, sizes=sizes)
    by_equation = [uses_of(network)[one] for one in network.equations]
    every = tuple(use for uses in by_equation for use in uses)
    found = [*joined_slips(network, every), *(slip for uses in by_equation for slip in gate_slips(network, uses))]
    found += [slip for use in every for slip in product_slips(network, use)]
    assert found and all(held(use) != held(new) for slip in found for use, new in slip.instead.items())
