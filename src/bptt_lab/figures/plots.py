"""Plots of numbers: gradient norms over time, the step-size valley, matrices, surfaces, curves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bptt_lab.figures.canvas import (
    COLOURS,
    DASHES,
    GREY,
    INK,
    MARKERS,
    NORMAL,
    PAPER,
    SMALL,
    Drawn,
    free_axes,
    new_figure,
    plot_axes,
)
from bptt_lab.figures.names import counted, listed

MOST_VALUES = 12
MOST_SIDE = 16


def numbers(what: str, values: Any, ndim: int = 1) -> np.ndarray:
    """Return values as an array of finite floats (errors: ValueError naming what is wrong)."""
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"{what} holds something that is not a number.") from None
    if array.ndim != ndim or array.size == 0:
        raise ValueError(f"{what} has the shape {array.shape}; expected {ndim} dimension(s), not empty.")
    if not np.isfinite(array).all():
        raise ValueError(f"{what} holds a value that is not finite.")
    return array


def gradient_flow(
    norms: Sequence[float] | np.ndarray | Mapping[str, Any], label: str = "norm of the gradient"
) -> Drawn:
    """Return (figure, description) of the norm of a gradient at t = 1 … T, on a logarithmic axis.

    `norms`: one norm a step, or a dict from a name to such a sequence. Errors: ValueError.
    """
    series = dict(norms) if isinstance(norms, Mapping) else {"": norms}
    series = {str(name): numbers(f"norms {name}".strip(), values) for name, values in series.items()}
    if not 1 <= len(series) <= len(MARKERS):
        raise ValueError(f"norms has {len(series)} series; 1 to {len(MARKERS)} can be told apart.")
    if any((values < 0).any() for values in series.values()):
        raise ValueError("norms holds a negative value; a norm is zero or more.")
    figure = new_figure(6.4, 3.6)
    axes = plot_axes(figure)
    lowest = _lowest(series.values())
    for i, (name, values) in enumerate(series.items()):
        _draw_norms(axes, i, name, values, lowest, len(series) == 1)
    _finish_norms(axes, max(map(len, series.values())), label, len(series) > 1)
    figure.tight_layout()
    return figure, _flow_words(series, label)


def _lowest(series: Iterable[np.ndarray]) -> float:
    """Return where a zero is drawn on the logarithmic axis: a decade below the smallest other norm."""
    positive = [v for values in series for v in values if v > 0]
    return min(positive, default=1.0) / 10


def _draw_norms(axes: Axes, i: int, name: str, values: np.ndarray, lowest: float, with_values: bool) -> None:
    steps = np.arange(1, len(values) + 1)
    shown = np.where(values > 0, values, lowest)
    axes.plot(steps, shown, color=COLOURS[i], linestyle=DASHES[i], marker=MARKERS[i], markersize=6,
              linewidth=1.8, label=name or None, gid=f"norms {name}".strip())  # fmt: skip
    for t, value, y in zip(steps, values, shown, strict=True):
        if value == 0 or (with_values and len(values) <= MOST_VALUES):
            axes.annotate(f"{value:.2g}", (t, y), (0, 7), textcoords="offset points", fontsize=SMALL, ha="center")


def _finish_norms(axes: Axes, T: int, label: str, legend: bool) -> None:
    axes.set_yscale("log")
    axes.margins(x=0.06, y=0.18)
    axes.set_xticks(range(1, T + 1, max(1, T // 12)))
    axes.set_xlabel("$t$  (the loss is differentiated backwards, from right to left)", fontsize=NORMAL)
    axes.set_ylabel(label, fontsize=NORMAL)
    if legend:
        axes.legend(fontsize=SMALL, handlelength=4)


def _flow_words(series: Mapping[str, np.ndarray], label: str) -> str:
    found = []
    for name, values in series.items():
        start = f"{name}: " if name else ""
        found.append(f"{start}{values[-1]:.2g} at t = {len(values)}, {values[0]:.2g} at t = 1, {_trend(values)}")
    return f"{label}, at each of the steps from 1 to T, on a logarithmic axis. {'; '.join(found)}."


def _trend(values: np.ndarray) -> str:
    """Return how values go from the last step back to the first."""
    changes = np.diff(values[::-1])
    if not len(changes) or not changes.any():
        return "the same at every step"
    if (changes <= 0).all():
        return (
            "smaller with every step back in time" if (changes < 0).all() else "never larger with a step back in time"
        )
    if (changes >= 0).all():
        return (
            "larger with every step back in time" if (changes > 0).all() else "never smaller with a step back in time"
        )
    return f"largest at t = {int(values.argmax()) + 1} and smallest at t = {int(values.argmin()) + 1}"


VALLEY = {"one_sided": "one-sided difference", "central": "central difference", "complex_step": "complex step"}
FLOOR = 1e-17


def step_size_valley(valley: Any) -> Drawn:
    """Return (figure, description) of the errors of three numerical derivatives by step size.

    `valley`: steps, one_sided, central and complex_step, each (number of steps,). Errors: ValueError.
    """
    if not all(hasattr(valley, field) for field in ("steps", *VALLEY)):
        raise ValueError(f"The valley is {type(valley).__name__}. Give what step_size_valley returns.")
    steps = numbers("steps", valley.steps)
    errors = {name: numbers(name, getattr(valley, name)) for name in VALLEY}
    if any(len(values) != len(steps) for values in errors.values()) or (steps <= 0).any():
        raise ValueError("The valley needs positive steps and as many errors of each kind.")
    order = np.argsort(steps)
    steps, errors = steps[order], {name: values[order] for name, values in errors.items()}
    figure = new_figure(6.8, 4.2)
    axes = plot_axes(figure)
    for i, (name, values) in enumerate(errors.items()):
        hollow = PAPER if name == "complex_step" else COLOURS[i]
        axes.loglog(steps, np.maximum(values, FLOOR), color=COLOURS[i], linestyle=DASHES[i], marker=MARKERS[i],
                    markersize=4 + 1.5 * i, markerfacecolor=hollow, linewidth=1.5, zorder=5 - i,
                    label=VALLEY[name], gid=name)  # fmt: skip
    _annotate_valley(axes, errors)
    figure.tight_layout()
    return figure, _valley_words(steps, errors)


def _annotate_valley(axes: Axes, errors: Mapping[str, np.ndarray]) -> None:
    """Write the names of axes, lines and sides."""
    axes.set_xlabel("step size", fontsize=NORMAL)
    axes.set_ylabel("relative error", fontsize=NORMAL)
    axes.set_ylim(FLOOR / 3, 1e4 * max(1.0, max(values.max() for values in errors.values())))
    side: dict[str, Any] = dict(transform=axes.transAxes, fontsize=SMALL, va="top", color=INK)
    axes.text(0.02, 0.97, "← rounding\nsmall steps cancel digits", **side)
    axes.text(0.98, 0.97, "truncation →\nlarge steps leave the tangent", ha="right", **side)
    axes.legend(fontsize=SMALL, handlelength=4, loc="lower center", bbox_to_anchor=(0.5, 1.01), ncols=3, frameon=False)


def _valley_words(steps: np.ndarray, errors: Mapping[str, np.ndarray]) -> str:
    """Return the valley in words that are the same on every machine: comparisons, no digits of rounding."""
    least = {name: float(values.min()) for name, values in errors.items()}
    best = {name: float(steps[values.argmin()]) for name, values in errors.items()}
    order = sorted(least, key=least.get)  # type: ignore[arg-type]
    text = f"Relative errors of {listed(VALLEY.values())} at {counted(len(steps), 'step size')}, both axes logarithmic."
    for name in ("one_sided", "central"):
        values = errors[name]
        if least[name] < min(values[0], values[-1]):
            text += (
                f" The {VALLEY[name]} is a valley: rounding raises its error at small steps, truncation at large ones."
            )
    if best["central"] > best["one_sided"]:
        text += " The central difference is best at a larger step than the one-sided one."
    if errors["complex_step"][0] < min(least["one_sided"], least["central"]):
        text += " The complex step has no rounding side:"
        text += " at the smallest step its error is below all errors of the other two."
    return text + f" Smallest error: {VALLEY[order[0]]}; largest of the three smallest: {VALLEY[order[-1]]}."


def matrices(found: Mapping) -> Drawn:
    """Return (figure, description) of small matrices side by side: entries written, zeros light and hatched.

    `found`: a dict from title to matrix; a vector counts as one row. Errors: ValueError.
    """
    if not isinstance(found, Mapping) or not found:
        raise ValueError("Give a dict from title to matrix, with at least one matrix.")
    arrays = {str(title): _matrix(title, matrix) for title, matrix in found.items()}
    cell, gap = _cell(arrays), 0.45
    widths = [max(array.shape[1] * cell, 0.085 * len(title)) for title, array in arrays.items()]
    tallest = max(array.shape[0] for array in arrays.values()) * 0.36
    figure = new_figure(max(sum(widths) + gap * (len(widths) + 1), 3.0), tallest + 1.05)
    axes = free_axes(figure, (0, 0, *figure.get_size_inches()))
    left = (figure.get_size_inches()[0] - sum(widths) - gap * (len(widths) - 1)) / 2
    for (title, array), width in zip(arrays.items(), widths, strict=True):
        _draw_matrix(axes, title, array, (left + width / 2, tallest + 0.5), cell)
        left += width + gap
    return figure, "; ".join(_matrix_words(title, array) for title, array in arrays.items()) + "."


def _matrix(title: object, matrix: Any) -> np.ndarray:
    array = np.asarray(matrix)
    array = numbers(str(title), array[None] if array.ndim == 1 else array, 2)
    if max(array.shape) > MOST_SIDE:
        raise ValueError(f"{title} has the shape {array.shape}; at most {MOST_SIDE} rows and columns can be read.")
    return array


def _entry(value: float) -> str:
    return (
        "0"
        if value == 0
        else f"{value:.2g}"
        if abs(value) < 0.01 or abs(value) >= 1000
        else f"{value:.2f}".rstrip("0").rstrip(".")
    )


def _cell(arrays: Mapping[str, np.ndarray]) -> float:
    longest = max(len(_entry(value)) for array in arrays.values() for value in array.flat)
    return max(0.4, 0.085 * longest + 0.12)


def _draw_matrix(axes: Axes, title: str, array: np.ndarray, top: tuple[float, float], cell: float) -> None:
    from matplotlib.patches import Rectangle

    rows, columns = array.shape
    left, high, most = top[0] - columns * cell / 2, 0.36, np.abs(array).max() or 1.0
    axes.text(top[0], top[1] + 0.1, title, fontsize=NORMAL, ha="center", va="bottom", color=INK)
    axes.text(
        top[0], top[1] - rows * high - 0.08, f"{rows}×{columns}", fontsize=SMALL, ha="center", va="top", color=INK
    )
    for (i, j), value in np.ndenumerate(array):
        x, y = left + j * cell, top[1] - (i + 1) * high
        shade = "#ffffff" if value == 0 else str(0.92 - 0.3 * abs(value) / most)
        axes.add_patch(Rectangle((x, y), cell, high, facecolor=shade, edgecolor=GREY if value == 0 else INK,
                                 linewidth=0.7, gid=f"entry {title}"))  # fmt: skip
        weight = "normal" if value == 0 else "bold"
        axes.text(x + cell / 2, y + high / 2, _entry(value), fontsize=SMALL, ha="center", va="center", weight=weight,
                  color=GREY if value == 0 else INK)  # fmt: skip


def _matrix_words(title: str, array: np.ndarray) -> str:
    """Return the zero pattern of a matrix in words."""
    rows, columns = array.shape
    full = np.count_nonzero(array)
    off = np.count_nonzero(array - np.diag(np.diag(array))) if rows == columns else full
    pattern = (
        "every entry different from zero"
        if full == array.size
        else f"{full} of {array.size} entries different from zero"
    )
    if rows == columns > 1 and not off:
        pattern += ", all on the diagonal"
    return f"{title}, a matrix of {counted(rows, 'row')} and {counted(columns, 'column')} with {pattern}"


def surface(
    first: Sequence[float],
    second: Sequence[float],
    values: Any,
    labels: Sequence[str],
    points: Sequence[tuple[float, float, str]] = (),
    arrows: str = "chain",
) -> Drawn:
    """Return (figure, description) of a contour map of a function of two numbers.

    `first` (n,) and `second` (m,) increase; `values` (m, n), a row for each entry of `second`; `labels` names first,
    second and the value; `points` are (first, second, text), joined by arrows one to the next ("chain") or the first to
    each other ("star"). Errors: ValueError.
    """
    x, y, z = numbers("first", first), numbers("second", second), numbers("values", values, 2)
    _check_surface(x, y, z, labels)
    if arrows not in ("chain", "star"):
        raise ValueError(f"arrows is {arrows!r}, expected 'chain' or 'star'.")
    figure = new_figure(6.0, 4.6)
    axes = plot_axes(figure)
    lines = axes.contour(x, y, z, levels=_levels(z, _at(x, y, z, points)), colors=INK, linewidths=0.9)
    lines.set_gid("contours")
    shades = axes.contourf(x, y, z, levels=lines.levels, cmap="cividis", alpha=0.6, extend="both")
    _scale(figure, axes, shades, labels[2])
    _draw_points(axes, points, arrows)
    axes.locator_params(nbins=6)
    axes.set_aspect("equal")  # or a step down the slope would not stand at a right angle to its contour
    axes.set_xlabel(labels[0], fontsize=NORMAL)
    axes.set_ylabel(labels[1], fontsize=NORMAL)
    figure.tight_layout()
    return figure, _surface_words(x, y, z, labels, points)


def _scale(figure: Figure, axes: Axes, shades: Any, label: str) -> None:
    """Write the levels beside the map, all a step apart: on a cliff they would pile up on their lines."""
    bar = figure.colorbar(shades, ax=axes, spacing="uniform", ticks=shades.levels, shrink=0.85)
    bar.ax.set_yticklabels([f"{level:.2g}" for level in shades.levels], fontsize=SMALL)
    bar.set_label(label, fontsize=NORMAL)


def _draw_points(axes: Axes, points: Sequence[tuple[float, float, str]], arrows: str) -> None:
    """Mark each point with its text, and join them by arrows; a text that would leave the map stands to the left."""
    left, right = axes.get_xlim()
    for i, (a, b, text) in enumerate(points):
        axes.plot(a, b, marker=MARKERS[i % len(MARKERS)], color=COLOURS[i % len(COLOURS)], markersize=8,
                  markeredgecolor="#ffffff", linestyle="none", gid=f"point {text}")  # fmt: skip
        below = arrows == "star" or (i and b < points[i - 1][1])
        side = "right" if a > left + 0.75 * (right - left) else "left"
        axes.annotate(text, (a, b), (-10 if side == "right" else 10, -16 if below else 10), ha=side,
                      textcoords="offset points", fontsize=NORMAL,
                      bbox=dict(facecolor=PAPER, edgecolor=GREY, pad=2))  # fmt: skip
    starts: Sequence = points if arrows == "chain" else points[:1] * len(points)  # type: ignore[assignment, operator]  # a list or a tuple
    for (a, b, _), (c, d, _) in zip(starts, points[1:], strict=False):
        arrow = dict(arrowstyle="-|>", color=INK, linewidth=1.6, shrinkA=4, shrinkB=4)
        axes.annotate("", (c, d), (a, b), arrowprops=arrow, gid="step")


def _check_surface(x: np.ndarray, y: np.ndarray, z: np.ndarray, labels: Sequence[str]) -> None:
    if z.shape != (len(y), len(x)) or min(z.shape) < 2:
        raise ValueError(
            f"values has the shape {z.shape}; expected {(len(y), len(x))}, a row for each entry of second."
        )
    if (np.diff(x) <= 0).any() or (np.diff(y) <= 0).any():
        raise ValueError("first and second must increase.")
    if isinstance(labels, str) or len(labels) != 3:
        raise ValueError("labels holds three texts: those of first, of second and of the value.")


def _at(x: np.ndarray, y: np.ndarray, z: np.ndarray, points: Sequence[tuple[float, float, str]]) -> list[float]:
    """Return the values at the points, interpolated between the four entries around each."""
    found = []
    for a, b, _ in points:
        row = [np.interp(a, x, values) for values in z]
        found.append(float(np.interp(b, y, row)))
    return found


def _levels(z: np.ndarray, through: Sequence[float] = ()) -> np.ndarray:
    """Return levels of contours, about as many entries between each and the next, and one through each given value."""
    spread = np.quantile(z, np.linspace(0.04, 0.96, 11))
    apart = [level for level in spread if all(abs(level - value) > 0.04 * np.ptp(z) for value in through)]
    levels = np.unique([*apart, *through])
    return levels if len(levels) > 1 else np.array([z.min() - 1, z.min(), z.max() + 1])


def _worth_saying(z: np.ndarray) -> str:
    """Return the least value, unless it is so near zero that its digits are noise."""
    return f", {z.min():.2g}," if z.min() == 0 or abs(z.min()) > 1e-3 * abs(z).max() else ", almost zero,"


def _surface_words(
    x: np.ndarray, y: np.ndarray, z: np.ndarray, labels: Sequence[str], points: Sequence[tuple[float, float, str]]
) -> str:
    row, column = np.unravel_index(z.argmin(), z.shape)
    text = (
        f"A contour map of the {labels[2]} by {labels[0]} from {x[0]:g} to {x[-1]:g} and {labels[1]} "
        f"from {y[0]:g} to {y[-1]:g}. "
        f"Its least value on the grid{_worth_saying(z)} is at {labels[0]} {x[column]:.2g}, {labels[1]} {y[row]:.2g}; "
        f"its largest is {z.max():.2g}."
    )
    marked = [f"{text_} at ({a:.2g}, {b:.2g})" for a, b, text_ in points]
    return text + (f" Marked: {listed(marked)}." if marked else "")


MOST_PANELS = 6


def curves(found: Mapping, x_label: str = "", y_label: str = "", broken_at: float | None = None) -> Drawn:
    """Return (figure, description) of lines over a common kind of x, in one plot or in several side by side.

    `found`: a dict from name to y, (n,), over 1 to n, or to a pair (x, y); or a dict from title to such a dict, one
    panel each. `broken_at`: an x at which a line that jumps is interrupted. Errors: ValueError.
    """
    if not isinstance(found, Mapping) or not found:
        raise ValueError("Give a dict from name to y or (x, y), or from title to such a dict, not empty.")
    panels = found if all(isinstance(part, Mapping) for part in found.values()) else {"": found}
    if len(panels) > MOST_PANELS:
        raise ValueError(f"There are {len(panels)} panels; {MOST_PANELS} are the most.")
    panels = {str(title): _lines(lines) for title, lines in panels.items()}
    across = min(2, len(panels))
    down = -(-len(panels) // across)
    figure = new_figure(6.4 if across == 1 else 7.8, 3.6 if len(panels) == 1 else 2.5 * down + 0.2)
    for n, (title, lines) in enumerate(panels.items(), start=1):
        axes = plot_axes(figure, down, across, n)
        _draw_curves(axes, title, lines, broken_at)
        axes.set_xlabel(x_label if n > len(panels) - across else "", fontsize=NORMAL)
        axes.set_ylabel(y_label if n % across == 1 % across else "", fontsize=NORMAL)
    figure.tight_layout()
    return figure, _curves_words(panels, x_label, y_label)


def _lines(lines: Any) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return the lines of one panel, each as x and y of the same length, x increasing."""
    if not isinstance(lines, Mapping) or not 1 <= len(lines) <= len(COLOURS):
        raise ValueError(f"A panel is a dict of 1 to {len(COLOURS)} lines, from name to y or (x, y).")
    read = {}
    for name, values in lines.items():
        pair = values if isinstance(values, tuple) else (np.arange(1.0, np.size(values) + 1), values)
        if len(pair) != 2:
            raise ValueError(f"{name} has {len(pair)} parts; give y or (x, y).")
        x, y = numbers(f"x of {name}", pair[0]), numbers(f"y of {name}", pair[1])
        if len(x) != len(y) or (np.diff(x) <= 0).any():
            raise ValueError(f"{name} needs as many x as y, and x that increase.")
        read[str(name)] = (x, y)
    return read


