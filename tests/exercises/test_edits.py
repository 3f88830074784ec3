"""Mistakes as edits of the backward pass: each has the value of the wrong formula that people write down."""

from functools import lru_cache

import numpy as np
import pytest

import networks
from bptt_lab import Network
from bptt_lab.exercises.mistakes import mutants
from bptt_lab.exercises.mistakes.backward_pass import Pass, plain, right_pass, tables_of
from bptt_lab.exercises.mistakes.catalogue import CATALOGUE, NOT_APPLICABLE
from bptt_lab.exercises.scenes import scene_of
from bptt_lab.formulas import Language, read
from bptt_lab.formulas.tree import free_variables
from bptt_lab.network import Place
from bptt_lab.network.scalars import FLOATS, entries
from bptt_lab.network.values import entry_array
from bptt_lab.symbolic import worlds

T = 4
FRESH = 5  # a world that played no part in finding the mutants

OWN = {
    "two scalars": (
        """
        a[t] = w * h[t-1] + u * x[t]
        h[t] = tanh(a[t])
        L[t] = mse(v * h[t], y[t])
        """,
        dict(w=(), u=(), v=(), x=(), h=(), y=()),
    ),
    "gated sum": (
        """
        u[t] = leaky_relu(P @ x[t] + Q @ u[t-1] + R @ x[t-1] + p)
        v[t] = sigmoid(S @ u[t] + G @ v[t-1]) * u[t]
        L[t] = nll(softmax(v[t]), y[t])
        """,
        dict(x=2, u=3),
    ),
    "joined": (
        """
        z[t] = concat(h[t-1], x[t])
        h[t] = tanh(W @ z[t] + b)
        o[t] = V @ h[t] + c
        L[t] = mse(o[t], y[t])
        """,
        dict(x=2, h=3, y=3),
    ),
    "logistic": (
        """
        h[t] = sigmoid(W @ h[t-1] + U @ x[t])
        o[t] = V @ h[t]
        L[t] = bce(sigmoid(o[t]), y[t])
        """,
        dict(x=3, h=3, y=2),
    ),
}


@lru_cache
def graph_of(name):
    text, sizes = OWN.get(name) or networks.TEXTS[name]
    return Network(text, sizes=sizes).unroll(3 if name in ("LSTM", "GRU") else T)


def tree(name, text):
    return read(text, Language(graph_of(name).network, ("t", "k", "ii", "jj")))


def scene(name, number=FRESH):
    return scene_of(worlds.float_worlds(graph_of(name))[number])


def floats(value):
    return np.asarray(value, dtype=float)


def choices(name, goal):
    """Return every choice of a goal's free indices at which it has a value."""
    spans = ((n, mutants._span(graph_of(name), goal, n)) for n in sorted(free_variables(goal) - {"T"}))
    found = [{}]
    for index, span in spans:
        found = [{**one, index: number} for one in found for number in span]
    return found


def named(name, goal, formula, **fixed):
    """Return the ids of all mutants of a goal that have the value of a formula, shape included, for every index."""
    goal, formula = tree(name, goal), tree(name, formula)
    spans = {index: [number] for index, number in fixed.items()}
    indices = [one for one in choices(name, goal) if fixed.items() <= one.items()]
    wanted = [floats(scene(name).value(formula, **one)) for one in indices]
    found = set()
    for mutant in mutants.mutants(graph_of(name), goal, spans):
        given = [floats(mutant.value(scene(name), goal, one)) for one in indices]
        if all(g.shape == w.shape and np.allclose(g, w, rtol=1e-10) for g, w in zip(given, wanted, strict=True)):
            found |= {mutant.mistake, *mutant.also}
    return found


