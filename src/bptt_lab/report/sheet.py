"""All gradients of some networks on one sheet: equations on the left, what was proved of them on the right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape

from bptt_lab.formulas.mathml import mathml
from bptt_lab.formulas.printing import equations_latex
from bptt_lab.network import Network
from bptt_lab.report.html import document, equations
from bptt_lab.symbolic import Derivation, derive_vector
from bptt_lab.symbolic.verdicts import weakest

TITLE = "All gradients of the course"
STEPS = 3
PRINTED = """
body { max-width: none; font-size: 14px; } math { font-size: 1em; } h2 { margin: .6rem 0 .2rem; font-size: 1rem; }
.networks { columns: 30rem; } section { break-inside: avoid; } td { padding: .1rem .4rem .1rem 0; }
@page { size: A3 landscape; margin: 8mm; }
@media print {
  body { font-size: 8px; margin: 0; padding: 0; }
  h1 { font-size: 12px; margin: 0; } h2 { font-size: 10px; margin: 4px 0; }
  .networks { columns: 5; } .wide { overflow: visible; } td { padding: 0 3px 0 0; } p { margin: 2px 0; }
}
"""


def gradients(network: Network) -> list[Derivation]:
    """Return the derivations of the gradients by all that is computed or learned, from the loss backwards."""
    graph = network.unroll(STEPS)
    kinds = {name: kind for name, kind, _ in network.quantities()}
    computed = [name for name, kind in kinds.items() if kind == "computed" and name != network.loss]
    learned = [name for name, kind in kinds.items() if kind == "parameter"]
    return [derive_vector(graph, name, "gradient") for name in (*reversed(computed), *learned)]


def markdown(networks: Mapping[str, Network]) -> str:
    """Return the sheet of some networks, by what they are called, in Markdown."""
    return (
        "\n\n".join([f"# {TITLE}", *(part for name, one in networks.items() for part in _markdown(name, one))]) + "\n"
    )


def _markdown(name: str, network: Network) -> Iterator[str]:
    found = gradients(network)
    rows = [f"{one.lines[0].form.goal_latex()} &= {one.lines[-1].form.latex()}" for one in found]
    yield f"## {name}"
    yield f"$$\n{equations_latex(network)}\n$$"
    yield "$$\n\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}\n$$"
    yield _verdict(found)


def html(networks: Mapping[str, Network]) -> str:
    """Return the sheet in HTML, complete in one file and made to be printed."""
    body = [f"<h1>{TITLE}</h1>", '<div class="networks">']
    body += [part for name, one in networks.items() for part in _section(name, one)]
    return document(TITLE, "\n".join([*body, "</div>"]), PRINTED)


def _section(name: str, network: Network) -> Iterator[str]:
    found = gradients(network)
    yield f"<section>\n<h2>{escape(name)}</h2>\n{equations(network)}"
    sides = [(one.lines[0].form.goal_latex(), one.lines[-1].form.latex()) for one in found]
    rows = [f"<tr><td>{mathml(left)}</td><td>{mathml(f'= {right}')}</td></tr>" for left, right in sides]
    yield '<div class="wide"><table class="lines">\n' + "\n".join(rows) + "\n</table></div>"
    yield f"<p>{escape(_verdict(found))}</p>\n</section>"


def _verdict(found: list[Derivation]) -> str:
    """Return how the weakest of some derivations is known."""
    return f"{len(found)} gradients, each ✓ {weakest(one.strength for one in found).partition(',')[0]}."
