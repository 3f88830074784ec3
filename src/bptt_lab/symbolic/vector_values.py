"""The value of a vector form in a world, at one t: columns, rows and matrices of numbers of any arithmetic."""

from __future__ import annotations

from typing import Any

import numpy as np

from bptt_lab.network import Graph, Place
from bptt_lab.network.expressions import Binary, Call, Index, Name, Number, Power
from bptt_lab.network.scalars import entries
from bptt_lab.symbolic.vectors import Derivative, Diagonal, Gradient, Jacobian, OverTime, Part, Transpose, Tree, Where
from bptt_lab.symbolic.worlds import World


def vector_value(tree: Tree, world: World, t: int | None) -> Any:
    """Return a number, a column (n, 1), a row (1, n) or a matrix; None for a term that does not exist at this t."""
    match tree:
        case Number(value):
            return _number(world.arithmetic.number(value))
        case Name():
            return _entries(tree, world, t, world.value_of)
        case Gradient(of):
            return _entries(of, world, t, world.total_of)
        case Derivative(of):
            return np.transpose(_entries(of, world, t, world.total_of))
        case Jacobian(below, above):
            return _jacobian(_place(below, world.graph, t), _place(above, world.graph, t), world)
        case Binary(operator, left, right):
            return _combined(operator, vector_value(left, world, t), vector_value(right, world, t))
        case Power(base, exponent):
            inner = vector_value(base, world, t)
            return inner**exponent if exponent > 0 else 1 / inner**-exponent
        case Call("concat", arguments):
            return np.concatenate([vector_value(argument, world, t) for argument in arguments])
        case Call(function, (argument,)):
            return _applied(function, vector_value(argument, world, t), world)
        case Transpose(inner):
            return np.transpose(vector_value(inner, world, t))
        case Diagonal(inner):
            return _diagonal(vector_value(inner, world, t))
        case Part(inner, first, last, of_rows):
            whole, kept = vector_value(inner, world, t), slice(first - 1, last)
            return whole[kept] if of_rows else whole[:, kept]
        case OverTime(term):
            return _sum(vector_value(term, world, step) for step in range(1, world.graph.T + 1))
        case Where(term, index, _):
            return vector_value(term, world, t) if _exists(index, t, world.graph.T) else None
    raise AssertionError(tree)


def _exists(index: Index, t: int, T: int) -> bool:
    """Return whether a quantity at t is used with this index anywhere in the graph."""
    return 1 <= t - index.shift <= T if index.start == "t" else t == index.at(None, T)


def _place(name: Name, graph: Graph, t: int | None) -> Place:
    return graph.resolve(Place(name.name, name.index), t)


def _entries(name: Name, world: World, t: int | None, value_of) -> Any:
    place, shape = _place(name, world.graph, t), world.graph.network.shapes[name.name]
    values = [value_of(Place(*place[:2], entry)) for entry in entries(shape)]
    if not shape:
        return _number(values[0])
    return _objects(values).reshape(shape if len(shape) == 2 else (shape[0], 1))


def _number(value: Any) -> np.ndarray:
    """Return one number as an array without axes, so that NumPy spreads it over what it meets."""
    return _objects([value]).reshape(())


def _objects(values: list) -> np.ndarray:
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found


def _jacobian(below: Place, above: Place, world: World) -> np.ndarray:
    """Return rows by entries of `below`; a matrix above gives a third axis, laid out as its derivative."""
    shapes, slopes = world.graph.network.shapes, world.immediates(below)
    rows, columns = entries(shapes[below.name]), entries(shapes[above.name])
    values = [slopes.get((Place(*below[:2], r), Place(*above[:2], c)), 0) for r in rows for c in columns]
    shape = (len(rows), *shapes[above.name])
    found = _objects(values).reshape(shape if len(shape) > 1 else (*shape, 1))
    return found.transpose(0, 2, 1) if found.ndim == 3 else found


def _combined(operator: str, left: Any, right: Any) -> Any:
    if left is None or right is None:
        return left if right is None else right
    left, right = (side if isinstance(side, np.ndarray) else _number(side) for side in (left, right))
    if operator == "@" and np.ndim(left) and np.ndim(right):
        return np.tensordot(left, right, axes=(1, 0))[0] if np.ndim(right) == 3 else left @ right
    if operator == "+":
        return left + right
    if operator == "-":
        return left - right
    return left / right if operator == "/" else left * right


def _applied(function: str, argument: Any, world: World) -> Any:
    of = world.arithmetic.functions.get(function)
    if function == "softmax":
        column = [of(*argument[:, 0], entry=k) for k in range(1, len(argument) + 1)]
        return _objects(column).reshape(-1, 1)
    return _objects([of(u) for u in np.ravel(argument)]).reshape(np.shape(argument))


def _diagonal(column: np.ndarray) -> np.ndarray:
    found = np.full((len(column), len(column)), 0, dtype=object)
    found[np.arange(len(column)), np.arange(len(column))] = column[:, 0]
    return found


def _sum(terms) -> Any:
    present = [term for term in terms if term is not None]
    total = present[0]
    for term in present[1:]:
        total = total + term
    return total