ONE = "one hidden layer"
H1 = "grad(L, h1(t))"
W11 = "grad(L, W11)"
WRONG = [
    # paths
    ("A1", ONE, H1, "W1.T @ d_a2[t]"),
    ("A1", ONE, H1, "W11.T @ d_a1[t+1]"),
    ("A1", ONE, W11, "sum(s, 1, T, outer((1 - h1(s)**2) * (W1.T @ d_a2[s]), h1(s-1)))"),
    ("A2", ONE, "D(a1(t)[ii], W11)", "d(a1(t)[ii], W11)"),
    ("A2", ONE, W11, "outer(d_a1(T), h1(T-1))"),
    ("A3", ONE, H1, "W1.T @ d_a2[t] + column(i, 1, 5, W11[i,i] * d_a1(t+1)[i])"),
    ("A4", ONE, W11, "outer(d_a1(T), h1(T-1))"),
    ("A5", ONE, W11, "outer(d_a1(1), h1(0))"),
    ("A6", ONE, "grad(L, a2(t))", "same(t, T) * (h2(t) - y(t))"),
    ("A7", ONE, H1, "2 * (W1.T @ d_a2[t]) + W11.T @ d_a1[t+1]"),
    ("A7", ONE, H1, "W1.T @ d_a2[t] + 2 * (W11.T @ d_a1[t+1])"),
    ("A9", ONE, H1, "W1.T @ d_a2[t] + W11.T @ ((1 - h1(t+1)**2) * (W1.T @ d_a2[t+1]))"),
    # activations
    ("B1", ONE, "grad(L, a1(t))", "d_h1[t]"),
    ("B1", ONE, W11, "sum(s, 1, T, outer(d_h1(s), h1(s-1)))"),
    ("B2", ONE, H1, "W1.T @ d_a2[t] + W11.T @ d_h1[t+1]"),
    ("B3", ONE, "grad(L, a1(t))", "(1 - tanh(h1(t))**2) * d_h1[t]"),
    ("B4", ONE, "grad(L, a1(t))", "(1 - h1(t)) * d_h1[t]"),
    ("B5", ONE, "grad(L, a1(t))", "h1(t) * (1 - h1(t)) * d_h1[t]"),
    ("B6", ONE, "grad(L, a1(t))", "(1 - h1(t+1)**2) * d_h1[t]"),
    ("B6", ONE, "grad(L, a1(t))", "(1 - h1(t-1)**2) * d_h1[t]"),
    ("B7", ONE, "grad(L, a1(t))", "(1 - h1(t)**2)**2 * d_h1[t]"),
    ("B8", ONE, "grad(L, a1(t))", "(1 + h1(t)**2) * d_h1[t]"),
    ("B8", ONE, "grad(L, a1(t))", "h1(t)**2 * d_h1[t]"),
    ("B9", ONE, H1, "W1.T @ d_a2[t] + (1 - h1(t+1)**2) * (W11.T @ d_h1[t+1])"),
    ("B10", ONE, "grad(L, a1(t))", "h1(t) * d_h1[t]"),
    # indices and layout
    ("C1", ONE, W11, "sum(s, 1, T, outer(d_a1(s), h1(s)))"),
    ("C1", ONE, "grad(L, W1)", "sum(s, 1, T-1, outer(d_a2(s), h1(s+1)))"),
    ("C2", ONE, W11, "sum(s, 1, T-1, outer(d_a1(s), h1(s+1)))"),
    ("C2", ONE, W11, "sum(s, 1, T, outer(d_a1(s), h1(s+1)))"),
    ("C3", ONE, W11, "sum(s, 2, T, outer(d_a1(s), h1(s-1)))"),
    ("C3", ONE, W11, "sum(s, 1, T-1, outer(d_a1(s), h1(s-1)))"),
    ("C4", ONE, "grad(L, W0)", "sum(s, 2, T, outer(d_a1(s), x(s-1)))"),
    ("C4", ONE, "grad(L, W0)", "outer(d_a1(1), x(T)) + sum(s, 2, T, outer(d_a1(s), x(s-1)))"),
    ("C5", ONE, H1, "W1.T @ d_a2[t] + W11 @ d_a1[t+1]"),
    ("C6", ONE, W11, "sum(s, 1, T, outer(h1(s-1), d_a1(s)))"),
    ("C6", ONE, "D(L, W0)", "sum(s, 1, T, outer(d_a1(s), x(s)))"),
    ("C6", ONE, "D(L, W11[ii,jj])", "sum(s, 1, T, d_a1(s)[jj] * h1(s-1)[ii])"),
    ("C8", ONE, H1, "D(L, h1(t))"),
    ("C9", ONE, W11, "outer(d_a1(1), h1(T)) + sum(s, 2, T, outer(d_a1(s), h1(s-1)))"),
    ("C11", ONE, W11, "sum(s, 1, T, outer(d_a1(T), h1(s-1)))"),
    ("C11", ONE, H1, "grad(L, h1(T))"),
    # losses and biases
    ("D1", ONE, "grad(L, a2(t))", "h2(t)"),
    ("D2", ONE, "grad(L, a2(t))", "y(t) - h2(t)"),
    ("D3", ONE, "grad(L, a2(t))", "y(t) * (h2(t) - 1)"),
    ("D4", ONE, "grad(L, a2(t))", "(h2(t) - y(t)) * h2(t) * (1 - h2(t))"),
    ("D5", ONE, "grad(L, h2(t))", "ones(h2(t)) / h2(t)"),
    ("D5", ONE, "grad(L, h2(t))", "-h2(t) / y(t)"),
    ("D5", ONE, "grad(L, a2(t))", "ones(h2(t)) - 3 * h2(t)"),
    ("D7", ONE, "grad(L, a2(t))", "(h2(t) - y(t)) / T"),
    ("D9", ONE, "grad(L, b0)", "d_a1[T]"),
    ("D10", ONE, "grad(L, b1)", "2 * sum(s, 1, T, d_a2[s])"),
    ("E2", ONE, H1, "W1.T @ d_a2[t] + d_a1[t+1]"),
    ("E6", ONE, W11, "sum(s, 3, T, outer(d_a1(s), h1(s-1)))"),
    ("E11", ONE, H1, "sum(s, 1, T, d_h1[s])"),
    # other networks
    ("B1", "two scalars", "grad(L, w)", "sum(s, 1, T, d_h(s) * h(s-1))"),
    ("C1", "two scalars", "grad(L, w)", "sum(s, 1, T, d_a(s) * h(s))"),
    ("D6", "two scalars", "grad(L, v)", "sum(s, 1, T, 2 * (v*h(s) - y(s)) * h(s))"),
    ("D1", "two scalars", "grad(L, v)", "sum(s, 1, T, v * h(s)**2)"),
    ("D6", "joined", "grad(L, o(t))", "2 * (o(t) - y(t))"),
    ("D1", "joined", "grad(L, o(t))", "o(t)"),
    ("D4", "joined", "grad(L, o(t))", "(o(t) - y(t)) * o(t) * (1 - o(t))"),
    ("C7", "joined", "grad(L, h(T))", "V @ d_o[T]"),
    ("C10", "joined", "grad(L, h(0))", "d_z[1]"),
    ("D1", "logistic", "grad(L, o(t))", "sigmoid(o(t))"),
    ("D4", "logistic", "grad(L, o(t))", "(sigmoid(o(t)) - y(t)) * sigmoid(o(t)) * (1 - sigmoid(o(t)))"),
    ("B5", "logistic", "grad(L, h(0))", "W.T @ ((1 - h(1)**2) * d_h[1])"),
    ("B4", "logistic", "grad(L, h(0))", "W.T @ ((1 - h(1)) * d_h[1])"),
    ("B9", "logistic", "grad(L, h(0))", "h(1) * (1 - h(1)) * (W.T @ d_h[1])"),
    ("D1", "gated sum", "grad(L, v(T))", "softmax(v(T))"),
    ("D3", "gated sum", "grad(L, v(T))", "y(T) * (softmax(v(T)) - 1)"),
    ("D4", "gated sum", "grad(L, v(T))", "(softmax(v(T)) - y(T)) * softmax(v(T)) * (1 - softmax(v(T)))"),
    ("D11", "GRU", "grad(L, cn)", "d_bn"),
    ("A1", "LSTM", "grad(L, c(t))", "q(t) * (1 - tanh(c(t))**2) * d_h[t]"),
    ("B6", "LSTM", "grad(L, c(t))", "q(t) * (1 - tanh(c(t))**2) * d_h[t] + f(t) * d_c[t+1]"),
    (
        "B2",
        "LSTM",
        "grad(L, h(t))",
        "V.T @ (p(t) - y(t)) + column(k, 1, 4, sum(s, 1, 4, Wf[s,k] * d_f(t+1)[s] + Wi[s,k] * d_i(t+1)[s]"
        " + Wg[s,k] * d_g(t+1)[s] + Wq[s,k] * d_q(t+1)[s]))",
    ),
    ("A1", "bidirectional", "grad(L, hb(t))", "Q.T @ d_ab[t-1]"),
    ("C5", "two recurrent layers", "grad(L, h2(t))", "W2.T @ d_a3[t] + W22 @ d_a2[t+1]"),
]
HERE = [
    # at one step, where more than one step of history can be written out
    ("A8", "two scalars", "D(h(4), h(k))", "prod(s, k, 4, (1 - h(s)**2) * w)", {}),
    ("A8", "two scalars", "D(h(4), h(k))", "prod(s, k+2, 4, (1 - h(s)**2) * w)", {"k": 2}),
    ("A10", ONE, H1, "W1.T @ d_a2[t] + W11.T @ d_a1[t-1]", {"t": 3}),
    ("A10", ONE, "grad(L, h1(2))", "W1.T @ d_a2[2] + W11.T @ ((1 - h1(1)**2) * (W1.T @ d_a2[1]))", {}),
    ("E1", ONE, "grad(L, h1(0))", "0 * h1(0)", {}),
    ("E2", ONE, "grad(L, h1(0))", "d_a1[1]", {}),
    ("E3", ONE, "grad(L, h1(1))", "W1.T @ d_a2[1] + W11.T @ ((1 - h1(2)**2) * (W1.T @ d_a2[2]))", {}),
    (
        "E4",
        ONE,
        "grad(L, h1(1))",
        "W1.T @ d_a2[1] + W11.T @ ((1 - h1(2)**2) * (W1.T @ d_a2[2] + W11.T @ ((1 - h1(3)**2) * (W1.T @ d_a2[3]))))",
        {},
    ),
    ("C7", "gated sum", "grad(L, u(4))", "S @ (d_v[4] * u(4) * g * (1 - g)) + g * d_v[4]", {}),
]


