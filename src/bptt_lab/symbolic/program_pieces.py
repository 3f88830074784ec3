"""What a program computes: equations forward, gradients backward, each with what it needs; in an order that works."""

from __future__ import annotations

import graphlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

from bptt_lab.formulas.times import NOW, Index, index_of, letter, time_of
from bptt_lab.formulas.tree import Binary, Derivative, Letter, Negative, Over, Tree, Unless, mapped, walk
from bptt_lab.network import Network, NetworkError
from bptt_lab.network.expressions import names
from bptt_lab.network.keeping import kept
from bptt_lab.symbolic import vectors

Term = tuple[int, Tree]  # with its sign


class Piece(NamedTuple):
    """A quantity, or its gradient, to be computed: its formula at its own time, and what it needs, how far away.

    `single` holds terms that are added at one step only; `ends` formulas before the first step or after the last.
    """

    key: str
    target: Letter
    formula: Any  # Tree | None: there is one where a schedule asks
    reads: frozenset[tuple[str, int]]
    single: tuple[tuple[int, Index, Tree], ...] = ()
    ends: tuple[tuple[Index, Tree], ...] = ()
    says: str = ""

    @property
    def name(self) -> str:
        """The quantity."""
        return self.target.name


def forward_pieces(network: Network) -> list[Piece]:
    """Return every equation of a network as a piece."""
    found = []
    for key, one in network.written.items():
        uses = [(use, f"{use.name}[{use.index}]") for use in names(one.expression)]
        reads = frozenset((step if step in network.written else use.name, _shift(use.index)) for use, step in uses)
        found.append(Piece(key, letter(one.name, one.index), one.expression, reads, says=one.source))
    return found


def backward_pieces(network: Network, ends: Callable[[str], list[Index]]) -> list[Piece]:
    """Return the gradient of everything that has a value of its own at every step, or in every sequence.

    `ends` gives the times before the first step and after the last at which a quantity has a gradient.
    """
    wanted = [name for name in (*network.inputs, *network.equations) if name != network.loss or network.uses[name]]
    return [piece for name in wanted if (piece := _backward(network, name, ends(name))) is not None]


def gradient_terms(network: Network, name: str) -> list[Term]:
    """Return the terms of the gradient by a quantity, from its vector derivation; none where it reaches no loss."""
    reaching = _reaching_the_loss(network)
    if name not in reaching:
        return []
    found = terms_of(vectors.transposed(vectors.local_form(network, name), network.shapes))
    return [(sign, term) for sign, term in found if {one.name for one in _gradients_in(term)} <= reaching]


def _gradients_in(tree: Tree) -> list[Letter]:
    return [part.above for part in walk(tree) if isinstance(part, Derivative)]


@kept
def _reaching_the_loss(network: Network) -> frozenset[str]:
    """Return the quantities from which a path leads to the loss."""
    needs = {key: {use.name for use in names(one.expression)} for key, one in network.written.items()}
    by_name: dict[str, set[str]] = {}
    for key, one in network.written.items():
        by_name.setdefault(one.name, set()).update(needs[key])
    known = {name: by_name.get(name, set()) for name in network.shapes}
    return frozenset({network.loss, *_reached(network.loss, known)})


def _backward(network: Network, name: str, ends: list[Index]) -> Piece | None:
    target, found = vectors.itself(network, name), gradient_terms(network, name)
    if not found:
        return None
    general = [one for one in found if target.time is None or not _is_at_one_step(one[1])]
    single = [(sign, index_of(term.missing.right), _bare(term)) for sign, term in found if (sign, term) not in general]  # type: ignore[union-attr]
    reads = [one for _, term in found for one in _gradients_in(term)]
    at_ends = [(index, there) for index in ends if (there := _at_end(general, index)) is not None]
    return Piece(
        name,
        target,
        joined([(sign, _bare(term)) for sign, term in general]),
        frozenset((one.name, _shift(index_of(one.time))) for one in reads),
        tuple(single),
        tuple(at_ends),
    )


def _at_end(found: Sequence[Term], index: Index) -> Tree | None:
    """Return what a gradient is before the first step or after the last: the terms whose users exist there."""
    if index.start:
        there = [(sign, _bare(term)) for sign, term in found if _steps_to_user(term) <= -index.shift]
    else:
        there = [(sign, _bare(term)) for sign, term in found if _steps_to_user(term) >= 1 - index.shift]
    return mapped(joined(there), partial(_moved, index)) if there else None


