"""The questions of the course against answers as students type them, and against the rules for questions."""

import json
import re
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from bptt_lab import lectures
from bptt_lab.exercises.authoring import proof
from bptt_lab.exercises.front import Exercise
from bptt_lab.exercises.judges import function as judge
from bptt_lab.exercises.kinds import KINDS
from bptt_lab.exercises.outcomes import CANNOT_READ, CORRECT, NOT_ATTEMPTED, OTHER_FORM, WRONG
from bptt_lab.exercises.questions import course_questions

ROOT = Path(__file__).parents[2]
FILES = sorted(Path(__file__).parent.glob("solutions/*.toml"))
SOLUTIONS = {key: found for path in FILES for key, found in tomllib.loads(path.read_text(encoding="utf-8")).items()}
COURSE = course_questions()
MOST_LINES = 15
SLOW_TO_RUN = 1  # a function is run in a process of its own: so many of its wrong answers are tried here

RIGHT = [(key, one) for key, found in SOLUTIONS.items() for one in found["right"]]
WRONG_ONES = [
    (key, one["answer"], one["says"])
    for key, found in SOLUTIONS.items()
    for one in (found["wrong"][:SLOW_TO_RUN] if key in COURSE and COURSE[key].kind == "function" else found["wrong"])
]


def built(identity, text):
    """Return an answer as it is handed in: a function is built from its text."""
    asked = COURSE[identity]
    return judge.reference(replace(asked, answer=text)) if asked.kind == "function" else text


def ids(cases):
    return [f"{case[0]}-{k}" for k, case in enumerate(cases)]


@pytest.fixture(autouse=True)
def no_diary(monkeypatch):
    monkeypatch.setenv("BPTT_LAB_PROGRESS", "off")


@pytest.mark.parametrize(("identity", "answer"), RIGHT, ids=ids(RIGHT))
def test_a_right_answer_is_correct(identity, answer):
    found = Exercise(COURSE[identity]).check(built(identity, answer))
    assert found.outcome == CORRECT, str(found)


@pytest.mark.parametrize(("identity", "answer", "says"), WRONG_ONES, ids=ids(WRONG_ONES))
def test_a_wrong_answer_is_not_correct_and_is_told_why(identity, answer, says):
    found = Exercise(COURSE[identity]).check(built(identity, answer))
    assert found.outcome in (WRONG, OTHER_FORM, CANNOT_READ) and says in str(found), str(found)


def test_every_question_has_answers_right_and_wrong():
    without = [key for key in COURSE if not (SOLUTIONS.get(key, {}).get("right") and SOLUTIONS[key].get("wrong"))]
    assert without == []


def test_every_answer_belongs_to_a_question():
    assert set(SOLUTIONS) <= set(COURSE)


@pytest.mark.parametrize("identity", [key for key, one in COURSE.items() if one.kind != "function"])
def test_a_question_is_proven(identity):
    assert proof.prove(COURSE[identity]) == []


@pytest.mark.parametrize("identity", [key for key, one in COURSE.items() if one.kind == "function"])
def test_the_answer_of_a_function_is_judged_right(identity):
    assert judge.prove_function(COURSE[identity]) == []


def blocks():
    """Return the text of each question as it stands in its file, without comments and empty lines."""
    found = {}
    for path in sorted((ROOT / "src" / "bptt_lab" / "exercises" / "questions").glob("[0-9]*.toml")):
        for block in path.read_text(encoding="utf-8").split("[[question]]")[1:]:
            lines = [line for line in block.strip().splitlines() if line.strip() and not line.startswith("#")]
            found[re.search(r'^id = "(.+)"', block, re.M)[1]] = ["[[question]]", *lines]
    return found


BLOCKS = blocks()


def test_every_question_is_found_in_a_file():
    assert list(BLOCKS) == list(COURSE)


@pytest.mark.parametrize("identity", [key for key, one in COURSE.items() if one.kind != "function"])
def test_a_question_is_fifteen_lines_of_data_at_most(identity):
    assert len(BLOCKS[identity]) <= MOST_LINES


@pytest.mark.parametrize("identity", COURSE)
def test_the_section_of_a_question_is_a_heading_of_its_notebook(identity):
    number, heading = COURSE[identity].section.split(" \u00b7 ", 1)
    (path,) = (ROOT / "notebooks").glob(f"{number}_*.ipynb")
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    headings = [line.lstrip("#").strip() for line in text.splitlines() if line.startswith("#")]
    assert heading in headings


@pytest.mark.parametrize("identity", [key for key, one in COURSE.items() if one.source])
def test_the_source_of_a_slip_is_a_row_of_the_ledger_that_is_wrong_as_printed(identity):
    assert lectures.lookup(COURSE[identity].source).verdict in ("erratum", "scan", "reading")


@pytest.mark.parametrize("identity", COURSE)
def test_an_empty_cell_is_not_an_attempt(identity):
    assert Exercise(COURSE[identity]).check("  ...  # later").outcome == NOT_ATTEMPTED


def test_a_wrong_answer_listed_as_right_would_be_seen():
    key, answer, _ = next(case for case in WRONG_ONES if COURSE[case[0]].kind == "line")
    assert Exercise(COURSE[key]).check(answer).outcome != CORRECT


def test_a_question_with_a_wrong_answer_is_not_proven():
    asked = COURSE["07.2"]
    assert proof.prove(replace(asked, answer=asked.answer + " + 1")) != []


def test_a_question_out_of_its_notebook_is_not_proven():
    assert any("section" in trouble for trouble in proof.prove(replace(COURSE["07.1"], section="06 \u00b7 Elsewhere")))


def test_the_solutions_are_read_by_the_rules_of_questions():
    assert KINDS.keys() >= {one.kind for one in COURSE.values()}
