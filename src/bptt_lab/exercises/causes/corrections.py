"""Which single change of a wrong answer, as it is written, makes it right: found in float64, certified afterwards."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from bptt_lab.exercises.causes.asked import is_the_question
from bptt_lab.exercises.causes.edits import (
    Edit,
    constants_of,
    edits,
    factors_of,
    is_contrived,
    placed,
    regrouped,
    spots,
    with_letters,
)
from bptt_lab.exercises.causes.worked import worked_lines
from bptt_lab.exercises.question import Question
from bptt_lab.exercises.scenes import FreeScene, bindings, flat, shapes, value_at, values
from bptt_lab.formulas import FormulaError, write
from bptt_lab.formulas.shapes import shape_of
from bptt_lab.formulas.tree import Binary, Call, Derivative, Letter, Number, Tree, mapped, walk
from bptt_lab.symbolic import worlds
from bptt_lab.symbolic.arithmetics import Unsettled, patience
from bptt_lab.symbolic.values import Scene

# Characters of an answer whose changes are tried: more than any right form of the course. All changes are made before
# one is tried, which takes time by the square of the length, watched by no clock; and those of longer answers rarely
# fit into SECONDS, so that what is said of them would hang on the machine.
LONGEST = 240
SECONDS = 0.5  # of processor time for all changes of an answer
CLOSE = 1e-8
THREE = Number(Fraction(3))
EITHER = "{0} and {1} are exchanged, or, which comes to the same, {2} and {3}."
NO_VALUE = (FormulaError, ArithmeticError, ValueError)


class Own(NamedTuple):
    """A wrong answer as it is written, and the judge's own comparison of a formula with the question.

    `is_line`: it is one line of a derivation.
    """

    tree: Tree
    is_right: Callable[[Tree], bool]
    is_line: bool = False


class Aim(NamedTuple):
    """A point at which answers are tried: its scene, and the shapes and numbers of the goal there."""

    scene: Scene
    shapes: list[tuple[int, ...]]
    numbers: np.ndarray


def bracketed(question: Question, own: Own, scenes: list[Scene]) -> str:
    """Return a wrong answer with the brackets around its entrywise products that make it right, or nothing."""
    aims = aims_of(question, scenes)
    found = (new for new in regrouped(own.tree) if agrees(new, question, aims) and own.is_right(new))
    return next((spelled(new, question) for new in found), "")


def with_outer_products(question: Question, own: Own, scenes: list[Scene]) -> str:
    """Return a wrong answer with `@` where `*` stands between a column and a row, if that makes it right."""
    known = question.graph.network.shapes

    def change(part: Tree) -> Tree | None:
        if not (isinstance(part, Binary) and part.operator == "*"):
            return None
        left, right = mapped(part.left, change), mapped(part.right, change)
        is_outer = _shape(left, known)[1:] == (1,) == _shape(right, known)[:1]
        return Binary("@" if is_outer else "*", left, right, column=part.column)

    new = mapped(own.tree, change)
    is_told = write(new) != write(own.tree) and agrees(new, question, aims_of(question, scenes)) and own.is_right(new)
    return spelled(new, question) if is_told else ""


def _shape(tree: Tree, known: Mapping[str, tuple[int, ...]]) -> tuple[int, ...]:
    """Return the shape of a part, a number's left out; nothing where its own parts do not fit."""
    try:
        found = shape_of(tree, known)
    except FormulaError:
        return ()
    return () if set(found) == {1} else found


