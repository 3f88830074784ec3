"""All results in a folder, by assignment: what pages and exports are made from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bptt_lab.teaching.results import Result, ResultError, read
from bptt_lab.teaching.store import RESULT


class GatherError(ValueError):
    """A folder from which nothing can be made; the message says why and what to do."""


@dataclass(frozen=True)
class Gathered:
    """The results of a folder, in the order of assignments and names; `unreadable` maps files to what is wrong."""

    results: tuple[Result, ...]
    unreadable: tuple[tuple[str, str], ...] = ()

    @property
    def assignments(self) -> tuple[tuple[str, str], ...]:
        """The (course, assignment) of the results, each once."""
        return tuple(dict.fromkeys((one.course, one.assignment) for one in self.results))

    def of(self, course: str, assignment: str) -> tuple[Result, ...]:
        """Return the results of one assignment."""
        return tuple(one for one in self.results if (one.course, one.assignment) == (course, assignment))


def gather(folder: Path) -> Gathered:
    """Return the results below a folder (errors: GatherError where there is none)."""
    folder = Path(folder)
    if not folder.is_dir():
        raise GatherError(f"there is no folder {folder}. It is the one that `bptt-lab grade … --out` wrote.")
    found, unreadable = [], []
    for path in sorted(folder.rglob(RESULT)):
        try:
            found.append(read(path.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError, ResultError) as error:
            unreadable.append((path.relative_to(folder).as_posix(), _why(error)))
    if not found and not unreadable:
        raise GatherError(
            f"there is no {RESULT} below {folder}. Grade first: bptt-lab grade SUBMISSIONS --out {folder}"
        )
    return Gathered(tuple(sorted(found, key=_place)), tuple(unreadable))


def _place(result: Result) -> tuple[str, ...]:
    return result.course, result.assignment, result.student.casefold(), result.student, result.file


def _why(error: Exception) -> str:
    if isinstance(error, ResultError):
        return str(error)
    return getattr(error, "strerror", None) or "It is no text in UTF-8."


def several(results: Iterable[Result]) -> dict[str, tuple[Result, ...]]:
    """Return the students with more than one submission, and these."""
    found: dict[str, tuple[Result, ...]] = {}
    for one in results:
        found[one.student] = (*found.get(one.student, ()), one)
    return {name: all_of for name, all_of in found.items() if len(all_of) > 1}
