"""The catalogue of mistakes: what each looks like, and how to see it."""

from __future__ import annotations

import re
from pathlib import Path

from bptt_lab.exercises.mistakes.catalogue import CATALOGUE, Mistake
from pages.kept import write

HEAD = """# Mistakes, and how to see them

The slips that the checker tells apart, in order of frequency: of two slips with one value the first gives the name.
Each is listed with what a student is told and the question that leads on; words in ⟨brackets⟩ stand for the letters of
the answer at hand. All of them change a value, so that a gradient check sees every one of them; none needs its name for
that. The name says where to look.

"""
KINDS = {
    "A": "Paths and sums",
    "B": "Slopes of activations",
    "C": "Steps, indices and layout",
    "D": "Losses, biases, batches",
    "E": "States, truncation, clipping",
    "G": "Gates and products",
}


def write_all(source: Path) -> list[str]:
    """Write the page of the mistakes and return its name."""
    write(source / "mistakes.md", HEAD + "\n".join(_kind(letter, title) for letter, title in KINDS.items()))
    return ["mistakes"]


def _kind(letter: str, title: str) -> str:
    rows = [one for one in CATALOGUE.values() if one.id.startswith(letter)]
    return f"## {title}\n\n" + "\n".join(map(_row, rows))


def _row(one: Mistake) -> str:
    return f"### {one.name[0].upper()}{one.name[1:]}\n\n{_slots(one.says)} *{_slots(one.asks)}*\n"


def _slots(text: str) -> str:
    return re.sub(r"\{(\w+)\}", r"⟨\1⟩", text)
