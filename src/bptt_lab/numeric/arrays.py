"""Checks at the door, and buffers kept between calls."""

import math
from cmath import isfinite
from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
DTYPES = (*FLOATS, np.dtype(np.complex128))
CACHE_LINE = 64  # bytes
Arrays = dict[str, np.ndarray]  # by name: parameters, or gradients by them
Floats = np.ndarray | np.floating | np.complexfloating | complex  # what `as_floats` takes; hints count float as complex


def is_finite(array: np.ndarray) -> bool:
    """Tell whether an array holds no NaN and no infinity.

    Shapes: any. Errors: none.
    """
    # One dot product answers nearly always, many times cheaper than isfinite on small arrays.
    # Only when the squares overflow (or meet NaN or infinity) does it take the slow way; callers
    # silence the warning about that overflow, which means nothing.
    flat = array.ravel("K")
    return isfinite(flat.dot(flat)) or bool(np.isfinite(array).all())


def check(name: str, array: np.ndarray, shape: tuple[int, ...], dtype: npt.DTypeLike, letters: str = "") -> None:
    """Refuse an array unless type, shape, dtype and values are what a function needs.

    Shapes: `shape` is the exact tuple expected; `letters` names its axes in the message.
    Errors: TypeError for the wrong type or dtype, ValueError for the wrong shape, NaN or infinity.
    """
    if type(array) is not np.ndarray or array.shape != shape or array.dtype != dtype or not is_finite(array):
        _refuse(name, array, shape, dtype, letters)


def check_form(name: str, array: np.ndarray, shape: tuple[int, ...], dtype: npt.DTypeLike, letters: str = "") -> None:
    """Refuse an array as `check` does, but trust its values, because they were checked before.

    Shapes and errors: as `check`, except for NaN and infinity.
    """
    if type(array) is not np.ndarray or array.shape != shape or array.dtype != dtype:
        _refuse(name, array, shape, dtype, letters)


def _refuse(name: str, array: np.ndarray, shape: tuple[int, ...], dtype: npt.DTypeLike, letters: str) -> None:
    check_type(name, array)
    if array.dtype != dtype:
        raise TypeError(
            f"{name} has dtype {array.dtype}, expected {dtype} like the other arrays: "
            f"convert it with {name}.astype(np.{dtype})."
        )
    if array.shape != shape:
        raise ValueError(_shape_message(name, array, shape, letters))
    raise ValueError(_finite_message(name, array))


def check_type(name: str, array: np.ndarray) -> None:
    """Refuse anything but a plain NumPy array of float32, float64 or complex128.

    Shapes: any. Errors: TypeError.
    """
    if type(array) is not np.ndarray:
        raise TypeError(
            f"{name} is of type {type(array).__name__}, expected a NumPy array: "
            f"convert it with np.asarray({name}, dtype=np.float64)."
        )
    if array.dtype not in DTYPES:
        raise TypeError(
            f"{name} has dtype {array.dtype}, expected float32 or float64 "
            f"(complex128 in a complex-step check): convert it with {name}.astype(np.float64)."
        )


def check_axes(name: str, array: np.ndarray, letters: str) -> tuple[int, ...]:
    """Return the shape of an array, refusing another number of axes than there are letters.

    Shapes: `letters` such as "T, B, D". Errors: TypeError, ValueError, also for an empty array.
    """
    if type(array) is not np.ndarray or array.dtype not in DTYPES:
        check_type(name, array)
    wanted = letters.count(",") + 1
    if array.ndim != wanted:
        mend = "reshape it"
        if letters.startswith("T, B") and array.ndim == wanted - 1:
            mend = f"one sequence needs a batch axis of length 1, {name}[:, None]"
        raise ValueError(f"{name} has shape {array.shape}, expected {wanted} axes ({letters}): {mend}.")
    check_not_empty(name, array, letters)
    return array.shape


def check_not_empty(name: str, array: np.ndarray, letters: str = "...") -> None:
    """Refuse an array without elements.

    Shapes: any. Errors: ValueError.
    """
    if array.size == 0:
        raise ValueError(
            f"{name} has shape {array.shape}, which is empty, expected at least one element "
            f"along each axis ({letters}): pass at least one step, sequence and unit."
        )


