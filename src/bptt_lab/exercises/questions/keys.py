"""The keys of a question: one table, which checks what an author wrote, and from which the format's page is printed."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Callable, Mapping
from importlib import resources
from typing import Any, NamedTuple

IDENTITY = re.compile(r"\w(?:[\w.-]{0,46}\w)?", re.ASCII)  # it names cells and files, and stands in tables
BARE = re.compile(r"\[t(?:[+-]\d+)?\]")  # a time in the text of a network


class Type(NamedTuple):
    """What a value may be: in words, and a function that tells whether one is."""

    words: str
    holds: Callable[[Any], bool]


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: Any) -> bool:
    """Return whether a value is a finite number."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _table(holds: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, Mapping) and all(map(holds, value.values()))


def _list(holds: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, (list, tuple)) and all(map(holds, value))


def _is_size(value: Any) -> bool:
    return _is_whole(value) and value >= 1 or isinstance(value, (list, tuple)) and all(map(_is_size, value))


def _is_range(value: Any) -> bool:
    return _list(_is_whole)(value) and len(value) == 2 and value[0] <= value[1]


def _is_wrong(value: Any) -> bool:
    return isinstance(value, Mapping) and set(value) == {"says", "answer"} and all(map(_is_text, value.values()))


def _is_tolerance(value: Any) -> bool:
    return (
        isinstance(value, Mapping)
        and set(value) <= {"abs", "rel"}
        and all(is_number(v) and v >= 0 for v in value.values())
    )


TYPES: Mapping[str, Type] = {
    "text": Type("a text in quotes", lambda value: _is_text(value) and bool(value.strip())),
    "identifier": Type(
        "a word of letters, digits, dots and dashes, at most 48",
        lambda value: _is_text(value) and bool(IDENTITY.fullmatch(value)),
    ),
    "texts": Type("a list of texts", _list(_is_text)),
    "left_out": Type('a list of "sum" and "/"', lambda value: _list(_is_text)(value) and set(value) <= {"sum", "/"}),
    "text_table": Type("a table of texts", _table(_is_text)),
    "sizes": Type("a table of sizes, whole numbers from 1, or lists of them", _table(_is_size)),
    "ranges": Type("a table of pairs, the lowest and the highest number", _table(_is_range)),
    "steps": Type("a whole number from 1", lambda value: _is_whole(value) and value >= 1),
    "count": Type("a whole number from 0", lambda value: _is_whole(value) and value >= 0),
    "points": Type("a number above 0", lambda value: is_number(value) and value > 0),
    "number": Type("a number", is_number),
    "shape": Type(
        'a list of sizes, as numbers or as letters such as "M"', _list(lambda v: _is_text(v) or _is_whole(v))
    ),
    "wrong": Type("a list of tables with says and answer, both texts", _list(_is_wrong)),
    "tolerance": Type("a table with abs, rel or both, numbers from 0", _is_tolerance),
}


class Key(NamedTuple):
    """A key of a question: what its value is, what it is for, a line that is right, which kinds have it (all: ())."""

    type: Type
    says: str
    example: str
    kinds: tuple[str, ...] = ()


def _key(row: Mapping[str, Any]) -> Key:
    return Key(TYPES[row["type"]], row["says"], row["example"], tuple(row.get("kinds", ())))


KEYS: Mapping[str, Key] = {
    name: _key(row)
    for name, row in tomllib.loads((resources.files(__package__) / "keys.toml").read_text(encoding="utf-8")).items()
}


def trouble(data: Mapping[str, Any]) -> str:
    """Return what is wrong with the value of a known key, with the line that mends it; '' for nothing."""
    for name, value in data.items():
        key = KEYS.get(name)
        if key is not None and not key.type.holds(value):
            return f"{name} is {_shown(value)}; expected {key.type.words}. Write for example:  {mend(name)}"
    is_own = isinstance(data.get("network"), str) and BARE.search(data["network"])
    if is_own and "T" not in data:
        return f"T is missing: the network has times, so say for how many steps it is tried. Write:  {mend('T')}"
    return ""


def mend(name: str) -> str:
    """Return the line that shows how a key is written."""
    return KEYS[name].example.replace("\n", " ⏎ ") if name in KEYS else ""


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:39]}…"
