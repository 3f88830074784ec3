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


def test_history_works_as_in_jupyterlab(tmp_path):
    cells = [
        cell(1, "6 * 7", "42"),
        cell(2, "_ + 1", "43"),
        cell(3, "Out[1]", "42"),
        cell(4, "'hidden';"),
        cell(5, "'hidden too' ;  # reason"),
        cell(6, "_2", "43"),
    ]
    code, report = run(tmp_path, cells)
    assert code == 0, report
    assert "6 passed" in report


@pytest.mark.parametrize(
    "wrong",
    [
        cell(1, "6 * 7", "41"),
        cell(1, "6 * 7"),
        cell(1, "6 * 7;", "42"),
        cell(1, "print(42)", "42"),
        cell(1, "1 / 0"),
        cell(1, "import warnings; warnings.warn('old')"),
    ],
    ids=lambda wrong: wrong.source,
)
def test_other_outputs_are_refused(tmp_path, wrong):
    code, report = run(tmp_path, [wrong])
    assert code == 1, report
    assert "1 failed" in report


def test_a_tagged_cell_is_run_but_not_compared(tmp_path):
    tagged = cell(1, "import time; time.time()", "1", metadata={"tags": ["nbval-ignore-output"]})
    assert run(tmp_path, [tagged])[0] == 0
