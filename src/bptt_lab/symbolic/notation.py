"""How quantities look: a name, a time and an entry as LaTeX in the letters of the course."""

from __future__ import annotations

import re

from bptt_lab.network import Place


def place_latex(place: Place, bold: bool = False) -> str:
    """Return a place as LaTeX: h1[t-1][3] is h^{1(t-1)}_{3}, W11[1,2] is W^{11}_{12}; `bold` for vectors, matrices."""
    match = re.fullmatch(r"([A-Za-z]+)(\d*)((?:_\w+)?)", place.name)
    base, number, suffix = match.groups() if match else (place.name, "", "")
    letter = base if len(base) == 1 else rf"\mathrm{{{_text(base)}}}"
    if bold:
        letter = rf"\mathbf{{{_text(base)}}}"
    above = number + ("" if place.time is None else f"({place.time})")
    below = ",".join(
        filter(None, [rf"\mathrm{{{_text(suffix.lstrip('_'))}}}" if suffix else "", _entry_latex(place.entry)])
    )
    return letter + (f"^{{{above}}}" if above else "") + (f"_{{{below}}}" if below else "")


def _text(name: str) -> str:
    return name.replace("_", r"\_")


def _entry_latex(entry: tuple[int, ...]) -> str:
    return ("" if all(i < 10 for i in entry) else ",").join(map(str, entry))


def is_preactivation(name: str) -> bool:
    """Return whether a name is written a, a1, a2, a1_f …, whose total derivative the course calls delta."""
    return re.fullmatch(r"a\d*(_\w+)?", name) is not None


def total_latex(place: Place, loss: str = "L", bold: bool = False) -> str:
    """Return the total derivative of the loss by a place as LaTeX, a fraction."""
    return rf"\frac{{d{loss}}}{{d{place_latex(place, bold)}}}"


def delta_latex(place: Place, bold: bool = False) -> str:
    """Return the delta of a pre-activation as LaTeX: delta1[t] for a1[t]."""
    text = place_latex(place._replace(name="d" + place.name[1:]), bold)
    return text.replace(r"\mathbf{d}" if bold else "d", r"\boldsymbol{\delta}" if bold else r"\delta", 1)


def immediate_latex(below: str, above: str) -> str:
    """Return the immediate derivative of one quantity by another, given as LaTeX, with the plus that marks it."""
    return rf"\frac{{\partial^{{+}}{below}}}{{\partial {above}}}"
