"""The value of a formula in a world, in any arithmetic: numbers, and columns, rows and matrices of numbers."""

from __future__ import annotations

import operator as operator_module
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from bptt_lab.formulas.errors import FormulaError, ShapeError
from bptt_lab.formulas.functions import LOSSES
from bptt_lab.formulas.tree import (
    Binary,
    Call,
    Derivative,
    Entry,
    Letter,
    Negative,
    Number,
    Over,
    Power,
    Relation,
    Slice,
    Transpose,
    Tree,
    Unless,
    Variable,
    walk,
)
from bptt_lab.network import Graph, Place
from bptt_lab.network.scalars import PREDICTION, VALUE, definition, entries, evaluate
from bptt_lab.symbolic.arithmetics import check_patience
from bptt_lab.symbolic.worlds import World

MOST_STEPS, FEWEST_STEPS = 60_000, 4_000  # of one evaluation; the smaller one for answers, tried at thirty points
LARGEST = 400  # entries of an array that an answer may make
LONGEST_RANGE = 200
REACH = 2  # steps outside a sequence at which a wrong answer still has a value


class Read(NamedTuple):
    """What a formula reads: a value ('value', without `below`) or a derivative, by name, time and entry."""

    kind: str
    above: tuple
    below: tuple | None = None


class Scene:
    """A world in which formulas have values; it keeps what it has computed.

    A vector is a column. In a network whose quantities all have one entry, every letter is a plain number. At a general
    time t, and at t+1 inside a sum, what lies just past the last step is met in products with zero: a derivative of or
    by it is zero, and its value is another number in every world, so that nothing right may depend on it. `is_lenient`:
    before the first step, and with inputs, there is such a number for a value and for a derivative alike; a wrong
    answer then has a value, and can be told its cause.
    """

    def __init__(self, world: World, is_lenient: bool = False) -> None:
        self.world, self.graph, self.is_lenient = world, world.graph, is_lenient
        self.plain = all(size == 1 for shape in self.graph.network.shapes.values() for size in shape)
        self._arrays: dict[tuple, Any] = {}
        self._totals: dict[Place, Mapping[Place, Any]] = {}
        self._slopes: dict[Place, Mapping[tuple[Place, Place], Any]] = {}
        self._memory: dict[tuple, tuple[Tree, Any]] | None = None

    @contextmanager
    def remembering(self) -> Iterator[None]:
        """Keep the value of every part of the formulas computed inside: for many that differ in a few parts."""
        before, self._memory = self._memory, {}
        try:
            yield
        finally:
            self._memory = before

    def value(self, tree: Tree, **indices: int) -> Any:
        """Return the value of a formula, a number or a 2-D array of numbers (errors: FormulaError, ArithmeticError)."""
        with np.errstate(all="ignore"):  # what is not finite is seen in the value; a warning would read source files
            found = _Evaluation(self, dict(indices), self._memory).of(tree)
        return _plain(found) if self.plain else found

    def places_read(self, tree: Tree, **indices: int) -> frozenset[Read]:
        """Return what a formula reads: each letter and each derivative at its place, however it is written."""
        with np.errstate(all="ignore"):
            evaluation = _Evaluation(self, dict(indices))
            evaluation.of(tree)
        return frozenset(evaluation.read)

    def totals(self, below: Place) -> Mapping[Place, Any]:
        """Return the total derivatives of one entry by every entry of the graph."""
        if below not in self._totals:
            self._totals[below] = self.graph.sweep(self.world.values, self.world.arithmetic, below)
        return self._totals[below]

    def immediates(self, below: Place) -> Mapping[tuple[Place, Place], Any]:
        """Return the immediate derivatives of every entry of a place, by pair of entries."""
        place = Place(below.name, below.time)
        if place not in self._slopes:
            self._slopes[place] = self.world.immediates(place)
        return self._slopes[place]

    def array(self, name: str, time: int | None, entry: tuple[int, ...], column: int = 0) -> Any:
        """Return a quantity or one entry of it (errors: FormulaError where the graph has no such place)."""
        key = ("value", name, time, entry)
        if key not in self._arrays:
            check_place(self.graph, name, time, entry, column)
            self._arrays[key] = self._gathered(name, entry, lambda e: self.world.values[Place(name, time, e)])
        return self._arrays[key]

    def is_beyond(self, name: str, time: int | None) -> bool:
        """Return whether a quantity is asked for where it does not exist, but close to where it does."""
        if not self.is_lenient or time is None or not self.graph.network.is_timed(name) or self.graph.has(name, time):
            return is_beyond(self.graph, name, time)
        return -REACH <= time <= self.graph.T + REACH

    def beyond(self, name: str, time: int, entry: tuple[int, ...]) -> Any:
        """Return some value for a quantity just past the last step: nothing may depend on it, and nobody knows it."""
        return self._gathered(name, entry, lambda e: self.world.some_number(name, time, e))

    def derivative(self, below: tuple, above: tuple, kind: str, column: int = 0) -> Any:
        """Return a derivative in numerator layout, or a gradient; below and above are (name, time, entry)."""
        key = (kind, below, above)
        if key not in self._arrays:
            self._arrays[key] = self._derivative(below, above, kind, column)
        return self._arrays[key]

    def _derivative(self, below: tuple, above: tuple, kind: str, column: int) -> Any:
        for name, time, entry in (below, above):
            if not self.is_beyond(name, time):
                check_place(self.graph, name, time, entry, column)
        if (
            above[0] == self.graph.network.loss != below[0]
            and above[1] is None
            and self.graph.network.is_timed(above[0])
        ):
            raise FormulaError(
                f"{above[0]} is a sum: nothing is computed from it.", f"Write {above[0]}(t).", "", column
            )
        shapes = self.graph.network.shapes
        is_vector = shapes[below[0]] != () and not below[2] and below[0] != self.graph.network.loss
        is_cube = is_vector and len(shapes[above[0]]) == 2 and not above[2]
        if is_cube and self.is_lenient:
            raise FormulaError(
                f"The derivative of the vector {below[0]} by the matrix {above[0]} has three indices.",
                f"Take one entry of {below[0]}.",
                "",
                column,
            )
        by_above = [self._row(below, e, above, kind) for e in self._entries(below)]
        if is_cube:
            rows, columns = shapes[above[0]]
            return np.array(by_above, dtype=object).reshape(-1, rows, columns).transpose(0, 2, 1)
        if len(by_above) == 1:
            found = self._shaped(by_above[0], above)
            found = found if kind == "gradient" or not isinstance(found, np.ndarray) else found.T
        else:
            found = np.array(by_above, dtype=object)
            found = found.T if kind == "gradient" else found
        return _plain(found) if self.plain else found

    def _entries(self, place: tuple) -> list[tuple[int, ...]]:
        name, _, entry = place
        return [entry] if entry else entries(self.graph.network.shapes[name])

    def _row(self, below: tuple, entry: tuple[int, ...], above: tuple, kind: str) -> list:
        """Return the derivatives of one entry by every entry of a quantity, as a list."""
        places = [Place(above[0], above[1], e) for e in self._entries(above)]
        if any(is_beyond(self.graph, *place[:2]) for place in (below, above)):
            return [self.world.arithmetic.number(Fraction(0))] * len(places)
        if any(self.is_beyond(*place[:2]) for place in (below, above)):
            return [self.world.some_number(below, entry, place, kind) for place in places]
        if below[:2] == above[:2]:
            return [self._number(int(place.entry == entry)) for place in places]
        if kind == "immediate":
            found = self._immediates(below, entry)
        elif below[0] == self.graph.network.loss and below[1] is None:
            found = self.world.totals  # type: ignore[assignment]
        else:
            found = self.totals(Place(below[0], below[1], entry))  # type: ignore[assignment]
        return [self._number(found.get(place, 0)) for place in places]

    def _immediates(self, below: tuple, entry: tuple[int, ...]) -> dict[Place, Any]:
        name, time, _ = below
        if name not in self.graph.network.equations or Place(name, time) in self.graph.leaves:
            return {}
        is_sum = time is None and self.graph.network.is_timed(name)
        times = self._times(name) if is_sum else [time]
        found: dict[Place, Any] = dict.fromkeys(self.graph.loss_entries, 1) if is_sum else {}
        for t in times:
            for (start, end), slope in self.immediates(Place(name, t)).items():
                if start.entry == entry:
                    found[end] = found.get(end, 0) + slope
        return found

    def _times(self, name: str) -> list[int]:
        return [place.time for place in self.graph.order if place.name == name]

    def _number(self, value: Any) -> Any:
        return self.world.arithmetic.number(Fraction(value)) if isinstance(value, int) else value

    def _gathered(self, name: str, entry: tuple[int, ...], value_of: Callable[[tuple[int, ...]], Any]) -> Any:
        if entry:
            return self._number(value_of(entry))
        values = [self._number(value_of(e)) for e in entries(self.graph.network.shapes[name])]
        found = self._shaped(values, (name, None, ()))
        return _plain(found) if self.plain else found

    def _shaped(self, values: list, place: tuple) -> Any:
        """Return a list as a number, a column or a matrix, as the quantity is."""
        name, _, entry = place
        shape = self.graph.network.shapes[name]
        if entry or not shape:
            return values[0]
        return _object_array(values, shape if len(shape) == 2 else (*shape, 1))

    def loss(self) -> Any:
        """Return the total loss, summed over time where it has one."""
        return _sum([self.world.values[place] for place in self.graph.loss_entries])


