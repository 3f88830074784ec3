"""The notation dictionary: one recurrent network translated between the hands of `hands.py`, and shown in each.

Nothing is written for a pair of conventions: every translation goes through the arrays of the course. Arrays travel by
the orders of axes in the slots; gradients also by the layout of derivatives and by mean or sum. A hand's own equations
can be run on its own arrays, which knows nothing of the translation and so can judge it.
"""

from __future__ import annotations

import operator
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from bptt_lab import symbolic
from bptt_lab.formulas.errors import nearest
from bptt_lab.formulas.times import index_of
from bptt_lab.formulas.tree import Binary, Call, Letter, Tree
from bptt_lab.lectures.architectures import SUBSCRIPTS, Architecture, Slot, letters, output_parts, parts
from bptt_lab.lectures.hands import (
    CONVENTIONS,
    COURSE,
    HANDS,
    TEXTBOOKS,
    Convention,
    axes_of,
    convention,
    in_architecture,
)
from bptt_lab.lectures.state_dicts import as_arrays, named_as, read_as
from bptt_lab.lectures.tables import Table
from bptt_lab.network import Network, Place
from bptt_lab.network.expressions import Equation
from bptt_lab.network.parse import parse
from bptt_lab.numeric import activations, gradient_check, losses
from bptt_lab.numeric.arrays import check_type
from bptt_lab.symbolic.display import Equations
from bptt_lab.symbolic.notation import place_latex

__all__ = [
    "Architecture",
    "CONVENTIONS",
    "HANDS",
    "OUTPUTS",
    "TEXTBOOKS",
    "Convention",
    "Slot",
    "convention",
    "dictionary",
    "equations",
    "gradients",
    "loss",
    "network",
    "shapes",
    "translate",
    "translate_gradients",
    "translate_loss",
]

Arrays = Mapping[str, np.ndarray]
OUTPUTS = {"softmax": "nll", "sigmoid": "bce", "identity": "mse"}
EQUAL_GRADIENTS = 1e-5  # of two halves of one bias: the same sum, so float32 rounding is all they may differ by


# Translation


def translate(
    arrays: Arrays, source: str | Convention, target: str | Convention, like: Iterable[str] | None = None
) -> dict[str, np.ndarray]:
    """Return the same network in the arrays of another convention.

    Shapes: those of each convention, see `shapes`; input, initial state and targets may be given too and come along.
    Kind of cell, layers and directions are found in the arrays, or stated by `convention(name, kind, …)`; tensors and
    names with the prefix of a model are read too, and a flat bias for a row or column. The result has the names of
    `like`, a dict of the target, where it is given.
    Of a bias kept in two parts only the sum has a meaning: the way back puts all of it into the first part. A bias
    that is missing is zero; it is made where the target must have one, and stays away where it may be left out.
    Errors: TypeError, ValueError naming the array, what it is and what was expected.
    """
    here, there, arrays = _met(arrays, source, target, like)
    course = _to_course(arrays, here, there)
    if like is not None:
        _check_biases(course, there)
    return _from_course(course, there, may_lose=like is not None)


def translate_gradients(
    gradients: Arrays,
    source: str | Convention,
    target: str | Convention,
    rows: int | None = None,
    like: Iterable[str] | None = None,
) -> dict[str, np.ndarray]:
    """Return derivatives of the loss in the arrays, the layout and the loss of another convention.

    Shapes: those of the derivatives, see `shapes`. `rows` is T·B, needed between a mean and a sum. Both parts of a
    split bias have the derivative by their sum: where theirs = S(course) and course = R(theirs), parameters go by S and
    gradients by the transpose of R. A gradient that is missing stays missing: that by a bias nobody has is not zero.
    Names and `like`: as `translate`. Errors: as `translate`; ValueError where two parts of a bias differ.
    """
    here, there, gradients = _met(gradients, source, target, like, of_loss=True)
    course = _to_course(gradients, here, there, of_loss=True)
    scale = _scale(here, there, rows)
    scaled = {name: array * scale for name, array in course.items()}
    return _from_course(scaled, there, of_loss=True, may_lose=like is not None)


