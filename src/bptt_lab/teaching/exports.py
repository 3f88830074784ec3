"""Points for a learning platform: its own export file with one column filled, or a plain table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from bptt_lab.exercises.outcomes import CANNOT_READ
from bptt_lab.teaching import sheets, summary
from bptt_lab.teaching.gathered import Gathered
from bptt_lab.teaching.matching import Matches, Person, fold, match
from bptt_lab.teaching.results import Result
from bptt_lab.teaching.sheets import Sheet

CANVAS_LOGINS = ("SIS User ID", "SIS Login ID", "Integration ID")
MOODLE_LOGINS = ("ID number", "Email address", "Username")
TITLE_ID = re.compile(r"\s*\(\d+\)$")


class ExportError(ValueError):
    """An export that cannot be made; the message says what is missing and what there is."""


class Filling(NamedTuple):
    """What is written: `partial`, also points of who was not graded whole; `overwrite`, also over another grade."""

    partial: bool = False
    overwrite: bool = False


AS_EVER = Filling()


class Export(NamedTuple):
    """A file to be handed to the platform, how many lines were filled, and all that a person must know of it."""

    data: bytes
    filled: int
    notes: tuple[str, ...]


def chosen(
    gathered: Gathered, assignment: str | None, titles: Mapping[str, str] = MappingProxyType({})
) -> tuple[str, tuple[Result, ...]]:
    """Return the name and the results of one assignment, the only one where none is named (errors: ExportError).

    It may be named by its title, too, where `titles` has the titles by name.
    """
    names = list(dict.fromkeys(name for _, name in gathered.assignments))
    if assignment is None and len(names) != 1:
        raise ExportError(
            f"the results are of {len(names)} assignments; choose one by --assignment: {', '.join(names)}"
        )
    entitled = [name for name in names if titles.get(name) and titles[name] == assignment]
    name = names[0] if assignment is None else entitled[0] if assignment not in names and entitled else assignment
    if name not in names:
        raise ExportError(f"there are no results of {name!r}. There are: {', '.join(names)}")
    return name, tuple(one for one in gathered.results if one.assignment == name)


def canvas(
    data: bytes, results: Sequence[Result], titles: Sequence[str], column: str | None, how: Filling = AS_EVER
) -> Export:
    """Return Canvas's gradebook with the column of an assignment filled (errors: ExportError, SheetError).

    `titles` are the assignment's name and title; the first that a column has is taken, unless `column` names one.
    """
    sheet = sheets.read(data)
    place = _columns(sheet, ("Student", "ID"), "Canvas's gradebook: Grades, Export, Entire Gradebook")
    logins = [place[name] for name in CANVAS_LOGINS if name in place]
    first = next((k for k in range(1, len(sheet.rows)) if _is_points_possible(sheet, k, place)), 0) + 1
    people = [
        Person(k, sheet.value(k, place["ID"]), _values(sheet, k, logins), sheet.value(k, place["Student"]))
        for k in range(first, len(sheet.rows))
        if sheet.value(k, place["ID"]) or sheet.value(k, place["Student"])
    ]
    target = _column(sheet, [column] if column else titles, by_title=column is None)
    possible = sheet.value(first - 1, target) if first > 1 else ""
    return _filled(sheet, target, match(results, people), people, how, possible)


def moodle(
    data: bytes, results: Sequence[Result], titles: Sequence[str], column: str | None, how: Filling = AS_EVER
) -> Export:
    """Return Moodle's grading worksheet with its grades filled (errors: ExportError, SheetError)."""
    sheet = sheets.read(data)
    place = _columns(sheet, ("Identifier",), "Moodle's grading worksheet, in English: the assignment, its submissions, "
                     "Download grading worksheet")  # fmt: skip
    logins = [place[name] for name in MOODLE_LOGINS if name in place]
    names = [place[name] for name in ("Full name", "First name", "Last name", "Surname") if name in place]
    people = [
        Person(k, _digits(number), _values(sheet, k, logins), " ".join(_values(sheet, k, names)))
        for k in range(1, len(sheet.rows))
        if (number := sheet.value(k, place["Identifier"]))
    ]
    target = _column(sheet, [column or "Grade"], by_title=False)
    most = place.get("Maximum Grade")
    possible = sheet.value(people[0].row, most) if people and most is not None else ""
    return _filled(sheet, target, match(results, people), people, how, possible)


