"""Judge a derivation: every line against its neighbour and against the first; the first bad one is named, and why."""

from __future__ import annotations

import re
from typing import NamedTuple

from bptt_lab.exercises.diagnosis import diagnose
from bptt_lab.exercises.feedback import CANNOT_READ, CORRECT, OTHER_FORM, UNDECIDED, WRONG, Feedback
from bptt_lab.exercises.judging import counterexample
from bptt_lab.exercises.question import Question
from bptt_lab.exercises.scenes import side, values
from bptt_lab.formulas import FormulaError, read
from bptt_lab.formulas.tree import Derivative, Tree, walk
from bptt_lab.symbolic.verdicts import decide

MOST_LINES = 40
LONGEST_CELL = 20_000


class Written(NamedTuple):
    """A line of a derivation as a student wrote it: its number in the text, its formula, its reason."""

    number: int
    text: str
    reason: str
    tree: Tree


def judge_derivation(question: Question, text: str) -> Feedback:
    """Return the feedback on a derivation: one formula a line, a leading '=' and a reason after ';' are welcome."""
    try:
        lines = _lines(question, text)
    except FormulaError as error:
        return Feedback(question.id, CANNOT_READ, cause=str(error))
    strengths = []
    for k, line in enumerate(lines):
        before = lines[k - 1].tree if k else question.goal_tree
        try:
            verdict = decide(side(before, question.spans), side(line.tree, question.spans), question.graph)
        except FormulaError as error:
            return _at(question, CANNOT_READ, line, cause=str(error.in_text(line.text)))
        if verdict.outcome == "undecided":
            return _at(question, UNDECIDED, line, cause="It could not be compared with the line before.")
        if verdict.outcome == "different":
            return _bad_line(question, lines, k, verdict)
        strengths.append(verdict.strength)
    return _end(question, lines, strengths)


def _lines(question: Question, text: str) -> list[Written]:
    if not isinstance(text, str) or len(text) > LONGEST_CELL:
        raise FormulaError("A derivation is text of limited length.", "Write one formula a line.")
    found = []
    for number, raw in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
        formula, _, reason = raw.partition("#" if "#" in raw and ";" not in raw else ";")
        formula = formula.strip().removeprefix("=").strip()
        if not formula:
            continue
        if len(found) >= MOST_LINES:
            raise FormulaError(f"A derivation may have {MOST_LINES} lines.", "Leave some out.")
        try:
            found.append(Written(number, formula, reason.strip(), read(formula, question.language)))
        except FormulaError as error:
            raise FormulaError(f"Line {number}: {error}") from None
    if not found:
        raise FormulaError("There is no line to check.", "Write one formula a line.")
    return found


def _at(question: Question, outcome: str, line: Written, **more: str) -> Feedback:
    return Feedback(question.id, outcome, right=f"Line {line.number}:  {line.text[:100]}", **more)


def _bad_line(question: Question, lines: list[Written], k: int, verdict) -> Feedback:
    """Return the feedback on the first line that does not follow, diagnosed against the goal."""
    line = lines[k]
    cause = diagnose(question, lambda scene: values(line.tree, scene, question.spans))
    good = f"Lines before it follow from the question ({k} of {len(lines)}). " if k else ""
    says = f"Line {line.number} does not follow:  {line.text[:100]}"
    return Feedback(
        question.id,
        WRONG,
        verdict.strength,
        (good + cause.right).strip(),
        f"{says}\n{cause.says}".strip(),
        counterexample(question, line.tree, verdict.world) if verdict.world else "",
        question.section,
        cause.asks or f"What do you do to get from the line before to line {line.number}?",
        cause.mistake,
    )


def _end(question: Question, lines: list[Written], strengths: list[str]) -> Feedback:
    """Return the feedback on a derivation whose lines all follow: it must also arrive."""
    if len(lines) < 2:
        cause = "The line is right. Write the steps that lead to it too, one a line."
        return Feedback(question.id, OTHER_FORM, strengths[-1], cause=cause, asks="With which rule do you begin?")
    left = [part for part in walk(lines[-1].tree) if isinstance(part, Derivative) and not _is_allowed(question, part)]
    if left:
        cause = "Every line follows, but the last one still holds a derivative that can be put in."
        cause += f" It may hold {', '.join(question.letters)}." if question.letters else ""
        return Feedback(
            question.id, OTHER_FORM, strengths[-1], cause=cause, asks="Which derivative is it, and by what?"
        )
    return Feedback(question.id, CORRECT, max(strengths, key=len), right=f"All {len(lines)} lines follow.")


def _is_allowed(question: Question, part: Derivative) -> bool:
    """Return whether a derivative may stand in the last line: a delta or a gradient among the question's letters."""
    if part.kind == "immediate":
        return False
    names = {f"d_{part.above.name}", "d" + part.above.name[1:] if part.above.name.startswith("a") else ""}
    is_goal = isinstance(question.goal_tree, Derivative) and part.above == question.goal_tree.above
    return not is_goal and (not question.letters or bool(names & set(question.letters)))
