"""Whether wrong gradients are the right ones, clipped: each entry by itself, each array to a norm, or always."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

FEWEST = 2  # entries, or arrays, that are cut to one limit: a single one may be wrong for any reason
CLOSE = 1e-6


class Pair(NamedTuple):
    """An array as it is given and as it should be on one instance; `agrees` tells whether an array is the one given."""

    given: np.ndarray
    true: np.ndarray
    agrees: Callable[[np.ndarray], bool]

    @property
    def is_right(self) -> bool:
        """Whether the array is as it should be."""
        return self.agrees(self.true)


def clipped(pairs: Sequence[Pair]) -> tuple[str, float] | None:
    """Return the mistake of the catalogue that clips the true arrays to the given ones, and its limit; or None.

    All arrays of one parameter are needed, right and wrong: a limit that explains the wrong ones keeps to the others.
    """
    wrong = [pair for pair in pairs if not pair.is_right]
    if not wrong:
        return None
    largest, norm = float(np.abs(wrong[0].given).max(initial=0.0)), float(np.linalg.norm(wrong[0].given))
    cut = sum(int((np.abs(pair.true) > largest * (1 + CLOSE)).sum()) for pair in wrong)
    if largest and cut >= FEWEST and all(pair.agrees(np.clip(pair.true, -largest, largest)) for pair in pairs):
        return "E8", largest
    if norm and len(wrong) >= FEWEST:
        if all(pair.agrees(_shortened(pair.true, norm)) for pair in pairs):
            return "E8", norm
        if all(pair.agrees(_scaled(pair.true, norm)) for pair in pairs):
            return "E9", norm
    return None


def _scaled(array: np.ndarray, norm: float) -> np.ndarray:
    own = np.linalg.norm(array)
    return array * (norm / own) if own else array


def _shortened(array: np.ndarray, norm: float) -> np.ndarray:
    return _scaled(array, norm) if np.linalg.norm(array) > norm else array