def _digits(identifier: str) -> str:
    """Return the number in 'Participant 20311'."""
    found = re.search(r"\d+", identifier)
    return found[0] if found else identifier


def _is_points_possible(sheet: Sheet, row: int, place: dict[str, int]) -> bool:
    return sheet.value(row, place["Student"]) == "Points Possible" and not sheet.value(row, place["ID"])


def _values(sheet: Sheet, row: int, columns: Sequence[int]) -> tuple[str, ...]:
    return tuple(value for column in columns if (value := sheet.value(row, column)))


def _columns(sheet: Sheet, needed: Sequence[str], what: str) -> dict[str, int]:
    """Return where each column is, the first of a name (errors: ExportError where one is missing)."""
    place: dict[str, int] = {}
    for k, name in enumerate(sheet.head):
        place.setdefault(name, k)
    missing = [name for name in needed if name not in place]
    if missing:
        heads = ", ".join(sheet.head[:8])
        raise ExportError(f"the file has no column {', '.join(missing)}: it begins with {heads}. Wanted is {what}.")
    return place


def _column(sheet: Sheet, titles: Sequence[str], by_title: bool) -> int:
    """Return the column to be filled: of one of these names, or titles before Canvas's number (errors: ExportError)."""
    names, called = sheet.head, {fold(one) for one in titles if fold(one)}
    exact = [k for k, one in enumerate(names) if one in titles]
    titled = [k for k, one in enumerate(names) if TITLE_ID.search(one) and fold(TITLE_ID.sub("", one)) in called]
    found = titled if by_title else exact or titled
    if len(found) == 1:
        return found[0]
    there = [one for one in names if TITLE_ID.search(one)] or names
    name = " or ".join(repr(one) for one in dict.fromkeys(titles) if one)
    several = f"{len(found)} columns are called {name}" if found else f"no column is called {name}"
    raise ExportError(f"{several}; choose one by --column. There are: {', '.join(there)}")


def _filled(
    sheet: Sheet, column: int, matches: Matches, people: Sequence[Person], how: Filling, possible: str
) -> Export:
    comma = _has_comma(sheet, column, possible)
    values, left = {}, []
    for row, result in sorted(matches.rows.items()):
        if result.reason or not result.answers or (result.not_graded and not how.partial):
            left.append((row, result))
        else:
            there = sheet.value(row, column)
            values[row] = there if _number(there) == result.points else _written(result, comma)
    other = [row for row in values if sheet.value(row, column) not in ("", "-", values[row])]
    ours = {row: values[row] for row in other}
    written = {row: value for row, value in values.items() if how.overwrite or row not in ours}
    notes = [
        *_of_other_grades([sheet.value(row, column) for row in ours], [matches.rows[row] for row in ours], how),
        *_of_points([matches.rows[row] for row in written], possible),
        *(f"not graded, left as it was: {_named(result)} (row {row + 1}): {_why(result)}" for row, result in left),
        *(f"filled without what was not graded: {_named(matches.rows[row])}: {_why(matches.rows[row])}"
          for row in written if matches.rows[row].not_graded),
        *(f"filled with 0 for what could not be read, have a look: {_named(matches.rows[row])}: {unread}"
          for row in written if (unread := _unread(matches.rows[row]))),
        *(f"{'had' if how.overwrite else 'kept'} another grade: row {row + 1}, {matches.rows[row].student}: "
          f"{sheet.value(row, column)}, {'now' if how.overwrite else 'here'} {ours[row]}" for row in ours),
        *(f"in no line of the file: {_named(one)}, {_points_of(one)}" for one in matches.unknown),
        *(f"not filled, because it is not clear whose: {_named(one)}, {_points_of(one)}: {why}"
          for one, why in matches.ambiguous),
        *(f"in the file, nothing handed in: row {one.row + 1}, {one.name or one.number}"
          for one in people if one.row not in matches.rows and one.row not in matches.claimed),
    ]  # fmt: skip
    new = {row: value for row, value in written.items() if value != sheet.value(row, column)}
    return Export(sheet.filled(column, new).bytes(), len(written), tuple(notes))