def check_place(graph: Graph, name: str, time: int | None, entry: tuple[int, ...], column: int = 0) -> None:
    """Raise a FormulaError where a graph has no such place."""
    if not graph.has(name, time):
        times = [p.time for p in [*graph.leaves, *graph.parents] if p.name == name and p.time is not None]
        if time is None and name == graph.network.loss:
            return
        raise FormulaError(
            f"{name} does not occur at time {time}.",
            _times_text(times) if times else f"{name} is not used by this network.",
            "",
            column,
        )
    shape = graph.network.shapes[name]
    if entry and not all(1 <= i <= size for i, size in zip(entry, shape, strict=True)):
        raise FormulaError(
            f"{name} has no entry {','.join(map(str, entry))}.",
            f"Its shape is {'×'.join(map(str, shape))}; entries count from 1.",
            "",
            column,
        )


def _times_text(times: list[int]) -> str:
    return (
        f"Its times are {min(times)} to {max(times)}." if min(times) < max(times) else f"Its only time is {times[0]}."
    )


def is_beyond(graph: Graph, name: str, time: int | None) -> bool:
    """Return whether a computed quantity is asked for just past the last step (or, running backwards, the first)."""
    if time is None or name not in graph.network.equations or graph.has(name, time):
        return False
    shifts = [index.shift for uses in graph.network.uses.values() for _, index in uses if index and index.start == "t"]
    reach = max(1, -min(shifts, default=0))
    return graph.T < time <= graph.T + reach or (max(shifts, default=0) > 0 and 0 >= time > -max(shifts))


