"""Formulas of the site in MathML: no script, no font and no other host is needed to set them."""

from __future__ import annotations

import re
from html import escape
from pathlib import Path

from docutils import nodes

from bptt_lab.formulas.mathml import mathml
from pages.kept import digest

LARGE = re.compile(r"^\s*\\displaystyle\b\s*")
SMALL = "<math>"
FUNCTION = re.compile(r"(<mi>(?:tanh|exp|ln|log|sin|cos)</mi>)(?=<m(?:i|n|sub|sup|subsup|frac)>)")
ALIGNED = re.compile(r"\\begin\{aligned\}(?P<rows>.*)\\end\{aligned\}", re.DOTALL)
TOKENS = re.compile(r"\\\\|\\[A-Za-z]+|\\.|.", re.DOTALL)
ROOM = re.compile(r"^\[\d+pt\]")  # behind a line's end: room below it, which the style gives
FULL = '<math displaystyle="true">'


def formula(latex: str, is_display: bool) -> str:
    """Return LaTeX as MathML, at full size where it stands alone or says so (errors: ValueError for what it is not)."""
    bare = LARGE.sub("", latex).strip()
    whole = ALIGNED.fullmatch(bare)
    made = f"{FULL}{_table(whole['rows'])}</math>" if whole else mathml(formulas_in_words(bare))
    made = FUNCTION.sub(r'\1<mspace width="0.167em" />', made)
    if re.search(r"\\[A-Za-z]|(>|\s)&(<|\s)", made):
        raise ValueError(f"This formula has no MathML: {latex}")
    return made if is_display or bare != latex.strip() else made.replace(FULL, SMALL, 1)


def _table(rows: str) -> str:
    """Return the rows of an aligned formula as a table, whose columns are aligned by the style of the site."""
    lines = [[_cell(cell) for cell in _parted(row, "&")] for row in _parted(rows, "\\\\")]
    body = "".join(f"<mtr>{''.join(f'<mtd>{cell}</mtd>' for cell in line)}</mtr>" for line in lines)
    return f'<mtable class="aligned" displaystyle="true">{body}</mtable>'


def _cell(latex: str) -> str:
    bare = ROOM.sub("", latex.strip()).strip()
    return mathml(formulas_in_words(bare)).removeprefix(FULL).removesuffix("</math>") if bare else ""


def _parted(latex: str, mark: str) -> list[str]:
    """Return the parts of LaTeX between the marks that stand in no group and in no environment."""
    parts, depth = [""], 0
    for token in TOKENS.findall(latex):
        depth += (token == "{" or token == r"\begin") - (token == "}" or token == r"\end")
        if token == mark and depth == 0:
            parts.append("")
        else:
            parts[-1] += token
    return parts


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
    own = sorted(Path(__file__).parent.glob("*.py"))
    app.add_config_value("site_edition", digest(*(file.read_bytes() for file in own)), "html")  # pages are written anew
    app.add_html_math_renderer("mathml", inline_renderers=(inline, None), block_renderers=(display, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