def translate_loss(loss: Any, source: str | Convention, target: str | Convention, rows: int | None = None) -> Any:
    """Return a loss as another convention takes it: mean or sum over T·B = `rows` steps and sequences.

    Errors: ValueError where rows is needed and missing.
    """
    return loss * _scale(convention(source), convention(target), rows)


def shapes(name: str | Convention, *, derivatives: bool = False) -> dict[str, str]:
    """Return the shape of every array of a convention, or of every derivative, in letters such as 'M×D' or '4M×D'."""
    hand = convention(name)
    known = parts(hand.architecture)
    return {slot.name: _shape_text(slot, known) for slot in (hand.derivatives if derivatives else hand.slots)}


def _scale(here: Convention, there: Convention, rows: int | None) -> float:
    if here.mean == there.mean:
        return 1.0
    if not isinstance(rows, (int, np.integer)) or rows < 1:
        mean = here if here.mean else there
        raise ValueError(
            f"rows is {rows!r}, expected the number of steps times sequences, T·B: {mean.name} takes the mean of the "
            f"loss over them and {(there if here.mean else here).name} the sum. Pass rows=T * B."
        )
    return float(rows) if here.mean else 1.0 / rows


def _met(
    arrays: Mapping[str, Any], source: str | Convention, target: str | Convention, like: Any, of_loss: bool = False
) -> tuple[Convention, Convention, dict[str, np.ndarray]]:
    """Return both conventions in the architecture and under the names that are given, and the arrays as NumPy's."""
    arrays = as_arrays(arrays)
    here, there = read_as(arrays, convention(source), of_loss), convention(target)
    if there.stated not in (None, here.architecture):
        raise ValueError(
            f"The target is stated as {there.architecture}, the arrays are {here.architecture}, expected the same: "
            f"name the target only, {there.name!r}, or pass the arrays it belongs to."
        )
    there = in_architecture(there, here.architecture)
    if like is not None:
        like = dict.fromkeys(like)
        there = named_as(like, there)
        _check_names(like, there.slots, there.architecture, there.is_open)
        there = there._replace(slots=tuple(slot for slot in there.slots if slot.name in like))
    slots = here.derivatives if of_loss else here.slots
    return here, there, {name: _unflattened(array, name, slots) for name, array in arrays.items()}


def _unflattened(array: Any, name: str, slots: tuple[Slot, ...]) -> Any:
    """Return a flat bias as the row or column that a convention writes, and everything else as it is."""
    slot = next((slot for slot in slots if slot.name == name and slot.is_bias), None)
    if slot is None or getattr(array, "ndim", 0) != 1 or "1" not in letters(slot.axes):
        return array
    return array.reshape([1 if letter == "1" else -1 for letter in letters(slot.axes)])


def _to_course(arrays: Arrays, here: Convention, there: Convention, of_loss: bool = False) -> dict[str, np.ndarray]:
    """Return the parts of the course: those of a parameter are added, those of a gradient agree."""
    slots = here.derivatives if of_loss else here.slots
    sizes = _sizes(arrays, slots, here.architecture, here.is_open or there.is_open)
    _check_one_size(sizes, there)
    known, found = parts(here.architecture), {}
    for slot in slots:
        for name, part in _cut(slot, arrays[slot.name], known, sizes) if slot.name in arrays else ():
            if name not in found:
                found[name] = part
            elif of_loss:
                _check_equal(name, found[name], part, slots)
            else:
                found[name] = found[name] + part
    return found if of_loss or there.is_open else found | _zeros(found, here, sizes)


def _zeros(found: Arrays, hand: Convention, sizes: Mapping[str, int]) -> dict[str, np.ndarray]:
    """Return zeros for the biases that are missing, apart from that of an output layer that is missing too."""
    last = f"b{hand.architecture.layers}"
    has_output = any(name in found for name in output_parts(hand.architecture))
    dtype = next(array.dtype for name, array in found.items() if name.startswith("W"))
    return {
        name: np.zeros(sizes[_size_of(slot)], dtype)
        for slot in hand.slots if slot.is_bias
        for name in slot.holds if name not in found and (name != last or has_output)
    }  # fmt: skip


