"""A network's forward and backward pass as a readable NumPy module, printed from its equations and vector derivation.

Arrays put time first, (T, batch, n). Inside, every array that has a time also has places for what lies before the
first step and after the last: states stand there, or zeros, for the terms of a chain rule that do not exist.
"""

from __future__ import annotations

import contextlib
from types import SimpleNamespace

import numpy as np

from bptt_lab.network import Graph, Network, NetworkError
from bptt_lab.symbolic.program_module import module_of
from bptt_lab.symbolic.row_code import ELSE

SMALL = (2, 3, 4, 5, 6, 7, 8)  # sizes
CASES = ((0, 2), (1, 1), (2, 3))  # steps beyond enough, sequences
CLOSE = 1e-8


def numpy_source(network: Network) -> str:
    """Return a module with `forward(v)` and `gradients(v)`, for any T and any number of sequences.

    `v` holds parameters in their own shape, inputs and targets (T, batch, n), states before the first step or after
    the last (batch, n) under 'h[0]' or 'hb[T+1]', zero where they are missing; a number has no n. `forward` returns
    every quantity (T, batch, n) and the total loss, `gradients` an array of the shape of each value. It is run with
    small sizes and compared with the graph's own gradients first. Errors: NetworkError where the steps cannot be
    computed by one loop, and where there is a difference.
    """
    small = _with_small_sizes(network)
    source = module_of(small)
    try:
        with np.errstate(all="ignore"):  # what is not finite shows in the comparison
            _check(small, _loaded(source))
    except (AssertionError, ArithmeticError, LookupError, NameError, SyntaxError, TypeError, ValueError) as error:
        what = f"The program written for this network is wrong, and is kept back: {error}."
        raise NetworkError(what, ELSE) from error
    return module_of(network)


def numpy_program(network: Network) -> SimpleNamespace:
    """Return a network's program: its `source`, and its functions `forward` and `gradients`.

    Errors: as `numpy_source`.
    """
    return _loaded(numpy_source(network))


def _loaded(source: str) -> SimpleNamespace:
    found: dict = {}
    exec(compile(source, "<numpy_source>", "exec"), found)
    return SimpleNamespace(source=source, forward=found["forward"], gradients=found["gradients"])


def _with_small_sizes(network: Network) -> Network:
    """Return the network with small sizes, equal where they were; itself where its sizes depend on each other."""
    given = sorted({size for shape in network.shapes.values() for size in shape if size > 1})
    small = dict(zip(given, SMALL, strict=False))
    shapes = {name: shape for name, shape in network.shapes.items() if name not in network.equations}
    sizes = {name: tuple(small.get(size, size) for size in shape) for name, shape in shapes.items()}
    try:
        return Network(network.text, sizes=sizes)
    except NetworkError:
        return network


def _check(network: Network, made: SimpleNamespace) -> None:
    """Compare a program with the graph, sequence by sequence (errors: AssertionError)."""
    for more, batch in CASES:
        graph = network.unroll(network.enough_steps + more)
        drawn = [_drawn(graph, seed) for seed in range(batch if network.inputs else 1)]
        together = {key: _together(network, key, [one[key] for one in drawn]) for key in drawn[0]}
        found, apiece = made.gradients(together), [graph.gradients(one) for one in drawn]
        for key in together:
            expected = _together(network, key, [one[key] for one in apiece], is_gradient=True)
            if found[key].shape != together[key].shape or not np.allclose(found[key], expected, rtol=CLOSE, atol=CLOSE):
                raise AssertionError(f"the program's gradient by {key} is not the graph's")
        losses = sum(graph.forward(one)[network.loss] for one in drawn)
        if not np.allclose(made.forward(together)[network.loss], losses, rtol=CLOSE):
            raise AssertionError("the program's loss is not the graph's")


def _drawn(graph: Graph, seed: int) -> dict[str, np.ndarray]:
    """Return values for one sequence, of both signs where the network has a value there; parameters the same."""
    for low in (-1.5, -0.5, 0.2):  # a logarithm may want what is positive
        with contextlib.suppress(NetworkError):
            values = _values(graph, seed, low)
            graph.gradients(values)
            return values
    raise NetworkError("No small numbers were found for which this network has a value.", "Use graph.gradients.")


def _values(graph: Graph, seed: int, low: float) -> dict[str, np.ndarray]:
    values = {}
    for n, (place, shape) in enumerate(graph.leaves.items()):
        key = graph.key(place)
        chance = np.random.default_rng([n, 0 if key in graph.network.parameters else seed])
        full = (graph.T, *shape) if key in graph.network.inputs else shape
        values.setdefault(key, chance.uniform(low, 0.9, full))
    return values


def _together(network: Network, key: str, arrays: list[np.ndarray], is_gradient: bool = False) -> np.ndarray:
    """Return the arrays of single sequences as one; a parameter's gradients are added up."""
    if key in network.parameters:
        return np.sum(arrays, axis=0) if is_gradient else arrays[0]
    return np.stack(arrays, axis=1 if key in network.inputs else 0)
