"""A page in HTML: one file that needs nothing else, its formulas in MathML."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from html import escape

from bptt_lab.formulas.mathml import mathml, with_formulas
from bptt_lab.formulas.printing import latex, style_of
from bptt_lab.network import Network
from bptt_lab.report.page import TITLE, Page
from bptt_lab.symbolic import Derivation
from bptt_lab.symbolic.vectors import itself

STYLE = """
:root { color-scheme: light dark; --faint: light-dark(#d9d9d6, #4a4a4a); --soft: light-dark(#f4f4f1, #262626); }
body { font: 17px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1, h2, h3 { line-height: 1.2; } h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--faint); }
.wide { overflow: auto hidden; } math { font-size: 1.15em; }
table { border-collapse: collapse; } td, th { padding: .3rem .8rem .3rem 0; text-align: left; vertical-align: middle; }
.quantities td, .quantities th { border-bottom: 1px solid var(--faint); }
.lines td { white-space: nowrap; } .lines td:first-child { text-align: right; padding-right: .4rem; }
.reason { padding-left: 1.5rem; font-style: italic; opacity: .8; }
pre { background: var(--soft); padding: 1rem; overflow-x: auto; font-size: .85rem; } img { max-width: 100%; }
""".strip()


def html(page: Page, title: str = TITLE) -> str:
    """Return a page in HTML, complete in one file; it loads nothing and runs nothing."""
    return document(title, "\n".join(_body(page, title)))


def document(title: str, body: str, style: str = "") -> str:
    """Return a document in HTML around a body, in the style of all pages and what is added to it."""
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width">\n<title>{escape(title)}</title>'
    head += f"\n<style>\n{STYLE}{style}\n</style>"
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>\n{body}\n</body></html>\n'


def _body(page: Page, title: str) -> Iterator[str]:
    yield f"<h1>{escape(title)}</h1>"
    yield equations(page.network)
    yield _drawing(page.drawing)
    yield "<h2>Quantities, and what they influence</h2>"
    yield from _quantities(page)
    yield f"<h2>Derivatives, each line checked in {page.graph.T} steps</h2>"
    for name, found in page.derivations.items():
        yield f'<h3 id="{escape(name)}">{mathml(latex(itself(page.network, name), style_of(page.network)))}</h3>'
        yield from _derivation(found)
    yield "<h2>Program</h2>"
    yield f"<pre><code>{escape(page.program)}</code></pre>" if page.program else _said(f"No program: {page.no_program}")
    yield "<h2>Checks passed</h2>"
    yield from ("<ul>", *(f"<li>{escape(check)}</li>" for check in page.checks()), "</ul>")


def equations(network: Network) -> str:
    """Return the equations of a network as a table in HTML."""
    style = style_of(network)
    sides = [(latex(one.relation.left, style), latex(one.relation.right, style)) for one in network.written.values()]
    rows = "\n".join(f"<tr><td>{mathml(left)}</td><td>{mathml(f'= {right}')}</td></tr>" for left, right in sides)
    return f'<div class="wide"><table class="lines">\n{rows}\n</table></div>'


def _drawing(drawing: tuple[bytes, str] | str) -> str:
    if isinstance(drawing, str):
        return _said(f"No drawing: {drawing}")
    picture, words = drawing[0], escape(drawing[1])
    source = f"data:image/png;base64,{b64encode(picture).decode('ascii')}"
    image = f'<img alt="{words}" src="{source}">'
    return f'<figure class="wide">{image}\n<figcaption>{words}</figcaption></figure>'


def _quantities(page: Page) -> Iterator[str]:
    heads = "".join(f"<th>{head}</th>" for head in ("Quantity", "Kind", "Shape", "Influences"))
    yield f'<div class="wide"><table class="quantities"><tr>{heads}</tr>'
    for name, kind, shape in page.network.quantities():
        places = page.influences[name].words(lambda place: f"<code>{escape(place, quote=False)}</code>")
        link = f'<a href="#{escape(name)}"><code>{escape(name)}</code></a>'
        yield f"<tr><td>{link}</td><td>{kind}</td><td>{shape}</td><td>{places}</td></tr>"
    yield "</table></div>"


def _derivation(found: Derivation | str) -> Iterator[str]:
    if isinstance(found, str):
        yield _said(f"No derivation: {found}")
        return
    yield '<div class="wide"><table class="lines">'
    for n, line in enumerate(found.lines):
        form = line.form.latex() if n else line.form.goal_latex()
        reason = f'<td class="reason">{with_formulas(line.reason)}</td>'
        yield f"<tr><td>{mathml('=') if n else ''}</td><td>{mathml(form)}</td>{reason}</tr>"
    yield f"</table></div>\n{_said(found.verdict())}"


def _said(text: str) -> str:
    return f"<p>{escape(text)}</p>"
