"""Words as HTML: formulas between $ signs in MathML, `code` as code, all else as it stands."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from bptt_lab.formulas.mathml import mathml

if TYPE_CHECKING:
    from markupsafe import Markup

PART = re.compile(r"(\$\$.+?\$\$|\$(?! )[^$\n]+(?<! )\$|`[^`\n]+`|\*\*[^*\n]+\*\*|\*[^*\s][^*\n]*\*)", re.DOTALL)
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")


def in_words(text: str, markdown: bool = True) -> Markup:
    """Return words as HTML that a template does not escape again; what was told of an answer is no `markdown`."""
    from markupsafe import Markup

    if not markdown and "\n" in text:
        return Markup(f"<pre><code>{escape(text)}</code></pre>")
    if not markdown:
        parts = re.split(r"(`[^`\n]+`)", text)
        return Markup("".join(_code(part) if n % 2 else escape(part) for n, part in enumerate(parts)))
    return Markup("".join(_part(part) if n % 2 else escape(part) for n, part in enumerate(PART.split(text))))


def _part(part: str) -> str:
    if part.startswith("`"):
        return _code(part)
    if part.startswith("**"):
        return f"<strong>{escape(part[2:-2])}</strong>"
    if part.startswith("*"):
        return f"<em>{escape(part[1:-1])}</em>"
    return _formula(part)


def _code(part: str) -> str:
    return f"<code>{escape(part[1:-1])}</code>"


def _formula(part: str) -> str:
    latex = part.strip("$")
    try:
        return mathml(latex)
    except Exception:  # an instructor's formula may be anything; latex2mathml raises many kinds of errors
        return f"<code>{escape(latex)}</code>"


def written(text: str) -> str:
    """Return a page without what no page may hold: signs that cannot be printed, half characters."""
    return UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text).encode("utf-8", "backslashreplace").decode()
