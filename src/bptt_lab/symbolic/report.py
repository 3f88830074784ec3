"""A page about a network, in Markdown: its equations, every derivative line by line with its verdict, its program."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bptt_lab.formulas.printing import equations_latex
from bptt_lab.network import Graph, Network, NetworkError
from bptt_lab.network.graph import MOST_PATHS
from bptt_lab.symbolic.derivations import derive_vector
from bptt_lab.symbolic.numpy_writer import numpy_source

SIZES = re.compile(r"\s*sizes\s*:(.*)", re.IGNORECASE)
SIZE = re.compile(r"\s*([A-Za-z]\w*)\s*=\s*(\d+|\(\s*(?:\d+(?:\s*,\s*\d+)?)?\s*\))\s*(?:,|$|(?=\s[A-Za-z]))")
EXAMPLE = "Write a line such as  sizes: x=3, h=4, W=(5, 3)"


def read_network(text: str) -> Network:
    """Return the network of a text whose lines are equations and, once, sizes (errors: NetworkError)."""
    equations, sizes = [], {}
    for line in text.splitlines():
        match = SIZES.match(line)
        sizes |= _sizes(match[1].split("#")[0]) if match else {}
        equations.append("" if match else line)  # an empty line, so that errors count as the file does
    try:
        return Network("\n".join(equations), sizes=sizes)
    except NetworkError as error:
        raise NetworkError(error.what, EXAMPLE if "sizes=dict" in error.mend else error.mend, error.position) from None


def _sizes(text: str) -> dict[str, int | tuple[int, ...]]:
    found, at = {}, 0
    while text[at:].strip():
        match = SIZE.match(text, at)
        if match is None:
            raise NetworkError(f"These sizes cannot be read: {text[at:].strip()[:40]!r}.", EXAMPLE)
        numbers = tuple(int(one) for one in re.findall(r"\d+", match[2]))
        found[match[1]] = numbers if match[2].startswith("(") else numbers[0]
        at = match.end()
    return found


def report(network: Network, T: int = 4) -> str:
    """Return the page of a network: derivations are checked in T steps, in matrix algebra, gradient layout.

    Errors: NetworkError for fewer than one step.
    """
    return "\n".join(_lines(network, network.unroll(T)))


def _lines(network: Network, graph: Graph) -> Iterator[str]:
    yield from ("# A network and its derivatives", "", f"$$\n{equations_latex(network)}\n$$", "")
    yield from ("```", network.describe(), "```", "", "## What influences what", "")
    for name in network.shapes:
        places = ", ".join(f"`{place}`" for place in network.influences(name))
        yield f"- `{name}`: {places or 'nothing; it is the end'}{_paths(graph, name)}"
    yield from ("", f"## Derivatives, each line checked in {graph.T} steps", "")
    for name in network.shapes:
        yield from (f"### {name}", "", *_derivation(graph, name), "")
    yield from ("## Program", "", *_program(network))


def _paths(graph: Graph, name: str) -> str:
    """Return the number of paths from the first step at which a quantity stands, where they can be counted."""
    times = [place.time for place in (*graph.leaves, *graph.order) if place.name == name]
    try:
        count = len(graph.paths(name, min(times) if None not in times else None))
    except NetworkError:
        return f"; more than {MOST_PATHS} paths lead to the loss"
    return f"; {count} path{'s' * (count != 1)} to the loss" if count and name != graph.network.loss else ""


def _derivation(graph: Graph, name: str) -> list[str]:
    try:
        found = derive_vector(graph, name, layout="gradient")
    except NetworkError as error:
        return [f"No derivation: {error.what}"]
    text = [f"    {'=' if n else ' '} {line.form}    ({line.words})" for n, line in enumerate(found.lines)]
    return [f"$$\n{found.latex()}\n$$", "", *text, "", found.verdict()]


def _program(network: Network) -> list[str]:
    """Return the program as a block of code, or why there is none."""
    try:
        source = numpy_source(network)
    except NetworkError as error:
        return [f"No program: {error.what}"]
    return [
        "Compared with the graph's own gradients before it was written here.",
        "",
        "```python",
        source.rstrip(),
        "```",
        "",
    ]
