"""What a figure holds: its boxes, arrows and texts, by the names they were given."""

from __future__ import annotations

import numpy as np


def named(figure, start: str) -> dict[str, object]:
    """Return the artists whose name starts with a word, by the rest of the name."""
    found = figure.findobj(lambda artist: (artist.get_gid() or "").startswith(start + " "))
    names = [artist.get_gid().removeprefix(start + " ") for artist in found]
    assert len(set(names)) == len(names), f"drawn twice: {names}"
    return dict(zip(names, found, strict=True))


def texts(figure) -> str:
    """Return all that is written in a figure."""
    from matplotlib.text import Text

    return "\n".join(text.get_text() for text in figure.findobj(Text))


def said(place) -> str:
    """Return a place as figures name it: h1(2)."""
    return place.name if place.time is None else f"{place.name}({place.time})"


def arrow(start, end) -> str:
    """Return the name of an arrow."""
    return f"{said(start)} to {said(end)}"


def smallest_font(figure) -> float:
    """Return the size in points of the smallest text."""
    from matplotlib.text import Text

    return min(text.get_fontsize() for text in figure.findobj(Text) if text.get_text())


def luminance(colour) -> float:
    """Return the relative luminance of a colour, as WCAG defines it."""
    from matplotlib.colors import to_rgb

    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))


def contrast(first, second) -> float:
    """Return the contrast of two colours, from 1 to 21."""
    dark, light = sorted((luminance(first), luminance(second)))
    return (light + 0.05) / (dark + 0.05)
