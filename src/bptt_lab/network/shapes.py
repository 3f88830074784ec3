"""Infer the shape of every quantity from the sizes given, or say which line does not fit."""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Mapping
from contextlib import suppress
from typing import Any

from bptt_lab.formulas.errors import nearest
from bptt_lab.formulas.functions import MAKING_ONE_NUMBER, ROWS
from bptt_lab.formulas.times import whole_number
from bptt_lab.formulas.tree import (
    Binary,
    Call,
    Entry,
    Letter,
    Negative,
    Number,
    Power,
    Slice,
    Transpose,
    Tree,
    Variable,
)
from bptt_lab.network.errors import NetworkError, Position
from bptt_lab.network.expressions import Equation, Name, children, names, unread

Shape = tuple[int, ...]
Size = object  # a whole number, or a token that stands for one not yet known


def infer_shapes(written: Mapping[str, Equation], sizes: Mapping[str, int | Shape]) -> dict[str, Shape]:
    """Return the shape of every quantity: () a number, (n,) a vector, (m, n) a matrix (errors: NetworkError)."""
    every = tuple(written.values())
    computed = [key for key, equation in written.items() if key == equation.name]
    used = [name.name for equation in every for name in names(equation.expression)]
    known = list(dict.fromkeys([*computed, *used]))
    _check_sizes(sizes, known)
    matrices = _matrices(every) - {name for name, size in sizes.items() if size == ()}
    table = _Sizes()
    for name in known:
        if name in sizes:
            table.shapes[name] = _given_shape(name, sizes[name], name in matrices)
        elif name not in computed:
            table.shapes[name] = (_Unknown(), _Unknown()) if name in matrices else (_Unknown(),)
    _give_ranks(table, every)
    for equation in every:
        table.equation = equation
        shape = table.shape_of(equation.expression)
        table.unify(table.shapes[equation.name], shape, equation.position, f"{equation.name} and its right side")
    table.settle_joins()
    table.check_bounds()
    if numbers := table.open_with_loss(every):
        with suppress(NetworkError):  # one of them has to be a vector, of size one then
            return infer_shapes(written, {**sizes, **dict.fromkeys(numbers, ())})
        table.unify(table.shapes[numbers[0]], (1,), None, "")
    return table.finished(known, computed)


def _matrices(every: tuple[Equation, ...]) -> set[str]:
    """Return the names that stand left of an @ (errors: NetworkError where one of them is computed)."""
    found, computed = set(), {equation.name for equation in every}
    for equation in every:
        for name in _matrix_names(equation.expression):
            if name.name in computed:
                what = f"{name.name} is computed, so it is a vector and cannot stand left of @."
                mend = f"Write the matrix, a parameter, on the left, as in W @ {name}; for two vectors dot(a, b)."
                raise NetworkError(what, mend, equation.at(name.column))
            found.add(name.name)
    return found


def _given_shape(name: str, given: int | Shape, is_matrix: bool) -> Shape:
    shape = tuple(given) if isinstance(given, tuple) else (given,)
    if is_matrix != (len(shape) == 2):
        of_matrix = "matrix", "two sizes, or none; for two vectors write dot(a, b)"
        kind, mend = of_matrix if is_matrix else ("vector or number", "one size")
        raise NetworkError(
            f"sizes gives {name} the shape {shape}, but the equations use it as a {kind}.", f"Give {name} {mend}."
        )
    return shape


class _Unknown:
    """A size not yet known."""


