"""Several recurrent layers, above or beside each other: their network, a random case with witnesses, how they learn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from bptt_lab.course.case import verdicts
from bptt_lab.course.networks import network
from bptt_lab.network import Graph, Network
from bptt_lab.numeric import bidirectional, deep, deep_bidirectional, gradient_check, losses, training


class Layered(NamedTuple):
    """A network of several recurrent layers at random numbers.

    `arrays` are parameters, x (T, B, D), and given states (B, M); labels (T, B); `names` are those of the graph, for
    each array; forward(params, x, *given) returns a trace, backward(params, trace, d_scores) gradients, as `arrays`.
    """

    graph: Graph
    arrays: dict[str, np.ndarray]
    labels: np.ndarray
    names: Mapping[str, str]
    forward: Callable
    backward: Callable

    def run(self) -> tuple[dict[str, np.ndarray], Any, np.ndarray]:
        """Return the parameters, the trace of the forward pass, and the deltas of the output layer, (T, B, K)."""
        params, x, given = self.split(self.arrays)
        trace = self.forward(params, x, *given)
        return params, trace, losses.softmax_nll(trace.scores, self.labels)[1]

    def by_numpy(self) -> dict[str, np.ndarray]:
        """Return the gradients from the library's NumPy code: shapes as `arrays`."""
        return self.backward(*self.run())

    def by_complex_step(self) -> dict[str, np.ndarray]:
        """Return the gradients from the forward pass alone, each entry by a complex step: shapes as `arrays`."""
        return gradient_check.complex_step(self.loss, self.arrays)

    def by_sympy(self) -> dict[str, np.ndarray]:
        """Return the gradients from SymPy's scalar forms, compiled, sequence by sequence: shapes as `arrays`."""
        from bptt_lab.symbolic import gradients

        compiled, B = gradients(self.graph).compiled(), self.labels.shape[1]
        found = [compiled(self.sequence(b)) for b in range(B)]
        each = {name: [g[theirs] for g in found] for name, theirs in self.names.items()}
        return {
            name: sum(each[name]) if self.is_parameter(name) else np.stack(each[name], axis=int(name == "x"))  # type: ignore[misc]  # one at least
            for name in self.arrays
        }

    def check(self, **coded: np.ndarray) -> str:
        """Return the verdict on gradients computed in NumPy, a line each, beside SymPy's forms and complex steps.

        Errors: AssertionError naming the first that differs, KeyError for what is no array of this case.
        """
        return verdicts(self, coded)

    def loss(self, arrays: Mapping[str, np.ndarray]) -> Any:
        """Return the total loss at given arrays, summed over time and sequences."""
        params, x, given = self.split(arrays)
        return losses.softmax_nll(self.forward(params, x, *given).scores, self.labels)[0]

    def sequence(self, b: int) -> dict[str, np.ndarray]:
        """Return the values the graph takes for sequence b, from 0: x (T, D), y one-hot (T, K), given states (M,)."""
        one = {
            theirs: array if self.is_parameter(name) else array[:, b] if name == "x" else array[b]
            for (name, theirs), array in zip(self.names.items(), self.arrays.values(), strict=True)
        }
        return one | {"y": np.eye(self.graph.network.shapes["y"][0])[self.labels[:, b]]}

    def is_parameter(self, name: str) -> bool:
        """Return whether an array is a weight or a bias, the same for all sequences."""
        return self.names[name] in self.graph.network.parameters

    def split(self, arrays: Mapping[str, np.ndarray]) -> tuple[dict[str, np.ndarray], np.ndarray, list[np.ndarray]]:
        """Return the parameters, x and the given states among arrays that are named as those of this case."""
        params = {name: arrays[name] for name in arrays if self.is_parameter(name)}
        return params, arrays["x"], [arrays[name] for name in arrays if name not in params and name != "x"]


def stacked(*sizes: int) -> Network:
    """Return recurrent layers one above the other, as one text; sizes are D, M1, …, ML and K.

    Errors: NetworkError for sizes that no network has.
    """
    L, below, lines = len(sizes) - 2, "x", []
    for l in range(1, L + 1):
        lines += [f"a{l}[t] = W{l - 1} @ {below}[t] + W{l}{l} @ h{l}[t-1] + b{l - 1}", f"h{l}[t] = tanh(a{l}[t])"]
        below = f"h{l}"
    top = L + 1
    lines += [f"a{top}[t] = W{L} @ {below}[t] + b{L}", f"h{top}[t] = softmax(a{top}[t])"]
    names = ["x", *(f"h{l}" for l in range(1, top + 1))]
    return Network("\n".join([*lines, f"L[t] = nll(h{top}[t], y[t])"]), sizes=dict(zip(names, sizes, strict=True)))


