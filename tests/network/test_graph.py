"""Who influences whom: the unrolled graph, its boundaries and its paths."""

from fractions import Fraction

import numpy as np
import pytest
import sympy

import networks
from bptt_lab import Network, NetworkError
from bptt_lab.network import Place
from bptt_lab.network import graph as graphs
from bptt_lab.network.scalars import FLOATS, Arithmetic, entries


def text(places):
    return [str(place) for place in places]


@pytest.fixture
def graph():
    return networks.graph("one hidden layer", 4)


def test_a_hidden_state_reaches_the_loss_through_the_output_now_and_the_next_step(graph):
    assert text(graph.influences("h1", t=2)) == ["a2(2)", "a1(3)"]


def test_the_last_hidden_state_lacks_the_path_through_time(graph):
    assert text(graph.influences("h1", t=4)) == ["a2(4)"]


def test_the_general_form_says_when_a_path_is_missing(graph):
    assert text(graph.influences("h1")) == ["a2(t)", "a1(t+1) (not required when t = T)"]


def test_a_shared_parameter_influences_every_step(graph):
    assert text(graph.influences("W11")) == ["a1(1)", "a1(2)", "a1(3)", "a1(4)"]


def test_the_initial_state_influences_the_first_step_only(graph):
    assert text(graph.influences("h1", t=0)) == ["a1(1)"]


def test_an_entry_influences_the_entries_that_depend_on_it(graph):
    assert text(graph.influences("W11", entry=(2, 3))) == ["a1(1)[2]", "a1(2)[2]", "a1(3)[2]", "a1(4)[2]"]
    assert text(graph.influences("h2", t=2, entry=1)) == ["L(2)"]
    assert text(graph.influences("a1", t=2, entry=5)) == ["h1(2)[5]"]


def test_a_general_entry_keeps_its_boundary(graph):
    found = graph.influences("h1", entry=2)
    assert text(found)[:3] == ["a2(t)[1]", "a2(t)[2]", "a2(t)[3]"]
    assert str(found[3]) == "a1(t+1)[1] (not required when t = T)"


def test_boundaries_before_and_after_are_named():
    assert networks.graph("bidirectional", 3).boundaries == ("hf[0]", "hb[T+1]")
    assert networks.graph("two steps back", 3).boundaries == ("h[0]", "h[-1]", "s[0]")
    assert networks.graph("feed-forward, three hidden layers", 3).boundaries == ()


def test_a_connection_two_steps_back_is_missing_at_the_last_two_steps():
    graph = networks.graph("two steps back", 5)
    assert "a(t+2) (not required when t > T-2)" in text(graph.influences("h"))
    assert text(graph.influences("h", t=2)) == ["s(2)", "a(3)", "a(4)"]


def test_a_path_backwards_in_time_is_missing_at_the_first_step():
    assert "ab(t-1) (not required when t = 1)" in text(networks.network("bidirectional").influences("hb"))


def test_the_number_of_paths_grows_as_time_goes_on(graph):
    assert [len(graph.paths("h1", t)) for t in (4, 3, 2, 1)] == [1, 2, 3, 4]
    assert text(graph.paths("h1", 3)[1]) == ["h1(3)", "a1(4)", "h1(4)", "a2(4)", "h2(4)", "L(4)"]


def test_paths_without_end_are_refused():
    wide = Network(
        "h[t] = h[t-1] + tanh(h[t-1]) * h[t-1]\ng[t] = h[t] + g[t-1] + h[t-1]\nL = mse(g[T], y)", sizes=dict(h=2)
    )
    with pytest.raises(NetworkError, match="more than 20000 paths"):
        Network(
            "h[t] = p[t-1] * q[t-1]\np[t] = tanh(h[t])\nq[t] = exp(h[t])\nL = mse(h[T], y)", sizes=dict(h=2)
        ).unroll(40).paths("h", 1)
    assert len(wide.unroll(3).paths("h", 3)) == 1


