"""Arrays by name, as a user gives them, to the values of single entries and back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from bptt_lab.formulas.errors import nearest
from bptt_lab.network.errors import NetworkError
from bptt_lab.network.places import Place
from bptt_lab.network.scalars import entries
from bptt_lab.network.shapes import Shape

if TYPE_CHECKING:
    from bptt_lab.network.graph import Graph


def unpack(graph: Graph, values: Mapping[str, Any]) -> dict[Place, Any]:
    """Return the value of every entry of every leaf, after checking keys, shapes and numbers (errors: NetworkError)."""
    _check_keys(graph, values)
    shapes = {graph.key(place): shape for place, shape in graph.leaves.items()}
    arrays = {
        key: _checked(graph, key, np.asarray(values.get(key, np.zeros(shapes[key]))), shapes[key]) for key in shapes
    }
    found: dict[Place, Any] = {}
    for place, shape in graph.leaves.items():
        array = arrays[graph.key(place)]
        row = array[place.time - 1] if array.ndim > len(shape) else array
        found |= zip(graph.entries(place), row.ravel().tolist(), strict=True)
    return found


def pack(graph: Graph, totals: Mapping[Place, Any], values: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Return the leaves' entries as arrays by key, each of the shape of its value."""
    found: dict[str, np.ndarray] = {}
    for place, shape in graph.leaves.items():
        key, gradient = graph.key(place), entry_array(totals, place, shape).astype(float)
        if _has_rows(graph, key) and np.size(values[key]) != gradient.size or len(graph.times.get(key, ())) > 1:
            found.setdefault(key, np.zeros((graph.T, *shape)))[place.time - 1] = gradient
        else:
            found[key] = gradient
    return {key: gradient.reshape(np.shape(values.get(key, gradient))) for key, gradient in found.items()}


def entry_array(values: Mapping[Place, Any], place: Place, shape: Shape) -> np.ndarray:
    """Return the entries of a place as an array of its shape."""
    return np.array([values[Place(*place[:2], entry)] for entry in entries(shape)]).reshape(shape)


def _has_rows(graph: Graph, key: str) -> bool:
    return key in graph.network.inputs


def _check_keys(graph: Graph, values: Mapping[str, Any]) -> None:
    known = dict.fromkeys(graph.key(place) for place in graph.leaves)
    for key in values:
        if key not in known:
            raise NetworkError(
                f"values holds {key!r}, which this network does not use." + nearest(str(key), known),
                f"Its keys are {', '.join(known)}.",
            )
    missing = [key for key in known if key not in values and key not in graph.boundaries]
    if missing:
        raise NetworkError(
            f"values lacks {', '.join(missing)}.", "Give every parameter and input; only states may be left out."
        )


def _checked(graph: Graph, key: str, array: np.ndarray, shape: Shape) -> np.ndarray:
    """Return an array in its full shape: (T, *shape) for an input, or one row where only one step uses it."""
    if array.dtype.kind not in "fciu":
        raise NetworkError(f"{key} holds {array.dtype}, not numbers.", "Give an array of floats.")
    if not np.isfinite(array).all():
        raise NetworkError(f"{key} holds a value that is not finite.", "Look for nan or inf before calling.")
    rows = _has_rows(graph, key)
    allowed = [(graph.T, *shape)] if rows else [shape]
    if rows and len(graph.times[key]) == 1:
        allowed.append(shape)
    for full in allowed:
        if array.shape == full or math.prod(shape) == 1 and array.shape == full[: len(full) - len(shape)]:
            return array.reshape(full)
    raise NetworkError(
        f"{key} has the shape {array.shape}; expected {' or '.join(map(str, allowed))}.",
        "One row a step, one column an entry." if rows else "Compare the sizes of the network.",
    )
