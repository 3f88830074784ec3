"""The measurements of the checker: on catalogued mistakes, equal forms, near misses, and its time for an answer."""

from __future__ import annotations

import itertools
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np
from near_misses import MISSES, near_miss
from rewriting import equal_form, spelled, symbolic_questions

from bptt_lab.exercises.causes.cause import Cause
from bptt_lab.exercises.causes.diagnosis import diagnose, same
from bptt_lab.exercises.causes.named import catalogued, trial_scenes
from bptt_lab.exercises.feedback import Feedback
from bptt_lab.exercises.judges import arrays, instances
from bptt_lab.exercises.judges import function as judge
from bptt_lab.exercises.kinds import KINDS
from bptt_lab.exercises.mistakes.mutants import ArrayMutant, Mutant
from bptt_lab.exercises.outcomes import CORRECT, OTHER_FORM, UNDECIDED, WRONG
from bptt_lab.exercises.question import Question
from bptt_lab.exercises.questions import course_questions
from bptt_lab.exercises.scenes import bindings, flat, shapes, side
from bptt_lab.formulas.tree import Derivative, walk
from bptt_lab.network import Graph
from bptt_lab.network.scalars import FLOATS
from bptt_lab.symbolic import worlds
from bptt_lab.symbolic.values import Scene
from bptt_lab.symbolic.verdicts import Side, Verdict, decide

ACCEPTED = (CORRECT, OTHER_FORM)
LEAST_GAP = 1e-9  # a difference below it could be the rounding of a mutant's own numbers

Judge = Callable[[Question, str], Feedback]


@dataclass
class Tally:
    """What was counted, what went wrong, and the seconds of processor time that each answer took."""

    counts: Counter = field(default_factory=Counter)
    troubles: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def share(self, part: str, of: str) -> float:
        """Return one count as a share of another."""
        return self.counts[part] / self.counts[of]

    def trouble(self, kind: str, words: str) -> None:
        """Count something that ought not to be, and keep the words for it."""
        self.counts[kind] += 1
        self.troubles.append(f"{kind}: {words}")

    def percentile(self, percent: float) -> float:
        """Return the time within which so many per cent of the answers were judged."""
        return float(np.percentile(self.seconds, percent))


def judged(question: Question, text: str) -> Feedback:
    """Return the checker's feedback on a formula; in a derivation the formula is a line before the last one."""
    if question.kind == "derivation":
        text = f"{text}\n{question.answer}"
    return KINDS[question.kind].check(question, text)


def _timed(tally: Tally, judge: Judge, question: Question, text: str) -> Feedback:
    start = time.process_time()
    found = judge(question, text)
    tally.seconds.append(time.process_time() - start)
    return found


# Equal forms and near misses


def equal_forms(count: int, seed: int, judge: Judge = judged) -> Tally:
    """Return how the checker judges so many random equal forms, taken from every question in turn."""
    tally, questions = Tally(), symbolic_questions()
    for k in range(count):
        question = questions[k % len(questions)]
        tree, used = equal_form(question, random.Random(f"{seed} {k} {question.id}"))  # whatever other questions are
        text = spelled(tree, question)
        found = _timed(tally, judge, question, text)
        tally.counts.update({"forms": 1, found.outcome: 1, **{f"rule {name}": 1 for name in set(used)}})
        tally.counts["proved" if "proved" in found.strength else "by digits"] += found.outcome in ACCEPTED
        if found.outcome == UNDECIDED:
            tally.trouble("left undecided", f"{question.id}  {text}")
        elif found.outcome not in ACCEPTED:
            tally.trouble("refused", f"{question.id}  {text}  ({found.cause})")
    return tally