def test_places_that_do_not_occur_are_refused(graph):
    with pytest.raises(NetworkError, match=r"h1 does not occur at t = 9\.\nIts times are 0 to 4"):
        graph.influences("h1", t=9)
    with pytest.raises(NetworkError, match="W11 has no time"):
        graph.influences("W11", t=1)
    with pytest.raises(NetworkError, match="Did you mean 'W1"):
        graph.influences("W12")
    with pytest.raises(NetworkError, match="entries count from 1"):
        graph.influences("h1", t=2, entry=0)


@pytest.mark.parametrize("T", [0, -1, 2.5, True, "3"])
def test_the_number_of_steps_must_be_a_whole_number(T):
    with pytest.raises(NetworkError, match="1 or more"):
        networks.network("LSTM").unroll(T)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"W12": [[1.0]]}, "values holds 'W12'.*Did you mean 'W1"),
        ({"x": None}, "values lacks x"),
        ({"W11": [[1.0, 2.0]]}, r"W11 has the shape \(1, 2\); expected \(5, 5\)"),
        ({"x": [[0.0] * 4] * 3}, r"x has the shape \(3, 4\); expected \(4, 4\).*One row a step"),
        ({"b0": [float("nan")] * 5}, "b0 holds a value that is not finite"),
        ({"b0": ["a"] * 5}, "b0 holds .*not numbers"),
        ({"h1[0]": [0.0] * 4}, r"h1\[0\] has the shape \(4,\); expected \(5,\)"),
    ],
)
def test_bad_values_get_one_clear_message(graph, change, message):
    values = networks.random_values(graph, seed=1) | change
    values = {key: value for key, value in values.items() if value is not None}
    with pytest.raises(NetworkError, match="(?s)" + message):
        graph.gradients(values)


def test_long_sequences_unroll_without_recursion():
    graph = Network(networks.ONE_HIDDEN, sizes=dict(x=1, h1=2, h2=3)).unroll(600)
    assert len(graph.order) == 3000


def test_a_circle_is_told_in_the_order_of_need():
    with pytest.raises(NetworkError) as caught:
        Network("a[t] = b[t] + x[t]\nb[t] = 2 * c[t]\nc[t] = tanh(a[t])\nL[t] = mse(c[t], y[t])", sizes=dict(x=2))
    words = str(caught.value).splitlines()[0]
    ring = words.removeprefix("line 1: The definitions go in a circle: ").removesuffix(".").split(" needs ")
    assert ring == ["a[1]", "b[1]", "c[1]", "a[1]"]


def test_what_has_no_time_comes_after_the_last_step_however_the_equations_are_ordered():
    text = "r = W @ v\na[t] = W @ x[t] + r\nL[t] = mse(a[t], y[t])"
    graph = Network(text, sizes=dict(x=2, a=3)).unroll(3)
    assert list(map(str, graph.influences("W"))) == ["a(1)", "a(2)", "a(3)", "r"]


def test_an_input_before_the_first_step_and_after_the_last_is_asked_for_and_never_taken_as_zero():
    text = "a[t] = W @ x[t-1] + U @ x[t+2] + V @ h[t-1]\nh[t] = tanh(a[t])\nL[t] = mse(h[t], y[t])"
    graph = Network(text, sizes=dict(x=2, h=3)).unroll(4)
    assert graph.boundaries == ("h[0]",)
    assert sorted(graph.times["x"]) == [1, 2, 3, 4]
    assert {graph.key(place) for place in graph.leaves} == {
        "W", "U", "V", "x", "y", "x[0]", "x[T+1]", "x[T+2]", "h[0]",
    }  # fmt: skip
    assert graph.key(Place("x", 1)) == graph.key(Place("x", 4)) == "x"
    once = Network(text, sizes=dict(x=2, h=3)).unroll(1)
    assert once.boundaries == ("h[0]",)
    given = dict(W=np.ones((3, 2)), U=np.ones((3, 2)), V=np.ones((3, 3)), y=np.ones((4, 3)), x=np.ones((4, 2)))
    with pytest.raises(NetworkError, match=r"values lacks x\[0\], x\[T\+1\], x\[T\+2\]"):
        graph.gradients(given)
    beyond = {key: np.ones(2) for key in ("x[0]", "x[T+1]", "x[T+2]")}
    assert graph.gradients({**given, **beyond})["x[0]"].shape == (2,)


