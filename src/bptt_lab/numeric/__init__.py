"""NumPy forward and backward passes, losses, and the checks that keep them honest."""

from . import (
    activations,
    arrays,
    bidirectional,
    deep,
    feed_forward,
    gradient_check,
    layers,
    lengths,
    losses,
    optimisers,
    rnn,
    rnn_plain,
    scalar_linear,
    tasks,
    trained,
    training,
)

__all__ = [
    "activations",
    "arrays",
    "bidirectional",
    "deep",
    "feed_forward",
    "gradient_check",
    "layers",
    "lengths",
    "losses",
    "optimisers",
    "rnn",
    "rnn_plain",
    "scalar_linear",
    "tasks",
    "trained",
    "training",
]
