"""The notebooks as pages: their stored outputs, with the pictures and the explorers in files of their own."""

from __future__ import annotations

import base64
import json
import re
import struct
from pathlib import Path

from pages import explorers
from pages.kept import ROOT, digest, write

NOTEBOOKS = ROOT / "notebooks"
PICTURE = re.compile(r'(?P<before><img [^>]*?)src="data:image/png;base64,(?P<bytes>[A-Za-z0-9+/=]+)"')
WIDTH = re.compile(r'width="(\d+)"')
LONE = re.compile(r"^\$\\displaystyle (.*)\$$", re.DOTALL)


def write_all(source: Path) -> list[str]:
    """Write every notebook into the source of the site and return their names, in order."""
    files = sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
    for file in files:
        book = json.loads(file.read_text(encoding="utf-8"))
        write(source / "notebooks" / file.name, json.dumps(prepared(book, source / "_static"), ensure_ascii=False))
    return [f"notebooks/{file.stem}" for file in files]


def prepared(book: dict, static: Path) -> dict:
    """Return a notebook as the site shows it, after writing its pictures and explorers into the static folder."""
    book["metadata"]["language_info"]["pygments_lexer"] = "ipython3"
    for cell in book["cells"]:
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            if "text/html" in data:
                data["text/html"] = html("".join(data["text/html"]), static)
            if "text/latex" in data:
                data["text/latex"] = LONE.sub(r"$$\1$$", "".join(data["text/latex"]))
    return book


def html(text: str, static: Path, base: str = "../_static") -> str:
    """Return stored HTML with its pictures in files, loaded when scrolled to, and its explorer ready to wake."""
    found = explorers.taken_apart(text)
    if found:
        text = explorers.placed(found, static / "explorers")
    return PICTURE.sub(lambda picture: _linked(picture, static / "pictures", base), text)


def _linked(picture: re.Match, folder: Path, base: str) -> str:
    data = base64.b64decode(picture["bytes"])
    name = f"{digest(data)}.png"
    write(folder / name, data)
    wide, high = struct.unpack(">II", data[16:24])
    width = int(WIDTH.search(picture["before"])[1])
    return f'{picture["before"]}height="{round(width * high / wide)}" loading="lazy" src="{base}/pictures/{name}"'
