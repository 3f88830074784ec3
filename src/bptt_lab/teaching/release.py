"""A release: notebooks with a task, an answer cell and a locked check cell an exercise, as nbgrader knows them.

    RELEASE/source/week-2/week-2.ipynb            for all, and nbgrader's source; beside it assigned.txt
    RELEASE/students/ada/week-2/week-2.ipynb      for one student, where the assignment is varied
    RELEASE/reading/week-2/07_….ipynb             notebooks of the course that go with it, without its exercises
    RELEASE/nbgrader_config.py                    so that `nbgrader generate_assignment` leaves answer cells as they are

The same course file and secret give the same bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode, v4, writes

from bptt_lab import workbook
from bptt_lab.exercises.closed import FILE_NAME
from bptt_lab.exercises.kinds import KINDS, times_said
from bptt_lab.exercises.question import Question
from bptt_lab.teaching import roster
from bptt_lab.teaching.coursefile import Assignment, Course, Entry
from bptt_lab.teaching.handed_out import grade_id, network_shown, table

NBGRADER = {"schema_version": 3, "grade": False, "solution": False, "locked": False, "task": False}
READING, SETTINGS = "reading", "nbgrader_config.py"
LANGUAGE = {"kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}}
STUDENT = re.compile(r"[\w][\w .@+'-]{0,78}[\w]|\w")  # what may name a folder
OPENING = """# {title}

{count} to answer, {points} in all. Run the first cell, then answer between the brackets of each answer cell and run it.
It shows what was read, so that you see whether it says what you mean; it does not say whether that is right. Save the
notebook, and hand it in as a file with its name unchanged. What is left as `...` counts as not attempted."""
CONFIG = '''"""For nbgrader, run in this folder: `nbgrader generate_assignment {name}`, and so on."""

c = get_config()  # noqa: F821
c.CourseDirectory.course_id = "{course}"
# the answer cells hold no solution that would have to be taken out: all but ClearSolutions is done
c.GenerateAssignment.preprocessors = [
    f"nbgrader.preprocessors.{{one}}"
    for one in ("LockCells", "ClearOutput", "CheckCellMetadata", "ComputeChecksums", "SaveCells", "CheckCellMetadata")
]
c.ExecutePreprocessor.timeout = 120  # seconds a cell: a function is tried on many instances
'''
LIST = "# The exercises of {name}: their solutions are closed until they are handed back.\n"


class ReleaseError(ValueError):
    """A release that cannot be written; the message says how to mend it."""


@dataclass(frozen=True)
class How:
    """How a kind of question is answered: words below the task, and the cell before anything is written."""

    words: str
    cell: Callable[[Question], str]


def _call(question: Question, answer: str = "...") -> str:
    return f'hand_in("{question.id}", {answer})'


def _function(question: Question) -> str:
    name = f"answer_{re.sub(r'[^0-9A-Za-z]', '_', question.id)}"
    return f"def {name}({', '.join(question.arguments)}):\n    ...\n\n\n{_call(question, name)}"


HOW: Mapping[str, How] = {
    "line": How("with a formula in quotes; products need `*`{times}.", _call),
    "matrix": How("with a formula in quotes; `@` multiplies matrices, `.T` transposes.", _call),
    "derivation": How(
        "with a formula a line between the quotes; `D` and `d` may stand on the way.",
        lambda question: _call(question, '"""\n...\n"""'),
    ),
    "function": How("with the function written above it, in the same cell, imports too.", _function),
    "shape": How("with a shape such as `(4, 3)`.", _call),
    "number": How("with a number.", _call),
    "choice": How("with a letter in quotes.", _call),
}


# One notebook


def notebook(course: Course, assignment: Assignment, student: str = "") -> NotebookNode:
    """Return the notebook of an assignment, for one student or, without a name, as the questions stand."""
    questions = course.questions_for(assignment.name, student) if student else as_they_stand(course, assignment)
    cells = [_opening(assignment), _first_cell(assignment, questions, student)]
    for entry in assignment.entries:
        cells += exercise(questions[entry.question], entry)
    about = {"course": course.name, "assignment": assignment.name, **({"student": student} if student else {})}
    return v4.new_notebook(cells=cells, metadata={**LANGUAGE, "bptt_lab": about})


def as_they_stand(course: Course, assignment: Assignment) -> dict[str, Question]:
    """Return the questions of an assignment as nobody's in particular."""
    return {entry.question: course.questions[entry.question] for entry in assignment.entries}


