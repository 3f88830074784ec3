"""Formulas of the site in MathML: no script, no font and no other host is needed to set them."""

from __future__ import annotations

import re
from html import escape

from docutils import nodes

from bptt_lab.formulas.mathml import mathml

LARGE = re.compile(r"^\s*\\displaystyle\b\s*")
SMALL = "<math>"
OPENED = re.compile(r"(\\begin\{aligned\})\s*\[")  # a bracket there is no option of LaTeX's, but the formula's own
FULL = '<math displaystyle="true">'


def formula(latex: str, is_display: bool) -> str:
    """Return LaTeX as MathML, at full size where it stands alone or says so (errors: ValueError for what it is not)."""
    bare = LARGE.sub("", latex).strip()
    made = mathml(OPENED.sub(r"\1{}[", formulas_in_words(bare)))
    if re.search(r"\\[A-Za-z]", re.sub(r"<[^>]*>", "", made)):
        raise ValueError(f"This formula has no MathML: {latex}")
    return made if is_display or bare != latex.strip() else made.replace(FULL, SMALL, 1)


def formulas_in_words(latex: str) -> str:
    r"""Return LaTeX in which no formula stands inside words: `\text{by $x$}` becomes `\text{by }x`."""
    found, at = [], 0
    for words in re.finditer(r"\\text\{", latex):
        if words.start() < at:
            continue
        end = _closing(latex, words.end())
        parts = latex[words.end() : end].split("$")
        pieces = [part if n % 2 else rf"\text{{{part}}}" for n, part in enumerate(parts) if part]
        found += [latex[at : words.start()], *pieces]
        at = end + 1
    return "".join([*found, latex[at:]])


def _closing(text: str, start: int) -> int:
    """Return where the brace that was opened before `start` is closed."""
    depth = 1
    for n in range(start, len(text)):
        depth += (text[n] == "{") - (text[n] == "}")
        if depth == 0:
            return n
    return len(text)


def inline(self, node: nodes.math) -> None:
    """Write a formula of running text."""
    self.body.append(f'<span class="formula">{formula(node.astext(), False)}</span>')
    raise nodes.SkipNode


def display(self, node: nodes.math_block) -> None:
    """Write a formula that stands alone, in a box that scrolls by itself."""
    name = f' id="{escape(node["ids"][0])}"' if node["ids"] else ""
    self.body.append(f'<div class="formula-box"{name}>{formula(node.astext(), True)}</div>\n')
    raise nodes.SkipNode


def setup(app) -> dict:
    """Tell Sphinx who writes formulas."""
    app.add_html_math_renderer("mathml", inline_renderers=(inline, None), block_renderers=(display, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
