"""Judge answers that are no formulas: a shape, a number, a choice."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fractions import Fraction

from bptt_lab.exercises.feedback import Feedback
from bptt_lab.exercises.judges.shapes_near import goal_shape, led_on, same_shape, told_of_shape
from bptt_lab.exercises.judges.short_reading import Unread, read_choice, read_number, read_shape, shown
from bptt_lab.exercises.outcomes import CANNOT_READ, CORRECT, WRONG
from bptt_lab.exercises.question import Question

POWER = re.compile(r"[A-Za-z]\w*\s*(\*\*|\^)")
CLOSE = Fraction(1, 10**9)


def judge_shape(question: Question, answer: object) -> Feedback:
    """Return the feedback on a shape: whole numbers, or the letters D, M, K, T, B, in any usual spelling."""
    wanted = _upper(question.shape)  # type: ignore[arg-type]
    try:
        given = read_shape(answer)
    except Unread:
        return _unread(question, answer, "no shape", "A shape is a tuple such as (4, 3); for a number it is ().")
    if given == wanted:
        return Feedback(question.id, CORRECT)
    right, cause = _of_shape(question, given, wanted)
    asks = "Is it a derivative or a gradient, and of what by what?"
    return Feedback(question.id, WRONG, right=right, cause=cause, section=question.section, asks=asks)


def _upper(shape: Sequence[int | str]) -> tuple[int | str, ...]:
    return tuple(size.upper() if isinstance(size, str) else size for size in shape)


def _of_shape(question: Question, given: tuple, wanted: tuple) -> tuple[str, str]:
    """Return what is right and what is wrong of a shape: the author's reason, the transpose, or whose it is."""
    if reason := next((words for shape, words in question.reasons.items() if read_shape(shape) == given), ""):
        return "", reason
    if given == wanted[::-1]:
        return "Both sizes are right.", "Their order is not: this is the shape of the transpose."
    right, cause = told_of_shape(question, given) if question.goal else ("", "")
    if cause:
        return right, cause
    if len(given) != len(wanted):
        return "", f"It has {_indices(len(wanted))}; yours has {_indices(len(given))}."
    agree = [i + 1 for i, (g, w) in enumerate(zip(given, wanted, strict=True)) if g == w]
    right = f"Index {agree[0]} is right." if agree else ""
    return right, led_on(question)


def prove_shape(question: Question) -> list[str]:
    """Return what is wrong with a shape: it is not that of the goal, or a reason stands at the right one or at none."""
    found = []
    if question.goal and not same_shape(_upper(question.shape), goal_shape(question)):  # type: ignore[arg-type]
        found.append(f"shape is {question.shape}, but that of {question.goal} is {goal_shape(question)}")
    return [*found, *_of_reasons(question, read_shape, _upper(question.shape), "shape")]  # type: ignore[arg-type]


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
        if "exponent" in question.task and POWER.search(shown(answer)):
            mend = "A power stands here: write its exponent alone, as a number."
        return _unread(question, answer, "no number that can be read", mend, str(error))
    wanted = Fraction(str(question.number))
    if abs(given - wanted) <= _allowed(question, wanted, answer):
        return Feedback(question.id, CORRECT)
    said = ((Fraction(number), words) for number, words in question.reasons.items())
    if reason := next((words for one, words in said if abs(given - one) <= _lost(one, answer)), ""):
        right, cause = "", reason
    elif given == -wanted:
        right, cause = "The size is right.", "The sign is not."
    elif abs(given - wanted) == 1:
        right, cause = "", f"It is off by one: {_by_one(question, given > wanted)}."
    else:
        right, cause = "", f"It is too {'large' if given > wanted else 'small'}."
    return Feedback(question.id, WRONG, right=right, cause=cause, section=question.section, asks="What do you count?")


def _by_one(question: Question, is_more: bool) -> str:
    """Return in which direction a number is off, a count in words of a count."""
    counts = Fraction(str(question.number)).denominator == 1 and re.search(r"[Hh]ow many", question.task)
    if counts:
        return "one too many" if is_more else "one too few"
    return "too large" if is_more else "too small"


def prove_number(question: Question) -> list[str]:
    """Return what is wrong with a number: a reason stands at the right one, at one that has a reason, or at none."""
    return _of_reasons(question, Fraction, Fraction(str(question.number)), "number")


def _of_reasons(question: Question, reading: Callable[[str], object], right: object, what: str) -> list[str]:
    """Return what is wrong with the reasons of a question, each for a wrong answer and each for another one."""
    found, known = [], {}
    for text, words in question.reasons.items():
        try:
            one = reading(text)
        except ValueError:
            found.append(f"reasons names {text!r}, which is no {what}")
            continue
        if one == right:
            found.append(f"reasons says why {text} is wrong, but it is the right {what}")
        if one in known:
            found.append(f"reasons names {text} twice: also as {known[one]}")
        if not words.strip():
            found.append(f"reasons says nothing of {text}")
        known[one] = text
    return found


def _close(wanted: Fraction, answer: object) -> Fraction:
    """Return how far a number may be off, relatively: a count not at all, but for what floats lose."""
    if wanted.denominator > 1:
        return CLOSE
    return Fraction(0) if issubclass(type(answer), str) else Fraction(1, 10**12)


def _lost(wanted: Fraction, answer: object) -> Fraction:
    """Return what floats lose of a number, or of one by hand."""
    return _close(wanted, answer) * max(Fraction(1), abs(wanted))


def _allowed(question: Question, wanted: Fraction, answer: object) -> Fraction:
    """Return how far a number may be off: as the author says, else by what floats lose."""
    given = {name: Fraction(str(value)) for name, value in question.tolerance.items()}
    stated = max(given.get("abs", Fraction(0)), given.get("rel", 0) * abs(wanted)) if given else Fraction(0)
    return max(stated, _lost(wanted, answer))


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