def _opening(assignment: Assignment) -> NotebookNode:
    title = assignment.title or assignment.name
    count, points = len(assignment.entries), sum(entry.points for entry in assignment.entries)
    words = f"{count} exercise{'s' if count > 1 else ''}"
    text = OPENING.format(title=title, count=words, points=in_points(points))
    return _fixed(v4.new_markdown_cell(text, id="bptt-opening"))


def _first_cell(assignment: Assignment, questions: Mapping[str, Question], student: str) -> NotebookNode:
    whose = f"    student={_quoted(student)},\n" if student else ""
    rows = "".join(f"        {_quoted(name)}: {_literal(table(one), 8)},\n" for name, one in questions.items())
    text = (
        "from bptt_lab import hand_in\n\n# what the exercises are about, so that an answer can be read\n"
        f'hand_in.about(\n    "{assignment.name}",\n    {{\n{rows}    }},\n{whose})'
    )
    cell = v4.new_code_cell(text, id="bptt-first")
    return _fixed(cell, jupyter={"source_hidden": True})


def _literal(value: object, depth: int) -> str:
    """Return a value as Python that is read: a table a line a key, a text of several lines as it stands."""
    if isinstance(value, Mapping) and depth <= 8:
        inner = " " * (depth + 4)
        rows = "".join(f"{inner}{_quoted(key)}: {_literal(one, depth + 4)},\n" for key, one in value.items())
        return f"{{\n{rows}{' ' * depth}}}"
    if isinstance(value, str) and "\n" in value and "\\" not in value and '"""' not in value:
        return f'"""{value}"""'
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_quoted(key)}: {_literal(one, 99)}' for key, one in value.items())}}}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_literal(one, 99) for one in value)}]"
    return _quoted(value) if isinstance(value, str) else repr(value)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # as Python reads it too, but for half a character, which TOML refuses


def exercise(question: Question, entry: Entry) -> list[NotebookNode]:
    """Return the three cells of an exercise: the task, the answer cell and the locked check cell."""
    task = v4.new_markdown_cell(task_text(question, entry), id=grade_id(question.id, "task"))
    answer = v4.new_code_cell(
        f"# Answer to {question.id}\n{HOW[question.kind].cell(question)}", id=grade_id(question.id, "answer")
    )
    answer.metadata = {**_own(question, "answer"), **_graded(question, "answer", solution=True)}
    text = f'# Check of {question.id}: leave this cell as it is\nhand_in.check("{question.id}")'
    check = v4.new_code_cell(text, id=grade_id(question.id, "check"))
    check.metadata = {
        **_own(question, "check"),
        **_graded(question, "check", grade=True, locked=True, points=entry.points),
        "editable": False,
    }
    return [_fixed(task, **_own(question, "task")), answer, check]


def _own(question: Question, role: str) -> dict:
    return {"bptt_lab": {"question": question.id, "role": role}}


def _graded(question: Question, role: str, **more: object) -> dict:
    return {"nbgrader": {**NBGRADER, "grade_id": grade_id(question.id, role), **more}, "deletable": False}


def _fixed(cell: NotebookNode, **metadata: object) -> NotebookNode:
    """Return a cell that JupyterLab lets nobody change or delete; nbgrader leaves it as each student has it."""
    cell.metadata = {**metadata, "editable": False, "deletable": False}
    return cell


