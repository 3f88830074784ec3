"""The catalogue of mistakes: what each looks like, and how to see it."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path

from bptt_lab.exercises import Feedback, Question
from bptt_lab.exercises.front import Exercise
from bptt_lab.exercises.mistakes.catalogue import CATALOGUE, Mistake
from pages.kept import ROOT, once, write

os.environ.setdefault("BPTT_LAB_PROGRESS", "off")  # no diary of these answers
EXAMPLES = ROOT / "docs" / "mistakes.toml"
HEAD = """# Mistakes, and how to see them

The slips that the checker tells apart. Below each name stands what a student is told and the question that leads on;
words in ⟨brackets⟩ stand for the letters of the answer at hand. Where one answer shows a slip by itself, it is there as
a student types it, with the reply of the checker, asked when this page was made.

How to see one: each of them changes a value, so that a gradient check finds it without knowing its name, if sizes all
differ, T is 3 or more, no matrix is symmetric and no initial state is zero. The name says where to look.

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
    write(source / "mistakes.md", once("mistakes.md", [Path(__file__), EXAMPLES], page))
    return ["mistakes"]


def page() -> str:
    """Return the page in Markdown (errors: ValueError for an example that is told another mistake)."""
    examples = tomllib.loads(EXAMPLES.read_text(encoding="utf-8"))
    return HEAD + "\n".join(_kind(letter, title, examples) for letter, title in KINDS.items())


def reply(identity: str, network: str, goal: str, wrong: str) -> Feedback:
    """Return what the checker says of an answer (errors: ValueError where that is not this mistake)."""
    kind = "line" if goal.startswith("D(") else "matrix"
    question = Question(identity, kind, "", (), "", network=network, goal=goal, answer=goal)
    found = Exercise(question).check(wrong)
    if found.mistake != identity:
        raise ValueError(f"The example of {identity} is told {found.mistake or 'no mistake'}: {found.cause}")
    return found


def _kind(letter: str, title: str, examples: dict) -> str:
    rows = [one for one in CATALOGUE.values() if one.id.startswith(letter)]
    return f"## {title}\n\n" + "\n".join(_row(one, examples.get(one.id)) for one in rows)


def _row(one: Mistake, example: dict | None) -> str:
    told = f"### {one.name[0].upper()}{one.name[1:]}\n\n{_slots(one.says)} *{_slots(one.asks)}*\n"
    if example is None:
        return told
    found = reply(one.id, **example)
    network = example["network"][0].upper() + example["network"][1:]
    lines = [f"{network}: {example['goal']}", f"  typed:  {example['wrong']}", f"  told:   {found.cause}"]
    return "\n".join([told, ":::{container} told", "```text", *lines, f"  {found.example}", "```", ":::", ""])


def _slots(text: str) -> str:
    return re.sub(r"\{(\w+)\}", r"⟨\1⟩", text)