def test_an_unknown_name_is_refused_wherever_it_is_asked_for(graph):
    for ask in (graph.influences, graph.place, graph.paths, graph.network.influences):
        with pytest.raises(NetworkError, match="'W12' is not a quantity of this network"):
            ask("W12")
    with pytest.raises(NetworkError, match="'W12' is not a quantity of this network"):
        graph.influences("W12", entry=1)


def test_an_entry_influences_only_what_depends_on_it_at_that_step():
    text = "a[t] = W @ h[t-1] + h[t-2]\nh[t] = tanh(a[t])\nL = mse(h[T], y)"
    graph = Network(text, sizes=dict(h=2)).unroll(5)
    assert list(map(str, graph.influences("h", t=2, entry=1))) == ["a(3)[1]", "a(3)[2]", "a(4)[1]"]
    assert list(map(str, graph.influences("h", t=5, entry=2))) == ["L"]
    assert [str(place) for place in graph.influences("h", entry=1)] == [
        "L (not required when t is not T)",
        "a(t+1)[1] (not required when t = T)",
        "a(t+1)[2] (not required when t = T)",
        "a(t+2)[1] (not required when t > T-2)",
    ]


def test_entries_at_a_general_time_are_told_apart_by_the_index_they_are_read_with():
    text = "a[t] = W @ h[t-1] + h[T] * h[1] + h[t-2]\nh[t] = tanh(b[t])\nb[t] = V @ x[t]\nL = mse(a[T] + h[2], y)"
    network = Network(text, sizes=dict(h=2, x=1))
    found = [str(place) for place in network.unroll(3).influences("h", entry=2)]
    assert sorted(found) == [
        "L (not required when t is not 2)",
        "a(t)[2] (not required when t is not 1)",
        "a(t)[2] (not required when t is not T)",
        "a(t+1)[1] (not required when t = T)",
        "a(t+1)[2] (not required when t = T)",
        "a(t+2)[2] (not required when t > T-2)",
    ]


def test_a_use_at_t_and_one_at_a_fixed_time_in_one_equation_are_told_apart():
    network = Network("g[t] = V @ x[t]\na[t] = W @ g[t] + g[1]\nL = mse(a[T], y)", sizes=dict(g=2, x=1))
    assert sorted(map(str, network.unroll(3).influences("g", entry=1))) == [
        "a(t)[1]",
        "a(t)[1] (not required when t is not 1)",
        "a(t)[2]",
    ]


def test_an_entry_of_a_parameter_without_time_is_followed():
    graph = Network("r = W @ v\na[t] = r + x[t]\nL[t] = mse(a[t], y[t])", sizes=dict(v=2, x=3)).unroll(2)
    assert list(map(str, graph.influences("W", entry=(2, 1)))) == ["r[2]"]
    assert list(map(str, graph.influences("r", entry=3))) == ["a(1)[3]", "a(2)[3]"]


@pytest.mark.parametrize(
    ("name", "entry"),
    [
        ("h1", 0),
        ("h1", 6),
        ("h1", (1, 2)),
        ("h1", ()),
        ("W11", 1),
        ("W11", (1, 9)),
        ("W11", (9, 1)),
        ("W11", (0, 1)),
        ("L", 1),
    ],
)
def test_an_entry_that_is_not_there_is_refused(graph, name, entry):
    shape = graph.network.shapes[name]
    with pytest.raises(NetworkError) as caught:
        graph.entry_of(name, entry)
    said = ",".join(map(str, entry if isinstance(entry, tuple) else (entry,)))
    assert str(caught.value).startswith(f"{name} has no entry {said}.\nIts shape is {shape}; entries count from 1")


def test_the_corners_of_a_matrix_are_entries(graph):
    assert graph.entry_of("W1", (1, 1)) == (1, 1) and graph.entry_of("W1", (3, 5)) == (3, 5)
    assert graph.entry_of("h1", 5) == (5,) and graph.entry_of("L", ()) == ()


