"""nbval, as set up here, accepts correct notebooks as JupyterLab runs them and refuses others."""

import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

ROOT = Path(__file__).resolve().parent.parent.parent


def cell(count, source, text=None, **fields):
    """Return an executed cell with its result, or without one."""
    result = new_output("execute_result", {"text/plain": text or ""}, execution_count=count)
    stored = [result] if text else []
    return new_code_cell(source, execution_count=count, outputs=stored, **fields)


def run(folder, cells):
    """Compare a notebook of these cells as the project does; return (exit code, report)."""
    shutil.copy(ROOT / "conftest.py", folder)
    nbformat.write(new_notebook(cells=cells), folder / "book.ipynb")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir=."]
    options = ["--nbval", "--nbval-current-env", "book.ipynb"]
    done = subprocess.run([*command, *options], cwd=folder, capture_output=True, text=True)
    return done.returncode, done.stdout


def picture(alt, letters="AAAA"):
    """Return HTML with a picture."""
    return f'<img alt="{alt}" src="data:image/png;base64,{letters}=">'


def figure(count, shown, stored):
    """Return a cell that shows HTML, with other HTML stored."""
    output = new_output("display_data", {"text/html": stored, "text/plain": "Figure"})
    source = f"display({{'text/html': {shown!r}, 'text/plain': 'Figure'}}, raw=True)"
    return new_code_cell(source, execution_count=count, outputs=[output])


RIGHT = [
    cell(1, "6 * 7", "42"),
    cell(2, "_ + 1", "43"),
    cell(3, "Out[1]", "42"),
    cell(4, "'hidden';"),
    cell(5, "'hidden too' ;  # reason"),
    cell(6, "_2", "43"),
    cell(7, "import time; time.time()", "1", metadata={"tags": ["nbval-ignore-output"]}),
    figure(8, picture("a line that rises"), picture("a line that rises", "BBBBBBBB")),
]
WRONG = [
    cell(1, "6 * 7", "41"),
    cell(2, "6 * 7"),
    cell(3, "6 * 7;", "42"),
    cell(4, "print(42)", "42"),
    cell(5, "1 / 0"),
    cell(6, "import warnings; warnings.warn('old')"),
    figure(7, picture("a line that rises"), picture("a line that falls")),
    cell(8, "6 * 7", "42"),
]


@pytest.fixture(scope="module")
def accepted(tmp_path_factory):
    return run(tmp_path_factory.mktemp("right"), RIGHT)


@pytest.fixture(scope="module")
def refused(tmp_path_factory):
    return run(tmp_path_factory.mktemp("wrong"), WRONG)


def test_history_works_as_in_jupyterlab_and_a_tagged_cell_is_run_but_not_compared(accepted):
    code, report = accepted
    assert code == 0 and f"{len(RIGHT)} passed" in report, report


@pytest.mark.parametrize("k", range(len(WRONG) - 1), ids=[one.source for one in WRONG[:-1]])
def test_other_outputs_are_refused(refused, k):
    code, report = refused
    assert code == 1 and f"FAILED book.ipynb::Cell {k}" in report, report


def test_a_right_cell_among_wrong_ones_is_accepted(refused):
    assert "7 failed, 1 passed" in refused[1], refused[1]
