"""Check the form of notebooks: order, size, opening and closing, described figures, no leftovers.

    python tools/check_notebooks.py                          all of notebooks/
    python tools/check_notebooks.py notebooks/07_*.ipynb     some

Each check is a function from a notebook to a list of complaints. There are no exceptions to a rule. The lesson and
its exercises are counted apart: a cell tagged `exercise` is no part of the lesson.
"""

import ast
import re
import statistics
import sys
from html.parser import HTMLParser
from pathlib import Path

import nbformat

from bptt_lab.figures import without_bytes
from bptt_lab.figures.canvas import LONGEST_POINT, SHORTEST_DESCRIPTION
from check_text import path_complaints

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"

CELLS = (20, 40)  # fewer is no lesson, more is two
EXERCISES = 8  # at most
WORDS = (800, 1600)  # of Markdown; formulas do not count
LONGEST_CODE = 16  # lines of one cell, which hold a loop that is the lesson; machinery belongs to the library
MEDIAN_CODE = 6
MOST_CODE = 110  # lines of all cells of a lesson, without empty ones
LARGEST_FILE = 400_000  # bytes; pictures, twice as fine as the page shows them, and an explorer take most of it

NAME = re.compile(r"(\d\d)_[a-z0-9]+(_[a-z0-9]+)*\.ipynb")
OPENING = ("question", "afterwards you can", "you need", "minutes", "convention")
CLOSING = ("formulas obtained", "checks passed", "mistakes met", "next")
LINK = re.compile(r"\]\(<?([\w.-]*\.ipynb)?(?:#([^)\s>]+))?>?\)")
HEADING = re.compile(r"^#+ +(.*?) *$", re.MULTILINE)
BANNED_WORDS = re.compile(r"\b(clearly|simply|obviously)\b", re.IGNORECASE)
MATHEMATICS = re.compile(r"\$\$.*?\$\$|\$[^$]+\$|```.*?```|`[^`]+`", re.DOTALL)
WORD = re.compile(r"[^\W\d_][\w'’-]*")
ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}")
INSTALLS = re.compile(r"^\s*[!%]+\s*(pip|conda|mamba|uv|apt|npm)\b", re.MULTILINE)
NOT_PYTHON = re.compile(r"^\s*[%!?].*$|^.*\?\s*$", re.MULTILINE)
NETWORK_MODULES = {
    "aiohttp", "ftplib", "http", "httpx", "requests", "smtplib", "socket", "ssl", "urllib",
    "urllib3", "webbrowser", "websockets", "xmlrpc",
}  # fmt: skip
IMAGES = ("image/png", "image/jpeg", "image/svg+xml")
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


# The cell below the opening, folded away: on Colab nothing is installed. It is no part of the lesson.
SETUP = """\
# On Colab, where nothing is installed; elsewhere this does nothing
import importlib.util

if not importlib.util.find_spec("bptt_lab"):
    get_ipython().run_line_magic("pip", "install -q bptt-lab")"""


def code_cells(notebook):
    """Return (number, cell) of each code cell that holds code; numbers count all cells from 1."""
    cells = enumerate(notebook.cells, start=1)
    return [(n, cell) for n, cell in cells if cell.cell_type == "code" and cell.source.strip()]


def text_cells(notebook):
    """Return (number, cell) of each Markdown cell."""
    cells = enumerate(notebook.cells, start=1)
    return [(n, cell) for n, cell in cells if cell.cell_type == "markdown"]


def is_exercise(cell):
    """Return whether a cell belongs to the exercises at the end, not to the lesson."""
    return "exercise" in cell.metadata.get("tags", [])


def is_setup(cell):
    """Return whether a cell installs the package where there is none."""
    return "colab" in cell.metadata.get("tags", [])


def lesson_code(notebook):
    """Return (number, cell) of each code cell of the lesson."""
    return [(n, cell) for n, cell in code_cells(notebook) if not is_exercise(cell) and not is_setup(cell)]


def outputs(notebook):
    """Return (number, output) of each stored output."""
    return [(n, out) for n, cell in code_cells(notebook) for out in cell.get("outputs", [])]


def output_text(output):
    """Return what an output says, without its pictures."""
    data = {kind: text for kind, text in output.get("data", {}).items() if kind not in IMAGES}
    return without_bytes("\n".join([str(output.get("text", "")), *(str(text) for text in data.values())]))


def outside(value, bounds, what):
    """Return a complaint when a number is not within its bounds, both included."""
    low, high = bounds
    return [] if low <= value <= high else [f"{value} {what}; wanted {low} to {high}"]


def name_complaints(names):
    """Check that file names are NN_slug.ipynb and that no number is used twice."""
    bad = [f"{name}: not NN_slug.ipynb" for name in names if not NAME.fullmatch(name)]
    numbers = [name[:2] for name in names if NAME.fullmatch(name)]
    twice = sorted({number for number in numbers if numbers.count(number) > 1})
    return bad + [f"number {number} is used twice" for number in twice]


