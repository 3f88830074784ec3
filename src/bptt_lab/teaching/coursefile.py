"""COURSE.toml: which questions are assigned, for how many points; and each student's own instance of them."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bptt_lab.exercises.question import Question, QuestionError
from bptt_lab.exercises.questions import course_questions, outside_of_the_course, read_questions
from bptt_lab.exercises.questions.keys import is_number
from bptt_lab.formulas.errors import nearest
from bptt_lab.teaching import variants
from bptt_lab.teaching.handed_out import grade_id

SECRET = "course.secret"
INSTANCES = ".instances.json"  # beside the course file: which changes of a question have been proved
SHORTEST_SECRET = 16  # bytes
MOST_ATTEMPTS = 20
NAME = re.compile(r"\w[\w.-]{0,58}\w|\w", re.ASCII)  # of a course or an assignment: it names folders and cells
KEYS = {
    "": ("course", "assignment"),
    "course": ("name", "title", "questions", "secret"),
    "assignment": ("name", "title", "notebooks", "varied", "question"),
    "question": ("question", "points", "attempts"),
}


class CourseError(ValueError):
    """A course file that cannot be used; the message says which line is wrong and how to mend it."""


@dataclass(frozen=True)
class Entry:
    """A question in an assignment, for so many points; of several answers in its cell the first `attempts` count."""

    question: str
    points: float = 1.0
    attempts: int = 1


@dataclass(frozen=True)
class Assignment:
    """Questions handed out together, with the notebooks that go with them.

    `varied`: each student has instances of their own; otherwise all have the questions as they stand.
    """

    name: str
    entries: tuple[Entry, ...]
    title: str = ""
    notebooks: tuple[str, ...] = ()
    varied: bool = False


@dataclass(frozen=True)
class Course:
    """A course: its assignments by name, the questions they name, and the secret from which instances are made.

    `proved` holds which change of a question has been found sound before, so that nothing is proved twice.
    """

    name: str
    assignments: Mapping[str, Assignment]
    questions: Mapping[str, Question]
    secret: bytes = field(repr=False)
    title: str = ""
    proved: Mapping[str, int] = field(default_factory=dict, repr=False)

    def questions_for(self, assignment: str, student: str) -> dict[str, Question]:
        """Return the questions of an assignment as this student has them, by id."""
        one = self.assignments[assignment]
        chosen = {entry.question: self.questions[entry.question] for entry in one.entries}
        if not one.varied:
            return chosen
        return {name: variants.vary(question, self.secret, student, self.proved) for name, question in chosen.items()}


def load(path: Path) -> Course:
    """Return the course that a file describes (errors: CourseError, QuestionError of a question's file)."""
    path = Path(path)
    data = _data(path)
    _keys(data, "", path.name)
    head = _table(data, "course", f'{path.name}: write [course] and below it  name = "my-course"')
    _keys(head, "course", f"{path.name}, [course]")
    name = _name(head, f"{path.name}, [course]", "my-course")
    questions = {**course_questions(), **_own_questions(path, _texts(head, "questions", f"{path.name}, [course]"))}
    assignments = [_assignment(one, questions, where) for where, one in _assignments(path, data)]
    _once((one.name for one in assignments), f"{path.name}: two assignments are called")
    title, secret = _text(head, "title", path.name), _secret(path.parent / (_text(head, "secret", path.name) or SECRET))
    return Course(name, {one.name: one for one in assignments}, questions, secret, title, _proved(path))


def _data(path: Path) -> dict:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise CourseError(
            f"There is no file {path}: `bptt-lab assign --new {path}` writes one to begin with."
        ) from None
    except UnicodeDecodeError:
        raise CourseError(f"{path.name} is no text in UTF-8: save it as such.") from None
    except (OSError, tomllib.TOMLDecodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise CourseError(f"{path.name} cannot be read: {why}.") from error


def _keys(data: Mapping, level: str, where: str) -> None:
    for key in data:
        if key not in KEYS[level]:
            hint = nearest(key, KEYS[level]) or f" There are {', '.join(KEYS[level])}."
            raise CourseError(f"{where}: there is no key {key!r}.{hint}")


def _table(data: Mapping, key: str, missing: str) -> Mapping:
    if isinstance(data.get(key), list):
        raise CourseError(f"[[{key}]] stands in two brackets; there is one only: write [{key}].")
    if not isinstance(data.get(key), Mapping):
        raise CourseError(missing)
    return data[key]


def _name(data: Mapping, where: str, example: str) -> str:
    name = data.get("name")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        given = "name is missing" if name is None else f"name is {name!r}"
        raise CourseError(f"{where}: {given}; it is one word of letters, digits, dots and dashes, since folders have "
                          f'it. Write for example:  name = "{example}"')  # fmt: skip
    return name


def _text(data: Mapping, key: str, where: str) -> str:
    if not isinstance(data.get(key, ""), str):
        raise CourseError(f"{where}: {key} is {data[key]!r}; expected a text in quotes.")
    return data.get(key, "")


def _texts(data: Mapping, key: str, where: str) -> list[str]:
    found = data.get(key, [])
    if isinstance(found, str) or not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise CourseError(f'{where}: {key} is {found!r}; expected a list of texts. Write for example:  {key} = ["…"]')
    return found


def _own_questions(path: Path, names: Iterable[str]) -> dict[str, Question]:
    """Return the questions of the files that a course names; an id of the course's, or of two files, is refused."""
    found: dict[str, Question] = {}
    for name in names:
        file = path.parent / name
        try:
            text = file.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "it is no text in UTF-8"
            raise CourseError(f"{path.name}, [course], questions: {name} cannot be read: {why}.") from None
        try:
            own = read_questions(text)
            outside_of_the_course(own)
        except QuestionError as error:
            raise QuestionError(f"{name}: {error}") from error
        if twice := sorted(set(own) & set(found)):
            raise CourseError(f"{name}: the id {twice[0]!r} is used in another file already: give it another one.")
        found |= own
    return found


def _assignments(path: Path, data: Mapping) -> list[tuple[str, Mapping]]:
    """Return each assignment's table with the words that say where it stands."""
    tables = data.get("assignment")
    if isinstance(tables, Mapping):
        raise CourseError(f"{path.name}: [assignment] is one table; write [[assignment]], in two brackets, above each.")
    if not isinstance(tables, list) or not tables or not all(isinstance(one, Mapping) for one in tables):
        raise CourseError(f'{path.name}: there is no assignment. Write [[assignment]] and below it  name = "week-1"')
    named = [one.get("name") for one in tables]
    return [
        (f"{path.name}, assignment {repr(name) if isinstance(name, str) else f'number {k}'}", one)
        for k, (name, one) in enumerate(zip(named, tables, strict=True), start=1)
    ]


def _assignment(data: Mapping, questions: Mapping[str, Question], where: str) -> Assignment:
    _keys(data, "assignment", where)
    name, rows = _name(data, where, "week-1"), data.get("question", [])
    if isinstance(rows, (str, Mapping)):
        rows = [rows]
    if not isinstance(rows, list) or not rows:
        raise CourseError(f'{where}: it has no questions. Write for example:  question = ["07.1", "07.2"]')
    entries = tuple(_entry(one, questions, where) for one in rows)
    _once((one.question for one in entries), f"{where}: it asks twice for")
    cells: dict[str, str] = {}
    for one in entries:
        other = cells.setdefault(grade_id(one.question, "answer").casefold(), one.question)
        if other != one.question:
            raise CourseError(f"{where}: {other} and {one.question} would be one cell to nbgrader: rename one of them.")
    varied = data.get("varied", False)
    if not isinstance(varied, bool):
        raise CourseError(f"{where}: varied is {varied!r}; write  varied = true  or  varied = false")
    books = tuple(_notebook(one, where) for one in _texts(data, "notebooks", where))
    return Assignment(name, entries, _text(data, "title", where), books, varied)


def _entry(row: object, questions: Mapping[str, Question], where: str) -> Entry:
    """Return a question of an assignment, written as its id alone or as a table."""
    data = {"question": row} if isinstance(row, str) else row
    if not isinstance(data, Mapping) or not isinstance(data.get("question"), str):
        raise CourseError(
            f'{where}: {row!r} names no question. Write for example:  {{ question = "07.2", points = 2 }}'
        )
    name = data["question"]
    _keys(data, "question", f"{where}, question {name!r}")
    if name not in questions:
        own = "" if nearest(name, questions) else " Your own stand in a file that [course], questions names."
        raise CourseError(f"{where}: there is no question {name!r}.{nearest(name, questions)}{own}")
    question = questions[name]
    points, attempts = data.get("points", question.points), data.get("attempts", question.attempts)
    if not is_number(points) or points <= 0:
        raise CourseError(
            f"{where}, question {name!r}: points are {points!r}; expected a number above 0, as in  points = 2"
        )
    if isinstance(attempts, bool) or not isinstance(attempts, int) or not 1 <= attempts <= MOST_ATTEMPTS:
        most = f"expected a whole number from 1 to {MOST_ATTEMPTS}, as in  attempts = 2"
        raise CourseError(f"{where}, question {name!r}: attempts are {attempts!r}; {most}")
    return Entry(name, float(points), attempts)


def _notebook(name: str, where: str) -> str:
    """Return the file name of a notebook of the course, given by its number or its name."""
    from bptt_lab import workbook

    known = sorted(path.name for path in workbook.stored_folder().glob("*.ipynb"))
    for file in known:
        if name in (file, file.removesuffix(".ipynb"), file[:2]):
            return file
    hint = nearest(name, known) or f" There are {known[0][:2]} to {known[-1][:2]}."
    raise CourseError(f'{where}: there is no notebook {name!r}.{hint} Write for example:  notebooks = ["07"]')


def _once(names: Iterable[str], words: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name.casefold() in seen:  # some file systems tell no A from a
            raise CourseError(f"{words} {name!r}: give each its own name, once.")
        seen.add(name.casefold())


def _secret(path: Path) -> bytes:
    """Return the bytes from which instances are drawn (errors: CourseError)."""
    mend = f'Make one with:  python -c "import secrets; print(secrets.token_hex(32))" > {path.name}'
    try:
        found = path.read_bytes().strip()
    except OSError as error:
        raise CourseError(f"The secret {path.name} cannot be read: {error.strerror}. {mend}") from None
    if len(found) < SHORTEST_SECRET:
        raise CourseError(
            f"The secret {path.name} has {len(found)} bytes; {SHORTEST_SECRET} at least are needed. {mend}"
        )
    return found


def _proved(path: Path) -> dict[str, int]:
    """Return what has been proved before; {} where nothing has, or where that cannot be read."""
    try:
        found = json.loads(instances_file(path).read_text(encoding="utf-8"))
        return {key: step for key, step in found.items() if isinstance(step, int)}
    except (OSError, ValueError, AttributeError):
        return {}


def instances_file(path: Path) -> Path:
    """Return the file in which it is kept which changes of questions have been proved."""
    return path.with_name(path.stem + INSTANCES)


def fingerprint(question: Question) -> str:
    """Return the hash of a question as it is asked and judged."""
    text = json.dumps(asdict(question), sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


__all__ = ["Assignment", "Course", "CourseError", "Entry", "QuestionError", "fingerprint", "instances_file", "load"]