def _draw_curves(
    axes: Axes, title: str, lines: Mapping[str, tuple[np.ndarray, np.ndarray]], broken_at: float | None
) -> None:
    for i, (name, (x, y)) in enumerate(lines.items()):
        style: dict[str, Any] = dict(color=COLOURS[i], linestyle=DASHES[i], linewidth=1.8)
        parts = _parts_of(x, y, broken_at)
        for n, part in enumerate(parts):
            gid = f"curve {title} {name}".replace("  ", " ") + (f" part {n + 1}" if n else "")
            axes.plot(x[part], y[part], label=None if n else name, gid=gid, **style)
    axes.set_title(title, fontsize=NORMAL)
    axes.margins(x=0.02, y=0.08)
    if len(lines) > 1:
        axes.legend(fontsize=SMALL, handlelength=3)


def _parts_of(x: np.ndarray, y: np.ndarray, broken_at: float | None) -> list[slice]:
    """Return the parts in which a line is drawn: two where it jumps at a given x, which belongs to the first."""
    n = len(x) if broken_at is None else int(np.searchsorted(x, broken_at, side="right"))
    if 0 < n < len(x) and abs(y[n] - y[n - 1]) > 0.1 * np.ptp(y):
        return [slice(0, n), slice(n, len(x))]
    return [slice(0, len(x))]


