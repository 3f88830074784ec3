"""What stands in a student's answer cell: `hand_in("07.2", "d1(1)*h1(0)")` says what was read, never what is right.

Where answers are judged, the environment variable BPTT_LAB_COURSE names the course file, which nobody else has; there
the locked cell below, `hand_in.check("07.2")`, has the points as its value, and nbgrader takes them as they are.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from bptt_lab.exercises import closed
from bptt_lab.exercises.outcomes import CANNOT_READ
from bptt_lab.exercises.question import Question

NOT_ATTEMPTED, READ, UNREAD = "not attempted", "handed in", "cannot be read"
STUDENT = "BPTT_LAB_STUDENT"  # whose answers these are, where no folder of nbgrader says it
WITHOUT_COURSE = (
    "Nothing can be judged here: the environment variable BPTT_LAB_COURSE must name the course file. Set it, and grade "
    "again."
)


class HandInError(ValueError):
    """An answer that cannot be taken, or judged; the message says how to mend it."""


class HandedIn(NamedTuple):
    """What was read of an answer: `read` in LaTeX or words, `says` what cannot be read or is not allowed."""

    question: str
    state: str
    read: str = ""
    says: str = ""

    def __str__(self) -> str:
        return "\n".join(part for part in (f"{self.question}: {self.state}.", self.says) if part)

    def __repr__(self) -> str:
        return str(self)

    def _repr_markdown_(self) -> str:
        formula = f"Read as\n\n$$\\displaystyle {self.read}$$" if self.read else ""
        says = "\n".join(f"    {line}" for line in self.says.splitlines())  # a caret stands below its letter
        return "\n\n".join(part for part in (f"**{self.question}**: {self.state}.", formula, says) if part)


class HandIn:
    """`hand_in(question, answer)`, the questions it knows, and what has been handed in so far."""

    def __init__(self) -> None:
        self._assignment, self._student = "", ""
        self._questions: dict[str, Mapping] = {}
        self._answers: dict[str, tuple] = {}
        self._folder = Path.cwd()  # as the kernel starts, before a notebook can leave it

    def about(self, assignment: str, questions: Mapping[str, Mapping], student: str = "") -> None:
        """Say what the questions of an assignment are: the first cell of a release does."""
        self._assignment, self._student = assignment, student
        self._questions, self._answers = dict(questions), {}
        closed.close(set(questions))

    def __call__(self, question: str, *answers: object) -> HandedIn:
        """Keep the answers to a question and return what was read; of several the first ones count, as the task says.

        Errors: HandInError for a question that is not assigned here.
        """
        if question not in self._questions:
            from bptt_lab.formulas.errors import nearest

            known = nearest(str(question), self._questions) if self._questions else " Run the first cell."
            raise HandInError(f"There is no question {question!r} in this notebook.{known}")
        self._answers[question] = answers
        found = [self._read(question, one) for one in answers] or [HandedIn(question, NOT_ATTEMPTED)]
        told = next((one for one in found if one.state != READ), found[0])
        return told._replace(says="\n".join(filter(None, (told.says, _of_several(answers)))))

    def _read(self, name: str, answer: object) -> HandedIn:
        from bptt_lab.exercises.front import is_blank
        from bptt_lab.teaching.handed_out import question_of

        if answer is None or answer is Ellipsis or is_blank(answer):
            return HandedIn(name, NOT_ATTEMPTED)
        try:
            question = question_of(name, self._questions[name])
            return HandedIn(name, READ, *_readers()[question.kind](question, answer))
        except ValueError as error:  # of formulas and of short answers; both say how to mend it
            return HandedIn(name, UNREAD, says=str(error))

    def check(self, question: str) -> HandedIn | float:
        """Return what became of an answer: on the student's side whether it was read, where it is judged its points.

        Errors: HandInError where nbgrader grades without a course file, or where an answer cannot be judged.
        """
        if closed.OF_THE_COURSE in os.environ:
            return self._points(question)
        if os.environ.get("NBGRADER_EXECUTION") == "autograde":
            raise HandInError(WITHOUT_COURSE)  # any words as a value would count as full points
        return self(question, *self._answers.get(question, ()))

    def _points(self, name: str) -> float:
        course = _course(Path(os.environ[closed.OF_THE_COURSE]))
        assignment = course.assignments.get(self._assignment) or course.assignments.get(self._folder.name)
        entry = next((one for one in assignment.entries if one.question == name), None) if assignment else None
        if entry is None:
            raise HandInError(f"{name} is not in the assignment {self._assignment!r} of the course file.")
        is_nbgrader = os.environ.get("NBGRADER_EXECUTION") == "autograde"
        by_folder = self._folder.parent.name if is_nbgrader else ""  # autograded/<student>/<assignment>
        student = os.environ.get(STUDENT) or by_folder or self._student
        question = course.questions_for(assignment.name, student)[name]
        return points(question, entry.points, self._answers.get(name, ())[: entry.attempts])


def _of_several(answers: tuple) -> str:
    """Return what is said where several answers are given: the first ones count, and a comma parts them."""
    if len(answers) < 2:
        return ""
    says = f"These are {len(answers)} answers: the first counts, and so many more as the task allows."
    is_decimal = len(answers) == 2 and all(type(one) is int for one in answers)
    return f"{says} A decimal number has a point, as in 0.5, not a comma." if is_decimal else says


def points(question: Question, most: float, answers: tuple) -> float:
    """Return the points of the best of some answers, as `grading` gives them.

    Errors: HandInError where nothing is known of the best: then a person has to look.
    """
    from bptt_lab.exercises.front import is_blank
    from bptt_lab.teaching import grading

    given = [one for one in answers if not (one is None or one is Ellipsis or is_blank(one))]
    found = [grading.told(question, one) for one in given]
    unknown = [one for one in found if one.outcome in grading.NOBODY_KNOWS]
    if unknown and all(one in unknown or one.outcome == CANNOT_READ for one in found):
        why = grading.NOBODY_KNOWS[unknown[0].outcome].format(unknown[0].cause)
        raise HandInError(f"{question.id} is not graded, look at it yourself. {why}")
    return max((grading.points_of(one, most) for one in found), default=0.0)


_courses: dict[tuple, object] = {}


def _course(path: Path) -> Any:
    """Return the course of a file, read once for each state of the file."""
    from bptt_lab.teaching.coursefile import load

    key = (path, path.stat().st_mtime_ns if path.exists() else 0)
    if key not in _courses:
        _courses[key] = load(path)
    return _courses[key]


# What is read of an answer: LaTeX, and what is to be said; errors: ValueError with the mend


def _readers() -> Mapping[str, Callable[[Question, object], tuple[str, str]]]:
    """Return for each kind of question what is read of an answer to it."""
    from bptt_lab.exercises.judges.short_reading import read_choice, read_number, read_shape

    return {
        "line": _formula,
        "matrix": _formula,
        "derivation": _lines,
        "function": _function,
        "shape": lambda question, answer: _short(read_shape, answer, "A shape is a tuple such as (4, 3)."),
        "number": lambda question, answer: _short(read_number, answer, "A number is wanted, such as 0.25 or '3/4'."),
        "choice": lambda question, answer: _short(
            lambda one: read_choice(question.choices, one), answer, f"Answer with one of {', '.join(question.choices)}."
        ),
    }


def _short(reading: Callable[[object], object], answer: object, mend: str) -> tuple[str, str]:
    from bptt_lab.exercises.judges.short_reading import Unread, shown

    try:
        found = reading(answer)
    except Unread as error:
        raise ValueError(f"{shown(answer)} cannot be read. {str(error) or mend}") from None
    plain = f"{answer:.12g}" if type(answer) is float else found if isinstance(found, str) else shown_plainly(found)
    return "", f"Read: {plain}"


def shown_plainly(value: object) -> str:
    """Return a shape or a number as a student writes it."""
    return f"({', '.join(map(str, value))})" if isinstance(value, tuple) else str(value)


def _formula(question: Question, answer: object) -> tuple[str, str]:
    from bptt_lab.exercises.kinds import KINDS
    from bptt_lab.formulas import read

    text = _text(answer)
    tree = read(text, question.language, relation=True)
    return KINDS[question.kind].read(question, text), _letters_not_allowed(question, [tree])


def _lines(question: Question, answer: object) -> tuple[str, str]:
    from bptt_lab.exercises.judges.derivation import formulas_read

    found = formulas_read(question, _text(answer))
    says = _letters_not_allowed(question, found[-1:])  # letters may stand on the way that the end must not hold
    return "", "\n".join(filter(None, (f"Read: {len(found)} formula{'s' if len(found) > 1 else ''}.", says)))


def _text(answer: object) -> str:
    if not isinstance(answer, str):
        raise ValueError("The answer is a formula: put it in quotes.")
    return answer


def _letters_not_allowed(question: Question, trees: list) -> str:
    """Return what is said of letters that the task does not offer; a derivative is not looked into."""
    from bptt_lab.formulas.tree import Derivative, Letter, parts

    def letters(tree: Any) -> set[str]:
        if isinstance(tree, Derivative):
            return set()
        own = {tree.name} if isinstance(tree, Letter) else set()
        return own.union(*map(letters, parts(tree)))

    others = sorted(set().union(*map(letters, trees)) - set(question.letters)) if question.letters else []
    if not others:
        return ""
    return f"Not among the letters of the task: {', '.join(others)}. It offers {', '.join(question.letters)}."


def _function(question: Question, answer: object) -> tuple[str, str]:
    if not callable(answer):
        raise ValueError("The answer is a function: write one with `def` above, and give its name without brackets.")
    return "", f"Read: the function {getattr(answer, '__name__', 'without a name')}."


hand_in = HandIn()
