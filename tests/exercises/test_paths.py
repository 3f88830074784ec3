"""Path accounting: a sum of paths with any plain factors is taken apart again, in any network."""

from fractions import Fraction

import numpy as np
import pytest

from bptt_lab import Network, course
from bptt_lab.exercises.causes.paths import _columns, account
from bptt_lab.exercises.scenes import scene_of
from bptt_lab.formulas import Language, read
from bptt_lab.symbolic import worlds

SKIP = """
    h[t] = tanh(W @ x[t] + R @ h[t-1] + S @ h[t-2] + b)
    o[t] = V @ h[t]
    L[t] = mse(o[t], y[t])
"""
NETWORKS = {
    "one hidden layer": course.network("one hidden layer").unroll(4),
    "two steps back": Network(SKIP, sizes=dict(x=3, h=4, o=2)).unroll(5),
}
CASES = [
    ("one hidden layer", "grad(L, h1(t))", {"t": range(1, 5)}, ["a2(t)", "a1(t+1)"]),
    ("one hidden layer", "D(L, W11)", {}, ["a1(1)", "a1(2)", "a1(3)", "a1(4)"]),
    ("one hidden layer", "D(L, b0[2])", {}, ["a1(1)", "a1(2)", "a1(3)", "a1(4)"]),
    ("one hidden layer", "D(L, h1(2)[3])", {}, ["a2(2)", "a1(3)"]),
    ("two steps back", "grad(L, h(t))", {"t": range(1, 4)}, ["o(t)", "h(t+1)", "h(t+2)"]),
]


def case(network, goal, spans):
    graph = NETWORKS[network]
    tree = read(goal, Language(graph.network, ("t",)))
    return tree, graph, [scene_of(world) for world in worlds.float_worlds(graph)[:6]], spans


@pytest.mark.parametrize(("network", "goal", "spans", "paths"), CASES)
def test_the_paths_are_named_as_a_student_writes_them_and_add_up(network, goal, spans, paths):
    parts = case(network, goal, spans)
    columns = _columns(*parts, False, False)
    assert list(columns) == paths
    from bptt_lab.exercises.scenes import flat, values

    true = np.array(flat([v for scene in parts[2] for v in values(parts[0], scene, spans)]), dtype=float)
    assert np.allclose(sum(columns.values()), true, rtol=1e-12)


@pytest.mark.parametrize(("network", "goal", "spans", "paths"), CASES)
def test_any_plain_factors_are_found_again(network, goal, spans, paths):
    parts = case(network, goal, spans)
    columns = _columns(*parts, False, False)
    count = len(paths)
    for wanted in ([Fraction(k % 3) for k in range(count)], [Fraction(1, 2), *[Fraction(-1)] * (count - 1)]):
        answer = sum(float(factor) * column for factor, column in zip(wanted, columns.values(), strict=True))
        found = account(*parts, answer)
        assert found and list(found.factors.values()) == wanted


def test_what_is_no_sum_of_paths_has_no_account():
    parts = case(*CASES[0][:3])
    columns = _columns(*parts, False, False)
    answer = sum(columns.values())
    noise = np.random.default_rng(0).standard_normal(answer.shape)
    assert account(*parts, answer + 1e-4 * noise) is None
    assert account(*parts, 0 * answer) is None and account(*parts, np.pi * answer) is None


def test_a_goal_that_is_no_derivative_of_the_whole_loss_has_no_account():
    graph = NETWORKS["one hidden layer"]
    scenes = [scene_of(world) for world in worlds.float_worlds(graph)[:3]]
    for goal in ("D(L(2), b0[1])", "d(a1(2)[1], h1(1)[1])", "h1(2)[1]", "D(a2(3)[1], b0[1])"):
        assert account(read(goal, Language(graph.network)), graph, scenes, {}, np.ones(3)) is None


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (
            "W11*(1-u(2)**2) + W11*(1-u(3)**2) + W11**2*(1-u(2)**2)*(1-u(3)**2)",
            "The path through h1(2) → h1(3) → L is missing.",
        ),
        ("W11*(1-u(2)**2)*(1 + W11*(1-u(3)**2))", "This is the derivative with the path through h1(2) left out."),
    ],
)
def test_a_path_from_end_to_end_is_told_as_one_and_not_by_a_quantity_others_go_through_too(answer, says):
    from bptt_lab import ex

    assert says in str(ex("12.6").check(answer))
