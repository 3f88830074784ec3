"""What a reader of a stored notebook sees: no red bar of stderr, no traceback."""

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

NOTEBOOKS = sorted((Path(__file__).resolve().parent.parent.parent / "notebooks").glob("*.ipynb"))


def red_bars(notebook):
    """Return (cell from 1, first words) of every output that JupyterLab shows in red: stderr and errors."""
    return [
        (number, str(output.get("text", output.get("evalue", "")))[:60])
        for number, cell in enumerate(notebook.cells, start=1)
        for output in cell.get("outputs", [])
        if output.output_type == "error" or output.get("name") == "stderr"
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_no_stored_output_is_red(path):
    assert red_bars(nbformat.read(path, as_version=4)) == []


@pytest.mark.parametrize(
    "output",
    [
        new_output("stream", name="stderr", text="\r                \r"),
        new_output("stream", name="stderr", text="RuntimeWarning: overflow"),
        new_output("error", ename="NameError", evalue="name 'values' is not defined", traceback=[]),
    ],
)
def test_a_red_output_is_seen(output):
    plain = new_output("stream", name="stdout", text="right")
    book = new_notebook(cells=[new_code_cell("1", outputs=[plain]), new_code_cell("2", outputs=[plain, output])])
    assert [number for number, _ in red_bars(book)] == [2]