class _Sizes:
    """What is known of sizes so far: shapes by name, which sizes are equal, and the concatenations to settle."""

    def __init__(self) -> None:
        self.shapes: dict[str, tuple[Size, ...]] = {}
        self.equal: dict[Size, Size] = {}
        self.joins: list[tuple[Size, list[Size], Position | None]] = []
        self.bounds: list[tuple[Size, int, Position]] = []  # entries that are read, to be compared with a size
        self.equation: Equation | None = None

    def value(self, size: Size) -> Size:
        while size in self.equal:
            size = self.equal[size]
        return size

    def unify(self, left: tuple[Size, ...], right: tuple[Size, ...], position: Position | None, what: str) -> None:
        """Make two shapes equal, or say that they are not."""
        pairs = [(self.value(a), self.value(b)) for a, b in zip(left, right, strict=False)]
        if len(left) != len(right) or any(isinstance(a, int) and isinstance(b, int) and a != b for a, b in pairs):
            raise NetworkError(
                f"The shapes of {what} do not fit: {self.text(left)} and {self.text(right)}.",
                "Compare the sizes given, and which parts are vectors.",
                position,
            )
        for a, b in pairs:
            a, b = self.value(a), self.value(b)
            if a is not b and isinstance(a, _Unknown):
                self.equal[a] = b
            elif a is not b and isinstance(b, _Unknown):
                self.equal[b] = a

    def text(self, shape: tuple[Size, ...]) -> str:
        if not shape:
            return "single number"
        sizes = " by ".join("?" if isinstance(self.value(s), _Unknown) else str(self.value(s)) for s in shape)
        return f"{'matrix' if len(shape) == 2 else 'vector'} of size {sizes}"

    def shape_of(self, expression: Tree) -> tuple[Size, ...]:
        """Return the shape of an expression, recording what its parts must satisfy."""
        position = self.equation.at(expression.column)  # type: ignore[union-attr]  # within an equation
        shapes: Any = [self.shape_of(part) for part in children(expression)]
        match expression:
            case Number() | Variable():
                return ()
            case Letter(name, _, entry):
                return self._entry(self.shapes[name], entry, position) if entry else self.shapes[name]
            case Entry(_, indices):
                return self._entry(*shapes, indices, position)  # type: ignore[call-arg]  # as many as it has operands
            case Slice(_, first, last, of_columns):
                return self._slice(*shapes, whole_number(first), whole_number(last), of_columns, position)  # type: ignore[call-arg]  # as many as it has operands
            case Transpose():
                return self._transposed(*shapes, position)  # type: ignore[call-arg]  # as many as it has operands
            case Binary("@"):
                return self._product(*shapes, position)  # type: ignore[call-arg]  # as many as it has operands
            case Binary(operator):
                return self._entrywise(*shapes, position, operator)  # type: ignore[call-arg]  # as many as it has operands
            case Call(function):
                return self._call(function, shapes, position)
        return shapes[0]

    def _entry(self, shape: tuple[Size, ...], entry: tuple[Tree, ...], position: Position) -> tuple[Size, ...]:
        if len(shape) != len(entry):
            raise NetworkError(f"A {self.text(shape)} has no such entry.", "", position)
        self.bounds += [(size, whole_number(index), position) for size, index in zip(shape, entry, strict=True)]
        return ()

    def _slice(
        self, shape: tuple[Size, ...], first: int, last: int, of_columns: bool, position: Position
    ) -> tuple[Size, ...]:
        """Return the shape of some rows, or of some columns; both ends are included."""
        if len(shape) < 1 + of_columns or last < first:
            raise NetworkError(f"A {self.text(shape)} has no such part.", "Write some entries as v[2:4].", position)
        self.bounds.append((shape[of_columns], last, position))
        count = last - first + 1
        return (shape[0], count) if of_columns else (count, *shape[1:])

    def check_bounds(self) -> None:
        """Raise a NetworkError where an entry is read that is not there; for sizes that are known."""
        for size, index, position in self.bounds:
            known = self.value(size)
            if isinstance(known, int) and index > known:
                what = f"There is no entry {index}: the size is {known}."
                raise NetworkError(what, "Entries count from 1.", position)

    def _product(self, left: tuple[Size, ...], right: tuple[Size, ...], position: Position | None) -> tuple[Size, ...]:
        if len(left) != 2 or len(right) not in (1, 2):
            raise NetworkError(
                f"@ multiplies a matrix with a vector, not a {self.text(left)} with a {self.text(right)}.",
                "Write a parameter on its left and a vector on its right; use * entry by entry.",
                position,
            )
        self.unify((left[1],), right[:1], position, "the matrix's columns and the vector")
        return (left[0], *right[1:])

    def _transposed(self, shape: tuple[Size, ...], position: Position | None) -> tuple[Size, ...]:
        if len(shape) != 2:
            what = f"Only a matrix is transposed here, not a {self.text(shape)}."
            raise NetworkError(what, "For the product of two vectors write dot(a, b).", position)
        return shape[::-1]

    def _entrywise(
        self, left: tuple[Size, ...], right: tuple[Size, ...], position: Position | None, operator: str
    ) -> tuple[Size, ...]:
        if left and right:
            self.unify(left, right, position, f"the two sides of {operator}")
        return left or right

    def _call(self, function: str, shapes: list[tuple[Size, ...]], position: Position | None) -> tuple[Size, ...]:
        if ROWS[function].kind == "entry":
            (shape,) = shapes
            return shape
        if function in MAKING_ONE_NUMBER:
            for other in shapes[1:]:
                self.unify(shapes[0], other, position, f"the two arguments of {function}")
            return ()
        for shape in shapes:
            if len(shape) > 1 or not shape and function != "concat":
                raise NetworkError(f"{function} takes vectors, not a {self.text(shape)}.", "", position)
        if function == "softmax":
            (shape,) = shapes
            return shape
        total = _Unknown()
        self.joins.append((total, [(*shape, 1)[0] for shape in shapes], position))
        return (total,)

    def settle_joins(self) -> None:
        """Make the size of each concat the sum of its parts, filling in the one that is missing."""
        waiting = list(self.joins)
        while waiting:
            left = [join for join in waiting if not self._settle(*join)]
            if len(left) == len(waiting):
                return
            waiting = left

    def _settle(self, total: Size, parts: list[Size], position: Position | None) -> bool:
        values, whole = [self.value(part) for part in parts], self.value(total)
        unknown = [value for value in values if isinstance(value, _Unknown)]
        known = sum(value for value in values if isinstance(value, int))
        if not unknown:
            self.unify((total,), (known,), position, "concat and what uses it")
        elif len(unknown) == 1 and isinstance(whole, int):
            if whole <= known:
                raise NetworkError(
                    f"concat has {whole} entries, but its other parts have {known} already.", "", position
                )
            self.unify(tuple(unknown), (whole - known,), position, "the parts of concat")
        else:
            return False
        return True

    def open_with_loss(self, every: tuple[Equation, ...]) -> list[str]:
        """Return the loss and what has its size, where that stays open: a loss is a number, so all of them are.

        The loss is called L, or is all that nothing reads.
        """
        ends = ["L"] if any(one.name == "L" for one in every) else unread(every)
        sizes = [self.value(size) for name in ends[:1] for size in self.shapes[name]] if len(ends) == 1 else []
        if not sizes or not isinstance(sizes[0], _Unknown):
            return []
        return [name for name, shape in self.shapes.items() if [self.value(size) for size in shape] == sizes]

    def finished(self, known: list[str], computed: Container[str]) -> dict[str, Shape]:
        """Return every shape (errors: NetworkError where a size stays open)."""
        shapes: dict[str, Any] = {name: tuple(self.value(size) for size in self.shapes[name]) for name in known}
        missing = [name for name, shape in shapes.items() if any(isinstance(size, _Unknown) for size in shape)]
        if missing:
            given = next((name for name in missing if name not in computed and len(shapes[name]) == 1), missing[0])
            raise NetworkError(
                f"The sizes of {', '.join(missing)} cannot be inferred.",
                f"Give sizes such as  sizes=dict({given}={'(3, 2)' if len(shapes[given]) == 2 else 3}).",
            )
        return shapes


