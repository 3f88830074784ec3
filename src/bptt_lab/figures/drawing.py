"""Boxes, arrows and labels of a network, drawn on axes whose unit is an inch."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyBboxPatch, Polygon

from bptt_lab.figures import names
from bptt_lab.figures.canvas import (
    COLOURS,
    GREY,
    INK,
    LARGE,
    PAPER,
    SMALL,
    free_axes,
    new_figure,
)
from bptt_lab.figures.layout import Layout, Point
from bptt_lab.figures.routes import Edge, Routes, label_points, label_size, note_points, routes
from bptt_lab.network import Place

DASHED = (0, (2.1, 0.9))
THICK_DASHES = ((0, (1, 0.6)), DASHED, (0, (3.5, 0.7, 1, 0.7)), (0, (4.5, 0.9)), (0, (2.5, 0.6, 0.8, 0.6, 0.8, 0.6)))
LINE_HEIGHT, CHARACTER = 0.17, 0.07
NOTE = (0.47, 0.15)
IMMEDIATE, ONWARD = COLOURS[1], COLOURS[0]  # what is read directly, and the rest of the way: thick and thin besides
BOX_LOOKS = {
    "computed": dict(boxstyle="round,pad=0,rounding_size=0.1", facecolor="#ffffff", linewidth=1.1),
    "loss": dict(boxstyle="round,pad=0,rounding_size=0.1", facecolor="#ffffff", linewidth=1.1),
    "data": dict(boxstyle="square,pad=0", facecolor="#eeeeea", linewidth=0.9),
    "boundary": dict(boxstyle="square,pad=0", facecolor="#eeeeea", linewidth=1.1, linestyle=":"),
    "parameter": dict(boxstyle="square,pad=0", facecolor="#ffffff", linewidth=1.1, hatch="///"),
}
LEGEND = {
    "computed": "Round corners: computed.",
    "loss": "Double border: the loss.",
    "data": "Square corners: given.",
    "boundary": "Dotted border: given state before the first or after the last step.",
    "parameter": "Hatched: a parameter.",
}


class Look(NamedTuple):
    """How a drawing is labelled: marked arrows, their labels and hues, strong boxes, notes, texts at the side."""

    marked: Mapping[Edge, str] = {}
    hues: Mapping[Edge, int | None] = {}
    weights: Mapping[Edge, str] = {}
    thick: frozenset[Edge] = frozenset()
    strong: frozenset[Place] = frozenset()
    filled: frozenset[Place] = frozenset()
    notes: Mapping[Place, str] = {}
    side: Mapping[float, tuple[str, ...]] = {}
    onward: Mapping[Place, tuple[int, str]] = {}
    name: Callable[[Place], str] = names.math
    time: Callable[[int], str] = lambda t: f"$t = {t}$"
    scale: float = 1.0


class Frame(NamedTuple):
    """The space a drawing takes around its boxes, in inches."""

    left: float
    bottom: float
    width: float
    height: float


def frame(layout: Layout, look: Look, found: Routes) -> Frame:
    """Return the space that a layout takes with its arrows, its texts at the side and its time labels."""
    low, high = bounds(layout, look, found)
    lines = [line for side in look.side.values() for line in side]
    longest = max((len(_bare(line)) for line in lines), default=0) * CHARACTER
    left = 0.25 + (0 if layout.horizontal or not lines else longest + 0.1)
    right = 0.25 + (0.55 if any(sign > 0 for sign, _ in look.onward.values()) else 0)
    left += 0.5 if any(sign < 0 for sign, _ in look.onward.values()) else 0
    most = max((len(side) for side in look.side.values()), default=0)
    below = 0.36 if not layout.horizontal else 0.24 + 1.35 * LINE_HEIGHT * most
    width, height = high - low + (left + right, below + 0.2)
    return Frame(left - low[0], below - low[1], width, height)


def common_frame(frames: list[Frame]) -> Frame:
    """Return a space in which each of several drawings fits with its origin at the same point."""
    left, bottom = max(f.left for f in frames), max(f.bottom for f in frames)
    width = left + max(f.width - f.left for f in frames)
    return Frame(left, bottom, width, bottom + max(f.height - f.bottom for f in frames))


def bounds(layout: Layout, look: Look, found: Routes) -> tuple[np.ndarray, np.ndarray]:
    """Return the lower left and the upper right corner of all boxes, arrows and notes."""
    centres = np.array(list(layout.boxes.values()))
    notes = np.array(list(note_points(found, layout, look.notes, NOTE).values())).reshape(-1, 2)
    labels = label_points(found, layout, look.marked)
    sides = [
        np.add(point, np.multiply(sign, label_size(look.marked[e]))) for e, point in labels.items() for sign in (-1, 1)
    ]
    corners = [centres - layout.half, centres + layout.half, notes - NOTE, notes + NOTE, np.array(sides).reshape(-1, 2)]
    points = np.concatenate([*corners, *found.values()])
    return points.min(axis=0), points.max(axis=0)


def _bare(text: str) -> str:
    return "".join(c for c in text.replace(r"\mathrm", "") if c not in "${}^_\\")


def network_figure(layout: Layout, look: Look, legend: str, found: Routes | None = None) -> Figure:
    """Return a figure of one network with its legend below; `found` are its arrows, laid out here where not given."""
    found = routes(layout) if found is None else found
    size = frame(layout, look, found)
    width = max(size.width, 4.2)
    lines = wrapped(legend, width - 0.4)
    base = 0.16 + LINE_HEIGHT * len(lines)
    figure = new_figure(width, size.height + base)
    axes = free_axes(figure, (0, base, width, size.height))
    draw(axes, layout, look, found, (size.left + (width - size.width) / 2, size.bottom))
    write_legend(figure, lines)
    return figure


def wrapped(text: str, width: float) -> list[str]:
    """Return a text as lines that fit a width in inches."""
    return textwrap.wrap(text, max(30, int(width / CHARACTER)))


def write_legend(figure: Figure, lines: list[str]) -> None:
    """Write the lines of a legend at the foot of a figure."""
    wide, high = figure.get_size_inches()
    foot = "\n".join(lines)
    figure.text(0.2 / wide, 0.11 / high, foot, fontsize=SMALL, color=INK, va="bottom", gid="legend")


def draw(axes: Axes, layout: Layout, look: Look, found: Routes, origin: tuple[float, float]) -> None:
    """Draw a network, its arrows along their routes, with the origin of its layout at a point of the axes."""
    at = np.array(origin)
    for edge, points in found.items():
        _draw_arrow(axes, edge, points + at, look)
    for place, centre in layout.boxes.items():
        _draw_box(axes, place, np.array(centre) + at, layout, look)
    for edge, point in label_points(found, layout, look.marked).items():
        _draw_number(axes, edge, np.array(point) + at, look)
    for edge, point in weight_points(found, layout, look).items():
        _write_weight(axes, edge, np.array(point) + at, look.weights[edge])
    for place, point in note_points(found, layout, look.notes, NOTE).items():
        _write_note(axes, np.array(point) + at, look.notes[place])
    corner = bounds(layout, look, found)[0]
    _write_times(axes, layout, look, at, corner)
    _write_side(axes, layout, look, at, corner)
    for place, (sign, text) in look.onward.items():
        _draw_onward(axes, place, np.array(layout.boxes[place]) + at, layout, (sign, text))


def _hue(edge: Edge, look: Look) -> str:
    """Return the colour of a marked arrow: that of its path, or ink where several paths share it."""
    hue = look.hues.get(edge, 1)
    return INK if hue is None else COLOURS[hue % len(COLOURS)]


def _dash(edge: Edge, look: Look) -> Any:
    """Return the dashes of a marked arrow: those of its path, which tell paths apart without colour."""
    hue = look.hues.get(edge, 1)
    return DASHED if hue in (None, 1) else THICK_DASHES[hue % len(THICK_DASHES)]


def _arrow_look(edge: Edge, look: Look) -> dict:
    if edge in look.marked:
        return dict(linewidth=2.6, linestyle=_dash(edge, look), color=_hue(edge, look), zorder=4)
    if edge in look.thick:
        return dict(linewidth=2.6, linestyle="-", color=IMMEDIATE, zorder=4)
    return dict(linewidth=0.9, linestyle="-", color=ONWARD if look.thick else GREY, zorder=2)


def _draw_arrow(axes: Axes, edge: Edge, points: np.ndarray, look: Look) -> None:
    style = _arrow_look(edge, look)
    size = 0.085 if style["linewidth"] < 2 else 0.11
    tip, back = points[-1], points[max(0, len(points) - 1 - _steps_back(points, size))]
    along = (tip - back) / (np.hypot(*(tip - back)) or 1)
    across = np.array([-along[1], along[0]])
    corners = [tip, tip - size * along + 0.45 * size * across, tip - size * along - 0.45 * size * across]
    shaft = np.vstack([points[: len(points) - _steps_back(points, size * 0.8)], tip - 0.8 * size * along])
    gid = f"arrow {names.words(edge[0])} to {names.words(edge[1])}"
    axes.add_artist(Line2D(*shaft.T, solid_capstyle="butt", dash_capstyle="butt", gid=gid, **style))
    axes.add_artist(Polygon(corners, facecolor=style["color"], edgecolor="none", zorder=style["zorder"]))


def _steps_back(points: np.ndarray, distance: float) -> int:
    """Return how many points from the end a distance is."""
    gaps = np.hypot(*(points[-1] - points).T)
    return int(min(len(points) - 1, 1 + (gaps[::-1] < distance).argmin()))


def _draw_box(axes: Axes, place: Place, centre: Any, layout: Layout, look: Look) -> None:
    style: dict[str, Any] = dict(BOX_LOOKS[layout.kinds[place]])
    corner, size = centre - layout.half, 2 * np.array(layout.half)
    style.update(edgecolor=INK, zorder=5, gid=f"box {names.words(place)}")
    if style.get("hatch") and place not in look.filled:
        style["edgecolor"] = GREY
    if place in look.strong:
        style.update(linewidth=2.8)
    if place in look.filled:
        style.update(facecolor=INK, hatch=None)
    style["boxstyle"] = style["boxstyle"].replace("0.1", f"{0.28 * size[1]:.3f}")
    axes.add_artist(FancyBboxPatch(corner, *size, **style))
    colour = PAPER if place in look.filled else INK
    if layout.kinds[place] == "loss":
        inner = style | dict(facecolor="none", gid=None, linewidth=0.9, edgecolor=colour)
        axes.add_artist(FancyBboxPatch(corner + 0.04, *(size - 0.08), **inner))
    text = axes.text(*centre, look.name(place), fontsize=LARGE if look.scale == 1 else SMALL + 0.5)  # type: ignore[call-arg]  # x and y
    text.set(ha="center", va="center_baseline", color=colour, zorder=6, math_fontfamily="stix")
    if layout.kinds[place] == "parameter" and place not in look.filled:
        text.set_bbox(dict(facecolor="#ffffff", edgecolor="none", pad=1))


def _write_note(axes: Axes, point: Any, text: str) -> None:
    note = axes.text(*point, text, fontsize=SMALL, va="center", ha="center", color=INK, zorder=7)  # type: ignore[call-arg]  # x and y
    note.set(style="italic", math_fontfamily="stix", gid="note")
    note.set_bbox(dict(facecolor=PAPER, edgecolor="none", pad=0.5))


def weight_points(found: Routes, layout: Layout, look: Look) -> dict[Edge, Point]:
    """Return a free point for the weight of each arrow, after the numbers of paths have theirs."""
    # characters of mathtext are smaller than those of a number: the signs of LaTeX do not count
    labels = {edge: "x" * len(_bare(label)) for edge, label in look.weights.items()}
    return label_points(found, layout, labels, label_points(found, layout, look.marked).values())


def _write_weight(axes: Axes, edge: Edge, point: Any, label: str) -> None:
    text = axes.text(*point, label, fontsize=SMALL, ha="center", va="center_baseline", zorder=6.2, color=INK)  # type: ignore[call-arg]  # x and y
    text.set(math_fontfamily="stix", gid=f"weight {names.words(edge[0])} to {names.words(edge[1])}")


def _draw_number(axes: Axes, edge: Edge, point: Any, look: Look) -> None:
    label = look.marked[edge]
    text = axes.text(*point, label, fontsize=SMALL, ha="center", va="center", zorder=7, color=INK)  # type: ignore[call-arg]  # x and y
    (wide, high), style = label_size(label), "round,pad=0,rounding_size=0.04"
    axes.add_artist(FancyBboxPatch(point - (wide, high), 2 * wide, 2 * high, boxstyle=style, linewidth=0.8,
                                  facecolor="#ffffff", edgecolor=_hue(edge, look), zorder=6.5))  # fmt: skip
    text.set_gid(f"number {names.words(edge[0])} to {names.words(edge[1])}")


def _write_times(axes: Axes, layout: Layout, look: Look, at: np.ndarray, corner: np.ndarray) -> None:
    low = corner[1] + at[1]
    for time, x in layout.columns.items():
        if time is not None:
            text = axes.text(x + at[0], low - 0.12, look.time(time), fontsize=SMALL + 1, gid="time")
            text.set(ha="center", va="top", color=INK, math_fontfamily="stix")


def _write_side(axes: Axes, layout: Layout, look: Look, at: np.ndarray, corner: np.ndarray) -> None:
    """Write the parameters left of each row, or below each column of a network without time."""
    for where, lines in look.side.items():
        if layout.horizontal:
            lowest = min(y for x, y in layout.boxes.values() if abs(x - where) < 0.01)
            point, align = (where, lowest - layout.half[1] - 0.06), dict(ha="center", va="top")
        else:
            point, align = (corner[0] - 0.12, where), dict(ha="right", va="center")
        text = axes.text(*(np.array(point) + at), "\n".join(lines), fontsize=SMALL, color=INK, gid="side")  # type: ignore[call-arg]  # x and y
        text.set(math_fontfamily="stix", linespacing=1.45, **align)


def _draw_onward(axes: Axes, place: Place, centre: Any, layout: Layout, onward: tuple[int, str]) -> None:
    sign, text = onward
    start = centre + np.array([sign * (layout.half[0] + 0.02), 0])
    axes.plot(*np.array([start, start + [sign * 0.26, 0]]).T, color=GREY, linewidth=0.9,
              gid=f"onward {names.words(place)}")  # fmt: skip
    side = "left" if sign > 0 else "right"
    axes.text(*(start + [sign * 0.3, 0]), text, fontsize=SMALL, ha=side, va="center", color=INK)  # type: ignore[call-arg]  # x and y
