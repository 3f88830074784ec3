"""What was handed in, by student: nbgrader's `submitted/`, the zip of Canvas or Moodle, a plain folder.

Of a student with several notebooks all are read, as an assignment may have several: an answer that stands in two of
them is one where it is the same, else it is left to a person (`answers`). Of Canvas's numbered uploads of one file,
`week7-1.ipynb`, `week7-2.ipynb`, the one with the highest number counts. Nothing of a zip is unpacked.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import unicodedata
import zipfile
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from bptt_lab.teaching.platforms import CANVAS, MOODLE

LARGEST = 128 * 2**20  # bytes of a notebook that is read; outputs of 100 MB are passed over
MOST_FILES = 50  # notebooks of one student
MOST_MEMBERS = 200_000  # of a zip
NUMBERED = re.compile(r"(?P<file>.+?)-(?P<number>\d+)\.ipynb")
HANDED_OUT_TO = re.compile(rb'"bptt_lab"\s*:\s*\{[^{}]*"student"\s*:\s*("(?:[^"\\]|\\.){1,200}")')
PASSED_OVER = frozenset(["__MACOSX", ".ipynb_checkpoints", ".git"])
LIMIT = f"{LARGEST // 2**20} MB"


class SubmissionsError(ValueError):
    """A place in which nothing handed in can be found; the message says what was expected."""


class File(NamedTuple):
    """One file: where it lies in words, how it is read, and why it cannot be."""

    path: str
    read: Callable[[], bytes]
    reason: str = ""


@dataclass(frozen=True)
class Submission:
    """What one student handed in; `reason` says why nothing of it can be read."""

    student: str
    files: tuple[File, ...]
    reason: str = ""
    is_of_lms: bool = field(default=False, compare=False)

    @property
    def file(self) -> str:
        """Where it lies, in words."""
        return ", ".join(one.path for one in self.files)

    def read(self) -> tuple[tuple[str, bytes], ...]:
        """Return names and contents (errors: SubmissionsError, in words)."""
        if self.reason:
            raise SubmissionsError(self.reason)
        return tuple((PurePosixPath(one.path).name, one.read()) for one in self.files)


def find(where: Path, assignment: str, others: Collection[str] = ()) -> tuple[list[Submission], list[str]]:
    """Return the submissions in a folder or zip by student, and the files that belong to nobody.

    `others` names the other assignments, whose folders are passed over. Errors: SubmissionsError.
    """
    if not where.exists():
        raise SubmissionsError(f"There is no {where.name}: name the folder or the zip that was handed in.")
    files = _in_folder(where) if where.is_dir() else _in_zip(where)
    found, nobody = defaultdict(list), []
    for path, file in _without_common_folder(list(files), assignment):
        whose = _whose(path, assignment, set(others))
        if whose is None:
            nobody.append(file.path)
        elif whose.name:
            found[whose].append(file)
    if not found:
        raise SubmissionsError(
            f"Nothing handed in was found in {where.name}; expected <student>/{assignment}/x.ipynb, <student>.ipynb, "
            "or a zip of Canvas or Moodle."
        )
    names = Counter(whose.name for whose in found)
    named = {w.name if names[w.name] == 1 else f"{w.name}_{w.user}": (w, files) for w, files in found.items()}
    return [_submission(name, whose, files) for name, (whose, files) in sorted(named.items())], sorted(nobody)


# Whose it is


class Whose(NamedTuple):
    """A student's name, and the number that a learning platform gives to a student."""

    name: str
    user: str = ""


def _whose(parts: tuple[str, ...], assignment: str, others: set[str]) -> Whose | None:
    """Return whose a path is: nobody's, or '' for one of another assignment."""
    for part in parts:
        if found := MOODLE.fullmatch(part):
            return Whose(found["name"].strip(), found["user"])
    if found := CANVAS.fullmatch(parts[-1]):
        return Whose(found["name"], found["user"])
    if len(parts) == 1:
        return Whose(parts[0].removesuffix(".ipynb")) if parts[0].endswith(".ipynb") else None
    if len(parts) > 2 and parts[1] != assignment and parts[1] in others:
        return Whose("")
    return Whose(parts[0])


def _without_common_folder(files: list[tuple[tuple, File]], assignment: str) -> Iterator[tuple[tuple, File]]:
    """Yield files with their paths below a folder that holds all of them and is no student's."""
    heads = {path[0] for path, _ in files if len(path) > 1}
    is_common = len(heads) == 1 and all(len(path) > 1 for path, _ in files)
    cut = is_common and heads & {assignment, "submitted", "submissions"}
    for path, file in files:
        if path[0] == "submitted" and len(path) > 2:
            path = path[1:]
        elif cut:
            path = path[1:]
        yield path, file


def _submission(name: str, whose: Whose, files: list[File]) -> Submission:
    notebooks = _newest([file for file in files if file.path.endswith(".ipynb")])
    is_of_lms = bool(whose.user)
    if not notebooks:
        shown = ", ".join(sorted(PurePosixPath(file.path).name for file in files)[:3])
        return Submission(name, tuple(files[:1]), f"No notebook was handed in, but {shown}.", is_of_lms)
    if len(notebooks) > MOST_FILES:
        return Submission(name, tuple(notebooks[:1]), f"{len(notebooks)} notebooks are too many.", is_of_lms)
    reason = next((f"{PurePosixPath(one.path).name} {one.reason}" for one in notebooks if one.reason), "")
    return Submission(name, tuple(notebooks), reason, is_of_lms)


