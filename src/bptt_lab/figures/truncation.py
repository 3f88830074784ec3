"""What truncation drops and what ways to a gradient cost: bias by reach, and bars of work and memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from bptt_lab.figures.canvas import COLOURS, DASHES, INK, MARKERS, NORMAL, SMALL, Drawn, new_figure, plot_axes
from bptt_lab.figures.names import counted, listed
from bptt_lab.figures.plots import numbers

MOST_BARS = 10
BOUNDS = (1, 10, 45, 180.1)  # sides of angles in degrees that words tell
PANELS = ("angle to the full gradient, degrees", "relative difference")


def bias_by_reach(measured: Mapping, lag: int) -> Drawn:
    """Return (figure, description) of the bias of truncated gradients by their reach k2 = 1, 2 …, the lag marked.

    `measured`: a dict from name to pairs of angle in degrees and relative difference, (n, 2), one for each k2. The line
    stands between k2 = lag, the last that cannot see it, and lag + 1. Errors: ValueError.
    """
    if not isinstance(measured, Mapping) or not 1 <= len(measured) <= len(MARKERS):
        raise ValueError(f"Give a dict from name to pairs of angle and difference, 1 to {len(MARKERS)} of them.")
    found = {str(name): numbers(f"measured {name}", pairs, 2) for name, pairs in measured.items()}
    if len({pairs.shape for pairs in found.values()}) != 1 or any(pairs.shape[1] != 2 for pairs in found.values()):
        raise ValueError("Every series needs a pair of angle and difference for each k2, as many as the others.")
    if any((pairs < 0).any() or (pairs[:, 0] >= BOUNDS[-1]).any() for pairs in found.values()):
        raise ValueError("Every angle is in degrees, from 0 to 180, and no difference is below 0.")
    most = len(next(iter(found.values())))
    if not isinstance(lag, (int, np.integer)) or not 1 <= lag < most:
        raise ValueError(f"lag is {lag!r}, expected an integer from 1 to {most - 1}, so that both sides are shown.")
    figure = new_figure(7.8, 3.4)
    for part, label in enumerate(PANELS):
        axes = plot_axes(figure, 1, 2, part + 1)
        for i, (name, pairs) in enumerate(found.items()):
            axes.plot(np.arange(1, most + 1), pairs[:, part], color=COLOURS[i], linestyle=DASHES[i], marker=MARKERS[i],
                      markersize=5, linewidth=1.6, label=name, gid=f"bias {part} {name}")  # fmt: skip
        _mark_lag(axes, lag, most, label)
    figure.axes[0].legend(fontsize=SMALL, handlelength=3.4)
    figure.tight_layout()
    return figure, _bias_words(found, lag, most)


def _mark_lag(axes: Axes, lag: int, most: int, label: str) -> None:
    axes.axvline(lag + 0.5, color=INK, linewidth=1.2, linestyle=(0, (2, 2)), gid="lag")
    axes.set_ylim(0, axes.get_ylim()[1] * 1.15)
    for side, words in (("right", "blind "), ("left", " sees")):
        axes.text(lag + 0.5, axes.get_ylim()[1] * 0.99, words, fontsize=SMALL, ha=side, va="top", color=INK)
    axes.set_xticks(range(1, most + 1))
    axes.set_xlabel(f"reach k2 in steps (lag {lag})", fontsize=NORMAL)
    axes.set_title(label, fontsize=NORMAL, color=INK)


def _bias_words(found: Mapping[str, np.ndarray], lag: int, most: int) -> str:
    """Return the bias in words that are the same on every machine: sides of bounds, no digits."""
    said = []
    for name, pairs in found.items():
        blind, sees = pairs[lag - 1, 0], pairs[lag, 0]
        said.append(
            f"{name}: the angle is {_bound(blind)} with k2 = {lag}, {_bound(sees)} with k2 = {lag + 1} "
            f"and {_bound(pairs[-1, 0])} with k2 = {most}"
        )
    start = f"Two panels by the reach k2 from 1 to {most}: the angle between truncated and full gradient, and their "
    return start + f"relative difference. A line marks the lag of {counted(lag, 'step')}. {'. '.join(said)}."


def _bound(angle: float) -> str:
    """Return the side of round bounds on which an angle in degrees lies."""
    if angle < BOUNDS[0]:
        return "below 1 degree"
    low, high = next((a, b) for a, b in zip(BOUNDS[:-1], BOUNDS[1:], strict=True) if angle < b)
    return f"above {low} degrees" if high > 180 else f"between {low} and {high} degrees"


def cost_bars(costs: Mapping, reference: str) -> Drawn:
    """Return (figure, description) of work and memory as bars on logarithmic axes, as multiples of one way's.

    `costs`: a dict from the name of a way to a pair of multiply-adds and numbers kept; `reference` is the name of the
    way whose bars have length 1. Errors: ValueError.
    """
    if not isinstance(costs, Mapping) or reference not in costs or not 2 <= len(costs) <= MOST_BARS:
        raise ValueError(f"Give a dict from way to (multiply-adds, numbers), 2 to {MOST_BARS}, with {reference!r}.")
    found = {str(name): numbers(f"costs {name}", pair) for name, pair in costs.items()}
    if any(len(pair) != 2 or (pair <= 0).any() for pair in found.values()):
        raise ValueError("Every way needs two positive numbers: multiply-adds, and numbers kept.")
    shares = {name: pair / found[reference] for name, pair in found.items()}
    figure = new_figure(7.8, 0.42 * len(shares) + 1.1)
    for part, label in enumerate(("multiply-adds", "numbers kept")):
        _draw_bars(plot_axes(figure, 1, 2, part + 1), [pair[part] for pair in shares.values()], label, reference)
    figure.axes[0].set_yticks(range(len(shares)), list(shares), fontsize=NORMAL)
    figure.axes[1].set_yticks(range(len(shares)), [""] * len(shares))
    figure.tight_layout()
    return figure, _cost_words(shares, reference)


def _draw_bars(axes: Axes, shares: Sequence[float], label: str, reference: str) -> None:
    axes.set_xscale("log")
    low, high = min(shares), max(shares)
    for row, share in enumerate(shares):
        ends = sorted((1.0, share))
        axes.barh(row, ends[1] - ends[0], left=ends[0], height=0.55, color=COLOURS[0] if share < 1 else COLOURS[1],
                  gid=f"bar {label} {row}")  # fmt: skip
        axes.annotate(_times(share), (share, row), (-4 if share < 1 else 4, 0), textcoords="offset points",
                      ha="right" if share < 1 else "left", va="center", fontsize=SMALL, color=INK)  # fmt: skip
    axes.axvline(1, color=INK, linewidth=1)
    axes.set_xlim(low / 6, high * 8)
    axes.invert_yaxis()
    axes.set_title(f"{label}, as multiples of {reference}", fontsize=NORMAL, color=INK)


def _times(share: float) -> str:
    return f"× {share:.0f}" if share >= 20 else f"× {share:.2g}"


def _cost_words(shares: Mapping[str, np.ndarray], reference: str) -> str:
    said = [f"{name} {_times(work)} and {_times(memory)}" for name, (work, memory) in shares.items()]
    return (
        f"Bars on logarithmic axes in two panels, multiply-adds and numbers kept, as multiples of {reference}; "
        f"they begin at 1 and lead left where less is needed, right where more. In this order: {listed(said)}."
    )