def _curves_words(panels: Mapping, x_label: str, y_label: str) -> str:
    parts = [part.strip("$") for part in (y_label, x_label) if part]
    start = " by ".join(parts) if len(parts) == 2 else "Lines" + "".join(f" over {part}" for part in parts)
    said = []
    for title, lines in panels.items():
        each = "; ".join(f"{name} {_course(x, y)}" for name, (x, y) in lines.items())
        said.append(f"{title}: {each}" if title else each)
    text = f"{start}, from {min(x[0] for p in panels.values() for x, _ in p.values()):g} "
    text += f"to {max(x[-1] for p in panels.values() for x, _ in p.values()):g}"
    text += f", in {counted(len(panels), 'panel')}. " if len(panels) > 1 else ". "
    return text + ". ".join(said) + "."


def _course(x: np.ndarray, y: np.ndarray) -> str:
    """Return in words how a line runs from left to right."""
    changes, ends = np.diff(y), f"from {_short(y[0])} to {_short(y[-1])}"
    if not changes.any():
        return f"stays at {_short(y[0])}"
    if (changes >= 0).all():
        return f"rises {ends}" if (changes > 0).all() else f"never falls, {ends}"
    if (changes <= 0).all():
        return f"falls {ends}" if (changes < 0).all() else f"never rises, {ends}"
    low, high = int(y.argmin()), int(y.argmax())
    text = f"goes {ends}"
    text += f", highest with {_short(y[high])} at {_short(x[high])}" if 0 < high < len(y) - 1 else ""
    return text + (f", lowest with {_short(y[low])} at {_short(x[low])}" if 0 < low < len(y) - 1 else "")


def _short(value: float) -> str:
    """Return a number in two digits, without a sign for zero."""
    return f"{0.0 if abs(value) < 1e-12 else value:.2g}"
