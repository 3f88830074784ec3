"""The folded network: a box a quantity, an arrow a use, and every arrow from another step named as such."""

import numpy as np
import pytest
from drawn import named, smallest_font, texts

from bptt_lab import Network, figures
from bptt_lab.figures import canvas, folded, layout, routes
from bptt_lab.network.expressions import names as names_in
from networks import TEXTS, network

NAMES = list(TEXTS)
LOOP = "h[t] = tanh(W0 @ x[t] + W11 @ h[t-1] + b0) \n L[t] = mse(h[t], y[t])"


def loop(text=LOOP):
    """Return a network whose state leads to itself."""
    return Network(text, sizes=dict(x=3, h=4))


def quantities(net):
    """Return the names that get a box: all but the parameters."""
    return {*net.equations, *layout.data_names(net)}


def uses(net):
    """Return the arrows expected, each with whether some use is at another step."""
    found = {}
    for name, equation in net.equations.items():
        for use in names_in(equation.expression):
            if use.name in quantities(net):
                arrow = f"{use.name} to {name}"
                found[arrow] = found.get(arrow, False) or str(use.index) not in ("t", "None")
    return found


@pytest.mark.parametrize("name", NAMES)
def test_one_box_a_quantity_one_arrow_a_use_and_a_label_for_another_step(name):
    net = network(name)
    figure, words = figures.folded_network(net)
    assert set(named(figure, "box")) == quantities(net)
    assert set(named(figure, "arrow")) == set(uses(net))
    assert set(named(figure, "number")) == {arrow for arrow, other in uses(net).items() if other}
    assert f"{len(quantities(net))} boxes and {len(uses(net))} arrows" in words


def test_recurrence_is_an_arrow_back_to_itself_with_its_label():
    figure, words = figures.folded_network(loop())
    back = named(figure, "arrow")["h to h"]
    assert back.is_dashed() and back.get_linewidth() > 2 and not named(figure, "arrow")["x to h"].is_dashed()
    assert {name: text.get_text() for name, text in named(figure, "number").items()} == {"h to h": "t−1"}
    assert "From another step, dashed and labelled: h to itself (t−1)." in words
    assert "W0, W11 and b0" in words and "another step" in texts(figure)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("one hidden layer", "h1 to a1 (t−1)."),
        ("bidirectional", "hf to af (t−1) and hb to ab (t+1)."),
        ("two steps back", "h to a (t−1, t−2), s to itself (t−1) and s to L (t = T)."),
        ("one to many", "x to a (t = 1) and h to a (t−1)."),
    ],
)
def test_other_steps_in_words(name, said):
    assert f"dashed and labelled: {said}" in figures.folded_network(network(name))[1]


def test_the_same_step_and_an_earlier_one_share_an_arrow():
    text = LOOP.replace("W0 @ x[t]", "W0 @ x[t] + W0 @ x[t-2]")
    figure, _ = figures.folded_network(loop(text))
    assert named(figure, "number")["x to h"].get_text() == "t, t−2"


def test_arrows_that_lead_back_to_one_box_arrive_apart():
    lines = (
        "a[t] = W @ x[t] + R @ h[t-1] + Q @ p[t-1]",
        "h[t] = tanh(a[t])",
        "p[t] = V @ h[t]",
        "L[t] = mse(p[t], y[t])",
    )
    net = Network("\n".join(lines), sizes=dict(x=3, h=4, p=2))
    found = folded.arranged(net, folded.uses_of(net))[1]
    first, second = (points[-1] for (start, end), points in found.items() if end.name == "a" and start.name != "x")
    assert abs(first - second).max() > 0.1


def test_without_time_nothing_is_said_of_steps():
    figure, words = figures.folded_network(network("feed-forward, three hidden layers"))
    assert words.startswith("A network without time") and "step" not in words + texts(figure)


@pytest.mark.parametrize("name", NAMES)
def test_no_arrow_runs_over_a_box(name):
    net = network(name)
    arranged, found = folded.arranged(net, folded.uses_of(net))
    for edge, points in found.items():
        others = [xy for place, xy in arranged.boxes.items() if place not in edge]
        assert routes.hits(points, np.array(others).reshape(-1, 2), arranged.half, 0.0) == 0, edge


MUTANTS = {
    "recurrence": LOOP.replace("h[t-1]", "x[t]").replace("W11", "W0"),
    "step": LOOP.replace("h[t-1]", "h[t-2]"),
    "direction": LOOP.replace("h[t-1]", "h[t+1]"),
    "bias": LOOP.replace(" + b0", ""),
    "loss": LOOP.replace("L[t] = mse(h[t], y[t])", "L = mse(h[T], y[T])"),
}


@pytest.mark.parametrize("change", MUTANTS)
def test_another_network_has_another_drawing_and_other_words(change):
    (figure, words), (other, others) = figures.folded_network(loop()), figures.folded_network(loop(MUTANTS[change]))
    assert words != others and figures.png(figure) != figures.png(other)


@pytest.mark.parametrize("name", NAMES)
def test_files_are_small_the_same_and_readable(name):
    (figure, words), (again, _) = figures.folded_network(network(name)), figures.folded_network(network(name))
    data = figures.png(figure)
    assert data == figures.png(again) and len(data) <= 45_000
    assert smallest_font(figure) >= 9 and figure.get_size_inches()[0] <= 10.5
    assert len(words) >= canvas.SHORTEST_DESCRIPTION
