"""What is kept of a judged submission: one file `result.json` each, the same bytes for the same submission."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

FORMAT = 1
NOT_GRADED = "not graded"  # beside the outcomes of exercises.outcomes: nothing is known of the answer, so no points


class ResultError(ValueError):
    """A text that is no result of this package."""


@dataclass(frozen=True)
class Judged:
    """One answer of one student, judged.

    `outcome` is one of `exercises.outcomes.OUTCOMES` or NOT_GRADED; then `reason` says why, and there are no points,
    which is not the same as none deserved. `cause` is the one cause told to the student, `mistake` the id of the slip
    in the catalogue, '' where it has none, `reread` the section to read again. `answer` is what was handed in, at most
    2,000 characters of it; `instance` the hash of the question as this student had it.
    """

    question: str
    outcome: str
    points: float
    of: float
    answer: str = ""
    right: str = ""
    cause: str = ""
    example: str = ""
    mistake: str = ""
    reread: str = ""
    reason: str = ""
    instance: str = ""

    @property
    def is_graded(self) -> bool:
        """Whether the answer was judged at all."""
        return self.outcome != NOT_GRADED


@dataclass(frozen=True)
class Result:
    """What came of one submission: whose, of which assignment, read from which bytes, judged by what.

    `submission` is the hash of what was handed in, `file` where it lay; `reason` says why nothing of it could be
    graded, '' where something was. `isolation` names the level at which functions were run, `version` that of the
    package. `same_file_as` lists other students who handed in the same bytes.
    """

    course: str
    assignment: str
    student: str
    file: str
    submission: str
    version: str
    isolation: str
    answers: tuple[Judged, ...] = ()
    reason: str = ""
    same_file_as: tuple[str, ...] = ()
    format: int = field(default=FORMAT)

    @property
    def points(self) -> float:
        """The sum of the points of what was graded."""
        return sum(one.points for one in self.answers)

    @property
    def of(self) -> float:
        """The points that could be had."""
        return sum(one.of for one in self.answers)

    @property
    def not_graded(self) -> tuple[Judged, ...]:
        """What a person has to look at."""
        return tuple(one for one in self.answers if not one.is_graded)


def write(result: Result) -> str:
    """Return a result as JSON, the same text for the same result."""
    return json.dumps(asdict(result), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def read(text: str) -> Result:
    """Return the result that a text holds (errors: ResultError)."""
    try:
        data = json.loads(text)
        if not isinstance(data, Mapping) or data.get("format") != FORMAT:
            raise ResultError("This is no result of `bptt-lab grade`, or one of another edition: grade again.")
        answers = tuple(Judged(**one) for one in data["answers"])
        return Result(**{**data, "answers": answers, "same_file_as": tuple(data["same_file_as"])})
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise ResultError(f"This is no result of `bptt-lab grade`: {error}.") from error
