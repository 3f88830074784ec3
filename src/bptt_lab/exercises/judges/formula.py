"""Judge an answer given as text: a line or a matrix formula, right, right in another form, or wrong and why."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from bptt_lab.exercises.causes.asked import is_the_question
from bptt_lab.exercises.causes.cause import ZERO, Cause
from bptt_lab.exercises.causes.corrections import Own
from bptt_lab.exercises.causes.diagnosis import diagnose, diagnose_unfit, is_derivative
from bptt_lab.exercises.causes.named import trial_scenes
from bptt_lab.exercises.feedback import Feedback, told_apart
from bptt_lab.exercises.judges.cases import cases, in_words, is_all_there, is_explicit
from bptt_lab.exercises.judges.left_out import unwanted
from bptt_lab.exercises.judges.matrices import dot_of_columns, rows_of_numpy, unit_matrix
from bptt_lab.exercises.outcomes import CANNOT_READ, CORRECT, OTHER_FORM, UNDECIDED, WRONG
from bptt_lab.exercises.places import said, said_of
from bptt_lab.exercises.question import Question
from bptt_lab.exercises.scenes import bindings, flat, scene_of, shapes, side, value_at, values
from bptt_lab.formulas import FormulaError, ShapeError, read, write
from bptt_lab.formulas.elsewhere import beyond_sum
from bptt_lab.formulas.functions import LOSSES
from bptt_lab.formulas.rewriting import rewritten
from bptt_lab.formulas.tree import Call, Derivative, Letter, Relation, Tree, free_variables, mapped, order, walk
from bptt_lab.network import Graph, Place
from bptt_lab.symbolic.arithmetics import Unsettled, patience
from bptt_lab.symbolic.values import Scene
from bptt_lab.symbolic.verdicts import ALONE, Verdict, decide, weakest
from bptt_lab.symbolic.worlds import World

SECONDS = 3.0  # of processor time to compare two formulas
SECONDS_OF_A_CORRECTION = 1.0
UNDECIDABLE = "Neither equality nor a difference could be shown. Try a plainer form."
TOO_LARGE = "A number on the way is too large to compute with: more than 300 digits."
NO_VALUE = "This has no value: look for a division by zero or the logarithm of what is not positive."

IMMEDIATE_ZERO = (
    "Your answer is zero: d is the immediate derivative, and it is zero where an equation does not read the letter "
    "itself. The total one is D."
)


def judge_formula(question: Question, text: str) -> Feedback:
    """Return the feedback on a line or a matrix formula."""
    scene, tree, found = _scene(question), None, None
    try:
        with patience(SECONDS):
            tree = _right_side(read(text, question.language, relation=True), question)
            check_free(tree, question)
            given = values(tree, scene, question.spans)
            if shapes(given) == shapes(values(question.goal_tree, scene, question.spans)):
                found = compare(question, question.goal_tree, tree)
    except Unsettled:
        return Feedback(question.id, UNDECIDED, cause=UNDECIDABLE)
    except ShapeError as error:
        return _unfit(question, tree, str(error.in_text(text)))
    except FormulaError as error:
        attempt = partial(read, language=question.language, relation=True)
        told = tree and rewritten(text, question.language, error, attempt) or _of_left_side(question, text, error)
        return Feedback(question.id, CANNOT_READ, cause=str(told.in_text(text)), section=question.section)
    except OverflowError:
        return Feedback(question.id, CANNOT_READ, cause=TOO_LARGE)
    except (ArithmeticError, ValueError):
        return Feedback(question.id, CANNOT_READ, cause=NO_VALUE)
    if found is None:
        return _wrong(question, tree, None)
    if found.verdict.outcome == "same":
        return _right(question, text, tree, found.strength)
    if found.verdict.outcome == "undecided":
        return Feedback(question.id, UNDECIDED, cause=UNDECIDABLE)
    return _wrong(question, tree, found.verdict) if found.case is question else wrong_elsewhere(question, found)


def _of_left_side(question: Question, text: str, error: FormulaError) -> FormulaError:
    """Return the error of an answer, where it is its left side alone that cannot be read: with what is to be done."""
    left, sign, right = text.partition("=")
    if not sign or error.column > len(left) or right.startswith("=") or left.endswith(("!", "<", ">")):
        return error
    try:
        read(right, question.language)
    except FormulaError:
        return error
    mend = f"This is the left side, which may be left out. As a question it is  {question.goal}"
    return FormulaError(error.what, mend, text, error.column)


class Comparison(NamedTuple):
    """What came of comparing two formulas: a verdict, the case that gave it, and all cases in which they agree."""

    verdict: Verdict
    case: Question
    agreed: tuple[Question, ...] = ()

    @property
    def strength(self) -> str:
        """How the verdict is known, and where it was tried."""
        return "; ".join(filter(None, (self.verdict.strength, in_words(self.agreed))))


def compare(question: Question, one: Tree, other: Tree) -> Comparison:
    """Return whether two formulas are the same in every case of a question; the first case that says no, says it.

    A formula that holds for the steps or sizes given, and names them by numbers, need not hold for others.
    """
    strengths, agreed = [], []
    written = [tree for tree in (one, other) if tree != question.goal_tree]
    most = 1 + order(one) + order(other)
    for case in cases(question):
        if case.graph.T < question.graph.T and not all(is_all_there(tree, case) for tree in written):
            continue  # a step before the first one: the formula says nothing of so short a sequence
        sides = (side(tree, case.spans) for tree in (one, other))
        is_near = case is not question and case.graph.T in (1, 2, question.graph.T + 1)
        verdict = decide(*sides, case.graph, alone=ALONE if case is question else 1, order=0 if is_near else most)  # type: ignore[arg-type, call-arg, misc]
        if verdict.outcome == "same":
            strengths.append(verdict.strength)
            agreed.append(case)
        elif verdict.outcome == "undecided" and case.graph.T < question.graph.T:
            continue  # a sum that has no terms in so short a sequence
        elif case is question or not any(is_explicit(tree, case, question) for tree in written):
            return Comparison(verdict, case)
    return Comparison(Verdict("same", weakest(strengths)), question, tuple(agreed))


def wrong_elsewhere(question: Question, found: Comparison) -> Feedback:
    """Return the feedback on an answer that is right in the network as given, and not in another one."""
    T, other = question.graph.T, found.case.graph.T
    if other == T:
        cause, asks = "It is right for the sizes given, but not for any.", "Is a size written into the answer?"
    else:
        cause, asks = f"It is right for T = {T}, but not for every T.", "Is a number of steps written into the answer?"
    return Feedback(question.id, WRONG, found.verdict.strength, "", cause, "", question.section, asks)


def _scene(question: Question) -> Scene:
    """Return a scene in which shapes and places are looked at; any other would do."""
    return trial_scenes(question)[0]


def _right_side(tree: Tree, question: Question) -> Tree:
    """Return an answer without its left side, if that is the question; errors: FormulaError for another equation."""
    if not isinstance(tree, Relation):
        return tree
    first = (_scene(question), question.spans)
    same = flat(values(tree.left, *first)) == flat(values(question.goal_tree, *first))
    if tree.operator != "=" or not same:
        raise FormulaError("An answer has one side only.", "Leave out the left side and the = sign.", "", tree.column)
    return tree.right


def check_free(tree: Tree, question: Question) -> None:
    """Raise a FormulaError where an index has no value: neither the question nor a sum around it gives one."""
    for name in sorted(free_variables(tree) - set(question.spans) - {"T"}):
        if error := beyond_sum(tree, name):
            raise error
        if name == "t" and "T" in free_variables(question.goal_tree):
            mend = f"The question is about step T, {write(question.goal_tree)}, and about no other t: write T for t."
            raise FormulaError(f"{name} has no value here.", mend)
        here = f"The question is not about a general {name}: write a number"
        raise FormulaError(f"{name} has no value here.", f"{here}, or let a sum run over it: sum({name}, 1, 3, …).")


def _right(question: Question, text: str, tree: Tree, strength: str) -> Feedback:
    """Return the feedback on an answer whose value is right: its form may not be the one wanted."""
    if is_the_question(tree, question):
        asks = "Write it with what it reaches directly." if is_derivative(question) else "Write how it is computed."
        return Feedback(question.id, OTHER_FORM, cause="That is the question itself.", asks=asks, is_open=True)
    foreign = _foreign(tree, question) or _in_a_circle(tree, question)
    if foreign:
        return _in_other_letters(question, text, tree, strength, *foreign)
    if left := unwanted(question, tree):
        cause = f"It still holds {left.words}: the task asks for a form without."
        return Feedback(question.id, OTHER_FORM, strength, "The value is right.", cause, asks=left.asks, is_open=True)
    return Feedback(question.id, CORRECT, strength)


def _in_other_letters(
    question: Question, text: str, tree: Tree, strength: str, name: str, column: int | None
) -> Feedback:
    """Return the feedback on a right value with a letter or derivative that does not stand in the form wanted."""
    part = next((one for one in walk(tree) if isinstance(one, Derivative) and write(one) == name), None)
    offer, asks = f"Letters: {', '.join(question.letters)}." if question.letters else "", ""
    what = f"{name} is not available in this exercise."
    if part and not question.letters:
        kind = "an immediate" if part.kind == "immediate" else "a total"
        what, asks = (
            f"It still holds {name}, {kind} derivative that the form wanted does without.",
            "Can it be written out, or left out?",
        )
    error = FormulaError(what, offer, *(() if column is None else (text, column)))
    is_open = part is not None
    return Feedback(question.id, OTHER_FORM, strength, "The value is right.", str(error), asks=asks, is_open=is_open)


def _foreign(tree: Tree, question: Question) -> tuple[str, int] | None:
    """Return the first letter, derivative or loss function that is neither allowed nor in the author's forms."""
    return next(_all_foreign(tree, question), None)


