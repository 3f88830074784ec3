"""The lines that compute the pieces of a pass, in an order in which they can be computed, with loops over steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial, reduce

from bptt_lab.formulas.times import NOW, index_of
from bptt_lab.formulas.tree import Binary, Call, Derivative, Letter, Negative, Power, Transpose, Tree, mapped, walk
from bptt_lab.symbolic.program_arrays import Arrays
from bptt_lab.symbolic.program_lines import INDENT, assigned, own
from bptt_lab.symbolic.program_names import computes
from bptt_lab.symbolic.program_pieces import Piece, apart, direction, in_step_order, ordered, terms_of
from bptt_lab.symbolic.row_code import Rows, Value, added, name_of, negated


def scheduled(arrays: Arrays, pieces: Sequence[Piece], prefix: str = "") -> list[str]:
    """Return the lines of pieces in an order in which they can be computed, loops where steps need steps.

    `prefix` is that of gradients, nothing on the way forward.
    """
    lines = []
    for group in ordered(pieces):
        if prefix:
            timed = [piece.name for piece in group if arrays.network.is_timed(piece.name)]
            lines += [line for name in timed for line in arrays.zeros(name, prefix)]
        way = direction(group)
        lines += _loop(arrays, group, prefix, way) if way else _at_once(arrays, group[0], prefix)
        for piece in group:
            for index, formula in piece.ends:
                lines.append(f"{arrays.place(piece.name, index, prefix)} = {arrays.at_step.of(formula).code}")
    return lines


def _at_once(arrays: Arrays, piece: Piece, prefix: str) -> list[str]:
    lines = []
    if piece.formula is not None:
        time, array = index_of(piece.target.time), prefix + name_of(piece.name)
        rows = arrays.whole if time == NOW else arrays.at_step
        value = _once(arrays, piece) if prefix and time is None else rows.of(piece.formula)
        if time == NOW and not (value.timed and value.batched):
            arrays.whole.seen.add(array)  # what all steps or sequences share fills an array that is there
        left = rows.array(piece.name, time, prefix).code
        lines += assigned(left, "=", own(value.code) if left == array else value.code, piece.says)
    return lines + _singles(arrays, piece, prefix)


def _once(arrays: Arrays, piece: Piece) -> Value:
    """Return the code of the gradient by what is computed once: summed over steps, a row for each sequence."""
    found = []
    for sign, term in terms_of(piece.formula):
        value = arrays.at_its_step(term)
        found.append(value if sign > 0 else negated(value))
    value = reduce(partial(added, "+"), found)
    is_wide = value.batched or not arrays.network.inputs
    width = (arrays.network.shapes[piece.name] or (1,))[0]
    return value if is_wide else value._replace(code=f"np.broadcast_to({value.code}, (batch, {width}))")


def _singles(arrays: Arrays, piece: Piece, prefix: str) -> list[str]:
    """Return the lines that add what exists at one step only."""
    lines = []
    for sign, index, term in piece.single:
        code = arrays.at_its_step(term).code
        lines.append(f"{arrays.place(piece.name, index, prefix)} {'+' if sign > 0 else '-'}= {code}")
    return lines


def _loop(arrays: Arrays, group: Sequence[Piece], prefix: str, way: int) -> list[str]:
    """Return a loop over the steps; what needs no other step of the group is computed before it, for all."""
    lines, body, inside = [], [], {piece.name for piece in group}
    is_moving = lambda part: not inside.isdisjoint(_names_in(part, prefix))
    for piece in in_step_order(group):
        fixed, moving = apart(piece.formula, is_moving)
        left = arrays.at_step.array(piece.name, NOW, prefix).code
        is_apart = fixed is not None and moving is not None and (prefix or computes(fixed))
        if is_apart:
            lines.append(f"{arrays.whole.array(piece.name, NOW, prefix).code} = {arrays.whole.of(fixed).code}")  # type: ignore[arg-type]
        lines += (singles := _singles(arrays, piece, prefix))
        rest = moving if is_apart else piece.formula
        before, at_step = _before(arrays, piece.name, rest, is_moving)  # type: ignore[arg-type]
        lines += before
        code = at_step.of(rest).code  # type: ignore[arg-type]
        body += assigned(left, "+=" if is_apart or singles else "=", code, piece.says)
    steps = "range(T, 0, -1)" if way > 0 else "range(1, T + 1)"
    return [*lines, f"for t in {steps}:", *(INDENT + line for line in body)]


def _before(arrays: Arrays, name: str, formula: Tree, is_moving: Callable[[Tree], bool]) -> tuple[list[str], Rows]:
    """Return lines that compute factors of a formula for all steps at once, and code that knows them."""
    lines, known = [], {}

    def note(part: Tree) -> Tree | None:
        if isinstance(part, Letter | Derivative):
            return part
        if is_moving(part) or isinstance(part, Transpose) or isinstance(part, Call) and part.function == "diag":
            return None
        value = arrays.whole.of(part) if isinstance(part, Binary | Power | Call | Negative) else None
        if value is not None and value.timed and value.code and part not in known:
            array = f"factor{len(known) or ''}_{name}"
            array += "_" * (array in arrays.network.shapes)
            known[part] = Value(value.kind, f"{array}[t - 1]")
            lines.append(f"{array} = {value.code}")
        return part

    mapped(formula, note)
    return lines, replace(arrays.at_step, known=known)  # type: ignore[arg-type]


def _names_in(tree: Tree, prefix: str) -> set[str]:
    """Return the quantities whose values a formula reads, or those whose gradients."""
    parts = list(walk(tree))
    if prefix:
        return {part.above.name for part in parts if isinstance(part, Derivative)}
    return {part.name for part in parts if isinstance(part, Letter)}
