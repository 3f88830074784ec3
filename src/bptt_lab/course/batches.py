"""Gradients of a batch by SymPy's forms, for any network: one example after the other."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from bptt_lab.network import Graph
from bptt_lab.symbolic import gradients


def batch_gradients(
    graph: Graph, shared: Mapping[str, np.ndarray], each: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Return the gradients of a loss that is summed over a batch, as arrays like those that are given.

    `shared` (the parameters) are summed over the examples; `each` has the example first, (B, …), or second where time
    comes first, (T, B, …), and is stacked. Errors: NetworkError for names and shapes that the graph does not take.
    """
    compiled = gradients(graph).compiled()
    axes = {name: int(name in graph.network.inputs) for name in each}
    examples = next(iter(each.values())).shape[next(iter(axes.values()))]
    found = [
        compiled({**shared, **{name: np.take(array, b, axis=axes[name]) for name, array in each.items()}})
        for b in range(examples)
    ]
    summed = {name: np.sum([one[name] for one in found], axis=0) for name in shared}
    return summed | {name: np.stack([one[name] for one in found], axis=axes[name]) for name in each}