def _all_foreign(tree: Tree, question: Question) -> Iterator[tuple[str, int]]:
    """Yield each letter, derivative or loss function that is neither allowed nor in the author's forms."""
    known = [part for form in (question.answer, *question.same) for part in walk(question.tree(form))]
    kinds = {(part.kind, part.above.name) for part in known if isinstance(part, Derivative)}
    calls = {part.function for part in known if isinstance(part, Call)}
    inside = {id(letter) for part in walk(tree) if isinstance(part, Derivative) for letter in (part.below, part.above)}
    for part in walk(tree):
        if isinstance(part, Derivative) and not _is_known(part, kinds, question):
            yield write(part), part.column
        is_letter = isinstance(part, Letter) and id(part) not in inside
        if is_letter and question.letters and part.name not in question.letters:  # type: ignore[union-attr]
            yield part.name, part.column  # type: ignore[union-attr]
        if isinstance(part, Call) and part.function in LOSSES and part.function not in calls:
            yield part.function, part.column


def _is_known(part: Derivative, kinds: set[tuple[str, str]], question: Question) -> bool:
    """Return whether a derivative is of a kind in the author's forms, in either layout, or among the letters."""
    names = {name for kind, name in kinds if (kind == "immediate") == (part.kind == "immediate")}
    if not question.letters:
        return part.above.name in names
    return (part.kind, part.above.name) in kinds or is_a_letter(part, question)