def deep_case(M: Sequence[int] = (5, 2), D: int = 4, K: int = 3, T: int = 4, B: int = 2, seed: int = 14) -> Layered:
    """Return a case of recurrent layers one above the other, M = (M1, …, ML); given states are h1_start, h2_start, …"""
    rng, layers = np.random.default_rng(seed), range(1, len(M) + 1)
    params = deep.initialise(rng, D, M, K)
    given = {f"h{l}_start": f"h{l}[0]" for l in layers}

    def backward(params: dict, trace: Any, d_scores: np.ndarray) -> dict[str, np.ndarray]:
        found = deep.backward(params, trace, d_scores)
        d_starts = found.pop("h_start")
        return found | dict(zip(given, d_starts, strict=True))

    arrays, labels = _drawn(rng, params, dict(zip(given, M, strict=True)), (T, B, D), K)
    names = {name: name for name in (*params, "x")} | given
    graph = stacked(D, *M, K).unroll(T)
    return Layered(graph, arrays, labels, names, lambda p, x, *starts: deep.forward(p, x, starts), backward)


def bidirectional_case(
    M: Sequence[int] = (5, 6), D: int = 4, K: int = 3, T: int = 7, B: int = 2, seed: int = 15
) -> Layered:
    """Return a case of a layer that reads forwards and one that reads backwards, M = (Mf, Mb)."""
    rng, (Mf, Mb) = np.random.default_rng(seed), M
    params = bidirectional.initialise(rng, D, (Mf, Mb), K)
    arrays, labels = _drawn(rng, params, {"h_start": Mf, "h_end": Mb}, (T, B, D), K)
    names = {name: name if name == "b1" else f"{name[:-1]}_{name[-1]}" for name in params}
    names |= {"x": "x", "h_start": "h1_f[0]", "h_end": "h1_b[T+1]"}
    graph = network("both directions", x=D, h1_f=Mf, h1_b=Mb, a2=K).unroll(T)
    return Layered(graph, arrays, labels, names, bidirectional.forward, bidirectional.backward)


def _drawn(
    rng: np.random.Generator, params: dict, given: Mapping[str, int], axes: tuple[int, int, int], K: int
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return the arrays of a case, given states of the sizes named, and its labels."""
    T, B, D = axes
    arrays = params | {"x": rng.standard_normal((T, B, D))}
    arrays |= {name: rng.standard_normal((B, M)) for name, M in given.items()}
    return arrays, rng.integers(K, size=(T, B))


class Learner(NamedTuple):
    """What is trained: start(rng) draws parameters, run(params, x, labels) gives loss, gradients and scores (T, B, K).

    The loss is the mean over all labels that are not -1.
    """

    start: Callable
    run: Callable

    @property
    def size(self) -> int:
        """The number of weights and biases."""
        return sum(array.size for array in self.start(np.random.default_rng(0)).values())


def deep_learner(M: Sequence[int], D: int = 1, K: int = 2) -> Learner:
    """Return recurrent layers one above the other, M = (M1, …, ML), to be trained from states of zero."""

    def run(params: dict, x: np.ndarray, labels: np.ndarray) -> tuple[float, dict, np.ndarray]:
        trace = deep.forward(params, x, _zeros(x, M))
        loss, d_scores = losses.softmax_nll(trace.scores, labels, mean=True, ignore=-1)
        return loss, deep.backward(params, trace, d_scores), trace.scores

    return Learner(lambda rng: deep.initialise(rng, D, M, K), run)


def both_ways_learner(*M: Sequence[int], D: int = 1, K: int = 2, silent: Sequence[str] = ()) -> Learner:
    """Return bidirectional layers, a pair (Mf, Mb) for each, to be trained; weights that are `silent` count as zero."""

    def run(params: dict, x: np.ndarray, labels: np.ndarray) -> tuple[float, dict, np.ndarray]:
        used = params | {name: np.zeros_like(params[name]) for name in silent}
        starts, ends = (_zeros(x, sizes) for sizes in zip(*M, strict=True))
        trace = deep_bidirectional.forward(used, x, starts, ends)
        loss, d_scores = losses.softmax_nll(trace.scores, labels, mean=True, ignore=-1)
        return loss, deep_bidirectional.backward(used, trace, d_scores), trace.scores

    return Learner(lambda rng: deep_bidirectional.initialise(rng, D, M, K), run)


def _zeros(x: np.ndarray, sizes: Sequence[int]) -> tuple[np.ndarray, ...]:
    """Return given states of zero, (B, M) for each of some sizes."""
    return tuple(np.zeros((x.shape[1], size), x.dtype) for size in sizes)


def shares_right(
    learner: Learner,
    draw: Callable,
    draw_test: Callable,
    seeds: Sequence[int] = (1, 2, 3, 4, 5),
    steps: int = 500,
    rate: float = 0.03,
) -> np.ndarray:
    """Return the share of labels that a network gets right after training, one for each seed: (seeds,).

    `draw(rng)` returns a batch, x (T, B, D) and labels (T, B), `draw_test(rng)` the sequences asked about, for all
    seeds the same. A label -1 is not counted.
    """
    found, (x, labels) = [], draw_test(np.random.default_rng(0))
    for seed in seeds:
        rng = np.random.default_rng(seed)
        start, gradients = learner.start(rng), lambda *batch: learner.run(*batch)[:2]
        label = f"training, seed {seed}"
        trained = training.train(start, draw, gradients, rng, steps, rate=training.falling(rate), label=label)
        right = learner.run(trained.params, x, labels)[2].argmax(axis=-1) == labels
        found.append(right[labels >= 0].mean())
    return np.array(found)