def corrections(question: Question, own: Own, scenes: list[Scene]) -> list[Edit]:
    """Return the single changes that make an answer right, the first of each kind of value; all of them certified."""
    if len(write(own.tree)) > LONGEST:
        return []
    is_number = has_numbers_only(own.tree, question)
    found: dict[tuple, list[Edit]] = {}
    try:
        with patience(SECONDS), remembering(scenes):
            aims, begins_right = aims_of(question, scenes), beginning(question, scenes[0])
            known = factors_in(question, own.is_line), is_number, functions_in(question), numbers_in(question)
            for edit in edits(own.tree, question.graph.network, *known):
                is_there = begins_right(edit.tree) and agrees(edit.tree, question, aims)
                is_told = is_there and not _is_lost(edit, question, scenes) and not is_contrived(edit.tree, own.tree)
                if is_told and not _names_the_goal(edit, question):
                    found.setdefault(as_free_numbers(edit.tree, question), []).append(edit)
    except Unsettled:
        return []  # those not tried may be right as well
    groups = [alike for alike in found.values() if alike[0].kind != "number"] or list(found.values())
    firsts = [_told_as(alike, own.tree) for alike in groups] if len(groups) <= 2 else []
    return [edit for edit in firsts if own.is_right(edit.tree)]


def _told_as(alike: list[Edit], tree: Tree) -> Edit:
    """Return the first of the changes that lead to the same formula, with its place; of two exchanges, both."""
    first, pairs = alike[0], [edit.about for edit in alike if edit.kind == "exchange"]
    if first.kind == "exchange" and len(pairs) > 1:
        return first._replace(says=EITHER, about=(*pairs[0], *pairs[1]))
    if first.part is None:
        return first
    says, about = placed(first.says, first.about, tree, first.part)
    return first._replace(says=says, about=about)


@contextmanager
def remembering(scenes: Iterable[Scene]) -> Iterator[None]:
    """Let scenes keep the values of parts: the answers tried are one answer with a part of it changed."""
    with ExitStack() as stack:
        for scene in scenes:
            stack.enter_context(scene.remembering())
        yield


def right_forms(question: Question) -> list[Tree]:
    """Return the answer of a question and its other right forms."""
    return [question.tree(form) for form in (question.answer, *question.same)]


def factors_in(question: Question, is_line: bool = False) -> tuple[Tree, ...]:
    """Return the factors in the right forms of a question; of a line of a derivation, also those on the way there."""
    on_the_way = worked_lines(question)[1:-1] if is_line else []
    forms = [*right_forms(question), *map(question.tree, on_the_way)]
    return tuple({write(factor): factor for form in forms for factor in factors_of(form)}.values())


def numbers_in(question: Question) -> tuple[Tree, ...]:
    """Return the numbers that stand in the right forms of a question, each once."""
    return tuple({write(one): one for form in right_forms(question) for one in constants_of(form)}.values())


def functions_in(question: Question) -> tuple[str, ...]:
    """Return the functions of one argument that stand in the right forms of a question, each once."""
    calls = (part for form in right_forms(question) for part in walk(form) if isinstance(part, Call))
    return tuple(dict.fromkeys(call.function for call in calls if len(call.arguments) == 1))


def has_numbers_only(tree: Tree, question: Question) -> bool:
    """Return whether all parts of an answer are numbers, so that the order of factors does not matter."""
    return all(shape == () for shape in _shapes(tree, question))


def lost_letter(question: Question, own: Own, scenes: list[Scene]) -> str:
    """Return a letter of an answer on which its value does not depend, because something cancels; or nothing."""
    letters = dict.fromkeys(spot.part for spot in spots(own.tree) if isinstance(spot.part, Letter | Derivative))
    one = numbers_of(own.tree, scenes, question)
    for letter in letters if one is not None else ():
        changed = numbers_of(with_letters(own.tree, {letter: Binary("*", THREE, letter)}), scenes, question)
        if changed is not None and same(one, changed):  # type: ignore[arg-type]
            return spelled(letter, question)
    return ""


def _names_the_goal(edit: Edit, question: Question) -> bool:
    """Return whether a change puts in what is asked for, which is no help; a goal of several parts is named by none."""
    return isinstance(question.goal_tree, Derivative | Letter) and is_the_question(edit.tree, question)


