"""Derivations made by oneself in an explorer: moves and scores as lines of the diary.

They come from a page, so every part is checked before it is written and again when it is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

STAGES = ("arrows", "slopes", "order")
GOAL = re.compile(r"[^\W\d]\w{0,30}(\(-?\d{1,3}\))?")  # as a box of the picture is called: h1(2), W11
NETWORK = re.compile(r"explorer-[0-9a-f]{12}")
SLIP = re.compile(r"[\w ]{0,40}")
MOST_CHOSEN, LONGEST_CHOICE, MOST_MOVES = 20, 120, 10_000


class Move(NamedTuple):
    """One judged move: its goal, its network and T, what was chosen, whether it was right, and the slip or ''."""

    derivation: str
    network: str
    steps: int
    stage: str
    chosen: list[str]
    right: bool
    mistake: str
    when: str


class Score(NamedTuple):
    """One derivation brought to its end: how many moves it took, and how many of them were wrong."""

    derivation: str
    network: str
    steps: int
    moves: int
    wrong: int
    when: str


def checked(found: Any) -> Move | Score | None:
    """Return what a line or a message holds as a move or a score, or None where any part of it is not as it should be.

    Errors: none, whatever it is.
    """
    if not isinstance(found, Mapping) or not _is_common(found):
        return None
    if set(found) == set(Score._fields):
        return Score(**found) if _is_score(found) else None
    return Move(**found) if set(found) == set(Move._fields) and _is_move(found) else None


def _matches(pattern: re.Pattern[str], value: object) -> bool:
    return type(value) is str and pattern.fullmatch(value) is not None


def _is_whole(value: object, low: int, high: int) -> bool:
    return type(value) is int and low <= value <= high


def _is_words(value: object, longest: int) -> bool:
    return type(value) is str and len(value) <= longest and value.isprintable()


def _is_common(found: Mapping) -> bool:
    is_place = _matches(GOAL, found.get("derivation")) and _matches(NETWORK, found.get("network"))
    return is_place and _is_whole(found.get("steps"), 0, 999) and _is_words(found.get("when"), 40)


def _is_score(found: Mapping) -> bool:
    return _is_whole(found["moves"], 1, MOST_MOVES) and _is_whole(found["wrong"], 0, found["moves"])


def _is_move(found: Mapping) -> bool:
    chosen = found["chosen"]
    is_list = type(chosen) is list and len(chosen) <= MOST_CHOSEN
    return (
        is_list
        and all(_is_words(one, LONGEST_CHOICE) for one in chosen)
        and found["stage"] in STAGES
        and type(found["right"]) is bool
        and _matches(SLIP, found["mistake"])
    )


def best(scores: Iterable[Score]) -> list[Score]:
    """Return of each derivation the score with fewest wrong moves, then fewest moves, in the order of the first."""
    found: dict[tuple, Score] = {}
    for score in scores:
        key = score[:3]
        found[key] = min(found.get(key, score), score, key=lambda one: (one.wrong, one.moves))
    return list(found.values())


def told(scores: Iterable[Score]) -> str:
    """Return the best scores as a list that Markdown renders, in backticks what is no word; '' if there are none."""
    lines = [
        f"- `{one.derivation}` at T = {one.steps}: {one.moves} move{'s' * (one.moves != 1)}, {one.wrong} wrong"
        for one in best(scores)
    ]
    return "\n".join(["Derived by yourself:", "", *lines]) if lines else ""
