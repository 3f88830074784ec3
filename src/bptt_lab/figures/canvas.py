"""Figures as objects: a new one, its bytes, and its place on the page with its description."""

from __future__ import annotations

import io
import re
import sys
from base64 import b64encode

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

DPI = 110
SHORTEST_DESCRIPTION = 40
PAPER, INK, GREY, FAINT = "#fcfcfa", "#1a1a1a", "#6b6b6b", "#d9d9d6"
# Okabe and Ito's palette without its light colours: told apart by most colour-blind eyes
COLOURS = ("#0b5394", "#c04a00", "#00664b", "#8a2f6b", "#5a4a00")
DASHES = ("-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (7, 2, 1.5, 2)), (0, (3, 1, 1, 1, 1, 1)))
MARKERS = ("o", "s", "^", "D", "v")
SMALL, NORMAL, LARGE = 9, 10, 11
COLOURS_IN_FILE = 128


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure, in inches, on its own light paper with a thin border.

    It belongs to no pyplot, so that nothing is drawn twice and nothing is left open.
    """
    figure = Figure(figsize=(width, height), dpi=DPI, facecolor=PAPER, edgecolor=FAINT)
    figure.patch.set_linewidth(2)
    FigureCanvasAgg(figure)
    return figure


def free_axes(figure: Figure, box: tuple[float, float, float, float]):
    """Return axes without ticks and frame, in inches (left, bottom, width, height), one unit an inch."""
    wide, high = figure.get_size_inches()
    left, bottom, width, height = box
    axes = figure.add_axes((left / wide, bottom / high, width / wide, height / high))
    axes.set(xlim=(0, width), ylim=(0, height))
    axes.axis("off")
    return axes


def plot_axes(figure: Figure, *position: int):
    """Return axes for a plot, on the figure's paper, with a faint grid."""
    axes = figure.add_subplot(*(position or (1, 1, 1)))
    axes.set_facecolor(PAPER)
    axes.tick_params(labelsize=SMALL)
    axes.grid(True, color=FAINT, linewidth=0.7)
    axes.set_axisbelow(True)
    return axes


def png(figure: Figure) -> bytes:
    """Return a figure as the bytes of a PNG file, the same at every run.

    Few colours are stored, which makes the file a third as large and looks the same.
    """
    from PIL import Image

    canvas, stored = FigureCanvasAgg(figure), io.BytesIO()
    canvas.draw()
    drawn = Image.fromarray(np.asarray(canvas.buffer_rgba()))
    picture = Image.new("RGBA", drawn.size, PAPER)
    picture.alpha_composite(drawn)
    picture = picture.convert("RGB").quantize(COLOURS_IN_FILE, dither=Image.Dither.NONE)
    picture.save(stored, format="PNG", optimize=True)
    return stored.getvalue()


def show(figure: Figure, description: str) -> None:
    """Display a figure once, as PNG with its description as alternative text, and as a caption below.

    Errors: ValueError for a description that says too little.
    """
    from IPython.display import display

    words = checked_description(description)
    picture = {"image/png": b64encode(png(figure)).decode("ascii"), "text/plain": "Figure"}
    display(picture, raw=True, metadata={"image/png": {"alt": words}})
    display({"text/markdown": caption(words), "text/plain": words}, raw=True)
    close(figure)


def checked_description(description: str) -> str:
    """Return a description on one line (errors: ValueError where it is no text or too short)."""
    words = " ".join(description.split()) if isinstance(description, str) else ""
    if len(words) < SHORTEST_DESCRIPTION:
        raise ValueError(
            f"The description is {description!r}. Say in {SHORTEST_DESCRIPTION} characters or more "
            f"what the figure shows, for readers who cannot see it."
        )
    return words


def caption(words: str) -> str:
    """Return a description as Markdown in italics, with the signs of Markdown escaped."""
    escaped = re.sub(r"([\\*_`<>~|])", r"\\\1", words)
    return f"*{escaped}*"


def close(figure: Figure) -> None:
    """Close a figure that somebody made with pyplot; others need no closing."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close(figure)
