"""All gradients of the course: a page of the site, and one sheet to print."""

from __future__ import annotations

from pathlib import Path

from bptt_lab import course, report
from pages.kept import once, write


def write_all(source: Path) -> list[str]:
    """Write the page and the printable sheet and return the page's name."""
    markdown = once("sheet.md", [], lambda: report.sheet.markdown(course.taught()))
    title, _, rest = markdown.partition("\n")
    note = "Each network of the course with its equations and all its gradients, each one proved as this page was made."
    link = '<a href="_static/sheet.html">The same on one sheet to print</a>'
    write(source / "sheet.md", f"{title}\n\n{note} {link}.\n{rest}")
    write(source / "_static" / "sheet.html", once("sheet.html", [], lambda: report.sheet.html(course.taught())))
    return ["sheet"]
