"""students.csv: by which name each student's notebook is made, and by what a learning platform knows the student."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from bptt_lab.teaching.matching import Person, found
from bptt_lab.teaching.platforms import file_number

STUDENT = ("student", "id", "username", "name")  # the first of these columns that is there names the notebooks
NUMBERS = ("number", "id", "canvas id", "moodle id", "user id", "identifier")
LOGINS = ("login", "username", "email", "email address", "sis user id", "sis login id", "id number", "integration id")
NAMES = ("name", "full name")
FIRST, LAST = ("first name",), ("last name", "surname")
EXPECTED = "a line of heads, student and also name, login, email, number, and below it a student a line"


class RosterError(ValueError):
    """A table of students that cannot be used; the message says why and what is expected."""


@dataclass(frozen=True)
class Roster:
    """The students of a class in the order of the table; `people` says of row k by what student k is known."""

    students: tuple[str, ...]
    names: Mapping[str, str]
    people: tuple[Person, ...]

    def name_of(self, student: str) -> str:
        """Return a student's full name; '' where the table has none, or no other than the one it is known by."""
        name = self.names.get(student.casefold(), "")
        return "" if name.casefold() == student.casefold() else name

    def who(self, name: str, file: str) -> list[str]:
        """Return the students who a platform's name, and the number in the file's name, could be."""
        rows = {one.row for one in found(name, file, self.people)}
        return [self.students[row] for row in sorted(rows)]

    def mismatch(self, owner: str, name: str, file: str) -> str:
        """Return why a notebook made for `owner` may not be of whom the platform names; '' where it is."""
        could = self.who(name, file)
        if [one.casefold() for one in could] == [owner.casefold()]:
            return ""
        number = file_number(file)
        handed = (
            f"The notebook was made for {owner}, and {name}{f' (number {number})' if number else ''} handed it in, "
        )
        if not could:
            return f"{handed}who is in no row of the table of students: add the name or number, or look who wrote it."
        return f"{handed}who is {' or '.join(could)} by the table of students: look who wrote it."


class Line(NamedTuple):
    """A student's line: its number in the file, by which name the notebook is made, and all cells by their heads."""

    number: int
    student: str
    cells: Mapping[str, str]


def table(path: Path) -> list[Line]:
    """Return the lines of a table that name a student, the same for `assign` and `grade` (errors: RosterError).

    Where no column is one of `STUDENT`, the first one names students, from the first line on.
    """
    try:
        rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RosterError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from None
    heads = [head.strip().casefold() for head in rows[0]] if rows else []
    own, first = next((head for head in STUDENT if head in heads), ""), 2
    if not own:
        heads, own, first = ["student", *heads[1:]], "student", 1
    cells = [dict(zip(heads, map(str.strip, row), strict=False)) for row in rows[first - 1 :]]
    lines = [Line(number, one.get(own, ""), one) for number, one in enumerate(cells, start=first)]
    if not any(line.student for line in lines):
        raise RosterError(f"{path.name} names nobody; expected is {EXPECTED}.")
    return [line for line in lines if line.student]


def read(path: Path) -> Roster:
    """Return the table of a file (errors: RosterError)."""
    found = table(path)
    lines, students = [line.cells for line in found], tuple(line.student for line in found)
    if len({one.casefold() for one in students}) < len(students):
        raise RosterError(f"{path.name} names a student twice; expected is {EXPECTED}.")
    full = [_full_name(line) for line in lines]
    people = [one for k, line in enumerate(lines) for one in _people(k, students[k], full[k], line)]
    return Roster(students, {one.casefold(): name for one, name in zip(students, full, strict=True)}, tuple(people))


def _values(line: Mapping[str, str], heads: Sequence[str]) -> list[str]:
    return [line[head] for head in heads if line.get(head)]


def _full_name(line: Mapping[str, str]) -> str:
    both = " ".join([*_values(line, FIRST)[:1], *_values(line, LAST)[:1]])
    return next(iter(_values(line, NAMES)), both)


def _people(row: int, student: str, name: str, line: Mapping[str, str]) -> Iterator[Person]:
    """Yield a row for each number and each way to part a name: a platform has one number, and writes the last first."""
    logins = (student, *_values(line, LOGINS))
    numbers = [one.removeprefix("Participant ") for one in _values(line, NUMBERS)] or [""]
    parts = (name or student).split()
    parted = [f"{' '.join(parts[k:])}, {' '.join(parts[:k])}" for k in range(1, len(parts))]
    for number in numbers:
        yield from (Person(row, number, logins, one) for one in (name or student, *parted))