def _object_array(values: list, shape: tuple[int, ...]) -> np.ndarray:
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found.reshape(shape)


def _plain(value: Any) -> Any:
    return value.reshape(-1)[0] if isinstance(value, np.ndarray) and value.size == 1 else value


def _sum(values: list) -> Any:
    total = values[0]
    for value in values[1:]:
        total = total + value
    return total


COMPARED = {
    "=": operator_module.eq,
    "!=": operator_module.ne,
    "<=": operator_module.le,
    "<": operator_module.lt,
    ">": operator_module.gt,
}
OPERATORS = {
    "+": (operator_module.add, np.add),
    "-": (operator_module.sub, np.subtract),
    "*": (operator_module.mul, np.multiply),
    "/": (operator_module.truediv, np.true_divide),
}


def _uneven(left: np.ndarray, right: np.ndarray) -> str:
    columns, rows = left.shape[1], right.shape[0]
    return f"{columns} column{' does' if columns == 1 else 's do'} not meet {rows} row{'' if rows == 1 else 's'}"


def _combined(operator: str, left: Any, right: Any) -> Any:
    plain, by_entries = OPERATORS[operator]
    # an interval on the left would take the array for a number
    has_entries = isinstance(left, np.ndarray) or isinstance(right, np.ndarray)
    return (by_entries if has_entries else plain)(left, right)


