"""Judge a derivation: every line against its neighbour and against the first; the first bad one is named, and why."""

from __future__ import annotations

import itertools
import re
from typing import NamedTuple

from bptt_lab.exercises.causes.diagnosis import diagnose
from bptt_lab.exercises.causes.edits import terms
from bptt_lab.exercises.causes.named import trial_scenes
from bptt_lab.exercises.causes.worked import chain_line
from bptt_lab.exercises.feedback import Feedback
from bptt_lab.exercises.judges.formula import (
    NO_VALUE,
    Comparison,
    check_free,
    compare,
    counterexample,
    is_a_letter,
    is_the_question,
    own,
    wrong_elsewhere,
)
from bptt_lab.exercises.judges.left_out import unwanted
from bptt_lab.exercises.outcomes import CANNOT_READ, CORRECT, OTHER_FORM, UNDECIDED, WRONG
from bptt_lab.exercises.question import Question
from bptt_lab.exercises.scenes import FreeScene, flat, shapes, values
from bptt_lab.formulas import FormulaError, ShapeError, read, write
from bptt_lab.formulas.rewriting import left_side
from bptt_lab.formulas.tree import Binary, Derivative, Letter, Tree, walk
from bptt_lab.symbolic import worlds
from bptt_lab.symbolic.arithmetics import Unsettled, is_late, patience
from bptt_lab.symbolic.values import Scene, shape_text
from bptt_lab.symbolic.verdicts import Verdict, weakest

MOST_LINES, LONGEST_CELL = 40, 20_000
SECONDS = 5.0  # of processor time for all lines together
EQUALS = re.compile(r"(?<![=!<>])=(?!=)|(?<![=!<>])==(?!=)")  # between two sides of one line
ALIGNED = re.compile(r"\\(?:begin|end)\{aligned\}")
TOO_LONG = "The derivation takes too long to compute: use shorter sums."
NOT_COMPARED = "It could not be compared with the line before."


class Written(NamedTuple):
    """A line of a derivation as a student wrote it: its number in the text, its formula, its reason."""

    number: int
    text: str
    reason: str
    tree: Tree


def judge_derivation(question: Question, text: str, is_end: bool = False) -> Feedback:
    """Return the feedback on a derivation: one formula a line, a left side and a reason after ';' are welcome.

    Every line is compared with the one before it, the first one with the question, in every case of the question.
    `is_end`: the steps are taken as shown, and only the end is given.
    """
    try:
        lines = _lines(question, text)
    except FormulaError as error:
        return Feedback(question.id, CANNOT_READ, cause=str(error))
    with patience(SECONDS):
        return _judge_lines(question, lines, is_end)


def _judge_lines(question: Question, lines: list[Written], is_end: bool) -> Feedback:
    steps, before = [], question.goal_tree
    for k, line in enumerate(lines):
        if trouble := _trouble(question, line):
            return trouble
        found = compare(question, before, line.tree)
        if found.verdict.outcome == "undecided":
            return _at(question, UNDECIDED, line, cause=TOO_LONG if is_late() else NOT_COMPARED)
        if found.verdict.outcome == "different":
            return _bad_line(question, lines, k, found)
        steps.append(found)
        before = line.tree
    return _end(question, lines, _weakest(steps).strength, is_end)


def _weakest(steps: list[Comparison]) -> Comparison:
    """Return what holds of all steps: the weakest strength, in the cases in which all of them agree."""
    agreed = min((step.agreed for step in steps), key=len)
    return steps[0]._replace(verdict=Verdict("same", weakest(step.verdict.strength for step in steps)), agreed=agreed)


def _trouble(question: Question, line: Written) -> Feedback | None:
    """Return the feedback on a line that has no value, or one of another shape than the question's."""
    scene = trial_scenes(question)[0]
    try:
        check_free(line.tree, question)
        given = values(line.tree, scene, question.spans)
    except Unsettled:
        return _at(question, UNDECIDED, line, cause=TOO_LONG)
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


def formulas_read(question: Question, text: str) -> list[Tree]:
    """Return the formulas of a derivation, as they are read (errors: FormulaError)."""
    return [line.tree for line in _lines(question, text)]


