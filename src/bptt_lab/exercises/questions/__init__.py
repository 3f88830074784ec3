"""Questions as tables of TOML: how they are read, and all those of the course, which stand beside this file."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from importlib import resources
from typing import Any

from bptt_lab.exercises.kinds import KINDS, Kind
from bptt_lab.exercises.question import Question, QuestionError
from bptt_lab.exercises.questions import keys
from bptt_lab.formulas.errors import nearest

FOLDER = resources.files("bptt_lab.exercises") / "questions"


def make(data: Mapping[str, Any], kinds: Mapping[str, Kind] = KINDS) -> Question:
    """Return a question from a table of TOML (errors: QuestionError naming the key and the line that mends it)."""
    name = str(data.get("id", "a question without id"))[:60]
    known = {one.name for one in fields(Question)}
    for key in data:
        if key not in known:
            raise QuestionError(f"{name}: there is no key {key!r}." + nearest(str(key), known))
    kind: Any = data.get("kind")
    if kind not in kinds:
        raise QuestionError(f"{name}: the kind is {kind!r}; expected one of {', '.join(kinds)}.")
    missing = [key for key in ("id", "task", *kinds[kind].needs) if key not in data]
    if missing:
        lines = "".join(f"\n    {line}" for line in map(keys.mend, missing) if line)
        raise QuestionError(
            f"{name}: {', '.join(missing)} is missing; a question of kind {kind!r} needs it. Write for example:{lines}"
        )
    if not keys.KEYS["id"].type.holds(data["id"]):
        mended = "such as mine.1 or week-2.gradient: letters, digits, dots and dashes, at most 48"
        raise QuestionError(f"{name}: an id is one word, {mended}.")
    if wrong := keys.trouble(data):
        raise QuestionError(f"{name}: {wrong}")
    if len(data.get("hints", ())) not in (0, 3):
        raise QuestionError(f"{name}: a question has three hints, the last one names the rule; or none at all.")
    return Question(**{key: _frozen(value) for key, value in data.items()})


def _frozen(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(value)
    if isinstance(value, dict):
        return {key: _frozen(one) for key, one in value.items()}
    return value


def read_questions(text: str, kinds: Mapping[str, Kind] = KINDS) -> dict[str, Question]:
    """Return the questions of a TOML text by id (errors: QuestionError)."""
    found: dict[str, Question] = {}
    for table in tables_of(text):
        question = make(table, kinds)
        if question.id in found:
            raise QuestionError(f"{question.id}: this id is used twice.")
        found[question.id] = question
    return found


def tables_of(text: str) -> list[Mapping]:
    """Return the tables of the questions in a TOML text (errors: QuestionError where there are none)."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise QuestionError(f"The questions are not TOML: {error}.") from error
    tables = data.get("question", [])
    if isinstance(tables, Mapping):
        raise QuestionError("[question] is one table: write [[question]], in two brackets, above each question.")
    if not isinstance(tables, list) or not all(isinstance(one, Mapping) for one in tables):
        raise QuestionError("question must be a list of tables: write [[question]] above each question.")
    if others := [key for key in data if key != "question"]:
        raise QuestionError(f"{others[0]!r} stands outside of a question: write [[question]] above it.")
    if not tables:
        raise QuestionError("There is no question here: write [[question]], and below it its lines.")
    return tables


def outside_of_the_course(questions: Mapping[str, Question]) -> None:
    """Raise a QuestionError where an id is one of the course's own.

    Two questions of one id would stand in one line of a diary, of a gradebook and of a report on mistakes.
    """
    for name in questions:
        if name in course_questions():
            what = f"{name}: this id is that of a question of the course, and two questions cannot share one."
            raise QuestionError(f'{what} Write for example:  id = "my-{name}"')


@cache
def course_questions() -> dict[str, Question]:
    """Return every question of the course by id, in order."""
    files = sorted(path.name for path in FOLDER.iterdir() if re.fullmatch(r"\d\d\.toml", path.name))
    found: dict[str, Question] = {}
    for name in files:
        found |= read_questions(FOLDER.joinpath(name).read_text(encoding="utf-8"))
    return found