@pytest.mark.parametrize(("mistake", "network", "goal", "formula"), WRONG)
def test_a_mistake_has_the_value_of_the_wrong_formula(mistake, network, goal, formula):
    assert mistake in named(network, goal, formula)


@pytest.mark.parametrize(("mistake", "network", "goal", "formula", "fixed"), HERE)
def test_a_mistake_at_one_step_has_the_value_of_the_wrong_formula(mistake, network, goal, formula, fixed):
    gate = "sigmoid(S @ u(4) + G @ v(3))"
    assert mistake in named(network, goal, formula.replace("g *", f"{gate} *").replace("- g)", f"- {gate})"), **fixed)


def test_the_right_formula_is_no_mistake():
    assert not named(ONE, H1, "W1.T @ d_a2[t] + W11.T @ d_a1[t+1]")
    assert not named(ONE, W11, "sum(s, 1, T, outer(d_a1(s), h1(s-1)))")


ALL = [ONE, *(name for name in networks.TEXTS if name != ONE), *OWN]


def goals_of(name):
    """Return goals of every kind: parameters, quantities at every time, first states, one state by another, entries."""
    network = graph_of(name).network
    computed = [q for q in network.equations if q != network.loss]
    states = [q for q in computed if any(i and i.shift and i.start == "t" for _, i in network.uses[q])]
    by_rank = {len(network.shapes[q]): q for q in network.parameters}  # one matrix, one vector, one number
    found = [f"grad({network.loss}, {q})" for q in by_rank.values()]
    found += [f"grad({network.loss}, {q}{'(t)' if network.is_timed(q) else ''})" for q in computed[:2] + states[:1]]
    found += [f"grad({network.loss}, {q}(0))" for q in states if graph_of(name).has(q, 0)]
    found += [f"D({q}(3), {q}(k))" for q in states[:1]]
    return found + [f"D({network.loss}, {by_rank[2]}[ii,jj])" for _ in [0] if 2 in by_rank]


