"""A row times a three-dimensional array: why the derivative by a matrix ends in an outer product."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from bptt_lab.figures.canvas import INK, LARGE, NORMAL, SMALL, Drawn, free_axes, new_figure
from bptt_lab.figures.drawing import wrapped, write_legend

CELL, MARGIN, SIGN, BETWEEN, MOST = 0.42, 0.25, 0.42, 0.26, 6
LEGEND = (
    "y = Wx with W of K×M. Slab k holds the derivative of the k-th entry of y by W, M×K: zero but for "
    "column k, which is x. The row of the K derivatives weighs the slabs; their sum is x times the row. "
    "Grey with a thick border: entries that are not zero."
)


def tensor_contraction(K: int = 3, M: int = 4) -> Drawn:
    """Return (figure, description): a 1×K row times K slabs of M×K is the M×K outer product.

    Errors: ValueError for sizes that are not whole numbers from 1 to 6. Source 000, detour.
    """
    for letter, size in (("K", K), ("M", M)):
        if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= MOST:
            raise ValueError(f"{letter} is {size!r}; the drawing has room for whole numbers from 1 to {MOST}.")
    width, high = _width(K, M), CELL * M
    legend = wrapped(LEGEND, width - 0.4)
    base = 0.14 + 0.17 * len(legend)
    figure = new_figure(width, base + high + 1.15)
    axes = free_axes(figure, (0, base, width, high + 1.15))
    _draw_parts(axes, K, M)
    write_legend(figure, legend)
    return figure, _describe(K, M)


def _describe(K: int, M: int) -> str:
    return (
        f"A row of {K} derivatives of L by the entries of y, shape 1×{K}, times {K} slabs of shape {M}×{K}. "
        f"Slab k is zero but for its column k, which holds the entries x1 to x{M}: {K * M} of {K * K * M} entries "
        f"are not zero. Each derivative multiplies its slab, and the sum is the {M}×{K} outer product: entry (m, k) is "
        f"the m-th entry of x times the k-th derivative."
    )


def _sizes(K: int, M: int) -> dict[str, tuple[float, float]]:
    """Return the width and the height of a cell of each part, in inches."""
    return {"row": (0.5, 0.56), "slab": (CELL, CELL), "product": (0.66, CELL)}


def _width(K: int, M: int) -> float:
    """Return the width of the drawing: the row, a sign, K slabs, a sign, the product."""
    wide = {part: K * cell[0] for part, cell in _sizes(K, M).items()}
    return 2 * MARGIN + wide["row"] + 2 * SIGN + K * wide["slab"] + (K - 1) * BETWEEN + wide["product"]


def _draw_parts(axes: Axes, K: int, M: int) -> None:
    """Draw the row, the slabs and the product from left to right."""
    sizes, middle, left = _sizes(K, M), 0.4 + CELL * M / 2, MARGIN
    row = [[rf"$\dfrac{{dL}}{{dy_{{{k}}}}}$" for k in range(1, K + 1)]]
    _grid(axes, (left, middle - sizes["row"][1] / 2), row, sizes["row"], "row")
    left += K * sizes["row"][0]
    _sign(axes, (left + SIGN / 2, middle), r"$\times$")
    left += SIGN
    for k in range(1, K + 1):
        slab = [[f"$x_{{{m}}}$" if j == k else "0" for j in range(1, K + 1)] for m in range(1, M + 1)]
        title = rf"$\dfrac{{dy_{{{k}}}}}{{d\mathbf{{W}}}}$"
        _grid(axes, (left, 0.4), slab, sizes["slab"], f"slab {k}", title)
        left += K * CELL + (BETWEEN if k < K else SIGN)
    _sign(axes, (left - SIGN / 2, middle), "$=$")
    product = [[_product(m, k) for k in range(1, K + 1)] for m in range(1, M + 1)]
    title = r"$\dfrac{dL}{d\mathbf{W}} = \mathbf{x}\,\dfrac{dL}{d\mathbf{y}}$"
    _grid(axes, (left, 0.4), product, sizes["product"], "product", title)


def _product(m: int, k: int) -> str:
    return rf"$x_{{{m}}}\,\dfrac{{dL}}{{dy_{{{k}}}}}$"


def _sign(axes: Axes, point: tuple[float, float], sign: str) -> None:
    axes.text(*point, sign, fontsize=LARGE + 3, ha="center", va="center", color=INK)


def _grid(
    axes: Axes,
    corner: tuple[float, float],
    texts: Sequence[Sequence[str]],
    cell: tuple[float, float],
    gid: str,
    title: str = "",
) -> None:
    """Draw a small matrix of texts with its shape below and its title above; what is not zero is grey."""
    (left, bottom), (wide, high) = corner, cell
    for m, row in enumerate(texts):
        for k, text in enumerate(row):
            x, y = left + k * wide, bottom + (len(texts) - 1 - m) * high
            shade = "#ffffff" if text == "0" else "#e4e4e0"
            border: dict[str, Any] = dict(
                edgecolor=INK, linewidth=0.7 if text == "0" else 1.6, zorder=1 if text == "0" else 2
            )
            axes.add_patch(Rectangle((x, y), wide, high, facecolor=shade, gid=gid, **border))
            shown = axes.text(x + wide / 2, y + high / 2, text, fontsize=NORMAL if gid != "product" else SMALL)
            shown.set(math_fontfamily="stix", ha="center", va="center", color=INK, zorder=3)
    centre = left + wide * len(texts[0]) / 2
    shape = f"{len(texts)}×{len(texts[0])}"
    axes.text(centre, bottom - 0.07, shape, fontsize=SMALL, ha="center", va="top", color=INK)
    over = axes.text(
        centre, bottom + high * len(texts) + 0.1, title, fontsize=LARGE, ha="center", va="bottom", color=INK
    )
    over.set_math_fontfamily("stix")
