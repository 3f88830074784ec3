"""A page in Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from bptt_lab.formulas.printing import equations_latex
from bptt_lab.report.page import TITLE, Page
from bptt_lab.symbolic import Derivation


def markdown(page: Page, title: str = TITLE, *, drawing: str = "") -> str:
    """Return a page in Markdown; `drawing` is the name of the file that holds its drawing, if there is one.

    Without a title, "", it can stand below a heading of another page.
    """
    return "\n".join(_lines(page, title, drawing))


def _lines(page: Page, title: str, drawing: str) -> Iterator[str]:
    yield from (f"# {title}", "") if title else ()
    yield from (f"$$\n{equations_latex(page.network)}\n$$", "")
    yield from ("```", page.network.describe(), "```", "")
    if drawing:
        yield from (*_drawing(page.drawing, drawing), "")
    yield from ("## What influences what", "")
    yield from (f"- `{name}`: {one.words('`{}`'.format)}" for name, one in page.influences.items())
    yield from ("", f"## Derivatives, each line checked in {page.graph.T} steps", "")
    for name, found in page.derivations.items():
        yield from (f"### {name}", "", *_derivation(found), "")
    yield from ("## Program", "", *_program(page), "")
    yield from ("## Checks passed", "", *(f"- {check}" for check in page.checks()), "")


def _drawing(drawing: tuple[bytes, str] | str, name: str) -> list[str]:
    if isinstance(drawing, str):
        return [f"No drawing: {drawing}"]
    _, words = drawing
    return [f"![{words.translate(str.maketrans('[]', '()'))}]({name})", "", words]


def _derivation(found: Derivation | str) -> list[str]:
    if isinstance(found, str):
        return [f"No derivation: {found}"]
    text = [f"    {'=' if n else ' '} {line.form}    ({line.words})" for n, line in enumerate(found.lines)]
    return [f"$$\n{found.latex()}\n$$", "", *text, "", found.verdict()]


def _program(page: Page) -> list[str]:
    if not page.program:
        return [f"No program: {page.no_program}"]
    return ["```python", page.program.rstrip(), "```"]
