"""How a gradient changes with distance in time, to be played with: sliders choose among curves computed before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

import numpy as np

from bptt_lab.explorer.page import Explorer
from bptt_lab.figures.flows import bounds, flow_panels, panel_words, read_panel

MOST_PANELS = 60


def explore_flows(measure: Callable, radii: Sequence[float], lengths: Sequence[int], label: str = "norm") -> Explorer:
    """Return curves of norms by distance in time, with a slider for the spectral radius and one for the steps T.

    `measure(radius, T)` returns what a panel of `figures.flow_panels` takes; all are measured once.
    Errors: ValueError as in `flow_panels`, and for too many panels.
    """
    if not 1 <= len(radii) * len(lengths) <= MOST_PANELS:
        raise ValueError(
            f"{len(radii)} radii and {len(lengths)} lengths: 1 to {MOST_PANELS} panels can be chosen from."
        )
    panels, shown = {}, {}
    for (i, radius), (k, length) in product(enumerate(radii), enumerate(lengths)):
        title = f"spectral radius {radius}, T = {length}"
        panel = read_panel(title, measure(radius, length))
        series = {name: [float(f"{norm:.4g}") for norm in norms] for name, norms in panel.items()}
        panels[title], shown[f"{i} {k}"] = panel, {"series": series, "words": panel_words(title, panel)}
    low, high = bounds(panels)
    sliders = [{"name": "spectral radius", "values": list(radii)}, {"name": "steps T", "values": list(lengths)}]
    longest = max(len(norms) for panel in panels.values() for norms in panel.values())
    data = {
        "sliders": sliders,
        "panels": shown,
        "ends": [_power(low, np.floor), _power(high, np.ceil)],
        "longest": longest,
    }
    title, panel = next(iter(panels.items()))
    return Explorer(data, {}, flow_panels({title: panel}, label))


def _power(bound: float, rounding: Callable) -> float:
    return float(10.0 ** rounding(np.log10(bound)))
