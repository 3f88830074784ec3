"""Run notebooks from a clean kernel and store their outputs, the same bytes each time.

    python tools/refresh_notebooks.py                          all of notebooks/
    python tools/refresh_notebooks.py notebooks/07_*.ipynb     some
    python tools/refresh_notebooks.py --check                  change nothing, report what differs

What would differ from run to run or from machine to machine is not stored: timings, the state and
ids of widgets, the version of Python.
"""

import argparse
import copy
import difflib
import re
import subprocess
import sys
from pathlib import Path

import nbformat.v4
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError

from bptt_lab.figures import without_bytes

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
IMAGES = ("image/png", "image/jpeg", "image/svg+xml")
KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
CELL_SECONDS = 60


def with_ids(notebook):
    """Return a copy in format 4.5 where every cell has an id of its own; good ids are kept."""
    notebook = copy.deepcopy(notebook)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    used = set()
    for number, cell in enumerate(notebook.cells, start=1):
        if not cell.get("id") or cell.id in used:
            cell["id"] = f"cell-{number:02d}"
        used.add(cell.id)
    return notebook


def without_outputs(notebook):
    """Return a copy without outputs, counts and saved widget state."""
    notebook = copy.deepcopy(notebook)
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


def execute(notebook, folder):
    """Return a copy executed by a fresh kernel whose working folder is the notebook's."""
    notebook = without_outputs(notebook)
    client = NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        kernel_name=KERNELSPEC["name"],
        record_timing=False,  # times differ from run to run
        shutdown_kernel="immediate",  # nothing to save in the kernel: half a second less
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute(stderr=subprocess.DEVNULL)  # the kernel's own log, as nbval does
    return notebook


def merged_streams(outputs):
    """Join neighbouring pieces of one stream; where a kernel cuts its prints is chance."""
    merged = []
    for output in outputs:
        last = merged[-1] if merged else None
        is_stream = output.output_type == "stream"
        if is_stream and last and last.output_type == "stream" and last.name == output.name:
            last.text += output.text
        else:
            merged.append(copy.deepcopy(output))
    return merged


def without_widget_ids(outputs):
    """Keep of each widget the text that stands for it; its id is random."""
    outputs = copy.deepcopy(outputs)
    for output in outputs:
        output.get("data", {}).pop(WIDGET_VIEW, None)
    return [output for output in outputs if output.get("data", True)]


def lasting(metadata):
    """Return the metadata of a cell without the times of its run."""
    return {key: copy.deepcopy(value) for key, value in metadata.items() if key != "execution"}


def normalised(notebook):
    """Return a copy that holds nothing that differs from run to run or between machines."""
    notebook = with_ids(notebook)
    notebook.metadata.clear()
    notebook.metadata.update(kernelspec=KERNELSPEC, language_info={"name": "python"})
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        cell.outputs = without_widget_ids(merged_streams(cell.outputs))
        cell.metadata = nbformat.from_dict(lasting(cell.metadata))
    return notebook


def to_bytes(notebook):
    """Return the file of a notebook: UTF-8, one newline at the end, the same on every system."""
    return (nbformat.writes(nbformat.from_dict(notebook)).rstrip("\n") + "\n").encode("utf-8")


def comparable(cell):
    """Return the outputs of a cell as lines of text, without the bytes of images."""
    lines = []
    for output in cell.get("outputs", []):
        texts = {output.get("name", "error"): output.get("text", output.get("evalue", ""))}
        texts = output.get("data", texts)
        for kind in sorted(set(texts) - set(IMAGES) - {WIDGET_VIEW}):
            lines += [f"[{kind}]", *without_bytes(str(texts[kind])).splitlines()]
    return lines


def differences(stored, fresh):
    """Return one complaint for each cell whose text outputs differ; tagged cells are left out."""
    complaints = []
    for number, (old, new) in enumerate(zip(stored.cells, fresh.cells, strict=True), start=1):
        if "nbval-ignore-output" in old.metadata.get("tags", []):
            continue
        diff = difflib.unified_diff(comparable(old), comparable(new), "stored", "fresh", lineterm="", n=1)
        lines = list(diff)
        if lines:
            complaints.append("\n  ".join([f"cell {number}:", *lines]))
    return complaints


def refresh(path, check):
    """Refresh or check one notebook file; return the complaints."""
    # not nbformat.read: it gives cells without an id a random one
    stored = nbformat.v4.reads(path.read_text(encoding="utf-8"))
    try:
        fresh = normalised(execute(with_ids(stored), path.parent))
    except (CellExecutionError, CellTimeoutError) as error:
        return [re.sub(r"\x1b\[[0-9;]*m", "", str(error))]
    if check:
        return differences(normalised(stored), fresh)
    content = to_bytes(fresh)
    if content != path.read_bytes():
        path.write_bytes(content)
    return []


def main(arguments=None):
    """Refresh or check the notebooks named, or all of them; return 1 when one complains."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="*", type=Path)
    parser.add_argument("--check", action="store_true", help="compare text outputs, write nothing")
    options = parser.parse_args(arguments)
    failed = 0
    for path in options.notebooks or sorted(NOTEBOOKS.glob("*.ipynb")):
        complaints = refresh(path, options.check)
        verdict = "fails" if complaints else "as stored" if options.check else "refreshed"
        print("\n".join([f"{path.name}: {verdict}", *complaints]), flush=True)
        failed += bool(complaints)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
