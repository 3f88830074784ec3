"""The notation dictionary: one recurrent network translated between the hands of `hands.py`, and shown in each.

Nothing is written for a pair of conventions: every translation goes through the arrays of the course. Arrays travel by
the orders of axes in the slots; gradients also by the layout of derivatives and by mean or sum. A hand's own equations
can be run on its own arrays, which knows nothing of the translation and so can judge it.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from bptt_lab import symbolic
from bptt_lab.formulas.errors import nearest
from bptt_lab.formulas.times import index_of
from bptt_lab.formulas.tree import Binary, Call, Letter, Tree
from bptt_lab.lectures.hands import (
    CONVENTIONS,
    COURSE,
    HANDS,
    TEXTBOOKS,
    Convention,
    Slot,
    axes_of,
    convention,
)
from bptt_lab.lectures.tables import Table
from bptt_lab.network import Network, Place
from bptt_lab.network.expressions import Equation
from bptt_lab.network.parse import parse
from bptt_lab.numeric import activations, gradient_check, losses
from bptt_lab.numeric.arrays import check_type
from bptt_lab.symbolic.notation import place_latex

__all__ = [
    "CONVENTIONS",
    "HANDS",
    "OUTPUTS",
    "TEXTBOOKS",
    "Convention",
    "Slot",
    "convention",
    "dictionary",
    "equations",
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


def translate(arrays: Arrays, source: str | Convention, target: str | Convention) -> dict[str, np.ndarray]:
    """Return the same network in the arrays of another convention.

    Shapes: those of each convention, see `shapes`; input, initial state and targets may be given too and come along.
    Of a bias kept in two parts only the sum has a meaning: the way back puts all of it into the first part.
    Errors: TypeError, ValueError naming the array, what it is and what was expected.
    """
    course = _to_course(arrays, convention(source).slots)
    return _from_course(course, convention(target).slots)


def translate_gradients(
    gradients: Arrays, source: str | Convention, target: str | Convention, rows: int | None = None
) -> dict[str, np.ndarray]:
    """Return derivatives of the loss in the arrays, the layout and the loss of another convention.

    Shapes: those of the derivatives, see `shapes`. `rows` is T·B, needed between a mean and a sum. Both parts of a
    split bias have the derivative by their sum: where theirs = S(course) and course = R(theirs), parameters go by S and
    gradients by the transpose of R. Errors: as `translate`; ValueError where two parts of a bias differ.
    """
    here, there = convention(source), convention(target)
    course = _to_course(gradients, here.derivatives, of_loss=True)
    scale = _scale(here, there, rows)
    scaled = {name: array * scale for name, array in course.items()}
    return _from_course(scaled, there.derivatives, of_loss=True)


def translate_loss(loss: Any, source: str | Convention, target: str | Convention, rows: int | None = None) -> Any:
    """Return a loss as another convention takes it: mean or sum over T·B = `rows` steps and sequences.

    Errors: ValueError where rows is needed and missing.
    """
    return loss * _scale(convention(source), convention(target), rows)


def shapes(name: str | Convention, *, derivatives: bool = False) -> dict[str, str]:
    """Return the shape of every array of a convention, or of every derivative, in letters such as 'M×D'."""
    hand = convention(name)
    return {slot.name: _shape_text(slot) for slot in (hand.derivatives if derivatives else hand.slots)}


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


def _to_course(arrays: Arrays, slots: tuple[Slot, ...], of_loss: bool = False) -> dict[str, np.ndarray]:
    """Return the arrays of the course: parts of a parameter are added, parts of a gradient agree."""
    sizes = _sizes(arrays, slots)
    found: dict[str, np.ndarray] = {}
    for slot in slots:
        for name, part in (_cut(slot, arrays[slot.name], sizes) if slot.name in arrays else {}).items():
            if name not in found:
                found[name] = part
            elif of_loss:
                _check_equal(name, found[name], part, slots)
            else:
                found[name] = found[name] + part
    return found


def _from_course(course: Arrays, slots: tuple[Slot, ...], of_loss: bool = False) -> dict[str, np.ndarray]:
    """Return the arrays of a convention: every part of a bias has its share of it, but all of its gradient."""
    found = {}
    for slot in slots:
        if all(name in course for name in slot.holds):
            parts = [_arranged(course[name], COURSE[name], axes_of(slot, name)) for name in slot.holds]
            joined = np.concatenate(parts, axis=max(slot.axes.find("*"), 0))
            found[slot.name] = joined if of_loss else joined * slot.share
    return found


def _cut(slot: Slot, array: np.ndarray, sizes: Mapping[str, int]) -> dict[str, np.ndarray]:
    """Return the course's arrays that lie in one array."""
    if "*" not in slot.axes:
        return {name: _arranged(array, slot.axes, COURSE[name]) for name in slot.holds}
    axis = slot.axes.index("*")
    ends = np.cumsum([sizes[letter] for letter in _beside(slot)])[:-1]
    parts = zip(slot.holds, np.split(array, ends, axis=axis), strict=True)
    return {name: _arranged(part, axes_of(slot, name), COURSE[name]) for name, part in parts}


def _arranged(array: np.ndarray, axes: str, wanted: str) -> np.ndarray:
    """Return an array with its axes in the order wanted; an axis 1 comes or goes."""
    bare, kept = axes.replace("1", ""), wanted.replace("1", "")
    array = array.reshape([n for n, letter in zip(array.shape, axes, strict=True) if letter != "1"])
    array = array.transpose([bare.index(letter) for letter in kept])
    return array.reshape([1 if letter == "1" else array.shape[kept.index(letter)] for letter in wanted])