def shape_text(value: Any) -> str:
    """Return the shape of a value in words."""
    if not isinstance(value, np.ndarray):
        return "a number"
    m, n = value.shape
    if m == n == 1:
        return "1×1"
    if n == 1:
        return f"a column of {m}"
    return f"a row of {n}" if m == 1 else f"{m}×{n}"


WORDS = {"sum": "sum", "prod": "product", "column": "column", "row": "row"}


class _Evaluation:
    """One evaluation: the indices bound so far, a budget of steps, and values that are known."""

    def __init__(self, scene: Scene, indices: dict[str, int], memory: dict | None = None) -> None:
        self.scene, self.indices, self.steps, self.memory = scene, indices, 0, memory
        self.bound: list[str] = []  # the variables of the sums around
        self.read: set[Read] = set()
        self.indices.setdefault("T", scene.graph.T)

    def of(self, tree: Tree) -> Any:
        if self.memory is None:
            return self.computed(tree)
        key = id(tree), tuple(self.indices.items()), len(self.bound)
        if key not in self.memory:
            self.memory[key] = tree, self.computed(tree)  # the tree is kept, so that no other one gets its id
        return self.memory[key][1]

    def computed(self, tree: Tree) -> Any:
        self.steps += 1
        check_patience()
        if self.steps > (FEWEST_STEPS if self.scene.is_lenient else MOST_STEPS):
            raise FormulaError("The formula takes too long to compute.", "Use shorter sums.")
        compute = COMPUTED.get(type(tree))
        if compute is None:
            raise FormulaError("A relation has no value.")
        return compute(self, tree)

    def whole(self, tree: Tree) -> int:
        """Return the value of an index formula: whole numbers, + - *, and bound variables."""
        if isinstance(tree, Variable):  # by far the most
            if tree.name not in self.indices:
                what, mend = f"The index {tree.name} is not bound.", f"Say what {tree.name} is."
                raise FormulaError(what, mend, "", tree.column)
            return self.indices[tree.name]
        match tree:
            case Number(value) if value.denominator == 1:
                return int(value)
            case Negative(inner):
                return -self.whole(inner)
            case Binary("+", left, right):
                return self.whole(left) + self.whole(right)
            case Binary("-", left, right):
                return self.whole(left) - self.whole(right)
            case Binary("*", left, right):
                return self.whole(left) * self.whole(right)
        raise FormulaError("An index must be a whole number.", "Write t, t-1, 2 or i.", "", tree.column)

    def place(self, letter: Letter) -> tuple:
        time = None if letter.time is None else self.whole(letter.time)
        return letter.name, time, tuple([self.whole(index) for index in letter.entry])

    def letter(self, letter: Letter) -> Any:
        name, time, entry = self.place(letter)
        self.read.add(Read("value", (name, time, entry)))
        if name == self.scene.graph.network.loss and time is None:
            return self.scene.loss()
        self.check_fixed_time(letter)
        if self.scene.is_beyond(name, time):
            return self.scene.beyond(name, time, entry)
        return self.scene.array(name, time, entry, letter.column)

    def check_fixed_time(self, letter: Letter) -> None:
        """Raise a FormulaError for a time, written as a number or run over by a sum, at which there is nothing."""
        if isinstance(letter.time, Variable):
            is_checked = self.scene.is_lenient and letter.time.name in self.bound
        else:
            is_checked = letter.time is not None and not any(isinstance(part, Variable) for part in walk(letter.time))
        if is_checked:
            check_place(self.scene.graph, *self.place(letter), letter.column)  # type: ignore[call-arg]

    def binary(self, tree: Binary, operator: str, left: Any, right: Any) -> Any:
        both = isinstance(left, np.ndarray) and isinstance(right, np.ndarray)
        if operator == "@":
            if not both:
                if self.scene.plain:
                    return _combined("*", left, right)
                raise ShapeError(
                    f"@ multiplies matrices, not {shape_text(left)} with {shape_text(right)}.",
                    "Use * for a product with a number.",
                    "",
                    tree.column,
                )
            if right.ndim == 3:
                return np.tensordot(left, right, axes=(1, 0))[0]
            if left.shape[1] != right.shape[0]:
                raise self.misfit(tree, left, right, _uneven(left, right))
            self.steps += left.size * right.shape[1] // 20
            return self.checked(tree, left.shape[0] * right.shape[1], lambda: np.dot(left, right))
        if both and left.shape != right.shape:
            raise self.misfit(tree, left, right, f"{operator} goes entry by entry and needs equal shapes")
        return _combined(operator, left, right)

    def checked(self, tree: Tree, size: int, make: Callable[[], np.ndarray]) -> np.ndarray:
        """Return an array, made only if it is not too large for an answer."""
        if size > LARGEST and self.scene.is_lenient:
            raise FormulaError(f"This would be an array of {size} numbers.", "", "", tree.column)
        return make()

    def misfit(self, tree: Tree, left: Any, right: Any, why: str) -> ShapeError:
        shapes = f"{shape_text(left)} and {shape_text(right)}"
        return ShapeError(f"These shapes do not fit: {shapes}; {why}.", "Check the order and .T", "", tree.column)

    def power(self, tree: Power, base: Any, exponent: int) -> Any:
        if abs(exponent) > 100:
            raise FormulaError("This power is too large.", "", "", tree.column)
        if exponent > 0:
            return base**exponent
        one = self.scene.world.arithmetic.number(Fraction(1))
        if exponent == 0:
            return _combined("+", base * 0, one)
        return _combined("/", one, base**-exponent)

    def slice(self, tree: Slice) -> Any:
        inner, first, last = self.of(tree.inner), self.whole(tree.first), self.whole(tree.last)
        inner = inner if isinstance(inner, np.ndarray) else _object_array([inner], (1, 1))
        size = inner.shape[tree.of_columns]
        if not 1 <= first <= last <= size:
            what = "columns" if tree.of_columns else "rows"
            mend = f"There are {size}, counted from 1; both ends are included."
            raise FormulaError(f"There are no {what} {first} to {last}.", mend, "", tree.column)
        kept = slice(first - 1, last)
        return inner[:, kept] if tree.of_columns else inner[kept]

    def entry(self, tree: Entry) -> Any:
        inner, indices = self.of(tree.inner), tuple(self.whole(index) for index in tree.indices)
        inner = inner if isinstance(inner, np.ndarray) else _object_array([inner], (1, 1))
        is_vector = 1 in inner.shape
        if len(indices) == 1 and not is_vector:
            what = f"An entry of {shape_text(inner)} has two indices."
            raise FormulaError(what, "Write [2,4]: row, then column.", "", tree.column)
        shape = inner.shape if len(indices) == 2 else (inner.size,)
        if not all(1 <= i <= size for i, size in zip(indices, shape, strict=True)):
            what = f"There is no entry {','.join(map(str, indices))} in {shape_text(inner)}."
            raise FormulaError(what, "Entries count from 1.", "", tree.column)
        return inner.reshape(shape)[tuple(i - 1 for i in indices)]

    def derivative(self, tree: Derivative) -> Any:
        for letter in (tree.below, tree.above):
            self.check_fixed_time(letter)
        below, above = self.place(tree.below), self.place(tree.above)
        self.read.add(Read(tree.kind, above, below))
        return self.scene.derivative(below, above, tree.kind, tree.column)

    def unless(self, missing: Relation, term: Tree) -> Any:
        """Return a term, or zero where it does not exist."""
        named = {part.name for part in walk(missing) if isinstance(part, Variable)}
        if self.scene.is_lenient and named <= {"T"}:
            raise FormulaError("unless compares an index with another.", "Write  unless(t = T, …)", "", missing.column)
        left, right = self.whole(missing.left), self.whole(missing.right)
        is_missing = COMPARED[missing.operator](left, right)
        return self.scene.world.arithmetic.number(Fraction(0)) if is_missing else self.of(term)

    def over(self, tree: Over) -> Any:
        low, high = self.whole(tree.low), self.whole(tree.high)
        if high - low >= LONGEST_RANGE:
            raise FormulaError("This range is too long.", f"At most {LONGEST_RANGE} terms.", "", tree.column)
        if high < low - 1 and self.scene.is_lenient:
            raise FormulaError(f"This {WORDS[tree.kind]} is empty.", "Write the smaller bound first.", "", tree.column)
        kept = self.indices.get(tree.variable)
        self.bound.append(tree.variable)
        values = []
        for index in range(low, high + 1):
            self.indices[tree.variable] = index
            values.append(self.of(tree.body))
        self.bound.pop()
        self.indices.pop(tree.variable, None)
        if kept is not None:
            self.indices[tree.variable] = kept
        return self.joined(tree, values)

    def joined(self, tree: Over, values: list) -> Any:
        number = self.scene.world.arithmetic.number
        if tree.kind in ("column", "row"):
            rows = [v if isinstance(v, np.ndarray) else _object_array([v], (1, 1)) for v in values]
            if not rows:
                raise FormulaError("This range is empty.", "", "", tree.column)
            size = sum(row.size for row in rows)
            return self.checked(tree, size, lambda: np.concatenate(rows, axis=0 if tree.kind == "column" else 1))
        if not values:
            return number(Fraction(0 if tree.kind == "sum" else 1))
        total = values[0]
        for value in values[1:]:
            both = isinstance(total, np.ndarray) and isinstance(value, np.ndarray)
            total = self.binary(tree, "+" if tree.kind == "sum" else "@" if both else "*", total, value)  # type: ignore[arg-type]
        return total

    def call(self, tree: Call, function: str, arguments: tuple[Tree, ...]) -> Any:
        number = self.scene.world.arithmetic.number
        if function == "same":
            named = {part.name for part in walk(tree) if isinstance(part, Variable)}
            if self.scene.is_lenient and named == {"T"}:
                raise FormulaError("same compares an index with another, not T with a number.", "", "", tree.column)
            first, second = (self.whole(argument) for argument in arguments)
            return number(Fraction(int(first == second)))
        values = [self.of(argument) for argument in arguments]
        if function in ("rows", "columns"):
            shape = values[0].shape if isinstance(values[0], np.ndarray) else (1, 1)
            return number(Fraction(shape[function == "columns"]))
        if function in VECTORS:
            return VECTORS[function](self, tree, *values)  # type: ignore[operator]
        return self.entrywise(function, values[0])

    def entrywise(self, function: str, value: Any) -> Any:
        if isinstance(value, np.ndarray):
            found = [self.entrywise(function, entry) for entry in value.reshape(-1)]
            return _object_array(found, value.shape)
        functions = self.scene.world.arithmetic.functions
        if function in ("sinh", "cosh", "sech"):
            up, down = functions["exp"](value), functions["exp"](-value)
            return (up - down) / 2 if function == "sinh" else (up + down) / 2 if function == "cosh" else 2 / (up + down)
        return functions[function](value)


