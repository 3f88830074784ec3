"""One submission judged: a pure function from a course, a student and the bytes handed in to a result.

Formulas, choices, numbers and shapes are read, never run; a function is run in the limited child alone. What a clock
decides is not stored: the text of a time-out is always the same, and where a class is graded the judge's own patience
is counted in calls, with draws from the course's secret (`symbolic.arithmetics.REPEATABLE`, set by `pool`).
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, MutableMapping
from dataclasses import replace
from typing import Any

import bptt_lab
from bptt_lab.exercises import outcomes
from bptt_lab.exercises.feedback import Feedback
from bptt_lab.exercises.front import is_blank
from bptt_lab.exercises.judges.function import SECONDS_OF_ONE
from bptt_lab.exercises.kinds import KINDS
from bptt_lab.exercises.question import Question
from bptt_lab.exercises.sandbox.allowed import Refused
from bptt_lab.exercises.sandbox.written import written
from bptt_lab.teaching.answers import Function, Handed, Unreadable, cells_of, handed_in, plain
from bptt_lab.teaching.coursefile import Course, Entry, fingerprint
from bptt_lab.teaching.isolation import KERNEL
from bptt_lab.teaching.results import NOT_GRADED, Judged, Result

SHARES = {outcomes.CORRECT: 1.0, outcomes.OTHER_FORM: 0.5}  # of the points; all else gives none
NOBODY_KNOWS = {  # outcomes that say nothing of the answer: why it is not graded
    outcomes.UNDECIDED: "The checker could not decide: {}",
    outcomes.TIMED_OUT: f"Timed out: the function did not return in time ({SECONDS_OF_ONE:g} s for a call).",
    outcomes.CRASHED: "Crashed: {}",
}
BETTER_FIRST = (
    outcomes.CORRECT,
    outcomes.OTHER_FORM,
    outcomes.WRONG,
    NOT_GRADED,
    outcomes.CANNOT_READ,
    outcomes.NOT_ATTEMPTED,
)
NOT_RUN = "Functions are not run at this isolation ({}): `bptt-lab grade --trust` runs them all the same."
EXPECTED_TEXT = "The answer is no {}: it is {}."
Memo = MutableMapping[tuple, Feedback]
Files = bytes | tuple[tuple[str, bytes], ...]


def grade(
    course: Course,
    assignment: str,
    student: str,
    data: Files,
    *,
    file: str = "",
    isolation: str = KERNEL,
    runs_functions: bool = True,
    memo: Memo | None = None,
) -> Result:
    """Return what comes of one submission: a notebook, or several by name; the same result for the same input.

    `isolation` names the level at which functions run, if they do. `memo` keeps what was said of an answer to the same
    instance. Errors: KeyError for an assignment the course has not; whatever was handed in is a Result.
    """
    files = ((file or "the file", data),) if isinstance(data, bytes) else data
    questions = course.questions_for(assignment, student)
    entries = course.assignments[assignment].entries
    blank = Result(course.name, assignment, student, file, digest(files), bptt_lab.__version__, isolation)
    try:
        handed = handed_in(cells_of(files), list(questions))
    except Unreadable as error:
        return unreadable(blank, entries, questions, str(error))
    judge = _Judge(isolation, runs_functions, {} if memo is None else memo)
    answers = (judge.judged(entry, questions[entry.question], handed[entry.question]) for entry in entries)
    return replace(blank, answers=tuple(answers))


def digest(files: Iterable[tuple[str, bytes]]) -> str:
    """Return the hash of what was handed in; of one file, that of its bytes alone, whatever it is called."""
    hashes = sorted(hashlib.sha256(data).hexdigest() for _, data in files)
    return hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()


def unreadable(blank: Result, entries: Iterable[Entry], questions: dict[str, Question], reason: str) -> Result:
    """Return a result in which nothing is graded, for one reason."""
    answers = (_not_graded(entry, questions[entry.question], Handed(), reason) for entry in entries)
    return replace(blank, answers=tuple(answers), reason=plain(reason))


def _not_graded(entry: Entry, question: Question, handed: Handed, reason: str) -> Judged:
    of, instance = float(entry.points), fingerprint(question)
    return Judged(question.id, NOT_GRADED, 0.0, of, handed.text, reason=plain(reason), instance=instance)


def points_of(found: Feedback, of: float) -> float:
    """Return the points of an answer that was judged: none for what repeats the question or stops on the way."""
    return 0.0 if found.is_open else points_for(found.outcome, of)


def points_for(outcome: str, of: float) -> float:
    """Return the points of an outcome; a share of them is rounded to half a point."""
    share = SHARES.get(outcome, 0.0)
    return float(of) if share == 1 else round(2 * share * of) / 2


class _Judge:
    """What judges the answers of one submission."""

    def __init__(self, isolation: str, runs_functions: bool, memo: Memo) -> None:
        self.isolation, self.runs_functions, self.memo = isolation, runs_functions, memo

    def judged(self, entry: Entry, question: Question, handed: Handed) -> Judged:
        """Return what comes of the answers in one cell: the best of those that count."""
        if handed.reason:
            return _not_graded(entry, question, handed, handed.reason)
        given = handed.answers[: entry.attempts]
        found = [self._one(entry, question, handed, answer) for answer in given if not is_empty(answer)]
        if not found:
            nothing = outcomes.NOT_ATTEMPTED
            return Judged(question.id, nothing, 0.0, float(entry.points), handed.text, instance=fingerprint(question))
        return min(found, key=lambda one: (-one.points, BETTER_FIRST.index(one.outcome)))

    def _one(self, entry: Entry, question: Question, handed: Handed, answer: object) -> Judged:
        is_function = "arguments" in KINDS[question.kind].needs
        if is_function and not self.runs_functions:
            return _not_graded(entry, question, handed, NOT_RUN.format(self.isolation))
        if is_function != isinstance(answer, Function):
            found = f"the name {answer.name}" if isinstance(answer, Function) else "no function but a value"
            wanted = "is a function: hand in its name" if is_function else "is written out: a text in quotes, a number"
            return _not_graded(entry, question, handed, f"What was handed in is {found}; the answer {wanted}.")
        key = (fingerprint(question), type(answer).__name__, repr(answer))
        if key not in self.memo:
            self.memo[key] = told(question, answer)
        return _as_judged(entry, question, handed, self.memo[key])


def is_empty(answer: object) -> bool:
    """Return whether an answer is still as it was handed out: `...`, an empty text, None."""
    return answer is None or answer is ... or isinstance(answer, str) and is_blank(answer)


def told(question: Question, answer: Any) -> Feedback:
    """Return the feedback on one answer (errors: none; a fault of the checker is undecided)."""
    try:
        given = written(*answer) if isinstance(answer, Function) else answer
        if isinstance(answer, Function) and is_blank(given.function):
            return Feedback(question.id, outcomes.NOT_ATTEMPTED)
        found = KINDS[question.kind].check(question, given)
        is_late = found.outcome == outcomes.TIMED_OUT and has_much_to_do()  # perhaps the machine was, not the answer
        return KINDS[question.kind].check(question, given) if is_late else found
    except Refused as error:
        return Feedback(question.id, outcomes.CANNOT_READ, cause=str(error))
    except Exception as error:  # whatever an answer is, the class goes on
        return Feedback(question.id, outcomes.UNDECIDED, cause=f"it failed ({type(error).__name__}).")


def has_much_to_do() -> bool:
    """Return whether more programs wait for this machine's processors than grading itself explains."""
    return hasattr(os, "getloadavg") and os.getloadavg()[0] > 2 * (os.cpu_count() or 1)


def _as_judged(entry: Entry, question: Question, handed: Handed, found: Feedback) -> Judged:
    cause = without_addresses(found.cause)
    if found.outcome in NOBODY_KNOWS:
        return _not_graded(entry, question, handed, NOBODY_KNOWS[found.outcome].format(cause))
    is_wrong = found.outcome == outcomes.WRONG
    return Judged(
        question.id,
        found.outcome,
        points_of(found, entry.points),
        float(entry.points),
        handed.text,
        right=plain(found.right),
        cause="" if found.outcome == outcomes.CANNOT_READ else plain(cause),
        example=plain(found.example),
        mistake=found.mistake,
        reread=found.section if is_wrong else "",
        reason=plain(cause) if found.outcome == outcomes.CANNOT_READ else "",
        instance=fingerprint(question),
    )


def without_addresses(text: str) -> str:
    """Return a text without addresses in memory, which differ from process to process."""
    return re.sub(r"\b0x[0-9a-fA-F]{4,}\b", "0x…", text)
