"""Bias by reach and bars of costs: what is drawn, the words, and what is refused."""

import numpy as np
import pytest
from drawn import named, smallest_font, texts

from bptt_lab import figures

START = [(30, 0.6), (9, 0.2), (0.5, 0.1), (0, 0)]
LATER = [(100, 2.0), (70, 1.5), (12, 0.3), (3, 0.1)]


def test_both_measures_are_drawn_at_their_reach():
    figure, _ = figures.bias_by_reach({"start": START, "later": LATER}, lag=2)
    lines = named(figure, "bias")
    assert set(lines) == {"0 start", "0 later", "1 start", "1 later"}
    assert lines["0 start"].get_xdata().tolist() == [1, 2, 3, 4]
    assert lines["0 start"].get_ydata().tolist() == [30, 9, 0.5, 0]
    assert lines["1 later"].get_ydata().tolist() == [2.0, 1.5, 0.3, 0.1]
    assert smallest_font(figure) >= 9


def test_the_lag_stands_between_the_last_blind_reach_and_the_first_that_sees():
    figure, words = figures.bias_by_reach({"start": START}, lag=2)
    marks = [line for axes in figure.axes for line in axes.lines if line.get_gid() == "lag"]
    assert [line.get_xdata()[0] for line in marks] == [2.5, 2.5]
    assert "blind" in texts(figure) and "sees" in texts(figure) and "the lag of 2 steps" in words


def test_series_differ_without_colour():
    lines = named(figures.bias_by_reach({"start": START, "later": LATER}, lag=1)[0], "bias")
    pair = [lines["0 start"], lines["0 later"]]
    assert len({line.get_marker() for line in pair}) == len({str(line._dash_pattern) for line in pair}) == 2


def test_bias_in_words_without_digits_of_rounding():
    words = figures.bias_by_reach({"start": START, "later": LATER}, lag=2)[1]
    assert "start: the angle is between 1 and 10 degrees with k2 = 2, below 1 degree with k2 = 3" in words
    assert "later: the angle is above 45 degrees with k2 = 2, between 10 and 45 degrees with k2 = 3" in words
    assert words.endswith("and between 1 and 10 degrees with k2 = 4.")
    rounded = {"start": np.array(START) * (1 + 1e-9), "later": LATER}
    assert figures.bias_by_reach(rounded, lag=2)[1] == words


@pytest.mark.parametrize(
    ("measured", "lag"),
    [
        ({}, 1),
        ([START], 1),
        ({"a": [1, 2]}, 1),
        ({"a": [(1, 2, 3)] * 4}, 1),
        ({"a": START, "b": START[:3]}, 1),
        ({"a": START}, 0),
        ({"a": START}, 4),
        ({"a": START}, 1.5),
        ({"a": [(1, np.nan)] * 4}, 1),
        ({"a": [(180.1, 1)] * 4}, 1),
        ({"a": [(-1, 1)] * 4}, 1),
        ({"a": [(1, -1)] * 4}, 1),
        (dict.fromkeys("abcdef", START), 1),
    ],
)
def test_bad_biases_are_refused(measured, lag):
    with pytest.raises(ValueError):
        figures.bias_by_reach(measured, lag)


COSTS = {"full": (300, 40), "short": (300, 10), "other": (9000, 50)}


def test_bars_lead_from_one_to_the_multiple():
    figure, words = figures.cost_bars(COSTS, "full")
    bars = {patch.get_gid(): patch for axes in figure.axes for patch in axes.patches}
    ends = {name: (bar.get_x(), bar.get_x() + bar.get_width()) for name, bar in bars.items()}
    assert ends["bar multiply-adds 2"] == (1, 30) and ends["bar numbers kept 1"] == (0.25, 1)
    assert ends["bar multiply-adds 0"] == ends["bar numbers kept 0"] == (1, 1)
    assert {axes.get_xscale() for axes in figure.axes} == {"log"}
    assert "× 30" in texts(figure) and "× 0.25" in texts(figure) and smallest_font(figure) >= 9
    assert "short × 1 and × 0.25" in words and "other × 30 and × 1.2" in words


def test_the_first_way_stands_on_top():
    figure, _ = figures.cost_bars(COSTS, "full")
    for axes in figure.axes:
        bottom, top = axes.get_ylim()
        assert bottom > top
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == list(COSTS)


@pytest.mark.parametrize(
    ("costs", "reference"),
    [
        ({"a": (1, 2)}, "a"),
        (COSTS, "none"),
        ([(1, 2)], "a"),
        ({"a": (1, 2), "b": (1, 0)}, "a"),
        ({"a": (1, 2), "b": (1, 2, 3)}, "a"),
        ({"a": (1, 2), "b": (1, np.inf)}, "a"),
        ({str(n): (1, 2) for n in range(11)}, "0"),
    ],
)
def test_bad_costs_are_refused(costs, reference):
    with pytest.raises(ValueError):
        figures.cost_bars(costs, reference)


def test_figures_are_the_same_at_every_run():
    for make in (lambda: figures.bias_by_reach({"a": START}, 2), lambda: figures.cost_bars(COSTS, "full")):
        first, second = (figures.png(make()[0]) for _ in range(2))
        assert first == second and len(first) < 40_000
