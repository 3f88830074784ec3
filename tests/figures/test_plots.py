"""Plots of numbers: their data, their words, and what they refuse."""

from types import SimpleNamespace

import numpy as np
import pytest
from drawn import named, smallest_font, texts

from bptt_lab import figures
from bptt_lab.numeric.gradient_check import step_size_valley


def lines(figure, *gids):
    """Return drawn lines by their names."""
    return {gid: next(iter(figure.findobj(lambda a, gid=gid: a.get_gid() == gid))) for gid in gids}


# Gradient flow


def test_gradient_flow_draws_every_norm_and_says_the_trend():
    figure, words = figures.gradient_flow([0.001, 0.02, 1.5], label="norm by h1(t)")
    line = lines(figure, "norms")["norms"]
    assert line.get_xdata().tolist() == [1, 2, 3] and line.get_ydata().tolist() == [0.001, 0.02, 1.5]
    assert figure.axes[0].get_yscale() == "log"
    assert "norm by h1(t)" in words and "1.5 at t = 3, 0.001 at t = 1, smaller with every step back" in words
    assert all(value in texts(figure) for value in ("0.001", "0.02", "1.5"))


@pytest.mark.parametrize(
    ("norms", "trend"),
    [
        ([4, 2, 1], "larger with every step back"),
        ([1, 1, 1], "the same at every step"),
        ([7], "the same at every step"),
        ([1, 3, 2], "largest at t = 2 and smallest at t = 1"),
        ([1, 1, 2], "never larger with a step back"),
        ([2, 1, 1], "never smaller with a step back"),
    ],
)
def test_trends_in_words(norms, trend):
    assert trend in figures.gradient_flow(norms)[1]


def test_several_series_differ_in_marker_and_line():
    figure, words = figures.gradient_flow({"radius 0.5": [1, 2], "radius 1": [2, 2], "radius 2": [4, 2]})
    found = lines(figure, "norms radius 0.5", "norms radius 1", "norms radius 2").values()
    assert len({line.get_marker() for line in found}) == 3
    assert len({str(line.get_linestyle()) + str(line._dash_pattern) for line in found}) == 3
    assert "radius 0.5: 2 at t = 2" in words


def test_a_norm_of_zero_is_drawn_and_named():
    figure, words = figures.gradient_flow([0.0, 0.5, 1.0])
    assert "\n0\n" in f"\n{texts(figure)}\n" and "0 at t = 1" in words


@pytest.mark.parametrize("norms", [[], [[1, 2]], [1, -1], [1, np.nan], ["a"], {}, dict.fromkeys("abcdef", [1])])
def test_bad_norms_are_refused(norms):
    with pytest.raises(ValueError, match="norms"):
        figures.gradient_flow(norms)


# The step-size valley


def valley():
    arrays = {"w": np.array([0.3, -0.7])}
    return step_size_valley(
        lambda a: np.sum(np.tanh(a["w"]) ** 2),
        arrays,
        {"w": 2 * np.tanh(arrays["w"]) * (1 - np.tanh(arrays["w"]) ** 2)},
        {"w": np.array([0.6, 0.8])},
    )


def test_the_valley_draws_three_lines_that_differ_without_colour():
    figure, words = figures.step_size_valley(valley())
    found = lines(figure, "one_sided", "central", "complex_step").values()
    assert len({line.get_marker() for line in found}) == len({str(line._dash_pattern) for line in found}) == 3
    assert all(len(line.get_xdata()) == 29 for line in found)
    assert {figure.axes[0].get_xscale(), figure.axes[0].get_yscale()} == {"log"}
    assert "rounding" in texts(figure) and "truncation" in texts(figure)
    assert "central difference is best at a larger step" in words
    assert "complex step has no rounding side" in words


def test_words_of_the_valley_follow_its_numbers():
    good = valley()
    flat = good._replace(complex_step=np.full(29, 1e-3))
    assert "no rounding side" not in figures.step_size_valley(flat)[1]
    turned = good._replace(one_sided=good.central, central=good.one_sided)
    assert "best at a larger step" not in figures.step_size_valley(turned)[1]


