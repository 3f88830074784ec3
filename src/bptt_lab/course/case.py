"""A random case of the course's network, its three witnesses, and their verdict in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from bptt_lab.course.networks import network
from bptt_lab.network import Graph
from bptt_lab.numeric import gradient_check, losses, rnn

TOLERANCE = 1e-10


class Case(NamedTuple):
    """One hidden layer at random numbers: `arrays` are the parameters, x (T, B, D), h_start (B, M); labels (T, B)."""

    graph: Graph
    arrays: dict[str, np.ndarray]
    labels: np.ndarray

    def by_sympy(self) -> dict[str, np.ndarray]:
        """Return the gradients from SymPy's scalar forms, compiled, sequence by sequence: shapes as `arrays`."""
        from bptt_lab.symbolic import gradients

        compiled = gradients(self.graph).compiled()
        return self._gathered([compiled(values) for values in self.sequences()])

    def by_numpy(self) -> dict[str, np.ndarray]:
        """Return the gradients from the NumPy code in `bptt_lab.numeric.rnn`: shapes as `arrays`."""
        params, trace, d_a2 = self.run()
        return rnn.backward(params, trace, d_a2)

    def run(self) -> tuple[dict[str, np.ndarray], rnn.Trace, np.ndarray]:
        """Return the parameters, the trace of the forward pass, and the deltas of the output layer, (T, B, K)."""
        params, x, h_start = split(self.arrays)
        trace = rnn.forward(params, x, h_start)
        return params, trace, losses.softmax_nll(trace.a2, self.labels)[1]

    def by_complex_step(self) -> dict[str, np.ndarray]:
        """Return the gradients from the forward pass alone, each entry by a complex step: shapes as `arrays`."""
        return gradient_check.complex_step(self.loss, self.arrays)

    def check(self, **coded: np.ndarray) -> str:
        """Return the verdict on gradients computed in NumPy, a line each, beside SymPy's forms and complex steps.

        Errors: AssertionError naming the first that differs, KeyError for what is no array of this case.
        """
        return verdicts(self, coded)

    def loss(self, arrays: Mapping[str, np.ndarray]) -> Any:
        """Return the total loss at given arrays, summed over time and sequences."""
        params, x, h_start = split(arrays)
        return losses.softmax_nll(rnn.forward(params, x, h_start).a2, self.labels)[0]

    def sequences(self) -> list[dict[str, np.ndarray]]:
        """Return the values the graph takes, for each sequence: x (T, D), y one-hot (T, K), h1[0] (M,)."""
        params, x, h_start = split(self.arrays)
        targets = np.eye(self.graph.network.shapes["h2"][0])[self.labels]
        return [{**params, "x": x[:, b], "y": targets[:, b], "h1[0]": h_start[b]} for b in range(x.shape[1])]

    def _gathered(self, found: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
        """Return the gradients of a batch: summed over sequences for parameters, stacked for x and h_start."""
        gathered = {name: np.sum([g[name] for g in found], axis=0) for name in rnn.PARAMETERS}
        stacked = {"x": np.stack([g["x"] for g in found], axis=1), "h_start": np.stack([g["h1[0]"] for g in found])}
        return {**gathered, **stacked}


def split(arrays: Mapping[str, np.ndarray]) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """Return the parameters, x and h_start of a case's arrays."""
    return {name: arrays[name] for name in rnn.PARAMETERS}, arrays["x"], arrays["h_start"]


def random_case(D: int = 4, M: int = 5, K: int = 3, T: int = 6, B: int = 2, seed: int = 0) -> Case:
    """Return a case in which nothing can hide: weights not symmetric, initial states not zero, sizes as given."""
    rng = np.random.default_rng(seed)
    graph = network("one hidden layer", x=D, h1=M, h2=K).unroll(T)
    arrays = rnn.initialise(rng, D, M, K) | {
        "x": rng.standard_normal((T, B, D)),
        "h_start": rng.standard_normal((B, M)),
    }
    return Case(graph, arrays, rng.integers(K, size=(T, B)))


def compare(name: str, **witnesses: np.ndarray) -> str:
    """Return the verdict on one quantity: whether all witnesses give the same array, in words without numbers.

    Errors: ValueError where fewer than two are given, AssertionError naming the first two that differ.
    """
    if len(witnesses) < 2:
        raise ValueError(f"{len(witnesses)} witness was given for {name}; expected two or more.")
    (first, reference), *others = witnesses.items()
    for other, array in others:
        if np.shape(array) != np.shape(reference):
            raise AssertionError(f"{name}: {first} has shape {np.shape(reference)}, {other} has {np.shape(array)}.")
        if not gradient_check.relative_difference(array, reference) <= TOLERANCE:
            raise AssertionError(f"{name}: {first} and {other} differ.")
    words = [witness.replace("_", " ") for witness in witnesses]
    shape = "×".join(map(str, np.shape(reference))) or "one number"
    return f"{name} ({shape}): {', '.join(words[:-1])} and {words[-1]} agree."


def verdicts(case: Any, coded: Mapping[str, np.ndarray]) -> str:
    """Return the verdict on gradients computed in NumPy, a line each, beside a case's SymPy forms and complex steps.

    Errors: AssertionError naming the first that differs, KeyError for what is no array of the case.
    """
    derived, stepped = case.by_sympy(), case.by_complex_step()
    return "\n".join(
        compare(name, SymPy=derived[name], NumPy=array, complex_step=stepped[name]) for name, array in coded.items()
    )


def tried(right: np.ndarray, slips: Mapping[str, np.ndarray]) -> str:
    """Return what becomes of arrays that claim to be the right one, a line each: refused, or not told apart."""
    found = {name: is_same(array, right) for name, array in slips.items()}
    return "\n".join(f"{name}: {'PASSES UNSEEN' if same else 'refused'}" for name, same in found.items())


def is_same(array: np.ndarray, right: np.ndarray) -> bool:
    """Return whether an array has the shape and, to the last digits, the numbers of another."""
    return np.shape(array) == np.shape(right) and gradient_check.relative_difference(array, right) <= TOLERANCE
