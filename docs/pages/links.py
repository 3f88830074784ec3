"""What is wrong with the links of a built site: every page, file and anchor that is linked must be there."""

from __future__ import annotations

from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

LINKS = {"href", "src", "data", "action", "poster"}


class Found(NamedTuple):
    """The names that a page can be entered at, what it links, and what it loads."""

    anchors: frozenset[str]
    links: tuple[str, ...]
    loaded: tuple[str, ...]


class Reader(HTMLParser):
    """Reads the anchors and links of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what one element offers and links."""
        for name, value in attrs:
            if name == "id" or (name == "name" and tag == "a"):
                self.anchors.add(value or "")
            elif name in LINKS and value:
                (self.links if tag == "a" else self.loaded).append(value)


@lru_cache(maxsize=None)
def read(page: Path) -> Found:
    """Return the anchors and links of a page."""
    reader = Reader()
    reader.feed(page.read_text(encoding="utf-8"))
    return Found(frozenset(reader.anchors), tuple(reader.links), tuple(reader.loaded))


def complaints(site: Path) -> list[str]:
    """Return one line for each link of a site that leads nowhere, and for all that is loaded from another host."""
    read.cache_clear()
    pages = {page: read(page) for page in sorted(site.rglob("*.html"))}
    every = [(page, link, False) for page, found in pages.items() for link in found.links]
    every += [(page, link, True) for page, found in pages.items() for link in found.loaded]
    return [said for page, link, is_loaded in every if (said := _wrong(site, page, link, is_loaded))]


def _wrong(site: Path, page: Path, link: str, is_loaded: bool) -> str:
    parts, where = urlsplit(link), page.relative_to(site)
    if parts.scheme in ("data", "mailto", "javascript") or link == "#":
        return ""
    if parts.scheme or parts.netloc:
        return f"{where}: {link} is loaded from another host" if is_loaded else ""
    target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    if parts.path.startswith("/") or site.resolve() not in (target, *target.parents):
        return f"{where}: {link} leads out of the site"
    target = target / "index.html" if target.is_dir() else target
    if not target.is_file():
        return f"{where}: {link} leads nowhere"
    anchor = unquote(parts.fragment)
    return (
        f"{where}: {link} has no such place"
        if anchor and target.suffix == ".html" and anchor not in read(target).anchors
        else ""
    )