def test_words_of_the_valley_hold_no_digits_of_rounding():
    words = figures.step_size_valley(valley())[1]
    assert [word for word in words.split() if word.strip(".,").isdigit()] == ["29"]


@pytest.mark.parametrize(
    "bad",
    [
        None,
        SimpleNamespace(steps=[1], one_sided=[1], central=[1]),
        SimpleNamespace(steps=[1, 2], one_sided=[1], central=[1, 2], complex_step=[1, 2]),
        SimpleNamespace(steps=[0.0], one_sided=[1], central=[1], complex_step=[1]),
        SimpleNamespace(steps=[1.0], one_sided=[np.inf], central=[1], complex_step=[1]),
    ],
)
def test_bad_valleys_are_refused(bad):
    with pytest.raises(ValueError):
        figures.step_size_valley(bad)


# Matrices


def test_matrices_write_every_entry_and_say_the_pattern():
    dense = np.array([[0.21, -0.1], [-0.1, 0.09]])
    figure, words = figures.matrices({"tanh": np.diag([0.5, 0.25]), "softmax": dense})
    assert (
        "tanh, a matrix of 2 rows and 2 columns with 2 of 4 entries different from zero, all on the diagonal" in words
    )
    assert "softmax, a matrix of 2 rows and 2 columns with every entry different from zero" in words
    assert all(entry in texts(figure) for entry in ("0.5", "0.25", "0.21", "-0.1", "0.09"))
    assert len(figure.findobj(lambda a: a.get_gid() == "entry tanh")) == 4


def test_a_vector_is_one_row():
    assert "1 row and 3 columns" in figures.matrices({"row": [1, 0, 2]})[1]


@pytest.mark.parametrize("bad", [{}, [[1]], {"a": np.zeros((2, 2, 2))}, {"a": [[np.nan]]}, {"a": np.ones((40, 2))}])
def test_bad_matrices_are_refused(bad):
    with pytest.raises(ValueError):
        figures.matrices(bad)


# A surface


def test_a_surface_names_its_least_value_and_its_points():
    x, y = np.linspace(-2, 2, 21), np.linspace(-1, 1, 11)
    z = (x[None] - 1) ** 2 + y[:, None] ** 2
    figure, words = figures.surface(x, y, z, ("W0", "W11", "loss"), points=[(0.5, -0.5, "start"), (1, 0, "end")])
    assert "Its least value on the grid, 0, is at W0 1, W11 0" in words
    assert "start at (0.5, -0.5) and end at (1, 0)" in words
    points = named(figure, "point")
    assert set(points) == {"start", "end"} and len({p.get_marker() for p in points.values()}) == 2
    assert figure.axes[0].get_xlabel() == "W0" and figure.axes[0].get_ylabel() == "W11"


def test_a_step_on_a_surface_can_be_judged_by_eye():
    """Both axes have the same scale, an arrow joins the points, and a contour runs through the first."""
    x = np.linspace(-1, 1, 41)
    z = x[None] ** 2 + 2 * x[:, None] ** 2
    figure, _ = figures.surface(x, x, z, ("W0", "W11", "loss"), points=[(0.7, 0.6, "start"), (0.4, 0.1, "end")])
    axes = figure.axes[0]
    contours = next(c for c in axes.collections if c.get_gid() == "contours")
    assert axes.get_aspect() == 1.0
    assert [t.arrow_patch is not None for t in axes.texts if t.get_gid() == "step"] == [True]
    assert min(abs(level - (0.49 + 0.72)) for level in contours.levels) < 0.01