def _matrix_names(expression: Tree, left_of_product: bool = False) -> list[Name]:
    """Return the names that stand left of an @, or are transposed, or have columns taken out."""
    if isinstance(expression, Letter):
        is_matrix = len(expression.entry) == 2 or left_of_product and not expression.entry
        return names(expression) if is_matrix else []
    if isinstance(expression, Transpose):
        is_timed = isinstance(expression.inner, Letter) and expression.inner.time is not None
        return [] if is_timed else _matrix_names(expression.inner, True)
    if isinstance(expression, Negative | Slice):
        return _matrix_names(expression.inner, left_of_product or getattr(expression, "of_columns", False))
    if isinstance(expression, Binary) and expression.operator == "@":
        return _matrix_names(expression.left, True) + _matrix_names(expression.right, left_of_product)
    return [name for part in children(expression) for name in _matrix_names(part, left_of_product)]


def _give_ranks(table: _Sizes, every: tuple[Equation, ...]) -> None:
    """Decide which computed quantities are vectors and which are numbers, from what their right sides hold."""
    waiting = {equation.name: [one.expression for one in every if one.name == equation.name] for equation in every}
    while waiting:
        ranks = {name: _highest(_rank(one, table.shapes) for one in sides) for name, sides in waiting.items()}
        settled = {name: rank for name, rank in ranks.items() if rank is not None} or dict.fromkeys(waiting, 0)
        for name, rank in settled.items():
            table.shapes.setdefault(name, (_Unknown(),) if rank else ())
            del waiting[name]


