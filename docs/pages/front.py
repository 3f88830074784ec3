"""The front page, and what others wrote in `docs/`: which pages the site has, in which order."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from pages import notebooks
from pages.kept import ROOT, write

DOCS = ROOT / "docs"
PROJECT = {"CHANGELOG.md": "changelog", "CONTRIBUTING.md": "contributing"}
SECTIONS = {
    "The course": ("notebooks",),
    "Look up": ("language", "gallery", "sheet", "ledger", "notation", "mistakes"),
    "Teach": ("instructors", "questions"),
    "The package": ("api", "others", "changelog", "contributing"),
}
LINK = re.compile(r"(?<!!)\[(?P<words>[^\]]*)\]\((?P<target>[^)#\s:]+)(?P<anchor>#[^)\s]*)?\)")
EXPLORER = "<!-- explorer -->"


def write_all(source: Path, made: Mapping[str, list[str]]) -> None:
    """Write the front page with the tree of all pages, and the pages written by hand."""
    own = {file.stem: file for file in sorted(DOCS.glob("*.md")) if file.stem != "index"}
    own |= {name: ROOT / file for file, name in PROJECT.items() if (ROOT / file).is_file()}
    for name, file in own.items():
        write(source / f"{name}.md", _reachable(file.read_text(encoding="utf-8"), file.parent))
    named = {name for names in SECTIONS.values() for name in names}
    pages = dict(made) | {name: [name] for name in own} | {"others": [name for name in own if name not in named]}
    trees = [
        _tree(title, [page for name in names for page in pages.get(name, ())]) for title, names in SECTIONS.items()
    ]
    text = (DOCS / "index.md").read_text(encoding="utf-8")
    write(source / "index.md", text.replace(EXPLORER, _explorer(source / "_static")) + "".join(trees))


def _tree(title: str, pages: list[str]) -> str:
    listed = "\n".join(pages)
    return f"\n```{{toctree}}\n:hidden:\n:titlesonly:\n:caption: {title}\n\n{listed}\n```\n" if pages else ""


def _explorer(static: Path) -> str:
    """Return the explorer of the first notebook, as HTML in Markdown."""
    book = json.loads(next(notebooks.NOTEBOOKS.glob("00_*.ipynb")).read_text(encoding="utf-8"))
    shown = [
        "".join(output["data"]["text/html"])
        for cell in book["cells"]
        for output in cell.get("outputs", ())
        if "bptt-explorer" in "".join(output.get("data", {}).get("text/html", ""))
    ]
    return f'```{{raw}} html\n<div class="front">{notebooks.html(shown[0], static, "_static")}</div>\n```'


def _reachable(text: str, folder: Path) -> str:
    """Return Markdown of the project whose links stay in the site; what is no page of it is named as a file."""
    return LINK.sub(lambda link: _link(link, folder), text)


def _link(link: re.Match, folder: Path) -> str:
    target = (folder / link["target"]).resolve()
    pages = {ROOT / "README.md": "index.md", **{ROOT / file: f"{name}.md" for file, name in PROJECT.items()}}
    if target in pages:
        return f"[{link['words']}]({pages[target]}{link['anchor'] or ''})"
    if target.parent == DOCS and target.suffix == ".md" and target.is_file():
        return link[0]
    if target.parent == notebooks.NOTEBOOKS:
        return f"[{link['words']}](notebooks/{target.name}{link['anchor'] or ''})"
    return (
        f"{link['words']} (`{link['target']}`)" if link["words"].strip("`") != link["target"] else f"`{link['target']}`"
    )