@pytest.mark.parametrize(("arrows", "starts"), [("chain", [(0, 0), (1, 0)]), ("star", [(0, 0), (0, 0)])])
def test_arrows_join_points_in_a_chain_or_from_the_first(arrows, starts):
    x = np.linspace(-1, 1, 9)
    points = [(0, 0, "a"), (1, 0, "b"), (0, 1, "c")]
    figure, words = figures.surface(x, x, np.add.outer(x**2, x**2), ("p", "q", "r"), points, arrows)
    drawn = [t for t in figure.axes[0].texts if t.get_gid() == "step"]
    assert [tuple(map(float, t.xyann)) for t in drawn] == [tuple(map(float, s)) for s in starts]
    assert "least value on the grid, 0, is" in words
    assert "almost zero" in figures.surface(x, x, np.add.outer(x**2, x**2) + 1e-9, ("p", "q", "r"))[1]
    with pytest.raises(ValueError, match="arrows is 'ring'"):
        figures.surface(x, x, np.add.outer(x, x), ("p", "q", "r"), points, "ring")


def test_a_text_at_the_right_side_of_a_map_stands_to_the_left_of_its_point():
    x = np.linspace(-1, 1, 9)
    points = [(0, 0, "middle"), (0.9, 0.5, "side")]
    figure, _ = figures.surface(x, x, np.add.outer(x**2, x**2), ("p", "q", "r"), points, "star")
    drawn = {t.get_text(): t.get_ha() for t in figure.axes[0].texts if t.get_text()}
    assert drawn == {"middle": "left", "side": "right"}


@pytest.mark.parametrize("change", ["shape", "order", "labels", "nan"])
def test_bad_surfaces_are_refused(change):
    x, y, labels = np.arange(4.0), np.arange(3.0), ("a", "b", "c")
    z = np.add.outer(y, x)
    z = z.T if change == "shape" else np.where(change == "nan", np.nan, z)
    x = x[::-1] if change == "order" else x
    with pytest.raises(ValueError):
        figures.surface(x, y, z, "abc" if change == "labels" else labels)


# Curves


def test_curves_draw_every_line_and_say_how_it_runs():
    x = np.linspace(-2, 2, 41)
    figure, words = figures.curves({"square": (x, x**2), "double": (x, 2 * x)}, "x", "value")
    drawn = named(figure, "curve")
    assert drawn["square"].get_xdata().tolist() == x.tolist() and drawn["double"].get_ydata()[-1] == 4
    assert len({str(line._dash_pattern) for line in drawn.values()}) == 2
    assert figure.axes[0].get_xlabel() == "x" and figure.axes[0].get_ylabel() == "value"
    assert words.startswith("value by x, from -2 to 2. square goes from 4 to 4, lowest with 0 at 0; double rises from")


def test_curves_without_x_count_from_one():
    figure, words = figures.curves({"loss": [3.0, 2.0, 2.0, 1.0]})
    assert named(figure, "curve")["loss"].get_xdata().tolist() == [1, 2, 3, 4]
    assert words == "Lines, from 1 to 4. loss never rises, from 3 to 1."


def test_curves_in_panels():
    figure, words = figures.curves({"one": {"a": [1, 2]}, "two": {"a": [2, 2], "b": [1, 3, 2]}}, "step")
    assert set(named(figure, "curve")) == {"one a", "two a", "two b"} and len(figure.axes) == 2
    assert words.startswith("Lines over step, from 1 to 3, in 2 panels. one: a rises from 1 to 2. two: a stays at 2; b")
    assert "highest with 3 at 2" in words


def test_a_line_that_jumps_is_interrupted_where_asked():
    x = np.linspace(-1, 1, 41)
    lines_ = {"step": (x, (x > 0) * 1.0), "ramp": (x, x)}
    figure, _ = figures.curves(lines_, broken_at=0)
    assert set(named(figure, "curve")) == {"step", "step part 2", "ramp"}
    assert named(figure, "curve")["step"].get_xdata()[-1] == 0
    assert set(named(figures.curves(lines_)[0], "curve")) == {"step", "ramp"}


