"""Paths from inputs to outputs: as the graph lists them, and as numbers show them."""

import numpy as np
import pytest

from bptt_lab import Network, course
from bptt_lab.network import NetworkError

NAMES = ["one hidden layer", "both directions", "reader and writer", "one input, an answer a step", "LSTM"]


def column(paths, start):
    """Return the counts of one start, and those to the loss."""
    k = list(map(str, paths.starts)).index(start)
    return list(paths.counts[:, k]), paths.to_loss[k]


@pytest.mark.parametrize("name", NAMES)
def test_paths_to_the_loss_are_those_that_the_graph_lists(name):
    graph = course.network(name).unroll(3)
    output = "a3" if name == "reader and writer" else "a2"
    paths = course.paths_to(graph, output)
    assert paths.to_loss == tuple(len(graph.paths(start.name, start.time)) for start in paths.starts)
    assert [str(end) for end in paths.outputs] == [f"{output}({t})" for t in (1, 2, 3)]


@pytest.mark.parametrize("name", ["one hidden layer", "both directions"])
def test_an_output_moves_with_an_input_just_where_there_is_a_path(name):
    graph = course.network(name).unroll(4)
    paths, values = course.paths_to(graph, "a2"), {"y": np.eye(3)[[0, 1, 2, 0]]}
    values = course.random_values(graph, seed=1) | values
    for s in range(4):
        moved = values | {"x": values["x"] + np.eye(4)[:, [s]]}
        changed = (graph.forward(moved)["a2"] != graph.forward(values)["a2"]).any(axis=1)
        assert list(changed) == [count > 0 for count in column(paths, f"x({s + 1})")[0]]


def test_an_output_without_a_loss_is_reached_and_does_not_count_to_the_loss():
    text = "h[t] = tanh(W * h[t-1] + x[t]) \n a[t] = V * h[t] \n L = mse(a[3], y[1])"
    paths = course.paths_to(Network(text, sizes=dict(x=1, h=1, a=1)).unroll(3), "a")
    assert column(paths, "x(1)") == ([1, 1, 1], 1) and column(paths, "h(0)") == ([1, 1, 1], 1)
    assert repr(paths).splitlines()[0].split() == "paths to from h(0) from x(1) from x(2) from x(3)".split()
    assert "| a(1) | 1 | 1 | – | – |" in paths._repr_markdown_()


def test_two_ways_are_counted():
    both = course.paths_to(course.network("both directions").unroll(3), "a2")
    assert column(both, "x(2)") == ([1, 2, 1], 4)


def test_a_name_that_is_no_quantity_is_refused():
    with pytest.raises(NetworkError, match="'a9' is not a quantity"):
        course.paths_to(course.network("two scalars").unroll(3), "a9")


def test_random_values_run_and_stay_the_same():
    graph = course.network("one hidden layer").unroll(3)
    one, two = course.random_values(graph, seed=4), course.random_values(graph, seed=4)
    assert one["x"].shape == (3, 4) and one["h1[0]"].shape == (5,)
    assert all(np.array_equal(one[key], two[key]) for key in one)
    assert not np.array_equal(one["x"], course.random_values(graph, seed=5)["x"])
