"""Marked paths: read, checked against the graph, and turned into numbered arrows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bptt_lab.figures.names import listed, path_words, plain, words
from bptt_lab.network import Graph, Place

MOST_SAID = 6
Path = tuple[Place, ...]


def read_paths(graph: Graph, mark: Iterable) -> tuple[Path, ...]:
    """Return one path or several as a tuple of paths without entries, each only once.

    Errors: ValueError for what is not a path of places, or goes where the graph has no arrow.
    """
    given = tuple(mark)
    if given and all(_is_place(item) for item in given):
        given = (given,)
    paths = tuple(dict.fromkeys(_read_path(graph, path) for path in given))
    return paths


def _is_place(item: object) -> bool:
    return hasattr(item, "name") and hasattr(item, "time")


def _read_path(graph: Graph, path: Any) -> Path:
    """Return one path, checked place by place and arrow by arrow."""
    if not isinstance(path, (tuple, list)) or not path or not all(_is_place(p) for p in path):
        raise ValueError(f"{path!r} is not a path. Give a tuple of places, as graph.paths returns.")
    found = tuple(plain(place) for place in path)
    for place in found:
        if place not in graph.parents and place not in graph.leaves:
            raise ValueError(f"{words(place)} is not in this graph of {graph.T} steps.")
    for start, end in zip(found, found[1:], strict=False):
        if end not in graph.users[start]:
            users = listed(words(user) for user in graph.users[start]) or "nothing"
            raise ValueError(f"{words(start)} does not influence {words(end)} directly; it influences {users}.")
    return found


def numbered_edges(paths: Iterable[Path]) -> dict[tuple[Place, Place], tuple[int, ...]]:
    """Return each marked arrow with the numbers of the paths that use it, from 1."""
    found: dict[tuple[Place, Place], tuple[int, ...]] = {}
    for number, path in enumerate(paths, start=1):
        for edge in zip(path, path[1:], strict=False):
            found[edge] = (*found.get(edge, ()), number)
    return found


def marks_in_words(paths: tuple[Path, ...]) -> str:
    """Return which paths are marked, in a sentence; nothing where there are none."""
    if not paths:
        return ""
    if all(len(path) == 1 for path in paths):
        return f" Marked: {listed(words(path[0]) for path in paths)}."
    said = [f"path {n}, {path_words(path)}" for n, path in enumerate(paths[:MOST_SAID], start=1)]
    more = f"; and {len(paths) - MOST_SAID} more" if len(paths) > MOST_SAID else ""
    return f" Marked by thick dashed arrows: {'; '.join(said)}{more}."