@pytest.mark.parametrize(
    "bad",
    [
        {}, [1, 2], {"a": []}, {"a": [np.nan]}, {"a": ["b"]}, {"a": ([1, 2], [1])}, {"a": ([2, 1], [1, 2])},
        {"a": ([1], [1], [1])}, dict.fromkeys("abcdef", [1]), {"p": {}}, {"p": {"a": [1]}, "q": [1]},
        dict.fromkeys("abcdefg", {"a": [1]}),
    ],
)  # fmt: skip
def test_bad_curves_are_refused(bad):
    with pytest.raises(ValueError):
        figures.curves(bad)


# The row times the slabs


@pytest.mark.parametrize(("K", "M"), [(3, 4), (2, 5), (1, 1), (6, 6)])
def test_slabs_are_zero_but_for_one_column(K, M):
    figure, words = figures.tensor_contraction(K, M)
    cells = [a.get_gid() for a in figure.findobj() if (a.get_gid() or "").startswith(("row", "slab", "product"))]
    assert cells.count("row") == K and cells.count("product") == K * M
    assert [cells.count(f"slab {k}") for k in range(1, K + 1)] == [K * M] * K
    assert texts(figure).split("\n").count("0") == K * K * M - K * M
    assert f"{K * M} of {K * K * M} entries" in words and f"1×{K}" in words and f"{M}×{K} outer product" in words


@pytest.mark.parametrize(("K", "M"), [(3, 4), (2, 5)])
def test_the_full_column_of_slab_k_is_column_k(K, M):
    """Not zero: thick border, and the entries of x from top to bottom."""
    figure, _ = figures.tensor_contraction(K, M)
    written = {tuple(np.round(text.get_position(), 6)): text.get_text() for text in figure.axes[0].texts}
    for k in range(1, K + 1):
        cells = [patch for patch in figure.axes[0].patches if patch.get_gid() == f"slab {k}"]
        columns = sorted({round(cell.get_x(), 6) for cell in cells})
        full = sorted((c for c in cells if c.get_linewidth() > 1), key=lambda c: -c.get_y())
        assert {round(cell.get_x(), 6) for cell in full} == {columns[k - 1]}
        assert [written[tuple(np.round(c.get_center(), 6))] for c in full] == [f"$x_{{{m}}}$" for m in range(1, M + 1)]


@pytest.mark.parametrize(("K", "M"), [(0, 3), (3, 0), (7, 2), (2.0, 2), (True, 2), ("3", 4)])
def test_bad_sizes_are_refused(K, M):
    with pytest.raises(ValueError, match="whole numbers from 1 to 6"):
        figures.tensor_contraction(K, M)


# All


def every_plot():
    """Return one call of each plot."""
    x = np.linspace(-1, 1, 9)
    yield lambda: figures.gradient_flow(np.logspace(-5, 0, 9))
    yield lambda: figures.step_size_valley(valley())
    yield lambda: figures.matrices({"a": np.diag([0.1, 0.2, 0.3])})
    yield lambda: figures.surface(x, x, np.add.outer(x**2, x**2), ("a", "b", "c"), points=[(0, 0, "here")])
    yield lambda: figures.tensor_contraction()
    yield lambda: figures.curves({"tanh": {"value": (x, np.tanh(x)), "slope": (x, 1 - np.tanh(x) ** 2)}}, "a")


@pytest.mark.parametrize("draw", list(every_plot()))
def test_plots_are_small_readable_and_the_same_at_every_run(draw):
    (figure, words), (again, _) = draw(), draw()
    data = figures.png(figure)
    assert data == figures.png(again) and len(data) <= 45_000
    assert smallest_font(figure) >= 9 and len(words) >= 40


def test_what_is_given_is_not_changed():
    norms = np.array([0.0, 1.0])
    figures.gradient_flow(norms)
    matrix = np.eye(2)
    figures.matrices({"a": matrix})
    assert norms.tolist() == [0, 1] and (matrix == np.eye(2)).all()
