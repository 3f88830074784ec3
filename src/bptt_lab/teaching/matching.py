"""Whose line in a learning platform's table a submission belongs to."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from bptt_lab.teaching.platforms import file_number
from bptt_lab.teaching.results import Result

# letters whose strokes are no accents for Unicode
PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"})


class Person(NamedTuple):
    """One line of the table: its number, the ids, logins and addresses in it, and the full name."""

    row: int
    number: str
    logins: tuple[str, ...]
    name: str


class Matches(NamedTuple):
    """Which line is whose: results by line; those without a line; those of whom several lines or files could be.

    `claimed` are the lines that these might be.
    """

    rows: Mapping[int, Result]
    unknown: tuple[Result, ...]
    ambiguous: tuple[tuple[Result, str], ...]
    claimed: frozenset[int] = frozenset()


def fold(name: str) -> str:
    """Return a name in small letters without accents, only letters, digits and single spaces."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFC", name).casefold().translate(PLAIN))
    return " ".join(re.findall(r"[^\W_]+", "".join(sign for sign in plain if not unicodedata.combining(sign))))


def words(name: str) -> tuple[str, ...]:
    """Return the words of a name in alphabetical order: 'Müller, Anna' and 'anna muller' have the same."""
    return tuple(sorted(fold(name).split()))


def match(results: Sequence[Result], people: Sequence[Person]) -> Matches:
    """Return whose line is whose, by the strongest sign that fits any: number, login or address, full name.

    A sign that fits several lines, and a line that several submissions claim, decide nothing.
    """
    rows: dict[int, list[Result]] = {}
    unknown, ambiguous, claimed = [], [], set()
    for result in results:
        could = found(result.student, result.file, people)
        if len(could) == 1 and (other := _another(result, could[0], people)):
            claimed.add(could[0].row)
            ambiguous.append((result, f"by number it is {_listed(could)}, by name {_listed(other)}"))
        elif len(could) == 1:
            rows.setdefault(could[0].row, []).append(result)
        elif could:
            claimed |= {one.row for one in could}
            ambiguous.append((result, f"{len(could)} rows could be theirs: {_listed(could)}"))
        else:
            unknown.append(result)
    for row, claims in rows.items():
        if len(claims) > 1:
            claimed.add(row)
            files = ", ".join(one.file or one.student for one in claims)
            ambiguous += [(one, f"row {row + 1} is claimed by {len(claims)} submissions: {files}") for one in claims]
    single = {row: claims[0] for row, claims in rows.items() if len(claims) == 1}
    return Matches(single, tuple(unknown), tuple(ambiguous), frozenset(claimed))


def _listed(people: Iterable[Person]) -> str:
    return ", ".join(f"row {one.row + 1} ({one.name or one.number})" for one in people)


def _another(result: Result, person: Person, people: Sequence[Person]) -> list[Person]:
    """Return the lines that the student's name fits, where none of them is the one that the file's number names."""
    named = found(result.student, "", people)
    return [] if person in named else named


def found(student: str, file: str, people: Sequence[Person]) -> list[Person]:
    """Return the lines that the strongest sign fits: the number in a file's name, login or address, full name."""
    number, student = file_number(file), student.strip().casefold()
    joined = fold(student).replace(" ", "")
    signs: list[Callable[[Person], bool]] = [
        lambda one: number != "" and one.number == number,
        lambda one: student != "" and student in (one.number, *map(str.casefold, one.logins)),
        lambda one: (
            student != "" and student in (login.casefold().split("@")[0] for login in one.logins if "@" in login)
        ),
        lambda one: words(student) != () and words(one.name) == words(student),
        lambda one: joined != "" and joined in _joined(one.name),
    ]
    return next((could for sign in signs if (could := [one for one in people if sign(one)])), [])


def _joined(name: str) -> tuple[str, ...]:
    """Return a name as Canvas writes it in a file's name: mulleranna, for 'Müller, Anna'; and the other way round."""
    last, _, first = name.partition(",")
    return tuple(fold(one).replace(" ", "") for one in (name, f"{first} {last}"))


def twice(people: Sequence[Person]) -> list[str]:
    """Return the names that several lines have."""
    counts = Counter(words(one.name) for one in people if one.name)
    return [one.name for one in people if counts[words(one.name)] > 1]