def _is_lost(edit: Edit, question: Question, scenes: list[Scene]) -> bool:
    """Return whether a change puts zero for a letter, as a step past the last one does: so any term could be lost."""
    new = numbers_of(edit.about[-1], scenes[:1], question) if edit.kind in ("time", "derivative") else None
    return new is not None and not new.any()


def spelled(tree: Tree, question: Question) -> str:
    """Return a formula as text, with letters for the derivatives of the loss where a question has them: d1(2)."""
    loss, meanings = question.graph.network.loss, question.language.letters
    offered = question.letters or re.findall(r"\w+", " ".join((question.answer, *question.same)))
    has_deltas = any(name in meanings and meanings[name].kind != "value" for name in offered)
    names = {meaning: name for name, meaning in reversed(meanings.items())} if has_deltas else {}

    def change(part: Tree) -> Tree | None:
        if isinstance(part, Derivative) and (part.below.name, part.below.time) == (loss, None):
            name = names.get((part.kind, part.above.name))  # type: ignore[call-overload]
            return part if name is None else replace(part.above, name=name)
        return part if isinstance(part, Letter | Derivative) else None

    return write(mapped(tree, change))


def _shapes(tree: Tree, question: Question) -> Iterator[tuple[int, ...]]:
    """Yield the shape of each part of an answer that has one whatever the indices are."""
    for spot in spots(tree):
        if isinstance(spot.part, Letter):
            yield () if spot.part.entry else _no_ones(question.graph.network.shapes[spot.part.name])
        elif isinstance(spot.part, Derivative):
            for one in (spot.part.below, spot.part.above):
                yield () if one.entry else _no_ones(question.graph.network.shapes[one.name])


def _no_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(size for size in shape if size != 1)


def aims_of(question: Question, scenes: list[Scene]) -> list[Aim]:
    """Return the shapes and numbers of the goal at the points tried."""
    found = [values(question.goal_tree, scene, question.spans) for scene in scenes]
    return [Aim(one, shapes(goal), np.array(flat(goal), dtype=float)) for one, goal in zip(scenes, found, strict=True)]


def agrees(tree: Tree, question: Question, aims: list[Aim]) -> bool:
    """Return whether a formula has the value of the goal at the points tried, the first one first."""
    for aim in aims:
        try:
            found = values(tree, aim.scene, question.spans)
        except NO_VALUE:
            return False
        if shapes(found) != aim.shapes or not same(np.array(flat(found), dtype=float), aim.numbers):
            return False
    return True


def beginning(question: Question, scene: Scene) -> Callable[[Tree], bool]:
    """Return whether a formula has the value of the goal for the first choice of the free indices: a quick look."""
    indices = next(bindings(question.spans))
    goal = np.asarray(value_at(question.goal_tree, scene, indices), dtype=float)

    def begins_right(tree: Tree) -> bool:
        try:
            return same(np.asarray(value_at(tree, scene, indices), dtype=float), goal)
        except NO_VALUE:
            return False

    return begins_right


def numbers_of(tree: Tree, scenes: list[Scene], question: Question) -> np.ndarray | None:
    """Return the values of a formula in every scene, over the free indices; None where it has none."""
    try:
        return np.array(flat([v for scene in scenes for v in values(tree, scene, question.spans)]), dtype=float)
    except NO_VALUE:
        return None


def same(one: np.ndarray, other: np.ndarray) -> bool:
    """Return whether two lists of numbers are the same as far as float64 can tell."""
    return one.shape == other.shape and bool(np.linalg.norm(one - other) <= CLOSE * (np.linalg.norm(other) + 1e-12))


def as_free_numbers(tree: Tree, question: Question) -> tuple:
    """Return a formula as numbers in which every letter is free: two changes to the same formula are one."""
    scene = FreeScene(worlds.modular_worlds(question.graph)[0])
    try:
        return tuple(number.n for number in flat(values(tree, scene, question.spans)))
    except NO_VALUE:
        return (write(tree),)
