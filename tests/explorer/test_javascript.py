"""The numbers of an explorer: a real browser computes what Python computes, for every network of the tests."""

import json
import re

import numpy as np
import pytest

import networks
from bptt_lab.symbolic.javascript import javascript
from bptt_lab.symbolic.worlds import FLOATS, draw_leaves, make_world
from random_networks import random_network

T = 3
RUN = """([text, values]) => {
    const program = eval('(' + text + ')');
    const [v, m, d] = [values.slice(), [], []];
    program.forward(v); program.slopes(v, m); program.backward(m, d);
    return [v, m, d, program.loss(v)];
}"""
CASES = [*networks.TEXTS, *range(20)]


@pytest.fixture(scope="module")
def page(browser):
    return browser.new_page()


def by_browser(page, program, leaves):
    """Return values, immediate and total derivatives, and the loss, as the browser computes them."""
    given = [float(leaves.get(place, 0)) for place in program.entries]
    *found, loss = page.evaluate(RUN, [program.text, given])
    return [np.array(json.loads(json.dumps(numbers)), float) for numbers in found], loss


def by_python(graph, program, leaves):
    """Return the same from the engine, which walks the graph."""
    world = make_world(graph, leaves, FLOATS)
    values = [world.values[place] for place in program.entries]
    slopes = [world.immediate_of(below, above) for below, above in program.edges]
    totals = [world.totals[place] for place in program.entries]
    return [np.array(numbers, float) for numbers in (values, slopes, totals)], sum(
        world.values[p] for p in graph.loss_entries
    )


def gap(one, other):
    return np.max(np.abs(one - other) / (1 + np.abs(other)), initial=0.0)


@pytest.mark.parametrize("name", CASES)
def test_the_browser_computes_every_number_that_python_computes(page, name):
    network = random_network(name) if isinstance(name, int) else networks.network(name)
    graph = network.unroll(max(T, network.fewest_steps))
    program, leaves = javascript(graph), draw_leaves(graph, f"browser {name}")
    (ours, loss), (theirs, right) = by_browser(page, program, leaves), by_python(graph, program, leaves)
    assert [gap(one, other) <= 1e-9 for one, other in zip(ours, theirs, strict=True)] == [True] * 3
    assert loss == pytest.approx(right, rel=1e-9)


@pytest.mark.parametrize("array", "vmd")
def test_a_slip_in_a_line_is_seen(page, array):
    graph = random_network(1).unroll(T)
    program, leaves = javascript(graph), draw_leaves(graph, "slip")
    text = re.sub(rf"(\n{array}\[\d+\] = )", r"\1 1 + ", program.text, count=1)
    (ours, _), (theirs, _) = by_browser(page, program._replace(text=text), leaves), by_python(graph, program, leaves)
    assert max(gap(one, other) for one, other in zip(ours, theirs, strict=True)) > 1e-9


def test_the_random_networks_use_every_entrywise_function_and_steps_further_back():
    texts = [str(random_network(seed).text) for seed in range(20)]
    assert all(
        any(f"{name}(" in text for text in texts) for name in ("tanh", "sigmoid", "relu", "leaky_relu", "softplus")
    )
    assert any("[t-2]" in text for text in texts)
