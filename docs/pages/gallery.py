"""The pages of the gallery, made side by side, each again only when what it is made of has changed."""

from __future__ import annotations

import importlib.util
import os
import shutil
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from pages.kept import CACHE, ROOT, state, write

MAKE = ROOT / "docs" / "gallery" / "make.py"
TABLE = MAKE.with_name("networks.toml")


def make():
    """Return the gallery's own script as a module."""
    spec = importlib.util.spec_from_file_location("gallery_make", MAKE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def write_all(source: Path) -> list[str]:
    """Write all pages of the gallery into the source of the site and return their names, the index first."""
    gallery, kept = make(), CACHE / state([MAKE, TABLE]) / "gallery"
    entries = gallery.entries()
    missing = [one.id for one in entries if not (kept / f"{one.id}.md").is_file()]
    if missing:
        kept.mkdir(parents=True, exist_ok=True)
        with ProcessPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(_written, missing, [kept] * len(missing)))
    for file in sorted(one for one in kept.iterdir() if one.is_file()):
        write(source / "gallery" / file.name, file.read_bytes())
    index = gallery.index(entries) + _toctree([one.id for one in entries])
    write(source / "gallery" / "index.md", index)
    return ["gallery/index"]


def _toctree(names: list[str]) -> str:
    return "\n```{toctree}\n:hidden:\n:titlesonly:\n\n" + "\n".join(names) + "\n```\n"


def _written(identity: str, folder: Path) -> None:
    """Write one page, whole or not at all."""
    gallery, own = make(), folder / f".{identity}"
    own.mkdir(exist_ok=True)
    gallery.write(next(one for one in gallery.entries() if one.id == identity), own)
    for file in sorted(own.iterdir(), key=lambda one: one.suffix == ".md"):  # the page last: it says all is there
        file.replace(folder / file.name)
    shutil.rmtree(own)
