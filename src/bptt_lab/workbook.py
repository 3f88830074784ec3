"""The workbook: a student's own copy of the course, its outputs empty until a cell is run, opened in JupyterLab.

The notebooks with outputs are the tested truth and are only read here. `make` brings a folder up to date and never
overwrites work: a record beside the copies says what was handed out, and what differs from it is the student's.
Nothing but the standard library is needed, apart from JupyterLab, and its kernel's word on itself.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

FOLDER = "workbook"
RECORD = ".bptt-lab-workbook.json"
KERNEL = "python3"
# what JupyterLab writes into a notebook by itself, as soon as the kernel answers
KERNEL_METADATA = ("kernelspec", "language_info")

YOURS = "is yours and stays as it is; a newer edition"
UNREADABLE = "cannot be read as a notebook and stays as it is; the course's own"


class WorkbookError(Exception):
    """What stands in the way of a workbook, and how to mend it, in words for a student."""


@dataclass(frozen=True)
class Edition:
    """One notebook as it is handed out: its name, the bytes of its file, its fingerprint and its sources."""

    name: str
    content: bytes
    fingerprint: str
    sources: list


# Notebooks


def stored_folder() -> Path:
    """Return the folder of the notebooks with outputs: inside an installed package, at the root of a clone.

    Errors: WorkbookError where there is none.
    """
    package = Path(__file__).resolve().parent
    for folder in (package / "notebooks", package.parents[1] / "notebooks"):
        if any(folder.glob("*.ipynb")):
            return folder
    raise WorkbookError("The notebooks of the course are missing from this installation of bptt-lab: install it again.")


def editions(stored: Path) -> list[Edition]:
    """Return the notebooks of a folder in the order of their names, each as it is handed out."""
    metadata = kernel_metadata()
    return [_edition(path, metadata) for path in sorted(stored.glob("*.ipynb"))]


def _edition(path: Path, metadata: Mapping) -> Edition:
    if (stored := _read(path)) is None:
        raise WorkbookError(f"{path} is damaged: install bptt-lab again.")
    book = handed_out(stored, metadata)
    return Edition(path.name, _bytes_of(book), fingerprint(book), sources(book))


def handed_out(book: Mapping, metadata: Mapping) -> dict:
    """Return a notebook as a student gets it: no outputs, no counts, and `metadata` from the kernel."""
    cells = []
    for cell in book["cells"]:
        empty = {"outputs": [], "execution_count": None} if cell["cell_type"] == "code" else {}
        cells.append({**cell, **empty})
    return {**book, "cells": cells, "metadata": {**book["metadata"], **metadata}}


def kernel_metadata() -> dict:
    """Return the metadata that JupyterLab sets when a notebook's kernel has started; {} where there is no kernel.

    JupyterLab sets it whenever it opens a notebook, and marks the notebook as modified unless it stands there already,
    the version of Python included.
    """
    try:
        from ipykernel.ipkernel import IPythonKernel
        from jupyter_client.kernelspec import KernelSpecManager

        spec = KernelSpecManager().get_kernel_spec(KERNEL)
    except (ImportError, KeyError):  # a kernel that is not known is a KeyError
        return {}
    kernelspec = {"display_name": spec.display_name, "language": spec.language, "name": KERNEL}
    return dict(zip(KERNEL_METADATA, (kernelspec, dict(IPythonKernel.language_info)), strict=True))


def fingerprint(book: Mapping) -> str:
    """Return a text that changes with all that a student can change: sources, outputs, counts, tags, order.

    Not with what JupyterLab writes by itself when it saves: ids of cells, what the kernel says of itself.
    """
    metadata = {name: value for name, value in book["metadata"].items() if name not in KERNEL_METADATA}
    cells = [{**cell, "id": "", "source": _joined(cell["source"])} for cell in book["cells"]]
    return hashlib.sha256(json.dumps([metadata, cells], sort_keys=True).encode()).hexdigest()


def sources(book: Mapping) -> list:
    """Return (kind, source) of each cell: what the course says, whatever was run."""
    return [(cell["cell_type"], _joined(cell["source"])) for cell in book["cells"]]


def _joined(source: str | list) -> str:
    return "".join(source)


def _bytes_of(book: Mapping) -> bytes:
    """Return the file of a notebook, to the byte as JupyterLab saves it."""
    return (json.dumps(book, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def _read(path: Path) -> dict | None:
    """Return the notebook in a file, or None for anything else."""
    try:
        book = json.loads(path.read_bytes())
        fingerprint(book), sources(book)
    except (OSError, ValueError, RecursionError, TypeError, KeyError, AttributeError):
        return None  # no file, no JSON, or JSON that is no notebook
    return book


# The workbook


def folder_for(named: Path | None) -> Path:
    """Return the folder of the workbook: the one named, this one where it is a workbook, or one in it."""
    return named or (Path() if Path(RECORD).is_file() else Path(FOLDER))


def make(folder: Path, stored: Path | None = None) -> list[str]:
    """Bring a workbook up to date with the course, or make it, and return what is to be said, a line each.

    Afterwards each notebook of the course is in the folder: under its own name, or beside the student's own one of
    that name if that was made from another edition. Errors: WorkbookError where the folder cannot be one.
    """
    stored = stored or stored_folder()
    if folder.resolve() == stored.resolve():
        raise WorkbookError(f"{folder} is where the course itself is kept: name another folder for the workbook.")
    if os.path.lexists(folder) and not os.path.isdir(folder):
        raise WorkbookError(f"{folder} is a file, and the workbook is a folder: move it, or name another folder.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return _brought_up_to_date(folder, editions(stored))
    except OSError as error:
        raise WorkbookError(
            f"The workbook {folder} cannot be written: {error.strerror}. Mend that, or name another folder."
        ) from error


def _brought_up_to_date(folder: Path, course: list[Edition]) -> list[str]:
    before, lost = _record(folder)
    is_new = not any(os.path.lexists(folder / edition.name) for edition in course)
    record = dict(before)
    said = [line for edition in course if (line := _bring(folder, edition, record))]
    if record != before:
        _write(folder / RECORD, (json.dumps(record, indent=1, sort_keys=True) + "\n").encode())
    return lost + ([f"The course is in {folder}: {len(course)} notebooks, yours to write in."] if is_new else said)


def _record(folder: Path) -> tuple[dict[str, str], list[str]]:
    """Return what was handed out, file name to fingerprint, and what is to be said if that cannot be read."""
    path = folder / RECORD
    if not os.path.lexists(path):
        return {}, []
    try:
        record = json.loads(path.read_bytes())
        if all(isinstance(found, str) for found in record.values()):
            return record, []
    except (OSError, ValueError, RecursionError, AttributeError):
        pass
    return {}, [f"{path} could not be read and is written anew: what differs from the course is taken for yours."]


def _bring(folder: Path, edition: Edition, record: dict[str, str]) -> str:
    """Bring one notebook and its line of the record up to date; return what is to be said, or ''."""
    own = folder / edition.name
    if not os.path.lexists(own):
        again = "was missing and is back" if edition.name in record else "is new"
        _put(own, edition, record)
        return f"{edition.name} {again}."
    book = _read(own)
    if _is_as_handed_out(book, record):
        _put(own, edition, record)
        return ""
    if book and (record.get(edition.name) == edition.fingerprint or sources(book) == edition.sources):
        record[edition.name] = edition.fingerprint
        return ""
    return _bring_beside(folder, edition, record, YOURS if book else UNREADABLE)


def _bring_beside(folder: Path, edition: Edition, record: dict[str, str], why: str) -> str:
    """Put an edition beside the student's own notebook, once: a copy that was deleted does not come back."""
    stem = edition.name.removesuffix(".ipynb") + "-newer-edition"
    if any(found == edition.fingerprint for name, found in record.items() if name.startswith(stem)):
        return ""
    for name in _numbered(stem):
        book = _read(folder / name)
        if book and sources(book) == edition.sources:  # there already; the record was lost
            record[name] = edition.fingerprint
            return ""
        if not os.path.lexists(folder / name) or _is_as_handed_out(book, record):
            break
    _put(folder / name, edition, record)
    return f"{edition.name} {why} is beside it: {name}"


