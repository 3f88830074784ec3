"""Sequences of unequal length in one batch: padded to T steps, `lengths` (B,) says how many of them count.

What stands behind a sequence's last step can reach no loss before it: in a unidirectional network
later steps do not influence earlier ones. With `rnn`, `deep` and every other network that runs
forward in time it is therefore enough that the loss counts no step past the end (LN1), and the
final state of a sequence is the one at its own last step (LN2):

    L = sum_b sum_{t = 1 … n(b)} L(b, t)        so that dL/dscores(b, t) = 0 for t > n(b)      (LN1)
    final h(b) = h(b, n(b))                                                                    (LN2)

A layer that runs backward in time meets the padding first, so it has to begin at each sequence's
own last step: `bidirectional` and `deep_bidirectional` take `lengths` and reverse every sequence
within itself (LN3):

    reversed x(b, t) = x(b, n(b) + 1 - t) for t ≤ n(b), else x(b, t)                           (LN3)

For a loss over labels: `softmax_nll(a2, labels_with_ignore(labels, lengths), ignore=-1)`. For any
other, over the rows that count: with `rows = within(lengths, T)`, a loss of `scores[rows]` and
`y[rows]`, and its gradient put to `d_scores[rows]` in zeros. For one over the last outputs alone:
`last_steps`, and its gradient through `at_last_steps`.
"""

from collections.abc import Sequence

import numpy as np

from .arrays import check_ignore, check_not_empty, check_size

__all__ = [
    "at_last_steps",
    "check_lengths",
    "labels_with_ignore",
    "last_steps",
    "padded",
    "reversed_by_lengths",
    "within",
]


