"""Random text against the checker: formulas of the grammar, right answers with noise in them, and noise alone.

Watched: what is raised, what takes long, and what the interpreter is asked to do meanwhile, by an audit hook.
"""

from __future__ import annotations

import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from hostile_texts import HOSTILE_TEXTS
from near_misses import MISSES, near_miss
from rewriting import equal_form, spelled

from bptt_lab.exercises.feedback import Feedback
from bptt_lab.exercises.kinds import KINDS as ALL_KINDS
from bptt_lab.exercises.outcomes import CORRECT, OTHER_FORM, OUTCOMES
from bptt_lab.exercises.question import Question
from bptt_lab.exercises.questions import course_questions
from bptt_lab.formulas.language import FUNCTIONS
from bptt_lab.symbolic import worlds

KINDS = tuple(kind for kind in ALL_KINDS if kind != "function")  # whose answers are text or numbers
SLOWEST = 1.0  # seconds of processor time
BROKEN_OFF = 5.0  # seconds by the clock
FORBIDDEN = ("exec", "compile", "open", "import", "os.", "subprocess.", "socket.", "ctypes.", "marshal.", "pickle.")
NOISE = "()[]{}.,;:+-*/@^=<>!#%&|~'\"\\ \t\n\x00eE_0123456789TtLhxWabd\u03b4\u03c3\u2211\u1d40\u00b2\u202e\uff48\ud800"

_WATCHED: list[list[str]] = []


def _hook(event: str, arguments: tuple) -> None:
    if _WATCHED and event.startswith(FORBIDDEN):
        _WATCHED[-1].append(f"{event} {str(arguments)[:80]}")


@contextmanager
def watched() -> Iterator[list[str]]:
    """Give a list that fills with what the interpreter is asked to execute, open or start meanwhile."""
    if not getattr(sys, "_bptt_lab_watch", False):
        sys.addaudithook(_hook)  # a hook cannot be taken away again: it is idle outside this block
        sys._bptt_lab_watch = True
    _WATCHED.append([])
    try:
        yield _WATCHED[-1]
    finally:
        _WATCHED.pop()


class Late(BaseException):
    """The time for one answer is over; no `except Exception` of the checker may take this for its own."""


def _late(number: int, frame: object) -> None:
    raise Late


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Break off what takes too long, where the system has alarms; elsewhere it is only seen afterwards."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGALRM, _late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@dataclass
class Trial:
    """One text against one question: its feedback or what was raised, its time, and the events of the audit hook."""

    question: Question
    text: object
    feedback: Feedback | None
    raised: BaseException | None
    seconds: float
    events: list[str]

    @property
    def troubles(self) -> list[str]:
        """What ought not to have happened, in words."""
        where = f"{self.question.id} {str(self.text)[:200]!r}"
        found = [f"raised {type(self.raised).__name__}: {self.raised}  {where}"] if self.raised else []
        found += [f"took {self.seconds:.2f} s  {where}"] if self.seconds > SLOWEST else []
        found += [f"executed {event}  {where}" for event in self.events]
        if self.feedback and self.feedback.outcome not in OUTCOMES:
            found.append(f"outcome {self.feedback.outcome!r}  {where}")
        return found


@contextmanager
def worlds_apart() -> Iterator[list[float]]:
    """Give a list of the seconds that the worlds of networks take to be made meanwhile.

    The first answer that needs a world makes it for all answers to come: a world belongs to its network.
    """
    spent, plain = [], worlds.no_hurry

    @contextmanager
    def timed() -> Iterator[None]:
        start = time.process_time()
        try:
            with plain():
                yield
        finally:
            spent.append(time.process_time() - start)

    worlds.no_hurry = timed
    try:
        yield spent
    finally:
        worlds.no_hurry = plain


def attempt(question: Question, text: object) -> Trial:
    """Judge a text as an answer and show the feedback, under watch; the time of worlds made is not the text's."""
    with worlds_apart() as spent:
        found = _judged(question, text)
    return found if found.feedback is None else replace(found, seconds=found.seconds - sum(spent))


def _judged(question: Question, text: object) -> Trial:
    feedback = raised = None
    start = time.process_time()
    with watched() as events:
        try:
            with limited(BROKEN_OFF):
                feedback = ALL_KINDS[question.kind].check(question, text)
                str(feedback)
        except (Exception, Late) as error:
            raised = error
    seconds = time.process_time() - start
    if raised and seconds > SLOWEST:
        raised = None  # NumPy wraps the alarm into an error of its own: the time is the trouble
    return Trial(question, text, feedback, raised, seconds, list(events))


def warm_up() -> list[Question]:
    """Return the questions that are asked; each has been answered before, so that nothing is left to be loaded."""
    found = [one for one in course_questions().values() if one.kind in KINDS]
    for question in found:
        for text in (question.answer or "1", "1 + 1", "(", "nobody", "\u03b6"):
            ALL_KINDS[question.kind].check(question, text)
    return found


def one_of_each_kind(questions: list[Question], turn: int) -> list[Question]:
    """Return one question of each kind, others at every turn."""
    by_kind = {kind: [one for one in questions if one.kind == kind] for kind in KINDS}
    return [some[turn % len(some)] for some in by_kind.values()]