def test_paths_are_counted_up_to_the_limit_and_not_beyond(graph, monkeypatch):
    monkeypatch.setattr(graphs, "MOST_PATHS", 4)
    assert len(graph.paths("h1", 1)) == 4
    with pytest.raises(NetworkError, match=r"h1\(0\) has more than 4 paths to the loss\.\nUnroll over fewer steps"):
        networks.graph("one hidden layer", 5).paths("h1", 0)


def test_what_leads_nowhere_is_not_walked():
    """2 to the 40 paths lead into a quantity that the loss does not read."""
    text = "h[t] = p[t-1] * q[t-1]\np[t] = tanh(h[t])\nq[t] = exp(h[t])\ng[t] = tanh(h[t])\nL = mse(g[1], y)"
    graph = Network(text, sizes=dict(h=2)).unroll(40)
    assert [list(map(str, path)) for path in graph.paths("h", 1)] == [["h(1)", "g(1)", "L"]]
    assert graph.paths("h", 2) == []


def test_paths_of_one_length_stand_in_the_order_of_time_and_equations():
    text = "p = tanh(x)\nq = exp(x)\nr = p * q\nL = mse(r, y)"
    graph = Network(text, sizes=dict(x=2)).unroll(1)
    assert [str(path[1]) for path in graph.paths("x")] == ["p", "q"]
    swapped = Network("q = exp(x)\np = tanh(x)\nr = p * q\nL = mse(r, y)", sizes=dict(x=2)).unroll(1)
    assert [str(path[1]) for path in swapped.paths("x")] == ["q", "p"]


def test_a_parameter_has_its_paths(graph):
    found = graph.paths("W11")
    assert len(found) == 4 + 3 + 2 + 1
    assert [str(path[1]) for path in found[:4]] == ["a1(1)", "a1(2)", "a1(3)", "a1(4)"]


def test_a_loss_of_one_entry_is_a_loss():
    graph = Network("L[t] = w * x[t]", sizes=dict(x=1)).unroll(3)
    assert graph.loss_entries == [Place("L", t, (1,)) for t in (1, 2, 3)]
    found = graph.gradients({"w": 2.0, "x": [1.0, 3.0, 5.0]})
    assert found["w"] == 9 and found["x"].tolist() == [2, 2, 2]


# What is added on the way, and other numbers


def test_what_is_added_on_the_way_gives_the_total_derivative(graph):
    """A complex step at any entry, given or computed, agrees with the sweep."""
    from bptt_lab.network.values import unpack

    values = networks.random_values(graph, seed=8)
    leaves = unpack(graph, values)
    totals = graph.sweep(graph.run(leaves))
    step = 1e-20
    for place in (Place("a1", 2, (3,)), Place("h1", 4, (1,)), Place("h1", 0, (2,)), Place("W11", None, (2, 4))):
        moved = graph.run(leaves, moved={place: step * 1j})
        loss = sum(moved[entry] for entry in graph.loss_entries)
        assert loss.imag / step == pytest.approx(totals[place], rel=1e-12, abs=0)
        doubled = graph.run(leaves, moved={place: 0.5})
        assert doubled[place] == graph.run(leaves)[place] + 0.5


EXACT = Arithmetic(Fraction, {"log": lambda u: Fraction(0)})


def test_the_graph_runs_in_exact_arithmetic():
    text = "h[t] = w * h[t-1] + x[t] / 3\nL = mse(h[T], y)"
    graph = Network(text, sizes=dict(h=1)).unroll(3)
    leaves = {place: Fraction(k + 2, 7) for k, place in enumerate(Place(*p[:2], (1,)) for p in graph.leaves)}
    values = graph.run(leaves, EXACT)
    given = {str(place.name) + str(place.time): value for place, value in leaves.items()}
    w, h, y = given["wNone"], given["h0"], given["yNone"]
    states = [h]
    for t in (1, 2, 3):
        states.append(w * states[-1] + given[f"x{t}"] / 3)
    assert values[Place("L")] == (states[3] - y) ** 2 / 2
    totals = graph.sweep(values, EXACT)
    assert totals[Place("h", 0, (1,))] == (states[3] - y) * w**3
    assert totals[Place("w", None, (1,))] == (states[3] - y) * (states[2] + w * states[1] + w**2 * states[0])


