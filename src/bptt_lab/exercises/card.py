"""Feedback as a notebook shows it: the task, what was read, the verdict with its cause, help behind a click."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bptt_lab.exercises.outcomes import CORRECT, CRASHED, OTHER_FORM, UNDECIDED, WRONG

SIGNS = {CORRECT: ("\N{CHECK MARK}", "#2e7d32"), OTHER_FORM: ("\N{CHECK MARK}", "#8a6d00")}
SIGNS |= {WRONG: ("\N{BALLOT X}", "#c62828"), UNDECIDED: ("?", "#757575")}
OTHERWISE = ("!", "#757575")
MARKDOWN = re.compile(r"([\\*_<>~|#$\[\]])")


def card(found: Any) -> str:
    """Return feedback on an attempt (a `Feedback`, which is told here) in Markdown."""
    _, colour = SIGNS.get(found.outcome, OTHERWISE)
    body = [f'<div style="border-left: 4px solid {colour}; padding-left: 1em">', *_verdict(found), "</div>"]
    return "\n\n".join([*([found.task] if found.task else []), *body, *_help(found)])


def _verdict(found: Any) -> Iterator[str]:
    sign, _ = SIGNS.get(found.outcome, OTHERWISE)
    if found.read:
        yield f"Read as $\\displaystyle {found.read}$"
    strength = f": {escaped(found.strength)}" if found.strength else ""
    yield f"**{sign} {found.exercise}, {found.outcome}**{strength}."
    yield from (_text(part) for part in (found.right, found.cause, found.example) if part)
    if found.picture and (drawn := found.picture()):
        yield drawn
    if found.section and found.outcome in (WRONG, CRASHED):
        yield f"Read again: {link(found.section)}"
    if found.asks:
        yield f"*{escaped(found.asks)}*"


def _text(part: str) -> str:
    """Return words as they are; what has several lines, such as a text with a mark below it, in equal widths."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", part)), default=0))
    return f"{fence}text\n{part}\n{fence}" if "\n" in part else escaped(part)


def escaped(words: str) -> str:
    """Return words for Markdown: their signs are signs, not layout; what stands in backticks is code already."""
    text = words.encode("utf-8", "backslashreplace").decode()
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(part if n % 2 else MARKDOWN.sub(r"\\\1", part) for n, part in enumerate(parts))


def link(section: str) -> str:
    """Return a section such as '07 · 3. Immediate is not total' as a link, where its notebook lies in this folder."""
    number, _, heading = section.partition(" · ")
    is_number = re.fullmatch(r"\d\d", number)  # an author's own words may be anything, also signs of a pattern
    files = sorted(Path().glob(f"{number}_*.ipynb"), key=lambda path: (len(path.name), path.name)) if is_number else []
    return f"[{escaped(section)}](<{files[0].name}#{heading.replace(' ', '-')}>)" if files else escaped(section)


def _help(found: Any) -> Iterator[str]:
    if found.outcome in (CORRECT, OTHER_FORM):
        return
    for number, hint in enumerate(found.hints, start=1):
        yield folded(f"Hint {number}", escaped(hint))
    if found.solution:
        yield folded("Solution", folded("Show one right answer", found.solution))


def folded(title: str, text: str) -> str:
    """Return text behind a click on its title."""
    return f"<details><summary>{title}</summary>\n\n{text}\n\n</details>"