def _transposed(value: Any) -> Any:
    return value.T if isinstance(value, np.ndarray) else value


COMPUTED: dict[type, Callable[[_Evaluation, Any], Any]] = {  # the value of a tree by its kind; a relation has none
    Number: lambda one, tree: one.scene.world.arithmetic.number(tree.value),
    Letter: _Evaluation.letter,
    Variable: lambda one, tree: one.scene.world.arithmetic.number(Fraction(one.whole(tree))),
    Negative: lambda one, tree: -one.of(tree.inner),
    Binary: lambda one, tree: one.binary(tree, tree.operator, one.of(tree.left), one.of(tree.right)),
    Power: lambda one, tree: one.power(tree, one.of(tree.base), one.whole(tree.exponent)),
    Transpose: lambda one, tree: _transposed(one.of(tree.inner)),
    Slice: _Evaluation.slice,
    Entry: _Evaluation.entry,
    Unless: lambda one, tree: one.unless(tree.missing, tree.term),
    Derivative: _Evaluation.derivative,
    Over: _Evaluation.over,
    Call: lambda one, tree: one.call(tree, tree.function, tree.arguments),
}


def _column_of(evaluation: _Evaluation, tree: Call, value: Any) -> np.ndarray:
    """Return a vector as a 1-D array (errors: FormulaError for what is neither column nor row)."""
    if not isinstance(value, np.ndarray):
        value = _object_array([value], (1, 1))
    if 1 not in value.shape:
        raise FormulaError(f"{tree.function} takes a vector, not {shape_text(value)}.", "", "", tree.column)
    return value.reshape(-1)


