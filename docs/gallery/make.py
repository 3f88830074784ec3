"""Write the gallery: a page for each network of networks.toml, and an index.

    python docs/gallery/make.py                     all pages, into build/gallery/
    python docs/gallery/make.py gru hopfield        these pages, and the index
    python docs/gallery/make.py --to elsewhere      another folder

What a page says of a network is computed from its text; what cannot be computed is an error, not a gap.
"""

from __future__ import annotations

import argparse
import io
import re
import tomllib
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib
import numpy as np

from bptt_lab import Network, report, symbolic
from bptt_lab.figures import influence_diagram, unrolled_network
from bptt_lab.figures.canvas import caption, checked_description
from bptt_lab.network import Graph

HERE = Path(__file__).resolve().parent
BUILD = HERE.parent.parent / "build" / "gallery"
T, TINY, TOLERANCE = 3, 1e-30, 1e-9
# glyphs as shapes, so that no font is needed; no date and fixed identifiers, so that a drawing is the same each time
SVG = {"svg.fonttype": "path", "svg.hashsalt": "gallery"}


class Entry(NamedTuple):
    """A network of the gallery: the keys of networks.toml, its sizes as `Network` takes them."""

    id: str
    name: str
    authors: str
    title: str
    year: int
    idea: str
    text: str
    sizes: dict[str, int | tuple[int, ...]]
    weights: int
    shown: str
    note: str = ""

    @property
    def network(self) -> Network:
        """The network of the text."""
        return Network(self.text, sizes=self.sizes)

    @property
    def source(self) -> str:
        """Who published it, under which title, when."""
        return f"{self.authors}: *{self.title}* ({self.year})"


def entries(file: Path = HERE / "networks.toml") -> list[Entry]:
    """Return the networks of the gallery in the order of the file (errors: TypeError for a key that none has)."""
    with file.open("rb") as opened:
        rows = tomllib.load(opened)["network"]
    sizes = lambda row: {name: tuple(one) if isinstance(one, list) else one for name, one in row["sizes"].items()}
    return [Entry(**(row | {"sizes": sizes(row)})) for row in rows]


# Numbers, to check what is printed


def random_values(graph: Graph, seed: int, batch: int) -> dict[str, np.ndarray]:
    """Return values for the program of a graph's network, none near zero; targets of cross-entropies are positive.

    Parameters in their own shape, inputs and targets (T, batch, n), states before the first step (batch, n).
    """
    rng, values, network = np.random.default_rng(seed), {}, graph.network
    for place, shape in graph.leaves.items():
        key = graph.key(place)
        rows = () if key in network.parameters else (graph.T, batch) if key in network.inputs else (batch,)
        signs = 1 if place.name in network.targets else rng.choice([-1, 1], (*rows, *shape))
        values.setdefault(key, rng.uniform(0.2, 0.9, (*rows, *shape)) * signs)
    return values


def sequence(network: Network, values: dict[str, np.ndarray], b: int) -> dict[str, np.ndarray]:
    """Return the values of one sequence, as the graph takes them."""
    own = lambda key, array: array[:, b] if key in network.inputs else array[b]
    return {key: array if key in network.parameters else own(key, array) for key, array in values.items()}


def complex_step(graph: Graph, values: dict[str, np.ndarray], moved: dict[str, np.ndarray]) -> float:
    """Return the slope of the loss of one sequence along a direction, from the forward pass alone."""
    moved = {key: array + 1j * TINY * moved[key] for key, array in values.items()}
    return graph.forward(moved)[graph.network.loss].imag / TINY


def check_slopes(graph: Graph, gradients: Any, batch: int = 2, seed: int = 0) -> int:
    """Compare gradients with complex steps, along a random direction for each value; return how many were compared.

    `gradients(values)` takes and gives arrays of several sequences. Errors: AssertionError naming the value.
    """
    network, values = graph.network, random_values(graph, seed, batch)
    directions, found = random_values(graph, seed + 1, batch), gradients(values)
    for key in values:
        moved = {name: array * (name == key) for name, array in directions.items()}
        pairs = [(sequence(network, values, b), sequence(network, moved, b)) for b in range(batch)]
        slope = sum(complex_step(graph, *pair) for pair in pairs)
        own = np.sum(found[key] * directions[key])
        if not abs(own - slope) <= TOLERANCE * max(1, abs(slope)):  # a value that is none is refused too
            raise AssertionError(f"the gradient by {key} is not the complex step's")
    return len(values)


# Pictures