def _size_of(slot: Slot) -> str:
    """Return the letter of the size of a bias."""
    return next(letter.rstrip("+") for letter in letters(slot.axes) if letter[0] != "1")


def _from_course(
    course: Arrays, there: Convention, of_loss: bool = False, may_lose: bool = False
) -> dict[str, np.ndarray]:
    """Return the arrays of a convention: every part of a bias has its share of it, but all of its gradient."""
    known, found = parts(there.architecture), {}
    slots = there.derivatives if of_loss else there.slots
    full = [slot for slot in slots if all(name in course for name in slot.holds)]
    if not may_lose:
        _check_nothing_is_lost(course, slots, full)
    for slot in full:
        held = zip(slot.holds, slot.shares, strict=True)
        shared = [(name, course[name] if of_loss else course[name] * share) for name, share in held]
        pieces = [_arranged(part, known[name], axes_of(slot, name, known)) for name, part in shared]
        found[slot.name] = _joined(slot, pieces, known)
    return found


def _joints(slot: Slot, known: Mapping[str, str]) -> list[tuple[int, list[str]]]:
    """Return each axis along which parts lie side by side, with the letters of their sizes along it."""
    axes = letters(slot.axes)
    joints = [k for k, letter in enumerate(axes) if letter == "*" or letter.endswith("+")]
    beside = len(slot.holds) // slot.rows if len(joints) == 2 else len(slot.holds)
    ranks = [slot.holds[::beside], slot.holds[:beside]] if len(joints) == 2 else [slot.holds]
    return [
        (axis, [axes_of(slot, part, known)[axis] if axes[axis] == "*" else axes[axis].rstrip("+") for part in rank])
        for axis, rank in zip(joints, ranks, strict=False)
    ]


def _cut(
    slot: Slot, array: np.ndarray, known: Mapping[str, str], sizes: Mapping[str, int]
) -> list[tuple[str, np.ndarray]]:
    """Return the course's parts that lie in one array, by name, row by row."""
    pieces = [array]
    for axis, beside in _joints(slot, known):
        ends = np.cumsum([sizes[_hidden(letter)] for letter in beside])[:-1]
        pieces = [cut for piece in pieces for cut in np.split(piece, ends, axis=axis)]
    named = zip(slot.holds, pieces, strict=True)
    return [(name, _arranged(piece, axes_of(slot, name, known), known[name])) for name, piece in named]


def _joined(slot: Slot, pieces: list[np.ndarray], known: Mapping[str, str]) -> np.ndarray:
    """Return one array of its parts: first each row, then the rows; always a new one."""
    for axis, beside in reversed(_joints(slot, known)):
        groups = range(0, len(pieces), len(beside))
        pieces = [np.concatenate(pieces[start : start + len(beside)], axis=axis) for start in groups]
    return pieces[0].copy()


def _arranged(array: np.ndarray, axes: str, wanted: str) -> np.ndarray:
    """Return an array with its axes in the order wanted; an axis 1 comes or goes."""
    bare, kept = axes.replace("1", ""), wanted.replace("1", "")
    array = array.reshape([n for n, letter in zip(array.shape, axes, strict=True) if letter != "1"])
    array = array.transpose([bare.index(letter) for letter in kept])
    return array.reshape([1 if letter == "1" else array.shape[kept.index(letter)] for letter in wanted])


def _hidden(letter: str) -> str:
    """Return the letter of a size: N is M, where it comes from."""
    return letter.replace("N", "M")


# Checks at the door


def _sizes(
    arrays: Arrays, slots: tuple[Slot, ...], architecture: Architecture, may_lack: bool = False
) -> dict[str, int]:
    """Return the sizes by letter; vectors are read first, because a transposed matrix looks like another one."""
    _check_names(arrays, slots, architecture, may_lack)
    given = sorted((slot for slot in slots if slot.name in arrays), key=_number_of_axes)
    for slot in given:
        check_type(slot.name, arrays[slot.name])
    known = parts(architecture)
    sizes = {"1": 1} | _hidden_sizes(arrays, given, known)
    for slot in given:
        sizes = _with_sizes_of(slot, arrays[slot.name].shape, sizes, known)
    return sizes