def _newest(files: list[File]) -> list[File]:
    """Return files without those of which a later upload is there, as Canvas numbers them."""
    newest: dict[str, tuple[int, File]] = {}
    for file in sorted(files, key=lambda one: one.path):
        key, number = _upload(file.path)
        if key not in newest or number >= newest[key][0]:
            newest[key] = number, file
    return [file for _, file in newest.values()]


def _upload(path: str) -> tuple[str, int]:
    """Return what a file is an upload of, and which one: only Canvas's uploads of one file are numbered."""
    canvas = CANVAS.fullmatch(PurePosixPath(path).name)
    if not canvas:
        return path, 0
    numbered = NUMBERED.fullmatch(canvas["file"])
    return (numbered["file"], int(numbered["number"])) if numbered else (canvas["file"].removesuffix(".ipynb"), 0)


def handed_out_to(data: bytes) -> str:
    """Return the student to whom a notebook was handed out, as its metadata say; '' where they do not."""
    found = HANDED_OUT_TO.findall(data[: 2**20]) + HANDED_OUT_TO.findall(data[-(2**20) :])
    try:
        return str(json.loads(found[-1])) if found else ""
    except ValueError:
        return ""


# Folders


def _in_folder(root: Path) -> Iterator[tuple[tuple[str, ...], File]]:
    """Yield path and file of everything in a folder; what is a link out of it cannot be read."""
    top = Path(os.path.realpath(root))
    for folder, folders, names in os.walk(root):  # links to folders are not followed
        folders[:] = sorted(name for name in folders if name not in PASSED_OVER)
        for name in sorted(names):
            if not name.startswith("."):
                path = Path(folder) / name
                parts = tuple(_shown(part) for part in path.relative_to(root).parts)
                yield parts, File("/".join(parts), lambda path=path: _read(path), _trouble(path, top))  # type: ignore[misc]


def _trouble(path: Path, top: Path) -> str:
    """Return why a file is not to be read, '' where it is."""
    try:
        if not Path(os.path.realpath(path)).is_relative_to(top):
            return "is a link out of the folder."
        state = path.stat()
    except OSError as error:
        return f"cannot be read: {error.strerror}."
    if not stat.S_ISREG(state.st_mode):
        return "is no file."
    return f"is larger than {LIMIT}: clear its outputs and hand it in again." if state.st_size > LARGEST else ""


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise SubmissionsError(f"{_shown(path.name)} cannot be read: {error.strerror}.") from error
    return _within(path.name, data)


def _within(name: str, data: bytes) -> bytes:
    if len(data) > LARGEST:
        raise SubmissionsError(f"{_shown(name)} is larger than {LIMIT}: clear its outputs and hand it in again.")
    return data


def _shown(name: str) -> str:
    """Return a file's name as text, in one form of its accents; what is no UTF-8 is told apart by a hash."""
    raw = os.fsencode(name) if any("\ud800" <= letter <= "\udfff" for letter in name) else b""
    if raw:
        stem, dot, kind = raw.decode("utf-8", "replace").rpartition(".")
        mark = f"-{hashlib.sha256(raw).hexdigest()[:6]}"
        name = f"{stem}{mark}{dot}{kind}" if dot else f"{kind}{mark}"
    return unicodedata.normalize("NFC", "".join(one if one.isprintable() else "?" for one in name))


# Zips


def _in_zip(path: Path) -> Iterable[tuple[tuple[str, ...], File]]:
    """Return path and file of everything in a zip (errors: SubmissionsError)."""
    try:
        archive = zipfile.ZipFile(path)
        members = [member for member in archive.infolist() if not member.is_dir()]
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise SubmissionsError(f"{path.name} is neither a folder nor a zip that can be read: {error}.") from error
    if len(members) > MOST_MEMBERS:
        raise SubmissionsError(f"{path.name} holds {len(members)} files, at most {MOST_MEMBERS} are read.")
    found = []
    for member in members:
        parts = tuple(_shown(part) for part in PurePosixPath(_zip_name(member)).parts if part not in ("/", "..", "."))
        if parts and not PASSED_OVER & set(parts) and not parts[-1].startswith("."):
            read = lambda member=member: _read_member(archive, member)
            found.append((parts, File("/".join(parts), read, _member_trouble(member))))
    return found


def _zip_name(member: zipfile.ZipInfo) -> str:
    name = member.filename
    if not member.flag_bits & 0x800:  # no mark of UTF-8: it may be so all the same
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            pass
    return name.replace("\\", "/")


def _member_trouble(member: zipfile.ZipInfo) -> str:
    if stat.S_ISLNK(member.external_attr >> 16):
        return "is a link."
    if member.flag_bits & 0x1:
        return "is locked with a password."
    return f"is larger than {LIMIT}: clear its outputs and hand it in again." if member.file_size > LARGEST else ""


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """Return what a member holds, at most one byte more than is read, whatever it says of its size."""
    try:
        with archive.open(member) as file:
            return _within(member.filename, file.read(LARGEST + 1))
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        if isinstance(error, SubmissionsError):
            raise
        raise SubmissionsError(f"{_shown(member.filename)} cannot be read: the zip is damaged.") from error
    except Exception as error:  # zlib.error and its kind, of each way to compress
        raise SubmissionsError(f"{_shown(member.filename)} cannot be read: the zip is damaged.") from error
