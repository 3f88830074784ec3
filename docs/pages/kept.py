"""Files that are written only where they differ, and results that are computed once for each state of the package."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / "build" / "site-cache"
DECIDE = ("numpy", "sympy", "matplotlib", "latex2mathml")  # what is computed depends on these packages


def write(path: Path, content: str | bytes) -> Path:
    """Write a file unless it holds this already: Sphinx reads anew what is newer."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    if not path.is_file() or path.read_bytes() != data:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return path


def digest(*parts: str | bytes) -> str:
    """Return a short name for some content."""
    found = hashlib.sha256()
    for part in parts:
        found.update(part.encode("utf-8") if isinstance(part, str) else part)
        found.update(b"\0")
    return found.hexdigest()[:16]


def state(files: Iterable[Path] = ()) -> str:
    """Return a name for the state of the package, of the packages below it and of some more files."""
    package = (one for one in (ROOT / "src").rglob("*") if one.is_file() and "__pycache__" not in one.parts)
    every = sorted({*package, *files})
    return digest(*map(version, DECIDE), *(part for one in every for part in (one.name, one.read_bytes())))


def once(name: str, files: Iterable[Path], make: Callable[[], str]) -> str:
    """Return a text that is made once for each state of the package and of the files it depends on."""
    kept = CACHE / state(files) / name
    if not kept.is_file():
        write(kept, make())
    return kept.read_text(encoding="utf-8")