def svg(figure: Any, description: str) -> str:
    """Return a figure as the text of an SVG file that says its description to who cannot see it."""
    words, stored = escape(checked_description(description)), io.StringIO()
    with matplotlib.rc_context(SVG):
        figure.savefig(stored, format="svg", metadata={"Date": None})
    drawn = stored.getvalue()
    opening = re.search(r"<svg\b[^>]*>", drawn)
    said = opening[0].replace("<svg", '<svg role="img"', 1) + f"\n <desc>{words}</desc>"
    return drawn[: opening.start()] + said + drawn[opening.end() :]


def drawings(entry: Entry, graph: Graph) -> dict[str, tuple[str, str]]:
    """Return (SVG, description) by file name: the network unrolled, and what the quantity shown influences."""
    made = {"unrolled": unrolled_network(graph), "influence": influence_diagram(graph, entry.shown)}
    return {f"{entry.id}-{what}.svg": (svg(*one), checked_description(one[1])) for what, one in made.items()}


# Pages


def page(entry: Entry, made: report.Page, pictures: dict[str, tuple[str, str]]) -> str:
    """Return the page of a network in Markdown, with links to its pictures.

    Errors: ValueError for a quantity without a derivation and a network without a program.
    """
    whole, near = pictures
    derived = symbolic.derive_vector(made.graph, entry.shown)
    head = [f"# {entry.name}", "", entry.source, "", entry.idea, ""]
    head += [f"**In this language.** {entry.note}", ""] if entry.note else []
    head += ["```", entry.text.strip(), "```", "", f"{_sizes(entry)} [All networks](index.md)", ""]
    head += [f"## The total derivative by `{entry.shown}`", "", f"![{pictures[near][1]}]({near})", ""]
    head += [caption(pictures[near][1]), "", f"$$\n{derived.latex()}\n$$", "", f"*{derived.verdict()}*", ""]
    rest = report.markdown(made, "", drawing=whole).rstrip()
    return "\n".join([*head, "## Equations and shapes", "", rest, *_checks(entry, made), ""])


def _sizes(entry: Entry) -> str:
    shapes = {name: "×".join(map(str, np.atleast_1d(size))) or "a number" for name, size in entry.sizes.items()}
    said = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
    return f"Sizes on this page: {said}; {entry.weights} weights."


def _checks(entry: Entry, made: report.Page) -> list[str]:
    """Return what was checked beyond the page's own list, after checking it (errors: ValueError)."""
    lacking = [f"a derivation by {name}" for name, one in made.derivations.items() if isinstance(one, str)]
    lacking += [] if made.program else ["a program"]
    if lacking:
        raise ValueError(f"The page of {entry.id} lacks {', '.join(lacking)}.")
    count = check_slopes(made.graph, symbolic.numpy_program(made.network).gradients)
    return [f"- The program's gradients by all {count} values are the slopes of the forward pass by complex steps."]


def index(chosen: list[Entry]) -> str:
    """Return the page that leads to all others."""
    rows = [f"| {one.year} | [{one.name}]({one.id}.md) | {one.authors} | {one.idea} |" for one in chosen]
    head = "Each network is written once, as equations. Its drawing, its derivation and its program follow from them."
    table = ["| year | network | by | idea |", "|---|---|---|---|", *rows]
    return "\n".join(["# A gallery of recurrent networks", "", head, "", *table, ""])


def write(entry: Entry, folder: Path) -> None:
    """Write the page of a network and its pictures into a folder."""
    made = report.made(entry.network, T)
    pictures = drawings(entry, made.graph)
    vars(made)["drawing"] = (
        b"",
        next(iter(pictures.values()))[1],
    )  # drawn already: its words are kept, not drawn for again
    for file, (drawn, _) in pictures.items():
        (folder / file).write_text(drawn, encoding="utf-8")
    (folder / f"{entry.id}.md").write_text(page(entry, made, pictures), encoding="utf-8")


def main(arguments: list[str] | None = None) -> None:
    """Write the pages that are asked for, or all of them."""
    known = {entry.id: entry for entry in entries()}
    parser = argparse.ArgumentParser(description="Write the pages of the gallery.")
    parser.add_argument("ids", nargs="*", metavar="id", help=f"any of {', '.join(known)}; without one, all")
    parser.add_argument("--to", type=Path, default=BUILD, metavar="FOLDER", help="where they go (build/gallery)")
    chosen = parser.parse_args(arguments)
    if unknown := [one for one in chosen.ids if one not in known]:
        parser.error(f"there is no {', no '.join(unknown)} in the gallery: {', '.join(known)}")
    chosen.to.mkdir(parents=True, exist_ok=True)
    for one in chosen.ids or known:
        write(known[one], chosen.to)
        print(chosen.to / f"{one}.md")
    (chosen.to / "index.md").write_text(index(list(known.values())), encoding="utf-8")


if __name__ == "__main__":
    main()
