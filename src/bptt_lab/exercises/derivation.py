"""Judge a derivation: every line against its neighbour and against the first; the first bad one is named, and why."""

from __future__ import annotations

import re
from typing import NamedTuple

from bptt_lab.exercises.diagnosis import diagnose, trial_scenes
from bptt_lab.exercises.feedback import CANNOT_READ, CORRECT, OTHER_FORM, UNDECIDED, WRONG, Feedback
from bptt_lab.exercises.judging import NO_VALUE, counterexample, is_a_letter
from bptt_lab.exercises.question import Question
from bptt_lab.exercises.scenes import shapes, side, values
from bptt_lab.formulas import FormulaError, ShapeError, read, shape_text
from bptt_lab.formulas.tree import Derivative, Letter, Over, Tree, walk
from bptt_lab.symbolic.verdicts import decide

MOST_LINES, MOST_WORK = 40, 8_000
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
    strengths, scene = [], trial_scenes(question)[0]
    begun = scene.spent
    for k, line in enumerate(lines):
        trouble = _trouble(question, line)
        if scene.spent - begun > MOST_WORK:
            trouble = _at(
                question, CANNOT_READ, line, cause="The derivation takes too long to compute: use shorter sums."
            )
        if trouble:
            return trouble
        before = lines[k - 1].tree if k else question.goal_tree
        verdict = decide(side(before, question.spans), side(line.tree, question.spans), question.graph)
        if verdict.outcome == "undecided":
            return _at(question, UNDECIDED, line, cause="It could not be compared with the line before.")
        if verdict.outcome == "different":
            return _bad_line(question, lines, k, verdict)
        strengths.append(verdict.strength)
    return _end(question, lines, strengths)


def _trouble(question: Question, line: Written) -> Feedback | None:
    """Return the feedback on a line that has no value, or one of another shape than the question's."""
    scene = trial_scenes(question)[0]
    try:
        given = values(line.tree, scene, question.spans)
    except FormulaError as error:
        outcome = WRONG if isinstance(error, ShapeError) else CANNOT_READ
        return _at(question, outcome, line, cause=str(error.in_text(line.text)), section=question.section)
    except (ArithmeticError, ValueError):
        return _at(question, CANNOT_READ, line, cause=NO_VALUE)
    wanted = values(question.goal_tree, scene, question.spans)
    if shapes(given) == shapes(wanted):
        return None
    cause = f"It is {shape_text(given[0])}; expected {shape_text(wanted[0])}."
    asks = "Which entry is meant?" if shapes(wanted)[0] == () else "Which shape has each factor?"
    return _at(question, WRONG, line, cause=cause, section=question.section, asks=asks)


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
        cause.asks or f"What do you do to get from {'the line before' if k else 'the question'} to line {line.number}?",
        cause.mistake,
    )


def _end(question: Question, lines: list[Written], strengths: list[str]) -> Feedback:
    """Return the feedback on a derivation whose lines all follow: it must take steps, and arrive."""
    last, found = lines[-1].tree, Feedback(question.id, OTHER_FORM, strengths[-1])
    if last == question.goal_tree:
        return found._replace(cause="That is the question itself.", asks="With which rule do you begin?")
    left = _left(question, last)
    if left:
        right = f"{'All lines follow' if len(lines) > 1 else 'The line is right so far'}. Go on."
        cause = f"The last line still holds {left}."
        cause += f" It may hold {', '.join(question.letters)}." if question.letters else ""
        return found._replace(right=right, cause=cause, asks="What can be put in for it?")
    answer = question.tree(question.answer)
    has_sum = any(isinstance(part, Over) for part in walk(answer))
    if not has_sum and _letters(last) > _letters(answer) + 2:
        return found._replace(
            right="All lines follow.", cause="The last line can be written shorter.", asks="What cancels?"
        )
    steps = {line.tree for line in lines} - {question.goal_tree}
    if len(steps) < 2:
        cause = "The end is right. Write the steps that lead to it too, one a line."
        return found._replace(cause=cause, asks="With which rule do you begin?")
    return Feedback(question.id, CORRECT, max(strengths, key=len), right=f"All {len(lines)} lines follow.")


def _left(question: Question, last: Tree) -> str:
    """Return what may not stand in the last line: a derivative that can be put in, or a letter that is not wanted."""
    if any(isinstance(part, Derivative) and not _is_allowed(question, part) for part in walk(last)):
        return "a derivative that can be put in"
    inside = {id(letter) for part in walk(last) if isinstance(part, Derivative) for letter in (part.below, part.above)}
    others = [
        p.name for p in walk(last) if isinstance(p, Letter) and id(p) not in inside and p.name not in question.letters
    ]
    return others[0] if others and question.letters else ""


def _letters(tree: Tree) -> int:
    return sum(isinstance(part, Letter) for part in walk(tree))


def _is_allowed(question: Question, part: Derivative) -> bool:
    """Return whether a derivative may stand in the last line: a delta or a gradient among the question's letters."""
    is_goal = isinstance(question.goal_tree, Derivative) and part.above == question.goal_tree.above
    if part.kind == "immediate" or is_goal:
        return False
    return not question.letters or is_a_letter(part, question)
