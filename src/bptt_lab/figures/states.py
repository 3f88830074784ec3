"""Hidden units over the steps of one sequence, beside what they might hold."""

from __future__ import annotations

from typing import Any

import numpy as np

from bptt_lab.figures.canvas import INK, NORMAL, SMALL, Drawn, new_figure, plot_axes
from bptt_lab.figures.names import counted
from bptt_lab.figures.plots import numbers


def unit_map(states: Any, truth: Any, name: str) -> Drawn:
    """Return (figure, description) of states by unit and step in colours, under a row of digits that they might hold.

    `states` (T, M) lie between -1 and 1; `truth` (T,) holds 0 and 1; `name` says what it is. Units stand in the order
    in which they go with the truth. Errors: ValueError.
    """
    h, bits = numbers("states", states, 2), numbers("truth", truth)
    if np.abs(h).max() > 1 or h.shape[0] != len(bits) or not np.isin(bits, (0, 1)).all():
        raise ValueError(f"states (T, M) go from -1 to 1 and truth holds T of 0 and 1; got {h.shape}, {bits.shape}.")
    T, M = h.shape
    order = np.argsort(-((h - h.mean(axis=0)) * (bits - bits.mean())[:, None]).sum(axis=0) / (h.std(axis=0) + 1e-9))
    figure = new_figure(7.8, 0.28 * M + 1.6)
    axes = plot_axes(figure)
    axes.grid(False)
    shades = axes.imshow(h[:, order].T, cmap="PuOr", vmin=-1, vmax=1, aspect="auto",
                         extent=(0.5, T + 0.5, M + 0.5, 0.5), gid="states")  # fmt: skip
    for t, bit in enumerate(bits, start=1):
        axes.text(t, 0.15, f"{bit:.0f}", fontsize=SMALL, ha="center", va="center", color=INK,
                  weight="bold" if bit else "normal")  # fmt: skip
    axes.text(0.3, 0.15, name, fontsize=SMALL, ha="right", va="center", color=INK)
    axes.set_ylim(M + 0.5, -0.3)
    axes.set_yticks(range(1, M + 1), [f"unit {unit + 1}" for unit in order])
    axes.set_xlabel("step t", fontsize=NORMAL)
    bar = figure.colorbar(shades, ax=axes, ticks=[-1, 0, 1], pad=0.02)
    bar.ax.tick_params(labelsize=SMALL)
    figure.tight_layout()
    shape = f"{counted(M, 'hidden unit')} over {counted(T, 'step')}"
    return figure, f"A map of {shape}, coloured from -1 to 1, units ordered by how they go with the {name} above."
