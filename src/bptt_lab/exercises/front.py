"""The student's side: `ex("07.2")` shows a task; check, hint, solution and progress."""

from __future__ import annotations

import dis
import types
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from bptt_lab.exercises import closed, played, progress
from bptt_lab.exercises.feedback import Feedback
from bptt_lab.exercises.kinds import KINDS, Kind
from bptt_lab.exercises.outcomes import NOT_ATTEMPTED, UNDECIDED
from bptt_lab.exercises.question import Question
from bptt_lab.exercises.questions import course_questions
from bptt_lab.formulas.errors import nearest
from bptt_lab.network import Network

AT_FAULT = (
    "The answer could not be judged ({}): that is a fault of the checker, or of an object in the answer. Try a plainer "
    "form, and tell the authors of the course if it stays."
)


class Exercise:
    """One question as a student meets it."""

    def __init__(self, question: Question, folder: Path | None = None, kinds: Mapping[str, Kind] = KINDS) -> None:
        self.question, self._folder, self._kinds, self._hints = question, folder, kinds, 0

    @property
    def kind(self) -> Kind:
        """What is known of questions of this kind."""
        return self._kinds[self.question.kind]

    def check(self, answer: object = None, *more: object, shape: tuple | None = None) -> Feedback:
        """Return the feedback on an answer; nothing, an empty text or ... is not an attempt and stays quiet.

        Errors: none, whatever the answer is or does; only an interrupt from the keyboard goes through.
        """
        answer = shape if shape is not None else (answer, *more) if more else answer
        try:
            if answer is None or answer is Ellipsis or is_blank(answer):
                return Feedback(self.question.id, NOT_ATTEMPTED, task=self._repr_markdown_())
            found = self._judge(answer)
        except BaseException as error:  # an answer may hold any object, and an object may raise anything
            if isinstance(error, KeyboardInterrupt) and not is_raised_by_code(error):
                raise
            found = Feedback(self.question.id, UNDECIDED, cause=AT_FAULT.format(type(error).__name__))
        progress.record(self._folder, self.question.id, found.outcome, found.mistake)
        found = found._replace(task=self._repr_markdown_(), hints=tuple(self.question.hints), **self._beside(answer))  # type: ignore[arg-type]
        return found._replace(picture=partial(self._picture, found)) if found.lit else found

    def _picture(self, found: Feedback) -> str:
        """Return the network with the paths that are meant, as HTML; nothing where it is too large to be drawn."""
        from bptt_lab import figures  # Matplotlib takes half a second: not for feedback without a picture

        try:
            figure, words = figures.unrolled_network(self.question.graph, mark=found.lit)
        except ValueError:
            return ""
        return figures.html(figure, words, "Marked: what is missing, or not there just once.", size=0.7)

    def _beside(self, answer: object) -> dict[str, str]:
        """Return what is shown beside feedback: what was read of a text, and one right answer."""
        try:
            read = self.kind.read(self.question, str.__str__(answer)) if issubclass(type(answer), str) else ""
        except Exception:  # what cannot be read is told by the judge
            read = ""
        return {"read": read, "solution": str(self.solution())}

    def _judge(self, answer: object) -> Feedback:
        plain = str.__str__(answer) if isinstance(answer, str) else answer  # a plain text, whatever class it is of
        return self.kind.check(self.question, plain)

    def hint(self) -> str:
        """Return the next of three hints; the last names the rule."""
        if not self.question.hints:
            return Words("There are no hints.")
        self._hints = min(self._hints + 1, len(self.question.hints))
        return Words(f"Hint {self._hints} of 3: {self.question.hints[self._hints - 1]}")

    def solution(self) -> Words:
        """Return one right answer, unless the exercise is assigned."""
        if closed.is_closed(self.question.id):
            return Words(closed.CLOSED.format(self.question.id))
        return Words(f"{self.question.id}{self.kind.solution(self.question)}")

    def _repr_markdown_(self) -> str:
        question = self.question
        return "\n\n".join([f"**Exercise {question.id}.** {question.task}", *self.kind.show(question)])

    def __repr__(self) -> str:
        """Return all of the question for a terminal: what a notebook sets as a formula stands as it is typed."""
        question = self.question
        shown = self.kind.show(question)
        left = [f"    {question.goal} = {question.printed or '…'}" for part in shown if part.startswith("$$")][:1]
        shown = [part for part in shown if not part.startswith("$$")]
        return "\n".join([f"Exercise {question.id}: {question.task}", *left, *shown])