def _in_a_circle(tree: Tree, question: Question) -> tuple[str, None] | None:
    """Return a value that is itself computed from the value asked for, if a formula reads one, without its column."""
    goal, graph, scene = question.goal_tree, question.graph, _scene(question)
    if not isinstance(goal, Letter):
        return None
    for indices in bindings(question.spans):
        (asked,) = (Place(*read.above[:2]) for read in scene.places_read(goal, **indices))
        later = _computed_from(graph, asked)
        read = {Place(*one.above[:2]) for one in scene.places_read(tree, **indices) if one.kind == "value"}
        if circle := sorted(read & later, key=str):
            return said(circle[0]), None
    return None


def _computed_from(graph: Graph, start: Place) -> set[Place]:
    """Return every place that depends on one, with the total loss if the loss of a step does."""
    found, waiting = set(), [start]
    while waiting:
        for user in graph.users.get(waiting.pop(), ()):
            if user not in found:
                found.add(user)
                waiting.append(user)
    loss = graph.network.loss
    return found | {Place(loss) for place in (start, *found) if place.name == loss}


def is_a_letter(part: Derivative, question: Question) -> bool:
    """Return whether a derivative is one of a question's letters, such as d1 or d_a1, in either layout."""
    if part.kind == "immediate" or (part.below.name, part.below.time) != (question.graph.network.loss, None):
        return False
    meanings = [question.language.letters.get(name) for name in question.letters]
    return any(meaning and meaning.kind != "value" and meaning.name == part.above.name for meaning in meanings)


