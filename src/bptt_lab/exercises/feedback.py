"""What a student is told: an outcome, and where it is wrong, what is right, one cause, where to read, a question."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from bptt_lab.exercises.card import card
from bptt_lab.exercises.outcomes import CORRECT, CRASHED, NOT_ATTEMPTED, WRONG


class Feedback(NamedTuple):
    """The verdict on one answer. `mistake` is the id of the slip in the catalogue, for statistics, never shown.

    `strength` says how the verdict is known; `right` what is right; `cause` the one cause; `example` a concrete place
    where the answer differs; `section` where to read; `asks` a question that leads on. A notebook shows with it the
    `task`, what was `read` of the answer, in LaTeX, a `picture` of the network with the paths that are meant, `lit`,
    and behind a click the `hints` and a `solution`. `is_open`: what was asked for has not been done yet, though nothing
    is wrong: the question itself, a derivation that stops on the way, a derivative where its value is wanted.
    """

    exercise: str
    outcome: str
    strength: str = ""
    right: str = ""
    cause: str = ""
    example: str = ""
    section: str = ""
    asks: str = ""
    mistake: str = ""
    task: str = ""
    read: str = ""
    hints: tuple[str, ...] = ()
    solution: str = ""
    lit: tuple = ()
    picture: Callable[[], str] | None = None
    is_open: bool = False

    @property
    def is_correct(self) -> bool:
        """Whether the answer is right and in the form wanted."""
        return self.outcome == CORRECT

    def __str__(self) -> str:
        head = f"{self.exercise}: {self.outcome}"
        head += f" ({self.strength})." if self.strength else "."
        reading = f"Read again: {self.section}" if self.section and self.outcome in (WRONG, CRASHED) else ""
        parts = [head, self.right, self.cause, self.example, reading, self.asks]
        text = "\n".join(part for part in parts if part)
        return text.encode("utf-8", "backslashreplace").decode()  # half a character, which a text may hold, is no UTF-8

    def __repr__(self) -> str:
        return str(self)

    def _repr_markdown_(self) -> str:
        """Return the task, which stays in sight, and below it the feedback; help stands behind a click."""
        if self.outcome == NOT_ATTEMPTED:
            return f"{self.task}\n\n*Not attempted.*" if self.task else f"{self.exercise}: *not attempted.*"
        return card(self)


def told_apart(one: float, other: float) -> tuple[str, str] | None:
    """Return two different numbers with as many digits as are needed to see that they differ; None past the 16th."""
    one, other = (0.0 if abs(number) < 1e-13 else number for number in (one, other))
    texts = ((f"{one:.{digits}g}", f"{other:.{digits}g}") for digits in (4, 6, 8, 12, 16))
    return next((pair for pair in texts if pair[0] != pair[1]), None)