def numbers(name, value, goal):
    """Return a value's shapes and numbers in worlds that played no part in finding the mutants."""
    fresh = (FRESH, 6, 7) if "relu" in graph_of(name).network.text else (FRESH, 6)  # one side of a kink hides slips
    found = [floats(value(scene(name, n), goal, one)) for n in fresh for one in choices(name, goal)]
    return [one.shape for one in found], np.concatenate([one.ravel() for one in found])


def differs(one, other):
    return one[0] != other[0] or np.linalg.norm(one[1] - other[1]) > 1e-9 * np.linalg.norm(other[1])


@pytest.mark.parametrize("name", ALL)
def test_no_mutant_has_the_value_of_the_derivative(name):
    for text in goals_of(name):
        goal = tree(name, text)
        right = numbers(name, lambda scene, goal, one: scene.value(goal, **one), goal)
        found = mutants.mutants(graph_of(name), goal)
        assert found, text
        for mutant in found:
            assert differs(numbers(name, mutant.value, goal), right), (text, mutant.mistake, mutant.detail)


@pytest.mark.parametrize("name", [ONE, "two scalars", "two recurrent layers", "bidirectional", "gated sum"])
def test_no_two_mutants_have_one_value(name):
    for text in goals_of(name):
        goal = tree(name, text)
        found = [numbers(name, mutant.value, goal) for mutant in mutants.mutants(graph_of(name), goal)]
        for k, one in enumerate(found):
            assert all(differs(one, other) for other in found[:k]), (text, k)