def _number_of_axes(slot: Slot) -> int:
    return sum(letter[0] != "1" for letter in letters(slot.axes))


def _hidden_sizes(arrays: Arrays, slots: list[Slot], known: Mapping[str, str]) -> dict[str, int]:
    """Return the numbers of hidden units that most parameters tell of, so that the odd one out is named."""
    votes: Counter[tuple[str, int]] = Counter()
    for slot in slots:
        if slot.is_parameter and "*" not in slot.axes:
            found = _fitting(slot, arrays[slot.name].shape, {"1": 1}, known) or {}
            votes.update((letter, size) for letter, size in found.items() if letter.startswith("M"))
    return {letter: size for (letter, size), _ in reversed(votes.most_common())}


def _with_sizes_of(
    slot: Slot, shape: tuple[int, ...], sizes: Mapping[str, int], known: Mapping[str, str]
) -> dict[str, int]:
    """Return the sizes with those that one array adds (errors: ValueError where they do not fit)."""
    found = _fitting(slot, shape, sizes, known)
    if found is None:
        raise ValueError(
            f"{slot.name} has shape {shape}, expected {_shape_text(slot, known)}{_known(slot, sizes, known)}: "
            f"transpose or reshape it, or look whether it belongs to another convention."
        )
    return found


def _fitting(
    slot: Slot, shape: tuple[int, ...], sizes: Mapping[str, int], known: Mapping[str, str]
) -> dict[str, int] | None:
    """Return the sizes with those that one array adds, or None where they do not fit."""
    found, joints = dict(sizes), dict(_joints(slot, known))
    if len(shape) != len(letters(slot.axes)) or 0 in shape:
        return None
    for axis, letter in enumerate(letters(slot.axes)):
        beside = [_hidden(part) for part in joints.get(axis, [letter])]
        unknown = [part for part in beside if part not in found]
        rest = shape[axis] - sum(found.get(part, 0) for part in beside)
        if len(set(unknown)) > 1 or (rest < len(unknown) or rest % len(unknown) if unknown else rest):
            return None
        found |= {part: rest // len(unknown) for part in unknown}
    return found


def _known(slot: Slot, sizes: Mapping[str, int], known: Mapping[str, str]) -> str:
    joints = dict(_joints(slot, known))
    used = [part for axis, letter in enumerate(letters(slot.axes)) for part in joints.get(axis, [letter])]
    shown = dict.fromkeys(_hidden(letter) for letter in used if _hidden(letter) in sizes and letter[0] != "1")
    return " with " + ", ".join(f"{_plain(letter)} = {sizes[letter]}" for letter in shown) if shown else ""


def _check_names(arrays: Arrays, slots: tuple[Slot, ...], architecture: Architecture, may_lack: bool) -> None:
    names = [slot.name for slot in slots]
    for name in arrays:
        if name not in names:
            same_layer = _of_same_layer(str(name), names)
            raise ValueError(
                f"{name!r} is not an array of this convention.{nearest(str(name), same_layer)} "
                f"Its arrays are {', '.join(same_layer)}: rename it, or name the convention it comes from."
            )
    needed = [slot for slot in slots if slot.is_parameter]
    missing = [slot.name for slot in needed if slot.name not in arrays]
    left_out = _left_out(arrays, needed, architecture) if may_lack else ()
    missing = [name for name in missing if name not in left_out]
    if missing:
        raise ValueError(f"The arrays lack {', '.join(missing)}, expected every parameter of the convention: add it.")


def _of_same_layer(name: str, names: list[str]) -> list[str]:
    """Return the names of the layer that a name tells of, or all."""
    layer = re.search(r"_l\d+", name)
    return [other for other in names if layer and re.search(rf"{layer[0]}(?!\d)", other)] or names


def _left_out(arrays: Arrays, needed: list[Slot], architecture: Architecture) -> set[str]:
    """Return the names that may be left out together: all biases of the layers, the output layer, or its bias."""
    output = [slot for slot in needed if output_parts(architecture) & set(slot.holds)]
    biases = [slot for slot in needed if slot.is_bias and slot not in output]
    groups = [output, biases, [slot for slot in output if slot.is_bias]]
    return {slot.name for group in groups if not any(s.name in arrays for s in group) for slot in group}


def _check_one_size(sizes: Mapping[str, int], there: Convention) -> None:
    """Refuse layers of several sizes where a convention has one for all (errors: ValueError)."""
    hidden = {letter: size for letter, size in sizes.items() if letter.startswith("M")}
    if there.family and not there.family.own_sizes and len(set(hidden.values())) > 1:
        shown = ", ".join(f"{_plain(letter)} = {hidden[letter]}" for letter in sorted(hidden))
        raise ValueError(
            f"{there.name} has one number of hidden units for all layers and directions, the arrays have {shown}: "
            f"translate networks of one size only, or each layer as a network of its own."
        )


def _check_nothing_is_lost(course: Arrays, slots: tuple[Slot, ...], full: list[Slot]) -> None:
    """Refuse an array that lies beside others in the target, where those are missing (errors: ValueError)."""
    kept = {name for slot in full for name in slot.holds}
    for slot in slots:
        given, missing = ([n for n in slot.holds if (n in course) == is_in] for is_in in (True, False))
        if set(given) - kept:
            raise ValueError(
                f"{slot.name} holds {', '.join(slot.holds)}, and {', '.join(missing)} is missing, expected all of "
                f"them: add it, or leave out {', '.join(given)}."
            )


def _check_biases(course: Arrays, there: Convention) -> None:
    """Refuse a dict of names that has no place for a bias that is not zero (errors: ValueError)."""
    held = {name for slot in there.slots for name in slot.holds}
    output = output_parts(there.architecture)
    for name, part in course.items():
        is_wanted = name not in output or output & held  # the output layer may be left out as a whole
        if name.startswith("b") and name not in held and is_wanted and part.any():
            raise ValueError(
                f"The names of like have no place for {name.partition('.')[0]}, which is not zero, expected one: make "
                f"the module of like with its biases."
            )


def _check_equal(part: str, first: np.ndarray, second: np.ndarray, slots: tuple[Slot, ...]) -> None:
    if gradient_check.relative_difference(first, second) > EQUAL_GRADIENTS:
        names = " and ".join(slot.name for slot in slots for name in slot.holds if name == part)
        gate = part.partition(".")[2]
        raise ValueError(
            f"The gradients by {names} differ{f' in gate {gate}' if gate else ''}, expected the same twice: they enter "
            f"one sum. Look for a pass that updates or masks only one of them."
        )


def _shape_text(slot: Slot, known: Mapping[str, str] = COURSE) -> str:
    """Return a shape in letters: 4M×D, M×(M+D)."""
    joints, words = dict(_joints(slot, known)), []
    for axis, letter in enumerate(letters(slot.axes)):
        beside = [_plain(_hidden(part)) for part in joints.get(axis, [letter])]
        number = str(len(beside)) if len(beside) > 1 else ""
        alike = (number or "1") if beside[0] == "1" else number + beside[0]
        words.append(alike if len(set(beside)) == 1 else "(" + "+".join(beside) + ")")
    return "×".join(words)


def _plain(letter: str) -> str:
    """Return the letter of a size as the course's code writes it: M2."""
    return letter.translate(str.maketrans({subscript: digit for digit, subscript in SUBSCRIPTS.items()}))  # type: ignore[arg-type]


# A hand's own forward pass


def loss(name: str | Convention, arrays: Arrays, output: str = "softmax") -> Any:
    """Return the loss by running a convention's own equations, as it writes them, on its own arrays.

    Shapes: parameters, input, initial state and one-hot targets, see `shapes`; the result is one number, the sum over
    steps and sequences or their mean. `output` is softmax (with nll), sigmoid (bce) or identity (mse).
    Errors: as `translate`; ValueError for a missing input, state or target, or another output.
    """
    hand = convention(name)
    arrays = as_arrays(arrays)
    sizes = _sizes(arrays, hand.slots, hand.architecture)
    missing = [slot.name for slot in hand.slots if slot.name not in arrays]
    if missing:
        raise ValueError(f"The arrays lack {', '.join(missing)}, expected them for a forward pass: add them.")
    values = {slot.name: _arranged(arrays[slot.name], slot.axes, _written(slot, hand)) for slot in hand.slots}
    total = sum(_run(hand, parse(_text(hand, output)), values, sizes["T"]))
    return total / (sizes["T"] * sizes["B"]) if hand.mean else total


def gradients(name: str | Convention, arrays: Arrays) -> dict[str, np.ndarray]:
    """Return the derivatives of a convention's own loss by complex steps, laid out as the convention has them.

    Shapes: as for `loss`; the result has `shapes(name, derivatives=True)`, without the targets. Errors: as `loss`.
    """
    hand = convention(name)
    target = hand.slot_of("y").name
    moved = {key: array for key, array in arrays.items() if key != target}
    found = gradient_check.complex_step(lambda at: loss(hand, {**at, target: arrays[target]}), moved)
    turned = {slot.name for slot in hand.slots if slot.kind in hand.transposed}
    return {key: array.swapaxes(-1, -2) if key in turned else array for key, array in found.items()}


def _run(hand: Convention, lines: Mapping[str, Equation], values: Arrays, T: int) -> list[Any]:
    """Return the loss of every step, equation by equation as written."""
    computed: dict[tuple[str, int], Any] = {(hand.letters["state"], 0): values[hand.slot_of("h_start").name]}
    for t in range(1, T + 1):

        def look_up(use: Letter, t: int = t) -> Any:
            if use.time is None:
                return values[use.name]
            time = index_of(use.time).at(t, T)
            return values[use.name][time - 1] if use.name in values else computed[use.name, time]

        for name, equation in lines.items():
            computed[name, t] = _value(equation.expression, look_up, hand.vectors == "columns")
    return [computed[hand.letters["loss"], t] for t in range(1, T + 1)]


def _written(slot: Slot, hand: Convention) -> str:
    """Return the axes in which the equations of a hand use an array: time first, then a column or a row."""
    letters = slot.axes.replace("1", "").replace("T", "").replace("B", "")
    if slot.kind == "matrices":
        return slot.axes
    other = "1" if "B" not in slot.axes else "B"
    time = "T" if "T" in slot.axes else ""
    return time + (letters + other if hand.vectors == "columns" else other + letters)


def _value(tree: Tree, look_up: Callable[[Letter], Any], columns: bool) -> Any:
    """Return the value of an expression; what mixes entries works along rows, so columns are turned before and after.

    Errors: ValueError for what the hands do not use.
    """
    match tree:
        case Letter():
            return look_up(tree)
        case Binary(sign, left, right) if sign in OPERATORS:
            return OPERATORS[sign](_value(left, look_up, columns), _value(right, look_up, columns))
        case Call(function, arguments) if function in FUNCTIONS:
            found = [_value(part, look_up, columns) for part in arguments]
            return FUNCTIONS[function](*(part.T for part in found)).T if columns else FUNCTIONS[function](*found)  # type: ignore[operator]
    raise ValueError(f"{tree} cannot be run here, expected sums, products and {', '.join(FUNCTIONS)}: rewrite it.")


OPERATORS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "@": operator.matmul}
FUNCTIONS = {
    "tanh": activations.tanh,
    "sigmoid": activations.sigmoid,
    "identity": activations.identity,
    "softmax": activations.softmax,
    "concat": lambda *rows: np.concatenate(rows, axis=-1),
    "nll": lambda h, y: losses.nll(h, y)[0],
    "bce": lambda h, y: losses.bce(h, y)[0],
    "mse": lambda h, y: losses.mse(h, y)[0],
}