def _diagonal(evaluation: _Evaluation, tree: Call, value: Any) -> np.ndarray:
    entries_ = _column_of(evaluation, tree, value)
    zero, count = evaluation.scene.world.arithmetic.number(Fraction(0)), len(entries_)
    found = evaluation.checked(tree, count**2, lambda: _object_array([zero] * count**2, (count, count)))
    for i, entry in enumerate(entries_):
        found[i, i] = entry
    return found


def _outer(evaluation: _Evaluation, tree: Call, left: Any, right: Any) -> np.ndarray:
    one, two = (_column_of(evaluation, tree, value) for value in (left, right))
    return evaluation.checked(tree, one.size * two.size, lambda: np.dot(one.reshape(-1, 1), two.reshape(1, -1)))


def _ones(evaluation: _Evaluation, tree: Call, value: Any) -> Any:
    one = evaluation.scene.world.arithmetic.number(Fraction(1))
    return _combined("+", value * 0, one)


def _sum_of(evaluation: _Evaluation, tree: Call, value: Any) -> Any:
    """Return the sum or the mean of all entries of a vector or a matrix."""
    is_matrix = isinstance(value, np.ndarray) and min(value.shape) > 1
    total = _sum(list(value.ravel() if is_matrix else _column_of(evaluation, tree, value)))
    return total / np.size(value) if tree.function == "mean" else total


