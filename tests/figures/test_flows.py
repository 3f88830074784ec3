"""Norms by distance in time: the lines drawn, the words, the sliders, and what is refused."""

import numpy as np
import pytest
from drawn import named, smallest_font, texts

from bptt_lab import figures
from bptt_lab.figures import canvas

FALLING, RISING, HUMP = [1.0, 0.1, 0.0001], [1.0, 3.0, 12.0], [1.0, 4.0, 2.0, 0.5]


def test_every_norm_is_drawn_at_its_distance():
    figure, _ = figures.flow_panels({"small": FALLING, "large": {"measured": RISING, "bound": HUMP}})
    lines = named(figure, "flow")
    assert set(lines) == {"small", "large measured", "large bound"}
    assert lines["small"].get_xdata().tolist() == [0, 1, 2] and lines["small"].get_ydata().tolist() == FALLING
    assert {axes.get_yscale() for axes in figure.axes} == {"log"}
    assert len({axes.get_ylim() for axes in figure.axes}) == 1
    assert smallest_font(figure) >= 9 and "measured" in texts(figure)


def test_series_of_a_panel_differ_without_colour():
    lines = named(figures.flow_panels({"both": {"measured": RISING, "bound": HUMP}})[0], "flow").values()
    assert len({line.get_marker() for line in lines}) == len({str(line._dash_pattern) for line in lines}) == 2


def test_a_legend_common_to_all_panels_stands_once():
    series = {"measured": RISING, "bound": HUMP}
    figure, _ = figures.flow_panels({"first": series, "second": series, "third": series})
    assert [axes.get_legend() is not None for axes in figure.axes] == [True, False, False]
    figure, _ = figures.flow_panels({"first": series, "second": {"measured": RISING, "other": HUMP}, "third": HUMP})
    assert [axes.get_legend() is not None for axes in figure.axes] == [True, True, False]


@pytest.mark.parametrize(
    ("norms", "way"),
    [
        (FALLING, "over 2 steps falls at every step, and ends smaller by a factor of more than a thousand"),
        (RISING, "over 2 steps rises at every step, and ends larger by a factor of more than ten"),
        (HUMP, "over 3 steps rises to distance 1, then falls, and ends smaller by a factor of less than ten"),
        ([1, 2, 1, 2e7], "over 3 steps goes up and down, and ends larger by a factor of more than a million"),
        ([2, 2, 2], "stays the same"),
        ([2], "a single distance"),
        ([1, 0], "and ends at zero"),
        ([0, 1], "and starts at zero"),
    ],
)
def test_the_way_of_the_norms_in_words(norms, way):
    words = figures.flow_panels({"radius": norms}, label="norm of a gradient")[1]
    assert f"{way}." in words and "radius: " in words and "norm of a gradient" in words


def test_words_do_not_depend_on_rounding():
    exact, rounded = np.array(HUMP), np.array(HUMP) * (1 + 1e-12)
    assert figures.flow_panels({"a": exact})[1] == figures.flow_panels({"a": rounded})[1]


def test_zeros_are_marked_at_the_lower_end_apart_from_the_line():
    figure, _ = figures.flow_panels({"a": [1.0, 0.0, 0.0]})
    (axes,) = figure.axes
    assert np.isnan(named(figure, "flow")["a"].get_ydata()).tolist() == [False, True, True]
    signs = [line for line in axes.lines if line.get_markerfacecolor() == canvas.PAPER]
    low = axes.get_ylim()[0]
    assert [(*line.get_xdata(), *line.get_ydata()) for line in signs] == [(1, low), (2, low)] and low > 0
    assert [text.get_text() for text in axes.texts] == ["0"]


@pytest.mark.parametrize(
    "panels",
    [
        {},
        [1, 2],
        {"a": []},
        {"a": {}},
        {"a": [[1, 2]]},
        {"a": [1, -1]},
        {"a": [1, np.inf]},
        {"a": dict.fromkeys("abcdef", [1])},
        {str(n): [1] for n in range(7)},
    ],
)
def test_bad_panels_are_refused(panels):
    with pytest.raises(ValueError):
        figures.flow_panels(panels)


def test_panels_are_the_same_at_every_run():
    first, second = (figures.png(figures.flow_panels({"a": HUMP, "b": RISING})[0]) for _ in range(2))
    assert first == second and len(first) < 40_000