def _wrong(question: Question, tree: Tree, verdict: Verdict | None) -> Feedback:
    cause: Cause = unit_matrix(tree, question, _is_right(question)) or diagnose(
        question, lambda scene: values(tree, scene, question.spans), own(question, tree)
    )
    if verdict is None and (foreign := _foreign(tree, question)) and question.letters:
        says = f"{foreign[0]} is not available in this exercise. Letters: {', '.join(question.letters)}."
        cause = cause._replace(says=f"{says} {cause.says}".strip(), asks="Which letters belong to this quantity?")
    if any(isinstance(part, Derivative) and part.kind == "immediate" for part in walk(tree)) and ZERO in cause.says:
        cause = Cause(says=_of_zero(question, tree), asks="Is the immediate derivative meant, or the total one?")
    example = counterexample(question, tree, verdict.world) if verdict is not None else ""  # type: ignore[arg-type]
    return Feedback(
        question.id,
        WRONG,
        "shapes differ" if verdict is None else verdict.strength,
        cause.right,
        cause.says,
        example,
        question.section,
        cause.asks or "Which factor or term would you check first, and against which equation?",
        cause.mistake,
        lit=cause.lit,
    )


def _of_zero(question: Question, tree: Tree) -> str:
    """Return what is said of immediate derivatives that are zero, and of the answer with the total ones for these."""
    scene, indices = _scene(question), next(bindings(question.spans))

    def change(part: Tree) -> Tree | None:
        if isinstance(part, Derivative) and part.kind == "immediate" and part.below.name == loss:
            return replace(part, kind="total")
        return None

    loss = question.graph.network.loss
    new = mapped(tree, change)
    if new == tree or _is_right(question)(new):
        return IMMEDIATE_ZERO
    try:
        value_at(new, scene, indices)
        left = diagnose(question, lambda scene: values(new, scene, question.spans), own(question, new))
    except (Unsettled, FormulaError, ArithmeticError, ValueError):
        return IMMEDIATE_ZERO
    rest = " ".join(filter(None, (left.right, left.says)))
    return (
        f"{IMMEDIATE_ZERO} With {write(new)} in its place: {rest}"
        if left.says and ZERO not in left.says
        else IMMEDIATE_ZERO
    )


def _unfit(question: Question, tree: Tree | None, error: str) -> Feedback:
    """Return the feedback on an answer in which two shapes do not fit, with what would make it right, if it is one."""
    cause = tree and (
        diagnose_unfit(question, own(question, tree))
        or _by_rows(question, tree)
        or dot_of_columns(tree, question, _is_right(question))
        or rows_of_numpy(tree, question, _is_right(question))
    )
    if not cause:
        return Feedback(question.id, WRONG, cause=error, section=question.section)
    return Feedback(question.id, WRONG, cause=f"{error}\n{cause.says}", section=question.section, asks=cause.asks)


def _by_rows(question: Question, tree: Tree) -> Cause | None:
    """Return the cause where derivatives that are rows stand for their columns, and with these the shapes fit."""
    rows = {part: replace(part, kind="gradient") for part in walk(tree) if _is_row(part, question)}  # type: ignore[arg-type]
    new, first = mapped(tree, rows.get), (_scene(question), question.spans)
    try:
        is_fit = rows and shapes(values(new, *first)) == shapes(values(question.goal_tree, *first))
    except (Unsettled, FormulaError, ArithmeticError, ValueError):
        return None
    if not is_fit:
        return None
    part = next(iter(rows))
    row, time = _spelled(part, question.graph.network.loss), write(part.above).removeprefix(part.above.name)  # type: ignore[arg-type, union-attr]
    column = f"d_{part.above.name}"  # type: ignore[union-attr]
    offered = f"{column}{time}, or  {row}.T" if column in question.letters or not question.letters else f"{row}.T"
    says = f"{row} is a row, as the derivative of a number by a column is. Its column, the gradient, is  {offered}"
    return Cause("", says, "Which shape has each factor?")


def _is_row(part: Tree, question: Question) -> bool:
    """Return whether a part is the total derivative of the loss by a column of more than one entry."""
    if not isinstance(part, Derivative) or part.kind != "total" or part.above.entry:
        return False
    shape = question.graph.network.shapes[part.above.name]
    return (part.below.name, part.below.time) == (question.graph.network.loss, None) and len(shape) == 1 < shape[0]


