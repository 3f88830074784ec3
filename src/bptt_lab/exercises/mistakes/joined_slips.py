"""Wrong slopes of joined vectors: their parts taken in the wrong order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import replace as changed
from itertools import accumulate

from bptt_lab.exercises.mistakes.rewriting import Slip, written
from bptt_lab.exercises.mistakes.uses import Use, Uses
from bptt_lab.exercises.places import said_now
from bptt_lab.formulas.tree import Binary, Call, Tree, walk
from bptt_lab.formulas.tree import Letter as Quantity
from bptt_lab.network import Network
from bptt_lab.network.scalars import Letter, Scalar, entries, letters, replace
from bptt_lab.network.shapes import entrywise_shape

Moves = Mapping[int, int]  # from the place of an entry in a joined vector to its place with the parts in reverse order


def joined_slips(network: Network, uses: Uses) -> Iterator[Slip]:
    """Yield the parts of each joined vector in the wrong order (C12), where it has a name or matrices meet it."""
    for name, equation in network.equations.items():
        if _is_joined(equation.expression):
            moves = _moves(network, equation.expression)  # type: ignore[arg-type]
            instead = {use: _with_rows(use, moves) for use in uses if use.lower == name}
            yield from written("C12", {"joined": said_now(network, name)}, instead)
    for call, matrices in _met(network).items():
        moves = _moves(network, call)  # type: ignore[arg-type]
        instead = {
            use: _with_columns(network, use, matrices[use.lower], moves) for use in uses if use.lower in matrices
        }
        yield from written("C12", {"joined": "the joined vector"}, instead)


def _is_joined(tree: Tree) -> bool:
    return isinstance(tree, Call) and tree.function == "concat" and len(tree.arguments) > 1


def _met(network: Network) -> dict[Tree, dict[str, set[str]]]:
    """Return, for every joined vector without a name, the equations in which matrices meet it, and these matrices."""
    found: dict[Tree, dict[str, set[str]]] = {}
    for name, equation in network.equations.items():
        for part in walk(equation.expression):
            if isinstance(part, Binary) and part.operator == "@" and _is_joined(part.right):
                if isinstance(part.left, Quantity):
                    found.setdefault(part.right, {}).setdefault(name, set()).add(part.left.name)
    return found


def _moves(network: Network, call: Call) -> Moves:
    sizes = [(*entrywise_shape(part, network.shapes), 1)[0] for part in call.arguments]
    ends = list(accumulate(sizes))
    return {
        k: ends[-1] - end + k - (end - size)
        for size, end in zip(sizes, ends, strict=True)
        for k in range(end - size, end)
    }


def _with_rows(use: Use, moves: Moves) -> Use:
    """Return a use in a joined vector with the entries of the vector moved."""
    base = tuple((moves[i], j, tree) for i, j, tree in use.base)
    return changed(use, base=base, parts=tuple(part._replace(row=moves[part.row]) for part in use.parts))


def _with_columns(network: Network, use: Use, matrices: Set[str], moves: Moves) -> Use:
    """Return a use in an equation with the columns of the matrices that meet a joined vector moved."""
    if use.letter.name in matrices:
        every = entries(network.shapes[use.letter.name])
        place = {entry: k for k, entry in enumerate(every)}
        target = {k: place[i, moves[j - 1] + 1] for k, (i, j) in enumerate(every)}
        base = tuple((i, target[k], tree) for i, k, tree in use.base)
        parts = (part._replace(columns=tuple((target[k], tree) for k, tree in part.columns)) for part in use.parts)
        return changed(use, base=base, parts=tuple(parts))

    def moved(tree: Scalar) -> Scalar:
        own = [one for one in letters(tree) if one.place.name in matrices]
        return replace(tree, {one: _column(one, moves) for one in own})

    base = tuple((i, j, moved(tree)) for i, j, tree in use.base)
    parts = (part._replace(columns=tuple((j, moved(tree)) for j, tree in part.columns)) for part in use.parts)
    return changed(use, base=base, parts=tuple(parts))


def _column(one: Letter, moves: Moves) -> Letter:
    i, j = one.place.entry
    return Letter(one.place._replace(entry=(i, moves[j - 1] + 1)))
