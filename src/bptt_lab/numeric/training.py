"""Training: gradient descent, Adam, clipping, and a loop that draws a batch, differentiates and steps.

An optimiser is a pure function of dicts of arrays: parameters, gradients and state go in, new
parameters and a new state come out, and nothing is changed in place. The state before the first
step is None.
"""

import sys
from typing import NamedTuple

import numpy as np

from .arrays import as_floats, check, check_names

__all__ = ["AdamState", "Run", "adam", "clip_by_global_norm", "falling", "global_norm", "progress", "sgd", "train"]


class AdamState(NamedTuple):
    """What Adam remembers: the number of steps, and running means of gradients and of their squares.

    Shapes: `first` and `second` are dicts like the parameters.
    """

    step: int
    first: dict
    second: dict


class Run(NamedTuple):
    """What `train` returns.

    Shapes: params as at the start; losses and norms (steps,), the norms before clipping; `kept` a
    dict from a number of finished steps to the parameters at that point, 0 and `steps` among them.
    """

    params: dict
    losses: np.ndarray
    norms: np.ndarray
    kept: dict


def sgd(params, gradients, state=None, rate=0.1, momentum=0.0):
    """Return the parameters after one step of gradient descent, and the state for the next step.

    Shapes: gradients and state like params. Errors: TypeError, ValueError.
    Equations: v = momentum v + g, w = w - rate v, with v = 0 before the first step.
    """
    _check_like("gradients", gradients, params)
    _check_above("rate", rate, 0)
    _check_share("momentum", momentum)
    state = {name: np.zeros_like(array) for name, array in params.items()} if state is None else state
    _check_like("state", state, params)
    moving = {name: momentum * state[name] + gradients[name] for name in params}
    return {name: params[name] - rate * moving[name] for name in params}, moving


def adam(params, gradients, state=None, rate=0.001, first=0.9, second=0.999, epsilon=1e-8):
    """Return the parameters after one step of Adam, and the state for the next step.

    Shapes: gradients like params; state an AdamState or None. Errors: TypeError, ValueError.
    Equations (Kingma and Ba, "Adam", algorithm 1), at step n:
    m = first m + (1 - first) g, v = second v + (1 - second) g^2,
    w = w - rate (m / (1 - first^n)) / (sqrt(v / (1 - second^n)) + epsilon).
    """
    _check_like("gradients", gradients, params)
    _check_above("rate", rate, 0)
    _check_above("epsilon", epsilon, 0)
    _check_share("first", first)
    _check_share("second", second)
    n, m, v = _checked_adam_state(state, params)
    n += 1
    m = {name: first * m[name] + (1 - first) * g for name, g in gradients.items()}
    v = {name: second * v[name] + (1 - second) * g * g for name, g in gradients.items()}
    # The means start at zero and are too small at first; dividing by the sum of their weights mends it.
    by_first, by_second = 1 - first**n, 1 - second**n

    def moved(name):
        return params[name] - rate * (m[name] / by_first) / (np.sqrt(v[name] / by_second) + epsilon)

    return {name: moved(name) for name in params}, AdamState(n, m, v)


def global_norm(gradients):
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


def clip_by_global_norm(gradients, limit):
    """Return the gradients, all scaled alike where their global norm exceeds the limit, and that norm.

    Shapes: a dict of arrays, its names and shapes kept; the norm is the one before clipping.
    Errors: TypeError, ValueError. Equation: g min(1, limit / norm). The direction never changes,
    and what is below the limit is left alone.
    """
    _check_above("limit", limit, 0)
    norm = global_norm(gradients)
    scale = limit / norm if norm > limit else 1.0
    return {name: array * scale for name, array in gradients.items()}, norm


def falling(rate):
    """Return a learning rate by the share of training done: level for one half, then straight to zero.

    Shapes: numbers. Errors: ValueError for a rate that is not positive.
    """
    _check_above("rate", rate, 0)
    return lambda done: rate * min(1.0, 2 * (1 - done))


def train(params, draw, loss_and_gradients, rng, steps=1000, rate=0.01, update=adam, limit=1.0, keep=0, label=""):
    """Draw a batch, differentiate, clip and step, `steps` times; return a Run.

    `draw(rng)` returns a tuple, the batch; `loss_and_gradients(params, *batch)` the loss and a dict
    of gradients, of which only those of parameters are used; `rate` is a number or a function of
    the share of training done; `keep` asks for the parameters at every so many steps; with a
    `label` a terminal shows a progress bar meanwhile. The result depends on rng alone.
    Errors: TypeError, ValueError, also when loss or gradients are no longer finite.
    """
    if isinstance(steps, bool) or not isinstance(steps, (int, np.integer)) or steps < 1:
        raise ValueError(f"steps is {steps!r}, expected an integer of at least 1: correct it.")
    rate_at = rate if callable(rate) else lambda done: rate
    state, losses, norms, kept = None, np.empty(steps), np.empty(steps), {0: params}
    for step in progress(range(steps), label):
        loss, gradients = loss_and_gradients(params, *draw(rng))
        wanted, norms[step] = clip_by_global_norm({name: gradients[name] for name in params}, limit)
        losses[step] = as_floats("the loss", float(loss))
        params, state = update(params, wanted, state, rate=rate_at(step / steps))
        if step + 1 == steps or (keep and (step + 1) % keep == 0):
            kept[step + 1] = params
    return Run(params, losses, norms, kept)


def progress(items, label, stream=None, width=30):
    """Yield the items of a sequence; a terminal shows a bar meanwhile, wiped at the end.

    Shapes: none. Nothing else shows it: in a notebook what is written stays, red where it is stderr, and JupyterLab
    marks a cell that runs by itself.
    """
    stream = sys.stderr if stream is None else stream
    total, drawn = len(items), None
    watched = bool(label) and stream.isatty()
    for count, item in enumerate(items):
        if watched and (filled := width * count // total) != drawn:
            drawn = filled
            stream.write(f"\r{label} [{'#' * filled}{'.' * (width - filled)}]")
            stream.flush()
        yield item
    if watched:
        stream.write("\r" + " " * (len(label) + width + 3) + "\r")
        stream.flush()


def _checked_adam_state(state, params):
    if state is None:
        zeros = {name: np.zeros_like(array) for name, array in params.items()}
        return 0, zeros, zeros
    if not isinstance(state, AdamState):
        raise TypeError(
            f"state is of type {type(state).__name__}, expected an AdamState or None: "
            f"pass the second value that adam returned."
        )
    _check_like("state.first", state.first, params)
    _check_like("state.second", state.second, params)
    return state


@np.errstate(over="ignore", invalid="ignore")
def _check_like(name, found, params):
    check_names(name, found, tuple(params))
    for key, array in params.items():
        as_floats(key, array)
        check(f"{name}[{key!r}]", found[key], array.shape, array.dtype, f"like {key}")


def _check_above(name, value, bound):
    if not bound < value < np.inf:
        raise ValueError(f"{name} is {value}, expected a finite number above {bound}: correct it.")


def _check_share(name, value):
    if not 0 <= value < 1:
        raise ValueError(f"{name} is {value}, expected a number from 0 to below 1: correct it.")
