"""Docstrings of the package as reStructuredText: words, code between single marks, and blocks kept as they stand."""

from __future__ import annotations

import re
import textwrap

from bptt_lab import exercises

CODE = re.compile(r"`+([^`]+)`+")
SPECIAL = re.compile(r"(\\|_|\||\*(?!\w[\w-]*\*)(?<!\w\*))")
ALIAS = re.compile(r"Alias for field number \d+")


def converted(lines: list[str]) -> list[str]:
    """Return the lines of a docstring as reStructuredText; indented blocks and tables of columns stay as they are."""
    blocks = re.split(r"\n\s*\n", "\n".join(lines).strip("\n"))
    found: list[str] = []
    for block in filter(str.strip, blocks):
        found += _literal(block) if _is_kept(block) else _words(block)
    return found


def _is_kept(block: str) -> bool:
    lines = block.splitlines()
    columns = sum(bool(re.search(r"\S {2,}\S", line)) for line in lines)
    return lines[0].startswith(" ") or columns * 2 > len(lines)


def _literal(block: str) -> list[str]:
    return ["::", "", *textwrap.indent(textwrap.dedent(block), "    ").splitlines(), ""]


def _words(block: str) -> list[str]:
    plain = " ".join(line.strip() for line in block.splitlines())
    parts = [f"``{part.strip()}``" if n % 2 else SPECIAL.sub(r"\\\1", part) for n, part in enumerate(CODE.split(plain))]
    return [_spaced("".join(parts)), ""]


def _spaced(text: str) -> str:
    """Return text in which no code touches a word, which reStructuredText would not take for code."""
    text = re.sub(r"(``[^`]+``)(?=\w)", r"\1\\ ", text)
    return re.sub(r"(?<=\w)(``[^`]+``)", r"\\ \1", text)


def convert(app, what, name, thing, options, lines: list[str]) -> None:
    """Convert a docstring where autodoc asks for it."""
    lines[:] = converted(lines)


def skip(app, what, name, thing, skipped, options) -> bool | None:
    """Leave out what has no words of its own."""
    doc = getattr(thing, "__doc__", "") or ""
    return True if ALIAS.fullmatch(doc) else None


def setup(app) -> dict:
    """Tell autodoc of both, and load what the package loads when it is asked for."""
    vars(exercises).update({name: getattr(exercises, name) for name in exercises.__all__})
    app.connect("autodoc-process-docstring", convert)
    app.connect("autodoc-skip-member", skip)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
