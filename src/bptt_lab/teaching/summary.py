"""What a class did, counted: outcomes by question, mistakes by cause, points, whom to talk to."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from bptt_lab.exercises.mistakes.catalogue import CATALOGUE
from bptt_lab.exercises.outcomes import CANNOT_READ, CORRECT, CRASHED, NOT_ATTEMPTED, OTHER_FORM, OUTCOMES, WRONG
from bptt_lab.teaching.gathered import several
from bptt_lab.teaching.results import NOT_GRADED, Judged, Result

COLUMNS = (*OUTCOMES, NOT_GRADED)
SIGNS = {CORRECT: "✓", OTHER_FORM: "≈", WRONG: "✗", NOT_ATTEMPTED: "–", CANNOT_READ: "¶", NOT_GRADED: "?"}
OTHER_SIGN = "!"
FEW = 0.5  # of the points that were graded: below it a student is on the list of those to talk to
AGAIN = 2  # questions on which one mistake is made before it is a habit
BINS = 5
NO_CAUSE = "wrong, and no cause was found"
REMARKS = ("It ", "Its ", NO_CAUSE)  # of the whole answer


@dataclass(frozen=True)
class Slip:
    """One mistake of a class: its id in the catalogue, '' for one without; in words, as it was told; who, and where.

    `words` are the catalogue's with … for the letters of one question; `told` is what stood there, where there are any.
    `is_named`: a mistake of the catalogue, one whose reason the question gives, or what is said of a part of the
    answer; a remark on the whole, "It is too large.", says no more than that it differs.
    """

    mistake: str
    words: str
    told: tuple[str, ...]
    who: tuple[str, ...]
    where: tuple[tuple[str, int], ...]
    is_named: bool = True

    @property
    def count(self) -> int:
        """How many students made it."""
        return len(self.who)


def outcomes(results: Iterable[Result]) -> dict[str, Counter[str]]:
    """Return how many answers to each question had which outcome, questions in order."""
    found: dict[str, Counter[str]] = {name: Counter() for name in questions(results)}
    for one in (one for result in results for one in result.answers):
        found[one.question][one.outcome] += 1
    return found


def questions(results: Iterable[Result]) -> list[str]:
    """Return the ids of all questions, those with numbers in the order of numbers."""
    return sorted({one.question for result in results for one in result.answers}, key=_natural)


def _natural(identity: str) -> list[tuple[bool, int, str]]:
    parts = re.findall(r"\d+|\D+", identity)
    return [(not part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts]


def slips(results: Iterable[Result], question: str | None = None, reasons: Collection[str] = ()) -> list[Slip]:
    """Return the mistakes of a class, on one question or all, those of most students first, those without a name last.

    An answer that is wrong or crashed has one cause; answers with the same mistake of the catalogue, else with the
    same words of cause, have made the same. `reasons` are words by which the questions themselves name a mistake.
    """
    named = {the_cause(words) for words in reasons}
    made: dict[tuple[str, str], list[tuple[str, Judged]]] = {}
    for result in results:
        for one in result.answers:
            if one.outcome in (WRONG, CRASHED) and question in (None, one.question):
                made.setdefault(_kind(one), []).append((result.student, one))
    found = [
        _slip(mistake, words, cases, bool(mistake) or words in named or not words.startswith(REMARKS))
        for (mistake, words), cases in made.items()
    ]
    return sorted(found, key=lambda one: (not one.is_named, -one.count, not one.mistake, one.words, one.told))


def _kind(one: Judged) -> tuple[str, str]:
    if one.mistake in CATALOGUE:
        return one.mistake, in_general(one.mistake)
    return "", the_cause(one.cause) or NO_CAUSE


def in_general(mistake: str) -> str:
    """Return what the catalogue says of a mistake, with … for the letters of one question."""
    return re.sub(r"\{\w+\}", "…", CATALOGUE[mistake].says).replace("….", "…")


def first_line(words: str) -> str:
    """Return the first line of some words that has any."""
    return next((line.strip() for line in words.splitlines() if line.strip()), "")


def the_cause(words: str) -> str:
    """Return the line of a cause that says what is wrong: of a derivation not the one that says in which line."""
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    return lines[-1] if len(lines) > 1 and re.match(r"Line \d+ does not follow", lines[0]) else first_line(words)


def _slip(mistake: str, words: str, cases: Sequence[tuple[str, Judged]], is_named: bool) -> Slip:
    told = Counter(the_cause(one.cause) for _, one in cases if "…" in words and mistake)
    where = Counter(one.question for _, one in cases)
    ordered = tuple((one, where[one]) for one in sorted(where, key=_natural))
    who = tuple(dict.fromkeys(student for student, _ in cases))
    return Slip(mistake, words, tuple(filter(None, told)), who, ordered, is_named)


def graded_of(result: Result) -> float:
    """Return how many points could be had for what was graded."""
    return sum(one.of for one in result.answers if one.is_graded)


def is_graded(result: Result) -> bool:
    """Return whether all of a submission was graded."""
    return not result.reason and bool(result.answers) and not result.not_graded


@dataclass(frozen=True)
class Bar:
    """So many students with points in a range."""

    label: str
    count: int


def distribution(results: Iterable[Result]) -> list[Bar]:
    """Return how many submissions that are graded whole have which share of the points, in fifths."""
    shares = [one.points / one.of for one in results if is_graded(one) and one.of]
    counts = Counter(min(int(share * BINS + 1e-9), BINS - 1) for share in shares)
    step = 100 // BINS
    labels = [f"{k * step} to below {(k + 1) * step} %" for k in range(BINS - 1)] + [f"{100 - step} to 100 %"]
    return [Bar(label, counts[k]) for k, label in enumerate(labels)]


def middle(results: Iterable[Result]) -> float | None:
    """Return the median of the points of those graded whole; None where there is none."""
    points = [one.points for one in results if is_graded(one)]
    return median(points) if points else None


def to_talk_to(results: Sequence[Result]) -> dict[str, list[str]]:
    """Return students with the reasons to talk to them, the least points first; the reasons are no judgement."""
    repeated = several(results)
    found: dict[str, list[str]] = {}
    for result in sorted(results, key=lambda one: (one.points / (graded_of(one) or math.inf), one.student)):
        reasons = [*_not_seen(result), *_habits(result), *_few(result)]
        if result.student in repeated:
            reasons.append(f"handed in {len(repeated[result.student])} files: which one counts?")
        if reasons:
            found[result.student] = list(dict.fromkeys([*found.get(result.student, []), *reasons]))
    return found


def _not_seen(result: Result) -> list[str]:
    if result.reason:
        return ["nothing could be graded"]
    attempted = [one for one in result.answers if one.outcome != NOT_ATTEMPTED]
    return [] if attempted else ["attempted nothing"]


def _habits(result: Result) -> list[str]:
    again = Counter(one.mistake for one in result.answers if one.outcome == WRONG and one.mistake in CATALOGUE)
    return [
        f"one mistake on {count} questions, “{in_general(key).rstrip('.')}”"
        for key, count in again.items()
        if count >= AGAIN
    ]


def _few(result: Result) -> list[str]:
    of = graded_of(result)
    if not of or result.points / of >= FEW or all(one.outcome == NOT_ATTEMPTED for one in result.answers):
        return []
    return [f"{number(result.points)} of {number(of)} points of what was graded"]


def number(points: float) -> str:
    """Return points as they are written: 3, 2.5."""
    return f"{points:.2f}".rstrip("0").rstrip(".")


def same_files(results: Iterable[Result]) -> list[tuple[str, ...]]:
    """Return the groups of students who handed in the same bytes."""
    groups = {tuple(sorted({one.student, *one.same_file_as})) for one in results if one.same_file_as}
    return sorted(groups)
