"""How a gradient changes with distance in time: panels side by side, and sliders over the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes

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
    new_figure,
    plot_axes,
)
from bptt_lab.figures.names import counted
from bptt_lab.figures.plots import numbers

MOST_PANELS, ACROSS, MOST_MARKERS = 6, 3, 12
FACTORS = {1e6: "a million", 1e3: "a thousand", 10.0: "ten"}

Panel = Mapping[str, np.ndarray]


def flow_panels(panels: Mapping, label: str = "norm of the gradient") -> Drawn:
    """Return (figure, description) of norms by distance in time, one panel a title, on one logarithmic axis.

    `panels`: a dict from title to norms at the distances 0, 1, 2 …, or to a dict from name to such norms.
    Errors: ValueError.
    """
    if not isinstance(panels, Mapping) or not 1 <= len(panels) <= MOST_PANELS:
        raise ValueError(f"Give a dict from title to norms, with 1 to {MOST_PANELS} panels.")
    found = {str(title): read_panel(title, norms) for title, norms in panels.items()}
    across = min(ACROSS, len(found))
    down = -(-len(found) // across)
    figure = new_figure(max(4.6, 3.2 * across), 2.9 * down + 0.1)
    ends, common = bounds(found), len({tuple(panel) for panel in found.values()}) == 1
    for n, (title, panel) in enumerate(found.items(), start=1):
        axes = plot_axes(figure, down, across, n)
        _draw(axes, title, panel, ends, label if n % across == 1 % across else "")
        if len(panel) > 1 and (n == 1 or not common):  # the same names need to be said once only
            axes.legend(fontsize=SMALL, handlelength=3.4, framealpha=0.7)
    figure.tight_layout()
    return figure, _words(found, label)


def read_panel(title: object, norms: Any) -> Panel:
    """Return the series of one panel by name, as `flow_panels` takes them (errors: ValueError naming the panel)."""
    series = dict(norms) if isinstance(norms, Mapping) else {"": norms}
    panel = {str(name): numbers(f"{title} {name}".strip(), values) for name, values in series.items()}
    if not 1 <= len(panel) <= len(MARKERS):
        raise ValueError(f"{title} has {len(panel)} series; 1 to {len(MARKERS)} can be told apart.")
    if any((values < 0).any() for values in panel.values()):
        raise ValueError(f"{title} holds a negative value; a norm is zero or more.")
    return panel


def bounds(found: Mapping[str, Panel]) -> tuple[float, float]:
    """Return the ends of the common axis: all positive norms with room; zeros are marked at the lower end."""
    positive = [value for panel in found.values() for values in panel.values() for value in values if value > 0]
    return min(positive, default=1.0) / 4, max(positive, default=1.0) * 4


def _draw(axes: Axes, title: str, panel: Panel, ends: tuple[float, float], label: str) -> None:
    for i, (name, values) in enumerate(panel.items()):
        every = max(1, len(values) // MOST_MARKERS)
        axes.plot(np.arange(len(values)), np.where(values > 0, values, np.nan), color=COLOURS[i], linestyle=DASHES[i],
                  marker=MARKERS[i], markersize=4.5, markevery=every, linewidth=1.6, label=name or None,
                  gid=f"flow {title} {name}".strip())  # fmt: skip
        _mark_zeros(axes, i, values, ends[0])
    axes.axhline(1, color=GREY, linewidth=0.8)
    axes.set_yscale("log")
    axes.set_ylim(*ends)
    axes.locator_params(axis="x", nbins=5, integer=True)
    axes.set_title(title, fontsize=NORMAL, color=INK)
    axes.set_xlabel("distance $T - t$", fontsize=NORMAL)
    axes.set_ylabel(label, fontsize=NORMAL)


def _mark_zeros(axes: Axes, i: int, values: np.ndarray, low: float) -> None:
    """Mark zeros as hollow signs at the lower end, apart from the line: a logarithmic axis has no place for them."""
    zeros = np.flatnonzero(values == 0)
    for distance in zeros:
        (sign,) = axes.plot(distance, low, marker=MARKERS[i], markersize=5.5, markerfacecolor=PAPER,
                            markeredgecolor=COLOURS[i], clip_on=False, zorder=5)  # fmt: skip
        sign.set_in_layout(False)
    for distance in (zero for zero in zeros if zero - 1 not in zeros):
        axes.annotate("0", (distance, low), (0, 6), textcoords="offset points", fontsize=SMALL, ha="center", color=INK)


def _words(found: Mapping[str, Panel], label: str) -> str:
    """Return the panels in words that are the same on every machine: comparisons, no digits of the norms."""
    start = f"{counted(len(found), 'panel')}, each with the {label} by the distance from the last step"
    return f"{start}, on one logarithmic axis. {' '.join(panel_words(title, panel) for title, panel in found.items())}"


def panel_words(title: str, panel: Panel) -> str:
    """Return one panel in words."""
    ways = "; ".join(f"{name}, {_way(values)}" if name else _way(values) for name, values in panel.items())
    return f"{title}: {ways}."


def _way(values: np.ndarray) -> str:
    """Return how norms go with growing distance."""
    if len(values) < 2:
        return "a single distance"
    changes, last = np.diff(values), len(values) - 1
    start = f"over {counted(last, 'step')} "
    if not changes.any():
        return start + "stays the same"
    if (changes < 0).all() or (changes > 0).all():
        return start + ("falls" if changes[0] < 0 else "rises") + " at every step, " + _factor(values)
    top = int(values.argmax())
    if 0 < top < last and (changes[:top] > 0).all() and (changes[top:] < 0).all():
        return start + f"rises to distance {top}, then falls, {_factor(values)}"
    return start + f"goes up and down, {_factor(values)}"


def _factor(values: np.ndarray) -> str:
    """Return how the last norm compares with the first, in powers of ten."""
    first, last = values[0], values[-1]
    if not min(first, last):
        return "and ends at zero" if not last else "and starts at zero"
    side, ratio = ("smaller", first / last) if last < first else ("larger", last / first)
    for factor, words in FACTORS.items():
        if ratio > factor:
            return f"and ends {side} by a factor of more than {words}"
    return f"and ends {side} by a factor of less than ten"