def _of_other_grades(there: Sequence[str], ours: Sequence[Result], how: Filling) -> list[str]:
    """Return a sentence that says how many grades, and points, are or would be written over."""
    if not there:
        return []
    before = summary.number(sum(_number(one) or 0 for one in there))
    points = f"{before} points there, {summary.number(sum(one.points for one in ours))} in these results"
    grades = f"{len(there)} row{'s hold' if len(there) > 1 else ' holds'} another grade"
    return [f"{grades}, {points}: " + ("written over" if how.overwrite else "kept; --overwrite writes ours")]


def _unread(result: Result) -> str:
    found = [one for one in result.answers if one.outcome == CANNOT_READ]
    return "; ".join(f"{one.question}: {summary.first_line(one.reason or one.cause)}" for one in found)


def _named(result: Result) -> str:
    return f"{result.student} ({result.file})" if result.file else result.student


def _points_of(result: Result) -> str:
    if result.reason or not result.answers:
        return "not graded"
    return f"{summary.number(result.points)} of {summary.number(result.of)} points"


def _why(result: Result) -> str:
    found = [f"{one.question}: {one.reason or one.cause or 'no reason was kept'}" for one in result.not_graded]
    return summary.first_line(result.reason) or "; ".join(map(summary.first_line, found)) or "nothing was found in it"


def _written(result: Result, comma: bool) -> str:
    text = summary.number(result.points)
    return text.replace(".", ",") if comma else text


def _number(text: str) -> float | None:
    """Return what a platform's number says, with a point or a comma; None where it is none."""
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None


def _has_comma(sheet: Sheet, column: int, possible: str) -> bool:
    """Return whether the platform writes 7,5 for seven and a half: as its own numbers show."""
    there = [possible, *(sheet.value(row, column) for row in range(1, len(sheet.rows)))]
    return any(re.fullmatch(r"\d+,\d+", value) for value in there)


def _of_points(results: Sequence[Result], possible: str) -> list[str]:
    """Return a sentence where the platform's highest grade is another than that of the results."""
    most = _number(possible)
    ours = sorted({one.of for one in results if one.of != most})
    if most is None or not ours:
        return []
    of = ", ".join(map(summary.number, ours))
    highest = f"the platform's highest grade is {summary.number(most)}"
    return [f"{highest}, these results are of {of}: points are written as they are"]


def plain(results: Sequence[Result]) -> Export:
    """Return a table of all points, a line a submission; empty is what was not graded."""
    asked = summary.questions(results)
    head = ["student", "course", "assignment", "points", "of", "not graded", "why", "file", *asked]
    rows = [_line(one, asked) for one in results]
    left = [f"not graded, or not all: {_named(one)}: {_why(one)}" for one in results if not summary.is_graded(one)]
    zeros = [
        f"0 for what could not be read, have a look: {_named(one)}: {_unread(one)}" for one in results if _unread(one)
    ]
    return Export(sheets.table([head, *rows]), len(rows) - len(left), (*left, *zeros))


def _line(result: Result, asked: Sequence[str]) -> list[str]:
    whole = summary.is_graded(result)
    answers = {one.question: one for one in result.answers}
    each = [summary.number(answers[key].points) if key in answers and answers[key].is_graded else "" for key in asked]
    points = summary.number(result.points) if whole else ""
    open_ones = " ".join(one.question for one in result.not_graded) or ("" if whole else "all")
    why = "" if whole else _why(result)
    of = summary.number(result.of) if result.answers else ""
    return [result.student, result.course, result.assignment, points, of, open_ones, why, result.file, *each]
