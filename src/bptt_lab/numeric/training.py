"""Training: a loop that draws a batch, differentiates, clips and steps, and learning rates for it.

Optimisers and clipping are in `optimisers`.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TextIO, TypeVar

import numpy as np

from bptt_lab.waiting import line

from . import optimisers
from .arrays import Arrays, above, as_floats, check_size

__all__ = ["Run", "falling", "progress", "train"]

Item = TypeVar("Item")


class Run(NamedTuple):
    """What `train` returns.

    Shapes: params as at the start; losses and norms (steps,), the norms before clipping; `kept` a
    dict from a number of finished steps to the parameters at that point, 0 and `steps` among them.
    """

    params: Arrays
    losses: np.ndarray
    norms: np.ndarray
    kept: dict[int, Arrays]


def falling(rate: float) -> Callable[[float], float]:
    """Return a learning rate by the share of training done: level for one half, then straight to zero.

    Shapes: numbers. Errors: ValueError for a rate that is not positive.
    """
    rate = above("rate", rate, 0)
    return lambda done: rate * min(1.0, 2 * (1 - done))


def train(
    params: Arrays,
    draw: Callable[[np.random.Generator], tuple[Any, ...]],
    loss_and_gradients: Callable[..., tuple[float, Arrays]],
    rng: np.random.Generator,
    steps: int = 1000,
    rate: float | Callable[[float], float] = 0.01,
    update: Callable[..., tuple[Arrays, Any]] = optimisers.adam,
    limit: float = 1.0,
    keep: int = 0,
    label: str = "",
    clip: Callable[[Arrays, float], tuple[Arrays, float]] = optimisers.clip_by_global_norm,
) -> Run:
    """Draw a batch, differentiate, clip and step, `steps` times; return a Run.

    `draw(rng)` returns a tuple, the batch; `loss_and_gradients(params, *batch)` the loss and a dict
    of gradients, of which only those of parameters are used; `rate` is a number or a function of
    the share of training done; `update` is an optimiser, `clip` one of the two ways of clipping at
    `limit`; `keep` asks for the parameters at every so many steps; with a `label` a terminal
    or an open notebook shows the progress meanwhile. The result depends on rng alone.
    Errors: TypeError, ValueError, also when loss or gradients are no longer finite.
    """
    check_size("steps", steps)
    rate_at = rate if callable(rate) else lambda done: rate
    state, losses, norms, kept = None, np.empty(steps), np.empty(steps), {0: params}
    for step in progress(range(steps), label):
        loss, gradients = loss_and_gradients(params, *draw(rng))
        wanted, norms[step] = clip({name: gradients[name] for name in params}, limit)
        losses[step] = as_floats("the loss", float(loss))
        params, state = update(params, wanted, state, rate=rate_at(step / steps))
        if step + 1 == steps or (keep and (step + 1) % keep == 0):
            kept[step + 1] = params
    return Run(params, losses, norms, kept)


def progress(items: Sequence[Item], label: str, stream: TextIO | None = None, width: int = 30) -> Iterator[Item]:
    """Yield the items of a sequence; a terminal shows a bar meanwhile, an open notebook a line, gone at the end.

    Shapes: none. Nothing is written to stderr but on a terminal: in a notebook it would stay, and red.
    """
    stream, is_given = sys.stderr if stream is None else stream, stream is not None
    total, drawn = len(items), None
    watched = bool(label) and stream.isatty()
    is_told = bool(label) and not watched and not is_given
    try:
        for count, item in enumerate(items):
            filled = width * count // total
            if watched and filled != drawn:
                stream.write(f"\r{label} [{'#' * filled}{'.' * (width - filled)}]")
                stream.flush()
            if is_told and filled != drawn:
                line.say(f"{label}: {100 * count // total} %")
            drawn = filled
            yield item
    finally:  # also where an error or an interrupt ends it
        if watched:
            stream.write("\r" + " " * (len(label) + width + 3) + "\r")
            stream.flush()
        if is_told:
            line.say("")