def is_blank(answer: object) -> bool:
    """Return whether an answer is still empty: a text of spaces, dots and comments, a function that does nothing."""
    if isinstance(answer, str):
        return all(line.split("#")[0].strip() in ("", "…", "...") for line in answer.splitlines())
    if isinstance(answer, types.FunctionType):
        steps = [step for step in dis.get_instructions(answer) if step.opname not in ("RESUME", "NOP")]
        returns_nothing = steps[-1].opname == "RETURN_VALUE" or steps[-1].argval is None
        return returns_nothing and all(step.argval is None for step in steps)
    return False


def is_raised_by_code(error: BaseException) -> bool:
    """Return whether a `raise` outside of this package raised an error; a key that is pressed needs none."""
    step = error.__traceback__
    while step is not None and step.tb_next is not None:
        step = step.tb_next
    if step is None or str(step.tb_frame.f_globals.get("__name__", "")).split(".")[0] == __name__.split(".")[0]:
        return False
    at = (one for one in dis.get_instructions(step.tb_frame.f_code) if one.offset == step.tb_lasti)
    return any(one.opname == "RAISE_VARARGS" for one in at)


class Words(str):
    """Text that a notebook renders."""

    def _repr_markdown_(self) -> str:
        return str(self)

    def __repr__(self) -> str:
        return str(self)


class Exercises:
    """All exercises: `ex("07.2")` is one, `ex.progress()` tells what was tried, `ex.add(text)` reads your own."""

    def __init__(self, kinds: Mapping[str, Kind] = KINDS) -> None:
        self._kinds = kinds
        self._made: dict[str, Exercise] = {}
        self._own: dict[str, Question] = {}
        self._networks: dict[tuple, list[str]] = {}

    def __call__(self, identity: str) -> Exercise:
        """Return an exercise by its id (errors: KeyError with the nearest id)."""
        known = {**course_questions(), **self._own}
        if not isinstance(identity, str) or identity not in known:
            raise UnknownExercise(f"There is no exercise {str(identity)[:20]!r}." + nearest(str(identity)[:20], known))
        if identity not in self._made or self._made[identity].question is not known[identity]:
            self._made[identity] = Exercise(known[identity], kinds=self._kinds)
        return self._made[identity]

    def ids(self, notebook: str = "") -> list[str]:
        """Return the ids of all exercises, or of those of one notebook such as '07'."""
        return [name for name in {**course_questions(), **self._own} if name.startswith(notebook)]

    def add(self, text: str | Path) -> list[str]:
        """Read questions from TOML, a text or a file, as an instructor writes them, and return their ids.

        Errors: QuestionError with all that is wrong, each with the line that mends it.
        """
        from bptt_lab.exercises.authoring.proof import add

        found = add(text, self._kinds)
        self._own |= found
        return list(found)

    def own(
        self,
        network: Network | str,
        sizes: Mapping[str, int | tuple] | None = None,
        T: int = 4,
        *,
        beside: bool = False,
    ) -> list[str]:
        """Make questions from a network's equations, proven, and return their ids (errors: NetworkError).

        `network` is a Network or its text with `sizes`. The ids begin with 18. Those of the networks before are gone,
        or stay where this one is made `beside` them: then its numbers begin after theirs.
        """
        from bptt_lab.exercises.authoring.generate import NOTEBOOK, questions_for

        text, sizes = (network.text, network.sizes) if isinstance(network, Network) else (network, sizes or {})
        key = (text, tuple(sizes.items()), T)
        if beside and key in self._networks:
            return self._networks[key]
        numbers = [int(name.partition(".")[2]) for name in self._own if name.startswith(f"{NOTEBOOK}.")]
        made = questions_for(text, sizes, T, first=max(numbers, default=0) + 1 if beside else 1)
        found = {question.id: question for question in made}
        gone = set() if beside else {name for names in self._networks.values() for name in names}
        self._own = {name: one for name, one in self._own.items() if name not in gone} | found
        self._networks = {**(self._networks if beside else {}), key: list(found)}
        return list(found)

    def progress(self) -> Words:
        """Return a table of what was tried and solved, by notebook, and the derivations you made in an explorer.

        It is a help for you, never evidence for a grade.
        """
        diary = progress.read(None)
        parts = [progress.table(progress.summary(diary.entries)), played.told(diary.scores)]
        return Words("\n\n".join(part for part in parts if part))


class UnknownExercise(LookupError):
    """An id that no exercise has."""


ex = Exercises()
