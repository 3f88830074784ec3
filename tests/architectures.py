"""What the tests of the NumPy architectures share: the engine as a witness, and mutants of the code itself."""

import inspect
from types import ModuleType

import numpy as np

from bptt_lab import Network
from bptt_lab.numeric import gradient_check, layers

TOLERANCE = 1e-11


def engine_gradients(text, sizes, T, params, own):
    """Return the engine's gradients, sequence by sequence: summed for params, stacked for what each sequence owns.

    `own`: for each key of the engine, its value in the first, the second, … sequence.
    """
    graph = Network(text, sizes=sizes).unroll(T)
    sequences = [dict(zip(own, values, strict=True)) for values in zip(*own.values(), strict=True)]
    found = [graph.gradients({**params, **sequence}) for sequence in sequences]
    summed = {name: sum(gradients[name] for gradients in found) for name in params}
    return summed | {name: np.stack([gradients[name] for gradients in found]) for name in own}


def accepted(gradients, expected, tolerance=TOLERANCE):
    """Tell whether all gradients agree."""
    return max(gradient_check.relative_differences(gradients, expected).values()) <= tolerance


def assert_close(gradients, expected, tolerance=TOLERANCE):
    """Refuse gradients that differ, naming the first one."""
    for name, difference in gradient_check.relative_differences(gradients, expected).items():
        assert difference <= tolerance, (name, difference)


def mutant(module, before, after):
    """Return an architecture with one piece of its code, or else of the code of `layers`, replaced by a wrong one."""
    source, shared = inspect.getsource(module), inspect.getsource(layers)
    assert source.count(before) == 1 or shared.count(before) == 1, f"{before!r} is not one place in the code"
    if before in source:
        return _executed(source.replace(before, after))
    changed, wrong = _executed(source), _executed(shared.replace(before, after))
    for name, used in vars(changed).items():
        if inspect.isfunction(used) and used.__module__ == layers.__name__:
            setattr(changed, name, getattr(wrong, name))
    return changed


def _executed(source):
    made = ModuleType("bptt_lab.numeric.mutant")
    made.__package__ = "bptt_lab.numeric"  # so that its relative imports find the package
    exec(compile(source, "mutant", "exec"), vars(made))
    return made


def sizes_all_different(seed, count, least=2):
    """Return so many different sizes, in random order."""
    return [int(size) for size in np.random.default_rng(seed).permutation(np.arange(least, least + count))]


def complexly(arrays):
    """Return a dict of arrays as complex128."""
    return {name: array.astype(complex) for name, array in arrays.items()}


def copies(arrays):
    """Return a dict of copies."""
    return {name: array.copy() for name, array in arrays.items()}


def assert_unchanged(arrays, kept):
    """Refuse arrays that differ from the copies kept."""
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, kept[name])
