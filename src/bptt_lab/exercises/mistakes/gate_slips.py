"""Wrong slopes of gates: one taken for one minus itself, or for one minus another."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from bptt_lab.exercises.mistakes.rewriting import At, Rewrite, Slip, said_by, slip, slopes, way
from bptt_lab.exercises.mistakes.uses import Use, Uses
from bptt_lab.formulas.tree import Call
from bptt_lab.network import Network, Place
from bptt_lab.network.scalars import ONE, Applied, Letter, Scalar, add, entries, letters, negative, replace


def gate_slips(network: Network, uses: Uses) -> Iterator[Slip]:
    """Yield the wrong slopes of the gates of one equation, given what it uses."""
    gates = {use: _gates(network, use) for use in uses}
    for use, gate in ((use, gate) for use, found in gates.items() for gate in found):
        detail = {**way(network, use), "other": _said(use, gate)}
        yield from slip("G5", detail, network, {use: _complement(network, use, gate, gate)})
        for other in (one.letter for one in uses):
            if other != gate and _is_gate(network, use, Letter(other)):
                yield from slip("G6", detail, network, {use: _complement(network, use, gate, other)})
    for gate in dict.fromkeys(itertools.chain.from_iterable(gates.values())):
        changes = {use: _turned if use.letter == gate else _complement(network, use, gate, gate) for use in uses}
        first = next(use for use in uses if gate in gates[use])
        yield from slip("G5", {**way(network, first), "other": _said(first, gate)}, network, changes)


def _gates(network: Network, use: Use) -> list[Place]:
    """Return the gates that the slopes of a use read, each without an entry."""
    found = [letter for _, tree in slopes(network, use) for letter in letters(tree)]
    return list(dict.fromkeys(one.place._replace(entry=()) for one in found if _is_gate(network, use, one)))


def _is_gate(network: Network, use: Use, letter: Letter) -> bool:
    """Return whether a letter is what a sigmoid gives: in an equation of its own, or inside this one."""
    if letter.place in use.veils:
        tree = use.veils[letter.place]
        return isinstance(tree, Applied) and tree.function == "sigmoid"
    equation = network.equations.get(letter.place.name)
    return equation is not None and isinstance(equation.expression, Call) and equation.expression.function == "sigmoid"


def _said(use: Use, gate: Place) -> str:
    return f"inside {use.lower}" if gate.name.startswith("(") else said_by(use, gate)


def _complement(network: Network, use: Use, gate: Place, other: Place) -> Rewrite:
    """Return the change that reads one minus a gate, or one minus another of the same entry, for a gate."""

    def change(at: At, tree: Scalar) -> Scalar:
        same = [one for one in letters(tree) if one.place._replace(entry=()) == gate and _is_gate(network, use, one)]
        read = {one: one if other == gate else _at_entry_of(network, use, at, one, other) for one in same}
        return replace(tree, {one: add(ONE, negative(letter)) for one, letter in read.items() if letter})

    return change


def _at_entry_of(network: Network, use: Use, at: At, one: Letter, other: Place) -> Letter | None:
    """Return the letter of another gate for the same unit; None where it has no such entry.

    The entry of a veil is its number, not its unit: there the unit is the row.
    """
    unit = at.row if one.place in use.veils else one.place.entry
    return Letter(other._replace(entry=unit)) if unit in entries(network.shapes[other.name]) else None


def _turned(at: At, tree: Scalar) -> Scalar:
    return negative(tree)
