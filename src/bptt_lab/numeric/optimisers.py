"""Optimisers, and clipping of gradients.

An optimiser is a pure function of dicts of arrays: parameters, gradients and state go in, new
parameters and a new state come out, and nothing is changed in place. The state before the first
step is None. All operations are entry by entry; where a gradient is 0 and has always been, the
parameter stays where it is.
"""

from typing import NamedTuple

import numpy as np

from .arrays import Arrays, above, as_floats, check, check_names

__all__ = [
    "AdamState",
    "RpropState",
    "adagrad",
    "adam",
    "clip_by_global_norm",
    "clip_by_value",
    "global_norm",
    "rmsprop",
    "rprop",
    "sgd",
]


class AdamState(NamedTuple):
    """What Adam remembers: the number of steps, and running means of gradients and of their squares.

    Shapes: `first` and `second` are dicts like the parameters.
    """

    step: int
    first: Arrays
    second: Arrays


class RpropState(NamedTuple):
    """What Rprop remembers of each entry: the length of its last step, and the sign of its last gradient.

    Shapes: `lengths` and `signs` are dicts like the parameters.
    """

    lengths: Arrays
    signs: Arrays


def sgd(
    params: Arrays, gradients: Arrays, state: Arrays | None = None, rate: float = 0.1, momentum: float = 0.0
) -> tuple[Arrays, Arrays]:
    """Return the parameters after one step of gradient descent, and the state for the next step.

    Shapes: gradients and state like params. Errors: TypeError, ValueError.
    Equations: v = momentum v + g, w = w - rate v, with v = 0 before the first step.
    """
    _check_like("gradients", gradients, params)
    rate = above("rate", rate, 0)
    _check_share("momentum", momentum)
    before = _checked_state(state, params)
    moving = {name: momentum * before[name] + gradients[name] for name in params}
    return {name: params[name] - rate * moving[name] for name in params}, moving


def adagrad(
    params: Arrays, gradients: Arrays, state: Arrays | None = None, rate: float = 0.01, epsilon: float = 1e-8
) -> tuple[Arrays, Arrays]:
    """Return the parameters after one step of Adagrad, and the state for the next step.

    Shapes: gradients and state like params. Errors: TypeError, ValueError.
    Equations (Duchi, Hazan and Singer, "Adaptive subgradient methods", the diagonal form):
    v = v + g^2, w = w - rate g / (sqrt(v) + epsilon), with v = 0 before the first step.
    """
    _check_like("gradients", gradients, params)
    rate, epsilon = above("rate", rate, 0), above("epsilon", epsilon, 0)
    before = _checked_state(state, params)
    squares = {name: before[name] + g * g for name, g in gradients.items()}
    return _moved_by_root(params, gradients, squares, rate, epsilon), squares


def rmsprop(
    params: Arrays,
    gradients: Arrays,
    state: Arrays | None = None,
    rate: float = 0.001,
    share: float = 0.9,
    epsilon: float = 1e-8,
) -> tuple[Arrays, Arrays]:
    """Return the parameters after one step of RMSProp, and the state for the next step.

    Shapes: gradients and state like params. Errors: TypeError, ValueError.
    Equations (Tieleman and Hinton, "Neural networks for machine learning", lecture 6.5):
    v = share v + (1 - share) g^2, w = w - rate g / (sqrt(v) + epsilon), with v = 0 before the first
    step, which is not corrected for (Adam does), so that first steps are rate / sqrt(1 - share) long.
    """
    _check_like("gradients", gradients, params)
    rate, epsilon = above("rate", rate, 0), above("epsilon", epsilon, 0)
    _check_share("share", share)
    before = _checked_state(state, params)
    means = {name: share * before[name] + (1 - share) * g * g for name, g in gradients.items()}
    return _moved_by_root(params, gradients, means, rate, epsilon), means


def rprop(
    params: Arrays,
    gradients: Arrays,
    state: RpropState | None = None,
    rate: float = 0.1,
    longer: float = 1.2,
    shorter: float = 0.5,
    shortest: float = 1e-6,
    longest: float = 50.0,
) -> tuple[Arrays, RpropState]:
    """Return the parameters after one step of Rprop, and the state for the next step.

    Shapes: gradients like params; state an RpropState or None. Errors: TypeError, ValueError.
    Equations (Riedmiller and Braun, "A direct adaptive method for faster backpropagation learning"),
    with s = sign(g) now and r one step before, r = 0 and d = rate before the first step:

        d = min(longer d, longest) where r s > 0, max(shorter d, shortest) where r s < 0, else d
        w = w - s d

    This is the variant that takes no step back (Rprop-): in the paper's own (Rprop+) a change of
    sign also undoes the last step. `rate` is the length of the first steps alone. Only signs count,
    so it is meant for gradients over all examples, not for those of batches that change.
    """
    _check_like("gradients", gradients, params)
    rate, shortest = above("rate", rate, 0), above("shortest", shortest, 0)
    longest, longer = above("longest", longest, shortest), above("longer", longer, 1)
    _check_share("shorter", shorter)
    lengths, before = _checked_rprop_state(state, params, rate)
    signs = {name: np.sign(g) for name, g in gradients.items()}

    def adapted(name: str) -> np.ndarray:
        d, kept = lengths[name], signs[name] * before[name]  # a product of the gradients would underflow
        shrunk = np.where(kept < 0, np.maximum(shorter * d, shortest), d)
        return np.where(kept > 0, np.minimum(longer * d, longest), shrunk)

    found = {name: adapted(name) for name in params}
    return {name: params[name] - signs[name] * found[name] for name in params}, RpropState(found, signs)


