"""Infer the shape of every quantity from the sizes given, or say which line does not fit."""

from __future__ import annotations

import math
from collections.abc import Mapping

from bptt_lab.network.errors import NetworkError, Position, nearest
from bptt_lab.network.expressions import (
    Binary,
    Call,
    Equation,
    Expression,
    Name,
    Number,
    Power,
    Transposed,
    children,
    names,
)
from bptt_lab.network.functions import MAKING_ONE_NUMBER, ROWS

Shape = tuple[int, ...]
Size = object  # a whole number, or a token that stands for one not yet known


def infer_shapes(equations: Mapping[str, Equation], sizes: Mapping[str, int | Shape]) -> dict[str, Shape]:
    """Return the shape of every quantity: () a number, (n,) a vector, (m, n) a matrix (errors: NetworkError)."""
    used = [name for equation in equations.values() for name in names(equation.expression)]
    known = list(dict.fromkeys([*equations, *(name.name for name in used)]))
    _check_sizes(sizes, known)
    matrices = {n.name for equation in equations.values() for n in _matrix_names(equation.expression)}
    _check_matrices(used, matrices, equations)
    table = _Sizes()
    for name in known:
        if name in sizes:
            table.shapes[name] = _given_shape(name, sizes[name], name in matrices)
        elif name not in equations:
            table.shapes[name] = (_Unknown(), _Unknown()) if name in matrices else (_Unknown(),)
    _give_ranks(table, equations)
    for equation in equations.values():
        shape = table.shape_of(equation.expression)
        table.unify(table.shapes[equation.name], shape, equation.position, f"{equation.name} and its right side")
    table.settle_joins()
    return table.finished(known)


def _check_matrices(used: list[Name], matrices: set[str], equations: Mapping[str, Equation]) -> None:
    for name in used:
        if name.name in matrices and name.name in equations:
            raise NetworkError(
                f"{name.name} is computed, so it is a vector and cannot stand left of @.",
                "Use a parameter as the matrix.",
                name.position,
            )


def _given_shape(name: str, given: int | Shape, is_matrix: bool) -> Shape:
    shape = tuple(given) if isinstance(given, tuple) else (given,)
    if is_matrix != (len(shape) == 2):
        kind, mend = ("matrix", "two sizes, or none") if is_matrix else ("vector or number", "one size")
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

    def shape_of(self, expression: Expression) -> tuple[Size, ...]:
        """Return the shape of an expression, recording what its parts must satisfy."""
        match expression:
            case Number():
                return ()
            case Name(name, _, _):
                return self.shapes[name]
            case Power(base, _, _):
                return self.shape_of(base)
            case Transposed(inner, position):
                return self._transposed(self.shape_of(inner), position)
            case Binary("@", left, right, position):
                return self._product(self.shape_of(left), self.shape_of(right), position)
            case Binary(operator, left, right, position):
                return self._entrywise(self.shape_of(left), self.shape_of(right), position, operator)
            case Call(function, arguments, position):
                return self._call(function, [self.shape_of(a) for a in arguments], position)
        raise AssertionError(expression)

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
            if len(shape) != 1:
                raise NetworkError(f"{function} takes vectors, not a {self.text(shape)}.", "", position)
        if function == "softmax":
            (shape,) = shapes
            return shape
        total = _Unknown()
        self.joins.append((total, [size for (size,) in shapes], position))
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

    def finished(self, known: list[str]) -> dict[str, Shape]:
        shapes = {name: tuple(self.value(size) for size in self.shapes[name]) for name in known}
        missing = [name for name, shape in shapes.items() if any(isinstance(size, _Unknown) for size in shape)]
        if missing:
            raise NetworkError(
                f"The sizes of {', '.join(missing)} cannot be inferred.",
                f"Give sizes such as  sizes=dict({missing[0]}=3).",
            )
        return shapes


def _matrix_names(expression: Expression, left_of_product: bool = False) -> list[Name]:
    """Return the names that stand left of an @."""
    if isinstance(expression, Name):
        return [expression] if left_of_product else []
    if isinstance(expression, Transposed):
        is_timed = isinstance(expression.inner, Name) and expression.inner.index is not None
        return [] if is_timed else _matrix_names(expression.inner, True)
    if isinstance(expression, Binary) and expression.operator == "@":
        return _matrix_names(expression.left, True) + _matrix_names(expression.right, left_of_product)
    return [name for part in children(expression) for name in _matrix_names(part, left_of_product)]


def _give_ranks(table: _Sizes, equations: Mapping[str, Equation]) -> None:
    """Decide which computed quantities are vectors and which are numbers, from what their right sides hold."""
    waiting = dict(equations)
    while waiting:
        ranks = {name: _rank(equation.expression, table.shapes) for name, equation in waiting.items()}
        settled = {name: rank for name, rank in ranks.items() if rank is not None} or dict.fromkeys(waiting, 0)
        for name, rank in settled.items():
            table.shapes.setdefault(name, (_Unknown(),) if rank else ())
            del waiting[name]


def _rank(expression: Expression, shapes: Mapping[str, tuple[Size, ...]]) -> int | None:
    """Return 1 for a vector, 0 for a number, None where that still depends on another equation."""
    match expression:
        case Number():
            return 0
        case Name(name, _, _):
            return min(len(shapes[name]), 1) if name in shapes else None
        case Binary("@", _, _):
            return 1
        case Call(function, _, _) if ROWS[function].kind != "entry":
            return 0 if function in MAKING_ONE_NUMBER else 1
    ranks = [_rank(part, shapes) for part in children(expression)]
    if 1 in ranks:
        return 1
    return None if None in ranks else 0


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


def entrywise_shape(expression: Expression, shapes: Mapping[str, Shape]) -> Shape:
    """Return the shape of an expression whose names all have known shapes."""
    match expression:
        case Number():
            return ()
        case Name(name, _, _):
            return shapes[name]
        case Power(base, _, _):
            return entrywise_shape(base, shapes)
        case Transposed(inner, _):
            return entrywise_shape(inner, shapes)[::-1]
        case Binary("@", left, right, _):
            return entrywise_shape(left, shapes)[:1] + entrywise_shape(right, shapes)[1:]
        case Binary(_, left, right, _):
            return entrywise_shape(left, shapes) or entrywise_shape(right, shapes)
        case Call("concat", arguments, _):
            return (sum(size for argument in arguments for size in entrywise_shape(argument, shapes)),)
        case Call(function, _, _) if function in MAKING_ONE_NUMBER:
            return ()
        case Call(_, (inner,), _):
            return entrywise_shape(inner, shapes)
    raise AssertionError(expression)