def _beside(slot: Slot) -> list[str]:
    """Return the letters of the sizes along the axis * of a stack, in order."""
    return [axes_of(slot, name)[slot.axes.index("*")].replace("N", "M") for name in slot.holds]


# Checks at the door


def _sizes(arrays: Arrays, slots: tuple[Slot, ...]) -> dict[str, int]:
    """Return the sizes by letter; vectors are read first, because a transposed matrix looks like another one."""
    _check_names(arrays, slots)
    sizes = {"1": 1}
    for slot in sorted(slots, key=lambda slot: len(slot.axes.replace("1", ""))):
        if slot.name in arrays:
            check_type(slot.name, arrays[slot.name])
            sizes = _joined_sizes(slot, arrays[slot.name].shape, sizes)
    return sizes


def _joined_sizes(slot: Slot, shape: tuple[int, ...], sizes: Mapping[str, int]) -> dict[str, int]:
    """Return the sizes with those that one array adds (errors: ValueError where they do not fit)."""
    found = dict(sizes)
    fits = len(shape) == len(slot.axes) and 0 not in shape
    for letter, size in zip(slot.axes.replace("N", "M"), shape, strict=False):
        if letter == "*":
            unknown = [part for part in _beside(slot) if part not in found]
            rest = size - sum(found.get(part, 0) for part in _beside(slot))
            found |= dict.fromkeys(unknown, rest)
            fits = fits and (rest > 0 if unknown else rest == 0)
        else:
            fits = fits and found.setdefault(letter, size) == size
    if not fits:
        raise ValueError(
            f"{slot.name} has shape {shape}, expected {_shape_text(slot)}{_known(slot, sizes)}: "
            f"transpose or reshape it, or look whether it belongs to another convention."
        )
    return found


def _known(slot: Slot, sizes: Mapping[str, int]) -> str:
    letters = dict.fromkeys(letter for letter in _shape_text(slot) if letter in sizes and letter != "1")
    return " with " + ", ".join(f"{letter} = {sizes[letter]}" for letter in letters) if letters else ""


def _check_names(arrays: Arrays, slots: tuple[Slot, ...]) -> None:
    if not isinstance(arrays, Mapping):
        raise TypeError(f"The arrays are of type {type(arrays).__name__}, expected a dict of arrays by name: build it.")
    names = [slot.name for slot in slots]
    for name in arrays:
        if name not in names:
            raise ValueError(
                f"{name!r} is not an array of this convention.{nearest(str(name), names)} "
                f"Its arrays are {', '.join(names)}: rename it, or name the convention it comes from."
            )
    missing = [slot.name for slot in slots if slot.is_parameter and slot.name not in arrays]
    if missing:
        raise ValueError(f"The arrays lack {', '.join(missing)}, expected every parameter of the convention: add it.")


def _check_equal(array: str, first: np.ndarray, second: np.ndarray, slots: tuple[Slot, ...]) -> None:
    if gradient_check.relative_difference(first, second) > EQUAL_GRADIENTS:
        names = " and ".join(slot.name for slot in slots if array in slot.holds)
        raise ValueError(
            f"The gradients by {names} differ, expected the same twice: they enter one sum. "
            f"Look for a pass that updates or masks only one of them."
        )


def _shape_text(slot: Slot) -> str:
    words = ["(" + "+".join(_beside(slot)) + ")" if letter == "*" else letter for letter in slot.axes]
    return "×".join(words).replace("N", "M")


# A hand's own forward pass


def loss(name: str | Convention, arrays: Arrays, output: str = "softmax") -> Any:
    """Return the loss by running a convention's own equations, as it writes them, on its own arrays.

    Shapes: parameters, input, initial state and one-hot targets, see `shapes`; the result is one number, the sum over
    steps and sequences or their mean. `output` is softmax (with nll), sigmoid (bce) or identity (mse).
    Errors: as `translate`; ValueError for a missing input, state or target, or another output.
    """
    hand = convention(name)
    sizes = _sizes(arrays, hand.slots)
    missing = [slot.name for slot in hand.slots if slot.name not in arrays]
    if missing:
        raise ValueError(f"The arrays lack {', '.join(missing)}, expected them for a forward pass: add them.")
    values = {slot.name: _arranged(arrays[slot.name], slot.axes, _written(slot, hand)) for slot in hand.slots}
    total = sum(_run(hand, parse(_text(hand, output)), values, sizes["T"]))
    return total / (sizes["T"] * sizes["B"]) if hand.mean else total


def _run(hand: Convention, lines: Mapping[str, Equation], values: Arrays, T: int) -> list[Any]:
    """Return the loss of every step, equation by equation as written."""
    computed: dict[tuple[str, int], Any] = {(hand.letters["state"], 0): values[hand.slot_of("h_start").name]}
    for t in range(1, T + 1):

        def look_up(use: Letter, t=t) -> Any:
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


def _value(tree: Tree, look_up, columns: bool) -> Any:
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
            return FUNCTIONS[function](*(part.T for part in found)).T if columns else FUNCTIONS[function](*found)
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


def equations(name: str | Convention, output: str = "softmax"):
    """Return the forward equations of a convention for the screen: the text that `loss` runs."""
    hand = convention(name)
    lines = parse(_text(hand, output))
    several = {slot.name.partition("[")[0]: (2,) for slot in hand.slots} | dict.fromkeys(lines, (2,))
    return symbolic.equations(_Page(lines, several | {hand.letters["loss"]: ()}, hand.letters["loss"]))


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


def _derivative(array: str):
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