def _lines(question: Question, text: str) -> list[Written]:
    if not isinstance(text, str) or len(text) > LONGEST_CELL:
        raise FormulaError("A derivation is text of limited length.", "Write one formula a line.")
    found = []
    for number, raw in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
        formulas, reason = _parted(raw)
        *lefts, last = _sides(formulas) or [""]
        for formula in (*(left_side(one, question.language) for one in lefts), *([last] if last else [])):
            if len(found) >= MOST_LINES:
                raise FormulaError(f"A derivation may have {MOST_LINES} lines.", "Leave some out.")
            try:
                found.append(Written(number, formula, reason.strip(), read(formula, question.language)))
            except FormulaError as error:
                raise FormulaError(f"Line {number}: {error}") from None
    if not found:
        raise FormulaError("There is no line to check.", "Write one formula a line.")
    return found


def _parted(raw: str) -> tuple[str, str]:
    r"""Return the formulas of a line, and the reason after ';' or '#'; a \; of LaTeX is only a space."""
    formulas, *reason = re.split(r"[;#]", raw.replace(r"\;", "  "), maxsplit=1)
    return formulas, "".join(reason)


def _sides(formulas: str) -> list[str]:
    r"""Return what stands between the = signs of a line, but for those inside braces, as in \sum_{t=1}^{3}."""
    found, start = [], 0
    for sign in EQUALS.finditer(formulas):
        before = formulas[start : sign.start()]
        if before.count("{") <= before.count("}"):
            found.append(before)
            start = sign.end()
    sides = (ALIGNED.sub("", side).strip(" \t\f\v&$") for side in (*found, formulas[start:]))
    return [side for side in sides if side and side != r"\\"]


def _at(question: Question, outcome: str, line: Written, **more: str) -> Feedback:
    return Feedback(question.id, outcome, right=f"Line {line.number}:  {line.text[:100]}", **more)  # type: ignore[arg-type]


def _bad_line(question: Question, lines: list[Written], k: int, found: Comparison) -> Feedback:
    """Return the feedback on the first line that does not follow, diagnosed against the goal."""
    line, verdict, is_here = lines[k], found.verdict, found.case is question
    good = f"Lines before it follow from the question ({k} of {len(lines)}). " if k else ""
    says = f"Line {line.number} does not follow:  {line.text[:100]}"
    more = _another_slip(question, lines, k)
    if not is_here:
        told = wrong_elsewhere(question, found)
        return told._replace(right=good.strip(), cause=f"{says}\n{told.cause}{more}".rstrip())
    cause = diagnose(question, lambda scene: values(line.tree, scene, question.spans), own(question, line.tree, True))
    return Feedback(
        question.id,
        WRONG,
        verdict.strength,
        good.strip(),
        "\n".join(filter(None, [says, f"{cause.right} {cause.says}".strip()])) + more,
        counterexample(question, line.tree, verdict.world) if verdict.world else "",
        question.section,
        cause.asks or f"What do you do to get from {'the line before' if k else 'the question'} to line {line.number}?",
        cause.mistake,
        lit=cause.lit,
    )


def _another_slip(question: Question, lines: list[Written], k: int) -> str:
    """Return which line after a bad one follows neither from the line before it nor from the question."""
    for before, line in itertools.pairwise(lines[k:]):
        if _trouble(question, line):
            return ""
        trees = before.tree, question.goal_tree
        if all(compare(question, tree, line.tree).verdict.outcome == "different" for tree in trees):
            return f"\nLine {line.number} does not follow from the line before it either." * (
                line.number > before.number
            )
    return ""