@pytest.mark.parametrize("name", ALL)
def test_without_an_edit_the_pass_is_the_engines_own(name):
    for text in goals_of(name):
        goal = tree(name, text)
        mine = numbers(name, mutants.Mutant("", {}, mutants.right).value, goal)
        engine = numbers(name, lambda scene, goal, one: scene.value(goal, **one), goal)
        assert mine[0] == engine[0] and np.allclose(mine[1], engine[1], rtol=1e-12, atol=1e-14), text


CLIPPED = ("E8", "E9")  # told by `causes.clipping`


def every_mutant():
    for name in ALL:
        for text in goals_of(name):
            yield from mutants.mutants(graph_of(name), tree(name, text))
    yield from mutants.batch_mutants("b0")
    for mistake in CLIPPED:
        yield mutants.ArrayMutant(mistake, {}, None)


def test_every_catalogued_mistake_is_made_somewhere_and_its_words_are_filled():
    made = set()
    for mutant in every_mutant():
        said = CATALOGUE[mutant.mistake]
        words = said.says.format_map(mutant.detail) + said.asks.format_map(mutant.detail)
        assert "{" not in words and "None" not in words and all(mutant.detail.values()), words
        made |= {mutant.mistake, *getattr(mutant, "also", ())}
    assert made == set(CATALOGUE) and not made & set(NOT_APPLICABLE)


def ids(name, goal, **spans):
    found = mutants.mutants(graph_of(name), tree(name, goal), spans)
    return {key for mutant in found for key in (mutant.mistake, *mutant.also)}


def test_only_what_the_network_allows_is_offered():
    assert not ids("two recurrent layers", "grad(L, a3(t))") & {"D6", "A1", "C5", "B9"}  # no square, no way in time
    assert not ids("joined", W11.replace("W11", "W")) & {"D3", "D5"}  # no softmax, no logarithm
    assert not ids("two scalars", "grad(L, w)") & {"A3", "C5", "C6", "C7", "C8", "B9"}  # nothing to transpose
    feed_forward = "feed-forward, three hidden layers"
    in_time = {"A1", "A4", "A5", "A6", "A9", "A10", "B2", "B6", "C1", "C3", "C11", "D7", "E2", "E3", "E4", "E6", "E7"}
    assert not ids(feed_forward, "grad(C, W1)") & in_time


def test_the_loss_of_one_step_is_no_sum_and_an_immediate_derivative_has_no_paths():
    assert not ids(ONE, "D(L(3), h1(2))") & {"A6", "D7"} and "A1" in ids(ONE, "D(L(3), h1(2))")
    assert {"A6", "D7"} <= ids(ONE, "D(L, h1(2))") and not ids(ONE, "d(L, h1(2))")


def test_an_error_of_probability_minus_target_is_only_where_a_softmax_is():
    text = "p = sigmoid(W @ x)\nL = nll(p, y)"
    graph = Network(text, sizes=dict(x=3, p=2)).unroll(1)
    found = mutants.mutants(graph, read("grad(L, W)", Language(graph.network)))
    assert not {m.mistake for m in found} & {"D1", "D3"} and "D5" in {m.mistake for m in found}


def test_a_frequent_mistake_gives_its_name_to_a_rare_one_of_the_same_value():
    found = {mutant.mistake: mutant.also for mutant in mutants.mutants(graph_of(ONE), tree(ONE, "grad(L, b0)"))}
    assert {"A4", "A2", "E6"} <= set(found["D9"]) and "A4" not in found