def order_complaints(notebook):
    """Check that every code cell was run once, in order; nbval compares nothing in the others."""
    counts = [cell.get("execution_count") for _, cell in code_cells(notebook)]
    if counts == list(range(1, len(counts) + 1)):
        return []
    return [f"not run in order from a clean kernel: {counts}"]


def error_complaints(notebook):
    """Check that no cell stored an error or a warning."""
    found = outputs(notebook)
    errors = [f"cell {n}: stores an error" for n, out in found if out.output_type == "error"]
    warned = [n for n, out in found if out.get("name") == "stderr"]
    return errors + [f"cell {n}: wrote to stderr" for n in warned]


def metadata_complaints(notebook):
    """Check the kernel's name and that ids of cells are there and differ."""
    name = notebook.metadata.get("kernelspec", {}).get("name")
    ids = [cell.get("id") for cell in notebook.cells]
    complaints = [] if name == "python3" else [f"kernelspec is {name}, not python3"]
    return complaints + ([] if all(ids) and len(set(ids)) == len(ids) else ["cell ids repeat"])


def widget_complaints(notebook):
    """Check that no random state of a widget is stored."""
    complaints = ["stores widget state"] if "widgets" in notebook.metadata else []
    found = [n for n, out in outputs(notebook) if WIDGET_VIEW in out.get("data", {})]
    return complaints + [f"cell {n}: stores the id of a widget" for n in found]


def code_size_complaints(notebook):
    """Check that code cells are short and most of them very short."""
    lesson = lesson_code(notebook)
    sizes = {n: len(cell.source.strip().splitlines()) for n, cell in lesson}
    long = [f"cell {n}: {size} lines of code" for n, size in sizes.items() if size > LONGEST_CODE]
    median = statistics.median(sizes.values()) if sizes else 0
    long += [f"median code cell: {median} lines"] if median > MEDIAN_CODE else []
    total = sum(bool(line.strip()) for _, cell in lesson for line in cell.source.splitlines())
    return long + ([f"{total} lines of code in the lesson; at most {MOST_CODE}"] if total > MOST_CODE else [])


def word_count(notebook):
    """Count the words of the Markdown cells, without formulas and code."""
    lesson = [cell for _, cell in text_cells(notebook) if not is_exercise(cell)]
    texts = [MATHEMATICS.sub(" ", cell.source) for cell in lesson]
    return sum(len(WORD.findall(text)) for text in texts)


def length_complaints(notebook):
    """Check the number of cells and of words."""
    lesson = [cell for cell in notebook.cells if not is_exercise(cell) and not is_setup(cell)]
    asked = [cell for _, cell in code_cells(notebook) if is_exercise(cell)]
    complaints = outside(len(lesson), CELLS, "cells") + outside(word_count(notebook), WORDS, "words of text")
    return complaints + outside(len(asked), (0, EXERCISES), "exercises")


def missing(cell, phrases, what):
    """Return a complaint for each phrase that a cell lacks, upper or lower case."""
    text = " ".join(cell.source.lower().replace("*", "").split())
    return [f"{what} lacks “{phrase}”" for phrase in phrases if phrase not in text]


def opening_complaints(notebook):
    """Check that the first cell says what the notebook asks, gives and needs."""
    first = notebook.cells[0] if notebook.cells else None
    if first is None or first.cell_type != "markdown":
        return ["the first cell is not Markdown"]
    return missing(first, OPENING, "the opening")


def setup_complaints(notebook):
    """Check that the second cell, folded away, installs the package on Colab, and does nothing else."""
    found = [(n, cell) for n, cell in code_cells(notebook) if is_setup(cell)]
    if [n for n, _ in found] != [2]:
        return ["the second cell, and no other, is the one for Colab"]
    cell = found[0][1]
    folded = cell.metadata.get("jupyter", {}).get("source_hidden")
    return [] if cell.source == SETUP and folded and not cell.outputs else ["the cell for Colab is not as it is to be"]


def closing_complaints(notebook):
    """Check that the last Markdown cell says what was obtained and what is next."""
    texts = text_cells(notebook)
    return missing(texts[-1][1], CLOSING, "the closing") if texts else ["there is no text"]


class Pictures(HTMLParser):
    """The pictures of an HTML output: the alternative text of each, and the words of the captions."""

    def __init__(self, text):
        super().__init__()
        self.alts, self.captions, self.in_caption = [], [], False
        self.feed(without_bytes(text))

    def handle_starttag(self, tag, attributes):
        if tag == "img":
            self.alts.append(dict(attributes).get("alt") or "")
        if tag == "figcaption":
            self.captions.append("")
            self.in_caption = True

    def handle_endtag(self, tag):
        self.in_caption = self.in_caption and tag != "figcaption"

    def handle_data(self, data):
        if self.in_caption:
            self.captions[-1] += data


