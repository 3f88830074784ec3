"""A student's own diary of exercises: one line of JSON an answer, in a file beside the notebooks.

It is a convenience and never evidence for a grade: anybody can write into it. It is only ever added to, a torn or
foreign line is passed over, and where it cannot be written nothing happens. BPTT_LAB_PROGRESS=off switches it off.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

FILE_NAME = ".bptt-lab-progress.jsonl"
SWITCH = "BPTT_LAB_PROGRESS"
SOLVED = "correct"
NOT_COUNTED = ("not attempted",)
LONGEST_FILE = 16 * 2**20  # bytes read from the end: some hundred thousand answers


class Entry(NamedTuple):
    """One answer: the exercise, the outcome of its check, the time in ISO form, the mistake recognized or ''."""

    exercise: str
    outcome: str
    when: str
    mistake: str


class Diary(NamedTuple):
    """The answers of a file in their order, and how many of its lines were no answers."""

    entries: list[Entry]
    skipped: int


class Row(NamedTuple):
    """One notebook: how many exercises were tried and solved, and how many answers that took."""

    notebook: str
    tried: int
    solved: int
    attempts: int


def record(folder: str | Path, exercise: str, outcome: str, mistake: str = "", now: datetime | None = None) -> bool:
    """Add one answer to the diary in a folder and return whether that worked.

    Errors: none; a folder that is missing or read-only, a full disk, the switch: False.
    """
    if os.environ.get(SWITCH, "").lower() == "off":
        return False
    when = (now or datetime.now(UTC)).isoformat(timespec="seconds")
    line = json.dumps(Entry(exercise, outcome, when, mistake)._asdict()).encode() + b"\n"
    try:
        return _append(Path(folder) / FILE_NAME, line)
    except (OSError, ValueError):
        return False


def _append(path: Path, line: bytes) -> bool:
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
    file = os.open(path, flags, 0o600)
    try:
        if _is_torn(file):
            line = b"\n" + line  # a torn line spoils itself only
        return os.write(file, line) == len(line)  # one write: two notebooks at a time do not mix their lines
    finally:
        os.close(file)


def _is_torn(file: int) -> bool:
    if os.lseek(file, 0, os.SEEK_END) == 0:
        return False
    os.lseek(file, -1, os.SEEK_END)
    return os.read(file, 1) != b"\n"


def read(folder: str | Path) -> Diary:
    """Return the diary in a folder, without the lines that are torn or foreign.

    Errors: none; a diary that is missing or cannot be read is empty.
    """
    try:
        with open(Path(folder) / FILE_NAME, "rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - LONGEST_FILE))
            lines = file.read(LONGEST_FILE).splitlines()
    except (OSError, ValueError):
        return Diary([], 0)
    entries = [_entry(line) for line in lines if line.strip()]
    known = [entry for entry in entries if entry is not None]
    return Diary(known, len(entries) - len(known))


def _entry(line: bytes) -> Entry | None:
    """Return the answer on a line, or None if it holds none."""
    try:
        entry = Entry(**json.loads(line.decode()))
    except (ValueError, TypeError, RecursionError):
        return None
    texts = all(type(value) is str and value.isprintable() for value in entry)
    return entry if texts and entry.exercise and entry.outcome else None


def summary(entries: Sequence[Entry]) -> list[Row]:
    """Return one row a notebook, in the order of their numbers; '07.2' belongs to notebook '07'.

    An exercise once solved stays solved; what was not attempted does not count.
    """
    counted = [entry for entry in entries if entry.outcome not in NOT_COUNTED]
    notebooks: dict[str, list[Entry]] = {}
    for entry in counted:
        notebooks.setdefault(entry.exercise.partition(".")[0], []).append(entry)
    return [_row(name, notebooks[name]) for name in sorted(notebooks)]


def _row(notebook: str, entries: Sequence[Entry]) -> Row:
    tried = {entry.exercise for entry in entries}
    solved = {entry.exercise for entry in entries if entry.outcome == SOLVED}
    return Row(notebook, len(tried), len(solved), len(entries))


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a table in plain text, or one sentence if there are none."""
    if not rows:
        return "No answers yet."
    lines = [tuple(word.capitalize() for word in Row._fields), *(tuple(map(str, row)) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    pads = [f"{line[0]:<{widths[0]}}" + "".join(f"  {v:>{w}}" for v, w in zip(line[1:], widths[1:], strict=True))
            for line in lines]  # fmt: skip
    return "\n".join(pads)
