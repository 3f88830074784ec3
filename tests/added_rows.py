"""Rows put into the table of functions of a copy of the package, and what a program prints with them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from bptt_lab.formulas import functions


def printed(program, rows, folder):
    """Return what a program prints that imports a copy of the package, made in a folder, with more rows."""
    shutil.copytree(
        Path(functions.__file__).parents[1], folder / "bptt_lab", ignore=shutil.ignore_patterns("__pycache__")
    )
    table = folder / "bptt_lab" / "formulas" / "functions.py"
    text = table.read_text(encoding="utf-8")
    table.write_text(text.replace("ROWS = {\n", f"ROWS = {{{rows}", 1), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment)
    assert found.returncode == 0, found.stderr
    return found.stdout