def _numbered(stem: str) -> Iterator[str]:
    yield f"{stem}.ipynb"
    yield from (f"{stem}-{number}.ipynb" for number in itertools.count(2))


def _is_as_handed_out(book: dict | None, record: Mapping[str, str]) -> bool:
    """Tell whether nobody has worked in a notebook since it was handed out, under whichever name."""
    return book is not None and fingerprint(book) in record.values()


def _put(path: Path, edition: Edition, record: dict[str, str]) -> None:
    if not path.is_file() or path.read_bytes() != edition.content:
        _write(path, edition.content)
    record[path.name] = edition.fingerprint


def _write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        os.replace(part, path)
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


# JupyterLab


def lab_options(folder: Path, environ: Mapping[str, str], uid: int | None, platform: str) -> list[str]:
    """Return the options of a JupyterLab that opens a folder on its first notebook."""
    options = [f"--ServerApp.root_dir={folder.resolve()}"]
    if first := min((path.name for path in folder.glob("*.ipynb")), default=None):
        options.append(f"--LabApp.default_url=/lab/tree/{first}")
    if uid == 0:
        options.append("--allow-root")  # a container's only user; refused by the server otherwise
    screen = environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY")
    if platform.startswith("linux") and not screen:
        options.append("--no-browser")  # no screen: the server prints the address to open
    return options


def open_lab(folder: Path, more: list[str]) -> None:
    """Run JupyterLab on a folder until it is stopped; errors: WorkbookError where it is not installed."""
    try:
        from jupyterlab.labapp import LabApp
    except ImportError as error:
        raise WorkbookError(f"JupyterLab cannot be started: {error}. Mend it with: pip install jupyterlab") from None
    uid = os.getuid() if hasattr(os, "getuid") else None
    try:
        LabApp.launch_instance([*lab_options(folder, os.environ, uid, sys.platform), *more])
    except OSError as error:
        raise WorkbookError(f"JupyterLab has stopped: {error}") from error
