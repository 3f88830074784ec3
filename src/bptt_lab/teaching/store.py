"""Results on disk: `RESULTS/<student>/result.json`, each written whole or not at all, and the list for a person."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from bptt_lab.exercises.outcomes import CANNOT_READ
from bptt_lab.teaching.results import Result, ResultError, read, write
from bptt_lab.teaching.sheets import safe

RESULT, LIST, WHOSE = "result.json", "not-graded.csv", "whose.csv"
HEAD = ("student", "question", "outcome", "reason", "file")
WHOSE_HEAD = ("platform's name", "notebook made for", "file")
LONGEST_NAME = 80


def folder_of(student: str) -> str:
    """Return the name of a student's folder: the student's name, where a folder can bear it."""
    name = re.sub(r'[/\\:*?"<>|\x00-\x1f\x7f]', "_", student.encode("utf-8", "replace").decode()).strip(" .")
    name = name[:LONGEST_NAME]
    if name and name == student and name.split(".")[0].upper() not in ("CON", "NUL", "PRN", "AUX"):
        return name
    return f"{name or 'student'}-{hashlib.sha256(student.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def kept(results: Path, student: str) -> Result | None:
    """Return the result that is there for a student, if it can be read."""
    try:
        return read((results / folder_of(student) / RESULT).read_text(encoding="utf-8"))
    except (OSError, ResultError, UnicodeDecodeError, TypeError, ValueError):
        return None


def keep(results: Path, result: Result) -> None:
    """Write a result, whole or not at all (errors: OSError)."""
    folder = results / folder_of(result.student)
    folder.mkdir(parents=True, exist_ok=True)
    replace_file(folder / RESULT, write(result))


def drop_moved(results: Path, now: Mapping[str, Result]) -> None:
    """Remove earlier results of files that are some other student's now (errors: OSError)."""
    files = {(one.course, one.assignment, one.file) for one in now.values()}
    for path in sorted(results.glob(f"*/{RESULT}")):
        with suppress(ResultError, UnicodeDecodeError):
            old = read(path.read_text(encoding="utf-8"))
            if old.student not in now and (old.course, old.assignment, old.file) in files:
                path.unlink()


def replace_file(path: Path, text: str) -> None:
    """Write a file so that nobody ever finds half of it (errors: OSError)."""
    number, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(number, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise


def listed(results: Iterable[Result]) -> list[tuple[str, ...]]:
    """Return a row for each answer that a person has to look at, and one for each file that cannot be read."""
    rows: list[tuple[str, ...]] = []
    for one in results:
        if one.reason:
            rows.append((one.student, "", "not readable", one.reason, one.file))
            continue
        seen = [answer for answer in one.answers if not answer.is_graded or answer.outcome == CANNOT_READ]
        rows += [(one.student, answer.question, answer.outcome, answer.reason, one.file) for answer in seen]
    return rows


def write_list(results: Path, rows: Iterable[tuple[str, ...]]) -> Path:
    """Write the list of what was not graded, and return where it is (errors: OSError)."""
    return _table(results / LIST, HEAD, rows)


def write_whose(results: Path, rows: Iterable[tuple[str, ...]]) -> Path:
    """Write whom a platform names beside whom a notebook was made for, and return where it is (errors: OSError)."""
    return _table(results / WHOSE, WHOSE_HEAD, rows)


def _table(path: Path, head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Path:
    text = io.StringIO(newline="")
    table = csv.writer(text, lineterminator="\n")
    table.writerow(head)
    table.writerows([safe(cell) for cell in row] for row in rows)
    replace_file(path, text.getvalue())
    return path