def test_an_immediate_derivative_is_named_before_a_path_where_the_goal_is_not_the_loss():
    found = [m for m in mutants.mutants(graph_of(ONE), tree(ONE, "D(a1(t)[ii], W11)")) if "A1" in m.also]
    assert [m.mistake for m in found] == ["A2"]


def test_a_mistake_that_differs_at_other_steps_only_is_no_mistake_here():
    assert "A1" in ids(ONE, H1) and "A6" in ids(ONE, H1)
    assert not ids(ONE, H1, t=[T]) & {"A3", "A6", "A9", "C5", "E2", "E3"}


def test_an_entry_runs_over_its_matrix_and_a_time_over_the_steps():
    goal = tree(ONE, "D(a1(t)[ii], W0[k,jj])")
    spans = [mutants._span(graph_of(ONE), goal, index) for index in ("t", "ii", "k", "jj")]
    assert spans == [range(1, T + 1), range(1, 6), range(1, 6), range(1, 5)]


def test_a_path_is_said_from_where_the_quantity_stands():
    def paths(name, goal):
        return {m.detail["path"] for m in mutants.mutants(graph_of(name), tree(name, goal)) if m.mistake == "A1"}

    assert {"a1(t+1)", "a2(t)"} <= paths(ONE, H1)
    assert {"ab(t-1)", "o(t)"} <= paths("bidirectional", "grad(L, hb(t))")
    assert {"a(t+1)", "a(t+2)", "s(t)"} <= paths("two steps back", "grad(L, h(t))")


def test_a_state_that_starts_again_in_every_chunk_is_the_sum_of_short_networks():
    graph, leaves = graph_of(ONE), scene(ONE).world.values
    goal, total = tree(ONE, W11), 0
    for start in (0, 2):
        short = graph.network.unroll(2)
        given = {}
        for place in (leaf._replace(entry=entry) for leaf, shape in short.leaves.items() for entry in entries(shape)):
            source = place._replace(time=None if place.time is None else place.time + start)
            given[place] = 0.0 if start and place.time == 0 else leaves[source]
        total = total + entry_array(short.sweep(short.run(given)), Place("W11"), (5, 5))
    found = [m for m in mutants.mutants(graph, goal) if m.mistake == "E7" and m.detail["count"] == "2"]
    assert np.allclose(found[0].value(scene(ONE), goal, {}), total, rtol=1e-12)


def test_a_pass_that_was_interrupted_is_computed_again():
    tables, place, pressed = tables_of(graph_of(ONE), (scene(ONE),)), Place("h1", 1), []

    def change(one, edge, left):
        if not pressed:
            pressed.append(edge)
            raise KeyboardInterrupt
        return plain(one, edge, left)

    interrupted = Pass(tables, ("L", None), change)
    with pytest.raises(KeyboardInterrupt):
        interrupted.adjoint(place)
    assert np.allclose(interrupted.adjoint(place), right_pass(tables, ("L", None)).adjoint(place))


def test_many_steps_need_no_deep_recursion():
    graph = Network(OWN["two scalars"][0], sizes=OWN["two scalars"][1]).unroll(200)
    goal, one = tree("two scalars", "grad(L, w)"), scene_of(worlds.random_world(graph, "many steps", FLOATS))
    found = {}
    for mutant in mutants._candidates(graph, goal):
        if mutant.mistake in ("A1", "A10"):
            found.setdefault(mutant.mistake, []).append(mutant.value(one, goal, {}))
    assert set(found) == {"A1", "A10"} and np.isfinite(sum(found.values(), [])).all()


def test_a_batch_is_averaged_multiplied_or_cut_to_one_sequence():
    gradients = np.random.default_rng(0).standard_normal((3, 5, 4))
    found = [(m.mistake, m.value(gradients)) for m in mutants.batch_mutants("W0")]
    right = gradients.sum(axis=0)
    wanted = [("D8", right / 3), ("D8", right * 3), ("D9", gradients[0]), ("D9", gradients[2])]
    for (mistake, value), (name, expected) in zip(found, wanted, strict=True):
        assert mistake == name and np.allclose(value, expected) and not np.allclose(value, right)
