"""Questions as tables of TOML: how they are read, and all those of the course, which stand beside this file."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from importlib import resources

from bptt_lab.exercises.kinds import KINDS, Kind
from bptt_lab.exercises.question import Question, QuestionError
from bptt_lab.formulas.errors import nearest

FOLDER = resources.files("bptt_lab.exercises") / "questions"


def make(data: Mapping[str, object], kinds: Mapping[str, Kind] = KINDS) -> Question:
    """Return a question from a table of TOML (errors: QuestionError naming the key)."""
    name = str(data.get("id", "a question without id"))
    known = {one.name for one in fields(Question)}
    for key in data:
        if key not in known:
            raise QuestionError(f"{name}: there is no key {key!r}." + nearest(str(key), known))
    kind = data.get("kind")
    if kind not in kinds:
        raise QuestionError(f"{name}: the kind is {kind!r}; expected one of {', '.join(kinds)}.")
    missing = [key for key in ("id", "task", "hints", "section", *kinds[kind].needs) if key not in data]
    if missing:
        raise QuestionError(f"{name}: {', '.join(missing)} is missing; a question of kind {kind!r} needs it.")
    if not re.fullmatch(r"\w+\.\d+", str(data["id"])):
        raise QuestionError(f"{name}: an id is a notebook's number and the question's, such as 07.2.")
    if len(data["hints"]) != 3:
        raise QuestionError(f"{name}: a question has three hints, the last one names the rule.")
    return Question(**{key: _frozen(value) for key, value in data.items()})


def _frozen(value: object) -> object:
    if isinstance(value, list):
        return tuple(value)
    if isinstance(value, dict):
        return {key: _frozen(one) for key, one in value.items()}
    return value


def read_questions(text: str, kinds: Mapping[str, Kind] = KINDS) -> dict[str, Question]:
    """Return the questions of a TOML text by id (errors: QuestionError)."""
    try:
        tables = tomllib.loads(text).get("question", [])
    except tomllib.TOMLDecodeError as error:
        raise QuestionError(f"The questions are not TOML: {error}.") from error
    found: dict[str, Question] = {}
    for table in tables:
        question = make(table, kinds)
        if question.id in found:
            raise QuestionError(f"{question.id}: this id is used twice.")
        found[question.id] = question
    return found


@cache
def course_questions() -> dict[str, Question]:
    """Return every question of the course by id, in order."""
    files = sorted(path.name for path in FOLDER.iterdir() if re.fullmatch(r"\d\d\.toml", path.name))
    found: dict[str, Question] = {}
    for name in files:
        found |= read_questions(FOLDER.joinpath(name).read_text(encoding="utf-8"))
    return found