def adam(
    params: Arrays,
    gradients: Arrays,
    state: AdamState | None = None,
    rate: float = 0.001,
    first: float = 0.9,
    second: float = 0.999,
    epsilon: float = 1e-8,
) -> tuple[Arrays, AdamState]:
    """Return the parameters after one step of Adam, and the state for the next step.

    Shapes: gradients like params; state an AdamState or None. Errors: TypeError, ValueError.
    Equations (Kingma and Ba, "Adam", algorithm 1), at step n:
    m = first m + (1 - first) g, v = second v + (1 - second) g^2,
    w = w - rate (m / (1 - first^n)) / (sqrt(v / (1 - second^n)) + epsilon).
    """
    _check_like("gradients", gradients, params)
    rate, epsilon = above("rate", rate, 0), above("epsilon", epsilon, 0)
    _check_share("first", first)
    _check_share("second", second)
    n, m, v = _checked_adam_state(state, params)
    n += 1
    m = {name: first * m[name] + (1 - first) * g for name, g in gradients.items()}
    v = {name: second * v[name] + (1 - second) * g * g for name, g in gradients.items()}
    # The means start at zero and are too small at first; dividing by the sum of their weights mends it.
    by_first, by_second = 1 - first**n, 1 - second**n

    def moved(name: str) -> np.ndarray:
        return params[name] - rate * (m[name] / by_first) / (np.sqrt(v[name] / by_second) + epsilon)

    return {name: moved(name) for name in params}, AdamState(n, m, v)


def global_norm(gradients: Arrays) -> float:
    """Return the length of all gradients together, as one vector.

    Shapes: a dict of arrays. Errors: TypeError, ValueError. Equation: sqrt(sum of all squares),
    computed relative to the largest entry, so that no square overflows.
    """
    if not isinstance(gradients, dict) or not gradients:
        raise TypeError("gradients is not a dict of at least one array: pass what a backward pass returns.")
    largest = max(float(np.abs(as_floats(name, array)).max()) for name, array in gradients.items())
    if largest == 0:
        return 0.0
    return largest * float(np.sqrt(sum(float(np.sum((array / largest) ** 2)) for array in gradients.values())))


def clip_by_global_norm(gradients: Arrays, limit: float) -> tuple[Arrays, float]:
    """Return the gradients, all scaled alike where their global norm exceeds the limit, and that norm.

    Shapes: a dict of arrays, its names and shapes kept; the norm is the one before clipping.
    Errors: TypeError, ValueError. Equation: g min(1, limit / norm). The direction never changes,
    and what is below the limit is left alone.
    """
    limit = above("limit", limit, 0)
    norm = global_norm(gradients)
    scale = limit / norm if norm > limit else 1.0
    return {name: array * scale for name, array in gradients.items()}, norm


def clip_by_value(gradients: Arrays, limit: float) -> tuple[Arrays, float]:
    """Return the gradients, each entry cut off at -limit and limit, and their global norm before.

    Shapes: a dict of arrays, its names and shapes kept. Errors: TypeError, ValueError.
    Equation: min(max(g, -limit), limit). The direction changes where some entries are cut and
    others are not: `clip_by_global_norm` keeps it.
    """
    limit = above("limit", limit, 0)
    return {name: np.clip(array, -limit, limit) for name, array in gradients.items()}, global_norm(gradients)


def _moved_by_root(params: Arrays, gradients: Arrays, squares: Arrays, rate: float, epsilon: float) -> Arrays:
    # epsilon outside of the root: where nothing has ever pulled this is 0 / epsilon, no step
    return {name: params[name] - rate * g / (np.sqrt(squares[name]) + epsilon) for name, g in gradients.items()}


def _filled(params: Arrays, value: float) -> Arrays:
    return {name: np.full_like(array, value) for name, array in params.items()}


def _checked_state(state: Arrays | None, params: Arrays) -> Arrays:
    state = _filled(params, 0) if state is None else state
    _check_like("state", state, params)
    return state


def _checked_rprop_state(state: RpropState | None, params: Arrays, rate: float) -> tuple[Arrays, Arrays]:
    if state is None:
        return _filled(params, rate), _filled(params, 0)
    _check_kind(state, RpropState, "rprop")
    _check_like("state.lengths", state.lengths, params)
    _check_like("state.signs", state.signs, params)
    return state


def _checked_adam_state(state: AdamState | None, params: Arrays) -> tuple[int, Arrays, Arrays]:
    if state is None:
        return 0, _filled(params, 0), _filled(params, 0)
    _check_kind(state, AdamState, "adam")
    _check_like("state.first", state.first, params)
    _check_like("state.second", state.second, params)
    return state


def _check_kind(state: object, kind: type, optimiser: str) -> None:
    if not isinstance(state, kind):
        raise TypeError(
            f"state is of type {type(state).__name__}, expected {kind.__name__} or None: "
            f"pass the second value that {optimiser} returned."
        )


@np.errstate(over="ignore", invalid="ignore")
def _check_like(name: str, found: Arrays, params: Arrays) -> None:
    check_names(name, found, tuple(params))
    for key, array in params.items():
        as_floats(key, array)
        check(f"{name}[{key!r}]", found[key], array.shape, array.dtype, f"like {key}")


def _check_share(name: str, value: float) -> None:
    if not 0 <= value < 1:
        raise ValueError(f"{name} is {value}, expected a number from 0 to below 1: correct it.")