def padded(sequences: Sequence[np.ndarray], value: complex | np.number | np.bool_ = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return sequences of unequal length as one batch, filled up with a value, and their lengths.

    Shapes: sequences a list of B arrays (n(b), …), alike but for their first axis, such as inputs
    (n(b), D) or labels (n(b),); returned (T, B, …) of the same dtype, T the largest n(b), and (B,).
    Errors: TypeError, ValueError for no sequences, sequences without steps or not alike, a value that is not finite.
    """
    if not isinstance(sequences, (list, tuple)) or not all(type(one) is np.ndarray for one in sequences):
        raise TypeError("sequences is not a list of NumPy arrays, expected one array for each sequence: pass a list.")
    if not sequences or any(one.ndim == 0 or one.size == 0 for one in sequences):
        raise ValueError("sequences has no or an empty sequence, expected one step at least in each: leave it out.")
    first, lengths = sequences[0], np.array([len(one) for one in sequences])
    for b, one in enumerate(sequences):
        if one.shape[1:] != first.shape[1:] or one.dtype != first.dtype:
            raise ValueError(
                f"sequences[{b}] has steps of shape {one.shape[1:]} and dtype {one.dtype}, expected "
                f"{first.shape[1:]} and {first.dtype} as in sequences[0]: make them alike."
            )
    batch = np.full((lengths.max(), len(sequences), *first.shape[1:]), _held(value, first.dtype), first.dtype)
    for b, one in enumerate(sequences):
        batch[: len(one), b] = one
    return batch, lengths


@np.errstate(over="ignore", invalid="ignore")
def _held(value: complex | np.number | np.bool_, dtype: np.dtype) -> np.ndarray:
    """Return a number in a dtype, rounded where that is a float, refusing what would be another number there."""
    if not isinstance(value, (int, float, complex, np.number, np.bool_)):
        raise TypeError(f"value is of type {type(value).__name__}, expected a number: pass one, such as 0.")
    is_float, is_lost = dtype.kind in "fc", np.iscomplexobj(value) and dtype.kind != "c"
    try:
        held = np.array(np.nan if is_lost else value, dtype)
    except (OverflowError, ValueError):  # too large, or no integer
        held = np.array(np.nan)
    if not np.isfinite(held) or not is_float and held != value:
        raise ValueError(
            f"value is {value}, expected one that {dtype} can hold{' and that is finite' * is_float}: "
            f"pass another, or convert the sequences first."
        )
    return held


def within(lengths: np.ndarray, T: int) -> np.ndarray:
    """Return where a step belongs to its sequence.

    Shapes: lengths (B,), returned (T, B) of True and False. Errors: those of `check_lengths`.
    """
    check_size("T", T)
    return np.arange(T)[:, None] < check_lengths(lengths, T)


def labels_with_ignore(labels: np.ndarray, lengths: np.ndarray, ignore: int = -1) -> np.ndarray:
    """Return labels with `ignore` past the end of each sequence, as `losses.softmax_nll` can leave out.

    Shapes: labels (T, B) integers, lengths (B,), returned (T, B). Errors: TypeError, ValueError.
    """
    if type(labels) is not np.ndarray or labels.dtype.kind not in "iu" or labels.ndim != 2:
        raise TypeError("labels is not an array (T, B) of integers, expected the class at each step: convert it.")
    check_ignore(ignore)
    check_lengths(lengths, *labels.shape)
    return np.where(within(lengths, len(labels)), labels.astype(np.int64), ignore)


def last_steps(array: np.ndarray, lengths: np.ndarray | None = None) -> np.ndarray:
    """Return what stands at the last step of each sequence: LN2.

    Shapes: array (T, B, …), such as the states without the initial one, lengths (B,), or None where
    all sequences have T steps; returned (B, …). Errors: those of `check_lengths`.
    """
    if lengths is None:
        return array[-1]
    lengths = check_lengths(lengths, *array.shape[:2])
    return array[lengths - 1, np.arange(len(lengths))]


def at_last_steps(d_last: np.ndarray, lengths: np.ndarray | None, T: int) -> np.ndarray:
    """Return the gradient by all steps, given that by the last ones: `last_steps` turned round.

    Shapes: d_last (B, …), lengths (B,), or None where all sequences have T steps; returned (T, B, …), 0 at all other
    steps. Errors: those of `check_lengths`, ValueError for T below 1.
    """
    check_size("T", T)
    last = T - 1 if lengths is None else check_lengths(lengths, T, len(d_last)) - 1
    found = np.zeros((T, *d_last.shape), d_last.dtype)
    found[last, np.arange(len(d_last))] = d_last
    return found


def reversed_by_lengths(array: np.ndarray, lengths: np.ndarray | None = None) -> np.ndarray:
    """Return each sequence reversed in time within its own length, its padding where it was: LN3.

    Shapes: array (T, B, …), lengths (B,), or None where all sequences have T steps; returned the
    same, a view for None. Twice is once back. Errors: those of `check_lengths`.
    """
    if lengths is None:
        return array[::-1]
    T, B = array.shape[:2]
    lengths = check_lengths(lengths, T, B)
    t = np.arange(T)[:, None]
    return array[np.where(t < lengths, lengths - 1 - t, t), np.arange(B)]


def check_lengths(lengths: np.ndarray, T: int, B: int | None = None) -> np.ndarray:
    """Return lengths as indices, refusing anything but a number of steps for each sequence.

    Shapes: lengths (B,), integers from 1 to T; with B None any number of them; returned (B,).
    Errors: TypeError, ValueError.
    """
    if type(lengths) is not np.ndarray or lengths.dtype.kind not in "iu":
        what = getattr(lengths, "dtype", type(lengths).__name__)
        raise TypeError(
            f"lengths is of type {what}, expected a NumPy array of integers, the number of steps of each "
            f"sequence: convert it with np.asarray(lengths)."
        )
    if lengths.ndim != 1 or len(lengths) != (len(lengths) if B is None else B):
        wanted = "(B,)" if B is None else f"(B) = ({B},)"
        raise ValueError(f"lengths has shape {lengths.shape}, expected {wanted}: pass one number for each sequence.")
    check_not_empty("lengths", lengths, "B")
    if lengths.min() < 1 or lengths.max() > T:
        wrong = lengths[(lengths < 1) | (lengths > T)][0]
        raise ValueError(f"lengths contains {wrong}, expected 1 to T = {T} steps: leave out sequences without steps.")
    return lengths.astype(np.intp)  # in a small type n + 1 could overflow


def check_silent(name: str, array: np.ndarray, lengths: np.ndarray | None) -> None:
    """Refuse a gradient that is not 0 past the end of each sequence, where outputs mean nothing.

    Shapes: array (T, B, …), lengths (B,), or None for nothing to check. Errors: ValueError.
    """
    if lengths is None:
        return
    loud = array.any(axis=tuple(range(2, array.ndim))) & ~within(lengths, len(array))
    if loud.any():
        t, b = np.argwhere(loud)[0]
        mend = f"{name}[~within(lengths, {len(array)})] = 0"
        raise ValueError(
            f"{name} is not 0 at {name}[{t}, {b}], past the {lengths[b]} steps of that sequence, expected 0 there: "
            f"let the loss ignore these steps, as with labels_with_ignore, or set  {mend}"
        )
