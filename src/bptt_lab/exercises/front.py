"""The student's side: `ex("07.2")` shows a task; check, hint, solution and progress."""

from __future__ import annotations

import dis
import types
from collections.abc import Callable, Mapping
from pathlib import Path

from bptt_lab.exercises import progress
from bptt_lab.exercises.feedback import CANNOT_READ, NOT_ATTEMPTED, UNDECIDED, Feedback
from bptt_lab.exercises.judges.derivation import judge_derivation
from bptt_lab.exercises.judges.formula import judge_formula
from bptt_lab.exercises.judges.function import judge_function
from bptt_lab.exercises.judges.short_answer import JUDGES as PLAIN_JUDGES
from bptt_lab.exercises.question import Question, course_questions
from bptt_lab.formulas import COURSE, Style, latex
from bptt_lab.formulas.errors import nearest
from bptt_lab.network import Network

JUDGES: dict[str, Callable[[Question, object], Feedback]] = {
    "line": judge_formula,
    "matrix": judge_formula,
    "derivation": judge_derivation,
    "function": judge_function,
    **PLAIN_JUDGES,
}
EXAMPLES = {
    "line": 'Answer: `ex("{id}").check("…")` with a formula in quotes; products need `*`, times stand as in `h1(t-1)`.',
    "matrix": 'Answer: `ex("{id}").check("…")` with a formula in quotes; `@` multiplies matrices, `.T` transposes.',
    "derivation": "Answer: `%%derive {id}` at the top of a cell, then a formula a line; `D`, `d` may stand on the way.",
    "function": 'Answer: write the function in a cell, then `ex("{id}").check(its_name)`.',
    "shape": 'Answer: `ex("{id}").check(shape=(…, …))`.',
    "number": 'Answer: `ex("{id}").check(…)` with a number.',
    "choice": 'Answer: `ex("{id}").check("…")` with a letter.',
}


AT_FAULT = (
    "The answer could not be judged ({}): that is a fault of the checker, or of an object in the answer. Try a plainer "
    "form, and tell the authors of the course if it stays."
)


class Exercise:
    """One question as a student meets it."""

    def __init__(self, question: Question, folder: Path | None = None):
        self.question, self._folder, self._hints = question, folder, 0

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
        return found

    def _judge(self, answer: object) -> Feedback:
        kind = self.question.kind
        if not isinstance(answer, str):
            if kind in ("line", "matrix", "derivation"):
                return Feedback(self.question.id, CANNOT_READ, cause="The answer is a formula: put it in quotes.")
            return JUDGES[kind](self.question, answer)
        return JUDGES[kind](self.question, str.__str__(answer))  # a plain text, whatever class it is of

    def hint(self) -> str:
        """Return the next of three hints; the last names the rule."""
        self._hints = min(self._hints + 1, len(self.question.hints))
        return Words(f"Hint {self._hints} of 3: {self.question.hints[self._hints - 1]}")

    def solution(self) -> Words:
        """Return one right answer."""
        question = self.question
        if question.kind in ("line", "matrix", "derivation"):
            shown = latex(question.tree(question.answer), _style(question))
            return Words(f"{question.id}, one right answer:\n\n$$\\displaystyle {shown}$$\n\n`{question.answer}`")
        if question.kind == "function":
            return Words(f"{question.id}, one right answer:\n\n```python\n{question.answer.strip()}\n```")
        right = {"shape": question.shape, "number": question.number, "choice": question.right}[question.kind]
        return Words(f"{question.id}: {right}")

    def _repr_markdown_(self) -> str:
        question = self.question
        lines = [f"**Exercise {question.id}.** {question.task}"]
        if question.kind == "derivation":
            lines.append(f"$$\\displaystyle {latex(question.goal_tree, _style(question))} = \\dots$$")
        if question.printed:
            lines.append(f"$$\\displaystyle {latex(_relation(question), _style(question))}$$")
        lines += [f"({key}) {words}" for key, words in question.choices.items()]
        if question.letters:
            lines.append("Letters you may use: " + ", ".join(f"`{name}`" for name in question.letters) + ".")
        lines.append(EXAMPLES[question.kind].format(id=question.id))
        return "\n\n".join(lines)

    def __repr__(self) -> str:
        return f"Exercise {self.question.id}: {self.question.task}"


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


def _relation(question: Question):
    from bptt_lab.formulas.tree import Relation

    return Relation("=", question.goal_tree, question.tree(question.printed))


def _style(question: Question) -> Style:
    """Return the course's hand, quantities with one entry written plain."""
    shapes = question.graph.network.shapes
    single = frozenset(name for name, shape in shapes.items() if all(size == 1 for size in shape))
    return Style(numbers=single) if len(single) == len(shapes) else COURSE


class Exercises:
    """All exercises: `ex("07.2")` is one, `ex.progress()` tells what was tried, `ex.add(text)` reads your own."""

    def __init__(self) -> None:
        self._made: dict[str, Exercise] = {}
        self._own: dict[str, Question] = {}
        self._made_up: frozenset[str] = frozenset()

    def __call__(self, identity: str) -> Exercise:
        """Return an exercise by its id (errors: KeyError with the nearest id)."""
        known = {**course_questions(), **self._own}
        if not isinstance(identity, str) or identity not in known:
            raise UnknownExercise(f"There is no exercise {str(identity)[:20]!r}." + nearest(str(identity)[:20], known))
        if identity not in self._made or self._made[identity].question is not known[identity]:
            self._made[identity] = Exercise(known[identity])
        return self._made[identity]

    def ids(self, notebook: str = "") -> list[str]:
        """Return the ids of all exercises, or of those of one notebook such as '07'."""
        return [name for name in {**course_questions(), **self._own} if name.startswith(notebook)]

    def add(self, text: str) -> list[str]:
        """Read questions from TOML, as an instructor writes them, and return their ids (errors: QuestionError)."""
        from bptt_lab.exercises.authoring.proof import add

        found = add(text)
        self._own |= found
        return list(found)

    def own(self, network: Network | str, sizes: Mapping[str, int | tuple] | None = None, T: int = 4) -> list[str]:
        """Make questions from a network's equations, proven, and return their ids (errors: NetworkError).

        `network` is a Network or its text with `sizes`. The ids begin with 18; those of the network before are gone.
        """
        from bptt_lab.exercises.authoring.generate import questions_for

        text, sizes = (network.text, network.sizes) if isinstance(network, Network) else (network, sizes or {})
        found = {question.id: question for question in questions_for(text, sizes, T)}
        self._own = {name: one for name, one in self._own.items() if name not in self._made_up} | found
        self._made_up = frozenset(found)
        return list(found)

    def progress(self) -> Words:
        """Return a table of what was tried and solved, by notebook; a help for you, never evidence for a grade."""
        return Words(progress.table(progress.summary(progress.read(None).entries)))


class UnknownExercise(LookupError):
    """An id that no exercise has."""


ex = Exercises()
