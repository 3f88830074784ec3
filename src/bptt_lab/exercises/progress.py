"""A student's own diary of exercises: one line of JSON an answer or a move, in a file beside the notebooks.

It is a convenience and never evidence for a grade: anybody can write into it. It is only ever added to, a torn or
foreign line is passed over, and where it cannot be written nothing happens; what is no plain file is neither read nor
written. BPTT_LAB_PROGRESS=off switches it off.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from bptt_lab.exercises import played

FILE_NAME = ".bptt-lab-progress.jsonl"
SWITCH = "BPTT_LAB_PROGRESS"
SOLVED = "correct"
NOT_COUNTED = ("not attempted",)
IDENTITY = re.compile(r"\w[\w.-]{0,58}\w|\w")  # of an exercise, as `questions.keys` has it; it stands in a table
# never wait for what a FIFO or a device does, never make a terminal one's own, no line ends changed on Windows
FLAGS = sum(getattr(os, name, 0) for name in ("O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_BINARY"))
LONGEST_FILE = 16 * 2**20  # bytes read from the end: some hundred thousand answers
MOST_FOR_MOVES = LONGEST_FILE // 4  # bytes; a longer file takes no more moves, so that a page cannot crowd out answers


class Entry(NamedTuple):
    """One answer: the exercise, the outcome of its check, the time in ISO form, the mistake recognized or ''."""

    exercise: str
    outcome: str
    when: str
    mistake: str


class Diary(NamedTuple):
    """The answers of a file in their order, how many of its lines were foreign, and the scores of derivations."""

    entries: list[Entry]
    skipped: int
    scores: Sequence[played.Score] = ()


class Row(NamedTuple):
    """One notebook: how many exercises were tried and solved, and how many answers that took."""

    notebook: str
    tried: int
    solved: int
    attempts: int


Folder = str | Path | Callable[[], str | Path | None] | None


def here() -> Path | None:
    """Return the folder of the notebook, or None where it has been deleted."""
    try:
        return Path.cwd()
    except OSError:
        return None


def _file(folder: Folder) -> Path | None:
    """Return the diary's place in a folder, in what a callable returns, or (None) beside the notebook."""
    found = folder() if callable(folder) else here() if folder is None else folder
    return None if found is None else Path(found) / FILE_NAME


def record(folder: Folder, exercise: str, outcome: str, mistake: str = "", now: datetime | None = None) -> bool:
    """Add one answer to the diary in a folder (None: beside the notebook) and return whether that worked.

    Errors: none; a folder that is missing or read-only, a full disk, no plain file in its place, the switch: False.
    """
    return _add(folder, Entry(exercise, outcome, _stamp(now), mistake)._asdict())


def record_played(folder: Folder, found: Any, now: datetime | None = None) -> bool:
    """Add a move or a score that a page has sent, checked, and return whether that worked (errors: none)."""
    line = played.checked({**found, "when": _stamp(now)}) if isinstance(found, Mapping) else None
    return line is not None and _add(folder, line._asdict(), MOST_FOR_MOVES)


def is_off() -> bool:
    """Return whether the switch turns the diary off."""
    return os.environ.get(SWITCH, "").lower() == "off"


def _stamp(now: datetime | None) -> str:
    return (now or datetime.now(UTC)).isoformat(timespec="seconds")


def _add(folder: Folder, fields: Mapping[str, Any], most: int | None = None) -> bool:
    """Add one line to the diary, unless it holds `most` bytes already, and return whether that worked."""
    if is_off():
        return False
    line = json.dumps(fields).encode() + b"\n"
    try:
        path = _file(folder)
        return path is not None and _append(path, line, most)
    except (OSError, ValueError):
        return False


def _append(path: Path, line: bytes, most: int | None) -> bool:
    file = _opened(path, os.O_RDWR | os.O_APPEND | os.O_CREAT)
    try:
        if most is not None and os.fstat(file).st_size + len(line) > most:
            return False
        if _is_torn(file):
            line = b"\n" + line  # a torn line spoils itself only
        return os.write(file, line) == len(line)  # one write: two notebooks at a time do not mix their lines
    finally:
        os.close(file)


def _opened(path: Path, flags: int) -> int:
    """Return a descriptor of a plain file (errors: OSError, also for a FIFO, a folder, a device, a socket)."""
    if path.exists() and not path.is_file():  # before it is opened: that alone may move a tape or wake a reader
        raise OSError(f"{path.name} is no plain file")
    file = os.open(path, flags | FLAGS, 0o600)
    if not stat.S_ISREG(os.fstat(file).st_mode):  # it may have been put there in between
        os.close(file)
        raise OSError(f"{path.name} is no plain file")
    return file


def _is_torn(file: int) -> bool:
    if os.lseek(file, 0, os.SEEK_END) == 0:
        return False
    os.lseek(file, -1, os.SEEK_END)
    return os.read(file, 1) != b"\n"


def read(folder: Folder = None) -> Diary:
    """Return the diary in a folder (None: beside the notebook), without the lines that are torn or foreign.

    Errors: none; a diary that is missing, cannot be read or is no plain file is empty.
    """
    try:
        path = _file(folder)
        if path is None:
            return Diary([], 0)
        with os.fdopen(_opened(path, os.O_RDONLY), "rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - LONGEST_FILE))
            lines = file.read(LONGEST_FILE).splitlines()
    except (OSError, ValueError):
        return Diary([], 0)
    found = [_line(line) for line in lines if line.strip()]
    entries = [one for one in found if isinstance(one, Entry)]
    scores = tuple(one for one in found if isinstance(one, played.Score))
    return Diary(entries, found.count(None), scores)


def _line(line: bytes) -> Entry | played.Move | played.Score | None:
    """Return the answer, the move or the score on a line, or None if it holds none."""
    try:
        found = json.loads(line.decode())
        return played.checked(found) or _entry(found)
    except (ValueError, TypeError, RecursionError):
        return None


def _entry(found: Any) -> Entry | None:
    entry = Entry(**found)
    texts = all(type(value) is str and value.isprintable() for value in entry)
    return entry if texts and IDENTITY.fullmatch(entry.exercise) and entry.outcome else None


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
    """Return the rows as a table that Markdown renders and that is aligned as plain text; a sentence if none."""
    if not rows:
        return "No answers yet."
    lines = [tuple(word.capitalize() for word in Row._fields), *(tuple(map(str, row)) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rule = ":" + "-" * (widths[0] + 1) + "|" + "|".join("-" * (width + 1) + ":" for width in widths[1:])
    set_out = [" | ".join(_padded(line, widths)) for line in lines]
    return "\n".join([f"| {set_out[0]} |", f"|{rule}|", *(f"| {line} |" for line in set_out[1:])])


def _padded(line: Sequence[str], widths: Sequence[int]) -> list[str]:
    """Return the cells of a line in columns: the first to the left, numbers to the right."""
    return [line[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True))]
