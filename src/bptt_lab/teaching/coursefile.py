"""COURSE.toml: which questions are assigned, for how many points; and each student's own instance of them."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from bptt_lab.exercises.question import Question, QuestionError
from bptt_lab.exercises.questions import course_questions, read_questions
from bptt_lab.formulas.errors import nearest
from bptt_lab.teaching import variants


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
    """Questions handed out together, with the notebooks that go with them."""

    name: str
    entries: tuple[Entry, ...]
    title: str = ""
    notebooks: tuple[str, ...] = ()
    varied: bool = True


@dataclass(frozen=True)
class Course:
    """A course: its assignments by name, the questions they name, and the secret from which instances are made."""

    name: str
    assignments: Mapping[str, Assignment]
    questions: Mapping[str, Question]
    secret: bytes
    title: str = ""

    def questions_for(self, assignment: str, student: str) -> dict[str, Question]:
        """Return the questions of an assignment as this student has them, by id."""
        one = self.assignments[assignment]
        chosen = {entry.question: self.questions[entry.question] for entry in one.entries}
        if not one.varied:
            return chosen
        return {name: variants.vary(question, self.secret, student) for name, question in chosen.items()}


def load(path: Path) -> Course:
    """Return the course that a file describes (errors: CourseError, QuestionError of a question's file)."""
    path = Path(path)
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CourseError(f"{path.name} cannot be read: {error}.") from error
    head = data.get("course", {})
    questions = dict(course_questions())
    for name in head.get("questions", []):
        questions |= read_questions((path.parent / name).read_text(encoding="utf-8"))
    assignments = [_assignment(one, questions) for one in data.get("assignment", [])]
    secret = (path.parent / head.get("secret", "course.secret")).read_bytes()
    found = {one.name: one for one in assignments}
    return Course(head["name"], found, questions, secret, head.get("title", ""))


def _assignment(data: Mapping, questions: Mapping[str, Question]) -> Assignment:
    entries = tuple(Entry(**one) for one in data["question"])
    for one in entries:
        if one.question not in questions:
            raise CourseError(f"There is no question {one.question!r}." + nearest(one.question, questions))
    rest = {key: value for key, value in data.items() if key in {one.name for one in fields(Assignment)}}
    return Assignment(**{**rest, "entries": entries, "notebooks": tuple(data.get("notebooks", ()))})


def fingerprint(question: Question) -> str:
    """Return the hash of a question as it is asked and judged."""
    text = json.dumps(asdict(question), sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


__all__ = ["Assignment", "Course", "CourseError", "Entry", "QuestionError", "fingerprint", "load"]
