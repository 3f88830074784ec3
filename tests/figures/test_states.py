"""Hidden units over the steps: the order of units, the digits, and what is refused."""

import numpy as np
import pytest
from drawn import smallest_font, texts

from bptt_lab import figures

TRUTH = np.array([0, 1, 1, 0, 1])


def states():
    sign = 2.0 * TRUTH - 1
    return np.column_stack([-0.9 * sign, [0.1, -0.1, 0.2, 0.0, 0.1], 0.8 * sign])


def test_units_stand_in_the_order_in_which_they_go_with_the_truth():
    figure, words = figures.unit_map(states(), TRUTH, "carry")
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["unit 3", "unit 2", "unit 1"]
    np.testing.assert_array_equal(axes.images[0].get_array(), states()[:, [2, 1, 0]].T)
    assert [text for text in texts(figure) if text in "01"].count("1") >= 3 and "carry" in texts(figure)
    assert "3 hidden units over 5 steps" in words and smallest_font(figure) >= 9


def test_the_map_is_small_and_the_same_at_every_run():
    data = figures.png(figures.unit_map(states(), TRUTH, "carry")[0])
    assert data == figures.png(figures.unit_map(states(), TRUTH, "carry")[0]) and len(data) <= 45_000


@pytest.mark.parametrize(("h", "truth"), [(2 * states(), TRUTH), (states()[1:], TRUTH), (states(), TRUTH / 2)])
def test_what_is_no_state_or_no_truth_is_refused(h, truth):
    with pytest.raises(ValueError, match="states"):
        figures.unit_map(h, truth, "carry")
