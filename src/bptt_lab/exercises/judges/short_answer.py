"""Judge answers that are no formulas: a shape, a number, a choice."""

from __future__ import annotations

from fractions import Fraction

from bptt_lab.exercises.feedback import Feedback
from bptt_lab.exercises.judges.short_reading import Unread, read_choice, read_number, read_shape, shown
from bptt_lab.exercises.outcomes import CANNOT_READ, CORRECT, WRONG
from bptt_lab.exercises.question import Question

CLOSE = Fraction(1, 10**9)


def judge_shape(question: Question, answer: object) -> Feedback:
    """Return the feedback on a shape: whole numbers, or the letters D, M, K, T, B, in any usual spelling."""
    wanted = tuple(size.upper() if isinstance(size, str) else size for size in question.shape)
    try:
        given = read_shape(answer)
    except Unread:
        return _unread(question, answer, "no shape", "A shape is a tuple such as (4, 3); for a number it is ().")
    if given == wanted:
        return Feedback(question.id, CORRECT)
    if given == wanted[::-1]:
        right, cause = "Both sizes are right.", "Their order is not: this is the shape of the transpose."
    elif len(given) != len(wanted):
        right, cause = "", f"It has {_indices(len(wanted))}; yours has {_indices(len(given))}."
    else:
        agree = [i + 1 for i, (g, w) in enumerate(zip(given, wanted, strict=True)) if g == w]
        right = f"Index {agree[0]} is right." if agree else ""
        cause = "Which size belongs to what is differentiated, and which to what it is differentiated by?"
    asks = "Is it a derivative or a gradient, and of what by what?"
    return Feedback(question.id, WRONG, right=right, cause=cause, section=question.section, asks=asks)


def _unread(question: Question, answer: object, what: str, mend: str, why: str = "") -> Feedback:
    cause = f"{shown(answer)} is {what}. {why or mend}"
    return Feedback(question.id, CANNOT_READ, cause=cause)


def _indices(count: int) -> str:
    return "no index" if count == 0 else f"{count} ind{'ex' if count == 1 else 'ices'}"


def judge_number(question: Question, answer: object) -> Feedback:
    """Return the feedback on a number, given as a number or as text such as '3/4'."""
    try:
        given = read_number(answer)
    except Unread as error:
        mend = "A number is wanted, such as 3 or 0.25 or '3/4'."
        return _unread(question, answer, "no number that can be read", mend, str(error))
    wanted = Fraction(str(question.number))
    if abs(given - wanted) <= _close(wanted, answer) * max(1, abs(wanted)):
        return Feedback(question.id, CORRECT)
    if reason := next((words for number, words in question.reasons.items() if Fraction(number) == given), ""):
        right, cause = "", reason
    elif given == -wanted:
        right, cause = "The size is right.", "The sign is not."
    elif abs(given - wanted) == 1:
        right, cause = "", "It is off by one."
    else:
        right, cause = "", f"It is too {'large' if given > wanted else 'small'}."
    return Feedback(question.id, WRONG, right=right, cause=cause, section=question.section, asks="What do you count?")


def prove_number(question: Question) -> list[str]:
    """Return what is wrong with a number: what has a reason is another number."""
    for number in question.reasons:
        try:
            if Fraction(number) == Fraction(str(question.number)):
                return [f"reasons says why {number} is wrong, but it is the right number"]
        except ValueError:
            return [f"reasons names {number!r}, which is no number"]
    return []


def _close(wanted: Fraction, answer: object) -> Fraction:
    """Return how far a number may be off, relatively: a count not at all, but for what floats lose."""
    if wanted.denominator > 1:
        return CLOSE
    return Fraction(0) if issubclass(type(answer), str) else Fraction(1, 10**12)


def judge_choice(question: Question, answer: object) -> Feedback:
    """Return the feedback on a choice, given by its letter or its text; each wrong one has its own reason."""
    try:
        given = read_choice(question.choices, answer)
    except Unread as error:
        mend = f"Answer with one of {', '.join(question.choices)}."
        return _unread(question, answer, "none of the choices", mend, f"{error} {mend}" if str(error) else "")
    if given == question.right:
        return Feedback(question.id, CORRECT)
    cause = question.reasons.get(given, "")
    return Feedback(
        question.id, WRONG, cause=cause, section=question.section, asks="Which of the others can it be, then?"
    )


def prove_choice(question: Question) -> list[str]:
    """Return what is wrong with a choice: each wrong one needs its reason."""
    wrong = set(question.choices) - {question.right}
    if question.right in question.choices and set(question.reasons) == wrong:
        return []
    return ["right must be one of choices, and reasons must hold one for each of the others"]
