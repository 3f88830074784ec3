"""A derivation walked line by line, with the paths of each line lit in the network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bptt_lab.figures import names
from bptt_lab.figures.canvas import INK, LARGE, NORMAL, SMALL, Drawn, free_axes, new_figure
from bptt_lab.figures.drawing import Look, common_frame, draw, frame, wrapped, write_legend
from bptt_lab.figures.layout import Layout
from bptt_lab.figures.marks import Path, read_paths
from bptt_lab.figures.routes import routes
from bptt_lab.figures.unrolled import MARK_LEGEND, laid_out, marked_look
from bptt_lab.network import Graph, Place

MOST_PATHS = 6
HEADER, GAP, WIDEST, SCALE = 0.72, 0.15, 9.5, 0.86


def default_marks(derivation: Any) -> list[list[Path]]:
    """Return the paths of each line: the goal's place, then the arrows to what the line names.

    A line with total derivatives of other quantities marks the arrows to them; a line without any
    marks the whole paths to the loss. No marks where the first line names no place of the graph.
    """
    graph, goal = derivation.graph, goal_place(derivation)
    if goal is None:
        return [[] for _ in derivation.lines]
    hops: list[Path] = [(goal, user) for user in graph.users[goal]]
    found: list[list[Path]] = [[(goal,)]]
    for line in derivation.lines[1:]:
        named = _totals(line.form)
        if named is None or named:
            found.append([hop for hop in hops if named is None or hop[1] in named] or hops)
        else:
            found.append(_whole_paths(graph, goal) or hops)
    return found


def goal_place(derivation: Any) -> Place | None:
    """Return the place that the first line differentiates by: at a middle step for general t."""
    form, graph = derivation.lines[0].form, derivation.graph
    target = getattr(form, "target", None)
    if target is None:
        target = getattr(getattr(form, "expression", None), "place", None)
        place = None if target is None else names.plain(target)
    else:
        place = Place(target.name, None if target.time is None else (graph.T + 1) // 2)
    return place if place is not None and place in graph.users else None


def _totals(form: Any) -> set[Place] | None:
    """Return the places whose total derivatives a scalar line names; None for a line without letters."""
    symbols = getattr(getattr(form, "expression", None), "free_symbols", None)
    if symbols is None:
        return None
    return {names.plain(s.place) for s in symbols if hasattr(s, "loss") and hasattr(s, "place")}


def _whole_paths(graph: Graph, goal: Place) -> list[Path]:
    """Return all paths from a place to the loss, or none where they are too many to be told apart."""
    paths = graph.paths(goal.name, goal.time)
    return paths if len(paths) <= MOST_PATHS else []


def checked_marks(derivation: Any, marks: Sequence | None) -> list[tuple[Path, ...]]:
    """Return the paths of every line, read (errors: ValueError where lines and marks differ in number)."""
    lines = getattr(derivation, "lines", ())
    if not lines:
        raise ValueError(f"{derivation!r} has no lines. Give a Derivation.")
    marks = default_marks(derivation) if marks is None else list(marks)
    if len(marks) != len(lines):
        raise ValueError(f"marks has {len(marks)} entries for {len(lines)} lines. Give a list of paths a line.")
    return [read_paths(derivation.graph, paths) for paths in marks]


def said(reason: str) -> str:
    """Return a reason without its signs of LaTeX: $h^{1(2)}$ is h1(2)."""
    return reason.replace(r"\ldots", "…").translate(str.maketrans("", "", "${}^\\")).replace("mathbf", "")


def steps(derivation: Any, marks: Sequence | None = None) -> Drawn:
    """Return (figure, description): one panel a line, with its number, its reason and its paths.

    `marks`: a list with the paths of each line; without it they come from the derivation.
    Errors: ValueError where lines and marks differ in number.
    """
    paths = checked_marks(derivation, marks)
    every = tuple(dict.fromkeys(path for found in paths for path in found))
    layout = laid_out(derivation.graph, every, SCALE)
    looks = [marked_look(derivation.graph, layout, found, SCALE) for found in paths]
    figure = _panels(derivation, layout, looks)
    pairs = zip(derivation.lines, paths, strict=True)
    lines = [_line_words(n, line, found) for n, (line, found) in enumerate(pairs, start=1)]
    steps_, panels = names.counted(derivation.graph.T, "step"), names.counted(len(paths), "panel")
    start = f"{panels}, one for each line of the derivation, each with the network of {steps_}"
    return figure, f"{start}{_general_time(derivation)}. {' '.join(lines)}"


def _general_time(derivation: Any) -> str:
    """Return at which step a derivation for general t is drawn; nothing for others."""
    goal, target = goal_place(derivation), getattr(derivation.lines[0].form, "target", None)
    return f", drawn for t = {goal.time}" if target is not None and goal and goal.time is not None else ""


def _line_words(number: int, line: Any, paths: tuple[Path, ...]) -> str:
    """Return one line of a derivation in words: its reason and what is marked."""
    text = f"Line {number}, {said(line.reason)}: "
    ways = [names.path_words(path) for path in paths[:MOST_PATHS]]
    more = f" and {len(paths) - MOST_PATHS} more" if len(paths) > MOST_PATHS else ""
    return text + ("marked " + "; ".join(ways) + more if ways else "nothing is marked") + "."


def _panels(derivation: Any, layout: Layout, looks: list[Look]) -> Figure:
    """Return the figure: panels side by side while they fit, each with its heading above."""
    found = routes(layout)
    size = common_frame([frame(layout, look, found) for look in looks])
    formulas = [formula(line, number) for number, line in enumerate(derivation.lines, start=1)]
    wide = max(size.width, *(width + 0.3 for _, width in formulas))
    across = max(1, min(len(looks), int((WIDEST + GAP) / (wide + GAP))))
    down = -(-len(looks) // across)
    legend = wrapped(_legend(derivation), across * (wide + GAP) + GAP - 0.4)
    base, panel = 0.2 + 0.17 * len(legend), size.height + HEADER
    figure = new_figure(max(across * (wide + GAP) + GAP, 4.2), base + down * panel)
    for n, look in enumerate(looks):
        corner = (GAP + (n % across) * (wide + GAP), base + (down - 1 - n // across) * panel)
        axes = free_axes(figure, (*corner, wide, panel))
        draw(axes, layout, look, found, (size.left, size.bottom))
        _heading(axes, n + 1, derivation.lines[n].reason, formulas[n][0], panel)
    write_legend(figure, legend)
    return figure


def _legend(derivation: Any) -> str:
    drawn = _general_time(derivation).replace(", drawn", " Drawn")
    return f"Filled: where the paths start. {MARK_LEGEND} Targets are left out.{drawn}{'.' if drawn else ''}"


def _heading(axes: Axes, number: int, reason: str, shown: str, top: float) -> None:
    """Write the number of a line, its reason, and its formula where there is one."""
    title = axes.text(0.05, top - 0.1, f"Line {number}", fontsize=LARGE, va="top", weight="bold", color=INK)
    title.set_gid(f"line {number}")
    why = axes.text(0.68, top - 0.12, reason.replace(r"\ldots", "…"), fontsize=SMALL, va="top", color=INK)
    why.set_math_fontfamily("stix")
    text = axes.text(0.05, top - 0.55, shown, fontsize=NORMAL, va="center", color=INK, gid=f"formula {number}")
    text.set_math_fontfamily("stix")


def formula(line: Any, number: int) -> tuple[str, float]:
    """Return a line's formula for matplotlib and its width in inches; nothing where it cannot be drawn."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.mathtext import MathTextParser

    latex = line.form.latex() if hasattr(line.form, "latex") else ""
    shown = f"${'' if number == 1 else '= '}{drawable(latex)}$"
    prop = FontProperties(size=NORMAL, math_fontfamily="stix")
    try:
        width = MathTextParser("path").parse(shown, dpi=72, prop=prop)[0] / 72
    except (ValueError, RuntimeError):
        return "", 0.0
    return (shown, width) if latex and width < WIDEST - 0.5 else ("", 0.0)


def drawable(latex: str) -> str:
    """Return LaTeX with what matplotlib does not know written otherwise: what is under a brace goes behind."""
    text = latex.replace(r"\frac", r"\dfrac")
    while (at := text.find(r"\underbrace{")) >= 0:
        inner, rest = _braced(text[at + len(r"\underbrace") :])
        under, rest = _braced(rest[1:]) if rest.startswith("_{") else ("", rest)
        text = text[:at] + inner + rf"\;\left({under}\right)" + rest
    return text


def _braced(text: str) -> tuple[str, str]:
    """Return what the braces at the start of a text hold, and what follows them."""
    depth = 0
    for at, sign in enumerate(text):
        depth += (sign == "{") - (sign == "}")
        if depth == 0:
            return text[1:at], text[at + 1 :]
    raise ValueError(f"A brace is not closed in {text!r}.")