def _highest(ranks: Iterable[int | None]) -> int | None:
    """Return 1 where one side is a vector, else None where one still depends on another equation."""
    found = list(ranks)
    return 1 if 1 in found else None if None in found else 0


def _rank(expression: Tree, shapes: Mapping[str, tuple[Size, ...]]) -> int | None:
    """Return 1 for a vector, 0 for a number, None where that still depends on another equation."""
    match expression:
        case Number() | Variable() | Entry():
            return 0
        case Letter(name, _, entry):
            return 0 if entry else min(len(shapes[name]), 1) if name in shapes else None
        case Binary("@") | Slice():
            return 1
        case Call(function, _, _) if ROWS[function].kind != "entry":
            return 0 if function in MAKING_ONE_NUMBER else 1
    return _highest(_rank(part, shapes) for part in children(expression))


def _check_sizes(sizes: Mapping[str, int | Shape], known: list[str]) -> None:
    for name, size in sizes.items():
        if name not in known:
            raise NetworkError(
                f"sizes names {name!r}, which the equations do not use." + nearest(str(name), known),
                f"The names are {', '.join(known)}.",
            )
        parts = size if isinstance(size, tuple) else (size,)
        if len(parts) > 2 or not all(
            isinstance(part, int) and not isinstance(part, bool) and part >= 1 for part in parts
        ):
            raise NetworkError(
                f"The size of {name} is {size!r}.", "A size is a whole number, 1 or more, or a pair of them."
            )
    if math.prod(s for size in sizes.values() for s in (size if isinstance(size, tuple) else (size,))) > 10**12:
        raise NetworkError(
            "These sizes are too large for an exact derivation.", "Derive with small sizes; they prove the same."
        )


def entrywise_shape(expression: Tree, shapes: Mapping[str, Shape]) -> Shape:
    """Return the shape of an expression whose names all have known shapes."""
    match expression:
        case Number() | Variable() | Entry():
            return ()
        case Letter(name, _, entry):
            return () if entry else shapes[name]
        case Power(inner) | Negative(inner):
            return entrywise_shape(inner, shapes)
        case Transpose(inner, _):
            return entrywise_shape(inner, shapes)[::-1]
        case Slice(inner, first, last, of_columns):
            rows, *columns = entrywise_shape(inner, shapes)
            count = whole_number(last) - whole_number(first) + 1
            return (rows, count) if of_columns else (count, *columns)
        case Binary("@", left, right, _):
            return entrywise_shape(left, shapes)[:1] + entrywise_shape(right, shapes)[1:]
        case Binary(_, left, right, _):
            return entrywise_shape(left, shapes) or entrywise_shape(right, shapes)
        case Call("concat", arguments, _):
            return (sum((*entrywise_shape(argument, shapes), 1)[0] for argument in arguments),)
        case Call(function, _, _) if function in MAKING_ONE_NUMBER:
            return ()
        case Call(_, (inner,), _):
            return entrywise_shape(inner, shapes)
    raise AssertionError(expression)
