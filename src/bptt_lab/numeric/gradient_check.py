"""Numerical witnesses for a gradient: complex step, central differences, random directions.

`loss_function` takes a dict of arrays and returns one number. `arrays` is such a dict: everything
the loss is differentiated by, and (for a complex step) every other float array it uses, because
all of them become complex together. No function here changes what it is given.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .arrays import Arrays, Floats, as_floats, check_names

Loss = Callable[[Arrays], Any]  # one number, complex where the arrays are


class Valley(NamedTuple):
    """Relative errors of three directional derivatives, one entry per step size.

    Shapes: every field is (number of steps,).
    """

    steps: np.ndarray
    one_sided: np.ndarray
    central: np.ndarray
    complex_step: np.ndarray


def complex_step(loss_function: Loss, arrays: Arrays, step: float = 1e-30) -> Arrays:
    """Return the gradient by every array, each entry from one complex step.

    Shapes: a dict with the names and shapes of `arrays`. Errors: TypeError, ValueError, also when
    the loss function loses the imaginary part. Nothing is subtracted, so nothing cancels.
    Equation: dL/dw = Im L(w + i step) / step.
    """
    arrays = _checked(arrays, np.complex128, step)

    def derivative(moved: Arrays) -> Any:
        return _imaginary(loss_function, moved) / step

    return _by_entry(arrays, lambda array, place: derivative(_moved(arrays, array, place, 1j * step)))


def central_difference(loss_function: Loss, arrays: Arrays, step: float = 1e-5) -> Arrays:
    """Return the gradient by every array, each entry from two steps in opposite directions.

    Shapes: a dict with the names and shapes of `arrays`. Errors: TypeError, ValueError; float32 is
    refused, because the difference would drown in its rounding.
    Equation: dL/dw = (L(w + step) - L(w - step)) / (2 step), error of order step^2.
    """
    arrays = _checked(arrays, np.float64, step)

    def difference(name: str, place: tuple[int, ...]) -> Any:
        up = _real(loss_function, _moved(arrays, name, place, step))
        down = _real(loss_function, _moved(arrays, name, place, -step))
        return (up - down) / (2 * step)

    return _by_entry(arrays, difference)


def along_directions(
    loss_function: Loss,
    arrays: Arrays,
    gradients: Arrays,
    rng: np.random.Generator,
    directions: int = 8,
    step: float = 1e-5,
) -> float:
    """Return the worst relative difference of derivatives along random directions.

    Shapes: gradients like arrays. Two evaluations per direction however many entries there are;
    every direction moves all entries of all arrays at once. Errors: TypeError, ValueError.
    Equation: sum <gradient, v> against (L(w + step v) - L(w - step v)) / (2 step), |v| = 1.
    """
    arrays = _checked(arrays, np.float64, step)
    gradients = _checked_gradients(gradients, arrays)
    if directions < 1:
        raise ValueError(f"directions is {directions}, expected at least 1: pass a larger number.")
    claimed, measured = np.empty(directions), np.empty(directions)
    for i in range(directions):
        direction = random_direction(arrays, rng)
        claimed[i] = _inner(gradients, direction)
        measured[i] = _central(loss_function, arrays, direction, step)
    return relative_difference(claimed, measured)


def step_size_valley(
    loss_function: Loss,
    arrays: Arrays,
    gradients: Arrays,
    direction: Arrays | np.random.Generator,
    steps: np.ndarray | None = None,
) -> Valley:
    """Return the errors of one-sided, central and complex-step derivatives for many step sizes.

    Shapes: gradients like arrays; `direction` likewise, or a NumPy random generator that draws
    one. Returns a Valley; errors are relative to the derivative that `gradients` claim.
    Errors: TypeError, ValueError. Equations: (L(w + s v) - L(w)) / s,
    (L(w + s v) - L(w - s v)) / (2 s) and Im L(w + i s v) / s.
    """
    steps = np.logspace(-1, -15, 29) if steps is None else np.asarray(steps, dtype=np.float64)
    arrays = _checked(arrays, np.float64, steps.min())
    gradients = _checked_gradients(gradients, arrays)
    if isinstance(direction, np.random.Generator):
        direction = random_direction(arrays, direction)
    claimed = _inner(gradients, direction)
    here = _real(loss_function, arrays)

    def one_sided(step: float) -> Any:
        return (_real(loss_function, _along(arrays, direction, step)) - here) / step

    def complexly(step: float) -> Any:
        return _imaginary(loss_function, _along(arrays, direction, 1j * step)) / step

    def errors(derivative: Callable[[float], Any]) -> np.ndarray:
        return np.array([relative_difference(claimed, derivative(step)) for step in steps])

    central = errors(lambda step: _central(loss_function, arrays, direction, step))
    return Valley(steps, errors(one_sided), central, errors(complexly))


def random_direction(arrays: Arrays, rng: np.random.Generator) -> Arrays:
    """Draw one direction of length 1 in the space of all entries of all arrays.

    Shapes: a dict with the names and shapes of `arrays`. Errors: none.
    """
    drawn = {name: rng.standard_normal(array.shape) for name, array in arrays.items()}
    length = np.sqrt(_inner(drawn, drawn))
    return {name: array / length for name, array in drawn.items()}


def relative_difference(a: Floats, b: Floats) -> float:
    """Return the largest difference of two arrays relative to their largest entry.

    Shapes: a and b the same, or two numbers. Two zeros agree: 0 / 0 counts as 0.
    Errors: ValueError for different shapes, NaN or infinity; never NaN in silence.
    Equation: max |a - b| / max(max |a|, max |b|).
    """
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape:
        raise ValueError(
            f"a has shape {a.shape} and b has shape {b.shape}, expected the same: "
            f"a gradient has the shape of its parameter."
        )
    a, b = as_floats("a", a * 1.0), as_floats("b", b * 1.0)
    largest = max(np.abs(a).max(), np.abs(b).max())
    return float(np.abs(a - b).max() / largest) if largest > 0 else 0.0


def relative_differences(gradients: Arrays, expected: Arrays) -> dict[str, float]:
    """Return relative_difference for each name of two dicts of arrays.

    Shapes: the same names and shapes in both. Errors: TypeError, ValueError.
    """
    check_names("gradients", gradients, tuple(expected))
    differences = {}
    for name, array in expected.items():
        try:
            differences[name] = relative_difference(gradients[name], array)
        except (TypeError, ValueError) as error:
            raise type(error)(f"gradients[{name!r}] (a) against expected (b): {error}") from None
    return differences


def _checked(arrays: Arrays, dtype: npt.DTypeLike, step: float) -> Arrays:
    if not isinstance(arrays, dict) or not arrays:
        raise TypeError(
            f"arrays is {type(arrays).__name__}, expected a dict of at least one array: "
            f"pass for example dict(params, x=x, h_start=h_start)."
        )
    if not step > 0:
        raise ValueError(f"step is {step}, expected a positive number: leave it out.")
    for name, array in arrays.items():
        as_floats(name, array)
        if dtype == np.float64 and array.dtype != np.float64:
            raise TypeError(
                f"{name} has dtype {array.dtype}, expected float64, because a difference drowns "
                f"in the rounding of anything shorter: use {name}.astype(np.float64)."
            )
    return {name: np.asarray(array, dtype=dtype) for name, array in arrays.items()}


def _checked_gradients(gradients: Arrays, arrays: Arrays) -> Arrays:
    check_names("gradients", gradients, tuple(arrays))
    for name, array in arrays.items():
        shape = as_floats(f"gradients[{name!r}]", gradients[name]).shape
        if shape != array.shape:
            raise ValueError(
                f"gradients[{name!r}] has shape {shape}, expected {array.shape}: "
                f"a gradient has the shape of its parameter."
            )
    return gradients


def _by_entry(arrays: Arrays, derivative: Callable[[str, tuple[int, ...]], Any]) -> Arrays:
    gradients = {name: np.empty(array.shape) for name, array in arrays.items()}
    for name, gradient in gradients.items():
        for place in np.ndindex(gradient.shape):
            gradient[place] = derivative(name, place)
    return gradients


def _moved(arrays: Arrays, name: str, place: tuple[int, ...], step: complex) -> Arrays:
    # Every array is copied: a loss function that changes its inputs must not spoil the next entry.
    moved = {key: array.copy() for key, array in arrays.items()}
    moved[name][place] += step
    return moved


def _along(arrays: Arrays, direction: Arrays, step: complex) -> Arrays:
    return {name: array + step * direction[name] for name, array in arrays.items()}


def _central(loss_function: Loss, arrays: Arrays, direction: Arrays, step: float) -> float:
    up = _real(loss_function, _along(arrays, direction, step))
    down = _real(loss_function, _along(arrays, direction, -step))
    return (up - down) / (2 * step)


def _inner(a: Arrays, b: Arrays) -> float:
    return sum(float(np.vdot(a[name], b[name])) for name in a)


def _real(loss_function: Loss, arrays: Arrays) -> Any:
    loss = _number(loss_function(arrays))
    if np.iscomplexobj(loss):
        raise TypeError(
            "the loss is complex for real arrays, expected a real number: "
            "look for a complex constant in the loss function."
        )
    return loss


def _imaginary(loss_function: Loss, arrays: Arrays) -> Any:
    loss = _number(loss_function(arrays))
    if not np.iscomplexobj(loss):
        raise TypeError(
            "the loss is real for complex arrays, expected the imaginary part to come through: "
            "look for abs, .real, float() or astype in the loss function."
        )
    return loss.imag


def _number(loss: Any) -> Any:
    loss = np.asarray(loss)
    if loss.ndim or not np.isfinite(loss):
        raise ValueError(
            f"the loss is {loss}, expected one finite number: return the loss alone, summed over steps and sequences."
        )
    return loss[()]