def near_misses(count: int, seed: int, judge: Judge = judged) -> Tally:
    """Return how the checker judges so many answers that are almost right, of every kind and question in turn."""
    tally, chance, questions, k = Tally(), random.Random(seed), symbolic_questions(), 0
    kinds = list(MISSES)
    while tally.counts["misses"] < count:
        question, kind = questions[(k // len(kinds)) % len(questions)], kinds[k % len(kinds)]
        k += 1
        text = near_miss(question, kind, chance)
        if text is None:
            continue
        found = _timed(tally, judge, question, text)
        tally.counts.update({"misses": 1, found.outcome: 1, kind: 1})
        if found.outcome in ACCEPTED:
            tally.trouble("accepted", f"{question.id}  {kind}: {text}")
        elif found.outcome == WRONG and not found.cause:
            tally.counts["counterexample only"] += 1
    return tally


# Catalogued mistakes

Compare = Callable[[Side, Side, Graph], Verdict]


def mutants(questions: Iterable[Question], compare: Compare = decide, every: int = 1) -> Tally:
    """Return how the checker judges the catalogued mistakes of these questions, every one or every so many."""
    tally, turn = Tally(), itertools.count()
    is_taken = lambda: next(turn) % every == 0  # counted through all questions, not from the first of each
    for question in questions:
        if question.kind in ("line", "matrix", "derivation"):
            _of_formula(tally, question, compare, is_taken)
        elif question.kind == "function":
            _of_function(tally, question, is_taken)
    return tally


def _of_formula(tally: Tally, question: Question, compare: Compare, is_taken: Callable[[], bool]) -> None:
    known = catalogued(question)
    for mutant, numbers in known:
        if not is_taken():
            continue
        start = time.process_time()
        is_refused = refuses(question, mutant, compare)
        cause = diagnose(question, lambda scene, one=mutant: _values(question, one, scene))
        tally.seconds.append(time.process_time() - start)
        _note(tally, question.id, mutant, cause, is_refused, _is_alone(mutant, numbers, known))


def _of_function(tally: Tally, question: Question, is_taken: Callable[[], bool]) -> None:
    cases, goals = instances.instances(question), instances.forms(question, question.returns)
    true = [case.arrays(goals) for case in cases]
    arguments = instances.forms(question, question.arguments).values()
    has_deltas = any(isinstance(part, Derivative) for tree in arguments for part in walk(tree))
    for name, goal in goals.items():
        if not isinstance(goal, Derivative):
            continue
        known = arrays.catalogued_arrays(cases[0], goal, has_deltas)
        for mutant, array in known:
            if not is_taken():
                continue
            start = time.process_time()
            found = judge._compared(question, instances.tables(question)[:1], [{**true[0], name: array}])
            tally.seconds.append(time.process_time() - start)
            cause, alone = Cause(says=found.cause, mistake=found.mistake), _is_alone(mutant, array, known)
            _note(tally, f"{question.id} {name}", mutant, cause, found.outcome == WRONG, alone)


def _is_alone(mutant: object, numbers: np.ndarray, known: Iterable[tuple]) -> bool:
    """Return whether no other catalogued mistake has the numbers of this one."""
    return not any(other is not mutant and same(found, numbers) for other, found in known)


def _note(
    tally: Tally,
    where: str,
    mutant: Mutant | ArrayMutant,
    cause: Cause,
    is_refused: bool,
    is_alone: bool,
) -> None:
    also = getattr(mutant, "also", ())
    words = f"{where}  {mutant.mistake} {dict(mutant.detail)}: named {cause.mistake or 'nothing'} ({cause.says})"
    tally.counts["mutants"] += 1
    tally.counts["same numbers as another slip"] += bool(also)
    if not is_refused:
        tally.trouble("not refused", words)
    if cause.mistake in (mutant.mistake, *also):
        tally.counts["named rightly"] += 1
        tally.counts["named uniquely and rightly"] += is_alone
    elif cause.mistake:
        tally.trouble("named wrongly", words)
    elif cause.says:
        tally.trouble("described, not named", words)
    else:
        tally.trouble("counterexample only", words)


def _values(question: Question, mutant: Mutant, scene: Scene) -> list:
    return [mutant.value(scene, question.goal_tree, indices) for indices in bindings(question.spans)]


def refuses(question: Question, mutant: Mutant, compare: Compare = decide) -> bool:
    """Return whether the checker refuses a mistake as an answer: by its shape, or because its value differs."""
    scene = trial_scenes(question)[0]
    goal = [scene.value(question.goal_tree, **indices) for indices in bindings(question.spans)]
    if shapes(_values(question, mutant, scene)) != shapes(goal):
        return True
    answer = in_floats(question, lambda one: flat(_values(question, mutant, one)))
    right = side(question.goal_tree, question.spans)
    return is_different(compare(right, answer, question.graph), right, answer)


def is_different(verdict: Verdict, left: Side, right: Side) -> bool:
    """Return whether a verdict says that two sides differ, and they do by more than the rounding of float64."""
    if verdict.outcome != "different":
        return False
    pairs = zip(left(verdict.world), right(verdict.world), strict=True)
    return any(abs(float(getattr(x - y, "mid", x - y))) > LEAST_GAP for x, y in pairs)


def in_floats(question: Question, answer: Callable[[Scene], list]) -> Callable[[worlds.World], list]:
    """Return what is known in float64 only as a side for every world: its numbers on that world's leaves."""
    kept: dict[int, tuple[object, list[Fraction]]] = {}

    def numbers(world: worlds.World) -> list:
        if id(world.leaves) not in kept:
            scene = Scene(worlds.make_world(question.graph, world.leaves, FLOATS))
            kept[id(world.leaves)] = world.leaves, [Fraction(float(number)) for number in answer(scene)]
        return [world.arithmetic.number(number) for number in kept[id(world.leaves)][1]]

    return numbers


# Time


FRESH = itertools.count(1)


def fresh(question: Question) -> Question:
    """Return a question for which nothing has been computed yet, nor for its network."""
    if not question.network:
        return replace(question)
    graph, other = question.graph, "\n" * next(FRESH)
    return replace(question, network=graph.network.text + other, sizes=dict(graph.network.sizes), T=graph.T)


def first_answers(questions: Sequence[Question], solutions: Callable[[Question], Sequence]) -> Tally:
    """Return the time of the first answer of each question: a right one and a wrong one, nothing kept from before."""
    tally = Tally()
    for question in questions:
        for answer in _ends(list(solutions(question))):
            one = fresh(question)
            start = time.process_time()
            KINDS[one.kind].check(one, answer)
            tally.seconds.append(time.process_time() - start)
    return tally


def _ends(answers: list) -> list:
    return [answers[0], answers[-1]] if len(answers) > 1 else answers


def functions(answers: Iterable[tuple[Question, Callable]]) -> Tally:
    """Return the time, by the clock, of judging functions: most of it passes in a child process."""
    tally = Tally()
    for question, function in answers:
        start = time.perf_counter()
        found = KINDS["function"].check(question, function)
        tally.seconds.append(time.perf_counter() - start)
        tally.counts.update({"functions": 1, found.outcome: 1})
    return tally


def questions_of(*kinds: str) -> Iterator[Question]:
    """Yield the questions of the course of some kinds."""
    yield from (one for one in course_questions().values() if one.kind in kinds)