def picture_complaints(text):
    """Check that each picture of an HTML output is described and that one line below says its point."""
    found = Pictures(text)
    if any(len(alt.strip()) < SHORTEST_DESCRIPTION for alt in found.alts):
        return ["its figure is not described"]
    points = [point for point in found.captions if 0 < len(point.strip()) <= LONGEST_POINT]
    if len(points) < len(found.alts):
        return [f"its figure has no point in one line of at most {LONGEST_POINT} characters"]
    return []


def figure_complaints(notebook):
    """Check that each stored picture stands in HTML with its description, its point below it."""
    complaints = []
    for number, output in outputs(notebook):
        data = output.get("data", {})
        found = ["a bare picture; bptt_lab.figures.show says it in words too"] if set(data) & set(IMAGES) else []
        found += picture_complaints(data.get("text/html", ""))
        complaints += [f"cell {number}: {complaint}" for complaint in found]
    return complaints


def imported_modules(source):
    """Return the first names of all modules that a code cell imports."""
    tree = ast.parse(NOT_PYTHON.sub("", source))
    names = [alias.name for x in ast.walk(tree) if isinstance(x, ast.Import) for alias in x.names]
    names += [x.module or "" for x in ast.walk(tree) if isinstance(x, ast.ImportFrom)]
    return {name.split(".")[0] for name in names}


def offline_complaints(notebook):
    """Check that no code cell installs something or reaches for the network."""
    complaints = []
    for number, cell in code_cells(notebook):
        if INSTALLS.search(cell.source):
            complaints.append(f"cell {number}: installs packages")
        if "://" in cell.source:
            complaints.append(f"cell {number}: holds an address of the network")
        for module in sorted(imported_modules(cell.source) & NETWORK_MODULES):
            complaints.append(f"cell {number}: imports {module}")
    return complaints


def anchors(notebook):
    """Return the headings of a notebook as links name them: with hyphens for spaces."""
    return {heading.replace(" ", "-") for _, cell in text_cells(notebook) for heading in HEADING.findall(cell.source)}


def link_complaints(notebook):
    """Check that every link to a notebook, and to a heading of one, leads there."""
    complaints = []
    for number, cell in text_cells(notebook):
        for name, anchor in LINK.findall(cell.source):
            if name and not (NOTEBOOKS / name).exists():
                complaints.append(f"cell {number}: no notebook {name}")
            elif anchor:
                other = nbformat.read(NOTEBOOKS / name, as_version=4) if name else notebook
                there = anchor in anchors(other)
                complaints += [] if there else [f"cell {number}: no heading {anchor} in {name or 'this notebook'}"]
    return complaints


def wording_complaints(notebook):
    """Check that the text does not call a step easy."""
    texts = [(n, BANNED_WORDS.findall(cell.source)) for n, cell in text_cells(notebook)]
    return [f"cell {n}: “{word}”" for n, words in texts for word in words]


def machine_complaints(notebook):
    """Check that sources and outputs hold no path or memory address of one machine."""
    texts = [(n, cell.source) for n, cell in enumerate(notebook.cells, start=1)]
    stored = [(n, output_text(output)) for n, output in outputs(notebook)]
    found = [f"cell {n}: {c}" for n, text in texts + stored for c in path_complaints(text)]
    found += [f"cell {n}: a memory address" for n, text in stored if ADDRESS.search(text)]
    packages = [n for n, text in stored if "site-packages" in text]
    return found + [f"cell {n}: a path of packages" for n in packages]


def size_complaints(notebook):
    """Check that the stored notebook stays small enough to read and compare."""
    size = len(nbformat.writes(notebook).encode("utf-8"))
    return [f"{size} bytes; at most {LARGEST_FILE}"] if size > LARGEST_FILE else []


CHECKS = (
    order_complaints, error_complaints, metadata_complaints, widget_complaints,
    code_size_complaints, length_complaints, opening_complaints, closing_complaints,
    figure_complaints, offline_complaints, link_complaints, wording_complaints, machine_complaints, size_complaints,
)  # fmt: skip


def complaints(notebook):
    """Return the complaints of all checks about one notebook."""
    return [complaint for check in CHECKS for complaint in check(notebook)]


def main(arguments):
    """Print the complaints about the notebooks named, or all; return 1 when there are any."""
    paths = [Path(name) for name in arguments] or sorted(NOTEBOOKS.glob("*.ipynb"))
    found = name_complaints([path.name for path in paths])
    for path in paths:
        read = nbformat.read(path, as_version=4)
        found += [f"{path.name}: {complaint}" for complaint in (*complaints(read), *setup_complaints(read))]
    print("\n".join(found) or "no complaints")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
