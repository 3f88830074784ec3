"""Figures as objects: a new one, its bytes, and its place on the page with its description."""

from __future__ import annotations

import io
import re
import sys
from base64 import b64encode
from functools import lru_cache
from html import escape
from typing import Any

import numpy as np
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure

DPI = 110
DENSE = 2  # pixels of a stored picture for each of the page: crisp on fine screens, smaller than SVG
SHORTEST_DESCRIPTION, LONGEST_POINT = 40, 120
PAPER, INK, GREY, FAINT = "#fcfcfa", "#1a1a1a", "#6b6b6b", "#d9d9d6"
# Okabe and Ito's palette without its light colours: told apart by most colour-blind eyes
COLOURS = ("#0b5394", "#c04a00", "#00664b", "#8a2f6b", "#5a4a00")
DASHES = ("-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (7, 2, 1.5, 2)), (0, (3, 1, 1, 1, 1, 1)))
MARKERS = ("o", "s", "^", "D", "v")
SMALL, NORMAL, LARGE = 9, 10, 11
COLOURS_IN_FILE = 32
Drawn = tuple[Figure, str]  # and what it shows, in words
PICTURE_BYTES = re.compile(r"(?<=;base64,)[A-Za-z0-9+/=]+")


class Labels:
    """Sets each label once for all figures: Matplotlib does so anew for each, which takes most of its time."""

    def __init__(self, parser: Any) -> None:
        self._set = lru_cache(maxsize=1000)(
            lambda s, dpi, prop, options, _: parser.parse(s, dpi, prop, **dict(options))
        )

    def parse(self, s: str, dpi: float = 72, prop: Any = None, **options: Any) -> Any:
        """Return a label as the parser of Matplotlib sets it; a font that is changed later is another one."""
        settings = rcParams["text.antialiased"], rcParams["text.hinting"], rcParams["text.hinting_factor"]
        return self._set(s, dpi, prop and prop.copy(), tuple(options.items()), settings)


@lru_cache(maxsize=1)
def _labels() -> Labels:
    return Labels(RendererAgg(1, 1, DPI).mathtext_parser)


class Canvas(FigureCanvasAgg):
    """A canvas whose labels are set once."""

    def get_renderer(self) -> Any:
        """Return what draws on it."""
        renderer = super().get_renderer()
        renderer.mathtext_parser = _labels()
        return renderer


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure, in inches, on its own light paper with a thin border.

    It belongs to no pyplot, so that nothing is drawn twice and nothing is left open.
    """
    figure = Figure(figsize=(width, height), dpi=DPI, facecolor=PAPER, edgecolor=FAINT)
    figure.patch.set_linewidth(2)
    Canvas(figure)
    return figure


def free_axes(figure: Figure, box: tuple[float, float, float, float]) -> Axes:
    """Return axes without ticks and frame, in inches (left, bottom, width, height), one unit an inch."""
    wide, high = figure.get_size_inches()
    left, bottom, width, height = box
    axes = figure.add_axes((left / wide, bottom / high, width / wide, height / high))
    axes.set(xlim=(0, width), ylim=(0, height))
    axes.axis("off")
    return axes


def plot_axes(figure: Figure, *position: int) -> Axes:
    """Return axes for a plot, on the figure's paper, with a faint grid."""
    axes = figure.add_subplot(*(position or (1, 1, 1)))
    axes.set_facecolor(PAPER)
    axes.tick_params(labelsize=SMALL)
    axes.grid(True, color=FAINT, linewidth=0.7)
    axes.set_axisbelow(True)
    return axes


def png(figure: Figure, density: float = 1) -> bytes:
    """Return a figure as the bytes of a PNG file, the same at every run; `density`: pixels for each of the page.

    Few colours are stored, which makes the file a third as large and looks the same; rare hues are kept.
    """
    from PIL import Image

    canvas, stored = Canvas(figure), io.BytesIO()
    figure.set_dpi(DPI * density)
    canvas.draw()
    drawn = Image.fromarray(np.asarray(canvas.buffer_rgba()))
    figure.set_dpi(DPI)
    picture = Image.new("RGBA", drawn.size, PAPER)
    picture.alpha_composite(drawn)
    picture = picture.convert("RGB").quantize(
        COLOURS_IN_FILE, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE
    )
    picture.save(stored, format="PNG", optimize=True)
    return stored.getvalue()


def show(figure: Figure, description: str, point: str = "") -> None:
    """Display a figure once: its description is the alternative text of the picture, its point the line below.

    `description` says in words what is drawn, for readers who cannot see it; `point` is the one thing to see in it.
    Errors: ValueError for a description that says too little or a point longer than a line.
    """
    from IPython.display import display

    words = checked_description(description)
    # as HTML: JupyterLab, nbconvert and myst-nb drop the alternative text of a bare picture
    display({"text/html": html(figure, words, point), "text/plain": words}, raw=True)
    close(figure)


def html(figure: Figure, description: str, point: str = "", density: float = DENSE, size: float = 1) -> str:
    """Return a figure as HTML that needs no other file: the picture with its alternative text, the point below.

    `density`: pixels of the file for each of the figure; `size`: how large it is shown, 1 as it was drawn.
    Errors: ValueError as in `show`.
    """
    words, line = escape(checked_description(description)), escape(checked_point(point))
    source = f"data:image/png;base64,{b64encode(png(figure, density)).decode('ascii')}"
    width = round(size * DPI * figure.get_size_inches()[0])
    picture = f'<img alt="{words}" width="{width}" style="max-width: 100%; height: auto" src="{source}">'
    caption = f"\n<figcaption><em>{line}</em></figcaption>" if line else ""
    return f'<figure style="margin: 0">{picture}{caption}</figure>'


def without_bytes(text: str) -> str:
    """Return HTML without the bytes of its pictures, which differ between versions of Matplotlib and of fonts."""
    return PICTURE_BYTES.sub("…", text)


def checked_description(description: str) -> str:
    """Return a description on one line (errors: ValueError where it is no text or too short)."""
    words = " ".join(description.split()) if isinstance(description, str) else ""
    if len(words) < SHORTEST_DESCRIPTION:
        raise ValueError(
            f"The description is {description!r}. Say in {SHORTEST_DESCRIPTION} characters or more "
            f"what the figure shows, for readers who cannot see it."
        )
    return words


def checked_point(point: str) -> str:
    """Return the point of a figure on one line (errors: ValueError where it is no text or too long)."""
    line = " ".join(point.split()) if isinstance(point, str) else None
    if line is None or len(line) > LONGEST_POINT:
        raise ValueError(
            f"The point is {point!r}. Say in one line of at most {LONGEST_POINT} characters what to see in the "
            f"figure; what is drawn in it belongs into the description."
        )
    return line


def caption(words: str) -> str:
    """Return a description as Markdown in italics, with the signs of Markdown escaped."""
    escaped = re.sub(r"([\\*_`<>~|])", r"\\\1", words)
    return f"*{escaped}*"


def close(figure: Figure) -> None:
    """Close a figure that somebody made with pyplot; others need no closing."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close(figure)
