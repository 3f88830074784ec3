"""The language of equations, as `help(Network)` prints it, and networks written in it."""

from __future__ import annotations

import inspect
from pathlib import Path

from bptt_lab import Network, course
from pages.kept import write

HEAD = """# The language of equations

A network is a text: one equation a line, as a lecture writes it. Shapes, the influence graph, total derivatives, their
proofs and a NumPy program follow from it. The same language types answers to exercises and states the rows of the
[ledger](ledger.md). This is what `help(Network)` prints:

"""


def write_all(source: Path) -> list[str]:
    """Write the page of the language and return its name."""
    whole = f"```text\n{inspect.getdoc(Network)}\n```\n"
    shown = [f"### {name}\n\n```text\n{_text(network)}\n```\n" for name, network in course.taught().items()]
    refused = f"## What is refused\n\nAn error names the line, the place and the mend:\n\n```text\n{_refusal()}\n```\n"
    networks = "## The networks of the course\n\nTheir gradients stand on [one sheet](sheet.md).\n\n" + "\n".join(shown)
    write(source / "language.md", "\n".join([HEAD + whole, refused, networks]))
    return ["language"]


def _text(network: Network) -> str:
    return "\n".join(str(one.relation) for one in network.written.values())


def _refusal() -> str:
    """Return what is said of a text with a slip (errors: AssertionError if it is accepted)."""
    from bptt_lab import NetworkError

    try:
        Network("a[t] = W @ x[t] + R @ h[t-1]\nh[t] = tahn(a[t])\nL[t] = mse(h[t], y[t])", sizes=dict(x=2, h=3))
    except NetworkError as error:
        return str(error)
    raise AssertionError("a text with a slip was accepted")
