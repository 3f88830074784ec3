"""One-step changes of a formula, by kind: what a wrong transcription could be."""

from __future__ import annotations

from dataclasses import fields, replace

from bptt_lab.formulas.tree import (
    Binary,
    Letter,
    Negative,
    Number,
    Over,
    Power,
    Transpose,
    Tree,
    walk,
)

KINDS = ("sign", "index", "transpose", "letters")


def mutants(tree: Tree, kind: str, language) -> list[Tree]:
    """Return every tree that differs from one by a single change of a kind."""
    if kind == "letters":
        return _exchanged(tree, language)
    return list(_each(tree, CHANGES[kind]))


def _each(tree, change):
    yield from change(tree)
    for one in fields(tree):
        value = getattr(tree, one.name)
        if isinstance(value, Tree):
            yield from (replace(tree, **{one.name: inner}) for inner in _each(value, change))
        elif isinstance(value, tuple):
            for at, part in enumerate(value):
                for inner in _each(part, change):
                    yield replace(tree, **{one.name: (*value[:at], inner, *value[at + 1 :])})


def _signs(tree):
    match tree:
        case Binary("+", left, right):
            yield Binary("-", left, right)
        case Binary("-", left, right):
            yield Binary("+", left, right)
        case Negative(inner):
            yield inner


def _moved(tree):
    for step in (1, -1):
        yield (
            Number(tree.value + step) if isinstance(tree, Number) else Binary("+" if step > 0 else "-", tree, Number(1))
        )


def _indices(tree):
    match tree:
        case Letter(_, time, entry):
            if time is not None:
                yield from (replace(tree, time=moved) for moved in _moved(time))
            for at, index in enumerate(entry):
                yield from (replace(tree, entry=(*entry[:at], moved, *entry[at + 1 :])) for moved in _moved(index))
        case Over(_, _, low, high, _):
            yield from (replace(tree, low=moved) for moved in _moved(low))
            yield from (replace(tree, high=moved) for moved in _moved(high))
        case Power(base, exponent):
            yield from (Power(base, moved) for moved in _moved(exponent))


def _transposes(tree):
    if isinstance(tree, Transpose):
        yield tree.inner


CHANGES = {"sign": _signs, "index": _indices, "transpose": _transposes}


def _exchanged(tree, language):
    """Return the trees in which two letters that could stand for each other have changed places."""
    names = [part.name for part in walk(tree) if isinstance(part, Letter)]
    found = []
    for first in range(len(names)):
        for second in range(first + 1, len(names)):
            one, two = names[first], names[second]
            if one != two and _may_swap(one, two, language):
                order = [*names]
                order[first], order[second] = two, one
                found.append(_renamed(tree, iter(order)))
    return found


def _may_swap(one, two, language):
    return language.rank(one) == language.rank(two) and language.is_timed(one) == language.is_timed(two)


def _renamed(tree, names):
    """Return a tree with its letters named anew, in the order written."""
    if isinstance(tree, Letter):
        tree = replace(tree, name=next(names))
    changes = {}
    for one in fields(tree):
        value = getattr(tree, one.name)
        if isinstance(value, Tree):
            changes[one.name] = _renamed(value, names)
        elif isinstance(value, tuple) and any(isinstance(part, Tree) for part in value):
            changes[one.name] = tuple(_renamed(part, names) for part in value)
    return replace(tree, **changes)
