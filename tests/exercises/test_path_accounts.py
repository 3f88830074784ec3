"""The account of an answer by its paths: which words it says, which numbers it counts, and when it says nothing."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np
import pytest

import networks
from bptt_lab.exercises.causes import cause
from bptt_lab.exercises.causes.paths import Account, account
from bptt_lab.exercises.places import place_of, said
from bptt_lab.exercises.scenes import flat, scene_of, values
from bptt_lab.formulas import Language, read
from bptt_lab.network import Graph, Network, Place
from bptt_lab.network.scalars import FLOATS
from bptt_lab.symbolic import worlds
from bptt_lab.symbolic.values import Scene

# Every derivative of these is a short product of letters: what a path carries is written out by hand below.
LINEAR = "h[t] = w * x[t] + r * h[t-1]\nL[t] = v * h[t]"
SKIPPING = "h[t] = w * x[t] + r * h[t-1] + s * h[t-2]\nL[t] = v * h[t]"
AT_THE_END = "h[t] = w * x[t] + r * h[t-1]\nL = v * h[T]"
RUNNING = "h[t] = w * x[t] + r * h[t-1]\nL[t] = L[t-1] + v * h[t]"
WEIGHTED = "h[t] = w * x[t] + r * h[t-1]\nL[t] = c * L[t-1] + v * h[t]"
FORK = "h = w * x\np = a * h\nq = b * h\nL = p + q"
FORK_THAT_JOINS_NOTHING = "h = w * x\np = a * h\nq = 0 * h\nL = p + q + b * h"
ENCODED = "e = u * z\nh[t] = e + r * h[t-1]\nL[t] = v * h[t]"
ONE = {name: 1 for name in "xhyz"}


class Case:
    """A goal in a network over T steps, with scenes, and the sums of its paths that an answer may be."""

    def __init__(self, graph: Graph, goal: str, spans: Mapping[str, range] | None = None, count: int = 8):
        self.graph, self.spans = graph, spans or {}
        self.goal = read(goal, Language(graph.network, tuple(self.spans)))
        self.scenes: Sequence[Scene] = [scene_of(world) for world in worlds.float_worlds(graph)[:count]]

    def truth(self) -> np.ndarray:
        found = flat([value for scene in self.scenes for value in values(self.goal, scene, self.spans)])
        return np.array(found, dtype=float)

    def letter(self, name: str, time: int | None = None) -> np.ndarray:
        """Return the value of a quantity of one entry in every scene."""
        return np.array([scene.world.values[Place(name, time, (1,))] for scene in self.scenes], dtype=float)

    def account(self, answer: np.ndarray, is_summed: bool = False) -> dict[str, Fraction] | None:
        found = account(self.goal, self.graph, list(self.scenes), self.spans, answer, is_summed)
        return None if found is None else dict(found.factors)


def scalars(text: str, T: int, goal: str, spans: Mapping[str, range] | None = None) -> Case:
    used = {name: 1 for name in ONE if f"{name}[" in text or f"{name} " in text or f"{name}\n" in text}
    return Case(Network(text, sizes=used).unroll(T), goal, spans)


def fork(a: Sequence[float], b: Sequence[float]) -> Case:
    """Return the goal D(L, h) where one path carries a, the other b, in one scene for each of their numbers."""
    found = scalars(FORK, 1, "D(L, h)")
    letters = dict(zip("wx", (1, 1), strict=True))
    rows = [letters | {"a": one, "b": other} for one, other in zip(a, b, strict=True)]
    leaves = [{Place(name, None, (1,)): Fraction(value) for name, value in row.items()} for row in rows]
    found.scenes = [Scene(worlds.make_world(found.graph, one, FLOATS), is_lenient=True) for one in leaves]
    return found


def ones(*paths: str) -> dict[str, int]:
    return dict.fromkeys(paths, 1)


STEPS = {"t": range(1, 5)}
TRUE_ANSWERS = [
    ("one hidden layer", 4, "grad(L, x(t))", STEPS, ones("a2(t)", "a1(t+1)")),
    ("one hidden layer", 4, "grad(L, h1(t+1))", STEPS, ones("a2(t+1)", "a1(t+2)")),
    ("one hidden layer", 3, "D(L, W11)", {}, ones("a1(1)", "a1(2)", "a1(3)")),
    ("one hidden layer", 3, "grad(L, W11)", {}, ones("a1(1)", "a1(2)", "a1(3)")),
    ("one hidden layer", 3, "D(L, W0[2,3])", {}, ones("a1(1)", "a1(2)", "a1(3)")),
    ("one hidden layer", 3, "D(L, a1(T-1)[2])", {}, ones("a2(2)", "a1(3)")),
    ("one hidden layer", 3, "D(a1(3)[2], W11)", {}, ones("a1(1)", "a1(2)", "a1(3)")),
    ("two recurrent layers", 3, "grad(L, h1(t))", {"t": range(1, 4)}, ones("a2(t)", "a1(t+1)")),
    ("bidirectional", 3, "grad(L, hb(t))", {"t": range(1, 4)}, ones("ab(t-1)", "o(t)")),
    ("LSTM", 2, "D(L, h(1))", {}, ones("p(1)", "z(2)")),
    ("two steps back", 4, "D(L, h(2))", {}, ones("s(2)", "a(3)", "a(4)")),
    ("LSTM", 2, "D(L, c(t))", {"t": range(1, 3)}, ones("h(t)", "c(t+1)")),
    ("one to many", 3, "D(L, x(1))", {}, ones("a(1)", "a(2)", "a(3)")),
    ("many to one", 3, "grad(L, U)", {}, ones("a(1)", "a(2)", "a(3)")),
]


@pytest.mark.parametrize(("name", "T", "goal", "spans", "expected"), TRUE_ANSWERS)
def test_the_true_answer_holds_every_path_once(name, T, goal, spans, expected):
    case = Case(networks.graph(name, T), goal, spans)
    assert case.account(case.truth()) == expected


# The words


def test_a_path_is_told_relative_to_t_where_the_goal_is_and_by_its_steps_elsewhere():
    for goal, spans, expected in [
        ("D(L, h(t))", STEPS, ["L(t)", "h(t+1)", "h(t+2)"]),
        ("D(L, h(t-1))", {"t": range(2, 5)}, ["L(t-1)", "h(t)", "h(t+1)"]),
        ("D(L, h(t+2))", {"t": range(1, 3)}, ["L(t+2)", "h(t+3)"]),
        ("D(L, h(2))", {"t": range(2, 3)}, ["L(2)", "h(3)", "h(4)"]),
        ("D(L, h(T-2))", {}, ["L(2)", "h(3)", "h(4)"]),
        ("D(L, h(2*t))", {"t": range(1, 2)}, ["L(2)", "h(3)", "h(4)"]),
        ("D(L, h(T-t))", {"t": range(2, 3)}, ["L(2)", "h(3)", "h(4)"]),
        ("D(L, w)", {}, ["h(1)", "h(2)", "h(3)", "h(4)"]),
        ("D(L(t), w)", {"t": range(2, 4)}, ["h(1)", "h(2)", "h(3)"]),
    ]:
        case = scalars(SKIPPING, 4, goal, spans)
        assert case.account(case.truth()) == ones(*expected)


def test_a_single_user_is_passed_through_until_the_ways_part():
    through_h = scalars(LINEAR, 3, "D(L, x(t))", {"t": range(1, 4)})
    assert through_h.account(through_h.truth()) == ones("L(t)", "h(t+1)")
    shared_by_all_steps = scalars(ENCODED, 3, "D(L, z)")
    assert shared_by_all_steps.account(shared_by_all_steps.truth()) == ones("h(1)", "h(2)", "h(3)")


def test_where_the_ways_part_at_one_step_only_the_words_are_the_same_as_elsewhere():
    case = scalars(LINEAR, 3, "D(L, x(T))")
    assert case.account(case.truth()) is None  # the last step has a single path
    both = scalars(LINEAR, 3, "D(L, x(t))", {"t": range(2, 4)})
    assert both.account(both.truth()) == ones("L(t)", "h(t+1)")


def test_a_place_without_time_is_told_by_its_name():
    assert said(Place("k")) == said(Place("k"), 2) == "k"
    assert [said(Place("h", time), 2) for time in (1, 2, 4)] == ["h(t-1)", "h(t)", "h(t+2)"]
    case = scalars(FORK, 1, "D(L, h)")
    assert case.account(case.truth()) == ones("p", "q")
    at_the_end = scalars(AT_THE_END, 3, "D(L, h(t))", {"t": range(1, 4)})
    assert at_the_end.account(at_the_end.truth()) == ones("L", "h(t+1)")


def test_the_paths_with_a_wanted_factor_are_listed_in_their_order():
    routes = {name: (Place("W"), Place(name)) for name in "abc"}
    found = Account({"a": Fraction(1), "b": Fraction(0), "c": Fraction(1)}, routes)
    assert found.wrong == (routes["b"],)
    assert found.with_factor(lambda factor: factor == 1) == ["a", "c"]
    assert found.with_factor(lambda factor: factor > 2) == []


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("h(t+2)[1]", ("h", 5, (1,))),
        ("h(t-2)[1]", ("h", 1, (1,))),
        ("h(T-t)[2*t]", ("h", 4, (6,))),
        ("h(2*t-T)", ("h", -1, ())),
        ("h(-1+t)", ("h", 2, ())),
        ("h(--t)", ("h", 3, ())),
        ("W[t-1,4-(3-2)]", ("W", None, (2, 3))),
    ],
)
def test_the_time_and_entry_of_a_letter_are_read_as_whole_numbers(text, place):
    vectors = Network("h[t] = W @ h[t-1]\nL[t] = mse(h[t], y[t])", sizes=dict(h=6))
    assert place_of(read(text, Language(vectors, ("t",))), {"t": 3, "T": 7}) == place


# The numbers


def test_a_first_step_carries_all_that_follows_it():
    case = scalars(LINEAR, 3, "D(L, h(1))")
    r, v = case.letter("r"), case.letter("v")
    assert case.account(v + 3 * (v * r + v * r**2)) == {"L(1)": 1, "h(2)": 3}
    assert case.account(-v) == {"L(1)": -1, "h(2)": 0}


def test_a_whole_path_is_counted_by_itself_where_first_steps_do_not_fit():
    case = scalars(LINEAR, 3, "D(L, h(1))")
    r, v = case.letter("r"), case.letter("v")
    expected = {"L(1)": 1, "h(2) → L(2)": 2, "h(2) → h(3) → L(3)": Fraction(-1, 2)}
    assert case.account(v + 2 * v * r - v * r**2 / 2) == expected


def test_a_whole_path_is_told_relative_to_t_at_a_general_time():
    case = scalars(LINEAR, 3, "D(L, h(t))", {"t": range(1, 4)})
    r, v = case.letter("r"), case.letter("v")
    answer = np.stack([v + 2 * v * r + v * r**2, v + 2 * v * r, v], axis=1).ravel()
    assert case.account(answer) == {"L(t)": 1, "h(t+1) → L(t+1)": 2, "h(t+1) → h(t+2) → L(t+2)": 1}


def test_paths_to_the_loss_of_one_step_end_there():
    case = scalars(SKIPPING, 4, "D(L(3), h(1))")
    r, s, v = case.letter("r"), case.letter("s"), case.letter("v")
    assert case.account(v * s + 2 * v * r**2) == {"h(3)": 1, "h(2)": 2}
    of_weight = scalars(SKIPPING, 4, "D(L(3), w)")
    x1, x2, x3 = (of_weight.letter("x", t) for t in (1, 2, 3))
    assert of_weight.account(v * (x3 + x2 * r + x1 * s + 2 * x1 * r**2)) == {
        "h(3) → L(3)": 1,
        "h(2) → h(3) → L(3)": 1,
        "h(1) → h(3) → L(3)": 1,
        "h(1) → h(2) → h(3) → L(3)": 2,
    }


def test_paths_to_a_loss_at_the_end_are_counted_too():
    case = scalars(SKIPPING.replace("L[t] = v * h[t]", "L = v * h[T]"), 4, "D(L, h(1))")
    r, s, v = case.letter("r"), case.letter("s"), case.letter("v")
    assert case.account(v * r**3 + v * s * r + 2 * v * r * s) == {"h(2)": 1, "h(3)": 2}
    straight = scalars(AT_THE_END, 3, "D(L, r)")
    assert straight.account(straight.truth()) == ones("h(1)", "h(2)", "h(3)")


def test_a_loss_that_goes_on_into_the_next_one_is_no_shorter_path_counted_twice():
    case = scalars(RUNNING, 3, "D(L, h(2))")
    r, v = case.letter("r"), case.letter("v")
    assert np.allclose(case.truth(), 2 * v + v * r)
    assert case.account(3 * (2 * v) + v * r) == {"L(2)": 3, "h(3)": 1}
    assert case.account(v + 3 * v * r) == {"L(2)": Fraction(1, 2), "h(3)": 3}


def test_each_way_through_a_loss_that_goes_on_is_counted_by_itself():
    case = scalars(WEIGHTED, 3, "D(L, h(2))")
    c, r, v = case.letter("c"), case.letter("r"), case.letter("v")
    assert case.account(v + 2 * v * c + 3 * v * r) == {"L(2)": 1, "L(2) → L(3)": 2, "h(3) → L(3)": 3}
    of_a_loss = scalars(WEIGHTED, 3, "D(L, L(1))")
    c = of_a_loss.letter("c")
    assert of_a_loss.account(1 + 2 * c) == {"L(1)": 1, "L(2)": 2, "L(2) → L(3)": 0}


def test_vectors_and_matrices_are_taken_in_the_layout_of_the_goal():
    by_columns = Case(networks.graph("one hidden layer", 3), "D(L, W0)")
    by_rows = Case(by_columns.graph, "grad(L, W0)")
    rows = by_rows.truth().reshape(8, 5, 4)
    assert np.array_equal(by_columns.truth(), rows.swapaxes(1, 2).ravel())
    assert by_rows.account(by_rows.truth()) == by_columns.account(by_columns.truth()) == ones("a1(1)", "a1(2)", "a1(3)")
    assert by_rows.account(by_columns.truth()) is None and by_columns.account(by_rows.truth()) is None


def test_an_answer_for_a_batch_is_a_sum_over_its_sequences():
    case = Case(networks.graph("one hidden layer", 2), "D(L, b0)")
    summed = case.truth().reshape(8, 5).sum(axis=0)
    assert case.account(summed, is_summed=True) == ones("a1(1)", "a1(2)")
    assert case.account(2 * summed, is_summed=True) == {"a1(1)": 2, "a1(2)": 2}
    assert case.account(summed) is None and case.account(case.truth(), is_summed=True) is None


def test_past_the_last_step_a_goal_has_no_path_and_no_share():
    case = scalars(LINEAR, 3, "D(L, h(t+1))", {"t": range(1, 4)})
    assert case.account(case.truth()) == ones("L(t+1)", "h(t+2)")
    wrong = case.truth() + np.tile([0, 0, 1], 8)
    assert case.account(wrong) is None


def test_a_step_that_does_not_lead_to_what_is_differentiated_is_no_path():
    of_one_step = scalars(SKIPPING, 4, "D(L(3), h(1))")
    assert of_one_step.account(of_one_step.truth()) == ones("h(2)", "h(3)")
    read_only = scalars(LINEAR + "\nq[t] = 2 * h[t]", 3, "D(L, h(1))")
    assert read_only.account(read_only.truth()) == ones("L(1)", "h(2)")
    vector = Case(networks.graph("two steps back", 3), "D(h(3)[2], a(1))")
    assert vector.account(vector.truth()) == ones("a(2)", "a(3)")


# What has no account


def test_two_paths_to_twelve_have_an_account():
    for T, has_one in [(1, False), (2, True), (12, True), (13, False)]:
        case = scalars("h[t] = w * x[t]\nL[t] = mse(h[t], y[t])", T, "D(L, w)")
        case.scenes = [scene_of(world) for world in worlds.float_worlds(case.graph)]
        expected = ones(*(f"h({t})" for t in range(1, T + 1))) if has_one else None
        assert case.account(case.truth()) == expected


def test_a_single_path_has_no_account_however_often_it_is_counted():
    case = scalars(LINEAR, 3, "D(L, h(3))")
    assert [case.account(factor * case.truth()) for factor in (1, 2, -1)] == [None] * 3


def test_too_many_whole_paths_are_not_searched():
    case = scalars(SKIPPING, 22, "D(L, h(1))")
    r, v = case.letter("r"), case.letter("v")
    assert case.account(case.truth()) == ones("L(1)", "h(2)", "h(3)")
    assert case.account(case.truth() + v * r**21) is None


def test_only_a_total_derivative_or_gradient_of_one_number_has_an_account():
    total = scalars(LINEAR, 3, "D(L, h(1))")
    truth = total.truth()
    for goal, expected in [
        ("grad(L, h(1))", ones("L(1)", "h(2)")),
        ("d(L, h(1))", None),
        ("h(1)", None),
        ("2 * D(L, h(1))", None),
    ]:
        assert scalars(LINEAR, 3, goal).account(truth) == expected


def test_one_entry_of_a_vector_is_one_number_and_the_vector_is_not():
    graph = networks.graph("one hidden layer", 3)
    for entry in (1, 5):
        case = Case(graph, f"D(a1(3)[{entry}], b0)")
        assert case.account(case.truth()) == ones("a1(1)", "a1(2)", "a1(3)")
    first = Case(graph, "D(a1(3)[1], b0)").truth()
    for vector in ("D(a1(3), b0)", "d(a1(3), b0)", "grad(a1(3), b0)"):
        assert Case(graph, vector).account(first) is None


def test_a_number_other_than_the_loss_has_an_account():
    case = Case(networks.graph("two steps back", 3), "D(s(3), h(1))")
    assert case.account(case.truth()) == ones("s(1)", "a(2)", "a(3)")


def test_a_vector_of_one_entry_is_one_number():
    case = scalars(LINEAR, 3, "D(h(3), w)")
    assert case.account(case.truth()) == ones("h(1)", "h(2)", "h(3)")


def test_a_path_that_carries_nothing_cannot_be_counted():
    case = scalars(FORK_THAT_JOINS_NOTHING, 1, "D(L, h)")
    assert case.account(case.truth()) is None
    assert case.account(case.truth() + 1) is None


def test_an_answer_of_another_length_has_no_account():
    case = scalars(LINEAR, 3, "D(L, h(1))")
    assert case.account(case.truth()[:-1]) is None and case.account(np.tile(case.truth(), 2)) is None


# How close an answer must come


def test_plain_fractions_down_to_a_sixth_are_found():
    case = fork([1, 2, 3], [2, 1, -1])
    a, b = np.array([1, 2, 3]), np.array([2, 1, -1])
    for factor in (Fraction(1, 6), Fraction(-5, 6), Fraction(4, 3), Fraction(7)):
        assert case.account(a + float(factor) * b) == {"p": 1, "q": factor}
    for factor in (1 / 7, 1 / 8, np.pi, 3.001):
        assert case.account(a + factor * b) is None


def test_no_path_at_all_is_no_account():
    assert fork([1, 2, 3], [2, 1, -1]).account(np.zeros(3)) is None


def test_paths_of_very_different_size_are_told_apart():
    a, b = np.array([1, 2, 3]), 1e-4 * np.array([2, 1, -1])
    assert fork(a, b).account(a + 2 * b) == {"p": 1, "q": 2}


def test_paths_that_carry_the_same_are_not_told_apart():
    a = np.array([1, 2, 3])
    assert fork(a, a).account(2 * a) is None
    assert fork(a, 2 * a).account(5 * a) is None
    assert fork(a, a + [1e-8, 0, 0]).account(2 * a) is None
    assert fork(a, a + [1e-3, 0, 0]).account(2 * a + [1e-3, 0, 0]) == ones("p", "q")


def test_a_path_must_carry_more_than_a_billionth():
    a = np.array([1, 2])
    assert fork(a, [2e-9, 0]).account(a + [2e-9, 0]) == ones("p", "q")
    assert np.linalg.norm([1e-9, 0]) == 1e-9
    assert fork(a, [1e-9, 0]).account(a + [1e-9, 0]) is None


def test_an_answer_may_differ_by_a_hundred_millionth_of_what_the_paths_carry():
    a, b = np.array([1, 2, 3]), np.array([2, 1, -1])
    for size in (1e-3, 1, 1e4):
        exact = size * (a + b)
        off = size * np.array([1, -1, 1])
        assert fork(size * a, size * b).account(exact + 1e-9 * off) == ones("p", "q")
        assert fork(size * a, size * b).account(exact + 1e-6 * off) is None


@pytest.mark.parametrize(("count", "words"), [(3, "3 of the 8 paths"), (7, "7 of the 8 paths"), (8, "all 8 paths")])
def test_of_many_whole_paths_it_is_said_how_many_there_are(count, words):
    paths = [f"h({t}) → L({t})" for t in range(8)]
    assert cause._through(Account(dict.fromkeys(paths, Fraction(1)), {}), paths[:count]) == words
