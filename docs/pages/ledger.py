"""The ledger as one table: every formula of the five sources with its verdict, found anew when the page is made."""

from __future__ import annotations

import re
from collections import Counter
from html import escape
from pathlib import Path

from bptt_lab import lectures
from pages.formulas import formula
from pages.kept import once, write

HEAD = """# The ledger of the five sources

The course follows five public lectures. Each display formula and each claim in them that can be checked is a row here:
how it reads there, whether it holds, and what becomes of it. Each row was checked when this page was made, a formula
at random points against a value computed another way. In a notebook or a terminal, `bptt-lab lookup 004-44` shows a
row and checks it again.

"""


def write_all(source: Path) -> list[str]:
    """Write the page of the ledger and return its name."""
    write(source / "ledger.md", once("ledger.md", [Path(__file__)], page))
    return ["ledger"]


def page() -> str:
    """Return the page in Markdown around the table in HTML (errors: ValueError for a row that is not confirmed)."""
    return f"{HEAD}{_counts()}\n## All rows\n\n```{{raw}} html\n{table()}\n```\n"


def _counts() -> str:
    rows = [f"| {number} | {title} |" for number, title in lectures.titles().items()]
    sources = "\n".join(["| number | source |", "|---|---|", *rows])
    words = "\n".join(f"- **{verdict}**: {said}" for verdict, said in lectures.VERDICTS.items())
    return f"{sources}\n\n{lectures.counts_table(lectures.counts())._repr_markdown_()}\n\n{words}\n"


def table() -> str:
    """Return the table with a row for each formula, to be filtered by `ledger.js`."""
    rows = "\n".join(_row(row) for row in lectures.ledger())
    counts = Counter(row.verdict for row in lectures.ledger())
    verdicts = "".join(f'<option value="{one}">{one} ({counts[one]})</option>' for one in lectures.VERDICTS)
    sources = "".join(
        f'<option value="{number}">{number} {escape(title)}</option>' for number, title in lectures.titles().items()
    )
    form = (
        '<form class="filter" role="search" aria-label="Rows of the ledger" hidden>'
        '<label>Search <input type="search" name="words" autocomplete="off" placeholder="softmax, W11, 004-44"></label>'
        f'<label>Verdict <select name="verdict"><option value="">any</option>{verdicts}</select></label>'
        f'<label>Source <select name="source"><option value="">any</option>{sources}</select></label>'
        '<output role="status"></output></form>'
    )
    heads = "".join(
        f'<th scope="col">{head}</th>' for head in ("row", "verdict", "the formula", "what was found, and why")
    )
    return (
        f'{form}\n<table class="ledger"><caption class="unseen">Every row of the ledger</caption>'
        f"<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}\n</tbody></table>\n"
        '<script defer src="_static/ledger.js"></script>'
    )


def _row(row: lectures.Row) -> str:
    found = lectures.found(row)
    if "THIS IS NOT" in found:
        raise ValueError(f"{row.id} is said to be {row.verdict}, but {found}")
    states = _box(row.states) if row.states else ""
    corrected = f'<p class="mended">corrected</p>{_box(row.corrected)}' if row.corrected else ""
    words = f"<p>{escape(row.words)}</p>" if row.words else ""
    why = f"<p>{escape(row.why)}</p>" if row.why else ""
    typed = escape(" ".join([row.entry.printed, row.entry.corrected]).strip(), quote=True)
    return (
        f'<tr id="{row.id}" data-verdict="{row.verdict}" data-source="{row.lecture}" data-typed="{typed}">'
        f'<th scope="row"><a href="#{row.id}">{row.id.replace("-", chr(0x2011))}</a></th>'
        f'<td><span class="verdict {row.verdict}">{row.verdict}</span></td>'
        f"<td>{words}{states}{corrected}</td>"
        f"<td><p>{escape(found[0].upper() + found[1:])}</p>{why}{_derived(row.course)}</td></tr>"
    )


def _box(latex: str) -> str:
    return f'<div class="formula-box">{formula(latex, True)}</div>'


def _derived(course: str) -> str:
    """Return a link to the notebook that derives a row, where there is one."""
    from pages.notebooks import NOTEBOOKS

    number = re.match(r"\d\d", course)
    found = next(NOTEBOOKS.glob(f"{number[0]}_*.ipynb"), None) if number else None
    return f'<p><a href="notebooks/{found.stem}.html">notebook {escape(course)}</a></p>' if found else ""
