"""A derivation walked line by line: each term beside the paths that it stands for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import sympy

from bptt_lab.explorer.page import Explorer
from bptt_lab.explorer.scene import Pool, drawing
from bptt_lab.figures import steps
from bptt_lab.figures.layout import kind
from bptt_lab.figures.marks import Path
from bptt_lab.figures.names import plain
from bptt_lab.figures.stepping import checked_marks, goal_place
from bptt_lab.formulas.mathml import mathml, with_formulas
from bptt_lab.network import Graph, Place
from bptt_lab.symbolic import Derivation
from bptt_lab.symbolic.derivations import Line
from bptt_lab.symbolic.letters import Total
from bptt_lab.symbolic.scalar_forms import path_sum
from bptt_lab.symbolic.scalar_printing import ordered_terms, scalar_latex


def walk(derivation: Derivation, marks: Sequence | None = None) -> Explorer:
    """Return a derivation to walk through: the lines so far beside the network, the paths of the last one lit.

    `marks`: a list with the paths of each line; without it they come from the derivation.
    Errors: ValueError where lines and marks differ in number.
    """
    paths, pool = checked_marks(derivation, marks), {}
    keep = lambda text: pool.setdefault(text, len(pool))
    used = dict.fromkeys(place for found in paths for path in found for place in path)
    shown, number = drawing(derivation.graph, [place for place in used if kind(derivation.graph, place) == "parameter"])
    hops = {(arrow["from"], arrow["to"]): k for k, arrow in enumerate(shown["arrows"])}
    arrows = lambda path: [hops[number[a], number[b]] for a, b in zip(path, path[1:], strict=False)]
    goal = goal_place(derivation)
    products = _products(derivation.graph, goal)
    lines = [
        {
            "terms": [
                term | {"paths": [arrows(path) for path in term["paths"]]}
                for term in _terms(line, products, marked, keep)
            ],
            "reason": keep(with_formulas(line.reason)),
            "words": f"Line {n} of {len(paths)}: {line.words}.",
        }
        for n, (line, marked) in enumerate(zip(derivation.lines, paths, strict=True), start=1)
    ]
    data = {
        "graph": shown,
        "goal": number.get(goal, -1),  # type: ignore[arg-type]  # -1 where there is none
        "lines": lines,
        "pool": list(pool),
        "verdict": derivation.verdict(),
    }
    return Explorer(data, {}, steps(derivation, marks))


def _products(graph: Graph, goal: Place | None) -> dict[sympy.Expr, Path]:
    """Return the paths from a quantity of one entry to the loss, by the products they stand for."""
    if goal is None or any(size > 1 for size in graph.network.shapes[goal.name]):
        return {}
    found = path_sum(graph, goal.name, goal.time)
    return {product: tuple(map(plain, path)) for path, product in found}


def _terms(line: Line, products: Mapping[sympy.Expr, Path], marked: tuple[Path, ...], pool: Pool) -> Iterator[dict]:
    """Yield the terms of a line, each with its paths; a line whose terms cannot be told apart as a whole."""
    expression = getattr(line.form, "expression", None)
    terms = [] if expression is None else ordered_terms(expression)
    if len(terms) < 2:
        latex = line.form.goal_latex() if isinstance(expression, Total) else line.form.latex()
        yield {"sign": "", "math": pool(mathml(latex)), "paths": marked}
        return
    for term in terms:
        is_minus = term.could_extract_minus_sign()
        math = pool(mathml(scalar_latex(-term if is_minus else term)))
        paths = (products[term],) if term in products else _paths_of(term, marked)
        yield {"sign": "\N{MINUS SIGN}" if is_minus else "", "math": math, "paths": paths}


def _paths_of(term: sympy.Expr, marked: tuple[Path, ...]) -> tuple[Path, ...]:
    """Return those of a line's paths that a term stands for: they go through what its total derivatives are by."""
    through = {plain(symbol.place) for symbol in term.free_symbols if isinstance(symbol, Total)}
    return tuple(path for path in marked if len(path) > 1 and path[1] in through) if through else marked