def network(name: str | Convention, D: int, M: int, K: int, output: str = "softmax") -> Network:
    """Return the network in the letters of a convention, to derive with.

    Errors: ValueError for a hand that writes rows, because a Network is read in columns.
    """
    hand = convention(name)
    if hand.vectors == "rows":
        raise ValueError(
            f"{hand.name} writes vectors as rows, expected columns: run its equations with conventions.loss, "
            f"or derive in the letters of another convention and translate."
        )
    sizes = {hand.slot_of("x").name: D, hand.slot_of("b0").name: M, hand.slot_of("b1").name: K}
    return Network(_text(hand, output), sizes=sizes)


def _text(hand: Convention, output: str) -> str:
    if hand.architecture != Architecture():
        raise ValueError(
            f"{hand.name} has equations here for one hidden layer of tanh, not for {hand.architecture}: translate its "
            f"arrays, and run them with the files of bptt_lab.numeric, or write the network with bptt_lab.Network."
        )
    if output not in OUTPUTS:
        raise ValueError(
            f"output is {output!r}, expected one of {', '.join(OUTPUTS)}: "
            f"each comes with the loss that belongs to it.{nearest(str(output), OUTPUTS)}"
        )
    return hand.text.format(output=output, loss=OUTPUTS[output])


# On the screen


