"""The deltas of the hidden layer against the graph, at sizes that all differ and at the edges."""

import numpy as np
import pytest

from bptt_lab import course

SIZES = [dict(), dict(B=1), dict(T=1), dict(M=1), dict(D=2, M=3, K=4, T=5, B=6)]


def by_graph(case):
    """Return the total derivatives by a1 from the influence graph, which knows none of our formulas: (T, B, M)."""
    return np.stack([case.graph.totals(values)["a1"] for values in case.sequences()], axis=1)


@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_the_deltas_are_those_of_the_graph(sizes):
    case = course.random_case(**sizes, seed=6)
    np.testing.assert_allclose(course.deltas(*case.run()), by_graph(case), rtol=1e-11, atol=1e-13)


def test_a_saturated_network_has_deltas_of_the_graph_too():
    case = course.random_case(seed=6)
    case = case._replace(arrays={**case.arrays, "W11": 20 * case.arrays["W11"]})
    np.testing.assert_allclose(course.deltas(*case.run()), by_graph(case), rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize("name", ["W11", "W1"])
def test_a_wrong_weight_is_seen(name):
    case = course.random_case(K=5, seed=6)  # W1 is square like W11, so that the transpose has its shape
    params, trace, d_a2 = case.run()
    wrong = course.deltas(params | {name: params[name].T}, trace, d_a2)
    assert np.abs(wrong - by_graph(case)).max() > 1e-3
    if name == "W11":  # the last step meets no recurrent weight
        np.testing.assert_allclose(wrong[-1], by_graph(case)[-1], rtol=1e-11)