def attack(questions: list[Question], per_kind: int = 1) -> Run:
    """Try every hostile text, each on so many questions of each kind."""
    run = Run()
    for turn, text in enumerate(HOSTILE_TEXTS.values()):
        for k in range(per_kind):
            for question in one_of_each_kind(questions, per_kind * turn + k):
                run.note(attempt(question, text))
                run.accepted += [f"{question.id} {text[:80]!r}"] * (run.last in (CORRECT, OTHER_FORM))
    return run


# Texts


def grammatical(question: Question, chance: random.Random, depth: int = 5) -> str:
    """Return a random formula that follows the grammar, in the letters of a question; most have no value."""
    if depth == 0 or chance.random() < 0.2:
        return _atom(question, chance)
    inner = lambda: grammatical(question, chance, depth - 1)
    kind = chance.randrange(9)
    if kind < 4:
        return f"{inner()} {chance.choice('+-*/@')} {inner()}"
    if kind == 4:
        return f"({inner()}){chance.choice(['.T', '**2', '**-1', '**(T-1)', '**20', ''])}"
    if kind == 5:
        return f"-{inner()}"
    if kind == 6:
        name = chance.choice(["sum", "prod", "column", "row"])
        low, high = chance.choice(["1", "0", "t", "-3"]), chance.choice(["T", "3", "t", "200", "i"])
        return f"{name}({chance.choice('ijkt')}, {low}, {high}, {inner()})"
    name, (count, _) = chance.choice(list(FUNCTIONS.items()))
    count = count if isinstance(count, int) else chance.randint(*count)
    return f"{name}({', '.join(inner() for _ in range(min(count, 2)))})"


def _atom(question: Question, chance: random.Random) -> str:
    if chance.random() < 0.2:
        return chance.choice(["0", "1", "2", "0.5", "1/3", "T", "t", "i", "999999", "0.000000001"])
    names = list(question.language.letters) if question.network else ["x", "h1"]
    name = chance.choice(names)
    index = lambda: chance.choice(["1", "2", "t", "t-1", "t+1", "T", "i", "0", "9", "-1"])
    if question.network and question.language.is_timed(name):
        name += f"({index()})"
    if question.network and chance.random() < 0.3:
        name += "[" + ",".join(index() for _ in range(chance.choice([1, 1, 2]))) + "]"
    return name


def noisy(text: str, chance: random.Random) -> str:
    """Return a text with some characters lost, doubled, exchanged or put in."""
    letters = list(text)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(letters) + 1)
        kind = chance.randrange(4)
        if kind == 0:
            del letters[at : at + chance.randint(1, 5)]
        elif kind == 1:
            letters[at:at] = letters[at : at + chance.randint(1, 9)] * chance.choice([1, 1, 2, 30])
        elif kind == 2:
            letters[at : at + 1] = chance.choice(NOISE)
        else:
            letters.insert(at, chr(chance.choice([chance.randrange(128), chance.randrange(0x10FFFF)])))
    return "".join(letters)


def any_text(question: Question, chance: random.Random) -> str:
    """Return one text to try: of the grammar, nearly right, hostile, or noise."""
    kind = chance.randrange(10)
    if kind < 4:
        text = grammatical(question, chance, chance.randint(1, 7))
    elif kind < 6 and question.kind in ("line", "matrix", "derivation"):
        text = _right_or_nearly(question, chance)
    elif kind < 8:
        text = question.answer or str(question.number or question.shape or question.right)
    elif kind == 8:
        text = chance.choice(list(HOSTILE_TEXTS.values()))[:5_000]
    else:
        text = "".join(chance.choice(NOISE) for _ in range(chance.randint(1, 300)))
    text = noisy(text, chance) if chance.random() < 0.6 else text
    return f"{text}\n{question.answer}" if question.kind == "derivation" and chance.random() < 0.5 else text


def _right_or_nearly(question: Question, chance: random.Random) -> str:
    if chance.random() < 0.5:
        return spelled(equal_form(question, chance)[0], question)
    return near_miss(question, chance.choice(list(MISSES)), chance) or question.answer


# A run


@dataclass
class Run:
    """What came of a run: outcomes, troubles in words, the slowest answer."""

    outcomes: Counter = field(default_factory=Counter)
    troubles: list[str] = field(default_factory=list)
    slowest: float = 0.0

    accepted: list[str] = field(default_factory=list)
    last: str = ""

    @property
    def count(self) -> int:
        """How many texts were tried."""
        return sum(self.outcomes.values())

    def note(self, trial: Trial) -> None:
        """Add what came of one text."""
        self.last = trial.feedback.outcome if trial.feedback else "raised"
        self.outcomes[self.last] += 1
        self.slowest = max(self.slowest, trial.seconds)
        self.troubles += trial.troubles


def fuzz(seconds: float, seed: int) -> Run:
    """Try random texts for so many seconds."""
    run, chance, questions, start = Run(), random.Random(seed), warm_up(), time.monotonic()
    while time.monotonic() - start < seconds:
        question = chance.choice(questions)
        run.note(attempt(question, any_text(question, chance)))
    return run
