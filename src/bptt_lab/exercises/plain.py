"""Judge answers that are no formulas: a shape, a number, a choice."""

from __future__ import annotations

import re
from fractions import Fraction

from bptt_lab.exercises.feedback import CANNOT_READ, CORRECT, WRONG, Feedback
from bptt_lab.exercises.question import Question

NUMBER = re.compile(r"[-+]?\d{1,15}(\.\d{0,15})?(/\d{1,15}|e[-+]?\d{1,2})?")


def judge_shape(question: Question, answer: object) -> Feedback:
    """Return the feedback on a shape: a tuple of whole numbers, or of the letters D, M, K, T, B."""
    wanted = tuple(question.shape)
    if isinstance(answer, str | int):
        answer = tuple(part for part in re.split(r"[\s,×x()]+", str(answer)) if part)
    if not isinstance(answer, tuple | list) or not all(isinstance(part, int | str) for part in answer):
        return Feedback(question.id, CANNOT_READ, cause="A shape is a tuple such as (4, 3); for a number it is ().")
    given = tuple(int(part) if re.fullmatch(r"[0-9]{1,15}", str(part)) else part for part in answer)
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


def _indices(count: int) -> str:
    return "no index" if count == 0 else f"{count} ind{'ex' if count == 1 else 'ices'}"


def judge_number(question: Question, answer: object) -> Feedback:
    """Return the feedback on a number, given as a number or as text such as '3/4'."""
    given = _number(answer)
    if given is None:
        return Feedback(question.id, CANNOT_READ, cause="A number is wanted, such as 3 or 0.25 or '3/4'.")
    wanted = Fraction(str(question.number))
    if abs(given - wanted) <= Fraction(1, 10**9) * max(1, abs(wanted)):
        return Feedback(question.id, CORRECT)
    if given == -wanted:
        right, cause = "The size is right.", "The sign is not."
    elif wanted and given == wanted + 1 or given == wanted - 1:
        right, cause = "", "It is off by one."
    else:
        right, cause = "", f"It is too {'large' if given > wanted else 'small'}."
    return Feedback(question.id, WRONG, right=right, cause=cause, section=question.section, asks="What do you count?")


def _number(answer: object) -> Fraction | None:
    """Return an answer as an exact number, or None; text is matched first, because 1e999999999 would take forever."""
    try:
        if isinstance(answer, str):
            return Fraction(answer.strip()) if NUMBER.fullmatch(answer.strip()) else None
        return Fraction(float(answer))
    except (ValueError, TypeError, ZeroDivisionError, OverflowError):
        return None


def judge_choice(question: Question, answer: object) -> Feedback:
    """Return the feedback on a choice, given by its letter; each wrong one has its own reason."""
    given = str(answer).strip().lower().strip("().") if isinstance(answer, str) else ""
    if given not in question.choices:
        return Feedback(question.id, CANNOT_READ, cause=f"Answer with one of {', '.join(question.choices)}.")
    if given == question.right:
        return Feedback(question.id, CORRECT)
    cause = question.reasons.get(given, "")
    return Feedback(
        question.id, WRONG, cause=cause, section=question.section, asks="Which of the others can it be, then?"
    )


JUDGES = {"shape": judge_shape, "number": judge_number, "choice": judge_choice}
