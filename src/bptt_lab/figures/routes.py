"""Routes of arrows: straight where free; around boxes and beside other arrows where not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from bptt_lab.figures.layout import Layout, Point
from bptt_lab.network import Place

Edge = tuple[Place, Place]
Routes = Mapping[Edge, np.ndarray]
BENDS = (0.0, 0.12, -0.12, 0.22, -0.22, 0.35, -0.35)
AIR, NEAR, STEP = 0.05, 0.08, 0.02
HIT, OUTSIDE = 20.0, 3.0
BETWEEN_LABELS = 0.06


def routes(layout: Layout) -> dict[Edge, np.ndarray]:
    """Return the route of every arrow as points (n, 2) in inches, from box edge to box edge.

    Short arrows are laid first, so that long ones give way.
    """
    found: dict[Edge, np.ndarray] = {}
    lengths = {edge: _length(_centres(layout, edge)) for edge in layout.edges}
    for edge in sorted(layout.edges, key=lambda e: (round(lengths[e], 6), str(e))):
        found[edge] = route(layout, edge, list(found.values()))
    return {edge: found[edge] for edge in layout.edges}


def _centres(layout: Layout, edge: Edge) -> np.ndarray:
    return np.array([layout.boxes[place] for place in edge])


def route(layout: Layout, edge: Edge, others: list[np.ndarray]) -> np.ndarray:
    """Return the cheapest route of one arrow: over no box, along no other arrow, short, with few turns."""
    ends = _centres(layout, edge)
    obstacles = np.array([xy for place, xy in layout.boxes.items() if place not in edge])
    taken = np.concatenate([np.zeros((0, 2)), *(points[::3] for points in others)])
    best: Any = None
    least, straight = np.inf, _length(ends)
    for points, extra in _candidates(layout, ends):
        if extra + 0.8 * _length(points) - 2 * max(layout.half) >= least:
            continue
        clipped = clip(_resampled(points), ends, layout.half)
        cost = extra + _cost(clipped, obstacles.reshape(-1, 2), taken, layout.half, least - extra)
        if cost < least - 1e-9:
            best, least = clipped, cost
        if least <= straight:
            break
    return best


def _candidates(layout: Layout, ends: np.ndarray) -> Iterator[tuple[np.ndarray, float]]:
    """Yield routes from centre to centre, each with what it costs extra."""
    start, end = ends
    s = np.linspace(0, 1, 41)[:, None]
    across = np.array([start[1] - end[1], end[0] - start[0]])
    for bend in BENDS:
        control = (start + end) / 2 + bend * across
        yield (1 - s) ** 2 * start + 2 * s * (1 - s) * control + s**2 * end, 0.0
    gutters, channels = _gutters(layout, start, end), _channels(layout)
    for gutter, extra in gutters:
        for y1 in [start[1], *_close(channels, start[1])]:
            for y2 in [end[1], *_close(channels, end[1])]:
                yield rounded(_corners(layout, ends, gutter, (y1, y2))), extra


def _corners(layout: Layout, ends: np.ndarray, gutter: float, heights: Point) -> np.ndarray:
    """Return a route that leaves and arrives at given heights and changes between them in a gutter."""
    (start, end), reach = ends, layout.half[0]
    out = start[0] + np.sign(gutter - start[0]) * reach * (heights[0] != start[1])
    back = end[0] + np.sign(gutter - end[0]) * reach * (heights[1] != end[1])
    middle = [(out, heights[0]), (gutter, heights[0]), (gutter, heights[1]), (back, heights[1])]
    return np.array([start, *middle, end])


def _gutters(layout: Layout, start: np.ndarray, end: np.ndarray) -> list[tuple[float, float]]:
    """Return where between the boxes an arrow can rise or fall, near its ends; outside costs extra."""
    wide = layout.half[0]
    xs = sorted({round(x, 6) for x, _ in layout.boxes.values()})
    between = [((a + b) / 2, 0.0) for a, b in zip(xs, xs[1:], strict=False) if b - a > 0.5 * wide]
    found = [(xs[0] - 1.5 * wide, OUTSIDE), *between, (xs[-1] + 1.5 * wide, OUTSIDE)]
    low, high = min(start[0], end[0]) - 5 * wide, max(start[0], end[0]) + 5 * wide
    return [(x, extra) for x, extra in found if low < x < high]


def _channels(layout: Layout) -> list[float]:
    """Return the heights between the rows, through which an arrow can run sideways."""
    ys = sorted({round(y, 6) for _, y in layout.boxes.values()})
    return [(a + b) / 2 for a, b in zip(ys, ys[1:], strict=False)]


def _close(channels: list[float], y: float) -> list[float]:
    return sorted(channels, key=lambda channel: (round(abs(channel - y), 6), channel))[:2]


def rounded(corners: np.ndarray) -> np.ndarray:
    """Return a polygon line with its corners cut, three times over (Chaikin)."""
    for _ in range(3):
        first, second = corners[:-1], corners[1:]
        cut = np.stack([0.75 * first + 0.25 * second, 0.25 * first + 0.75 * second], axis=1)
        corners = np.vstack([corners[:1], cut.reshape(-1, 2), corners[-1:]])
    return corners


def _resampled(points: np.ndarray) -> np.ndarray:
    """Return a line as points a fiftieth of an inch apart."""
    along = np.concatenate([[0.0], np.hypot(*np.diff(points, axis=0).T).cumsum()])
    at = np.linspace(0, along[-1], max(12, int(along[-1] / STEP)))
    return np.stack([np.interp(at, along, points[:, axis]) for axis in (0, 1)], axis=1)


def clip(points: np.ndarray, ends: np.ndarray, half: Point) -> np.ndarray:
    """Return the part of a route outside the boxes it joins, with a little air before the second."""
    leaves = np.flatnonzero(_inside(points, ends[0], half, 0.0))
    first = leaves[-1] + 1 if len(leaves) else 0
    arrives = np.flatnonzero(_inside(points[first:], ends[1], half, 0.025))
    last = first + arrives[0] if len(arrives) else len(points)
    return points[first:last] if last - first > 2 else points[[0, len(points) // 2, -1]]


def _inside(points: np.ndarray, centre: np.ndarray, half: Point, air: float) -> np.ndarray:
    return (np.abs(points - centre) < np.array(half) + air).all(axis=1)


def hits(points: np.ndarray, obstacles: np.ndarray, half: Point, air: float = AIR) -> int:
    """Return how many boxes, given by their centres (n, 2), a route runs over or touches."""
    wide, high = (np.abs(np.subtract.outer(ours, theirs)) for ours, theirs in zip(points.T, obstacles.T, strict=True))
    return int(((wide < half[0] + air) & (high < half[1] + air)).any(axis=0).sum())


def _cost(points: np.ndarray, obstacles: np.ndarray, taken: np.ndarray, half: Point, least: float) -> float:
    """Return what a route costs; what it costs to run along others only where it could still be the cheapest."""
    turning = max(0.0, _turning(points) - 1e-6)
    cost = _length(points) + 0.25 * turning + HIT * hits(points, obstacles, half)
    if cost >= least or not len(taken) or len(points) < 7:
        return cost
    some = points[3:-3:3]
    wide, high = (np.abs(np.subtract.outer(ours, theirs)) for ours, theirs in zip(some.T, taken.T, strict=True))
    gaps = np.maximum(wide, high).min(axis=1)
    return cost + 2 * max(0.0, float((gaps < NEAR).mean()) - 0.25)


def _length(points: np.ndarray) -> float:
    return float(np.hypot(*np.diff(points, axis=0).T).sum())


def _turning(points: np.ndarray) -> float:
    """Return how far a route turns, in radians."""
    steps = np.diff(points, axis=0)
    angles = np.unwrap(np.arctan2(steps[:, 1], steps[:, 0]))
    return float(np.abs(np.diff(angles)).sum())


def label_points(
    found: Routes, layout: Layout, labels: Mapping[Edge, str], placed: Iterable[Point] = ()
) -> dict[Edge, Point]:
    """Return a free point beside each arrow that has a label, away from other arrows and from what is placed."""
    chosen: dict[Edge, Any] = {}
    placed = list(placed)
    for edge, label in ((edge, label) for edge, label in labels.items() if label):
        size = np.array(label_size(label))
        others = [points[::2] for other, points in found.items() if other != edge]
        lines = np.concatenate([np.zeros((0, 2)), *others])
        spots = _spots(found[edge], size)
        free = [
            _room(spot, lines, layout, [*placed, *chosen.values()], size, 0.1)
            + _room(spot, found[edge], layout, (), size)
            for spot in spots
        ]
        chosen[edge] = tuple(map(float, spots[int(np.argmax(free))]))
    return chosen


def label_size(label: str) -> Point:
    """Return half the width and half the height of a label, in inches."""
    return 0.034 * len(label) + 0.045, 0.085


def _spots(points: np.ndarray, size: np.ndarray) -> list[np.ndarray]:
    """Return points beside a route, near its middle first, on both sides, and last upon it."""
    beside, upon = [], []
    for share in (0.45, 0.6, 0.3, 0.75, 0.18, 0.87):
        i = int(share * (len(points) - 1))
        along = points[min(i + 2, len(points) - 1)] - points[max(i - 2, 0)]
        normal = np.array([along[1], -along[0]]) / (np.hypot(*along) or 1)
        away = float(np.abs(normal) @ size) + 0.045
        beside += [points[i] + side * away * normal for side in (-1, 1)]
        upon.append(points[i])
    return beside + upon


def _room(
    spot: np.ndarray, lines: np.ndarray, layout: Layout, placed: Iterable[Point], size: Any, wanted: float = 0.02
) -> float:
    """Return how much room a label has about a point, up to what is wanted; less than 0 where it covers something."""
    boxes, placed = np.array(list(layout.boxes.values())), np.array(list(placed)).reshape(-1, 2)
    gaps = [
        (np.abs(lines - spot) - size).max(axis=1).min(initial=9),
        (np.abs(boxes - spot) - layout.half - size).max(axis=1).min(initial=9) + wanted,
        (np.abs(placed - spot) - 2 * np.array(size)).max(axis=1).min(initial=9) - BETWEEN_LABELS + wanted,
    ]
    least = min(map(float, gaps))
    return round(min(least, wanted) if least > 0 else 5 * least, 3)


def note_points(found: Routes, layout: Layout, places: Iterable[Place], size: Point) -> dict[Place, Point]:
    """Return a free point about each of some boxes for a note of a given half size: below it if there is room."""
    lines = np.concatenate([np.zeros((0, 2)), *found.values()])
    chosen: dict[Place, Any] = {}
    aside, level = layout.half[0] + size[0] + 0.05, layout.half[1] + size[1] + 0.03
    moves = [(0, -level), (0, level), (aside, -0.6 * level), (-aside, 0.6 * level), (aside, 0.6 * level)]
    for place in places:
        spots = [np.array(layout.boxes[place]) + move for move in [*moves, (-aside, -0.6 * level)]]
        free = [_room(spot, lines, layout, chosen.values(), size) for spot in spots]
        chosen[place] = tuple(map(float, spots[int(np.argmax(free))]))
    return chosen