def test_the_graph_runs_in_symbols():
    graph = Network("h = w * w * x\nL = mse(h, y)", sizes=dict(x=1)).unroll(1)
    w, x, y = sympy.symbols("w x y")
    leaves = {Place("w", None, (1,)): w, Place("x", None, (1,)): x, Place("y", None, (1,)): y}
    exact = Arithmetic(lambda value: sympy.Rational(value.numerator, value.denominator), {})
    values = graph.run(leaves, exact)
    totals = graph.sweep(values, exact)
    assert sympy.expand(values[Place("L")] - (w**2 * x - y) ** 2 / 2) == 0
    assert sympy.expand(totals[Place("w", None, (1,))] - (w**2 * x - y) * 2 * w * x) == 0


def test_what_the_loss_does_not_read_is_not_differentiated():
    """The slope of this logarithm is too large for a float, and nobody asks for it."""
    graph = Network("h = log(a)\nL = mse(b, y)", sizes=dict(a=1, b=1)).unroll(1)
    found = graph.gradients({"a": 5e-324, "b": 3.0, "y": 1.0})
    assert (found["a"], found["b"]) == (0, 2)


def test_a_derivative_that_comes_out_as_zero_still_needs_the_slopes_below():
    """Zero times a pole is no number in exact arithmetic; only what nothing reads is passed over."""
    graph = Network("h = log(a)\nL = r * h", sizes=dict(a=1, r=1)).unroll(1)
    leaves = {Place("a", None, (1,)): Fraction(0), Place("r", None, (1,)): Fraction(0)}
    values = graph.run(leaves, EXACT)
    with pytest.raises(ZeroDivisionError):
        graph.sweep(values, EXACT)


# Equations at one step


STEPS = "h[t] = tanh(W @ h[t-1] + x[t])\n"


@pytest.mark.parametrize(
    ("text", "T", "told"),
    [
        ("L[5] = mse(h[5], y)", 4, "line 2: L is computed at step 5, and there are 4 steps."),
        ("L[2] = mse(h[1], y)", 1, "line 2: L is computed at step 2, and there is 1 step."),
        ("L[T-1] = mse(h[T], y)", 1, "line 2: L is computed at step 0, and there is 1 step."),
        ("L[T-2] = mse(h[T], y)", 2, "line 2: L is computed at step 0, and there are 2 steps."),
        ("L = mse(h[3], y)", 2, "line 2: h is read at step 3, and there are 2 steps."),
        ("L = mse(h[T], x[2])", 1, "line 2: x is read at step 2, and there is 1 step."),
        (
            "L[3] = mse(h[1], y)\nL[T] = mse(h[2], y)",
            3,
            "line 3: L[T] is computed already: with T = 3 two steps are one.",
        ),
        (
            "L[T] = mse(h[1], y)\nL[2] = mse(h[2], y)",
            2,
            "line 3: L[2] is computed already: with T = 2 two steps are one.",
        ),
    ],
)
def test_a_step_that_there_is_not_or_is_twice_is_refused_with_its_line(text, T, told):
    network = Network(STEPS + text, sizes=dict(x=2))
    assert network.unroll(T + 1)
    with pytest.raises(NetworkError) as caught:
        network.unroll(T)
    assert str(caught.value).startswith(told) and str(caught.value).endswith("Unroll over more steps.")


@pytest.mark.parametrize(
    ("text", "T"), [("L[4] = mse(h[4], y)", 4), ("L[1] = mse(h[1], y)", 1), ("L[T-1] = sum(h[T])", 2)]
)
def test_the_first_step_and_the_last_are_there(text, T):
    assert Network(STEPS + text, sizes=dict(x=2)).unroll(T)


def test_total_derivatives_are_as_many_as_values():
    graph = networks.graph("one hidden layer", 3)
    places = [Place(*place[:2], entry) for place, shape in graph.leaves.items() for entry in entries(shape)]
    values = graph.run(dict.fromkeys(places, 0.5))
    totals = graph.totals_on_demand(values, FLOATS)
    assert len(totals) == len(values) == len(list(totals))
