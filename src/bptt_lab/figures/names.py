"""How places look in figures and how they are said in words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from bptt_lab.network import Place


def plain(place: Place) -> Place:
    """Return a place without its entry: figures draw whole quantities."""
    return Place(place.name, place.time)


def math(place: Place) -> str:
    """Return a place as mathtext: h1[2] is h^{1(2)}, W11 is W^{11}."""
    found = re.fullmatch(r"([A-Za-z]+?)(\d*)((?:_\w+)?)", place.name)
    base, number, suffix = found.groups() if found else (place.name.replace("_", r"\_"), "", "")
    letter = base if len(base) == 1 else rf"\mathrm{{{base}}}"
    above = number + ("" if place.time is None else f"({place.time})")
    below = suffix.lstrip("_").replace("_", r"\_")
    raised = f"^{{{above}}}" if above else ""
    return f"${letter}{raised}" + (rf"_{{\mathrm{{{below}}}}}$" if below else "$")


def math_list(names: Iterable[str]) -> str:
    """Return names without time as mathtext, with commas between."""
    return ", ".join(math(Place(name)) for name in names)


def words(place: Place) -> str:
    """Return a place in words, without its entry: h1(2)."""
    return str(place._replace(entry=(), missing_when=""))


def path_words(path: Sequence[Place]) -> str:
    """Return a path in words, from its start to its end."""
    return " to ".join(words(place) for place in path)


def listed(items: Iterable[str], last: str = "and") -> str:
    """Return items as they are said: a, b and c."""
    found = list(items)
    if len(found) < 2:
        return "".join(found)
    return f"{', '.join(found[:-1])} {last} {found[-1]}"


def counted(number: int, thing: str, things: str = "") -> str:
    """Return a count in words: 1 arrow, 2 arrows."""
    return f"{number} {thing if number == 1 else things or thing + 's'}"


def numbers(found: Sequence[int]) -> str:
    """Return the numbers of paths as a short label: 1,2 or 1–4."""
    if len(found) > 2 and list(found) == list(range(found[0], found[-1] + 1)):
        return f"{found[0]}–{found[-1]}"
    return ",".join(map(str, found))