def _moved(index: Index, part: Tree) -> Tree | None:
    """Return a letter at general t as it stands at a fixed time."""
    if isinstance(part, Letter) and part.time is not None and (own := index_of(part.time)) and own.start == "t":
        return replace(part, time=time_of(Index(index.start, index.shift + own.shift)))
    return None


def _shift(index: Index | None) -> int:
    return index.shift if index is not None and index.start == "t" else 0


# Terms


def terms_of(tree: Tree, sign: int = 1) -> list[Term]:
    """Return the terms of a sum, those inside of a sum over time and of a condition too."""
    match tree:
        case Binary("+" | "-" as operator, left, right):
            return [*terms_of(left, sign), *terms_of(right, sign if operator == "+" else -sign)]
        case Negative(inner):
            return terms_of(inner, -sign)
        case Over("sum"):
            return [(one, replace(tree, body=term)) for one, term in terms_of(tree.body, sign)]
        case Unless(missing, term):
            return [(one, Unless(missing, part)) for one, part in terms_of(term, sign)]
    return [(sign, tree)]


def joined(terms: Sequence[Term]) -> Any:
    """Return terms as a sum again."""
    return vectors.total(*(term if sign > 0 else Negative(term) for sign, term in terms)) if terms else None


def apart(tree: Tree, is_moving: Callable[[Tree], bool]) -> tuple[Tree | None, Tree | None]:
    """Return the terms of a sum that do not move, and those that do."""
    found = terms_of(tree)
    return joined([one for one in found if not is_moving(one[1])]), joined([one for one in found if is_moving(one[1])])


def _is_at_one_step(term: Tree) -> bool:
    return isinstance(term, Unless) and (term.missing.operator == "!=" or _is_at_one_step(term.term))


def _bare(term: Tree) -> Tree:
    """Return a term without the condition under which it exists: zeros stand where it does not."""
    return _bare(term.term) if isinstance(term, Unless) else term


def _steps_to_user(term: Tree) -> int:
    """Return how many steps later a term's user is, from the condition under which the term is missing."""
    if not isinstance(term, Unless):
        return 0
    index, is_equal = index_of(term.missing.right), term.missing.operator == "="
    if index.start == "T":
        return 1 if is_equal else -index.shift
    return -1 if is_equal else 1 - index.shift


# Order


def ordered(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Return the pieces in groups, each after what it needs; in a group every piece needs every other one."""
    own = {piece.key: piece for piece in pieces}
    needs = {key: {name for name, _ in piece.reads if name in own} for key, piece in own.items()}
    # a state that is computed once stands before the steps that begin with it
    for key, piece in own.items():
        if key != piece.name and index_of(own[piece.name].target.time) == NOW:
            needs[piece.name].add(key)
    reach = {key: _reached(key, needs) for key in own}
    groups: list[list[str]] = []
    for key in own:
        mates = next((group for group in groups if key in reach[group[0]] and group[0] in reach[key]), None)
        groups.append([key]) if mates is None else mates.append(key)
    first = {group[0]: n for n, group in enumerate(groups)}
    before = {n: {m for other, m in first.items() if m != n and other in reach[key]} for key, n in first.items()}
    return [[own[key] for key in groups[n]] for n in graphlib.TopologicalSorter(before).static_order()]


def _reached(key: str, needs: dict[str, set[str]]) -> set[str]:
    found, waiting = set(), [key]
    while waiting:
        new = needs[waiting.pop()] - found
        found |= new
        waiting += new
    return found


def in_step_order(group: Sequence[Piece]) -> list[Piece]:
    """Return the pieces of a group as one step needs them."""
    own = {piece.name: piece for piece in group}
    needs = {name: {one for one, shift in piece.reads if one in own and not shift} for name, piece in own.items()}
    return [own[name] for name in graphlib.TopologicalSorter(needs).static_order()]


def direction(group: Sequence[Piece]) -> int:
    """Return -1 where the steps of a group need earlier ones, 1 for later ones, 0 for none (errors: NetworkError)."""
    inside = {piece.name for piece in group}
    shifts = {shift for piece in group for name, shift in piece.reads if name in inside}
    if not shifts:
        return 0
    if min(shifts) < 0 < max(shifts) or shifts == {0}:
        what = f"{', '.join(sorted(inside))} cannot be computed by one loop over the steps."
        raise NetworkError(what, "Use graph.gradients, which needs no order of steps.")
    return 1 if max(shifts) > 0 else -1