class _Page(NamedTuple):
    """Equations with what it takes to print them, in rows or in columns."""

    written: Mapping[str, Equation]
    shapes: Mapping[str, tuple[int, ...]]
    loss: str


def equations(name: str | Convention, output: str = "softmax") -> Equations:
    """Return the forward equations of a convention for the screen: the text that `loss` runs."""
    hand = convention(name)
    lines = parse(_text(hand, output))
    several = {slot.name.partition("[")[0]: (2,) for slot in hand.slots} | dict.fromkeys(lines, (2,))
    return symbolic.equations(_Page(lines, several | {hand.letters["loss"]: ()}, hand.letters["loss"]))  # type: ignore[arg-type]


CONCEPTS = {
    "input": "x",
    "initial state": "h_start",
    "sum in the hidden layer": "hidden_sum",
    "hidden state": "state",
    "sum in the output layer": "output_sum",
    "output": "output",
    "target": "y",
    "loss": "loss",
    "input weights": "W0",
    "recurrent weights": "W11",
    "hidden bias": "b0",
    "output weights": "W1",
    "output bias": "b1",
}


def dictionary(*names: str | Convention) -> Table:
    """Return the dictionary of some conventions, or of all: letters, shapes and habits.

    In brackets: lent by the course, because the source has none; a dash: not named there.
    Errors: ValueError for an unknown convention.
    """
    hands = [convention(name) for name in names or CONVENTIONS]
    rows = [(concept, *(_cell(hand, what) for hand in hands)) for concept, what in CONCEPTS.items()]
    rows += [(habit, *(of(hand) for hand in hands)) for habit, of in HABITS.items()]
    return Table(("", *(hand.name for hand in hands)), tuple(rows))


