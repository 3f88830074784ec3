"""Explorers of a page without a kernel: a picture stays in the page, and what puts life into it lies beside it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from pages.kept import digest, write

SHOWN = re.compile(
    r'<div class="bptt-explorer" data-explorer="(?P<name>[\w-]+)">(?P<twin>.*?)</div>\s*'
    r'<style>\n(?P<style>.*?)</style>\s*<script type="module">\n(?P<module>.*?)\n'
    r"document\.querySelectorAll\([^\n]*?\(root\) => mount\(root, (?P<given>.*)\)\);\s*</script>",
    re.DOTALL,
)


class Explorer(NamedTuple):
    """An explorer taken apart: its name, its picture, its style, its module, and what the module is given."""

    name: str
    twin: str
    style: str
    module: str
    given: str

    @property
    def edition(self) -> str:
        """A name for the module and its style, which many explorers share."""
        return digest(self.style, self.module)


def taken_apart(html: str) -> Explorer | None:
    """Return the explorer that a piece of HTML is, or None."""
    found = SHOWN.search(html)
    return Explorer(**found.groupdict()) if found else None


def placed(explorer: Explorer, folder: Path) -> str:
    """Return the HTML that stands for an explorer, after writing what it loads into a folder.

    Classic scripts, because a browser loads no module from a file of its own.
    """
    shared = (
        f'(() => {{\n"use strict";\n{explorer.module}\nbpttExplorers.mounts["{explorer.edition}"] = mount;\n}})();\n'
    )
    write(folder / f"module-{explorer.edition}.js", shared)
    write(folder / f"module-{explorer.edition}.css", explorer.style)
    write(folder / f"{explorer.name}.js", f'bpttExplorers.given["{explorer.name}"] = [{explorer.given}];\n')
    return (
        f'<div class="bptt-explorer" data-explorer="{explorer.name}" data-edition="{explorer.edition}">'
        f"{explorer.twin}</div>"
    )