@np.errstate(over="ignore", invalid="ignore")
def as_floats(name: str, values: Floats) -> np.ndarray:
    """Return an array or a Python float as a checked, finite array.

    Shapes: any, kept; a Python float becomes an array without axes.
    Errors: TypeError for integers and other types, ValueError for NaN, infinity or no elements.
    """
    if isinstance(values, (float, complex, np.floating, np.complexfloating)):
        values = np.asarray(values)
    if type(values) is not np.ndarray or values.dtype not in DTYPES:
        check_type(name, values)
    check_not_empty(name, values)
    if not is_finite(values):
        raise ValueError(_finite_message(name, values))
    return values


def check_classes(name: str, array: np.ndarray) -> None:
    """Refuse a single number where the last axis holds one number per class.

    Shapes: (..., K). Errors: ValueError.
    """
    if array.ndim == 0:
        raise ValueError(
            f"{name} is a single number, expected an array (..., K) with one number per class: "
            f"collect the numbers with np.array([...])."
        )


def check_size(name: str, size: int) -> None:
    """Refuse a size that is not an integer of at least 1.

    Shapes: none. Errors: ValueError.
    """
    if not isinstance(size, (int, np.integer)) or isinstance(size, bool) or size < 1:
        raise ValueError(f"{name} is {size!r}, expected an integer of at least 1: correct it.")


def above(name: str, value: float, bound: float) -> float:
    """Return a number above a bound as a Python float, beside which float32 stays float32.

    Shapes: numbers. Errors: ValueError unless finite and above it.
    """
    if not bound < value < np.inf:
        raise ValueError(f"{name} is {value}, expected a finite number above {bound}: correct it.")
    return float(value)


def check_pair(name: str, array: Floats, other_name: str, other: Floats) -> tuple[np.ndarray, np.ndarray]:
    """Check two arrays that must agree in shape and dtype, such as predictions and targets.

    Shapes: any, both the same. Errors: TypeError, ValueError.
    """
    array, other = as_floats(name, array), as_floats(other_name, other)
    # Targets stay real while a complex step walks through the predictions.
    wanted = array.real.dtype if other.dtype in FLOATS else array.dtype
    check(other_name, other, array.shape, wanted, f"like {name}")
    return array, other


def check_names(name: str, mapping: Mapping[str, object], expected: Collection[str]) -> None:
    """Refuse a dict that lacks an expected name or holds an unexpected one.

    Shapes: none. Errors: TypeError if it is no dict, ValueError for missing or extra names.
    """
    if isinstance(mapping, dict) and mapping.keys() == set(expected):
        return
    listed = ", ".join(expected)
    if not isinstance(mapping, dict):
        raise TypeError(
            f"{name} is of type {type(mapping).__name__}, expected a dict of arrays with the "
            f"names {listed}: build it with dict(...)."
        )
    for missing in (key for key in expected if key not in mapping):
        raise ValueError(f"{name} has no {missing}, expected the names {listed}: add {name}[{missing!r}].")
    extra = next(key for key in mapping if key not in expected)
    raise ValueError(
        f"{name} has the unexpected entry {extra!r}, expected only {listed}: remove it, or correct its spelling."
    )


def check_labels(labels: np.ndarray, shape: tuple[int, ...], classes: int, ignore: int | None = None) -> np.ndarray:
    """Return integer labels as flat class indices, refusing what is no class.

    Shapes: labels (T, B), or `shape` in general; returned (T·B,). Labels equal to `ignore`, an
    integer unless None, are returned as 0. Errors: TypeError unless integers, ValueError for a
    wrong shape or a label outside 0..K-1.
    """
    if type(labels) is not np.ndarray or labels.dtype.kind not in "iu":
        what = getattr(labels, "dtype", type(labels).__name__)
        raise TypeError(
            f"labels is of type {what}, expected a NumPy array of integers, the index of the "
            f"class at each step: convert it with np.asarray(labels).astype(np.int64)."
        )
    if labels.shape != shape:
        raise ValueError(_shape_message("labels", labels, shape, "T, B"))
    indices = labels.reshape(-1).astype(np.intp)
    if ignore is not None:
        check_ignore(ignore)
        indices[labels.reshape(-1) == ignore] = 0
    # Read as unsigned, a negative label is huge: one reduction checks both ends.
    if np.maximum.reduce(indices.view(np.uintp)) >= classes:
        worst = indices[(indices < 0) | (indices >= classes)][0]
        raise ValueError(
            f"labels contains {worst}, expected classes 0 to {classes - 1} because there are "
            f"K = {classes} of them: count classes from 0, or give the network more outputs."
        )
    return indices