def _cell(hand: Convention, what: str) -> str:
    """Return how a convention writes one concept: letters, and for an array its shape."""
    if what not in COURSE:
        return _letter(hand, hand.letters[what], "[t]") if what in hand.letters else "–"
    slots = [slot for slot in hand.slots if what in slot.holds]
    time = "[t]" if what in ("x", "y") else ""
    names = [_letter(hand, slot.name, time) for slot in slots]
    names = [f"({name})" if slot.name in hand.lent else name for name, slot in zip(names, slots, strict=True)]
    return ", ".join(names) + (f" {_shape_text(slots[0])}" if slots[0].is_parameter else "")


def _letter(hand: Convention, name: str, time: str) -> str:
    if hand.is_code:
        return f"`{name}`"
    base, _, index = f"{name}{time}".partition("[")
    return f"${place_latex(Place(base, index.rstrip(']') or None), bold=name != hand.letters['loss'])}$"


def _derivative(array: str) -> Callable[[Convention], str]:
    """Return a function of a convention: the shape of its derivative by an array, in brackets where lent."""

    def shape(hand: Convention) -> str:
        slot = next(slot for slot in hand.derivatives if array in slot.holds)
        return f"({_shape_text(slot)})" if slot.kind in hand.lent else _shape_text(slot)

    return shape


HABITS = {
    "array of all inputs": lambda hand: _shape_text(hand.slot_of("x")),
    "vectors are": lambda hand: hand.vectors,
    "derivative by the output weights": _derivative("W1"),
    "derivative by the hidden bias": _derivative("b0"),
    "loss is the": lambda hand: "mean" if hand.mean else "sum",
}