def _end(question: Question, lines: list[Written], strength: str, is_end: bool) -> Feedback:
    """Return the feedback on a derivation whose lines all follow: it must take steps, and arrive."""
    last, found = lines[-1].tree, Feedback(question.id, OTHER_FORM, strength)
    if last == question.goal_tree:
        return found._replace(cause="That is the question itself.", asks="With which rule do you begin?", is_open=True)
    name = _left(question, last)
    if name:
        right = f"{'All lines follow' if len(lines) > 1 else 'The line is right so far'}. Go on."
        cause = f"The last line still holds {name}."
        cause += f" It may hold {', '.join(question.letters)}." if question.letters else ""
        return found._replace(right=right, cause=cause, asks="What can be put in for it?", is_open=True)
    if left := unwanted(question, last):
        cause = f"The last line still holds {left.words}: the task asks for one without."
        return found._replace(right="All lines follow.", cause=cause, asks=left.asks, is_open=True)
    if something_cancels(question, last):
        cause = "The last line can be written shorter."
        return found._replace(right="All lines follow.", cause=cause, asks="What cancels?")
    if question.most_letters and _letters(last) > question.most_letters:
        fewest = min(_letters(question.tree(form)) for form in (question.answer, *question.same))
        cause = f"The last line holds {_letters(last)} letters; {fewest} are enough."
        return found._replace(right="All lines follow.", cause=cause, asks="What can be put together?")
    steps = {_ingredients(line.tree, question) for line in lines if not is_the_question(line.tree, question)}
    if len(steps) < 2 and not is_end:
        return found._replace(cause=_without_steps(question, lines), asks="With which rule do you begin?")
    return Feedback(question.id, CORRECT, strength, right="All lines follow.")


def _without_steps(question: Question, lines: list[Written]) -> str:
    """Return what is said of lines that follow from each other by algebra: the derivatives come before them."""
    formulas = dict.fromkeys(line.text for line in lines if not is_the_question(line.tree, question))
    first = chain_line(question)
    if len(formulas) < 2 or not first:
        return "The end is right. Write the steps that lead to it too, one a line."
    cause = "All lines follow, and algebra alone leads from one to the next. Write the steps before them too, first the"
    return f"{cause} line with the derivatives themselves:  {first}"


def _ingredients(tree: Tree, question: Question) -> tuple:
    """Return a formula as a number in which every letter and derivative is free: the same numbers take no step.

    What follows by algebra alone, without the chain rule or an equation, leads from one to the other.
    """
    scene = FreeScene(worlds.modular_worlds(question.graph)[0])
    try:
        return tuple(number.n for number in flat(values(tree, scene, question.spans)))
    except (FormulaError, ArithmeticError, ValueError):
        return (write(tree),)


def something_cancels(question: Question, tree: Tree) -> bool:
    """Return whether two terms of some sum in a formula are opposite at every point tried."""
    scene = trial_scenes(question)[0]
    for part in walk(tree):
        pairs = itertools.combinations(terms(part), 2) if isinstance(part, Binary) and part.operator in "+-" else ()
        if any(_is_zero(Binary(sign, one, other), scene, question) for (one, plus), (other, also) in pairs
               for sign in ("-" if plus != also else "+",)):  # fmt: skip
            return True
    return False


def _is_zero(tree: Tree, scene: Scene, question: Question) -> bool:
    """Return whether a formula is zero for every choice of the free indices; no, where a sum around it binds others."""
    try:
        return all(abs(number) < 1e-12 for number in flat(values(tree, scene, question.spans)))
    except (FormulaError, ArithmeticError, ValueError):
        return False


def _left(question: Question, last: Tree) -> str:
    """Return what may not stand in the last line: a derivative that can be put in, or a letter that is not wanted."""
    derivatives = [part for part in walk(last) if isinstance(part, Derivative)]
    forms = [question.tree(form) for form in (question.answer, *question.same)]
    known = {_kind(part) for form in forms for part in walk(form) if isinstance(part, Derivative)}
    strange = [part for part in derivatives if _kind(part) not in known and not _may_stay(question, part)]
    if strange or is_the_question(last, question):
        return "a derivative that can be put in"
    inside = {id(letter) for part in derivatives for letter in (part.below, part.above)}
    others = [
        p.name for p in walk(last) if isinstance(p, Letter) and id(p) not in inside and p.name not in question.letters
    ]
    return others[0] if others and question.letters else ""


def _kind(part: Derivative) -> tuple[str, str, str]:
    return part.kind, part.below.name, part.above.name


def _letters(tree: Tree) -> int:
    return sum(isinstance(part, Letter) for part in walk(tree))


def _may_stay(question: Question, part: Derivative) -> bool:
    """Return whether a derivative may stand in the last line: a delta or a gradient among the question's letters."""
    return part.kind != "immediate" and (not question.letters or is_a_letter(part, question))
