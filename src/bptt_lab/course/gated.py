"""A random case of a gated network, LSTM or GRU, with its witnesses; SymPy's gradients of a batch of any network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from bptt_lab.course.batches import batch_gradients
from bptt_lab.course.case import verdicts
from bptt_lab.course.networks import network
from bptt_lab.network import Graph, NetworkError
from bptt_lab.numeric import gradient_check, gru, losses, lstm

# the code of each network, what its forward pass must be told, and the states that are given
LAYERS = {
    "LSTM": (lstm, {}, ("h_start", "c_start")),
    "GRU": (gru, {"reset": "before"}, ("h_start",)),
    "GRU, reset after the product": (gru, {"reset": "after"}, ("h_start",)),
}
STACKED = ("W0", "W11", "b0")  # the gates lie one below the other


def start_of(boundary: str) -> str:
    """Return what the array of a given state is called: h_start for h1[0], c_start for c[0]."""
    return boundary.partition("[")[0].rstrip("0123456789") + "_start"


def sequences(graph: Graph, arrays: Mapping[str, np.ndarray]) -> list[dict[str, np.ndarray]]:
    """Return the values the graph takes, for each sequence of a batch.

    Shapes: inputs and targets (T, B, …), given states (B, …), as `h_start` for h1[0]; parameters as they are.
    """
    inputs, batch = graph.network.inputs, arrays[start_of(next(iter(graph.boundaries)))].shape[0]
    shared = {name: arrays[name] for name in graph.network.parameters}
    return [
        {**shared}
        | {name: arrays[name][:, b] for name in inputs}
        | {name: arrays[start_of(name)][b] for name in graph.boundaries}
        for b in range(batch)
    ]


def by_sympy(graph: Graph, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return a batch's gradients from SymPy's scalar forms, sequence by sequence; arrays and shapes as in `sequences`.

    dL/dW = sum_b dL_b/dW for what all sequences share; each keeps its own by inputs and given states.
    """
    shared = {name: arrays[name] for name in graph.network.parameters}
    each = {name: arrays[name] for name in graph.network.inputs}
    each |= {name: arrays[start_of(name)] for name in graph.boundaries}
    found = batch_gradients(graph, shared, each)
    return {start_of(name) if name in graph.boundaries else name: array for name, array in found.items()}


class GatedCase(NamedTuple):
    """A gated network at random numbers: parameters as the code stacks them, x (T, B, D), states; labels (T, B)."""

    name: str
    graph: Graph
    arrays: dict[str, np.ndarray]
    labels: np.ndarray

    def run(self, arrays: Mapping[str, np.ndarray] | None = None) -> tuple[dict[str, np.ndarray], Any, np.ndarray]:
        """Return the parameters, the trace of the forward pass, and the deltas of the output layer, (T, B, K)."""
        layer, told, starts = LAYERS[self.name]
        arrays = self.arrays if arrays is None else arrays
        params = {name: array for name, array in arrays.items() if name not in ("x", *starts)}
        trace = layer.forward(params, arrays["x"], *(arrays[name] for name in starts), **told)
        return params, trace, losses.softmax_nll(trace.a2, self.labels)[1]

    def loss(self, arrays: Mapping[str, np.ndarray]) -> Any:
        """Return the total loss at given arrays, summed over time and sequences."""
        return losses.softmax_nll(self.run(arrays)[1].a2, self.labels)[0]

    def sequences(self) -> list[dict[str, np.ndarray]]:
        """Return the values the graph takes, for each sequence: the gates apart, targets one-hot (T, K)."""
        return sequences(self.graph, self._apart())

    def by_sympy(self) -> dict[str, np.ndarray]:
        """Return the gradients from SymPy's scalar forms, compiled, sequence by sequence: shapes as `arrays`."""
        layer, found = LAYERS[self.name][0], by_sympy(self.graph, self._apart())
        stacked = {name: layer.stacked(*(found[f"{name}_{k}"] for k in layer.GATES)) for name in STACKED}
        return {name: stacked[name] if name in stacked else found[name] for name in self.arrays}

    def by_complex_step(self) -> dict[str, np.ndarray]:
        """Return the gradients from the forward pass alone, each entry by a complex step: shapes as `arrays`."""
        return gradient_check.complex_step(self.loss, self.arrays)

    def check(self, **coded: np.ndarray) -> str:
        """Return the verdict on gradients computed in NumPy, a line each, beside SymPy's forms and complex steps.

        Errors: AssertionError naming the first that differs, KeyError for what is no array of this case.
        """
        return verdicts(self, coded)

    def _apart(self) -> dict[str, np.ndarray]:
        layer, targets = LAYERS[self.name][0], np.eye(self.arrays["W1"].shape[0])
        parts = {f"{name}_{k}": rows for name in STACKED for k, rows in layer.gates(self.arrays[name]).items()}
        return {**self.arrays, **parts, "y": targets[self.labels]}


def gated_case(
    name: str, D: int = 2, M: int = 4, K: int = 3, T: int = 5, B: int = 6, seed: int = 0, **options: Any
) -> GatedCase:
    """Return a case of "LSTM", "GRU" or "GRU, reset after the product"; options go to `initialise`, as forget_bias.

    Weights are not symmetric, given states not zero. Errors: NetworkError for another name.
    """
    if name not in LAYERS:
        raise NetworkError(f"{name!r} is no gated network of the course.", f"Known: {', '.join(LAYERS)}.")
    (layer, told, starts), rng = LAYERS[name], np.random.default_rng(seed)
    arrays = layer.initialise(rng, D, M, K, **told, **options) | {"x": rng.standard_normal((T, B, D))}
    arrays |= {start: rng.standard_normal((B, M)) for start in starts}
    return GatedCase(name, network(name, x=D, h1=M, a2=K).unroll(T), arrays, rng.integers(K, size=(T, B)))