def check_ignore(ignore: int) -> None:
    """Refuse a label to leave out that is no integer.

    Shapes: none. Errors: TypeError.
    """
    if isinstance(ignore, bool) or not isinstance(ignore, (int, np.integer)):
        raise TypeError(f"ignore is {ignore!r}, expected an integer: pass the label to leave out, as -1.")


def empty(shape: tuple[int, ...], dtype: npt.DTypeLike) -> np.ndarray:
    """Return an array without values that begins at a cache line, which vector units like best.

    Shapes: `shape`. Errors: those of np.empty.
    """
    count, dtype = math.prod(shape), np.dtype(dtype)
    raw = np.empty(count * dtype.itemsize + CACHE_LINE, np.uint8)
    start = -raw.__array_interface__["data"][0] % CACHE_LINE
    return raw[start : start + count * dtype.itemsize].view(dtype).reshape(shape)


class Workspace:
    """Buffers kept between calls, one set per kind, shape and dtype.

    Pass the same workspace to forward, loss and backward to spare the allocation of large arrays.
    The price: every array with a time axis that such a call returns (h1, a2, d_a2, the gradient
    by x) is overwritten by the next call with the same workspace; copy what must live longer.
    Gradients of parameters and of h_start are always fresh. Not for several threads at once.
    At most `keep` sets are kept; the oldest is let go first.
    """

    def __init__(self, keep: int = 16) -> None:
        self.keep = keep
        self._sets: dict[tuple, Any] = {}

    def get(self, make: Callable[..., Any], *arguments: Any) -> Any:
        """Return make(*arguments), the same object each time for the same arguments.

        Shapes: those of `make`. Errors: those of `make`.
        """
        key = (make, *arguments)
        found = self._sets.get(key)
        if found is None:
            if len(self._sets) >= self.keep:
                del self._sets[next(iter(self._sets))]
            found = self._sets[key] = make(*arguments)
        return found


def buffers(workspace: Workspace | None, make: Callable[..., Any], *arguments: Any) -> Any:
    """Return a set of buffers: the workspace's if there is one, otherwise a fresh set.

    Shapes: those of `make`. Errors: those of `make`, TypeError if it is no Workspace.
    """
    if workspace is None:
        return make(*arguments)
    if not isinstance(workspace, Workspace):
        raise TypeError(
            f"workspace is of type {type(workspace).__name__}, expected a Workspace or None: "
            f"make one with arrays.Workspace()."
        )
    return workspace.get(make, *arguments)


def _shape_message(name: str, array: np.ndarray, shape: tuple[int, ...], letters: str) -> str:
    mend = "check which sizes it was made with"
    if array.shape == shape[::-1]:
        mend = f"pass {name}.T"
    elif array.ndim == len(shape) - 1 and array.shape == shape[:1] + shape[2:]:
        mend = f"one sequence needs a batch axis of length 1, {name}[:, None]"
    elif array.ndim != len(shape) and array.size == np.prod(shape):
        mend = f"reshape it with {name}.reshape{shape}"
    named = f"({letters}) = {shape}" if letters else f"{shape}"
    return f"{name} has shape {array.shape}, expected {named}: {mend}."


def _finite_message(name: str, array: np.ndarray) -> str:
    place = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
    where = f"{name}[{', '.join(map(str, place))}]" if place else name
    return (
        f"{name} contains {array[place]} at {where}, expected finite numbers: "
        f"look for the division or overflow that made it."
    )
