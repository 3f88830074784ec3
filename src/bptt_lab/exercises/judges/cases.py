"""The cases in which an answer must hold: the network as given, other numbers of steps, other sizes."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from bptt_lab.exercises.question import Question, QuestionError
from bptt_lab.exercises.scenes import flat, scene_of, shapes, values
from bptt_lab.formulas import FormulaError
from bptt_lab.formulas.tree import Letter, Number, Tree, Variable, walk
from bptt_lab.network.keeping import kept
from bptt_lab.symbolic import worlds
from bptt_lab.symbolic.arithmetics import SECRET, Unsettled
from bptt_lab.symbolic.values import Scene

MOST_STEPS, MOST_STEPS_OF_VECTORS, LARGEST_SIZE = 16, 12, 8
TRIED = 2  # worlds in which the author's own forms are tried in a case
STATES_STEPS = re.compile(r"\bT\s*=\s*\d")


@kept
def cases(question: Question) -> tuple[Question, ...]:
    """Return a question in every case in which its answers must hold, as given first.

    Where nothing fixes the number of steps there are three and more, where nothing fixes sizes two sets. One number and
    one set are drawn anew in every process: no answer can be made to fit them.
    """
    return (question, *of_other_steps(question), *of_other_sizes(question))


def of_other_steps(question: Question) -> list[Question]:
    """Return a question for every T with one step more, with many more, and with one and two steps where it has these.

    How many more is drawn anew in every process. Nothing for a question that states its T.
    """
    if not is_for_every_T(question):
        return []
    T, is_plain = question.graph.T, not _sizes_above_one(question.graph.network.sizes)
    most = MOST_STEPS if is_plain else MOST_STEPS_OF_VECTORS
    drawn = random.Random(f"{SECRET} steps {question.id}").randint(T + 2, most)
    few = [other for k in (1, 2) if k != T and _holds(other := replace(question, T=k))]
    return [*(replace(question, T=k) for k in (T + 1, drawn)), *few]


@kept
def is_for_every_T(question: Question) -> bool:
    """Return whether a question is about any number of steps: neither its task nor its forms name one."""
    network = question.graph.network
    if not any(map(network.is_timed, network.shapes)) or STATES_STEPS.search(question.task):
        return False
    return not _names_a_time(question) and _holds(replace(question, T=question.graph.T + 1))


def _names_a_time(question: Question) -> bool:
    trees = [question.goal_tree, *map(question.tree, (question.answer, *question.same))]
    letters = [part for tree in trees for part in walk(tree) if isinstance(part, Letter)]
    return any(isinstance(letter.time, Number) and letter.time.value > 0 for letter in letters)


def of_other_sizes(question: Question) -> list[Question]:
    """Return a question with other sizes, drawn anew, where its author's forms hold for any; else nothing.

    A question about an entry is one about the sizes given: its sums may be written out.
    """
    given = question.graph.network.sizes
    larger = {size: size + 1 for size in _sizes_above_one(given)}
    draws = [_drawn(given, f"{SECRET} sizes {question.id} {k}") for k in range(3)]
    is_of_entries = any(isinstance(part, Letter) and part.entry for part in walk(question.goal_tree))
    if not larger or is_of_entries or not _holds_with(question, larger):
        return []
    return [_with_sizes(question, next(new for new in (*draws, larger) if _holds_with(question, new)))]


def _sizes_above_one(given: Mapping[str, int | tuple]) -> list[int]:
    """Return the sizes that can vary, each once; a size of one makes a number, and stays."""
    sizes = [part for size in given.values() for part in (size if isinstance(size, tuple) else (size,))]
    return sorted({size for size in sizes if size > 1})


def _drawn(given: Mapping[str, int | tuple], seed: str) -> dict[int, int]:
    """Return another size for each size: what is equal stays equal, what differs stays different."""
    chance, new = random.Random(seed), {}
    for size in _sizes_above_one(given):
        new[size] = chance.choice([k for k in range(2, LARGEST_SIZE + 1) if k != size and k not in new.values()])
    return new


def _with_sizes(question: Question, new: Mapping[int, int]) -> Question:
    renewed = lambda size: tuple(map(renewed, size)) if isinstance(size, tuple) else new.get(size, size)  # type: ignore[has-type]
    return replace(question, sizes={name: renewed(size) for name, size in question.graph.network.sizes.items()})  # type: ignore[misc]


def _holds_with(question: Question, new: Mapping[int, int]) -> bool:
    try:
        return _holds(_with_sizes(question, new))
    except QuestionError:  # sizes that depend on each other, as in a concat
        return False


def _holds(question: Question) -> bool:
    """Return whether every form of the author's has the value of the goal."""
    trees = [question.tree(form) for form in (question.answer, *question.same)]
    try:
        for world in worlds.readable_worlds(question.graph, TRIED):
            right = values(question.goal_tree, scene_of(world), question.spans)
            for tree in trees:
                given = values(tree, scene_of(world), question.spans)
                if shapes(given) != shapes(right) or not np.allclose(*_arrays(given, right), rtol=1e-9, atol=1e-12):  # type: ignore[arg-type, misc]
                    return False
    except (FormulaError, ArithmeticError, ValueError, Unsettled):
        return False
    return True


def _arrays(*sides: list) -> Iterator[np.ndarray]:
    return (np.array(flat(side), dtype=float) for side in sides)


def is_explicit(tree: Tree, case: Question, question: Question) -> bool:
    """Return whether a formula names by numbers what varies in a case, and so says nothing of it.

    Sizes are named by the ranges and entries that do not exist, or do not fit, where sizes are others; steps by a
    formula without the word T. At a general t nothing is explicit: such a formula must hold in every sequence.
    """
    if case.graph.T == question.graph.T:
        return not _has_value(tree, case)
    return "t" not in question.spans and not any(isinstance(p, Variable) and p.name == "T" for p in walk(tree))


def is_all_there(tree: Tree, case: Question) -> bool:
    """Return whether everything that a formula reads exists in a case, or lies just past its last step."""
    scene = Scene(worlds.float_world(case.graph, 0))
    try:
        return bool(values(tree, scene, case.spans))
    except (FormulaError, ArithmeticError, ValueError, Unsettled):
        return False


def _has_value(tree: Tree, case: Question) -> bool:
    """Return whether a formula has a value of the shape asked for in a case."""
    scene = scene_of(worlds.float_world(case.graph, 0))
    try:
        return shapes(values(tree, scene, case.spans)) == shapes(values(case.goal_tree, scene, case.spans))
    except (FormulaError, ArithmeticError, ValueError, Unsettled):
        return False


def in_words(tried: Sequence[Question]) -> str:
    """Return the numbers of steps and the sizes of some cases, the first as given; nothing where there are neither."""
    first, steps = tried[0], ""
    if any(map(first.graph.network.is_timed, first.graph.network.shapes)):
        others = [case for case in tried if case.graph.T != first.graph.T]
        small = "".join(f"{T}, " for T in (1, 2) if T in {case.graph.T for case in others})
        more = f", {first.graph.T + 1} and one number drawn at random" if others else ""
        steps = f"for T = {small}{first.graph.T}{more}"
    has_sizes = any(case.graph.T == first.graph.T for case in tried[1:])
    return ", ".join(filter(None, (steps, "for two sets of sizes" if has_sizes else "")))
