"""Prove a question before it is asked: its answer is right, equal forms pass, its instance tells mistakes apart."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from bptt_lab.exercises.causes.diagnosis import same
from bptt_lab.exercises.causes.named import catalogued, trial_scenes
from bptt_lab.exercises.kinds import KINDS, Kind
from bptt_lab.exercises.mistakes.catalogue import CATALOGUE
from bptt_lab.exercises.places import place_of
from bptt_lab.exercises.question import Question, QuestionError
from bptt_lab.exercises.questions import course_questions, outside_of_the_course, read_questions
from bptt_lab.exercises.scenes import bindings
from bptt_lab.formulas.tree import Derivative
from bptt_lab.network import Place
from bptt_lab.network.scalars import entries

CONFUSED = "the mistakes"  # begins what is said of an instance in which two of them look alike
STEP = 1e-30
MORE_STEPS = 2  # a longer instance may tell mistakes apart that this one confuses
CLOSE = 1e-7  # numbers whose norms differ by more are not the same


def add(text: str | Path, kinds: Mapping[str, Kind] = KINDS) -> dict[str, Question]:
    """Return the questions of a TOML text, or of a file, each proven (errors: QuestionError with all that is wrong)."""
    found = read_questions(read_file(text) if isinstance(text, Path) else text, kinds)
    outside_of_the_course(found)
    troubles = [f"{name}: {trouble}" for name, question in found.items() for trouble in prove(question, kinds)]
    if troubles:
        raise QuestionError("\n".join(troubles))
    return found


def read_file(path: Path) -> str:
    """Return the text of a file of questions (errors: QuestionError)."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise QuestionError(f"{path.name} is no text in UTF-8: save it as such.") from None
    except OSError as error:
        raise QuestionError(f"{path} cannot be read: {error.strerror}.") from None


def prove(question: Question, kinds: Mapping[str, Kind] = KINDS) -> list[str]:
    """Return what is wrong with a question; nothing for a sound one."""
    try:
        return _troubles(question, kinds[question.kind])
    except QuestionError as error:
        return [str(error)]


def _troubles(question: Question, kind: Kind) -> list[str]:
    about = [trouble for goal in kind.goals(question) for trouble in (*_complex_step(goal), *_tells_apart(goal))]
    return [*_words(question), *kind.prove(question), *about]


def _words(question: Question) -> list[str]:
    found = []
    if any(question.answer and question.answer in hint for hint in question.hints):
        found.append("a hint holds the answer")
    is_of_the_course = question.id in course_questions()
    if is_of_the_course and question.section[:2] != question.id[:2]:
        found.append(f"section {question.section!r} is not of notebook {question.id[:2]}")
    return found


def _complex_step(question: Question) -> list[str]:
    """Return where the goal differs from a complex step of the forward pass."""
    goal = question.goal_tree
    if not isinstance(goal, Derivative) or goal.kind == "immediate":
        return []
    scene = trial_scenes(question)[0]
    for indices in bindings(question.spans):
        below, above = (place_of(one, {"T": question.graph.T, **indices}) for one in (goal.below, goal.above))
        if not question.graph.has(*above[:2]) or not (_is_loss(question, below) or question.graph.has(*below[:2])):
            continue  # past the last step there is nothing, and its derivative is zero
        expected = np.asarray(scene.value(goal, **indices), dtype=float)
        rows = np.array([_slopes(question, below, e, above) for e in _entries(question, below)])
        by_above = rows.T if len(rows) > 1 else rows  # as the gradient stands
        turned = expected if goal.kind == "gradient" else expected.T
        if not np.allclose(by_above.reshape(turned.shape), turned, rtol=1e-9, atol=1e-12):
            return [f"the goal differs from a complex step of the forward pass at {indices}"]
    return []


def _is_loss(question: Question, place: tuple) -> bool:
    return place[0] == question.graph.network.loss and place[1] is None


def _entries(question: Question, place: tuple) -> list[tuple[int, ...]]:
    name, _, entry = place
    return [entry] if entry else entries(question.graph.network.shapes[name])


def _slopes(question: Question, below: tuple, entry: tuple[int, ...], above: tuple) -> list[float]:
    """Return the derivative of one entry (or of the total loss) by every entry of a quantity, by complex steps."""
    graph, leaves = question.graph, {p: float(v) for p, v in trial_scenes(question)[0].world.leaves.items()}
    watched = graph.loss_entries if _is_loss(question, below) else [Place(*below[:2], entry)]  # type: ignore[call-arg]
    found = []
    for e in _entries(question, above):
        values = graph.run(leaves, moved={Place(*above[:2], e): STEP * 1j})  # type: ignore[call-arg]
        found.append(sum(complex(values[place]).imag for place in watched) / STEP)
    return found


def _tells_apart(question: Question) -> list[str]:
    """Return what is said of pairs of catalogued mistakes that this instance confuses, and of the cure."""
    known = catalogued(question)
    found = [_confused(*pair, _cure(question, pair, _alike)) for pair in sorted(_alike(known))]
    merged = _merged(known)
    if merged and not question.ranges:
        T, names = question.graph.T, frozenset(itertools.chain(*merged))
        longer = [_merged(catalogued(replace(question, T=T + more), names)) for more in range(1, MORE_STEPS + 1)]
        found += [_confused(*pair, _first_apart(T, pair, longer)) for pair in sorted(merged - longer[-1])]
    return found


def _alike(known: tuple) -> set[tuple[str, str]]:
    """Return the pairs of mistakes that nobody has put together, and that have the same numbers."""
    sized = [(mutant.mistake, numbers, float(np.linalg.norm(numbers))) for mutant, numbers in known]
    return {
        tuple(sorted((one, other)))
        for (one, a, size), (other, b, norm) in itertools.combinations(sized, 2)
        if one != other and abs(size - norm) <= CLOSE * (1 + norm) and same(a, b)
    }


def _cure(question: Question, pair: tuple[str, str], confused: Callable[[tuple], set]) -> int | None:
    """Return from which number of steps on a pair is told apart, as far as is tried; None where none helps."""
    if question.ranges or not any(map(question.graph.network.is_timed, question.graph.network.shapes)):
        return None
    T = question.graph.T
    longer = [confused(catalogued(replace(question, T=T + more), frozenset(pair))) for more in range(1, MORE_STEPS + 1)]
    return _first_apart(T, pair, longer)


def _first_apart(T: int, pair: tuple[str, str], longer: list[set]) -> int | None:
    """Return the least T from which on no longer instance confuses a pair."""
    confused = [k for k, pairs in enumerate(longer) if pair in pairs]
    first = max(confused, default=-1) + 1
    return T + 1 + first if first < len(longer) else None


def _confused(one: str, other: str, T: int | None) -> str:
    """Return the words for two mistakes that an instance does not tell apart, and from which T on it does."""
    named = f"{CONFUSED} *{CATALOGUE[one].name}* and *{CATALOGUE[other].name}* have the same value in this instance"
    return (
        f"{named}: use T = {T} or more"
        if T
        else f"{named}, and more steps do not help: change the network or its sizes"
    )


# cut at a number of steps, or read past the last one, these coincide with something else in every short sequence
BY_LENGTH = {"A9", "B6", "C2", "E3", "E4", "E6", "E7"}


def _merged(known: tuple) -> set[tuple[str, str]]:
    """Return the pairs of mistakes that give the same numbers on an instance."""
    pairs = {(mutant.mistake, also) for mutant, _ in known for also in mutant.also if also != mutant.mistake}
    return {tuple(sorted(pair)) for pair in pairs if not BY_LENGTH & set(pair)}