def task_text(question: Question, entry: Entry) -> str:
    """Return the task with the network it is about, the letters, and how to answer."""
    shown = KINDS[question.kind].show(question)[:-1]  # the last line tells how to answer outside of a release
    first = f" Of several answers, separated by commas, the best of the first {entry.attempts} counts."
    more = first if entry.attempts > 1 else ""
    words = HOW[question.kind].words.format(times=times_said(question) if question.kind == "line" else "")
    how = f'Answer: `hand_in("{question.id}", …)` {words}{more}'
    network = ["{}\n\n```\n{}\n```".format(*network_shown(question))] if question.network else []
    head = f"### {question.id} · {in_points(entry.points)}"
    return "\n\n".join([head, question.task, *network, *shown, how])


def in_points(points: float) -> str:
    """Return a number of points in words."""
    return f"{points:g} point{'' if points == 1 else 's'}"


# The files


def files(course: Course, assignment: Assignment, students: Iterable[str] = ()) -> Iterator[tuple[str, str]]:
    """Yield the files of a release, each with its path and its text."""
    name = assignment.name
    yield SETTINGS, CONFIG.format(name=name, course=course.name)
    for book, text in _readings(assignment):
        yield f"{READING}/{name}/{book}", text
    if assignment.notebooks:
        yield f"{READING}/{name}/{FILE_NAME}", _list(assignment)
    for student in ("", *students):
        folder = f"students/{student}/{name}" if student else f"source/{name}"
        yield f"{folder}/{name}.ipynb", written(notebook(course, assignment, student))
        yield f"{folder}/{FILE_NAME}", _list(assignment)


def _list(assignment: Assignment) -> str:
    return LIST.format(name=assignment.name) + "".join(f"{one.question}\n" for one in assignment.entries)


def written(book: NotebookNode) -> str:
    """Return a notebook as the text of its file."""
    return writes(book, version=4).rstrip("\n") + "\n"


def _readings(assignment: Assignment) -> Iterator[tuple[str, str]]:
    """Yield the notebooks that go with an assignment, without outputs, and without its exercises."""
    for name in assignment.notebooks:
        book = json.loads((workbook.stored_folder() / name).read_text(encoding="utf-8"))
        book = workbook.handed_out(book, LANGUAGE)
        cells = [_without(cell, assignment) for cell in book["cells"]]
        yield name, json.dumps({**book, "cells": cells}, ensure_ascii=False, indent=1) + "\n"


def _without(cell: dict, assignment: Assignment) -> dict:
    """Return a cell of a notebook, or, where it holds an exercise that is assigned, one that says where to answer."""
    text = "".join(cell["source"])
    for entry in assignment.entries:
        asks = (f'ex("{entry.question}")', f"ex('{entry.question}')", f"%%derive {entry.question}\n")
        if cell["cell_type"] == "code" and any(one in f"{text}\n" for one in asks):
            words = f"Exercise {entry.question} is assigned: answer it in `{assignment.name}.ipynb`."
            rest = {key: value for key, value in cell.items() if key not in ("outputs", "execution_count")}
            return {**rest, "cell_type": "markdown", "source": [words]}
    return cell


def write(folder: Path, named: Iterable[tuple[str, str]]) -> list[Path]:
    """Write files, each given by its path and its text, into a folder and return them (errors: OSError).

    What an instructor has written into nbgrader's settings stays.
    """
    found = []
    for name, text in named:
        path = folder / name
        if name == SETTINGS and path.exists():
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
        found.append(path)
    return found


def read_students(path: Path) -> list[str]:
    """Return the names in a table of students: its column `student`, or the first one (errors: ReleaseError).

    These are the names of nbgrader's folders, or those that `grade` reads from a platform's files.
    """
    try:
        lines = roster.table(path)
    except roster.RosterError as error:
        raise ReleaseError(str(error)) from None
    found: dict[str, int] = {}
    for number, name, _ in lines:
        if not STUDENT.fullmatch(name):
            mend = (
                "write the name that the student's folder will have, of letters, digits, spaces and . @ + - ' inside."
            )
            raise ReleaseError(f"{path.name}, line {number}: {name!r} cannot name a folder; {mend}")
        if name.casefold() in found:
            raise ReleaseError(f"{path.name}: line {number} has the name of line {found[name.casefold()]}, {name!r}.")
        found[name.casefold()] = number
    return [line.student for line in lines]