def own(question: Question, tree: Tree, is_line: bool = False) -> Own:
    """Return an answer as it is written, with the comparison by which a correction of it is judged.

    A correction is no help where it would be refused for a letter or derivative that the answer did not hold; in a line
    of a derivation, `is_line`, others may stand where some do.
    """
    shut_out = {name for name, _ in _all_foreign(tree, question)}
    may_stand = is_line and bool(shut_out)
    is_same = _is_right(question)

    def is_right(other: Tree) -> bool:
        is_refused = any(name not in shut_out for name, _ in _all_foreign(other, question))
        return (may_stand or not is_refused) and is_same(other)

    return Own(tree, is_right, is_line)


def _is_right(question: Question) -> Callable[[Tree], bool]:
    """Return whether a formula has the value asked for, as a function of it; no, where it takes too long to tell."""

    def is_right(other: Tree) -> bool:
        try:
            with patience(SECONDS_OF_A_CORRECTION):
                return compare(question, question.goal_tree, other).verdict.outcome == "same"
        except (Unsettled, ArithmeticError, ValueError):
            return False

    return is_right


def counterexample(question: Question, tree: Tree, world: World) -> str:
    """Return a place where an answer differs from the goal, with the two numbers, in words."""
    scene = scene_of(world)
    for indices in bindings(question.spans):
        given, true = (np.asarray(value_at(one, scene, indices), dtype=object) for one in (tree, question.goal_tree))
        for entry in itertools.product(*map(range, true.shape)):
            one, other = float(_middle(given[entry])), float(_middle(true[entry]))
            if abs(one - other) > 1e-12 * (1 + abs(other)):
                texts = told_apart(one, other)  # what differs by so much, differs in 16 digits
                where = _where(tree, scene, indices, entry)
                return f"{where} your answer gives {texts[0]} where {texts[1]} is right."  # type: ignore[index]
    return ""


def _middle(number: Any) -> Any:
    return number.mid if hasattr(number, "mid") else number


def _where(tree: Tree, scene: Scene, indices: dict[str, int], entry: tuple[int, ...]) -> str:
    """Return the point at which an answer is tried: the values of its own letters, where they are few numbers."""
    numbers = _numbers_in(tree, scene, indices)
    known = ", ".join(f"{name} = {number + 0.0:.4g}" for name, number in numbers.items())
    places = [f"{name} = {number}" for name, number in indices.items()]
    places += [f"entry {','.join(str(i + 1) for i in entry)}"] if entry else []
    at = f" at {', '.join(places)}" if places else ""
    return f"With {known}:{at}" if known else f"In one network of random numbers{at}"


def _numbers_in(tree: Tree, scene: Scene, indices: dict[str, int]) -> dict[str, float]:
    """Return the letters of a formula with their values, if they are at most eight numbers at fixed places."""
    found: dict[str, float] = {}
    inside = {id(p) for part in walk(tree) if isinstance(part, Derivative) for p in (part.below, part.above)}
    for part in walk(tree):
        if isinstance(part, Letter | Derivative) and id(part) not in inside:
            if free_variables(part) - set(indices) - {"T"} or np.size(scene.value(part, **indices)) > 1:
                return {}
            found[_spelled(part, scene.graph.network.loss)] = float(_middle(value_at(part, scene, indices)))
    return found if len(found) <= 8 else {}


def _spelled(part: Letter | Derivative, loss: str) -> str:
    """Return a letter as a student writes it; d1(2) and d_h1(2) are derivatives of the loss, and of nothing else."""
    if isinstance(part, Letter) or part.kind == "immediate" or (part.below.name, part.below.time) != (loss, None):
        return write(part)
    return said_of(part, part.above.name) + write(part.above).removeprefix(part.above.name)


def prove_formula(question: Question, judge: Callable[[Question, str], Feedback] = judge_formula) -> list[str]:
    """Return which of the listed forms are not accepted, and a printed slip that is none."""
    judged = {form: judge(question, form) for form in (question.answer, *question.same)}
    on_the_way = {form for form in question.same if unwanted(question, question.tree(form))}
    wanted = {form: OTHER_FORM if form in on_the_way else CORRECT for form in judged}
    found = [f"the form {form!r} is judged: {one}" for form, one in judged.items() if one.outcome != wanted[form]]
    if question.printed and judge_formula(replace(question, letters=()), question.printed).is_correct:
        found.append("the printed line is right: there is no slip to be found")
    return found
