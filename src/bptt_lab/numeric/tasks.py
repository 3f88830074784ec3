"""Tasks for recurrent networks, drawn by a random generator: the same seed gives the same sequences.

Arrays put time first: T steps, B sequences. A number enters as its bits, least significant first,
because the carry of an addition travels from there to the most significant bit.
"""

import numpy as np
import numpy.typing as npt

from .arrays import check_size

__all__ = ["addition", "bits", "carries", "number", "parity", "previous_symbol"]


def addition(rng: np.random.Generator, T: int, B: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw pairs of T-bit numbers, one pair of bits a step, and the bits of their sums.

    Shapes: x (T, B, 2) and y (T, B, 1), all 0 or 1. Errors: ValueError for sizes below 1.
    Equation: y(t) = (x1(t) + x2(t) + carry(t-1)) mod 2. What is carried out of step T is dropped,
    so y is the sum modulo 2^T.
    """
    _check_sizes(T=T, B=B)
    x = _random_bits(rng, (T, B, 2))
    before = np.concatenate([np.zeros((1, B)), carries(x)[:-1]])
    return x, ((x.sum(axis=-1) + before) % 2)[..., None]


def carries(x: np.ndarray) -> np.ndarray:
    """Return what an addition carries out of each step.

    Shapes: x (T, B, 2), returned (T, B). Errors: ValueError for other shapes.
    Equation: carry(t) = 1 where x1(t) + x2(t) + carry(t-1) is 2 or 3, else 0; carry(0) = 0.
    """
    if np.ndim(x) != 3 or np.shape(x)[2] != 2:
        raise ValueError(f"x has shape {np.shape(x)}, expected (T, B, 2), two bits a step: pass the input of addition.")
    found = np.zeros(x.shape[:2])
    carry = np.zeros(x.shape[1])
    for t, pair in enumerate(x):
        found[t] = carry = (pair.sum(axis=-1) + carry >= 2).astype(np.float64)
    return found


def parity(rng: np.random.Generator, T: int, B: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw sequences of bits, and after each bit whether the number of ones so far is odd.

    Shapes: x and y (T, B, 1), all 0 or 1. Errors: ValueError for sizes below 1.
    Equation: y(t) = (x(1) + ... + x(t)) mod 2.
    """
    _check_sizes(T=T, B=B)
    x = _random_bits(rng, (T, B, 1))
    return x, np.cumsum(x, axis=0) % 2


def previous_symbol(
    rng: np.random.Generator, T: int, B: int, symbols: int = 2, delay: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Draw sequences of symbols; the target is the symbol shown `delay` steps before.

    Shapes: x (T, B, symbols) one-hot, labels (T, B) integers. In the first `delay` steps there is
    no such symbol and the label is 0. Errors: ValueError for sizes below 1, fewer than two symbols,
    or a delay outside 1..T-1.
    """
    _check_sizes(T=T, B=B)
    if symbols < 2:
        raise ValueError(f"symbols is {symbols}, expected at least 2, because one symbol says nothing: pass more.")
    if not 1 <= delay < T:
        raise ValueError(f"delay is {delay}, expected 1 to {T - 1} in sequences of {T} steps: pass longer sequences.")
    shown = rng.integers(symbols, size=(T, B))
    labels = np.concatenate([np.zeros((delay, B), shown.dtype), shown[:-delay]])
    return np.eye(symbols)[shown], labels


def bits(value: int, T: int) -> np.ndarray:
    """Return the bits of a number, least significant first.

    Shapes: (T,), all 0 or 1. Errors: TypeError unless an integer, ValueError where it needs more
    than T bits or is negative. Equation: value = sum_t bit(t) 2^(t-1).
    """
    _check_sizes(T=T)
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"value is {value!r}, expected an integer: convert it with int().")
    if not 0 <= int(value) < 2**T:
        raise ValueError(f"value is {value}, expected 0 to 2^{T} - 1, which {T} bits can hold: raise T.")
    return np.array([int(value) >> t & 1 for t in range(T)], dtype=np.float64)


def number(found: npt.ArrayLike) -> int:
    """Return the number that bits stand for, least significant first, as a Python integer of any size.

    Shapes: found (T,), 0 and 1, or False and True. Errors: ValueError for other values or shapes.
    Equation: value = sum_t bit(t) 2^(t-1).
    """
    found = np.asarray(found)
    if found.ndim != 1 or not np.isin(found, (0, 1)).all():
        raise ValueError(f"found has shape {found.shape}, expected (T,) with entries 0 and 1: pass one row of bits.")
    return sum(1 << t for t, bit in enumerate(found) if bit)


def _random_bits(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.integers(2, size=shape).astype(np.float64)


def _check_sizes(**sizes: int) -> None:
    for name, size in sizes.items():
        check_size(name, size)