def _dot(evaluation: _Evaluation, tree: Call, left: Any, right: Any) -> Any:
    one, two = (_column_of(evaluation, tree, value) for value in (left, right))
    if one.size != two.size:
        raise evaluation.misfit(tree, left, right, "dot needs two vectors of one size")
    return _sum([a * b for a, b in zip(one, two, strict=True)])


def _concat(evaluation: _Evaluation, tree: Call, *parts: Any) -> np.ndarray:
    """Return columns on top of each other."""
    columns = [_column_of(evaluation, tree, part) for part in parts]
    size = sum(column.size for column in columns)
    return evaluation.checked(tree, size, lambda: np.concatenate(columns).reshape(-1, 1))


def _softmax(evaluation: _Evaluation, tree: Call, value: Any) -> np.ndarray:
    entries_ = list(_column_of(evaluation, tree, value))
    softmax = evaluation.scene.world.arithmetic.functions["softmax"]
    found = [softmax(*entries_, entry=k) for k in range(1, len(entries_) + 1)]
    return _object_array(found, value.shape if isinstance(value, np.ndarray) else (1, 1))


def _loss(evaluation: _Evaluation, tree: Call, prediction: Any, target: Any) -> Any:
    """Return a loss: the sum of its definition over pairs of entries."""
    arithmetic, rule = evaluation.scene.world.arithmetic, definition(tree.function, PREDICTION, VALUE)
    pairs = zip(*(_column_of(evaluation, tree, v) for v in (prediction, target)), strict=True)
    return _sum(
        [evaluate(rule, lambda place, p=p, y=y: p if place == PREDICTION.place else y, arithmetic) for p, y in pairs]  # type: ignore[misc]
    )


VECTORS = {
    "diag": _diagonal,
    "outer": _outer,
    "ones": _ones,
    "softmax": _softmax,
    "concat": _concat,
    "sum": _sum_of,
    "mean": _sum_of,
    "dot": _dot,
} | dict.fromkeys(LOSSES, _loss)
