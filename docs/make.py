"""Build the site: gather its pages in build/site-source/, and let Sphinx write build/site/.

    python docs/make.py                    all of it; what has not changed is not made again
    python docs/make.py --to elsewhere     another folder for the result
    python docs/make.py --fresh            without what earlier runs left

A warning of Sphinx, a link that leads nowhere and anything loaded from another host are errors.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

DOCS = Path(__file__).resolve().parent
BUILD = DOCS.parent / "build"
sys.path.insert(0, str(DOCS))

from pages import api, front, gallery, ledger, letters, mistakes, notation, notebooks, sheet  # noqa: E402
from pages import language as equations  # noqa: E402
from pages.kept import write  # noqa: E402
from pages.links import complaints  # noqa: E402

KINDS = {
    "gallery": gallery.write_all,  # the longest first: they are made side by side
    "ledger": ledger.write_all,
    "mistakes": mistakes.write_all,
    "sheet": sheet.write_all,
    "notebooks": notebooks.write_all,
    "language": equations.write_all,
    "notation": notation.write_all,
    "api": api.write_all,
}


def gather(source: Path) -> None:
    """Write the source of every page into a folder."""
    for file in sorted((DOCS / "_static").iterdir()):
        write(source / "_static" / file.name, file.read_bytes())
    letters.write_all(source / "_static")
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        made = {name: pool.submit(write_all, source) for name, write_all in KINDS.items()}
        front.write_all(source, {name: one.result() for name, one in made.items()})


def trees_of(source: Path) -> Path:
    """Return the folder in which Sphinx keeps what it has read from a source."""
    return source.with_name(f"{source.name}-trees")


def build(source: Path, site: Path, *, fresh: bool = False) -> list[str]:
    """Let Sphinx write the site; return its warnings and what is wrong with the links."""
    from sphinx.application import Sphinx

    warnings, trees = io.StringIO(), trees_of(source)
    settings = {"html_static_path": [str(source / "_static")]}
    app = Sphinx(
        source,
        DOCS,
        site,
        trees,
        "html",
        settings,
        status=None,
        warning=warnings,
        freshenv=fresh,
        parallel=os.cpu_count(),
    )
    app.build()
    return [line for line in warnings.getvalue().splitlines() if line.strip()] + complaints(site)


def main(arguments: list[str] | None = None) -> int:
    """Build the site and return 1 where anything is wrong with it."""
    parser = argparse.ArgumentParser(description="Build the site.")
    parser.add_argument("--to", type=Path, default=BUILD / "site", metavar="FOLDER", help="where it goes (build/site)")
    parser.add_argument(
        "--source", type=Path, default=BUILD / "site-source", metavar="FOLDER", help="where its pages are gathered"
    )
    parser.add_argument("--fresh", action="store_true", help="make everything anew")
    chosen = parser.parse_args(arguments)
    source, start = chosen.source.resolve(), time.perf_counter()
    if chosen.fresh:
        for folder in (source, trees_of(source), BUILD / "site-cache", chosen.to):
            shutil.rmtree(folder, ignore_errors=True)
    gather(source)
    gathered = time.perf_counter()
    wrong = build(source, chosen.to.resolve())
    print(*wrong, sep="\n", end="\n" * bool(wrong), file=sys.stderr)
    print(f"pages gathered in {gathered - start:.0f} s, built in {time.perf_counter() - gathered:.0f} s")
    print(chosen.to / "index.html")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
